//! `hydrant diff`: what a change does to every object, in three formats.

use crate::argocd::Shop;
use crate::sandbox::Sandbox;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: {{ replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: \"example.com/web:{{ tag }}\"}
        - {name: log, image: \"example.com/log:1\"}
";

const CONFIG: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data:
  web.conf: |
    listen 80
    workers 4
    log info
---
apiVersion: v1
kind: Secret
metadata: {name: web, namespace: shop}
stringData: {password: hunter2}
";

const PROJECT: &str = "version: 1
environments:
  dev: {branch: env/dev, values: [dev.yaml]}
apps:
  - path: apps/*
policies: {builtin: [hydration-risks]}
signing: {key: ~/.ssh/id_ed25519}
";

/// A project with one environment, published.
fn published() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("hydrant.yaml", PROJECT);
    sandbox.write("dev.yaml", "replicas: 2\ntag: v1\n");
    sandbox.write("apps/web/web.yaml.j2", DEPLOYMENT);
    sandbox.write("apps/web/config.yaml", CONFIG);
    sandbox.commit_all("first");
    sandbox.ok(&["hydrant", "publish"]);
    sandbox
}

fn change(sandbox: &Sandbox) {
    sandbox.write("dev.yaml", "replicas: 3\ntag: v2\n");
    let config = CONFIG.replace("workers 4", "workers 8").replace("hunter2", "hunter3");
    sandbox.write("apps/web/config.yaml", config);
    sandbox
        .write("apps/api/api.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: api, namespace: shop}\n");
}

#[test]
fn a_change_is_told_object_by_object_and_field_by_field() {
    let sandbox = published();
    let none = sandbox.run(&["hydrant", "diff", "--exit-code"]);
    assert_eq!((none.code, none.stderr.trim()), (0, "nothing differs; 3 objects alike"), "{none}");
    change(&sandbox);
    let output = sandbox.run(&["hydrant", "diff", "--exit-code"]);
    assert_eq!(output.code, 1, "{output}");
    let (heading, rest) = output.stdout.split_once('\n').expect("a heading");
    assert!(heading.starts_with("dev: env/dev at ") && heading.ends_with(" → the work tree"), "{heading}");
    assert_eq!(
        rest,
        "  + api  ServiceAccount shop/api
  ~ web  ConfigMap shop/web
      data[web.conf]:
        @@ line 1 → 1 @@
          listen 80
        - workers 4
        + workers 8
          log info
  ~ web  Deployment shop/web
      spec.replicas: 2 → 3
      spec.template.spec.containers[name=web].image: example.com/web:v1 → example.com/web:v2
  ~ web  Secret shop/web
      stringData.password: (hidden) → (hidden)
"
    );
    assert_eq!(output.stderr.trim(), "4 objects differ: 1 added, 3 changed, 0 removed; 0 alike");
}

#[test]
fn two_revisions_are_compared_by_rendering_both() {
    let sandbox = published();
    change(&sandbox);
    sandbox.commit_all("second");
    let output = sandbox.ok(&["hydrant", "diff", "dev/web", "--base", "HEAD", "--rev", "HEAD~1"]);
    assert!(output.starts_with("dev: HEAD → HEAD~1\n"), "{output}");
    assert!(output.contains("spec.replicas: 3 → 2"), "{output}");
    assert!(!output.contains("ServiceAccount"), "another app was not asked for: {output}");
    let backwards = sandbox.ok(&["hydrant", "diff", "--base", "HEAD", "--rev", "HEAD~1"]);
    assert!(backwards.contains("- api  ServiceAccount shop/api"), "{backwards}");
}

#[test]
fn machines_get_pointers_and_places_and_no_secrets() {
    let sandbox = published();
    change(&sandbox);
    let output = sandbox.ok(&["hydrant", "diff", "--format", "json"]);
    assert!(!output.contains("hunter"), "{output}");
    let json: serde_json::Value = serde_json::from_str(&output).expect("JSON");
    assert_eq!(json["totals"], serde_json::json!({"added": 1, "changed": 3, "removed": 0, "unchanged": 0}));
    let deployment = &json["environments"][0]["objects"][2];
    assert_eq!(deployment["kind"], "Deployment");
    let image = &deployment["fields"][1];
    assert_eq!(image["pointer"], "/spec/template/spec/containers/0/image");
    assert_eq!((&image["before"], &image["after"]), (&"example.com/web:v1".into(), &"example.com/web:v2".into()));
    assert_eq!(image["written_after"], "apps/web/web.yaml.j2:11:30");
    let schema: serde_json::Value = serde_json::from_str(&sandbox.ok(&["hydrant", "schema", "diff"])).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(validator.is_valid(&json));
}

#[test]
fn markdown_keeps_to_its_budget_and_tells_what_it_left_out() {
    let sandbox = published();
    change(&sandbox);
    let whole = sandbox.ok(&["hydrant", "diff", "--format", "markdown"]);
    assert!(whole.contains("4 objects differ: 1 added, 3 changed, 0 removed"), "{whole}");
    assert!(whole.contains("```diff\n- spec.replicas: 2\n+ spec.replicas: 3\n"), "{whole}");
    assert!(!whole.contains("not fit") && !whole.contains("hunter"), "{whole}");
    for budget in [400, 600, 900, 1_200] {
        let short = sandbox.ok(&["hydrant", "diff", "--format", "markdown", "--budget", &budget.to_string()]);
        assert!(short.len() <= budget, "{} bytes of {budget}: {short}", short.len());
        assert_eq!(short.matches("<details>").count(), short.matches("</details>").count(), "{short}");
        assert!(short.contains("not fit here") == (short.len() < whole.len()), "{short}");
    }
}

#[test]
fn a_state_that_does_not_render_is_not_compared() {
    let sandbox = published();
    sandbox.write("dev.yaml", "replicas: 3\n");
    let output = sandbox.run(&["hydrant", "diff"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{output}");
    assert!(output.stderr.contains("`tag`"), "{output}");
    assert!(output.stderr.contains("nothing was compared"), "{output}");
}

#[test]
fn an_environment_without_a_branch_is_all_new() {
    let sandbox = published();
    sandbox.ok(&["git", "branch", "-D", "env/dev"]);
    let output = sandbox.ok(&["hydrant", "diff"]);
    assert!(
        output.starts_with("dev: nothing published yet → the work tree\n  + web  ConfigMap shop/web\n"),
        "{output}"
    );
}

#[test]
fn what_is_published_is_found_in_every_shape_of_a_branch_and_only_manifests_are_objects() {
    for output in ["", "style: plain", "layout: split", "active_path: teams/shop", "yaml_style: k8s"] {
        let shop = Shop::new(output);
        shop.published(&[]);
        let same = shop.sandbox.run(&["hydrant", "diff", "dev", "--exit-code"]);
        assert_eq!((same.code, same.stderr.trim()), (0, "nothing differs; 2 objects alike"), "{output}: {same}");
        shop.web(&["hello", "world"]);
        let more = shop.sandbox.run(&["hydrant", "diff", "dev", "--exit-code"]);
        assert_eq!(more.code, 1, "{output}: {more}");
        let (_, objects) = more.stdout.split_once('\n').expect("a heading");
        assert_eq!(objects, "  + web  ConfigMap shop/world\n", "{output}: {more}");
    }
}

#[test]
fn an_open_proposal_is_not_what_a_cluster_has() {
    let shop = Shop::new("propose: true");
    shop.published(&[]);
    let none = shop.sandbox.run(&["hydrant", "diff", "dev", "--exit-code"]);
    assert!(none.code == 1 && none.stdout.contains("+ api  Deployment shop/api"), "nothing was merged yet: {none}");
    shop.git(&["update-ref", "refs/heads/env/dev", "env/dev-next"]);
    shop.web(&["hello", "world"]);
    shop.sandbox.commit_all("web: more");
    shop.published(&["dev"]);
    let open = shop.sandbox.run(&["hydrant", "diff", "dev", "--exit-code"]);
    let (heading, objects) = open.stdout.split_once('\n').expect("a heading");
    assert!(heading.starts_with("dev: env/dev at "), "{heading}");
    assert_eq!(objects, "  + web  ConfigMap shop/world\n", "{open}");
}
