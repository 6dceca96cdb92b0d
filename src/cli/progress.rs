//! A progress bar on a terminal; nothing anywhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::Terminal;
use crate::pipeline::Progress;

/// Shows which stage is at work and how far it is.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(terminal: &Terminal) -> Self {
        let bar = ProgressBar::new(0);
        bar.set_draw_target(if terminal.shows_progress() {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        });
        let style = ProgressStyle::with_template("{msg:10} {bar:40} {pos}/{len}").expect("the template is a constant");
        bar.set_style(style);
        Self(bar)
    }
}

impl Progress for Bar {
    fn stage(&self, name: &'static str, total: usize) {
        self.0.set_position(0);
        self.0.set_length(total as u64);
        self.0.set_message(name);
    }

    fn more(&self, steps: usize) {
        self.0.inc_length(steps as u64);
    }

    fn advance(&self) {
        self.0.inc(1);
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}
