//! The claims that other tools read: `hydrator.metadata` on the branch, and the note on the commit.

use serde::Deserialize;

use super::Outcome;
use super::signature::{Judged, Trust, judge};
use crate::git::{self, CommitId, CommitTree, Repository};
use crate::hydrate::Record;
use crate::tree::RepoPath;

/// More than the longest commit message anybody writes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What tools take from the file. They read its keys in any case; we write them in one.
#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "repoURL")]
    repo_url: Option<String>,
    #[serde(rename = "drySha")]
    dry_sha: Option<String>,
}

/// The files at the top and in the apps' folders say what the record says. `None` where there are none.
pub(super) fn files(tree: &CommitTree, record: &Record) -> Result<Option<Outcome>, git::Error> {
    let is_metadata = |path: &&RepoPath| path.file_name() == crate::hydrate::METADATA_NAME;
    let mut differences = Vec::new();
    let mut seen = 0;
    for path in record.about.keys().filter(is_metadata) {
        let Some(found) = read(tree, path)? else { continue };
        seen += 1;
        differences.extend(difference(path, &found, record, |id| id == record.dry_commit));
    }
    // an app that did not change still names the commit it was rendered from first
    for path in record.apps.values().flat_map(|app| app.about.keys()).filter(is_metadata) {
        let Some(found) = read(tree, path)? else { continue };
        seen += 1;
        let is_id = |id: &str| id.len() == record.dry_commit.len() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        differences.extend(difference(path, &found, record, is_id));
    }
    Ok(match (seen, differences.is_empty()) {
        (0, true) => None,
        (_, true) => Some(Outcome::holds(format!("`{}` names the record's dry commit", crate::hydrate::METADATA_NAME))),
        (_, false) => Some(Outcome::fails(differences, "publish again after undoing the edit on the branch")),
    })
}

fn read(tree: &CommitTree, path: &RepoPath) -> Result<Option<Result<Metadata, String>>, git::Error> {
    let Some(bytes) = tree.stored(path)? else { return Ok(None) };
    if bytes.len() > MAX_BYTES {
        return Ok(Some(Err(format!("it has {} bytes", bytes.len()))));
    }
    Ok(Some(serde_json::from_slice(&bytes).map_err(|error| error.to_string())))
}

fn difference(
    path: &RepoPath,
    found: &Result<Metadata, String>,
    record: &Record,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<String> {
    let found = match found {
        Ok(found) => found,
        Err(reason) => return Some(format!("`{path}` does not read: {reason}")),
    };
    let dry = found.dry_sha.as_deref().unwrap_or_default();
    if !is_wanted(dry) {
        return Some(format!("`{path}` names the dry commit `{}`", dry.escape_debug()));
    }
    let url = found.repo_url.as_deref();
    let known = record.writer.repository.as_deref();
    (url != known && !record.apps.values().any(|app| app.about.contains_key(path)))
        .then(|| format!("`{path}` names the repository `{}`", url.unwrap_or_default().escape_debug()))
}

/// What the note on the commit says. `None` without one: a merge has none of its own.
pub(super) fn note(
    repository: &Repository,
    commit: CommitId,
    records: &[Record],
    trust: &Trust,
) -> Result<Option<Outcome>, git::Error> {
    let (Some(dry), Some(tip)) = (repository.note(commit)?, repository.notes_commit()?) else { return Ok(None) };
    let signature = judge(&repository.commit(tip)?, trust);
    let is_recorded = records.iter().any(|record| record.dry_commit == dry);
    Ok(Some(match (signature, is_recorded) {
        (_, true) => Outcome::holds("names the record's dry commit".to_owned()),
        (Judged::Good(_), false) => Outcome::holds(format!("a later commit renders to the same: {dry}")),
        (_, false) => Outcome::fails(
            [format!("it says that {} renders to the same, and nobody who may signed that", dry.escape_debug())],
            "find out who wrote `refs/notes/hydrator.metadata`; the next publication writes it again",
        ),
    }))
}
