//! A module is one policy file, parsed: its syntax tree, its package, and where its string literals stand.
//!
//! regorus keeps its syntax tree in `regorus::unstable`. The crate is pinned to one exact version, and every use of
//! that part of it is in this folder.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;

use regorus::PolicyLengthConfig;
use regorus::unstable::{Expr, Module as Syntax, Parser, Ref, Source as RegoSource, Span as RegoSpan};

use super::EvaluationLimits;
use super::complaint::{Complaint, offset, word_length};
use super::dialect::{self, Dialect, Unread, Written};
use super::edit::{Edit, Lowered, apply};
use super::tokens::{Token, tokens};
use super::walk::every_expression;
use crate::diagnostic::{Diagnostic, rules};
use crate::source::{Location, Source, Span};

/// One parsed policy file.
pub(super) struct Module {
    /// The file as the user wrote it.
    pub(super) source: Arc<Source>,
    /// What was parsed: Rego v1. It is the user's text except where that is v0, lies inside of YAML, or had to be made
    /// plain.
    pub(super) text: String,
    /// The tree; its offsets count in `text`.
    pub(super) syntax: Syntax,
    /// `["policies", "lib"]` for `package policies.lib`.
    pub(super) package: Vec<String>,
    /// Whether its rules are asked for messages.
    pub(super) queried: bool,
    strings: StringLiterals,
    /// The way from the user's file to `text`.
    steps: Vec<Lowered>,
}

impl Module {
    /// Reads a file.
    pub(super) fn parse(
        source: &Arc<Source>,
        dialect: Dialect,
        limits: &EvaluationLimits,
    ) -> Result<Self, Box<Diagnostic>> {
        Self::embedded(source, source.text(), Vec::new(), dialect, limits)
    }

    /// The same file with pieces of its text replaced.
    pub(super) fn edited(&self, edits: Vec<Edit>, limits: &EvaluationLimits) -> Result<Self, Box<Diagnostic>> {
        let lowered = apply(&self.text, (0, self.text.len()), edits).ok_or_else(|| {
            let whole = Location::new(&self.source, Span::at(0));
            let message = format!("`{}` cannot be prepared for its tests", self.source.name());
            let diagnostic = Diagnostic::error(rules::POLICY_UNSUPPORTED, message).at(whole, "in this file");
            Box::new(diagnostic.help("write what `parse_config` gives in Rego"))
        })?;
        let text = lowered.text.clone();
        let way = self.steps.iter().cloned().chain([lowered]).collect();
        Self::embedded(&self.source, &text, way, Dialect::V1, limits)
    }

    /// Reads a text that lies inside of a file; `way` leads to it.
    pub(super) fn embedded(
        source: &Arc<Source>,
        text: &str,
        way: Vec<Lowered>,
        dialect: Dialect,
        limits: &EvaluationLimits,
    ) -> Result<Self, Box<Diagnostic>> {
        let written =
            dialect::read(source.name(), text, dialect, limits).map_err(|unread| refused(source, &way, unread))?;
        let Written { mut text, source: mut parsed, mut syntax, steps } = written;
        let steps: Vec<Lowered> = way.into_iter().chain(steps).collect();
        let failed = |text: &str, error: &str| syntax_error(source, text, &steps, error);
        if separate_calls_across_lines(&syntax, &mut text) {
            (parsed, syntax) = parse_text(source.name(), &text, limits).map_err(|error| failed(&text, &error))?;
        }
        let strings = string_literals(&parsed, lengths(limits).max_col).map_err(|error| failed(&text, &error))?;
        let package = path_parts(&syntax.package.refr).map_err(|error| failed(&text, &error))?;
        Ok(Self { source: Arc::clone(source), text, syntax, package, queried: true, strings, steps })
    }

    /// The offset in the user's file of an offset in `text`.
    pub(super) fn original(&self, offset: usize) -> usize {
        original(&self.steps, offset)
    }

    /// Whether the file holds tests: it is never part of the gate.
    pub(super) fn is_test(&self) -> bool {
        self.source.name().ends_with("_test.rego") || self.package.last().is_some_and(|part| part.ends_with("_test"))
    }

    /// `policies.lib`
    pub(super) fn package_name(&self) -> String {
        self.package.join(".")
    }

    /// The bytes of a piece of the tree. The parser's spans leave out the quotes of a string at either end.
    pub(super) fn range(&self, span: &RegoSpan) -> (usize, usize) {
        let (start, end) = (span.start as usize, span.end as usize);
        let start = if self.strings.starts.binary_search(&start).is_ok() { start - 1 } else { start };
        let end = if self.strings.ends.binary_search(&end).is_ok() { end + 1 } else { end };
        (start, end.max(start))
    }

    /// Where a piece of the tree stands in the user's file.
    pub(super) fn location(&self, span: &RegoSpan) -> Location {
        let (start, end) = self.range(span);
        let line = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        let end = end.min(line);
        let last = if end > start { self.original(end - 1) + 1 } else { self.original(end) };
        Location::new(&self.source, Span::new(self.original(start), last))
    }

    /// The bytes of an expression. The parser's span of an object of several members starts at the last of them, and
    /// that of `set()` ends with the token that follows.
    pub(super) fn expression_range(&self, expression: &Expr) -> (usize, usize) {
        let (start, end) = self.range(expression.span());
        if let Expr::Set { items, .. } = expression
            && items.is_empty()
        {
            return (start, self.text[start..].find(')').map_or(end, |length| start + length + 1));
        }
        let Expr::Object { fields, .. } = expression else { return (start, end) };
        let Some((_, key, _)) = fields.first() else { return (start, end) };
        let first = self.expression_range(key).0;
        (self.text[..first].rfind('{').unwrap_or(start), end)
    }

    /// The text of a piece of the tree.
    pub(super) fn slice(&self, span: &RegoSpan) -> &str {
        let (start, end) = self.range(span);
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Offsets of the contents of string literals, sorted: the only tokens whose spans lack their delimiters.
struct StringLiterals {
    starts: Vec<usize>,
    ends: Vec<usize>,
}

/// What regorus accepts as one policy file. Its own limits refuse files that people have.
pub(super) fn lengths(limits: &EvaluationLimits) -> PolicyLengthConfig {
    let whole = |count: usize| NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MAX);
    let column = u32::try_from(limits.policy_bytes).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX);
    PolicyLengthConfig {
        max_col: column,
        max_file_bytes: whole(limits.policy_bytes),
        max_lines: whole(limits.policy_bytes),
    }
}

fn parse_text(name: &str, text: &str, limits: &EvaluationLimits) -> Result<(RegoSource, Syntax), String> {
    let lengths = lengths(limits);
    let (bytes, lines) = (lengths.max_file_bytes, lengths.max_lines);
    let source = RegoSource::from_contents_with_limits(name.to_owned(), text.to_owned(), bytes, lines)
        .map_err(|error| error.to_string())?;
    let syntax = (|| {
        let mut parser = Parser::new(&source)?;
        parser.set_max_col(lengths.max_col);
        parser.enable_rego_v1()?;
        parser.parse()
    })();
    let syntax = syntax.map_err(|error| error.to_string())?;
    Ok((source, syntax))
}

fn string_literals(source: &RegoSource, max_column: NonZeroU32) -> Result<StringLiterals, String> {
    let literals = tokens(source, max_column)?.into_iter().filter(Token::is_string);
    let (starts, ends) = literals.map(|literal| (literal.start, literal.end)).unzip();
    Ok(StringLiterals { starts, ends })
}

/// The parts of `a.b["c"]`.
fn path_parts(path: &Ref<Expr>) -> Result<Vec<String>, String> {
    let mut spans = Vec::new();
    Parser::get_path_ref_components_into(path, &mut spans).map_err(|error| error.to_string())?;
    Ok(spans.iter().map(|span| span.text().to_owned()).collect())
}

/// The parser takes a `(` at the start of a line as the arguments of the name that ends the line before; to OPA the
/// line end ends the statement. Puts a `;` where only a blank stood, so that no offset moves.
fn separate_calls_across_lines(syntax: &Syntax, text: &mut String) -> bool {
    let mut semicolons = Vec::new();
    every_expression(syntax, &mut |expression| {
        let Expr::Call { fcn, .. } = expression else { return };
        let end = fcn.span().end as usize;
        let Some(length) = text.get(end..).and_then(|rest| rest.find('(')) else { return };
        let between = &text[end..end + length];
        let blank = between.rfind('\n').filter(|line| line + 1 < between.len());
        semicolons.extend(blank.map(|line| end + line + 1));
    });
    for at in &semicolons {
        text.replace_range(at..&(at + 1), ";");
    }
    !semicolons.is_empty()
}

fn original(steps: &[Lowered], offset: usize) -> usize {
    steps.iter().rev().fold(offset, |offset, step| step.original(offset))
}

fn refused(source: &Arc<Source>, way: &[Lowered], unread: Unread) -> Box<Diagnostic> {
    let all = |steps: Vec<Lowered>| -> Vec<Lowered> { way.iter().cloned().chain(steps).collect() };
    match unread {
        Unread::Syntax { error, text, steps } => syntax_error(source, &text, &all(steps), &error),
        Unread::Wordless { offset, what, steps } => {
            let at = original(&all(steps), offset);
            let message = format!("`{}` has {what}, which Rego v1 has no words for", source.name());
            let diagnostic = Diagnostic::error(rules::POLICY_UNSUPPORTED, message);
            Box::new(
                diagnostic
                    .at(Location::new(source, Span::at(at)), "here")
                    .help("give the rule a value, `p := true`, or write the file in Rego v1"),
            )
        }
        Unread::NotImported { offset, keyword, steps } => {
            let at = original(&all(steps), offset);
            let message =
                format!("`{}` does not parse as Rego v0: `{keyword}` is no keyword without an import", source.name());
            let diagnostic = Diagnostic::error(rules::POLICY_SYNTAX, message);
            Box::new(
                diagnostic
                    .at(Location::new(source, Span::new(at, at + keyword.len())), "read as a name")
                    .help("add `import rego.v1` below the package"),
            )
        }
    }
}

fn syntax_error(source: &Arc<Source>, text: &str, steps: &[Lowered], error: &str) -> Box<Diagnostic> {
    let complaint = Complaint::parse(error);
    let diagnostic =
        Diagnostic::error(rules::POLICY_SYNTAX, format!("`{}` does not parse: {}", source.name(), complaint.message))
            .help(way_out(&complaint.message));
    let place = complaint.place.as_ref().and_then(|(_, line, column)| {
        let at = offset(&Source::file(source.name(), text), *line, *column)?;
        let start = original(steps, at);
        Some(Location::new(source, Span::new(start, start + word_length(&source.text()[start..]))))
    });
    Box::new(match place {
        Some(location) => diagnostic.at(location, "here"),
        None => diagnostic.at(Location::new(source, Span::at(original(steps, 0))), ""),
    })
}

fn way_out(message: &str) -> &'static str {
    if message.contains("`if` keyword is required") || message.contains("`contains` keyword is required") {
        "write the rule in Rego v1, `deny contains msg if { … }`; `opa fmt --write --v0-v1` rewrites a whole file"
    } else if message.contains("rule must have a body or assignment") {
        "give the rule a value: `f(x) := true`"
    } else if message.contains("maximum") {
        "split the file"
    } else {
        "correct the policy; `opa check` reads the same language"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Module, Box<Diagnostic>> {
        Module::parse(&Source::file("p.rego", text), Dialect::Detect, &EvaluationLimits::default())
    }

    #[test]
    fn a_syntax_error_points_at_the_word_that_does_not_fit() {
        let error =
            parse("package p\n\ndeny contains msg if {\n\tmsg := \"a\"\n\tmsg := := 1\n}\n").err().expect("an error");
        let label = error.primary.expect("a place");
        assert_eq!(label.location.position().line, 5);
        assert_eq!(error.rule, rules::POLICY_SYNTAX);
    }

    #[test]
    fn a_file_of_v0_is_read_as_v1_and_keeps_its_places() {
        let text = "package p\n\ndeny[msg] {\n  msg := f(input.a)\n} {\n  msg := \"b\"\n}\n\nf(x) = y { y := any(x) } else = 2\n";
        let module = parse(text).expect("parses");
        assert!(module.text.contains("\ndeny contains msg  if {"), "{}", module.text);
        assert!(module.text.contains("f(x) = y if { y := data.__hydrant_v0__.any(x) } else = 2"), "{}", module.text);
        let mut places = Vec::new();
        every_expression(&module.syntax, &mut |expression| {
            let location = module.location(expression.span());
            places.push(location.source.slice(location.span).to_owned());
        });
        for place in ["msg := f(input.a)", "msg := \"b\"", "input.a"] {
            assert!(places.iter().any(|found| found == place), "{place} not in {places:?}");
        }
    }

    #[test]
    fn a_file_that_mixes_both_languages_is_told_how_to_become_v1() {
        let error = parse("package p\ndeny contains \"a\" if { input.a }\ndeny[msg] {\n  msg := \"a\"\n}\n").err();
        assert!(error.expect("an error").help.expect("help").contains("opa fmt"));
    }

    #[test]
    fn a_function_without_a_value_is_true() {
        let module = parse("package p\nf(\"a\", _)\n\nx if f(1, 2)\n").expect("parses");
        assert!(module.text.contains("f(\"a\", _) := true\n"), "{}", module.text);
    }

    #[test]
    fn a_parenthesis_on_the_next_line_is_a_statement_of_its_own() {
        let text = "package p\nx if {\n  input.a\n  (input.b + 1) >= 2\n}\n";
        let module = parse(text).expect("parses");
        assert_eq!(module.text.len(), text.len());
        assert!(module.text.contains("\n; (input.b"), "{}", module.text);
    }

    #[test]
    fn the_text_of_an_expression_has_its_quotes() {
        let module = parse("package p\nx if \"a\" == input[\"b\"]\ny := `raw`\n").expect("parses");
        let mut found = Vec::new();
        every_expression(&module.syntax, &mut |expression| found.push(module.slice(expression.span()).to_owned()));
        for text in ["\"a\" == input[\"b\"]", "\"a\"", "input[\"b\"]", "\"b\"", "`raw`"] {
            assert!(found.iter().any(|found| found == text), "{text} not in {found:?}");
        }
    }
}
