//! Planned: what a publication would do, object by object, for who wants to know before it is done.

use super::attestation::to_attest;
use super::difference::difference_of;
use super::{EnvironmentPlan, Error, Published};
use crate::admit::Admitted;
use crate::compare::risks;
use crate::git::{Prepared, Repository};
use crate::report::plan::{PlannedEnvironment, PlannedFiles, Step};
use crate::tree::RepoPath;

/// Words a plan of an environment that was admitted, against what its branch holds in this repository.
///
/// Attestations are among the files, as whoever signed the tip would write them; another signer writes all of them anew.
pub fn planned(
    plan: &EnvironmentPlan,
    admitted: &Admitted,
    published: &Published,
    repository: &Repository,
) -> Result<PlannedEnvironment, Error> {
    let before = published.state(&plan.environment);
    let words = before.map_or("nothing published yet", |before| &before.words);
    let objects_before = before.map(|before| before.apps.iter().map(String::as_str).zip(&before.manifests));
    let before_manifests = before.map(|before| before.manifests.as_slice()).unwrap_or_default();
    let difference = difference_of(
        &plan.environment,
        (words, objects_before.into_iter().flatten().collect()),
        ("this publication", admitted.manifests().iter().collect()),
    );
    let (step, tip) = match &plan.prepared {
        Prepared::Unchanged { tip } => (Step::Unchanged, Some(*tip)),
        Prepared::Start { tip, .. } => (Step::Start, Some(*tip)),
        Prepared::Commit(commit) => (Step::Commit, commit.expected()),
    };
    let (mut files, mut begins) = (PlannedFiles::default(), None);
    if let Prepared::Commit(commit) = &plan.prepared {
        let attested = plan.attested.as_ref().map(|branch| to_attest(repository, commit, branch)).transpose()?;
        let attested = attested.unwrap_or_default();
        let written = commit.written().iter().map(|path| (path, !commit.is_new(path)));
        let mut written: Vec<(&RepoPath, bool)> =
            written.chain(attested.iter().map(|(path, is)| (path, *is))).collect();
        written.sort();
        let (changed, added): (Vec<_>, Vec<_>) = written.into_iter().partition(|(_, is_there)| *is_there);
        let takeover = commit.takeover();
        files = PlannedFiles {
            added: added.into_iter().map(|(path, _)| path.to_string()).collect(),
            changed: changed.into_iter().map(|(path, _)| path.to_string()).collect(),
            removed: commit.removed().iter().map(ToString::to_string).collect(),
            taken_over: takeover.adopted.clone(),
            overwritten: takeover.overwritten.clone(),
        };
        begins = commit.begins().map(ToString::to_string);
    }
    Ok(PlannedEnvironment {
        environment: plan.environment.clone(),
        branch: plan.branch.to_string(),
        tip: tip.map(|tip| tip.to_string()),
        step,
        begins,
        objects: plan.objects,
        files,
        risks: risks(&difference.objects, before_manifests),
        difference,
    })
}
