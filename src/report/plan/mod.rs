//! What a publication would do, worded before it is done: for people ([`text`]) and for machines ([`json`]).

pub mod json;
pub mod text;

use std::collections::BTreeMap;

use super::difference::EnvironmentDifference;
use crate::compare::{ObjectChange, Risk};

/// What would be done with one environment.
#[derive(Debug)]
pub struct PlannedEnvironment {
    /// The environment.
    pub environment: String,
    /// The branch that would move: the environment's own, or its proposal.
    pub branch: String,
    /// The full id of the commit at its tip; of the commit that it would begin at, if it is new. `None` for a branch
    /// without a past.
    pub tip: Option<String>,
    /// What would become of the branch.
    pub step: Step,
    /// The branch that would be begun with an empty commit, so that something can be proposed to it.
    pub begins: Option<String>,
    /// How many objects the branch would hold.
    pub objects: usize,
    /// Its files.
    pub files: PlannedFiles,
    /// Its objects, against those of the branch that agents read.
    pub difference: EnvironmentDifference,
    /// What to know before it is done.
    pub risks: Vec<Risk>,
}

/// What would become of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It says the same already.
    Unchanged,
    /// It would begin at a commit that is there.
    Start,
    /// It would get a commit.
    Commit,
}

/// Files of a branch, sorted by path.
#[derive(Debug, Default)]
pub struct PlannedFiles {
    /// New files.
    pub added: Vec<String>,
    /// Files that would say something else.
    pub changed: Vec<String>,
    /// Files that would go.
    pub removed: Vec<String>,
    /// What would be taken over from others.
    pub taken_over: Vec<String>,
    /// Files whose edits by hand would be lost.
    pub overwritten: Vec<String>,
}

/// How many objects of one kind would become what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KindCounts {
    /// New ones.
    pub added: usize,
    /// Those that differ.
    pub changed: usize,
    /// Those that would go.
    pub removed: usize,
}

impl PlannedEnvironment {
    /// The kinds of which objects differ, in alphabetical order.
    #[must_use]
    pub fn kinds(&self) -> BTreeMap<&str, KindCounts> {
        let mut kinds: BTreeMap<&str, KindCounts> = BTreeMap::new();
        for object in &self.difference.objects {
            let counts = kinds.entry(&object.object.gvk.kind).or_default();
            match object.change {
                ObjectChange::Added => counts.added += 1,
                ObjectChange::Changed { .. } => counts.changed += 1,
                ObjectChange::Removed => counts.removed += 1,
            }
        }
        kinds
    }
}
