//! Conftest's settings: `conftest.toml` and the variables `CONFTEST_…`, as far as they mean something here.
//!
//! A key that Conftest knows and Hydrant does not honour is told, and so is one that nobody knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::project::Spanned;
use super::raw::RegoVersion;
use crate::diagnostic::{Diagnostic, did_you_mean, rules};
use crate::source::{Location, Source, Span};

/// The name of the file.
pub const CONFTEST_FILE: &str = "conftest.toml";

/// What the names of the variables begin with.
pub const CONFTEST_PREFIX: &str = "CONFTEST_";

/// What Conftest's settings ask for. `None`: nothing is said.
#[derive(Debug, Clone, Default)]
pub struct ConftestSettings {
    /// Files or folders with Rego.
    pub policy: Option<Vec<String>>,
    /// Files or folders with data.
    pub data: Option<Vec<String>>,
    /// Packages, or patterns over them.
    pub namespace: Option<Vec<Spanned<String>>>,
    /// Whether all packages are asked.
    pub all_namespaces: Option<bool>,
    /// Whether all documents are one input.
    pub combine: Option<bool>,
    /// Whether warnings refuse.
    pub fail_on_warn: Option<bool>,
    /// The language of the policies.
    pub rego_version: Option<RegoVersion>,
    /// A regular expression: files of folders whose path it is found in are left out.
    pub ignore: Option<Spanned<String>>,
}

/// Reads `v0` or `v1`.
fn rego_version(text: &str) -> Option<RegoVersion> {
    match text {
        "v0" | "V0" => Some(RegoVersion::V0),
        "v1" | "V1" => Some(RegoVersion::V1),
        _ => None,
    }
}

/// The keys that are honoured.
const HONOURED: [&str; 8] =
    ["all-namespaces", "combine", "data", "fail-on-warn", "ignore", "namespace", "policy", "rego-version"];

/// The keys that are not, and what there is instead.
const OTHERS: [(&str, &str); 17] = [
    ("capabilities", "the functions that policies may call are fixed"),
    ("github-hide-passed", "choose the wording with `--report`"),
    ("junit-hide-message", "choose the wording with `--report`"),
    ("no-color", "write `--color never`, or set NO_COLOR"),
    ("no-fail", "what is found always refuses; `|| true` forgives it where that is meant"),
    ("output", "choose the wording with `--report`"),
    ("parser", "manifests are YAML or JSON, and told apart by what they hold"),
    ("proto-file-dirs", "manifests are YAML or JSON"),
    ("quiet", "write `--quiet`"),
    ("show-builtin-errors", "errors of functions follow OPA: what is undefined by one does not hold"),
    ("stdin-filename", "write `--stdin-filename`"),
    ("strict", "what a policy names must exist in any case"),
    ("suppress-exceptions", "what is excepted is always told"),
    ("tls", "policies are not fetched"),
    ("trace", "`hydrant test` tells what a rule depends on"),
    ("update", "fetch the policies before, and name their folder"),
    ("config-file", "the file is `conftest.toml` in the folder where Hydrant works"),
];

impl ConftestSettings {
    /// Reads the file. What is wrong comes with its place; errors mean that it cannot be used.
    #[must_use]
    pub fn parse(source: &Arc<Source>) -> (Self, Vec<Diagnostic>) {
        let mut reading = Reading::default();
        match DeTable::parse(source.text()) {
            Err(error) => {
                let span = error.span().map_or(Span::at(0), |span| Span::new(span.start, span.end));
                let message = format!("`{}` is not TOML: {}", source.name(), error.message());
                let diagnostic =
                    Diagnostic::error(rules::CONFIG_SYNTAX, message).at(Location::new(source, span), "here");
                reading.diagnostics.push(diagnostic.help("correct the file, or pass `--no-config` to leave it out"));
            }
            Ok(table) => {
                let place = |span: std::ops::Range<usize>| Location::new(source, Span::new(span.start, span.end));
                let mut entries: Vec<_> = table.get_ref().iter().collect();
                entries.sort_by_key(|(key, _)| key.span().start);
                for (key, value) in entries {
                    reading.entry(
                        key.get_ref(),
                        Written::of(value.get_ref()),
                        Some((place(key.span()), place(value.span()))),
                    );
                }
            }
        }
        (reading.settings, reading.diagnostics)
    }

    /// Reads variables whose names begin with `CONFTEST_`; others are passed over, and so are empty ones.
    #[must_use]
    pub fn of_environment(variables: &BTreeMap<String, String>) -> (Self, Vec<Diagnostic>) {
        let mut reading = Reading { of_environment: true, ..Reading::default() };
        for (name, value) in variables {
            if let Some(key) = name.strip_prefix(CONFTEST_PREFIX)
                && !value.is_empty()
            {
                reading.entry(&key.to_lowercase().replace('_', "-"), Written::Text(value.clone()), None);
            }
        }
        (reading.settings, reading.diagnostics)
    }

    /// These settings, and those of `other` where these say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            policy: self.policy.or(other.policy),
            data: self.data.or(other.data),
            namespace: self.namespace.or(other.namespace),
            all_namespaces: self.all_namespaces.or(other.all_namespaces),
            combine: self.combine.or(other.combine),
            fail_on_warn: self.fail_on_warn.or(other.fail_on_warn),
            rego_version: self.rego_version.or(other.rego_version),
            ignore: self.ignore.or(other.ignore),
        }
    }
}

/// A value as it is written.
enum Written {
    Text(String),
    Flag(bool),
    List(Vec<String>),
    Other,
}

impl Written {
    fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Boolean(flag) => Self::Flag(*flag),
            DeValue::Array(items) => {
                let text = |item: &DeValue<'_>| match item {
                    DeValue::String(text) => Some(text.to_string()),
                    _ => None,
                };
                items.iter().map(|item| text(item.get_ref())).collect::<Option<_>>().map_or(Self::Other, Self::List)
            }
            _ => Self::Other,
        }
    }

    /// A list; a text is one with commas in it, as Conftest has it.
    fn into_list(self) -> Result<Vec<String>, &'static str> {
        match self {
            Self::List(items) => Ok(items),
            Self::Text(text) => {
                Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
            }
            Self::Flag(_) | Self::Other => Err("a text or a list of texts"),
        }
    }

    fn into_flag(self) -> Result<bool, &'static str> {
        match self {
            Self::Flag(flag) => Ok(flag),
            Self::Text(text) => match text.as_str() {
                "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
                "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
                _ => Err("`true` or `false`"),
            },
            Self::List(_) | Self::Other => Err("`true` or `false`"),
        }
    }

    fn into_text(self) -> Result<String, &'static str> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err("a text"),
        }
    }
}

#[derive(Default)]
struct Reading {
    settings: ConftestSettings,
    diagnostics: Vec<Diagnostic>,
    of_environment: bool,
}

impl Reading {
    /// One setting; `places` are those of the key and of the value.
    fn entry(&mut self, key: &str, value: Written, places: Option<(Location, Location)>) {
        let lower = key.to_lowercase();
        if !HONOURED.contains(&lower.as_str()) {
            self.not_honoured(key, &lower, &value, places.map(|(key, _)| key));
            return;
        }
        let place = places.map(|(_, value)| value);
        let spanned = |value: String| Spanned { value, location: place.clone() };
        let settings = &mut self.settings;
        let outcome = match lower.as_str() {
            "policy" => value.into_list().map(|list| settings.policy = Some(list)),
            "data" => value.into_list().map(|list| settings.data = Some(list)),
            "namespace" => {
                value.into_list().map(|list| settings.namespace = Some(list.into_iter().map(spanned).collect()))
            }
            "all-namespaces" => value.into_flag().map(|flag| settings.all_namespaces = Some(flag)),
            "combine" => value.into_flag().map(|flag| settings.combine = Some(flag)),
            "fail-on-warn" => value.into_flag().map(|flag| settings.fail_on_warn = Some(flag)),
            "ignore" => {
                value.into_text().map(|text| settings.ignore = Some(spanned(text)).filter(|it| !it.value.is_empty()))
            }
            _ => value
                .into_text()
                .and_then(|text| rego_version(&text).ok_or("`v0` or `v1`"))
                .map(|version| settings.rego_version = Some(version)),
        };
        if let Err(expected) = outcome {
            let diagnostic = Diagnostic::error(rules::CONFIG_TYPE, format!("{} must be {expected}", self.told(key)));
            self.push(diagnostic.help("correct the value"), place, "this value");
        }
    }

    fn not_honoured(&mut self, key: &str, lower: &str, value: &Written, place: Option<Location>) {
        if matches!(value, Written::Flag(false)) {
            return; // what is not asked for is not missed
        }
        let told = self.told(key);
        if let Some((_, instead)) = OTHERS.iter().find(|(other, _)| *other == lower) {
            let diagnostic =
                Diagnostic::note(rules::CONFIG_UNKNOWN_KEY, format!("{told} of Conftest does nothing here"));
            return self.push(diagnostic.help(*instead), place, "not honoured");
        }
        let diagnostic = Diagnostic::warning(rules::CONFIG_UNKNOWN_KEY, format!("{told} is not known"));
        let known = HONOURED.into_iter().chain(OTHERS.into_iter().map(|(other, _)| other));
        let help = match did_you_mean(lower, known) {
            Some(near) => format!("did you mean {}?", self.told(near)),
            None => "remove it, unless a plugin reads it".to_owned(),
        };
        self.push(diagnostic.help(help), place, "not known");
    }

    /// A key as the user writes it.
    fn told(&self, key: &str) -> String {
        match self.of_environment {
            true => format!("`{CONFTEST_PREFIX}{}`", key.to_uppercase().replace('-', "_")),
            false => format!("`{key}`"),
        }
    }

    fn push(&mut self, diagnostic: Diagnostic, place: Option<Location>, label: &str) {
        self.diagnostics.push(match place {
            Some(place) => diagnostic.at(place, label),
            None => diagnostic,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    fn parse(text: &str) -> (ConftestSettings, Vec<(u32, Severity, String)>) {
        let (settings, found) = ConftestSettings::parse(&Source::file(CONFTEST_FILE, text));
        let line = |found: &Diagnostic| found.primary.as_ref().expect("a place").location.position().line;
        (settings, found.iter().map(|found| (line(found), found.severity, found.message.clone())).collect())
    }

    #[test]
    fn every_key_that_is_honoured_is_read() {
        let (settings, found) = parse(
            "# ours\npolicy = \"tests, more\"\nnamespace = [\"a\", 'b.*']\nall-namespaces = false\ndata = \"d\"\ncombine = true\n\
             fail-on-warn = \"1\"\nrego-version = \"v0\"\nignore = \"^x/\"\nno-fail = false\n",
        );
        assert_eq!(found, []);
        assert_eq!(settings.policy.expect("policy"), ["tests", "more"]);
        let names: Vec<String> = settings.namespace.expect("names").into_iter().map(|name| name.value).collect();
        assert_eq!(names, ["a", "b.*"]);
        assert_eq!(settings.data.expect("data"), ["d"]);
        assert_eq!(
            [settings.all_namespaces, settings.combine, settings.fail_on_warn],
            [Some(false), Some(true), Some(true)]
        );
        assert_eq!(settings.rego_version, Some(RegoVersion::V0));
        assert_eq!(settings.ignore.expect("ignore").value, "^x/");
    }

    #[test]
    fn what_does_nothing_is_told_with_its_line() {
        let (_, found) = parse("namespce = \"a\"\noutput = \"json\"\ncombine = \"often\"\nrego-version = 1\n[table]\n");
        assert_eq!(
            found,
            [
                (1, Severity::Warning, "`namespce` is not known".to_owned()),
                (2, Severity::Note, "`output` of Conftest does nothing here".to_owned()),
                (3, Severity::Error, "`combine` must be `true` or `false`".to_owned()),
                (4, Severity::Error, "`rego-version` must be a text".to_owned()),
                (5, Severity::Warning, "`table` is not known".to_owned()),
            ]
        );
        let (_, found) = parse("policy = \n");
        assert_eq!((found[0].0, found[0].1), (1, Severity::Error));
    }

    #[test]
    fn variables_are_read_and_the_unknown_told() {
        let variables = [
            ("CONFTEST_ALL_NAMESPACES", "true"),
            ("CONFTEST_POLICY", "a,b"),
            ("CONFTEST_DATA", ""),
            ("CONFTEST_NAMESPCE", "x"),
            ("PATH", "/bin"),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (settings, found) = ConftestSettings::of_environment(&variables);
        assert_eq!((settings.all_namespaces, settings.policy.expect("policy").len()), (Some(true), 2));
        assert!(settings.data.is_none());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].help.as_deref(), Some("did you mean `CONFTEST_NAMESPACE`?"));
    }
}
