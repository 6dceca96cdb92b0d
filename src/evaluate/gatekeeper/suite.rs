//! A suite is Gatekeeper's own test file: templates, constraints, objects, and what should be found (`gator verify`).

use std::sync::Arc;

use regex::Regex;
use regorus::Value as RegoValue;

use super::expansion::expand;
use super::fields::{at, texts, word};
use super::judge::Judge;
use super::matching::Origin;
use super::review::{Operation, of_object, of_request};
use super::{ConstraintCheck, Gatekeeper, Surroundings};
use crate::diagnostic::{Diagnostic, Severity, count};
use crate::evaluate::EvaluationLimits;
use crate::evaluate::value::of_node;
use crate::manifest::{Gvk, Manifest, Name, Node, ObjectRef, ReadLimits, Value, read};
use crate::source::{Location, Source, Span};
use crate::tree::{ReadTree, RepoPath};

/// A suite, and what it is run with.
pub struct Suite<'a> {
    /// Its file, under the name by which it is told.
    pub source: &'a Arc<Source>,
    /// The same file in the tree: what it names is looked for from its folder.
    pub path: &'a RepoPath,
    /// Where templates, constraints and objects lie.
    pub tree: &'a dyn ReadTree,
    /// Which cases are run, by `test/case`; a test without cases goes by its own name.
    pub selected: &'a dyn Fn(&str) -> bool,
    /// Validates constraints.
    pub check: ConstraintCheck<'a>,
    /// What each evaluation may cost.
    pub limits: &'a EvaluationLimits,
}

/// What came of a suite.
#[derive(Debug)]
pub struct SuiteResult {
    /// Its file.
    pub path: String,
    /// The whole of it.
    pub location: Location,
    /// Whether it could be read, and was not to be skipped.
    pub outcome: Outcome,
    /// In the order written; those of which some case was selected.
    pub tests: Vec<TestResult>,
    /// Cases that were not selected.
    pub left_out: usize,
}

/// What came of one test: a template with a constraint.
#[derive(Debug)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub location: Location,
    /// Whether template and constraint load, or do not where the test says so.
    pub outcome: Outcome,
    /// In the order written; none if the test did not get that far.
    pub cases: Vec<CaseResult>,
}

/// What came of one case: an object with expectations.
#[derive(Debug)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub location: Location,
    /// Whether everything that was expected holds.
    pub outcome: Outcome,
    /// What was found.
    pub messages: Vec<String>,
}

/// How something ended.
#[derive(Debug)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// It was not to be run.
    Skipped,
    /// Not as expected, or it could not be run.
    Failed(String),
    /// The policy does not load: what is wrong with it.
    Refused(Vec<Diagnostic>),
}

impl SuiteResult {
    /// Every case of every test.
    pub fn cases(&self) -> impl Iterator<Item = &CaseResult> {
        self.tests.iter().flat_map(|test| &test.cases)
    }

    /// Whether nothing failed and nothing was refused.
    #[must_use]
    pub fn passed(&self) -> bool {
        let mut all = std::iter::once(&self.outcome)
            .chain(self.tests.iter().map(|test| &test.outcome))
            .chain(self.cases().map(|case| &case.outcome));
        all.all(|outcome| matches!(outcome, Outcome::Passed | Outcome::Skipped))
    }
}

/// Whether a text is a suite.
#[must_use]
pub fn is_suite(source: &Arc<Source>) -> bool {
    let stream = read(source, &ReadLimits::default());
    stream.documents.iter().any(|document| is_of(&document.root, "test.gatekeeper.sh", "Suite"))
}

/// Runs a suite.
#[must_use]
pub fn run_suite(suite: &Suite<'_>) -> SuiteResult {
    let result = |outcome, tests, left_out| {
        let location = Location::new(suite.source, Span::at(0));
        SuiteResult { path: suite.source.name().to_owned(), location, outcome, tests, left_out }
    };
    let stream = read(suite.source, &ReadLimits::default());
    if stream.diagnostics.iter().any(is_error) {
        return result(Outcome::Refused(stream.diagnostics), Vec::new(), 0);
    }
    let found = stream.documents.iter().find(|document| is_of(&document.root, "test.gatekeeper.sh", "Suite"));
    let Some(root) = found.map(|document| &document.root) else {
        return result(Outcome::Failed("it is no suite of `test.gatekeeper.sh`".to_owned()), Vec::new(), 0);
    };
    if is_true(root.get("skip")) {
        return result(Outcome::Skipped, Vec::new(), 0);
    }
    let tests = items(root, "tests");
    if tests.is_empty() {
        return result(Outcome::Failed("it has no test".to_owned()), Vec::new(), 0);
    }
    let mut left_out = 0;
    let tests = tests.iter().filter_map(|test| Runner { suite }.test(test, &mut left_out)).collect();
    result(Outcome::Passed, tests, left_out)
}

struct Runner<'a> {
    suite: &'a Suite<'a>,
}

impl Runner<'_> {
    /// `None` if nothing of it is selected.
    fn test(&self, test: &Node, left_out: &mut usize) -> Option<TestResult> {
        let name = word(test.get("name")).unwrap_or_default().to_owned();
        let all = items(test, "cases");
        let is_selected =
            |case: &&Node| (self.suite.selected)(&format!("{name}/{}", word(case.get("name")).unwrap_or_default()));
        let cases: Vec<&Node> = all.iter().filter(is_selected).collect();
        *left_out += all.len() - cases.len();
        if cases.is_empty() && (!all.is_empty() || !(self.suite.selected)(&name)) {
            *left_out += usize::from(all.is_empty());
            return None;
        }
        let (outcome, cases) =
            if is_true(test.get("skip")) { (Outcome::Skipped, Vec::new()) } else { self.run(test, &cases) };
        Some(TestResult { name, location: self.location(test), outcome, cases })
    }

    /// The name of a test or case, or else all of it.
    fn location(&self, node: &Node) -> Location {
        Location::new(self.suite.source, node.get("name").unwrap_or(node).span)
    }

    fn run(&self, test: &Node, cases: &[&Node]) -> (Outcome, Vec<CaseResult>) {
        let mut parts = Vec::new();
        for (key, needed) in [("template", true), ("constraint", true), ("expansion", false)] {
            match word(test.get(key)).filter(|path| !path.is_empty()) {
                Some(path) => match self.objects(path) {
                    Ok(objects) => parts.push(objects),
                    Err(reason) => return (Outcome::Failed(reason), Vec::new()),
                },
                None if needed => return (Outcome::Failed(format!("it names no {key}")), Vec::new()),
                None => {}
            }
        }
        let errors = |manifests: &[Manifest]| {
            let (gatekeeper, mut found) = Gatekeeper::load(manifests, self.suite.check, self.suite.limits);
            found.retain(is_error);
            (gatekeeper, found)
        };
        if is_true(test.get("invalid")) {
            let (_, refused) = errors(&parts[0]);
            if !refused.is_empty() {
                return (Outcome::Refused(refused), Vec::new());
            }
            let (_, found) = errors(&parts.concat());
            let failed = || Outcome::Failed("the constraint should be invalid, and is valid".to_owned());
            return (if found.is_empty() { failed() } else { Outcome::Passed }, Vec::new());
        }
        let (gatekeeper, refused) = errors(&parts.concat());
        if !refused.is_empty() {
            return (Outcome::Refused(refused), Vec::new());
        }
        let mut judge = Judge::new(&gatekeeper, 0, self.suite.limits, None);
        (Outcome::Passed, cases.iter().map(|case| self.case(case, &gatekeeper, &mut judge)).collect())
    }

    fn case(&self, case: &Node, gatekeeper: &Gatekeeper, judge: &mut Judge<'_>) -> CaseResult {
        let (outcome, messages) = if is_true(case.get("skip")) {
            (Outcome::Skipped, Vec::new())
        } else {
            match self.messages(case, gatekeeper, judge) {
                Ok(messages) => (holds(case, &messages).map_or_else(Outcome::Failed, |()| Outcome::Passed), messages),
                Err(reason) => (Outcome::Failed(reason), Vec::new()),
            }
        };
        let name = word(case.get("name")).unwrap_or_default().to_owned();
        CaseResult { name, location: self.location(case), outcome, messages }
    }

    fn messages(&self, case: &Node, gatekeeper: &Gatekeeper, judge: &mut Judge<'_>) -> Result<Vec<String>, String> {
        let path = word(case.get("object")).ok_or("it names no object")?;
        let mut objects = self.objects(path)?;
        let [object] = objects.as_mut_slice() else {
            return Err(format!("`{path}` holds {}", count(objects.len(), "object")));
        };
        let mut inventory = Vec::new();
        for path in texts(case.get("inventory")) {
            inventory.extend(self.objects(&path)?);
        }
        let surroundings = Arc::new(Surroundings::of(&inventory.iter().collect::<Vec<_>>(), true));
        let mut judging = Judging { gatekeeper, judge, surroundings, messages: Vec::new() };
        if is_of(&object.root, "admission.k8s.io", "AdmissionReview") {
            judging.request(object)?;
        } else {
            judging.object(object, Origin::Original, "")?;
            for generated in expand(&gatekeeper.expansions, object)? {
                let before = format!("[Implied by {}] ", generated.by);
                judging.object(&generated.manifest, Origin::Generated, &before)?;
            }
        }
        Ok(judging.messages)
    }

    /// The objects of a file, without asking who they are: an `AdmissionReview` has no name.
    fn objects(&self, path: &str) -> Result<Vec<Manifest>, String> {
        let whole = match self.suite.path.parent() {
            Some(folder) => folder.join(path),
            None => RepoPath::parse(path),
        };
        let whole = whole.map_err(|error| error.to_string())?;
        let bytes = self.suite.tree.read(&whole).map_err(|error| error.to_string())?;
        let text = std::str::from_utf8(&bytes).map_err(|_| format!("`{whole}` is not UTF-8"))?;
        // by the same way as the suite itself
        let before = self.suite.source.name().strip_suffix(self.suite.path.as_str()).unwrap_or_default();
        let source = Source::file(format!("{before}{whole}"), text);
        let stream = read(&source, &ReadLimits::default());
        if let Some(problem) = stream.diagnostics.iter().find(|found| is_error(found)) {
            return Err(format!("`{whole}`: {}", problem.message));
        }
        let roots = stream.documents.into_iter().map(|document| document.root);
        let objects: Vec<Manifest> =
            roots.filter(|root| root.value != Value::Null).map(|root| manifest(root, &source)).collect();
        if objects.is_empty() { Err(format!("`{whole}` holds no object")) } else { Ok(objects) }
    }
}

/// One case, while it is judged.
struct Judging<'a, 'b> {
    gatekeeper: &'a Gatekeeper,
    judge: &'a mut Judge<'b>,
    surroundings: Arc<Surroundings>,
    messages: Vec<String>,
}

impl Judging<'_, '_> {
    fn object(&mut self, object: &Manifest, origin: Origin, before: &str) -> Result<(), String> {
        self.review(&[object], origin, &of_object(object, &of_node(&object.root), Operation::Unknown), before)
    }

    /// An `AdmissionReview`: its `request` is the review, and either of its objects may be the one that matters.
    fn request(&mut self, admission: &Manifest) -> Result<(), String> {
        let request = admission.root.get("request").ok_or("the AdmissionReview has no request")?;
        let given = |key: &str| request.get(key).filter(|node| node.value != Value::Null);
        let namespace = word(request.get("namespace")).filter(|name| self.surroundings.namespaces.contains_key(*name));
        let objects: Vec<Manifest> = ["object", "oldObject"]
            .into_iter()
            .filter_map(|key| given(key).map(|root| manifest(root.clone(), &admission.source)))
            .map(|mut object| {
                object.object.namespace = object.object.namespace.or_else(|| namespace.map(Into::into));
                object
            })
            .collect();
        if objects.is_empty() {
            return Err("the AdmissionReview has neither `object` nor `oldObject`".to_owned());
        }
        if word(request.get("operation")) == Some("DELETE") && given("oldObject").is_none() {
            return Err("a DELETE has no `oldObject`".to_owned());
        }
        self.review(&objects.iter().collect::<Vec<_>>(), Origin::Original, &of_request(request), "")
    }

    fn review(
        &mut self,
        objects: &[&Manifest],
        origin: Origin,
        review: &RegoValue,
        before: &str,
    ) -> Result<(), String> {
        let gatekeeper = self.gatekeeper;
        for constraint in &gatekeeper.constraints {
            let matched: Result<Vec<bool>, _> = objects
                .iter()
                .map(|object| constraint.applies.matches(object, origin, &self.surroundings.namespaces))
                .collect();
            match matched {
                Ok(matched) if matched.contains(&true) => {
                    let violations = self.judge.violations(constraint, review, &self.surroundings)?;
                    self.messages.extend(violations.into_iter().map(|(message, _)| format!("{before}{message}")));
                }
                Ok(_) => {}
                // Gatekeeper counts this as a violation
                Err(missing) => self.messages.push(format!(
                    "{before}unable to match constraints: the namespace `{}` is not known",
                    missing.name
                )),
            }
        }
        Ok(())
    }
}

/// Whether all assertions of a case hold.
fn holds(case: &Node, messages: &[String]) -> Result<(), String> {
    let assertions = items(case, "assertions");
    if assertions.is_empty() {
        return Err("it asserts nothing".to_owned());
    }
    assertions.iter().try_for_each(|assertion| asserted(assertion, messages))
}

fn asserted(assertion: &Node, messages: &[String]) -> Result<(), String> {
    let pattern = word(assertion.get("message"));
    let regex = pattern.map(Regex::new).transpose().map_err(|error| error.to_string())?;
    let found = messages.iter().filter(|message| regex.as_ref().is_none_or(|regex| regex.is_match(message))).count();
    let (holds, wanted) = match assertion.get("violations").map(|node| &node.value) {
        None | Some(Value::Null | Value::Bool(true)) => (found > 0, "at least one".to_owned()),
        Some(Value::Bool(false)) => (found == 0, "none".to_owned()),
        Some(Value::String(word)) if &**word == "yes" => (found > 0, "at least one".to_owned()),
        Some(Value::String(word)) if &**word == "no" => (found == 0, "none".to_owned()),
        Some(Value::Int(wanted)) if *wanted >= 0 => {
            (usize::try_from(*wanted) == Ok(found), format!("exactly {wanted}"))
        }
        Some(_) => return Err("`violations` should be `yes`, `no` or a number".to_owned()),
    };
    let about = pattern.map(|pattern| format!(" that match `{pattern}`")).unwrap_or_default();
    if holds { Ok(()) } else { Err(format!("{}{about}, wanted {wanted}", count(found, "violation"))) }
}

/// `violations: yes` is a warning elsewhere, and the way to write it here.
fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}

fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).and_then(Node::as_sequence).unwrap_or_default()
}

fn is_true(node: Option<&Node>) -> bool {
    matches!(node.map(|node| &node.value), Some(Value::Bool(true)))
}

fn is_of(root: &Node, group: &str, kind: &str) -> bool {
    let gvk = gvk(root);
    &*gvk.group == group && &*gvk.kind == kind
}

fn gvk(root: &Node) -> Gvk {
    Gvk::new(word(root.get("apiVersion")).unwrap_or_default(), word(root.get("kind")).unwrap_or_default())
}

fn manifest(root: Node, source: &Arc<Source>) -> Manifest {
    let metadata = |key: &str| word(at(&root, &["metadata", key])).filter(|text| !text.is_empty());
    let name = match (metadata("name"), metadata("generateName")) {
        (None, Some(prefix)) => Name::Generated(prefix.into()),
        (name, _) => Name::Fixed(name.unwrap_or_default().into()),
    };
    let object = ObjectRef { gvk: gvk(&root), namespace: metadata("namespace").map(Into::into), name };
    Manifest { object, root, source: Arc::clone(source) }
}
