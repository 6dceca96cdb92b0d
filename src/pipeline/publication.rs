//! Publication: admitted environments become signed commits on their branches, all of them or none.

use rayon::prelude::*;

use super::Error;
use crate::admit::Admitted;
use crate::config::Project;
use crate::git::{BranchName, CommitId, Identity, Prepared, Repository, UnsignedCommit};
use crate::hydrate::{DryRevision, HydrateError, HydratedTree, hydrate, write_app};
use crate::sign::{Signed, Signer, sign};

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

/// Signs every commit of a plan, then moves the branches. Nothing is written before the last signature is confirmed.
pub fn publish(
    repository: &Repository,
    plans: Vec<EnvironmentPlan>,
    signer: &dyn Signer,
) -> Result<Vec<Publication>, Error> {
    let signed = plans.into_iter().map(|plan| sign_plan(plan, signer)).collect::<Result<Vec<_>, Error>>()?;
    signed.into_iter().map(|(plan, work)| move_branch(repository, plan, work)).collect()
}

/// What is left to do for one environment after its commit is signed.
enum Work {
    Nothing(CommitId),
    Move(Box<Signed<UnsignedCommit>>),
}

/// A plan without its commit.
struct Signable {
    environment: String,
    branch: BranchName,
    objects: usize,
}

fn sign_plan(plan: EnvironmentPlan, signer: &dyn Signer) -> Result<(Signable, Work), Error> {
    let EnvironmentPlan { environment, branch, objects, prepared } = plan;
    let work = match prepared {
        Prepared::Unchanged { tip } => Work::Nothing(tip),
        Prepared::Commit(commit) => Work::Move(Box::new(sign(commit, signer)?)),
    };
    Ok((Signable { environment, branch, objects }, work))
}

fn move_branch(repository: &Repository, plan: Signable, work: Work) -> Result<Publication, Error> {
    let Signable { environment, branch, objects } = plan;
    let (commit, refreshed) = match work {
        Work::Nothing(tip) => (tip, None),
        Work::Move(signed) => {
            let commit = signed.content();
            let refreshed = Refreshed { written: commit.written().len(), removed: commit.removed().len() };
            (repository.publish(&signed)?.commit, Some(refreshed))
        }
    };
    Ok(Publication { environment, branch, commit, objects, refreshed })
}
