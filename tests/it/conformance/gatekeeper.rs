//! The suites of the Gatekeeper library: every case decided as `gator verify` decides it, or refused aloud.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hydrant::diagnostic::Diagnostic;
use hydrant::evaluate::EvaluationLimits;
use hydrant::evaluate::gatekeeper::{Outcome, SuiteResult};
use hydrant::load::{SuiteFile, WorkTree};
use hydrant::pipeline::run_suite;
use hydrant::source::Source;
use hydrant::tree::RepoPath;

use super::settle;
use crate::corpus::{corpus, files_below};

/// The library, below the corpus.
const LIBRARY: &str = "policy/gatekeeper-library/library";

#[test]
fn the_suites_of_the_gatekeeper_library_agree() {
    let Some(folder) = corpus().map(|corpus| corpus.join(LIBRARY)) else { return };
    let tree = WorkTree::open(&folder).expect("a readable folder");
    let limits = EvaluationLimits::default();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for file in files_below(&folder, &["yaml"]).iter().filter(|file| file.ends_with("suite.yaml")) {
        let name = file.strip_prefix(&folder).expect("below it").to_string_lossy().into_owned();
        let path = RepoPath::parse(&name).expect("a path below it");
        let source = Source::file(name, std::fs::read_to_string(file).expect("readable"));
        let suite = SuiteFile { source, path, tree: &tree };
        count(&run_suite(&suite, &|_| true, &limits), &mut counts, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut table = String::from("| what | how many |\n|---|---|\n");
    for (what, number) in &counts {
        writeln!(table, "| {what} | {number} |").expect("a String grows");
    }
    settle("gatekeeper-library", &table);
}

fn count<'a>(result: &SuiteResult, counts: &mut BTreeMap<&'a str, usize>, wrong: &mut Vec<String>) {
    let mut add = |what: &'a str| *counts.entry(what).or_default() += 1;
    add("suites");
    for test in &result.tests {
        add("tests: a template with a constraint");
        if !matches!(test.outcome, Outcome::Passed | Outcome::Skipped) {
            wrong.push(format!("{} {}: {}", result.path, test.name, words(&test.outcome)));
        }
        for case in &test.cases {
            match &case.outcome {
                Outcome::Passed => add("cases that agree"),
                Outcome::Skipped => add("cases that the suite skips"),
                outcome => wrong.push(format!("{} {} {}: {}", result.path, test.name, case.name, words(outcome))),
            }
        }
    }
    if !matches!(result.outcome, Outcome::Passed | Outcome::Skipped) {
        wrong.push(format!("{}: {}", result.path, words(&result.outcome)));
    }
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Skipped => "skipped".to_owned(),
        Outcome::Failed(reason) => reason.clone(),
        Outcome::Refused(diagnostics) => {
            let place = |diagnostic: &Diagnostic| {
                let position = diagnostic.primary.as_ref().map(|label| label.location.position());
                position.map_or(String::new(), |position| format!("{}:{} ", position.line, position.column))
            };
            let all = diagnostics.iter().map(|found| format!("{}{} {}", place(found), found.rule, found.message));
            all.collect::<Vec<_>>().join("; ")
        }
    }
}
