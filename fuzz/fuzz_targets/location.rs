//! Any text as a place of schemas: what is read prints as it was written, names files inside its folder, and a host that
//! no manifest can change.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run location -O -s none`.
#![no_main]

use hydrant::config::{SchemaLocation, SchemaRequest};
use hydrant::manifest::Gvk;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str, bool)| {
    let (text, api_version, kind, strict) = input;
    let location = match SchemaLocation::parse(text) {
        Ok(location) => location,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.help().is_empty());
            return;
        }
    };
    assert_eq!(SchemaLocation::parse(&location.to_string()).as_ref(), Ok(&location), "{text}");
    let gvk = Gvk::new(api_version, kind);
    let request = SchemaRequest { gvk: &gvk, kubernetes: "1.34", strict };
    match &location {
        SchemaLocation::Embedded => {}
        SchemaLocation::Files(files) => {
            for path in files.candidates(&request) {
                let leads_out = path.split('/').any(|part| matches!(part, "" | "." | ".."));
                assert!(!leads_out, "`{text}` leads {gvk} to `{path}`");
            }
        }
        SchemaLocation::Url(url) => {
            let host = |address: &str| address.split('/').nth(2).map(str::to_owned);
            if let Some(address) = url.address(&request) {
                assert_eq!(host(&address), host(url.as_str()), "`{text}` asks `{address}` for {gvk}");
            }
        }
    }
});
