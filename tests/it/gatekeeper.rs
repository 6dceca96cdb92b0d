//! Templates and constraints judge as Gatekeeper would in the cluster, before anything reaches it.

use hydrant::diagnostic::{Diagnostic, Severity, rules};
use hydrant::evaluate::gatekeeper::{Outcome, SuiteResult};
use hydrant::evaluate::{EvaluationLimits, PolicySet};
use hydrant::load::{Checks, SuiteFile, read_checks};
use hydrant::manifest::Manifest;
use hydrant::source::Source;
use hydrant::tree::{MemoryTree, RepoPath};
use hydrant::{config, pipeline};
use proptest::prelude::*;

use crate::evaluate::manifests as objects;
use crate::sandbox::Sandbox;

/// A template with a body of Rego and the properties of its parameters.
fn template(kind: &str, rego: &str, properties: &str) -> String {
    let rego = rego.replace('\n', "\n        ");
    let name = kind.to_lowercase();
    format!(
        "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: {name}
spec:
  crd:
    spec:
      names:
        kind: {kind}
      validation:
        openAPIV3Schema:
          type: object
          properties: {properties}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        {rego}
"
    )
}

/// The template that everybody knows.
fn required_labels() -> String {
    let rego = "package k8srequiredlabels

violation[{\"msg\": msg, \"details\": {\"missing\": missing, \"path\": \"metadata.labels\"}}] {
  provided := {label | input.review.object.metadata.labels[label]}
  required := {label | label := input.parameters.labels[_]}
  missing := required - provided
  count(missing) > 0
  msg := sprintf(\"you must provide labels: %v\", [missing])
}";
    template("K8sRequiredLabels", rego, "{labels: {type: array, items: {type: string}}}")
}

fn constraint(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: {kind}\nmetadata:\n  name: {name}\nspec: {spec}\n")
}

fn load(texts: &[String]) -> (PolicySet, Vec<Diagnostic>) {
    let named = texts.iter().enumerate().map(|(number, text)| Source::file(format!("policies/{number}.yaml"), &**text));
    let checks = Checks { gatekeeper: named.collect(), ..Checks::default() };
    pipeline::policies(Vec::new(), &checks, &EvaluationLimits::default())
}

fn loaded(texts: &[String]) -> PolicySet {
    let (set, diagnostics) = load(texts);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    set
}

/// The only thing that is wrong with some policies.
fn refused(texts: &[String]) -> Diagnostic {
    let (_, mut diagnostics) = load(texts);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    diagnostics.remove(0)
}

/// What is found in a list of objects that are around each other.
fn judge(set: &PolicySet, text: &str) -> Vec<Diagnostic> {
    let objects = objects(text);
    let surroundings = set.surroundings(&objects.iter().collect::<Vec<_>>());
    let mut evaluator = set.evaluator();
    objects.iter().flat_map(|object| evaluator.judge_among(object, &surroundings).diagnostics).collect()
}

fn messages(set: &PolicySet, text: &str) -> Vec<String> {
    judge(set, text).into_iter().map(|found| format!("{}: {}", found.rule, found.message)).collect()
}

fn under(diagnostic: &Diagnostic) -> (&str, u32) {
    let label = diagnostic.primary.as_ref().expect("a place");
    (label.location.source.slice(label.location.span), label.location.position().line)
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: shop\n  labels:\n    app: web\n";

#[test]
fn a_violation_is_a_finding_at_the_place_its_details_name() {
    let set = loaded(&[
        required_labels(),
        constraint("K8sRequiredLabels", "all-have-owner", "{parameters: {labels: [owner]}}"),
    ]);
    let found = judge(&set, POD);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].message, "[all-have-owner] you must provide labels: {\"owner\"}");
    assert_eq!((found[0].rule.as_str(), found[0].severity), ("k8s-required-labels", Severity::Error));
    assert_eq!(under(&found[0]), ("labels", 6));
    assert_eq!(found[0].pointer.as_deref(), Some("/metadata/labels"));
    assert_eq!(found[0].subject.object.as_deref(), Some("Pod shop/web"));
    let asked = &found[0].secondary[0].location;
    assert_eq!((asked.source.name(), asked.source.slice(asked.span)), ("policies/1.yaml", "all-have-owner"));
}

#[test]
fn the_enforcement_action_is_the_severity() {
    for (spec, severity) in [
        ("{enforcementAction: deny", Severity::Error),
        ("{enforcementAction: warn", Severity::Warning),
        ("{enforcementAction: dryrun", Severity::Note),
        (
            "{enforcementAction: scoped, scopedEnforcementActions: [{action: warn, enforcementPoints: [{name: \"*\"}]}, \
             {action: deny, enforcementPoints: [{name: validation.gatekeeper.sh}]}]",
            Severity::Warning,
        ),
    ] {
        let spec = format!("{spec}, parameters: {{labels: [owner]}}}}");
        let set = loaded(&[required_labels(), constraint("K8sRequiredLabels", "a", &spec)]);
        assert_eq!(judge(&set, POD)[0].severity, severity, "{spec}");
    }
    let refused = refused(&[required_labels(), constraint("K8sRequiredLabels", "a", "{enforcementAction: block}")]);
    assert_eq!((refused.rule.as_str(), under(&refused).0), ("policy-syntax", "block"));
}

#[test]
fn a_constraint_that_is_enforced_elsewhere_is_told() {
    let elsewhere = "{enforcementAction: scoped, \
                     scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: audit.gatekeeper.sh}]}]}";
    let warning = refused(&[required_labels(), constraint("K8sRequiredLabels", "a", elsewhere)]);
    assert_eq!((warning.rule.as_str(), warning.severity), ("policy-shape", Severity::Warning));
}

#[test]
fn a_match_decides_which_objects_are_judged() {
    let everything = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n---\n\
         apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: dns, namespace: kube-system}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {generateName: job-}\n";
    for (matches, expected) in [
        ("{}", "Namespace shop, Namespace kube-system, Pod shop/web, Deployment kube-system/dns, Pod job-*"),
        ("{kinds: [{apiGroups: [\"\"], kinds: [Pod]}]}", "Pod shop/web, Pod job-*"),
        (
            "{kinds: [{apiGroups: [\"*\"], kinds: [Pod, Deployment]}]}",
            "Pod shop/web, Deployment kube-system/dns, Pod job-*",
        ),
        ("{kinds: [{apiGroups: [apps]}]}", "Deployment kube-system/dns"),
        ("{namespaces: [shop]}", "Namespace shop, Pod shop/web, Pod job-*"),
        ("{namespaces: [kube-*]}", "Namespace kube-system, Deployment kube-system/dns, Pod job-*"),
        ("{excludedNamespaces: [\"*-system\"]}", "Namespace shop, Pod shop/web, Pod job-*"),
        ("{scope: Namespaced}", "Pod shop/web, Deployment kube-system/dns"),
        ("{scope: Cluster}", "Namespace shop, Namespace kube-system, Pod job-*"),
        ("{labelSelector: {matchLabels: {app: web}}}", "Pod shop/web"),
        (
            "{labelSelector: {matchExpressions: [{key: app, operator: DoesNotExist}, {key: team, operator: NotIn, values: [a]}]}}",
            "Namespace kube-system, Deployment kube-system/dns, Pod job-*",
        ),
        ("{namespaceSelector: {matchLabels: {team: a}}}", "Namespace shop, Pod shop/web, Pod job-*"),
        (
            "{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [kube-system]}]}}",
            "Namespace kube-system, Deployment kube-system/dns, Pod job-*",
        ),
        ("{name: w*}", "Pod shop/web"),
        ("{name: job-*}", "Pod job-*"),
        ("{source: Generated}", ""),
        ("{source: Original, name: web}", "Pod shop/web"),
    ] {
        let spec = format!("{{match: {matches}, parameters: {{labels: [owner]}}}}");
        let set = loaded(&[required_labels(), constraint("K8sRequiredLabels", "a", &spec)]);
        let found: Vec<String> =
            judge(&set, everything).into_iter().map(|found| found.subject.object.expect("an object")).collect();
        assert_eq!(found.join(", "), expected, "{matches}");
    }
}

#[test]
fn a_namespace_that_nobody_wrote_is_no_reason_to_pass() {
    let spec = "{match: {namespaceSelector: {matchLabels: {team: a}}}, parameters: {labels: [owner]}}";
    let set = loaded(&[required_labels(), constraint("K8sRequiredLabels", "a", spec)]);
    let found = judge(&set, POD);
    assert_eq!((found.len(), &found[0].rule), (1, &rules::POLICY_FAILED));
    assert_eq!(under(&found[0]), ("shop", 5));
}

#[test]
fn parameters_are_validated_and_defaulted() {
    let properties =
        "{labels: {type: array, items: {type: string}, default: [team]}, mode: {type: string, enum: [a, b]}}";
    let template = required_labels().replace("{labels: {type: array, items: {type: string}}}", properties);
    let with = |parameters: &str| {
        [template.clone(), constraint("K8sRequiredLabels", "x", &format!("{{parameters: {parameters}}}"))]
    };
    assert_eq!(
        messages(&loaded(&with("{mode: a}")), POD),
        ["k8s-required-labels: [x] you must provide labels: {\"team\"}"]
    );
    for (parameters, rule, place) in [
        ("{labels: owner}", "schema-violation", "owner"),
        ("{labels: [1]}", "schema-violation", "1"),
        ("{mode: c}", "schema-violation", "c"),
        ("{label: [owner]}", "unknown-field", "label"),
    ] {
        let refused = refused(&with(parameters));
        assert_eq!((refused.rule.as_str(), under(&refused).0), (rule, place), "{parameters}");
    }
    let misspelt = refused(&[required_labels(), constraint("K8sRequiredLabels", "x", "{match: {namespace: [a]}}")]);
    assert_eq!((misspelt.rule.as_str(), under(&misspelt).0), ("unknown-field", "namespace"));
}

#[test]
fn a_template_sees_the_other_objects_of_its_environment() {
    let rego = "package k8suniquehost

violation[{\"msg\": msg}] {
  host := input.review.object.spec.rules[_].host
  other := data.inventory.namespace[ns][_][\"Ingress\"][name]
  [ns, name] != [input.review.object.metadata.namespace, input.review.object.metadata.name]
  other.spec.rules[_].host == host
  msg := sprintf(\"%v is taken by %v/%v\", [host, ns, name])
}";
    let set = loaded(&[template("K8sUniqueHost", rego, "{}"), constraint("K8sUniqueHost", "hosts", "{}")]);
    let ingress = |name: &str, host: &str| {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: shop}}\n\
             spec: {{rules: [{{host: {host}}}]}}\n"
        )
    };
    let both = ingress("a", "x.example") + &ingress("b", "x.example") + &ingress("c", "y.example");
    assert_eq!(
        messages(&set, &both),
        [
            "k8s-unique-host: [hosts] x.example is taken by shop/b",
            "k8s-unique-host: [hosts] x.example is taken by shop/a"
        ]
    );
    let mut evaluator = set.evaluator();
    let (first, second) = (objects(&both), objects(&ingress("a", "x.example")));
    let around = |objects: &[Manifest]| set.surroundings(&objects.iter().collect::<Vec<_>>());
    assert_eq!(evaluator.judge_among(&first[0], &around(&first)).diagnostics.len(), 1);
    assert!(evaluator.judge_among(&second[0], &around(&second)).diagnostics.is_empty(), "another environment");
}

#[test]
fn values_of_other_secrets_never_reach_a_message() {
    let rego = "package leak

violation[{\"msg\": msg}] {
  secret := data.inventory.namespace[_][_][\"Secret\"][_]
  msg := sprintf(\"found %v\", [secret.stringData.password])
}";
    let set = loaded(&[template("Leak", rego, "{}"), constraint("Leak", "leak", "{match: {name: web}}")]);
    let secret =
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData: {password: hunter2}\n";
    assert_eq!(messages(&set, &format!("{POD}{secret}")), ["leak: [leak] found (hidden)"]);
}

#[test]
fn an_expansion_judges_what_a_controller_would_create() {
    let rego = "package k8snoprivileged

violation[{\"msg\": msg, \"details\": {\"field\": path}}] {
  input.review.kind.kind == \"Pod\"
  container := input.review.object.spec.containers[i]
  container.securityContext.privileged
  path := sprintf(\"spec.containers[%d].securityContext.privileged\", [i])
  msg := sprintf(\"%v of %v is privileged\", [container.name, input.review.object.metadata.name])
}";
    let expansion = "apiVersion: expansion.gatekeeper.sh/v1beta1\nkind: ExpansionTemplate\nmetadata: {name: workloads}\n\
                     spec:\n  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]\n  \
                     templateSource: spec.template\n  generatedGVK: {group: \"\", version: v1, kind: Pod}\n";
    let policies =
        [template("K8sNoPrivileged", rego, "{}"), constraint("K8sNoPrivileged", "p", "{}"), expansion.to_owned()];
    let set = loaded(&policies);
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n    \
                      spec:\n      containers:\n        - name: a\n          securityContext: {privileged: true}\n";
    let found = judge(&set, deployment);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].message, "[p] [Implied by workloads] a of web-pod is privileged");
    assert_eq!(found[0].pointer.as_deref(), Some("/spec/template/spec/containers/0/securityContext/privileged"));
    assert_eq!(under(&found[0]), ("true", 9));
    assert_eq!(found[0].subject.object.as_deref(), Some("Deployment shop/web"));
    let empty = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n";
    assert_eq!(judge(&set, empty)[0].rule, rules::POLICY_FAILED);
    let warned = expansion.replace("spec:\n  applyTo", "spec:\n  enforcementAction: warn\n  applyTo");
    let set = loaded(&[policies[0].clone(), policies[1].clone(), warned]);
    assert_eq!(judge(&set, deployment)[0].severity, Severity::Warning);
}

#[test]
fn libraries_and_rego_v1_are_read_where_the_template_says_so() {
    let code = "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: named}
spec:
  crd: {spec: {names: {kind: Named}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      code:
        - engine: K8sNativeValidation
          source: {validations: [{expression: \"true\", message: \"no\"}]}
        - engine: Rego
          source:
            version: v1
            rego: |
              package named

              import data.lib.names

              violation contains {\"msg\": msg} if {
                not names.good(input.review.object.metadata.name)
                msg := \"a bad name\"
              }
            libs:
              - |
                package lib.names

                good(name) if startswith(name, \"good-\")
";
    let set = loaded(&[code.to_owned(), constraint("Named", "names", "{}")]);
    assert_eq!(messages(&set, POD), ["named: [names] a bad name"]);
    assert!(messages(&set, &POD.replace("name: web\n", "name: good-web\n")).is_empty());
    let v0 = code.replace("version: v1\n            rego", "rego");
    assert_eq!(refused(&[v0, constraint("Named", "names", "{}")]).rule, rules::POLICY_SYNTAX, "v0 knows no `contains`");
    let cel = code.replace("engine: Rego", "engine: Other");
    let refused = refused(&[cel, constraint("Named", "names", "{}")]);
    assert_eq!(refused.rule, rules::POLICY_UNSUPPORTED);
    assert!(refused.message.contains("K8sNativeValidation"), "{}", refused.message);
}

#[test]
fn a_broken_template_is_told_at_its_place_and_spoils_no_other() {
    let broken =
        template("Broken", "package broken\n\nviolation[{\"msg\": msg}] {\n  msg := external_data({})\n}", "{}");
    let (set, diagnostics) = load(&[
        broken,
        constraint("Broken", "b", "{}"),
        required_labels(),
        constraint("K8sRequiredLabels", "a", "{parameters: {labels: [owner]}}"),
    ]);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    assert_eq!(diagnostics[0].rule, rules::POLICY_UNSUPPORTED);
    assert!(diagnostics[0].message.contains("external_data"), "{}", diagnostics[0].message);
    assert_eq!(under(&diagnostics[0]), ("external_data", 20));
    assert_eq!(messages(&set, POD).len(), 1, "the other template judges");
    let syntax = template("Broken", "package broken\n\nviolation[{\"msg\": msg}] {\n  msg := := 1\n}", "{}");
    let refused = refused(&[syntax]);
    assert_eq!((refused.rule.as_str(), under(&refused).1), ("policy-syntax", 20));
}

#[test]
fn what_could_never_judge_is_told() {
    let lonely = refused(&[constraint("K8sRequiredLabel", "a", "{}"), required_labels()]);
    assert_eq!(lonely.severity, Severity::Error);
    assert_eq!(lonely.help.as_deref(), Some("did you mean `K8sRequiredLabels`?"));
    let one = constraint("K8sRequiredLabels", "a", "{}");
    assert_eq!(refused(&[required_labels(), one.clone(), one]).message, "the constraint `a` is declared twice");
    let unused = refused(&[required_labels()]);
    assert_eq!((unused.rule.as_str(), unused.severity), ("policy-shape", Severity::Warning));
    let shapeless = template("Shapeless", "package shapeless\n\nviolation = msg {\n  msg := \"x\"\n}", "{}");
    assert_eq!(refused(&[shapeless]).rule, rules::POLICY_SHAPE);
    let silent = template("Silent", "package silent\n\nx { true }", "{}");
    assert!(refused(&[silent]).message.contains("no rule `violation`"));
    let misnamed = required_labels().replace("name: k8srequiredlabels", "name: labels");
    assert_eq!(under(&refused(&[misnamed])).0, "labels");
}

#[test]
fn a_violation_without_a_message_is_no_verdict() {
    let rego = "package odd\n\nviolation[x] {\n  x := {\"details\": {}}\n}";
    let set = loaded(&[template("Odd", rego, "{}"), constraint("Odd", "odd", "{}")]);
    let found = judge(&set, POD);
    assert_eq!((found.len(), &found[0].rule), (1, &rules::POLICY_FAILED));
    assert_eq!(found[0].secondary.len(), 2, "the template and the constraint");
}

#[test]
fn a_format_that_does_not_fit_its_values_loses_no_violation() {
    for (format, values) in
        [("%v %v", "[1]"), ("%v", "[1, 2]"), ("%d", "[1.5]"), ("%q", "[1]"), ("%T", "[{}]"), ("%", "[]")]
    {
        let rego =
            format!("package odd\n\nviolation[{{\"msg\": msg}}] {{\n  msg := sprintf(\"a {format}\", {values})\n}}");
        let set = loaded(&[template("Odd", &rego, "{}"), constraint("Odd", "odd", "{}")]);
        let found = messages(&set, POD);
        assert_eq!(found.len(), 1, "{format}");
        assert!(found[0].starts_with("odd: [odd] a "), "{found:?}");
    }
}

#[test]
fn the_yaml_of_a_policy_folder_is_for_gatekeeper_only_if_it_says_so() {
    let mut tree = MemoryTree::default();
    let mut put = |path: &str, text: &str| tree.insert(RepoPath::parse(path).expect("valid"), text.as_bytes());
    put("policies/labels/template.yaml", &required_labels());
    put("policies/labels/constraint.yml", &constraint("K8sRequiredLabels", "a", "{}"));
    put("policies/labels/example.yaml", POD);
    put("policies/labels/suite.yaml", "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\ntests: []\n");
    put("policies/data.yaml", "a: 1\n");
    let project = config::parse(&Source::file(
        "hydrant.yaml",
        "version: 1\nenvironments: {a: {branch: deploy/a}}\napps: [{path: apps/*}]\n",
    ))
    .expect("a project");
    let checks = read_checks(&tree, &project).expect("readable");
    let names: Vec<&str> = checks.gatekeeper.iter().map(|source| source.name()).collect();
    assert_eq!(names, ["policies/labels/constraint.yml", "policies/labels/template.yaml"]);
    assert_eq!(checks.data.len(), 1);
}

fn suite(text: &str) -> SuiteResult {
    let mut tree = MemoryTree::default();
    let mut put = |path: &str, text: &str| tree.insert(RepoPath::parse(path).expect("valid"), text.as_bytes());
    put("labels/template.yaml", &required_labels());
    put("labels/samples/constraint.yaml", &constraint("K8sRequiredLabels", "a", "{parameters: {labels: [owner]}}"));
    put("labels/samples/invalid.yaml", &constraint("K8sRequiredLabels", "a", "{parameters: {labels: owner}}"));
    put("labels/samples/pod.yaml", POD);
    put(
        "labels/samples/review.yaml",
        "kind: AdmissionReview\napiVersion: admission.k8s.io/v1\nrequest:\n  operation: DELETE\n  oldObject:\n    \
         apiVersion: v1\n    kind: Pod\n    metadata: {name: web}\n",
    );
    let text = format!("kind: Suite\napiVersion: test.gatekeeper.sh/v1alpha1\ntests:\n{text}");
    let path = RepoPath::parse("labels/suite.yaml").expect("valid");
    let file = SuiteFile { source: Source::file(path.as_str(), text), path, tree: &tree };
    pipeline::run_suite(&file, &|_| true, &EvaluationLimits::default())
}

#[test]
fn a_suite_tells_of_every_case_whether_it_holds() {
    let result = suite(
        "- name: labels
  template: template.yaml
  constraint: samples/constraint.yaml
  cases:
  - {name: default, object: samples/pod.yaml, assertions: [{}]}
  - {name: exactly, object: samples/pod.yaml, assertions: [{violations: 1}, {violations: yes, message: must.provide}]}
  - {name: none, object: samples/pod.yaml, assertions: [{violations: 0, message: other}]}
  - {name: deleted, object: samples/review.yaml, assertions: [{violations: 1, message: \"^you\"}]}
  - {name: skipped, skip: true, object: nowhere.yaml}
  - {name: wrong, object: samples/pod.yaml, assertions: [{violations: no}]}
  - {name: vague, object: samples/pod.yaml}
  - {name: lost, object: samples/lost.yaml, assertions: [{violations: no}]}
- {name: refused, template: template.yaml, constraint: samples/invalid.yaml, cases: [{name: a, object: samples/pod.yaml}]}
- {name: invalid, template: template.yaml, constraint: samples/invalid.yaml, invalid: true}
- {name: valid, template: template.yaml, constraint: samples/constraint.yaml, invalid: true}
- {name: skipped, skip: true}
",
    );
    let short = |outcome: &Outcome| match outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Skipped => "skipped".to_owned(),
        Outcome::Failed(reason) => reason.clone(),
        Outcome::Refused(diagnostics) => format!("refused: {}", diagnostics[0].rule),
    };
    let cases: Vec<String> = result.cases().map(|case| format!("{}: {}", case.name, short(&case.outcome))).collect();
    assert_eq!(
        cases,
        [
            "default: passed",
            "exactly: passed",
            "none: passed",
            "deleted: passed",
            "skipped: skipped",
            "wrong: 1 violation, wanted none",
            "vague: it asserts nothing",
            "lost: `labels/samples/lost.yaml` does not exist",
        ]
    );
    let tests: Vec<String> =
        result.tests.iter().map(|test| format!("{}: {}", test.name, short(&test.outcome))).collect();
    assert_eq!(
        tests,
        [
            "labels: passed",
            "refused: refused: schema-violation",
            "invalid: passed",
            "valid: the constraint should be invalid, and is valid",
            "skipped: skipped",
        ]
    );
    assert!(!result.passed());
}

/// Rego v0 with a bit of everything, in a text with signs of several bytes.
const VARIED: &str = "package varied # é

import data.lib.names as n

default ok = false

ok { input[\"é\"] } else = true { any([input.a == \"日\", set() == {}]) }

f(x) = y {
  y := x # { 日
} {
  x == 1
  y := {\"k\": [x]}
}

g(\"é\", _)

violation[{\"msg\": msg, \"details\": {\"path\": \"metadata.name\"}}] {
  f(input.review.object.metadata.name) = msg
} {
  not ok
  x = names[x]
  msg := sprintf(\"%d é\", [x])
}

names[x] { x := input.review.object.metadata.labels[_] }
p.q { g(\"é\", 1) }";

#[test]
fn rego_v0_with_a_bit_of_everything_judges() {
    let set = loaded(&[template("Varied", VARIED, "{}"), constraint("Varied", "v", "{}")]);
    assert_eq!(messages(&set, POD), ["varied: [v] web", "varied: [v] web é"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Pieces of templates cut out, doubled and put elsewhere: reported or judged, at a place that exists.
    #[test]
    fn damaged_templates_are_reported_and_never_panic(
        varied in any::<bool>(), from in 0..2000_usize, length in 0..60_usize, to in 0..2000_usize,
    ) {
        let whole = if varied { template("Varied", VARIED, "{}") } else { required_labels() };
        let text: Vec<char> = whole.chars().collect();
        let from = from % text.len();
        let piece: String = text[from..(from + length).min(text.len())].iter().collect();
        let without: String = text[..from].iter().chain(&text[(from + length).min(text.len())..]).collect();
        let at = without.char_indices().map(|(at, _)| at).nth(to % without.chars().count().max(1)).unwrap_or_default();
        let damaged = format!("{}{piece}{}", &without[..at], &without[at..]);
        let constraint = constraint(if varied { "Varied" } else { "K8sRequiredLabels" }, "damaged", "{}");
        let (set, diagnostics) = load(&[damaged, constraint]);
        for label in diagnostics.iter().filter_map(|diagnostic| diagnostic.primary.as_ref()) {
            let range = label.location.span.range();
            prop_assert!(label.location.source.text().get(range).is_some(), "{label:?}");
        }
        judge(&set, POD);
    }
}

/// What `validate` was given is what there is, also what `--skip` leaves unjudged.
#[test]
fn loose_manifests_are_judged_among_all_that_were_named() {
    let sandbox = Sandbox::new();
    let rego = "package uniquename

violation[{\"msg\": msg}] {
  data.inventory.namespace[other][_][\"ConfigMap\"][input.review.object.metadata.name]
  other != input.review.object.metadata.namespace
  msg := sprintf(\"%v has one of that name\", [other])
}";
    sandbox.write("policies/unique/template.yaml", template("UniqueName", rego, "{}"));
    sandbox.write("policies/unique/constraint.yaml", constraint("UniqueName", "names", "{}"));
    let settings = |namespace: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: {namespace}}}\n")
    };
    sandbox.write("manifests/a.yaml", settings("a"));
    sandbox.write("manifests/b.yaml", settings("b"));
    let validate = |words: &[&str]| {
        let output = sandbox.run(&[&["hydrant", "validate", "--policy", "policies"], words].concat());
        (output.code, output.stderr.matches("× [names] ").count(), output.stderr)
    };
    let (code, found, text) = validate(&["manifests"]);
    assert_eq!((code, found), (1, 2), "{text}");
    let (code, found, text) = validate(&["manifests", "--skip", "namespace=b"]);
    assert_eq!((code, found), (1, 1), "{text}");
    assert!(text.contains("b has one of that name"), "{text}");
    let (code, found, text) = validate(&["manifests/a.yaml"]);
    assert_eq!((code, found), (0, 0), "{text}");
    let output = sandbox.run(&["hydrant", "validate", "manifests", "--policy", "manifests"]);
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.contains("`manifests` holds no Rego and no Gatekeeper template"), "{output}");
}
