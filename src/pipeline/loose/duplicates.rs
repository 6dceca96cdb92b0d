//! Duplicates among loose files: the same object twice in one file is a mistake. Twice in two files is how people keep
//! variants, overlays and `install.yaml` beside its parts, and nobody has said that these files go to one cluster.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{Manifest, Name, Pointer};

/// Every object that was there before in the same file. The manifests of a file stand together.
pub(super) fn find(manifests: &[&Manifest]) -> Vec<Diagnostic> {
    let of_one_file = |a: &&Manifest, b: &&Manifest| a.source.name() == b.source.name();
    manifests.chunk_by(of_one_file).flat_map(in_one_file).collect()
}

fn in_one_file(manifests: &[&Manifest]) -> Vec<Diagnostic> {
    if manifests.len() < 2 {
        return Vec::new();
    }
    let mut seen: BTreeMap<_, &Manifest> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for manifest in manifests.iter().filter(|manifest| matches!(manifest.object.name, Name::Fixed(_))) {
        match seen.get(&manifest.object.key()) {
            Some(first) => diagnostics.push(duplicate(manifest, first)),
            None => {
                seen.insert(manifest.object.key(), manifest);
            }
        }
    }
    diagnostics
}

fn duplicate(second: &Manifest, first: &Manifest) -> Diagnostic {
    let name = Pointer::from_parts(["metadata", "name"]);
    Diagnostic::error(rules::DUPLICATE_OBJECT, format!("{} is declared twice", second.object))
        .at(second.locate(&name), "declared again here")
        .also(first.locate(&name), "first declared here")
        .help("remove one of the two, or give them different names or namespaces")
        .object(&second.object)
        .pointer(name.to_string())
}
