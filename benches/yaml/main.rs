//! `cargo bench --bench yaml`: text to tree with a span for every value, beside serde_yaml's `Value`, which has none.
//!
//! The texts are the manifests of the corpus (`HYDRANT_CORPUS`, or `../shared/corpus` beside the project) that both can
//! read; where it is absent, generated ones. Then one text of 47 MB and 100,000 documents, on one thread and on two, and
//! the memory that holding its tree takes. The readers take turns, and the fastest of their runs count; machines differ,
//! so the ratios are the figures to quote.

#![allow(clippy::print_stdout)] // a benchmark's figures are its data

mod generated;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hydrant::manifest::{ReadLimits, read, read_thoroughly};
use hydrant::parse::{parse, parse_with};
use hydrant::pipeline::{Cores, with_threads};
use hydrant::source::Source;
use serde::Deserialize as _;

const RUNS: usize = 7;

/// The size of the one large text.
const DOCUMENTS: usize = 100_000;

/// Asks this program to read a file, keep its tree and tell how much memory it took.
const HOLD: &str = "--hold";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, asked, path] = arguments.as_slice()
        && asked == HOLD
    {
        return hold(Path::new(path));
    }
    real_files();
    one_large_text();
}

fn real_files() {
    let (whose, texts) = texts();
    let sources: Vec<Arc<Source>> = texts.iter().map(|text| Source::file("bench.yaml", text.as_str())).collect();
    let sources: Vec<Arc<Source>> = sources.into_iter().filter(both_read).collect();
    let bytes: usize = sources.iter().map(|source| source.text().len()).sum();
    let streams = sources.iter().map(|source| read(source, &ReadLimits::default()));
    let (plain, documents) = streams.fold((0, 0), |sum, stream| (sum.0 + stream.plain, sum.1 + stream.documents.len()));
    println!("{} {whose} texts, {:.1} MB; {plain} of {documents} documents are plain", sources.len(), mega(bytes));
    let limits = ReadLimits::default();
    let [ours, thorough, theirs] = fastest([
        &|| sources.iter().for_each(|source| drop(black_box(read(source, &limits)))),
        &|| sources.iter().for_each(|source| drop(black_box(read_thoroughly(source, &limits)))),
        &|| sources.iter().for_each(|source| drop(black_box(values(source.text())))),
    ]);
    report("hydrant", bytes, ours, theirs);
    report("hydrant, thorough reader only", bytes, thorough, theirs);
    report("serde_yaml", bytes, theirs, theirs);
}

/// Whose texts they are, and the texts.
fn texts() -> (&'static str, Vec<String>) {
    let corpus = std::env::var_os("HYDRANT_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    let mut files = Vec::new();
    for folder in ["manifests", "crds"] {
        yaml_below(&corpus.join(folder), &mut files);
    }
    files.sort();
    if !files.is_empty() {
        return ("real", files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect());
    }
    println!("no corpus at {}: these are generated texts; set HYDRANT_CORPUS", corpus.display());
    ("generated", (0..1_000).map(|number| generated::manifests(number * 5, 5)).collect())
}

fn yaml_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            yaml_below(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            files.push(path);
        }
    }
}

fn both_read(source: &Arc<Source>) -> bool {
    read(source, &ReadLimits::default()).diagnostics.is_empty() && values(source.text()).is_ok()
}

fn values(text: &str) -> Result<Vec<serde_yaml::Value>, serde_yaml::Error> {
    serde_yaml::Deserializer::from_str(text).map(serde_yaml::Value::deserialize).collect()
}

fn one_large_text() {
    let text = generated::manifests(0, DOCUMENTS);
    let bytes = text.len();
    println!("one text of {DOCUMENTS} documents, {:.1} MB, to manifests", mega(bytes));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("large.yaml");
    std::fs::write(&path, &text).expect("a new file");
    let source = Source::file("large.yaml", text);
    let limits = ReadLimits::default();
    assert_eq!(parse(&source, &limits).manifests.len(), DOCUMENTS);
    let [one, two] = with_threads(Some(2), || {
        fastest([&|| drop(black_box(parse(&source, &limits))), &|| {
            drop(black_box(parse_with(&source, &limits, &Cores)))
        }])
    });
    report("1 thread", bytes, one, one);
    report("2 threads", bytes, two, one);
    drop(source);
    let itself = std::env::current_exe().expect("this program has a path");
    let told = std::process::Command::new(itself).arg(HOLD).arg(&path).output().expect("this program runs");
    println!("  {}", String::from_utf8_lossy(&told.stdout).trim());
}

/// Reads a file, keeps everything, and tells the most memory this process has held.
fn hold(path: &Path) {
    let text = std::fs::read_to_string(path).expect("a readable file");
    let bytes = text.len();
    let before = high_water_mark();
    let source = Source::file("large.yaml", text);
    let parsed = parse(&source, &ReadLimits::default());
    let (Some(before), Some(after)) = (before, high_water_mark()) else {
        return println!("memory: this system does not tell");
    };
    println!(
        "memory: {after} KiB at most with {} manifests held, of it {before} KiB before reading: {:.2} times the text",
        parsed.manifests.len(),
        after as f64 * 1024.0 / bytes as f64
    );
}

/// The most memory this process has held, as Linux tells it.
fn high_water_mark() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// The fastest of some runs of each; they take turns, so that all meet the same machine.
fn fastest<const N: usize>(works: [&dyn Fn(); N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for run in 0..=RUNS {
        for (work, best) in works.iter().zip(&mut best) {
            let started = Instant::now();
            work();
            // the first run warms the caches
            if run > 0 {
                *best = (*best).min(started.elapsed());
            }
        }
    }
    best
}

fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn report(name: &str, bytes: usize, time: Duration, base: Duration) {
    let (speed, ratio) = (mega(bytes) / time.as_secs_f64(), base.as_secs_f64() / time.as_secs_f64());
    println!("  {name:32} {speed:>7.1} MB/s  ×{ratio:.2}");
}
