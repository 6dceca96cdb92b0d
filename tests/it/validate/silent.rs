//! Errors that other validators let pass, strict ones too, and that the API server refuses: each is one finding here.

use hydrant::manifest::ReadLimits;
use hydrant::source::Source;

use super::schemas;

/// What is wrong, the text, the rule that says so, and where.
const CASES: &[(&str, &str, &str, &str)] = &[
    (
        "an integer beyond 32 bits",
        "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  maxReplicas: 2147483648\n  scaleTargetRef: {kind: Deployment, name: web}\n",
        "schema-violation",
        "5:16",
    ),
    (
        "a quantity that is none",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: web:1\n    resources: {requests: {cpu: lots}}\n",
        "schema-violation",
        "8:33",
    ),
    (
        "a choice that only prose lists",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: web:1\n    imagePullPolicy: Sometimes\n",
        "invalid-choice",
        "8:22",
    ),
    (
        "a selector that does not match the template",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: wbe}}\n    spec: {containers: [{name: web, image: 'web:1'}]}\n",
        "selector-mismatch",
        "5:3",
    ),
    (
        "`1` and `\"1\"` as keys of one mapping",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  1: a\n  \"1\": b\n",
        "colliding-keys",
        "6:3",
    ),
];

#[test]
fn what_passes_every_other_validator_is_one_finding_at_its_place() {
    for (title, text, rule, place) in CASES {
        let parsed = hydrant::parse::parse(&Source::file("test.yaml", *text), &ReadLimits::default());
        let by_schema = parsed.manifests.iter().flat_map(|manifest| schemas().validate(manifest).diagnostics);
        let found: Vec<_> = parsed.diagnostics.iter().cloned().chain(by_schema).collect();
        let [found] = found.as_slice() else { panic!("{title}: {found:?}") };
        let position = found.primary.as_ref().expect("a place").location.position();
        let told = (found.rule.as_str(), format!("{}:{}", position.line, position.column));
        assert_eq!(told, (*rule, (*place).to_owned()), "{title}");
    }
}
