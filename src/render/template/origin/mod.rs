//! Origins say which template and which values made each part of a rendered text.
//!
//! They are found by rendering once more, with marks in the output and with values that tell when they are read. Only
//! who asks for origins pays for them. The marked text without its marks must be what was rendered, byte for byte;
//! otherwise the engine's own record of its output has to do, which sees neither into macros nor through variables.

mod lift;
mod mark;
mod pieces;
mod reads;
mod rewrite;

use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::Value;
use minijinja::{Environment, Error, OutputSpanKind};

use super::output::LimitedOutput;
use super::{RESERVED, Run, loader, watch};
use crate::load::{EngineKind, Role, Unit};
use crate::manifest::{Node, Pointer};
use crate::render::RenderLimits;
use crate::source::Span;
use crate::tree::RepoPath;

use pieces::{Keys, Piece};
use reads::Log;
use rewrite::{CLOSE, OPEN, Place, Places};

/// Texts larger than this are not rendered with marks.
const MAX_MARKED: usize = 8 * 1024 * 1024;

/// What a marked render may cost, compared with the plain one.
const MORE_STEPS: u64 = 8;

/// Where each part of a rendered text comes from.
#[derive(Debug)]
pub struct Origins {
    text: String,
    /// In order of their place in the text; they do not overlap.
    pieces: Vec<Piece>,
    keys: Keys,
}

/// Where a part of a rendered text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The template that a person would edit.
    pub template: RepoPath,
    /// The place in it.
    pub span: Span,
    /// Whether the text stands there as it was rendered; otherwise an expression made it.
    pub literal: bool,
    /// The values that went into it, the one that matters most first.
    pub values: Vec<Pointer>,
    /// The expressions that called the macro it stands in: the innermost, and the outermost if that is another.
    pub callers: Vec<(RepoPath, Span)>,
}

/// The origins of the text that the template `path` of a unit was rendered to; `None` if `path` is no template of it,
/// or does not render to this text again.
#[must_use]
pub fn origins(unit: &Unit, path: &RepoPath, text: &str, limits: &RenderLimits) -> Option<Origins> {
    let is_template = unit.inputs.files.get(path).is_some_and(|input| input.role == Role::Template);
    if unit.engine != EngineKind::Template || !is_template {
        return None;
    }
    let run = Arc::new(Run::of(unit, limits).ok()?);
    let (path, text) = (path.clone(), text.to_owned());
    let mut found =
        watch::each(1, limits.time, move |_| marked(&run, &path, &text).or_else(|| recorded(&run, &path, &text)));
    found.pop().flatten().flatten()
}

/// The origins by a render with marks.
fn marked(run: &Run, path: &RepoPath, text: &str) -> Option<Origins> {
    let is_free = run.unit.inputs.files.values().all(|input| mark::is_free(input.source.text()));
    if text.len() > MAX_MARKED || !is_free || !mark::is_free(text) {
        return None;
    }
    let log = Arc::new(Log::default());
    let places = Arc::new(Mutex::new(Places::default()));
    let environment = environment(run, &log, &places);
    let context = context(run, &log);
    let mut output = LimitedOutput::new(MAX_MARKED.saturating_mul(16));
    let template = environment.get_template(path.as_str()).ok()?;
    let rendered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        template.render_captured_to(context, &mut output).is_ok()
    }));
    if !rendered.is_ok_and(|is_rendered| is_rendered) {
        return None;
    }
    let output = output.into_text();
    if mark::without(&output) != text {
        return None;
    }
    let places = std::mem::take(&mut *places.lock().unwrap_or_else(PoisonError::into_inner));
    let sources = |template: &str| Some(run.input(template)?.source.text());
    let (pieces, written) = pieces::of_marks(&output, &log.taken(), &places, &sources);
    Some(Origins { text: text.to_owned(), pieces, keys: written })
}

/// The engine of a unit, with templates that mark what they write.
fn environment(run: &Run, log: &Arc<Log>, places: &Arc<Mutex<Places>>) -> Environment<'static> {
    let mut plain = run.environment.clone();
    plain.set_fuel(None);
    let mut environment = run.environment.clone();
    environment.set_fuel(Some(run.limits.steps.saturating_mul(MORE_STEPS)));
    lift::filters(&mut environment, &plain);
    let (names, syntax, places) = (loader::Names::of(&run.unit), Arc::clone(&run.unit.syntax), Arc::clone(places));
    environment.clear_templates();
    environment.set_loader(move |name| {
        let text = names.load(name)?;
        let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(text.map(|text| rewrite::rewrite(name, &text, &syntax, &mut places)))
    });
    let (opened, closed) = (Arc::clone(log), Arc::clone(log));
    environment.add_function(OPEN, move |tag: u32| -> Result<String, Error> {
        let number = opened.open(tag);
        if number as usize >= mark::NUMBERS {
            return Err(super::value::refuse("too many expressions to mark"));
        }
        Ok(written(mark::Mark::Open(number)))
    });
    environment.add_function(CLOSE, move || closed.close().map(mark::Mark::Close).map(written).unwrap_or_default());
    environment
}

fn written(mark: mark::Mark) -> String {
    let mut out = String::new();
    mark::write(mark, &mut out);
    out
}

/// What the templates see, telling the log what is read of it.
fn context(run: &Run, log: &Arc<Log>) -> Value {
    let reserved = run.context.get_attr(RESERVED).unwrap_or_default();
    reads::tracked(&run.unit.values, (RESERVED, reserved), log)
}

/// The origins by the engine's own record.
fn recorded(run: &Run, path: &RepoPath, text: &str) -> Option<Origins> {
    let template = run.environment.get_template(path.as_str()).ok()?;
    let render = std::panic::AssertUnwindSafe(|| template.render_with_spans(run.context.clone()).ok());
    let (output, spans) = std::panic::catch_unwind(render).ok().flatten()?;
    if output != text {
        return None;
    }
    let pieces = spans.iter().map(|span| Piece {
        output: span.output_range(),
        place: Place {
            template: span.name().into(),
            span: Span::new(span.source_range().start, span.source_range().end),
        },
        literal: span.kind() == OutputSpanKind::Raw,
        emission: None,
        callers: Vec::new(),
    });
    Some(Origins { text: output, pieces: pieces.collect(), keys: Keys::default() }.with_named(run))
}

impl Origins {
    /// Whether the marks came through, so that macros, loops and variables were seen through; otherwise lines are those
    /// of the outermost expression, and values only those it names.
    #[must_use]
    pub fn sees_through(&self) -> bool {
        matches!(self.keys, Keys::Read(_))
    }

    /// The values that the expressions name: all that is known without marks.
    fn with_named(mut self, run: &Run) -> Self {
        let mut named = Vec::new();
        for piece in self.pieces.iter_mut().filter(|piece| !piece.literal) {
            let Some(input) = run.input(&piece.place.template) else { continue };
            let number = u32::try_from(named.len()).unwrap_or(u32::MAX);
            named.push(named_values(input.source.slice(piece.place.span), &run.unit.values));
            piece.emission = Some(number);
        }
        self.keys = Keys::Named(named);
        self
    }

    /// Where a part of the text comes from; of an empty part, the character at it.
    #[must_use]
    pub fn of(&self, span: Span) -> Option<Origin> {
        let range = span.range();
        let first = self.piece_at(range.start)?;
        let last = self.last_of(first, range.end);
        let (first, last) = (&self.pieces[first], &self.pieces[last]);
        let start = first.source_at(range.start);
        let end = if last.literal {
            last.source_at(range.end.clamp(last.output.start, last.output.end))
        } else {
            last.place.span.range().end
        };
        let line = self.line_around(range.start);
        // a mapping of many lines is no single value's doing
        let is_scalar = range.end <= line.end || range.end <= first.output.end;
        let mut values: Vec<Pointer> = Vec::new();
        if is_scalar {
            for piece in self.overlapping(range.start..range.end.max(range.start + 1)) {
                let end = piece.output.end.min(range.end.max(range.start + 1));
                let part = self.text.get(piece.output.start.max(range.start)..end).unwrap_or_default();
                self.keys.of(piece, part.trim(), &self.text[line.clone()], &mut values);
            }
        }
        let template = RepoPath::parse(&first.place.template).ok()?;
        Some(Origin {
            template,
            span: Span::new(start, end.max(start)),
            literal: first.literal,
            callers: callers_of(first),
            values,
        })
    }

    /// A part of the text cut where its origin changes; blanks that no place made are left out.
    #[must_use]
    pub fn parts(&self, span: Span) -> Vec<Span> {
        let range = span.range();
        let cut = |piece: &Piece| Span::new(piece.output.start.max(range.start), piece.output.end.min(range.end));
        self.overlapping(range.clone()).map(cut).collect()
    }

    /// Every value that went into a part of the text.
    #[must_use]
    pub fn all_of(&self, span: Span) -> Vec<Origin> {
        let range = span.range();
        let origin = |piece: &Piece| {
            let mut values = Vec::new();
            self.keys.all(piece, &mut values);
            let from = piece.source_at(range.start.max(piece.output.start));
            let to = if piece.literal {
                piece.source_at(range.end.min(piece.output.end))
            } else {
                piece.place.span.range().end
            };
            let template = RepoPath::parse(&piece.place.template).ok()?;
            Some(Origin {
                template,
                span: Span::new(from, to),
                literal: piece.literal,
                values,
                callers: callers_of(piece),
            })
        };
        self.overlapping(range.clone()).filter_map(origin).collect()
    }

    fn overlapping(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = &Piece> {
        let first = self.pieces.partition_point(|piece| piece.output.end <= range.start);
        self.pieces[first..].iter().take_while(move |piece| piece.output.start < range.end)
    }

    /// The piece that holds an offset, or the nearest one on its line; the one before if the line has none.
    fn piece_at(&self, offset: usize) -> Option<usize> {
        let next = self.pieces.partition_point(|piece| piece.output.end <= offset);
        if self.pieces.get(next).is_some_and(|piece| piece.output.start <= offset) {
            return Some(next);
        }
        let line = self.line_around(offset);
        let is_near = |number: &usize| {
            self.pieces.get(*number).is_some_and(|piece| piece.output.start < line.end && piece.output.end > line.start)
        };
        let before = next.checked_sub(1);
        Some(next).filter(is_near).or(before.filter(is_near)).or(before).or((!self.pieces.is_empty()).then_some(0))
    }

    /// The last piece up to `end` that stands in the same template behind the first one.
    fn last_of(&self, first: usize, end: usize) -> usize {
        let begin = &self.pieces[first];
        let mut last = first;
        for (number, piece) in self.pieces.iter().enumerate().skip(first + 1) {
            let goes_on = piece.place.template == begin.place.template
                && piece.place.span.start >= self.pieces[last].place.span.start;
            if piece.output.start >= end || !goes_on {
                break;
            }
            last = number;
        }
        last
    }

    fn line_around(&self, offset: usize) -> std::ops::Range<usize> {
        let offset = offset.min(self.text.len());
        let bytes = self.text.as_bytes();
        let start = bytes[..offset].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = bytes[offset..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| offset + at);
        start..end
    }
}

fn callers_of(piece: &Piece) -> Vec<(RepoPath, Span)> {
    let path = |place: &Place| Some((RepoPath::parse(&place.template).ok()?, place.span));
    piece.callers.iter().filter_map(path).collect()
}

/// The values that an expression names: `app.image.tag`, `labels["team"]`.
fn named_values(expression: &str, values: &Node) -> Vec<Pointer> {
    let is_part = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '.' | '[' | ']' | '"' | '\'' | '-');
    let words = expression.split(|sign| !is_part(sign)).filter(|word| !word.is_empty());
    let pointers = words.map(|word| Pointer::parse_field_path(&word.replace(['"', '\''], "")));
    pointers.filter(|pointer| !pointer.parts().is_empty() && pointer.resolve(values).is_some()).collect()
}
