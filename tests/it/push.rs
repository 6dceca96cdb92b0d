//! `publish --push`: what a remote has before and after, judged by git. Where others are quicker, where processes die, and
//! where something is broken.

#[cfg(unix)]
mod crash;
#[cfg(unix)]
mod crowd;
mod destinations;
#[cfg(unix)]
mod faults;
mod forge;
#[cfg(unix)]
mod races;
mod shapes;

use forge::Forge;

#[test]
fn branches_and_notes_move_together_on_the_remote_and_ours_follow() {
    let forge = Forge::new();
    let output = forge.push();
    let remote = forge.tips();
    assert_eq!(remote.keys().map(String::as_str).collect::<Vec<_>>(), forge::EVERYTHING);
    for branch in ["env/dev", "env/prod"] {
        assert!(output.stdout.contains(&format!("{branch} {}\n", remote[&format!("refs/heads/{branch}")])), "{output}");
    }
    for (name, tip) in &remote {
        assert_eq!(forge.git(&["rev-parse", name]), *tip, "{name} of this repository follows");
    }
    forge.assert_sound();
}

#[test]
fn what_is_there_already_is_not_pushed_again_and_notes_move_without_a_commit() {
    let forge = Forge::new();
    forge.pushed();
    let first = forge.tips();
    forge.pushed();
    assert_eq!(forge.tips(), first, "nothing is new");

    forge.commit("README.md", "only words\n");
    let output = forge.push();
    assert!(output.stderr.contains("unchanged, noted"), "{output}");
    let second = forge.tips();
    for (name, tip) in &first {
        assert_eq!(second[name] == *tip, name.starts_with("refs/heads/"), "only the notes move, not {name}");
    }
    forge.assert_sound();
}

#[test]
fn a_dry_run_is_about_the_remote_and_changes_nothing_there_or_here() {
    let forge = Forge::new();
    forge.pushed();
    let tips = forge.tips();
    forge.git(&["branch", "-D", "env/dev"]);
    forge.web("two");
    let output = forge.hydrant(&["publish", "--push", "--dry-run"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stdout.contains(&format!("env/dev on top of {}", tips["refs/heads/env/dev"])), "{output}");
    assert_eq!(forge.tips(), tips);
    assert_eq!(forge.git(&["branch", "--list", "env/dev"]), "");
}

#[test]
fn a_local_branch_that_went_its_own_way_stays_there_and_is_told() {
    let forge = Forge::new();
    forge.pushed();
    let own = forge.git(&["commit-tree", "-p", "env/dev", "-m", "by hand", "env/dev^{tree}"]);
    forge.git(&["update-ref", "refs/heads/env/dev", &own]);
    forge.web("two");
    let output = forge.push();
    assert!(output.stderr.contains(&format!("branch `env/dev` of this repository stays at {own}")), "{output}");
    assert_eq!(forge.git(&["rev-parse", "env/dev"]), own);
    assert_eq!(forge.git(&["rev-parse", "env/prod"]), forge.tips()["refs/heads/env/prod"]);
    forge.assert_sound();
}

#[test]
fn a_publication_that_was_not_pushed_is_pushed_later() {
    let forge = Forge::new();
    let local = forge.hydrant(&["publish"]);
    assert_eq!(local.code, 0, "{local}");
    assert_eq!(forge.tips().len(), 0);
    let pushed = forge.push();
    assert_eq!(pushed.stdout, local.stdout, "the same source gives the same commits");
    assert!(!pushed.stderr.contains("warning"), "{pushed}");
    forge.assert_sound();
}

#[test]
fn proposals_are_pushed_with_the_branches_that_they_begin() {
    let forge = Forge::with_output("output: { propose: true }\n");
    forge.pushed();
    let tips = forge.tips();
    assert_eq!(tips.len(), 5, "{tips:?}");
    assert_eq!(forge.on_remote(&["rev-parse", "env/dev-next^"]), tips["refs/heads/env/dev"]);
    forge.web("two");
    forge.pushed();
    assert_eq!(forge.on_remote(&["rev-parse", "env/dev-next^"]), tips["refs/heads/env/dev-next"]);
    assert_eq!(forge.tips()["refs/heads/env/dev"], tips["refs/heads/env/dev"], "nothing is deployed");
}

#[test]
fn a_branch_name_that_the_remote_cannot_have_is_refused_by_name() {
    let forge = Forge::new();
    forge.git(&["push", "--quiet", "origin", "main:env"]);
    let output = forge.hydrant(&["publish", "--push"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("branch `env/dev` cannot exist beside branch `env`"), "{output}");
}
