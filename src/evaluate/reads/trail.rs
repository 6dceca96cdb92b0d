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

    /// The place that matters most: one that a condition depends on before one that was passed on or is told, what an
    /// object is before how it is called, the deepest, the last.
    pub(super) fn best(&self) -> Option<Path> {
        let mut best: Option<(Rank, Path)> = None;
        let mut work = vec![self];
        let mut seen = 0;
        // from the last to the first: a later one wins where both rank the same
        while let Some(Trail(Some(step))) = work.pop() {
            seen += 1;
            if seen > MOST_STEPS {
                break;
            }
            work.push(&step.before);
            match &step.what {
                What::Trail(trail) => work.push(trail),
                What::Read(read) => {
                    let rank = rank(read);
                    if best.as_ref().is_none_or(|(other, _)| *other < rank) {
                        best = Some((rank, read.path.clone()));
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

/// Whether it is more than a name, its role, its depth.
type Rank = (bool, Role, usize);

fn rank(read: &Read) -> Rank {
    (!is_name(read.path.parts()), read.role, read.path.parts().len())
}

/// What an object, or an item of a list, is called: policies read it to tell objects apart.
fn is_name(parts: &[String]) -> bool {
    match parts {
        [only] => matches!(only.as_str(), "apiVersion" | "kind" | "metadata"),
        [first, second] if first == "metadata" => {
            matches!(second.as_str(), "name" | "namespace" | "generateName")
        }
        [.., index, last] => last == "name" && index.bytes().all(|byte| byte.is_ascii_digit()),
        [] => true,
    }
}
