//! Testing: the Rego tests that stand beside policies, run on the texts that judge.
//!
//! A test is a rule whose name begins with `test_`. Files, tests included, go through the same lowering as when they
//! judge; what a run needs besides is put into the text before ([`probe`]): what `print` says, and, for a measurement
//! of coverage, which definitions came to a value. The interpreter runs it, since a test is made of `with`, which the
//! virtual machine lacks. One whose only replacement is that of the input runs there too, and must end alike.
//!
//! [`find`] finds the tests, [`run`] runs one, [`second`] asks the other engine, [`explain`] tells why it failed,
//! [`coverage`] what no test reached.

mod coverage;
mod explain;
mod find;
mod parsed;
mod probe;
mod run;
mod second;
mod variant;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::closure::{Asked, Problem, add_removed_functions, blame, prepare, problems, settle};
use super::conftest::{JudgedFile, with_file};
use super::graph::{Names, own_names, written_path};
use super::module::Module;
use super::set::{DataDocument, merge_documents, sorted};
use super::target::{Kubernetes, data_for};
use super::usage::references;
use super::{Dialect, EvaluationLimits, dialect, value};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Entry, Key, Node, Value};
use crate::source::{Location, Source};
pub use coverage::{Coverage, FileCoverage, Reached};
pub use parsed::Beside;
pub use run::Runner;

/// One test: a rule, or one of several definitions of a rule.
#[derive(Debug, Clone)]
pub struct Test {
    /// `policies.owner_test`
    pub package: String,
    /// `test_no_owner`; the second definition of that name is `test_no_owner#01`.
    pub name: String,
    /// The name in its head.
    pub location: Location,
    /// Whether it is a `todo_test_`, which is not run.
    pub todo: bool,
}

impl Test {
    /// `policies.owner_test.test_no_owner`
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.package, self.name)
    }
}

/// What came of one test.
#[derive(Debug, Clone, Default)]
pub struct TestResult {
    /// Whether it passed.
    pub outcome: Outcome,
    /// The sub-cases of a test such as `test_image[name] if …`, by name.
    pub cases: Vec<CaseResult>,
    /// What `print` said, in the order of evaluation.
    pub prints: Vec<Print>,
}

/// How a test ended.
#[derive(Debug, Clone, Default)]
pub enum Outcome {
    /// It is a `todo_test_`.
    #[default]
    Skipped,
    /// It is true.
    Passed,
    /// It is false, undefined, an error, or one of its cases failed.
    Failed(Box<Failure>),
}

impl Outcome {
    /// Why it failed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Skipped | Self::Passed => None,
        }
    }
}

/// Why a test failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// A lower-case phrase.
    pub message: String,
    /// The statement that did not hold, or else the test.
    pub location: Location,
    /// Variables and operands of that statement with their values, as Rego writes them.
    pub values: Vec<(String, String)>,
}

/// One case of a test that has several.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// Its key in the object that the test is.
    pub name: String,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// What one call of `print` said.
#[derive(Debug, Clone)]
pub struct Print {
    /// Where it is called.
    pub location: Location,
    /// Its arguments with a blank between.
    pub text: String,
}

/// Policies and their tests, loaded together. Shared between workers, each of which takes its own [`Runner`].
pub struct TestSuite {
    modules: Vec<Module>,
    /// Names of files that are there for others to import: no tests, no coverage.
    support: BTreeSet<String>,
    tests: Vec<find::Found>,
    listed: Vec<Test>,
    data: Node,
    limits: EvaluationLimits,
    running: Option<variant::Variant>,
    measuring: OnceLock<Result<variant::Variant, String>>,
    explaining: OnceLock<Option<variant::Variant>>,
    second: OnceLock<Option<second::Second>>,
}

impl TestSuite {
    /// Loads policies, tests and data documents. `support` are policies that others may import; they give way to files
    /// of the same package. A file that cannot be trusted is reported and left out; the others are still tested.
    #[must_use]
    pub fn load(
        files: &[Arc<Source>],
        support: &[Arc<Source>],
        documents: &[DataDocument],
        limits: &EvaluationLimits,
    ) -> (Self, Vec<Diagnostic>) {
        let nothing = |_: &str, _: &str| Err("no file can be read here".to_owned());
        Self::load_beside(files, support, documents, &nothing, Dialect::Detect, limits)
    }

    /// The same, where tests may parse files that lie beside them, with the Rego version that `files` are written in.
    #[must_use]
    pub fn load_beside(
        files: &[Arc<Source>],
        support: &[Arc<Source>],
        documents: &[DataDocument],
        beside: &Beside<'_>,
        dialect: Dialect,
        limits: &EvaluationLimits,
    ) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let data = merge_documents(documents, &mut diagnostics);
        let mut modules = Vec::new();
        for module in parse(files, dialect, limits, &mut diagnostics) {
            match parsed::put_in(module, beside, limits) {
                Ok(module) => modules.push(module),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        let imported = imported(&modules, parse(support, Dialect::Detect, limits, &mut diagnostics));
        let mut support: BTreeSet<String> = imported.iter().map(|module| module.source.name().to_owned()).collect();
        modules.extend(imported);
        add_removed_functions(&mut modules, limits);
        support.insert(dialect::functions().name().to_owned());
        let known = data_for(&data, Some(Kubernetes { major: 1, minor: 0 }));
        let known = with_file(known, &JudgedFile::of("a.yaml", "/"));
        let known = with_replaced(&known, &modules); // also where the test that replaces it does not load
        let data = data_for(&data, None);
        let running = settle(&mut modules, &mut diagnostics, |modules| {
            let found = problems(modules, &known, Asked::Messages);
            if !found.is_empty() {
                return Err(found);
            }
            loadable(modules, &support, &data, limits).map(Some).map_err(|problem| vec![problem])
        });
        let tests = find::tests(&modules, &support);
        let listed = tests.iter().map(|found| found.test.clone()).collect();
        let (measuring, explaining, second) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        let limits = limits.clone();
        let suite = Self { modules, support, tests, listed, data, limits, running, measuring, explaining, second };
        (suite, diagnostics)
    }

    /// All tests, in the order of files and lines.
    #[must_use]
    pub fn tests(&self) -> &[Test] {
        &self.listed
    }

    /// What can measure coverage, or why nothing can.
    pub fn measurable(&self) -> Result<(), String> {
        self.measuring().map(|_| ()).map_err(str::to_owned)
    }

    /// What the tests reached of the policies, files of tests left out.
    #[must_use]
    pub fn coverage(&self, reached: &Reached) -> Coverage {
        coverage::of(&self.modules, &self.support, reached)
    }

    fn measuring(&self) -> Result<&variant::Variant, &str> {
        let make = || {
            let value = value::of_node(&self.data);
            let items = |number: usize, module: &Module| match self.is_measured(module) {
                true => probe::definitions(module, number),
                false => Vec::new(),
            };
            let variant = variant::Variant::make(&self.modules, &self.tests, &self.limits, &items, &|_| String::new())
                .map_err(|problem| problem.into_diagnostic().message)?;
            run::try_loading(&variant, &value, &self.limits)
                .map(|()| variant)
                .map_err(|error| super::complaint::Complaint::parse(&error).message)
        };
        self.measuring.get_or_init(make).as_ref().map_err(String::as_str)
    }

    fn is_measured(&self, module: &Module) -> bool {
        coverage::is_measured(module, &self.support)
    }
}

fn parse(
    files: &[Arc<Source>],
    dialect: Dialect,
    limits: &EvaluationLimits,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Module> {
    let mut modules = Vec::new();
    for source in sorted(files) {
        match Module::parse(&source, dialect, limits) {
            Ok(module) => modules.push(module),
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    modules
}

/// Those of `support` that something names, over whatever others, and whose package no file has.
fn imported(modules: &[Module], mut support: Vec<Module>) -> Vec<Module> {
    let packages: BTreeSet<&Vec<String>> = modules.iter().map(|module| &module.package).collect();
    support.retain(|module| !packages.contains(&module.package));
    let mut named: Vec<Vec<String>> = modules.iter().flat_map(named_by).collect();
    let mut kept = Vec::new();
    loop {
        let is_named = |module: &mut Module| {
            let package = &module.package;
            named.iter().any(|path| path.starts_with(package) || package.starts_with(path))
        };
        let more: Vec<Module> = support.extract_if(.., is_named).collect();
        if more.is_empty() {
            return kept;
        }
        named = more.iter().flat_map(named_by).collect();
        kept.extend(more);
    }
}

/// The paths below `data` that a module names.
fn named_by(module: &Module) -> Vec<Vec<String>> {
    let own = own_names(std::slice::from_ref(module)).remove(&module.package).unwrap_or_default();
    let names = Names::of(module, &own);
    let references = module.syntax.policy.iter().flat_map(|rule| references(rule));
    references.filter_map(|reference| names.resolve(&reference)).collect()
}

/// The texts that run, if an engine takes them. Case rules are left out where they are what it does not take: they read
/// statements of a test without those that follow.
fn loadable(
    modules: &[Module],
    support: &BTreeSet<String>,
    data: &Node,
    limits: &EvaluationLimits,
) -> Result<variant::Variant, Problem> {
    // of the files as they are written, so that a refusal is told at its place
    prepare(modules, &super::conflict::Conflicts::of(modules), Asked::Messages, |_| Vec::new())?;
    let tests = find::tests(modules, support);
    let data = value::of_node(data);
    let nothing = |_: usize, _: &Module| Vec::new();
    let cases = |number: usize| explain::attempted_cases(modules, &tests, number);
    let with_cases = variant::Variant::make(modules, &tests, limits, &nothing, &cases);
    if let Ok(variant) = with_cases
        && run::try_loading(&variant, &data, limits).is_ok()
    {
        return Ok(variant);
    }
    let variant = variant::Variant::make(modules, &tests, limits, &nothing, &|_| String::new())?;
    match run::try_loading(&variant, &data, limits) {
        Ok(()) => Ok(variant),
        Err(error) => {
            let original = |number: usize, line, column| variant.original_place(number, line, column);
            Err(blame(&error, modules, original))
        }
    }
}

/// The data documents, and what some test puts in their place: a policy may name it although no document has it.
fn with_replaced(data: &Node, modules: &[Module]) -> Node {
    let mut data = data.clone();
    let packages: BTreeSet<&str> =
        modules.iter().filter_map(|module| module.package.first().map(String::as_str)).collect();
    let mut added: BTreeMap<String, ()> = BTreeMap::new();
    for rule in modules.iter().flat_map(|module| &module.syntax.policy) {
        super::walk::every_query(rule, &mut |query| {
            for modifier in query.stmts.iter().flat_map(|statement| &statement.with_mods) {
                if let [root, first, ..] = written_path(&modifier.refr).as_slice()
                    && root == "data"
                    && !packages.contains(first.as_str())
                {
                    added.insert(first.clone(), ());
                }
            }
        });
    }
    let known: BTreeSet<String> =
        data.as_mapping().unwrap_or_default().iter().map(|entry| entry.key.name.to_string()).collect();
    if let Value::Mapping(entries) = &mut data.value {
        for name in added.into_keys().filter(|name| !known.contains(name)) {
            let value = Node::synthetic(Value::Null);
            entries.push(Entry { key: Key { span: value.span, name: name.as_str().into() }, value });
        }
    }
    data
}
