//! Patterns choose folders and files by name, as in `.gitignore`: `*` stays within a folder, `**` crosses folders.

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet};

use crate::tree::{PathError, RepoPath};

/// The folders of one entry of `apps`.
#[derive(Debug, Clone)]
pub enum AppPath {
    /// The repository itself, written `.`.
    Top,
    /// One folder.
    Folder(RepoPath),
    /// Every folder that matches.
    Pattern(FolderPattern),
}

/// Why a text is no pattern. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is a folder, and not one of this repository.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It is a pattern that could only match outside the repository.
    #[error("`{0}` leaves the repository")]
    Outside(String),
    /// The glob syntax is wrong.
    #[error("`{pattern}` is not a pattern: {reason}")]
    Syntax {
        /// The text.
        pattern: String,
        /// What the pattern compiler said.
        reason: String,
    },
}

impl AppPath {
    /// Reads a folder or a pattern over folders.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.contains(['*', '?', '[', '{']) {
            return FolderPattern::parse(text).map(Self::Pattern);
        }
        match RepoPath::parse(text) {
            Ok(path) => Ok(Self::Folder(path)),
            Err(PathError::Empty) if !text.is_empty() => Ok(Self::Top),
            Err(error) => Err(error.into()),
        }
    }
}

/// A pattern over folders. Folders whose name begins with a dot match only a pattern that writes the dot.
#[derive(Debug, Clone)]
pub struct FolderPattern {
    text: String,
    literal: String,
    /// A part of the pattern begins with a dot.
    hidden_too: bool,
    matcher: GlobMatcher,
}

impl FolderPattern {
    fn parse(text: &str) -> Result<Self, PatternError> {
        let normal: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if text.starts_with('/') || normal.contains(&"..") {
            return Err(PatternError::Outside(text.to_owned()));
        }
        let fixed = normal.iter().take_while(|part| !part.contains(['*', '?', '[', '{', '\\']));
        let literal = fixed.map(|part| format!("{part}/")).collect();
        let hidden_too = normal.iter().any(|part| part.starts_with('.'));
        Ok(Self { text: text.to_owned(), literal, hidden_too, matcher: glob(&normal.join("/"))?.compile_matcher() })
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What every matching folder begins with: `apps/` for `apps/*`, empty if the first part is a pattern already.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        &self.literal
    }

    /// Whether the pattern means this folder.
    #[must_use]
    pub fn matches(&self, folder: &str) -> bool {
        let rest = folder.strip_prefix(&self.literal).unwrap_or(folder);
        let hidden = rest.split('/').any(|part| part.starts_with('.'));
        (!hidden || self.hidden_too) && self.matcher.is_match(folder)
    }
}

/// Patterns over the files of a folder.
#[derive(Debug, Clone)]
pub struct Globs {
    /// `None` matches everything, without asking.
    set: Option<GlobSet>,
}

impl Globs {
    /// Every file.
    #[must_use]
    pub fn everything() -> Self {
        Self { set: None }
    }

    /// No file.
    #[must_use]
    pub fn nothing() -> Self {
        Self { set: Some(GlobSet::default()) }
    }

    /// Files that match one pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Self::new(vec![glob(text)?])
    }

    /// Exactly these file names.
    pub(crate) fn literal<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, PatternError> {
        let globs: Result<Vec<_>, _> = names.into_iter().map(|name| glob(&globset::escape(name))).collect();
        Self::new(globs?)
    }

    /// Files that match any of the patterns.
    pub(super) fn new(globs: Vec<Glob>) -> Result<Self, PatternError> {
        if globs.iter().any(|glob| glob.glob() == "**") {
            return Ok(Self::everything());
        }
        Ok(Self { set: Some(GlobSet::new(globs).map_err(|error| refused(&error))?) })
    }

    /// Whether a path, relative to the app folder, matches.
    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        self.set.as_ref().is_none_or(|set| set.is_match(path))
    }
}

/// Compiles one pattern; `*` and `?` do not match `/`.
pub(super) fn glob(text: &str) -> Result<Glob, PatternError> {
    GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build().map_err(|error| refused(&error))
}

fn refused(error: &globset::Error) -> PatternError {
    PatternError::Syntax { pattern: error.glob().unwrap_or("…").to_owned(), reason: error.kind().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> FolderPattern {
        match AppPath::parse(text) {
            Ok(AppPath::Pattern(pattern)) => pattern,
            other => panic!("`{text}` is no pattern: {other:?}"),
        }
    }

    #[test]
    fn a_star_stays_within_its_folder_and_off_hidden_ones() {
        let apps = pattern("./apps/*/");
        assert_eq!(apps.literal_prefix(), "apps/");
        assert!(apps.matches("apps/web"));
        assert!(!apps.matches("apps/web/templates"));
        assert!(!apps.matches("apps/.cache"));
        assert!(pattern("apps/.*").matches("apps/.cache"));
        assert!(pattern("**/deploy").matches("teams/a/deploy"));
        assert_eq!(pattern("team-{a,b}/*").literal_prefix(), "");
    }

    #[test]
    fn a_path_without_signs_is_one_folder() {
        assert!(matches!(AppPath::parse("apps/web/"), Ok(AppPath::Folder(path)) if path.as_str() == "apps/web"));
        assert!(matches!(AppPath::parse("."), Ok(AppPath::Top)));
        assert!(AppPath::parse("").is_err());
        assert!(AppPath::parse("../x").is_err());
        assert!(AppPath::parse("../*").is_err());
        assert!(AppPath::parse("apps/[").is_err());
    }
}
