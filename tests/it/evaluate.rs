//! Policies judge objects exactly as OPA does, or say that they cannot.

use hydrant::diagnostic::{Diagnostic, Severity, rules};
use hydrant::evaluate::{DataDocument, Dialect, EvaluationLimits, Kubernetes, PolicySet, shipped};
use hydrant::manifest::{Gvk, Manifest, Name, Node, ObjectRef, ReadLimits};
use hydrant::parse;
use hydrant::source::Source;

/// A set of policies that must load without a complaint.
pub(crate) fn loaded(texts: &[&str]) -> PolicySet {
    let (set, diagnostics) = load(texts);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    set
}

fn load(texts: &[&str]) -> (PolicySet, Vec<Diagnostic>) {
    let files: Vec<_> =
        texts.iter().enumerate().map(|(number, text)| Source::file(format!("p{number}.rego"), *text)).collect();
    PolicySet::load(&files, &[], &EvaluationLimits::default())
}

/// The objects of a file that must parse without a complaint.
pub(crate) fn manifests(text: &str) -> Vec<Manifest> {
    let parsed = parse::parse(&Source::file("app.yaml", text), &ReadLimits::default());
    assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
    parsed.manifests
}

/// Any JSON as the input of a policy.
fn input(json: &serde_json::Value) -> Manifest {
    Manifest {
        object: ObjectRef { gvk: Gvk::new("v1", "Anything"), namespace: None, name: Name::Fixed("x".into()) },
        root: Node::from_json(json),
        source: Source::file("input.json", json.to_string()),
    }
}

fn messages(set: &PolicySet, manifest: &Manifest) -> Vec<String> {
    set.evaluator().judge(manifest).diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect()
}

/// `fixtures/policies/opa-answers.json`: what OPA 1.20 answers for many small rules and three inputs.
#[test]
fn every_rule_answers_as_opa_does_or_is_refused() {
    compare_with_opa(V1, "");
}

/// The same rules, written in Rego v0.
#[test]
fn rules_of_v0_answer_as_their_v1_form_does() {
    compare_with_opa(V0, "");
}

#[test]
fn what_v0_alone_has_means_what_it_means_to_opa() {
    let object = input(&serde_json::json!({"list": ["a", "b"], "n": 2, "kind": "A"}));
    for (rules, expected) in [
        ("deny[msg] { msg := input.list[_] } { msg := sprintf(\"%v\", [input.n]) }", vec!["2", "a", "b"]),
        ("deny[\"one\"]\ndeny[\"two\"] { input.n == 2 }", vec!["one", "two"]),
        (
            "deny[msg] { f(input.kind) = msg }\nf(x) = y { x == \"B\"; y := \"b\" } { x == \"A\"; y := \"a\" }",
            vec!["a"],
        ),
        ("deny[\"x\"] { good }\ngood { any([input.n == 1, input.n == 2]) }", vec!["x"]),
        ("deny[\"x\"] { not all([true, input.n == 1]) }", vec!["x"]),
        ("deny[\"x\"] { re_match(\"^A$\", input.kind); cast_string(input.kind) == \"A\" }", vec!["x"]),
        (
            "deny[x] { names[x] }\nnames[x] { x = all_of_them[x] }\nall_of_them[x] { x := input.list[_] }",
            vec!["a", "b"],
        ),
        ("deny[k] { m[k] == 1 }\nm[k] = v { k := input.list[v] }", vec!["b"]),
        ("deny[\"x\"] { p.q }\np[\"q\"] { input.n }", vec!["x"]),
        ("deny[\"x\"] { s == 2 }\ns = 1 { input.none } else = 2 { input.n } else = 3", vec!["x"]),
        ("deny[\"x\"] { allowed(\"y\") }\nallowed(\"y\")\nallowed(x) { x == 1 }", vec!["x"]),
        ("default ok = false\nok { input.none }\ndeny[\"x\"] { ok == false }", vec!["x"]),
    ] {
        let set = loaded(&[&format!("package main\n\n{rules}\n")]);
        let mut found = messages(&set, &object);
        found.sort();
        assert_eq!(found, expected, "{rules}");
    }
}

#[test]
fn a_rule_of_v0_without_words_in_v1_is_refused() {
    let (_, diagnostics) = load(&["package main\n\ndeny[msg] { msg := \"x\" }\np.q\n"]);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    assert_eq!(diagnostics[0].rule, rules::POLICY_UNSUPPORTED);
    assert_eq!(diagnostics[0].primary.as_ref().expect("a place").location.position().line, 4);
}

#[test]
fn the_language_of_policies_can_be_said() {
    let files = |text: &str| [Source::file("a.rego", text)];
    let refused = |text: &str, dialect: Dialect| {
        let (_, diagnostics) = PolicySet::load_as(&files(text), &[], dialect, &EvaluationLimits::default());
        !diagnostics.is_empty()
    };
    let (v0, v1) = ("package p\ndeny[\"x\"] { input.a }\n", "package p\ndeny contains \"x\" if input.a\n");
    let both = "package p\n\nimport rego.v1\n\ndeny contains \"x\" if input.a\n";
    assert_eq!(
        [refused(v0, Dialect::V0), refused(v0, Dialect::V1), refused(v0, Dialect::Detect)],
        [false, true, false]
    );
    assert_eq!(
        [refused(v1, Dialect::V0), refused(v1, Dialect::V1), refused(v1, Dialect::Detect)],
        [true, false, false]
    );
    assert_eq!([refused(both, Dialect::V0), refused(both, Dialect::V1)], [false, false]);
}

/// A `with` sends a rule to the interpreter, which must give the same answers.
#[test]
fn the_interpreter_answers_as_opa_does() {
    compare_with_opa(V1, "true with data.nothing as 1");
}

/// How a policy is put together: its beginning, what stands before a body, and how its helpers are written.
type Language = (&'static str, &'static str, fn(&str) -> String);

const V1: Language = ("package main\n", "deny contains \"hit\" if {", str::to_owned);

/// No line of the helpers may stay v1, or the file would be neither.
const V0: Language = ("package main\n\nimport future.keywords\n", "deny[\"hit\"] {", |helpers| {
    let line = |line: &str| {
        let line = line.replace(" if { ", " { ").replace("names contains n if", "names[n] if");
        match line.split_once(" if ") {
            Some((head, body)) => format!("{head} {{ {body} }}\n"),
            None => format!("{line}\n"),
        }
    };
    helpers.lines().map(line).collect()
});

fn compare_with_opa((package, head, helpers): Language, statement: &str) {
    let table: serde_json::Value =
        serde_json::from_str(include_str!("../../fixtures/policies/opa-answers.json")).unwrap();
    let helpers = helpers(table["helpers"].as_str().unwrap());
    let mut wrong = Vec::new();
    let (mut answers, mut refused) = (0, Vec::new());
    for row in table["bodies"].as_array().unwrap() {
        let body = row["body"].as_str().unwrap();
        let rule = if body.contains("contains ") && body.ends_with('\n') {
            body.to_owned()
        } else {
            format!("{head}\n\t{}\n\t{statement}\n}}\n", body.replace("; ", "\n\t"))
        };
        let (set, diagnostics) = load(&[&format!("{package}\n{helpers}\n{rule}")]);
        if !diagnostics.is_empty() {
            if row["refused"].is_null() {
                refused.push(format!("{body}: {}", diagnostics[0].message));
            }
            continue;
        }
        if let Some(reason) = row["refused"].as_str() {
            // OPA's type checker and its order of declarations refuse more than we do; what could misjudge we refuse too
            if reason.contains("unsafe") || reason.contains("undefined function") {
                wrong.push(format!("{body}: OPA refuses it, {reason}"));
            }
            continue;
        }
        let mut evaluator = set.evaluator();
        for answer in row["answers"].as_array().unwrap() {
            let judged = evaluator.judge(&input(&table["inputs"][answer[0].as_u64().unwrap() as usize]));
            let found: Vec<String> = judged
                .diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.severity == Severity::Error)
                .map(|diagnostic| match &diagnostic.rule {
                    rule if *rule == rules::POLICY_FAILED => diagnostic.message.clone(),
                    _ => format!("\"{}\"", diagnostic.message),
                })
                .collect();
            let expected: Vec<String> = answer[1].as_array().unwrap().iter().map(member_as_message).collect();
            answers += 1;
            if found != expected {
                wrong.push(format!("{body} on input {}: OPA {expected:?}, here {found:?}", answer[0]));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {answers} answers differ:\n{}\nrefused: {refused:#?}",
        wrong.len(),
        wrong.join("\n")
    );
    let expected = ["time.now_ns", "not -input"];
    refused.retain(|refused| !expected.iter().any(|expected| refused.contains(expected)));
    assert!(refused.is_empty(), "OPA answers these: {refused:#?}");
    assert!(answers > 800, "only {answers} answers were compared");
}

fn member_as_message(member: &serde_json::Value) -> String {
    match member.as_str().or_else(|| member["msg"].as_str()) {
        Some(message) => format!("\"{message}\""),
        None => "`main` gave no verdict: a result without a message".to_owned(),
    }
}

/// `fixtures/policies/opa-conflicts.json`: what OPA 1.20 answers where definitions may contradict each other.
#[test]
fn a_rule_with_several_values_is_a_failed_policy_and_never_silence() {
    compare_conflicts("");
}

/// As above, with every rule on the interpreter.
#[test]
fn the_interpreter_fails_where_a_rule_has_several_values() {
    compare_conflicts("true with data.nothing as 1; ");
}

fn compare_conflicts(statement: &str) {
    let table: serde_json::Value =
        serde_json::from_str(include_str!("../../fixtures/policies/opa-conflicts.json")).unwrap();
    let object = input(&table["input"]);
    let (mut wrong, mut conflicts, mut stopped, mut answers) = (Vec::new(), 0, 0, 0);
    for rule in table["rules"].as_array().unwrap() {
        let contradictory = rule["answers"].as_array().unwrap().iter().any(|answer| answer == "conflict");
        for (using, answer) in table["uses"].as_array().unwrap().iter().zip(rule["answers"].as_array().unwrap()) {
            if answer.is_null() {
                continue; // OPA's type checker refuses it
            }
            let case = format!("{}: {}", rule["name"], using[0]);
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let helpers = text(&table["helpers"]);
            let helpers =
                if ["help", "chosen"].iter().any(|name| text(&using[1]).contains(name)) { &helpers } else { "" };
            let deny = format!("deny contains \"hit\" if {{ {statement}{} }}\n", text(&using[1]));
            let main =
                format!("package main\n\n{}{}\n{helpers}\n{deny}", text(&rule["import"]), text(&rule["definitions"]));
            let mut policies = vec![main.replace("VAL", &text(&rule["value"]))];
            for file in rule["library"].as_array().into_iter().flatten() {
                policies.push(format!("package tools.lib\n\n{}", text(file)));
            }
            let set = loaded(&policies.iter().map(String::as_str).collect::<Vec<_>>());
            let judged = set.evaluator().judge(&object).diagnostics;
            let found: serde_json::Value = match judged.as_slice() {
                [failed] if failed.rule == rules::POLICY_FAILED => "conflict".into(),
                found => found.iter().map(|found| found.message.as_str()).collect(),
            };
            answers += 1;
            conflicts += usize::from(answer == "conflict");
            if found == "conflict" {
                let message = &judged[0].message;
                assert!(message.ends_with("has several values for this object"), "{case}: {message}");
            }
            if found == "conflict" && answer != "conflict" && contradictory {
                stopped += 1; // OPA stopped before it came to the second value
            } else if found != *answer {
                wrong.push(format!("{case}: OPA {answer}, here {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {answers} answers differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(conflicts > 900 && answers > conflicts + 500, "{conflicts} conflicts in {answers} answers");
    assert!(stopped < 40, "{stopped} times OPA answered what is a conflict here");
}

/// A definition that fails is no definition that does not hold: the interpreter would take the next.
#[test]
fn a_timeout_in_one_definition_is_not_hidden_by_another() {
    let policy = "\
package a

fine(x) if {
	input.kind
	count([1 | some a in numbers.range(1, 5000); some b in numbers.range(1, 5000); a * b == x]) < 0
}

fine(_) if true

deny contains \"x\" if {
	true with data.nothing as 1
	not fine(0)
}
";
    let limits = EvaluationLimits { time: std::time::Duration::from_millis(200), ..EvaluationLimits::default() };
    let (set, diagnostics) = PolicySet::load(&[Source::file("a.rego", policy)], &[], &limits);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let judgement = set.evaluator().judge(&manifests(DEPLOYMENT)[0]);
    assert_eq!(judgement.diagnostics.len(), 1);
    assert_eq!(judgement.diagnostics[0].rule, rules::POLICY_FAILED);
}

#[test]
fn values_that_contradict_each_other_are_not_told() {
    let policy = "package a\n\nof(x) := y if some y in x\n\ndeny contains \"x\" if of(input.data) == 1\n";
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {p: aHVudGVyMg==, q: c2VjcmV0}\n";
    let told = messages(&loaded(&[policy]), &manifests(secret)[0]);
    assert_eq!(told, ["`a` gave no verdict: something that it depends on has several values for this object"]);
}

// ── what is refused when policies are loaded ────────────────────────────────────────────────────────────────────

#[test]
fn a_syntax_error_is_told_at_its_place_and_hides_no_other_file() {
    let good = "package a\n\ndeny contains \"hit\" if input.x\n";
    let (set, diagnostics) = load(&["package b\n\ndeny contains msg if {\n\tmsg := \"a\"\n\tmsg := := 1\n}\n", good]);
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].rule, rules::POLICY_SYNTAX);
    assert_eq!(line(&diagnostics[0]), 5);
    assert_eq!(messages(&set, &input(&serde_json::json!({"x": 1}))), ["hit"]);
}

#[test]
fn recursion_is_refused_before_anything_is_evaluated() {
    let (set, diagnostics) = load(&["package a\n\ndeny contains f(1)\n\nf(x) := f(x + 1)\n"]);
    assert!(set.is_empty());
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    assert_eq!(diagnostics[0].rule, rules::POLICY_UNSUPPORTED);
    assert_eq!(line(&diagnostics[0]), 5);
    assert!(set.evaluator().judge(&input(&serde_json::json!({}))).judged_by.is_empty());
}

#[test]
fn the_clock_chance_and_missing_functions_are_refused_where_they_are_called() {
    for (call, help) in [
        ("time.now_ns()", "data document"),
        ("http.send({})", "data document"),
        ("rand.intn(\"a\", 2)", "data document"),
        ("opa.runtime()", "data document"),
        ("uuid.rfc4122(\"a\")", "data document"),
        ("crypto.x509.parse_certificates(\"a\")", "without it"),
        ("any([true])", "opa check"),
        ("startwith(\"a\", \"b\")", "`startswith`"),
        ("nowhere(1)", "define it"),
    ] {
        let (_, diagnostics) = load(&[&format!("package a\n\ndeny contains \"x\" if {{\n\t{call}\n}}\n")]);
        assert_eq!(diagnostics.len(), 1, "{call}: {diagnostics:#?}");
        assert_eq!(diagnostics[0].rule, rules::POLICY_UNSUPPORTED);
        assert_eq!(line(&diagnostics[0]), 4, "{call}");
        assert!(diagnostics[0].help.as_ref().unwrap().contains(help), "{call}: {:?}", diagnostics[0].help);
    }
}

#[test]
fn walk_is_refused_where_the_engine_cannot_go_over_its_values() {
    for statement in [
        "not walk(input, [[\"a\"], 1])",
        "not walk(input)[1] == 1",
        "some x in walk(input); x == 1",
        "every x in walk(input) { x != 1 }",
    ] {
        let (_, diagnostics) = load(&[&format!("package a\n\ndeny contains \"x\" if {{\n\t{statement}\n}}\n")]);
        assert_eq!(diagnostics.len(), 1, "{statement}: {diagnostics:#?}");
        assert_eq!(diagnostics[0].rule, rules::POLICY_UNSUPPORTED);
        assert_eq!(line(&diagnostics[0]), 4, "{statement}");
        assert!(diagnostics[0].help.as_ref().unwrap().contains("walk(x, [path, value])"));
    }
}

#[test]
fn a_reference_to_what_nobody_defines_is_refused() {
    let (_, diagnostics) =
        load(&["package a\n\nimport data.lib.allowed\n\ndeny contains \"x\" if not input.a in allowed\n"]);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    assert_eq!(line(&diagnostics[0]), 5);
    let lib = "package lib\n\nallowed := {\"b\"}\n";
    let policy = "package a\n\nimport data.lib.allowed\n\ndeny contains \"x\" if not input.a in allowed\n";
    assert_eq!(messages(&loaded(&[policy, lib]), &input(&serde_json::json!({"a": "c"}))), ["x"]);
}

#[test]
fn imported_names_mean_the_package_and_local_ones_the_variable() {
    let lib = "package lib.names\n\nallowed := {\"b\"}\n\nf(x) if x == \"b\"\n\nby_key := {\"k\": {\"v\": \"b\"}}\n";
    let policy = "\
package a

import data.lib.names
import data.lib.names as other

deny contains \"call\" if not names.f(input.a)

deny contains \"set\" if not input.a in other.allowed

deny contains \"key\" if names.by_key[input.k].v != input.a

deny contains \"local\" if {
	some names in input.list
	names.allowed == 1
	not names.f
}
";
    let json = serde_json::json!({"a": "c", "k": "k", "list": [{"allowed": 1}]});
    assert_eq!(messages(&loaded(&[policy, lib]), &input(&json)), ["call", "set", "key", "local"]);
    assert!(messages(&loaded(&[policy, lib]), &input(&serde_json::json!({"a": "b", "k": "k"}))).is_empty());
}

#[test]
fn a_rule_that_does_not_compile_is_blamed_at_its_line() {
    let (set, diagnostics) = load(&[
        "package a\n\ndeny contains \"x\" if {\n\tx := input.a\n\tx == y\n}\n",
        "package b\n\ndeny contains \"b\"\n",
    ]);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    assert_eq!(line(&diagnostics[0]), 5);
    assert_eq!(set.rules().len(), 1, "the other file still judges");
}

#[test]
fn nine_shapes_that_never_report_are_refused() {
    for rule in ["deny if { true }", "deny := \"m\"", "Deny contains \"m\"", "deny.a contains \"m\"", "deny contains 1"]
    {
        let (_, diagnostics) = load(&[&format!("package a\n\n{rule}\n")]);
        assert_eq!(diagnostics.len(), 1, "{rule}");
        assert_eq!(diagnostics[0].rule, rules::POLICY_SHAPE, "{rule}");
    }
}

#[test]
fn metadata_that_is_no_yaml_is_told_at_its_line() {
    let (_, diagnostics) = load(&["# METADATA\n# title: a\n# custom:\n#   fix: set `a: b`, or: c\npackage a\n"]);
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(line(&diagnostics[0]), 4, "{}", diagnostics[0].message);
    let (_, diagnostics) = load(&["# METADATA\n# custom:\n#   severity: grave\npackage a\n"]);
    assert_eq!(diagnostics[0].rule, rules::POLICY_SHAPE);
}

#[test]
fn test_files_are_read_and_never_judge() {
    let test = "package a_test\n\nimport data.a\n\ntest_x if count(a.deny) == 1\n\ndeny contains \"test\"\n";
    let set = loaded(&[test, "package a\n\ndeny contains \"x\"\n"]);
    assert_eq!(set.rules().len(), 1);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, ..Default::default() })]

    /// Pieces of the shipped policies cut out, doubled and put elsewhere.
    #[test]
    fn damaged_policies_are_reported_and_never_panic(file in 0..1000_usize, from in 0..2000_usize, length in 0..80_usize, to in 0..2000_usize) {
        let files = shipped("good-practice").unwrap();
        let library = files.iter().find(|file| file.name().ends_with("workload.rego")).unwrap();
        let text: Vec<char> = files[file % files.len()].text().chars().collect();
        let from = from % text.len();
        let piece: String = text[from..(from + length).min(text.len())].iter().collect();
        let without: String = text[..from].iter().chain(&text[(from + length).min(text.len())..]).collect();
        let at = without.char_indices().map(|(at, _)| at).nth(to % without.chars().count().max(1)).unwrap_or_default();
        let damaged = format!("{}{piece}{}", &without[..at], &without[at..]);
        let (set, _) = load(&[&damaged, library.text()]);
        let judged = set.evaluator().judge(&manifests(DEPLOYMENT)[0]);
        assert!(judged.judged_by.len() <= set.rules().len());
    }
}

// ── what a finding looks like ───────────────────────────────────────────────────────────────────────────────────

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: a
          image: a:1
        - name: b
          image: b:1
";

#[test]
fn a_path_in_any_form_leads_to_the_line_of_the_value() {
    for path in [
        "[\"spec\", \"template\", \"spec\", \"containers\", 1, \"image\"]",
        "\"/spec/template/spec/containers/1/image\"",
        "\"spec.template.spec.containers[1].image\"",
        "\"spec.template.spec.containers[name=b].image\"",
    ] {
        let set = loaded(&[&format!("package a\n\ndeny contains {{\"msg\": \"m\", \"path\": {path}}}\n")]);
        let found = set.evaluator().judge(&manifests(DEPLOYMENT)[0]).diagnostics;
        assert_eq!(line(&found[0]), 12, "{path}");
        assert!(found[0].pointer.as_ref().unwrap().ends_with("/image"));
        assert_eq!(found[0].subject.object.as_deref(), Some("Deployment web"));
    }
}

#[test]
fn a_result_without_a_path_is_told_at_the_name_of_the_object() {
    let set = loaded(&["package a\n\ndeny contains \"m\"\n"]);
    let found = set.evaluator().judge(&manifests(DEPLOYMENT)[0]).diagnostics;
    assert_eq!(line(&found[0]), 4);
    let set =
        loaded(&["package a\n\ndeny contains {\"msg\": \"m\", \"_loc\": {\"file\": \"app.yaml\", \"line\": 10}}\n"]);
    let found = set.evaluator().judge(&manifests(DEPLOYMENT)[0]).diagnostics;
    assert_eq!(line(&found[0]), 10);
}

#[test]
fn rules_of_one_name_keep_their_own_metadata() {
    let set = loaded(&["\
# METADATA
# title: everything in this package
# custom:
#   fix: ask the platform team
package main

# METADATA
# title: first
# custom:
#   id: firstRule
#   severity: note
deny contains \"one\"

# METADATA
# custom:
#   fix: do it
deny_second_rule contains {\"msg\": \"two\", \"severity\": \"warning\"}

warn contains {\"msg\": \"three\", \"id\": \"own_id\", \"fix\": \"so\"}
"]);
    let found = set.evaluator().judge(&manifests(DEPLOYMENT)[0]).diagnostics;
    let told: Vec<_> = found
        .iter()
        .map(|found| (found.rule.as_str(), found.severity, found.message.as_str(), found.help.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("first-rule", Severity::Note, "one", "ask the platform team"),
            ("second-rule", Severity::Warning, "two", "do it"),
            ("own-id", Severity::Warning, "three", "so"),
        ]
    );
    assert_eq!(set.rules()[0].title.as_deref(), Some("first"));
    assert_eq!(set.rules()[1].title.as_deref(), Some("everything in this package"));
}

#[test]
fn other_rules_may_count_what_is_denied() {
    let set = loaded(&[
        "package a\n\ndeny contains \"x\"\n\ndeny contains \"y\"\n",
        "package b\n\nimport data.a\n\nwarn contains \"many\" if count(a.deny) == 2\n",
    ]);
    assert_eq!(messages(&set, &manifests(DEPLOYMENT)[0]), ["x", "y", "many"]);
}

#[test]
fn what_cannot_be_decided_is_a_finding_and_not_silence() {
    let endless = "package a\n\ndeny contains \"x\" if count([1 | some a in numbers.range(1, 5000); some b in numbers.range(1, 5000); a * b == 0]) > 0\n\nwarn contains \"fine\"\n";
    let files = [Source::file("a.rego", endless)];
    let limits = EvaluationLimits {
        instructions: 10_000,
        time: std::time::Duration::from_millis(200),
        ..EvaluationLimits::default()
    };
    let (set, diagnostics) = PolicySet::load(&files, &[], &limits);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let judgement = set.evaluator().judge(&manifests(DEPLOYMENT)[0]);
    assert_eq!(judgement.judged_by.len(), 1, "one of two came to a verdict");
    assert_eq!(judgement.diagnostics[0].rule, rules::POLICY_FAILED);
    assert_eq!(judgement.diagnostics[1].message, "fine");
}

#[test]
fn values_of_a_secret_never_reach_a_message() {
    let policy = "package a\n\ndeny contains sprintf(\"%v and %v\", [v, base64.decode(v)]) if some v in input.data\n";
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  p: aHVudGVyMg==\n";
    assert_eq!(messages(&loaded(&[policy]), &manifests(secret)[0]), ["(hidden) and (hidden)"]);
}

#[test]
fn a_result_may_say_that_its_place_holds_a_secret() {
    let policy = "package a\n\ndeny contains {\"msg\": \"m\", \"path\": \"/data/p\", \"secret\": true}\n";
    let object =
        &manifests("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  p: hunter2\n  q: known\n")[0];
    assert_eq!(loaded(&[policy]).evaluator().judge(object).diagnostics.len(), 1);
    let hidden: Vec<&str> = object.source.hidden().into_iter().map(|span| object.source.slice(span)).collect();
    assert_eq!(hidden, ["hunter2"]);
}

#[test]
fn data_documents_are_seen_and_count_in_the_digest() {
    let policy = [Source::file("a.rego", "package a\n\ndeny contains n if { some n in data.limits.names }\n")];
    let document = |text: &str| [DataDocument { at: vec!["limits".into()], source: Source::file("data.yaml", text) }];
    let limits = EvaluationLimits::default();
    let (set, diagnostics) = PolicySet::load(&policy, &document("names: [x, z]\n"), &limits);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    assert_eq!(messages(&set, &manifests(DEPLOYMENT)[0]), ["x", "z"]);
    let (other, _) = PolicySet::load(&policy, &document("names: [x]\n"), &limits);
    assert_ne!(set.digest(), other.digest());
    let (same, _) = PolicySet::load(&policy, &document("names: [x, z]\n"), &limits);
    assert_eq!(set.digest(), same.digest());
}

#[test]
fn policies_see_the_kubernetes_that_an_object_is_for() {
    let policy = "package a\n\ndeny contains sprintf(\"%d\", [v.minor]) if v := data.hydrant.kubernetes\n\nwarn contains \"old\" if data.hydrant.kubernetes.minor < 30\n";
    // the interpreter must be told as well
    let interpreted =
        "package b\n\ndeny contains sprintf(\"%d\", [data.hydrant.kubernetes.minor]) if true with input.x as 1\n";
    let set = loaded(&[policy, interpreted]);
    let manifest = &manifests(DEPLOYMENT)[0];
    let mut evaluator = set.evaluator();
    let mut judge = |version: Option<&str>| -> Vec<String> {
        version.into_iter().for_each(|version| evaluator.aim_at(Kubernetes::parse(version).unwrap()));
        evaluator.judge(manifest).diagnostics.into_iter().map(|found| found.message).collect()
    };
    assert!(judge(None).is_empty(), "nobody said which Kubernetes");
    assert_eq!(judge(Some("1.34")), ["34", "34"]);
    assert_eq!(judge(Some("1.22")), ["22", "old", "22"]);
    assert_eq!(judge(Some("1.22")), ["22", "old", "22"]);
}

#[test]
fn what_hydrant_tells_can_be_neither_misspelt_nor_redefined() {
    let (_, diagnostics) = load(&["package a\n\ndeny contains \"x\" if data.hydrant.kubernetes.minr < 30\n"]);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    assert_eq!(line(&diagnostics[0]), 3);
    let (_, diagnostics) = load(&["package hydrant.kubernetes\n\nminor := 1\n"]);
    assert_eq!((diagnostics.len(), line(&diagnostics[0])), (1, 1), "{diagnostics:#?}");
    let document = DataDocument {
        at: Vec::new(),
        source: Source::file("data.yaml", "own: 1\nhydrant: {kubernetes: {minor: 1}}\n"),
    };
    let policy = [Source::file("a.rego", "package a\n\ndeny contains \"x\" if data.hydrant.kubernetes.minor == 34\n")];
    let (set, diagnostics) = PolicySet::load(&policy, &[document], &EvaluationLimits::default());
    assert_eq!((diagnostics.len(), line(&diagnostics[0])), (1, 2), "{diagnostics:#?}");
    let mut evaluator = set.evaluator();
    evaluator.aim_at(Kubernetes { major: 1, minor: 34 });
    assert_eq!(evaluator.judge(&manifests(DEPLOYMENT)[0]).diagnostics.len(), 1);
}

#[test]
fn many_workers_judge_as_one_does() {
    let (set, _) = PolicySet::load(&shipped("good-practice").unwrap(), &[], &EvaluationLimits::default());
    let manifest = &manifests(DEPLOYMENT)[0];
    let expected: Vec<_> = messages(&set, manifest);
    assert!(!expected.is_empty());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(|| messages(&set, manifest))).collect();
        for worker in workers {
            assert_eq!(worker.join().unwrap(), expected);
        }
    });
}

fn line(diagnostic: &Diagnostic) -> u32 {
    diagnostic.primary.as_ref().expect("a place").location.position().line
}
