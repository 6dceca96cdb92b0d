//! A closure is a list of modules that compile together: looked at, lowered, and planned for the engines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regorus::unstable::Rule;

use super::bounded::{bound, complete};
use super::complaint::Complaint;
use super::concern::{Concern, Derivation};
use super::conflict::Conflicts;
use super::conftest::{ExceptionRule, Form, inspect_exception};
use super::dialect::{self, Dialect};
use super::divide::Divided;
use super::edit::Lowered;
use super::finding;
use super::graph::{Names, name_of, own_names, recursion, written_path};
use super::lower::{Renamed, Target, lower};
use super::machine::Machine;
use super::metadata::{Annotations, Metadata};
use super::module::Module;
use super::plan::{Plan, Texts};
use super::set::{PolicyRule, RuleEngine};
use super::shape::{self, Reporter};
use super::target::RESERVED;
use super::{EvaluationLimits, calls, texts, value};
use crate::diagnostic::{Diagnostic, RuleId, Severity, rules};
use crate::manifest::Node;
use crate::source::{Location, Span};

/// Which rules are asked for what they report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// `deny`, `violation` and `warn`, with or without a suffix, of every module.
    Messages,
    /// The same; a rule that looks as if it reported is passed over, as Conftest does.
    MessagesAsConftest,
    /// `violation` of the first module.
    Violations,
    /// The same, for a question to policies: it may be about what is defined nowhere.
    Answers,
}

impl Asked {
    /// A rule that is asked for. An error for one that looks as if it were.
    fn inspect<'a>(
        self,
        module: &Module,
        number: usize,
        rule: &'a Rule,
    ) -> Result<Option<Reporter<'a>>, Box<Diagnostic>> {
        let asked = match self {
            // what is in a test reports to nobody, whatever its name
            Self::Messages | Self::MessagesAsConftest => !module.is_test() && module.queried,
            Self::Violations | Self::Answers => {
                number == 0 && written_path(name_of(rule)).first().is_some_and(|name| name == "violation")
            }
        };
        if asked { shape::inspect(module, rule) } else { Ok(None) }
    }

    /// Whether `exception` has a meaning in the package of a module: only where something reports.
    fn excepts(self, modules: &[Module], module: &Module) -> bool {
        let of_package = |other: &&Module| other.package == module.package && !other.is_test();
        self != Self::Violations && module.queried && modules.iter().filter(of_package).any(shape::reports)
    }
}

/// What is wrong, and with which modules.
pub(super) struct Problem {
    pub(super) modules: BTreeSet<usize>,
    pub(super) diagnostic: Box<Diagnostic>,
}

impl Problem {
    /// What is told of it.
    pub(super) fn into_diagnostic(self) -> Diagnostic {
        *self.diagnostic
    }

    /// One with a single module.
    pub(super) fn with(module: usize, diagnostic: impl Into<Box<Diagnostic>>) -> Self {
        Self { modules: BTreeSet::from([module]), diagnostic: diagnostic.into() }
    }
}

/// Tries modules together, leaves out those that are to blame, and tries again until the rest is good.
pub(super) fn settle<T: Default>(
    modules: &mut Vec<Module>,
    diagnostics: &mut Vec<Diagnostic>,
    attempt: impl Fn(&[Module]) -> Result<T, Vec<Problem>>,
) -> T {
    loop {
        let problems = match attempt(modules) {
            Ok(good) => return good,
            Err(problems) => problems,
        };
        let bad: BTreeSet<usize> = problems.iter().flat_map(|problem| problem.modules.iter().copied()).collect();
        diagnostics.extend(problems.into_iter().map(|problem| *problem.diagnostic));
        if bad.is_empty() {
            return T::default(); // nothing is left that could be to blame
        }
        let mut number = 0;
        modules.retain(|_| {
            number += 1;
            !bad.contains(&(number - 1))
        });
    }
}

/// Adds the functions of Rego v0 that v1 lacks, if some module calls one of them.
pub(super) fn add_removed_functions(modules: &mut Vec<Module>, limits: &EvaluationLimits) {
    if modules.iter().any(|module| dialect::calls_functions(&module.text)) {
        modules.extend(Module::parse(&dialect::functions(), Dialect::V1, limits));
    }
}

/// Everything that can be seen without the engine.
pub(super) fn problems(modules: &[Module], data: &Node, asked: Asked) -> Vec<Problem> {
    let mut found = Vec::new();
    for (number, module) in modules.iter().enumerate() {
        if asked != Asked::Violations {
            found.extend(reserved_package(module).map(|diagnostic| Problem::with(number, diagnostic)));
        }
        if asked != Asked::MessagesAsConftest {
            found.extend(shapes(modules, number, asked).into_iter().map(|found| Problem::with(number, found)));
        }
        found.extend(
            Annotations::of(module).diagnostics.into_iter().map(|diagnostic| Problem::with(number, diagnostic)),
        );
    }
    found.extend(
        recursion(modules).into_iter().map(|(modules, diagnostic)| Problem { modules, diagnostic: diagnostic.into() }),
    );
    found.extend(
        calls::inspect(modules, (asked != Asked::Answers).then_some(data))
            .into_iter()
            .map(|(module, diagnostic)| Problem::with(module, diagnostic)),
    );
    found
}

/// The rules of a module that look as if they reported or excepted something, and cannot.
pub(super) fn shapes(modules: &[Module], number: usize, asked: Asked) -> Vec<Diagnostic> {
    let module = &modules[number];
    let rules = || module.syntax.policy.iter();
    let reporting = rules().filter_map(|rule| asked.inspect(module, number, rule).err());
    let excepting = rules().filter_map(|rule| inspect_exception(module, rule).err());
    reporting.chain(excepting.filter(|_| asked.excepts(modules, module))).map(|found| *found).collect()
}

fn reserved_package(module: &Module) -> Option<Diagnostic> {
    let place = || module.location(module.syntax.package.refr.span());
    (module.package.first().map(String::as_str) == Some(RESERVED)).then(|| {
        Diagnostic::error(rules::POLICY_SHAPE, format!("`data.{RESERVED}` is what Hydrant tells policies"))
            .at(place(), "no package can lie there")
            .help("give the package another name")
    })
}

/// Modules written for the engines.
pub(super) struct Prepared {
    rules: Vec<PolicyRule>,
    exceptions: Vec<ExceptionRule>,
    /// Of the rules, then of the exceptions.
    pub(super) paths: Vec<String>,
    /// The same.
    pub(super) concerns: Vec<Concern>,
    pub(super) interpreted: BTreeSet<usize>,
    pub(super) machine: Vec<Lowered>,
    /// What the interpreter gets for each module.
    pub(super) interpreter: Vec<Lowered>,
    under_old_names: Vec<(String, String)>,
    collecting: Vec<(String, String)>,
}

impl Prepared {
    /// File names and texts for each engine. `modules` are those that were prepared.
    pub(super) fn texts(&self, modules: &[Module]) -> Texts {
        let all = |lowered: &[Lowered]| -> Vec<(String, String)> {
            let own = modules.iter().zip(lowered);
            own.map(|(module, lowered)| (module.source.name().to_owned(), lowered.text.clone()))
                .chain(self.under_old_names.iter().cloned())
                .collect()
        };
        let mut texts = Texts { machine: all(&self.machine), interpreter: all(&self.interpreter) };
        texts.interpreter.extend(self.collecting.iter().cloned());
        for texts in [&mut texts.machine, &mut texts.interpreter] {
            texts.extend(texts::module(texts));
            complete(texts);
        }
        texts
    }
}

/// Lowers. `more` names definitions of a module that get names of their own besides those that report.
pub(super) fn prepare<'a>(
    modules: &'a [Module],
    conflicts: &Conflicts,
    asked: Asked,
    more: impl Fn(usize) -> Vec<Renamed<'a>>,
) -> Result<Prepared, Problem> {
    let own = own_names(modules);
    let derivation = Derivation::of(modules, &own, asked);
    let mut concerns = Vec::new();
    let (mut divided, mut interpreted_rules) = (Divided::default(), BTreeSet::new());
    let mut policy_rules: Vec<PolicyRule> = Vec::new();
    let mut paths = Vec::new();
    let mut namesakes: BTreeMap<&str, Vec<Namesake>> = BTreeMap::new();
    let mut exceptions = Excepting::default();
    let (mut machine, mut interpreter): (Vec<Lowered>, Vec<Lowered>) = (Vec::new(), Vec::new());
    for (number, module) in modules.iter().enumerate() {
        let annotations = Annotations::of(module);
        let names = Names::of(module, &own[&module.package]);
        let mut renamed = more(number);
        if asked.excepts(modules, module) {
            let conflicting = |rule: &Rule| conflicts.reached_by(&names, number, module, rule);
            renamed.extend(exceptions.of(module, &annotations, conflicting));
        }
        let reporters: Vec<Reporter<'_>> =
            module.syntax.policy.iter().filter_map(|rule| asked.inspect(module, number, rule).ok().flatten()).collect();
        for reporter in &reporters {
            let name = format!("__hydrant_{}_{}", policy_rules.len(), reporter.name);
            let package = module.slice(module.syntax.package.refr.span());
            paths.push(match reporter.whole {
                true => members_of(&format!("data.{package}.{name}")),
                false => format!("data.{package}.{name}"),
            });
            namesakes.entry(package).or_default().push(Namesake {
                old: reporter.name.clone(),
                new: name.clone(),
                whole: reporter.whole,
            });
            if conflicts.reached_by(&names, number, module, reporter.rule) {
                interpreted_rules.insert(policy_rules.len());
            }
            concerns.push(derivation.concern(number, reporter.rule));
            policy_rules.push(describe(module, reporter, &reporters, &annotations));
            renamed.push(Renamed { span: reporter.name_span, name });
        }
        let blamed = |diagnostic| Problem::with(number, diagnostic);
        let own = &own[&module.package];
        machine.push(bound(lower(module, &names, &renamed, Target::Machine).map_err(blamed)?, own));
        renamed.extend(divided.rename(module, conflicts));
        interpreter.push(bound(lower(module, &names, &renamed, Target::Interpreter).map_err(blamed)?, own));
    }
    interpreted_rules.extend(exceptions.interpreted.iter().map(|number| policy_rules.len() + number));
    // what is excepted is asked whatever the kind
    concerns.extend(exceptions.paths.iter().map(|_| Concern::Any));
    paths.append(&mut exceptions.paths);
    for (package, names) in exceptions.namesakes {
        namesakes.entry(package).or_default().extend(names);
    }
    let renamed = namesakes.iter().map(|(package, names)| (format!("<{package}>"), under_old_names(package, names)));
    Ok(Prepared {
        rules: policy_rules,
        exceptions: exceptions.rules,
        paths,
        concerns,
        interpreted: interpreted_rules,
        machine,
        interpreter,
        under_old_names: renamed.collect(),
        collecting: divided.collecting(),
    })
}

/// The members of a list, or of a set that may be undefined, as a set.
fn members_of(path: &str) -> String {
    format!("{{element | some element in {path}}}")
}

/// The exceptions of all modules.
#[derive(Default)]
struct Excepting<'a> {
    rules: Vec<ExceptionRule>,
    paths: Vec<String>,
    interpreted: Vec<usize>,
    namesakes: BTreeMap<&'a str, Vec<Namesake>>,
}

impl<'a> Excepting<'a> {
    /// Adds those of a module; the names that its definitions get.
    fn of(
        &mut self,
        module: &'a Module,
        annotations: &Annotations,
        conflicting: impl Fn(&Rule) -> bool,
    ) -> Vec<Renamed<'a>> {
        let package = module.slice(module.syntax.package.refr.span());
        let mut renamed = Vec::new();
        for rule in &module.syntax.policy {
            let Ok(Some(form)) = inspect_exception(module, rule) else { continue };
            let span = name_of(rule).span();
            let reporter = Reporter {
                name: "exception".to_owned(),
                name_span: span,
                severity: Severity::Note,
                rule,
                whole: false,
            };
            if conflicting(rule) {
                self.interpreted.push(self.rules.len());
            }
            self.paths.push(match form {
                Form::Whole => members_of(&format!("data.{package}.exception")),
                Form::Member => {
                    let name = format!("__hydrant_{}_exception", self.rules.len());
                    self.namesakes.entry(package).or_default().push(Namesake {
                        old: "exception".to_owned(),
                        new: name.clone(),
                        whole: false,
                    });
                    renamed.push(Renamed { span, name: name.clone() });
                    format!("data.{package}.{name}")
                }
            });
            self.rules.push(ExceptionRule(describe(module, &reporter, &[], annotations)));
        }
        renamed
    }
}

/// What was compiled.
#[derive(Default)]
pub(super) struct Compiled {
    /// The rules that report.
    pub(super) rules: Vec<PolicyRule>,
    /// The exceptions to them.
    pub(super) exceptions: Vec<ExceptionRule>,
    /// What evaluates both: the rules first.
    pub(super) plan: Arc<Plan>,
}

/// Lowers and compiles. What fails is blamed on one module, or on all if it cannot be told which.
pub(super) fn compile(
    modules: &[Module],
    data: &Node,
    asked: Asked,
    limits: &EvaluationLimits,
) -> Result<Compiled, Problem> {
    let prepared = prepare(modules, &Conflicts::of(modules), asked, |_| Vec::new())?;
    let texts = prepared.texts(modules);
    let Prepared { mut rules, exceptions, paths, concerns, interpreted, machine, .. } = prepared;
    let plan = Plan::make(texts, paths, concerns, &interpreted, &value::of_node(data), limits).map(Arc::new);
    let tried = plan.and_then(|plan| {
        // what a worker will do later, without asking whether it can
        let mut machine = Machine::new(Arc::clone(&plan), value::of_node(data), limits.clone())?;
        machine.try_interpreted().map(|()| plan)
    });
    let original = |number: usize, line, column| machine[number].original_place(line, column);
    let plan = tried.map_err(|error| blame(&error, modules, original))?;
    for (rule, why) in plan.interpreted() {
        if let Some(rule) = rules.get_mut(*rule) {
            rule.engine = RuleEngine::Interpreter { why: why.clone() };
        }
    }
    Ok(Compiled { rules, exceptions, plan })
}

/// A definition of its own name, and the name it shares with others.
struct Namesake {
    old: String,
    new: String,
    whole: bool,
}

/// The set `deny` as policies know it: the union of the rules of that name, which each have a name of their own.
fn under_old_names(package: &str, names: &[Namesake]) -> String {
    let rules = names.iter().map(|Namesake { old, new, whole }| match whole {
        true => format!("{old} := {new}\n"),
        false => format!("{old} contains member if some member in {new}\n"),
    });
    std::iter::once(format!("package {package}\n")).chain(rules).collect()
}

fn describe(
    module: &Module,
    reporter: &Reporter<'_>,
    reporters: &[Reporter<'_>],
    annotations: &Annotations,
) -> PolicyRule {
    let start_of = |rule: &Rule| module.original(rule.span().start as usize);
    let start = |reporter: &Reporter<'_>| start_of(reporter.rule);
    let all: Vec<usize> = module.syntax.policy.iter().map(|rule| start_of(rule)).collect();
    let same: Vec<usize> = reporters.iter().filter(|other| other.name == reporter.name).map(start).collect();
    let Metadata { title, description, id, severity, fix, related, overridable, enforce_after, since } =
        annotations.about(start(reporter), &same, &all);
    let suffix = reporter.name.split_once('_').and_then(|(_, suffix)| finding::rule_id(suffix));
    let package = || module.package.last().and_then(|part| finding::rule_id(part));
    PolicyRule {
        id: id.or(suffix).or_else(package).unwrap_or_else(|| RuleId::of_policy("policy")),
        severity: severity.unwrap_or(reporter.severity),
        title,
        description,
        fix,
        related,
        overridable: overridable.unwrap_or(true),
        enforce_after,
        since,
        engine: RuleEngine::VirtualMachine,
        package: module.package_name(),
        name: reporter.name.clone(),
        location: module.location(reporter.name_span),
    }
}

/// Whom an error of an engine is about. `original` leads from line and column of an engine's text to the module's.
pub(super) fn blame(error: &str, modules: &[Module], original: impl Fn(usize, u32, u32) -> Option<usize>) -> Problem {
    let complaint = Complaint::parse(error);
    let place = complaint.place.as_ref().and_then(|(file, line, column)| {
        let number = modules.iter().position(|module| module.source.name() == file)?;
        Some((number, modules[number].original(original(number, *line, *column)?)))
    });
    let message = format!("the policy does not compile: {}", complaint.message);
    let diagnostic = Diagnostic::error(rules::POLICY_UNSUPPORTED, message);
    match place {
        Some((number, at)) => {
            let source = &modules[number].source;
            let diagnostic = diagnostic
                .at(Location::new(source, Span::new(at, at)), "here")
                .help("correct the rule; if `opa check` accepts it, write it in another way");
            Problem::with(number, diagnostic)
        }
        None => Problem {
            modules: (0..modules.len()).collect(),
            diagnostic: diagnostic.help("load the policy files one by one to find the one that fails").into(),
        },
    }
}
