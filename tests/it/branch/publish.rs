//! Publishing: what ends up on the branch, and what is left alone.

use hydrant::git::{EditedFile, Error, Identity, Prepared, Refusal, Repository};
use hydrant::sign::{SshSigner, sign};

use super::sandbox::{DATE, Sandbox, branch, has_ssh_keygen, text_of, tip};

#[test]
fn the_first_publication_makes_an_orphan_branch_that_git_accepts() {
    let sandbox = Sandbox::new();
    let published = sandbox.publish_web("env/prod");
    assert_eq!((published.previous, published.packed), (None, false));
    sandbox.assert_sound();
    assert_eq!(sandbox.files_on("env/prod"), [".hydrant/record.json", "web/manifest.yaml"]);
    assert_eq!(sandbox.git(&["rev-list", "--count", "env/prod"]), "1");
    if has_ssh_keygen() {
        let (good, told) = sandbox.git_verify("env/prod", &sandbox.allowed());
        assert!(good && told.contains("Good \"git\" signature for ci@example.com"), "{told}");
    }
}

#[test]
fn the_commit_says_where_it_came_from() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let dry = sandbox.git(&["rev-parse", "main"]);
    let message = sandbox.git(&["log", "-1", "--format=%B", "env/prod"]);
    let expected = format!("{}: web: the first app\n\nHydrant-Environment: prod\nHydrant-Dry-Commit: {dry}", &dry[..7]);
    assert_eq!(message.trim_end(), expected);
    let trailer = sandbox.git(&["log", "-1", "--format=%(trailers:key=Hydrant-Dry-Commit,valueonly)", "env/prod"]);
    assert_eq!(trailer.trim_end(), dry);
    let who = sandbox.git(&["log", "-1", "--date=raw", "--format=%an <%ae> %ad|%cn <%ce> %cd", "env/prod"]);
    assert_eq!(who, format!("Hydrant <hydrant@localhost> {DATE}|Hydrant <hydrant@localhost> {DATE}"));
}

#[test]
fn the_same_source_gives_the_same_commit_id_anywhere() {
    let (one, two) = (Sandbox::new(), Sandbox::new());
    let key = one.signer.to_openssh().expect("writes");
    let two = Sandbox { signer: SshSigner::from_openssh(&key, "the same key").expect("reads"), ..two };
    assert_eq!(one.publish_web("env/prod").commit, two.publish_web("env/prod").commit);
}

#[test]
fn publishing_twice_makes_one_commit() {
    let sandbox = Sandbox::new();
    let first = sandbox.publish_web("env/prod");
    let tree = sandbox.hydrated("prod", &[("web", &["one"])]);
    match sandbox.prepare(&tree, "env/prod").expect("prepares") {
        Prepared::Unchanged { tip } => assert_eq!(tip, first.commit),
        other => panic!("{other:?}"),
    }
    // a new dry commit that changes nothing for this environment is no reason for a commit either
    sandbox.write("README.md", "hello");
    sandbox.commit_all("docs only");
    let tree = sandbox.hydrated("prod", &[("web", &["one"])]);
    assert!(matches!(sandbox.prepare(&tree, "env/prod"), Ok(Prepared::Unchanged { tip }) if tip == first.commit));
}

#[test]
fn files_of_a_removed_app_go_and_files_of_others_stay() {
    let sandbox = Sandbox::new();
    let both = sandbox.hydrated("prod", &[("web", &["one"]), ("team/api", &["one"])]);
    sandbox.publish(&both, "env/prod").expect("publishes");
    let others = [("README.md", Some("ours\n")), ("team/OWNERS", Some("ada\n")), ("web/notes.txt", Some("n\n"))];
    let by_hand = sandbox.commit_on("env/prod", &others);
    let commit = sandbox.prepare_commit(&sandbox.hydrated("prod", &[("web", &["one"])]), "env/prod");
    assert_eq!(commit.removed().iter().map(|path| path.as_str()).collect::<Vec<_>>(), ["team/api/manifest.yaml"]);
    assert_eq!(commit.written().iter().map(|path| path.as_str()).collect::<Vec<_>>(), [".hydrant/record.json"]);
    sandbox.open().publish(&sign(commit, &sandbox.signer).expect("signs")).expect("publishes");
    let files = [".hydrant/record.json", "README.md", "team/OWNERS", "web/manifest.yaml", "web/notes.txt"];
    assert_eq!(sandbox.files_on("env/prod"), files);
    assert_eq!(sandbox.git(&["rev-parse", "env/prod^"]), by_hand, "nobody's commit is lost");
    sandbox.assert_sound();
}

#[test]
fn a_folder_that_becomes_empty_is_no_folder_any_more() {
    let sandbox = Sandbox::new();
    let deep = sandbox.hydrated("prod", &[("a/b/c", &["one"]), ("web", &["one"])]);
    sandbox.publish(&deep, "env/prod").expect("publishes");
    sandbox.publish(&sandbox.hydrated("prod", &[("web", &["one"])]), "env/prod").expect("publishes");
    assert_eq!(sandbox.git(&["ls-tree", "-d", "-r", "--name-only", "env/prod"]), ".hydrant\nweb");
    sandbox.assert_sound();
}

#[test]
fn a_branch_that_moved_is_not_overwritten() {
    let sandbox = Sandbox::new();
    let first = sandbox.publish_web("env/prod");
    let commit = sandbox.prepare_commit(&sandbox.hydrated("prod", &[("web", &["two"])]), "env/prod");
    let foreign = sandbox.commit_on("env/prod", &[("README.md", Some("meanwhile\n"))]);
    let error = sandbox.open().publish(&sign(commit, &sandbox.signer).expect("signs")).expect_err("it moved");
    match &error {
        Error::BranchMoved { expected, found, .. } => {
            assert_eq!(*expected, Some(first.commit));
            assert_eq!(found.map(|id| id.to_string()), Some(foreign.clone()));
        }
        other => panic!("{other:?}"),
    }
    assert!(error.is_refusal());
    assert_eq!(sandbox.git(&["rev-parse", "env/prod"]), foreign);
}

#[test]
fn a_branch_that_appeared_or_vanished_counts_as_moved() {
    let sandbox = Sandbox::new();
    let tree = sandbox.hydrated("prod", &[("web", &["one"])]);
    let commit = sign(sandbox.prepare_commit(&tree, "env/prod"), &sandbox.signer).expect("signs");
    sandbox.git(&["branch", "env/prod", "main"]);
    let error = sandbox.open().publish(&commit).expect_err("somebody was first");
    assert!(matches!(error, Error::BranchMoved { expected: None, found: Some(_), .. }), "{error:?}");
    sandbox.git(&["branch", "-D", "env/prod"]);
    sandbox.publish_web("env/prod");
    let next = sandbox.prepare_commit(&sandbox.hydrated("prod", &[("web", &["two"])]), "env/prod");
    sandbox.git(&["branch", "-D", "env/prod"]);
    let error = sandbox.open().publish(&sign(next, &sandbox.signer).expect("signs")).expect_err("it is gone");
    assert!(matches!(error, Error::BranchMoved { expected: Some(_), found: None, .. }), "{error:?}");
}

#[test]
fn a_lock_that_is_held_is_told_as_such() {
    let sandbox = Sandbox::new();
    let tree = sandbox.hydrated("prod", &[("web", &["one"])]);
    sandbox.publish(&tree, "env/prod").expect("publishes");
    let commit = sandbox.prepare_commit(&sandbox.hydrated("prod", &[("web", &["two"])]), "env/prod");
    let lock = sandbox.path().join(".git/refs/heads/env/prod.lock");
    std::fs::write(&lock, "").expect("written");
    let error = sandbox.open().publish(&sign(commit, &sandbox.signer).expect("signs")).expect_err("locked");
    assert!(
        matches!(&error, Error::Locked { lock: told, .. } if told.ends_with("refs/heads/env/prod.lock")),
        "{error:?}"
    );
    assert!(!error.is_refusal());
}

#[test]
fn a_branch_in_the_way_of_a_folder_of_branches_is_told() {
    let sandbox = Sandbox::new();
    let tree = sandbox.hydrated("prod", &[("web", &["one"])]);
    for other in ["env", "env/prod/next"] {
        sandbox.git(&["branch", other]);
        match sandbox.prepare(&tree, "env/prod") {
            Err(Error::Refused(Refusal::NameClash { other: told, .. })) => assert_eq!(told, other),
            found => panic!("{found:?}"),
        }
        sandbox.git(&["branch", "-D", other]);
    }
    // one that appears after preparing is git's to tell
    let commit = sign(sandbox.prepare_commit(&tree, "env/prod"), &sandbox.signer).expect("signs");
    sandbox.git(&["branch", "env"]);
    let error = sandbox.open().publish(&commit).expect_err("`env` is a file");
    assert!(matches!(error, Error::Reference { .. }), "{error:?}");
}

#[test]
fn a_clone_that_knows_the_branch_only_from_its_remote_does_not_begin_a_new_one() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let folder = sandbox.home().join("clone");
    let origin = format!("file://{}", sandbox.path().display());
    sandbox.git(&["clone", "--quiet", "--depth", "1", "--no-single-branch", &origin, folder.to_str().expect("UTF-8")]);
    let clone = Repository::open(&folder).expect("a clone");
    let tree = sandbox.hydrated("prod", &[("web", &["two"])]);
    match clone.prepare(&tree, &branch("env/prod"), tip(&clone, "env/prod"), &Identity::default()) {
        Err(Error::Refused(Refusal::OnlyRemote { remote, .. })) => assert_eq!(remote, "origin/env/prod"),
        other => panic!("{other:?}"),
    }
    // with the way out taken, a shallow clone can publish
    let git = |arguments: &[&str]| sandbox.git(&[&["-C", folder.to_str().expect("UTF-8")], arguments].concat());
    git(&["branch", "--quiet", "--no-track", "env/prod", "origin/env/prod"]);
    let prepared = clone.prepare(&tree, &branch("env/prod"), tip(&clone, "env/prod"), &Identity::default());
    let Ok(Prepared::Commit(commit)) = prepared else { panic!("{prepared:?}") };
    clone.publish(&sign(commit, &sandbox.signer).expect("signs")).expect("publishes");
    git(&["push", "--quiet", "origin", "env/prod"]);
    assert_eq!(sandbox.git(&["rev-list", "--count", "env/prod"]), "2");
    sandbox.assert_sound();
}

#[test]
fn of_publishers_that_race_one_wins_and_the_others_are_told() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let names = ["two", "three", "four", "five", "six", "seven"];
    let commits: Vec<_> = names
        .iter()
        .map(|name| sandbox.prepare_commit(&sandbox.hydrated("prod", &[("web", &[name])]), "env/prod"))
        .map(|commit| sign(commit, &sandbox.signer).expect("signs"))
        .collect();
    let path = sandbox.path();
    let publish = |commit| Repository::open(&path).expect("a repository").publish(commit);
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = commits.iter().map(|commit| scope.spawn(move || publish(commit))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let winners: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    assert_eq!(tip(&sandbox.open(), "env/prod"), Some(winners[0].commit));
    let told = |error: &Error| matches!(error, Error::BranchMoved { .. } | Error::Locked { .. });
    assert!(results.iter().filter_map(|result| result.as_ref().err()).all(told), "{results:?}");
    assert_eq!(sandbox.git(&["rev-list", "--count", "env/prod"]), "2");
    sandbox.assert_sound();
}

#[test]
fn an_owned_file_that_was_edited_by_hand_is_refused_and_named() {
    let sandbox = Sandbox::new();
    let both = sandbox.hydrated("prod", &[("api", &["one"]), ("db", &["one"]), ("web", &["one"])]);
    sandbox.publish(&both, "env/prod").expect("publishes");
    sandbox.commit_on("env/prod", &[("web/manifest.yaml", Some("hotfix: true\n")), ("api/manifest.yaml", None)]);
    let tree = sandbox.hydrated("prod", &[("web", &["two"])]);
    match sandbox.prepare(&tree, "env/prod") {
        Err(Error::Refused(Refusal::EditedByHand { files, .. })) => {
            assert!(matches!(&files[0], EditedFile::Removed(path) if path.as_str() == "api/manifest.yaml"));
            assert!(matches!(&files[1], EditedFile::Changed { path, .. } if path.as_str() == "web/manifest.yaml"));
            assert_eq!(files.len(), 2);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_branch_of_somebody_else_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.git(&["branch", "docs"]);
    let tree = sandbox.hydrated("prod", &[("web", &["one"])]);
    let error = sandbox.prepare(&tree, "docs").expect_err("no record there");
    assert!(matches!(&error, Error::Refused(Refusal::ForeignBranch { .. })), "{error:?}");
    assert!(error.help().expect("a way out").contains("a branch of its own"));
}

#[test]
fn a_record_that_was_edited_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let record = sandbox.git(&["show", "env/prod:.hydrant/record.json"]);
    sandbox.commit_on("env/prod", &[(".hydrant/record.json", Some(&record.replace("  ", " ")))]);
    let error = sandbox.prepare(&sandbox.hydrated("prod", &[("web", &["two"])]), "env/prod").expect_err("edited");
    assert!(matches!(&error, Error::Refused(Refusal::BrokenRecord { .. })), "{error:?}");
}

#[test]
fn two_environments_cannot_take_turns_on_one_branch() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let error = sandbox.prepare(&sandbox.hydrated("dev", &[("web", &["one"])]), "env/prod").expect_err("prod's");
    assert!(matches!(&error, Error::Refused(Refusal::OtherEnvironment { .. })), "{error:?}");
}

#[test]
fn a_file_of_others_is_not_overwritten_by_a_new_app() {
    let sandbox = Sandbox::new();
    for (path, app) in [("api/manifest.yaml", "api"), ("api", "api"), ("api/manifest.yaml/x", "api")] {
        sandbox.publish_web("env/prod");
        sandbox.commit_on("env/prod", &[(path, Some("theirs\n"))]);
        let tree = sandbox.hydrated("prod", &[("web", &["one"]), (app, &["one"])]);
        match sandbox.prepare(&tree, "env/prod") {
            Err(Error::Refused(Refusal::Occupied { files, .. })) => assert_eq!(files, [path]),
            other => panic!("{path}: {other:?}"),
        }
        sandbox.git(&["branch", "-D", "env/prod"]);
    }
}

#[test]
fn the_branch_that_is_checked_out_is_never_written() {
    let sandbox = Sandbox::new();
    let tree = sandbox.hydrated("prod", &[("web", &["one"])]);
    assert!(matches!(sandbox.prepare(&tree, "main"), Err(Error::Refused(Refusal::CheckedOut { .. }))));
    sandbox.publish_web("env/prod");
    let elsewhere = sandbox.home().join("look");
    sandbox.git(&["worktree", "add", "--quiet", elsewhere.to_str().expect("UTF-8"), "env/prod"]);
    match sandbox.prepare(&sandbox.hydrated("prod", &[("web", &["two"])]), "env/prod") {
        Err(Error::Refused(Refusal::CheckedOut { place, .. })) => assert!(place.ends_with("look"), "{place}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_branch_that_was_checked_out_after_preparing_is_not_written_either() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    let commit = sandbox.prepare_commit(&sandbox.hydrated("prod", &[("web", &["two"])]), "env/prod");
    sandbox.git(&["checkout", "--quiet", "env/prod"]);
    let error = sandbox.open().publish(&sign(commit, &sandbox.signer).expect("signs")).expect_err("checked out");
    assert!(matches!(error, Error::Refused(Refusal::CheckedOut { .. })), "{error:?}");
}

#[test]
fn a_branch_that_holds_the_source_is_refused_even_with_a_record() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    // the environment's branch was merged with the source: publishing there would bury it
    sandbox.git(&["checkout", "--quiet", "--detach", "env/prod"]);
    sandbox.git(&["merge", "--quiet", "--allow-unrelated-histories", "-m", "oops", "main"]);
    sandbox.git(&["branch", "--force", "env/prod", "HEAD"]);
    sandbox.git(&["checkout", "--quiet", "main"]);
    let error = sandbox.prepare(&sandbox.hydrated("prod", &[("web", &["two"])]), "env/prod").expect_err("source");
    assert!(matches!(&error, Error::Refused(Refusal::SourceBranch { .. })), "{error:?}");
}

#[test]
fn twelve_thousand_files_go_into_one_pack() {
    let sandbox = Sandbox::new();
    let names: Vec<String> = (0..12_000).map(|index| format!("team-{:02}/app-{index}", index % 40)).collect();
    let apps: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), ["one"].as_slice())).collect();
    let published = sandbox.publish(&sandbox.hydrated("prod", &apps), "env/prod").expect("publishes");
    assert!(published.packed);
    let objects = sandbox.path().join(".git/objects");
    let packs: Vec<_> =
        std::fs::read_dir(objects.join("pack")).expect("a folder").map(|entry| entry.expect("entry").path()).collect();
    assert_eq!(packs.len(), 2, "a pack and its index, nothing left over: {packs:?}");
    for pack in &packs {
        assert!(std::fs::metadata(pack).expect("readable").permissions().readonly());
    }
    sandbox.assert_sound();
    let index =
        packs.iter().find(|path| path.extension().is_some_and(|extension| extension == "idx")).expect("an index");
    sandbox.git(&["verify-pack", index.to_str().expect("UTF-8")]);
    assert_eq!(sandbox.files_on("env/prod").len(), 12_001);
    assert!(sandbox.verify("env/prod").is_good());
    // one changed app is a handful of loose objects again
    let mut changed = apps.clone();
    changed[7].1 = &["two"];
    let published = sandbox.publish(&sandbox.hydrated("prod", &changed), "env/prod").expect("publishes");
    assert!(!published.packed && published.objects < 10, "{published:?}");
    sandbox.assert_sound();
    assert!(sandbox.verify("env/prod").is_good());
}

#[test]
fn a_sha256_repository_is_served_as_well() {
    let sandbox = Sandbox::with_format("sha256");
    let published = sandbox.publish_web("env/prod");
    assert_eq!(published.commit.to_string().len(), 64);
    sandbox.assert_sound();
    assert!(sandbox.verify("env/prod").is_good());
    let names: Vec<String> = (0..100).map(|index| format!("app-{index}")).collect();
    let apps: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), ["one"].as_slice())).collect();
    assert!(sandbox.publish(&sandbox.hydrated("prod", &apps), "env/prod").expect("publishes").packed);
    sandbox.assert_sound();
    if has_ssh_keygen() {
        assert!(sandbox.git_verify("env/prod", &sandbox.allowed()).0);
    }
}

#[test]
fn a_bare_repository_and_a_linked_work_tree_are_repositories_too() {
    let sandbox = Sandbox::new();
    let bare = sandbox.home().join("bare.git");
    sandbox.git(&["clone", "--quiet", "--bare", ".", bare.to_str().expect("UTF-8")]);
    let repository = Repository::open(&bare).expect("a bare repository");
    let tree = sandbox.hydrated("prod", &[("web", &["one"])]);
    let Ok(Prepared::Commit(commit)) = repository.prepare(&tree, &branch("env/prod"), None, &Identity::default())
    else {
        panic!("no commit");
    };
    let published = repository.publish(&sign(commit, &sandbox.signer).expect("signs")).expect("publishes");
    assert_eq!(tip(&repository, "env/prod"), Some(published.commit));
    assert!(matches!(
        repository.prepare(&tree, &branch("main"), tip(&repository, "main"), &Identity::default()),
        Err(Error::Refused(Refusal::CheckedOut { .. }))
    ));
    let linked = sandbox.home().join("linked");
    sandbox.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().expect("UTF-8")]);
    let repository = Repository::open(linked.join("apps")).expect("a folder of a linked work tree");
    let Ok(Prepared::Commit(commit)) = repository.prepare(&tree, &branch("env/prod"), None, &Identity::default())
    else {
        panic!("no commit");
    };
    repository.publish(&sign(commit, &sandbox.signer).expect("signs")).expect("publishes");
    assert_eq!(sandbox.files_on("env/prod").len(), 2, "seen from the main work tree");
}

#[test]
fn a_folder_outside_any_repository_is_told() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    assert!(matches!(Repository::open(folder.path()), Err(Error::NotARepository { .. })));
    assert!(matches!(
        Repository::open(folder.path().join("missing")),
        Err(Error::NotARepository { .. } | Error::Open { .. })
    ));
}

#[test]
fn packed_references_and_objects_change_nothing() {
    let sandbox = Sandbox::new();
    sandbox.publish_web("env/prod");
    sandbox.git(&["gc", "--quiet"]);
    assert!(!sandbox.path().join(".git/refs/heads/env/prod").exists(), "gc packs references");
    let same = sandbox.hydrated("prod", &[("web", &["one"])]);
    assert!(matches!(sandbox.prepare(&same, "env/prod"), Ok(Prepared::Unchanged { .. })));
    let published = sandbox.publish(&sandbox.hydrated("prod", &[("web", &["two"])]), "env/prod").expect("publishes");
    // record, manifest, two folders, root, commit: what is in the pack already is not written again
    assert_eq!(published.objects, 6);
    assert!(sandbox.verify("env/prod").is_good());
    sandbox.assert_sound();
}

#[test]
fn publishing_writes_a_reflog_entry() {
    let sandbox = Sandbox::new();
    let published = sandbox.publish_web("env/prod");
    let log = text_of(&sandbox.path().join(".git/logs/refs/heads/env/prod"));
    assert!(log.contains(&published.commit.to_string()) && log.contains("hydrant: publish"), "{log}");
}
