//! The index as a tree: what the next commit will hold, whatever the work tree has become since.

use std::collections::BTreeMap;
use std::path::Path;

use gix::ObjectId;
use gix::index::entry::{Flags, Mode, Stage};

use super::commit_tree::{CommitTree, Entry, FileKind, usable_path};
use super::error::spell_out;
use super::{Error, Repository};

impl Repository {
    /// What is staged. `file` is another index than the repository's own: git gives hooks one in `GIT_INDEX_FILE` when
    /// only some files are committed. Paths in it are relative to the top of the work tree.
    pub fn index_tree(&self, file: Option<&Path>) -> Result<CommitTree, Error> {
        let repo = self.local();
        let path = match (file, self.work_tree()) {
            (Some(file), Some(top)) => top.join(file),
            (Some(file), None) => file.to_owned(),
            (None, _) => repo.index_path(),
        };
        let broken = |message: String| Error::Index { path: path.clone(), message };
        if !path.exists() {
            // a repository in which nothing was ever staged
            return Ok(CommitTree::of_entries(self.shared.clone(), BTreeMap::new(), Vec::new()));
        }
        let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
        let index = gix::index::File::at(&path, repo.object_hash(), false, options)
            .map_err(|error| broken(spell_out(&error)))?;
        let (mut entries, mut unusable) = (BTreeMap::new(), Vec::new());
        for entry in index.entries() {
            let path = entry.path(&index);
            if entry.stage() != Stage::Unconflicted {
                return Err(broken(format!("`{path}` has conflicts that are not resolved")));
            }
            if entry.flags.contains(Flags::INTENT_TO_ADD) {
                continue;
            }
            let kind = match entry.mode {
                Mode::FILE => FileKind::Plain,
                Mode::FILE_EXECUTABLE => FileKind::Executable,
                Mode::SYMLINK => FileKind::Symlink,
                Mode::COMMIT => continue,
                _ => {
                    return Err(broken(format!(
                        "`{path}` is a whole folder of a sparse checkout, whose files are not told"
                    )));
                }
            };
            match usable_path(path) {
                Some(path) => {
                    entries.insert(path, Entry { id: entry.id, kind });
                }
                None => unusable.push(path.to_string()),
            }
        }
        unusable.sort();
        unusable.dedup();
        Ok(CommitTree::of_entries(self.shared.clone(), entries, unusable))
    }

    /// The commit from which two revisions went different ways; the first of them in a clone that does not reach so far.
    pub fn common_base(&self, revision: &str, other: &str) -> Result<super::CommitId, Error> {
        let (one, two) = (self.resolve(revision)?, self.resolve(other)?);
        let base = self.local().merge_base(one.0, two.0).ok().flatten().map(gix::Id::detach);
        Ok(base.map_or(one, super::CommitId))
    }
}

/// An id that no tree has.
pub(super) fn no_tree(repo: &gix::Repository) -> ObjectId {
    ObjectId::null(repo.object_hash())
}
