//! From a repository to its signed branches: real input, races, and the same bytes whatever the number of threads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hydrant::config;
use hydrant::diagnostic::Severity;
use hydrant::git::{self, Repository};
use hydrant::load::WorkTree;
use hydrant::manifest::{Name, Node, ReadLimits};
use hydrant::parse::{Parsed, parse};
use hydrant::pipeline::{self, Limits, PublishOptions, Selection, Unwatched};
use hydrant::sign::SshSigner;
use hydrant::source::Source;

use crate::corpus::{corpus, files_below};
use crate::sandbox::Sandbox;

/// The real repositories that are published, each as a plain app.
const REAL: [&str; 3] = ["microservices-demo", "kube-prometheus", "tekton-pipeline"];

/// Files of theirs that no gate can let pass: a kustomization is no object and its engine is not built, and two Tasks
/// lack a name that their CRD requires (Tekton's webhook puts it in before the API server looks).
const LEFT_OUT: [&str; 2] = ["kustomization.yaml", "pipelineruns/optional-workspaces.yaml"];

/// A rule that judges every object and finds nothing wrong with any real one.
const POLICY: &str = "package policies.kind

import rego.v1

deny contains \"an object without a kind\" if not input.kind
";

#[test]
fn real_repositories_are_published_signed_and_whole() {
    let Some(corpus) = corpus() else { return };
    let real = RealRepository::new(&corpus);
    let sandbox = Sandbox::new();
    real.write_to(&sandbox, &corpus);
    sandbox.commit_all("real manifests");

    let output = sandbox.run_with_threads(&["hydrant", "publish", "--report", "json=report.json"], "1");
    assert_eq!(output.code, 0, "{output}");
    let report: serde_json::Value = serde_json::from_str(&sandbox.read("report.json")).expect("JSON");
    let count = |name: &str| report["accounting"][name].as_u64().expect("a number");
    let (objects, validated, failed) = (count("objects"), count("validated"), count("failed_documents"));
    eprintln!("{} environments, {objects} objects, {validated} validated", real.environments());
    assert_eq!(objects, real.objects() as u64, "every object is counted");
    assert_eq!((validated, count("judged"), failed), (objects, objects, 0), "every object is checked");
    assert_eq!(count("inputs"), count("rendered") + skipped(&report) + count("failed"));

    for environment in 0..real.environments() {
        let branch = format!("env/e{environment}");
        sandbox.ok(&["hydrant", "verify", &branch]);
        sandbox.ok(&["git", "-c", "gpg.ssh.allowedSignersFile=allowed_signers", "verify-commit", &branch]);
        real.assert_published(&sandbox, &branch, environment);
    }
    sandbox.ok(&["git", "fsck", "--strict", "--full"]);

    let tips = sandbox.ok(&["git", "for-each-ref", "refs/heads/env"]);
    let again = sandbox.run(&["hydrant", "publish"]);
    assert_eq!(again.code, 0, "{again}");
    assert_eq!(sandbox.ok(&["git", "for-each-ref", "refs/heads/env"]), tips, "publishing twice changes nothing");

    let other = Sandbox::new();
    real.write_to(&other, &corpus);
    other.commit_all("real manifests");
    let output = other.run_with_threads(&["hydrant", "publish"], "16");
    assert_eq!(output.code, 0, "{output}");
    let other_tips = other.ok(&["git", "for-each-ref", "refs/heads/env"]);
    assert_eq!(other_tips, tips, "one thread and sixteen make the same commits");
}

fn skipped(report: &serde_json::Value) -> u64 {
    report["accounting"]["skipped"].as_object().expect("an object").values().filter_map(serde_json::Value::as_u64).sum()
}

/// Real files, spread over as many environments as it takes for every object to be unique in its own: examples of the
/// same repository declare the same object again and again.
struct RealRepository {
    /// By environment and app: files by their path inside the app.
    apps: BTreeMap<(usize, String), BTreeMap<String, PathBuf>>,
    objects: usize,
}

type ObjectKey = (String, String, Option<String>, String);

impl RealRepository {
    fn new(corpus: &Path) -> Self {
        let mut real = Self { apps: BTreeMap::new(), objects: 0 };
        let mut taken: Vec<BTreeSet<ObjectKey>> = Vec::new();
        for app in REAL {
            let folder = corpus.join("manifests").join(app);
            for file in files_below(&folder, &["yaml", "yml", "json"]) {
                if LEFT_OUT.iter().any(|left_out| file.ends_with(left_out)) {
                    continue;
                }
                let parsed = read(&file);
                real.objects += parsed.manifests.len();
                let keys = keys(&parsed);
                let free = taken.iter().position(|taken| taken.is_disjoint(&keys)).unwrap_or(taken.len());
                if free == taken.len() {
                    taken.push(BTreeSet::new());
                }
                taken[free].extend(keys);
                let name = file.strip_prefix(&folder).expect("below its folder").to_string_lossy().into_owned();
                real.apps.entry((free, app.to_owned())).or_default().insert(name, file);
            }
        }
        real
    }

    fn environments(&self) -> usize {
        self.apps.keys().map(|(environment, _)| environment + 1).max().unwrap_or(0)
    }

    fn objects(&self) -> usize {
        self.objects
    }

    fn write_to(&self, sandbox: &Sandbox, corpus: &Path) {
        let mut config = String::from("version: 1\nenvironments:\n");
        for environment in 0..self.environments() {
            config.push_str(&format!("  e{environment}: {{ branch: env/e{environment}, kubernetes: \"1.34\" }}\n"));
        }
        config.push_str("apps:\n");
        for ((environment, app), files) in &self.apps {
            config.push_str(&format!(
                "  - {{ path: apps/e{environment}/{app}, engine: plain, environments: [e{environment}] }}\n"
            ));
            for (name, file) in files {
                let text = std::fs::read(file).expect("a readable file");
                sandbox.write(&format!("apps/e{environment}/{app}/{name}"), text);
            }
        }
        config.push_str(
            "schemas:\n  crds: [apps/e0/kube-prometheus/setup, apps/e0/tekton-pipeline/config]\n  \
             locations: [catalog]\npolicies: { paths: [policies], builtin: [] }\n\
             signing: { format: ssh, key: ~/.ssh/id_ed25519 }\nverify: { allowed_signers: allowed_signers }\n",
        );
        sandbox.write("hydrant.yaml", config);
        sandbox.write("policies/kind.rego", POLICY);
        sandbox.write("allowed_signers", sandbox.allowed_signers());
        // kinds whose CRDs are not part of these repositories
        for group in ["networking.istio.io", "gateway.networking.k8s.io", "secrets-store.csi.x-k8s.io"] {
            sandbox.copy(&corpus.join("crds/crds-catalog").join(group), &format!("catalog/{group}"));
        }
    }

    /// Every object of every app of the environment stands on the branch with the same values, in the same order.
    fn assert_published(&self, sandbox: &Sandbox, branch: &str, environment: usize) {
        for ((_, app), files) in self.apps.iter().filter(|((of, _), _)| *of == environment) {
            let wanted: Vec<Node> =
                files.values().flat_map(|file| read(file).manifests).map(|manifest| manifest.root).collect();
            let text = sandbox.ok(&["git", "show", &format!("{branch}:{app}/manifest.yaml")]);
            let found = parse(&Source::file("manifest.yaml", text + "\n"), &ReadLimits::default());
            assert!(found.diagnostics.is_empty(), "{branch} {app}: {:?}", found.diagnostics);
            assert_eq!(found.manifests.len(), wanted.len(), "{branch} {app}");
            for (found, wanted) in found.manifests.iter().zip(&wanted) {
                assert!(found.root.same_meaning(wanted), "{branch} {app}: {}", found.object);
            }
        }
    }
}

fn read(file: &Path) -> Parsed {
    let text = std::fs::read_to_string(file).expect("UTF-8");
    parse(&Source::file(file.to_string_lossy(), text), &ReadLimits::default())
}

fn keys(parsed: &Parsed) -> BTreeSet<ObjectKey> {
    let fixed = parsed.manifests.iter().filter(|manifest| matches!(manifest.object.name, Name::Fixed(_)));
    fixed
        .map(|manifest| {
            let (group, kind, namespace, name) = manifest.object.key();
            (group.to_owned(), kind.to_owned(), namespace.map(str::to_owned), name.to_string())
        })
        .collect()
}

/// A small repository with one environment.
fn small_repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "hydrant.yaml",
        "version: 1\nenvironments:\n  dev: { branch: env/dev }\napps:\n  - path: apps/*\n\
         policies: { builtin: [] }\nsigning: { format: ssh, key: ~/.ssh/id_ed25519 }\n",
    );
    sandbox.write("policies/kind.rego", POLICY);
    sandbox.write(
        "apps/web/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: shop\ndata:\n  greeting: hello\n",
    );
    sandbox.commit_all("first");
    sandbox
}

/// Everything `hydrant publish` does before it signs.
fn plan(sandbox: &Sandbox, repository: &Repository) -> pipeline::Plan {
    let tree = WorkTree::open(sandbox.path()).expect("a work tree");
    let project = config::parse(&Source::file("hydrant.yaml", sandbox.read("hydrant.yaml"))).expect("valid");
    let checkup =
        pipeline::check(&tree, &project, &Selection::default(), &Limits::default(), &Unwatched).expect("works");
    let admitted: Vec<_> = checkup.admit(Severity::Error).into_iter().collect::<Result<_, _>>().expect("admitted");
    let dry = repository.dry_revision("HEAD").expect("a commit");
    pipeline::plan(repository, &project, &admitted, &dry, &PublishOptions::default()).expect("a plan")
}

#[test]
fn a_branch_that_moves_meanwhile_is_left_where_it_went() {
    let sandbox = small_repository();
    let repository = Repository::open(sandbox.path()).expect("a repository");
    let plans = plan(&sandbox, &repository);

    sandbox.ok(&["git", "branch", "env/dev", "main"]);
    let signer = SshSigner::from_openssh(&sandbox.signing_key(), "test-key").expect("a key");
    let error = pipeline::publish(&repository, plans, &signer).expect_err("the branch moved");

    let pipeline::Error::Git(error @ git::Error::BranchMoved { .. }) = &error else { panic!("{error:?}") };
    assert!(error.is_refusal(), "a moved branch is a refusal: exit code 5");
    assert_eq!(sandbox.ok(&["git", "rev-parse", "env/dev"]), sandbox.ok(&["git", "rev-parse", "main"]));
}

#[test]
fn one_branch_that_moves_holds_all_of_them_back() {
    let sandbox = small_repository();
    let config = sandbox.read("hydrant.yaml").replace("apps:", "  prod: { branch: env/prod }\napps:");
    sandbox.write("hydrant.yaml", config);
    sandbox.commit_all("two environments");
    let repository = Repository::open(sandbox.path()).expect("a repository");
    let plans = plan(&sandbox, &repository);
    assert_eq!(plans.environments.len(), 2);

    sandbox.ok(&["git", "branch", "env/prod", "main"]);
    let signer = SshSigner::from_openssh(&sandbox.signing_key(), "test-key").expect("a key");
    let error = pipeline::publish(&repository, plans, &signer).expect_err("env/prod moved");

    assert!(matches!(&error, pipeline::Error::Git(git::Error::BranchMoved { branch, .. }) if branch == "env/prod"));
    assert_eq!(sandbox.ok(&["git", "branch", "--list", "env/dev"]), "", "env/dev was not published alone");
}

#[test]
fn what_is_published_is_the_commit_and_not_the_work_tree() {
    let sandbox = small_repository();
    sandbox.write("apps/web/config.yaml", "not: even an object\n");
    let output = sandbox.run(&["hydrant", "publish"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(sandbox.ok(&["git", "show", "env/dev:web/manifest.yaml"]).contains("greeting: hello"));
}

#[test]
fn a_project_in_a_subfolder_of_its_repository_is_published_from_there() {
    let sandbox = Sandbox::new();
    sandbox.write("README.md", "a monorepo\n");
    sandbox.write(
        "deploy/hydrant.yaml",
        "version: 1\nenvironments:\n  dev: { branch: env/dev }\napps:\n  - path: apps/*\n\
         signing: { format: ssh, key: ~/.ssh/id_ed25519 }\n",
    );
    sandbox.write(
        "deploy/apps/web/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: a\n",
    );
    sandbox.commit_all("first");
    let output = sandbox.run(&["hydrant", "-C", "deploy/apps", "publish"]);
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(
        sandbox.ok(&["git", "ls-tree", "-r", "--name-only", "env/dev"]),
        ".gitattributes\n.hydrant/attestations/web.dsse\n.hydrant/record.dsse\n.hydrant/record.json\nhydrator.metadata\nweb/README.md\nweb/hydrator.metadata\nweb/manifest.yaml"
    );
    let metadata = sandbox.ok(&["git", "show", "env/dev:web/hydrator.metadata"]);
    assert!(metadata.contains("\"hydrant -C deploy render dev/web\""), "{metadata}");
}

#[test]
fn a_dry_run_says_what_would_happen_and_does_nothing() {
    let sandbox = small_repository();
    let plan = sandbox.ok(&["hydrant", "publish", "--dry-run"]);
    assert!(plan.starts_with("env/dev a new branch, 1 object\n"), "{plan}");
    assert!(plan.contains("  add web/manifest.yaml"), "{plan}");
    assert_eq!(sandbox.ok(&["git", "branch", "--list", "env/*"]), "");
}
