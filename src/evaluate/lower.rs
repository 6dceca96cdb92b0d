//! Lowering: the same policy, written so that regorus means what OPA means.
//!
//! regorus 0.14.1 differs from OPA in ways that would turn into wrong verdicts. Each is written around, in the text,
//! before the engine sees it. Nothing moves to another line, so that errors keep their place:
//!
//! * `x := undefined` does not fail the body on the VM: `x == x` is added, which does.
//! * `not f(undefined)` is true; OPA evaluates the argument before the negation, so that the body fails. The argument
//!   is taken out: `__h1 := (input.a); __h1 == __h1; not f(__h1)`.
//! * a comprehension whose own condition fails leaves the loop around it, or never ends, if the comprehension has no
//!   loop itself: it is given one that runs once.
//! * `[x.a | …]` has undefined members; to OPA such a member is none. The term is computed in the body.
//! * `some x in null` ends the interpreter's evaluation; to OPA it is undefined. The type is asked for before.
//! * `some x in a[_].b` does not compile on the VM: the collection gets a name before.
//! * a value that iterates in a rule without a body ends the interpreter's evaluation where there is nothing to iterate
//!   over: it is given a body.
//! * a name from an import makes the virtual machine build the whole package behind it: the full path is written out,
//!   and the import goes.
//! * `walk(x)` as a value is undefined to both engines: `walk(x, __h1)` is put before. Negated it is refused.
//! * `x = set[x]` binds no variable: it is turned around.
//! * `sprintf` fails where OPA's does not: it is wrapped where it could (see [`texts`]).
//! * `print` does not exist on the VM, and is no part of a verdict.
//!
//! What cannot be rewritten with certainty is refused.

mod functions;
mod negation;

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{AssignOp, Expr, Import, Literal, LiteralStmt, Query, Ref, Rule, RuleBody, RuleHead, Span};

use super::conflict::{is_computed, iterates};
use super::edit::{Edit, Lowered, apply, insertion};
use super::graph::{Names, written_path};
use super::module::Module;
use super::usage::{arguments, bound_by, references};
use super::walk::{Child, children, every_expression, expressions_of, expressions_of_head};
use crate::diagnostic::{Diagnostic, rules};
use crate::source::Location;

/// A definition and the name it gets, by which its results are told from those of its namesakes.
#[derive(Clone)]
pub(super) struct Renamed<'a> {
    /// The name in its head.
    pub(super) span: &'a Span,
    /// `__hydrant_3_deny`
    pub(super) name: String,
}

pub(super) use functions::replaced as replaced_functions;

/// Which engine a text is for: their faults differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The virtual machine.
    Machine,
    /// The interpreter.
    Interpreter,
}

/// Rewrites a module.
pub(super) fn lower(
    module: &Module,
    names: &Names<'_>,
    renamed: &[Renamed<'_>],
    target: Target,
) -> Result<Lowered, Box<Diagnostic>> {
    let mut lowering = Lowering {
        module,
        names,
        target,
        imported: imported(module, names),
        fresh: 0,
        bound: Vec::new(),
        walks: None,
        refused: None,
    };
    let mut edits = Vec::new();
    lowering.refuse_unary_minus();
    // written out below; without them a local variable may have the name of an import, as in OPA
    edits.extend(module.syntax.imports.iter().filter(|import| imports_data(import)).map(|import| {
        let (start, end) = module.range(&import.span);
        Edit { start, end, text: String::new() }
    }));
    for rule in &module.syntax.policy {
        lowering.rule(rule, &mut edits);
    }
    for rule in renamed {
        let (start, end) = module.range(rule.span);
        edits.push(Edit { start, end, text: rule.name.clone() });
    }
    match lowering.refused {
        Some(diagnostic) => Err(Box::new(diagnostic)),
        None => apply(&module.text, (0, module.text.len()), edits).ok_or_else(|| {
            let whole = Location::new(&module.source, crate::source::Span::at(0));
            let message = format!("`{}` cannot be prepared for evaluation", module.source.name());
            Box::new(Diagnostic::error(rules::POLICY_UNSUPPORTED, message).at(whole, "in this file").help(
                "this is a fault of Hydrant: split the rule that was changed last into simpler statements, and report it",
            ))
        }),
    }
}

struct Lowering<'a> {
    module: &'a Module,
    names: &'a Names<'a>,
    target: Target,
    /// Where imported names stand, and the paths they stand for.
    imported: BTreeMap<usize, String>,
    fresh: usize,
    /// Variables that something other than a negation binds, by enclosing query.
    bound: Vec<BTreeSet<String>>,
    /// Calls of `walk` that are taken out of the statement at hand; `None` where none can be.
    walks: Option<Vec<String>>,
    refused: Option<Diagnostic>,
}

/// How the statements of a query are held together.
#[derive(Clone, Copy, PartialEq)]
enum Enclosure {
    /// `{ … }`
    Braces,
    /// A single statement after `if`.
    Bare,
    /// After the `|` of a comprehension.
    Comprehension,
}

impl Lowering<'_> {
    fn name(&mut self) -> String {
        self.fresh += 1;
        format!("__h{}", self.fresh)
    }

    /// The text of an expression with its own pieces replaced.
    fn rewritten(&mut self, range: (usize, usize), edits: Vec<Edit>, expression: &Expr) -> String {
        match apply(&self.module.text, range, edits) {
            Some(lowered) => lowered.text,
            None => {
                let message = "this expression cannot be prepared for evaluation";
                self.refuse(expression.span(), message, "here", "give its parts names: `x := …` on lines of their own");
                String::new()
            }
        }
    }

    fn refuse(&mut self, span: &Span, message: &str, label: &str, help: &str) {
        if self.refused.is_none() {
            let diagnostic = Diagnostic::error(rules::POLICY_UNSUPPORTED, message);
            self.refused = Some(diagnostic.at(self.module.location(span), label).help(help));
        }
    }

    /// The parser lets a minus sign take everything up to the end of the comparison.
    fn refuse_unary_minus(&mut self) {
        let mut found = None;
        every_expression(&self.module.syntax, &mut |expression| {
            if let Expr::UnaryExpr { expr, span, .. } = expression {
                let number = matches!(expr.as_ref(), Expr::Number { .. });
                found = found.take().or_else(|| (!number).then(|| span.clone()));
            }
        });
        if let Some(span) = found {
            let message = "`-` stands before something that is no number";
            self.refuse(&span, message, "binds differently in OPA", "write `0 - x`");
        }
    }

    fn rule(&mut self, rule: &Rule, edits: &mut Vec<Edit>) {
        let Rule::Spec { head, bodies, .. } = rule else { return };
        self.bound.push(arguments(head));
        match iterated(head) {
            Some(value) if bodies.is_empty() => self.with_body(rule, value, edits),
            _ => expressions_of_head(head).into_iter().for_each(|expression| self.expression(expression, edits)),
        }
        for (number, body) in bodies.iter().enumerate() {
            if number > 0 && !body.is_else {
                self.refuse(
                    &body.span,
                    "a rule has several bodies in a row",
                    "the second body",
                    "write each body as a rule of its own",
                );
            }
            self.body(body, edits);
        }
        self.bound.pop();
    }

    /// `x := input.list[_]` gets a body in which it iterates.
    fn with_body(&mut self, rule: &Rule, value: &Ref<Expr>, edits: &mut Vec<Edit>) {
        let mut inner = Vec::new();
        self.walks = Some(Vec::new());
        self.expression(value, &mut inner);
        let walks = self.walks.take().unwrap_or_default();
        let walks: String = walks.iter().map(|walk| format!("{walk}; ")).collect();
        let (start, end) = self.module.expression_range(value);
        let text = self.rewritten((start, end), inner, value);
        let name = self.name();
        let rule_end = self.module.range(rule.span()).1.max(end);
        edits.push(Edit { start, end, text: name.clone() });
        edits.push(insertion(rule_end, format!(" if {{ {walks}{name} := ({text}){} }}", guard(&name))));
    }

    fn body(&mut self, body: &RuleBody, edits: &mut Vec<Edit>) {
        body.assign.iter().for_each(|assign| self.expression(&assign.value, edits));
        if let Some(first) = body.query.stmts.first() {
            let braces = self.module.range(&body.query.span).0 < self.module.range(&first.span).0;
            self.query(&body.query, if braces { Enclosure::Braces } else { Enclosure::Bare }, edits);
        }
    }

    fn query(&mut self, query: &Query, enclosure: Enclosure, edits: &mut Vec<Edit>) {
        self.bound.push(bound_by(query));
        let before = edits.len();
        if enclosure == Enclosure::Comprehension && needs_loop(query) {
            let (start, _) = self.module.range(&query.stmts[0].span);
            let name = self.name();
            edits.push(insertion(start, format!("some {name} in [0]; ")));
        }
        let mut added = false;
        for statement in &query.stmts {
            added |= self.statement(statement, edits);
        }
        if let (true, Enclosure::Bare, Some(only)) = (added, enclosure, query.stmts.first()) {
            let (start, end) = self.module.range(&only.span);
            edits.insert(before, insertion(start, "{ ".to_owned()));
            edits.push(insertion(end, " }".to_owned()));
        }
        self.bound.pop();
    }

    /// Whether statements were added beside this one.
    fn statement(&mut self, statement: &LiteralStmt, edits: &mut Vec<Edit>) -> bool {
        let outer = std::mem::take(&mut self.walks);
        let (start, _) = self.module.range(&statement.span);
        self.walks = matches!(statement.literal, Literal::Expr { .. }).then(Vec::new);
        let added = self.literal(statement, edits);
        let walks = std::mem::replace(&mut self.walks, outer).unwrap_or_default();
        let modifiers = self.modifiers(statement);
        let hoisted: String = walks.iter().map(|walk| format!("{walk}{modifiers}; ")).collect();
        if walks.is_empty() {
            return added;
        }
        edits.push(insertion(start, hoisted));
        true
    }

    fn literal(&mut self, statement: &LiteralStmt, edits: &mut Vec<Edit>) -> bool {
        let (start, end) = self.module.range(&statement.span);
        let modifiers = self.modifiers(statement);
        match &statement.literal {
            Literal::NotExpr { expr, .. } => {
                self.safe(expr);
                self.refuse_negated_walk(expr);
                let mut hoisted = String::new();
                let mut inner = Vec::new();
                self.negated(expr, &modifiers, &mut hoisted, &mut inner);
                let added = !hoisted.is_empty();
                if added {
                    edits.push(insertion(start, hoisted));
                }
                edits.append(&mut inner);
                self.with(statement, edits);
                added
            }
            Literal::Expr { expr, .. } => match expr.as_ref() {
                Expr::Call { fcn, .. } if self.module.slice(fcn.span()) == "print" => {
                    // as many lines as before
                    let lines = "\n".repeat(self.module.text[start..end].matches('\n').count());
                    edits.push(Edit { start, end, text: format!("true{lines}") });
                    false
                }
                Expr::Call { fcn, params, .. } if self.has_output(fcn, params) => {
                    self.output(start, fcn, params, edits);
                    self.with(statement, edits);
                    false
                }
                Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } => {
                    self.expression(rhs, edits);
                    self.with(statement, edits);
                    let Expr::Var { span, .. } = lhs.as_ref() else { return false };
                    let mut name = span.text().to_owned();
                    if name == "_" {
                        name = self.name();
                        let (start, end) = self.module.range(span);
                        edits.push(Edit { start, end, text: name.clone() });
                    }
                    edits.push(insertion(end, guard(&name)));
                    true
                }
                Expr::AssignExpr { op: AssignOp::Eq, lhs, rhs, .. } if is_own_index(lhs, rhs) => {
                    self.own_index(expr, lhs, rhs, edits);
                    self.with(statement, edits);
                    false
                }
                _ => {
                    self.expression(expr, edits);
                    self.with(statement, edits);
                    false
                }
            },
            Literal::Every { query, .. } => {
                expressions_of(statement).into_iter().for_each(|expression| self.expression(expression, edits));
                self.query(query, Enclosure::Braces, edits);
                false
            }
            Literal::SomeIn { collection, .. }
                if self.target == Target::Interpreter || iterates(collection, &|_| false) =>
            {
                let mut inner = Vec::new();
                self.expression(collection, &mut inner);
                let (from, to) = self.module.expression_range(collection);
                let text = self.rewritten((from, to), inner, collection);
                let name = self.name();
                let check = format!("type_name({name}) in {{\"array\", \"object\", \"set\"}}");
                edits.push(insertion(start, format!("{name} := ({text}){modifiers}; {check}; ")));
                edits.push(Edit { start: from, end: to, text: name });
                self.with(statement, edits);
                true
            }
            Literal::SomeIn { .. } | Literal::SomeVars { .. } => {
                expressions_of(statement).into_iter().for_each(|expression| self.expression(expression, edits));
                false
            }
        }
    }

    /// `x = set[x]` becomes `set[x] == x`, in which the variable is bound before it is compared.
    fn own_index(&mut self, whole: &Expr, variable: &Expr, member: &Expr, edits: &mut Vec<Edit>) {
        let mut inner = Vec::new();
        self.expression(member, &mut inner);
        let text = self.rewritten(self.module.expression_range(member), inner, member);
        let (start, end) = self.module.expression_range(whole);
        edits.push(Edit { start, end, text: format!("{text} == {}", self.module.slice(variable.span())) });
    }

    fn with(&mut self, statement: &LiteralStmt, edits: &mut Vec<Edit>) {
        let outer = std::mem::take(&mut self.walks);
        statement.with_mods.iter().for_each(|modifier| self.expression(&modifier.r#as, edits));
        self.walks = outer;
    }

    /// ` with input as …`, for the statements that are taken out of one that has it.
    fn modifiers(&self, statement: &LiteralStmt) -> String {
        statement.with_mods.iter().map(|modifier| format!(" {}", self.module.slice(&modifier.span))).collect()
    }

    /// Rewrites the queries inside an expression.
    fn expression(&mut self, expression: &Expr, edits: &mut Vec<Edit>) {
        match expression {
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                return self.comprehension(query, &[term], edits);
            }
            Expr::ObjectCompr { key, value, query, .. } => return self.comprehension(query, &[key, value], edits),
            Expr::Call { fcn, params, .. } if params.len() == 1 && self.is_walk(fcn) => {
                return self.walk(expression, &params[0], edits);
            }
            Expr::Call { fcn, params, .. } => self.total(fcn, params, edits),
            Expr::Var { span, .. } => {
                let (start, end) = self.module.range(span);
                edits.extend(self.imported.get(&start).map(|path| Edit { start, end, text: path.clone() }));
            }
            _ => {}
        }
        let mut found = Vec::new();
        children(expression, &mut |child| found.push(child));
        for child in found {
            if let Child::Expression(child) = child {
                self.expression(child, edits);
            }
        }
    }

    fn is_walk(&self, function: &Expr) -> bool {
        matches!(function, Expr::Var { span, .. } if span.text() == "walk") && !self.names.is_global("walk")
    }

    /// `walk(x)` becomes a variable, and `walk(x, variable)` a statement before.
    fn walk(&mut self, call: &Expr, argument: &Ref<Expr>, edits: &mut Vec<Edit>) {
        let mut inner = Vec::new();
        self.expression(argument, &mut inner);
        let text = self.rewritten(self.module.expression_range(argument), inner, argument);
        let name = self.name();
        let Some(walks) = &mut self.walks else { return self.refuse_walk(call) };
        walks.push(format!("walk(({text}), {name})"));
        let (start, end) = self.module.range(call.span());
        edits.push(Edit { start, end, text: name });
    }

    fn refuse_negated_walk(&mut self, expression: &Expr) {
        if let Expr::Call { fcn, .. } = expression
            && self.is_walk(fcn)
        {
            self.refuse_walk(expression);
        }
    }

    fn refuse_walk(&mut self, call: &Expr) {
        self.refuse(
            call.span(),
            "`walk` stands where the engine cannot go over its values",
            "here",
            "write `walk(x, [path, value])` as a statement of its own, and use the variables",
        );
    }

    /// A member whose value is undefined is none: the value is computed in the body, which then fails.
    fn comprehension(&mut self, query: &Query, terms: &[&Ref<Expr>], edits: &mut Vec<Edit>) {
        let outer = std::mem::take(&mut self.walks); // nothing inside can be taken out
        self.query(query, Enclosure::Comprehension, edits);
        let body_end = query.stmts.last().map(|last| self.module.range(&last.span).1);
        for (term, body_end) in terms.iter().filter_map(|term| Some((*term, body_end?))) {
            let mut inner = Vec::new();
            self.expression(term, &mut inner);
            if self.always_defined(term) {
                edits.append(&mut inner);
                continue;
            }
            let (start, end) = self.module.expression_range(term);
            let text = self.rewritten((start, end), inner, term);
            let name = self.name();
            edits.push(Edit { start, end, text: name.clone() });
            edits.push(insertion(body_end, format!("; {name} := ({text}){}", guard(&name))));
        }
        self.walks = outer;
    }

    fn always_defined(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Var { span, .. } => !self.names.is_global(span.text()),
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. }
            | Expr::ArrayCompr { .. }
            | Expr::SetCompr { .. }
            | Expr::ObjectCompr { .. } => true,
            Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().all(|item| self.always_defined(item)),
            Expr::Object { fields, .. } => {
                fields.iter().all(|(_, key, value)| self.always_defined(key) && self.always_defined(value))
            }
            _ => false,
        }
    }
}

/// What a head collects or assigns, if brackets in it could iterate.
fn iterated(head: &RuleHead) -> Option<&Ref<Expr>> {
    let (name, value) = match head {
        RuleHead::Compr { refr, assign, .. } | RuleHead::Func { refr, assign, .. } => {
            (refr, assign.as_ref().map(|assign| &assign.value))
        }
        RuleHead::Set { refr, key, .. } => (refr, key.as_ref()),
    };
    let computed = is_computed(name); // its brackets may share a variable with the value
    value.filter(|value| !computed && iterates(value, &|_| false))
}

fn imported(module: &Module, names: &Names<'_>) -> BTreeMap<usize, String> {
    let all = module.syntax.policy.iter().flat_map(|rule| references(rule));
    all.filter_map(|reference| {
        let path = names.imported(reference.path.first()?)?;
        let parts: String = path.iter().map(|part| format!("[{}]", serde_json::Value::from(part.as_str()))).collect();
        let plain = path.iter().all(|part| is_name(part));
        let text = if plain { format!("data.{}", path.join(".")) } else { format!("data{parts}") };
        Some((reference.span.start as usize, text))
    })
    .collect()
}

/// `x = set[x]`, where nothing else may bind `x`.
fn is_own_index(variable: &Expr, member: &Expr) -> bool {
    let name = |expression: &Expr| match expression {
        Expr::Var { span, .. } if span.text() != "_" => Some(span.text().to_owned()),
        _ => None,
    };
    matches!(member, Expr::RefBrack { index, .. } if name(variable).is_some() && name(variable) == name(index))
}

fn imports_data(import: &Import) -> bool {
    written_path(&import.refr).first().is_some_and(|first| first == "data")
}

fn is_name(part: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A statement that fails if the variable is undefined.
fn guard(name: &str) -> String {
    format!("; {name} == {name}")
}

/// A single `some … in …` has nothing that could fail outside its loop.
fn needs_loop(query: &Query) -> bool {
    match query.stmts.as_slice() {
        [] => false,
        [only] => !matches!(only.literal, Literal::SomeIn { .. }),
        _ => true,
    }
}
