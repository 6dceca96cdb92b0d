//! An object pattern chooses objects by kind, group and version, namespace or name: what `--skip` and `--only` take.

use std::str::FromStr;

use crate::config::Globs;
use crate::manifest::{Name, ObjectRef};

/// Which objects are meant.
#[derive(Debug, Clone)]
pub struct ObjectPattern(What);

#[derive(Debug, Clone)]
enum What {
    /// Those parts that are given must agree; the core group is the empty text.
    Kind {
        group: Option<String>,
        version: Option<String>,
        kind: Option<String>,
    },
    Namespace(Globs),
    Name(Globs),
}

/// Why a text is no pattern. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` says no objects: write `Kind`, `group/version`, `group/Kind`, `group/version/Kind`, `namespace=NAME` or `name=NAME`"
)]
pub struct ObjectPatternError(String);

impl ObjectPattern {
    /// Whether an object is meant.
    #[must_use]
    pub fn matches(&self, object: &ObjectRef) -> bool {
        let agrees = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        match &self.0 {
            What::Kind { group, version, kind } => {
                let gvk = &object.gvk;
                agrees(group, &gvk.group) && agrees(version, &gvk.version) && agrees(kind, &gvk.kind)
            }
            What::Namespace(globs) => object.namespace.as_deref().is_some_and(|namespace| globs.is_match(namespace)),
            What::Name(globs) => match &object.name {
                Name::Fixed(name) | Name::Generated(name) => globs.is_match(name),
            },
        }
    }
}

impl FromStr for ObjectPattern {
    type Err = ObjectPatternError;

    fn from_str(text: &str) -> Result<Self, ObjectPatternError> {
        let wrong = || ObjectPatternError(text.to_owned());
        let kind = |group: Option<&str>, version: Option<&str>, kind: Option<&str>| {
            let owned = |part: Option<&str>| part.map(str::to_owned);
            Ok(Self(What::Kind { group: owned(group), version: owned(version), kind: owned(kind) }))
        };
        if let Some((key, value)) = text.split_once('=') {
            let globs = || Globs::parse(value).map_err(|_| wrong());
            return match key {
                _ if value.is_empty() => Err(wrong()),
                "namespace" => Ok(Self(What::Namespace(globs()?))),
                "name" => Ok(Self(What::Name(globs()?))),
                _ => Err(wrong()),
            };
        }
        match *text.split('/').collect::<Vec<_>>() {
            [word] if is_kind(word) => kind(None, None, Some(word)),
            // the core group has no name
            [word] if is_version(word) => kind(Some(""), Some(word), None),
            [version, word] if is_version(version) && is_kind(word) => kind(Some(""), Some(version), Some(word)),
            [group, version] if is_group(group) && is_version(version) => kind(Some(group), Some(version), None),
            [group, word] if is_group(group) && is_kind(word) => kind(Some(group), None, Some(word)),
            [group, version, word] if is_group(group) && is_version(version) && is_kind(word) => {
                kind(Some(group), Some(version), Some(word))
            }
            _ => Err(wrong()),
        }
    }
}

fn is_kind(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `v1`, `v2beta1`: the names that Kubernetes orders.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else { return false };
    rest.starts_with(|first: char| first.is_ascii_digit())
        && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_group(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        && !is_version(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Gvk;

    fn object(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> ObjectRef {
        ObjectRef {
            gvk: Gvk::new(api_version, kind),
            namespace: namespace.map(Into::into),
            name: Name::Fixed(name.into()),
        }
    }

    fn matches(pattern: &str, object: &ObjectRef) -> bool {
        pattern.parse::<ObjectPattern>().expect(pattern).matches(object)
    }

    #[test]
    fn a_pattern_says_as_much_of_a_kind_as_it_wants() {
        let deployment = object("apps/v1", "Deployment", Some("shop"), "web");
        for pattern in ["Deployment", "apps/v1", "apps/Deployment", "apps/v1/Deployment", "namespace=sh*", "name=web"] {
            assert!(matches(pattern, &deployment), "{pattern}");
        }
        for pattern in ["Service", "v1", "v1/Deployment", "apps/v2", "batch/Deployment", "namespace=s", "name=web-*"] {
            assert!(!matches(pattern, &deployment), "{pattern}");
        }
        assert!(matches("v1", &object("v1", "Pod", None, "a")));
        assert!(matches("v1/Pod", &object("v1", "Pod", None, "a")));
        assert!(!matches("namespace=*", &object("v1", "Pod", None, "a")), "it says no namespace");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "deployment",
            "apps/deployment",
            "apps/v1/Deployment/web",
            "label=a",
            "name=",
            "name=[",
            "/v1",
            "v1/v1",
        ] {
            let error = text.parse::<ObjectPattern>().expect_err(text);
            assert!(error.to_string().starts_with(&format!("`{text}` says no objects")));
        }
    }
}
