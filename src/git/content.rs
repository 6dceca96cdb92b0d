//! Content by its git ids: what attestations name, of commits that exist and of those that are only prepared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use gix::ObjectId;
use gix::object::Kind;
use gix::objs::tree::{Entry as TreeEntry, EntryKind};
use gix::objs::{Tree, TreeRefIter, WriteTo as _};

use super::commit_tree::Entry;
use super::error::spell_out;
use super::prepare::{NewObject, payload};
use super::{CommitTree, Error, FileKind, Repository, UnsignedCommit, object};
use crate::hydrate::Record;
use crate::tree::RepoPath;

/// The id of a tree or a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId(ObjectId);

impl ContentId {
    pub(super) fn of(entry: Entry) -> Self {
        Self(entry.id)
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl UnsignedCommit {
    /// The record it will hold; `None` for the empty commit that begins a branch.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// For every app with files, the tree of its own files.
    #[must_use]
    pub fn app_trees(&self) -> &BTreeMap<String, ContentId> {
        &self.app_trees
    }
}

impl Repository {
    /// The id that these bytes have, or would have, as a blob of this repository.
    pub fn blob_id(&self, bytes: &[u8]) -> Result<ContentId, Error> {
        let id = gix::objs::compute_hash(self.local().object_hash(), Kind::Blob, bytes);
        id.map(ContentId).map_err(|error| unmade(&error))
    }

    /// The same commit with another record and more files beside it. Nothing is written.
    ///
    /// For attestations: they speak of what is prepared, and the record tells of them.
    pub fn with_files(
        &self,
        mut commit: UnsignedCommit,
        record: Record,
        files: &BTreeMap<RepoPath, Vec<u8>>,
    ) -> Result<UnsignedCommit, Error> {
        let before = commit.parent.map(|parent| self.tip(parent, record.folder.as_ref())).transpose()?;
        let mut repo = self.local();
        let mut memory = gix::odb::memory::Storage::default();
        memory.extend(commit.objects.drain(..).map(|object| (object.id, (object.kind, object.bytes))));
        repo.objects.set_object_memory(memory);
        let record_file = (record.path(), record.to_bytes());
        let mut written: BTreeSet<RepoPath> = commit.written.into_iter().collect();
        let mut editor = repo.edit_tree(commit.tree).map_err(|error| unmade(&error))?;
        for (path, bytes) in files.iter().chain([(&record_file.0, &record_file.1)]) {
            let id = repo.write_blob(bytes).map_err(|error| unmade(&error))?.detach();
            editor.upsert(path.as_str(), EntryKind::Blob, id).map_err(|error| unmade(&error))?;
            let was_there = before.as_ref().and_then(|before| before.files.entry(path));
            if was_there.is_none_or(|entry| entry.id != id) {
                written.insert(path.clone());
            }
        }
        let tree = editor.write().map_err(|error| unmade(&error))?.detach();
        drop(editor);
        let memory = repo.objects.take_object_memory().unwrap_or_default();
        let mut objects = BTreeMap::new();
        collect(&repo, tree, Kind::Tree, &memory, &mut objects)?;
        commit.written = written.into_iter().collect();
        commit.removed.retain(|path| !files.contains_key(path));
        commit.payload = payload(tree, commit.parent, &commit.rest);
        Ok(UnsignedCommit { tree, record: Some(record), objects: objects.into_values().collect(), ..commit })
    }

    /// The id of a tree of files by their paths in it. Nothing is written.
    pub(super) fn tree_id(&self, entries: impl IntoIterator<Item = (String, Entry)>) -> Result<ContentId, Error> {
        tree_id(self.local().object_hash(), entries.into_iter().collect())
    }
}

/// What a tree needs and the repository lacks: objects that were replaced while the tree was made are left behind.
fn collect(
    repo: &gix::Repository,
    id: ObjectId,
    kind: Kind,
    memory: &gix::odb::memory::Storage,
    found: &mut BTreeMap<ObjectId, NewObject>,
) -> Result<(), Error> {
    let Some((_, bytes)) = memory.get(&id).filter(|_| !found.contains_key(&id)) else { return Ok(()) };
    if repo.objects.exists_without_refresh(&id) {
        return Ok(());
    }
    if kind == Kind::Tree {
        for entry in TreeRefIter::from_bytes(bytes, id.kind()) {
            let entry = entry.map_err(|error| unmade(&error))?;
            match entry.mode.kind() {
                EntryKind::Tree => collect(repo, entry.oid.to_owned(), Kind::Tree, memory, found)?,
                EntryKind::Commit => {}
                _ => collect(repo, entry.oid.to_owned(), Kind::Blob, memory, found)?,
            }
        }
    }
    found.insert(id, NewObject { id, kind, bytes: bytes.clone() });
    Ok(())
}

impl CommitTree {
    /// The tree of these files as they are here, with the folder's path taken off; what is not here is left out.
    pub fn tree_of<'a>(
        &self,
        folder: &RepoPath,
        files: impl IntoIterator<Item = &'a RepoPath>,
    ) -> Result<ContentId, Error> {
        let entries = files.into_iter().filter_map(|path| {
            let inside = path.strip_prefix(folder)?.to_owned();
            Some((inside, self.entry(path)?))
        });
        tree_id(self.root().kind(), entries.collect())
    }

    /// The id of a folder as it stands here, with all that is in it; `None` if there is no such folder.
    pub fn folder(&self, folder: &RepoPath) -> Result<Option<ContentId>, Error> {
        let mut tree = self.root();
        for part in folder.as_str().split('/') {
            let bytes = self.with_repository(|repo| object::read(repo, tree, Kind::Tree))?;
            let entries = TreeRefIter::from_bytes(&bytes, tree.kind()).filter_map(Result::ok);
            let mut folders = entries.filter(|entry| entry.mode.is_tree() && entry.filename == part);
            match folders.next() {
                Some(entry) => tree = entry.oid.to_owned(),
                None => return Ok(None),
            }
        }
        Ok(Some(ContentId(tree)))
    }

    /// The id of a plain file.
    #[must_use]
    pub fn plain_file(&self, path: &RepoPath) -> Option<ContentId> {
        self.entry(path).filter(|entry| entry.kind == FileKind::Plain).map(|entry| ContentId(entry.id))
    }
}

/// The id of a tree with these files, by their paths in it. Made without a database, which would want to have the files.
fn tree_id(hash: gix::hash::Kind, entries: Vec<(String, Entry)>) -> Result<ContentId, Error> {
    let mut folders: BTreeMap<String, Vec<(String, Entry)>> = BTreeMap::new();
    let mut tree = Tree { entries: Vec::new() };
    for (path, entry) in entries {
        match path.split_once('/') {
            Some((folder, rest)) => folders.entry(folder.to_owned()).or_default().push((rest.to_owned(), entry)),
            None => {
                tree.entries.push(TreeEntry { mode: mode(entry.kind).into(), filename: path.into(), oid: entry.id })
            }
        }
    }
    for (name, entries) in folders {
        let ContentId(oid) = tree_id(hash, entries)?;
        tree.entries.push(TreeEntry { mode: EntryKind::Tree.into(), filename: name.into(), oid });
    }
    tree.entries.sort();
    let mut bytes = Vec::new();
    let unmade = |message: String| Error::Object { id: "of the new tree".to_owned(), message };
    tree.write_to(&mut bytes).map_err(|error| unmade(error.to_string()))?;
    gix::objs::compute_hash(hash, Kind::Tree, &bytes).map(ContentId).map_err(|error| unmade(spell_out(&error)))
}

fn mode(kind: FileKind) -> EntryKind {
    match kind {
        FileKind::Plain => EntryKind::Blob,
        FileKind::Executable => EntryKind::BlobExecutable,
        FileKind::Symlink => EntryKind::Link,
    }
}

fn unmade(error: &gix::Error) -> Error {
    Error::Object { id: "of the new tree".to_owned(), message: spell_out(error) }
}
