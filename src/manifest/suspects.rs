//! Suspects are places that are harmless inside some values and a mistake anywhere else.

use std::ops::Range;

/// Offsets in a text, in order, until a value that makes them harmless clears them.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    offsets: Vec<usize>,
    states: Vec<State>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Open,
    Cleared,
    /// A mistake whatever stands around it.
    Condemned,
}

impl Suspects {
    pub(super) fn new(offsets: Vec<usize>) -> Self {
        let states = vec![State::Open; offsets.len()];
        Self { offsets, states }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Clears those inside `range` for which `harmless` holds.
    pub(super) fn clear(&mut self, range: Range<usize>, harmless: impl Fn(usize) -> bool) {
        self.settle(range, |offset| if harmless(offset) { State::Cleared } else { State::Open });
    }

    /// Clears those inside `range` for which `harmless` holds, and condemns the others: nothing clears them any more.
    pub(super) fn judge(&mut self, range: Range<usize>, harmless: impl Fn(usize) -> bool) {
        self.settle(range, |offset| if harmless(offset) { State::Cleared } else { State::Condemned });
    }

    fn settle(&mut self, range: Range<usize>, state_of: impl Fn(usize) -> State) {
        if self.offsets.is_empty() {
            return;
        }
        let first = self.offsets.partition_point(|offset| *offset < range.start);
        let inside = self.offsets[first..].iter().zip(&mut self.states[first..]);
        for (offset, state) in inside.take_while(|(offset, _)| **offset < range.end) {
            if *state == State::Open {
                *state = state_of(*offset);
            }
        }
    }

    /// Those that nothing cleared.
    pub(super) fn remaining(&self) -> impl Iterator<Item = usize> + '_ {
        self.offsets.iter().zip(&self.states).filter(|(_, state)| **state != State::Cleared).map(|(offset, _)| *offset)
    }
}

/// The first tab of each line that only blanks and the signs `-`, `?` and `:` precede: YAML 1.1 allows tabs there only
/// inside values.
pub(super) fn indentation_tabs(text: &str) -> Vec<usize> {
    if !text.contains('\t') {
        return Vec::new();
    }
    let mut tabs = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        tabs.extend(indentation_tab(line.as_bytes()).map(|tab| start + tab));
        start += line.len();
    }
    tabs
}

fn indentation_tab(line: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match line[at..] {
            [b'\t', ..] => return Some(at),
            [b' ', ..] => at += 1,
            [b'-' | b'?' | b':', b' ' | b'\t', ..] => at += 1,
            _ => return None,
        }
    }
}

/// Whether a tab inside a block scalar, whose text begins at `block.start`, belongs to the text: it stands behind the
/// indentation, and does not begin the first line, where YAML 1.1 still looks for the indentation.
pub(super) fn is_text_of_block(text: &str, block: Range<usize>, tab: usize) -> bool {
    let indentation = column(text, block.start);
    let begins_with_tab = text[block.start..].starts_with('\t');
    column(text, tab) >= indentation && (!begins_with_tab || has_indicator(&text[..block.start - indentation]))
}

/// How many bytes of its line stand before an offset.
pub(super) fn column(text: &str, offset: usize) -> usize {
    text[..offset].bytes().rev().take_while(|byte| *byte != b'\n').count()
}

/// Whether the last line of a text ends in the head of a block scalar that states its indentation: `|2-`.
fn has_indicator(before: &str) -> bool {
    before.trim_end().trim_end_matches(['+', '-']).ends_with(|last: char| last.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tabs_that_could_be_indentation_are_suspect() {
        assert_eq!(indentation_tabs("a:\tb\n\tc: d\n- \te\n# \tf\n---\tg\n  \t\n"), [5, 13, 29]);
    }

    #[test]
    fn suspects_are_cleared_by_the_values_around_them() {
        let mut suspects = Suspects::new(vec![1, 5, 9]);
        suspects.clear(4..9, |offset| offset == 5);
        suspects.clear(9..10, |_| false);
        assert_eq!(suspects.remaining().collect::<Vec<_>>(), [1, 9]);
        suspects.judge(0..4, |_| false);
        suspects.clear(0..10, |_| true);
        assert_eq!(suspects.remaining().collect::<Vec<_>>(), [1], "what is condemned stays");
    }
}
