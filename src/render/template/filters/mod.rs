//! The helpers a template can call: one table that documents them all, and the code of those the engine lacks.
//!
//! Nothing here reads a clock, the environment, a file or a random source: the same commit renders the same bytes.

pub(super) mod choice;
mod data;
mod pattern;
mod text;
mod version;

use minijinja::Environment;

/// How a helper is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HelperKind {
    /// `value | name`.
    Filter,
    /// `value is name`.
    Test,
    /// `name(…)`.
    Function,
}

/// One helper and what it does.
#[derive(Debug)]
pub struct Helper {
    /// How it is called.
    pub kind: HelperKind,
    /// Its name, with its arguments.
    pub usage: &'static str,
    /// What it gives, in a line.
    pub summary: &'static str,
}

impl Helper {
    /// The name alone.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.usage.split_once('(').map_or(self.usage, |(name, _)| name)
    }
}

macro_rules! helpers {
    ($($kind:ident $usage:literal, $summary:literal;)*) => {
        /// Every filter, test and function that templates can call.
        pub const HELPERS: &[Helper] = &[$(Helper { kind: HelperKind::$kind, usage: $usage, summary: $summary }),*];
    };
}

helpers! {
    // ── structured values ─────────────────────────────────────────────────────────────────────────────────────
    Filter "to_yaml", "block YAML in canonical style, without a final line break; put `indent` or `nindent` behind it";
    Filter "to_nice_yaml", "the same as `to_yaml`";
    Filter "to_json(indent=none)", "JSON on one line, or on many with `indent`";
    Filter "to_nice_json(indent=4)", "JSON on many lines";
    Filter "tojson(indent=none)", "the same as `to_json`";
    Filter "from_yaml", "the value of a text with one YAML document, read as Kubernetes reads it";
    Filter "from_json", "the value of a JSON text";
    Filter "combine(other…, recursive=false)", "mappings merged, the last one wins; nested mappings too with `recursive`";
    Filter "dict2items(key_name=\"key\", value_name=\"value\")", "a mapping as a list of `{key, value}`";
    Filter "items2dict(key_name=\"key\", value_name=\"value\")", "a list of `{key, value}` as a mapping";
    Filter "flatten(levels=none)", "a list without nested lists";
    // ── text ──────────────────────────────────────────────────────────────────────────────────────────────────
    Filter "indent(width=4, first=false, blank=false)", "the lines of a text moved right; the first only with `first`";
    Filter "nindent(width)", "a line break, and all lines of a text moved right";
    Filter "quote", "a double-quoted YAML string";
    Filter "squote", "a single-quoted YAML string";
    Filter "b64encode", "base64, as the `data` of a Secret wants it";
    Filter "b64decode", "the text that a base64 text holds";
    Filter "sha256", "the SHA-256 digest in hex: for annotations that restart pods when a configuration changes";
    Filter "regex_replace(pattern, replacement=\"\", count=0, ignorecase=false, multiline=false)", "every match replaced; `\\1` and `\\g<name>` stand for groups";
    Filter "regex_search(pattern, group…)", "the first match, or its groups; null if there is none";
    Filter "regex_findall(pattern)", "a list of all matches";
    Filter "urlencode", "text for a URL";
    Filter "lower", "lower case";
    Filter "upper", "upper case";
    Filter "title", "each word with a capital";
    Filter "capitalize", "the first letter a capital";
    Filter "replace(from, to)", "every occurrence replaced";
    Filter "trim(signs=none)", "without blanks at both ends";
    Filter "split(separator=none)", "a list of parts";
    Filter "lines", "a list of lines";
    Filter "join(separator=\"\")", "the items of a list as one text";
    Filter "format(…)", "a format string filled in";
    Filter "string", "the value as text";
    Filter "escape", "text for HTML; rarely wanted in YAML";
    Filter "e", "the same as `escape`";
    Filter "safe", "marks text as not to be escaped; nothing is escaped here anyway";
    // ── choice ────────────────────────────────────────────────────────────────────────────────────────────────
    Filter "default(other=\"\", boolean=false)", "the value, or another if it is undefined; with `boolean` also if it is empty or false";
    Filter "d(other=\"\", boolean=false)", "the same as `default`";
    Filter "required(message)", "the value; if it is undefined, null or empty, rendering fails with the message";
    Filter "ternary(yes, no, null=none)", "one of two values by a condition";
    Function "fail(message)", "rendering fails with the message";
    // ── lists and mappings ────────────────────────────────────────────────────────────────────────────────────
    Filter "length", "how many items or characters";
    Filter "count", "the same as `length`";
    Filter "items", "a mapping as a list of pairs";
    Filter "dictsort(by=\"key\", reverse=false)", "a mapping as a list of pairs, sorted";
    Filter "sort(attribute=none, reverse=false)", "a sorted list";
    Filter "unique(attribute=none)", "a list without repetitions";
    Filter "reverse", "the list or text backwards";
    Filter "first", "the first item";
    Filter "last", "the last item";
    Filter "min", "the smallest item";
    Filter "max", "the largest item";
    Filter "sum(start=0)", "the sum of a list";
    Filter "list", "a list of the items";
    Filter "map(filter or attribute=…)", "a filter or attribute applied to every item";
    Filter "select(test)", "the items for which a test holds";
    Filter "reject(test)", "the items for which a test does not hold";
    Filter "selectattr(attribute, test)", "the items for whose attribute a test holds";
    Filter "rejectattr(attribute, test)", "the items for whose attribute a test does not hold";
    Filter "groupby(attribute)", "the items in groups of the same attribute";
    Filter "batch(count)", "a list of lists of so many items";
    Filter "slice(count)", "so many lists of about the same length";
    Filter "zip(other…)", "lists combined item by item";
    Filter "chain(other…)", "lists or mappings one after another";
    Filter "attr(name)", "an attribute by its name";
    // ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────
    Filter "int(default=0)", "an integer";
    Filter "float(default=0.0)", "a number with a fraction";
    Filter "bool", "true or false";
    Filter "abs", "without its sign";
    Filter "round(precision=0)", "rounded";
    Function "range(start=0, stop, step=1)", "a list of integers";
    // ── values ────────────────────────────────────────────────────────────────────────────────────────────────
    Function "dict(key=value…)", "a mapping";
    Function "namespace(key=value…)", "a mapping whose entries can be set inside a loop";
    // ── tests ─────────────────────────────────────────────────────────────────────────────────────────────────
    Test "version(other, operator=\"==\")", "a version compared as semantic versions are: `is version(\"1.33\", \">=\")`";
    Test "defined", "the value exists";
    Test "undefined", "the value does not exist";
    Test "none", "the value is null";
    Test "boolean", "true or false";
    Test "true", "the value is true";
    Test "false", "the value is false";
    Test "number", "an integer or a number with a fraction";
    Test "integer", "an integer";
    Test "int", "the same as `integer`";
    Test "float", "a number with a fraction";
    Test "string", "text";
    Test "sequence", "a list";
    Test "iterable", "something a loop can go through";
    Test "mapping", "a mapping";
    Test "odd", "an odd integer";
    Test "even", "an even integer";
    Test "divisibleby(divisor)", "divides without rest";
    Test "startingwith(prefix)", "text that begins so";
    Test "endingwith(suffix)", "text that ends so";
    Test "lower", "text in lower case";
    Test "upper", "text in upper case";
    Test "sameas(other)", "the same value, not merely an equal one";
    Test "in(list)", "an item of a list, a key of a mapping, a part of a text";
    Test "eq(other)", "equal";
    Test "equalto(other)", "equal";
    Test "==", "equal";
    Test "ne(other)", "not equal";
    Test "!=", "not equal";
    Test "lt(other)", "less";
    Test "lessthan(other)", "less";
    Test "<", "less";
    Test "le(other)", "less or equal";
    Test "<=", "less or equal";
    Test "gt(other)", "greater";
    Test "greaterthan(other)", "greater";
    Test ">", "greater";
    Test "ge(other)", "greater or equal";
    Test ">=", "greater or equal";
    Test "filter", "the name of a filter that exists";
    Test "test", "the name of a test that exists";
    Test "safe", "text that is marked as safe";
    Test "escaped", "the same as `safe`";
}

/// The names of one kind, for suggestions.
pub(super) fn names(kind: HelperKind) -> impl Iterator<Item = &'static str> {
    HELPERS.iter().filter(move |helper| helper.kind == kind).map(Helper::name)
}

/// Adds what the engine lacks and takes away what shows its insides.
pub(super) fn register(environment: &mut Environment) {
    text::register(environment);
    data::register(environment);
    pattern::register(environment);
    version::register(environment);
    choice::register(environment);
    // they print the engine's insides, and `debug` every value, secrets included
    environment.remove_global("debug");
    environment.remove_filter("pprint");
}
