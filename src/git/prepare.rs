//! Prepare: a hydrated tree becomes a commit in memory, grafted on the tip of its branch.
//!
//! What we wrote before and no longer want is deleted, what others put on the branch stays, and whatever would lose
//! somebody's work is a [`Refusal`](super::Refusal), unless it is permitted by name.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::object::Kind;
use gix::objs::tree::EntryKind;

use super::base::Base;
use super::commit_tree::Entry;
use super::content::ContentId;
use super::error::spell_out;
use super::inspect::Permissions;
use super::tips::Tip;
use super::{BranchName, CommitId, Error, FileKind, Repository, Target};
use crate::hydrate::{CommitTime, HydratedTree, Record, Takeover};
use crate::sign::Payload;
use crate::tree::RepoPath;

/// What a publication has to do.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one value a branch, moved a handful of times")]
pub enum Prepared {
    /// Nothing: the branch says the same already.
    Unchanged {
        /// Its tip.
        tip: CommitId,
    },
    /// A proposal that says what its branch says already: it begins where that branch is.
    Start {
        /// The proposal.
        branch: BranchName,
        /// The tip of the branch it is for.
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
    pub(super) first: Option<Box<UnsignedCommit>>,
    pub(super) tree: ObjectId,
    pub(super) parent: Option<CommitId>,
    /// Everything of the payload that follows the parent.
    pub(super) rest: String,
    pub(super) record: Option<Record>,
    pub(super) app_trees: BTreeMap<String, ContentId>,
    pub(super) written: Vec<RepoPath>,
    /// Those of `written` that the tip does not have.
    pub(super) new: BTreeSet<RepoPath>,
    pub(super) removed: Vec<RepoPath>,
    pub(super) takeover: Takeover,
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

    /// Where its branch was when it was prepared.
    #[must_use]
    pub fn expected(&self) -> Option<CommitId> {
        self.expected
    }

    /// Files that are new or differ from the tip, the record included, in order of path.
    #[must_use]
    pub fn written(&self) -> &[RepoPath] {
        &self.written
    }

    /// Whether the tip has no such file.
    #[must_use]
    pub fn is_new(&self, written: &RepoPath) -> bool {
        self.new.contains(written)
    }

    /// Files of ours that the tip had and this commit does not, in order of path.
    #[must_use]
    pub fn removed(&self) -> &[RepoPath] {
        &self.removed
    }

    /// The commit it stands on; `None` if it begins a branch.
    #[must_use]
    pub fn parent(&self) -> Option<CommitId> {
        self.parent
    }

    /// What it takes from others.
    #[must_use]
    pub fn takeover(&self) -> &Takeover {
        &self.takeover
    }

    /// The branch that is begun so that something can be proposed to it.
    #[must_use]
    pub fn begins(&self) -> Option<&BranchName> {
        self.first.as_ref().map(|first| &first.branch)
    }

    /// The empty commit that has to be signed before this one: it begins the branch that this one is a proposal for.
    #[must_use]
    pub fn take_first(&mut self) -> Option<UnsignedCommit> {
        self.first.take().map(|first| *first)
    }

    /// The same commit on top of another.
    #[must_use]
    pub fn onto(self, parent: CommitId) -> Self {
        Self { payload: payload(self.tree, Some(parent), &self.rest), parent: Some(parent), ..self }
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

    /// The headers of a commit that say who made it.
    pub(super) fn headers(&self, time: CommitTime) -> String {
        let who = self.at(time);
        format!("author {who}\ncommitter {who}\n")
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
        let base = self.base_at(Target::direct(branch.clone()), tip, tree.record().folder.as_ref())?;
        self.prepare_on(&base, tree, identity, Permissions::default())
    }

    /// Turns a tree into a commit on top of a base, taking from others what is permitted.
    pub fn prepare_on(
        &self,
        base: &Base,
        tree: &HydratedTree,
        identity: &Identity,
        permissions: Permissions,
    ) -> Result<Prepared, Error> {
        let takeover = self.inspect(base, tree, permissions)?;
        let branch = &base.target.branch;
        if let (Some(tip), Some(record)) = (&base.tip, base.record())
            && record.owns_the_same_as(tree.record())
            && takeover == Takeover::default()
        {
            return Ok(match base.expected {
                Some(_) => Prepared::Unchanged { tip: tip.id },
                None => Prepared::Start { branch: branch.clone(), tip: tip.id },
            });
        }
        let graft = Graft::new(self, tree, base)?;
        let rest = format!("{}\n{}", who(tree, identity), tree.message(&takeover));
        let parent = base.tip.as_ref().map(|tip| tip.id);
        let first = match &base.target.proposes_to {
            Some(active) if base.begins => Some(Box::new(self.first_commit(active, tree, identity))),
            _ => None,
        };
        let record = Some(tree.record().clone());
        let Graft { tree, objects, app_trees, written, new, removed } = graft;
        Ok(Prepared::Commit(UnsignedCommit {
            branch: branch.clone(),
            expected: base.expected,
            payload: payload(tree, parent, &rest),
            objects,
            first,
            tree,
            parent,
            rest,
            record,
            app_trees,
            written,
            new,
            removed,
            takeover,
        }))
    }

    /// A commit without files: a branch needs one before anything can be proposed to it. It is signed like all others,
    /// since a branch that demands signatures demands them of every commit.
    fn first_commit(&self, branch: &BranchName, tree: &HydratedTree, identity: &Identity) -> UnsignedCommit {
        let empty = ObjectId::empty_tree(self.local().object_hash());
        let rest = format!("{}\nInitial commit for `{branch}`\n", who(tree, identity));
        UnsignedCommit {
            branch: branch.clone(),
            expected: None,
            payload: payload(empty, None, &rest),
            objects: vec![NewObject { id: empty, kind: Kind::Tree, bytes: Vec::new() }],
            first: None,
            tree: empty,
            parent: None,
            rest,
            record: None,
            app_trees: BTreeMap::new(),
            written: Vec::new(),
            new: BTreeSet::new(),
            removed: Vec::new(),
            takeover: Takeover::default(),
        }
    }
}

/// The tip's tree without what we owned, with what we write.
struct Graft {
    tree: ObjectId,
    objects: Vec<NewObject>,
    app_trees: BTreeMap<String, ContentId>,
    written: Vec<RepoPath>,
    new: BTreeSet<RepoPath>,
    removed: Vec<RepoPath>,
}

impl Graft {
    fn new(repository: &Repository, tree: &HydratedTree, base: &Base) -> Result<Self, Error> {
        let tip = base.tip.as_deref();
        let mut repo = repository.local();
        repo.objects.enable_object_memory();
        let failed = |error: gix::Error| Error::Object { id: "of the new tree".to_owned(), message: spell_out(&error) };
        let start = tip.map_or_else(|| ObjectId::empty_tree(repo.object_hash()), |tip| tip.files.root());
        let mut editor = repo.edit_tree(start).map_err(failed)?;
        let mut removed = removed(tree, base.record(), tip);
        let attestations = attestations(base.record(), tip);
        for path in removed.iter().chain(&attestations) {
            editor.remove(path.as_str()).map_err(failed)?;
        }
        // of the apps that stay they come back, see `with_files`
        let stay: BTreeSet<RepoPath> =
            tree.record().apps.keys().filter_map(|app| tree.record().attestation_path(app)).collect();
        let gone = |path: &RepoPath| !stay.contains(path) && *path != tree.record().own_attestation_path();
        removed.extend(attestations.into_iter().filter(gone));
        removed.sort();
        let (mut written, mut new, mut ids) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
        for (path, bytes) in tree.files() {
            let id = repo.write_blob(bytes).map_err(failed)?.detach();
            ids.insert(path, Entry { id, kind: FileKind::Plain });
            let there = tip.and_then(|tip| tip.files.entry(path));
            if there.is_none() {
                new.insert(path.clone());
            }
            if there.is_none_or(|entry| entry.id != id) {
                editor.upsert(path.as_str(), EntryKind::Blob, id).map_err(failed)?;
                written.push(path.clone());
            }
        }
        let root = editor.write().map_err(failed)?.detach();
        drop(editor);
        let memory = repo.objects.take_object_memory().unwrap_or_default();
        ids.extend(tree.kept().iter().filter_map(|path| Some((path, tip?.files.entry(path)?))));
        let app_trees = app_trees(repository, tree.record(), &ids)?;
        Ok(Self { tree: root, objects: new_objects(&repo, memory), app_trees, written, new, removed })
    }
}

/// For every app with files, the tree of its own files.
fn app_trees(
    repository: &Repository,
    record: &Record,
    ids: &BTreeMap<&RepoPath, Entry>,
) -> Result<BTreeMap<String, ContentId>, Error> {
    let mut trees = BTreeMap::new();
    for (name, app) in &record.apps {
        let Some(folder) = record.app_folder(name) else { continue };
        let entry = |path: &RepoPath| Some((path.strip_prefix(&folder)?.to_owned(), *ids.get(path)?));
        let entries: Vec<_> = app.all_files().filter_map(|(path, _)| entry(path)).collect();
        if !entries.is_empty() {
            trees.insert(name.clone(), repository.tree_id(entries)?);
        }
    }
    Ok(trees)
}

/// The attestations that stand on the branch. What they say ends with the commit they were made for.
fn attestations(record: Option<&Record>, tip: Option<&Tip>) -> Vec<RepoPath> {
    let (Some(record), Some(tip)) = (record, tip) else { return Vec::new() };
    let paths = record.attestations().into_keys().chain([record.own_attestation_path()]);
    paths.filter(|path| tip.files.entry(path).is_some()).collect()
}

/// What we own on the branch and want no more; what is gone already needs no removal.
fn removed(tree: &HydratedTree, record: Option<&Record>, tip: Option<&Tip>) -> Vec<RepoPath> {
    let owned: BTreeMap<&RepoPath, _> = record.map(Record::files).unwrap_or_default();
    let is_there = |path: &RepoPath| tip.is_some_and(|tip| tip.files.entry(path).is_some());
    let wanted =
        |path: &RepoPath| tree.files().contains_key(path) || tree.kept().contains(path) || tree.preserves(path);
    owned.into_keys().filter(|path| !wanted(path) && is_there(path)).cloned().collect()
}

/// What is in memory and not in the repository, sorted by id.
pub(super) fn new_objects(repo: &gix::Repository, memory: gix::odb::memory::Storage) -> Vec<NewObject> {
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
pub(super) fn payload(tree: ObjectId, parent: Option<CommitId>, rest: &str) -> Vec<u8> {
    let parent = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
    format!("tree {tree}\n{parent}{rest}").into_bytes()
}

/// Author and committer, at the dry commit's time.
fn who(tree: &HydratedTree, identity: &Identity) -> String {
    identity.headers(tree.dry().time)
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
