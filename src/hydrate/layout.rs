//! Layout: where an app's objects stand on the branch, and which paths cannot stand beside each other.

use std::collections::BTreeMap;

use super::record::is_reserved;
use super::{FolderReason, HydrateError};
use crate::tree::RepoPath;

/// The file that holds all objects of an app: agents sync the folder, never a single file of it.
const MANIFEST_NAME: &str = "manifest.yaml";

/// `<app>/manifest.yaml`.
pub(super) fn manifest_path(app: &str) -> Result<RepoPath, HydrateError> {
    folder(app).map_err(|reason| HydrateError::Folder { app: app.to_owned(), reason })
}

fn folder(app: &str) -> Result<RepoPath, FolderReason> {
    let folder = RepoPath::parse(app)?;
    if folder.as_str() != app {
        return Err(FolderReason::Renamed(folder.into()));
    }
    if is_reserved(&folder) {
        return Err(FolderReason::Reserved);
    }
    Ok(folder.join(MANIFEST_NAME)?)
}

/// Refuses two paths that differ only in case, and a file that stands where another path needs a folder.
///
/// A branch with both would check out differently on Linux, macOS and Windows, or not at all.
pub(super) fn refuse_collisions<'a>(paths: impl IntoIterator<Item = &'a RepoPath>) -> Result<(), HydrateError> {
    let mut folded: BTreeMap<String, (&str, bool, &RepoPath)> = BTreeMap::new();
    for path in paths {
        for (prefix, is_file) in prefixes(path.as_str()) {
            let entry = (prefix, is_file, path);
            let (first, first_is_file, first_path) = folded.entry(fold(prefix)).or_insert(entry);
            if *first != prefix || *first_is_file != is_file {
                return Err(HydrateError::Collision { first: first_path.clone(), second: path.clone() });
            }
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
    text.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collide(paths: &[&str]) -> bool {
        let paths: Vec<RepoPath> = paths.iter().map(|path| RepoPath::parse(path).expect("valid")).collect();
        refuse_collisions(&paths).is_err()
    }

    #[test]
    fn an_app_owns_the_folder_of_its_name_and_no_other() {
        assert_eq!(manifest_path("team/web").expect("a folder").as_str(), "team/web/manifest.yaml");
        for name in ["", ".", "..", "a/../b", "./web", "web/", ".git", ".hydrant", ".Hydrant/x", "/web"] {
            assert!(manifest_path(name).is_err(), "{name}");
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
}
