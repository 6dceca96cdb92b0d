//! The SSH agent of the environment, reached through its socket, with a time limit on every answer.

use std::time::Duration;

use crate::sign::{Agent, SignError};

/// Where the socket is.
const SOCKET_VARIABLE: &str = "SSH_AUTH_SOCK";

/// Reaches the agent; `name` is the key that it is wanted for.
#[cfg(unix)]
pub(super) fn connect(limit: Duration, name: &str) -> Result<Box<dyn Agent + Send + Sync>, SignError> {
    match std::env::var_os(SOCKET_VARIABLE).filter(|path| !path.is_empty()) {
        Some(path) => Ok(Box::new(unix::UnixAgent { path: path.into(), limit })),
        None => {
            let reason = format!("there is none: `{SOCKET_VARIABLE}` is not set");
            Err(SignError::Agent { name: name.to_owned(), reason })
        }
    }
}

/// Agents of Windows listen on named pipes, which this version does not speak to.
#[cfg(not(unix))]
pub(super) fn connect(_limit: Duration, name: &str) -> Result<Box<dyn Agent + Send + Sync>, SignError> {
    let reason = format!("agents are reached through the socket of `{SOCKET_VARIABLE}`, which this system has not");
    Err(SignError::Agent { name: name.to_owned(), reason })
}

#[cfg(unix)]
mod unix {
    use std::io::{self, ErrorKind, Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use super::Agent;

    /// As OpenSSH's own agent has it.
    const MAX_MESSAGE: usize = 256 * 1024;

    pub(super) struct UnixAgent {
        pub(super) path: PathBuf,
        pub(super) limit: Duration,
    }

    impl Agent for UnixAgent {
        fn ask(&self, message: &[u8]) -> Result<Vec<u8>, String> {
            let seconds = self.limit.as_secs();
            self.exchange(message).map_err(|error| match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => format!("it did not answer within {seconds} seconds"),
                ErrorKind::UnexpectedEof => "it hung up".to_owned(),
                _ => format!("`{}`: {error}", self.path.display()),
            })
        }
    }

    impl UnixAgent {
        fn exchange(&self, message: &[u8]) -> io::Result<Vec<u8>> {
            let deadline = Instant::now() + self.limit;
            let mut stream = UnixStream::connect(&self.path)?;
            stream.set_write_timeout(Some(self.limit))?;
            let length = u32::try_from(message.len()).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
            stream.write_all(&[&length.to_be_bytes()[..], message].concat())?;
            let mut length = [0; 4];
            read_until(&mut stream, &mut length, deadline)?;
            let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
            if length > MAX_MESSAGE {
                return Err(io::Error::new(ErrorKind::InvalidData, "its answer is too long"));
            }
            let mut answer = vec![0; length];
            read_until(&mut stream, &mut answer, deadline)?;
            Ok(answer)
        }
    }

    /// Fills a buffer. An agent that sends a byte now and then gains no time by it.
    fn read_until(stream: &mut UnixStream, buffer: &mut [u8], deadline: Instant) -> io::Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            stream.set_read_timeout(Some(left))?;
            match stream.read(&mut buffer[filled..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
