//! Push: publications to the places where the branches of environments are: this repository, or remotes.
//!
//! Of a remote it is the remote's branches that count: they are looked at, built on and moved, and this repository's own
//! follow. Whoever is not the first to push looks again and plans again; what was rendered and checked stays.

use std::collections::{BTreeMap, BTreeSet};

use super::publication::{plan, publish, target};
use super::{
    EnvironmentPlan, Error, Limits, Plan, Publication, Publications, PublishOptions, Published, Selection, published,
};
use crate::admit::Admitted;
use crate::config::{Environment, Project};
use crate::git::{BranchName, Notice, Refusal, Remote, Repository};
use crate::hydrate::{DryRevision, Record};
use crate::sign::Signer;

/// Waits before something is tried again.
pub trait Patience {
    /// Waits, and says whether it is worth another try.
    fn wait(&mut self) -> bool;
}

/// What is published, from where, and how.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The project.
    pub project: &'a Project,
    /// The commit it was rendered from.
    pub dry: &'a DryRevision,
    /// What it may do.
    pub options: &'a PublishOptions,
}

/// Some environments, and where their branches are.
#[derive(Debug)]
pub struct Place {
    /// With the branches of the place.
    repository: Repository,
    remote: Option<Remote>,
    environments: BTreeSet<String>,
    branches: Vec<BranchName>,
}

/// A publication to one place, planned.
#[derive(Debug)]
pub struct Undertaking {
    errand: Errand,
    plan: Plan,
}

/// What it takes to plan again.
#[derive(Debug)]
struct Errand {
    place: Place,
    admitted: Vec<Admitted>,
    /// What of it the place has already.
    pushed: BTreeSet<String>,
}

impl Undertaking {
    /// The repository, with the branches of the place.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.errand.place.repository
    }

    /// What it would do with each environment, and what of it was admitted.
    pub fn environments(&self) -> impl Iterator<Item = (&EnvironmentPlan, &Admitted)> {
        self.plan.environments.iter().zip(&self.errand.admitted)
    }
}

/// What became of all undertakings.
#[derive(Debug, Default)]
pub struct Accomplished {
    /// What was published, by place.
    pub done: Vec<Publications>,
    /// What is worth knowing besides.
    pub notices: Vec<Notice>,
    /// Why the rest was not.
    pub failure: Option<Error>,
}

/// The places of the selected environments: this repository, or their destinations where it is pushed. Each is looked at.
/// Git does not see the environment variables that `push` names.
pub fn places(
    repository: &Repository,
    project: &Project,
    selection: &Selection,
    push: Option<&[&str]>,
) -> Result<Vec<Place>, Error> {
    let selected = project.environments.iter().filter(|environment| selection.has_environment(&environment.name));
    let Some(hidden) = push else {
        let environments = selected.map(|environment| environment.name.to_string()).collect();
        return Ok(vec![Place { repository: repository.clone(), remote: None, environments, branches: Vec::new() }]);
    };
    let mut by_destination: BTreeMap<&str, Vec<&Environment>> = BTreeMap::new();
    for environment in selected {
        by_destination.entry(&environment.destination).or_default().push(environment);
    }
    let places = by_destination.into_iter().map(|(destination, environments)| {
        let remote = repository.remote(destination, hidden)?;
        let names = environments.iter().flat_map(|one| [one.published_branch(), &one.branch.value]);
        let branches = names.map(BranchName::parse).collect::<Result<Vec<_>, _>>()?;
        let environments = environments.iter().map(|environment| environment.name.to_string()).collect();
        Ok(Place { repository: repository.on(&remote, &branches)?, remote: Some(remote), environments, branches })
    });
    places.collect()
}

/// What the branches of the selected environments hold, each where it is.
pub fn published_at(
    places: &[Place],
    project: &Project,
    selection: &Selection,
    limits: &Limits,
) -> Result<Published, Error> {
    let mut all = Published::default();
    for place in places {
        let here = project.environments.iter().map(|environment| environment.name.to_string());
        let here = here.filter(|name| place.environments.contains(name) && selection.has_environment(name));
        let environments: BTreeMap<_, _> = here.map(|name| (name, BTreeSet::new())).collect();
        if !environments.is_empty() {
            all.add(published(&place.repository, project, &Selection { environments }, limits)?);
        }
    }
    Ok(all)
}

/// Plans for every place, before anything is moved at any of them.
pub fn undertake(places: Vec<Place>, mut admitted: Vec<Admitted>, order: Order<'_>) -> Result<Vec<Undertaking>, Error> {
    let undertakings = places.into_iter().map(|place| {
        let is_there = |one: &Admitted| place.environments.contains(one.environment());
        let (there, elsewhere) = std::mem::take(&mut admitted).into_iter().partition(is_there);
        admitted = elsewhere;
        let plan = place.plan(&there, order)?;
        Ok(Undertaking { errand: Errand { place, admitted: there, pushed: BTreeSet::new() }, plan })
    });
    undertakings.collect()
}

/// Publishes to one place after the other, and stops at the first that cannot be published to. The next run completes
/// what this one began: what is there already is not published again.
pub fn carry_out(
    undertakings: Vec<Undertaking>,
    order: Order<'_>,
    signer: &dyn Signer,
    patience: &mut dyn Patience,
) -> Accomplished {
    let mut outcome = Accomplished::default();
    let (mut there, mut rest) = (Vec::new(), undertakings.into_iter());
    while let Some(Undertaking { mut errand, plan }) = rest.next() {
        let result = errand.run(plan, order, signer, patience);
        outcome.notices.extend(errand.place.repository.news());
        there.extend(errand.pushed.iter().map(|name| errand.place.tell(name)));
        match result {
            Ok(done) => {
                outcome.notices.extend(errand.follow(&done.environments));
                outcome.done.push(done);
            }
            Err(error) => {
                let open = std::iter::once(&errand)
                    .chain(rest.as_slice().iter().map(|one| &one.errand))
                    .flat_map(Errand::open)
                    .collect();
                outcome.failure = Some(match there.is_empty() {
                    true => error,
                    false => Error::Partly { source: Box::new(error), there, open },
                });
                break;
            }
        }
    }
    outcome
}

impl Errand {
    fn run(
        &mut self,
        mut plan: Plan,
        order: Order<'_>,
        signer: &dyn Signer,
        patience: &mut dyn Patience,
    ) -> Result<Publications, Error> {
        loop {
            let result = publish(&self.place.repository, plan, signer);
            self.pushed.extend(self.place.repository.pushed());
            match (result, &self.place.remote) {
                (Err(Error::Git(error)), Some(remote)) if error.is_race() && patience.wait() => {
                    let seen = self.place.records(order)?;
                    self.place.repository = self.place.repository.on(remote, &self.place.branches)?;
                    self.place.refuse_overtaken(&seen, order)?;
                    plan = self.place.plan(&self.admitted, order)?;
                }
                (result, _) => return result,
            }
        }
    }

    /// Lets the branches of this repository follow those of the place.
    fn follow(&self, done: &[Publication]) -> Vec<Notice> {
        let pushed = self.pushed.iter().filter_map(|name| BranchName::parse(name).ok());
        let branches: BTreeSet<BranchName> = done.iter().map(|one| one.branch.clone()).chain(pushed).collect();
        self.place.repository.follow(&branches.into_iter().collect::<Vec<_>>())
    }

    /// The branches that the place does not have yet as they should be.
    fn open(&self) -> Vec<String> {
        let names = self.place.branches.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        names.difference(&self.pushed).map(|name| self.place.tell(name)).collect()
    }
}

impl Place {
    fn plan(&self, admitted: &[Admitted], order: Order<'_>) -> Result<Plan, Error> {
        plan(&self.repository, order.project, admitted, order.dry, order.options)
    }

    fn environments<'a>(&'a self, project: &'a Project) -> impl Iterator<Item = &'a Environment> {
        self.environments.iter().filter_map(|name| project.environment(name))
    }

    /// What stands there of ours, by environment.
    fn records(&self, order: Order<'_>) -> Result<Vec<Option<Record>>, Error> {
        let folder = order.project.output.active_path.as_ref();
        let records = self.environments(order.project).map(|environment| {
            let base = self.repository.base(target(environment)?, folder)?;
            Ok(base.record().cloned())
        });
        records.collect()
    }

    /// Refuses to go on where the same environment of the same project was published since: from a commit that ours does
    /// not come after, we would take it back; else all was checked against what is not there any more.
    fn refuse_overtaken(&self, seen: &[Option<Record>], order: Order<'_>) -> Result<(), Error> {
        let now = self.records(order)?;
        for ((before, now), environment) in seen.iter().zip(&now).zip(self.environments(order.project)) {
            let Some(record) = now.as_ref().filter(|record| Some(*record) != before.as_ref()) else { continue };
            let (branch, found) = (environment.published_branch().to_owned(), record.dry_commit.clone());
            if found == order.dry.id {
                continue;
            }
            if self.repository.comes_after(&order.dry.id, &found)? {
                return Err(Error::Overtaken { branch, found });
            }
            let wanted = order.dry.id.clone();
            return Err(Error::Git(Refusal::PublishedMeanwhile { branch, found, wanted }.into()));
        }
        Ok(())
    }

    fn tell(&self, branch: &str) -> String {
        let remote = self.remote.as_ref().map_or("this repository", Remote::name);
        format!("`{branch}` on `{remote}`")
    }
}
