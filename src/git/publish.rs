//! Publish: writes a signed commit and moves its branch, if the branch is still where it was.

use std::path::PathBuf;

use gix::bstr::BString;
use gix::object::Kind;
use gix::objs::Write as _;
use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};

use super::error::spell_out;
use super::prepare::NewObject;
use super::{BranchName, CommitId, Error, Repository, UnsignedCommit, pack, signature_header};
use crate::sign::{Payload as _, Signed, SignedCommit};

/// Up to this many objects are written one by one; more go into one pack. Loose objects cost a file each, packs cost
/// every later reader a file to look into.
const LOOSE_LIMIT: usize = 50;

/// What a publication did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The branch.
    pub branch: BranchName,
    /// Its new tip.
    pub commit: CommitId,
    /// Its tip before.
    pub previous: Option<CommitId>,
    /// How many objects were written.
    pub objects: usize,
    /// Whether they went into a pack.
    pub packed: bool,
}

impl Repository {
    /// Writes a commit and moves its branch: see [`publish_all`](Self::publish_all).
    pub fn publish(&self, signed: &Signed<UnsignedCommit>) -> Result<Published, Error> {
        let published = self.publish_all(std::slice::from_ref(signed))?;
        Ok(published.into_iter().next().expect("one commit in, one publication out"))
    }

    /// Writes commits and moves their branches from the tips they were prepared on, in one transaction: if any branch is
    /// elsewhere by now, all of them stay where they are; the objects are left for `git gc`.
    pub fn publish_all(&self, signed: &[Signed<UnsignedCommit>]) -> Result<Vec<Published>, Error> {
        let mut published = Vec::with_capacity(signed.len());
        for signed in signed {
            self.refuse_checked_out(&signed.content().branch)?;
            published.push(self.write(signed)?);
        }
        self.move_branches(&published)?;
        Ok(published)
    }

    /// Writes the objects of a commit, which no branch knows yet.
    fn write(&self, signed: &Signed<UnsignedCommit>) -> Result<Published, Error> {
        let unsigned = signed.content();
        let commit = self.commit_object(signed)?;
        let id = CommitId(commit.id);
        let mut objects = unsigned.objects.clone();
        objects.push(commit);
        let packed = objects.len() > LOOSE_LIMIT;
        if packed {
            self.write_pack(&mut objects)?;
        } else {
            self.write_loose(&objects)?;
        }
        Ok(Published {
            branch: unsigned.branch.clone(),
            commit: id,
            previous: unsigned.expected,
            objects: objects.len(),
            packed,
        })
    }

    fn commit_object(&self, signed: &Signed<UnsignedCommit>) -> Result<NewObject, Error> {
        let hash = self.local().object_hash();
        let malformed = |message: String| Error::Malformed { id: "of the new commit".to_owned(), message };
        let bytes = SignedCommit::join(signed.content().payload(), signed.signature(), signature_header(hash))
            .map_err(|error| malformed(error.to_string()))?;
        let id = gix::objs::compute_hash(hash, Kind::Commit, &bytes).map_err(|error| malformed(spell_out(&error)))?;
        Ok(NewObject { id, kind: Kind::Commit, bytes })
    }

    fn write_loose(&self, objects: &[NewObject]) -> Result<(), Error> {
        let repo = self.local();
        for object in objects {
            repo.objects
                .write_buf_with_known_id(object.kind, &object.bytes, object.id)
                .map_err(|error| Error::Write { path: self.objects_folder(), message: spell_out(&error) })?;
        }
        Ok(())
    }

    fn write_pack(&self, objects: &mut [NewObject]) -> Result<(), Error> {
        objects.sort_by_key(|object| object.id);
        pack::write(&self.objects_folder(), objects, self.local().object_hash())
    }

    fn objects_folder(&self) -> PathBuf {
        self.local().objects.store_ref().path().to_owned()
    }

    /// Compare-and-swap under git's own locks: all of them are taken before the first branch moves.
    fn move_branches(&self, published: &[Published]) -> Result<(), Error> {
        let repo = self.local();
        let time = gix::date::Time::now_utc().to_string();
        let committer =
            gix::actor::SignatureRef { name: "Hydrant".into(), email: "hydrant@localhost".into(), time: &time };
        match repo.edit_references_as(published.iter().map(reference_edit), Some(committer)) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.why_not_moved(published, &error)),
        }
    }

    /// Tells a moved branch from a held lock and from everything else: gix's words are the same for many reasons.
    fn why_not_moved(&self, published: &[Published], error: &gix::Error) -> Error {
        for Published { branch, previous, .. } in published {
            match self.branch_tip(branch) {
                Ok(found) if found != *previous => {
                    return Error::BranchMoved { branch: branch.to_string(), expected: *previous, found };
                }
                _ => {}
            }
        }
        for Published { branch, .. } in published {
            let lock = self.local().common_dir().join(format!("{}.lock", branch.as_full_name().as_bstr()));
            if lock.exists() {
                return Error::Locked { branch: branch.to_string(), lock };
            }
        }
        let branches: Vec<String> = published.iter().map(|published| published.branch.to_string()).collect();
        Error::Reference { branch: branches.join(", "), message: spell_out(error) }
    }
}

fn reference_edit(published: &Published) -> RefEdit {
    let message = match published.previous {
        Some(_) => "hydrant: publish",
        None => "hydrant: publish the first commit",
    };
    let expected = published
        .previous
        .map_or(PreviousValue::MustNotExist, |tip| PreviousValue::MustExistAndMatch(Target::Object(tip.0)));
    RefEdit {
        change: Change::Update {
            log: LogChange { mode: RefLog::AndReference, force_create_reflog: false, message: BString::from(message) },
            expected,
            new: Target::Object(published.commit.0),
        },
        name: published.branch.as_full_name().to_owned(),
        deref: false,
    }
}
