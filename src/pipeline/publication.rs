//! Publication: admitted environments become signed commits on their branches, all of them or none.

use rayon::prelude::*;

use super::Error;
use super::attestation::{attest, can_attest};
use super::deletion::refuse_mass_deletion;
use crate::admit::Admitted;
use crate::config::{Environment, Project, RepositoryUrl};
use crate::git::{
    self, Base, Batch, BranchName, CommitId, Identity, Permissions, Prepared, Repository, Target, UnsignedCommit,
};
use crate::hydrate::{
    Attested, CommitTime, DryRevision, HydrateError, HydratedTree, Record, Shape, Writer, hydrate, write_app,
};
use crate::sign::{KeyId, Signed, Signer, sign};
use crate::tree::RepoPath;

/// How often notes are written again because somebody else was quicker.
const NOTE_ATTEMPTS: usize = 5;

/// What a publication may do, and from where.
#[derive(Debug, Clone, Default)]
pub struct PublishOptions {
    /// The folder of `hydrant.yaml` in its repository; `None`: its top.
    pub project: Option<RepoPath>,
    /// What it may take from others.
    pub permissions: Permissions,
    /// Whether it may delete more than `max_delete_percent`.
    pub allow_mass_delete: bool,
}

/// What a publication would do.
#[derive(Debug)]
pub struct Plan {
    /// In order of the environments' names.
    pub environments: Vec<EnvironmentPlan>,
    dry: DryRevision,
    identity: Identity,
}

/// What a publication would do with one environment.
#[derive(Debug)]
pub struct EnvironmentPlan {
    /// The environment.
    pub environment: String,
    /// The branch that moves: the environment's own, or its proposal.
    pub branch: BranchName,
    /// How many objects it has.
    pub objects: usize,
    /// What has to be done.
    pub prepared: Prepared,
    pub(super) attested: Option<Attested>,
}

/// What a publication did.
#[derive(Debug)]
pub struct Publications {
    /// In order of the environments' names.
    pub environments: Vec<Publication>,
    /// Whether the notes moved as well.
    pub noted: bool,
    /// Whether new commits carry attestations: a signer of X.509 makes none.
    pub attested: bool,
}

/// What a publication did with one environment.
#[derive(Debug)]
pub struct Publication {
    /// The environment.
    pub environment: String,
    /// The branch.
    pub branch: BranchName,
    /// The branch's tip.
    pub commit: CommitId,
    /// How many objects it holds.
    pub objects: usize,
    /// What changed; `None` if the branch said the same already.
    pub refreshed: Option<Refreshed>,
    /// The key that signed the new tip, as consumers know it.
    pub key: Option<KeyId>,
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
    options: &PublishOptions,
) -> Result<Plan, Error> {
    let identity = match &project.output.author {
        Some(author) => Identity::new(&author.name, &author.email)?,
        None => Identity::default(),
    };
    let shape = Shape::new(&project.output, writer(repository, project, options));
    let of = |admitted: &Admitted| project.environment(admitted.environment()).expect("admitted from this project");
    let bases = side_by_side(admitted, |one| repository.base(target(of(one))?, shape.folder.as_ref()))?;
    let prepare = |(admitted, base): &(&Admitted, &Base)| -> Result<EnvironmentPlan, Error> {
        let environment = of(admitted);
        let tree = hydrate_one(admitted, dry, &shape, previous(base, options))?;
        let mut prepared = repository.prepare_on(base, &tree, &identity, options.permissions)?;
        if !options.allow_mass_delete {
            refuse_mass_deletion(environment, admitted, &tree, base)?;
        }
        seal_first_commit(&mut prepared, project)?;
        let branch = target(environment)?.branch().clone();
        let objects = admitted.manifests().len();
        let attested = attested(project, environment);
        Ok(EnvironmentPlan { environment: environment.name.to_string(), branch, objects, prepared, attested })
    };
    let pairs: Vec<(&Admitted, &Base)> = admitted.iter().zip(&bases).collect();
    Ok(Plan { environments: side_by_side(&pairs, prepare)?, dry: dry.clone(), identity })
}

/// Does the same with all of them at once. Of several failures it is always the first one's that counts.
pub(super) fn side_by_side<T: Sync, R: Send, E: Send>(
    all: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync + Send,
) -> Result<Vec<R>, E> {
    let done: Vec<_> = all.par_iter().map(work).collect();
    done.into_iter().collect()
}

/// Who writes: the project by its folder and its repository's address. An address with nothing that others could open
/// is no address.
fn writer(repository: &Repository, project: &Project, options: &PublishOptions) -> Writer {
    let origin = || RepositoryUrl::parse(&repository.origin()?);
    let address = project.output.repo_url.clone().or_else(origin);
    Writer { project: options.project.clone(), repository: address.map(|address| address.to_string()) }
}

pub(super) fn target(environment: &Environment) -> Result<Target, git::Error> {
    let branch = BranchName::parse(&environment.branch.value)?;
    Ok(match &environment.proposal {
        Some(proposal) => Target::proposal(BranchName::parse(proposal)?, branch),
        None => Target::direct(branch),
    })
}

/// The branch that attestations speak of: a proposal ends on the one that agents read. `None` if the project wants none.
fn attested(project: &Project, environment: &Environment) -> Option<Attested> {
    let wanted = project.signing.as_ref().is_none_or(|signing| signing.attest);
    wanted.then(|| Attested { branch: environment.branch.value.clone(), proposal: environment.proposal.clone() })
}

/// What stands on the branch and may stay. Where edits are overwritten everything is written anew.
fn previous<'a>(base: &'a Base, options: &PublishOptions) -> Option<&'a Record> {
    base.record().filter(|_| options.permissions == Permissions::default())
}

/// The first commit of a branch says why nothing behind it is checked, if the project wants that.
fn seal_first_commit(prepared: &mut Prepared, project: &Project) -> Result<(), Error> {
    let reason = project.signing.as_ref().and_then(|signing| signing.seal.as_ref());
    match (prepared, reason) {
        (Prepared::Commit(commit), Some(reason)) if commit.begins_a_branch() => Ok(commit.seal(&reason.value)?),
        _ => Ok(()),
    }
}

/// Writes the apps of one environment side by side.
pub fn hydrate_one(
    admitted: &Admitted,
    dry: &DryRevision,
    shape: &Shape,
    previous: Option<&Record>,
) -> Result<HydratedTree, HydrateError> {
    let apps: Vec<&str> = admitted.manifests().apps().map(|(app, _)| app).collect();
    let written = side_by_side(&apps, |app| write_app(admitted, app, shape))?;
    hydrate(admitted, written.into_iter().flatten().collect(), dry, shape, previous)
}

/// Signs every commit of a plan, then moves all branches and the notes in one transaction. Nothing is written before the
/// last signature is confirmed.
pub fn publish(repository: &Repository, plan: Plan, signer: &dyn Signer) -> Result<Publications, Error> {
    let (dry, identity) = (plan.dry, plan.identity);
    let attested = attest_all(repository, plan.environments, dry.time, signer)?;
    let (mut signed, mut starts, mut environments) = (Vec::new(), Vec::new(), Vec::new());
    for EnvironmentPlan { environment, branch, objects, prepared, .. } in attested {
        let (commit, refreshed, key) = match prepared {
            Prepared::Unchanged { tip } => (tip, None, None),
            Prepared::Start { branch, tip } => {
                starts.push((branch, tip));
                (tip, None, None)
            }
            Prepared::Commit(commit) => {
                let refreshed = Refreshed { written: commit.written().len(), removed: commit.removed().len() };
                let (commit, key) = sign_commit(repository, commit, signer, &mut signed)?;
                (commit, Some(refreshed), Some(key))
            }
        };
        environments.push(Publication { environment, branch, commit, objects, refreshed, key });
    }
    let tips: Vec<CommitId> = environments.iter().map(|publication| publication.commit).collect();
    for attempt in 1.. {
        let notes = repository.prepare_notes(&tips, &dry, &identity)?;
        let notes = notes.map(|notes| sign(notes, signer)).transpose()?;
        let noted = notes.is_some();
        if signed.is_empty() && starts.is_empty() && !noted {
            break;
        }
        match repository.publish_batch(&Batch { commits: &signed, starts: &starts, notes: notes.as_ref() }) {
            Ok(_) => return Ok(Publications { environments, noted, attested: can_attest(signer) }),
            // the notes of all projects are one reference: who comes second adds to what is there by now
            Err(git::Error::NotesMoved { .. }) if attempt < NOTE_ATTEMPTS => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Publications { environments, noted: false, attested: can_attest(signer) })
}

/// Adds attestations to the commits of those environments that want them.
fn attest_all(
    repository: &Repository,
    environments: Vec<EnvironmentPlan>,
    time: CommitTime,
    signer: &dyn Signer,
) -> Result<Vec<EnvironmentPlan>, Error> {
    let one = |mut plan: EnvironmentPlan| {
        plan.prepared = match (plan.prepared, &plan.attested) {
            (Prepared::Commit(commit), Some(branch)) => {
                Prepared::Commit(attest(repository, commit, branch, time, signer)?)
            }
            (prepared, _) => prepared,
        };
        Ok(plan)
    };
    // somebody who is asked for each signature is asked for one after the other
    match signer.holds_the_key() {
        true => environments.into_par_iter().map(one).collect::<Vec<_>>().into_iter().collect(),
        false => environments.into_iter().map(one).collect(),
    }
}

/// Signs a commit, after the one that begins the branch it is for.
fn sign_commit(
    repository: &Repository,
    mut commit: UnsignedCommit,
    signer: &dyn Signer,
    signed: &mut Vec<Signed<UnsignedCommit>>,
) -> Result<(CommitId, KeyId), Error> {
    if let Some(first) = commit.take_first() {
        let first = sign(first, signer)?;
        commit = commit.onto(repository.id_of(&first)?);
        signed.push(first);
    }
    let commit = sign(commit, signer)?;
    let (id, key) = (repository.id_of(&commit)?, commit.key().clone());
    signed.push(commit);
    Ok((id, key))
}
