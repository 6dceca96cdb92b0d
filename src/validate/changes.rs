//! Changes: what cannot be changed on an object that is already in the cluster.
//!
//! An update that the API server refuses stops a rollout half-way, and no schema and no dry render says so: it takes the
//! object as it was published before. Compared is what is written. A field that is added with the value Kubernetes fills
//! in anyway has not changed; where that value is not known, nothing is said.

use super::rules::quantity::Quantity;
use super::rules::read::{at, field, is_true, items, text};
use super::same::{self, is_same};
use super::words::place;
use crate::diagnostic::{Diagnostic, Severity, rules};
use crate::manifest::{Entry, Manifest, Name, Node, Pointer, Value};

/// Fields of a StatefulSet's spec that may change.
const OF_STATEFUL_SET: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
    "revisionHistoryLimit",
];

/// Fields of a Pod's spec that may change, those of its containers left out.
const OF_POD: [&str; 6] = [
    "activeDeadlineSeconds",
    "tolerations",
    "terminationGracePeriodSeconds",
    "schedulingGates",
    "nodeName",
    "nodeSelector",
];

/// Group, kind, path.
type Row = (&'static str, &'static str, &'static str);

/// Fields that cannot change.
const IMMUTABLE: &[Row] = &[
    ("apps", "Deployment", "spec/selector"),
    ("apps", "DaemonSet", "spec/selector"),
    ("apps", "ReplicaSet", "spec/selector"),
    ("batch", "Job", "spec/selector"),
    ("batch", "Job", "spec/completionMode"),
    ("batch", "Job", "spec/podFailurePolicy"),
    ("batch", "Job", "spec/successPolicy"),
    ("batch", "Job", "spec/backoffLimitPerIndex"),
    ("", "PersistentVolumeClaim", "spec/accessModes"),
    ("", "PersistentVolumeClaim", "spec/volumeMode"),
    ("", "PersistentVolumeClaim", "spec/selector"),
    ("", "PersistentVolumeClaim", "spec/dataSource"),
    ("", "PersistentVolumeClaim", "spec/dataSourceRef"),
    ("", "Secret", "type"),
    ("rbac.authorization.k8s.io", "RoleBinding", "roleRef"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", "roleRef"),
    ("storage.k8s.io", "StorageClass", "provisioner"),
    ("storage.k8s.io", "StorageClass", "parameters"),
    ("storage.k8s.io", "StorageClass", "reclaimPolicy"),
    ("storage.k8s.io", "StorageClass", "volumeBindingMode"),
    ("scheduling.k8s.io", "PriorityClass", "value"),
    ("scheduling.k8s.io", "PriorityClass", "preemptionPolicy"),
    ("networking.k8s.io", "IngressClass", "spec/controller"),
    ("node.k8s.io", "RuntimeClass", "handler"),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "spec/scope"),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "spec/names/kind"),
];

/// Fields that cannot change once they are written; until then the cluster fills in a value nobody here knows.
const IMMUTABLE_ONCE_SET: &[Row] =
    &[("", "PersistentVolumeClaim", "spec/storageClassName"), ("", "PersistentVolumeClaim", "spec/volumeName")];

/// Everything in `new` that the API server would refuse as an update of `old`. Both must be the same object, or nothing
/// is said; nor is anything of an object that is to be replaced.
#[must_use]
pub fn changes(old: &Manifest, new: &Manifest) -> Vec<Diagnostic> {
    if !old.object.is_same_object(&new.object) || !matches!(new.object.name, Name::Fixed(_)) || is_replaced(new) {
        return Vec::new();
    }
    let mut comparison = Comparison { old, new, diagnostics: Vec::new() };
    comparison.by_table();
    let gvk = &new.object.gvk;
    match (&*gvk.group, &*gvk.kind) {
        ("apps", "StatefulSet") => comparison.stateful_set(),
        ("batch", "Job") => comparison.job(),
        ("", "Pod") => comparison.pod(),
        ("", "PersistentVolumeClaim") => comparison.claim(),
        ("", "Service") => comparison.service(),
        ("", "ConfigMap" | "Secret") => comparison.data(),
        _ => {}
    }
    comparison.diagnostics
}

/// Whether the agent deletes the object before it makes it anew: because it is told to, or because it is a hook.
fn is_replaced(manifest: &Manifest) -> bool {
    let Some(annotations) = at(&manifest.root, &["metadata", "annotations"]) else { return false };
    let listed = |key: &str, wanted: &[&str]| {
        let options = text(annotations, key).unwrap_or_default();
        options.split(',').any(|option| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(option.trim())))
    };
    listed("argocd.argoproj.io/sync-options", &["Replace=true", "Force=true"])
        || listed("kustomize.toolkit.fluxcd.io/force", &["enabled"])
        || text(annotations, "argocd.argoproj.io/hook").is_some()
        || text(annotations, "helm.sh/hook").is_some()
}

struct Comparison<'a> {
    old: &'a Manifest,
    new: &'a Manifest,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Comparison<'a> {
    fn by_table(&mut self) {
        for path in rows_of(IMMUTABLE, self.new) {
            self.compare(path);
        }
        for path in rows_of(IMMUTABLE_ONCE_SET, self.new) {
            let steps: Vec<_> = path.split('/').collect();
            if at(&self.old.root, &steps).is_some() && at(&self.new.root, &steps).is_some() {
                self.compare(path);
            }
        }
    }

    /// Reports a field that differs.
    fn compare(&mut self, path: &str) {
        let steps: Vec<_> = path.split('/').collect();
        let (before, now) = (at(&self.old.root, &steps), at(&self.new.root, &steps));
        if !is_same(steps.last().copied().unwrap_or_default(), before, now) {
            self.refuse(&steps, Severity::Error, None);
        }
    }

    fn refuse(&mut self, steps: &[&str], severity: Severity, why: Option<&str>) {
        let inner = same::difference(at(&self.old.root, steps), at(&self.new.root, steps));
        let pointer = Pointer::from_parts(steps.iter().map(|step| (*step).to_owned()).chain(inner));
        let kind = &self.new.object.gvk.kind;
        let name = pointer.field_path(&self.new.root);
        let what = why.unwrap_or("cannot be changed");
        let message = format!("`{name}` of the `{kind}` {what}, and differs from what was published before");
        let removed = pointer.resolve(&self.new.root).is_none();
        let label = if removed { "removed here" } else { "changed" };
        let diagnostic = Diagnostic::new(severity, rules::IMMUTABLE_FIELD, message)
            .at(place(self.new, &pointer), label)
            .also(place(self.old, &pointer), "before")
            .help(format!(
                "restore it, rename the `{kind}`, or have it replaced: annotate `argocd.argoproj.io/sync-options: Force=true,Replace=true`"
            ));
        self.diagnostics.push(diagnostic.object(&self.new.object).pointer(pointer.to_string()));
    }

    /// Both specs.
    fn specs(&self) -> Option<(&'a Node, &'a Node)> {
        Some((field(&self.old.root, "spec")?, field(&self.new.root, "spec")?))
    }

    /// The names of fields that either has.
    fn names(before: &'a Node, now: &'a Node) -> Vec<&'a str> {
        let entries = |node: &'a Node| node.as_mapping().unwrap_or_default().iter();
        let mut names: Vec<_> = entries(before).chain(entries(now)).map(|entry| &*entry.key.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn stateful_set(&mut self) {
        let Some((before, now)) = self.specs() else { return };
        for name in Self::names(before, now).into_iter().filter(|name| !OF_STATEFUL_SET.contains(name)) {
            self.compare(&format!("spec/{name}"));
        }
    }

    /// The template of a Job is fixed, unless the Job is suspended. A Job that is cleaned up may be gone already.
    fn job(&mut self) {
        let Some((before, now)) = self.specs() else { return };
        if is_true(before, "suspend") {
            return;
        }
        if !is_same("template", field(before, "template"), field(now, "template")) {
            let cleaned_up = field(before, "ttlSecondsAfterFinished").is_some();
            let (severity, why) = match cleaned_up {
                true => (Severity::Warning, Some("cannot be changed before the Job is cleaned up")),
                false => (Severity::Error, None),
            };
            self.refuse(&["spec", "template"], severity, why);
        }
    }

    /// Of a Pod, little more than images may change.
    fn pod(&mut self) {
        let Some((before, now)) = self.specs() else { return };
        for name in Self::names(before, now).into_iter().filter(|name| !OF_POD.contains(name)) {
            let same = match name {
                "containers" | "initContainers" => same::but_for_images(items(before, name), items(now, name)),
                _ => is_same(name, field(before, name), field(now, name)),
            };
            if !same {
                self.refuse(&["spec", name], Severity::Error, None);
            }
        }
    }

    /// A claim may grow, and not shrink.
    fn claim(&mut self) {
        let size = |manifest: &'a Manifest| {
            at(&manifest.root, &["spec", "resources", "requests", "storage"]).and_then(Quantity::read)
        };
        if let (Some(before), Some(now)) = (size(self.old), size(self.new))
            && now < before
        {
            let steps = ["spec", "resources", "requests", "storage"];
            self.refuse(&steps, Severity::Error, Some("cannot become less"));
        }
    }

    /// The address of a Service stays. One that is not written was given by the cluster.
    fn service(&mut self) {
        let Some((before, now)) = self.specs() else { return };
        let is_external = |spec: &Node| text(spec, "type") == Some("ExternalName");
        if is_external(before) || is_external(now) {
            return;
        }
        let moved = match (text(before, "clusterIP"), text(now, "clusterIP")) {
            (Some(before), Some(now)) => before != now,
            (None, Some(now)) => now == "None",
            (_, None) => false,
        };
        if moved {
            self.refuse(&["spec", "clusterIP"], Severity::Error, None);
        }
    }

    /// What `immutable: true` promises.
    fn data(&mut self) {
        let (before, now) = (&self.old.root, &self.new.root);
        if !is_true(before, "immutable") || field(before, "sops").is_some() || field(now, "sops").is_some() {
            return;
        }
        if !is_true(now, "immutable") {
            self.refuse(&["immutable"], Severity::Error, None);
        }
        // the same value may move from one form to the other
        let has = |root: &Node, map: &str| field(root, map).is_some();
        let maps = ["data", "binaryData", "stringData"];
        if maps.iter().any(|map| has(before, map) != has(now, map))
            && (has(before, "stringData") || has(now, "stringData"))
        {
            return;
        }
        for map in maps {
            if !is_same_map(field(before, map), field(now, map)) {
                self.refuse(&[map], Severity::Error, Some("cannot be changed beside `immutable: true`"));
            }
        }
    }
}

/// The paths that a table has for a manifest's kind.
fn rows_of(table: &'static [Row], manifest: &Manifest) -> impl Iterator<Item = &'static str> {
    let gvk = manifest.object.gvk.clone();
    table.iter().filter(move |row| row.0 == &*gvk.group && row.1 == &*gvk.kind).map(|row| row.2)
}

/// Keys and texts, nothing filled in.
fn is_same_map(before: Option<&Node>, now: Option<&Node>) -> bool {
    fn entries(node: Option<&Node>) -> &[Entry] {
        node.and_then(Node::as_mapping).unwrap_or_default()
    }
    let (before, now) = (entries(before), entries(now));
    let text = |value: &Value| if let Value::String(text) = value { text.to_string() } else { String::new() };
    before.len() == now.len()
        && before.iter().all(|entry| {
            let other = now.iter().find(|other| other.key.name == entry.key.name);
            other.is_some_and(|other| text(&other.value.value) == text(&entry.value.value))
        })
}
