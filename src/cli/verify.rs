//! `hydrant verify`: whether a branch is what it claims to be.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Global;
use super::exit::{Exit, Failure};
use super::project::{Workspace, git_failure, open_repository};
use super::signer::now;
use super::terminal::Terminal;
use crate::sign::{AllowedSigners, Keyring};
use crate::verify::{Outcome, Trust, Verdict, VerifyError, verify};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hydrant verify env/prod
  hydrant verify origin/env/prod --allowed-signers trusted_signers")]
pub(super) struct Arguments {
    /// The branch or commit
    #[arg(value_name = "REF")]
    reference: String,
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
        Self { reference: reference.to_owned(), allowed_signers: None, keyring: None }
    }
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let repository = open_repository(global)?;
    let trust = trust(arguments, global)?;
    let verdict =
        verify(&repository, &arguments.reference, &trust).map_err(|VerifyError::Git(error)| git_failure(error))?;
    terminal.say(&describe(&verdict, terminal));
    Ok(if verdict.is_good() { Exit::Clean } else { Exit::NotVerified })
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
