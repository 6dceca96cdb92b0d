//! Reader: YAML or JSON text to documents as Kubernetes reads them, with everything that is wrong told at once.

use std::sync::Arc;

use super::Node;
use super::mapping::Remark;
use super::problems::Problems;
use super::reading::{self, Documents, Reading};
use crate::diagnostic::Diagnostic;
use crate::source::Source;

/// Below this many bytes a text is not worth more than one thread.
const LARGE: usize = 1024 * 1024;

/// Parts of a text for each thread: enough that none waits long for another.
const PARTS_PER_THREAD: usize = 16;

/// Which of several entries with one key counts. That there are several is told in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RepeatedKeys {
    /// The first: as good as any where the text is refused.
    #[default]
    First,
    /// The last, and a merge before what stands above it: what `kubectl` reads that is not strict.
    Last,
}

/// What one text may cost to read, and which of its mistakes are read past.
#[derive(Debug, Clone)]
pub struct ReadLimits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Nesting of collections. Never more than 512, whatever stands here: later stages walk the tree by recursion.
    pub depth: usize,
    /// Nodes of the stream after aliases are expanded.
    pub nodes: usize,
    /// Which of several entries with one key counts.
    pub repeated_keys: RepeatedKeys,
}

impl Default for ReadLimits {
    fn default() -> Self {
        // a text of plain lines has a node for every ten bytes or so
        Self { bytes: 64 * 1024 * 1024, depth: 256, nodes: 8_000_000, repeated_keys: RepeatedKeys::First }
    }
}

/// One YAML document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its value; `Null` for a document of comments only.
    pub root: Node,
}

/// What a text held: documents that could be read, and what was wrong with the others.
#[derive(Debug, Default)]
pub struct Stream {
    /// In the order written.
    pub documents: Vec<Document>,
    /// Errors in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// Documents that could not be read; each has a diagnostic.
    pub failed: usize,
    /// What only [`lint`](super::lint) tells.
    pub(super) remarks: Vec<Remark>,
    /// How many of the documents were plain enough for the fast reader. Says nothing about what they mean.
    pub plain: usize,
}

/// Those who read the parts of a large text: where threads come from, which this module knows nothing of.
pub trait Readers: Sync {
    /// How many parts can be read at the same time.
    fn count(&self) -> usize;
    /// Does the work for every part; the results are in the order of the parts.
    fn each<P: Send, T: Send>(&self, parts: Vec<P>, work: impl Fn(P) -> T + Sync + Send) -> Vec<T>;
}

/// One reader, on the thread it is called from.
#[derive(Debug, Clone, Copy, Default)]
pub struct OneReader;

impl Readers for OneReader {
    fn count(&self) -> usize {
        1
    }

    fn each<P: Send, T: Send>(&self, parts: Vec<P>, work: impl Fn(P) -> T + Sync + Send) -> Vec<T> {
        parts.into_iter().map(work).collect()
    }
}

/// What a text held, with something made of the documents of each part.
#[derive(Debug)]
pub struct Parts<T> {
    /// In the order of the parts.
    pub made: Vec<T>,
    /// As in [`Stream`].
    pub diagnostics: Vec<Diagnostic>,
    /// As in [`Stream`].
    pub failed: usize,
    /// As in [`Stream`].
    pub(super) remarks: Vec<Remark>,
    /// As in [`Stream`].
    pub plain: usize,
}

/// Reads a text.
///
/// The text is cut into documents as kubectl cuts it; where YAML would cut differently, that is an error. A document
/// that cannot be read does not hide the next.
#[must_use]
pub fn read(source: &Arc<Source>, limits: &ReadLimits) -> Stream {
    stream(read_parts(source, limits, &OneReader, |documents| documents.collect()))
}

/// Reads a text without the fast reader: slower, and otherwise the same. What tests hold [`read`] against.
#[must_use]
pub fn read_thoroughly(source: &Arc<Source>, limits: &ReadLimits) -> Stream {
    stream(whole(Reading::new(source, limits).without_fast_reader(), |documents| documents.collect()))
}

/// Reads a text as [`read`] does, with as many readers as there are, and makes something of the documents of each part
/// where they are read. How many readers there are changes nothing but how many parts there are.
///
/// Documents that are not taken are not read, and nothing is told of them. All is made twice where the parts together turn
/// out to exceed a limit.
#[must_use]
pub fn read_parts<T: Send>(
    source: &Arc<Source>,
    limits: &ReadLimits,
    readers: &impl Readers,
    make: impl Fn(Documents<'_, '_>) -> T + Sync + Send,
) -> Parts<T> {
    let wanted = readers.count().saturating_mul(PARTS_PER_THREAD);
    if readers.count() > 1
        && source.text().len() >= LARGE
        && source.text().len() <= limits.bytes.min(u32::MAX as usize)
        && let Some(cut) = reading::cut(source, wanted)
    {
        let parts = readers.each(cut.parts, |pieces| {
            let mut reading = Reading::new(source, limits);
            (make(reading.pieces(pieces)), reading)
        });
        if let Some(parts) = join(cut.problems, limits, parts) {
            return parts;
        }
    }
    whole(Reading::new(source, limits), make)
}

/// Puts parts together that were read by themselves; `None` if all of them together exceed a limit: only who reads them
/// one after the other knows where.
fn join<T>(mut problems: Problems, limits: &ReadLimits, parts: Vec<(T, Reading<'_>)>) -> Option<Parts<T>> {
    let mut made = Vec::with_capacity(parts.len());
    let (mut failed, mut plain, mut nodes, mut bytes) = (0, 0, 0_usize, 0_usize);
    for (part, reading) in parts {
        let (spent_nodes, spent_bytes) = reading.budget.spent(limits);
        nodes = nodes.saturating_add(spent_nodes);
        bytes = bytes.saturating_add(spent_bytes);
        if reading.exhausted || nodes > limits.nodes || bytes > limits.bytes {
            return None;
        }
        made.push(part);
        problems.absorb(reading.problems);
        failed += reading.failed;
        plain += reading.plain;
    }
    let remarks = problems.take_remarks();
    Some(Parts { made, diagnostics: problems.into_diagnostics(), failed, remarks, plain })
}

fn whole<T>(mut reading: Reading<'_>, make: impl Fn(Documents<'_, '_>) -> T) -> Parts<T> {
    let made = make(reading.everything());
    let remarks = reading.problems.take_remarks();
    let diagnostics = reading.problems.into_diagnostics();
    Parts { made: vec![made], diagnostics, failed: reading.failed, remarks, plain: reading.plain }
}

fn stream(parts: Parts<Vec<Document>>) -> Stream {
    let Parts { made, diagnostics, failed, remarks, plain } = parts;
    Stream { documents: made.into_iter().flatten().collect(), diagnostics, failed, remarks, plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::rules;

    fn read_text(text: &str) -> (Arc<Source>, Stream) {
        let source = Source::file("test.yaml", text);
        let stream = read(&source, &ReadLimits::default());
        (source, stream)
    }

    /// The only document of a text without mistakes, as JSON.
    fn value(text: &str) -> serde_json::Value {
        let (_, stream) = read_text(text);
        assert!(stream.diagnostics.is_empty(), "{text}: {:?}", stream.diagnostics);
        assert_eq!(stream.documents.len(), 1, "{text}");
        stream.documents[0].root.to_json()
    }

    /// Rule and marked text of every diagnostic.
    fn findings(text: &str) -> Vec<(String, String)> {
        let (source, stream) = read_text(text);
        let marked = |diagnostic: &Diagnostic| {
            let span = diagnostic.primary.as_ref().map(|label| label.location.span).unwrap_or_default();
            (diagnostic.rule.to_string(), source.slice(span).to_owned())
        };
        stream.diagnostics.iter().map(marked).collect()
    }

    fn only_finding(text: &str) -> (String, String) {
        let mut found = findings(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.remove(0)
    }

    fn syntax(marked: &str) -> (String, String) {
        ("yaml-syntax".to_owned(), marked.to_owned())
    }

    #[test]
    fn values_mean_what_they_mean_to_kubernetes() {
        assert_eq!(
            value("{a: yes, b: 0644, c: 22:22, d: !!str 1, e: !Ref x, f: !!binary aGk=, g: 1.0, h: '1', i: ~, j: }"),
            serde_json::json!({
                "a": true, "b": 420, "c": "22:22", "d": "1", "e": "x", "f": "hi", "g": 1, "h": "1", "i": null, "j": null
            })
        );
        assert_eq!(
            value("1: a\non: b\n1.5: c\n0x10: d\n"),
            serde_json::json!({"1": "a", "true": "b", "1.5": "c", "16": "d"})
        );
        assert_eq!(value("\u{feff}a: |\r\n  b\r\n  c"), serde_json::json!({"a": "b\nc\n"}));
    }

    #[test]
    fn spans_end_with_the_last_child_and_empty_values_stand_behind_their_colon() {
        let (source, stream) =
            read_text("a:\n  b: [1, 2]\n  c:\n    - x\n    - y   # comment\n\nd :\ne: |\n  text\n\n\nf: 1\n");
        let root = &stream.documents[0].root;
        let written = |node: &Node| source.slice(node.span).to_owned();
        let a = root.get("a").unwrap();
        assert_eq!(written(a), "b: [1, 2]\n  c:\n    - x\n    - y");
        assert_eq!(written(a.get("b").unwrap()), "[1, 2]");
        assert_eq!(written(a.get("c").unwrap()), "- x\n    - y");
        assert_eq!(written(root.get("e").unwrap()), "text");
        let d = root.entry("d").unwrap();
        assert_eq!((d.value.span.start, d.value.span.len()), (d.key.span.end + 2, 0));
    }

    #[test]
    fn aliases_are_copies_and_merges_yield_to_own_keys() {
        assert_eq!(
            value("base: &b {x: 1, q: [1]}\nother: &o {x: 9, z: 3}\nuse:\n  <<: [*b, *o]\n  x: 2\nsame: *b\n")["use"],
            serde_json::json!({"x": 2, "q": [1], "z": 3})
        );
        assert_eq!(value("a: {\"<<\": 1}")["a"], serde_json::json!({"<<": 1}), "quoted, it is a key like any other");
        assert_eq!(only_finding("a: *b\n"), syntax("*b"));
        assert_eq!(only_finding("a: &x [*x]\n"), syntax("*x"));
        assert_eq!(only_finding("a: {<<: 1}\n"), syntax("1"));
        assert_eq!(only_finding("b: &b {x: 1}\na: {x: 2, <<: *b}\n").0, "merge-overlap", "go-yaml lets this merge win");
        let text = "b: &b {x: 1}\nc: &c {x: 2}\na: {<<: *b, <<: *c}\n";
        assert_eq!(only_finding(text).0, "merge-overlap", "go-yaml lets the second merge win");
        assert_eq!(findings("b: &b {x: 1}\na: {x: 1, <<: *b}\n"), [], "no reader can differ");
        assert_eq!(findings("b: &b {x: 1}\nc: &c {y: 1}\na: {<<: *b, <<: *c}\n"), []);
    }

    #[test]
    fn a_key_given_twice_is_told_with_both_places_and_the_first_is_kept() {
        let (source, stream) = read_text("1: a\n\"1\": b\nx: 1\nx: 2\n");
        assert_eq!(stream.documents[0].root.to_json(), serde_json::json!({"1": "a", "x": 1}));
        let places: Vec<_> = stream
            .diagnostics
            .iter()
            .map(|found| (&found.secondary[0].location, &found.primary.as_ref().unwrap().location))
            .map(|(first, again)| (source.slice(first.span), source.slice(again.span)))
            .collect();
        assert_eq!(places, [("1", "\"1\""), ("x", "x")]);
        let told: Vec<_> = stream.diagnostics.iter().map(|found| &found.rule).collect();
        assert_eq!(told, [&rules::COLLIDING_KEYS, &rules::DUPLICATE_KEY]);
        let limits = ReadLimits { repeated_keys: RepeatedKeys::Last, ..ReadLimits::default() };
        let last = |text: &str| {
            let stream = read(&Source::file("test.yaml", text), &limits);
            (stream.documents[0].root.to_json(), stream.diagnostics.len())
        };
        assert_eq!(last("x: 1\nq: 2\nx: 3\nx: 4\n"), (serde_json::json!({"x": 4, "q": 2}), 2));
        let text = "b: &b {x: 2, q: 9}\nc: &c {q: 8}\nd: {x: 1, <<: *b, q: 3, <<: *c, z: 1, z: 2}\n";
        assert_eq!(last(text).0["d"], serde_json::json!({"x": 2, "q": 8, "z": 2}), "a merge is read in its place");
        let many: String = (0..100).map(|index| format!("k{}: 1\n", index % 99)).collect();
        assert_eq!(only_finding(&many), ("duplicate-key".to_owned(), "k0".to_owned()));
    }

    #[test]
    fn what_has_no_meaning_in_json_is_refused_and_all_of_it_is_told() {
        let text = "a: .inf\n~: 1\n[x]: 2\nb: !!int x\nc: !!binary '*'\nd: *e\n18446744073709551615: f\n";
        let marked: Vec<_> = findings(text).into_iter().map(|(_, marked)| marked).collect();
        assert_eq!(marked, [".inf", "~", "[x]", "x", "'*'", "*e", "18446744073709551615"]);
        let (_, stream) = read_text(text);
        assert_eq!((stream.documents.len(), stream.failed), (0, 1));
    }

    #[test]
    fn a_template_that_was_not_rendered_is_recognised() {
        let (_, stream) = read_text("image: {{ .Values.image }}\n");
        assert_eq!(stream.diagnostics[0].message, "unrendered template: `{{ .Values.image }}`");
        for text in ["a: 1\n{{- if .Values.x }}\nb: 2\n{{- end }}\n", "{% if x %}\na: 1\n{% endif %}\n"] {
            let (_, stream) = read_text(text);
            assert!(stream.diagnostics[0].help.as_ref().unwrap().contains("template"), "{:?}", stream.diagnostics);
        }
    }

    #[test]
    fn a_broken_document_does_not_hide_the_next() {
        let (_, stream) = read_text("a: [1\n---\nb: 2\n---\n\"c\n---\nd: {\n---\ne: 3\n");
        let read: Vec<_> = stream.documents.iter().map(|document| document.root.to_json()).collect();
        assert_eq!(read, [serde_json::json!({"b": 2}), serde_json::json!({"e": 3})]);
        assert_eq!((stream.diagnostics.len(), stream.failed), (3, 3));
    }

    #[test]
    fn kubectl_and_yaml_must_agree_on_where_documents_begin() {
        let split = |marked: &str| ("yaml-split".to_owned(), marked.to_owned());
        assert_eq!(only_finding("a: 1\n--- {b: 2}\n"), split("--- {b: 2}"));
        assert_eq!(only_finding("a: 1\n...\nb: 2\n"), split("b: 2"));
        assert_eq!(only_finding("...\nb: 2\n"), split("b: 2"));
        assert_eq!(only_finding("a: 'x\n---y'\n"), split("---y'"));
        assert_eq!(only_finding("a: 1\r---\rb: 2\n"), split("b: 2"), "a lone carriage return is a line to YAML only");
        assert!(findings("a: 'x\n--- y'\n").contains(&split("--- y'")));
        assert!(findings("a: 1\n---#b\nc: 2\n").contains(&split("---#b")));
        assert_eq!(only_finding("# a comment\n...\n"), split("..."));
        assert_eq!(findings("a: 1\n...\n---\nb: 2\n...\n# end\n"), []);
    }

    #[test]
    fn json_objects_need_no_separator() {
        let (_, stream) = read_text("{\"a\": \"\\ud83d\\ude00\\/\"}{\"b\": 1}\n{\"c\":\"\u{2028}\"}\n");
        let read: Vec<_> = stream.documents.iter().map(|document| document.root.to_json()).collect();
        let expected =
            [serde_json::json!({"a": "😀/"}), serde_json::json!({"b": 1}), serde_json::json!({"c": "\u{2028}"})];
        assert_eq!((read.as_slice(), stream.diagnostics.len()), (expected.as_slice(), 0));
        assert_eq!(read_text("{\"a\": 1}\n---\nb: 2\n").1.documents.len(), 2);
        assert_eq!(value("{\"a\": [1, 2,],}"), serde_json::json!({"a": [1, 2]}), "no JSON, but YAML");
        assert_eq!(value("{\"a\"\n:\n1}"), serde_json::json!({"a": 1}), "JSON allows what YAML 1.1 does not");
        assert_eq!(value("{a: 1}"), serde_json::json!({"a": 1}));
        for lone in ["\\ud83d", "\\ude00", "\\ud83dx\\ude00", "\\ude00\\ud83d"] {
            let (_, stream) = read_text(&format!("{{\"a\": \"{lone}\"}}"));
            assert_eq!((stream.documents.len(), stream.diagnostics.len()), (0, 1), "half a character: {lone}");
        }
        let (_, stream) = read_text("{\"a\": 1}{\"b\": 2}\n---\nc: 3\n");
        assert_eq!((stream.documents.len(), stream.diagnostics[0].rule.as_str()), (3, "yaml-split"));
        assert_eq!(value(&format!("{{\"{}\": 1}}", "k".repeat(5000))).as_object().unwrap().len(), 1);
    }

    #[test]
    fn invisible_characters_are_refused_where_readers_differ() {
        assert_eq!(only_finding("a: \u{7}\n"), syntax("\u{7}"));
        assert_eq!(only_finding("a: \0\n"), syntax("\0"));
        let line_break = |marked: &str| ("odd-line-break".to_owned(), marked.to_owned());
        assert_eq!(only_finding("# c\u{2028}\na: 1\n"), line_break("\u{2028}"));
        assert_eq!(only_finding("a: b\u{85}c\n"), line_break("\u{85}"));
        assert_eq!(value("a: 'b\u{2028}c'\n"), serde_json::json!({"a": "b\u{2028}c"}));
        assert_eq!(only_finding("a: 'b\u{85}c'\n"), line_break("\u{85}"));
        let directive = ("yaml-directive".to_owned(), "%YAML 1.2".to_owned());
        assert_eq!(only_finding("a: 1\n---\n%YAML 1.2\n---\nb: 2\n"), directive);
        assert_eq!(only_finding("a:\n- \tb: 1\n"), syntax("\t"));
        assert_eq!(value("a:\tb\nc: |\n  d\n  \te\n"), serde_json::json!({"a": "b", "c": "d\n\te\n"}));
        let json = "{\n\t\"a\": {\n\t\t\"b\": [\n\t\t\t1\n\t\t]\n\t}\n}\n";
        assert_eq!(value(json), serde_json::json!({"a": {"b": [1]}}), "tabs may indent JSON");
    }

    #[test]
    fn a_blank_line_behind_a_plain_scalar_may_hold_a_tab_that_is_indented_as_the_scalar_must_be() {
        // each as kubectl judges it
        for text in [
            "a: x\n  \t\nb: y\n",
            "a:\n- x\n \t\nb: y\n",
            "a: x\n \t\n",
            "a:\n  b: x\n   \t\nc: y\n",
            "a:\n  - x\n   \t\nb: y\n",
            "a: x\n \t# c\nb: y\n",
            "a: 1\n \t\n\n  \t \nb: y\n",
            "a: x\n \tb\nc: y\n",
            "a: x \n \t\n...\n",
            "a: [x,\n\tb]\n",
            "a: [x\n \t,b]\n",
            "a:\n  - x\n\n   \t \n  - z\n",
            "a: 'x\n\t\n y'\n",
            "a: x\n \t\n  y\nb: 1\n",
        ] {
            assert_eq!(findings(text), [], "{text:?}");
        }
        for text in [
            "a: x\n\t\nb: y\n",
            "a: 'x'\n  \t\nb: y\n",
            "a: x\n\t\n  z\nb: y\n",
            "a: x # c\n  \t\nb: y\n",
            "a:\n  b: x\n \t\nc: y\n",
            "a: x\n\t",
            "a:\n- x\n\t\nb: y\n",
            "a:\n  - x\n  \t\nb: y\n",
            "a:\n \t\nb: y\n",
            "a: |\n  x\n \t\nb: y\n",
            "a: [x]\n \t\nb: y\n",
            "a: x\n \tb: c\n",
            "a: [x\n\t,b]\n",
            "a: {x: 1\n\t}\n",
            "a:\n- - x\n \t\nb: 1\n",
            "a:\n- b: x\n  \t\n",
            "a: x\n \t\n\tb: c\n",
        ] {
            assert_eq!(only_finding(text).0, "yaml-syntax", "{text:?}");
        }
    }

    #[test]
    fn signs_that_yaml_1_1_reads_otherwise_in_brackets_are_refused() {
        assert_eq!(only_finding("{a:, b: 1}\n"), syntax("a"));
        assert_eq!(only_finding("[http://x?y]\n"), syntax("http://x?y"));
        assert_eq!(only_finding("[!a, b]\n").0, "yaml-syntax");
        assert_eq!(only_finding("a: &b.c d\n"), syntax("&b.c"));
        assert_eq!(only_finding("a: {b\n : c}\n"), syntax("b"), "the colon must stand behind its key");
        assert_eq!(only_finding("a: {\"b\" # comment\n\n : c}\n"), syntax("\"b\" # comment"));
        assert_eq!(value("a: {? b\n : c, d\n , e: f}\n")["a"], serde_json::json!({"b": "c", "d": null, "e": "f"}));
        assert_eq!(only_finding("a: \"b\\/c\"\n"), syntax("\"b\\/c\""));
        assert_eq!(only_finding("a: \"\\ud83d\\ude00\"\n").0, "yaml-syntax");
        assert_eq!(value("a: \"\\u00e9\"\n"), serde_json::json!({"a": "é"}));
        assert_eq!(value("a: \"\\\\/\"\nb: '\\/'\n"), serde_json::json!({"a": "\\/", "b": "\\/"}));
        assert_eq!(value("a: http://x?y\nb: [\"x?\", 'c:']\n")["b"], serde_json::json!(["x?", "c:"]));
    }

    #[test]
    fn limits_end_as_findings() {
        let refused = |text: &str, limits: ReadLimits| {
            let stream = read(&Source::file("test.yaml", text), &limits);
            assert_eq!(stream.diagnostics.len(), 1, "{:?}", stream.diagnostics);
            assert_eq!(stream.diagnostics[0].rule, rules::YAML_LIMIT);
            assert!(stream.failed > 0);
        };
        let limits = ReadLimits::default;
        refused("a: 12345", ReadLimits { bytes: 5, ..limits() });
        refused("[1, 2, 3]", ReadLimits { nodes: 3, ..limits() });
        refused("a: {b: {c: 1}}", ReadLimits { depth: 2, ..limits() });
        refused(&"[".repeat(100_000), limits());
        refused(&"- ".repeat(100_000), limits());
        let bomb: String = (1..40).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)).collect();
        refused(&format!("a0: &a0 x\n{bomb}"), limits());
        let copies = "*a, ".repeat(10_000);
        refused(&format!("a: &a {}\nb: [{copies}]\n", "x".repeat(100_000)), limits());
        let tower: String = (1..100).map(|level| format!("a{level}: &a{level} [[[[[*a{}]]]]]\n", level - 1)).collect();
        refused(&format!("a0: &a0 x\n{tower}"), limits());
    }

    #[test]
    fn the_deepest_tree_that_is_read_can_be_walked_and_written() {
        let text = format!("{}1{}", "[".repeat(512), "]".repeat(512));
        let stream = read(&Source::file("deep.yaml", text), &ReadLimits { depth: usize::MAX, ..ReadLimits::default() });
        assert!(stream.diagnostics.is_empty(), "{:?}", stream.diagnostics);
        let root = &stream.documents[0].root;
        let mut written = String::new();
        crate::manifest::write(root, &mut written).unwrap();
        assert!(root.same_meaning(&root.clone()));
        assert_eq!(written, format!("{}1\n", "- ".repeat(512)));
    }
}
