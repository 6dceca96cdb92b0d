//! The project a command works on: found from the current folder upwards, read from the work tree or from a commit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Global;
use super::exit::{Exit, Failure};
use crate::config::{self, CONFIG_FILE, Project};
use crate::git::{self, CommitId, CommitTree, Repository};
use crate::hydrate::Record;
use crate::load::{self, WorkTree};
use crate::pipeline::{self, Selection};
use crate::source::Source;
use crate::tree::{ReadTree, RepoPath, Subtree};

/// Where the project is and what its configuration says.
pub(super) struct Workspace {
    /// The folder of `hydrant.yaml`, or the one the command was called in.
    pub(super) root: PathBuf,
    /// Its files.
    pub(super) tree: Box<dyn ReadTree>,
    /// Its configuration, or what was found in its place.
    pub(super) project: Project,
}

impl Workspace {
    /// The project as it was committed, or as it lies in the work tree where no revision is asked for.
    pub(super) fn open(global: &Global, revision: Option<&str>) -> Result<Self, Failure> {
        match revision {
            None => Self::from_work_tree(global),
            Some(revision) => Self::from_commit(global, &open_repository(global)?, revision),
        }
    }

    /// The project as it lies in the work tree.
    pub(super) fn from_work_tree(global: &Global) -> Result<Self, Failure> {
        let root = find_root(&global.directory)?;
        let tree = WorkTree::open(&root).map_err(|error| Failure::cannot_work(error.to_string()))?;
        let project = read_project(&tree)?;
        Ok(Self { root, tree: Box::new(tree), project })
    }

    /// The project as it was committed.
    pub(super) fn from_commit(global: &Global, repository: &Repository, revision: &str) -> Result<Self, Failure> {
        Self::from_stored(global, repository, repository.commit_tree(revision).map_err(git_failure)?)
    }

    /// The project that wrote a record, as it was in the record's dry commit: wherever that has it, not where the
    /// command was called.
    pub(super) fn of_record(global: &Global, repository: &Repository, record: &Record) -> Result<Self, Failure> {
        let files = repository.commit_tree(&record.dry_commit).map_err(git_failure)?;
        let tree: Box<dyn ReadTree> = match &record.writer.project {
            None => Box::new(files),
            Some(folder) => Box::new(Subtree::new(files, folder.clone())),
        };
        let project = read_project(&*tree)?;
        Ok(Self { root: global.directory.clone(), tree, project })
    }

    /// The project as it is staged: what the next commit will hold.
    pub(super) fn from_index(global: &Global, repository: &Repository) -> Result<Self, Failure> {
        // git tells hooks which index the commit is made from
        let file = std::env::var_os("GIT_INDEX_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
        let staged = repository.index_tree(file.as_deref()).map_err(git_failure)?;
        Self::from_stored(global, repository, staged)
    }

    /// The project as files of the repository's objects.
    fn from_stored(global: &Global, repository: &Repository, files: CommitTree) -> Result<Self, Failure> {
        let root = find_root(&global.directory)?;
        let tree = below_root(repository, &root, files)?;
        let project = read_project(&*tree)?;
        Ok(Self { root, tree, project })
    }

    /// The files of a commit where this project has its own, without a look at what they say.
    pub(super) fn base(&self, repository: &Repository, commit: CommitId) -> Result<Box<dyn ReadTree>, Failure> {
        below_root(repository, &self.root, repository.commit_tree_of(commit).map_err(git_failure)?)
    }

    /// The project's folder in its repository; `None` if it is the repository's own top.
    pub(super) fn folder_in(&self, repository: &Repository) -> Result<Option<RepoPath>, Failure> {
        folder_in(repository, &self.root)
    }

    /// A path of the configuration: relative to the project, with `~` for the home folder.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), std::env::home_dir()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.root.join(path),
        }
    }
}

/// The project's part of a repository's files.
fn below_root(repository: &Repository, root: &Path, files: CommitTree) -> Result<Box<dyn ReadTree>, Failure> {
    Ok(match folder_in(repository, root)? {
        None => Box::new(files),
        Some(folder) => Box::new(Subtree::new(files, folder)),
    })
}

/// The project of the nearest `hydrant.yaml` upwards, and how its path is told from here; `None` where there is none.
pub(super) fn config_workspace(global: &Global) -> Result<Option<(String, Workspace)>, Failure> {
    let root = find_root(&global.directory)?;
    if !root.join(CONFIG_FILE).is_file() {
        return Ok(None);
    }
    let workspace = Workspace::from_work_tree(global)?;
    let here = global.directory.canonicalize().unwrap_or_else(|_| root.clone());
    let up = here.strip_prefix(&root).map_or(0, |below| below.components().count());
    Ok(Some((format!("{}{CONFIG_FILE}", "../".repeat(up)), workspace)))
}

/// Opens the repository that holds the project.
pub(super) fn open_repository(global: &Global) -> Result<Repository, Failure> {
    Repository::open(&global.directory).map_err(git_failure)
}

/// The nearest folder upwards that holds `hydrant.yaml`; without one, the folder itself.
pub(super) fn find_root(directory: &Path) -> Result<PathBuf, Failure> {
    let start = directory
        .canonicalize()
        .map_err(|error| Failure::cannot_work(format!("cannot open `{}`: {error}", directory.display())))?;
    let found = start.ancestors().find(|folder| folder.join(CONFIG_FILE).is_file());
    Ok(found.map_or_else(|| start.clone(), Path::to_path_buf))
}

/// The project's folder as a path in its repository; `None` if it is the repository's own top.
fn folder_in(repository: &Repository, root: &Path) -> Result<Option<RepoPath>, Failure> {
    let Some(top) = repository.work_tree() else { return Ok(None) };
    let outside = || Failure::cannot_work(format!("`{}` is not in the work tree of its repository", root.display()));
    let top = top.canonicalize().map_err(|_| outside())?;
    let inside = root.strip_prefix(&top).map_err(|_| outside())?;
    match inside.to_str() {
        Some("") => Ok(None),
        Some(path) => RepoPath::parse(path).map(Some).map_err(|error| Failure::cannot_work(error.to_string())),
        None => Err(outside()),
    }
}

/// The configuration of a tree, or what is found in its place.
pub(super) fn read_project(tree: &dyn ReadTree) -> Result<Project, Failure> {
    let path = RepoPath::parse(CONFIG_FILE).expect("a file name is a path");
    if !tree.contains(&path).map_err(|error| Failure::cannot_work(error.to_string()))? {
        return load::discover(tree).map_err(|error| Failure::cannot_work(error.to_string()));
    }
    let bytes = tree.read(&path).map_err(|error| Failure::cannot_work(error.to_string()))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| Failure::usage(format!("`{CONFIG_FILE}` is not UTF-8: {error}")))?;
    config::parse(&Source::file(CONFIG_FILE, text) as &Arc<Source>).map_err(Failure::configuration)
}

/// Reads `ENV` and `ENV/APP` arguments.
pub(super) fn selection(words: &[String], project: &Project) -> Result<Selection, Failure> {
    let mut selection = Selection::default();
    for word in words {
        let (environment, app) = word.split_once('/').map_or((word.as_str(), None), |(env, app)| (env, Some(app)));
        if project.environment(environment).is_none() {
            let names: Vec<&str> = project.environments.iter().map(|environment| &*environment.name).collect();
            return Err(Failure::usage(format!("no environment is called `{environment}`"))
                .help(format!("there is {}", names.join(", "))));
        }
        let apps = selection.environments.entry(environment.to_owned()).or_default();
        apps.extend(app.map(str::to_owned));
    }
    Ok(selection)
}

/// How trouble of the pipeline ends a command.
pub(super) fn pipeline_failure(error: pipeline::Error) -> Failure {
    match error {
        pipeline::Error::Configuration(diagnostics) => Failure::configuration(diagnostics),
        pipeline::Error::Git(error) => git_failure(error),
        pipeline::Error::Sign(error) => Failure::cannot_work(error.to_string()).help(error.help()),
        pipeline::Error::Seal(error) => Failure::usage(format!("`signing.seal`: {error}")),
        pipeline::Error::Identity(error) => Failure::usage(format!("`output.author`: {error}")),
        pipeline::Error::MassDeletion(error) => Failure::new(Exit::Refused, error.to_string())
            .help("if that is meant, publish with `--allow-mass-delete`; `--dry-run` shows every file"),
        ref partly @ pipeline::Error::Partly { .. } => {
            let message = partly.to_string();
            let pipeline::Error::Partly { source, .. } = error else { return Failure::cannot_work(message) };
            Failure { message, ..pipeline_failure(*source) }
        }
        pipeline::Error::Overtaken { .. } => {
            Failure::new(Exit::Refused, error.to_string()).help("run it again: it starts from there")
        }
        pipeline::Error::Kubernetes(error) => Failure::usage(error.to_string()),
        pipeline::Error::NoSuchApp { ref known, .. } => {
            let known = known.join(", ");
            Failure::usage(error.to_string()).help(format!("it has {known}"))
        }
        error => Failure::cannot_work(error.to_string()),
    }
}

/// How trouble with git ends a command.
pub(super) fn git_failure(error: git::Error) -> Failure {
    let exit = if error.is_refusal() { Exit::Refused } else { Exit::CannotWork };
    Failure { help: error.help(), ..Failure::new(exit, error.to_string()) }
}
