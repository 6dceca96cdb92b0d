//! Roles and their bindings (`pkg/apis/rbac/validation`).

use super::Context;
use super::found::{Finding, Findings};
use super::read::{field, items, text};
use super::volumes::missing;
use crate::diagnostic::rules;
use crate::manifest::Node;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Checks the object, if it is a role or a binding.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    let gvk = &context.manifest.object.gvk;
    let root = &context.manifest.root;
    match (&*gvk.group, &*gvk.kind) {
        (GROUP, kind @ ("Role" | "ClusterRole")) => {
            items(root, "rules").iter().for_each(|rule| self::rule(rule, kind == "Role", findings));
        }
        (GROUP, kind @ ("RoleBinding" | "ClusterRoleBinding")) => {
            if let Some(group) = field(root, "roleRef").and_then(|role| field(role, "apiGroup")) {
                api_group(group, GROUP, findings);
            }
            items(root, "subjects")
                .iter()
                .for_each(|subject| self::subject(subject, kind == "ClusterRoleBinding", findings));
        }
        _ => {}
    }
}

fn rule<'a>(rule: &'a Node, namespaced: bool, findings: &mut Findings<'a>) {
    if rule.as_mapping().is_none() {
        return;
    }
    if items(rule, "verbs").is_empty() && field(rule, "verbs").is_none_or(|verbs| verbs.as_sequence().is_some()) {
        findings.push(missing(rule, "verbs", "a rule of a role"));
    }
    if !items(rule, "nonResourceURLs").is_empty() {
        let with_resources =
            ["apiGroups", "resources", "resourceNames"].iter().find(|name| !items(rule, name).is_empty());
        let trouble = match with_resources {
            _ if namespaced => "`nonResourceURLs` may be set in a `ClusterRole` only",
            Some(_) => "a rule cannot be about `resources` and `nonResourceURLs` at once",
            None => return,
        };
        let finding = Finding::error(rules::FORBIDDEN_FIELD, rule, trouble).key("nonResourceURLs");
        return findings.push(finding.label("not here").help("move it to a rule of its own in a `ClusterRole`"));
    }
    for name in ["apiGroups", "resources"] {
        if items(rule, name).is_empty() {
            let finding = missing(rule, name, "a rule of a role");
            findings.push(if name == "apiGroups" {
                finding.help("add `apiGroups`; the core group is `\"\"`")
            } else {
                finding
            });
        }
    }
}

fn subject<'a>(subject: &'a Node, of_cluster: bool, findings: &mut Findings<'a>) {
    if subject.as_mapping().is_none() {
        return;
    }
    let kind = text(subject, "kind").unwrap_or_default();
    if kind == "ServiceAccount" && of_cluster && text(subject, "namespace").is_none() {
        findings.push(missing(subject, "namespace", "a ServiceAccount in a `ClusterRoleBinding`"));
    }
    let Some(group) = field(subject, "apiGroup") else { return };
    match kind {
        "User" | "Group" => api_group(group, GROUP, findings),
        "ServiceAccount" => api_group(group, "", findings),
        _ => {}
    }
}

fn api_group<'a>(node: &'a Node, wanted: &str, findings: &mut Findings<'a>) {
    let Some(found) = node.as_str().filter(|found| !found.is_empty() && *found != wanted) else { return };
    let message = format!("`apiGroup` must be `\"{wanted}\"` here, found `{found}`");
    let finding = Finding::error(rules::INVALID_CHOICE, node, message).label("another group");
    findings.push(finding.help(format!("write `\"{wanted}\"`")));
}
