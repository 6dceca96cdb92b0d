//! Keys as they come in practice: in a variable, behind a passphrase, in an agent; and what is said when they do not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;

/// A project of one app, and hydrant with an environment of its own.
struct Project {
    sandbox: Sandbox,
    environment: Vec<(String, String)>,
}

struct Told {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Project {
    fn new(signing: &str) -> Self {
        let sandbox = Sandbox::new();
        let config = format!(
            "version: 1\nenvironments: {{ prod: {{ branch: env/prod }} }}\napps: [{{ path: apps/* }}]\n{signing}\n"
        );
        sandbox.write("hydrant.yaml", config);
        sandbox.write("apps/web/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: web }\n");
        sandbox.write(
            "policies/kind.rego",
            "package main\n\nimport rego.v1\n\ndeny contains \"no kind\" if not input.kind\n",
        );
        sandbox.write("allowed_signers", sandbox.allowed_signers());
        sandbox.commit_all("web");
        Self { sandbox, environment: Vec::new() }
    }

    fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.environment.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// A place beside the project.
    fn beside(&self, name: &str) -> PathBuf {
        self.sandbox.path().with_file_name(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.sandbox.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.beside("home"));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn hydrant(&self, words: &[&str]) -> Told {
        let output = self.command(env!("CARGO_BIN_EXE_hydrant")).args(words).output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Told { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// `hydrant` that must succeed.
    fn ok(&self, words: &[&str]) -> Told {
        let told = self.hydrant(words);
        assert_eq!(told.code, 0, "{words:?}: {}{}", told.stdout, told.stderr);
        told
    }

    /// `publish` that must fail before anything is written; its words.
    fn refused(&self, words: &[&str]) -> String {
        let told = self.hydrant(words);
        assert_eq!(told.code, 4, "{}{}", told.stdout, told.stderr);
        let branches = self.sandbox.ok(&["git", "for-each-ref", "--format=%(refname)"]);
        assert_eq!(branches, "refs/heads/main", "nothing is published unsigned");
        told.stderr
    }

    fn key(&self, name: &str, passphrase: &str) -> PathBuf {
        let path = self.beside(name);
        let status =
            self.command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", passphrase, "-f"]).arg(&path).status();
        assert!(status.expect("ssh-keygen runs").success());
        path
    }

    fn trust(&self, key: &Path) -> String {
        let public = std::fs::read_to_string(key.with_extension("pub")).expect("readable");
        let file = self.beside("trusted");
        std::fs::write(&file, format!("ci@example.com {public}")).expect("written");
        file.to_str().expect("UTF-8").to_owned()
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("readable")
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdin(Stdio::null()).output().is_ok();
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

#[test]
fn a_key_in_a_variable_signs_and_is_never_shown() {
    let project = Project::new("verify: { allowed_signers: allowed_signers }");
    let key = project.sandbox.signing_key();
    let project = project.with("HYDRANT_SIGNING_KEY_DATA", &key);
    let secret = key.lines().nth(2).expect("a line of the private part").to_owned();
    for words in [&["publish"][..], &["verify", "env/prod"], &["key", "--json"], &["publish", "--help"]] {
        let told = project.ok(words);
        assert!(!told.stdout.contains(&secret) && !told.stderr.contains(&secret), "{words:?}");
    }
    let damaged = project.with("HYDRANT_SIGNING_KEY_DATA", key.replace(&secret, &secret[..10]));
    let told = damaged.hydrant(&["publish"]);
    assert_eq!(told.code, 4);
    assert!(told.stderr.contains("`HYDRANT_SIGNING_KEY_DATA` is not an OpenSSH private key"), "{}", told.stderr);
    assert!(!told.stderr.contains(&secret[..10]), "{}", told.stderr);
}

#[test]
fn a_key_given_where_a_path_is_wanted_is_not_repeated() {
    let project = Project::new("");
    let key = project.sandbox.signing_key();
    let secret = key.lines().nth(2).expect("a line of the private part").to_owned();
    let project = project.with("HYDRANT_SIGNING_KEY", &key);
    let told = project.hydrant(&["publish"]);
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("HYDRANT_SIGNING_KEY_DATA") && !told.stderr.contains(&secret), "{}", told.stderr);
    let help = project.ok(&["publish", "--help"]);
    assert!(!help.stdout.contains(&secret));
}

#[test]
fn the_key_that_signed_is_told_as_consumers_name_it() {
    let project = Project::new("signing: { key: ~/.ssh/id_ed25519 }\nverify: { allowed_signers: allowed_signers }");
    let id = project.ok(&["key"]).stdout.trim().to_owned();
    assert!(id.starts_with("SHA256:"), "{id}");
    assert!(project.ok(&["publish"]).stderr.contains(&format!("signed with key {id}\n")));
    assert!(project.ok(&["verify", "env/prod"]).stderr.contains(&id));
    let public = project.ok(&["key", "--public"]).stdout;
    assert!(project.sandbox.allowed_signers().contains(public.trim()));
    let json: serde_json::Value = serde_json::from_str(&project.ok(&["key", "--json"]).stdout).expect("JSON");
    assert_eq!((json["format"].as_str(), json["key"].as_str()), (Some("ssh"), Some(&*id)));
    assert_eq!(json["public_key"].as_str(), Some(public.trim()));
}

#[test]
fn a_passphrase_comes_from_a_variable_or_a_file_and_never_from_a_wait() {
    if !has("ssh-keygen") {
        return;
    }
    let project = Project::new("");
    let key = project.key("locked", "two words");
    let publish = ["publish", "--signing-key", key.to_str().expect("UTF-8")];
    let started = Instant::now();
    let told = project.refused(&publish);
    assert!(told.contains("is encrypted with a passphrase") && told.contains("HYDRANT_SIGNING_PASSPHRASE"), "{told}");
    assert!(started.elapsed() < Duration::from_secs(30), "nobody can type here, so nobody is asked");

    let project = project.with("HYDRANT_SIGNING_PASSPHRASE", "two wrong words");
    let told = project.refused(&publish);
    assert!(told.contains("does not open") && !told.contains("wrong words"), "{told}");

    let file = project.beside("passphrase");
    std::fs::write(&file, "two words\n").expect("written");
    let mut words = publish.to_vec();
    words.extend(["--passphrase-file", file.to_str().expect("UTF-8")]);
    project.ok(&words);
    project.ok(&["verify", "env/prod", "--allowed-signers", &project.trust(&key)]);
}

#[test]
#[cfg(unix)]
fn a_passphrase_is_read_from_a_file_descriptor() {
    if !has("ssh-keygen") || !Path::new("/dev/fd").exists() {
        return;
    }
    let project = Project::new("");
    let key = project.key("locked", "two words");
    let script = format!(
        "exec '{}' publish --signing-key '{}' --passphrase-file /dev/fd/3 3<<'END'\ntwo words\nEND",
        env!("CARGO_BIN_EXE_hydrant"),
        key.display()
    );
    let output = project.command("sh").args(["-c", &script]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `script` gives a command a terminal, and types what it reads itself.
#[test]
#[cfg(target_os = "linux")]
fn a_passphrase_is_asked_for_on_a_terminal_and_not_shown() {
    if !has("ssh-keygen") || !has("script") {
        return;
    }
    let project = Project::new("signing: { timeout: 3 }");
    let key = project.key("locked", "two words");
    let publish = |typed: Option<&str>| {
        let hydrant = format!("'{}' publish --signing-key '{}'", env!("CARGO_BIN_EXE_hydrant"), key.display());
        let mut command = project.command("script");
        command.args(["--quiet", "--return", "--command", &hydrant, "/dev/null"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script runs");
        let mut stdin = child.stdin.take().expect("piped");
        if let Some(typed) = typed {
            use std::io::Write as _;
            // the prompt has to be there first: what is typed before is dropped, so that nothing typed blindly counts
            std::thread::sleep(Duration::from_secs(2));
            stdin.write_all(typed.as_bytes()).expect("written");
        }
        let output = child.wait_with_output().expect("script ends");
        drop(stdin);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, told) = publish(None);
    assert!(code == Some(4) && told.contains("nobody answered in time"), "{code:?} {told}");
    let (code, told) = publish(Some("two words\n"));
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("passphrase of `") && !told.contains("two words"), "{told}");
}

#[test]
fn a_missing_key_refuses_before_anything_is_written() {
    let project = Project::new("signing: { key: ~/.ssh/missing }");
    assert!(project.refused(&["publish"]).contains("cannot read the signing key"));
    let project = Project::new("");
    let told = project.hydrant(&["publish"]);
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("nothing is published unsigned"), "{}", told.stderr);
    let project = Project::new("signing: { format: openpgp, key: ~/.ssh/id_ed25519 }");
    assert!(project.refused(&["publish"]).contains("it is an SSH key: set `signing.format` to `ssh`"));
}

#[cfg(unix)]
mod agents {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;
    use std::process::Child;

    use super::*;

    /// A real ssh-agent that ends with the test.
    struct SshAgent {
        child: Child,
        socket: PathBuf,
    }

    impl SshAgent {
        fn start(project: &Project) -> Self {
            let socket = project.beside("agent");
            let child = project.command("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn();
            let agent = Self { child: child.expect("ssh-agent runs"), socket };
            for _ in 0..500 {
                if agent.socket.exists() {
                    return agent;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            panic!("ssh-agent does not listen");
        }

        fn add(&self, project: &Project, key: &Path) {
            let mut command = project.command("ssh-add");
            let status = command.env("SSH_AUTH_SOCK", &self.socket).arg("-q").arg(key).stderr(Stdio::null()).status();
            assert!(status.expect("ssh-add runs").success());
        }
    }

    impl Drop for SshAgent {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    /// Signs with the public half of a key whose private half only the agent has.
    fn publish_by_agent(kind: &[&str], certified: bool) {
        let project = Project::new("");
        let key = project.beside("id");
        let status = project.command("ssh-keygen").args(["-q", "-N", "", "-t"]).args(kind).arg("-f").arg(&key).status();
        assert!(status.expect("ssh-keygen runs").success());
        let mut trusted = project.trust(&key);
        let mut public = key.with_extension("pub");
        if certified {
            let authority = project.key("authority", "");
            let mut command = project.command("ssh-keygen");
            // without `-V` it is valid for ever
            command.args(["-q", "-I", "ci", "-n", "ci@example.com", "-s"]).arg(&authority).arg(&public);
            assert!(command.status().expect("ssh-keygen runs").success());
            public = project.beside("id-cert.pub");
            trusted = project.trust(&authority);
            let line = text(trusted.as_ref()).replace("ci@example.com", "ci@example.com cert-authority");
            std::fs::write(&trusted, line).expect("written");
        }
        let agent = SshAgent::start(&project);
        agent.add(&project, &key);
        std::fs::remove_file(&key).expect("the agent has it");
        let project = project.with("SSH_AUTH_SOCK", agent.socket.to_str().expect("UTF-8"));
        project.ok(&["publish", "--signing-key", public.to_str().expect("UTF-8")]);
        project.ok(&["verify", "env/prod", "--allowed-signers", &trusted]);
        let setting = format!("gpg.ssh.allowedSignersFile={trusted}");
        let git =
            project.command("git").args(["-c", &setting, "verify-commit", "env/prod"]).output().expect("git runs");
        assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
    }

    #[test]
    fn an_agent_signs_with_keys_of_every_kind() {
        if !has("ssh-agent") {
            return;
        }
        for kind in [&["ed25519"][..], &["ecdsa", "-b", "384"], &["rsa", "-b", "2048"]] {
            publish_by_agent(kind, false);
        }
    }

    #[test]
    fn an_agent_that_is_not_there_or_lacks_the_key_is_told() {
        if !has("ssh-agent") {
            return;
        }
        let project = Project::new("signing: { key: ../id.pub }");
        std::fs::remove_file(project.key("id", "")).expect("made just now");
        let told = project.refused(&["publish"]);
        assert!(told.contains("`SSH_AUTH_SOCK` is not set") && told.contains("ssh-add"), "{told}");
        let agent = SshAgent::start(&project);
        let project = project.with("SSH_AUTH_SOCK", agent.socket.to_str().expect("UTF-8"));
        let told = project.refused(&["publish"]);
        assert!(told.contains("it holds no key"), "{told}");
        agent.add(&project, &project.key("other", ""));
        let told = project.refused(&["publish"]);
        assert!(told.contains("it does not hold ssh-ed25519 SHA256:"), "{told}");
        drop(agent);
        let told = project.refused(&["publish"]);
        assert!(told.contains("Connection refused") || told.contains("No such file"), "{told}");
    }

    /// An agent that answers each connection with bytes of its own, or never.
    fn fake_agent(project: &Project, answers: Vec<Option<Vec<u8>>>) -> PathBuf {
        let socket = project.beside("fake");
        let listener = UnixListener::bind(&socket).expect("a new socket");
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let mut length = [0; 4];
                let _ = stream.read_exact(&mut length);
                let mut message = vec![0; u32::from_be_bytes(length) as usize];
                let _ = stream.read_exact(&mut message);
                if let Some(answer) = answer {
                    let length = u32::try_from(answer.len()).expect("short");
                    let _ = stream.write_all(&[&length.to_be_bytes()[..], &answer].concat());
                }
                kept.push(stream);
            }
            std::thread::sleep(Duration::from_secs(60));
        });
        socket
    }

    #[test]
    fn an_agent_that_refuses_hangs_or_lies_stops_the_publication() {
        if !has("ssh-keygen") {
            return;
        }
        use base64_of_line as blob;
        let project = Project::new("signing: { key: ../id.pub, timeout: 2 }");
        std::fs::remove_file(project.key("id", "")).expect("made just now");
        let key = blob(&text(&project.beside("id.pub")));
        let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat();
        let identities = [&[12, 0, 0, 0, 1][..], &string(&key), &string(b"comment")].concat();
        let wrong = [&string(b"ssh-ed25519")[..], &string(&[7; 64])].concat();
        let lie = [&[14][..], &string(&wrong)].concat();
        for (about, answers, part) in [
            ("refuses to list", vec![Some(vec![5])], "refuses to list"),
            ("garbage", vec![Some(vec![12, 255, 255, 255, 255])], "does not read"),
            ("silent at once", vec![None], "did not answer within 2 seconds"),
            ("refuses", vec![Some(identities.clone()), Some(vec![5])], "it refuses"),
            ("silent later", vec![Some(identities.clone()), None], "did not answer within 2 seconds"),
            ("lies", vec![Some(identities.clone()), Some(lie)], "its own public key does not confirm"),
        ] {
            let socket = fake_agent(&project, answers);
            let mut command = project.command(env!("CARGO_BIN_EXE_hydrant"));
            let started = Instant::now();
            let output = command.env("SSH_AUTH_SOCK", &socket).arg("publish").output().expect("it runs");
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(4), "{about}: {told}");
            assert!(told.contains(part), "{about}: {told}");
            assert!(started.elapsed() < Duration::from_secs(30), "{about}");
            std::fs::remove_file(socket).expect("bound above");
        }
    }

    /// The bytes of a public key's line.
    fn base64_of_line(line: &str) -> Vec<u8> {
        use base64::Engine as _;
        let text = line.split(' ').nth(1).expect("the key");
        base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
    }

    #[test]
    fn a_certificate_goes_into_the_signature() {
        if !has("ssh-agent") {
            return;
        }
        publish_by_agent(&["ed25519"], true);
    }
}

#[test]
fn the_first_commit_of_a_branch_carries_the_seal_and_no_later_one() {
    let project = Project::new(
        "signing: { key: ~/.ssh/id_ed25519, seal: history before Hydrant was not signed }\nverify: { allowed_signers: allowed_signers }",
    );
    project.ok(&["publish"]);
    let trailers = |revision: &str| {
        project.sandbox.ok(&["git", "log", "-1", "--pretty=%(trailers:key=Argocd-gpg-seal,valueonly)", revision])
    };
    assert_eq!(trailers("env/prod"), "history before Hydrant was not signed");
    let all = project.sandbox.ok(&["git", "log", "-1", "--pretty=%(trailers:keyonly)", "env/prod"]);
    assert!(all.contains("Hydrant-Dry-Commit"), "the other trailers are trailers still: {all}");
    project.ok(&["verify", "env/prod"]);
    project
        .sandbox
        .write("apps/web/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: b, namespace: web }\n");
    project.sandbox.commit_all("more");
    project.ok(&["publish"]);
    assert_eq!(trailers("env/prod"), "");
    assert_eq!(project.sandbox.ok(&["git", "rev-list", "--count", "env/prod"]), "2");
}

#[test]
fn an_openpgp_key_in_a_variable_is_published_and_verified_without_gpg() {
    if !has("gpg") {
        return;
    }
    let project = Project::new("verify: { keyring: ../keys.asc }");
    let home = project.beside("g");
    std::fs::create_dir(&home).expect("a new folder");
    #[cfg(unix)]
    std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("ours");
    let gpg = |arguments: &[&str]| {
        let mut command = project.command("gpg");
        command.env("GNUPGHOME", &home).args([
            "--batch",
            "--quiet",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "x y",
        ]);
        let output = command.args(arguments).output().expect("gpg runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    gpg(&["--quick-generate-key", "ci <ci@example.com>", "ed25519", "sign", "never"]);
    let (secret, public) = (gpg(&["--armor", "--export-secret-keys"]), gpg(&["--armor", "--export"]));
    let _ = project.command("gpgconf").env("GNUPGHOME", &home).args(["--kill", "all"]).output();
    std::fs::write(project.beside("keys.asc"), &public).expect("written");
    let project = project.with("HYDRANT_SIGNING_KEY_DATA", &secret).with("HYDRANT_SIGNING_PASSPHRASE", "x y");

    let id = project.ok(&["key"]).stdout.trim().to_owned();
    assert!(id.len() == 16 && id.chars().all(|char| matches!(char, '0'..='9' | 'A'..='F')), "{id}");
    let told = project.ok(&["publish"]).stderr;
    assert!(told.contains(&format!("signed with key {id}")) && !told.contains("x y"), "{told}");
    let told = project.ok(&["verify", "env/prod"]).stderr;
    assert!(told.contains("ci <ci@example.com>") && told.contains(&id), "{told}");
    let told = project.hydrant(&["verify", "env/prod", "--allowed-signers", "allowed_signers"]);
    assert_eq!(told.code, 6, "{}", told.stderr);
    assert!(told.stderr.contains("nobody is trusted to sign with OpenPGP"), "{}", told.stderr);
    // the exported public key is one that the keyring takes
    std::fs::write(project.beside("keys.asc"), project.ok(&["key", "--public"]).stdout).expect("written");
    project.ok(&["verify", "env/prod"]);
}

#[test]
#[cfg(unix)]
fn git_signs_with_its_own_settings_where_the_project_says_so() {
    if !has("ssh-keygen") {
        return;
    }
    let project = Project::new("signing: { format: git }\nverify: { allowed_signers: allowed_signers }");
    project.sandbox.ok(&["git", "config", "gpg.format", "ssh"]);
    project.sandbox.ok(&["git", "config", "user.signingKey", "~/.ssh/id_ed25519"]);
    let key = project.beside("home/.ssh/id_ed25519");
    // ssh-keygen refuses keys that others can read
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("ours");
    project.ok(&["publish"]);
    project.ok(&["verify", "env/prod"]);
    let spy = project.beside("spy");
    let seen = project.beside("seen");
    std::fs::write(&spy, format!("#!/bin/sh\nenv > '{}'\nexit 1\n", seen.display())).expect("written");
    std::fs::set_permissions(&spy, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
    project.sandbox.ok(&["git", "config", "gpg.ssh.program", spy.to_str().expect("UTF-8")]);
    let project = project.with("HYDRANT_SIGNING_PASSPHRASE", "two words");
    let told = project.hydrant(&["key"]);
    assert_eq!(told.code, 4, "{}", told.stderr);
    assert!(!text(&seen).contains("HYDRANT_SIGNING_PASSPHRASE"), "{}", text(&seen));
}
