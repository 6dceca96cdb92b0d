//! The policies that are part of the product, by the name under which `policies.builtin` asks for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::source::Source;

/// The name that a file has below `policies/`, and its text.
type File = (&'static str, &'static str);

struct Pack {
    name: &'static str,
    files: &'static [&'static [File]],
    /// Rules of `good-practice` that find nothing that this pack does not find too.
    covers: &'static [&'static str],
}

/// A file of `policies/`, with the name it has there.
macro_rules! policy {
    ($path:literal) => {
        (concat!("policies/", $path), include_str!(concat!("../../policies/", $path)))
    };
}

const PACKS: &[Pack] = &[
    Pack { name: "good-practice", files: &[LIBRARY, GOOD_PRACTICE], covers: &[] },
    Pack { name: "hydration-risks", files: &[LIBRARY, HYDRATION_RISKS], covers: &[] },
    Pack { name: "pod-security-baseline", files: &[LIBRARY, BASELINE], covers: COVERED_BY_BASELINE },
    Pack { name: "pod-security-restricted", files: &[LIBRARY, BASELINE, RESTRICTED], covers: COVERED_BY_RESTRICTED },
    Pack { name: "secrets", files: &[LIBRARY, SECRETS], covers: &[] },
];

const LIBRARY: &[File] = &[
    policy!("lib/gitops.rego"),
    policy!("lib/kubernetes.rego"),
    policy!("lib/pod_security.rego"),
    policy!("lib/secrets.rego"),
    policy!("lib/tokens.rego"),
    policy!("lib/workload.rego"),
];

const GOOD_PRACTICE: &[File] = &[
    policy!("good-practice/anonymous_binding.rego"),
    policy!("good-practice/blocking_disruption_budget.rego"),
    policy!("good-practice/blocking_webhook.rego"),
    policy!("good-practice/cluster_admin_binding.rego"),
    policy!("good-practice/dangerous_capability.rego"),
    policy!("good-practice/default_service_account_token.rego"),
    policy!("good-practice/deprecated_ingress_class.rego"),
    policy!("good-practice/external_ip.rego"),
    policy!("good-practice/host_namespace.rego"),
    policy!("good-practice/host_path_volume.rego"),
    policy!("good-practice/latest_tag.rego"),
    policy!("good-practice/missing_memory_limit.rego"),
    policy!("good-practice/missing_readiness_probe.rego"),
    policy!("good-practice/missing_resource_requests.rego"),
    policy!("good-practice/plain_text_secret_in_env.rego"),
    policy!("good-practice/privilege_escalation.rego"),
    policy!("good-practice/privilege_granting_role.rego"),
    policy!("good-practice/privileged_container.rego"),
    policy!("good-practice/run_as_root.rego"),
    policy!("good-practice/wildcard_rbac.rego"),
    policy!("good-practice/writable_root_filesystem.rego"),
];

const HYDRATION_RISKS: &[File] = &[
    policy!("hydration-risks/empty_sync_allowed.rego"),
    policy!("hydration-risks/forced_recreation.rego"),
    policy!("hydration-risks/forced_recreation_of_data.rego"),
    policy!("hydration-risks/generated_name.rego"),
    policy!("hydration-risks/live_metadata.rego"),
    policy!("hydration-risks/misplaced_helm_hook.rego"),
    policy!("hydration-risks/never_applied.rego"),
    policy!("hydration-risks/outlives_its_removal.rego"),
    policy!("hydration-risks/prunable_data.rego"),
    policy!("hydration-risks/volume_deleted_with_claim.rego"),
];

const BASELINE: &[File] = &[
    policy!("pod-security-baseline/baseline_added_capability.rego"),
    policy!("pod-security-baseline/baseline_apparmor_profile.rego"),
    policy!("pod-security-baseline/baseline_host_namespace.rego"),
    policy!("pod-security-baseline/baseline_host_path_volume.rego"),
    policy!("pod-security-baseline/baseline_host_port.rego"),
    policy!("pod-security-baseline/baseline_privileged_container.rego"),
    policy!("pod-security-baseline/baseline_probe_host.rego"),
    policy!("pod-security-baseline/baseline_proc_mount.rego"),
    policy!("pod-security-baseline/baseline_seccomp_profile.rego"),
    policy!("pod-security-baseline/baseline_selinux_options.rego"),
    policy!("pod-security-baseline/baseline_unsafe_sysctl.rego"),
    policy!("pod-security-baseline/baseline_windows_host_process.rego"),
];

const RESTRICTED: &[File] = &[
    policy!("pod-security-restricted/restricted_capability.rego"),
    policy!("pod-security-restricted/restricted_privilege_escalation.rego"),
    policy!("pod-security-restricted/restricted_proc_mount.rego"),
    policy!("pod-security-restricted/restricted_root_user.rego"),
    policy!("pod-security-restricted/restricted_run_as_non_root.rego"),
    policy!("pod-security-restricted/restricted_seccomp_profile.rego"),
    policy!("pod-security-restricted/restricted_volume_type.rego"),
];

const SECRETS: &[File] = &[
    policy!("good-practice/plain_text_secret_in_env.rego"),
    policy!("secrets/password_in_arguments.rego"),
    policy!("secrets/password_in_config_map.rego"),
    policy!("secrets/password_in_url.rego"),
    policy!("secrets/plain_text_secret.rego"),
    policy!("secrets/plain_text_token.rego"),
];

const COVERED_BY_BASELINE: &[&str] = &[
    "policies/good-practice/dangerous_capability.rego",
    "policies/good-practice/host_namespace.rego",
    "policies/good-practice/host_path_volume.rego",
    "policies/good-practice/privileged_container.rego",
];

const COVERED_BY_RESTRICTED: &[&str] = &[
    "policies/good-practice/dangerous_capability.rego",
    "policies/good-practice/host_namespace.rego",
    "policies/good-practice/host_path_volume.rego",
    "policies/good-practice/privilege_escalation.rego",
    "policies/good-practice/privileged_container.rego",
    "policies/good-practice/run_as_root.rego",
];

/// The policies of a shipped pack; `None` if there is no pack of that name.
#[must_use]
pub fn shipped(name: &str) -> Option<Vec<Arc<Source>>> {
    pack(name).map(|pack| files(&[pack]).collect())
}

/// The policies of several packs, as they judge together: each once, and without those of `good-practice` that a
/// stricter pack covers. Names that no pack has are passed over.
pub fn chosen<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Arc<Source>> {
    let packs: Vec<&Pack> = names.into_iter().filter_map(pack).collect();
    let covered: BTreeSet<&str> = packs.iter().flat_map(|pack| pack.covers).copied().collect();
    files(&packs).filter(|source| !covered.contains(source.name())).collect()
}

/// The names of the shipped packs, sorted.
pub fn shipped_names() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|pack| pack.name)
}

fn pack(name: &str) -> Option<&'static Pack> {
    PACKS.iter().find(|pack| pack.name == name)
}

fn files(packs: &[&Pack]) -> impl Iterator<Item = Arc<Source>> {
    let files: BTreeMap<_, _> = packs.iter().flat_map(|pack| pack.files.concat()).collect();
    files.into_iter().map(|(name, text)| Source::file(name, text))
}
