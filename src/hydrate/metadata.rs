//! Metadata: what Argo CD's hydrator puts beside manifests, byte for byte, for the tools that read it.

use serde::Serialize;

use super::dry::{DryRevision, ReferencedCommit};

/// The file that tells which dry commit a folder was rendered from.
pub const METADATA_NAME: &str = "hydrator.metadata";
/// The file that tells people how to render a folder themselves.
pub(super) const README_NAME: &str = "README.md";
/// The file that tells forges which files nobody wants to review.
pub(super) const ATTRIBUTES_NAME: &str = ".gitattributes";
/// Its text. That the last line does not end is how it is known.
pub(super) const ATTRIBUTES: &str =
    "**/README.md linguist-generated=true\n**/hydrator.metadata linguist-generated=true";

/// `hydrator.metadata`. What is empty is left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct Metadata<'a> {
    #[serde(rename = "repoURL", skip_serializing_if = "str::is_empty")]
    repo_url: &'a str,
    #[serde(rename = "drySha")]
    dry_sha: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    commands: Vec<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    author: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    date: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    body: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Reference>,
}

#[derive(Debug, Serialize)]
struct Reference {
    commit: Referenced,
}

#[derive(Debug, Serialize)]
struct Referenced {
    #[serde(skip_serializing_if = "String::is_empty")]
    author: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    date: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    body: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    sha: String,
    // Argo CD writes `repoUrl` and GitOps Promoter `repoURL`; both read either
    #[serde(rename = "repoURL", skip_serializing_if = "String::is_empty")]
    repo_url: String,
}

impl From<ReferencedCommit> for Referenced {
    fn from(commit: ReferencedCommit) -> Self {
        let ReferencedCommit { author, date, subject, body, sha, repo_url } = commit;
        Self { author, date, subject, body, sha, repo_url }
    }
}

impl<'a> Metadata<'a> {
    /// What stands at the top: the dry commit, with its message.
    pub(super) fn of_branch(repo_url: Option<&'a str>, dry: &'a DryRevision) -> Self {
        Self {
            author: &dry.author,
            date: dry.author_time.to_rfc3339().unwrap_or_default(),
            subject: dry.subject(),
            body: dry.body(),
            references: dry.reference().map(|commit| Reference { commit: commit.into() }).into_iter().collect(),
            ..Self::of_app(repo_url, dry, Vec::new())
        }
    }

    /// What stands in an app's folder: the dry commit, and how to render the app from it.
    pub(super) fn of_app(repo_url: Option<&'a str>, dry: &'a DryRevision, commands: Vec<String>) -> Self {
        Self { repo_url: repo_url.unwrap_or_default(), dry_sha: &dry.id, commands, ..Self::default() }
    }

    /// As Go's `encoding/json` writes it with two spaces and without escapes for HTML.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let text = serde_json::to_string_pretty(self).expect("texts and lists of texts: all of it JSON");
        // outside of texts these two never stand
        let text = text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
        format!("{text}\n").into_bytes()
    }
}

/// `README.md`: how to render this folder.
pub(super) fn readme(repo_url: Option<&str>, dry: &DryRevision, commands: &[String]) -> Vec<u8> {
    let mut text =
        "# Manifest Hydration\n\nThe manifests in this folder were rendered. To render them again:\n\n```shell\n"
            .to_owned();
    if let Some(url) = repo_url {
        text.push_str(&format!("git clone {url}\n# change into the cloned folder\n"));
    }
    text.push_str(&format!("git checkout {}\n", dry.id));
    commands.iter().for_each(|command| text.push_str(&format!("{command}\n")));
    text.push_str("```\n");
    if let Some(commit) = dry.reference() {
        text.push_str(&format!("\n## References\n\n{}\n", list_item(&commit)));
    }
    text.into_bytes()
}

/// The words of a reference come from a commit message: they must not become Markdown.
fn list_item(commit: &ReferencedCommit) -> String {
    let short = commit.sha.get(..7).unwrap_or(&commit.sha);
    let name = if short.is_empty() { "commit" } else { short };
    let url = &commit.repo_url;
    let is_link = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    let mut item = match is_link && !url.contains(['(', ')', '<', '>']) {
        true => format!("* [{name}]({url})"),
        false => format!("* {name}"),
    };
    if !commit.subject.is_empty() {
        item.push_str(&format!(": {}", plain(&commit.subject)));
    }
    if !commit.author.is_empty() {
        item.push_str(&format!(" ({})", plain(&commit.author)));
    }
    item
}

fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for sign in text.chars() {
        if "\\`*_[]<>#!|".contains(sign) {
            plain.push('\\');
        }
        plain.push(if sign.is_control() { ' ' } else { sign });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::super::CommitTime;
    use super::*;

    fn dry(message: &str) -> DryRevision {
        DryRevision {
            id: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            time: CommitTime { seconds: 1, offset: 0 },
            author: "Ada <ada@example.com>".to_owned(),
            author_time: CommitTime { seconds: 1_767_225_600, offset: 3600 },
            message: message.to_owned(),
        }
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn the_top_tells_the_commit_and_the_apps_tell_the_commands() {
        let dry = dry("web: <more> & \"better\"\n\nBecause.\n");
        assert_eq!(
            text(Metadata::of_branch(Some("https://git.example.org/a"), &dry).to_bytes()),
            r#"{
  "repoURL": "https://git.example.org/a",
  "drySha": "0123456789abcdef0123456789abcdef01234567",
  "author": "Ada <ada@example.com>",
  "date": "2026-01-01T00:00:00Z",
  "subject": "web: <more> & \"better\"",
  "body": "Because.\n"
}
"#
        );
        assert_eq!(
            text(Metadata::of_app(None, &dry, vec!["hydrant render prod/web".to_owned()]).to_bytes()),
            r#"{
  "drySha": "0123456789abcdef0123456789abcdef01234567",
  "commands": [
    "hydrant render prod/web"
  ]
}
"#
        );
    }

    #[test]
    fn signs_are_escaped_as_go_escapes_them() {
        let metadata = dry("a\u{1}\u{8}\u{c}\t\u{1f}\u{7f}\u{2028}\u{2029}é😀/\\");
        let line = text(Metadata::of_branch(None, &metadata).to_bytes());
        assert!(line.contains("\"a\\u0001\\b\\f\\t\\u001f\u{7f}\\u2028\\u2029é😀/\\\\\""), "{line}");
    }

    #[test]
    fn a_reference_is_a_commit_with_its_author_as_text() {
        let dry = dry("bump\n\nArgocd-reference-commit-sha: abcdef012345\nArgocd-reference-commit-subject: [x](y)\n\
            Argocd-reference-commit-author: Bob <bob@example.com>\n\
            Argocd-reference-commit-repourl: https://git.example.org/code\n");
        let written = text(Metadata::of_branch(None, &dry).to_bytes());
        let reference = r#"  "references": [
    {
      "commit": {
        "author": "\"Bob\" <bob@example.com>",
        "subject": "[x](y)",
        "sha": "abcdef012345",
        "repoURL": "https://git.example.org/code"
      }
    }
  ]
}
"#;
        assert!(written.ends_with(reference), "{written}");
        assert!(!written.contains("\"body\""), "{written}");
        let readme = text(readme(None, &dry, &[]));
        let item = "* [abcdef0](https://git.example.org/code): \\[x\\](y) (\"Bob\" \\<bob@example.com\\>)\n";
        assert!(readme.ends_with(&format!("\n## References\n\n{item}")), "{readme}");
    }
}
