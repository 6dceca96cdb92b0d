//! Where a render failed, and the way that led there: through variables, macros and includes.

use std::error::Error as _;
use std::ops::Range;

use minijinja::{Error, ErrorKind};

use super::Run;
use super::failure::undefined_expression;
use super::loader::ExcessiveTemplate;
use super::trace::{SOON, Trace};
use crate::diagnostic::Label;
use crate::load::Role;
use crate::source::{Location, Source, Span};
use crate::tree::RepoPath;

/// How many places a finding shows besides its own.
const MAX_LABELS: usize = 8;

/// The engine's own error at the end of a chain of includes.
pub(super) fn innermost(error: &Error) -> &Error {
    let mut innermost = error;
    while let Some(inner) = innermost.source().and_then(|source| source.downcast_ref::<Error>()) {
        innermost = inner;
    }
    innermost
}

/// Where the engine says that an error arose.
pub(super) fn place(run: &Run, error: &Error) -> Option<Location> {
    if let Some(excessive) = error.source().and_then(|source| source.downcast_ref::<ExcessiveTemplate>()) {
        let range = excessive.excess.range();
        return Some(Location::new(&run.input(&excessive.name)?.source, Span::new(range.start, range.end)));
    }
    let source = &run.input(error.name()?)?.source;
    let span = match error.range() {
        Some(range) => within(source.text(), range),
        None => whole_line(source, error.line()?)?,
    };
    Some(Location::new(source, span))
}

/// The engine counts some errors at the end of a text one byte past it, or into a character.
fn within(text: &str, range: Range<usize>) -> Span {
    let border = |at: &usize| text.is_char_boundary(*at);
    let start = (0..=range.start.min(text.len())).rev().find(border).unwrap_or(0);
    let end = (range.end.clamp(start, text.len())..text.len()).find(border).unwrap_or(text.len());
    Span::new(start, end)
}

/// A line (from 1) without the blanks around it.
fn whole_line(source: &Source, line: usize) -> Option<Span> {
    let start = source.line_start(line.checked_sub(1)?)?;
    let text = source.text()[start..].lines().next()?;
    let indent = text.len() - text.trim_start().len();
    Some(Span::new(start + indent, start + text.trim_end().len()))
}

/// The words that a finding is about, near the place that the engine tells: that of a filter begins behind the
/// value it is applied to, so the last ones in the same tag up to the end of the place are meant.
pub(super) fn narrow(run: &Run, location: &Location, about: &str) -> Option<Location> {
    let text = location.source.text();
    let (start, end) = (location.span.start as usize, location.span.end as usize);
    let syntax = &run.unit.syntax;
    let tag = [&syntax.variable.0, &syntax.block.0].into_iter().filter_map(|open| text.get(..start)?.rfind(open)).max();
    let index = last_words(text.get(tag.unwrap_or(start)..end)?, about)? + tag.unwrap_or(start);
    Some(Location::new(&location.source, Span::new(index, index + about.len())))
}

/// Where words stand last in a text, not as a part of longer ones.
fn last_words(text: &str, words: &str) -> Option<usize> {
    let is_sign = |sign: char| sign.is_alphanumeric() || sign == '_';
    let starts_inside = words.starts_with(is_sign);
    let found = text.rmatch_indices(words).find(|(index, _)| {
        let before = text[..*index].chars().next_back();
        let after = text[index + words.len()..].chars().next();
        !(after.is_some_and(is_sign) || starts_inside && before.is_some_and(is_sign))
    });
    found.map(|(index, _)| index)
}

/// The places that led to the failure, from the inside out: where an undefined value came from, calls of macros, then
/// includes.
pub(super) fn way(run: &Run, path: &RepoPath, error: &Error, location: &Location) -> Vec<Label> {
    let mut labels = Vec::new();
    let origin = undefined_origin(run, innermost(error));
    let loaded_by = loaded_by(run, path, innermost(error), location);
    let inner = origin.into_iter().chain(loaded_by).chain(callers(run, path, location));
    for label in inner.chain(includes(run, error)) {
        if !same_place(&label.location, location) {
            push_label(&mut labels, label);
        }
    }
    labels
}

/// The line on which an undefined value arose, if that is not where it was used: `… is undefined (from line 3)`.
fn undefined_origin(run: &Run, error: &Error) -> Option<Label> {
    let detail = error.detail()?;
    let expression = undefined_expression(detail)?;
    let (_, from) = detail.rsplit_once("from ")?;
    let from = from.trim_end_matches(')');
    let (name, line) = match from.strip_prefix("line ") {
        Some(line) => (error.name()?, line),
        None => from.rsplit_once(':')?,
    };
    let source = &run.input(name)?.source;
    let line = whole_line(source, line.parse().ok()?)?;
    let index = last_words(source.slice(line), expression)? + line.start as usize;
    let location = Location::new(source, Span::new(index, index + expression.len()));
    Some(Label { location, text: "the undefined value comes from here".to_owned() })
}

/// Who included a template that cannot even be loaded: the engine tells only the place inside.
fn loaded_by(run: &Run, path: &RepoPath, error: &Error, location: &Location) -> Option<Label> {
    let is_load = matches!(error.kind(), ErrorKind::SyntaxError | ErrorKind::BadEscape)
        || error.source().is_some_and(|source| source.is::<ExcessiveTemplate>());
    let is_other = location.source.name() != path.as_str();
    let is_template = run.unit.inputs.files.get(path).is_some_and(|input| input.role == Role::Template);
    if !(is_load && is_other && is_template) {
        return None;
    }
    let location = Trace::of(run, path, run.limits.steps.min(SOON))?.last_place()?;
    Some(Label { location, text: "included from here".to_owned() })
}

fn includes(run: &Run, error: &Error) -> Vec<Label> {
    let mut labels = Vec::new();
    let mut next = Some(error);
    while let Some(outer) = next {
        next = outer.source().and_then(|source| source.downcast_ref::<Error>());
        if next.is_some()
            && let Some(location) = place(run, outer)
        {
            let text = if outer.kind() == ErrorKind::BadInclude { "included from here" } else { "called from here" };
            labels.push(Label { location, text: text.to_owned() });
        }
    }
    labels.reverse();
    labels
}

/// Who called the macro in which the failure lies, and who called the outermost one.
fn callers(run: &Run, path: &RepoPath, location: &Location) -> Vec<Label> {
    let Some(body) = enclosing_macro(run, location) else {
        return Vec::new();
    };
    let Some(mut trace) = Trace::of(run, path, run.limits.steps.min(SOON)) else {
        return Vec::new();
    };
    let called = |location| Label { location, text: "called from here".to_owned() };
    let direct = trace.last_place_outside(|place| same_place(place, &body) || contains(&body, place));
    let is_outermost = direct.as_ref().is_none_or(|direct| enclosing_macro(run, direct).is_none());
    let outermost =
        if is_outermost { None } else { trace.last_place_outside(|place| enclosing_macro(run, place).is_some()) };
    direct.into_iter().chain(outermost).map(called).collect()
}

fn contains(outer: &Location, inner: &Location) -> bool {
    outer.source.name() == inner.source.name()
        && outer.span.start <= inner.span.start
        && inner.span.start < outer.span.end
}

/// The `macro` block around a place: from its tag to its `endmacro`.
fn enclosing_macro(run: &Run, location: &Location) -> Option<Location> {
    let text = location.source.text();
    let at = location.span.start as usize;
    let open = &run.unit.syntax.block.0;
    let tag = |index: usize, keyword: &str| {
        let rest = text[index + open.len()..].trim_start_matches(['-', '+']).trim_start();
        rest.starts_with(keyword)
    };
    let tags = || text.match_indices(open.as_str()).map(|(index, _)| index);
    let start = tags().take_while(|index| *index <= at).filter(|index| tag(*index, "macro")).last()?;
    let end = tags().skip_while(|index| *index <= start).find(|index| tag(*index, "endmacro"))?;
    (at < end).then(|| Location::new(&location.source, Span::new(start, end)))
}

pub(super) fn push_label(labels: &mut Vec<Label>, label: Label) {
    let known = labels.iter().any(|known| same_place(&known.location, &label.location));
    if !known && labels.len() < MAX_LABELS {
        labels.push(label);
    }
}

fn same_place(one: &Location, other: &Location) -> bool {
    one.source.name() == other.source.name() && one.span == other.span
}
