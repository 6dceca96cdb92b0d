//! Gatekeeper: constraint templates, constraints and expansions, judged as Gatekeeper judges in a cluster.
//!
//! A [`Gatekeeper`] is loaded once: [`template`] compiles each template as a closure of its own, [`constraint`] says to
//! what it applies. For an object, [`matching`] decides natively which constraints are about it; only for those a
//! [`review`] is made and Rego runs. [`surroundings`] is what a template can know of the other objects.

mod constraint;
mod embedded;
mod expansion;
mod fields;
mod finding;
mod judge;
mod matching;
mod review;
mod schema;
mod suite;
mod surroundings;
mod template;

use std::collections::BTreeMap;

use super::EvaluationLimits;
use super::set::PolicyRule;
use crate::diagnostic::{Diagnostic, did_you_mean, rules};
use crate::manifest::Manifest;
use crate::tree::Digest;

use constraint::Constraint;
use expansion::Expansion;
use template::Template;

pub(super) use judge::Judge;
pub use suite::{CaseResult, Outcome, Suite, SuiteResult, TestResult, is_suite, run_suite};
pub use surroundings::Surroundings;

const TEMPLATES: &str = "templates.gatekeeper.sh";
const EXPANSIONS: &str = "expansion.gatekeeper.sh";

/// Validates a constraint by the CRD that its template defines: what is wrong with either.
pub type ConstraintCheck<'a> = &'a dyn Fn(&Manifest, &Manifest) -> Vec<Diagnostic>;

/// Templates, the constraints that apply them, and expansions. Shared between workers.
#[derive(Debug, Default)]
pub struct Gatekeeper {
    templates: Vec<Template>,
    constraints: Vec<Constraint>,
    expansions: Vec<Expansion>,
    digest: Option<Digest>,
}

impl Gatekeeper {
    /// Whether an object is for [`load`](Self::load), and not for a cluster that does without Gatekeeper.
    #[must_use]
    pub fn is_part(manifest: &Manifest) -> bool {
        matches!(&*manifest.object.gvk.group, TEMPLATES | EXPANSIONS | schema::GROUP)
    }

    /// Loads what Gatekeeper judges by from a list of objects; others are left aside. What cannot be trusted is reported
    /// and left out.
    #[must_use]
    pub fn load(
        manifests: &[Manifest],
        check: ConstraintCheck<'_>,
        limits: &EvaluationLimits,
    ) -> (Self, Vec<Diagnostic>) {
        let mut loading = Loading { found: Self::default(), refused: Vec::new(), diagnostics: Vec::new() };
        let of_group =
            |group: &'static str| manifests.iter().filter(move |manifest| &*manifest.object.gvk.group == group);
        of_group(TEMPLATES)
            .filter(|manifest| &*manifest.object.gvk.kind == "ConstraintTemplate")
            .for_each(|manifest| loading.template(manifest, limits));
        of_group(schema::GROUP).for_each(|manifest| loading.constraint(manifest, check));
        of_group(EXPANSIONS).for_each(|manifest| match Expansion::load(manifest) {
            Ok(expansion) => loading.found.expansions.push(expansion),
            Err(diagnostic) => loading.diagnostics.push(*diagnostic),
        });
        loading.unused();
        let Loading { mut found, diagnostics, .. } = loading;
        found.expansions.sort_by(|a, b| a.name.cmp(&b.name));
        found.digest = digest(manifests);
        (found, diagnostics)
    }

    /// The rules that judge: those of templates that a constraint applies.
    pub(super) fn rules(&self) -> impl Iterator<Item = &PolicyRule> {
        let used = |number: usize| self.constraints.iter().any(|constraint| constraint.template == number);
        let templates = self.templates.iter().enumerate();
        templates.filter(move |(number, _)| used(*number)).map(|(_, template)| &template.rule)
    }

    /// The number of each template among [`rules`](Self::rules).
    fn rule_numbers(&self) -> Vec<Option<usize>> {
        let mut next = 0;
        let used = |number: usize| self.constraints.iter().any(|constraint| constraint.template == number);
        let number = |template: usize| {
            used(template).then(|| {
                next += 1;
                next - 1
            })
        };
        (0..self.templates.len()).map(number).collect()
    }

    /// The same, with every template asked about every object that a constraint matches.
    pub(super) fn without_concerns(mut self) -> Self {
        for template in &mut self.templates {
            template.plan = std::sync::Arc::new(template.plan.without_concerns());
        }
        self
    }

    /// The digest of everything that was loaded; `None` if there is nothing.
    pub(super) fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// Whether there is no constraint.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.constraints.is_empty()
    }

    /// Whether some constraint asks for what is deleted.
    pub(super) fn judges_deletions(&self) -> bool {
        self.constraints.iter().any(|constraint| self.templates[constraint.template].deletions)
    }

    /// Whether some constraint looks at other objects.
    pub(super) fn is_referential(&self) -> bool {
        self.constraints.iter().any(|constraint| self.templates[constraint.template].referential)
    }
}

fn digest(manifests: &[Manifest]) -> Option<Digest> {
    let mut items: Vec<(String, Digest)> = manifests
        .iter()
        .filter(|manifest| Gatekeeper::is_part(manifest))
        .map(|manifest| {
            let name = format!("{} {}", manifest.object.gvk.api_version(), manifest.object);
            (name, Digest::of(manifest.root.to_json().to_string().as_bytes()))
        })
        .collect();
    items.sort();
    (!items.is_empty()).then(|| Digest::of_list(items.iter().map(|(name, digest)| (name.as_str(), *digest))))
}

struct Loading {
    found: Gatekeeper,
    /// Kinds whose template is refused: their constraints need no finding of their own.
    refused: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Loading {
    fn template(&mut self, manifest: &Manifest, limits: &EvaluationLimits) {
        match Template::load(manifest, limits) {
            Ok(template) => match self.number_of(&template.kind) {
                Some(first) => {
                    let place = fields::pointer(&["spec", "crd", "spec", "names", "kind"]);
                    let first = self.found.templates[first].manifest.locate(&place);
                    let diagnostic =
                        Diagnostic::error(rules::POLICY_SYNTAX, format!("two templates define `{}`", template.kind))
                            .at(manifest.locate(&place), "defined again here")
                            .also(first, "first defined here")
                            .help("remove one of the two")
                            .object(&manifest.object);
                    self.diagnostics.push(diagnostic);
                }
                None => self.found.templates.push(template),
            },
            Err(diagnostics) => {
                let kind = fields::at(&manifest.root, &["spec", "crd", "spec", "names", "kind"]);
                self.refused.extend(fields::word(kind).map(str::to_owned));
                self.diagnostics.extend(diagnostics);
            }
        }
    }

    fn number_of(&self, kind: &str) -> Option<usize> {
        self.found.templates.iter().position(|template| template.kind == kind)
    }

    fn constraint(&mut self, manifest: &Manifest, check: ConstraintCheck<'_>) {
        let kind = &*manifest.object.gvk.kind;
        let Some(number) = self.number_of(kind) else {
            if !self.refused.iter().any(|refused| refused == kind) {
                self.diagnostics.push(self.without_template(manifest));
            }
            return;
        };
        let template = &self.found.templates[number];
        let found = check(&schema::crd(&template.manifest, kind), manifest);
        if !found.is_empty() {
            self.diagnostics.extend(found);
            return;
        }
        match constraint::read(manifest, number, &template.manifest) {
            Ok(constraint) => match self.namesake(&constraint) {
                Some(first) => {
                    let message = format!("the constraint `{}` is declared twice", constraint.name);
                    let diagnostic = Diagnostic::error(rules::POLICY_SYNTAX, message)
                        .at(constraint.location, "declared again here")
                        .also(first.location.clone(), "first declared here")
                        .help("remove one of the two, or give it another name")
                        .object(&manifest.object);
                    self.diagnostics.push(diagnostic);
                }
                None => self.found.constraints.push(constraint),
            },
            Err(diagnostic) => self.diagnostics.push(*diagnostic),
        }
    }

    fn namesake(&self, constraint: &Constraint) -> Option<&Constraint> {
        let same = |other: &&Constraint| other.template == constraint.template && other.name == constraint.name;
        self.found.constraints.iter().find(same)
    }

    fn without_template(&self, manifest: &Manifest) -> Diagnostic {
        let kind = &*manifest.object.gvk.kind;
        let known = self.found.templates.iter().map(|template| template.kind.as_str());
        let help = match did_you_mean(kind, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("add the template of `{kind}` beside it"),
        };
        Diagnostic::error(rules::POLICY_SYNTAX, format!("the constraint `{}` has no template", manifest.object.name))
            .at(manifest.locate(&fields::pointer(&["kind"])), "no template defines this kind")
            .help(help)
            .object(&manifest.object)
    }

    /// Templates that no constraint applies.
    fn unused(&mut self) {
        let mut used: BTreeMap<usize, ()> = BTreeMap::new();
        used.extend(self.found.constraints.iter().map(|constraint| (constraint.template, ())));
        if !self.diagnostics.is_empty() {
            return; // it may be a constraint that was refused
        }
        for (number, template) in self.found.templates.iter().enumerate() {
            if used.contains_key(&number) {
                continue;
            }
            let message = format!("no constraint applies the template `{}`", template.kind);
            let place = template.manifest.locate(&fields::pointer(&["spec", "crd", "spec", "names", "kind"]));
            self.diagnostics.push(
                Diagnostic::warning(rules::POLICY_SHAPE, message)
                    .at(place, "judges nothing")
                    .help(format!("add a constraint of kind `{}`, or remove the template", template.kind))
                    .object(&template.manifest.object),
            );
        }
    }
}
