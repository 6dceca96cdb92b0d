//! Live: an object as a cluster shows it, and as it was declared, brought to what both can say.
//!
//! The API server adds fields of its own, keeps `stringData` as `data`, and its controllers make objects that nobody
//! declared. None of that is drift.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::manifest::{Entry, Key, Manifest, Node, Text, Value};

/// Fields of `metadata` that only a cluster writes (apimachinery `ObjectMeta`), and those that it takes part in.
const METADATA: [&str; 11] = [
    "clusterName",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Annotations that tools and controllers put beside what was declared.
const ANNOTATIONS: [&str; 4] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "argocd.argoproj.io/tracking-id",
    "kubectl.kubernetes.io/restartedAt",
];

/// Kinds whose objects are made by the control plane, and never declared.
const OF_THE_CLUSTER: [&str; 9] = [
    "ComponentStatus",
    "ControllerRevision",
    "Endpoints",
    "EndpointSlice",
    "Event",
    "FlowSchema",
    "Lease",
    "Node",
    "PriorityLevelConfiguration",
];

/// An object without what only a cluster writes, and with its `stringData` where the cluster keeps it.
#[must_use]
pub fn comparable(manifest: &Manifest) -> Manifest {
    let mut object = manifest.clone();
    if let Value::Mapping(entries) = &mut object.root.value {
        entries.retain(|entry| entry.key.name != "status");
    }
    strip_metadata(&mut object.root);
    if let Some(template) = object.root.at_mut(&["spec", "template"]) {
        strip_metadata(template);
    }
    if manifest.is_secret() {
        move_string_data(&mut object.root);
    }
    object
}

/// Why a cluster has an object that nobody declared; `None` where somebody must have made it.
#[must_use]
pub fn made_by_cluster(manifest: &Manifest) -> Option<&'static str> {
    let metadata = manifest.root.get("metadata")?;
    let text = |node: Option<&Node>| node.and_then(Node::as_str).map(str::to_owned);
    let owners = metadata.get("ownerReferences").and_then(Node::as_sequence);
    if owners.is_some_and(|owners| !owners.is_empty()) {
        return Some("owned by another object");
    }
    let (kind, name) = (&*manifest.object.gvk.kind, manifest.object.name.to_string());
    let known = match (kind, name.as_str()) {
        ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default") => true,
        ("Service", "kubernetes") => manifest.object.namespace.as_deref() == Some("default"),
        ("Namespace", "default" | "kube-system" | "kube-public" | "kube-node-lease") => true,
        _ => OF_THE_CLUSTER.contains(&kind),
    };
    if known {
        return Some("made by the cluster");
    }
    let labels = metadata.get("labels");
    if labels.is_some_and(|labels| labels.get("kubernetes.io/bootstrapping").is_some()) {
        return Some("made by the cluster");
    }
    let kind_of_secret = text(manifest.root.get("type")).filter(|_| manifest.is_secret());
    match kind_of_secret.as_deref() {
        Some("kubernetes.io/service-account-token" | "bootstrap.kubernetes.io/token") => Some("made by the cluster"),
        Some("helm.sh/release.v1") => Some("a release of Helm"),
        _ => None,
    }
}

fn strip_metadata(root: &mut Node) {
    let Some(Node { value: Value::Mapping(entries), .. }) = root.at_mut(&["metadata"]) else { return };
    entries.retain(|entry| !METADATA.contains(&entry.key.name.as_str()));
    if let Some(Node { value: Value::Mapping(annotations), .. }) = root.at_mut(&["metadata", "annotations"]) {
        annotations.retain(|entry| !ANNOTATIONS.contains(&entry.key.name.as_str()));
    }
}

/// What the API server does with `stringData`: it wins over `data`, and is never shown again.
fn move_string_data(root: &mut Node) {
    let Value::Mapping(entries) = &mut root.value else { return };
    let Some(index) = entries.iter().position(|entry| entry.key.name == "stringData") else { return };
    let Entry { key, value } = entries.remove(index);
    let Value::Mapping(texts) = value.value else { return };
    if !entries.iter().any(|entry| entry.key.name == "data") {
        let key = Key { span: key.span, name: Text::from("data") };
        entries.push(Entry { key, value: Node { span: value.span, value: Value::Mapping(Vec::new()) } });
    }
    let Some(Node { value: Value::Mapping(data), .. }) = root.at_mut(&["data"]) else { return };
    for mut entry in texts {
        if let Value::String(text) = &entry.value.value {
            entry.value.value = Value::String(STANDARD.encode(text.as_bytes()).into());
        }
        data.retain(|known| known.key.name != entry.key.name);
        data.push(entry);
    }
}

impl Node {
    fn at_mut(&mut self, path: &[&str]) -> Option<&mut Self> {
        path.iter().try_fold(self, |node, step| match &mut node.value {
            Value::Mapping(entries) => {
                entries.iter_mut().find(|entry| entry.key.name == **step).map(|entry| &mut entry.value)
            }
            _ => None,
        })
    }
}
