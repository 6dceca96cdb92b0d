//! Watching: a command done again whenever the files that it is about have changed, until it is interrupted.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Global;
use super::exit::{Exit, Failure};
use super::project::{find_root, read_project};
use super::terminal::Terminal;
use crate::config::Project;
use crate::load::Snapshot;
use crate::pipeline::{Effort, Memory};

/// The files are looked at this often, if that is quick.
const LOOK: Duration = Duration::from_millis(25);
/// And at least this often.
const SELDOM: Duration = Duration::from_secs(1);

/// Asks again and again; `round` does its work if something changed since, and gives `None` if nothing has.
///
/// Files are looked at, for no system is told of changes: that would need a crate of its own for each kind of machine,
/// and misses what comes over a network. Looking takes at most a fifth of one core.
pub(super) fn watch(
    terminal: &Terminal,
    mut round: impl FnMut() -> Option<Result<Exit, Failure>>,
) -> Result<Exit, Failure> {
    loop {
        let began = Instant::now();
        match round() {
            Some(result) => {
                // what cannot be read or understood now may be so after the next change
                if let Err(failure) = result {
                    terminal.failure(&failure);
                }
                terminal.talk("watching for changes; interrupt to end\n");
            }
            None => std::thread::sleep((began.elapsed() * 4).clamp(LOOK, SELDOM)),
        }
    }
}

/// A project, and what of it is known from the last round.
pub(super) struct Round<'a> {
    pub(super) files: &'a Snapshot,
    pub(super) project: &'a Project,
    pub(super) memory: &'a mut Memory,
}

/// Watches the project of the work tree.
pub(super) fn watch_project(
    global: &Global,
    terminal: &Terminal,
    mut work: impl FnMut(Round<'_>) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let mut watched = Watched::default();
    watch(terminal, || {
        match watched.look(global) {
            Ok(false) => return None,
            Ok(true) => {}
            Err(failure) => return Some(Err(failure)),
        }
        let (_, files) = watched.snapshot.as_ref()?;
        let memory = &mut watched.memory;
        let result = read_project(files).and_then(|project| work(Round { files, project: &project, memory }));
        if result.is_ok() {
            terminal.talk(&effort(memory.effort()));
        }
        Some(result)
    })
}

/// What is watched: the folder of the nearest `hydrant.yaml`, as it was at the last look.
#[derive(Default)]
struct Watched {
    snapshot: Option<(PathBuf, Snapshot)>,
    memory: Memory,
    /// Why the last look failed: told once.
    failure: Option<String>,
}

impl Watched {
    /// Whether there is something new to see.
    fn look(&mut self, global: &Global) -> Result<bool, Failure> {
        match self.see(global) {
            Ok(changed) => Ok(changed | self.failure.take().is_some()),
            Err(failure) if self.failure.as_ref() == Some(&failure.message) => Ok(false),
            Err(failure) => {
                self.failure = Some(failure.message.clone());
                Err(failure)
            }
        }
    }

    fn see(&mut self, global: &Global) -> Result<bool, Failure> {
        let cannot_read = |error: crate::tree::TreeError| Failure::cannot_work(error.to_string());
        let root = find_root(&global.directory)?;
        match &mut self.snapshot {
            Some((known, snapshot)) if *known == root => snapshot.refresh().map_err(cannot_read),
            _ => {
                let snapshot = Snapshot::of(&root).map_err(cannot_read)?;
                (self.snapshot, self.memory) = (Some((root, snapshot)), Memory::default());
                Ok(true)
            }
        }
    }
}

/// How much of a round was work; nothing of one that remembered nothing.
fn effort(effort: Effort) -> String {
    let Effort { rendered, units, judged, objects } = effort;
    if (rendered, judged) == (units, objects) {
        return String::new();
    }
    let judged = if objects > 0 { format!(", judged {judged} of {objects} objects") } else { String::new() };
    format!("again: rendered {rendered} of {units} apps in their environments{judged}")
}
