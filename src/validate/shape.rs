//! Shape: what a schema says about one place of an object, for hints: which fields it has, and where else a field lives.

use serde_json::Value as JsonValue;

use super::compile::Compiled;
use crate::manifest::Pointer;

/// How many references are followed one after another.
const REFERENCES: usize = 16;

/// How deep below an object a misplaced field is looked for: `spec.template.spec` of a CronJob's Job is as deep as it goes.
const DEPTH: usize = 4;

/// The part of a schema that is about one place.
#[derive(Clone, Copy)]
pub(super) struct Shape<'a> {
    whole: &'a Compiled,
    schema: &'a JsonValue,
}

impl<'a> Shape<'a> {
    /// The shape of the place a pointer names, as far as the schema speaks of it.
    pub(super) fn at(whole: &'a Compiled, pointer: &Pointer) -> Option<Self> {
        let root = Self { whole, schema: whole.keyword("")? }.resolved();
        pointer.parts().iter().try_fold(root, |shape, part| shape.child(part))
    }

    fn child(self, part: &str) -> Option<Self> {
        self.field(part).or_else(|| self.keyword("additionalProperties")).or_else(|| self.items())
    }

    /// The shape of a field it lists.
    pub(super) fn field(self, name: &str) -> Option<Self> {
        let schema = self.schema.get("properties")?.get(name)?;
        Some(Self { schema, ..self }.resolved())
    }

    /// The shape of the items of a list.
    pub(super) fn items(self) -> Option<Self> {
        self.keyword("items")
    }

    fn keyword(self, name: &str) -> Option<Self> {
        let schema = self.schema.get(name).filter(|schema| schema.is_object())?;
        Some(Self { schema, ..self }.resolved())
    }

    /// The fields it lists.
    pub(super) fn fields(self) -> impl Iterator<Item = &'a str> {
        let fields = self.schema.get("properties").and_then(JsonValue::as_object);
        fields.into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Whether it lists a field.
    pub(super) fn has(self, field: &str) -> bool {
        self.field(field).is_some()
    }

    /// The format its values must have.
    pub(super) fn format(self) -> Option<&'a str> {
        self.schema.get("format").and_then(JsonValue::as_str)
    }

    /// Whether its values are one of some choices.
    pub(super) fn has_choices(self) -> bool {
        self.schema.get("enum").is_some()
    }

    /// The one way down to a mapping that lists `field`, by the shortest path; `None` if several are as short.
    pub(super) fn below(self, field: &str) -> Option<Vec<&'a str>> {
        let mut level = vec![(Vec::new(), self)];
        for _ in 0..DEPTH {
            level = level.iter().flat_map(|(path, shape)| shape.children(path)).collect();
            let mut found = level.iter().filter(|(_, shape)| shape.has(field));
            match (found.next(), found.next()) {
                (Some((path, _)), None) => return Some(path.clone()),
                (Some(_), Some(_)) => return None,
                (None, _) => {}
            }
        }
        None
    }

    fn children(self, path: &[&'a str]) -> Vec<(Vec<&'a str>, Self)> {
        // what the cluster writes is no place for what people write
        let written = self.fields().filter(|name| !path.is_empty() || *name != "status");
        written.filter_map(|name| Some(([path, &[name]].concat(), self.field(name)?))).collect()
    }

    fn resolved(mut self) -> Self {
        for _ in 0..REFERENCES {
            let target = self.schema.get("$ref").and_then(JsonValue::as_str);
            let target = target.and_then(|target| self.whole.keyword(target.split_once('#')?.1));
            match target {
                Some(schema) => self.schema = schema,
                None => break,
            }
        }
        self
    }
}
