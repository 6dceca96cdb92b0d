//! Signing with what git itself is configured to sign with, and everything that can go wrong with such programs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use hydrant::git::GitSigner;
use hydrant::sign::{GIT_NAMESPACE, SignError, SignatureFormat, Signer as _, sign, sign_blob};

use super::gnupg::GnuPg;
use super::sandbox::{PRINCIPAL, Sandbox, has_ssh_keygen, text_of};
use super::write_program;

const LIMIT: Duration = Duration::from_secs(30);

fn configure(sandbox: &Sandbox, settings: &[(&str, &str)]) {
    for (name, value) in settings {
        sandbox.git(&["config", name, value]);
    }
}

fn signer(sandbox: &Sandbox) -> Result<GitSigner, SignError> {
    sandbox.open().git_signer(LIMIT, &[])
}

fn publish(sandbox: &Sandbox, signer: &GitSigner, branch: &str) -> String {
    let commit = sandbox.prepare_commit(&sandbox.hydrated("prod", &[("web", &["one"])]), branch);
    let signed = sign(commit, signer).unwrap_or_else(|error| panic!("{error}"));
    let key = signed.key().to_string();
    sandbox.open().publish(&signed).expect("publishes");
    key
}

fn program(sandbox: &Sandbox, name: &str, body: &str) -> String {
    let file = sandbox.home().join(name);
    write_program(&file, body);
    file.to_str().expect("UTF-8").to_owned()
}

/// The message of a signature that is refused.
fn refused(sandbox: &Sandbox, limit: Duration) -> String {
    let signer = sandbox.open().git_signer(limit, &[]).expect("configured");
    match sign_blob(b"payload", GIT_NAMESPACE, &signer) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it signed"),
    }
}

#[test]
#[cfg(unix)]
fn gpg_signs_as_under_git_commit() {
    let Some(gnupg) = GnuPg::new() else { return };
    let sandbox = Sandbox::new();
    let primary = gnupg.make_key("one", "ed25519", "sign", &[]);
    gnupg.gpg(&["--quick-add-key", &primary, "ed25519", "sign", "never"]);
    let subkey = gnupg.fingerprints("one").pop().expect("a subkey");
    let program = gnupg.program();
    configure(&sandbox, &[("gpg.program", program.to_str().expect("UTF-8")), ("user.signingKey", "one@example.com")]);
    let key = publish(&sandbox, &signer(&sandbox).expect("configured"), "env/subkey");
    assert_eq!(key, subkey[24..]);
    assert_eq!(gnupg.argo_cd_asks(&sandbox, "env/subkey"), ("G".to_owned(), key));
    // the way out of the subkey trap
    configure(&sandbox, &[("user.signingKey", &format!("{primary}!"))]);
    let key = publish(&sandbox, &signer(&sandbox).expect("configured"), "env/primary");
    assert_eq!(key, primary[24..]);
    assert_eq!(gnupg.argo_cd_asks(&sandbox, "env/primary"), ("G".to_owned(), key));
    // without a key gpg looks for one of the committer
    sandbox.git(&["config", "--unset", "user.signingKey"]);
    configure(&sandbox, &[("user.name", "one"), ("user.email", "one@example.com")]);
    assert_eq!(signer(&sandbox).expect("configured").name(), "one <one@example.com>");
    publish(&sandbox, &signer(&sandbox).expect("configured"), "env/committer");
    assert_eq!(gnupg.argo_cd_asks(&sandbox, "env/committer").0, "G");
    // and says so where it finds none
    configure(&sandbox, &[("user.signingKey", "nobody@example.com")]);
    let told = refused(&sandbox, LIMIT);
    assert!(told.contains("gpg-here") && told.contains("nobody@example.com"), "{told}");
    assert!(!told.contains("[GNUPG:]"), "status lines are for machines: {told}");
}

#[test]
fn ssh_keygen_signs_as_under_git_commit() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    let key = sandbox.home().join("id");
    let key = key.to_str().expect("UTF-8");
    let made = sandbox.command("ssh-keygen").args(["-q", "-t", "ecdsa", "-N", "", "-f", key]).status().expect("runs");
    assert!(made.success());
    configure(&sandbox, &[("gpg.format", "ssh"), ("user.signingKey", key)]);
    let signer = signer(&sandbox).expect("configured");
    publish(&sandbox, &signer, "env/prod");
    let public = text_of(format!("{key}.pub").as_ref());
    let (good, told) = sandbox.git_verify("env/prod", &format!("{PRINCIPAL} {public}"));
    assert!(good, "{told}");
    assert!(public.starts_with(&signer.public_key().expect("it lies beside the key")));
    // for a purpose of its own
    let (signature, _) = sign_blob(b"statement", "hydrant-attestation", &signer).expect("signs");
    assert!(hydrant::sign::verify_ssh_blob(b"statement", &signature, "hydrant-attestation").is_ok());

    configure(&sandbox, &[("user.signingKey", &sandbox.home().join("missing").display().to_string())]);
    let told = refused(&sandbox, LIMIT);
    assert!(told.contains("`ssh-keygen` did not sign") && told.contains("missing"), "{told}");
}

#[test]
fn another_key_than_the_configured_one_is_not_accepted() {
    if !has_ssh_keygen() || cfg!(not(unix)) {
        return;
    }
    let sandbox = Sandbox::new();
    let key = |name: &str| {
        let path = sandbox.home().join(name);
        let path = path.to_str().expect("UTF-8").to_owned();
        let arguments = ["-q", "-t", "ed25519", "-N", "", "-f", &path];
        assert!(sandbox.command("ssh-keygen").args(arguments).status().expect("runs").success());
        path
    };
    let (wanted, other) = (key("wanted"), key("other"));
    // a program that has its own idea of the key
    let body = format!("for last; do :; done\nexec ssh-keygen -Y sign -n git -f '{other}' \"$last\"");
    let program = program(&sandbox, "stubborn", &body);
    configure(&sandbox, &[("gpg.format", "ssh"), ("user.signingKey", &wanted), ("gpg.ssh.program", &program)]);
    let told = refused(&sandbox, LIMIT);
    assert!(told.contains("not by ssh-ed25519"), "{told}");
}

#[test]
#[cfg(unix)]
fn a_default_key_command_is_asked_and_must_give_a_key() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = Sandbox::new();
    configure(&sandbox, &[("gpg.format", "ssh")]);
    let told = signer(&sandbox).expect_err("no key").to_string();
    assert!(told.contains("`user.signingKey` is not set"), "{told}");
    configure(&sandbox, &[("gpg.ssh.defaultKeyCommand", "echo the disk is full >&2; false")]);
    let told = signer(&sandbox).expect_err("no key").to_string();
    assert!(told.contains("the disk is full"), "{told}");
    let line = sandbox.signer.public_key();
    configure(&sandbox, &[("gpg.ssh.defaultKeyCommand", &format!("echo 'key::{line}'"))]);
    assert_eq!(signer(&sandbox).expect("a key").name(), format!("key::{line}"));
    // it names a key that only an agent could hold, and there is none
    let program = program(&sandbox, "no-agent", "SSH_AUTH_SOCK= exec ssh-keygen \"$@\"");
    configure(&sandbox, &[("gpg.ssh.program", &program)]);
    let told = refused(&sandbox, LIMIT);
    assert!(told.contains("agent"), "{told}");
}

/// A program for X.509, such as gitsign, as far as git can see.
const GITSIGN: &str = "case \"$*\" in
*--verify*)
  cat > /dev/null
  echo '[GNUPG:] NEWSIG'; echo '[GNUPG:] GOODSIG 0x0123456789ABCDEF ci@example.com'; exit 0;;
*)
  cat > /dev/null
  echo '[GNUPG:] BEGIN_SIGNING' >&2; echo '[GNUPG:] SIG_CREATED D x y' >&2
  printf -- '-----BEGIN SIGNED MESSAGE-----\\r\\nAAAA\\r\\n-----END SIGNED MESSAGE-----\\r\\n';;
esac";

#[test]
#[cfg(unix)]
fn x509_programs_sign_and_what_they_sign_is_never_a_pass() {
    let sandbox = Sandbox::new();
    let file = program(&sandbox, "gitsign", GITSIGN);
    configure(&sandbox, &[("gpg.format", "x509"), ("gpg.x509.program", &file), ("user.signingKey", "ci@example.com")]);
    let signer = signer(&sandbox).expect("configured");
    assert_eq!(signer.format(), SignatureFormat::X509);
    assert_eq!(publish(&sandbox, &signer, "env/prod"), "0x0123456789ABCDEF");
    let (good, told) = sandbox.git_verify("env/prod", "");
    assert!(good, "git is of the program's opinion: {told}");
    let verdict = sandbox.verify("env/prod");
    let claim = verdict.failures().next().expect("it does not hold");
    assert!(matches!(&claim.outcome, hydrant::verify::Outcome::Unchecked(reason) if reason.contains("gitsign")));
}

#[test]
#[cfg(unix)]
fn a_program_that_fails_is_told_with_its_words() {
    let sandbox = Sandbox::new();
    configure(&sandbox, &[("user.signingKey", "ci@example.com")]);
    let armor = "printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nAAAA\\n-----END PGP SIGNATURE-----\\n'";
    let created = "echo '[GNUPG:] SIG_CREATED D 22 10 00 0 ABC' >&2";
    for (name, body, part) in [
        ("fails", "echo 'the card is not there' >&2; exit 2".to_owned(), "the card is not there"),
        ("fails-quietly", "cat > /dev/null; exit 1".to_owned(), "it made no signature"),
        // gpg may end well and still not have signed
        ("says-nothing", format!("cat > /dev/null; {armor}"), "it made no signature"),
        ("signs-otherwise", format!("{created}; echo hello"), "instead of OpenPGP"),
        (
            "does-not-confirm",
            format!(
                "cat > /dev/null\ncase \"$*\" in *--verify*) echo '[GNUPG:] BADSIG 0123 x'; exit 1;; esac\n{created}; {armor}"
            ),
            "BADSIG 0123",
        ),
        (
            "confirms-an-expired-key",
            format!(
                "cat > /dev/null\ncase \"$*\" in *--verify*) echo '[GNUPG:] EXPKEYSIG 0123 x';; *) {created}; {armor};; esac"
            ),
            "EXPKEYSIG 0123",
        ),
    ] {
        configure(&sandbox, &[("gpg.program", &program(&sandbox, name, &body))]);
        let told = refused(&sandbox, LIMIT);
        assert!(told.contains(part), "{name}: {told}");
    }
    configure(&sandbox, &[("gpg.program", "/nowhere/gpg")]);
    let told = refused(&sandbox, LIMIT);
    assert!(told.contains("`/nowhere/gpg` did not sign: it cannot be started"), "{told}");
    configure(&sandbox, &[("gpg.format", "pkcs11")]);
    let told = signer(&sandbox).expect_err("no format").to_string();
    assert!(told.contains("`pkcs11`"), "{told}");
}

#[test]
#[cfg(unix)]
fn a_program_that_hangs_is_stopped() {
    let sandbox = Sandbox::new();
    // its child keeps the pipes open, and would keep a reader waiting
    let hangs = program(&sandbox, "hangs", "echo 'please touch the key' >&2; sleep 60 & sleep 60");
    configure(&sandbox, &[("gpg.program", &hangs), ("user.signingKey", "ci@example.com")]);
    let started = Instant::now();
    let told = refused(&sandbox, Duration::from_secs(1));
    assert!(told.contains("did not answer within 1 seconds") && told.contains("please touch the key"), "{told}");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
#[cfg(unix)]
fn a_program_does_not_see_the_secrets_of_the_environment() {
    let sandbox = Sandbox::new();
    let seen: PathBuf = sandbox.home().join("seen");
    let body = format!("env > '{}'; exit 1", seen.display());
    configure(&sandbox, &[("gpg.program", &program(&sandbox, "spy", &body)), ("user.signingKey", "x")]);
    // stands for a secret: something that is set wherever tests run
    let signer = sandbox.open().git_signer(LIMIT, &["PATH_THAT_IS_NOT_SET", "CARGO_MANIFEST_DIR"]).expect("configured");
    assert!(sign_blob(b"payload", GIT_NAMESPACE, &signer).is_err());
    let text = text_of(&seen);
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some() && !text.contains("CARGO_MANIFEST_DIR="), "{text}");
}
