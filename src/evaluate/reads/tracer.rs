//! A tracer evaluates rules once more, by the syntax tree, and knows where in the input each value came from.
//!
//! It is slow and knows less than the engines, so it decides nothing: it is believed only where it comes to a message
//! that an engine came to. What it does not know ends its work ([`Stop::Unknown`]).

use std::collections::BTreeMap;
use std::rc::Rc;

use regorus::Value;
use regorus::unstable::{Expr, Literal, LiteralStmt, Query};

use super::path::{Origin, Path, Traced, members, nearest_or_deepest};
use super::program::Program;
use super::trail::{Read, Role, Trail};
use crate::evaluate::graph::{Names, written_path};
use crate::evaluate::usage::declared;
use crate::evaluate::walk::{below, expressions_of};

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A variable has no value yet: another statement gives it one.
    Unbound,
    /// Something that this evaluator does not know, or too much work.
    Unknown,
}

pub(super) type Outcome<T> = Result<T, Stop>;

/// Every way in which something comes to a value.
pub(super) type Solutions = Outcome<Vec<(Traced, State)>>;

/// What holds on the way to one solution.
#[derive(Clone, Default)]
pub(super) struct State {
    variables: Rc<BTreeMap<String, Traced>>,
    pub(super) trail: Trail,
}

impl State {
    pub(super) fn get(&self, name: &str) -> Option<&Traced> {
        self.variables.get(name)
    }

    pub(super) fn bind(&mut self, name: &str, value: Traced) {
        if name != "_" {
            Rc::make_mut(&mut self.variables).insert(name.to_owned(), value);
        }
    }

    fn forget(&mut self, name: &str) {
        if self.variables.contains_key(name) {
            Rc::make_mut(&mut self.variables).remove(name);
        }
    }

    /// The same variables, and nothing read yet.
    pub(super) fn fresh(&self) -> Self {
        Self { variables: Rc::clone(&self.variables), trail: Trail::default() }
    }
}

/// A member of a set, or the value of a rule, and what led to it.
#[derive(Clone)]
pub(super) struct Derived {
    /// The key of a member of a rule that is an object.
    pub(super) key: Option<Traced>,
    pub(super) traced: Traced,
    pub(super) trail: Trail,
}

/// A statement that did not hold.
#[derive(Clone)]
pub(super) struct Failure {
    path: Option<Path>,
    /// It read that itself, and not only what came before it.
    itself: bool,
}

/// Everything a rule came to for this input.
pub(super) struct Extent {
    pub(super) found: Vec<Derived>,
    pub(super) attempts: Vec<Read>,
    pub(super) failures: Vec<Failure>,
    pub(super) sought: Vec<Path>,
}

/// How much was attempted at some moment.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) attempts: usize,
    pub(super) failures: usize,
    pub(super) sought: usize,
}

pub(super) struct Tracer<'a> {
    pub(super) program: &'a Program,
    pub(super) names: Vec<Names<'a>>,
    pub(super) input: Traced,
    pub(super) data: &'a Value,
    /// Where in the input the object stands.
    pub(super) object: &'a [&'a str],
    steps: usize,
    pub(super) depth: usize,
    /// Everything that was read, on whatever way.
    pub(super) attempts: Vec<Read>,
    /// Why statements did not hold.
    pub(super) failures: Vec<Failure>,
    /// What was looked for in something computed, and is not there: that is why, whatever the other was computed from.
    pub(super) sought: Vec<Path>,
    /// What the values that are read can be for at most.
    pub(super) most: Role,
    pub(super) extents: BTreeMap<usize, Rc<Extent>>,
}

impl<'a> Tracer<'a> {
    pub(super) fn new(
        program: &'a Program,
        input: &'a Value,
        data: &'a Value,
        object: &'a [&'a str],
        steps: usize,
    ) -> Self {
        Self {
            program,
            names: program.names(),
            input: Traced { value: input.clone(), origin: Origin::at(Path::root()) },
            data,
            object,
            steps,
            depth: 0,
            attempts: Vec::new(),
            failures: Vec::new(),
            sought: Vec::new(),
            most: Role::Tested,
            extents: BTreeMap::new(),
        }
    }

    pub(super) fn step(&mut self) -> Outcome<()> {
        self.steps = self.steps.checked_sub(1).ok_or(Stop::Unknown)?;
        Ok(())
    }

    // ── what is read ──────────────────────────────────────────────────────────────────────────────────────────

    fn read(&mut self, path: &Path, role: Role) -> Option<Read> {
        let path = path.below(self.object)?;
        let role = role.min(self.most);
        let read = Read { path, role };
        self.attempts.push(read.clone());
        Some(read)
    }

    /// Does something of which nothing depends on more than it does here.
    pub(super) fn at_most<T>(&mut self, most: Role, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.most;
        self.most = before.min(most);
        let result = work(self);
        self.most = before;
        result
    }

    /// A place was looked at on the way to a solution.
    pub(super) fn visit(&mut self, path: Option<&Path>, role: Role, state: &mut State) {
        if let Some(read) = path.and_then(|path| self.read(path, role)) {
            state.trail.push(read);
        }
    }

    /// A value of the object is not in something that was computed.
    pub(super) fn seek(&mut self, origin: &Origin, within: &Origin) {
        if within.path().is_none()
            && let Some(path) = origin.whole().and_then(|path| path.below(self.object))
        {
            self.sought.push(path);
        }
    }

    /// Nothing stands there.
    pub(super) fn miss(&mut self, path: &Path) {
        self.read(path, Role::Tested);
    }

    /// A condition depends on a value.
    pub(super) fn test(&mut self, origin: &Origin, state: &mut State) {
        self.visit(origin.whole().as_ref(), Role::Tested, state);
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { attempts: self.attempts.len(), failures: self.failures.len(), sought: self.sought.len() }
    }

    fn failed(&mut self, since: Mark, state: &State) {
        if self.failures.len() > since.failures {
            return; // something inside of it is known to have failed
        }
        let reads = self.attempts[since.attempts..].iter();
        let itself: Vec<Failure> = reads.map(|read| Failure { path: Some(read.path.clone()), itself: true }).collect();
        match itself.is_empty() {
            true => self.failures.push(Failure { path: state.trail.best(), itself: false }),
            false => self.failures.extend(itself),
        }
    }

    /// The place that something failed for, as the input has it, and whether it is certain that it is that.
    fn failure(&self, since: Mark) -> Option<(Path, Role)> {
        if let sought @ [_, ..] = &self.sought[since.sought..] {
            return Some((self.in_input(&nearest_or_deepest(sought)?)?, Role::Tested));
        }
        let failures = &self.failures[since.failures..];
        let of = |itself: bool| -> Vec<Path> {
            failures
                .iter()
                .filter(|failure| failure.itself == itself)
                .filter_map(|failure| failure.path.clone())
                .collect()
        };
        let (paths, role) = match (failures.is_empty(), of(true)) {
            (true, _) => (self.attempts[since.attempts..].iter().map(|read| read.path.clone()).collect(), Role::Tested),
            (false, certain) if certain.is_empty() => (of(false), Role::Passed),
            (false, certain) => (certain, Role::Tested),
        };
        let leaf = |path: &&Path| {
            let longer = |other: &Path| other != *path && other.parts().starts_with(path.parts());
            !paths.iter().any(longer)
        };
        // what led to a place that was read as well tells nothing more
        let leaves: Vec<Path> =
            if paths.len() > MOST_REASONS { paths.clone() } else { paths.iter().filter(leaf).cloned().collect() };
        Some((self.in_input(&nearest_or_deepest(&leaves)?)?, role))
    }

    /// The place that something failed for. The whole of it, as the input has it.
    pub(super) fn reason(&self, since: Mark) -> Option<Path> {
        self.failure(since).map(|(path, _)| path)
    }

    fn in_input(&self, path: &Path) -> Option<Path> {
        let keys = self.object.iter().map(|key| (*key).to_owned()).chain(path.parts().iter().cloned());
        keys.map(|key| Value::from(key.as_str())).try_fold(Path::root(), |path, key| path.child(&key))
    }

    /// The place that matters most on a trail, as the input has it.
    pub(super) fn best(&self, trail: &Trail) -> Option<Path> {
        self.in_input(&trail.best()?)
    }

    // ── queries ───────────────────────────────────────────────────────────────────────────────────────────────

    /// All ways in which the statements of a query hold together.
    pub(super) fn query(&mut self, module: usize, query: &'a Query, mut state: State) -> Outcome<Vec<State>> {
        declared(query).iter().for_each(|name| state.forget(name));
        let mut pending: Vec<&'a LiteralStmt> = query.stmts.iter().collect();
        let mut states = vec![state];
        while !pending.is_empty() && !states.is_empty() {
            let mut next = None;
            for (position, statement) in pending.iter().enumerate() {
                if position + 1 < pending.len() && !self.is_ready(module, &pending, position, &states[0]) {
                    continue;
                }
                match self.in_each(module, statement, &states) {
                    Err(Stop::Unbound) => {}
                    result => {
                        next = Some((position, result?));
                        break;
                    }
                }
            }
            let (position, after) = next.ok_or(Stop::Unbound)?;
            pending.remove(position);
            states = after;
        }
        Ok(states)
    }

    fn in_each(&mut self, module: usize, statement: &'a LiteralStmt, states: &[State]) -> Outcome<Vec<State>> {
        let mut all = Vec::new();
        for state in states {
            self.step()?;
            let mark = self.mark();
            let after = self.statement(module, statement, state).inspect_err(|_| {
                self.attempts.truncate(mark.attempts);
                self.failures.truncate(mark.failures);
                self.sought.truncate(mark.sought);
            })?;
            match after.is_empty() {
                true => self.failed(mark, state),
                false => self.sought.truncate(mark.sought), // it was found, or was not to be there
            }
            all.extend(after);
        }
        Ok(all)
    }

    /// A negation has to wait for the variables that another statement gives a value to.
    fn is_ready(&self, module: usize, pending: &[&LiteralStmt], position: usize, state: &State) -> bool {
        let Literal::NotExpr { expr, .. } = &pending[position].literal else { return true };
        let mut waiting = false;
        below(expr, &mut |expression| {
            let Expr::Var { span, .. } = expression else { return };
            let name = span.text();
            if name != "_" && state.get(name).is_none() && !self.is_global(module, name) {
                let others = pending.iter().enumerate().filter(|(other, _)| *other != position);
                waiting |= others.map(|(_, statement)| *statement).any(|statement| mentions(statement, name));
            }
        });
        !waiting
    }

    pub(super) fn is_global(&self, module: usize, name: &str) -> bool {
        matches!(name, "input" | "data") || self.names[module].is_global(name)
    }

    fn statement(&mut self, module: usize, statement: &'a LiteralStmt, state: &State) -> Outcome<Vec<State>> {
        match statement.with_mods.as_slice() {
            [] => self.literal(module, &statement.literal, state),
            [modifier] if written_path(&modifier.refr) == ["input"] => {
                let mut found = Vec::new();
                for (input, state) in self.evaluate(module, &modifier.r#as, state)? {
                    let input = std::mem::replace(&mut self.input, input);
                    let extents = std::mem::take(&mut self.extents);
                    let states = self.literal(module, &statement.literal, &state);
                    (self.input, self.extents) = (input, extents);
                    found.extend(states?);
                }
                Ok(found)
            }
            _ => Err(Stop::Unknown),
        }
    }

    fn literal(&mut self, module: usize, literal: &'a Literal, state: &State) -> Outcome<Vec<State>> {
        Ok(match literal {
            Literal::SomeVars { .. } => vec![state.clone()],
            Literal::Expr { expr, .. } => self.holds(module, expr, state)?,
            Literal::NotExpr { expr, .. } => self.negated(module, expr, state)?,
            Literal::SomeIn { key, value, collection, .. } => {
                let mut found = Vec::new();
                for (collection, state) in self.evaluate(module, collection, state)? {
                    for (at, member) in members(&collection.value) {
                        self.step()?;
                        let member = Traced { value: member, origin: collection.origin.child(&at) };
                        let mut state = state.clone();
                        self.visit(member.origin.whole().as_ref(), Role::Passed, &mut state);
                        let states = match key {
                            Some(key) => {
                                let at = Traced { origin: collection.origin.key(&at), value: at };
                                self.unify(module, key, &at, &state)?
                            }
                            None => vec![state],
                        };
                        for state in states {
                            found.extend(self.unify(module, value, &member, &state)?);
                        }
                    }
                }
                found
            }
            Literal::Every { key, value, domain, query, .. } => {
                let mut found = Vec::new();
                for (domain, state) in self.evaluate(module, domain, state)? {
                    let mut all = true;
                    for (at, member) in members(&domain.value) {
                        let mut inner = state.fresh();
                        if let Some(key) = key {
                            let key_origin = domain.origin.key(&at);
                            inner.bind(key.text(), Traced { value: at.clone(), origin: key_origin });
                        }
                        inner.bind(value.text(), Traced { value: member, origin: domain.origin.child(&at) });
                        if self.query(module, query, inner)?.is_empty() {
                            all = false;
                            break;
                        }
                    }
                    if all {
                        found.push(state);
                    }
                }
                found
            }
        })
    }

    /// The ways in which an expression is something else than false.
    fn holds(&mut self, module: usize, expression: &'a Expr, state: &State) -> Outcome<Vec<State>> {
        if let Expr::AssignExpr { lhs, rhs, .. } = expression {
            return self.assign(module, lhs, rhs, state);
        }
        let mut found = Vec::new();
        for (value, mut state) in self.evaluate(module, expression, state)? {
            self.test(&value.origin, &mut state);
            if value.value != Value::from(false) {
                found.push(state);
            }
        }
        Ok(found)
    }

    fn negated(&mut self, module: usize, expression: &'a Expr, state: &State) -> Outcome<Vec<State>> {
        let mark = self.mark();
        if !self.holds(module, expression, &state.fresh())?.is_empty() {
            return Ok(Vec::new());
        }
        let mut state = state.clone();
        if let Some((path, mut role)) = self.failure(mark) {
            if is_exemption(expression) {
                role = Role::Passed; // who is exempt says nothing of what is wrong
            }
            self.visit(Some(&path), role, &mut state);
        }
        Ok(vec![state])
    }
}

/// More places than these are not compared with each other.
const MOST_REASONS: usize = 200;

/// Words in the names of rules that let something pass for what it is, and not for what it does.
const EXEMPTIONS: [&str; 5] = ["exempt", "except", "exclude", "ignore", "skip"];

fn is_exemption(expression: &Expr) -> bool {
    let name = match expression {
        Expr::Call { fcn, .. } => fcn,
        other => return written_path(other).iter().any(|part| is_exempting(part)),
    };
    written_path(name).iter().any(|part| is_exempting(part))
}

fn is_exempting(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    EXEMPTIONS.iter().any(|word| name.contains(word))
}

fn mentions(statement: &LiteralStmt, name: &str) -> bool {
    if matches!(statement.literal, Literal::NotExpr { .. }) {
        return false;
    }
    let mut found = false;
    for expression in expressions_of(statement) {
        below(expression, &mut |expression| {
            found |= matches!(expression, Expr::Var { span, .. } if span.text() == name);
        });
    }
    found
}
