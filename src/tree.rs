//! A tree is a folder as the core sees it: paths and bytes, from a working tree or a commit alike.
//!
//! [`RepoPath`] is a path that cannot leave its repository; [`ReadTree`] is the only door through which stages see
//! files, so that the same commit gives the same result on any machine.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A path inside a repository: relative, `/`-separated, without empty, `.`, `..` or `.git` parts, and not empty.
///
/// No other `RepoPath` exists, so a path taken from a manifest, a template or a symlink cannot name anything outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoPath(String);

/// Why a text is no [`RepoPath`]. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing is left after normalisation.
    #[error("the path is empty")]
    Empty,
    /// `/etc/passwd`, `C:\…`.
    #[error("`{0}` is an absolute path")]
    Absolute(String),
    /// More `..` than folders to leave.
    #[error("`{0}` leaves the repository")]
    Outside(String),
    /// NUL, a line break, a backslash, or a `.git` part.
    #[error("`{0}` holds `{1}`, which no path here may contain")]
    Forbidden(String, &'static str),
}

impl RepoPath {
    /// Reads a path. `.` parts and doubled slashes are dropped, `..` is resolved within the path.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Self::resolve(None, text)
    }

    /// Reads `text` relative to the folder `self`: `apps/web` and `../base/a.yaml` give `apps/base/a.yaml`.
    pub fn join(&self, text: &str) -> Result<Self, PathError> {
        Self::resolve(Some(self), text)
    }

    fn resolve(base: Option<&Self>, text: &str) -> Result<Self, PathError> {
        if text.starts_with('/') || text.get(1..3).is_some_and(|rest| rest == ":\\" || rest == ":/") {
            return Err(PathError::Absolute(text.to_owned()));
        }
        for (sign, name) in [('\0', "NUL"), ('\n', "a line break"), ('\r', "a line break"), ('\\', "a backslash")] {
            if text.contains(sign) {
                return Err(PathError::Forbidden(text.to_owned(), name));
            }
        }
        let mut parts: Vec<&str> = base.map(|base| base.0.split('/').collect()).unwrap_or_default();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or_else(|| PathError::Outside(text.to_owned()))?;
                }
                part if part.eq_ignore_ascii_case(".git") => {
                    return Err(PathError::Forbidden(text.to_owned(), ".git"));
                }
                part => parts.push(part),
            }
        }
        if parts.is_empty() { Err(PathError::Empty) } else { Ok(Self(parts.join("/"))) }
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that holds it; `None` at the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.0.as_str(), |(_, name)| name)
    }

    /// What follows the last dot of the file name, if anything stands before that dot.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        self.file_name().rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension)
    }

    /// The rest of the path below `folder`; `None` if it does not lie in it.
    #[must_use]
    pub fn strip_prefix(&self, folder: &Self) -> Option<&str> {
        self.0.strip_prefix(folder.as_str())?.strip_prefix('/')
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RepoPath {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, PathError> {
        Self::parse(&text)
    }
}

impl From<RepoPath> for String {
    fn from(path: RepoPath) -> Self {
        path.0
    }
}

/// A SHA-256 digest, printed as 64 lower-case hex digits: the same as `sha256sum` prints for the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of a list of named digests: one line `<hex>  <name>` each, in the order given.
    #[must_use]
    pub fn of_list<'a>(items: impl IntoIterator<Item = (&'a str, Digest)>) -> Self {
        let mut hasher = Sha256::new();
        for (name, digest) in items {
            hasher.update(format!("{digest}  {name}\n"));
        }
        Self(hasher.finalize().into())
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // thousands of digests are written out in a run, and `write!` for each byte is most of that
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).expect("hex digits are ASCII"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}

impl std::str::FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let malformed = || DigestError(text.to_owned());
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| malformed())?;
        }
        Ok(Self(bytes))
    }
}

/// A text that is not 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a SHA-256 digest (64 lower-case hex digits)")]
pub struct DigestError(String);

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a tree could not be read. The environment's move: permissions, a broken repository, a symlink out of it.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The path does not name a file.
    #[error("`{0}` does not exist")]
    NotFound(RepoPath),
    /// A symlink that points out of the repository, at a folder, or at itself.
    #[error("`{path}` is a symlink to `{target}`, {reason}")]
    Symlink {
        /// The link.
        path: RepoPath,
        /// What it points at, as written.
        target: String,
        /// Why it is not followed.
        reason: &'static str,
    },
    /// A file that is larger than anything a person writes.
    #[error("`{path}` has {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The file.
        path: RepoPath,
        /// Its size.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// A path in the tree that is no [`RepoPath`] (a backslash, text that is not UTF-8).
    #[error("a path in the tree cannot be used: {0}")]
    Path(String),
    /// Anything the file system or object database said.
    #[error("cannot read `{path}`: {message}")]
    Io {
        /// The path.
        path: String,
        /// What was said.
        message: String,
    },
}

/// Files by path: a working tree, a commit, or a list in memory.
pub trait ReadTree: Sync {
    /// Every file at or under `folder` (everything for `None`), sorted; symlinks count as files; never a folder.
    fn files(&self, folder: Option<&RepoPath>) -> Result<Vec<RepoPath>, TreeError>;

    /// The bytes of a file. A symlink gives its target's bytes if that is a file of the same tree.
    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, TreeError>;

    /// What tells the file's bytes from others without reading them: two files with the same id are the same. `None` where
    /// that is not known, as for symlinks.
    fn content_id(&self, _: &RepoPath) -> Option<String> {
        None
    }

    /// Whether the path names a file.
    fn contains(&self, path: &RepoPath) -> Result<bool, TreeError> {
        match self.read(path) {
            Ok(_) => Ok(true),
            Err(TreeError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// How many symlinks are followed one after another before a chain is called endless.
pub const MAX_SYMLINKS: usize = 16;

/// The path a symlink at `link` with the text `target` leads to, if it stays inside the repository.
pub fn resolve_symlink(link: &RepoPath, target: &str) -> Result<RepoPath, TreeError> {
    let resolved = match link.parent() {
        Some(folder) => folder.join(target),
        None => RepoPath::parse(target),
    };
    resolved.map_err(|_| TreeError::Symlink {
        path: link.clone(),
        target: target.to_owned(),
        reason: "which leaves the repository",
    })
}

/// A tree held in memory: what tests use, and what a stage's output looks like to the next reader.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    files: BTreeMap<RepoPath, Arc<[u8]>>,
}

impl MemoryTree {
    /// Adds or replaces a file.
    pub fn insert(&mut self, path: RepoPath, bytes: impl Into<Arc<[u8]>>) {
        self.files.insert(path, bytes.into());
    }
}

impl ReadTree for MemoryTree {
    fn files(&self, folder: Option<&RepoPath>) -> Result<Vec<RepoPath>, TreeError> {
        let under = |path: &RepoPath| folder.is_none_or(|folder| path == folder || path.strip_prefix(folder).is_some());
        Ok(self.files.keys().filter(|path| under(path)).cloned().collect())
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, TreeError> {
        self.files.get(path).cloned().ok_or_else(|| TreeError::NotFound(path.clone()))
    }
}

/// A folder of a tree as a tree of its own: what a project in a subfolder of its repository sees.
#[derive(Debug)]
pub struct Subtree<T> {
    tree: T,
    folder: RepoPath,
}

impl<T: ReadTree> Subtree<T> {
    /// The part of `tree` below `folder`.
    #[must_use]
    pub fn new(tree: T, folder: RepoPath) -> Self {
        Self { tree, folder }
    }

    fn whole(&self, path: &RepoPath) -> RepoPath {
        RepoPath(format!("{}/{}", self.folder, path))
    }
}

impl<T: ReadTree> ReadTree for Subtree<T> {
    fn files(&self, folder: Option<&RepoPath>) -> Result<Vec<RepoPath>, TreeError> {
        let folder = folder.map_or_else(|| self.folder.clone(), |folder| self.whole(folder));
        let files = self.tree.files(Some(&folder))?;
        Ok(files
            .iter()
            .filter_map(|path| path.strip_prefix(&self.folder))
            .map(|path| RepoPath(path.to_owned()))
            .collect())
    }

    fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, TreeError> {
        self.tree.read(&self.whole(path))
    }

    fn content_id(&self, path: &RepoPath) -> Option<String> {
        self.tree.content_id(&self.whole(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repo_path_stays_inside() {
        let parse = |text: &str| RepoPath::parse(text).map(String::from);
        assert_eq!(parse("./apps//web/./a.yaml").as_deref(), Ok("apps/web/a.yaml"));
        assert_eq!(parse("apps/../b.yaml").as_deref(), Ok("b.yaml"));
        assert!(matches!(parse("../b.yaml"), Err(PathError::Outside(_))));
        assert!(matches!(parse("/etc/passwd"), Err(PathError::Absolute(_))));
        assert!(matches!(parse("C:\\x"), Err(PathError::Absolute(_))));
        assert!(matches!(parse("a/.GIT/hooks/x"), Err(PathError::Forbidden(..))));
        assert!(matches!(parse("a\\b"), Err(PathError::Forbidden(..))));
        assert_eq!(parse("."), Err(PathError::Empty));
    }

    #[test]
    fn a_symlink_resolves_from_its_own_folder() {
        let link = RepoPath::parse("apps/web/link.yaml").expect("valid");
        assert_eq!(resolve_symlink(&link, "../base/a.yaml").expect("inside").as_str(), "apps/base/a.yaml");
        assert!(resolve_symlink(&link, "../../../etc/passwd").is_err());
        assert!(resolve_symlink(&link, "/etc/passwd").is_err());
    }

    #[test]
    fn a_subtree_sees_its_own_folder_as_the_top() {
        let path = |text| RepoPath::parse(text).expect("valid");
        let mut tree = MemoryTree::default();
        tree.insert(path("shop/apps/a.yaml"), *b"a");
        tree.insert(path("shopping/b.yaml"), *b"b");
        let shop = Subtree::new(tree, path("shop"));
        assert_eq!(shop.files(None).expect("readable"), [path("apps/a.yaml")]);
        assert_eq!(&*shop.read(&path("apps/a.yaml")).expect("readable"), b"a");
        assert!(shop.read(&path("b.yaml")).is_err());
    }

    #[test]
    fn digests_print_and_parse_as_sha256sum_does() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("BA78".parse::<Digest>().is_err());
    }
}
