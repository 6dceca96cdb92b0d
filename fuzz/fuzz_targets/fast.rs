//! The fast reader gives what the thorough one gives, spans included, for any text.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run fast -O -s none` (the address sanitizer needs a nightly compiler).
#![no_main]

use hydrant::manifest::{ReadLimits, read, read_thoroughly};
use hydrant::source::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let source = Source::file("fuzz.yaml", text);
    let limits = ReadLimits { bytes: 1 << 16, depth: 16, nodes: 1_000, ..ReadLimits::default() };
    let (fast, thorough) = (read(&source, &limits), read_thoroughly(&source, &limits));
    let messages = |stream: &hydrant::manifest::Stream| -> Vec<String> {
        stream.diagnostics.iter().map(|diagnostic| diagnostic.message.clone()).collect()
    };
    assert_eq!((fast.failed, messages(&fast)), (thorough.failed, messages(&thorough)));
    assert_eq!(fast.documents.len(), thorough.documents.len());
    for (fast, thorough) in fast.documents.iter().zip(&thorough.documents) {
        assert_eq!(fast.root, thorough.root);
    }
});
