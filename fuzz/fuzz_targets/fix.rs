//! Any text is fixed without a panic and without another value; what is fixed once is fixed.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run fix -O -s none`.
#![no_main]

use hydrant::manifest::{ReadLimits, fix, fix_bytes, read};
use hydrant::source::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = ReadLimits { bytes: 1 << 12, depth: 64, nodes: 2_000, ..ReadLimits::default() };
    // bytes that are no text are refused, and UTF-16 is a text
    let _ = fix_bytes("fuzz.yaml", bytes, &[], &limits);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let source = Source::file("fuzz.yaml", text);
    let fixed = fix(&source, &limits);
    assert_eq!(fixed.is_changed(), fixed.source.text() != text, "{:?}", fixed.applied);
    for (_, location) in &fixed.applied {
        let range = location.span.range();
        assert!(text.get(range.clone()).is_some(), "a fix was made at {range:?}, outside or inside a character");
    }
    let (before, after) = (read(&source, &limits), read(&fixed.source, &limits));
    assert_eq!((before.documents.len(), before.failed), (after.documents.len(), after.failed));
    for (before, after) in before.documents.iter().zip(&after.documents) {
        assert!(before.root.same_meaning(&after.root), "another value: {}", fixed.source.text());
    }
    assert!(after.diagnostics.len() <= before.diagnostics.len(), "{:?}", after.diagnostics);
    assert!(!fix(&fixed.source, &limits).is_changed(), "not fixed at once: {}", fixed.source.text());
});
