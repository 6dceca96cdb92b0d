//! Running: one worker's engines, and one test after another.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use regorus::{Engine, Value};

use super::coverage::Reached;
use super::explain::{attempted_paths, case_name, failing_statement, plain, prefixes, wrong_value};
use super::find::Found;
use super::probe;
use super::second::{Asked, Second};
use super::variant::{self, Variant};
use super::words::{printed, shortened, shown};
use super::{CaseResult, Failure, Outcome, Print, TestResult, TestSuite};
use crate::evaluate::EvaluationLimits;
use crate::evaluate::bounded::is_too_large;
use crate::evaluate::complaint::Complaint;
use crate::evaluate::machine::{self, new_engine, without_values};
use crate::evaluate::value;
use crate::source::{Location, Span};

/// How many calls of `print` in one test are kept, and how much of each.
const PRINTS: usize = 1_000;
const PRINTED_CHARACTERS: usize = 10_000;

/// What engines tell through the calls that were put into the texts.
#[derive(Default)]
struct Told {
    prints: Vec<(usize, String)>,
    /// Module, rule and body of definitions that came to a value.
    values: BTreeSet<(usize, usize, usize)>,
}

/// An engine, and what it tells.
struct Listened {
    engine: Engine,
    told: Arc<Mutex<Told>>,
}

impl Listened {
    fn new(variant: &Variant, data: &Value, limits: &EvaluationLimits) -> Result<Self, String> {
        let mut engine = new_engine(variant.texts.iter(), data, limits)?;
        engine.set_gather_prints(true); // where `print` is no statement of its own; never on the terminal
        let told = Arc::new(Mutex::new(Told::default()));
        let (prints, values) = (Arc::clone(&told), Arc::clone(&told));
        let hear_print = move |arguments: Vec<Value>| {
            let mut told = prints.lock().unwrap_or_else(PoisonError::into_inner);
            if let [place, arguments, _] = arguments.as_slice()
                && told.prints.len() < PRINTS
            {
                told.prints.push((number(place), one_line(arguments)));
            }
            Ok(Value::from(true))
        };
        let hear_value = move |mut arguments: Vec<Value>| {
            let value = arguments.pop().unwrap_or(Value::Undefined);
            if let [module, rule, body] = arguments.as_slice() {
                let mut told = values.lock().unwrap_or_else(PoisonError::into_inner);
                told.values.insert((number(module), number(rule), number(body)));
            }
            Ok(value)
        };
        for (name, arguments, extension) in [
            (probe::PRINT, 3, Box::new(hear_print) as Box<dyn regorus::Extension>),
            (probe::VALUE, 4, Box::new(hear_value)),
        ] {
            engine.add_extension(name.to_owned(), arguments, extension).map_err(|error| error.to_string())?;
        }
        Ok(Self { engine, told })
    }

    fn ask(&mut self, path: &str, limits: &EvaluationLimits) -> Result<Value, String> {
        machine::ask(&mut self.engine, path.to_owned(), limits.time)
    }

    fn take_prints(&self) -> Vec<(usize, String)> {
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner).prints)
    }
}

fn number(value: &Value) -> usize {
    value.as_u64().ok().and_then(|number| usize::try_from(number).ok()).unwrap_or_default()
}

/// Arguments of `print`, each a list of none or one.
fn one_line(arguments: &Value) -> String {
    let word = |argument: &Value| match argument.as_array().ok().and_then(|values| values.get(0)) {
        Some(value) => printed(value),
        None => "<undefined>".to_owned(),
    };
    let words: Vec<String> =
        arguments.as_array().map(|arguments| arguments.iter().map(word).collect()).unwrap_or_default();
    shortened(&words.join(" "), PRINTED_CHARACTERS)
}

/// Whether an engine takes the texts: it looks at all of them when it is asked for anything.
pub(super) fn try_loading(variant: &Variant, data: &Value, limits: &EvaluationLimits) -> Result<(), String> {
    Listened::new(variant, data, limits)?.ask(&variant::loaded(), limits).map(drop)
}

/// One worker's engines.
pub struct Runner<'a> {
    suite: &'a TestSuite,
    data: Value,
    running: Option<Listened>,
    measuring: Option<Listened>,
    explaining: Option<Listened>,
    second: Option<Asked<'a>>,
    reached: Reached,
}

impl TestSuite {
    /// A worker's own copy. One that measures runs every test twice: as it judges, and again with measurement.
    ///
    /// # Panics
    ///
    /// Never: the same texts were tried when the suite was loaded, or when [`measurable`](Self::measurable) was asked.
    #[must_use]
    pub fn runner(&self, measure: bool) -> Runner<'_> {
        let data = value::of_node(&self.data);
        let start =
            |variant: &Variant| Listened::new(variant, &data, &self.limits).expect("the same texts were tried before");
        let running = self.running.as_ref().map(start);
        let measuring = measure.then(|| self.measuring().ok().map(start)).flatten().map(|mut measuring| {
            measuring.engine.set_enable_coverage(true);
            measuring
        });
        let second = self.second.get_or_init(|| Second::make(&self.modules, &self.tests, &self.limits)).as_ref();
        let second = second.and_then(|second| second.start(&data, &self.limits));
        Runner { suite: self, running, measuring, explaining: None, second, reached: Reached::default(), data }
    }

    /// The texts that explain failures of all tests, if an engine takes them.
    fn explaining(&self) -> Option<&Variant> {
        self.explaining.get_or_init(|| self.explaining_some(None)).as_ref()
    }

    fn explaining_some(&self, which: Option<usize>) -> Option<Variant> {
        let rules = |number: usize| prefixes(&self.modules, &self.tests, which, number);
        let variant = Variant::make(&self.modules, &self.tests, &self.limits, &|_, _| Vec::new(), &rules).ok()?;
        try_loading(&variant, &value::of_node(&self.data), &self.limits).ok().map(|()| variant)
    }
}

impl Runner<'_> {
    /// Runs one test.
    pub fn run(&mut self, test: usize) -> TestResult {
        let suite = self.suite;
        let Some(found) = suite.tests.get(test) else { return TestResult::default() };
        let (Some(running), false) = (&mut self.running, found.test.todo) else { return TestResult::default() };
        running.take_prints();
        let value = running.ask(&variant::entry(test), &suite.limits);
        let prints = running.take_prints();
        let first = value.as_ref().ok().cloned();
        let (mut outcome, cases) = self.judge(test, found, value);
        if let (Outcome::Passed, Some(first)) = (&outcome, first)
            && let Some(failure) = self.disagreement(test, found, &first)
        {
            outcome = Outcome::Failed(Box::new(failure));
        }
        self.measure(test);
        let places = suite.running.as_ref().map(|variant| variant.prints.as_slice()).unwrap_or_default();
        let print = |(place, text): (usize, String)| Some(Print { location: places.get(place)?.clone(), text });
        TestResult { outcome, cases, prints: prints.into_iter().filter_map(print).collect() }
    }

    /// What the tests that this worker ran reached.
    #[must_use]
    pub fn reached(self) -> Reached {
        let Self { mut reached, measuring, suite, .. } = self;
        let Some(measuring) = measuring else { return reached };
        if let (Ok(variant), Ok(report)) = (suite.measuring(), measuring.engine.get_coverage_report()) {
            for (number, module) in suite.modules.iter().enumerate() {
                let file = report.files.iter().find(|file| file.path == module.source.name());
                let lines = file.into_iter().flat_map(|file| file.covered.iter().copied());
                let offsets = variant.original_lines(number, lines);
                let lines = offsets.map(|offset| module.source.position(module.original(offset)).line).collect();
                reached.add_lines(number, lines);
            }
        }
        let told = measuring.told.lock().unwrap_or_else(PoisonError::into_inner);
        reached.definitions.extend(&told.values);
        reached
    }

    fn measure(&mut self, test: usize) {
        if let Some(measuring) = &mut self.measuring {
            // whether it passes was decided on the texts that judge
            let _ = measuring.ask(&variant::entry(test), &self.suite.limits);
            measuring.take_prints();
        }
    }

    fn judge(&mut self, test: usize, found: &Found, value: Result<Value, String>) -> (Outcome, Vec<CaseResult>) {
        let value = match value {
            Ok(value) => value,
            Err(error) => {
                // the engine tells a place inside of the function that asked how large it gets
                let statement = is_too_large(&error).then(|| self.failing_statement(test, found, None)).flatten();
                let failure = statement.unwrap_or_else(|| self.broken(found, &error));
                return (Outcome::Failed(Box::new(failure)), Vec::new());
            }
        };
        if value == Value::from(true) {
            return (Outcome::Passed, Vec::new());
        }
        let attempted = attempted_paths(&self.suite.modules, test, found);
        if attempted.is_empty() && !matches!(value, Value::Object(_)) {
            let failure = match value {
                Value::Undefined => self.failing_statement(test, found, None),
                _ => None,
            };
            let failure = failure.unwrap_or_else(|| wrong_value(found, &value));
            return (Outcome::Failed(Box::new(failure)), Vec::new());
        }
        self.judge_cases(test, found, &value, &attempted)
    }

    fn judge_cases(
        &mut self,
        test: usize,
        found: &Found,
        value: &Value,
        attempted: &[String],
    ) -> (Outcome, Vec<CaseResult>) {
        let depth = found
            .definitions
            .iter()
            .map(|(number, rule)| super::find::case_keys(&self.suite.modules[*number].syntax.policy[*rule]).len());
        let mut cases = Vec::new();
        entries(value, &mut Vec::new(), depth.max().unwrap_or(1).max(1), &mut cases);
        let limits = &self.suite.limits;
        for path in attempted {
            let keys = self.running.as_mut().and_then(|running| running.ask(path, limits).ok());
            let keys: Vec<Value> = keys
                .and_then(|keys| keys.as_set().map(|keys| keys.iter_sorted().cloned().collect()).ok())
                .unwrap_or_default();
            for key in keys {
                if !cases.iter().any(|(known, _)| *known == key) {
                    cases.push((key, Value::Undefined));
                }
            }
        }
        if let Some(running) = &self.running {
            running.take_prints();
        }
        cases.sort();
        let results: Vec<CaseResult> = cases
            .iter()
            .map(|(keys, value)| CaseResult { name: case_name(keys), failure: self.case(test, found, keys, value) })
            .collect();
        let failed = results.iter().filter(|case| case.failure.is_some()).count();
        let location = &found.test.location;
        let outcome = match (results.len(), failed) {
            (0, _) => {
                let failure = self.failing_statement(test, found, None);
                Outcome::Failed(Box::new(failure.unwrap_or_else(|| plain(location, "it has no case"))))
            }
            (_, 0) => Outcome::Passed,
            (all, failed) => Outcome::Failed(Box::new(plain(location, format!("{failed} of {all} cases failed")))),
        };
        (outcome, results)
    }

    fn case(&mut self, test: usize, found: &Found, keys: &Value, value: &Value) -> Option<Failure> {
        match value {
            Value::Bool(true) => None,
            Value::Undefined => {
                Some(self.failing_statement(test, found, Some(keys)).unwrap_or_else(|| wrong_value(found, value)))
            }
            value => Some(wrong_value(found, value)),
        }
    }

    fn failing_statement(&mut self, test: usize, found: &Found, case: Option<&Value>) -> Option<Failure> {
        let suite = self.suite;
        let limits = &suite.limits;
        let mut alone = None;
        let engine = match suite.explaining() {
            Some(variant) => {
                if self.explaining.is_none() {
                    self.explaining = Listened::new(variant, &self.data, limits).ok();
                }
                self.explaining.as_mut()?
            }
            // some test has statements in an order that does not let them be looked at one by one
            None => alone.insert(Listened::new(&suite.explaining_some(Some(test))?, &self.data, limits).ok()?),
        };
        let failure = failing_statement(&suite.modules, test, found, case, &mut |path| engine.ask(path, limits));
        engine.take_prints();
        failure
    }

    /// What judges is the other engine, wherever it can: a test that it sees otherwise shows nothing.
    fn disagreement(&mut self, test: usize, found: &Found, first: &Value) -> Option<Failure> {
        let second = self.second.as_mut()?.value(test, &self.data, &self.suite.limits)?;
        let [first, second] = [first, &second].map(shown);
        let message = format!("the interpreter says {first}, and the virtual machine {second}: a fault of Hydrant");
        (first != second).then(|| plain(&found.test.location, message))
    }

    /// A test that ended with an error, told where the error says.
    fn broken(&self, found: &Found, error: &str) -> Failure {
        let complaint = Complaint::parse(error);
        let place = complaint.place.as_ref().and_then(|(file, line, column)| {
            let number = self.suite.modules.iter().position(|module| module.source.name() == file)?;
            let offset = self.suite.running.as_ref()?.original_place(number, *line, *column)?;
            let module = &self.suite.modules[number];
            Some(Location::new(&module.source, Span::at(module.original(offset))))
        });
        let location = place.unwrap_or_else(|| found.test.location.clone());
        let message = Complaint::parse(&without_values(error.to_owned())).message;
        plain(&location, format!("error: {}", message.trim_end_matches(" for this object")))
    }
}

/// The entries of an object, as deep as the test has keys, each with the list of its keys.
fn entries(value: &Value, keys: &mut Vec<Value>, depth: usize, found: &mut Vec<(Value, Value)>) {
    match value.as_object() {
        Ok(members) if depth > 0 => {
            for (key, value) in members.iter_sorted() {
                keys.push(key.clone());
                entries(value, keys, depth - 1, found);
                keys.pop();
            }
        }
        _ if !keys.is_empty() => found.push((Value::from(keys.clone()), value.clone())),
        _ => {}
    }
}
