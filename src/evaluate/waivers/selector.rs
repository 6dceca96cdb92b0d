//! A selector chooses the objects of a waiver: every key that is given has to agree.

use std::fmt;

use crate::manifest::{Manifest, Name, Node};

use super::review::Target;

/// Which objects are meant. At least one key is given.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    pub(super) kind: Option<String>,
    pub(super) api_group: Option<String>,
    pub(super) namespace: Option<Pattern>,
    pub(super) name: Option<Pattern>,
    pub(super) app: Option<Pattern>,
    pub(super) environment: Option<Pattern>,
    pub(super) labels: Vec<(String, String)>,
}

impl Selector {
    /// Whether a finding about this target is meant. A key says no where nobody knows what it asks for: a finding about
    /// a text has no kind, loose files have no app.
    pub(super) fn selects(&self, target: &Target<'_>) -> bool {
        let known = |wanted: &Option<Pattern>, found: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| found.is_some_and(|found| wanted.matches(found)))
        };
        known(&self.environment, target.environment)
            && known(&self.app, target.app)
            && (!self.asks_for_object() || target.manifest.is_some_and(|manifest| self.selects_object(manifest)))
    }

    pub(super) fn reaches_environment(&self, environment: &str) -> bool {
        self.environment.as_ref().is_none_or(|wanted| wanted.matches(environment))
    }

    pub(super) fn reaches_app(&self, app: &str) -> bool {
        self.app.as_ref().is_none_or(|wanted| wanted.matches(app))
    }

    fn asks_for_object(&self) -> bool {
        let text = self.kind.is_some() || self.api_group.is_some() || !self.labels.is_empty();
        text || self.namespace.is_some() || self.name.is_some()
    }

    fn selects_object(&self, manifest: &Manifest) -> bool {
        let object = &manifest.object;
        let exact = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        let name = match &object.name {
            Name::Fixed(name) | Name::Generated(name) => &**name,
        };
        exact(&self.kind, &object.gvk.kind)
            && exact(&self.api_group, &object.gvk.group)
            && self.name.as_ref().is_none_or(|wanted| wanted.matches(name))
            && self
                .namespace
                .as_ref()
                .is_none_or(|wanted| object.namespace.as_deref().is_some_and(|namespace| wanted.matches(namespace)))
            && self.labels.iter().all(|(key, value)| label(manifest, key) == Some(value))
    }
}

fn label<'a>(manifest: &'a Manifest, key: &str) -> Option<&'a str> {
    manifest.root.get("metadata")?.get("labels")?.get(key).and_then(Node::as_str)
}

/// As the file writes it: `{kind: Deployment, name: web-*}`.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.kind.as_ref().map(|kind| format!("kind: {kind}")));
        parts.extend(self.api_group.as_ref().map(|group| match group.as_str() {
            "" => "apiGroup: \"\"".to_owned(),
            group => format!("apiGroup: {group}"),
        }));
        let patterns = [
            ("namespace", &self.namespace),
            ("name", &self.name),
            ("app", &self.app),
            ("environment", &self.environment),
        ];
        parts.extend(patterns.iter().filter_map(|(key, pattern)| Some(format!("{key}: {}", pattern.as_ref()?))));
        if !self.labels.is_empty() {
            let labels: Vec<String> = self.labels.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            parts.push(format!("labels: {{{}}}", labels.join(", ")));
        }
        write!(f, "{{{}}}", parts.join(", "))
    }
}

/// A name, or what names begin with, end with or hold: `web`, `web-*`, `*-web`, `*-web-*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    before: bool,
    text: String,
    after: bool,
}

impl Pattern {
    /// Reads a pattern. `None` for one that would mean everything, and for a `*` between other signs.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (before, rest) = text.strip_prefix('*').map_or((false, text), |rest| (true, rest));
        let (after, rest) = rest.strip_suffix('*').map_or((false, rest), |rest| (true, rest));
        (!rest.is_empty() && !rest.contains('*')).then(|| Self { before, text: rest.to_owned(), after })
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        match (self.before, self.after) {
            (false, false) => name == self.text,
            (false, true) => name.starts_with(&self.text),
            (true, false) => name.ends_with(&self.text),
            (true, true) => name.contains(&self.text),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = |is: bool| if is { "*" } else { "" };
        write!(f, "{}{}{}", star(self.before), self.text, star(self.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_at_an_end_and_never_alone() {
        let matches = |pattern: &str, name: &str| Pattern::parse(pattern).expect(pattern).matches(name);
        assert!(matches("web", "web") && !matches("web", "web-1") && !matches("web", "a-web"));
        assert!(matches("web-*", "web-1") && matches("web-*", "web-") && !matches("web-*", "web"));
        assert!(matches("*-web", "a-web") && !matches("*-web", "a-web-1"));
        assert!(matches("*web*", "a-web-1") && matches("*web*", "web"));
        for text in ["", "*", "**", "***", "a*b", "*a*b"] {
            assert_eq!(Pattern::parse(text), None, "{text}");
        }
        assert_eq!(Pattern::parse("*web-*").expect("a pattern").to_string(), "*web-*");
    }
}
