//! Memory: what a run leaves for the next one over almost the same files, so that only what changed is done again.
//!
//! Nothing is kept for being likely the same: a unit is recalled if the digests of everything that its engine was given
//! are equal, a verdict if the object, the schemas and the policies are. A run with a memory finds what one without
//! would find.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use super::judge::{self, Judged, Object};
use super::{Built, Limits, Progress, build};
use crate::config::CONFIG_FILE;
use crate::date::Date;
use crate::diagnostic::Diagnostic;
use crate::evaluate::PolicySet;
use crate::load::{Checks, Inputs, Unit};
use crate::source::{Source, Span};
use crate::tree::{Digest, ReadTree, RepoPath};

/// What the last run made and found. One memory serves runs with the same [`Limits`], whichever day they name.
#[derive(Debug, Default)]
pub struct Memory {
    units: BTreeMap<UnitName, Kept>,
    policies: Option<KeptPolicies>,
    verdicts: BTreeMap<String, Verdicts>,
    effort: Effort,
}

/// What the last run did itself; it remembered the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Apps in environments that were rendered.
    pub rendered: usize,
    /// All of them.
    pub units: usize,
    /// Objects that were judged.
    pub judged: usize,
    /// All of them.
    pub objects: usize,
}

/// Environment and app.
type UnitName = (Arc<str>, Arc<str>);

/// A unit and what became of it.
#[derive(Debug)]
struct Kept {
    inputs: Digest,
    /// With the texts that the findings point into, and what of them is secret.
    unit: Unit,
    built: KeptBuild,
}

/// [`Built`], without its unit.
#[derive(Debug, Clone)]
struct KeptBuild {
    outcomes: Vec<crate::render::Outcome>,
    manifests: Vec<crate::manifest::Manifest>,
    documents: usize,
    empty_documents: usize,
    failed_documents: usize,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Debug)]
struct KeptPolicies {
    made_of: Digest,
    set: Arc<PolicySet>,
    refused: Vec<Diagnostic>,
}

/// The verdicts on the objects of one environment.
#[derive(Debug, Default)]
struct Verdicts {
    /// The digest of all that objects were held against.
    held_against: Option<Digest>,
    /// By the text an object was read from, and its place there. The text is kept, so that no other takes its address.
    objects: HashMap<(usize, Span), (Arc<Source>, Judged)>,
}

impl Memory {
    /// How much of the last run was work.
    #[must_use]
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// Puts units that are as they were in place of those that were just loaded: what is known points into their texts.
    pub(super) fn recall(&mut self, units: &mut [Unit]) {
        let digests: Vec<Digest> = units.par_iter().map(digest_of).collect();
        let now: BTreeMap<UnitName, Digest> =
            units.iter().zip(&digests).map(|(unit, digest)| (name_of(unit), *digest)).collect();
        let stale = self.stale_texts(&now);
        self.units.retain(|name, kept| {
            now.get(name) == Some(&kept.inputs) && !texts(&kept.unit.inputs).any(|text| stale.contains(&address(text)))
        });
        self.effort = Effort { units: units.len(), rendered: units.len() - self.units.len(), ..Effort::default() };
        if self.units.len() == units.len() {
            units.iter_mut().for_each(|unit| *unit = self.units[&name_of(unit)].unit.clone());
            return;
        }
        let mut shared = SharedTexts::default();
        self.units.values().for_each(|kept| shared.learn(&kept.unit.inputs));
        for unit in units {
            match self.units.get(&name_of(unit)) {
                Some(kept) => *unit = kept.unit.clone(),
                None => unit.inputs = shared.with(&unit.inputs),
            }
        }
    }

    /// The texts that hide something on account of a unit that is gone or changed: it may be no secret any more.
    fn stale_texts(&self, now: &BTreeMap<UnitName, Digest>) -> BTreeSet<usize> {
        let gone = self.units.iter().filter(|(name, kept)| now.get(*name) != Some(&kept.inputs));
        let hiding = gone.flat_map(|(_, kept)| texts(&kept.unit.inputs)).filter(|text| !text.hidden().is_empty());
        hiding.map(address).collect()
    }

    /// Renders and parses the units that [`recall`](Self::recall) did not find; their order stays.
    pub(super) fn build_all<'a>(
        &mut self,
        units: &'a [Unit],
        limits: &Limits,
        progress: &dyn Progress,
    ) -> Vec<Built<'a>> {
        progress.stage("rendering", units.len());
        let known = &self.units;
        let one = |unit: &'a Unit| {
            let built = match known.get(&name_of(unit)) {
                Some(kept) => (kept.built.again(unit), None),
                None => {
                    let built = build(unit, limits);
                    let kept = Kept { inputs: digest_of(unit), unit: unit.clone(), built: KeptBuild::of(&built) };
                    (built, Some(kept))
                }
            };
            progress.advance();
            built
        };
        let all: Vec<(Built<'a>, Option<Kept>)> = units.par_iter().map(one).collect();
        let mut out = Vec::with_capacity(all.len());
        for (built, kept) in all {
            if let Some(kept) = kept {
                self.units.insert(name_of(built.unit), kept);
            }
            out.push(built);
        }
        out
    }

    /// The policies, compiled again only if something they are made of changed. Others may hide other values, so with them
    /// everything begins anew.
    pub(super) fn policies(
        &mut self,
        tree: &dyn ReadTree,
        checks: &Checks,
        today: Option<Date>,
        compile: impl FnOnce() -> (PolicySet, Vec<Diagnostic>),
    ) -> (Arc<PolicySet>, Vec<Diagnostic>) {
        let made_of = digest_of_policies(tree, checks, today);
        if let Some(kept) = self.policies.as_ref().filter(|kept| kept.made_of == made_of) {
            return (Arc::clone(&kept.set), kept.refused.clone());
        }
        let (set, refused) = compile();
        *self = Self { policies: Some(KeptPolicies { made_of, set: Arc::new(set), refused }), ..Self::default() };
        let kept = self.policies.as_ref().expect("it was put there");
        (Arc::clone(&kept.set), kept.refused.clone())
    }

    /// Judges the objects on which no verdict is known; what came of all is in their order.
    ///
    /// `held_against` tells by environment what its objects are held against. Where verdicts depend on other objects, all
    /// are judged.
    pub(super) fn judge(
        &mut self,
        policies: &PolicySet,
        held_against: &BTreeMap<&str, Digest>,
        objects: &[(&str, &str, Object<'_>)],
        progress: &dyn Progress,
    ) -> Vec<Judged> {
        let recalled: Vec<Option<Judged>> = match policies.needs_surroundings() {
            true => objects.iter().map(|_| None).collect(),
            false => objects
                .par_iter()
                .map(|(environment, _, object)| {
                    let verdicts = self.verdicts.get(*environment)?;
                    let holds = verdicts.held_against.as_ref() == held_against.get(environment);
                    verdicts.objects.get(&place_of(object)).filter(|_| holds).map(|(_, judged)| judged.clone())
                })
                .collect(),
        };
        let unknown: Vec<&(&str, &str, Object<'_>)> =
            objects.iter().zip(&recalled).filter(|(_, known)| known.is_none()).map(|(object, _)| object).collect();
        self.effort.objects = objects.len();
        self.effort.judged = unknown.len();
        let mut fresh = judge::judge(policies, &unknown, |(_, _, object)| object, progress).into_iter();
        let next = |known: Option<Judged>| {
            known.unwrap_or_else(|| fresh.next().expect("there is one for each object without a verdict"))
        };
        let judged: Vec<Judged> = recalled.into_iter().map(next).collect();
        self.verdicts.clear();
        for ((environment, _, object), judged) in objects.iter().zip(&judged) {
            let verdicts = self.verdicts.entry((*environment).to_owned()).or_default();
            verdicts.held_against = held_against.get(environment).copied();
            let kept = (Arc::clone(&object.manifest.source), judged.clone());
            verdicts.objects.insert(place_of(object), kept);
        }
        judged
    }
}

impl KeptBuild {
    fn of(built: &Built<'_>) -> Self {
        Self {
            outcomes: built.outcomes.clone(),
            manifests: built.manifests.clone(),
            documents: built.documents,
            empty_documents: built.empty_documents,
            failed_documents: built.failed_documents,
            diagnostics: built.diagnostics.clone(),
        }
    }

    fn again<'a>(&self, unit: &'a Unit) -> Built<'a> {
        let Self { outcomes, manifests, documents, empty_documents, failed_documents, diagnostics } = self.clone();
        Built { unit, outcomes, manifests, documents, empty_documents, failed_documents, diagnostics }
    }
}

/// Texts that several units read are one text: what one of them makes a secret is secret for all.
#[derive(Default)]
struct SharedTexts(BTreeMap<(RepoPath, Digest), Arc<Source>>);

impl SharedTexts {
    fn learn(&mut self, inputs: &Inputs) {
        for (path, input) in &inputs.files {
            self.0.entry((path.clone(), input.digest)).or_insert_with(|| Arc::clone(&input.source));
        }
    }

    fn with(&mut self, inputs: &Inputs) -> Arc<Inputs> {
        self.learn(inputs);
        let mut files = inputs.files.clone();
        for (path, input) in &mut files {
            input.source = Arc::clone(&self.0[&(path.clone(), input.digest)]);
        }
        Arc::new(Inputs { files })
    }
}

fn name_of(unit: &Unit) -> UnitName {
    (Arc::clone(&unit.environment), Arc::clone(&unit.app))
}

fn texts(inputs: &Inputs) -> impl Iterator<Item = &Arc<Source>> {
    inputs.files.values().map(|input| &input.source)
}

fn address(text: &Arc<Source>) -> usize {
    Arc::as_ptr(text).addr()
}

/// Where an object was read: no two objects of an environment were read at the same place, unless they are the same.
fn place_of(object: &Object<'_>) -> (usize, Span) {
    (address(&object.manifest.source), object.manifest.root.span)
}

/// The digest of everything that an engine is given.
pub(super) fn digest_of(unit: &Unit) -> Digest {
    let Unit { environment, app, folder, templates, engine, inputs, values: _, values_files, syntax, kubernetes } =
        unit;
    let settings = format!("{environment:?} {app:?} {folder:?} {templates:?} {engine:?} {syntax:?} {kubernetes:?}");
    let mut list = vec![("settings".to_owned(), Digest::of(settings.as_bytes()))];
    list.extend(
        inputs.files.iter().map(|(path, input)| (format!("{:?} {} {path}", input.role, input.shared), input.digest)),
    );
    // values are merged from these files, in this order, and from nothing else
    list.extend(values_files.iter().map(|(path, digest)| (format!("values {path}"), *digest)));
    Digest::of_list(list.iter().map(|(name, digest)| (name.as_str(), *digest)))
}

/// The digest of everything that policies are made of: the configuration, the day, and every text.
fn digest_of_policies(tree: &dyn ReadTree, checks: &Checks, today: Option<Date>) -> Digest {
    let Checks { policies, data, data_trees, gatekeeper, waivers: _, crds: _, diagnostics: _ } = checks;
    let config = RepoPath::parse(CONFIG_FILE).ok().and_then(|path| tree.read(&path).ok());
    let mut list = vec![
        ("config".to_owned(), Digest::of(config.as_deref().unwrap_or_default())),
        ("today".to_owned(), Digest::of(format!("{today:?}").as_bytes())),
    ];
    let mut add = |role: &str, source: &Source| {
        list.push((format!("{role} {}", source.name()), Digest::of(source.text().as_bytes())));
    };
    policies.iter().for_each(|source| add("policy", source));
    data.iter().for_each(|source| add("data", source));
    data_trees.iter().for_each(|placed| add(&format!("data at {:?}", placed.at), &placed.source));
    gatekeeper.iter().for_each(|source| add("gatekeeper", source));
    Digest::of_list(list.iter().map(|(name, digest)| (name.as_str(), *digest)))
}
