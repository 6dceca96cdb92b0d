//! Calls: of functions that policies define, and of those that every policy has.

use std::collections::BTreeMap;

use regorus::Value;
use regorus::unstable::{BUILTINS, Expr, Ref, Rule, RuleHead};

use super::path::{Origin, Traced, member, members};
use super::tracer::{Derived, Outcome, Solutions, State, Stop, Tracer};
use super::trail::Role;
use crate::evaluate::bounded::stands_for;
use crate::evaluate::graph::written_path;
use crate::evaluate::texts;

/// What makes texts for people: what such a call reads is told, not tested.
const WRITING: [&str; 4] = ["sprintf", "concat", "format_int", "json.marshal"];

/// Of how many members of a list a function may change the order without losing where they came from.
const MOST_MEMBERS: usize = 256;

impl<'a> Tracer<'a> {
    pub(super) fn called(
        &mut self,
        module: usize,
        function: &'a Expr,
        arguments: &'a [Ref<Expr>],
        state: &State,
    ) -> Solutions {
        let path = written_path(function);
        let name = path.join(".");
        let (first, rest) = path.split_first().ok_or(Stop::Unknown)?;
        let start = if first == "data" { Some(Vec::new()) } else { self.global(module, first) };
        let rule = start.and_then(|start| {
            let path: Vec<String> = start.into_iter().chain(rest.iter().cloned()).collect();
            self.program.find(&path)
        });
        let takes = match rule {
            Some(rule) => self.arity(rule).ok_or(Stop::Unknown)?,
            None => usize::from(BUILTINS.get(name.as_str()).ok_or(Stop::Unknown)?.1),
        };
        let (given, result) = match arguments.len().checked_sub(takes) {
            Some(0) => (arguments, None),
            Some(1) => (&arguments[..takes], arguments.last()),
            _ if rule.is_none() => (arguments, None), // of as many arguments as are given
            _ => return Err(Stop::Unknown),
        };
        let ours = stands_for(&name).or_else(|| (name == texts::SPRINTF).then_some("sprintf"));
        let most = if WRITING.contains(&ours.unwrap_or(&name)) { Role::Shown } else { Role::Tested };
        let all = self.at_most(most, |tracer| tracer.each(module, given.iter(), state));
        let mut found = Vec::new();
        for (values, state) in all? {
            for (value, state) in match (rule, ours) {
                (Some(rule), Some(builtin)) => self.of_ours(rule, builtin, &values, state)?,
                (Some(rule), None) => self.of_function(rule, &values, state)?,
                (None, _) => self.of_builtin(&name, function, given, &values, state)?,
            } {
                match result {
                    None => found.push((value, state)),
                    Some(result) => {
                        let held = self.unify(module, result, &value, &state)?;
                        found.extend(held.into_iter().map(|state| (Traced::of(Value::from(true)), state)));
                    }
                }
            }
        }
        Ok(found)
    }

    fn arity(&self, rule: usize) -> Option<usize> {
        self.program.definitions(rule).iter().find_map(|definition| match self.program.rule(*definition) {
            Rule::Spec { head: RuleHead::Func { args, .. }, .. } => Some(args.len()),
            _ => None,
        })
    }

    fn of_function(&mut self, rule: usize, arguments: &[Traced], mut state: State) -> Solutions {
        let Some(Derived { traced, trail, .. }) = self.call(rule, arguments)? else { return Ok(Vec::new()) };
        state.trail.join(&trail);
        let origin = if traced.origin.is_known() { traced.origin } else { self.derived(arguments) };
        Ok(vec![(Traced { value: traced.value, origin }, state)])
    }

    /// A built-in function that is called through one of ours: what that reads is nothing that the policy asks.
    fn of_ours(&mut self, rule: usize, builtin: &str, arguments: &[Traced], mut state: State) -> Solutions {
        let Some(Derived { traced, .. }) = self.at_most(Role::Shown, |tracer| tracer.call(rule, arguments))? else {
            arguments.iter().for_each(|argument| self.test(&argument.origin, &mut state));
            return Ok(Vec::new());
        };
        let origin = self.rearranged(builtin, &traced.value, arguments).unwrap_or_else(|| self.derived(arguments));
        Ok(vec![(Traced { value: traced.value, origin }, state)])
    }

    fn of_builtin(
        &mut self,
        name: &str,
        function: &Expr,
        written: &[Ref<Expr>],
        arguments: &[Traced],
        mut state: State,
    ) -> Solutions {
        if let ("object.get", [object, key, default]) = (name, arguments) {
            return Ok(vec![self.got(object, key, default, state)]);
        }
        let value = self.apply(name, function, written, arguments)?;
        if value == Value::Undefined {
            arguments.iter().for_each(|argument| self.test(&argument.origin, &mut state));
            return Ok(Vec::new());
        }
        if let ("walk", [whole]) = (name, arguments) {
            return Ok(walked(&value, whole).into_iter().map(|item| (item, state.clone())).collect());
        }
        let origin = self.rearranged(name, &value, arguments).unwrap_or_else(|| self.derived(arguments));
        Ok(vec![(Traced { value, origin }, state)])
    }

    fn apply(&mut self, name: &str, function: &Expr, written: &[Ref<Expr>], arguments: &[Traced]) -> Outcome<Value> {
        let (builtin, _) = BUILTINS.get(name).ok_or(Stop::Unknown)?;
        let values: Vec<Value> = arguments.iter().map(|argument| argument.value.clone()).collect();
        // a function that fails is undefined, as to the engines
        Ok(builtin(function.span(), written, &values, false).unwrap_or(Value::Undefined))
    }

    /// `object.get`: what is not there is looked for all the same, and so is what stands below it.
    fn got(&mut self, object: &Traced, key: &Traced, default: &Traced, mut state: State) -> (Traced, State) {
        let keys = match &key.value {
            Value::Array(keys) => keys.iter().cloned().collect(),
            key => vec![key.clone()],
        };
        let mut origin = object.origin.clone();
        let mut value = Some(object.value.clone());
        for key in &keys {
            value = value.filter(|value| matches!(value, Value::Object(_)) || keys.len() > 1);
            value = value.and_then(|value| member(&value, key));
            origin = origin.child(key);
        }
        let role = if value.is_some() { Role::Passed } else { Role::Tested };
        self.visit(origin.path(), role, &mut state);
        let traced = match value {
            Some(value) => Traced { value, origin },
            None if self.inner(default.origin.whole()).is_some() => default.clone(),
            None => Traced { value: default.value.clone(), origin },
        };
        (traced, state)
    }

    /// Where the members of a collection came from that a function made of others.
    fn rearranged(&self, name: &str, value: &Value, arguments: &[Traced]) -> Option<Origin> {
        let made = members(value);
        if made.is_empty() || made.len() > MOST_MEMBERS || matches!(name, "split" | "numbers.range") {
            return None;
        }
        let mut known: BTreeMap<Value, Origin> = BTreeMap::new();
        for argument in arguments {
            for (key, member) in members(&argument.value).into_iter().take(MOST_MEMBERS) {
                let origin = argument.origin.child(&key);
                if self.inner(origin.whole()).is_some() {
                    known.entry(member).or_insert(origin);
                }
            }
        }
        let parts: BTreeMap<Value, Origin> =
            made.into_iter().filter_map(|(key, member)| Some((key, known.get(&member)?.clone()))).collect();
        (!parts.is_empty()).then(|| Origin::composed(parts, None))
    }
}

/// The members of what `walk` gives: each a path and a value.
fn walked(value: &Value, whole: &Traced) -> Vec<Traced> {
    let item = |item: Value| {
        let path = member(&item, &Value::from(0_u64));
        let keys: Vec<Value> = path.iter().flat_map(members).map(|(_, key)| key).collect();
        let origin = keys.iter().fold(whole.origin.clone(), |origin, key| origin.child(key));
        let parts =
            BTreeMap::from([(Value::from(0_u64), Origin::derived(origin.whole(), None)), (Value::from(1_u64), origin)]);
        Traced { value: item, origin: Origin::composed(parts, None) }
    };
    members(value).into_iter().map(|(_, value)| item(value)).collect()
}
