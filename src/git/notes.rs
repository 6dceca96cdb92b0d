//! Notes: which dry commit a hydrated commit stands for by now, told beside the commit and not in it.
//!
//! A publication that changes nothing makes no commit. The note on the tip is how Argo CD and GitOps Promoter learn that
//! the newer dry commit was rendered as well: a branch counts as up to date once its note says so.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::object::Kind;
use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Tree, TreeRefIter, Write as _};

use super::error::spell_out;
use super::prepare::{NewObject, new_objects, payload};
use super::{CommitId, Error, Identity, Repository, object};
use crate::hydrate::DryRevision;
use crate::sign::Payload;

/// Where the notes are. Argo CD's documentation names another reference, its code this one.
pub const NOTES_REF: &str = "refs/notes/hydrator.metadata";

/// A folder of notes is split by the next two digits of their names when it holds more than this many.
const LARGEST_FOLDER: usize = 256;

/// A commit of notes that exists in memory only, with all objects it needs.
#[derive(Debug, Clone)]
pub struct UnsignedNotes {
    pub(super) expected: Option<CommitId>,
    pub(super) payload: Vec<u8>,
    pub(super) objects: Vec<NewObject>,
}

impl Payload for UnsignedNotes {
    fn payload(&self) -> &[u8] {
        &self.payload
    }
}

impl Repository {
    /// The dry commit that the note of a commit names; `None` without a note that names one.
    pub fn note(&self, commit: CommitId) -> Result<Option<String>, Error> {
        let Some(tip) = self.notes_tip()? else { return Ok(None) };
        let tree = self.parsed(&self.commit(tip)?)?.tree();
        let notes = Notes { repo: &self.local() };
        notes.dry_commit(tree, &commit.to_string())
    }

    /// One commit that notes `dry` on all of `commits`; `None` if the notes say so already. Nothing is written.
    pub fn prepare_notes(
        &self,
        commits: &[CommitId],
        dry: &DryRevision,
        identity: &Identity,
    ) -> Result<Option<UnsignedNotes>, Error> {
        let expected = self.notes_tip()?;
        let mut repo = self.local();
        let before = match expected {
            Some(tip) => self.parsed(&self.commit(tip)?)?.tree(),
            None => ObjectId::empty_tree(repo.object_hash()),
        };
        repo.objects.enable_object_memory();
        let notes = Notes { repo: &repo };
        let body = serde_json::json!({ "drySha": dry.id });
        let blob = repo.write_blob(format!("{body}\n")).map_err(|error| unwritten(&error))?.detach();
        let mut tree = before;
        for commit in commits {
            let name = commit.to_string();
            if notes.dry_commit(tree, &name)?.as_deref() != Some(&dry.id) {
                tree = notes.place(tree, &name, blob)?;
            }
        }
        if tree == before {
            return Ok(None);
        }
        let memory = repo.objects.take_object_memory().unwrap_or_default();
        let headers = identity.headers(dry.time);
        let message = format!("hydrator.metadata: {} rendered\n\nHydrant-Dry-Commit: {}\n", dry.short(), dry.id);
        let payload = payload(tree, expected, &format!("{headers}\n{message}"));
        Ok(Some(UnsignedNotes { expected, payload, objects: new_objects(&repo, memory) }))
    }

    /// The tip of the notes.
    pub(super) fn notes_tip(&self) -> Result<Option<CommitId>, Error> {
        match &self.upstream {
            Some(upstream) => Ok(upstream.tip(NOTES_REF)),
            None => self.local_notes_tip(),
        }
    }

    pub(super) fn local_notes_tip(&self) -> Result<Option<CommitId>, Error> {
        let broken = |message: String| Error::Reference { branch: NOTES_REF.to_owned(), message };
        let repo = self.local();
        let Some(found) = repo.try_find_reference(NOTES_REF).map_err(|error| broken(spell_out(&error)))? else {
            return Ok(None);
        };
        match found.target() {
            gix::refs::TargetRef::Object(id) => Ok(Some(CommitId(id.to_owned()))),
            gix::refs::TargetRef::Symbolic(_) => Err(broken("it is a symbolic reference".to_owned())),
        }
    }
}

/// The trees of notes: a note's name is the id of its commit, cut after any number of pairs of digits into folders.
struct Notes<'a> {
    repo: &'a gix::Repository,
}

impl Notes<'_> {
    /// What the one note of this name says. Several, in folders cut differently, say nothing that could be relied on.
    fn dry_commit(&self, tree: ObjectId, name: &str) -> Result<Option<String>, Error> {
        let mut found = Vec::new();
        self.find(tree, name, &mut found)?;
        found.dedup();
        let [blob] = found.as_slice() else { return Ok(None) };
        let bytes = object::read(self.repo, *blob, Kind::Blob)?;
        let note: Option<BTreeMap<String, serde_json::Value>> = serde_json::from_slice(&bytes).ok();
        // others read the key in any case, as Go does; a note of theirs is written again in ours
        Ok(note.and_then(|note| note.get("drySha")?.as_str().map(str::to_owned)))
    }

    fn find(&self, tree: ObjectId, name: &str, found: &mut Vec<ObjectId>) -> Result<(), Error> {
        for entry in self.entries(tree)? {
            match entry.mode.kind() {
                EntryKind::Tree => {
                    if let Some(rest) = rest_in(&entry, name) {
                        self.find(entry.oid, rest, found)?;
                    }
                }
                _ if entry.filename == name => found.push(entry.oid),
                _ => {}
            }
        }
        Ok(())
    }

    /// The tree with this note in place of whatever notes of this name it had. All else stays as it is.
    fn place(&self, tree: ObjectId, name: &str, note: ObjectId) -> Result<ObjectId, Error> {
        let mut entries = self.entries(tree)?;
        entries.retain(|entry| entry.filename != name || entry.mode.is_tree());
        if entries.iter().filter(|entry| is_note(entry, name.len())).count() >= LARGEST_FOLDER {
            entries = self.split(entries, name.len())?;
        }
        let folder = entries.iter().position(|entry| rest_in(entry, name).is_some());
        match folder {
            Some(index) => entries[index].oid = self.place(entries[index].oid, &name[2..], note)?,
            None if has_folders(&entries) && name.len() > 2 && !is_taken(&entries, &name[..2]) => {
                let inside = self.place(ObjectId::empty_tree(self.repo.object_hash()), &name[2..], note)?;
                entries.push(entry(&name[..2], EntryKind::Tree, inside));
            }
            None => entries.push(entry(name, EntryKind::Blob, note)),
        }
        self.write(entries)
    }

    /// Puts the notes of a folder into folders of their first two digits.
    fn split(&self, entries: Vec<Entry>, length: usize) -> Result<Vec<Entry>, Error> {
        let (notes, mut rest): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| is_note(entry, length));
        let mut folders: BTreeMap<Vec<u8>, Vec<Entry>> = BTreeMap::new();
        for mut note in notes {
            let inner = note.filename.split_off(2);
            let folder = std::mem::take(&mut note.filename);
            if is_file(&rest, &folder) {
                // a file of others has the folder's name
                rest.push(Entry { filename: [folder.as_slice(), inner.as_slice()].concat().into(), ..note });
            } else {
                folders.entry(folder.into()).or_default().push(Entry { filename: inner.into(), ..note });
            }
        }
        for (name, notes) in folders {
            match rest.iter_mut().find(|entry| entry.filename == name.as_slice() && entry.mode.is_tree()) {
                Some(folder) => {
                    let mut inside = self.entries(folder.oid)?;
                    inside.retain(|entry| notes.iter().all(|note| note.filename != entry.filename));
                    inside.extend(notes);
                    folder.oid = self.write(inside)?;
                }
                None => {
                    let oid = self.write(notes)?;
                    rest.push(Entry { mode: EntryKind::Tree.into(), filename: name.into(), oid });
                }
            }
        }
        Ok(rest)
    }

    fn entries(&self, tree: ObjectId) -> Result<Vec<Entry>, Error> {
        if tree.is_empty_tree() {
            return Ok(Vec::new());
        }
        let bytes = object::read(self.repo, tree, Kind::Tree)?;
        let malformed = |error: gix::Error| Error::Malformed { id: tree.to_string(), message: spell_out(&error) };
        let entries = TreeRefIter::from_bytes(&bytes, tree.kind()).map(|entry| entry.map(Entry::from));
        entries.collect::<Result<_, _>>().map_err(malformed)
    }

    fn write(&self, mut entries: Vec<Entry>) -> Result<ObjectId, Error> {
        entries.sort();
        self.repo.objects.write(&Tree { entries }).map_err(|error| unwritten(&error))
    }
}

/// The rest of a note's name inside a folder, if the name leads there.
fn rest_in<'a>(entry: &Entry, name: &'a str) -> Option<&'a str> {
    let folder = std::str::from_utf8(&entry.filename).ok()?;
    let rest = name.strip_prefix(folder).filter(|rest| !rest.is_empty());
    rest.filter(|_| entry.mode.is_tree() && folder.len() == 2)
}

fn is_note(entry: &Entry, length: usize) -> bool {
    let digits = |name: &[u8]| name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    !entry.mode.is_tree() && entry.filename.len() == length && length > 2 && digits(&entry.filename)
}

fn has_folders(entries: &[Entry]) -> bool {
    let is_pair = |name: &[u8]| name.len() == 2 && name.iter().all(u8::is_ascii_hexdigit);
    entries.iter().any(|entry| entry.mode.is_tree() && is_pair(&entry.filename))
}

fn is_taken(entries: &[Entry], name: &str) -> bool {
    entries.iter().any(|entry| entry.filename == name)
}

fn is_file(entries: &[Entry], name: &[u8]) -> bool {
    entries.iter().any(|entry| entry.filename == name && !entry.mode.is_tree())
}

fn entry(name: &str, kind: EntryKind, oid: ObjectId) -> Entry {
    Entry { mode: kind.into(), filename: name.into(), oid }
}

fn unwritten(error: &gix::Error) -> Error {
    Error::Object { id: "of the new notes".to_owned(), message: spell_out(error) }
}
