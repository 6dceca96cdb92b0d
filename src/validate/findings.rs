//! Findings: the validator's errors as diagnostics, worded for people and placed where the text is wrong.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as JsonValue;

use super::branches::{self, Closest};
use super::compile::{Compiled, LIST_MAP_KEYS, WRITTEN_PATTERN};
use super::words::{self, found, name};
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{Manifest, Node, Pointer};

/// How deep alternatives inside alternatives are followed.
const DEPTH: usize = 8;

/// Everything the schema holds against a manifest, in the order of its text.
pub(super) fn findings(manifest: &Manifest, schema: &Compiled) -> Vec<Diagnostic> {
    let mut reporter = Reporter { manifest, schema, renames: Vec::new(), diagnostics: Vec::new() };
    for error in schema.errors(&manifest.root) {
        reporter.report(&error, 0);
    }
    let Reporter { renames, mut diagnostics, .. } = reporter;
    // one slip is one finding: the field that is missing is the one whose name was meant
    let renamed = |diagnostic: &Diagnostic| renames.iter().any(|name| diagnostic.pointer == Some(name.to_string()));
    diagnostics.retain(|diagnostic| diagnostic.rule != rules::MISSING_FIELD || !renamed(diagnostic));
    let span = |diagnostic: &Diagnostic| diagnostic.primary.as_ref().map(|label| label.location.span);
    diagnostics
        .sort_by(|a, b| (span(a), &a.pointer, &a.rule, &a.message).cmp(&(span(b), &b.pointer, &b.rule, &b.message)));
    diagnostics.dedup_by(|a, b| a.rule == b.rule && a.pointer == b.pointer && a.message == b.message);
    diagnostics
}

/// Words errors, one after another.
pub(super) struct Reporter<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) schema: &'a Compiled,
    /// Fields that are missing because they are misspelt.
    pub(super) renames: Vec<Pointer>,
    diagnostics: Vec<Diagnostic>,
}

/// A value that is wrong, with the names messages call it by.
pub(super) struct Culprit<'a> {
    pub(super) pointer: Pointer,
    pub(super) node: &'a Node,
    pub(super) name: String,
    pub(super) found: String,
}

impl<'a> Reporter<'a> {
    fn report(&mut self, error: &ValidationError<'_>, depth: usize) {
        let culprit = self.culprit(error);
        let node = culprit.node;
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
            Kind::Pattern { pattern } => {
                let written = self.schema.beside(error.schema_path().as_str(), WRITTEN_PATTERN);
                self.wrong_pattern(&culprit, written.and_then(JsonValue::as_str).unwrap_or(pattern));
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                self.no_branch(&culprit, error, context, depth);
            }
            Kind::OneOfMultipleValid { .. } => self.many_branches(&culprit, error.schema_path().as_str()),
            Kind::UniqueItems => self.repeated_value(&culprit),
            Kind::Custom { keyword, message } if keyword == LIST_MAP_KEYS => {
                self.repeated_key(&culprit, error.schema_path().as_str(), message);
            }
            Kind::Not { schema } => self.forbidden(&culprit, schema),
            kind => {
                if !self.beyond_limit(&culprit, kind) {
                    let message = format!("{} does not fit its schema: {}", culprit.name, error.masked());
                    self.violation(&culprit, message, "refused by the schema", None);
                }
            }
        }
    }

    fn culprit(&self, error: &ValidationError<'_>) -> Culprit<'a> {
        let pointer = Pointer::parse(error.instance_path().as_str());
        let manifest = self.manifest;
        let node = pointer.resolve(&manifest.root).unwrap_or(&manifest.root);
        Culprit { name: name(manifest, &pointer), found: found(manifest, node), pointer, node }
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
            Closest::Choices(error, choices) => {
                let culprit = self.culprit(error);
                self.not_an_option(&culprit, &choices);
            }
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

    /// A value that breaks a rule of its schema.
    pub(super) fn violation(
        &mut self,
        culprit: &Culprit<'_>,
        message: String,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        let diagnostic = Diagnostic::error(rules::SCHEMA_VIOLATION, message);
        let place = words::place(self.manifest, &culprit.pointer);
        let mut diagnostic = match words::placeholder(culprit.node) {
            true => diagnostic.at(place, "a placeholder that nothing has filled in").help("give it a value"),
            false => diagnostic.at(place, label),
        };
        diagnostic.help = diagnostic.help.or(help);
        self.push(diagnostic, &culprit.pointer);
    }

    /// Adds a finding.
    pub(super) fn push(&mut self, diagnostic: Diagnostic, pointer: &Pointer) {
        self.diagnostics.push(diagnostic.object(&self.manifest.object).pointer(pointer.to_string()));
    }
}

fn key_name(key: &JsonValue) -> Option<&str> {
    match key {
        JsonValue::Object(defaults) => defaults.keys().next().map(String::as_str),
        key => key.as_str(),
    }
}
