//! What rules found in one object, kept beside the nodes it is about; pointers and places are computed at the end, once.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, RuleId, Severity};
use crate::manifest::{Manifest, Node, Pointer, Value};
use crate::validate::words;

/// One finding, about a value or about a field of it.
pub(super) struct Finding<'a> {
    severity: Severity,
    rule: RuleId,
    node: &'a Node,
    /// A field of `node` that the finding is about, whether it is there or not.
    field: Option<Box<str>>,
    /// Whether the arrow belongs under the key of the field.
    at_key: bool,
    message: String,
    label: String,
    help: Option<String>,
}

impl<'a> Finding<'a> {
    /// The API server would refuse the object.
    pub(super) fn error(rule: RuleId, node: &'a Node, message: impl Into<String>) -> Self {
        let message = message.into();
        let (severity, label) = (Severity::Error, String::new());
        Self { severity, rule, node, field: None, at_key: false, message, label, help: None }
    }

    /// The API server accepts the object, and something is lost or in doubt.
    pub(super) fn warning(rule: RuleId, node: &'a Node, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(rule, node, message) }
    }

    /// It is about a field of the value.
    pub(super) fn field(mut self, field: &str) -> Self {
        self.field = Some(field.into());
        self
    }

    /// It is about the key of a field: the arrow stands there.
    pub(super) fn key(mut self, field: &str) -> Self {
        self.at_key = true;
        self.field(field)
    }

    /// A few words under the arrow.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What to do, if anything is known.
    pub(super) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    fn into_diagnostic(self, manifest: &Manifest, pointer: Pointer) -> Diagnostic {
        let (pointer, place) = match &self.field {
            None => (pointer.clone(), words::place(manifest, &pointer)),
            Some(field) => {
                let child = pointer.child(&**field);
                let place = match (self.node.get(field), self.at_key) {
                    (None, _) => words::place(manifest, &pointer),
                    (Some(_), true) => words::key(manifest, &child).unwrap_or_else(|| manifest.locate(&child)),
                    (Some(_), false) => words::place(manifest, &child),
                };
                (child, place)
            }
        };
        let mut diagnostic = Diagnostic::new(self.severity, self.rule, self.message)
            .at(place, self.label)
            .object(&manifest.object)
            .pointer(pointer.to_string());
        diagnostic.help = self.help;
        diagnostic
    }
}

/// The findings of one object.
#[derive(Default)]
pub(super) struct Findings<'a>(Vec<Finding<'a>>);

impl<'a> Findings<'a> {
    pub(super) fn push(&mut self, finding: Finding<'a>) {
        self.0.push(finding);
    }

    /// Diagnostics in the order of the text.
    pub(super) fn into_diagnostics(self, manifest: &Manifest) -> Vec<Diagnostic> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let pointers = pointers(&manifest.root, self.0.iter().map(|finding| finding.node));
        let mut diagnostics: Vec<_> = self
            .0
            .into_iter()
            .map(|finding| {
                let pointer = pointers.get(&std::ptr::from_ref(finding.node)).cloned().unwrap_or_default();
                finding.into_diagnostic(manifest, pointer)
            })
            .collect();
        let span = |diagnostic: &Diagnostic| diagnostic.primary.as_ref().map(|label| label.location.span);
        diagnostics.sort_by(|a, b| {
            (span(a), &a.pointer, &a.rule, &a.message).cmp(&(span(b), &b.pointer, &b.rule, &b.message))
        });
        diagnostics.dedup_by(|a, b| a.rule == b.rule && a.pointer == b.pointer && a.message == b.message);
        diagnostics
    }
}

/// The way to each of some nodes, in one walk: rules pass nodes around, and most objects have no finding at all.
fn pointers<'a>(root: &Node, nodes: impl Iterator<Item = &'a Node>) -> HashMap<*const Node, Pointer> {
    let mut wanted: HashMap<*const Node, Pointer> =
        nodes.map(|node| (std::ptr::from_ref(node), Pointer::root())).collect();
    let mut open = vec![(root, Pointer::root())];
    while let Some((node, pointer)) = open.pop() {
        match &node.value {
            Value::Mapping(entries) => {
                open.extend(entries.iter().map(|entry| (&entry.value, pointer.child(&*entry.key.name))));
            }
            Value::Sequence(items) => {
                open.extend(items.iter().enumerate().map(|(index, item)| (item, pointer.child(index.to_string()))));
            }
            _ => {}
        }
        if let Some(place) = wanted.get_mut(&std::ptr::from_ref(node)) {
            *place = pointer;
        }
    }
    wanted
}
