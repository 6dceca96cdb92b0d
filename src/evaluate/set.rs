//! A policy set is all policies that judge an object: loaded, refused where they could fail open, and compiled.

use std::collections::BTreeSet;
use std::sync::Arc;

use regorus::Value as RegoValue;

use super::closure::{Asked, Compiled, add_removed_functions, compile, problems, settle, shapes};
use super::complaint::Complaint;
use super::concern::Subject;
use super::conftest::{
    Definitions, ExceptionRule, Exceptions, JudgedFile, Tally, choose, combined_diagnostic, combined_failed,
    combined_input, names_judged_file, unqueried_packages, with_file,
};
use super::dialect::Dialect;
use super::finding;
use super::gatekeeper::{Gatekeeper, Judge, Surroundings};
use super::machine::{Evaluated, Machine};
use super::module::Module;
use super::options::{PolicyFiles, PolicyOptions};
use super::plan::Plan;
use super::reads::{Places, Reads};
use super::rule_set::RuleSet;
use super::target::{Kubernetes, RESERVED, data_for};
use super::{EvaluationLimits, value};
use crate::date::Date;
use crate::diagnostic::{Diagnostic, RuleId, Severity, rules};
use crate::manifest::{Entry, Key, Manifest, Node, ReadLimits, Value, read};
use crate::source::{Location, Source, Span};
use crate::tree::Digest;

/// A YAML or JSON document that policies see below `data`.
#[derive(Debug, Clone)]
pub struct DataDocument {
    /// Where it is put: `["limits"]` for `data.limits`; empty for `data` itself.
    pub at: Vec<String>,
    /// Its text.
    pub source: Arc<Source>,
}

/// One rule that reports: what `explain` tells of it.
#[derive(Debug, Clone)]
pub struct PolicyRule {
    /// The id of its findings, unless a result names its own.
    pub id: RuleId,
    /// The severity of its findings, unless a result names its own.
    pub severity: Severity,
    /// One line.
    pub title: Option<String>,
    /// What it finds and why it matters.
    pub description: Option<String>,
    /// What to do about a finding.
    pub fix: Option<String>,
    /// Links.
    pub related: Vec<String>,
    /// Whether a waiver can cover its findings.
    pub overridable: bool,
    /// The last day on which its errors are warnings.
    pub enforce_after: Option<Date>,
    /// The version or day with which it came.
    pub since: Option<String>,
    /// What evaluates it.
    pub engine: RuleEngine,
    /// `policies.good_practice.latest_tag`
    pub package: String,
    /// `deny_latest_tag`
    pub name: String,
    /// The name in its head.
    pub location: Location,
}

/// What evaluates a rule. Both engines give the same results; the virtual machine is several times as fast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleEngine {
    /// The virtual machine; the interpreter only where the machine fails.
    VirtualMachine,
    /// The interpreter.
    Interpreter {
        /// Why not the virtual machine.
        why: String,
    },
}

/// What the policies say of one object.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Findings, in the order of the rules.
    pub diagnostics: Vec<Diagnostic>,
    /// How many rules were held against the object without failing, those that are not about its kind included.
    pub rules: usize,
    /// What Conftest would count, if somebody asked for that.
    pub tally: Tally,
    /// The rules that came to a verdict. A rule that failed did not, nor did one that is not about this kind of object.
    pub judged_by: Arc<RuleSet>,
    /// How many findings there are of each rule that has some, failures not counted.
    pub found: Vec<(usize, usize)>,
}

impl Judgement {
    /// Counts findings of a rule.
    pub(super) fn count(&mut self, rule: Option<usize>, findings: usize) {
        let Some(rule) = rule.filter(|_| findings > 0) else { return };
        match self.found.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, number)) => *number += findings,
            None => self.found.push((rule, findings)),
        }
    }

    /// Adds rules that came to a verdict, and takes away those that did not always.
    pub(super) fn add(&mut self, judged: &BTreeSet<usize>, failed: &BTreeSet<usize>) {
        if !judged.is_empty() || !failed.is_empty() {
            let judged_by = Arc::make_mut(&mut self.judged_by);
            judged.iter().for_each(|rule| judged_by.insert(*rule));
            failed.iter().for_each(|rule| judged_by.remove(*rule));
        }
    }
}

/// Policies, compiled. Shared between workers, each of which takes its own [`evaluator`](Self::evaluator).
#[derive(Debug)]
pub struct PolicySet {
    /// Those of Rego files, then those of Gatekeeper.
    rules: Vec<PolicyRule>,
    exceptions: Vec<ExceptionRule>,
    plan: Arc<Plan>,
    data: Node,
    /// What is counted as Conftest does it.
    definitions: Option<Definitions>,
    /// Where files lie, if some policy asks.
    folder: Option<String>,
    limits: EvaluationLimits,
    digest: Digest,
    gatekeeper: Gatekeeper,
    today: Option<Date>,
    /// How many rules come from Rego files; those of Gatekeeper follow.
    own: usize,
}

impl PolicySet {
    /// Loads policy files and data documents. A file that cannot be trusted is reported and left out; the others
    /// still judge, so that one run tells everything.
    #[must_use]
    pub fn load(
        files: &[Arc<Source>],
        documents: &[DataDocument],
        limits: &EvaluationLimits,
    ) -> (Self, Vec<Diagnostic>) {
        Self::load_as(files, documents, Dialect::Detect, limits)
    }

    /// As [`load`](Self::load), with the Rego version that the files are written in; those that are shipped are v1.
    #[must_use]
    pub fn load_as(
        files: &[Arc<Source>],
        documents: &[DataDocument],
        dialect: Dialect,
        limits: &EvaluationLimits,
    ) -> (Self, Vec<Diagnostic>) {
        let files = PolicyFiles { own: files, data: documents, ..PolicyFiles::default() };
        let options = PolicyOptions { dialect, tells_unqueried: false, ..PolicyOptions::default() };
        Self::load_with(files, &options, limits)
    }

    /// As [`load`](Self::load), with options.
    #[must_use]
    pub fn load_with(
        files: PolicyFiles<'_>,
        options: &PolicyOptions,
        limits: &EvaluationLimits,
    ) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let data = merge_documents(files.data, &mut diagnostics);
        let all = [files.own, files.shipped].concat();
        let is_shipped = |source: &Arc<Source>| files.shipped.iter().any(|shipped| Arc::ptr_eq(shipped, source));
        let mut modules = Vec::new();
        for source in sorted(&all) {
            let dialect = if is_shipped(&source) { Dialect::V1 } else { options.dialect };
            match Module::parse(&source, dialect, limits) {
                Ok(module) => modules.push(module),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        let tests: Vec<Module> = modules.extract_if(.., |module| module.is_test()).collect();
        let all_read = diagnostics.is_empty();
        let unknown = choose(&options.namespaces, &mut modules, |module| is_shipped(&module.source));
        diagnostics.extend(unknown.into_iter().map(|found| options.as_told(found)));
        if all_read && options.tells_unqueried {
            // a file that cannot be read may be the one that asks
            let unqueried =
                unqueried_packages(&modules, &tests, &options.namespaces, |module| is_shipped(&module.source));
            diagnostics.extend(unqueried.into_iter().map(|found| options.as_told(found)));
        }
        let asked = if options.as_conftest { Asked::MessagesAsConftest } else { Asked::Messages };
        if options.as_conftest {
            let shapes = (0..modules.len()).flat_map(|number| shapes(&modules, number, asked));
            diagnostics.extend(shapes.map(|found| options.as_told(found)));
        }
        let definitions = options.as_conftest.then(|| Definitions::of(&modules));
        add_removed_functions(&mut modules, limits);
        let asks_for_file = names_judged_file(&modules);
        let mut example = data_for(&data, Some(Kubernetes { major: 1, minor: 0 }));
        if asks_for_file {
            example = with_file(example, &JudgedFile::of("a.yaml", "/"));
        }
        let Compiled { rules, exceptions, plan } =
            settle(&mut modules, &mut diagnostics, |modules| match problems(modules, &example, asked) {
                problems if problems.is_empty() => {
                    compile(modules, &example, asked, limits).map_err(|problem| vec![problem])
                }
                problems => Err(problems),
            });
        let digest = digest(&all, files.data);
        let folder = asks_for_file.then(|| options.folder.clone());
        let gatekeeper = Gatekeeper::default();
        let limits = limits.clone();
        let (own, today) = (rules.len(), None);
        let set = Self { rules, exceptions, plan, data, definitions, folder, limits, digest, gatekeeper, own, today };
        (set, diagnostics)
    }

    /// Adds the constraints of Gatekeeper, which judge after the rules.
    #[must_use]
    pub fn with_gatekeeper(mut self, gatekeeper: Gatekeeper) -> Self {
        self.rules.extend(gatekeeper.rules().cloned());
        if let Some(added) = gatekeeper.digest() {
            self.digest = Digest::of_list([("gatekeeper", added), ("policies", self.digest)]);
        }
        self.gatekeeper = gatekeeper;
        self
    }

    /// The day on which it judges: rules that are enforced later only warn. Without one, all are enforced.
    #[must_use]
    pub fn on(mut self, today: Option<Date>) -> Self {
        self.today = today;
        self
    }

    /// The same, with every rule asked about every object, whatever its text proves. Finds the same, and takes longer.
    #[doc(hidden)]
    #[must_use]
    pub fn without_concerns(mut self) -> Self {
        self.plan = Arc::new(self.plan.without_concerns());
        self.gatekeeper = self.gatekeeper.without_concerns();
        self
    }

    /// What a constraint can know of the objects around the one that is judged: all objects of its environment.
    #[must_use]
    pub fn surroundings(&self, manifests: &[&Manifest]) -> Arc<Surroundings> {
        Arc::new(Surroundings::of(manifests, self.gatekeeper.is_referential()))
    }

    /// The same for an environment whose objects are there already: what takes the place of one of `published` is an
    /// update, anything else is created.
    #[must_use]
    pub fn surroundings_since(&self, manifests: &[&Manifest], published: &[Manifest]) -> Arc<Surroundings> {
        let surroundings = Surroundings::of(manifests, self.gatekeeper.is_referential());
        Arc::new(if self.gatekeeper.is_empty() { surroundings } else { surroundings.since(published) })
    }

    /// Whether some constraint is asked about objects that are deleted.
    #[must_use]
    pub fn judges_deletions(&self) -> bool {
        self.gatekeeper.judges_deletions()
    }

    /// Whether a verdict can depend on the [`surroundings`](Self::surroundings) of an object. Where none can, objects may be
    /// judged before all of them are known.
    #[must_use]
    pub fn needs_surroundings(&self) -> bool {
        !self.gatekeeper.is_empty()
    }

    /// A worker's own copy. Until it is told a target, `data.hydrant.kubernetes` is undefined.
    ///
    /// # Panics
    ///
    /// Never: the same texts compiled when the set was loaded.
    #[must_use]
    pub fn evaluator(&self) -> Evaluator<'_> {
        let data = value::of_node(&data_for(&self.data, None));
        let machine = Machine::new(Arc::clone(&self.plan), data, self.limits.clone())
            .expect("the same texts compiled when the set was loaded");
        Evaluator {
            set: self,
            machine,
            reads: Reads::default(),
            target: None,
            file: None,
            constraints: Judge::new(&self.gatekeeper, self.own, &self.limits, self.today),
        }
    }

    /// The digest of everything that was loaded: names and contents of policies and data.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The rules that report, in the order in which they judge.
    #[must_use]
    pub fn rules(&self) -> &[PolicyRule] {
        &self.rules
    }

    /// Whether no rule judges anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

/// One worker's compiled policies.
pub struct Evaluator<'a> {
    set: &'a PolicySet,
    machine: Machine,
    reads: Reads,
    target: Option<Kubernetes>,
    file: Option<JudgedFile>,
    constraints: Judge<'a>,
}

impl Evaluator<'_> {
    /// Judges objects for this Kubernetes from now on. Only Rego files see it: a template of Gatekeeper finds what it
    /// finds in the cluster, where `data` holds the inventory and nothing else.
    ///
    /// # Panics
    ///
    /// Never: no policy may define what lies at `data.hydrant`.
    pub fn aim_at(&mut self, target: Kubernetes) {
        if self.target.replace(target) != Some(target) {
            self.tell();
        }
    }

    /// Judges objects of this file from now on.
    fn open(&mut self, name: &str) {
        let Some(folder) = &self.set.folder else { return };
        let file = JudgedFile::of(name, folder);
        if self.file.as_ref() != Some(&file) {
            self.file = Some(file);
            self.tell();
        }
    }

    /// Gives the machine what policies see beside the object.
    fn tell(&mut self) {
        let data = data_for(&self.set.data, self.target);
        let data = match &self.file {
            Some(file) => with_file(data, file),
            None => data,
        };
        let told = self.machine.set_data(value::of_node(&data));
        told.expect("loading tried the same, and refuses policies that define `data.hydrant`");
    }

    /// Judges one object with every rule, as if it were alone.
    pub fn judge(&mut self, manifest: &Manifest) -> Judgement {
        self.judge_among(manifest, &Arc::new(Surroundings::none()))
    }

    /// Judges one object with every rule and constraint.
    pub fn judge_among(&mut self, manifest: &Manifest, surroundings: &Arc<Surroundings>) -> Judgement {
        let mut judgement = Judgement::default();
        if self.set.is_empty() && self.set.definitions.is_none() {
            return judgement; // a copy of the object would be for nobody
        }
        let object = value::of_node(&manifest.root);
        self.open(manifest.source.name());
        let told = self.machine.evaluate(&object, Some(Subject::of(manifest)));
        let Self { set, machine, reads, .. } = self;
        let mut places: Option<(usize, Places)> = None;
        collect(set, told, &mut judgement, &mut |number, rule, told| match told {
            Ok(member) => finding::diagnostic(rule, member, manifest, set.today, || {
                if places.as_ref().is_none_or(|(of, _)| *of != number) {
                    places = Some((number, reads.places(machine, number, &object, &[], &set.limits)));
                }
                places.as_ref().and_then(|(_, places)| places.of(member, &manifest.root))
            }),
            Err(reason) => finding::failed(rule, reason, manifest),
        });
        self.constraints.judge(manifest, &object, surroundings, &mut judgement);
        judgement
    }

    /// Judges many objects as one input, `[{"path": …, "contents": …}]`, in the order given. Constraints of Gatekeeper judge
    /// single objects, and are not asked.
    pub fn judge_combined(&mut self, manifests: &[&Manifest]) -> Judgement {
        let mut judgement = Judgement::default();
        let secrets: Vec<String> = manifests.iter().flat_map(|manifest| finding::secret_values(manifest)).collect();
        self.open("Combined");
        let told = self.machine.evaluate(&combined_input(manifests), None);
        let today = self.set.today;
        collect(self.set, told, &mut judgement, &mut |_, rule, told| match told {
            Ok(member) => combined_diagnostic(rule, member, manifests, &secrets, today),
            Err(reason) => combined_failed(rule, reason, &secrets),
        });
        judgement
    }

    /// What constraints say of the deletion of an object.
    pub fn judge_deletion(&mut self, manifest: &Manifest, surroundings: &Arc<Surroundings>) -> Judgement {
        let mut judgement = Judgement::default();
        self.constraints.judge_deletion(manifest, surroundings, &mut judgement);
        judgement
    }
}

/// Words a member of a rule, or why the rule gave none. The number is that of the rule.
type Word<'a> = dyn FnMut(usize, &PolicyRule, Result<&RegoValue, &str>) -> Diagnostic + 'a;

/// Tells what the rules of the Rego files said, and what of it is excepted.
fn collect(set: &PolicySet, told: Evaluated, judgement: &mut Judgement, word: &mut Word<'_>) {
    let all = set.own + set.exceptions.len();
    if let Some(definitions) = &set.definitions {
        let (rules, excepting) = (told.of_each(0..set.own), told.of_each(set.own..all));
        judgement.tally = definitions.tally(&set.rules, &rules, &set.exceptions, &excepting);
    }
    let Evaluated { concerned, mut results } = told;
    judgement.judged_by = concerned;
    judgement.rules = set.own;
    if !set.exceptions.is_empty() {
        let judged_by = Arc::make_mut(&mut judgement.judged_by);
        (set.own..all).for_each(|number| judged_by.remove(number));
    }
    let excepting = results.split_off(results.partition_point(|(number, _)| *number < set.own));
    let mut exceptions = Exceptions::default();
    for (number, result) in excepting {
        let rule = &set.exceptions[number - set.own];
        match result {
            Ok(members) => exceptions.add(rule, &members),
            Err(error) => {
                let reason = Complaint::parse(&error).message;
                judgement.diagnostics.push(word(number, &rule.0, Err(&reason)));
            }
        }
    }
    for (number, result) in results {
        let rule = &set.rules[number];
        match result {
            Ok(members) => {
                let excepted = exceptions.of(rule);
                judgement.count(Some(number), members.len());
                judgement.diagnostics.extend(members.iter().map(|member| {
                    let mut found = word(number, rule, Ok(member));
                    // a rule that gave no verdict has nothing that could be excepted
                    found.excepted_by = excepted.clone().filter(|_| found.rule != rules::POLICY_FAILED);
                    found
                }));
            }
            Err(error) => {
                judgement.rules -= 1;
                Arc::make_mut(&mut judgement.judged_by).remove(number);
                judgement.diagnostics.push(word(number, rule, Err(&Complaint::parse(&error).message)));
            }
        }
    }
}

pub(super) fn sorted(files: &[Arc<Source>]) -> Vec<Arc<Source>> {
    let mut files = files.to_vec();
    files.sort_by(|a, b| a.name().cmp(b.name()));
    files
}

fn digest(files: &[Arc<Source>], documents: &[DataDocument]) -> Digest {
    let mut items: Vec<(String, Digest)> =
        files.iter().map(|source| (source.name().to_owned(), Digest::of(source.text().as_bytes()))).collect();
    items.extend(documents.iter().map(|document| {
        let name = format!("data/{}:{}", document.at.join("/"), document.source.name());
        (name, Digest::of(document.source.text().as_bytes()))
    }));
    items.sort();
    Digest::of_list(items.iter().map(|(name, digest)| (name.as_str(), *digest)))
}

pub(super) fn merge_documents(documents: &[DataDocument], diagnostics: &mut Vec<Diagnostic>) -> Node {
    let mut root = Node::synthetic(Value::Mapping(Vec::new()));
    for document in documents {
        let stream = read(&document.source, &ReadLimits::default());
        diagnostics.extend(stream.diagnostics);
        for read in stream.documents {
            let mut wrapped = document.at.iter().rev().fold(read.root, |node, key| {
                let key = Key { span: node.span, name: key.as_str().into() };
                Node { span: node.span, value: Value::Mapping(vec![Entry { key, value: node }]) }
            });
            diagnostics.extend(without_reserved(&mut wrapped, &document.source));
            if let Err(span) = merge(&mut root, wrapped) {
                let problem =
                    Diagnostic::error(rules::POLICY_SYNTAX, "two data documents give different values for one key")
                        .at(Location::new(&document.source, span), "already given elsewhere")
                        .help("keep it in one of the documents");
                diagnostics.push(problem);
            }
        }
    }
    root
}

/// Takes away what only Hydrant may say.
fn without_reserved(data: &mut Node, source: &Arc<Source>) -> Option<Diagnostic> {
    let Value::Mapping(entries) = &mut data.value else { return None };
    let at = entries.iter().position(|entry| &*entry.key.name == RESERVED)?;
    let span = entries.remove(at).key.span;
    let message = format!("`data.{RESERVED}` is what Hydrant tells policies");
    let diagnostic = Diagnostic::error(rules::POLICY_SHAPE, message);
    Some(diagnostic.at(Location::new(source, span), "no document can define it").help("give the key another name"))
}

/// Adds the keys of `from`; the span of what cannot be added if both say something different.
fn merge(into: &mut Node, from: Node) -> Result<(), Span> {
    let from_span = from.span;
    match (&mut into.value, from.value) {
        (Value::Mapping(entries), Value::Mapping(added)) => {
            for entry in added {
                match entries.iter_mut().find(|existing| existing.key.name == entry.key.name) {
                    Some(existing) => merge(&mut existing.value, entry.value)?,
                    None => entries.push(entry),
                }
            }
            Ok(())
        }
        (same, other) if *same == other => Ok(()),
        _ => Err(from_span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules of a policy that the virtual machine does not judge.
    fn interpreted(texts: &[&str]) -> Vec<usize> {
        let files: Vec<_> =
            texts.iter().enumerate().map(|(number, text)| Source::file(format!("{number}.rego"), *text)).collect();
        let (set, diagnostics) = PolicySet::load(&files, &[], &EvaluationLimits::default());
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        set.plan.interpreted().iter().map(|(rule, _)| *rule).collect()
    }

    #[test]
    fn the_shipped_policies_stay_on_the_virtual_machine() {
        for name in crate::evaluate::shipped_names() {
            let files = crate::evaluate::shipped(name).expect("a name that is listed");
            let (set, _) = PolicySet::load(&files, &[], &EvaluationLimits::default());
            let names: Vec<&str> =
                set.plan.interpreted().iter().map(|(rule, _)| set.rules[*rule].id.as_str()).collect();
            assert!(names.is_empty(), "{names:?}");
        }
    }

    #[test]
    fn only_rules_that_depend_on_a_possible_conflict_are_interpreted() {
        let policy = "package a

x := input.a if input.b

x := 1 if input.c

y(z) := x + z

deny contains \"other\" if input.d

deny contains \"over two rules\" if y(1) == 2

deny contains \"of itself\" if {k.a: k | some k in input.e} == {}
";
        assert_eq!(interpreted(&[policy]), [1, 2]);
        assert_eq!(interpreted(&[policy, "package b\n\nwarn contains \"all\" if count(data.a.deny) > 1\n"]), [1, 2, 3]);
    }

    #[test]
    fn definitions_that_exclude_each_other_stay_on_the_virtual_machine() {
        for definitions in [
            "f(x) := x.a if x.kind == \"A\"\nf(x) := x.b if x.kind == \"B\"",
            "f(x) := x.a if x.kind in {\"A\", \"C\"}\nf(x) := x.b if \"B\" = x.kind",
            "f(x) := x.a if { x.a; input.x }\nf(y) := 0 if not input.x\nf(x) := 1 if { not x.a; input.x }",
            "f(x) := x.a if { input.n == 1; x.a }\nf(x) := 0 if { input.n != 1; x.b }",
            "f(\"k\") := input.a\nf(\"l\") := input.b",
            "f(x) := x.a if { some i in x.l; i == x.b }",
            "f(x) := x.a if { i = x.b; x.l[i] }",
            "f(x) := {k: v.a | some k, v in x}",
            "f(x) := m[x.a]\nm[k] := count(v) if some k, v in input.l",
            "f(x) := x.a if { startswith(x.a, \"q\"); every y in x.l { y.m[_] == 1 } } else := 2",
            "f(x) := [y | some y in x.l]",
        ] {
            let policy = format!("package a\n\n{definitions}\n\ndeny contains \"x\" if f(input) == 1\n");
            assert!(interpreted(&[&policy]).is_empty(), "{definitions}");
        }
    }

    #[test]
    fn what_only_looks_exclusive_is_interpreted() {
        for definitions in [
            "f(x, _) := x.a if x.kind == \"A\"\nf(y, _) := y.b if input.kind == \"B\"",
            "f(x, y) := x.a if x == 1\nf(y, x) := x.b if x == 2",
            "f(x, _) := x.a if { y := x.b; y == 1 }\nf(x, _) := x.b if { y := x.c; y == 2 }",
            "f(x, _) := x.a if input.a == 1 with input.a as 1\nf(x, _) := x.b if input.a == 2",
            "f(x, _) := x.a if x.l[_] == 1\nf(x, _) := x.b if x.l[_] == 2",
            "f(x, _) := i if { i = x.b; x.l[i] }",
            "f(x, _) := x.l[i] if x.l[i]",
            "f(x, _) := x.a if x.a\nf(y, _) := 0 if not y.a",
            "f(x, _) := false if x.a\nf(x, _) if x.a",
            "f(x, _) := x.a\nf(x, _) := 1 if not x.a",
            "f(x, _) := {v.k: v.w | some v in x.l}",
            "f(x, _) := {k: v | some k in x.l; some v in x.m}",
            "f(x, _) := {k: v | some k, w in x.l; v := w[_]}",
            "f(x, _) := m[x.a]\nm[v.k] := v if some v in input.l",
        ] {
            let policy = format!("package a\n\n{definitions}\n\ndeny contains \"x\" if f(input, input.x) == 1\n");
            let policy = policy.replace("f(x) ", "f(x, _) ").replace("f(y) ", "f(y, _) ");
            assert_eq!(interpreted(&[&policy]), [0], "{definitions}");
        }
    }
}
