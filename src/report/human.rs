//! The report for people: one block for each finding with the line it is about, and a last line that accounts for all.

use std::fmt::{self, Write as _};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, ThemeCharacters, ThemeStyles};

pub use super::policies::policies;
use super::snippet::{Snippet, display_name};
use super::visible::visible;
use super::{Accounting, Finding, Report};
use crate::diagnostic::{Label, Severity, count};
use crate::source::Location;

/// How the terminal wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours. Nothing is told by colour alone.
    pub color: bool,
    /// Box-drawing characters; plain ASCII otherwise.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, unicode: true, width: 100 }
    }
}

/// Words the findings that are not waived, one block each. Ends with an empty line; empty if there are none.
#[must_use]
pub fn findings(report: &Report, style: Style) -> String {
    let handler = handler(style);
    let mut out = String::new();
    for finding in report.findings.iter().filter(|finding| finding.diagnostic.waived.is_none()) {
        block(&handler, finding, &mut out);
        out.push('\n');
    }
    out
}

/// Words some diagnostics that belong to no report, such as those of a configuration file.
#[must_use]
pub fn diagnostics(diagnostics: Vec<crate::diagnostic::Diagnostic>, style: Style) -> String {
    findings(&Report::new("", diagnostics, Accounting::default(), Severity::Error), style)
}

/// The line that accounts for everything that was read: what was checked, what was skipped and why, what failed.
#[must_use]
pub fn accounting(accounting: &Accounting) -> String {
    let mut out = format!(
        "{} in {} ({}): {} rendered",
        count(accounting.inputs, "input"),
        count(accounting.units, "app"),
        count(accounting.environments, "environment"),
        accounting.rendered,
    );
    other_inputs_and_documents(accounting, &mut out);
    if accounting.duplicate_objects > 0 {
        let _ = write!(out, ", {}", count(accounting.duplicate_objects, "duplicate"));
    }
    let _ = write!(out, ", {} failed", accounting.failed_documents);
    let _ = write!(
        out,
        "\n{}: {} validated against schemas, {} judged by {}",
        count(accounting.objects, "object"),
        accounting.validated,
        accounting.judged,
        count(accounting.policy_rules, "policy rule"),
    );
    out.push_str(&super::policies::unjudged(&accounting.policies));
    out
}

/// What became of the inputs that gave no text, and what the texts held.
fn other_inputs_and_documents(accounting: &Accounting, out: &mut String) {
    for (reason, number) in &accounting.skipped {
        let _ = write!(out, ", {number} skipped ({reason})");
    }
    let _ = write!(out, ", {} failed", accounting.failed);
    let _ = write!(out, "\n{}: {}", count(accounting.documents, "document"), count(accounting.objects, "object"));
    if accounting.empty_documents > 0 {
        let _ = write!(out, ", {} empty", accounting.empty_documents);
    }
}

/// [`accounting`] for loose files, which belong to no app.
#[must_use]
pub fn loose_accounting(accounting: &Accounting, kubernetes: &str, policies: bool) -> String {
    let mut out = format!("{}: {} read", count(accounting.inputs, "file"), accounting.rendered);
    other_inputs_and_documents(accounting, &mut out);
    let _ = write!(out, ", {} failed", accounting.failed_documents);
    let _ = write!(
        out,
        "\n{}: {} validated against schemas of Kubernetes {kubernetes}",
        count(accounting.objects, "object"),
        accounting.validated
    );
    for (reason, number) in &accounting.skipped_objects {
        let _ = write!(out, ", {number} skipped ({reason})");
    }
    let _ = write!(out, ", {} failed", accounting.unvalidated);
    if policies {
        let rules = count(accounting.policy_rules, "policy rule");
        let _ = write!(out, ", {} judged by {rules}", accounting.judged);
        out.push_str(&super::policies::unjudged(&accounting.policies));
    } else {
        out.push_str("; no policies, schemas only");
    }
    out
}

/// The verdict in a few words: `2 errors, 1 warning`, `no findings`.
#[must_use]
pub fn verdict(report: &Report) -> String {
    let mut parts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
        .into_iter()
        .map(|(severity, word)| (report.count(severity), word))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(number, word))
        .collect();
    parts.extend(Some(report.excepted()).filter(|number| *number > 0).map(|number| count(number, "exception")));
    let verdict = match (parts.is_empty(), report.accounting.objects) {
        (false, _) => parts.join(", "),
        (true, 0) => "nothing to check".to_owned(),
        (true, _) => "no findings".to_owned(),
    };
    match report.waived().count() {
        0 => verdict,
        waived => format!("{verdict}, {waived} waived"),
    }
}

fn handler(style: Style) -> GraphicalReportHandler {
    let theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false).with_context_lines(2)
}

fn block(handler: &GraphicalReportHandler, finding: &Finding, out: &mut String) {
    let shown = Shown::new(finding);
    if handler.render_report(out, &shown).is_err() {
        // a span that does not fit its text would be a bug of ours: the finding is told without its snippet
        let _ = writeln!(out, "{}: {shown}", finding.diagnostic.severity);
    }
    for elsewhere in &shown.elsewhere {
        if handler.render_report(out, elsewhere).is_err() {
            let _ = writeln!(out, "{elsewhere}");
        }
    }
}

/// One finding as miette wants it.
struct Shown<'a> {
    finding: &'a Finding,
    snippet: Option<Snippet<'a>>,
    elsewhere: Vec<Elsewhere<'a>>,
}

impl<'a> Shown<'a> {
    fn new(finding: &'a Finding) -> Self {
        let primary = finding.diagnostic.primary.as_ref().map(|label| &label.location);
        let elsewhere = finding
            .diagnostic
            .secondary
            .iter()
            .chain(&finding.diagnostic.excepted_by)
            .filter(|label| !primary.is_some_and(|primary| same_text(primary, &label.location)))
            .map(|label| Elsewhere { label, snippet: Snippet::new(&label.location) })
            .collect();
        Self { finding, snippet: primary.map(Snippet::new), elsewhere }
    }
}

fn same_text(a: &Location, b: &Location) -> bool {
    std::sync::Arc::ptr_eq(&a.source, &b.source)
}

/// Above the message stands what it is about: the rule, the object, and where it was being built.
fn heading(finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let word = if diagnostic.excepted_by.is_some() { "exception".to_owned() } else { diagnostic.severity.to_string() };
    let rule = format!("{word}[{}]", diagnostic.rule);
    match about(finding) {
        about if about.is_empty() => rule,
        about => format!("{rule} {about}"),
    }
}

/// The object, the app and the environments.
pub(super) fn about(finding: &Finding) -> String {
    let subject = &finding.diagnostic.subject;
    let mut parts = Vec::new();
    parts.extend(subject.object.clone());
    parts.extend(subject.app.as_ref().map(|app| format!("app {app}")));
    if !finding.environments.is_empty() {
        parts.push(finding.environments.join(", "));
    }
    parts.join(" · ")
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.finding.diagnostic.message))
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(visible(&heading(self.finding)).into_owned()))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.diagnostic.severity {
            _ if !self.finding.diagnostic.counts() => miette::Severity::Advice,
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let help = visible(self.finding.diagnostic.help.as_ref()?);
        Some(Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.snippet.as_ref().map(|snippet| snippet as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let primary = self.finding.diagnostic.primary.as_ref()?;
        let others = self.finding.diagnostic.secondary.iter();
        let here =
            others.filter(|label| same_text(&primary.location, &label.location)).map(|label| labeled(label, false));
        Some(Box::new(std::iter::once(labeled(primary, true)).chain(here)))
    }
}

fn labeled(label: &Label, primary: bool) -> LabeledSpan {
    let text = Some(visible(&label.text).into_owned()).filter(|text| !text.is_empty());
    let span = shown_span(&label.location);
    if primary { LabeledSpan::new_primary_with_span(text, span) } else { LabeledSpan::new_with_span(text, span) }
}

/// The span as offset and length. The end of a text that ends with a line break is shown at the end of its last line:
/// the empty line after it is none that an editor shows.
fn shown_span(location: &Location) -> (usize, usize) {
    let (text, span) = (location.source.text(), location.span);
    if span.start as usize >= text.len() {
        (text.trim_end_matches(['\n', '\r']).len(), 0)
    } else {
        (span.start as usize, span.len())
    }
}

/// A place in another text than the finding's own.
struct Elsewhere<'a> {
    label: &'a Label,
    snippet: Snippet<'a>,
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.label.text.is_empty() {
            write!(f, "see {}", visible(&display_name(&self.label.location)))
        } else {
            f.write_str(&visible(&self.label.text))
        }
    }
}

impl fmt::Debug for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Elsewhere<'_> {}

impl miette::Diagnostic for Elsewhere<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.snippet)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(None, shown_span(&self.label.location)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Diagnostic, rules};
    use crate::source::{Source, Span};

    fn told(diagnostic: Diagnostic) -> String {
        diagnostics(vec![diagnostic], Style::default())
    }

    #[test]
    fn a_finding_shows_rule_object_place_line_and_way_out() {
        let source = Source::file("apps/web/deploy.yaml", "kind: Deployment\nspec:\n  replcias: 3\n  paused: true\n");
        let text = told(
            Diagnostic::error(rules::UNKNOWN_FIELD, "`replcias` is not a field of `spec`")
                .at(Location::new(&source, Span::new(25, 33)), "unknown field")
                .help("did you mean `replicas`?")
                .object("Deployment web")
                .within("dev", "web"),
        );
        insta::assert_snapshot!(text, @r"
        error[unknown-field] Deployment web · app web · dev

          × `replcias` is not a field of `spec`
           ╭─[apps/web/deploy.yaml:3:3]
         1 │ kind: Deployment
         2 │ spec:
         3 │   replcias: 3
           ·   ────┬───
           ·       ╰── unknown field
         4 │   paused: true
           ╰────
          help: did you mean `replicas`?
        ");
    }

    #[test]
    fn a_place_in_another_file_gets_a_snippet_of_its_own() {
        let first = Source::file("a.yaml", "name: web\n");
        let second = Source::file("b.yaml", "# again\nname: web\n");
        let text = told(
            Diagnostic::error(rules::DUPLICATE_OBJECT, "Service web is declared twice")
                .at(Location::new(&second, Span::new(14, 17)), "declared again here")
                .also(Location::new(&first, Span::new(6, 9)), "first declared here"),
        );
        insta::assert_snapshot!(text, @r"
        error[duplicate-object]

          × Service web is declared twice
           ╭─[b.yaml:2:7]
         1 │ # again
         2 │ name: web
           ·       ─┬─
           ·        ╰── declared again here
           ╰────
          ☞ first declared here
           ╭─[a.yaml:1:7]
         1 │ name: web
           ·       ───
           ╰────
        ");
    }

    #[test]
    fn a_line_of_minified_json_is_cut_around_the_span() {
        let filler = "x".repeat(5_000);
        let source = Source::file("big.json", format!("{{\"a\":\"{filler}\",\"replcias\":3,\"b\":\"{filler}\"}}"));
        let at = source.text().find("replcias").unwrap_or_default();
        let text = told(
            Diagnostic::error(rules::UNKNOWN_FIELD, "`replcias` is not known")
                .at(Location::new(&source, Span::new(at, at + 8)), "here"),
        );
        assert!(text.contains("big.json:1:5010"), "{text}");
        assert!(text.len() < 2_500, "{} bytes", text.len());
    }

    #[test]
    fn what_is_secret_is_shown_as_asterisks() {
        let source = Source::file("secret.yaml", "data:\n  pässword: höchst geheim\n  lenght: 3\n");
        let value = source.text().find("höchst").unwrap_or_default();
        source.hide(vec![Span::new(value, value + "höchst geheim".len())]);
        let at = source.text().find("lenght").unwrap_or_default();
        let text = told(
            Diagnostic::error(rules::UNKNOWN_FIELD, "`lenght` is not known")
                .at(Location::new(&source, Span::new(at, at + 6)), "here"),
        );
        assert!(text.contains("pässword: ******* ******"), "{text}");
        assert!(!text.contains("geheim"), "{text}");
    }

    #[test]
    fn a_file_cannot_steer_the_terminal() {
        let source = Source::file("a\u{1b}.yaml", "kind: \u{1b}[2JPod\nspec: 1\n");
        let text = told(
            Diagnostic::error(rules::YAML_SYNTAX, "`\u{1b}[2J` is here")
                .at(Location::new(&source, Span::new(6, 10)), "\u{1b}[1A")
                .help("remove `\u{1b}`"),
        );
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert!(text.contains("kind: ?[2JPod"), "{text}");
    }

    #[test]
    fn a_span_at_the_very_end_of_a_file_is_shown() {
        let source = Source::file("a.yaml", "kind: Pod\n");
        let text = told(
            Diagnostic::error(rules::MISSING_IDENTITY, "`metadata.name` is missing")
                .at(Location::new(&source, Span::at(10)), "the document ends here"),
        );
        assert!(text.contains("a.yaml:"), "{text}");
        assert!(text.contains("the document ends here"), "{text}");
    }
}
