//! Conflict: rules that may have several values for one input, found in the text.
//!
//! To OPA such a rule is an error while it runs. The virtual machine takes one of the values, or none, and what
//! depends on the rule stays silent; the interpreter fails, and the object counts as not judged. So what reaches such a
//! rule is interpreted. In doubt a rule may conflict: that costs time, never a verdict.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;
use regorus::unstable::{AssignOp, Expr, Literal, Query, Ref, Rule, RuleHead};

use super::builtins;
use super::exclusive::exclusive;
use super::graph::{Graph, Names, name_of, own_names, written_path};
use super::module::Module;
use super::usage::{arguments, declared, pattern_variables, references};
use super::walk::{Child, children, expressions_of, in_rule};

/// One definition of a rule, with what its names mean.
#[derive(Clone, Copy)]
pub(super) struct Definition<'a> {
    /// The number of its module.
    pub(super) number: usize,
    /// Its module.
    pub(super) module: &'a Module,
    /// The names of its module.
    pub(super) names: &'a Names<'a>,
    /// The definition.
    pub(super) rule: &'a Rule,
}

impl Definition<'_> {
    /// Variables that have one value while the definition is evaluated, whatever its body does.
    pub(super) fn is_fixed(&self, name: &str) -> bool {
        let Rule::Spec { head, .. } = self.rule else { return false };
        name != "_"
            && (matches!(name, "input" | "data") || self.names.is_global(name) || arguments(head).contains(name))
    }
}

/// Which rules may have several values, and which depend on one that may.
pub(super) struct Conflicts {
    graph: Graph,
    /// All rules.
    paths: BTreeSet<Vec<String>>,
    affected: BTreeSet<usize>,
    /// Functions of several definitions of which one depends on a rule that may have several values.
    divided: BTreeSet<Vec<String>>,
}

impl Conflicts {
    /// Looks at all rules of all modules.
    pub(super) fn of(modules: &[Module]) -> Self {
        let own = own_names(modules);
        let names: Vec<Names<'_>> = modules.iter().map(|module| Names::of(module, &own[&module.package])).collect();
        let mut rules: BTreeMap<Vec<String>, Vec<Definition<'_>>> = BTreeMap::new();
        for (number, module) in modules.iter().enumerate() {
            for rule in module.syntax.policy.iter().filter(|rule| matches!(rule.as_ref(), Rule::Spec { .. })) {
                let path = module.package.iter().cloned().chain(written_path(name_of(rule))).collect();
                let definition = Definition { number, module, names: &names[number], rule };
                rules.entry(path).or_default().push(definition);
            }
        }
        let several = |path: &[String], definitions: &[Definition<'_>]| {
            definitions.iter().any(builds_conflicting_object)
                || several_values(definitions)
                || definitions.iter().any(|definition| is_computed(name_of(definition.rule)))
                    && rules.keys().any(|other| other.len() > path.len() && other.starts_with(path))
        };
        let graph = Graph::of(modules);
        let all = || {
            let numbered = modules.iter().enumerate();
            numbered.flat_map(|(number, module)| module.syntax.policy.iter().map(move |rule| (number, module, rule)))
        };
        let full = |module: &Module, rule: &Rule| -> Vec<String> {
            module.package.iter().cloned().chain(written_path(name_of(rule))).collect()
        };
        let mut paths: BTreeSet<Vec<String>> = all().map(|(_, module, rule)| full(module, rule)).collect();
        // a package is there even if no rule is in it
        paths.extend(modules.iter().map(|module| module.package.iter().cloned().chain([String::new()]).collect()));
        let unfit: Vec<Vec<String>> = all()
            .filter(|(number, _, rule)| machine_misreads(rule) || reads_extent(&paths, &names[*number], rule))
            .map(|(_, module, rule)| full(module, rule))
            .collect();
        let sources = rules.iter().filter(|(path, definitions)| several(path, definitions)).map(|(path, _)| path);
        let affected = graph.depending_on(sources.chain(&unfit));
        let divided = rules.iter().filter(|(_, definitions)| {
            definitions.len() > 1
                && matches!(definitions[0].rule, Rule::Spec { head: RuleHead::Func { .. }, .. })
                && definitions.iter().any(|definition| {
                    builds_conflicting_object(definition)
                        || may_have_no_answer(definition)
                        || graph.used_by(definition.names, definition.rule).iter().any(|used| affected.contains(used))
                })
        });
        let divided = divided.map(|(path, _)| path.clone()).collect();
        Self { graph, paths, affected, divided }
    }

    /// Whether a definition depends on a rule that may have several values.
    pub(super) fn reached_by(&self, names: &Names<'_>, number: usize, module: &Module, rule: &Rule) -> bool {
        builds_conflicting_object(&Definition { number, module, names, rule })
            || reads_extent(&self.paths, names, rule)
            || self.graph.used_by(names, rule).iter().any(|used| self.affected.contains(used))
    }

    /// Whether the interpreter would forget that a definition of a function failed, because another has a value.
    pub(super) fn is_divided(&self, path: &[String]) -> bool {
        self.divided.contains(path)
    }
}

/// Whether a definition calls a function that fails where it could not answer as OPA does.
fn may_have_no_answer(definition: &Definition<'_>) -> bool {
    references(definition.rule).iter().any(|reference| {
        reference.called
            && definition.names.resolve(reference).is_none()
            && builtins::arguments(&reference.path.join(".")).is_some()
    })
}

/// Whether a rule reads what lies above rules: `data.lib`, `data.lib[name]`. The virtual machine makes members there of
/// rules that are undefined, and misses some that are defined.
fn reads_extent(paths: &BTreeSet<Vec<String>>, names: &Names<'_>, rule: &Rule) -> bool {
    references(rule).iter().filter(|reference| !reference.called).any(|reference| {
        names.resolve(reference).is_some_and(|path| {
            paths.range(path.clone()..).take_while(|rule| rule.starts_with(&path)).any(|rule| rule.len() > path.len())
        })
    })
}

/// Whether the virtual machine gives a rule another value than OPA: a default that is computed, a default of a function
/// whose name has a dot, and a name with something behind what is computed in it, `m[k].n`.
fn machine_misreads(rule: &Rule) -> bool {
    match rule {
        Rule::Default { refr, args, value, .. } => {
            let function = !args.is_empty() && !matches!(refr.as_ref(), Expr::Var { .. });
            let computed =
                matches!(value.as_ref(), Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. });
            function || computed
        }
        Rule::Spec { .. } => match name_of(rule) {
            Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => is_computed(refr),
            _ => false,
        },
    }
}

/// Whether the name of a rule has a part that is computed: `m[k]`.
pub(super) fn is_computed(name: &Expr) -> bool {
    match name {
        Expr::Var { .. } => false,
        Expr::RefDot { refr, .. } => is_computed(refr),
        Expr::RefBrack { refr, index, .. } => {
            !matches!(index.as_ref(), Expr::String { .. } | Expr::RawString { .. }) || is_computed(refr)
        }
        _ => true,
    }
}

/// Whether all definitions of one rule together may give several values.
fn several_values(definitions: &[Definition<'_>]) -> bool {
    if let [definition] = definitions {
        return iterates_over_values(definition);
    }
    let constants: Vec<Option<Value>> = definitions.iter().map(one_constant).collect();
    let conflicting = |first: usize, second: usize| {
        (constants[first].is_none() || constants[first] != constants[second])
            && !exclusive(&definitions[first], &definitions[second])
    };
    definitions.iter().any(iterates_over_values)
        || (1..definitions.len()).any(|second| (0..second).any(|first| conflicting(first, second)))
}

/// A value of a definition, none for `true`, with the query under which it is.
struct Outcome<'a> {
    value: Option<&'a Ref<Expr>>,
    query: Option<&'a Query>,
}

fn outcomes<'a>(rule: &'a Rule) -> Vec<Outcome<'a>> {
    let Rule::Spec { head, bodies, .. } = rule else { return Vec::new() };
    let own = match head {
        RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => assign.as_ref().map(|assign| &assign.value),
        RuleHead::Set { .. } => return Vec::new(), // collects values
    };
    if bodies.is_empty() {
        return vec![Outcome { value: own, query: None }];
    }
    let mut found = Vec::new();
    for body in bodies {
        let query = Some(body.query.as_ref());
        found.push(Outcome { value: body.assign.as_ref().map_or(own, |assign| Some(&assign.value)), query });
        if body.is_else && body.assign.is_none() {
            found.push(Outcome { value: None, query }); // `true`, or the value of the head: both are looked at
        }
    }
    found
}

/// The value that a definition has if it has any, if that is written out.
fn one_constant(definition: &Definition<'_>) -> Option<Value> {
    let value = |outcome: Outcome<'_>| outcome.value.map_or(Some(Value::from(true)), |value| constant(value));
    let values = outcomes(definition.rule).into_iter().map(value).collect::<Option<BTreeSet<Value>>>()?;
    if values.len() == 1 { values.into_iter().next() } else { None }
}

/// Whether one definition alone may give several values: its body or its value iterates, and the value is not the same
/// whatever the iteration is at.
fn iterates_over_values(definition: &Definition<'_>) -> bool {
    let name = name_of(definition.rule);
    outcomes(definition.rule).iter().any(|Outcome { value, query }| {
        let Some(value) = value.filter(|value| constant(value).is_none()) else { return false };
        if let (Expr::RefBrack { refr, index, .. }, Some(query)) = (name, query)
            && !is_computed(refr)
            && has_one_value_per_key(definition, index, value, query)
        {
            return false;
        }
        let assigned = query.map(assigned).unwrap_or_default();
        let local = query.map(declared).unwrap_or_default();
        let single = |name: &str| definition.is_fixed(name) || assigned.contains(name);
        let fixed = |name: &str| definition.is_fixed(name) && !local.contains(name);
        let in_body = iterates(name, &single) || query.is_some_and(|query| query_iterates(query, &single));
        iterates(value, &single) || (in_body && !only(value, &fixed))
    })
}

/// The variables that `:=` gives a value in a query.
fn assigned(query: &Query) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for statement in &query.stmts {
        if let Literal::Expr { expr, .. } = &statement.literal
            && let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = expr.as_ref()
        {
            pattern_variables(lhs, &mut found);
        }
    }
    found.remove("_");
    found
}

/// Whether a query may hold in several ways. `single` tells which variables have one value only.
fn query_iterates(query: &Query, single: &dyn Fn(&str) -> bool) -> bool {
    query.stmts.iter().any(|statement| {
        matches!(statement.literal, Literal::SomeVars { .. } | Literal::SomeIn { .. })
            || expressions_of(statement).into_iter().any(|expression| iterates(expression, single))
    })
}

/// Whether an expression may have several values: a variable that nothing else binds stands in brackets, or `walk` is
/// named. Comprehensions have one value.
pub(super) fn iterates(expression: &Expr, single: &dyn Fn(&str) -> bool) -> bool {
    match expression {
        Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. } => return false,
        Expr::Var { span, .. } if span.text() == "walk" => return true,
        Expr::RefBrack { index, .. } if !only(index, single) => return true,
        _ => {}
    }
    let mut found = false;
    children(expression, &mut |child| {
        if let Child::Expression(child) = child {
            found |= iterates(child, single);
        }
    });
    found
}

/// Whether every variable of an expression is one of those, those inside comprehensions included.
pub(super) fn only(expression: &Expr, those: &dyn Fn(&str) -> bool) -> bool {
    match expression {
        Expr::Var { span, .. } => return those(span.text()),
        Expr::Call { params, .. } => return params.iter().all(|param| only(param, those)),
        _ => {}
    }
    let mut all = true;
    children(expression, &mut |child| {
        all &= match child {
            Child::Expression(child) => only(child, those),
            Child::Body(query) => query.stmts.iter().all(|statement| {
                !matches!(statement.literal, Literal::Every { .. })
                    && expressions_of(statement).into_iter().all(|expression| only(expression, those))
            }),
        };
    });
    all
}

/// The value of an expression that is written out.
pub(super) fn constant(expression: &Expr) -> Option<Value> {
    match expression {
        Expr::String { value, .. }
        | Expr::RawString { value, .. }
        | Expr::Number { value, .. }
        | Expr::Bool { value, .. }
        | Expr::Null { value, .. } => Some(value.clone()),
        Expr::Array { items, .. } => {
            items.iter().map(|item| constant(item)).collect::<Option<Vec<_>>>().map(Value::from)
        }
        Expr::Set { items, .. } => {
            items.iter().map(|item| constant(item)).collect::<Option<BTreeSet<_>>>().map(Value::from)
        }
        Expr::Object { fields, .. } => fields
            .iter()
            .map(|(_, key, value)| Some((constant(key)?, constant(value)?)))
            .collect::<Option<BTreeMap<_, _>>>()
            .map(Value::from),
        _ => None,
    }
}

/// Whether a definition builds an object, by a comprehension or as `m[k] := v`, that may have two values for one key.
fn builds_conflicting_object(definition: &Definition<'_>) -> bool {
    let mut found = false;
    in_rule(definition.rule, &mut |expression| {
        if let Expr::ObjectCompr { key, value, query, .. } = expression {
            found |= !has_one_value_per_key(definition, key, value, query);
        }
    });
    found
}

fn has_one_value_per_key(definition: &Definition<'_>, key: &Expr, value: &Expr, query: &Query) -> bool {
    let mut keys = BTreeSet::new();
    if let Expr::Var { .. } | Expr::Array { .. } = key {
        pattern_variables(key, &mut keys);
    }
    keys.remove("_");
    let local = declared(query);
    let by_key = |name: &str| keys.contains(name) || (definition.is_fixed(name) && !local.contains(name));
    if constant(value).is_some() || (only(value, &by_key) && !iterates(value, &by_key)) {
        return true;
    }
    // `{k: … | some k, v in …}`, where nothing else iterates
    let mut bound = assigned(query);
    let mut loops = 0;
    let mut rest = true;
    for statement in &query.stmts {
        if let Literal::SomeIn { key: Some(index), value, .. } = &statement.literal
            && let Expr::Var { span, .. } = index.as_ref()
            && keys.contains(span.text())
        {
            loops += 1;
            pattern_variables(index, &mut bound);
            pattern_variables(value, &mut bound);
        } else {
            rest &= !matches!(statement.literal, Literal::SomeVars { .. } | Literal::SomeIn { .. });
        }
    }
    bound.remove("_");
    let single = |name: &str| bound.contains(name) || (definition.is_fixed(name) && !local.contains(name));
    let mut inside = query.stmts.iter().flat_map(expressions_of).filter(|found| !is_pattern(found, query));
    rest && loops <= 1
        && !iterates(key, &single)
        && !iterates(value, &single)
        && !inside.any(|found| iterates(found, &single))
}

/// Whether an expression is what a `some … in` binds.
fn is_pattern(expression: &Ref<Expr>, query: &Query) -> bool {
    query.stmts.iter().any(|statement| match &statement.literal {
        Literal::SomeIn { key, value, .. } => {
            key.iter().chain([value]).any(|pattern| std::ptr::eq(pattern.as_ref(), expression.as_ref()))
        }
        _ => false,
    })
}
