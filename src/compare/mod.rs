//! Compare: two sets of objects, and what differs between them, object by object and field by field.
//!
//! What is compared is meaning: the order of keys, styles and comments do not count; items of lists are matched as
//! Kubernetes matches them ([`lists`]), and long texts line by line ([`text`]). Nothing here words a difference; values
//! of a `Secret` never leave this module.

mod fields;
mod lists;
mod live;
mod risks;
mod shown;
mod text;

use std::collections::BTreeMap;

pub use fields::{FieldChange, FieldDifference};
pub use live::{comparable, made_by_cluster};
pub use risks::{Risk, RiskKind, risks};
pub use shown::Shown;
pub use text::{Hunk, Line};

use crate::manifest::{Manifest, Name, Node, ObjectRef};

/// Whether the value of a field is the same before and after; `None` stands for a field that is not written.
pub type Same<'a> = &'a (dyn Fn(&str, Option<&Node>, Option<&Node>) -> bool + Sync);

/// What to compare, and what to leave alone.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Whether two values of one field are the same.
    pub same: Same<'a>,
    /// Whether a field that only the second set has is no difference: what a cluster fills in.
    pub additions_allowed: bool,
}

impl Default for Rules<'_> {
    /// Everything counts, and means what is written.
    fn default() -> Self {
        Self { same: &written_alike, additions_allowed: false }
    }
}

fn written_alike(_: &str, before: Option<&Node>, after: Option<&Node>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => before.same_meaning(after),
        (None, None) => true,
        _ => false,
    }
}

/// How one object differs between two sets.
#[derive(Debug, Clone)]
pub struct ObjectDifference {
    /// Which object; with the version that it has afterwards, if it is still there.
    pub object: ObjectRef,
    /// The app that it belongs to; to which it belonged, if it is gone.
    pub app: String,
    /// What became of it.
    pub change: ObjectChange,
}

/// What became of an object.
#[derive(Debug, Clone)]
pub enum ObjectChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It differs.
    Changed {
        /// The app that it belonged to, if that is another one now.
        moved_from: Option<String>,
        /// What differs, in the order of the object afterwards; empty if it only moved.
        fields: Vec<FieldDifference>,
    },
}

/// Compares two sets of `(app, object)`. The result is sorted by app, then by object.
///
/// Objects with a generated name are matched in the order in which their app has them.
#[must_use]
pub fn compare<'a>(
    before: impl IntoIterator<Item = (&'a str, &'a Manifest)>,
    after: impl IntoIterator<Item = (&'a str, &'a Manifest)>,
    rules: Rules<'_>,
) -> Vec<ObjectDifference> {
    let before = by_identity(before);
    let after = by_identity(after);
    let mut differences = Vec::new();
    for (identity, (app, old)) in &before {
        match after.get(identity) {
            None => differences.push(difference(old, app, ObjectChange::Removed)),
            Some((now_in, new)) => {
                let moved_from = (app != now_in).then(|| (*app).to_owned());
                let fields = fields::differences(old, new, rules);
                if moved_from.is_some() || !fields.is_empty() {
                    differences.push(difference(new, now_in, ObjectChange::Changed { moved_from, fields }));
                }
            }
        }
    }
    let added = after.iter().filter(|(identity, _)| !before.contains_key(*identity));
    differences.extend(added.map(|(_, (app, new))| difference(new, app, ObjectChange::Added)));
    differences.sort_by(|a, b| (&a.app, key(&a.object)).cmp(&(&b.app, key(&b.object))));
    differences
}

fn difference(manifest: &Manifest, app: &str, change: ObjectChange) -> ObjectDifference {
    ObjectDifference { object: manifest.object.clone(), app: app.to_owned(), change }
}

/// By kind first: readers look for `Deployment`s, not for objects called `web`.
fn key(object: &ObjectRef) -> (&str, &str, Option<&str>, &Name) {
    let (group, kind, namespace, name) = object.key();
    (kind, group, namespace, name)
}

/// What tells objects of a set apart. Of objects with generated names: the app, and the how-manieth of its name it is.
type Identity<'a> = ((&'a str, &'a str, Option<&'a str>, &'a Name), &'a str, usize);

fn by_identity<'a>(
    objects: impl IntoIterator<Item = (&'a str, &'a Manifest)>,
) -> BTreeMap<Identity<'a>, (&'a str, &'a Manifest)> {
    let mut set = BTreeMap::new();
    for (app, manifest) in objects {
        let key = manifest.object.key();
        match key.3 {
            Name::Fixed(_) => {
                set.entry((key, "", 0)).or_insert((app, manifest));
            }
            Name::Generated(_) => {
                let number = (0..).find(|number| !set.contains_key(&(key, app, *number))).unwrap_or_default();
                set.insert((key, app, number), (app, manifest));
            }
        }
    }
    set
}

#[cfg(test)]
mod tests;
