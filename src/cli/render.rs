//! `hydrant render`: the manifests as the engines make them, to a folder or to stdout. Touches no branch.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Global;
use super::exit::{Exit, Failure};
use super::progress::Bar;
use super::project::{Workspace, pipeline_failure, selection};
use super::terminal::Terminal;
use crate::diagnostic::{Severity, count};
use crate::pipeline::{self, Limits, RenderedApp};
use crate::report::human;
use crate::tree::RepoPath;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hydrant render dev              all apps of dev, to stdout
  hydrant render dev/web          one app
  hydrant render -o rendered      rendered/<environment>/<app>/manifest.yaml for everything")]
pub(super) struct Arguments {
    /// Environments, or apps in them; everything by default
    #[arg(value_name = "ENV[/APP]")]
    selection: Vec<String>,
    /// Render a commit instead of the work tree
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    /// The folder to write to; `-` is stdout
    #[arg(short, long, value_name = "DIR", default_value = "-")]
    output: PathBuf,
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let workspace = Workspace::open(global, arguments.rev.as_deref())?;
    let selection = selection(&arguments.selection, &workspace.project)?;
    let bar = Bar::new(terminal);
    let rendering = pipeline::render_apps(&*workspace.tree, &workspace.project, &selection, &Limits::default(), &bar)
        .map_err(pipeline_failure)?;
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
        for app in &rendering.apps {
            write(&arguments.output, app)?;
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

fn write(output: &Path, app: &RenderedApp) -> Result<(), Failure> {
    // names become a path only through the type that cannot leave its folder
    let relative = RepoPath::parse(&format!("{}/{}/manifest.yaml", app.environment, app.app))
        .map_err(|error| Failure::cannot_work(error.to_string()))?;
    let path = output.join(relative.as_str());
    let folder = path.parent().expect("the file lies in a folder");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, &app.manifest))
        .map_err(|error| Failure::cannot_work(format!("cannot write `{}`: {error}", path.display())))
}
