//! Shape: compares `hydrant.yaml` with its own JSON schema, so that every misspelt key and wrong type has its place.
//!
//! serde stops at the first error and knows places only roughly. This check goes on, and says which values to leave out
//! so that the rest of the file can still be looked at.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value as Schema;

use crate::diagnostic::{Diagnostic, RuleId, did_you_mean, rules};
use crate::manifest::{Entry, Node, Value};
use crate::source::{Location, Source, Span};

/// What is wrong with the shape of the file, and the paths of what has to be left out to read the rest.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) left_out: Vec<Vec<String>>,
}

/// Compares the file with the schema of `hydrant.yaml`.
pub(super) fn check(source: &Arc<Source>, root: &Node) -> Faults {
    let schema = super::schema::schema();
    let mut walk = Walk { source, schema: &schema, path: Vec::new(), faults: Faults::default() };
    walk.value(&schema, root);
    walk.faults
}

struct Walk<'a> {
    source: &'a Arc<Source>,
    schema: &'a Schema,
    /// Keys and indices from the top to the value that is looked at.
    path: Vec<String>,
    faults: Faults,
}

impl<'a> Walk<'a> {
    fn value(&mut self, schema: &'a Schema, node: &Node) {
        let schema = self.resolve(schema);
        if let Some(choices) = schema["oneOf"].as_array() {
            return self.choice(choices, node);
        }
        match (schema["type"].as_str().unwrap_or_default(), &node.value) {
            ("object", Value::Mapping(entries)) => self.mapping(schema, node, entries),
            ("array", Value::Sequence(items)) => self.sequence(schema, node, items),
            ("string", Value::String(_))
            | ("integer", Value::Int(_) | Value::UInt(_))
            | ("boolean", Value::Bool(_)) => {}
            _ => self.wrong_type(schema, node),
        }
    }

    fn resolve(&self, schema: &'a Schema) -> &'a Schema {
        let target = schema["$ref"].as_str().and_then(|reference| self.schema.pointer(reference.strip_prefix('#')?));
        target.unwrap_or(schema)
    }

    fn mapping(&mut self, schema: &'a Schema, node: &Node, entries: &[Entry]) {
        let known = schema["properties"].as_object();
        let mut meant = Vec::new();
        for entry in entries {
            self.path.push(entry.key.name.to_string());
            match known.and_then(|known| known.get(&*entry.key.name)) {
                Some(property) => self.value(property, &entry.value),
                None if schema["additionalProperties"].is_object() => {
                    self.value(&schema["additionalProperties"], &entry.value);
                }
                None => {
                    let names =
                        known.into_iter().flat_map(|known| known.keys().map(String::as_str)).collect::<Vec<_>>();
                    meant.extend(self.unknown_key(entry, node, &names));
                }
            }
            self.path.pop();
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Schema::as_str) {
            // a misspelt key is reported as such, not a second time as a missing one
            if node.get(name).is_none() && !meant.contains(&name) {
                self.missing_key(name, node);
            }
        }
        if entries.is_empty() && schema["minProperties"] == 1 {
            self.empty(node, "name at least one");
        }
    }

    fn sequence(&mut self, schema: &'a Schema, node: &Node, items: &[Node]) {
        let pair = schema["prefixItems"].as_array();
        if pair.is_some_and(|pair| pair.len() != items.len()) {
            return self.wrong_type(schema, node);
        }
        if items.is_empty() && schema["minItems"] == 1 {
            return self.empty(node, "list at least one");
        }
        for (index, item) in items.iter().enumerate() {
            self.path.push(index.to_string());
            self.value(pair.map_or(&schema["items"], |pair| &pair[index]), item);
            self.path.pop();
        }
    }

    fn choice(&mut self, choices: &'a [Schema], node: &Node) {
        let names: Vec<&str> = choices.iter().filter_map(|choice| choice["const"].as_str()).collect();
        let written = self.written(node.span);
        if node.as_str().is_some_and(|text| names.contains(&text)) {
            return;
        }
        let near = node.as_str().and_then(|text| did_you_mean(text, names.iter().copied()));
        let help = match (near, names.as_slice()) {
            (Some(name), _) => format!("did you mean `{name}`?"),
            (None, [only]) => format!("write `{only}`"),
            (None, names) => format!("write one of {}", list(names)),
        };
        let message = match &node.value {
            Value::Null => format!("`{}` has no value", self.place()),
            Value::Mapping(_) | Value::Sequence(_) => {
                format!("`{}` must be one word, not {}", self.place(), node.kind_name())
            }
            _ => format!("`{written}` is not a choice for `{}`", self.place()),
        };
        self.report(rules::CONFIG_TYPE, message, node.span, "not one of the choices", help);
        self.leave_out();
    }

    fn wrong_type(&mut self, schema: &Schema, node: &Node) {
        let wanted = wanted(schema);
        let (message, label) = match &node.value {
            Value::Null => (format!("`{}` has no value", self.place()), format!("{wanted} belongs here")),
            Value::Sequence(items) if schema["prefixItems"].is_array() => {
                (format!("`{}` must be {wanted}, not a list of {}", self.place(), items.len()), "not a pair".to_owned())
            }
            _ => (
                format!("`{}` must be {wanted}, not {}", self.place(), node.kind_name()),
                format!("this is {}", node.kind_name()),
            ),
        };
        let help = self.way_out(schema, node);
        self.report(rules::CONFIG_TYPE, message, node.span, label, help);
        self.leave_out();
    }

    /// What to write instead, shown on the value that is there.
    fn way_out(&self, schema: &Schema, node: &Node) -> String {
        let written = self.written(node.span);
        let short = !written.is_empty() && written.len() <= 60 && !written.contains('\n');
        let scalar = !matches!(node.value, Value::Null | Value::Mapping(_) | Value::Sequence(_));
        match schema["type"].as_str() {
            Some("string") if scalar && short => format!("write it in quotes: `\"{written}\"`"),
            Some("array") if scalar && short && schema["prefixItems"].is_null() => {
                format!("write it as a list: `[{written}]`")
            }
            Some("array") if schema["prefixItems"].is_array() => "write a pair, such as `[\"[[\", \"]]\"]`".to_owned(),
            Some("array") => "write a list: `[…]`".to_owned(),
            Some("object") if matches!(node.value, Value::Null) => "write `{}` if all defaults are meant".to_owned(),
            Some("boolean") => "write `true` or `false`".to_owned(),
            Some("integer") => "write a number without quotes".to_owned(),
            _ if matches!(node.value, Value::Null) => "give it a value, or remove the key".to_owned(),
            _ => format!("write {}", wanted(schema)),
        }
    }

    fn unknown_key(&mut self, entry: &Entry, parent: &Node, names: &[&'a str]) -> Option<&'a str> {
        let wanted = &*entry.key.name;
        let unused = names.iter().copied().filter(|name| parent.get(name).is_none());
        let meant = did_you_mean(wanted, unused);
        let help = match meant {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("the keys known here are {}", list(names)),
        };
        let whole = self.path.clone();
        self.path.pop();
        let owner = if self.path.is_empty() { "hydrant.yaml".to_owned() } else { self.place() };
        let message = format!("`{wanted}` is not a key of `{owner}`");
        self.report(rules::CONFIG_UNKNOWN_KEY, message, entry.key.span, "not known", help);
        self.path = whole;
        self.leave_out();
        meant
    }

    fn missing_key(&mut self, name: &str, node: &Node) {
        let owner = if self.path.is_empty() { "hydrant.yaml".to_owned() } else { self.place() };
        let (label, help) = match name {
            "version" => ("before this", "begin the file with `version: 1`".to_owned()),
            "environments" => ("here", "name at least one: `environments: { dev: {} }`".to_owned()),
            "apps" => ("here", "list at least one: `apps: [{ path: apps/* }]`".to_owned()),
            _ => ("here", format!("add `{name}: …`")),
        };
        self.report(rules::CONFIG_INVALID, format!("`{owner}` has no `{name}`"), first_line(node), label, help);
    }

    fn empty(&mut self, node: &Node, help: &str) {
        self.report(rules::CONFIG_INVALID, format!("`{}` is empty", self.place()), node.span, "nothing here", help);
    }

    fn report(&mut self, rule: RuleId, message: String, span: Span, label: impl Into<String>, help: impl Into<String>) {
        let location = Location::new(self.source, span);
        self.faults.diagnostics.push(Diagnostic::error(rule, message).at(location, label).help(help));
    }

    fn leave_out(&mut self) {
        self.faults.left_out.push(self.path.clone());
    }

    fn written(&self, span: Span) -> &'a str {
        self.source.slice(span)
    }

    /// The path as people write it: `apps[0].engine`.
    fn place(&self) -> String {
        place(&self.path)
    }
}

/// A path as people write it: `apps[0].engine`.
pub(super) fn place(path: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    for part in path.iter().map(AsRef::as_ref) {
        // an environment may be named by a number; nothing else here has keys of its own choice
        let index = part.bytes().all(|byte| byte.is_ascii_digit()) && !matches!(text.as_str(), "" | "environments");
        let dot = if text.is_empty() { "" } else { "." };
        let written = if index { write!(text, "[{part}]") } else { write!(text, "{dot}{part}") };
        written.expect("writing to a string cannot fail");
    }
    text
}

/// Names in backticks, joined by commas.
pub(super) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn wanted(schema: &Schema) -> &'static str {
    match schema["type"].as_str() {
        Some("object") => "a mapping",
        Some("array") if schema["prefixItems"].is_array() => "a list of two strings",
        Some("array") => "a list",
        Some("integer") => "an integer",
        Some("boolean") => "`true` or `false`",
        _ => "a string",
    }
}

/// Where a collection begins: an arrow under a whole block says nothing.
fn first_line(node: &Node) -> Span {
    node.as_mapping().and_then(<[Entry]>::first).map_or(node.span, |entry| entry.key.span)
}
