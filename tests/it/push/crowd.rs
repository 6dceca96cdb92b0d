//! A crowd: eight projects that publish to one branch at the same moment, again and again.

use std::time::Instant;

use super::forge::{Forge, NOTES, config_map};

const PUBLISHERS: usize = 8;

#[test]
fn eight_publishers_at_once_lose_nothing() {
    crowd(3);
}

#[test]
#[ignore = "takes minutes"]
fn eight_publishers_at_once_lose_nothing_in_fifty_rounds() {
    crowd(50);
}

/// Each has a clone and a folder of the branch to itself.
fn crowd(rounds: usize) {
    let forge = Forge::new();
    for publisher in 0..PUBLISHERS {
        let folder = format!("../p{publisher}");
        forge.git(&["clone", "--quiet", "../remote.git", &folder]);
        let config = forge.sandbox.read("hydrant.yaml");
        let config = config.replace("  prod: { branch: env/prod }\n", "");
        let config = config.replace("apps:\n", &format!("output: {{ active_path: p{publisher} }}\napps:\n"));
        forge.sandbox.write(&format!("{folder}/hydrant.yaml"), config);
    }
    let began = Instant::now();
    for round in 0..rounds {
        let running: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                let folder = format!("../p{publisher}");
                let greeting = format!("round{round}");
                forge.sandbox.write(&format!("{folder}/apps/web/config.yaml"), config_map("web", &greeting));
                forge.git(&["-C", &folder, "commit", "--quiet", "--all", "--message", &greeting]);
                let mut command = forge.command(&["-C", &folder, "publish", "--push"]);
                command.env("HYDRANT_THREADS", "1");
                command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
                command.spawn().expect("hydrant starts")
            })
            .collect();
        for child in running {
            let output = forge.sandbox.output(child.wait_with_output().expect("it ends"));
            assert_eq!(output.code, 0, "round {round}: {output}");
        }
    }
    let commits = forge.on_remote(&["rev-list", "--count", "env/dev"]);
    eprintln!("{PUBLISHERS} publishers, {rounds} rounds: {commits} commits in {:?}", began.elapsed());
    assert_eq!(commits, (PUBLISHERS * rounds).to_string(), "every change is there");
    assert_eq!(forge.on_remote(&["rev-list", "--min-parents=2", "--count", "env/dev"]), "0", "in one line");
    for publisher in 0..PUBLISHERS {
        let log = forge.on_remote(&["log", "--format=%s", "env/dev", "--", &format!("p{publisher}/web/manifest.yaml")]);
        let wanted: Vec<String> = (0..rounds).rev().map(|round| format!("round{round}")).collect();
        let found: Vec<&str> = log.lines().map(|line| line.split_once(": ").expect("id and subject").1).collect();
        assert_eq!(found, wanted, "in order, none twice");
    }
    for name in ["refs/heads/env/dev", NOTES] {
        forge.assert_never_forced(name);
    }
    forge.assert_sound();
}
