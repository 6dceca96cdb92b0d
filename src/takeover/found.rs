//! What a repository holds that no tool's file tells of: folders of manifests and templates, and files of values.

use super::documents::other_tool;
use super::{App, Environment, OTHER_TOOL, Takeover, as_name};
use crate::tree::{ReadTree, RepoPath, TreeError};

/// Folders whose YAML files are commonly the values of one environment each.
const VALUES: &[&str] = &["envs", "environments", "values"];

/// One environment for each file of values, or else one; and the `folders` as apps, but those for other tools.
pub(super) fn read(tree: &dyn ReadTree, folders: Vec<App>) -> Result<Takeover, TreeError> {
    let mut takeover = Takeover::default();
    for folder in VALUES {
        let path = RepoPath::parse(folder).expect("a fixed name without any sign");
        for file in tree.files(Some(&path))? {
            let name = file.strip_prefix(&path).and_then(|name| name.strip_suffix(".yaml"));
            if let Some(name) = name.filter(|name| !name.contains('/')).map(as_name) {
                let branch = format!("env/{name}");
                let values = vec![file.to_string()];
                takeover.environments.entry(name).or_insert(Environment { branch, values, propose: false });
            }
        }
    }
    if takeover.environments.is_empty() {
        let environment = Environment { branch: "env/default".to_owned(), ..Environment::default() };
        takeover.environments.insert("default".to_owned(), environment);
    }
    for app in folders {
        match app.path.strip_suffix("/*") {
            Some(parent) => add_all(&mut takeover, tree, parent, app.clone())?,
            None => add(&mut takeover, tree, app)?,
        }
    }
    Ok(takeover)
}

/// A pattern over folders, without those that another tool renders.
fn add_all(takeover: &mut Takeover, tree: &dyn ReadTree, parent: &str, app: App) -> Result<(), TreeError> {
    let Ok(path) = RepoPath::parse(parent) else { return Ok(()) };
    let mut folders = std::collections::BTreeSet::new();
    for file in tree.files(Some(&path))? {
        let inside = file.strip_prefix(&path).and_then(|inside| inside.split_once('/'));
        folders.extend(inside.map(|(folder, _)| format!("{parent}/{folder}")));
    }
    let mut own = Vec::new();
    for folder in &folders {
        match other_tool(tree, folder)? {
            Some(_) => add(takeover, tree, App { path: folder.clone(), ..App::default() })?,
            None => own.push(folder.clone()),
        }
    }
    if own.len() == folders.len() {
        takeover.apps.push(app);
    } else {
        takeover.apps.extend(own.into_iter().map(|path| App { path, ..App::default() }));
    }
    Ok(())
}

fn add(takeover: &mut Takeover, tree: &dyn ReadTree, app: App) -> Result<(), TreeError> {
    match other_tool(tree, &app.path)? {
        Some(tool) => {
            let why = format!("is for {tool}, which is not an engine of this version");
            takeover.leave_out(format!("folder `{}`", app.path), &app.path, why, OTHER_TOOL);
        }
        None => takeover.apps.push(app),
    }
    Ok(())
}
