//! Risks: what a change does to a cluster beyond the objects that it names.

use std::collections::BTreeMap;

use super::{FieldChange, ObjectChange, ObjectDifference};
use crate::manifest::{Manifest, ObjectRef};

/// Something to know before a change is published. No finding: it may well be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// What kind of risk.
    pub kind: RiskKind,
    /// The object that is changed or taken away.
    pub object: ObjectRef,
    /// The app that it belongs to; to which it belonged, if it is gone.
    pub app: String,
}

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskKind {
    /// A namespace goes, with every object in it, also those that others made.
    DeletesNamespace,
    /// A CRD goes, with every object of its kind.
    DeletesCustomResources,
    /// A volume or a claim goes: the data may go with it, as its reclaim policy says.
    DeletesData,
    /// An agent that deletes for the one app before it applies for the other has no such object in between.
    MovesBetweenApps,
    /// A workload has no pods any more.
    ScalesToZero,
    /// The object leaves the branch and stays in the cluster, since an annotation forbids to delete it.
    StaysInCluster,
}

impl RiskKind {
    /// A short name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DeletesNamespace => "deletes-namespace",
            Self::DeletesCustomResources => "deletes-custom-resources",
            Self::DeletesData => "deletes-data",
            Self::MovesBetweenApps => "moves-between-apps",
            Self::ScalesToZero => "scales-to-zero",
            Self::StaysInCluster => "stays-in-cluster",
        }
    }

    /// What may happen, as the end of a sentence that begins with the object.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::DeletesNamespace => "is deleted, and with it everything in it",
            Self::DeletesCustomResources => "is deleted, and with it every object of its kind",
            Self::DeletesData => "is deleted, and with it perhaps the data",
            Self::MovesBetweenApps => "moves to another app: an agent may delete it before it makes it again",
            Self::ScalesToZero => "has no pods any more",
            Self::StaysInCluster => "leaves the branch and stays in the cluster: an annotation forbids to delete it",
        }
    }
}

/// Annotations that keep an object when its manifest goes: Argo CD ("Sync Options", 2.14), Helm 3, Flux 2.
const KEEPING: [(&str, &str); 4] = [
    ("argocd.argoproj.io/sync-options", "Prune=false"),
    ("argocd.argoproj.io/sync-options", "Delete=false"),
    ("helm.sh/resource-policy", "keep"),
    ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
];

/// The risks of some differences, in their order. `before` are the objects that were there.
#[must_use]
pub fn risks<'a>(differences: &[ObjectDifference], before: impl IntoIterator<Item = &'a Manifest>) -> Vec<Risk> {
    let gone = differences.iter().filter(|one| matches!(one.change, ObjectChange::Removed)).count();
    // only what is gone has to be looked up
    let before: BTreeMap<_, &Manifest> = match gone {
        0 => BTreeMap::new(),
        _ => before.into_iter().map(|manifest| (manifest.object.key(), manifest)).collect(),
    };
    let kind = |one: &ObjectDifference| match &one.change {
        ObjectChange::Added => None,
        ObjectChange::Removed if before.get(&one.object.key()).is_some_and(|before| is_kept(before)) => {
            Some(RiskKind::StaysInCluster)
        }
        ObjectChange::Removed => of_deletion(&one.object),
        ObjectChange::Changed { moved_from: Some(_), .. } => Some(RiskKind::MovesBetweenApps),
        ObjectChange::Changed { fields, .. } => fields
            .iter()
            .any(|field| {
                let now = match &field.change {
                    FieldChange::Changed(_, now) | FieldChange::Added(now) => &now.yaml,
                    _ => return false,
                };
                field.path == "spec.replicas" && now == "0"
            })
            .then_some(RiskKind::ScalesToZero),
    };
    let risk =
        |one: &ObjectDifference| Some(Risk { kind: kind(one)?, object: one.object.clone(), app: one.app.clone() });
    differences.iter().filter_map(risk).collect()
}

fn of_deletion(object: &ObjectRef) -> Option<RiskKind> {
    match (&*object.gvk.group, &*object.gvk.kind) {
        ("", "Namespace") => Some(RiskKind::DeletesNamespace),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Some(RiskKind::DeletesCustomResources),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => Some(RiskKind::DeletesData),
        _ => None,
    }
}

fn is_kept(manifest: &Manifest) -> bool {
    let annotation = |name: &str| {
        let annotations = manifest.root.get("metadata").and_then(|metadata| metadata.get("annotations"));
        annotations.and_then(|annotations| annotations.get(name)).and_then(|value| value.as_str())
    };
    KEEPING
        .iter()
        .any(|(name, value)| annotation(name).is_some_and(|text| text.split(',').any(|one| one.trim() == *value)))
}
