//! Asks for a passphrase on the terminal, without showing it, and not for ever.

use std::io;
use std::time::Duration;

use crate::sign::Passphrase;

/// What was typed; `None` where nobody can type.
#[cfg(unix)]
pub(super) fn ask(name: &str, limit: Duration) -> io::Result<Option<Passphrase>> {
    use std::io::Write as _;
    // the terminal itself: stdin may be a file, and stdout is data
    let Ok(mut terminal) = std::fs::File::options().read(true).write(true).open("/dev/tty") else { return Ok(None) };
    write!(terminal, "passphrase of `{name}`: ")?;
    let silence = unix::Silence::over(&terminal)?;
    let line = unix::read_line(&terminal, limit);
    drop(silence);
    writeln!(terminal)?;
    line.map(|line| Some(Passphrase::new(line)))
}

/// Consoles of Windows are not asked by this version.
#[cfg(not(unix))]
pub(super) fn ask(_name: &str, _limit: Duration) -> io::Result<Option<Passphrase>> {
    Ok(None)
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{self, ErrorKind, Read as _};
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
    use zeroize::Zeroizing;

    /// No passphrase is longer.
    const MAX_BYTES: usize = 1024;

    /// A terminal that does not show what is typed, until this is dropped.
    pub(super) struct Silence<'a> {
        terminal: &'a File,
        before: Termios,
    }

    impl<'a> Silence<'a> {
        pub(super) fn over(terminal: &'a File) -> io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            tcsetattr(terminal, OptionalActions::Flush, &silent)?;
            Ok(Self { terminal, before })
        }
    }

    impl Drop for Silence<'_> {
        fn drop(&mut self) {
            // nothing can be done about a terminal that went away
            let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
        }
    }

    /// One line, within the time.
    pub(super) fn read_line(mut terminal: &File, limit: Duration) -> io::Result<Zeroizing<String>> {
        let deadline = Instant::now() + limit;
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
        let mut byte = Zeroizing::new([0_u8; 1]);
        while bytes.len() < MAX_BYTES {
            wait(terminal, deadline)?;
            match terminal.read(&mut *byte)? {
                0 => break,
                _ if byte[0] == b'\n' => break,
                _ => bytes.push(byte[0]),
            }
        }
        let text =
            std::str::from_utf8(&bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn wait(terminal: &File, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        let limit = Timespec::try_from(left).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
        match poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&limit))? {
            0 => Err(io::Error::new(ErrorKind::TimedOut, "nobody answered in time")),
            _ => Ok(()),
        }
    }
}
