//! One HTML page that needs nothing else: findings with their snippets, what would change, and a filter. It reads on a
//! phone, prints, follows light and dark, and loads nothing.

use std::fmt::Write as _;

use super::{Place, subject, waived};
use crate::diagnostic::{Label, Severity, count};
use crate::report::difference::{EnvironmentDifference, Totals, text as difference_text, totals};
use crate::report::snippet::{ShownLine, display_name, lines_around};
use crate::report::{Finding, FoundObject, Report, human, rendered_for};

/// Pages with more findings than this show the first, worst ones, and count the rest: a browser has its limits too.
const MOST_FINDINGS: usize = 2_000;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The report as a page, with the objects and with what would change on the branches, where that is known.
#[must_use]
pub fn write(report: &Report) -> String {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| (!finding.diagnostic.counts(), std::cmp::Reverse(finding.diagnostic.severity)));
    let verdict = human::verdict(report);
    let status = if report.refusing() > 0 { "refused" } else { "passed" };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>hydrant {command}: {verdict}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header class=\"{status}\">\n<h1>hydrant {command} <span class=\"tag\">{status}</span></h1>\n\
         <p class=\"verdict\">{verdict}</p>\n",
        command = escape(report.command),
        verdict = escape(&verdict),
    );
    human::accounting(&report.accounting).lines().for_each(|line| {
        let _ = writeln!(out, "<p>{}</p>", escape(line));
    });
    contents(report, &mut out);
    out.push_str("</header>\n<main>\n");
    if !findings.is_empty() {
        controls(report, &findings, &mut out);
        out.push_str("<section id=\"findings\" aria-label=\"findings\">\n");
        findings.iter().take(MOST_FINDINGS).for_each(|finding| article(finding, &mut out));
        out.push_str("</section>\n");
        if findings.len() > MOST_FINDINGS {
            let _ =
                writeln!(out, "<p>{} more are not on this page.</p>", count(findings.len() - MOST_FINDINGS, "finding"));
        }
    }
    if !report.differences.is_empty() {
        changes(&report.differences, &mut out);
    }
    if !report.objects.is_empty() {
        objects(&report.objects, &mut out);
    }
    let _ = write!(out, "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

/// Links to the sections that the page has, with how much is in them.
fn contents(report: &Report, out: &mut String) {
    let differing = Totals::of(&report.differences);
    let sections = [
        (!report.findings.is_empty(), "findings", count(report.findings.len(), "finding")),
        (
            !report.differences.is_empty(),
            "changes",
            format!("{} would change", count(differing.added + differing.changed + differing.removed, "object")),
        ),
        (!report.objects.is_empty(), "objects", count(report.objects.len(), "object")),
    ];
    let links: Vec<String> = sections
        .iter()
        .filter(|(there, ..)| *there)
        .map(|(_, id, words)| format!("<a href=\"#{id}\">{words}</a>"))
        .collect();
    if !links.is_empty() {
        let _ = writeln!(out, "<nav aria-label=\"sections\">{}</nav>", links.join("\n"));
    }
}

fn controls(report: &Report, findings: &[&Finding], out: &mut String) {
    out.push_str("<form id=\"filter\" role=\"search\">\n<input type=\"search\" id=\"words\" placeholder=\"rule, file, object, words\" aria-label=\"filter\">\n");
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let number = report.count(severity);
        if number > 0 {
            let _ = writeln!(
                out,
                "<label><input type=\"checkbox\" name=\"severity\" value=\"{severity}\" checked> {}</label>",
                count(number, &severity.to_string())
            );
        }
    }
    let environments: std::collections::BTreeSet<&String> =
        findings.iter().flat_map(|finding| &finding.environments).collect();
    if environments.len() > 1 {
        out.push_str(
            "<select id=\"environment\" aria-label=\"environment\"><option value=\"\">every environment</option>",
        );
        for environment in environments {
            let _ = write!(out, "<option>{}</option>", escape(environment));
        }
        out.push_str("</select>\n");
    }
    out.push_str("<output id=\"shown\"></output>\n</form>\n");
}

fn article(finding: &Finding, out: &mut String) {
    let diagnostic = &finding.diagnostic;
    let severity = diagnostic.severity;
    let _ = writeln!(
        out,
        "<article class=\"{severity}\" data-severity=\"{severity}\" data-environments=\"{}\">",
        escape(&finding.environments.join(" "))
    );
    let _ = writeln!(
        out,
        "<h2><span class=\"tag\">{severity}</span> {}</h2>\n<p class=\"about\"><code class=\"rule\">{}</code> {}</p>",
        words(&diagnostic.message),
        escape(diagnostic.rule.as_str()),
        escape(&subject(finding))
    );
    if let Some(label) = &diagnostic.primary {
        let place = Place::of(finding).and_then(|place| place.range);
        let position = label.location.position();
        let rendered = match (place, rendered_for(&label.location)) {
            (None, Some(environment)) => format!(" as rendered for {environment}"),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "<p class=\"place\">{}:{}:{}{}</p>",
            escape(label.location.source.name()),
            position.line,
            position.column,
            escape(&rendered)
        );
        snippet(label, out);
    }
    diagnostic.secondary.iter().for_each(|label| elsewhere(label, out));
    if let Some(waived) = waived(finding) {
        let _ = writeln!(out, "<p class=\"waived\">{}</p>", escape(&waived));
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(out, "<p class=\"help\">{}</p>", words(help));
    }
    out.push_str("</article>\n");
}

/// The lines around a place; what is said of it stands below the last one that is marked.
fn snippet(label: &Label, out: &mut String) {
    let lines = lines_around(&label.location, 2);
    let last = lines.iter().rposition(|line| line.marked.is_some());
    out.push_str("<pre tabindex=\"0\">");
    for (index, line) in lines.iter().enumerate() {
        shown_line(line, out);
        if Some(index) == last && !label.text.is_empty() {
            let _ = writeln!(out, "<span class=\"number\"></span><span class=\"said\">↑ {}</span>", words(&label.text));
        }
    }
    out.push_str("</pre>\n");
}

/// Another place that matters, folded: the first one is where to look.
fn elsewhere(label: &Label, out: &mut String) {
    let position = label.location.position();
    let said = if label.text.is_empty() { "see also" } else { &label.text };
    let _ = writeln!(
        out,
        "<details class=\"elsewhere\"><summary>{} · {}:{}:{}</summary>",
        words(said),
        escape(&display_name(&label.location)),
        position.line,
        position.column
    );
    snippet(&Label { text: String::new(), ..label.clone() }, out);
    out.push_str("</details>\n");
}

fn shown_line(line: &ShownLine, out: &mut String) {
    let _ = write!(out, "<span class=\"number\">{}</span>", line.number);
    match line.marked.clone() {
        Some(range) => {
            let (before, rest) = line.text.split_at(range.start);
            let (marked, after) = rest.split_at(range.len());
            let _ = writeln!(out, "{}<mark>{}</mark>{}", escape(before), escape(marked), escape(after));
        }
        None => {
            let _ = writeln!(out, "{}", escape(&line.text));
        }
    }
}

fn changes(differences: &[EnvironmentDifference], out: &mut String) {
    let _ = writeln!(
        out,
        "<section id=\"changes\">\n<h2>What would change</h2>\n<p>{}</p>",
        escape(&totals(&Totals::of(differences)))
    );
    for one in differences {
        let numbers = Totals::of(std::slice::from_ref(one));
        let open = if one.objects.len() <= 20 { " open" } else { "" };
        let _ = writeln!(
            out,
            "<details{open}><summary>{}: +{} ~{} −{}</summary>\n<pre class=\"diff\">",
            escape(&one.environment),
            numbers.added,
            numbers.changed,
            numbers.removed
        );
        for line in difference_text::text(std::slice::from_ref(one), human::Style::default()).lines() {
            let class = match line.trim_start().chars().next() {
                Some('+') => "added",
                Some('-') => "removed",
                Some('~') => "changed",
                _ => "same",
            };
            let _ = writeln!(out, "<span class=\"{class}\">{}</span>", escape(line));
        }
        out.push_str("</pre></details>\n");
    }
    out.push_str("</section>\n");
}

/// Every object, by environment and app; folded, since there are many.
fn objects(objects: &[FoundObject], out: &mut String) {
    let _ = writeln!(out, "<section id=\"objects\">\n<h2>{}</h2>", count(objects.len(), "object"));
    for of_environment in objects.chunk_by(|one, other| one.environment == other.environment) {
        let apps = of_environment.chunk_by(|one, other| one.app == other.app);
        let _ = writeln!(
            out,
            "<details><summary>{}: {} in {}</summary>",
            escape(&of_environment[0].environment),
            count(of_environment.len(), "object"),
            count(apps.clone().count(), "app")
        );
        for of_app in apps {
            let _ = writeln!(out, "<h3>{}</h3>\n<ul>", escape(&of_app[0].app));
            for one in of_app {
                let _ = writeln!(out, "<li>{}</li>", escape(&one.object));
            }
            out.push_str("</ul>\n");
        }
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
}

/// Text with the words between backticks as code.
fn words(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(out, "<code>{}</code>", escape(part));
        } else {
            out.push_str(&escape(part));
        }
    }
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            sign => out.push(sign),
        }
    }
    out
}
