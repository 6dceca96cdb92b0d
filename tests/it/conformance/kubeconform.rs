//! kubeconform's own fixtures, and what its acceptance tests expect of them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use hydrant::manifest::Gvk;
use hydrant::source::Source;
use hydrant::validate::{Schemas, UnknownKinds};

use super::judge::{Judged, catalog, judge, objects};
use super::settle;
use crate::corpus::corpus;

/// What an acceptance test of kubeconform runs, and the exit code it expects.
struct Expected {
    file: &'static str,
    /// The options that matter for the verdict.
    options: &'static str,
    passes: bool,
    /// Why we differ, if we do.
    reason: Option<&'static str>,
}

const fn passes(file: &'static str, options: &'static str) -> Expected {
    Expected { file, options, passes: true, reason: None }
}

const fn fails(file: &'static str, options: &'static str) -> Expected {
    Expected { file, options, passes: false, reason: None }
}

impl Expected {
    const fn but(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }
}

const STRICT: &str = "unknown fields and repeated keys are always errors, as with `kubectl --validate=strict`";
const NOTHING: &str = "a run that checks nothing is no success, and ends with exit code 3";

/// From `acceptance.bats` of kubeconform 0.7: what is about the verdict, and not about options, caches or reports.
const EXPECTED: &[Expected] = &[
    passes("valid.yaml", ""),
    passes("folder/valid.yaml", ""),
    passes("folder/multi_valid.yaml", ""),
    passes("int_or_string.yaml", ""),
    passes("valid.json", "-kubernetes-version 1.20.0"),
    passes("generate_name.yaml", ""),
    passes("quantity.yaml", ""),
    passes("null_string.yaml", ""),
    passes("multi_valid.yaml", ""),
    fails("multi_invalid.yaml", ""),
    fails("invalid.yaml", ""),
    passes("blank.yaml", "").but(NOTHING),
    passes("comment.yaml", "").but(NOTHING),
    fails("missing_kind.yaml", ""),
    fails("missing_apiversion.yaml", ""),
    fails("missing_kind_value.yaml", ""),
    fails("test_crd.yaml", ""),
    passes("test_crd.yaml", "-ignore-missing-schemas").but(NOTHING),
    passes("extra_property.yaml", "").but(STRICT),
    fails("extra_property.yaml", "-strict"),
    passes("duplicate_property.yaml", "").but(STRICT),
    fails("duplicate_property.yaml", "-strict"),
    passes("list_valid.yaml", ""),
    fails("list_invalid.yaml", ""),
    passes("list_empty_valid.yaml", "").but(NOTHING),
    passes("multi_with_list.yaml", ""),
    passes("httpproxy.yaml", "-schema-location …/CRDs-catalog/…"),
    passes("grafana-alert-rule-group-sample.yaml", "-schema-location grafanaalertrulegroup_v1beta1.json"),
];

/// How a file ends here, in the words of an exit code.
fn passed_here(judged: &Judged) -> bool {
    judged.errors().is_empty() && judged.checked > 0
}

fn judge_as(expected: &Expected, corpus: &Path) -> Judged {
    let unknown = if expected.options == "-ignore-missing-schemas" { UnknownKinds::Warn } else { UnknownKinds::Deny };
    let file = corpus.join("suites/kubeconform-fixtures").join(expected.file);
    let manifests = objects(&file);
    let files = schema_files(corpus, manifests.iter().map(|manifest| &manifest.object.gvk));
    judge(&file, Schemas::new("1.34", unknown).unwrap().with_schema_files(files))
}

/// The fixture's own schema, and the catalog's, for some kinds.
fn schema_files<'a>(corpus: &Path, kinds: impl IntoIterator<Item = &'a Gvk>) -> Vec<(Gvk, Arc<Source>)> {
    let name = "grafanaalertrulegroup_v1beta1.json";
    let text = std::fs::read_to_string(corpus.join("suites/kubeconform-fixtures").join(name)).unwrap();
    let own = Gvk::new("grafana.integreatly.org/v1beta1", "GrafanaAlertRuleGroup");
    std::iter::once((own, Source::file(name, text))).chain(catalog(corpus, kinds)).collect()
}

#[test]
fn fixtures_of_kubeconform_end_as_its_tests_expect_or_for_a_reason() {
    let Some(corpus) = corpus() else { return };
    let (mut same, mut different, mut rows) = (0, 0, String::new());
    for expected in EXPECTED {
        let judged = judge_as(expected, &corpus);
        let agrees = passed_here(&judged) == expected.passes;
        assert_eq!(agrees, expected.reason.is_none(), "{}: {:?}", expected.file, judged.diagnostics);
        *(if agrees { &mut same } else { &mut different }) += 1;
        let options = if expected.options.is_empty() { String::new() } else { format!(" `{}`", expected.options) };
        let theirs = if expected.passes { "pass" } else { "fail" };
        let difference = expected.reason.map_or_else(|| "agrees".to_owned(), |reason| format!("**differs**: {reason}"));
        let _ = writeln!(rows, "| {}{options} | {theirs} | {} | {difference} |", expected.file, judged.verdict());
    }
    eprintln!("kubeconform: {same} passed, 0 failed, {different} differ on purpose");
    let summary = format!("{} expectations: {same} agree, {different} differ for a reason.", EXPECTED.len());
    settle("kubeconform", &format!("{summary}\n\n| fixture | kubeconform | Hydrant | |\n|---|---|---|---|\n{rows}"));
}
