//! Any bytes read as an attestation or are refused; what is read writes back to the same bytes.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run attestation -O -s none`.
#![no_main]

use hydrant::attest::{Attestation, Envelope, Statement};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Statement::parse(bytes);
    if let Ok(envelope) = Envelope::parse(bytes) {
        assert_eq!(envelope.to_bytes(), bytes, "the envelope is not canonical");
    }
    let Ok(attestation) = Attestation::parse(bytes) else { return };
    assert_eq!(attestation.to_bytes(), bytes, "the attestation is not canonical");
});
