//! `hydrant init`: what other tools are told, taken over or left out by name, and proven against the branches.

use crate::corpus::corpus;
use crate::sandbox::Sandbox;

fn map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\ndata:\n  a: b\n")
}

fn hydrated(name: &str, folder: &str, branch: &str, more: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  destination: {{server: https://kubernetes.default.svc, namespace: shop}}
  sourceHydrator:
    drySource: {{repoURL: https://git.example.org/shop, path: {folder}, targetRevision: main{more}}}
    syncSource: {{targetBranch: {branch}, path: {name}}}
"
    )
}

/// Two environments that Argo CD hydrates, and their branches as it wrote them.
fn hydrated_repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "hydrant.yaml\n");
    for environment in ["dev", "prod"] {
        sandbox.write(&format!("dry/{environment}/web.yaml"), map("web"));
        sandbox.write(
            &format!("argocd/{environment}.yaml"),
            hydrated("web", &format!("dry/{environment}"), &format!("env/{environment}"), ""),
        );
    }
    sandbox.commit_all("dry");
    for environment in ["dev", "prod"] {
        sandbox.ok(&["git", "checkout", "--quiet", "--orphan", &format!("env/{environment}")]);
        sandbox.ok(&["git", "rm", "-r", "--quiet", "--force", "."]);
        sandbox.write("web/manifest.yaml", map("web"));
        sandbox.write("web/hydrator.metadata", "{}\n");
        sandbox.commit_all("hydrated");
        sandbox.ok(&["git", "checkout", "--quiet", "main"]);
    }
    sandbox
}

#[test]
fn hydrated_applications_are_taken_over_and_proven_equal_to_their_branches() {
    let sandbox = hydrated_repository();
    let output = sandbox.run(&["hydrant", "init", "--from", "argocd"]);
    assert_eq!(output.code, 0, "{output}");
    for environment in ["dev", "prod"] {
        let equal = format!("{environment}: equal to env/{environment} at ");
        assert!(output.stderr.contains(&equal) && output.stderr.contains("1 object"), "{output}");
    }
    let config = sandbox.read("hydrant.yaml");
    for line in ["    branch: env/dev", "  - path: dry/prod", "    name: web", "    environments: [prod]"] {
        assert!(config.contains(line), "{line} in\n{config}");
    }
    let check = sandbox.run(&["hydrant", "check"]);
    assert_eq!(check.code, 0, "{check}");
}

#[test]
fn what_differs_from_a_branch_is_told_field_by_field() {
    let sandbox = hydrated_repository();
    sandbox.write("dry/prod/web.yaml", map("web").replace("a: b", "a: c"));
    let output = sandbox.run(&["hydrant", "init", "--from", "argocd"]);
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stderr.contains("dev: equal to env/dev"), "{output}");
    assert!(output.stderr.contains("prod: 1 of its objects differ"), "{output}");
    assert!(output.stderr.contains("data.a"), "{output}");
}

#[test]
fn a_file_that_is_there_is_never_overwritten() {
    let sandbox = hydrated_repository();
    sandbox.write("hydrant.yaml", "version: 1 # mine\n");
    let output = sandbox.run(&["hydrant", "init", "--from", "argocd"]);
    assert_eq!((output.code, sandbox.read("hydrant.yaml").as_str()), (2, "version: 1 # mine\n"), "{output}");
    let printed = sandbox.run(&["hydrant", "init", "--from", "argocd", "--dry-run"]);
    assert!(printed.stdout.contains("branch: env/prod"), "{printed}");
    assert_eq!(sandbox.read("hydrant.yaml"), "version: 1 # mine\n");
}

#[test]
fn applications_that_cannot_be_taken_over_are_named_with_the_way_out() {
    let sandbox = hydrated_repository();
    sandbox.write("charts/db/Chart.yaml", "name: db\nversion: 1.0.0\napiVersion: v2\n");
    sandbox.write("argocd/db.yaml", hydrated("db", "charts/db", "env/prod", ""));
    sandbox.write("argocd/far.yaml", hydrated("far", "elsewhere", "env/prod", ""));
    sandbox.write("argocd/helm.yaml", hydrated("tuned", "dry/prod", "env/prod", ", helm: {releaseName: x}"));
    sandbox.write("argocd/broken.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: [Application\n");
    sandbox.write(
        "argocd/sets.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: everywhere}
spec:
  generators: [{clusters: {}}]
  template: {metadata: {name: '{{name}}'}, spec: {source: {path: dry/dev}}}
",
    );
    let output = sandbox.run(&["hydrant", "init", "--from", "argocd"]);
    assert_eq!(output.code, 1, "{output}");
    for (what, why) in [
        ("Application db", "folder for helm"),
        ("Application far", "`elsewhere` of https://git.example.org/shop is not in this tree"),
        ("Application tuned", "settings for helm"),
        ("a document of `argocd/broken.yaml`", "does not read as YAML"),
        ("ApplicationSet everywhere", "`clusters` generator"),
    ] {
        let line = output.stderr.lines().find(|line| line.contains(&format!("{what} is left out")));
        assert!(line.is_some_and(|line| line.contains(why)), "{what}: {output}");
    }
    assert_eq!(output.stderr.matches("  help: ").count(), 5, "{output}");
    assert!(!sandbox.read("hydrant.yaml").contains("charts/db"));
}

#[test]
fn application_sets_of_folders_and_lists_become_apps() {
    let sandbox = Sandbox::new();
    for app in ["api", "web", "old"] {
        sandbox.write(&format!("apps/{app}/map.yaml"), map(app));
    }
    for environment in ["dev", "prod"] {
        sandbox.write(&format!("zones/{environment}/zone.yaml"), map("zone"));
    }
    sandbox.write(
        "sets.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: apps}
spec:
  goTemplate: true
  generators:
    - git: {repoURL: x, directories: [{path: 'apps/*'}, {path: apps/old, exclude: true}]}
  template:
    metadata: {name: '{{.path.basename}}'}
    spec: {source: {path: '{{.path.path}}'}, destination: {name: prod}}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: zones}
spec:
  generators:
    - list: {elements: [{env: dev}, {env: prod}]}
  template:
    metadata: {name: zone}
    spec:
      sourceHydrator:
        drySource: {path: 'zones/{{env}}'}
        syncSource: {targetBranch: 'env/{{env}}', path: zone}
        hydrateTo: {targetBranch: 'env/{{env}}-next'}
",
    );
    let output = sandbox.run(&["hydrant", "init", "--from", "argocd"]);
    assert_eq!(output.code, 0, "{output}");
    let config = sandbox.read("hydrant.yaml");
    assert!(config.contains("path: apps/api") && config.contains("path: apps/web"), "{config}");
    assert!(!config.contains("apps/old"), "{config}");
    assert_eq!(config.matches("propose: true").count(), 2, "{config}");
    let rendered = sandbox.ok(&["hydrant", "render"]);
    let heads: Vec<&str> = rendered.lines().filter(|line| line.starts_with("# ")).collect();
    assert_eq!(heads, ["# dev/zone", "# prod/api", "# prod/web", "# prod/zone"]);
}

#[test]
fn kargo_render_branches_become_environments() {
    let sandbox = Sandbox::new();
    sandbox.write("env/prod/web/map.yaml", map("web"));
    sandbox.write("base/kustomization.yaml", "resources: []\n");
    sandbox.write(
        "kargo-render.yaml",
        "configVersion: v1alpha1
branchConfigs:
  - name: stage/prod
    prs: {enabled: true}
    preservedPaths: [CODEOWNERS]
    appConfigs:
      web: {configManagement: {path: env/prod/web}, outputPath: apps/web}
      base: {configManagement: {path: base}}
      chart: {configManagement: {helm: {path: charts/x, releaseName: x}}}
  - pattern: feature/.*
    appConfigs: {web: {configManagement: {path: env/prod/web}}}
",
    );
    let output = sandbox.run(&["hydrant", "init", "--from", "kargo-render"]);
    assert_eq!(output.code, 1, "{output}");
    for left in ["app `base` of branch `stage/prod`", "app `chart` of branch", "branches like `feature/.*`"] {
        assert!(output.stderr.contains(left), "{left}: {output}");
    }
    assert!(output.stderr.contains("was written to `apps/web`; Hydrant writes it to `web`"), "{output}");
    let config = sandbox.read("hydrant.yaml");
    for line in ["  prod:\n    branch: stage/prod\n    propose: true", "path: env/prod/web", "preserve: [CODEOWNERS]"] {
        assert!(config.contains(line), "{line} in\n{config}");
    }
    assert_eq!(sandbox.run(&["hydrant", "check"]).code, 0);
}

#[test]
fn without_another_tool_folders_and_values_are_found() {
    let sandbox = Sandbox::new();
    sandbox.write("apps/web/map.yaml.j2", "{{ team }}\n".replace("{{ team }}\n", &map("{{ team }}")));
    sandbox.write("apps/chart/Chart.yaml", "name: chart\n");
    sandbox.write("envs/dev.yaml", "team: shop\n");
    sandbox.write("envs/prod.yaml", "team: shop\n");
    let output = sandbox.run(&["hydrant", "init"]);
    assert_eq!(output.code, 1, "a chart is left out: {output}");
    assert!(output.stderr.contains("folder `apps/chart` is left out: is for helm"), "{output}");
    let config = sandbox.read("hydrant.yaml");
    assert!(config.contains("values: [envs/prod.yaml]") && config.contains("path: apps/web"), "{config}");
    assert_eq!(sandbox.run(&["hydrant", "check"]).code, 0);
    let nothing = Sandbox::new();
    nothing.write("README.md", "hello\n");
    assert_eq!(nothing.run(&["hydrant", "init"]).code, 3);
    assert!(!nothing.path().join("hydrant.yaml").exists());
}

#[test]
fn releases_and_overlays_of_real_repositories_are_all_named() {
    let Some(corpus) = corpus() else { return };
    let sandbox = Sandbox::new();
    sandbox.copy(&corpus.join("manifests/billimek-k8s-gitops/setup/bootstrap"), "bootstrap");
    let releases = sandbox.read("bootstrap/helmfile.d/01-apps.yaml").matches("\n  - name: ").count();
    let output = sandbox.run(&["hydrant", "init", "--from", "helmfile"]);
    assert_eq!(output.code, 1, "{output}");
    assert!(releases > 3 && output.stderr.matches("left out: release `").count() >= releases, "{releases}: {output}");
    assert!(output.stderr.contains("release `cilium` is left out: is made of oci://"), "{output}");
    let overlays = Sandbox::new();
    overlays.write("base/kustomization.yaml", "resources: [map.yaml]\n");
    overlays.write("overlays/prod/kustomization.yaml", "resources: [../../base]\n");
    let output = overlays.run(&["hydrant", "init", "--from", "kustomize"]);
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stderr.contains("overlay `overlays/prod` is left out"), "{output}");
    assert!(!output.stderr.contains("overlay `base`"), "a base is a part of its overlays: {output}");
}

#[test]
fn a_starter_is_checked_published_and_verified_as_it_is() {
    let sandbox = Sandbox::new();
    let outside = sandbox.run(&["hydrant", "init", "--starter"]);
    assert_eq!(outside.code, 4, "{outside}");
    assert!(outside.stderr.contains("git init"), "{outside}");
    sandbox.ok(&["git", "init", "--quiet", "--initial-branch=main"]);
    sandbox.write("envs/dev.yaml", "replicas: 2 # mine\n");
    let output = sandbox.run(&["hydrant", "init", "--starter"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stderr.contains("envs/dev.yaml is there already, and stays"), "{output}");
    assert_eq!(sandbox.read("envs/dev.yaml"), "replicas: 2 # mine\n");
    assert_eq!(sandbox.read("allowed_signers").split(' ').next(), Some("ada@example.com"));
    for words in [&["test"][..], &["check", "--fail-on", "warning"], &["init", "--starter", "--dry-run"]] {
        let output = sandbox.run(&[&["hydrant"], words].concat());
        assert_eq!(output.code, 0, "{output}");
    }
    sandbox.commit_all("the shop");
    assert_eq!(sandbox.run(&["hydrant", "publish"]).code, 0);
    for branch in ["env/dev", "env/prod"] {
        let verified = sandbox.run(&["hydrant", "verify", branch]);
        assert_eq!(verified.code, 0, "{verified}");
    }
    let again = sandbox.run(&["hydrant", "init", "--starter"]);
    assert_eq!(again.code, 2, "{again}");
    std::fs::remove_file(sandbox.path().join("hydrant.yaml")).unwrap();
    let beside = sandbox.run(&["hydrant", "init", "--starter"]);
    assert_eq!(beside.code, 2, "an app is there: {beside}");
    assert!(beside.stderr.contains("there is an app already"), "{beside}");
}

#[test]
fn a_starter_without_a_key_says_how_to_make_one() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["git", "init", "--quiet"]);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_hydrant"));
    command.args(["init", "--starter"]).env("HOME", sandbox.path());
    let output = sandbox.finish(command);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stderr.contains("ssh-keygen -t ed25519"), "{output}");
    assert!(!sandbox.path().join("allowed_signers").exists());
    assert_eq!(sandbox.run(&["hydrant", "check"]).code, 0);
}

#[test]
fn the_starter_holds_every_file_of_its_fixture() {
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/starter");
    let sandbox = Sandbox::new();
    sandbox.ok(&["git", "init", "--quiet"]);
    sandbox.ok(&["hydrant", "init", "--starter"]);
    let mut folders = vec![fixture.clone()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&fixture).unwrap().to_str().unwrap();
            assert_eq!(sandbox.read(name), std::fs::read_to_string(&path).unwrap(), "{name}");
            seen += 1;
        }
    }
    assert_eq!(seen, 10);
}
