//! A concern is the kinds of objects that a rule can say something about, as far as its text proves it.
//!
//! An object outside of it is not handed to the rule: that costs nothing, and counts as "does not concern this kind",
//! never as "judged". OPA's index of rules does the same for conditions that a body states itself. In doubt a rule
//! concerns everything: that costs time, never a finding.

mod derive;
mod known;
mod reach;

use std::collections::BTreeSet;

use crate::manifest::Manifest;

pub(super) use derive::Derivation;

/// More of them would cost more than they save.
const MAX_FITS: usize = 32;

/// What an object says of its own kind, where policies read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subject<'a> {
    /// `kind`; `None` if it is no text.
    pub(super) kind: Option<&'a str>,
    /// `apiVersion`; `None` if it is no text.
    pub(super) version: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// What an object says of itself.
    pub(super) fn of(manifest: &'a Manifest) -> Self {
        let text = |key| manifest.root.get(key).and_then(|node| node.as_str());
        Self { kind: text("kind"), version: text("apiVersion") }
    }
}

/// For which objects a rule can have a result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Concern {
    /// For all, as far as is known.
    Any,
    /// For those that one of these fits; without any, for none.
    Only(Vec<Fit>),
}

/// A kind and a version that go together. What is `None` may be anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    kinds: Option<BTreeSet<String>>,
    versions: Option<Versions>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Versions {
    These(BTreeSet<String>),
    Starting(String),
}

impl Concern {
    /// No object at all.
    pub(super) const NONE: Self = Self::Only(Vec::new());

    /// Objects of some kinds.
    pub(super) fn kinds(kinds: BTreeSet<String>) -> Self {
        Self::one(Fit { kinds: Some(kinds), versions: None })
    }

    /// Objects of some versions: `apps/v1`.
    pub(super) fn versions(versions: BTreeSet<String>) -> Self {
        Self::one(Fit { kinds: None, versions: Some(Versions::These(versions)) })
    }

    /// Objects whose version starts with a text: `apps/`.
    pub(super) fn versions_starting(with: &str) -> Self {
        Self::one(Fit { kinds: None, versions: Some(Versions::Starting(with.to_owned())) })
    }

    fn one(fit: Fit) -> Self {
        if fit.is_empty() { Self::NONE } else { Self::Only(vec![fit]) }
    }

    /// Objects that both are about.
    pub(super) fn and(self, other: Self) -> Self {
        let (one, other) = match (self, other) {
            (Self::Any, concern) | (concern, Self::Any) => return concern,
            (Self::Only(one), Self::Only(other)) => (one, other),
        };
        if one.len() * other.len() > MAX_FITS {
            return Self::Only(if one.len() < other.len() { one } else { other });
        }
        let both = one.iter().flat_map(|fit| other.iter().filter_map(move |other| fit.and(other)));
        both.fold(Self::NONE, Self::add)
    }

    /// Objects that one of the two is about.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (one, Self::Only(other)) => other.into_iter().fold(one, Self::add),
        }
    }

    fn add(self, fit: Fit) -> Self {
        let Self::Only(mut fits) = self else { return Self::Any };
        match fits.iter_mut().find(|known| known.versions == fit.versions) {
            Some(known) => match (&mut known.kinds, fit.kinds) {
                (Some(kinds), Some(more)) => kinds.extend(more),
                (kinds, _) => *kinds = None,
            },
            None => fits.push(fit),
        }
        if fits.len() > MAX_FITS || fits.iter().any(|fit| fit.kinds.is_none() && fit.versions.is_none()) {
            return Self::Any;
        }
        fits.sort_unstable();
        Self::Only(fits)
    }

    /// Whether it includes an object.
    pub(super) fn includes(&self, subject: Subject<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(fits) => fits.iter().any(|fit| {
                fit.has_kind(subject.kind)
                    && fit
                        .versions
                        .as_ref()
                        .is_none_or(|versions| subject.version.is_some_and(|version| versions.include(version)))
            }),
        }
    }

    /// Whether it includes objects of a kind, whatever their version. `None` is a kind that is named nowhere.
    pub(super) fn includes_kind(&self, kind: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(fits) => fits.iter().any(|fit| fit.has_kind(kind)),
        }
    }

    /// The kinds that it names.
    pub(super) fn named_kinds(&self) -> impl Iterator<Item = &str> {
        let fits = match self {
            Self::Any => &[],
            Self::Only(fits) => fits.as_slice(),
        };
        fits.iter().flat_map(|fit| fit.kinds.iter().flatten()).map(String::as_str)
    }

    /// Whether it depends on versions.
    pub(super) fn names_versions(&self) -> bool {
        matches!(self, Self::Only(fits) if fits.iter().any(|fit| fit.versions.is_some()))
    }
}

impl Fit {
    fn is_empty(&self) -> bool {
        self.kinds.as_ref().is_some_and(BTreeSet::is_empty)
            || matches!(&self.versions, Some(Versions::These(versions)) if versions.is_empty())
    }

    fn has_kind(&self, kind: Option<&str>) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kind.is_some_and(|kind| kinds.contains(kind)))
    }

    fn and(&self, other: &Self) -> Option<Self> {
        let kinds = match (&self.kinds, &other.kinds) {
            (Some(one), Some(other)) => Some(one & other),
            (kinds, None) | (None, kinds) => kinds.clone(),
        };
        let versions = match (&self.versions, &other.versions) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (versions, None) | (None, versions) => versions.clone(),
        };
        let both = Self { kinds, versions };
        (!both.is_empty()).then_some(both)
    }
}

impl Versions {
    fn include(&self, version: &str) -> bool {
        match self {
            Self::These(versions) => versions.contains(version),
            Self::Starting(start) => version.starts_with(start.as_str()),
        }
    }

    fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::These(versions), other) | (other, Self::These(versions)) => {
                Self::These(versions.iter().filter(|version| other.include(version)).cloned().collect())
            }
            (Self::Starting(one), Self::Starting(other)) if one.starts_with(other.as_str()) => {
                Self::Starting(one.clone())
            }
            (Self::Starting(one), Self::Starting(other)) if other.starts_with(one.as_str()) => {
                Self::Starting(other.clone())
            }
            (Self::Starting(_), Self::Starting(_)) => Self::These(BTreeSet::new()),
        }
    }
}

#[cfg(test)]
mod tests;
