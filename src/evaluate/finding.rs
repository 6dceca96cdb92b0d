//! A finding is one member of a rule's set, as a diagnostic at the place it is about.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regorus::Value as RegoValue;

use super::set::PolicyRule;
use super::value::{member, text};
use crate::date::Date;
use crate::diagnostic::{Diagnostic, PlacedBy, RuleId, Severity, Waivable, rules};
use crate::manifest::{Manifest, Pointer};
use crate::source::{Location, Span};

/// Words a member of its own severity; `None` for anything else a policy puts there.
pub(super) fn severity_of_word(word: &str) -> Option<Severity> {
    match word {
        "error" => Some(Severity::Error),
        "warning" | "warn" => Some(Severity::Warning),
        "note" | "info" => Some(Severity::Note),
        _ => None,
    }
}

/// A rule's or a result's own words as a rule id: `noLatest_tag` is `no-latest-tag`.
pub(super) fn rule_id(words: &str) -> Option<RuleId> {
    let mut id = String::with_capacity(words.len() + 4);
    let mut after_lower = false;
    for sign in words.chars() {
        if !sign.is_ascii_alphanumeric() {
            after_lower = false;
            if !id.is_empty() && !id.ends_with('-') {
                id.push('-');
            }
            continue;
        }
        if sign.is_ascii_uppercase() && after_lower {
            id.push('-');
        }
        after_lower = !sign.is_ascii_uppercase();
        id.push(sign.to_ascii_lowercase());
    }
    let id = id.trim_end_matches('-');
    (!id.is_empty()).then(|| RuleId::of_policy(id))
}

/// One member as a diagnostic. `read` tells where the rule looked, and is asked only if the member names no place.
pub(super) fn diagnostic(
    rule: &PolicyRule,
    result: &RegoValue,
    manifest: &Manifest,
    today: Option<Date>,
    read: impl FnOnce() -> Option<Pointer>,
) -> Diagnostic {
    let Some(diagnostic) = worded(rule, result, today, &|words| without_secrets(words, manifest)) else {
        return failed(rule, "a result without a message", manifest);
    };
    let diagnostic = diagnostic.object(&manifest.object);
    let named = pointers_of(result);
    if member(result, "secret") == Some(&RegoValue::from(true)) {
        let node = named.first().and_then(|pointer| pointer.resolve(&manifest.root));
        manifest.source.hide(node.map(|node| node.span));
    }
    if !named.is_empty() {
        return at_all(diagnostic, &named, manifest).placed_by(PlacedBy::Path);
    }
    if let Some(line) = named_line(result, manifest) {
        return diagnostic.at(line, "").placed_by(PlacedBy::Line);
    }
    match read() {
        Some(pointer) => at_all(diagnostic, &[pointer], manifest).placed_by(PlacedBy::Reads),
        None => diagnostic.at(identity(manifest), "").placed_by(PlacedBy::Object),
    }
}

/// A finding at the first of some places; the others are told as well.
pub(super) fn at_all(mut diagnostic: Diagnostic, places: &[Pointer], manifest: &Manifest) -> Diagnostic {
    let Some((first, others)) = places.split_first() else { return diagnostic };
    let mut told = vec![manifest.locate(first)];
    diagnostic = diagnostic.at(told[0].clone(), "").pointer(first.to_string());
    for place in others.iter().map(|other| manifest.locate(other)) {
        if !told.iter().any(|other| other.span == place.span) {
            diagnostic = diagnostic.also(place.clone(), "and here");
            told.push(place);
        }
    }
    diagnostic
}

/// What a rule says of all its findings: whether a waiver can cover them, and until when its errors are warnings.
pub(super) fn of_policy(diagnostic: Diagnostic, rule: &PolicyRule, today: Option<Date>) -> Diagnostic {
    let mut diagnostic = diagnostic.waivable(if rule.overridable { Waivable::Always } else { Waivable::Never });
    let is_advice = rule.enforce_after.zip(today).filter(|(last, today)| today <= last);
    if let Some((last, _)) = is_advice
        && diagnostic.severity == Severity::Error
    {
        diagnostic.severity = Severity::Warning;
        let becomes = format!("becomes an error on {}", last.next());
        diagnostic.help = Some(match diagnostic.help {
            Some(help) => format!("{help}; {becomes}"),
            None => becomes,
        });
    }
    diagnostic
}

/// What a member says, without a place yet; `None` if it says nothing.
pub(super) fn worded(
    rule: &PolicyRule,
    result: &RegoValue,
    today: Option<Date>,
    clean: &dyn Fn(&str) -> String,
) -> Option<Diagnostic> {
    let message = text(result).or_else(|| member(result, "msg").and_then(text)).map(str::trim).unwrap_or_default();
    if message.is_empty() {
        return None;
    }
    let own = |name: &str| member(result, name).and_then(text);
    let severity = own("severity").and_then(severity_of_word).unwrap_or(rule.severity);
    let id = own("id").and_then(rule_id).unwrap_or_else(|| rule.id.clone());
    let diagnostic = Diagnostic::new(severity, id, clean(message));
    let diagnostic = match own("fix").or(rule.fix.as_deref()) {
        Some(fix) => diagnostic.help(clean(fix)),
        None => diagnostic,
    };
    Some(of_policy(diagnostic, rule, today))
}

/// A rule that gave no verdict: the object counts as not judged.
pub(super) fn failed(rule: &PolicyRule, reason: &str, manifest: &Manifest) -> Diagnostic {
    let reason = reason.trim();
    Diagnostic::error(
        rules::POLICY_FAILED,
        format!("`{}` gave no verdict: {}", rule.id, without_secrets(reason, manifest)),
    )
    .at(identity(manifest), "while judging this object")
    .also(rule.location.clone(), "in this rule")
    .help("correct the policy so that it handles this object")
    .object(&manifest.object)
}

/// The places that a result names: `path` or `field`, or the lists of Kubescape (`failedPaths`, `deletePaths`,
/// `reviewPaths`, `fixPaths`).
pub(super) fn pointers_of(result: &RegoValue) -> Vec<Pointer> {
    if let Some(value) = member(result, "path").or_else(|| member(result, "field")) {
        return pointer_of(value).into_iter().collect();
    }
    let mut found: Vec<Pointer> = Vec::new();
    for list in ["failedPaths", "deletePaths", "reviewPaths", "fixPaths"] {
        let items = member(result, list).and_then(|list| list.as_array().ok());
        for item in items.into_iter().flat_map(|items| items.iter()) {
            // of a fix it is the path that says where
            let pointer = pointer_of(member(item, "path").unwrap_or(item));
            found.extend(pointer.filter(|pointer| !pointer.parts().is_empty() && !found.contains(pointer)));
        }
    }
    found
}

/// A JSON pointer, keys with dots, or a list of keys and indices.
fn pointer_of(value: &RegoValue) -> Option<Pointer> {
    if let Some(path) = text(value) {
        return Some(Pointer::parse_field_path(path));
    }
    let parts = value.as_array().ok()?.iter().map(|part| match part {
        RegoValue::String(key) => Some(key.to_string()),
        other => other.as_u64().ok().map(|index| index.to_string()),
    });
    parts.collect::<Option<Vec<String>>>().map(Pointer::from_parts)
}

/// `_loc`: a line of the file, as Conftest has it.
pub(super) fn named_line(result: &RegoValue, manifest: &Manifest) -> Option<Location> {
    let place = member(result, "_loc")?;
    let file = member(place, "file").and_then(text).unwrap_or_default();
    if !file.is_empty() && !manifest.source.name().ends_with(file) {
        return None;
    }
    let line = member(place, "line")?.as_u64().ok().and_then(|line| usize::try_from(line).ok())?.checked_sub(1)?;
    line_of(manifest, line)
}

/// A line of an object's file, counted from 0, without the blanks around it.
pub(super) fn line_of(manifest: &Manifest, line: usize) -> Option<Location> {
    let start = manifest.source.line_start(line)?;
    let text = manifest.source.text()[start..].split('\n').next().unwrap_or_default();
    let blank = text.len() - text.trim_start().len();
    Some(manifest.location(Span::new(start + blank, start + text.trim_end().len())))
}

/// Where an object says who it is.
pub(super) fn identity(manifest: &Manifest) -> Location {
    let places = [Pointer::from_parts(["metadata", "name"]), Pointer::from_parts(["kind"])];
    let found = places.iter().find(|place| place.resolve(&manifest.root).is_some());
    manifest.locate(found.unwrap_or(&Pointer::root()))
}

/// A policy may put a value into its message; one of a `Secret` must not come out.
pub(super) fn without_secrets(message: &str, manifest: &Manifest) -> String {
    hide(message, &secret_values(manifest))
}

/// The values of a `Secret`, as written and as meant; none for another object.
pub(super) fn secret_values(manifest: &Manifest) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for section in ["data", "stringData"].into_iter().filter(|_| manifest.is_secret()) {
        for entry in manifest.root.get(section).and_then(|node| node.as_mapping()).unwrap_or_default() {
            let Some(value) = entry.value.as_str() else { continue };
            values.push(value.to_owned());
            values.extend(STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()));
        }
    }
    values
}

/// A message without some values.
pub(super) fn hide(message: &str, values: &[String]) -> String {
    let mut values: Vec<&str> = values.iter().map(|value| value.trim()).filter(|value| !value.is_empty()).collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.len())); // a value may contain another
    values.iter().fold(message.to_owned(), |message, value| message.replace(value, "(hidden)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words_joined_by_dashes() {
        let id = |words: &str| rule_id(words).map(|id| id.to_string());
        assert_eq!(id("latest_tag").as_deref(), Some("latest-tag"));
        assert_eq!(id("noLatestTag").as_deref(), Some("no-latest-tag"));
        assert_eq!(id("KSV001").as_deref(), Some("ksv001"));
        assert_eq!(id("policies/my rule.").as_deref(), Some("policies-my-rule"));
        assert_eq!(id("__"), None);
    }
}
