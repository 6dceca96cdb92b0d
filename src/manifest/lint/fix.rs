//! Fix edits a text where the edit provably changes nothing for Kubernetes.
//!
//! The proof is a second reading: after the edits the text must give the same documents with the same values, and no
//! finding that was not there before. An edit that does not hold up is dropped, and what it was for is reported as left.
//! A text with an error is edited only if all its errors are keys given twice with equal values: of anything else that
//! Kubernetes refuses there is no reading that an edit could keep, not even of `--- {a: 1}`, which YAML understands.
//! Bytes that are UTF-16 are the one exception: their text is unambiguous, whoever reads it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::encoding::{NotText, text_of};
use super::rewrite::{self, Edit};
use super::{Kind, Lint, entry, lint};
use crate::diagnostic::{Diagnostic, RuleId, rules};
use crate::manifest::{ReadLimits, Stream, read};
use crate::source::{Location, Source, Span};

/// How often a text is read in one round of edits. Far more than the two readings of a round in which every edit holds.
const READINGS: usize = 100;

/// A text with everything fixed that can be.
#[derive(Debug)]
pub struct Fixed {
    /// The text as it should be; every byte outside the edits is as it was.
    pub source: Arc<Source>,
    /// What was fixed, and where it stood in the text that was given.
    pub applied: Vec<(RuleId, Location)>,
    /// What was found and not fixed, where it stands in [`source`](Self::source).
    pub left: Vec<Left>,
}

/// A finding that was not fixed.
#[derive(Debug)]
pub struct Left {
    /// The rule that found it.
    pub rule: RuleId,
    /// Where it stands.
    pub location: Location,
    /// Why: a lower-case phrase.
    pub reason: &'static str,
}

impl Fixed {
    /// Whether the text is another one than before.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !self.applied.is_empty()
    }
}

/// Fixes the text of a file, as [`fix_around`] does; UTF-16 becomes UTF-8.
///
/// # Errors
///
/// Bytes that are no text at all.
pub fn fix_bytes(name: &str, bytes: &[u8], held: &[Span], limits: &ReadLimits) -> Result<Fixed, NotText> {
    match text_of(bytes) {
        Ok(text) => Ok(fix_around(&Source::file(name, text), held, limits)),
        Err(NotText::Utf16(text)) => {
            let source = Source::file(name, text);
            let mut fixed = fix_around(&source, held, limits);
            fixed.applied.insert(0, (rules::UTF_16, Location::new(&source, Span::at(0))));
            Ok(fixed)
        }
        Err(not_text) => Err(not_text),
    }
}

/// Fixes a text. Fixing twice is fixing once.
#[must_use]
pub fn fix(source: &Arc<Source>, limits: &ReadLimits) -> Fixed {
    fix_around(source, &[], limits)
}

/// Fixes a text, but for some places: those that a schema or a policy refuses as they are read. There `NO` was meant as
/// something else, and `false` would hide it.
#[must_use]
pub fn fix_around(source: &Arc<Source>, held: &[Span], limits: &ReadLimits) -> Fixed {
    let begin = || Work { limits, held, now: Reading::of(source, limits), rounds: Vec::new(), applied: Vec::new() };
    let mut work = begin();
    while work.round(|reading| entry::repeated(reading, limits)) {}
    if !work.now.stream.diagnostics.is_empty() {
        return Fixed { left: begin().left(), source: Arc::clone(source), applied: Vec::new() };
    }
    while work.round(rewrite::edits) {}
    let left = work.left();
    let location = |(rule, span)| (rule, Location::new(source, span));
    let mut applied: Vec<_> = work.applied.into_iter().map(location).collect();
    applied.sort_by_key(|(_, location)| location.span);
    Fixed { left, source: work.now.source, applied }
}

/// A text and everything that is known about it.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) source: Arc<Source>,
    pub(super) stream: Stream,
    pub(super) lints: Vec<Lint>,
}

impl Reading {
    fn of(source: &Arc<Source>, limits: &ReadLimits) -> Self {
        let stream = read(source, limits);
        let lints = lint(source, &stream);
        Self { source: Arc::clone(source), stream, lints }
    }

    pub(super) fn text(&self) -> &str {
        self.source.text()
    }

    /// How often each rule found something. What is looked for between scalars is seen only where nothing is refused.
    fn findings(&self, with_gaps: bool) -> BTreeMap<RuleId, usize> {
        let errors = self.stream.diagnostics.iter().map(|diagnostic| diagnostic.rule.clone());
        let lints = self.lints.iter().filter(|lint| with_gaps || !lint.is_in_gap());
        let mut findings = BTreeMap::new();
        for rule in errors.chain(lints.map(Lint::rule)) {
            *findings.entry(rule).or_default() += 1;
        }
        findings
    }

    fn sees_gaps(&self) -> bool {
        self.stream.diagnostics.is_empty() && self.stream.remarks.is_empty()
    }

    /// Whether this is what `before` was, but for `edits` findings at least.
    fn is_better(&self, before: &Self, edits: usize) -> bool {
        let same_documents = self.stream.failed == before.stream.failed
            && self.stream.documents.len() == before.stream.documents.len()
            && self.stream.documents.iter().zip(&before.stream.documents).all(|(a, b)| a.root.same_meaning(&b.root));
        let both_see_gaps = before.sees_gaps() && self.sees_gaps();
        let (ours, theirs) = (self.findings(both_see_gaps), before.findings(both_see_gaps));
        same_documents
            && ours.iter().all(|(rule, count)| theirs.get(rule).is_some_and(|before| count <= before))
            && ours.values().sum::<usize>() + edits <= theirs.values().sum()
    }
}

struct Work<'a> {
    limits: &'a ReadLimits,
    /// Places of the text that was given that are left alone.
    held: &'a [Span],
    now: Reading,
    /// The edits of every round so far: how a place of today is found in the text that was given.
    rounds: Vec<Vec<Edit>>,
    applied: Vec<(RuleId, Span)>,
}

impl Work<'_> {
    /// Applies those edits that hold up. False if there are none.
    fn round(&mut self, edits: impl FnOnce(&Reading) -> Vec<Edit>) -> bool {
        let mut edits = edits(&self.now);
        edits.retain(|edit| !self.is_held(edit.span));
        let edits = without_overlaps(edits);
        let mut trial = Trial { before: &self.now, limits: self.limits, best: None, readings: READINGS };
        let mut chosen = Vec::new();
        trial.settle(&mut chosen, &edits);
        let Some(best) = trial.best else { return false };
        let chosen: Vec<Edit> = chosen.into_iter().cloned().collect();
        for edit in &chosen {
            self.applied.push((edit.rule.clone(), self.given(edit.span)));
        }
        self.rounds.push(chosen);
        self.now = best;
        true
    }

    /// Where something stood in the text that was given.
    fn given(&self, span: Span) -> Span {
        let place = |offset| self.rounds.iter().rev().fold(offset, |offset, round| offset_before(offset, round));
        Span::new(place(span.start as usize), place(span.end as usize))
    }

    fn is_held(&self, span: Span) -> bool {
        let given = self.given(span);
        self.held.iter().any(|held| held.start <= given.start && given.end <= held.end)
    }

    /// Everything found in the text, with the reason why it stays.
    fn left(&self) -> Vec<Left> {
        let reading = &self.now;
        let broken = !reading.stream.diagnostics.is_empty();
        let of_error = |diagnostic: &Diagnostic| {
            let location = diagnostic.primary.as_ref().map(|label| label.location.clone());
            Left {
                rule: diagnostic.rule.clone(),
                location: location.unwrap_or_else(|| Location::new(&reading.source, Span::at(0))),
                reason: reason_of_error(&diagnostic.rule),
            }
        };
        let of_lint = |lint: &Lint| Left {
            rule: lint.rule(),
            location: Location::new(&reading.source, lint.span),
            reason: match broken {
                true => "the errors of the file come first",
                false if self.is_held(lint.span) => "what is read here is refused, so something else was meant",
                false => reason(lint),
            },
        };
        let errors = reading.stream.diagnostics.iter().map(of_error);
        errors.chain(reading.lints.iter().map(of_lint)).collect()
    }
}

/// Finds the edits that hold up together.
struct Trial<'a> {
    before: &'a Reading,
    limits: &'a ReadLimits,
    best: Option<Reading>,
    readings: usize,
}

impl Trial<'_> {
    fn settle<'e>(&mut self, chosen: &mut Vec<&'e Edit>, edits: &'e [Edit]) {
        if edits.is_empty() || self.readings == 0 {
            return;
        }
        let before = chosen.len();
        chosen.extend(edits);
        if self.holds(chosen) {
            return;
        }
        chosen.truncate(before);
        if edits.len() > 1 {
            let (one, other) = edits.split_at(edits.len() / 2);
            self.settle(chosen, one);
            self.settle(chosen, other);
        }
    }

    fn holds(&mut self, edits: &[&Edit]) -> bool {
        self.readings -= 1;
        let text = apply(self.before.text(), edits);
        let after = Reading::of(&Source::file(self.before.source.name(), text), self.limits);
        let holds = after.is_better(self.before, edits.len());
        if holds {
            self.best = Some(after);
        }
        holds
    }
}

/// Edits of one round must not touch; those that do wait for the next.
fn without_overlaps(edits: Vec<Edit>) -> Vec<Edit> {
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for edit in edits {
        let is_free = edit
            .changes
            .iter()
            .all(|(range, _)| taken.range(..=range.end).next_back().is_none_or(|(_, end)| *end < range.start));
        if is_free {
            taken.extend(edit.changes.iter().map(|(range, _)| (range.start, range.end)));
            kept.push(edit);
        }
    }
    kept
}

fn apply(text: &str, edits: &[&Edit]) -> String {
    let mut changes: Vec<_> = edits.iter().flat_map(|edit| &edit.changes).collect();
    changes.sort_by_key(|(range, _)| range.start);
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for (range, replacement) in changes {
        edited.push_str(&text[at..range.start]);
        edited.push_str(replacement);
        at = range.end;
    }
    edited.push_str(&text[at..]);
    edited
}

/// Where an offset of the edited text stood before the edits.
fn offset_before(offset: usize, edits: &[Edit]) -> usize {
    let mut changes: Vec<_> = edits.iter().flat_map(|edit| &edit.changes).collect();
    changes.sort_by_key(|(range, _)| range.start);
    let (mut old, mut new) = (0, 0);
    for (range, replacement) in changes {
        let untouched = range.start - old;
        if offset < new + untouched {
            break;
        }
        if offset < new + untouched + replacement.len() {
            return range.start;
        }
        (old, new) = (range.end, new + untouched + replacement.len());
    }
    old + (offset - new)
}

fn reason_of_error(rule: &RuleId) -> &'static str {
    if *rule == rules::DUPLICATE_KEY || *rule == rules::COLLIDING_KEYS {
        "the two values differ, or the two are not entries on lines of their own"
    } else if *rule == rules::MERGE_OVERLAP {
        "readers differ on which value counts"
    } else {
        "Kubernetes refuses the file as it stands, so there is no reading to keep"
    }
}

fn reason(lint: &Lint) -> &'static str {
    match lint.kind {
        Kind::LossyNumber { .. } => "which digits are meant cannot be told from the text",
        Kind::CustomTag => "what the tag stands for is not known here",
        Kind::MergeOverlap { .. } => "what is merged cannot be written out in place of the line",
        Kind::RepeatedMerge { .. } => "the merges are not two lines that name one anchor each",
        _ => "the edited text would not be read as the same values",
    }
}
