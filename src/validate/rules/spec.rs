//! `spec`: optional to the schemas of all kinds, and not to the API server where something in it has no default
//! (`pkg/apis/{core,apps,batch,networking,autoscaling}/validation`).

use super::Context;
use super::found::{Finding, Findings};
use super::read::field;
use crate::diagnostic::rules;

/// Kinds of which an object without `spec` is refused, and the first field that is missed.
const NEEDED: [(&str, &str, &str); 13] = [
    ("", "Pod", "containers"),
    ("", "ReplicationController", "template"),
    ("", "Service", "ports"),
    ("", "PersistentVolume", "capacity"),
    ("", "PersistentVolumeClaim", "accessModes"),
    ("apps", "Deployment", "selector"),
    ("apps", "StatefulSet", "selector"),
    ("apps", "DaemonSet", "selector"),
    ("apps", "ReplicaSet", "selector"),
    ("batch", "Job", "template"),
    ("batch", "CronJob", "schedule"),
    ("networking.k8s.io", "Ingress", "rules"),
    ("autoscaling", "HorizontalPodAutoscaler", "scaleTargetRef"),
];

/// Checks that the object says something at all.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    let gvk = &context.manifest.object.gvk;
    let needed = NEEDED.iter().find(|(group, kind, _)| *group == &*gvk.group && *kind == &*gvk.kind);
    let root = &context.manifest.root;
    let Some((_, kind, first)) = needed.filter(|_| field(root, "spec").is_none()) else { return };
    // what belongs into `spec` and is not indented is an unknown field, and told as that
    let envelope = ["apiVersion", "kind", "metadata", "spec", "status"];
    let fields = root.as_mapping().unwrap_or_default();
    if fields.iter().all(|entry| envelope.contains(&&*entry.key.name)) {
        let finding = Finding::error(rules::REQUIRED_VALUE, root, format!("a `{kind}` needs `spec`"));
        findings.push(finding.field("spec").label("missing").help(format!("add `spec` with `{first}`")));
    }
}
