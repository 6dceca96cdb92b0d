//! Planned: what a publication would do, object by object, for who wants to know before it is done.

use super::difference::difference_of;
use super::{EnvironmentPlan, Published};
use crate::admit::Admitted;
use crate::compare::risks;
use crate::git::Prepared;
use crate::report::plan::{PlannedEnvironment, PlannedFiles, Step};

/// Words a plan of an environment that was admitted, against what its branch holds.
#[must_use]
pub fn planned(plan: &EnvironmentPlan, admitted: &Admitted, published: &Published) -> PlannedEnvironment {
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
        let (added, changed): (Vec<_>, Vec<_>) = commit.written().iter().partition(|path| commit.is_new(path));
        let takeover = commit.takeover();
        files = PlannedFiles {
            added: added.into_iter().map(ToString::to_string).collect(),
            changed: changed.into_iter().map(ToString::to_string).collect(),
            removed: commit.removed().iter().map(ToString::to_string).collect(),
            taken_over: takeover.adopted.clone(),
            overwritten: takeover.overwritten.clone(),
        };
        begins = commit.begins().map(ToString::to_string);
    }
    PlannedEnvironment {
        environment: plan.environment.clone(),
        branch: plan.branch.to_string(),
        tip: tip.map(|tip| tip.to_string()),
        step,
        begins,
        objects: plan.objects,
        files,
        risks: risks(&difference.objects, before_manifests),
        difference,
    }
}
