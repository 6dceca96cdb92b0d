//! Reads: where in an object a rule looked before it came to a message, for findings that do not say it themselves.
//!
//! Only a rule that found something is looked at. It is evaluated once more by a [`tracer`], whose values know where in
//! the input they stand: variables, functions, sets and comprehensions carry that along. For the solutions that end in
//! one message, the [`trail`] tells which places a condition depends on; what they have in common is the place. Where a
//! rule asks for something that is not there, the place is the deepest part of the way to it that is.

mod call;
mod expression;
mod path;
mod program;
mod reference;
mod rule;
mod tracer;
mod trail;

use std::collections::BTreeMap;

use regorus::Value;

use path::{Path, nearest};
use program::Program;
use tracer::Tracer;

use super::EvaluationLimits;
use super::machine::Machine;
use crate::manifest::{Node, Pointer};

/// One worker's syntax trees, read when first needed.
#[derive(Default)]
pub(super) struct Reads {
    program: Option<Option<Program>>,
}

/// For each member of the sets of some rules the places in the object that led to it.
#[derive(Default)]
pub(super) struct Places(BTreeMap<Value, Vec<Path>>);

impl Reads {
    /// Evaluates a rule of a machine once more. `object` is where in the input the object stands. Knows nothing where
    /// that is too much work, or goes over something unknown.
    pub(super) fn places(
        &mut self,
        machine: &Machine,
        rule: usize,
        input: &Value,
        object: &[&str],
        limits: &EvaluationLimits,
    ) -> Places {
        let mut places = Places::default();
        if limits.place_steps == 0 {
            return places;
        }
        let (plan, data) = machine.plan_and_data();
        let program = self.program.get_or_insert_with(|| Program::read(plan.machine_texts(), limits));
        let Some(program) = program else { return places };
        let rule = plan.path_of(rule).strip_prefix("data.").map(parts_of);
        let Some(rule) = rule.and_then(|path| program.find(&path)) else { return places };
        if let Ok(extent) = Tracer::new(program, input, data, object, limits.place_steps).extent(rule) {
            for found in &extent.found {
                places.0.entry(found.traced.value.clone()).or_default().extend(found.trail.best());
            }
        }
        places
    }
}

impl Places {
    /// Adds what led to the same members by another rule.
    pub(super) fn add(&mut self, other: Self) {
        for (member, paths) in other.0 {
            self.0.entry(member).or_default().extend(paths);
        }
    }

    /// Where in an object one member points; `None` if nothing better is known than the object itself.
    pub(super) fn of(&self, member: &Value, object: &Node) -> Option<Pointer> {
        self.of_all(|other| other == member, object)
    }

    /// Where all members of a kind point together.
    pub(super) fn of_all(&self, which: impl Fn(&Value) -> bool, object: &Node) -> Option<Pointer> {
        let paths = self.0.iter().filter(|(member, _)| which(member)).flat_map(|(_, paths)| paths);
        let common = nearest(paths.cloned())?;
        let mut pointer = Pointer::from_parts(common.parts().iter().cloned());
        while pointer.resolve(object).is_none() {
            pointer = pointer.parent()?;
        }
        (!pointer.parts().is_empty()).then_some(pointer)
    }
}

/// The parts of `a.b["c"]`.
fn parts_of(path: &str) -> Vec<String> {
    Pointer::parse_field_path(path).parts().iter().map(|part| part.trim_matches('"').to_owned()).collect()
}
