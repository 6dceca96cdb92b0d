//! The Pod Security Standards: every pod of Kubernetes' own suite, judged by our packs for the version of its folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use hydrant::diagnostic::rules;
use hydrant::evaluate::{EvaluationLimits, Evaluator, Kubernetes, PolicySet, shipped};
use hydrant::manifest::ReadLimits;
use hydrant::parse::parse;
use hydrant::source::Source;

use super::settle;
use crate::corpus::{corpus, files_below};

/// The checks of Kubernetes by the name that their files have, and the rules that report the same.
const CHECKS: &[(&str, &[&str])] = &[
    ("allowprivilegeescalation", &["restricted-privilege-escalation"]),
    ("apparmorprofile", &["baseline-apparmor-profile"]),
    ("capabilities_baseline", &["baseline-added-capability"]),
    // the restricted check takes the place of the baseline's; with us the two share the work
    ("capabilities_restricted", &["baseline-added-capability", "restricted-capability"]),
    ("hostnamespaces", &["baseline-host-namespace"]),
    ("hostpathvolumes", &["baseline-host-path-volume"]),
    ("hostports", &["baseline-host-port"]),
    ("hostprobesandhostlifecycle", &["baseline-probe-host"]),
    ("privileged", &["baseline-privileged-container"]),
    ("procmount", &["baseline-proc-mount", "restricted-proc-mount"]),
    ("restrictedvolumes", &["baseline-host-path-volume", "restricted-volume-type"]),
    ("runasnonroot", &["restricted-run-as-non-root"]),
    ("runasuser", &["restricted-root-user"]),
    ("seccompprofile_baseline", &["baseline-seccomp-profile"]),
    ("seccompprofile_restricted", &["baseline-seccomp-profile", "restricted-seccomp-profile"]),
    ("selinuxoptions", &["baseline-selinux-options"]),
    ("sysctls", &["baseline-unsafe-sysctl"]),
    ("windowshostprocess", &["baseline-windows-host-process"]),
];

/// The check that a file is about: its name without the number. `None` for files that break no rule of the level.
fn check_of(file: &Path) -> Option<&'static (&'static str, &'static [&'static str])> {
    let name = file.file_stem().unwrap().to_string_lossy();
    let name = name.trim_end_matches(|sign: char| sign.is_ascii_digit());
    let found = CHECKS.iter().find(|(check, _)| *check == name);
    assert!(found.is_some() || name.starts_with("base"), "`{name}` is a check that nobody here knows");
    found
}

/// The rules that refuse the pod of a file.
fn refusing(evaluator: &mut Evaluator<'_>, file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let parsed = parse(&Source::file("pod.yaml", text), &ReadLimits::default());
    assert!(parsed.diagnostics.is_empty() && parsed.manifests.len() == 1, "{}", file.display());
    let judgement = evaluator.judge(&parsed.manifests[0]);
    for found in &judgement.diagnostics {
        assert_ne!(found.rule, rules::POLICY_FAILED, "{}: {}", file.display(), found.message);
    }
    judgement.diagnostics.into_iter().map(|found| found.rule.to_string()).collect()
}

/// Numbers of one check: files that must pass, files that must be refused, and how many got the other verdict.
#[derive(Default)]
struct Count {
    pass: usize,
    fail: usize,
    wrong: usize,
}

#[test]
fn every_pod_of_the_pod_security_suite_gets_the_verdict_of_kubernetes() {
    let Some(corpus) = corpus() else { return };
    let suite = corpus.join("suites/pod-security");
    assert!(suite.is_dir(), "the corpus has no pods of the Pod Security Standards");
    let mut counts: BTreeMap<(&str, &str, String), Count> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (level, pack) in [("baseline", "pod-security-baseline"), ("restricted", "pod-security-restricted")] {
        let (set, diagnostics) = PolicySet::load(&shipped(pack).unwrap(), &[], &EvaluationLimits::default());
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        let mut evaluator = set.evaluator();
        for file in files_below(&suite.join(level), &["yaml"]) {
            let folders: Vec<_> =
                file.strip_prefix(&suite).unwrap().iter().map(|part| part.to_string_lossy()).collect();
            let [_, version, verdict, _] = &folders[..] else { panic!("{}", file.display()) };
            evaluator.aim_at(Kubernetes::parse(version).expect("a version"));
            let check = check_of(&file);
            let found = refusing(&mut evaluator, &file);
            let is_expected = match (&**verdict, check) {
                ("pass", _) => found.is_empty(),
                // some pods cannot break the rule alone: a Windows host process needs the host's network
                ("fail", Some((_, rules))) => rules.iter().any(|rule| found.contains(*rule)),
                _ => panic!("{}", file.display()),
            };
            let name = check.map_or("a pod that breaks no rule", |(name, _)| *name);
            let count = counts.entry((level, name, version.to_string())).or_default();
            *if &**verdict == "pass" { &mut count.pass } else { &mut count.fail } += 1;
            if !is_expected {
                count.wrong += 1;
                wrong.push(format!("{}: {found:?}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let sum = |number: fn(&Count) -> usize| counts.values().map(number).sum::<usize>();
    let (pass, fail) = (sum(|count| count.pass), sum(|count| count.fail));
    assert!(pass > 50 && fail > 180, "only {pass} and {fail} pods");
    eprintln!("{} passed, 0 failed, 0 skipped", pass + fail);
    settle("pod-security", &table(&counts, pass, fail));
}

fn table(counts: &BTreeMap<(&str, &str, String), Count>, pass: usize, fail: usize) -> String {
    let mut table = format!(
        "{} pods: {pass} pass, {fail} are refused by the rule of their check, 0 get another verdict.\n\n\
         | level | check of Kubernetes | version | pass | refused | wrong |\n|---|---|---|---|---|---|\n",
        pass + fail
    );
    for ((level, check, version), Count { pass, fail, wrong }) in counts {
        let _ = writeln!(table, "| {level} | {check} | {version} | {pass} | {fail} | {wrong} |");
    }
    table
}
