//! Alternatives: which of the errors under `anyOf` and `oneOf` are worth telling.
//!
//! A value that fits none of five branches has five lists of errors, four of them about something nobody wrote. Told is
//! the branch that came closest.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value as JsonValue;

/// What to say of a value that fits no branch.
pub(super) enum Closest<'a> {
    /// Every branch only wants another type.
    Types(BTreeSet<JsonType>),
    /// Every branch only wants a field that is missing.
    OneField(Vec<String>),
    /// Every branch wants another constant at one place: the value that tells them apart.
    Choices(&'a ValidationError<'static>, Vec<JsonValue>),
    /// The errors of one branch.
    Branch(&'a [ValidationError<'static>]),
    /// No branch says why.
    Nothing,
}

/// Picks what to say.
pub(super) fn closest<'a>(here: &str, branches: &'a [Vec<ValidationError<'static>>]) -> Closest<'a> {
    let branches: Vec<_> = branches.iter().filter(|branch| !branch.is_empty()).collect();
    let Some(first) = branches.first() else { return Closest::Nothing };
    if let Some(types) = branches.iter().map(|branch| only_type(here, branch)).collect::<Option<Vec<_>>>() {
        return Closest::Types(types.into_iter().flatten().collect());
    }
    if let Some(names) = branches.iter().map(|branch| only_missing(here, branch)).collect::<Option<Vec<_>>>() {
        return Closest::OneField(names);
    }
    if let Some((error, choices)) = choices(&branches) {
        return Closest::Choices(error, choices);
    }
    // a branch of another type, or another constant, was not meant at all
    let meant: Vec<_> = branches.iter().filter(|branch| !branch.iter().any(|error| is_mismatch(here, error))).collect();
    let candidates = if meant.is_empty() { branches.iter().collect() } else { meant };
    let best = candidates.into_iter().min_by_key(|branch| (branch.len(), Reverse(depth(branch))));
    Closest::Branch(best.map_or(first.as_slice(), |branch| branch.as_slice()))
}

/// The types of a branch whose one error is about the value's type.
fn only_type(here: &str, branch: &[ValidationError<'static>]) -> Option<Vec<JsonType>> {
    match branch {
        [error] if error.instance_path().as_str() == here => match error.kind() {
            ValidationErrorKind::Type { kind } => Some(types(kind)),
            _ => None,
        },
        _ => None,
    }
}

/// The field of a branch whose one error is that it is missing.
fn only_missing(here: &str, branch: &[ValidationError<'static>]) -> Option<String> {
    match branch {
        [error] if error.instance_path().as_str() == here => match error.kind() {
            ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned),
            _ => None,
        },
        _ => None,
    }
}

/// The constants that the branches want at one place, which all of them do not find there.
fn choices<'a>(
    branches: &[&'a Vec<ValidationError<'static>>],
) -> Option<(&'a ValidationError<'static>, Vec<JsonValue>)> {
    let constants = |branch: &'a Vec<ValidationError<'static>>, path: &str| {
        branch.iter().filter(|error| error.instance_path().as_str() == path).find_map(constants)
    };
    let of_place = |error: &&'a ValidationError<'static>| {
        let path = error.instance_path().as_str();
        branches.iter().map(|branch| constants(branch, path)).collect::<Option<Vec<_>>>()
    };
    branches.first()?.iter().find_map(|error| {
        let mut choices = Vec::new();
        for choice in of_place(&error)?.concat() {
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        }
        Some((error, choices))
    })
}

/// The values that an error about a constant wants.
fn constants(error: &ValidationError<'_>) -> Option<Vec<JsonValue>> {
    match error.kind() {
        ValidationErrorKind::Enum { options } => options.as_array().cloned(),
        ValidationErrorKind::Constant { expected_value } => Some(vec![expected_value.as_ref().clone()]),
        _ => None,
    }
}

/// The types of an error.
pub(super) fn types(kind: &TypeKind) -> Vec<JsonType> {
    match kind {
        TypeKind::Single(kind) => vec![*kind],
        TypeKind::Multiple(kinds) => kinds.iter().collect(),
    }
}

fn is_mismatch(here: &str, error: &ValidationError<'_>) -> bool {
    use ValidationErrorKind::{Constant, Enum, Type};
    let at_constant = matches!(error.kind(), Constant { .. } | Enum { .. });
    at_constant || (matches!(error.kind(), Type { .. }) && error.instance_path().as_str() == here)
}

fn depth(branch: &[ValidationError<'static>]) -> usize {
    branch.iter().map(|error| error.instance_path().as_str().matches('/').count()).max().unwrap_or_default()
}
