//! Layout: where an app's objects stand on the branch, and which paths cannot stand beside each other.

use std::collections::BTreeMap;

use super::record::is_reserved;
use super::{FolderReason, HydrateError};
use crate::tree::RepoPath;

/// The file that holds all objects of an app: agents sync the folder, never a single file of it.
pub(super) const MANIFEST_NAME: &str = "manifest.yaml";

/// The folder of an app: its name, below the folder that everything goes to.
pub(super) fn app_folder(app: &str, within: Option<&RepoPath>) -> Result<RepoPath, HydrateError> {
    let refuse = |reason| HydrateError::Folder { app: app.to_owned(), reason };
    let folder = RepoPath::parse(app).map_err(|error| refuse(error.into()))?;
    if folder.as_str() != app {
        return Err(refuse(FolderReason::Renamed(folder.into())));
    }
    if is_reserved(&folder) {
        return Err(refuse(FolderReason::Reserved));
    }
    within.map_or(Ok(folder), |within| within.join(app).map_err(|error| refuse(error.into())))
}

/// Paths as case-insensitive file systems see them: which of them can stand beside each other.
#[derive(Debug, Default)]
pub(crate) struct Footprint<'a> {
    /// By folded prefix: the prefix as written, whether it is a file, and a path that has it.
    folded: BTreeMap<String, (&'a str, bool, &'a RepoPath)>,
}

impl<'a> Footprint<'a> {
    /// Takes a path in. The path that it cannot stand beside, if there is one.
    pub(crate) fn add(&mut self, path: &'a RepoPath) -> Option<&'a RepoPath> {
        for (prefix, is_file) in prefixes(path.as_str()) {
            let (first, first_is_file, first_path) =
                *self.folded.entry(fold(prefix)).or_insert((prefix, is_file, path));
            if first != prefix || first_is_file != is_file {
                return Some(first_path);
            }
        }
        None
    }

    /// A path here that differs from `path` only in case, or in being a file where the other is a folder.
    pub(crate) fn clash(&self, path: &RepoPath) -> Option<&'a RepoPath> {
        prefixes(path.as_str()).find_map(|(prefix, is_file)| {
            let (first, first_is_file, first_path) = *self.folded.get(&fold(prefix))?;
            (first != prefix || first_is_file != is_file).then_some(first_path)
        })
    }
}

/// Refuses two paths that differ only in case, and a file that stands where another path needs a folder.
///
/// A branch with both would check out differently on Linux, macOS and Windows, or not at all.
pub(super) fn refuse_collisions<'a>(paths: impl IntoIterator<Item = &'a RepoPath>) -> Result<(), HydrateError> {
    let mut footprint = Footprint::default();
    for path in paths {
        if let Some(first) = footprint.add(path) {
            return Err(HydrateError::Collision { first: first.clone(), second: path.clone() });
        }
    }
    Ok(())
}

/// Every folder above a path, then the path: each with whether it is a file.
fn prefixes(path: &str) -> impl Iterator<Item = (&str, bool)> {
    path.match_indices('/').map(|(index, _)| (&path[..index], false)).chain([(path, true)])
}

/// Case folding as case-insensitive file systems do it, near enough: upper, then lower, so that `ß` meets `SS`.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).expect("valid")
    }

    fn collide(paths: &[&str]) -> bool {
        let paths: Vec<RepoPath> = paths.iter().map(|text| path(text)).collect();
        refuse_collisions(&paths).is_err()
    }

    #[test]
    fn an_app_owns_the_folder_of_its_name_and_no_other() {
        assert_eq!(app_folder("team/web", None).expect("a folder").as_str(), "team/web");
        assert_eq!(app_folder("web", Some(&path("shop/eu"))).expect("a folder").as_str(), "shop/eu/web");
        for name in ["", ".", "..", "a/../b", "./web", "web/", ".git", ".hydrant", ".Hydrant/x", "/web"] {
            assert!(app_folder(name, None).is_err(), "{name}");
            assert!(app_folder(name, Some(&path("shop"))).is_err(), "{name}");
        }
    }

    #[test]
    fn paths_that_differ_in_case_collide_at_any_depth() {
        assert!(collide(&["Web/manifest.yaml", "web/manifest.yaml"]));
        assert!(collide(&["team/Web/a", "team/web/b"]));
        assert!(collide(&["straße/a", "STRASSE/a"]));
        assert!(!collide(&["web/manifest.yaml", "web-2/manifest.yaml", ".hydrant/record.json"]));
    }

    #[test]
    fn a_file_cannot_stand_where_a_folder_is_needed() {
        assert!(collide(&["web/manifest.yaml", "web/manifest.yaml/manifest.yaml"]));
    }

    #[test]
    fn a_clash_is_seen_without_taking_the_path_in() {
        let ours = [path("web/manifest.yaml")];
        let mut footprint = Footprint::default();
        assert_eq!(footprint.add(&ours[0]), None);
        assert_eq!(footprint.clash(&path("Web/notes.txt")), Some(&ours[0]));
        assert_eq!(footprint.clash(&path("web")), Some(&ours[0]));
        assert_eq!(footprint.clash(&path("web/manifest.yaml/x")), Some(&ours[0]));
        assert_eq!(footprint.clash(&path("web/notes.txt")), None);
        assert_eq!(footprint.clash(&path("web/manifest.yaml")), None, "the same path is no clash of names");
    }
}
