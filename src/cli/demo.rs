//! `hydrant demo`: an example repository, taken through the whole pipeline before the user's eyes.
//!
//! Needs nothing but this binary. Where git is installed, it is asked for its own opinion of the signatures.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use super::exit::{Exit, Failure};
use super::project::git_failure;
use super::terminal::Terminal;
use super::{Global, check, publish, verify};
use crate::git::{BranchName, Identity, Repository};
use crate::hydrate::CommitTime;
use crate::sign::{OsRng, SshSigner};
use crate::tree::RepoPath;

#[derive(Debug, Args)]
#[command(after_help = "Without DIR the example goes into a new folder among the system's temporary files.
The key it makes is for this example only; it lies in the example's folder and is not committed.

Examples:
  hydrant demo             in a new folder
  hydrant demo ~/example   in this one, which must be empty or not there")]
pub(super) struct Arguments {
    /// Where to make the example; must be empty or not exist
    // not called `directory`: clap would take it for the global option of that name
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// The example, file by file, as `fixtures/demo` holds it (a test compares the two).
const FILES: &[(&str, &str)] = &[
    (".gitignore", include_str!("../../fixtures/demo/.gitignore")),
    ("README.md", include_str!("../../fixtures/demo/README.md")),
    ("apps/orders/orders.yaml.j2", include_str!("../../fixtures/demo/apps/orders/orders.yaml.j2")),
    ("apps/orders/queues.yaml.j2", include_str!("../../fixtures/demo/apps/orders/queues.yaml.j2")),
    ("apps/orders/values.yaml", include_str!("../../fixtures/demo/apps/orders/values.yaml")),
    ("apps/platform/namespace.yaml", include_str!("../../fixtures/demo/apps/platform/namespace.yaml")),
    ("apps/platform/network-policy.yaml", include_str!("../../fixtures/demo/apps/platform/network-policy.yaml")),
    ("apps/platform/queue-crd.yaml", include_str!("../../fixtures/demo/apps/platform/queue-crd.yaml")),
    ("apps/storefront/deployment.yaml.j2", include_str!("../../fixtures/demo/apps/storefront/deployment.yaml.j2")),
    ("apps/storefront/service.yaml.j2", include_str!("../../fixtures/demo/apps/storefront/service.yaml.j2")),
    ("apps/storefront/values-prod.yaml", include_str!("../../fixtures/demo/apps/storefront/values-prod.yaml")),
    ("apps/storefront/values.yaml", include_str!("../../fixtures/demo/apps/storefront/values.yaml")),
    ("envs/dev.yaml", include_str!("../../fixtures/demo/envs/dev.yaml")),
    ("envs/prod.yaml", include_str!("../../fixtures/demo/envs/prod.yaml")),
    ("hydrant.yaml", include_str!("../../fixtures/demo/hydrant.yaml")),
    ("policies/shop.rego", include_str!("../../fixtures/demo/policies/shop.rego")),
    ("policies/shop_test.rego", include_str!("../../fixtures/demo/policies/shop_test.rego")),
    ("templates/common.j2", include_str!("../../fixtures/demo/templates/common.j2")),
    ("templates/container.j2", include_str!("../../fixtures/demo/templates/container.j2")),
];

/// Who the example is by. Not the user: what the demo commits must not depend on the machine.
const PRINCIPAL: &str = "demo@example.com";

/// The file of the key, which `.gitignore` of the example keeps out of the repository.
const KEY: &str = "demo-key";

/// When the example was committed: fixed, as all commit times of the core are given and never asked for.
const COMMITTED: CommitTime = CommitTime { seconds: 1_767_225_600, offset: 0 };

/// The change that is refused, in a template: line by line, what stands there and what is put in its place.
const BAD_CHANGE: (&str, [(&str, &str); 2]) = (
    "apps/storefront/deployment.yaml.j2",
    [
        ("  replicas: {{ replicas }}\n", "  replcias: {{ replicas }}\n"),
        ("             registry ~ \"/storefront:\"", "             \"docker.io/shop/storefront:\""),
    ],
);

/// The branches of the example.
const BRANCHES: [&str; 2] = ["env/dev", "env/prod"];

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let folder = make_folder(arguments.folder.as_deref(), global)?;
    let global = Global { directory: folder.clone(), threads: global.threads, color: global.color, quiet: false };
    let demo = Demo { folder, global, terminal };

    demo.title("1. An example repository: three apps, two environments, one CRD, two policies");
    let repository = demo.make_repository()?;

    demo.title("2. hydrant check: render, parse, validate, evaluate");
    demo.must_be_clean(check::run(&check::Arguments::everything(), &demo.global, terminal)?)?;

    demo.title("3. hydrant publish: a signed branch for each environment");
    demo.must_be_clean(publish::run(&publish::Arguments::everything(), &demo.global, terminal)?)?;

    demo.title("4. hydrant verify, and git's own opinion");
    for branch in BRANCHES {
        demo.must_be_clean(verify::run(&verify::Arguments::of(branch), &demo.global, terminal)?)?;
        demo.ask_git(branch)?;
    }

    demo.title("5. A bad change: what a refused deploy looks like");
    demo.refuse_a_change(&repository)?;

    demo.farewell();
    Ok(Exit::Clean)
}

/// The folder to work in: the one that was asked for, or a new one that stays after the demo.
fn make_folder(asked: Option<&Path>, global: &Global) -> Result<PathBuf, Failure> {
    let Some(folder) = asked else {
        let folder = tempfile::Builder::new().prefix("hydrant-demo-").tempdir();
        return folder
            .map(tempfile::TempDir::keep)
            .map_err(|error| Failure::cannot_work(format!("cannot make a temporary folder: {error}")));
    };
    let folder = global.directory.join(folder);
    let failed = |error| Failure::cannot_work(format!("cannot use `{}`: {error}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    if std::fs::read_dir(&folder).map_err(failed)?.next().is_some() {
        return Err(Failure::usage(format!("`{}` is not empty", folder.display()))
            .help("name a folder that does not exist yet"));
    }
    // git is told of files in it from another folder
    folder.canonicalize().map_err(failed)
}

/// A demo under way.
struct Demo<'a> {
    folder: PathBuf,
    global: Global,
    terminal: &'a Terminal,
}

impl Demo<'_> {
    fn title(&self, title: &str) {
        self.terminal.say(&format!("\n{}\n", self.terminal.strong(title, "36")));
    }

    /// The example is ours: anything that refuses it before it is spoilt is a failure of the demo.
    fn must_be_clean(&self, exit: Exit) -> Result<(), Failure> {
        if exit == Exit::Clean { Ok(()) } else { Err(Failure::new(exit, "the example did not pass")) }
    }

    fn make_repository(&self) -> Result<Repository, Failure> {
        let signer = SshSigner::generate(&mut OsRng, KEY).map_err(|error| Failure::cannot_work(error.to_string()))?;
        let secret = signer.to_openssh().map_err(|error| Failure::cannot_work(error.to_string()))?;
        self.write_secret(KEY, &secret)?;
        let trusted = format!("{}\n", signer.allowed_signers_line(PRINCIPAL));
        let mut files: Vec<(&str, &str)> = FILES.to_vec();
        files.push((".allowed_signers", &trusted));
        for (name, text) in &files {
            self.write(name, text)?;
        }
        let files = files.iter().map(|(name, text)| {
            (RepoPath::parse(name).expect("the names are constants that a test reads"), text.as_bytes())
        });
        let ada = Identity::new("Ada", PRINCIPAL).expect("the name is a constant");
        let repository = Repository::init(&self.folder).map_err(git_failure)?;
        let main = BranchName::parse("main").expect("the name is a constant");
        repository.commit_files(&main, files, &ada, COMMITTED, "the shop").map_err(git_failure)?;
        self.fill_index();
        self.terminal.say(&format!("made {} files in {}", FILES.len() + 1, self.folder.display()));
        Ok(repository)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(name);
        let failed = |error| Failure::cannot_work(format!("cannot write `{}`: {error}", path.display()));
        std::fs::create_dir_all(path.parent().expect("the file lies in the example")).map_err(failed)?;
        std::fs::write(&path, text).map_err(failed)
    }

    /// A file that only its owner may read.
    fn write_secret(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.write(name, "")?;
        let path = self.folder.join(name);
        let failed = |error| Failure::cannot_work(format!("cannot write `{}`: {error}", path.display()));
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(failed)?;
        std::fs::write(&path, text).map_err(failed)
    }

    /// git, in the example, without the settings of the machine; `None` if it is not installed.
    fn git(&self, arguments: &[&str]) -> Option<std::process::Output> {
        let signers = format!("gpg.ssh.allowedSignersFile={}", self.folder.join(".allowed_signers").display());
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(["-c", &signers, "-c", "gpg.format=ssh"]).args(arguments);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").output().ok()
    }

    /// Makes git see a clean work tree: the commit was made without an index. Nothing depends on it.
    fn fill_index(&self) {
        let _ = self.git(&["reset", "--quiet"]);
    }

    /// `git verify-commit`: an opinion that is not ours.
    fn ask_git(&self, branch: &str) -> Result<(), Failure> {
        let Some(output) = self.git(&["verify-commit", branch]) else {
            self.terminal.say("  · git is not installed, so its opinion is missing");
            return Ok(());
        };
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            let sign = self.terminal.strong("✓", "32");
            self.terminal.say(&format!("  {sign} git verify-commit {branch}: {}", said.trim()));
            Ok(())
        } else if said.contains("ssh-keygen") {
            // git leaves SSH signatures to ssh-keygen, which is a package of its own
            self.terminal.say(&format!("  · git cannot check SSH signatures here: {}", said.trim()));
            Ok(())
        } else {
            Err(Failure::new(Exit::NotVerified, format!("git refuses the signature on {branch}: {}", said.trim())))
        }
    }

    /// Spoils a template, shows what `check` says, and that no branch moved.
    fn refuse_a_change(&self, repository: &Repository) -> Result<(), Failure> {
        let (file, changes) = BAD_CHANGE;
        let text = FILES.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| text);
        let spoilt = changes.iter().fold(text.to_owned(), |text, (before, after)| text.replacen(before, after, 1));
        let tips = self.tips(repository)?;
        self.write(file, &spoilt)?;
        self.terminal.say(&format!("in {file}:\n{}\n", difference(text, &spoilt)));
        let exit = check::run(&check::Arguments::everything(), &self.global, self.terminal);
        self.write(file, text)?;
        if exit? != Exit::Findings {
            return Err(Failure::new(Exit::NotVerified, "the bad change was not refused"));
        }
        if self.tips(repository)? != tips {
            return Err(Failure::new(Exit::NotVerified, "a branch moved although the change was refused"));
        }
        self.terminal.say("\nrefused with exit code 1; both branches stand where they stood; the change is undone");
        Ok(())
    }

    fn tips(&self, repository: &Repository) -> Result<Vec<String>, Failure> {
        let tip = |branch: &str| repository.resolve(branch).map(|id| id.to_string()).map_err(git_failure);
        BRANCHES.into_iter().map(tip).collect()
    }

    fn farewell(&self) {
        self.title("Now you");
        let folder = self.folder.display();
        self.terminal.say(&format!(
            "  cd {folder}
  git log --show-signature env/prod      what a GitOps agent would pull
  git diff env/dev env/prod              how the environments differ
  hydrant render dev/orders              one app, to stdout
  hydrant publish                        publishing again changes nothing
  hydrant explain unknown-kind           what a rule means"
        ));
    }
}

/// The lines that differ between two texts of equally many lines, as a diff shows them.
fn difference(before: &str, after: &str) -> String {
    let changed = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
    changed.map(|(before, after)| format!("  -{before}\n  +{after}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_holds_the_whole_example() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo");
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"));
                }
            }
        }
        found.sort();
        let held: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(held, found);
    }

    #[test]
    fn every_line_of_the_bad_change_stands_in_the_example_once() {
        let (file, changes) = BAD_CHANGE;
        let (_, text) = FILES.iter().find(|(name, _)| *name == file).expect("the file is part of the example");
        for (before, _) in changes {
            assert_eq!(text.matches(before).count(), 1, "{before}");
        }
    }
}
