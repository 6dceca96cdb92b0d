//! A trail is what was read of the input on the way to one solution.

use std::rc::Rc;

use super::path::Path;

/// What a value that was read was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// It is told in the message.
    Shown,
    /// It was passed on.
    Passed,
    /// A condition depends on it.
    Tested,
}

/// One place of the object that was looked at, whether or not something is there.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) path: Path,
    pub(super) role: Role,
}

/// Reads in order. Cheap to copy: solutions share how they began.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail(Option<Rc<Step>>);

#[derive(Debug)]
struct Step {
    before: Trail,
    what: What,
}

#[derive(Debug)]
enum What {
    Read(Read),
    Trail(Trail),
}

impl Trail {
    pub(super) fn push(&mut self, read: Read) {
        self.add(What::Read(read));
    }

    /// Adds everything that led to a value that was taken from elsewhere.
    pub(super) fn join(&mut self, other: &Self) {
        if other.0.is_some() {
            self.add(What::Trail(other.clone()));
        }
    }

    fn add(&mut self, what: What) {
        let before = std::mem::take(self);
        self.0 = Some(Rc::new(Step { before, what }));
    }

    /// The place that matters most: content before names, one that a condition depends on before one that was passed
    /// on or is told, and of those the last, or what was read inside of it.
    pub(super) fn best(&self) -> Option<Path> {
        let mut best: Option<(Rank, Path)> = None;
        let mut work = vec![self];
        let mut seen = 0;
        // from the last to the first
        while let Some(trail) = work.pop() {
            let Some(step) = &trail.0 else { continue };
            seen += 1;
            if seen > MOST_STEPS {
                break;
            }
            work.push(&step.before);
            match &step.what {
                What::Trail(trail) => work.push(trail),
                What::Read(read) => {
                    let better = |(rank, path): &(Rank, Path)| {
                        let inside = read.path.parts().starts_with(path.parts()) && read.path != *path;
                        (read.rank(), inside) > (*rank, false)
                    };
                    if best.as_ref().is_none_or(better) {
                        best = Some((read.rank(), read.path.clone()));
                    }
                }
            }
        }
        best.map(|(_, path)| path)
    }
}

impl Drop for Step {
    /// Long trails would otherwise be dropped one inside the other.
    fn drop(&mut self) {
        let mut next = self.before.0.take();
        while let Some(mut step) = next.take().and_then(Rc::into_inner) {
            next = step.before.0.take();
        }
    }
}

/// How far a trail is followed: the same value may have been joined many times.
const MOST_STEPS: usize = 20_000;

type Rank = (Weight, Role);

/// Policies read what things are called to tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    NameOfObject,
    NameOfItem,
    Content,
}

impl Read {
    fn rank(&self) -> Rank {
        (weight(self.path.parts()), self.role)
    }
}

fn weight(parts: &[String]) -> Weight {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [] | ["apiVersion" | "kind" | "metadata"] | ["metadata", "name" | "namespace" | "generateName"] => {
            Weight::NameOfObject
        }
        [.., list, _, "name"] if list.to_ascii_lowercase().ends_with("containers") => Weight::NameOfItem,
        _ => Weight::Content,
    }
}
