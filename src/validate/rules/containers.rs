//! Containers: what the API server demands of each, and of all together (`pkg/apis/core/validation`,
//! `validateContainers` and `validateInitContainers`).

use super::found::{Finding, Findings};
use super::pods::{Pods, out_of_range};
use super::read::{Seen, field, integer, is_true, items, text};
use super::syntax::Form;
use super::volumes::{Known, missing, only_one, twice};
use super::{Context, choices, probes, resources};
use crate::diagnostic::{did_you_mean, rules};
use crate::manifest::Node;

/// So many volumes are compared with a name that none of them has.
const SUGGESTED: usize = 100;

/// One container with what its rules depend on.
struct Container<'a> {
    node: &'a Node,
    name: &'a str,
    /// Neither an init container nor an ephemeral one, or an init container that runs beside the others.
    keeps_running: bool,
    host_network: bool,
}

/// Checks the containers of Pods.
pub(super) fn check<'a>(pods: &Pods<'a>, context: &Context<'a>, volumes: &Known<'a>, findings: &mut Findings<'a>) {
    let spec = pods.spec;
    let host_network = is_true(spec, "hostNetwork");
    let mut names = Seen::new();
    for (list, init) in [("initContainers", true), ("containers", false)] {
        for node in items(spec, list).iter().filter(|node| node.as_mapping().is_some()) {
            let name = text(node, "name").unwrap_or_default();
            if !name.is_empty() && !names.is_new(name) {
                findings.push(twice(node, "name", format!("two containers are called `{name}`")));
            }
            let keeps_running = !init || text(node, "restartPolicy") == Some("Always");
            one(&Container { node, name, keeps_running, host_network }, context, volumes, findings);
            restart(node, init, context, findings);
        }
    }
    if field(spec, "containers").is_some_and(|list| list.as_sequence().is_some_and(<[_]>::is_empty)) {
        let finding = Finding::error(rules::REQUIRED_VALUE, spec, "a Pod needs at least one container");
        findings.push(finding.field("containers").label("empty").help("add a container"));
    }
    if !items(spec, "ephemeralContainers").is_empty() {
        let message = "`ephemeralContainers` cannot be set in a manifest";
        let finding = Finding::error(rules::FORBIDDEN_FIELD, spec, message).key("ephemeralContainers");
        findings.push(finding.label("only `kubectl debug` adds them").help("remove `ephemeralContainers`"));
    }
}

fn one<'a>(container: &Container<'a>, context: &Context<'a>, volumes: &Known<'a>, findings: &mut Findings<'a>) {
    let node = container.node;
    if let Some(trouble) = text(node, "name").and_then(|name| Form::Label.trouble(name)) {
        let message = format!("`{}` cannot be the name of a container: {trouble}", container.name);
        let help = Form::Label.suggestion(container.name).map(|near| format!("write `{near}`"));
        let finding = Finding::error(rules::INVALID_NAME, node, message).field("name").label(Form::Label.describe());
        findings.push(finding.maybe_help(help));
    }
    if node.get("image").is_none_or(|image| image.as_str().is_some_and(str::is_empty)) {
        findings.push(missing(node, "image", "a container"));
    }
    choices::of_container(node, findings);
    ports(container, findings);
    environment(node, context.minor, findings);
    mounts(node, volumes, findings);
    probes::check(node, container.keeps_running, findings);
    resources::check(node, findings);
}

/// Before Kubernetes 1.34 only init containers have a restart policy, and only one value.
fn restart<'a>(node: &'a Node, init: bool, context: &Context<'a>, findings: &mut Findings<'a>) {
    let Some(policy) = field(node, "restartPolicy") else { return };
    if init && context.minor < 34 {
        choices::one_of(policy, "restartPolicy", &["Always"], findings);
    } else if context.minor >= 34 {
        choices::one_of(policy, "restartPolicy", &["Always", "OnFailure", "Never"], findings);
    } else {
        let message = "`restartPolicy` may be set in init containers only";
        let finding = Finding::error(rules::FORBIDDEN_FIELD, node, message).key("restartPolicy");
        findings.push(finding.label("no init container").help("remove it, or set `restartPolicy` of the Pod"));
    }
}

fn ports<'a>(container: &Container<'a>, findings: &mut Findings<'a>) {
    let mut names = Seen::new();
    let mut numbers = Seen::new();
    for port in items(container.node, "ports") {
        if let Some(name) = text(port, "name") {
            port_name(port, name, findings);
            if !names.is_new(name) {
                findings.push(twice(port, "name", format!("two ports are called `{name}`")));
            }
        }
        for key in ["containerPort", "hostPort"] {
            if let Some(number) = field(port, key) {
                port_number(number, key, key == "hostPort", findings);
            }
        }
        let Some(number) = field(port, "containerPort").and_then(integer) else { continue };
        if let Some(host) = field(port, "hostPort")
            && container.host_network
            && integer(host).is_some_and(|host| host != number && host != 0)
        {
            let message = format!("`hostPort` must be {number}, as `containerPort` is: the Pod uses the host network");
            findings.push(Finding::error(rules::FORBIDDEN_FIELD, host, message).label("another port"));
        }
        let protocol = text(port, "protocol").unwrap_or("TCP");
        if !numbers.is_new((number, protocol)) {
            let message = format!("`ports` has {number}/{protocol} twice");
            let finding = Finding::warning(rules::REPEATED_ITEM, port, message).field("containerPort");
            findings.push(finding.label("repeated here").help("remove one of the two"));
        }
    }
}

/// Checks the name of a container's port.
fn port_name<'a>(port: &'a Node, name: &str, findings: &mut Findings<'a>) {
    if let Some(trouble) = Form::PortName.trouble(name) {
        let message = format!("`{name}` cannot be the name of a port: {trouble}");
        let finding = Finding::error(rules::INVALID_NAME, port, message).field("name").label(Form::PortName.describe());
        findings.push(finding.maybe_help(Form::PortName.suggestion(name).map(|near| format!("write `{near}`"))));
    }
}

/// Checks a port's number; where `unset` is true, zero stands for none.
pub(super) fn port_number<'a>(node: &'a Node, name: &str, unset: bool, findings: &mut Findings<'a>) {
    let allowed = if unset { 0..=65_535 } else { 1..=65_535 };
    if integer(node).is_some_and(|number| !allowed.contains(&number)) {
        findings.push(out_of_range(node, name, "between 1 and 65535"));
    }
}

/// Checks a port that may be a number or the name of one.
pub(super) fn port_reference<'a>(node: &'a Node, name: &str, findings: &mut Findings<'a>) {
    port_number(node, name, false, findings);
    if let Some(text) = node.as_str()
        && let Some(trouble) = Form::PortName.trouble(text)
    {
        let message = format!("`{text}` is neither the number nor the name of a port: {trouble}");
        let help = text.parse::<u16>().is_ok().then(|| "remove the quotes".to_owned());
        let finding = Finding::error(rules::INVALID_NAME, node, message).label(Form::PortName.describe());
        findings.push(finding.maybe_help(help));
    }
}

fn environment<'a>(container: &'a Node, minor: u32, findings: &mut Findings<'a>) {
    // KEP-4369: relaxed by default since 1.32
    let form = if minor < 32 { Form::EnvironmentName } else { Form::RelaxedEnvironmentName };
    let mut names = Seen::new();
    for variable in items(container, "env").iter().filter(|variable| variable.as_mapping().is_some()) {
        if let Some(name) = variable.get("name").and_then(Node::as_str) {
            if let Some(trouble) = form.trouble(name) {
                let message = format!("`{name}` cannot be the name of an environment variable: {trouble}");
                let finding = Finding::error(rules::INVALID_NAME, variable, message).field("name");
                findings.push(finding.label(form.describe()));
            } else if !names.is_new(name) {
                let message = format!("`env` sets `{name}` twice: only the last counts");
                let finding = Finding::warning(rules::REPEATED_ITEM, variable, message).field("name");
                findings.push(finding.label("set again here").help("remove one of the two"));
            }
        }
        if let Some(from) = field(variable, "valueFrom") {
            if text(variable, "value").is_some() {
                findings.push(only_one(variable, &["value", "valueFrom"], "valueFrom", "an environment variable"));
            }
            exactly_one(from, "`valueFrom`", findings);
        }
    }
    const SOURCES: [&str; 2] = ["configMapRef", "secretRef"];
    for source in items(container, "envFrom").iter().filter(|source| source.as_mapping().is_some()) {
        let set: Vec<_> = SOURCES.into_iter().filter(|name| field(source, name).is_some()).collect();
        match set[..] {
            [] => {
                let finding = Finding::error(rules::ONE_OF, source, "an item of `envFrom` names no source");
                findings.push(finding.label("needs one source").help("add `configMapRef` or `secretRef`"));
            }
            [_, second, ..] => findings.push(only_one(source, &set, second, "an item of `envFrom`")),
            _ => {}
        }
    }
}

/// A mapping in which exactly one field is set.
pub(super) fn exactly_one<'a>(node: &'a Node, what: &str, findings: &mut Findings<'a>) {
    let Some(fields) = node.as_mapping() else { return };
    let set = fields.iter().map(|entry| &*entry.key.name).filter(|name| field(node, name).is_some());
    let set: Vec<_> = set.collect();
    match set[..] {
        [] => findings.push(Finding::error(rules::ONE_OF, node, format!("{what} is empty")).label("needs one field")),
        [_, second, ..] => findings.push(only_one(node, &set, second, what)),
        _ => {}
    }
}

fn mounts<'a>(container: &'a Node, volumes: &Known<'a>, findings: &mut Findings<'a>) {
    let mut paths = Seen::new();
    for (list, path_name) in [("volumeMounts", "mountPath"), ("volumeDevices", "devicePath")] {
        for mount in items(container, list) {
            if let Some(name) = text(mount, "name")
                && volumes.binary_search(&name).is_err()
            {
                let meant = did_you_mean(name, volumes.iter().copied().take(SUGGESTED));
                let label =
                    meant.map_or_else(|| "no such volume".to_owned(), |meant| format!("did you mean `{meant}`?"));
                let help = meant.map_or_else(
                    || format!("add a volume `{name}`, or remove the mount"),
                    |meant| format!("write `{meant}`, or add a volume `{name}`"),
                );
                let finding = Finding::error(rules::UNKNOWN_VOLUME, mount, format!("no volume is called `{name}`"));
                findings.push(finding.field("name").label(label).help(help));
            }
            if let Some(path) = text(mount, path_name)
                && !paths.is_new(path)
            {
                let message = format!("two volumes are mounted at `{path}`");
                let finding = Finding::error(rules::DUPLICATE_MOUNT, mount, message).field(path_name);
                findings.push(finding.label("repeated here").help("remove one of the two, or mount it elsewhere"));
            }
            if text(mount, "subPath").is_some() && text(mount, "subPathExpr").is_some() {
                findings.push(only_one(mount, &["subPath", "subPathExpr"], "subPathExpr", "a mount"));
            }
            if let Some(path) = text(mount, "subPath")
                && (path.starts_with('/') || path.split('/').any(|part| part == ".."))
            {
                let message = format!("`subPath` must stay inside its volume, found `{path}`");
                let finding = Finding::error(rules::FORBIDDEN_FIELD, mount, message).field("subPath");
                findings.push(finding.label("a relative path, without `..`"));
            }
        }
    }
}
