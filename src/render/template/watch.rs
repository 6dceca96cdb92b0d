//! Work on a thread with a large stack, which is given up when one piece takes too long.
//!
//! Steps, depth and bytes bound what the engine counts. It does not count how deep a value nests when it is dropped
//! or printed, nor how often a value that contains another one twice is walked when it is compared: the first would
//! overflow the stack of a worker, the second would never end. Neither happens to a template somebody means to use.

use std::cell::RefCell;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Address space, not memory: pages count when they are touched. Enough for values nested as deep as the default
/// number of steps can nest them.
const STACK: usize = 256 * 1024 * 1024;

type Job = Box<dyn FnOnce() + Send>;

thread_local! {
    /// Each thread that renders keeps one such thread at its side: a new one for every unit took 100 µs, as long as
    /// the unit itself. It ends with its owner, or, if it was given up, whenever its work does.
    static COMPANION: RefCell<Option<Sender<Job>>> = const { RefCell::new(None) };
}

/// Does `work` for the numbers below `count`, in order; `None` for one that took longer than `time`.
pub(super) fn each<R: Send + 'static>(
    count: usize,
    time: Duration,
    work: impl Fn(usize) -> R + Send + Sync + 'static,
) -> Vec<Option<R>> {
    let work = Arc::new(work);
    let mut results = Vec::with_capacity(count);
    while results.len() < count {
        match start(results.len()..count, &work) {
            Some(receiver) => collect(&receiver, &mut results, count, time),
            // no thread to be had: better without the safety than not at all
            None => results.push(Some(work(results.len()))),
        }
    }
    results
}

/// Lets the companion do some of the work; `None` if there is none and none can be started.
fn start<R: Send + 'static>(
    numbers: std::ops::Range<usize>,
    work: &Arc<impl Fn(usize) -> R + Send + Sync + 'static>,
) -> Option<Receiver<R>> {
    let (sender, receiver) = mpsc::channel();
    let work = Arc::clone(work);
    let job = Box::new(move || {
        // a receiver that is gone has given up on this thread
        numbers.take_while(|number| sender.send(work(*number)).is_ok()).for_each(drop);
    });
    COMPANION.with_borrow_mut(|companion| {
        if companion.is_none() {
            *companion = spawn();
        }
        companion.as_ref()?.send(job).ok().map(|()| receiver)
    })
}

fn spawn() -> Option<Sender<Job>> {
    let (sender, jobs) = mpsc::channel::<Job>();
    let body = move || jobs.into_iter().for_each(|job| job());
    thread::Builder::new().name("render".to_owned()).stack_size(STACK).spawn(body).ok().map(|_| sender)
}

/// Takes results until all are there, or one is too late: then the companion is given up.
fn collect<R>(receiver: &Receiver<R>, results: &mut Vec<Option<R>>, count: usize, time: Duration) {
    while results.len() < count {
        match receiver.recv_timeout(time) {
            Ok(result) => results.push(Some(result)),
            Err(reason) => {
                COMPANION.set(None);
                if reason == RecvTimeoutError::Disconnected {
                    resume_unwind(Box::new("the thread that renders panicked"));
                }
                results.push(None);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_of_ours_is_not_taken_for_slowness() {
        let result = std::panic::catch_unwind(|| each(2, Duration::from_secs(60), |number| assert_eq!(number, 0)));
        assert!(result.is_err());
        assert_eq!(
            each(2, Duration::from_secs(60), |number| number),
            [Some(0), Some(1)],
            "the next one has a new thread"
        );
    }

    #[test]
    fn results_come_in_order_and_a_stuck_piece_hides_no_other() {
        let (_never_sent, never) = mpsc::channel::<()>();
        let never = std::sync::Mutex::new(never);
        let results = each(5, Duration::from_millis(200), move |number| {
            if number == 2 {
                drop(never.lock().map(|never| never.recv()));
            }
            number
        });
        assert_eq!(results, [Some(0), Some(1), None, Some(3), Some(4)]);
    }
}
