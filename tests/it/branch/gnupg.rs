//! A GnuPG home of its own, whose agent ends with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::sandbox::Sandbox;

pub(super) struct GnuPg {
    home: tempfile::TempDir,
}

impl GnuPg {
    /// `None`, which is said aloud, where gpg is not installed.
    pub(super) fn new() -> Option<Self> {
        let found = Command::new("gpg").arg("--version").stdin(Stdio::null()).output();
        if !found.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: gpg is not installed, so nobody else judges OpenPGP signatures");
            return None;
        }
        // short: the agent's socket lies in it, and its path must fit
        let home = tempfile::Builder::new().prefix("gpg").tempdir().expect("a scratch folder");
        #[cfg(unix)]
        std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("ours");
        Some(Self { home })
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("GNUPGHOME", self.home()).env("HOME", self.home()).env("LC_ALL", "C").env("TZ", "UTC");
        command
    }

    pub(super) fn try_gpg(&self, arguments: &[&str]) -> Output {
        let mut command = self.command("gpg");
        command.args(["--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]);
        command.args(arguments).output().expect("gpg runs")
    }

    /// Runs gpg, which must succeed.
    pub(super) fn gpg(&self, arguments: &[&str]) -> String {
        let output = self.try_gpg(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Makes a key for `name@example.com`, in the past or at the time given; the fingerprint.
    pub(super) fn make_key(&self, name: &str, kind: &str, usage: &str, more: &[&str]) -> String {
        let user = format!("{name} <{name}@example.com>");
        let mut arguments = more.to_vec();
        arguments.extend(["--quick-generate-key", &user, kind, usage, "never"]);
        self.gpg(&arguments);
        self.fingerprints(name).remove(0)
    }

    /// Of the primary key, then of its subkeys.
    pub(super) fn fingerprints(&self, name: &str) -> Vec<String> {
        let told = self.gpg(&["--with-colons", "--list-keys", &format!("{name}@example.com")]);
        let lines = told.lines().filter_map(|line| line.strip_prefix("fpr:"));
        lines.map(|line| line.trim_matches(':').to_owned()).collect()
    }

    pub(super) fn secret(&self, key: &str) -> String {
        self.gpg(&["--armor", "--export-secret-keys", key])
    }

    pub(super) fn public(&self, key: &str) -> String {
        self.gpg(&["--armor", "--export", key])
    }

    /// Revokes a key with the certificate that gpg made for this when it made the key.
    pub(super) fn revoke(&self, fingerprint: &str) {
        let file = self.home().join(format!("openpgp-revocs.d/{fingerprint}.rev"));
        let text = std::fs::read_to_string(&file).expect("made with the key");
        std::fs::write(&file, text.replace("\n:-----BEGIN", "\n-----BEGIN")).expect("written");
        self.gpg(&["--import", file.to_str().expect("UTF-8")]);
    }

    /// A program that is gpg with this home, whatever the environment says.
    pub(super) fn program(&self) -> PathBuf {
        let file = self.home().join("gpg-here");
        let home = self.home().display();
        super::write_program(&file, &format!("exec gpg --homedir '{home}' --pinentry-mode loopback \"$@\""));
        file
    }

    /// git with this gpg.
    pub(super) fn git(&self, sandbox: &Sandbox, arguments: &[&str]) -> Output {
        let mut command = sandbox.command("git");
        command.env("GNUPGHOME", self.home()).arg("-C").arg(sandbox.path()).args(arguments);
        command.output().expect("git runs")
    }

    /// What Argo CD's repository server asks git, for the tip alone: the verdict, and the key it compares.
    pub(super) fn argo_cd_asks(&self, sandbox: &Sandbox, revision: &str) -> (String, String) {
        let format = "--pretty=format:%H,%G?,%GK,\"%aD\",\"%an <%ae>\"";
        let output = self.git(sandbox, &["rev-list", "--no-commit-header", "-1", format, revision]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut fields = told.split(',').skip(1).map(str::to_owned);
        (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
    }
}

impl Drop for GnuPg {
    fn drop(&mut self) {
        // of this home, no other
        let _ = self.command("gpgconf").args(["--kill", "all"]).output();
    }
}
