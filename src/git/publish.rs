//! Publish: writes a signed commit and moves its branch, if the branch is still where it was.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gix::ObjectId;
use gix::bstr::BString;
use gix::object::Kind;
use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};

use super::error::spell_out;
use super::notes::{NOTES_REF, UnsignedNotes};
use super::prepare::NewObject;
use super::push::Move;
use super::{BranchName, CommitId, Error, Repository, UnsignedCommit, loose, pack, signature_header};
use crate::sign::{Payload as _, Signature, Signed, SignedCommit};

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

/// Everything that one publication changes: all of it, or nothing.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// Commits and the branches they move.
    pub commits: &'a [Signed<UnsignedCommit>],
    /// Branches that begin at a commit which is there already.
    pub starts: &'a [(BranchName, CommitId)],
    /// The notes.
    pub notes: Option<&'a Signed<UnsignedNotes>>,
}

impl Repository {
    /// Writes a commit and moves its branch: see [`publish_all`](Self::publish_all).
    pub fn publish(&self, signed: &Signed<UnsignedCommit>) -> Result<Published, Error> {
        let published = self.publish_all(std::slice::from_ref(signed))?;
        Ok(published.into_iter().next().expect("one commit in, one publication out"))
    }

    /// Writes commits and moves their branches: see [`publish_batch`](Self::publish_batch).
    pub fn publish_all(&self, signed: &[Signed<UnsignedCommit>]) -> Result<Vec<Published>, Error> {
        self.publish_batch(&Batch { commits: signed, ..Batch::default() })
    }

    /// Writes commits and notes, and moves their branches from the tips they were prepared on, in one transaction: if any
    /// branch is elsewhere by now, all of them stay where they are; the objects are left for `git gc`.
    ///
    /// Where the branches are those of a remote, it is the remote's that move.
    pub fn publish_batch(&self, batch: &Batch<'_>) -> Result<Vec<Published>, Error> {
        let mut objects: BTreeMap<ObjectId, NewObject> = BTreeMap::new();
        let mut published = Vec::with_capacity(batch.commits.len());
        for signed in batch.commits {
            let unsigned = signed.content();
            self.refuse_checked_out(&unsigned.branch)?;
            let commit = self.commit_object(signed)?;
            published.push(Published {
                branch: unsigned.branch.clone(),
                commit: CommitId(commit.id),
                previous: unsigned.expected,
                objects: unsigned.objects.len() + 1,
                packed: false,
            });
            objects.extend(unsigned.objects.iter().cloned().chain([commit]).map(|object| (object.id, object)));
        }
        for (branch, _) in batch.starts {
            self.refuse_checked_out(branch)?;
        }
        let notes =
            batch.notes.map(|notes| self.notes_object(notes).map(|commit| (notes.content(), commit))).transpose()?;
        if let Some((notes, commit)) = &notes {
            let new = notes.objects.iter().chain([commit]).cloned();
            objects.extend(new.map(|object| (object.id, object)));
        }
        let packed = self.write(objects.into_values().collect())?;
        published.iter_mut().for_each(|published| published.packed = packed);
        let notes = notes.map(|(notes, commit)| (notes.expected, CommitId(commit.id)));
        match &self.upstream {
            Some(upstream) => self.push(upstream, &moves(&published, batch.starts, notes))?,
            None => self.move_branches(&published, batch.starts, notes)?,
        }
        Ok(published)
    }

    /// Writes objects, sorted by id, that no branch knows yet. Whether they went into a pack.
    fn write(&self, objects: Vec<NewObject>) -> Result<bool, Error> {
        let packed = objects.len() > LOOSE_LIMIT;
        if packed {
            pack::write(&self.objects_folder(), &objects, self.local().object_hash())?;
        } else {
            loose::write(&self.objects_folder(), &objects)?;
        }
        Ok(packed)
    }

    /// The id that a signed commit will have.
    pub fn id_of(&self, signed: &Signed<UnsignedCommit>) -> Result<CommitId, Error> {
        self.commit_object(signed).map(|commit| CommitId(commit.id))
    }

    fn commit_object(&self, signed: &Signed<UnsignedCommit>) -> Result<NewObject, Error> {
        self.signed_object(signed.content().payload(), signed.signature())
    }

    fn notes_object(&self, signed: &Signed<UnsignedNotes>) -> Result<NewObject, Error> {
        self.signed_object(signed.content().payload(), signed.signature())
    }

    fn signed_object(&self, payload: &[u8], signature: &Signature) -> Result<NewObject, Error> {
        let hash = self.local().object_hash();
        let malformed = |message: String| Error::Malformed { id: "of the new commit".to_owned(), message };
        let bytes = SignedCommit::join(payload, signature, signature_header(hash))
            .map_err(|error| malformed(error.to_string()))?;
        let id = gix::objs::compute_hash(hash, Kind::Commit, &bytes).map_err(|error| malformed(spell_out(&error)))?;
        Ok(NewObject { id, kind: Kind::Commit, bytes })
    }

    fn objects_folder(&self) -> PathBuf {
        self.local().objects.store_ref().path().to_owned()
    }

    /// Compare-and-swap under git's own locks: all of them are taken before the first branch moves.
    fn move_branches(
        &self,
        published: &[Published],
        starts: &[(BranchName, CommitId)],
        notes: Option<(Option<CommitId>, CommitId)>,
    ) -> Result<(), Error> {
        let mut edits: Vec<RefEdit> = published.iter().map(branch_edit).collect();
        edits.extend(starts.iter().map(|(branch, tip)| {
            reference_edit(branch.as_full_name().to_owned(), None, *tip, "hydrant: begin a proposal")
        }));
        if let Some((expected, tip)) = notes {
            let name = gix::refs::FullName::try_from(NOTES_REF).expect("a constant that git takes");
            edits.push(reference_edit(name, expected, tip, "hydrant: publish"));
        }
        self.move_references(edits).map_err(|error| self.why_not_moved(published, starts, notes, &error))
    }

    /// Tells a moved branch from a held lock and from everything else: gix's words are the same for many reasons.
    fn why_not_moved(
        &self,
        published: &[Published],
        starts: &[(BranchName, CommitId)],
        notes: Option<(Option<CommitId>, CommitId)>,
        error: &gix::Error,
    ) -> Error {
        let moves = published.iter().map(|published| (&published.branch, published.previous));
        let moves: Vec<_> = moves.chain(starts.iter().map(|(branch, _)| (branch, None))).collect();
        for (branch, previous) in &moves {
            match self.branch_tip(branch) {
                Ok(found) if found != *previous => {
                    return Error::BranchMoved { branch: branch.to_string(), expected: *previous, found };
                }
                _ => {}
            }
        }
        if let Some((expected, _)) = notes
            && self.notes_tip().is_ok_and(|found| found != expected)
        {
            return Error::NotesMoved { reference: NOTES_REF };
        }
        let names = moves.iter().map(|(branch, _)| (branch.to_string(), branch.as_full_name().as_bstr().to_string()));
        let names: Vec<_> = names.chain(notes.map(|_| (NOTES_REF.to_owned(), NOTES_REF.to_owned()))).collect();
        for (branch, full_name) in &names {
            let lock = self.local().common_dir().join(format!("{full_name}.lock"));
            if lock.exists() {
                return Error::Locked { branch: branch.clone(), lock };
            }
        }
        let branches: Vec<String> = names.into_iter().map(|(branch, _)| branch).collect();
        Error::Reference { branch: branches.join(", "), message: spell_out(error) }
    }
}

/// What a remote is asked to move, in an order in which each could be moved alone: what others refer to comes first.
fn moves(
    published: &[Published],
    starts: &[(BranchName, CommitId)],
    notes: Option<(Option<CommitId>, CommitId)>,
) -> Vec<Move> {
    let branch = |branch: &BranchName, expected, new| Move { reference: branch.reference(), expected, new };
    let commits = published.iter().map(|one| branch(&one.branch, one.previous, one.commit));
    let starts = starts.iter().map(|(name, tip)| branch(name, None, *tip));
    let notes = notes.map(|(expected, new)| Move { reference: NOTES_REF.to_owned(), expected, new });
    commits.chain(starts).chain(notes).collect()
}

fn branch_edit(published: &Published) -> RefEdit {
    let message = match published.previous {
        Some(_) => "hydrant: publish",
        None => "hydrant: publish the first commit",
    };
    reference_edit(published.branch.as_full_name().to_owned(), published.previous, published.commit, message)
}

pub(super) fn reference_edit(
    name: gix::refs::FullName,
    expected: Option<CommitId>,
    new: CommitId,
    message: &str,
) -> RefEdit {
    let expected =
        expected.map_or(PreviousValue::MustNotExist, |tip| PreviousValue::MustExistAndMatch(Target::Object(tip.0)));
    RefEdit {
        change: Change::Update {
            log: LogChange { mode: RefLog::AndReference, force_create_reflog: false, message: BString::from(message) },
            expected,
            new: Target::Object(new.0),
        },
        name,
        deref: false,
    }
}
