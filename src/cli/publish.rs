//! `hydrant publish`: check, then commit what was admitted to the environments' branches, signed.

use std::collections::BTreeSet;
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::check::{conclude, tell};
use super::exit::{Exit, Failure};
use super::network::NetworkArguments;
use super::patience::Jitter;
use super::progress::Bar;
use super::project::{Workspace, git_failure, open_repository, pipeline_failure, selection};
use super::signer::{SECRET_VARIABLES, SigningArguments, signer};
use super::terminal::Terminal;
use super::today::DateArguments;
use super::{Global, ReportArguments};
use crate::diagnostic::count;
use crate::git::{Permissions, Repository};
use crate::hydrate::DryRevision;
use crate::pipeline::{self, Accomplished, Limits, Order, Publication, PublishOptions, Undertaking};
use crate::report::plan;
use crate::sign::{KeyId, Signer};

/// How often everything is checked anew because an older commit was published while this one was checked.
const ATTEMPTS: usize = 5;

#[derive(Debug, Args)]
#[command(after_help = "What is published is the commit, never the work tree. All environments are published or none.
stdout has one line for each environment: its branch and the commit at its tip.
With --push it is the branches of the remote `origin` that count, or of an environment's `destination`. All that goes to
one remote moves together or not at all, is never forced, and is tried again for two minutes while others push.
Waivers have to hold today and on the day of the commit; --date names a later day, never an earlier one.

Examples:
  hydrant publish                     every environment, from HEAD
  hydrant publish prod --rev v1.4.0   one environment, from a tag
  hydrant publish --dry-run           what would change on the branches: objects, risks, files
  hydrant publish --push              to the remote, all branches and notes at once
  hydrant publish prod --adopt        take over a branch that something else wrote before")]
pub(super) struct Arguments {
    /// Environments; all by default
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    /// The commit to publish
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    rev: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// How to word what would be done
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "dry_run")]
    format: Format,
    /// Publish to the remotes: their branches are built on and moved, those of this repository follow
    #[arg(long)]
    push: bool,
    /// Take over files and branches that Hydrant did not write, and edits that the source says by now as well
    #[arg(long)]
    adopt: bool,
    /// Overwrite what was edited by hand on the branches
    #[arg(long)]
    force: bool,
    /// Delete more of an environment's objects than its `max_delete_percent`
    #[arg(long)]
    allow_mass_delete: bool,
    #[command(flatten)]
    signing: SigningArguments,
    #[command(flatten)]
    date: DateArguments,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    report: ReportArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines; `hydrant schema plan` prints its schema
    Json,
}

impl Arguments {
    /// Everything, as `hydrant publish` without arguments does it.
    pub(super) fn everything() -> Self {
        Self {
            environments: Vec::new(),
            rev: "HEAD".to_owned(),
            dry_run: false,
            format: Format::Text,
            push: false,
            adopt: false,
            force: false,
            allow_mass_delete: false,
            signing: SigningArguments::default(),
            date: DateArguments::default(),
            network: NetworkArguments::default(),
            report: ReportArguments::default(),
        }
    }
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(word) = arguments.environments.iter().find(|word| word.contains('/')) {
        return Err(Failure::usage(format!("`{word}` names an app, but a branch holds a whole environment"))
            .help("name environments only"));
    }
    let repository = open_repository(global)?;
    // resolved once: a branch that moves meanwhile must not give the files of one commit and the name of another
    let revision = repository.resolve(&arguments.rev).map_err(git_failure)?.to_string();
    let workspace = Workspace::from_commit(global, &repository, &revision)?;
    selection(&arguments.environments, &workspace.project)?;
    // a key that cannot be used is told before minutes of work, not after
    let signer = match arguments.dry_run {
        true => None,
        false => Some(signer(&arguments.signing, &global.directory, &workspace, &repository, terminal)?),
    };
    let dry = repository.dry_revision(&revision).map_err(git_failure)?;
    let job = Job { arguments, global, terminal, repository, workspace, dry };
    for attempt in 1.. {
        match job.run(signer.as_deref())? {
            Attempt::Ended(exit) => return Ok(exit),
            Attempt::Overtaken(error) if attempt >= ATTEMPTS => return Err(pipeline_failure(error)),
            Attempt::Overtaken(error) => terminal.talk(&format!("{error}: everything is checked against that")),
        }
    }
    Ok(Exit::Clean)
}

/// What is published, resolved.
struct Job<'a> {
    arguments: &'a Arguments,
    global: &'a Global,
    terminal: &'a Terminal,
    repository: Repository,
    workspace: Workspace,
    dry: DryRevision,
}

/// How an attempt to publish ended.
enum Attempt {
    Ended(Exit),
    /// What it was checked against is not there any more.
    Overtaken(pipeline::Error),
}

impl Job<'_> {
    /// Checks and publishes; without a signer it only says what it would do.
    fn run(&self, signer: Option<&dyn Signer>) -> Result<Attempt, Failure> {
        let Self { arguments, global, terminal, repository, workspace, dry } = self;
        let (tree, project) = (&*workspace.tree, &workspace.project);
        let selection = selection(&arguments.environments, project)?;
        let started = Instant::now();
        let hidden = arguments.push.then_some(SECRET_VARIABLES.as_slice());
        let places = pipeline::places(repository, project, &selection, hidden).map_err(pipeline_failure)?;
        let bar = Bar::new(terminal);
        let today = Some(arguments.date.day_of_publication(dry.time));
        let limits = Limits { network: arguments.network.network(global), today, ..Limits::default() };
        let published = pipeline::published_at(&places, project, &selection, &limits).map_err(pipeline_failure)?;
        let mut checkup =
            pipeline::check_against(&published, tree, project, &selection, &limits, &bar).map_err(pipeline_failure)?;
        pipeline::compare_with_branches(&mut checkup, &published, tree, project, &limits).map_err(pipeline_failure)?;
        tell("publish", &checkup, &arguments.report, started.elapsed(), terminal)?;
        let decisions = checkup.admit(arguments.report.fail_on.into());
        let (admitted, refused): (Vec<_>, Vec<_>) = decisions.into_iter().partition(Result::is_ok);
        if !refused.is_empty() {
            let exit = conclude(refused.iter().filter_map(|decision| decision.as_ref().err()), terminal);
            terminal.say("nothing was published");
            return Ok(Attempt::Ended(exit));
        }
        let admitted: Vec<_> = admitted.into_iter().flatten().collect();
        let options = &PublishOptions {
            project: workspace.folder_in(repository)?,
            permissions: Permissions { adopt: arguments.adopt, force: arguments.force },
            allow_mass_delete: arguments.allow_mass_delete,
        };
        let order = Order { project, dry, options };
        let undertakings = pipeline::undertake(places, admitted, order).map_err(pipeline_failure)?;
        let Some(signer) = signer else {
            let word = |one: &Undertaking| {
                let plans = one.environments();
                plans.map(|(plan, admitted)| pipeline::planned(plan, admitted, &published, one.repository())).collect()
            };
            let planned = undertakings.iter().map(word).collect::<Result<Vec<Vec<_>>, _>>();
            let mut planned: Vec<_> = planned.map_err(pipeline_failure)?.into_iter().flatten().collect();
            planned.sort_by(|a, b| a.environment.cmp(&b.environment));
            terminal.data(&match arguments.format {
                Format::Text => plan::text::text(&planned),
                Format::Json => plan::json::write(&planned),
            });
            return Ok(Attempt::Ended(Exit::Clean));
        };
        conclude_publication(pipeline::carry_out(undertakings, order, signer, &mut Jitter::new()), terminal)
    }
}

/// Says what was published, also where the rest was not.
fn conclude_publication(outcome: Accomplished, terminal: &Terminal) -> Result<Attempt, Failure> {
    let Accomplished { done, notices, failure } = outcome;
    if let Some(error @ pipeline::Error::Overtaken { .. }) = failure {
        return Ok(Attempt::Overtaken(error));
    }
    notices.iter().for_each(|notice| terminal.say(&format!("warning: {notice}")));
    let mut all: Vec<(&Publication, bool)> =
        done.iter().flat_map(|one| one.environments.iter().map(|publication| (publication, one.noted))).collect();
    all.sort_by_key(|(publication, _)| &publication.environment);
    terminal.talk(&all.iter().map(|(one, noted)| describe(one, *noted)).collect::<String>());
    terminal.talk(&describe_keys(all.iter().map(|(one, _)| *one)));
    if done.iter().any(|one| !one.attested) {
        terminal.talk("no attestations were made: nobody could check those of a signer of X.509\n");
    }
    terminal.data(&all.iter().map(|(one, _)| format!("{} {}\n", one.branch, one.commit)).collect::<String>());
    match failure {
        Some(error) => Err(pipeline_failure(error)),
        None => Ok(Attempt::Ended(Exit::Clean)),
    }
}

fn describe(publication: &Publication, noted: bool) -> String {
    let objects = count(publication.objects, "object");
    match publication.refreshed {
        None if noted => format!("{}: {objects}, unchanged, noted\n", publication.branch),
        None => format!("{}: {objects}, unchanged\n", publication.branch),
        Some(refreshed) => format!(
            "{}: {objects}, {} written, {} removed, signed\n",
            publication.branch,
            count(refreshed.written, "file"),
            refreshed.removed
        ),
    }
}

/// The keys that signed, as `git log --pretty=%GK` shows them: what Argo CD's `keys` have to list.
fn describe_keys<'a>(published: impl Iterator<Item = &'a Publication>) -> String {
    let keys: BTreeSet<&KeyId> = published.filter_map(|one| one.key.as_ref()).collect();
    keys.into_iter().map(|key| format!("signed with key {key}\n")).collect()
}
