//! Changed: which apps a change concerns, told from the files that differ.

use std::collections::BTreeSet;

use super::preload::Preloaded;
use super::{Error, Progress, Selection, load_selected};
use crate::config::Project;
use crate::load::{self, LoadError};
use crate::tree::{ReadTree, RepoPath};

/// What has to be looked at again.
#[derive(Debug)]
pub enum Affected {
    /// Files that no single app owns have changed; one of them is named.
    Everything(RepoPath),
    /// These apps; there is at least one.
    Apps(Selection),
    /// No app: nothing that changed is read by any.
    Nothing,
}

/// Finds what a change from `base` to `tree` concerns, among what is selected.
///
/// An app is concerned if a file changed that it reads, or one in its folder. A file that some stage may read and that
/// belongs to no app (the configuration, policies, CRDs, shared templates) concerns everything.
pub fn affected(
    tree: &dyn ReadTree,
    base: &dyn ReadTree,
    project: &Project,
    selection: &Selection,
    progress: &dyn Progress,
) -> Result<Affected, Error> {
    let changed = changed_files(tree, base)?;
    let mut left: BTreeSet<&RepoPath> = changed.iter().filter(|path| load::is_wanted(path)).collect();
    let mut apps = Selection::default();
    if changed.is_empty() {
        return Ok(Affected::Nothing);
    }
    let preloaded = Preloaded::read(tree, progress)?;
    // every environment, so that an app that was not asked for still owns its files
    let loaded = load_selected(&preloaded, project, &Selection::default())?;
    progress.finish();
    for unit in &loaded.units {
        let in_folder = |path: &RepoPath| match &unit.folder {
            Some(folder) => path.strip_prefix(folder).is_some(),
            None => true,
        };
        let reads = |path: &RepoPath| {
            unit.inputs.files.get(path).is_some_and(|input| !input.shared)
                || unit.values_files.iter().any(|(values, _)| values == path)
                || in_folder(path)
        };
        let mut concerned = false;
        for path in changed.iter().filter(|path| reads(path)) {
            concerned = true;
            left.remove(path);
        }
        if concerned && selection.has_app(&unit.environment, &unit.app) {
            apps.environments.entry(unit.environment.to_string()).or_default().insert(unit.app.to_string());
        }
    }
    Ok(match (left.first(), apps.environments.is_empty()) {
        (Some(path), _) => Affected::Everything((*path).clone()),
        (None, false) => Affected::Apps(apps),
        (None, true) => Affected::Nothing,
    })
}

/// The files that are new, gone or different.
fn changed_files(tree: &dyn ReadTree, base: &dyn ReadTree) -> Result<BTreeSet<RepoPath>, Error> {
    let (now, before) = (files(tree)?, files(base)?);
    let mut changed: BTreeSet<RepoPath> = now.symmetric_difference(&before).cloned().collect();
    for path in now.intersection(&before) {
        let same = match (tree.content_id(path), base.content_id(path)) {
            (Some(now), Some(before)) => now == before,
            // a link is as new as what it leads to; one that leads nowhere is for the stage to complain about
            _ => matches!((tree.read(path), base.read(path)), (Ok(now), Ok(before)) if now == before),
        };
        if !same {
            changed.insert(path.clone());
        }
    }
    Ok(changed)
}

fn files(tree: &dyn ReadTree) -> Result<BTreeSet<RepoPath>, Error> {
    Ok(tree.files(None).map_err(LoadError::from)?.into_iter().collect())
}
