//! A policy set is all policies that judge an object: loaded, refused where they could fail open, and compiled.

use std::sync::Arc;

use super::closure::{Asked, add_removed_functions, compile, problems, settle};
use super::complaint::Complaint;
use super::dialect::Dialect;
use super::finding;
use super::gatekeeper::{Gatekeeper, Judge, Surroundings};
use super::machine::{Machine, Plan};
use super::module::Module;
use super::reads::Reads;
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
    /// `policies.good_practice.latest_tag`
    pub package: String,
    /// `deny_latest_tag`
    pub name: String,
    /// The name in its head.
    pub location: Location,
}

/// What the policies say of one object.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Findings, in the order of the rules.
    pub diagnostics: Vec<Diagnostic>,
    /// How many rules came to a verdict; a rule that failed did not.
    pub rules: usize,
}

/// Policies, compiled. Shared between workers, each of which takes its own [`evaluator`](Self::evaluator).
#[derive(Debug)]
pub struct PolicySet {
    rules: Vec<PolicyRule>,
    plan: Arc<Plan>,
    data: Node,
    limits: EvaluationLimits,
    digest: Digest,
    gatekeeper: Gatekeeper,
    today: Option<Date>,
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

    /// As [`load`](Self::load), with the Rego version that the files are written in.
    #[must_use]
    pub fn load_as(
        files: &[Arc<Source>],
        documents: &[DataDocument],
        dialect: Dialect,
        limits: &EvaluationLimits,
    ) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let data = merge_documents(documents, &mut diagnostics);
        let mut modules = Vec::new();
        for source in sorted(files) {
            match Module::parse(&source, dialect, limits) {
                Ok(module) if module.is_test() => {}
                Ok(module) => modules.push(module),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        add_removed_functions(&mut modules, limits);
        let example = data_for(&data, Some(Kubernetes { major: 1, minor: 0 }));
        let (rules, plan) =
            settle(&mut modules, &mut diagnostics, |modules| match problems(modules, &example, Asked::Messages) {
                problems if problems.is_empty() => {
                    compile(modules, &example, Asked::Messages, limits).map_err(|problem| vec![problem])
                }
                problems => Err(problems),
            });
        let digest = digest(files, documents);
        let gatekeeper = Gatekeeper::default();
        (Self { rules, plan, data, limits: limits.clone(), digest, gatekeeper, today: None }, diagnostics)
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
        let constraints = Judge::new(&self.gatekeeper, &self.limits, self.today);
        Evaluator { set: self, machine, reads: Reads::default(), target: None, constraints }
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
            let data = value::of_node(&data_for(&self.set.data, Some(target)));
            self.machine.set_data(data).expect("loading refuses policies that define `data.hydrant`");
        }
    }

    /// Judges one object with every rule, as if it were alone.
    pub fn judge(&mut self, manifest: &Manifest) -> Judgement {
        self.judge_among(manifest, &Arc::new(Surroundings::none()))
    }

    /// Judges one object with every rule and constraint.
    pub fn judge_among(&mut self, manifest: &Manifest, surroundings: &Arc<Surroundings>) -> Judgement {
        let mut judgement = Judgement::default();
        if self.set.is_empty() {
            return judgement; // a copy of the object would be for nobody
        }
        let object = value::of_node(&manifest.root);
        let results = self.machine.evaluate(&object);
        for (number, (rule, result)) in self.set.rules.iter().zip(results).enumerate() {
            match result {
                Ok(members) => {
                    judgement.rules += 1;
                    let mut places = None;
                    judgement.diagnostics.extend(members.iter().map(|member| {
                        finding::diagnostic(rule, member, manifest, self.set.today, || {
                            let look = || self.reads.places(&self.machine, number, &object, &[], &self.set.limits);
                            places.get_or_insert_with(look).of(member, &manifest.root)
                        })
                    }));
                }
                Err(error) => {
                    let reason = Complaint::parse(&error).message;
                    judgement.diagnostics.push(finding::failed(rule, &reason, manifest));
                }
            }
        }
        self.constraints.judge(manifest, &object, surroundings, &mut judgement);
        judgement
    }

    /// What constraints say of the deletion of an object.
    pub fn judge_deletion(&mut self, manifest: &Manifest, surroundings: &Arc<Surroundings>) -> Judgement {
        let mut judgement = Judgement::default();
        self.constraints.judge_deletion(manifest, surroundings, &mut judgement);
        judgement
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
        set.plan.interpreted().to_vec()
    }

    #[test]
    fn the_shipped_policies_stay_on_the_virtual_machine() {
        for name in crate::evaluate::shipped_names() {
            let files = crate::evaluate::shipped(name).expect("a name that is listed");
            let (set, _) = PolicySet::load(&files, &[], &EvaluationLimits::default());
            let names: Vec<&str> = set.plan.interpreted().iter().map(|rule| set.rules[*rule].id.as_str()).collect();
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
