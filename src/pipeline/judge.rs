//! Judge: every object of every environment, against schemas and policies, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::assemble::Assembled;
use super::echoes::drop_echoes;
use super::lookup::with_schema_files;
use super::waivers::{self, Looked};
use super::{Checkup, EnvironmentCheck, Error, Limits, Memory, Progress, Published, Selection};
use crate::admit::{Checked, Evidence, UsedWaiver};
use crate::config::{self, Project};
use crate::date::Date;
use crate::diagnostic::{Diagnostic, Severity, rules};
use crate::evaluate::conftest::Tally;
use crate::evaluate::gatekeeper::Surroundings;
use crate::evaluate::waivers::{Review, Target, Waivers};
use crate::evaluate::{
    self, DataDocument, EvaluationLimits, Evaluator, Kubernetes, PolicyFiles, PolicyOptions, PolicyRule, PolicySet,
    RuleEngine, RuleSet,
};
use crate::load::{Checks, SchemaPlace};
use crate::manifest::{Manifest, Name, ReadLimits};
use crate::parse::parse;
use crate::report::{Accounting, RuleCoverage, UnjudgedObject};
use crate::source::Source;
use crate::tree::{Digest, ReadTree};
use crate::validate::{Coverage, Schemas, UnknownKinds};

/// How many objects a worker takes at once: enough that taking them costs nothing.
const BATCH: usize = 32;

/// Everything that objects are held against, loaded and compiled once.
pub(super) struct Gates<'a> {
    places: Vec<SchemaPlace<'a>>,
    crds: Vec<Manifest>,
    unknown: UnknownKinds,
    policies: Arc<PolicySet>,
    waivers: Waivers,
    today: Option<Date>,
    environments: Vec<Arc<str>>,
    common: Vec<Diagnostic>,
}

impl<'a> Gates<'a> {
    pub(super) fn new(
        tree: &dyn ReadTree,
        project: &Project,
        mut checks: Checks,
        places: Vec<SchemaPlace<'a>>,
        limits: &Limits,
        memory: Option<&mut Memory>,
    ) -> Result<Self, Error> {
        known_kubernetes(project)?;
        let mut found = std::mem::take(&mut checks.diagnostics);
        let waivers = Waivers::read(checks.waivers.as_ref(), project.policies.waiver_annotations);
        let waivers = waivers.unwrap_or_else(|refused| {
            found.extend(refused);
            Waivers::default()
        });
        if found.iter().any(super::is_unusable_configuration) {
            return Err(Error::Configuration(found));
        }
        let mut common = found;
        let crds = read_crds(&checks, &limits.read, &mut common);
        let packs = project.policies.builtin.iter().map(|pack| pack.value.as_str());
        let options = super::policy_options(project).map_err(Error::Configuration)?;
        let compile = || {
            let (set, refused) = policies_with(evaluate::chosen(packs), &checks, &options, &limits.evaluation);
            (set.on(limits.today), refused)
        };
        let (policies, refused) = match memory {
            Some(memory) => memory.policies(tree, &checks, limits.today, compile),
            None => {
                let (set, refused) = compile();
                (Arc::new(set), refused)
            }
        };
        common.extend(refused);
        let unknown = unknown_kinds(project.schemas.unknown);
        let environments = project.environments.iter().map(|one| Arc::clone(&one.name)).collect();
        Ok(Self { places, crds, unknown, policies, waivers, today: limits.today, environments, common })
    }

    /// Whether an object is judged for itself: no schema is looked for by what others are, no rule sees others, and no
    /// waiver may be needed by others.
    pub(super) fn judge_alone(&self) -> bool {
        self.places.is_empty() && !self.policies.needs_surroundings() && self.waivers.are_none()
    }

    /// The schemas of one environment: the CRDs among its own objects first.
    fn schemas(&self, assembled: &Assembled<'_>) -> Result<(Schemas, Vec<Diagnostic>), Error> {
        let version = &*assembled.environment.kubernetes.value;
        let schemas = Schemas::new(version, self.unknown).expect("`known_kubernetes` asked for every environment");
        let rendered = || assembled.manifests.iter().map(|(_, manifest)| manifest);
        let (schemas, mut diagnostics) = schemas.with_crds(rendered());
        let (schemas, more) = schemas.with_crds(&self.crds);
        diagnostics.extend(more);
        let schemas = with_schema_files(schemas, &self.places, rendered(), version, true)?;
        diagnostics.extend(schemas.unevaluated(rendered()));
        Ok((schemas, diagnostics))
    }
}

/// The setting as the stage knows it.
pub(super) fn unknown_kinds(setting: config::UnknownKinds) -> UnknownKinds {
    match setting {
        config::UnknownKinds::Deny => UnknownKinds::Deny,
        config::UnknownKinds::Warn => UnknownKinds::Warn,
        config::UnknownKinds::Allow => UnknownKinds::Allow,
    }
}

/// A Kubernetes version nobody has schemas for is a mistake of the configuration.
fn known_kubernetes(project: &Project) -> Result<(), Error> {
    let mut unknown = Vec::new();
    for environment in &project.environments {
        let Err(error) = Schemas::new(&environment.kubernetes.value, UnknownKinds::Deny) else { continue };
        let diagnostic = Diagnostic::error(rules::CONFIG_INVALID, error.to_string());
        unknown.push(match &environment.kubernetes.location {
            Some(location) => diagnostic.at(location.clone(), "this version"),
            None => diagnostic,
        });
    }
    if unknown.is_empty() { Ok(()) } else { Err(Error::Configuration(unknown)) }
}

pub(super) fn read_crds(checks: &Checks, limits: &ReadLimits, diagnostics: &mut Vec<Diagnostic>) -> Vec<Manifest> {
    let mut crds = Vec::new();
    for source in &checks.crds {
        let parsed = parse(source, limits);
        diagnostics.extend(parsed.diagnostics);
        crds.extend(parsed.manifests);
    }
    crds
}

/// Loads shipped policies and a project's own, with the data beside them.
#[must_use]
pub fn policies(shipped: Vec<Arc<Source>>, checks: &Checks, limits: &EvaluationLimits) -> (PolicySet, Vec<Diagnostic>) {
    policies_with(shipped, checks, &PolicyOptions::default(), limits)
}

/// The same, with what somebody says about the project's own.
#[must_use]
pub fn policies_with(
    shipped: Vec<Arc<Source>>,
    checks: &Checks,
    options: &PolicyOptions,
    limits: &EvaluationLimits,
) -> (PolicySet, Vec<Diagnostic>) {
    // of a file beside policies the content is `data` itself
    let beside = checks.data.iter().map(|source| DataDocument { at: Vec::new(), source: source.clone() });
    let placed = checks.data_trees.iter().map(|data| DataDocument { at: data.at.clone(), source: data.source.clone() });
    let data: Vec<_> = beside.chain(placed).collect();
    let files = PolicyFiles { own: &checks.policies, shipped: &shipped, data: &data };
    let (policies, mut diagnostics) = PolicySet::load_with(files, options, limits);
    let (gatekeeper, refused) = super::gatekeeper::load(&checks.gatekeeper, limits);
    diagnostics.extend(refused);
    (policies.with_gatekeeper(gatekeeper), diagnostics)
}

/// What came of one object.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) coverage: Coverage,
    pub(super) tally: Tally,
    /// The policy rules that came to a verdict.
    pub(super) judged_by: Arc<RuleSet>,
    /// How much each of them found, if anything.
    pub(super) found: Vec<(usize, usize)>,
    /// Whether it was held against some rule that did not fail.
    pub(super) held: bool,
    /// Who the object is, if no rule judged it.
    pub(super) unjudged: Option<Box<UnjudgedObject>>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Judges all objects of all environments.
pub(super) fn all(
    gates: &Gates<'_>,
    assembled: Vec<Assembled<'_>>,
    selection: &Selection,
    published: &Published,
    progress: &dyn Progress,
    memory: Option<&mut Memory>,
) -> Result<Checkup, Error> {
    let schemas: Vec<_> = assembled.par_iter().map(|environment| gates.schemas(environment)).collect();
    let schemas: Vec<_> = schemas.into_iter().collect::<Result<_, _>>()?;
    let surroundings: Vec<_> = assembled
        .par_iter()
        .map(|environment| {
            let manifests: Vec<&Manifest> = environment.manifests.iter().map(|(_, manifest)| manifest).collect();
            match published.of(&environment.environment.name) {
                Some(published) => gates.policies.surroundings_since(&manifests, published),
                None => gates.policies.surroundings(&manifests),
            }
        })
        .collect();
    let objects: Vec<(&str, &str, Object<'_>)> = assembled
        .iter()
        .zip(&schemas)
        .zip(&surroundings)
        .flat_map(|((environment, (schemas, _)), surroundings)| {
            let name = &*environment.environment.name;
            let kubernetes = Kubernetes::parse(&environment.environment.kubernetes.value)
                .expect("`known_kubernetes` asked for every environment");
            let asked = environment.manifests.iter().filter(|(app, _)| selection.has_app(name, app));
            asked.map(move |(app, manifest)| (name, app, Object { manifest, schemas, kubernetes, surroundings }))
        })
        .collect();
    let judged = match memory {
        Some(memory) => memory.judge(&gates.policies, &held_against(gates, &assembled, &schemas), &objects, progress),
        None => judge(&gates.policies, &objects, |(_, _, object)| object, progress),
    };
    let mut review = Review::new(&gates.waivers, gates.today);
    let mut by_environment: BTreeMap<&str, Vec<Judged>> = BTreeMap::new();
    for ((environment, app, object), mut judged) in objects.iter().zip(judged) {
        let manifest = object.manifest;
        judged.diagnostics.extend(review.meet(Some(environment), Some(app), manifest));
        let within = |diagnostic: Diagnostic| diagnostic.within(environment, app);
        judged.diagnostics = judged.diagnostics.into_iter().map(within).collect();
        let target = Target { environment: Some(environment), app: Some(app), manifest: Some(manifest) };
        review.consider(&mut judged.diagnostics, target);
        if let Some(object) = &mut judged.unjudged {
            object.environment = Some((*environment).to_owned());
            object.app = Some((*app).to_owned());
        }
        by_environment.entry(environment).or_default().push(judged);
    }
    let judged: Vec<_> =
        assembled.iter().map(|one| by_environment.remove(&*one.environment.name).unwrap_or_default()).collect();
    drop(objects);
    let gone: Vec<_> = assembled
        .iter()
        .zip(&surroundings)
        .map(|(environment, surroundings)| deletions(&gates.policies, environment, selection, published, surroundings))
        .collect();

    let mut accounting = Accounting { policy_rules: gates.policies.rules().len(), ..Accounting::default() };
    let apps = waivers::apps(&assembled);
    let environments: Vec<EnvironmentCheck> = assembled
        .into_iter()
        .zip(schemas)
        .zip(judged)
        .zip(gone)
        .map(|(((assembled, (schemas, mut broken)), judged), gone)| {
            broken.extend(gone);
            let environment = conclude(gates, assembled, &schemas, broken, judged, &mut review);
            accounting.add(&environment.1);
            environment.0
        })
        .collect();
    let is_whole = accounting.failed + accounting.failed_documents == 0
        && gates.common.iter().all(|found| found.severity < Severity::Error);
    let looked = Looked { environments: &gates.environments, apps, selection, is_whole };
    let audit = review.audit(gates.policies.rules(), |waiver| looked.is_covered(waiver));
    let (waivers, found) = waivers::told(audit);
    let mut checkup = Checkup { environments, common: gates.common.clone(), accounting, waivers };
    found.into_iter().for_each(|found| checkup.add(found));
    Ok(checkup)
}

/// By environment, the digest of all that its objects are held against one by one.
fn held_against<'a>(
    gates: &Gates<'_>,
    assembled: &'a [Assembled<'_>],
    schemas: &[(Schemas, Vec<Diagnostic>)],
) -> BTreeMap<&'a str, Digest> {
    let digest = |(one, (schemas, _)): (&'a Assembled<'_>, &(Schemas, Vec<Diagnostic>))| {
        let kubernetes = Digest::of(one.environment.kubernetes.value.as_bytes());
        let policies = gates.policies.digest();
        let parts = [("kubernetes", kubernetes), ("schemas", schemas.digest()), ("policies", policies)];
        (&*one.environment.name, Digest::of_list(parts))
    };
    assembled.iter().zip(schemas).map(digest).collect()
}

impl Checkup {
    /// What is said of an environment belongs to it, anything else to all.
    pub(super) fn add(&mut self, found: Diagnostic) {
        let name = found.subject.environment.as_deref();
        let own = self.environments.iter_mut().find(|one| Some(one.checked.environment.as_str()) == name);
        own.map_or(&mut self.common, |own| &mut own.diagnostics).push(found);
    }
}

/// What constraints say of the objects that a branch holds and that are rendered no more. Which app one belonged to is
/// not known here: where only some apps are selected, none is asked about.
fn deletions(
    policies: &PolicySet,
    assembled: &Assembled<'_>,
    selection: &Selection,
    published: &Published,
    surroundings: &Arc<Surroundings>,
) -> Vec<Diagnostic> {
    let name = &*assembled.environment.name;
    let whole = selection.environments.get(name).is_none_or(BTreeSet::is_empty);
    let Some(before) = published.of(name).filter(|_| whole && policies.judges_deletions()) else { return Vec::new() };
    let kept: BTreeSet<_> = assembled.manifests.iter().map(|(_, manifest)| manifest.object.key()).collect();
    let gone = before
        .iter()
        .filter(|manifest| matches!(manifest.object.name, Name::Fixed(_)) && !kept.contains(&manifest.object.key()));
    let mut evaluator = policies.evaluator();
    gone.flat_map(|manifest| evaluator.judge_deletion(manifest, surroundings).diagnostics)
        .map(|diagnostic| diagnostic.of_environment(name))
        .collect()
}

/// One object and what it is held against.
pub(super) struct Object<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) schemas: &'a Schemas,
    pub(super) kubernetes: Kubernetes,
    /// What it stands among.
    pub(super) surroundings: &'a Arc<Surroundings>,
}

/// Evaluators that nobody uses at the moment. Compiling policies costs milliseconds, so they are passed from batch to
/// batch: there are as many as there are workers.
pub(super) struct Evaluators<'a> {
    policies: &'a PolicySet,
    idle: Mutex<Vec<Evaluator<'a>>>,
}

impl<'a> Evaluators<'a> {
    pub(super) fn of(policies: &'a PolicySet) -> Self {
        Self { policies, idle: Mutex::default() }
    }

    /// One for the caller alone, until it is dropped.
    pub(super) fn lend(&self) -> Lent<'_, 'a> {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        Lent { evaluators: self, evaluator: Some(idle.unwrap_or_else(|| self.policies.evaluator())) }
    }
}

/// An evaluator that goes back to where it came from.
pub(super) struct Lent<'p, 'a> {
    evaluators: &'p Evaluators<'a>,
    /// There until it goes back.
    evaluator: Option<Evaluator<'a>>,
}

impl Lent<'_, '_> {
    /// Judges one object by its schema and by all policies.
    pub(super) fn judge(&mut self, object: &Object<'_>) -> Judged {
        judge_one(object, self.evaluator.as_mut().expect("it goes back only when it is dropped"))
    }
}

impl Drop for Lent<'_, '_> {
    fn drop(&mut self) {
        if let (Some(evaluator), Ok(mut idle)) = (self.evaluator.take(), self.evaluators.idle.lock()) {
            idle.push(evaluator);
        }
    }
}

/// Judges objects side by side; what came of them is in their order.
pub(super) fn judge<T: Sync>(
    policies: &PolicySet,
    objects: &[T],
    object: impl Fn(&T) -> &Object<'_> + Sync,
    progress: &dyn Progress,
) -> Vec<Judged> {
    progress.stage("checking", objects.len());
    let evaluators = Evaluators::of(policies);
    objects
        .par_chunks(BATCH)
        .flat_map_iter(|batch| {
            let mut evaluator = evaluators.lend();
            let judge = |one| {
                progress.advance();
                evaluator.judge(object(one))
            };
            batch.iter().map(judge).collect::<Vec<_>>()
        })
        .collect()
}

fn judge_one(object: &Object<'_>, evaluator: &mut Evaluator<'_>) -> Judged {
    let verdict = object.schemas.validate(object.manifest);
    evaluator.aim_at(object.kubernetes);
    let judgement = evaluator.judge_among(object.manifest, object.surroundings);
    let found = verdict.diagnostics.into_iter().chain(judgement.diagnostics);
    let unjudged = judgement.judged_by.is_empty().then(|| {
        let (kind, object) = (object.manifest.object.gvk.kind.to_string(), object.manifest.object.to_string());
        Box::new(UnjudgedObject { environment: None, app: None, kind, object })
    });
    Judged {
        coverage: verdict.coverage,
        tally: judgement.tally,
        judged_by: judgement.judged_by,
        found: judgement.found,
        held: judgement.rules > 0,
        unjudged,
        diagnostics: found.collect(),
    }
}

/// Every object that was judged is validated, skipped, or failed; by policies it is judged or not, where there are any.
pub(super) fn account<'a>(
    judged: impl IntoIterator<Item = &'a Judged>,
    policies: &PolicySet,
    accounting: &mut Accounting,
) {
    accounting.policies.rules = policies.rules().iter().map(rule_coverage).collect();
    for one in judged {
        match one.coverage {
            Coverage::Checked => accounting.validated += 1,
            Coverage::Skipped => *accounting.skipped_objects.entry("no schema").or_default() += 1,
            Coverage::Failed => accounting.unvalidated += 1,
        }
        accounting.held += usize::from(one.held);
        accounting.judged += usize::from(one.unjudged.is_none());
        let rules = &mut accounting.policies.rules;
        one.judged_by.iter().for_each(|rule| rules[rule].objects += 1);
        one.found.iter().for_each(|(rule, findings)| rules[*rule].findings += findings);
        if !policies.is_empty() {
            accounting.policies.unjudged.extend(one.unjudged.as_deref().cloned());
        }
    }
}

fn rule_coverage(rule: &PolicyRule) -> RuleCoverage {
    let interpreted = match &rule.engine {
        RuleEngine::VirtualMachine => None,
        RuleEngine::Interpreter { why } => Some(why.clone()),
    };
    let path = format!("{}.{}", rule.package, rule.name);
    RuleCoverage { id: rule.id.to_string(), path, interpreted, ..RuleCoverage::default() }
}

fn conclude(
    gates: &Gates<'_>,
    assembled: Assembled<'_>,
    schemas: &Schemas,
    broken: Vec<Diagnostic>,
    judged: Vec<Judged>,
    review: &mut Review,
) -> (EnvironmentCheck, Accounting) {
    let Assembled { environment, manifests, apps, mut diagnostics, mut accounting } = assembled;
    accounting.objects = judged.len();
    account(&judged, &gates.policies, &mut accounting);
    diagnostics.extend(broken.into_iter().map(|diagnostic| diagnostic.of_environment(&environment.name)));
    let rendered = || Box::new(manifests.iter().map(|(_, manifest)| manifest)) as Box<dyn Iterator<Item = _>>;
    waivers::consider_early(review, &mut diagnostics, Some(&environment.name), rendered);
    diagnostics.extend(judged.into_iter().flat_map(|judged| judged.diagnostics));
    drop_echoes(&mut diagnostics);
    let evidence = Evidence {
        kubernetes: environment.kubernetes.value.to_string(),
        schemas: schemas.digest(),
        policies: gates.waivers.digest_with(gates.policies.digest()),
        apps,
        validated: accounting.validated,
        judged: accounting.held,
        waivers: UsedWaiver::of(&diagnostics),
    };
    let checked = Checked { environment: environment.name.to_string(), manifests, evidence };
    (EnvironmentCheck { checked, diagnostics }, accounting)
}
