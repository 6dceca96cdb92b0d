//! Work on a thread with a large stack, which is given up when one piece takes too long.
//!
//! Steps, depth and bytes bound what the engine counts. It does not count how deep a value nests when it is dropped
//! or printed, nor how often a value that contains another one twice is walked when it is compared: the first would
//! overflow the stack of a worker, the second would never end. Neither happens to a template somebody means to use.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Address space, not memory: pages count when they are touched. Enough for values nested as deep as the default
/// number of steps can nest them.
const STACK: usize = 256 * 1024 * 1024;

/// Does `work` for the numbers below `count`, in order; `None` for one that took longer than `time`.
pub(super) fn each<R: Send + 'static>(
    count: usize,
    time: Duration,
    work: impl Fn(usize) -> R + Send + Sync + 'static,
) -> Vec<Option<R>> {
    let work = Arc::new(work);
    let mut results = Vec::with_capacity(count);
    while results.len() < count {
        if !continue_on_a_thread(&mut results, count, time, &work) {
            // no thread to be had: better without the safety than not at all
            results.push(Some(work(results.len())));
        }
    }
    results
}

/// Does the rest on a new thread, until all is done or one piece took too long. False if there is no thread.
fn continue_on_a_thread<R: Send + 'static>(
    results: &mut Vec<Option<R>>,
    count: usize,
    time: Duration,
    work: &Arc<impl Fn(usize) -> R + Send + Sync + 'static>,
) -> bool {
    let (sender, receiver) = mpsc::channel();
    let (first, work) = (results.len(), Arc::clone(work));
    let body = move || {
        // a receiver that is gone has given up on this thread
        (first..count).take_while(|number| sender.send(work(*number)).is_ok()).for_each(drop);
    };
    if thread::Builder::new().name("render".to_owned()).stack_size(STACK).spawn(body).is_err() {
        return false;
    }
    while results.len() < count {
        match receiver.recv_timeout(time) {
            Ok(result) => results.push(Some(result)),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                results.push(None);
                break;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

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
