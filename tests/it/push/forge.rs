//! A project, and the bare repository that it is pushed to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::sandbox::{Output, Sandbox};

/// What a whole publication moves.
pub(super) const EVERYTHING: [&str; 3] = ["refs/heads/env/dev", "refs/heads/env/prod", "refs/notes/hydrator.metadata"];

pub(super) const NOTES: &str = "refs/notes/hydrator.metadata";

/// Stands in for git: says how often it was called for what, and lets something happen before and after.
const PROGRAM: &str = r#"#!/bin/sh
here=$(dirname "$0")
what=$1
PATH=${PATH#"$here":}
HYDRANT=$PPID
export PATH HYDRANT
touch "$here/running.$$"
echo "$what" >> "$here/calls"
happen() {
    [ -f "$here/$1" ] || return 0
    mv "$here/$1" "$here/$1.done.$$"
    # what happens is somebody else's doing, and says nothing to us
    (unset GIT_TERMINAL_PROMPT LC_ALL; sh "$here/$1.done.$$") </dev/null >"$here/log.$$" 2>&1
}
happen "before-$what"
git "$@"
ended=$?
happen "after-$what"
rm "$here/running.$$"
exit $ended
"#;

pub(super) struct Forge {
    pub(super) sandbox: Sandbox,
}

impl Forge {
    pub(super) fn new() -> Self {
        Self::with_output("")
    }

    /// With lines for `hydrant.yaml`.
    pub(super) fn with_output(output: &str) -> Self {
        Self::build(output, "sha1")
    }

    pub(super) fn build(output: &str, format: &str) -> Self {
        let forge = Self { sandbox: Sandbox::new() };
        forge.git(&["init", "--quiet", "--bare", "--initial-branch=main", "--object-format", format, "../remote.git"]);
        // whatever moves on the remote is written down there
        forge.on_remote(&["config", "core.logAllRefUpdates", "always"]);
        forge.git(&["init", "--quiet", "--initial-branch=main", "--object-format", format]);
        forge.git(&["remote", "add", "origin", "../remote.git"]);
        forge.sandbox.write(
            "hydrant.yaml",
            format!(
                "version: 1\nenvironments:\n  dev: {{ branch: env/dev }}\n  prod: {{ branch: env/prod }}\n\
                 apps:\n  - path: apps/*\n{output}policies: {{ builtin: [] }}\n\
                 signing: {{ format: ssh, key: ~/.ssh/id_ed25519 }}\nverify: {{ allowed_signers: allowed_signers }}\n"
            ),
        );
        forge.sandbox.write("policies/kind.rego", POLICY);
        forge.sandbox.write("allowed_signers", forge.sandbox.allowed_signers());
        forge.web("one");
        forge.git(&["push", "--quiet", "origin", "main"]);
        forge
    }

    pub(super) fn git(&self, words: &[&str]) -> String {
        self.sandbox.ok(&[&["git"], words].concat())
    }

    pub(super) fn on_remote(&self, words: &[&str]) -> String {
        self.git(&[&["-C", "../remote.git"], words].concat())
    }

    pub(super) fn hydrant(&self, words: &[&str]) -> Output {
        self.sandbox.finish(self.command(words))
    }

    /// Hydrant, which finds the git of [`once`](Self::once) if there is one.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.sandbox.command(env!("CARGO_BIN_EXE_hydrant"));
        let path = std::env::var("PATH").expect("UTF-8");
        command.args(words).env("PATH", format!("{}:{path}", self.programs().display())).env("HYDRANT_THREADS", "2");
        command
    }

    fn programs(&self) -> PathBuf {
        self.sandbox.path().with_file_name("programs")
    }

    /// Lets something happen once, when Hydrant runs git: `before-push`, `after-fetch`.
    #[cfg(unix)]
    pub(super) fn once(&self, when: &str, script: &str) {
        self.watch_git();
        std::fs::write(self.programs().join(when), script).expect("written");
    }

    /// Puts a git in place that tells what it was called for.
    #[cfg(unix)]
    pub(super) fn watch_git(&self) {
        std::fs::create_dir_all(self.programs()).expect("a folder");
        write_program(&self.programs().join("git"), PROGRAM);
        let _ = std::fs::remove_file(self.programs().join("calls"));
    }

    /// How often git was called for this since.
    #[cfg(unix)]
    pub(super) fn calls(&self, what: &str) -> usize {
        let calls = std::fs::read_to_string(self.programs().join("calls")).unwrap_or_default();
        calls.lines().filter(|call| *call == what).count()
    }

    /// Waits until no git that Hydrant started is running any more.
    #[cfg(unix)]
    pub(super) fn wait_for_git(&self) {
        let is_running = || {
            let mut files = std::fs::read_dir(self.programs()).expect("a folder").map(|file| file.expect("a file"));
            files.any(|file| file.file_name().to_string_lossy().starts_with("running."))
        };
        let mut quiet = 0;
        while quiet < 3 {
            quiet = if is_running() { 0 } else { quiet + 1 };
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Makes a hook of the remote.
    #[cfg(unix)]
    pub(super) fn refuse_on_remote(&self, hook: &str, script: &str) {
        let folder = self.path("../remote.git/hooks");
        std::fs::create_dir_all(&folder).expect("a folder");
        write_program(&folder.join(hook), &format!("#!/bin/sh\n{script}\n"));
    }

    /// Publishes, which must succeed.
    pub(super) fn push(&self) -> Output {
        let output = self.hydrant(&["publish", "--push"]);
        assert_eq!(output.code, 0, "{output}");
        output
    }

    /// The same, where nobody asks what it said.
    pub(super) fn pushed(&self) {
        drop(self.push());
    }

    pub(super) fn commit(&self, name: &str, text: &str) -> String {
        self.sandbox.write(name, text);
        self.sandbox.commit_all(name)
    }

    /// Gives the app another greeting.
    pub(super) fn web(&self, greeting: &str) -> String {
        self.commit("apps/web/config.yaml", &config_map("web", greeting))
    }

    /// What the remote has beside the source.
    pub(super) fn tips(&self) -> BTreeMap<String, String> {
        let text = self.on_remote(&["for-each-ref", "--format=%(refname) %(objectname)"]);
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.filter(|(name, _)| *name != "refs/heads/main").map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
    }

    /// Every tip on the remote is whole, signed, and what `verify` takes; nothing was ever moved back.
    pub(super) fn assert_sound(&self) {
        self.on_remote(&["fsck", "--strict", "--full"]);
        for (name, tip) in self.tips() {
            self.assert_signed(&format!("--not --branches=main --not {tip}"));
            self.assert_never_forced(&name);
            if name.starts_with("refs/heads/env") && !self.on_remote(&["ls-tree", &tip]).is_empty() {
                self.git(&["fetch", "--quiet", "origin", &name]);
                self.sandbox.ok(&["hydrant", "verify", &tip]);
            }
        }
    }

    /// Every commit that git lists for `arguments` has a good signature.
    fn assert_signed(&self, arguments: &str) {
        let words: Vec<&str> = arguments.split(' ').collect();
        let list = self.on_remote(&[&["rev-list"], words.as_slice()].concat());
        let allowed = format!("gpg.ssh.allowedSignersFile={}", self.path("allowed_signers").display());
        for commit in list.lines() {
            self.on_remote(&["-c", &allowed, "verify-commit", commit]);
        }
    }

    /// What the remote wrote down about a reference: every entry goes on from the one before.
    pub(super) fn assert_never_forced(&self, name: &str) {
        let log = std::fs::read_to_string(self.path(&format!("../remote.git/logs/{name}"))).expect("a log");
        for line in log.lines() {
            let (old, rest) = line.split_once(' ').expect("two ids");
            let (new, _) = rest.split_once(' ').expect("two ids");
            if old.bytes().any(|byte| byte != b'0') {
                self.on_remote(&["merge-base", "--is-ancestor", old, new]);
            }
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path().join(name)
    }

    pub(super) fn show(&self, revision: &str) -> String {
        self.on_remote(&["show", revision])
    }
}

/// A rule that judges every object and finds nothing.
const POLICY: &str = "package policies.kind\n\nimport rego.v1\n\ndeny contains \"no kind\" if not input.kind\n";

pub(super) fn config_map(name: &str, greeting: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\ndata:\n  greeting: {greeting}\n"
    )
}

#[cfg(unix)]
fn write_program(file: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(file, text).expect("written");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).expect("ours");
}
