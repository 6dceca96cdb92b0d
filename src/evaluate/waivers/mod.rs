//! A waiver is a reviewed exception: one rule, some objects, an owner, a reason and an end date.
//!
//! Waivers stand in a file of the repository ([`Waivers::read`]), or, where a project allows it, on the object itself as
//! the annotation [`ANNOTATION`]. A [`Review`] holds findings against them: what is covered stays in every report and
//! refuses nothing, and [`Review::audit`] tells which waivers were used, which were not, and which have ended.

mod annotation;
mod entry;
mod file;
mod review;
mod selector;

use std::sync::Arc;

use crate::date::Date;
use crate::diagnostic::Diagnostic;
use crate::manifest::{Manifest, Value};
use crate::source::{Location, Source};
use crate::tree::Digest;

pub use review::{Audit, Audited, Review, State, Target};
pub use selector::Selector;

/// The annotation that carries waivers: a YAML list as text, each entry with `rule`, `owner`, `reason` and `expires`.
pub const ANNOTATION: &str = "hydrant.dev/waive";

/// One waiver.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// The rule whose findings it covers.
    pub rule: String,
    /// The objects on which it covers them.
    pub scope: Scope,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// Where it names the rule.
    pub location: Location,
    /// Where it says when it ends.
    pub end: Location,
}

/// The objects that a waiver is for.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Those that a selector chooses.
    Selected(Selector),
    /// The object that carries it.
    Carrier {
        /// The environment it was rendered for, if any.
        environment: Option<String>,
        /// Its app, if it has one.
        app: Option<String>,
        /// The object, as `Deployment shop/web`.
        object: String,
        /// The text of the whole object.
        place: Location,
    },
}

impl Waiver {
    /// Whether it may cover findings in an environment.
    #[must_use]
    pub fn reaches_environment(&self, environment: &str) -> bool {
        match &self.scope {
            Scope::Selected(selector) => selector.reaches_environment(environment),
            // the same template may carry it everywhere, and need it in one place
            Scope::Carrier { .. } => true,
        }
    }

    /// Whether it may cover findings in an app.
    #[must_use]
    pub fn reaches_app(&self, app: &str) -> bool {
        match &self.scope {
            Scope::Selected(selector) => selector.reaches_app(app),
            Scope::Carrier { app: own, .. } => own.as_deref().is_none_or(|own| own == app),
        }
    }

    /// The objects it is for, in words.
    #[must_use]
    pub fn scope_in_words(&self) -> String {
        match &self.scope {
            Scope::Selected(selector) => selector.to_string(),
            Scope::Carrier { object, .. } => object.clone(),
        }
    }

    /// Whether it holds on a day: its last day counts to the end.
    #[must_use]
    pub fn holds_on(&self, today: Date) -> bool {
        today <= self.expires
    }
}

/// The waivers of a project, and whether objects may carry more.
#[derive(Debug, Clone, Default)]
pub struct Waivers {
    entries: Vec<Waiver>,
    annotations: bool,
    digest: Option<Digest>,
}

impl Waivers {
    /// Reads the file, if there is one. What is wrong with it is a mistake of the configuration, each with its place.
    pub fn read(file: Option<&Arc<Source>>, annotations: bool) -> Result<Self, Vec<Diagnostic>> {
        let entries = file.map_or_else(|| Ok(Vec::new()), file::read)?;
        let of_file = file.map(|source| (source.name(), Digest::of(source.text().as_bytes())));
        let of_setting = annotations.then(|| (ANNOTATION, Digest::of(b"allowed")));
        let parts: Vec<_> = of_setting.into_iter().chain(of_file).collect();
        let digest = (!parts.is_empty()).then(|| Digest::of_list(parts));
        Ok(Self { entries, annotations, digest })
    }

    /// Whether there can be none: no file holds any, and objects carry none.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.digest.is_none()
    }

    /// The waivers of the file, in its order.
    #[must_use]
    pub fn entries(&self) -> &[Waiver] {
        &self.entries
    }

    /// Whether a [`Review`] has to be told of an object: one that carries waivers, or any where the file has some.
    #[must_use]
    pub fn concern(&self, manifest: &Manifest) -> bool {
        !self.entries.is_empty() || annotation::of(manifest).is_some()
    }

    /// The digest of the file and of whether annotations count; `None` where nothing can be waived.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// The digest of policies together with what is waived of them.
    #[must_use]
    pub fn digest_with(&self, policies: Digest) -> Digest {
        self.digest.map_or(policies, |waivers| Digest::of_list([("policies", policies), ("waivers", waivers)]))
    }
}

/// What of an object is enough for a [`Review`]: who it is, its place, and its `metadata`. Such a head may be kept where
/// the whole object would be too much.
#[must_use]
pub fn head_of(mut manifest: Manifest) -> Manifest {
    if let Value::Mapping(entries) = &mut manifest.root.value {
        entries.retain(|entry| entry.key.name == *"metadata");
        entries.shrink_to_fit();
    }
    manifest
}

/// A waiver as one may write it into the file: what `explain` shows.
#[must_use]
pub fn example(rule: &str) -> String {
    format!(
        "version: 1\nwaivers:\n  - rule: {rule}\n    object: {{ kind: Deployment, namespace: shop, name: web }}\n    \
         owner: team-shop\n    reason: why this is right until then, and the ticket\n    expires: YYYY-MM-DD\n"
    )
}
