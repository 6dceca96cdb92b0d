//! `hydrant check`: render and gate. Writes nothing but reports, and what speeds up the next run.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use super::exit::{Exit, Failure};
use super::network::NetworkArguments;
use super::progress::Bar;
use super::project::{Workspace, git_failure, open_repository, pipeline_failure, selection};
use super::terminal::Terminal;
use super::today::DateArguments;
use super::watch::{Round, watch_project};
use super::{Global, ReportArguments, ReportFormat};
use crate::admit::{Absence, Refusal};
use crate::config::Project;
use crate::git;
use crate::pipeline::{self, Affected, Checkup, Limits, Memory, Neighbours, Preloaded, Published, Selection};
use crate::report::difference::EnvironmentDifference;
use crate::report::{FoundObject, Report, formats, human, json, waivers};
use crate::tree::{MemoryTree, ReadTree};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hydrant check                       everything, as it lies in the work tree
  hydrant check prod                  one environment
  hydrant check prod/web              one app in one environment
  hydrant check --rev HEAD            what is committed, whatever the work tree holds
  hydrant check --staged              what the next commit will hold, of the apps that it changes
  hydrant check --changed-since main  only the apps that differ from where this branch left main
  hydrant check --watch               again, of what changed, whenever a file changes
  hydrant check -v                    what each policy judged, and what none did
  hydrant check --report json=r.json  and a report for machines")]
pub(super) struct Arguments {
    /// Environments, or apps in them; everything by default
    #[arg(value_name = "ENV[/APP]")]
    selection: Vec<String>,
    /// Check a commit instead of the work tree
    #[arg(long, value_name = "REV", conflicts_with = "staged")]
    rev: Option<String>,
    /// Check what is staged, and only the apps that it changes: for a pre-commit hook
    #[arg(long, conflicts_with = "changed_since")]
    staged: bool,
    /// Check only the apps that changed since this revision and HEAD went different ways
    #[arg(long, value_name = "REV")]
    changed_since: Option<String>,
    /// Check again whenever a file of the work tree changes, until it is interrupted. Only what changed is done again; what
    /// is found is what a new run would find. Branches and URLs are not watched
    #[arg(long, conflicts_with_all = ["rev", "staged", "changed_since"])]
    watch: bool,
    /// Hold everything against what the output branches hold, as `publish` does: updates and deletions are judged as such
    #[arg(long)]
    against_branch: bool,
    #[command(flatten)]
    date: DateArguments,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    report: ReportArguments,
}

impl Arguments {
    /// Everything in the work tree, as `hydrant check` without arguments does it.
    pub(super) fn everything() -> Self {
        Self {
            selection: Vec::new(),
            rev: None,
            staged: false,
            changed_since: None,
            watch: false,
            date: DateArguments::default(),
            against_branch: false,
            network: NetworkArguments::default(),
            report: ReportArguments::default(),
        }
    }
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    if arguments.watch {
        return watch_project(global, terminal, |round| {
            let Round { files, project, memory } = round;
            let selection = selection(&arguments.selection, project)?;
            let subject = Subject { tree: files, project, selection, memory: Some(memory), neighbours: None };
            check(arguments, global, terminal, subject, &Bar::new(terminal))
        });
    }
    let workspace = match arguments.staged {
        true => Workspace::from_index(global, &open_repository(global)?)?,
        false => Workspace::open(global, arguments.rev.as_deref())?,
    };
    let mut selection = selection(&arguments.selection, &workspace.project)?;
    let bar = Bar::new(terminal);
    let mut known = None;
    // read once for both questions: what changed, and what is wrong with it
    let is_partial = arguments.staged || arguments.changed_since.is_some();
    let preloaded =
        is_partial.then(|| Preloaded::read(&*workspace.tree, &bar)).transpose().map_err(pipeline_failure)?;
    let tree: &dyn ReadTree = preloaded.as_ref().map_or(&*workspace.tree, |preloaded| preloaded);
    if is_partial {
        match changed(arguments, global, tree, &workspace, &selection, &bar)? {
            Affected::Everything(file) => {
                terminal.talk(&format!("`{file}` changed, which concerns every app: checking everything"));
            }
            Affected::Apps(apps) => {
                selection = apps;
                known = Some(Known::of(&open_repository(global)?));
            }
            Affected::Nothing => {
                terminal.talk("nothing changed that an app, a policy or a schema is made of");
                return Ok(Exit::Clean);
            }
        }
    }
    let neighbours = known.as_mut().map(|known| &mut known.neighbours);
    let subject = Subject { tree, project: &workspace.project, selection, memory: None, neighbours };
    let exit = check(arguments, global, terminal, subject, &bar)?;
    if let Some(known) = known {
        known.keep();
    }
    Ok(exit)
}

/// What earlier runs know of apps that are not checked, in the repository's own folder. Losing it costs time and nothing else.
struct Known {
    file: PathBuf,
    neighbours: Neighbours,
}

impl Known {
    fn of(repository: &git::Repository) -> Self {
        let file = repository.folder().join("hydrant").join("neighbours");
        let neighbours = Neighbours::parse(&std::fs::read_to_string(&file).unwrap_or_default());
        Self { file, neighbours }
    }

    /// Replaces the file in one step: another run may read it.
    fn keep(&self) {
        let (Some(text), Some(folder)) = (self.neighbours.text(), self.file.parent()) else { return };
        let new = self.file.with_extension(std::process::id().to_string());
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&new, text));
        if written.and_then(|()| std::fs::rename(&new, &self.file)).is_err() {
            let _ = std::fs::remove_file(&new);
        }
    }
}

/// What is checked, and what is known of it already.
struct Subject<'a> {
    tree: &'a dyn ReadTree,
    project: &'a Project,
    selection: Selection,
    memory: Option<&'a mut Memory>,
    neighbours: Option<&'a mut Neighbours>,
}

fn check(
    arguments: &Arguments,
    global: &Global,
    terminal: &Terminal,
    subject: Subject<'_>,
    bar: &Bar,
) -> Result<Exit, Failure> {
    let Subject { tree, project, selection, memory, neighbours } = subject;
    let started = Instant::now();
    let today = Some(arguments.date.day());
    let limits = Limits { network: arguments.network.network(global), today, ..Limits::default() };
    let published = match arguments.against_branch {
        true => {
            pipeline::published(&open_repository(global)?, project, &selection, &limits).map_err(pipeline_failure)?
        }
        false => Published::default(),
    };
    let checkup = match (memory, neighbours) {
        (Some(memory), _) => pipeline::check_again(memory, &published, tree, project, &selection, &limits, bar),
        (None, Some(known)) => pipeline::check_some(known, &published, tree, project, &selection, &limits, bar),
        (None, None) => pipeline::check_against(&published, tree, project, &selection, &limits, bar),
    };
    let mut checkup = checkup.map_err(pipeline_failure)?;
    pipeline::compare_with_branches(&mut checkup, &published, tree, project, &limits).map_err(pipeline_failure)?;
    let differences = match arguments.against_branch && arguments.report.wants(ReportFormat::Html) {
        true => against_branches(&checkup, global, project, &selection, &limits)?,
        false => Vec::new(),
    };
    tell_all("check", &checkup, differences, &arguments.report, started.elapsed(), terminal)?;
    let decisions = checkup.admit(arguments.report.fail_on.into());
    Ok(conclude(decisions.iter().filter_map(|decision| decision.as_ref().err()), terminal))
}

/// What the staged files, or those since a revision, concern.
fn changed(
    arguments: &Arguments,
    global: &Global,
    tree: &dyn ReadTree,
    workspace: &Workspace,
    selection: &Selection,
    bar: &Bar,
) -> Result<Affected, Failure> {
    let repository = open_repository(global)?;
    let base = match &arguments.changed_since {
        Some(revision) => {
            let now = arguments.rev.as_deref().unwrap_or("HEAD");
            Some(repository.common_base(revision, now).map_err(git_failure)?)
        }
        None => match repository.resolve("HEAD") {
            Ok(head) => Some(head),
            // the first commit of a repository
            Err(git::Error::Revision { .. }) => None,
            Err(error) => return Err(git_failure(error)),
        },
    };
    let base: Box<dyn ReadTree> = match base {
        Some(base) => workspace.base(&repository, base)?,
        None => Box::new(MemoryTree::default()),
    };
    pipeline::affected(tree, &*base, &workspace.project, selection, bar).map_err(pipeline_failure)
}

fn objects(checkup: &Checkup) -> Vec<FoundObject> {
    let of = |one: &pipeline::EnvironmentCheck| {
        let environment = one.checked.environment.clone();
        let found = |(app, manifest): (&str, &crate::manifest::Manifest)| FoundObject {
            environment: environment.clone(),
            app: app.to_owned(),
            object: manifest.object.to_string(),
        };
        one.checked.manifests.iter().map(found).collect::<Vec<_>>()
    };
    checkup.environments.iter().flat_map(of).collect()
}

/// What publishing would change on the branches.
fn against_branches(
    checkup: &Checkup,
    global: &Global,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
) -> Result<Vec<EnvironmentDifference>, Failure> {
    let repository = open_repository(global)?;
    let mut differences = Vec::new();
    for one in &checkup.environments {
        let name = &one.checked.environment;
        let published = pipeline::published_objects(&repository, project, name, limits).map_err(pipeline_failure)?;
        let (words, before) = published.map_or_else(
            || ("nothing published yet".to_owned(), Vec::new()),
            |published| (published.branch.to_string(), published.objects),
        );
        let after: Vec<_> =
            one.checked.manifests.iter().map(|(app, manifest)| (app.to_owned(), manifest.clone())).collect();
        differences.push(pipeline::difference(name, selection, (&words, &before), ("this check", &after)));
    }
    Ok(differences)
}

/// Writes the reports that were asked for, then says what was found and where everything went.
pub(super) fn tell(
    command: &'static str,
    checkup: &Checkup,
    arguments: &ReportArguments,
    elapsed: Duration,
    terminal: &Terminal,
) -> Result<(), Failure> {
    tell_all(command, checkup, Vec::new(), arguments, elapsed, terminal)
}

fn tell_all(
    command: &'static str,
    checkup: &Checkup,
    differences: Vec<EnvironmentDifference>,
    arguments: &ReportArguments,
    elapsed: Duration,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let diagnostics = checkup.diagnostics().cloned().collect();
    let objects = if arguments.wants(ReportFormat::Html) { objects(checkup) } else { Vec::new() };
    let report = Report::new(command, diagnostics, checkup.accounting.clone(), arguments.fail_on.into())
        .with_waivers(checkup.waivers.clone())
        .with_objects(objects, differences);
    write_reports(&report, arguments, elapsed, terminal, &|report| human::accounting(&report.accounting))
}

/// Writes the reports that were asked for, then the one for people, with a last line that accounts for everything.
pub(super) fn write_reports(
    report: &Report,
    arguments: &ReportArguments,
    elapsed: Duration,
    terminal: &Terminal,
    accounting: &dyn Fn(&Report) -> String,
) -> Result<(), Failure> {
    if arguments.reports.iter().filter(|target| target.file.as_os_str() == "-").count() > 1 {
        return Err(Failure::usage("two reports cannot both go to stdout").help("give all but one a file"));
    }
    for target in &arguments.reports {
        let text = match target.format {
            ReportFormat::Json => json::write(report),
            ReportFormat::Sarif => formats::sarif::write(report),
            ReportFormat::Junit => formats::junit::write(report),
            ReportFormat::Tap => formats::tap::write(report),
            ReportFormat::Github => formats::github::write(report),
            ReportFormat::Gitlab => formats::gitlab::write(report),
            ReportFormat::Azure => formats::azure::write(report),
            ReportFormat::Markdown => formats::markdown::write(report, formats::markdown::BUDGET),
            ReportFormat::Html => formats::html::write(report),
        };
        if target.file.as_os_str() == "-" {
            terminal.data(&text);
        } else {
            std::fs::write(&target.file, text)
                .map_err(|error| Failure::cannot_work(format!("cannot write `{}`: {error}", target.file.display())))?;
        }
    }
    terminal.say(&human::findings(report, terminal.style()));
    terminal.talk(&waivers::human(report));
    if arguments.verbose {
        terminal.say(&human::policies(&report.accounting.policies));
    }
    terminal.talk(&summary(report, &accounting(report), elapsed, terminal));
    Ok(())
}

fn summary(report: &Report, accounting: &str, elapsed: Duration, terminal: &Terminal) -> String {
    let verdict = human::verdict(report);
    let verdict = if report.refusing() > 0 { terminal.strong(&verdict, "31") } else { terminal.strong(&verdict, "32") };
    let time = if terminal.is_interactive() { format!(" in {:.2} s", elapsed.as_secs_f64()) } else { String::new() };
    let waivers = waivers::accounting(&report.waivers);
    let lines = [format!("{verdict}{time}"), accounting.to_owned(), waivers];
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The exit code of some refusals: findings before absence, because a syntax error may be why nothing was checked.
pub(super) fn conclude<'a>(refusals: impl Iterator<Item = &'a Refusal>, terminal: &Terminal) -> Exit {
    let mut exit = Exit::Clean;
    for refusal in refusals {
        match refusal {
            Refusal::Findings { .. } => exit = Exit::Findings,
            Refusal::NothingChecked { absence, .. } => {
                terminal.say(&format!("{}: {refusal}", terminal.strong("error", "31")));
                terminal.say(&format!("  help: {}", way_out(*absence)));
                if exit == Exit::Clean {
                    exit = Exit::NothingChecked;
                }
            }
        }
    }
    exit
}

/// What to do where nothing was checked.
fn way_out(absence: Absence) -> &'static str {
    match absence {
        Absence::NoApp => {
            "put manifests or templates into a folder under `apps`, or name their folders in hydrant.yaml"
        }
        Absence::NoObject => "see above what was skipped: manifests end in .yaml, .yml or .json, templates in .yaml.j2",
        Absence::NoPolicy => "add Rego under `policies`, or name a shipped pack as `policies.builtin` in hydrant.yaml",
    }
}
