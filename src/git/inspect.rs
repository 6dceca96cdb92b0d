//! Inspect: what must be so before a branch may be written on, and what is taken from others where that is permitted.

use super::base::Base;
use super::tips::Tip;
use super::{CommitTree, ContentId, EditedFile, Error, Refusal, Repository};
use crate::hydrate::{Footprint, HydratedTree, RECORD_PATH, Record, Takeover};
use crate::tree::{Digest, RepoPath};

/// What a publication may take from others. Nothing, unless somebody says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Files of others at our paths, branches without a record of ours, and edits that say what we say.
    pub adopt: bool,
    /// Edits of our files.
    pub force: bool,
}

impl Repository {
    pub(super) fn inspect(
        &self,
        base: &Base,
        tree: &HydratedTree,
        permissions: Permissions,
    ) -> Result<Takeover, Error> {
        let Some(tip) = &base.tip else { return Ok(Takeover::default()) };
        let branch = base.target.branch.to_string();
        let inspection = Inspection { repository: self, branch, tip, tree, permissions };
        let mut takeover = Takeover::default();
        let record = inspection.record(&mut takeover)?;
        self.refuse_source_branch(&base.target.branch, tip.id, &tree.dry().id)?;
        inspection.refuse_nested_writers()?;
        if let Some(record) = record {
            inspection.edits(record, &mut takeover)?;
        }
        inspection.files_of_others(record, &mut takeover)?;
        Ok(takeover)
    }
}

struct Inspection<'a> {
    repository: &'a Repository,
    branch: String,
    tip: &'a Tip,
    tree: &'a HydratedTree,
    permissions: Permissions,
}

impl<'a> Inspection<'a> {
    /// The record of what we own there. None: nothing is ours yet.
    fn record(&self, takeover: &mut Takeover) -> Result<Option<&'a Record>, Refusal> {
        let (branch, tip) = (self.branch.clone(), self.tip.id);
        let wanted = self.tree.record();
        match &self.tip.record {
            Ok(Some(record)) => {
                if record.environment != wanted.environment {
                    let (found, wanted) = (record.environment.clone(), wanted.environment.clone());
                    return Err(Refusal::OtherEnvironment { branch, found, wanted });
                }
                if record.writer.is_other_than(&wanted.writer) {
                    if !self.permissions.adopt {
                        let (found, wanted) = (Box::new(record.writer.clone()), Box::new(wanted.writer.clone()));
                        return Err(Refusal::OtherWriter { branch, tip, found, wanted });
                    }
                    takeover.adopted.push(record.path().into());
                }
                Ok(Some(record))
            }
            // in a folder of its own a project needs no leave, and an empty branch is waiting for somebody
            Ok(None) if wanted.folder.is_some() || is_empty(&self.tip.files) => Ok(None),
            Ok(None) if self.permissions.adopt => {
                takeover.adopted.push(format!("the branch at {tip}"));
                Ok(None)
            }
            Ok(None) => Err(Refusal::ForeignBranch { branch, tip }),
            Err(_) if self.permissions.adopt => {
                takeover.adopted.push(wanted.path().into());
                Ok(None)
            }
            Err(reason) => Err(Refusal::BrokenRecord { branch, tip, reason: reason.clone() }),
        }
    }

    /// Two writers of which one has the other's folder inside its own would delete each other's files.
    fn refuse_nested_writers(&self) -> Result<(), Refusal> {
        let ours = self.tree.record().path();
        let folder = |record: &RepoPath| record.as_str().strip_suffix(RECORD_PATH).map(str::to_owned);
        let Some(our_folder) = folder(&ours) else { return Ok(()) };
        let records = self.tip.files.entries().map(|(path, _)| path).filter(|path| **path != ours);
        for record in records {
            // `x.hydrant/record.json` ends alike and is no record
            let Some(other) = folder(record).filter(|other| other.is_empty() || other.ends_with('/')) else { continue };
            if other.starts_with(&our_folder) || our_folder.starts_with(&other) {
                return Err(Refusal::NestedWriters { branch: self.branch.clone(), record: record.clone() });
            }
        }
        Ok(())
    }

    fn edits(&self, record: &Record, takeover: &mut Takeover) -> Result<(), Error> {
        let mut refused = Vec::new();
        let ours = self.tree.record().files();
        // what stands there as we would write it again need not be read
        let as_we_write = |path: &RepoPath, found: ContentId| {
            let id = self.repository.blob_id(self.tree.files().get(path)?).ok()?;
            (id == found).then(|| ours.get(path).copied()).flatten()
        };
        for edited in self.tip.files.edited_files_unless(record, as_we_write)? {
            if self.tree.preserves(edited.path()) {
                continue;
            }
            if self.permissions.adopt && self.says_the_same(&edited) {
                takeover.adopted.push(edited.path().to_string());
            } else if self.permissions.force {
                takeover.overwritten.push(edited.path().to_string());
            } else {
                refused.push(edited);
            }
        }
        match refused.is_empty() {
            true => Ok(()),
            false => {
                Err(Refusal::EditedByHand { branch: self.branch.clone(), tip: self.tip.id, files: refused }.into())
            }
        }
    }

    /// Whether the source says by now what somebody did on the branch: then nothing of theirs is lost.
    fn says_the_same(&self, edited: &EditedFile) -> bool {
        let wanted = self.tree.files().get(edited.path());
        match edited {
            EditedFile::Removed(_) => wanted.is_none(),
            EditedFile::Changed { found, .. } => wanted.is_some_and(|bytes| Digest::of(bytes) == *found),
            EditedFile::NotAFile(..) => false,
        }
    }

    /// Files of others at one of our paths, or at a path that cannot stand beside one of ours.
    fn files_of_others(&self, record: Option<&Record>, takeover: &mut Takeover) -> Result<(), Refusal> {
        let (ours, record_path) = (self.tree.files(), self.tree.record().path());
        let owned = record.map(Record::files).unwrap_or_default();
        let attestations = record.map(Record::attestations).unwrap_or_default();
        let is_ours = |path: &RepoPath| owned.contains_key(path) || attestations.contains_key(path);
        let others = self.tip.files.entries().map(|(path, _)| path);
        let others: Vec<&RepoPath> = others.filter(|path| !is_ours(path) && **path != record_path).collect();
        if others.is_empty() {
            return Ok(());
        }
        let mut footprint = Footprint::default();
        for path in ours.keys().chain(self.tree.kept()) {
            footprint.add(path);
        }
        let mut refused = Vec::new();
        for path in others {
            if ours.contains_key(path) && self.permissions.adopt {
                takeover.adopted.push(path.to_string());
            } else if ours.contains_key(path) || footprint.clash(path).is_some() {
                refused.push(path.to_string());
            }
        }
        match refused.is_empty() {
            true => Ok(()),
            false => Err(Refusal::Occupied { branch: self.branch.clone(), files: refused }),
        }
    }
}

fn is_empty(files: &CommitTree) -> bool {
    files.entries().next().is_none() && files.unusable().is_empty()
}
