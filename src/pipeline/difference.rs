//! Difference: what an environment would be, against what it was at another revision or what its branch holds.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{Error, Limits, Progress, Selection, build_all, lines, load_selected, preload::Preloaded};
use crate::compare::{ObjectChange, Rules, compare};
use crate::config::Project;
use crate::diagnostic::Diagnostic;
use crate::git::{BranchName, CommitId, CommitTree, Repository};
use crate::hydrate::Record;
use crate::load;
use crate::manifest::Manifest;
use crate::parse::parse;
use crate::report::difference::EnvironmentDifference;
use crate::source::Source;
use crate::tree::{ReadTree, RepoPath};

/// The objects of some environments, from wherever they were read.
#[derive(Debug, Default)]
pub struct Objects {
    /// By environment: `(app, object)` in the order of apps, then as rendered. An environment that is selected and has
    /// no object is there.
    pub environments: BTreeMap<String, Vec<(String, Manifest)>>,
    /// What was found while they were read.
    pub diagnostics: Vec<Diagnostic>,
}

/// Renders what is selected into objects. Nothing is checked.
pub fn rendered_objects(
    tree: &dyn ReadTree,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Objects, Error> {
    let tree = &Preloaded::read(tree, progress)?;
    let mut loaded = load_selected(tree, project, selection)?;
    loaded.units.retain(|unit| selection.has_app(&unit.environment, &unit.app));
    let built = build_all(&loaded.units, limits, progress);
    progress.finish();
    let names = project.environments.iter().map(|environment| environment.name.to_string());
    let mut objects = Objects {
        environments: names.filter(|name| selection.has_environment(name)).map(|name| (name, Vec::new())).collect(),
        diagnostics: loaded.diagnostics,
    };
    for one in built {
        objects.diagnostics.extend(one.diagnostics);
        let environment = objects.environments.entry(one.unit.environment.to_string()).or_default();
        environment.extend(one.manifests.into_iter().map(|manifest| (one.unit.app.to_string(), manifest)));
    }
    lines::point_all(&mut objects.diagnostics, &loaded.units, tree, limits);
    Ok(objects)
}

/// What a branch holds of an environment.
#[derive(Debug)]
pub struct PublishedBranch {
    /// The branch.
    pub branch: BranchName,
    /// Its tip.
    pub tip: CommitId,
    /// `(app, object)` for everything in files that are ours.
    pub objects: Vec<(String, Manifest)>,
}

impl PublishedBranch {
    /// Where its objects are from, in words: `env/dev at 1a2b3c4d5e`.
    #[must_use]
    pub fn words(&self) -> String {
        let tip = self.tip.to_string();
        format!("{} at {}", self.branch, &tip[..tip.len().min(10)])
    }
}

/// What the branch of an environment holds; `None` if there is no branch, or none that Hydrant wrote for it. Where
/// publications are proposals it is still the branch that agents read: an open proposal changed nothing yet.
pub fn published_objects(
    repository: &Repository,
    project: &Project,
    environment: &str,
    limits: &Limits,
) -> Result<Option<PublishedBranch>, Error> {
    let Some(configured) = project.environment(environment) else { return Ok(None) };
    let branch = BranchName::parse(&configured.branch.value)?;
    let Some(tip) = repository.branch_tip(&branch)? else { return Ok(None) };
    let found = repository.tip(tip, project.output.active_path.as_ref())?;
    let Some(record) = found.record().filter(|record| record.environment == environment) else { return Ok(None) };
    let objects = objects_of(found.files(), record, &branch, limits);
    Ok(Some(PublishedBranch { branch, tip, objects }))
}

/// The objects of a branch, whoever wrote it.
#[derive(Debug)]
pub struct BranchObjects {
    /// The words that tell where they are: `env/prod at 0123456789`.
    pub place: String,
    /// `(folder, object)`.
    pub objects: Vec<(String, Manifest)>,
}

/// What the branch of an environment holds, or that of `origin` where there is none here. `None` if there is none at all.
pub fn branch_objects(
    repository: &Repository,
    project: &Project,
    environment: &str,
    limits: &Limits,
) -> Result<Option<BranchObjects>, Error> {
    let Some(configured) = project.environment(environment) else { return Ok(None) };
    let branch = BranchName::parse(&configured.branch.value)?;
    let local = repository.branch_tip(&branch)?.map(|tip| (branch.to_string(), tip));
    let remote = || repository.resolve(&format!("refs/remotes/origin/{branch}")).ok();
    let Some((name, tip)) = local.or_else(|| Some((format!("origin/{branch}"), remote()?))) else { return Ok(None) };
    let files = repository.commit_tree_of(tip)?;
    let mut paths = files.files(None).map_err(load::LoadError::from)?;
    paths.retain(|path| load::is_wanted(path) && !is_metadata(path));
    let read = |path: &RepoPath| {
        let text = files.read(path).ok().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).unwrap_or_default();
        let manifests = parse(&Source::file(format!("{name}:{path}"), text), &limits.read).manifests;
        let app = path.parent().map_or_else(|| "(top)".to_owned(), |folder| folder.to_string());
        manifests.into_iter().map(move |manifest| (app.clone(), manifest)).collect::<Vec<_>>()
    };
    let objects = paths.par_iter().flat_map_iter(read).collect();
    Ok(Some(BranchObjects { place: format!("{name} at {}", &tip.to_string()[..10]), objects }))
}

/// What a tool writes beside the manifests, in a folder or file whose name begins with a dot.
fn is_metadata(path: &RepoPath) -> bool {
    path.as_str().split('/').any(|part| part.starts_with('.'))
}

/// The objects in those of our files that agents read. A file that does not read was edited by hand, which publishing
/// refuses.
fn objects_of(files: &CommitTree, record: &Record, branch: &BranchName, limits: &Limits) -> Vec<(String, Manifest)> {
    let owned = record.apps.iter().flat_map(|(app, owner)| owner.files.iter().map(move |file| (app, file)));
    let owned: Vec<(&String, &RepoPath)> =
        owned.filter(|(_, (_, file))| file.objects > 0).map(|(app, (path, _))| (app, path)).collect();
    let read = |(app, path): &(&String, &RepoPath)| {
        let text = files.read(path).ok().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        let manifests = text
            .map(|text| parse(&Source::file(format!("{branch}:{path}"), text), &limits.read).manifests)
            .unwrap_or_default();
        manifests.into_iter().map(|manifest| ((*app).clone(), manifest)).collect::<Vec<_>>()
    };
    owned.par_iter().flat_map_iter(read).collect()
}

/// Compares two states of an environment; each comes with the words that tell where it is from.
#[must_use]
pub fn difference(
    environment: &str,
    selection: &Selection,
    before: (&str, &[(String, Manifest)]),
    after: (&str, &[(String, Manifest)]),
) -> EnvironmentDifference {
    fn pairs(objects: &[(String, Manifest)]) -> Vec<(&str, &Manifest)> {
        objects.iter().map(|(app, manifest)| (app.as_str(), manifest)).collect()
    }
    let whole = difference_of(environment, (before.0, pairs(before.1)), (after.0, pairs(after.1)));
    let mut objects = whole.objects;
    objects.retain(|object| {
        let moved_from = match &object.change {
            ObjectChange::Changed { moved_from, .. } => moved_from.as_deref(),
            _ => None,
        };
        selection.has_app(environment, &object.app) || moved_from.is_some_and(|app| selection.has_app(environment, app))
    });
    let touched = objects.iter().filter(|object| !matches!(object.change, ObjectChange::Removed)).count();
    let selected = after.1.iter().filter(|(app, _)| selection.has_app(environment, app)).count();
    EnvironmentDifference { unchanged: selected.saturating_sub(touched), objects, ..whole }
}

/// Compares two whole states of an environment.
pub(super) fn difference_of(
    environment: &str,
    before: (&str, Vec<(&str, &Manifest)>),
    after: (&str, Vec<(&str, &Manifest)>),
) -> EnvironmentDifference {
    let all = after.1.len();
    let objects = compare(before.1, after.1, Rules::default());
    let touched = objects.iter().filter(|object| !matches!(object.change, ObjectChange::Removed)).count();
    EnvironmentDifference {
        environment: environment.to_owned(),
        before: before.0.to_owned(),
        after: after.0.to_owned(),
        unchanged: all.saturating_sub(touched),
        objects,
    }
}

/// The environments of either side, in order.
#[must_use]
pub fn environments_of(before: &Objects, after: &Objects) -> BTreeSet<String> {
    before.environments.keys().chain(after.environments.keys()).cloned().collect()
}
