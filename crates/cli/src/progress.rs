//! Progress of long work, on stderr.

mod time_left;

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use self::time_left::{TimeLeft, short};
use crate::output::{note, thousands};
use crate::screen::width_of_stderr;
use crate::verbosity::Verbosity;

/// Shows progress on stderr: a bar on a terminal, otherwise a line every [`INTERVAL`].
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    left: Arc<Mutex<TimeLeft>>,
    total: usize,
    noun: &'static str,
    start: Instant,
    last_line: Instant,
}

/// The time between two lines if stderr is not a terminal.
const INTERVAL: Duration = Duration::from_secs(20);

/// The time between two drawings while nothing is done, so that the time left goes on.
const TICK: Duration = Duration::from_secs(1);

impl Progress {
    /// Starts to show the progress over `total` items, called `noun` in the plural.
    pub(crate) fn new(total: usize, noun: &'static str) -> Self {
        let target = if Verbosity::is_quiet() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        let now = Instant::now();
        let left = Arc::new(Mutex::new(TimeLeft::default()));
        if !bar.is_hidden() {
            let template = template(width_of_stderr(), total, noun);
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(with_keys(style, now, Arc::clone(&left)));
            }
            bar.enable_steady_tick(TICK);
        }
        Self {
            bar,
            left,
            total,
            noun,
            start: now,
            last_line: now,
        }
    }

    /// Shows that `done` items are done.
    pub(crate) fn update(&mut self, done: usize) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.update(self.start.elapsed(), done, self.total);
        drop(left);
        self.bar.set_position(done as u64);
        if self.bar.is_hidden() && self.last_line.elapsed() >= INTERVAL {
            self.last_line = Instant::now();
            let left = HumanDuration(self.bar.eta());
            note(&format!(
                "{} of {} {}, {:.1}/s, {left} left",
                thousands(done),
                thousands(self.total),
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

/// Adds the keys `left`, the time that is left, and `speed`, the items per second, to a style.
fn with_keys(style: ProgressStyle, start: Instant, left: Arc<Mutex<TimeLeft>>) -> ProgressStyle {
    let time_left = move |_: &ProgressState, text: &mut dyn Write| {
        let left = left.lock().unwrap_or_else(PoisonError::into_inner);
        // What cannot be shown is not worth an error.
        let _ = match left.after(start.elapsed()) {
            Some(left) => write!(text, "{} left", short(left)),
            None => write!(text, "…"),
        };
    };
    let speed = |state: &ProgressState, text: &mut dyn Write| {
        let _ = write!(text, "{:.1}/s", state.per_sec());
    };
    style.with_key("left", time_left).with_key("speed", speed)
}

/// The columns of a percentage and the space after it.
const PERCENT: usize = 5;

/// The columns of a comma, a space and the longest time left.
const LEFT: usize = ", 23 h 59 min left".len();

/// The columns of a comma, a space and a rate.
const SPEED: usize = ", 1234.5/s".len();

/// The shortest and the longest bar.
const BAR: (usize, usize) = (8, 30);

/// Returns the template of a line that has room in `width` columns: a percentage, a bar, the counts,
/// and the time left, with the noun and the rate if there is room for them too.
fn template(width: usize, total: usize, noun: &str) -> String {
    // A line that reaches the last column wraps on some terminals.
    let width = width.saturating_sub(1);
    let counts = 2 * thousands(total).len() + 1;
    let least = PERCENT + BAR.0 + 1 + counts + LEFT;
    let (mut used, mut rest) = (PERCENT + 1 + counts + LEFT, String::new());
    if least + 1 + noun.len() <= width {
        used += 1 + noun.len();
        let _ = write!(rest, " {noun}");
    }
    if used + BAR.0 + SPEED <= width {
        used += SPEED;
        rest.push_str(", {speed}");
    }
    let bar = width.saturating_sub(used).min(BAR.1);
    let bar = if bar < BAR.0 {
        String::new()
    } else {
        format!("{{bar:{bar}}} ")
    };
    format!("{{percent:>3}}% {bar}{{human_pos}}/{{human_len}}{rest}, {{left}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the columns of the longest line of a template.
    fn columns(template: &str, total: usize) -> usize {
        let bar = template
            .split("{bar:")
            .nth(1)
            .and_then(|rest| rest.split('}').next());
        let bar = bar.map_or(0, |bar| bar.parse::<usize>().unwrap());
        let mut line = template
            .replace("{percent:>3}", "100")
            .replace("{human_pos}", &thousands(total))
            .replace("{human_len}", &thousands(total))
            .replace("{speed}", "1234.5/s")
            .replace("{left}", "23 h 59 min left");
        if let (Some(start), Some(end)) = (line.find("{bar"), line.find("} ")) {
            line.replace_range(start..=end, &"█".repeat(bar));
        }
        line.chars().count()
    }

    #[test]
    fn a_line_of_progress_fits_in_its_terminal() {
        for width in [40, 50, 60, 80, 120] {
            for total in [40, 10_000, 1_234_567] {
                for noun in ["papers", "texts and queries"] {
                    let template = template(width, total, noun);
                    assert!(
                        columns(&template, total) < width.max(45),
                        "{width}: {template}"
                    );
                }
            }
        }
        assert_eq!(
            template(80, 10_000, "papers"),
            "{percent:>3}% {bar:25} {human_pos}/{human_len} papers, {speed}, {left}"
        );
        assert_eq!(
            template(50, 10_000, "papers"),
            "{percent:>3}% {bar:12} {human_pos}/{human_len}, {left}"
        );
    }
}
