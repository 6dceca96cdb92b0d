//! Rebuild: a dry commit is rendered and gated again, and compared with what a branch says came of it.

use std::collections::{BTreeMap, BTreeSet};

use super::publication::hydrate_one;
use super::{Error, Limits, Progress, Selection, check};
use crate::config::Project;
use crate::diagnostic::Severity;
use crate::hydrate::{DryRevision, Record, Shape, Tool};
use crate::tree::ReadTree;

/// What came of rendering again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rebuilt {
    /// Every manifest of every app is the same, byte for byte.
    Same {
        /// How many apps have manifests.
        apps: usize,
    },
    /// Some are not.
    Different {
        /// One line for each file, in order of path.
        files: Vec<String>,
        /// The tool that wrote the branch, if it is another one than this.
        tool: Option<Tool>,
    },
    /// The dry commit has no such environment, or its gate refuses it. Why.
    Refused(String),
}

/// Renders the environment of a record again. `tree` and `project` are those of the record's dry commit.
///
/// Waivers count as of the day in `limits`: with the day of the dry commit, those that have expired since still hold.
pub fn rebuild(
    tree: &dyn ReadTree,
    project: &Project,
    record: &Record,
    dry: &DryRevision,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Rebuilt, Error> {
    let name = &record.environment;
    if project.environment(name).is_none() {
        return Ok(Rebuilt::Refused(format!("commit {} has no environment `{name}`", dry.id)));
    }
    let selection = Selection { environments: BTreeMap::from([(name.clone(), BTreeSet::new())]) };
    let checkup = check(tree, project, &selection, limits, progress)?;
    let mut admitted = Vec::new();
    for decision in checkup.admit(Severity::Error) {
        match decision {
            Ok(environment) => admitted.push(environment),
            Err(refusal) => return Ok(Rebuilt::Refused(refusal.to_string())),
        }
    }
    let [admitted] = admitted.as_slice() else {
        return Ok(Rebuilt::Refused(format!("commit {} has no app in `{name}`", dry.id)));
    };
    let shape = Shape::new(&project.output, record.writer.clone());
    let again = hydrate_one(admitted, dry, &shape, None)?;
    Ok(compare(record, again.record()))
}

fn compare(record: &Record, again: &Record) -> Rebuilt {
    let (published, rendered) = (record.manifests(), again.manifests());
    let paths: BTreeSet<_> = published.keys().chain(rendered.keys()).collect();
    let difference = |path: &_| match (published.get(path), rendered.get(path)) {
        (Some(one), Some(two)) if one.sha256 == two.sha256 => None,
        (Some(_), Some(_)) => Some(format!("`{path}` renders to something else")),
        (Some(_), None) => Some(format!("`{path}` is not rendered")),
        (None, _) => Some(format!("`{path}` is rendered, and not published")),
    };
    let files: Vec<String> = paths.into_iter().filter_map(|path| difference(*path)).collect();
    match files.is_empty() {
        true => Rebuilt::Same { apps: record.apps.values().filter(|app| !app.files.is_empty()).count() },
        false => Rebuilt::Different { files, tool: (record.tool != Tool::this()).then(|| record.tool.clone()) },
    }
}
