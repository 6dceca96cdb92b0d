//! The network, where it is allowed: fetches schemas by URL, keeps what it fetched, and never takes a failure for absence.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ureq::Agent;

use crate::tree::Digest;

/// The largest schema that is taken. The largest of the CRDs catalog has 3 MB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// How long to wait and how often to ask again.
#[derive(Debug, Clone)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For one answer, redirects included.
    pub answer: Duration,
    /// Before each further attempt where the server is busy (429, 5xx) or the connection breaks; as many as there are.
    pub pauses: Vec<Duration>,
}

impl Default for Patience {
    fn default() -> Self {
        let milliseconds = Duration::from_millis;
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            pauses: vec![milliseconds(500), milliseconds(1_500), milliseconds(4_000)],
        }
    }
}

/// Why nothing can be said about a URL. The environment's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot fetch `{url}`: {reason}")]
pub struct NetworkError {
    /// What was asked for.
    pub url: String,
    /// What happened instead.
    pub reason: String,
}

/// The right to use the network, and what it gave so far. Each URL is asked at most once in a run.
#[derive(Debug)]
pub struct Network {
    agent: Agent,
    secure_agent: Agent,
    patience: Patience,
    cache: Option<PathBuf>,
    answers: Mutex<HashMap<String, Answer>>,
}

type Answer = Arc<OnceLock<Result<Option<String>, NetworkError>>>;

/// One attempt.
enum Attempt {
    Found(Vec<u8>),
    NotThere,
    /// Trying again may help.
    Busy(String),
    Refused(String),
}

impl Network {
    /// Keeps what it fetches in the folder `cache`, and asks there first. What is kept does not grow old: the folder is
    /// deleted to fetch anew. A cache that cannot be written costs time and nothing else.
    #[must_use]
    pub fn new(cache: Option<PathBuf>, patience: Patience) -> Self {
        let agent = |secure| -> Agent {
            Agent::config_builder()
                .http_status_as_error(false)
                // whoever writes `https` does not want to be sent elsewhere
                .https_only(secure)
                .max_redirects(5)
                .timeout_connect(Some(patience.connect))
                .timeout_global(Some(patience.answer))
                .user_agent(concat!("hydrant/", env!("CARGO_PKG_VERSION")))
                .build()
                .into()
        };
        Self { agent: agent(false), secure_agent: agent(true), patience, cache, answers: Mutex::default() }
    }

    /// The text behind a URL; `None` if the server says that nothing is there.
    pub fn get(&self, url: &str) -> Result<Option<String>, NetworkError> {
        let answer = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answers.entry(url.to_owned()).or_default())
        };
        answer.get_or_init(|| self.look_up(url)).clone()
    }

    fn look_up(&self, url: &str) -> Result<Option<String>, NetworkError> {
        let failed = |reason: String| NetworkError { url: url.to_owned(), reason };
        if let Some(text) = self.cache.as_deref().and_then(|cache| recall(cache, url)) {
            return Ok(Some(text));
        }
        let Some(bytes) = self.fetch(url).map_err(failed)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| failed("the answer is not UTF-8".to_owned()))?;
        // pages that say "not found" or "log in" with status 200 are no schemas, and must not be kept as such
        if !text.trim_start().starts_with('{') {
            return Err(failed("the answer is not a JSON schema".to_owned()));
        }
        if let Some(cache) = &self.cache {
            let _ = keep(cache, url, &text);
        }
        Ok(Some(text))
    }

    fn fetch(&self, url: &str) -> Result<Option<Vec<u8>>, String> {
        let mut pauses = self.patience.pauses.iter();
        loop {
            match self.attempt(url) {
                Attempt::Found(bytes) => return Ok(Some(bytes)),
                Attempt::NotThere => return Ok(None),
                Attempt::Refused(reason) => return Err(reason),
                Attempt::Busy(reason) => match pauses.next() {
                    Some(pause) => std::thread::sleep(*pause),
                    None => return Err(format!("{reason}, after {} attempts", self.patience.pauses.len() + 1)),
                },
            }
        }
    }

    fn attempt(&self, url: &str) -> Attempt {
        let agent = if url.starts_with("https://") { &self.secure_agent } else { &self.agent };
        let mut response = match agent.get(url).call() {
            Ok(response) => response,
            Err(error) => return from_error(&error),
        };
        let status = response.status();
        match status.as_u16() {
            200 => match response.body_mut().with_config().limit(MAX_BYTES).read_to_vec() {
                Ok(bytes) => Attempt::Found(bytes),
                Err(error) => from_error(&error),
            },
            404 | 410 => Attempt::NotThere,
            429 | 500..=599 => Attempt::Busy(format!("the server says {status}")),
            _ => Attempt::Refused(format!("the server says {status}")),
        }
    }
}

fn from_error(error: &ureq::Error) -> Attempt {
    let reason = error.to_string();
    match error {
        ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => Attempt::Busy(reason),
        ureq::Error::BodyExceedsLimit(_) => Attempt::Refused(format!("it has more than {MAX_BYTES} bytes")),
        _ => Attempt::Refused(reason),
    }
}

/// What is kept for a URL, if it still is what was fetched.
fn recall(cache: &Path, url: &str) -> Option<String> {
    let digest: Digest = fs::read_to_string(address_file(cache, url)).ok()?.trim().parse().ok()?;
    let text = fs::read_to_string(content_file(cache, digest)).ok()?;
    (Digest::of(text.as_bytes()) == digest).then_some(text)
}

/// Content first, then the note that leads to it: a run that ends in between leaves nothing wrong behind.
fn keep(cache: &Path, url: &str, text: &str) -> io::Result<()> {
    let digest = Digest::of(text.as_bytes());
    write(&content_file(cache, digest), text)?;
    write(&address_file(cache, url), &format!("{digest}\n"))
}

fn content_file(cache: &Path, digest: Digest) -> PathBuf {
    cache.join("content").join(digest.to_string())
}

fn address_file(cache: &Path, url: &str) -> PathBuf {
    cache.join("urls").join(Digest::of(url.as_bytes()).to_string())
}

/// Whole or not at all, whoever else writes the same file.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut draft = file.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    fs::write(&draft, text)?;
    fs::rename(&draft, file)
}
