//! Who signs: found in the arguments, the environment and `hydrant.yaml`, and made ready before any other work is done.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;
use zeroize::Zeroizing;

use super::exit::Failure;
use super::project::Workspace;
use super::terminal::Terminal;
use super::{agent, passphrase};
use crate::config::{SignatureFormat, Signing};
use crate::git::Repository;
use crate::sign::{OpenPgpSigner, Passphrase, PublicKey, SignError, Signer, SigningKeyChoice, SshSigner};

/// The text of a private key. CI systems hand secrets out this way.
const KEY_VARIABLE: &str = "HYDRANT_SIGNING_KEY_DATA";

/// The passphrase of the private key.
const PASSPHRASE_VARIABLE: &str = "HYDRANT_SIGNING_PASSPHRASE";

/// What no other program is to see.
pub(super) const SECRET_VARIABLES: [&str; 2] = [KEY_VARIABLE, PASSPHRASE_VARIABLE];

/// How often a passphrase is asked for.
const ATTEMPTS: usize = 3;

/// More than any key has.
const MAX_KEY_BYTES: u64 = 1024 * 1024;

#[derive(Debug, Default, Args)]
pub(super) struct SigningArguments {
    /// The key that signs: a private key of OpenSSH or OpenPGP, or the public half of one that the SSH agent holds; by
    /// default `signing.key` of `hydrant.yaml`. The key itself may be in HYDRANT_SIGNING_KEY_DATA instead
    #[arg(long, value_name = "FILE", env = "HYDRANT_SIGNING_KEY", hide_env_values = true)]
    signing_key: Option<PathBuf>,
    /// The passphrase of the key; `/dev/fd/3` for a file descriptor. May be in HYDRANT_SIGNING_PASSPHRASE instead
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Makes the signer ready. A key that cannot be used is told before minutes of work, not after.
pub(super) fn signer(
    arguments: &SigningArguments,
    directory: &Path,
    workspace: &Workspace,
    repository: &Repository,
    terminal: &Terminal,
) -> Result<Box<dyn Signer>, Failure> {
    let signing = workspace.project.signing.as_ref();
    let limit = Duration::from_secs(signing.map_or(Signing::DEFAULT_TIMEOUT, |signing| signing.timeout).into());
    let Some(key) = find_key(arguments, directory, workspace)? else {
        if signing.is_some_and(|signing| signing.format == SignatureFormat::Git) {
            let signer = repository.git_signer(limit, &SECRET_VARIABLES).map_err(failure)?;
            return Ok(Box::new(signer));
        }
        return Err(Failure::usage("there is no key to sign with, and nothing is published unsigned")
            .help("name one with `--signing-key FILE`, or as `signing.key` in hydrant.yaml"));
    };
    let opening = Opening { arguments, directory, terminal, limit };
    match key.format {
        SignatureFormat::OpenPgp => {
            let choice = choice(signing);
            let signer = opening.with_passphrase(|passphrase| {
                OpenPgpSigner::from_armor(&key.text, &key.name, passphrase, &choice, now())
            })?;
            Ok(Box::new(signer))
        }
        _ => Ok(Box::new(opening.ssh(&key)?)),
    }
}

/// Seconds since 1970, which the core never asks for by itself.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// How trouble with a key ends a command.
pub(super) fn failure(error: SignError) -> Failure {
    Failure::cannot_work(error.to_string()).help(error.help())
}

/// A key before it is opened.
struct Key {
    /// What messages call it.
    name: String,
    text: Zeroizing<String>,
    format: SignatureFormat,
    /// Where it lies, if in a file.
    file: Option<PathBuf>,
}

fn find_key(arguments: &SigningArguments, directory: &Path, workspace: &Workspace) -> Result<Option<Key>, Failure> {
    if let Some(file) = &arguments.signing_key {
        if file.to_string_lossy().contains("-----BEGIN") {
            return Err(Failure::usage("the signing key is given as a text, where the path of a file is wanted")
                .help(format!("put the text of the key into `{KEY_VARIABLE}`")));
        }
        return read_key(directory.join(file), None).map(Some);
    }
    if let Some(text) = std::env::var_os(KEY_VARIABLE) {
        let text = Zeroizing::new(text.to_string_lossy().into_owned());
        let format = format_of(&text);
        return Ok(Some(Key { name: KEY_VARIABLE.to_owned(), text, format, file: None }));
    }
    match &workspace.project.signing {
        Some(Signing { key: Some(key), format, .. }) => {
            read_key(workspace.resolve(&key.value), Some(*format)).map(Some)
        }
        _ => Ok(None),
    }
}

fn read_key(file: PathBuf, format: Option<SignatureFormat>) -> Result<Key, Failure> {
    let name = file.to_string_lossy().into_owned();
    let text = read_secret(&file).map_err(|error| {
        Failure::cannot_work(format!("cannot read the signing key `{name}`: {error}"))
            .help("name a private key with `--signing-key FILE`, or as `signing.key` in hydrant.yaml")
    })?;
    Ok(Key { format: format.unwrap_or_else(|| format_of(&text)), name, text, file: Some(file) })
}

/// What the first line of a key says it is.
fn format_of(text: &str) -> SignatureFormat {
    if text.trim_start().starts_with("-----BEGIN PGP ") { SignatureFormat::OpenPgp } else { SignatureFormat::Ssh }
}

/// A whole file, wiped from memory afterwards.
fn read_secret(file: &Path) -> std::io::Result<Zeroizing<String>> {
    use std::io::Read as _;
    // room from the start: a buffer that grows leaves copies behind
    let mut text = Zeroizing::new(String::with_capacity(64 * 1024));
    std::fs::File::open(file)?.take(MAX_KEY_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn choice(signing: Option<&Signing>) -> SigningKeyChoice {
    let written = signing.and_then(|signing| signing.subkey.as_ref());
    match written.map(|subkey| subkey.value.as_str()) {
        None | Some("newest") => SigningKeyChoice::Newest,
        Some("primary") => SigningKeyChoice::Primary,
        Some(id) => SigningKeyChoice::Exactly(id.to_owned()),
    }
}

/// What it takes to open a key.
struct Opening<'a> {
    arguments: &'a SigningArguments,
    directory: &'a Path,
    terminal: &'a Terminal,
    limit: Duration,
}

impl Opening<'_> {
    /// A private key, or the public half of one that lies beside it or in the agent.
    fn ssh(&self, key: &Key) -> Result<SshSigner, Failure> {
        if key.text.trim_start().starts_with("-----BEGIN ") {
            return self.ssh_in_memory(&key.text, &key.name);
        }
        let public = match PublicKey::parse(&key.text) {
            Ok(public) => public,
            Err(error) if is_public(&key.text) => {
                return Err(Failure::cannot_work(format!("`{}` does not read as a public key: {error}", key.name))
                    .help("write it again: `ssh-keygen -y -f <key> > <key>.pub`"));
            }
            // what it is instead, the reader of private keys knows
            Err(_) => return self.ssh_in_memory(&key.text, &key.name),
        };
        let beside = key.file.as_ref().and_then(|file| private_file(file)).filter(|file| file.is_file());
        let signer = match beside {
            Some(file) => {
                let private = read_key(file, Some(SignatureFormat::Ssh))?;
                self.ssh_in_memory(&private.text, &private.name)?
            }
            None => {
                let connection = agent::connect(self.limit, &key.name).map_err(failure)?;
                SshSigner::with_agent(connection, public.without_certificate(), &key.name).map_err(failure)?
            }
        };
        match public.is_certified() {
            true => signer.with_certificate(public, now()).map_err(failure),
            false if !signer.key().is_same_key(&public) => {
                Err(Failure::cannot_work(format!("`{}` is not the public half of the key beside it", key.name))
                    .help("write it again: `ssh-keygen -y -f <key> > <key>.pub`"))
            }
            false => Ok(signer),
        }
    }

    fn ssh_in_memory(&self, text: &str, name: &str) -> Result<SshSigner, Failure> {
        self.with_passphrase(|passphrase| match passphrase {
            None => SshSigner::from_openssh(text, name),
            Some(passphrase) => SshSigner::from_encrypted(text, name, passphrase),
        })
    }

    /// Opens a key, with the passphrase only if it needs one.
    fn with_passphrase<T>(&self, open: impl Fn(Option<&Passphrase>) -> Result<T, SignError>) -> Result<T, Failure> {
        let name = match open(None) {
            Err(SignError::Encrypted { name }) => name,
            other => return other.map_err(failure),
        };
        if let Some(passphrase) = self.given_passphrase()? {
            return open(Some(&passphrase)).map_err(failure);
        }
        let mut refused = SignError::Encrypted { name: name.clone() };
        for _ in 0..ATTEMPTS {
            let asked = if self.terminal.is_interactive() { passphrase::ask(&name, self.limit) } else { Ok(None) };
            let asked = asked.map_err(|error| {
                Failure::cannot_work(format!("the passphrase of `{name}` cannot be asked for: {error}"))
                    .help(format!("give it in `{PASSPHRASE_VARIABLE}`, or with `--passphrase-file FILE`"))
            })?;
            let Some(passphrase) = asked else { break };
            match open(Some(&passphrase)) {
                Err(error @ SignError::WrongPassphrase { .. }) => refused = error,
                other => return other.map_err(failure),
            }
        }
        Err(failure(refused))
    }

    fn given_passphrase(&self) -> Result<Option<Passphrase>, Failure> {
        if let Some(file) = &self.arguments.passphrase_file {
            let file = self.directory.join(file);
            let text = read_secret(&file).map_err(|error| {
                Failure::cannot_work(format!("cannot read the passphrase from `{}`: {error}", file.display()))
            })?;
            return Ok(Some(Passphrase::new(text)));
        }
        let variable = std::env::var_os(PASSPHRASE_VARIABLE);
        Ok(variable.map(|text| Passphrase::new(Zeroizing::new(text.to_string_lossy().into_owned()))))
    }
}

/// Whether a text begins as a public SSH key does.
fn is_public(text: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-"].iter().any(|start| text.trim_start().starts_with(start))
}

/// `id_ed25519` of `id_ed25519.pub` and of `id_ed25519-cert.pub`.
fn private_file(public: &Path) -> Option<PathBuf> {
    let name = public.file_name()?.to_str()?.strip_suffix(".pub")?;
    Some(public.with_file_name(name.strip_suffix("-cert").unwrap_or(name)))
}
