//! A lint is a place that Kubernetes reads without complaint and another reader reads otherwise, and often its fix.
//!
//! [`lint`] looks at what [`read`](super::read) has read already: the text is not parsed a second time. [`fix`] edits a
//! text where the edit provably changes nothing for Kubernetes.

mod encoding;
mod entry;
mod fix;
mod gaps;
mod lines;
mod rewrite;
mod scalars;
mod words;

use std::sync::Arc;

pub use self::encoding::{NotText, into_text, text_of};
pub use self::fix::{Fixed, Left, fix, fix_around, fix_bytes};
use super::mapping::{Overlap, Remark};
use super::{Document, Parts, Stream, Value};
use crate::diagnostic::{RuleId, Severity, rules};
use crate::source::{Source, Span};

/// One place where readers differ.
#[derive(Debug, Clone)]
pub struct Lint {
    kind: Kind,
    span: Span,
}

#[derive(Debug, Clone)]
enum Kind {
    /// `yes`.
    Boolean(bool),
    /// `0644`.
    LeadingZero(Value),
    /// `1_000`, `0b1`, `0o7`.
    NumberSpelling(Value),
    /// `22:22`.
    Base60,
    /// More digits than are kept; by Kubernetes itself?
    LossyNumber {
        kubernetes: bool,
    },
    /// `on: 1`; the text that Kubernetes makes of it.
    NonStringKey {
        name: Box<str>,
        same: bool,
    },
    /// A key given and merged, or merged twice; how many more of the same `<<`.
    MergeOverlap {
        overlap: Box<Overlap>,
        more: usize,
    },
    /// `<<` twice; the first.
    RepeatedMerge {
        first: Span,
    },
    /// `!Ref`.
    CustomTag,
    /// The first of all tabs that separate words.
    TabSeparator,
    ByteOrderMark,
    /// The first line end that is of the rarer kind.
    MixedLineEnds,
    /// `...`.
    DocumentEnd,
}

impl Lint {
    /// The rule that found it.
    #[must_use]
    pub fn rule(&self) -> RuleId {
        match self.kind {
            Kind::Boolean(_) => rules::YAML_BOOLEAN,
            Kind::LeadingZero(_) => rules::LEADING_ZERO,
            Kind::NumberSpelling(_) => rules::NUMBER_SPELLING,
            Kind::Base60 => rules::BASE_60,
            Kind::LossyNumber { .. } => rules::LOSSY_NUMBER,
            Kind::NonStringKey { .. } => rules::NON_STRING_KEY,
            Kind::MergeOverlap { .. } => rules::MERGE_OVERLAP,
            Kind::RepeatedMerge { .. } => rules::REPEATED_MERGE,
            Kind::CustomTag => rules::CUSTOM_TAG,
            Kind::TabSeparator => rules::TAB_SEPARATOR,
            Kind::ByteOrderMark => rules::BYTE_ORDER_MARK,
            Kind::MixedLineEnds => rules::MIXED_LINE_ENDS,
            Kind::DocumentEnd => rules::DOCUMENT_END,
        }
    }

    /// An error where Kubernetes refuses the text or loses a value, a warning where another reader reads another value,
    /// a note where nobody is known to.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self.kind {
            Kind::MergeOverlap { .. } | Kind::LossyNumber { kubernetes: true } => Severity::Error,
            Kind::NonStringKey { same: true, .. }
            | Kind::TabSeparator
            | Kind::ByteOrderMark
            | Kind::MixedLineEnds
            | Kind::DocumentEnd => Severity::Note,
            _ => Severity::Warning,
        }
    }

    fn is_in_gap(&self) -> bool {
        matches!(self.kind, Kind::CustomTag | Kind::TabSeparator)
    }

    /// Where it is.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }
}

/// Everything in a text that another reader reads otherwise, in the order of the text.
///
/// `stream` is what the text was read as. Documents that could not be read are not looked at: their errors come first.
#[must_use]
pub fn lint(source: &Arc<Source>, stream: &Stream) -> Vec<Lint> {
    let linter = Linter::of(source);
    let mut seen = Seen::default();
    stream.documents.iter().for_each(|document| linter.look(document, &mut seen));
    linter.finish([seen], &stream.remarks, stream.diagnostics.is_empty())
}

/// [`lint`] for a text that is read in parts, none of which is kept.
#[derive(Debug)]
pub struct Linter<'a> {
    text: &'a str,
    /// Whether anything may stand between the scalars.
    gaps: bool,
}

/// What a [`Linter`] saw in some documents.
#[derive(Debug, Default)]
pub struct Seen {
    lints: Vec<Lint>,
    /// The places of keys and scalars, where [`Linter::gaps`] wants them.
    scalars: Vec<Span>,
}

impl<'a> Linter<'a> {
    /// Of one text.
    #[must_use]
    pub fn of(source: &'a Source) -> Self {
        Self { text: source.text(), gaps: gaps::are_of_interest(source.text()) }
    }

    /// Looks at the next document of the text.
    pub fn look(&self, document: &Document, seen: &mut Seen) {
        scalars::lint(self.text, &document.root, &mut seen.lints);
        if self.gaps {
            gaps::scalars(&document.root, &mut seen.scalars);
        }
    }

    /// Everything there is to tell, once all documents were looked at; `parts` is what they were read as.
    #[must_use]
    pub fn of_parts<T>(&self, seen: impl IntoIterator<Item = Seen>, parts: &Parts<T>) -> Vec<Lint> {
        self.finish(seen, &parts.remarks, parts.diagnostics.is_empty())
    }

    fn finish(&self, seen: impl IntoIterator<Item = Seen>, noted: &[Remark], clean: bool) -> Vec<Lint> {
        let (mut found, mut scalars) = (Vec::new(), Vec::new());
        for part in seen {
            found.extend(part.lints);
            scalars.extend(part.scalars);
        }
        lines::lint(self.text, &mut found);
        remarks(noted, &mut found);
        if self.gaps && clean && noted.is_empty() {
            gaps::lint(self.text, scalars, &mut found);
        }
        found.sort_by_key(|lint| (lint.span, lint.rule()));
        // what stands behind an anchor is met again at every alias
        found.dedup_by(|a, b| a.span == b.span && a.rule() == b.rule());
        found
    }
}

/// What was noted while merges were applied; one lint for each `<<`.
fn remarks(remarks: &[Remark], found: &mut Vec<Lint>) {
    let mut merge = None;
    for remark in remarks {
        match remark {
            Remark::SecondMerge { again, first } => {
                found.push(Lint { kind: Kind::RepeatedMerge { first: *first }, span: *again });
            }
            Remark::Overlap(overlap) if merge == Some(overlap.merge) => {
                if let Some(Lint { kind: Kind::MergeOverlap { more, .. }, .. }) = found.last_mut() {
                    *more += 1;
                }
            }
            Remark::Overlap(overlap) => {
                merge = Some(overlap.merge);
                let kind = Kind::MergeOverlap { overlap: Box::new(overlap.clone()), more: 0 };
                found.push(Lint { kind, span: overlap.key });
            }
        }
    }
}
