//! A machine is one worker's copy of the compiled policies: virtual machine first, interpreter where it cannot follow.
//!
//! Programs are not shared between workers: the reference counts of their literals would be, which costs a quarter to
//! two thirds more processor time.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use regorus::Engine;
use regorus::Value as RegoValue;
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::RegoVM;
use regorus::rvm::program::Program;
use regorus::utils::limits::ExecutionTimerConfig;

use super::module::lengths;
use super::{EvaluationLimits, builtins};

/// The package of the rules that collect what the policies report. No policy can name it: it is not in its text.
pub(super) const PACKAGE: &str = "__hydrant__";

/// How many rules go into one program; a program's size is limited to 65,535 instructions.
const RULES_IN_A_PROGRAM: usize = 64;

/// What OPA calls a conflict.
const SEVERAL_VALUES: &str = "something that it depends on has several values for this object";

/// File names and texts that load together, written for each engine.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    /// For the virtual machine.
    pub(super) machine: Vec<(String, String)>,
    /// For the interpreter.
    pub(super) interpreter: Vec<(String, String)>,
}

/// Policy texts that compile together, and which engine evaluates which rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    texts: Texts,
    /// For each rule the path of the set that holds what it reports, as a Rego expression.
    paths: Vec<String>,
    /// Rules that the virtual machine evaluates, by program.
    programs: Vec<Vec<usize>>,
    /// Rules that only the interpreter can evaluate, or evaluate safely.
    interpreted: Vec<usize>,
    /// Those of them that the virtual machine does not even compile.
    unfit: Vec<usize>,
}

impl Plan {
    /// Compiles everything once, to see that it does and how. `conflicting` are rules whose failures the virtual
    /// machine would not notice.
    pub(super) fn make(
        texts: Texts,
        paths: Vec<String>,
        conflicting: BTreeSet<usize>,
        data: &RegoValue,
        limits: &EvaluationLimits,
    ) -> Result<Self, String> {
        let (interpreted, mut fit): (Vec<usize>, Vec<usize>) =
            (0..paths.len()).partition(|rule| conflicting.contains(rule));
        let mut plan = Self { texts, paths, programs: in_programs(&fit), interpreted, unfit: Vec::new() };
        let mut engine = plan.engine(&plan.texts.machine, data, limits)?;
        let interpreted = plan.interpreted.iter().copied();
        plan.unfit = interpreted.filter(|rule| !plan.fits(&mut engine, *rule)).collect();
        if plan.compile(&mut engine).is_err() {
            let unfit: Vec<usize> = fit.extract_if(.., |rule| !plan.fits(&mut engine, *rule)).collect();
            plan.programs = in_programs(&fit);
            plan.interpreted.extend(&unfit);
            plan.unfit.extend(&unfit);
            let mut engine = plan.engine(&plan.texts.machine, data, limits)?;
            plan.compile(&mut engine)?;
        }
        Ok(plan)
    }

    /// The rules that the interpreter evaluates.
    #[cfg(test)]
    pub(super) fn interpreted(&self) -> &[usize] {
        &self.interpreted
    }

    /// What the virtual machine's programs were compiled from.
    pub(super) fn machine_texts(&self) -> &[(String, String)] {
        &self.texts.machine
    }

    /// How many rules there are.
    pub(super) fn rules(&self) -> usize {
        self.paths.len()
    }

    /// The path of the set that holds what a rule reports.
    pub(super) fn path_of(&self, rule: usize) -> &str {
        &self.paths[rule]
    }

    fn fits(&self, engine: &mut Engine, rule: usize) -> bool {
        let entry = entry_of_rule(rule);
        engine
            .compile_with_entrypoint(&entry.as_str().into())
            .is_ok_and(|policy| Compiler::compile_from_policy(&policy, &[&entry]).is_ok())
    }

    /// An engine that holds all texts, and the rules that collect.
    fn engine(
        &self,
        texts: &[(String, String)],
        data: &RegoValue,
        limits: &EvaluationLimits,
    ) -> Result<Engine, String> {
        let collecting = (format!("<{PACKAGE}>"), self.collecting_module());
        new_engine(texts.iter().chain([&collecting]), data, limits)
    }

    fn collecting_module(&self) -> String {
        let mut text = format!("package {PACKAGE}\n");
        for (rule, path) in self.paths.iter().enumerate() {
            text.push_str(&format!("rule_{rule} contains member if some member in {path}\n"));
        }
        for (program, rules) in self.programs.iter().enumerate() {
            for rule in rules {
                let path = &self.paths[*rule];
                text.push_str(&format!("all_{program} contains [{rule}, member] if some member in {path}\n"));
            }
        }
        text
    }

    fn compile(&self, engine: &mut Engine) -> Result<Vec<Arc<Program>>, String> {
        let compile = |(number, rules): (usize, &Vec<usize>)| {
            let all = entry_of_program(number);
            let single: Vec<String> = rules.iter().map(|rule| entry_of_rule(*rule)).collect();
            let entries: Vec<&str> = std::iter::once(&all).chain(&single).map(String::as_str).collect();
            let policy = engine.compile_with_entrypoint(&all.as_str().into()).map_err(|error| error.to_string())?;
            Compiler::compile_from_policy(&policy, &entries).map_err(|error| error.to_string())
        };
        self.programs.iter().enumerate().map(compile).collect()
    }
}

/// An engine that holds some texts.
pub(super) fn new_engine<'a>(
    texts: impl Iterator<Item = &'a (String, String)>,
    data: &RegoValue,
    limits: &EvaluationLimits,
) -> Result<Engine, String> {
    let mut engine = Engine::new();
    builtins::register(&mut engine, limits.strict_builtin_errors)?;
    engine.set_strict_builtin_errors(limits.strict_builtin_errors);
    engine.set_policy_length_config(lengths(limits));
    engine.set_execution_timer_config(timer(limits));
    for (name, text) in texts {
        engine.add_policy(name.clone(), text.clone()).map_err(|error| error.to_string())?;
    }
    engine.add_data(data.clone()).map_err(|error| error.to_string())?;
    Ok(engine)
}

fn in_programs(rules: &[usize]) -> Vec<Vec<usize>> {
    rules.chunks(RULES_IN_A_PROGRAM).map(<[usize]>::to_vec).collect()
}

fn entry_of_rule(rule: usize) -> String {
    format!("data.{PACKAGE}.rule_{rule}")
}

fn entry_of_program(program: usize) -> String {
    format!("data.{PACKAGE}.all_{program}")
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
}

impl Machine {
    /// Compiles a plan. Fails only if the plan was made for other data or limits.
    pub(super) fn new(plan: Arc<Plan>, data: RegoValue, limits: EvaluationLimits) -> Result<Self, String> {
        if plan.paths.is_empty() {
            return Ok(Self { plan, data, limits, programs: Vec::new(), interpreter: None });
        }
        let mut engine = plan.engine(&plan.texts.machine, &data, &limits)?;
        let programs = plan.compile(&mut engine)?;
        let programs =
            programs.into_iter().map(|program| virtual_machine(program, &data, &limits)).collect::<Result<_, _>>()?;
        Ok(Self { plan, data, limits, programs, interpreter: None })
    }

    /// Starts the interpreter if it is needed, and runs the rules that nothing else compiled on an empty object: it finds
    /// some mistakes only when it runs.
    pub(super) fn try_interpreted(&mut self) -> Result<(), String> {
        if !self.plan.interpreted.is_empty() {
            self.start_interpreter()?;
        }
        let rules = self.plan.unfit.clone();
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

    /// What every rule reports about an input: `results[rule]` is its members, or why it has none.
    pub(super) fn evaluate(&mut self, input: &RegoValue) -> Vec<Result<Vec<RegoValue>, String>> {
        let mut results: Vec<Result<Vec<RegoValue>, String>> = vec![Ok(Vec::new()); self.plan.paths.len()];
        let plan = Arc::clone(&self.plan);
        for (number, rules) in plan.programs.iter().enumerate() {
            let vm = &mut self.programs[number];
            vm.set_input(input.clone());
            let collected = vm.execute_entry_point_by_name(&entry_of_program(number));
            if collected.is_ok_and(|members| sort_by_rule(&members, &mut results)) {
                continue;
            }
            // something failed: each rule for itself, so that only the one that fails is without a verdict
            for rule in rules {
                results[*rule] = self.evaluate_alone(number, *rule, input);
            }
        }
        for rule in &plan.interpreted {
            results[*rule] = self.interpret(*rule, input);
        }
        results
    }

    fn evaluate_alone(&mut self, program: usize, rule: usize, input: &RegoValue) -> Result<Vec<RegoValue>, String> {
        let vm = &mut self.programs[program];
        vm.set_input(input.clone());
        match vm.execute_entry_point_by_name(&entry_of_rule(rule)) {
            Ok(members) => members_of(&members),
            Err(_) => self.interpret(rule, input),
        }
    }

    fn start_interpreter(&mut self) -> Result<&mut Engine, String> {
        match &mut self.interpreter {
            Some(engine) => Ok(engine),
            none => Ok(none.insert(self.plan.engine(&self.plan.texts.interpreter, &self.data, &self.limits)?)),
        }
    }

    fn interpret(&mut self, rule: usize, input: &RegoValue) -> Result<Vec<RegoValue>, String> {
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

/// Distributes `[rule, member]` pairs. False if the value is no set of such pairs.
fn sort_by_rule(collected: &RegoValue, results: &mut [Result<Vec<RegoValue>, String>]) -> bool {
    let Ok(pairs) = collected.as_set() else { return *collected == RegoValue::Undefined };
    for pair in pairs.iter_sorted() {
        let Ok(parts) = pair.as_array() else { return false };
        let (Some(rule), Some(member)) = (parts.get(0), parts.get(1)) else { return false };
        let Some(Ok(members)) = rule.as_u64().ok().and_then(|rule| results.get_mut(rule as usize)) else {
            return false;
        };
        members.push(member.clone());
    }
    true
}

/// regorus puts the values into some of its words; they could be anything, and are told nowhere.
pub(super) fn without_values(error: String) -> String {
    let several = ["multiple outputs", "generated multiple times", "rule conflicts with rule at"];
    if several.iter().any(|words| error.contains(words)) { SEVERAL_VALUES.to_owned() } else { error }
}

fn members_of(value: &RegoValue) -> Result<Vec<RegoValue>, String> {
    match value.as_set() {
        Ok(members) => Ok(members.iter_sorted().cloned().collect()),
        Err(_) => Err("the rule gave no set of messages".to_owned()),
    }
}
