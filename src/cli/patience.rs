//! How long a publication tries again while others publish to the same remote.

use std::hash::{BuildHasher as _, RandomState};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::pipeline::Patience;

/// The first wait is at most this long, every further one at most twice as long as the one before.
const FIRST: Duration = Duration::from_millis(60);

/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(2);

/// Nobody tries longer than this. Of those who try at once one always succeeds, so that it takes a crowd.
const LIMIT: Duration = Duration::from_secs(120);

/// Waits that grow, each of a length that nobody else has.
#[derive(Debug)]
pub(super) struct Jitter {
    began: Instant,
    longest: Duration,
}

impl Jitter {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), longest: FIRST }
    }
}

impl Patience for Jitter {
    fn wait(&mut self) -> bool {
        if self.began.elapsed() >= LIMIT {
            return false;
        }
        // two that met once would meet again after waits of the same length
        let random = RandomState::new().hash_one(self.longest);
        let share = f64::from(u32::try_from(random >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX);
        sleep(self.longest.mul_f64(share));
        self.longest = (self.longest * 2).min(LONGEST);
        true
    }
}
