//! Exclusive definitions: two that can never both hold for one input, as far as that can be seen in the text.
//!
//! `f(x) := … if x.kind == "A"` and `f(x) := … if x.kind == "B"`, or `… if x.y` and `… if not x.y`.

use std::collections::BTreeSet;

use regorus::Value;
use regorus::unstable::{AssignOp, BoolOp, Expr, Literal, LiteralStmt, Query, Ref, Rule, RuleHead};

use super::conflict::{Definition, constant, only};
use super::usage::{self, declared};

/// Whether two definitions of one rule exclude each other.
pub(super) fn exclusive(first: &Definition<'_>, second: &Definition<'_>) -> bool {
    let (Rule::Spec { head: first_head, bodies: first_bodies, .. }, Rule::Spec { head, bodies, .. }) =
        (first.rule, second.rule)
    else {
        return false;
    };
    let arguments = (arguments(first_head), arguments(head));
    let different = |(first, second): (&Ref<Expr>, &Ref<Expr>)| match (constant(first), constant(second)) {
        (Some(first), Some(second)) => first != second,
        _ => false,
    };
    if arguments.0.iter().zip(arguments.1).any(different) {
        return true;
    }
    // in another file the same words may mean something else
    first.number == second.number
        && !first_bodies.is_empty()
        && first_bodies.iter().all(|one| {
            !bodies.is_empty() && bodies.iter().all(|other| excluded(first, second, [&one.query, &other.query]))
        })
}

fn arguments(head: &RuleHead) -> &[Ref<Expr>] {
    match head {
        RuleHead::Func { args, .. } => args,
        _ => &[],
    }
}

fn excluded(first: &Definition<'_>, second: &Definition<'_>, queries: [&Query; 2]) -> bool {
    let local: BTreeSet<String> = queries.iter().flat_map(|query| declared(query)).collect();
    let shared = |name: &str| !local.contains(name) && name != "_" && means_the_same(first, second, name);
    let [one, other] = queries.map(|query| {
        let statements = query.stmts.iter().filter(|statement| statement.with_mods.is_empty());
        statements.flat_map(|statement| conditions(first, statement, &shared)).collect::<Vec<_>>()
    });
    one.iter().any(|one| other.iter().any(|other| one.excludes(other) || other.excludes(one)))
}

/// Whether a name has the same value in both definitions: a rule, the input, or the argument at the same place.
fn means_the_same(first: &Definition<'_>, second: &Definition<'_>, name: &str) -> bool {
    let heads = [first, second].map(|definition| match definition.rule {
        Rule::Spec { head, .. } => Some(head),
        Rule::Default { .. } => None,
    });
    let [Some(one), Some(other)] = heads else { return false };
    let is_argument = |head: &RuleHead| usage::arguments(head).contains(name);
    if !is_argument(one) && !is_argument(other) {
        return first.is_fixed(name);
    }
    let places = |head: &RuleHead| -> Vec<usize> {
        let is_it = |argument: &Expr| matches!(argument, Expr::Var { span, .. } if span.text() == name);
        let numbered = arguments(head).iter().enumerate();
        numbered.filter(|(_, argument)| is_it(argument)).map(|(place, _)| place).collect()
    };
    let places = (places(one), places(other));
    !places.0.is_empty() && places.0 == places.1
}

/// What a statement demands of something that both definitions see.
enum Condition {
    /// One of these values.
    Is(String, BTreeSet<Value>),
    /// Not this value.
    IsNot(String, Value),
    /// That it is defined, and not `false`.
    Holds(String),
    /// The opposite.
    Fails(String),
}

impl Condition {
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Is(one, values), Self::Is(other, others)) => one == other && values.is_disjoint(others),
            (Self::Is(one, values), Self::IsNot(other, value)) => {
                one == other && values.iter().all(|found| found == value)
            }
            (Self::Is(one, values), Self::Fails(other)) => one == other && !values.contains(&Value::from(false)),
            (Self::Holds(one), Self::Fails(other)) => one == other,
            _ => false,
        }
    }
}

fn conditions(definition: &Definition<'_>, statement: &LiteralStmt, shared: &dyn Fn(&str) -> bool) -> Vec<Condition> {
    let words = |expression: &Expr| {
        let (start, end) = definition.module.expression_range(expression);
        definition.module.text[start..end].to_owned()
    };
    match &statement.literal {
        Literal::NotExpr { expr, .. } if only(expr, shared) => vec![Condition::Fails(words(expr))],
        Literal::Expr { expr, .. } if only(expr, shared) => {
            let mut found = vec![Condition::Holds(words(expr))];
            match expr.as_ref() {
                Expr::BoolExpr { op: BoolOp::Eq, lhs, rhs, .. }
                | Expr::AssignExpr { op: AssignOp::Eq, lhs, rhs, .. } => {
                    for (side, value) in [(lhs, rhs), (rhs, lhs)] {
                        let is = |value| Condition::Is(words(side), BTreeSet::from([value]));
                        found.extend(constant(value).map(is));
                    }
                }
                Expr::BoolExpr { op: BoolOp::Ne, lhs, rhs, .. } => {
                    for (side, value) in [(lhs, rhs), (rhs, lhs)] {
                        found.extend(constant(value).map(|value| Condition::IsNot(words(side), value)));
                    }
                }
                Expr::Membership { key: None, value, collection, .. } => {
                    if let Expr::Array { items, .. } | Expr::Set { items, .. } = collection.as_ref() {
                        let values = items.iter().map(|item| constant(item)).collect::<Option<_>>();
                        found.extend(values.map(|values| Condition::Is(words(value), values)));
                    }
                }
                Expr::AssignExpr { .. } => return Vec::new(),
                _ => {}
            }
            found
        }
        _ => Vec::new(),
    }
}
