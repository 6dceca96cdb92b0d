//! Findings: the validator's errors as diagnostics, worded for people and placed where the text is wrong.

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{JsonType, ValidationError};
use serde_json::Value as JsonValue;

use super::branches::{self, Closest};
use super::compile::{Compiled, LIST_MAP_KEYS};
use super::formats;
use super::words::{self, count, found, literal, name, wanted};
use crate::diagnostic::{Diagnostic, did_you_mean, rules};
use crate::manifest::{Manifest, Node, Pointer, Value};

/// How deep alternatives inside alternatives are followed.
const DEPTH: usize = 8;

/// Everything the schema holds against a manifest, in the order of its text.
pub(super) fn findings(manifest: &Manifest, schema: &Compiled) -> Vec<Diagnostic> {
    let mut reporter = Reporter { manifest, schema, diagnostics: Vec::new() };
    for error in schema.errors(&manifest.root) {
        reporter.report(&error, 0);
    }
    let mut diagnostics = reporter.diagnostics;
    let span = |diagnostic: &Diagnostic| diagnostic.primary.as_ref().map(|label| label.location.span);
    diagnostics
        .sort_by(|a, b| (span(a), &a.pointer, &a.rule, &a.message).cmp(&(span(b), &b.pointer, &b.rule, &b.message)));
    diagnostics.dedup_by(|a, b| a.rule == b.rule && a.pointer == b.pointer && a.message == b.message);
    diagnostics
}

struct Reporter<'a> {
    manifest: &'a Manifest,
    schema: &'a Compiled,
    diagnostics: Vec<Diagnostic>,
}

/// A value that is wrong, with the names messages call it by.
struct Culprit<'a> {
    pointer: Pointer,
    node: &'a Node,
    name: String,
    found: String,
}

impl<'a> Reporter<'a> {
    fn report(&mut self, error: &ValidationError<'_>, depth: usize) {
        let pointer = Pointer::parse(error.instance_path().as_str());
        let manifest = self.manifest;
        let node = pointer.resolve(&manifest.root).unwrap_or(&manifest.root);
        let culprit = Culprit { name: name(manifest, &pointer), found: found(manifest, node), pointer, node };
        match error.kind() {
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                let path = error.schema_path().as_str();
                unexpected.iter().for_each(|field| self.unknown_field(&culprit, field, path));
            }
            // what is left of `additionalProperties: false` beside no `properties` at all
            Kind::FalseSchema if error.schema_path().as_str().ends_with("/additionalProperties") => {
                let fields = node.as_mapping().unwrap_or_default();
                fields.iter().for_each(|field| self.unknown_field(&culprit, &field.key.name, ""));
            }
            Kind::Required { property } => {
                self.missing_field(&culprit, &[property.as_str().unwrap_or_default().to_owned()]);
            }
            Kind::Type { kind } => self.wrong_type(&culprit, &branches::types(kind)),
            Kind::Enum { options } => {
                let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
                self.not_an_option(&culprit, options);
            }
            Kind::Constant { expected_value } => {
                self.not_an_option(&culprit, std::slice::from_ref(expected_value.as_ref()));
            }
            Kind::Format { format } => self.wrong_format(&culprit, format),
            Kind::Pattern { pattern } => self.wrong_pattern(&culprit, pattern),
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                self.no_branch(&culprit, error, context, depth);
            }
            Kind::OneOfMultipleValid { .. } => self.many_branches(&culprit, error.schema_path().as_str()),
            Kind::UniqueItems => self.repeated_value(&culprit),
            Kind::Custom { keyword, message } if keyword == LIST_MAP_KEYS => {
                self.repeated_key(&culprit, error.schema_path().as_str(), message);
            }
            other => match limit(&culprit, other) {
                Some(message) => self.violation(&culprit, message, "outside the limits", None),
                None => {
                    let message = format!("{} does not fit its schema: {}", culprit.name, error.masked());
                    self.violation(&culprit, message, "refused by the schema", None);
                }
            },
        }
    }

    fn unknown_field(&mut self, parent: &Culprit<'_>, field: &str, schema_path: &str) {
        if self.is_sops(&parent.pointer, field) {
            return;
        }
        let unused = self.schema.properties(schema_path).filter(|known| parent.node.get(known).is_none());
        let meant = did_you_mean(field, unused);
        let pointer = parent.pointer.child(field);
        let location = words::key(self.manifest, &pointer).unwrap_or_else(|| self.manifest.locate(&pointer));
        let written = self.manifest.source.slice(location.span).trim_matches(['"', '\'']).to_owned();
        let reread = !written.is_empty() && written != field && matches!(field, "true" | "false");
        let name = if reread { &written } else { field };
        let diagnostic = Diagnostic::error(rules::UNKNOWN_FIELD, format!("`{name}` is not a field of {}", parent.name));
        let diagnostic = match meant {
            Some(meant) => {
                diagnostic.at(location, format!("did you mean `{meant}`?")).help(format!("rename it to `{meant}`"))
            }
            None => {
                let reading = reread.then(|| format!("YAML reads `{written}` as `{field}`"));
                diagnostic
                    .at(location, reading.unwrap_or_else(|| "unknown field".to_owned()))
                    .help("remove it, or move it to where it belongs")
            }
        };
        self.push(diagnostic, &pointer);
    }

    /// SOPS adds its own field to the Secrets it encrypts; whoever decrypts them takes it away again.
    fn is_sops(&self, parent: &Pointer, field: &str) -> bool {
        field == "sops" && parent.parts().is_empty() && self.is_encrypted()
    }

    fn is_encrypted(&self) -> bool {
        self.manifest.is_secret() && self.manifest.root.get("sops").is_some_and(|sops| sops.as_mapping().is_some())
    }

    fn missing_field(&mut self, parent: &Culprit<'_>, fields: &[String]) {
        let names: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
        let (message, pointer) = match names.as_slice() {
            [field] => (format!("{field} is missing in {}", parent.name), parent.pointer.child(&*fields[0])),
            _ => (format!("{} needs {}", parent.name, words::either(&names)), parent.pointer.clone()),
        };
        let either = words::either(&names);
        let diagnostic = Diagnostic::error(rules::MISSING_FIELD, message)
            .at(words::place(self.manifest, &parent.pointer), format!("needs {either}"))
            .help(format!("add {either}"));
        self.push(diagnostic, &pointer);
    }

    fn wrong_type(&mut self, culprit: &Culprit<'_>, types: &[JsonType]) {
        let wanted = wanted(types.iter().copied());
        let message = format!("{} must be {wanted}, found {}", culprit.name, culprit.found);
        let label = self.reading(culprit.node).unwrap_or_else(|| format!("expected {wanted}"));
        let help = self.type_help(culprit.node, types);
        self.violation(culprit, message, label, help);
    }

    /// `yes` is a boolean, `0644` the integer 420: said where the text does not look like what it means.
    fn reading(&self, node: &Node) -> Option<String> {
        let meaning = match &node.value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            _ => return None,
        };
        let written = self.written(node)?;
        (written != meaning).then(|| format!("YAML reads `{written}` as {} ({meaning})", node.kind_name()))
    }

    /// A scalar as it is written, if it may be shown and is short.
    fn written(&self, node: &Node) -> Option<&'a str> {
        let written = self.manifest.source.slice(node.span);
        let short = !written.is_empty() && written.len() <= 40 && !written.contains('\n');
        (short && !self.manifest.is_secret()).then_some(written)
    }

    fn type_help(&self, node: &Node, types: &[JsonType]) -> Option<String> {
        let wants = |kind: JsonType| types.contains(&kind);
        match &node.value {
            Value::Null => Some("give it a value, or remove it".to_owned()),
            Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) if wants(JsonType::String) => {
                Some(match self.written(node) {
                    Some(written) => format!("put it in quotes: `\"{written}\"`"),
                    None => "put it in quotes".to_owned(),
                })
            }
            Value::String(text) if wants(JsonType::Integer) || wants(JsonType::Number) => {
                text.parse::<f64>().is_ok().then(|| "remove the quotes".to_owned())
            }
            Value::String(text) if wants(JsonType::Boolean) => {
                matches!(&**text, "true" | "false").then(|| "remove the quotes".to_owned())
            }
            Value::Mapping(_) if wants(JsonType::Array) => Some("write a list: begin each item with `- `".to_owned()),
            Value::Sequence(_) if wants(JsonType::Object) => Some("write keys and values without `- `".to_owned()),
            _ if wants(JsonType::Array) => Some("write a list: begin each item with `- `".to_owned()),
            _ => None,
        }
    }

    fn not_an_option(&mut self, culprit: &Culprit<'_>, options: &[JsonValue]) {
        let options: Vec<_> = options.iter().filter(|option| !option.is_null()).collect();
        let names: Vec<_> = options.iter().map(|option| literal(option)).collect();
        let message = format!("{} must be {}, found {}", culprit.name, words::either(&names), culprit.found);
        let texts = options.iter().filter_map(|option| option.as_str());
        let meant = culprit.node.as_str().and_then(|text| did_you_mean(text, texts));
        let label =
            meant.map_or_else(|| "not one of the choices".to_owned(), |meant| format!("did you mean `{meant}`?"));
        let help = meant.map(|meant| format!("write `{meant}`"));
        self.violation(culprit, message, label, help);
    }

    fn wrong_format(&mut self, culprit: &Culprit<'_>, format: &str) {
        // what SOPS encrypted is no base64 until it is decrypted
        if self.is_encrypted() && culprit.node.as_str().is_some_and(|text| text.starts_with("ENC[")) {
            return;
        }
        let (wanted, example) = formats::describe(format).unwrap_or((format, ""));
        let message = format!("{} must be {wanted}, found {}", culprit.name, culprit.found);
        let help = (!example.is_empty()).then(|| format!("write it like {example}"));
        self.violation(culprit, message, format!("not {wanted}"), help);
    }

    fn wrong_pattern(&mut self, culprit: &Culprit<'_>, pattern: &str) {
        // the pattern that controller-gen writes for quantities
        if pattern.contains("[KMGTPE]i") {
            return self.wrong_format(culprit, "quantity");
        }
        let message = format!("{} must match `{pattern}`, found {}", culprit.name, culprit.found);
        self.violation(culprit, message, "does not match the pattern", None);
    }

    fn no_branch(
        &mut self,
        culprit: &Culprit<'_>,
        error: &ValidationError<'_>,
        branches: &[Vec<ValidationError<'static>>],
        depth: usize,
    ) {
        match branches::closest(error.instance_path().as_str(), branches) {
            Closest::Types(types) => self.wrong_type(culprit, &types.into_iter().collect::<Vec<_>>()),
            Closest::OneField(fields) => self.missing_field(culprit, &fields),
            Closest::Branch(errors) if depth < DEPTH => errors.iter().for_each(|error| self.report(error, depth + 1)),
            Closest::Branch(_) | Closest::Nothing => {
                let message = format!("{} has none of the forms its schema allows", culprit.name);
                self.violation(culprit, message, "fits no alternative", None);
            }
        }
    }

    fn many_branches(&mut self, culprit: &Culprit<'_>, schema_path: &str) {
        let branches = self.schema.keyword(schema_path).and_then(JsonValue::as_array);
        let required = branches.into_iter().flatten().filter_map(|branch| branch.get("required")?.as_array());
        let fields = required.flatten().filter_map(JsonValue::as_str).filter(|field| culprit.node.get(field).is_some());
        let mut names: Vec<_> = fields.map(|field| format!("`{field}`")).collect();
        names.dedup();
        let (message, help) = if names.len() > 1 {
            let message = format!("{} may have only one of {}", culprit.name, words::either(&names));
            (message, Some("remove all but one".to_owned()))
        } else {
            (format!("{} fits more than one of the forms its schema tells apart", culprit.name), None)
        };
        self.violation(culprit, message, "not both at once", help);
    }

    fn repeated_value(&mut self, culprit: &Culprit<'_>) {
        let items = culprit.node.as_sequence().unwrap_or_default();
        let same = |index: usize| items[..index].iter().any(|before| before.same_meaning(&items[index]));
        let index = (0..items.len()).find(|index| same(*index)).unwrap_or_default();
        let message = format!("{} holds a value twice", culprit.name);
        self.repeated(culprit, index, message);
    }

    fn repeated_key(&mut self, culprit: &Culprit<'_>, schema_path: &str, index: &str) {
        let index = index.parse().unwrap_or_default();
        let keys = self.schema.keyword(schema_path).and_then(JsonValue::as_array);
        let names: Vec<_> = keys.into_iter().flatten().filter_map(key_name).map(|key| format!("`{key}`")).collect();
        let message = format!("{} has two items with the same {}", culprit.name, names.join(" and "));
        self.repeated(culprit, index, message);
    }

    fn repeated(&mut self, culprit: &Culprit<'_>, index: usize, message: String) {
        let pointer = culprit.pointer.child(index.to_string());
        let diagnostic = Diagnostic::error(rules::SCHEMA_VIOLATION, message)
            .at(words::place(self.manifest, &pointer), "repeated here")
            .help("remove one of the two");
        self.push(diagnostic, &pointer);
    }

    fn violation(&mut self, culprit: &Culprit<'_>, message: String, label: impl Into<String>, help: Option<String>) {
        let mut diagnostic = Diagnostic::error(rules::SCHEMA_VIOLATION, message)
            .at(words::place(self.manifest, &culprit.pointer), label);
        diagnostic.help = help;
        self.push(diagnostic, &culprit.pointer);
    }

    fn push(&mut self, diagnostic: Diagnostic, pointer: &Pointer) {
        self.diagnostics.push(diagnostic.object(&self.manifest.object).pointer(pointer.to_string()));
    }
}

fn key_name(key: &JsonValue) -> Option<&str> {
    match key {
        JsonValue::Object(defaults) => defaults.keys().next().map(String::as_str),
        key => key.as_str(),
    }
}

/// The message for a value beyond a limit.
fn limit(culprit: &Culprit<'_>, kind: &Kind) -> Option<String> {
    let demand = match kind {
        Kind::Minimum { limit } => format!("at least {limit}"),
        Kind::Maximum { limit } => format!("at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("at least {} long", count(*limit, "character")),
        Kind::MaxLength { limit } => format!("at most {} long", count(*limit, "character")),
        _ => return held(culprit, kind).map(|held| format!("{} must have {held}", culprit.name)),
    };
    Some(format!("{} must be {demand}, found {}", culprit.name, culprit.found))
}

fn held(culprit: &Culprit<'_>, kind: &Kind) -> Option<String> {
    let items = culprit.node.as_sequence().map_or(0, <[_]>::len);
    let fields = culprit.node.as_mapping().map_or(0, <[_]>::len);
    Some(match kind {
        Kind::MinItems { limit } => format!("at least {}, found {items}", count(*limit, "item")),
        Kind::MaxItems { limit } => format!("at most {}, found {items}", count(*limit, "item")),
        Kind::MinProperties { limit } => format!("at least {}, found {fields}", count(*limit, "entry")),
        Kind::MaxProperties { limit } => format!("at most {}, found {fields}", count(*limit, "entry")),
        _ => return None,
    })
}
