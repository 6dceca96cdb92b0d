//! Verify: every claim a branch makes about itself, derived again from the branch alone.
//!
//! Nothing here trusts what the publisher kept in memory, or the network: the commit, those who are trusted, and the
//! objects of the repository are all there is.

mod claim;
mod content;
mod history;
mod metadata;
mod push;
mod signature;

use crate::diagnostic::count;
use crate::git::{self, CommitId, CommitTree, Repository};
use crate::hydrate::{RECORD_PATH, Record, record_path};
use crate::tree::RepoPath;

pub use claim::{Claim, Outcome, Subject, Verdict};
pub use push::{Answer, Update, judge_update};
pub use signature::Trust;

use content::Content;

/// Why a branch could not be judged at all. A claim that does not hold is no error but a [`Verdict`].
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The revision or its objects could not be read. The environment's move, or the user's.
    #[error(transparent)]
    Git(#[from] git::Error),
}

/// What is asked of a branch beyond what stands on it.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The commit to judge in place of the branch's tip.
    pub at: Option<String>,
    /// The commit from which on every commit has to be by somebody who may.
    pub since: Option<String>,
    /// The name of the branch, where it is not that of the revision.
    pub branch: Option<String>,
    /// Whether the commit itself has to be signed, though all of its content is attested.
    pub require_signature: bool,
    /// Whether a branch without attestations fails.
    pub require_attestations: bool,
}

/// Judges the commit that `revision` means.
pub fn verify(repository: &Repository, revision: &str, trust: &Trust) -> Result<Verdict, VerifyError> {
    judge(repository, revision, &Question::default(), trust)
}

/// Judges the commit that `revision` means, or another one in its place.
///
/// The signature of a commit ends with the commit: where a forge merged, squashed or rebased, the commit is somebody
/// else's. Then the content has to be attested, all of it, for this very branch.
pub fn judge(
    repository: &Repository,
    revision: &str,
    question: &Question,
    trust: &Trust,
) -> Result<Verdict, VerifyError> {
    let id = repository.resolve(question.at.as_deref().unwrap_or(revision))?;
    let commit = repository.commit(id)?;
    let tree = repository.commit_tree_of(id)?;
    let branch = question.branch.clone().or_else(|| repository.branch_of(revision));
    let signature = signature::judge(&commit, trust);
    let context = content::Context {
        branch: branch.as_deref(),
        required: question.require_attestations,
        is_signed: matches!(signature, signature::Judged::Good(_)),
        trust,
    };
    let Content { records, claims: of_content, is_attested } = content::judge(&tree, context)?;
    let signature = signature.outcome(is_attested && !question.require_signature);
    let mut claims = vec![Claim { subject: Subject::Signature, outcome: signature }];
    claims.extend(of_content);
    let mut claim =
        |subject, outcome: Option<Outcome>| claims.extend(outcome.map(|outcome| Claim { subject, outcome }));
    for record in &records {
        claim(Subject::Metadata, metadata::files(&tree, record)?);
    }
    claim(Subject::Note, metadata::note(repository, id, &records, trust)?);
    if let Some(since) = &question.since {
        let since = repository.resolve(since)?;
        claim(Subject::History, Some(history::since(repository, since, id, context)?));
    }
    if !records.is_empty() {
        claim(Subject::OtherFiles, Some(other_files(&tree, &records)));
    }
    for record in &records {
        claim(Subject::DryCommit, Some(dry_commit(repository, record)));
    }
    let record = records.first().cloned();
    Ok(Verdict { revision: revision.to_owned(), branch, commit: id, claims, record, records })
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
        Some(record) => record.map_err(|error| format!("`{path}`: {error}")),
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

/// What else is on the branch. Not a failure: branches may carry a README or a CODEOWNERS file.
fn other_files(tree: &CommitTree, records: &[Record]) -> Outcome {
    let owned = content::owned(records.iter());
    let usable =
        tree.entries().map(|(path, _)| path).filter(|path| !owned.contains(*path)).map(|path| format!("`{path}`"));
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
