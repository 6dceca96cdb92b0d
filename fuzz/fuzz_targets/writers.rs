//! Any texts, as keys and as values at any depth, read back the same from every style, and are written the same twice.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run writers -O -s none`.
#![no_main]

use hydrant::manifest::{Entry, Key, Node, ReadLimits, Style, Value, WriteError, read, write_styled};
use hydrant::source::{Source, Span};
use libfuzzer_sys::fuzz_target;

/// Parts the fuzzer's text: `\u{1}` ends a text, `\u{2}` and `\u{3}` open and close a collection.
const MARKS: [char; 3] = ['\u{1}', '\u{2}', '\u{3}'];

fuzz_target!(|text: &str| {
    let mut rest = text;
    let tree = mapping(&mut rest, 0);
    for style in [Style::Canonical, Style::GoYamlV2, Style::GoYamlV3] {
        let Some(written) = write(&tree, style) else { continue };
        let read = read_back(&written, style);
        assert!(read.same_meaning(&tree), "{style:?}\n{written}");
        // a float that is whole reads back as an integer, so what was read is what must not change any more
        let again = write(&read, style).expect("what was written can be written");
        let twice = write(&read_back(&again, style), style).expect("what was written can be written");
        assert_eq!(again, twice, "{style:?}");
    }
});

/// Nothing where a style refuses a key.
fn write(tree: &Node, style: Style) -> Option<String> {
    let mut written = String::new();
    match write_styled(tree, style, &mut written) {
        Ok(()) => Some(written),
        Err(WriteError::MergeKey) if style != Style::Canonical => None,
        Err(error) => panic!("{style:?}: {error}"),
    }
}

fn read_back(written: &str, style: Style) -> Node {
    let mut stream = read(&Source::file("written.yaml", written), &ReadLimits::default());
    assert!(stream.diagnostics.is_empty(), "{style:?}: {:?}\n{written}", stream.diagnostics);
    assert_eq!(stream.documents.len(), 1, "{style:?}\n{written}");
    stream.documents.remove(0).root
}

/// Texts in turn as key and value, each key once.
fn mapping(rest: &mut &str, depth: usize) -> Node {
    let mut entries: Vec<Entry> = Vec::new();
    while let Some((name, mark)) = next(rest) {
        let value = match mark {
            '\u{2}' if depth < 32 && name.len() % 2 == 0 => mapping(rest, depth + 1),
            '\u{2}' if depth < 32 => sequence(rest, depth + 1),
            '\u{3}' => break,
            _ => next(rest).map_or(Node::synthetic(Value::Null), |(text, _)| scalar(text)),
        };
        if entries.iter().all(|entry| &*entry.key.name != name) {
            entries.push(Entry { key: Key { span: Span::default(), name: name.into() }, value });
        }
    }
    Node::synthetic(Value::Mapping(entries))
}

fn sequence(rest: &mut &str, depth: usize) -> Node {
    let mut items = Vec::new();
    while let Some((text, mark)) = next(rest) {
        match mark {
            '\u{2}' if depth < 32 => items.push(mapping(rest, depth + 1)),
            '\u{3}' => break,
            _ => items.push(scalar(text)),
        }
    }
    Node::synthetic(Value::Sequence(items))
}

fn next<'a>(rest: &mut &'a str) -> Option<(&'a str, char)> {
    if rest.is_empty() {
        return None;
    }
    let end = rest.find(MARKS).unwrap_or(rest.len());
    let mark = rest[end..].chars().next();
    let text = &rest[..end];
    *rest = &rest[end + mark.map_or(0, char::len_utf8)..];
    Some((text, mark.unwrap_or('\u{1}')))
}

/// A text; behind `=` a number, where it is one.
fn scalar(text: &str) -> Node {
    let number =
        text.strip_prefix('=').and_then(|number| number.parse::<f64>().ok()).filter(|number| number.is_finite());
    Node::synthetic(number.map_or_else(|| Value::String(text.into()), Value::Float))
}
