//! Load: which apps a tree holds, what each of them may read, and the values that hold for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hydrant::config;
use hydrant::diagnostic::{Diagnostic, Severity};
use hydrant::load::{EngineKind, Loaded, Role, Unit, WorkTree, discover, load, merge, read_checks};
use hydrant::manifest::{Node, Value};
use hydrant::source::Source;
use hydrant::tree::{Digest, MemoryTree, ReadTree, RepoPath, TreeError};
use proptest::prelude::*;
use serde_json::json;

use crate::corpus::corpus;

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).expect("a path")
}

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    let mut tree = MemoryTree::default();
    for (name, text) in files {
        tree.insert(path(name), text.as_bytes());
    }
    tree
}

/// The tree loaded by its own `hydrant.yaml`, or by discovery without one.
fn loaded(tree: &MemoryTree) -> Loaded {
    let project = match tree.read(&path("hydrant.yaml")) {
        Ok(bytes) => config::parse(&Source::file("hydrant.yaml", String::from_utf8_lossy(&bytes)))
            .unwrap_or_else(|diagnostics| panic!("refused:\n{}", shown(&diagnostics))),
        Err(_) => discover(tree).expect("the tree can be read"),
    };
    load(tree, &project).expect("the tree can be read")
}

fn load_files(files: &[(&str, &str)]) -> Loaded {
    loaded(&tree(files))
}

fn shown(diagnostics: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let place = diagnostic
            .primary
            .as_ref()
            .map(|label| (label.location.source.name().to_owned(), label.location.position()));
        let place = place.map_or("-".to_owned(), |(name, place)| format!("{name}:{}:{}", place.line, place.column));
        let help = diagnostic.help.as_deref().unwrap_or_default();
        format!("{place} {}: {} ({help})\n", diagnostic.rule, diagnostic.message)
    };
    diagnostics.iter().map(line).collect()
}

fn names(loaded: &Loaded) -> Vec<String> {
    loaded.units.iter().map(|unit| format!("{}/{}", unit.environment, unit.app)).collect()
}

fn unit<'a>(loaded: &'a Loaded, name: &str) -> &'a Unit {
    let found = loaded.units.iter().find(|unit| format!("{}/{}", unit.environment, unit.app) == name);
    found.unwrap_or_else(|| panic!("no unit `{name}` in {:?}\n{}", names(loaded), shown(&loaded.diagnostics)))
}

fn roles(unit: &Unit) -> Vec<(&str, Role)> {
    unit.inputs.files.iter().map(|(path, input)| (path.as_str(), input.role)).collect()
}

const CONFIG: &str = "version: 1\nenvironments:\n  dev: { values: [envs/dev.yaml] }\n  prod: { inherits: dev, values: [envs/prod.yaml] }\napps:\n  - path: apps/*\n";

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";

#[test]
fn every_app_is_a_unit_in_every_environment_with_merged_values() {
    let loaded = load_files(&[
        ("hydrant.yaml", CONFIG),
        ("envs/dev.yaml", "size: 1\nfrom: dev\nnested: { a: 1, b: [1, 2] }\n"),
        ("envs/prod.yaml", "size: 2\nnested: { b: [3], c: 3 }\ndropped: null\n"),
        ("apps/web/a.yaml.j2", "a"),
        ("apps/web/values.yaml", "size: 0\nown: yes\nmode: 0644\ndropped: 1\n"),
        ("apps/web/values-prod.yaml", "from: app\n"),
        ("apps/plain/a.yaml", OBJECT),
        ("templates/macros.j2", "m"),
        ("templates/README.md", "m"),
    ]);
    assert_eq!(shown(&loaded.diagnostics), "");
    assert_eq!(names(&loaded), ["dev/plain", "dev/web", "prod/plain", "prod/web"]);
    assert_eq!(
        unit(&loaded, "dev/web").values.to_json(),
        json!({ "size": 1, "from": "dev", "own": true, "mode": 420, "dropped": 1, "nested": { "a": 1, "b": [1, 2] } })
    );
    let prod = unit(&loaded, "prod/web");
    assert_eq!(
        prod.values.to_json(),
        json!({ "size": 2, "from": "app", "own": true, "mode": 420, "nested": { "a": 1, "b": [3], "c": 3 } })
    );
    let files: Vec<_> = prod.values_files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(files, ["apps/web/values.yaml", "envs/dev.yaml", "envs/prod.yaml", "apps/web/values-prod.yaml"]);
    assert_eq!(prod.values_files[3].1, Digest::of(b"from: app\n"));
    assert_eq!(prod.engine, EngineKind::Template);
    assert_eq!(
        roles(prod),
        [
            ("apps/web/a.yaml.j2", Role::Template),
            ("apps/web/values-prod.yaml", Role::Values),
            ("apps/web/values.yaml", Role::Values),
            ("templates/macros.j2", Role::Partial),
        ]
    );
    assert!(prod.owns(&path("apps/web/a.yaml.j2")) && !prod.owns(&path("templates/macros.j2")));
    assert_eq!(unit(&loaded, "prod/plain").engine, EngineKind::Plain);
    assert_eq!(roles(unit(&loaded, "prod/plain")), [("apps/plain/a.yaml", Role::Manifest)]);
}

#[test]
fn explicit_values_stand_around_those_of_the_environment() {
    let config = "version: 1\nenvironments: { dev: { values: [e.yaml] } }\napps:\n  - path: web\n    values: [\"{environment}.yaml\", ../common.yaml, own.yaml]\n";
    let loaded = load_files(&[
        ("hydrant.yaml", config),
        ("e.yaml", "last: environment\nb: environment"),
        ("common.yaml", "last: common\na: common\nb: common\n"),
        ("web/own.yaml", "a: own\n"),
        ("web/dev.yaml", "last: dev\n"),
        ("web/x.yaml.j2", ""),
    ]);
    assert_eq!(shown(&loaded.diagnostics), "");
    assert_eq!(unit(&loaded, "dev/web").values.to_json(), json!({ "last": "dev", "a": "own", "b": "environment" }));
    assert_eq!(roles(unit(&loaded, "dev/web"))[0], ("web/dev.yaml", Role::Values));
}

#[test]
fn apps_without_values_of_their_own_share_those_of_the_environment() {
    let loaded = load_files(&[
        ("hydrant.yaml", CONFIG),
        ("envs/dev.yaml", "a: 1"),
        ("envs/prod.yaml", "# nothing\n"),
        ("apps/a/x.yaml", OBJECT),
        ("apps/b/x.yaml", OBJECT),
    ]);
    assert!(std::sync::Arc::ptr_eq(&unit(&loaded, "dev/a").values, &unit(&loaded, "dev/b").values));
    assert!(std::sync::Arc::ptr_eq(&unit(&loaded, "dev/a").inputs, &unit(&loaded, "prod/a").inputs));
    assert_eq!(unit(&loaded, "prod/b").values.to_json(), json!({ "a": 1 }));
}

#[test]
fn roles_follow_names_patterns_and_engine() {
    let config = "version: 1\nenvironments: { dev: {} }\napps:\n  - { path: web, exclude: [\"**/test/**\", \"*.bak.yaml\"] }\n  - { path: flat, engine: plain, include: [\"*.yaml\"] }\n";
    let loaded = load_files(&[
        ("hydrant.yaml", config),
        ("web/a.yaml.j2", ""),
        ("web/b.json", ""),
        ("web/_part.yaml.j2", ""),
        ("web/conf/nginx.conf.j2", ""),
        ("web/c.bak.yaml", ""),
        ("web/test/d.yaml", ""),
        ("web/test/kustomization.yaml", ""),
        ("web/.hidden/e.yaml", ""),
        ("web/README", ""),
        ("web/sub/hydrant.yaml", ""),
        ("flat/a.yaml", ""),
        ("flat/b.yaml.j2", ""),
        ("flat/sub/c.yaml", ""),
    ]);
    assert_eq!(shown(&loaded.diagnostics), "");
    assert_eq!(
        roles(unit(&loaded, "dev/web")),
        [
            ("web/.hidden/e.yaml", Role::Ignored("hidden")),
            ("web/README", Role::Ignored("not a manifest")),
            ("web/_part.yaml.j2", Role::Partial),
            ("web/a.yaml.j2", Role::Template),
            ("web/b.json", Role::Manifest),
            ("web/c.bak.yaml", Role::Ignored("excluded")),
            ("web/conf/nginx.conf.j2", Role::Partial),
            ("web/sub/hydrant.yaml", Role::Ignored("the configuration")),
            ("web/test/d.yaml", Role::Ignored("excluded")),
            ("web/test/kustomization.yaml", Role::Ignored("excluded")),
        ]
    );
    assert_eq!(
        roles(unit(&loaded, "dev/flat")),
        [
            ("flat/a.yaml", Role::Manifest),
            ("flat/b.yaml.j2", Role::Ignored("excluded")),
            ("flat/sub/c.yaml", Role::Ignored("excluded")),
        ]
    );
}

#[test]
fn what_cannot_be_used_is_told_where_and_what() {
    let app = |rest: &str| format!("version: 1\nenvironments: {{ dev: {{}} }}\napps:\n  - {rest}\n");
    type Case<'a> = (&'a str, String, Vec<(&'a str, &'a str)>);
    let cases: Vec<Case<'_>> = vec![
        ("missing folder", app("path: apps/wbe"), vec![("apps/web/a.yaml", "")]),
        ("a file", app("path: apps/web/a.yaml"), vec![("apps/web/a.yaml", "")]),
        ("pattern without match", app("path: services/*"), vec![("apps/web/a.yaml", "")]),
        ("only reserved folders", app("path: \"*\""), vec![("policies/a.rego", ""), ("templates/a.j2", "")]),
        ("bad folder name", app("path: apps/*"), vec![("apps/my app/a.yaml", "")]),
        ("twins", app("path: apps/*\n  - path: more/web\n  - { path: x, name: web }"), vec![
            ("apps/web/a.yaml", ""), ("more/web/a.yaml", ""), ("x/a.yaml", ""),
        ]),
        ("chart", app("{ path: web, engine: plain }"), vec![("web/a.yaml", ""), ("web/Chart.yaml", "name: web\n")]),
        ("nested kustomization", app("path: web"), vec![("web/a.yaml", ""), ("web/base/Kustomization", "")]),
        ("engine named", app("path: web\n    engine: helm"), vec![("web/a.yaml", "")]),
        ("environment values", "version: 1\nenvironments:\n  dev: { values: [envs/dve.yaml] }\n  prod: { inherits: dev }\napps: [{ path: a }]\n".to_owned(),
            vec![("a/a.yaml", ""), ("envs/dev.yaml", "")]),
        ("app values", app("path: a\n    values: [base.yaml, \"{environment}.yaml\", ../../x.yaml]"), vec![("a/a.yaml", ""), ("a/base.yaml", "")]),
        ("values of nobody", app("path: a"), vec![("a/a.yaml", ""), ("a/values-dve.yaml", "")]),
        ("broken values", app("path: a"), vec![("a/a.yaml", ""), ("a/values.yaml", "x: [\n")]),
        ("twice in values", app("path: a"), vec![("a/a.yaml", ""), ("a/values.yaml", "x: 1\nx: 2\n")]),
        ("a list of values", app("path: a"), vec![("a/a.yaml", ""), ("a/values.yaml", "- x\n")]),
        ("two documents of values", app("path: a"), vec![("a/a.yaml", ""), ("a/values.yaml", "x: 1\n---\ny: 1\n")]),
        ("reserved key", app("path: a"), vec![("a/a.yaml", ""), ("a/values.yaml", "x: 1\nhydrant: {}\n")]),
        ("templates folder", app("path: a\ntemplates: shared"), vec![("a/a.yaml", "")]),
    ];
    let mut all = String::new();
    for (name, config, files) in &cases {
        let loaded = load_files(&[files.as_slice(), &[("hydrant.yaml", config)]].concat());
        all.push_str(&format!("── {name}: {:?}\n{}", names(&loaded), shown(&loaded.diagnostics)));
        assert!(loaded.diagnostics.iter().all(|found| hydrant::load::is_configuration(&found.rule)), "{name}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_broken_values_file_is_told_once_and_stops_only_its_users() {
    let loaded = load_files(&[
        ("hydrant.yaml", "version: 1\nenvironments: { dev: {}, prod: {} }\napps: [{ path: apps/* }]\n"),
        ("apps/a/x.yaml", OBJECT),
        ("apps/a/values.yaml", "x: [\n"),
        ("apps/b/x.yaml", OBJECT),
    ]);
    assert_eq!(names(&loaded), ["dev/b", "prod/b"]);
    assert_eq!(loaded.diagnostics.len(), 1, "{}", shown(&loaded.diagnostics));
}

#[test]
fn a_file_that_is_not_text_is_a_finding_of_its_app() {
    let mut tree =
        tree(&[("hydrant.yaml", "version: 1\nenvironments: { dev: {} }\napps: [{ path: a }]\n"), ("a/x.yaml", OBJECT)]);
    tree.insert(path("a/latin.yaml"), b"a: 1\nb: caf\xe9\n".as_slice());
    tree.insert(path("a/wide.yaml"), b"\xff\xfea\0".as_slice());
    tree.insert(path("a/logo.png"), b"\xff\xff".as_slice());
    let loaded = loaded(&tree);
    assert_eq!(
        shown(&loaded.diagnostics),
        "- unreadable-input: `a/latin.yaml` is not UTF-8: byte 0xe9 on line 2 (replace it by a text file, or `exclude` it)\n\
         - utf-16: `a/wide.yaml` is UTF-16, which kubectl cannot read (convert it to UTF-8, as `hydrant validate --fix` does, or `exclude` it)\n"
    );
    assert_eq!(loaded.diagnostics[0].subject.app.as_deref(), Some("a"));
    assert!(!hydrant::load::is_configuration(&loaded.diagnostics[0].rule));
    assert_eq!(
        roles(unit(&loaded, "dev/a")),
        [
            ("a/latin.yaml", Role::Unreadable),
            ("a/logo.png", Role::Ignored("not a manifest")),
            ("a/wide.yaml", Role::Unreadable),
            ("a/x.yaml", Role::Manifest),
        ]
    );
}

#[test]
fn an_app_may_be_the_repository_itself() {
    let config = "version: 1\nenvironments: { dev: { values: [env.yaml] } }\napps:\n  - { path: ., name: top }\n  - { path: web }\nschemas: { crds: [crds] }\n";
    let loaded = load_files(&[
        ("hydrant.yaml", config),
        ("env.yaml", "a: 1"),
        ("x.yaml", OBJECT),
        ("more/y.yaml", OBJECT),
        ("web/z.yaml", OBJECT),
        ("crds/c.yaml", OBJECT),
        ("policies/data.json", "{}"),
    ]);
    assert_eq!(shown(&loaded.diagnostics), "");
    let top = unit(&loaded, "dev/top");
    assert_eq!(top.folder, None);
    assert_eq!(top.resolve("more/../x.yaml"), Ok(path("x.yaml")));
    assert_eq!(
        roles(top),
        [
            ("env.yaml", Role::Values),
            ("hydrant.yaml", Role::Ignored("the configuration")),
            ("more/y.yaml", Role::Manifest),
            ("x.yaml", Role::Manifest),
        ]
    );
}

#[test]
fn without_a_file_the_folders_of_apps_are_the_apps() {
    let loaded = load_files(&[
        ("apps/web/a.yaml", OBJECT),
        ("apps/db/a.yaml.j2", ""),
        ("apps/README.md", ""),
        ("other/a.yaml", OBJECT),
    ]);
    assert_eq!(names(&loaded), ["default/db", "default/web"]);
    assert_eq!(&*loaded.units[0].kubernetes, config::DEFAULT_KUBERNETES);
}

#[test]
fn without_apps_every_folder_that_holds_something_for_a_cluster_is_one() {
    let loaded = load_files(&[
        ("deploy/deep/a.yaml", OBJECT),
        ("jinja/a.yaml.j2", ""),
        ("src/config.yaml", "not: for a cluster\n"),
        ("policies/x.yaml", OBJECT),
        ("fixtures/x.yaml", OBJECT),
        (".github/workflows/x.yaml", OBJECT),
        ("service.yaml", OBJECT),
        ("compose.yaml", "services: {}\n"),
    ]);
    assert_eq!(shown(&loaded.diagnostics), "");
    assert_eq!(names(&loaded), ["default/deploy", "default/jinja", "default/root"]);
    let root = unit(&loaded, "default/root");
    let read: Vec<_> = roles(root).into_iter().filter(|(_, role)| *role == Role::Manifest).collect();
    assert_eq!(read, [("service.yaml", Role::Manifest)]);
}

#[test]
fn a_chart_without_a_file_is_refused_and_not_read_as_plain() {
    let loaded = load_files(&[("Chart.yaml", "name: web\n"), ("templates/a.yaml", OBJECT), ("values.yaml", "a: 1\n")]);
    assert!(loaded.units.is_empty());
    assert!(
        shown(&loaded.diagnostics).starts_with("Chart.yaml:1:1 engine-not-built"),
        "{}",
        shown(&loaded.diagnostics)
    );
    let loaded = load_files(&[("web/Chart.yaml", "name: web\n"), ("web/templates/a.yaml", OBJECT)]);
    assert!(loaded.units.is_empty() && loaded.diagnostics.len() == 1);
}

#[test]
fn an_empty_repository_has_no_apps_and_no_errors() {
    let loaded = load_files(&[("README.md", "hello")]);
    assert!(loaded.units.is_empty() && loaded.diagnostics.is_empty());
}

#[test]
fn values_of_an_unknown_environment_only_warn_where_no_file_names_the_environments() {
    let loaded = load_files(&[("apps/web/a.yaml", OBJECT), ("apps/web/values-prod.yaml", "a: 1")]);
    assert_eq!(loaded.diagnostics[0].severity, Severity::Warning);
    assert_eq!(roles(unit(&loaded, "default/web"))[1], ("apps/web/values-prod.yaml", Role::Values));
}

#[test]
fn checks_are_read_in_order_and_missing_ones_are_told() {
    let config = "version: 1\nenvironments: { dev: {} }\napps: [{ path: a }]\nschemas: { crds: [crds, crds/b.yaml, a/x.yaml], locations: [catalog, none] }\npolicies: { paths: [rules, empty] }\n";
    let tree = tree(&[
        ("rules/b.rego", "b"),
        ("rules/a.rego", "a"),
        ("rules/data.yaml", "d"),
        ("rules/other.yaml", "o"),
        ("rules/.x/c.rego", "c"),
        ("empty/README.md", ""),
        ("crds/b.yaml", ""),
        ("crds/a.json", ""),
        ("a/x.yaml", ""),
        ("catalog/g/k.json", "{}"),
    ]);
    let project = config::parse(&Source::file("hydrant.yaml", config)).expect("good");
    let checks = read_checks(&tree, &project).expect("readable");
    let names =
        |sources: &[std::sync::Arc<Source>]| sources.iter().map(|source| source.name().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&checks.policies), ["rules/a.rego", "rules/b.rego"]);
    assert_eq!(names(&checks.data), ["rules/data.yaml"]);
    assert_eq!(names(&checks.crds), ["a/x.yaml", "crds/a.json", "crds/b.yaml"]);
    assert_eq!(
        shown(&checks.diagnostics),
        "hydrant.yaml:5:28 config-reference: `empty` holds no Rego and no Gatekeeper template (correct the path, or remove it from the list)\n\
         hydrant.yaml:4:70 config-reference: there is no file or folder `none` (correct the path, or remove it from the list)\n"
    );
}

#[test]
fn policies_are_looked_for_by_default_and_not_missed() {
    let project =
        config::parse(&Source::file("hydrant.yaml", "version: 1\nenvironments: { dev: {} }\napps: [{ path: a }]\n"))
            .expect("good");
    assert!(read_checks(&tree(&[("a/x.yaml", "")]), &project).expect("readable").diagnostics.is_empty());
    assert_eq!(read_checks(&tree(&[("policies/x.rego", "")]), &project).expect("readable").policies.len(), 1);
}

#[test]
fn every_error_of_the_configuration_is_told_from_a_finding() {
    use hydrant::diagnostic::rules;
    let configuration = rules::ALL.iter().filter(|rule| hydrant::load::is_configuration(&rule.id));
    let names: Vec<_> = configuration.map(|rule| rule.id.as_str()).collect();
    assert_eq!(
        names,
        [
            "config-syntax",
            "config-unknown-key",
            "config-type",
            "config-reference",
            "config-cycle",
            "config-invalid",
            "app-not-found",
            "engine-not-built"
        ]
    );
}

// ── values ────────────────────────────────────────────────────────────────────────────────────────────────────

fn values(json: &serde_json::Value) -> Node {
    Node::from_json(json)
}

#[test]
fn merging_replaces_lists_and_null_deletes() {
    let merged = merge([
        &values(&json!({ "list": [1, 2], "map": { "a": 1, "b": 2 }, "gone": { "x": 1 }, "scalar": 1 })),
        &values(&json!({ "list": [3], "map": { "b": null, "c": 3 }, "gone": null, "scalar": { "now": "a map" } })),
        &values(&json!({ "gone": { "y": 2 }, "never": null })),
    ]);
    assert_eq!(
        merged.to_json(),
        json!({ "list": [3], "map": { "a": 1, "c": 3 }, "scalar": { "now": "a map" }, "gone": { "y": 2 }, "never": null })
    );
}

fn any_values() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|value| json!(value)),
        (0..9i64).prop_map(|value| json!(value)),
        "[a-c]".prop_map(|value| json!(value))
    ];
    let value = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| json!(items)),
            prop::collection::btree_map("[a-d]", inner, 0..4).prop_map(|members| json!(members)),
        ]
    });
    prop::collection::btree_map("[a-d]", value, 0..4)
        .prop_map(|members: BTreeMap<String, serde_json::Value>| json!(members))
}

proptest! {
    #[test]
    fn merging_nothing_changes_nothing(a in any_values()) {
        let (a, empty) = (values(&a), values(&json!({})));
        prop_assert!(merge([&a, &empty]).same_meaning(&a));
        prop_assert!(merge([&empty, &a]).same_meaning(&a));
        prop_assert!(merge([&a, &a]).same_meaning(&a));
        prop_assert!(merge([&a]).same_meaning(&a));
    }

    #[test]
    fn merging_is_associative_where_nothing_is_deleted(a in any_values(), b in any_values(), c in any_values()) {
        // a value that is no mapping ends what a mapping began, so the property holds for values of one shape
        let (a, b, c) = (values(&a), values(&b), values(&c));
        prop_assume!(same_shape(&a, &b) && same_shape(&b, &c) && same_shape(&a, &c));
        let left = merge([&merge([&a, &b]), &c]);
        let right = merge([&a, &merge([&b, &c])]);
        prop_assert!(left.same_meaning(&right));
        prop_assert!(left.same_meaning(&merge([&a, &b, &c])));
    }

    #[test]
    fn the_last_word_counts(a in any_values(), b in any_values()) {
        let merged = merge([&values(&a), &values(&b)]).to_json();
        for (key, value) in b.as_object().expect("a mapping") {
            if !value.is_object() {
                prop_assert_eq!(&merged[key], value);
            }
        }
    }
}

/// Whether no key is a mapping in one and something else in the other.
fn same_shape(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Mapping(entries), Value::Mapping(_)) => {
            entries.iter().all(|entry| b.get(&entry.key.name).is_none_or(|other| same_shape(&entry.value, other)))
        }
        (Value::Mapping(_), _) | (_, Value::Mapping(_)) => false,
        _ => true,
    }
}

// ── work tree ─────────────────────────────────────────────────────────────────────────────────────────────────

fn write(root: &Path, name: &str, text: &str) {
    let file = root.join(name);
    fs::create_dir_all(file.parent().expect("a folder")).expect("writable");
    fs::write(file, text).expect("writable");
}

#[test]
fn a_work_tree_lists_what_git_would() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let root = folder.path();
    for name in [
        "a/x.yaml",
        "a/b/c.yaml",
        "a.yaml",
        "a-b/x.yaml",
        ".hidden/x.yaml",
        ".git/config",
        "sub/.git",
        "out/x.yaml",
        "a/b/keep.log",
        "x.log",
    ] {
        write(root, name, name);
    }
    write(root, ".gitignore", "/out/\n*.log\n!keep.log\n");
    write(root, ".ignore", "a/\n");
    let listed: Vec<String> =
        WorkTree::open(root).expect("a folder").files(None).expect("readable").into_iter().map(String::from).collect();
    let git = |arguments: &[&str]| std::process::Command::new("git").args(arguments).current_dir(root).output();
    assert_eq!(
        listed,
        [".gitignore", ".hidden/x.yaml", ".ignore", "a-b/x.yaml", "a.yaml", "a/b/c.yaml", "a/b/keep.log", "a/x.yaml"]
    );
    fs::remove_dir_all(root.join(".git")).expect("writable");
    fs::remove_file(root.join("sub/.git")).expect("writable");
    let Ok(_) = git(&["init", "-q"]) else {
        eprintln!("skipped: no git on this machine");
        return;
    };
    let output =
        git(&["-c", "core.excludesFile=", "ls-files", "-coz", "--exclude-standard"]).expect("git lists files").stdout;
    let mut by_git: Vec<&str> =
        std::str::from_utf8(&output).expect("text").split('\0').filter(|name| !name.is_empty()).collect();
    by_git.sort_unstable();
    assert_eq!(listed, by_git);
}

#[test]
fn a_work_tree_and_a_tree_in_memory_are_the_same_to_a_reader() {
    let files = [
        ("hydrant.yaml", CONFIG),
        ("envs/dev.yaml", "a: 1\n"),
        ("envs/prod.yaml", "b: 1\n"),
        ("apps/web/a.yaml", OBJECT),
        ("apps/web.d/a.yaml", OBJECT),
        ("apps/web-b/a.yaml.j2", "x"),
        ("apps/web/values.yaml", "c: 1\n"),
        ("templates/m.j2", ""),
    ];
    let folder = tempfile::tempdir().expect("a scratch folder");
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    let (disk, memory) = (WorkTree::open(folder.path()).expect("a folder"), tree(&files));
    for under in [None, Some(path("apps/web")), Some(path("hydrant.yaml")), Some(path("nowhere"))] {
        assert_eq!(disk.files(under.as_ref()).expect("readable"), memory.files(under.as_ref()).expect("readable"));
    }
    let project = config::parse(&Source::file("hydrant.yaml", CONFIG)).expect("good");
    let units = |tree: &dyn ReadTree| {
        let loaded = load(tree, &project).expect("readable");
        assert_eq!(shown(&loaded.diagnostics), "");
        loaded.units.iter().map(|unit| format!("{unit:?}")).collect::<Vec<_>>()
    };
    assert_eq!(units(&disk), units(&memory));
    assert_eq!(units(&disk).len(), 6);
}

#[cfg(unix)]
#[test]
fn no_symlink_leads_out_of_a_work_tree() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a scratch folder");
    let outside = folder.path().join("outside");
    write(&outside, "secret.yaml", "secret");
    let root = folder.path().join("repository");
    write(&root, "a/real.yaml", "real");
    write(&root, "other/x.yaml", "x");
    let link = |target: &str, name: &str| symlink(target, root.join(name)).expect("a link");
    link("real.yaml", "a/inside.yaml");
    link("../other/x.yaml", "a/up.yaml");
    link("inside.yaml", "a/chain.yaml");
    link("../../outside/secret.yaml", "a/out.yaml");
    link(outside.join("secret.yaml").to_str().expect("text"), "a/absolute.yaml");
    link("../../repository/a/real.yaml", "a/out-and-in.yaml");
    link("../../outside", "a/folder");
    link("../other", "a/inside-folder");
    link("folder/secret.yaml", "a/through.yaml");
    link("inside-folder/x.yaml", "a/through-inside.yaml");
    link("loop-b", "a/loop-a");
    link("loop-a", "a/loop-b");
    link("nothing.yaml", "a/dangling.yaml");
    link("../.git/config", "a/git.yaml");
    let tree = WorkTree::open(&root).expect("a folder");
    let text = |name: &str| tree.read(&path(name)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert_eq!(text("a/inside.yaml").expect("inside"), "real");
    assert_eq!(text("a/chain.yaml").expect("inside"), "real");
    assert_eq!(text("a/up.yaml").expect("inside"), "x");
    for name in [
        "a/out.yaml",
        "a/absolute.yaml",
        "a/out-and-in.yaml",
        "a/folder",
        "a/inside-folder",
        "a/through.yaml",
        "a/through-inside.yaml",
        "a/folder/secret.yaml",
        "a/inside-folder/x.yaml",
        "a/loop-a",
        "a/dangling.yaml",
        "a/git.yaml",
    ] {
        assert!(matches!(text(name), Err(TreeError::Symlink { .. })), "{name}: {:?}", text(name));
    }
    assert!(matches!(text("a/none.yaml"), Err(TreeError::NotFound(_))));
    assert!(matches!(text("a/real.yaml/x"), Err(TreeError::NotFound(_))));
    assert!(matches!(text("a"), Err(TreeError::NotFound(_))));
    let listed = tree.files(Some(&path("a"))).expect("readable");
    assert_eq!(listed.len(), 15, "links are listed, and none is walked through: {listed:?}");
}

#[cfg(unix)]
#[test]
fn a_linked_folder_in_an_app_is_told_and_not_left_out_in_silence() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    write(folder.path(), "apps/web/a.yaml", OBJECT);
    write(folder.path(), "base/b.yaml", OBJECT);
    std::os::unix::fs::symlink("../../base", folder.path().join("apps/web/base")).expect("a link");
    let tree = WorkTree::open(folder.path()).expect("a folder");
    let loaded = load(&tree, &discover(&tree).expect("readable")).expect("readable");
    assert_eq!(
        shown(&loaded.diagnostics),
        "- unreadable-input: `apps/web/base` is a symlink to `../../base`, which is a folder (replace it by a text file, or `exclude` it)\n"
    );
}

#[test]
fn a_file_beyond_the_limit_is_not_read() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = fs::File::create(folder.path().join("big.yaml")).expect("writable");
    file.set_len(hydrant::load::MAX_FILE_BYTES + 1).expect("sparse");
    let tree = WorkTree::open(folder.path()).expect("a folder");
    assert!(matches!(tree.read(&path("big.yaml")), Err(TreeError::TooLarge { .. })));
}

#[test]
fn a_path_that_is_no_folder_is_no_work_tree() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    write(folder.path(), "file", "");
    assert!(WorkTree::open(folder.path().join("file")).is_err());
    assert!(WorkTree::open(folder.path().join("nowhere")).is_err());
}

#[test]
fn real_repositories_are_discovered_and_every_file_is_accounted_for() {
    let Some(corpus) = corpus() else { return };
    let entries = fs::read_dir(corpus.join("manifests")).expect("a folder of repositories");
    let folders = entries.map(|entry| entry.expect("readable").path()).filter(|path| path.is_dir());
    for folder in folders.chain([corpus.join("overlays"), corpus.join("policy")]).filter(|path| path.is_dir()) {
        let tree = WorkTree::open(&folder).expect("a folder");
        let loaded = load(&tree, &discover(&tree).expect("readable")).expect("readable");
        let loads_again = load(&tree, &discover(&tree).expect("readable")).expect("readable");
        assert_eq!(format!("{:?}", loaded.units), format!("{:?}", loads_again.units), "{}", folder.display());
        for unit in &loaded.units {
            let below = tree.files(unit.folder.as_ref()).expect("readable");
            let own = unit.inputs.files.keys().filter(|path| unit.owns(path)).count();
            assert!(own == below.len() || unit.folder.is_none(), "{} of {}: {own}", unit.app, folder.display());
        }
    }
}
