//! The battery: one file for each way in which YAML or Kubernetes surprises a reader, taken through the whole check.

use std::fmt::Write as _;
use std::path::Path;

use hydrant::diagnostic::Severity;
use hydrant::load::discover;
use hydrant::pipeline::{self, Checkup, Limits, Selection, Unwatched};
use hydrant::tree::{MemoryTree, RepoPath};

use super::settle;
use crate::corpus::corpus;

/// One line of `EXPECTED.tsv`.
struct Expected {
    file: String,
    kubernetes: String,
    documents: usize,
    /// No API server was asked: the verdict is from memory.
    unverified: bool,
}

impl Expected {
    fn parse(line: &str) -> Self {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, kubernetes, documents, _, basis, _] = columns[..] else { panic!("six columns: {line}") };
        Self {
            file: file.to_owned(),
            kubernetes: kubernetes.to_owned(),
            documents: documents.parse().unwrap(),
            unverified: basis == "unverified",
        }
    }

    /// Kubernetes drops something and says nothing.
    fn is_silent_loss(&self) -> bool {
        matches!(self.kubernetes.as_str(), "keeps-one-key" | "drops-second-document")
    }

    fn is_refused(&self) -> bool {
        self.kubernetes.starts_with("reject-")
    }
}

/// What `hydrant check` says of one file.
struct Found {
    errors: Vec<String>,
    warnings: Vec<String>,
    /// Documents, with empty ones; `None` for a file that could not be read at all.
    documents: Option<usize>,
}

/// Checks a repository that holds nothing but this file, without any configuration.
fn check(file: &Path) -> Found {
    let name = file.file_name().unwrap().to_string_lossy();
    let mut tree = MemoryTree::default();
    tree.insert(RepoPath::parse(&format!("apps/battery/{name}")).unwrap(), std::fs::read(file).unwrap());
    let mut project = discover(&tree).unwrap();
    // policies judge taste: a file that only they refuse must not count as agreement
    project.policies.builtin.clear();
    let checkup = pipeline::check(&tree, &project, &Selection::default(), &Limits::default(), &Unwatched).unwrap();
    let accounting = &checkup.accounting;
    Found {
        errors: rules_of(&checkup, Severity::Error),
        warnings: rules_of(&checkup, Severity::Warning),
        documents: (accounting.rendered > 0).then_some(accounting.documents),
    }
}

/// The rules that found something, each once.
fn rules_of(checkup: &Checkup, severity: Severity) -> Vec<String> {
    let found = checkup.diagnostics().filter(|diagnostic| diagnostic.severity == severity);
    let mut rules: Vec<String> = found.map(|diagnostic| format!("`{}`", diagnostic.rule)).collect();
    rules.sort();
    rules.dedup();
    rules
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Agreement {
    Agrees,
    /// Refused by a rule with a name, where Kubernetes accepts, or loses something in silence.
    Stricter,
    Differs,
}

impl Agreement {
    fn of(expected: &Expected, found: &Found) -> Self {
        match (expected.is_refused(), found.errors.is_empty()) {
            (true, false) => Self::Agrees,
            (false, false) => Self::Stricter,
            (true, true) => Self::Differs,
            (false, true) if expected.is_silent_loss() || found.documents != Some(expected.documents) => Self::Differs,
            (false, true) => Self::Agrees,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Stricter => "**stricter**",
            Self::Differs => "**differs**",
        }
    }
}

fn row(expected: &Expected, found: &Found, agreement: Agreement) -> String {
    let ours =
        if found.errors.is_empty() { "accept".to_owned() } else { format!("reject: {}", found.errors.join(", ")) };
    let warnings =
        if found.warnings.is_empty() { String::new() } else { format!(" (warns: {})", found.warnings.join(", ")) };
    let documents = found.documents.map_or_else(|| "–".to_owned(), |count| count.to_string());
    let doubt = if expected.unverified { " ?" } else { "" };
    format!(
        "| {} | {}{doubt} | {ours}{warnings} | {documents} / {} | {} |",
        expected.file,
        expected.kubernetes,
        expected.documents,
        agreement.word(),
    )
}

#[test]
fn the_battery_is_judged_as_kubernetes_judges_it_or_by_a_stricter_rule() {
    let Some(corpus) = corpus() else { return };
    let battery = corpus.join("../battery");
    if !battery.is_dir() {
        eprintln!("skipped: no battery beside the corpus");
        return;
    }
    let table = std::fs::read_to_string(battery.join("EXPECTED.tsv")).unwrap();
    let (mut rows, mut counts) = (String::new(), [0; 3]);
    let mut silent_losses = 0;
    for expected in table.lines().skip(1).map(Expected::parse) {
        let found = check(&battery.join(&expected.file));
        let agreement = Agreement::of(&expected, &found);
        counts[agreement as usize] += 1;
        let _ = writeln!(rows, "{}", row(&expected, &found, agreement));
        assert_ne!(agreement, Agreement::Differs, "{}: {:?}", expected.file, found.errors);
        if expected.is_silent_loss() {
            silent_losses += 1;
            assert_eq!(agreement, Agreement::Stricter, "{} is lost in silence", expected.file);
        }
        if expected.kubernetes == "reject-decode" {
            assert_eq!(agreement, Agreement::Agrees, "{} cannot be decoded, and passed", expected.file);
        }
    }
    let [agree, stricter, differ] = counts;
    eprintln!("{} files: {agree} agree, {stricter} stricter, {differ} differ", agree + stricter + differ);
    assert!(silent_losses > 0 && agree > 50, "the battery is not what it was");
    let summary = format!(
        "{} files: {agree} agree, {stricter} stricter by a named rule, {differ} differ.",
        agree + stricter + differ
    );
    settle(
        "battery",
        &format!(
            "{summary}\n\n| file | Kubernetes | Hydrant | documents: Hydrant / kubectl | |\n|---|---|---|---|---|\n{rows}"
        ),
    );
}
