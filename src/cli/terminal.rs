//! The terminal: the only place that writes to stdout and stderr.

use std::io::{self, IsTerminal as _, Write as _};

use super::Color;
use super::exit::Failure;
use crate::report::human::{self, Style};

/// Columns where the terminal does not tell.
const DEFAULT_WIDTH: usize = 100;

/// What the streams are, and how to write to them.
#[derive(Debug)]
pub(super) struct Terminal {
    style: Style,
    quiet: bool,
    interactive: bool,
    /// How data is to be worded: stdout may be a file where stderr is a terminal.
    data_style: Style,
}

impl Terminal {
    pub(super) fn detect(color: Color, quiet: bool) -> Self {
        let interactive = io::stderr().is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let wanted = |is_terminal: bool| match color {
            Color::Auto => is_terminal && !no_color,
            Color::Always => true,
            Color::Never => false,
        };
        let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(DEFAULT_WIDTH);
        let width = width.clamp(60, 160);
        let style = Style { color: wanted(interactive), unicode: true, width };
        let data_style = Style { color: wanted(io::stdout().is_terminal()), ..style };
        Self { style, quiet, interactive, data_style }
    }

    /// Whether a person is watching: only then is it said how long something took.
    pub(super) fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Whether a progress bar would be seen.
    pub(super) fn shows_progress(&self) -> bool {
        self.interactive && !self.quiet
    }

    /// How reports are to be worded here.
    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// How data for people is to be worded on stdout.
    pub(super) fn data_style(&self) -> Style {
        self.data_style
    }

    /// Data, for the next program. A reader that has gone away (`| head`) is no error.
    pub(super) fn data(&self, text: &str) {
        let _ = io::stdout().lock().write_all(text.as_bytes());
    }

    /// Talk, for a person; left out under `--quiet`.
    pub(super) fn talk(&self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// What must be said even under `--quiet`; nothing for an empty text.
    pub(super) fn say(&self, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = stderr.write_all(b"\n");
        }
    }

    /// Why a command could not give its result.
    pub(super) fn failure(&self, failure: &Failure) {
        let mut text = human::diagnostics(failure.diagnostics.clone(), self.style);
        if !failure.message.is_empty() {
            text.push_str(&format!("{}: {}\n", self.strong("error", "31"), failure.message));
        }
        if let Some(help) = &failure.help {
            text.push_str(&format!("  help: {help}\n"));
        }
        self.say(&text);
    }

    /// A word in bold and in an ANSI colour, where colours are wanted.
    pub(super) fn strong(&self, word: &str, code: &str) -> String {
        if self.style.color { format!("\u{1b}[1;{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}
