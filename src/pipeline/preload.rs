//! Preload: reads side by side what `load` is going to ask for one by one.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Error, Progress};
use crate::load;
use crate::tree::{ReadTree, RepoPath, TreeError};

/// A tree whose files of interest are in memory already. Says the same as the tree itself.
pub struct Preloaded<'a> {
    tree: &'a dyn ReadTree,
    files: Vec<RepoPath>,
    contents: HashMap<RepoPath, Arc<[u8]>>,
}

impl<'a> Preloaded<'a> {
    /// Reads every file whose name says that some stage may want it. What cannot be read is left for the stage that
    /// asks for it, which knows what to say.
    pub fn read(tree: &'a dyn ReadTree, progress: &dyn Progress) -> Result<Self, Error> {
        let files = tree.files(None).map_err(load::LoadError::from)?;
        let wanted: Vec<&RepoPath> = files.iter().filter(|path| load::is_wanted(path)).collect();
        progress.stage("reading", wanted.len());
        let read = |path: &&RepoPath| {
            let content = tree.read(path).ok().map(|bytes| ((*path).clone(), bytes));
            progress.advance();
            content
        };
        let contents = wanted.par_iter().filter_map(read).collect();
        Ok(Self { tree, files, contents })
    }
}

impl ReadTree for Preloaded<'_> {
    fn files(&self, folder: Option<&RepoPath>) -> Result<Vec<RepoPath>, TreeError> {
        match folder {
            None => Ok(self.files.clone()),
            Some(folder) => self.tree.files(Some(folder)),
        }
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, TreeError> {
        self.contents.get(path).map_or_else(|| self.tree.read(path), |bytes| Ok(Arc::clone(bytes)))
    }

    fn content_id(&self, path: &RepoPath) -> Option<String> {
        self.tree.content_id(path)
    }

    fn contains(&self, path: &RepoPath) -> Result<bool, TreeError> {
        if self.contents.contains_key(path) { Ok(true) } else { self.tree.contains(path) }
    }
}
