//! Pipeline: the order of the stages, and the fan-out over environments × apps.
//!
//! Every function here is meant to be read aloud; the work is in the stages. Results come back in input order
//! whatever the number of threads.

mod assemble;
mod attestation;
mod changed;
mod compare;
mod conftest;
mod cores;
mod deletion;
mod difference;
mod drift;
mod echoes;
mod gatekeeper;
mod judge;
mod line_story;
mod lines;
mod lookup;
mod loose;
mod memory;
mod neighbours;
mod planned;
mod preload;
mod publication;
mod push;
mod rebuild;
pub mod testing;
mod waivers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::admit::{Admitted, Checked, Refusal, admit};
use crate::config::Project;
use crate::date::Date;
use crate::diagnostic::{Diagnostic, Severity};
use crate::evaluate::EvaluationLimits;
use crate::load::{self, Network, Unit};
use crate::manifest::{Manifest, ReadLimits, WriteError, write_documents};
use crate::parse::parse_with;
use crate::render::{Outcome, RenderLimits, render};
use crate::report::Accounting;
use crate::report::waivers::WaiverUse;
use crate::tree::ReadTree;

pub use changed::{Affected, affected};
pub use compare::{Published, compare_with_branches, published};
pub use conftest::{dialect_of, policy_options};
pub use cores::Cores;
pub use deletion::MassDeletion;
pub use difference::{
    BranchObjects, Objects, PublishedBranch, branch_objects, difference, environments_of, published_objects,
    rendered_objects,
};
pub use drift::{Drift, DriftError, DriftOptions, drift};
pub use gatekeeper::run_suite;
pub use judge::{policies, policies_with};
pub use line_story::{LineError, LinePart, LineStory, line_story};
pub use lines::Defined;
pub use loose::{
    LooseAbsence, LooseCheckup, LooseRun, ObjectPattern, ObjectPatternError, fix_loose, validate_loose,
    while_schemas_load,
};
pub use memory::{Effort, Memory};
pub use neighbours::Neighbours;
pub use planned::planned;
pub use preload::Preloaded;
pub use publication::{
    EnvironmentPlan, Plan, Publication, Publications, PublishOptions, Refreshed, hydrate_one, plan, publish,
};
pub use push::{Accomplished, Order, Patience, Place, Undertaking, carry_out, places, published_at, undertake};
pub use rebuild::{Rebuilt, rebuild};

/// Told how far a run is; called from many threads.
pub trait Progress: Sync {
    /// A stage begins that has `total` steps.
    fn stage(&self, name: &'static str, total: usize);
    /// The stage turns out to have so many steps more.
    fn more(&self, steps: usize);
    /// One step is done.
    fn advance(&self);
    /// All stages are done.
    fn finish(&self);
}

/// Progress that nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn stage(&self, _: &'static str, _: usize) {}
    fn more(&self, _: usize) {}
    fn advance(&self) {}
    fn finish(&self) {}
}

/// Which environments, and which of their apps.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// By environment; an empty list means all its apps. An empty map means everything.
    pub environments: BTreeMap<String, BTreeSet<String>>,
}

impl Selection {
    /// Whether an environment is selected, if only for some of its apps.
    #[must_use]
    pub fn has_environment(&self, environment: &str) -> bool {
        self.environments.is_empty() || self.environments.contains_key(environment)
    }

    /// Whether an app of an environment is selected.
    #[must_use]
    pub fn has_app(&self, environment: &str, app: &str) -> bool {
        self.environments.is_empty()
            || self.environments.get(environment).is_some_and(|apps| apps.is_empty() || apps.contains(app))
    }
}

/// What each text, template and policy may cost, whether the network may be used, and which day it is.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Of templates.
    pub render: RenderLimits,
    /// Of YAML.
    pub read: ReadLimits,
    /// Of policies.
    pub evaluation: EvaluationLimits,
    /// What may be asked for schemas beside files; `None`: nothing.
    pub network: Option<Arc<Network>>,
    /// The day on which waivers have to hold. `None`: nobody said, so no waiver holds, and every rule is enforced.
    pub today: Option<Date>,
}

/// Why a run could not give its result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot be used. The user's move.
    #[error("the configuration cannot be used")]
    Configuration(Vec<Diagnostic>),
    /// An app was selected that no environment has. The user's move.
    #[error("environment `{environment}` has no app `{app}`")]
    NoSuchApp {
        /// The environment.
        environment: String,
        /// The app as it was asked for.
        app: String,
        /// The apps it has.
        known: Vec<String>,
    },
    /// No schemas are known for a Kubernetes version. The user's move.
    #[error(transparent)]
    Kubernetes(#[from] crate::validate::SchemaError),
    /// The tree could not be read, or a schema not fetched. The environment's move.
    #[error(transparent)]
    Load(#[from] load::LoadError),
    /// A rendered app could not be written. Ours: whatever was read can be written.
    #[error("app `{app}` of environment `{environment}` cannot be written: {source}")]
    Write {
        /// The environment.
        environment: String,
        /// The app.
        app: String,
        /// Why.
        source: WriteError,
    },
    /// An admitted object could not be written, or an app cannot have a folder.
    #[error(transparent)]
    Hydrate(#[from] crate::hydrate::HydrateError),
    /// A publication would delete too much. The user's move.
    #[error(transparent)]
    MassDeletion(Box<MassDeletion>),
    /// The author of the commits cannot be used. The user's move.
    #[error(transparent)]
    Identity(#[from] crate::git::IdentityError),
    /// The repository, the branch or the object database.
    #[error(transparent)]
    Git(#[from] crate::git::Error),
    /// An older commit was published meanwhile: all was checked against what is not there any more. Our move: from the
    /// start.
    #[error("branch `{branch}` was published meanwhile from the older commit {found}")]
    Overtaken {
        /// The branch.
        branch: String,
        /// The dry commit of that publication.
        found: String,
    },
    /// Not all was pushed. Whose move it is, the source says; the next run completes it.
    #[error("{source}\n  pushed: {}\n  not pushed: {}", there.join(", "), open.join(", "))]
    Partly {
        /// Why not.
        source: Box<Error>,
        /// Branches that are pushed, and where to.
        there: Vec<String>,
        /// Branches that are not.
        open: Vec<String>,
    },
    /// The key.
    #[error(transparent)]
    Sign(#[from] crate::sign::SignError),
    /// The reason of a seal cannot stand in a commit. The user's move.
    #[error(transparent)]
    Seal(#[from] crate::git::SealError),
}

/// Runs `work` with a number of threads; as many as there are cores for `None`.
pub fn with_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> T {
    // templates and schemas recurse: their limits are measured for stacks of this size
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).stack_size(8 * 1024 * 1024).build();
    match pool {
        Ok(pool) => pool.install(work),
        // a machine that gives us no thread still has the one we are on
        Err(_) => work(),
    }
}

/// What a check found: every environment with what is known about it, and the findings of all.
#[derive(Debug)]
pub struct Checkup {
    /// In order of their names.
    pub environments: Vec<EnvironmentCheck>,
    /// Findings that concern no single environment: policies that do not load.
    pub common: Vec<Diagnostic>,
    /// Where everything went.
    pub accounting: Accounting,
    /// What became of every waiver.
    pub waivers: Vec<WaiverUse>,
}

/// One environment after all gates.
#[derive(Debug)]
pub struct EnvironmentCheck {
    /// Its objects and how they were checked.
    pub checked: Checked,
    /// What was found, in input order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checkup {
    /// All findings.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.common.iter().chain(self.environments.iter().flat_map(|environment| &environment.diagnostics))
    }

    /// Decides for every environment.
    #[must_use]
    pub fn admit(self, threshold: Severity) -> Vec<Result<Admitted, Refusal>> {
        let common = self.common;
        let decide = |EnvironmentCheck { checked, mut diagnostics }| {
            diagnostics.extend_from_slice(&common);
            admit(checked, &diagnostics, threshold)
        };
        self.environments.into_iter().map(decide).collect()
    }
}

/// Renders, parses, validates and evaluates everything that is selected.
pub fn check(
    tree: &dyn ReadTree,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Checkup, Error> {
    check_against(&Published::default(), tree, project, selection, limits, progress)
}

/// The same, where constraints see what is on the branches already: what updates it, and what deletes it.
pub fn check_against(
    published: &Published,
    tree: &dyn ReadTree,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Checkup, Error> {
    check_with(None, None, published, tree, project, selection, limits, progress)
}

/// The same for some apps, whose neighbours are rendered only where they matter.
pub fn check_some(
    neighbours: &mut Neighbours,
    published: &Published,
    tree: &dyn ReadTree,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Checkup, Error> {
    check_with(None, Some(neighbours), published, tree, project, selection, limits, progress)
}

/// The same after an earlier run over almost the same files: does again only what can come out otherwise.
pub fn check_again(
    memory: &mut Memory,
    published: &Published,
    tree: &dyn ReadTree,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Checkup, Error> {
    check_with(Some(memory), None, published, tree, project, selection, limits, progress)
}

#[expect(
    clippy::too_many_arguments,
    reason = "what a check is given, and the two ways to know something of it already"
)]
fn check_with(
    mut memory: Option<&mut Memory>,
    mut neighbours: Option<&mut Neighbours>,
    published: &Published,
    tree: &dyn ReadTree,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Checkup, Error> {
    let preloaded = Preloaded::read(tree, progress)?;
    let mut loaded = load_selected(&preloaded, project, selection)?;
    let checks = load::read_checks(&preloaded, project)?;
    // nobody asks for the bytes of an app again
    drop(preloaded);
    let (places, refused) = load::schema_places(tree, project, limits.network.as_deref());
    if !refused.is_empty() {
        return Err(Error::Configuration(refused));
    }
    let gates = judge::Gates::new(tree, project, checks, places, limits, memory.as_deref_mut())?;
    if let Some(memory) = memory.as_deref_mut() {
        memory.recall(&mut loaded.units);
    }
    if let Some(known) = neighbours.as_deref_mut().filter(|_| gates.judge_alone()) {
        let alone = Alone { gates: &gates, project, selection, published, limits };
        if let Some(checkup) = alone.check(known, &loaded, progress)? {
            progress.finish();
            return Ok(checkup);
        }
    }
    let built = build_units(&loaded.units, limits, progress, memory.as_deref_mut());
    if let Some(neighbours) = neighbours {
        neighbours.learn(&built, loaded.units.len());
    }
    let environments = assemble::environments(project, selection, built, loaded.diagnostics);
    let mut checkup = judge::all(&gates, environments, selection, published, progress, memory)?;
    lines::point_at_templates(&mut checkup, &loaded.units, tree, limits);
    progress.finish();
    Ok(checkup)
}

/// The selected apps, without the neighbours that are known to say nothing of them.
struct Alone<'a> {
    gates: &'a judge::Gates<'a>,
    project: &'a Project,
    selection: &'a Selection,
    published: &'a Published,
    limits: &'a Limits,
}

impl Alone<'_> {
    /// `None` where neighbours matter, or anything is found: a report may show texts in which they hide something.
    fn check(
        &self,
        known: &mut Neighbours,
        loaded: &load::Loaded,
        progress: &dyn Progress,
    ) -> Result<Option<Checkup>, Error> {
        let (units, declared) = known.part(&loaded.units, self.selection);
        if declared.is_empty() {
            return Ok(None);
        }
        let built = build_all(&units, self.limits, progress);
        known.learn(&built, loaded.units.len());
        if declared.clashes_with(&built) {
            return Ok(None);
        }
        let environments = assemble::environments(self.project, self.selection, built, loaded.diagnostics.clone());
        let checkup = judge::all(self.gates, environments, self.selection, self.published, progress, None)?;
        let is_clean = checkup.diagnostics().next().is_none();
        Ok(is_clean.then_some(checkup))
    }
}

/// One app as `hydrant render` shows it.
#[derive(Debug)]
pub struct RenderedApp {
    /// The environment.
    pub environment: String,
    /// The app.
    pub app: String,
    /// Its objects in canonical YAML; empty for an app without objects.
    pub manifest: String,
}

/// What was rendered, and what went wrong.
#[derive(Debug)]
pub struct Rendering {
    /// In order of environment and app.
    pub apps: Vec<RenderedApp>,
    /// Findings of templates and YAML; nothing is checked against schemas or policies.
    pub diagnostics: Vec<Diagnostic>,
}

/// Renders and parses what is selected, and nothing more.
pub fn render_apps(
    tree: &dyn ReadTree,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Rendering, Error> {
    render_with(None, tree, project, selection, limits, progress)
}

/// The same after an earlier run over almost the same files: renders again only what can come out otherwise.
pub fn render_again(
    memory: &mut Memory,
    tree: &dyn ReadTree,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Rendering, Error> {
    render_with(Some(memory), tree, project, selection, limits, progress)
}

fn render_with(
    mut memory: Option<&mut Memory>,
    tree: &dyn ReadTree,
    project: &Project,
    selection: &Selection,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Rendering, Error> {
    let tree = &Preloaded::read(tree, progress)?;
    let loaded = load_selected(tree, project, selection)?;
    let is_asked = |unit: &Unit| selection.has_app(&unit.environment, &unit.app);
    let (mut asked, others): (Vec<Unit>, Vec<Unit>) = loaded.units.into_iter().partition(is_asked);
    if let Some(memory) = memory.as_deref_mut() {
        memory.recall(&mut asked);
    }
    let built = build_units(&asked, limits, progress, memory);
    progress.finish();
    let mut rendering = Rendering { apps: Vec::new(), diagnostics: loaded.diagnostics };
    let write = |built: &Built<'_>| write_documents(built.manifests.iter().map(|manifest| &manifest.root));
    let written: Vec<_> = built.par_iter().map(write).collect();
    for (Built { unit, diagnostics, .. }, written) in built.into_iter().zip(written) {
        rendering.diagnostics.extend(diagnostics);
        let (environment, app) = (unit.environment.to_string(), unit.app.to_string());
        match written {
            Ok(manifest) => rendering.apps.push(RenderedApp { environment, app, manifest }),
            Err(source) => return Err(Error::Write { environment, app, source }),
        }
    }
    if rendering.diagnostics.iter().any(lines::has_rendered_place) {
        lines::point_all(&mut rendering.diagnostics, &[asked, others].concat(), tree, limits);
    }
    Ok(rendering)
}

/// Loads every app of the selected environments: an app is checked against the CRDs of its neighbours.
fn load_selected(tree: &dyn ReadTree, project: &Project, selection: &Selection) -> Result<load::Loaded, Error> {
    let mut loaded = load::load(tree, project)?;
    if loaded.diagnostics.iter().any(is_unusable_configuration) {
        return Err(Error::Configuration(loaded.diagnostics));
    }
    loaded.units.retain(|unit| selection.has_environment(&unit.environment));
    for (environment, apps) in &selection.environments {
        let known = || loaded.units.iter().filter(|unit| *unit.environment == **environment).map(|unit| &*unit.app);
        if let Some(app) = apps.iter().find(|app| !known().any(|known| known == app.as_str())) {
            let known = known().map(str::to_owned).collect();
            return Err(Error::NoSuchApp { environment: environment.clone(), app: app.clone(), known });
        }
    }
    Ok(loaded)
}

/// A mistake of the configuration ends a run before anything is rendered; what it merely warns of does not.
fn is_unusable_configuration(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error && load::is_configuration(&diagnostic.rule)
}

/// Everything one unit became.
struct Built<'a> {
    unit: &'a Unit,
    outcomes: Vec<Outcome>,
    manifests: Vec<Manifest>,
    documents: usize,
    empty_documents: usize,
    failed_documents: usize,
    diagnostics: Vec<Diagnostic>,
}

fn build_units<'a>(
    units: &'a [Unit],
    limits: &Limits,
    progress: &dyn Progress,
    memory: Option<&mut Memory>,
) -> Vec<Built<'a>> {
    match memory {
        Some(memory) => memory.build_all(units, limits, progress),
        None => build_all(units, limits, progress),
    }
}

/// Renders and parses units side by side; what was just rendered is parsed while it is in the cache.
fn build_all<'a>(units: &'a [Unit], limits: &Limits, progress: &dyn Progress) -> Vec<Built<'a>> {
    progress.stage("rendering", units.len());
    let build = |unit: &'a Unit| {
        let built = build(unit, limits);
        progress.advance();
        built
    };
    units.par_iter().map(build).collect()
}

fn build<'a>(unit: &'a Unit, limits: &Limits) -> Built<'a> {
    let rendered = render(unit, &limits.render);
    let mut built = Built {
        unit,
        outcomes: rendered.outcomes.into_iter().map(|(_, outcome)| outcome).collect(),
        manifests: Vec::new(),
        documents: 0,
        empty_documents: 0,
        failed_documents: 0,
        diagnostics: rendered.diagnostics,
    };
    for file in rendered.files {
        let parsed = parse_with(&file.source, &limits.read, &Cores);
        built.manifests.extend(parsed.manifests);
        built.documents += parsed.documents + parsed.empty;
        built.empty_documents += parsed.empty + parsed.empty_lists;
        built.failed_documents += parsed.failed;
        let within = |diagnostic: Diagnostic| diagnostic.within(&unit.environment, &unit.app);
        built.diagnostics.extend(parsed.diagnostics.into_iter().map(within));
    }
    built
}
