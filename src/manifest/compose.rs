//! The composer builds the tree of one piece of text from YAML events: aliases expanded, merges applied, keys as text.
//!
//! What can be understood in spite of a mistake is read on, so that one look shows every mistake of a document.

mod checks;
mod scalars;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, StructureStyle, Tag};

use super::budget::{Budget, Exceeded, Size};
use super::mapping::Merge;
use super::problems::Problems;
use super::suspects::{self, Suspects};
use super::{Entry, Node, RepeatedKeys, Value};
use crate::source::{Source, Span};

/// The longest key that YAML allows without `?`, in characters; JSON knows no such limit.
const LONGEST_YAML_KEY: usize = 1024;

/// Why reading a piece stopped before its end.
#[derive(Debug)]
pub(super) enum Halt {
    Syntax(Box<ScanError>),
    Limit(Exceeded, Span),
}

/// One document of a piece.
#[derive(Debug)]
pub(super) struct Composed {
    pub(super) root: Node,
    /// A mistake leaves its meaning open: it must not be used.
    pub(super) broken: bool,
}

/// What a piece is read with.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) range: Range<usize>,
    pub(super) json: bool,
    pub(super) repeated_keys: RepeatedKeys,
}

enum Anchor {
    /// Its node is still being read: an alias now would contain itself.
    Open,
    Done(Node, Size),
}

pub(super) struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    text: &'a str,
    base: usize,
    /// Where the piece ends.
    end: usize,
    json: bool,
    repeated_keys: RepeatedKeys,
    budget: &'a mut Budget,
    pub(super) problems: &'a mut Problems,
    anchors: HashMap<usize, Anchor>,
    /// Everything read so far, and the deepest level of the node being read: how large an anchored node is.
    seen: Size,
    broken: bool,
    /// How far in the lines of a scalar must be: further than the innermost block collection.
    indentation: usize,
    /// The next node is the value of a key.
    behind_key: bool,
    /// How many flow collections are open.
    flow: usize,
    /// Line breaks of YAML 1.1 that YAML 1.2 takes for text.
    odd_breaks: Suspects,
    /// Tabs that are indentation, unless they are text.
    tabs: Suspects,
    pub(super) documents: Vec<Composed>,
}

impl<'a> Composer<'a> {
    pub(super) fn new(
        piece: &Piece<'a>,
        odd_breaks: Vec<usize>,
        tabs: Vec<usize>,
        budget: &'a mut Budget,
        problems: &'a mut Problems,
    ) -> Self {
        let options = granit_parser::options! {
            emit_comments: false,
            emit_unresolved_aliases: true,
            emit_anchor_events: true,
            // kubectl cuts a directive from its document, and then refuses it
            disallow_directives: true,
            simple_key_max_lookahead: if piece.json { usize::MAX } else { LONGEST_YAML_KEY },
            flow_nesting_limit: budget.depth,
            block_nesting_limit: budget.depth,
        };
        let text = piece.source.text();
        Self {
            parser: Parser::new_from_str_with_options(&text[piece.range.clone()], options),
            text,
            base: piece.range.start,
            end: piece.range.end,
            json: piece.json,
            repeated_keys: piece.repeated_keys,
            budget,
            problems,
            anchors: HashMap::new(),
            seen: Size::default(),
            broken: false,
            indentation: 0,
            behind_key: false,
            flow: 0,
            odd_breaks: Suspects::new(odd_breaks),
            tabs: Suspects::new(tabs),
            documents: Vec::new(),
        }
    }

    /// Reads every document of the piece; those before a halt stay in `documents`.
    pub(super) fn run(&mut self) -> Result<(), Halt> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(..), _) => {
                    self.anchors.clear();
                    self.broken = false;
                    let root = self.child(0)?;
                    self.documents.push(Composed { root, broken: self.broken });
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Halt> {
        loop {
            match self.parser.next_event() {
                Some(Ok((event, span))) => {
                    let start = self.base + span.start.byte_offset().unwrap_or(0);
                    let end = self.base + span.end.byte_offset().unwrap_or(0);
                    if let Some(tag) = span.tag_span().and_then(|tag| tag.byte_range()) {
                        self.check_tag(self.base + tag.start..self.base + tag.end);
                    }
                    let span = Span::new(start, end);
                    match event {
                        Event::Anchor(_, name) => self.anchor_name(&name, span),
                        event => return Ok((event, span)),
                    }
                }
                Some(Err(error)) => return Err(Halt::Syntax(Box::new(error))),
                None => return Ok((Event::StreamEnd, Span::at(self.text.len()))),
            }
        }
    }

    fn child(&mut self, depth: usize) -> Result<Node, Halt> {
        let (event, span) = self.next()?;
        self.node(event, span, depth)
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Halt> {
        let behind_key = std::mem::take(&mut self.behind_key);
        let below = self.indentation_in(&event, span, behind_key);
        self.enter(span, depth, Size { nodes: 1, bytes: 0, height: 0 })?;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.seen.bytes += text.len();
                self.clear_suspects(span, style);
                self.check_escapes(span, style);
                let span = self.trim(span, style);
                let node = Node { span, value: self.scalar(text, style, tag.as_deref(), span) };
                self.keep(anchor, &node, Size { nodes: 1, bytes: span.len(), height: 0 })?;
                Ok(node)
            }
            Event::SequenceStart(style, anchor, _) => self.collection(style, below, anchor, depth, |composer| {
                let (items, span) = composer.items(style, span, depth)?;
                Ok(Node { span, value: Value::Sequence(items) })
            }),
            Event::MappingStart(style, anchor, _) => self.collection(style, below, anchor, depth, |composer| {
                let (entries, span) = composer.entries(style, span, depth)?;
                Ok(Node { span, value: Value::Mapping(entries) })
            }),
            Event::Alias(anchor) => self.alias(anchor, span, depth),
            _ => Ok(self.unknown_alias(span)),
        }
    }

    /// Spends what a node costs, and notes how deep it reaches.
    fn enter(&mut self, span: Span, depth: usize, size: Size) -> Result<(), Halt> {
        let deepest = depth + size.height;
        if deepest > self.budget.depth {
            return Err(Halt::Limit(Exceeded::Depth, span));
        }
        self.budget.spend(size).map_err(|exceeded| Halt::Limit(exceeded, span))?;
        self.seen.nodes += size.nodes;
        self.seen.bytes += size.bytes;
        self.seen.height = self.seen.height.max(deepest);
        Ok(())
    }

    /// Reads a collection, and keeps a copy if it has an anchor.
    fn collection(
        &mut self,
        style: StructureStyle,
        indentation: usize,
        anchor: usize,
        depth: usize,
        read: impl FnOnce(&mut Self) -> Result<Node, Halt>,
    ) -> Result<Node, Halt> {
        let flow = usize::from(style == StructureStyle::Flow);
        self.flow += flow;
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor::Open);
        }
        let (before, outside) = (self.seen, self.indentation);
        self.seen.height = depth;
        self.indentation = indentation;
        let node = read(self)?;
        self.indentation = outside;
        self.flow -= flow;
        if flow > 0 {
            self.tabs.clear(node.span.range(), |_| true);
        }
        let size = Size {
            nodes: self.seen.nodes - before.nodes + 1,
            bytes: self.seen.bytes - before.bytes,
            height: self.seen.height - depth,
        };
        self.seen.height = self.seen.height.max(before.height);
        self.keep(anchor, &node, size)?;
        Ok(node)
    }

    /// How far in the lines of scalars must be that stand in a collection.
    fn indentation_in(&self, event: &Event<'_>, open: Span, behind_key: bool) -> usize {
        match event {
            _ if self.tabs.is_empty() => 0,
            Event::SequenceStart(StructureStyle::Block, ..) if behind_key && self.is_level_list(open) => {
                self.indentation
            }
            Event::SequenceStart(StructureStyle::Block, ..) | Event::MappingStart(StructureStyle::Block, ..) => {
                suspects::column(self.text, open.start as usize) + 1
            }
            _ => self.indentation,
        }
    }

    /// Whether the value of a key is a list level with it: its place is behind its first dash, and it is no further in
    /// than the mapping around it.
    fn is_level_list(&self, open: Span) -> bool {
        let written = &self.text[..open.start as usize];
        let dash = written.trim_end_matches(' ');
        let column = suspects::column(self.text, dash.len());
        dash.ends_with('-') && column == self.indentation
    }

    fn keep(&mut self, anchor: usize, node: &Node, size: Size) -> Result<(), Halt> {
        if anchor != 0 {
            self.budget.spend(size).map_err(|exceeded| Halt::Limit(exceeded, node.span))?;
            self.anchors.insert(anchor, Anchor::Done(node.clone(), size));
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: Span, depth: usize) -> Result<Node, Halt> {
        let size = match self.anchors.get(&anchor) {
            Some(Anchor::Done(_, size)) => *size,
            Some(Anchor::Open) => {
                self.problem(|problems| problems.contains_itself(span));
                return Ok(Node { span, value: Value::Null });
            }
            None => return Ok(self.unknown_alias(span)),
        };
        self.enter(span, depth, size)?;
        match self.anchors.get(&anchor) {
            Some(Anchor::Done(node, _)) => Ok(Node { span, value: node.value.clone() }),
            _ => Ok(self.unknown_alias(span)),
        }
    }

    fn unknown_alias(&mut self, span: Span) -> Node {
        self.problem(|problems| problems.unknown_alias(span));
        Node { span, value: Value::Null }
    }

    fn items(&mut self, style: StructureStyle, open: Span, depth: usize) -> Result<(Vec<Node>, Span), Halt> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let last = items.last().map(|item| item.span);
                return Ok((items, extent(style, open, last, span)));
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn entries(&mut self, style: StructureStyle, open: Span, depth: usize) -> Result<(Vec<Entry>, Span), Halt> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merges: Vec<Merge> = Vec::new();
        let mut last = None;
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok((self.finish_mapping(entries, merges), extent(style, open, last, span)));
            }
            let merge = is_merge(&event).then_some(span);
            let float = is_tagged(&event, "float");
            self.check_flow_key(&event, span);
            let told = self.problems.count();
            let key = self.node(event, span, depth + 1)?;
            let understood = self.problems.count() == told;
            self.behind_key = true;
            let mut value = self.child(depth + 1)?;
            self.settle_empty(&mut value, key.span);
            last = Some(value.span);
            match merge {
                Some(key) => merges.push(Merge { key, value }),
                None if !understood => {}
                None => entries.extend(self.key(key, float, open).map(|key| Entry { key, value })),
            }
        }
    }

    fn finish_mapping(&mut self, mut entries: Vec<Entry>, merges: Vec<Merge>) -> Vec<Entry> {
        self.problems.drop_duplicates(&mut entries, self.repeated_keys);
        if !merges.is_empty() {
            let understood = self.problems.merge(&mut entries, merges, self.repeated_keys);
            self.broken |= !understood;
        }
        entries
    }

    /// A value that is not written stands behind the colon of its key.
    fn settle_empty(&self, value: &mut Node, key: Span) {
        let collection = matches!(value.value, Value::Sequence(_) | Value::Mapping(_));
        if !collection && value.span.is_empty() && value.span.start >= key.end {
            let rest = &self.text[key.end as usize..];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let colon = usize::from(rest[blanks..].starts_with(':'));
            value.span = Span::at(key.end as usize + (blanks + colon) * colon);
        }
    }

    /// Tells a mistake that leaves the meaning of the document open.
    fn problem(&mut self, tell: impl FnOnce(&mut Problems)) {
        self.broken = true;
        tell(self.problems);
    }

    /// A block scalar's span reaches to the next token: it ends with its last line of text.
    fn trim(&self, span: Span, style: ScalarStyle) -> Span {
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return span;
        }
        let written = &self.text[span.range()];
        Span::new(span.start as usize, span.start as usize + written.trim_end_matches(['\n', '\r', ' ', '\t']).len())
    }
}

/// A flow collection ends with its bracket; a block collection, whose end event stands at the next token, with its last child.
fn extent(style: StructureStyle, open: Span, last: Option<Span>, close: Span) -> Span {
    let end = match (style, last) {
        (StructureStyle::Block, Some(last)) => last.end.max(open.start),
        (StructureStyle::Block, None) => open.end,
        (StructureStyle::Flow, _) => close.end,
    };
    Span { start: open.start, end: end.max(open.start) }
}

fn is_merge(event: &Event<'_>) -> bool {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, _, None) => text == "<<",
        Event::Scalar(text, ..) => text == "<<" && is_tagged(event, "merge"),
        _ => false,
    }
}

fn is_tagged(event: &Event<'_>, name: &str) -> bool {
    match event {
        Event::Scalar(_, _, _, Some(tag)) => core_name(tag).as_deref() == Some(name),
        _ => false,
    }
}

/// The name behind `!!`.
fn core_name(tag: &Tag) -> Option<Cow<'_, str>> {
    tag.suffix_in_namespace("tag:yaml.org,2002:")
}
