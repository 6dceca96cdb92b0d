//! Validation: what is wrong with an object, said where it is written.

mod built_in;
mod crds;
mod files;
mod gallery;
mod keywords;
mod silent;
mod unknown;
mod whole;

use hydrant::diagnostic::{Diagnostic, Severity, rules};
use hydrant::manifest::{Manifest, ReadLimits};
use hydrant::source::Source;
use hydrant::validate::{Schemas, UnknownKinds};

fn parse(text: &str) -> Vec<Manifest> {
    let parsed = hydrant::parse::parse(&Source::file("test.yaml", text), &ReadLimits::default());
    // schemas have their own word on numbers that are too large
    let counts = |found: &&Diagnostic| found.severity == Severity::Error && found.rule != rules::LOSSY_NUMBER;
    let mut errors = parsed.diagnostics.iter().filter(counts);
    assert!(errors.next().is_none(), "{:?}", parsed.diagnostics);
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

/// Whether a schema says so, or that there is none, and not a rule beside schemas.
pub(crate) fn is_by_schema(diagnostic: &Diagnostic) -> bool {
    const BY_SCHEMA: [&str; 9] = [
        "schema-violation",
        "unknown-field",
        "missing-field",
        "broken-schema",
        "unknown-kind",
        "missing-crd",
        "crd-version",
        "removed-api",
        "not-yet-api",
    ];
    BY_SCHEMA.contains(&diagnostic.rule.as_str())
}

/// Everything that schemas find in the last object, where the CRDs among all objects count.
fn check_with(schemas: Schemas, text: &str) -> Vec<String> {
    let manifests = parse(text);
    let (schemas, diagnostics) = schemas.with_crds(&manifests);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let verdict = schemas.validate(manifests.last().expect("an object"));
    verdict.diagnostics.iter().filter(|found| is_by_schema(found)).map(show).collect()
}

fn check(text: &str) -> Vec<String> {
    check_with(schemas(), text)
}

/// A CRD with something of everything.
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

/// A CRD with a field for each way to be wrong.
const GALLERY_CRD: &str = r#"apiVersion: apiextensions.k8s.io/v1
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
        properties:
          spec:
            type: object
            required: [size]
            properties:
              mode: {type: string, enum: [fast, safe]}
              logs: {type: string, enum: ["on", "off"]}
              zone: {type: string, enum: [a1, a2, a3, b1, b2, b3, c1, c2, c3, d1, d2, d3]}
              size: {type: integer, format: int32, minimum: 0, exclusiveMinimum: true, maximum: 10}
              step: {type: integer, multipleOf: 5}
              name: {type: string, pattern: '^[a-z]*$', minLength: 2, maxLength: 12}
              hosts: {type: array, minItems: 1, maxItems: 2, items: {type: string}}
              tags: {type: array, items: {type: string}, x-kubernetes-list-type: set}
              endpoints:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [port, protocol]
                items:
                  type: object
                  required: [port]
                  properties:
                    port: {type: integer}
                    protocol: {type: string, default: TCP}
                    name: {type: string}
                    tls: {type: boolean}
              labels: {type: object, additionalProperties: {type: string}, minProperties: 1, maxProperties: 1}
              source:
                type: object
                properties:
                  git: {type: object, required: [url], properties: {url: {type: string}}}
                  oci: {type: object, required: [url], properties: {url: {type: string}}}
                oneOf: [{required: [git]}, {required: [oci]}]
              port: {x-kubernetes-int-or-string: true}
              wait: {type: string, format: duration}
              at: {type: string, format: date-time}
              address: {type: string, format: ipv4}
              range: {type: string, format: cidr}
              id: {type: string, format: uuid}
              object: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}
              forbidden: {type: string, not: {enum: [x]}}
              auth:
                type: object
                oneOf:
                - properties: {type: {enum: [basic]}, user: {minLength: 1}}
                  required: [type, user]
                - properties: {type: {enum: [token]}, token: {minLength: 8}}
                  required: [type, token]
                properties:
                  type: {type: string}
                  user: {type: string}
                  token: {type: string}
              limit:
                anyOf: [{type: object, required: [max]}, {type: boolean}]
                x-kubernetes-preserve-unknown-fields: true
              closed: {type: object}
"#;
