//! Units: every app in every one of its environments, with the values that hold there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::apps::{self, FoundApp, placed, reserved_folders};
use super::inputs::{Closed, InputReader};
use super::listing::Listing;
use super::values::{ValuesFile, ValuesFiles, merge};
use super::{EngineKind, Input, LoadError, Loaded, Unit, resolve};
use crate::config::{ENVIRONMENT_PLACEHOLDER, Environment, Project, Spanned};
use crate::diagnostic::{Diagnostic, Severity, did_you_mean, rules};
use crate::manifest::Node;
use crate::source::Location;
use crate::tree::{Digest, PathError, ReadTree, RepoPath};

/// Finds the apps of a tree and closes their inputs. Reads every file once at most for each app that holds it.
///
/// An app whose configuration is broken gives no unit, only diagnostics: see [`is_configuration`](super::is_configuration).
pub fn load(tree: &dyn ReadTree, project: &Project) -> Result<Loaded, LoadError> {
    let listing = Listing::of(tree)?;
    let mut diagnostics = Vec::new();
    check_templates_folder(project, &listing, &mut diagnostics);
    let found = apps::find(project, &listing, &mut diagnostics);
    let mut values = Values { project, listing: &listing, files: ValuesFiles::new(tree), diagnostics };
    let environments = values.of_environments()?;
    let mut reader = InputReader {
        tree,
        listing: &listing,
        environment_values: values.environment_paths(),
        taken: taken_folders(project, &found),
        diagnostics: Vec::new(),
    };
    let closed = close_inputs(&found, project, &mut values, &mut reader)?;
    let mut units = Vec::new();
    for (index, environment) in project.environments.iter().enumerate() {
        for (found, closed) in found.iter().zip(&closed) {
            let (Some(closed), Some(of_environment)) = (closed, &environments[index]) else { continue };
            if !found.environments.contains(&index) {
                continue;
            }
            if let Some(merged) = values.of_unit(found, environment, of_environment)? {
                units.push(unit(found, project, environment, closed, merged));
            }
        }
    }
    let mut diagnostics = values.diagnostics;
    diagnostics.extend(values.files.into_diagnostics());
    diagnostics.extend(reader.diagnostics);
    Ok(Loaded { units, diagnostics })
}

/// What one app has in all its environments.
struct ClosedApp {
    engine: EngineKind,
    inputs: Arc<super::Inputs>,
}

fn unit(
    found: &FoundApp<'_>,
    project: &Project,
    environment: &Environment,
    closed: &ClosedApp,
    merged: Merged,
) -> Unit {
    Unit {
        environment: Arc::clone(&environment.name),
        app: Arc::clone(&found.name),
        folder: found.folder.clone(),
        templates: project.templates_folder(),
        engine: closed.engine,
        inputs: Arc::clone(&closed.inputs),
        values: merged.root,
        values_files: merged.files,
        syntax: Arc::clone(&found.app.syntax),
        kubernetes: Arc::clone(&environment.kubernetes.value),
    }
}

fn check_templates_folder(project: &Project, listing: &Listing, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(templates) = project.templates.as_ref().filter(|templates| !listing.is_folder(&templates.value)) {
        let message = format!("there is no folder `{}`", templates.value);
        let diagnostic = Diagnostic::error(rules::CONFIG_REFERENCE, message);
        diagnostics.push(
            placed(diagnostic, templates, "no such folder")
                .help("name the folder of shared templates, or remove the key"),
        );
    }
}

fn taken_folders(project: &Project, found: &[FoundApp<'_>]) -> BTreeSet<RepoPath> {
    if found.iter().all(|app| app.folder.is_some()) {
        return BTreeSet::new();
    }
    let waivers = project.policies.waivers.iter().map(|path| path.value.clone());
    reserved_folders(project)
        .into_iter()
        .chain(waivers)
        .chain(found.iter().filter_map(|app| app.folder.clone()))
        .collect()
}

/// The inputs of each app, in order. The shared templates are read if any app renders templates, once for all.
fn close_inputs(
    found: &[FoundApp<'_>],
    project: &Project,
    values: &mut Values<'_>,
    reader: &mut InputReader<'_>,
) -> Result<Vec<Option<ClosedApp>>, LoadError> {
    let mut shared: Option<Vec<(RepoPath, Input)>> = None;
    let mut all = Vec::with_capacity(found.len());
    for app in found {
        let mut values_files = values.paths_of(app);
        values_files.extend(values.strays(app));
        let Some(Closed { engine, mut inputs }) = reader.own(app, &values_files)? else {
            all.push(None);
            continue;
        };
        if engine == EngineKind::Template {
            if shared.is_none() {
                shared = Some(reader.shared(project)?);
            }
            for (path, input) in shared.iter().flatten() {
                inputs.files.entry(path.clone()).or_insert_with(|| input.clone());
            }
        }
        all.push(Some(ClosedApp { engine, inputs: Arc::new(inputs) }));
    }
    Ok(all)
}

/// Values with the files they were merged from.
#[derive(Clone)]
struct Merged {
    root: Arc<Node>,
    files: Arc<[(RepoPath, Digest)]>,
}

type Layers = Vec<(RepoPath, Arc<ValuesFile>)>;

struct OfEnvironment {
    layers: Layers,
    /// For the many apps that add nothing.
    merged: Merged,
}

struct Values<'a> {
    project: &'a Project,
    listing: &'a Listing,
    files: ValuesFiles<'a>,
    diagnostics: Vec<Diagnostic>,
}

impl Values<'_> {
    /// The values of each environment; `None` for one whose files cannot be used.
    fn of_environments(&mut self) -> Result<Vec<Option<OfEnvironment>>, LoadError> {
        let mut missing = BTreeSet::new();
        let mut all = Vec::new();
        for environment in &self.project.environments {
            let mut layers = Some(Layers::new());
            for path in &environment.values {
                let file = if self.listing.contains(&path.value) {
                    self.files.get(&path.value)?
                } else {
                    // an inherited file is missed once, not for every heir
                    if missing.insert((&path.value, path.location.as_ref().map(|location| location.span))) {
                        self.diagnostics.push(self.no_such_file(&path.value, path.location.clone()));
                    }
                    None
                };
                match (layers.as_mut(), file) {
                    (Some(layers), Some(file)) => layers.push((path.value.clone(), file)),
                    _ => layers = None,
                }
            }
            all.push(layers.map(|layers| OfEnvironment { merged: merged(&layers), layers }));
        }
        Ok(all)
    }

    /// Every file that some environment takes values from.
    fn environment_paths(&self) -> BTreeSet<RepoPath> {
        self.project
            .environments
            .iter()
            .flat_map(|environment| &environment.values)
            .map(|path| path.value.clone())
            .collect()
    }

    /// Every file that the app takes values from in some environment of the project.
    fn paths_of(&self, found: &FoundApp<'_>) -> BTreeSet<RepoPath> {
        let names = self.project.environments.iter();
        names.flat_map(|environment| own_files(found, environment)).filter_map(|file| file.path.ok()).collect()
    }

    /// The values of an app in an environment; `None` if a file of them cannot be used.
    fn of_unit(
        &mut self,
        found: &FoundApp<'_>,
        environment: &Environment,
        of_environment: &OfEnvironment,
    ) -> Result<Option<Merged>, LoadError> {
        let (mut before, mut after) = (Some(Layers::new()), Some(Layers::new()));
        for file in own_files(found, environment) {
            let layers = if file.for_environment { &mut after } else { &mut before };
            let path = match file.path {
                Ok(path) if self.listing.contains(&path) => path,
                Ok(_) if !file.required => continue,
                Ok(path) => {
                    let diagnostic = self.no_such_file(&path, file.location);
                    self.diagnostics.push(diagnostic.within(&environment.name, &found.name));
                    *layers = None;
                    continue;
                }
                Err(error) => {
                    let diagnostic = Diagnostic::error(rules::CONFIG_INVALID, error.to_string());
                    let diagnostic = placed(diagnostic, file.location, "seen from the app folder");
                    self.diagnostics.push(
                        diagnostic.help("name a file inside the repository").within(&environment.name, &found.name),
                    );
                    *layers = None;
                    continue;
                }
            };
            match (layers.as_mut(), self.files.get(&path)?) {
                (Some(layers), Some(file)) => layers.push((path, file)),
                _ => *layers = None,
            }
        }
        let (Some(mut layers), Some(after)) = (before, after) else { return Ok(None) };
        if layers.is_empty() && after.is_empty() {
            return Ok(Some(of_environment.merged.clone()));
        }
        layers.extend(of_environment.layers.iter().cloned());
        layers.extend(after);
        Ok(Some(merged(&layers)))
    }

    /// Finds and reports `values-prd.yaml` where no environment is named `prd`: no unit would take values from it.
    fn strays(&mut self, found: &FoundApp<'_>) -> Vec<RepoPath> {
        if found.app.values.is_some() {
            return Vec::new();
        }
        let mut strays = Vec::new();
        for file in self.listing.under(found.folder.as_ref()) {
            let name = file.file_name().strip_prefix("values-").and_then(|name| name.strip_suffix(".yaml"));
            let Some(name) = name.filter(|_| file.parent() == found.folder) else { continue };
            if self.project.environment(name).is_none() && !found.app.exclude.is_match(file.file_name()) {
                self.diagnostics.push(stray(file, name, found, self.project));
                strays.push(file.clone());
            }
        }
        strays
    }

    fn no_such_file(&self, path: &RepoPath, location: Option<Location>) -> Diagnostic {
        let diagnostic = Diagnostic::error(rules::CONFIG_REFERENCE, format!("there is no values file `{path}`"));
        let beside = self.listing.under(path.parent().as_ref()).iter().take(1000);
        let names = beside.filter(|file| file.parent() == path.parent()).map(RepoPath::file_name);
        let help = match did_you_mean(path.file_name(), names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "add the file, or remove it from `values`; files that `.gitignore` names do not count".to_owned(),
        };
        placed(diagnostic, location, "no such file").help(help)
    }
}

fn stray(file: &RepoPath, name: &str, found: &FoundApp<'_>, project: &Project) -> Diagnostic {
    // a repository without `hydrant.yaml` has environments that only a person can tell us of
    let discovered = found.app.path.location.is_none();
    let severity = if discovered { Severity::Warning } else { Severity::Error };
    let known = project.environments.iter().map(|environment| &*environment.name);
    let help = match did_you_mean(name, known) {
        Some(near) => format!("did you mean `values-{near}.yaml`?"),
        None => format!("add an environment `{name}` to `hydrant.yaml`, or rename or `exclude` the file"),
    };
    let message = format!("`{file}` holds values of no environment");
    let mut diagnostic = Diagnostic::new(severity, rules::CONFIG_REFERENCE, message).help(help);
    diagnostic.subject.app = Some(found.name.to_string());
    diagnostic
}

fn merged(layers: &Layers) -> Merged {
    Merged {
        root: Arc::new(merge(layers.iter().map(|(_, file)| &file.root))),
        files: layers.iter().map(|(path, file)| (path.clone(), file.digest)).collect(),
    }
}

/// A values file that an app names, or would have by default.
struct OwnFile {
    path: Result<RepoPath, PathError>,
    /// Its name holds the environment: it wins over the environment's values.
    for_environment: bool,
    required: bool,
    location: Option<Location>,
}

fn own_files(found: &FoundApp<'_>, environment: &Environment) -> Vec<OwnFile> {
    let file = |text: &str, location: Option<Location>, required: bool| OwnFile {
        path: resolve(found.folder.as_ref(), &text.replace(ENVIRONMENT_PLACEHOLDER, &environment.name)),
        for_environment: text.contains(ENVIRONMENT_PLACEHOLDER),
        required,
        location,
    };
    match &found.app.values {
        Some(values) => values.iter().map(|Spanned { value, location }| file(value, location.clone(), true)).collect(),
        None => DEFAULT_VALUES.iter().map(|name| file(name, None, false)).collect(),
    }
}

const DEFAULT_VALUES: &[&str] = &["values.yaml", "values-{environment}.yaml"];
