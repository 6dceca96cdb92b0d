//! `hydrant render`: the manifests as the engines make them, to a folder or to stdout. Touches no branch.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Global;
use super::exit::{Exit, Failure};
use super::progress::Bar;
use super::project::{Workspace, pipeline_failure, selection};
use super::terminal::Terminal;
use super::watch::{Round, watch_project};
use crate::config::Project;
use crate::diagnostic::{Severity, count};
use crate::pipeline::{self, Limits, Memory, RenderedApp};
use crate::report::human;
use crate::tree::{ReadTree, RepoPath};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hydrant render dev              all apps of dev, to stdout
  hydrant render dev/web          one app
  hydrant render --watch -o out   again, of what changed, whenever a file changes
  hydrant render -o rendered      rendered/<environment>/<app>/manifest.yaml for everything")]
pub(super) struct Arguments {
    /// Environments, or apps in them; everything by default
    #[arg(value_name = "ENV[/APP]")]
    selection: Vec<String>,
    /// Render a commit instead of the work tree
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    /// Render again whenever a file of the work tree changes, until it is interrupted. Only what changed is done again
    #[arg(long, conflicts_with = "rev")]
    watch: bool,
    /// The folder to write to; `-` is stdout
    #[arg(short, long, value_name = "DIR", default_value = "-")]
    output: PathBuf,
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut written = BTreeSet::new();
    if arguments.watch {
        return watch_project(global, terminal, |Round { files, project, memory }| {
            render(arguments, terminal, (files, project), Some(memory), &mut written)
        });
    }
    let workspace = Workspace::open(global, arguments.rev.as_deref())?;
    render(arguments, terminal, (&*workspace.tree, &workspace.project), None, &mut written)
}

/// Renders once. `written` are the files that an earlier round wrote: those of apps that are gone go, too.
fn render(
    arguments: &Arguments,
    terminal: &Terminal,
    (tree, project): (&dyn ReadTree, &Project),
    memory: Option<&mut Memory>,
    written: &mut BTreeSet<PathBuf>,
) -> Result<Exit, Failure> {
    let selection = selection(&arguments.selection, project)?;
    let bar = Bar::new(terminal);
    let limits = Limits::default();
    let rendering = match memory {
        Some(memory) => pipeline::render_again(memory, tree, project, &selection, &limits, &bar),
        None => pipeline::render_apps(tree, project, &selection, &limits, &bar),
    };
    let rendering = rendering.map_err(pipeline_failure)?;
    let refused = rendering.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    terminal.say(&human::diagnostics(rendering.diagnostics, terminal.style()));
    if refused {
        return Ok(Exit::Findings);
    }
    if rendering.apps.iter().all(|app| app.manifest.is_empty()) {
        terminal.say("error: nothing was rendered: no app gave an object");
        return Ok(Exit::NothingChecked);
    }
    if arguments.output.as_os_str() == "-" {
        terminal.data(&stream(&rendering.apps));
    } else {
        let before = std::mem::take(written);
        for app in &rendering.apps {
            written.insert(write(&arguments.output, app)?);
        }
        for gone in before.difference(written) {
            std::fs::remove_file(gone).map_err(|error| cannot_write(gone, &error))?;
        }
        let written = count(rendering.apps.len(), "app");
        terminal.talk(&format!("rendered {written} to {}", arguments.output.display()));
    }
    Ok(Exit::Clean)
}

/// All apps as one stream of documents, each app headed by a comment.
fn stream(apps: &[RenderedApp]) -> String {
    let mut out = String::new();
    for app in apps.iter().filter(|app| !app.manifest.is_empty()) {
        out.push_str(&format!("---\n# {}/{}\n{}", app.environment, app.app, app.manifest));
    }
    out
}

/// Writes an app's file, unless it is there as it should be.
fn write(output: &Path, app: &RenderedApp) -> Result<PathBuf, Failure> {
    // names become a path only through the type that cannot leave its folder
    let relative = RepoPath::parse(&format!("{}/{}/manifest.yaml", app.environment, app.app))
        .map_err(|error| Failure::cannot_work(error.to_string()))?;
    let path = output.join(relative.as_str());
    if std::fs::read(&path).is_ok_and(|there| there == app.manifest.as_bytes()) {
        return Ok(path);
    }
    let folder = path.parent().expect("the file lies in a folder");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, &app.manifest))
        .map_err(|error| cannot_write(&path, &error))?;
    Ok(path)
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::cannot_work(format!("cannot write `{}`: {error}", path.display()))
}
