//! Lints as diagnostics, worded for people. The values of a Secret are not shown.

use std::sync::Arc;

use super::{Kind, Lint};
use crate::diagnostic::Diagnostic;
use crate::manifest::Value;
use crate::source::{Location, Source};

impl Lint {
    /// The finding. What the source hides must be known before.
    #[must_use]
    pub fn diagnostic(&self, source: &Arc<Source>) -> Diagnostic {
        let words = self.words(source);
        let at = |span| Location::new(source, span);
        let mut diagnostic = Diagnostic::new(self.severity(), self.rule(), words.message)
            .at(at(self.span), words.label)
            .help(words.help);
        match &self.kind {
            Kind::MergeOverlap { overlap, .. } => diagnostic = diagnostic.also(at(overlap.merge), "merged here"),
            Kind::RepeatedMerge { first } => diagnostic = diagnostic.also(at(*first), "first given here"),
            _ => {}
        }
        diagnostic
    }

    fn words(&self, source: &Source) -> Words {
        let written = source.slice(self.span);
        let hidden =
            source.hidden().iter().any(|hidden| hidden.start <= self.span.start && self.span.end <= hidden.end);
        let quoted = format!("`\"{written}\"`");
        match &self.kind {
            Kind::Boolean(_) if hidden => Words::new(
                "a word without quotes is a boolean",
                "Kubernetes reads a boolean, readers of YAML 1.2 read text",
                "write quotes if text is meant",
            ),
            Kind::Boolean(value) => Words::new(
                format!("`{written}` without quotes is a boolean"),
                format!("Kubernetes reads `{value}`, readers of YAML 1.2 read text"),
                format!("write `{value}`, or {quoted} if text is meant"),
            ),
            Kind::LeadingZero(value) => {
                number(value, hidden, written, "begins with a zero", "other readers read another value")
            }
            Kind::NumberSpelling(value) => {
                number(value, hidden, written, "is a number that not every reader knows", "other readers read text")
            }
            Kind::Base60 => Words::new(
                if hidden {
                    "a text looks like a number to the base 60".to_owned()
                } else {
                    format!("`{written}` looks like a number to the base 60")
                },
                "Kubernetes reads text, some readers of YAML 1.1 read a number",
                if hidden { "write quotes".to_owned() } else { format!("write {quoted}") },
            ),
            Kind::LossyNumber { kubernetes } => lossy(*kubernetes, hidden, written),
            Kind::NonStringKey { name, .. } => Words::new(
                format!("the key `{written}` is not written as text"),
                format!("Kubernetes reads `\"{name}\"`, other readers a number or a boolean"),
                format!("write `\"{name}\"`"),
            ),
            Kind::MergeOverlap { overlap, more } => Words::new(
                match more {
                    0 => format!("`{}` is given, and merged as well", overlap.name),
                    1 => format!("`{}` and 1 more key are given, and merged as well", overlap.name),
                    more => format!("`{}` and {more} more keys are given, and merged as well", overlap.name),
                },
                "a strict reader of Kubernetes refuses this as a duplicate",
                "give the key once: leave it out of what is merged, or write the merged keys out",
            ),
            Kind::RepeatedMerge { .. } => Words::new(
                "`<<` is given twice in one mapping",
                "Kubernetes merges both, other readers drop one or refuse the file",
                "merge both with one key: `<<: [*first, *second]`",
            ),
            Kind::CustomTag => Words::new(
                format!("Kubernetes does not know the tag `{written}`"),
                "dropped in silence",
                "remove the tag, or run the tool that replaces it first",
            ),
            Kind::TabSeparator => {
                Words::new("a tab separates words", "some readers refuse the file here", "write a space")
            }
            Kind::ByteOrderMark => {
                Words::new("a document begins with a byte order mark", "an invisible character", "remove it")
            }
            Kind::MixedLineEnds => Words::new(
                "line ends are of two kinds",
                "the first of the rarer kind",
                "end every line with LF, or every line with CRLF",
            ),
            Kind::DocumentEnd => Words::new(
                "`...` ends a document",
                "anything between here and the next `---` would be dropped",
                "remove the line",
            ),
        }
    }
}

struct Words {
    message: String,
    label: String,
    help: String,
}

impl Words {
    fn new(message: impl Into<String>, label: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), label: label.into(), help: help.into() }
    }
}

fn number(value: &Value, hidden: bool, written: &str, what: &str, others: &str) -> Words {
    if hidden {
        return Words::new(format!("a value {what}"), others, "write quotes if text is meant");
    }
    let read = decimal(value, written);
    Words::new(
        format!("`{written}` {what}"),
        format!("Kubernetes reads {read}, {others}"),
        format!("write `{read}`, or `\"{written}\"` if text is meant"),
    )
}

fn lossy(kubernetes: bool, hidden: bool, written: &str) -> Words {
    let label = if kubernetes {
        "Kubernetes keeps about 16 of its digits"
    } else {
        "readers that know only floating point keep about 16 of its digits"
    };
    let message =
        if hidden { "a number has too many digits".to_owned() } else { format!("`{written}` has too many digits") };
    Words::new(message, label, "write quotes if it is an identifier, or fewer digits")
}

/// A number as every reader knows it.
pub(super) fn decimal(value: &Value, written: &str) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        _ => {
            let digits = written.replace('_', "");
            if digits.bytes().all(|byte| byte.is_ascii_digit()) {
                digits.trim_start_matches('0').to_owned()
            } else {
                digits
            }
        }
    }
}
