//! `hydrant diff`: what a change to templates and values does to every object.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use super::Global;
use super::exit::{Exit, Failure};
use super::progress::Bar;
use super::project::{Workspace, open_repository, pipeline_failure, selection};
use super::terminal::Terminal;
use crate::config::Project;
use crate::diagnostic::{Diagnostic, Severity};
use crate::git::Repository;
use crate::manifest::Manifest;
use crate::pipeline::{self, Limits, Objects, Selection};
use crate::report::difference::{EnvironmentDifference, Totals, json, markdown, text, totals};
use crate::report::human;

#[derive(Debug, Args)]
#[command(after_help = "Without --base, the present state is compared with what the branches of the environments hold.
stdout has the differences, stderr the totals. Values of Secrets are hidden.

Examples:
  hydrant diff                                      the work tree against the branches
  hydrant diff prod --base main                     against another revision, rendered
  hydrant diff --rev v2 --base v1                   two revisions
  hydrant diff --format markdown > comment.md       for a pull request, at most 65,000 bytes
  hydrant diff --exit-code                          exit 1 if anything differs")]
pub(super) struct Arguments {
    /// Environments, or apps in them; everything by default
    #[arg(value_name = "ENV[/APP]")]
    selection: Vec<String>,
    /// Compare with this revision, rendered; the work tree is compared where `--rev` is not given
    #[arg(long, value_name = "REV", conflicts_with = "against_branch")]
    base: Option<String>,
    /// Compare with what the branches hold: the default
    #[arg(long)]
    against_branch: bool,
    /// Compare a commit instead of the work tree
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    /// How to word the differences
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The most bytes that Markdown may have
    #[arg(long, value_name = "BYTES", default_value_t = 65_000)]
    budget: usize,
    /// End with exit code 1 if anything differs
    #[arg(long)]
    exit_code: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines; `hydrant schema diff` prints its schema
    Json,
    /// For the comment of a pull request
    Markdown,
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let (after, workspace) = rendered(arguments.rev.as_deref(), &arguments.selection, global, terminal)?;
    let asked = selection(&arguments.selection, &workspace.project)?;
    if let Some(exit) = refused(&after, terminal) {
        return Ok(exit);
    }
    let words = arguments.rev.as_deref().unwrap_or("the work tree");
    let differences = match &arguments.base {
        Some(base) => {
            let (before, _) = rendered(Some(base), &arguments.selection, global, terminal)?;
            if let Some(exit) = refused(&before, terminal) {
                return Ok(exit);
            }
            let environments = pipeline::environments_of(&before, &after);
            environments.iter().map(|name| between(name, &asked, (base, &before), (words, &after))).collect()
        }
        None => against_branches(&open_repository(global)?, &workspace.project, &asked, (words, &after))?,
    };
    terminal.data(&match arguments.format {
        Format::Text => text::text(&differences, terminal.data_style()),
        Format::Json => json::write(&differences),
        Format::Markdown => markdown::markdown(&differences, arguments.budget),
    });
    let counted = Totals::of(&differences);
    terminal.talk(&totals(&counted));
    Ok(if arguments.exit_code && counted.any() { Exit::Findings } else { Exit::Clean })
}

/// Renders a revision, or the work tree. An environment or app that this state does not have is no mistake here: the
/// other state may have it.
fn rendered(
    revision: Option<&str>,
    words: &[String],
    global: &Global,
    terminal: &Terminal,
) -> Result<(Objects, Workspace), Failure> {
    let workspace = Workspace::open(global, revision)?;
    let known = |word: &&String| {
        let environment = word.split('/').next().unwrap_or_default();
        workspace.project.environment(environment).is_some()
    };
    let here: Vec<String> = words.iter().filter(known).cloned().collect();
    if here.is_empty() && !words.is_empty() {
        return Ok((Objects::default(), workspace));
    }
    // all apps of an environment: one that moved to a neighbour is no new object
    let environments: BTreeSet<&str> = here.iter().filter_map(|word| word.split('/').next()).collect();
    let whole: Vec<String> = environments.into_iter().map(str::to_owned).collect();
    let selection = selection(&whole, &workspace.project)?;
    let bar = Bar::new(terminal);
    let objects =
        pipeline::rendered_objects(&*workspace.tree, &workspace.project, &selection, &Limits::default(), &bar)
            .map_err(pipeline_failure)?;
    Ok((objects, workspace))
}

/// Tells what was found while rendering; what did not render cannot be compared.
fn refused(objects: &Objects, terminal: &Terminal) -> Option<Exit> {
    let errors: Vec<Diagnostic> =
        objects.diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
    if errors.is_empty() {
        return None;
    }
    terminal.say(&human::diagnostics(errors, terminal.style()));
    terminal.say("nothing was compared: a state that does not render is not known");
    Some(Exit::Findings)
}

fn between(
    environment: &str,
    asked: &Selection,
    before: (&str, &Objects),
    after: (&str, &Objects),
) -> EnvironmentDifference {
    fn side<'a>(objects: &'a Objects, environment: &str) -> &'a [(String, Manifest)] {
        objects.environments.get(environment).map(Vec::as_slice).unwrap_or_default()
    }
    let (old, new) = (side(before.1, environment), side(after.1, environment));
    pipeline::difference(environment, asked, (before.0, old), (after.0, new))
}

fn against_branches(
    repository: &Repository,
    project: &Project,
    asked: &Selection,
    after: (&str, &Objects),
) -> Result<Vec<EnvironmentDifference>, Failure> {
    let mut differences = Vec::new();
    for (environment, objects) in &after.1.environments {
        let published = pipeline::published_objects(repository, project, environment, &Limits::default())
            .map_err(pipeline_failure)?;
        differences.push(match published {
            Some(published) => {
                pipeline::difference(environment, asked, (&published.words(), &published.objects), (after.0, objects))
            }
            None => pipeline::difference(environment, asked, ("nothing published yet", &[]), (after.0, objects)),
        });
    }
    Ok(differences)
}
