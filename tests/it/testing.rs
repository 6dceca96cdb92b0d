//! Rego tests run on the texts that judge; what fails says why, and what no test reached is told.

use std::sync::Arc;
use std::time::Duration;

use hydrant::diagnostic::{Diagnostic, rules};
use hydrant::evaluate::testing::{Coverage, Failure, Outcome, Reached, TestResult, TestSuite};
use hydrant::evaluate::{DataDocument, EvaluationLimits};
use hydrant::source::Source;

fn sources(files: &[(&str, &str)]) -> Vec<Arc<Source>> {
    files.iter().map(|(name, text)| Source::file(*name, *text)).collect()
}

fn load(files: &[(&str, &str)]) -> (TestSuite, Vec<Diagnostic>) {
    TestSuite::load(&sources(files), &[], &[], &EvaluationLimits::default())
}

/// A suite that must load without a complaint.
fn loaded(files: &[(&str, &str)]) -> TestSuite {
    let (suite, diagnostics) = load(files);
    let told: Vec<String> = diagnostics.iter().map(|found| format!("{}: {}", line(found), found.message)).collect();
    assert!(told.is_empty(), "{told:#?}");
    suite
}

fn line(diagnostic: &Diagnostic) -> u32 {
    diagnostic.primary.as_ref().expect("a place").location.position().line
}

/// Runs all tests.
fn run(suite: &TestSuite) -> Vec<(String, TestResult)> {
    let mut runner = suite.runner(false);
    suite.tests().iter().enumerate().map(|(number, test)| (test.name.clone(), runner.run(number))).collect()
}

fn verdicts(suite: &TestSuite) -> Vec<String> {
    run(suite)
        .into_iter()
        .map(|(name, result)| match &result.outcome {
            Outcome::Passed => format!("{name}: passed"),
            Outcome::Skipped => format!("{name}: skipped"),
            Outcome::Failed(failure) => format!("{name}: {}", told(failure)),
        })
        .collect()
}

/// `12: message (x = 1)`
fn told(failure: &Failure) -> String {
    let values: Vec<String> = failure.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let values = if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) };
    format!("{}: {}{values}", failure.location.position().line, failure.message)
}

fn covered(suite: &TestSuite) -> Coverage {
    suite.measurable().unwrap();
    let mut runner = suite.runner(true);
    (0..suite.tests().len()).for_each(|number| drop(runner.run(number)));
    let mut reached = Reached::default();
    reached.merge(runner.reached());
    suite.coverage(&reached)
}

const OWNER: &str = "package policies.owner

import data.lib.words

deny contains {\"msg\": msg} if {
	input.kind == \"Deployment\"
	not input.metadata.labels.owner
	msg := words.without(input.metadata.name, \"owner\")
}
";

const WORDS: &str = "package lib.words

without(name, what) := sprintf(\"%s has no %s\", [name, what])

unused(x) := x + 1 if x > 3
";

#[test]
fn true_passes_and_everything_else_fails_at_the_statement_to_blame() {
    let tests = "package policies.owner_test

import data.policies.owner

web := {\"kind\": \"Deployment\", \"metadata\": {\"name\": \"web\"}}

test_a_deployment_without_owner_is_found if {
	owner.deny == {{\"msg\": \"web has no owner\"}} with input as web
}

test_of_two_statements if {
	found := owner.deny with input as web
	count(found) == 2
}

test_undefined if {
	x := input.nothing.at.all
	x == 1
}

test_negated if not owner.deny with input as web

test_false := false

test_some if {
	some n in [1, 2, 3]
	n > 2
	n == 4
}

test_every if {
	every n in [1, 2] { n < 2 }
}

test_computed := owner.deny

todo_test_later if false
";
    let suite = loaded(&[("owner.rego", OWNER), ("owner_test.rego", tests), ("words.rego", WORDS)]);
    let expected = "
test_a_deployment_without_owner_is_found: passed
";
    assert_eq!(verdicts(&suite).join("\n"), expected.trim());
}
