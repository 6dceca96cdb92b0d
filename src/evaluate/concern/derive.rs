//! Deriving a concern: what must hold of the kind of an object wherever a rule has a result.
//!
//! A body is a conjunction, the definitions of a rule are alternatives. What is negated, stands in `every`, or is
//! evaluated with another input proves nothing.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{AssignOp, Expr, Literal, Query, Rule, RuleAssign, RuleHead};

use super::Concern;
use super::known::{Known, texts_of};
use super::reach::Demand;
use crate::evaluate::closure::Asked;
use crate::evaluate::conflict::{constant, is_computed};
use crate::evaluate::graph::{Names, name_of, written_path};
use crate::evaluate::module::Module;
use crate::evaluate::usage::{arguments, declared};

/// How deep rules may use each other, and how many expressions are looked at for one rule.
const MAX_DEPTH: usize = 24;
const MAX_STEPS: usize = 20_000;

/// All rules of some modules, ready to be asked.
pub(in crate::evaluate) struct Derivation<'a> {
    pub(super) names: Vec<Names<'a>>,
    pub(super) definitions: BTreeMap<Vec<String>, Vec<(usize, &'a Rule)>>,
    asked: Asked,
    known: RefCell<BTreeMap<(Vec<String>, Demand), Concern>>,
    steps: Cell<usize>,
}

/// What the names of a body mean.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    /// The number of its module.
    pub(super) module: usize,
    /// Variables, those of which nothing is known included.
    pub(super) variables: BTreeMap<String, Known>,
    /// What some of them are assigned.
    pub(super) assigned: BTreeMap<String, &'a Expr>,
    /// How many rules and variables led here.
    pub(super) depth: usize,
}

impl<'a> Derivation<'a> {
    /// Prepares. `own` is what `own_names` says of the modules.
    pub(in crate::evaluate) fn of(
        modules: &'a [Module],
        own: &'a BTreeMap<Vec<String>, BTreeSet<String>>,
        asked: Asked,
    ) -> Self {
        let mut definitions: BTreeMap<Vec<String>, Vec<(usize, &Rule)>> = BTreeMap::new();
        for (number, module) in modules.iter().enumerate() {
            for rule in &module.syntax.policy {
                let path = module.package.iter().cloned().chain(written_path(name_of(rule))).collect();
                definitions.entry(path).or_default().push((number, rule));
            }
        }
        let names = modules.iter().map(|module| Names::of(module, &own[&module.package])).collect();
        Self { names, definitions, asked, known: RefCell::default(), steps: Cell::new(0) }
    }

    /// The objects about which one definition, that of a set, can have a member.
    pub(in crate::evaluate) fn concern(&self, module: usize, rule: &'a Rule) -> Concern {
        self.steps.set(0);
        self.definition(module, rule, &[], Demand::Defined, 0)
    }

    /// The objects for which a rule is what is demanded of it.
    pub(super) fn rule(&self, path: &[String], demand: Demand, scope: &Scope<'a>) -> Concern {
        let key = (path.to_vec(), demand);
        if let Some(concern) = self.known.borrow().get(&key) {
            return concern.clone();
        }
        let concern = self.call(path, &[], demand, scope);
        if !self.is_exhausted(scope.depth) {
            self.known.borrow_mut().insert(key, concern.clone());
        }
        concern
    }

    /// The same for a function, or a rule, with what is known of its arguments.
    pub(super) fn call(&self, path: &[String], given: &[Known], demand: Demand, scope: &Scope<'a>) -> Concern {
        let Some(definitions) = self.definitions.get(path) else { return Concern::Any };
        let collects =
            |rule: &Rule| matches!(rule, Rule::Spec { head: RuleHead::Set { .. }, .. }) || is_computed(name_of(rule));
        // what collects is there, if empty, and holds
        if self.is_exhausted(scope.depth)
            || demand != Demand::Filled && definitions.iter().any(|(_, rule)| collects(rule))
        {
            return Concern::Any;
        }
        let of_each = definitions.iter().map(|(module, rule)| match rule {
            Rule::Default { value, .. } => self.constant_is(value, demand),
            Rule::Spec { .. } => self.definition(*module, rule, given, demand, scope.depth + 1),
        });
        of_each.fold(Concern::NONE, Concern::or)
    }

    fn constant_is(&self, value: &Expr, demand: Demand) -> Concern {
        match (value, demand) {
            (Expr::Bool { value, .. }, Demand::True) if *value == regorus::Value::from(false) => Concern::NONE,
            _ => Concern::Any,
        }
    }

    fn definition(&self, module: usize, rule: &'a Rule, given: &[Known], demand: Demand, depth: usize) -> Concern {
        let Rule::Spec { head, bodies, .. } = rule else { return Concern::Any };
        let names = arguments(head).into_iter().map(|name| (name, Known::Nothing));
        let mut scope = Scope { module, variables: names.collect(), assigned: BTreeMap::new(), depth };
        let fits = self.bind(head, given, &mut scope);
        if bodies.is_empty() {
            return fits.and(self.head(head, own_value(head), demand, &scope));
        }
        let of_bodies = bodies.iter().map(|body| {
            let mut scope = scope.clone();
            let concern = self.query(&body.query, &mut scope);
            // of an `else` without a value it depends on the head which one it has
            let value = body.assign.as_ref().or_else(|| own_value(head).filter(|_| !body.is_else));
            concern.and(self.head(head, value, demand, &scope))
        });
        fits.and(of_bodies.fold(Concern::NONE, Concern::or))
    }

    /// Gives arguments their values. Where an argument is a constant, the value must be that.
    fn bind(&self, head: &'a RuleHead, given: &[Known], scope: &mut Scope<'a>) -> Concern {
        let RuleHead::Func { args, .. } = head else { return Concern::Any };
        let mut fits = Concern::Any;
        for (argument, value) in args.iter().zip(given) {
            match argument.as_ref() {
                Expr::Var { span, .. } => drop(scope.variables.insert(span.text().to_owned(), value.clone())),
                argument => {
                    if let Some(wanted) = constant(argument) {
                        fits = fits.and(self.equal(value, &Known::value(wanted)));
                    }
                }
            }
        }
        fits
    }

    fn head(&self, head: &'a RuleHead, value: Option<&'a RuleAssign>, demand: Demand, scope: &Scope<'a>) -> Concern {
        match (head, value) {
            (RuleHead::Set { key: Some(key), .. }, _) => self.reach(key, Demand::Defined, scope),
            (RuleHead::Compr { refr, .. }, Some(value)) if is_computed(refr) => {
                self.reach(&value.value, Demand::Defined, scope)
            }
            (RuleHead::Compr { .. } | RuleHead::Func { .. }, Some(value)) => self.reach(&value.value, demand, scope),
            _ => Concern::Any,
        }
    }

    /// What must be so for a query to hold. The scope gets its variables.
    pub(super) fn query(&self, query: &'a Query, scope: &mut Scope<'a>) -> Concern {
        self.variables(query, scope);
        let statements = query.stmts.iter().filter(|statement| statement.with_mods.is_empty());
        let of_each = statements.map(|statement| match &statement.literal {
            Literal::Expr { expr, .. } => self.reach(expr, Demand::True, scope),
            Literal::SomeIn { collection, .. } => self.reach(collection, Demand::Filled, scope),
            Literal::SomeVars { .. } | Literal::NotExpr { .. } | Literal::Every { .. } => Concern::Any,
        });
        of_each.fold(Concern::Any, Concern::and)
    }

    /// What the variables of a query are, as far as that is said in it.
    pub(super) fn variables(&self, query: &'a Query, scope: &mut Scope<'a>) {
        for name in declared(query) {
            scope.assigned.remove(&name);
            scope.variables.insert(name, Known::Nothing);
        }
        for statement in query.stmts.iter().filter(|statement| statement.with_mods.is_empty()) {
            match &statement.literal {
                Literal::Expr { expr, .. } => match expr.as_ref() {
                    Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } => self.learn(lhs, rhs, scope),
                    Expr::AssignExpr { op: AssignOp::Eq, lhs, rhs, .. } => {
                        self.learn(lhs, rhs, scope);
                        self.learn(rhs, lhs, scope);
                    }
                    _ => {}
                },
                Literal::SomeIn { key: None, value, collection, .. } => {
                    if let (Expr::Var { span, .. }, Some(members)) =
                        (value.as_ref(), self.known(collection, scope).members())
                    {
                        scope.variables.insert(span.text().to_owned(), Known::OneOf(members));
                    }
                }
                _ => {}
            }
        }
    }

    fn learn(&self, variable: &'a Expr, value: &'a Expr, scope: &mut Scope<'a>) {
        let Expr::Var { span, .. } = variable else { return };
        let name = span.text();
        let is_local = match scope.variables.get(name) {
            Some(known) => *known == Known::Nothing,
            None => !matches!(name, "input" | "data" | "_") && !self.names[scope.module].is_global(name),
        };
        if is_local && name != "_" {
            let known = self.known(value, scope);
            scope.assigned.insert(name.to_owned(), value);
            scope.variables.insert(name.to_owned(), known);
        }
    }

    /// Those objects for which two values can be the same.
    pub(super) fn equal(&self, one: &Known, other: &Known) -> Concern {
        match (one, other) {
            (Known::Input(path), Known::OneOf(values)) | (Known::OneOf(values), Known::Input(path)) => {
                self.place(path).map_or(Concern::Any, |place| place.is_one_of(texts_of(values)))
            }
            _ => match (one.texts(), other.texts()) {
                (Some(one), Some(other)) if one.is_disjoint(&other) => Concern::NONE,
                _ => Concern::Any,
            },
        }
    }

    /// What lies at a path of the input, if an object tells its kind there.
    pub(super) fn place(&self, path: &[String]) -> Option<Place> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (self.asked, path.as_slice()) {
            (Asked::Messages, ["kind"])
            | (Asked::Violations, ["review", "kind", "kind"] | ["review", "object", "kind"]) => Some(Place::Kind),
            (Asked::Messages, ["apiVersion"]) | (Asked::Violations, ["review", "object", "apiVersion"]) => {
                Some(Place::Version)
            }
            _ => None,
        }
    }

    /// Counts, and tells whether it is enough.
    pub(super) fn is_exhausted(&self, depth: usize) -> bool {
        self.steps.set(self.steps.get() + 1);
        depth > MAX_DEPTH || self.steps.get() > MAX_STEPS
    }

    /// What is known of the value of a rule.
    pub(super) fn value_of(&self, path: &[String], scope: &Scope<'a>) -> Known {
        let Some(definitions) = self.definitions.get(path) else { return Known::Nothing };
        let mut found: Option<Known> = None;
        let mut keys = BTreeSet::new();
        for (module, rule) in definitions {
            if self.is_exhausted(scope.depth) || is_computed(name_of(rule)) {
                return Known::Nothing;
            }
            let value = match rule {
                Rule::Default { value, args, .. } if args.is_empty() => constant(value).map(Known::value),
                Rule::Spec { head: RuleHead::Set { key: Some(key), .. }, .. } => match constant(key) {
                    Some(key) => {
                        keys.insert(key);
                        continue;
                    }
                    None => None,
                },
                Rule::Spec { head: head @ RuleHead::Compr { .. }, bodies, .. } => {
                    let new = || Scope {
                        module: *module,
                        variables: BTreeMap::new(),
                        assigned: BTreeMap::new(),
                        depth: scope.depth + 1,
                    };
                    let written = |value: Option<&'a RuleAssign>, scope: &Scope<'a>| {
                        value.map_or_else(|| Known::value(true.into()), |value| self.known(&value.value, scope))
                    };
                    if bodies.is_empty() {
                        Some(written(own_value(head), &new()))
                    } else {
                        let each = bodies.iter().map(|body| {
                            let mut scope = new();
                            self.variables(&body.query, &mut scope);
                            match &body.assign {
                                None if body.is_else => Known::Nothing,
                                assign => written(assign.as_ref().or(own_value(head)), &scope),
                            }
                        });
                        each.reduce(Known::or)
                    }
                }
                _ => None,
            };
            let Some(value) = value else { return Known::Nothing };
            found = Some(match found {
                Some(found) => found.or(value),
                None => value,
            });
        }
        match found {
            Some(found) if keys.is_empty() => found,
            None if !keys.is_empty() => Known::value(regorus::Value::from(keys)),
            _ => Known::Nothing,
        }
    }
}

/// The value that a head is assigned.
fn own_value(head: &RuleHead) -> Option<&RuleAssign> {
    match head {
        RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => assign.as_ref(),
        RuleHead::Set { .. } => None,
    }
}

/// Where an object tells what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Kind,
    Version,
}

impl Place {
    pub(super) fn is_one_of(self, texts: BTreeSet<String>) -> Concern {
        match self {
            Self::Kind => Concern::kinds(texts),
            Self::Version => Concern::versions(texts),
        }
    }
}
