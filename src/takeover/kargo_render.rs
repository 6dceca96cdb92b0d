//! Kargo Render: `kargo-render.yaml`, which lists for each branch the apps that are rendered to it.

use serde_json::Value;

use super::documents::{clean, documents, exists, other_tool, text, texts};
use super::{App, OTHER_TOOL, Takeover, as_name};
use crate::tree::{ReadTree, TreeError};

pub(super) fn read(tree: &dyn ReadTree) -> Result<Takeover, TreeError> {
    let mut takeover = Takeover::default();
    let is_config = |file: &crate::tree::RepoPath| {
        matches!(file.as_str(), "kargo-render.yaml" | "kargo-render.yml" | "kargo-render.json" | "bookkeeper.yaml")
    };
    for document in documents(tree, is_config, "branchConfigs")? {
        let file = document.file.as_str();
        let branches = document.value.as_ref().and_then(|value| value.get("branchConfigs")).and_then(Value::as_array);
        let Some(branches) = branches else {
            takeover.leave_out(file, file, "does not read, or lists no branches", "mend it and try again");
            continue;
        };
        for branch in branches {
            match (text(branch, "/name"), text(branch, "/pattern")) {
                (Some(name), _) => take_branch(&mut takeover, tree, file, name, branch)?,
                (None, pattern) => takeover.leave_out(
                    format!("branches like `{}`", pattern.unwrap_or_default()),
                    file,
                    "a pattern names no branch that could be an environment",
                    "name each branch as an environment in hydrant.yaml",
                ),
            }
        }
    }
    Ok(takeover)
}

fn take_branch(
    takeover: &mut Takeover,
    tree: &dyn ReadTree,
    file: &str,
    name: &str,
    branch: &Value,
) -> Result<(), TreeError> {
    let Some(apps) = branch.get("appConfigs").and_then(Value::as_object).filter(|apps| !apps.is_empty()) else {
        takeover.leave_out(
            format!("branch `{name}`"),
            file,
            "lists no app: Kargo Render then renders the folder named like the branch with kustomize",
            OTHER_TOOL,
        );
        return Ok(());
    };
    let environment = takeover.environment_of(name);
    if branch.pointer("/prs/enabled").and_then(Value::as_bool) == Some(true) {
        if let Some(environment) = takeover.environments.get_mut(&environment) {
            environment.propose = true;
        }
        takeover
            .notes
            .push(format!("pull requests for `{name}` come from `{name}-next`, which Hydrant writes; open them in CI"));
    }
    takeover.preserve.extend(texts(branch, "/preservedPaths"));
    for (app, config) in apps {
        let what = format!("app `{app}` of branch `{name}`");
        let management = config.get("configManagement").cloned().unwrap_or_default();
        let tool = ["helm", "kustomize", "ytt"].into_iter().find(|tool| management.get(*tool).is_some());
        let path = text(&management, "/path").or_else(|| text(&management, &format!("/{}/path", tool.unwrap_or("?"))));
        let Some(path) = path.map(clean) else {
            takeover.leave_out(what, file, "names no folder", "name its folder as an app in hydrant.yaml");
            continue;
        };
        let tool = match tool {
            None if !exists(tree, &path)? => {
                takeover.leave_out(what, file, format!("there is no folder `{path}`"), "mend the path and try again");
                continue;
            }
            None => other_tool(tree, &path)?,
            tool => tool,
        };
        if let Some(tool) = tool {
            let why = format!("`{path}` is rendered by {tool}, which is not an engine of this version");
            takeover.leave_out(what, file, why, OTHER_TOOL);
            continue;
        }
        if let Some(output) = text(config, "/outputPath").map(clean).filter(|output| output != app) {
            takeover.notes.push(format!("{what} was written to `{output}`; Hydrant writes it to `{app}`"));
        }
        let app = App { path, name: Some(as_name(app)), ..App::default() };
        if !takeover.add(app, &environment) {
            takeover.leave_out(what, file, "another app has its name there", "give one of the two another name");
        }
    }
    Ok(())
}
