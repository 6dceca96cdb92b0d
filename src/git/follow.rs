//! Follow: this repository's own branches go where the remote's went, if that only adds to them.

use std::fmt;

use super::{BranchName, CommitId, NOTES_REF, Repository};

/// What is worth knowing about a remote, and refuses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Somebody moved a branch there back, or rewrote it.
    MovedBack {
        /// The branch.
        name: String,
        /// The remote.
        remote: String,
        /// Where it was when it was last seen.
        from: CommitId,
        /// Where it is.
        to: CommitId,
    },
    /// Somebody removed a branch there.
    Gone {
        /// The branch.
        name: String,
        /// The remote.
        remote: String,
        /// Where it was when it was last seen.
        from: CommitId,
    },
    /// A branch here has commits that the remote's does not have.
    Diverged {
        /// The branch.
        name: String,
        /// The remote.
        remote: String,
        /// Where it is here, and stays.
        here: CommitId,
        /// Where it is there.
        there: CommitId,
    },
    /// A branch here was not moved.
    NotFollowed {
        /// The branch.
        name: String,
        /// Where it is on the remote.
        there: CommitId,
        /// Why.
        reason: String,
    },
    /// A remote moves one reference after the other.
    NotAtomic {
        /// The remote.
        remote: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MovedBack { name, remote, from, to } => write!(
                f,
                "somebody moved `{name}` on `{remote}` back from {from}, where it was last seen: it goes on from {to}"
            ),
            Self::Gone { name, remote, from } => {
                write!(f, "somebody removed `{name}` from `{remote}`, where it was at {from}: it begins anew")
            }
            Self::Diverged { name, remote, here, there } => write!(
                f,
                "branch `{name}` of this repository stays at {here}, which `{remote}` does not have: there it is at {there}; \
                 `git branch --force {name} {there}` follows"
            ),
            Self::NotFollowed { name, there, reason } => {
                write!(f, "branch `{name}` of this repository is not at {there} yet, as on the remote: {reason}")
            }
            Self::NotAtomic { remote } => write!(
                f,
                "`{remote}` cannot move several branches in one push: they go one after the other, the notes last"
            ),
        }
    }
}

impl Repository {
    /// What became known about the remote when it was looked at, and since.
    #[must_use]
    pub fn news(&self) -> Vec<Notice> {
        self.upstream.as_ref().map(|upstream| upstream.news()).unwrap_or_default()
    }

    /// Moves this repository's own `branches`, and its notes, to where the remote has them, where that loses nothing.
    ///
    /// The remote is what counts: that a branch here cannot follow is told, and is no failure.
    #[must_use]
    pub fn follow(&self, branches: &[BranchName]) -> Vec<Notice> {
        let Some(upstream) = &self.upstream else { return Vec::new() };
        let mut notices = Vec::new();
        for branch in branches {
            let Some(there) = upstream.tip(&branch.reference()) else { continue };
            let name = branch.to_string();
            let followed = self.refuse_checked_out(branch).and_then(|()| self.follow_one(&branch.reference(), there));
            match followed {
                Ok(None) => {}
                Ok(Some(here)) => {
                    let remote = upstream.remote.name().to_owned();
                    notices.push(Notice::Diverged { name, remote, here, there });
                }
                Err(error) => notices.push(Notice::NotFollowed { name, there, reason: error.to_string() }),
            }
        }
        // notes are the remote's: every publication reads them there
        if let Some(there) = upstream.tip(NOTES_REF) {
            let _ = self.follow_one(NOTES_REF, there);
        }
        notices
    }

    /// Where the reference stays because it holds more; `None` if it is where the remote's is.
    fn follow_one(&self, reference: &str, there: CommitId) -> Result<Option<CommitId>, super::Error> {
        let here = self.reference_at(reference)?;
        match here {
            Some(here) if here == there => Ok(None),
            Some(here) if !self.is_ancestor(here.0, there)? => Ok(Some(here)),
            _ => self.fast_forward(reference, here, there).map(|()| None),
        }
    }
}
