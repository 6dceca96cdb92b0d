//! A commit's files without a checkout.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use gix::ObjectId;
use gix::object::Kind;
use gix::objs::tree::EntryKind;

use super::error::spell_out;
use super::index_tree::no_tree;
use super::{Error, object};
use crate::tree::{MAX_SYMLINKS, ReadTree, RepoPath, TreeError, resolve_symlink};

/// Trees nested deeper than this are an attack: no file system holds them.
const MAX_DEPTH: usize = 512;

/// The files of one commit. Listing is done once; contents are read when asked for, by any thread.
///
/// Submodules are folders without files. A symlink is a file, and reads as the file it leads to.
pub struct CommitTree {
    shared: gix::ThreadSafeRepository,
    /// Handles that threads gave back: each holds buffers worth keeping.
    idle: Mutex<Vec<gix::Repository>>,
    root: ObjectId,
    entries: BTreeMap<RepoPath, Entry>,
    /// Paths that are no [`RepoPath`], in order.
    unusable: Vec<String>,
}

/// One file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: ObjectId,
    pub(super) kind: FileKind,
}

/// What a file of a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A plain file.
    Plain,
    /// A file with the executable bit.
    Executable,
    /// A symlink.
    Symlink,
}

impl fmt::Debug for CommitTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitTree({}, {} files)", self.root, self.entries.len())
    }
}

impl CommitTree {
    pub(super) fn read(shared: gix::ThreadSafeRepository, root: ObjectId) -> Result<Self, Error> {
        let repo = shared.to_thread_local();
        let mut listing = Listing { repo: &repo, entries: BTreeMap::new(), unusable: Vec::new() };
        listing.folder(root, &mut Vec::new(), 0)?;
        let Listing { entries, mut unusable, .. } = listing;
        unusable.sort();
        Ok(Self { idle: Mutex::new(vec![repo]), shared, root, entries, unusable })
    }

    /// Files that belong to no commit yet.
    pub(super) fn of_entries(
        shared: gix::ThreadSafeRepository,
        entries: BTreeMap<RepoPath, Entry>,
        unusable: Vec<String>,
    ) -> Self {
        let root = no_tree(&shared.to_thread_local());
        Self { idle: Mutex::new(Vec::new()), shared, root, entries, unusable }
    }

    /// Every file with its kind, in order of path.
    pub fn entries(&self) -> impl Iterator<Item = (&RepoPath, FileKind)> {
        self.entries.iter().map(|(path, entry)| (path, entry.kind))
    }

    /// Paths of the commit that cannot be used, because no [`RepoPath`] is like them: not UTF-8, a backslash, `..`.
    #[must_use]
    pub fn unusable(&self) -> &[String] {
        &self.unusable
    }

    /// The bytes of a file as stored: of a symlink, where it points. `None` if there is no such file.
    pub fn stored(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, Error> {
        self.entries.get(path).map(|entry| self.blob(entry.id)).transpose()
    }

    /// The id of the root tree.
    pub(super) fn root(&self) -> ObjectId {
        self.root
    }

    pub(super) fn entry(&self, path: &RepoPath) -> Option<Entry> {
        self.entries.get(path).copied()
    }

    pub(super) fn blob(&self, id: ObjectId) -> Result<Vec<u8>, Error> {
        self.with_repository(|repo| object::read(repo, id, Kind::Blob))
    }

    pub(super) fn with_repository<T>(&self, work: impl FnOnce(&gix::Repository) -> T) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let repo = idle.unwrap_or_else(|| self.shared.to_thread_local());
        let result = work(&repo);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(repo);
        result
    }

    /// Whether a path names a folder of the commit.
    fn is_folder(&self, path: &RepoPath) -> bool {
        let next = self.entries.range(path.clone()..).map(|(path, _)| path);
        // `a-b` sorts between `a` and `a/b`: skip what merely begins alike
        next.take_while(|next| next.as_str().starts_with(path.as_str())).any(|next| next.strip_prefix(path).is_some())
    }
}

impl ReadTree for CommitTree {
    fn files(&self, folder: Option<&RepoPath>) -> Result<Vec<RepoPath>, TreeError> {
        let under = |path: &str| folder.is_none_or(|folder| is_at_or_under(path, folder.as_str()));
        if let Some(path) = self.unusable.iter().find(|path| under(path)) {
            return Err(TreeError::Path(path.clone()));
        }
        Ok(self.entries.keys().filter(|path| under(path.as_str())).cloned().collect())
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, TreeError> {
        let io = |error: Error| TreeError::Io { path: path.to_string(), message: error.to_string() };
        let mut at = path.clone();
        let mut entry = self.entry(path).ok_or_else(|| TreeError::NotFound(path.clone()))?;
        let mut followed = 0;
        while entry.kind == FileKind::Symlink {
            let target = String::from_utf8_lossy(&self.blob(entry.id).map_err(io)?).into_owned();
            let refuse = |reason| TreeError::Symlink { path: at.clone(), target: target.clone(), reason };
            followed += 1;
            if followed > MAX_SYMLINKS {
                return Err(refuse("which leads to no end"));
            }
            let next = resolve_symlink(&at, &target)?;
            entry = match self.entry(&next) {
                Some(entry) => entry,
                None if self.is_folder(&next) => return Err(refuse("which is a folder")),
                None => return Err(refuse("which does not exist")),
            };
            at = next;
        }
        self.blob(entry.id).map(Arc::from).map_err(io)
    }

    fn content_id(&self, path: &RepoPath) -> Option<String> {
        self.entry(path).filter(|entry| entry.kind != FileKind::Symlink).map(|entry| entry.id.to_string())
    }

    fn contains(&self, path: &RepoPath) -> Result<bool, TreeError> {
        match self.entry(path) {
            None => Ok(false),
            Some(Entry { kind: FileKind::Symlink, .. }) => self.read(path).map(|_| true),
            Some(_) => Ok(true),
        }
    }
}

fn is_at_or_under(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The walk through a commit's trees.
struct Listing<'a> {
    repo: &'a gix::Repository,
    entries: BTreeMap<RepoPath, Entry>,
    unusable: Vec<String>,
}

impl Listing<'_> {
    fn folder(&mut self, tree: ObjectId, path: &mut Vec<u8>, depth: usize) -> Result<(), Error> {
        let malformed = |message: String| Error::Malformed { id: tree.to_string(), message };
        if depth > MAX_DEPTH {
            return Err(malformed(format!("it is nested more than {MAX_DEPTH} folders deep")));
        }
        let bytes = object::read(self.repo, tree, Kind::Tree)?;
        for entry in gix::objs::TreeRefIter::from_bytes(&bytes, tree.kind()) {
            let entry = entry.map_err(|error| malformed(spell_out(&error)))?;
            let length = path.len();
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(entry.filename);
            match entry.mode.kind() {
                EntryKind::Tree => self.folder(entry.oid.to_owned(), path, depth + 1)?,
                EntryKind::Commit => {}
                EntryKind::Blob => self.file(path, entry.oid, FileKind::Plain),
                EntryKind::BlobExecutable => self.file(path, entry.oid, FileKind::Executable),
                EntryKind::Link => self.file(path, entry.oid, FileKind::Symlink),
            }
            path.truncate(length);
        }
        Ok(())
    }

    fn file(&mut self, path: &[u8], id: &gix::oid, kind: FileKind) {
        match usable_path(path) {
            Some(path) => {
                self.entries.insert(path, Entry { id: id.to_owned(), kind });
            }
            None => self.unusable.push(String::from_utf8_lossy(path).into_owned()),
        }
    }
}

/// A path of git as one of ours. A path that parses to another path, such as `a/../b`, is as unusable as one that does
/// not parse.
pub(super) fn usable_path(path: &[u8]) -> Option<RepoPath> {
    let text = std::str::from_utf8(path).ok()?;
    RepoPath::parse(text).ok().filter(|parsed| parsed.as_str() == text)
}
