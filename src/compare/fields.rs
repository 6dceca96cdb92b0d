//! Fields: what differs inside one object.

use super::lists::{self, Pair};
use super::{Hunk, Rules, Shown, shown, text};
use crate::manifest::{Manifest, Node, Pointer, Value};
use crate::source::Location;

/// One field that differs.
#[derive(Debug, Clone)]
pub struct FieldDifference {
    /// The way to it as people write it: `spec.template.spec.containers[name=web].image`.
    pub path: String,
    /// The way to it in the object that has it: in the one afterwards, if both do.
    pub pointer: Pointer,
    /// What differs.
    pub change: FieldChange,
    /// Where it is written before; its nearest parent, if it was not there.
    pub before: Location,
    /// Where it is written afterwards; its nearest parent, if it is gone.
    pub after: Location,
}

/// How a field differs.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldChange {
    /// It is new.
    Added(Shown),
    /// It is gone.
    Removed(Shown),
    /// It has another value.
    Changed(Shown, Shown),
    /// It is a text of several lines, some of which differ.
    Lines(Vec<Hunk>),
    /// It is a list with the same items in another order.
    Reordered,
}

/// Everything that differs between an object before and after.
pub(super) fn differences(before: &Manifest, after: &Manifest, rules: Rules<'_>) -> Vec<FieldDifference> {
    let mut walk = Walk { before, after, rules, way: Way::default(), found: Vec::new() };
    walk.node("", &before.root, &after.root);
    walk.found
}

/// The way to the present value on both sides: indexes of list items differ.
#[derive(Default)]
struct Way {
    before: Vec<String>,
    after: Vec<String>,
}

struct Walk<'a> {
    before: &'a Manifest,
    after: &'a Manifest,
    rules: Rules<'a>,
    way: Way,
    found: Vec<FieldDifference>,
}

impl Walk<'_> {
    /// Compares two values of the field `name`.
    fn node(&mut self, name: &str, before: &Node, after: &Node) {
        if (self.rules.same)(name, Some(before), Some(after)) {
            return;
        }
        match (&before.value, &after.value) {
            (Value::Mapping(old), Value::Mapping(new)) => {
                for entry in new {
                    let key = entry.key.name.as_str();
                    self.step(key, key, |walk| walk.field(key, before.get(key), Some(&entry.value)));
                }
                for entry in old.iter().filter(|entry| after.get(&entry.key.name).is_none()) {
                    let key = entry.key.name.as_str();
                    self.step(key, key, |walk| walk.field(key, Some(&entry.value), None));
                }
            }
            (Value::Sequence(old), Value::Sequence(new)) => self.list(name, old, new),
            (Value::String(old), Value::String(new)) if text::has_lines(old, new) && !self.hides() => {
                match text::hunks(old, new) {
                    Some(hunks) => self.tell(FieldChange::Lines(hunks)),
                    None => self.tell(FieldChange::Changed(self.shown_before(before), self.shown_after(after))),
                }
            }
            _ => self.tell(FieldChange::Changed(self.shown_before(before), self.shown_after(after))),
        }
    }

    /// Compares a field that may be missing on one side.
    fn field(&mut self, name: &str, before: Option<&Node>, after: Option<&Node>) {
        match (before, after) {
            (Some(before), Some(after)) => self.node(name, before, after),
            _ if (self.rules.same)(name, before, after) => {}
            (None, Some(_)) if self.rules.additions_allowed => {}
            (None, Some(after)) => self.tell(FieldChange::Added(self.shown_after(after))),
            (Some(before), None) => self.tell(FieldChange::Removed(self.shown_before(before))),
            (None, None) => {}
        }
    }

    fn list(&mut self, name: &str, old: &[Node], new: &[Node]) {
        let matched = lists::pairs(old, new, &|a, b| (self.rules.same)("", Some(a), Some(b)));
        let before = self.found.len();
        for pair in &matched.pairs {
            match *pair {
                Pair::Both(left, right) => self.step(&left.to_string(), &right.to_string(), |walk| {
                    walk.node("", &old[left], &new[right]);
                }),
                Pair::Removed(left) => self.step(&left.to_string(), &left.to_string(), |walk| {
                    walk.tell(FieldChange::Removed(walk.shown_before(&old[left])));
                }),
                Pair::Added(right) => self.step(&right.to_string(), &right.to_string(), |walk| {
                    walk.tell(FieldChange::Added(walk.shown_after(&new[right])));
                }),
            }
        }
        // where items changed as well, the order is the smaller news
        if matched.reordered && self.found.len() == before && lists::order_matters(name) {
            self.tell(FieldChange::Reordered);
        }
    }

    fn step(&mut self, before: &str, after: &str, work: impl FnOnce(&mut Self)) {
        self.way.before.push(before.to_owned());
        self.way.after.push(after.to_owned());
        work(self);
        self.way.before.pop();
        self.way.after.pop();
    }

    fn tell(&mut self, change: FieldChange) {
        let gone = matches!(change, FieldChange::Removed(_));
        let (old, new) =
            (Pointer::from_parts(self.way.before.iter().cloned()), Pointer::from_parts(self.way.after.iter().cloned()));
        let path = if gone { old.field_path(&self.before.root) } else { new.field_path(&self.after.root) };
        let (before, after) = (self.before.locate(&old), self.after.locate(&new));
        let pointer = if gone { old } else { new };
        self.found.push(FieldDifference { path, pointer, change, before, after });
    }

    /// Whether the present value, on either side, is one that must not be shown.
    fn hides(&self) -> bool {
        shown::is_hidden(self.before, &self.way.before) || shown::is_hidden(self.after, &self.way.after)
    }

    fn shown_before(&self, node: &Node) -> Shown {
        Shown::of(node, self.before, &self.way.before)
    }

    fn shown_after(&self, node: &Node) -> Shown {
        Shown::of(node, self.after, &self.way.after)
    }
}
