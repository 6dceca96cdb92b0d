//! Policies written for Conftest judge as they do there, and what would pass there without a word is told.

use std::process::Command;
use std::sync::Arc;

use hydrant::diagnostic::{Diagnostic, Severity, rules};
use hydrant::evaluate::conftest::{NamespacePattern, Namespaces};
use hydrant::evaluate::{EvaluationLimits, Judgement, PolicyFiles, PolicyOptions, PolicySet, shipped};
use hydrant::manifest::{Manifest, ReadLimits};
use hydrant::parse;
use hydrant::source::Source;

use crate::sandbox::Sandbox;

const V1: &str = "package main\n\nimport rego.v1\n\n";

fn sources(texts: &[(&str, &str)]) -> Vec<Arc<Source>> {
    texts.iter().map(|(name, text)| Source::file(*name, *text)).collect()
}

fn load(texts: &[(&str, &str)], options: &PolicyOptions) -> (PolicySet, Vec<Diagnostic>) {
    let own = sources(texts);
    PolicySet::load_with(PolicyFiles { own: &own, ..PolicyFiles::default() }, options, &EvaluationLimits::default())
}

/// A set of policies in package `main` that must load without a complaint.
fn loaded(rules: &str) -> PolicySet {
    let (set, diagnostics) = load(&[("main.rego", &format!("{V1}{rules}"))], &PolicyOptions::default());
    assert!(diagnostics.is_empty(), "{rules}\n{diagnostics:#?}");
    set
}

fn namespaces(patterns: &[&str]) -> PolicyOptions {
    let patterns = patterns.iter().map(|text| NamespacePattern::parse(text).expect("a pattern")).collect();
    PolicyOptions { namespaces: Namespaces::Chosen(patterns), ..PolicyOptions::default() }
}

fn objects(name: &str, text: &str) -> Vec<Manifest> {
    let parsed = parse::parse(&Source::file(name, text), &ReadLimits::default());
    assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
    parsed.manifests
}

fn object(text: &str) -> Manifest {
    objects("a.yaml", text).remove(0)
}

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n";

/// `(message, whether it counts)` of everything that was found.
fn found(judgement: &Judgement) -> Vec<(&str, bool)> {
    judgement.diagnostics.iter().map(|found| (found.message.as_str(), found.counts())).collect()
}

/// `data.<package>.exception[_][_] == "<name>"`, for every form in which the left side can be written.
#[test]
fn exceptions_name_rules_without_their_prefix() {
    let map = object(MAP);
    for (exception, of_a, of_plain) in [
        ("exception contains [\"a\"] if input.kind == \"ConfigMap\"", true, false),
        ("exception contains [\"a\"] if input.kind == \"Pod\"", false, false),
        ("exception contains rules if rules := [\"\", \"b\"]", false, true),
        ("exception contains {\"a\", \"\"}", true, true),
        ("exception contains {\"x\": \"a\"}", true, false),
        ("exception contains {\"a\": \"x\"}", false, false),
        ("exception contains [\"deny_a\"]", false, false),
        ("exception contains [[\"a\"]]", false, false),
        ("exception := [[\"a\"], [\"\"]]", true, true),
        ("exception := {\"x\": [\"a\"]} if input.kind == \"ConfigMap\"", true, false),
        ("exception contains [\"b\"]\n\nexception contains [name] if name := input.metadata.labels.none", false, false),
    ] {
        let set = loaded(&format!("deny_a contains \"of a\"\n\ndeny contains \"plain\"\n\n{exception}\n"));
        let judgement = set.evaluator().judge(&map);
        assert_eq!(found(&judgement), [("of a", !of_a), ("plain", !of_plain)], "{exception}");
        assert_eq!(judgement.rules, 2, "an exception is no rule that judges");
    }
}

/// Conftest takes any list for messages, and people rely on it.
#[test]
fn a_list_as_a_whole_is_a_list_of_messages() {
    let map = object(MAP);
    for (rules, expected) in [
        ("violation := [msg] if {\n\tmsg := input.kind\n}\n", vec!["ConfigMap"]),
        ("deny := [{\"msg\": \"a\"}, \"b\"] if input.kind\n", vec!["b", "a"]),
        ("deny := [\"a\"] if input.none else := [\"b\"]\n", vec!["b"]),
        ("default deny := []\n\ndeny := [\"a\"] if input.none\n", vec![]),
        ("deny := {msg | some msg, _ in input.metadata}\n", vec!["name"]),
        ("deny_a := [\"a\"]\n\nwarn contains sprintf(\"%d\", [count(deny_a)])\n", vec!["a", "1"]),
    ] {
        let judgement = loaded(rules).evaluator().judge(&map);
        let mut messages: Vec<&str> = judgement.diagnostics.iter().map(|found| found.message.as_str()).collect();
        let mut expected = expected;
        messages.sort_unstable();
        expected.sort_unstable();
        assert_eq!(messages, expected, "{rules}");
    }
}

#[test]
fn an_exception_of_one_package_leaves_the_others_alone() {
    let (set, diagnostics) = load(
        &[
            ("a.rego", "package a\n\nimport rego.v1\n\ndeny contains \"of a\"\n\nexception contains [\"\"]\n"),
            ("b.rego", "package b\n\nimport rego.v1\n\nwarn contains \"of b\"\n"),
        ],
        &PolicyOptions::default(),
    );
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let judgement = set.evaluator().judge(&object(MAP));
    assert_eq!(found(&judgement), [("of a", false), ("of b", true)]);
    let by = judgement.diagnostics[0].excepted_by.as_ref().expect("an exception");
    assert_eq!((by.location.source.name(), by.location.position().line), ("a.rego", 7));
}

#[test]
fn of_several_exceptions_the_one_that_holds_is_told() {
    let set = loaded(
        "deny_a contains \"of a\"\n\nexception contains [\"a\"] if input.kind == \"Pod\"\n\n\
         exception contains [\"a\"] if input.kind == \"ConfigMap\"\n",
    );
    let judgement = set.evaluator().judge(&object(MAP));
    let by = judgement.diagnostics[0].excepted_by.as_ref().expect("an exception");
    assert_eq!(by.location.position().line, 9);
}

#[test]
fn an_exception_that_fails_excepts_nothing_and_is_told() {
    let set = loaded(
        "deny contains \"plain\"\n\nname := \"\" if input.kind == \"ConfigMap\"\n\nname := \"a\" if input.metadata.name\n\n\
         exception contains [name]\n",
    );
    let judgement = set.evaluator().judge(&object(MAP));
    let told: Vec<_> = judgement.diagnostics.iter().map(|found| (found.rule.as_str(), found.counts())).collect();
    assert_eq!(told, [("policy-failed", true), ("main", true)]);
}

#[test]
fn a_rule_without_a_verdict_cannot_be_excepted() {
    let set = loaded("deny contains msg if msg := \"\"\n\nexception contains [\"\"]\n");
    let judgement = set.evaluator().judge(&object(MAP));
    assert_eq!(judgement.diagnostics[0].rule, rules::POLICY_FAILED);
    assert!(judgement.diagnostics[0].counts());
}

#[test]
fn only_packages_that_are_asked_judge() {
    let files = [
        ("a.rego", "package main.a\n\nimport rego.v1\n\ndeny contains \"a\"\n"),
        ("b.rego", "package main.b\n\nimport rego.v1\n\ndeny contains \"b\" if data.lib.yes\n"),
        ("lib.rego", "package lib\n\nimport rego.v1\n\nyes if input.kind\n"),
    ];
    let messages = |options: &PolicyOptions| {
        let (set, diagnostics) = load(&files, options);
        let judgement = set.evaluator().judge(&object(MAP));
        let messages: Vec<String> = judgement.diagnostics.iter().map(|found| found.message.clone()).collect();
        let complaints: Vec<_> = diagnostics.iter().map(|found| (found.rule.to_string(), found.severity)).collect();
        (messages.join(" "), complaints)
    };
    let error = |rule: &str| (rule.to_owned(), Severity::Error);
    assert_eq!(messages(&PolicyOptions::default()), ("a b".to_owned(), vec![]));
    assert_eq!(messages(&namespaces(&["main.*"])), ("a b".to_owned(), vec![]));
    assert_eq!(messages(&namespaces(&["main.a", "data.main.b"])), ("a b".to_owned(), vec![]));
    assert_eq!(messages(&namespaces(&["*.b", "!main.a"])), ("b".to_owned(), vec![]));
    assert_eq!(messages(&namespaces(&["main.b"])), ("b".to_owned(), vec![error("unqueried-package")]));
    let nothing = vec![error("unknown-namespace"), error("unqueried-package"), error("unqueried-package")];
    assert_eq!(messages(&namespaces(&["main"])), (String::new(), nothing));
}

#[test]
fn packs_are_asked_whatever_the_namespaces_are() {
    let own = sources(&[("a.rego", "package main\n\nimport rego.v1\n\ndeny contains \"a\"\n")]);
    let pack = shipped("good-practice").expect("a pack");
    let files = PolicyFiles { own: &own, shipped: &pack, data: &[] };
    let (set, diagnostics) = PolicySet::load_with(files, &namespaces(&["main"]), &EvaluationLimits::default());
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    assert!(set.rules().len() > 10, "{}", set.rules().len());
}

#[test]
fn a_library_is_asked_by_whoever_names_it_and_else_told() {
    let lib = ("lib.rego", "package lib.a\n\nimport rego.v1\n\nyes if input.kind\n");
    let told = |files: &[(&str, &str)]| -> Vec<String> {
        let (_, diagnostics) = load(files, &PolicyOptions::default());
        diagnostics.iter().map(|found| format!("{} {}", found.severity, found.rule)).collect()
    };
    let main = |text: &'static str| ("main.rego", text);
    let nothing: [String; 0] = [];
    assert_eq!(told(&[lib, main("package main\nimport rego.v1\ndeny contains \"a\" if data.lib.a.yes\n")]), nothing);
    assert_eq!(told(&[lib, main("package main\nimport rego.v1\nimport data.lib.a\ndeny contains \"a\"\n")]), nothing);
    assert_eq!(told(&[lib, main("package main\nimport rego.v1\ndeny contains \"a\" if data.lib[_].yes\n")]), nothing);
    let through = ("b.rego", "package lib.b\nimport rego.v1\nno if not data.lib.a.yes\n");
    let user = main("package main\nimport rego.v1\ndeny contains \"a\" if data.lib.b.no\n");
    assert_eq!(told(&[lib, through, user]), nothing);
    let test = ("lib_test.rego", "package lib.a_test\nimport rego.v1\ntest_it if data.lib.a.yes\n");
    let alone = main("package main\nimport rego.v1\ndeny contains \"a\"\n");
    assert_eq!(told(&[lib, test, alone]), nothing);
    assert_eq!(told(&[lib, alone]), ["warning unqueried-package"]);
    assert_eq!(told(&[lib, through, alone]), ["warning unqueried-package", "warning unqueried-package"]);
    let hidden = ("b.rego", "package b\nimport rego.v1\nrefuse contains sprintf(\"%v\", [input.kind])\n");
    assert_eq!(told(&[hidden, alone]), ["error unqueried-package"]);
    let broken = ("c.rego", "package c\nimport rego.v1\ndeny contains { if\n");
    assert_eq!(told(&[lib, broken]), ["error policy-syntax"], "the broken file may be the one that asks");
}

fn combined(set: &PolicySet, manifests: &[Manifest]) -> Judgement {
    set.evaluator().judge_combined(&manifests.iter().collect::<Vec<_>>())
}

#[test]
fn combined_results_lead_back_to_their_documents() {
    let manifests =
        [objects("a.yaml", MAP), objects("b.yaml", &format!("{MAP}---\n# two\n{}", MAP.replace("settings", "other")))]
            .concat();
    for (result, file, line, of) in [
        ("{\"msg\": \"m\", \"path\": [2, \"contents\", \"metadata\", \"name\"]}", "b.yaml", 10, "ConfigMap other"),
        ("{\"msg\": \"m\", \"path\": \"/2/contents/metadata/name\"}", "b.yaml", 10, "ConfigMap other"),
        ("{\"msg\": \"m\", \"path\": [1]}", "b.yaml", 4, "ConfigMap settings"),
        ("{\"msg\": \"m\", \"path\": input[2].path}", "b.yaml", 1, ""),
        ("{\"msg\": \"m\", \"path\": input[0].path}", "a.yaml", 4, "ConfigMap settings"),
        ("{\"msg\": \"m\", \"_loc\": {\"file\": \"b.yaml\", \"line\": 7}}", "b.yaml", 7, ""),
        ("{\"msg\": \"m\", \"_loc\": {\"file\": \"c.yaml\", \"line\": 7}}", "main.rego", 5, ""),
        ("{\"msg\": \"m\", \"path\": [7]}", "main.rego", 5, ""),
        ("\"m\"", "main.rego", 5, ""),
    ] {
        let set = loaded(&format!("deny contains {result}\n"));
        let judgement = combined(&set, &manifests);
        let location = &judgement.diagnostics[0].primary.as_ref().expect("a place").location;
        let subject = judgement.diagnostics[0].subject.object.clone().unwrap_or_default();
        assert_eq!((location.source.name(), location.position().line, subject.as_str()), (file, line, of), "{result}");
    }
    let set = loaded("deny contains \"m\"\n");
    let judgement = combined(&set, &objects("a.yaml", MAP));
    let location = &judgement.diagnostics[0].primary.as_ref().expect("a place").location;
    assert_eq!((location.source.name(), location.position().line), ("a.yaml", 1), "there is only one file");
}

#[test]
fn a_combined_verdict_is_excepted_as_any_other() {
    let set = loaded(
        "deny_a contains \"m\" if count(input) == 1\n\nexception contains [\"a\"] if input[0].path == \"a.yaml\"\n",
    );
    assert_eq!(found(&combined(&set, &objects("a.yaml", MAP))), [("m", false)]);
    assert_eq!(found(&combined(&set, &objects("b.yaml", MAP))), [("m", true)]);
}

#[test]
fn combined_results_tell_no_secret() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: key\nstringData:\n  password: hunter2\n";
    let set = loaded(
        "deny contains msg if {\n\tsome document in input\n\tmsg := sprintf(\"weak: %s\", [document.contents.stringData.password])\n}\n",
    );
    let judgement = combined(&set, &[objects("a.yaml", MAP), objects("b.yaml", secret)].concat());
    assert_eq!(judgement.diagnostics[0].message, "weak: (hidden)");
}

#[test]
fn policies_see_the_file_that_is_judged() {
    let text = "deny contains msg if {\n\tfile := data.conftest.file\n\tmsg := sprintf(\"%s in %s\", [file.name, file.dir])\n}\n";
    let folder = |folder: &str| PolicyOptions { folder: folder.to_owned(), ..PolicyOptions::default() };
    let (set, diagnostics) = load(&[("main.rego", &format!("{V1}{text}"))], &folder("/srv/project"));
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let mut evaluator = set.evaluator();
    let mut told = |name: &str| evaluator.judge(&objects(name, MAP)[0]).diagnostics[0].message.clone();
    assert_eq!(told("apps/web/a.yaml"), "a.yaml in /srv/project/apps/web");
    assert_eq!(told("b.yaml"), "b.yaml in /srv/project");
    assert_eq!(told("/etc/c.yaml"), "c.yaml in /etc");
    let (set, _) = load(&[("main.rego", &format!("{V1}{text}"))], &PolicyOptions::default());
    let judgement = set.evaluator().judge(&objects("apps/web/a.yaml", MAP)[0]);
    assert_eq!(judgement.diagnostics[0].message, "a.yaml in /apps/web", "the same on every machine");
}

#[test]
fn the_environment_is_refused_where_a_policy_reads_it() {
    let text = format!("{V1}deny contains \"a\" if opa.runtime().env.CI == \"true\"\n");
    let (_, diagnostics) = load(&[("main.rego", &text)], &PolicyOptions::default());
    assert_eq!(diagnostics[0].rule, rules::POLICY_UNSUPPORTED);
    assert!(diagnostics[0].message.contains("the environment"), "{}", diagnostics[0].message);
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n  containers:\n    - name: web\n      image: registry.example.com/web:1.4.2\n";

fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("pod.yaml", POD);
    sandbox.write("one/a.rego", format!("{V1}deny contains \"one\"\n"));
    sandbox.write("two/a.rego", format!("{V1}warn contains \"two\"\n").replace("main", "other"));
    sandbox
}

/// Runs `hydrant` with some of Conftest's variables.
fn with_variables(sandbox: &Sandbox, words: &[&str], variables: &[(&str, &str)]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_hydrant"))
        .args(words)
        .current_dir(sandbox.path())
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .expect("hydrant runs");
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code().unwrap_or(-1))
}

#[test]
fn options_win_over_variables_and_variables_over_the_file() {
    let sandbox = project();
    sandbox.write("conftest.toml", "policy = \"one\"\n");
    let run = |words: &[&str], variables: &[(&str, &str)]| with_variables(&sandbox, words, variables);
    let (told, code) = run(&["validate", "pod.yaml"], &[]);
    assert!(told.contains("× one") && !told.contains("two"), "{told}");
    assert_eq!(code, 1);
    let two = [("CONFTEST_POLICY", "two")];
    let (told, code) = run(&["validate", "pod.yaml"], &two);
    assert!(told.contains("⚠ two") && !told.contains("× one"), "{told}");
    assert_eq!(code, 0);
    let (told, code) = run(&["validate", "pod.yaml"], &[two[0], ("CONFTEST_FAIL_ON_WARN", "true")]);
    assert_eq!(code, 1, "{told}");
    let (told, _) = run(&["validate", "pod.yaml", "--policy", "one"], &two);
    assert!(told.contains("× one") && !told.contains("⚠ two"), "{told}");
    let (told, code) = run(&["validate", "pod.yaml", "--no-config"], &two);
    assert!(!told.contains("Conftest") && told.contains("no policies"), "{told}");
    assert_eq!(code, 0);
    let (told, code) = run(&["validate", "pod.yaml"], &[("CONFTEST_COMBINE", "perhaps")]);
    assert!(told.contains("`CONFTEST_COMBINE` must be `true` or `false`"), "{told}");
    assert_eq!(code, 2);
}

#[test]
fn the_settings_of_conftest_are_not_mixed_with_a_project() {
    let sandbox = project();
    sandbox.write("conftest.toml", "policy = \"one\"\n");
    sandbox.write(
        "hydrant.yaml",
        "version: 1\nenvironments: {dev: {}}\napps: [{path: apps/*}]\npolicies: {builtin: []}\n",
    );
    let output = sandbox.run(&["hydrant", "validate", "pod.yaml"]);
    assert_eq!(output.code, 0);
    assert!(output.stderr.contains("not read beside hydrant.yaml: conftest.toml"), "{}", output.stderr);
}

#[test]
fn a_conftest_toml_that_leads_to_no_policy_is_no_pass() {
    let sandbox = project();
    sandbox.write("conftest.toml", "# nothing\n");
    let output = sandbox.run(&["hydrant", "validate", "pod.yaml"]);
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("there is no file or folder `policy`"), "{}", output.stderr);
}

/// What judges single objects would find nothing in a list.
#[test]
fn under_combine_packs_still_judge_every_object() {
    let sandbox = project();
    sandbox.write("pod.yaml", POD.replace(":1.4.2", ":latest"));
    let output =
        sandbox.run(&["hydrant", "validate", "pod.yaml", "--policy", "one", "--combine", "--builtin", "good-practice"]);
    assert!(output.stderr.contains("× one"), "{}", output.stderr);
    assert!(output.stderr.contains("[latest-tag]"), "{}", output.stderr);
}

#[test]
fn the_language_of_policies_can_be_said_on_the_command_line() {
    let sandbox = project();
    sandbox.write("three/a.rego", "package main\n\ndeny[\"three\"] { input.kind }\n");
    let run = |version: &str| {
        sandbox.run(&["hydrant", "validate", "pod.yaml", "--policy", "three", "--rego-version", version]).stderr
    };
    assert!(run("v0").contains("× three"));
    assert!(run("v1").contains("[policy-syntax]"));
}

/// What Conftest counts, by its source: a rule that finds nothing passes once, members of one set are one result each,
/// whatever is excepted is one exception, and definitions that gave no result fill up the passes.
#[test]
fn the_last_line_counts_as_conftest_does() {
    let two = "deny contains \"a\" if input.kind == \"Pod\"\n\ndeny contains \"b\" if input.kind == \"Pod\"\n";
    for (rules, of_map, of_pod) in [
        ("deny contains \"a\"\n", (0, 0, 1, 0), (0, 0, 1, 0)),
        (two, (2, 0, 0, 0), (0, 0, 2, 0)),
        (
            "deny contains \"a\" if input.kind == \"Pod\"\n\ndeny contains \"a\" if input.spec\n",
            (2, 0, 0, 0),
            (1, 0, 1, 0),
        ),
        ("warn contains \"a\"\n\nviolation_x contains {\"msg\": \"b\"} if input.spec\n", (1, 1, 0, 0), (0, 1, 1, 0)),
        ("deny_x contains \"a\"\n\nexception contains [\"x\"] if input.spec\n", (0, 0, 1, 0), (0, 0, 0, 1)),
        ("deny_x contains \"a\" if input.none\n\nexception contains [\"x\"]\n", (0, 0, 0, 1), (0, 0, 0, 1)),
        (
            "deny_x contains \"a\"\n\nexception contains [\"x\", \"x\"]\n\nexception contains [\"x\"]\n",
            (0, 0, 0, 3),
            (0, 0, 0, 3),
        ),
        (
            "deny := [\"a\"] if input.spec\n\nwarn contains msg if some msg in [\"b\", \"c\"]\n",
            (0, 2, 0, 0),
            (0, 2, 1, 0),
        ),
        ("deny if input.spec\n", (1, 0, 0, 0), (1, 0, 0, 0)),
        ("deny contains 1\n\nwarn contains \"a\"\n", (1, 1, 0, 0), (1, 1, 0, 0)),
        ("Deny contains \"a\"\n\nwarn contains \"a\"\n", (0, 1, 0, 0), (0, 1, 0, 0)),
    ] {
        let options = PolicyOptions { as_conftest: true, ..PolicyOptions::default() };
        let (set, diagnostics) = load(&[("main.rego", &format!("{V1}{rules}"))], &options);
        assert!(diagnostics.iter().all(|found| found.severity < Severity::Error), "{rules}\n{diagnostics:#?}");
        let count = |text: &str| {
            let tally = set.evaluator().judge(&object(text)).tally;
            (tally.passed, tally.warnings, tally.failures, tally.exceptions)
        };
        assert_eq!((count(MAP), count(POD)), (of_map, of_pod), "{rules}");
    }
}

/// The judge, where it is installed: the same last line and the same exit code.
#[test]
fn the_last_line_is_that_of_conftest_itself() {
    if Command::new("conftest").arg("--version").output().is_err() {
        eprintln!("skipped: conftest is not installed, so nothing is compared with it");
        return;
    }
    let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    for (case, words) in [
        ("conftest-compat", &["all.yaml"][..]),
        ("conftest-compat", &["map.yaml"]),
        ("conftest-compat", &["map.yaml", "--fail-on-warn"]),
        ("conftest-compat", &["labelled.yaml", "--fail-on-warn"]),
        ("conftest-compat", &["all.yaml", "--fail-on-warn"]),
        ("conftest-exception", &["legacy.yaml", "web.yaml"]),
        ("conftest-combine", &["manifests", "--combine"]),
        ("conftest-warn", &["pod.yaml"]),
        ("conftest-shape-boolean", &["pod.yaml"]),
        ("conftest-shape-number", &["pod.yaml"]),
        ("conftest-namespace", &["pod.yaml", "--namespace", "main.*"]),
    ] {
        let end = |program: &str, first: &[&str], rest: &[&str]| {
            let folder = cases.join(case).join("in");
            let output = Command::new(program)
                .args(first.iter().chain(words).chain(rest))
                .current_dir(folder)
                .output()
                .expect("both are installed");
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            (told.lines().last().unwrap_or_default().to_owned(), output.status.code())
        };
        let theirs = end("conftest", &["test", "--no-color"], &["--policy", "policy"]);
        let ours = end(env!("CARGO_BIN_EXE_hydrant"), &["validate"], &["--policy", "policy", "--compat", "conftest"]);
        assert_eq!(ours, theirs, "{case} {words:?}");
    }
}
