//! Conftest: which packages a project asks for messages, and loose documents judged together, as one input.

use super::Limits;
use super::judge::policies_with;
use super::loose::LooseRun;
use crate::config::{Project, RegoVersion};
use crate::diagnostic::{Diagnostic, rules};
use crate::evaluate::conftest::{NamespacePattern, Namespaces};
use crate::evaluate::{self, Dialect, Judgement, Kubernetes, PolicyOptions, PolicySet};
use crate::load::Checks;
use crate::manifest::Manifest;

/// The dialect of a version of Rego.
#[must_use]
pub fn dialect_of(version: RegoVersion) -> Dialect {
    match version {
        RegoVersion::Detect => Dialect::Detect,
        RegoVersion::V0 => Dialect::V0,
        RegoVersion::V1 => Dialect::V1,
    }
}

/// What a project says about its policies. Namespaces that cannot be read are mistakes of its configuration.
pub fn policy_options(project: &Project) -> Result<PolicyOptions, Vec<Diagnostic>> {
    let options = PolicyOptions { dialect: dialect_of(project.policies.rego), ..PolicyOptions::default() };
    let Some(written) = &project.policies.namespaces else { return Ok(options) };
    let mut refused = Vec::new();
    let mut patterns = Vec::new();
    for name in written {
        match NamespacePattern::parse(&name.value) {
            Ok(pattern) => patterns.push(pattern.at(name.location.clone())),
            Err(error) => {
                let diagnostic = Diagnostic::error(rules::CONFIG_INVALID, error.to_string())
                    .help("name a package without `data.`, or a pattern such as `main.*`");
                refused.push(match &name.location {
                    Some(location) => diagnostic.at(location.clone(), "no namespace"),
                    None => diagnostic,
                });
            }
        }
    }
    match refused.is_empty() {
        true => Ok(PolicyOptions { namespaces: Namespaces::Chosen(patterns), ..options }),
        false => Err(refused),
    }
}

/// The policies of a run over loose files: those that judge each object, and those that judge all together.
pub(super) struct LoosePolicies {
    pub(super) each: PolicySet,
    together: Option<PolicySet>,
}

impl LoosePolicies {
    /// Under `combine`, the user's Rego sees all objects at once. What is shipped and what is Gatekeeper's knows single
    /// objects only: a list would pass them in silence.
    pub(super) fn load(run: &LooseRun<'_>, limits: &Limits) -> (Self, Vec<Diagnostic>) {
        let packs = evaluate::chosen(run.packs.iter().map(String::as_str));
        if !run.combine {
            let (each, diagnostics) = policies_with(packs, &run.checks, &run.policies, &limits.evaluation);
            return (Self { each: each.on(limits.today), together: None }, diagnostics);
        }
        let for_each = Checks { gatekeeper: run.checks.gatekeeper.clone(), ..Checks::default() };
        let for_all = Checks {
            policies: run.checks.policies.clone(),
            data: run.checks.data.clone(),
            data_trees: run.checks.data_trees.clone(),
            ..Checks::default()
        };
        let (each, mut diagnostics) = policies_with(packs, &for_each, &PolicyOptions::default(), &limits.evaluation);
        let (together, more) = policies_with(Vec::new(), &for_all, &run.policies, &limits.evaluation);
        diagnostics.extend(more);
        let (each, together) = (each.on(limits.today), Some(together.on(limits.today)));
        (Self { each, together }, diagnostics)
    }

    /// How many rules report.
    pub(super) fn rules(&self) -> usize {
        self.each.rules().len() + self.together.as_ref().map_or(0, |together| together.rules().len())
    }

    /// Whether some of them can judge only when all objects are known.
    pub(super) fn needs_all(&self) -> bool {
        self.together.is_some()
    }

    /// What is found in all objects together; nothing where nobody asked for that, or there is no object.
    pub(super) fn judge_together(&self, manifests: &[&Manifest], kubernetes: Kubernetes) -> Judgement {
        match &self.together {
            Some(together) if !manifests.is_empty() => {
                let mut evaluator = together.evaluator();
                evaluator.aim_at(kubernetes);
                evaluator.judge_combined(manifests)
            }
            _ => Judgement::default(),
        }
    }
}
