//! A report is what a run found, ready to be worded: for people ([`human`]) or for machines ([`json`]); one of tests is
//! in [`testing`].
//!
//! Nothing here finds a problem or changes a severity.

pub mod difference;
pub mod formats;
pub mod human;
pub mod json;
mod markdown;
pub mod plan;
mod policies;
mod snippet;
pub mod testing;
pub mod verdict;
mod visible;
pub mod waivers;
mod xml;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{Location, Position};
use waivers::WaiverUse;

pub use policies::{PolicyCoverage, RuleCoverage, UnjudgedObject};

/// How many other places a finding tells that was made several times.
const MOST_PLACES: usize = 8;

/// What a run found, in the order in which it is told.
#[derive(Debug)]
pub struct Report {
    /// The command that ran: `check`, `publish`.
    pub command: &'static str,
    /// Findings, grouped and ordered by [`Report::new`].
    pub findings: Vec<Finding>,
    /// Where every input went.
    pub accounting: Accounting,
    /// From this severity on, a finding refuses.
    pub threshold: Severity,
    /// What became of every waiver, in the order in which they are told.
    pub waivers: Vec<WaiverUse>,
    /// The objects that were found: for formats with room for them.
    pub objects: Vec<FoundObject>,
    /// What would change on the branches, where that is known: for formats with room for it.
    pub differences: Vec<difference::EnvironmentDifference>,
}

/// An object of an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundObject {
    /// The environment.
    pub environment: String,
    /// The app.
    pub app: String,
    /// `Deployment shop/web`.
    pub object: String,
}

/// One diagnostic, and every environment it was found in.
#[derive(Debug)]
pub struct Finding {
    /// The diagnostic; its own `subject.environment` is the first of `environments`.
    pub diagnostic: Diagnostic,
    /// In alphabetical order; empty for findings that concern no environment (a policy that does not load).
    pub environments: Vec<String>,
}

impl Finding {
    /// One line of a template can make the same mistake several times in an environment, with other values each time:
    /// all their places are told.
    fn join(&mut self, other: Diagnostic) {
        if other.subject.environment != self.diagnostic.subject.environment {
            return;
        }
        let place = |label: &Label| (label.location.source.name().to_owned(), label.location.span, label.text.clone());
        for label in other.secondary {
            let told = &mut self.diagnostic.secondary;
            if told.len() < MOST_PLACES && told.iter().all(|known| place(known) != place(&label)) {
                told.push(label);
            }
        }
    }
}

/// Where everything went: `inputs = rendered + skipped + failed`, `documents = objects' documents + empty + failed`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounting {
    /// Environments that were built.
    pub environments: usize,
    /// Environment × app.
    pub units: usize,
    /// Files of apps, counted once for each environment.
    pub inputs: usize,
    /// Inputs that gave a text.
    pub rendered: usize,
    /// Inputs that gave none on purpose, by reason.
    pub skipped: BTreeMap<&'static str, usize>,
    /// Inputs that gave none because of a finding.
    pub failed: usize,
    /// YAML documents in the rendered texts.
    pub documents: usize,
    /// Documents that hold nothing but comments.
    pub empty_documents: usize,
    /// Documents that gave no object because of a finding.
    pub failed_documents: usize,
    /// Objects left out because the same object was there before; each is a finding.
    pub duplicate_objects: usize,
    /// Objects after Lists are expanded.
    pub objects: usize,
    /// Objects compared with a schema.
    pub validated: usize,
    /// Objects not compared with a schema on purpose, by reason.
    pub skipped_objects: BTreeMap<&'static str, usize>,
    /// Objects that no usable schema could be compared with; each is a finding.
    pub unvalidated: usize,
    /// Objects held against policies without a failure of each: judged, or of no concern to any.
    pub held: usize,
    /// Objects judged by at least one policy rule.
    pub judged: usize,
    /// Policy rules that were loaded.
    pub policy_rules: usize,
    /// What each of them judged, and what none did.
    pub policies: PolicyCoverage,
}

impl Accounting {
    /// Adds what another environment accounts for. The policy rules are the same for all.
    pub fn add(&mut self, other: &Self) {
        self.environments += other.environments;
        self.units += other.units;
        self.inputs += other.inputs;
        self.rendered += other.rendered;
        for (reason, number) in &other.skipped {
            *self.skipped.entry(reason).or_default() += number;
        }
        self.failed += other.failed;
        self.documents += other.documents;
        self.empty_documents += other.empty_documents;
        self.failed_documents += other.failed_documents;
        self.duplicate_objects += other.duplicate_objects;
        self.objects += other.objects;
        self.validated += other.validated;
        for (reason, number) in &other.skipped_objects {
            *self.skipped_objects.entry(reason).or_default() += number;
        }
        self.unvalidated += other.unvalidated;
        self.held += other.held;
        self.judged += other.judged;
        self.policies.add(&other.policies);
    }
}

impl Report {
    /// Groups and orders diagnostics: by file and place, those without a place first.
    #[must_use]
    pub fn new(
        command: &'static str,
        diagnostics: Vec<Diagnostic>,
        accounting: Accounting,
        threshold: Severity,
    ) -> Self {
        let mut groups: BTreeMap<Identity, Finding> = BTreeMap::new();
        for diagnostic in diagnostics {
            let environment = diagnostic.subject.environment.clone();
            let finding = match groups.entry(Identity::of(&diagnostic)) {
                Entry::Vacant(entry) => entry.insert(Finding { diagnostic, environments: Vec::new() }),
                Entry::Occupied(entry) => {
                    let finding = entry.into_mut();
                    finding.join(diagnostic);
                    finding
                }
            };
            if let Some(environment) = environment
                && let Err(index) = finding.environments.binary_search(&environment)
            {
                finding.environments.insert(index, environment);
            }
        }
        Self {
            command,
            findings: groups.into_values().collect(),
            accounting,
            threshold,
            waivers: Vec::new(),
            objects: Vec::new(),
            differences: Vec::new(),
        }
    }

    /// With what became of the waivers.
    #[must_use]
    pub fn with_waivers(mut self, waivers: Vec<WaiverUse>) -> Self {
        self.waivers = waivers;
        self
    }

    /// The same with the objects that were found, and what would change on the branches.
    #[must_use]
    pub fn with_objects(
        mut self,
        objects: Vec<FoundObject>,
        differences: Vec<difference::EnvironmentDifference>,
    ) -> Self {
        (self.objects, self.differences) = (objects, differences);
        self
    }

    /// The findings that a waiver covers: told, and not counted towards a refusal.
    pub fn waived(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.diagnostic.waived.is_some())
    }

    /// How many findings have exactly this severity, without those that are waived or excepted.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let counts = |finding: &&Finding| finding.diagnostic.severity == severity && finding.diagnostic.counts();
        self.findings.iter().filter(counts).count()
    }

    /// How many findings a policy excepts.
    #[must_use]
    pub fn excepted(&self) -> usize {
        self.findings.iter().filter(|finding| finding.diagnostic.excepted_by.is_some()).count()
    }

    /// Whether a finding refuses.
    #[must_use]
    pub fn refuses(&self, finding: &Finding) -> bool {
        finding.diagnostic.refuses(self.threshold)
    }

    /// How many findings refuse.
    #[must_use]
    pub fn refusing(&self) -> usize {
        self.findings.iter().filter(|finding| self.refuses(finding)).count()
    }
}

/// What makes two diagnostics one finding, in the order of the report.
///
/// The environment is not part of it where there is a place: one template gives the same mistake at the same line of
/// every environment, and is told once. What is waived in one environment and counts in another are two findings.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    file: Option<String>,
    place: Option<(Position, Position)>,
    rule: String,
    message: String,
    app: Option<String>,
    environment: Option<String>,
    waived: Option<(String, Position)>,
    excepted: bool,
}

impl Identity {
    fn of(diagnostic: &Diagnostic) -> Self {
        let location = diagnostic.primary.as_ref().map(|label| &label.location);
        Self {
            file: location.map(|location| location.source.name().to_owned()),
            place: location.map(|location| (location.position(), location.end_position())),
            rule: diagnostic.rule.as_str().to_owned(),
            message: diagnostic.message.clone(),
            app: diagnostic.subject.app.clone(),
            environment: diagnostic.subject.environment.clone().filter(|_| location.is_none()),
            waived: diagnostic
                .waived
                .as_ref()
                .map(|waived| (waived.location.source.name().to_owned(), waived.location.position())),
            excepted: diagnostic.excepted_by.is_some(),
        }
    }
}

/// The environment a location's text was rendered for; `None` for a file of the repository.
fn rendered_for(location: &Location) -> Option<&str> {
    match location.source.origin() {
        crate::source::Origin::File => None,
        crate::source::Origin::Rendered { environment } => Some(environment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::rules;
    use crate::source::{Source, Span};

    #[test]
    fn one_line_of_a_plain_file_is_told_once_for_all_environments() {
        let source = Source::file("apps/web/a.yaml", "a: 1\n");
        let found = |environment: &str| {
            Diagnostic::error(rules::UNKNOWN_FIELD, "`a` is unknown")
                .at(Location::new(&source, Span::new(0, 1)), "")
                .within(environment, "web")
        };
        let report = Report::new("check", vec![found("prod"), found("dev")], Accounting::default(), Severity::Error);
        assert_eq!(report.findings.len(), 1);
        assert_eq!(report.findings[0].environments, ["dev", "prod"]);
    }

    #[test]
    fn one_mistake_of_a_template_is_told_once_for_all_environments() {
        let found = |environment: &str, text: &str, message: &str| {
            let source = Source::rendered("apps/web/a.yaml.j2", environment, text);
            let start = text.find("bad").unwrap();
            Diagnostic::error(rules::UNKNOWN_FIELD, message)
                .at(Location::new(&source, Span::new(start, start + 3)), "")
                .within(environment, "web")
        };
        let diagnostics = vec![
            found("dev", "replicas: 1\nbad: 1\n", "`bad` is unknown"),
            found("prod", "replicas: 30\nbad: 1\n", "`bad` is unknown"),
            found("test", "replicas: 1\nbad: 1\n", "another message"),
        ];
        let report = Report::new("check", diagnostics, Accounting::default(), Severity::Error);
        let told: Vec<_> = report.findings.iter().map(|finding| finding.environments.join("+")).collect();
        assert_eq!(told, ["dev+prod", "test"]);
    }

    #[test]
    fn a_line_that_makes_one_mistake_with_two_values_tells_both() {
        let template = Source::file("apps/web/a.yaml.j2", "port: {{ port }}\n");
        let values = Source::file("values.yaml", "a: 1\nb: 1\n");
        let found = |environment: &str, line: usize| {
            Diagnostic::error(rules::OUT_OF_RANGE, "`port` is too large")
                .at(Location::new(&template, Span::new(9, 13)), "")
                .also(Location::new(&values, Span::new(line, line + 1)), "is set here")
                .within(environment, "web")
        };
        let diagnostics = vec![found("dev", 0), found("dev", 5), found("dev", 5), found("prod", 8)];
        let report = Report::new("check", diagnostics, Accounting::default(), Severity::Error);
        assert_eq!(report.findings.len(), 1);
        let told: Vec<_> =
            report.findings[0].diagnostic.secondary.iter().map(|label| label.location.span.start).collect();
        assert_eq!(told, [0, 5], "another environment says the same again");
    }
}
