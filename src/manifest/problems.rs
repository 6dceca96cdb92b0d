//! What can be wrong with a text as YAML, worded for people. Never shows a value: it may be a Secret's.

use std::sync::Arc;

use granit_parser::{ErrorKind, ScanError};

use super::budget::Exceeded;
use super::mapping::Remark;
use super::scalar::{Plain, resolve_plain};
use super::split::{Disagreement, DisagreementKind};
use crate::diagnostic::{Diagnostic, RuleId, rules};
use crate::source::{Location, Source, Span};

/// More problems than this in one text are counted and not told one by one.
const MOST: usize = 200;

/// The problems of one text.
#[derive(Debug)]
pub(super) struct Problems {
    source: Arc<Source>,
    told: Vec<Diagnostic>,
    untold: usize,
    remarks: Vec<Remark>,
}

impl Problems {
    pub(super) fn of(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), told: Vec::new(), untold: 0, remarks: Vec::new() }
    }

    /// All problems in the order of their places.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.told.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.location.span.start));
        if self.untold > 0 {
            let message = format!("{} further problems of this text are not shown", self.untold);
            self.told.push(Diagnostic::error(rules::YAML_SYNTAX, message).at(self.location(Span::at(0)), ""));
        }
        self.told
    }

    /// Notes what is no problem to YAML.
    pub(super) fn remark(&mut self, remark: Remark) {
        self.remarks.push(remark);
    }

    /// What was noted, and no longer is.
    pub(super) fn take_remarks(&mut self) -> Vec<Remark> {
        std::mem::take(&mut self.remarks)
    }

    /// Adds the problems of a later part of the same text, as if one reader had met them all.
    pub(super) fn absorb(&mut self, later: Self) {
        let room = MOST - self.told.len();
        self.untold += later.untold + later.told.len().saturating_sub(room);
        self.told.extend(later.told.into_iter().take(room));
        self.remarks.extend(later.remarks);
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.told.len() + self.untold
    }

    fn tell(&mut self, diagnostic: impl FnOnce(&Self) -> Diagnostic) {
        if self.told.len() < MOST {
            let diagnostic = diagnostic(self);
            self.told.push(diagnostic);
        } else {
            self.untold += 1;
        }
    }

    fn error(&mut self, rule: RuleId, message: impl Into<String>, span: Span, label: &str, help: &str) {
        self.tell(|problems| Diagnostic::error(rule, message).at(problems.location(span), label).help(help));
    }

    fn location(&self, span: Span) -> Location {
        Location::new(&self.source, span)
    }

    // ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn duplicate_key(&mut self, name: &str, again: Span, first: Span) {
        let written = [first, again].map(|span| self.source.slice(span).to_owned());
        if written[0] != written[1] && written.iter().any(|key| resolve_plain(key) != Plain::Text) {
            return self.colliding_keys(name, again, first);
        }
        self.tell(|problems| {
            Diagnostic::error(rules::DUPLICATE_KEY, format!("`{}` is given twice in one mapping", shorten(name)))
                .at(problems.location(again), "given again here")
                .also(problems.location(first), "first given here")
                .help("remove one of the two")
        });
    }

    fn colliding_keys(&mut self, name: &str, again: Span, first: Span) {
        self.tell(|problems| {
            let [one, other] = [first, again].map(|span| shorten(problems.source.slice(span)));
            let message = format!("`{one}` and `{other}` are one key to Kubernetes: `{}`", shorten(name));
            Diagnostic::error(rules::COLLIDING_KEYS, message)
                .at(problems.location(again), "given again here")
                .also(problems.location(first), "first given here")
                .help("remove or rename one of the two")
        });
    }

    pub(super) fn merge_overrides(&mut self, name: &str, given: Span, merge: Span, own: bool) {
        let (message, help) = if own {
            (
                format!("`{}` is given, and then merged with another value", shorten(name)),
                "move `<<` to the top of the mapping, so that every reader lets the mapping's own key win",
            )
        } else {
            (
                format!("`{}` is merged twice, with different values", shorten(name)),
                "merge both with one key, the stronger first: `<<: [*first, *second]`",
            )
        };
        self.tell(|problems| {
            Diagnostic::error(rules::MERGE_OVERLAP, message)
                .at(problems.location(merge), "Kubernetes takes the value merged here, other readers do not")
                .also(problems.location(given), "given here")
                .help(help)
        });
    }

    pub(super) fn wrong_merge(&mut self, value: Span, merge: Span) {
        self.tell(|problems| {
            Diagnostic::error(rules::YAML_SYNTAX, "`<<` merges something that is no mapping")
                .at(problems.location(value), "neither a mapping nor a list of mappings")
                .also(problems.location(merge), "merged here")
                .help("merge a mapping (`<<: *name`), or quote the key if `\"<<\"` is meant as text")
        });
    }

    pub(super) fn null_key(&mut self, span: Span) {
        self.error(rules::YAML_SYNTAX, "a key is empty", span, "reads as null", "give the key a name, or quote it");
    }

    pub(super) fn large_key(&mut self, span: Span) {
        let message = "a key is a number that does not fit 64 bits with sign";
        self.error(rules::YAML_SYNTAX, message, span, "Kubernetes cannot make text of it", "quote the key");
    }

    pub(super) fn collection_key(&mut self, key: Span, mapping: Span) {
        if self.source.text()[mapping.start as usize..].starts_with("{{") {
            return self.unrendered(mapping);
        }
        let message = "a key is a list or a mapping";
        self.error(
            rules::YAML_SYNTAX,
            message,
            key,
            "JSON, and so Kubernetes, knows only text here",
            "use text as key",
        );
    }

    pub(super) fn json_escape(&mut self, span: Span) {
        let span = self.first_line(span.start as usize);
        let message = "a text in double quotes holds an escape that only JSON has";
        let label = "Kubernetes knows neither `\\/` nor halves of a character, as in `\\ud83d\\ude00`";
        self.error(rules::YAML_SYNTAX, message, span, label, "write the character itself, without the backslash");
    }

    pub(super) fn tight_colon(&mut self, key: Span) {
        let message = "a key in braces is followed by `:` without a space";
        let label = "Kubernetes takes the colon into the key, other readers do not";
        self.error(rules::YAML_SYNTAX, message, key, label, "put a space behind the colon");
    }

    pub(super) fn long_key(&mut self, key: Span) {
        let span = self.first_line(key.start as usize);
        let message = "a key in braces, with its colon, goes over several lines";
        self.error(
            rules::YAML_SYNTAX,
            message,
            span,
            "Kubernetes wants a key and its colon on one line",
            "join the lines, or add a comma",
        );
    }

    fn unrendered(&mut self, mapping: Span) {
        let rest = &self.source.text()[mapping.start as usize..];
        let length = rest.find("}}").map_or(mapping.len(), |end| end + 2);
        let span = Span::new(mapping.start as usize, mapping.start as usize + length);
        let message = format!("unrendered template: `{}`", shorten(&rest[..length]));
        let help = "render the template before it is read, or quote the text if it is meant literally";
        self.error(rules::UNRENDERED_TEMPLATE, message, span, "YAML reads this as a mapping used as a key", help);
    }

    // ── values ────────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn contains_itself(&mut self, span: Span) {
        let help = "name another anchor, or write the value out";
        self.error(rules::YAML_SYNTAX, "a value contains itself", span, "names the value it stands in", help);
    }

    pub(super) fn unknown_alias(&mut self, span: Span) {
        let name = shorten(self.source.slice(span)).to_owned();
        let help = "define the anchor above this line, or quote the text if it is meant literally";
        self.error(rules::YAML_SYNTAX, format!("`{name}` names no anchor"), span, "not defined above", help);
    }

    pub(super) fn anchor_name(&mut self, span: Span) {
        let message = format!("`{}` is no name for an anchor", shorten(self.source.slice(span)));
        let help = "use letters, digits, `-` and `_`, or quote the value if it is meant as text";
        self.error(rules::YAML_SYNTAX, message, span, "Kubernetes refuses this name", help);
    }

    pub(super) fn sign_in_flow(&mut self, span: Span) {
        let message = "a text in brackets holds `?`, or begins with `:`";
        let label = "Kubernetes reads this sign as YAML's, other readers as text";
        self.error(rules::YAML_SYNTAX, message, span, label, "quote the text");
    }

    pub(super) fn not_finite(&mut self, span: Span) {
        let message = "infinity and not-a-number cannot be sent to Kubernetes";
        self.error(rules::YAML_SYNTAX, message, span, "JSON has no such number", "quote it if text is meant");
    }

    pub(super) fn wrong_tag(&mut self, wanted: &str, span: Span) {
        let label = format!("is no `!!{wanted}`");
        self.error(
            rules::YAML_SYNTAX,
            format!("a value does not fit its tag `!!{wanted}`"),
            span,
            &label,
            "remove the tag",
        );
    }

    pub(super) fn wrong_tag_end(&mut self, span: Span) {
        let message = "a tag is not followed by a space";
        let label = "Kubernetes reads the tag on to the next space";
        self.error(rules::YAML_SYNTAX, message, span, label, "put a space behind the tag, or quote the text");
    }

    pub(super) fn wrong_binary(&mut self, span: Span) {
        let message = "a `!!binary` value is not base64 of UTF-8 text";
        self.error(
            rules::YAML_SYNTAX,
            message,
            span,
            "cannot be decoded",
            "put binary data under `binaryData` or `data`",
        );
    }

    // ── characters and limits ─────────────────────────────────────────────────────────────────────────────────

    pub(super) fn control_character(&mut self, offset: usize, character: char) {
        let message = format!("{} is not allowed in YAML", code_point(character));
        let span = Span::new(offset, offset + character.len_utf8());
        let help = format!("remove it, or write it as an escape in double quotes: `{}`", escape_of(character));
        self.error(rules::YAML_SYNTAX, message, span, "invisible character", &help);
    }

    pub(super) fn odd_line_break(&mut self, offset: usize) {
        let character = self.source.text()[offset..].chars().next().unwrap_or_default();
        let message = format!("{} is a line break to Kubernetes, and text to other readers", code_point(character));
        let span = Span::new(offset, offset + character.len_utf8());
        let help = format!("remove it, or write it as an escape in double quotes: `{}`", escape_of(character));
        self.error(rules::ODD_LINE_BREAK, message, span, "invisible line break", &help);
    }

    pub(super) fn indentation_tab(&mut self, offset: usize) {
        let span = Span::new(offset, offset + 1);
        self.error(rules::YAML_SYNTAX, "a tab is used as indentation", span, "a tab", "indent with spaces");
    }

    pub(super) fn too_large(&mut self, limit: usize) {
        let message = format!("a text of {} bytes is too large: the limit is {limit}", self.source.text().len());
        self.error(rules::YAML_LIMIT, message, Span::at(0), "", "split the file");
    }

    pub(super) fn limit(&mut self, exceeded: Exceeded, span: Span) {
        let (message, help) = match exceeded {
            Exceeded::Depth => ("values are nested too deeply", "flatten the value"),
            Exceeded::Nodes => {
                ("the text holds too many values once its aliases are expanded", "use fewer aliases, or split the file")
            }
        };
        let start = span.start as usize;
        self.error(rules::YAML_LIMIT, message, self.first_line(start), "the limit is reached here", help);
    }

    fn first_line(&self, start: usize) -> Span {
        let rest = &self.source.text()[start..];
        let length = rest.find('\n').unwrap_or(rest.len());
        Span::new(start, start + rest[..length].trim_end().len())
    }

    // ── borders ───────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn split(&mut self, disagreement: &Disagreement) {
        let span = Span::new(disagreement.line.start, disagreement.line.end);
        let (message, label, help) = match disagreement.kind {
            DisagreementKind::TextAfterSeparator => (
                "text follows `---` on the same line",
                "YAML begins a document here, kubectl refuses the file",
                "put the text on a line of its own",
            ),
            DisagreementKind::SeparatorInsideValue => (
                "a value has a line that begins with `---`",
                "kubectl takes this line for a separator and refuses the file",
                "indent the line",
            ),
            DisagreementKind::OnlyKubectlCuts => (
                "`---` is followed by no space",
                "kubectl begins a document here, YAML does not",
                "put a space behind `---`",
            ),
        };
        self.error(rules::YAML_SPLIT, message, span, label, help);
    }

    pub(super) fn unseen_document(&mut self, root: Span) {
        let span = self.first_line(root.start as usize);
        let message = "a document begins without `---`";
        self.error(rules::YAML_SPLIT, message, span, "kubectl drops this document in silence", "put `---` before it");
    }

    pub(super) fn end_of_nothing(&mut self, offset: usize) {
        let span = self.first_line(offset);
        let message = "`...` ends a document that holds nothing";
        self.error(rules::YAML_SPLIT, message, span, "kubectl refuses the file here", "remove the line");
    }

    pub(super) fn json_broken_off(&mut self, offset: usize) {
        let message = "text that is no JSON follows JSON objects";
        let span = self.first_line(offset);
        self.error(rules::YAML_SPLIT, message, span, "kubectl stops here", "separate the objects by lines of `---`");
    }

    // ── syntax ────────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn syntax(&mut self, error: &ScanError, base: usize) {
        let offset = (base + error.marker().byte_offset().unwrap_or(0)).min(self.source.text().len());
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            return self.limit(Exceeded::Depth, Span::at(offset));
        }
        let (message, help) = words(error);
        let help = if self.looks_like_a_template(offset) {
            "render the template before it is read: this line still holds template syntax"
        } else {
            help
        };
        let span = self.place(offset);
        let rule = match error.kind() {
            ErrorKind::DirectiveDisallowed => rules::YAML_DIRECTIVE,
            _ => rules::YAML_SYNTAX,
        };
        self.error(rule, message, span, "reading stopped here", help);
    }

    /// The rest of the line, or the end of the line above if the error stands at a line's end.
    fn place(&self, offset: usize) -> Span {
        let text = self.source.text();
        let rest = self.first_line(offset);
        if !rest.is_empty() {
            return rest;
        }
        let end = text[..offset].trim_end().len();
        let start = text[..end].char_indices().next_back().map_or(0, |(index, _)| index);
        Span::new(start, end)
    }

    fn looks_like_a_template(&self, offset: usize) -> bool {
        let line = self.source.line_of(offset);
        [Some(line), line.checked_sub(1)].into_iter().flatten().any(|line| {
            let start = self.source.line_start(line).unwrap_or_default();
            let text = self.source.slice(self.first_line(start));
            text.contains("{{") || text.contains("{%")
        })
    }
}

fn words(error: &ScanError) -> (String, &'static str) {
    let (message, help) = match error.kind() {
        ErrorKind::UnclosedQuotedScalar => ("a quote is not closed", "close the quote"),
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => ("a bracket is not closed", "close the bracket"),
        ErrorKind::MismatchedFlowCollectionEnd { .. } | ErrorKind::MisplacedFlowCollectionEnd => {
            ("a bracket does not match", "close every bracket with its own kind")
        }
        ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabNotAllowed => {
            ("a tab is used as indentation", "indent with spaces")
        }
        ErrorKind::TabInPlainScalar | ErrorKind::TabAtBlockScalarStart => {
            ("a tab stands where YAML does not allow it", "use spaces")
        }
        ErrorKind::MappingValueNotAllowed => (
            "a second `:` in one line, or a key that is indented differently from its neighbours",
            "quote the value if it contains `: `, or align the key",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("a key has no `:`", "write `key: value`, or indent the line if it continues a value")
        }
        ErrorKind::ExpectedBlockMappingKey => {
            ("a line is neither a key of the mapping nor part of a value", "align it with its neighbours")
        }
        ErrorKind::ExpectedBlockSequenceEntry => {
            ("a line is no item of the list", "begin it with `- `, or indent it as the key of another mapping")
        }
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => {
            ("an item `- ` stands where no list can begin", "put the list on lines of its own, below the key")
        }
        ErrorKind::InvalidIndentation | ErrorKind::InvalidBlockScalarIndent | ErrorKind::InvalidFlowScalarIndent => {
            ("a line is indented too little or too much", "align it with its neighbours")
        }
        ErrorKind::DirectiveDisallowed => {
            ("a `%` directive, which kubectl cuts from its document", "remove the directive: Kubernetes reads YAML 1.1")
        }
        ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a quoted value has a line that begins with `---` or `...`", "indent the line, or close the quote")
        }
        ErrorKind::BomInsideDocument => {
            ("a byte order mark stands inside a document", "remove the invisible character U+FEFF")
        }
        ErrorKind::MissingAnchorOrAliasName => {
            ("`*` or `&` is followed by no name", "quote the value if it is meant as text")
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return (format!("a value cannot begin with `{}`", character.escape_debug()), "quote the value");
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            ("an unknown escape in double quotes", "double the backslash, or use single quotes")
        }
        _ => return (plain_words(&error.info()), "correct the YAML at the arrow"),
    };
    (message.to_owned(), help)
}

/// The parser's own words without the scene-setting in front.
fn plain_words(info: &str) -> String {
    let told = info.split_once(", ").filter(|(scene, _)| scene.starts_with("while ")).map_or(info, |(_, told)| told);
    told.replace(['\n', '\r'], " ")
}

fn code_point(character: char) -> String {
    format!("the character U+{:04X}", u32::from(character))
}

fn escape_of(character: char) -> String {
    format!("\\u{:04x}", u32::from(character))
}

/// Enough of a text to recognise it, in one line.
fn shorten(text: &str) -> String {
    const LENGTH: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
