//! Any text reads without a panic, and what was read writes and reads back with the same meaning.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run yaml -O -s none` (the address sanitizer needs a nightly compiler).
#![no_main]

use hydrant::manifest::{ReadLimits, read, write};
use hydrant::parse::parse;
use hydrant::source::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let source = Source::file("fuzz.yaml", text);
    let limits = ReadLimits { bytes: 1 << 16, depth: 64, nodes: 10_000, ..ReadLimits::default() };
    let parsed = parse(&source, &limits);
    let spans = parsed.diagnostics.iter().filter_map(|diagnostic| diagnostic.primary.as_ref());
    for label in spans {
        let range = label.location.span.range();
        assert!(text.get(range.clone()).is_some(), "a diagnostic points at {range:?}, outside or inside a character");
    }
    for document in read(&source, &limits).documents {
        let mut written = String::new();
        write(&document.root, &mut written).expect("what was read can be written");
        let again = read(&Source::file("written.yaml", written.as_str()), &ReadLimits::default());
        assert!(again.diagnostics.is_empty(), "{:?}\n{written}", again.diagnostics);
        assert_eq!(again.documents.len(), 1, "{written}");
        assert!(again.documents[0].root.same_meaning(&document.root), "{written}");
        let mut twice = String::new();
        write(&again.documents[0].root, &mut twice).expect("what was read can be written");
        assert_eq!(written, twice, "the writer is not canonical");
    }
});
