//! The values of expressions: all of them, each with the variables that it takes and what was read on the way.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;
use regorus::unstable::numbers::arithmetic_operation;
use regorus::unstable::{ArithOp, BinOp, BoolOp, Expr, Query, Ref};

use super::path::{Origin, Path, Traced, member, members, nearest_or_deepest};
use super::tracer::{Outcome, Solutions, State, Stop, Tracer};
use super::trail::Role;

impl<'a> Tracer<'a> {
    pub(super) fn evaluate(&mut self, module: usize, expression: &'a Expr, state: &State) -> Solutions {
        self.step()?;
        match expression {
            Expr::String { value, .. }
            | Expr::RawString { value, .. }
            | Expr::Number { value, .. }
            | Expr::Bool { value, .. }
            | Expr::Null { value, .. } => Ok(vec![(Traced::of(value.clone()), state.clone())]),
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(module, expression, state),
            Expr::Array { items, .. } => self.list(module, items, state, array),
            Expr::Set { items, .. } => self.list(module, items, state, set),
            Expr::Object { fields, .. } => {
                let all: Vec<&'a Ref<Expr>> = fields.iter().flat_map(|(_, key, value)| [key, value]).collect();
                let all = self.each(module, all.into_iter(), state)?;
                let object = |parts: Vec<Traced>| {
                    let mut parts = parts.into_iter();
                    let pairs = std::iter::from_fn(|| Some((parts.next()?.value, parts.next()?)));
                    object(pairs.collect(), None)
                };
                Ok(all.into_iter().map(|(parts, state)| (object(parts), state)).collect())
            }
            Expr::ArrayCompr { term, query, .. } => {
                let (found, reason) = self.collected(module, query, &[term], state)?;
                let (values, parts): (Vec<Value>, Vec<Origin>) =
                    found.into_iter().flatten().map(|item| (item.value, item.origin)).unzip();
                let parts = parts.into_iter().enumerate().map(|(index, part)| (Value::from(index), part)).collect();
                let traced = Traced { value: Value::from(values), origin: Origin::composed(parts, reason) };
                Ok(vec![(traced, state.clone())])
            }
            Expr::SetCompr { term, query, .. } => {
                let (found, reason) = self.collected(module, query, &[term], state)?;
                let mut parts = BTreeMap::new();
                for item in found.into_iter().flatten() {
                    parts.entry(item.value).or_insert(item.origin);
                }
                let value = Value::from(parts.keys().cloned().collect::<BTreeSet<Value>>());
                Ok(vec![(Traced { value, origin: Origin::composed(parts, reason) }, state.clone())])
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                let (found, reason) = self.collected(module, query, &[key, value], state)?;
                let pair = |parts: Vec<Traced>| {
                    let mut parts = parts.into_iter();
                    Some((parts.next()?.value, parts.next()?))
                };
                let pairs = found.into_iter().filter_map(pair).collect();
                Ok(vec![(object(pairs, reason), state.clone())])
            }
            Expr::Call { fcn, params, .. } => self.called(module, fcn, params, state),
            Expr::UnaryExpr { .. } => Err(Stop::Unknown),
            Expr::BinExpr { op, lhs, rhs, .. } => self.operation(module, lhs, rhs, state, |a, b| {
                let (Value::Set(a), Value::Set(b)) = (a, b) else { return None };
                Some(Value::from(match op {
                    BinOp::Union => a.union(b),
                    BinOp::Intersection => a.intersection(b),
                }))
            }),
            Expr::ArithExpr { span, op, lhs, rhs, .. } => {
                self.operation(module, lhs, rhs, state, |a, b| match (op, a, b) {
                    (ArithOp::Sub, Value::Set(a), Value::Set(b)) => Some(Value::from(a.difference(b))),
                    _ => arithmetic_operation(span, op, lhs, rhs, a.clone(), b.clone(), false).ok(),
                })
            }
            Expr::BoolExpr { op, lhs, rhs, .. } => {
                let mut found = Vec::new();
                // `x == x` asks whether there is a value, and is written by lowering
                let is_guard = matches!((lhs.as_ref(), rhs.as_ref()),
                    (Expr::Var { span: left, .. }, Expr::Var { span: right, .. }) if left.text() == right.text());
                for (left, state) in self.evaluate(module, lhs, state)? {
                    for (right, mut state) in self.evaluate(module, rhs, &state)? {
                        if !is_guard {
                            // people write first what they ask about, and then what it is held against
                            let bound =
                                if self.inner(left.origin.whole()).is_some() { Role::Passed } else { Role::Tested };
                            self.test(&left.origin, &mut state);
                            self.visit(right.origin.whole().as_ref(), bound, &mut state);
                        }
                        found.push((Traced::of(Value::from(compared(op, &left.value, &right.value))), state));
                    }
                }
                Ok(found)
            }
            Expr::AssignExpr { lhs, rhs, .. } => {
                let held = self.assign(module, lhs, rhs, state)?;
                Ok(held.into_iter().map(|state| (Traced::of(Value::from(true)), state)).collect())
            }
            Expr::Membership { key, value, collection, .. } => {
                let mut found = Vec::new();
                let sides = key.iter().chain([value, collection]);
                for (mut sides, mut state) in self.each(module, sides, state)? {
                    sides.iter().for_each(|side| self.test(&side.origin, &mut state));
                    let Some(collection) = sides.pop() else { continue };
                    let Some(value) = sides.pop() else { continue };
                    let holds = match sides.pop() {
                        Some(key) => member(&collection.value, &key.value).as_ref() == Some(&value.value),
                        None => members(&collection.value).iter().any(|(_, member)| *member == value.value),
                    };
                    if !holds {
                        self.seek(&value.origin, &collection.origin);
                    }
                    found.push((Traced::of(Value::from(holds)), state));
                }
                Ok(found)
            }
        }
    }

    /// Every combination of the values of some expressions.
    pub(super) fn each<'b>(
        &mut self,
        module: usize,
        expressions: impl Iterator<Item = &'b Ref<Expr>>,
        state: &State,
    ) -> Outcome<Vec<(Vec<Traced>, State)>>
    where
        'a: 'b,
        'b: 'a,
    {
        let mut all = vec![(Vec::new(), state.clone())];
        for expression in expressions {
            let mut longer = Vec::new();
            for (values, state) in all {
                for (value, state) in self.evaluate(module, expression, &state)? {
                    let mut values: Vec<Traced> = values.clone();
                    values.push(value);
                    longer.push((values, state));
                }
            }
            all = longer;
        }
        Ok(all)
    }

    fn list(
        &mut self,
        module: usize,
        items: &'a [Ref<Expr>],
        state: &State,
        make: impl Fn(Vec<Traced>) -> Traced,
    ) -> Solutions {
        let all = self.each(module, items.iter(), state)?;
        Ok(all.into_iter().map(|(items, state)| (make(items), state)).collect())
    }

    /// The terms of a comprehension for each solution of its query; or why there is none.
    fn collected(
        &mut self,
        module: usize,
        query: &'a Query,
        terms: &[&'a Ref<Expr>],
        state: &State,
    ) -> Outcome<(Vec<Vec<Traced>>, Option<Path>)> {
        let mark = self.mark();
        let mut found = Vec::new();
        for state in self.query(module, query, state.fresh())? {
            for (values, state) in self.each(module, terms.iter().copied(), &state)? {
                let best = self.best(&state.trail);
                let about = |value: Traced| Traced { origin: value.origin.or_better(best.clone()), ..value };
                found.push(values.into_iter().map(about).collect());
            }
        }
        let reason = if found.is_empty() { self.reason(mark) } else { None };
        Ok((found, reason))
    }

    fn operation(
        &mut self,
        module: usize,
        left: &'a Ref<Expr>,
        right: &'a Ref<Expr>,
        state: &State,
        work: impl Fn(&Value, &Value) -> Option<Value>,
    ) -> Solutions {
        let mut found = Vec::new();
        for (left, state) in self.evaluate(module, left, state)? {
            for (right, state) in self.evaluate(module, right, &state)? {
                let Some(value) = work(&left.value, &right.value).filter(|value| *value != Value::Undefined) else {
                    continue;
                };
                let origin = match &value {
                    // what is missing on one side is missing in what was searched for it
                    Value::Set(kept) => {
                        let sides = [&left, &right];
                        let origin = |member: &Value| {
                            let side =
                                sides.iter().find(|side| side.value.as_set().is_ok_and(|set| set.contains(member)));
                            side.map(|side| side.origin.child(member)).unwrap_or_default()
                        };
                        let parts = kept.iter_sorted().map(|member| (member.clone(), origin(member))).collect();
                        let searched = self.inner(right.origin.gone_through()).or_else(|| left.origin.whole());
                        self.of_parts_or(parts, searched)
                    }
                    _ => self.derived(&[left.clone(), right.clone()]),
                };
                found.push((Traced { value, origin }, state));
            }
        }
        Ok(found)
    }

    /// The origin of a value that was put together, unless its parts tell nothing of the object.
    fn of_parts_or(&self, parts: BTreeMap<Value, Origin>, otherwise: Option<Path>) -> Origin {
        if parts.values().any(|part| self.inner(part.whole()).is_some()) {
            Origin::composed(parts, otherwise)
        } else {
            Origin::derived(otherwise.clone(), otherwise)
        }
    }

    /// A place, if it is one of the object.
    pub(super) fn inner(&self, path: Option<Path>) -> Option<Path> {
        path.filter(|path| path.below(self.object).is_some())
    }

    /// The origin of what was computed from some values.
    pub(super) fn derived(&self, from: &[Traced]) -> Origin {
        let foci: Vec<Path> = from.iter().filter_map(|value| self.inner(value.origin.whole())).collect();
        let bases: Vec<Path> = from.iter().filter_map(|value| self.inner(value.origin.gone_through())).collect();
        Origin::derived(self.inner(nearest_or_deepest(&foci)), self.inner(nearest_or_deepest(&bases)))
    }

    // ── patterns ──────────────────────────────────────────────────────────────────────────────────────────────

    /// `lhs := rhs` and `lhs = rhs`.
    pub(super) fn assign(
        &mut self,
        module: usize,
        left: &'a Ref<Expr>,
        right: &'a Ref<Expr>,
        state: &State,
    ) -> Outcome<Vec<State>> {
        let (pattern, values) = match self.evaluate(module, right, state) {
            Err(Stop::Unbound) => match (left.as_ref(), right.as_ref()) {
                (Expr::Array { items: left, .. }, Expr::Array { items: right, .. }) if left.len() == right.len() => {
                    let mut states = vec![state.clone()];
                    for (left, right) in left.iter().zip(right) {
                        let mut after = Vec::new();
                        for state in &states {
                            after.extend(self.assign(module, left, right, state)?);
                        }
                        states = after;
                    }
                    return Ok(states);
                }
                _ => (right, self.evaluate(module, left, state)?),
            },
            values => (left, values?),
        };
        let mut found = Vec::new();
        for (value, state) in values {
            found.extend(self.unify(module, pattern, &value, &state)?);
        }
        Ok(found)
    }

    /// The ways in which a pattern fits a value.
    pub(super) fn unify(
        &mut self,
        module: usize,
        pattern: &'a Expr,
        value: &Traced,
        state: &State,
    ) -> Outcome<Vec<State>> {
        match (pattern, &value.value) {
            (Expr::Var { span, .. }, _) if state.get(span.text()).is_none() && !self.is_global(module, span.text()) => {
                let mut state = state.clone();
                state.bind(span.text(), value.clone());
                Ok(vec![state])
            }
            (Expr::Array { items, .. }, Value::Array(values)) => {
                if items.len() != values.len() {
                    return Ok(Vec::new());
                }
                let keys = (0..items.len()).map(Value::from);
                self.unify_parts(module, items.iter().zip(keys), value, state)
            }
            (Expr::Object { fields, .. }, Value::Object(values)) => {
                if fields.len() != values.len() {
                    return Ok(Vec::new());
                }
                let mut patterns = Vec::new();
                for (_, key, pattern) in fields {
                    let Some((key, _)) = self.evaluate(module, key, state)?.pop() else { return Ok(Vec::new()) };
                    patterns.push((pattern, key.value));
                }
                self.unify_parts(module, patterns.into_iter(), value, state)
            }
            _ => {
                let mut found = Vec::new();
                for (other, mut state) in self.evaluate(module, pattern, state)? {
                    self.test(&value.origin, &mut state);
                    self.test(&other.origin, &mut state);
                    if other.value == value.value {
                        found.push(state);
                    }
                }
                Ok(found)
            }
        }
    }

    fn unify_parts(
        &mut self,
        module: usize,
        patterns: impl Iterator<Item = (&'a Ref<Expr>, Value)>,
        whole: &Traced,
        state: &State,
    ) -> Outcome<Vec<State>> {
        let mut states = vec![state.clone()];
        for (pattern, key) in patterns {
            let Some(value) = member(&whole.value, &key) else { return Ok(Vec::new()) };
            let part = Traced { value, origin: whole.origin.child(&key) };
            let mut after = Vec::new();
            for state in &states {
                after.extend(self.unify(module, pattern, &part, state)?);
            }
            states = after;
        }
        Ok(states)
    }
}

fn array(items: Vec<Traced>) -> Traced {
    let (values, origins): (Vec<Value>, Vec<Origin>) = items.into_iter().map(|item| (item.value, item.origin)).unzip();
    let parts = origins.into_iter().enumerate().map(|(index, part)| (Value::from(index), part)).collect();
    Traced { value: Value::from(values), origin: Origin::composed(parts, None) }
}

fn set(items: Vec<Traced>) -> Traced {
    let parts: BTreeMap<Value, Origin> = items.into_iter().map(|item| (item.value, item.origin)).collect();
    let value = Value::from(parts.keys().cloned().collect::<BTreeSet<Value>>());
    Traced { value, origin: Origin::composed(parts, None) }
}

fn object(pairs: Vec<(Value, Traced)>, reason: Option<Path>) -> Traced {
    let parts = pairs.iter().map(|(key, part)| (key.clone(), part.origin.clone())).collect();
    let value = Value::from(pairs.into_iter().map(|(key, part)| (key, part.value)).collect::<BTreeMap<_, _>>());
    Traced { value, origin: Origin::composed(parts, reason) }
}

fn compared(op: &BoolOp, left: &Value, right: &Value) -> bool {
    match op {
        BoolOp::Eq => left == right,
        BoolOp::Ne => left != right,
        BoolOp::Lt => left < right,
        BoolOp::Le => left <= right,
        BoolOp::Gt => left > right,
        BoolOp::Ge => left >= right,
    }
}
