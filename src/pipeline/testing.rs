//! Testing: every Rego test and every Gatekeeper suite, side by side, results in the order of files and lines.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rayon::prelude::*;

use super::{Progress, run_suite};
use crate::diagnostic::Diagnostic;
use crate::evaluate::gatekeeper::{self, SuiteResult};
use crate::evaluate::testing::{Coverage, Reached, Runner, Test, TestResult, TestSuite};
use crate::evaluate::{DataDocument, Dialect, EvaluationLimits};
use crate::load::{SuiteFile, TestFiles};
use crate::source::Source;

/// How many tests a worker takes at once.
const BATCH: usize = 4;

/// Which tests, and what is asked of them.
pub struct TestOptions<'a> {
    /// Whether a test is run, by its full name; whether a case of a suite is, by `test/case`.
    pub selected: &'a (dyn Fn(&str) -> bool + Sync),
    /// Whether coverage is measured.
    pub coverage: bool,
    /// A clock, from any beginning: how long a test took is told to people, and nothing depends on it.
    pub clock: &'a (dyn Fn() -> Duration + Sync),
    /// The Rego version of the files.
    pub dialect: Dialect,
    /// What loading and each test may cost.
    pub limits: EvaluationLimits,
}

/// What a run of tests gave.
pub struct Tested {
    /// Files that do not load; what was in them was not tested.
    pub diagnostics: Vec<Diagnostic>,
    /// How many tests and cases of suites were not selected.
    pub left_out: usize,
    /// Those that were selected, in the order of files and lines.
    pub tests: Vec<TestRun>,
    /// Gatekeeper suites of which something was selected, in the order of their names.
    pub suites: Vec<SuiteResult>,
    /// What the tests reached, or why that could not be measured; `None` if nobody asked.
    pub coverage: Option<Result<Coverage, String>>,
}

/// One test that was selected.
pub struct TestRun {
    /// The test.
    pub test: Test,
    /// What came of it.
    pub result: TestResult,
    /// How long it took.
    pub time: Duration,
}

/// Loads policies with their tests and runs those that are selected. `support` are policies that others may import.
pub fn test(
    files: &TestFiles<'_>,
    support: &[Arc<Source>],
    options: &TestOptions<'_>,
    progress: &dyn Progress,
) -> Tested {
    // as judging places them: a data file's content is `data` itself
    let data = files.data.iter().map(|source| DataDocument { at: Vec::new(), source: source.clone() });
    let placed = files.data_trees.iter().map(|data| DataDocument { at: data.at.clone(), source: data.source.clone() });
    let data = data.chain(placed);
    let (suite, refused) = {
        let beside = |policy: &str, path: &str| files.beside(policy, path);
        TestSuite::load_beside(
            &files.policies,
            support,
            &data.collect::<Vec<_>>(),
            &beside,
            options.dialect,
            &options.limits,
        )
    };
    let diagnostics = files.diagnostics.iter().cloned().chain(refused).collect();
    let all = suite.tests().iter().enumerate();
    let selected: Vec<usize> =
        all.filter(|(_, test)| (options.selected)(&test.full_name())).map(|(number, _)| number).collect();
    let measurable = options.coverage.then(|| suite.measurable());
    let measured = matches!(measurable, Some(Ok(())));
    let (tests, reached) = run(&suite, &selected, measured, options.clock, progress);
    let coverage = measurable.map(|measurable| measurable.map(|()| suite.coverage(&reached)));
    let mut suites = run_suites(&files.suites, options, progress);
    progress.finish();
    let cases: usize = suites.iter().map(|suite| suite.left_out).sum();
    suites.retain(|suite| !(suite.tests.is_empty() && matches!(suite.outcome, gatekeeper::Outcome::Passed)));
    Tested { diagnostics, left_out: suite.tests().len() - tests.len() + cases, tests, suites, coverage }
}

/// Starting engines costs milliseconds, so runners are passed from batch to batch: as many as there are workers.
fn run(
    suite: &TestSuite,
    selected: &[usize],
    measure: bool,
    clock: &(dyn Fn() -> Duration + Sync),
    progress: &dyn Progress,
) -> (Vec<TestRun>, Reached) {
    progress.stage("testing", selected.len());
    let idle: Mutex<Vec<Runner<'_>>> = Mutex::new(Vec::new());
    let take = || idle.lock().ok().and_then(|mut idle| idle.pop()).unwrap_or_else(|| suite.runner(measure));
    let runs = selected
        .par_chunks(BATCH)
        .flat_map_iter(|batch| {
            let mut runner = take();
            let runs: Vec<TestRun> = batch
                .iter()
                .map(|number| {
                    let started = clock();
                    let result = runner.run(*number);
                    progress.advance();
                    TestRun { test: suite.tests()[*number].clone(), result, time: clock().saturating_sub(started) }
                })
                .collect();
            if let Ok(mut idle) = idle.lock() {
                idle.push(runner);
            }
            runs
        })
        .collect();
    let mut reached = Reached::default();
    for runner in idle.into_inner().unwrap_or_default() {
        reached.merge(runner.reached());
    }
    (runs, reached)
}

fn run_suites(suites: &[SuiteFile<'_>], options: &TestOptions<'_>, progress: &dyn Progress) -> Vec<SuiteResult> {
    if suites.is_empty() {
        return Vec::new();
    }
    progress.stage("running suites", suites.len());
    let run = |suite: &SuiteFile<'_>| {
        let result = run_suite(suite, options.selected, &options.limits);
        progress.advance();
        result
    };
    suites.par_iter().map(run).collect()
}
