//! What differs between two states of environments, worded for people ([`text`]), for machines ([`json`]), and for the
//! comment of a pull request ([`markdown`]).

pub mod json;
pub mod markdown;
pub mod text;

use crate::compare::{ObjectChange, ObjectDifference};
use crate::diagnostic::count;

/// What differs in one environment.
#[derive(Debug)]
pub struct EnvironmentDifference {
    /// The environment.
    pub environment: String,
    /// Where the state before is from, in words: `env/dev at 1a2b3c4`.
    pub before: String,
    /// Where the state afterwards is from, in words: `the work tree`.
    pub after: String,
    /// How many objects are in both and alike.
    pub unchanged: usize,
    /// The objects that differ, sorted by app, then by kind and name.
    pub objects: Vec<ObjectDifference>,
}

/// How many objects became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// New objects.
    pub added: usize,
    /// Objects that differ, or moved to another app.
    pub changed: usize,
    /// Objects that are gone.
    pub removed: usize,
    /// Objects that are alike.
    pub unchanged: usize,
}

impl Totals {
    /// Counts over some environments.
    #[must_use]
    pub fn of(environments: &[EnvironmentDifference]) -> Self {
        let mut totals = Self::default();
        for environment in environments {
            totals.unchanged += environment.unchanged;
            for object in &environment.objects {
                match object.change {
                    ObjectChange::Added => totals.added += 1,
                    ObjectChange::Changed { .. } => totals.changed += 1,
                    ObjectChange::Removed => totals.removed += 1,
                }
            }
        }
        totals
    }

    /// Whether anything differs.
    #[must_use]
    pub fn any(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }
}

/// `3 objects differ: 1 added, 1 changed, 1 removed; 40 alike`.
#[must_use]
pub fn totals(totals: &Totals) -> String {
    let Totals { added, changed, removed, unchanged } = totals;
    let differing = added + changed + removed;
    if differing == 0 {
        return format!("nothing differs; {} alike", count(*unchanged, "object"));
    }
    let verb = if differing == 1 { "differs" } else { "differ" };
    format!(
        "{} {verb}: {added} added, {changed} changed, {removed} removed; {unchanged} alike",
        count(differing, "object")
    )
}
