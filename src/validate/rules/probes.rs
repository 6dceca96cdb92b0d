//! Probes and lifecycle hooks (`pkg/apis/core/validation`, `validateProbe` and `validateHandler`).

use super::containers::{port_number, port_reference};
use super::found::{Finding, Findings};
use super::pods::out_of_range;
use super::read::{field, integer, items, text};
use super::volumes::only_one;
use crate::diagnostic::{did_you_mean, rules};
use crate::manifest::Node;

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
const HANDLERS: [&str; 5] = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];

/// Checks the probes and hooks of a container.
pub(super) fn check<'a>(container: &'a Node, keeps_running: bool, findings: &mut Findings<'a>) {
    for name in PROBES {
        let Some(probe) = field(container, name).filter(|probe| probe.as_mapping().is_some()) else { continue };
        allowed(container, name, keeps_running, findings);
        handler(probe, name, container, findings);
        numbers(probe, name, findings);
    }
    let Some(lifecycle) = field(container, "lifecycle") else { return };
    let hooks = ["postStart", "preStop"];
    if hooks.iter().any(|hook| field(lifecycle, hook).is_some()) {
        allowed(container, "lifecycle", keeps_running, findings);
    }
    for name in hooks {
        if let Some(hook) = field(lifecycle, name).filter(|hook| hook.as_mapping().is_some()) {
            handler(hook, name, container, findings);
        }
    }
}

/// An init container ends before anybody could probe it.
fn allowed<'a>(container: &'a Node, name: &str, keeps_running: bool, findings: &mut Findings<'a>) {
    if !keeps_running {
        let message = format!("`{name}` cannot be set in an init container");
        let finding = Finding::error(rules::FORBIDDEN_FIELD, container, message).key(name);
        findings.push(finding.label("an init container ends before it counts").help(format!("remove `{name}`")));
    }
}

fn handler<'a>(probe: &'a Node, name: &str, container: &'a Node, findings: &mut Findings<'a>) {
    let set: Vec<_> = HANDLERS.into_iter().filter(|handler| field(probe, handler).is_some()).collect();
    match set[..] {
        [] => {
            let finding = Finding::error(rules::ONE_OF, probe, format!("`{name}` does not say what to do"));
            findings.push(finding.label("needs one of `exec`, `httpGet`, `tcpSocket` and their like"));
        }
        [_, second, ..] => findings.push(only_one(probe, &set, second, &format!("`{name}`"))),
        _ => {}
    }
    for handler in ["httpGet", "tcpSocket"] {
        if let Some(port) = field(probe, handler).and_then(|handler| field(handler, "port")) {
            port_reference(port, "port", findings);
            known_port(port, container, findings);
        }
    }
    if let Some(port) = field(probe, "grpc").and_then(|grpc| field(grpc, "port")) {
        port_number(port, "port", false, findings);
    }
}

/// A name that no port of the container has: the kubelet reports it for as long as the container runs.
fn known_port<'a>(port: &'a Node, container: &'a Node, findings: &mut Findings<'a>) {
    let Some(name) = port.as_str().filter(|name| !name.is_empty() && name.parse::<u32>().is_err()) else { return };
    let names = || items(container, "ports").iter().filter_map(|port| text(port, "name"));
    if names().any(|known| known == name) {
        return;
    }
    let meant = did_you_mean(name, names());
    let label = meant.map_or_else(|| "no such port".to_owned(), |meant| format!("did you mean `{meant}`?"));
    let message = format!("no port of the container is called `{name}`");
    let help = "name one of the container's `ports`, or write the number";
    findings.push(Finding::warning(rules::UNKNOWN_PORT, port, message).label(label).help(help));
}

fn numbers<'a>(probe: &'a Node, name: &str, findings: &mut Findings<'a>) {
    for key in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        let Some(number) = field(probe, key) else { continue };
        if integer(number).is_some_and(|number| number < 0) {
            findings.push(out_of_range(number, key, "at least 0"));
        } else if key == "successThreshold"
            && name != "readinessProbe"
            && integer(number).is_some_and(|number| number > 1)
        {
            findings.push(out_of_range(number, key, &format!("1 in `{name}`")));
        }
    }
    if let Some(grace) = field(probe, "terminationGracePeriodSeconds") {
        if name == "readinessProbe" {
            let message = "`terminationGracePeriodSeconds` cannot be set in `readinessProbe`";
            let finding = Finding::error(rules::FORBIDDEN_FIELD, probe, message).key("terminationGracePeriodSeconds");
            findings.push(finding.label("a readiness probe ends nothing").help("remove it"));
        } else if integer(grace).is_some_and(|grace| grace < 1) {
            findings.push(out_of_range(grace, "terminationGracePeriodSeconds", "at least 1"));
        }
    }
}
