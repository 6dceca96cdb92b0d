//! Something is broken: the words for it, the exit code, and that nothing has moved.

use std::os::unix::process::CommandExt as _;

use super::forge::Forge;

/// Runs `publish --push`, which must end with `code` and say `words`, and leave both repositories alone.
fn fails(forge: &Forge, code: i32, words: &[&str]) {
    let (remote, local) = (forge.tips(), forge.git(&["for-each-ref", "refs/heads"]));
    let output = forge.hydrant(&["publish", "--push"]);
    assert_eq!(output.code, code, "{output}");
    for word in words {
        assert!(output.stderr.contains(word), "{word:?} is not in {output}");
    }
    assert_eq!(output.stdout, "");
    assert_eq!((forge.tips(), forge.git(&["for-each-ref", "refs/heads"])), (remote, local));
}

fn changed() -> Forge {
    let forge = Forge::new();
    forge.pushed();
    forge.web("two");
    forge
}

#[test]
fn a_hook_that_refuses_is_quoted_without_what_moves_a_cursor() {
    let forge = changed();
    forge.refuse_on_remote("pre-receive", "printf 'GH013: \\033[31msign-off missing\\n' >&2; exit 1");
    fails(&forge, 5, &["error: `origin` refuses ", "sign-off missing", "pre-receive hook declined", "  help: "]);
    let output = forge.hydrant(&["publish", "--push"]);
    assert!(!output.stderr.contains('\u{1b}'), "{output}");
}

#[test]
fn one_protected_branch_holds_all_of_them_back() {
    let forge = changed();
    forge.refuse_on_remote("update", "test \"$1\" != refs/heads/env/prod || { echo protected >&2; exit 1; }");
    fails(&forge, 5, &["`env/prod`: [remote rejected] (hook declined)", "protected"]);
}

#[test]
fn a_hook_of_ours_may_refuse_as_well() {
    let forge = changed();
    forge.sandbox.write(".git/hooks/pre-push", "#!/bin/sh\necho 'not from here' >&2\nexit 1\n");
    std::fs::set_permissions(forge.path(".git/hooks/pre-push"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("ours");
    fails(&forge, 4, &["`origin` cannot be pushed to", "not from here"]);
}

#[test]
fn a_lock_that_a_crash_left_on_the_remote_is_waited_for() {
    let forge = changed();
    std::fs::write(forge.path("../remote.git/refs/heads/env/dev.lock"), "").expect("written");
    let mut command = forge.command(&["publish", "--push"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("hydrant starts");
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert!(child.try_wait().expect("ours").is_none(), "it still tries");
    std::fs::remove_file(forge.path("../remote.git/refs/heads/env/dev.lock")).expect("ours");
    assert!(child.wait().expect("it ends").success(), "and goes on when the lock is gone");
    forge.assert_sound();
}

#[test]
fn a_lock_that_a_crash_left_here_is_told_and_holds_nothing_back() {
    let forge = changed();
    forge.sandbox.write(".git/refs/heads/env/dev.lock", "");
    let output = forge.push();
    assert!(output.stderr.contains("warning: branch `env/dev` of this repository is not at "), "{output}");
    assert!(forge.show("env/dev:web/manifest.yaml").contains("greeting: two"));
    std::fs::remove_file(forge.path(".git/refs/heads/env/dev.lock")).expect("ours");
    forge.pushed();
    assert_eq!(forge.git(&["rev-parse", "env/dev"]), forge.tips()["refs/heads/env/dev"], "the next run follows");
}

/// Runs as somebody who may read everything here and write nothing; tests that run as root can make one.
fn as_nobody(forge: &Forge) -> Option<std::process::Command> {
    if !std::process::Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n") {
        eprintln!("skipped: only root can run a program as somebody else");
        return None;
    }
    let parent = forge.sandbox.path().parent().expect("a folder").to_owned();
    assert!(std::process::Command::new("chmod").arg("-R").arg("a+rX").arg(&parent).status().expect("runs").success());
    let mut command = forge.command(&["publish", "--push"]);
    // git trusts no repository of others by itself
    let trusting = parent.join("gitconfig");
    std::fs::write(&trusting, "[safe]\n\tdirectory = *\n").expect("written");
    command.uid(65534).gid(65534).env("GIT_CONFIG_GLOBAL", trusting);
    Some(command)
}

#[test]
fn a_repository_that_cannot_be_written_is_told() {
    let forge = changed();
    let Some(command) = as_nobody(&forge) else { return };
    let tips = forge.tips();
    let output = forge.sandbox.finish(command);
    assert_eq!(output.code, 4, "{output}");
    assert!(output.stderr.contains("ermission denied"), "{output}");
    assert_eq!(forge.tips(), tips);
}

#[test]
fn a_remote_that_cannot_be_written_is_told() {
    let forge = changed();
    let Some(command) = as_nobody(&forge) else { return };
    let own = std::process::Command::new("chown").args(["-R", "65534:65534"]).arg(forge.sandbox.path()).status();
    assert!(own.expect("runs").success());
    let tips = forge.on_remote(&["-c", "safe.directory=*", "for-each-ref"]);
    let output = forge.sandbox.finish(command);
    assert_eq!(output.code, 4, "{output}");
    assert!(output.stderr.contains("error: `origin` cannot be pushed to: "), "{output}");
    assert_eq!(forge.on_remote(&["-c", "safe.directory=*", "for-each-ref"]), tips);
}

#[test]
fn a_disk_without_room_is_told_and_leaves_nothing_half_written() {
    let forge = changed();
    let tips = forge.tips();
    // no file may be larger than a kilobyte; a signal would end the process before it could say so
    let hydrant = env!("CARGO_BIN_EXE_hydrant");
    let mut command = forge.sandbox.command("sh");
    command.args(["-c", &format!("trap '' XFSZ; ulimit -f 1; exec {hydrant} publish --push")]);
    let output = forge.sandbox.finish(command);
    assert_eq!(output.code, 4, "{output}");
    assert!(output.stderr.contains("cannot write ") && output.stderr.contains("too large"), "{output}");
    assert_eq!(forge.tips(), tips);
    forge.pushed();
    forge.assert_sound();
}

#[test]
fn a_record_that_somebody_changed_is_refused_as_it_is_here() {
    let forge = changed();
    forge.git(&["clone", "--quiet", "--branch=env/dev", "../remote.git", "../other"]);
    let record = forge.sandbox.read("../other/.hydrant/record.json").replacen("\"judged\": 1", "\"judged\": 9", 1);
    forge.sandbox.write("../other/.hydrant/record.json", record.replacen('{', "{ ", 1));
    forge.git(&["-C", "../other", "commit", "--quiet", "--all", "--message", "tampered"]);
    forge.git(&["-C", "../other", "push", "--quiet", "origin", "env/dev"]);
    fails(&forge, 5, &["branch `env/dev` at "]);
}

#[test]
fn an_unsigned_commit_in_between_is_built_on_and_told_by_verify() {
    let forge = changed();
    forge.git(&["clone", "--quiet", "--branch=env/dev", "../remote.git", "../other"]);
    forge.git(&["-C", "../other", "commit", "--quiet", "--allow-empty", "--message", "unsigned"]);
    forge.git(&["-C", "../other", "push", "--quiet", "origin", "env/dev"]);
    let unsigned = forge.on_remote(&["rev-parse", "env/dev"]);
    forge.pushed();
    assert_eq!(forge.on_remote(&["rev-parse", "env/dev^"]), unsigned);
    assert_eq!(forge.hydrant(&["verify", "env/dev"]).code, 0, "the tip is ours and whole");
    assert_eq!(forge.hydrant(&["verify", "env/dev", "--at", &unsigned]).code, 0, "its content is attested");
    assert_eq!(forge.hydrant(&["verify", "env/dev", "--at", &unsigned, "--require-signature"]).code, 6);
}
