//! What the scalars of YAML's events mean: values, and the text of keys.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use granit_parser::{ScalarStyle, Tag};

use super::{Composer, core_name};
use crate::manifest::scalar::{self, Plain};
use crate::manifest::{Key, Node, Text, Value};
use crate::source::Span;

impl<'a> Composer<'a> {
    /// The text that Kubernetes makes of a key; `None`, and a problem, if it makes none.
    pub(super) fn key(&mut self, node: Node, float: bool, mapping: Span) -> Option<Key> {
        let span = node.span;
        let name: Text = match node.value {
            Value::String(text) => text,
            Value::Bool(value) => if value { "true" } else { "false" }.into(),
            #[expect(clippy::cast_precision_loss, reason = "the tag asks for it")]
            Value::Int(number) if float => scalar::float_key(number as f64).into(),
            Value::Int(number) => scalar::integer_key(&self.text[span.range()], number).into(),
            Value::Float(number) => scalar::float_key(number).into(),
            Value::Null => {
                self.problem(|problems| problems.null_key(span));
                return None;
            }
            Value::UInt(_) => {
                self.problem(|problems| problems.large_key(span));
                return None;
            }
            Value::Sequence(_) | Value::Mapping(_) => {
                self.problem(|problems| problems.collection_key(span, mapping));
                return None;
            }
        };
        Some(Key { span, name })
    }

    pub(super) fn scalar(&mut self, text: Cow<'a, str>, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Value {
        let Some(tag) = tag else {
            return match style {
                ScalarStyle::Plain => {
                    // in brackets YAML 1.1 ends a plain text at `?`, and reads `:` in front as a sign of its own
                    if self.flow > 0 && (text.contains('?') || text.starts_with(':')) {
                        self.problem(|problems| problems.sign_in_flow(span));
                    }
                    self.plain(scalar::resolve_plain(&text), text, span)
                }
                _ => Value::String(text.into()),
            };
        };
        match core_name(tag).as_deref() {
            Some("binary") => self.binary(&text, span),
            Some(wanted @ ("int" | "float" | "bool" | "null")) => match scalar::resolve_as(wanted, &text) {
                Some(resolved) => self.plain(resolved, text, span),
                None => {
                    self.problem(|problems| problems.wrong_tag(wanted, span));
                    Value::Null
                }
            },
            // `!!str` says what holds for every tag Kubernetes does not know: it is text
            _ => Value::String(text.into()),
        }
    }

    pub(super) fn plain(&mut self, resolved: Plain, text: Cow<'a, str>, span: Span) -> Value {
        match resolved {
            Plain::Value(value) => value,
            Plain::Text => Value::String(text.into()),
            Plain::NotFinite => {
                self.problem(|problems| problems.not_finite(span));
                Value::Null
            }
        }
    }

    pub(super) fn binary(&mut self, text: &str, span: Span) -> Value {
        let encoded: String = text.chars().filter(|sign| !matches!(sign, '\n' | '\r')).collect();
        match BASE64.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(decoded) => Value::String(decoded.into()),
            None => {
                self.problem(|problems| problems.wrong_binary(span));
                Value::Null
            }
        }
    }
}
