//! A mark is a few private characters in an output that say where the text behind them comes from.
//!
//! Marks are twelve bytes: one character for the kind, two for a number. All of them lie at the end of Unicode, where
//! nobody writes; a text that does hold such characters is not marked at all.

/// What a mark says of the text behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Literal text of a template begins: the number of its place.
    Text(u32),
    /// An expression begins to write: the number of this emission.
    Open(u32),
    /// An expression has written.
    Close(u32),
}

/// A marked text, piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Mark(Mark),
    Text(&'a str),
}

const KINDS: [char; 3] = ['\u{10FFF0}', '\u{10FFF1}', '\u{10FFF2}'];
const ZERO: u32 = 0x10_0000;
const BASE: u32 = 0x8000;

/// The first byte of every character that a mark is made of, and of none that people write.
const LEAD: u8 = 0xF4;

/// How many numbers there are.
pub(super) const NUMBERS: usize = (BASE * BASE) as usize;

/// Whether a text can be marked: nothing in it looks like a mark.
pub(super) fn is_free(text: &str) -> bool {
    !text.as_bytes().contains(&LEAD)
}

/// Adds a mark to a text.
pub(super) fn write(mark: Mark, out: &mut String) {
    let (kind, number) = match mark {
        Mark::Text(number) => (0, number),
        Mark::Open(number) => (1, number),
        Mark::Close(number) => (2, number),
    };
    out.push(KINDS[kind]);
    out.extend([number / BASE, number % BASE].into_iter().filter_map(|digit| char::from_u32(ZERO + digit)));
}

/// The pieces of a marked text. What is left of a mark that a filter cut in two is neither mark nor text.
pub(super) fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let lead = rest.bytes().position(|byte| byte == LEAD).unwrap_or(rest.len());
            if lead > 0 {
                let (before, after) = rest.split_at(lead);
                rest = after;
                return Some(Part::Text(before));
            }
            if rest.is_empty() {
                return None;
            }
            match read(rest) {
                Some(mark) => {
                    rest = &rest[12..];
                    return Some(Part::Mark(mark));
                }
                None => rest = &rest[4..],
            }
        }
    })
}

/// The mark with which a text begins.
fn read(text: &str) -> Option<Mark> {
    let mut signs = text.chars();
    let kind = signs.next()?;
    let mut digit = || u32::from(signs.next()?).checked_sub(ZERO).filter(|digit| *digit < BASE);
    let number = digit()? * BASE + digit()?;
    match KINDS.iter().position(|known| *known == kind)? {
        0 => Some(Mark::Text(number)),
        1 => Some(Mark::Open(number)),
        _ => Some(Mark::Close(number)),
    }
}

/// A text without its marks.
pub(super) fn without(text: &str) -> String {
    let plain = |part| match part {
        Part::Text(text) => Some(text),
        Part::Mark(_) => None,
    };
    parts(text).filter_map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_they_were_written_and_leave_the_text_as_it_was() {
        let marks = [Mark::Text(0), Mark::Open(BASE), Mark::Close(BASE * BASE - 1)];
        let mut text = String::from("ä");
        marks.iter().for_each(|mark| write(*mark, &mut text));
        text.push('b');
        let expected: Vec<Part<'_>> =
            [Part::Text("ä")].into_iter().chain(marks.map(Part::Mark)).chain([Part::Text("b")]).collect();
        assert_eq!(parts(&text).collect::<Vec<_>>(), expected);
        assert_eq!(without(&text), "äb");
        assert!(is_free("ä 漢 🦀") && !is_free(&text));
    }

    #[test]
    fn half_a_mark_is_dropped() {
        let mut text = String::new();
        write(Mark::Text(7), &mut text);
        assert_eq!(without(&format!("a{}b", &text[..8])), "ab");
    }
}
