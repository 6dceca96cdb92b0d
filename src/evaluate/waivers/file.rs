//! The file of waivers: a version, and a list of entries.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{self, Node, ReadLimits, RepeatedKeys, Value};
use crate::source::{Location, Source, Span};

use super::entry::{self, Fault, Written, fault};
use super::{Scope, Waiver};

/// The only version of the format.
const VERSION: i64 = 1;

/// Far above any list that somebody reviews.
const LIMITS: ReadLimits =
    ReadLimits { bytes: 4 * 1024 * 1024, depth: 16, nodes: 200_000, repeated_keys: RepeatedKeys::First };

/// Reads the file, or tells all that is wrong with it in the order of its lines.
pub(super) fn read(source: &Arc<Source>) -> Result<Vec<Waiver>, Vec<Diagnostic>> {
    let root = document(source)?;
    let mut faults = Vec::new();
    let waivers = match known_version(&root) {
        Ok(()) => waivers(source, &root, &mut faults),
        // all keys of another version may mean something else
        Err(unknown) => {
            faults.push(unknown);
            Vec::new()
        }
    };
    if faults.is_empty() {
        return Ok(waivers);
    }
    faults.sort_by_key(|fault| fault.span);
    Err(faults.into_iter().map(|fault| diagnostic(source, fault)).collect())
}

fn diagnostic(source: &Arc<Source>, fault: Fault) -> Diagnostic {
    let location = Location::new(source, fault.span);
    Diagnostic::error(fault.rule, fault.message).at(location, fault.label).help(fault.help)
}

fn document(source: &Arc<Source>) -> Result<Node, Vec<Diagnostic>> {
    let mut stream = manifest::read(source, &LIMITS);
    if !stream.diagnostics.is_empty() {
        let as_configuration = |mut found: Diagnostic| {
            found.rule = rules::CONFIG_SYNTAX;
            found
        };
        return Err(stream.diagnostics.into_iter().map(as_configuration).collect());
    }
    let refuse = |rule, span, message: String, label, help| {
        Err(vec![diagnostic(source, fault(rule, span, message, label, help))])
    };
    let name = source.name();
    if let [_, second, ..] = stream.documents.as_slice() {
        let message = format!("`{name}` holds more than one document");
        return refuse(rules::CONFIG_SYNTAX, second.root.span, message, "the second begins here", "keep one document");
    }
    let root = stream.documents.pop().map_or_else(|| Node::synthetic(Value::Null), |document| document.root);
    match &root.value {
        Value::Mapping(_) => Ok(root),
        Value::Null => {
            let help = "write `version: 1` and `waivers: []`";
            refuse(rules::CONFIG_INVALID, Span::at(0), format!("`{name}` is empty"), "nothing here", help)
        }
        _ => {
            let message = format!("`{name}` must be a mapping, not {}", root.kind_name());
            let help = "begin the file with `version: 1`, and list what is waived under `waivers`";
            refuse(rules::CONFIG_TYPE, first_line(&root), message, "this is no mapping", help)
        }
    }
}

fn known_version(root: &Node) -> Result<(), Fault> {
    match root.get("version") {
        Some(Node { value: Value::Int(VERSION), .. }) => Ok(()),
        Some(node) => {
            let message = "this release reads waivers of version 1".to_owned();
            Err(fault(rules::CONFIG_INVALID, node.span, message, "another version", "write `version: 1`"))
        }
        None => {
            let help = "begin the file with `version: 1`";
            Err(fault(rules::CONFIG_INVALID, first_line(root), "the file has no `version`", "before this", help))
        }
    }
}

fn waivers(source: &Arc<Source>, root: &Node, faults: &mut Vec<Fault>) -> Vec<Waiver> {
    entry::refuse_unknown("the file", root, &["version", "waivers"], faults);
    let Some(entry) = root.entry("waivers") else {
        if faults.is_empty() {
            let help = "add `waivers: []`";
            faults.push(fault(rules::CONFIG_INVALID, first_line(root), "the file has no `waivers`", "here", help));
        }
        return Vec::new();
    };
    let Some(items) = entry.value.as_sequence() else {
        let message = format!("`waivers` must be a list, not {}", entry.value.kind_name());
        let help = "write each waiver as an item: `- rule: …`; `[]` if there is none";
        faults.push(fault(rules::CONFIG_TYPE, entry.key.span, message, "no list", help));
        return Vec::new();
    };
    items.iter().filter_map(|item| Some(waiver(source, entry::read(item, true, faults)?))).collect()
}

fn waiver(source: &Arc<Source>, written: Written) -> Waiver {
    let Written { rule, object, owner, reason, expires } = written;
    Waiver {
        rule: rule.0,
        scope: Scope::Selected(object.expect("an entry of the file is refused without")),
        owner,
        reason,
        expires: expires.0,
        location: Location::new(source, rule.1),
        end: Location::new(source, expires.1),
    }
}

/// An arrow under a whole block says nothing.
fn first_line(node: &Node) -> Span {
    match &node.value {
        Value::Mapping(entries) => entries.first().map_or(node.span, |entry| entry.key.span),
        Value::Sequence(items) => items.first().map_or(node.span, first_line),
        _ => node.span,
    }
}
