//! Validation: what is wrong with an object, said where it is written; against real manifests and another validator.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hydrant::diagnostic::{Diagnostic, Severity, rules};
use hydrant::manifest::{Gvk, Manifest, Name, Node, ObjectRef, Pointer, ReadLimits, Value, read};
use hydrant::source::Source;
use hydrant::validate::{Coverage, SchemaError, Schemas, UnknownKinds};

use crate::corpus::{corpus, files_below};

fn parse(text: &str) -> Vec<Manifest> {
    let parsed = hydrant::parse::parse(&Source::file("test.yaml", text), &ReadLimits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    parsed.manifests
}

fn schemas() -> Schemas {
    Schemas::new("1.34", UnknownKinds::Deny).expect("1.34 is embedded")
}

/// A finding in full: `line:column rule pointer message | label | help`.
fn show(diagnostic: &Diagnostic) -> String {
    let label = diagnostic.primary.as_ref().expect("a place");
    let position = label.location.position();
    format!(
        "{}:{} {} {} {} | {} | {}",
        position.line,
        position.column,
        diagnostic.rule,
        diagnostic.pointer.as_deref().unwrap_or("-"),
        diagnostic.message,
        label.text,
        diagnostic.help.as_deref().unwrap_or("-")
    )
}

/// Everything found in the last object, where the CRDs among all objects count.
fn check_with(schemas: Schemas, text: &str) -> Vec<String> {
    let manifests = parse(text);
    let (schemas, diagnostics) = schemas.with_crds(&manifests);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let verdict = schemas.validate(manifests.last().expect("an object"));
    verdict.diagnostics.iter().map(show).collect()
}

fn check(text: &str) -> Vec<String> {
    check_with(schemas(), text)
}

// ── built-in kinds ──────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn everything_wrong_with_a_deployment_is_told_at_its_place() {
    let found = check(
        r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replcias: 3
  paused: "true"
  template:
    metadata: {labels: {app: web, country: NO}}
    spec:
      containers:
      - name: a
        image: 5
        ports: {}
        resources: {limits: {cpu: lots}}
        Foo: 1
      -
"#,
    );
    let expected = [
        "4:1 missing-field /spec/selector `selector` is missing in `spec` | needs `selector` | add `selector`",
        "5:3 unknown-field /spec/replcias `replcias` is not a field of `spec` | did you mean `replicas`? | rename it to `replicas`",
        "6:11 schema-violation /spec/paused `paused` must be a boolean, found the string \"true\" | expected a boolean | remove the quotes",
        "8:44 schema-violation /spec/template/metadata/labels/country `country` must be a string, found the boolean false | YAML reads `NO` as a boolean (false) | put it in quotes: `\"NO\"`",
        "12:16 schema-violation /spec/template/spec/containers/0/image `image` must be a string, found the integer 5 | expected a string | put it in quotes: `\"5\"`",
        "13:9 schema-violation /spec/template/spec/containers/0/ports `ports` must be a list, found a mapping | expected a list | write a list: begin each item with `- `",
        "14:35 schema-violation /spec/template/spec/containers/0/resources/limits/cpu `cpu` must be a quantity, found the string \"lots\" | not a quantity | write it like `100m`, `0.5` or `1Gi`",
        "15:9 unknown-field /spec/template/spec/containers/0/Foo `Foo` is not a field of `containers[0]` | unknown field | remove it, or move it to where it belongs",
        "16:8 schema-violation /spec/template/spec/containers/1 `containers[1]` must be a mapping, found null | expected a mapping | give it a value, or remove it",
    ];
    assert_eq!(found, expected);
}

#[test]
fn numbers_must_fit_their_size_and_whole_floats_are_integers() {
    let replicas = |value: &str| {
        check(&format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec:\n  replicas: {value}\n  selector: {{}}\n  template: {{}}\n"
        ))
    };
    assert_eq!(replicas("1.0"), [""; 0]);
    assert_eq!(replicas("1e2"), [""; 0]);
    assert_eq!(replicas("null"), [""; 0], "the API server drops it");
    assert_eq!(
        replicas("2147483648"),
        [
            "5:13 schema-violation /spec/replicas `replicas` must be at most 2147483647, found the integer 2147483648 | outside the limits | -"
        ]
    );
    assert_eq!(
        replicas("\"3\""),
        [
            "5:13 schema-violation /spec/replicas `replicas` must be an integer, found the string \"3\" | expected an integer | remove the quotes"
        ]
    );
    assert_eq!(
        replicas("1.5"),
        [
            "5:13 schema-violation /spec/replicas `replicas` must be an integer, found the number 1.5 | expected an integer | -"
        ]
    );
}

#[test]
fn a_null_is_dropped_but_not_where_a_field_is_required_or_in_a_list() {
    let found = check(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, labels: null, creationTimestamp: null}\nspec:\n  selector:\n  template: {spec: {containers: [null], nodeSelector: null}}\n",
    );
    let expected = [
        "5:3 schema-violation /spec/selector `selector` must be a mapping, found null | expected a mapping | give it a value, or remove it",
        "6:34 schema-violation /spec/template/spec/containers/0 `containers[0]` must be a mapping, found null | expected a mapping | give it a value, or remove it",
    ];
    assert_eq!(found, expected);
}

#[test]
fn quantities_and_ports_may_be_numbers_or_text() {
    let found = check(
        r#"apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    resources: {requests: {cpu: 1, memory: 1.5Gi}, limits: {cpu: 0.5, memory: 1GB}}
    livenessProbe: {httpGet: {port: http}}
    readinessProbe: {httpGet: {port: 8080}}
    startupProbe: {httpGet: {port: 80.5}}
"#,
    );
    let expected = [
        "7:79 schema-violation /spec/containers/0/resources/limits/memory `memory` must be a quantity, found the string \"1GB\" | not a quantity | write it like `100m`, `0.5` or `1Gi`",
        "10:36 schema-violation /spec/containers/0/startupProbe/httpGet/port `port` must be an integer or a string, found the number 80.5 | expected an integer or a string | put it in quotes: `\"80.5\"`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_same_port_twice_is_an_error_in_a_service_and_none_in_a_container() {
    let found = check(
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n  - {name: a, port: 80}\n  - {name: b, port: 80}\n",
    );
    assert_eq!(
        found,
        [
            "7:6 schema-violation /spec/ports/1 `ports` has two items with the same `port` and `protocol` | repeated here | remove one of the two"
        ]
    );
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: a, ports: [{containerPort: 80}, {containerPort: 80}], env: [{name: A}, {name: A}]}\n";
    assert_eq!(check(pod), [""; 0]);
}

#[test]
fn a_key_that_yaml_reads_as_something_else_is_shown_as_written() {
    let found = check("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ny: 1\n");
    assert_eq!(
        found,
        [
            "4:1 unknown-field /true `y` is not a field of `ConfigMap` | YAML reads `y` as `true` | remove it, or move it to where it belongs"
        ]
    );
}

#[test]
fn values_of_a_secret_are_never_shown() {
    let found = check(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: [hunter2]\ndata:\n  password: hunter2!\nstringData: {pin: 12345, flag: yes}\n",
    );
    let expected = [
        "4:1 schema-violation /type `type` must be a string, found a list | expected a string | -",
        "6:13 schema-violation /data/password `password` must be base64, found a string | not base64 | write it like `aHlkcmFudA==`",
        "7:19 schema-violation /stringData/pin `pin` must be a string, found an integer | expected a string | put it in quotes",
        "7:32 schema-violation /stringData/flag `flag` must be a string, found a boolean | expected a string | put it in quotes",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_secret_that_sops_encrypted_is_accepted_and_only_there() {
    let encrypted = "metadata: {name: s}\ndata: {password: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: x}\n";
    assert_eq!(check(&format!("apiVersion: v1\nkind: Secret\n{encrypted}")), [""; 0]);
    assert_eq!(
        check(&format!("apiVersion: v1\nkind: ConfigMap\n{encrypted}")),
        [
            "5:1 unknown-field /sops `sops` is not a field of `ConfigMap` | unknown field | remove it, or move it to where it belongs"
        ]
    );
    assert_eq!(
        check(&format!("apiVersion: v1\nkind: Secret\nspos: {{}}\n{encrypted}")).len(),
        1,
        "other unknown fields stay errors"
    );
}

// ── unknown kinds ───────────────────────────────────────────────────────────────────────────────────────────────

fn unknown(api_version: &str, kind: &str) -> Vec<String> {
    check(&format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n"))
}

#[test]
fn an_unknown_kind_says_what_was_probably_meant() {
    let cases = [
        (
            "apps/v1",
            "deployment",
            "2:7 unknown-kind /kind `deployment` is not a kind of `apps/v1` | did you mean `Deployment`? | write `kind: Deployment`",
        ),
        (
            "apps/v1",
            "Deploymnet",
            "2:7 unknown-kind /kind `Deploymnet` is not a kind of `apps/v1` | did you mean `Deployment`? | write `kind: Deployment`",
        ),
        (
            "v1",
            "Deployment",
            "1:13 unknown-kind /apiVersion `v1` has no kind `Deployment` | `Deployment` is known as `apps/v1` | write `apiVersion: apps/v1`",
        ),
        (
            "app/v1",
            "Deployment",
            "1:13 unknown-kind /apiVersion `app/v1` has no kind `Deployment` | `Deployment` is known as `apps/v1` | write `apiVersion: apps/v1`",
        ),
        (
            "extensions/v1beta1",
            "Ingress",
            "1:13 unknown-kind /apiVersion `extensions/v1beta1` has no kind `Ingress` | `Ingress` is known as `networking.k8s.io/v1` | write `apiVersion: networking.k8s.io/v1`",
        ),
        (
            "autoscaling/v2beta2",
            "HorizontalPodAutoscaler",
            "1:13 unknown-kind /apiVersion `autoscaling/v2beta2` `HorizontalPodAutoscaler` is gone since Kubernetes 1.26 | `HorizontalPodAutoscaler` is known as `autoscaling/v1`, `autoscaling/v2` | write `apiVersion: autoscaling/v2`",
        ),
        (
            "resource.k8s.io/v1alpha1",
            "PodScheduling",
            "1:13 unknown-kind /apiVersion `resource.k8s.io/v1alpha1` `PodScheduling` is gone since Kubernetes 1.27 | not in Kubernetes 1.34 | remove the object, or replace it",
        ),
        (
            "v1",
            "Policy",
            "2:7 unknown-kind /kind no schema is known for `v1` `Policy` | not a kind of Kubernetes 1.34 | correct `apiVersion` and `kind`, or remove the object",
        ),
        (
            "cert-manager.io/v1",
            "Certificate",
            "2:7 unknown-kind /kind no schema is known for `cert-manager.io/v1` `Certificate` | neither Kubernetes 1.34 nor a CRD defines it | add its CRD to the rendered manifests or to a folder under `schemas.crds`",
        ),
        (
            "serving.knative.dev/v1",
            "Service",
            "2:7 unknown-kind /kind no schema is known for `serving.knative.dev/v1` `Service` | neither Kubernetes 1.34 nor a CRD defines it | add its CRD to the rendered manifests or to a folder under `schemas.crds`",
        ),
    ];
    for (api_version, kind, expected) in cases {
        assert_eq!(unknown(api_version, kind), [expected]);
    }
}

#[test]
fn a_kind_newer_than_the_environment_names_its_first_kubernetes() {
    let old = Schemas::new("1.27", UnknownKinds::Deny).expect("1.27 is embedded");
    let text = "apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: x}\n";
    assert_eq!(
        check_with(old, text),
        [
            "1:13 unknown-kind /apiVersion `networking.k8s.io/v1` `ServiceCIDR` comes with Kubernetes 1.33 | not in Kubernetes 1.27 | remove the object, or set `kubernetes: \"1.33\"` for the environment"
        ]
    );
}

#[test]
fn the_setting_for_unknown_kinds_is_about_kinds_a_crd_may_define() {
    let manifests = parse(
        "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x}\n---\napiVersion: apps/v1\nkind: deployment\nmetadata: {name: x}\n",
    );
    let judge = |setting: UnknownKinds| {
        let schemas = Schemas::new("1.34", setting).expect("1.34 is embedded");
        manifests
            .iter()
            .map(|manifest| {
                let verdict = schemas.validate(manifest);
                (verdict.coverage, verdict.diagnostics.iter().map(|diagnostic| diagnostic.severity).collect::<Vec<_>>())
            })
            .collect::<Vec<_>>()
    };
    let refused = (Coverage::Failed, vec![Severity::Error]);
    assert_eq!(judge(UnknownKinds::Deny), [refused.clone(), refused.clone()]);
    assert_eq!(judge(UnknownKinds::Warn), [(Coverage::Skipped, vec![Severity::Warning]), refused.clone()]);
    assert_eq!(judge(UnknownKinds::Allow), [(Coverage::Skipped, vec![]), refused]);
}

#[test]
fn a_kubernetes_version_that_is_not_embedded_names_those_that_are() {
    let error = Schemas::new("1.12", UnknownKinds::Deny).expect_err("too old");
    assert!(matches!(&error, SchemaError::UnknownMinor { version, .. } if version == "1.12"));
    assert_eq!(
        error.to_string(),
        "there are no schemas for Kubernetes `1.12`; embedded are 1.25, 1.26, 1.27, 1.28, 1.29, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37"
    );
    for version in ["", "1", "master", "1.034", "2.34", "1.34.", "1.34.x", "1.34.x/../../etc"] {
        assert!(Schemas::new(version, UnknownKinds::Deny).is_err(), "{version}");
    }
    for version in ["1.34", "v1.34", "1.34.2", "v1.34.2+k3s1", "1.34.2-gke.1005000"] {
        assert!(Schemas::new(version, UnknownKinds::Deny).is_ok(), "{version}");
    }
}

// ── CRDs ────────────────────────────────────────────────────────────────────────────────────────────────────────

const WIDGET: &str = r#"apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [mode, size]
            properties:
              mode: {type: string, default: fast, enum: [fast, safe]}
              size: {type: integer, format: int32, minimum: 0, exclusiveMinimum: true, maximum: 10}
              port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
              memory:
                x-kubernetes-int-or-string: true
                anyOf: [{type: integer}, {type: string}]
                pattern: ^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$
              name: {type: string, pattern: '^[a-z]+$', minLength: 2}
              wait: {type: string, format: duration}
              website: {type: string, format: uri}
              tags: {type: array, items: {type: string}, x-kubernetes-list-type: set}
              endpoints:
                type: array
                maxItems: 2
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [port, protocol]
                items:
                  type: object
                  required: [port]
                  properties:
                    port: {type: integer}
                    protocol: {type: string, default: TCP}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {known: {type: string}}}
              empty: {type: object}
              maybe: {type: string, nullable: true}
              labels: {type: object, additionalProperties: {type: string}, maxProperties: 1}
              template: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}
              source:
                type: object
                properties: {git: {type: string}, oci: {type: string}}
                oneOf: [{required: [git]}, {required: [oci]}]
  - name: v1beta1
    served: false
    storage: false
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"#;

fn widget(spec: &str) -> Vec<String> {
    check(&format!("{WIDGET}---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {spec}\n"))
}

/// The one finding about a widget, without its place.
fn widget_finding(spec: &str) -> String {
    let found = widget(spec);
    assert_eq!(found.len(), 1, "{spec}: {found:?}");
    found[0].split_once(' ').expect("a place").1.to_owned()
}

#[test]
fn a_crd_of_the_same_set_judges_its_objects() {
    assert_eq!(check(WIDGET), [""; 0], "the CRD itself is valid");
    assert_eq!(widget("{size: 1, mode: safe, port: http, memory: 1Gi, name: ab, wait: 1h30m, tags: [a, b]}"), [""; 0]);
    assert_eq!(widget("{size: 1, port: 80, memory: 5, wait: 3 days, website: /not-a-full-uri}"), [""; 0]);
    assert_eq!(
        widget("{sise: 1}"),
        [
            "60:1 missing-field /spec/size `size` is missing in `spec` | needs `size` | add `size`",
            "60:8 unknown-field /spec/sise `sise` is not a field of `spec` | did you mean `size`? | rename it to `size`",
        ],
        "`mode` is required too, but has a default"
    );
}

#[test]
fn values_beyond_what_a_crd_allows_are_told_in_words() {
    let cases = [
        (
            "{size: 0}",
            "schema-violation /spec/size `size` must be more than 0, found the integer 0 | outside the limits | -",
        ),
        (
            "{size: 11}",
            "schema-violation /spec/size `size` must be at most 10, found the integer 11 | outside the limits | -",
        ),
        (
            "{size: 1, mode: fats}",
            "schema-violation /spec/mode `mode` must be `fast` or `safe`, found the string \"fats\" | did you mean `fast`? | write `fast`",
        ),
        (
            "{size: 1, mode: slow}",
            "schema-violation /spec/mode `mode` must be `fast` or `safe`, found the string \"slow\" | not one of the choices | -",
        ),
        (
            "{size: 1, name: a}",
            "schema-violation /spec/name `name` must be at least 2 characters long, found the string \"a\" | outside the limits | -",
        ),
        (
            "{size: 1, name: AB}",
            "schema-violation /spec/name `name` must match `^[a-z]+$`, found the string \"AB\" | does not match the pattern | -",
        ),
        (
            "{size: 1, memory: 1gb}",
            "schema-violation /spec/memory `memory` must be a quantity, found the string \"1gb\" | not a quantity | write it like `100m`, `0.5` or `1Gi`",
        ),
        (
            "{size: 1, wait: P1D}",
            "schema-violation /spec/wait `wait` must be a duration, found the string \"P1D\" | not a duration | write it like `1h30m` or `15s`",
        ),
        (
            "{size: 1, tags: [a, b, a]}",
            "schema-violation /spec/tags/2 `tags` holds a value twice | repeated here | remove one of the two",
        ),
        (
            "{size: 1, endpoints: [{port: 1}, {port: 2}, {port: 3}]}",
            "schema-violation /spec/endpoints `endpoints` must have at most 2 items, found 3 | outside the limits | -",
        ),
        (
            "{size: 1, endpoints: [{port: 1}, {port: 1, protocol: TCP}]}",
            "schema-violation /spec/endpoints/1 `endpoints` has two items with the same `port` and `protocol` | repeated here | remove one of the two",
        ),
        (
            "{size: 1, labels: {a: b, c: d}}",
            "schema-violation /spec/labels `labels` must have at most 1 entry, found 2 | outside the limits | -",
        ),
        (
            "{size: 1, source: {}}",
            "missing-field /spec/source `source` needs `git` or `oci` | needs `git` or `oci` | add `git` or `oci`",
        ),
        (
            "{size: 1, source: {git: a, oci: b}}",
            "schema-violation /spec/source `source` may have only one of `git` or `oci` | not both at once | remove all but one",
        ),
        (
            "{size: null}",
            "schema-violation /spec/size `size` must be an integer, found null | expected an integer | give it a value, or remove it",
        ),
        (
            "{size: 1, tags: [null]}",
            "schema-violation /spec/tags/0 `tags[0]` must be a string, found null | expected a string | give it a value, or remove it",
        ),
        (
            "{size: 1, empty: {a: 1}}",
            "unknown-field /spec/empty/a `a` is not a field of `empty` | unknown field | remove it, or move it to where it belongs",
        ),
        (
            "{size: 1, free: {a: 1, known: 2}}",
            "schema-violation /spec/free/known `known` must be a string, found the integer 2 | expected a string | put it in quotes: `\"2\"`",
        ),
        (
            "{size: 1, template: {apiVersion: v1, a: 1}}",
            "missing-field /spec/template/kind `kind` is missing in `template` | needs `kind` | add `kind`",
        ),
    ];
    for (spec, expected) in cases {
        assert_eq!(widget_finding(spec), expected);
    }
}

#[test]
fn the_api_server_drops_a_null_before_any_rule_of_a_crd() {
    assert_eq!(widget("{size: 1, mode: null, name: null, source: null, tags: null, maybe: null}"), [""; 0]);
}

#[test]
fn the_metadata_of_a_custom_resource_is_checked_as_of_any_object() {
    let text = format!(
        "{WIDGET}---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w, labels: {{a: 1}}, label: {{}}}}\nspec: {{size: 1}}\n"
    );
    let found = check(&text);
    assert_eq!(
        found,
        [
            "59:33 schema-violation /metadata/labels/a `a` must be a string, found the integer 1 | expected a string | put it in quotes: `\"1\"`",
            "59:37 unknown-field /metadata/label `label` is not a field of `metadata` | unknown field | remove it, or move it to where it belongs",
        ]
    );
}

#[test]
fn a_version_that_the_crd_does_not_serve_is_an_error_whatever_is_set_for_unknown_kinds() {
    for version in ["v1beta1", "v2"] {
        let text = format!("{WIDGET}---\napiVersion: example.com/{version}\nkind: Widget\nmetadata: {{name: w}}\n");
        let schemas = Schemas::new("1.34", UnknownKinds::Allow).expect("1.34 is embedded");
        let expected = format!(
            "57:13 unknown-kind /apiVersion `Widget` of `example.com` is served as `v1`, not as `{version}` | not served by its CRD | write `apiVersion: example.com/v1`"
        );
        assert_eq!(check_with(schemas, &text), [expected]);
    }
}

#[test]
fn a_broken_crd_is_reported_where_it_is_broken_and_passes_nothing() {
    let cases = [
        (
            "{type: object, properties: {spec: {type: nonsense}}}",
            "55:72 broken-schema /spec/versions/1/schema/openAPIV3Schema/properties/spec/type the schema of `Widget` `v1beta1` cannot be used: `type` cannot be `nonsense` | nothing can be checked against this | correct the CRD",
        ),
        (
            "{type: object, properties: {spec: {type: string, pattern: '(['}}}",
            "55:89 broken-schema /spec/versions/1/schema/openAPIV3Schema/properties/spec/pattern the schema of `Widget` `v1beta1` cannot be used: `([` is no regular expression | nothing can be checked against this | correct the CRD",
        ),
        (
            "{type: object, properties: {spec: {$ref: '#/a'}}}",
            "55:72 broken-schema /spec/versions/1/schema/openAPIV3Schema/properties/spec/$ref the schema of `Widget` `v1beta1` cannot be used: a CRD may not use `$ref` | nothing can be checked against this | correct the CRD",
        ),
        (
            "{type: object, properties: [1]}",
            "55:46 broken-schema /spec/versions/1/schema/openAPIV3Schema/properties the schema of `Widget` `v1beta1` cannot be used: `properties` cannot be a list | nothing can be checked against this | correct the CRD",
        ),
    ];
    for (schema, expected) in cases {
        let open = "{type: object, x-kubernetes-preserve-unknown-fields: true}";
        let crd = WIDGET.replace(open, schema).replace("served: false", "served: true");
        let manifests =
            parse(&format!("{crd}---\napiVersion: example.com/v1beta1\nkind: Widget\nmetadata: {{name: w}}\n"));
        let (schemas, diagnostics) = schemas().with_crds(&manifests);
        assert_eq!(diagnostics.iter().map(show).collect::<Vec<_>>(), [expected]);
        let verdict = schemas.validate(&manifests[1]);
        assert_eq!(verdict.coverage, Coverage::Failed);
        assert_eq!(
            verdict.diagnostics.iter().map(show).collect::<Vec<_>>(),
            [
                "58:7 broken-schema /kind `Widget` cannot be checked: the schema of its CRD is broken | not checked | correct the CRD"
            ]
        );
    }
}

#[test]
fn a_crd_version_without_schema_checks_nothing_and_is_an_error() {
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b.c}\nspec:\n  group: b.c\n  names: {kind: A, plural: a}\n  scope: Namespaced\n  versions:\n  - {name: v1, served: true, storage: true}\n";
    let (_, diagnostics) = schemas().with_crds(&parse(crd));
    assert_eq!(
        diagnostics.iter().map(show).collect::<Vec<_>>(),
        [
            "9:12 broken-schema /spec/versions/0/name the schema of `A` `v1` cannot be used: it has no `schema.openAPIV3Schema` | nothing can be checked against this | correct the CRD"
        ]
    );
}

#[test]
fn an_old_crd_keeps_unknown_fields_unless_it_says_otherwise() {
    let crd = |rest: &str| {
        format!(
            "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {{name: a.b.c}}\nspec:\n  group: b.c\n  names: {{kind: A, plural: a}}\n  version: v1\n  validation: {{openAPIV3Schema: {{properties: {{spec: {{properties: {{x: {{type: string}}}}}}}}}}}}\n{rest}---\napiVersion: b.c/v1\nkind: A\nmetadata: {{name: a}}\nspec: {{x: 1, z: 2}}\n"
        )
    };
    let found =
        |text: &str| check(text).into_iter().map(|line| line.split(' ').nth(2).map(str::to_owned)).collect::<Vec<_>>();
    assert_eq!(found(&crd("")), [Some("/spec/x".to_owned())]);
    assert_eq!(
        found(&crd("  preserveUnknownFields: false\n")),
        [Some("/spec/x".to_owned()), Some("/spec/z".to_owned())]
    );
}

#[test]
fn the_first_definition_of_a_kind_wins() {
    let strict = parse(WIDGET);
    let loose = parse(&WIDGET.replace("maximum: 10", "maximum: 100"));
    let object = parse("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 50}\n");
    let findings = |first: &[Manifest], second: &[Manifest]| {
        let schemas = schemas().with_crds(first).0.with_crds(second).0;
        schemas.validate(&object[0]).diagnostics.len()
    };
    assert_eq!(findings(&strict, &loose), 1);
    assert_eq!(findings(&loose, &strict), 0);
}

#[test]
fn a_crd_cannot_loosen_a_kind_of_kubernetes_own() {
    let crd = WIDGET.replace("group: example.com", "group: apps").replace("kind: Widget,", "kind: Deployment,");
    let found =
        check(&format!("{crd}---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{size: 1}}\n"));
    let rules: Vec<_> = found.iter().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(rules, ["/spec/selector", "/spec/template", "/spec/size"], "{found:?}");
}

#[test]
fn a_deeply_nested_crd_ends_in_a_verdict() {
    let depth = 110;
    let schema = format!("{}{{type: string}}{}", "{type: object, properties: {a: ".repeat(depth), "}}".repeat(depth));
    let crd = WIDGET
        .replace("{type: object, x-kubernetes-preserve-unknown-fields: true}", &schema)
        .replace("served: false", "served: true");
    let object = format!("{}1{}", "{a: ".repeat(depth - 2), "}".repeat(depth - 2));
    let text = format!("{crd}---\napiVersion: example.com/v1beta1\nkind: Widget\nmetadata: {{name: w}}\na: {object}\n");
    assert_eq!(check(&text).len(), 1, "a number where a mapping is wanted");
}

// ── schema files ────────────────────────────────────────────────────────────────────────────────────────────────

fn gadget() -> Gvk {
    Gvk::new("example.com/v1", "Gadget")
}

#[test]
fn a_schema_file_judges_the_kind_it_was_found_for() {
    let file = Source::file(
        "schemas/example.com/gadget_v1.json",
        r#"{"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}"#,
    );
    let found = check_with(
        schemas().with_schema_files([(gadget(), file)]),
        "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {size: x, sice: 1}\n",
    );
    assert_eq!(
        found,
        [
            "4:14 schema-violation /spec/size `size` must be an integer, found the string \"x\" | expected an integer | -",
            "4:17 unknown-field /spec/sice `sice` is not a field of `spec` | unknown field | remove it, or move it to where it belongs",
        ]
    );
}

#[test]
fn a_schema_file_in_json_schema_is_taken_as_it_is() {
    let file = Source::file(
        "example.com/gadget_v1.json",
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"size": {"type": "integer", "minimum": 2}},
            "properties": {"spec": {"properties": {"size": {"$ref": "#/definitions/size"}}}}}"##,
    );
    let found = check_with(
        schemas().with_schema_files([(gadget(), file)]),
        "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {size: 1, other: 1}\n",
    );
    assert_eq!(
        found,
        ["4:14 schema-violation /spec/size `size` must be at least 2, found the integer 1 | outside the limits | -"]
    );
}

#[test]
fn a_schema_file_that_cannot_be_used_passes_nothing() {
    let object = parse("apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\n");
    for (text, reason) in [
        ("{", "it is not JSON: EOF while parsing an object at line 1 column 1"),
        (r#"{"$ref": "https://example.com/x.json"}"#, "https://example.com/x.json"),
        (r#"{"$ref": "file:///etc/passwd"}"#, "file:///etc/passwd"),
        ("7", "7 is not of types"),
    ] {
        let file = Source::file("example.com/gadget_v1.json", text);
        let verdict = schemas().with_schema_files([(gadget(), file)]).validate(&object[0]);
        assert_eq!(verdict.coverage, Coverage::Failed);
        let [diagnostic] = verdict.diagnostics.as_slice() else { panic!("{:?}", verdict.diagnostics) };
        assert_eq!(diagnostic.rule, rules::BROKEN_SCHEMA);
        assert!(diagnostic.message.starts_with("the schema in `example.com/gadget_v1.json` cannot be used: "));
        assert!(diagnostic.message.contains(reason), "{}", diagnostic.message);
    }
}

// ── the whole ───────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_digest_changes_with_everything_that_can_change_a_verdict() {
    let widget = parse(WIDGET);
    let other = parse(&WIDGET.replace("maximum: 10", "maximum: 100"));
    let file = Source::file("example.com/gadget_v1.json", "{}");
    let make = |version: &str, unknown: UnknownKinds| Schemas::new(version, unknown).expect("embedded");
    let digests = [
        make("1.34", UnknownKinds::Deny).digest(),
        make("1.35", UnknownKinds::Deny).digest(),
        make("1.34", UnknownKinds::Warn).digest(),
        schemas().with_crds(&widget).0.digest(),
        schemas().with_crds(&other).0.digest(),
        schemas().with_schema_files([(gadget(), file)]).digest(),
    ];
    let distinct: BTreeSet<_> = digests.iter().collect();
    assert_eq!(distinct.len(), digests.len());
    assert_eq!(make("1.34.7", UnknownKinds::Deny).digest(), digests[0]);
    assert_eq!(schemas().with_crds(&parse(WIDGET)).0.digest(), digests[3]);
}

#[test]
fn schemas_are_shared_between_threads() {
    let text =
        format!("{WIDGET}---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {{size: 0}}\n");
    let manifests = parse(&text);
    let (schemas, _) = schemas().with_crds(&manifests);
    let judge = || {
        manifests
            .iter()
            .flat_map(|manifest| schemas.validate(manifest).diagnostics)
            .map(|found| show(&found))
            .collect::<Vec<_>>()
    };
    let expected = judge();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(judge)).collect();
        threads.into_iter().for_each(|thread| assert_eq!(thread.join().expect("no panic"), expected));
    });
}

fn objects(path: &Path) -> Vec<Manifest> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    hydrant::parse::parse(&Source::file(path.display().to_string(), text), &ReadLimits::default()).manifests
}

#[test]
fn custom_resources_of_real_trees_fit_the_crds_beside_them() {
    let Some(corpus) = corpus() else { return };
    let known = [
        ("manifests/kube-prometheus", 0),
        // two Tasks leave out a name that their CRD requires, and that Tekton's webhook would fill in
        ("manifests/tekton-pipeline", 2),
        // seven patches, which are no whole objects
        ("overlays/argo-cd-manifests-kustomize", 7),
    ];
    for (tree, expected) in known {
        let manifests: Vec<_> =
            files_below(&corpus.join(tree), &["yaml", "yml", "json"]).iter().flat_map(|path| objects(path)).collect();
        let (schemas, diagnostics) = schemas().with_crds(&manifests);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let verdicts: Vec<_> = manifests.iter().map(|manifest| schemas.validate(manifest)).collect();
        let checked: Vec<_> = verdicts.iter().filter(|verdict| verdict.coverage == Coverage::Checked).collect();
        let invalid = checked.iter().filter(|verdict| !verdict.diagnostics.is_empty()).count();
        eprintln!("{tree}: {} objects, {} checked, {invalid} invalid", verdicts.len(), checked.len());
        assert_eq!(invalid, expected, "{tree}");
        assert!(checked.len() * 10 > verdicts.len() * 9, "{tree}");
    }
}

#[test]
fn what_the_api_server_refuses_in_the_battery_is_refused_here() {
    let Some(corpus) = corpus() else { return };
    let battery = corpus.join("../battery");
    let expected = std::fs::read_to_string(battery.join("EXPECTED.tsv")).unwrap();
    // what no schema says: rules of names, enumerations in prose, selectors
    let beyond_schemas = ["78-bad-dns-name.yaml", "83-bad-enum.yaml", "85-selector-mismatch.yaml"];
    let (mut refused, mut accepted) = (0, 0);
    for line in expected.lines().skip(1) {
        let mut columns = line.split('\t');
        let (file, verdict) = (columns.next().unwrap(), columns.next().unwrap());
        let Ok(text) = std::fs::read_to_string(battery.join(file)) else { continue };
        let parsed = hydrant::parse::parse(&Source::file(file, text), &ReadLimits::default());
        let findings: usize =
            parsed.manifests.iter().map(|manifest| schemas().validate(manifest).diagnostics.len()).sum();
        let clean = parsed.diagnostics.iter().all(|diagnostic| diagnostic.severity < Severity::Error) && findings == 0;
        match verdict {
            // a key that is written twice is the reader's business
            "reject-strict" if file == "96-merge-dup.yaml" => {}
            "reject-server" | "reject-strict" => {
                assert_eq!(clean, beyond_schemas.contains(&file), "{file}");
                refused += usize::from(!clean);
            }
            "accept" => {
                assert_eq!(findings, 0, "{file}");
                accepted += 1;
            }
            _ => {}
        }
    }
    eprintln!("{refused} refused, {accepted} accepted, {} beyond schemas", beyond_schemas.len());
    assert!(refused > 30 && accepted > 25);
}

#[test]
fn cases_of_kubectl_validate_end_as_they_do_there() {
    let Some(corpus) = corpus() else { return };
    let suite = corpus.join("suites/kubectl-validate-testcases");
    let crds: Vec<_> = ["crds", "more-crds"]
        .iter()
        .flat_map(|folder| files_below(&suite.join(folder), &["yaml"]))
        .flat_map(|path| objects(&path))
        .collect();
    // CEL rules, enumerations and demands that only prose knows, rules of names and labels
    let beyond_schemas = [
        "error_cel_basic.yaml",
        "error_cel_basic_multiple.yaml",
        "error_enum_invalid.yaml",
        "error_invalid_label.yaml",
        "error_invalid_name.yaml",
        "error_missing_image.yaml",
        "error_name_exceeds_max_length.yaml",
        // the API server takes the same container port twice, with a warning
        "error_x_list_map_duplicate_key.yaml",
    ];
    let (mut passed, mut skipped) = (0, 0);
    for path in files_below(&suite.join("manifests"), &["yaml"]) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let source = Source::file(name, std::fs::read_to_string(&path).unwrap());
        let parsed = hydrant::parse::parse(&source, &ReadLimits::default());
        let (schemas, broken) = Schemas::new("1.35", UnknownKinds::Deny).unwrap().with_crds(&parsed.manifests);
        let (schemas, _) = schemas.with_crds(&crds);
        let refused = !parsed.diagnostics.is_empty()
            || !broken.is_empty()
            || parsed.manifests.iter().any(|manifest| !schemas.validate(manifest).diagnostics.is_empty());
        let expected = name.starts_with("error_") && !beyond_schemas.contains(&name);
        assert_eq!(refused, expected, "{name}");
        if beyond_schemas.contains(&name) { skipped += 1 } else { passed += 1 }
    }
    eprintln!("{passed} passed, 0 failed, {skipped} skipped: no schema says it");
    assert!(passed > 15);
}

/// The object of a document, by itself: the other validator counts documents, and does not open Lists.
fn manifest(root: Node, source: &Arc<Source>) -> Option<Manifest> {
    let object = ObjectRef {
        gvk: Gvk::new(root.get("apiVersion")?.as_str()?, root.get("kind")?.as_str()?),
        namespace: None,
        name: Name::Fixed("unnamed".into()),
    };
    Some(Manifest { object, root, source: Arc::clone(source) })
}

/// Where the other validator found something: the object that holds an unknown or misses a required field.
fn places(line: &serde_json::Value) -> BTreeSet<String> {
    let part = |part: &serde_json::Value| part.as_str().map_or_else(|| part.to_string(), str::to_owned);
    let pointer = |error: &serde_json::Value| {
        Pointer::from_parts(error[0].as_array().into_iter().flatten().map(part)).to_string()
    };
    line["e"].as_array().into_iter().flatten().map(pointer).collect()
}

fn our_places(diagnostics: &[Diagnostic]) -> BTreeSet<String> {
    let place = |diagnostic: &Diagnostic| {
        let pointer = Pointer::parse(diagnostic.pointer.as_deref().unwrap_or_default());
        let of_parent = diagnostic.rule == rules::UNKNOWN_FIELD || diagnostic.rule == rules::MISSING_FIELD;
        if of_parent { pointer.parent().unwrap_or(pointer) } else { pointer }.to_string()
    };
    diagnostics.iter().map(place).collect()
}

/// The kinds of the lines: `group/version/Kind`, the core group without its group.
fn kinds_of(expected: &str) -> BTreeSet<Gvk> {
    let kind = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let (api_version, kind) = line["gvk"].as_str()?.rsplit_once('/')?;
        Some(Gvk::new(api_version, kind))
    };
    expected.lines().filter_map(kind).collect()
}

#[test]
fn verdicts_agree_with_another_validator_on_real_objects() {
    let Some(corpus) = corpus() else { return };
    let expected = std::fs::read_to_string(corpus.join("expected/schema-verdicts-k8s-1.34.0.jsonl")).unwrap();
    let catalog = corpus.join("crds/crds-catalog");
    let schemas = schemas().with_schema_files(kinds_of(&expected).into_iter().filter_map(|gvk| {
        let path = format!("{}/{}_{}.json", gvk.group, gvk.kind.to_lowercase(), gvk.version);
        let text = std::fs::read_to_string(catalog.join(&path)).ok()?;
        Some((gvk, Source::file(path, text)))
    }));
    let mut read_files: BTreeMap<PathBuf, Vec<Node>> = BTreeMap::new();
    let (mut agree, mut absent, mut differ) = (0, 0, Vec::new());
    for line in expected.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let file = line["f"].as_str().unwrap().replace("charts-or-overlays/", "overlays/");
        let path = corpus.join(&file);
        if !path.exists() {
            absent += 1;
            continue;
        }
        let index = usize::try_from(line["d"].as_u64().unwrap()).unwrap();
        let source = Source::file(&*file, std::fs::read_to_string(&path).unwrap());
        let documents = read_files.entry(path).or_insert_with(|| {
            let stream = read(&source, &ReadLimits::default());
            // comments before the first `---` are a document to us, and none to the other validator's reader
            let documents = stream.documents.into_iter().map(|document| document.root);
            documents
                .enumerate()
                .filter(|(index, root)| *index > 0 || root.value != Value::Null)
                .map(|(_, root)| root)
                .collect()
        });
        let Some(manifest) = documents.get(index).and_then(|root| manifest(root.clone(), &source)) else {
            differ.push(format!("{file} #{index}: not an object to us"));
            continue;
        };
        let verdict = schemas.validate(&manifest);
        let ours = match (verdict.coverage, verdict.diagnostics.is_empty()) {
            (Coverage::Checked, true) => "valid",
            (Coverage::Checked, false) => "invalid",
            _ => "no-schema",
        };
        let same_places = ours == "no-schema" || our_places(&verdict.diagnostics) == places(&line);
        if ours == line["r"].as_str().unwrap() && same_places {
            agree += 1;
        } else {
            let found: Vec<_> = verdict.diagnostics.iter().map(show).collect();
            differ.push(format!("{file} #{index} {}: {} there, {ours} here {found:?}", line["gvk"], line["r"]));
        }
    }
    eprintln!("{agree} agree, {} differ, {absent} absent", differ.len());
    differ.iter().take(60).for_each(|line| eprintln!("  {line}"));
    assert!(agree > 1500);
    assert!(differ.len() * 200 <= agree, "less than 99.5 % agree");
}
