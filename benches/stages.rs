//! `cargo bench --bench stages`: each stage by itself, over 1,000 templated manifests, on one thread.
//!
//! The last two are the whole of `check`, on one thread and on all. Compare within one run: machines differ.

mod generated;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hydrant::config::{self, Project};
use hydrant::diagnostic::Severity;
use hydrant::evaluate::{EvaluationLimits, PolicySet, shipped};
use hydrant::git::{BranchName, Identity, Prepared, Repository};
use hydrant::hydrate::{CommitTime, DryRevision, Shape};
use hydrant::load::{Unit, load};
use hydrant::manifest::{Manifest, ReadLimits, write};
use hydrant::parse::parse;
use hydrant::pipeline::{Limits, Selection, Unwatched, check, hydrate_one, with_threads};
use hydrant::render::{RenderLimits, RenderedFile, render};
use hydrant::sign::{SshSigner, sign};
use hydrant::source::Source;
use hydrant::tree::{MemoryTree, ReadTree as _, RepoPath};
use hydrant::validate::{Schemas, UnknownKinds};

const MANIFESTS: usize = 1_000;

/// The same input at every point of the pipeline.
struct Staged {
    tree: MemoryTree,
    project: Project,
    units: Vec<Unit>,
    rendered: Vec<RenderedFile>,
    manifests: Vec<Manifest>,
}

impl Staged {
    fn new() -> Self {
        let mut tree = MemoryTree::default();
        for (path, text) in generated::repository(MANIFESTS) {
            tree.insert(RepoPath::parse(&path).expect("a path"), text.into_bytes());
        }
        let config = tree.read(&RepoPath::parse("hydrant.yaml").expect("a path")).expect("is there");
        let config = String::from_utf8(config.to_vec()).expect("UTF-8");
        let project = config::parse(&Source::file("hydrant.yaml", config)).expect("valid");
        let units = load(&tree, &project).expect("loads").units;
        let rendered = render_all(&units);
        let manifests = parse_all(&rendered);
        assert_eq!(manifests.len(), MANIFESTS);
        Self { tree, project, units, rendered, manifests }
    }
}

fn render_all(units: &[Unit]) -> Vec<RenderedFile> {
    let rendered = units.iter().map(|unit| render(unit, &RenderLimits::default()));
    rendered.inspect(|rendered| assert!(rendered.diagnostics.is_empty())).flat_map(|rendered| rendered.files).collect()
}

fn parse_all(rendered: &[RenderedFile]) -> Vec<Manifest> {
    rendered.iter().flat_map(|file| parse(&file.source, &ReadLimits::default()).manifests).collect()
}

fn stages(criterion: &mut Criterion) {
    let staged = Staged::new();
    let mut group = criterion.benchmark_group("stage");
    group.sample_size(20).throughput(Throughput::Elements(MANIFESTS as u64));
    group.bench_function("load", |bencher| bencher.iter(|| load(&staged.tree, &staged.project)));
    group.bench_function("render", |bencher| bencher.iter(|| render_all(&staged.units)));
    group.bench_function("parse", |bencher| bencher.iter(|| parse_all(&staged.rendered)));
    group.bench_function("write", |bencher| bencher.iter(|| write_all(&staged.manifests)));

    let schemas = Schemas::new("1.34", UnknownKinds::Deny).expect("an embedded version");
    group.bench_function("validate", |bencher| {
        bencher.iter(|| {
            staged.manifests.iter().map(|manifest| schemas.validate(manifest).diagnostics.len()).sum::<usize>()
        });
    });

    let pack = shipped("good-practice").expect("a shipped pack");
    let (policies, diagnostics) = PolicySet::load(&pack, &[], &EvaluationLimits::default());
    assert!(diagnostics.is_empty());
    let mut evaluator = policies.evaluator();
    group.bench_function("evaluate", |bencher| {
        bencher.iter(|| {
            staged.manifests.iter().map(|manifest| evaluator.judge(manifest).diagnostics.len()).sum::<usize>()
        });
    });
    group.bench_function("evaluate: load the pack", |bencher| {
        bencher.iter(|| PolicySet::load(&pack, &[], &EvaluationLimits::default()));
    });
    group.finish();
}

fn write_all(manifests: &[Manifest]) -> usize {
    let mut out = String::new();
    manifests.iter().for_each(|manifest| write(&manifest.root, &mut out).expect("writable"));
    out.len()
}

fn publication(criterion: &mut Criterion) {
    let staged = Staged::new();
    let checkup = check(&staged.tree, &staged.project, &Selection::default(), &Limits::default(), &Unwatched);
    let admitted = checkup.expect("checks").admit(Severity::Error).pop().expect("one environment").expect("admitted");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let repository = Repository::init(folder.path()).expect("a repository");
    let identity = Identity::default();
    let main = BranchName::parse("main").expect("a name");
    let time = CommitTime { seconds: 1_767_225_600, offset: 0 };
    let dry = repository.commit_files(&main, std::iter::empty(), &identity, time, "dry").expect("a commit");
    let author = "Ada <ada@example.com>".to_owned();
    let dry = DryRevision { id: dry.to_string(), time, author, author_time: time, message: "dry".to_owned() };
    let shape = Shape::plain();
    let branch = BranchName::parse("env/prod").expect("a name");
    let tree = hydrate_one(&admitted, &dry, &shape, None).expect("hydrates");
    let signer = SshSigner::generate(&mut hydrant::sign::OsRng, "bench").expect("a key");
    let Prepared::Commit(commit) = repository.prepare(&tree, &branch, None, &identity).expect("prepares") else {
        panic!("the branch does not exist")
    };

    let mut group = criterion.benchmark_group("publication");
    group.sample_size(20).throughput(Throughput::Elements(MANIFESTS as u64));
    group.bench_function("hydrate", |bencher| bencher.iter(|| hydrate_one(&admitted, &dry, &shape, None)));
    group.bench_function("prepare", |bencher| bencher.iter(|| repository.prepare(&tree, &branch, None, &identity)));
    group.bench_function("sign", |bencher| bencher.iter(|| sign(commit.clone(), &signer)));
    group.finish();
}

fn whole(criterion: &mut Criterion) {
    let staged = Staged::new();
    let check = |threads| {
        with_threads(threads, || {
            check(&staged.tree, &staged.project, &Selection::default(), &Limits::default(), &Unwatched).expect("checks")
        })
    };
    let mut group = criterion.benchmark_group("check");
    group.sample_size(20).throughput(Throughput::Elements(MANIFESTS as u64));
    group.bench_function("one thread", |bencher| bencher.iter(|| check(Some(1))));
    group.bench_function("all threads", |bencher| bencher.iter(|| check(None)));
    group.finish();
}

criterion_group!(benches, stages, publication, whole);
criterion_main!(benches);
