//! Where kubectl cuts a text into documents: at lines, before it reads any YAML.

use std::ops::Range;

/// One document as kubectl's line splitter hands it to its YAML reader.
#[derive(Debug, PartialEq)]
pub(super) struct Piece {
    /// Its bytes. A piece may begin with its own `---` line.
    pub(super) range: Range<usize>,
    /// A separator inside it was refused, so the piece may hold several documents of YAML, and that is reported already.
    pub(super) torn: bool,
}

/// A line where kubectl and YAML disagree on a border.
#[derive(Debug, PartialEq)]
pub(super) struct Disagreement {
    /// The line, without its end.
    pub(super) line: Range<usize>,
    /// What kubectl does there.
    pub(super) kind: DisagreementKind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum DisagreementKind {
    /// `--- {a: 1}`: YAML begins a document with it, kubectl refuses the file.
    TextAfterSeparator,
    /// `---text`: to YAML part of a value, kubectl refuses the file.
    SeparatorInsideValue,
    /// `---#text`: to YAML part of a value, to kubectl a border.
    OnlyKubectlCuts,
}

/// Cuts `text[from..]` as kubectl does.
pub(super) fn split(text: &str, from: usize) -> (Vec<Piece>, Vec<Disagreement>) {
    let mut pieces = Vec::new();
    let mut disagreements = Vec::new();
    let mut start = from;
    let mut torn = false;
    for line in separator_lines(text, from) {
        let content = text[line.clone()].trim_end_matches(['\n', '\r']);
        let (cuts, disagreement) = judge(content);
        if let Some(kind) = disagreement {
            disagreements.push(Disagreement { line: line.start..line.start + content.len(), kind });
        }
        torn |= !cuts;
        // at an empty buffer kubectl keeps the separator line as the first line of the piece
        if cuts && start < line.start {
            pieces.push(Piece { range: start..line.start, torn });
            start = line.end;
            torn = false;
        }
    }
    if start < text.len() {
        pieces.push(Piece { range: start..text.len(), torn });
    }
    (pieces, disagreements)
}

/// Whether kubectl cuts at a line that begins with `---`, and how it differs from YAML there.
fn judge(line: &str) -> (bool, Option<DisagreementKind>) {
    let rest = &line[3..];
    let border_to_yaml = rest.is_empty() || rest.starts_with([' ', '\t', '\r']);
    let trimmed = rest.trim();
    match (trimmed.is_empty() || trimmed.starts_with('#'), border_to_yaml) {
        (true, true) => (true, None),
        (true, false) => (true, Some(DisagreementKind::OnlyKubectlCuts)),
        (false, true) => (false, Some(DisagreementKind::TextAfterSeparator)),
        (false, false) => (false, Some(DisagreementKind::SeparatorInsideValue)),
    }
}

/// The lines that begin with `---`, each with its line feed.
fn separator_lines(text: &str, from: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let first = text[from..].starts_with("---").then_some(from);
    let others = text[from..].match_indices("\n---").map(move |(index, _)| from + index + 1);
    first.into_iter().chain(others).map(|start| {
        let end = text[start..].find('\n').map_or(text.len(), |index| start + index + 1);
        start..end
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        split(text, 0).0.into_iter().map(|piece| &text[piece.range]).collect()
    }

    #[test]
    fn a_line_of_dashes_with_space_or_comment_is_a_border() {
        assert_eq!(pieces("a: 1\n--- \nb: 2\n"), ["a: 1\n", "b: 2\n"]);
        assert_eq!(pieces("a: 1\r\n--- # next\r\nb: 2"), ["a: 1\r\n", "b: 2"]);
        assert_eq!(pieces("---\na: 1\n---\n"), ["---\na: 1\n"]);
        assert_eq!(pieces("---\n---\n---\n"), ["---\n", "---\n"]);
        assert_eq!(pieces("a: |\n  ---\n  b\n"), ["a: |\n  ---\n  b\n"], "an indented line is data");
        assert_eq!(pieces(""), [""; 0]);
    }

    #[test]
    fn what_kubectl_refuses_stays_one_piece_and_is_reported() {
        let (pieces, disagreements) = split("a: 1\n--- {b: 2}\n---\nc: 3\n", 0);
        assert_eq!(pieces.iter().map(|piece| piece.torn).collect::<Vec<_>>(), [true, false]);
        assert_eq!(disagreements[0], Disagreement { line: 5..15, kind: DisagreementKind::TextAfterSeparator });
        let (_, disagreements) = split("a: 'x\n---y'\n", 0);
        assert_eq!(disagreements[0].kind, DisagreementKind::SeparatorInsideValue);
        let (pieces, disagreements) = split("a: 1\n---#c\nb: 2\n", 0);
        assert_eq!((pieces.len(), disagreements[0].kind), (2, DisagreementKind::OnlyKubectlCuts));
    }
}
