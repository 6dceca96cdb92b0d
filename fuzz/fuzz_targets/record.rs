//! Any bytes read as a record or are refused; what is read writes back to the same bytes.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run record -O -s none`.
#![no_main]

use hydrant::hydrate::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(record) = Record::parse(bytes) else { return };
    assert_eq!(record.to_bytes(), bytes, "the record is not canonical");
    assert_eq!(Record::parse(&record.to_bytes()).expect("it was read just now"), record);
});
