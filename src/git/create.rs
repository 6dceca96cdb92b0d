//! Create: a new repository with a first commit, for `demo`.

use std::path::Path;

use gix::bstr::BString;
use gix::object::Kind;
use gix::objs::Write as _;
use gix::objs::tree::EntryKind;
use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};

use super::error::spell_out;
use super::prepare::git_time;
use super::{BranchName, CommitId, Error, Identity, Repository};
use crate::hydrate::CommitTime;
use crate::tree::RepoPath;

impl Repository {
    /// Makes an empty repository with a work tree in an existing folder.
    pub fn init(folder: &Path) -> Result<Self, Error> {
        let failed = |message: String| Error::Write { path: folder.to_owned(), message };
        gix::init(folder).map_err(|error| failed(spell_out(&error)))?;
        Self::open(folder)
    }

    /// Commits files as the first commit of a branch that does not exist yet, unsigned, and makes `HEAD` name it.
    /// The index is left alone.
    pub fn commit_files<'a>(
        &self,
        branch: &BranchName,
        files: impl Iterator<Item = (RepoPath, &'a [u8])>,
        identity: &Identity,
        time: CommitTime,
        message: &str,
    ) -> Result<CommitId, Error> {
        let repo = self.local();
        let failed = |error: gix::Error| Error::Write { path: repo.git_dir().to_owned(), message: spell_out(&error) };
        let mut editor = repo.empty_tree().edit().map_err(failed)?;
        for (path, bytes) in files {
            let blob = repo.write_blob(bytes).map_err(failed)?;
            editor.upsert(path.as_str(), EntryKind::Blob, blob.detach()).map_err(failed)?;
        }
        let tree = editor.write().map_err(failed)?.detach();
        let who = identity.at(time);
        let commit = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\n{message}\n");
        let id = repo.objects.write_buf(Kind::Commit, commit.as_bytes()).map_err(failed)?;
        let to = |name: gix::refs::FullName, expected: PreviousValue, new: Target| RefEdit {
            change: Change::Update {
                log: LogChange { mode: RefLog::AndReference, force_create_reflog: false, message: BString::default() },
                expected,
                new,
            },
            name,
            deref: false,
        };
        let name = branch.as_full_name().to_owned();
        let head = gix::refs::FullName::try_from("HEAD").expect("HEAD is a reference's name");
        let (time, author) = (git_time(time), identity);
        let committer = || Some(author.in_reflog(&time));
        let point = |edit| repo.edit_references_as([edit], committer()).map_err(failed);
        point(to(name.clone(), PreviousValue::MustNotExist, Target::Object(id)))?;
        point(to(head, PreviousValue::Any, Target::Symbolic(name)))?;
        Ok(CommitId(id))
    }
}
