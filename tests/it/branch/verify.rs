//! Verifying: each way a branch can lie, and what is said about it.

use hydrant::sign::{OsRng, SshSigner};
use hydrant::verify::{Outcome, Subject};

use super::sandbox::{PRINCIPAL, Sandbox, failed, has_ssh_keygen};

#[test]
fn a_published_branch_holds_every_claim() {
    let sandbox = Sandbox::new();
    let published = sandbox.publish_web("env/prod");
    let verdict = sandbox.verify("env/prod");
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!(verdict.commit(), published.commit);
    let outcome = |subject| &verdict.claims.iter().find(|claim| claim.subject == subject).expect("claimed").outcome;
    assert!(matches!(outcome(Subject::Signature), Outcome::Holds(evidence) if evidence.contains(PRINCIPAL)));
    assert!(matches!(outcome(Subject::Record), Outcome::Holds(evidence) if evidence.contains("`prod`")));
    assert!(matches!(outcome(Subject::DryCommit), Outcome::Note(lines) if lines[0].ends_with("is in this repository")));
    assert_eq!(outcome(Subject::OtherFiles), &Outcome::Note(vec![]));
}

#[test]
fn a_file_that_differs_from_its_record_fails() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    sandbox.commit_on("env/prod", &[("web/manifest.yaml", Some("kind: Evil\n"))]);
    let verdict = sandbox.verify("env/prod");
    assert_eq!(failed(&verdict), [Subject::Signature, Subject::Files]);
    let files = verdict.failures().last().expect("two failures");
    match &files.outcome {
        Outcome::Fails { differences, .. } => assert_eq!(differences, &["`web/manifest.yaml` is changed"]),
        other => panic!("{other:?}"),
    }
}

#[test]
#[cfg(unix)]
fn a_file_that_is_missing_or_became_a_symlink_fails() {
    let sandbox = Sandbox::new();
    let tree = sandbox.hydrated("prod", &[("api", &["one"]), ("web", &["one"])]);
    sandbox.publish(&tree, "env/prod").expect("publishes");
    sandbox.git(&["checkout", "--quiet", "--detach", "env/prod"]);
    std::fs::remove_file(sandbox.path().join("api/manifest.yaml")).expect("it was there");
    std::fs::rename(sandbox.path().join("web/manifest.yaml"), sandbox.path().join("web/real.yaml")).expect("moved");
    std::os::unix::fs::symlink("real.yaml", sandbox.path().join("web/manifest.yaml")).expect("linked");
    sandbox.commit_all("by hand");
    let verdict = sandbox.verify("HEAD");
    match &verdict.failures().last().expect("fails").outcome {
        Outcome::Fails { differences, .. } => {
            assert_eq!(differences, &["`api/manifest.yaml` is missing", "`web/manifest.yaml` is a symlink"]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unsigned_commit_on_top_fails_though_every_file_is_right() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    sandbox.commit_on("env/prod", &[("README.md", Some("hello\n"))]);
    let verdict = sandbox.verify("env/prod");
    assert_eq!(failed(&verdict), [Subject::Signature]);
    let other = verdict.claims.iter().find(|claim| claim.subject == Subject::OtherFiles).expect("claimed");
    assert_eq!(other.outcome, Outcome::Note(vec!["`README.md`".to_owned()]));
}

#[test]
fn a_key_that_is_not_listed_fails() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let stranger = SshSigner::generate(&mut OsRng, "stranger").expect("randomness");
    let verdict = sandbox.verify_with("env/prod", &stranger.allowed_signers_line(PRINCIPAL));
    assert_eq!(failed(&verdict), [Subject::Signature]);
    assert_eq!(failed(&sandbox.verify_with("env/prod", "# nobody\n")), [Subject::Signature]);
}

#[test]
fn validity_is_judged_at_the_commits_own_time_as_git_does() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let line = |options: &str| sandbox.allowed().replace("namespaces=\"git\"", options);
    for (options, good) in [
        ("valid-before=\"20251231235959Z\"", false),
        ("valid-before=\"20260101000000Z\"", true),
        ("valid-before=\"20260102\"", true),
        ("valid-after=\"20260101000001Z\"", false),
        ("valid-after=\"20260101000000Z\"", true),
        ("namespaces=\"file\"", false),
        ("namespaces=\"file,g*\"", true),
        ("namespaces=\"!git,*\"", false),
        ("valid-after=\"20250101\",valid-before=\"20270101\",namespaces=\"git\"", true),
    ] {
        let allowed = line(options);
        assert_eq!(sandbox.verify_with("env/prod", &allowed).is_good(), good, "{options}");
        if has_ssh_keygen() {
            let (git_good, told) = sandbox.git_verify("env/prod", &allowed);
            assert_eq!(git_good, good, "git on {options}: {told}");
        }
    }
}

#[test]
fn a_changed_message_breaks_the_signature() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let commit = sandbox.git(&["cat-file", "commit", "env/prod"]) + "\n";
    let forged = commit.replace("Hydrant-Environment: prod", "Hydrant-Environment: test");
    assert_ne!(forged, commit);
    let file = sandbox.home().join("forged");
    std::fs::write(&file, forged).expect("written");
    let id = sandbox.git(&["hash-object", "-t", "commit", "-w", file.to_str().expect("UTF-8")]);
    let verdict = sandbox.verify(&id);
    assert_eq!(failed(&verdict), [Subject::Signature]);
    match &verdict.failures().next().expect("fails").outcome {
        Outcome::Fails { differences, .. } => {
            assert_eq!(differences, &["the signature does not hold: it does not match what was signed"]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_branch_without_a_record_claims_nothing() {
    let sandbox = Sandbox::new();
    let verdict = sandbox.verify("main");
    assert_eq!(failed(&verdict), [Subject::Signature, Subject::Record, Subject::Files]);
    assert!(matches!(verdict.claims[2].outcome, Outcome::Unchecked(_)));
}

#[test]
fn a_record_of_a_later_version_says_so() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let record = sandbox.git(&["show", "env/prod:.hydrant/record.json"]) + "\n";
    let later = record.replace("\"version\": 2", "\"version\": 3");
    sandbox.commit_on("env/prod", &[(".hydrant/record.json", Some(&later))]);
    let verdict = sandbox.verify("env/prod");
    assert_eq!(failed(&verdict), [Subject::Signature, Subject::Record, Subject::Files]);
    assert!(format!("{verdict:?}").contains("the record has version 3"), "{verdict:?}");
}

#[test]
fn an_object_that_was_replaced_behind_gits_back_is_found() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let honest = sandbox.git(&["rev-parse", "env/prod:web/manifest.yaml"]);
    // a replacement reference: git shows the other content everywhere, Hydrant reads what was signed
    let file = sandbox.home().join("evil");
    std::fs::write(&file, "kind: Evil\n").expect("written");
    let evil = sandbox.git(&["hash-object", "-w", file.to_str().expect("UTF-8")]);
    sandbox.git(&["replace", &honest, &evil]);
    assert_eq!(sandbox.git(&["show", "env/prod:web/manifest.yaml"]), "kind: Evil");
    assert!(sandbox.verify("env/prod").is_good());
    sandbox.git(&["replace", "-d", &honest]);
    // a loose object overwritten on disk: its bytes no longer hash to its id
    let loose = |id: &str| sandbox.path().join(".git/objects").join(&id[..2]).join(&id[2..]);
    std::fs::remove_file(loose(&honest)).expect("it was there");
    std::fs::copy(loose(&evil), loose(&honest)).expect("copied");
    let signers = hydrant::sign::AllowedSigners::parse(&sandbox.allowed(), "f").expect("a list");
    let error = hydrant::verify::verify(&sandbox.open(), "env/prod", &signers.into()).expect_err("damaged");
    assert!(error.to_string().contains("is damaged"), "{error}");
}
