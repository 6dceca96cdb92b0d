//! Requests and limits of a container (`pkg/apis/core/validation`, `ValidateContainerResourceRequirements`).

use super::found::{Finding, Findings};
use super::quantity::Quantity;
use super::read::{entries, field};
use super::syntax::Form;
use crate::diagnostic::{did_you_mean, rules};
use crate::manifest::{Entry, Node};

/// Resources without a domain that containers have.
const STANDARD: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// Checks the resources of a container.
pub(super) fn check<'a>(container: &'a Node, findings: &mut Findings<'a>) {
    let Some(resources) = field(container, "resources") else { return };
    for list in ["requests", "limits"] {
        for entry in entries(resources, list) {
            if let Some(owner) = field(resources, list) {
                amount(owner, entry, findings);
            }
        }
    }
    for request in entries(resources, "requests") {
        let limit = entries(resources, "limits").iter().find(|limit| limit.key.name == request.key.name);
        compare(resources, request, limit, findings);
    }
}

fn amount<'a>(owner: &'a Node, entry: &'a Entry, findings: &mut Findings<'a>) {
    let name = &*entry.key.name;
    if let Some(trouble) = unusable(name) {
        // `gpu` is one letter from `cpu`, and means something else
        let meant = did_you_mean(name, STANDARD).filter(|_| name.len() > 4);
        let help = meant.map_or_else(
            || "write `cpu`, `memory`, `ephemeral-storage`, or a name with a domain".to_owned(),
            |meant| format!("write `{meant}`"),
        );
        let message = format!("`{name}` is no resource of a container: {trouble}");
        findings.push(Finding::error(rules::INVALID_RESOURCE, owner, message).key(name).label("unknown").help(help));
        return;
    }
    let Some(quantity) = Quantity::read(&entry.value) else { return };
    let written = || written(&entry.value);
    if quantity.is_negative() {
        let message = format!("`{name}` must not be negative, found `{}`", written());
        findings.push(Finding::error(rules::INVALID_RESOURCE, &entry.value, message).label("below zero"));
    } else if !quantity.is_integer() && is_counted(name) {
        let message = format!("`{name}` must be a whole number, found `{}`", written());
        findings.push(Finding::error(rules::INVALID_RESOURCE, &entry.value, message).label("a fraction"));
    } else if !quantity.is_integer() && matches!(name, "memory" | "ephemeral-storage") {
        let written = written();
        let message = format!("`{name}: {written}` is no whole number of bytes");
        let thousandths = written.strip_suffix('m');
        let label = if thousandths.is_some() { "`m` stands for thousandths" } else { "a fraction of a byte" };
        let meant = thousandths.map(|number| format!("write `{number}Mi` or `{number}M`"));
        findings.push(Finding::warning(rules::FRACTIONAL_BYTES, &entry.value, message).label(label).maybe_help(meant));
    }
}

/// Why a name is none of a container's resources.
fn unusable(name: &str) -> Option<String> {
    if STANDARD.contains(&name) || name.starts_with("hugepages-") {
        return None;
    }
    if !name.contains('/') {
        return Some("only cpu, memory, ephemeral-storage and hugepages need no domain".to_owned());
    }
    Form::Qualified.trouble(name)
}

/// Extended resources and huge pages are counted: they are not shared, and not split.
fn is_counted(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/")
}

fn compare<'a>(resources: &'a Node, request: &'a Entry, limit: Option<&'a Entry>, findings: &mut Findings<'a>) {
    let name = &*request.key.name;
    let exact = is_counted(name) || name.starts_with("hugepages-");
    let Some(limit) = limit else {
        if exact && unusable(name).is_none() {
            let message = format!("`{name}` needs a limit: it cannot be given to two");
            let finding = Finding::error(rules::INVALID_RESOURCE, resources, message).field("limits");
            findings.push(finding.label("no limit").help(format!("add `{name}` to `limits`")));
        }
        return;
    };
    let (Some(wanted), Some(most)) = (Quantity::read(&request.value), Quantity::read(&limit.value)) else { return };
    let fits = if exact { wanted == most } else { wanted <= most };
    if fits {
        return;
    }
    let (requested, limited) = (written(&request.value), written(&limit.value));
    if exact {
        let message = format!("the request of `{name}` must equal its limit, `{limited}`, found `{requested}`");
        findings.push(Finding::error(rules::REQUEST_ABOVE_LIMIT, &request.value, message).label("not the limit"));
    } else {
        let message = format!("the request of `{name}` is above its limit: `{requested}` is more than `{limited}`");
        let finding = Finding::error(rules::REQUEST_ABOVE_LIMIT, &request.value, message);
        findings.push(finding.label("above the limit").help("lower the request, or raise the limit"));
    }
}

fn written(node: &Node) -> String {
    node.as_str().map_or_else(|| node.to_json().to_string(), |text| text.trim().to_owned())
}
