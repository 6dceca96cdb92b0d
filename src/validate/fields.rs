//! Fields that are unknown or missing: which one was meant, or where it belongs.

use super::findings::{Culprit, Reporter};
use super::shape::Shape;
use super::words;
use crate::diagnostic::{Diagnostic, did_you_mean, rules};
use crate::manifest::{Node, Pointer};

/// Up to so many fields are listed where nothing is known to be meant.
const LISTED: usize = 10;

/// What is known of a field that is in the wrong place, or in none.
struct Hint {
    label: String,
    help: String,
}

impl Reporter<'_> {
    /// A field that its mapping does not list. `schema_path` is where the schema refuses it.
    pub(super) fn unknown_field(&mut self, parent: &Culprit<'_>, field: &str, schema_path: &str) {
        if self.is_sops(&parent.pointer, field) {
            return;
        }
        let pointer = parent.pointer.child(field);
        let location = words::key(self.manifest, &pointer).unwrap_or_else(|| self.manifest.locate(&pointer));
        let written = self.manifest.source.slice(location.span).trim_matches(['"', '\'']).to_owned();
        let reread = !written.is_empty() && written != field && matches!(field, "true" | "false");
        let hint = self
            .misspelt(parent, field, schema_path)
            .or_else(|| self.too_high(parent, field))
            .or_else(|| self.too_deep(parent, field))
            .unwrap_or_else(|| self.no_such_field(parent, schema_path));
        let label = if reread { format!("YAML reads `{written}` as `{field}`") } else { hint.label };
        let name = if reread { &written } else { field };
        let message = format!("`{name}` is not a field of {}", parent.name);
        self.push(Diagnostic::error(rules::UNKNOWN_FIELD, message).at(location, label).help(hint.help), &pointer);
    }

    /// `replcias`, `ImagePullPolicy`.
    fn misspelt(&mut self, parent: &Culprit<'_>, field: &str, schema_path: &str) -> Option<Hint> {
        let unused = self.schema.properties(schema_path).filter(|known| parent.node.get(known).is_none());
        let meant = did_you_mean(field, unused)?.to_owned();
        self.renames.push(parent.pointer.child(&*meant));
        Some(Hint { label: format!("did you mean `{meant}`?"), help: format!("rename it to `{meant}`") })
    }

    /// `containers` beside `spec`, which has that field.
    fn too_high(&self, parent: &Culprit<'_>, field: &str) -> Option<Hint> {
        let below = Shape::at(self.schema, &parent.pointer)?.below(field)?;
        let place = Pointer::from_parts(parent.pointer.parts().iter().map(String::as_str).chain(below));
        Some(self.moved(field, &place))
    }

    /// `volumes` in a container, though its Pod has that field.
    fn too_deep(&self, parent: &Culprit<'_>, field: &str) -> Option<Hint> {
        let above = std::iter::successors(parent.pointer.parent(), Pointer::parent);
        let place =
            above.into_iter().find(|place| Shape::at(self.schema, place).is_some_and(|shape| shape.has(field)))?;
        Some(self.moved(field, &place))
    }

    fn moved(&self, field: &str, place: &Pointer) -> Hint {
        let path = match place.parts() {
            [] => "the top of the object".to_owned(),
            _ => format!("`{}`", place.field_path(&self.manifest.root)),
        };
        Hint { label: format!("`{field}` is a field of {path}"), help: format!("move it to {path}") }
    }

    fn no_such_field(&self, parent: &Culprit<'_>, schema_path: &str) -> Hint {
        let known: Vec<_> = self.schema.properties(schema_path).map(|known| format!("`{known}`")).collect();
        let help = match known.len() {
            0 => format!("remove it: {} has no fields", parent.name),
            1..=LISTED => format!("remove it: {} has only {}", parent.name, words::all(&known)),
            _ => "remove it, or move it to where it belongs".to_owned(),
        };
        Hint { label: "unknown field".to_owned(), help }
    }

    /// A field that must be there, or one of several.
    pub(super) fn missing_field(&mut self, parent: &Culprit<'_>, fields: &[String]) {
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

    /// SOPS adds its own field to the Secrets it encrypts; whoever decrypts them takes it away again.
    fn is_sops(&self, parent: &Pointer, field: &str) -> bool {
        field == "sops" && parent.parts().is_empty() && self.is_encrypted()
    }

    /// Whether SOPS encrypted the object.
    pub(super) fn is_encrypted(&self) -> bool {
        let sops = self.manifest.root.get("sops").and_then(Node::as_mapping);
        self.manifest.is_secret() && sops.is_some()
    }
}
