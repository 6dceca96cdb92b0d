//! `hydrant validate` on files that are meant to break it: each is one clear finding, and everything beside it is still
//! checked.

use std::fs::File;

use serde_json::Value;

use crate::sandbox::{Output, Sandbox};

const SETTINGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n";

/// Of each finding the rule, the file and the line.
fn found(output: &Output) -> Vec<(String, String, u64)> {
    let report: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{output}"));
    let finding = |one: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&one["rule"]), text(&one["location"]["file"]), one["location"]["line"].as_u64().unwrap_or_default())
    };
    report["findings"].as_array().expect("findings").iter().map(finding).collect()
}

#[test]
#[cfg(unix)]
fn every_hostile_file_is_one_finding_and_hides_no_other() {
    let sandbox = Sandbox::new();
    sandbox.write("k8s/good.yaml", SETTINGS);
    sandbox.write("k8s/binary.yaml", b"apiVersion: v1\nkind: \0\x01\x02\n");
    sandbox.write("k8s/deep.yaml", format!("{SETTINGS}data: {}{}\n", "[".repeat(10_000), "]".repeat(10_000)));
    // a gigabyte of nothing, which the disk does not hold
    sandbox.write("k8s/huge.yaml", "");
    let huge = File::options().write(true).open(sandbox.path().join("k8s/huge.yaml")).expect("a new file");
    huge.set_len(1 << 30).expect("a sparse file");
    std::os::unix::fs::symlink("nothing.yaml", sandbox.path().join("k8s/dangling.yaml")).expect("a new link");
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: queues.shop.example.com}\n\
               spec:\n  group: shop.example.com\n  names: {kind: Queue, plural: queues}\n  scope: Namespaced\n  versions:\n  \
               - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: strnig}}}\n";
    sandbox.write("k8s/crd.yaml", crd);
    sandbox.write("k8s/loop.yaml", "apiVersion: loop.example.com/v1\nkind: Loop\nmetadata: {name: a}\n");
    sandbox.write(
        "schemas/loop.json",
        r##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}"##,
    );
    let place = "schemas/{{ .ResourceKind }}.json";
    let words = ["hydrant", "validate", "k8s", "--schema-location", place, "--report", "json=-"];
    let output = sandbox.run(&words);
    assert_eq!(output.code, 1, "{output}");
    let found = found(&output);
    let found: Vec<_> = found.iter().map(|(rule, file, line)| (rule.as_str(), file.as_str(), *line)).collect();
    assert_eq!(
        found,
        [
            ("unreadable-input", "", 0),
            ("unreadable-input", "", 0),
            ("yaml-syntax", "k8s/binary.yaml", 2),
            ("broken-schema", "k8s/crd.yaml", 9),
            ("yaml-limit", "k8s/deep.yaml", 4),
            ("broken-schema", "k8s/loop.yaml", 2),
        ]
    );
    let report: Value = serde_json::from_str(&output.stdout).expect("a report");
    assert_eq!(report["accounting"]["validated"], 2, "the good object and the CRD itself: {}", report["accounting"]);
    assert!(output.stderr.contains("`k8s/huge.yaml` cannot be read: it has more than 64 MiB"), "{output}");
    assert!(output.stderr.contains("`k8s/dangling.yaml` cannot be read: No such file"), "{output}");
    assert!(!output.stderr.contains(['\0', '\x01', '\x02']), "a file steers no terminal: {output}");
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read_is_a_finding() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    sandbox.write("k8s/good.yaml", SETTINGS);
    sandbox.write("k8s/private.yaml", SETTINGS.replace("settings", "private"));
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(sandbox.path().join("k8s/private.yaml"), closed).expect("a file of our own");
    let Some(output) = sandbox.run_unprivileged(&["hydrant", "validate", "k8s"]) else {
        eprintln!("skipped: an unprivileged user cannot start the program here");
        return;
    };
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stderr.contains("`k8s/private.yaml` cannot be read: Permission denied"), "{output}");
    assert!(output.stderr.contains("help: let this user read it, or leave it out"), "{output}");
    assert!(output.stderr.contains("1 object: 1 validated"), "{output}");
}
