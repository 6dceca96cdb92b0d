//! `hydrant key`: which key would sign, as those who check it have to name it, and whether it signs at all.

use clap::Args;

use super::Global;
use super::exit::{Exit, Failure};
use super::project::{Workspace, open_repository};
use super::signer::{SigningArguments, failure, signer};
use super::terminal::Terminal;
use crate::sign::{SignatureFormat, sign_blob};

/// What is signed to see whether the key signs. No commit begins so.
const PROBE: &[u8] = b"hydrant key: a signature that nobody needs\n";

/// The purpose of that signature, so that it serves for nothing else.
const PROBE_NAMESPACE: &str = "hydrant-key";

#[derive(Debug, Args)]
#[command(
    after_help = "Signs a text with the key that `hydrant publish` would use, checks the signature, and prints the
key's id as `git log --pretty=%GK` shows it. Argo CD compares exactly this id with the `keys` of a
project; if a subkey signs, it is the id of the subkey.

Examples:
  hydrant key                         the id
  hydrant key --public > trusted.asc  the public key, for `verify.keyring` or for a forge
  hydrant key --json                  id, format and public key"
)]
pub(super) struct Arguments {
    /// Print the public key instead of its id
    #[arg(long, conflicts_with = "json")]
    public: bool,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    signing: SigningArguments,
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let repository = open_repository(global)?;
    let workspace = Workspace::from_work_tree(global)?;
    let signer = signer(&arguments.signing, &global.directory, &workspace, &repository, terminal)?;
    let (_, key) = sign_blob(PROBE, PROBE_NAMESPACE, &*signer).map_err(failure)?;
    let (format, public) = (signer.format(), signer.public_key());
    if arguments.json {
        let told = serde_json::json!({
            "format": format_name(format), "key": key.as_str(), "name": signer.name(), "public_key": public,
        });
        terminal.data(&format!("{told:#}\n"));
    } else if arguments.public {
        let Some(public) = public else {
            return Err(Failure::cannot_work("only the program that signs knows the public key")
                .help("ask it: `gpg --armor --export <id>`"));
        };
        terminal.data(&format!("{}\n", public.trim_end()));
    } else {
        terminal.talk(&format!("{} signs, by {format}; {}\n", signer.name(), consumers(format)));
        terminal.data(&format!("{key}\n"));
    }
    Ok(Exit::Clean)
}

/// Who checks this kind of signature.
fn consumers(format: SignatureFormat) -> &'static str {
    match format {
        SignatureFormat::OpenPgp => "Argo CD, Flux and git check it",
        SignatureFormat::Ssh => "Flux and git check it, Argo CD takes it for unsigned",
        SignatureFormat::X509 | SignatureFormat::Unknown => "git checks it, Argo CD and Flux do not",
    }
}

fn format_name(format: SignatureFormat) -> &'static str {
    match format {
        SignatureFormat::Ssh => "ssh",
        SignatureFormat::OpenPgp => "openpgp",
        SignatureFormat::X509 => "x509",
        SignatureFormat::Unknown => "unknown",
    }
}
