//! History: which branch a revision is, and which commits lie between two.

use std::path::PathBuf;
use std::sync::Arc;

use super::error::spell_out;
use super::tips::Tips;
use super::{CommitId, Error, Repository};

/// More commits than this between two tips of an output branch are no push of one day's work.
const MAX_COMMITS: usize = 100_000;

impl Repository {
    /// The name of the branch that a revision is spelt as: `env/prod` for itself, for `refs/heads/env/prod` and for
    /// `origin/env/prod`; `None` for what is no branch, such as an id.
    #[must_use]
    pub fn branch_of(&self, revision: &str) -> Option<String> {
        let repo = self.local();
        let found = match revision {
            "HEAD" | "@" => repo.head_name().ok().flatten()?,
            revision => repo.try_find_reference(revision).ok().flatten()?.name().to_owned(),
        };
        let name = found.as_bstr().to_string();
        if let Some(branch) = name.strip_prefix("refs/heads/") {
            return Some(branch.to_owned());
        }
        let tracking = name.strip_prefix("refs/remotes/")?;
        let remotes = repo.remote_names();
        let named = remotes.iter().filter_map(|remote| tracking.strip_prefix(&*remote.to_string())?.strip_prefix('/'));
        // without a remote of that name, as in a copied folder, its name has one part
        let named = named.min_by_key(|rest| rest.len()).or_else(|| Some(tracking.split_once('/')?.1));
        named.map(str::to_owned)
    }

    /// The commits that `tip` has and `since` has not, `tip` among them unless they are the same.
    pub fn commits_since(&self, since: CommitId, tip: CommitId) -> Result<Vec<CommitId>, Error> {
        let repo = self.local();
        let failed = |message: String| Error::Object { id: tip.to_string(), message };
        let walk = repo.rev_walk([tip.0]).with_hidden([since.0]).all();
        let mut commits = Vec::new();
        for commit in walk.map_err(|error| failed(spell_out(&error)))? {
            commits.push(CommitId(commit.map_err(|error| failed(spell_out(&error)))?.id));
            if commits.len() > MAX_COMMITS {
                return Err(failed(format!("more than {MAX_COMMITS} commits lead to it from {since}")));
            }
        }
        Ok(commits)
    }

    /// Whether `tip` has `ancestor` among its ancestors, or is it.
    pub fn descends_from(&self, tip: CommitId, ancestor: CommitId) -> Result<bool, Error> {
        // whatever the ancestor has that the tip lacks: the ancestor itself at least, if it is none
        Ok(self.commits_since(tip, ancestor)?.is_empty())
    }

    /// The commit at the tip of the notes.
    pub fn notes_commit(&self) -> Result<Option<CommitId>, Error> {
        self.notes_tip()
    }

    /// Reads objects from these folders as well, before those of the repository: git keeps what is pushed apart until
    /// its hooks have let it pass.
    pub fn with_object_folders(mut self, folders: &[PathBuf]) -> Result<Self, Error> {
        let own = self.shared.to_thread_local().objects.store_ref().path().to_owned();
        let hash = self.local().object_hash();
        let broken = |error: std::io::Error| Error::Open { path: own.clone(), message: error.to_string() };
        // a folder of objects that has none of its own, and names all of them as alternates
        let folder = tempfile::Builder::new().prefix("hydrant-objects-").tempdir().map_err(broken)?;
        std::fs::create_dir_all(folder.path().join("info")).map_err(broken)?;
        let mut listed = String::new();
        for path in folders.iter().chain([&own]) {
            let path = std::path::absolute(path).map_err(broken)?;
            let text = path.to_str().filter(|text| !text.contains(['\n', '"', '#']));
            let text = text
                .ok_or_else(|| broken(std::io::Error::other(format!("`{}` cannot be an alternate", path.display()))))?;
            listed.push_str(&format!("{text}\n"));
        }
        std::fs::write(folder.path().join("info/alternates"), listed).map_err(broken)?;
        let store =
            gix::odb::Store::at_opts(folder.path().to_owned(), hash, &mut std::iter::empty(), Default::default());
        self.shared.objects = store.map_err(broken)?.into();
        self.borrowed = Some(Arc::new(folder));
        self.tips = Tips::default();
        Ok(self)
    }
}
