//! Admit: the one decision. What was found and what was checked become [`Admitted`], or a [`Refusal`].
//!
//! Nothing else makes an [`Admitted`], and `hydrate` takes nothing else: manifests that nobody checked cannot reach a
//! branch. The decision is per environment, all or nothing, as is the branch.

use std::collections::{BTreeMap, BTreeSet};

use crate::date::Date;
use crate::diagnostic::{Diagnostic, Severity, count};
use crate::load::EngineKind;
use crate::manifest::ManifestSet;
use crate::tree::{Digest, RepoPath};

/// An environment with everything that is known about how it was checked. Not yet a permission.
#[derive(Debug)]
pub struct Checked {
    /// The environment's name.
    pub environment: String,
    /// Its objects.
    pub manifests: ManifestSet,
    /// What they were made from and judged by.
    pub evidence: Evidence,
}

/// What an environment was made from and judged by: all of it goes into the record on the branch.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The Kubernetes minor whose schemas applied, such as `1.34`.
    pub kubernetes: String,
    /// The digest of all schemas that were in force.
    pub schemas: Digest,
    /// The digest of all policies that were in force, with their data and waivers.
    pub policies: Digest,
    /// Every app of the environment, those without an object included.
    pub apps: BTreeMap<String, AppEvidence>,
    /// How many objects a schema was applied to.
    pub validated: usize,
    /// How many objects were held against policies that did not all fail; a policy about other kinds counts.
    pub judged: usize,
    /// The waivers that covered findings.
    pub waivers: BTreeSet<UsedWaiver>,
}

/// A waiver that covered a finding on one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsedWaiver {
    /// The rule whose finding it covered.
    pub rule: String,
    /// The app.
    pub app: Option<String>,
    /// The object, as `Deployment shop/web`; `None` for a finding about a text.
    pub object: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
}

impl UsedWaiver {
    /// The waivers behind some findings.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic]) -> BTreeSet<Self> {
        let used = |diagnostic: &Diagnostic| {
            let waived = diagnostic.waived.as_ref()?;
            Some(Self {
                rule: diagnostic.rule.to_string(),
                app: diagnostic.subject.app.clone(),
                object: diagnostic.subject.object.clone(),
                owner: waived.owner.clone(),
                reason: waived.reason.clone(),
                expires: waived.expires,
            })
        };
        diagnostics.iter().filter_map(used).collect()
    }
}

/// What one app was rendered from.
#[derive(Debug, Clone)]
pub struct AppEvidence {
    /// The engine that rendered it.
    pub engine: EngineKind,
    /// Every file that was read for it, values files included.
    pub inputs: BTreeMap<RepoPath, Digest>,
}

/// An environment that may be published.
#[derive(Debug)]
pub struct Admitted {
    checked: Checked,
}

impl Admitted {
    /// The environment's name.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.checked.environment
    }

    /// Its objects.
    #[must_use]
    pub fn manifests(&self) -> &ManifestSet {
        &self.checked.manifests
    }

    /// What they were made from and judged by.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.checked.evidence
    }
}

/// Why an environment may not be published. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Findings at or above the threshold.
    #[error("`{environment}` is refused: {}", errors_and_warnings(*errors, *warnings))]
    Findings {
        /// The environment.
        environment: String,
        /// How many errors.
        errors: usize,
        /// How many warnings; 0 where the threshold lets warnings pass.
        warnings: usize,
    },
    /// Nothing was found because nothing was looked at.
    #[error("`{environment}` is refused: {absence}")]
    NothingChecked {
        /// The environment.
        environment: String,
        /// What was missing.
        absence: Absence,
    },
}

/// What was missing, so that a clean result means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Absence {
    /// The environment has no app.
    #[error("it has no app")]
    NoApp,
    /// Its apps gave no object.
    #[error("its apps gave no object")]
    NoObject,
    /// No policy judged any of its objects.
    #[error("no policy judged any of its objects")]
    NoPolicy,
}

/// Decides. `diagnostics` are those that concern this environment; notes never refuse, whatever the threshold.
///
/// A finding that a waiver covers refuses nothing. Findings are told before absence: where everything failed to parse, the syntax error is the news.
pub fn admit(checked: Checked, diagnostics: &[Diagnostic], threshold: Severity) -> Result<Admitted, Refusal> {
    let threshold = threshold.max(Severity::Warning);
    let refusing = || diagnostics.iter().filter(|diagnostic| diagnostic.refuses(threshold));
    let count_of = |severity| refusing().filter(|diagnostic| diagnostic.severity == severity).count();
    let (errors, warnings) = (count_of(Severity::Error), count_of(Severity::Warning));
    if errors + warnings > 0 {
        return Err(Refusal::Findings { environment: checked.environment, errors, warnings });
    }
    match absence(&checked) {
        Some(absence) => Err(Refusal::NothingChecked { environment: checked.environment, absence }),
        None => Ok(Admitted { checked }),
    }
}

/// Objects without a schema are no absence: whether they may pass is `schemas.unknown`, decided where it is found.
fn absence(checked: &Checked) -> Option<Absence> {
    if checked.evidence.apps.is_empty() {
        Some(Absence::NoApp)
    } else if checked.manifests.is_empty() {
        Some(Absence::NoObject)
    } else if checked.evidence.judged == 0 {
        Some(Absence::NoPolicy)
    } else {
        None
    }
}

fn errors_and_warnings(errors: usize, warnings: usize) -> String {
    match (errors, warnings) {
        (errors, 0) => count(errors, "error"),
        (0, warnings) => count(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::rules;
    use crate::manifest::{Gvk, Manifest, Name, Node, ObjectRef};
    use crate::source::Source;

    fn checked(objects: usize, judged: usize) -> Checked {
        let object = |index: usize| ObjectRef {
            gvk: Gvk::new("v1", "ConfigMap"),
            namespace: None,
            name: Name::Fixed(format!("c{index}").into()),
        };
        let manifests = (0..objects).map(|index| {
            let root = Node::from_json(&serde_json::json!({}));
            ("web".to_owned(), Manifest { object: object(index), root, source: Source::file("a.yaml", "") })
        });
        let (manifests, _) = ManifestSet::collect(manifests);
        let app = AppEvidence { engine: EngineKind::Plain, inputs: BTreeMap::new() };
        let evidence = Evidence {
            kubernetes: "1.34".to_owned(),
            schemas: Digest::of(b"schemas"),
            policies: Digest::of(b"policies"),
            apps: BTreeMap::from([("web".to_owned(), app)]),
            validated: objects,
            judged,
            waivers: BTreeSet::new(),
        };
        Checked { environment: "prod".to_owned(), manifests, evidence }
    }

    #[test]
    fn findings_refuse_from_the_threshold_up() {
        let found = [
            Diagnostic::error(rules::UNKNOWN_FIELD, "a"),
            Diagnostic::warning(rules::UNKNOWN_KIND, "b"),
            Diagnostic::warning(rules::UNKNOWN_KIND, "c"),
        ];
        let refusal = admit(checked(1, 1), &found, Severity::Error).expect_err("there is an error");
        assert_eq!(refusal.to_string(), "`prod` is refused: 1 error");
        let refusal = admit(checked(1, 1), &found, Severity::Warning).expect_err("there are warnings");
        assert_eq!(refusal.to_string(), "`prod` is refused: 1 error, 2 warnings");
        assert!(admit(checked(1, 1), &found[1..], Severity::Error).is_ok());
    }

    #[test]
    fn a_waived_finding_refuses_nothing() {
        let waived = crate::diagnostic::Waived {
            owner: "ada".to_owned(),
            reason: "until the move".to_owned(),
            expires: "2026-12-31".parse().expect("a date"),
            location: crate::source::Location::new(&Source::file("waivers.yaml", ""), crate::source::Span::at(0)),
        };
        let mut found = [Diagnostic::error(rules::UNKNOWN_FIELD, "a"), Diagnostic::error(rules::UNKNOWN_FIELD, "b")];
        found[0].waived = Some(std::sync::Arc::new(waived));
        let refusal = admit(checked(1, 1), &found, Severity::Error).expect_err("one is left");
        assert_eq!(refusal.to_string(), "`prod` is refused: 1 error");
        assert!(admit(checked(1, 1), &found[..1], Severity::Warning).is_ok());
        assert_eq!(UsedWaiver::of(&found).len(), 1);
    }

    #[test]
    fn a_note_never_refuses() {
        let note = Diagnostic::new(Severity::Note, rules::UNKNOWN_KIND, "worth knowing");
        assert!(admit(checked(1, 1), &[note], Severity::Note).is_ok());
    }

    #[test]
    fn nothing_checked_is_never_a_pass() {
        let absence = |checked| match admit(checked, &[], Severity::Error) {
            Err(Refusal::NothingChecked { absence, .. }) => absence,
            other => panic!("admitted: {other:?}"),
        };
        let mut empty = checked(0, 0);
        empty.evidence.apps.clear();
        assert_eq!(absence(empty), Absence::NoApp);
        assert_eq!(absence(checked(0, 0)), Absence::NoObject);
        assert_eq!(absence(checked(3, 0)), Absence::NoPolicy);
    }
}
