//! Waivers on an object: the text of an annotation, read as YAML, with places in the manifest.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Waivable, rules};
use crate::manifest::{self, Entry, Manifest, Node, Pointer, ReadLimits, RepeatedKeys, Value};
use crate::source::{Location, Source, Span};

use super::entry::{self, Fault, fault};
use super::{ANNOTATION, Scope, Waiver};

/// An annotation is for a few waivers.
const LIMITS: ReadLimits = ReadLimits { bytes: 64 * 1024, depth: 8, nodes: 5_000, repeated_keys: RepeatedKeys::First };

const HELP: &str = "write a list as text, after `|`: each item with `rule`, `owner`, `reason` and `expires`";

/// Whose annotation is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carrier<'a> {
    pub(super) environment: Option<&'a str>,
    pub(super) app: Option<&'a str>,
    pub(super) manifest: &'a Manifest,
}

/// The annotation of an object, if it has one.
pub(super) fn of(manifest: &Manifest) -> Option<&Entry> {
    manifest.root.get("metadata")?.get("annotations")?.entry(ANNOTATION)
}

/// The waivers that an object carries, and what is wrong with them.
pub(super) fn read(carrier: Carrier<'_>, annotation: &Entry) -> (Vec<Waiver>, Vec<Diagnostic>) {
    let places = Places { manifest: carrier.manifest, annotation };
    let Some(text) = annotation.value.as_str() else {
        let message = format!("`{ANNOTATION}` must be text, not {}", annotation.value.kind_name());
        return (Vec::new(), vec![places.refuse(annotation.key.span, message, "no text", HELP)]);
    };
    let source = Source::file(carrier.manifest.source.name(), text);
    let mut faults = Vec::new();
    let written = items(&source, &mut faults);
    let waivers: Vec<Waiver> = written
        .iter()
        .filter_map(|item| {
            let written = entry::read(item, false, &mut faults)?;
            Some(Waiver {
                rule: written.rule.0,
                scope: scope(carrier),
                owner: written.owner,
                reason: written.reason,
                expires: written.expires.0,
                location: places.outside(&source, written.rule.1).0,
                end: places.outside(&source, written.expires.1).0,
            })
        })
        .collect();
    let mut rules = BTreeSet::new();
    let twice = waivers.iter().filter(|waiver| !rules.insert(&waiver.rule));
    let twice = twice.map(|waiver| {
        let message = format!("`{}` is waived twice by `{ANNOTATION}`", waiver.rule);
        places.refuse_at(waiver.location.clone(), message, "again here", "keep one of the two".to_owned())
    });
    let faults = faults.into_iter().map(|fault| places.diagnostic(&source, fault));
    let diagnostics: Vec<Diagnostic> = twice.chain(faults).collect();
    // half of a list that somebody got wrong is not what they meant
    if diagnostics.is_empty() { (waivers, diagnostics) } else { (Vec::new(), diagnostics) }
}

/// An annotation where none may stand.
pub(super) fn refused(manifest: &Manifest, annotation: &Entry) -> Diagnostic {
    Diagnostic::error(rules::WAIVER_REFUSED, format!("`{ANNOTATION}` waives nothing here"))
        .waivable(Waivable::Never)
        .at(manifest.location(annotation.key.span), "objects may not waive their own findings")
        .help("move it to the file that `policies.waivers` names, or set `policies.waiver_annotations: true`")
        .object(&manifest.object)
        .pointer(Pointer::from_parts(["metadata", "annotations", ANNOTATION]).to_string())
}

fn scope(carrier: Carrier<'_>) -> Scope {
    Scope::Carrier {
        environment: carrier.environment.map(str::to_owned),
        app: carrier.app.map(str::to_owned),
        object: carrier.manifest.object.to_string(),
        place: carrier.manifest.location(carrier.manifest.root.span),
    }
}

/// The items of the list in the text.
fn items(source: &Arc<Source>, faults: &mut Vec<Fault>) -> Vec<Node> {
    let mut stream = manifest::read(source, &LIMITS);
    if let Some(problem) = stream.diagnostics.first() {
        let span = problem.primary.as_ref().map_or_else(Span::default, |label| label.location.span);
        let message = format!("`{ANNOTATION}` is not valid YAML: {}", problem.message);
        faults.push(fault(rules::WAIVER_INVALID, span, message, "not YAML", HELP));
        return Vec::new();
    }
    let root = match (stream.documents.pop(), stream.documents.is_empty()) {
        (Some(document), true) => document.root,
        (Some(document), false) => {
            let message = format!("`{ANNOTATION}` holds more than one document");
            faults.push(fault(rules::WAIVER_INVALID, document.root.span, message, "the second document", HELP));
            return Vec::new();
        }
        (None, _) => Node::synthetic(Value::Null),
    };
    match root.value {
        Value::Sequence(items) if !items.is_empty() => items,
        Value::Null | Value::Sequence(_) => {
            let message = format!("`{ANNOTATION}` is empty");
            faults.push(fault(rules::WAIVER_INVALID, root.span, message, "waives nothing", HELP));
            Vec::new()
        }
        _ => {
            let message = format!("`{ANNOTATION}` must hold a list, not {}", root.kind_name());
            faults.push(fault(rules::WAIVER_INVALID, root.span, message, "no list", HELP));
            Vec::new()
        }
    }
}

/// Finds in the manifest what stands in the text of its annotation.
struct Places<'a> {
    manifest: &'a Manifest,
    annotation: &'a Entry,
}

impl Places<'_> {
    fn diagnostic(&self, text: &Arc<Source>, fault: Fault) -> Diagnostic {
        let (location, is_exact) = self.outside(text, fault.span);
        let message = match text.line_of(fault.span.start as usize) + 1 {
            line if !is_exact && text.line_count() > 1 => format!("{} (line {line} of the annotation)", fault.message),
            _ => fault.message,
        };
        self.refuse_at(location, message, fault.label, fault.help)
    }

    fn refuse(&self, span: Span, message: String, label: &str, help: &str) -> Diagnostic {
        self.refuse_at(self.manifest.location(span), message, label, help.to_owned())
    }

    fn refuse_at(&self, location: Location, message: String, label: &str, help: String) -> Diagnostic {
        Diagnostic::error(rules::WAIVER_INVALID, message)
            .waivable(Waivable::Never)
            .at(location, label)
            .help(help)
            .object(&self.manifest.object)
            .pointer(Pointer::from_parts(["metadata", "annotations", ANNOTATION]).to_string())
    }

    /// The place in the manifest, and whether it is the very place: in a literal block each line of the text is a line
    /// of the file. Anything else is pointed at as a whole.
    fn outside(&self, text: &Arc<Source>, span: Span) -> (Location, bool) {
        let exact = || {
            let outer = &self.manifest.source;
            let after_key = self.annotation.key.span.end as usize;
            let written = outer.text().get(after_key..)?;
            let header = written.find(|sign: char| !matches!(sign, ':' | '"' | '\'') && !sign.is_whitespace())?;
            written[header..].starts_with('|').then_some(())?;
            let line = text.line_of(span.start as usize);
            let inner_start = text.line_start(line)?;
            let outer_start = outer.line_start(outer.line_of(after_key + header) + 1 + line)?;
            let inner = text.text()[inner_start..].split('\n').next()?;
            let written = outer.text().get(outer_start..)?.split('\n').next()?.trim_end_matches('\r');
            let indent = written.strip_suffix(inner).filter(|indent| indent.trim().is_empty())?.len();
            let start = outer_start + indent + (span.start as usize - inner_start);
            let end = (start + span.len()).min(outer_start + written.len());
            Some(Span::new(start, end))
        };
        match exact() {
            Some(span) => (self.manifest.location(span), true),
            None => (self.manifest.location(self.annotation.key.span), false),
        }
    }
}
