//! Every kind of SSH key: what Hydrant signs with it git accepts, what git and ssh-keygen sign with it Hydrant accepts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hydrant::git::Repository;
use hydrant::sign::{
    AllowedSigners, CommitSignature, GIT_NAMESPACE, NotAllowed, Passphrase, PublicKey, RawSignature, SignError,
    Signature, SignedCommit, Signer as _, SshSigner, sign, sign_blob, verify_ssh, verify_ssh_blob,
};

use super::sandbox::{PRINCIPAL, Sandbox, has_ssh_keygen, text_of};

/// Name, type and bits.
const KEYS: [(&str, &str, &str); 6] = [
    ("ed25519", "ed25519", "256"),
    ("p256", "ecdsa", "256"),
    ("p384", "ecdsa", "384"),
    ("p521", "ecdsa", "521"),
    ("rsa2048", "rsa", "2048"),
    ("rsa4096", "rsa", "4096"),
];

/// Runs ssh-keygen, which must succeed.
fn ssh_keygen(sandbox: &Sandbox, arguments: &[&str]) {
    let output = sandbox.command("ssh-keygen").current_dir(sandbox.home()).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn make_key(sandbox: &Sandbox, name: &str, kind: &str, bits: &str) -> PathBuf {
    ssh_keygen(sandbox, &["-q", "-t", kind, "-b", bits, "-N", "", "-C", "a comment", "-f", name]);
    sandbox.home().join(name)
}

fn public(key: &Path) -> String {
    text_of(&key.with_extension("pub")).trim().to_owned()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned().into())
}

fn publish(sandbox: &Sandbox, signer: &SshSigner, branch: &str) {
    let commit = sandbox.prepare_commit(&sandbox.hydrated("prod", &[("web", &["one"])]), branch);
    sandbox.open().publish(&sign(commit, signer).expect("signs")).expect("publishes");
}

fn signed_by_git(sandbox: &Sandbox, key: &Path) {
    let setting = format!("user.signingKey={}", key.display());
    sandbox.git(&["-c", "gpg.format=ssh", "-c", &setting, "commit", "-q", "-S", "--allow-empty", "-m", "signed"]);
}

/// The key that signed a commit, and the bytes it signed.
fn signatory(repository: &Repository, revision: &str) -> PublicKey {
    let commit = repository.commit(repository.resolve(revision).expect("known")).expect("readable");
    let parts = SignedCommit::split(&commit.bytes, commit.signature_header).expect("well-formed");
    let CommitSignature::Signed(signature) = parts.signature else { panic!("{revision} is not signed") };
    verify_ssh(&parts.payload, &signature).unwrap_or_else(|error| panic!("{revision}: {error}"))
}

#[test]
fn git_and_hydrant_accept_each_others_signatures_by_every_kind_of_key() {
    if !has_ssh_keygen() {
        return;
    }
    for (format, keys) in [("sha1", &KEYS[..]), ("sha256", &KEYS[..2])] {
        let sandbox = Sandbox::with_format(format);
        for (name, kind, bits) in keys {
            let key = make_key(&sandbox, name, kind, bits);
            let allowed = format!("{PRINCIPAL} namespaces=\"git\" {}", public(&key));
            signed_by_git(&sandbox, &key);
            let found = signatory(&sandbox.open(), "HEAD");
            let signers = AllowedSigners::parse(&allowed, "allowed").expect("a list");
            assert_eq!(signers.find(&found, GIT_NAMESPACE, 1_767_225_600), Ok(PRINCIPAL), "{name}");

            let signer = SshSigner::from_openssh(&text_of(&key), name).expect("reads");
            let branch = format!("env/{name}");
            publish(&sandbox, &signer, &branch);
            let (good, told) = sandbox.git_verify(&branch, &allowed);
            assert!(good, "{name} in a {format} repository: {told}");
            let setting = format!("gpg.ssh.allowedSignersFile={}", sandbox.home().join("allowed_signers").display());
            let shown = sandbox.git(&["-c", &setting, "log", "-1", "--pretty=%G?%GK", &branch]);
            assert_eq!(shown, format!("G{}", found.fingerprint()), "{name}");
        }
        sandbox.assert_sound();
    }
}

#[test]
fn keys_that_consumers_refuse_do_not_sign() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    let short = make_key(&sandbox, "short", "rsa", "1024");
    match SshSigner::from_openssh(&text_of(&short), "short") {
        Err(SignError::Unusable { reason, .. }) => assert!(reason.contains("1024 bits"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn encrypted_keys_open_with_their_passphrase_and_no_other() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    for (name, kind, cipher) in [
        ("ctr", "ed25519", "aes256-ctr"),
        ("cbc", "ecdsa", "aes256-cbc"),
        ("gcm", "ed25519", "aes256-gcm@openssh.com"),
        ("chacha", "rsa", "chacha20-poly1305@openssh.com"),
    ] {
        ssh_keygen(&sandbox, &["-q", "-t", kind, "-N", "wörds of secret", "-Z", cipher, "-a", "4", "-f", name]);
        let text = text_of(&sandbox.home().join(name));
        assert!(matches!(SshSigner::from_openssh(&text, name), Err(SignError::Encrypted { .. })), "{name}");
        let wrong = SshSigner::from_encrypted(&text, name, &passphrase("words of secret")).expect_err("not that one");
        assert_eq!(wrong, SignError::WrongPassphrase { name: name.to_owned() });
        let signer = SshSigner::from_encrypted(&text, name, &passphrase("wörds of secret\n")).expect("opens");
        assert!(public(&sandbox.home().join(name)).starts_with(&signer.public_key()), "{name}");
        let (signature, _) = sign_blob(b"payload", GIT_NAMESPACE, &signer).expect("signs");
        assert!(verify_ssh(b"payload", &signature).is_ok(), "{name}");
    }
}

#[test]
fn ecdsa_keys_read_whatever_the_length_of_their_number() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    // on P-521 every second number is short, so that both lengths are among these but for one run in 2048
    for index in 0..12 {
        let (name, words) = (format!("p521-{index}"), if index % 2 == 0 { "" } else { "two words" });
        let cipher = if index % 4 == 1 { "aes256-ctr" } else { "aes256-gcm@openssh.com" };
        ssh_keygen(&sandbox, &["-q", "-t", "ecdsa", "-b", "521", "-N", words, "-Z", cipher, "-a", "2", "-f", &name]);
        let text = text_of(&sandbox.home().join(&name));
        let signer = match words {
            "" => SshSigner::from_openssh(&text, &name),
            words => SshSigner::from_encrypted(&text, &name, &passphrase(words)),
        };
        let signer = signer.unwrap_or_else(|error| panic!("{error}"));
        assert!(sign_blob(b"payload", GIT_NAMESPACE, &signer).is_ok(), "{name}");
        if !words.is_empty() {
            let wrong = SshSigner::from_encrypted(&text, &name, &passphrase("other words")).expect_err("not that one");
            assert!(matches!(wrong, SignError::WrongPassphrase { .. }), "{wrong}");
        }
    }
}

/// What `ssh-keygen -Y verify` says of a blob.
fn ssh_keygen_verifies(
    sandbox: &Sandbox,
    payload: &[u8],
    signature: &Signature,
    namespace: &str,
    allowed: &str,
) -> bool {
    let file = |name: &str, bytes: &[u8]| {
        let path = sandbox.home().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    };
    let signature = file("blob.sig", signature.armor().as_bytes());
    let (allowed, payload) = (file("blob.allowed", allowed.as_bytes()), file("blob", payload));
    let mut command = sandbox.command("ssh-keygen");
    command.args(["-Y", "verify", "-n", namespace, "-I", PRINCIPAL, "-Overify-time=20260101000000Z", "-f"]);
    command.arg(allowed).arg("-s").arg(signature).stdin(std::fs::File::open(payload).expect("readable"));
    command.output().expect("it runs").status.success()
}

#[test]
fn a_blob_is_signed_for_one_purpose_alone() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    for (name, kind, bits) in KEYS {
        let key = make_key(&sandbox, name, kind, bits);
        let signer = SshSigner::from_openssh(&text_of(&key), name).expect("reads");
        let (signature, id) = sign_blob(b"a statement", "hydrant-attestation", &signer).expect("signs");
        assert_eq!(id.as_str(), signer.key().fingerprint());
        let allowed = format!("{PRINCIPAL} {}", public(&key));
        for (payload, purpose, good) in [
            (&b"a statement"[..], "hydrant-attestation", true),
            (b"a statement", "git", false),
            (b"another one", "hydrant-attestation", false),
        ] {
            assert_eq!(verify_ssh_blob(payload, &signature, purpose).is_ok(), good, "{name} {purpose}");
            assert_eq!(ssh_keygen_verifies(&sandbox, payload, &signature, purpose, &allowed), good, "{name} {purpose}");
        }
    }
}

#[test]
fn bare_signatures_hold_to_openssl() {
    let has_openssl = Command::new("openssl").arg("version").stdin(Stdio::null()).output().is_ok();
    if !has_ssh_keygen() || !has_openssl {
        eprintln!("skipped: openssl or ssh-keygen is not installed, so nobody else judges bare signatures");
        return;
    }
    let sandbox = Sandbox::new();
    let message = b"DSSEv1 28 application/vnd.in-toto+json 2 {}";
    for (name, kind, bits) in KEYS {
        let key = make_key(&sandbox, name, kind, bits);
        let signer = SshSigner::from_openssh(&text_of(&key), name).expect("reads");
        let signature = signer.sign_raw(message).expect("signs");
        let file = |suffix: &str, bytes: &[u8]| {
            let path = sandbox.home().join(format!("{name}.{suffix}"));
            std::fs::write(&path, bytes).expect("written");
            path
        };
        let pem = file("pem", signer.key().to_pem().expect("no hardware").as_bytes());
        let (bytes, text) = (file("raw", signature.bytes()), file("message", message));
        let mut openssl = sandbox.command("openssl");
        openssl.args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"]).arg(pem);
        openssl.arg("-sigfile").arg(bytes).arg("-in").arg(text);
        match name {
            "ed25519" => {}
            "p384" => drop(openssl.args(["-digest", "sha384"])),
            "p521" => drop(openssl.args(["-digest", "sha512"])),
            _ => drop(openssl.args(["-digest", "sha256"])),
        }
        let output = openssl.output().expect("it runs");
        assert!(output.status.success(), "{name}: {output:?}");

        let read = RawSignature::by(&signer.key(), signature.bytes()).expect("a known kind");
        assert_eq!(signer.key().verify_raw(message, &read), Ok(()), "{name}");
        assert!(signer.key().verify_raw(b"other", &read).is_err(), "{name}");
        let cut = RawSignature::by(&signer.key(), &signature.bytes()[1..]).expect("a known kind");
        assert!(signer.key().verify_raw(message, &cut).is_err(), "{name}");
    }
}

/// An authority, a key, and a certificate made with further arguments: the certificate's path.
fn certify(sandbox: &Sandbox, key: &Path, arguments: &[&str]) -> PathBuf {
    let file = key.with_extension("pub");
    let file = file.to_str().expect("UTF-8");
    let mut command: Vec<&str> = vec!["-q", "-s", "authority", "-I", "ci certificate"];
    command.extend(arguments);
    command.push(file);
    ssh_keygen(sandbox, &command);
    let name = key.file_name().and_then(|name| name.to_str()).expect("UTF-8");
    key.with_file_name(format!("{name}-cert.pub"))
}

/// What git and Hydrant think of the tip: both must agree with `good`.
fn assert_agreement(sandbox: &Sandbox, revision: &str, allowed: &str, good: bool, about: &str) {
    let (git_good, told) = sandbox.git_verify(revision, allowed);
    assert_eq!(git_good, good, "git: {about}: {told}");
    let key = signatory(&sandbox.open(), revision);
    let ours = AllowedSigners::parse(allowed, "allowed")
        .is_ok_and(|signers| signers.find(&key, GIT_NAMESPACE, 1_767_225_600).is_ok());
    assert_eq!(ours, good, "hydrant: {about}");
}

#[test]
fn certificates_count_as_they_do_to_ssh_keygen() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    let authority = make_key(&sandbox, "authority", "ed25519", "256");
    let stranger = make_key(&sandbox, "stranger", "ed25519", "256");
    let in_time = ["-V", "20250101000000Z:20270101000000Z", "-n", PRINCIPAL];
    for (name, kind, bits) in [("one", "ed25519", "256"), ("two", "rsa", "2048"), ("three", "ecdsa", "384")] {
        let key = make_key(&sandbox, name, kind, bits);
        let certificate = certify(&sandbox, &key, &in_time);
        // ours, by the private key with its certificate
        let signer = SshSigner::from_openssh(&text_of(&key), name).expect("reads");
        let parsed = PublicKey::parse(&text_of(&certificate)).expect("a certificate");
        let signer = signer.with_certificate(parsed, 1_767_225_600).expect("for this key");
        publish(&sandbox, &signer, &format!("env/{name}"));
        // and git's
        signed_by_git(&sandbox, &certificate);
        for revision in [format!("env/{name}"), "HEAD".to_owned()] {
            for (line, good) in [
                (format!("{PRINCIPAL} cert-authority {}", public(&authority)), true),
                (format!("*@example.com cert-authority,namespaces=\"git\" {}", public(&authority)), true),
                (format!("{PRINCIPAL} namespaces=\"file\",cert-authority {}", public(&authority)), false),
                (format!("{PRINCIPAL} cert-authority,valid-before=\"20251231Z\" {}", public(&authority)), false),
                (format!("other@example.com cert-authority {}", public(&authority)), false),
                (format!("{PRINCIPAL} cert-authority {}", public(&stranger)), false),
                (format!("{PRINCIPAL} {}", public(&authority)), false),
                (format!("{PRINCIPAL} {}", public(&key)), false),
            ] {
                assert_agreement(&sandbox, &revision, &line, good, &format!("{revision}: {line}"));
            }
        }
        // a line for an authority says nothing about the authority's own signatures
        signed_by_git(&sandbox, &authority);
        let line = format!("{PRINCIPAL} cert-authority {}", public(&authority));
        assert_agreement(&sandbox, "HEAD", &line, false, "the authority itself");
    }
}

#[test]
fn certificates_out_of_their_time_or_for_others_are_refused() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    let authority = make_key(&sandbox, "authority", "ed25519", "256");
    let allowed = format!("{PRINCIPAL} cert-authority {}", public(&authority));
    let time = ["-V", "20250101000000Z:20270101000000Z"];
    for (name, arguments, part) in [
        ("over", &["-V", "20240101000000Z:20250101000000Z", "-n", PRINCIPAL][..], "valid until 2025-01-01"),
        ("early", &["-V", "20260601000000Z:20270101000000Z", "-n", PRINCIPAL], "valid from 2026-06-01"),
        ("other", &[time[0], time[1], "-n", "root"], "for `root`"),
        ("nobody", &time, "names nobody"),
        ("host", &[time[0], time[1], "-h", "-n", PRINCIPAL], "hosts"),
    ] {
        let key = make_key(&sandbox, name, "ed25519", "256");
        let certificate = certify(&sandbox, &key, arguments);
        signed_by_git(&sandbox, &certificate);
        assert_agreement(&sandbox, "HEAD", &allowed, false, name);
        let key = signatory(&sandbox.open(), "HEAD");
        let signers = AllowedSigners::parse(&allowed, "allowed").expect("a list");
        match signers.find(&key, GIT_NAMESPACE, 1_767_225_600) {
            Err(NotAllowed::Certificate { reason, .. }) => assert!(reason.contains(part), "{name}: {reason}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    // a certificate that somebody else signed with the same authority's name on it
    let key = make_key(&sandbox, "limited", "ed25519", "256");
    let options = ["-V", "20250101000000Z:20270101000000Z", "-n", PRINCIPAL, "-O", "force-command=true"];
    let certificate = certify(&sandbox, &key, &options);
    signed_by_git(&sandbox, &certificate);
    let signers = AllowedSigners::parse(&allowed, "allowed").expect("a list");
    let refused = signers.find(&signatory(&sandbox.open(), "HEAD"), GIT_NAMESPACE, 1_767_225_600);
    assert!(refused.is_err_and(|error| error.to_string().contains("force-command")), "ssh-keygen looks away here");
}

#[test]
fn a_certificate_that_cannot_serve_is_refused_before_signing() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    make_key(&sandbox, "authority", "ed25519", "256");
    let key = make_key(&sandbox, "one", "ed25519", "256");
    let other = make_key(&sandbox, "two", "ed25519", "256");
    let certificate = certify(&sandbox, &key, &["-V", "20250101000000Z:20270101000000Z", "-n", PRINCIPAL]);
    let certificate = || PublicKey::parse(&text_of(&certificate)).expect("a certificate");
    let signer = |key: &Path| SshSigner::from_openssh(&text_of(key), "key").expect("reads");
    let refused = |key: &Path, certificate: PublicKey, now: i64| {
        signer(key).with_certificate(certificate, now).expect_err("refused").to_string()
    };
    assert!(refused(&other, certificate(), 1_767_225_600).contains("for another key"));
    assert!(refused(&key, certificate(), 1_900_000_000).contains("expired on 2027-01-01T00:00:00Z"));
    assert!(refused(&key, certificate(), 1_600_000_000).contains("only from 2025-01-01T00:00:00Z"));
    assert!(refused(&key, signer(&key).key(), 1_767_225_600).contains("a plain public key"));
}
