//! The YAML test suite: every case read as Kubernetes reads it, and every difference put down to a reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use hydrant::diagnostic::rules;
use hydrant::manifest::{Node, ReadLimits, Stream, Value, read};
use hydrant::source::Source;

use super::{kubectl, settle};
use crate::corpus::{corpus, files_below};

/// One case of the suite.
struct Case {
    /// The file's name, with the number of the case where it holds several.
    id: String,
    yaml: String,
    expected: Expected,
}

enum Expected {
    /// It is no YAML.
    Failure,
    /// It is these values.
    Json(Vec<serde_json::Value>),
    /// It is YAML; the suite gives no values, mostly because JSON has none.
    Yaml,
}

fn cases(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for file in files_below(folder, &["yaml"]) {
        let stream = read(&Source::file("suite", std::fs::read_to_string(&file).unwrap()), &ReadLimits::default());
        assert!(stream.diagnostics.is_empty(), "{}: {:?}", file.display(), stream.diagnostics);
        let list = stream.documents[0].root.as_sequence().unwrap().to_owned();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for (index, case) in list.iter().enumerate() {
            let id = if list.len() == 1 { name.clone() } else { format!("{name}/{index:02}") };
            let text = |key: &str| case.get(key).and_then(Node::as_str);
            let expected = match (case.get("fail"), text("json")) {
                (Some(_), _) => Expected::Failure,
                (None, Some(json)) => {
                    Expected::Json(serde_json::Deserializer::from_str(json).into_iter().map(Result::unwrap).collect())
                }
                (None, None) => Expected::Yaml,
            };
            cases.push(Case { id, yaml: visible(text("yaml").unwrap()), expected });
        }
    }
    cases
}

/// The suite writes what cannot be seen as signs that can.
fn visible(text: &str) -> String {
    let mut plain = String::new();
    let mut dashes = 0;
    for sign in text.chars() {
        match sign {
            '—' => {
                dashes += 1;
                continue;
            }
            '»' => plain.push('\t'),
            '␣' => plain.push(' '),
            '←' => plain.push('\r'),
            '⇔' => plain.push('\u{feff}'),
            '↵' => {}
            sign => {
                assert_eq!(dashes, 0, "a dash that begins no tab: {text:?}");
                plain.push(sign);
            }
        }
        dashes = 0;
    }
    match plain.strip_suffix("∎\n") {
        Some(rest) => rest.to_owned(),
        None => plain,
    }
}

/// Why we do not read a case as the suite does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    Borders,
    Directives,
    Keys,
    Brackets,
    Names,
    Tabs,
    Escapes,
    Binary,
    EmptyDocuments,
    Continuations,
}

impl Reason {
    fn words(self) -> &'static str {
        match self {
            Self::Borders => {
                "refused (`yaml-split`): kubectl cuts a file at lines before it reads YAML, and would refuse the case, \
                 or lose what follows `...` in silence"
            }
            Self::Directives => "refused: `%` directives, which kubectl refuses, or cuts from their document",
            Self::Keys => "refused: a key that is empty, a list or a mapping, which JSON cannot hold",
            Self::Brackets => "refused: signs and keys in brackets that YAML 1.1 reads otherwise, or not at all",
            Self::Names => "refused: a tag or the name of an anchor ends elsewhere in YAML 1.1",
            Self::Tabs => "refused: a tab where YAML 1.1 expects indentation",
            Self::Escapes => "refused: an escape that YAML 1.1 does not have",
            Self::Binary => "refused: `!!binary` that is no UTF-8 text; kubectl would send it damaged",
            Self::EmptyDocuments => {
                "read, with another number of empty documents: kubectl counts pieces of its splitter"
            }
            Self::Continuations => {
                "read as kubectl reads it, though YAML 1.2 wants the lines of a bracket or quote further in"
            }
        }
    }

    /// The reason for which a text is refused, told by what was found first.
    fn of_refusal(stream: &Stream) -> Option<Self> {
        let first = stream.diagnostics.first()?;
        let label = first.primary.as_ref()?;
        let marked = label.location.source.slice(label.location.span);
        if first.rule == rules::YAML_SPLIT {
            return Some(Self::Borders);
        }
        if marked.starts_with('%') {
            return Some(Self::Directives);
        }
        let by_message = [
            ("a key is empty", Self::Keys),
            ("a key is a list or a mapping", Self::Keys),
            ("a key in braces", Self::Brackets),
            ("a text in brackets", Self::Brackets),
            ("a tag is not followed by a space", Self::Names),
            ("is no name for an anchor", Self::Names),
            ("a tab is used as indentation", Self::Tabs),
            ("an escape that only JSON has", Self::Escapes),
            ("a `!!binary` value", Self::Binary),
        ];
        by_message.into_iter().find(|(words, _)| first.message.contains(words)).map(|(_, reason)| reason)
    }

    /// The reason for which values differ.
    fn of_difference(stream: &Stream, values: &[serde_json::Value]) -> Option<Self> {
        let ours = stream.documents.iter().map(|document| &document.root).filter(|root| root.value != Value::Null);
        let theirs: Vec<Node> = values.iter().filter(|value| !value.is_null()).map(Node::from_json).collect();
        let ours: Vec<&Node> = ours.collect();
        let same =
            ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(ours, theirs)| ours.same_meaning(theirs));
        same.then_some(Self::EmptyDocuments)
    }

    /// The reason for which a text is read that YAML 1.2 forbids.
    fn of_leniency(stream: &Stream, yaml: &str) -> Option<Self> {
        let continued = |node: &Node| {
            let written = &yaml[node.span.range()];
            written.starts_with(['[', '{', '"', '\'']) && written.contains('\n')
        };
        stream.documents.iter().any(|document| any_node(&document.root, &continued)).then_some(Self::Continuations)
    }
}

fn any_node(node: &Node, holds: &dyn Fn(&Node) -> bool) -> bool {
    let below = match &node.value {
        Value::Sequence(items) => items.iter().any(|item| any_node(item, holds)),
        Value::Mapping(entries) => entries.iter().any(|entry| any_node(&entry.value, holds)),
        _ => false,
    };
    below || holds(node)
}

#[derive(Debug, PartialEq)]
enum Outcome {
    /// The values of the suite.
    SameValues,
    /// No YAML, and refused.
    RightlyRefused,
    /// Read, and the suite has no values to compare.
    Read,
    Different(Reason),
}

fn outcome(case: &Case, stream: &Stream) -> Option<Outcome> {
    let refused = !stream.diagnostics.is_empty();
    Some(match &case.expected {
        Expected::Failure if refused => Outcome::RightlyRefused,
        Expected::Failure => Outcome::Different(Reason::of_leniency(stream, &case.yaml)?),
        _ if refused => Outcome::Different(Reason::of_refusal(stream)?),
        Expected::Yaml => Outcome::Read,
        Expected::Json(values) if is_same(stream, values) => Outcome::SameValues,
        Expected::Json(values) => Outcome::Different(Reason::of_difference(stream, values)?),
    })
}

fn is_same(stream: &Stream, values: &[serde_json::Value]) -> bool {
    stream.documents.len() == values.len()
        && stream.documents.iter().zip(values).all(|(ours, theirs)| ours.root.same_meaning(&Node::from_json(theirs)))
}

fn read_case(case: &Case) -> Stream {
    read(&Source::file("case.yaml", case.yaml.as_str()), &ReadLimits::default())
}

fn all_cases() -> Option<Vec<Case>> {
    let folder = corpus()?.join("suites/yaml-test-suite");
    assert!(folder.is_dir(), "the corpus has no YAML test suite");
    let cases = cases(&folder);
    assert!(cases.len() > 400, "only {} cases", cases.len());
    Some(cases)
}

/// The text of every case.
pub(crate) fn texts() -> Option<Vec<String>> {
    Some(all_cases()?.into_iter().map(|case| case.yaml).collect())
}

#[test]
fn every_difference_from_the_yaml_test_suite_has_a_reason() {
    let Some(cases) = all_cases() else { return };
    let (mut same, mut refused, mut read) = (0, 0, 0);
    let mut differences: BTreeMap<Reason, Vec<&str>> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for case in &cases {
        let stream = read_case(case);
        match outcome(case, &stream) {
            Some(Outcome::SameValues) => same += 1,
            Some(Outcome::RightlyRefused) => refused += 1,
            Some(Outcome::Read) => read += 1,
            Some(Outcome::Different(reason)) => differences.entry(reason).or_default().push(&case.id),
            None => unexplained.push(format!("{}: {:?}\n{:?}", case.id, case.yaml, stream.diagnostics)),
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    let different: usize = differences.values().map(Vec::len).sum();
    let mut table = format!(
        "| {} cases | |\n|---|---|\n| the same values | {same} |\n| no YAML, and refused | {refused} |\n\
         | read; the suite gives no values | {read} |\n| different, for a reason below | {different} |\n\n\
         | reason | cases | which |\n|---|---|---|\n",
        cases.len()
    );
    for (reason, ids) in &differences {
        let _ = writeln!(table, "| {} | {} | {} |", reason.words(), ids.len(), ids.join(" "));
    }
    eprintln!("{same} same, {refused} rightly refused, {read} read, {different} different; 0 unexplained");
    settle("yaml-test-suite", &table);
}

/// kubectl 1.32 takes a text that begins with `{` for JSON and nothing else; later versions go on with YAML.
fn is_taken_for_json(text: &str, refusal: &str) -> bool {
    text.trim_start().starts_with('{') && refusal.starts_with("json: offset")
}

#[test]
fn kubectl_reads_every_case_of_the_yaml_test_suite_that_passes_as_we_do() {
    let Some(cases) = all_cases() else { return };
    let texts: Vec<&str> = cases.iter().map(|case| case.yaml.as_str()).collect();
    let Some(readings) = kubectl::read_all(&texts) else { return };
    let (mut same, mut taken_for_json, mut both_refuse) = (0, 0, 0);
    let mut stricter = Vec::new();
    for (case, theirs) in cases.iter().zip(&readings) {
        let stream = read_case(case);
        match (stream.diagnostics.is_empty(), &theirs.refusal) {
            (true, None) => {
                let roots = stream.documents.iter().map(|document| document.root.to_json());
                let (mappings, others): (Vec<_>, Vec<_>) =
                    roots.filter(|root| !root.is_null()).partition(serde_json::Value::is_object);
                assert_eq!((&mappings, others.len()), (&theirs.mappings, theirs.others), "{}: {}", case.id, case.yaml);
                same += 1;
            }
            (true, Some(refusal)) => {
                assert!(is_taken_for_json(&case.yaml, refusal), "{}: {refusal}\n{}", case.id, case.yaml);
                taken_for_json += 1;
            }
            (false, None) => stricter.push(case.id.as_str()),
            (false, Some(_)) => both_refuse += 1,
        }
    }
    eprintln!(
        "kubectl: {same} read the same, {both_refuse} refused by both, {taken_for_json} taken for JSON; \
         only we refuse {}: {stricter:?}",
        stricter.len()
    );
    assert!(same > 150, "too few cases were compared");
}
