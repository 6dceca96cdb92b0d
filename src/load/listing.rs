//! A listing is the files of a tree, read once and asked many times: by folder, by pattern, by name.

use std::collections::BTreeSet;

use crate::config::{AppPath, FolderPattern};
use crate::tree::{ReadTree, RepoPath, TreeError};

/// All files of a tree, sorted, and the folders they lie in.
pub(super) struct Listing {
    files: Vec<RepoPath>,
    /// Every folder that holds a file at any depth, sorted.
    folders: Vec<RepoPath>,
}

impl Listing {
    pub(super) fn of(tree: &dyn ReadTree) -> Result<Self, TreeError> {
        let mut files = tree.files(None)?;
        files.sort_unstable();
        let mut folders = BTreeSet::new();
        for file in &files {
            let mut folder = file.parent();
            // once a folder is known, so are those above it
            while let Some(above) = folder.filter(|above| !folders.contains(above)) {
                folder = above.parent();
                folders.insert(above);
            }
        }
        Ok(Self { files, folders: folders.into_iter().collect() })
    }

    pub(super) fn contains(&self, file: &RepoPath) -> bool {
        self.files.binary_search(file).is_ok()
    }

    pub(super) fn is_folder(&self, folder: &RepoPath) -> bool {
        self.folders.binary_search(folder).is_ok()
    }

    /// The files in a folder at any depth; all of them for the repository itself.
    pub(super) fn under(&self, folder: Option<&RepoPath>) -> &[RepoPath] {
        let Some(folder) = folder else { return &self.files };
        beginning_with(&self.files, &format!("{folder}/"))
    }

    /// The folders that an entry of `apps` means, in order of their names.
    pub(super) fn folders_of(&self, path: &AppPath) -> Vec<Option<RepoPath>> {
        match path {
            AppPath::Top if self.files.is_empty() => Vec::new(),
            AppPath::Top => vec![None],
            AppPath::Folder(folder) if self.is_folder(folder) => vec![Some(folder.clone())],
            AppPath::Folder(_) => Vec::new(),
            AppPath::Pattern(pattern) => self.matching(pattern).cloned().map(Some).collect(),
        }
    }

    fn matching<'a>(&'a self, pattern: &'a FolderPattern) -> impl Iterator<Item = &'a RepoPath> {
        let candidates = beginning_with(&self.folders, pattern.literal_prefix());
        candidates.iter().filter(|folder| pattern.matches(folder.as_str()))
    }

    /// Folders by name, for suggestions.
    pub(super) fn folder_names(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(RepoPath::as_str)
    }
}

/// The run of sorted paths with a common beginning.
fn beginning_with<'a>(paths: &'a [RepoPath], prefix: &str) -> &'a [RepoPath] {
    let start = paths.partition_point(|path| path.as_str() < prefix);
    let length = paths[start..].partition_point(|path| path.as_str().starts_with(prefix));
    &paths[start..start + length]
}
