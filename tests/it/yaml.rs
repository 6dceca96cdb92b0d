//! Reading and writing YAML as Kubernetes does, over real files, hostile files and generated values.

use std::path::Path;

use hydrant::diagnostic::Severity;
use hydrant::manifest::{Entry, Key, Node, ReadLimits, Stream, Value, read, write, write_documents};
use hydrant::parse::{Parsed, parse};
use hydrant::source::{Source, Span};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::corpus::{corpus, files_below};
use crate::hostile::HOSTILE;

fn read_text(text: &str) -> Stream {
    read(&Source::file("test.yaml", text), &ReadLimits::default())
}

#[test]
fn real_files_read_and_every_document_survives_being_written() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    for folder in
        ["manifests", "overlays", "policy", "suites/kubeconform-fixtures", "suites/kubectl-validate-testcases"]
    {
        files.extend(files_below(&corpus.join(folder), &["yaml", "yml"]));
    }
    let (mut clean, mut refused, mut documents) = (0, 0, 0);
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let source = Source::file(file.display().to_string(), text);
        let stream = read(&source, &ReadLimits::default());
        if stream.diagnostics.is_empty() {
            clean += 1;
        } else {
            refused += 1;
            let first = &stream.diagnostics[0];
            let position = first.primary.as_ref().map(|label| label.location.position());
            eprintln!("{}: {position:?} {}", file.display(), first.message);
        }
        for document in &stream.documents {
            documents += 1;
            let mut written = String::new();
            write(&document.root, &mut written).unwrap();
            let again = read_text(&written);
            assert!(again.diagnostics.is_empty(), "{}: {:?}\n{written}", file.display(), again.diagnostics);
            assert_eq!(again.documents.len(), 1, "{}\n{written}", file.display());
            assert!(again.documents[0].root.same_meaning(&document.root), "{}\n{written}", file.display());
        }
    }
    eprintln!(
        "{} files: {clean} clean, {refused} with findings; {documents} documents written and read back",
        files.len()
    );
    assert!(clean > 0, "the corpus holds no readable file");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::sample::select(HOSTILE).prop_map(str::to_owned),
        2 => "[a-zA-Z0-9_./:-]{0,12}",
        2 => "[-+0-9._eExXobinfaN:]{1,8}",
        2 => "[ \\n\\t\\ra#:'\"|>{}\\[\\],&*!?%@`=<-]{0,10}",
        1 => any::<String>(),
        1 => proptest::char::any().prop_map(|character| format!("a{character}b")),
    ]
}

fn node(value: Value) -> Node {
    Node::synthetic(value)
}

pub(crate) fn tree() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(node(Value::Null)),
        any::<bool>().prop_map(|value| node(Value::Bool(value))),
        any::<i64>().prop_map(|value| node(Value::Int(value))),
        (u64::MAX / 2 + 1..=u64::MAX).prop_map(|value| node(Value::UInt(value))),
        any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(|value| node(Value::Float(value))),
        text().prop_map(|value| node(Value::String(value.into()))),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(|items| node(Value::Sequence(items))),
            proptest::collection::btree_map(text(), inner, 0..6).prop_map(|members| {
                let entry = |(name, value): (String, Node)| Entry {
                    key: Key { span: Span::default(), name: name.into() },
                    value,
                };
                node(Value::Mapping(members.into_iter().map(entry).collect()))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_with_the_same_meaning(value in tree()) {
        let written = write_documents([&value, &value]).unwrap();
        let stream = read_text(&written);
        prop_assert!(stream.diagnostics.is_empty(), "{:?}\n{written}", stream.diagnostics);
        prop_assert_eq!(stream.documents.len(), 2, "{}", &written);
        for document in &stream.documents {
            prop_assert!(document.root.same_meaning(&value), "{}\n{:?}", &written, document.root);
        }
    }
}

/// One line of the battery's `EXPECTED.tsv`.
struct Expected {
    file: String,
    verdict: String,
    documents: usize,
    objects: usize,
}

fn expectations(battery: &Path) -> Vec<Expected> {
    let table = std::fs::read_to_string(battery.join("EXPECTED.tsv")).unwrap();
    let line = |line: &str| {
        let mut columns = line.split('\t');
        let mut column = || columns.next().unwrap().to_owned();
        Expected {
            file: column(),
            verdict: column(),
            documents: column().parse().unwrap(),
            objects: column().parse().unwrap(),
        }
    };
    table.lines().skip(1).map(line).collect()
}

#[test]
fn what_kubernetes_refuses_or_loses_in_silence_never_passes() {
    let Some(corpus) = corpus() else { return };
    let battery = corpus.join("../battery");
    if !battery.is_dir() {
        eprintln!("skipped: no battery beside the corpus");
        return;
    }
    let (mut agree, mut differ, mut unreadable) = (0, Vec::new(), 0);
    let expectations = expectations(&battery);
    for expected in &expectations {
        let Ok(text) = String::from_utf8(std::fs::read(battery.join(&expected.file)).unwrap()) else {
            assert_eq!(expected.verdict, "reject-decode", "{}: only what is no UTF-8 may end here", expected.file);
            unreadable += 1;
            continue;
        };
        let parsed = parse(&Source::file(expected.file.as_str(), text), &ReadLimits::default());
        let found: Vec<_> =
            parsed.diagnostics.iter().map(|found| format!("{}: {}", found.rule, found.message)).collect();
        let must_refuse =
            matches!(expected.verdict.as_str(), "reject-decode" | "keeps-one-key" | "drops-second-document");
        assert!(!must_refuse || !found.is_empty(), "{} ({}) passed", expected.file, expected.verdict);
        let same = parsed.documents + parsed.empty == expected.documents
            && (parsed.manifests.len() == expected.objects || parsed.empty_lists > 0);
        if same || !found.is_empty() {
            agree += 1;
        } else {
            differ.push(format!("{} ({})", expected.file, expected.verdict));
        }
    }
    eprintln!("{agree} agree or stricter, {} differ: {differ:?}; {unreadable} are no UTF-8", differ.len());
    assert_eq!(agree + differ.len() + unreadable, expectations.len());
    assert_eq!(differ, [""; 0]);
}

/// Whether something is refused; what only other readers read otherwise is not.
fn has_errors(parsed: &Parsed) -> bool {
    parsed.diagnostics.iter().any(|found| found.severity == Severity::Error)
}

/// What kubectl reads from a text; see [`kubectl_reads_files`].
fn kubectl_reads(text: &str) -> Option<Vec<serde_json::Value>> {
    let (objects, complaints) = kubectl_reads_files(&[text])?;
    assert!(complaints.is_empty(), "{complaints}\n{text}");
    Some(objects)
}

/// What kubectl reads from files, as JSON, without a cluster: it labels the objects locally and prints them, and
/// complains about files that it cannot read. `None`, and a line that says so, where there is no kubectl.
pub(crate) fn kubectl_reads_files(texts: &[impl AsRef<str>]) -> Option<(Vec<serde_json::Value>, String)> {
    let folder = tempfile::tempdir().unwrap();
    for (index, text) in texts.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{index:05}.yaml")), text.as_ref()).unwrap();
    }
    let mut command = std::process::Command::new("kubectl");
    command
        .args(["label", "--local", "--output=json", "--kubeconfig=/dev/null", "hydrant=test", "-f"])
        .arg(folder.path());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: kubectl cannot be run: {error}");
            return None;
        }
    };
    let objects = serde_json::Deserializer::from_slice(&output.stdout).into_iter().map(Result::unwrap).collect();
    Some((objects, String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// Whether kubectl's JSON is our value. It keeps 64 bits with sign; above that its numbers are floats.
fn is_same(ours: &Node, theirs: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (&ours.value, theirs) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(ours), Json::Bool(theirs)) => ours == theirs,
        (Value::Int(ours), Json::Number(theirs)) => theirs.as_i64() == Some(*ours),
        (Value::UInt(ours), Json::Number(theirs)) => theirs.as_f64() == Some(*ours as f64),
        (Value::Float(ours), Json::Number(theirs)) => theirs.as_f64() == Some(*ours),
        (Value::String(ours), Json::String(theirs)) => **ours == **theirs,
        (Value::Sequence(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (Value::Mapping(ours), Json::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|entry| theirs.get(&*entry.key.name).is_some_and(|theirs| is_same(&entry.value, theirs)))
        }
        _ => false,
    }
}

/// Values of a strategy, the same in every run.
pub(crate) fn samples<S: Strategy>(strategy: S, count: usize) -> Vec<S::Value> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

#[test]
fn kubectl_reads_what_we_write_as_the_same_values() {
    let values = samples(tree(), 2500);
    let mut text = String::new();
    for value in &values {
        text.push_str(OBJECT);
        let wrapped = Entry { key: Key { span: Span::default(), name: "data".into() }, value: value.clone() };
        write(&node(Value::Mapping(vec![wrapped])), &mut text).unwrap();
        text.push_str("---\n");
    }
    let Some(theirs) = kubectl_reads(&text) else { return };
    assert_eq!(theirs.len(), values.len());
    for (value, theirs) in values.iter().zip(&theirs) {
        let mut written = String::new();
        write(value, &mut written).unwrap();
        assert!(is_same(value, &theirs["data"]), "{written}\n{}", theirs["data"]);
    }
}

#[test]
fn kubectl_reads_plain_scalars_and_keys_as_we_do() {
    let tokens = samples(
        prop_oneof![
            2 => "[-+]?[0-9._]{1,6}([eE][-+]?[0-9_]{1,3})?",
            2 => "[-+]?0[xXoObB]?[0-9a-fA-F_]{0,6}",
            1 => "[-+.]?(inf|Inf|INF|iNf|nan|NaN)x?",
            1 => "[yYnNoOtTfF~][a-zA-Z]{0,4}",
            1 => "[-+0-9._eExob:TZ]{1,10}",
            1 => "(!!str |!!float |!foo )?[-+]?[0-9]{1,22}",
        ],
        4000,
    );
    let readable = |token: &String| {
        let stream = read_text(&format!("- {token}\n"));
        stream.diagnostics.is_empty() && stream.documents.len() == 1
    };
    let tokens: Vec<String> = tokens.into_iter().filter(readable).collect();
    assert!(tokens.len() > 3000, "{}", tokens.len());
    let mut text = format!("{OBJECT}data:\n");
    for token in &tokens {
        text.push_str(&format!("- {token}\n"));
    }
    text.push_str("keys:\n");
    for token in &tokens {
        let key = format!("- {token}: 1\n");
        text.push_str(if readable(&key[2..].to_owned()) { &key } else { "- {}\n" });
    }
    let Some(theirs) = kubectl_reads(&text) else { return };
    let ours = read_text(&text);
    assert!(ours.diagnostics.is_empty(), "{:?}", ours.diagnostics);
    for part in ["data", "keys"] {
        let items = ours.documents[0].root.get(part).and_then(Node::as_sequence).unwrap();
        for (index, token) in tokens.iter().enumerate() {
            let theirs = &theirs[0][part][index];
            assert!(is_same(&items[index], theirs), "{part}: `{token}` is {theirs}, not {:?}", items[index].value);
        }
    }
}

#[test]
fn kubectl_reads_real_files_as_we_do() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    files.extend(files_below(&corpus.join("manifests/kubernetes-examples"), &["yaml", "yml"]));
    files.extend(files_below(&corpus.join("manifests/microservices-demo/release"), &["yaml", "yml"]));
    let (mut compared, mut skipped) = (0, 0);
    for file in files.iter().step_by(3) {
        let source = Source::file(file.display().to_string(), std::fs::read_to_string(file).unwrap());
        let parsed = parse(&source, &ReadLimits::default());
        if has_errors(&parsed) || parsed.manifests.is_empty() {
            skipped += 1;
            continue;
        }
        let Some(theirs) = kubectl_reads(source.text()) else { return };
        assert_eq!(theirs.len(), parsed.manifests.len(), "{}", file.display());
        for (ours, theirs) in parsed.manifests.iter().zip(theirs) {
            for entry in ours.root.as_mapping().unwrap().iter().filter(|entry| &*entry.key.name != "metadata") {
                let same = is_same(&entry.value, &theirs[&*entry.key.name]);
                assert!(same, "{}: `{}` of {}", file.display(), entry.key.name, ours.object);
            }
            compared += 1;
        }
    }
    eprintln!("{compared} objects are the same to kubectl; {skipped} files without a clean object");
    assert!(compared > 50, "too few objects were compared");
}

/// A document that uses much of YAML, and whose object is named `name`.
fn rich_document(name: usize) -> String {
    format!(
        "# comment\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: n{name}\ndata: &all\n  plain: a b  c\n  \"quoted\": \"x\\ty\\u00e9 \n    z\"\n  \
         'single': 'it''s\n\n    folded'\n  literal: |\n    one\n     two\n\n  stripped: >-\n    three\n    four\n  flow: {{a: [1, 2.5, yes], b: ~}}\n  \
         list:\n  - &item {{k: 1, l: 2}}\n  - <<: *item\n    m: 3\n  - !!str 5\n  ? key\n  : value\nmore: [*item, \"*item\"]\n"
    )
}

pub(crate) fn mutated(count: usize) -> Vec<String> {
    let edits = proptest::collection::vec(
        (
            any::<proptest::sample::Index>(),
            0_usize..6,
            proptest::sample::select(vec![
                "\n",
                " ",
                "  ",
                ":",
                ": ",
                "- ",
                "#",
                " #",
                "'",
                "\"",
                "{",
                "}",
                "[",
                "]",
                ",",
                "&",
                "*",
                "!",
                "|",
                ">",
                "?",
                "%",
                "@",
                "`",
                "---",
                "\n---\n",
                "\n...\n",
                "\n--- ",
                "<<: ",
                "\t",
                "\r",
                "\r\n",
                "~",
                "0",
                "\\",
                "\u{85}",
                "\u{2028}",
                "\u{feff}",
                "!!int ",
                "\nplain: 2\n",
                "\n  plain: 2\n",
                "\n<<: {a: b}\n",
                "\n  <<: {plain: 3}\n",
                "|+\n",
                "é",
                "\u{a0}",
                "*all",
                "*item",
                "&item ",
                "{{ .a }}",
            ]),
        ),
        1..4,
    );
    let apply = |(number, edits): (usize, Vec<(proptest::sample::Index, usize, &str)>)| {
        let mut text: Vec<char> = rich_document(number).chars().collect();
        for (at, removed, added) in edits {
            let start = at.index(text.len());
            let end = (start + removed).min(text.len());
            text.splice(start..end, added.chars());
        }
        text.into_iter().collect()
    };
    samples(edits, count).into_iter().enumerate().map(apply).collect()
}

#[test]
fn nothing_passes_that_kubectl_reads_differently() {
    let texts = mutated(2500);
    let Some((theirs, complaints)) = kubectl_reads_files(&texts) else { return };
    let mut passed = 0;
    let mut differences = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let parsed = parse(&Source::file("mutated.yaml", text.as_str()), &ReadLimits::default());
        let [ours] = parsed.manifests.as_slice() else { continue };
        if has_errors(&parsed) || parsed.documents != 1 {
            continue;
        }
        let name = ours.object.name.to_string();
        let complaint = complaints.lines().find(|line| line.contains(&format!("{number:05}.yaml")));
        if let Some(complaint) = complaint {
            differences.push(format!("passes, but: {complaint}\n{text:?}"));
            continue;
        }
        let mut same_name = theirs.iter().filter(|object| object["metadata"]["name"] == name.as_str());
        let found = same_name.any(|object| {
            ours.root
                .as_mapping()
                .unwrap()
                .iter()
                .all(|entry| &*entry.key.name == "metadata" || is_same(&entry.value, &object[&*entry.key.name]))
        });
        if found {
            passed += 1;
        } else {
            differences.push(format!("read otherwise: {text:?}\n{:?}", ours.root.to_json()));
        }
    }
    eprintln!("{passed} of {} damaged documents pass, and kubectl agrees on each", texts.len());
    assert!(differences.is_empty(), "{}\n{}", differences.len(), differences.join("\n"));
    assert!(passed > 250, "too few documents passed to compare anything: {passed}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_reads_without_panic_and_diagnostics_point_into_it(
        text in prop_oneof![
            any::<String>(),
            proptest::collection::vec(any::<u8>(), 0..4096).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            proptest::collection::vec(proptest::sample::select(
                "a1 \n\n  -:?,[]{}#&*!|>'\"%@`\t\r.~<=_0xe\u{85}\u{2028}\u{feff}é😀".chars().collect::<Vec<_>>()
            ), 0..300).prop_map(|signs| signs.into_iter().collect()),
        ],
    ) {
        let source = Source::file("any.yaml", text.as_str());
        let parsed = parse(&source, &ReadLimits::default());
        for diagnostic in &parsed.diagnostics {
            let span = diagnostic.primary.as_ref().unwrap().location.span;
            prop_assert!(text.get(span.range()).is_some(), "{:?} {}", span, diagnostic.message);
        }
        let found = parsed.manifests.len() + parsed.failed + parsed.empty_lists;
        prop_assert!(parsed.documents <= found, "a document was lost");
    }

    #[test]
    fn the_order_of_keys_in_the_source_does_not_change_what_is_written(
        keys in proptest::collection::btree_set("[0-9a-cA_.é-]{0,5}", 2..30),
        seed in any::<u64>(),
    ) {
        let entry = |name: &String| Entry {
            key: Key { span: Span::default(), name: name.as_str().into() },
            value: node(Value::Null),
        };
        let entries: Vec<Entry> = keys.iter().map(entry).collect();
        let mut shuffled = entries.clone();
        shuffled.sort_by_key(|entry| {
            entry.key.name.bytes().fold(seed, |hash, byte| hash.rotate_left(7).wrapping_mul(31) ^ u64::from(byte))
        });
        let (mut first, mut second) = (String::new(), String::new());
        write(&node(Value::Mapping(entries)), &mut first).unwrap();
        write(&node(Value::Mapping(shuffled)), &mut second).unwrap();
        prop_assert_eq!(first, second);
    }
}
