//! A repository's address as it may be published: one spelling for each repository, and nothing secret in it.

use std::fmt;

/// `https://git.example.org/team/repository`: no credentials, no `.git`, the host in lower case.
///
/// Addresses of other protocols become `https`: this one is for people and forges to open, not to fetch with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryUrl(String);

impl RepositoryUrl {
    /// Reads what `git remote` knows: a URL, or `git@host:path`. `None` for folders of this machine and what is no address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (scheme, authority, path) = split(text)?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (scheme, host) = match scheme {
            "https" => ("https", host.strip_suffix(":443").unwrap_or(host)),
            "http" => ("http", host.strip_suffix(":80").unwrap_or(host)),
            // the port of one protocol says nothing about another
            "ssh" | "git" | "git+ssh" | "ssh+git" => ("https", without_port(host)),
            _ => return None,
        };
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
        let usable = |text: &str| !text.is_empty() && !text.contains(|sign: char| sign.is_control() || sign == ' ');
        let is_host = |text: &str| text.chars().all(|sign| sign.is_ascii_alphanumeric() || "-._:[]".contains(sign));
        (usable(host) && is_host(host) && usable(path))
            .then(|| Self(format!("{scheme}://{}/{path}", host.to_lowercase())))
    }

    /// Whether an address has a password in it, or what is most likely a token.
    #[must_use]
    pub fn holds_credentials(text: &str) -> bool {
        let Some((scheme, authority, _)) = split(text.trim()) else { return false };
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        user.is_some_and(|user| user.contains(':') || matches!(scheme, "https" | "http"))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scheme, what stands before the path, and the path.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let (authority, path) = rest.split_once('/')?;
        return Some((scheme, authority, path));
    }
    let (authority, path) = text.split_once(':')?;
    // `C:/work` is a folder, and `./a:b` as well
    let is_host = authority.len() > 1 && !authority.contains('/') && !authority.contains('\\');
    is_host.then_some(("ssh", authority, path))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        RepositoryUrl::parse(text).map(|url| url.to_string())
    }

    #[test]
    fn every_way_to_clone_a_repository_gives_one_address() {
        for text in [
            "https://GitHub.com/Acme/Shop.git",
            "https://github.com/Acme/Shop/",
            "https://github.com:443/Acme/Shop",
            "https://x-access-token:ghs_secret@github.com/Acme/Shop.git",
            "git@github.com:Acme/Shop.git",
            "ssh://git@github.com:22/Acme/Shop.git",
            "git://github.com/Acme/Shop?x=1#y",
        ] {
            assert_eq!(parse(text).as_deref(), Some("https://github.com/Acme/Shop"), "{text}");
        }
        assert_eq!(parse("http://git.local:3000/a/b").as_deref(), Some("http://git.local:3000/a/b"));
    }

    #[test]
    fn folders_of_this_machine_are_no_address() {
        for text in [
            "/srv/git/a",
            "../a",
            "C:/work/a",
            "C:\\work",
            "file:///srv/a",
            "./a:b",
            "",
            "https://",
            "https:///a",
            "ssh:x y",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn credentials_are_seen_wherever_they_may_stand() {
        for text in ["https://ghp_secret@github.com/a/b", "https://a:b@host/c", "ssh://git:pw@host/c"] {
            assert!(RepositoryUrl::holds_credentials(text), "{text}");
        }
        for text in ["git@github.com:a/b", "ssh://git@host/c", "https://github.com/a/b@c"] {
            assert!(!RepositoryUrl::holds_credentials(text), "{text}");
        }
    }
}
