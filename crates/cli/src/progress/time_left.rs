//! An estimate of the time that is left, which changes slowly.

use std::time::Duration;

/// Estimates when work ends, in seconds since its start.
///
/// The time of an item is a mean over time that forgets what is old, because some texts take longer than
/// others, and papers that the library has already take almost none. The estimated end follows that mean
/// within a few seconds, so that the time left goes down by a second each second while the mean hardly
/// changes.
#[derive(Debug, Default)]
pub(crate) struct TimeLeft {
    end: Option<f64>,
    measured: f64,
    done: f64,
    /// The sum of the seconds of an item and the sum of their weights, which are seconds too.
    sum: f64,
    weight: f64,
}

/// The shortest time over which the seconds of an item are measured, so that single batches do not count.
const MEASURED: f64 = 2.0;

/// The least time after which most of a measurement is forgotten.
const MIN_MEMORY: f64 = 10.0;

/// The time in which the end moves most of the way to a new estimate.
const FOLLOWING: f64 = 5.0;

impl TimeLeft {
    /// Records that `done` of `total` items are done after `elapsed`.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(crate) fn update(&mut self, elapsed: Duration, done: usize, total: usize) {
        let (now, done) = (elapsed.as_secs_f64(), done as f64);
        let (time, work) = (now - self.measured, done - self.done);
        if work <= 0.0 || time < MEASURED {
            return;
        }
        (self.measured, self.done) = (now, done);
        let kept = (-time / (now / 3.0).max(MIN_MEMORY)).exp();
        self.sum = self.sum * kept + time * (time / work);
        self.weight = self.weight * kept + time;
        let end = now + (total as f64 - done) * self.sum / self.weight;
        self.end = Some(match self.end {
            Some(last) => last + (end - last) * (1.0 - (-time / FOLLOWING).exp()),
            None => end,
        });
    }

    /// Returns the time left after `elapsed`, or `None` if it cannot be known yet.
    pub(crate) fn after(&self, elapsed: Duration) -> Option<Duration> {
        let now = elapsed.as_secs_f64();
        let end = self.end?;
        Some(Duration::from_secs_f64((end - now).max(0.0)))
    }
}

/// Formats a time left in one unit or two: `50 s`, `12 min`, `3 h 20 min`.
pub(crate) fn short(left: Duration) -> String {
    let seconds = left.as_secs();
    let minutes = seconds.div_ceil(60);
    match (seconds, minutes) {
        (..60, _) => format!("{} s", seconds + 1),
        (_, ..100) => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_steady_while_the_rate_varies() {
        let mut left = TimeLeft::default();
        let mut done = 0;
        let mut last: Option<f64> = None;
        // Batches of 30, 10 and 20 papers alternate: 40 in a second, 2,400 in a minute.
        for step in 1..=120_u32 {
            done += [20, 30, 10][step as usize % 3];
            let elapsed = Duration::from_millis(u64::from(step) * 500);
            left.update(elapsed, done, 2_400);
            let Some(now) = left.after(elapsed).map(|left| left.as_secs_f64()) else {
                assert!(step < 4);
                continue;
            };
            let real = 60.0 - elapsed.as_secs_f64();
            assert!((now - real).abs() < 7.0, "{now} of {real}");
            if let Some(last) = last.filter(|_| step > 20) {
                assert!((last - now - 0.5).abs() < 1.0, "{last} to {now}");
            }
            last = Some(now);
        }
        assert!(last.is_some_and(|left| left < 1.0));
    }

    #[test]
    fn the_estimate_follows_a_rate_that_changes() {
        let mut left = TimeLeft::default();
        let second = Duration::from_secs(1);
        for at in 1..=10 {
            left.update(second * at, 1000 * at as usize, 12_000);
        }
        // What the library has already is skipped quickly, and the rest is embedded.
        for at in 1..=30 {
            left.update(second * (10 + at), 10_000 + 20 * at as usize, 12_000);
        }
        let now = left.after(second * 40).unwrap().as_secs_f64();
        assert!((35.0..=75.0).contains(&now), "{now}");
        assert_eq!(TimeLeft::default().after(second * 9), None);
    }

    #[test]
    fn a_time_left_is_short() {
        let texts = [0, 59, 60, 61, 5_000, 12_000].map(|s| short(Duration::from_secs(s)));
        assert_eq!(
            texts,
            ["1 s", "60 s", "1 min", "2 min", "84 min", "3 h 20 min"]
        );
    }
}
