//! A snapshot is a work tree held in memory, brought up to date by reading again what looks different from outside.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{WorkTree, is_wanted};
use crate::tree::{ReadTree, RepoPath, TreeError};

/// A file that was changed this shortly before it was read may be changed again without looking different: clocks of file
/// systems tick slowly, some only every two seconds.
const TICK: Duration = Duration::from_secs(2);

/// The files of a work tree as they were at the last [`refresh`](Self::refresh).
#[derive(Debug)]
pub struct Snapshot {
    root: PathBuf,
    tree: WorkTree,
    files: Vec<RepoPath>,
    /// What decides which files there are: every folder, and every file that says what git ignores.
    listed: Vec<(PathBuf, Option<Looks>)>,
    held: BTreeMap<RepoPath, Held>,
}

#[derive(Debug)]
struct Held {
    /// `None`: it cannot be told from outside whether it is the same.
    looks: Option<Looks>,
    /// Why a file could not be read is a content, too.
    content: Result<Arc<[u8]>, String>,
}

/// What a file looks like from outside.
#[derive(Debug, PartialEq, Eq)]
struct Looks {
    modified: SystemTime,
    bytes: u64,
    /// Which file it is and when anything about it changed: for files that replace others and keep their times.
    identity: (u64, i64, i64),
}

impl Snapshot {
    /// Reads a folder for the first time.
    pub fn of(root: impl AsRef<Path>) -> Result<Self, TreeError> {
        let root = root.as_ref().to_path_buf();
        let tree = WorkTree::open(&root)?;
        let mut snapshot = Self { root, tree, files: Vec::new(), listed: Vec::new(), held: BTreeMap::new() };
        snapshot.refresh()?;
        Ok(snapshot)
    }

    /// Brings it up to date. Whether anything changed: a file came or went, or one that a stage may read has another
    /// content.
    pub fn refresh(&mut self) -> Result<bool, TreeError> {
        let mut changed = false;
        if !self.lists_the_same() {
            self.tree = WorkTree::open(&self.root)?;
            let files = self.tree.files(None)?;
            changed = files != self.files;
            self.files = files;
            self.listed = self.listed()?;
        }
        let mut before = std::mem::take(&mut self.held);
        for path in self.files.iter().filter(|path| is_wanted(path)) {
            let looks = looks(&self.tree.root().join(path.as_str()), Metadata::is_file);
            let held = match before.remove(path) {
                Some(held) if looks.is_some() && held.looks == looks => held,
                other => {
                    let content = self.tree.read(path).map_err(|error| error.to_string());
                    let is_same = other.is_some_and(|other| other.content == content);
                    changed |= !is_same;
                    Held { looks, content }
                }
            };
            self.held.insert(path.clone(), held);
        }
        Ok(changed)
    }

    /// Whether no file can have come or gone: walking a large tree takes longer than looking at its folders.
    fn lists_the_same(&self) -> bool {
        let still = |(path, before): &(PathBuf, Option<Looks>)| before.is_some() && looks(path, is_lister) == *before;
        self.root.canonicalize().is_ok_and(|root| root == self.tree.root())
            && !self.listed.is_empty()
            && self.listed.iter().all(still)
    }

    fn listed(&self) -> Result<Vec<(PathBuf, Option<Looks>)>, TreeError> {
        let ignoring = self.files.iter().filter(|path| path.file_name() == ".gitignore");
        let ignoring = ignoring.map(|path| self.tree.root().join(path.as_str()));
        let paths = self.tree.folders()?.iter().cloned().chain(ignoring);
        Ok(paths.map(|path| (looks(&path, is_lister), path)).map(|(looks, path)| (path, looks)).collect())
    }
}

/// A folder, or a file that is no link.
fn is_lister(metadata: &Metadata) -> bool {
    metadata.is_dir() || metadata.is_file()
}

/// What a path looks like, if it is what is expected there and long enough unchanged to tell by its looks.
fn looks(path: &Path, is_expected: fn(&Metadata) -> bool) -> Option<Looks> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let modified = metadata.modified().ok()?;
    // what a link leads to changes without the link; what lies in the future has no age
    let age = SystemTime::now().duration_since(modified).ok()?;
    (is_expected(&metadata) && age > TICK).then_some(Looks {
        modified,
        bytes: metadata.len(),
        identity: identity(&metadata),
    })
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, i64, i64) {
    Default::default()
}

impl ReadTree for Snapshot {
    fn files(&self, folder: Option<&RepoPath>) -> Result<Vec<RepoPath>, TreeError> {
        match folder {
            None => Ok(self.files.clone()),
            Some(folder) => self.tree.files(Some(folder)),
        }
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, TreeError> {
        match self.held.get(path) {
            Some(Held { content: Ok(content), .. }) => Ok(Arc::clone(content)),
            _ => self.tree.read(path),
        }
    }

    fn contains(&self, path: &RepoPath) -> Result<bool, TreeError> {
        match self.held.get(path) {
            Some(Held { content: Ok(_), .. }) => Ok(true),
            _ => self.tree.contains(path),
        }
    }
}
