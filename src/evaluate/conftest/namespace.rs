//! A namespace is a package that is asked for messages, by its name without `data.` or by a pattern over names.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, did_you_mean, rules};
use crate::evaluate::module::Module;
use crate::evaluate::shape;
use crate::source::Location;

/// Which packages are asked for messages.
#[derive(Debug, Clone, Default)]
pub enum Namespaces {
    /// All of them.
    #[default]
    All,
    /// Those that a pattern matches. A pattern that begins with `!` leaves packages out, knowingly.
    Chosen(Vec<NamespacePattern>),
}

/// A name, or a pattern over names: `*` is any text, dots included, `?` one sign, `[a-c]` one of several.
#[derive(Debug, Clone)]
pub struct NamespacePattern {
    text: String,
    leaves_out: bool,
    signs: Vec<Sign>,
    location: Option<Location>,
}

/// Why a text is no namespace. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamespaceError {
    /// Nothing is written there.
    #[error("a namespace is the name of a package, and this one is empty")]
    Empty,
    /// `[` without an end, an empty `[]`, or `\` at the end.
    #[error("`{0}` is no pattern over packages: `[` opens a choice of signs that `]` ends")]
    Syntax(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Sign {
    /// `*`
    Any,
    /// `?`
    One,
    /// `[a-c]`, or `[^a-c]`
    Among { not: bool, ranges: Vec<(char, char)> },
    /// Any other.
    Exactly(char),
}

impl NamespacePattern {
    /// Reads a name or a pattern, with or without `data.` before it.
    pub fn parse(text: &str) -> Result<Self, NamespaceError> {
        let (leaves_out, name) = match text.strip_prefix('!') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let name = name.strip_prefix("data.").unwrap_or(name);
        if name.trim().is_empty() {
            return Err(NamespaceError::Empty);
        }
        let signs = signs(name).ok_or_else(|| NamespaceError::Syntax(name.to_owned()))?;
        Ok(Self { text: name.to_owned(), leaves_out, signs, location: None })
    }

    /// Where it is written.
    #[must_use]
    pub fn at(mut self, location: Option<Location>) -> Self {
        self.location = location;
        self
    }

    /// Whether a package is meant.
    #[must_use]
    pub fn matches(&self, package: &str) -> bool {
        let package: Vec<char> = package.chars().collect();
        matches(&self.signs, &package)
    }
}

impl Namespaces {
    /// Whether a package is asked.
    #[must_use]
    pub fn ask(&self, package: &str) -> bool {
        let Self::Chosen(patterns) = self else { return true };
        let mut named = patterns.iter().filter(|pattern| !pattern.leaves_out).peekable();
        (named.peek().is_none() || named.any(|pattern| pattern.matches(package))) && !self.leave_out(package)
    }

    /// Whether somebody said that a package is not to be asked.
    pub(super) fn leave_out(&self, package: &str) -> bool {
        match self {
            Self::All => false,
            Self::Chosen(patterns) => patterns.iter().any(|pattern| pattern.leaves_out && pattern.matches(package)),
        }
    }
}

/// Marks the modules that are asked. Complains of namespaces that ask nothing.
pub(in crate::evaluate) fn choose(
    namespaces: &Namespaces,
    modules: &mut [Module],
    is_ours: impl Fn(&Module) -> bool,
) -> Vec<Diagnostic> {
    let Namespaces::Chosen(patterns) = namespaces else { return Vec::new() };
    let mut packages = BTreeSet::new();
    let mut reporting = BTreeSet::new();
    for module in modules.iter_mut().filter(|module| !is_ours(module)) {
        let name = module.package_name();
        module.queried = namespaces.ask(&name);
        if shape::reports(module) {
            reporting.insert(name.clone());
        }
        packages.insert(name);
    }
    let named = patterns.iter().filter(|pattern| !pattern.leaves_out);
    named.filter_map(|pattern| complaint(pattern, &packages, &reporting)).collect()
}

fn complaint(
    pattern: &NamespacePattern,
    packages: &BTreeSet<String>,
    reporting: &BTreeSet<String>,
) -> Option<Diagnostic> {
    let name = &pattern.text;
    if reporting.iter().any(|package| pattern.matches(package)) {
        return None;
    }
    let (message, label) = if packages.iter().any(|package| pattern.matches(package)) {
        let label = "no rule is called `deny`, `violation` or `warn` there";
        (format!("the namespace `{name}` has no rule that reports"), label)
    } else {
        (format!("the namespace `{name}` is no package"), "no package has this name")
    };
    let help = match did_you_mean(name, reporting.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if reporting.is_empty() => "name a folder of policies that has rules called `deny`".to_owned(),
        None => format!("the packages with rules that report are {}", listed(reporting)),
    };
    let diagnostic = Diagnostic::error(rules::UNKNOWN_NAMESPACE, message).help(help);
    Some(match &pattern.location {
        Some(location) => diagnostic.at(location.clone(), label),
        None => diagnostic,
    })
}

/// At most eight of them: a message is no catalogue.
fn listed(names: &BTreeSet<String>) -> String {
    let mut words: Vec<String> = names.iter().take(8).map(|name| format!("`{name}`")).collect();
    if names.len() > words.len() {
        words.push(format!("{} more", names.len() - words.len()));
    }
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}

/// The signs of a pattern as Go's `path.Match` reads them; `None` if it does not.
fn signs(text: &str) -> Option<Vec<Sign>> {
    let mut signs = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(sign) = rest.next() {
        signs.push(match sign {
            '*' => Sign::Any,
            '?' => Sign::One,
            '\\' => Sign::Exactly(rest.next()?),
            '[' => {
                let not = rest.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while rest.next_if_eq(&']').is_none() || ranges.is_empty() {
                    let low = one_of(&mut rest)?;
                    let high = if rest.next_if_eq(&'-').is_some() { one_of(&mut rest)? } else { low };
                    ranges.push((low, high));
                }
                Sign::Among { not, ranges }
            }
            other => Sign::Exactly(other),
        });
    }
    Some(signs)
}

/// A sign within brackets.
fn one_of(rest: &mut impl Iterator<Item = char>) -> Option<char> {
    match rest.next()? {
        '\\' => rest.next(),
        '-' | ']' => None,
        other => Some(other),
    }
}

/// Goes back to the last `*` only: earlier ones could do no better.
fn matches(signs: &[Sign], text: &[char]) -> bool {
    let (mut sign, mut at) = (0, 0);
    let mut star = None;
    loop {
        match signs.get(sign) {
            Some(Sign::Any) => {
                star = Some((sign, at));
                sign += 1;
                continue;
            }
            Some(one) if text.get(at).is_some_and(|letter| one.is(*letter)) => {
                (sign, at) = (sign + 1, at + 1);
                continue;
            }
            None if at == text.len() => return true,
            _ => {}
        }
        match star {
            Some((before, from)) if from < text.len() => {
                star = Some((before, from + 1));
                (sign, at) = (before + 1, from + 1);
            }
            _ => return false,
        }
    }
}

impl Sign {
    fn is(&self, letter: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Among { not, ranges } => ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != *not,
            Self::Exactly(exact) => *exact == letter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> NamespacePattern {
        NamespacePattern::parse(text).expect("a pattern")
    }

    #[test]
    fn patterns_match_as_they_do_in_conftest() {
        for (text, package, expected) in [
            ("main", "main", true),
            ("main", "main.gke", false),
            ("data.main", "main", true),
            ("main.*", "main.gke", true),
            ("main.*", "main", false),
            ("*", "a.b.c", true),
            ("k8s.*.deny", "k8s.a.b.deny", true),
            ("*a*b", "xaxxb", true),
            ("*a*b", "xaxxbc", false),
            ("k?s", "k8s", true),
            ("k?s", "ks", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[]x", "x", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
        ] {
            let found = NamespacePattern::parse(text).is_ok_and(|pattern| pattern.matches(package));
            assert_eq!(found, expected, "{text} {package}");
        }
        for text in ["", " ", "!", "[a", "[", "[]x", "a\\", "[a-]"] {
            assert!(NamespacePattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_with_an_exclamation_mark_leaves_packages_out() {
        let chosen = |patterns: &[&str]| Namespaces::Chosen(patterns.iter().map(|text| pattern(text)).collect());
        let asked = |namespaces: &Namespaces| ["a", "a.b", "c"].map(|package| namespaces.ask(package));
        assert_eq!(asked(&Namespaces::All), [true, true, true]);
        assert_eq!(asked(&chosen(&["a*"])), [true, true, false]);
        assert_eq!(asked(&chosen(&["!c"])), [true, true, false]);
        assert_eq!(asked(&chosen(&["a*", "!a.b"])), [true, false, false]);
    }
}
