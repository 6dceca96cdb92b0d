//! Compare: every object of an environment, with the one that its branch holds.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Checkup, EnvironmentCheck, Error, Limits};
use crate::config::Project;
use crate::diagnostic::Diagnostic;
use crate::git::{BranchName, CommitTree, Repository};
use crate::hydrate::{Record, record_path};
use crate::manifest::{Manifest, Name};
use crate::parse::parse;
use crate::source::Source;
use crate::tree::{ReadTree as _, RepoPath};
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
        let published = published(&files, &record, &branch, limits);
        let found = compare(environment, &published);
        environment.diagnostics.extend(found);
    }
    Ok(())
}

fn record(files: &CommitTree) -> Option<Record> {
    Record::parse(&files.read(&record_path()).ok()?).ok()
}

/// The objects in our files of a branch. A file that does not read was edited by hand, which publishing refuses.
fn published(files: &CommitTree, record: &Record, branch: &BranchName, limits: &Limits) -> Vec<Manifest> {
    let owned: Vec<&RepoPath> = record.files().into_keys().collect();
    let read = |path: &&RepoPath| {
        let text = files.read(path).ok().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        text.map(|text| parse(&Source::file(format!("{branch}:{path}"), text), &limits.read).manifests)
            .unwrap_or_default()
    };
    owned.par_iter().flat_map_iter(read).collect()
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
