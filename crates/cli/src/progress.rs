use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{note, thousands};

/// Shows how far the work is, on stderr: a bar on a terminal, else a line now and then.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    noun: &'static str,
    start: Instant,
    last_line: Instant,
}

/// The time between lines where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(20);

impl Progress {
    pub(crate) fn new(total: usize, noun: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
        let template =
            format!("{{bar:30}} {{human_pos}}/{{human_len}} {noun}, {{rate}}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.with_key(
                "rate",
                |state: &indicatif::ProgressState, text: &mut dyn std::fmt::Write| {
                    // A closed terminal is not worth an error.
                    let _ = write!(text, "{:.1} a second", state.per_sec());
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

    /// Shows that `done` are done.
    pub(crate) fn at(&mut self, done: usize) {
        self.bar.set_position(done as u64);
        if self.bar.is_hidden() && self.last_line.elapsed() >= INTERVAL {
            self.last_line = Instant::now();
            let left = HumanDuration(self.bar.eta());
            let total = self
                .bar
                .length()
                .and_then(|total| usize::try_from(total).ok());
            note(&format!(
                "{} of {} {}, {:.1} a second, {left} left",
                thousands(done),
                thousands(total.unwrap_or(done)),
                self.noun,
                self.bar.per_sec(),
            ));
        }
    }

    /// The time that passed since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
