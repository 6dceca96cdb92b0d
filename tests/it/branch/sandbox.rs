//! A repository in a scratch folder, with git and ssh-keygen run under an environment of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hydrant::admit::{AppEvidence, Checked, Evidence, admit};
use hydrant::diagnostic::Severity;
use hydrant::git::{BranchName, CommitId, Error, Identity, Prepared, Published, Repository, UnsignedCommit};
use hydrant::hydrate::{HydratedTree, Shape};
use hydrant::load::EngineKind;
use hydrant::manifest::{Gvk, Manifest, ManifestSet, Name, Node, ObjectRef};
use hydrant::sign::{AllowedSigners, OsRng, SshSigner, sign};
use hydrant::source::Source;
use hydrant::tree::Digest;
use hydrant::verify::{Subject, Verdict, verify};

/// What every commit is dated: 2026-01-01T00:00:00Z, in a zone that is not UTC.
pub(super) const DATE: &str = "1767225600 +0130";
pub(super) const PRINCIPAL: &str = "ci@example.com";

pub(super) struct Sandbox {
    pub(super) folder: tempfile::TempDir,
    pub(super) signer: SshSigner,
}

impl Sandbox {
    /// A repository with branch `main` and one commit.
    pub(super) fn new() -> Self {
        Self::with_format("sha1")
    }

    pub(super) fn with_format(format: &str) -> Self {
        let signer = SshSigner::generate(&mut OsRng, "sandbox").expect("randomness");
        let sandbox = Self { folder: tempfile::tempdir().expect("a scratch folder"), signer };
        std::fs::create_dir(sandbox.home()).expect("a home");
        std::fs::create_dir(sandbox.path()).expect("a folder");
        sandbox.git(&["init", "--quiet", "-b", "main", "--object-format", format]);
        sandbox.write("apps/web/a.yaml", "a: 1\n");
        sandbox.commit_all("web: the first app");
        sandbox
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(super) fn open(&self) -> Repository {
        Repository::open(self.path()).expect("a repository")
    }

    pub(super) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("inside")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    pub(super) fn commit_all(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }

    /// Runs git, which must succeed; its standard output.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let output = self.try_git(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {told}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(super) fn try_git(&self, arguments: &[&str]) -> Output {
        self.command("git").arg("-C").arg(self.path()).args(arguments).output().expect("git is installed")
    }

    /// A program that sees nothing of this machine's settings.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.home()).env("TZ", "UTC").env("LC_ALL", "C");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        for (role, date) in [("AUTHOR", DATE), ("COMMITTER", DATE)] {
            command.env(format!("GIT_{role}_NAME"), "Ada").env(format!("GIT_{role}_EMAIL"), "ada@example.com");
            command.env(format!("GIT_{role}_DATE"), date);
        }
        command
    }

    /// Makes a commit on a branch that is not checked out: `changes` are `path` to text, or to nothing for a removal.
    pub(super) fn commit_on(&self, branch: &str, changes: &[(&str, Option<&str>)]) -> String {
        let tree = self.folder.path().join("other");
        let tree_text = tree.to_str().expect("UTF-8");
        self.git(&["worktree", "add", "--quiet", "--detach", tree_text, branch]);
        for (path, text) in changes {
            let path = tree.join(path);
            match text {
                Some(text) => {
                    std::fs::create_dir_all(path.parent().expect("inside")).expect("a folder");
                    std::fs::write(path, text).expect("written");
                }
                None => std::fs::remove_file(path).expect("it was there"),
            }
        }
        self.git(&["-C", tree_text, "add", "--all"]);
        self.git(&["-C", tree_text, "commit", "--quiet", "-m", "by hand"]);
        let id = self.git(&["-C", tree_text, "rev-parse", "HEAD"]);
        self.git(&["worktree", "remove", "--force", tree_text]);
        self.git(&["update-ref", &format!("refs/heads/{branch}"), &id]);
        id
    }

    /// What `HEAD` gives for an environment.
    pub(super) fn hydrated(&self, environment: &str, apps: &[(&str, &[&str])]) -> HydratedTree {
        let dry = self.open().dry_revision("HEAD").expect("a commit");
        hydrant::pipeline::hydrate_one(&admitted(environment, apps), &dry, &Shape::plain(), None).expect("hydrates")
    }

    pub(super) fn prepare(&self, tree: &HydratedTree, branch: &str) -> Result<Prepared, Error> {
        let repository = self.open();
        let branch = BranchName::parse(branch)?;
        let tip = repository.branch_tip(&branch)?;
        repository.prepare(tree, &branch, tip, &Identity::default())
    }

    pub(super) fn prepare_commit(&self, tree: &HydratedTree, branch: &str) -> UnsignedCommit {
        match self.prepare(tree, branch) {
            Ok(Prepared::Commit(commit)) => commit,
            other => panic!("no commit: {other:?}"),
        }
    }

    /// Prepares, signs and publishes.
    pub(super) fn publish(&self, tree: &HydratedTree, branch: &str) -> Result<Published, Error> {
        let commit = self.prepare_commit(tree, branch);
        self.open().publish(&sign(commit, &self.signer).expect("signs"))
    }

    pub(super) fn publish_web(&self, branch: &str) -> Published {
        self.publish(&self.hydrated("prod", &[("web", &["one"])]), branch).expect("publishes")
    }

    pub(super) fn allowed(&self) -> String {
        self.signer.allowed_signers_line(PRINCIPAL)
    }

    pub(super) fn verify(&self, revision: &str) -> Verdict {
        self.verify_with(revision, &self.allowed())
    }

    pub(super) fn verify_with(&self, revision: &str, allowed: &str) -> Verdict {
        let signers = AllowedSigners::parse(allowed, "allowed_signers").expect("a list of signers");
        verify(&self.open(), revision, &signers.into()).expect("can be judged")
    }

    /// What `git verify-commit` says, and whether it is content.
    pub(super) fn git_verify(&self, revision: &str, allowed: &str) -> (bool, String) {
        let file = self.home().join("allowed_signers");
        std::fs::write(&file, allowed).expect("written");
        let setting = format!("gpg.ssh.allowedSignersFile={}", file.display());
        let output = self.try_git(&["-c", &setting, "verify-commit", "--verbose", revision]);
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// `git fsck` finds nothing to complain about.
    pub(super) fn assert_sound(&self) {
        let output = self.try_git(&["fsck", "--strict", "--full", "--no-dangling"]);
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let complaints: Vec<&str> = told.lines().filter(|line| !line.starts_with("notice:")).collect();
        assert!(output.status.success() && complaints.is_empty(), "{told}");
    }

    pub(super) fn files_on(&self, revision: &str) -> Vec<String> {
        self.git(&["ls-tree", "-r", "--name-only", revision]).lines().map(str::to_owned).collect()
    }
}

/// An admitted environment: apps with the names of their ConfigMaps.
pub(super) fn admitted(environment: &str, apps: &[(&str, &[&str])]) -> hydrant::admit::Admitted {
    let objects =
        apps.iter().flat_map(|(app, names)| names.iter().map(|name| ((*app).to_owned(), config_map(app, name))));
    let (manifests, duplicates) = ManifestSet::collect(objects);
    assert!(duplicates.is_empty(), "{duplicates:?}");
    let app = AppEvidence { engine: EngineKind::Plain, inputs: BTreeMap::new() };
    let evidence = Evidence {
        kubernetes: "1.34".to_owned(),
        schemas: Digest::of(b"schemas"),
        policies: Digest::of(b"policies"),
        apps: apps.iter().map(|(name, _)| ((*name).to_owned(), app.clone())).collect(),
        validated: manifests.len(),
        judged: manifests.len(),
        waivers: std::collections::BTreeSet::new(),
    };
    let checked = Checked { environment: environment.to_owned(), manifests, evidence };
    admit(checked, &[], Severity::Error).expect("clean")
}

fn config_map(app: &str, name: &str) -> Manifest {
    let full_name = format!("{app}-{name}");
    let root = Node::from_json(&serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": full_name}, "data": {"mode": "0644", "app": app},
    }));
    let object = ObjectRef { gvk: Gvk::new("v1", "ConfigMap"), namespace: None, name: Name::Fixed(full_name.into()) };
    Manifest { object, root, source: Source::file("a.yaml", "") }
}

pub(super) fn branch(name: &str) -> BranchName {
    BranchName::parse(name).expect("a branch name")
}

pub(super) fn tip(repository: &Repository, name: &str) -> Option<CommitId> {
    repository.branch_tip(&branch(name)).expect("readable")
}

/// The subjects of the claims that do not hold.
pub(super) fn failed(verdict: &Verdict) -> Vec<Subject> {
    assert_eq!(verdict.is_good(), verdict.failures().next().is_none());
    verdict.failures().map(|claim| claim.subject).collect()
}

/// Whether ssh-keygen is here; says so if not.
pub(super) fn has_ssh_keygen() -> bool {
    let found = Command::new("ssh-keygen").arg("-?").stdin(Stdio::null()).output().is_ok();
    if !found {
        eprintln!("skipped: ssh-keygen is not installed, so git cannot judge SSH signatures");
    }
    found
}

pub(super) fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
