//! Moving references: under git's own locks, and with a note of which, so that those of a process that died are not
//! there for ever.
//!
//! A lock is a file beside the reference. Who is killed between making it and renaming it leaves it behind, and from then
//! on nobody moves that reference, git included. So the names are written down first, in a file that is itself locked by
//! the operating system, which no death outlasts: whoever gets that lock and finds names knows that nobody holds them.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use gix::bstr::ByteSlice as _;
use gix::refs::Target;
use gix::refs::transaction::{Change, RefEdit};

use super::Repository;

/// In the folder that all work trees of a repository share.
const NOTE: &str = "hydrant/moving";
/// A note is a few lines; what is longer is none of ours.
const MAX_NOTE_BYTES: u64 = 1 << 20;
/// Moving takes milliseconds: who waits longer for the note waits for a process that stands still, and goes on without.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
/// An empty lock may be one that somebody has made this moment and not written yet.
const FRESH: Duration = Duration::from_secs(1);

impl Repository {
    /// Moves references, all of them or none: each lock is taken before the first one moves.
    pub(super) fn move_references(&self, edits: Vec<RefEdit>) -> Result<(), gix::Error> {
        let repo = self.local();
        let time = gix::date::Time::now_utc().to_string();
        let committer =
            gix::actor::SignatureRef { name: "Hydrant".into(), email: "hydrant@localhost".into(), time: &time };
        let names: String = edits.iter().filter_map(noted).collect();
        // where no note can be kept, a lock that is left over has to be removed by hand, as with git
        let note = Note::begin(repo.common_dir(), &names);
        let moved = repo.edit_references_as(edits, Some(committer)).map(drop);
        if let Some(note) = note {
            note.end();
        }
        moved
    }

    /// Removes the locks of ours that a process left which was killed: git, too, would stop at them.
    pub(super) fn remove_left_over_locks(&self) {
        if let Some(note) = Note::begin(self.local().common_dir(), "") {
            note.end();
        }
    }
}

/// A line of the note: where a reference is to go, and its name.
fn noted(edit: &RefEdit) -> Option<String> {
    match &edit.change {
        Change::Update { new: Target::Object(id), .. } => {
            Some(format!("{id} {}\n", edit.name.as_bstr().to_str().ok()?))
        }
        _ => None,
    }
}

/// The file with the names, locked.
struct Note(File);

impl Note {
    fn begin(folder: &Path, names: &str) -> Option<Self> {
        let path = folder.join(NOTE);
        std::fs::create_dir_all(path.parent()?).ok()?;
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).ok()?;
        let began = Instant::now();
        while file.try_lock().is_err() {
            if began.elapsed() > PATIENCE {
                return None;
            }
            std::thread::sleep(PAUSE);
        }
        let mut left = String::new();
        Read::by_ref(&mut file).take(MAX_NOTE_BYTES).read_to_string(&mut left).ok()?;
        for (id, name) in left.lines().filter_map(|line| line.split_once(' ')) {
            remove_left_over(folder, name, id);
        }
        let mut note = Self(file);
        note.write(names)?;
        Some(note)
    }

    fn write(&mut self, text: &str) -> Option<()> {
        self.0.set_len(0).ok()?;
        self.0.rewind().ok()?;
        self.0.write_all(text.as_bytes()).ok()
    }

    fn end(mut self) {
        let _ = self.write("");
    }
}

/// Removes the lock of a reference if it is the one that was left: it says where the reference was to go, or is empty and
/// not of this moment.
fn remove_left_over(folder: &Path, name: &str, id: &str) {
    let is_name = gix::refs::FullName::try_from(name).is_ok() && name.starts_with("refs/");
    let lock = folder.join(format!("{name}.lock"));
    let began = Instant::now();
    while is_name && let Ok(text) = std::fs::read_to_string(&lock) {
        if text.trim_end() == id || (text.is_empty() && age(&lock).max(began.elapsed()) >= FRESH) {
            let _ = std::fs::remove_file(&lock);
            return;
        }
        if !text.is_empty() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

fn age(path: &Path) -> Duration {
    let made = std::fs::symlink_metadata(path).and_then(|metadata| metadata.modified()).ok();
    // made in the future: a clock was set back, and nobody can say how old it is
    made.and_then(|made| SystemTime::now().duration_since(made).ok()).unwrap_or_default()
}
