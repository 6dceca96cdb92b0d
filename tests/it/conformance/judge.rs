//! The schema gate on loose files: what the suites of other validators are put through.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use hydrant::diagnostic::{Diagnostic, Severity};
use hydrant::manifest::{Gvk, Manifest, ReadLimits};
use hydrant::source::Source;
use hydrant::validate::{Coverage, Schemas};

/// What came of one file.
pub(super) struct Judged {
    /// Everything found, warnings too, in the order of the text.
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) checked: usize,
    skipped: usize,
}

impl Judged {
    /// The rules whose findings refuse the file, each once.
    pub(super) fn errors(&self) -> Vec<String> {
        let errors = self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let mut rules: Vec<String> = errors.map(|diagnostic| format!("`{}`", diagnostic.rule)).collect();
        rules.sort();
        rules.dedup();
        rules
    }

    /// The verdict, for a table.
    pub(super) fn verdict(&self) -> String {
        match (self.errors(), self.checked) {
            (errors, _) if !errors.is_empty() => format!("reject: {}", errors.join(", ")),
            (_, 0) if self.skipped > 0 => "skip".to_owned(),
            (_, 0) => "nothing checked".to_owned(),
            _ => "accept".to_owned(),
        }
    }
}

/// Judges a file by itself: its own CRDs count, then those that `schemas` already has.
pub(super) fn judge(path: &Path, schemas: Schemas) -> Judged {
    let name = path.file_name().unwrap().to_string_lossy();
    let source = Source::file(name, std::fs::read_to_string(path).unwrap());
    let parsed = hydrant::parse::parse(&source, &ReadLimits::default());
    let mut diagnostics = parsed.diagnostics;
    let (schemas, broken) = schemas.with_crds(&parsed.manifests);
    diagnostics.extend(broken);
    let mut judged = Judged { diagnostics: Vec::new(), checked: 0, skipped: 0 };
    for manifest in &parsed.manifests {
        let verdict = schemas.validate(manifest);
        match verdict.coverage {
            Coverage::Checked => judged.checked += 1,
            Coverage::Skipped => judged.skipped += 1,
            // the findings say why
            Coverage::Failed => {}
        }
        diagnostics.extend(verdict.diagnostics);
    }
    judged.diagnostics = diagnostics;
    judged
}

/// The schemas that the corpus's catalog holds for some kinds.
pub(super) fn catalog<'a>(corpus: &Path, kinds: impl IntoIterator<Item = &'a Gvk>) -> Vec<(Gvk, Arc<Source>)> {
    let kinds: BTreeSet<&Gvk> = kinds.into_iter().collect();
    let find = |gvk: &Gvk| {
        let path = format!("{}/{}_{}.json", gvk.group, gvk.kind.to_lowercase(), gvk.version);
        let text = std::fs::read_to_string(corpus.join("crds/crds-catalog").join(&path)).ok()?;
        Some((gvk.clone(), Source::file(path, text)))
    };
    kinds.into_iter().filter_map(find).collect()
}

/// The objects of a file that can be read.
pub(super) fn objects(path: &Path) -> Vec<Manifest> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    hydrant::parse::parse(&Source::file(path.display().to_string(), text), &ReadLimits::default()).manifests
}
