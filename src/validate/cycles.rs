//! Cycles: schemas that hold a value against themselves for ever, and so never come to a verdict.
//!
//! The validator ends such a cycle by accepting the value, which would be a pass that nothing stands behind.

use std::collections::BTreeMap;

use serde_json::Value;

/// Keywords whose schema judges the same value as the schema that holds them.
const ONE: [&str; 4] = ["not", "if", "then", "else"];
/// The same, for lists of schemas.
const SEVERAL: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// The same, for schemas by name.
const NAMED: [&str; 2] = ["dependentSchemas", "dependencies"];

/// The place, as a reference would name it, of a schema that leads back to itself without a step into the value. Only references within the text are
/// followed: there are no others that anybody fetches.
pub(super) fn find(schema: &Value) -> Option<String> {
    let mut walk = Walk { root: schema, states: BTreeMap::new() };
    let mut pointers = Vec::new();
    collect(schema, &mut String::new(), &mut pointers);
    pointers.into_iter().find_map(|pointer| walk.visit(pointer))
}

/// The places of all references: a cycle goes through at least one.
fn collect(value: &Value, pointer: &mut String, found: &mut Vec<String>) {
    let length = pointer.len();
    match value {
        Value::Object(members) => {
            if members.get("$ref").is_some_and(Value::is_string) {
                found.push(pointer.clone());
            }
            for (name, member) in members {
                pointer.push('/');
                pointer.push_str(&escaped(name));
                collect(member, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                collect(item, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
}

struct Walk<'a> {
    root: &'a Value,
    states: BTreeMap<String, State>,
}

impl Walk<'_> {
    /// Follows everything that judges the same value; without recursion, for a chain may be long.
    fn visit(&mut self, start: String) -> Option<String> {
        let mut stack = vec![(start, false)];
        while let Some((pointer, is_left)) = stack.pop() {
            if is_left {
                self.states.insert(pointer, State::Done);
                continue;
            }
            match self.states.get(&pointer) {
                Some(State::Open) => return Some(format!("#{pointer}")),
                Some(State::Done) => continue,
                None => {}
            }
            self.states.insert(pointer.clone(), State::Open);
            stack.push((pointer.clone(), true));
            stack.extend(self.next(&pointer).into_iter().map(|next| (next, false)));
        }
        None
    }

    fn next(&self, pointer: &str) -> Vec<String> {
        let Some(Value::Object(schema)) = self.root.pointer(pointer) else { return Vec::new() };
        let mut next = Vec::new();
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'))
            && (target.is_empty() || target.starts_with('/'))
        {
            next.push(target.to_owned());
        }
        next.extend(ONE.iter().filter(|name| schema.contains_key(**name)).map(|name| format!("{pointer}/{name}")));
        for name in SEVERAL {
            let branches = schema.get(name).and_then(Value::as_array).map_or(0, Vec::len);
            next.extend((0..branches).map(|index| format!("{pointer}/{name}/{index}")));
        }
        for name in NAMED {
            let members = schema.get(name).and_then(Value::as_object).into_iter().flatten();
            next.extend(members.map(|(key, _)| format!("{pointer}/{name}/{}", escaped(key))));
        }
        next
    }
}

/// A name as part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_that_only_leads_to_itself_is_found() {
        for schema in [
            json!({"$ref": "#"}),
            json!({"allOf": [{"$ref": "#"}], "type": "object"}),
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
            json!({"properties": {"x": {"$ref": "#/$defs/~1"}}, "$defs": {"/": {"not": {"$ref": "#/$defs/~1"}}}}),
            json!({"if": {"anyOf": [true, {"$ref": "#"}]}, "then": {}}),
            json!({"dependentSchemas": {"x": {"oneOf": [{"$ref": "#"}]}}}),
        ] {
            assert!(find(&schema).is_some(), "{schema}");
        }
    }

    #[test]
    fn a_step_into_the_value_ends_every_circle() {
        for schema in [
            json!({"properties": {"x": {"$ref": "#"}}}),
            json!({"items": {"$ref": "#"}, "additionalProperties": {"$ref": "#"}}),
            json!({"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "object"}}}),
            json!({"properties": {"x": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$defs": {"a": {"items": {"$ref": "#"}}}}),
            json!({"properties": {"$ref": {"type": "string"}}}),
            json!(true),
        ] {
            assert_eq!(find(&schema), None, "{schema}");
        }
    }
}
