//! Deletion: how many objects of a branch a publication would take away, and when that is too much to be meant.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::Error;
use crate::admit::Admitted;
use crate::config::Environment;
use crate::git::{Base, CommitTree};
use crate::hydrate::{FileRecord, HydratedTree};
use crate::manifest::{Manifest, Name, ReadLimits};
use crate::parse::parse;
use crate::source::Source;
use crate::tree::{ReadTree as _, RepoPath};

/// How many objects a message names.
const NAMED: usize = 10;

/// A publication that would delete too much. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("publishing `{environment}` would delete {deleted} of its {of} objects, more than {percent} %: {}", names(.objects))]
pub struct MassDeletion {
    /// The environment.
    pub environment: String,
    /// How many objects would go.
    pub deleted: usize,
    /// How many there are.
    pub of: usize,
    /// How many may go, in percent.
    pub percent: u8,
    /// Those that would, in order.
    pub objects: Vec<String>,
}

/// Refuses a tree without more of the branch's objects than the environment lets go at once: agents delete what is gone
/// from a branch, and what is gone by mistake as well.
pub(super) fn refuse_mass_deletion(
    environment: &Environment,
    admitted: &Admitted,
    tree: &HydratedTree,
    base: &Base,
) -> Result<(), Error> {
    let (Some(record), Some(files)) = (base.record(), base.files()) else { return Ok(()) };
    let before = record.manifests();
    let of: usize = before.values().map(|file| file.objects).sum();
    let now = tree.record().manifests();
    // a file that stays as it is takes nothing away
    let touched = before.iter().filter(|(path, file)| file.objects > 0 && now.get(*path) != Some(file));
    let touched: Vec<(&RepoPath, &FileRecord)> = touched.map(|(path, file)| (*path, *file)).collect();
    let percent = environment.max_delete_percent;
    let at_most: usize = touched.iter().map(|(_, file)| file.objects).sum();
    if !is_too_much(at_most, of, percent) {
        return Ok(());
    }
    let wanted: BTreeSet<_> = admitted.manifests().iter().map(|(_, manifest)| manifest.object.key()).collect();
    let read = touched.par_iter().flat_map_iter(|(path, _)| objects(files, path)).collect::<Vec<_>>();
    let gone = read.iter().map(|manifest| &manifest.object);
    let gone = gone.filter(|object| matches!(object.name, Name::Fixed(_)) && !wanted.contains(&object.key()));
    let mut objects: Vec<String> = gone.map(ToString::to_string).collect();
    objects.sort();
    match is_too_much(objects.len(), of, percent) {
        false => Ok(()),
        true => Err(Error::MassDeletion(Box::new(MassDeletion {
            environment: environment.name.to_string(),
            deleted: objects.len(),
            of,
            percent,
            objects,
        }))),
    }
}

fn is_too_much(deleted: usize, of: usize, percent: u8) -> bool {
    deleted.saturating_mul(100) > of.saturating_mul(usize::from(percent))
}

/// The objects of a file on the branch. One that does not read was edited by hand, which is refused elsewhere.
fn objects(files: &CommitTree, path: &RepoPath) -> Vec<Manifest> {
    let text = files.read(path).ok().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    text.map(|text| parse(&Source::file(path.as_str(), text), &ReadLimits::default()).manifests).unwrap_or_default()
}

fn names(objects: &[String]) -> String {
    let mut text = objects.iter().take(NAMED).map(|object| format!("`{object}`")).collect::<Vec<_>>().join(", ");
    if objects.len() > NAMED {
        text.push_str(&format!(" and {} more", objects.len() - NAMED));
    }
    text
}
