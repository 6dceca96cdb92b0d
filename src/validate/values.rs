//! Values that do not fit: what is wanted, what was found, and how YAML came to read it so.

use jsonschema::JsonType;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as JsonValue;

use super::findings::{Culprit, Reporter};
use super::formats;
use super::shape::Shape;
use super::words::{self, count, literal, wanted};
use crate::diagnostic::did_you_mean;
use crate::manifest::{Node, Pointer, Value};

/// Longer scalars are not repeated in labels and help.
const REPEATED: usize = 40;

const WRITE_A_LIST: &str = "write a list: begin each item with `- `";

impl Reporter<'_> {
    /// A value of another type.
    pub(super) fn wrong_type(&mut self, culprit: &Culprit<'_>, types: &[JsonType]) {
        let shape = Shape::at(self.schema, &culprit.pointer);
        // the list of choices says more than their type, and is refused as well
        if shape.is_some_and(Shape::has_choices) && is_scalar(culprit.node) {
            return;
        }
        // a number where a duration is wanted does not become one by quotes
        let format =
            shape.and_then(Shape::format).filter(|_| types.contains(&JsonType::String) && is_scalar(culprit.node));
        if let Some(format) = format
            && formats::describe(format).is_some()
            && !self.written(culprit.node).is_some_and(|written| formats::accepts(format, written))
        {
            return self.wrong_format(culprit, format);
        }
        let wanted = wanted(types.iter().copied());
        let message = format!("{} must be {wanted}, found {}", culprit.name, culprit.found);
        let label = self.reading(culprit.node).unwrap_or_else(|| format!("expected {wanted}"));
        let help = self.type_help(culprit, types);
        self.violation(culprit, message, label, help);
    }

    /// `yes` is a boolean, `0644` the integer 420: said where the text does not look like what it means.
    fn reading(&self, node: &Node) -> Option<String> {
        let meaning = match &node.value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => words::float(*value),
            _ => return None,
        };
        let written = self.written(node)?;
        (written != meaning).then(|| format!("YAML reads `{written}` as {} ({meaning})", node.kind_name()))
    }

    /// A scalar as it is written, if it may be shown and is short.
    fn written(&self, node: &Node) -> Option<&str> {
        let written = self.manifest.source.slice(node.span);
        let short = !written.is_empty() && written.len() <= REPEATED && !written.contains('\n');
        (short && !self.manifest.is_secret()).then_some(written)
    }

    fn quoted(&self, node: &Node) -> String {
        match self.written(node) {
            Some(written) => format!("put it in quotes: `\"{written}\"`"),
            None => "put it in quotes".to_owned(),
        }
    }

    fn type_help(&self, culprit: &Culprit<'_>, types: &[JsonType]) -> Option<String> {
        let wants = |kind: JsonType| types.contains(&kind);
        let help = |text: &str| Some(text.to_owned());
        match &culprit.node.value {
            Value::Null => Some(self.null_help(&culprit.pointer)),
            Value::Mapping(_) if wants(JsonType::Array) => Some(self.list_help(culprit)),
            _ if wants(JsonType::Array) => help(WRITE_A_LIST),
            Value::Sequence(_) if wants(JsonType::Object) => help("write keys and values without `- `"),
            Value::Mapping(_) if wants(JsonType::String) && self.is_free(&culprit.pointer) => {
                help("write it as one text: put `|` after the colon to keep the lines below as they are")
            }
            // a port is a whole number or a name
            Value::Float(_) if wants(JsonType::Integer) => help("write a whole number"),
            Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) if wants(JsonType::String) => {
                Some(self.quoted(culprit.node))
            }
            Value::String(text) if wants(JsonType::Integer) || wants(JsonType::Number) => match text.parse::<f64>() {
                Ok(value) if value.fract() == 0.0 || wants(JsonType::Number) => help("remove the quotes"),
                _ if wants(JsonType::Integer) => help("write a whole number"),
                _ => help("write a number"),
            },
            Value::String(text) if wants(JsonType::Boolean) && matches!(&**text, "true" | "false") => {
                help("remove the quotes")
            }
            _ if types.iter().all(|kind| matches!(kind, JsonType::Boolean | JsonType::Null)) => {
                help("write `true` or `false`")
            }
            _ => None,
        }
    }

    /// Whether the key is the author's own, as in a ConfigMap's `data`.
    fn is_free(&self, pointer: &Pointer) -> bool {
        let parent = pointer.parent().and_then(|parent| Shape::at(self.schema, &parent));
        parent.is_some_and(|parent| parent.fields().next().is_none())
    }

    /// Only items of lists and required fields are refused where they are null.
    fn null_help(&self, pointer: &Pointer) -> String {
        let parent = pointer.parent().unwrap_or_default();
        match parent.resolve(&self.manifest.root).and_then(Node::as_sequence) {
            Some(_) => "write the item, or remove it".to_owned(),
            None => "give it a value".to_owned(),
        }
    }

    /// A mapping where a list is wanted: one item without its dash, or items under their names.
    fn list_help(&self, culprit: &Culprit<'_>) -> String {
        let keys: Vec<_> = culprit.node.as_mapping().unwrap_or_default().iter().map(|entry| &*entry.key.name).collect();
        let items = Shape::at(self.schema, &culprit.pointer).and_then(Shape::items);
        match (items, keys.as_slice()) {
            (Some(items), [first, ..]) if keys.iter().all(|key| items.has(key)) => {
                format!("make it an item: put `- ` before `{first}`")
            }
            (Some(items), [first, ..]) if items.has("name") => {
                format!("write a list: the first item begins with `- name: {first}`")
            }
            _ => WRITE_A_LIST.to_owned(),
        }
    }

    /// A value that is none of the choices.
    pub(super) fn not_an_option(&mut self, culprit: &Culprit<'_>, options: &[JsonValue]) {
        let options: Vec<_> = options.iter().filter(|option| !option.is_null()).collect();
        let names: Vec<_> = options.iter().map(|option| literal(option)).collect();
        let message = format!("{} must be {}, found {}", culprit.name, words::either(&names), culprit.found);
        let texts = || options.iter().filter_map(|option| option.as_str());
        let meant = culprit.node.as_str().and_then(|text| did_you_mean(text, texts()));
        let (label, help) = match (self.reading(culprit.node), meant) {
            (Some(reading), _) => {
                let is_option = self.written(culprit.node).is_some_and(|written| texts().any(|text| text == written));
                (reading, is_option.then(|| self.quoted(culprit.node)))
            }
            (None, Some(meant)) => (format!("did you mean `{meant}`?"), Some(format!("write `{meant}`"))),
            (None, None) if options.len() == 1 => ("another value".to_owned(), Some(format!("write {}", names[0]))),
            (None, None) => ("not one of the choices".to_owned(), None),
        };
        self.violation(culprit, message, label, help);
    }

    /// A value that its format refuses.
    pub(super) fn wrong_format(&mut self, culprit: &Culprit<'_>, format: &str) {
        // what SOPS encrypted is no base64 until it is decrypted
        if self.is_encrypted() && culprit.node.as_str().is_some_and(|text| text.starts_with("ENC[")) {
            return;
        }
        let (wanted, example) = formats::describe(format).unwrap_or((format, ""));
        let message = format!("{} must be {wanted}, found {}", culprit.name, culprit.found);
        let plain = match culprit.pointer.parts() {
            [data, _] if data == "data" && format == "byte" => Some("stringData"),
            [data, _] if data == "binaryData" && format == "byte" => Some("data"),
            _ => None,
        };
        let help = match plain {
            Some(field) => Some(format!("encode it in base64, or move it to `{field}`")),
            None => (!example.is_empty()).then(|| format!("write it like {example}")),
        };
        self.violation(culprit, message, format!("not {wanted}"), help);
    }

    /// A text that its pattern refuses.
    pub(super) fn wrong_pattern(&mut self, culprit: &Culprit<'_>, pattern: &str) {
        // the pattern that controller-gen writes for quantities
        if pattern.contains("[KMGTPE]i") {
            return self.wrong_format(culprit, "quantity");
        }
        let message = format!("{} must match `{pattern}`, found {}", culprit.name, culprit.found);
        self.violation(culprit, message, "does not match the pattern", None);
    }

    /// A value that fits what it must not fit.
    pub(super) fn forbidden(&mut self, culprit: &Culprit<'_>, schema: &JsonValue) {
        let list = |keyword: &str| schema.get(keyword).and_then(JsonValue::as_array).map(Vec::as_slice);
        let message = match (list("enum").or(schema.get("const").map(std::slice::from_ref)), list("required")) {
            (Some(values), _) => {
                let values: Vec<_> = values.iter().map(literal).collect();
                format!("{} must not be {}", culprit.name, words::either(&values))
            }
            (None, Some(fields)) => {
                let fields: Vec<_> = fields.iter().map(literal).collect();
                format!("{} must not have {}", culprit.name, words::all(&fields))
            }
            (None, None) => format!("{} has a form that its schema forbids", culprit.name),
        };
        self.violation(culprit, message, "forbidden by the schema", None);
    }

    /// A value beyond a limit; `false` if the error is about something else.
    pub(super) fn beyond_limit(&mut self, culprit: &Culprit<'_>, kind: &Kind) -> bool {
        let Some(limit) = Limit::of(culprit, kind) else { return false };
        let message = format!("{} must {}, found {}", culprit.name, limit.demand, limit.found);
        self.violation(culprit, message, limit.label, None);
        true
    }
}

/// What a limit demands, and what was found.
struct Limit {
    demand: String,
    label: String,
    found: String,
}

impl Limit {
    fn of(culprit: &Culprit<'_>, kind: &Kind) -> Option<Self> {
        let be = |demand: String, label: &str| Self {
            demand: format!("be {demand}"),
            label: label.to_owned(),
            found: culprit.found.clone(),
        };
        let characters = |limit: u64| format!("{} long", count(limit, "character"));
        Some(match kind {
            Kind::Minimum { limit } => be(format!("at least {limit}"), &bits(limit).unwrap_or("too small".to_owned())),
            Kind::Maximum { limit } => be(format!("at most {limit}"), &bits(limit).unwrap_or("too large".to_owned())),
            Kind::ExclusiveMinimum { limit } => be(format!("more than {limit}"), "too small"),
            Kind::ExclusiveMaximum { limit } => be(format!("less than {limit}"), "too large"),
            Kind::MultipleOf { multiple_of } => be(format!("a multiple of {multiple_of}"), "no multiple"),
            Kind::MinLength { limit } if culprit.node.as_str() == Some("") => Self {
                demand: format!("be at least {}", characters(*limit)),
                label: "empty".to_owned(),
                found: "an empty text".to_owned(),
            },
            Kind::MinLength { limit } => be(format!("at least {}", characters(*limit)), "too short"),
            Kind::MaxLength { limit } => be(format!("at most {}", characters(*limit)), "too long"),
            _ => return Self::of_collection(culprit, kind),
        })
    }

    fn of_collection(culprit: &Culprit<'_>, kind: &Kind) -> Option<Self> {
        let items = culprit.node.as_sequence().map_or(0, <[_]>::len);
        let fields = culprit.node.as_mapping().map_or(0, <[_]>::len);
        let (demand, found, label) = match kind {
            Kind::MinItems { limit } => (format!("at least {}", count(*limit, "item")), items, "too few"),
            Kind::MaxItems { limit } => (format!("at most {}", count(*limit, "item")), items, "too many"),
            Kind::MinProperties { limit } => (format!("at least {}", count(*limit, "entry")), fields, "too few"),
            Kind::MaxProperties { limit } => (format!("at most {}", count(*limit, "entry")), fields, "too many"),
            _ => return None,
        };
        let found = if found == 0 { "none".to_owned() } else { found.to_string() };
        Some(Self { demand: format!("have {demand}"), label: label.to_owned(), found })
    }
}

/// The limits of the integers that Kubernetes stores.
fn bits(limit: &JsonValue) -> Option<String> {
    let limit = limit.as_i64()?;
    let size = match limit {
        _ if limit == i64::from(i32::MAX) || limit == i64::from(i32::MIN) => 32,
        i64::MAX | i64::MIN => 64,
        _ => return None,
    };
    Some(format!("does not fit {size} bits"))
}

fn is_scalar(node: &Node) -> bool {
    matches!(node.value, Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) | Value::String(_))
}
