//! A starter: the first files of a repository that holds nothing yet, from a template to CI. Nothing is overwritten.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use super::Global;
use super::exit::Failure;
use super::project::{Workspace, open_repository};
use super::signer::{SigningArguments, signer};
use super::terminal::Terminal;

/// The files, as `fixtures/starter` holds them (a test compares the two).
const FILES: &[(&str, &str)] = &[
    ("hydrant.yaml", include_str!("../../fixtures/starter/hydrant.yaml")),
    ("apps/web/deployment.yaml.j2", include_str!("../../fixtures/starter/apps/web/deployment.yaml.j2")),
    ("apps/web/service.yaml.j2", include_str!("../../fixtures/starter/apps/web/service.yaml.j2")),
    ("apps/web/values.yaml", include_str!("../../fixtures/starter/apps/web/values.yaml")),
    ("envs/dev.yaml", include_str!("../../fixtures/starter/envs/dev.yaml")),
    ("envs/prod.yaml", include_str!("../../fixtures/starter/envs/prod.yaml")),
    ("policies/owner.rego", include_str!("../../fixtures/starter/policies/owner.rego")),
    ("policies/owner_test.rego", include_str!("../../fixtures/starter/policies/owner_test.rego")),
    (".github/workflows/hydrant.yaml", include_str!("../../fixtures/starter/.github/workflows/hydrant.yaml")),
    (".pre-commit-config.yaml", include_str!("../../fixtures/starter/.pre-commit-config.yaml")),
];

/// The key that `hydrant.yaml` above names, and what else `ssh-keygen` makes.
const KEYS: [&str; 3] = ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"];

const SIGNERS: &str = "allowed_signers";

/// The starter as one text, for people who look first.
pub(super) fn shown() -> String {
    FILES.iter().map(|(name, text)| format!("# --- {name}\n{text}\n")).collect()
}

/// Writes every file that is not there yet, and trusts the key that is going to sign.
pub(super) fn write(global: &Global, terminal: &Terminal) -> Result<(), Failure> {
    // whose signature counts is asked of the repository's settings
    open_repository(global).map_err(|failure| failure.help("`git init` makes this folder a repository"))?;
    let key = KEYS.into_iter().find(|key| home_file(key).is_some_and(|file| file.is_file())).unwrap_or(KEYS[0]);
    let (mut written, mut kept) = (Vec::new(), Vec::new());
    for (name, text) in FILES {
        let text = text.replace(KEYS[0], key);
        let list = if write_new(&global.directory.join(name), &text)? { &mut written } else { &mut kept };
        list.push(*name);
    }
    match trusted(global, key, terminal) {
        Ok(line) => {
            let list = if write_new(&global.directory.join(SIGNERS), &line)? { &mut written } else { &mut kept };
            list.push(SIGNERS);
        }
        Err(failure) => {
            terminal.say(&format!("note: `{SIGNERS}` is not written: {}", failure.message));
            terminal.say("  help: make a key with `ssh-keygen -t ed25519`, then write `<your address> <key>` into it; `hydrant key --public` prints the key");
        }
    }
    written.iter().for_each(|name| terminal.talk(&format!("wrote {name}")));
    kept.iter().for_each(|name| terminal.talk(&format!("{name} is there already, and stays")));
    Ok(())
}

/// Writes a file that is not there yet, with its folders. Whether it was written: what is there stays.
pub(super) fn write_new(path: &Path, text: &str) -> Result<bool, Failure> {
    let cannot = |error: std::io::Error| Failure::cannot_work(format!("cannot write `{}`: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true).map_err(cannot),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(cannot(error)),
    }
}

/// The line of `allowed_signers` for who commits here: an address, and the key that is going to sign.
fn trusted(global: &Global, key: &str, terminal: &Terminal) -> Result<String, Failure> {
    let address = committer(&global.directory)?;
    let beside = home_file(key).map(|file| file.with_extension("pub"));
    let public = match beside.and_then(|file| fs::read_to_string(file).ok()) {
        Some(text) => text,
        None => {
            let (workspace, repository) = (Workspace::from_work_tree(global)?, open_repository(global)?);
            let signer = signer(&SigningArguments::default(), &global.directory, &workspace, &repository, terminal)?;
            signer.public_key().ok_or_else(|| Failure::cannot_work("the public half of the key is not known"))?
        }
    };
    // type and key; what follows is a remark
    let words: Vec<&str> = public.split_whitespace().take(2).collect();
    Ok(format!("{address} namespaces=\"git\" {}\n", words.join(" ")))
}

/// The address that git puts into commits here.
fn committer(directory: &Path) -> Result<String, Failure> {
    let unknown = || Failure::cannot_work("git does not know your address").help("`git config user.email <address>`");
    let output = Command::new("git").current_dir(directory).args(["var", "GIT_COMMITTER_IDENT"]).output();
    let output = output.ok().filter(|output| output.status.success()).ok_or_else(unknown)?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let address =
        told.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address.to_owned());
    // what would end the word would begin another field
    address
        .filter(|one| !one.is_empty() && !one.contains([' ', '\t', '"', ',', '#', '*', '?', '!']))
        .ok_or_else(unknown)
}

fn home_file(path: &str) -> Option<std::path::PathBuf> {
    Some(std::env::home_dir()?.join(path.strip_prefix("~/")?))
}
