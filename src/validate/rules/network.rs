//! Ingresses and NetworkPolicies (`pkg/apis/networking/validation`).

use super::Context;
use super::containers::port_reference;
use super::found::{Finding, Findings};
use super::read::{at, field, integer, items, text};
use super::syntax::Form;
use super::volumes::{missing, only_one};
use crate::diagnostic::rules;
use crate::manifest::Node;

/// Checks the object, if it is one of the two.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    let gvk = &context.manifest.object.gvk;
    let Some(spec) = field(&context.manifest.root, "spec").filter(|spec| spec.as_mapping().is_some()) else { return };
    match (&*gvk.group, &*gvk.kind) {
        ("networking.k8s.io", "Ingress") => ingress(spec, findings),
        ("networking.k8s.io", "NetworkPolicy") => policy(spec, findings),
        _ => {}
    }
}

fn ingress<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    if items(spec, "rules").is_empty() && field(spec, "defaultBackend").is_none() {
        let finding = Finding::error(rules::REQUIRED_VALUE, spec, "an Ingress needs `rules` or `defaultBackend`");
        findings.push(finding.field("rules").label("routes nothing").help("add `rules`"));
    }
    if let Some(backend) = field(spec, "defaultBackend") {
        self::backend(backend, findings);
    }
    for rule in items(spec, "rules") {
        if let Some(host) = text(rule, "host") {
            self::host(rule, host, findings);
        }
        for path in field(rule, "http").map_or(&[][..], |http| items(http, "paths")) {
            self::path(path, findings);
            if let Some(backend) = field(path, "backend") {
                self::backend(backend, findings);
            }
        }
    }
}

fn host<'a>(rule: &'a Node, host: &str, findings: &mut Findings<'a>) {
    let plain = host.strip_prefix("*.").unwrap_or(host);
    let trouble = if host.parse::<std::net::IpAddr>().is_ok() {
        Some("it is an address, and must be a name".to_owned())
    } else {
        Form::Subdomain.trouble(plain)
    };
    if let Some(trouble) = trouble {
        let finding = Finding::error(rules::INVALID_NAME, rule, format!("`{host}` cannot be a `host`: {trouble}"));
        findings.push(finding.field("host").label("a domain, or `*.` and a domain"));
    }
}

fn path<'a>(path: &'a Node, findings: &mut Findings<'a>) {
    let kind = text(path, "pathType").unwrap_or_default();
    let found = text(path, "path").unwrap_or_default();
    let judged = matches!(kind, "Exact" | "Prefix") || (kind == "ImplementationSpecific" && !found.is_empty());
    if judged && !found.starts_with('/') {
        let message = format!("`path` must begin with `/`, found `{found}`");
        let finding = Finding::error(rules::INVALID_PATH, path, message).field("path");
        return findings.push(finding.label("not absolute").help(format!("write `/{found}`")));
    }
    const BAD: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
    if let Some(bad) = BAD.into_iter().find(|bad| matches!(kind, "Exact" | "Prefix") && found.contains(bad)) {
        let message = format!("`path` must not contain `{bad}`, found `{found}`");
        findings.push(Finding::error(rules::INVALID_PATH, path, message).field("path").label("not normal"));
    }
}

fn backend<'a>(backend: &'a Node, findings: &mut Findings<'a>) {
    let (service, resource) = (field(backend, "service"), field(backend, "resource"));
    if service.is_some() && resource.is_some() {
        return findings.push(only_one(backend, &["service", "resource"], "resource", "a backend"));
    }
    let Some(service) = service.filter(|service| service.as_mapping().is_some()) else { return };
    let port = field(service, "port");
    let number = port.and_then(|port| field(port, "number")).filter(|number| integer(number) != Some(0));
    let name = port.and_then(|port| text(port, "name"));
    match (port, number, name) {
        (Some(port), Some(_), Some(_)) => {
            findings.push(only_one(port, &["name", "number"], "number", "the port of a backend"));
        }
        (_, None, None) => findings.push(missing(service, "port", "the Service of a backend")),
        (_, Some(number), None) => super::containers::port_number(number, "number", false, findings),
        _ => {}
    }
}

fn policy<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in items(spec, rules) {
            items(rule, peers).iter().for_each(|peer| self::peer(peer, findings));
            items(rule, "ports").iter().for_each(|port| self::port(port, findings));
        }
    }
}

fn peer<'a>(peer: &'a Node, findings: &mut Findings<'a>) {
    const PEERS: [&str; 3] = ["podSelector", "namespaceSelector", "ipBlock"];
    if peer.as_mapping().is_none() {
        return;
    }
    let set: Vec<_> = PEERS.into_iter().filter(|name| field(peer, name).is_some()).collect();
    if set.is_empty() {
        let finding = Finding::error(rules::ONE_OF, peer, "a peer must say who it is");
        findings.push(finding.label("needs `podSelector`, `namespaceSelector` or `ipBlock`"));
    } else if set.contains(&"ipBlock") && set.len() > 1 {
        findings.push(only_one(peer, &set, "ipBlock", "a peer"));
    }
    if let Some(cidr) = at(peer, &["ipBlock", "cidr"])
        && let Some(text) = cidr.as_str()
        && !crate::validate::addresses::is_cidr(text)
    {
        let message = format!("`cidr` must be an address range in CIDR notation, found `{text}`");
        let finding = Finding::error(rules::OUT_OF_RANGE, cidr, message);
        findings.push(finding.label("no address range").help("write it like `10.0.0.0/8`"));
    }
}

fn port<'a>(port: &'a Node, findings: &mut Findings<'a>) {
    let number = field(port, "port");
    if let Some(number) = number {
        port_reference(number, "port", findings);
    }
    let Some(end) = field(port, "endPort") else { return };
    let first = number.and_then(integer);
    match (first, integer(end)) {
        (None, _) => {
            let finding = Finding::error(rules::FORBIDDEN_FIELD, port, "`endPort` needs a numeric `port` beside it");
            findings.push(finding.key("endPort").label("where does it begin?").help("add `port` as a number"));
        }
        (Some(first), Some(last)) if last < first => {
            findings.push(super::pods::out_of_range(end, "endPort", &format!("at least {first}, as `port` is")));
        }
        _ => {}
    }
}
