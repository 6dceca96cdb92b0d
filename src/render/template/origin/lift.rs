//! Filters for marked text: each sees the text without its marks, and the marks come back where their text went.
//!
//! What a filter gives is therefore always what it gives without marks. Marks whose text cannot be found again, as
//! behind `sha256`, are dropped; the place of the whole expression remains.

use std::sync::Arc;

use minijinja::value::{Rest, Value};
use minijinja::{Environment, Error, State};

use super::mark::{self, Mark, Part};
use crate::render::template::methods;

/// The filters that are given text, and give text or look at it.
const FILTERS: &[&str] = &[
    "indent",
    "nindent",
    "trim",
    "quote",
    "squote",
    "string",
    "upper",
    "lower",
    "title",
    "capitalize",
    "replace",
    "to_yaml",
    "to_nice_yaml",
    "to_json",
    "to_nice_json",
    "tojson",
    "from_yaml",
    "from_json",
    "b64encode",
    "b64decode",
    "sha256",
    "regex_replace",
    "regex_search",
    "regex_findall",
    "urlencode",
    "split",
    "lines",
    "length",
    "count",
    "escape",
    "e",
    "safe",
    "reverse",
    "first",
    "last",
    "int",
    "float",
    "bool",
    "join",
];

/// Puts marks out of the sight of filters and methods. `plain` is the same environment without them.
pub(super) fn filters(environment: &mut Environment<'static>, plain: &Environment<'static>) {
    let plain = Arc::new(plain.clone());
    for name in FILTERS {
        let plain = Arc::clone(&plain);
        environment.add_filter(*name, move |value: Value, arguments: Rest<Value>| {
            let mut all = vec![value];
            all.extend(arguments.0);
            let clean: Vec<Value> = all.iter().map(|value| clean(value).unwrap_or_else(|| value.clone())).collect();
            let result = plain.empty_state().apply_filter(name, &clean)?;
            Ok::<_, Error>(with_marks(all.first(), result))
        });
    }
    environment.set_unknown_method_callback(method);
}

fn method(state: &mut State, receiver: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    match clean(receiver) {
        Some(clean) => Ok(with_marks(Some(receiver), methods::call(state, &clean, name, arguments)?)),
        None => methods::call(state, receiver, name, arguments),
    }
}

/// A marked text without its marks; `None` for anything else.
fn clean(value: &Value) -> Option<Value> {
    value.as_str().filter(|text| !mark::is_free(text)).map(|text| Value::from(mark::without(text)))
}

fn with_marks(marked: Option<&Value>, result: Value) -> Value {
    match (marked.and_then(Value::as_str), result.as_str()) {
        (Some(marked), Some(text)) if !mark::is_free(marked) => Value::from(aligned(marked, text)),
        _ => result,
    }
}

/// A mark, and where it stands: in the line with this number, so many bytes behind its first character that is no blank.
struct Seat {
    mark: Mark,
    line: usize,
    offset: usize,
}

/// The marks of `marked` at the places in `text` to which their lines went.
fn aligned(marked: &str, text: &str) -> String {
    let (lines, seats) = seats(marked);
    let starts = starts(&lines, text);
    let place = |seat: &Seat| starts[seat.line].map(|start| start + seat.offset);
    let has_both = |number: u32| {
        let placed = |wanted: Mark| seats.iter().any(|seat| seat.mark == wanted && place(seat).is_some());
        placed(Mark::Open(number)) && placed(Mark::Close(number))
    };
    let mut out = String::with_capacity(text.len() * 2);
    let mut copied = 0;
    for seat in &seats {
        let Some(at) = place(seat).filter(|at| *at >= copied && text.is_char_boundary(*at)) else { continue };
        if let Mark::Open(number) | Mark::Close(number) = seat.mark
            && !has_both(number)
        {
            continue;
        }
        out.push_str(&text[copied..at]);
        copied = at;
        mark::write(seat.mark, &mut out);
    }
    out.push_str(&text[copied..]);
    out
}

/// The lines of a marked text without blanks at their ends, and its marks.
fn seats(marked: &str) -> (Vec<String>, Vec<Seat>) {
    let mut lines = vec![String::new()];
    let mut seats = Vec::new();
    for part in mark::parts(marked) {
        match part {
            Part::Mark(mark) => {
                let line = lines.len() - 1;
                seats.push(Seat { mark, line, offset: lines[line].trim_start().len() });
            }
            Part::Text(text) => {
                for (number, piece) in text.split('\n').enumerate() {
                    if number > 0 {
                        lines.push(String::new());
                    }
                    if let Some(line) = lines.last_mut() {
                        line.push_str(piece);
                    }
                }
            }
        }
    }
    for seat in &mut seats {
        seat.offset = seat.offset.min(lines[seat.line].trim().len());
    }
    (lines.iter().map(|line| line.trim().to_owned()).collect(), seats)
}

/// Where each line begins in the text it became, in order; `None` for a line that is not there any more. A blank line
/// is where the next one begins.
fn starts(lines: &[String], text: &str) -> Vec<Option<usize>> {
    let mut from = 0;
    let mut starts: Vec<Option<usize>> = Vec::with_capacity(lines.len());
    for line in lines {
        let found = if line.is_empty() { None } else { text[from..].find(line.as_str()).map(|found| from + found) };
        starts.push(found);
        from = found.map_or(from, |found| found + line.len());
    }
    let mut next = Some(text.len());
    for (start, line) in starts.iter_mut().zip(lines).rev() {
        if line.is_empty() {
            *start = next;
        }
        next = start.or(next);
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(parts: &[Part<'_>]) -> String {
        let mut out = String::new();
        for part in parts {
            match part {
                Part::Mark(mark) => mark::write(*mark, &mut out),
                Part::Text(text) => out.push_str(text),
            }
        }
        out
    }

    const INPUT: &[Part<'static>] = &[
        Part::Mark(Mark::Text(1)),
        Part::Text("a: "),
        Part::Mark(Mark::Open(5)),
        Part::Text("1"),
        Part::Mark(Mark::Close(5)),
        Part::Text("\n  "),
        Part::Mark(Mark::Text(2)),
        Part::Text("b: 2\n"),
    ];

    #[test]
    fn marks_move_with_their_lines() {
        let expected = marked(&[
            Part::Text("    "),
            Part::Mark(Mark::Text(1)),
            Part::Text("a: "),
            Part::Mark(Mark::Open(5)),
            Part::Text("1"),
            Part::Mark(Mark::Close(5)),
            Part::Text("\n      "),
            Part::Mark(Mark::Text(2)),
            Part::Text("b: 2"),
        ]);
        assert_eq!(aligned(&marked(INPUT), "    a: 1\n      b: 2"), expected);
    }

    #[test]
    fn marks_whose_text_is_gone_are_dropped() {
        assert_eq!(aligned(&marked(INPUT), "0123"), "0123");
    }
}
