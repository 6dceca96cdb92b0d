//! Any text reads as a list of allowed signers or is refused, without a panic.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run allowed_signers -O -s none`.
#![no_main]

use hydrant::sign::AllowedSigners;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match AllowedSigners::parse(text, "allowed_signers") {
        Ok(signers) => {
            let has_entry = text.lines().any(|line| {
                let line = line.trim_matches([' ', '\t', '\r']);
                !line.is_empty() && !line.starts_with('#')
            });
            assert_eq!(signers.is_empty(), !has_entry, "a line was left out in silence");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
