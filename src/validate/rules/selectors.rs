//! Label selectors and label maps: their syntax, and whether a selector matches labels (apimachinery's
//! `pkg/apis/meta/v1/validation` and `pkg/labels`).

use super::Context;
use super::found::{Finding, Findings};
use super::read::{entries, field, is_encrypted, items, text, walk};
use super::syntax::Form;
use crate::diagnostic::{did_you_mean, rules};
use crate::manifest::{Entry, Gvk, Node};

/// Where label selectors stand: group, kind, path.
const SELECTORS: &[(&str, &str, &str)] = &[
    ("apps", "Deployment", "spec/selector"),
    ("apps", "StatefulSet", "spec/selector"),
    ("apps", "StatefulSet", "spec/volumeClaimTemplates/*/spec/selector"),
    ("apps", "DaemonSet", "spec/selector"),
    ("apps", "ReplicaSet", "spec/selector"),
    ("batch", "Job", "spec/selector"),
    ("batch", "CronJob", "spec/jobTemplate/spec/selector"),
    ("", "PersistentVolumeClaim", "spec/selector"),
    ("policy", "PodDisruptionBudget", "spec/selector"),
    ("networking.k8s.io", "NetworkPolicy", "spec/podSelector"),
    ("networking.k8s.io", "NetworkPolicy", "spec/ingress/*/from/*/podSelector"),
    ("networking.k8s.io", "NetworkPolicy", "spec/ingress/*/from/*/namespaceSelector"),
    ("networking.k8s.io", "NetworkPolicy", "spec/egress/*/to/*/podSelector"),
    ("networking.k8s.io", "NetworkPolicy", "spec/egress/*/to/*/namespaceSelector"),
    ("rbac.authorization.k8s.io", "ClusterRole", "aggregationRule/clusterRoleSelectors/*"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "webhooks/*/namespaceSelector"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "webhooks/*/objectSelector"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "webhooks/*/namespaceSelector"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "webhooks/*/objectSelector"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "spec/matchConstraints/namespaceSelector"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "spec/matchConstraints/objectSelector"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "spec/matchResources/namespaceSelector"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "spec/matchResources/objectSelector"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "spec/paramRef/selector"),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/metrics/*/pods/metric/selector"),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/metrics/*/object/metric/selector"),
    ("autoscaling", "HorizontalPodAutoscaler", "spec/metrics/*/external/metric/selector"),
];

/// The same, below the spec of a Pod.
const POD_SELECTORS: &[&str] = &[
    "topologySpreadConstraints/*/labelSelector",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/*/labelSelector",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/*/namespaceSelector",
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/*/podAffinityTerm/labelSelector",
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/*/podAffinityTerm/namespaceSelector",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/*/labelSelector",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/*/namespaceSelector",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/*/podAffinityTerm/labelSelector",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/*/podAffinityTerm/namespaceSelector",
    "volumes/*/ephemeral/volumeClaimTemplate/spec/selector",
];

/// The operators of label selectors.
const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

/// The rows of a kind.
pub(super) fn of_kind(gvk: &Gvk) -> Vec<&'static str> {
    let rows = SELECTORS.iter().filter(|(group, kind, _)| *group == &*gvk.group && *kind == &*gvk.kind);
    rows.map(|(_, _, path)| *path).collect()
}

/// Checks every selector of the object outside Pods.
pub(super) fn check<'a>(context: &Context<'a>, paths: &[&str], findings: &mut Findings<'a>) {
    let root = &context.manifest.root;
    for path in paths {
        walk(root, path, &mut |selector| selector_syntax(selector, findings));
    }
}

/// Checks every selector of a Pod's spec.
pub(super) fn of_pod<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    if let Some(selector) = field(spec, "nodeSelector") {
        labels(selector, findings);
    }
    if field(spec, "affinity").is_none()
        && field(spec, "topologySpreadConstraints").is_none()
        && field(spec, "volumes").is_none()
    {
        return;
    }
    for path in POD_SELECTORS {
        walk(spec, path, &mut |selector| selector_syntax(selector, findings));
    }
}

/// Checks the keys and values of labels.
pub(super) fn labels<'a>(labels: &'a Node, findings: &mut Findings<'a>) {
    for Entry { key, value } in labels.as_mapping().unwrap_or_default() {
        label_key(&key.name, labels, findings);
        let Some(text) = value.as_str().filter(|text| !is_encrypted(text)) else { continue };
        if let Some(trouble) = Form::LabelValue.trouble(text) {
            findings.push(bad_value(value, text, &trouble));
        }
    }
}

fn label_key<'a>(key: &str, owner: &'a Node, findings: &mut Findings<'a>) {
    if let Some(trouble) = Form::Qualified.trouble(key) {
        let message = format!("`{key}` cannot be the key of a label: {trouble}");
        findings.push(Finding::error(rules::INVALID_LABEL, owner, message).key(key).label(Form::Qualified.describe()));
    }
}

fn bad_value<'a>(node: &'a Node, text: &str, trouble: &str) -> Finding<'a> {
    let message = format!("`{text}` cannot be the value of a label: {trouble}");
    Finding::error(rules::INVALID_LABEL, node, message).label(Form::LabelValue.describe())
}

fn selector_syntax<'a>(selector: &'a Node, findings: &mut Findings<'a>) {
    if let Some(map) = field(selector, "matchLabels") {
        labels(map, findings);
    }
    for expression in items(selector, "matchExpressions") {
        if let Some(key) = text(expression, "key")
            && let Some(trouble) = Form::Qualified.trouble(key)
        {
            let message = format!("`{key}` cannot be the key of a label: {trouble}");
            let finding = Finding::error(rules::INVALID_LABEL, expression, message);
            findings.push(finding.field("key").label(Form::Qualified.describe()));
        }
        let Some(operator) = expression.get("operator").and_then(Node::as_str) else { continue };
        requirement(expression, operator, &OPERATORS, findings);
        for value in items(expression, "values") {
            if let Some(text) = value.as_str()
                && let Some(trouble) = Form::LabelValue.trouble(text)
            {
                findings.push(bad_value(value, text, &trouble));
            }
        }
    }
}

/// Checks that an operator is one of those known here, and has as many values as it takes.
pub(super) fn requirement<'a>(expression: &'a Node, operator: &str, known: &[&str], findings: &mut Findings<'a>) {
    let values = items(expression, "values").len();
    let refuse = |message: String, field: &str, label: &str, help: Option<String>| {
        Finding::error(rules::INVALID_SELECTOR, expression, message).field(field).label(label).maybe_help(help)
    };
    if !known.contains(&operator) {
        let meant = did_you_mean(operator, known.iter().copied());
        let help = meant.map(|meant| format!("write `{meant}`"));
        let message = format!("`{operator}` is no operator of a selector");
        return findings.push(refuse(message, "operator", &format!("known are {}", known.join(", ")), help));
    }
    match operator {
        "In" | "NotIn" if values == 0 => {
            findings.push(refuse(
                format!("`{operator}` needs `values`"),
                "values",
                "no value",
                Some("add `values`".to_owned()),
            ));
        }
        "Exists" | "DoesNotExist" if values > 0 => {
            let message = format!("`{operator}` takes no `values`");
            findings.push(refuse(message, "values", "not allowed here", Some("remove `values`".to_owned())));
        }
        "Gt" | "Lt" if values != 1 => {
            findings.push(refuse(format!("`{operator}` needs one value"), "values", "exactly one", None));
        }
        _ => {}
    }
}

/// The first demand of a label selector that some labels do not meet, in words; `None` if they match, or if something
/// in it cannot be understood.
pub(super) fn mismatch(selector: &Node, labels: &[Entry]) -> Option<String> {
    let value_of = |key: &str| labels.iter().find(|entry| &*entry.key.name == key).map(|entry| &entry.value);
    let by_label = map_mismatch(entries(selector, "matchLabels"), labels);
    by_label.or_else(|| {
        items(selector, "matchExpressions").iter().find_map(|expression| {
            let (key, operator) = (text(expression, "key")?, text(expression, "operator")?);
            let found = value_of(key).and_then(Node::as_str);
            let values = || items(expression, "values").iter().filter_map(Node::as_str);
            let listed = found.is_some_and(|found| values().any(|value| value == found));
            let met = match operator {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value_of(key).is_some(),
                "DoesNotExist" => value_of(key).is_none(),
                _ => true,
            };
            let list = values().collect::<Vec<_>>().join(", ");
            (!met).then(|| format!("`{key}` {operator} {list}").trim_end().to_owned())
        })
    })
}

/// The first label of a plain selector that some labels do not have.
pub(super) fn map_mismatch(selector: &[Entry], labels: &[Entry]) -> Option<String> {
    let missing = selector.iter().find(|wanted| {
        let found = labels.iter().find(|entry| entry.key.name == wanted.key.name);
        // an empty value may be written as nothing
        let text = |node: &Node| node.as_str().unwrap_or_default().to_owned();
        found.is_none_or(|found| text(&found.value) != text(&wanted.value))
    })?;
    Some(format!("`{}: {}`", missing.key.name, missing.value.as_str().unwrap_or_default()))
}
