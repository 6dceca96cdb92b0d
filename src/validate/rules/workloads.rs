//! Workloads: selectors against the labels of the template, and what strategies exclude (`pkg/apis/apps/validation`,
//! `pkg/apis/batch/validation`).

use super::found::{Finding, Findings};
use super::pods::out_of_range;
use super::read::{at, entries, field, integer, is_true, text};
use super::volumes::{missing, only_one};
use super::{Context, choices, selectors};
use crate::diagnostic::rules;
use crate::manifest::{Entry, Node};

/// Checks the object, if it is a workload.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    let gvk = &context.manifest.object.gvk;
    let Some(spec) = field(&context.manifest.root, "spec") else { return };
    match (&*gvk.group, &*gvk.kind) {
        ("apps", kind @ ("Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")) => {
            selector(spec, kind, findings);
            strategy(spec, kind, findings);
            counts(spec, &["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"], findings);
        }
        ("", "ReplicationController") => {
            plain_selector(spec, findings);
            counts(spec, &["replicas", "minReadySeconds"], findings);
        }
        ("batch", "Job") => job(spec, findings),
        ("batch", "CronJob") => {
            counts(
                spec,
                &["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"],
                findings,
            );
            if let Some(spec) = at(spec, &["jobTemplate", "spec"]) {
                job(spec, findings);
            }
        }
        _ => {}
    }
}

fn labels_of_template(spec: &Node) -> &[Entry] {
    at(spec, &["template", "metadata"]).map_or(&[], |metadata| entries(metadata, "labels"))
}

fn selector<'a>(spec: &'a Node, kind: &str, findings: &mut Findings<'a>) {
    let Some(selector) = field(spec, "selector").filter(|selector| selector.as_mapping().is_some()) else { return };
    if is_empty(selector) {
        let message = format!("the selector of a `{kind}` must not be empty");
        let finding = Finding::error(rules::INVALID_SELECTOR, spec, message).field("selector");
        return findings
            .push(finding.label("selects everything").help("add `matchLabels` with labels of the template"));
    }
    if field(spec, "template").is_some_and(|template| template.as_mapping().is_some()) {
        matches(spec, selectors::mismatch(selector, labels_of_template(spec)), findings);
    }
}

fn is_empty(selector: &Node) -> bool {
    let set = |name| {
        field(selector, name).is_some_and(|part| {
            !part.as_mapping().is_some_and(<[_]>::is_empty) && !part.as_sequence().is_some_and(<[_]>::is_empty)
        })
    };
    !set("matchLabels") && !set("matchExpressions")
}

fn matches<'a>(spec: &'a Node, mismatch: Option<String>, findings: &mut Findings<'a>) {
    let Some(demand) = mismatch else { return };
    let message = format!("the selector does not match the labels of the template: {demand} is not met");
    let finding = Finding::error(rules::SELECTOR_MISMATCH, spec, message).field("selector");
    findings.push(finding.label("matches no Pod of its own").help("make `template.metadata.labels` fit `selector`"));
}

/// A ReplicationController without a selector takes the labels of its template.
fn plain_selector<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    if let Some(selector) = field(spec, "selector") {
        selectors::labels(selector, findings);
    }
    let selector = entries(spec, "selector");
    if !selector.is_empty() {
        matches(spec, selectors::map_mismatch(selector, labels_of_template(spec)), findings);
    }
}

fn strategy<'a>(spec: &'a Node, kind: &str, findings: &mut Findings<'a>) {
    let name = if kind == "Deployment" { "strategy" } else { "updateStrategy" };
    let Some(strategy) = field(spec, name) else { return };
    let rolling = field(strategy, "rollingUpdate");
    if let (Some("Recreate"), Some(_)) = (text(strategy, "type"), rolling) {
        let message = "`rollingUpdate` cannot be set beside `type: Recreate`";
        let finding = Finding::error(rules::FORBIDDEN_FIELD, strategy, message).key("rollingUpdate");
        return findings.push(finding.label("nothing is rolled").help("remove `rollingUpdate`"));
    }
    let Some(rolling) = rolling else { return };
    for key in ["maxUnavailable", "maxSurge"] {
        if let Some(value) = field(rolling, key) {
            share(value, key, key == "maxUnavailable", findings);
        }
    }
    // a Deployment fills in 25 % for each, a DaemonSet one and none
    let is_zero = |key: &str, default: bool| field(rolling, key).map_or(default, is_none);
    let stuck = match kind {
        "Deployment" => is_zero("maxUnavailable", false) && is_zero("maxSurge", false),
        "DaemonSet" => is_zero("maxUnavailable", false) && is_zero("maxSurge", true),
        _ => false,
    };
    if stuck {
        let message = "`maxUnavailable` and `maxSurge` cannot both be 0: no Pod could ever be replaced";
        let finding = Finding::error(rules::OUT_OF_RANGE, rolling, message).field("maxUnavailable");
        findings.push(finding.label("0, and `maxSurge` as well").help("set one of the two to at least 1"));
    }
}

fn is_none(value: &Node) -> bool {
    integer(value) == Some(0) || value.as_str() == Some("0%")
}

/// A number that is not negative, or a percentage.
pub(super) fn share<'a>(value: &'a Node, name: &str, of_all: bool, findings: &mut Findings<'a>) {
    if integer(value).is_some_and(|number| number < 0) {
        return findings.push(out_of_range(value, name, "at least 0"));
    }
    let Some(text) = value.as_str() else { return };
    let percent = text.strip_suffix('%').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    let percent = percent.and_then(|digits| digits.parse::<u64>().ok());
    let message = match percent {
        Some(percent) if of_all && percent > 100 => format!("`{name}` cannot be more than `100%`, found `{text}`"),
        Some(_) => return,
        None => format!("`{name}` must be a number or a percentage, found `{text}`"),
    };
    let help = text.parse::<u64>().is_ok().then(|| format!("remove the quotes, or write `{text}%`"));
    findings
        .push(Finding::error(rules::OUT_OF_RANGE, value, message).label("write it like `1` or `25%`").maybe_help(help));
}

/// Numbers that must not be negative.
fn counts<'a>(spec: &'a Node, names: &[&str], findings: &mut Findings<'a>) {
    for name in names {
        if let Some(number) = field(spec, name)
            && integer(number).is_some_and(|number| number < 0)
        {
            findings.push(out_of_range(number, name, "at least 0"));
        }
    }
}

fn job<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    choices::of_job(spec, findings);
    counts(
        spec,
        &["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"],
        findings,
    );
    job_selector(spec, findings);
    if text(spec, "completionMode") == Some("Indexed") && field(spec, "completions").is_none() {
        findings.push(missing(spec, "completions", "an indexed Job"));
    }
    let restart = at(spec, &["template", "spec"]);
    if field(spec, "podFailurePolicy").is_some()
        && let Some(pod) = restart
        && text(pod, "restartPolicy") == Some("OnFailure")
    {
        let message = "`restartPolicy` must be `Never` beside `podFailurePolicy`";
        let finding = Finding::error(rules::INVALID_CHOICE, pod, message).field("restartPolicy");
        findings.push(finding.label("not allowed here").help("write `Never`"));
    }
}

/// The API server makes up the selector of a Job, unless it is told not to.
fn job_selector<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    let selector = field(spec, "selector").filter(|selector| selector.as_mapping().is_some());
    if is_true(spec, "manualSelector") {
        match selector {
            None => findings.push(missing(spec, "selector", "a Job with `manualSelector`")),
            Some(selector) => matches(spec, selectors::mismatch(selector, labels_of_template(spec)), findings),
        }
        return;
    }
    let made_up = |key: &str| matches!(key.trim_start_matches("batch.kubernetes.io/"), "controller-uid" | "job-name");
    let own = selector.is_some_and(|selector| {
        entries(selector, "matchLabels").iter().any(|entry| !made_up(&entry.key.name))
            || field(selector, "matchExpressions")
                .is_some_and(|list| list.as_sequence().is_some_and(|list| !list.is_empty()))
    });
    if own {
        let finding = Finding::error(rules::FORBIDDEN_FIELD, spec, "the selector of a Job is made up by Kubernetes");
        findings.push(
            finding.key("selector").label("not made up").help("remove `selector`, or set `manualSelector: true`"),
        );
    }
}

/// Checks a disruption budget: one of its two numbers, and how they are written.
pub(super) fn disruption_budget<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    const NUMBERS: [&str; 2] = ["minAvailable", "maxUnavailable"];
    let set: Vec<_> = NUMBERS.into_iter().filter(|name| field(spec, name).is_some()).collect();
    if set.len() == 2 {
        findings.push(only_one(spec, &set, "maxUnavailable", "a disruption budget"));
    }
    for name in set {
        if let Some(value) = field(spec, name) {
            share(value, name, true, findings);
        }
    }
}
