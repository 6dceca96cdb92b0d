//! A plan is how a closure is judged: which engine evaluates which rule, and which rules are asked about which object.
//!
//! Rules share programs of the virtual machine, and with them what their helpers compute. A program has several entry
//! points: one for each kind of object that some of its rules are about, and one for all others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regorus::Engine;
use regorus::Value as RegoValue;
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::program::Program;

use super::EvaluationLimits;
use super::complaint::Complaint;
use super::concern::{Concern, Subject};
use super::machine::new_engine;
use super::rule_set::RuleSet;

/// The package of the rules that collect what the policies report. No policy can name it: it is not in its text.
pub(super) const PACKAGE: &str = "__hydrant__";

/// How many rules go into one program; a program's size is limited to 65,535 instructions.
const RULES_IN_A_PROGRAM: usize = 64;

/// How many rules all entry points of a program name together, besides the first.
const RULES_IN_ENTRIES: usize = 12 * RULES_IN_A_PROGRAM;

/// File names and texts that load together, written for each engine.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    /// For the virtual machine.
    pub(super) machine: Vec<(String, String)>,
    /// For the interpreter.
    pub(super) interpreter: Vec<(String, String)>,
}

/// Policy texts that compile together, and how they are asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    texts: Texts,
    /// For each rule the path of the set that holds what it reports, as a Rego expression.
    paths: Vec<String>,
    /// For each rule what it is about.
    concerns: Vec<Concern>,
    /// The kinds that they name.
    kinds: BTreeSet<String>,
    programs: Vec<Shared>,
    /// Rules that only the interpreter can evaluate, or evaluate safely, and why.
    interpreted: Vec<(usize, String)>,
    /// Those of them that the virtual machine does not even compile.
    unfit: Vec<usize>,
}

/// One program.
#[derive(Debug, Clone, Default)]
struct Shared {
    /// The rules behind each entry point. The first has all.
    entries: Vec<Vec<usize>>,
    /// The entry point for each kind that is named, none where no rule is about it.
    by_kind: BTreeMap<String, Option<usize>>,
    /// The one for kinds that are not named.
    other: Option<usize>,
}

/// What is asked about one object, and about all that are alike.
#[derive(Debug)]
pub(super) struct Selection {
    /// The rules that are about it.
    pub(super) concerned: Arc<RuleSet>,
    /// What the virtual machine is asked.
    pub(super) calls: Vec<Call>,
    /// What the interpreter is asked.
    pub(super) interpreted: Vec<usize>,
}

/// An entry point of a program.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) program: usize,
    pub(super) entry: String,
    /// Whose sets it gives, in this order.
    pub(super) rules: Vec<usize>,
}

impl Plan {
    /// Compiles everything once, to see that it does and how. `conflicting` are rules whose failures the virtual
    /// machine would not notice.
    pub(super) fn make(
        texts: Texts,
        paths: Vec<String>,
        concerns: Vec<Concern>,
        conflicting: &BTreeSet<usize>,
        data: &RegoValue,
        limits: &EvaluationLimits,
    ) -> Result<Self, String> {
        let (interpreted, mut fit): (Vec<usize>, Vec<usize>) =
            (0..paths.len()).partition(|rule| conflicting.contains(rule));
        let kinds = concerns.iter().flat_map(Concern::named_kinds).map(str::to_owned).collect();
        let mut plan = Self { texts, paths, concerns, kinds, ..Self::default() };
        plan.programs = plan.in_programs(&fit);
        let mut engine = plan.machine_engine(data, limits)?;
        for rule in interpreted {
            plan.unfit.extend(plan.misfit(&mut engine, rule).map(|_| rule));
            plan.interpreted.push((rule, "it depends on a rule that may have several values".to_owned()));
        }
        if plan.compile(&mut engine).is_err() {
            for rule in std::mem::take(&mut fit) {
                match plan.misfit(&mut engine, rule) {
                    None => fit.push(rule),
                    Some(why) => {
                        plan.unfit.push(rule);
                        plan.interpreted.push((rule, Complaint::parse(&why).message));
                    }
                }
            }
            plan.programs = plan.in_programs(&fit);
            let mut engine = plan.machine_engine(data, limits)?;
            plan.compile(&mut engine)?;
        }
        Ok(plan)
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

    /// Whether there is no rule.
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The rules that the interpreter evaluates, and why.
    pub(super) fn interpreted(&self) -> &[(usize, String)] {
        &self.interpreted
    }

    /// The rules that the virtual machine does not compile.
    pub(super) fn unfit(&self) -> &[usize] {
        &self.unfit
    }

    /// The same, with every rule asked about every object.
    pub(super) fn without_concerns(&self) -> Self {
        let concerns = vec![Concern::Any; self.paths.len()];
        let mut plan = Self { concerns, kinds: BTreeSet::new(), ..self.clone() };
        let fit: Vec<usize> = plan.programs.iter().flat_map(|shared| shared.entries[0].iter().copied()).collect();
        plan.programs = plan.in_programs(&fit);
        plan
    }

    /// Whether some rule is about an object.
    pub(super) fn is_about(&self, subject: Subject<'_>) -> bool {
        self.concerns.iter().any(|concern| concern.includes(subject))
    }

    /// The kind and the version of an object as far as they decide what is asked about it.
    pub(super) fn key<'a>(&'a self, subject: Subject<'a>) -> Subject<'a> {
        Subject {
            kind: subject.kind.filter(|kind| self.kinds.contains(*kind)),
            version: subject.version.filter(|_| self.concerns.iter().any(Concern::names_versions)),
        }
    }

    /// What is asked about an object; about one of which nothing is known, everything.
    pub(super) fn select(&self, subject: Option<Subject<'_>>) -> Selection {
        let is_about = |rule: &usize| subject.is_none_or(|subject| self.concerns[*rule].includes(subject));
        let concerned: RuleSet = (0..self.paths.len()).filter(is_about).collect();
        let mut calls = Vec::new();
        for (program, shared) in self.programs.iter().enumerate() {
            let entry = match subject.map(|subject| subject.kind) {
                None => Some(0),
                Some(None) => shared.other,
                Some(Some(kind)) => shared.by_kind.get(kind).copied().unwrap_or(shared.other),
            };
            let rules = entry.map(|entry| (entry, &shared.entries[entry]));
            if let Some((entry, rules)) = rules.filter(|(_, rules)| rules.iter().any(is_about)) {
                calls.push(Call { program, entry: entry_of_program(program, entry), rules: rules.clone() });
            }
        }
        let interpreted = self.interpreted.iter().map(|(rule, _)| *rule).filter(is_about).collect();
        Selection { concerned: Arc::new(concerned), calls, interpreted }
    }

    fn in_programs(&self, rules: &[usize]) -> Vec<Shared> {
        let mut rules = rules.to_vec();
        // alike in one program: an object of another kind then needs fewer programs
        rules.sort_by_key(|rule| (&self.concerns[*rule], *rule));
        rules.chunks(RULES_IN_A_PROGRAM).map(|rules| self.shared(rules)).collect()
    }

    fn shared(&self, rules: &[usize]) -> Shared {
        let mut shared = Shared { entries: vec![rules.to_vec()], ..Shared::default() };
        let kinds: BTreeSet<&str> = rules.iter().flat_map(|rule| self.concerns[*rule].named_kinds()).collect();
        shared.other = self.entry(&mut shared.entries, rules, None);
        for kind in kinds {
            let entry = self.entry(&mut shared.entries, rules, Some(kind));
            shared.by_kind.insert(kind.to_owned(), entry);
        }
        shared
    }

    /// The entry point for a kind: one that is there already, or a new one, or the first where there would be too many.
    fn entry(&self, entries: &mut Vec<Vec<usize>>, rules: &[usize], kind: Option<&str>) -> Option<usize> {
        let about: Vec<usize> = rules.iter().copied().filter(|rule| self.concerns[*rule].includes_kind(kind)).collect();
        if about.is_empty() {
            return None;
        }
        if let Some(known) = entries.iter().position(|entry| *entry == about) {
            return Some(known);
        }
        if entries[1..].iter().map(Vec::len).sum::<usize>() + about.len() > RULES_IN_ENTRIES {
            return Some(0);
        }
        entries.push(about);
        Some(entries.len() - 1)
    }

    /// Why the virtual machine cannot evaluate a rule.
    fn misfit(&self, engine: &mut Engine, rule: usize) -> Option<String> {
        let entry = entry_of_rule(rule);
        let policy = match engine.compile_with_entrypoint(&entry.as_str().into()) {
            Ok(policy) => policy,
            Err(error) => return Some(error.to_string()),
        };
        Compiler::compile_from_policy(&policy, &[&entry]).err().map(|error| error.to_string())
    }

    /// An engine that holds the texts for the virtual machine.
    pub(super) fn machine_engine(&self, data: &RegoValue, limits: &EvaluationLimits) -> Result<Engine, String> {
        self.engine(&self.texts.machine, data, limits)
    }

    /// An engine that interprets.
    pub(super) fn interpreter(&self, data: &RegoValue, limits: &EvaluationLimits) -> Result<Engine, String> {
        self.engine(&self.texts.interpreter, data, limits)
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
        for (program, shared) in self.programs.iter().enumerate() {
            for (entry, rules) in shared.entries.iter().enumerate() {
                let paths: Vec<&str> = rules.iter().map(|rule| self.paths[*rule].as_str()).collect();
                text.push_str(&format!("all_{program}_{entry} := [{}]\n", paths.join(", ")));
            }
        }
        text
    }

    /// The programs, compiled.
    pub(super) fn compile(&self, engine: &mut Engine) -> Result<Vec<Arc<Program>>, String> {
        let compile = |(number, shared): (usize, &Shared)| {
            let all: Vec<String> = (0..shared.entries.len()).map(|entry| entry_of_program(number, entry)).collect();
            let single = shared.entries[0].iter().map(|rule| entry_of_rule(*rule));
            let entries: Vec<String> = all.iter().cloned().chain(single).collect();
            let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
            let policy = engine.compile_with_entrypoint(&all[0].as_str().into()).map_err(|error| error.to_string())?;
            Compiler::compile_from_policy(&policy, &entries).map_err(|error| error.to_string())
        };
        self.programs.iter().enumerate().map(compile).collect()
    }
}

/// The path of what one rule reports.
pub(super) fn entry_of_rule(rule: usize) -> String {
    format!("data.{PACKAGE}.rule_{rule}")
}

fn entry_of_program(program: usize, entry: usize) -> String {
    format!("data.{PACKAGE}.all_{program}_{entry}")
}
