//! Tips: what stands at the end of a branch, read once. Every step of a publication asks for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{CommitId, CommitTree, Error, FileKind, Repository};
use crate::hydrate::{Record, RecordError, record_path};
use crate::tree::RepoPath;

/// The commit at the tip of a branch, with what Hydrant wrote about it.
#[derive(Debug)]
pub struct Tip {
    pub(super) id: CommitId,
    pub(super) files: CommitTree,
    /// `None` if there is no record.
    pub(super) record: Result<Option<Record>, RecordError>,
}

impl Tip {
    /// The record that stands there, if one does that can be read.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref().ok()?.as_ref()
    }

    /// The files that stand there.
    #[must_use]
    pub fn files(&self) -> &CommitTree {
        &self.files
    }
}

/// The tips that were asked for so far. A commit never changes, so neither does what was read of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Tips(Arc<Mutex<BTreeMap<Place, Arc<Tip>>>>);

/// A commit, and the folder of it that the record lies in.
type Place = (CommitId, Option<RepoPath>);

impl Repository {
    /// What a commit holds that is, or was, the tip of a branch. `folder` is where the record lies; `None`: at the top.
    ///
    /// It is kept as long as the repository is open: of commits of a history, ask for
    /// [`commit_tree_of`](Self::commit_tree_of).
    pub fn tip(&self, id: CommitId, folder: Option<&RepoPath>) -> Result<Arc<Tip>, Error> {
        let key = (id, folder.cloned());
        if let Some(tip) = self.tips.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(tip));
        }
        let tip = Arc::new(self.read_tip(id, folder)?);
        self.tips.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&tip));
        Ok(tip)
    }

    fn read_tip(&self, id: CommitId, folder: Option<&RepoPath>) -> Result<Tip, Error> {
        let files = self.commit_tree_of(id)?;
        let path = record_path(folder);
        let record = match files.entry(&path).filter(|entry| entry.kind == FileKind::Plain) {
            Some(entry) => match Record::parse(&files.blob(entry.id)?) {
                Ok(record) if record.path() != path => Err(RecordError::Elsewhere(record.path())),
                record => record.map(Some),
            },
            None => Ok(None),
        };
        Ok(Tip { id, files, record })
    }
}
