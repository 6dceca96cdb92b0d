//! Refusals: a branch that could be written, and is not, because somebody else's work would be lost.

use std::collections::BTreeMap;
use std::fmt;

use rayon::prelude::*;

use super::{CommitId, CommitTree, ContentId, Error, FileKind};
use crate::hydrate::{Record, RecordError, Writer};
use crate::tree::{Digest, RepoPath};

/// How many paths a message lists before it counts the rest.
const LISTED: usize = 10;

/// Why a branch is left alone. All are the user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The branch exists and holds no record: somebody else writes it.
    #[error("branch `{branch}` at {tip} was not written by Hydrant: it has no record")]
    ForeignBranch {
        /// The branch.
        branch: String,
        /// Its tip.
        tip: CommitId,
    },
    /// The record on the branch cannot be used, so nobody knows which files are ours.
    #[error("branch `{branch}` at {tip}: {reason}")]
    BrokenRecord {
        /// The branch.
        branch: String,
        /// Its tip.
        tip: CommitId,
        /// Why.
        reason: RecordError,
    },
    /// The branch belongs to another environment.
    #[error("branch `{branch}` holds environment `{found}`, not `{wanted}`")]
    OtherEnvironment {
        /// The branch.
        branch: String,
        /// Whose it is.
        found: String,
        /// Whose it would become.
        wanted: String,
    },
    /// Another project writes there.
    #[error("branch `{branch}` at {tip} is written by {found}, not by {wanted}")]
    OtherWriter {
        /// The branch.
        branch: String,
        /// Its tip.
        tip: CommitId,
        /// Who writes it.
        found: Box<Writer>,
        /// Who would.
        wanted: Box<Writer>,
    },
    /// A folder above or below ours belongs to another writer.
    #[error("branch `{branch}` holds the record `{record}`, so what lies around it belongs to another writer")]
    NestedWriters {
        /// The branch.
        branch: String,
        /// The record of the other one.
        record: RepoPath,
    },
    /// A proposal and the branch it is for have no commit in common.
    #[error("branch `{branch}` shares no history with `{active}`, so it cannot be merged there")]
    Unrelated {
        /// The proposal.
        branch: String,
        /// The branch it is for.
        active: String,
    },
    /// Files of ours were changed on the branch.
    #[error("branch `{branch}` was edited by hand at {tip}: {}", list(files))]
    EditedByHand {
        /// The branch.
        branch: String,
        /// Its tip.
        tip: CommitId,
        /// The files, in order of path.
        files: Vec<EditedFile>,
    },
    /// Files of others stand where ours have to go.
    #[error("branch `{branch}` holds files of others where Hydrant has to write: {}", list(files))]
    Occupied {
        /// The branch.
        branch: String,
        /// The files of others, in order of path.
        files: Vec<String>,
    },
    /// The branch is checked out: moving it would make every file there look edited.
    #[error("branch `{branch}` is checked out in `{place}`")]
    CheckedOut {
        /// The branch.
        branch: String,
        /// The work tree, or the bare repository whose `HEAD` it is.
        place: String,
    },
    /// The branch does not exist, and another one keeps git from making it.
    #[error("branch `{branch}` cannot exist beside branch `{other}`: to git, one is a folder of the other")]
    NameClash {
        /// The branch.
        branch: String,
        /// The one that exists.
        other: String,
    },
    /// The branch exists on a remote and not here: a new one would share no history with it.
    #[error("branch `{branch}` exists as `{remote}` and not in this repository")]
    OnlyRemote {
        /// The branch.
        branch: String,
        /// The remote-tracking branch.
        remote: String,
    },
    /// Somebody published the same environment of the same project while we did, and not from what ours is based on.
    #[error("branch `{branch}` was published meanwhile from commit {found}, which {wanted} does not come after")]
    PublishedMeanwhile {
        /// The branch.
        branch: String,
        /// The dry commit of the other publication.
        found: String,
        /// Ours.
        wanted: String,
    },
    /// The branch holds the commit that was rendered.
    #[error("branch `{branch}` holds the source: commit {dry} is part of it")]
    SourceBranch {
        /// The branch.
        branch: String,
        /// The dry commit.
        dry: String,
    },
}

impl Refusal {
    /// One action that helps.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::ForeignBranch { branch, .. } => format!(
                "give the environment a branch of its own instead of `{branch}`, or take it over with `--adopt`: files \
                 that Hydrant does not write stay"
            ),
            Self::SourceBranch { branch, .. } => {
                format!("give the environment a branch of its own instead of `{branch}`")
            }
            Self::BrokenRecord { reason: RecordError::Version(_), .. } => {
                "publish with the version of Hydrant that wrote it, or a later one".to_owned()
            }
            Self::BrokenRecord { branch, tip, .. } => format!(
                "set `{branch}` back to the last commit that Hydrant made, before {tip}; `--adopt` begins a new record"
            ),
            Self::OtherWriter { .. } => {
                "give this project a branch or an `output.active_path` of its own; if it has moved, `--adopt` says so"
                    .to_owned()
            }
            Self::NestedWriters { .. } => {
                "give each project that writes there an `output.active_path` beside the others".to_owned()
            }
            Self::Unrelated { branch, active } => {
                format!("if nothing needs `{branch}`, delete it: a new one begins from `{active}`")
            }
            Self::OtherEnvironment { branch, .. } => {
                format!("give each environment its own branch, or delete `{branch}` if it was renamed")
            }
            Self::EditedByHand { branch, tip, .. } => format!(
                "bring the change into the source, then publish with `--adopt`, or undo it with `git revert` on \
                 `{branch}`: `git log -p {tip} -- <file>` shows who made it; `--force` overwrites it"
            ),
            Self::Occupied { .. } => {
                "move those files to another folder, rename the app, or take them over with `--adopt`".to_owned()
            }
            Self::NameClash { branch, other } if branch.contains("-next") && other.contains("-next") => {
                "a branch has one proposal, or one for each `output.active_path`: use one way for all projects, and \
                 delete the branch of the other"
                    .to_owned()
            }
            Self::NameClash { other, .. } => {
                format!("rename one of the two; nothing needs `{other}` if it is a leftover")
            }
            Self::OnlyRemote { branch, remote } => format!("begin from it: `git branch --no-track {branch} {remote}`"),
            Self::PublishedMeanwhile { .. } => {
                "publish the newer of the two commits; to go back to this one on purpose, run it again".to_owned()
            }
            Self::CheckedOut { place, .. } => format!("check out another branch in `{place}`"),
        }
    }
}

/// A file of ours that is not as we wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditedFile {
    /// It is gone.
    Removed(RepoPath),
    /// Its bytes are others.
    Changed {
        /// The file.
        path: RepoPath,
        /// The digest of what we wrote.
        expected: Digest,
        /// The digest of what is there.
        found: Digest,
    },
    /// It is no plain file any more.
    NotAFile(RepoPath, &'static str),
}

impl EditedFile {
    /// The path.
    #[must_use]
    pub fn path(&self) -> &RepoPath {
        match self {
            Self::Removed(path) | Self::Changed { path, .. } | Self::NotAFile(path, _) => path,
        }
    }
}

impl fmt::Display for EditedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed(path) => write!(f, "`{path}` is missing"),
            Self::Changed { path, .. } => write!(f, "`{path}` is changed"),
            Self::NotAFile(path, what) => write!(f, "`{path}` is {what}"),
        }
    }
}

impl CommitTree {
    /// The files that a record owns and that are not as it says, in order of path.
    pub fn edited_files(&self, record: &Record) -> Result<Vec<EditedFile>, Error> {
        self.edited_files_unless(record, |_, _| None)
    }

    /// The same, where `known` may tell the digest of a file from its id, so that it is not read.
    pub(super) fn edited_files_unless(
        &self,
        record: &Record,
        known: impl Fn(&RepoPath, ContentId) -> Option<Digest> + Sync,
    ) -> Result<Vec<EditedFile>, Error> {
        let attestations = record.attestations();
        let attestations = attestations.iter().map(|(path, digest)| (path, *digest));
        let files: BTreeMap<&RepoPath, Digest> = record.files().into_iter().chain(attestations).collect();
        let files: Vec<(&RepoPath, Digest)> = files.into_iter().collect();
        let edited: Vec<_> = files.par_iter().map(|(path, digest)| self.edited_file(path, *digest, &known)).collect();
        edited.into_iter().filter_map(Result::transpose).collect()
    }

    fn edited_file(
        &self,
        path: &RepoPath,
        expected: Digest,
        known: &impl Fn(&RepoPath, ContentId) -> Option<Digest>,
    ) -> Result<Option<EditedFile>, Error> {
        let Some(entry) = self.entry(path) else { return Ok(Some(EditedFile::Removed(path.clone()))) };
        let found = match entry.kind {
            FileKind::Symlink => return Ok(Some(EditedFile::NotAFile(path.clone(), "a symlink"))),
            FileKind::Executable => return Ok(Some(EditedFile::NotAFile(path.clone(), "executable"))),
            FileKind::Plain => match known(path, ContentId::of(entry)) {
                Some(digest) => digest,
                None => Digest::of(&self.blob(entry.id)?),
            },
        };
        Ok((found != expected).then(|| EditedFile::Changed { path: path.clone(), expected, found }))
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    let mut text = items.iter().take(LISTED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if items.len() > LISTED {
        text.push_str(&format!(" and {} more", items.len() - LISTED));
    }
    text
}
