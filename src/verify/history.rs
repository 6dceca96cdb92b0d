//! History: whether only those who may have touched what is ours since some commit.

use super::content::{self, Context};
use super::signature::{Judged, judge};
use super::{Outcome, VerifyError};
use crate::diagnostic::count;
use crate::git::{CommitId, Repository};

/// Judges every commit that `tip` has and `since` has not: it is signed by somebody who may, or all of its content is
/// attested.
pub(super) fn since(
    repository: &Repository,
    since: CommitId,
    tip: CommitId,
    context: Context<'_>,
) -> Result<Outcome, VerifyError> {
    if !repository.descends_from(tip, since)? {
        return Ok(Outcome::fails(
            [format!("{since} is not part of the history: it was rewritten")],
            "find out who moved the branch",
        ));
    }
    let (mut differences, mut signed, mut attested) = (Vec::new(), 0, 0);
    for id in repository.commits_since(since, tip)? {
        let reason = match judge(&repository.commit(id)?, context.trust) {
            Judged::Good(_) => {
                signed += 1;
                continue;
            }
            Judged::Bad { reason, .. } => reason,
            Judged::Foreign { reason, .. } | Judged::Unknowable(reason) => {
                let context = Context { is_signed: false, ..context };
                if content::judge(&repository.commit_tree_of(id)?, context)?.is_attested {
                    attested += 1;
                    continue;
                }
                format!("{reason}, and its content is not attested")
            }
        };
        differences.push(format!("{id}: {reason}"));
    }
    Ok(match differences.is_empty() {
        true => {
            let commits = count(signed + attested, "commit");
            Outcome::holds(format!("{commits} since {since}: {signed} signed, {attested} of attested content"))
        }
        false => Outcome::fails(differences, "find out who made these commits, and publish again"),
    })
}
