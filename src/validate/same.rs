//! Sameness: whether two written values are one to the cluster, which fills in what is not written.

use super::rules::quantity::Quantity;
use super::rules::read::field;
use crate::manifest::{Node, Pointer, Value};

/// What Kubernetes fills in for a field of this name, wherever it stands. `*` stands for a value that is not known here.
const DEFAULTS: &[(&str, &str)] = &[
    ("apiGroup", "rbac.authorization.k8s.io"),
    ("apiVersion", "*"),
    ("completionMode", "NonIndexed"),
    ("creationTimestamp", "*"),
    ("defaultMode", "420"),
    ("dnsPolicy", "ClusterFirst"),
    ("enableServiceLinks", "true"),
    ("failureThreshold", "3"),
    ("imagePullPolicy", "*"),
    ("kind", "*"),
    ("periodSeconds", "10"),
    ("podManagementPolicy", "OrderedReady"),
    ("preemptionPolicy", "PreemptLowerPriority"),
    ("priority", "*"),
    ("protocol", "TCP"),
    ("reclaimPolicy", "Delete"),
    ("restartPolicy", "Always"),
    ("schedulerName", "default-scheduler"),
    ("scheme", "HTTP"),
    ("serviceAccount", "*"),
    ("serviceAccountName", "default"),
    ("status", "*"),
    ("successThreshold", "1"),
    ("terminationGracePeriodSeconds", "30"),
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("timeoutSeconds", "1"),
    ("type", "Opaque"),
    ("volumeBindingMode", "Immediate"),
    ("volumeMode", "Filesystem"),
];

/// Mappings whose keys are free: a label called `status` is no status.
const FREE: [&str; 6] = ["annotations", "labels", "matchLabels", "nodeSelector", "parameters", "selector"];

/// Whether a field of this name has the same value before and now. `None` stands for a field that is not written.
#[must_use]
pub fn is_same(name: &str, before: Option<&Node>, now: Option<&Node>) -> bool {
    match (before, now) {
        (Some(before), Some(now)) if FREE.contains(&name) && !has_selector_fields(before) => before.same_meaning(now),
        (Some(before), Some(now)) => is_same_value(before, now),
        (None, None) => true,
        (Some(only), None) | (None, Some(only)) => is_default(name, only),
    }
}

/// Whether a `selector` is one with `matchLabels`, and no plain mapping of labels.
fn has_selector_fields(node: &Node) -> bool {
    node.get("matchLabels").is_some_and(|labels| labels.as_mapping().is_some())
        || node.get("matchExpressions").is_some()
}

/// The way to the innermost value that differs, where there is only one.
pub(super) fn difference(before: Option<&Node>, now: Option<&Node>) -> Vec<String> {
    let (mut before, mut now, mut way) = (before, now, Vec::new());
    while let (Some(a), Some(b)) = (before, now) {
        let names = match (&a.value, &b.value) {
            (Value::Mapping(left), Value::Mapping(right)) => {
                let mut names: Vec<_> = left.iter().chain(right).map(|entry| entry.key.name.to_string()).collect();
                names.sort_unstable();
                names.dedup();
                names.retain(|name| !is_same(name, field(a, name), field(b, name)));
                names
            }
            (Value::Sequence(left), Value::Sequence(right)) if left.len() == right.len() => {
                let differing = (0..left.len()).filter(|index| !is_same_value(&left[*index], &right[*index]));
                differing.map(|index| index.to_string()).collect()
            }
            _ => break,
        };
        let [name] = names.as_slice() else { break };
        let step = |node| Pointer::from_parts([name]).resolve(node).filter(|node| node.value != Value::Null);
        (before, now) = (step(a), step(b));
        way.push(name.clone());
    }
    way
}

fn is_same_value(before: &Node, now: &Node) -> bool {
    match (&before.value, &now.value) {
        (Value::Mapping(a), Value::Mapping(b)) => {
            let same = |name: &str| is_same(name, field(before, name), field(now, name));
            a.iter().chain(b).all(|entry| same(&entry.key.name))
        }
        (Value::Sequence(a), Value::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(before, now)| is_same_value(before, now))
        }
        // `1` and `1000m` are one quantity; a text that is none is compared as it is
        _ => before.same_meaning(now) || is_same_quantity(before, now),
    }
}

fn is_same_quantity(before: &Node, now: &Node) -> bool {
    let quantity = |node: &Node| Quantity::read(node);
    quantity(before).is_some() && quantity(before) == quantity(now)
}

/// Whether a value is what would be there without it.
fn is_default(name: &str, value: &Node) -> bool {
    let known = DEFAULTS.iter().find(|(known, _)| *known == name).map(|(_, default)| *default);
    match &value.value {
        _ if known == Some("*") => true,
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => known == Some("true"),
        Value::Int(number) => known == Some(&*number.to_string()) || (*number == 0 && known.is_none()),
        Value::String(text) => text.is_empty() || known == Some(&**text),
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(entries) => entries.iter().all(|entry| is_default(&entry.key.name, &entry.value)),
        Value::UInt(_) | Value::Float(_) => false,
    }
}

/// Whether containers differ in nothing but their images.
pub(super) fn but_for_images(before: &[Node], now: &[Node]) -> bool {
    let same = |before: &Node, now: &Node| {
        let (Some(a), Some(b)) = (before.as_mapping(), now.as_mapping()) else { return is_same_value(before, now) };
        let names = a.iter().chain(b).map(|entry| &*entry.key.name).filter(|name| *name != "image");
        names.into_iter().all(|name| is_same(name, field(before, name), field(now, name)))
    };
    before.len() == now.len() && before.iter().zip(now).all(|(before, now)| same(before, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{ReadLimits, read};
    use crate::source::Source;

    fn same(before: &str, now: &str) -> bool {
        let node = |text: &str| {
            let stream = read(&Source::file("test.yaml", text), &ReadLimits::default());
            stream.documents.into_iter().next().expect("a document").root
        };
        is_same("spec", Some(&node(before)), Some(&node(now)))
    }

    #[test]
    fn what_kubernetes_fills_in_is_no_change() {
        assert!(same("{a: 1}", "{a: 1, protocol: TCP, empty: {}, off: false, defaultMode: 0644}"));
        assert!(same("{cpu: 1, list: [{x: 500m}]}", "{list: [{x: '0.5', imagePullPolicy: Always}], cpu: 1000m}"));
        assert!(same("{a: null}", "{}"));
        assert!(!same("{a: 1}", "{a: 1, protocol: UDP}"));
        assert!(!same("{labels: {status: a}}", "{labels: {}}") && !same("{selector: {kind: a}}", "{selector: {}}"));
        assert!(!same("{a: 1}", "{a: 2}") && !same("{a: [1]}", "{a: [1, 1]}") && !same("{a: x}", "{}"));
    }
}
