//! `hydrant init`: a `hydrant.yaml` for the repository it finds, and what is rendered today held against the branches.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::Global;
use super::exit::{Exit, Failure};
use super::progress::Bar;
use super::project::{open_repository, pipeline_failure};
use super::starter;
use super::terminal::Terminal;
use crate::config::{self, AppPath, CONFIG_FILE, Project};
use crate::diagnostic::{Severity, count};
use crate::load::{self, WorkTree};
use crate::pipeline::{self, Limits, Selection};
use crate::report::difference::{EnvironmentDifference, Totals, text};
use crate::report::human;
use crate::source::Source;
use crate::takeover::{self, App, Takeover, Tool};
use crate::tree::ReadTree;

#[derive(Debug, Args)]
#[command(
    after_help = "Without --from it looks for folders of manifests and templates, and for files of values. With --from it reads
what another tool is told, and then renders in memory and compares with what the branches hold today, here or on
`origin`. What cannot be taken over is told by name, with the way out.

Examples:
  hydrant init                      for what lies here
  hydrant init --dry-run            only print what would be written
  hydrant init --starter            a first app with values, a policy with its test, CI and a pre-commit hook
  hydrant init --from argocd        from Applications and ApplicationSets, hydrated or not
  hydrant init --from kargo-render  from kargo-render.yaml

Exit codes: 0 all was taken over, and is rendered as the branches have it · 1 something is left out, differs, or does
            not render · 2 hydrant.yaml is there already · 3 there is nothing to take over · 4 cannot read or write"
)]
pub(super) struct Arguments {
    /// Take over what another tool renders
    #[arg(long, value_name = "TOOL")]
    from: Option<From>,
    /// Where there is no app yet: write one, with values for two environments, a policy, CI and a pre-commit hook
    #[arg(long, conflicts_with = "from")]
    starter: bool,
    /// Print the file, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// Applications and ApplicationSets, with and without a source hydrator
    Argocd,
    /// kargo-render.yaml
    KargoRender,
    /// helmfile.yaml: tells which releases there are; helm is no engine yet
    Helmfile,
    /// Overlays: tells which there are; kustomize is no engine yet
    Kustomize,
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let path = global.directory.join(CONFIG_FILE);
    if path.exists() && !arguments.dry_run {
        return Err(Failure::usage(format!("`{}` is there already", path.display()))
            .help("`--dry-run` prints what would be written, to compare by hand"));
    }
    let cannot_read = |error: crate::tree::TreeError| Failure::cannot_work(error.to_string());
    let tree = WorkTree::open(&global.directory).map_err(cannot_read)?;
    if arguments.starter {
        return start(arguments, &tree, global, terminal);
    }
    let (takeover, made_by) = match arguments.from {
        Some(from) => {
            let name = from.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
            (takeover::take_over(from.tool(), &tree).map_err(cannot_read)?, format!("hydrant init --from {name}"))
        }
        None => (found(&tree).map_err(cannot_read)?, "hydrant init".to_owned()),
    };
    tell(&takeover, terminal);
    if takeover.apps.is_empty() {
        terminal.say(&format!("{}: no folder was found that Hydrant could render", terminal.strong("error", "31")));
        terminal.say(
            "  help: put templates (`*.yaml.j2`) or manifests into a folder under `apps`, or begin with `hydrant init --starter`",
        );
        return Ok(if takeover.left_out.is_empty() { Exit::NothingChecked } else { Exit::Findings });
    }
    let text = takeover::text(&takeover, &made_by);
    let project =
        config::parse(&(Source::file(CONFIG_FILE, text.as_str()) as Arc<Source>)).map_err(Failure::configuration)?;
    if arguments.dry_run {
        terminal.data(&text);
    } else {
        if !starter::write_new(&path, &text)? {
            return Err(Failure::cannot_work(format!("`{}` was written meanwhile", path.display())));
        }
        let (environments, apps) = (takeover.environments.len(), takeover.apps.len());
        let words = format!("{} and {}", count(environments, "environment"), count(apps, "entry of `apps`"));
        terminal.talk(&format!("wrote {} with {words}", path.display()));
    }
    let proven = prove(&tree, &project, global, terminal)?;
    Ok(if takeover.left_out.is_empty() && proven { Exit::Clean } else { Exit::Findings })
}

/// The first files of a repository that holds no app yet.
fn start(arguments: &Arguments, tree: &WorkTree, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    if arguments.dry_run {
        terminal.data(&starter::shown());
        return Ok(Exit::Clean);
    }
    let cannot_read = |error: crate::tree::TreeError| Failure::cannot_work(error.to_string());
    if let Some(app) = found(tree).map_err(cannot_read)?.apps.first() {
        return Err(Failure::usage(format!("there is an app already: `{}`", app.path))
            .help("`hydrant init` without `--starter` writes the hydrant.yaml for it"));
    }
    starter::write(global, terminal)?;
    terminal.talk("next: `hydrant test`, `hydrant check`, `git add --all`, `git commit`, `hydrant publish`");
    Ok(Exit::Clean)
}

impl From {
    fn tool(self) -> Tool {
        match self {
            Self::Argocd => Tool::Argocd,
            Self::KargoRender => Tool::KargoRender,
            Self::Helmfile => Tool::Helmfile,
            Self::Kustomize => Tool::Kustomize,
        }
    }
}

/// The folders that every command would take for apps where there is no `hydrant.yaml`.
fn found(tree: &dyn ReadTree) -> Result<Takeover, crate::tree::TreeError> {
    let project = load::discover(tree)?;
    let folder = |app: &config::App| App {
        path: match &app.path.value {
            AppPath::Top => ".".to_owned(),
            AppPath::Folder(folder) => folder.to_string(),
            AppPath::Pattern(pattern) => pattern.as_str().to_owned(),
        },
        name: app.name.as_ref().map(|name| name.value.clone()),
        ..App::default()
    };
    takeover::find(tree, project.apps.iter().map(folder).collect())
}

/// Says what is otherwise, and what is left out.
fn tell(takeover: &Takeover, terminal: &Terminal) {
    for left in &takeover.left_out {
        terminal.say(&format!(
            "{}: {} is left out: {} ({})\n  help: {}",
            terminal.strong("left out", "33"),
            left.what,
            left.why,
            left.file,
            left.help
        ));
    }
    for note in &takeover.notes {
        terminal.talk(&format!("note: {note}"));
    }
}

/// Renders in memory, and compares with every branch that is there. Whether all that could be compared is alike.
fn prove(tree: &dyn ReadTree, project: &Project, global: &Global, terminal: &Terminal) -> Result<bool, Failure> {
    let limits = Limits::default();
    let bar = Bar::new(terminal);
    let selection = Selection::default();
    let objects = pipeline::rendered_objects(tree, project, &selection, &limits, &bar).map_err(pipeline_failure)?;
    let errors: Vec<_> =
        objects.diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
    if !errors.is_empty() {
        terminal.say(&human::diagnostics(errors, terminal.style()));
        terminal.say("nothing was compared: what does not render is not known");
        return Ok(false);
    }
    let Ok(repository) = open_repository(global) else {
        terminal.talk("this is no git repository: there is no branch to compare with");
        return Ok(true);
    };
    let mut differences: Vec<EnvironmentDifference> = Vec::new();
    for (environment, objects) in &objects.environments {
        match pipeline::branch_objects(&repository, project, environment, &limits).map_err(pipeline_failure)? {
            Some(before) => {
                let after = ("rendered by Hydrant", objects.as_slice());
                differences.push(pipeline::difference(
                    environment,
                    &selection,
                    (&before.place, &before.objects),
                    after,
                ));
            }
            None => terminal
                .talk(&format!("{environment}: its branch is not there yet, so there is nothing to compare with")),
        }
    }
    let totals = Totals::of(&differences);
    if totals.any() {
        terminal.say(&text::text(&differences, terminal.style()));
    }
    for one in &differences {
        let alike = count(one.unchanged, "object");
        match one.objects.len() {
            0 => terminal.talk(&format!("{}: equal to {}: {alike}", one.environment, one.before)),
            other => terminal
                .say(&format!("{}: {other} of its objects differ from {}, {alike} alike", one.environment, one.before)),
        }
    }
    Ok(!totals.any())
}
