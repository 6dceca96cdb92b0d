//! Cores: the threads that read the parts of one large text.

use rayon::prelude::*;

use super::Progress;
use crate::manifest::Readers;

/// A reader for every thread of the pool this runs in; see [`with_threads`](super::with_threads).
#[derive(Debug, Clone, Copy, Default)]
pub struct Cores;

impl Readers for Cores {
    fn count(&self) -> usize {
        rayon::current_num_threads()
    }

    fn each<P: Send, T: Send>(&self, parts: Vec<P>, work: impl Fn(P) -> T + Sync + Send) -> Vec<T> {
        parts.into_par_iter().map(work).collect()
    }
}

/// Cores, where every part of a text that has several is a step of the stage.
pub(super) struct Watched<'a>(pub(super) &'a dyn Progress);

impl Readers for Watched<'_> {
    fn count(&self) -> usize {
        Cores.count()
    }

    fn each<P: Send, T: Send>(&self, parts: Vec<P>, work: impl Fn(P) -> T + Sync + Send) -> Vec<T> {
        self.0.more(parts.len());
        let work = |part| {
            let made = work(part);
            self.0.advance();
            made
        };
        Cores.each(parts, work)
    }
}
