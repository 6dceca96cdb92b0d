//! A query: one question to policies that is not about an object, `data.lib.allowed = x`, and every answer to it.
//!
//! It goes the whole way that a policy goes, as a rule of a module of its own beside the modules it asks: refused where
//! they would be, lowered, and run on the virtual machine where that can follow.

use std::collections::BTreeSet;
use std::sync::Arc;

use regorus::Value as RegoValue;
use regorus::unstable::{Expr, Rule};

use super::closure::{Asked, Problem, add_removed_functions, blame, prepare, problems};
use super::complaint::Complaint;
use super::conflict::Conflicts;
use super::machine::Machine;
use super::module::Module;
use super::plan::Plan;
use super::usage::bound_by;
use super::value::of_node;
use super::walk::every_expression;
use super::{Dialect, EvaluationLimits};
use crate::diagnostic::Diagnostic;
use crate::manifest::Node;
use crate::source::Source;

/// Which engine answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineChoice {
    /// As for policies: the virtual machine, and the interpreter where that cannot follow.
    AsPolicies,
    /// The interpreter, as for tests.
    Interpreter,
}

/// What a query is asked of.
#[derive(Debug)]
pub struct Question<'a> {
    /// `data.lib.allowed = x`
    pub query: &'a str,
    /// The policies.
    pub modules: &'a [Arc<Source>],
    /// What lies below `data` beside them.
    pub data: &'a serde_json::Value,
    /// `input`, as a Rego term; `None` if it is undefined.
    pub input: Option<&'a str>,
    /// Whether a failing built-in function fails the query.
    pub strict: bool,
    /// Which engine answers.
    pub engine: EngineChoice,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// Policies or query were refused when they were loaded.
    Refused(Vec<Diagnostic>),
    /// The evaluation failed.
    Failed(String),
}

/// The answers: for each an object of the variables that the query names.
///
/// # Errors
///
/// What was asked is refused, or fails.
pub fn answers(question: &Question<'_>, limits: &EvaluationLimits) -> Result<Vec<serde_json::Value>, NoAnswer> {
    let limits = EvaluationLimits { strict_builtin_errors: question.strict, ..limits.clone() };
    let input = match question.input {
        Some(term) => term_value(term, &limits)?,
        None => RegoValue::Undefined,
    };
    let query = asking(question.query, &limits)?;
    let data = Node::from_json(question.data);
    let members = ask(&query, question.modules, &data, &input, question.engine, &limits)?;
    Ok(members.iter().map(to_json).collect())
}

/// The module in which a query is a rule.
fn asking(query: &str, limits: &EvaluationLimits) -> Result<Arc<Source>, NoAnswer> {
    let bare = Source::file("<query>", format!("{HEAD}{query}\n}}\n"));
    let module = parse(&bare, limits)?;
    let mut names = BTreeSet::new();
    if let Some(Rule::Spec { bodies, .. }) = module.syntax.policy.first().map(AsRef::as_ref) {
        names.extend(bodies.iter().flat_map(|body| bound_by(&body.query)));
    }
    let values = outside_of_calls(&module);
    let is_asked = |name: &String| values.contains(name) && !matches!(name.as_str(), "data" | "input" | "_");
    let members: Vec<String> = names.into_iter().filter(is_asked).map(|name| format!("\"{name}\": {name}")).collect();
    Ok(Source::file("<query>", format!("{HEAD}{query}\n{ANSWER} := {{{}}}\n}}\n", members.join(", "))))
}

const HEAD: &str = "package __hydrant_query__\n\nviolation contains __answer if {\n";
const ANSWER: &str = "__answer";

/// The names that stand somewhere else than in the name of a function that is called.
fn outside_of_calls(module: &Module) -> BTreeSet<String> {
    let (mut names, mut called) = (Vec::new(), BTreeSet::new());
    every_expression(&module.syntax, &mut |expression| match expression {
        Expr::Var { span, .. } => names.push((span.start, span.text().to_owned())),
        Expr::Call { fcn, .. } => {
            called.insert(module.range(fcn.span()).0 as u32);
        }
        _ => {}
    });
    names.into_iter().filter(|(start, _)| !called.contains(start)).map(|(_, name)| name).collect()
}

fn term_value(term: &str, limits: &EvaluationLimits) -> Result<RegoValue, NoAnswer> {
    let query = Source::file("<input>", format!("{HEAD}{ANSWER} := {term}\n}}\n"));
    let nothing = Node::from_json(&serde_json::json!({}));
    let members = ask(&query, &[], &nothing, &RegoValue::Undefined, EngineChoice::AsPolicies, limits)?;
    members.into_iter().next().ok_or_else(|| NoAnswer::Failed("the input is undefined".to_owned()))
}

fn parse(source: &Arc<Source>, limits: &EvaluationLimits) -> Result<Module, NoAnswer> {
    Module::parse(source, Dialect::V1, limits).map_err(|diagnostic| NoAnswer::Refused(vec![*diagnostic]))
}

fn ask(
    query: &Arc<Source>,
    files: &[Arc<Source>],
    data: &Node,
    input: &RegoValue,
    engine: EngineChoice,
    limits: &EvaluationLimits,
) -> Result<Vec<RegoValue>, NoAnswer> {
    let mut modules = Vec::new();
    for source in std::iter::once(query).chain(files) {
        modules.push(parse(source, limits)?);
    }
    add_removed_functions(&mut modules, limits);
    let refused =
        |problems: Vec<Problem>| NoAnswer::Refused(problems.into_iter().map(Problem::into_diagnostic).collect());
    let found = problems(&modules, data, Asked::Answers);
    if !found.is_empty() {
        return Err(refused(found));
    }
    let mut machine = self::machine(&modules, data, engine, limits).map_err(|problem| refused(vec![problem]))?;
    let result = machine.evaluate(input, None).results.into_iter().next();
    result
        .map_or_else(|| Ok(Vec::new()), |(_, members)| members)
        .map_err(|error| NoAnswer::Failed(Complaint::parse(&error).message))
}

fn machine(
    modules: &[Module],
    data: &Node,
    engine: EngineChoice,
    limits: &EvaluationLimits,
) -> Result<Machine, Problem> {
    let prepared = prepare(modules, &Conflicts::of(modules), Asked::Answers, |_| Vec::new())?;
    let texts = prepared.texts(modules);
    let interpreted = match engine {
        // the virtual machine does not fail with every function that does
        EngineChoice::AsPolicies if !limits.strict_builtin_errors => prepared.interpreted.clone(),
        EngineChoice::AsPolicies | EngineChoice::Interpreter => (0..prepared.paths.len()).collect(),
    };
    let plan =
        Plan::make(texts, prepared.paths.clone(), prepared.concerns.clone(), &interpreted, &of_node(data), limits)
            .map(Arc::new);
    let machine = plan.and_then(|plan| Machine::new(plan, of_node(data), limits.clone()));
    let original = |number: usize, line, column| prepared.machine[number].original_place(line, column);
    machine.map_err(|error| blame(&error, modules, original))
}

/// As OPA writes it: a set is a list, a key that is no text is the text of its JSON.
fn to_json(value: &RegoValue) -> serde_json::Value {
    let text = value.to_json_str().unwrap_or_default();
    serde_json::from_str(&text).unwrap_or(serde_json::Value::Null)
}
