//! Embedded Rego: the text of a policy inside a YAML document, with the way back to the place where it is written.

use std::sync::Arc;

use crate::evaluate::edit::Lowered;
use crate::manifest::Node;
use crate::source::Source;

/// A policy text and where it comes from.
pub(super) struct Embedded {
    pub(super) source: Arc<Source>,
    pub(super) text: String,
    pub(super) way: Vec<Lowered>,
}

impl Embedded {
    /// The text of a YAML string. `None` if the node is none.
    pub(super) fn of(source: &Arc<Source>, node: &Node) -> Option<Self> {
        let text = node.as_str()?.to_owned();
        match line_starts(source, node, &text) {
            Some(starts) => {
                let way = vec![Lowered::of_lines(text.clone(), starts)];
                Some(Self { source: Arc::clone(source), text, way })
            }
            // a quoted or folded text: its places cannot be told by lines
            None => {
                let line = source.line_of(node.span.start as usize) + 1;
                let source = Source::file(format!("{} (Rego of line {line})", source.name()), text.as_str());
                Some(Self { source, text, way: Vec::new() })
            }
        }
    }
}

/// Where each line of a literal block begins, in the text and in the file.
fn line_starts(source: &Source, node: &Node, text: &str) -> Option<Vec<(usize, usize)>> {
    let first = source.line_of(node.span.start as usize);
    [first, first + 1].into_iter().find_map(|first| {
        let mut starts = Vec::new();
        let mut at = 0;
        for (number, line) in text.split('\n').enumerate() {
            let begin = source.line_start(first + number);
            let Some(begin) = begin else {
                // what follows the last line break need not be there
                return line.is_empty().then_some(starts);
            };
            let written = source.text()[begin..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
            let indent = match written.strip_suffix(line) {
                Some(indent) if indent.bytes().all(|byte| byte == b' ') => indent.len(),
                _ if line.is_empty() => 0,
                _ => return None,
            };
            starts.push((at, begin + indent));
            at += line.len() + 1;
        }
        Some(starts)
    })
}
