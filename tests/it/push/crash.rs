//! Processes that die, at points with a name and at any moment: the remote is as before or as after, and the next run
//! completes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use super::forge::Forge;

type Tips = BTreeMap<String, String>;

/// A project that was pushed once and has changed since.
fn changed() -> (Forge, Tips) {
    let forge = Forge::new();
    forge.pushed();
    forge.web("two");
    let before = forge.tips();
    forge.watch_git();
    (forge, before)
}

/// Whether all has moved; panics if only some has.
fn has_moved(forge: &Forge, before: &Tips) -> bool {
    let now = forge.tips();
    let moved = before.iter().filter(|(name, tip)| now.get(*name) != Some(tip)).count();
    assert!(moved == 0 || moved == before.len(), "some moved and some did not: {before:?} {now:?}");
    moved > 0
}

#[test]
fn whoever_dies_at_a_step_leaves_the_remote_as_before_or_as_after() {
    for (step, moves) in [
        ("before-ls-remote", false),
        ("after-ls-remote", false),
        ("before-fetch", false),
        ("after-fetch", false),
        ("before-push", true),
        ("after-push", true),
    ] {
        let (forge, before) = changed();
        if step.ends_with("fetch") {
            // there is nothing to fetch as long as nobody else pushes
            forge.git(&["update-ref", "-d", "refs/hydrant/remote/origin/heads%2Fenv%2Fdev"]);
        }
        let local = forge.git(&["rev-parse", "env/dev"]);
        forge.once(step, "kill -9 $HYDRANT");
        let output = forge.hydrant(&["publish", "--push"]);
        assert_eq!((output.code, output.stdout.as_str()), (-1, ""), "{step}: it was killed: {output}");
        forge.wait_for_git();
        // git itself goes on: who dies while it pushes has asked for it already
        assert_eq!(has_moved(&forge, &before), moves, "{step}");
        assert_eq!(forge.git(&["rev-parse", "env/dev"]), local, "{step}: ours follow last");
        assert_completes(&forge, step);
    }
}

#[test]
fn whoever_dies_at_any_moment_leaves_the_remote_as_before_or_as_after() {
    kill_often(12);
}

#[test]
#[ignore = "takes minutes"]
fn whoever_dies_at_any_of_two_hundred_moments_leaves_the_remote_as_before_or_as_after() {
    kill_often(200);
}

fn kill_often(times: u32) {
    let (forge, _) = changed();
    let began = Instant::now();
    forge.pushed();
    let whole = began.elapsed();
    let (mut before_push, mut after_push) = (0, 0);
    for time in 0..times {
        forge.web(&format!("time{time}"));
        let before = forge.tips();
        let mut child = silent(forge.command(&["publish", "--push"])).spawn().expect("hydrant starts");
        // moments spread over the whole of it, in no order
        std::thread::sleep(whole.mul_f64(f64::from((time * 79) % times) / f64::from(times)));
        child.kill().expect("it is ours");
        let _ = child.wait().expect("it ended");
        forge.wait_for_git();
        match has_moved(&forge, &before) {
            true => after_push += 1,
            false => before_push += 1,
        }
        if time % 4 == 3 {
            assert_completes(&forge, &format!("after kill {time}"));
        }
    }
    eprintln!("killed {times} times within {whole:?}: {before_push} before, {after_push} after");
    assert!(before_push > 0, "some die before it is pushed");
    assert_completes(&forge, "at the end");
    assert_eq!(left_over(&forge), Vec::<String>::new());
}

/// Without a remote there is nobody who moves all branches at once: some may have moved. The next run completes them.
#[test]
fn whoever_dies_while_publishing_here_is_completed_by_the_next_run() {
    let (forge, _) = changed();
    let began = Instant::now();
    forge.sandbox.ok(&["hydrant", "publish"]);
    let whole = began.elapsed();
    let moments = 8;
    for time in 0..moments {
        forge.web(&format!("time{time}"));
        let mut child = silent(forge.command(&["publish"])).spawn().expect("hydrant starts");
        std::thread::sleep(whole.mul_f64(f64::from((time * 3) % moments) / f64::from(moments)));
        child.kill().expect("it is ours");
        let _ = child.wait().expect("it ended");
        let output = forge.hydrant(&["publish"]);
        assert_eq!(output.code, 0, "after kill {time}: {output}");
        for branch in ["env/dev", "env/prod"] {
            let manifest = forge.git(&["show", &format!("{branch}:web/manifest.yaml")]);
            assert!(manifest.contains(&format!("time{time}")), "after kill {time}: {manifest}");
        }
        forge.git(&["fsck", "--strict"]);
    }
    assert_eq!(left_over(&forge), Vec::<String>::new());
}

fn silent(mut command: std::process::Command) -> std::process::Command {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// What a process leaves that is killed while it moves references: a note of them, and locks.
#[test]
fn locks_of_a_process_that_died_are_removed_and_those_of_others_are_not() {
    let forge = Forge::new();
    forge.pushed();
    let new = forge.git(&["rev-parse", "env/dev"]);
    let note = format!("{new} refs/heads/env/dev\n{new} ../../outside\nnonsense\n");
    for (lock, is_left_over) in [(format!("{new}\n"), true), (String::new(), true), ("0".repeat(40), false)] {
        forge.web(&format!("left{}", lock.len()));
        forge.sandbox.write(".git/hydrant/moving", &note);
        forge.sandbox.write(".git/refs/heads/env/dev.lock", &lock);
        let output = forge.hydrant(&["publish"]);
        assert_eq!(output.code == 0, is_left_over, "{lock:?}: {output}");
        assert_eq!(forge.path(".git/refs/heads/env/dev.lock").exists(), !is_left_over, "{lock:?}");
    }
    std::fs::remove_file(forge.path(".git/refs/heads/env/dev.lock")).expect("ours");
    // git itself would stop at this one
    let copy = "refs/hydrant/remote/origin/heads%2Fenv%2Fdev";
    forge.git(&["update-ref", copy, "HEAD"]);
    forge.sandbox.write(".git/hydrant/moving", format!("{new} {copy}\n"));
    forge.sandbox.write(&format!(".git/{copy}.lock"), &new);
    forge.pushed();
    assert_eq!(forge.sandbox.read(".git/hydrant/moving"), "", "nothing is left to do");
}

/// The next run makes all of it as it should be, and nothing is left of the one before.
fn assert_completes(forge: &Forge, when: &str) {
    let output = forge.push();
    assert_eq!(output.stdout.lines().count(), 2, "{when}: {output}");
    for (name, tip) in forge.tips() {
        assert_eq!(forge.git(&["rev-parse", &name]), tip, "{when}: {name}");
    }
    let source = forge.sandbox.read("apps/web/config.yaml");
    let greeting = source.lines().last().expect("a line").trim();
    for branch in ["env/dev", "env/prod"] {
        assert!(forge.show(&format!("{branch}:web/manifest.yaml")).contains(greeting), "{when}");
    }
    forge.assert_sound();
    forge.git(&["fsck", "--strict"]);
}

/// Locks and half-written files in both repositories, after git has tidied up.
fn left_over(forge: &Forge) -> Vec<String> {
    let mut found = Vec::new();
    for folder in [".git", "../remote.git"] {
        forge.git(&["-C", folder, "gc", "--quiet", "--prune=now"]);
        collect(&forge.path(folder), &mut found);
    }
    found
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file")) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            collect(&path, found);
        } else if name.ends_with(".lock") || name.starts_with("tmp_") || name.starts_with(".tmp") {
            found.push(path.display().to_string());
        }
    }
}
