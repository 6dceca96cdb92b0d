//! Write: an app's objects become texts, each read back before anyone may have it.
//!
//! What was checked is a tree in memory, what gets deployed is a text, and between the two stands only our writer.

use super::HydrateError;
use crate::diagnostic::Severity;
use crate::manifest::{self, Manifest, ReadLimits, Style, WriteError};
use crate::source::Source;

/// The bytes of a file that holds these objects.
pub(super) fn bytes_of(app: &str, manifests: &[Manifest], style: Style) -> Result<Vec<u8>, HydrateError> {
    let text = written(manifests, style).map_err(|error| blame_writing(app, manifests, style, error))?;
    match difference(manifests, &text) {
        None => Ok(text.into_bytes()),
        Some(whole) => Err(blame_reading(app, manifests, style, whole)),
    }
}

fn written(manifests: &[Manifest], style: Style) -> Result<String, WriteError> {
    manifest::write_documents_styled(manifests.iter().map(|manifest| &manifest.root), style)
}

/// What reading `text` gives other than `manifests`, if anything.
fn difference(manifests: &[Manifest], text: &str) -> Option<String> {
    // the nodes were read under limits once; written without aliases they cannot be larger than the reader allows
    let limits = ReadLimits { bytes: usize::MAX, nodes: usize::MAX, ..ReadLimits::default() };
    let stream = manifest::read(&Source::file("manifest.yaml", text), &limits);
    // warnings were there when the input was checked; whether they pass was decided then
    if let Some(error) = stream.diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error) {
        return Some(error.message.clone());
    }
    if stream.documents.len() != manifests.len() {
        return Some(format!("{} documents instead of {}", stream.documents.len(), manifests.len()));
    }
    let mut pairs = manifests.iter().zip(&stream.documents);
    pairs.find(|(manifest, document)| !manifest.root.same_meaning(&document.root)).map(|_| "a value differs".to_owned())
}

fn blame_writing(app: &str, manifests: &[Manifest], style: Style, error: WriteError) -> HydrateError {
    let guilty = manifests.iter().find(|manifest| written(std::slice::from_ref(manifest), style).is_err());
    HydrateError::Write { app: app.to_owned(), object: object_name(guilty), source: error }
}

/// Only a failure pays for the search: each object alone, until one fails.
fn blame_reading(app: &str, manifests: &[Manifest], style: Style, whole: String) -> HydrateError {
    let alone = manifests.iter().find_map(|manifest| {
        let one = std::slice::from_ref(manifest);
        let text = written(one, style).ok()?;
        difference(one, &text).map(|difference| (manifest, difference))
    });
    HydrateError::ReadBack {
        app: app.to_owned(),
        object: object_name(alone.as_ref().map(|(manifest, _)| *manifest)),
        difference: alone.map_or(whole, |(_, difference)| difference),
    }
}

fn object_name(manifest: Option<&Manifest>) -> String {
    manifest.map_or_else(|| "the file".to_owned(), |manifest| manifest.object.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::tests::config_map;
    use super::*;

    #[test]
    fn a_text_that_reads_as_something_else_is_caught() {
        let manifests = [config_map("a"), config_map("b")];
        let text = written(&manifests, Style::Canonical).expect("writes");
        assert_eq!(difference(&manifests, &text), None);
        let unquoted = text.replacen("\"0644\"", "0644", 1);
        assert_ne!(unquoted, text, "the writer quotes what would read as a number");
        assert_eq!(difference(&manifests, &unquoted).as_deref(), Some("a value differs"));
        assert_eq!(difference(&manifests[..1], &text).as_deref(), Some("2 documents instead of 1"));
        assert!(difference(&manifests, "a: [").is_some());
    }
}
