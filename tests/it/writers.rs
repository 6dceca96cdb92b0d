//! The three styles of writing: what they mean, over generated values and real files, and their bytes, with kustomize
//! and its published output as judges.

use hydrant::manifest::{
    Entry, Key, Node, ReadLimits, Style, Value, WriteError, read, write, write_documents, write_documents_styled,
    write_styled,
};
use hydrant::source::{Source, Span};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::corpus::{corpus, files_below};
use crate::hostile::HOSTILE;

const STYLES: [Style; 3] = [Style::Canonical, Style::GoYamlV2, Style::GoYamlV3];

fn node(value: Value) -> Node {
    Node::synthetic(value)
}

fn text_node(text: &str) -> Node {
    node(Value::String(text.into()))
}

fn mapping<'a>(members: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    let entry = |(name, value): (&str, Node)| Entry { key: Key { span: Span::default(), name: name.into() }, value };
    node(Value::Mapping(members.into_iter().map(entry).collect()))
}

fn styled(value: &Node, style: Style) -> String {
    let mut out = String::new();
    write_styled(value, style, &mut out).unwrap();
    out
}

/// Texts that quoting, folding and blocks care about.
fn text() -> impl Strategy<Value = String> {
    // as a key, a merge: the compatible styles refuse it
    let words: Vec<&str> = HOSTILE.iter().copied().filter(|text| *text != "<<").collect();
    prop_oneof![
        4 => proptest::sample::select(words.clone()).prop_map(str::to_owned),
        2 => "[a-zA-Z0-9_./:-]{0,12}",
        2 => "[-+0-9._eExXobinfaNTZ:]{1,12}",
        2 => "[ \\n\\t\\ra#:'\"|>{}\\[\\],&*!?%@`=<-]{0,10}",
        1 => "[12]0[0-2][0-9]-[0-9]{1,2}-[0-9]{1,2}([Tt ] {0,2}[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.,][0-9]{0,10})?(Z|z|[+-][0-9]{1,2}:[0-9]{2})?)?",
        1 => "[-+]?(0[xXoObB])?[0-9a-fA-F._:eE+-]{1,8}",
        4 => "([a-zé:#'\"\\\\-]{0,30} {1,3}){1,12}[a-z]{0,90}",
        2 => "( ?[a-z]{1,40}\\n? ?){1,12}",
        2 => "[a-z \\n]{100,200}",
        1 => proptest::collection::vec(proptest::sample::select(words), 2..12).prop_map(|words| words.join(" ")),
        1 => any::<String>(),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z0-9A-Z_.-]{1,6}", 1 => text()].prop_filter("a key that styles refuse", |key| key != "<<")
}

fn tree() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        1 => Just(node(Value::Null)),
        1 => any::<bool>().prop_map(|value| node(Value::Bool(value))),
        1 => any::<i64>().prop_map(|value| node(Value::Int(value))),
        1 => (u64::MAX / 2 + 1..=u64::MAX).prop_map(|value| node(Value::UInt(value))),
        2 => any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(|value| node(Value::Float(value))),
        2 => (-1e7..1e7).prop_map(|value: f64| node(Value::Float(value))),
        2 => (-1e22..1e22).prop_map(|value: f64| node(Value::Float(value))),
        8 => text().prop_map(|value| node(Value::String(value.into()))),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(|items| node(Value::Sequence(items))),
            proptest::collection::btree_map(key(), inner, 0..6)
                .prop_map(|members| mapping(members.iter().map(|(name, value)| (name.as_str(), value.clone())))),
        ]
    })
}

fn reads_back(written: &str, values: &[&Node]) -> Result<(), String> {
    let stream = read(&Source::file("test.yaml", written), &ReadLimits::default());
    if let Some(problem) = stream.diagnostics.first() {
        return Err(format!("{}\n{written}", problem.message));
    }
    if stream.documents.len() != values.len() {
        return Err(format!("{} documents\n{written}", stream.documents.len()));
    }
    let pairs = stream.documents.iter().zip(values);
    let different =
        pairs.map(|(document, value)| (&document.root, value)).find(|(read, value)| !read.same_meaning(value));
    different.map_or(Ok(()), |(read, _)| Err(format!("{written}\n{:?}", read.to_json())))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_style_reads_back_with_the_same_meaning(value in tree()) {
        for style in STYLES {
            let written = write_documents_styled([&value, &value], style).unwrap();
            let verdict = reads_back(&written, &[&value, &value]);
            prop_assert!(verdict.is_ok(), "{:?}: {}", style, verdict.unwrap_err());
        }
    }

    #[test]
    fn the_order_of_keys_in_the_source_does_not_matter_to_any_style(
        keys in proptest::collection::btree_set("[0-2a-cA_.é-]{0,4}", 2..40),
        seed in any::<u64>(),
    ) {
        let ordered: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut shuffled = ordered.clone();
        shuffled.sort_by_key(|name| {
            name.bytes().fold(seed, |hash, byte| hash.rotate_left(7).wrapping_mul(31) ^ u64::from(byte))
        });
        for style in STYLES {
            let written = |names: &[&str]| styled(&mapping(names.iter().map(|name| (*name, node(Value::Null)))), style);
            prop_assert_eq!(written(&ordered), written(&shuffled));
        }
    }
}

#[test]
fn a_merge_key_is_quoted_in_our_style_and_refused_in_others() {
    let value = mapping([("<<", mapping([("a", node(Value::Null))]))]);
    assert_eq!(styled(&value, Style::Canonical), "\"<<\":\n  a: null\n");
    for style in [Style::GoYamlV2, Style::GoYamlV3] {
        assert_eq!(write_styled(&value, style, &mut String::new()), Err(WriteError::MergeKey));
        assert_eq!(styled(&text_node("<<"), style), "<<\n", "as a value it is a text to every reader");
    }
}

#[test]
fn the_plain_functions_write_the_canonical_style() {
    let value = mapping([("b", text_node("x ")), ("a", node(Value::Sequence(vec![text_node("y")])))]);
    let mut written = String::new();
    write(&value, &mut written).unwrap();
    assert_eq!(written, "a:\n- \"y\"\nb: 'x '\n");
    assert_eq!(written, styled(&value, Style::default()));
    assert_eq!(write_documents([&value, &value]).unwrap(), format!("{written}---\n{written}"));
}

/// What go-yaml prints, for the shapes that styles disagree on.
#[test]
fn styles_differ_in_lists_folding_and_long_keys() {
    let long = "k".repeat(129);
    let words = ["word"; 20].join(" ");
    let list = || node(Value::Sequence(vec![mapping([("a", node(Value::Null)), ("b", text_node(&words))])]));
    let value = mapping([("list", list()), (long.as_str(), list()), ("m\nn\n", mapping([("x", text_node(" \ty"))]))]);
    let folded = |at: usize, margin: &str| {
        let lines = [["word"; 20][..at].join(" "), ["word"; 20][at..].join(" ")];
        lines.join(&format!("\n{margin}"))
    };
    let (deep, shallow) = (folded(15, "      "), folded(16, "    "));
    let v2 = format!(
        "? {long}\n: - a: null\n    b: {deep}\nlist:\n- a: null\n  b: {shallow}\n? |\n  m\n  n\n: x: \" \\ty\"\n"
    );
    assert_eq!(styled(&value, Style::GoYamlV2), v2);
    let v3 = format!(
        "? {long}\n: - a: null\n    b: {words}\nlist:\n  - a: null\n    b: {words}\n? |\n  m\n  n\n: x: \" \\ty\"\n"
    );
    assert_eq!(styled(&value, Style::GoYamlV3), v3);
    let canonical = format!(
        "? {long}\n:\n- a: null\n  b: {words}\nlist:\n- a: null\n  b: {words}\n\"m\\nn\\n\":\n  x: \" \\ty\"\n"
    );
    assert_eq!(styled(&value, Style::Canonical), canonical);
}

#[test]
fn every_document_of_real_files_survives_every_style() {
    let Some(corpus) = corpus() else { return };
    let (mut documents, mut refused) = (0, 0);
    for folder in ["manifests", "overlays"] {
        for file in files_below(&corpus.join(folder), &["yaml", "yml"]) {
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            let stream = read(&Source::file(file.display().to_string(), text), &ReadLimits::default());
            for document in &stream.documents {
                documents += 1;
                for style in STYLES {
                    let mut written = String::new();
                    match write_styled(&document.root, style, &mut written) {
                        Ok(()) => reads_back(&written, &[&document.root])
                            .unwrap_or_else(|found| panic!("{}: {style:?}: {found}", file.display())),
                        Err(WriteError::MergeKey) => refused += 1,
                        Err(error) => panic!("{}: {style:?}: {error}", file.display()),
                    }
                }
            }
        }
    }
    eprintln!("{documents} documents read back from {} styles; {refused} times a merge key", STYLES.len());
    assert!(documents > 500, "the corpus holds {documents} documents");
}

/// Argo CD publishes what kustomize printed, with one comment in front.
#[test]
fn what_kustomize_published_is_written_again_byte_for_byte() {
    let Some(corpus) = corpus() else { return };
    let installs = files_below(&corpus.join("overlays/argo-cd-manifests-kustomize"), &["yaml"])
        .into_iter()
        .filter(|file| file.file_name().unwrap().to_str().unwrap().contains("install"));
    let (mut files, mut same_files, mut documents, mut same_documents) = (0, 0, 0, 0);
    for file in installs {
        let text = std::fs::read_to_string(&file).unwrap();
        let comments = text.lines().take_while(|line| line.starts_with('#')).map(|line| line.len() + 1).sum();
        let published = &text[comments..];
        let stream = read(&Source::file(file.display().to_string(), text.as_str()), &ReadLimits::default());
        let written = write_documents_styled(stream.documents.iter().map(|document| &document.root), Style::GoYamlV2);
        let written = written.unwrap();
        files += 1;
        same_files += usize::from(written == published);
        for (ours, theirs) in written.split("\n---\n").zip(published.split("\n---\n")) {
            documents += 1;
            same_documents += usize::from(ours == theirs);
            let differing = ours.lines().zip(theirs.lines()).find(|(ours, theirs)| ours != theirs);
            if let Some((ours, theirs)) = differing {
                eprintln!("{}:\n  ours   {ours}\n  theirs {theirs}", file.display());
            }
        }
        assert_eq!(written.split("\n---\n").count(), published.split("\n---\n").count(), "{}", file.display());
    }
    eprintln!("{same_files} of {files} files and {same_documents} of {documents} documents are the same");
    assert!(files > 3, "{files} files");
    assert_eq!((same_files, same_documents), (files, documents));
}

/// Whether a value comes through kustomize unharmed: its JSON becomes YAML 1.1, in which these characters are refused
/// or are line breaks. U+2028 and U+2029 we escape where it does not.
fn survives_kustomize(value: &Node) -> bool {
    let harmless = |text: &str| {
        !text.contains(|sign| matches!(sign, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}'))
    };
    match &value.value {
        Value::String(text) => harmless(text),
        Value::Sequence(items) => items.iter().all(survives_kustomize),
        Value::Mapping(entries) => {
            has_one_order(entries)
                && entries.iter().all(|entry| harmless(&entry.key.name) && survives_kustomize(&entry.value))
        }
        _ => true,
    }
}

/// Whether kustomize prints these keys in one order only. Three keys of digits with letters behind them may go around
/// in a circle; and which letters and digits there are differs between the Unicode tables of Go and Rust.
fn has_one_order(entries: &[Entry]) -> bool {
    let names = || entries.iter().map(|entry| &*entry.key.name);
    let letter_behind_digit = |name: &str| {
        let signs: Vec<char> = name.chars().collect();
        signs.windows(2).any(|pair| pair[0].is_ascii_digit() && pair[1].is_alphabetic())
    };
    names().flat_map(str::chars).all(|sign| sign < '\u{250}' || !sign.is_alphanumeric())
        && (entries.len() < 3 || !names().any(letter_behind_digit))
}

/// What kustomize prints for objects; `None`, and a line that says so, where there is no kubectl.
fn kustomized(objects: &[Node]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let json: Vec<String> = objects.iter().map(|object| object.to_json().to_string()).collect();
    std::fs::write(folder.path().join("objects.yaml"), json.join("\n---\n")).unwrap();
    std::fs::write(folder.path().join("kustomization.yaml"), "resources: [objects.yaml]\n").unwrap();
    let output = match std::process::Command::new("kubectl").arg("kustomize").arg(folder.path()).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: kubectl cannot be run: {error}");
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn kustomize_prints_generated_objects_as_we_do() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let pair = proptest::collection::btree_set("[0-2a-cA_.é-]{1,5}", 2)
        .prop_map(|names| mapping(names.iter().map(|name| (name.as_str(), node(Value::Null)))));
    let pairs = proptest::collection::vec(pair, 20).prop_map(|pairs| node(Value::Sequence(pairs)));
    let strategy = prop_oneof![9 => tree(), 1 => pairs];
    let objects: Vec<Node> = std::iter::repeat_with(|| strategy.new_tree(&mut runner).unwrap().current())
        .filter(survives_kustomize)
        .take(2000)
        .enumerate()
        .map(|(number, value)| {
            mapping([
                ("apiVersion", text_node("example.com/v1")),
                ("kind", text_node("Sample")),
                ("metadata", mapping([("name", text_node(&format!("n{number:05}")))])),
                ("spec", value),
            ])
        })
        .collect();
    let Some(theirs) = kustomized(&objects) else { return };
    let ours = write_documents_styled(&objects, Style::GoYamlV2).unwrap();
    let different: Vec<String> = ours
        .split("\n---\n")
        .zip(theirs.split("\n---\n"))
        .filter(|(ours, theirs)| ours.trim_end_matches('\n') != theirs.trim_end_matches('\n'))
        .map(|(ours, theirs)| format!("ours:\n{ours}\ntheirs:\n{theirs}"))
        .collect();
    eprintln!("{} of {} objects differ from kustomize's", different.len(), objects.len());
    assert!(different.is_empty(), "{}", different.join("\n\n"));
    assert_eq!(ours, theirs);
}
