//! CRDs: the kinds that a CustomResourceDefinition defines, and the schema of each version.

use std::sync::Arc;

use jsonschema::Draft;
use serde_json::Value as JsonValue;

use super::compile::Compiled;
use super::convert::{self, Unlisted};
use super::kubernetes::Minor;
use super::rules::scope::Scope;
use super::{intern, re2};
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{Gvk, Manifest, Node, Pointer, Value};
use crate::source::Location;
use crate::tree::Digest;

/// The definition of an object's metadata in the embedded pack.
const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// What one CRD defines.
pub(super) struct Definition {
    pub(super) group: Box<str>,
    pub(super) kind: Box<str>,
    pub(super) versions: Vec<Version>,
    /// `None` if it is neither of the two: its own schema says so.
    pub(super) scope: Option<Scope>,
    /// Its versions, for messages that point at them.
    pub(super) location: Location,
    pub(super) digest: Digest,
}

/// One version of a CRD.
pub(super) struct Version {
    pub(super) name: Box<str>,
    pub(super) served: bool,
    /// `None` if the schema is broken, which is reported where it stands.
    pub(super) schema: Option<Arc<Compiled>>,
}

impl Definition {
    /// The versions that the API server would serve.
    pub(super) fn served(&self) -> impl Iterator<Item = &str> {
        self.versions.iter().filter(|version| version.served).map(|version| &*version.name)
    }

    /// A version as a kind.
    pub(super) fn gvk(&self, version: &Version) -> Gvk {
        Gvk { group: self.group.clone(), version: version.name.clone(), kind: self.kind.clone() }
    }
}

/// Whether the manifest is a CRD.
#[must_use]
pub fn is_crd(manifest: &Manifest) -> bool {
    let gvk = &manifest.object.gvk;
    &*gvk.group == "apiextensions.k8s.io" && &*gvk.kind == "CustomResourceDefinition"
}

/// Reads a CRD. `None` if it names no group or kind: its own schema says so.
pub(super) fn read(manifest: &Manifest, minor: &Minor, diagnostics: &mut Vec<Diagnostic>) -> Option<Definition> {
    let spec = manifest.root.get("spec")?;
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(Box::<str>::from);
    let digest = Digest::of(manifest.root.to_json().to_string().as_bytes());
    let reader = Reader { manifest, minor, unlisted: unlisted(manifest, spec), digest };
    let (group, kind) = (text(spec, "group")?, text(spec.get("names")?, "kind")?);
    let listed = spec.get("versions").and_then(Node::as_sequence).unwrap_or_default();
    let mut versions: Vec<_> = listed
        .iter()
        .enumerate()
        .filter_map(|(index, version)| {
            let name = text(version, "name")?;
            let served = !matches!(version.get("served").map(|served| &served.value), Some(Value::Bool(false)));
            let schema = reader.schema(index, version, spec, &kind, &name, diagnostics);
            Some(Version { name, served, schema })
        })
        .collect();
    if let (true, Some(name)) = (listed.is_empty(), text(spec, "version")) {
        let schema = reader.single_schema(spec, &kind, &name, diagnostics);
        versions.push(Version { name, served: true, schema });
    }
    let scope = match spec.get("scope").and_then(Node::as_str) {
        Some("Namespaced") => Some(Scope::Namespaced),
        Some("Cluster") => Some(Scope::Cluster),
        _ => None,
    };
    let pointer = Pointer::from_parts(["spec", if listed.is_empty() { "version" } else { "versions" }]);
    Some(Definition { group, kind, versions, scope, location: manifest.locate(&pointer), digest })
}

/// The old CRDs keep unknown fields unless they say otherwise.
fn unlisted(manifest: &Manifest, spec: &Node) -> Unlisted {
    let preserve = spec.get("preserveUnknownFields").map(|node| &node.value);
    let old = &*manifest.object.gvk.version == "v1beta1";
    match preserve {
        Some(Value::Bool(false)) => Unlisted::Refused,
        Some(Value::Bool(true)) => Unlisted::Kept,
        _ if old => Unlisted::Kept,
        _ => Unlisted::Refused,
    }
}

struct Reader<'a> {
    manifest: &'a Manifest,
    minor: &'a Minor,
    unlisted: Unlisted,
    /// Of the whole CRD.
    digest: Digest,
}

impl Reader<'_> {
    /// The schema of one of `spec.versions`, or the one for all of them.
    fn schema(
        &self,
        index: usize,
        version: &Node,
        spec: &Node,
        kind: &str,
        name: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Compiled>> {
        if let Some(schema) = version.get("schema").and_then(|schema| schema.get("openAPIV3Schema")) {
            let index = index.to_string();
            let pointer = Pointer::from_parts(["spec", "versions", &index, "schema", "openAPIV3Schema"]);
            return self.compile(schema, pointer, kind, name, diagnostics);
        }
        if &*self.manifest.object.gvk.version == "v1beta1" {
            return self.single_schema(spec, kind, name, diagnostics);
        }
        let pointer = Pointer::from_parts(["spec", "versions", &index.to_string(), "name"]);
        diagnostics.push(self.broken(pointer, kind, name, "it has no `schema.openAPIV3Schema`"));
        None
    }

    /// `spec.validation` of the old CRDs; without one they accept anything.
    fn single_schema(
        &self,
        spec: &Node,
        kind: &str,
        name: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Compiled>> {
        let open = Node::synthetic(Value::Mapping(Vec::new()));
        let schema = spec.get("validation").and_then(|validation| validation.get("openAPIV3Schema")).unwrap_or(&open);
        let pointer = Pointer::from_parts(["spec", "validation", "openAPIV3Schema"]);
        self.compile(schema, pointer, kind, name, diagnostics)
    }

    fn compile(
        &self,
        schema: &Node,
        pointer: Pointer,
        kind: &str,
        name: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Compiled>> {
        if let Some(reference) = find_reference(schema, pointer.clone()) {
            diagnostics.push(self.broken(reference, kind, name, "a CRD may not use `$ref`"));
            return None;
        }
        let key = format!("{} {pointer} {}", self.digest, self.minor.name);
        let compiled = intern::find_or_build(Digest::of(key.as_bytes()), || {
            let converted = resource(&schema.to_json(), self.unlisted, self.minor);
            self.minor.compile(Arc::new(converted), Draft::Draft202012)
        });
        match compiled {
            Ok(compiled) => Some(compiled),
            Err(error) => {
                let parts = written(error.instance_path().as_str());
                let place = Pointer::from_parts(pointer.parts().iter().chain(parts.parts()).cloned());
                let reason = self.reason(&place).unwrap_or_else(|| error.to_string());
                diagnostics.push(self.broken(place, kind, name, &reason));
                None
            }
        }
    }

    /// Why a keyword is refused, in the words of the CRD and not of what it was converted to.
    fn reason(&self, pointer: &Pointer) -> Option<String> {
        let node = pointer.resolve(&self.manifest.root)?;
        let keyword = pointer.parts().iter().rev().find(|part| part.parse::<usize>().is_err())?;
        let written = self.manifest.source.slice(node.span);
        Some(match (&node.value, keyword.as_str()) {
            (Value::String(text), "pattern") => match re2::translate(text) {
                Err(reason) => format!("`{text}` is no regular expression of RE2: {reason}"),
                Ok(_) => format!("`{text}` is no regular expression"),
            },
            (Value::Mapping(_) | Value::Sequence(_), _) => format!("`{keyword}` cannot be {}", node.kind_name()),
            _ if written.is_empty() => format!("`{keyword}` cannot be {}", node.kind_name()),
            _ => format!("`{keyword}` cannot be `{written}`"),
        })
    }

    fn broken(&self, pointer: Pointer, kind: &str, version: &str, reason: &str) -> Diagnostic {
        Diagnostic::error(rules::BROKEN_SCHEMA, format!("the schema of `{kind}` `{version}` cannot be used: {reason}"))
            .at(self.manifest.locate(&pointer), "nothing can be checked against this")
            .help("correct the CRD")
            .object(&self.manifest.object)
            .pointer(pointer.to_string())
    }
}

/// Where a keyword of the converted schema is written: rules on values that may be null stand in an `else` of ours.
fn written(path: &str) -> Pointer {
    let parts = Pointer::parse(path);
    let rules = ["allOf", "anyOf", "oneOf", "not"];
    let ours = |index: usize| {
        let next = parts.parts().get(index + 1);
        parts.parts()[index] == "else" && next.is_some_and(|next| rules.contains(&next.as_str()))
    };
    Pointer::from_parts(parts.parts().iter().enumerate().filter(|(index, _)| !ours(*index)).map(|(_, part)| part))
}

/// A CRD's schema, or one in a file that follows the same rules, as JSON schema.
pub(super) fn resource(schema: &JsonValue, unlisted: Unlisted, minor: &Minor) -> JsonValue {
    convert::resource(schema, unlisted, &minor.reference(OBJECT_META))
}

/// The first `$ref` that stands where a keyword stands, and not as a field's name.
fn find_reference(schema: &Node, pointer: Pointer) -> Option<Pointer> {
    if schema.get("$ref").is_some_and(|target| target.as_str().is_some()) {
        return Some(pointer.child("$ref"));
    }
    schema.as_mapping().unwrap_or_default().iter().find_map(|entry| {
        let place = || pointer.child(&*entry.key.name);
        match (&*entry.key.name, &entry.value.value) {
            ("properties", Value::Mapping(fields)) => {
                fields.iter().find_map(|field| find_reference(&field.value, place().child(&*field.key.name)))
            }
            ("items" | "additionalProperties" | "not", _) => find_reference(&entry.value, place()),
            ("allOf" | "anyOf" | "oneOf", Value::Sequence(branches)) => branches
                .iter()
                .enumerate()
                .find_map(|(index, branch)| find_reference(branch, place().child(index.to_string()))),
            _ => None,
        }
    })
}
