//! Rego tests run on the texts that judge; what fails says why, and what no test reached is told.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::judged::{HOSTILE, hostile_body};
use crate::sandbox::Sandbox;
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
    let expected = "\
test_a_deployment_without_owner_is_found: passed
test_of_two_statements: 13: `count(found) == 2` does not hold (found = {{\"msg\": \"web has no owner\"}}, count(found) = 1)
test_undefined: 17: `x := input.nothing.at.all` has no value (input.nothing.at.all = undefined)
test_negated: 21: `not owner.deny` does not hold (owner.deny = {{\"msg\": \"web has no owner\"}})
test_false: 23: it is false, not true
test_some: 28: `n == 4` does not hold (n = 3)
test_every: 32: `every n in [1, 2] { n < 2 }` does not hold
test_computed: 35: it is set(), not true
todo_test_later: skipped";
    assert_eq!(verdicts(&suite).join("\n"), expected);
}

#[test]
fn each_definition_of_a_name_is_a_test_of_its_own() {
    let suite =
        loaded(&[("a_test.rego", "package a_test\n\ntest_x if 1 == 1\n\ntest_x if 1 == 2\n\ntest_x if 2 == 2\n")]);
    assert_eq!(verdicts(&suite), ["test_x: passed", "test_x#01: 5: `1 == 2` does not hold", "test_x#02: passed"]);
    let default = "package a_test\n\ndefault test_y := false\n\ntest_y if 1 == 2\n\ntest_y if 2 == 2\n";
    assert_eq!(verdicts(&loaded(&[("a_test.rego", default)])), ["test_y: passed"], "a default belongs to all of them");
}

#[test]
fn every_case_a_test_comes_to_counts_whether_or_not_it_holds() {
    let tests = "package a_test

test_sum[name] if {
	some name, case in {
		\"both\": {\"of\": [1, 2], \"want\": 3},
		\"none\": {\"of\": [], \"want\": 1},
		\"wrong kind\": {\"of\": \"a\", \"want\": 0},
	}
	got := sum(case.of)
	got == case.want
}

test_pairs[a][b] if {
	some a in [\"x\", \"y\"]
	some b in [1, 2]
	b == 1
}

test_object := {\"right\": true, \"wrong\": false, \"odd\": 3}

test_nothing[x] if some x in []

test_fine[x] if some x in [\"a\", \"b\"]

test_set contains \"a\"
";
    let mut seen = Vec::new();
    for (name, result) in run(&loaded(&[("a_test.rego", tests)])) {
        let outcome = result.outcome.failure().map_or_else(|| "passed".to_owned(), told);
        seen.push(format!("{name}: {outcome}"));
        for case in &result.cases {
            let outcome = case.failure.as_ref().map_or_else(|| "passed".to_owned(), told);
            seen.push(format!("  {}: {outcome}", case.name));
        }
    }
    let expected = "\
test_sum: 3: 2 of 3 cases failed
  both: passed
  none: 10: `got == case.want` does not hold (case = {\"of\": [], \"want\": 1}, got = 0, case.want = 1)
  wrong kind: 9: `got := sum(case.of)` has no value (case = {\"of\": \"a\", \"want\": 0}, case.of = \"a\")
test_pairs: 13: 2 of 4 cases failed
  x / 1: passed
  x / 2: 16: `b == 1` does not hold (b = 2)
  y / 1: passed
  y / 2: 16: `b == 1` does not hold (b = 2)
test_object: 19: 2 of 3 cases failed
  odd: 19: it is 3, not true
  right: passed
  wrong: 19: it is false, not true
test_nothing: 21: `some x in []` finds nothing
test_fine: passed
  a: passed
  b: passed
test_set: 25: it is a set, and a test is true or false: {\"a\"}";
    assert_eq!(seen.join("\n"), expected);
}

#[test]
fn input_data_and_other_rules_can_be_replaced() {
    let policy = "package a

import data.lib

deny contains \"x\" if {
	not input.image in lib.allowed
	count(data.limits.names) > data.limits.least
}

known if data.users[input.user]
";
    let tests = "package a_test

import data.a

test_nothing_replaced if count(a.deny) == 1 with input as {\"image\": \"b\"}

test_allowed if count(a.deny) == 0 with input as {\"image\": \"b\"} with data.lib.allowed as {\"b\"}

test_below if count(a.deny) == 0 with input.image as \"b\" with data.limits.least as 5

test_no_document_has_it if a.known with data.users as {\"ada\": true} with input as {\"user\": \"ada\"}
";
    let lib = "package lib\n\nallowed := {\"a\"}\n";
    let data =
        DataDocument { at: Vec::new(), source: Source::file("data.yaml", "limits: {names: [x, y], least: 1}\n") };
    let files = sources(&[("a.rego", policy), ("a_test.rego", tests), ("lib.rego", lib)]);
    let (suite, diagnostics) = TestSuite::load(&files, &[], &[data], &EvaluationLimits::default());
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let verdicts = verdicts(&suite);
    assert!(verdicts.len() == 4 && verdicts.iter().all(|verdict| verdict.ends_with(": passed")), "{verdicts:#?}");
}

#[test]
fn a_print_is_heard_once_what_stands_before_it_holds() {
    let policy = "package a

deny contains msg if {
	print(\"judging\", input.name, input.nothing)
	input.kind == \"Pod\"
	print(\"a pod\")
	some i, c in input.containers
	print(\"container\", i, c)
	x := c.nothing
	print(\"never\", x)
	msg := \"x\"
}
";
    let tests = "package a_test

import data.a

test_pod if count(a.deny) == 0 with input as {\"kind\": \"Pod\", \"name\": \"p\", \"containers\": [{\"image\": \"b\"}]}

test_other if count(a.deny) == 0 with input as {\"kind\": \"Job\"}
";
    let heard: Vec<Vec<(u32, String)>> = run(&loaded(&[("a.rego", policy), ("a_test.rego", tests)]))
        .into_iter()
        .map(|(name, result)| {
            assert!(matches!(result.outcome, Outcome::Passed), "{name}");
            result.prints.into_iter().map(|print| (print.location.position().line, print.text)).collect()
        })
        .collect();
    let line = |line: u32, text: &str| (line, text.to_owned());
    let pod = [line(4, "judging p <undefined>"), line(6, "a pod"), line(8, "container 0 {\"image\": \"b\"}")];
    assert_eq!(heard[0], pod);
    assert_eq!(heard[1], [line(4, "judging <undefined> <undefined>")]);
}

/// What two definitions hide from each other, an undefined argument under `not`, `some … in` over null: the differences
/// between the engine and OPA that lowering writes around.
#[test]
fn tests_mean_what_judging_means() {
    let policy = "package a

deny contains \"negated\" if not startswith(input.nothing, \"x\")

deny contains \"null\" if {
	some x in input.null
	x
}

of(x) := 1 if x > 0

of(x) := 2 if x > 1

several if of(2) == 1
";
    let tests = "package a_test

import data.a

test_silent if a.deny == set() with input as {\"null\": null}

test_conflict if not a.several
";
    let suite = loaded(&[("a.rego", policy), ("a_test.rego", tests)]);
    let verdicts = verdicts(&suite);
    assert_eq!(verdicts[0], "test_silent: passed");
    assert!(verdicts[1].ends_with("error: something that it depends on has several values"), "{}", verdicts[1]);
}

#[test]
fn a_test_that_does_not_end_is_stopped_and_hides_no_other() {
    let tests = "package a_test

test_endless if count([1 | some a in numbers.range(1, 5000); some b in numbers.range(1, 5000); a * b == 0]) == 0

test_fine if 1 == 1
";
    let limits = EvaluationLimits { time: Duration::from_millis(200), ..EvaluationLimits::default() };
    let (suite, diagnostics) = TestSuite::load(&sources(&[("a_test.rego", tests)]), &[], &[], &limits);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let verdicts = verdicts(&suite);
    assert!(verdicts[0].contains("error: it takes too long"), "{}", verdicts[0]);
    assert_eq!(verdicts[1], "test_fine: passed");
}

#[test]
fn a_test_that_makes_a_huge_value_fails_at_the_statement_with_the_words_of_the_limit() {
    for (body, words) in HOSTILE.iter().filter(|(_, words)| *words == "too large") {
        let body = hostile_body(body).replace("; ", "\n\t");
        let tests = format!("package a_test\n\ntest_fine if 1 == 1\n\ntest_huge if {{\n\t{body}\n}}\n");
        let suite = loaded(&[("a_test.rego", &tests)]);
        let result = run(&suite).swap_remove(1).1;
        let failure = result.outcome.failure().expect("it fails");
        assert!(failure.message.contains(words), "{body}\n{}", told(failure));
        let line = failure.location.position().line as usize;
        let statement = tests.lines().nth(line - 1).unwrap_or_default();
        assert!(line > 5 && failure.message.contains(&statement.trim()[..20]), "{body}\n{}", told(failure));
        assert_eq!(verdicts(&suite)[0], "test_fine: passed");
    }
}

/// In half a gigabyte of addresses: what asks for more is ended by the system.
#[cfg(target_os = "linux")]
#[test]
fn hostile_tests_and_the_policies_under_test_stay_small() {
    let sandbox = Sandbox::new();
    let hostile: Vec<&str> = HOSTILE.iter().filter(|(_, words)| *words == "too large").map(|(body, _)| *body).collect();
    for (number, body) in hostile.iter().enumerate() {
        let body = hostile_body(body);
        sandbox
            .write(&format!("p/a{number}.rego"), format!("package a{number}\n\ndeny contains \"x\" if {{ {body} }}\n"));
        sandbox.write(
            &format!("p/a{number}_test.rego"),
            format!(
                "package a{number}_test\n\ntest_policy if {{\n\tcount(data.a{number}.deny) == 1 with input as {{}}\n}}\n\n\
                 test_itself if {{ {body} }}\n"
            ),
        );
    }
    let script = "ulimit -v 524288 && exec \"$0\" --threads 1 test p --coverage";
    let run = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_hydrant")])
        .current_dir(sandbox.path())
        .output()
        .expect("a shell");
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("too large").count(), 2 * hostile.len(), "{said}");
}

#[test]
fn coverage_counts_the_lines_of_calls_that_are_bounded() {
    let policy = "package a

deny contains msg if {
	all := array.concat(
		input.a,
		input.b,
	)
	some x in all; y := concat(\"-\", [\"x\", x])
	msg := concat(\"\", [y, \"!\"])
}

deny contains concat(\"\", [\"c\"]) if input.c
";
    let tests = "package a_test\n\ntest_it if data.a.deny == {\"x-1!\", \"x-2!\"} with input as {\"a\": [\"1\"], \"b\": [\"2\"]}\n";
    let coverage = covered(&loaded(&[("a.rego", policy), ("a_test.rego", tests)]));
    let lines: Vec<(u32, bool)> = coverage.files[0].lines.iter().map(|(line, reached)| (*line, *reached)).collect();
    assert_eq!(lines, [(3, true), (4, true), (8, true), (9, true), (12, false)]);
}

#[test]
fn a_file_that_does_not_load_is_told_and_the_others_are_tested() {
    let (suite, diagnostics) = load(&[
        ("a_test.rego", "package a_test\n\ntest_x if 1 == 1\n"),
        ("b_test.rego", "package b_test\n\ntest_y if {\n\tx := := 1\n}\n"),
        ("c_test.rego", "package c_test\n\ntest_z if {\n\tprint(1)\n\tx == y\n}\n"),
        ("d.rego", "package d\n\ndeny := \"never a set\"\n"),
    ]);
    let told: Vec<_> = diagnostics.iter().map(|found| (found.rule.as_str().to_owned(), line(found))).collect();
    let rule = |rule: &hydrant::diagnostic::RuleId, line: u32| (rule.as_str().to_owned(), line);
    assert_eq!(
        told,
        [rule(&rules::POLICY_SYNTAX, 4), rule(&rules::POLICY_SHAPE, 3), rule(&rules::POLICY_UNSUPPORTED, 5)]
    );
    assert_eq!(verdicts(&suite), ["test_x: passed"]);
}

#[test]
fn policies_that_are_there_to_be_imported_are_no_tests_and_give_way() {
    let support = sources(&[
        ("pack/words.rego", WORDS),
        ("pack/other.rego", "package other\n\ntest_of_the_pack if false\n\ndeny contains \"x\" if y == 1\n"),
        ("pack/owner.rego", "package policies.owner\n\ndeny contains \"of the pack\"\n"),
    ]);
    let tests = "package policies.owner_test

import data.policies.owner

test_own if owner.deny == {{\"msg\": \"a has no owner\"}} with input as {\"kind\": \"Deployment\", \"metadata\": {\"name\": \"a\"}}
";
    let files = sources(&[("owner.rego", OWNER), ("owner_test.rego", tests)]);
    let (suite, diagnostics) = TestSuite::load(&files, &support, &[], &EvaluationLimits::default());
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    assert_eq!(verdicts(&suite), ["test_own: passed"]);
    let files: Vec<String> = covered(&suite).files.into_iter().map(|file| file.name).collect();
    assert_eq!(files, ["owner.rego"]);
}

// ── coverage ────────────────────────────────────────────────────────────────────────────────────────────────────

/// `name: missing lines; definitions that came to a value, of all`
fn missing(suite: &TestSuite) -> Vec<String> {
    let words = |file: hydrant::evaluate::testing::FileCoverage| {
        let missing = hydrant::report::testing::ranges(&file.missing());
        format!("{}: {missing}; {} of {}", file.name, file.held, file.definitions)
    };
    covered(suite).files.into_iter().map(words).collect()
}

#[test]
fn a_definition_that_never_holds_is_not_reached_though_it_is_on_one_line() {
    let policy = "package a

import data.lib

deny contains \"never\" if input.kind == \"Job\"

deny contains {
	\"msg\": msg,
	\"path\": [],
} if {
	print(
		\"over\",
		\"lines\",
	)
	input.kind == \"Pod\"
	not lib.fine(input.name)
	msg := lib.words(input.name)
}

flag if input.flag

(unary)
";
    let policy = policy.replace("\n(unary)\n", "");
    let lib = "package lib

fine(\"a\")  := true

fine(name) if startswith(name, \"x\")

words(x) := \"short\" if {
	count(x) < 3
} else := \"long\" if {
	count(x) > 5
} else := \"other\"

default unused := 1

unused := 2 if {
	some x in [1, 2]
	y := [z |
		some z in [x]
		z > 5
	]
	count(y) == 3
}

constant := {\"a\": 1}

first := constant.a
";
    let tests = "package a_test

import data.a
import data.lib

test_pod if a.deny == {{\"msg\": \"short\", \"path\": []}} with input as {\"kind\": \"Pod\", \"name\": \"b\"}

test_a if count(a.deny) == 0 with input as {\"kind\": \"Pod\", \"name\": \"a\"}

test_unused if lib.unused == 1

test_constant if lib.first == 1
";
    let suite = loaded(&[("a.rego", &policy), ("a_test.rego", tests), ("lib.rego", lib)]);
    assert_eq!(
        missing(&suite),
        [
            "a.rego: 5, 20; 1 of 3",
            // the second `fine`, the other words, and `unused` but for its statements, which were evaluated
            "lib.rego: 5, 9-15; 4 of 8",
        ]
    );
}

/// The engine tells the line on which it looks up `input`, and not the one on which the call begins.
#[test]
fn a_call_over_several_lines_is_one_statement() {
    let policy = "package a

deny contains \"a name\" if {
	regex.match(
		`^a`,
		input.name,
	)
	startswith(
		input.name,
		\"ab\",
	)
}
";
    let tests =
        |name: &str| format!("package a_test\n\ntest_x if data.a.deny with input as {{\"name\": \"{name}\"}}\n");
    assert_eq!(missing(&loaded(&[("a.rego", policy), ("a_test.rego", &tests("abc"))])), ["a.rego: ; 1 of 1"]);
    assert_eq!(missing(&loaded(&[("a.rego", policy), ("a_test.rego", &tests("b"))])), ["a.rego: 3, 8; 0 of 1"]);
}

/// What runs is Rego v1 made from it; what is told are the lines that are written.
#[test]
fn tests_in_rego_v0_run_and_are_told_at_their_own_lines() {
    let policy = "package a

violation[{\"msg\": msg}] {
	input.kind == \"Pod\"
	any([input.a, input.b])
	msg := \"a or b\"
}

never {
	input.never
}
";
    let tests = "package a

test_found {
	count(violation) == 1 with input as {\"kind\": \"Pod\", \"a\": true, \"b\": false}
}

test_wrong {
	results := violation with input as {\"kind\": \"Pod\", \"a\": false, \"b\": false}
	count(results) == 1
}
";
    let suite = loaded(&[("src.rego", policy), ("src_test.rego", tests)]);
    assert_eq!(
        verdicts(&suite),
        [
            "test_found: passed",
            "test_wrong: 9: `count(results) == 1` does not hold (results = set(), count(results) = 0)"
        ]
    );
    assert_eq!(missing(&suite), ["src.rego: 9-10; 1 of 2"]);
}

#[test]
fn measuring_changes_no_verdict() {
    let tests = "package policies.owner_test

import data.policies.owner

test_found if count(owner.deny) == 1 with input as {\"kind\": \"Deployment\", \"metadata\": {\"name\": \"web\"}}

test_wrong if count(owner.deny) == 1 with input as {\"kind\": \"Pod\"}
";
    let suite = loaded(&[("owner.rego", OWNER), ("owner_test.rego", tests), ("words.rego", WORDS)]);
    let verdicts = verdicts(&suite);
    let mut runner = suite.runner(true);
    for (number, verdict) in verdicts.iter().enumerate() {
        let outcome = runner.run(number).outcome;
        assert_eq!(matches!(outcome, Outcome::Passed), verdict.ends_with(": passed"));
    }
    let reached = suite.coverage(&runner.reached());
    assert_eq!(reached.lines(), (5, 6));
    assert_eq!(reached.definitions(), (2, 3));
}

#[test]
fn without_a_test_nothing_is_reached() {
    let suite = loaded(&[("owner.rego", OWNER), ("words.rego", WORDS)]);
    assert_eq!(covered(&suite).lines(), (0, 6));
}

// ── the command ─────────────────────────────────────────────────────────────────────────────────────────────────

/// Every rule of the shipped policies is reached by their tests, and all of these pass.
#[test]
fn the_tests_of_the_shipped_policies_pass_and_reach_every_line() {
    let sandbox = Sandbox::new();
    sandbox.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), "policies");
    let output = sandbox.run(&["hydrant", "test", "policies", "--min-coverage", "100", "--report", "json=-"]);
    assert_eq!(output.code, 0, "{output}");
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("stdout is the report");
    let packages: BTreeSet<&str> =
        report["tests"].as_array().unwrap().iter().map(|test| test["package"].as_str().unwrap()).collect();
    for pack in hydrant::evaluate::shipped_names() {
        for source in hydrant::evaluate::shipped(pack).unwrap() {
            let package = source.text().lines().find_map(|line| line.strip_prefix("package ")).unwrap();
            assert!(packages.contains(format!("{package}_test").as_str()), "`{package}` has no tests");
            let files = report["coverage"]["files"].as_array().unwrap();
            let file = files.iter().find(|file| file["file"] == source.name()).unwrap_or_else(|| panic!("{package}"));
            assert_eq!(file["definitions_held"], file["definitions"], "{package}");
        }
    }
}

fn project(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    files.iter().for_each(|(name, text)| sandbox.write(name, text));
    sandbox
}

const PASSING: &str = "package a_test\n\ntest_x if 1 == 1\n\ntest_y if 2 == 2\n";

#[test]
fn the_exit_code_says_what_was_wrong() {
    let sandbox = project(&[
        ("policies/a_test.rego", PASSING),
        ("empty/notes.md", "nothing\n"),
        ("todo/a_test.rego", "package a_test\n\ntodo_test_x if false\n"),
        ("broken/a_test.rego", "package a_test\n\ntest_x if {\n"),
        ("suite/suite.yaml", "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\nmetadata: {name: a}\ntests: []\n"),
    ]);
    for (words, code) in [
        (&["test"][..], 0),
        (&["test", "policies/a_test.rego"], 0),
        (&["test", ".", "--run", "test_x$"], 1), // of what is broken nothing can be left out
        (&["test", "policies", "--run", "test_x$"], 0),
        (&["test", "policies", "--run", "nothing"], 3),
        (&["test", "policies", "--run", "["], 2),
        (&["test", "policies", "--min-coverage", "200"], 2),
        (&["test", "policies", "--report", "sarif=x"], 2),
        (&["test", "empty"], 3),
        (&["test", "todo"], 3),
        (&["test", "broken"], 1),
        (&["test", "suite"], 1),
        (&["test", "missing"], 4),
        (&["test", "policies", "--report", "json=no/such/folder"], 4),
    ] {
        let output = sandbox.run(&[&["hydrant"][..], words].concat());
        assert_eq!(output.code, code, "{words:?}\n{output}");
    }
}

/// The template, a constraint of it, and an object, beside a suite.
fn with_suite(folder: &str, tests: &str) -> Sandbox {
    let template = "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: owned}
spec:
  crd: {spec: {names: {kind: Owned}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package owned

      violation[{\"msg\": msg}] {
        not input.review.object.metadata.labels.owner
        msg := \"nobody owns it\"
      }
";
    let constraint = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Owned\nmetadata: {name: all}\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";
    let suite = format!("kind: Suite\napiVersion: test.gatekeeper.sh/v1alpha1\ntests:\n{tests}");
    let named = |name: &str| format!("{folder}/{name}");
    project(&[
        (&named("template.yaml"), template),
        (&named("samples/constraint.yaml"), constraint),
        (&named("samples/pod.yaml"), pod),
        (&named("suite.yaml"), &suite),
    ])
}

const SUITE: &str = "- name: owned
  template: template.yaml
  constraint: samples/constraint.yaml
  cases:
  - {name: refused, object: samples/pod.yaml, assertions: [{violations: yes}]}
  - {name: let-in, object: samples/pod.yaml, assertions: [{violations: no}]}
  - {name: later, skip: true, object: samples/pod.yaml, assertions: [{violations: 2}]}
- {name: lost, template: templates.yaml, constraint: samples/constraint.yaml}
";

#[test]
fn a_suite_tells_of_every_case_at_its_line() {
    let sandbox = with_suite("policies/owned", SUITE);
    let output = sandbox.run(&[
        "hydrant",
        "test",
        "policies",
        "--verbose",
        "--report",
        "json=r.json",
        "--report",
        "junit=r.xml",
    ]);
    assert_eq!(output.code, 1, "{output}");
    let expected = "policies/owned/suite.yaml:8: owned/refused passed
policies/owned/suite.yaml:9: owned/let-in failed: 1 violation, wanted none
    violation = nobody owns it
policies/owned/suite.yaml:10: owned/later skipped
policies/owned/suite.yaml:11: lost failed: `owned/templates.yaml` does not exist
1 passed, 2 failed, 1 skipped
";
    assert_eq!(output.stderr, expected);
    let report: serde_json::Value = serde_json::from_str(&sandbox.read("r.json")).unwrap();
    let suite = &report["suites"][0];
    assert_eq!((suite["file"].as_str(), suite["status"].as_str()), (Some("policies/owned/suite.yaml"), Some("passed")));
    let statuses: Vec<&str> =
        suite["cases"].as_array().unwrap().iter().map(|case| case["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["passed", "failed", "skipped", "failed"]);
    assert_eq!(suite["cases"][1]["failure"]["location"]["line"], 9);
    assert_eq!(suite["cases"][1]["failure"]["values"][0]["value"], "nobody owns it");
    let xml = sandbox.read("r.xml");
    let head = "<testsuite name=\"policies/owned/suite.yaml\" tests=\"4\" failures=\"2\" skipped=\"1\">";
    assert!(xml.contains(head), "{xml}");
    let case = "<testcase classname=\"policies/owned/suite.yaml\" name=\"owned/let-in\" file=\"policies/owned/suite.yaml\" line=\"9\">";
    assert!(xml.contains(case), "{xml}");
}

#[test]
fn cases_of_suites_are_chosen_as_tests_are() {
    let sandbox = with_suite("owned", SUITE);
    let output = sandbox.run(&["hydrant", "test", "owned/suite.yaml", "--run", "owned/ref"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stderr.contains("1 passed, 0 failed, 0 skipped, 3 left out by `--run`"), "{output}");
    assert_eq!(sandbox.run(&["hydrant", "test", "owned", "--run", "nothing"]).code, 3);
}

#[test]
fn a_policy_that_its_suite_cannot_load_is_blamed_where_it_is_written() {
    let sandbox = with_suite(
        "owned",
        "- {name: owned, template: template.yaml, constraint: samples/constraint.yaml, cases: [{name: a}]}\n",
    );
    let broken = sandbox.read("owned/template.yaml").replace("msg := \"nobody", "msg := := \"nobody");
    sandbox.write("owned/template.yaml", &broken);
    let output = sandbox.run(&["hydrant", "test", "."]);
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stderr.contains("owned/template.yaml:13: owned failed: "), "{output}");
}

#[test]
fn a_suite_that_is_not_run_is_a_failure_and_never_silence() {
    let suite = "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\nmetadata: {name: a}\ntests: []\n";
    let sandbox = project(&[
        ("policies/a_test.rego", PASSING),
        ("policies/gate/suite.yaml", suite),
        ("policies/gate/skipped.yaml", &format!("{suite}skip: true\n")),
        ("policies/gate/broken.yaml", "# test.gatekeeper.sh/v1alpha1\nkind: [Suite\n"),
        ("policies/gate/other.yaml", "# no test.gatekeeper.sh/ at all\nkind: ConfigMap\n"),
    ]);
    let output = sandbox.run(&["hydrant", "test"]);
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stderr.contains("policies/gate/suite.yaml:1: suite failed: it has no test"), "{output}");
    assert!(output.stderr.contains("policies/gate/broken.yaml:2: suite failed: "), "{output}");
    assert!(output.stderr.contains("2 passed, 2 failed, 1 skipped"), "{output}");
}

/// The real suites of Gatekeeper's library, each with the templates and samples that lie beside it.
#[test]
fn the_suites_of_a_real_library_pass() {
    let Some(corpus) = crate::corpus::corpus() else { return };
    let library = corpus.join("policy/gatekeeper-library");
    let output = Sandbox::new().run(&["hydrant", "test", library.to_str().unwrap()]);
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(output.stderr, "270 passed, 0 failed, 0 skipped\n");
}

#[test]
fn policies_and_data_of_a_project_are_read_where_its_configuration_says() {
    let configuration = "version: 1\nenvironments:\n  dev: {branch: env/dev, kubernetes: \"1.34\"}\napps: [{path: apps/*}]\npolicies: {paths: [rules]}\n";
    let sandbox = project(&[
        ("hydrant.yaml", configuration),
        (
            "rules/a.rego",
            "package a\n\nimport data.policies.lib.workload\n\nx if count(workload.containers) == data.limit\n",
        ),
        (
            "rules/a_test.rego",
            "package a_test\n\ntest_x if data.a.x with input as {\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": [{}]}}\n",
        ),
        ("rules/data.yaml", "limit: 1\n"),
        ("policies/b_test.rego", "package b_test\n\ntest_not_asked_for if false\n"),
    ]);
    let output = sandbox.run(&["hydrant", "test", "--coverage"]);
    assert_eq!(output.code, 0, "the shipped packs of the project can be imported\n{output}");
    assert!(output.stderr.contains("coverage: 100.0 % (1 of 1 line)"), "{output}");
    assert!(output.stderr.contains("1 passed, 0 failed, 0 skipped"), "{output}");
}

const HARD_TO_WRITE: &str = "package a_test

test_signs if {
	x := \"<a> & \\\"b\\\" ]]> \\u0001 é\"
	print(x, \"\\r\\n\\tend\")
	x == \"<b>\"
}

test_cases[name] if {
	some name in [\"a&b\", \"<c>\"]
	name == \"a&b\"
}

todo_test_z if true
";

#[test]
fn reports_of_tests_are_well_formed_and_say_the_same() {
    let sandbox = project(&[
        ("policies/a_test.rego", HARD_TO_WRITE),
        ("policies/a.rego", "package a\n\nnever if input.x == \"<\"\n"),
        ("policies/broken.rego", "package broken\n\nx := := 1\n"),
        ("policies/ok_test.rego", PASSING.replace("a_test", "ok_test").as_str()),
    ]);
    let words = ["test", "--min-coverage", "50", "--report", "json=r.json", "--report", "junit=r.xml"];
    let output = sandbox.run(&[&["hydrant"][..], &words].concat());
    assert_eq!(output.code, 1, "{output}");
    let report: serde_json::Value = serde_json::from_str(&sandbox.read("r.json")).expect("JSON");
    let schema: serde_json::Value =
        serde_json::from_str(&hydrant::report::testing::json::schema()).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(report["counts"], serde_json::json!({"passed": 2, "failed": 2, "skipped": 1, "left_out": 0}));
    assert_eq!(report["coverage"]["percent"], 0.0);

    // an XML reader that nobody here wrote
    let script = "import sys, json, xml.etree.ElementTree as E
r = E.parse(sys.argv[1]).getroot()
cases = [[c.get('classname'), c.get('name'), 'failed' if c.find('failure') is not None else 'skipped' if c.find('skipped') is not None else 'passed', (c.findtext('failure') or '') + (c.findtext('system-out') or '')] for c in r.iter('testcase')]
print(json.dumps([r.attrib, cases]))
";
    let file = sandbox.path().join("r.xml");
    let Ok(read) = std::process::Command::new("python3").arg("-c").arg(script).arg(&file).output() else {
        eprintln!("skipped: no python3 to read JUnit XML with");
        return;
    };
    assert!(read.status.success(), "{}\n{}", String::from_utf8_lossy(&read.stderr), sandbox.read("r.xml"));
    let read: serde_json::Value = serde_json::from_slice(&read.stdout).expect("JSON");
    assert_eq!(read[0], serde_json::json!({"name": "hydrant test", "tests": "7", "failures": "4", "skipped": "1"}));
    let cases: Vec<String> = read[1]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            format!("{} {} {}", case[0].as_str().unwrap(), case[1].as_str().unwrap(), case[2].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        cases,
        [
            "load policies/broken.rego:3 failed",
            "a_test test_signs failed",
            "a_test test_cases failed",
            "a_test todo_test_z skipped",
            "ok_test test_x passed",
            "ok_test test_y passed",
            "coverage coverage failed",
        ]
    );
    let said = read[1][1][3].as_str().unwrap();
    assert!(said.contains("<a> & \"b\" ]]> \u{fffd} é \r\n\tend"), "{said:?}");
    assert!(read[1][2][3].as_str().unwrap().contains("case <c>: "), "{}", read[1][2]);
}

#[test]
fn a_change_of_a_file_runs_the_tests_again() {
    let sandbox = project(&[("policies/a_test.rego", PASSING)]);
    let mut watching = Ended(
        Command::new(env!("CARGO_BIN_EXE_hydrant"))
            .args(["test", "--watch"])
            .current_dir(sandbox.path())
            .stderr(Stdio::piped())
            .spawn()
            .expect("hydrant starts"),
    );
    let stderr = BufReader::new(watching.0.stderr.take().expect("a pipe"));
    let (send, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    let wait_for = |words: &str| {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let line = lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            if line.unwrap_or_else(|_| panic!("`{words}` was never said")).contains(words) {
                return;
            }
        }
    };
    wait_for("2 passed, 0 failed");
    sandbox.write("policies/a_test.rego", format!("{PASSING}\ntest_z if 1 == 2\n"));
    wait_for("2 passed, 1 failed");
    sandbox.write("policies/b_test.rego", "package b_test\n\ntest_new if true\n");
    wait_for("3 passed, 1 failed");
    assert!(watching.0.try_wait().expect("a child").is_none(), "it ended by itself");
}

/// A process that does not outlive its test, however that ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
