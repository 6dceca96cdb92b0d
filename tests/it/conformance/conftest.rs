//! What Conftest passes without a word, and what each of those cases ends with here: the folders `fixtures/cases/conftest-*`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::settle;

/// Case, and what Conftest 0.69 makes of it, measured or read in its source.
const CASES: &[(&str, &str)] = &[
    ("shape-boolean", "passed: it looks for messages in a set"),
    ("shape-single-value", "passed: it looks for messages in a set"),
    ("shape-object", "passed: it looks for messages in a set"),
    ("shape-nested", "passed: the rule has another name"),
    ("shape-number", "passed: a member that is neither a text nor an object counts as nothing"),
    ("shape-empty-message", "passed: an empty message counts as none"),
    ("shape-upper-case", "passed: the rule has another name"),
    ("shape-two-underscores", "passed: the rule has another name"),
    ("shape-other-package", "passed: packages besides `main` are not asked"),
    ("input-separator-with-blank", "passed: the documents behind the separator are not read"),
    ("input-separator-with-comment", "passed: the documents behind the separator are not read"),
    ("input-mixed-line-ends", "passed: the documents behind the separator are not read"),
    ("input-json-stream", "passed in a `.yaml` file, whose first object alone is read; an error in a `.json` file"),
    ("input-list", "passed: the List is one document"),
    ("namespace", "the same for names and patterns; a namespace without a package passes"),
    ("unqueried-package", "passed: nobody asks"),
    ("exception", "the same; the message of what is excepted is not told"),
    ("exception-shape", "fails: what was to be excepted is not"),
    ("combine", "the same input; results have no place"),
    ("data", "the same"),
    ("warn", "the same; `--fail-on-warn` ends with 2 where something failed"),
    ("loc", "the same place"),
    ("settings", "the same settings; a misspelt key is not told"),
    ("settings-broken", "an error"),
    ("project-namespaces", "–"),
    ("parse-config", "the same, and rules that judge may parse too"),
    ("compat", "the same exit codes and the same last line"),
];

#[test]
fn every_case_of_conftest_stands_in_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let folders: BTreeSet<String> = fs::read_dir(&root)
        .expect("fixtures/cases")
        .filter_map(|entry| entry.expect("readable").file_name().into_string().ok())
        .filter_map(|name| name.strip_prefix("conftest-").map(str::to_owned))
        .collect();
    let listed: BTreeSet<String> = CASES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(listed, folders);
    let mut table = String::from("| case | Conftest | Hydrant |\n|---|---|---|\n");
    for (name, there) in CASES {
        let report = fs::read_to_string(root.join(format!("conftest-{name}/report.txt"))).expect("a report");
        let _ = writeln!(table, "| {name} | {there} | {} |", told(&report));
    }
    settle("conftest", &table);
}

/// What the session says: each command's exit code, with the rules that were found.
fn told(report: &str) -> String {
    let sessions = report.split("\n$ ").skip(1).map(|session| {
        let code = session.lines().find_map(|line| line.strip_prefix("[exit ")).map_or("0", |rest| &rest[..1]);
        let kinds = ["error", "warning", "exception"];
        let rule = |line: &str| {
            let (kind, rest) = line.split_once('[')?;
            let rule = rest.split_once(']')?.0;
            match kinds.iter().position(|known| *known == kind)? {
                0 => Some(format!("`{rule}`")),
                1 => Some(format!("`{rule}` (warns)")),
                _ => Some(format!("`{rule}` (excepted)")),
            }
        };
        let rules: BTreeSet<String> = session.lines().filter_map(rule).collect();
        let rules: Vec<String> = rules.into_iter().collect();
        if rules.is_empty() { code.to_owned() } else { format!("{code}: {}", rules.join(", ")) }
    });
    let mut sessions: Vec<String> = sessions.collect();
    sessions.dedup();
    sessions.join("; ")
}
