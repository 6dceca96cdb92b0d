//! Pods: finds the spec of every Pod an object makes, and checks what concerns the Pod as a whole
//! (`pkg/apis/core/validation`, `ValidatePodSpec`).
//!
//! The API server does not look into the template of a StatefulSet. What is wrong there shows when its Pods are refused.

use super::found::{Finding, Findings};
use super::read::{at, field, integer, items, text};
use super::syntax::Form;
use super::{Context, choices, containers, metadata, selectors, volumes};
use crate::diagnostic::rules;
use crate::manifest::Node;
use crate::validate::words;

/// Pods that an object is or makes.
#[derive(Clone, Copy)]
pub(super) struct Pods<'a> {
    pub(super) spec: &'a Node,
    /// Of the template; `None` for a Pod, whose metadata is the object's own.
    pub(super) metadata: Option<&'a Node>,
    /// Which restart policies are allowed; the first is the default, unless the field is required.
    pub(super) restart: &'static [&'static str],
    pub(super) restart_required: bool,
    /// Volumes the controller adds: the claim templates of a StatefulSet.
    pub(super) claims: &'a [Node],
}

/// The Pods of an object, if it has any.
fn of<'a>(context: &Context<'a>) -> Option<Pods<'a>> {
    let root = &context.manifest.root;
    let gvk = &context.manifest.object.gvk;
    let (path, restart): (&[&str], &'static [&'static str]) = match (&*gvk.group, &*gvk.kind) {
        ("", "Pod") => return Some(pod(field(root, "spec")?)),
        ("", "PodTemplate") => (&["template"], &["Always", "OnFailure", "Never"]),
        ("", "ReplicationController") | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => {
            (&["spec", "template"], &["Always"])
        }
        ("batch", "Job") => (&["spec", "template"], &["OnFailure", "Never"]),
        ("batch", "CronJob") => (&["spec", "jobTemplate", "spec", "template"], &["OnFailure", "Never"]),
        _ => return None,
    };
    let template = at(root, path)?;
    let claims = field(root, "spec").map_or(&[][..], |spec| items(spec, "volumeClaimTemplates"));
    let restart_required = &*gvk.group == "batch";
    let metadata = field(template, "metadata");
    Some(Pods { spec: field(template, "spec")?, metadata, restart, restart_required, claims })
}

fn pod(spec: &Node) -> Pods<'_> {
    let restart = &["Always", "OnFailure", "Never"];
    Pods { spec, metadata: None, restart, restart_required: false, claims: &[] }
}

/// Checks the Pods of an object, if it has any.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    if let Some(pods) = of(context) {
        check_pods(&pods, context, findings);
    }
}

fn check_pods<'a>(pods: &Pods<'a>, context: &Context<'a>, findings: &mut Findings<'a>) {
    if let Some(template) = pods.metadata {
        metadata::labels_and_annotations(template, findings);
    }
    restart_policy(pods, context, findings);
    choices::of_pod(pods.spec, context.minor, findings);
    selectors::of_pod(pods.spec, findings);
    node_affinity(pods.spec, findings);
    names(pods.spec, findings);
    let known = volumes::check(pods, findings);
    containers::check(pods, context, &known, findings);
}

fn restart_policy<'a>(pods: &Pods<'a>, context: &Context<'a>, findings: &mut Findings<'a>) {
    let kind = &context.manifest.object.gvk.kind;
    match text(pods.spec, "restartPolicy") {
        None if pods.restart_required => {
            let message = format!("`restartPolicy` is missing: the default, `Always`, is not allowed in a `{kind}`");
            let finding = Finding::error(rules::REQUIRED_VALUE, pods.spec, message).field("restartPolicy");
            findings.push(
                finding.label("needs `restartPolicy`").help("add `restartPolicy: Never` or `restartPolicy: OnFailure`"),
            );
        }
        Some(policy) if !pods.restart.contains(&policy) => {
            let wanted: Vec<_> = pods.restart.iter().map(|choice| format!("`{choice}`")).collect();
            let wanted = words::either(&wanted);
            let known = matches!(policy, "Always" | "OnFailure" | "Never");
            let label = if known { format!("not allowed in a `{kind}`") } else { "not one of the choices".to_owned() };
            let message = format!("`restartPolicy` of a `{kind}` must be {wanted}, found `{policy}`");
            let help = (pods.restart.len() == 1).then(|| format!("write `{}`, or remove it", pods.restart[0]));
            let finding = Finding::error(rules::INVALID_CHOICE, pods.spec, message).field("restartPolicy");
            findings.push(finding.label(label).maybe_help(help));
        }
        _ => {}
    }
}

/// Names of other things, in the form those things have.
fn names<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    const NAMES: [(&str, Form); 6] = [
        ("hostname", Form::Label),
        ("subdomain", Form::Label),
        ("serviceAccountName", Form::Subdomain),
        ("priorityClassName", Form::Subdomain),
        ("runtimeClassName", Form::Subdomain),
        ("nodeName", Form::Subdomain),
    ];
    for (name, form) in NAMES {
        if let Some(found) = text(spec, name)
            && let Some(trouble) = form.trouble(found)
        {
            let message = format!("`{found}` cannot be a `{name}`: {trouble}");
            let help = form.suggestion(found).map(|near| format!("write `{near}`"));
            let finding = Finding::error(rules::INVALID_NAME, spec, message).field(name).label(form.describe());
            findings.push(finding.maybe_help(help));
        }
    }
    // a negative `terminationGracePeriodSeconds` is taken for 1
    if let Some(seconds) = field(spec, "activeDeadlineSeconds")
        && integer(seconds).is_some_and(|seconds| seconds < 1)
    {
        findings.push(out_of_range(seconds, "activeDeadlineSeconds", "at least 1"));
    }
}

/// A number beyond what is allowed.
pub(super) fn out_of_range<'a>(node: &'a Node, name: &str, allowed: &str) -> Finding<'a> {
    let found = integer(node).map_or_else(|| "something else".to_owned(), |number| number.to_string());
    Finding::error(rules::OUT_OF_RANGE, node, format!("`{name}` must be {allowed}, found {found}"))
        .label("outside the limits")
}

fn node_affinity<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    const OPERATORS: [&str; 6] = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
    let Some(affinity) = at(spec, &["affinity", "nodeAffinity"]) else { return };
    let required = at(affinity, &["requiredDuringSchedulingIgnoredDuringExecution"]);
    let required = required.map_or(&[][..], |required| items(required, "nodeSelectorTerms"));
    let preferred = items(affinity, "preferredDuringSchedulingIgnoredDuringExecution");
    let terms = required.iter().chain(preferred.iter().filter_map(|term| field(term, "preference")));
    for expression in terms.flat_map(|term| items(term, "matchExpressions")) {
        if let Some(operator) = expression.get("operator").and_then(Node::as_str) {
            selectors::requirement(expression, operator, &OPERATORS, findings);
        }
    }
    for weight in preferred.iter().filter_map(|term| field(term, "weight")) {
        if integer(weight).is_some_and(|weight| !(1..=100).contains(&weight)) {
            findings.push(out_of_range(weight, "weight", "between 1 and 100"));
        }
    }
}
