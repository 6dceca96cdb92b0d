//! Verify: every claim a branch makes about itself, derived again from the branch alone.
//!
//! Nothing here trusts what the publisher kept in memory, or the network: the commit, those who are trusted, and the
//! objects of the repository are all there is.

mod claim;
mod signature;

use std::collections::BTreeSet;

use crate::diagnostic::count;
use crate::git::{self, CommitId, CommitTree, Repository};
use crate::hydrate::{RECORD_PATH, Record, record_path};
use crate::tree::RepoPath;

pub use claim::{Claim, Outcome, Subject, Verdict};
pub use signature::Trust;

/// Why a branch could not be judged at all. A claim that does not hold is no error but a [`Verdict`].
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The revision or its objects could not be read. The environment's move, or the user's.
    #[error(transparent)]
    Git(#[from] git::Error),
}

/// Judges the commit that `revision` means.
pub fn verify(repository: &Repository, revision: &str, trust: &Trust) -> Result<Verdict, VerifyError> {
    let id = repository.resolve(revision)?;
    let commit = repository.commit(id)?;
    let tree = repository.commit_tree_of(id)?;
    let mut claims = vec![Claim { subject: Subject::Signature, outcome: signature::judge(&commit, trust) }];
    let mut records = Vec::new();
    for path in record_paths(&tree) {
        let record = read_record(&tree, &path)?;
        let files = match &record {
            Ok(record) => files(&tree, record)?,
            Err(_) => Outcome::Unchecked("without a record nobody knows which files are Hydrant's".to_owned()),
        };
        claims.push(Claim { subject: Subject::Record, outcome: record_outcome(&record) });
        claims.push(Claim { subject: Subject::Files, outcome: files });
        records.extend(record.ok());
    }
    if !records.is_empty() {
        claims.push(Claim { subject: Subject::OtherFiles, outcome: other_files(&tree, &records) });
    }
    let dry_commits = records.iter().map(|record| dry_commit(repository, record));
    claims.extend(dry_commits.map(|outcome| Claim { subject: Subject::DryCommit, outcome }));
    Ok(Verdict { revision: revision.to_owned(), commit: id, claims, record: records.into_iter().next() })
}

/// Where the records are: one for the whole branch, or one in each folder that a project has for itself.
fn record_paths(tree: &CommitTree) -> Vec<RepoPath> {
    let is_record = |path: &RepoPath| {
        let folder = path.as_str().strip_suffix(RECORD_PATH);
        folder.is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
    };
    let mut paths: Vec<RepoPath> =
        tree.entries().map(|(path, _)| path).filter(|path| is_record(path)).cloned().collect();
    if paths.is_empty() {
        paths.push(record_path(None));
    }
    paths
}

/// The record, or what is wrong with it.
fn read_record(tree: &CommitTree, path: &RepoPath) -> Result<Result<Record, String>, git::Error> {
    if tree.entries().any(|(entry, kind)| entry == path && kind != git::FileKind::Plain) {
        return Ok(Err(format!("`{path}` is no plain file")));
    }
    Ok(match tree.stored(path)?.map(|bytes| Record::parse(&bytes)) {
        Some(Ok(record)) if record.path() != *path => {
            Err(format!("`{path}` is the record of another folder: `{}`", record.path()))
        }
        Some(record) => record.map_err(|error| error.to_string()),
        None => Err(format!("`{path}` is missing")),
    })
}

fn record_outcome(record: &Result<Record, String>) -> Outcome {
    match record {
        Ok(record) => Outcome::holds(format!(
            "environment `{}` for Kubernetes {}, {}{}, written by {} {}",
            record.environment,
            record.kubernetes,
            count(record.checked.objects, "object"),
            match record.waivers.len() {
                0 => String::new(),
                waivers => format!(", {}", count(waivers, "waiver")),
            },
            record.tool.name,
            record.tool.version
        )),
        Err(reason) => Outcome::fails([reason.clone()], "check that the branch is one that Hydrant publishes"),
    }
}

/// Every owned file is there, and is as the record says.
fn files(tree: &CommitTree, record: &Record) -> Result<Outcome, git::Error> {
    let edited = tree.edited_files(record)?;
    if edited.is_empty() {
        let (files, digest) = (count(record.files().len(), "file"), record.manifests_digest());
        return Ok(Outcome::holds(format!("{files} as recorded, together sha256:{digest}")));
    }
    let differences = edited.iter().map(ToString::to_string);
    Ok(Outcome::fails(differences, "publish again after undoing the edit on the branch"))
}

/// What else is on the branch. Not a failure: branches may carry a README or a CODEOWNERS file.
fn other_files(tree: &CommitTree, records: &[Record]) -> Outcome {
    let owned: BTreeSet<&RepoPath> = records.iter().flat_map(|record| record.files().into_keys()).collect();
    let other = |path: &RepoPath| !owned.contains(path) && records.iter().all(|record| record.path() != *path);
    let usable = tree.entries().map(|(path, _)| path).filter(|path| other(path)).map(|path| format!("`{path}`"));
    Outcome::Note(usable.chain(tree.unusable().iter().map(|path| format!("`{path}`"))).collect())
}

/// Whether the source can be looked at from here. Branches are often cloned without it.
fn dry_commit(repository: &Repository, record: &Record) -> Outcome {
    let id = &record.dry_commit;
    Outcome::Note(vec![match repository.has_commit(id) {
        true => format!("{id} is in this repository"),
        false => format!("{id} is not in this repository"),
    }])
}

impl Verdict {
    /// The commit that was judged.
    #[must_use]
    pub fn commit(&self) -> CommitId {
        self.commit
    }
}
