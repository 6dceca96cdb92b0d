//! `hydrant check --staged` and `--changed-since`: what the next commit will hold, of the apps that it changes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::sandbox::Sandbox;

fn map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {value}\n")
}

const GOOD: &str = "{a: b}";
/// No text: the schema refuses it.
const BAD: &str = "{a: 1}";

/// Two environments with three apps, committed.
fn committed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "hydrant.yaml",
        "version: 1
environments: {dev: {branch: env/dev}, prod: {branch: env/prod, values: [prod.yaml]}}
apps: [{path: apps/*}]
policies: {builtin: [hydration-risks]}
",
    );
    sandbox.write("prod.yaml", "x: 1\n");
    for app in ["api", "web", "job"] {
        sandbox.write(&format!("apps/{app}/map.yaml"), map(app, GOOD));
    }
    sandbox.commit_all("first");
    sandbox
}

#[test]
fn what_is_staged_is_checked_and_not_the_work_tree() {
    let sandbox = committed();
    sandbox.write("apps/web/map.yaml", map("web", BAD));
    let unstaged = sandbox.run(&["hydrant", "check", "--staged"]);
    assert_eq!(unstaged.code, 0, "{unstaged}");
    assert!(unstaged.stderr.contains("nothing changed"), "{unstaged}");
    sandbox.ok(&["git", "add", "."]);
    sandbox.write("apps/web/map.yaml", map("web", GOOD));
    let staged = sandbox.run(&["hydrant", "check", "--staged"]);
    assert_eq!(staged.code, 1, "a fix that is not staged counts for nothing: {staged}");
    assert!(staged.stderr.contains("apps/web/map.yaml:4:"), "{staged}");
    sandbox.ok(&["git", "add", "."]);
    let back = sandbox.run(&["hydrant", "check", "--staged"]);
    assert_eq!(back.code, 0, "{back}");
}

#[test]
fn only_apps_that_changed_are_judged() {
    let sandbox = committed();
    // broken already, and not part of this commit
    sandbox.write("apps/job/map.yaml", map("job", BAD));
    sandbox.commit_all("a mistake of somebody else");
    sandbox.write("apps/web/map.yaml", map("web", "{a: c}"));
    sandbox.ok(&["git", "add", "."]);
    let staged = sandbox.run(&["hydrant", "check", "--staged", "--report", "json=-"]);
    assert_eq!(staged.code, 0, "{staged}");
    let report: serde_json::Value = serde_json::from_str(&staged.stdout).expect("JSON");
    assert_eq!(report["accounting"]["objects"], 2, "one app in two environments: {report}");
    let only = sandbox.run(&["hydrant", "check", "--staged", "dev/api"]);
    assert_eq!(only.code, 0, "{only}");
    assert!(only.stderr.contains("nothing changed"), "{only}");
}

#[test]
fn values_concern_their_environment_and_policies_concern_all() {
    let sandbox = committed();
    sandbox.write("prod.yaml", "x: 2\n");
    sandbox.ok(&["git", "add", "."]);
    let objects = |words: &[&str]| {
        let output = sandbox.run(&[words, &["--report", "json=-"]].concat());
        assert_eq!(output.code, 0, "{output}");
        let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
        (report["accounting"]["objects"].as_u64().expect("a number"), output.stderr)
    };
    assert_eq!(objects(&["hydrant", "check", "--staged"]).0, 3, "all apps of prod");
    sandbox.write("policies/a.rego", "package a\n\nimport rego.v1\n\ndeny contains \"no kind\" if not input.kind\n");
    sandbox.ok(&["git", "add", "."]);
    let (all, told) = objects(&["hydrant", "check", "--staged"]);
    assert_eq!(all, 6);
    assert!(told.contains("`policies/a.rego` changed, which concerns every app"), "{told}");
    sandbox.commit_all("second");
    sandbox.write("README.md", "more\n");
    sandbox.ok(&["git", "add", "."]);
    let readme = sandbox.run(&["hydrant", "check", "--staged"]);
    assert_eq!((readme.code, readme.stderr.contains("nothing changed")), (0, true), "{readme}");
}

#[test]
fn a_branch_is_compared_with_where_it_left_another() {
    let sandbox = committed();
    sandbox.ok(&["git", "branch", "-M", "main"]);
    sandbox.ok(&["git", "checkout", "-q", "-b", "topic"]);
    sandbox.write("apps/web/map.yaml", map("web", "{a: c}"));
    sandbox.commit_all("topic");
    sandbox.ok(&["git", "checkout", "-q", "main"]);
    sandbox.write("apps/api/map.yaml", map("api", BAD));
    sandbox.commit_all("main went on");
    sandbox.ok(&["git", "checkout", "-q", "topic"]);
    let output = sandbox.run(&["hydrant", "check", "--changed-since", "main", "--report", "json=-"]);
    assert_eq!(output.code, 0, "{output}");
    let report: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(report["accounting"]["objects"], 2, "{report}");
    let unknown = sandbox.run(&["hydrant", "check", "--changed-since", "nowhere"]);
    assert_eq!(unknown.code, 4, "{unknown}");
}

#[test]
fn a_file_that_is_deleted_or_in_conflict_is_noticed() {
    let sandbox = committed();
    sandbox.ok(&["git", "rm", "-q", "apps/web/map.yaml"]);
    sandbox.write("apps/web/other.yaml", map("web", BAD));
    sandbox.ok(&["git", "add", "."]);
    assert_eq!(sandbox.run(&["hydrant", "check", "--staged"]).code, 1);
    sandbox.ok(&["git", "reset", "-q", "--hard"]);
    sandbox.ok(&["git", "checkout", "-q", "-b", "topic"]);
    sandbox.write("apps/web/map.yaml", map("web", "{a: topic}"));
    sandbox.commit_all("topic");
    sandbox.ok(&["git", "checkout", "-q", "-"]);
    sandbox.write("apps/web/map.yaml", map("web", "{a: main}"));
    sandbox.commit_all("main");
    assert_ne!(sandbox.run(&["git", "merge", "topic"]).code, 0);
    let conflict = sandbox.run(&["hydrant", "check", "--staged"]);
    assert_eq!(conflict.code, 4, "{conflict}");
    assert!(conflict.stderr.contains("`apps/web/map.yaml` has conflicts"), "{conflict}");
}

#[test]
fn the_first_commit_and_a_project_in_a_subfolder_are_checked() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["git", "init", "-q"]);
    sandbox
        .write("deploy/hydrant.yaml", "version: 1\nenvironments: {dev: {branch: env/dev}}\napps: [{path: apps/*}]\n");
    sandbox.write("deploy/apps/web/map.yaml", map("web", BAD));
    sandbox.ok(&["git", "add", "."]);
    let output = sandbox.run(&["hydrant", "-C", "deploy", "check", "--staged"]);
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stderr.contains("apps/web/map.yaml:4:"), "{output}");
}

/// A finding as far as it does not depend on what else was asked: rule, message, app.
fn findings(output: &crate::sandbox::Output) -> Vec<(String, String, String)> {
    let report: serde_json::Value =
        serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {output}"));
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().expect("findings");
    let mut told: Vec<_> =
        findings.iter().map(|one| (text(one, "rule"), text(one, "message"), text(one, "app"))).collect();
    told.sort();
    told
}

#[test]
fn what_is_remembered_of_neighbours_changes_no_answer() {
    const CRD: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: queues.example.com}\nspec: {group: example.com, scope: Namespaced, names: {kind: Queue, plural: queues}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}}]}\n";
    let contents = [
        map("one", GOOD),
        map("two", GOOD),
        map("two", BAD),
        CRD.to_owned(),
        "apiVersion: example.com/v1\nkind: Queue\nmetadata: {name: q, namespace: shop}\nspec: {size: 1}\n".to_owned(),
        "apiVersion: example.com/v1\nkind: Queue\nmetadata: {name: r, namespace: shop}\nspec: {size: many}\n"
            .to_owned(),
        "kind: [\n".to_owned(),
        map("{{ hydrant.app }}", GOOD),
        map("{{ hydrant.app }}", GOOD),
        map("{{ shared | default(hydrant.app) }}", GOOD),
    ];
    let sandbox = committed();
    let apps = ["api", "job", "web", "zoo"];
    let mut state = 7_u32;
    let mut next = |many: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % many
    };
    let (mut clean, mut found, mut skipped) = (0, 0, 0);
    for _ in 0..40 {
        let app = apps[next(apps.len())];
        let _ = fs::remove_file(sandbox.path().join(format!("apps/{app}/map.yaml")));
        sandbox.write(&format!("apps/{app}/map.yaml.j2"), &contents[next(contents.len())]);
        if next(8) == 0 {
            sandbox.write("prod.yaml", ["x: 1\n", "shared: one\n", "shared: two\n"][next(3)]);
        }
        sandbox.ok(&["git", "add", "--all"]);
        let staged = ["hydrant", "check", "--staged", "--report", "json=-"];
        let remembering = sandbox.run(&staged);
        let known = sandbox.path().join(".git/hydrant");
        skipped += usize::from(known.exists());
        let _ = fs::rename(&known, sandbox.path().join(".git/aside"));
        let afresh = sandbox.run(&staged);
        let _ = fs::remove_dir_all(&known);
        let _ = fs::rename(sandbox.path().join(".git/aside"), &known);
        assert_eq!((remembering.code, &remembering.stdout), (afresh.code, &afresh.stdout), "{remembering}");
        let whole = sandbox.run(&["hydrant", "check", "--report", "json=-"]);
        if !remembering.stdout.is_empty() {
            let (part, whole) = (findings(&remembering), findings(&whole));
            part.iter().for_each(|one| assert!(whole.contains(one), "{one:?}\n{whole:?}"));
            let missed = whole.iter().find(|one| one.2 == app && !part.contains(one));
            assert_eq!(missed, None, "{part:?}");
            if part.is_empty() { clean += 1 } else { found += 1 }
        }
        sandbox.ok(&["git", "commit", "--quiet", "--allow-empty", "--message", "next"]);
    }
    assert!(clean > 5 && found > 5 && skipped > 20, "{clean} {found} {skipped}");
}

#[test]
fn an_object_that_a_neighbour_declares_already_is_found_whoever_comes_first() {
    let sandbox = committed();
    // once, so that the neighbours are known
    sandbox.write("apps/job/map.yaml", map("job", "{a: c}"));
    sandbox.ok(&["git", "add", "."]);
    assert_eq!(sandbox.run(&["hydrant", "check", "--staged"]).code, 0);
    sandbox.ok(&["git", "commit", "--quiet", "--message", "second"]);
    for (app, taken) in [("api", "web"), ("web", "api")] {
        sandbox.write(&format!("apps/{app}/map.yaml"), map(taken, GOOD));
        sandbox.ok(&["git", "add", "."]);
        let output = sandbox.run(&["hydrant", "check", "--staged"]);
        assert_eq!(output.code, 1, "{output}");
        assert!(output.stderr.contains("is declared twice"), "{output}");
        sandbox.ok(&["git", "reset", "--quiet", "--hard"]);
    }
    // what cannot be read is as good as nothing
    sandbox.write(".git/hydrant/neighbours", "nonsense");
    sandbox.write("apps/web/map.yaml", map("web", "{a: c}"));
    sandbox.ok(&["git", "add", "."]);
    assert_eq!(sandbox.run(&["hydrant", "check", "--staged"]).code, 0);
}

/// The package of https://pre-commit.com, if this machine has it.
fn pre_commit() -> Option<PathBuf> {
    let named = std::env::var_os("PRE_COMMIT").map(PathBuf::from);
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).map(|folder| folder.join("pre-commit")).collect::<Vec<_>>());
    let found = named.into_iter().chain(on_path).find(|file| file.is_file());
    if found.is_none() {
        eprintln!("skipped: there is no `pre-commit` on PATH, and PRE_COMMIT does not name one");
    }
    found
}

#[test]
fn the_hooks_work_in_pre_commit() {
    let Some(pre_commit) = pre_commit() else { return };
    let sandbox = committed();
    // the hooks as pre-commit would fetch them: from a repository of their own
    let hooks = Sandbox::new();
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    hooks.write(".pre-commit-hooks.yaml", fs::read(manifest).expect("the hooks"));
    hooks.commit_all("hooks");
    let revision = hooks.ok(&["git", "rev-parse", "HEAD"]);
    sandbox.write(
        ".pre-commit-config.yaml",
        format!(
            "repos:\n- repo: {}\n  rev: {}\n  hooks: [{{id: hydrant-check}}, {{id: hydrant-test}}]\n",
            hooks.path().display(),
            revision.trim()
        ),
    );
    sandbox.commit_all("hooks");
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_hydrant"));
    let path = std::env::join_paths(
        std::iter::once(binary.parent().expect("a folder").to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .expect("a path");
    let run = || {
        let output = Command::new(&pre_commit)
            .arg("run")
            .current_dir(sandbox.path())
            .env("PATH", &path)
            .env("PRE_COMMIT_HOME", sandbox.path().join("../pre-commit"))
            .output()
            .expect("pre-commit runs");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    sandbox.write("apps/web/map.yaml", map("web", BAD));
    sandbox.ok(&["git", "add", "."]);
    let (passed, told) = run();
    assert!(!passed && told.contains("apps/web/map.yaml:4:"), "a bad staged change is blocked: {told}");
    sandbox.write("apps/web/map.yaml", map("web", GOOD));
    let (passed, told) = run();
    assert!(!passed && told.contains("apps/web/map.yaml:4:"), "an unstaged fix is ignored: {told}");
    sandbox.write("apps/web/map.yaml", map("web", "{a: fixed}"));
    sandbox.ok(&["git", "add", "."]);
    let (passed, told) = run();
    assert!(passed, "a staged fix passes: {told}");
}
