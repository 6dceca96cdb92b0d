//! Signing as git does: with the program, the format and the key that `git config` names, so that agents, cards and
//! gitsign work as they do under `git commit -S`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::Repository;
use super::program::{Ended, NotRun, run};
use crate::sign::{KeyId, PublicKey, SignError, Signature, SignatureFormat, Signer, verify_ssh_blob};

/// `git config` and `git var` read a few files.
const CONFIG_LIMIT: Duration = Duration::from_secs(30);

/// What the status lines of gpg begin with.
const STATUS: &str = "[GNUPG:] ";

/// How much of what a program printed a message repeats.
const SHOWN: usize = 2000;

/// Runs the program that git is configured to sign with.
#[derive(Debug)]
pub struct GitSigner {
    format: SignatureFormat,
    program: String,
    /// As `user.signingKey` says, or what git takes in its place.
    key: String,
    folder: PathBuf,
    limit: Duration,
    hidden: Vec<String>,
}

impl Repository {
    /// A signer with the settings of git for this repository, the user's own included.
    ///
    /// A program has `limit` to answer, and does not see the environment variables called `hidden`.
    pub fn git_signer(&self, limit: Duration, hidden: &[&str]) -> Result<GitSigner, SignError> {
        let folder = self.work_tree().unwrap_or_else(|| self.path.clone());
        let git = Git { folder: folder.clone(), hidden: hidden.iter().map(|name| (*name).to_owned()).collect() };
        let settings = git.settings()?;
        let setting = |name: &str| settings.get(name).filter(|value| !value.is_empty());
        let program = |names: [&str; 2], default: &str| {
            let named = names.iter().find_map(|name| setting(name));
            named.map_or_else(|| default.to_owned(), |path| expand_home(path))
        };
        let (format, program) = match setting("gpg.format").map_or("openpgp", String::as_str) {
            "openpgp" => (SignatureFormat::OpenPgp, program(["gpg.openpgp.program", "gpg.program"], "gpg")),
            "x509" => (SignatureFormat::X509, program(["gpg.x509.program"; 2], "gpgsm")),
            "ssh" => (SignatureFormat::Ssh, program(["gpg.ssh.program"; 2], "ssh-keygen")),
            other => {
                let reason = format!("git is configured with `gpg.format` `{other}`, which is no format");
                return Err(SignError::Program { program: "git".to_owned(), reason });
            }
        };
        let key = match (setting("user.signingkey"), format) {
            (Some(key), _) => key.clone(),
            (None, SignatureFormat::Ssh) => git.default_ssh_key(setting("gpg.ssh.defaultkeycommand"), limit)?,
            (None, _) => git.committer()?,
        };
        Ok(GitSigner { format, program, key, folder, limit, hidden: git.hidden })
    }
}

/// Git, asked for its settings.
struct Git {
    folder: PathBuf,
    hidden: Vec<String>,
}

impl Git {
    fn run(&self, program: &str, arguments: &[&str], limit: Duration) -> Result<Ended, SignError> {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).args(arguments);
        self.hidden.iter().for_each(|name| {
            command.env_remove(name);
        });
        run(&mut command, b"", limit).map_err(|trouble| not_run(program, &trouble, limit))
    }

    /// Every setting, by its name in lower case as far as git ignores the case. The last one counts.
    fn settings(&self) -> Result<BTreeMap<String, String>, SignError> {
        let ended = self.run("git", &["config", "--null", "--list"], CONFIG_LIMIT)?;
        if !ended.success {
            return Err(failed("git", "it does not tell its configuration", &ended.stderr));
        }
        let text = String::from_utf8_lossy(&ended.stdout).into_owned();
        let entries = text.split('\0').filter_map(|entry| entry.split_once('\n'));
        Ok(entries.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// `Name <mail>`, by which gpg looks for a key where none is named.
    fn committer(&self) -> Result<String, SignError> {
        let ended = self.run("git", &["var", "GIT_COMMITTER_IDENT"], CONFIG_LIMIT)?;
        let text = String::from_utf8_lossy(&ended.stdout).into_owned();
        match (ended.success, text.rfind('>')) {
            (true, Some(end)) => Ok(text[..=end].to_owned()),
            _ => Err(failed("git", "`user.signingKey` is not set, and git does not know who commits", &ended.stderr)),
        }
    }

    /// The first line of what the command prints, as git takes it: a shell command.
    fn default_ssh_key(&self, command: Option<&String>, limit: Duration) -> Result<String, SignError> {
        let Some(command) = command else {
            let reason = "`user.signingKey` is not set, and git needs it to sign with SSH".to_owned();
            return Err(SignError::Program { program: "git".to_owned(), reason });
        };
        let ended = self.run("sh", &["-c", command], limit)?;
        let text = String::from_utf8_lossy(&ended.stdout).into_owned();
        let key = text.lines().next().unwrap_or_default().trim();
        match ended.success && literal_ssh_key(key).is_some() {
            true => Ok(key.to_owned()),
            false => {
                Err(failed(command, "it gives no key; `gpg.ssh.defaultKeyCommand` has to print one", &ended.stderr))
            }
        }
    }
}

impl GitSigner {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder);
        self.hidden.iter().for_each(|name| {
            command.env_remove(name);
        });
        command
    }

    fn run(&self, command: &mut Command, input: &[u8]) -> Result<Ended, SignError> {
        run(command, input, self.limit).map_err(|trouble| not_run(&self.program, &trouble, self.limit))
    }

    /// As git runs gpg, gpgsm and gitsign.
    fn sign_with_gpg(&self, payload: &[u8]) -> Result<Signature, SignError> {
        let mut command = self.command();
        command.args(["--status-fd=2", "-bsau", &self.key]);
        let ended = self.run(&mut command, payload)?;
        let created =
            ended.stderr.lines().any(|line| status(line).is_some_and(|line| line.starts_with("SIG_CREATED ")));
        if !ended.success || !created {
            return Err(failed(&self.program, "it made no signature", &ended.stderr));
        }
        self.signature(ended.stdout)
    }

    /// As git runs ssh-keygen.
    fn sign_with_ssh_keygen(&self, payload: &[u8], namespace: &str) -> Result<Signature, SignError> {
        let trouble = |error: std::io::Error| failed(&self.program, "its files cannot be written", &error.to_string());
        let folder = tempfile::Builder::new().prefix("hydrant-sign-").tempdir().map_err(trouble)?;
        let message = folder.path().join("message");
        std::fs::write(&message, payload).map_err(trouble)?;
        let mut command = self.command();
        command.args(["-Y", "sign", "-n", namespace, "-f"]);
        match literal_ssh_key(&self.key) {
            None => command.arg(expand_home(&self.key)),
            Some(key) => {
                let file = folder.path().join("key.pub");
                std::fs::write(&file, format!("{key}\n")).map_err(trouble)?;
                // only an agent can hold what is named by its public half
                command.arg(file).arg("-U")
            }
        };
        command.arg(&message);
        let ended = self.run(&mut command, b"")?;
        let armor = std::fs::read(folder.path().join("message.sig"));
        match (ended.success, armor) {
            (true, Ok(armor)) => self.signature(armor),
            (true, Err(error)) => Err(failed(&self.program, "it wrote no signature", &error.to_string())),
            (false, _) => Err(failed(&self.program, "it made no signature", &ended.stderr)),
        }
    }

    /// Armor as a program gave it; on Windows with carriage returns, which git drops as well.
    fn signature(&self, armor: Vec<u8>) -> Result<Signature, SignError> {
        let text = String::from_utf8(armor).map_err(|_| failed(&self.program, "its signature is no text", ""))?;
        let signature = Signature::from_armor(text.replace("\r\n", "\n").trim_start());
        match signature.format() == self.format {
            true => Ok(signature),
            false => {
                let reason = format!("it made {} signature instead of {}", signature.format(), self.format);
                Err(failed(&self.program, &reason, ""))
            }
        }
    }

    /// As git asks gpg, gpgsm and gitsign for their opinion.
    fn confirm_with_gpg(&self, payload: &[u8], signature: &Signature) -> Result<KeyId, String> {
        let mut file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        file.write_all(signature.armor().as_bytes()).map_err(|error| error.to_string())?;
        let mut command = self.command();
        if self.format == SignatureFormat::OpenPgp {
            command.arg("--keyid-format=long");
        }
        command.args(["--status-fd=1", "--verify"]).arg(file.path()).arg("-");
        let ended = self.run(&mut command, payload).map_err(|error| error.to_string())?;
        let told = String::from_utf8_lossy(&ended.stdout).into_owned();
        let lines: Vec<&str> = told.lines().filter_map(status).collect();
        let bad = ["BADSIG ", "ERRSIG ", "EXPSIG ", "EXPKEYSIG ", "REVKEYSIG "];
        if let Some(line) = lines.iter().find(|line| bad.iter().any(|bad| line.starts_with(bad))) {
            return Err(format!("`{}` says {line}", self.program));
        }
        let good = lines.iter().find_map(|line| line.strip_prefix("GOODSIG "));
        match good.and_then(|rest| rest.split(' ').next()) {
            Some(id) if ended.success => Ok(KeyId::new(id)),
            _ => Err(format!("`{}` does not confirm it: {}", self.program, tail(&ended.stderr))),
        }
    }

    /// The signature itself is checked here; and against the configured key, where its public half can be read.
    fn confirm_ssh(&self, payload: &[u8], namespace: &str, signature: &Signature) -> Result<KeyId, String> {
        let key = verify_ssh_blob(payload, signature, namespace).map_err(|error| error.to_string())?;
        match self.ssh_key() {
            Some(wanted) if !wanted.is_same_key(&key) => Err(format!("it was made by {key}, not by {wanted}")),
            _ => Ok(KeyId::new(key.fingerprint())),
        }
    }

    /// The public half of the configured SSH key: `user.signingKey` names it, or the private file it lies beside.
    fn ssh_key(&self) -> Option<PublicKey> {
        if let Some(literal) = literal_ssh_key(&self.key) {
            return PublicKey::parse(literal).ok();
        }
        let file = expand_home(&self.key);
        let read = |file: &str| {
            let text = std::fs::read_to_string(self.folder.join(file)).ok()?;
            PublicKey::parse(text.lines().next()?).ok()
        };
        read(&file).or_else(|| read(&format!("{file}.pub")))
    }
}

impl Signer for GitSigner {
    fn name(&self) -> &str {
        &self.key
    }

    fn format(&self) -> SignatureFormat {
        self.format
    }

    fn sign(&self, payload: &[u8], namespace: &str) -> Result<Signature, SignError> {
        match self.format {
            SignatureFormat::Ssh => self.sign_with_ssh_keygen(payload, namespace),
            _ => self.sign_with_gpg(payload),
        }
    }

    fn confirm(&self, payload: &[u8], namespace: &str, signature: &Signature) -> Result<KeyId, String> {
        match self.format {
            SignatureFormat::Ssh => self.confirm_ssh(payload, namespace, signature),
            _ => self.confirm_with_gpg(payload, signature),
        }
    }

    fn public_key(&self) -> Option<String> {
        match self.format {
            SignatureFormat::Ssh => self.ssh_key().map(|key| key.to_line()),
            _ => None,
        }
    }
}

/// `key::ssh-…`, or the key itself, which is how git was first told.
fn literal_ssh_key(key: &str) -> Option<&str> {
    key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(key))
}

/// `~/` as git expands it.
fn expand_home(path: &str) -> String {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest).to_string_lossy().into_owned(),
        _ => path.to_owned(),
    }
}

fn status(line: &str) -> Option<&str> {
    line.strip_prefix(STATUS)
}

fn not_run(program: &str, trouble: &NotRun, limit: Duration) -> SignError {
    match trouble {
        NotRun::Missing(error) => failed(program, "it cannot be started", error),
        NotRun::Lost(error) => failed(program, "it cannot be watched", error),
        NotRun::TimedOut(told) => {
            let reason = format!("it did not answer within {} seconds, and was stopped", limit.as_secs());
            failed(program, &reason, told)
        }
    }
}

/// With what the program printed, apart from its status lines, which are for machines.
fn failed(program: &str, what: &str, told: &str) -> SignError {
    let told = tail(told);
    let reason = if told.is_empty() { what.to_owned() } else { format!("{what}: {told}") };
    SignError::Program { program: program.to_owned(), reason }
}

/// The end of what a program printed, in one line.
fn tail(told: &str) -> String {
    let lines: Vec<&str> =
        told.lines().map(str::trim).filter(|line| !line.is_empty() && status(line).is_none()).collect();
    let text = lines.join("; ");
    let clean: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let skipped = clean.chars().count().saturating_sub(SHOWN);
    clean.chars().skip(skipped).collect()
}
