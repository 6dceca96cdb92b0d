//! Literal and folded blocks.

use super::{Reader, Span};
use crate::manifest::{Node, Value};

/// How a block is read.
#[derive(Clone, Copy)]
struct Style {
    folded: bool,
    chomping: Chomping,
}

/// What becomes of the line feeds at a block's end.
#[derive(Clone, Copy, PartialEq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Reader<'_> {
    /// A block scalar; one without any text, or whose head states the indentation, is left to the composer.
    pub(super) fn block_scalar(&mut self, parent: isize, depth: usize) -> Option<Node> {
        self.enter(depth)?;
        let style = self.block_head()?;
        let blank_lines = self.leading_blank_lines(parent)?;
        let (start, indentation) = (self.at, self.at - self.line);
        self.spare.scratch.clear();
        self.spare.scratch.extend(std::iter::repeat_n('\n', blank_lines));
        let end = self.block_lines(style, indentation)?;
        self.next_line()?;
        let value = Value::String(self.spare.scratch.as_str().into());
        Some(Node { span: Span::new(start, end), value })
    }

    fn block_head(&mut self) -> Option<Style> {
        let folded = self.bytes[self.at] == b'>';
        self.at += 1;
        let chomping = match self.byte(self.at) {
            b'-' => Chomping::Strip,
            b'+' => Chomping::Keep,
            _ => Chomping::Clip,
        };
        self.at += usize::from(chomping != Chomping::Clip);
        self.rest_of_line()?;
        Some(Style { folded, chomping })
    }

    /// Goes to the first text of the block, which states the indentation; returns how many lines before it are empty.
    fn leading_blank_lines(&mut self, parent: isize) -> Option<usize> {
        let (mut lines, mut widest) = (0, 0);
        loop {
            self.line = self.at;
            self.skip_spaces();
            let width = self.column_of(self.at);
            match self.bytes.get(self.at)? {
                b'\n' => {
                    widest = widest.max(width);
                    lines += 1;
                    self.at += 1;
                }
                b'\t' => return None,
                _ => return (width > parent && width > 0 && width >= widest).then_some(lines),
            }
        }
    }

    /// Reads the lines from the first text on; returns where the last text ends.
    fn block_lines(&mut self, style: Style, indentation: usize) -> Option<usize> {
        // line feeds between the last line that was taken and this one
        let mut breaks = 0;
        let mut was_indented = false;
        let mut end = self.at;
        loop {
            let from = self.at;
            self.skip_line();
            let line = &self.text[from..self.at];
            let is_indented = line.starts_with([' ', '\t']);
            self.push_breaks(breaks, style.folded && !was_indented && !is_indented);
            self.spare.scratch.push_str(line);
            was_indented = is_indented;
            let text = line.trim_end_matches([' ', '\t']);
            if !text.is_empty() {
                end = from + text.len();
            }
            // the last line of a text may lack its line feed: readers add it
            self.at = (self.at + 1).min(self.bytes.len());
            breaks = 1;
            while !self.indent(indentation)? {
                if self.bytes.get(self.at) != Some(&b'\n') {
                    self.at = self.line;
                    self.chomp(style.chomping, breaks);
                    return Some(end);
                }
                self.at += 1;
                breaks += 1;
            }
        }
    }

    /// Passes the indentation of a line; false if the line has less.
    fn indent(&mut self, indentation: usize) -> Option<bool> {
        self.line = self.at;
        while self.at - self.line < indentation {
            match self.bytes.get(self.at) {
                Some(b' ') => self.at += 1,
                Some(b'\t') => return None,
                _ => return Some(false),
            }
        }
        // nothing but the end of the text behind the indentation
        Some(self.bytes.get(self.at).is_some_and(|byte| *byte != b'\n'))
    }

    fn push_breaks(&mut self, breaks: usize, fold: bool) {
        match (breaks, fold) {
            (1, true) => self.spare.scratch.push(' '),
            (0, _) => {}
            (_, true) => self.spare.scratch.extend(std::iter::repeat_n('\n', breaks - 1)),
            (_, false) => self.spare.scratch.extend(std::iter::repeat_n('\n', breaks)),
        }
    }

    fn chomp(&mut self, chomping: Chomping, breaks: usize) {
        match chomping {
            Chomping::Strip => {}
            Chomping::Clip => self.spare.scratch.push('\n'),
            Chomping::Keep => self.spare.scratch.extend(std::iter::repeat_n('\n', breaks)),
        }
    }
}
