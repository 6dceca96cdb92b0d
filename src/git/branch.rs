//! Branch names, and the branches that must not be written whatever their content.

use std::collections::HashSet;
use std::fmt;

use gix::ObjectId;

use super::error::spell_out;
use super::{CommitId, Error, Refusal, Repository};

/// The name of a branch without `refs/heads/`, valid for git.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BranchName {
    name: String,
    full: gix::refs::FullName,
}

impl BranchName {
    /// Reads `env/prod`; `refs/heads/env/prod` means the same.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |reason: String| Error::BranchName { branch: text.to_owned(), reason };
        let name = text.strip_prefix("refs/heads/").unwrap_or(text);
        if name.starts_with("refs/") {
            return Err(invalid("it lies outside `refs/heads/`".to_owned()));
        }
        // git-branch(1) refuses both: the one looks like an option, the other like the current branch
        if name.starts_with('-') || name == "HEAD" {
            return Err(invalid("git does not take it for a branch".to_owned()));
        }
        let full = gix::refs::FullName::try_from(format!("refs/heads/{name}"));
        let full = full.map_err(|error| invalid(error.to_string()))?;
        Ok(Self { name: name.to_owned(), full })
    }

    /// The name without `refs/heads/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// `refs/heads/env/prod`.
    pub(super) fn reference(&self) -> String {
        format!("refs/heads/{}", self.name)
    }

    pub(super) fn as_full_name(&self) -> &gix::refs::FullNameRef {
        self.full.as_ref()
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Repository {
    /// Refuses a branch that `HEAD` of this repository or of any of its work trees names, born or not.
    pub(super) fn refuse_checked_out(&self, branch: &BranchName) -> Result<(), Error> {
        let repo = self.local();
        let broken = |error: gix::Error| Error::Open { path: self.path.clone(), message: spell_out(&error) };
        for work_tree in repo.worktrees_including_main().map_err(broken)? {
            let work_tree = work_tree.map_err(broken)?;
            let head = work_tree.head_name().map_err(broken)?;
            if head.is_some_and(|head| head == branch.full) {
                let place = work_tree.workdir().unwrap_or_else(|| work_tree.git_dir()).display().to_string();
                return Err(Refusal::CheckedOut { branch: branch.to_string(), place }.into());
            }
        }
        Ok(())
    }

    /// Refuses to make a branch that git would not make, or that a remote has already.
    pub(super) fn refuse_new(&self, branch: &BranchName) -> Result<(), Error> {
        let others = match &self.upstream {
            Some(upstream) => upstream.branches(),
            None => self.reference_names("refs/heads/")?,
        };
        for other in others {
            if is_inside(&other, branch.as_str()) || is_inside(branch.as_str(), &other) {
                return Err(Refusal::NameClash { branch: branch.to_string(), other }.into());
            }
        }
        if self.upstream.is_some() {
            return Ok(());
        }
        for remote in self.reference_names("refs/remotes/")? {
            if remote.split_once('/').is_some_and(|(_, name)| name == branch.as_str()) {
                return Err(Refusal::OnlyRemote { branch: branch.to_string(), remote }.into());
            }
        }
        Ok(())
    }

    /// The names of all references below a folder of them, without that folder, in order.
    pub(super) fn reference_names(&self, folder: &str) -> Result<Vec<String>, Error> {
        let broken = |error: gix::Error| Error::Open { path: self.path.clone(), message: spell_out(&error) };
        let repo = self.local();
        let references = repo.references().map_err(broken)?;
        let names = references.prefixed(folder).map_err(broken)?.map(|reference| {
            let name = reference.map_err(broken)?.name().as_bstr().to_string();
            Ok(name.strip_prefix(folder).unwrap_or(&name).to_owned())
        });
        names.collect()
    }

    /// Refuses a branch that the dry commit is part of: publishing would bury the source under its own output.
    pub(super) fn refuse_source_branch(&self, branch: &BranchName, tip: CommitId, dry: &str) -> Result<(), Error> {
        let Ok(dry_id) = ObjectId::from_hex(dry.as_bytes()) else { return Ok(()) };
        if self.is_ancestor(dry_id, tip)? {
            return Err(Refusal::SourceBranch { branch: branch.to_string(), dry: dry.to_owned() }.into());
        }
        Ok(())
    }

    /// Whether the commit `later` comes after `earlier`, both by their full ids. `false` where nobody can tell: in a shallow
    /// clone, or of a commit that is not here.
    pub fn comes_after(&self, later: &str, earlier: &str) -> Result<bool, Error> {
        match (ObjectId::from_hex(later.as_bytes()), ObjectId::from_hex(earlier.as_bytes())) {
            (Ok(later), Ok(earlier)) if later != earlier => self.is_ancestor(earlier, CommitId(later)),
            _ => Ok(false),
        }
    }

    /// Whether `tip` is `ancestor` or comes after it. The history may end early, as in a shallow clone.
    pub(super) fn is_ancestor(&self, ancestor: ObjectId, tip: CommitId) -> Result<bool, Error> {
        let repo = self.local();
        let mut queue = vec![tip.0];
        let mut seen = HashSet::new();
        while let Some(id) = queue.pop() {
            if id == ancestor {
                return Ok(true);
            }
            if !seen.insert(id) {
                continue;
            }
            match repo.find_commit(id) {
                Ok(commit) => queue.extend(commit.parent_ids().map(gix::Id::detach)),
                Err(_) if repo.is_shallow().unwrap_or(false) => {}
                Err(error) => return Err(Error::Object { id: id.to_string(), message: spell_out(&error) }),
            }
        }
        Ok(false)
    }
}

/// Whether the name `inner` lies in the folder `outer`.
fn is_inside(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_git_branch_takes() {
        assert_eq!(BranchName::parse("env/prod").expect("valid").as_str(), "env/prod");
        assert_eq!(BranchName::parse("refs/heads/env/prod").expect("valid").as_str(), "env/prod");
        let wrong = [
            "",
            "-x",
            "HEAD",
            "a..b",
            "a b",
            "a~1",
            "a.lock",
            "/a",
            "a/",
            "a//b",
            "refs/tags/x",
            "a\nb",
            "@{-1}",
            "a:b",
        ];
        for name in wrong {
            assert!(matches!(BranchName::parse(name), Err(Error::BranchName { .. })), "{name:?}");
        }
    }
}
