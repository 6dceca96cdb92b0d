//! What a push would do to a branch of ours, for git's `pre-receive` hook.

use super::{Question, Trust, Verdict, VerifyError, judge, record_paths};
use crate::git::{CommitId, Repository};

/// One line of what git tells the hook: a reference, and where it is and would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Where it is; `None` if it is new.
    pub old: Option<String>,
    /// Where it would be; `None` if it would be gone.
    pub new: Option<String>,
    /// Its full name.
    pub reference: String,
}

/// What is to be done with an update.
#[derive(Debug)]
pub enum Answer {
    /// No branch of Hydrant: somebody else's business.
    NotOurs,
    /// It would lose what was published. Why.
    Refused(String),
    /// What would stand there, judged.
    Judged(Box<Verdict>),
}

impl Update {
    /// Reads `<old> <new> <reference>`; an id of zeros is no commit. `None` for anything else.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (old, new, reference) = (words.next()?, words.next()?, words.next()?);
        let is_id = |id: &str| matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let known = |id: &str| id.bytes().any(|byte| byte != b'0').then(|| id.to_owned());
        (is_id(old) && is_id(new) && !reference.is_empty() && words.next().is_none()).then(|| Self {
            old: known(old),
            new: known(new),
            reference: reference.to_owned(),
        })
    }
}

/// Judges an update of a branch. A branch is ours if a record stands where it is or would be.
pub fn judge_update(
    repository: &Repository,
    update: &Update,
    question: &Question,
    trust: &Trust,
) -> Result<Answer, VerifyError> {
    let Some(branch) = update.reference.strip_prefix("refs/heads/") else { return Ok(Answer::NotOurs) };
    let commit = |id: &Option<String>| id.as_ref().map(|id| repository.resolve(id)).transpose();
    let (old, new) = (commit(&update.old)?, commit(&update.new)?);
    let was_ours = old.map_or(Ok(false), |id| has_record(repository, id))?;
    let becomes_ours = new.map_or(Ok(false), |id| has_record(repository, id))?;
    if !was_ours && !becomes_ours {
        return Ok(Answer::NotOurs);
    }
    let Some(new) = new else { return Ok(Answer::Refused(format!("`{branch}` would be deleted"))) };
    let old = old.filter(|_| was_ours);
    if let Some(old) = old
        && !repository.descends_from(new, old)?
    {
        return Ok(Answer::Refused(format!("`{branch}` would lose what it has: {old} is no ancestor of {new}")));
    }
    let question = Question {
        at: Some(new.to_string()),
        since: old.map(|old| old.to_string()),
        branch: Some(branch.to_owned()),
        ..question.clone()
    };
    Ok(Answer::Judged(Box::new(judge(repository, &update.reference, &question, trust)?)))
}

fn has_record(repository: &Repository, id: CommitId) -> Result<bool, VerifyError> {
    let tree = repository.commit_tree_of(id)?;
    Ok(record_paths(&tree).iter().any(|path| tree.entries().any(|(entry, _)| entry == path)))
}
