//! Text: two texts of several lines, and the lines that differ.

use similar::{ChangeTag, TextDiff};

/// Lines shown around those that differ.
const CONTEXT: usize = 3;
/// Texts with more lines than this are not compared line by line: the work grows with their product.
const MOST_LINES: usize = 20_000;

/// A group of neighbouring lines that differ, with some around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The number of its first line in the text before; from 1.
    pub before: usize,
    /// The number of its first line in the text afterwards; from 1.
    pub after: usize,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line of a hunk, without its line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// In both texts.
    Same(String),
    /// Only in the text before.
    Removed(String),
    /// Only in the text afterwards.
    Added(String),
}

/// Whether two texts are worth comparing line by line.
pub(super) fn has_lines(before: &str, after: &str) -> bool {
    before.trim_end().contains('\n') || after.trim_end().contains('\n')
}

/// The lines that differ; `None` if there are too many to tell, or only line breaks at the end differ.
pub(super) fn hunks(before: &str, after: &str) -> Option<Vec<Hunk>> {
    if before.lines().count().max(after.lines().count()) > MOST_LINES {
        return None;
    }
    let diff = TextDiff::from_lines(before, after);
    let hunks: Vec<Hunk> = diff
        .grouped_ops(CONTEXT)
        .iter()
        .filter_map(|group| {
            let first = group.first()?;
            let changes = group.iter().flat_map(|operation| diff.iter_changes(operation));
            let lines = changes.map(|change| {
                let text = change.value().trim_end_matches(['\n', '\r']).to_owned();
                match change.tag() {
                    ChangeTag::Equal => Line::Same(text),
                    ChangeTag::Delete => Line::Removed(text),
                    ChangeTag::Insert => Line::Added(text),
                }
            });
            let lines: Vec<_> = lines.collect();
            Some(Hunk { before: first.old_range().start + 1, after: first.new_range().start + 1, lines })
        })
        .collect();
    let visible = hunks.iter().any(|hunk| {
        let side = |wanted: fn(&Line) -> Option<&String>| hunk.lines.iter().filter_map(wanted).collect::<Vec<_>>();
        side(|line| if let Line::Removed(text) = line { Some(text) } else { None })
            != side(|line| if let Line::Added(text) = line { Some(text) } else { None })
    });
    visible.then_some(hunks)
}
