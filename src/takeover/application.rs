//! An `Application` of Argo CD: with a source hydrator it names its branch, without one it reads a folder as it is.

use serde_json::Value;

use super::argocd::app;
use super::documents::{clean, exists, other_tool, text};
use super::{OTHER_TOOL, Takeover};
use crate::tree::{ReadTree, TreeError};

/// Takes an application over, or says why not.
pub(super) fn take(
    takeover: &mut Takeover,
    tree: &dyn ReadTree,
    file: &str,
    application: &Value,
) -> Result<(), TreeError> {
    let name = text(application, "/metadata/name").unwrap_or("without a name");
    let what = format!("Application {name}");
    let hydrator = application.pointer("/spec/sourceHydrator");
    let source = hydrator.map_or_else(|| application.pointer("/spec/source"), |hydrator| hydrator.get("drySource"));
    let Some(source) = source else {
        let (why, help) = match application.pointer("/spec/sources") {
            Some(_) => ("is made of several sources", "make an app of each source that lies in this repository"),
            None => ("has no source", "give it a source, or remove it"),
        };
        takeover.leave_out(what, file, why, help);
        return Ok(());
    };
    let Some(path) = text(source, "/path").filter(|_| source.get("chart").is_none()).map(clean) else {
        takeover.leave_out(what, file, "is a chart of a registry, which Hydrant does not fetch", OTHER_TOOL);
        return Ok(());
    };
    if let Some((why, help)) = unsupported(tree, source, &path)? {
        takeover.leave_out(what, file, why, help);
        return Ok(());
    }
    let environment = match hydrator {
        Some(hydrator) => match hydrated(takeover, hydrator, &what, file) {
            Some(environment) => environment,
            None => return Ok(()),
        },
        None => from_destination(takeover, application, &what),
    };
    let on_branch = hydrator.and_then(|hydrator| text(hydrator, "/syncSource/path")).map(clean);
    let called = match on_branch.as_deref() {
        Some(path) if path != "." && !path.contains('/') => path,
        Some(path) => {
            takeover.notes.push(format!(
                "{what} reads `{path}` of its branch; Hydrant writes the app to `{name}`: set `syncSource.path: {name}`"
            ));
            name
        }
        None => name,
    };
    if !takeover.add(app(called, &path, source.get("directory")), &environment) {
        takeover.leave_out(
            what,
            file,
            format!("environment `{environment}` has another app `{called}` already"),
            "give one of the two another name, or another branch",
        );
    }
    Ok(())
}

/// Why a source cannot be rendered here, and what to do.
fn unsupported(tree: &dyn ReadTree, source: &Value, path: &str) -> Result<Option<(String, &'static str)>, TreeError> {
    if !exists(tree, path)? {
        let of = text(source, "/repoURL").unwrap_or("another repository");
        let why = format!("its folder `{path}` of {of} is not in this tree");
        return Ok(Some((why, "run `hydrant init` in the repository that holds the folder")));
    }
    for tool in ["helm", "kustomize", "plugin"] {
        if source.get(tool).is_some_and(|settings| settings.as_object().is_none_or(|settings| !settings.is_empty())) {
            return Ok(Some((format!("has settings for {tool}, which is not an engine of this version"), OTHER_TOOL)));
        }
    }
    if source.pointer("/directory/jsonnet").is_some() {
        return Ok(Some(("has settings for jsonnet, which is not an engine of this version".to_owned(), OTHER_TOOL)));
    }
    Ok(other_tool(tree, path)?
        .map(|tool| (format!("`{path}` is a folder for {tool}, which is not an engine of this version"), OTHER_TOOL)))
}

/// The environment of a hydrated application; `None` if it names no branch.
fn hydrated(takeover: &mut Takeover, hydrator: &Value, what: &str, file: &str) -> Option<String> {
    let Some(branch) = text(hydrator, "/syncSource/targetBranch") else {
        takeover.leave_out(what, file, "names no `syncSource.targetBranch`", "name the branch that it reads");
        return None;
    };
    let environment = takeover.environment_of(branch);
    if let Some(proposed) = text(hydrator, "/hydrateTo/targetBranch") {
        if let Some(environment) = takeover.environments.get_mut(&environment) {
            environment.propose = true;
        }
        if proposed != format!("{branch}-next") {
            takeover.notes.push(format!(
                "{what} is hydrated to `{proposed}`; Hydrant proposes on `{branch}-next`: let the promotion read that"
            ));
        }
    }
    Some(environment)
}

/// Which environment an application is of that reads a folder as it is: nothing but its destination tells.
fn from_destination(takeover: &mut Takeover, application: &Value, what: &str) -> String {
    let named = ["/metadata/labels/environment", "/metadata/labels/env", "/spec/destination/name"]
        .iter()
        .find_map(|pointer| text(application, pointer))
        .filter(|name| *name != "in-cluster");
    let name = super::as_name(named.unwrap_or("default"));
    let environment = takeover.environment_of(&format!("env/{name}"));
    takeover.notes.push(format!(
        "{what} reads its folder as it is; once `env/{name}` is published, let it read that branch instead"
    ));
    environment
}
