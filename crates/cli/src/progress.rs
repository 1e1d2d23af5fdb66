use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{note, thousands};
use crate::verbosity::Verbosity;

/// Shows progress on stderr: a bar on a terminal, otherwise a line every [`INTERVAL`].
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    noun: &'static str,
    start: Instant,
    last_line: Instant,
}

/// The time between two lines if stderr is not a terminal.
const INTERVAL: Duration = Duration::from_secs(20);

impl Progress {
    /// Starts to show the progress over `total` items, called `noun` in the plural.
    pub(crate) fn new(total: usize, noun: &'static str) -> Self {
        let target = if Verbosity::is_quiet() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        let template =
            format!("{{bar:30}} {{human_pos}}/{{human_len}} {noun}, {{rate}}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.with_key(
                "rate",
                |state: &indicatif::ProgressState, text: &mut dyn std::fmt::Write| {
                    // A rate that cannot be shown is not worth an error.
                    let _ = write!(text, "{:.1}/s", state.per_sec());
                },
            ));
        }
        let now = Instant::now();
        Self {
            bar,
            noun,
            start: now,
            last_line: now,
        }
    }

    /// Shows that `done` items are done.
    pub(crate) fn update(&mut self, done: usize) {
        self.bar.set_position(done as u64);
        if self.bar.is_hidden() && self.last_line.elapsed() >= INTERVAL {
            self.last_line = Instant::now();
            let left = HumanDuration(self.bar.eta());
            let total = self
                .bar
                .length()
                .and_then(|total| usize::try_from(total).ok());
            note(&format!(
                "{} of {} {}, {:.1}/s, {left} left",
                thousands(done),
                thousands(total.unwrap_or(done)),
                self.noun,
                self.bar.per_sec(),
            ));
        }
    }

    /// Returns the time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
