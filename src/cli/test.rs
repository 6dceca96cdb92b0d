//! `hydrant test`: the Rego tests beside policies, what they reach, and Gatekeeper suites.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use clap::Args;
use regex::Regex;

use super::Global;
use super::exit::{Exit, Failure};
use super::progress::Bar;
use super::project::Workspace;
use super::terminal::Terminal;
use super::watch::watch;
use crate::config::Project;
use crate::evaluate::gatekeeper::{self, SuiteResult};
use crate::evaluate::testing::Outcome;
use crate::evaluate::{self, EvaluationLimits};
use crate::load::{self, TestFiles, WorkTree};
use crate::pipeline::testing::{self, TestOptions, TestRun, Tested};
use crate::report::human as findings;
use crate::report::testing::{
    CaseEntry, CoverageEntry, CoveredFile, FailureEntry, Status, SuiteCaseEntry, SuiteEntry, TestEntry, TestReport,
    human, json, junit,
};
use crate::source::{Location, Source};
use crate::tree::{ReadTree, RepoPath};

#[derive(Debug, Args)]
#[command(
    after_help = "A test is a rule whose name begins with `test_`; it passes if it is true. `todo_test_…` is skipped. Of
`test_x[name] if …` every name is a case of its own.

Examples:
  hydrant test                              the policies of this project
  hydrant test policies/owner --run 'owner' some files, some tests
  hydrant test --min-coverage 90            fails if less than 90 % of the lines of policies are reached
  hydrant test --report junit=tests.xml     and a report for CI
  hydrant test --watch                      again whenever a file changes

Exit codes: 0 all passed · 1 a test failed, a file does not load, or too little is reached
            2 usage · 3 there is no test · 4 a file cannot be read"
)]
pub(super) struct Arguments {
    /// Files and folders; the paths of policies of hydrant.yaml by default, or else `policies`
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Run only the tests whose full name (`policies.owner_test.test_found`) this regular expression is found in
    #[arg(long, value_name = "REGEX")]
    run: Option<Regex>,
    /// Files or folders with YAML or JSON that policies see below `data`; folders are keys
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    data: Vec<String>,
    /// Tell which lines of the policies no test reaches; every test then runs once more, on the interpreter
    #[arg(long)]
    coverage: bool,
    /// Fail if less than this part of the lines is reached; implies `--coverage`
    #[arg(long, value_name = "PERCENT", value_parser = percentage)]
    min_coverage: Option<f64>,
    /// Tell of every test: how long it took and what it printed
    #[arg(short, long)]
    verbose: bool,
    /// Also write a report to a file; `-` is stdout. Formats: json, junit
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = Target::parse)]
    reports: Vec<Target>,
    /// Run again whenever a file changes, until it is interrupted
    #[arg(long)]
    watch: bool,
}

fn percentage(text: &str) -> Result<f64, String> {
    let number: f64 = text.trim_end_matches('%').trim().parse().map_err(|_| "write a number such as 90".to_owned())?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("a percentage is between 0 and 100".to_owned()) }
}

/// `junit=tests.xml`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    format: Format,
    file: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Junit,
}

impl Target {
    fn parse(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((format, file)) if !file.is_empty() => (format, file.into()),
            _ => return Err("write FORMAT=FILE, such as junit=tests.xml".to_owned()),
        };
        match format {
            "json" => Ok(Self { format: Format::Json, file }),
            "junit" => Ok(Self { format: Format::Junit, file }),
            _ => Err(format!("`{format}` is not a report format of tests; they are `json` and `junit`")),
        }
    }
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    if !arguments.watch {
        return run_once(arguments, global, terminal);
    }
    let mut seen = None;
    watch(terminal, || {
        let now = fingerprint(&watched(arguments, global));
        if seen.as_ref() == Some(&now) {
            return None;
        }
        seen = Some(now);
        Some(run_once(arguments, global, terminal))
    })
}

fn run_once(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let (places, project) = places(arguments, global)?;
    let mut files = gather(&places)?;
    let around = WorkTree::open(&global.directory).ok();
    files.data_trees =
        load::read_loose_data(&global.directory, &arguments.data).map_err(|error| Failure::usage(error.to_string()))?;
    files.around = around.as_ref().map(|tree| tree as &dyn ReadTree);
    let packs = project.iter().flat_map(|project| &project.policies.builtin);
    let support: Vec<Arc<Source>> = packs.filter_map(|pack| evaluate::shipped(&pack.value)).flatten().collect();
    let selected = |name: &str| arguments.run.as_ref().is_none_or(|pattern| pattern.is_match(name));
    let coverage = arguments.coverage || arguments.min_coverage.is_some();
    let began = Instant::now();
    let clock = || began.elapsed();
    let options = TestOptions {
        selected: &selected,
        coverage,
        clock: &clock,
        dialect: crate::pipeline::dialect_of(project.as_ref().map(|project| project.policies.rego).unwrap_or_default()),
        limits: EvaluationLimits::default(),
    };
    let tested = testing::test(&files, &support, &options, &Bar::new(terminal));
    let report = report(tested, arguments.min_coverage);
    for target in &arguments.reports {
        write(target, &report, terminal)?;
    }
    tell(&report, arguments.verbose, terminal);
    Ok(conclude(&report, terminal))
}

/// A tree, and what of it is tested.
struct Place {
    tree: Box<dyn ReadTree>,
    /// Everything for `None`.
    paths: Vec<Option<RepoPath>>,
    /// How it was named, if somebody named it.
    typed: Option<PathBuf>,
}

/// Where the files are. The project is `None` where there is none that can be read and none is needed.
fn places(arguments: &Arguments, global: &Global) -> Result<(Vec<Place>, Option<Project>), Failure> {
    if arguments.paths.is_empty() {
        let Workspace { tree, project, .. } = Workspace::from_work_tree(global)?;
        let default = || vec![RepoPath::parse(Project::DEFAULT_POLICIES).expect("a fixed name without any sign")];
        let configured = project.policies.paths.as_ref();
        let paths = configured.map_or_else(default, |paths| paths.iter().map(|path| path.value.clone()).collect());
        let paths = paths.into_iter().map(Some).collect();
        return Ok((vec![Place { tree, paths, typed: None }], Some(project)));
    }
    let place = |path: &PathBuf| {
        let (tree, inside) = open(&in_folder(global, path))?;
        Ok(Place { tree: Box::new(tree), paths: vec![inside], typed: Some(path.clone()) })
    };
    let places = arguments.paths.iter().map(place).collect::<Result<_, Failure>>()?;
    Ok((places, Workspace::from_work_tree(global).ok().map(|workspace| workspace.project)))
}

/// Reads what is to be tested.
fn gather(places: &[Place]) -> Result<TestFiles<'_>, Failure> {
    let mut files = TestFiles::default();
    for place in places {
        for path in &place.paths {
            let name = |file: &RepoPath| match &place.typed {
                Some(typed) => named(typed, path.as_ref(), file),
                None => file.to_string(),
            };
            files.add(&*place.tree, path.as_ref(), name).map_err(cannot_read)?;
        }
    }
    Ok(files)
}

/// A path as it was typed, seen from the folder of `--directory`.
fn in_folder(global: &Global, path: &Path) -> PathBuf {
    if global.directory == Path::new(".") { path.to_owned() } else { global.directory.join(path) }
}

fn cannot_read(error: impl std::fmt::Display) -> Failure {
    Failure::cannot_work(error.to_string())
}

/// A folder as a tree; a file as the folder it lies in, and its name there.
fn open(path: &Path) -> Result<(WorkTree, Option<RepoPath>), Failure> {
    let metadata = std::fs::metadata(path)
        .map_err(|error| Failure::cannot_work(format!("cannot open `{}`: {error}", path.display())))?;
    if metadata.is_dir() {
        return Ok((WorkTree::open(path).map_err(cannot_read)?, None));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let inside = RepoPath::parse(name).map_err(|error| Failure::usage(error.to_string()))?;
    Ok((WorkTree::open(folder).map_err(cannot_read)?, Some(inside)))
}

/// A file by the path that was typed.
fn named(typed: &Path, inside: Option<&RepoPath>, file: &RepoPath) -> String {
    let typed = typed.components().collect::<PathBuf>();
    let typed = typed.strip_prefix(".").unwrap_or(&typed).to_string_lossy();
    match (inside, &*typed) {
        (Some(_), typed) => typed.to_owned(),
        (None, "") => file.to_string(),
        (None, typed) => format!("{}/{file}", typed.trim_end_matches('/')),
    }
}

fn report(tested: Tested, minimum: Option<f64>) -> TestReport {
    let coverage = tested.coverage.map(|coverage| {
        let (files, failure) = match coverage {
            Ok(coverage) => (coverage.files, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        let files = files.into_iter().map(|file| {
            let ((reached, lines), missing) = (file.reached(), file.missing());
            let (held, definitions) = (file.held, file.definitions);
            CoveredFile { name: file.name, reached, lines, held, definitions, missing }
        });
        CoverageEntry { files: files.collect(), minimum, failure }
    });
    TestReport {
        left_out: tested.left_out,
        diagnostics: tested.diagnostics,
        tests: tested.tests.into_iter().map(entry).collect(),
        suites: tested.suites.into_iter().map(suite_entry).collect(),
        coverage,
    }
}

fn entry(run: TestRun) -> TestEntry {
    let failure = |failure: evaluate::testing::Failure| FailureEntry {
        message: failure.message,
        location: failure.location,
        values: failure.values,
    };
    let case = |case: evaluate::testing::CaseResult| CaseEntry { name: case.name, failure: case.failure.map(failure) };
    let (status, why) = match run.result.outcome {
        Outcome::Passed => (Status::Passed, None),
        Outcome::Skipped => (Status::Skipped, None),
        Outcome::Failed(why) => (Status::Failed, Some(failure(*why))),
    };
    TestEntry {
        package: run.test.package,
        name: run.test.name,
        location: run.test.location,
        status,
        failure: why,
        cases: run.result.cases.into_iter().map(case).collect(),
        prints: run.result.prints.into_iter().map(|print| (print.location, print.text)).collect(),
        time: run.time,
    }
}

fn suite_entry(suite: SuiteResult) -> SuiteEntry {
    let SuiteResult { path, location, outcome, tests, .. } = suite;
    let (status, failure) = ended(outcome, &location, &[]);
    SuiteEntry { file: path, status, failure, cases: tests.into_iter().flat_map(case_entries).collect() }
}

/// The cases of a test; one for the whole of it if it has none, or did not come to them.
fn case_entries(test: gatekeeper::TestResult) -> Vec<SuiteCaseEntry> {
    let one = |name: String, location: Location, outcome, messages: &[String]| {
        let (status, failure) = ended(outcome, &location, messages);
        SuiteCaseEntry { name, location, status, failure }
    };
    if test.cases.is_empty() {
        return vec![one(test.name, test.location, test.outcome, &[])];
    }
    let name = |case: &str| format!("{}/{case}", test.name);
    test.cases.into_iter().map(|case| one(name(&case.name), case.location, case.outcome, &case.messages)).collect()
}

fn ended(outcome: gatekeeper::Outcome, location: &Location, messages: &[String]) -> (Status, Option<FailureEntry>) {
    let failed = |message: String, location: Location| {
        let values = messages.iter().map(|message| ("violation".to_owned(), message.clone())).collect();
        (Status::Failed, Some(FailureEntry { message, location, values }))
    };
    match outcome {
        gatekeeper::Outcome::Passed => (Status::Passed, None),
        gatekeeper::Outcome::Skipped => (Status::Skipped, None),
        gatekeeper::Outcome::Failed(reason) => failed(reason, location.clone()),
        gatekeeper::Outcome::Refused(diagnostics) => {
            let place = diagnostics.iter().find_map(|found| found.primary.as_ref()).map(|label| label.location.clone());
            let messages: Vec<String> = diagnostics.into_iter().map(|found| found.message).collect();
            failed(messages.join("; "), place.unwrap_or_else(|| location.clone()))
        }
    }
}

fn write(target: &Target, report: &TestReport, terminal: &Terminal) -> Result<(), Failure> {
    let text = match target.format {
        Format::Json => json::write(report),
        Format::Junit => junit::write(report),
    };
    if target.file.as_os_str() == "-" {
        terminal.data(&text);
        return Ok(());
    }
    std::fs::write(&target.file, text)
        .map_err(|error| Failure::cannot_work(format!("cannot write `{}`: {error}", target.file.display())))
}

fn tell(report: &TestReport, verbose: bool, terminal: &Terminal) {
    terminal.say(&findings::diagnostics(report.diagnostics.clone(), terminal.style()));
    terminal.say(&human::tests(report, verbose));
    if let Some(coverage) = &report.coverage {
        let text = human::coverage(coverage, verbose);
        if coverage.is_enough() { terminal.talk(&text) } else { terminal.say(&text) }
    }
    let color = if report.passed() { "32" } else { "31" };
    terminal.talk(&terminal.strong(&human::verdict(report), color));
}

fn conclude(report: &TestReport, terminal: &Terminal) -> Exit {
    if report.is_empty() && report.loaded() {
        terminal.say(&format!("{}: no test was run", terminal.strong("error", "31")));
        terminal.say(&format!("  help: {}", way_out(report)));
        return Exit::NothingChecked;
    }
    if report.passed() { Exit::Clean } else { Exit::Findings }
}

fn way_out(report: &TestReport) -> &'static str {
    match (report.left_out, report.tests.len()) {
        (0, 0) if !report.suites.is_empty() => "take the `skip` from a suite, or from one of its tests",
        (0, 0) => "write rules named `test_…` in a file `…_test.rego` beside the policies, or name its folder",
        (0, _) => "take the `todo_` from the name of a test",
        _ => "`--run` matches no test: `hydrant test --verbose` lists all names",
    }
}

/// The paths whose files are looked at.
fn watched(arguments: &Arguments, global: &Global) -> Vec<PathBuf> {
    if !arguments.paths.is_empty() {
        return arguments.paths.iter().map(|path| in_folder(global, path)).collect();
    }
    let Ok(workspace) = Workspace::from_work_tree(global) else { return vec![global.directory.clone()] };
    let paths = workspace.project.policies.paths.as_ref().map(|paths| paths.iter().map(|path| &path.value).collect());
    let paths: Vec<&RepoPath> = paths.unwrap_or_default();
    let mut watched: Vec<PathBuf> = paths.iter().map(|path| workspace.root.join(path.as_str())).collect();
    if watched.is_empty() {
        watched.push(workspace.root.join(Project::DEFAULT_POLICIES));
    }
    watched.push(workspace.root.join(crate::config::CONFIG_FILE));
    watched
}

/// Time of change and size of every file under some paths.
fn fingerprint(paths: &[PathBuf]) -> BTreeMap<PathBuf, (Option<SystemTime>, u64)> {
    let mut seen = BTreeMap::new();
    for path in paths {
        let Ok((tree, inside)) = open(path) else { continue };
        for file in tree.files(inside.as_ref()).unwrap_or_default() {
            let path = tree.root().join(file.as_str());
            if let Ok(metadata) = std::fs::metadata(&path) {
                seen.insert(path, (metadata.modified().ok(), metadata.len()));
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_by_the_path_that_was_typed() {
        let file = RepoPath::parse("a/b.rego").expect("a path");
        let name = |typed: &str| named(Path::new(typed), None, &file);
        assert_eq!(name("policies"), "policies/a/b.rego");
        assert_eq!(name("./policies/"), "policies/a/b.rego");
        assert_eq!(name("."), "a/b.rego");
        assert_eq!(name("/srv/policies"), "/srv/policies/a/b.rego");
        assert_eq!(name("../policies"), "../policies/a/b.rego");
        let inside = RepoPath::parse("b.rego").expect("a path");
        assert_eq!(named(Path::new("./a/b.rego"), Some(&inside), &inside), "a/b.rego");
    }

    #[test]
    fn a_percentage_lies_between_0_and_100() {
        assert_eq!(percentage("90"), Ok(90.0));
        assert_eq!(percentage("99.5%"), Ok(99.5));
        assert!(percentage("101").is_err() && percentage("-1").is_err() && percentage("NaN").is_err());
        assert!(percentage("all").is_err());
    }
}
