//! Reach: what an expression needs so that evaluation gets past it.

use regorus::Value;
use regorus::unstable::{AssignOp, BinOp, BoolOp, Expr, Ref};

use super::Concern;
use super::derive::{Derivation, Place, Scope};
use super::known::{Known, texts_of};
use crate::evaluate::conflict::constant;
use crate::evaluate::graph::written_path;
use crate::evaluate::usage::Reference;
use crate::evaluate::walk::{Child, children};

/// What must come of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Demand {
    /// Any value.
    Defined,
    /// A value that is not `false`, as of a statement.
    True,
    /// A collection that has a member.
    Filled,
}

/// A reference, taken apart.
struct Path<'a> {
    root: &'a Expr,
    parts: Vec<Part<'a>>,
}

enum Part<'a> {
    Written(String),
    Computed(&'a Expr),
}

impl<'a> Derivation<'a> {
    /// The objects for which an expression gives what is demanded.
    pub(super) fn reach(&self, expression: &'a Expr, demand: Demand, scope: &Scope<'a>) -> Concern {
        if self.is_exhausted(scope.depth) {
            return Concern::Any;
        }
        match expression {
            Expr::Bool { value, .. } if demand == Demand::True && *value == Value::from(false) => Concern::NONE,
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => Concern::Any,
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expression, demand, scope),
            Expr::Call { fcn, params, .. } => self.called(fcn, params, demand, scope),
            Expr::Array { items, .. } | Expr::Set { items, .. } if items.is_empty() && demand == Demand::Filled => {
                Concern::NONE
            }
            Expr::Object { fields, .. } if fields.is_empty() && demand == Demand::Filled => Concern::NONE,
            Expr::ArrayCompr { query, .. } | Expr::SetCompr { query, .. } | Expr::ObjectCompr { query, .. } => {
                match demand {
                    Demand::Filled => self.query(query, &mut scope.clone()),
                    Demand::Defined | Demand::True => Concern::Any,
                }
            }
            Expr::BinExpr { op, lhs, rhs, .. } if demand == Demand::Filled => {
                let (one, other) = (self.reach(lhs, demand, scope), self.reach(rhs, demand, scope));
                match op {
                    BinOp::Union => self.parts(expression, scope).and(one.or(other)),
                    BinOp::Intersection => one.and(other),
                }
            }
            Expr::AssignExpr { op, lhs, rhs, .. } => match op {
                AssignOp::ColEq => self.reach(rhs, Demand::Defined, scope),
                AssignOp::Eq => self.compared(lhs, rhs, scope),
            },
            Expr::BoolExpr { op: BoolOp::Eq, lhs, rhs, .. } if demand == Demand::True => self.compared(lhs, rhs, scope),
            Expr::BoolExpr { op, lhs, rhs, .. } if demand == Demand::True => {
                let filled = match counted(op, lhs, rhs) {
                    Some(counted) if self.is_function_of_rego(lhs, scope) => self.reach(counted, Demand::Filled, scope),
                    _ => Concern::Any,
                };
                filled.and(self.parts(expression, scope))
            }
            Expr::Membership { key: None, value, collection, .. } if demand == Demand::True => {
                let members = match self.known(collection, scope).members() {
                    Some(members) => self.equal(&self.known(value, scope), &Known::OneOf(members)),
                    None => Concern::Any,
                };
                let value = self.reach(value, Demand::Defined, scope);
                members.and(value).and(self.reach(collection, Demand::Filled, scope))
            }
            _ => self.parts(expression, scope),
        }
    }

    /// Everything that an expression is made of must be defined.
    fn parts(&self, expression: &'a Expr, scope: &Scope<'a>) -> Concern {
        let mut concern = Concern::Any;
        children(expression, &mut |child| {
            if let Child::Expression(child) = child {
                let of_child = self.reach(child, Demand::Defined, scope);
                concern = std::mem::replace(&mut concern, Concern::Any).and(of_child);
            }
        });
        concern
    }

    fn compared(&self, one: &'a Expr, other: &'a Expr, scope: &Scope<'a>) -> Concern {
        let same = self.equal(&self.known(one, scope), &self.known(other, scope));
        let demanded = |of: &Expr| match of {
            Expr::Bool { value, .. } if *value == Value::from(true) => Demand::True,
            _ => Demand::Defined,
        };
        let of_one = self.reach(one, demanded(other), scope);
        same.and(of_one).and(self.reach(other, demanded(one), scope))
    }

    fn called(&self, function: &'a Expr, arguments: &'a [Ref<Expr>], demand: Demand, scope: &Scope<'a>) -> Concern {
        let all = || {
            let each = arguments.iter().map(|argument| self.reach(argument, Demand::Defined, scope));
            each.fold(Concern::Any, Concern::and)
        };
        let path = written_path(function);
        if let Some(path) = self.data_path(&path, function, scope) {
            let given: Vec<Known> = arguments.iter().map(|argument| self.known(argument, scope)).collect();
            return all().and(self.call(&path, &given, demand, scope));
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (path.as_slice(), arguments, demand) {
            (["print"], ..) => Concern::Any, // prints what is undefined too
            (["startswith"], [text, start], Demand::True) => {
                let place = match self.known(text, scope) {
                    Known::Input(path) => self.place(&path),
                    _ => None,
                };
                let start = constant(start).and_then(|start| start.as_string().ok().map(|text| text.to_string()));
                match (place, start) {
                    (Some(Place::Version), Some(start)) => all().and(Concern::versions_starting(&start)),
                    _ => all(),
                }
            }
            (["array", "concat"], [one, other], Demand::Filled) => {
                let either = self.reach(one, demand, scope).or(self.reach(other, demand, scope));
                all().and(either)
            }
            (["sort"] | ["array", "reverse"] | ["array", "slice"], [list, ..], Demand::Filled) => {
                all().and(self.reach(list, demand, scope))
            }
            _ => all(),
        }
    }

    /// Whether a call is of a built-in function, whatever a policy may define under its name.
    fn is_function_of_rego(&self, call: &'a Expr, scope: &Scope<'a>) -> bool {
        let Expr::Call { fcn, .. } = call else { return false };
        self.data_path(&written_path(fcn), fcn, scope).is_none()
    }

    fn reference(&self, expression: &'a Expr, demand: Demand, scope: &Scope<'a>) -> Concern {
        let Path { root, parts } = taken_apart(expression);
        let mut concern = self.indexed(expression, scope);
        for part in &parts {
            if let Part::Computed(index) = part {
                concern = concern.and(self.reach(index, Demand::Defined, scope));
            }
        }
        let Expr::Var { span, .. } = root else {
            let demand = if parts.is_empty() { demand } else { Demand::Filled };
            return concern.and(self.reach(root, demand, scope));
        };
        if scope.variables.contains_key(span.text()) {
            // what it was assigned is in the statement that did; more can be demanded of it here
            let demand = if parts.is_empty() { demand } else { Demand::Filled };
            return match scope.assigned.get(span.text()) {
                Some(value) if demand != Demand::Defined => {
                    let deeper = Scope { depth: scope.depth + 1, ..scope.clone() };
                    concern.and(self.reach(value, demand, &deeper))
                }
                _ => concern,
            };
        }
        let written = parts.iter().map_while(|part| match part {
            Part::Written(name) => Some(name.clone()),
            Part::Computed(_) => None,
        });
        let path: Vec<String> = std::iter::once(span.text().to_owned()).chain(written).collect();
        let is_whole = path.len() == parts.len() + 1;
        match self.data_path(&path, root, scope) {
            Some(path) => concern.and(self.read(&path, is_whole, demand, scope)),
            None => concern,
        }
    }

    /// Reading a path below `data`: of a rule that it leads into or to.
    fn read(&self, path: &[String], is_whole: bool, demand: Demand, scope: &Scope<'a>) -> Concern {
        let below = self.definitions.range(path.to_vec()..).find(|(rule, _)| rule.as_slice() != path);
        if below.is_some_and(|(rule, _)| rule.starts_with(path)) {
            return Concern::Any; // of several rules, an object that is always there
        }
        let into = (1..=path.len()).filter(|length| self.definitions.contains_key(&path[..*length]));
        let of_each = into.map(|length| {
            let demand = if is_whole && length == path.len() { demand } else { Demand::Filled };
            self.rule(&path[..length], demand, scope)
        });
        of_each.reduce(Concern::or).unwrap_or(Concern::Any)
    }

    /// `kinds[input.kind]`, at whatever depth.
    fn indexed(&self, expression: &'a Expr, scope: &Scope<'a>) -> Concern {
        match expression {
            Expr::RefDot { refr, .. } => self.indexed(refr, scope),
            Expr::RefBrack { refr, index, .. } => {
                let own = match (self.known(index, scope), self.known(refr, scope).keys()) {
                    (Known::Input(path), Some(keys)) => {
                        self.place(&path).map_or(Concern::Any, |place| place.is_one_of(texts_of(&keys)))
                    }
                    _ => Concern::Any,
                };
                own.and(self.indexed(refr, scope))
            }
            _ => Concern::Any,
        }
    }

    /// What is known of the value of an expression.
    pub(super) fn known(&self, expression: &'a Expr, scope: &Scope<'a>) -> Known {
        if self.is_exhausted(0) {
            return Known::Nothing;
        }
        if let Some(value) = constant(expression) {
            return Known::value(value);
        }
        match expression {
            Expr::BinExpr { op: BinOp::Union, lhs, rhs, .. } => {
                match (self.known(lhs, scope).members(), self.known(rhs, scope).members()) {
                    (Some(mut one), Some(other)) => {
                        one.extend(other);
                        Known::value(Value::from(one))
                    }
                    _ => Known::Nothing,
                }
            }
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => self.known_reference(expression, scope),
            _ => Known::Nothing,
        }
    }

    fn known_reference(&self, expression: &'a Expr, scope: &Scope<'a>) -> Known {
        let Path { root, parts } = taken_apart(expression);
        let Expr::Var { span, .. } = root else {
            let written = constant(root).map_or(Known::Nothing, Known::value);
            return parts.iter().fold(written, step);
        };
        let name = span.text();
        let (start, rest): (Known, &[Part<'_>]) = if let Some(known) = scope.variables.get(name) {
            (known.clone(), parts.as_slice())
        } else if name == "input" {
            (Known::Input(Vec::new()), parts.as_slice())
        } else if let Some(path) = self.names[scope.module].imported_input(name) {
            (Known::Input(path.to_vec()), parts.as_slice())
        } else {
            let written = parts.iter().map_while(|part| match part {
                Part::Written(name) => Some(name.clone()),
                Part::Computed(_) => None,
            });
            let path: Vec<String> = std::iter::once(name.to_owned()).chain(written).collect();
            let Some(full) = self.data_path(&path, root, scope) else { return Known::Nothing };
            let mut leading = (1..=full.len()).filter(|length| self.definitions.contains_key(&full[..*length]));
            let (Some(length), None) = (leading.next(), leading.next()) else { return Known::Nothing };
            let mut below = self.definitions.range(full.clone()..).filter(|(rule, _)| **rule != full);
            if below.next().is_some_and(|(rule, _)| rule.starts_with(&full)) {
                return Known::Nothing;
            }
            let of_rule = self.value_of(&full[..length], scope);
            let start = full[length..].iter().fold(of_rule, |known, key| known.below(Some(key)));
            (start, &parts[path.len() - 1..])
        };
        rest.iter().fold(start, step)
    }

    /// The full path below `data` of what is no local variable.
    fn data_path(&self, path: &[String], place: &Expr, scope: &Scope<'a>) -> Option<Vec<String>> {
        if path.first().is_none_or(|first| scope.variables.contains_key(first)) {
            return None;
        }
        let reference = Reference { path: path.to_vec(), span: place.span().clone(), called: false };
        self.names[scope.module].resolve(&reference)
    }
}

/// One step into a value.
fn step(known: Known, part: &Part<'_>) -> Known {
    match part {
        Part::Written(key) => known.below(Some(key)),
        Part::Computed(_) => known.below(None),
    }
}

/// What is counted in `count(x) > 0`.
fn counted<'a>(op: &BoolOp, one: &'a Expr, other: &Expr) -> Option<&'a Expr> {
    let Expr::Call { fcn, params, .. } = one else { return None };
    let number = constant(other)?.as_i64().ok()?;
    let is_positive = match op {
        BoolOp::Gt => number >= 0,
        BoolOp::Ge => number >= 1,
        BoolOp::Ne => number == 0,
        _ => false,
    };
    match params.as_slice() {
        [counted] if is_positive && written_path(fcn) == ["count"] => Some(counted),
        _ => None,
    }
}

fn taken_apart(expression: &Expr) -> Path<'_> {
    let (mut root, mut parts) = (expression, Vec::new());
    loop {
        match root {
            Expr::RefDot { refr, field, .. } => {
                parts.push(Part::Written(field.0.text().to_owned()));
                root = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                parts.push(match index.as_ref() {
                    Expr::String { value, .. } | Expr::RawString { value, .. } => match value.as_string() {
                        Ok(text) => Part::Written(text.to_string()),
                        Err(_) => Part::Computed(index),
                    },
                    index => Part::Computed(index),
                });
                root = refr;
            }
            _ => break,
        }
    }
    parts.reverse();
    Path { root, parts }
}
