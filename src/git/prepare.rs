//! Prepare: a hydrated tree becomes a commit in memory, grafted on the tip of its branch.
//!
//! What we wrote before and no longer want is deleted, what others put on the branch stays, and whatever would lose
//! somebody's work is a [`Refusal`].

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::object::Kind;
use gix::objs::tree::EntryKind;

use super::error::spell_out;
use super::{BranchName, CommitId, CommitTree, Error, FileKind, Refusal, Repository, one_line};
use crate::hydrate::{CommitTime, HydratedTree, RECORD_PATH, Record};
use crate::sign::Payload;
use crate::tree::RepoPath;

/// What a publication has to do.
#[derive(Debug)]
pub enum Prepared {
    /// Nothing: the branch says the same already.
    Unchanged {
        /// Its tip.
        tip: CommitId,
    },
    /// Sign and publish this.
    Commit(UnsignedCommit),
}

/// A commit that exists in memory only, with all objects it needs.
#[derive(Debug, Clone)]
pub struct UnsignedCommit {
    pub(super) branch: BranchName,
    pub(super) expected: Option<CommitId>,
    pub(super) payload: Vec<u8>,
    /// Without the commit itself, sorted by id.
    pub(super) objects: Vec<NewObject>,
    written: Vec<RepoPath>,
    removed: Vec<RepoPath>,
}

/// An object that is not in the repository yet.
#[derive(Debug, Clone)]
pub(super) struct NewObject {
    pub(super) id: ObjectId,
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
}

impl UnsignedCommit {
    /// The branch it is for.
    #[must_use]
    pub fn branch(&self) -> &BranchName {
        &self.branch
    }

    /// The tip it was prepared on, and its only parent.
    #[must_use]
    pub fn expected(&self) -> Option<CommitId> {
        self.expected
    }

    /// Files that are new or differ from the tip, the record included, in order of path.
    #[must_use]
    pub fn written(&self) -> &[RepoPath] {
        &self.written
    }

    /// Files of ours that the tip had and this commit does not, in order of path.
    #[must_use]
    pub fn removed(&self) -> &[RepoPath] {
        &self.removed
    }
}

impl Payload for UnsignedCommit {
    fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// Author and committer of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    name: String,
    email: String,
}

/// A name or address that git could not read back. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be part of an identity: it is empty, or holds `<`, `>` or a control character")]
pub struct IdentityError(String);

impl Identity {
    /// A name and an address.
    pub fn new(name: &str, email: &str) -> Result<Self, IdentityError> {
        let usable = |text: &str| {
            let text = text.trim();
            !text.is_empty() && !text.contains(['<', '>']) && !text.chars().any(char::is_control)
        };
        match [name, email].into_iter().find(|text| !usable(text)) {
            Some(text) => Err(IdentityError(text.to_owned())),
            None => Ok(Self { name: name.trim().to_owned(), email: email.trim().to_owned() }),
        }
    }
}

impl Identity {
    /// As a reflog names who moved a reference; `time` as [`git_time`] writes it.
    pub(super) fn in_reflog<'a>(&'a self, time: &'a str) -> gix::actor::SignatureRef<'a> {
        gix::actor::SignatureRef { name: self.name.as_str().into(), email: self.email.as_str().into(), time }
    }

    /// As a commit names its author: `Ada <ada@example.com> 1767225600 +0130`.
    pub(super) fn at(&self, time: CommitTime) -> String {
        format!("{} <{}> {}", self.name, self.email, git_time(time))
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self { name: "Hydrant".to_owned(), email: "hydrant@localhost".to_owned() }
    }
}

impl Repository {
    /// Turns a tree into a commit on top of `tip`, which is what [`branch_tip`](Self::branch_tip) said.
    ///
    /// Nothing is written. The same tree on the same tip gives the same bytes: the commit's time is the dry commit's.
    pub fn prepare(
        &self,
        tree: &HydratedTree,
        branch: &BranchName,
        tip: Option<CommitId>,
        identity: &Identity,
    ) -> Result<Prepared, Error> {
        self.refuse_checked_out(branch)?;
        let tip = match tip {
            Some(tip) => Some(self.inspect(branch, tip, tree)?),
            None => {
                self.refuse_new(branch)?;
                None
            }
        };
        if let Some(tip) = &tip
            && tip.record.owns_the_same_as(tree.record())
        {
            return Ok(Prepared::Unchanged { tip: tip.id });
        }
        let graft = Graft::new(self, tree, tip.as_ref())?;
        let expected = tip.map(|tip| tip.id);
        let payload = commit_bytes(graft.tree, expected, tree, identity);
        let Graft { objects, written, removed, .. } = graft;
        Ok(Prepared::Commit(UnsignedCommit { branch: branch.clone(), expected, payload, objects, written, removed }))
    }

    /// Everything that must be so before a branch may be written on.
    fn inspect(&self, branch: &BranchName, tip: CommitId, tree: &HydratedTree) -> Result<Tip, Error> {
        let files = self.commit_tree_of(tip)?;
        let record = record_on(&files, branch, tip)?;
        let (found, wanted) = (&record.environment, &tree.record().environment);
        if found != wanted {
            let (found, wanted) = (found.clone(), wanted.clone());
            return Err(Refusal::OtherEnvironment { branch: branch.to_string(), found, wanted }.into());
        }
        self.refuse_source_branch(branch, tip, &tree.dry().id)?;
        let edited = files.edited_files(&record)?;
        if !edited.is_empty() {
            return Err(Refusal::EditedByHand { branch: branch.to_string(), tip, files: edited }.into());
        }
        let occupied = occupied(&files, &record, tree);
        if !occupied.is_empty() {
            return Err(Refusal::Occupied { branch: branch.to_string(), files: occupied }.into());
        }
        Ok(Tip { id: tip, files, record })
    }
}

/// The tip of a branch that may be written on.
struct Tip {
    id: CommitId,
    files: CommitTree,
    record: Record,
}

fn record_on(files: &CommitTree, branch: &BranchName, tip: CommitId) -> Result<Record, Error> {
    let branch = branch.to_string();
    let Some(entry) = files.entry(&crate::hydrate::record_path()).filter(|entry| entry.kind == FileKind::Plain) else {
        return Err(Refusal::ForeignBranch { branch, tip }.into());
    };
    let record = Record::parse(&files.blob(entry.id)?);
    record.map_err(|reason| Refusal::BrokenRecord { branch, tip, reason }.into())
}

/// Files of others that stand at one of our paths, above it or below it.
fn occupied(files: &CommitTree, record: &Record, tree: &HydratedTree) -> Vec<String> {
    let owned = record.files();
    let others = files.entries().map(|(path, _)| path);
    let others = others.filter(|path| !owned.contains_key(path) && path.as_str() != RECORD_PATH);
    others.filter(|path| stands_in_the_way(path, tree)).map(ToString::to_string).collect()
}

fn stands_in_the_way(other: &RepoPath, tree: &HydratedTree) -> bool {
    let ours = tree.files();
    let is_our_folder = || {
        let after = ours.range(other.clone()..).map(|(path, _)| path);
        let mut after = after.take_while(|path| path.as_str().starts_with(other.as_str()));
        after.any(|path| path.strip_prefix(other).is_some())
    };
    let mut above = std::iter::successors(Some(other.clone()), RepoPath::parent);
    above.any(|path| ours.contains_key(&path)) || is_our_folder()
}

/// The tip's tree without what we owned, with what we write.
struct Graft {
    tree: ObjectId,
    objects: Vec<NewObject>,
    written: Vec<RepoPath>,
    removed: Vec<RepoPath>,
}

impl Graft {
    fn new(repository: &Repository, tree: &HydratedTree, tip: Option<&Tip>) -> Result<Self, Error> {
        let mut repo = repository.local();
        repo.objects.enable_object_memory();
        let failed = |error: gix::Error| Error::Object { id: "of the new tree".to_owned(), message: spell_out(&error) };
        let base = tip.map_or_else(|| ObjectId::empty_tree(repo.object_hash()), |tip| tip.files.root());
        let mut editor = repo.edit_tree(base).map_err(failed)?;
        let removed = removed(tree, tip);
        for path in &removed {
            editor.remove(path.as_str()).map_err(failed)?;
        }
        let mut written = Vec::new();
        for (path, bytes) in tree.files() {
            let id = repo.write_blob(bytes).map_err(failed)?.detach();
            if tip.and_then(|tip| tip.files.entry(path)).is_none_or(|entry| entry.id != id) {
                editor.upsert(path.as_str(), EntryKind::Blob, id).map_err(failed)?;
                written.push(path.clone());
            }
        }
        let root = editor.write().map_err(failed)?.detach();
        drop(editor);
        let memory = repo.objects.take_object_memory().unwrap_or_default();
        Ok(Self { tree: root, objects: new_objects(&repo, memory), written, removed })
    }
}

fn removed(tree: &HydratedTree, tip: Option<&Tip>) -> Vec<RepoPath> {
    let owned: BTreeMap<&RepoPath, _> = tip.map(|tip| tip.record.files()).unwrap_or_default();
    owned.into_keys().filter(|path| !tree.files().contains_key(path)).cloned().collect()
}

/// What is in memory and not in the repository, sorted by id.
fn new_objects(repo: &gix::Repository, memory: gix::odb::memory::Storage) -> Vec<NewObject> {
    let mut objects: Vec<NewObject> = memory
        .iter()
        // thousands of ids that are mostly new: looking for new packs after each miss would cost more than the writing
        .filter(|(id, _)| !repo.objects.exists_without_refresh(id))
        .map(|(id, (kind, bytes))| NewObject { id: *id, kind: *kind, bytes: bytes.clone() })
        .collect();
    objects.sort_by_key(|object| object.id);
    objects
}

/// A commit as git writes it, without signature. Written by hand: every byte of it is signed.
fn commit_bytes(tree: ObjectId, parent: Option<CommitId>, hydrated: &HydratedTree, identity: &Identity) -> Vec<u8> {
    let who = identity.at(hydrated.dry().time);
    let parent = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
    let message = message(hydrated);
    format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\n{message}").into_bytes()
}

/// `<first 7 of the dry commit>: <its subject>`, and trailers that machines read.
fn message(hydrated: &HydratedTree) -> String {
    let dry = hydrated.dry();
    let short = dry.id.get(..7).unwrap_or(&dry.id);
    let subject = match one_line(&dry.subject) {
        subject if subject.is_empty() => "(no subject)".to_owned(),
        subject => subject,
    };
    let environment = one_line(&hydrated.record().environment);
    format!("{short}: {subject}\n\nHydrant-Environment: {environment}\nHydrant-Dry-Commit: {}\n", dry.id)
}

/// `1767225600 +0130`.
pub(super) fn git_time(time: CommitTime) -> String {
    let sign = if time.offset < 0 { '-' } else { '+' };
    let minutes = time.offset.unsigned_abs() / 60;
    format!("{} {sign}{:02}{:02}", time.seconds, minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_what_git_can_read_back() {
        assert!(Identity::new("Ada Lovelace", "ada@example.com").is_ok());
        for (name, email) in [("", "a@b"), ("A", " "), ("A <b>", "a@b"), ("A\nparent x", "a@b"), ("A", "a@b>")] {
            assert!(Identity::new(name, email).is_err(), "{name:?} {email:?}");
        }
    }

    #[test]
    fn times_are_written_as_git_writes_them() {
        let show = |seconds, offset| git_time(CommitTime { seconds, offset });
        assert_eq!(show(1_767_225_600, 0), "1767225600 +0000");
        assert_eq!(show(1, 5400), "1 +0130");
        assert_eq!(show(1, -12_600), "1 -0330");
    }
}
