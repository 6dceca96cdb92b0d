//! Scope: which kinds live in a namespace, and which do not.

use super::Context;
use super::found::{Finding, Findings};
use super::read::{field, text};
use crate::diagnostic::rules;
use crate::manifest::Gvk;

/// Where the objects of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::validate) enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster.
    Cluster,
}

/// The kinds of Kubernetes that live in no namespace: all of these groups, or some of their kinds.
const CLUSTER: &[(&str, &[&str])] = &[
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    ("admissionregistration.k8s.io", &["*"]),
    ("apiextensions.k8s.io", &["*"]),
    ("apiregistration.k8s.io", &["*"]),
    ("authentication.k8s.io", &["*"]),
    ("authorization.k8s.io", &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("flowcontrol.apiserver.k8s.io", &["*"]),
    ("internal.apiserver.k8s.io", &["*"]),
    ("networking.k8s.io", &["ClusterCIDR", "IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["*"]),
    ("policy", &["PodSecurityPolicy"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "DeviceTaintRule", "ResourceClass", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"]),
    ("storagemigration.k8s.io", &["*"]),
];

/// The scope of a kind of Kubernetes' own.
pub(in crate::validate) fn of_kubernetes(gvk: &Gvk) -> Scope {
    let kinds = CLUSTER.iter().find(|(group, _)| *group == &*gvk.group).map_or(&[][..], |(_, kinds)| kinds);
    if kinds.iter().any(|kind| matches!(*kind, "*") || *kind == &*gvk.kind) {
        Scope::Cluster
    } else {
        Scope::Namespaced
    }
}

/// A namespace on an object that has none: the API server forgets it in silence.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    let Some(metadata) = field(&context.manifest.root, "metadata") else { return };
    if context.scope == Some(Scope::Cluster)
        && let Some(namespace) = text(metadata, "namespace")
    {
        let kind = &context.manifest.object.gvk.kind;
        let message = format!("a `{kind}` lives in no namespace: `{namespace}` is ignored");
        let finding = Finding::warning(rules::IGNORED_NAMESPACE, metadata, message).field("namespace");
        findings.push(finding.label("ignored").help("remove `namespace`"));
    }
}
