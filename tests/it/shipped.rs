//! The shipped policies: every rule says what it finds, finds it at its place, and finds nothing else.

use std::collections::BTreeSet;
use std::path::PathBuf;

use hydrant::config::BUILTIN_PACKS;
use hydrant::diagnostic::{Diagnostic, Severity, rules};
use hydrant::evaluate::{EvaluationLimits, Kubernetes, PolicySet, chosen, shipped, shipped_names};
use hydrant::manifest::{Manifest, ReadLimits};
use hydrant::parse::parse;
use hydrant::source::Source;

use crate::corpus::files_below;

fn policies_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/policies"))
}

fn manifests(text: &str) -> Vec<Manifest> {
    let parsed = parse(&Source::file("app.yaml", text), &ReadLimits::default());
    assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
    parsed.manifests
}

/// Packs as they judge together.
fn packs(names: &[&str]) -> PolicySet {
    let (set, diagnostics) = PolicySet::load(&chosen(names.iter().copied()), &[], &EvaluationLimits::default());
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    set
}

/// What the packs find in a text, for the Kubernetes that its first line names: `# kubernetes 1.22`.
fn judge(set: &PolicySet, text: &str) -> Vec<Diagnostic> {
    let version = text.lines().next().and_then(|line| line.strip_prefix("# kubernetes ")).unwrap_or("1.34");
    let mut evaluator = set.evaluator();
    evaluator.aim_at(Kubernetes::parse(version).unwrap());
    manifests(text).iter().flat_map(|manifest| evaluator.judge(manifest).diagnostics).collect()
}

/// A rule of a pack, from its file.
struct Rule {
    pack: &'static str,
    id: String,
    title: String,
    severity: Severity,
}

impl Rule {
    fn folder(&self) -> PathBuf {
        policies_folder().join(self.pack).join("fixtures").join(&self.id)
    }

    fn fixture(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder().join(name)).unwrap_or_else(|error| panic!("{}/{name}: {error}", self.id))
    }
}

/// The rules that a pack's own folder holds, each once: a rule may be written as several clauses.
fn rules_of(pack: &'static str) -> Vec<Rule> {
    let package = format!("policies.{}.", pack.replace('-', "_"));
    let set = packs(&[pack]);
    let own = set.rules().iter().filter(|rule| rule.package.starts_with(&package));
    let mut rules: Vec<Rule> = own
        .map(|rule| Rule {
            pack,
            id: rule.id.to_string(),
            title: rule.title.clone().unwrap_or_default(),
            severity: rule.severity,
        })
        .collect();
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules.dedup_by(|a, b| a.id == b.id);
    assert!(rules.len() > 2, "{pack}");
    rules
}

fn line(diagnostic: &Diagnostic) -> u32 {
    diagnostic.primary.as_ref().expect("a place").location.position().line
}

#[test]
fn the_binary_holds_every_policy_of_the_folder() {
    let on_disk: BTreeSet<String> = files_below(&policies_folder(), &["rego"])
        .iter()
        .map(|file| format!("policies/{}", file.strip_prefix(policies_folder()).unwrap().to_string_lossy()))
        .filter(|name| !name.ends_with("_test.rego"))
        .collect();
    let embedded: BTreeSet<String> =
        shipped_names().flat_map(|pack| shipped(pack).unwrap()).map(|source| source.name().to_owned()).collect();
    assert_eq!(embedded, on_disk);
    assert_eq!(shipped_names().collect::<Vec<_>>(), BUILTIN_PACKS, "what `hydrant.yaml` may ask for");
    assert!(BUILTIN_PACKS.is_sorted());
    assert!(shipped("nothing").is_none());
}

#[test]
fn every_shipped_rule_says_what_why_and_what_to_do() {
    let mut ids = BTreeSet::new();
    for pack in shipped_names() {
        let folder = format!("policies.{}.", pack.replace('-', "_"));
        let set = packs(&[pack]);
        for rule in set.rules().iter().filter(|rule| rule.package.starts_with(&folder)) {
            assert!(rule.title.is_some() && rule.description.is_some() && rule.fix.is_some(), "{}", rule.id);
            assert!(!rule.related.is_empty(), "{}", rule.id);
            assert_eq!(rule.package, format!("{folder}{}", rule.id.as_str().replace('-', "_")));
            let expected = if rule.name == "deny" { Severity::Error } else { Severity::Warning };
            assert_eq!(rule.severity, expected, "{}: the metadata contradicts the name", rule.id);
            assert!(!rules::ALL.iter().any(|own| own.id == rule.id), "{} is a rule of Hydrant itself", rule.id);
        }
        ids.extend(rules_of(pack).into_iter().map(|rule| (rule.id, pack)));
    }
    let names: BTreeSet<&str> = ids.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(names.len(), ids.len(), "two packs have a rule of the same name");
}

/// A line of `fail.yaml` that ends in `# finding /spec/hostPID` is where that node is reported, or, if the node is
/// missing, the nearest of its parents.
#[test]
fn every_shipped_rule_finds_its_failing_manifest_at_its_node_and_nothing_else() {
    for pack in shipped_names() {
        let set = packs(&[pack]);
        for rule in rules_of(pack) {
            let (id, fail) = (&rule.id, rule.fixture("fail.yaml"));
            let mut found: Vec<(String, u32, String)> = judge(&set, &fail)
                .iter()
                .map(|found| (found.rule.to_string(), line(found), found.pointer.clone().unwrap_or_default()))
                .collect();
            found.sort();
            let mut expected = Vec::new();
            for (number, line) in fail.lines().enumerate() {
                let Some((_, pointers)) = line.split_once("# finding ") else { continue };
                let pointers = pointers.split_whitespace();
                expected.extend(pointers.map(|pointer| (id.clone(), number as u32 + 1, pointer.to_owned())));
            }
            expected.sort();
            assert!(!expected.is_empty(), "{id} marks no line");
            assert_eq!(found, expected, "{id}");
            let passing: Vec<String> = judge(&set, &rule.fixture("pass.yaml"))
                .into_iter()
                .map(|found| format!("{}: {}", found.rule, found.message))
                .collect();
            assert!(passing.is_empty(), "{id}: {passing:?}");
        }
    }
}

#[test]
fn no_report_shows_a_value_that_a_rule_takes_for_a_secret() {
    let set = packs(&["secrets"]);
    let env = judge(
        &set,
        &std::fs::read_to_string(policies_folder().join("good-practice/fixtures/plain-text-secret-in-env/fail.yaml"))
            .unwrap(),
    );
    let all = rules_of("secrets").into_iter().flat_map(|rule| judge(&set, &rule.fixture("fail.yaml"))).chain(env);
    for found in all {
        let place = &found.primary.as_ref().expect("a place").location;
        let hidden = place.source.hidden();
        let is_covered = hidden.iter().any(|span| span.start <= place.span.start && place.span.end <= span.end);
        assert!(is_covered, "{}: {}", found.rule, place.source.slice(place.span));
        for secret in ["correct-horse", "hunter2", "AKIATEST", "TESTtest", "LS0tLS"] {
            assert!(!found.message.contains(secret), "{}: {}", found.rule, found.message);
        }
    }
}

#[test]
fn rules_about_pods_reach_every_kind_that_makes_them() {
    let pod = "{containers: [{name: a, image: nginx, securityContext: {privileged: true}}]}";
    let template = format!("{{template: {{spec: {pod}}}}}");
    for (kind, version, spec, path) in [
        ("Pod", "v1", format!("spec: {pod}"), "/spec"),
        ("PodTemplate", "v1", format!("template: {{spec: {pod}}}"), "/template/spec"),
        ("ReplicationController", "v1", format!("spec: {template}"), "/spec/template/spec"),
        ("Deployment", "apps/v1", format!("spec: {template}"), "/spec/template/spec"),
        ("StatefulSet", "apps/v1", format!("spec: {template}"), "/spec/template/spec"),
        ("DaemonSet", "apps/v1", format!("spec: {template}"), "/spec/template/spec"),
        ("ReplicaSet", "apps/v1", format!("spec: {template}"), "/spec/template/spec"),
        ("Job", "batch/v1", format!("spec: {template}"), "/spec/template/spec"),
        (
            "CronJob",
            "batch/v1",
            format!("spec: {{jobTemplate: {{spec: {template}}}}}"),
            "/spec/jobTemplate/spec/template/spec",
        ),
    ] {
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n{spec}\n");
        for (pack, id, end) in [
            ("good-practice", "latest-tag", "image"),
            ("pod-security-baseline", "baseline-privileged-container", "securityContext/privileged"),
        ] {
            let found = judge(&packs(&[pack]), &text);
            let found = found.iter().find(|found| found.rule.as_str() == id).unwrap_or_else(|| panic!("{kind}: {id}"));
            assert_eq!(found.pointer.as_deref(), Some(format!("{path}/containers/0/{end}").as_str()));
        }
    }
    let other = "apiVersion: example.com/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {hostNetwork: true, containers: [{name: a, image: nginx}]}}}\n";
    let all: Vec<&str> = shipped_names().collect();
    assert!(judge(&packs(&all), other).is_empty(), "a Deployment of another group is another thing");
}

#[test]
fn containers_of_every_kind_are_held_to_the_pod_security_standards() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: a, securityContext: {privileged: true}}]\n  initContainers: [{name: b, securityContext: {privileged: true}}]\n  ephemeralContainers: [{name: c, securityContext: {privileged: true}}]\n";
    let found: Vec<String> =
        judge(&packs(&["pod-security-baseline"]), text).into_iter().map(|found| found.message).collect();
    assert_eq!(found, ["container `a` is privileged", "container `b` is privileged", "container `c` is privileged"]);
}

/// Which versions of Kubernetes refuse a pod, as its own checks have it.
#[test]
fn the_pod_security_standards_change_with_the_version() {
    let set = packs(&["pod-security-restricted"]);
    // a pod that breaks no rule of any version, and what is added to it
    let pod = |spec: &str, context: &str, container: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}{context}}}\n  {spec}\n  containers:\n  - name: a\n    securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}\n    {container}\n"
        )
    };
    let windows = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {os: {name: windows}, securityContext: {runAsNonRoot: true}, containers: [{name: a}]}\n".to_owned();
    let sysctl = |name: &str| pod("", &format!(", sysctls: [{{name: {name}, value: \"1\"}}]"), "");
    let root = |users: &str| {
        let text = pod(users, ", runAsUser: 0", "");
        text.replace("runAsNonRoot: true", "runAsNonRoot: false")
    };
    for (name, text, refused) in [
        ("nothing", pod("", "", ""), None),
        ("reserved ports", sysctl("net.ipv4.ip_local_reserved_ports"), Some(0..27)),
        ("keep-alive", sysctl("net.ipv4.tcp_keepalive_time"), Some(0..29)),
        ("buffers", sysctl("net.ipv4.tcp_rmem"), Some(0..32)),
        ("slow start", sysctl("net.ipv4.tcp_slow_start_after_idle"), Some(0..37)),
        ("unsafe", sysctl("kernel.msgmax"), Some(0..50)),
        ("probe", pod("", "", "livenessProbe: {httpGet: {host: 10.0.0.1, port: 80}}"), Some(34..50)),
        ("SELinux", pod("", ", seLinuxOptions: {type: container_engine_t}", ""), Some(0..31)),
        ("user 0", pod("", ", runAsUser: 0", ""), Some(23..50)),
        ("root in a user namespace", root("hostUsers: false"), Some(0..35)),
        ("root", root(""), Some(0..50)),
        ("no seccomp", pod("", "", "").replace(", seccompProfile: {type: RuntimeDefault}", ""), Some(19..50)),
        ("capabilities", pod("", "", "").replace("capabilities: {drop: [ALL]}", ""), Some(22..50)),
        ("escalation", pod("", "", "").replace("allowPrivilegeEscalation: false, ", ""), Some(8..50)),
        ("windows", windows, Some(8..25)),
        (
            "seccomp annotation",
            pod("", "", "").replace(
                "{name: a}\nspec",
                "{name: a, annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined}}\nspec",
            ),
            Some(0..19),
        ),
        ("image volume", pod("volumes: [{name: a, image: {reference: \"a:1\"}}]", "", ""), None),
        ("volume of a system", pod("volumes: [{name: a, nfs: {server: a, path: /}}]", "", ""), Some(0..50)),
    ] {
        let manifest = &manifests(&text)[0];
        let mut evaluator = set.evaluator();
        for minor in 0..45 {
            evaluator.aim_at(Kubernetes { major: 1, minor });
            let found = evaluator.judge(manifest).diagnostics;
            let expected = refused.as_ref().is_some_and(|range: &std::ops::Range<u32>| range.contains(&minor));
            assert_eq!(!found.is_empty(), expected, "{name} in 1.{minor}: {found:#?}");
        }
    }
}

#[test]
fn baseline_lets_a_pod_in_a_user_namespace_see_proc_and_restricted_does_not() {
    let pod = |users: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{hostUsers: {users}, containers: [{{name: a, securityContext: {{procMount: Unmasked}}}}]}}\n"
        )
    };
    for (pack, users, minor, rule) in [
        ("pod-security-baseline", "false", 34, Some("baseline-proc-mount")),
        ("pod-security-baseline", "false", 35, None),
        ("pod-security-baseline", "true", 35, Some("baseline-proc-mount")),
        ("pod-security-restricted", "false", 34, Some("baseline-proc-mount")),
        ("pod-security-restricted", "false", 35, Some("restricted-proc-mount")),
        ("pod-security-restricted", "true", 35, Some("baseline-proc-mount")),
    ] {
        let set = packs(&[pack]);
        let mut evaluator = set.evaluator();
        evaluator.aim_at(Kubernetes { major: 1, minor });
        let found = evaluator.judge(&manifests(&pod(users))[0]).diagnostics;
        let mut about: Vec<&str> = found.iter().map(|found| found.rule.as_str()).collect();
        about.retain(|rule| rule.ends_with("proc-mount"));
        assert_eq!(about, rule.into_iter().collect::<Vec<_>>(), "{pack}, {users}, 1.{minor}");
    }
}

/// Two packs that find the same say it once, and in the words of the stricter.
#[test]
fn packs_that_are_chosen_together_do_not_repeat_each_other() {
    let worst = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostPID: true\n  volumes: [{name: a, hostPath: {path: /}}]\n  containers: [{name: a, image: \"a:1\", securityContext: {privileged: true, runAsUser: 0, capabilities: {add: [SYS_ADMIN]}}}]\n";
    for level in ["pod-security-baseline", "pod-security-restricted"] {
        let found = judge(&packs(&["good-practice", level]), worst);
        let mut places: Vec<(Option<&str>, &str)> =
            found.iter().map(|found| (found.pointer.as_deref(), found.rule.as_str())).collect();
        places.sort();
        let repeated: Vec<_> = places.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
        assert!(repeated.is_empty(), "{repeated:?}");
        let alone = judge(&packs(&["good-practice"]), worst);
        for lost in alone.iter().filter(|alone| !found.iter().any(|found| found.rule == alone.rule)) {
            let covered = found.iter().any(|found| {
                found.severity == Severity::Error
                    && found.pointer.as_deref().is_some_and(|pointer| {
                        lost.pointer
                            .as_deref()
                            .is_some_and(|lost| lost.starts_with(pointer) || pointer.starts_with(lost))
                    })
            });
            assert!(covered, "{}: nothing says it instead", lost.rule);
        }
    }
}

#[test]
fn the_tables_of_the_readme_list_the_rules_of_each_pack() {
    let readme = std::fs::read_to_string(policies_folder().join("README.md")).unwrap();
    for pack in shipped_names() {
        let (_, section) =
            readme.split_once(&format!("\n## {pack}\n")).unwrap_or_else(|| panic!("no part about {pack}"));
        let section = section.split("\n## ").next().unwrap();
        let rows: Vec<&str> = section.lines().filter(|line| line.starts_with("| [`")).collect();
        let expected: Vec<String> = rules_of(pack)
            .iter()
            .map(|Rule { id, title, severity, .. }| {
                format!("| [`{id}`]({pack}/{}.rego) | {severity} | {title} |", id.replace('-', "_"))
            })
            .collect();
        assert_eq!(rows, expected, "{pack}:\n{}", expected.join("\n"));
    }
}
