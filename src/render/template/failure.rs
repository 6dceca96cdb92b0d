//! Errors of the engine as diagnostics: which rule, which words, which help.

use std::error::Error as _;

use minijinja::{Error, ErrorKind};

use super::filters::choice::Failure;
use super::filters::{self, Helper, HelperKind};
use super::loader::{ExcessiveTemplate, MissingTemplate, Names, OutsideRepository};
use super::suggestion::nearest_value;
use super::trace::Trace;
use super::way::{innermost, narrow, place, push_label, way};
use super::{EngineBroke, Run, methods};
use crate::diagnostic::{Diagnostic, RuleId, did_you_mean, rules};
use crate::source::{Location, Span};
use crate::tree::RepoPath;

/// What people look for in templates and do not find here, on purpose.
const LEFT_OUT: &[&str] = &[
    "now",
    "random",
    "shuffle",
    "lipsum",
    "uuid",
    "env",
    "lookup",
    "getenv",
    "password",
    "strftime",
    "ansible_date_time",
];

/// The diagnostic of a template that failed.
pub(super) fn explain(run: &Run, path: &RepoPath, error: &Error) -> Diagnostic {
    let cause = innermost(error);
    let finding = Finding::of(run, cause);
    let mut diagnostic = Diagnostic::error(finding.rule, finding.message);
    diagnostic.help = finding.help;
    // a render that breaks the engine is not repeated
    let replays = !cause.source().is_some_and(|source| source.is::<EngineBroke>());
    let location = place(run, cause).or_else(|| replays.then(|| overflow_place(run, path)).flatten());
    let Some(location) = location else {
        return in_template(run, path, diagnostic);
    };
    let location = finding.about.and_then(|about| narrow(run, &location, &about)).unwrap_or(location);
    diagnostic = diagnostic.at(location.clone(), finding.label);
    diagnostic.secondary = way(run, path, error, &location);
    diagnostic
}

/// The engine does not say where the output was when it overflowed.
fn overflow_place(run: &Run, path: &RepoPath) -> Option<Location> {
    Trace::of(run, path, run.limits.steps)?.last_place()
}

/// A template that did not end in time. Nobody can ask the engine where it is.
pub(super) fn too_long(run: &Run, path: &RepoPath) -> Diagnostic {
    let seconds = run.limits.time.as_secs_f32();
    let message = format!("the template takes longer than {seconds} seconds");
    let help = "look for a value that contains another one many times over";
    in_template(run, path, Diagnostic::error(rules::RENDER_LIMIT, message).help(help))
}

/// Whether two findings are one: the same partial broken at the same place.
pub(super) fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    let key = |diagnostic: &Diagnostic| {
        let location = diagnostic.primary.as_ref().map(|label| label.location.clone());
        location.map(|location| (location.source.name().to_owned(), location.span))
    };
    one.rule == other.rule && one.message == other.message && key(one).is_some() && key(one) == key(other)
}

/// Adds the ways of a second finding to the first.
pub(super) fn join(first: &mut Diagnostic, second: Diagnostic) {
    for label in second.secondary {
        push_label(&mut first.secondary, label);
    }
}

/// A finding whose place is unknown belongs to its template at least.
fn in_template(run: &Run, path: &RepoPath, diagnostic: Diagnostic) -> Diagnostic {
    match run.unit.inputs.files.get(path) {
        Some(input) => diagnostic.at(Location::new(&input.source, Span::default()), "in this template"),
        None => diagnostic,
    }
}

/// What is wrong, in words.
struct Finding {
    rule: RuleId,
    message: String,
    label: &'static str,
    help: Option<String>,
    /// The words of the template it is about, if it is about less than the engine's whole range.
    about: Option<String>,
}

impl Finding {
    fn new(rule: RuleId, message: impl Into<String>, label: &'static str) -> Self {
        Self { rule, message: message.into(), label, help: None, about: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn about(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    fn of(run: &Run, error: &Error) -> Self {
        let detail = error.detail().unwrap_or_default();
        match undefined_expression(detail) {
            // the engine leaves out what it cannot name: `(...).port`
            Some(expression) if expression.contains("...") => return undefined_without_origin(run, error),
            Some(expression) => return undefined(run, expression),
            None => {}
        }
        if let Some(outside) = error.source().and_then(|source| source.downcast_ref::<OutsideRepository>()) {
            return leaves_repository(outside);
        }
        if error.source().is_some_and(|source| source.is::<ExcessiveTemplate>()) {
            return Finding::new(rules::RENDER_LIMIT, detail, "begins here").help("close the tag, or split it");
        }
        match error.kind() {
            ErrorKind::UndefinedError => undefined_without_origin(run, error),
            ErrorKind::TemplateNotFound => missing_template(run, error),
            ErrorKind::UnknownFilter => unknown_helper(word(detail, "filter ", " is unknown"), HelperKind::Filter),
            ErrorKind::UnknownTest => unknown_helper(word(detail, "test ", " is unknown"), HelperKind::Test),
            ErrorKind::UnknownFunction => unknown_function(run, word(detail, "", " is unknown")),
            ErrorKind::UnknownMethod => unknown_method(run, detail),
            ErrorKind::OutOfFuel => too_many_steps(run),
            ErrorKind::WriteFailure => too_much_output(run),
            ErrorKind::SyntaxError if detail.contains("recursion limit") => too_nested(),
            ErrorKind::InvalidOperation if detail == "recursion limit exceeded" => too_deep(run),
            ErrorKind::SyntaxError | ErrorKind::BadEscape => syntax(error),
            _ => failed(run, error),
        }
    }
}

/// The expression that the engine names in its message: it remembers where an undefined value came from.
pub(super) fn undefined_expression(detail: &str) -> Option<&str> {
    let end = detail.find("` is undefined")?;
    let start = detail[..end].rfind('`')? + 1;
    Some(&detail[start..end])
}

fn undefined(run: &Run, expression: &str) -> Finding {
    let help = match nearest_value(expression, &run.unit.values) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("define it in the values, or write `{expression} | default(…)`"),
    };
    Finding::new(rules::UNDEFINED_VALUE, format!("`{expression}` is not defined"), "not defined")
        .help(help)
        .about(expression)
}

fn undefined_without_origin(run: &Run, error: &Error) -> Finding {
    let location = place(run, error);
    let text = location.as_ref().map(|location| location.source.slice(location.span)).unwrap_or_default();
    let expression = text.split('|').next().unwrap_or_default().trim();
    let is_path = !expression.is_empty()
        && expression.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '.' | '[' | ']' | '"' | '\''));
    if is_path {
        return undefined(run, expression);
    }
    Finding::new(rules::UNDEFINED_VALUE, "a value is not defined", "uses a value that is not defined")
        .help("define it in the values, or write `default(…)` behind it")
}

fn leaves_repository(outside: &OutsideRepository) -> Finding {
    Finding::new(rules::PATH_OUTSIDE_REPOSITORY, outside.to_string(), "not a path of this repository")
        .help("name a template of the app's folder or of the shared `templates` folder")
        .about(outside.name.as_str())
}

fn missing_template(run: &Run, error: &Error) -> Finding {
    let detail = error.detail().unwrap_or_default();
    let own = error.source().and_then(|source| source.downcast_ref::<MissingTemplate>());
    let single = detail.strip_prefix("tried to include non-existing template ");
    let name = match (own, single) {
        (Some(missing), _) => missing.0.clone(),
        (None, Some(quoted)) => quoted.trim_matches(['"', '\'']).to_owned(),
        (None, None) => {
            return Finding::new(rules::TEMPLATE_NOT_FOUND, "none of the templates exists", "none of these exists")
                .help(looked_up(run));
        }
    };
    let names = Names::of(&run.unit);
    let help = match did_you_mean(&name, names.known()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => looked_up(run),
    };
    Finding::new(rules::TEMPLATE_NOT_FOUND, format!("template `{name}` does not exist"), "not found")
        .help(help)
        .about(name)
}

fn looked_up(run: &Run) -> String {
    let app = run.unit.folder.as_ref().map_or("the top of the repository".to_owned(), |folder| format!("`{folder}`"));
    format!("put it beside this template, in {app} or in `{}`", run.unit.templates)
}

fn unknown_helper(name: &str, kind: HelperKind) -> Finding {
    let noun = if kind == HelperKind::Test { "test" } else { "filter" };
    let help = match did_you_mean(name, filters::names(kind)) {
        _ if LEFT_OUT.contains(&name) => why_left_out(),
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("use a {noun} that exists"),
    };
    Finding::new(rules::UNKNOWN_TEMPLATE_FUNCTION, format!("{noun} `{name}` does not exist"), "unknown")
        .help(help)
        .about(name)
}

fn unknown_function(run: &Run, name: &str) -> Finding {
    let macros = macro_names(run);
    let own = filters::names(HelperKind::Function).map(|name| name as &str);
    let candidates: Vec<&str> = own.chain(macros.iter().map(String::as_str)).collect();
    let help = match did_you_mean(name, candidates) {
        _ if LEFT_OUT.contains(&name) => why_left_out(),
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if filters::names(HelperKind::Filter).any(|filter| filter == name) => {
            format!("`{name}` is a filter: write `value | {name}`")
        }
        None => "use a function that exists, or import the macro".to_owned(),
    };
    Finding::new(rules::UNKNOWN_TEMPLATE_FUNCTION, format!("function `{name}` does not exist"), "unknown")
        .help(help)
        .about(name)
}

fn unknown_method(run: &Run, detail: &str) -> Finding {
    let name = detail.rsplit_once(" has no method named ").map_or(detail, |(_, name)| name);
    let macros = macro_names(run);
    let candidates = methods::NAMES.iter().copied().chain(macros.iter().map(String::as_str));
    let help = match did_you_mean(name, candidates) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("use a filter, or import the macro `{name}`"),
    };
    Finding::new(rules::UNKNOWN_TEMPLATE_FUNCTION, format!("method `{name}` does not exist"), "unknown")
        .help(help)
        .about(name)
}

fn why_left_out() -> String {
    "put what is needed into the values: templates have no clock, randomness or environment".to_owned()
}

/// The macros of all templates of the unit.
fn macro_names(run: &Run) -> Vec<String> {
    let texts = run.unit.inputs.files.values().map(|input| input.source.text());
    let name = |rest: &str| {
        let is_sign = |sign: &char| sign.is_alphanumeric() || *sign == '_';
        rest.trim_start().chars().take_while(is_sign).collect::<String>()
    };
    let mut names: Vec<String> = texts.flat_map(|text| text.split("macro ").skip(1).map(name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn too_many_steps(run: &Run) -> Finding {
    let message = format!("the template takes more than {} steps", run.limits.steps);
    Finding::new(rules::RENDER_LIMIT, message, "stopped here").help("make the loop or the text smaller")
}

fn too_much_output(run: &Run) -> Finding {
    let message = format!("the template writes more than {} bytes", run.limits.output_bytes);
    Finding::new(rules::RENDER_LIMIT, message, "stopped here").help("split the template, or make the loop shorter")
}

fn too_deep(run: &Run) -> Finding {
    let message = format!("the template nests deeper than {} levels", run.limits.depth);
    Finding::new(rules::RENDER_LIMIT, message, "stopped here")
        .help("look for an include or a macro that calls itself without end")
}

/// The parser's limit is not ours to set.
fn too_nested() -> Finding {
    Finding::new(rules::RENDER_LIMIT, "tags or brackets nest too deeply", "stopped here")
        .help("give parts of it names with `set`")
}

fn syntax(error: &Error) -> Finding {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    Finding::new(rules::TEMPLATE_SYNTAX, detail, "here")
}

fn failed(run: &Run, error: &Error) -> Finding {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    if error.source().is_some_and(|source| source.is::<Failure>()) {
        return Finding::new(rules::TEMPLATE_FAILED, detail, "refused by the template");
    }
    if error.source().is_some_and(|source| source.is::<EngineBroke>()) {
        return Finding::new(rules::TEMPLATE_FAILED, detail, "")
            .help("look for an unusual call, such as `loop.cycle()` without arguments, and report it");
    }
    let detail = without_rust_types(detail);
    let message = match place(run, error).and_then(|location| helper_at(&location)) {
        Some(helper) => format!("`{helper}`: {detail}"),
        None => detail,
    };
    Finding::new(rules::TEMPLATE_FAILED, message, "failed here")
}

/// The filter, test or function that a place begins with.
fn helper_at(location: &Location) -> Option<&'static str> {
    let text = location.source.slice(location.span);
    let end = text.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(text.len());
    filters::HELPERS.iter().map(Helper::name).find(|name| *name == &text[..end])
}

/// The engine names Rust's types: `cannot convert string to usize`.
fn without_rust_types(detail: String) -> String {
    let Some((before, rust)) = detail.rsplit_once(" to ") else {
        return detail;
    };
    match rust {
        "usize" | "u64" | "u32" | "u16" | "u8" => format!("{before} to a whole number"),
        "isize" | "i64" | "i32" | "i16" | "i8" | "i128" | "u128" => format!("{before} to an integer"),
        "f64" | "f32" => format!("{before} to a number"),
        "bool" => format!("{before} to true or false"),
        _ => detail,
    }
}

fn word<'a>(detail: &'a str, before: &str, after: &str) -> &'a str {
    detail.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).unwrap_or(detail)
}
