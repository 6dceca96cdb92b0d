//! The fast reader against the thorough one: over whatever texts there are, both give the same trees, spans included.

use hydrant::diagnostic::rules;
use hydrant::manifest::{Node, ReadLimits, Stream, Style, Value, read, read_thoroughly, write_documents_styled};
use hydrant::parse::{Parsed, parse, parse_with};
use hydrant::pipeline::{Cores, with_threads};
use hydrant::source::Source;
use proptest::prelude::*;

use crate::conformance::yaml_test_suite;
use crate::corpus::{corpus, files_below};
use crate::yaml::{mutated, samples, tree};

/// Reads a text both ways, and returns what was read; complains about any difference.
fn read_both(name: &str, text: &str) -> Result<Stream, String> {
    read_both_within(name, text, &ReadLimits::default())
}

fn read_both_within(name: &str, text: &str, limits: &ReadLimits) -> Result<Stream, String> {
    let source = Source::file(name, text);
    let (fast, thorough) = (read(&source, limits), read_thoroughly(&source, limits));
    let told = |stream: &Stream| {
        let found = stream.diagnostics.iter();
        found
            .map(|found| (found.message.clone(), found.primary.as_ref().map(|label| label.location.span)))
            .collect::<Vec<_>>()
    };
    if (fast.failed, told(&fast)) != (thorough.failed, told(&thorough)) {
        return Err(format!("{name}: told differently:\n{:?}\n{:?}\n{text:?}", told(&fast), told(&thorough)));
    }
    if fast.documents.len() != thorough.documents.len() {
        return Err(format!("{name}: {} documents, not {}\n{text:?}", fast.documents.len(), thorough.documents.len()));
    }
    for (fast, thorough) in fast.documents.iter().zip(&thorough.documents) {
        if let Some((fast, thorough)) = difference(&fast.root, &thorough.root) {
            return Err(format!("{name}: {fast:?} is not {thorough:?}\n{text:?}"));
        }
    }
    Ok(fast)
}

/// The smallest values in which two trees differ.
fn difference<'a>(one: &'a Node, other: &'a Node) -> Option<(&'a Node, &'a Node)> {
    if one == other {
        return None;
    }
    let values = |node: &'a Node| -> Vec<&'a Node> {
        match &node.value {
            Value::Mapping(entries) => entries.iter().map(|entry| &entry.value).collect(),
            Value::Sequence(items) => items.iter().collect(),
            _ => Vec::new(),
        }
    };
    let below = values(one).into_iter().zip(values(other)).find_map(|(one, other)| difference(one, other));
    below.or(Some((one, other)))
}

#[test]
fn real_documents_are_read_the_same_and_nearly_all_of_them_fast() {
    let Some(corpus) = corpus() else { return };
    let (mut plain, mut documents, mut bytes) = (0, 0, 0);
    let mut differences = Vec::new();
    for file in files_below(&corpus, &["yaml", "yml"]) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        match read_both(&file.display().to_string(), &text) {
            Ok(stream) => {
                plain += stream.plain;
                documents += stream.documents.len();
                bytes += text.len();
            }
            Err(difference) => differences.push(difference),
        }
    }
    assert!(differences.is_empty(), "{}\n{}", differences.len(), differences[0]);
    eprintln!("{plain} of {documents} documents are plain; {bytes} bytes");
    assert!(plain * 10 >= documents * 9, "only {plain} of {documents} documents are read fast");
}

/// Reads texts both ways; returns how many documents there were, and how many of them plain.
fn read_all_both(texts: &[String]) -> (usize, usize) {
    let (mut documents, mut plain) = (0, 0);
    for (number, text) in texts.iter().enumerate() {
        let stream = read_both(&number.to_string(), text).unwrap_or_else(|difference| panic!("{difference}"));
        documents += stream.documents.len();
        plain += stream.plain;
    }
    (documents, plain)
}

#[test]
fn odd_texts_are_read_the_same() {
    let Some(corpus) = corpus() else { return };
    let battery = corpus.join("../battery");
    if battery.is_dir() {
        let files = files_below(&battery, &["yaml", "json"]);
        let texts: Vec<String> = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
        let (documents, plain) = read_all_both(&texts);
        eprintln!("battery: {plain} of {documents} documents are plain");
    }
    if let Some(texts) = yaml_test_suite() {
        let (documents, plain) = read_all_both(&texts);
        eprintln!("YAML test suite: {plain} of {documents} documents are plain");
    }
}

#[test]
fn damaged_texts_are_read_the_same() {
    read_all_both(&mutated(4000));
    let (documents, plain) = read_all_both(&samples(damaged_plain(), 20_000));
    eprintln!("damaged: {plain} of {documents} documents are plain");
    assert!(plain > 1000, "only {plain} are plain: too few to compare anything");
}

#[test]
fn damaged_real_documents_are_read_the_same() {
    let Some(corpus) = corpus() else { return };
    let files = files_below(&corpus.join("manifests"), &["yaml", "yml"]);
    let texts: Vec<String> = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
    let documents = texts.iter().flat_map(|text| text.split("\n---\n"));
    let short: Vec<&str> = documents.filter(|document| (40..2000).contains(&document.len())).collect();
    let edit = (any::<proptest::sample::Index>(), 0_usize..5, proptest::sample::select(FRAGMENTS));
    let damages = (any::<proptest::sample::Index>(), proptest::collection::vec(edit, 1..4));
    let damage = |(which, edits): (proptest::sample::Index, Vec<(proptest::sample::Index, usize, &str)>)| {
        let mut text: Vec<char> = short[which.index(short.len())].chars().collect();
        for (at, removed, added) in edits {
            let start = at.index(text.len() + 1);
            let end = (start + removed).min(text.len());
            text.splice(start..end, added.chars());
        }
        text.into_iter().collect()
    };
    let texts: Vec<String> = samples(damages, 10_000).into_iter().map(damage).collect();
    let (documents, plain) = read_all_both(&texts);
    eprintln!("damaged real documents: {plain} of {documents} are plain");
    assert!(plain > 1000, "only {plain} are plain: too few to compare anything");
}

/// What a slip of the hand leaves behind.
const FRAGMENTS: &[&str] = &[
    "\n", " ", "  ", ":", ": ", "- ", "#", " #", "'", "\"", "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "?", "%",
    "---", "\n---\n", "...", "<<: ", "\t", "\\", "\u{85}", "\u{feff}", "é", "\n\n", "\n  ", "-\n", ":\n", "|\n", "~",
    "{}", "[]", "''", "\\n", "|-\n",
];

#[test]
fn a_list_level_with_its_key_is_read_the_same() {
    for first in
        ["-  # c\n  b: 1", "- # c\n  - b", "-   \n    - - b:", "-\n  'b'", "- - b", "- |\n  b", "- {}", "-  b: 1\n-  c"]
    {
        let text = format!("a:\n{first}\nd: 1\n");
        read_both("level", &text).unwrap_or_else(|difference| panic!("{difference}"));
    }
}

#[test]
fn what_the_writers_write_is_read_the_same() {
    let trees = samples(tree(), 2000);
    for style in [Style::Canonical, Style::GoYamlV2, Style::GoYamlV3] {
        let write = |trees: &[Node]| write_documents_styled(trees, style).ok();
        let (documents, plain) = read_all_both(&trees.chunks(3).filter_map(write).collect::<Vec<_>>());
        eprintln!("{style:?}: {plain} of {documents} documents are plain");
    }
}

#[test]
fn every_character_is_read_the_same_wherever_it_stands() {
    // all that is special to some reader, and one in many of the rest
    let special = |code: &u32| matches!(code, 0..0x300 | 0x2000..0x2070 | 0xfe00..0x1_0000);
    let codes = (0..0x11_0000).filter(|code| special(code) || code % 499 == 0);
    for character in codes.filter_map(char::from_u32) {
        let c = character;
        for text in [
            format!("a: b{c}d\n"),
            format!("a: {c}d\nb: '{c}'\n"),
            format!("{c}a: \"{c}\"\n"),
            format!("a{c}: b{c}\n  {c}e\n"),
            format!("a: [{c}b, c{c}, d{c}d]\n"),
            format!("a: {{b{c}d: {c}e}}\n"),
            format!("a: |\n  {c}b\n  {c}\n c\n"),
            format!("- a #{c}\n-{c}b\n- {c}\n"),
        ] {
            read_both("character", &text).unwrap_or_else(|difference| panic!("{difference}"));
        }
    }
}

#[test]
fn limits_end_at_the_same_place() {
    let text = "a:\n  b: [1, {c: d}]\n  e:\n  - f: g\n    h: |\n      i\n  - 'j'\n---\nk: l\nm:\n";
    let mut both_pass = 0;
    for nodes in 0..40 {
        for depth in 0..8 {
            let limits = ReadLimits { nodes, depth, ..ReadLimits::default() };
            let stream = read_both_within("limits", text, &limits).unwrap_or_else(|difference| panic!("{difference}"));
            both_pass += usize::from(stream.diagnostics.is_empty());
        }
    }
    assert!(both_pass > 10, "no limit was wide enough");
}

/// Values of one line: plain, quoted, in brackets, heads of blocks, and what only looks like one of them.
const VALUES: &[&str] = &[
    "a",
    "web",
    "12",
    "0644",
    "yes",
    "~",
    "null",
    ".5",
    "1.2.3",
    "-1",
    "-",
    "--",
    "-a",
    "a b",
    "a  b ",
    "a:b",
    "a: b",
    "a :b",
    "a#b",
    "a #b",
    "#a",
    "http://a/b?c=d",
    "'a'",
    "'it''s'",
    "'a: b' # c",
    "\"a\\nb\"",
    "\"\\x41\"",
    "\"a\"b",
    "'a",
    "\"a",
    "''",
    "[]",
    "{}",
    "[a, b]",
    "[a, b] # c",
    "[a,b]",
    "[ 'a' , {b: c} ]",
    "{a: b, c: [1, 2]}",
    "{a: b}: c",
    "[a: b]",
    "{a}",
    "{a:b}",
    "[a,]",
    "{a: 1, a: 2}",
    "[-a, -]",
    "[http://a:80/b]",
    "[a b, c  ]",
    "[\"a\": b]",
    "[a #b]",
    "[",
    "{a: b,",
    "]",
    "|",
    "|-",
    "|+",
    ">",
    ">-",
    "> # c",
    "|2",
    "|#",
    "&a b",
    "*a",
    "!!str 1",
    "!a",
    "?",
    "? a",
    "%a",
    "@a",
    "`a`",
    ",a",
    "=",
    "<<",
    "é",
    "日本",
    "\t",
    "a\tb",
    "a\t",
    ".inf",
    "'a\tb'",
    "$(A)",
    "{{ a }}",
    "a\\b",
    "\"a\\",
    "b\"",
    "c'",
    "...",
    "---",
    "\u{85}",
    "\u{feff}a",
    "a:",
    ":",
    ": a",
    ":a",
    "''a''",
    "\"a\\ b\"",
];

const KEYS: &[&str] =
    &["a", "b", "c", "d", "e f", "'g'", "\"h\"", "i/j", "1", "on", "<<", "?", "é", "k ", "- l", "\"m\\n\"", "~"];

/// Texts that are plain more often than not, with a mistake here and there.
fn damaged_plain() -> impl Strategy<Value = String> {
    let pick = proptest::sample::select::<&'static str>;
    let line = (0_usize..5, 0_usize..4, pick(KEYS), pick(VALUES), 0_usize..24);
    proptest::collection::vec(line, 1..9).prop_map(|lines| {
        let mut text = String::new();
        let mut key_number = 0;
        for (indentation, dashes, key, value, form) in lines {
            text.push_str(&" ".repeat([0, 0, 2, 2, 4][indentation]));
            text.push_str(["", "", "- ", "- - "][dashes]);
            // distinct keys, most of the time
            key_number += 1;
            match form {
                0 => text.push_str(&format!("{key}: {value}")),
                1..8 => text.push_str(&format!("k{key_number}: {value}")),
                8..12 => text.push_str(&format!("k{key_number}:")),
                12..17 => text.push_str(value),
                17 => text.push_str(&format!("k{key_number}: # comment")),
                18 => text.push_str("# comment"),
                19 => text.push_str(&format!("{key}:   {value}  ")),
                20 => text.push_str("  "),
                21 => text.push_str("---"),
                22 => text.push_str(&format!("k{key_number}: |\n    {value}\n\n      {value}")),
                _ => text.push_str(&format!("k{key_number}: {value}\n\n   {value}")),
            }
            if form != 23 || indentation != 4 {
                text.push('\n');
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_lines_are_read_the_same(text in damaged_plain()) {
        if let Err(difference) = read_both("any", &text) {
            return Err(TestCaseError::fail(difference));
        }
    }
}

// ── parts of one text, on many threads ────────────────────────────────────────────────────────────────────────

/// A large text; every document for which `damage` gives something has it in it.
fn large(damage: impl Fn(usize) -> Option<&'static str>) -> String {
    let mut text = String::new();
    for number in 0..20_000 {
        text.push_str(&format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a{number}\ndata:\n  text: |\n    one\n\n    two\n"
        ));
        text.push_str(damage(number).unwrap_or_default());
        text.push_str("---\n");
    }
    text
}

fn told(parsed: &Parsed) -> Vec<(String, Option<hydrant::source::Span>)> {
    let span = |found: &hydrant::diagnostic::Diagnostic| found.primary.as_ref().map(|label| label.location.span);
    parsed.diagnostics.iter().map(|found| (format!("{}: {}", found.rule, found.message), span(found))).collect()
}

fn parsed_the_same(text: String, limits: &ReadLimits) -> Parsed {
    let source = Source::file("large.yaml", text);
    let whole = parse(&source, limits);
    for threads in [1, 2, 5] {
        let parts = with_threads(Some(threads), || parse_with(&source, limits, &Cores));
        assert_eq!(told(&parts), told(&whole), "{threads} threads");
        let counts = |parsed: &Parsed| (parsed.documents, parsed.empty, parsed.empty_lists, parsed.failed);
        assert_eq!(counts(&parts), counts(&whole), "{threads} threads");
        assert_eq!(parts.manifests.len(), whole.manifests.len(), "{threads} threads");
        let same = parts.manifests.iter().zip(&whole.manifests).all(|(a, b)| a.object == b.object && a.root == b.root);
        assert!(same, "{threads} threads");
    }
    whole
}

#[test]
fn a_large_text_is_the_same_on_any_number_of_threads() {
    let limits = ReadLimits::default();
    let whole = parsed_the_same(large(|_| None), &limits);
    assert_eq!((whole.manifests.len(), whole.diagnostics.len()), (20_000, 0));

    let damages = [
        "x: [\n",
        "data: 1\n",
        "x: &a 1\ny: *a\n",
        "...\n",
        "--- {a: 1}\n",
        "# c\n---\n---\n",
        "x: '\n---\n'\n",
        "\tx: 1\n",
    ];
    let whole =
        parsed_the_same(large(|number| (number % 997 == 0).then(|| damages[number / 997 % damages.len()])), &limits);
    assert!(whole.diagnostics.len() > 10 && whole.failed > 10 && whole.manifests.len() > 19_000);

    let whole = parsed_the_same(large(|number| (number % 31 == 0).then_some("data: 2\n")), &limits);
    assert!(whole.diagnostics.last().unwrap().message.contains("further problems"), "{:?}", told(&whole).last());
}

#[test]
fn a_limit_is_one_limit_for_all_parts() {
    let nodes = 200_000;
    let whole = parsed_the_same(large(|_| None), &ReadLimits { nodes, ..ReadLimits::default() });
    assert_eq!(whole.diagnostics[0].rule, rules::YAML_LIMIT);
    let json = format!("{{\"a\": 1}}\n---\n{}", large(|_| None));
    parsed_the_same(json, &ReadLimits::default());
}
