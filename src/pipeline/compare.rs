//! Compare: every object of an environment, with the one that its branch holds.

use std::collections::BTreeMap;

use super::difference::{objects_of, record};
use super::{Checkup, EnvironmentCheck, Error, Limits};
use crate::config::Project;
use crate::diagnostic::Diagnostic;
use crate::git::{BranchName, Repository};
use crate::manifest::{Manifest, Name};
use crate::validate::changes;

/// Adds to a checkup what the API server would refuse as an update of what was published before. An environment without
/// a branch, or with one that is not ours, has nothing to compare with: publishing says what is wrong with a branch.
pub fn compare_with_branches(
    checkup: &mut Checkup,
    repository: &Repository,
    project: &Project,
    limits: &Limits,
) -> Result<(), Error> {
    for environment in &mut checkup.environments {
        let name = environment.checked.environment.as_str();
        let branch = &project.environment(name).expect("checked from this project").branch.value;
        let branch = BranchName::parse(branch)?;
        let Some(tip) = repository.branch_tip(&branch)? else { continue };
        let files = repository.commit_tree_of(tip)?;
        let Some(record) = record(&files).filter(|record| record.environment == name) else { continue };
        let published = objects_of(&files, &record, &branch, limits);
        let found = compare(environment, &published);
        environment.diagnostics.extend(found);
    }
    Ok(())
}

fn compare(environment: &EnvironmentCheck, published: &[(String, Manifest)]) -> Vec<Diagnostic> {
    let fixed = published
        .iter()
        .map(|(_, manifest)| manifest)
        .filter(|manifest| matches!(manifest.object.name, Name::Fixed(_)));
    let before: BTreeMap<_, &Manifest> = fixed.map(|manifest| (manifest.object.key(), manifest)).collect();
    let name = &environment.checked.environment;
    let pairs =
        environment.checked.manifests.iter().filter_map(|(app, now)| Some((app, *before.get(&now.object.key())?, now)));
    pairs
        .flat_map(|(app, before, now)| changes(before, now).into_iter().map(move |found| found.within(name, app)))
        .collect()
}
