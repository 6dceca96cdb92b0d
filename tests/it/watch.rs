//! `--watch` and the memory behind it: after any change, what is found is what a new run finds.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use hydrant::config::{self, Project};
use hydrant::diagnostic::Severity;
use hydrant::load::Snapshot;
use hydrant::pipeline::{self, Checkup, Error, Limits, Memory, Published, Selection, Unwatched};
use hydrant::report::{Report, json};
use hydrant::source::Source;
use hydrant::tree::ReadTree as _;
use hydrant::tree::RepoPath;

use crate::sandbox::Sandbox;

const CONFIG: &str = "version: 1
environments:
  dev: {branch: env/dev, kubernetes: \"1.34\", values: [envs/dev.yaml]}
  prod: {branch: env/prod, kubernetes: \"1.34\", values: [envs/prod.yaml]}
apps: [{path: apps/*}]
schemas: {crds: [crds]}
policies: {paths: [policies], builtin: [hydration-risks], waivers: waivers.yaml}
";

const POLICY: &str = "package policies.size

deny contains {\"msg\": \"too large\", \"path\": [\"data\", \"size\"]} if {
	input.kind == \"ConfigMap\"
	to_number(input.data.size) > 10
}
";

const TEMPLATE: &str = "{% import \"common.j2\" as common %}
apiVersion: v1
kind: {{ kind }}
metadata: {name: {{ name }}, namespace: shop, labels: {team: {{ team }}}}
{{ common.content(size) }}
";

const COMMON: &str = "{% macro content(size) -%}
data: {size: \"{{ size }}\", word: \"aGVsbG8=\"}
{%- endmacro %}
";

const CRD: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ponds.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: ponds, singular: pond, kind: Pond}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: {spec: {type: object, properties: {depth: {type: integer}}}}
";

fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("hydrant.yaml", CONFIG);
    sandbox.write("envs/dev.yaml", "team: shop\n");
    sandbox.write("envs/prod.yaml", "team: shop\n");
    sandbox.write("templates/common.j2", COMMON);
    sandbox.write("policies/size.rego", POLICY);
    sandbox.write("waivers.yaml", "version: 1\nwaivers: []\n");
    sandbox.write("crds/pond.yaml", CRD);
    for (app, size) in [("api", 3), ("job", 12), ("web", 5)] {
        sandbox.write(&format!("apps/{app}/map.yaml.j2"), TEMPLATE);
        sandbox.write(&format!("apps/{app}/values.yaml"), format!("name: {app}\nsize: {size}\nkind: ConfigMap\n"));
    }
    sandbox.write(
        "apps/web/pond.yaml",
        "apiVersion: example.com/v1\nkind: Pond\nmetadata: {name: web, namespace: shop}\nspec: {depth: 3}\n",
    );
    sandbox
}

/// Everything that a run says: the report for machines with every place, or why there is none.
fn told(files: &Snapshot, memory: Option<&mut Memory>) -> String {
    let config = files.read(&RepoPath::parse("hydrant.yaml").unwrap()).unwrap();
    let source = Source::file("hydrant.yaml", String::from_utf8_lossy(&config));
    let project: Project = match config::parse(&source) {
        Ok(project) => project,
        Err(diagnostics) => return format!("{:?}", diagnostics.iter().map(|one| &one.message).collect::<Vec<_>>()),
    };
    let (selection, limits, published) = (Selection::default(), Limits::default(), Published::default());
    let result: Result<Checkup, Error> = match memory {
        Some(memory) => pipeline::check_again(memory, &published, files, &project, &selection, &limits, &Unwatched),
        None => pipeline::check(files, &project, &selection, &limits, &Unwatched),
    };
    let checkup = match result {
        Ok(checkup) => checkup,
        Err(Error::Configuration(diagnostics)) => {
            return format!("{:?}", diagnostics.iter().map(|one| &one.message).collect::<Vec<_>>());
        }
        Err(error) => return error.to_string(),
    };
    let objects: Vec<String> = checkup
        .environments
        .iter()
        .flat_map(|one| one.checked.manifests.iter().map(|(app, manifest)| format!("{app} {}", manifest.object)))
        .collect();
    let evidence = format!("{:?}", checkup.environments.iter().map(|one| &one.checked.evidence).collect::<Vec<_>>());
    let diagnostics: Vec<_> = checkup.diagnostics().cloned().collect();
    let shown = hydrant::report::human::diagnostics(
        diagnostics.clone(),
        hydrant::report::human::Style { color: false, unicode: true, width: 100 },
    );
    let report = Report::new("check", diagnostics, checkup.accounting.clone(), Severity::Error)
        .with_waivers(checkup.waivers.clone());
    format!("{}\n{objects:#?}\n{evidence}\n{shown}", json::write(&report))
}

/// One change of files: what it is, and how it is made.
type Edit = (&'static str, Box<dyn Fn(&Sandbox)>);

fn write(what: &'static str, path: &'static str, text: impl Into<String>) -> Edit {
    let text = text.into();
    (what, Box::new(move |sandbox| sandbox.write(path, &text)))
}

fn remove(what: &'static str, path: &'static str) -> Edit {
    (what, Box::new(move |sandbox| std::fs::remove_file(sandbox.path().join(path)).unwrap()))
}

fn rename(what: &'static str, from: &'static str, to: &'static str) -> Edit {
    (what, Box::new(move |sandbox| std::fs::rename(sandbox.path().join(from), sandbox.path().join(to)).unwrap()))
}

fn edits() -> Vec<Edit> {
    let waiver = "version: 1\nwaivers:\n  - rule: policies.size.deny\n    object: ConfigMap/job\n    owner: ada\n    reason: for a test of watching\n    expires: 2999-01-01\n";
    vec![
        write("a value too large", "apps/web/values.yaml", "name: web\nsize: 50\nkind: ConfigMap\n"),
        write("and mended", "apps/web/values.yaml", "name: web\nsize: 5\nkind: ConfigMap\n"),
        write("a syntax error", "apps/api/map.yaml.j2", "kind: {{ oops\n"),
        write("mended", "apps/api/map.yaml.j2", TEMPLATE),
        write(
            "a new app",
            "apps/new/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: api, namespace: shop}\n",
        ),
        remove("which declared an object twice, is gone", "apps/new/map.yaml"),
        rename("an app is called otherwise", "apps/job", "apps/task"),
        write("values of an environment", "envs/prod.yaml", "team: [a, list]\n"),
        write("mended", "envs/prod.yaml", "team: shop\n"),
        write("an object turns secret", "apps/api/values.yaml", "name: api\nsize: 3\nkind: Secret\n"),
        write("another shows the line it shares", "templates/common.j2", COMMON.replace("data:", "dats:")),
        write("it is a secret no more", "apps/api/values.yaml", "name: api\nsize: 3\nkind: ConfigMap\n"),
        write("mended", "templates/common.j2", COMMON),
        write("the policy is stricter", "policies/size.rego", POLICY.replace("> 10", "> 4")),
        write("the policy does not load", "policies/size.rego", "package policies.size\n\ndeny contains if\n"),
        write("the policy as it was", "policies/size.rego", POLICY),
        write("a waiver", "waivers.yaml", waiver),
        write("no waiver", "waivers.yaml", "version: 1\nwaivers: []\n"),
        write("a stricter schema", "crds/pond.yaml", CRD.replace("type: integer", "type: string")),
        write("the schema as it was", "crds/pond.yaml", CRD),
        write("broken configuration", "hydrant.yaml", "version: 1\nenvironment: {}\n"),
        write("another version of Kubernetes", "hydrant.yaml", CONFIG.replace("1.34", "1.31")),
        write(
            "one environment less",
            "hydrant.yaml",
            CONFIG.replace("  dev: {branch: env/dev, kubernetes: \"1.34\", values: [envs/dev.yaml]}\n", ""),
        ),
        write("the configuration as it was", "hydrant.yaml", CONFIG),
        write(
            "other delimiters",
            "hydrant.yaml",
            CONFIG.replace("path: apps/*", "path: apps/*, template: {variable: [\"<<\", \">>\"]}"),
        ),
        write("the configuration as it was", "hydrant.yaml", CONFIG),
    ]
}

#[test]
fn after_every_change_a_run_with_a_memory_says_what_one_without_says() {
    let sandbox = project();
    let mut files = Snapshot::of(sandbox.path()).unwrap();
    let mut memory = Memory::default();
    assert_eq!(told(&files, Some(&mut memory)), told(&files, None), "at first");
    let mut answers = std::collections::BTreeSet::new();
    for (what, edit) in edits() {
        edit(&sandbox);
        assert!(files.refresh().unwrap(), "{what}: the change is seen");
        let (again, anew) = (told(&files, Some(&mut memory)), told(&Snapshot::of(sandbox.path()).unwrap(), None));
        assert_eq!(again, anew, "{what}");
        answers.insert(anew);
        assert!(!files.refresh().unwrap(), "{what}: nothing else changed");
        assert_eq!(told(&files, Some(&mut memory)), again, "{what}: once more");
    }
    assert!(answers.len() > 12, "the changes matter: {}", answers.len());
}

#[test]
fn only_what_changed_is_done_again() {
    let sandbox = project();
    let mut files = Snapshot::of(sandbox.path()).unwrap();
    let mut memory = Memory::default();
    told(&files, Some(&mut memory));
    let whole = memory.effort();
    assert_eq!((whole.rendered, whole.units, whole.judged, whole.objects), (6, 6, 8, 8));
    let mut effort_after = |path: &str, text: &str| {
        sandbox.write(path, text);
        files.refresh().unwrap();
        told(&files, Some(&mut memory));
        (memory.effort().rendered, memory.effort().judged)
    };
    assert_eq!(
        effort_after("apps/web/values.yaml", "name: web\nsize: 6\nkind: ConfigMap\n"),
        (2, 4),
        "web in dev, in prod"
    );
    assert_eq!(
        effort_after("envs/prod.yaml", "team: other\n"),
        (3, 3),
        "all of prod, but for the object without values"
    );
    assert_eq!(effort_after("README.md", "hello\n"), (0, 0), "no app reads it");
    assert_eq!(effort_after("waivers.yaml", "version: 1\nwaivers: []\n# none\n"), (0, 0), "waivers judge nothing");
    assert_eq!(effort_after("templates/common.j2", &COMMON.replace("aGVs", "aGVS")), (6, 8), "all read it");
    assert_eq!(effort_after("policies/size.rego", &POLICY.replace("10", "11")), (6, 8), "everything begins anew");
}

/// A process that watches, and what it says on stderr, line by line.
struct Watching {
    process: std::process::Child,
    lines: mpsc::Receiver<String>,
}

impl Watching {
    fn start(sandbox: &Sandbox, words: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_hydrant"))
            .args(words)
            .current_dir(sandbox.path())
            .env("HYDRANT_THREADS", "2")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { process, lines }
    }

    /// All that is said until it watches again.
    fn round(&self) -> Vec<String> {
        let (until, mut said) = (Instant::now() + Duration::from_secs(60), Vec::new());
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no end of {said:#?}"));
            if line.starts_with("watching for changes") {
                return said;
            }
            said.push(line);
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Writes a file in one step, so that nobody sees it half-written.
fn replace(sandbox: &Sandbox, path: &str, text: &str) {
    let new = sandbox.path().join("../new");
    std::fs::write(&new, text).expect("written");
    std::fs::rename(new, sandbox.path().join(path)).expect("renamed");
}

#[test]
fn check_watches_a_project_through_a_broken_configuration() {
    let sandbox = project();
    let watching = Watching::start(&sandbox, &["check", "--watch"]);
    let first = watching.round().join("\n");
    assert!(first.contains("too large"), "{first}");
    replace(&sandbox, "apps/job/values.yaml", "name: job\nsize: 1\nkind: ConfigMap\n");
    let mended = watching.round().join("\n");
    assert!(!mended.contains("too large") && mended.contains("again: rendered 2 of 6 apps"), "{mended}");
    replace(&sandbox, "hydrant.yaml", "version: 1\nenvironment: {}\n");
    let broken = watching.round().join("\n");
    assert!(broken.contains("`environment`"), "{broken}");
    replace(&sandbox, "hydrant.yaml", CONFIG);
    let last: Vec<String> = watching.round().into_iter().filter(|line| !line.starts_with("again:")).collect();
    let anew = sandbox.run(&["hydrant", "check"]);
    assert_eq!(last, anew.stderr.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>());
}

#[test]
fn render_keeps_a_folder_as_it_should_be() {
    let sandbox = project();
    let watching = Watching::start(&sandbox, &["render", "dev", "--watch", "-o", "../out"]);
    watching.round();
    assert!(sandbox.read("../out/dev/web/manifest.yaml").contains("size: \"5\""));
    replace(&sandbox, "apps/web/values.yaml", "name: web\nsize: 6\nkind: ConfigMap\n");
    watching.round();
    assert!(sandbox.read("../out/dev/web/manifest.yaml").contains("size: \"6\""));
    std::fs::rename(sandbox.path().join("apps/web"), sandbox.path().join("apps/site")).unwrap();
    watching.round();
    assert!(!sandbox.path().join("../out/dev/web/manifest.yaml").exists());
    assert!(sandbox.read("../out/dev/site/manifest.yaml").contains("size: \"6\""));
}

#[test]
fn a_file_that_comes_goes_or_is_ignored_is_noticed_without_walking() {
    let sandbox = Sandbox::new();
    sandbox.write("apps/web/one.yaml", "a: 1\n");
    sandbox.write("apps/web/.gitignore", "none\n");
    // older than what may have been changed unnoticed
    let age = || std::thread::sleep(std::time::Duration::from_millis(2200));
    age();
    let mut files = Snapshot::of(sandbox.path()).unwrap();
    assert!(!files.refresh().unwrap(), "nothing changed");
    sandbox.write("apps/web/two.yaml", "a: 1\n");
    assert!(files.refresh().unwrap(), "a file came");
    age();
    assert!(!files.refresh().unwrap() && !files.refresh().unwrap());
    sandbox.write("apps/web/.gitignore", "two.yaml\n");
    assert!(files.refresh().unwrap(), "a file is ignored");
    std::fs::remove_file(sandbox.path().join("apps/web/one.yaml")).unwrap();
    assert!(files.refresh().unwrap(), "a file is gone");
}
