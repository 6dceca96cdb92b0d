//! A folder of its own for one test, and commands that run in it without the machine's settings.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A scratch folder; gone when the test is.
#[derive(Debug)]
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// What a command said and how it ended: stdout, then stderr, then the exit code unless it is 0.
#[must_use]
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let sandbox = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(sandbox.path()).expect("a new folder");
        let keys = sandbox.home().join(".ssh");
        fs::create_dir_all(&keys).expect("a new folder");
        fs::copy(test_key(), keys.join("id_ed25519")).expect("a new file");
        sandbox
    }

    /// The project's folder.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Writes a file, with the folders it needs.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a new folder");
        fs::write(path, text).expect("a new file");
    }

    /// The text of a file.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect("a readable file")
    }

    /// The private key that `~/.ssh/id_ed25519` is.
    pub(crate) fn signing_key(&self) -> String {
        fs::read_to_string(test_key()).expect("a readable file")
    }

    /// An `allowed_signers` file that trusts that key.
    pub(crate) fn allowed_signers(&self) -> String {
        let public = fs::read_to_string(test_key().with_extension("pub")).expect("a readable file");
        format!("ada@example.com namespaces=\"git\" {public}")
    }

    /// Lets nobody but its owner read that key: ssh-keygen refuses others.
    pub(crate) fn protect_key(&self) {
        #[cfg(unix)]
        fs::set_permissions(self.home().join(".ssh/id_ed25519"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("ours");
    }

    /// Copies a folder's content into `to`.
    pub(crate) fn copy(&self, from: &Path, to: &str) {
        copy(from, &self.path().join(to));
    }

    /// Runs `hydrant …` or `git …` in the project's folder; `<` and a file at the end are its stdin.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.run_with_threads(words, "2")
    }

    /// The same, with a number of threads for hydrant.
    pub(crate) fn run_with_threads(&self, words: &[&str], threads: &str) -> Output {
        let program = match words[0] {
            "hydrant" => env!("CARGO_BIN_EXE_hydrant"),
            "git" => "git",
            "ssh-keygen" => "ssh-keygen",
            "cat" => "cat",
            other => panic!("tests run hydrant, git and a few more, not `{other}`"),
        };
        let (words, stdin) = match words {
            [words @ .., "<", file] => {
                (words, Stdio::from(fs::File::open(self.path().join(file)).expect("a readable file")))
            }
            words => (words, Stdio::null()),
        };
        let mut command = self.command(program);
        command.args(&words[1..]).stdin(stdin).env("HYDRANT_THREADS", threads);
        self.finish(command)
    }

    /// Runs a program to its end.
    pub(crate) fn finish(&self, mut command: Command) -> Output {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        self.output(output)
    }

    /// What a program said, in any sandbox's words.
    pub(crate) fn output(&self, output: std::process::Output) -> Output {
        let text = |bytes: Vec<u8>| {
            // the sandbox has another name in every run
            String::from_utf8_lossy(&bytes).replace(&*self.folder.path().to_string_lossy(), "[sandbox]")
        };
        Output { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code().unwrap_or(-1) }
    }

    /// Runs `hydrant …` as a user who owns nothing, where the tests run as root; files are taken from root by nobody else.
    /// `None` where that user cannot start the program.
    #[cfg(unix)]
    pub(crate) fn run_unprivileged(&self, words: &[&str]) -> Option<Output> {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        use std::os::unix::process::CommandExt as _;
        assert_eq!(words[0], "hydrant");
        let mut command = self.command(env!("CARGO_BIN_EXE_hydrant"));
        command.args(&words[1..]).env("HYDRANT_THREADS", "2");
        if fs::metadata(self.path()).expect("the project's folder").uid() == 0 {
            fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder of our own");
            command.uid(65_534).gid(65_534);
        }
        command.output().ok().map(|output| self.output(output))
    }

    /// A program in the project's folder that sees nothing of this machine's settings.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", path())
            .env("HOME", self.home())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .envs(git_identity("AUTHOR"))
            .envs(git_identity("COMMITTER"));
        command
    }

    /// Runs a command that must end with 0, and gives its stdout without the last line feed.
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert_eq!(output.code, 0, "{words:?}\n{output}");
        output.stdout.trim_end().to_owned()
    }

    /// Makes the project's folder a git repository with one commit of everything in it.
    pub(crate) fn commit_all(&self, message: &str) -> String {
        if !self.path().join(".git").exists() {
            self.ok(&["git", "init", "--quiet", "--initial-branch=main"]);
        }
        self.ok(&["git", "add", "--all"]);
        self.ok(&["git", "commit", "--quiet", "--message", message]);
        self.ok(&["git", "rev-parse", "HEAD"])
    }
}

/// Where programs are found: hooks of git look for hydrant there, too.
fn path() -> std::ffi::OsString {
    let ours = Path::new(env!("CARGO_BIN_EXE_hydrant")).parent().map(Path::to_owned);
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> = ours.into_iter().chain(std::env::split_paths(&others)).collect();
    std::env::join_paths(all).unwrap_or(others)
}

fn test_key() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys/test-key")
}

/// The same name and time everywhere: commit ids in expectations depend on them.
fn git_identity(role: &str) -> [(String, &'static str); 3] {
    [
        (format!("GIT_{role}_NAME"), "Ada"),
        (format!("GIT_{role}_EMAIL"), "ada@example.com"),
        (format!("GIT_{role}_DATE"), "2026-01-02T03:04:05+01:00"),
    ]
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a new folder");
    let Ok(entries) = fs::read_dir(from) else { return };
    for entry in entries.map(|entry| entry.expect("a readable folder")) {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().expect("a file type");
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            link(&fs::read_link(entry.path()).expect("a readable link"), &target);
        } else {
            fs::copy(entry.path(), target).expect("a readable file");
        }
    }
}

/// Links are what some cases are about; where they cannot be made, those cases cannot be told.
fn link(target: &Path, at: &Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, at).expect("a new link");
    #[cfg(not(unix))]
    panic!("cannot link {} to {}", at.display(), target.display());
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for text in [&self.stdout, &self.stderr] {
            f.write_str(text)?;
            if !text.is_empty() && !text.ends_with('\n') {
                f.write_str("\n")?;
            }
        }
        if self.code == 0 { Ok(()) } else { writeln!(f, "[exit {}]", self.code) }
    }
}
