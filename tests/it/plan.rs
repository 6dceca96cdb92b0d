//! `hydrant publish --dry-run`: what a publication would do, object by object, and what is risky about it.

use serde_json::Value;

use crate::sandbox::Sandbox;

const SHOP: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n\
---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\n\
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n\
---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, namespace: shop, annotations: {argocd.argoproj.io/sync-options: 'Validate=false, Prune=false'}}\n\
---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone, namespace: shop}\n";

fn deployment(replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      \
         containers: [{{name: web, image: 'web:1.0'}}]\n"
    )
}

fn settings(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\n")
}

/// A published shop, then a change that takes its namespace and its data away.
fn changed_shop() -> Sandbox {
    let sandbox = Sandbox::new();
    let config = "version: 1\nenvironments:\n  dev: {branch: env/dev, kubernetes: \"1.34\", max_delete_percent: 100}\n\
                  apps: [{path: apps/*}]\nsigning: {format: ssh, key: ~/.ssh/id_ed25519}\npolicies: {builtin: [secrets]}\n";
    sandbox.write("hydrant.yaml", config);
    sandbox.write("apps/shop/shop.yaml", SHOP);
    sandbox.write("apps/web/deployment.yaml", deployment(2));
    sandbox.write("apps/web/moving.yaml", settings("moving"));
    sandbox.commit_all("first");
    sandbox.ok(&["hydrant", "publish"]);
    sandbox.write("apps/shop/shop.yaml", settings("new"));
    sandbox.write("apps/shop/moving.yaml", settings("moving"));
    std::fs::remove_file(sandbox.path().join("apps/web/moving.yaml")).expect("it is there");
    sandbox.write("apps/web/deployment.yaml", deployment(0));
    sandbox.commit_all("second");
    sandbox
}

#[test]
fn a_plan_counts_objects_by_kind_and_names_what_is_risky() {
    let sandbox = changed_shop();
    let tip = sandbox.ok(&["git", "rev-parse", "env/dev"]);
    let plan = sandbox.ok(&["hydrant", "publish", "--dry-run"]);
    assert!(plan.starts_with(&format!("env/dev on top of {tip}, 3 objects\n")), "{plan}");
    for line in [
        "  objects added: ConfigMap 1\n",
        "  objects changed: ConfigMap 1, Deployment 1\n",
        "  objects removed: ConfigMap 2, Namespace 1, PersistentVolumeClaim 1\n",
        "  risk: ConfigMap shop/kept of app shop leaves the branch and stays in the cluster: an annotation forbids to delete it\n",
        "  risk: Namespace shop of app shop is deleted, and with it everything in it\n",
        "  risk: PersistentVolumeClaim shop/data of app shop is deleted, and with it perhaps the data\n",
        "  risk: ConfigMap shop/moving of app shop moves to another app: an agent may delete it before it makes it again\n",
        "  risk: Deployment shop/web of app web has no pods any more\n",
        "  change shop/manifest.yaml\n",
    ] {
        assert!(plan.contains(line), "{line}{plan}");
    }
    assert!(!plan.contains("ConfigMap shop/gone"), "what can be made again is no risk: {plan}");
    assert_eq!(sandbox.ok(&["git", "rev-parse", "env/dev"]), tip, "nothing was done");
}

/// A dry run names the very files that the publication then adds, changes and removes, attestations among them.
#[test]
fn a_plan_names_the_files_that_the_publication_writes() {
    let sandbox = changed_shop();
    let before = sandbox.ok(&["git", "rev-parse", "env/dev"]);
    let plan: Value =
        serde_json::from_str(&sandbox.ok(&["hydrant", "publish", "--dry-run", "--format", "json"])).expect("JSON");
    sandbox.ok(&["hydrant", "publish"]);
    for (list, letter) in [("added", "A"), ("changed", "M"), ("removed", "D")] {
        let filter = format!("--diff-filter={letter}");
        let done = sandbox.ok(&["git", "diff", "--no-renames", "--name-only", &filter, &before, "env/dev"]);
        let files = plan["environments"][0]["files"][list].as_array().expect("a list");
        let planned: Vec<&str> = files.iter().map(|path| path.as_str().expect("a path")).collect();
        assert_eq!(planned, done.lines().collect::<Vec<_>>(), "{list}");
    }
    assert!(plan.to_string().contains(".dsse"), "{plan}");
}

#[test]
fn a_plan_for_machines_fits_its_schema() {
    let sandbox = changed_shop();
    let text = sandbox.ok(&["hydrant", "publish", "--dry-run", "--format", "json"]);
    let plan: Value = serde_json::from_str(&text).expect("JSON and nothing else");
    let schema: Value = serde_json::from_str(&sandbox.ok(&["hydrant", "schema", "plan"])).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let errors: Vec<String> = validator.iter_errors(&plan).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let dev = &plan["environments"][0];
    assert_eq!((&dev["environment"], &dev["step"]), (&Value::from("dev"), &Value::from("commit")));
    assert_eq!(dev["kinds"][0], serde_json::json!({"kind": "ConfigMap", "added": 1, "changed": 1, "removed": 2}));
    let risks: Vec<_> =
        dev["risks"].as_array().expect("risks").iter().map(|one| one["risk"].as_str().unwrap()).collect();
    let expected = ["stays-in-cluster", "moves-between-apps", "deletes-namespace", "deletes-data", "scales-to-zero"];
    assert_eq!(risks, expected, "in the order of apps, then of kinds");
    let replicas = dev["differences"].as_array().expect("objects").iter().find(|one| one["kind"] == "Deployment");
    assert_eq!(replicas.expect("it differs")["fields"][0]["pointer"], "/spec/replicas");
    sandbox.ok(&["hydrant", "publish"]);
    let plan: Value =
        serde_json::from_str(&sandbox.ok(&["hydrant", "publish", "--dry-run", "--format", "json"])).expect("JSON");
    assert_eq!(plan["environments"][0]["step"], "unchanged");
    assert_eq!(plan["environments"][0]["differences"], serde_json::json!([]));
}
