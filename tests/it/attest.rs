//! Attestations: what a branch says of its content, judged by openssl and by git, and proven after whatever git does to
//! the commit that brought it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::sandbox::{Output, Sandbox};

const CONFIG: &str = "version: 1
environments:
  dev: { branch: env/dev }
  prod: { branch: env/prod, propose: true }
apps:
  - path: apps/*
policies: { builtin: [good-practice] }
output: { repo_url: \"https://ada:token@git.example.org/acme/shop.git\" }
signing: { format: ssh, key: ~/.ssh/id_ed25519 }
verify: { allowed_signers: allowed_signers }
";

/// A project with the apps `api` and `web`, published: `env/dev` directly, `env/prod` as a proposal.
fn shop() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("hydrant.yaml", CONFIG.replace("ada:token@", ""));
    sandbox.write("allowed_signers", sandbox.allowed_signers());
    set(&sandbox, "api", "one");
    set(&sandbox, "web", "one");
    sandbox.commit_all("first");
    sandbox.ok(&["hydrant", "publish"]);
    sandbox
}

fn set(sandbox: &Sandbox, app: &str, value: &str) {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {app}\n  namespace: shop\ndata:\n  key: {value}\n"
    );
    sandbox.write(&format!("apps/{app}/config.yaml"), text);
}

/// Two publications of `web`, the second one proposed to `env/prod` and not merged yet.
fn proposed() -> Sandbox {
    let sandbox = shop();
    sandbox.ok(&["git", "branch", "--force", "env/prod", "env/prod-next"]);
    set(&sandbox, "web", "two");
    sandbox.commit_all("web: two");
    sandbox.ok(&["hydrant", "publish"]);
    sandbox
}

fn show(sandbox: &Sandbox, file: &str) -> String {
    sandbox.ok(&["git", "show", file])
}

fn verify(sandbox: &Sandbox, words: &[&str]) -> Output {
    sandbox.run(&[&["hydrant", "verify"], words].concat())
}

fn refused(output: &Output, reasons: &[&str]) {
    assert_eq!(output.code, 6, "{output}");
    for reason in reasons {
        assert!(output.stderr.contains(reason), "`{reason}` is not in\n{output}");
    }
}

/// Does something to a branch as a person with git would, and leaves `main` checked out.
fn on(sandbox: &Sandbox, branch: &str, commands: &[&[&str]]) {
    sandbox.ok(&["git", "checkout", "--quiet", branch]);
    commands.iter().for_each(|command| {
        sandbox.ok(command);
    });
    sandbox.ok(&["git", "checkout", "--quiet", "main"]);
}

/// Puts a text on a branch with an unsigned commit.
fn edit(sandbox: &Sandbox, branch: &str, file: &str, text: &[u8]) {
    sandbox.ok(&["git", "checkout", "--quiet", branch]);
    sandbox.write(file, text);
    sandbox.ok(&["git", "add", "--all"]);
    sandbox.ok(&["git", "commit", "--quiet", "--message", "by hand"]);
    sandbox.ok(&["git", "checkout", "--quiet", "main"]);
}

/// The statements of an attestation, each with what was signed and the signature.
fn statements(text: &str) -> Vec<(Value, Vec<u8>, Vec<u8>)> {
    let decode = |value: &Value| STANDARD.decode(value.as_str().expect("a text")).expect("base64");
    let read = |line: &str| {
        let envelope: Value = serde_json::from_str(line).expect("JSON");
        let kind = envelope["payloadType"].as_str().expect("a type");
        assert_eq!(kind, "application/vnd.in-toto+json");
        let payload = decode(&envelope["payload"]);
        let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
        let statement = serde_json::from_slice(&payload).expect("a statement");
        (statement, [head.into_bytes(), payload].concat(), decode(&envelope["signatures"][0]["sig"]))
    };
    text.lines().map(read).collect()
}

#[test]
fn an_attestation_says_what_a_folder_was_rendered_from_and_what_it_passed() {
    let sandbox = shop();
    let read = statements(&show(&sandbox, "env/dev:.hydrant/attestations/web.dsse"));
    let [(provenance, ..), (summary, ..)] = read.as_slice() else { panic!("{} statements", read.len()) };
    for statement in [provenance, summary] {
        assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(statement["subject"][0]["name"], "git+https://git.example.org/acme/shop@env/dev//web");
        let digest = &statement["subject"][0]["digest"];
        assert_eq!(digest["gitTree"], sandbox.ok(&["git", "rev-parse", "env/dev:web"]));
    }
    assert_eq!(provenance["predicateType"], "https://slsa.dev/provenance/v1");
    assert_eq!(summary["predicateType"], "https://slsa.dev/verification_summary/v1");
    assert_eq!(summary["predicate"]["verificationResult"], "PASSED");
    assert_eq!(summary["predicate"]["timeVerified"], "2026-01-02T02:04:05Z", "the time of the dry commit");
    let dependencies = provenance["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().expect("a list");
    assert_eq!(dependencies[0]["digest"]["gitCommit"], sandbox.ok(&["git", "rev-parse", "main"]));
    assert_eq!(dependencies[1]["name"], "apps/web/config.yaml");
    let record: Value = serde_json::from_str(&show(&sandbox, "env/dev:.hydrant/record.json")).expect("JSON");
    assert_eq!(dependencies[1]["digest"]["sha256"], record["apps"]["web"]["inputs"]["apps/web/config.yaml"]);
    assert_eq!(summary["predicate"]["policy"]["digest"]["sha256"], record["policies"]);

    let of_record = statements(&show(&sandbox, "env/dev:.hydrant/record.dsse"));
    let blob = sandbox.ok(&["git", "rev-parse", "env/dev:.hydrant/record.json"]);
    assert_eq!(of_record[1].0["subject"][0]["digest"]["gitBlob"], blob);
    let proposed = statements(&show(&sandbox, "env/prod-next:.hydrant/attestations/web.dsse"));
    let name = &proposed[0].0["subject"][0]["name"];
    assert_eq!(name, "git+https://git.example.org/acme/shop@env/prod//web", "the branch that agents read");
}

#[test]
fn the_content_digest_is_that_of_a_listing_that_anybody_can_make() {
    use sha2::{Digest as _, Sha256};
    let sandbox = shop();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut listing = String::new();
    sandbox.ok(&["git", "checkout", "--quiet", "env/dev"]);
    for name in ["README.md", "hydrator.metadata", "manifest.yaml"] {
        let digest = hex(&Sha256::digest(sandbox.read(&format!("web/{name}"))));
        listing.push_str(&format!("100644 {digest}  {name}\n"));
    }
    let read = statements(&sandbox.read(".hydrant/attestations/web.dsse"));
    assert_eq!(read[0].0["subject"][0]["digest"]["sha256"], hex(&Sha256::digest(listing)));
}

#[test]
fn openssl_confirms_every_signature() {
    if std::process::Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: openssl is not installed");
        return;
    }
    let sandbox = shop();
    let line = sandbox.allowed_signers();
    let key = STANDARD.decode(line.split(' ').nth(3).expect("a key").trim()).expect("base64");
    // the type and its length come first, the 32 bytes of the key last
    let prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let public = STANDARD.encode([&prefix, &key[key.len() - 32..]].concat());
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    std::fs::write(path("key"), format!("-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n")).unwrap();
    let confirms = |message: &[u8], signature: &[u8]| {
        std::fs::write(path("message"), message).unwrap();
        std::fs::write(path("signature"), signature).unwrap();
        let words = ["pkeyutl", "-verify", "-pubin", "-inkey", &path("key"), "-rawin", "-in", &path("message")];
        let mut command = std::process::Command::new("openssl");
        command.args(words).args(["-sigfile", &path("signature")]).output().unwrap().status.success()
    };
    for file in ["attestations/api.dsse", "attestations/web.dsse", "record.dsse"] {
        for (_, message, signature) in statements(&show(&sandbox, &format!("env/dev:.hydrant/{file}"))) {
            assert!(confirms(&message, &signature), "{file}");
            assert!(!confirms(&[&message[..], b" "].concat(), &signature), "{file}");
        }
    }
}

#[test]
fn an_app_that_did_not_change_keeps_its_attestation_and_one_that_goes_takes_it_along() {
    let sandbox = shop();
    let blob = |file: &str| sandbox.ok(&["git", "rev-parse", &format!("env/dev:.hydrant/{file}")]);
    let (api, web, record) = (blob("attestations/api.dsse"), blob("attestations/web.dsse"), blob("record.dsse"));
    set(&sandbox, "web", "two");
    sandbox.commit_all("web: two");
    sandbox.ok(&["hydrant", "publish", "dev"]);
    assert_eq!(blob("attestations/api.dsse"), api);
    assert_ne!((blob("attestations/web.dsse"), blob("record.dsse")), (web, record));
    sandbox.ok(&["hydrant", "verify", "env/dev"]);

    sandbox.ok(&["git", "rm", "-r", "--quiet", "apps/api"]);
    sandbox.commit_all("no api");
    sandbox.ok(&["hydrant", "publish", "dev"]);
    let files = sandbox.ok(&["git", "ls-tree", "--name-only", "env/dev:.hydrant/attestations"]);
    assert_eq!(files, "web.dsse");
    sandbox.ok(&["hydrant", "verify", "env/dev"]);
    sandbox.ok(&["git", "fsck", "--strict", "--full"]);
}

#[test]
fn another_key_attests_everything_again() {
    let sandbox = shop();
    sandbox.ok(&["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", "new-key"]);
    let public = sandbox.read("new-key.pub");
    let key = sandbox.read("new-key");
    // the private key is no file of the project
    std::fs::remove_file(sandbox.path().join("new-key")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, key).unwrap();
    sandbox.write("allowed_signers", format!("eve@example.com namespaces=\"git\" {public}"));
    set(&sandbox, "web", "two");
    sandbox.commit_all("another key");
    sandbox.ok(&["hydrant", "publish", "dev", "--signing-key", path.to_str().unwrap()]);
    let told = verify(&sandbox, &["env/dev"]);
    assert_eq!(told.code, 0, "{told}");
    assert!(told.stderr.contains("the record and 2 apps for `env/dev`, by `eve@example.com`"), "{told}");
}

#[test]
fn content_is_proven_after_whatever_git_does_to_the_commit() {
    let ways: [(&str, &[&[&str]]); 5] = [
        ("squash", &[&["git", "merge", "--quiet", "--squash", "env/prod-next"], &["git", "commit", "-qm", "squashed"]]),
        ("merge", &[&["git", "merge", "--quiet", "--no-ff", "-m", "merged", "env/prod-next"]]),
        ("cherry-pick", &[&["git", "cherry-pick", "env/prod-next"]]),
        (
            "rebase",
            &[
                &["git", "commit", "--quiet", "--allow-empty", "-m", "in between"],
                &["git", "checkout", "--quiet", "--detach", "env/prod-next"],
                &["git", "rebase", "--quiet", "env/prod"],
                &["git", "branch", "--force", "env/prod", "HEAD"],
            ],
        ),
        (
            "amend",
            &[
                &["git", "reset", "--quiet", "--hard", "env/prod-next"],
                &["git", "commit", "--quiet", "--amend", "-m", "reworded"],
            ],
        ),
    ];
    for (way, commands) in ways {
        let sandbox = proposed();
        let before = sandbox.ok(&["git", "rev-parse", "env/prod"]);
        on(&sandbox, "env/prod", commands);
        assert_eq!(sandbox.run(&["git", "verify-commit", "env/prod"]).code, 1, "{way}: git knows no signature");
        let told = verify(&sandbox, &["env/prod", "--rebuild", "--since", &before]);
        assert_eq!(told.code, 0, "{way}: {told}");
        assert!(
            told.stderr.contains("· signature: the commit is not signed; all of its content is attested"),
            "{told}"
        );
        assert!(told.stderr.contains("✓ rebuild: 2 apps rendered again, to the same bytes"), "{told}");
        refused(&verify(&sandbox, &["env/prod", "--require-signature"]), &["✗ signature: the commit is not signed"]);
        // one byte, and it is over
        let text = show(&sandbox, "env/prod:web/manifest.yaml").replace("key: two", "key: twO") + "\n";
        edit(&sandbox, "env/prod", "web/manifest.yaml", text.as_bytes());
        let told = verify(&sandbox, &["env/prod", "--rebuild"]);
        refused(&told, &["✗ files: `web/manifest.yaml` is changed", "✗ attestations: app `web`: it is", "✗ signature"]);
        assert!(!told.stderr.contains("app `api`"), "{told}");
    }
}

#[test]
fn an_attestation_counts_nowhere_but_where_it_was_made_for() {
    let sandbox = proposed();
    sandbox.ok(&["git", "branch", "--force", "env/prod", "env/prod-next"]);
    sandbox.ok(&["hydrant", "verify", "env/prod"]);
    // another branch's content, signatures and all
    sandbox.ok(&["git", "branch", "--force", "env/prod", "env/dev"]);
    refused(&verify(&sandbox, &["env/prod"]), &["what stands here was attested for `env/dev`, not for `env/prod`"]);
    sandbox.ok(&["hydrant", "verify", "env/dev", "--at", "env/prod"]);
    sandbox.ok(&["git", "branch", "--force", "env/prod", "env/prod-next"]);
    // another app's, an older one, none, one without a word
    let old = show(&sandbox, "env/prod-next~1:.hydrant/attestations/web.dsse") + "\n";
    let api = show(&sandbox, "env/prod:.hydrant/attestations/api.dsse") + "\n";
    let (path, first) = (".hydrant/attestations/web.dsse", api.lines().next().expect("a line"));
    for (text, reason) in [
        (api.clone(), "the attestation is one of `git+https://git.example.org/acme/shop@env/prod//api`"),
        (old, "was attested"),
        (String::new(), "it does not hold two envelopes"),
        (format!("{first}\n{first}\n"), "its two statements do not belong together"),
    ] {
        sandbox.ok(&["git", "branch", "--force", "env/prod", "env/prod-next"]);
        edit(&sandbox, "env/prod", path, text.as_bytes());
        let told = verify(&sandbox, &["env/prod"]);
        refused(&told, &["✗ files: `.hydrant/attestations/web.dsse` is changed", reason]);
        // publishing again notices it as well
        sandbox.ok(&["git", "branch", "--force", "env/prod-next", "env/prod"]);
        let told = sandbox.run(&["hydrant", "publish", "prod"]);
        assert_eq!(told.code, 5, "{told}");
        sandbox.ok(&["git", "branch", "--force", "env/prod-next", "env/prod~1"]);
    }
}

#[test]
fn a_record_that_was_edited_is_attested_by_nobody() {
    let sandbox = shop();
    let record = show(&sandbox, "env/dev:.hydrant/record.json") + "\n";
    edit(&sandbox, "env/dev", ".hydrant/record.json", record.replace("\"judged\": 2", "\"judged\": 9").as_bytes());
    refused(&verify(&sandbox, &["env/dev"]), &["✗ signature", "✗ attestations: `.hydrant/record.json`: it is"]);
    // a record that knows nothing of attestations: then the commit has to be signed
    let mut bare: Value = serde_json::from_str(&record).expect("JSON");
    bare.as_object_mut().expect("an object").remove("attested");
    for app in bare["apps"].as_object_mut().expect("an object").values_mut() {
        app.as_object_mut().expect("an object").remove("attestation");
    }
    let bare = hydrant::hydrate::Record::parse(serde_json::to_string(&bare).expect("JSON").as_bytes());
    assert_eq!(bare, Err(hydrant::hydrate::RecordError::NotCanonical));
    let mut bare = hydrant::hydrate::Record::parse(record.as_bytes()).expect("reads");
    bare.attested = None;
    bare.apps.values_mut().for_each(|app| app.attestation = None);
    edit(&sandbox, "env/dev", ".hydrant/record.json", &bare.to_bytes());
    let told = verify(&sandbox, &["env/dev"]);
    refused(&told, &["✗ signature: the commit is not signed", "· attestations: there are none"]);
    refused(&verify(&sandbox, &["env/dev", "--require-attestations"]), &["✗ attestations: there are none"]);
}

#[test]
fn what_others_put_into_the_folder_of_an_app_is_attested_by_nobody() {
    let sandbox = shop();
    edit(&sandbox, "env/dev", "README.md", b"hello\n");
    sandbox.ok(&["hydrant", "verify", "env/dev"]);
    edit(&sandbox, "env/dev", "web/more.yaml", b"kind: Evil\n");
    refused(&verify(&sandbox, &["env/dev"]), &["app `web`: its folder holds `web/more.yaml`, which nobody attested"]);
    let commit = sandbox.ok(&["git", "rev-parse", "main"]);
    on(
        &sandbox,
        "env/dev",
        &[
            &["git", "rm", "--quiet", "web/more.yaml"],
            &["git", "update-index", "--add", "--cacheinfo", &format!("160000,{commit},web/sub")],
            &["git", "commit", "--quiet", "-m", "a submodule"],
        ],
    );
    refused(&verify(&sandbox, &["env/dev"]), &["its folder holds something that no record names, such as a submodule"]);
}

#[test]
fn every_byte_of_every_owned_file_counts() {
    let sandbox = shop();
    let files = sandbox.ok(&["git", "ls-tree", "-r", "--name-only", "env/dev"]);
    // one file after the other, at a place that differs from file to file; each on top of the published commit
    for (index, file) in files.lines().enumerate() {
        let mut bytes = show(&sandbox, &format!("env/dev:{file}")).into_bytes();
        let at = (index * 37 + 11) % bytes.len();
        bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
        sandbox.ok(&["git", "branch", "--force", "scratch", "env/dev"]);
        edit(&sandbox, "scratch", file, &bytes);
        let told = verify(&sandbox, &["env/dev", "--at", "scratch"]);
        refused(&told, &[file]);
    }
}

#[test]
fn a_range_of_commits_is_by_those_who_may() {
    let sandbox = shop();
    let first = sandbox.ok(&["git", "rev-parse", "env/dev"]);
    set(&sandbox, "web", "two");
    sandbox.commit_all("web: two");
    sandbox.ok(&["hydrant", "publish", "dev"]);
    let honest = sandbox.ok(&["git", "rev-parse", "env/dev"]);
    let manifest = show(&sandbox, "env/dev:web/manifest.yaml") + "\n";
    edit(&sandbox, "env/dev", "web/manifest.yaml", b"kind: Evil\n");
    let evil = sandbox.ok(&["git", "rev-parse", "env/dev"]);
    edit(&sandbox, "env/dev", "web/manifest.yaml", manifest.as_bytes());
    sandbox.ok(&["hydrant", "verify", "env/dev"]);
    let told = verify(&sandbox, &["env/dev", "--since", &first]);
    refused(&told, &[&format!("✗ history: {evil}: the commit is not signed, and its content is not attested")]);
    sandbox.ok(&["hydrant", "verify", "env/dev", "--at", &honest, "--since", &first]);
    refused(&verify(&sandbox, &["env/dev", "--at", &first, "--since", "env/dev"]), &["is not part of the history"]);
}

#[test]
fn a_rebuild_names_what_renders_to_something_else() {
    let sandbox = shop();
    let told = verify(&sandbox, &["env/dev", "--rebuild", "--json"]);
    assert_eq!(told.code, 0, "{told}");
    let verdict: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let claims = verdict["claims"].as_array().expect("a list");
    assert_eq!((&verdict["passed"], &verdict["branch"]), (&Value::from(true), &Value::from("env/dev")));
    assert_eq!(claims.last().expect("one")["details"][0], "2 apps rendered again, to the same bytes");
    // a publication that was made from something else than it says: signed, attested, and a lie
    set(&sandbox, "web", "lie");
    sandbox.ok(&["git", "add", "--all"]);
    let tree = sandbox.ok(&["git", "write-tree"]);
    let liar = sandbox.ok(&["git", "commit-tree", &tree, "-p", "main", "-m", "a lie"]);
    sandbox.ok(&["git", "reset", "--quiet", "--hard"]);
    sandbox.ok(&["hydrant", "publish", "dev", "--rev", &liar]);
    let record = show(&sandbox, "env/dev:.hydrant/record.json") + "\n";
    let honest = sandbox.ok(&["git", "rev-parse", "main"]);
    edit(&sandbox, "env/dev", ".hydrant/record.json", record.replace(&liar, &honest).as_bytes());
    let told = verify(&sandbox, &["env/dev", "--rebuild"]);
    refused(&told, &["✗ rebuild: `web/manifest.yaml` renders to something else"]);
    let missing = record.replace(&liar, &"1".repeat(40));
    edit(&sandbox, "env/dev", ".hydrant/record.json", missing.as_bytes());
    refused(&verify(&sandbox, &["env/dev", "--rebuild"]), &["rebuild: not checked, the dry commit 1111", "fetch it"]);
}

#[cfg(unix)]
#[test]
fn a_repository_that_is_pushed_to_refuses_what_does_not_verify() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = shop();
    sandbox.ok(&["git", "init", "--quiet", "--bare", "../remote.git"]);
    let remote = sandbox.path().join("../remote.git");
    let signers = remote.join("signers");
    std::fs::write(&signers, sandbox.allowed_signers()).unwrap();
    let hook = remote.join("hooks/pre-receive");
    std::fs::create_dir_all(remote.join("hooks")).unwrap();
    let (binary, signers) = (env!("CARGO_BIN_EXE_hydrant"), signers.display());
    std::fs::write(&hook, format!("#!/bin/sh\nexec {binary} verify --pre-receive --allowed-signers {signers}\n"))
        .unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let push = |words: &[&str]| sandbox.run(&[&["git", "push", "--quiet", "../remote.git"], words].concat());
    let there = |branch: &str| sandbox.run(&["git", "-C", "../remote.git", "rev-parse", branch]).stdout;

    let told = push(&["main", "env/dev", "env/prod-next"]);
    assert_eq!(told.code, 0, "{told}");
    assert!(told.stderr.contains("✓ attestations: the record and 2 apps for `env/dev`"), "{told}");
    let published = there("env/dev");

    edit(&sandbox, "env/dev", "web/manifest.yaml", b"kind: Evil\n");
    let told = push(&["env/dev"]);
    assert!(told.code != 0 && told.stderr.contains("`web/manifest.yaml` is changed"), "{told}");
    // undone at the tip, but part of what is pushed
    on(&sandbox, "env/dev", &[&["git", "revert", "--no-edit", "HEAD"]]);
    let told = push(&["env/dev"]);
    assert!(told.code != 0 && told.stderr.contains("✗ history"), "{told}");
    let told = push(&["--force", "main:env/dev"]);
    assert!(told.code != 0 && told.stderr.contains("would lose what it has"), "{told}");
    let told = push(&["--delete", "env/dev"]);
    assert!(told.code != 0 && told.stderr.contains("would be deleted"), "{told}");
    let told = push(&["env/prod-next:env/other"]);
    assert!(told.code != 0 && told.stderr.contains("not for `env/other`"), "{told}");
    assert_eq!(there("env/dev"), published, "nothing moved");

    sandbox.ok(&["git", "branch", "--force", "env/dev", published.trim()]);
    set(&sandbox, "web", "two");
    sandbox.commit_all("web: two");
    sandbox.ok(&["hydrant", "publish"]);
    let told = push(&["main", "env/dev"]);
    assert_eq!(told.code, 0, "{told}");
    assert_ne!(there("env/dev"), published);
    // a squash on the remote's own branch, pushed by a person
    sandbox.ok(&["git", "branch", "--force", "env/prod", "env/prod-next~1"]);
    on(
        &sandbox,
        "env/prod",
        &[&["git", "merge", "--quiet", "--squash", "env/prod-next"], &["git", "commit", "--quiet", "-m", "squashed"]],
    );
    let told = push(&["env/prod"]);
    assert_eq!(told.code, 0, "{told}");
}

#[test]
fn an_address_with_a_token_is_told_without_it() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "hydrant.yaml",
        CONFIG.lines().filter(|line| !line.starts_with("output")).collect::<Vec<_>>().join("\n"),
    );
    set(&sandbox, "web", "one");
    sandbox.commit_all("first");
    sandbox.ok(&["git", "remote", "add", "origin", "https://ada:token@git.example.org/acme/shop.git"]);
    sandbox.ok(&["hydrant", "publish", "dev"]);
    for (statement, ..) in statements(&show(&sandbox, "env/dev:.hydrant/attestations/web.dsse")) {
        assert_eq!(statement["subject"][0]["name"], "git+https://git.example.org/acme/shop@env/dev//web");
        assert!(!statement.to_string().contains("token"));
    }
}

#[test]
fn a_project_may_do_without_attestations() {
    let sandbox = shop();
    let config = sandbox.read("hydrant.yaml").replace("signing: { ", "signing: { attest: false, ");
    sandbox.write("hydrant.yaml", config);
    set(&sandbox, "web", "two");
    sandbox.commit_all("no attestations");
    sandbox.ok(&["hydrant", "publish", "dev"]);
    assert_eq!(sandbox.ok(&["git", "ls-tree", "-r", "--name-only", "env/dev", ".hydrant/"]), ".hydrant/record.json");
    let told = verify(&sandbox, &["env/dev"]);
    assert!(told.code == 0 && told.stderr.contains("· attestations: there are none"), "{told}");
    refused(&verify(&sandbox, &["env/dev", "--require-attestations"]), &["✗ attestations: there are none"]);
}

#[test]
fn projects_that_share_a_branch_attest_their_folders() {
    let sandbox = shop();
    let config = sandbox.read("hydrant.yaml").replace("output: { ", "output: { active_path: shop, ");
    let config = config.replace("env/dev", "env/shared");
    sandbox.write("hydrant.yaml", &config);
    sandbox.write("other/hydrant.yaml", config.replace("active_path: shop", "active_path: other"));
    let app = sandbox.read("apps/web/config.yaml");
    sandbox.write("other/apps/web/config.yaml", &app);
    sandbox.commit_all("two projects");
    sandbox.ok(&["hydrant", "publish", "dev"]);
    sandbox.ok(&["hydrant", "-C", "other", "publish", "dev"]);
    let told = verify(&sandbox, &["env/shared", "--rebuild"]);
    assert_eq!(told.code, 0, "{told}");
    assert!(told.stderr.contains("✓ attestations: the record and 2 apps for `env/shared`"), "{told}");
    assert!(told.stderr.contains("✓ attestations: the record and 1 app for `env/shared`"), "{told}");
    let read = statements(&show(&sandbox, "env/shared:other/.hydrant/attestations/web.dsse"));
    assert_eq!(read[0].0["subject"][0]["name"], "git+https://git.example.org/acme/shop@env/shared//other/web");
    let tree = sandbox.ok(&["git", "rev-parse", "env/shared:other/web"]);
    assert_eq!(read[0].0["subject"][0]["digest"]["gitTree"], tree);
    // content that is right in one project, and edited in the other
    edit(&sandbox, "env/shared", "other/web/manifest.yaml", b"kind: Evil\n");
    refused(&verify(&sandbox, &["env/shared"]), &["`other/web/manifest.yaml` is changed", "✗ signature"]);
}
