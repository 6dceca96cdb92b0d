//! Exit codes: stable, the same for every command, and each with one meaning.

use std::process::ExitCode;

use crate::diagnostic::Diagnostic;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Nothing at or above the threshold.
    Clean = 0,
    /// Findings at or above the threshold.
    Findings = 1,
    /// The command line or `hydrant.yaml` cannot be used.
    Usage = 2,
    /// No input, no document, or no policy that judged anything.
    NothingChecked = 3,
    /// I/O, git, a key.
    CannotWork = 4,
    /// The branch moved, was edited by hand, or is not ours.
    Refused = 5,
    /// A claim of a branch does not hold.
    NotVerified = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended before it could give its result.
#[derive(Debug)]
pub(super) struct Failure {
    /// The code to end with.
    pub(super) exit: Exit,
    /// What is wrong: a lower-case phrase; empty if the diagnostics say it all.
    pub(super) message: String,
    /// What to do.
    pub(super) help: Option<String>,
    /// Findings in the configuration.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), help: None, diagnostics: Vec::new() }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(super) fn cannot_work(message: impl Into<String>) -> Self {
        Self::new(Exit::CannotWork, message)
    }

    pub(super) fn configuration(diagnostics: Vec<Diagnostic>) -> Self {
        Self { diagnostics, ..Self::new(Exit::Usage, "") }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
