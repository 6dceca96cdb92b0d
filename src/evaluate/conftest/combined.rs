//! Combined: all documents as one input, `[{"path": …, "contents": …}]`, and the way from a result back to a document.

use std::collections::BTreeMap;

use regorus::Value as RegoValue;

use crate::date::Date;
use crate::diagnostic::{Diagnostic, rules};
use crate::evaluate::PolicyRule;
use crate::evaluate::finding::{hide, identity, line_of, named_line, pointers_of, worded};
use crate::evaluate::value::{self, member, text};
use crate::manifest::{Manifest, Pointer};
use crate::source::Location;

/// The input: one element for each object, in the order given, which is that of their files.
pub(in crate::evaluate) fn input(manifests: &[&Manifest]) -> RegoValue {
    let element = |manifest: &&Manifest| element(manifest.source.name(), value::of_node(&manifest.root));
    RegoValue::from(manifests.iter().map(element).collect::<Vec<_>>())
}

/// `{"path": …, "contents": …}`
pub(in crate::evaluate) fn element(path: &str, contents: RegoValue) -> RegoValue {
    let members = [("contents", contents), ("path", RegoValue::from(path))];
    RegoValue::from(members.map(|(name, value)| (RegoValue::from(name), value)).into_iter().collect::<BTreeMap<_, _>>())
}

/// One member as a diagnostic, at the document it names, or at the rule if it names none.
pub(in crate::evaluate) fn diagnostic(
    rule: &PolicyRule,
    result: &RegoValue,
    manifests: &[&Manifest],
    secrets: &[String],
    today: Option<Date>,
) -> Diagnostic {
    let Some(diagnostic) = worded(rule, result, today, &|words| hide(words, secrets)) else {
        return failed(rule, "a result without a message", secrets);
    };
    match place(result, manifests) {
        Some(Place::Value(manifest, pointer)) => {
            let diagnostic = diagnostic.object(&manifest.object).at(manifest.locate(&pointer), "");
            diagnostic.pointer(pointer.to_string())
        }
        Some(Place::Object(manifest)) => diagnostic.object(&manifest.object).at(identity(manifest), ""),
        Some(Place::Line(location)) => diagnostic.at(location, ""),
        None => diagnostic.at(rule.location.clone(), "found in all documents together"),
    }
}

/// A rule that gave no verdict.
pub(in crate::evaluate) fn failed(rule: &PolicyRule, reason: &str, secrets: &[String]) -> Diagnostic {
    let message = format!("`{}` gave no verdict: {}", rule.id, hide(reason.trim(), secrets));
    Diagnostic::error(rules::POLICY_FAILED, message)
        .at(rule.location.clone(), "while judging all documents together")
        .help("correct the policy so that it handles these documents")
}

enum Place<'a> {
    /// A value of a document.
    Value(&'a Manifest, Pointer),
    /// A document.
    Object(&'a Manifest),
    /// A line of a file.
    Line(Location),
}

fn place<'a>(result: &RegoValue, manifests: &[&'a Manifest]) -> Option<Place<'a>> {
    named_file(result, manifests)
        .or_else(|| indexed(result, manifests))
        .or_else(|| manifests.iter().find_map(|manifest| named_line(result, manifest)).map(Place::Line))
        .or_else(|| only_file(manifests).and_then(|manifest| line_of(manifest, 0)).map(Place::Line))
}

/// `"path": input[i].path`
fn named_file<'a>(result: &RegoValue, manifests: &[&'a Manifest]) -> Option<Place<'a>> {
    let path = member(result, "path").and_then(text)?;
    let mut of_file = manifests.iter().filter(|manifest| manifest.source.name() == path);
    let first = of_file.next()?;
    match (named_line(result, first), of_file.next()) {
        (Some(line), _) => Some(Place::Line(line)),
        (None, None) => Some(Place::Object(first)),
        (None, Some(_)) => line_of(first, 0).map(Place::Line),
    }
}

/// `"path": [i, "contents", "spec"]`
fn indexed<'a>(result: &RegoValue, manifests: &[&'a Manifest]) -> Option<Place<'a>> {
    let pointer = pointers_of(result).into_iter().next()?;
    let (index, rest) = pointer.parts().split_first()?;
    let manifest = manifests.get(index.parse::<usize>().ok()?)?;
    Some(match rest.split_first() {
        Some((first, inner)) if first == "contents" && !inner.is_empty() => {
            Place::Value(manifest, Pointer::from_parts(inner.iter().cloned()))
        }
        _ => Place::Object(manifest),
    })
}

fn only_file<'a>(manifests: &[&'a Manifest]) -> Option<&'a Manifest> {
    let first = manifests.first()?;
    manifests.iter().all(|manifest| manifest.source.name() == first.source.name()).then_some(first)
}
