//! Choices: fields whose few values Kubernetes lists in prose, and in no schema (`pkg/apis/*/types.go` and
//! `pkg/apis/*/validation`).

use super::Context;
use super::found::{Finding, Findings};
use super::read::{is_encrypted, walk};
use crate::diagnostic::{did_you_mean, rules};
use crate::manifest::{Gvk, Node};
use crate::validate::words;

const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];
const ACCESS_MODES: &[&str] = &["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
const VOLUME_MODES: &[&str] = &["Filesystem", "Block"];
const TRAFFIC_POLICIES: &[&str] = &["Cluster", "Local"];
const RETENTION: &[&str] = &["Retain", "Delete"];
const PROFILES: &[&str] = &["RuntimeDefault", "Unconfined", "Localhost"];
const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
const SCALING_TARGETS: &[&str] = &["Utilization", "Value", "AverageValue"];
const FAILURE_POLICIES: &[&str] = &["Ignore", "Fail"];
const MATCH_POLICIES: &[&str] = &["Exact", "Equivalent"];
const RULE_SCOPES: &[&str] = &["*", "Cluster", "Namespaced"];
const OPERATIONS: &[&str] = &["*", "CREATE", "UPDATE", "DELETE", "CONNECT"];
const SUBJECTS: &[&str] = &["User", "Group", "ServiceAccount"];

/// Group, kind, path, choices.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

const OF_KINDS: &[Row] = &[
    ("", "Service", "spec/type", &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
    ("", "Service", "spec/sessionAffinity", &["None", "ClientIP"]),
    ("", "Service", "spec/externalTrafficPolicy", TRAFFIC_POLICIES),
    ("", "Service", "spec/internalTrafficPolicy", TRAFFIC_POLICIES),
    ("", "Service", "spec/ipFamilyPolicy", &["SingleStack", "PreferDualStack", "RequireDualStack"]),
    ("", "Service", "spec/ipFamilies/*", &["IPv4", "IPv6"]),
    ("", "Service", "spec/ports/*/protocol", PROTOCOLS),
    ("", "Service", "spec/trafficDistribution", &["PreferClose", "PreferSameZone", "PreferSameNode"]),
    ("", "Endpoints", "subsets/*/ports/*/protocol", PROTOCOLS),
    ("", "Node", "spec/taints/*/effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    ("", "PersistentVolume", "spec/accessModes/*", ACCESS_MODES),
    ("", "PersistentVolume", "spec/volumeMode", VOLUME_MODES),
    ("", "PersistentVolume", "spec/persistentVolumeReclaimPolicy", &["Retain", "Recycle", "Delete"]),
    ("", "PersistentVolumeClaim", "spec/accessModes/*", ACCESS_MODES),
    ("", "PersistentVolumeClaim", "spec/volumeMode", VOLUME_MODES),
    ("apps", "Deployment", "spec/strategy/type", &["RollingUpdate", "Recreate"]),
    ("apps", "DaemonSet", "spec/updateStrategy/type", &["RollingUpdate", "OnDelete"]),
    ("apps", "StatefulSet", "spec/updateStrategy/type", &["RollingUpdate", "OnDelete"]),
    ("apps", "StatefulSet", "spec/podManagementPolicy", &["OrderedReady", "Parallel"]),
    ("apps", "StatefulSet", "spec/persistentVolumeClaimRetentionPolicy/whenDeleted", RETENTION),
    ("apps", "StatefulSet", "spec/persistentVolumeClaimRetentionPolicy/whenScaled", RETENTION),
    ("apps", "StatefulSet", "spec/volumeClaimTemplates/*/spec/accessModes/*", ACCESS_MODES),
    ("apps", "StatefulSet", "spec/volumeClaimTemplates/*/spec/volumeMode", VOLUME_MODES),
    ("batch", "CronJob", "spec/concurrencyPolicy", &["Allow", "Forbid", "Replace"]),
    (
        "networking.k8s.io",
        "Ingress",
        "spec/rules/*/http/paths/*/pathType",
        &["Exact", "Prefix", "ImplementationSpecific"],
    ),
    ("networking.k8s.io", "NetworkPolicy", "spec/policyTypes/*", &["Ingress", "Egress"]),
    ("networking.k8s.io", "NetworkPolicy", "spec/ingress/*/ports/*/protocol", PROTOCOLS),
    ("networking.k8s.io", "NetworkPolicy", "spec/egress/*/ports/*/protocol", PROTOCOLS),
    ("storage.k8s.io", "StorageClass", "reclaimPolicy", RETENTION),
    ("storage.k8s.io", "StorageClass", "volumeBindingMode", &["Immediate", "WaitForFirstConsumer"]),
    ("storage.k8s.io", "CSIDriver", "spec/fsGroupPolicy", &["ReadWriteOnceWithFSType", "File", "None"]),
    ("storage.k8s.io", "CSIDriver", "spec/volumeLifecycleModes/*", &["Persistent", "Ephemeral"]),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        "spec/metrics/*/type",
        &["Resource", "ContainerResource", "Pods", "Object", "External"],
    ),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/metrics/*/resource/target/type", SCALING_TARGETS),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/metrics/*/containerResource/target/type", SCALING_TARGETS),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/metrics/*/pods/target/type", SCALING_TARGETS),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/metrics/*/object/target/type", SCALING_TARGETS),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/metrics/*/external/target/type", SCALING_TARGETS),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/behavior/scaleUp/selectPolicy", &["Max", "Min", "Disabled"]),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/behavior/scaleDown/selectPolicy", &["Max", "Min", "Disabled"]),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/behavior/scaleUp/policies/*/type", &["Pods", "Percent"]),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/behavior/scaleDown/policies/*/type", &["Pods", "Percent"]),
    ("policy", "PodDisruptionBudget", "spec/unhealthyPodEvictionPolicy", &["IfHealthyBudget", "AlwaysAllow"]),
    ("scheduling.k8s.io", "PriorityClass", "preemptionPolicy", &["PreemptLowerPriority", "Never"]),
    ("rbac.authorization.k8s.io", "RoleBinding", "roleRef/kind", &["Role", "ClusterRole"]),
    ("rbac.authorization.k8s.io", "RoleBinding", "subjects/*/kind", SUBJECTS),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", "roleRef/kind", &["ClusterRole"]),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", "subjects/*/kind", SUBJECTS),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "spec/scope", &["Namespaced", "Cluster"]),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "spec/conversion/strategy", &["None", "Webhook"]),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "webhooks/*/failurePolicy", FAILURE_POLICIES),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "webhooks/*/matchPolicy", MATCH_POLICIES),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        "webhooks/*/sideEffects",
        &["None", "NoneOnDryRun"],
    ),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "webhooks/*/rules/*/scope", RULE_SCOPES),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "webhooks/*/rules/*/operations/*", OPERATIONS),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "webhooks/*/failurePolicy", FAILURE_POLICIES),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "webhooks/*/matchPolicy", MATCH_POLICIES),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        "webhooks/*/sideEffects",
        &["None", "NoneOnDryRun"],
    ),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        "webhooks/*/reinvocationPolicy",
        &["Never", "IfNeeded"],
    ),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "webhooks/*/rules/*/scope", RULE_SCOPES),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "webhooks/*/rules/*/operations/*", OPERATIONS),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "spec/failurePolicy", FAILURE_POLICIES),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        "spec/validationActions/*",
        &["Deny", "Warn", "Audit"],
    ),
    ("discovery.k8s.io", "EndpointSlice", "addressType", &["IPv4", "IPv6", "FQDN"]),
    ("discovery.k8s.io", "EndpointSlice", "ports/*/protocol", PROTOCOLS),
];

/// Fields of a Job's spec.
const OF_JOB: &[(&str, &[&str])] = &[
    ("completionMode", &["NonIndexed", "Indexed"]),
    ("podReplacementPolicy", &["TerminatingOrFailed", "Failed"]),
    ("podFailurePolicy/rules/*/action", &["FailJob", "FailIndex", "Ignore", "Count"]),
    ("podFailurePolicy/rules/*/onExitCodes/operator", &["In", "NotIn"]),
];

/// Fields of a Pod's spec.
const OF_POD: &[(&str, &[&str])] = &[
    ("dnsPolicy", &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
    ("preemptionPolicy", &["PreemptLowerPriority", "Never"]),
    ("os/name", &["linux", "windows"]),
    ("securityContext/fsGroupChangePolicy", &["OnRootMismatch", "Always"]),
    ("securityContext/supplementalGroupsPolicy", &["Merge", "Strict"]),
    ("securityContext/seLinuxChangePolicy", &["Recursive", "MountOption"]),
    ("securityContext/seccompProfile/type", PROFILES),
    ("securityContext/appArmorProfile/type", PROFILES),
    ("tolerations/*/effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    ("topologySpreadConstraints/*/whenUnsatisfiable", &["DoNotSchedule", "ScheduleAnyway"]),
    ("topologySpreadConstraints/*/nodeAffinityPolicy", &["Honor", "Ignore"]),
    ("topologySpreadConstraints/*/nodeTaintsPolicy", &["Honor", "Ignore"]),
    (
        "volumes/*/hostPath/type",
        &["DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"],
    ),
    ("volumes/*/image/pullPolicy", PULL_POLICIES),
    ("volumes/*/azureDisk/cachingMode", &["None", "ReadOnly", "ReadWrite"]),
    ("volumes/*/azureDisk/kind", &["Shared", "Dedicated", "Managed"]),
    ("volumes/*/ephemeral/volumeClaimTemplate/spec/accessModes/*", ACCESS_MODES),
    ("volumes/*/ephemeral/volumeClaimTemplate/spec/volumeMode", VOLUME_MODES),
];

/// Fields of a container.
const OF_CONTAINER: &[(&str, &[&str])] = &[
    ("imagePullPolicy", PULL_POLICIES),
    ("terminationMessagePolicy", &["File", "FallbackToLogsOnError"]),
    ("ports/*/protocol", PROTOCOLS),
    ("resizePolicy/*/restartPolicy", &["NotRequired", "RestartContainer"]),
    ("resizePolicy/*/resourceName", &["cpu", "memory"]),
    ("volumeMounts/*/mountPropagation", &["None", "HostToContainer", "Bidirectional"]),
    ("volumeMounts/*/recursiveReadOnly", &["Disabled", "IfPossible", "Enabled"]),
    ("securityContext/procMount", &["Default", "Unmasked"]),
    ("securityContext/seccompProfile/type", PROFILES),
    ("securityContext/appArmorProfile/type", PROFILES),
    ("livenessProbe/httpGet/scheme", &["HTTP", "HTTPS"]),
    ("readinessProbe/httpGet/scheme", &["HTTP", "HTTPS"]),
    ("startupProbe/httpGet/scheme", &["HTTP", "HTTPS"]),
    ("lifecycle/postStart/httpGet/scheme", &["HTTP", "HTTPS"]),
    ("lifecycle/preStop/httpGet/scheme", &["HTTP", "HTTPS"]),
];

/// The rows of a kind.
pub(super) fn of_kind(gvk: &Gvk) -> Vec<(&'static str, &'static [&'static str])> {
    let rows = OF_KINDS.iter().filter(|row| row.0 == &*gvk.group && row.1 == &*gvk.kind);
    rows.map(|(_, _, path, choices)| (*path, *choices)).collect()
}

/// Checks the fields of an object outside Pods and Jobs.
pub(super) fn check<'a>(
    context: &Context<'a>,
    rows: &[(&'static str, &'static [&'static str])],
    findings: &mut Findings<'a>,
) {
    all(rows, &context.manifest.root, findings);
}

/// Checks the fields of a Job's spec.
pub(super) fn of_job<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    all(OF_JOB, spec, findings);
}

/// Checks the fields of a Pod's spec, its containers left out.
pub(super) fn of_pod<'a>(spec: &'a Node, minor: u32, findings: &mut Findings<'a>) {
    all(OF_POD, spec, findings);
    // KEP-5471: tolerations compare numbers
    let operators: &[&str] = if minor < 35 { &["Exists", "Equal"] } else { &["Exists", "Equal", "Lt", "Gt"] };
    walk(spec, "tolerations/*/operator", &mut |value| one_of(value, "operator", operators, findings));
}

/// Checks the fields of a container.
pub(super) fn of_container<'a>(container: &'a Node, findings: &mut Findings<'a>) {
    all(OF_CONTAINER, container, findings);
}

fn all<'a>(table: &[(&str, &[&str])], node: &'a Node, findings: &mut Findings<'a>) {
    for (path, choices) in table {
        walk(node, path, &mut |value| one_of(value, last_name(path), choices, findings));
    }
}

/// `protocol` of `ports/*/protocol`, `accessModes` of `accessModes/*`.
fn last_name(path: &str) -> &str {
    path.rsplit('/').find(|step| *step != "*").unwrap_or(path)
}

/// Checks that a text is one of some choices. The empty text stands for the default.
pub(super) fn one_of<'a>(value: &'a Node, name: &str, choices: &[&str], findings: &mut Findings<'a>) {
    let Some(text) = value.as_str() else { return };
    if text.is_empty() || choices.contains(&text) || is_encrypted(text) {
        return;
    }
    let names: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    let message = format!("`{name}` must be {}, found `{text}`", words::either(&names));
    let meant = did_you_mean(text, choices.iter().copied());
    let label = meant.map_or_else(|| "not one of the choices".to_owned(), |meant| format!("did you mean `{meant}`?"));
    let help = meant.map(|meant| format!("write `{meant}`"));
    findings.push(Finding::error(rules::INVALID_CHOICE, value, message).label(label).maybe_help(help));
}
