//! Pieces of a rendered text, each from one place, read off the marks in it.

use std::collections::HashMap;
use std::ops::Range;

use super::mark::{self, Mark, Part};
use super::reads::{Read, Reads};
use super::rewrite::{Place, Places};
use crate::manifest::Pointer;

/// How many values are told for one place.
const MAX_VALUES: usize = 4;

/// How many reads of the same text are looked at, the last ones.
const MAX_CANDIDATES: usize = 256;

/// A part of a rendered text that one place of a template made.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) output: Range<usize>,
    pub(super) place: Place,
    /// The text stands in the template byte for byte.
    pub(super) literal: bool,
    /// The evaluation of the expression that made it.
    pub(super) emission: Option<u32>,
    /// The expressions that called the macro it stands in: the innermost, and the outermost.
    pub(super) callers: Vec<Place>,
}

impl Piece {
    /// The byte of the template behind a byte of the output; for an expression, its begin.
    pub(super) fn source_at(&self, offset: usize) -> usize {
        let span = self.place.span.range();
        let inside = if self.literal { offset.saturating_sub(self.output.start) } else { 0 };
        (span.start + inside).min(span.end)
    }
}

/// Which values went into which evaluation.
#[derive(Debug)]
pub(super) enum Keys {
    /// What was read while the text was rendered, and what was handed on to expressions that read nothing themselves.
    Read(Box<(Reads, HashMap<u32, usize>)>),
    /// What the expressions name.
    Named(Vec<Vec<Pointer>>),
}

impl Default for Keys {
    fn default() -> Self {
        Self::Named(Vec::new())
    }
}

impl Keys {
    /// Adds the values that went into `part` of a piece, which stands on `line`.
    pub(super) fn of(&self, piece: &Piece, part: &str, line: &str, values: &mut Vec<Pointer>) {
        let Some(emission) = piece.emission else { return };
        let found: Vec<Pointer> = match self {
            Self::Named(named) => named.get(emission as usize).cloned().unwrap_or_default(),
            Self::Read(read) => {
                let (log, handed) = (&read.0, &read.1);
                let mut best = most_likely(&own(log, emission), part, line);
                if best.is_empty() {
                    best.extend(handed.get(&emission).and_then(|number| log.reads.get(*number)));
                }
                best.into_iter().map(Read::pointer).collect()
            }
        };
        for pointer in found {
            if values.len() < MAX_VALUES && !values.contains(&pointer) {
                values.push(pointer);
            }
        }
    }

    /// Adds every value that may have gone into a piece.
    pub(super) fn all(&self, piece: &Piece, values: &mut Vec<Pointer>) {
        let Some(emission) = piece.emission else { return };
        match self {
            Self::Named(named) => values.extend(named.get(emission as usize).into_iter().flatten().cloned()),
            Self::Read(read) => {
                let (log, handed) = (&read.0, &read.1);
                let handed = handed.get(&emission).and_then(|number| log.reads.get(*number));
                // which of several equal values was handed on is a guess, and here none may be missed
                let equal = handed.into_iter().flat_map(|one| log.reads.iter().filter(|read| read.text == one.text));
                values.extend(own(log, emission).into_iter().chain(equal).map(Read::pointer));
            }
        }
        values.sort_unstable();
        values.dedup();
    }
}

/// What an expression read itself.
fn own(log: &Reads, emission: u32) -> Vec<&Read> {
    let range = log.emissions.get(emission as usize).map(|emission| emission.reads.clone()).unwrap_or_default();
    let reads = log.reads.get(range).unwrap_or_default();
    reads.iter().filter(|read| read.emission == Some(emission)).collect()
}

/// The reads that a text shows, best first: equal to it, then part of it, then beside it on its line with their key.
/// Where none does, whatever was read, scalars before collections.
fn most_likely<'a>(reads: &[&'a Read], part: &str, line: &str) -> Vec<&'a Read> {
    let bare = part.trim_matches(['"', '\'']);
    let score = |read: &Read| {
        let text = read.text.as_deref().filter(|text| !text.is_empty())?;
        let is_whole = text == part || text == bare;
        let overlaps = part.contains(text) || !bare.is_empty() && text.contains(bare);
        let is_shown = line.contains(text);
        let is_named = is_shown && line.contains(read.name());
        let score = 8 * u8::from(is_whole) + 4 * u8::from(overlaps) + 2 * u8::from(is_shown) + u8::from(is_named);
        (score > 0).then_some(score)
    };
    let mut shown: Vec<(u8, &Read)> = reads.iter().filter_map(|read| Some((score(read)?, *read))).collect();
    shown.sort_by_key(|(score, read)| (std::cmp::Reverse(*score), read.is_key));
    if let Some((best, _)) = shown.first().copied() {
        // of the many scalars of a collection that was printed whole, one made the text
        let is_one = best >= 8 || reads.iter().any(|read| read.text.is_none());
        shown.retain(|(score, _)| *score == best || !is_one && (*score >= 4 || best < 4));
        return shown.into_iter().map(|(_, read)| read).collect();
    }
    let scalars: Vec<&Read> = reads.iter().copied().filter(|read| read.text.is_some() && !read.is_key).collect();
    if scalars.is_empty() { reads.last().copied().into_iter().collect() } else { scalars }
}

/// The pieces of a marked output, in order, and the values behind them. `sources` gives the text of a template.
pub(super) fn of_marks<'a>(
    output: &str,
    log: &Reads,
    places: &Places,
    sources: &impl Fn(&str) -> Option<&'a str>,
) -> (Vec<Piece>, Keys) {
    let mut reader = Reader { log, places, pieces: Vec::new(), open: Vec::new(), at: 0 };
    let mut literal: Option<(&Place, &str)> = None;
    for part in mark::parts(output) {
        match part {
            Part::Mark(Mark::Text(number)) => {
                let place = places.texts.get(number as usize);
                literal = place.and_then(|place| Some((place, sources(&place.template)?.get(place.span.range())?)));
            }
            Part::Mark(Mark::Open(number)) => {
                reader.open.push(number);
                literal = None;
            }
            Part::Mark(Mark::Close(number)) => {
                if let Some(begin) = reader.open.iter().rposition(|open| *open == number) {
                    reader.open.truncate(begin);
                }
                literal = None;
            }
            Part::Text(text) => {
                let rest = match literal.take() {
                    Some((place, written)) => reader.literal(place, written, text),
                    None => text,
                };
                reader.expression(rest);
            }
        }
    }
    let handed = handed_on(output, log, &reader.pieces);
    (reader.pieces, Keys::Read(Box::new((log.clone(), handed))))
}

struct Reader<'a> {
    log: &'a Reads,
    places: &'a Places,
    pieces: Vec<Piece>,
    /// The expressions that are being written, the innermost last.
    open: Vec<u32>,
    at: usize,
}

impl Reader<'_> {
    /// Literal text as far as it is as written; gives the rest.
    fn literal<'t>(&mut self, place: &Place, written: &str, text: &'t str) -> &'t str {
        let same = text.bytes().zip(written.bytes()).take_while(|(one, other)| one == other).count();
        let same = (0..=same).rev().find(|length| text.is_char_boundary(*length)).unwrap_or(0);
        self.push(same, place.clone(), true, None);
        &text[same..]
    }

    fn expression(&mut self, text: &str) {
        let emission = self.open.last().copied();
        let tag = emission.and_then(|number| self.log.emissions.get(number as usize)).map(|emission| emission.tag);
        match tag.and_then(|tag| self.places.tags.get(tag as usize)) {
            // blanks around the lines of a macro come from no expression
            Some(place) if !text.trim().is_empty() => self.push(text.len(), place.clone(), false, emission),
            _ => self.at += text.len(),
        }
    }

    /// The expressions around an evaluation, the innermost and the outermost.
    fn callers(&self, emission: Option<u32>) -> Vec<Place> {
        let around = &self.open[..self.open.len() - usize::from(emission.is_some())];
        let (inner, outer) = (around.last(), around.first().filter(|_| around.len() > 1));
        let place = |number: &u32| {
            let tag = self.log.emissions.get(*number as usize)?.tag;
            self.places.tags.get(tag as usize).cloned()
        };
        inner.into_iter().chain(outer).filter_map(place).collect()
    }

    fn push(&mut self, length: usize, place: Place, literal: bool, emission: Option<u32>) {
        if length > 0 {
            let callers = self.callers(emission);
            self.pieces.push(Piece { output: self.at..self.at + length, place, literal, emission, callers });
        }
        self.at += length;
    }
}

/// Values that reached an expression through a variable, a loop or an argument: it read nothing itself, so the read
/// before it that gave its text is meant.
fn handed_on(output: &str, log: &Reads, pieces: &[Piece]) -> HashMap<u32, usize> {
    let plain = mark::without(output);
    let mut by_text: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, read) in log.reads.iter().enumerate() {
        if let Some(text) = read.text.as_deref().filter(|text| !text.is_empty()) {
            by_text.entry(text).or_default().push(number);
        }
    }
    let mut written: Vec<(u32, &str)> = pieces
        .iter()
        .filter_map(|piece| Some((piece.emission?, plain.get(piece.output.clone())?.trim())))
        .filter(|(emission, _)| own(log, *emission).iter().all(|read| read.text.is_none()))
        .collect();
    written.sort_by_key(|(emission, _)| *emission);
    let mut handed = HashMap::new();
    let mut used = vec![false; log.reads.len()];
    let mut previous: Option<usize> = None;
    for (emission, text) in written {
        let bare = text.trim_matches(['"', '\'']);
        let Some(known) = by_text.get(text).or_else(|| by_text.get(bare)) else { continue };
        let end = log.emissions.get(emission as usize).map_or(0, |emission| emission.reads.end);
        let candidates = &known[..known.partition_point(|number| *number < end)];
        let candidates = &candidates[candidates.len().saturating_sub(MAX_CANDIDATES)..];
        if let Some(read) = choose(log, candidates, emission, previous, &used) {
            used[read] = true;
            previous = Some(read);
            handed.insert(emission, read);
        }
    }
    handed
}

/// Which of several reads of the same text is meant.
fn choose(log: &Reads, candidates: &[usize], emission: u32, previous: Option<usize>, used: &[bool]) -> Option<usize> {
    let read = |number: usize| &log.reads[number];
    // an argument of the call that is being evaluated
    let is_around = |number: u32| {
        number < emission
            && log.emissions.get(number as usize).is_some_and(|outer| {
                log.emissions
                    .get(emission as usize)
                    .is_some_and(|inner| inner.reads.end <= outer.reads.end && inner.reads.start >= outer.reads.start)
            })
    };
    let argument = candidates.iter().rev().copied().find(|number| read(*number).emission.is_some_and(is_around));
    // the value beside the key that was just written
    let pair = previous.and_then(|previous| {
        let is_pair = |number: &usize| {
            read(*number).is_key != read(previous).is_key && read(*number).pointer() == read(previous).pointer()
        };
        candidates.iter().rev().copied().find(is_pair)
    });
    let free = |number: &usize| read(*number).emission.is_none_or(|reader| reader != emission);
    let latest = candidates.iter().rev().copied().find(free)?;
    // equal values of one list come in order
    let first_unused = candidates
        .iter()
        .copied()
        .find(|number| !used[*number] && free(number) && read(*number).is_beside(read(latest)));
    argument.or(pair).or(first_unused).or(Some(latest))
}
