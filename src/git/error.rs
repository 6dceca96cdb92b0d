//! What can go wrong with a repository. Refusals to publish are [`Refusal`]s; everything here means the work could not
//! be done.

use std::path::PathBuf;

use super::{CommitId, Refusal};

/// Why git work was not done. gix words its errors tersely, so messages carry its whole chain of causes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No repository there or above. The user's move.
    #[error("`{}` is not in a git repository", path.display())]
    NotARepository {
        /// Where was looked.
        path: PathBuf,
    },
    /// A repository that cannot be opened. The environment's move.
    #[error("the repository at `{}` does not open: {message}", path.display())]
    Open {
        /// Where it is.
        path: PathBuf,
        /// What was said.
        message: String,
    },
    /// A revision that names nothing. The user's move.
    #[error("revision `{revision}` is not known in `{}`: {message}", repository.display())]
    Revision {
        /// As typed.
        revision: String,
        /// The repository.
        repository: PathBuf,
        /// What was said.
        message: String,
    },
    /// A revision that names a file or folder. The user's move.
    #[error("revision `{revision}` is not a commit")]
    NotACommit {
        /// As typed.
        revision: String,
    },
    /// An index that cannot be read as the files of one commit. The user's move.
    #[error("the index `{}` cannot be used: {message}", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// Why not.
        message: String,
    },
    /// A name git does not take for a branch. The user's move.
    #[error("`{branch}` cannot be the name of a branch: {reason}")]
    BranchName {
        /// As typed.
        branch: String,
        /// Why not.
        reason: String,
    },
    /// A branch that is only another name for a branch. The user's move.
    #[error("branch `{branch}` is a symbolic reference to `{target}`, which Hydrant does not follow")]
    SymbolicBranch {
        /// The branch.
        branch: String,
        /// What it stands for.
        target: String,
    },
    /// A branch that cannot be read or written. The environment's move.
    #[error("branch `{branch}` cannot be used: {message}")]
    Reference {
        /// The branch.
        branch: String,
        /// What was said.
        message: String,
    },
    /// Another process holds the branch's lock. The environment's move: wait, or remove what a crash left.
    #[error("branch `{branch}` is locked by another process: `{}`", lock.display())]
    Locked {
        /// The branch.
        branch: String,
        /// The lock file.
        lock: PathBuf,
    },
    /// An object that is missing or cannot be read. The environment's move: a shallow or damaged repository.
    #[error("object {id} cannot be read: {message}")]
    Object {
        /// Its id.
        id: String,
        /// What was said.
        message: String,
    },
    /// An object whose bytes do not hash to its id. The environment's move: the repository is damaged.
    #[error("object {id} is damaged: its bytes do not match its id")]
    Corrupt {
        /// Its id.
        id: String,
    },
    /// An object that does not parse. The environment's move.
    #[error("object {id} is malformed: {message}")]
    Malformed {
        /// Its id.
        id: String,
        /// What was said.
        message: String,
    },
    /// Objects could not be stored. The environment's move: disk, permissions.
    #[error("cannot write `{}`: {message}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What was said.
        message: String,
    },
    /// More than one pack can hold. The user's move: split the environment.
    #[error("the branch has more new data than one pack may hold ({bytes} bytes)")]
    TooLarge {
        /// How much.
        bytes: usize,
    },
    /// Somebody else moved the branch in the meantime. Nothing was overwritten. The user's move: run again.
    #[error("branch `{branch}` moved: expected {}, found {}", show(expected.as_ref()), show(found.as_ref()))]
    BranchMoved {
        /// The branch.
        branch: String,
        /// Where it was when the commit was prepared.
        expected: Option<CommitId>,
        /// Where it is now.
        found: Option<CommitId>,
    },
    /// Somebody else moved the notes in the meantime. Nothing was overwritten. Our move: they are written again.
    #[error("`{reference}` moved while it was written")]
    NotesMoved {
        /// The reference.
        reference: &'static str,
    },
    /// No remote of that name, and no address either. The user's move.
    #[error("`{remote}` is neither a remote of this repository nor an address")]
    NoRemote {
        /// As configured.
        remote: String,
    },
    /// A remote that cannot be read or written. The environment's move: network, credentials, disk.
    #[error("`{remote}` {what}: {words}")]
    Remote {
        /// The remote, without credentials.
        remote: String,
        /// What it does not do.
        what: &'static str,
        /// What git said.
        words: String,
    },
    /// Somebody else pushed in the meantime. Nothing was overwritten. Our move: fetched and prepared again, a while.
    #[error("`{remote}` moved while {} was pushed: {words}", references.join(", "))]
    RemoteMoved {
        /// The remote, without credentials.
        remote: String,
        /// What was to be moved.
        references: Vec<String>,
        /// What git said.
        words: String,
    },
    /// The remote does not take it: a hook, a protected branch. The user's move.
    #[error("`{remote}` refuses {}: {words}", references.join(", "))]
    RemoteRefused {
        /// The remote, without credentials.
        remote: String,
        /// What it refuses, each with the reason it gave.
        references: Vec<String>,
        /// What it said besides.
        words: String,
    },
    /// A push that would not only add. Our move: it is a mistake of ours, found before anything was sent.
    #[error("`{reference}` would not move forward from {old}, so it was not pushed")]
    NotForward {
        /// The reference.
        reference: String,
        /// Where it is.
        old: CommitId,
    },
    /// The branch may not be written, with the reason. The user's move.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Error {
    /// Whether publication was refused, rather than impossible: exit code 5 instead of 4.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::BranchMoved { .. } | Self::RemoteMoved { .. } | Self::RemoteRefused { .. } | Self::Refused(_)
        )
    }

    /// Whether the same may succeed on the new tip of a remote.
    #[must_use]
    pub fn is_race(&self) -> bool {
        matches!(self, Self::RemoteMoved { .. })
    }

    /// One action that helps, where there is one.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotARepository { .. } => Some("run it inside a repository, or `git init` one".to_owned()),
            Self::Revision { .. } => Some("fetch it first, or check the spelling with `git log`".to_owned()),
            Self::NotACommit { .. } => Some("name a branch, a tag or a commit".to_owned()),
            Self::Index { .. } => Some("resolve and stage what is open, see `git status`".to_owned()),
            Self::BranchName { .. } => Some("set another `branch` for the environment".to_owned()),
            Self::SymbolicBranch { target, .. } => Some(format!("publish to `{target}` itself")),
            Self::Locked { lock, .. } => {
                Some(format!("run it again; if no git process is running, remove `{}`", lock.display()))
            }
            Self::Object { .. } => Some("if the clone is shallow, fetch more: `git fetch --unshallow`".to_owned()),
            Self::Corrupt { .. } | Self::Malformed { .. } => Some("run `git fsck --full`".to_owned()),
            Self::NoRemote { remote } => Some(format!("add it with `git remote add {remote} <address>`")),
            Self::Remote { .. } => {
                Some("try `git fetch` and `git push --dry-run` by hand with the same address".to_owned())
            }
            Self::RemoteRefused { .. } => Some(
                "let the key or account of this job push there, or publish to a proposal (`propose: true`)".to_owned(),
            ),
            Self::NotesMoved { .. } | Self::BranchMoved { .. } | Self::RemoteMoved { .. } => {
                Some("run it again: it starts from the new tip".to_owned())
            }
            Self::Refused(refusal) => Some(refusal.help()),
            Self::Open { .. }
            | Self::Reference { .. }
            | Self::Write { .. }
            | Self::TooLarge { .. }
            | Self::NotForward { .. } => None,
        }
    }
}

fn show(id: Option<&CommitId>) -> String {
    id.map_or_else(|| "no branch".to_owned(), ToString::to_string)
}

/// An error of gix with all its causes on one line; a cause that its parent already quotes is left out.
pub(super) fn spell_out(error: &gix::Error) -> String {
    let mut told: Vec<String> = Vec::new();
    for cause in error.iter_errors().map(|cause| cause.to_string()) {
        if !cause.is_empty() && !told.iter().any(|earlier| earlier.contains(&cause)) {
            told.push(cause);
        }
    }
    told.join(": ")
}
