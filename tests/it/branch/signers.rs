//! Signatures made by git itself, checked by Hydrant, and `allowed_signers` files judged by ssh-keygen.

use std::io::Write as _;
use std::process::Stdio;

use hydrant::git::Repository;
use hydrant::sign::{
    AllowedSigners, CommitSignature, GIT_NAMESPACE, SignError, SignedCommit, Signer as _, SshSigner, verify_ssh,
};

use super::sandbox::{PRINCIPAL, Sandbox, has_ssh_keygen, text_of};

/// Makes a key file; its path.
fn key_file(sandbox: &Sandbox, kind: &str, passphrase: &str) -> String {
    let path = sandbox.home().join(format!("{kind}-{}", passphrase.len()));
    let path = path.to_str().expect("UTF-8").to_owned();
    let arguments = ["-q", "-t", kind, "-N", passphrase, "-C", "a comment", "-f", &path];
    let made = sandbox.command("ssh-keygen").args(arguments).status().expect("ssh-keygen runs");
    assert!(made.success());
    path
}

fn checked(repository: &Repository, revision: &str, allowed: &str) -> Result<String, String> {
    let commit = repository.commit(repository.resolve(revision).expect("known")).expect("readable");
    let parts = SignedCommit::split(&commit.bytes, commit.signature_header).expect("well-formed");
    let CommitSignature::Signed(signature) = parts.signature else { return Err("unsigned".to_owned()) };
    let key = verify_ssh(&parts.payload, &signature).map_err(|error| error.to_string())?;
    let signers = AllowedSigners::parse(allowed, "allowed").expect("a list");
    let found = signers.find(&key, GIT_NAMESPACE, commit.time.seconds).map_err(|error| error.to_string())?;
    Ok(found.to_owned())
}

#[test]
fn a_key_with_a_passphrase_is_told() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    let key = key_file(&sandbox, "ed25519", "secret words");
    let error = SshSigner::from_openssh(&text_of(key.as_ref()), &key).expect_err("encrypted");
    assert!(matches!(error, SignError::Encrypted { .. }), "{error:?}");
    assert!(error.to_string().contains(&key) && error.help().contains("HYDRANT_SIGNING_PASSPHRASE"));
}

#[test]
fn commits_with_encoding_and_mergetag_headers_are_taken_apart_as_git_does() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    let key = key_file(&sandbox, "ed25519", "");
    let settings = ["-c", "gpg.format=ssh", "-c", &format!("user.signingKey={key}")];
    let git = |arguments: &[&str]| sandbox.git(&[&settings[..], arguments].concat());
    let allowed = format!("{PRINCIPAL} {}", text_of(format!("{key}.pub").as_ref()));
    // a signed tag, merged: the merge carries the tag with its own signature inside a header
    git(&["checkout", "-q", "-b", "side"]);
    git(&["commit", "-q", "--allow-empty", "-m", "side"]);
    git(&["tag", "-s", "-m", "a signed tag", "v1"]);
    git(&["checkout", "-q", "main"]);
    git(&["-c", "i18n.commitEncoding=ISO-8859-1", "merge", "-q", "--no-ff", "-S", "-m", "merge", "v1"]);
    let raw = sandbox.git(&["cat-file", "commit", "HEAD"]);
    assert!(raw.contains("\nencoding ISO-8859-1\n") && raw.contains("\nmergetag object "), "{raw}");
    assert_eq!(checked(&sandbox.open(), "HEAD", &allowed).as_deref(), Ok(PRINCIPAL));
    // the other way round: take git's signature out, put ours in, let git judge
    let commit = sandbox.open().commit(sandbox.open().resolve("HEAD").expect("known")).expect("readable");
    let parts = SignedCommit::split(&commit.bytes, commit.signature_header).expect("well-formed");
    let signature = sandbox.signer.sign(&parts.payload, GIT_NAMESPACE).expect("signs");
    let ours = SignedCommit::join(&parts.payload, &signature, commit.signature_header).expect("has headers");
    let mut child = sandbox.command("git");
    let child = child.arg("-C").arg(sandbox.path()).args(["hash-object", "-t", "commit", "-w", "--stdin"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git runs");
    child.stdin.take().expect("piped").write_all(&ours).expect("written");
    let output = child.wait_with_output().expect("git ends");
    assert!(output.status.success());
    let id = String::from_utf8(output.stdout).expect("hex");
    let (good, told) = sandbox.git_verify(id.trim(), &sandbox.allowed());
    assert!(good, "{told}");
}

/// Lines that both accept or both refuse, for a commit of 2026-01-01T00:00:00Z. `KEY` stands for the key.
const LINES: &[(&str, bool)] = &[
    ("ci@example.com KEY", true),
    ("ci@example.com,other@example.com KEY", true),
    ("*@example.com KEY", true),
    ("\"ci@example.com\" KEY", true),
    ("ci@example.com\tKEY a comment = \"with\" things", true),
    ("ci@example.com namespaces=\"git\" KEY", true),
    ("ci@example.com NameSpaces=\"git\" KEY", true),
    ("ci@example.com namespaces=\"a,git,b\",valid-after=\"20200101\" KEY", true),
    ("ci@example.com valid-before=\"202601010001\" KEY", true),
    ("ci@example.com valid-before=\"202512312359\" KEY", false),
    ("ci@example.com valid-before=\"20260101000000Z\" KEY", true),
    ("ci@example.com namespaces=\"g\" KEY", false),
    ("ci@example.com namespaces=git KEY", false),
    ("ci@example.com namespaces=\"git KEY", false),
    ("ci@example.com namespace=\"git\" KEY", false),
    ("ci@example.com valid-after=\"2026\" KEY", false),
    ("ci@example.com valid-after=\"20270101\",valid-before=\"20200101\" KEY", false),
    ("ci@example.com namespaces=\"git\",namespaces=\"git\" KEY", false),
    ("ci@example.com namespaces=\"git\", KEY", false),
    ("ci@example.com cert-authority KEY", false),
    ("ci@example.com cert-authority,cert-authority KEY", false),
    ("# ci@example.com KEY", false),
    ("ci@example.com", false),
];

#[test]
fn allowed_signers_mean_to_hydrant_what_they_mean_to_ssh_keygen() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    for (line, good) in LINES {
        let allowed = line.replace("KEY", &sandbox.signer.public_key());
        let (git_good, told) = sandbox.git_verify("env/prod", &allowed);
        assert_eq!(git_good, *good, "git on `{line}`: {told}");
        let ours =
            AllowedSigners::parse(&allowed, "allowed").is_ok() && sandbox.verify_with("env/prod", &allowed).is_good();
        assert_eq!(ours, *good, "hydrant on `{line}`");
    }
}
