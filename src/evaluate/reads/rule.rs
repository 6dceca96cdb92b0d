//! What rules come to: the members of sets, the values of functions, and what led to them.

use std::rc::Rc;

use regorus::Value;
use regorus::unstable::{Expr, Rule, RuleBody, RuleHead};

use super::path::{Origin, Traced};
use super::program::Definition;
use super::tracer::{Derived, Extent, Mark, Outcome, State, Stop, Tracer};
use super::trail::Role;

/// How deep rules may call each other.
const DEEPEST: usize = 40;

impl<'a> Tracer<'a> {
    /// What a rule that takes no arguments comes to.
    pub(super) fn extent(&mut self, rule: usize) -> Outcome<Rc<Extent>> {
        if let Some(extent) = self.extents.get(&rule) {
            let extent = Rc::clone(extent);
            // whoever asks again has read the same
            self.attempts.extend_from_slice(&extent.attempts);
            self.failures.extend_from_slice(&extent.failures);
            self.sought.extend_from_slice(&extent.sought);
            return Ok(extent);
        }
        let mark = self.mark();
        let most = std::mem::replace(&mut self.most, Role::Tested);
        let found = self.inside(|tracer| tracer.definitions_without_arguments(rule));
        self.most = most;
        let extent = Rc::new(Extent {
            found: found?,
            attempts: self.attempts[mark.attempts..].to_vec(),
            failures: self.failures[mark.failures..].to_vec(),
            sought: self.sought[mark.sought..].to_vec(),
        });
        self.extents.insert(rule, Rc::clone(&extent));
        Ok(extent)
    }

    fn inside<T>(&mut self, work: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        if self.depth >= DEEPEST {
            return Err(Stop::Unknown);
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        // a variable of the rule is none of its caller
        result.map_err(|_| Stop::Unknown)
    }

    fn definitions_without_arguments(&mut self, rule: usize) -> Outcome<Vec<Derived>> {
        let mark = self.mark();
        let mut found = Vec::new();
        for definition in self.program.definitions(rule) {
            let Definition { module, .. } = *definition;
            let Rule::Spec { head, bodies, .. } = self.program.rule(*definition) else { continue };
            match head {
                RuleHead::Set { key: Some(key), .. } => {
                    for state in self.first_body(module, bodies, &State::default())?.1 {
                        found.extend(self.member(module, key, &state)?);
                    }
                }
                RuleHead::Compr { refr, assign, .. }
                    if matches!(refr.as_ref(), Expr::Var { .. } | Expr::RefDot { .. }) =>
                {
                    let assign = assign.as_ref().map(|assign| &*assign.value);
                    found.extend(self.value_of(module, assign, bodies, State::default(), mark)?);
                }
                RuleHead::Func { args, assign, .. } if args.is_empty() => {
                    let assign = assign.as_ref().map(|assign| &*assign.value);
                    found.extend(self.value_of(module, assign, bodies, State::default(), mark)?);
                }
                RuleHead::Compr { refr, assign, .. } => {
                    let Expr::RefBrack { refr, index, .. } = refr.as_ref() else { return Err(Stop::Unknown) };
                    if !matches!(refr.as_ref(), Expr::Var { .. }) {
                        return Err(Stop::Unknown);
                    }
                    let value = assign.as_ref().map(|assign| &assign.value);
                    for state in self.first_body(module, bodies, &State::default())?.1 {
                        for (mut parts, state) in self.each(module, std::iter::once(index).chain(value), &state)? {
                            let key = parts.swap_remove(0);
                            let traced = parts.pop().unwrap_or_else(|| Traced::of(Value::from(true)));
                            found.push(Derived { key: Some(key), traced, trail: state.trail });
                        }
                    }
                }
                _ => return Err(Stop::Unknown),
            }
        }
        if found.is_empty() {
            found.extend(self.default_value(rule, mark)?);
        }
        Ok(found)
    }

    /// What a set gets from one solution. What is written in a head is told in the message.
    fn member(&mut self, module: usize, key: &'a Expr, state: &State) -> Outcome<Vec<Derived>> {
        let most = if matches!(key, Expr::Object { .. } | Expr::Call { .. }) { Role::Shown } else { self.most };
        let values = self.at_most(most, |tracer| tracer.evaluate(module, key, state));
        Ok(values?.into_iter().map(|(traced, state)| Derived { key: None, traced, trail: state.trail }).collect())
    }

    fn default_value(&mut self, rule: usize, mark: Mark) -> Outcome<Option<Derived>> {
        for definition in self.program.definitions(rule) {
            if let Rule::Default { value, args, .. } = self.program.rule(*definition)
                && args.is_empty()
            {
                let values = self.evaluate(definition.module, value, &State::default())?;
                let reason = self.reason(mark);
                return Ok(values.into_iter().next().map(|(value, state)| {
                    let origin = if value.origin.is_known() { value.origin } else { Origin::derived(reason, None) };
                    Derived { key: None, traced: Traced { value: value.value, origin }, trail: state.trail }
                }));
            }
        }
        Ok(None)
    }

    /// What a function gives for some arguments: the first value that one of its definitions comes to.
    pub(super) fn call(&mut self, rule: usize, arguments: &[Traced]) -> Outcome<Option<Derived>> {
        self.step()?;
        self.inside(|tracer| {
            let mark = tracer.mark();
            for definition in tracer.program.definitions(rule) {
                let Rule::Spec { head: RuleHead::Func { args, assign, .. }, bodies, .. } =
                    tracer.program.rule(*definition)
                else {
                    continue;
                };
                if args.len() != arguments.len() {
                    return Err(Stop::Unknown);
                }
                let mut states = vec![State::default()];
                for (pattern, argument) in args.iter().zip(arguments) {
                    let mut after = Vec::new();
                    for state in &states {
                        after.extend(tracer.unify(definition.module, pattern, argument, state)?);
                    }
                    states = after;
                }
                let assign = assign.as_ref().map(|assign| &*assign.value);
                for state in states {
                    let found = tracer.value_of(definition.module, assign, bodies, state, mark)?;
                    if let Some(first) = found.into_iter().next() {
                        return Ok(Some(first));
                    }
                }
            }
            tracer.default_value(rule, mark)
        })
    }

    /// The values of one definition.
    fn value_of(
        &mut self,
        module: usize,
        assigned: Option<&'a Expr>,
        bodies: &'a [RuleBody],
        state: State,
        mark: Mark,
    ) -> Outcome<Vec<Derived>> {
        let (number, states) = self.first_body(module, bodies, &state)?;
        let of_else = bodies.get(number).and_then(|body| body.assign.as_ref()).map(|assign| &*assign.value);
        let mut found = Vec::new();
        for state in states {
            let values = match of_else.or(assigned) {
                Some(value) => self.evaluate(module, value, &state)?,
                None => vec![(Traced::of(Value::from(true)), state)],
            };
            for (value, state) in values {
                // a value that is written out is given because of what was read, or of what is not there
                let because = || self.best(&state.trail).or_else(|| self.reason(mark));
                let origin = if value.origin.is_known() { value.origin } else { Origin::derived(because(), None) };
                found.push(Derived { key: None, traced: Traced { value: value.value, origin }, trail: state.trail });
            }
        }
        Ok(found)
    }

    /// The first body that holds, and how.
    fn first_body(&mut self, module: usize, bodies: &'a [RuleBody], state: &State) -> Outcome<(usize, Vec<State>)> {
        for (number, body) in bodies.iter().enumerate() {
            let states = self.query(module, &body.query, state.clone())?;
            if !states.is_empty() {
                return Ok((number, states));
            }
        }
        Ok((0, if bodies.is_empty() { vec![state.clone()] } else { Vec::new() }))
    }
}
