//! `cargo bench --bench peers`: whole runs of `hydrant check` over a made-up repository, and of `hydrant validate` over loose
//! manifests, beside other tools on PATH.
//!
//! Times are of whole processes, median of five after one warm-up; machines differ, so the ratios are the figures to
//! quote. Peers get the manifests as `hydrant render` wrote them: rendering is not in their time. `kubeconform` needs
//! its schemas on disk, named by `KUBECONFORM_SCHEMAS` (a `-schema-location`); nothing is fetched.

#![allow(clippy::print_stdout)] // a benchmark's figures are its data

#[path = "../generated/mod.rs"]
mod generated;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 5;

fn main() {
    // `cargo bench` passes flags of its own; numbers among the arguments are sizes
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![1_000, 10_000] } else { asked };
    for size in sizes {
        compare(size);
        validate(size);
    }
}

/// Schemas alone, on files as other tools take them: many files, one file with ten times as many documents, one small file.
fn validate(size: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (many, large, small) =
        (folder.path().join("many"), folder.path().join("large.yaml"), folder.path().join("small.yaml"));
    std::fs::create_dir(&many).expect("a new folder");
    for number in 0..size {
        std::fs::write(many.join(format!("{number:06}.yaml")), deployment(number)).expect("a new file");
    }
    let documents: Vec<String> = (0..size * 10).map(deployment).collect();
    std::fs::write(&large, documents.join("---\n")).expect("a new file");
    std::fs::write(&small, deployment(0)).expect("a new file");
    let bytes = std::fs::metadata(&large).expect("the file was written").len();
    let megabytes = bytes / 1_000_000;
    for (what, path) in [
        (format!("{size} files"), &many),
        (format!("one file of {} documents, {megabytes} MB", size * 10), &large),
        ("one small file".to_owned(), &small),
    ] {
        println!("{what}, schemas of Kubernetes 1.34");
        let validate = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_hydrant"));
            command.args(["validate", "--quiet", "--no-config", "--kubernetes", "1.34"]).arg(path);
            command
        };
        let ours = measure(&mut validate());
        report("hydrant validate", &ours, &ours);
        report("hydrant validate --threads 1", &measure(validate().args(["--threads", "1"])), &ours);
        kubeconform(&ours, path);
    }
    println!();
}

/// One small Deployment.
fn deployment(number: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{number:06}\n  namespace: team-{}\n  \
         labels: {{app: app-{number:06}}}\nspec:\n  replicas: {}\n  selector:\n    matchLabels:\n      app: app-{number:06}\n  \
         template:\n    metadata:\n      labels:\n        app: app-{number:06}\n    spec:\n      containers:\n      - name: main\n        \
         image: registry.example.com/app-{number:06}:1.{}\n        ports:\n        - containerPort: {}\n        resources:\n          \
         limits: {{cpu: 500m, memory: 256Mi}}\n",
        number % 10,
        1 + number % 5,
        number % 30,
        8000 + number % 1000,
    )
}

/// With as many workers as there are cores, and everything on disk.
fn kubeconform(ours: &Measurement, path: &Path) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).to_string();
    peer("kubeconform", ours, |command| {
        let schemas = std::env::var("KUBECONFORM_SCHEMAS").ok()?;
        let options = ["-strict", "-kubernetes-version", "1.34.0", "-n", &threads, "-schema-location", &schemas];
        Some(command.args(options).arg(path))
    });
}

fn compare(size: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let repository = folder.path().join("repository");
    for (path, text) in generated::repository(size) {
        let path = repository.join(path);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a new folder");
        std::fs::write(path, text).expect("a new file");
    }
    let rendered = folder.path().join("rendered");
    let hydrant = env!("CARGO_BIN_EXE_hydrant");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);

    println!("{size} templated manifests, {threads} cores");
    let ours = measure(Command::new(hydrant).args(["-C"]).arg(&repository).args(["check", "--quiet"]));
    report("hydrant check", &ours, &ours);
    report(
        "hydrant check --threads 1",
        &measure(Command::new(hydrant).arg("-C").arg(&repository).args(["check", "--quiet", "--threads", "1"])),
        &ours,
    );
    report(
        "hydrant render",
        &measure(Command::new(hydrant).arg("-C").arg(&repository).args(["render", "--quiet", "-o"]).arg(&rendered)),
        &ours,
    );

    kubeconform(&ours, &rendered);
    peer("conftest", &ours, |command| {
        Some(command.args(["test", "--all-namespaces", "--policy"]).arg(repository.join("policies")).arg(&rendered))
    });
    peer("nyl", &ours, |command| Some(command.arg("template").arg(repository.join("apps"))));
    println!();
}

/// Times another tool, where it is on PATH and `prepare` can give it what it needs.
fn peer(name: &str, ours: &Measurement, prepare: impl Fn(&mut Command) -> Option<&mut Command>) {
    if !on_path(name) {
        println!("  {name:28} not on PATH");
        return;
    }
    match prepare(&mut Command::new(name)) {
        Some(command) => report(name, &measure(command), ours),
        None => println!("  {name:28} skipped: KUBECONFORM_SCHEMAS names no schemas on disk"),
    }
}

fn on_path(name: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(name).is_file())
}

struct Measurement {
    median: Duration,
    fastest: Duration,
    slowest: Duration,
    peak_kib: Option<u64>,
    code: Option<i32>,
}

fn measure(command: &mut Command) -> Measurement {
    let mut times = Vec::new();
    let mut peak_kib = None;
    let mut code = None;
    for run in 0..=RUNS {
        let started = Instant::now();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the tool starts");
        let status = loop {
            if let Some(status) = child.try_wait().expect("the tool can be waited for") {
                break status;
            }
            peak_kib = peak_kib.max(high_water_mark(child.id()));
            std::thread::sleep(Duration::from_millis(2));
        };
        code = status.code();
        // the first run warms the caches
        if run > 0 {
            times.push(started.elapsed());
        }
    }
    times.sort();
    Measurement { median: times[RUNS / 2], fastest: times[0], slowest: times[RUNS - 1], peak_kib, code }
}

/// The most memory a process has held, as Linux tells it; nothing elsewhere.
fn high_water_mark(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn report(name: &str, this: &Measurement, ours: &Measurement) {
    let memory = this.peak_kib.map_or_else(|| "?".to_owned(), |kib| format!("{} MiB", kib / 1024));
    println!(
        "  {name:28} {:>8.3} s ({:.3} to {:.3})  {memory:>9}  ×{:.2}  exit {}",
        this.median.as_secs_f64(),
        this.fastest.as_secs_f64(),
        this.slowest.as_secs_f64(),
        this.median.as_secs_f64() / ours.median.as_secs_f64(),
        this.code.map_or_else(|| "?".to_owned(), |code| code.to_string()),
    );
}
