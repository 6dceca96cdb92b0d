//! Publication: admitted environments become signed commits on their branches, all of them or none.

use rayon::prelude::*;

use super::Error;
use crate::admit::Admitted;
use crate::config::Project;
use crate::git::{BranchName, CommitId, Identity, Prepared, Repository};
use crate::hydrate::{DryRevision, HydrateError, HydratedTree, hydrate, write_app};
use crate::sign::{Signer, sign};

/// What a publication would do with one environment.
#[derive(Debug)]
pub struct EnvironmentPlan {
    /// The environment.
    pub environment: String,
    /// Its branch.
    pub branch: BranchName,
    /// How many objects it has.
    pub objects: usize,
    /// What has to be done.
    pub prepared: Prepared,
}

/// What a publication did with one environment.
#[derive(Debug)]
pub struct Publication {
    /// The environment.
    pub environment: String,
    /// Its branch.
    pub branch: BranchName,
    /// The branch's tip.
    pub commit: CommitId,
    /// How many objects it holds.
    pub objects: usize,
    /// What changed; `None` if the branch said the same already.
    pub refreshed: Option<Refreshed>,
}

/// How a new tip differs from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refreshed {
    /// Files that are new or differ, the record included.
    pub written: usize,
    /// Files that are gone.
    pub removed: usize,
}

/// Hydrates admitted environments and prepares their commits. Writes nothing.
pub fn plan(
    repository: &Repository,
    project: &Project,
    admitted: &[Admitted],
    dry: &DryRevision,
) -> Result<Vec<EnvironmentPlan>, Error> {
    let identity = match &project.output.author {
        Some(author) => Identity::new(&author.name, &author.email)?,
        None => Identity::default(),
    };
    let trees: Vec<HydratedTree> =
        admitted.iter().map(|admitted| hydrate_one(admitted, dry)).collect::<Result<_, HydrateError>>()?;
    let plans = admitted.iter().zip(&trees).map(|(admitted, tree)| {
        let environment = project.environment(admitted.environment()).expect("admitted from this project");
        let branch = BranchName::parse(&environment.branch.value)?;
        let prepared = repository.prepare(tree, &branch, repository.branch_tip(&branch)?, &identity)?;
        let objects = admitted.manifests().len();
        Ok(EnvironmentPlan { environment: environment.name.to_string(), branch, objects, prepared })
    });
    plans.collect()
}

/// Writes the apps of one environment side by side.
pub fn hydrate_one(admitted: &Admitted, dry: &DryRevision) -> Result<HydratedTree, HydrateError> {
    let apps: Vec<&str> = admitted.manifests().apps().map(|(app, _)| app).collect();
    let written = apps.par_iter().map(|app| write_app(admitted, app)).collect::<Result<Vec<_>, _>>()?;
    hydrate(admitted, written.into_iter().flatten().collect(), dry)
}

/// Signs every commit of a plan, then moves all branches in one transaction. Nothing is written before the last
/// signature is confirmed.
pub fn publish(
    repository: &Repository,
    plans: Vec<EnvironmentPlan>,
    signer: &dyn Signer,
) -> Result<Vec<Publication>, Error> {
    let (mut pending, mut signed) = (Vec::new(), Vec::new());
    for EnvironmentPlan { environment, branch, objects, prepared } in plans {
        let state = match prepared {
            Prepared::Unchanged { tip } => State::Unchanged(tip),
            Prepared::Commit(commit) => {
                let refreshed = Refreshed { written: commit.written().len(), removed: commit.removed().len() };
                signed.push(sign(commit, signer)?);
                State::Signed(refreshed)
            }
        };
        pending.push((environment, branch, objects, state));
    }
    let mut published = repository.publish_all(&signed)?.into_iter();
    let publications = pending.into_iter().map(|(environment, branch, objects, state)| {
        let (commit, refreshed) = match state {
            State::Unchanged(tip) => (tip, None),
            State::Signed(refreshed) => {
                (published.next().expect("one publication for each signed commit").commit, Some(refreshed))
            }
        };
        Publication { environment, branch, commit, objects, refreshed }
    });
    Ok(publications.collect())
}

/// What is known of an environment between its signature and the move of its branch.
enum State {
    Unchanged(CommitId),
    Signed(Refreshed),
}
