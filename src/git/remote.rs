//! Remote: another repository that branches are read from and pushed to, through the git program: gix does not push.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::program::{Ended, NotRun, run};
use super::{Error, Repository};

/// How long one exchange with a remote may take: a first fetch over a slow line, not a server that is gone.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// How much of what a remote said a message repeats.
const SHOWN: usize = 2000;

/// What git would take from the environment instead of the repository that it is run in.
const OTHER_REPOSITORY: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
];

/// Where publications are pushed to.
#[derive(Debug, Clone)]
pub struct Remote {
    /// The name or address that is pushed to.
    pub(super) pushed_to: String,
    /// The name or address that is read: what is pushed to, even where fetching goes elsewhere.
    pub(super) read_from: String,
    /// For people: never with credentials.
    shown: String,
    folder: PathBuf,
    hidden: Vec<String>,
    has_ssh_command: bool,
}

impl Repository {
    /// The address of the remote `origin` as it is configured, credentials included; `None` without one.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let repo = self.local();
        let url = repo.config_snapshot().string("remote.origin.url")?;
        Some(url.to_string())
    }

    /// A remote by its name or address. Git does not see the environment variables called `hidden`.
    pub fn remote(&self, destination: &str, hidden: &[&str]) -> Result<Remote, Error> {
        let mut remote = Remote {
            pushed_to: destination.to_owned(),
            read_from: destination.to_owned(),
            shown: without_credentials(destination),
            folder: self.work_tree().unwrap_or_else(|| self.path.clone()),
            hidden: hidden.iter().map(|name| (*name).to_owned()).collect(),
            has_ssh_command: true,
        };
        // an option is no address, whatever comes before it on a command line
        if destination.is_empty() || destination.starts_with('-') || destination.chars().any(char::is_control) {
            return Err(Error::NoRemote { remote: remote.shown });
        }
        remote.has_ssh_command = remote.has_ssh_command()?;
        let Some(pushed) = remote.addresses(destination, &["--push", "--all"])? else {
            let is_address = destination.contains(['/', ':', '\\']) || remote.folder.join(destination).exists();
            return if is_address { Ok(remote) } else { Err(Error::NoRemote { remote: remote.shown }) };
        };
        match pushed.as_slice() {
            [pushed] if remote.addresses(destination, &[])?.as_deref() != Some(std::slice::from_ref(pushed)) => {
                remote.read_from.clone_from(pushed);
                Ok(remote)
            }
            [_] => Ok(remote),
            _ => {
                let words = "it has several addresses for pushes, which cannot move together".to_owned();
                Err(Error::Remote { remote: remote.shown, what: "cannot be published to", words })
            }
        }
    }
}

impl Remote {
    /// Its name or address, without credentials.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shown
    }

    /// Runs git for this remote: without a prompt, in English, in this repository.
    pub(super) fn git(&self, arguments: &[&str]) -> Result<Ended, Error> {
        let mut command = Command::new("git");
        command.current_dir(&self.folder).args(arguments);
        OTHER_REPOSITORY.iter().copied().chain(self.hidden.iter().map(String::as_str)).for_each(|name| {
            command.env_remove(name);
        });
        // what went wrong is told by words, which git translates
        command.env("LC_ALL", "C").env_remove("LANGUAGE").env("GIT_TERMINAL_PROMPT", "0");
        if !self.has_ssh_command {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        run(&mut command, b"", LIMIT).map_err(|trouble| {
            let words = match trouble {
                NotRun::Missing(error) => format!("git cannot be started: {error}"),
                NotRun::Lost(error) => format!("git cannot be watched: {error}"),
                NotRun::TimedOut(told) => {
                    format!("no answer within {} seconds: {}", LIMIT.as_secs(), in_one_line(&told))
                }
            };
            Error::Remote { remote: self.shown.clone(), what: "cannot be reached", words }
        })
    }

    pub(super) fn failed(&self, what: &'static str, told: &str) -> Error {
        Error::Remote { remote: self.shown.clone(), what, words: words(told) }
    }

    /// What git takes a remote's name for; `None` if it is no name.
    fn addresses(&self, name: &str, options: &[&str]) -> Result<Option<Vec<String>>, Error> {
        let ended = self.git(&[&["remote", "get-url"], options, &["--", name]].concat())?;
        let text = String::from_utf8_lossy(&ended.stdout).into_owned();
        Ok(ended.success.then(|| text.lines().map(str::to_owned).collect()))
    }

    /// Whether somebody said how ssh is to be called; if not, it must not ask for anything.
    fn has_ssh_command(&self) -> Result<bool, Error> {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Ok(is_set("GIT_SSH_COMMAND") || is_set("GIT_SSH") || self.git(&["config", "--get", "core.sshCommand"])?.success)
    }
}

/// What the other side said; where it said nothing, what git did.
pub(super) fn words(told: &str) -> String {
    let is_told = |line: &&str| !line.is_empty() && !line.starts_with("hint:") && !line.starts_with("To ");
    let lines: Vec<&str> = told.lines().map(str::trim).filter(is_told).collect();
    let (theirs, ours): (Vec<&str>, Vec<&str>) = lines.into_iter().partition(|line| line.starts_with("remote:"));
    let theirs: Vec<&str> =
        theirs.iter().map(|line| line.trim_start_matches("remote:").trim()).filter(|line| !line.is_empty()).collect();
    let lines = if theirs.is_empty() { ours } else { theirs };
    match in_one_line(&lines.join("; ")) {
        words if words.is_empty() => "git gives no reason".to_owned(),
        words => words,
    }
}

/// The end of a text, as one line that no terminal takes for a command, without credentials.
pub(super) fn in_one_line(text: &str) -> String {
    let clean: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    let skipped = clean.chars().count().saturating_sub(SHOWN);
    without_credentials(clean.chars().skip(skipped).collect::<String>().trim())
}

/// A text in which no address has a user or a password any more; `git@host:path` has no password to lose.
fn without_credentials(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|sign: char| sign.is_whitespace() || "/'\"`?#".contains(sign)).unwrap_or(part.len());
        let host = part[..end].rfind('@').map_or(0, |at| at + 1);
        clean.push_str("://");
        clean.push_str(&part[host..]);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_cut_out_of_every_address() {
        let clean = [
            ("https://host/a", "https://host/a"),
            ("https://user:pass@host/a b", "https://host/a b"),
            ("fatal: 'https://token@host/a@b' and ssh://git:x@y@z/c", "fatal: 'https://host/a@b' and ssh://z/c"),
            ("git@host:a/b", "git@host:a/b"),
            ("no address", "no address"),
        ];
        for (text, wanted) in clean {
            assert_eq!(without_credentials(text), wanted);
        }
    }

    #[test]
    fn what_the_server_says_goes_before_what_git_says_and_moves_no_cursor() {
        let told = "To /srv/x\nremote: \u{1b}[31mGH006: Protected branch        \nremote:   \nerror: failed to push\nhint: x\n";
        assert_eq!(words(told), "[31mGH006: Protected branch");
        assert_eq!(words("fatal: no such thing\nhint: x\n"), "fatal: no such thing");
        assert_eq!(words("remote: \n"), "git gives no reason");
        assert_eq!(words(&"x".repeat(9000)).len(), SHOWN);
    }
}
