//! Negation: OPA evaluates the arguments of what is negated before the `not`, and knows which variables it may name.

use regorus::unstable::{BoolOp, Expr, Ref};

use super::{Lowering, guard};
use crate::evaluate::edit::Edit;
use crate::evaluate::usage::negated_variables;

impl Lowering<'_> {
    /// Takes out of a negated expression what OPA evaluates before it.
    pub(super) fn negated(&mut self, expression: &Expr, modifiers: &str, hoisted: &mut String, edits: &mut Vec<Edit>) {
        match expression {
            Expr::Call { fcn, params, .. } => {
                self.total(fcn, params, edits);
                self.expression(fcn, edits);
                params.iter().for_each(|param| self.operand(param, modifiers, hoisted, edits));
            }
            Expr::BoolExpr { op: BoolOp::Eq, lhs, rhs, .. } | Expr::AssignExpr { lhs, rhs, .. } => {
                [lhs, rhs].into_iter().for_each(|side| self.compared(side, modifiers, hoisted, edits));
            }
            Expr::BoolExpr { lhs, rhs, .. } | Expr::ArithExpr { lhs, rhs, .. } | Expr::BinExpr { lhs, rhs, .. } => {
                [lhs, rhs].into_iter().for_each(|side| self.operand(side, modifiers, hoisted, edits));
            }
            Expr::Membership { key, value, collection, .. } => {
                for side in key.iter().chain([value, collection]) {
                    self.operand(side, modifiers, hoisted, edits);
                }
            }
            Expr::UnaryExpr { expr, .. } => self.operand(expr, modifiers, hoisted, edits),
            other => self.term(other, modifiers, hoisted, edits),
        }
    }

    /// One side of `==`: a reference stays, what it depends on is taken out.
    fn compared(&mut self, side: &Ref<Expr>, modifiers: &str, hoisted: &mut String, edits: &mut Vec<Edit>) {
        match side.as_ref() {
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                self.term(side, modifiers, hoisted, edits);
            }
            _ => self.operand(side, modifiers, hoisted, edits),
        }
    }

    /// A reference that stays in the negation.
    fn term(&mut self, expression: &Expr, modifiers: &str, hoisted: &mut String, edits: &mut Vec<Edit>) {
        match expression {
            Expr::RefDot { refr, .. } => self.base(refr, modifiers, hoisted, edits),
            Expr::RefBrack { refr, index, .. } => {
                self.base(refr, modifiers, hoisted, edits);
                self.operand(index, modifiers, hoisted, edits);
            }
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().for_each(|item| self.operand(item, modifiers, hoisted, edits));
            }
            other => self.expression(other, edits),
        }
    }

    fn base(&mut self, expression: &Ref<Expr>, modifiers: &str, hoisted: &mut String, edits: &mut Vec<Edit>) {
        match expression.as_ref() {
            Expr::Var { .. } => self.expression(expression, edits),
            Expr::RefDot { .. } | Expr::RefBrack { .. } => self.term(expression, modifiers, hoisted, edits),
            _ => self.operand(expression, modifiers, hoisted, edits),
        }
    }

    /// A value that OPA computes before the negation.
    fn operand(&mut self, expression: &Ref<Expr>, modifiers: &str, hoisted: &mut String, edits: &mut Vec<Edit>) {
        match expression.as_ref() {
            defined if self.always_defined(defined) => self.expression(expression, edits),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().for_each(|item| self.operand(item, modifiers, hoisted, edits));
            }
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.operand(key, modifiers, hoisted, edits);
                    self.operand(value, modifiers, hoisted, edits);
                }
            }
            _ => {
                let mut inner = Vec::new();
                self.expression(expression, &mut inner);
                let (start, end) = self.module.range(expression.span());
                let text = self.rewritten((start, end), inner, expression);
                let name = self.name();
                hoisted.push_str(&format!("{name} := ({text}){modifiers}{}; ", guard(&name)));
                edits.push(Edit { start, end, text: name });
            }
        }
    }

    /// Refuses a negation over variables that nothing else binds, as OPA does.
    pub(super) fn safe(&mut self, expression: &Expr) {
        let mut found = Vec::new();
        negated_variables(expression, true, &mut found);
        for span in found {
            let name = span.text();
            let known = matches!(name, "input" | "data")
                || self.names.is_global(name)
                || self.bound.iter().any(|bound| bound.contains(name));
            if name == "_" || !known {
                self.refuse(
                    &span,
                    &format!("`{name}` is bound by nothing outside the `not`"),
                    "unsafe in Rego",
                    "bind it before, `some x in …; not x.y`, or write what must hold as a rule and negate that",
                );
            }
        }
    }
}
