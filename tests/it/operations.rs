//! Constraints see what is on a branch already: a policy on updates or deletions judges before anything is published.

use crate::sandbox::Sandbox;

const CONFIG: &str = "version: 1
environments:
  prod:
    branch: env/prod
apps:
  - path: apps/*
policies:
  builtin: []
signing:
  key: ~/.ssh/id_ed25519
";

/// Forbids what an update may not do, what nobody may create, and what nobody may delete.
const TEMPLATE: &str = "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: keeppromises
spec:
  crd:
    spec:
      names:
        kind: KeepPromises
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package keeppromises

        violation[{\"msg\": msg}] {
          input.review.operation == \"UPDATE\"
          input.review.object.data.size < input.review.oldObject.data.size
          msg := sprintf(\"the size shrinks from %v\", [input.review.oldObject.data.size])
        }

        violation[{\"msg\": msg}] {
          input.review.operation == \"CREATE\"
          input.review.object.data.size > \"5\"
          msg := \"it begins too large\"
        }

        violation[{\"msg\": msg}] {
          input.review.operation == \"DELETE\"
          input.review.object.data.keep == \"always\"
          input.review.oldObject.data.keep == \"always\"
          msg := \"it is to be kept\"
        }
";

/// Says something of every object, whatever happens to it.
const EVERYTHING: &str = "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: noticeeverything
spec:
  crd:
    spec:
      names:
        kind: NoticeEverything
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package noticeeverything

        violation[{\"msg\": msg}] {
          msg := sprintf(\"seen by %v\", [input.review.operation])
        }
";

fn constraint(kind: &str, spec: &str) -> String {
    format!(
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: {kind}\nmetadata:\n  name: on-maps\nspec:\n  \
         enforcementAction: {spec}\n  match:\n    kinds:\n      - apiGroups: [\"\"]\n        kinds: [ConfigMap]\n"
    )
}

fn map(name: &str, data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\ndata:\n  {data}\n")
}

/// A project that was published once, with a map of size 5.
fn published() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("hydrant.yaml", CONFIG);
    sandbox.write("policies/template.yaml", TEMPLATE);
    sandbox.write("policies/constraint.yaml", constraint("KeepPromises", "deny"));
    sandbox.write("apps/web/size.yaml", map("size", "size: \"5\""));
    sandbox.write("apps/web/kept.yaml", map("kept", "keep: always"));
    sandbox.write("apps/web/free.yaml", map("free", "keep: sometimes"));
    sandbox.commit_all("all is well");
    sandbox.ok(&["hydrant", "publish"]);
    sandbox
}

/// The findings of a command, as message, place and what told the place.
fn found(sandbox: &Sandbox, words: &[&str]) -> (i32, Vec<(String, String, String)>) {
    let output = sandbox.run(&[words, &["--report", "json=report.json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&sandbox.read("report.json")).expect("JSON");
    std::fs::remove_file(sandbox.path().join("report.json")).expect("it was there");
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().expect("a list").iter().map(|finding| {
        let location = &finding["location"];
        let place = format!("{}:{}", word(&location["file"]), location["line"]);
        (word(&finding["message"]), place, word(&finding["placed_by"]))
    });
    (output.code, findings.collect())
}

fn one(message: &str, place: &str, placed_by: &str) -> Vec<(String, String, String)> {
    vec![(message.to_owned(), place.to_owned(), placed_by.to_owned())]
}

#[test]
fn an_update_is_judged_against_what_the_branch_holds() {
    let sandbox = published();
    sandbox.write("apps/web/size.yaml", map("size", "size: \"4\""));
    sandbox.commit_all("smaller");
    let shrinks = one("[on-maps] the size shrinks from 5", "apps/web/size.yaml:7", "reads");
    assert_eq!(found(&sandbox, &["hydrant", "publish"]), (1, shrinks.clone()));
    assert_eq!(found(&sandbox, &["hydrant", "check"]), (0, vec![]), "who does not look at branches sees creations");
    assert_eq!(found(&sandbox, &["hydrant", "check", "--against-branch"]), (1, shrinks));

    sandbox.write("apps/web/size.yaml", map("size", "size: \"6\""));
    sandbox.commit_all("larger");
    let begins = one("[on-maps] it begins too large", "apps/web/size.yaml:7", "reads");
    assert_eq!(found(&sandbox, &["hydrant", "check"]), (1, begins));
    assert_eq!(found(&sandbox, &["hydrant", "publish"]), (0, vec![]), "an update may");
}

#[test]
fn a_new_object_beside_a_branch_is_created() {
    let sandbox = published();
    sandbox.write("apps/web/other.yaml", map("other", "size: \"6\""));
    sandbox.commit_all("one more");
    let begins = one("[on-maps] it begins too large", "apps/web/other.yaml:7", "reads");
    assert_eq!(found(&sandbox, &["hydrant", "publish"]), (1, begins));
}

#[test]
fn a_deletion_is_judged_by_the_templates_that_ask_for_deletions() {
    let sandbox = published();
    sandbox.write("policies/everything.yaml", EVERYTHING);
    sandbox.write("policies/notice.yaml", constraint("NoticeEverything", "dryrun"));
    std::fs::remove_file(sandbox.path().join("apps/web/free.yaml")).expect("it was there");
    sandbox.commit_all("one less");
    let (code, notes) = found(&sandbox, &["hydrant", "publish", "--dry-run"]);
    assert_eq!(code, 0);
    let messages: Vec<&str> = notes.iter().map(|(message, ..)| message.as_str()).collect();
    assert_eq!(messages, ["[on-maps] seen by UPDATE", "[on-maps] seen by UPDATE"]);

    std::fs::remove_file(sandbox.path().join("policies/notice.yaml")).expect("it was there");
    std::fs::remove_file(sandbox.path().join("policies/everything.yaml")).expect("it was there");
    std::fs::remove_file(sandbox.path().join("apps/web/kept.yaml")).expect("it was there");
    sandbox.commit_all("both less");
    let (code, mut findings) = found(&sandbox, &["hydrant", "publish"]);
    assert_eq!((code, findings.len()), (1, 1), "{findings:?}");
    let (message, place, placed_by) = findings.remove(0);
    assert_eq!((message.as_str(), placed_by.as_str()), ("[on-maps] [on deletion] it is to be kept", "reads"));
    assert!(place.starts_with("env/prod:"), "{place}");
}
