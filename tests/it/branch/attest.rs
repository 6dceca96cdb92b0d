//! Attestations by OpenPGP keys and by git's own programs: gpg is the judge of the first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::gnupg::GnuPg;
use crate::sandbox::Sandbox;

fn project(signing: &str, verify: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "hydrant.yaml",
        format!(
            "version: 1\nenvironments:\n  dev: {{ branch: env/dev }}\napps:\n  - path: apps/*\n\
             policies: {{ builtin: [good-practice] }}\nsigning: {signing}\nverify: {verify}\n"
        ),
    );
    sandbox.write(
        "apps/web/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: shop\ndata:\n  key: one\n",
    );
    sandbox
}

/// Somebody without our key makes the commit again, as a squash does.
fn replace_commit(sandbox: &Sandbox) {
    sandbox.ok(&["git", "checkout", "--quiet", "env/dev"]);
    sandbox.ok(&["git", "commit", "--quiet", "--amend", "--message", "squashed"]);
    sandbox.ok(&["git", "checkout", "--quiet", "main"]);
}

/// The signed bytes and the armor of every envelope of a file.
fn armored(sandbox: &Sandbox, file: &str) -> Vec<(Vec<u8>, String)> {
    let read = |line: &str| {
        let envelope: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let decode = |value: &serde_json::Value| STANDARD.decode(value.as_str().expect("a text")).expect("base64");
        let (payload, kind) = (decode(&envelope["payload"]), envelope["payloadType"].as_str().expect("a type"));
        let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
        let armor = String::from_utf8(decode(&envelope["signatures"][0]["sig"])).expect("armor");
        ([head.into_bytes(), payload].concat(), armor)
    };
    sandbox.ok(&["git", "show", &format!("env/dev:{file}")]).lines().map(read).collect()
}

#[test]
fn an_openpgp_key_attests_with_armor_that_gpg_confirms() {
    let Some(gnupg) = GnuPg::new() else { return };
    let key = gnupg.make_key("attest", "ed25519", "sign", &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("key.asc");
    std::fs::write(&secret, gnupg.secret(&key)).expect("written");
    let sandbox = project(&format!("{{ format: openpgp, key: {} }}", secret.display()), "{ keyring: keys.asc }");
    sandbox.write("keys.asc", gnupg.public(&key));
    sandbox.commit_all("first");
    sandbox.ok(&["hydrant", "publish"]);
    for file in [".hydrant/attestations/web.dsse", ".hydrant/record.dsse"] {
        for (message, armor) in armored(&sandbox, file) {
            let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
            std::fs::write(path("message"), message).expect("written");
            std::fs::write(path("signature"), armor).expect("written");
            gnupg.gpg(&["--verify", &path("signature"), &path("message")]);
        }
    }
    replace_commit(&sandbox);
    let told = sandbox.run(&["hydrant", "verify", "env/dev"]);
    assert_eq!(told.code, 0, "{told}");
    assert!(told.stderr.contains("✓ attestations: the record and 1 app for `env/dev`"), "{told}");
    sandbox.write("other.asc", gnupg.public(&gnupg.make_key("other", "ed25519", "sign", &[])));
    let told = sandbox.run(&["hydrant", "verify", "env/dev", "--keyring", "other.asc"]);
    assert_eq!(told.code, 6, "{told}");
    assert!(told.stderr.contains("is not in the keyring"), "{told}");
}

#[test]
fn gits_own_programs_attest_with_the_armor_of_ssh() {
    if !super::sandbox::has_ssh_keygen() {
        return;
    }
    let sandbox = project("{ format: git }", "{ allowed_signers: allowed_signers }");
    sandbox.write("allowed_signers", sandbox.allowed_signers());
    sandbox.commit_all("first");
    for (name, value) in [("gpg.format", "ssh"), ("user.signingKey", "~/.ssh/id_ed25519")] {
        sandbox.ok(&["git", "config", name, value]);
    }
    // ssh-keygen refuses private keys that others may read
    sandbox.protect_key();
    sandbox.ok(&["hydrant", "publish"]);
    let line = sandbox.allowed_signers();
    for (message, armor) in armored(&sandbox, ".hydrant/record.dsse") {
        sandbox.write("message", message);
        sandbox.write("signature", armor);
        sandbox.write("signers", &line);
        let words = ["-Y", "verify", "-n", "git", "-I", "ada@example.com", "-f", "signers", "-s", "signature"];
        sandbox.ok(&[&["ssh-keygen"], &words[..], &["<", "message"]].concat());
    }
    replace_commit(&sandbox);
    sandbox.ok(&["hydrant", "verify", "env/dev"]);
}
