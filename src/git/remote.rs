//! Remote: where a repository says it comes from.

use super::Repository;

impl Repository {
    /// The address of the remote `origin` as it is configured, credentials included; `None` without one.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let repo = self.local();
        let url = repo.config_snapshot().string("remote.origin.url")?;
        Some(url.to_string())
    }
}
