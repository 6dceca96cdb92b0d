//! `hydrant verify`: whether a branch is what it claims to be.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Global;
use super::exit::{Exit, Failure};
use super::project::{Workspace, git_failure, open_repository};
use super::terminal::Terminal;
use crate::sign::AllowedSigners;
use crate::verify::{Outcome, Verdict, VerifyError, verify};

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
}

impl Arguments {
    /// A branch, judged by the signers that `hydrant.yaml` names.
    pub(super) fn of(reference: &str) -> Self {
        Self { reference: reference.to_owned(), allowed_signers: None }
    }
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let repository = open_repository(global)?;
    let file = match &arguments.allowed_signers {
        Some(file) => global.directory.join(file),
        None => configured(global)?,
    };
    let signers = read_signers(&file)?;
    let verdict =
        verify(&repository, &arguments.reference, &signers).map_err(|VerifyError::Git(error)| git_failure(error))?;
    terminal.say(&describe(&verdict, terminal));
    Ok(if verdict.is_good() { Exit::Clean } else { Exit::NotVerified })
}

/// Who is trusted is read from the work tree, never from the branch that is judged.
fn configured(global: &Global) -> Result<PathBuf, Failure> {
    let workspace = Workspace::from_work_tree(global)?;
    match &workspace.project.verify.allowed_signers {
        Some(file) => Ok(workspace.resolve(&file.value)),
        None => Err(Failure::usage("nobody is trusted yet: there is no list of allowed signers")
            .help("name one with `--allowed-signers FILE`, or as `verify.allowed_signers` in hydrant.yaml")),
    }
}

fn read_signers(file: &Path) -> Result<AllowedSigners, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::cannot_work(format!("cannot read the allowed signers `{}`: {error}", file.display()))
    })?;
    AllowedSigners::parse(&text, &file.to_string_lossy()).map_err(|error| Failure::cannot_work(error.to_string()))
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
