//! Services (`pkg/apis/core/validation`, `ValidateService`).

use super::containers::{port_number, port_reference};
use super::found::{Finding, Findings};
use super::read::{Seen, field, integer, items, text};
use super::syntax::Form;
use super::volumes::{missing, twice};
use super::{Context, selectors};
use crate::diagnostic::rules;
use crate::manifest::Node;

/// Checks a Service.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    let spec = field(&context.manifest.root, "spec").filter(|spec| spec.as_mapping().is_some());
    let Some(spec) = spec else { return };
    if let Some(selector) = field(spec, "selector") {
        selectors::labels(selector, findings);
    }
    let kind = text(spec, "type").unwrap_or("ClusterIP");
    let headless = text(spec, "clusterIP") == Some("None");
    ports(spec, findings);
    if items(spec, "ports").is_empty() && kind != "ExternalName" && !headless {
        findings.push(missing(spec, "ports", "a Service"));
    }
    match kind {
        "ExternalName" => external_name(spec, findings),
        "NodePort" | "LoadBalancer" if headless => {
            let message = format!("`clusterIP: None` cannot stand beside `type: {kind}`");
            let finding = Finding::error(rules::FORBIDDEN_FIELD, spec, message).field("clusterIP");
            findings.push(finding.label("only for `type: ClusterIP`").help("remove `clusterIP`, or `type`"));
        }
        _ => {}
    }
    let reachable = matches!(kind, "NodePort" | "LoadBalancer") || !items(spec, "externalIPs").is_empty();
    if text(spec, "externalTrafficPolicy").is_some() && !reachable {
        only_for(spec, "externalTrafficPolicy", "`type: NodePort` and `type: LoadBalancer`", findings);
    }
    for name in ["loadBalancerClass", "loadBalancerSourceRanges"] {
        let set = field(spec, name).is_some_and(|value| !value.as_sequence().is_some_and(<[_]>::is_empty));
        if set && kind != "LoadBalancer" {
            only_for(spec, name, "`type: LoadBalancer`", findings);
        }
    }
}

fn only_for<'a>(spec: &'a Node, name: &str, kinds: &str, findings: &mut Findings<'a>) {
    let finding =
        Finding::error(rules::FORBIDDEN_FIELD, spec, format!("`{name}` may be set for {kinds} only")).key(name);
    findings.push(finding.label("not for this type").help(format!("remove `{name}`, or set `type`")));
}

fn external_name<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    let Some(name) = text(spec, "externalName") else {
        return findings.push(missing(spec, "externalName", "a Service of `type: ExternalName`"));
    };
    if let Some(trouble) = Form::Subdomain.trouble(name.strip_suffix('.').unwrap_or(name)) {
        let message = format!("`{name}` cannot be an `externalName`: {trouble}");
        let finding = Finding::error(rules::INVALID_NAME, spec, message).field("externalName");
        findings.push(finding.label(Form::Subdomain.describe()));
    }
}

fn ports<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    let ports = items(spec, "ports");
    let mut names = Seen::new();
    let mut node_ports = Seen::new();
    for (index, port) in ports.iter().enumerate().filter(|(_, port)| port.as_mapping().is_some()) {
        match text(port, "name") {
            Some(name) => {
                if let Some(trouble) = Form::Label.trouble(name) {
                    let message = format!("`{name}` cannot be the name of a port: {trouble}");
                    let finding = Finding::error(rules::INVALID_NAME, port, message).field("name");
                    let near = Form::Label.suggestion(name).map(|near| format!("write `{near}`"));
                    findings.push(finding.label(Form::Label.describe()).maybe_help(near));
                }
                if !names.is_new(name) {
                    findings.push(twice(port, "name", format!("two ports are called `{name}`")));
                }
            }
            None if ports.len() > 1 => {
                let message = format!("`ports[{index}]` needs a `name`: the Service has several ports");
                let finding = Finding::error(rules::REQUIRED_VALUE, port, message).field("name");
                findings.push(finding.label("needs `name`").help("add `name`"));
            }
            None => {}
        }
        if let Some(number) = field(port, "port") {
            port_number(number, "port", false, findings);
        }
        if let Some(target) = field(port, "targetPort") {
            port_reference(target, "targetPort", findings);
        }
        let Some(node_port) = field(port, "nodePort") else { continue };
        port_number(node_port, "nodePort", true, findings);
        let Some(number) = integer(node_port).filter(|number| *number > 0) else { continue };
        if !node_ports.is_new((number, text(port, "protocol").unwrap_or("TCP"))) {
            findings.push(twice(port, "nodePort", format!("two ports have the `nodePort` {number}")));
        }
    }
}
