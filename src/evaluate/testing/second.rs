//! A second opinion: tests that the virtual machine can run as well, on the texts that it judges by.
//!
//! It has no `with`. Where all that a test replaces is the input, by a value that is written out, that is set before,
//! and taken from the text.

use std::collections::BTreeMap;

use regorus::languages::rego::compiler::Compiler;
use regorus::unstable::{Literal, Query, Rule};
use regorus::{Engine, Value};

use super::find::{self, Found};
use super::variant::{collecting, edited, entry};
use crate::evaluate::EvaluationLimits;
use crate::evaluate::closure::{Asked as Reporting, prepare};
use crate::evaluate::conflict::{Conflicts, constant, only};
use crate::evaluate::edit::Edit;
use crate::evaluate::graph::{Names, own_names, written_path};
use crate::evaluate::machine::{new_engine, virtual_machine};
use crate::evaluate::module::Module;
use crate::evaluate::usage::declared;
use crate::evaluate::walk::expressions_of;

/// Texts for the virtual machine, and the tests that it may run.
pub(super) struct Second {
    texts: Vec<(String, String)>,
    /// The input of each.
    inputs: BTreeMap<usize, Value>,
}

/// One worker's engine for them.
pub(super) struct Asked<'a> {
    inputs: &'a BTreeMap<usize, Value>,
    engine: Engine,
}

impl Second {
    /// `None` if there is no such test.
    pub(super) fn make(modules: &[Module], tests: &[Found], limits: &EvaluationLimits) -> Option<Self> {
        let conflicts = Conflicts::of(modules);
        let own = own_names(modules);
        let mut inputs = BTreeMap::new();
        for (test, found) in tests.iter().enumerate() {
            let [(number, rule)] = found.definitions.as_slice() else { continue };
            let (module, rule) = (&modules[*number], &modules[*number].syntax.policy[*rule]);
            let names = Names::of(module, &own[&module.package]);
            // the machine does not notice what is a conflict to the interpreter; such rules it does not judge either
            if !conflicts.reached_by(&names, *number, module, rule) {
                inputs.extend(input_of(rule).map(|input| (test, input)));
            }
        }
        if inputs.is_empty() {
            return None;
        }
        let (edited, _) = edited(modules, limits, &mut |number, module| {
            let of_module = |test: &usize| tests[*test].definitions[0].0 == number;
            let rules = inputs.keys().filter(|test| of_module(test)).map(|test| tests[*test].definitions[0].1);
            rules.flat_map(|rule| without_input(module, &module.syntax.policy[rule])).collect()
        })
        .ok()?;
        let prepared =
            prepare(&edited, &conflicts, Reporting::Messages, |number| find::renamed(tests, &edited, number)).ok()?;
        let mut texts = prepared.texts(&edited).machine;
        texts.push(collecting(tests));
        Some(Self { texts, inputs })
    }

    /// A worker's own copy; `None` if the engine does not take the texts.
    pub(super) fn start(&self, data: &Value, limits: &EvaluationLimits) -> Option<Asked<'_>> {
        let engine = new_engine(self.texts.iter(), data, limits).ok()?;
        Some(Asked { inputs: &self.inputs, engine })
    }
}

impl Asked<'_> {
    /// The value of a test; `None` where the machine cannot tell, which judging leaves to the interpreter too.
    pub(super) fn value(&mut self, test: usize, data: &Value, limits: &EvaluationLimits) -> Option<Value> {
        let input = self.inputs.get(&test)?;
        let entry = entry(test);
        let policy = self.engine.compile_with_entrypoint(&entry.as_str().into()).ok()?;
        let program = Compiler::compile_from_policy(&policy, &[&entry]).ok()?;
        let mut machine = virtual_machine(program, data, limits).ok()?;
        machine.set_input(input.clone());
        machine.execute_entry_point_by_name(&entry).ok()
    }
}

/// The statements of a test without `else`.
fn body(rule: &Rule) -> Option<Option<&Query>> {
    match rule {
        Rule::Spec { bodies, .. } => match bodies.as_slice() {
            [] => Some(None),
            [body] => Some(Some(&body.query)),
            _ => None,
        },
        Rule::Default { .. } => None,
    }
}

/// The one input of all statements that see one; undefined where none is given; `None` where there are several, or
/// something else is replaced.
fn input_of(rule: &Rule) -> Option<Value> {
    let Some(query) = body(rule)? else { return Some(Value::Undefined) };
    let mut input = None;
    for modifier in query.stmts.iter().flat_map(|statement| &statement.with_mods) {
        let value = constant(&modifier.r#as).filter(|_| written_path(&modifier.refr) == ["input"])?;
        if input.get_or_insert_with(|| value.clone()) != &value {
            return None;
        }
    }
    let Some(input) = input else { return Some(Value::Undefined) };
    let local = declared(query);
    let sees_none = query.stmts.iter().filter(|statement| statement.with_mods.is_empty()).all(|statement| {
        !matches!(statement.literal, Literal::Every { .. })
            && expressions_of(statement).into_iter().all(|expression| only(expression, &|name| local.contains(name)))
    });
    sees_none.then_some(input)
}

/// Takes the replacement of the input out of a test.
fn without_input(module: &Module, rule: &Rule) -> Vec<Edit> {
    let query = body(rule).flatten();
    let modifiers = query.iter().flat_map(|query| &query.stmts).flat_map(|statement| &statement.with_mods);
    modifiers
        .map(|modifier| {
            let (start, end) = module.range(&modifier.span);
            let lines = module.text[start..end].matches('\n').count();
            Edit { start, end, text: "\n".repeat(lines) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Dialect;
    use crate::source::Source;

    fn suite(tests: &str) -> (Vec<Module>, Vec<Found>) {
        let policy = "package a\n\nx := input.a.b\n\ny := x + 1\n\nz contains 1 if not input.list\n";
        let module = |name: &str, text: &str| {
            Module::parse(&Source::file(name, text), Dialect::Detect, &EvaluationLimits::default()).expect("parses")
        };
        let modules = vec![module("a.rego", policy), module("a_test.rego", tests)];
        let found = find::tests(&modules, &std::collections::BTreeSet::new());
        (modules, found)
    }

    /// What the machine says of each test: `None` where it is not asked or cannot tell.
    fn values(tests: &str) -> Vec<Option<Value>> {
        let (modules, tests) = suite(tests);
        let limits = EvaluationLimits::default();
        let second = Second::make(&modules, &tests, &limits);
        let data = Value::new_object();
        let mut asked = second.as_ref().and_then(|second| second.start(&data, &limits));
        (0..tests.len()).map(|test| asked.as_mut().and_then(|asked| asked.value(test, &data, &limits))).collect()
    }

    #[test]
    fn a_test_that_replaces_only_its_input_is_run_by_the_machine_too() {
        let tests = "package a_test

import data.a

test_one if a.y == 3 with input as {\"a\": {\"b\": 2}}

test_two if {
	y := a.y with input as {\"a\": {\"b\": 2}}
	z := a.z with input as {
		\"a\": {\"b\": 2},
	}
	count(z) + y == 4
}

test_undefined if a.y == 4 with input as {\"a\": {\"b\": 2}}

test_none if a.z == {1}

test_value := 1 + 1
";
        let yes = Some(Value::from(true));
        assert_eq!(values(tests), [yes.clone(), yes.clone(), Some(Value::Undefined), yes, Some(Value::from(2))]);
    }

    #[test]
    fn where_statements_see_different_things_it_is_not_asked() {
        for body in [
            "{\n\ta.y == 3 with input as {\"a\": {\"b\": 2}}\n\ta.z == {1}\n}",
            "{\n\ta.y == 3 with input as {\"a\": {\"b\": 2}}\n\ta.y == 4 with input as {\"a\": {\"b\": 3}}\n}",
            "a.y == 3 with input as {\"a\": {\"b\": 2}} with data.q as 1",
            "a.y == 3 with input.a as {\"b\": 2}",
            "a.y == 3 with data.a.x as 2",
            "{ b := {\"b\": 2}; a.y == 3 with input as {\"a\": b} }",
        ] {
            assert_eq!(values(&format!("package a_test\n\nimport data.a\n\ntest_x if {body}\n")), [None], "{body}");
        }
    }

    /// The shipped policies judge on the machine: so do nearly all their tests.
    #[test]
    fn the_tests_of_the_shipped_policies_run_on_both_engines() {
        let limits = EvaluationLimits::default();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut modules = Vec::new();
        for source in crate::evaluate::shipped("good-practice").expect("a pack") {
            let test = source.name().replace(".rego", "_test.rego");
            let text = std::fs::read_to_string(root.join(&test)).expect("every policy has tests");
            modules.push(Module::parse(&source, Dialect::Detect, &limits).expect("parses"));
            modules.push(Module::parse(&Source::file(test, text), Dialect::Detect, &limits).expect("parses"));
        }
        let tests = find::tests(&modules, &std::collections::BTreeSet::new());
        let second = Second::make(&modules, &tests, &limits).expect("tests that the machine can run");
        let data = Value::new_object();
        let mut asked = second.start(&data, &limits).expect("it takes the texts");
        let values: Vec<_> = (0..tests.len()).filter_map(|test| asked.value(test, &data, &limits)).collect();
        assert!(values.len() * 10 > tests.len() * 8, "only {} of {}", values.len(), tests.len());
        let holds = |value: &Value| match value {
            Value::Object(cases) => cases.iter_sorted().all(|(_, case)| *case == Value::from(true)),
            value => *value == Value::from(true),
        };
        assert!(values.iter().all(holds), "{values:?}");
    }
}
