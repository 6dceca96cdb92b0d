//! Finds out where a failed render was just before a moment, by rendering it again with less fuel.
//!
//! The engine says where it failed, but neither who called the macro it was in, nor where the output overflowed. Fuel
//! is exact and each render is the same as the last, so a render with `n` steps stops at the `n`th step and tells
//! its place. Only failures pay for this.

use minijinja::{Environment, Error, ErrorKind};

use super::Run;
use super::way::{innermost, place};
use crate::source::Location;
use crate::tree::RepoPath;

/// How many steps back a caller is looked for.
const MAX_STEPS_BACK: u64 = 512;

/// A caller is looked for only if the failure is among the first steps, so that it is found at once.
pub(super) const SOON: u64 = 50_000;

/// What looking for a caller may cost, in steps of the engine.
const MAX_COST: u64 = 2_000_000;

/// A failed render that can be replayed.
pub(super) struct Trace<'a> {
    run: &'a Run,
    path: &'a RepoPath,
    environment: Environment<'static>,
    /// The fewest steps with which it fails as it did.
    end: u64,
}

impl<'a> Trace<'a> {
    /// Replays the render of `path` until the step that fails is known, if that is one of the first `most`.
    pub(super) fn of(run: &'a Run, path: &'a RepoPath, most: u64) -> Option<Self> {
        let mut trace = Self { run, path, environment: run.environment.clone(), end: 0 };
        let (mut runs_dry, mut fails) = (0, 1);
        while trace.stop_at(fails).is_some() {
            if fails >= most {
                return None;
            }
            (runs_dry, fails) = (fails, (fails * 4).min(most));
        }
        while fails - runs_dry > 1 {
            let middle = runs_dry + (fails - runs_dry) / 2;
            if trace.stop_at(middle).is_some() { runs_dry = middle } else { fails = middle }
        }
        trace.end = fails;
        Some(trace)
    }

    /// The place of the last step before the failure.
    pub(super) fn last_place(&mut self) -> Option<Location> {
        self.place_at(self.end.checked_sub(1)?)
    }

    /// The last place before the failure that is not `inside`.
    pub(super) fn last_place_outside(&mut self, inside: impl Fn(&Location) -> bool) -> Option<Location> {
        let steps_back = MAX_STEPS_BACK.min(MAX_COST / self.end.max(1));
        let first = self.end.saturating_sub(steps_back).max(1);
        (first..self.end).rev().filter_map(|steps| self.place_at(steps)).find(|place| !inside(place))
    }

    fn place_at(&mut self, steps: u64) -> Option<Location> {
        self.stop_at(steps).and_then(|error| place(self.run, innermost(&error)))
    }

    /// The error of running out of `steps`; `None` if the render ends in another way before.
    fn stop_at(&mut self, steps: u64) -> Option<Error> {
        self.environment.set_fuel(Some(steps));
        let error = self.run.text(&self.environment, self.path).err()?;
        (innermost(&error).kind() == ErrorKind::OutOfFuel).then_some(error)
    }
}
