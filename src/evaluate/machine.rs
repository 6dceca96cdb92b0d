//! A machine is one worker's copy of the compiled policies: virtual machine first, interpreter where it cannot follow.
//!
//! Programs are not shared between workers: the reference counts of their literals would be, which costs a quarter to
//! two thirds more processor time.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use regorus::Engine;
use regorus::Value as RegoValue;
use regorus::rvm::RegoVM;
use regorus::rvm::program::Program;
use regorus::utils::limits::ExecutionTimerConfig;

use super::bounded::limit;
use super::concern::Subject;
use super::module::lengths;
use super::plan::{Call, Plan, Selection, entry_of_rule};
use super::rule_set::RuleSet;
use super::value::is_walkable;
use super::{EvaluationLimits, builtins};

/// What OPA calls a conflict.
const SEVERAL_VALUES: &str = "something that it depends on has several values for this object";

/// What came of one input.
pub(super) struct Evaluated {
    /// The rules that were asked.
    pub(super) concerned: Arc<RuleSet>,
    /// What rules report, in the order of the rules, and why some gave no verdict. A rule that reports nothing is not
    /// in it.
    pub(super) results: Vec<(usize, Members)>,
}

impl Evaluated {
    /// What each of some rules reports: nothing where nothing was reported.
    pub(super) fn of_each(&self, rules: std::ops::Range<usize>) -> Vec<Members> {
        let mut all = vec![Ok(Vec::new()); rules.len()];
        for (rule, members) in self.results.iter().filter(|(rule, _)| rules.contains(rule)) {
            all[rule - rules.start] = members.clone();
        }
        all
    }
}

/// What a rule reports, or why it gave no verdict.
pub(super) type Members = Result<Vec<RegoValue>, String>;

/// An engine that holds some texts.
pub(super) fn new_engine<'a>(
    texts: impl Iterator<Item = &'a (String, String)>,
    data: &RegoValue,
    limits: &EvaluationLimits,
) -> Result<Engine, String> {
    let mut engine = Engine::new();
    builtins::register(&mut engine, limits.strict_builtin_errors)?;
    engine.set_strict_builtin_errors(limits.strict_builtin_errors); // false, as OPA: a failing built-in is undefined
    engine.set_policy_length_config(lengths(limits));
    engine.set_execution_timer_config(timer(limits));
    for (name, text) in texts {
        engine.add_policy(name.clone(), text.clone()).map_err(|error| error.to_string())?;
    }
    engine.add_data(data.clone()).map_err(|error| error.to_string())?;
    Ok(engine)
}

fn timer(limits: &EvaluationLimits) -> ExecutionTimerConfig {
    ExecutionTimerConfig { limit: limits.time, check_interval: NonZeroU32::new(4096).unwrap_or(NonZeroU32::MIN) }
}

/// One worker's engines.
pub(super) struct Machine {
    plan: Arc<Plan>,
    data: RegoValue,
    limits: EvaluationLimits,
    programs: Vec<RegoVM>,
    /// Made when first needed: most sets never need it.
    interpreter: Option<Engine>,
    /// What is asked about which objects, as far as some were there: by kind and version.
    selections: BTreeMap<Option<String>, BTreeMap<Option<String>, Arc<Selection>>>,
}

impl Machine {
    /// Compiles a plan. Fails only if the plan was made for other data or limits.
    pub(super) fn new(plan: Arc<Plan>, data: RegoValue, limits: EvaluationLimits) -> Result<Self, String> {
        let programs =
            if plan.is_empty() { Vec::new() } else { plan.compile(&mut plan.machine_engine(&data, &limits)?)? };
        let programs =
            programs.into_iter().map(|program| virtual_machine(program, &data, &limits)).collect::<Result<_, _>>()?;
        Ok(Self { plan, data, limits, programs, interpreter: None, selections: BTreeMap::new() })
    }

    /// Starts the interpreter if it is needed, and runs the rules that nothing else compiled on an empty object: it finds
    /// some mistakes only when it runs.
    pub(super) fn try_interpreted(&mut self) -> Result<(), String> {
        if !self.plan.interpreted().is_empty() {
            self.start_interpreter()?;
        }
        let rules = self.plan.unfit().to_vec();
        for rule in rules {
            match self.interpret(rule, &RegoValue::new_object()) {
                // of this object, which is nobody's: the objects that are judged will tell
                Err(error) if error == SEVERAL_VALUES || error.contains("cannot be indexed") => {}
                result => drop(result?),
            }
        }
        Ok(())
    }

    /// Replaces what is below `data`. Fails only if a rule is defined where the data is.
    pub(super) fn set_data(&mut self, data: RegoValue) -> Result<(), String> {
        for vm in &mut self.programs {
            vm.set_data(data.clone()).map_err(|error| error.to_string())?;
        }
        if let Some(engine) = &mut self.interpreter {
            engine.clear_data();
            engine.add_data(data.clone()).map_err(|error| error.to_string())?;
        }
        self.data = data;
        Ok(())
    }

    /// What is evaluated, and the data that it sees.
    pub(super) fn plan_and_data(&self) -> (&Plan, &RegoValue) {
        (&self.plan, &self.data)
    }

    /// What the rules report about an input. Rules that are not about the subject are not asked; without one, all are.
    pub(super) fn evaluate(&mut self, input: &RegoValue, subject: Option<Subject<'_>>) -> Evaluated {
        let selection = match subject {
            Some(subject) => self.selection(subject),
            None => Arc::new(self.plan.select(None)),
        };
        let mut results = Vec::new();
        for call in &selection.calls {
            let vm = &mut self.programs[call.program];
            vm.set_input(input.clone());
            let sets = vm.execute_entry_point_by_name(&call.entry);
            if !sets.is_ok_and(|sets| add_members(&sets, call, &mut results)) {
                // something failed: each rule for itself, so that only the one that fails is without a verdict
                for rule in call.rules.iter().copied().filter(|rule| selection.concerned.contains(*rule)) {
                    results.push((rule, self.evaluate_alone(call.program, rule, input)));
                }
            }
        }
        for rule in &selection.interpreted {
            results.push((*rule, self.interpret(*rule, input)));
        }
        results.sort_by_key(|(rule, _)| *rule);
        Evaluated { concerned: Arc::clone(&selection.concerned), results }
    }

    fn selection(&mut self, subject: Subject<'_>) -> Arc<Selection> {
        let key = self.plan.key(subject);
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let by_version = match self.selections.iter_mut().find(|(kind, _)| kind.as_deref() == key.kind) {
            Some((_, by_version)) => by_version,
            None => self.selections.entry(owned(key.kind)).or_default(),
        };
        match by_version.iter().find(|(version, _)| version.as_deref() == key.version) {
            Some((_, known)) => Arc::clone(known),
            None => {
                let new = Arc::new(self.plan.select(Some(key)));
                Arc::clone(by_version.entry(owned(key.version)).or_insert(new))
            }
        }
    }

    fn evaluate_alone(&mut self, program: usize, rule: usize, input: &RegoValue) -> Members {
        let vm = &mut self.programs[program];
        vm.set_input(input.clone());
        match vm.execute_entry_point_by_name(&entry_of_rule(rule)) {
            Ok(members) => members_of(&members),
            // the interpreter would only take longer to get there
            Err(error) => match limit(&error.to_string()) {
                Some(limit) => Err(limit.to_owned()),
                None => self.interpret(rule, input),
            },
        }
    }

    fn start_interpreter(&mut self) -> Result<&mut Engine, String> {
        match &mut self.interpreter {
            Some(engine) => Ok(engine),
            none => Ok(none.insert(self.plan.interpreter(&self.data, &self.limits)?)),
        }
    }

    fn interpret(&mut self, rule: usize, input: &RegoValue) -> Members {
        let limit = self.limits.time;
        let engine = self.start_interpreter()?;
        engine.set_input(input.clone());
        members_of(&ask(engine, entry_of_rule(rule), limit).map_err(without_values)?)
    }
}

/// The value of a rule, from an interpreter.
pub(super) fn ask(engine: &mut Engine, rule: String, limit: Duration) -> Result<RegoValue, String> {
    let started = Instant::now();
    let value = engine.eval_rule(rule).map_err(|error| error.to_string())?;
    if started.elapsed() > limit {
        return Err("execution exceeded time limit".to_owned()); // a function of several definitions may hide it
    }
    Ok(value)
}

/// A machine that holds a program.
pub(super) fn virtual_machine(
    program: Arc<Program>,
    data: &RegoValue,
    limits: &EvaluationLimits,
) -> Result<RegoVM, String> {
    let mut vm = RegoVM::new();
    vm.load_program(program);
    vm.set_strict_builtin_errors(limits.strict_builtin_errors);
    vm.set_max_instructions(limits.instructions);
    vm.set_execution_timer_config(Some(timer(limits)));
    vm.set_data(data.clone()).map_err(|error| error.to_string())?;
    Ok(vm)
}

/// Adds what is in the sets that an entry point gave. False if it gave no such sets.
fn add_members(sets: &RegoValue, call: &Call, results: &mut Vec<(usize, Members)>) -> bool {
    let Ok(sets) = sets.as_array() else { return false };
    if sets.len() != call.rules.len() || !sets.iter().all(|set| set.as_set().is_ok()) {
        return false;
    }
    let filled = call.rules.iter().zip(sets.iter()).filter(|(_, set)| set.as_set().is_ok_and(|set| !set.is_empty()));
    results.extend(filled.map(|(rule, set)| (*rule, members_of(set))));
    true
}

/// regorus puts the values into some of its words; they could be anything, and are told nowhere.
pub(super) fn without_values(error: String) -> String {
    let several = ["multiple outputs", "generated multiple times", "rule conflicts with rule at"];
    if several.iter().any(|words| error.contains(words)) {
        return SEVERAL_VALUES.to_owned();
    }
    limit(&error).map_or(error, str::to_owned)
}

fn members_of(value: &RegoValue) -> Members {
    match value.as_set() {
        Ok(members) if members.iter_sorted().all(is_walkable) => Ok(members.iter_sorted().cloned().collect()),
        Ok(_) => Err("what it reports gets too large".to_owned()),
        Err(_) => Err("the rule gave no set of messages".to_owned()),
    }
}
