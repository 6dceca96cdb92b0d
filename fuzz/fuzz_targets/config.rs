//! Any text reads as `hydrant.yaml` or is refused with findings that point into it.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run config -O -s none`.
#![no_main]

use hydrant::config;
use hydrant::source::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Err(diagnostics) = config::parse(&Source::file("hydrant.yaml", text)) else { return };
    assert!(!diagnostics.is_empty(), "refused without a reason");
    for label in diagnostics.iter().flat_map(|diagnostic| diagnostic.primary.iter().chain(&diagnostic.secondary)) {
        let span = label.location.span;
        assert!(text.get(span.range()).is_some(), "{span:?} is outside or inside a character");
    }
});
