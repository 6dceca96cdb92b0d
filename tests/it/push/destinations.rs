//! Environments whose branches go to repositories of their own.

use super::forge::Forge;

/// `prod` goes to a repository of its own.
fn two_places() -> Forge {
    let forge = Forge::new();
    let text = forge.sandbox.read("hydrant.yaml");
    let text = text.replace("{ branch: env/prod }", "{ branch: env/prod, destination: ../live.git }");
    forge.commit("hydrant.yaml", &text);
    forge.git(&["init", "--quiet", "--bare", "../live.git"]);
    forge
}

fn refs(forge: &Forge, folder: &str) -> Vec<String> {
    let text = forge.git(&["-C", folder, "for-each-ref", "--format=%(refname)"]);
    text.lines().filter(|name| *name != "refs/heads/main").map(str::to_owned).collect()
}

#[test]
fn each_environment_goes_where_it_belongs() {
    let forge = two_places();
    let output = forge.push();
    assert!(output.stdout.starts_with("env/dev ") && output.stdout.contains("\nenv/prod "), "{output}");
    assert_eq!(refs(&forge, "../remote.git"), ["refs/heads/env/dev", "refs/notes/hydrator.metadata"]);
    assert_eq!(refs(&forge, "../live.git"), ["refs/heads/env/prod", "refs/notes/hydrator.metadata"]);
}

#[test]
fn where_one_refuses_it_is_said_what_is_where_and_the_next_run_completes_it() {
    let forge = two_places();
    let hook = forge.path("../remote.git/hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\necho 'no deployments on Fridays'\nexit 1\n").expect("written");
    #[cfg(unix)]
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
    let output = forge.hydrant(&["publish", "--push"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("no deployments on Fridays"), "{output}");
    assert!(output.stderr.contains("pushed: `env/prod` on `../live.git`"), "{output}");
    assert!(output.stderr.contains("not pushed: `env/dev` on `origin`"), "{output}");
    assert!(output.stdout.starts_with("env/prod ") && !output.stdout.contains("env/dev"), "{output}");
    assert_eq!(refs(&forge, "../remote.git"), Vec::<String>::new());

    std::fs::remove_file(&hook).expect("it is there");
    let output = forge.push();
    assert!(output.stderr.contains("env/prod: 1 object, unchanged\n"), "{output}");
    assert_eq!(refs(&forge, "../remote.git"), ["refs/heads/env/dev", "refs/notes/hydrator.metadata"]);
}

#[test]
fn a_place_that_cannot_be_read_holds_all_of_them_back() {
    let forge = two_places();
    std::fs::remove_dir_all(forge.path("../live.git")).expect("ours");
    let output = forge.hydrant(&["publish", "--push"]);
    assert_eq!(output.code, 4, "{output}");
    assert!(output.stderr.contains("error: `../live.git` cannot be read: "), "{output}");
    assert_eq!(refs(&forge, "../remote.git"), Vec::<String>::new());
}

#[test]
fn no_remote_is_told_with_the_way_to_one() {
    let forge = Forge::new();
    forge.git(&["remote", "remove", "origin"]);
    let output = forge.hydrant(&["publish", "--push"]);
    assert_eq!(output.code, 4, "{output}");
    assert!(output.stderr.contains("`origin` is neither a remote of this repository nor an address"), "{output}");
    assert!(output.stderr.contains("git remote add origin <address>"), "{output}");
}

#[test]
fn destinations_are_no_options_and_hold_no_secret() {
    let forge = Forge::new();
    let text = forge.sandbox.read("hydrant.yaml");
    for (destination, told) in [
        ("--upload-pack=touch x", "is neither a remote nor an address"),
        ("https://ci:hunter2@git.example.org/a", "holds a password or token"),
    ] {
        forge.commit(
            "hydrant.yaml",
            &text.replace("{ branch: env/prod }", &format!("{{ destination: '{destination}' }}")),
        );
        let output = forge.hydrant(&["publish", "--push"]);
        assert_eq!(output.code, 2, "{output}");
        assert!(output.stderr.contains(told), "{output}");
    }
}

#[test]
fn credentials_of_a_remote_are_never_shown() {
    let forge = Forge::new();
    // nobody listens there
    forge.git(&["remote", "set-url", "origin", "http://ci:hunter2@127.0.0.1:1/a.git"]);
    let output = forge.hydrant(&["publish", "--push"]);
    assert_eq!(output.code, 4, "{output}");
    assert!(output.stderr.contains("`origin` cannot be read"), "{output}");
    assert!(!output.stderr.contains("hunter2"), "{output}");
}

#[test]
fn what_is_read_is_what_is_pushed_to() {
    let forge = Forge::new();
    forge.pushed();
    forge.git(&["init", "--quiet", "--bare", "../mirror.git"]);
    forge.git(&["remote", "set-url", "--push", "origin", "../remote.git"]);
    forge.git(&["remote", "set-url", "origin", "../mirror.git"]);
    forge.web("two");
    forge.pushed();
    assert_eq!(forge.on_remote(&["rev-list", "--count", "env/dev"]), "2");
    assert_eq!(refs(&forge, "../mirror.git"), Vec::<String>::new());
}
