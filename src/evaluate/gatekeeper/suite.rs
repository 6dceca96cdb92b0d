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
use crate::source::Source;
use crate::tree::{ReadTree, RepoPath};

/// What came of a suite.
#[derive(Debug)]
pub struct SuiteResult {
    /// Its file.
    pub path: String,
    /// Whether it could be read, and was not to be skipped.
    pub outcome: Outcome,
    /// In the order written.
    pub tests: Vec<TestResult>,
}

/// What came of one test: a template with a constraint.
#[derive(Debug)]
pub struct TestResult {
    /// Its name.
    pub name: String,
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

/// Runs a suite. Its paths count from its own folder in `tree`, which the name of `suite` tells.
#[must_use]
pub fn run_suite(
    suite: &Arc<Source>,
    tree: &dyn ReadTree,
    check: ConstraintCheck<'_>,
    limits: &EvaluationLimits,
) -> SuiteResult {
    let result = |outcome, tests| SuiteResult { path: suite.name().to_owned(), outcome, tests };
    let stream = read(suite, &ReadLimits::default());
    if stream.diagnostics.iter().any(is_error) {
        return result(Outcome::Refused(stream.diagnostics), Vec::new());
    }
    let found = stream.documents.iter().find(|document| is_of(&document.root, "test.gatekeeper.sh", "Suite"));
    let Some(root) = found.map(|document| &document.root) else {
        return result(Outcome::Failed("it is no suite of `test.gatekeeper.sh`".to_owned()), Vec::new());
    };
    if is_true(root.get("skip")) {
        return result(Outcome::Skipped, Vec::new());
    }
    let runner =
        Runner { folder: RepoPath::parse(suite.name()).ok().and_then(|path| path.parent()), tree, check, limits };
    let tests = root.get("tests").and_then(Node::as_sequence).unwrap_or_default();
    result(Outcome::Passed, tests.iter().map(|test| runner.test(test)).collect())
}

struct Runner<'a> {
    folder: Option<RepoPath>,
    tree: &'a dyn ReadTree,
    check: ConstraintCheck<'a>,
    limits: &'a EvaluationLimits,
}

impl Runner<'_> {
    fn test(&self, test: &Node) -> TestResult {
        let name = word(test.get("name")).unwrap_or_default().to_owned();
        let (outcome, cases) = if is_true(test.get("skip")) { (Outcome::Skipped, Vec::new()) } else { self.run(test) };
        TestResult { name, outcome, cases }
    }

    fn run(&self, test: &Node) -> (Outcome, Vec<CaseResult>) {
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
            let (gatekeeper, mut found) = Gatekeeper::load(manifests, self.check, self.limits);
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
        let mut judge = Judge::new(&gatekeeper, self.limits);
        let cases = test.get("cases").and_then(Node::as_sequence).unwrap_or_default();
        (Outcome::Passed, cases.iter().map(|case| self.case(case, &gatekeeper, &mut judge)).collect())
    }

    fn case(&self, case: &Node, gatekeeper: &Gatekeeper, judge: &mut Judge<'_>) -> CaseResult {
        let name = word(case.get("name")).unwrap_or_default().to_owned();
        if is_true(case.get("skip")) {
            return CaseResult { name, outcome: Outcome::Skipped, messages: Vec::new() };
        }
        match self.messages(case, gatekeeper, judge) {
            Ok(messages) => {
                let outcome = match holds(case, &messages) {
                    Ok(()) => Outcome::Passed,
                    Err(reason) => Outcome::Failed(reason),
                };
                CaseResult { name, outcome, messages }
            }
            Err(reason) => CaseResult { name, outcome: Outcome::Failed(reason), messages: Vec::new() },
        }
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
        let whole = match &self.folder {
            Some(folder) => folder.join(path),
            None => RepoPath::parse(path),
        };
        let whole = whole.map_err(|error| error.to_string())?;
        let bytes = self.tree.read(&whole).map_err(|error| error.to_string())?;
        let text = std::str::from_utf8(&bytes).map_err(|_| format!("`{whole}` is not UTF-8"))?;
        let source = Source::file(whole.as_str(), text);
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
    let assertions = case.get("assertions").and_then(Node::as_sequence).unwrap_or_default();
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
    if holds { Ok(()) } else { Err(format!("{}{about}, wanted {wanted}: {messages:?}", count(found, "violation"))) }
}

/// `violations: yes` is a warning elsewhere, and the way to write it here.
fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
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
