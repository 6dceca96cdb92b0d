//! OpenPGP: what Hydrant signs gpg, git and Argo CD's question to git accept, and what gpg signs Hydrant judges alike.

use std::time::{SystemTime, UNIX_EPOCH};

use hydrant::sign::{
    GIT_NAMESPACE, Keyring, KeyringError, OpenPgpError, OpenPgpSigner, Passphrase, SignError, Signature,
    SigningKeyChoice, sign, sign_blob, verify_openpgp,
};
use hydrant::verify::{Outcome, Subject, Trust, verify};

use super::gnupg::GnuPg;
use super::sandbox::Sandbox;

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("before the end of time")
}

fn open(text: &str, choice: &SigningKeyChoice) -> Result<OpenPgpSigner, SignError> {
    OpenPgpSigner::from_armor(text, "release key", None, choice, now())
}

fn ring(gnupg: &GnuPg, key: &str) -> Keyring {
    Keyring::parse(&gnupg.public(key), "keys.asc").expect("a keyring")
}

fn publish(sandbox: &Sandbox, signer: &OpenPgpSigner, branch: &str) -> String {
    let commit = sandbox.prepare_commit(&sandbox.hydrated("prod", &[("web", &["one"])]), branch);
    let signed = sign(commit, signer).expect("signs");
    let key = signed.key().to_string();
    sandbox.open().publish(&signed).expect("publishes");
    key
}

/// What Hydrant says of a branch's signature, trusting a keyring.
fn judged(sandbox: &Sandbox, revision: &str, keyring: Keyring) -> Outcome {
    let trust = Trust { keyring: Some(keyring), allowed_signers: None, now: now() };
    let verdict = verify(&sandbox.open(), revision, &trust).expect("can be judged");
    let claim = verdict.claims.iter().find(|claim| claim.subject == Subject::Signature).expect("claimed");
    claim.outcome.clone()
}

fn last_16(fingerprint: &str) -> &str {
    &fingerprint[fingerprint.len() - 16..]
}

/// Keys as people have them: name, type and usage of the primary, and of a signing subkey.
const KEYS: [(&str, &str, &str, Option<&str>); 6] = [
    ("ed25519", "ed25519", "sign", None),
    ("rsa", "rsa3072", "sign", None),
    ("p256", "nistp256", "sign", None),
    ("p521", "nistp521", "sign", None),
    ("offline", "ed25519", "cert", Some("ed25519")),
    ("subkey", "rsa2048", "sign", Some("rsa2048")),
];

#[test]
fn argo_cd_gets_g_and_exactly_the_key_that_was_told() {
    let Some(gnupg) = GnuPg::new() else { return };
    for (format, keys) in [("sha1", &KEYS[..]), ("sha256", &KEYS[4..5])] {
        let sandbox = Sandbox::with_format(format);
        for (name, kind, usage, subkey) in keys {
            let primary = match gnupg.fingerprints_if_made(name) {
                Some(made) => made,
                None => gnupg.make_key(name, kind, usage, &[]),
            };
            if let Some(kind) = subkey
                && gnupg.fingerprints(name).len() == 1
            {
                gnupg.gpg(&["--quick-add-key", &primary, kind, "sign", "never"]);
            }
            let signs = gnupg.fingerprints(name).pop().expect("one at least");
            let signer = open(&gnupg.secret(&primary), &SigningKeyChoice::Newest).expect("usable");
            let branch = format!("env/{name}");
            let told = publish(&sandbox, &signer, &branch);
            assert_eq!(told, last_16(&signs), "the subkey's id, if a subkey signs");

            let output = gnupg.git(&sandbox, &["verify-commit", &branch]);
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(gnupg.argo_cd_asks(&sandbox, &branch), ("G".to_owned(), told.clone()), "{name} {format}");
            match judged(&sandbox, &branch, ring(&gnupg, &primary)) {
                Outcome::Holds(evidence) => {
                    assert!(
                        evidence.contains(&told) && evidence.contains(&format!("{name}@example.com")),
                        "{evidence}"
                    );
                    assert_eq!(evidence.contains("a subkey of"), subkey.is_some(), "{evidence}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        sandbox.assert_sound();
    }
}

#[test]
fn the_primary_key_signs_where_that_is_asked_for() {
    let Some(gnupg) = GnuPg::new() else { return };
    let primary = gnupg.make_key("both", "ed25519", "sign", &[]);
    gnupg.gpg(&["--quick-add-key", &primary, "ed25519", "sign", "never"]);
    gnupg.gpg(&["--quick-add-key", &primary, "cv25519", "encr", "never"]);
    let [_, signing, encryption] = <[String; 3]>::try_from(gnupg.fingerprints("both")).expect("three parts");
    let secret = gnupg.secret(&primary);
    let id = |choice: SigningKeyChoice| open(&secret, &choice).map(|signer| signer.key_id().to_string());
    assert_eq!(id(SigningKeyChoice::Newest).as_deref(), Ok(last_16(&signing)));
    assert_eq!(id(SigningKeyChoice::Primary).as_deref(), Ok(last_16(&primary)));
    let exactly = |wanted: &str| id(SigningKeyChoice::Exactly(wanted.to_owned()));
    assert_eq!(exactly(&primary).as_deref(), Ok(last_16(&primary)));
    assert_eq!(exactly(&format!("0x{}!", last_16(&signing).to_lowercase())).as_deref(), Ok(last_16(&signing)));
    let refused = |wanted: &str| exactly(wanted).expect_err("refused").to_string();
    assert!(refused(&encryption).contains("not for signing"), "{}", refused(&encryption));
    assert!(refused("0123456789ABCDEF").contains("no such subkey"));

    let sandbox = Sandbox::new();
    let signer = open(&secret, &SigningKeyChoice::Primary).expect("usable");
    publish(&sandbox, &signer, "env/prod");
    assert_eq!(gnupg.argo_cd_asks(&sandbox, "env/prod"), ("G".to_owned(), last_16(&primary).to_owned()));
}

#[test]
fn a_subkey_signs_without_its_primary_key() {
    let Some(gnupg) = GnuPg::new() else { return };
    let primary = gnupg.make_key("split", "ed25519", "sign", &[]);
    gnupg.gpg(&["--quick-add-key", &primary, "ed25519", "sign", "never"]);
    let subkey = gnupg.fingerprints("split").pop().expect("a subkey");
    // what people give to CI: the primary key stays at home, a stub says so
    let secret = gnupg.gpg(&["--armor", "--export-secret-subkeys", &format!("{subkey}!")]);
    let signer = open(&secret, &SigningKeyChoice::Newest).expect("usable");
    assert_eq!(signer.fingerprint(), subkey);
    assert_eq!(signer.primary_fingerprint(), primary);
    let sandbox = Sandbox::new();
    publish(&sandbox, &signer, "env/prod");
    assert_eq!(gnupg.argo_cd_asks(&sandbox, "env/prod").0, "G");
    let refused = open(&secret, &SigningKeyChoice::Primary).expect_err("it is a stub").to_string();
    assert!(refused.contains("not in this export"), "{refused}");
}

#[test]
fn an_encrypted_key_opens_with_its_passphrase_and_no_other() {
    let Some(gnupg) = GnuPg::new() else { return };
    let user = "locked <locked@example.com>";
    gnupg.gpg(&["--passphrase", "wörds", "--quick-generate-key", user, "ed25519", "sign", "never"]);
    let secret = gnupg.gpg(&["--passphrase", "wörds", "--armor", "--export-secret-keys", "locked@example.com"]);
    let open = |passphrase: Option<&str>| {
        let passphrase = passphrase.map(|text| Passphrase::new(text.to_owned().into()));
        OpenPgpSigner::from_armor(&secret, "locked", passphrase.as_ref(), &SigningKeyChoice::Newest, now())
    };
    assert_eq!(open(None).expect_err("closed"), SignError::Encrypted { name: "locked".to_owned() });
    assert_eq!(open(Some("words")).expect_err("closed"), SignError::WrongPassphrase { name: "locked".to_owned() });
    let signer = open(Some("wörds\n")).expect("opens");
    let (signature, _) = sign_blob(b"payload", GIT_NAMESPACE, &signer).expect("signs");
    assert!(verify_openpgp(b"payload", &signature, &ring(&gnupg, "locked@example.com"), now()).is_ok());
    let shown = format!("{signer:?}");
    assert!(!shown.contains("rds") && shown.contains(signer.fingerprint()), "{shown}");
}

#[test]
fn a_key_that_consumers_would_refuse_does_not_sign() {
    let Some(gnupg) = GnuPg::new() else { return };
    let expired = [
        "--faked-system-time",
        "20240101T000000",
        "--quick-generate-key",
        "old <old@example.com>",
        "ed25519",
        "sign",
        "30d",
    ];
    gnupg.gpg(&expired);
    let revoked = gnupg.make_key("gone", "ed25519", "sign", &[]);
    gnupg.revoke(&revoked);
    gnupg.make_key("reader", "rsa2048", "encr,cert", &[]);
    let early = [
        "--faked-system-time",
        "20400101T000000",
        "--quick-generate-key",
        "early <early@example.com>",
        "ed25519",
        "sign",
        "never",
    ];
    gnupg.gpg(&early);
    for (name, part) in [
        ("old", "expired on 2024-01-31T00:00:00Z"),
        ("gone", "is revoked on"),
        ("reader", "not for signing"),
        ("early", "nothing that it says about itself holds"),
    ] {
        let secret = gnupg.secret(&format!("{name}@example.com"));
        match open(&secret, &SigningKeyChoice::Newest) {
            Err(SignError::Unusable { reason, .. }) => assert!(reason.contains(part), "{name}: {reason}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    // a subkey that is over does not stop its primary key, which gpg would take as well
    let primary = gnupg.make_key("half", "ed25519", "sign", &["--faked-system-time", "20240101T000000"]);
    gnupg.gpg(&["--faked-system-time", "20240101T000000", "--quick-add-key", &primary, "ed25519", "sign", "30d"]);
    let signer = open(&gnupg.secret(&primary), &SigningKeyChoice::Newest).expect("usable");
    assert_eq!(signer.fingerprint(), primary);
}

#[test]
fn what_is_no_private_key_is_called_by_its_name() {
    let Some(gnupg) = GnuPg::new() else { return };
    gnupg.make_key("one", "ed25519", "sign", &[]);
    gnupg.make_key("two", "ed25519", "sign", &[]);
    let reason = |text: &str| match open(text, &SigningKeyChoice::Newest) {
        Err(SignError::NotAPrivateKey { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    let secret = gnupg.secret("one@example.com");
    assert_eq!(reason(&gnupg.public("one@example.com")), "it is a public key");
    assert_eq!(reason(""), "it is empty");
    assert!(reason("-----BEGIN OPENSSH PRIVATE KEY-----").contains("`signing.format` to `ssh`"));
    assert!(reason(&gnupg.gpg(&["--armor", "--export-secret-keys"])).contains("2 keys"));
    let lines: Vec<&str> = secret.lines().collect();
    let cut = [&lines[..4], &lines[lines.len() - 2..]].concat().join("\n");
    assert!(reason(&cut).starts_with("it "), "{}", reason(&cut));
    assert!(!reason(&cut).contains(lines[3]), "no part of the key is shown");
}

#[test]
fn commits_that_git_signs_with_gpg_are_judged_as_gpg_judges_them() {
    let Some(gnupg) = GnuPg::new() else { return };
    let sandbox = Sandbox::new();
    let good = gnupg.make_key("good", "rsa2048", "sign", &[]);
    let gone = gnupg.make_key("gone", "ed25519", "sign", &[]);
    let stranger = gnupg.make_key("stranger", "ed25519", "sign", &[]);
    let commit = |key: &str, more: &[&str]| {
        let key = format!("user.signingKey={key}");
        let head: &[&str] = &["-c", &key];
        let tail: &[&str] = &["commit", "-q", "-S", "--allow-empty", "-m", "signed"];
        let output = gnupg.git(&sandbox, &[head, more, tail].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        sandbox.git(&["rev-parse", "HEAD"])
    };
    let ours = |revision: &str, key: &str| judged(&sandbox, revision, ring(&gnupg, key));
    let plain = commit(&good, &[]);
    let encoded = commit(&good, &["-c", "i18n.commitEncoding=ISO-8859-1"]);
    for revision in [&plain, &encoded] {
        assert_eq!(gnupg.argo_cd_asks(&sandbox, revision).0, "G");
        assert!(matches!(ours(revision, &good), Outcome::Holds(_)), "{:?}", ours(revision, &good));
    }
    let foreign = commit(&stranger, &[]);
    assert_fails(&ours(&foreign, &good), "not in the keyring");
    let by_gone = commit(&gone, &[]);
    assert!(matches!(ours(&by_gone, &gone), Outcome::Holds(_)), "not revoked yet");
    gnupg.revoke(&gone);
    assert_eq!(gnupg.argo_cd_asks(&sandbox, &by_gone).0, "R");
    assert_fails(&ours(&by_gone, &gone), "revoked");
    // the same key, later expired
    gnupg.gpg(&["--quick-set-expire", &good, "seconds=1"]);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(gnupg.argo_cd_asks(&sandbox, &plain).0, "Y");
    assert_fails(&ours(&plain, &good), "expired on");
}

fn assert_fails(outcome: &Outcome, part: &str) {
    match outcome {
        Outcome::Fails { differences, .. } => assert!(differences[0].contains(part), "{differences:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signature_that_gpg_makes_in_another_way_is_refused_with_its_reason() {
    let Some(gnupg) = GnuPg::new() else { return };
    gnupg.make_key("one", "rsa2048", "sign", &[]);
    let file = gnupg.home().join("payload");
    std::fs::write(&file, "payload\n").expect("written");
    let file = file.to_str().expect("UTF-8");
    let signed = |more: &[&str]| {
        let arguments = [&["--yes", "--armor", "--output", "-"][..], more, &["--detach-sign", file]].concat();
        Signature::from_armor(&gnupg.gpg(&arguments))
    };
    let ring = ring(&gnupg, "one@example.com");
    let judge = |signature: &Signature| verify_openpgp(b"payload\n", signature, &ring, now());
    assert!(judge(&signed(&[])).is_ok());
    let refused = |more: &[&str]| judge(&signed(more)).expect_err("refused").to_string();
    assert!(refused(&["--digest-algo", "SHA1"]).contains("can be forged"));
    assert!(refused(&["--textmode"]).contains("bytes as they are"));
    assert!(refused(&["--sig-notation", "!strange@example.com=x"]).contains("critical"));
    assert!(refused(&["--faked-system-time", "20400101T000000"]).contains("in the future"));
    let before_the_key = ["--ignore-time-conflict", "--ignore-valid-from", "--faked-system-time", "20240101T000000"];
    assert!(refused(&before_the_key).contains("after the signature's time"));
    let brief = signed(&["--default-sig-expire", "seconds=1", "--ask-cert-expire"]);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert!(matches!(judge(&brief), Err(OpenPgpError::Expired(_))), "{:?}", judge(&brief));
    assert!(matches!(verify_openpgp(b"other", &signed(&[]), &ring, now()), Err(OpenPgpError::Mismatch(_))));
    let one = signed(&[]);
    let cut = Signature::from_armor("-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----");
    assert!(judge(&cut).is_err() && judge(&one).is_ok());
}

#[test]
fn a_keyring_that_cannot_be_used_says_why() {
    let Some(gnupg) = GnuPg::new() else { return };
    gnupg.make_key("one", "ed25519", "sign", &[]);
    let read = |text: &str| Keyring::parse(text, "keys.asc").map(drop).expect_err("refused");
    assert_eq!(read("# nothing yet\n"), KeyringError::NoKey { name: "keys.asc".to_owned() });
    assert_eq!(read(&gnupg.secret("one@example.com")), KeyringError::Private { name: "keys.asc".to_owned() });
    let public = gnupg.public("one@example.com");
    let damaged = public.replacen("\n\n", "\n\nAAAA", 1);
    assert!(Keyring::parse(&damaged, "keys.asc").is_err());
    let two = format!("a comment\n{public}\nand again\n{public}");
    assert!(Keyring::parse(&two, "keys.asc").is_ok(), "blocks may follow each other");
}

impl GnuPg {
    /// The primary key's fingerprint, if the key is there.
    fn fingerprints_if_made(&self, name: &str) -> Option<String> {
        let known = self.try_gpg(&["--list-keys", &format!("{name}@example.com")]);
        known.status.success().then(|| self.fingerprints(name).remove(0))
    }
}
