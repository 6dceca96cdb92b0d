//! Discovery: the project of a repository without `hydrant.yaml`, guessed from the files it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::roles::{foreign_engine, is_hidden, is_manifest, is_template};
use crate::config::{
    App, AppPath, DEFAULT_KUBERNETES, DEFAULT_MAX_DELETE_PERCENT, Environment, Globs, Output, Policies, Project,
    Schemas, Spanned, Verify,
};
use crate::tree::{ReadTree, RepoPath, TreeError};

/// The environment of a discovered project.
const ENVIRONMENT: &str = "default";
/// The app that holds the manifests at the top of the repository.
const TOP_APP: &str = "root";
/// A folder of apps, if there is one of this name.
const APPS: &str = "apps";
/// Top-level folders whose YAML is not for the cluster.
const NOT_APPS: &[&str] = &[
    "docs",
    "environments",
    "envs",
    "fixtures",
    "node_modules",
    "policies",
    "policy",
    "schemas",
    "target",
    "templates",
    "test",
    "testdata",
    "tests",
    "values",
    "vendor",
];

/// Guesses the project: one environment; as apps the folders of `apps/`, or else every top-level folder that holds
/// something for a cluster, and an app `root` for manifests at the top. Without any, the project has no apps.
pub fn discover(tree: &dyn ReadTree) -> Result<Project, TreeError> {
    let files = tree.files(None)?;
    let apps = if files.iter().any(|file| folder_in_apps(file).is_some()) {
        pattern_over_apps()
    } else {
        top_level_apps(tree, &files)?
    };
    Ok(Project {
        environments: vec![Environment {
            name: Arc::from(ENVIRONMENT),
            branch: Spanned::default_value(format!("env/{ENVIRONMENT}")),
            kubernetes: Spanned::default_value(Arc::from(DEFAULT_KUBERNETES)),
            values: Vec::new(),
            proposal: None,
            destination: Environment::DEFAULT_DESTINATION.to_owned(),
            max_delete_percent: DEFAULT_MAX_DELETE_PERCENT,
        }],
        apps,
        templates: None,
        schemas: Schemas::default(),
        policies: Policies::default(),
        output: Output::default(),
        signing: None,
        verify: Verify::default(),
    })
}

fn folder_in_apps(file: &RepoPath) -> Option<&str> {
    let (folder, _) = file.as_str().strip_prefix(APPS)?.strip_prefix('/')?.split_once('/')?;
    (!folder.starts_with('.')).then_some(folder)
}

fn pattern_over_apps() -> Vec<App> {
    let path = AppPath::parse("apps/*").expect("a fixed pattern, which the tests read");
    vec![App::at(Spanned::default_value(path))]
}

fn top_level_apps(tree: &dyn ReadTree, files: &[RepoPath]) -> Result<Vec<App>, TreeError> {
    let mut at_top = Vec::new();
    let mut folders: BTreeMap<&str, Vec<&RepoPath>> = BTreeMap::new();
    for file in files {
        match file.as_str().split_once('/') {
            None => at_top.push(file),
            Some((folder, _)) if !folder.starts_with('.') && !NOT_APPS.contains(&folder) => {
                folders.entry(folder).or_default().push(file);
            }
            Some(_) => {}
        }
    }
    // the repository is one chart or one kustomization: its folders are parts of that, not apps
    if at_top.iter().any(|file| foreign_engine(file).is_some()) {
        return Ok(vec![top_app(Globs::everything())]);
    }
    let mut apps = Vec::new();
    for (folder, files) in folders {
        if any_for_a_cluster(tree, &files)? {
            let path = RepoPath::parse(folder).map_err(|error| TreeError::Path(error.to_string()))?;
            apps.push(App::at(Spanned::default_value(AppPath::Folder(path))));
        }
    }
    let mut names = Vec::new();
    for file in at_top {
        if is_for_a_cluster(tree, file)? {
            names.push(file.as_str());
        }
    }
    if !names.is_empty() {
        let include = Globs::literal(names).map_err(|error| TreeError::Path(error.to_string()))?;
        apps.push(top_app(include));
    }
    Ok(apps)
}

fn top_app(include: Globs) -> App {
    let name = Some(Spanned::default_value(TOP_APP.to_owned()));
    App { name, include, ..App::at(Spanned::default_value(AppPath::Top)) }
}

fn any_for_a_cluster(tree: &dyn ReadTree, files: &[&RepoPath]) -> Result<bool, TreeError> {
    // names tell most; contents are read only where no name does
    if files.iter().any(|file| !is_hidden(file.as_str()) && (is_template(file) || foreign_engine(file).is_some())) {
        return Ok(true);
    }
    for file in files {
        if is_for_a_cluster(tree, file)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a file is a template, or YAML or JSON that says `apiVersion` and `kind`.
fn is_for_a_cluster(tree: &dyn ReadTree, file: &RepoPath) -> Result<bool, TreeError> {
    if is_hidden(file.as_str()) || file.as_str() == crate::config::CONFIG_FILE {
        return Ok(false);
    }
    if is_template(file) {
        return Ok(true);
    }
    if !is_manifest(file) {
        return Ok(false);
    }
    match tree.read(file) {
        Ok(bytes) => Ok(holds(&bytes, b"apiVersion") && holds(&bytes, b"kind")),
        // `load` reports it, if the folder becomes an app for another file's sake
        Err(TreeError::Symlink { .. } | TreeError::TooLarge { .. } | TreeError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
