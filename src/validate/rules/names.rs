//! Names of objects: every kind has its own form (`Validate…Name` in the API server's `pkg/apis/*/validation`).

use super::Context;
use super::found::{Finding, Findings};
use super::read::{at, field, integer, text};
use super::scope::Scope;
use super::syntax::Form;
use crate::diagnostic::rules;
use crate::manifest::{Gvk, Node};

/// Checks `metadata.name`, `generateName` and `namespace`.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    let Some(metadata) = field(&context.manifest.root, "metadata") else { return };
    let gvk = &context.manifest.object.gvk;
    let form = context.names;
    if let Some(name) = text(metadata, "name") {
        name_of(name, form, metadata, gvk, findings);
        beyond_form(name, metadata, context, findings);
    } else if let Some(prefix) = text(metadata, "generateName") {
        prefix_of(prefix, form, metadata, gvk, findings);
    }
    if context.scope != Some(Scope::Cluster)
        && let Some(namespace) = text(metadata, "namespace")
        && let Some(trouble) = Form::Label.trouble(namespace)
    {
        let message = format!("`{namespace}` cannot be a namespace: {trouble}");
        findings.push(misnamed(metadata, "namespace", Form::Label, namespace, message));
    }
}

/// The form of the names of a kind of Kubernetes' own.
pub(super) fn form(gvk: &Gvk, minor: u32) -> Form {
    match (&*gvk.group, &*gvk.kind) {
        ("", "Namespace") => Form::Label,
        // KEP-5311: relaxed by default since 1.36
        ("", "Service") if minor < 36 => Form::LetterLabel,
        ("", "Service") => Form::Label,
        // their Pods take it as host name
        ("apps", "StatefulSet") if minor >= 27 => Form::Label,
        ("rbac.authorization.k8s.io", _)
        | ("certificates.k8s.io", "CertificateSigningRequest" | "ClusterTrustBundle")
        | ("internal.apiserver.k8s.io" | "authorization.k8s.io" | "authentication.k8s.io", _)
        | ("networking.k8s.io", "IPAddress")
        | ("resource.k8s.io", "ResourceSlice")
        | ("storage.k8s.io", "CSIDriver" | "CSINode")
        | ("" | "events.k8s.io", "Event")
        // the API server checks its spec, and of its name only what it checks of every name
        | ("policy", "PodDisruptionBudget") => Form::PathSegment,
        _ => Form::Subdomain,
    }
}

fn name_of<'a>(name: &str, form: Form, metadata: &'a Node, gvk: &Gvk, findings: &mut Findings<'a>) {
    if let Some(trouble) = form.trouble(name) {
        let message = format!("`{name}` cannot be the name of a `{}`: {trouble}", gvk.kind);
        findings.push(misnamed(metadata, "name", form, name, message));
    }
}

/// The API server appends five signs; before it looks, it lets a `-` at the end pass.
fn prefix_of<'a>(prefix: &str, form: Form, metadata: &'a Node, gvk: &Gvk, findings: &mut Findings<'a>) {
    let stem = prefix.strip_suffix('-').filter(|stem| !stem.is_empty()).unwrap_or(prefix);
    if let Some(trouble) = form.trouble(&format!("{stem}a")) {
        let message = format!("`{prefix}` cannot begin the name of a `{}`: {trouble}", gvk.kind);
        findings.push(misnamed(metadata, "generateName", form, prefix, message).maybe_help(None));
    }
}

/// What a kind demands of its names besides their form.
fn beyond_form<'a>(name: &str, metadata: &'a Node, context: &Context<'a>, findings: &mut Findings<'a>) {
    let root = &context.manifest.root;
    let gvk = &context.manifest.object.gvk;
    let mut refuse = |message: String, label: &str, help: Option<String>| {
        let finding = Finding::error(rules::INVALID_NAME, metadata, message).field("name").label(label);
        findings.push(finding.maybe_help(help));
    };
    match (&*gvk.group, &*gvk.kind) {
        ("batch", "CronJob") if name.len() > 52 => refuse(
            format!("`{name}` is too long for a `CronJob`: {} characters, at most 52 are allowed", name.len()),
            "its Jobs add 11 characters, and have 63",
            Some("shorten it".to_owned()),
        ),
        ("batch", "Job") if at(root, &["spec", "completionMode"]).and_then(Node::as_str) == Some("Indexed") => {
            let completions = at(root, &["spec", "completions"]).and_then(integer).unwrap_or_default();
            let longest = format!("{name}-{}", completions - 1);
            if completions > 0 && Form::Subdomain.accepts(name) && !Form::Label.accepts(&longest) {
                let message = format!("`{name}` cannot be the name of an indexed `Job`: `{longest}` is no host name");
                refuse(message, "its Pods take it as host name", Some("shorten it, and leave out dots".to_owned()));
            }
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            let spec = field(root, "spec");
            let plural = spec.and_then(|spec| field(spec, "names")).and_then(|names| text(names, "plural"));
            let group = spec.and_then(|spec| text(spec, "group"));
            combined(name, plural, group, "the plural and the group", refuse);
        }
        ("apiregistration.k8s.io", "APIService") => {
            let spec = field(root, "spec");
            let part = |key| spec.and_then(|spec| text(spec, key));
            combined(name, part("version"), part("group"), "the version and the group", refuse);
        }
        ("scheduling.k8s.io", "PriorityClass")
            if name.starts_with("system-") && !matches!(name, "system-cluster-critical" | "system-node-critical") =>
        {
            let message = format!("`{name}` cannot be the name of a `PriorityClass`: `system-` is reserved");
            refuse(
                message,
                "reserved for Kubernetes",
                name.strip_prefix("system-").map(|rest| format!("write `{rest}`")),
            );
        }
        _ => {}
    }
}

/// A name that two fields give.
fn combined(
    name: &str,
    first: Option<&str>,
    second: Option<&str>,
    what: &str,
    mut refuse: impl FnMut(String, &str, Option<String>),
) {
    let (Some(first), Some(second)) = (first, second) else { return };
    let wanted = format!("{first}.{second}");
    if name != wanted {
        let message = format!("`{name}` must be `{wanted}`");
        refuse(message, &format!("{what} make the name"), Some(format!("write `{wanted}`")));
    }
}

fn misnamed<'a>(metadata: &'a Node, key: &str, form: Form, name: &str, message: String) -> Finding<'a> {
    let near = form.suggestion(name).map(|near| format!("write `{near}`"));
    Finding::error(rules::INVALID_NAME, metadata, message).field(key).label(form.describe()).maybe_help(near)
}
