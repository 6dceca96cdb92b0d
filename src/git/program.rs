//! Running a program that somebody configured, with a time limit: it may wait for a card, a touch or a passphrase, and in
//! CI nobody will ever give them.

use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// More than any signature, complaint or list of a few references has.
const MAX_OUTPUT: u64 = 1024 * 1024;

/// How often it is looked whether the program has ended.
const POLL: Duration = Duration::from_millis(5);

/// How long to wait for the last output of a program that has ended. Its children may hold the pipes open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) success: bool,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
}

/// Why a program did not end by itself.
#[derive(Debug)]
pub(super) enum NotRun {
    /// It cannot be started.
    Missing(String),
    /// It did not end in time, and was stopped. With what it had printed.
    TimedOut(String),
    /// It cannot be watched.
    Lost(String),
}

/// Runs a program with `input` on its standard input.
pub(super) fn run(command: &mut Command, input: &[u8], limit: Duration) -> Result<Ended, NotRun> {
    let deadline = Instant::now() + limit;
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| NotRun::Missing(error.to_string()))?;
    feed(&mut child, input.to_vec());
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let last = |output: &Receiver<Vec<u8>>| {
        let mut bytes = Vec::new();
        while let Ok(part) = output.recv_timeout(LAST_WORDS) {
            bytes.extend(part);
        }
        bytes
    };
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() >= deadline => {
                // it may have ended just now; nothing more can be done either way
                let _ = child.kill();
                let _ = child.wait();
                return Err(NotRun::TimedOut(String::from_utf8_lossy(&last(&stderr)).into_owned()));
            }
            Ok(None) => thread::sleep(POLL),
            Err(error) => return Err(NotRun::Lost(error.to_string())),
        }
    };
    let stderr = String::from_utf8_lossy(&last(&stderr)).into_owned();
    Ok(Ended { success: status.success(), stdout: last(&stdout), stderr })
}

/// Writes to the program from a thread of its own: it may print before it has read everything, or never read.
fn feed(child: &mut Child, input: Vec<u8>) {
    if let Some(mut stdin) = child.stdin.take() {
        // a program that does not read is judged by how it ends
        thread::spawn(move || stdin.write_all(&input).is_ok());
    }
}

/// Reads in a thread of its own, which is left behind if the pipe never closes.
fn collect(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    if let Some(pipe) = pipe {
        thread::spawn(move || {
            let mut pipe = pipe.take(MAX_OUTPUT);
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
    }
    receiver
}
