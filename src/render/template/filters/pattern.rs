//! Regular expressions as Python and Ansible write them, in linear time.

use std::borrow::Cow;
use std::collections::BTreeMap;

use minijinja::value::{Kwargs, Rest, Value, ValueOrKwargs, from_args};
use minijinja::{Environment, Error, State};
use regex::{Captures, Regex, RegexBuilder};

use crate::render::template::value::refuse;

/// Bytes a compiled pattern may take.
const SIZE_LIMIT: usize = 256 * 1024;

/// What compiling one pattern costs in fuel: it takes about as long as this many steps.
const COMPILE_COST: u64 = 10_000;

pub(super) fn register(environment: &mut Environment) {
    environment.add_filter("regex_replace", regex_replace);
    environment.add_filter("regex_search", regex_search);
    environment.add_filter("regex_findall", regex_findall);
}

/// Patterns of one render, so that a filter in a loop compiles once.
#[derive(Default)]
struct Compiled(BTreeMap<(String, bool, bool), Regex>);

fn compile(state: &mut State, pattern: &str, options: &Kwargs) -> Result<Regex, Error> {
    let ignore_case = options.get::<Option<bool>>("ignorecase")?.unwrap_or(false);
    let multi_line = options.get::<Option<bool>>("multiline")?.unwrap_or(false);
    let key = (pattern.to_owned(), ignore_case, multi_line);
    if let Some(regex) = state.get_extension::<Compiled>().and_then(|compiled| compiled.0.get(&key)) {
        return Ok(regex.clone());
    }
    state.consume_fuel(COMPILE_COST)?;
    let regex = RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .multi_line(multi_line)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .build()
        .map_err(|error| unusable(pattern, &error))?;
    state.get_or_insert_extension_with(Compiled::default).0.insert(key, regex.clone());
    Ok(regex)
}

fn unusable(pattern: &str, error: &regex::Error) -> Error {
    match error {
        regex::Error::CompiledTooBig(_) => refuse(format!("the pattern `{pattern}` is too large")),
        // the last line of the library's message says what; the others draw the pattern
        error => {
            let message = error.to_string();
            let reason = message.lines().last().unwrap_or_default().trim_start_matches("error: ");
            refuse(format!("the pattern `{pattern}` cannot be used: {reason}"))
        }
    }
}

fn regex_replace(
    state: &mut State,
    text: Cow<'_, str>,
    pattern: Cow<'_, str>,
    replacement: Option<String>,
    options: Kwargs,
) -> Result<String, Error> {
    let regex = compile(state, &pattern, &options)?;
    let count = options.get::<Option<usize>>("count")?.unwrap_or(0);
    options.assert_all_used()?;
    let replacement = Replacement::parse(&replacement.unwrap_or_default());
    let mut out = String::with_capacity(text.len());
    let mut last = 0;
    for (index, captures) in regex.captures_iter(&text).enumerate() {
        if count > 0 && index == count {
            break;
        }
        state.consume_fuel(1)?;
        let whole = captures.get_match();
        out.push_str(&text[last..whole.start()]);
        let before = out.len();
        replacement.expand(&captures, &mut out);
        state.consume_fuel((out.len() - before) as u64 / 64)?;
        last = whole.end();
    }
    out.push_str(&text[last..]);
    Ok(out)
}

/// A replacement as Python writes it: `\1` and `\g<name>` stand for groups, a `$` for itself.
struct Replacement(Vec<Part>);

enum Part {
    Text(String),
    Group(String),
}

impl Replacement {
    fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            parts.push(Part::Text(rest[..at].to_owned()));
            let (part, length) = escape(&rest[at + 1..]);
            parts.push(part);
            rest = &rest[at + 1 + length..];
        }
        parts.push(Part::Text(rest.to_owned()));
        Self(parts)
    }

    fn expand(&self, captures: &Captures, out: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(name) => out.push_str(group(captures, name).unwrap_or_default()),
            }
        }
    }
}

/// What follows a backslash, and how many bytes of it are used.
fn escape(rest: &str) -> (Part, usize) {
    if let Some((name, _)) = rest.strip_prefix("g<").and_then(|rest| rest.split_once('>')) {
        return (Part::Group(name.to_owned()), name.len() + 3);
    }
    let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        return (Part::Group(rest[..digits].to_owned()), digits);
    }
    match rest.chars().next() {
        Some('n') => (Part::Text("\n".to_owned()), 1),
        Some('t') => (Part::Text("\t".to_owned()), 1),
        Some(sign) => (Part::Text(sign.to_string()), sign.len_utf8()),
        None => (Part::Text("\\".to_owned()), 0),
    }
}

fn group<'a>(captures: &Captures<'a>, name: &str) -> Option<&'a str> {
    let found = match name.parse::<usize>() {
        Ok(index) => captures.get(index),
        Err(_) => captures.name(name),
    };
    found.map(|found| found.as_str())
}

/// The whole match, or the groups that are asked for as `\1` or `\g<name>`; null where nothing matches.
fn regex_search(state: &mut State, arguments: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let arguments = arguments.into_values();
    let (text, pattern, groups, options): (&str, &str, Rest<String>, Kwargs) = from_args(&arguments)?;
    let regex = compile(state, pattern, &options)?;
    options.assert_all_used()?;
    let Some(captures) = regex.captures(text) else {
        return Ok(Value::from(()));
    };
    if groups.is_empty() {
        return Ok(Value::from(captures.get_match().as_str()));
    }
    let wanted = |name: &String| match escape(name.strip_prefix('\\').unwrap_or_default()) {
        (Part::Group(name), _) => Ok(group(&captures, &name).map_or(Value::from(()), Value::from)),
        _ => Err(refuse(format!("`{name}` names no group; write `\\\\1` or `\\\\g<name>`"))),
    };
    groups.iter().map(wanted).collect::<Result<Vec<_>, _>>().map(Value::from_iter)
}

/// Every match; the group if the pattern has one, a list of the groups if it has more.
fn regex_findall(
    state: &mut State,
    text: Cow<'_, str>,
    pattern: Cow<'_, str>,
    options: Kwargs,
) -> Result<Value, Error> {
    let regex = compile(state, &pattern, &options)?;
    options.assert_all_used()?;
    let mut found = Vec::new();
    for captures in regex.captures_iter(&text) {
        state.consume_fuel(captures.len() as u64)?;
        let text_of = |index: usize| Value::from(captures.get(index).map_or("", |group| group.as_str()));
        found.push(match captures.len() {
            1 => text_of(0),
            2 => text_of(1),
            count => (1..count).map(text_of).collect(),
        });
    }
    Ok(Value::from_iter(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_reads_as_in_python() {
        let replace = |pattern: &str, replacement: &str, text: &str| {
            let regex = Regex::new(pattern).expect("a pattern");
            let mut out = String::new();
            Replacement::parse(replacement).expand(&regex.captures(text).expect("a match"), &mut out);
            out
        };
        assert_eq!(replace("(a)(b)", r"\2-\1", "ab"), "b-a");
        assert_eq!(replace("(?P<x>a)", r"<\g<x>>", "a"), "<a>");
        assert_eq!(replace("a", r"$1 \\ \n", "a"), "$1 \\ \n");
        assert_eq!(replace("a", "ends in \\", "a"), "ends in \\");
    }
}
