//! Assemble: units become environments, each object once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Built, Selection};
use crate::admit::AppEvidence;
use crate::config::{Environment, Project};
use crate::diagnostic::Diagnostic;
use crate::load::{Role, Unit};
use crate::manifest::ManifestSet;
use crate::render::Outcome;
use crate::report::Accounting;
use crate::tree::{Digest, RepoPath};

/// An environment with all its objects, not judged yet.
pub(super) struct Assembled<'a> {
    pub(super) environment: &'a Environment,
    pub(super) manifests: ManifestSet,
    pub(super) apps: BTreeMap<String, AppEvidence>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) accounting: Accounting,
}

/// Groups what was built by environment, in the project's order. Findings about inputs that were made before anything
/// was built go first.
pub(super) fn environments<'a>(
    project: &'a Project,
    selection: &Selection,
    built: Vec<Built<'_>>,
    loaded: Vec<Diagnostic>,
) -> Vec<Assembled<'a>> {
    let mut by_environment: BTreeMap<String, Vec<Built<'_>>> = BTreeMap::new();
    for one in built {
        by_environment.entry(one.unit.environment.to_string()).or_default().push(one);
    }
    let selected = project.environments.iter().filter(|environment| selection.has_environment(&environment.name));
    selected
        .map(|environment| {
            let name = &*environment.name;
            let about = |diagnostic: &&Diagnostic| {
                diagnostic.subject.environment.as_deref().is_none_or(|environment| environment == name)
            };
            let loaded = loaded.iter().filter(about).cloned().collect();
            assemble(environment, selection, by_environment.remove(name).unwrap_or_default(), loaded)
        })
        .collect()
}

fn assemble<'a>(
    environment: &'a Environment,
    selection: &Selection,
    built: Vec<Built<'_>>,
    mut diagnostics: Vec<Diagnostic>,
) -> Assembled<'a> {
    let mut accounting = Accounting { environments: 1, ..Accounting::default() };
    let mut apps = BTreeMap::new();
    let mut manifests = Vec::new();
    for one in built {
        let app = one.unit.app.to_string();
        // neighbours of a selected app are rendered for their CRDs; what is wrong with them is not asked for
        if selection.has_app(&environment.name, &app) {
            account(&one, &mut accounting);
            diagnostics.extend(one.diagnostics);
        }
        apps.insert(app.clone(), evidence(one.unit));
        manifests.extend(one.manifests.into_iter().map(|manifest| (app.clone(), manifest)));
    }
    let (manifests, duplicates) = ManifestSet::collect(manifests);
    // whoever declared an object first, the second one is told; either may be the app that is asked about
    let declared: BTreeSet<String> = match duplicates.is_empty() {
        true => BTreeSet::new(),
        false => {
            let of_asked = manifests.iter().filter(|(app, _)| selection.has_app(&environment.name, app));
            of_asked.map(|(_, manifest)| manifest.object.to_string()).collect()
        }
    };
    let asked = |diagnostic: &Diagnostic| {
        diagnostic.subject.app.as_deref().is_none_or(|app| selection.has_app(&environment.name, app))
            || diagnostic.subject.object.as_ref().is_some_and(|object| declared.contains(object))
    };
    let duplicates = duplicates.into_iter().filter(asked).map(|found| found.of_environment(&environment.name));
    let before = diagnostics.len();
    diagnostics.extend(duplicates);
    accounting.duplicate_objects = diagnostics.len() - before;
    Assembled { environment, manifests, apps, diagnostics, accounting }
}

fn account(built: &Built<'_>, accounting: &mut Accounting) {
    accounting.units += 1;
    accounting.inputs += built.outcomes.len();
    for outcome in &built.outcomes {
        match outcome {
            Outcome::Rendered => accounting.rendered += 1,
            Outcome::Skipped(reason) => *accounting.skipped.entry(reason).or_default() += 1,
            Outcome::Failed => accounting.failed += 1,
        }
    }
    accounting.documents += built.documents;
    accounting.empty_documents += built.empty_documents;
    accounting.failed_documents += built.failed_documents;
}

/// Every file the app was rendered from, with its digest.
fn evidence(unit: &Unit) -> AppEvidence {
    let read = unit.inputs.files.iter().filter(|(_, input)| !matches!(input.role, Role::Ignored(_) | Role::Unreadable));
    let inputs: BTreeMap<RepoPath, Digest> =
        read.map(|(path, input)| (path.clone(), input.digest)).chain(unit.values_files.iter().cloned()).collect();
    AppEvidence { engine: unit.engine, inputs }
}
