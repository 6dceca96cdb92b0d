//! Apps: from the entries of `apps` to the folders they mean, each with a name that is unique in its environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::listing::Listing;
use super::schemas::folder_of;
use crate::config::{self, App, AppPath, Engine, Project, Spanned};
use crate::diagnostic::{Diagnostic, did_you_mean, rules};
use crate::source::Location;
use crate::tree::RepoPath;

/// How many missing folders get a suggestion: looking for one compares with every folder of the tree.
const MAX_SUGGESTIONS: usize = 20;

/// A folder that is an app.
#[derive(Debug, Clone)]
pub(super) struct FoundApp<'a> {
    pub(super) name: Arc<str>,
    pub(super) folder: Option<RepoPath>,
    /// The entry it comes from.
    pub(super) app: &'a App,
    /// The environments it is part of, by their index in the project.
    pub(super) environments: Vec<usize>,
}

/// Finds the apps of all entries, sorted by name. What cannot be used is reported and left out.
pub(super) fn find<'a>(
    project: &'a Project,
    listing: &Listing,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<FoundApp<'a>> {
    let reserved = reserved_folders(project);
    let mut suggestions = MAX_SUGGESTIONS;
    let mut found = Vec::new();
    for app in &project.apps {
        if let Some(diagnostic) = engine_not_built(app) {
            diagnostics.push(diagnostic);
            continue;
        }
        let mut folders = listing.folders_of(&app.path.value);
        if matches!(app.path.value, AppPath::Pattern(_)) {
            folders.retain(|folder| folder.as_ref().is_none_or(|folder| !is_in_any(folder, &reserved)));
        }
        if folders.is_empty() {
            diagnostics.push(not_found(&app.path, listing, &mut suggestions));
        }
        for folder in folders {
            if let Some(name) = name_of(app, folder.as_ref(), diagnostics) {
                found.push(FoundApp { name, folder, app, environments: environments_of(app, project) });
            }
        }
    }
    // stable: of two apps with one name, the one that was written first stays
    found.sort_by(|a, b| a.name.cmp(&b.name));
    refuse_twins(&mut found, project, diagnostics);
    found
}

/// The folders that hold something else than an app: shared templates, policies, schemas.
pub(super) fn reserved_folders(project: &Project) -> Vec<RepoPath> {
    let default = |name: &str| RepoPath::parse(name).expect("a fixed name without any sign");
    let mut reserved = vec![project.templates_folder()];
    match &project.policies.paths {
        Some(paths) => reserved.extend(paths.iter().map(|path| path.value.clone())),
        None => reserved.push(default(Project::DEFAULT_POLICIES)),
    }
    reserved.extend(project.schemas.crds.iter().map(|path| path.value.clone()));
    reserved.extend(project.schemas.locations.iter().filter_map(|location| folder_of(&location.value)));
    reserved
}

/// Whether a path is one of the folders or lies in one.
fn is_in_any(path: &RepoPath, folders: &[RepoPath]) -> bool {
    folders.iter().any(|folder| path == folder || path.strip_prefix(folder).is_some())
}

fn environments_of(app: &App, project: &Project) -> Vec<usize> {
    let environments = project.environments.iter().enumerate();
    environments.filter(|(_, environment)| app.is_in(&environment.name)).map(|(index, _)| index).collect()
}

fn engine_not_built(app: &App) -> Option<Diagnostic> {
    let engine = match app.engine.value {
        Engine::Helm => "helm",
        Engine::Kustomize => "kustomize",
        Engine::Auto | Engine::Template | Engine::Plain => return None,
    };
    let diagnostic = Diagnostic::error(rules::ENGINE_NOT_BUILT, format!("the {engine} engine is not built yet"));
    Some(
        placed(diagnostic, &app.engine, "asked for here")
            .help("render it elsewhere and give its output as a plain app"),
    )
}

fn name_of(app: &App, folder: Option<&RepoPath>, diagnostics: &mut Vec<Diagnostic>) -> Option<Arc<str>> {
    if let Some(name) = &app.name {
        return Some(Arc::from(name.value.as_str()));
    }
    let name = folder.map_or("", RepoPath::file_name);
    if config::is_name(name) {
        return Some(Arc::from(name));
    }
    let diagnostic = Diagnostic::error(rules::CONFIG_INVALID, format!("`{name}` cannot be the name of an app"));
    diagnostics.push(placed(diagnostic, &app.path, "this matches a folder of that name").help(config::NAME_RULE));
    None
}

fn not_found(path: &Spanned<AppPath>, listing: &Listing, suggestions: &mut usize) -> Diagnostic {
    let (message, help) = match &path.value {
        AppPath::Top => ("the repository holds no file".to_owned(), "add manifests or templates".to_owned()),
        AppPath::Pattern(pattern) => {
            (format!("`{}` matches no folder", pattern.as_str()), "name folders that hold files".to_owned())
        }
        AppPath::Folder(folder) if listing.contains(folder) => {
            let help = folder
                .parent()
                .map_or("`.` is the top of the repository".to_owned(), |parent| format!("write `{parent}`"));
            (format!("`{folder}` is a file, and an app is a folder"), help)
        }
        AppPath::Folder(folder) => {
            let near = (*suggestions > 0).then(|| nearest_folder(folder, listing)).flatten();
            *suggestions = suggestions.saturating_sub(1);
            let help =
                near.map_or("name a folder that holds files".to_owned(), |near| format!("did you mean `{near}`?"));
            (format!("there is no folder `{folder}`"), help)
        }
    };
    placed(Diagnostic::error(rules::APP_NOT_FOUND, message), path, "no app here").help(help)
}

/// The folder whose every part is the wanted one or close to it.
fn nearest_folder<'a>(wanted: &RepoPath, listing: &'a Listing) -> Option<&'a str> {
    let close = |wanted: &str, part: &str| wanted == part || did_you_mean(wanted, [part]).is_some();
    let candidates = listing.folder_names().filter(|folder| {
        let parts = || wanted.as_str().split('/').zip(folder.split('/'));
        wanted.as_str().matches('/').count() == folder.matches('/').count() && parts().all(|(a, b)| close(a, b))
    });
    did_you_mean(wanted.as_str(), candidates)
}

/// Leaves each environment with one app of a name: the branch has one folder for it.
fn refuse_twins(found: &mut [FoundApp<'_>], project: &Project, diagnostics: &mut Vec<Diagnostic>) {
    let mut taken: BTreeMap<(usize, Arc<str>), usize> = BTreeMap::new();
    for index in 0..found.len() {
        let mut clash = None;
        let (name, environments) = (Arc::clone(&found[index].name), std::mem::take(&mut found[index].environments));
        for environment in environments {
            match taken.get(&(environment, Arc::clone(&name))) {
                Some(first) => clash = clash.or(Some((*first, environment))),
                None => {
                    taken.insert((environment, Arc::clone(&name)), index);
                    found[index].environments.push(environment);
                }
            }
        }
        if let Some((first, environment)) = clash {
            diagnostics.push(twins(&found[first], &found[index], &project.environments[environment].name));
        }
    }
}

fn twins(first: &FoundApp<'_>, second: &FoundApp<'_>, environment: &str) -> Diagnostic {
    let folder =
        |app: &FoundApp<'_>| app.folder.as_ref().map_or("the repository itself".to_owned(), |path| format!("`{path}`"));
    let message =
        format!("two apps of `{environment}` are named `{}`: {} and {}", first.name, folder(first), folder(second));
    let diagnostic = placed(Diagnostic::error(rules::CONFIG_INVALID, message), place_of_name(second), "named here");
    let diagnostic = match place_of_name(first) {
        Some(location) => diagnostic.also(location, "and first here"),
        None => diagnostic,
    };
    diagnostic.help("give one of them a `name`, or narrow its pattern")
}

fn place_of_name(found: &FoundApp<'_>) -> Option<Location> {
    let name = found.app.name.as_ref().and_then(|name| name.location.clone());
    name.or_else(|| found.app.path.location.clone())
}

/// The diagnostic at the place of a value, if it has one.
pub(super) fn placed(diagnostic: Diagnostic, place: impl Into<Option<Location>>, label: &str) -> Diagnostic {
    match place.into() {
        Some(location) => diagnostic.at(location, label),
        None => diagnostic,
    }
}

impl<T> From<&Spanned<T>> for Option<Location> {
    fn from(spanned: &Spanned<T>) -> Self {
        spanned.location.clone()
    }
}
