//! Base: the commit that a publication builds on, and what stands there.
//!
//! A publication goes straight to its branch, or to a branch beside it as a proposal. A proposal shares its history with
//! the branch it is for, so that a merge can bring it there.

use std::collections::HashSet;
use std::sync::Arc;

use gix::ObjectId;

use super::error::spell_out;
use super::tips::Tip;
use super::{BranchName, CommitId, CommitTree, Error, Refusal, Repository};
use crate::hydrate::Record;
use crate::tree::RepoPath;

/// The branch that a publication moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) branch: BranchName,
    pub(super) proposes_to: Option<BranchName>,
}

impl Target {
    /// A branch that agents read.
    #[must_use]
    pub fn direct(branch: BranchName) -> Self {
        Self { branch, proposes_to: None }
    }

    /// A branch that is to be merged into `active`.
    #[must_use]
    pub fn proposal(branch: BranchName, active: BranchName) -> Self {
        Self { branch, proposes_to: Some(active) }
    }

    /// The branch.
    #[must_use]
    pub fn branch(&self) -> &BranchName {
        &self.branch
    }
}

/// What a publication builds on. Nothing here is a permission to do so yet.
#[derive(Debug)]
pub struct Base {
    pub(super) target: Target,
    /// Where the target's branch is.
    pub(super) expected: Option<CommitId>,
    pub(super) tip: Option<Arc<Tip>>,
    /// Neither a proposal nor the branch it is for exists.
    pub(super) begins: bool,
}

impl Base {
    /// The record that stands there, if one does that can be read.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.tip.as_ref()?.record()
    }

    /// The files that stand there.
    #[must_use]
    pub fn files(&self) -> Option<&CommitTree> {
        self.tip.as_ref().map(|tip| &tip.files)
    }
}

impl Repository {
    /// What a publication to `target` builds on. `folder` is where it keeps everything.
    pub fn base(&self, target: Target, folder: Option<&RepoPath>) -> Result<Base, Error> {
        let expected = self.branch_tip(&target.branch)?;
        self.base_at(target, expected, folder)
    }

    /// The same, where the branch was seen at `expected`.
    pub(super) fn base_at(
        &self,
        target: Target,
        expected: Option<CommitId>,
        folder: Option<&RepoPath>,
    ) -> Result<Base, Error> {
        self.refuse_checked_out(&target.branch)?;
        let active = target.proposes_to.as_ref().map(|active| self.branch_tip(active)).transpose()?.flatten();
        if let (Some(tip), Some(active)) = (expected, active) {
            self.refuse_unrelated(&target, tip, active)?;
        }
        if expected.is_none() {
            self.refuse_new(&target.branch)?;
        }
        let parent = expected.or(active);
        let begins = match &target.proposes_to {
            Some(branch) if parent.is_none() => {
                self.refuse_checked_out(branch)?;
                self.refuse_new(branch)?;
                true
            }
            _ => false,
        };
        let tip = parent.map(|id| self.tip(id, folder)).transpose()?;
        Ok(Base { target, expected, tip, begins })
    }

    /// Refuses a proposal that no merge can bring to its branch. Of a shallow clone nobody knows.
    fn refuse_unrelated(&self, target: &Target, tip: CommitId, active: CommitId) -> Result<(), Error> {
        let Some(branch) = &target.proposes_to else { return Ok(()) };
        if self.local().is_shallow().unwrap_or(false) {
            return Ok(());
        }
        let before = self.ancestors(active)?;
        if before.contains(&tip.0) || self.ancestors(tip)?.iter().any(|id| before.contains(id)) {
            return Ok(());
        }
        Err(Refusal::Unrelated { branch: target.branch.to_string(), active: branch.to_string() }.into())
    }

    fn ancestors(&self, tip: CommitId) -> Result<HashSet<ObjectId>, Error> {
        let repo = self.local();
        let (mut queue, mut seen) = (vec![tip.0], HashSet::new());
        while let Some(id) = queue.pop() {
            if seen.insert(id) {
                let commit = repo.find_commit(id);
                let commit =
                    commit.map_err(|error| Error::Object { id: id.to_string(), message: spell_out(&error) })?;
                queue.extend(commit.parent_ids().map(gix::Id::detach));
            }
        }
        Ok(seen)
    }
}
