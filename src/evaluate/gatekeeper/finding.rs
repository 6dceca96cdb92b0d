//! A finding of a constraint is a violation as a diagnostic, at the place it is about.

use regorus::Value as RegoValue;

use super::constraint::Constraint;
use super::expansion::Generated;
use super::judge::Violation;
use crate::date::Date;
use crate::diagnostic::{Diagnostic, PlacedBy, rules};
use crate::evaluate::finding::{at_all, hide, identity, of_policy, pointers_of, without_secrets};
use crate::evaluate::set::PolicyRule;
use crate::manifest::{Manifest, Pointer};

/// The object that is judged.
pub(super) enum Subject<'a> {
    /// As it is written.
    Written(&'a Manifest),
    /// As it stands on the branch, which it is about to leave.
    Deleted(&'a Manifest),
    /// What would be created from a written one.
    Generated { written: &'a Manifest, generated: &'a Generated },
}

/// What was found by a constraint.
pub(super) struct Found<'a> {
    pub(super) constraint: &'a Constraint,
    pub(super) rule: &'a PolicyRule,
    pub(super) subject: &'a Subject<'a>,
    /// The day on which it was found.
    pub(super) today: Option<Date>,
    /// Values of Secrets that the template could know.
    pub(super) secrets: &'a [String],
}

impl Found<'_> {
    /// A violation. `read` tells where in the judged object the template looked, and is asked only if the details name
    /// no place.
    pub(super) fn violation(
        &self,
        (message, details): &Violation,
        read: impl FnOnce() -> Option<Pointer>,
    ) -> Diagnostic {
        let (name, by) = (&self.constraint.name, self.by());
        let severity = match self.subject {
            Subject::Generated { generated, .. } => generated.severity.unwrap_or(self.constraint.severity),
            Subject::Written(_) | Subject::Deleted(_) => self.constraint.severity,
        };
        let message = self.harmless(&format!("[{name}] {by}{message}"));
        let diagnostic = Diagnostic::new(severity, self.rule.id.clone(), message);
        let named = self.named(details);
        let diagnostic = match (named.is_empty(), named.is_empty().then(read).flatten()) {
            (false, _) => at_all(diagnostic, &named, self.written()).placed_by(PlacedBy::Details),
            (true, Some(place)) => {
                at_all(diagnostic, &[self.in_written(&place)], self.written()).placed_by(PlacedBy::Reads)
            }
            (true, None) => diagnostic.at(identity(self.written()), "").placed_by(PlacedBy::Object),
        };
        let diagnostic = match &self.rule.fix {
            Some(fix) => diagnostic.help(fix.clone()),
            None => diagnostic,
        };
        let diagnostic = of_policy(diagnostic, self.rule, self.today);
        diagnostic.also(self.constraint.location.clone(), "asked for here").object(&self.written().object)
    }

    /// The template gave no verdict: the object counts as not judged.
    pub(super) fn failed(&self, reason: &str) -> Diagnostic {
        let message = format!("`{}` gave no verdict: {}", self.rule.id, self.harmless(reason.trim()));
        Diagnostic::error(rules::POLICY_FAILED, message)
            .at(identity(self.written()), "while judging this object")
            .also(self.rule.location.clone(), "in this template")
            .also(self.constraint.location.clone(), "for this constraint")
            .help("correct the template so that it handles this object")
            .object(&self.written().object)
    }

    /// It cannot be told whether the constraint is about the object.
    pub(super) fn without_namespace(&self, namespace: &str) -> Diagnostic {
        let message =
            format!("`{}` gave no verdict: the namespace `{namespace}` is not among the objects", self.rule.id);
        Diagnostic::error(rules::POLICY_FAILED, message)
            .at(self.written().locate(&Pointer::from_parts(["metadata", "namespace"])), "its labels are not known")
            .also(self.constraint.location.clone(), "selects by the labels of namespaces")
            .help(format!("add the Namespace `{namespace}` to an app of this environment"))
            .object(&self.written().object)
    }

    fn written(&self) -> &Manifest {
        match self.subject {
            Subject::Written(manifest) | Subject::Deleted(manifest) => manifest,
            Subject::Generated { written, .. } => written,
        }
    }

    /// What is said before a message about an object that is not what is written: of one that would be created, what
    /// Gatekeeper says.
    fn by(&self) -> String {
        match self.subject {
            Subject::Written(_) => String::new(),
            Subject::Deleted(_) => "[on deletion] ".to_owned(),
            Subject::Generated { generated, .. } => format!("[Implied by {}] ", generated.by),
        }
    }

    /// The places that details name, in the written object. A word that is no path of the object names none.
    fn named(&self, details: &RegoValue) -> Vec<Pointer> {
        let root = &self.subject.judged().0.root;
        let leads = |pointer: &Pointer| pointer.parts().first().is_some_and(|first| root.get(first).is_some());
        pointers_of(details).iter().filter(|pointer| leads(pointer)).map(|pointer| self.in_written(pointer)).collect()
    }

    /// A place of the judged object, in the one that it was made from.
    fn in_written(&self, pointer: &Pointer) -> Pointer {
        let prefix: &[String] = match self.subject {
            Subject::Written(_) | Subject::Deleted(_) => &[],
            Subject::Generated { generated, .. } => &generated.path,
        };
        Pointer::from_parts(prefix.iter().chain(pointer.parts()).cloned())
    }

    fn harmless(&self, message: &str) -> String {
        hide(&without_secrets(message, self.written()), self.secrets)
    }
}

/// A generator that has nothing to generate from.
pub(super) fn not_expanded(manifest: &Manifest, reason: &str) -> Diagnostic {
    Diagnostic::error(rules::POLICY_FAILED, format!("{} cannot be expanded: {reason}", manifest.object))
        .at(identity(manifest), "what it would create is not judged")
        .help("complete the object, or take its kind out of the ExpansionTemplate")
        .object(&manifest.object)
}
