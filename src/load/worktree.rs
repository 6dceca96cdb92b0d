//! A work tree is a folder on disk as git would commit it: `.gitignore` counts, `.git` does not, nothing outside is seen.

use std::borrow::Cow;
use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ignore::{DirEntry, WalkBuilder};

use crate::tree::{MAX_SYMLINKS, ReadTree, RepoPath, TreeError, resolve_symlink};

/// The largest file that is read.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A folder on disk, as it was when it was first listed.
#[derive(Debug)]
pub struct WorkTree {
    root: PathBuf,
    /// Walking a large tree takes longer than reading it, so it is walked once.
    listing: OnceLock<Walked>,
}

/// What the walk met.
#[derive(Debug, Default)]
struct Walked {
    /// Sorted by path.
    files: Vec<(RepoPath, Kind)>,
    folders: Vec<PathBuf>,
}

/// What the walk met. It goes through no link, so there is none on the way to what it met either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Symlink,
}

impl WorkTree {
    /// Opens a folder. A path that is no folder is the environment's trouble.
    pub fn open(root: impl AsRef<Path>) -> Result<Self, TreeError> {
        let given = root.as_ref();
        let failed = |message: String| TreeError::Io { path: given.display().to_string(), message };
        // canonical, so that a link *to* the repository is not mistaken for a link inside it
        let root = given.canonicalize().map_err(|error| failed(error.to_string()))?;
        if root.is_dir() {
            Ok(Self { root, listing: OnceLock::new() })
        } else {
            Err(failed("it is not a folder".to_owned()))
        }
    }

    /// Where the folder is, with all links on the way resolved.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every folder that was listed, the first of them itself: while none of them changes, no file comes or goes.
    pub(super) fn folders(&self) -> Result<&[PathBuf], TreeError> {
        Ok(&self.walked()?.folders)
    }

    /// What stands at a path, if every folder on the way is a folder: git has no path through a link either.
    fn metadata(&self, path: &RepoPath) -> Result<Metadata, TreeError> {
        let mut folder = path.parent();
        while let Some(above) = folder {
            let metadata = self.metadata_of(&above).map_err(|error| match error {
                TreeError::NotFound(_) => TreeError::NotFound(path.clone()),
                error => error,
            })?;
            if metadata.is_symlink() {
                let target = self.link_target(&above)?;
                return Err(TreeError::Symlink { path: above, target, reason: "and no path leads through a symlink" });
            }
            folder = above.parent();
        }
        self.metadata_of(path)
    }

    fn metadata_of(&self, path: &RepoPath) -> Result<Metadata, TreeError> {
        fs::symlink_metadata(self.root.join(path.as_str())).map_err(|error| failed(path, &error))
    }

    fn link_target(&self, link: &RepoPath) -> Result<String, TreeError> {
        let target = fs::read_link(self.root.join(link.as_str())).map_err(|error| failed(link, &error))?;
        target.into_os_string().into_string().map_err(|target| TreeError::Symlink {
            path: link.clone(),
            target: target.to_string_lossy().into_owned(),
            reason: "which is not UTF-8",
        })
    }

    /// The file that a path means once links are followed, none of which may leave the tree.
    fn follow(&self, path: &RepoPath) -> Result<(RepoPath, Metadata), TreeError> {
        let mut current = path.clone();
        for _ in 0..=MAX_SYMLINKS {
            let metadata = match self.metadata(&current) {
                // a link into nothing is a broken link, not a missing file
                Err(TreeError::NotFound(_)) if current != *path => return Err(self.dangling(path)),
                metadata => metadata?,
            };
            if !metadata.is_symlink() {
                return Ok((current, metadata));
            }
            let target = self.link_target(&current)?;
            current = resolve_symlink(&current, &target)?;
        }
        Err(self.refused(path, "which leads through too many symlinks"))
    }

    /// As [`follow`](Self::follow), to a file and nothing else.
    fn file(&self, path: &RepoPath) -> Result<(RepoPath, Metadata), TreeError> {
        let (file, metadata) = self.follow(path)?;
        match (metadata.is_file(), metadata.is_dir()) {
            (true, _) => Ok((file, metadata)),
            (_, true) if file == *path => Err(TreeError::NotFound(file)),
            (_, true) => Err(self.refused(path, "which is a folder")),
            _ => {
                let message = "it is neither a file nor a symlink".to_owned();
                Err(TreeError::Io { path: path.to_string(), message })
            }
        }
    }

    fn dangling(&self, link: &RepoPath) -> TreeError {
        self.refused(link, "which does not exist")
    }

    fn refused(&self, link: &RepoPath, reason: &'static str) -> TreeError {
        TreeError::Symlink { path: link.clone(), target: self.link_target(link).unwrap_or_default(), reason }
    }
}

impl ReadTree for WorkTree {
    fn files(&self, folder: Option<&RepoPath>) -> Result<Vec<RepoPath>, TreeError> {
        let listing = self.listing()?;
        let in_folder =
            |path: &RepoPath| folder.is_none_or(|folder| path == folder || path.strip_prefix(folder).is_some());
        Ok(listing.iter().map(|(path, _)| path).filter(|path| in_folder(path)).cloned().collect())
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, TreeError> {
        // what the walk met as a file is one; everything else is looked at step by step
        let file = if self.is_listed_file(path) { Cow::Borrowed(path) } else { Cow::Owned(self.file(path)?.0) };
        let mut opened = File::open(self.root.join(file.as_str())).map_err(|error| failed(path, &error))?;
        let bytes = opened.metadata().map_err(|error| failed(path, &error))?.len();
        if bytes > MAX_FILE_BYTES {
            return Err(TreeError::TooLarge { path: path.clone(), bytes, limit: MAX_FILE_BYTES });
        }
        let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
        opened.read_to_end(&mut content).map_err(|error| failed(path, &error))?;
        Ok(content.into())
    }

    fn contains(&self, path: &RepoPath) -> Result<bool, TreeError> {
        if self.is_listed_file(path) {
            return Ok(true);
        }
        match self.file(path) {
            Ok(_) => Ok(true),
            Err(TreeError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl WorkTree {
    fn listing(&self) -> Result<&[(RepoPath, Kind)], TreeError> {
        Ok(&self.walked()?.files)
    }

    fn walked(&self) -> Result<&Walked, TreeError> {
        if let Some(walked) = self.listing.get() {
            return Ok(walked);
        }
        let walked = self.walk()?;
        Ok(self.listing.get_or_init(|| walked))
    }

    fn walk(&self) -> Result<Walked, TreeError> {
        let mut walked = Walked::default();
        for entry in walker(&self.root, false).build() {
            let entry = entry
                .map_err(|error| TreeError::Io { path: self.root.display().to_string(), message: error.to_string() })?;
            match entry.file_type() {
                Some(kind) if kind.is_file() => walked.files.push((self.repo_path(&entry)?, Kind::File)),
                Some(kind) if kind.is_symlink() => walked.files.push((self.repo_path(&entry)?, Kind::Symlink)),
                Some(kind) if kind.is_dir() => walked.folders.push(entry.into_path()),
                _ => {}
            }
        }
        walked.files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(walked)
    }

    fn is_listed_file(&self, path: &RepoPath) -> bool {
        let listing = self.listing.get().map_or(&[][..], |walked| &walked.files);
        let found = listing.binary_search_by(|(listed, _)| listed.cmp(path));
        found.is_ok_and(|index| listing[index].1 == Kind::File)
    }

    fn repo_path(&self, entry: &DirEntry) -> Result<RepoPath, TreeError> {
        let relative = entry.path().strip_prefix(&self.root).unwrap_or(entry.path());
        let text =
            relative.to_str().ok_or_else(|| TreeError::Path(format!("`{}` is not UTF-8", relative.display())))?;
        RepoPath::parse(text).map_err(|error| TreeError::Path(error.to_string()))
    }
}

/// What git would list: the ignore files of this tree count, those of the machine and of its user do not; those above it
/// count where `parents` says so.
pub(super) fn walker(root: &Path, parents: bool) -> WalkBuilder {
    let mut builder = WalkBuilder::new(root);
    builder
        .hidden(false)
        .parents(parents)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .git_ignore(true)
        .require_git(false)
        .follow_links(false)
        .filter_entry(|entry| !entry.file_name().eq_ignore_ascii_case(".git"));
    builder
}

fn failed(path: &RepoPath, error: &std::io::Error) -> TreeError {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => TreeError::NotFound(path.clone()),
        _ => TreeError::Io { path: path.to_string(), message: error.to_string() },
    }
}
