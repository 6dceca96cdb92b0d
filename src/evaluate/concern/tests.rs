//! What is proved of the kinds of rules, and what is not.

use std::collections::BTreeSet;

use super::{Concern, Derivation, Subject};
use crate::evaluate::closure::Asked;
use crate::evaluate::graph::own_names;
use crate::evaluate::module::Module;
use crate::evaluate::{Dialect, EvaluationLimits};
use crate::source::Source;

fn concern_of(texts: &[&str], asked: Asked) -> Concern {
    let files = texts.iter().enumerate().map(|(number, text)| Source::file(format!("{number}.rego"), *text));
    let parse = |source| Module::parse(&source, Dialect::Detect, &EvaluationLimits::default()).expect("parses");
    let modules: Vec<Module> = files.map(parse).collect();
    let own = own_names(&modules);
    let derivation = Derivation::of(&modules, &own, asked);
    let rules = modules[0].syntax.policy.iter().filter(|rule| rule.span().text().starts_with("deny"));
    rules.map(|rule| derivation.concern(0, rule)).fold(Concern::NONE, Concern::or)
}

/// The kinds of the first `deny` of a policy, `None` for any.
fn kinds(body: &str) -> Option<Vec<String>> {
    kinds_of(&[&format!("package a\n\nimport data.lib\n\n{body}\n"), LIBRARY])
}

fn kinds_of(texts: &[&str]) -> Option<Vec<String>> {
    match concern_of(texts, Asked::Messages) {
        Concern::Any => None,
        concern => Some(concern.named_kinds().map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()),
    }
}

const LIBRARY: &str = r#"package lib

kinds := {"Deployment", "StatefulSet"}

more contains "Job"

more contains "CronJob" if input.spec

table := {"Pod": ["spec"], "CronJob": ["spec", "jobTemplate"]}

is_pod if input.kind == "Pod"

is_workload if input.kind in kinds

is_workload if is_pod

default is_service := false

is_service := input.kind == "Service"

default is_anything := true

is_anything := false if input.kind == "Service"

is_kind(wanted) if input.kind == wanted

of_kind(object, wanted) if object.kind == wanted

named("Ingress") := "i"

named("Route") := "r"

kind := input.kind

template := input.spec.template.spec if is_workload

pods contains input.spec if is_pod

pods contains template

containers := [container | some pod in pods; some container in pod.containers]

init := [container | some container in template.initContainers]

both := array.concat(containers, init)

by_name[container.name] := container if some container in both

answer := 1 if is_pod else := 2 if kind == "Node" else := false
"#;

#[test]
fn conditions_on_the_kind_are_found_in_every_form() {
    for (body, expected) in [
        (r#"deny contains "x" if input.kind == "Pod""#, "Pod"),
        (r#"deny contains "x" if "Pod" == input.kind"#, "Pod"),
        (r#"deny contains "x" if input["kind"] = "Pod""#, "Pod"),
        (r#"deny contains "x" if { k := input.kind; k == "Pod" }"#, "Pod"),
        (r#"deny contains "x" if { k = input.kind; "Pod" = k }"#, "Pod"),
        (r#"deny contains "x" if { object := input; object.kind == "Pod" }"#, "Pod"),
        (r#"deny contains "x" if input.kind in {"Pod", "Job"}"#, "Job Pod"),
        (r#"deny contains "x" if input.kind in ["Pod", "Job"]"#, "Job Pod"),
        (r#"deny contains "x" if input.kind == ["Pod", "Job"][_]"#, "Job Pod"),
        (r#"deny contains "x" if { some k in {"Pod", "Job"}; input.kind == k }"#, "Job Pod"),
        (r#"deny contains "x" if { ks := {"Pod"} | {"Job"}; ks[input.kind] }"#, "Job Pod"),
        (r#"deny contains "x" if lib.kinds[input.kind]"#, "Deployment StatefulSet"),
        (r#"deny contains "x" if input.kind in data.lib.kinds"#, "Deployment StatefulSet"),
        (r#"deny contains "x" if input.kind in lib.more"#, "CronJob Job"),
        (r#"deny contains "x" if lib.table[input.kind][0] == "spec""#, "CronJob Pod"),
        (r#"deny contains "x" if { path := lib.table[input.kind]; path }"#, "CronJob Pod"),
        (r#"deny contains lib.table[input.kind][0]"#, "CronJob Pod"),
        (
            r#"deny contains "x" if input.kind == "Pod"
deny contains "y" if input.kind == "Job""#,
            "Job Pod",
        ),
        (r#"deny contains "x" if { input.kind == "Pod"; input.kind == "Job" }"#, ""),
        (r#"deny contains "x" if { input.kind == "Pod"; not input.kind == "Job" }"#, "Pod"),
    ] {
        assert_eq!(kinds(body).map(|kinds| kinds.join(" ")).as_deref(), Some(expected), "{body}");
    }
}

#[test]
fn what_helpers_demand_is_found_as_well() {
    for (body, expected) in [
        (r#"deny contains "x" if lib.is_pod"#, "Pod"),
        (r#"deny contains "x" if data.lib.is_pod == true"#, "Pod"),
        (r#"deny contains "x" if lib.is_pod == false"#, "Pod"),
        (r#"deny contains "x" if lib.is_workload"#, "Deployment Pod StatefulSet"),
        (r#"deny contains "x" if lib.is_service"#, "Service"),
        (r#"deny contains "x" if lib.is_kind("Pod")"#, "Pod"),
        (r#"deny contains "x" if lib.of_kind(input, "Pod")"#, "Pod"),
        (r#"deny contains lib.named(input.kind)"#, "Ingress Route"),
        (r#"deny contains "x" if lib.kind == "Pod""#, "Pod"),
        (r#"deny contains "x" if some pod in lib.pods"#, "Deployment Pod StatefulSet"),
        (r#"deny contains "x" if lib.pods[_].hostNetwork"#, "Deployment Pod StatefulSet"),
        (r#"deny contains "x" if { some c in lib.containers; c.x }"#, "Deployment Pod StatefulSet"),
        (r#"deny contains "x" if { all := lib.both; some i; all[i].x }"#, "Deployment Pod StatefulSet"),
        (r#"deny contains "x" if count(lib.init) > 0"#, "Deployment Pod StatefulSet"),
        (r#"deny contains "x" if lib.by_name.web.x"#, "Deployment Pod StatefulSet"),
        (r#"deny contains lib.template.x"#, "Deployment Pod StatefulSet"),
        (r#"deny contains "x" if lib.answer"#, "Node Pod"),
        (r#"deny contains "x" if { [c | some c in lib.init; c.x][_] }"#, "Deployment Pod StatefulSet"),
    ] {
        assert_eq!(kinds(body).map(|kinds| kinds.join(" ")).as_deref(), Some(expected), "{body}");
    }
}

#[test]
fn what_proves_nothing_leaves_every_kind_in() {
    for body in [
        r#"deny contains "x" if input.kind != "Pod""#,
        r#"deny contains "x" if not input.kind == "Pod""#,
        r#"deny contains "x" if not lib.is_pod"#,
        r#"deny contains "x" if lib.is_pod with input as {"kind": "Pod"}"#,
        r#"deny contains "x" if lib.is_anything"#,
        r#"deny contains "x" if lib.pods"#,
        r#"deny contains "x" if count(lib.pods) >= 0"#,
        r#"deny contains "x" if count(lib.pods) != 1"#,
        r#"deny contains "x" if lib.containers == []"#,
        r#"deny contains "x" if every c in lib.containers { c.x }"#,
        r#"deny contains "x" if { k := input.kind with input as {"kind": "Pod"}; k == "Pod" }"#,
        r#"deny contains "x" if { kind := "Pod"; kind == "Pod" }"#,
        r#"deny contains "x" if { x := lib.is_service; x == false }"#,
        r#"deny contains "x" if { x := input.kind == "Pod"; is_boolean(x) }"#,
        r#"deny contains "x" if { print(lib.template); input.spec }"#,
        r#"deny contains "x" if { some lib in input.list; lib.is_pod }"#,
        r#"deny contains "x" if input.metadata.kind == "Pod""#,
        r#"deny contains "x" if input.kind in input.kinds"#,
        r#"deny contains "x" if startswith(input.kind, "Pod")"#,
        r#"deny contains "x" if lower(input.kind) == "pod""#,
        r#"deny contains "x" if [x | x := input.kind; x == "Pod"]"#,
        r#"deny contains "x" if count([x | x := input.kind; x == "Pod"]) == 0"#,
        r#"deny contains "x" if data.lib"#,
        r#"deny contains "x" if { x = y[_]; y = x[_]; x }"#,
        "deny contains \"x\" if a\na if input.kind == \"Pod\"\na if input.metadata.name == \"b\"",
        "deny contains \"x\" if f(input.spec)\nf(x) if x.kind == \"Pod\"",
        "deny contains \"x\" if input.kind == \"Pod\"\ndeny contains \"y\" if input.spec",
    ] {
        assert_eq!(kinds(body), None, "{body}");
    }
}

#[test]
fn versions_count_with_their_kinds() {
    let concern = |body: &str| concern_of(&[&format!("package a\n\n{body}\n")], Asked::Messages);
    let workloads = concern(
        "deny contains \"x\" if is\nis if { input.kind == \"Pod\"; input.apiVersion == \"v1\" }\nis if { input.kind in \
         {\"Job\", \"CronJob\"}; startswith(input.apiVersion, \"batch/\") }",
    );
    let is_in = |kind, version| workloads.includes(Subject { kind: Some(kind), version: Some(version) });
    assert!(is_in("Pod", "v1") && is_in("Job", "batch/v1") && is_in("CronJob", "batch/v1beta1"));
    assert!(!is_in("Pod", "v2") && !is_in("Job", "v1") && !is_in("Job", "batch.example.com/v1"));
    assert!(!workloads.includes(Subject { kind: None, version: Some("v1") }));
    let group = concern("deny contains \"x\" if input.apiVersion in {\"v1\", \"apps/v1\"}");
    assert!(group.includes(Subject { kind: None, version: Some("apps/v1") }));
    assert!(!group.includes(Subject { kind: Some("Pod"), version: None }));
}

#[test]
fn a_template_of_gatekeeper_tells_the_kind_in_its_review() {
    for body in [
        "deny contains {\"msg\": \"x\"} if input.review.kind.kind == \"Pod\"",
        "deny contains {\"msg\": \"x\"} if { object := input.review.object; object.kind == \"Pod\" }",
        "import input.review.object as object\ndeny contains {\"msg\": \"x\"} if object.kind == \"Pod\"",
    ] {
        let concern = concern_of(&[&format!("package a\n\n{body}\n")], Asked::Violations);
        assert_eq!(concern, Concern::kinds(BTreeSet::from(["Pod".to_owned()])), "{body}");
    }
    let of_parameters = "package a\n\ndeny contains \"x\" if input.kind == \"Pod\"\n";
    assert_eq!(concern_of(&[of_parameters], Asked::Violations), Concern::Any);
}

#[test]
fn a_policy_of_many_alternatives_costs_little() {
    let mut policy = "package a\n\ndeny contains \"x\" if f0(input)\n".to_owned();
    for level in 0..20 {
        for _ in 0..4 {
            policy.push_str(&format!("f{level}(x) if f{}(x)\n", level + 1));
        }
    }
    policy.push_str("f20(x) if x.kind == \"Pod\"\n");
    let started = std::time::Instant::now();
    assert_eq!(kinds_of(&[&policy]), None, "too much to look at");
    assert!(started.elapsed() < std::time::Duration::from_secs(2), "{:?}", started.elapsed());
}
