//! The policies that are part of the product, by the name under which `policies.builtin` asks for them.

use std::sync::Arc;

use crate::source::Source;

/// File names and texts of one pack.
type Pack = &'static [(&'static str, &'static str)];

const PACKS: &[(&str, Pack)] = &[("good-practice", GOOD_PRACTICE)];

/// A file of `policies/`, with the name it has there.
macro_rules! policy {
    ($path:literal) => {
        (concat!("policies/", $path), include_str!(concat!("../../policies/", $path)))
    };
}

const GOOD_PRACTICE: Pack = &[
    policy!("lib/workload.rego"),
    policy!("good-practice/cluster_admin_binding.rego"),
    policy!("good-practice/dangerous_capability.rego"),
    policy!("good-practice/default_service_account_token.rego"),
    policy!("good-practice/deprecated_ingress_class.rego"),
    policy!("good-practice/host_namespace.rego"),
    policy!("good-practice/host_path_volume.rego"),
    policy!("good-practice/latest_tag.rego"),
    policy!("good-practice/missing_memory_limit.rego"),
    policy!("good-practice/missing_readiness_probe.rego"),
    policy!("good-practice/missing_resource_requests.rego"),
    policy!("good-practice/plain_text_secret_in_env.rego"),
    policy!("good-practice/privilege_escalation.rego"),
    policy!("good-practice/privileged_container.rego"),
    policy!("good-practice/run_as_root.rego"),
    policy!("good-practice/wildcard_rbac.rego"),
    policy!("good-practice/writable_root_filesystem.rego"),
];

/// The policies of a shipped pack; `None` if there is no pack of that name.
#[must_use]
pub fn shipped(name: &str) -> Option<Vec<Arc<Source>>> {
    let (_, pack) = PACKS.iter().find(|(pack, _)| *pack == name)?;
    Some(pack.iter().map(|(path, text)| Source::file(*path, *text)).collect())
}

/// The names of the shipped packs, sorted.
pub fn shipped_names() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(name, _)| *name)
}
