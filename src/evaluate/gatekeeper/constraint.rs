//! A constraint applies a template: to which objects, with which parameters, and how much a violation matters.

use super::fields::{at, pointer, word};
use super::matching::Match;
use super::schema;
use crate::diagnostic::{Diagnostic, Severity, rules};
use crate::evaluate::value;
use crate::manifest::{Manifest, Node};
use crate::source::Location;

/// The enforcement points whose actions count here: a gate before the cluster is what `gator` is.
const ENFORCEMENT_POINTS: [&str; 2] = ["gator.gatekeeper.sh", "*"];

/// One constraint.
#[derive(Debug)]
pub(super) struct Constraint {
    pub(super) name: String,
    /// The number of its template.
    pub(super) template: usize,
    pub(super) applies: Match,
    pub(super) severity: Severity,
    /// What the template sees as `input.parameters`.
    pub(super) parameters: regorus::Value,
    /// Its name.
    pub(super) location: Location,
}

/// Reads a constraint that fits its schema. An error, or a warning that it judges nothing here.
pub(super) fn read(manifest: &Manifest, number: usize, template: &Manifest) -> Result<Constraint, Box<Diagnostic>> {
    let root = &manifest.root;
    let severity = severity(manifest)?.ok_or_else(|| Box::new(enforced_elsewhere(manifest)))?;
    for selector in ["labelSelector", "namespaceSelector"] {
        if let Some(diagnostic) = broken_selector(manifest, selector) {
            return Err(Box::new(diagnostic));
        }
    }
    let parameters = match at(root, &["spec", "parameters"]).filter(|node| node.as_mapping().is_some()) {
        Some(given) => {
            let mut parameters = given.clone();
            if let Some(schema) = schema::parameters(template) {
                schema::default_into(schema, &mut parameters);
            }
            parameters
        }
        None => Node::from_json(&serde_json::json!({})),
    };
    Ok(Constraint {
        name: manifest.object.name.to_string(),
        template: number,
        applies: at(root, &["spec", "match"]).map(Match::of).unwrap_or_default(),
        severity,
        parameters: value::of_node(&parameters),
        location: manifest.locate(&pointer(&["metadata", "name"])),
    })
}

/// How much a violation matters; `None` if it is enforced at other points only.
fn severity(manifest: &Manifest) -> Result<Option<Severity>, Box<Diagnostic>> {
    let path = ["spec", "enforcementAction"];
    match word(at(&manifest.root, &path)) {
        None | Some("") => Ok(Some(Severity::Error)),
        Some("scoped") => scoped(manifest),
        Some(action) => of_action(action).map(Some).ok_or_else(|| Box::new(unknown_action(manifest, action, &path))),
    }
}

/// The strictest of the actions for our enforcement points.
fn scoped(manifest: &Manifest) -> Result<Option<Severity>, Box<Diagnostic>> {
    let path = ["spec", "scopedEnforcementActions"];
    let listed = at(&manifest.root, &path).and_then(Node::as_sequence).unwrap_or_default();
    let mut found = None;
    for item in listed {
        let action = word(item.get("action")).unwrap_or_default();
        let severity = of_action(action).ok_or_else(|| Box::new(unknown_action(manifest, action, &path)))?;
        let points = item.get("enforcementPoints").and_then(Node::as_sequence).unwrap_or_default();
        let ours = |point: &Node| word(point.get("name")).is_some_and(|name| ENFORCEMENT_POINTS.contains(&name));
        if points.iter().any(ours) {
            found = found.max(Some(severity));
        }
    }
    Ok(found)
}

fn of_action(action: &str) -> Option<Severity> {
    match action {
        "deny" => Some(Severity::Error),
        "warn" => Some(Severity::Warning),
        "dryrun" => Some(Severity::Note),
        _ => None,
    }
}

fn unknown_action(manifest: &Manifest, action: &str, path: &[&str]) -> Diagnostic {
    Diagnostic::error(rules::POLICY_SYNTAX, format!("`{action}` is no enforcement action"))
        .at(manifest.locate(&pointer(path)), "unknown")
        .help("write `deny`, `warn`, `dryrun` or `scoped`")
        .object(&manifest.object)
}

fn enforced_elsewhere(manifest: &Manifest) -> Diagnostic {
    let message = format!("{} has no action for `gator.gatekeeper.sh`", manifest.object);
    Diagnostic::warning(rules::POLICY_SHAPE, message)
        .at(manifest.locate(&pointer(&["spec", "scopedEnforcementActions"])), "judges nothing here")
        .help("add an action for the enforcement point `gator.gatekeeper.sh` or `*`")
        .object(&manifest.object)
}

/// `In` and `NotIn` need values; the other operators have none.
fn broken_selector(manifest: &Manifest, selector: &str) -> Option<Diagnostic> {
    let path = ["spec", "match", selector, "matchExpressions"];
    let expressions = at(&manifest.root, &path).and_then(Node::as_sequence)?;
    let broken = expressions.iter().position(|expression| {
        let values = expression.get("values").and_then(Node::as_sequence).is_some_and(|values| !values.is_empty());
        values != matches!(word(expression.get("operator")), Some("In" | "NotIn"))
    })?;
    let place = pointer(&path).child(broken.to_string());
    Some(
        Diagnostic::error(rules::POLICY_SYNTAX, format!("a `{selector}` of {} cannot be used", manifest.object))
            .at(manifest.locate(&place), "`In` and `NotIn` need values, other operators have none")
            .help("correct the expression")
            .object(&manifest.object),
    )
}
