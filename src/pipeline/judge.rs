//! Judge: every object of every environment, against schemas and policies, side by side.

use std::collections::BTreeMap;
use std::sync::Mutex;

use rayon::prelude::*;

use super::assemble::Assembled;
use super::{Checkup, EnvironmentCheck, Error, Limits, Progress, Selection};
use crate::admit::{Checked, Evidence};
use crate::config::{self, Project};
use crate::diagnostic::{Diagnostic, rules};
use crate::evaluate::{self, DataDocument, EvaluationLimits, Evaluator, PolicySet};
use crate::load::Checks;
use crate::manifest::{Manifest, ReadLimits};
use crate::parse::parse;
use crate::report::Accounting;
use crate::validate::{Coverage, Schemas, UnknownKinds};

/// How many objects a worker takes at once: enough that taking them costs nothing.
const BATCH: usize = 32;

/// Everything that objects are held against, loaded and compiled once.
pub(super) struct Gates {
    checks: Checks,
    crds: Vec<Manifest>,
    unknown: UnknownKinds,
    policies: PolicySet,
    common: Vec<Diagnostic>,
}

impl Gates {
    pub(super) fn new(project: &Project, mut checks: Checks, limits: &Limits) -> Result<Self, Error> {
        known_kubernetes(project)?;
        let found = std::mem::take(&mut checks.diagnostics);
        if found.iter().any(super::is_unusable_configuration) {
            return Err(Error::Configuration(found));
        }
        let mut common = found;
        let crds = read_crds(&checks, &limits.read, &mut common);
        let packs = project.policies.builtin.iter().map(|pack| pack.value.as_str());
        let (policies, refused) = policies(packs, &checks, &limits.evaluation);
        common.extend(refused);
        let unknown = match project.schemas.unknown {
            config::UnknownKinds::Deny => UnknownKinds::Deny,
            config::UnknownKinds::Warn => UnknownKinds::Warn,
            config::UnknownKinds::Allow => UnknownKinds::Allow,
        };
        Ok(Self { checks, crds, unknown, policies, common })
    }

    /// The schemas of one environment: the CRDs among its own objects first.
    fn schemas(&self, assembled: &Assembled<'_>) -> (Schemas, Vec<Diagnostic>) {
        let version = &*assembled.environment.kubernetes.value;
        let schemas = Schemas::new(version, self.unknown).expect("`known_kubernetes` asked for every environment");
        let rendered = assembled.manifests.iter().map(|(_, manifest)| manifest);
        let (schemas, mut diagnostics) = schemas.with_crds(rendered);
        let (schemas, more) = schemas.with_crds(&self.crds);
        diagnostics.extend(more);
        let (schemas, more) = schemas.with_schema_files(&self.checks.schemas);
        diagnostics.extend(more);
        (schemas, diagnostics)
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

fn read_crds(checks: &Checks, limits: &ReadLimits, diagnostics: &mut Vec<Diagnostic>) -> Vec<Manifest> {
    let mut crds = Vec::new();
    for source in &checks.crds {
        let parsed = parse(source, limits);
        diagnostics.extend(parsed.diagnostics);
        crds.extend(parsed.manifests);
    }
    crds
}

/// Loads shipped packs and a project's own policies, with the data beside them.
pub fn policies<'a>(
    packs: impl Iterator<Item = &'a str>,
    checks: &Checks,
    limits: &EvaluationLimits,
) -> (PolicySet, Vec<Diagnostic>) {
    let shipped = packs.flat_map(|pack| evaluate::shipped(pack).expect("config knows the names of the packs"));
    let files: Vec<_> = checks.policies.iter().cloned().chain(shipped).collect();
    // as `conftest --data` and `opa run` place them: a data file's content is `data` itself
    let data = checks.data.iter().map(|source| DataDocument { at: Vec::new(), source: source.clone() });
    PolicySet::load(&files, &data.collect::<Vec<_>>(), limits)
}

/// What came of one object.
#[derive(Default)]
struct Judged {
    validated: bool,
    judged: bool,
    diagnostics: Vec<Diagnostic>,
}

/// Judges all objects of all environments.
pub(super) fn all(
    gates: &Gates,
    assembled: Vec<Assembled<'_>>,
    selection: &Selection,
    progress: &dyn Progress,
) -> Checkup {
    let schemas: Vec<_> = assembled.par_iter().map(|environment| gates.schemas(environment)).collect();
    let objects: Vec<Object<'_>> = assembled
        .iter()
        .zip(&schemas)
        .flat_map(|(environment, (schemas, _))| {
            let name = &*environment.environment.name;
            let asked = environment.manifests.iter().filter(|(app, _)| selection.has_app(name, app));
            asked.map(move |(app, manifest)| Object { environment: name, app, manifest, schemas })
        })
        .collect();
    let judged = judge(gates, &objects, progress);
    let mut by_environment: BTreeMap<&str, Vec<Judged>> = BTreeMap::new();
    for (object, judged) in objects.iter().zip(judged) {
        by_environment.entry(object.environment).or_default().push(judged);
    }
    let judged: Vec<_> =
        assembled.iter().map(|one| by_environment.remove(&*one.environment.name).unwrap_or_default()).collect();
    drop(objects);

    let mut accounting = Accounting { policy_rules: gates.policies.rules().len(), ..Accounting::default() };
    let environments = assembled
        .into_iter()
        .zip(schemas)
        .zip(judged)
        .map(|((assembled, (schemas, broken)), judged)| {
            let environment = conclude(gates, assembled, &schemas, broken, judged);
            accounting.add(&environment.1);
            environment.0
        })
        .collect();
    Checkup { environments, common: gates.common.clone(), accounting }
}

/// One object and what it is held against.
struct Object<'a> {
    environment: &'a str,
    app: &'a str,
    manifest: &'a Manifest,
    schemas: &'a Schemas,
}

/// Compiling policies costs milliseconds, so evaluators are passed from batch to batch: as many as there are workers.
fn judge(gates: &Gates, objects: &[Object<'_>], progress: &dyn Progress) -> Vec<Judged> {
    progress.stage("checking", objects.len());
    let idle: Mutex<Vec<Evaluator<'_>>> = Mutex::new(Vec::new());
    let take = || idle.lock().ok().and_then(|mut idle| idle.pop()).unwrap_or_else(|| gates.policies.evaluator());
    objects
        .par_chunks(BATCH)
        .flat_map_iter(|batch| {
            let mut evaluator = take();
            let judged: Vec<Judged> = batch
                .iter()
                .map(|object| {
                    progress.advance();
                    judge_one(object, &mut evaluator)
                })
                .collect();
            if let Ok(mut idle) = idle.lock() {
                idle.push(evaluator);
            }
            judged
        })
        .collect()
}

fn judge_one(object: &Object<'_>, evaluator: &mut Evaluator<'_>) -> Judged {
    let verdict = object.schemas.validate(object.manifest);
    let judgement = evaluator.judge(object.manifest);
    let found = verdict.diagnostics.into_iter().chain(judgement.diagnostics);
    Judged {
        validated: verdict.coverage == Coverage::Checked,
        judged: judgement.rules > 0,
        diagnostics: found.map(|diagnostic| diagnostic.within(object.environment, object.app)).collect(),
    }
}

fn conclude(
    gates: &Gates,
    assembled: Assembled<'_>,
    schemas: &Schemas,
    broken: Vec<Diagnostic>,
    judged: Vec<Judged>,
) -> (EnvironmentCheck, Accounting) {
    let Assembled { environment, manifests, apps, mut diagnostics, mut accounting } = assembled;
    accounting.objects = judged.len();
    accounting.validated = judged.iter().filter(|judged| judged.validated).count();
    accounting.judged = judged.iter().filter(|judged| judged.judged).count();
    diagnostics.extend(broken.into_iter().map(|diagnostic| diagnostic.of_environment(&environment.name)));
    diagnostics.extend(judged.into_iter().flat_map(|judged| judged.diagnostics));
    let evidence = Evidence {
        kubernetes: environment.kubernetes.value.to_string(),
        schemas: schemas.digest(),
        policies: gates.policies.digest(),
        apps,
        validated: accounting.validated,
        judged: accounting.judged,
    };
    let checked = Checked { environment: environment.name.to_string(), manifests, evidence };
    (EnvironmentCheck { checked, diagnostics }, accounting)
}
