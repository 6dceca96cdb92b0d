//! The seal of Argo CD: a trailer on a signed commit that says "what lies behind me was not checked, and need not be".
//!
//! In its mode `strict` Argo CD wants every ancestor signed, back to a signed commit with this trailer.

use super::UnsignedCommit;
use super::prepare::payload;

/// The trailer's name.
pub const SEAL_TRAILER: &str = "Argocd-gpg-seal";

/// A reason that cannot stand in a trailer. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be the reason of a seal: it has to be one line of text")]
pub struct SealError(String);

impl UnsignedCommit {
    /// Whether nothing lies behind the commit, or only the one that it begins a branch with. A proposal to a branch that
    /// exists begins nothing.
    #[must_use]
    pub fn begins_a_branch(&self) -> bool {
        self.parent.is_none()
    }

    /// Adds the seal to the commit's message; to that of the very first commit where there is one before this.
    pub fn seal(&mut self, reason: &str) -> Result<(), SealError> {
        if let Some(first) = &mut self.first {
            return first.seal(reason);
        }
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().any(char::is_control) {
            return Err(SealError(reason.escape_debug().to_string()));
        }
        if !self.rest.ends_with('\n') {
            self.rest.push('\n');
        }
        if !ends_with_trailers(&self.rest) {
            self.rest.push('\n');
        }
        self.rest.push_str(&format!("{SEAL_TRAILER}: {reason}\n"));
        self.payload = payload(self.tree, self.parent, &self.rest);
        Ok(())
    }
}

/// Whether the last paragraph of a commit's message, which is not its subject, is one of trailers.
fn ends_with_trailers(commit: &str) -> bool {
    let Some((_, message)) = commit.split_once("\n\n") else { return false };
    let Some((_, last)) = message.trim_end().rsplit_once("\n\n") else { return false };
    let is_trailer = |line: &str| {
        line.split_once(": ").is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
        })
    };
    last.lines().all(is_trailer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_told_from_other_text() {
        let head = "tree x\nauthor y\n\n";
        assert!(ends_with_trailers(&format!("{head}subject\n\nA-B: c\nD: e\n")));
        assert!(ends_with_trailers(&format!("{head}subject\n\nbody\n\nA-B: c\n")));
        for other in ["subject\n", "Fix: a thing\n", "subject\n\nbody\n", "subject\n\nA: b\nbody\n", ""] {
            assert!(!ends_with_trailers(&format!("{head}{other}")), "{other:?}");
        }
    }
}
