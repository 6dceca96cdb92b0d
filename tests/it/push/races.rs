//! Somebody else is quicker: exactly between our look and our push, by a `git` that lets them.

use super::forge::{Forge, NOTES, config_map};

/// Another clone, which pushes by plain git.
fn other(forge: &Forge) {
    forge.git(&["clone", "--quiet", "../remote.git", "../other"]);
}

/// What the other one runs to add a file to `branch`.
fn adds(branch: &str, file: &str) -> String {
    format!(
        "cd ../other && git fetch --quiet origin {branch} && git checkout --quiet --detach FETCH_HEAD\n\
         mkdir -p $(dirname {file}) && echo theirs > {file} && git add {file} && git commit --quiet -m theirs\n\
         git push --quiet origin HEAD:refs/heads/{branch}"
    )
}

#[test]
fn a_branch_that_moved_gets_our_files_beside_theirs() {
    let forge = Forge::new();
    forge.pushed();
    other(&forge);
    forge.web("two");
    forge.once("before-push", &adds("env/dev", "docs/theirs.txt"));
    let output = forge.push();
    assert!(output.stderr.contains("env/dev: 1 object"), "{output}");
    assert_eq!(forge.show("env/dev:docs/theirs.txt"), "theirs");
    assert!(forge.show("env/dev:web/manifest.yaml").contains("greeting: two"));
    assert_eq!(forge.on_remote(&["rev-list", "--count", "env/dev"]), "3", "one after the other");
    assert_eq!(forge.on_remote(&["rev-list", "--count", "env/prod"]), "2", "the other branch moved once, with it");
    forge.assert_never_forced("refs/heads/env/dev");
    assert_eq!(forge.calls("push"), 2, "refused once");
}

#[test]
fn a_branch_that_appeared_is_built_on_and_not_replaced() {
    let forge = Forge::with_output("output: { active_path: shop }\n");
    other(&forge);
    forge.once(
        "before-push",
        "cd ../other && git push --quiet origin HEAD:refs/heads/env/dev-tmp && \
        git checkout --quiet --orphan new && git rm -rq --cached . && git commit --quiet --allow-empty -m theirs && \
        git push --quiet origin HEAD:refs/heads/env/dev",
    );
    forge.pushed();
    assert_eq!(forge.on_remote(&["rev-list", "--count", "env/dev"]), "2");
    assert_eq!(forge.on_remote(&["log", "--format=%s", "env/dev^"]), "theirs");
}

#[test]
fn notes_that_moved_keep_what_others_noted() {
    let forge = Forge::new();
    forge.pushed();
    other(&forge);
    forge.web("two");
    forge.once(
        "before-push",
        &format!(
            "cd ../other && git fetch --quiet origin {NOTES}:{NOTES}\n\
             git notes --ref {NOTES} add -m '{{\"drySha\":\"theirs\"}}' HEAD && git push --quiet origin {NOTES}"
        ),
    );
    forge.pushed();
    let main = forge.on_remote(&["rev-parse", "main"]);
    assert!(forge.on_remote(&["notes", "--ref", NOTES, "show", &main]).contains("theirs"));
    assert!(forge.on_remote(&["notes", "--ref", NOTES, "show", "env/dev"]).contains("drySha"));
    forge.assert_never_forced(NOTES);
    assert_eq!(forge.calls("push"), 2);
}

#[test]
fn files_of_ours_that_somebody_edited_meanwhile_refuse_by_name() {
    let forge = Forge::new();
    forge.pushed();
    other(&forge);
    forge.web("two");
    forge.once("before-push", &adds("env/dev", "web/manifest.yaml"));
    let output = forge.hydrant(&["publish", "--push"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("was edited by hand") && output.stderr.contains("`web/manifest.yaml`"), "{output}");
    assert_eq!(forge.show("env/dev:web/manifest.yaml"), "theirs");
    assert_eq!(forge.on_remote(&["rev-list", "--count", "env/prod"]), "1", "nothing else moved");
    assert_eq!(forge.git(&["rev-list", "--count", "env/prod"]), "1", "nor here");
}

/// The same project, published from another clone at `revision` by the real hydrant.
fn publishes(revision: &str) -> String {
    format!("{} -C ../other publish --push --rev {revision}", env!("CARGO_BIN_EXE_hydrant"))
}

#[test]
fn the_same_project_published_from_a_newer_commit_is_never_taken_back() {
    let forge = Forge::new();
    forge.pushed();
    let ours = forge.web("two");
    forge.web("three");
    forge.git(&["push", "--quiet", "origin", "main"]);
    other(&forge);
    forge.once("before-push", &publishes("origin/main"));
    let output = forge.hydrant(&["publish", "--push", "--rev", &ours]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("was published meanwhile from commit"), "{output}");
    assert!(output.stderr.contains("publish the newer of the two"), "{output}");
    assert!(forge.show("env/dev:web/manifest.yaml").contains("greeting: three"));
    forge.assert_sound();
}

#[test]
fn the_same_project_published_from_a_commit_beside_ours_is_not_overwritten() {
    let forge = Forge::new();
    forge.pushed();
    forge.git(&["push", "--quiet", "origin", "main"]);
    other(&forge);
    forge.web("ours");
    let theirs = format!(
        "cd ../other && cat > apps/web/config.yaml <<'END'\n{}END\ngit commit --quiet -am theirs && {} -C . publish --push",
        config_map("web", "theirs"),
        env!("CARGO_BIN_EXE_hydrant")
    );
    forge.once("before-push", &theirs);
    let output = forge.hydrant(&["publish", "--push"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("was published meanwhile from commit"), "{output}");
    assert!(forge.show("env/dev:web/manifest.yaml").contains("greeting: theirs"));
}

#[test]
fn an_older_commit_that_was_published_meanwhile_is_checked_against_and_overtaken() {
    let forge = Forge::new();
    forge.pushed();
    let older = forge.web("two");
    forge.web("three");
    forge.git(&["push", "--quiet", "origin", "main"]);
    other(&forge);
    forge.once("before-push", &publishes(&older));
    let output = forge.push();
    assert!(output.stderr.contains("was published meanwhile from the older commit"), "{output}");
    assert!(forge.show("env/dev^:web/manifest.yaml").contains("greeting: two"));
    assert!(forge.show("env/dev:web/manifest.yaml").contains("greeting: three"));
    forge.assert_sound();
}

#[test]
fn the_same_commit_published_twice_at_once_is_published_once() {
    let forge = Forge::new();
    forge.pushed();
    forge.web("two");
    forge.git(&["push", "--quiet", "origin", "main"]);
    other(&forge);
    forge.once("before-push", &publishes("origin/main"));
    forge.pushed();
    assert_eq!(forge.on_remote(&["rev-list", "--count", "env/dev"]), "2");
    forge.assert_sound();
}

#[test]
fn a_branch_that_somebody_moved_back_is_gone_on_from_and_told() {
    let forge = Forge::new();
    forge.pushed();
    forge.web("two");
    forge.pushed();
    let ahead = forge.tips()["refs/heads/env/dev"].clone();
    forge.on_remote(&["update-ref", "refs/heads/env/dev", "env/dev^"]);
    forge.web("three");
    let output = forge.push();
    assert!(output.stderr.contains("warning: somebody moved `env/dev` on `origin` back from "), "{output}");
    assert!(output.stderr.contains(&format!("branch `env/dev` of this repository stays at {ahead}")), "{output}");
    assert!(forge.show("env/dev:web/manifest.yaml").contains("greeting: three"));
    assert_eq!(forge.on_remote(&["rev-list", "--count", "env/dev"]), "2");
    assert_eq!(forge.git(&["rev-parse", "env/dev"]), ahead, "what the remote lost is kept here");
}

#[test]
fn a_branch_that_somebody_removed_begins_anew() {
    let forge = Forge::new();
    forge.pushed();
    forge.on_remote(&["update-ref", "-d", "refs/heads/env/dev"]);
    forge.web("two");
    let output = forge.push();
    assert!(output.stderr.contains("warning: somebody removed `env/dev` from `origin`"), "{output}");
    assert_eq!(forge.on_remote(&["rev-list", "--count", "env/dev"]), "1");
}

#[test]
fn a_server_that_cannot_move_several_at_once_moves_one_after_the_other() {
    let forge = Forge::new();
    forge.on_remote(&["config", "receive.advertiseAtomic", "false"]);
    let output = forge.push();
    assert!(output.stderr.contains("warning: `origin` cannot move several branches in one push"), "{output}");
    assert_eq!(forge.tips().len(), 3);
    forge.web("two");
    forge.refuse_on_remote("update", "test \"$1\" != refs/heads/env/prod || { echo not this one; exit 1; }");
    let output = forge.hydrant(&["publish", "--push"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("pushed: `env/dev` on `origin`\n  not pushed: `env/prod` on `origin`"), "{output}");
    assert!(output.stderr.contains("not this one"), "{output}");
    std::fs::remove_file(forge.path("../remote.git/hooks/update")).expect("ours");
    forge.pushed();
    for branch in ["env/dev", "env/prod"] {
        assert!(forge.show(&format!("{branch}:web/manifest.yaml")).contains("greeting: two"));
        assert_eq!(forge.on_remote(&["rev-list", "--count", branch]), "2");
    }
    forge.assert_sound();
}
