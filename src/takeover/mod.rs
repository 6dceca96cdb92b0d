//! Takeover: what another tool renders today, said as a `hydrant.yaml`, and by name what cannot be said in one.
//!
//! Nothing is written here. What a tool's file asks for is taken as it is meant or left out with a reason, never
//! taken for something similar.

mod application;
mod argocd;
mod documents;
mod found;
mod helmfile;
mod kargo_render;
mod kustomize;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{ReadTree, TreeError};

pub use text::text;

/// Whose files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `Application`s and `ApplicationSet`s, with or without a source hydrator.
    Argocd,
    /// `kargo-render.yaml`.
    KargoRender,
    /// `helmfile.yaml`.
    Helmfile,
    /// Folders with a `kustomization.yaml`.
    Kustomize,
}

/// What can be taken over, and what cannot.
#[derive(Debug, Default)]
pub struct Takeover {
    /// By name.
    pub environments: BTreeMap<String, Environment>,
    /// In the order in which they were met.
    pub apps: Vec<App>,
    /// Patterns over paths of the branches that stay as they are.
    pub preserve: BTreeSet<String>,
    /// What is otherwise than before, and what to do about it.
    pub notes: Vec<String>,
    /// What is not taken over.
    pub left_out: Vec<LeftOut>,
}

/// An environment: one output branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// The branch.
    pub branch: String,
    /// Whether publications are proposed on `<branch>-next`.
    pub propose: bool,
    /// Values files, from the top of the repository.
    pub values: Vec<String>,
}

/// An app, in some environments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct App {
    /// A folder, or a pattern over folders.
    pub path: String,
    /// Where it is not the last part of the path.
    pub name: Option<String>,
    /// The environments; none: all.
    pub environments: BTreeSet<String>,
    /// Patterns over its files; none: all.
    pub include: Vec<String>,
    /// Patterns over its files.
    pub exclude: Vec<String>,
}

/// Something that Hydrant does not render, or not as it is rendered today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// By the name that it has there: `Application guestbook`.
    pub what: String,
    /// The file that says so.
    pub file: String,
    /// Why: a lower-case phrase.
    pub why: String,
    /// The way out: one action.
    pub help: String,
}

/// Reads the files of a tool.
pub fn take_over(tool: Tool, tree: &dyn ReadTree) -> Result<Takeover, TreeError> {
    let mut takeover = match tool {
        Tool::Argocd => argocd::read(tree)?,
        Tool::KargoRender => kargo_render::read(tree)?,
        Tool::Helmfile => helmfile::read(tree)?,
        Tool::Kustomize => kustomize::read(tree)?,
    };
    takeover.settle();
    Ok(takeover)
}

/// What a repository holds that no tool's file tells of: folders of manifests and templates, and files of values.
pub fn find(tree: &dyn ReadTree, folders: Vec<App>) -> Result<Takeover, TreeError> {
    found::read(tree, folders)
}

const OTHER_TOOL: &str = "render it with its own tool into a folder, and name that folder as an app";

impl Takeover {
    fn leave_out(&mut self, what: impl Into<String>, file: &str, why: impl Into<String>, help: impl Into<String>) {
        self.left_out.push(LeftOut { what: what.into(), file: file.to_owned(), why: why.into(), help: help.into() });
    }

    /// The environment of a branch, which is made if there is none: `dev` for `env/dev`.
    fn environment_of(&mut self, branch: &str) -> String {
        if let Some((name, _)) = self.environments.iter().find(|(_, environment)| environment.branch == branch) {
            return name.clone();
        }
        let short = branch.rsplit('/').next().unwrap_or(branch);
        let taken = self.environments.contains_key(short);
        let name = as_name(if taken { branch } else { short });
        let environment = Environment { branch: branch.to_owned(), ..Environment::default() };
        self.environments.insert(name.clone(), environment);
        name
    }

    /// Adds an app to an environment; `false` if another app has its name there.
    fn add(&mut self, app: App, environment: &str) -> bool {
        let name = app.called().to_owned();
        if self
            .apps
            .iter()
            .any(|other| other.called() == name && other.environments.contains(environment) && !other.is_like(&app))
        {
            return false;
        }
        match self.apps.iter_mut().find(|other| other.is_like(&app)) {
            Some(other) => drop(other.environments.insert(environment.to_owned())),
            None => self.apps.push(App { environments: BTreeSet::from([environment.to_owned()]), ..app }),
        }
        true
    }

    /// Drops what goes without saying: environments without an app, and lists that name all environments.
    fn settle(&mut self) {
        let used: BTreeSet<String> = self.apps.iter().flat_map(|app| app.environments.iter().cloned()).collect();
        self.environments.retain(|name, _| used.contains(name));
        let all: BTreeSet<String> = self.environments.keys().cloned().collect();
        for app in &mut self.apps {
            if app.environments == all {
                app.environments.clear();
            }
            app.name = app.name.take().filter(|name| Some(name.as_str()) != last_part(&app.path));
        }
        self.notes.sort();
        self.notes.dedup();
    }
}

impl App {
    fn called(&self) -> &str {
        self.name.as_deref().or_else(|| last_part(&self.path)).unwrap_or_default()
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.called(), &self.path, &self.include, &self.exclude)
            == (other.called(), &other.path, &other.include, &other.exclude)
    }
}

fn last_part(path: &str) -> Option<&str> {
    path.rsplit('/').next().filter(|part| !part.contains('*') && *part != ".")
}

/// A name as environments and apps have it.
fn as_name(text: &str) -> String {
    let known = |sign: char| if sign.is_alphanumeric() || "-_.".contains(sign) { sign } else { '-' };
    let name: String = text.chars().map(known).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { "default".to_owned() } else { name.chars().take(100).collect() }
}
