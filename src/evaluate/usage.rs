//! Usage: what a rule refers to and which functions it calls, with Rego's scopes observed.

use std::collections::BTreeSet;

use regorus::unstable::{AssignOp, Expr, Literal, Query, Ref, Rule, RuleHead, Span};

use super::walk::{Child, children, expressions_of, expressions_of_head};

/// A name that is not a local variable, with what follows it as far as it is written out.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// `["data", "lib", "f"]` for `data.lib.f[x]`.
    pub(super) path: Vec<String>,
    /// Where it is written.
    pub(super) span: Span,
    /// Whether it is called.
    pub(super) called: bool,
}

/// The references of a rule, in the order written.
pub(super) fn references(rule: &Rule) -> Vec<Reference> {
    let mut usage = Usage { scopes: Vec::new(), references: Vec::new() };
    usage.rule(rule);
    usage.references
}

/// The variables that a pattern (`x`, `[x, _]`, `{"k": x}`) binds.
pub(super) fn pattern_variables(pattern: &Expr, found: &mut BTreeSet<String>) {
    match pattern {
        Expr::Var { span, .. } => {
            found.insert(span.text().to_owned());
        }
        Expr::Array { items, .. } => items.iter().for_each(|item| pattern_variables(item, found)),
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, _, value)| pattern_variables(value, found)),
        _ => {}
    }
}

/// The variables that a query declares for itself: `x := …`, `some x`, `some x in …`.
pub(super) fn declared(query: &Query) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { vars, .. } => found.extend(vars.iter().map(|var| var.text().to_owned())),
            Literal::SomeIn { key, value, .. } => {
                key.iter().for_each(|key| pattern_variables(key, &mut found));
                pattern_variables(value, &mut found);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                if let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = expr.as_ref() {
                    pattern_variables(lhs, &mut found);
                }
            }
            Literal::Every { .. } => {}
        }
    }
    found
}

/// The variables that a query binds: declared ones, and every one that stands outside a negation.
pub(super) fn bound_by(query: &Query) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut declared_only = declared(query);
    for statement in &query.stmts {
        if let Literal::SomeVars { .. } | Literal::NotExpr { .. } = statement.literal {
            continue;
        }
        if let Literal::Every { key, value, .. } = &statement.literal {
            // seen by its own query only, which is inside this one
            found.extend(key.iter().chain([value]).map(|var| var.text().to_owned()));
        }
        if let Literal::SomeIn { key, value, .. } = &statement.literal {
            key.iter().for_each(|key| pattern_variables(key, &mut found));
            pattern_variables(value, &mut found);
        }
        for expression in expressions_of(statement) {
            all_variables(expression, &mut found);
        }
    }
    declared_only.retain(|name| found.contains(name));
    found.extend(declared_only);
    found
}

fn all_variables(expression: &Expr, found: &mut BTreeSet<String>) {
    if let Expr::Var { span, .. } = expression {
        found.insert(span.text().to_owned());
    }
    children(expression, &mut |child| {
        if let Child::Expression(child) = child {
            all_variables(child, found);
        }
    });
}

/// The variables of a negated expression, without what is computed before it: nested calls and comprehensions.
pub(super) fn negated_variables(expression: &Expr, top: bool, found: &mut Vec<Span>) {
    match expression {
        Expr::Var { span, .. } => found.push(span.clone()),
        Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. } => {}
        Expr::Call { .. }
        | Expr::BoolExpr { .. }
        | Expr::ArithExpr { .. }
        | Expr::BinExpr { .. }
        | Expr::Membership { .. }
        | Expr::UnaryExpr { .. }
            if !top => {}
        Expr::Call { params, .. } => params.iter().for_each(|param| negated_variables(param, false, found)),
        other => children(other, &mut |child| {
            if let Child::Expression(child) = child {
                negated_variables(child, false, found);
            }
        }),
    }
}

struct Usage {
    scopes: Vec<BTreeSet<String>>,
    references: Vec<Reference>,
}

impl Usage {
    fn rule(&mut self, rule: &Rule) {
        match rule {
            Rule::Default { value, .. } => self.expression(value),
            Rule::Spec { head, bodies, .. } => {
                self.scopes.push(arguments(head));
                if bodies.is_empty() {
                    self.head(head);
                }
                for body in bodies {
                    self.scopes.push(declared(&body.query));
                    self.statements(&body.query);
                    if !body.is_else {
                        self.head(head);
                    }
                    body.assign.iter().for_each(|assign| self.expression(&assign.value));
                    self.scopes.pop();
                }
                self.scopes.pop();
            }
        }
    }

    fn head(&mut self, head: &RuleHead) {
        // the first is the rule's own name; of a path, only what stands in brackets is evaluated
        let mut expressions = expressions_of_head(head).into_iter();
        if let Some(name) = expressions.next() {
            self.indices(name);
        }
        expressions.for_each(|expression| self.expression(expression));
    }

    fn indices(&mut self, path: &Expr) {
        match path {
            Expr::RefDot { refr, .. } => self.indices(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.indices(refr);
                self.expression(index);
            }
            _ => {}
        }
    }

    fn query(&mut self, query: &Query) {
        self.scopes.push(declared(query));
        self.statements(query);
        self.scopes.pop();
    }

    fn statements(&mut self, query: &Query) {
        for statement in &query.stmts {
            expressions_of(statement).into_iter().for_each(|expression| self.expression(expression));
            if let Literal::Every { key, value, query, .. } = &statement.literal {
                self.scopes.push(key.iter().chain([value]).map(|var| var.text().to_owned()).collect());
                self.query(query);
                self.scopes.pop();
            }
        }
    }

    fn expression(&mut self, expression: &Ref<Expr>) {
        match expression.as_ref() {
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expression, false),
            _ => self.other(expression),
        }
    }

    fn inside(&mut self, expression: &Expr) {
        let mut found = Vec::new();
        children(expression, &mut |child| found.push(child));
        for child in found {
            match child {
                Child::Expression(child) => self.expression(child),
                Child::Body(query) => self.statements(query),
            }
        }
    }

    fn reference(&mut self, expression: &Expr, called: bool) {
        let mut parts = Vec::new();
        self.unfold(expression, &mut parts);
        let Some(Some(first)) = parts.first() else { return };
        if self.scopes.iter().any(|scope| scope.contains(first)) {
            return;
        }
        let path = parts.into_iter().map_while(|part| part).collect();
        self.references.push(Reference { path, span: expression.span().clone(), called });
    }

    /// The parts of a reference, `None` for what is not written out; what stands in brackets is visited.
    fn unfold(&mut self, expression: &Expr, parts: &mut Vec<Option<String>>) {
        match expression {
            Expr::Var { span, .. } => parts.push(Some(span.text().to_owned())),
            Expr::RefDot { refr, field, .. } => {
                self.unfold(refr, parts);
                parts.push(Some(field.0.text().to_owned()));
            }
            Expr::RefBrack { refr, index, .. } => {
                self.unfold(refr, parts);
                if let Expr::String { value, .. } | Expr::RawString { value, .. } = index.as_ref() {
                    parts.push(value.as_string().ok().map(|text| text.to_string()));
                } else {
                    self.expression(index);
                    parts.push(None);
                }
            }
            other => {
                parts.push(None);
                self.other(other);
            }
        }
    }

    /// An expression that is no name; also what a reference starts with if it is none: `f(x)[y]`, `{…}[x]`.
    fn other(&mut self, expression: &Expr) {
        match expression {
            Expr::Call { fcn, params, .. } => {
                self.reference(fcn, true);
                params.iter().for_each(|param| self.expression(param));
            }
            Expr::ArrayCompr { query, .. } | Expr::SetCompr { query, .. } | Expr::ObjectCompr { query, .. } => {
                self.scopes.push(declared(query));
                self.inside(expression);
                self.scopes.pop();
            }
            other => self.inside(other),
        }
    }
}

/// The variables that a function's arguments bind.
pub(super) fn arguments(head: &RuleHead) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let RuleHead::Func { args, .. } = head {
        args.iter().for_each(|argument| pattern_variables(argument, &mut found));
    }
    found
}
