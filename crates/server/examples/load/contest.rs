//! The figures of contenders that take turns.

use std::time::Duration;

/// The figures of one contender in one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    calls_per_second: f64,
    p50: Duration,
    p99: Duration,
    /// The processor time of this process for a call, in milliseconds, if the system tells it.
    processor_ms: Option<f64>,
}

impl Round {
    /// Returns the figures of calls that took `latencies`, in `time`, with the ticks of the processor before
    /// them.
    pub(crate) fn new(mut latencies: Vec<Duration>, time: Duration, before: Option<u32>) -> Self {
        latencies.sort_unstable();
        let percentile = |percent: usize| {
            let place = (latencies.len() * percent / 100).min(latencies.len().saturating_sub(1));
            latencies.get(place).copied().unwrap_or_default()
        };
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 calls")]
        let calls = latencies.len() as f64;
        Self {
            calls_per_second: calls / time.as_secs_f64(),
            p50: percentile(50),
            p99: percentile(99),
            processor_ms: before.zip(processor_ticks()).map(|(before, after)| {
                // A tick is a hundredth of a second.
                f64::from(after - before) * 10.0 / calls
            }),
        }
    }
}

/// Returns the processor time of this process, in hundredths of a second, or `None` if the system does not tell.
pub(crate) fn processor_ticks() -> Option<u32> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the process may have spaces, and ends with the last parenthesis.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<u32>().ok();
    Some(next()? + next()?)
}

/// The rounds of all contenders, in their order.
#[derive(Debug, Default)]
pub(crate) struct Contest {
    contenders: Vec<(String, Vec<Round>)>,
}

impl Contest {
    /// Adds the figures of a round. Round 0 only warms up.
    pub(crate) fn add(&mut self, round: usize, name: &str, measured: Round) {
        let place = self.contenders.iter().position(|(one, _)| one == name);
        let place = place.unwrap_or_else(|| {
            self.contenders.push((name.to_owned(), Vec::new()));
            self.contenders.len() - 1
        });
        println!(
            "round {round} {name}: {:.1} calls/s",
            measured.calls_per_second
        );
        if round > 0 {
            self.contenders[place].1.push(measured);
        }
    }

    /// Prints the medians over the rounds, with a factor from calls to `unit`. Ratios are formed within a round.
    pub(crate) fn report(&self, unit: &str, per_call: usize) {
        let Some((_, firsts)) = self.contenders.first() else {
            return;
        };
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let per_call = per_call as f64;
        for (name, rounds) in &self.contenders {
            let speed = median(rounds.iter().map(|round| round.calls_per_second * per_call));
            let p50 = median(rounds.iter().map(|round| round.p50.as_secs_f64() * 1e3));
            let p99 = median(rounds.iter().map(|round| round.p99.as_secs_f64() * 1e3));
            let ratios = firsts.iter().zip(rounds);
            let ratio = median(ratios.map(|(a, b)| a.calls_per_second / b.calls_per_second));
            let processor = rounds.iter().filter_map(|round| round.processor_ms);
            let processor = median(processor);
            println!(
                "{name}: {speed:.1} {unit}/s, p50 {p50:.2} ms, p99 {p99:.2} ms, processor {processor:.3} ms/call; the first is {ratio:.2} x as fast"
            );
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
