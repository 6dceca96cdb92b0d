//! Gatekeeper's documents on their way to the policies: read like any manifest, constraints validated like any object.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::evaluate::EvaluationLimits;
use crate::evaluate::gatekeeper::{self, Gatekeeper, Suite, SuiteResult};
use crate::load::SuiteFile;
use crate::manifest::{Manifest, ReadLimits};
use crate::parse::parse;
use crate::source::Source;
use crate::validate::{Schemas, UnknownKinds};

/// Loads templates, constraints and expansions.
pub(super) fn load(sources: &[Arc<Source>], limits: &EvaluationLimits) -> (Gatekeeper, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut manifests = Vec::new();
    for source in sources {
        let parsed = parse(source, &ReadLimits::default());
        diagnostics.extend(parsed.diagnostics);
        manifests.extend(parsed.manifests.into_iter().filter(Gatekeeper::is_part));
    }
    let (gatekeeper, refused) = Gatekeeper::load(&manifests, &check_constraint, limits);
    diagnostics.extend(refused);
    (gatekeeper, diagnostics)
}

/// Runs those cases of a suite of Gatekeeper (`test.gatekeeper.sh/v1alpha1`) that are selected, by `test/case`.
#[must_use]
pub fn run_suite(suite: &SuiteFile<'_>, selected: &dyn Fn(&str) -> bool, limits: &EvaluationLimits) -> SuiteResult {
    let SuiteFile { source, path, tree } = suite;
    gatekeeper::run_suite(&Suite { source, path, tree: *tree, selected, check: &check_constraint, limits })
}

fn check_constraint(crd: &Manifest, constraint: &Manifest) -> Vec<Diagnostic> {
    let (schemas, broken) = Schemas::newest(UnknownKinds::Deny).with_crds([crd]);
    if broken.is_empty() { schemas.validate(constraint).diagnostics } else { broken }
}
