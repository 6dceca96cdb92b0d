//! Edits: pieces of a policy's text replaced, with the way back from any place to where it came from.

use super::complaint::offset;
use crate::source::Source;

/// A policy text for the engine, with the way back to the text of the user.
#[derive(Debug, Clone)]
pub(super) struct Lowered {
    /// What the engine gets.
    pub(super) text: String,
    /// Start in `text`, end in `text`, start in the user's text, end in the user's text; sorted.
    moved: Vec<(usize, usize, usize, usize)>,
    /// What had happened to the user's text before; only its way back is kept.
    before: Option<Box<Lowered>>,
}

impl Lowered {
    /// A text whose lines stand further apart in another: `starts` are the offsets of each line here and there.
    pub(super) fn of_lines(text: String, starts: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let moved = starts.into_iter().map(|(here, there)| (here, here, there, there)).collect();
        Self { text, moved, before: None }
    }

    /// The offset in the user's text of an offset in the engine's.
    pub(super) fn original(&self, offset: usize) -> usize {
        let last = self.moved.iter().take_while(|(start, ..)| *start <= offset).last();
        let offset = match last {
            None => offset,
            Some((_, end, start, _)) if offset < *end => *start,
            Some((_, end, _, original_end)) => original_end + (offset - end),
        };
        self.before.as_ref().map_or(offset, |before| before.original(offset))
    }

    /// The same with pieces of its text replaced; unchanged if two of them overlap.
    pub(super) fn edited(self, edits: Vec<Edit>) -> Self {
        match apply(&self.text, (0, self.text.len()), edits) {
            Some(later) => Self { before: Some(Box::new(Self { text: String::new(), ..self })), ..later },
            None => self,
        }
    }

    /// The offset in the user's text of a line and column of the engine's, as the engine counts them.
    pub(super) fn original_place(&self, line: u32, column: u32) -> Option<usize> {
        let text = Source::file("", self.text.as_str());
        Some(self.original(offset(&text, line, column)?))
    }
}

/// A piece of a text to be replaced.
#[derive(Debug)]
pub(super) struct Edit {
    /// First byte that is replaced.
    pub(super) start: usize,
    /// One past the last; the same for an insertion.
    pub(super) end: usize,
    /// What stands there afterwards.
    pub(super) text: String,
}

/// Replaces pieces of a text; `None` if two pieces overlap, which would mean that a place was read wrongly.
pub(super) fn apply(text: &str, (start, end): (usize, usize), mut edits: Vec<Edit>) -> Option<Lowered> {
    edits.sort_by_key(|edit| (edit.start, edit.end)); // stable: what is inserted at one place keeps its order
    let mut out = String::with_capacity(end - start + 16 * edits.len());
    let mut moved = Vec::with_capacity(edits.len());
    let mut at = start;
    for edit in edits {
        out.push_str(text.get(at..edit.start)?);
        let begin = out.len();
        out.push_str(&edit.text);
        moved.push((begin, out.len(), edit.start, edit.end));
        at = edit.end;
    }
    out.push_str(text.get(at..end)?);
    Some(Lowered { text: out, moved, before: None })
}

/// Text that is added at one place.
pub(super) fn insertion(at: usize, text: String) -> Edit {
    Edit { start: at, end: at, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_leads_back_to_the_text_of_the_user() {
        let text = "x := f(y)\nz";
        let edits = vec![insertion(9, "; x == x".to_owned()), Edit { start: 7, end: 8, text: "__h1".to_owned() }];
        let lowered = apply(text, (0, text.len()), edits).expect("nothing overlaps");
        assert_eq!(lowered.text, "x := f(__h1); x == x\nz");
        assert_eq!(lowered.original(5), 5);
        assert_eq!(lowered.original(9), 7, "inside what was put in place of `y`");
        assert_eq!(lowered.original(11), 8);
        assert_eq!(lowered.original(lowered.text.len() - 1), text.len() - 1);
    }

    #[test]
    fn what_was_edited_twice_leads_back_to_the_text_of_the_user() {
        let text = "x := f(y); z";
        let once = apply(text, (0, text.len()), vec![insertion(0, "long ".to_owned())]).expect("nothing overlaps");
        let twice = once.edited(vec![Edit { start: 10, end: 11, text: "data.g".to_owned() }]);
        assert_eq!(twice.text, "long x := data.g(y); z");
        assert_eq!(twice.original(17), text.find('y').expect("there"));
        assert_eq!(twice.original_place(1, 18), Some(7));
        let overlapping = vec![Edit { start: 0, end: 3, text: String::new() }, insertion(1, String::new())];
        assert_eq!(twice.edited(overlapping).text, "long x := data.g(y); z");
    }

    #[test]
    fn overlapping_edits_are_refused() {
        let edit = |start, end| Edit { start, end, text: String::new() };
        assert!(apply("abcdef", (0, 6), vec![edit(0, 3), edit(2, 4)]).is_none());
    }
}
