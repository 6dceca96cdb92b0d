//! Repositories of every shape push alike.

use super::forge::Forge;

/// Publishes from another clone of the remote, which `hydrant` is called in as `folder`.
fn push_from(forge: &Forge, folder: &str) {
    let output = forge.hydrant(&["-C", folder, "publish", "--push"]);
    assert_eq!(output.code, 0, "{folder}: {output}");
}

/// Publishes once from the project, changes it, and makes it the remote's.
fn changed() -> Forge {
    let forge = Forge::new();
    forge.pushed();
    forge.web("two");
    forge.git(&["push", "--quiet", "origin", "main"]);
    forge
}

fn assert_published(forge: &Forge) {
    assert!(forge.show("env/dev:web/manifest.yaml").contains("greeting: two"));
    assert_eq!(forge.on_remote(&["rev-list", "--count", "env/dev"]), "2", "it goes on from what was there");
    forge.assert_sound();
}

#[test]
fn a_repository_with_sha256() {
    let forge = Forge::build("", "sha256");
    forge.pushed();
    assert_eq!(forge.tips()["refs/heads/env/dev"].len(), 64);
    forge.web("two");
    forge.pushed();
    assert_published(&forge);
}

#[test]
fn a_shallow_clone_of_one_branch_fetches_tips_and_no_history() {
    let forge = changed();
    forge.web("three");
    forge.pushed();
    forge.web("two");
    forge.git(&["push", "--quiet", "origin", "main"]);
    let remote = format!("file://{}", forge.path("../remote.git").canonicalize().expect("a folder").display());
    forge.git(&["clone", "--quiet", "--depth=1", &remote, "../shallow"]);
    push_from(&forge, "../shallow");
    assert!(forge.show("env/dev:web/manifest.yaml").contains("greeting: two"));
    assert_eq!(forge.on_remote(&["rev-list", "--count", "env/dev"]), "3");
    assert_eq!(
        forge.git(&["-C", "../shallow", "rev-list", "--count", "env/dev"]),
        "2",
        "its parent, and nothing before"
    );
    forge.assert_sound();
    // again, from where it is now
    forge.web("four");
    forge.pushed();
    push_from(&forge, "../shallow");
    forge.assert_sound();
}

#[test]
fn a_whole_clone_stays_whole() {
    let forge = changed();
    forge.git(&["clone", "--quiet", "--single-branch", "../remote.git", "../single"]);
    push_from(&forge, "../single");
    assert_eq!(forge.git(&["-C", "../single", "rev-parse", "--is-shallow-repository"]), "false");
    assert_published(&forge);
}

#[test]
fn a_detached_head() {
    let forge = changed();
    forge.git(&["checkout", "--quiet", "--detach"]);
    forge.pushed();
    assert_published(&forge);
}

#[test]
fn a_work_tree_beside_the_first() {
    let forge = changed();
    forge.git(&["worktree", "add", "--quiet", "--detach", "../beside"]);
    push_from(&forge, "../beside");
    assert_published(&forge);
}

#[test]
fn a_bare_repository() {
    let forge = changed();
    let remote = forge.path("../remote.git").canonicalize().expect("a folder");
    forge.git(&["clone", "--quiet", "--bare", remote.to_str().expect("UTF-8"), "../bare.git"]);
    push_from(&forge, "../bare.git");
    assert_published(&forge);
}

#[test]
fn a_branch_that_is_checked_out_here_is_refused_before_anything_is_pushed() {
    let forge = changed();
    let tips = forge.tips();
    forge.git(&["worktree", "add", "--quiet", "../beside", "env/dev"]);
    let output = forge.hydrant(&["publish", "--push"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("is checked out in"), "{output}");
    assert_eq!(forge.tips(), tips);
}
