//! kubectl-validate's own cases: each that must fail begins with the `Status` it expects, field by field.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use hydrant::diagnostic::Severity;
use hydrant::manifest::Pointer;
use hydrant::validate::{Schemas, UnknownKinds};

use super::judge::{Judged, judge, objects};
use super::settle;
use crate::corpus::{corpus, files_below};

const CEL: &str = "rules in CEL are not evaluated; a note at the CRD counts them";
const NO_NAME: &str = "the same: here the object is blamed, which has no such field";

/// Why a file is judged otherwise, or more is found in it. Another one must not slip in, and none may stay in vain.
const REASONS: &[(&str, &str)] = &[
    ("configmap.yaml", "the API server wants a domain before the finalizer of a ConfigMap"),
    ("error_cel_basic.yaml", CEL),
    ("error_cel_basic_multiple.yaml", CEL),
    (
        "error_crd_typo.yaml",
        "the same value: there by its path in the API server's memory, here by its path in the file",
    ),
    ("error_invalid_label.yaml", "the same value: there the mapping is blamed, here the label"),
    ("error_invalid_kind.yaml", "there an internal error, here a misspelt `kind`"),
    ("error_map_instead_of_array.yaml", "there an internal error, here the field"),
    ("error_missing_name.yaml", NO_NAME),
    ("error_multiple_fields.yaml", "the same: the YAML reader blames the key"),
    ("error_multiple_resources_all_invalid.yaml", NO_NAME),
    ("error_quantity.yaml", "the same value, blamed once"),
    ("error_x_list_map_duplicate_key.yaml", "the API server takes the same container port twice, with a warning"),
];

/// The fields of every `Status` in the comments of a file: `spec.containers[0].image`, or the reason where it has none.
fn expected_fields(text: &str) -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    let mut lines = text.lines();
    while lines.by_ref().any(|line| line == "# {") {
        let body: String = lines
            .by_ref()
            .take_while(|line| *line != "# }" && *line != "#   }")
            .map(|line| format!("{}\n", &line[1..]))
            .collect();
        let status: serde_json::Value = serde_json::from_str(&format!("{{{body}}}")).unwrap();
        let causes = status["details"]["causes"].as_array().cloned().unwrap_or_default();
        fields.extend(causes.iter().map(|cause| match cause["field"].as_str() {
            Some(field) => field.to_owned(),
            None => format!("({})", status["reason"].as_str().unwrap()),
        }));
    }
    fields
}

/// The fields that our findings are about, written as Kubernetes writes them.
fn found_fields(judged: &Judged) -> BTreeSet<String> {
    let errors = judged.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors
        .map(|diagnostic| match &diagnostic.pointer {
            Some(pointer) => field(&Pointer::parse(pointer)),
            None => format!("({})", diagnostic.rule),
        })
        .collect()
}

fn field(pointer: &Pointer) -> String {
    let mut path = String::new();
    for part in pointer.parts() {
        match part.parse::<usize>() {
            Ok(index) => path.push_str(&format!("[{index}]")),
            Err(_) if path.is_empty() => path.push_str(part),
            Err(_) => path.push_str(&format!(".{part}")),
        }
    }
    path
}

fn schemas(suite: &Path) -> Schemas {
    let folders = ["crds", "more-crds"];
    let crds: Vec<_> = folders
        .iter()
        .flat_map(|folder| files_below(&suite.join(folder), &["yaml"]))
        .flat_map(|path| objects(&path))
        .collect();
    Schemas::new("1.35", UnknownKinds::Deny).unwrap().with_crds(&crds).0
}

fn list(fields: &BTreeSet<String>) -> String {
    let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    if fields.is_empty() { "–".to_owned() } else { fields.join(", ") }
}

#[test]
fn cases_of_kubectl_validate_blame_the_same_fields_or_differ_for_a_reason() {
    let Some(corpus) = corpus() else { return };
    let suite = corpus.join("suites/kubectl-validate-testcases");
    // compiled schemas live as long as somebody holds them
    let _held = schemas(&suite);
    let (mut same, mut different, mut rows) = (0, 0, String::new());
    for path in files_below(&suite.join("manifests"), &["yaml"]) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let judged = judge(&path, schemas(&suite));
        let (theirs, ours) = (expected_fields(&text), found_fields(&judged));
        assert_eq!(theirs.is_empty(), !name.starts_with("error_"), "{name} has no Status");
        let reason = REASONS.iter().find(|(file, _)| *file == name).map(|(_, reason)| *reason);
        assert_eq!(theirs == ours, reason.is_none(), "{name}: {theirs:?} there, {ours:?} here");
        *(if reason.is_none() { &mut same } else { &mut different }) += 1;
        let difference = reason.map_or_else(|| "agrees".to_owned(), |reason| format!("**differs**: {reason}"));
        let _ = writeln!(rows, "| {name} | {} | {} | {difference} |", list(&theirs), list(&ours));
    }
    eprintln!("kubectl-validate: {same} passed, 0 failed, {different} differ on purpose");
    assert!(same + different > 25, "the suite is not what it was");
    let summary = format!("{} files: {same} blame the same fields, {different} differ for a reason.", same + different);
    settle(
        "kubectl-validate",
        &format!("{summary}\n\n| file | fields there | fields here | |\n|---|---|---|---|\n{rows}"),
    );
}
