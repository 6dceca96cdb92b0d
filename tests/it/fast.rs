//! The fast reader against the thorough one: over whatever texts there are, both give the same trees, spans included.

use hydrant::manifest::{Node, ReadLimits, Stream, Value, read, read_thoroughly};
use hydrant::source::Source;

use crate::corpus::{corpus, files_below};

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
                if stream.plain < stream.documents.len() && std::env::var_os("SHOW").is_some() {
                    eprintln!("{} {}/{}", file.display(), stream.plain, stream.documents.len());
                }
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
