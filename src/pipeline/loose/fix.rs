//! Fix: loose manifests whose texts other readers read otherwise, as texts that everybody reads alike.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::kept::Known;
use super::{LooseRun, ReadFile, read_one, validate_loose};
use crate::diagnostic::Severity;
use crate::load::LooseFile;
use crate::manifest::{Fixed, NotText, fix_bytes, text_of};
use crate::pipeline::{Cores, Error, Limits, Unwatched};
use crate::source::Span;

/// Fixes what provably can be, file by file; what is no manifest, or no text, gives `None`. Writes nothing.
///
/// All files are validated first: what is refused as it is read is left alone, for something else was meant.
pub fn fix_loose(files: &[LooseFile], run: &LooseRun<'_>, limits: &Limits) -> Result<Vec<Option<Fixed>>, Error> {
    let readable: Vec<LooseFile> = files.par_iter().map(in_utf8).collect();
    let checkup = validate_loose(&readable, run, limits, &Unwatched)?;
    let mut refused: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for diagnostic in checkup.diagnostics.iter().filter(|found| found.severity == Severity::Error) {
        // only what is said of a value of an object has a pointer
        if let (Some(label), Some(_)) = (&diagnostic.primary, &diagnostic.pointer) {
            refused.entry(label.location.source.name()).or_default().push(label.location.span);
        }
    }
    let fix = |(file, readable): (&LooseFile, &LooseFile)| {
        let read = read_one(readable, &limits.read, &Cores, || (), |(), manifest| Known::unjudged(manifest));
        let ReadFile::Parsed { .. } = read else { return None };
        let held = refused.get(&*file.name).map_or(&[][..], Vec::as_slice);
        fix_bytes(&file.name, &file.bytes().ok()?, held, &limits.read).ok()
    };
    Ok(files.par_iter().zip(&readable).map(fix).collect())
}

/// The file as it will be once it is no longer UTF-16.
fn in_utf8(file: &LooseFile) -> LooseFile {
    let mut file = file.clone();
    let decoded = file.bytes().ok().and_then(|bytes| match text_of(&bytes) {
        Err(NotText::Utf16(text)) => Some(text),
        _ => None,
    });
    if let Some(text) = decoded {
        file.set_text(&text);
    }
    file
}
