//! Schema: the CRD that Gatekeeper would make of a template, by which its constraints are validated, and its defaults.

use serde_json::{Value as Json, json};

use super::fields::at;
use crate::manifest::{Entry, Key, Manifest, Node, ObjectRef, Value};
use crate::source::Span;

/// The group of all constraints.
pub(super) const GROUP: &str = "constraints.gatekeeper.sh";

/// The CRD of a template's constraints.
pub(super) fn crd(template: &Manifest, kind: &str) -> Manifest {
    let mut spec = vec![
        ("match", Node::from_json(&match_schema())),
        ("enforcementAction", Node::from_json(&json!({"type": "string"}))),
        ("scopedEnforcementActions", Node::from_json(&scoped_schema())),
    ];
    if let Some(schema) = parameters(template) {
        let mut schema = schema.clone();
        if is_legacy(template) {
            preserve_unknown(&mut schema);
        }
        spec.push(("parameters", schema));
    }
    let open = json!({"x-kubernetes-preserve-unknown-fields": true});
    let schema = object(vec![
        ("type", text("object")),
        (
            "properties",
            object(vec![
                ("spec", object(vec![("type", text("object")), ("properties", object(spec))])),
                ("status", Node::from_json(&open)),
            ]),
        ),
    ]);
    let versions = ["v1beta1", "v1alpha1"].map(|name| {
        object(vec![
            ("name", text(name)),
            ("served", Node::synthetic(Value::Bool(true))),
            ("schema", object(vec![("openAPIV3Schema", schema.clone())])),
        ])
    });
    let root = object(vec![(
        "spec",
        object(vec![
            ("group", text(GROUP)),
            ("names", object(vec![("kind", text(kind))])),
            ("versions", Node::synthetic(Value::Sequence(versions.to_vec()))),
        ]),
    )]);
    let gvk = crate::manifest::Gvk::new("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    let object = ObjectRef { gvk, namespace: None, name: template.object.name.clone() };
    Manifest { object, root, source: template.source.clone() }
}

/// The schema of a template's parameters.
pub(super) fn parameters(template: &Manifest) -> Option<&Node> {
    at(&template.root, &["spec", "crd", "spec", "validation", "openAPIV3Schema"])
}

/// Before `templates.gatekeeper.sh/v1`, a schema left unknown fields alone unless it said otherwise.
fn is_legacy(template: &Manifest) -> bool {
    match at(&template.root, &["spec", "crd", "spec", "validation", "legacySchema"]).map(|node| &node.value) {
        Some(Value::Bool(legacy)) => *legacy,
        _ => &*template.object.gvk.version != "v1",
    }
}

fn preserve_unknown(schema: &mut Node) {
    let holds_anything = matches!(schema.get("type").and_then(Node::as_str), None | Some("object"));
    let Value::Mapping(entries) = &mut schema.value else { return };
    for entry in entries.iter_mut() {
        match (&*entry.key.name, &mut entry.value.value) {
            ("properties", Value::Mapping(fields)) => {
                fields.iter_mut().for_each(|field| preserve_unknown(&mut field.value));
            }
            ("items" | "additionalProperties", _) => preserve_unknown(&mut entry.value),
            _ => {}
        }
    }
    if holds_anything && !entries.iter().any(|entry| &*entry.key.name == "additionalProperties") {
        entries.retain(|entry| &*entry.key.name != "x-kubernetes-preserve-unknown-fields");
        entries.push(entry("x-kubernetes-preserve-unknown-fields", Node::synthetic(Value::Bool(true))));
    }
}

/// Puts the defaults of a schema where a value says nothing, as the API server does.
pub(super) fn default_into(schema: &Node, value: &mut Node) {
    match &mut value.value {
        Value::Mapping(entries) => {
            for field in schema.get("properties").and_then(Node::as_mapping).unwrap_or_default() {
                let nullable = matches!(field.value.get("nullable").map(|node| &node.value), Some(Value::Bool(true)));
                let missing =
                    |entry: &Entry| entry.key.name == field.key.name && (entry.value.value != Value::Null || nullable);
                if let (Some(default), false) = (field.value.get("default"), entries.iter().any(missing)) {
                    entries.retain(|entry| entry.key.name != field.key.name);
                    entries.push(Entry { key: field.key.clone(), value: default.clone() });
                }
            }
            for entry in entries {
                let own = at(schema, &["properties", &entry.key.name]);
                if let Some(schema) = own.or_else(|| schema.get("additionalProperties")) {
                    default_into(schema, &mut entry.value);
                }
            }
        }
        Value::Sequence(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| default_into(schema, item));
            }
        }
        _ => {}
    }
}

fn match_schema() -> Json {
    let strings = json!({"type": "array", "items": {"type": "string"}});
    let names = json!({"type": "array", "items": {"type": "string", "pattern": r"^\*?[-:a-z0-9]*\*?$"}});
    let selector = json!({"type": "object", "properties": {
        "matchLabels": {"type": "object", "additionalProperties": {"type": "string"}},
        "matchExpressions": {"type": "array", "items": {
            "type": "object",
            "required": ["key", "operator"],
            "properties": {
                "key": {"type": "string"},
                "operator": {"type": "string", "enum": ["In", "NotIn", "Exists", "DoesNotExist"]},
                "values": strings.clone()}}}}});
    json!({"type": "object", "properties": {
        "kinds": {"type": "array", "items": {"type": "object", "properties": {
            "apiGroups": strings.clone(), "kinds": strings}}},
        "namespaces": names.clone(),
        "excludedNamespaces": names,
        "labelSelector": selector.clone(),
        "namespaceSelector": selector,
        "scope": {"type": "string"},
        "name": {"type": "string", "pattern": r"^\*?[-:a-z0-9]*\*?$"},
        "source": {"type": "string", "enum": ["All", "Generated", "Original"]}}})
}

fn scoped_schema() -> Json {
    json!({"type": "array", "items": {"type": "object", "properties": {
        "action": {"type": "string"},
        "enforcementPoints": {"type": "array", "items": {
            "type": "object", "properties": {"name": {"type": "string"}}}}}}})
}

fn object(fields: Vec<(&str, Node)>) -> Node {
    Node::synthetic(Value::Mapping(fields.into_iter().map(|(name, value)| entry(name, value)).collect()))
}

fn entry(name: &str, value: Node) -> Entry {
    Entry { key: Key { span: Span::default(), name: name.into() }, value }
}

fn text(text: &str) -> Node {
    Node::synthetic(Value::String(text.into()))
}
