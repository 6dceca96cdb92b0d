//! Git: the only home of gix. Reads a commit as a tree, prepares a commit in memory, and moves a branch to it by
//! compare-and-swap once it is signed.
//!
//! Configuration comes from the repository alone: neither the user's files nor `GIT_*` variables change what is read
//! or written, and replacement objects are ignored. Every object that is read must hash to its id.

mod base;
mod branch;
mod commit_tree;
mod content;
mod create;
mod error;
mod fetch;
mod follow;
mod history;
mod index_tree;
mod inspect;
mod loose;
mod moving;
mod notes;
mod object;
mod pack;
mod prepare;
mod program;
mod publish;
mod push;
mod refusal;
mod remote;
mod seal;
mod signer;
mod tips;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use crate::hydrate::{CommitTime, DryRevision};
use crate::sign::SignatureHeader;

pub use base::{Base, Target};
pub use branch::BranchName;
pub use commit_tree::{CommitTree, FileKind};
pub use content::ContentId;
pub use error::Error;
pub use follow::Notice;
pub use inspect::Permissions;
pub use notes::{NOTES_REF, UnsignedNotes};
pub use prepare::{Identity, IdentityError, Prepared, UnsignedCommit};
pub use publish::{Batch, Published};
pub use refusal::{EditedFile, Refusal};
pub use remote::Remote;
pub use seal::{SEAL_TRAILER, SealError};
pub use signer::GitSigner;
pub use tips::Tip;

use error::spell_out;
use fetch::Upstream;
use tips::Tips;

/// A commit's full id. Made from what a repository said, so it names a commit that exists there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(ObjectId);

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitId({})", self.0)
    }
}

/// A repository, bare or not. Shared by threads.
///
/// Its branches and notes are its own, or those of a remote: see [`on`](Self::on).
#[derive(Clone)]
pub struct Repository {
    shared: gix::ThreadSafeRepository,
    path: PathBuf,
    /// Names more folders of objects; gone when nobody reads any more.
    borrowed: Option<Arc<tempfile::TempDir>>,
    upstream: Option<Arc<Upstream>>,
    tips: Tips,
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Repository({})", self.path.display())
    }
}

/// A commit as stored: what a signature check needs of it.
#[derive(Debug, Clone)]
pub struct StoredCommit {
    /// Its id.
    pub id: CommitId,
    /// Its bytes, signature header included.
    pub bytes: Vec<u8>,
    /// Its committer time.
    pub time: CommitTime,
    /// Which header carries signatures in this repository.
    pub signature_header: SignatureHeader,
}

impl Repository {
    /// Opens the repository that holds `path`: the folder itself or one above it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        // gix takes what lies above the current folder for a folder with a `.git`, also where it is a bare repository
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let leaves = path.components().any(|part| part == std::path::Component::ParentDir);
        let path = if leaves { absolute.as_path() } else { path };
        // a publication that is tried again and again fetches and writes many packs, and gix has room for a fixed number
        let slots = gix::odb::store::init::Slots::AsNeededByDiskState { multiplier: 1.5, minimum: 1024 };
        let options = || {
            let options = gix::open::Options::isolated().config_overrides(["core.useReplaceRefs=false"]);
            options.object_store_slots(slots)
        };
        let trust = gix::sec::trust::Mapping { full: options(), reduced: options() };
        let shared = gix::ThreadSafeRepository::discover_opts(path, gix::discover::upwards::Options::default(), trust)
            .map_err(|error| match error.is_not_found() {
                true => Error::NotARepository { path: path.to_owned() },
                false => Error::Open { path: path.to_owned(), message: spell_out(&error) },
            })?;
        let path = shared.to_thread_local().git_dir().to_owned();
        Ok(Self { shared, path, borrowed: None, upstream: None, tips: Tips::default() })
    }

    /// The folder of the work tree; `None` in a bare repository.
    #[must_use]
    pub fn work_tree(&self) -> Option<PathBuf> {
        self.local().workdir().map(Path::to_owned)
    }

    /// The repository's own folder, in which nothing is committed: `.git`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.path
    }

    /// The commit a revision means: a branch, a tag, an id or its beginning, `HEAD~2`.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, Error> {
        let repo = self.local();
        let unknown = |error: &gix::Error| Error::Revision {
            revision: revision.to_owned(),
            repository: self.path.clone(),
            message: spell_out(error),
        };
        let id = repo.rev_parse_single(revision).map_err(|error| unknown(&error))?;
        let object = id.object().map_err(|error| unknown(&error))?;
        let commit = object.peel_to_kind(gix::object::Kind::Commit);
        let commit = commit.map_err(|_| Error::NotACommit { revision: revision.to_owned() })?;
        Ok(CommitId(commit.id))
    }

    /// The commit at the tip of a branch; `None` if there is no such branch.
    pub fn branch_tip(&self, branch: &BranchName) -> Result<Option<CommitId>, Error> {
        match &self.upstream {
            Some(upstream) => Ok(upstream.tip(&branch.reference())),
            None => self.local_branch_tip(branch),
        }
    }

    fn local_branch_tip(&self, branch: &BranchName) -> Result<Option<CommitId>, Error> {
        let reference = |error: gix::Error| Error::Reference { branch: branch.to_string(), message: spell_out(&error) };
        let repo = self.local();
        let Some(found) = repo.try_find_reference(branch.as_full_name()).map_err(reference)? else {
            return Ok(None);
        };
        match found.target() {
            gix::refs::TargetRef::Object(id) => Ok(Some(CommitId(id.to_owned()))),
            gix::refs::TargetRef::Symbolic(name) => {
                Err(Error::SymbolicBranch { branch: branch.to_string(), target: name.as_bstr().to_string() })
            }
        }
    }

    /// The revision manifests are rendered from, with what of it goes into the hydrated commit.
    pub fn dry_revision(&self, revision: &str) -> Result<DryRevision, Error> {
        let commit = self.commit(self.resolve(revision)?)?;
        let malformed = |error: gix::Error| Error::Malformed { id: commit.id.to_string(), message: spell_out(&error) };
        let parsed = self.parsed(&commit)?;
        let author = parsed.author().map_err(malformed)?;
        let author_time = author.time().map_err(malformed)?;
        Ok(DryRevision {
            id: commit.id.to_string(),
            time: commit.time,
            author: one_line(&format!("{} <{}>", author.name.to_str_lossy(), author.email.to_str_lossy())),
            author_time: CommitTime { seconds: author_time.seconds, offset: author_time.offset },
            message: parsed.message.to_str_lossy().into_owned(),
        })
    }

    /// A commit's bytes and time.
    pub fn commit(&self, id: CommitId) -> Result<StoredCommit, Error> {
        let repo = self.local();
        let bytes = object::read(&repo, id.0, gix::object::Kind::Commit)?;
        let time = parse_commit(&bytes, id)?.committer().and_then(|committer| committer.time());
        let time = time.map_err(|error| Error::Malformed { id: id.to_string(), message: spell_out(&error) })?;
        let time = CommitTime { seconds: time.seconds, offset: time.offset };
        Ok(StoredCommit { id, time, signature_header: signature_header(id.0.kind()), bytes })
    }

    /// The files of a commit.
    pub fn commit_tree(&self, revision: &str) -> Result<CommitTree, Error> {
        self.commit_tree_of(self.resolve(revision)?)
    }

    /// The files of a commit that is already known.
    pub fn commit_tree_of(&self, id: CommitId) -> Result<CommitTree, Error> {
        let commit = self.commit(id)?;
        CommitTree::read(self.shared.clone(), self.parsed(&commit)?.tree())
    }

    /// Whether the repository holds this commit: `false` in shallow clones that end before it.
    #[must_use]
    pub fn has_commit(&self, full_id: &str) -> bool {
        let id = ObjectId::from_hex(full_id.as_bytes());
        id.is_ok_and(|id| object::read(&self.local(), id, gix::object::Kind::Commit).is_ok())
    }

    fn local(&self) -> gix::Repository {
        self.shared.to_thread_local()
    }

    fn parsed<'a>(&self, commit: &'a StoredCommit) -> Result<gix::objs::CommitRef<'a>, Error> {
        parse_commit(&commit.bytes, commit.id)
    }
}

fn parse_commit(bytes: &[u8], id: CommitId) -> Result<gix::objs::CommitRef<'_>, Error> {
    gix::objs::CommitRef::from_bytes(bytes, id.0.kind())
        .map_err(|error| Error::Malformed { id: id.to_string(), message: spell_out(&error) })
}

fn signature_header(hash: gix::hash::Kind) -> SignatureHeader {
    match hash {
        gix::hash::Kind::Sha256 => SignatureHeader::GpgsigSha256,
        _ => SignatureHeader::Gpgsig,
    }
}

/// A text that fits one line of a commit message: control characters become blanks, the ends are trimmed.
fn one_line(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect::<String>().trim().to_owned()
}
