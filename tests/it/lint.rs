//! What Kubernetes reads and other readers read otherwise, and the fixes that change nothing for Kubernetes.

use std::collections::BTreeMap;
use std::path::Path;

use hydrant::diagnostic::Severity;
use hydrant::manifest::{Fixed, NotText, ReadLimits, Stream, fix, fix_bytes, read};
use hydrant::parse::parse;
use hydrant::source::Source;
use proptest::prelude::*;

use crate::conformance::kubectl::read_all;
use crate::corpus::{corpus, files_below};
use crate::yaml::kubectl_reads_files;

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

/// Rule, severity and marked text of everything found in an object with this `data`.
fn findings(data: &str) -> Vec<(String, Severity, String)> {
    findings_of(&format!("{HEAD}{data}"))
}

fn findings_of(text: &str) -> Vec<(String, Severity, String)> {
    let parsed = parse(&Source::file("test.yaml", text), &ReadLimits::default());
    let told = parsed.diagnostics.iter().map(|found| {
        assert!(found.help.is_some(), "{}", found.message);
        let location = &found.primary.as_ref().expect("a place").location;
        (found.rule.to_string(), found.severity, location.source.slice(location.span).to_owned())
    });
    told.collect()
}

fn read_text(text: &str) -> Stream {
    read(&Source::file("test.yaml", text), &ReadLimits::default())
}

fn fixed(text: &str) -> Fixed {
    fix(&Source::file("test.yaml", text), &ReadLimits::default())
}

/// The text after the fix, with the rules that were applied and those that are left.
fn outcome(text: &str) -> (String, Vec<String>, Vec<String>) {
    let fixed = fixed(text);
    let applied = fixed.applied.iter().map(|(rule, _)| rule.to_string()).collect();
    let left = fixed.left.iter().map(|left| left.rule.to_string()).collect();
    (fixed.source.text().to_owned(), applied, left)
}

#[test]
fn what_other_readers_read_otherwise_is_found_where_it_stands() {
    use Severity::{Error, Note, Warning};
    for (data, rule, severity, marked) in [
        ("data: {a: yes}", "yaml-boolean", Warning, "yes"),
        ("data: [OFF]", "yaml-boolean", Warning, "OFF"),
        ("data: {a: 0644}", "leading-zero", Warning, "0644"),
        ("data: {a: -0888}", "leading-zero", Warning, "-0888"),
        ("data: {a: 1_000}", "number-spelling", Warning, "1_000"),
        ("data: {a: 0o644}", "number-spelling", Warning, "0o644"),
        ("data: {a: 0b11}", "number-spelling", Warning, "0b11"),
        ("data: {a: 1_0.5}", "number-spelling", Warning, "1_0.5"),
        ("data: {a: 22:22}", "base-60", Warning, "22:22"),
        ("data: {a: 9007199254740993}", "lossy-number", Warning, "9007199254740993"),
        ("data: {a: 18446744073709551615}", "lossy-number", Error, "18446744073709551615"),
        ("data: {on: a}", "non-string-key", Warning, "on"),
        ("data: {0x10: a}", "non-string-key", Warning, "0x10"),
        ("data: {1: a}", "non-string-key", Note, "1"),
        ("data: {a: &x {b: 1}, c: {<<: *x, b: 2}}", "merge-overlap", Error, "b"),
        ("data: {a: {<<: {b: 1}, <<: {c: 1}}}", "repeated-merge", Warning, "<<"),
        ("data: {a: !Ref b}", "custom-tag", Warning, "!Ref"),
        ("data: {a: !!python/tuple [b]}", "custom-tag", Warning, "!!python/tuple"),
        ("data:\n  a:\tb # a\ttab", "tab-separator", Note, "\t"),
        ("data:\n  a: b\r\n  c: d\n", "mixed-line-ends", Note, "\r\n"),
        ("data:\n  a: b\n...\n", "document-end", Note, "..."),
        ("---\n\u{feff}---\n", "byte-order-mark", Note, "\u{feff}"),
    ] {
        assert_eq!(findings(data), [(rule.to_owned(), severity, marked.to_owned())], "{data}");
    }
    let (rule, ..) = findings_of(&format!("\u{feff}{HEAD}")).remove(0);
    assert_eq!(rule, "byte-order-mark");
}

#[test]
fn what_every_reader_reads_alike_is_not_found() {
    for data in [
        "data: {a: true, b: False, c: null, d: ~, true: 1, e: TRUE}",
        "data: {a: 'yes', b: \"0644\", c: !!str no, d: yes sir}\nother: |\n  yes\n",
        "data: {a: 0, b: 00, c: 07, d: 10, e: -5, f: 1.50, g: 1e3, h: 0x1F, i: +7}",
        "data: {a: 9007199254740992, b: 1000000000000000000, c: 3.14159, d: 1e30}",
        "data: {a: 10:61, b: '::1', c: '22:22', d: 2024-01-01, e: !!str 22:22, f: 1.2.3}",
        "data: {'1': a, \"on\": b, !!str 2: c, yesterday: d, offset: e, null-ish: f}",
        "data: &a {b: 1}\nother: {<<: *a, c: 2}",
        "data: {a: !!binary aGk=, b: ! c, d: 'x !Ref y', e: a!b} # !Ref",
        "data:\n  a: 'x\ty'\n  b: |\n    x\ty\n  c: x\ty\n  # a\ttab\n  d: [x, z]",
        "data: {a: ..., b: \"...\"}\n# ...\n",
        "data:\r\n  a: b\r\n",
    ] {
        let text = format!("{HEAD}{data}");
        // in the last case every line end is of one kind
        let text = if data.contains('\r') { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
        assert_eq!(findings_of(&text), [], "{data}");
    }
    let json = "{\n\t\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\t\"metadata\":\t{\"name\": \"a\"}\n}\n";
    assert_eq!(findings_of(json), [], "tabs may separate the words of JSON");
}

#[test]
fn a_blank_of_several_bytes_before_a_number_is_no_trouble() {
    let marked = ("base-60".to_owned(), Severity::Warning, "22:22".to_owned());
    assert_eq!(findings("data: {a\u{a0}: 22:22}"), [marked]);
}

#[test]
fn an_error_at_the_same_place_comes_first() {
    let told = findings_of("apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: on}\n");
    assert_eq!(told, [("invalid-identity".to_owned(), Severity::Error, "on".to_owned())]);
}

#[test]
fn two_merges_that_give_different_values_are_refused() {
    for data in ["data: {<<: {a: 1}, <<: {a: 2}}", "data: {a: 1, <<: {a: 2}}"] {
        let told = findings(data);
        assert_eq!((told[0].0.as_str(), told[0].1), ("merge-overlap", Severity::Error), "{data}");
    }
}

#[test]
fn what_a_secret_holds_is_not_told() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  a: 0644\n  b: 1_0777\n  c: yes\n  \
                d: 22:22\n  e: 18446744073709551615\n  f: on\n";
    let parsed = parse(&Source::file("secret.yaml", text), &ReadLimits::default());
    assert_eq!(parsed.diagnostics.len(), 6);
    for found in &parsed.diagnostics {
        let label = found.primary.as_ref().unwrap();
        let told = format!("{} {} {}", found.message, label.text, found.help.as_ref().unwrap());
        for value in ["0644", "420", "1_0777", "10777", "yes", "`true`", "22:22", "18446744073709551615"] {
            assert!(!told.contains(value), "`{value}` is in: {told}");
        }
    }
}

#[test]
fn a_flood_of_findings_is_counted_and_errors_among_them_are_told() {
    let mut text = format!("{HEAD}data:\n");
    (0..500).for_each(|number| text.push_str(&format!("  k{number}: yes\n")));
    text.push_str("  last: 18446744073709551615\n");
    let parsed = parse(&Source::file("many.yaml", text.as_str()), &ReadLimits::default());
    assert_eq!(parsed.diagnostics.len(), 202);
    assert!(parsed.diagnostics.iter().any(|found| found.severity == Severity::Error), "it decides");
    assert_eq!(
        parsed.diagnostics.last().unwrap().message,
        "300 further places of this text are read differently elsewhere"
    );
    assert_eq!(fixed(&text).applied.len(), 500);
}

#[test]
fn fixes_write_what_every_reader_reads_as_kubernetes_does() {
    for (text, expected, rules) in [
        ("a: yes   # kept\nb: [No, \"no\"]\n", "a: true   # kept\nb: [false, \"no\"]\n", &["yaml-boolean"; 2][..]),
        ("a: 0644\nb: -0888\n", "a: 420\nb: -888\n", &["leading-zero"; 2]),
        ("a: 1_000\nb: 0b11\nc: 0o17\nd: 1_0.5\n", "a: 1000\nb: 3\nc: 15\nd: 10.5\n", &["number-spelling"; 4]),
        ("a: !!int 0644\nb: &x yes\nc: *x\n", "a: !!int 420\nb: &x true\nc: *x\n", &["leading-zero", "yaml-boolean"]),
        ("a: 22:22\n", "a: \"22:22\"\n", &["base-60"]),
        ("on: 1\n1: 2\n0x10: 3\n1.50: 4\n", "\"true\": 1\n\"1\": 2\n\"16\": 3\n\"1.5\": 4\n", &["non-string-key"; 4]),
        ("\u{feff}a: 1\n---\n\u{feff}b: 2\n", "a: 1\n---\nb: 2\n", &["byte-order-mark"; 2]),
        ("a: 1\r\nb: |\r\n  c\nd: 2\r\n", "a: 1\r\nb: |\r\n  c\r\nd: 2\r\n", &["mixed-line-ends"]),
        ("a: 1\nb: 2\r\n", "a: 1\nb: 2\n", &["mixed-line-ends"]),
        ("a: 1\n...\n---\nb: 2\n... # end\n", "a: 1\n---\nb: 2\n# end\n", &["document-end"; 2]),
        ("a:\tb\t# c\td\ne: 'f\tg'\n", "a: b # c\td\ne: 'f\tg'\n", &["tab-separator"]),
    ] {
        let (text, applied, left) = outcome(text);
        assert_eq!(text, expected);
        assert_eq!(applied, rules, "{expected}");
        assert_eq!(left, [""; 0], "{expected}");
    }
}

#[test]
fn a_key_given_twice_with_equal_values_is_dropped_with_all_its_lines() {
    let text = "a:\n  x: yes\n  l:\n  - 1\n\n# about b\nb: 1\na: # again\n  l: [1]\n  x: true\n# end\n";
    let (text, applied, left) = outcome(text);
    assert_eq!(text, "a:\n  x: true\n  l:\n  - 1\n\n# about b\nb: 1\n# end\n");
    assert_eq!((applied, left), (vec!["yaml-boolean".to_owned(), "duplicate-key".to_owned()], Vec::new()));
    assert_eq!(outcome("1: a\n\"1\": a\n").0, "\"1\": a\n");
    assert_eq!(outcome("- k: 1\n  k: 1\n").0, "- k: 1\n");
    assert_eq!(outcome("a: {x: 1}\na:\n  x: 1\n  x: 1\n").0, "a: {x: 1}\n", "from the inside out");
}

#[test]
fn what_is_not_provable_is_left_with_a_reason() {
    for (text, rules) in [
        ("a: 1\nb: yes\na: 2\n", &["duplicate-key", "yaml-boolean"][..]),
        ("a: {x: 1, x: 1}\n", &["duplicate-key"]),
        // kubectl keeps the last `x`, so the two `a` are not equal
        ("a:\n  x: 1\n  x: 2\na:\n  x: 1\n", &["duplicate-key", "duplicate-key"]),
        ("a: 18446744073709551616\n", &["lossy-number"]),
        ("a: !Ref b\n", &["custom-tag"]),
        ("a: yes\n--- {b: 1}\n", &["yaml-split", "yaml-boolean"]),
        ("a: yes\n---\nb: [\n", &["yaml-boolean", "yaml-syntax"]),
        ("%YAML 1.1\n---\na: yes\n", &["yaml-directive", "yaml-boolean"]),
        ("? &k on\n: yes\nb: *k\n", &["non-string-key"]),
        ("a: {x: 1, <<: {x: 2}}\n", &["merge-overlap"]),
        ("m: &m {x: 1}\na: {<<: *m, x: 2}\n", &["merge-overlap"]),
    ] {
        let fixed = fixed(text);
        let mut left: Vec<_> = fixed.left.iter().map(|left| left.rule.as_str()).collect();
        let mut rules = rules.to_vec();
        left.sort_unstable();
        rules.sort_unstable();
        assert_eq!(left, rules, "{text}");
        assert!(fixed.left.iter().all(|left| !left.reason.is_empty()));
        assert_eq!(fixed.is_changed(), fixed.source.text() != text);
    }
    assert!(!fixed("a: 1\nb: yes\na: 2\n").is_changed(), "a text with an error is not touched");
}

#[test]
fn merged_keys_are_written_out_where_the_mapping_gives_one_of_them() {
    let text = "m: &m\n  x: 1\n  s: |\n    one\n    two\na:\n  <<: *m\n  x: 2\nl:\n- <<: [*m, {z: 3}]\n  x: 2 # own\n";
    let (text, applied, left) = outcome(text);
    let expected = "m: &m\n  x: 1\n  s: |\n    one\n    two\na:\n  s: |\n    one\n    two\n  x: 2\nl:\n- s: |\n    one\n    \
                    two\n  z: 3\n  x: 2 # own\n";
    assert_eq!(text, expected);
    assert_eq!((applied.len(), left.len()), (2, 0));
    assert_eq!(outcome("data:\n  <<: {y: \"1\"}\n  y: \"2\"\n").0, "data:\n  \"true\": \"2\"\n");
    let text = "m: &m {x: 1}\no: &o {z: 1}\na:\n  <<: *m\n  b: 1\n  <<: *o\n";
    assert_eq!(outcome(text).0, "m: &m {x: 1}\no: &o {z: 1}\na:\n  <<: [*m, *o]\n  b: 1\n");
}

#[test]
fn places_of_fixes_are_those_of_the_text_that_was_given() {
    let fixed = fixed("\u{feff}a: 1\na: 1\nb: yes\n...\n");
    let told: Vec<_> = fixed
        .applied
        .iter()
        .map(|(rule, location)| (rule.as_str(), location.position().line, location.source.slice(location.span)))
        .collect();
    let expected = [
        ("byte-order-mark", 1, "\u{feff}"),
        ("duplicate-key", 2, "a"),
        ("yaml-boolean", 3, "yes"),
        ("document-end", 4, "..."),
    ];
    assert_eq!(told, expected);
    assert_eq!(fixed.source.text(), "a: 1\nb: true\n");
}

#[test]
fn utf_16_becomes_utf_8_and_other_bytes_are_refused() {
    let bytes: Vec<u8> = "\u{feff}a: yes\nb: ä\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let fixed = fix_bytes("a.yaml", &bytes, &[], &ReadLimits::default()).unwrap();
    assert_eq!(fixed.source.text(), "a: true\nb: ä\n");
    let rules: Vec<_> = fixed.applied.iter().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!(rules, ["utf-16", "yaml-boolean"]);
    let refused = fix_bytes("a.yaml", b"a: \xff\n", &[], &ReadLimits::default()).unwrap_err();
    assert_eq!(refused, NotText::Bytes { line: 1, byte: 0xff });
}

/// What must hold of every text.
fn assert_fix_is_safe(text: &str, name: &Path) -> Fixed {
    let limits = ReadLimits::default();
    let fixed = fix(&Source::file(name.display().to_string(), text), &limits);
    assert_eq!(fixed.is_changed(), fixed.source.text() != text, "{}", name.display());
    if !fixed.is_changed() {
        return fixed;
    }
    let (before, after) = (read_text(text), read_text(fixed.source.text()));
    assert_eq!((before.documents.len(), before.failed), (after.documents.len(), after.failed), "{}", name.display());
    for (before, after) in before.documents.iter().zip(&after.documents) {
        assert!(before.root.same_meaning(&after.root), "{}\n{text}\n{}", name.display(), fixed.source.text());
    }
    let again = fix(&fixed.source, &limits);
    assert!(!again.is_changed(), "{}: {:?}\n{text}\n{}", name.display(), again.applied, fixed.source.text());
    assert_eq!(again.left.len(), fixed.left.len());
    fixed
}

#[test]
fn real_files_are_fixed_without_another_value_and_few_have_findings() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    for folder in
        ["manifests", "overlays", "policy", "suites/kubeconform-fixtures", "suites/kubectl-validate-testcases"]
    {
        files.extend(files_below(&corpus.join(folder), &["yaml", "yml"]));
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let (mut read_files, mut changed) = (0, Vec::new());
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        read_files += 1;
        let parsed = parse(&Source::file("real.yaml", text.as_str()), &ReadLimits::default());
        let mut rules: Vec<_> =
            parsed.diagnostics.iter().map(|found| format!("{} {}", found.severity, found.rule)).collect();
        rules.sort();
        rules.dedup();
        rules.into_iter().for_each(|rule| *counts.entry(rule).or_default() += 1);
        let fixed = assert_fix_is_safe(&text, file);
        if fixed.is_changed() {
            changed.push((text, fixed.source.text().to_owned()));
        }
    }
    eprintln!("{read_files} files, {} are changed by the fixes; files with findings: {counts:#?}", changed.len());
    assert!(changed.len() > 20, "the corpus holds no file to fix");
    for (rule, files) in counts.iter().filter(|(rule, _)| rule.starts_with("warning")) {
        assert!(files * 20 < read_files, "{rule} is noise: in {files} of {read_files} files");
    }
    let (before, after): (Vec<String>, Vec<String>) = changed.into_iter().unzip();
    let (Some((before, refused_before)), Some((after, refused_after))) =
        (kubectl_reads_files(&before), kubectl_reads_files(&after))
    else {
        return;
    };
    assert!(before.len() > 20, "{refused_before}");
    assert_eq!((before.len(), refused_before.lines().count()), (after.len(), refused_after.lines().count()));
    for (before, after) in before.iter().zip(&after) {
        assert!(before == after, "kubectl reads another value: {before}\n{after}");
    }
    eprintln!("{} objects of fixed files are the same to kubectl", before.len());
}

#[test]
fn kubectl_reads_the_same_before_and_after_the_fixes() {
    let entries = [
        "a: yes",
        "b: 0644",
        "c: 0888",
        "d: 1_0",
        "e: 0b101",
        "f: 0o17",
        "on: 1",
        "1: 2",
        "1.50: 3",
        "0x10: 4",
        "g: 22:22",
        "h:\tx\t# y",
        "i: !!int 0644",
        "j: &j no\nk: *j",
        "l: !!float 1_0",
        "m: -0644",
        "n: +0_7_7",
        "o: 1_0.5e1",
        "no: [y, n]",
        "p: {off: on, 07: 08}",
        "q: 012345678",
        "r: .5_0",
        "s: 0b-11",
        "t: -0b11",
        "u: 190:20:30.15",
        "a: yes",
        "1e3: x",
        "base: &base\n  x: 1\n  z: 2\nuse:\n  <<: *base\n  x: 3",
        "v: |\n  yes\n  0644\tx\n",
        "w: 'a\n\n  b'",
        "x1: >-\n  a\n  b",
    ];
    let mut texts: Vec<String> = entries.iter().map(|entry| format!("{entry}\n")).collect();
    for (number, entry) in entries.iter().enumerate() {
        let other = entries[(number * 7 + 3) % entries.len()];
        texts.push(format!("\u{feff}first:\n  {}\n...\n---\n\u{feff}{other}\n", entry.replace('\n', "\n  ")));
        texts.push(format!("{entry}\r\n{entry}\nz: {{}}\r\n# end\r\n"));
    }
    let fixed: Vec<Fixed> = texts.iter().map(|text| assert_fix_is_safe(text, Path::new("kubectl.yaml"))).collect();
    let changed = fixed.iter().filter(|fixed| fixed.is_changed()).count();
    assert!(changed * 10 > texts.len() * 8, "{changed} of {} texts are changed", texts.len());
    let before: Vec<&str> = texts.iter().map(String::as_str).collect();
    let after: Vec<&str> = fixed.iter().map(|fixed| fixed.source.text()).collect();
    let (Some(before), Some(after)) = (read_all(&before), read_all(&after)) else { return };
    for ((before, after), fixed) in before.iter().zip(&after).zip(&fixed) {
        assert_eq!(before, after, "{}", fixed.source.text());
        assert!(
            before.refusal.is_none() && !before.mappings.is_empty(),
            "{:?}\n{}",
            before.refusal,
            fixed.source.text()
        );
    }
    eprintln!("{changed} fixed texts are the same to kubectl");
}

/// Texts full of what can be fixed, and of what must not be.
fn text() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "yes",
        "No",
        "on",
        "0644",
        "0888",
        "1_0",
        "0b1",
        "0o7",
        "22:22",
        "1",
        "1.50",
        "true",
        "~",
        "a b",
        "'yes'",
        "\"0644\"",
        "18446744073709551616",
        "9007199254740993",
        "!Ref a",
        "!!str yes",
        "!!int 0644",
        "&a yes",
        "*a",
        "[yes, 0644]",
        "{on: 0644, b: 1_0}",
        "{x: 1, x: 1}",
        "|\n    yes\n    0644",
        "x\ty",
        "'a\tb'",
        "...",
        "",
    ]);
    let key = proptest::sample::select(vec!["a", "b", "on", "1", "\"1\"", "0x10", "a", "<<", "k", "? k", "\"on\""]);
    let end = proptest::sample::select(vec!["\n", "\n", "\n", "\r\n", "\t# c\n", " # c\td\n", "\n\n", "\n# c\n"]);
    let indent = proptest::sample::select(vec!["", "", "  ", "- ", "  - "]);
    let line = prop_oneof![
        12 => (indent, key, proptest::sample::select(vec![": ", ": ", ":\t", ":  "]), word, end)
            .prop_map(|(indent, key, colon, word, end)| format!("{indent}{key}{colon}{word}{end}")),
        1 => proptest::sample::select(vec![
            "---\n", "--- # c\n", "...\n", "... # c\n", "\u{feff}", "---\n\u{feff}", "--- {a: 1}\n", "%YAML 1.1\n", "x:\n",
            "m: &m {x: 1}\n", "n: &n\n  y: yes\n  k: 2\n", "u:\n  <<: *m\n", "u:\n  <<: *n\n  k: 3\n", "  <<: *m\n  <<: *n\n",
            "{\"a\": 1}\n", "\u{2028}", "v:\n- <<: [*m, *n]\n  k: 1\n",
        ]).prop_map(str::to_owned),
    ];
    proptest::collection::vec(line, 1..7).prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fix_keeps_values_and_is_done_at_once(text in text()) {
        let fixed = assert_fix_is_safe(&text, Path::new("any.yaml"));
        let clean = read_text(fixed.source.text()).diagnostics.is_empty();
        let fixable = ["leading-zero", "number-spelling", "base-60", "mixed-line-ends"];
        for left in fixed.left.iter().filter(|_| clean) {
            prop_assert!(!fixable.contains(&left.rule.as_str()), "{} is left in {}", left.rule, fixed.source.text());
        }
    }
}
