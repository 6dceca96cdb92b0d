//! Loose: manifests that belong to no app, each file for itself: read, told from what is no manifest, and judged.

mod classify;
mod duplicates;
mod first_look;
mod fix;
mod kept;
mod pattern;

use std::ops::Add as _;

use first_look::FirstLook;
use kept::{Known, Outcome};
use rayon::prelude::*;

use super::conftest::LoosePolicies;
use super::echoes::drop_echoes;
use super::judge::{self, Object, judge};
use super::lookup::with_schema_files;
use super::waivers;
use super::{Error, Limits, Progress};
use crate::config;
use crate::diagnostic::{Diagnostic, Severity, rules};
use crate::evaluate::conftest::Tally;
use crate::evaluate::waivers::{Review, Scope, Waivers};
use crate::evaluate::{Judgement, Kubernetes, PolicyOptions, PolicySet};
use crate::load::{Checks, LooseFile, LooseRole, Other, SchemaPlace};
use crate::manifest::{Manifest, ReadLimits, Readers, RepeatedKeys};
use crate::parse::{Parsed, parse_each};
use crate::report::Accounting;
use crate::report::waivers::WaiverUse;
use crate::validate::{Schemas, UnknownKinds};

pub use fix::fix_loose;
pub use pattern::{ObjectPattern, ObjectPatternError};

/// Everything that loose files are held against.
pub struct LooseRun<'a> {
    /// Policies and CRDs.
    pub checks: Checks,
    /// Whether objects may carry waivers themselves.
    pub waiver_annotations: bool,
    /// The shipped packs of policies.
    pub packs: &'a [String],
    /// Where schemas are looked up that neither Kubernetes nor a CRD has.
    pub places: Vec<SchemaPlace<'a>>,
    /// The Kubernetes version.
    pub kubernetes: &'a str,
    /// What happens to kinds without a schema.
    pub unknown: config::UnknownKinds,
    /// Unknown fields and keys given twice are warnings, and the last of such keys counts.
    pub lenient: bool,
    /// How the user's policies are read, and which of them are asked.
    pub policies: PolicyOptions,
    /// The user's Rego judges all objects together, as one input.
    pub combine: bool,
    /// Objects that are not looked at. The CRDs among them still define their kinds.
    pub skip: &'a [ObjectPattern],
    /// If there are any: the only objects that are looked at.
    pub only: &'a [ObjectPattern],
}

/// What was found in loose files.
#[derive(Debug)]
pub struct LooseCheckup {
    /// Findings, file by file.
    pub diagnostics: Vec<Diagnostic>,
    /// Where everything went.
    pub accounting: Accounting,
    /// What became of every waiver.
    pub waivers: Vec<WaiverUse>,
    /// Whether anybody asked for policies.
    pub policies_wanted: bool,
    /// What Conftest would count, where its profile was asked for.
    pub tally: Tally,
}

/// Why a clean result would mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LooseAbsence {
    /// No file at all.
    #[error("there is no YAML or JSON file")]
    NoFile,
    /// Files, but no manifest among them.
    #[error("none of the files is a manifest")]
    NoManifest,
    /// Manifests without an object.
    #[error("the files hold no object")]
    NoObject,
    /// Objects, all of them skipped.
    #[error("every object was skipped")]
    AllSkipped,
    /// Policies, none of which applied.
    #[error("no policy judged any object")]
    NoPolicy,
}

impl LooseCheckup {
    /// What was missing, if nothing was checked.
    #[must_use]
    pub fn absence(&self) -> Option<LooseAbsence> {
        let numbers = &self.accounting;
        if numbers.inputs == 0 {
            Some(LooseAbsence::NoFile)
        } else if numbers.rendered == 0 && numbers.failed == 0 {
            Some(LooseAbsence::NoManifest)
        } else if numbers.objects == 0 {
            Some(LooseAbsence::NoObject)
        } else if numbers.validated + numbers.held == 0 {
            Some(LooseAbsence::AllSkipped)
        } else if self.policies_wanted && numbers.held == 0 {
            Some(LooseAbsence::NoPolicy)
        } else {
            None
        }
    }
}

/// Does some work while the schemas of Kubernetes are unpacked, which takes as long as finding thousands of files.
pub fn while_schemas_load<T: Send>(kubernetes: &str, work: impl FnOnce() -> T + Send) -> T {
    // they stay unpacked; that there are none for a version is told by whoever uses them
    rayon::join(work, || drop(Schemas::new(kubernetes, UnknownKinds::Deny))).0
}

/// Reads and judges loose files.
pub fn validate_loose(
    files: &[LooseFile],
    run: &LooseRun<'_>,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<LooseCheckup, Error> {
    let schemas = Schemas::new(run.kubernetes, judge::unknown_kinds(run.unknown))?;
    let kubernetes = Kubernetes::parse(run.kubernetes).expect("there are schemas for it");
    let waivers = Waivers::read(run.checks.waivers.as_ref(), run.waiver_annotations).map_err(Error::Configuration)?;
    let (loaded, mut diagnostics) = LoosePolicies::load(run, limits);
    let policies = &loaded.each;
    diagnostics.extend(run.checks.diagnostics.iter().cloned());
    let crds = judge::read_crds(&run.checks, &limits.read, &mut diagnostics);

    let first_look = FirstLook::new(run, &schemas, &loaded, &waivers, kubernetes);
    let mut files = first_look.read_all(files, &run.read_limits(limits), progress);
    let mut accounting = Accounting { policy_rules: loaded.rules(), ..Accounting::default() };
    files.iter().for_each(|file| account(file, &mut accounting));
    let unwanted = objects(&files).filter(|object| !object.wanted).count();
    if unwanted > 0 {
        accounting.skipped_objects.insert("not asked for", unwanted);
    }

    let (schemas, broken) = all_schemas(schemas, run, &files, &crds)?;
    diagnostics.extend(broken);
    judge_waiting(&mut files, &schemas, policies, kubernetes, progress);
    let judged = || objects(&files).filter_map(|object| object.judged.as_ref());
    judge::account(judged(), policies, &mut accounting);
    let together = judge_together(&files, &loaded, kubernetes);
    if together.rules > 0 {
        accounting.judged = accounting.objects - unwanted;
        accounting.held = accounting.judged;
        accounting.policies.unjudged.clear();
    }
    diagnostics.extend(together.diagnostics);
    let tally = judged().map(|judged| judged.tally).fold(together.tally, Tally::add);
    drop_trees(&mut files, &waivers);
    progress.finish();

    diagnostics.extend(files.iter_mut().flat_map(ReadFile::take_duplicates));
    diagnostics.extend(files.iter_mut().flat_map(ReadFile::take_diagnostics));
    if run.lenient {
        diagnostics.iter_mut().chain(files.iter_mut().flat_map(ReadFile::findings_mut).flatten()).for_each(forgive);
    }
    let mut review = Review::new(&waivers, limits.today);
    files.iter_mut().flat_map(ReadFile::objects_mut).for_each(|object| object.review(&mut review));
    waivers::consider_early(&mut review, &mut diagnostics, None, || {
        Box::new(objects(&files).filter_map(Outcome::head))
    });
    diagnostics.extend(files.iter_mut().flat_map(ReadFile::findings_mut).flat_map(std::mem::take));
    // files are always some of many: only what an object carries itself was looked at whole
    let audit = review.audit(policies.rules(), |waiver| matches!(waiver.scope, Scope::Carrier { .. }));
    let (waivers, found) = waivers::told(audit);
    diagnostics.extend(found);
    drop_echoes(&mut diagnostics);
    diagnostics.iter_mut().for_each(point_at_options);
    let policies_wanted = !run.packs.is_empty() || !run.checks.policies.is_empty() || !run.checks.gatekeeper.is_empty();
    Ok(LooseCheckup { diagnostics, accounting, waivers, policies_wanted, tally })
}

impl LooseRun<'_> {
    /// Who is not strict reads on where a key is given twice, as `kubectl` does.
    fn read_limits(&self, limits: &Limits) -> ReadLimits {
        let repeated_keys = if self.lenient { RepeatedKeys::Last } else { RepeatedKeys::First };
        ReadLimits { repeated_keys, ..limits.read.clone() }
    }

    fn wants(&self, manifest: &Manifest) -> bool {
        let any = |patterns: &[ObjectPattern]| patterns.iter().any(|pattern| pattern.matches(&manifest.object));
        (self.only.is_empty() || any(self.only)) && !any(self.skip)
    }
}

fn forgive(diagnostic: &mut Diagnostic) {
    if [rules::UNKNOWN_FIELD, rules::DUPLICATE_KEY, rules::MERGE_OVERLAP].contains(&diagnostic.rule) {
        diagnostic.severity = diagnostic.severity.min(Severity::Warning);
    }
}

/// Loose files have options where apps have settings.
fn point_at_options(diagnostic: &mut Diagnostic) {
    let names_setting = diagnostic.help.as_ref().is_some_and(|help| help.contains("`schemas.crds`"));
    if names_setting && [rules::UNKNOWN_KIND, rules::MISSING_CRD].contains(&diagnostic.rule) {
        diagnostic.help = Some("give its CRD as `--crds`, or a folder with schemas as `--schema-location`".to_owned());
    }
    let names_setting =
        diagnostic.help.as_ref().is_some_and(|help| help.contains("`policies.waiver_annotations: true`"));
    if names_setting && diagnostic.rule == rules::WAIVER_REFUSED {
        diagnostic.help = Some("move it to a file for `--waivers`, or allow it with `--waiver-annotations`".to_owned());
    }
}

/// The schemas for all kinds, now that all CRDs are known; with what is wrong with them, and what none of them evaluates.
fn all_schemas(
    schemas: Schemas,
    run: &LooseRun<'_>,
    files: &[ReadFile],
    crds: &[Manifest],
) -> Result<(Schemas, Vec<Diagnostic>), Error> {
    let among = |wanted| objects(files).filter(move |object| object.wanted == wanted).filter_map(Outcome::whole);
    let (schemas, mut diagnostics) = schemas.with_crds(among(true));
    // what is wrong with a CRD that nobody asked for is not told, but it still defines its kind
    let (schemas, _) = schemas.with_crds(among(false));
    let (schemas, broken) = schemas.with_crds(crds);
    diagnostics.extend(broken);
    let schemas = with_schema_files(schemas, &run.places, among(true), run.kubernetes, !run.lenient)?;
    diagnostics.extend(schemas.unevaluated(among(true)));
    Ok((schemas, diagnostics))
}

/// Judges the objects that could not be judged where they were read.
fn judge_waiting(
    files: &mut [ReadFile],
    schemas: &Schemas,
    policies: &PolicySet,
    kubernetes: Kubernetes,
    progress: &dyn Progress,
) {
    // an object that nobody asked for is there all the same
    let surroundings = policies.surroundings(&objects(files).filter_map(Outcome::whole).collect::<Vec<_>>());
    let object = |manifest| Object { manifest, schemas, kubernetes, surroundings: &surroundings };
    let waiting: Vec<Object<'_>> = objects(files).filter_map(Outcome::waiting).map(object).collect();
    if waiting.is_empty() {
        return;
    }
    let judged = judge(policies, &waiting, |object| object, progress);
    drop(waiting);
    let waiting = files.iter_mut().flat_map(ReadFile::objects_mut).filter(|object| object.waiting().is_some());
    waiting.zip(judged).for_each(|(object, judged)| object.judged = Some(judged));
}

/// What is found in all objects that somebody asked for, together.
fn judge_together(files: &[ReadFile], policies: &LoosePolicies, kubernetes: Kubernetes) -> Judgement {
    if !policies.needs_all() {
        return Judgement::default();
    }
    let wanted = objects(files).filter(|object| object.wanted).filter_map(Outcome::whole);
    policies.judge_together(&wanted.collect::<Vec<_>>(), kubernetes)
}

/// Once all are judged nobody looks at a tree any more but for its waivers, and there may be many.
fn drop_trees(files: &mut [ReadFile], waivers: &Waivers) {
    let of_file = |file: &mut ReadFile| file.objects_mut().par_iter_mut().for_each(|object| object.drop_tree(waivers));
    files.par_iter_mut().for_each(of_file);
}

fn objects(files: &[ReadFile]) -> impl Iterator<Item = &Outcome> {
    files.iter().flat_map(ReadFile::objects)
}

/// What came of one file.
enum ReadFile {
    Parsed { parsed: Parsed<Outcome>, duplicates: Vec<Diagnostic> },
    Skipped(Other),
    Failed(Diagnostic),
}

impl ReadFile {
    fn objects(&self) -> &[Outcome] {
        match self {
            Self::Parsed { parsed, .. } => &parsed.manifests,
            Self::Skipped(_) | Self::Failed(_) => &[],
        }
    }

    fn objects_mut(&mut self) -> &mut [Outcome] {
        match self {
            Self::Parsed { parsed, .. } => &mut parsed.manifests,
            Self::Skipped(_) | Self::Failed(_) => &mut [],
        }
    }

    fn take_duplicates(&mut self) -> Vec<Diagnostic> {
        match self {
            Self::Parsed { duplicates, .. } => std::mem::take(duplicates),
            Self::Skipped(_) | Self::Failed(_) => Vec::new(),
        }
    }

    /// What was found in its objects.
    fn findings_mut(&mut self) -> impl Iterator<Item = &mut Vec<Diagnostic>> {
        self.objects_mut().iter_mut().filter_map(|object| object.judged.as_mut()).map(|judged| &mut judged.diagnostics)
    }

    /// What was found in its text.
    fn take_diagnostics(&mut self) -> Vec<Diagnostic> {
        match self {
            Self::Parsed { parsed, .. } => std::mem::take(&mut parsed.diagnostics),
            Self::Skipped(_) => Vec::new(),
            Self::Failed(diagnostic) => vec![diagnostic.clone()],
        }
    }
}

fn read_one<W>(
    file: &LooseFile,
    limits: &ReadLimits,
    readers: &impl Readers,
    worker: impl Fn() -> W + Sync + Send,
    each: impl Fn(&mut W, Manifest) -> Known + Sync + Send,
) -> ReadFile {
    let other = match file.role {
        LooseRole::Other(other) if file.named => return ReadFile::Failed(classify::no_manifest(file, other)),
        LooseRole::Other(other) => return ReadFile::Skipped(other),
        LooseRole::Manifest => file.read(),
    };
    let source = match other {
        Ok(source) => source,
        Err(diagnostic) => return ReadFile::Failed(diagnostic),
    };
    let parsed = parse_each(&source, limits, readers, worker, each);
    match classify::by_content(&source, &parsed, limits) {
        Some((other, _)) if !file.named => ReadFile::Skipped(other),
        Some((Other::Template, place)) => {
            let diagnostic = classify::no_manifest(file, Other::Template);
            ReadFile::Failed(match place {
                Some(place) => diagnostic.at(place, "this is template syntax"),
                None => diagnostic,
            })
        }
        // the findings of the parser say best what is missing
        _ => {
            let duplicates = duplicates::find(&source, &parsed.manifests);
            ReadFile::Parsed { parsed: parsed.map(|known| known.outcome), duplicates }
        }
    }
}

fn account(file: &ReadFile, accounting: &mut Accounting) {
    accounting.inputs += 1;
    match file {
        ReadFile::Skipped(other) => *accounting.skipped.entry(other.reason()).or_default() += 1,
        ReadFile::Failed(_) => accounting.failed += 1,
        ReadFile::Parsed { parsed, .. } => {
            accounting.rendered += 1;
            accounting.documents += parsed.documents + parsed.empty;
            accounting.empty_documents += parsed.empty + parsed.empty_lists;
            accounting.failed_documents += parsed.failed;
            accounting.objects += parsed.manifests.len();
        }
    }
}
