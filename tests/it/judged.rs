//! Which rules judge which objects: only those that can say something, and what nobody judges is told.

use hydrant::diagnostic::Diagnostic;
use hydrant::evaluate::{EvaluationLimits, Kubernetes, PolicySet, RuleEngine, shipped, shipped_names};
use hydrant::load::read_checks;
use hydrant::manifest::{Gvk, Manifest, Name, Node, ObjectRef, ReadLimits};
use hydrant::source::Source;
use hydrant::tree::{MemoryTree, RepoPath};
use hydrant::{config, parse, pipeline};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::corpus::{corpus, files_below};
use crate::evaluate::loaded;
use crate::sandbox::Sandbox;

fn object(root: &Value) -> Manifest {
    let text = |key: &str| root[key].as_str().unwrap_or_default().to_owned();
    Manifest {
        object: ObjectRef {
            gvk: Gvk::new(&text("apiVersion"), &text("kind")),
            namespace: None,
            name: Name::Fixed("x".into()),
        },
        root: Node::from_json(root),
        source: Source::file("input.json", root.to_string()),
    }
}

fn every_pack() -> PolicySet {
    let mut files: Vec<_> = shipped_names().flat_map(|name| shipped(name).expect("a name that is listed")).collect();
    files.sort_by(|a, b| a.name().cmp(b.name()));
    files.dedup_by(|a, b| a.name() == b.name());
    PolicySet::load(&files, &[], &EvaluationLimits::default()).0
}

/// What is told of an object, as text: the order counts.
fn told(diagnostics: &[Diagnostic]) -> String {
    format!("{diagnostics:#?}")
}

/// Judges objects twice: every rule about every object, and only those that are about it.
fn judged_alike(set: PolicySet, everything: PolicySet, manifests: &[Manifest]) -> (usize, usize) {
    let all: Vec<&Manifest> = manifests.iter().collect();
    let (around, around_everything) = (set.surroundings(&all), everything.surroundings(&all));
    let (mut one, mut other) = (set.evaluator(), everything.evaluator());
    one.aim_at(Kubernetes { major: 1, minor: 34 });
    other.aim_at(Kubernetes { major: 1, minor: 34 });
    let (mut found, mut asked) = (0, 0);
    for manifest in manifests {
        let few = one.judge_among(manifest, &around);
        let many = other.judge_among(manifest, &around_everything);
        assert_eq!(told(&few.diagnostics), told(&many.diagnostics), "{} differs", manifest.object);
        assert_eq!(few.found, many.found);
        let lost: Vec<usize> = few.judged_by.iter().filter(|rule| !many.judged_by.contains(*rule)).collect();
        assert!(lost.is_empty(), "{} is judged by more rules than there are: {lost:?}", manifest.object);
        found += few.diagnostics.len();
        asked += few.judged_by.len();
    }
    (found, asked)
}

fn corpus_manifests() -> Option<Vec<Manifest>> {
    let files = files_below(&corpus()?.join("manifests"), &["yaml", "yml", "json"]);
    let texts = files.iter().filter_map(|path| {
        let text = std::fs::read_to_string(path).ok().filter(|text| text.len() < 100_000)?;
        Some(Source::file(path.to_string_lossy(), text))
    });
    Some(texts.flat_map(|source| parse::parse(&source, &ReadLimits::default()).manifests).collect())
}

#[test]
fn real_manifests_get_the_same_findings_from_the_rules_that_are_about_them() {
    let Some(manifests) = corpus_manifests() else { return };
    let set = every_pack();
    let rules = set.rules().len();
    let (found, asked) = judged_alike(set, every_pack().without_concerns(), &manifests);
    eprintln!("{} objects, {found} findings, {asked} of {} verdicts", manifests.len(), manifests.len() * rules);
    assert!(found > 500, "{found} findings");
    assert!(asked * 2 < manifests.len() * rules, "{asked} of {} verdicts", manifests.len() * rules);
}

fn gatekeeper_library() -> Option<PolicySet> {
    let library = corpus()?.join("policy/gatekeeper-library");
    let mut tree = MemoryTree::default();
    let mut seen = std::collections::BTreeSet::new();
    for (number, path) in files_below(&library, &["yaml"]).into_iter().enumerate() {
        let text = std::fs::read_to_string(&path).expect("readable");
        let is_template = text.contains("kind: ConstraintTemplate") && path.ends_with("template.yaml");
        let is_constraint = text.contains("constraints.gatekeeper.sh/") && path.ends_with("constraint.yaml");
        let kind = text.lines().find(|line| line.starts_with("  name:")).unwrap_or_default().to_owned();
        if (is_template && seen.insert(kind)) || is_constraint {
            let path = RepoPath::parse(&format!("policies/{number:05}.yaml")).expect("a path");
            tree.insert(path, text.into_bytes());
        }
    }
    let config = "version: 1\nenvironments: {dev: {branch: env/dev}}\napps: [{path: apps/*}]\n";
    let project = config::parse(&Source::file("hydrant.yaml", config)).expect("valid");
    let checks = read_checks(&tree, &project).expect("reads");
    let limits = EvaluationLimits::default();
    Some(pipeline::policies(Vec::new(), &checks, &limits).0)
}

#[test]
fn the_gatekeeper_library_finds_the_same_where_templates_are_asked_only_about_their_kinds() {
    let (Some(manifests), Some(set), Some(everything)) =
        (corpus_manifests(), gatekeeper_library(), gatekeeper_library())
    else {
        return;
    };
    assert!(set.rules().len() > 30, "{} templates", set.rules().len());
    let (found, asked) = judged_alike(set, everything.without_concerns(), &manifests);
    eprintln!("{found} findings, {asked} verdicts");
    assert!(found > 500, "{found} findings");
}

const KINDS: [&str; 6] = ["Pod", "Deployment", "CronJob", "Service", "Role", "Widget"];

/// Conditions that are about kinds, or look as if they were.
const CONDITIONS: [&str; 24] = [
    "input.kind == \"Pod\"",
    "input.kind in {\"Deployment\", \"Pod\"}",
    "not input.kind == \"Pod\"",
    "input.kind != \"Service\"",
    "kinds[input.kind]",
    "table[input.kind].a",
    "is_pod",
    "is_workload",
    "not is_workload",
    "is_kind(\"Service\")",
    "is_kind(input.metadata.name)",
    "default_true",
    "default_false",
    "some spec in specs",
    "specs[_].replicas",
    "count(specs) > 0",
    "count(specs) == 0",
    "every spec in specs { spec.replicas }",
    "some of_two in [\"Role\", \"Widget\"]; input.kind == of_two",
    "own := input.kind; own == \"Role\"",
    "startswith(input.apiVersion, \"apps/\")",
    "is_pod with input as {\"kind\": \"Pod\"}",
    "answer == 2",
    "[x | x := input.kind; x == \"Pod\"] != []",
];

const HELPERS: &str = "package main

kinds contains \"Pod\"

kinds contains \"Service\" if input.spec

table := {\"Pod\": {\"a\": 1}, \"Role\": {\"a\": false}}

is_pod if input.kind == \"Pod\"

is_workload if is_pod

is_workload if {
	input.kind in {\"Deployment\", \"CronJob\"}
	input.spec
}

is_kind(kind) if input.kind == kind

default default_true := true

default_true := false if is_workload

default default_false := false

default_false := input.kind == \"Service\"

specs contains input.spec if is_workload

answer := 1 if is_pod else := 2 if input.kind == \"Role\" else := 3
";

fn any_object() -> impl Strategy<Value = Value> {
    let version = prop::sample::select(vec!["v1", "apps/v1", "batch/v1"]);
    let kind = prop::sample::select(KINDS.to_vec());
    let spec = prop::option::of(prop::sample::select(vec![json!({}), json!({"replicas": 2}), json!([1])]));
    let name = prop::sample::select(KINDS.to_vec());
    (version, kind, spec, name).prop_map(|(version, kind, spec, name)| {
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}});
        if let Some(spec) = spec {
            object["spec"] = spec;
        }
        object
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Rules of three conditions each, in any combination, about objects of any kind.
    #[test]
    fn rules_of_any_conditions_find_the_same(
        rules in prop::collection::vec(prop::sample::subsequence((0..CONDITIONS.len()).collect::<Vec<_>>(), 1..=3), 1..6),
        objects in prop::collection::vec(any_object(), 1..12),
    ) {
        let mut policy = HELPERS.to_owned();
        for (number, conditions) in rules.iter().enumerate() {
            let body: Vec<&str> = conditions.iter().map(|condition| CONDITIONS[*condition]).collect();
            policy.push_str(&format!("\ndeny contains \"rule {number}\" if {{\n\t{}\n}}\n", body.join("\n\t")));
        }
        let manifests: Vec<Manifest> = objects.iter().map(object).collect();
        judged_alike(loaded(&[&policy]), loaded(&[&policy]).without_concerns(), &manifests);
    }
}

#[test]
fn a_rule_does_not_judge_what_it_is_not_about() {
    let set = loaded(&[
        "package a\n\ndeny contains \"pod\" if input.kind == \"Pod\"\n",
        "package b\n\nwarn contains \"any\" if input.spec.x\n\ndeny contains \"with\" if input.kind == \"Pod\" with input as {}\n",
    ]);
    let judged_by = |kind: &str| {
        let judgement = set.evaluator().judge(&object(&json!({"apiVersion": "v1", "kind": kind, "spec": {"x": 1}})));
        (judgement.judged_by.iter().collect::<Vec<_>>(), judgement.found)
    };
    assert_eq!(judged_by("Pod"), (vec![0, 1, 2], vec![(0, 1), (1, 1)]));
    assert_eq!(judged_by("Role"), (vec![1, 2], vec![(1, 1)]));
    assert!(matches!(set.rules()[0].engine, RuleEngine::VirtualMachine));
    assert!(matches!(&set.rules()[2].engine, RuleEngine::Interpreter { why } if !why.is_empty()));
}

#[test]
fn only_constraints_that_match_count_as_having_judged() {
    let sandbox = Sandbox::new();
    sandbox.write("policies/template.yaml", TEMPLATE);
    sandbox.write("policies/constraint.yaml", CONSTRAINT);
    sandbox.write(
        "all.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, \
         namespace: x}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: c, namespace: x}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d, namespace: \
         z}\n",
    );
    let output =
        sandbox.run(&["hydrant", "validate", "all.yaml", "--policy", "policies", "-v", "--report", "json=r.json"]);
    let text = output.to_string();
    assert!(text.contains("2 objects that no policy judged: ConfigMap 1, Secret 1"), "{text}");
    let report: Value = serde_json::from_str(&sandbox.read("r.json")).expect("JSON");
    assert_eq!(report["policies"]["rules"][0]["objects"], 2, "{report:#}");
    assert_eq!(report["policies"]["rules"][0]["findings"], 2);
    let unjudged: Vec<&str> = report["policies"]["unjudged"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|o| o["object"].as_str())
        .collect();
    assert_eq!(unjudged, ["Secret x/c", "ConfigMap z/d"]);
}

const TEMPLATE: &str = "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8snope}
spec:
  crd: {spec: {names: {kind: K8sNope}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package k8snope
        violation[{\"msg\": \"no\"}] { input.review.kind.kind == \"ConfigMap\" }
";

const CONSTRAINT: &str = "apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sNope
metadata: {name: nope}
spec:
  match: {namespaces: [x]}
";

/// Policies that ask for more than any machine has, each with the words for it.
pub(crate) const HOSTILE: [(&str, &str); 21] = [
    ("count(numbers.range(1, 1000000000)) > 0", "too large"),
    ("not count(numbers.range(1, 1000000000)) > 0", "too large"),
    ("count(numbers.range(1000000000, 0 - 1000000000)) > 0", "too large"),
    ("count(numbers.range_step(1, 1000000000, 1)) > 0", "too large"),
    ("sprintf(\"%1000000000d\", [1]) != \"\"", "too large"),
    ("sprintf(\"%.1000000000f\", [1]) != \"\"", "too large"),
    ("f := concat(\"\", [\"%\", \"1000000000\", \"d\"]); sprintf(f, [1]) != \"\"", "too large"),
    ("x0 := \"twelve signs\"; DOUBLED concat(\"\", [x, x])", "too large"),
    ("x0 := [1, 2, 3, 4]; DOUBLED array.concat(x, x)", "too large"),
    ("x0 := \"a\"; DOUBLED replace(x, \"a\", \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\")", "too large"),
    ("x0 := \"a\"; DOUBLED regex.replace(x, \"a\", \"$0$0$0$0$0$0$0$0$0$0$0$0$0$0\")", "too large"),
    ("x0 := \"a\"; DOUBLED strings.replace_n({\"a\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}, x)", "too large"),
    ("x0 := \"a\"; DOUBLED sprintf(\"%s and %s\", [x, x])", "too large"),
    ("x0 := \"a\"; DOUBLED json.marshal([x, x])", "too large"),
    ("x0 := \"a\"; DOUBLED yaml.marshal([x, x])", "too large"),
    ("x0 := \"a\"; DOUBLED hex.encode(x)", "too large"),
    ("count(net.cidr_expand(\"10.0.0.0/4\")) > 0", "too large"),
    ("count(net.cidr_expand(\"fd00::/32\")) > 0", "too large"),
    ("bits.lsh(1, 1000000000) > 0", "too large"),
    ("product(numbers.range(1, 900000)) > 0", "too large"),
    (
        "some i in numbers.range(1, 9000); some j in numbers.range(1, 9000); some k in numbers.range(1, 9000); i * j * k == 0",
        "too many steps",
    ),
];

/// `x1 := f(x0, x0); x2 := f(x1, x1); …`
pub(crate) fn hostile_body(body: &str) -> String {
    match body.split_once(" DOUBLED ") {
        Some((start, step)) => {
            let steps = (0..40).map(|n| {
                let step = step
                    .replace("(x,", &format!("(x{n},"))
                    .replace(", x)", &format!(", x{n})"))
                    .replace("(x)", &format!("(x{n})"));
                format!("x{} := {}", n + 1, step.replace("[x, x]", &format!("[x{n}, x{n}]")))
            });
            format!("{start} {}", steps.collect::<Vec<_>>().join("; "))
        }
        None => body.to_owned(),
    }
}

fn hostile_policy(body: &str) -> String {
    let body = hostile_body(body);
    format!("package a\n\ndeny contains \"x\" if {{ {body} }}\n")
}

#[test]
fn what_would_take_a_machine_down_is_a_failed_policy() {
    let pod = object(&json!({"apiVersion": "v1", "kind": "Pod"}));
    for (body, words) in HOSTILE {
        let set = loaded(&[&hostile_policy(body)]);
        let mut evaluator = set.evaluator();
        let started = std::time::Instant::now();
        let judgement = evaluator.judge(&pod);
        let took = started.elapsed();
        let told: Vec<&str> = judgement.diagnostics.iter().map(|found| found.message.as_str()).collect();
        assert!(matches!(told.as_slice(), [one] if one.contains(words)), "{body}\n{told:?}");
        assert!(judgement.judged_by.is_empty(), "{body}");
        eprintln!("{took:>12.2?}  {body}");
        assert!(took < std::time::Duration::from_secs(20), "{body} took {took:?}");
    }
}

/// In half a gigabyte of addresses: what asks for more is ended by the system.
#[cfg(target_os = "linux")]
#[test]
fn hostile_policies_stay_small() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    for (number, (body, _)) in HOSTILE.into_iter().enumerate() {
        sandbox.write(
            &format!("p/a{number}.rego"),
            hostile_policy(body).replace("package a", &format!("package a{number}")),
        );
    }
    let script = "ulimit -v 524288 && exec \"$0\" --threads 1 validate a.yaml --no-config --policy p";
    let run = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_hydrant")])
        .current_dir(sandbox.path())
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("error[policy-failed]").count(), HOSTILE.len(), "{said}");
}

/// What makes a value that nobody could walk out of a few statements is refused as soon as it is reported.
#[test]
fn a_result_of_many_equal_parts_is_a_failed_policy() {
    let steps: Vec<String> = (0..60).map(|step| format!("x{} := [x{step}, x{step}]", step + 1)).collect();
    let set = loaded(&[
        &format!(
            "package a\n\ndeny contains {{\"msg\": \"m\", \"details\": x60}} if {{ x0 := 1; {} }}\n",
            steps.join("; ")
        ),
        "package b\n\ndeny contains \"other\" if input.kind == \"Pod\"\n",
    ]);
    let judgement = set.evaluator().judge(&object(&json!({"apiVersion": "v1", "kind": "Pod"})));
    let told: Vec<&str> = judgement.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert!(matches!(told.as_slice(), [one, "other"] if one.contains("what it reports gets too large")), "{told:?}");
}

/// There is no limit to all memory together. Where the machine has no more, the process ends, and nothing is admitted.
#[cfg(target_os = "linux")]
#[test]
fn a_policy_that_uses_up_all_memory_passes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    sandbox.write(
        "p/a.rego",
        "package a\n\ndeny contains \"x\" if {\n\tcount([numbers.range(1, 1000) | some _ in numbers.range(1, 100000)]) == 0\n}\n",
    );
    let script = "ulimit -v 393216 && exec \"$0\" --threads 1 validate a.yaml --no-config --policy p";
    let run = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_hydrant")])
        .current_dir(sandbox.path())
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success(), "{said}");
    assert!(said.contains("memory allocation") || said.contains("policy-failed"), "{said}");
}

#[test]
fn the_functions_that_are_bounded_still_do_what_they_do() {
    let set = loaded(&["package a

deny contains msg if {
	some msg in [
		concat(\"-\", [\"a\", \"b\"]),
		concat(\"-\", {\"d\", \"c\"}),
		sprintf(concat(\"\", [\"%\", \"05d\"]), [42]),
		replace(\"aXb\", \"X\", \"-\"),
		regex.replace(\"abc\", \"b\", \"[$0]\"),
		sprintf(\"%v\", [numbers.range(3, 1)]),
		sprintf(\"%v\", [numbers.range_step(1, 6, 2)]),
		sprintf(\"%v\", [array.concat([1], [2])]),
		sprintf(\"%d\", [bits.lsh(1, 4)]),
		sprintf(\"%d\", [product([2, 3, 4])]),
		sprintf(\"%d\", [count(net.cidr_expand(\"10.0.0.0/30\"))]),
		base64.encode(\"a?>\"),
		base64url.encode(\"?>?>\"),
		base64url.encode_no_pad(\"?>?>\"),
		hex.encode(\"a\"),
		json.marshal({\"a\": [1, \"b\"]}),
		strings.replace_n({\"a\": \"b\", \"c\": \"d\"}, \"cab\"),
		trim_space(yaml.marshal({\"a\": 1})),
	]
}

deny contains \"undefined\" if {
	not concat(\"\", [1])
	not numbers.range_step(1, 10, 0)
	not array.concat(\"a\", [])
	not numbers.range(\"a\", 1)
	not product(\"a\")
	not base64.encode(1)
	not hex.encode([1])
	not strings.replace_n([\"a\"], 1)
}
"]);
    let mut told: Vec<String> = set
        .evaluator()
        .judge(&object(&json!({"apiVersion": "v1", "kind": "Pod"})))
        .diagnostics
        .into_iter()
        .map(|found| found.message)
        .collect();
    told.sort();
    let mut expected = [
        "a-b",
        "c-d",
        "00042",
        "a-b",
        "a[b]c",
        "[3, 2, 1]",
        "[1, 3, 5]",
        "[1, 2]",
        "16",
        "24",
        "4",
        "undefined",
        "YT8+",
        "Pz4_Pg==",
        "Pz4_Pg",
        "61",
        "{\"a\":[1,\"b\"]}",
        "dbb",
        "a: 1",
    ]
    .map(str::to_owned)
    .to_vec();
    expected.sort();
    expected.dedup();
    assert_eq!(told, expected);
}

#[test]
fn a_collection_that_iterates_is_judged_by_the_virtual_machine() {
    let set = loaded(&[
        "package a\n\ndeny contains name if { some one in input.list[_].env; name := one.name }\n\ndeny contains \
                      \"k\" if { some i; input.list[i].on; some k, _ in input.list[i].labels; k == \"k\" }\n",
    ]);
    assert!(set.rules().iter().all(|rule| rule.engine == RuleEngine::VirtualMachine), "{:#?}", set.rules());
    let judged = set.evaluator().judge(&object(&json!({"apiVersion": "v1", "kind": "Pod", "list": [
        {"env": [{"name": "a"}], "on": false, "labels": {"k": 1}}, {"env": null, "on": true, "labels": {"k": 1}}, {}, {"env": [{"name": "b"}]},
    ]})));
    let told: Vec<&str> = judged.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(told, ["a", "b", "k"]);
}

#[test]
fn the_version_of_rego_is_said_in_hydrant_yaml() {
    let sandbox = Sandbox::new();
    sandbox.write("policies/a.rego", "package a\n\ndeny[\"no\"] { input.kind == \"ConfigMap\" }\n");
    sandbox.write(
        "policies/a_test.rego",
        "package a_test\n\ntest_it { data.a.deny[\"no\"] with input.kind as \"ConfigMap\" }\n",
    );
    sandbox.write("apps/web/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    let run = |version: &str, command: &str| {
        sandbox.write(
            "hydrant.yaml",
            format!("version: 1\nenvironments: {{dev: {{branch: env/dev}}}}\napps: [{{path: apps/*}}]\npolicies: {{rego: {version}}}\n"),
        );
        let output = sandbox.run(&["hydrant", command]);
        (output.code, output.stderr)
    };
    for version in ["v0", "detect"] {
        let (code, said) = run(version, "check");
        assert!(code == 1 && said.contains("error[a]") && !said.contains("policy-"), "{version}: {said}");
        assert_eq!(run(version, "test").0, 0, "{version}");
    }
    let (code, said) = run("v1", "check");
    assert!(code == 1 && said.contains("error[policy-syntax]") && !said.contains("error[a]"), "{said}");
    assert_ne!(run("v1", "test").0, 0);
    let (code, said) = run("v2", "check");
    assert!(code == 2 && said.contains("policies.rego") | said.contains("v2"), "{said}");
}
