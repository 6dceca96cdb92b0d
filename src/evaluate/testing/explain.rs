//! Explaining: which statement of a failing test did not hold, and what its variables and operands were.
//!
//! The engine evaluates statements in an order of its own, so how far it came says nothing. Instead rules are added to
//! the test's module that hold the first statement of the test, the first two, and so on: the first of them that has
//! no solution ends with the statement to blame, and the one before has the values.

use std::collections::BTreeSet;

use regorus::Value;
use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Query, Ref, Rule};

use super::Failure;
use super::find::{Found, case_keys, package_path};
use super::probe::declares;
use super::words::{shortened, shown};
use crate::evaluate::complaint::Complaint;
use crate::evaluate::conflict::{constant, only};
use crate::evaluate::graph::{Names, own_names};
use crate::evaluate::machine::without_values;
use crate::evaluate::module::Module;
use crate::evaluate::usage::declared;
use crate::evaluate::walk::{below, expressions_of, queries_below};
use crate::source::Location;

/// How much of a statement is quoted.
const LONGEST_QUOTE: usize = 90;

/// Rules that collect the keys of all cases that a test comes to, whether or not they hold.
pub(super) fn attempted_cases(modules: &[Module], tests: &[Found], number: usize) -> String {
    let reading = Reading::new(modules, number);
    let mut rules = String::new();
    for (test, found) in tests.iter().enumerate() {
        for (definition, rule) in reading.definitions(found) {
            let keys = case_keys(rule);
            if keys.is_empty() {
                continue;
            }
            let statements = statements(rule);
            let bound = (0..=statements.len()).find(|count| reading.keys_are_bound(&keys, &statements[..*count]));
            let body = reading.body(&statements[..bound.unwrap_or(statements.len())]);
            rules.push_str(&format!(
                "{} := {{{} | {body}\n}}\n",
                cases_name(test, definition),
                reading.list(keys.iter().map(|key| &***key))
            ));
        }
    }
    rules
}

/// The paths of those rules for one test.
pub(super) fn attempted_paths(modules: &[Module], test: usize, found: &Found) -> Vec<String> {
    let numbered = found.definitions.iter().enumerate();
    numbered
        .filter(|(_, (number, rule))| !case_keys(&modules[*number].syntax.policy[*rule]).is_empty())
        .map(|(definition, (number, _))| {
            format!("{}.{}", package_path(&modules[*number]), cases_name(test, definition))
        })
        .collect()
}

/// Rules that hold the first statements of a test. `which` limits them to one test.
pub(super) fn prefixes(modules: &[Module], tests: &[Found], which: Option<usize>, number: usize) -> String {
    let reading = Reading::new(modules, number);
    let mut rules = String::new();
    for (test, found) in tests.iter().enumerate().filter(|(test, _)| which.is_none_or(|which| which == *test)) {
        for (definition, rule) in reading.definitions(found) {
            let all = statements(rule);
            for count in 0..=all.len() {
                let step = reading.step(rule, &all, count);
                let keys = reading.list(step.keys.iter().map(|key| &***key));
                let name = prefix_name(test, definition, count);
                let term = format!("[[{}], [{}], {keys}]", step.variables.join(", "), step.asked.join(", "));
                let body = reading.body(&all[..count]);
                rules.push_str(&format!("{name} := [{term} | {body}\n]\n"));
                rules.push_str(&format!("{} := [1 | {body}\n]\n", unasked_name(test, definition, count)));
            }
        }
    }
    rules
}

/// Asks the rules that [`prefixes`] made why a test, or one case of it, failed. `None` if all its statements hold.
pub(super) fn failing_statement(
    modules: &[Module],
    test: usize,
    found: &Found,
    case: Option<&Value>,
    ask: &mut dyn FnMut(&str) -> Result<Value, String>,
) -> Option<Failure> {
    let mut deepest: Option<(usize, Failure)> = None;
    for (definition, (number, rule)) in found.definitions.iter().enumerate() {
        let module = &modules[*number];
        let rule = &module.syntax.policy[*rule];
        let (reading, all) = (Reading::new(modules, *number), statements(rule));
        let mut value_of = |name: String| ask(&format!("{}.{name}", package_path(module)));
        let mut before = Vec::new();
        for count in 0..=all.len() {
            let now = value_of(prefix_name(test, definition, count)).map(|value| solutions_of(&value, case));
            if let Ok(now) = &now
                && (count == 0 || !now.is_empty())
            {
                before.clone_from(now);
                continue;
            }
            // an operand of the next statement was asked for as well: it may be that which fails
            let is_next = now.is_err() && value_of(unasked_name(test, definition, count)).is_ok();
            let number = if is_next { count } else { count.saturating_sub(1) };
            let Some(statement) = all.get(number).copied() else { break };
            let mut message = reading.complaint(statement);
            if let Err(error) = &now {
                let error = without_values(error.clone());
                message =
                    format!("{message}: {}", Complaint::parse(&error).message.trim_end_matches(" for this object"));
            } else if before.len() > 1 {
                message = format!("{message} in any of {} ways", before.len());
            }
            let step = reading.step(rule, &all, count.saturating_sub(1));
            let values = before.last().filter(|_| !is_next).map(|solution| step.values(solution, statement));
            let values = values.unwrap_or_default();
            let failure = Failure { message, location: module.location(&statement.span), values };
            if deepest.as_ref().is_none_or(|(depth, _)| *depth < number) {
                deepest = Some((number, failure));
            }
            break;
        }
    }
    deepest.map(|(_, failure)| failure)
}

/// A case's name as a person reads it.
pub(super) fn case_name(keys: &Value) -> String {
    let parts = keys.as_array().map(|keys| keys.iter().map(super::words::printed).collect::<Vec<_>>());
    parts.map_or_else(|_| super::words::printed(keys), |parts| parts.join(" / "))
}

fn cases_name(test: usize, definition: usize) -> String {
    format!("__hydrant_cases_{test}_{definition}")
}

fn prefix_name(test: usize, definition: usize, count: usize) -> String {
    format!("__hydrant_prefix_{test}_{definition}_{count}")
}

fn unasked_name(test: usize, definition: usize, count: usize) -> String {
    format!("__hydrant_unasked_{test}_{definition}_{count}")
}

/// The statements of a test: of its first body, what follows an `else` is not looked at.
fn statements(rule: &Rule) -> Vec<&LiteralStmt> {
    match rule {
        Rule::Spec { bodies, .. } => bodies.first().map(|body| body.query.stmts.iter().collect()).unwrap_or_default(),
        Rule::Default { .. } => Vec::new(),
    }
}

/// One solution: the values of variables, of operands (each a list of none or more), and of the keys of the case.
type Solution = [Vec<Value>; 3];

fn solutions_of(value: &Value, case: Option<&Value>) -> Vec<Solution> {
    let list = |value: &Value| value.as_array().map(|items| items.iter().cloned().collect()).unwrap_or_default();
    let all: Vec<Value> = list(value);
    all.iter()
        .filter_map(|solution| {
            let parts: Vec<Value> = list(solution);
            let [variables, operands, keys] = parts.as_slice() else { return None };
            let keys: Vec<Value> = list(keys);
            let other = case.is_some_and(|case| !keys.is_empty() && Value::from(keys.clone()) != *case);
            (!other).then(|| [list(variables), list(operands), keys])
        })
        .collect()
}

/// What is asked once some statements of a test hold, about the next.
struct Step<'a> {
    /// Variables that have a value.
    variables: Vec<String>,
    /// The words of the operands.
    operands: Vec<String>,
    /// For each of them a comprehension, which is empty where the operand is undefined.
    asked: Vec<String>,
    keys: Vec<&'a Ref<Expr>>,
}

impl Step<'_> {
    fn values(&self, [variables, operands, _]: &Solution, statement: &LiteralStmt) -> Vec<(String, String)> {
        let mentioned = variables_in(statement);
        let of_variables = self.variables.iter().zip(variables).filter(|(name, _)| mentioned.contains(*name));
        let of_variables = of_variables.map(|(name, value)| (name.clone(), shown(value)));
        let of_operands = self.operands.iter().zip(operands).map(|(words, values)| {
            let values: Vec<String> =
                values.as_array().map(|values| values.iter().map(shown).collect()).unwrap_or_default();
            let value = if values.is_empty() { "undefined".to_owned() } else { values.join(" or ") };
            (words.clone(), value)
        });
        of_variables.chain(of_operands).collect()
    }
}

fn variables_in(statement: &LiteralStmt) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for expression in expressions_of(statement) {
        below(expression, &mut |expression| {
            if let Expr::Var { span, .. } = expression {
                found.insert(span.text().to_owned());
            }
        });
    }
    if let Literal::Every { query, .. } = &statement.literal {
        query.stmts.iter().for_each(|statement| found.extend(variables_in(statement)));
    }
    found
}

/// A module, and what its names mean.
struct Reading<'a> {
    module: &'a Module,
    number: usize,
    modules: &'a [Module],
    own: BTreeSet<String>,
}

impl<'a> Reading<'a> {
    fn new(modules: &'a [Module], number: usize) -> Self {
        let module = &modules[number];
        let own = own_names(modules).remove(&module.package).unwrap_or_default();
        Self { module, number, modules, own }
    }

    /// The definitions of a test that stand in this module, with their numbers.
    fn definitions(&self, found: &Found) -> Vec<(usize, &'a Rule)> {
        let here = found.definitions.iter().enumerate().filter(|(_, (number, _))| *number == self.number);
        here.map(|(definition, (number, rule))| (definition, &*self.modules[*number].syntax.policy[*rule])).collect()
    }

    fn is_global(&self, name: &str) -> bool {
        matches!(name, "input" | "data") || Names::of(self.module, &self.own).is_global(name)
    }

    fn keys_are_bound(&self, keys: &[&Ref<Expr>], statements: &[&LiteralStmt]) -> bool {
        let mut bound = BTreeSet::new();
        statements.iter().for_each(|statement| declares(statement, &mut bound));
        keys.iter().all(|key| only(key, &|name| bound.contains(name) || self.is_global(name)))
    }

    /// Statements as a query; the engine wants at least one.
    fn body(&self, statements: &[&LiteralStmt]) -> String {
        let texts: Vec<&str> = statements.iter().map(|statement| self.module.slice(&statement.span)).collect();
        if texts.is_empty() { "true".to_owned() } else { texts.join("\n") }
    }

    fn list<'b>(&self, expressions: impl Iterator<Item = &'b Expr>) -> String {
        let texts: Vec<&str> = expressions.map(|expression| self.text(expression)).collect();
        format!("[{}]", texts.join(", "))
    }

    fn text(&self, expression: &Expr) -> &'a str {
        let (start, end) = self.module.expression_range(expression);
        self.module.text.get(start..end).unwrap_or_default()
    }

    fn step<'b>(&self, rule: &'b Rule, all: &[&'b LiteralStmt], count: usize) -> Step<'b> {
        let mut bound = BTreeSet::new();
        all[..count].iter().for_each(|statement| declares(statement, &mut bound));
        bound.retain(|name| !self.is_global(name));
        let keys = case_keys(rule);
        let keys = if self.keys_are_bound(&keys, &all[..count]) { keys } else { Vec::new() };
        let (mut operands, mut asked) = (Vec::new(), Vec::new());
        if let Some(statement) = all.get(count) {
            let modifiers: String =
                statement.with_mods.iter().map(|modifier| format!(" {}", self.module.slice(&modifier.span))).collect();
            for operand in self.operands(statement, &bound) {
                let text = self.text(operand);
                operands.push(quoted(text));
                asked.push(format!("[__hydrant_operand | __hydrant_operand := ({text}){modifiers}]"));
            }
        }
        Step { variables: bound.into_iter().collect(), operands, asked, keys }
    }

    /// The pieces of a statement that have a value of their own once `bound` have theirs.
    fn operands<'b>(&self, statement: &'b LiteralStmt, bound: &BTreeSet<String>) -> Vec<&'b Ref<Expr>> {
        let pieces: Vec<&Ref<Expr>> = match &statement.literal {
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => pieces(expr),
            Literal::SomeIn { collection, .. } => vec![collection],
            Literal::Every { domain, .. } => vec![domain],
            Literal::SomeVars { .. } => Vec::new(),
        };
        let worth_it = |piece: &&Ref<Expr>| {
            let mut local = BTreeSet::new();
            queries_below(piece, &mut |query: &Query| local.extend(declared(query)));
            let known = |name: &str| bound.contains(name) || local.contains(name) || self.is_global(name);
            let plain = matches!(piece.as_ref(), Expr::Var { span, .. } if bound.contains(span.text()));
            !plain && constant(piece).is_none() && only(piece, &known) && !self.text(piece).contains("walk")
        };
        pieces.into_iter().filter(worth_it).collect()
    }

    fn complaint(&self, statement: &LiteralStmt) -> String {
        let (start, end) = self.module.range(&statement.span);
        let end = statement.with_mods.first().map_or(end, |modifier| self.module.range(&modifier.span).0);
        let words = quoted(self.module.text.get(start..end).unwrap_or_default());
        match &statement.literal {
            Literal::Expr { expr, .. } if matches!(expr.as_ref(), Expr::AssignExpr { op: AssignOp::ColEq, .. }) => {
                format!("`{words}` has no value")
            }
            Literal::SomeIn { .. } => format!("`{words}` finds nothing"),
            _ => format!("`{words}` does not hold"),
        }
    }
}

fn pieces(expression: &Ref<Expr>) -> Vec<&Ref<Expr>> {
    match expression.as_ref() {
        Expr::BoolExpr { lhs, rhs, .. } | Expr::AssignExpr { op: AssignOp::Eq, lhs, rhs, .. } => vec![lhs, rhs],
        Expr::AssignExpr { rhs, .. } => match rhs.as_ref() {
            Expr::Call { params, .. } => params.iter().collect(),
            _ => vec![rhs],
        },
        Expr::Membership { key, value, collection, .. } => key.iter().chain([value, collection]).collect(),
        Expr::Call { params, .. } => params.iter().collect(),
        _ => vec![expression],
    }
}

/// Text of a policy on one line.
fn quoted(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    shortened(&words.join(" "), LONGEST_QUOTE)
}

/// A test whose statements all hold, but which is something else than true.
pub(super) fn wrong_value(test: &Found, value: &Value) -> Failure {
    let message = match value {
        Value::Undefined => "it is undefined".to_owned(),
        value if test.is_set => format!("it is a set, and a test is true or false: {}", shown(value)),
        value => format!("it is {}, not true", shown(value)),
    };
    Failure { message, location: test.test.location.clone(), values: Vec::new() }
}

/// A failure without a reason that is better known.
pub(super) fn plain(location: &Location, message: impl Into<String>) -> Failure {
    Failure { message: message.into(), location: location.clone(), values: Vec::new() }
}
