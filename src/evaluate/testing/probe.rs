//! Probes: calls of ours in a policy's text, which tell what happens while it is evaluated. No line moves.

use std::collections::BTreeSet;

use regorus::unstable::{Expr, Literal, LiteralStmt, Query, Rule, RuleAssign, RuleHead};

use super::find::test_name;
use crate::evaluate::edit::{Edit, insertion};
use crate::evaluate::module::Module;
use crate::evaluate::usage::pattern_variables;
use crate::evaluate::walk::every_query;
use crate::source::Location;

/// `__hydrant_print(place, arguments, variables)` stands where `print` stood.
pub(super) const PRINT: &str = "__hydrant_print";

/// `__hydrant_value(module, rule, body, value)` is the value, and tells that the definition came to one.
pub(super) const VALUE: &str = "__hydrant_value";

/// Calls of ours in the place of those of `print`; their places are added to `places`.
///
/// An argument may be undefined, which is nothing that `print` minds: each is put into a list of none or one. The
/// engine evaluates statements as soon as their variables have values, whatever the order they are written in; so the
/// call also names all variables that were declared before it.
pub(super) fn prints(module: &Module, places: &mut Vec<Location>) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    for rule in &module.syntax.policy {
        every_query(rule, &mut |query| {
            let mut declared = BTreeSet::new();
            for statement in &query.stmts {
                if let Some(edit) = print(module, statement, &declared, places.len())
                    && !edits.iter().any(|other| other.start <= edit.start && edit.end <= other.end)
                {
                    edits.push(edit);
                    places.push(module.location(&statement.span));
                }
                declares(statement, &mut declared);
            }
        });
    }
    edits
}

fn print(module: &Module, statement: &LiteralStmt, declared: &BTreeSet<String>, place: usize) -> Option<Edit> {
    let Literal::Expr { expr, .. } = &statement.literal else { return None };
    let Expr::Call { fcn, params, .. } = expr.as_ref() else { return None };
    if module.slice(fcn.span()) != "print" {
        return None;
    }
    let (start, end) = module.range(expr.span());
    let text = module.text.get(start..end)?;
    let arguments: Vec<String> = params
        .iter()
        .map(|argument| {
            let (start, end) = module.expression_range(argument);
            format!("[__hydrant_argument | __hydrant_argument := ({})]", &module.text[start..end])
        })
        .collect();
    let variables = declared.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let call = format!("{PRINT}({place}, [{}], [{variables}]", arguments.join(", "));
    let lines = text.matches('\n').count().saturating_sub(call.matches('\n').count());
    Some(Edit { start, end, text: format!("{call}{})", "\n".repeat(lines)) })
}

/// The variables to which a statement certainly gives a value.
pub(super) fn declares(statement: &LiteralStmt, declared: &mut BTreeSet<String>) {
    match &statement.literal {
        Literal::SomeIn { key, value, .. } => {
            key.iter().for_each(|key| pattern_variables(key, declared));
            pattern_variables(value, declared);
        }
        Literal::Expr { expr, .. } => {
            if let Expr::AssignExpr { op: regorus::unstable::AssignOp::ColEq, lhs, .. } = expr.as_ref() {
                pattern_variables(lhs, declared);
            }
        }
        Literal::SomeVars { .. } | Literal::NotExpr { .. } | Literal::Every { .. } => {}
    }
    declared.remove("_");
}

/// A definition that a test may bring to a value: a rule, or one of its `else` branches.
pub(super) struct Definition<'a> {
    /// The index of the rule in its module.
    pub(super) rule: usize,
    /// 0 for the rule itself, else the number of the body after `else`.
    pub(super) body: usize,
    /// The first byte of the line that counts for it.
    pub(super) start: usize,
    value: Target<'a>,
}

enum Target<'a> {
    /// `:= value`
    Assigned(&'a RuleAssign),
    /// From the first byte of the value to one past its last.
    Between(usize, usize),
    /// `true`, not written out: `:= value` goes to this place.
    Absent(usize),
}

/// The definitions of a module; tests and defaults are none.
pub(super) fn all_definitions(module: &Module) -> Vec<Definition<'_>> {
    let mut found = Vec::new();
    for (index, rule) in module.syntax.policy.iter().enumerate() {
        let Rule::Spec { head, bodies, .. } = rule.as_ref() else { continue };
        if test_name(rule).is_some() {
            continue;
        }
        let start = module.range(rule.span()).0;
        found.extend(head_value(module, head).map(|value| Definition { rule: index, body: 0, start, value }));
        for (body, branch) in bodies.iter().enumerate().filter(|(_, branch)| branch.is_else) {
            if let Some(assign) = &branch.assign {
                let start = module.range(&branch.span).0;
                found.push(Definition { rule: index, body, start, value: Target::Assigned(assign) });
            }
        }
    }
    found
}

fn head_value<'a>(module: &Module, head: &'a RuleHead) -> Option<Target<'a>> {
    match head {
        RuleHead::Compr { assign: Some(assign), .. } | RuleHead::Func { assign: Some(assign), .. } => {
            Some(Target::Assigned(assign))
        }
        RuleHead::Compr { span, assign: None, .. } | RuleHead::Func { span, assign: None, .. } => {
            Some(Target::Absent(module.range(span).1))
        }
        RuleHead::Set { span, refr, key } => {
            let key = key.as_ref()?;
            let (after_name, end) = (module.range(refr.span()).1, module.range(span).1);
            let between = module.text.get(after_name..module.expression_range(key).0)?;
            match between.find("contains") {
                Some(at) => Some(Target::Between(after_name + at + "contains".len(), end)),
                None => Some(Target::Between(after_name + between.find('[')? + 1, end.checked_sub(1)?)),
            }
        }
    }
}

/// Calls that tell of every definition that came to a value.
pub(super) fn definitions(module: &Module, number: usize) -> Vec<Edit> {
    let mut edits = Vec::new();
    for definition in all_definitions(module) {
        let call = format!("{VALUE}({number}, {}, {}, ", definition.rule, definition.body);
        let (start, end) = match definition.value {
            Target::Absent(at) => {
                edits.push(insertion(at, format!(" := {call}true)")));
                continue;
            }
            Target::Between(start, end) => (start, end),
            Target::Assigned(assign) => {
                let (start, end) = module.range(&assign.span);
                let operator = if module.text[start..].starts_with(":=") { 2 } else { 1 };
                (start + operator, end)
            }
        };
        edits.push(insertion(start, format!(" {call}(")));
        edits.push(insertion(end, "))".to_owned()));
    }
    edits
}

/// First and last byte of all statements of a module, tests left out.
pub(super) fn statements(module: &Module) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    for rule in module.syntax.policy.iter().filter(|rule| test_name(rule).is_none()) {
        every_query(rule, &mut |query: &Query| {
            ranges.extend(query.stmts.iter().map(|statement| {
                let (start, end) = module.range(&statement.span);
                (start, end.saturating_sub(1).max(start))
            }));
        });
    }
    ranges
}
