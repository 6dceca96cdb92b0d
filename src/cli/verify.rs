//! `hydrant verify`: whether a branch is what it claims to be.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Global;
use super::exit::{Exit, Failure};
use super::progress::Bar;
use super::project::{Workspace, git_failure, open_repository, pipeline_failure};
use super::receive::{read_updates, receive};
use super::signer::now;
use super::terminal::Terminal;
use crate::date::Date;
use crate::diagnostic::count;
use crate::git::Repository;
use crate::hydrate::{Record, Tool};
use crate::pipeline::{self, Limits, Rebuilt};
use crate::report;
use crate::sign::{AllowedSigners, Keyring};
use crate::verify::{Claim, Outcome, Question, Subject, Trust, Verdict, VerifyError, judge};

#[derive(Debug, Args)]
#[command(
    after_help = "A commit that a forge made from ours (merge, squash, rebase) carries no signature of ours. It passes if all of
its content is attested for its branch; --require-signature wants the signature as well.

Examples:
  hydrant verify env/prod
  hydrant verify origin/env/prod --allowed-signers trusted_signers
  hydrant verify env/prod --at 3f2a91c            another commit, judged as one of this branch
  hydrant verify env/prod --since v1.4 --rebuild  every commit since, and the dry commit rendered again
  hydrant verify --pre-receive                    in the hook `pre-receive` of a repository that is pushed to"
)]
pub(super) struct Arguments {
    /// The branch or commit
    #[arg(value_name = "REF", required_unless_present = "pre_receive", conflicts_with = "pre_receive")]
    reference: Option<String>,
    /// Judge this commit in place of the branch's tip
    #[arg(long, value_name = "REV", conflicts_with = "pre_receive")]
    at: Option<String>,
    /// Every commit since this one has to be signed by somebody who may, or of attested content
    #[arg(long, value_name = "REV", conflicts_with = "pre_receive")]
    since: Option<String>,
    /// Render the dry commit again, and compare
    #[arg(long, conflicts_with = "pre_receive")]
    rebuild: bool,
    /// The commit itself has to be signed, though all of its content is attested
    #[arg(long)]
    require_signature: bool,
    /// A branch without attestations fails
    #[arg(long)]
    require_attestations: bool,
    /// Print the verdict as JSON; `hydrant schema verdict` is its schema
    #[arg(long, conflicts_with = "pre_receive")]
    json: bool,
    /// Judge what is pushed: read the updates from stdin, as git gives them to its hook `pre-receive`
    #[arg(long)]
    pre_receive: bool,
    /// Who may sign, in the format of ssh-keygen; by default what `verify.allowed_signers` of `hydrant.yaml` names
    #[arg(long, value_name = "FILE")]
    allowed_signers: Option<PathBuf>,
    /// Who may sign, as armored OpenPGP keys; by default what `verify.keyring` of `hydrant.yaml` names
    #[arg(long, value_name = "FILE")]
    keyring: Option<PathBuf>,
}

impl Arguments {
    /// A branch, judged by the signers that `hydrant.yaml` names.
    pub(super) fn of(reference: &str) -> Self {
        Self {
            reference: Some(reference.to_owned()),
            at: None,
            since: None,
            rebuild: false,
            require_signature: false,
            require_attestations: false,
            json: false,
            pre_receive: false,
            allowed_signers: None,
            keyring: None,
        }
    }

    fn question(&self) -> Question {
        Question {
            at: self.at.clone(),
            since: self.since.clone(),
            branch: None,
            require_signature: self.require_signature,
            require_attestations: self.require_attestations,
        }
    }
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let repository = open_repository(global)?;
    let trust = trust(arguments, global)?;
    let question = arguments.question();
    let Some(reference) = &arguments.reference else {
        return receive(repository, &read_updates()?, &question, &trust, terminal);
    };
    let verdict = judge(&repository, reference, &question, &trust);
    let mut verdict = verdict.map_err(|VerifyError::Git(error)| git_failure(error))?;
    if arguments.rebuild {
        for record in &verdict.records {
            let outcome = rebuild(&repository, record, global, terminal)?;
            verdict.claims.push(Claim { subject: Subject::Rebuild, outcome });
        }
    }
    match arguments.json {
        true => terminal.data(&report::verdict::write(&verdict)),
        false => terminal.say(&describe(&verdict, terminal)),
    }
    Ok(if verdict.is_good() { Exit::Clean } else { Exit::NotVerified })
}

/// Renders the dry commit of a record again.
fn rebuild(repository: &Repository, record: &Record, global: &Global, terminal: &Terminal) -> Result<Outcome, Failure> {
    let id = &record.dry_commit;
    if !repository.has_commit(id) {
        return Ok(Outcome::Unchecked(format!("the dry commit {id} is not in this repository: fetch it")));
    }
    let dry = repository.dry_revision(id).map_err(git_failure)?;
    let workspace = Workspace::of_record(global, repository, record)?;
    let limits = Limits { today: Some(Date::of_seconds(dry.time.seconds)), ..Limits::default() };
    let rebuilt = pipeline::rebuild(&*workspace.tree, &workspace.project, record, &dry, &limits, &Bar::new(terminal));
    Ok(match rebuilt.map_err(pipeline_failure)? {
        Rebuilt::Same { apps } => Outcome::Holds(format!("{} rendered again, to the same bytes", count(apps, "app"))),
        Rebuilt::Refused(reason) => {
            Outcome::Fails { differences: vec![reason], help: "look at it with `hydrant check`".to_owned() }
        }
        Rebuilt::Different { files, tool: None } => Outcome::Fails {
            differences: files,
            help: "publish again; if that changes nothing, the branch holds what its source does not say".to_owned(),
        },
        Rebuilt::Different { files, tool: Some(Tool { name, version }) } => Outcome::Fails {
            differences: files,
            help: format!("the branch was written by {name} {version}: rebuild with that version"),
        },
    })
}

/// Who is trusted: what the arguments name, else what `hydrant.yaml` names, which is read from the work tree and never
/// from the branch that is judged.
fn trust(arguments: &Arguments, global: &Global) -> Result<Trust, Failure> {
    let asked = |file: &Option<PathBuf>| file.as_ref().map(|file| global.directory.join(file));
    let (mut signers, mut keyring) = (asked(&arguments.allowed_signers), asked(&arguments.keyring));
    if signers.is_none() && keyring.is_none() {
        let workspace = Workspace::from_work_tree(global)?;
        let configured = &workspace.project.verify;
        signers = configured.allowed_signers.as_ref().map(|file| workspace.resolve(&file.value));
        keyring = configured.keyring.as_ref().map(|file| workspace.resolve(&file.value));
    }
    if signers.is_none() && keyring.is_none() {
        return Err(Failure::usage("nobody is trusted yet: there is no list of allowed signers, and no keyring").help(
            "name one with `--allowed-signers FILE` or `--keyring FILE`, or as `verify.allowed_signers` or \
             `verify.keyring` in hydrant.yaml",
        ));
    }
    Ok(Trust {
        allowed_signers: signers.map(|file| read_signers(&file)).transpose()?,
        keyring: keyring.map(|file| read_keyring(&file)).transpose()?,
        now: now(),
    })
}

fn read_signers(file: &Path) -> Result<AllowedSigners, Failure> {
    let text = read(file, "the allowed signers")?;
    AllowedSigners::parse(&text, &file.to_string_lossy()).map_err(|error| Failure::cannot_work(error.to_string()))
}

fn read_keyring(file: &Path) -> Result<Keyring, Failure> {
    let text = read(file, "the keyring")?;
    Keyring::parse(&text, &file.to_string_lossy()).map_err(|error| Failure::cannot_work(error.to_string()))
}

fn read(file: &Path, what: &str) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::cannot_work(format!("cannot read {what} `{}`: {error}", file.display())))
}

/// A heading, then one line for each claim with its evidence, or with what differs and what to do.
pub(super) fn describe(verdict: &Verdict, terminal: &Terminal) -> String {
    let mut out = format!("{} at {}\n", verdict.revision, verdict.commit());
    for claim in &verdict.claims {
        let subject = claim.subject;
        match &claim.outcome {
            Outcome::Holds(evidence) => {
                out.push_str(&format!("  {} {subject}: {evidence}\n", terminal.strong("✓", "32")));
            }
            Outcome::Note(lines) => lines.iter().for_each(|line| out.push_str(&format!("  · {subject}: {line}\n"))),
            Outcome::Unchecked(reason) => {
                out.push_str(&format!("  {} {subject}: not checked, {reason}\n", terminal.strong("✗", "31")));
            }
            Outcome::Fails { differences, help } => {
                let sign = terminal.strong("✗", "31");
                differences.iter().for_each(|line| out.push_str(&format!("  {sign} {subject}: {line}\n")));
                out.push_str(&format!("    help: {help}\n"));
            }
        }
    }
    out
}
