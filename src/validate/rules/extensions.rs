//! What extends the API: CRDs, admission webhooks, and what scales by metrics
//! (`pkg/apis/apiextensions/validation`, `pkg/apis/admissionregistration/validation`, `pkg/apis/autoscaling/validation`).

use super::Context;
use super::found::{Finding, Findings};
use super::pods::out_of_range;
use super::read::{Seen, field, integer, is_true, items, text};
use super::syntax::Form;
use super::volumes::{missing, only_one, twice};
use super::workloads;
use crate::diagnostic::rules;
use crate::manifest::Node;

/// Checks the object, if it is one of these kinds.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    let gvk = &context.manifest.object.gvk;
    let root = &context.manifest.root;
    let spec = field(root, "spec").filter(|spec| spec.as_mapping().is_some());
    match (&*gvk.group, &*gvk.kind, spec) {
        ("apiextensions.k8s.io", "CustomResourceDefinition", Some(spec)) => crd(spec, findings),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration", _) => {
            webhooks(root, findings);
        }
        ("autoscaling", "HorizontalPodAutoscaler", Some(spec)) => autoscaler(spec, findings),
        ("policy", "PodDisruptionBudget", Some(spec)) => workloads::disruption_budget(spec, findings),
        ("scheduling.k8s.io", "PriorityClass", _) => priority(root, context, findings),
        _ => {}
    }
}

fn crd<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    let versions = items(spec, "versions");
    let mut names = Seen::new();
    for version in versions {
        if let Some(name) = text(version, "name")
            && !names.is_new(name)
        {
            findings.push(twice(version, "name", format!("two versions are called `{name}`")));
        }
    }
    let stored = versions.iter().filter(|version| is_true(version, "storage")).count();
    if !versions.is_empty() && stored != 1 {
        let message = format!("exactly one version must have `storage: true`, found {stored}");
        let finding = Finding::error(rules::ONE_OF, spec, message).key("versions");
        findings.push(
            finding.label("which one is stored?").help("set `storage: true` in one version, `false` in all others"),
        );
    }
    let Some(names) = field(spec, "names") else { return };
    for name in ["plural", "singular"] {
        if let Some(found) = text(names, name)
            && let Some(trouble) = Form::LetterLabel.trouble(found)
        {
            let message = format!("`{found}` cannot be the `{name}` of a CRD: {trouble}");
            let finding = Finding::error(rules::INVALID_NAME, names, message).field(name);
            findings.push(finding.label(Form::LetterLabel.describe()));
        }
    }
}

fn webhooks<'a>(root: &'a Node, findings: &mut Findings<'a>) {
    let mut names = Seen::new();
    for webhook in items(root, "webhooks") {
        if let Some(name) = text(webhook, "name") {
            let trouble = Form::Subdomain.trouble(name);
            let trouble =
                trouble.or_else(|| (name.split('.').count() < 3).then(|| "it has less than three parts".to_owned()));
            if let Some(trouble) = trouble {
                let message = format!("`{name}` cannot be the name of a webhook: {trouble}");
                let finding = Finding::error(rules::INVALID_NAME, webhook, message).field("name");
                findings.push(finding.label("a domain of at least three parts"));
            }
            if !names.is_new(name) {
                findings.push(twice(webhook, "name", format!("two webhooks are called `{name}`")));
            }
        }
        if let Some(client) = field(webhook, "clientConfig").filter(|client| client.as_mapping().is_some()) {
            match (field(client, "url"), field(client, "service")) {
                (Some(_), Some(_)) => findings.push(only_one(client, &["url", "service"], "service", "`clientConfig`")),
                (None, None) => {
                    let finding = Finding::error(rules::ONE_OF, webhook, "`clientConfig` needs `url` or `service`");
                    findings.push(finding.key("clientConfig").label("who is to be called?").help("add `service`"));
                }
                _ => {}
            }
        }
        if let Some(timeout) = field(webhook, "timeoutSeconds")
            && integer(timeout).is_some_and(|seconds| !(1..=30).contains(&seconds))
        {
            findings.push(out_of_range(timeout, "timeoutSeconds", "between 1 and 30"));
        }
        let versions = items(webhook, "admissionReviewVersions");
        if !versions.is_empty() && !versions.iter().any(|version| matches!(version.as_str(), Some("v1" | "v1beta1"))) {
            let message = "`admissionReviewVersions` must name `v1` or `v1beta1`";
            let finding = Finding::error(rules::INVALID_CHOICE, webhook, message).key("admissionReviewVersions");
            findings.push(finding.label("none that Kubernetes speaks").help("add `v1`"));
        }
    }
}

fn autoscaler<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    let Some(max) = field(spec, "maxReplicas") else { return };
    let Some(most) = integer(max) else { return };
    if most < 1 {
        findings.push(out_of_range(max, "maxReplicas", "at least 1"));
    }
    if let Some(min) = field(spec, "minReplicas")
        && let Some(least) = integer(min)
    {
        if least < 0 {
            findings.push(out_of_range(min, "minReplicas", "at least 1"));
        } else if least > most {
            findings.push(out_of_range(min, "minReplicas", &format!("at most `maxReplicas`, {most}")));
        }
    }
    const SOURCES: [(&str, &str); 5] = [
        ("Resource", "resource"),
        ("ContainerResource", "containerResource"),
        ("Pods", "pods"),
        ("Object", "object"),
        ("External", "external"),
    ];
    for metric in items(spec, "metrics") {
        let kind = text(metric, "type").unwrap_or_default();
        let wanted = SOURCES.iter().find(|(name, _)| *name == kind);
        if let Some((_, source)) = wanted
            && field(metric, source).is_none()
        {
            findings.push(missing(metric, source, &format!("a metric of `type: {kind}`")));
        }
    }
}

fn priority<'a>(root: &'a Node, context: &Context<'a>, findings: &mut Findings<'a>) {
    const HIGHEST: i128 = 1_000_000_000;
    let system =
        matches!(&context.manifest.object.name, crate::manifest::Name::Fixed(name) if name.starts_with("system-"));
    if let Some(value) = field(root, "value")
        && !system
        && integer(value).is_some_and(|number| number > HIGHEST)
    {
        findings.push(out_of_range(value, "value", &format!("at most {HIGHEST}")));
    }
}
