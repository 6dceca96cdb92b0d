//! What distinguishes one style from another, as a table.

use super::super::scalar;
use super::order::Order;
use super::quote::{self, Escapes, Form};
use super::{Style, goyaml};

/// The choices of one style.
#[derive(Debug)]
pub(super) struct Choices {
    /// The order of keys.
    pub(super) order: Order,
    /// How a value's text is written.
    pub(super) form_of: fn(&str) -> Form,
    /// How a key is written.
    pub(super) key_form_of: fn(&str) -> Form,
    /// Whether a key that is not long is announced by `?` all the same.
    pub(super) announces_key: fn(&str) -> bool,
    /// Whether an announced key may be folded or a literal block, as a value may.
    pub(super) announced_keys_are_texts: bool,
    /// Whether a collection begins right behind the colon of an announced key.
    pub(super) collections_beside_announced_keys: bool,
    /// Spaces by which a list is indented under its key.
    pub(super) list_indent: usize,
    /// Texts break at the first space after this many characters of a line.
    pub(super) fold_after: Option<usize>,
    /// How characters are escaped in double quotes.
    pub(super) escapes: Escapes,
    /// How a finite float is written.
    pub(super) format_float: fn(f64) -> String,
    /// Whether a key `<<` would stand without quotes.
    pub(super) refuses_merge_keys: bool,
}

impl Choices {
    pub(super) fn of(style: Style) -> &'static Self {
        match style {
            Style::Canonical => &CANONICAL,
            Style::GoYamlV2 => &GO_YAML_V2,
            Style::GoYamlV3 => &GO_YAML_V3,
        }
    }
}

static CANONICAL: Choices = Choices {
    order: Order::Total,
    form_of: quote::form_of,
    key_form_of: quote::key_form_of,
    announces_key: |_| false,
    announced_keys_are_texts: false,
    collections_beside_announced_keys: false,
    list_indent: 0,
    fold_after: None,
    escapes: Escapes::Plain,
    format_float: scalar::format_float,
    refuses_merge_keys: false,
};

static GO_YAML_V2: Choices = Choices {
    order: Order::GoYamlV2,
    form_of: goyaml::form_in_v2,
    key_form_of: goyaml::form_in_v2,
    announces_key: goyaml::holds_a_break,
    announced_keys_are_texts: true,
    collections_beside_announced_keys: true,
    list_indent: 0,
    fold_after: Some(80),
    escapes: Escapes::GoYaml,
    format_float: goyaml::format_float_in_v2,
    refuses_merge_keys: true,
};

static GO_YAML_V3: Choices = Choices {
    order: Order::Total,
    form_of: goyaml::form_in_v3,
    key_form_of: goyaml::form_in_v3,
    announces_key: goyaml::holds_a_break,
    announced_keys_are_texts: true,
    collections_beside_announced_keys: true,
    list_indent: 2,
    fold_after: None,
    escapes: Escapes::GoYaml,
    format_float: goyaml::format_float_in_v3,
    refuses_merge_keys: true,
};
