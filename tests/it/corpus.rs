//! Real repositories that nobody here wrote. They are not part of the project: `HYDRANT_CORPUS` names their folder, or
//! they lie beside the project; where they are absent, the tests say so and pass.

use std::path::{Path, PathBuf};

/// The folder of real files; `None`, and a line that says so, where it is absent.
pub(crate) fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("HYDRANT_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no corpus at {}; set HYDRANT_CORPUS", folder.display());
    None
}

/// Every file below a folder whose name ends in one of `extensions`, sorted.
pub(crate) fn files_below(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).expect("a readable folder").map(|entry| entry.expect("an entry").path())
        {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| extensions.iter().any(|wanted| ending == *wanted)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
