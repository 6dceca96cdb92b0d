//! Drift: what a cluster has, against what the branch of an environment says.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::difference::PublishedBranch;
use super::{Cores, Limits, ObjectPattern};
use crate::compare::{ObjectChange, ObjectDifference, Rules, comparable, compare, made_by_cluster};
use crate::diagnostic::{Diagnostic, Severity};
use crate::load::{LooseFile, LooseRole};
use crate::manifest::{Manifest, Name, Pointer};
use crate::parse::parse_with;
use crate::report::difference::EnvironmentDifference;
use crate::validate::is_same;

/// How a cluster differs from a branch.
#[derive(Debug)]
pub struct Drift {
    /// What differs: objects that are *added* are only in the cluster, those that are *removed* only on the branch.
    pub difference: EnvironmentDifference,
    /// How many objects of the export were not compared, by reason.
    pub skipped: BTreeMap<&'static str, usize>,
    /// How many objects the export has.
    pub exported: usize,
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub enum DriftError {
    /// A file of the export does not read. The user's move.
    #[error("the export does not read")]
    Export(Vec<Diagnostic>),
    /// The export has no object. The user's move.
    #[error("the export has no object")]
    NoObject,
}

/// Compares an export of a cluster (`kubectl get … -o yaml`, files or folders of manifests) with what is published.
///
/// `namespace` is that of objects which do not name one; `None`: the one that the cluster has them in, if it is one.
/// Differences below `ignored` fields do not count. `only` chooses objects; empty: all.
pub fn drift(
    environment: &str,
    published: &PublishedBranch,
    export: &[LooseFile],
    options: &DriftOptions<'_>,
    limits: &Limits,
) -> Result<Drift, DriftError> {
    let live = read_export(export, limits)?;
    let exported = live.len();
    let places = Places::of(&live, options.namespace);
    let wanted =
        |manifest: &Manifest| options.only.is_empty() || options.only.iter().any(|only| only.matches(&manifest.object));
    let declared: Vec<(&str, Manifest)> = published
        .objects
        .par_iter()
        .filter(|(_, manifest)| matches!(manifest.object.name, Name::Fixed(_)) && wanted(manifest))
        .map(|(app, manifest)| (app.as_str(), places.put(comparable(manifest))))
        .collect();
    let (live, skipped) = ours(live, &declared, &wanted);
    let live: Vec<Manifest> = live.par_iter().map(comparable).collect();
    let rules = Rules { same: &is_same, additions_allowed: true };
    let apps: BTreeMap<_, &str> = declared.iter().map(|(app, manifest)| (manifest.object.key(), *app)).collect();
    let app_of = |manifest: &Manifest| apps.get(&manifest.object.key()).copied().unwrap_or("(no app)");
    let scaled = scaled_by_others(&declared);
    let mut objects = compare(
        declared.iter().map(|(app, manifest)| (*app, manifest)),
        live.iter().map(|manifest| (app_of(manifest), manifest)),
        rules,
    );
    objects.retain_mut(|object| {
        let is_scaled = scaled.contains(&scale_key(object));
        let ObjectChange::Changed { fields, .. } = &mut object.change else { return true };
        fields.retain(|field| {
            let replicas = is_scaled && field.pointer == Pointer::from_parts(["spec", "replicas"]);
            !replicas && !options.ignored.iter().any(|ignored| lies_below(&field.path, ignored))
        });
        !fields.is_empty()
    });
    let differing = objects.iter().filter(|object| !matches!(object.change, ObjectChange::Added)).count();
    let tip = published.tip.to_string();
    let difference = EnvironmentDifference {
        environment: environment.to_owned(),
        before: format!("{} at {}", published.branch, &tip[..tip.len().min(10)]),
        after: "the cluster".to_owned(),
        unchanged: declared.len().saturating_sub(differing),
        objects,
    };
    Ok(Drift { difference, skipped, exported })
}

/// What counts as drift.
#[derive(Debug, Clone, Copy, Default)]
pub struct DriftOptions<'a> {
    /// The namespace of objects that do not name one.
    pub namespace: Option<&'a str>,
    /// Fields that may differ, as people write them: `spec.replicas`.
    pub ignored: &'a [String],
    /// If there are any: the only objects that are compared.
    pub only: &'a [ObjectPattern],
}

fn read_export(export: &[LooseFile], limits: &Limits) -> Result<Vec<Manifest>, DriftError> {
    let read = |file: &LooseFile| -> Result<Vec<Manifest>, Vec<Diagnostic>> {
        match file.role {
            LooseRole::Manifest => {}
            LooseRole::Other(_) => return Ok(Vec::new()),
        }
        let source = file.read().map_err(|diagnostic| vec![diagnostic])?;
        let parsed = parse_with(&source, &limits.read, &Cores);
        let errors = parsed.diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
        match errors.collect::<Vec<_>>() {
            errors if errors.is_empty() => Ok(parsed.manifests),
            errors => Err(errors),
        }
    };
    let results: Vec<_> = export.par_iter().map(read).collect();
    let (mut manifests, mut errors) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(read) => manifests.extend(read),
            Err(found) => errors.extend(found),
        }
    }
    match (errors.is_empty(), manifests.is_empty()) {
        (false, _) => Err(DriftError::Export(errors)),
        (true, true) => Err(DriftError::NoObject),
        (true, false) => Ok(manifests),
    }
}

/// Group, kind and name.
type NamedKind = (Box<str>, Box<str>, Name);

/// In which namespaces the cluster has an object of a kind and name.
struct Places<'a> {
    given: Option<&'a str>,
    by_name: BTreeMap<NamedKind, BTreeSet<Option<Box<str>>>>,
}

impl<'a> Places<'a> {
    fn of(live: &[Manifest], given: Option<&'a str>) -> Self {
        let mut by_name: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for manifest in live {
            let object = &manifest.object;
            let key = (object.gvk.group.clone(), object.gvk.kind.clone(), object.name.clone());
            by_name.entry(key).or_default().insert(object.namespace.clone());
        }
        Self { given, by_name }
    }

    /// Gives an object that names no namespace the one that it was applied to.
    fn put(&self, mut manifest: Manifest) -> Manifest {
        let object = &mut manifest.object;
        if object.namespace.is_none() {
            let key = (object.gvk.group.clone(), object.gvk.kind.clone(), object.name.clone());
            let places = self.by_name.get(&key);
            let given = self.given.map(Box::from);
            object.namespace = match places {
                Some(places) if places.contains(&None) => None,
                Some(places) if given.is_none() && places.len() == 1 => places.iter().next().cloned().flatten(),
                Some(places) if places.contains(&given) => given,
                _ => None,
            };
        }
        manifest
    }
}

/// The objects of a cluster that the branch has, or would have if it were whole; the others are counted.
///
/// A cluster holds more than one branch: only objects of a kind that the branch has in that namespace can be extra.
fn ours(
    live: Vec<Manifest>,
    declared: &[(&str, Manifest)],
    wanted: &dyn Fn(&Manifest) -> bool,
) -> (Vec<Manifest>, BTreeMap<&'static str, usize>) {
    let known: BTreeSet<_> = declared.iter().map(|(_, manifest)| manifest.object.key()).collect();
    let kinds: BTreeSet<_> = declared.iter().map(|(_, manifest)| kind_and_place(manifest)).collect();
    let mut skipped = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let kept = live.into_iter().filter(|manifest| {
        let reason = if !seen.insert(manifest.object.clone()) {
            Some("exported twice")
        } else if known.contains(&manifest.object.key()) {
            None
        } else if !wanted(manifest) {
            Some("not asked for")
        } else if let Some(reason) = made_by_cluster(manifest) {
            Some(reason)
        } else if !kinds.contains(&kind_and_place(manifest)) {
            Some("of a kind and namespace that the branch does not have")
        } else {
            None
        };
        if let Some(reason) = reason {
            *skipped.entry(reason).or_default() += 1;
        }
        reason.is_none()
    });
    let kept = kept.collect();
    (kept, skipped)
}

fn kind_and_place(manifest: &Manifest) -> (&str, &str, Option<&str>) {
    let (group, kind, namespace, _) = manifest.object.key();
    (group, kind, namespace)
}

/// The targets of autoscalers: their replicas are not the branch's to say.
fn scaled_by_others(declared: &[(&str, Manifest)]) -> BTreeSet<(String, Option<String>, String)> {
    let autoscalers = declared
        .iter()
        .map(|(_, manifest)| manifest)
        .filter(|manifest| matches!(&*manifest.object.gvk.kind, "HorizontalPodAutoscaler" | "ScaledObject"));
    let target = |manifest: &Manifest| {
        let target = manifest.root.get("spec")?.get("scaleTargetRef")?;
        let kind = target.get("kind").and_then(|kind| kind.as_str()).unwrap_or("Deployment");
        let name = target.get("name")?.as_str()?;
        Some((kind.to_owned(), manifest.object.namespace.as_deref().map(str::to_owned), name.to_owned()))
    };
    autoscalers.filter_map(target).collect()
}

fn scale_key(object: &ObjectDifference) -> (String, Option<String>, String) {
    let which = &object.object;
    (which.gvk.kind.to_string(), which.namespace.as_deref().map(str::to_owned), which.name.to_string())
}

/// Whether a field is the ignored one, or lies in it. `spec.containers[].image` means that of every item.
fn lies_below(path: &str, ignored: &str) -> bool {
    let without_items = |text: &str| {
        let mut out = String::new();
        let mut inside = false;
        for sign in text.chars() {
            match sign {
                '[' => inside = true,
                ']' => inside = false,
                sign if !inside => out.push(sign),
                _ => {}
            }
        }
        out
    };
    let below = |path: &str, ignored: &str| {
        path.strip_prefix(ignored).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    below(path, ignored) || below(&without_items(path), &without_items(ignored)) && ignored.contains("[]")
}
