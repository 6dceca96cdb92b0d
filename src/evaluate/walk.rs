//! Walking the syntax tree: the children of an expression, the queries of a rule.

use regorus::unstable::{Expr, Literal, LiteralStmt, Module, Query, Ref, Rule, RuleHead};

/// A direct child of an expression.
pub(super) enum Child<'a> {
    /// A sub-expression.
    Expression(&'a Ref<Expr>),
    /// The body of a comprehension.
    Body(&'a Ref<Query>),
}

/// Calls `visit` on each direct child, in the order written, the body of a comprehension before its term.
pub(super) fn children<'a>(expression: &'a Expr, visit: &mut dyn FnMut(Child<'a>)) {
    let mut one = |child: &'a Ref<Expr>| visit(Child::Expression(child));
    match expression {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. } => {}
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().for_each(one),
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| {
            one(key);
            one(value);
        }),
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            visit(Child::Body(query));
            visit(Child::Expression(term));
        }
        Expr::ObjectCompr { key, value, query, .. } => {
            visit(Child::Body(query));
            visit(Child::Expression(key));
            visit(Child::Expression(value));
        }
        Expr::Call { fcn, params, .. } => {
            one(fcn);
            params.iter().for_each(one);
        }
        Expr::UnaryExpr { expr, .. } => one(expr),
        Expr::RefDot { refr, .. } => one(refr),
        Expr::RefBrack { refr, index, .. } => {
            one(refr);
            one(index);
        }
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            one(lhs);
            one(rhs);
        }
        Expr::Membership { key, value, collection, .. } => {
            key.iter().for_each(&mut one);
            one(value);
            one(collection);
        }
    }
}

/// The expressions that a statement evaluates: the values of its `with` included, the body of an `every` not.
pub(super) fn expressions_of(statement: &LiteralStmt) -> Vec<&Ref<Expr>> {
    let mut found: Vec<&Ref<Expr>> = match &statement.literal {
        Literal::SomeVars { .. } => Vec::new(),
        Literal::SomeIn { key, value, collection, .. } => key.iter().chain([value, collection]).collect(),
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => vec![expr],
        Literal::Every { domain, .. } => vec![domain],
    };
    found.extend(statement.with_mods.iter().map(|modifier| &modifier.r#as));
    found
}

/// The expressions that stand in a rule's head: key, arguments, value.
pub(super) fn expressions_of_head(head: &RuleHead) -> Vec<&Ref<Expr>> {
    match head {
        RuleHead::Compr { refr, assign, .. } => {
            std::iter::once(refr).chain(assign.iter().map(|assign| &assign.value)).collect()
        }
        RuleHead::Set { refr, key, .. } => std::iter::once(refr).chain(key).collect(),
        RuleHead::Func { refr, args, assign, .. } => {
            std::iter::once(refr).chain(args).chain(assign.iter().map(|assign| &assign.value)).collect()
        }
    }
}

/// Calls `visit` on every expression of a module.
pub(super) fn every_expression(module: &Module, visit: &mut dyn FnMut(&Expr)) {
    module.policy.iter().for_each(|rule| in_rule(rule, visit));
}

/// Calls `visit` on every expression of a rule.
pub(super) fn in_rule(rule: &Rule, visit: &mut dyn FnMut(&Expr)) {
    match rule {
        Rule::Spec { head, bodies, .. } => {
            expressions_of_head(head).into_iter().for_each(|expression| below(expression, visit));
            for body in bodies {
                body.assign.iter().for_each(|assign| below(&assign.value, visit));
                in_query(&body.query, visit);
            }
        }
        Rule::Default { value, .. } => below(value, visit),
    }
}

fn in_query(query: &Query, visit: &mut dyn FnMut(&Expr)) {
    for statement in &query.stmts {
        expressions_of(statement).into_iter().for_each(|expression| below(expression, visit));
        if let Literal::Every { query, .. } = &statement.literal {
            in_query(query, visit);
        }
    }
}

/// Calls `visit` on an expression and on every one inside it.
pub(super) fn below(expression: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(expression);
    let mut bodies = Vec::new();
    let mut expressions = Vec::new();
    children(expression, &mut |child| match child {
        Child::Expression(child) => expressions.push(child),
        Child::Body(query) => bodies.push(query),
    });
    expressions.into_iter().for_each(|child| below(child, visit));
    bodies.into_iter().for_each(|query| in_query(query, visit));
}

/// Calls `visit` on every query of a rule: its bodies, and those of comprehensions and `every` inside them.
pub(super) fn every_query<'a>(rule: &'a Rule, visit: &mut dyn FnMut(&'a Query)) {
    let Rule::Spec { head, bodies, .. } = rule else { return };
    expressions_of_head(head).into_iter().for_each(|expression| queries_below(expression, visit));
    for body in bodies {
        body.assign.iter().for_each(|assign| queries_below(&assign.value, visit));
        queries_in(&body.query, visit);
    }
}

fn queries_in<'a>(query: &'a Query, visit: &mut dyn FnMut(&'a Query)) {
    visit(query);
    for statement in &query.stmts {
        expressions_of(statement).into_iter().for_each(|expression| queries_below(expression, visit));
        if let Literal::Every { query, .. } = &statement.literal {
            queries_in(query, visit);
        }
    }
}

/// The same for the queries inside an expression.
pub(super) fn queries_below<'a>(expression: &'a Expr, visit: &mut dyn FnMut(&'a Query)) {
    children(expression, &mut |child| match child {
        Child::Expression(child) => queries_below(child, visit),
        Child::Body(query) => queries_in(query, visit),
    });
}
