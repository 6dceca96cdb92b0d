//! Waivers on their way through a run: findings are held against them once their objects are known.

use std::sync::Arc;

use super::Selection;
use super::assemble::Assembled;
use crate::diagnostic::Diagnostic;
use crate::evaluate::waivers::{Audit, Review, State, Target, Waiver};
use crate::manifest::Manifest;
use crate::report::waivers::{WaiverStatus, WaiverUse};

/// Holds findings that were made before anything was judged against the waivers: which object they are about, the place
/// tells.
pub(super) fn consider_early<'a>(
    review: &mut Review,
    findings: &mut [Diagnostic],
    environment: Option<&str>,
    manifests: impl Fn() -> Box<dyn Iterator<Item = &'a Manifest> + 'a>,
) {
    for finding in findings.iter_mut().filter(|finding| finding.waived.is_none()) {
        if !review.names(finding.rule.as_str()) {
            continue;
        }
        let manifest = manifests().find(|manifest| is_about(finding, manifest));
        let app = finding.subject.app.clone();
        let target = Target { environment, app: app.as_deref(), manifest };
        review.consider(std::slice::from_mut(finding), target);
        if let Some(manifest) = manifest.filter(|_| finding.waived.is_some()) {
            finding.subject.object.get_or_insert_with(|| manifest.object.to_string());
        }
    }
}

fn is_about(finding: &Diagnostic, manifest: &Manifest) -> bool {
    finding.primary.as_ref().is_some_and(|label| {
        Arc::ptr_eq(&label.location.source, &manifest.source)
            && manifest.root.span.range().contains(&(label.location.span.start as usize))
    })
}

/// What a run of a project looked at.
pub(super) struct Looked<'a> {
    /// Every environment of the project.
    pub(super) environments: &'a [Arc<str>],
    /// Those that were built, with the names of their apps.
    pub(super) apps: Vec<(Arc<str>, Vec<String>)>,
    /// What was asked for.
    pub(super) selection: &'a Selection,
    /// Whether every input gave its objects, and every policy loaded.
    pub(super) is_whole: bool,
}

impl Looked<'_> {
    /// Whether nothing that a waiver is for was left out.
    pub(super) fn is_covered(&self, waiver: &Waiver) -> bool {
        let mut environments = self.environments.iter().filter(|name| waiver.reaches_environment(name));
        self.is_whole && environments.all(|name| self.selection.has_environment(name) && self.has_all(name, waiver))
    }

    fn has_all(&self, environment: &str, waiver: &Waiver) -> bool {
        let apps = self.apps.iter().filter(|(name, _)| **name == *environment).flat_map(|(_, apps)| apps);
        apps.filter(|app| waiver.reaches_app(app)).all(|app| self.selection.has_app(environment, app))
    }
}

/// The apps of what was assembled.
pub(super) fn apps(assembled: &[Assembled<'_>]) -> Vec<(Arc<str>, Vec<String>)> {
    let apps = |one: &Assembled<'_>| one.apps.keys().cloned().collect();
    assembled.iter().map(|one| (Arc::clone(&one.environment.name), apps(one))).collect()
}

/// An audit as reports tell it, and what was found wrong with waivers.
pub(super) fn told(audit: Audit) -> (Vec<WaiverUse>, Vec<Diagnostic>) {
    let used = audit.waivers.into_iter().map(|audited| {
        let object = audited.waiver.scope_in_words();
        let Waiver { rule, owner, reason, expires, location, .. } = audited.waiver;
        let status = status(audited.state);
        WaiverUse { rule, object, owner, reason, expires, status, location, elsewhere: audited.elsewhere }
    });
    (used.collect(), audit.diagnostics)
}

fn status(state: State) -> WaiverStatus {
    match state {
        State::Used => WaiverStatus::Used,
        State::Unused => WaiverStatus::Unused,
        State::NotCovered => WaiverStatus::NotCovered,
        State::Expired => WaiverStatus::Expired,
        State::Refused => WaiverStatus::Refused,
    }
}
