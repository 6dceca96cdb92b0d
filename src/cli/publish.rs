//! `hydrant publish`: check, then commit what was admitted to the environments' branches, signed.

use std::collections::BTreeSet;
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::check::{conclude, tell};
use super::exit::{Exit, Failure};
use super::network::NetworkArguments;
use super::progress::Bar;
use super::project::{Workspace, git_failure, open_repository, pipeline_failure, selection};
use super::signer::{SigningArguments, signer};
use super::terminal::Terminal;
use super::today::DateArguments;
use super::{Global, ReportArguments};
use crate::diagnostic::count;
use crate::git::Permissions;
use crate::pipeline::{self, Limits, Publication, PublishOptions};
use crate::report::plan;
use crate::sign::KeyId;

#[derive(Debug, Args)]
#[command(after_help = "What is published is the commit, never the work tree. All environments are published or none.
stdout has one line for each environment: its branch and the commit at its tip.
Waivers have to hold today and on the day of the commit; --date names a later day, never an earlier one.

Examples:
  hydrant publish                     every environment, from HEAD
  hydrant publish prod --rev v1.4.0   one environment, from a tag
  hydrant publish --dry-run           what would change on the branches: objects, risks, files
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
    let selection = selection(&arguments.environments, &workspace.project)?;
    // a key that cannot be used is told before minutes of work, not after
    let signer = match arguments.dry_run {
        true => None,
        false => Some(signer(&arguments.signing, &global.directory, &workspace, &repository, terminal)?),
    };
    let dry = repository.dry_revision(&revision).map_err(git_failure)?;

    let started = Instant::now();
    let bar = Bar::new(terminal);
    let today = Some(arguments.date.day_of_publication(dry.time));
    let limits = Limits { network: arguments.network.network(global), today, ..Limits::default() };
    let published =
        pipeline::published(&repository, &workspace.project, &selection, &limits).map_err(pipeline_failure)?;
    let (tree, project) = (&*workspace.tree, &workspace.project);
    let mut checkup =
        pipeline::check_against(&published, tree, project, &selection, &limits, &bar).map_err(pipeline_failure)?;
    pipeline::compare_with_branches(&mut checkup, &published, tree, project, &limits).map_err(pipeline_failure)?;
    tell("publish", &checkup, &arguments.report, started.elapsed(), terminal)?;
    let decisions = checkup.admit(arguments.report.fail_on.into());
    let (admitted, refused): (Vec<_>, Vec<_>) = decisions.into_iter().partition(Result::is_ok);
    if !refused.is_empty() {
        let exit = conclude(refused.iter().filter_map(|decision| decision.as_ref().err()), terminal);
        terminal.say("nothing was published");
        return Ok(exit);
    }
    let admitted: Vec<_> = admitted.into_iter().flatten().collect();
    let options = PublishOptions {
        project: workspace.folder_in(&repository)?,
        permissions: Permissions { adopt: arguments.adopt, force: arguments.force },
        allow_mass_delete: arguments.allow_mass_delete,
    };
    let plan = pipeline::plan(&repository, &workspace.project, &admitted, &dry, &options).map_err(pipeline_failure)?;
    match signer {
        None => {
            let planned = plan.environments.iter().zip(&admitted);
            let planned: Vec<_> =
                planned.map(|(plan, admitted)| pipeline::planned(plan, admitted, &published)).collect();
            terminal.data(&match arguments.format {
                Format::Text => plan::text::text(&planned),
                Format::Json => plan::json::write(&planned),
            });
        }
        Some(signer) => {
            let published = pipeline::publish(&repository, plan, &*signer).map_err(pipeline_failure)?;
            let told = published.environments.iter().map(|one| describe(one, published.noted));
            terminal.talk(&told.collect::<String>());
            terminal.talk(&describe_keys(&published.environments));
            if !published.attested {
                terminal.talk("no attestations were made: nobody could check those of a signer of X.509\n");
            }
            let tips = published.environments.iter().map(|one| format!("{} {}\n", one.branch, one.commit));
            terminal.data(&tips.collect::<String>());
        }
    }
    Ok(Exit::Clean)
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
fn describe_keys(published: &[Publication]) -> String {
    let keys: BTreeSet<&KeyId> = published.iter().filter_map(|one| one.key.as_ref()).collect();
    keys.into_iter().map(|key| format!("signed with key {key}\n")).collect()
}
