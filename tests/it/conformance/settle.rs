//! The tables of `COMPATIBILITY.md`: each stands between two markers, and a test says what it must be.

use std::sync::Mutex;

/// The document, beside the manifest of the crate.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/COMPATIBILITY.md");

/// Tests run side by side, and the document is one file.
static DOCUMENT_IN_USE: Mutex<()> = Mutex::new(());

/// Asserts that a table stands between the two markers of its name, or puts it there when it is blessed.
pub(crate) fn settle(name: &str, table: &str) {
    let _guard = DOCUMENT_IN_USE.lock();
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let document = std::fs::read_to_string(DOCUMENT).expect("COMPATIBILITY.md is part of the project");
    let (before, rest) = document.split_once(&begin).unwrap_or_else(|| panic!("no `{begin}`"));
    let (old, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no `{end}`"));
    if std::env::var_os("HYDRANT_BLESS").is_some() {
        std::fs::write(DOCUMENT, format!("{before}{begin}{table}{end}{after}")).expect("the document can be written");
    } else {
        let advice = "COMPATIBILITY.md is not up to date: HYDRANT_BLESS=1 cargo test conformance";
        assert!(old == table, "{advice}\n{table}");
    }
}
