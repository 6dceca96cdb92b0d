//! Reading and writing YAML as Kubernetes does, over real files, hostile files and generated values.

use std::path::{Path, PathBuf};

use hydrant::manifest::{Entry, Key, Node, ReadLimits, Stream, Value, read, write, write_documents};
use hydrant::source::{Source, Span};
use proptest::prelude::*;

fn read_text(text: &str) -> Stream {
    read(&Source::file("test.yaml", text), &ReadLimits::default())
}

/// The folder of real files; `None`, and a line that says so, where it is absent.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("HYDRANT_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no corpus at {}; set HYDRANT_CORPUS", folder.display());
    None
}

/// Every YAML file below a folder, sorted.
fn yaml_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            yaml_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
}

#[test]
fn real_files_read_and_every_document_survives_being_written() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    for folder in
        ["manifests", "overlays", "policy", "suites/kubeconform-fixtures", "suites/kubectl-validate-testcases"]
    {
        yaml_files(&corpus.join(folder), &mut files);
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
    let hostile: Vec<&'static str> = vec![
        "",
        "yes",
        "0644",
        "1_000",
        "22:22",
        "~",
        "a: b",
        "a ",
        " a",
        "\ta",
        "a\t",
        "a\rb",
        "a\r\nb",
        "a\u{85}b",
        "a\u{2028}b",
        "\u{2029}",
        "\u{feff}a",
        "😀",
        "a\nb\n",
        "\na",
        "  a\n b",
        "a\n\n\n",
        "\n",
        "\n\n",
        " \n",
        "a \nb",
        "- a",
        "---",
        "...",
        "--- a",
        "a #b",
        "#a",
        "'",
        "\"",
        "\\",
        "{{ .Values.a }}",
        "{a",
        "[a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "<<",
        "=",
        ".inf",
        "-.inf",
        ".nan",
        "1e3",
        "1e400",
        "0x1F",
        "0o7",
        "0b1",
        "+1",
        "-",
        "?",
        ":",
        "a:",
        "a'b",
        "null",
        "2001-01-01",
        "12e03",
        "1.",
        ".5",
        "._1",
        "0.1_0",
        ".1_0",
        "-0",
        "08",
        "\0",
        "\u{7f}",
        "\u{fffe}",
        "a\n---\nb",
        "a\n...\nb",
    ];
    prop_oneof![
        3 => proptest::sample::select(hostile).prop_map(str::to_owned),
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

fn tree() -> impl Strategy<Value = Node> {
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
