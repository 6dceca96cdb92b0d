//! Duplicates among loose files: twice in one file is a mistake, twice in one folder is doubtful, and two folders are
//! variants that people keep side by side.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{Manifest, Name, Pointer};

/// Every object that was there before in the same file or folder.
pub(super) fn find(manifests: &[&Manifest]) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<_, Vec<&Manifest>> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for manifest in manifests.iter().filter(|manifest| matches!(manifest.object.name, Name::Fixed(_))) {
        let earlier = seen.entry(manifest.object.key()).or_default();
        let file = manifest.source.name();
        if let Some(first) = earlier.iter().find(|first| first.source.name() == file) {
            diagnostics.push(in_one_file(manifest, first));
            continue;
        }
        if let Some(first) = earlier.iter().find(|first| folder(first.source.name()) == folder(file)) {
            diagnostics.push(in_one_folder(manifest, first));
        }
        earlier.push(manifest);
    }
    diagnostics
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn in_one_file(second: &Manifest, first: &Manifest) -> Diagnostic {
    let message = format!("{} is declared twice", second.object);
    placed(Diagnostic::error(rules::DUPLICATE_OBJECT, message), second, first)
        .help("remove one of the two, or give them different names or namespaces")
}

fn in_one_folder(second: &Manifest, first: &Manifest) -> Diagnostic {
    let message = format!("{} is declared in two files of one folder", second.object);
    placed(Diagnostic::warning(rules::DUPLICATE_OBJECT, message), second, first).help(
        "remove one of the two, or put variants into folders of their own: `kubectl apply -f` takes a whole folder",
    )
}

fn placed(diagnostic: Diagnostic, second: &Manifest, first: &Manifest) -> Diagnostic {
    let name = Pointer::from_parts(["metadata", "name"]);
    diagnostic
        .at(second.locate(&name), "declared again here")
        .also(first.locate(&name), "first declared here")
        .object(&second.object)
        .pointer(name.to_string())
}
