//! Any text loads as a policy or is reported, without a panic; and what loads judges an object within its limits.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run policy -O -s none -- -timeout=10`.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use hydrant::evaluate::{EvaluationLimits, PolicySet};
use hydrant::manifest::{Manifest, ReadLimits};
use hydrant::parse::parse;
use hydrant::source::Source;
use libfuzzer_sys::fuzz_target;

static OBJECTS: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
    parse(&Source::file("service.yaml", text), &ReadLimits::default()).manifests
});

fuzz_target!(|text: &str| {
    let source = Source::file("policies/fuzz.rego", text);
    let limits = EvaluationLimits { policy_bytes: 1 << 14, instructions: 50_000, time: Duration::from_secs(2), place_steps: 10_000, ..Default::default() };
    let (policies, diagnostics) = PolicySet::load(&[source], &[], &limits);
    for label in diagnostics.iter().filter_map(|diagnostic| diagnostic.primary.as_ref()) {
        let span = label.location.span;
        assert!(label.location.source.text().get(span.range()).is_some(), "{span:?} is outside or inside a character");
    }
    let mut evaluator = policies.evaluator();
    for object in OBJECTS.iter() {
        evaluator.judge(object);
    }
});
