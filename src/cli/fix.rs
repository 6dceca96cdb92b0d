//! `hydrant validate --fix`: writes loose manifests as everybody reads them, where that provably changes nothing.

use std::io::Write as _;
use std::path::Path;

use super::exit::Failure;
use super::project::pipeline_failure;
use super::terminal::Terminal;
use crate::diagnostic::count;
use crate::load::LooseFile;
use crate::manifest::Fixed;
use crate::pipeline::{self, Limits, LooseRun};
use crate::source::Location;

/// Fixes the files on disk, and prints what came by stdin. What is validated afterwards is the fixed text.
pub(super) fn run(
    files: &mut [LooseFile],
    loose: &LooseRun<'_>,
    limits: &Limits,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let all = pipeline::fix_loose(files, loose, limits).map_err(pipeline_failure)?;
    let (mut places, mut changed) = (0, 0);
    for (file, fixed) in files.iter_mut().zip(all) {
        let Some(fixed) = fixed else {
            // a filter passes on what it does not understand; what is no text at all ends as a finding
            let bytes = file.bytes().ok().filter(|_| file.path().is_none());
            if let Some(Ok(text)) = bytes.as_deref().map(std::str::from_utf8) {
                terminal.data(text);
            }
            continue;
        };
        tell(&fixed, terminal);
        places += fixed.applied.len();
        changed += usize::from(fixed.is_changed());
        match file.path() {
            Some(path) if fixed.is_changed() => replace(path, fixed.source.text())?,
            Some(_) => {}
            None => {
                terminal.data(fixed.source.text());
                file.set_text(fixed.source.text());
            }
        }
    }
    terminal.talk(&format!("fixed {} in {}", count(places, "place"), count(changed, "file")));
    Ok(())
}

fn tell(fixed: &Fixed, terminal: &Terminal) {
    for (rule, location) in &fixed.applied {
        terminal.talk(&format!("{}: fixed {rule}", place(location)));
    }
    for left in &fixed.left {
        terminal.talk(&format!("{}: left {}: {}", place(&left.location), left.rule, left.reason));
    }
}

fn place(location: &Location) -> String {
    let position = location.position();
    format!("{}:{}:{}", location.source.name(), position.line, position.column)
}

/// The file has its old text or its new one, whatever happens in between. A link stays a link.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        let path = path.canonicalize()?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(std::fs::metadata(&path)?.permissions())?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| Failure::cannot_work(format!("cannot write `{}`: {error}", path.display())))
}
