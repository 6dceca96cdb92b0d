//! `cargo bench --bench policies`: what judging costs as a policy library grows, on one thread, per manifest.
//!
//! `for some kinds` is a library as people have it: most rules are about workloads, the rest about other kinds or about
//! every object. `for any kind` has no rule that names a kind: each of them judges every object.

mod generated;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hydrant::evaluate::{EvaluationLimits, PolicySet, shipped, shipped_names};
use hydrant::manifest::{Manifest, ReadLimits};
use hydrant::parse::parse;
use hydrant::pipeline::{Limits, Selection, Unwatched, render_apps};
use hydrant::source::Source;
use hydrant::tree::{MemoryTree, ReadTree as _, RepoPath};

const MANIFESTS: usize = 1_000;

fn manifests() -> Vec<Manifest> {
    let mut tree = MemoryTree::default();
    for (path, text) in generated::repository(MANIFESTS) {
        tree.insert(RepoPath::parse(&path).expect("a path"), text.into_bytes());
    }
    let config = tree.read(&RepoPath::parse("hydrant.yaml").expect("a path")).expect("is there");
    let config = Source::file("hydrant.yaml", String::from_utf8(config.to_vec()).expect("UTF-8"));
    let project = hydrant::config::parse(&config).expect("valid");
    let rendering =
        render_apps(&tree, &project, &Selection::default(), &Limits::default(), &Unwatched).expect("renders");
    let texts = rendering.apps.into_iter().map(|app| Source::rendered(&app.app, "prod", app.manifest));
    let manifests: Vec<_> = texts.flat_map(|text| parse(&text, &ReadLimits::default()).manifests).collect();
    assert_eq!(manifests.len(), MANIFESTS);
    manifests
}

fn library(rules: usize, for_any_kind: bool) -> Vec<std::sync::Arc<Source>> {
    let own = (0..rules).map(|number| {
        let kind = if for_any_kind { 3 } else { number % 10 };
        Source::file(format!("rule_{number:03}.rego"), generated::rule(number, kind))
    });
    own.chain([Source::file("workload.rego", generated::LIBRARY)]).collect()
}

fn judging(criterion: &mut Criterion) {
    let manifests = manifests();
    let mut group = criterion.benchmark_group("judge");
    group.sample_size(20).throughput(Throughput::Elements(MANIFESTS as u64));
    let mut measure = |name: &str, files: &[std::sync::Arc<Source>]| {
        let (policies, diagnostics) = PolicySet::load(files, &[], &EvaluationLimits::default());
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        let mut evaluator = policies.evaluator();
        group.bench_function(name, |bencher| {
            bencher.iter(|| manifests.iter().map(|one| evaluator.judge(one).diagnostics.len()).sum::<usize>());
        });
    };
    for rules in [10, 50, 100] {
        measure(&format!("{rules} rules for some kinds"), &library(rules, false));
        measure(&format!("{rules} rules for any kind"), &library(rules, true));
    }
    let all: Vec<_> = shipped_names().flat_map(|name| shipped(name).expect("a name that is listed")).collect();
    let all: std::collections::BTreeMap<String, _> =
        all.into_iter().map(|source| (source.name().to_owned(), source)).collect();
    measure("every shipped pack", &all.into_values().collect::<Vec<_>>());
}

fn starting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    group.sample_size(20);
    for rules in [10, 100] {
        let files = library(rules, false);
        group.bench_function(format!("load {rules} rules"), |bencher| {
            bencher.iter(|| PolicySet::load(&files, &[], &EvaluationLimits::default()));
        });
        let (policies, _) = PolicySet::load(&files, &[], &EvaluationLimits::default());
        group.bench_function(format!("a worker's copy of {rules} rules"), |bencher| {
            bencher.iter(|| drop(policies.evaluator()));
        });
    }
    group.finish();
}

criterion_group!(benches, judging, starting);
criterion_main!(benches);
