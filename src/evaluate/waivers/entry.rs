//! An entry is one waiver as it is written; reading one tells everything that is wrong with it.

use crate::date::Date;
use crate::diagnostic::{RuleId, did_you_mean, rules};
use crate::manifest::{Entry, Node, Value};
use crate::source::Span;

use super::selector::{Pattern, Selector};

/// Longer than any reason that somebody reads.
const LONGEST_TEXT: usize = 2_000;

const KEYS: &[&str] = &["rule", "object", "owner", "reason", "expires"];
const OBJECT_KEYS: &[&str] = &["kind", "apiGroup", "namespace", "name", "app", "environment", "labels"];

/// A mistake, with its place in the text that was read.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) rule: RuleId,
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: String,
}

/// What an entry says.
pub(super) struct Written {
    pub(super) rule: (String, Span),
    pub(super) object: Option<Selector>,
    pub(super) owner: String,
    pub(super) reason: String,
    pub(super) expires: (Date, Span),
}

/// Reads one entry; `None` if anything is wrong with it, which `faults` tells. Only entries of the file choose objects.
pub(super) fn read(node: &Node, chooses_objects: bool, faults: &mut Vec<Fault>) -> Option<Written> {
    let before = faults.len();
    let Some(entries) = node.as_mapping() else {
        let message = format!("a waiver is a mapping, not {}", node.kind_name());
        let help = "write `rule`, `owner`, `reason` and `expires`, each with its value";
        faults.push(fault(rules::CONFIG_TYPE, node.span, message, "no waiver", help));
        return None;
    };
    let known: Vec<&str> = KEYS.iter().copied().filter(|key| chooses_objects || *key != "object").collect();
    let mut reading = Reading { node, owner: "a waiver", known: &known, faults };
    reading.refuse_unknown(entries);
    let rule = reading.text("rule").and_then(|(text, span)| reading.rule(text, span));
    let owner = reading.text("owner").map(|(text, _)| text);
    let reason = reading.text("reason").map(|(text, _)| text);
    let expires = reading.text("expires").and_then(|(text, span)| reading.date(&text, span));
    let object = chooses_objects.then(|| reading.required("object")).flatten();
    let object = object.and_then(|entry| selector(entry, faults));
    let written = Written { rule: rule?, object, owner: owner?, reason: reason?, expires: expires? };
    (faults.len() == before).then_some(written)
}

/// The objects of an entry. A mistake in it is told, and gives nothing.
fn selector(entry: &Entry, faults: &mut Vec<Fault>) -> Option<Selector> {
    let node = &entry.value;
    let Some(entries) = node.as_mapping() else {
        let message = format!("`object` must be a mapping, not {}", node.kind_name());
        let help = "choose objects: `object: { kind: Deployment, name: web }`";
        faults.push(fault(rules::CONFIG_TYPE, node.span, message, "chooses nothing", help));
        return None;
    };
    let before = faults.len();
    let mut reading = Reading { node, owner: "`object`", known: OBJECT_KEYS, faults };
    reading.refuse_unknown(entries);
    let selector = Selector {
        kind: reading.optional("kind").and_then(|(text, span)| reading.kind(text, span)),
        api_group: reading.group(),
        namespace: reading.pattern("namespace"),
        name: reading.pattern("name"),
        app: reading.pattern("app"),
        environment: reading.pattern("environment"),
        labels: reading.labels(),
    };
    if entries.is_empty() {
        let help = format!("choose by {}", list(OBJECT_KEYS));
        faults.push(fault(rules::CONFIG_INVALID, entry.key.span, "`object` is empty", "this means every object", help));
    }
    (faults.len() == before).then_some(selector)
}

pub(super) fn fault(
    rule: RuleId,
    span: Span,
    message: impl Into<String>,
    label: &'static str,
    help: impl Into<String>,
) -> Fault {
    Fault { rule, span, message: message.into(), label, help: help.into() }
}

/// Reports every key that is not known.
pub(super) fn refuse_unknown(owner: &str, node: &Node, known: &[&str], faults: &mut Vec<Fault>) {
    for entry in node.as_mapping().unwrap_or_default() {
        let key = &*entry.key.name;
        if known.contains(&key) {
            continue;
        }
        let unused = known.iter().copied().filter(|name| node.get(name).is_none());
        let help = match did_you_mean(key, unused) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("the keys known here are {}", list(known)),
        };
        let message = format!("`{key}` is not a key of {owner}");
        faults.push(fault(rules::CONFIG_UNKNOWN_KEY, entry.key.span, message, "not known", help));
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A mapping while its values are read.
struct Reading<'a, 'f> {
    node: &'a Node,
    owner: &'static str,
    known: &'a [&'a str],
    faults: &'f mut Vec<Fault>,
}

impl<'a> Reading<'a, '_> {
    fn refuse_unknown(&mut self, entries: &[Entry]) {
        debug_assert_eq!(self.node.as_mapping(), Some(entries));
        refuse_unknown(self.owner, self.node, self.known, self.faults);
    }

    fn report(&mut self, rule: RuleId, span: Span, message: String, label: &'static str, help: impl Into<String>) {
        self.faults.push(fault(rule, span, message, label, help));
    }

    /// An entry that has to be there. A misspelt key is told as such, not a second time as a missing one.
    fn required(&mut self, key: &str) -> Option<&'a Entry> {
        let entry = self.node.entry(key);
        let mut strangers = self.node.as_mapping().unwrap_or_default().iter().map(|entry| &*entry.key.name);
        let missing = || self.known.iter().copied().filter(|known| self.node.get(known).is_none());
        let is_misspelt =
            strangers.any(|stranger| !self.known.contains(&stranger) && did_you_mean(stranger, missing()) == Some(key));
        if entry.is_none() && !is_misspelt {
            let place =
                self.node.as_mapping().and_then(<[Entry]>::first).map_or(self.node.span, |first| first.key.span);
            let help = match key {
                "owner" => "add `owner`: the person or team that answers for it",
                "reason" => "add `reason`: why this is right, and until when",
                "expires" => "add `expires: YYYY-MM-DD`: the last day on which it holds",
                "object" => "add `object`, such as `object: { kind: Deployment, name: web }`",
                _ => "add `rule`: the id in brackets of the finding",
            };
            self.report(rules::CONFIG_INVALID, place, format!("{} has no `{key}`", self.owner), "of this waiver", help);
        }
        entry
    }

    /// Text that has to be there: one line, whatever the lines in which it is written.
    fn text(&mut self, key: &str) -> Option<(String, Span)> {
        let entry = self.required(key)?;
        self.text_of(key, &entry.value)
    }

    fn optional(&mut self, key: &str) -> Option<(String, Span)> {
        let entry = self.node.entry(key)?;
        self.text_of(key, &entry.value)
    }

    fn text_of(&mut self, key: &str, node: &Node) -> Option<(String, Span)> {
        let Some(text) = node.as_str() else {
            let message = match node.value {
                Value::Null => format!("`{key}` has no value"),
                _ => format!("`{key}` must be text, not {}", node.kind_name()),
            };
            let help = match node.value {
                Value::Null => "give it a value",
                _ => "write it in quotes if it is meant as text",
            };
            self.report(rules::CONFIG_TYPE, node.span, message, "no text", help);
            return None;
        };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let wrong = match () {
            () if text.is_empty() => Some((format!("`{key}` is empty"), "nothing here", "give it a value")),
            () if text.len() > LONGEST_TEXT => {
                let message = format!("`{key}` has {} bytes, more than {LONGEST_TEXT}", text.len());
                Some((message, "too long to be read", "say it in a few words, and name the ticket"))
            }
            () if text.contains(char::is_control) => {
                Some((format!("`{key}` holds a control character"), "not text", "write it without"))
            }
            () => None,
        };
        if let Some((message, label, help)) = wrong {
            self.report(rules::CONFIG_INVALID, node.span, message, label, help);
            return None;
        }
        Some((text, node.span))
    }

    /// A waiver is for one rule: one for all rules would waive what is not written yet.
    fn rule(&mut self, text: String, span: Span) -> Option<(String, Span)> {
        let is_id = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if is_id {
            return Some((text, span));
        }
        let (label, help) = match text.contains(['*', '?']) {
            true => ("not one rule", "write one waiver for each rule"),
            false => ("no id of a rule", "write the id in brackets of the finding, such as `latest-tag`"),
        };
        self.report(rules::CONFIG_INVALID, span, format!("`{text}` is not a rule"), label, help);
        None
    }

    fn date(&mut self, text: &str, span: Span) -> Option<(Date, Span)> {
        match text.parse::<Date>() {
            Ok(date) => Some((date, span)),
            Err(error) => {
                let help = "name the last day on which the waiver holds";
                self.report(rules::CONFIG_INVALID, span, error.to_string(), "not a date", help);
                None
            }
        }
    }

    fn kind(&mut self, text: String, span: Span) -> Option<String> {
        if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Some(text);
        }
        let help = "write one kind, such as `Deployment`, or leave the key out";
        self.report(rules::CONFIG_INVALID, span, format!("`{text}` is not a kind"), "not a kind", help);
        None
    }

    /// The core group is the empty text.
    fn group(&mut self) -> Option<String> {
        let node = self.node.get("apiGroup")?;
        if node.as_str() == Some("") {
            return Some(String::new());
        }
        let (text, span) = self.text_of("apiGroup", node)?;
        if text.contains(['/', '*', ' ']) {
            let help = "write the group without its version, such as `apps`, and `\"\"` for the core group";
            self.report(rules::CONFIG_INVALID, span, format!("`{text}` is not an API group"), "not a group", help);
            return None;
        }
        Some(text)
    }

    fn pattern(&mut self, key: &str) -> Option<Pattern> {
        let (text, span) = self.optional(key)?;
        let pattern = Pattern::parse(&text);
        if pattern.is_none() {
            let (message, label, help) = match text.trim_matches('*').is_empty() {
                true => (format!("`{text}` means every {key}"), "chooses nothing", "leave the key out"),
                false => {
                    let help = "write `*` at the beginning or the end of the name";
                    (format!("`{text}` has a `*` between other signs"), "not a pattern", help)
                }
            };
            self.report(rules::CONFIG_INVALID, span, message, label, help);
        }
        pattern
    }

    fn labels(&mut self) -> Vec<(String, String)> {
        let Some(node) = self.node.get("labels") else { return Vec::new() };
        let Some(entries) = node.as_mapping().filter(|entries| !entries.is_empty()) else {
            let help = "write labels with their values: `labels: { tier: cache }`";
            let message = format!("`labels` must name labels, not {}", node.kind_name());
            self.report(rules::CONFIG_TYPE, node.span, message, "chooses nothing", help);
            return Vec::new();
        };
        let read = |entry: &Entry| {
            let value = self.label(&entry.key.name, &entry.value)?;
            Some((entry.key.name.to_string(), value))
        };
        entries.iter().filter_map(read).collect()
    }

    /// The value of a label may be empty.
    fn label(&mut self, key: &str, node: &Node) -> Option<String> {
        match node.as_str() {
            Some("") => Some(String::new()),
            _ => self.text_of(key, node).map(|(text, _)| text),
        }
    }
}
