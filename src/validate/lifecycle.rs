//! Lifecycle: when Kubernetes deprecated and removed its APIs, and what took their place.
//!
//! The pack knows what each embedded minor serves; this table knows what ended before the oldest of them, and what is
//! deprecated and still served. From the deprecation guide of Kubernetes and the `+k8s:prerelease-lifecycle-gen` tags of
//! its API types.

use super::kubernetes::Minor;
use super::pack::PACK;
use super::unknown::stability;
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{Gvk, Manifest, Pointer};

/// API version, kinds, the minor that no longer serves them: what ended before the oldest embedded minor.
type Former = (&'static str, &'static [&'static str], &'static str);

const ROLES: &[&str] = &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];
const WEBHOOKS: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Gone before the oldest embedded minor.
const FORMER: &[Former] = &[
    ("extensions/v1beta1", &["DaemonSet", "Deployment", "ReplicaSet"], "1.16"),
    ("extensions/v1beta1", &["Ingress"], "1.22"),
    ("extensions/v1beta1", &["NetworkPolicy"], "1.16"),
    ("extensions/v1beta1", &["PodSecurityPolicy"], "1.16"),
    ("apps/v1beta1", &["ControllerRevision", "Deployment", "StatefulSet"], "1.16"),
    ("apps/v1beta2", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"], "1.16"),
    ("admissionregistration.k8s.io/v1beta1", WEBHOOKS, "1.22"),
    ("apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"], "1.22"),
    ("apiregistration.k8s.io/v1beta1", &["APIService"], "1.22"),
    ("auditregistration.k8s.io/v1alpha1", &["AuditSink"], "1.19"),
    ("authentication.k8s.io/v1beta1", &["TokenReview"], "1.22"),
    (
        "authorization.k8s.io/v1beta1",
        &["LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"],
        "1.22",
    ),
    ("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], "1.25"),
    ("batch/v1beta1", &["CronJob"], "1.25"),
    ("batch/v2alpha1", &["CronJob"], "1.21"),
    ("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], "1.22"),
    ("coordination.k8s.io/v1beta1", &["Lease"], "1.22"),
    ("discovery.k8s.io/v1beta1", &["EndpointSlice"], "1.25"),
    ("events.k8s.io/v1beta1", &["Event"], "1.25"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], "1.22"),
    ("node.k8s.io/v1beta1", &["RuntimeClass"], "1.25"),
    ("policy/v1beta1", &["PodDisruptionBudget"], "1.25"),
    ("policy/v1beta1", &["PodSecurityPolicy"], "1.25"),
    ("rbac.authorization.k8s.io/v1alpha1", ROLES, "1.23"),
    ("rbac.authorization.k8s.io/v1beta1", ROLES, "1.22"),
    ("scheduling.k8s.io/v1alpha1", &["PriorityClass"], "1.23"),
    ("scheduling.k8s.io/v1beta1", &["PriorityClass"], "1.22"),
    ("settings.k8s.io/v1alpha1", &["PodPreset"], "1.20"),
    ("storage.k8s.io/v1beta1", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"], "1.22"),
];

/// What is deprecated, and served by every embedded minor: API version, kind, since when, the way out.
const DEPRECATED: &[(&str, &str, u32, &str)] = &[
    ("v1", "ComponentStatus", 19, "ask the health endpoints of the control plane instead"),
    ("v1", "Endpoints", 33, "write an `EndpointSlice` of `discovery.k8s.io/v1`"),
];

/// The minor that no longer served a kind, if that was before the oldest embedded one.
pub(super) fn removed_before_the_pack(gvk: &Gvk) -> Option<&'static str> {
    let api_version = gvk.api_version();
    let former = FORMER.iter().find(|(known, kinds, _)| *known == api_version && kinds.contains(&&*gvk.kind));
    former.map(|(_, _, removed)| *removed)
}

/// Whether a group of Kubernetes' own had kinds only before the oldest embedded minor.
pub(super) fn is_former_group(group: &str) -> bool {
    FORMER.iter().any(|(known, _, _)| known.split_once('/').is_some_and(|(name, _)| name == group))
}

/// How a kind of a minor comes to its end.
pub(super) struct Ending {
    /// What is known, after the name of the kind: `is deprecated since Kubernetes 1.33`.
    said: String,
    help: String,
}

impl Ending {
    /// Says it of an object.
    pub(super) fn report(&self, manifest: &Manifest) -> Diagnostic {
        let gvk = &manifest.object.gvk;
        let pointer = Pointer::from_parts(["apiVersion"]);
        let message = format!("`{}` `{}` {}", gvk.api_version(), gvk.kind, self.said);
        let diagnostic =
            Diagnostic::warning(rules::DEPRECATED_API, message).at(manifest.locate(&pointer), "deprecated");
        diagnostic.help(self.help.clone()).object(&manifest.object).pointer(pointer.to_string())
    }
}

/// How a kind that the minor serves comes to its end. One that has no better version yet counts only if the next minor
/// is the end.
pub(super) fn ending(gvk: &Gvk, minor: &Minor) -> Option<Ending> {
    let api_version = gvk.api_version();
    let is_it = |row: &&(&str, &str, u32, &str)| row.0 == api_version && row.1 == &*gvk.kind && row.2 <= minor.number;
    if let Some((_, _, since, help)) = DEPRECATED.iter().find(is_it) {
        return Some(Ending { said: format!("is deprecated since Kubernetes 1.{since}"), help: (*help).to_owned() });
    }
    let last = *PACK.minors_with(gvk).last()?;
    let gone = *PACK.minors().get(PACK.minors().iter().position(|known| *known == last)? + 1)?;
    let better = |other: &&Gvk| {
        other.group == gvk.group && other.kind == gvk.kind && stability(&other.version) > stability(&gvk.version)
    };
    let successor = minor.kinds().filter(better).max_by_key(|other| stability(&other.version));
    let help = match successor {
        Some(successor) => format!("write `apiVersion: {}`", successor.api_version()),
        None if last == minor.name => "do without it before the next upgrade".to_owned(),
        None => return None,
    };
    Some(Ending { said: format!("will be gone with Kubernetes {gone}"), help })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_before_the_pack_is_not_in_the_pack() {
        for (api_version, kinds, _) in FORMER {
            for kind in *kinds {
                assert_eq!(PACK.minors_with(&Gvk::new(api_version, kind)), [""; 0], "{api_version} {kind}");
            }
        }
        for (api_version, kind, _, _) in DEPRECATED {
            assert_eq!(PACK.minors_with(&Gvk::new(api_version, kind)), PACK.minors());
        }
    }
}
