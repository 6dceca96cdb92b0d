//! Compare: every object of an environment, with the one that its branch holds.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::difference::published_objects;
use super::{Checkup, EnvironmentCheck, Error, Limits, Selection, lines, load_selected};
use crate::config::Project;
use crate::diagnostic::Diagnostic;
use crate::git::Repository;
use crate::manifest::{Manifest, Name};
use crate::tree::ReadTree;
use crate::validate::changes;

/// What the branches of some environments hold. An environment without a branch, or with one that is not ours, is not
/// among them: publishing says what is wrong with a branch.
#[derive(Debug, Default)]
pub struct Published {
    environments: BTreeMap<String, PublishedState>,
}

/// What one branch holds.
#[derive(Debug)]
pub(super) struct PublishedState {
    /// Where it is from, in words.
    pub(super) words: String,
    /// Its objects.
    pub(super) manifests: Vec<Manifest>,
    /// The app of each of them.
    pub(super) apps: Vec<String>,
}

impl Published {
    /// The objects of an environment, if it was published before.
    #[must_use]
    pub fn of(&self, environment: &str) -> Option<&[Manifest]> {
        self.state(environment).map(|state| state.manifests.as_slice())
    }

    pub(super) fn state(&self, environment: &str) -> Option<&PublishedState> {
        self.environments.get(environment)
    }

    /// Adds what the branches of other environments hold.
    pub(super) fn add(&mut self, other: Self) {
        self.environments.extend(other.environments);
    }
}

/// Reads what the branches of the selected environments hold.
pub fn published(
    repository: &Repository,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
) -> Result<Published, Error> {
    let selected = project.environments.iter().filter(|environment| selection.has_environment(&environment.name));
    let names: Vec<String> = selected.map(|environment| environment.name.to_string()).collect();
    let read: Vec<_> = names.par_iter().map(|name| published_objects(repository, project, name, limits)).collect();
    let mut published = Published::default();
    for (name, branch) in names.into_iter().zip(read) {
        if let Some(branch) = branch? {
            let words = branch.words();
            let (apps, manifests) = branch.objects.into_iter().unzip();
            published.environments.insert(name, PublishedState { words, manifests, apps });
        }
    }
    Ok(published)
}

/// Adds to a checkup what the API server would refuse as an update of what was published before.
pub fn compare_with_branches(
    checkup: &mut Checkup,
    published: &Published,
    tree: &dyn ReadTree,
    project: &Project,
    limits: &Limits,
) -> Result<(), Error> {
    let compared = checkup.environments.iter().filter_map(|environment| {
        let published = published.of(&environment.checked.environment)?;
        Some(compare(environment, published))
    });
    let mut all: Vec<Diagnostic> = compared.flatten().collect();
    if all.iter().any(lines::has_rendered_place) {
        let names = checkup.environments.iter().map(|one| (one.checked.environment.clone(), BTreeSet::new()));
        let units = load_selected(tree, project, &Selection { environments: names.collect() })?.units;
        lines::point_all(&mut all, &units, tree, limits);
    }
    all.into_iter().for_each(|found| checkup.add(found));
    Ok(())
}

fn compare(environment: &EnvironmentCheck, published: &[Manifest]) -> Vec<Diagnostic> {
    let fixed = published.iter().filter(|manifest| matches!(manifest.object.name, Name::Fixed(_)));
    let before: BTreeMap<_, &Manifest> = fixed.map(|manifest| (manifest.object.key(), manifest)).collect();
    let name = &environment.checked.environment;
    let pairs =
        environment.checked.manifests.iter().filter_map(|(app, now)| Some((app, *before.get(&now.object.key())?, now)));
    pairs
        .flat_map(|(app, before, now)| changes(before, now).into_iter().map(move |found| found.within(name, app)))
        .collect()
}
