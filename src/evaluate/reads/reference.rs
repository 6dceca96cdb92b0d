//! References: names and the ways into their values, through the input, through data, and through other rules.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;
use regorus::unstable::{Expr, Ref, Rule, RuleHead};

use super::path::{Origin, Traced, member, members};
use super::tracer::{Derived, Outcome, Solutions, State, Stop, Tracer};
use super::trail::Role;

/// One part of a reference after its first.
#[derive(Clone, Copy)]
enum Part<'a> {
    Field(&'a Value),
    Index(&'a Ref<Expr>),
}

impl Part<'_> {
    /// A key that is written out.
    fn written(&self) -> Option<Value> {
        match self {
            Part::Field(name) => Some((*name).clone()),
            Part::Index(index) => match index.as_ref() {
                Expr::String { value, .. } | Expr::RawString { value, .. } | Expr::Number { value, .. } => {
                    Some(value.clone())
                }
                _ => None,
            },
        }
    }
}

fn unfold<'a>(expression: &'a Expr, parts: &mut Vec<Part<'a>>) -> &'a Expr {
    match expression {
        Expr::RefDot { refr, field, .. } => {
            let base = unfold(refr, parts);
            parts.push(Part::Field(&field.1));
            base
        }
        Expr::RefBrack { refr, index, .. } => {
            let base = unfold(refr, parts);
            parts.push(Part::Index(index));
            base
        }
        other => other,
    }
}

impl<'a> Tracer<'a> {
    pub(super) fn reference(&mut self, module: usize, expression: &'a Expr, state: &State) -> Solutions {
        let mut parts = Vec::new();
        let base = unfold(expression, &mut parts);
        let Expr::Var { span, .. } = base else {
            let mut found = Vec::new();
            for (value, state) in self.evaluate(module, base, state)? {
                found.extend(self.follow(module, value, state, &parts)?);
            }
            return Ok(found);
        };
        let name = span.text();
        if let Some(value) = state.get(name) {
            return self.follow(module, value.clone(), state.clone(), &parts);
        }
        match name {
            "input" => self.follow(module, self.input.clone(), state.clone(), &parts),
            "data" => self.below_data(module, Vec::new(), &parts, state),
            _ => match self.global(module, name) {
                Some(path) => self.below_data(module, path, &parts, state),
                // an import of something of the input is none that a policy here has
                None if self.names[module].is_global(name) => Err(Stop::Unknown),
                None => Err(Stop::Unbound),
            },
        }
    }

    /// The path below `data` of a rule of the same package, or of an import.
    pub(super) fn global(&self, module: usize, name: &str) -> Option<Vec<String>> {
        if let Some(path) = self.names[module].imported(name) {
            return Some(path.to_vec());
        }
        let own = self.names[module].is_own(name);
        own.then(|| self.program.package(module).iter().cloned().chain([name.to_owned()]).collect())
    }

    fn below_data(&mut self, module: usize, mut path: Vec<String>, parts: &[Part<'a>], state: &State) -> Solutions {
        let mut used = 0;
        loop {
            if let Some(rule) = self.program.find(&path) {
                return self.of_rule(module, rule, &parts[used..], state);
            }
            let next =
                parts.get(used).and_then(Part::written).and_then(|key| key.as_string().ok().map(|key| key.to_string()));
            let Some(next) = next else { break };
            path.push(next);
            used += 1;
            if !self.program.has_below(&path) {
                break;
            }
        }
        if self.program.has_below(&path) {
            return Err(Stop::Unknown); // a package as a value
        }
        let keys = path.iter().map(|key| Value::from(key.as_str()));
        let document = keys.into_iter().try_fold(self.data.clone(), |value, key| member(&value, &key));
        match document {
            Some(value) => self.follow(module, Traced::of(value), state.clone(), &parts[used..]),
            None => Ok(Vec::new()),
        }
    }

    fn of_rule(&mut self, module: usize, rule: usize, parts: &[Part<'a>], state: &State) -> Solutions {
        let mark = self.mark();
        let extent = self.extent(rule)?;
        let definition = self.program.definitions(rule).first().ok_or(Stop::Unknown)?;
        let is_set = matches!(self.program.rule(*definition), Rule::Spec { head: RuleHead::Set { .. }, .. });
        let is_object = extent.found.iter().any(|found| found.key.is_some());
        if !is_set && !is_object {
            let Some(Derived { traced, trail, .. }) = extent.found.first() else { return Ok(Vec::new()) };
            let mut state = state.clone();
            state.trail.join(trail);
            return self.follow(module, traced.clone(), state, parts);
        }
        let Some((first, rest)) = parts.split_first() else {
            let whole = self.whole(&extent.found, is_set);
            let reason = if extent.found.is_empty() { self.reason(mark) } else { None };
            let origin = whole.origin.or_better(reason);
            return Ok(vec![(Traced { origin, ..whole }, state.clone())]);
        };
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        for Derived { key, traced, trail } in &extent.found {
            self.step()?;
            let key = key.as_ref().unwrap_or(traced);
            if !seen.insert(&key.value) {
                continue;
            }
            for mut state in self.fits(module, first, key, state)? {
                state.trail.join(trail);
                found.extend(self.follow(module, traced.clone(), state, rest)?);
            }
        }
        if let (true, Part::Index(index)) = (found.is_empty(), first)
            && let Ok(keys) = self.evaluate(module, index, state)
        {
            keys.iter().for_each(|(key, _)| self.seek(&key.origin, &Origin::default()));
        }
        Ok(found)
    }

    /// All that a rule came to, as one value.
    fn whole(&self, found: &[Derived], is_set: bool) -> Traced {
        let (mut values, mut origins) = (BTreeMap::new(), BTreeMap::new());
        for Derived { key, traced, trail } in found {
            let key = &key.as_ref().unwrap_or(traced).value;
            values.entry(key.clone()).or_insert_with(|| traced.value.clone());
            origins.entry(key.clone()).or_insert_with(|| traced.origin.or_better(self.best(trail)));
        }
        let value = if is_set { Value::from(values.into_keys().collect::<BTreeSet<_>>()) } else { Value::from(values) };
        Traced { value, origin: Origin::composed(origins, None) }
    }

    /// The ways in which what stands in brackets is some value.
    fn fits(&mut self, module: usize, part: &Part<'a>, value: &Traced, state: &State) -> Outcome<Vec<State>> {
        match part {
            Part::Field(name) => Ok(if **name == value.value { vec![state.clone()] } else { Vec::new() }),
            Part::Index(index) => {
                // a pattern chooses; what it is compared with need not be the input's
                let chooses = matches!(index.as_ref(), Expr::Object { .. } | Expr::Array { .. });
                let most = if chooses { Role::Passed } else { Role::Tested };
                self.at_most(most, |tracer| tracer.unify(module, index, value, state))
            }
        }
    }

    /// Goes from a value to its members.
    fn follow(&mut self, module: usize, start: Traced, state: State, parts: &[Part<'a>]) -> Solutions {
        let mut current = vec![(start, state)];
        for (position, part) in parts.iter().enumerate() {
            let mut next = Vec::new();
            for (value, state) in current {
                self.step()?;
                next.extend(self.enter(module, &value, state, part, &parts[position + 1..])?);
            }
            current = next;
        }
        if !parts.is_empty() {
            for (value, state) in &mut current {
                self.visit(value.origin.path(), Role::Passed, state);
            }
        }
        Ok(current)
    }

    fn enter(&mut self, module: usize, value: &Traced, state: State, part: &Part<'a>, rest: &[Part<'a>]) -> Solutions {
        let keys = match part {
            Part::Field(name) => vec![(Traced::of((*name).clone()), state.clone())],
            Part::Index(index) => match self.evaluate(module, index, &state) {
                Err(Stop::Unbound) => return self.through(module, value, &state, index),
                keys => keys?,
            },
        };
        let mut found = Vec::new();
        for (key, mut state) in keys {
            self.test(&key.origin, &mut state);
            match member(&value.value, &key.value) {
                Some(inner) => found.push((Traced { value: inner, origin: value.origin.child(&key.value) }, state)),
                None => {
                    self.seek(&key.origin, &value.origin);
                    self.missing(value, &key.value, rest);
                }
            }
        }
        Ok(found)
    }

    /// All members of a value whose keys fit.
    fn through(&mut self, module: usize, value: &Traced, state: &State, index: &'a Ref<Expr>) -> Solutions {
        let mut found = Vec::new();
        let all = members(&value.value);
        if let (true, Some(path)) = (all.is_empty(), value.origin.path()) {
            self.miss(&path.clone());
        }
        for (key, inner) in all {
            self.step()?;
            let inner = Traced { value: inner, origin: value.origin.child(&key) };
            let key = Traced { origin: value.origin.key(&key), value: key };
            for state in self.unify(module, index, &key, state)? {
                found.push((inner.clone(), state));
            }
        }
        Ok(found)
    }

    /// Something that was looked for and is not there, as far as the rest of the way is written out.
    fn missing(&mut self, value: &Traced, key: &Value, rest: &[Part<'a>]) {
        let Some(path) = value.origin.path() else {
            if let Some(path) = value.origin.whole() {
                self.miss(&path);
            }
            return;
        };
        let Some(mut path) = path.child(key) else { return };
        for key in rest.iter().map_while(Part::written) {
            match path.child(&key) {
                Some(deeper) => path = deeper,
                None => break,
            }
        }
        self.miss(&path);
    }
}
