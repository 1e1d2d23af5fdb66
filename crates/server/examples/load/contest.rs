//! The figures of contenders that take turns.

use std::time::Duration;

/// The figures of one contender in one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    calls_per_second: f64,
    p50: Duration,
    p99: Duration,
}

impl Round {
    pub(crate) fn new(mut latencies: Vec<Duration>, time: Duration) -> Self {
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
        }
    }
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
            println!(
                "{name}: {speed:.1} {unit}/s, p50 {p50:.2} ms, p99 {p99:.2} ms; the first is {ratio:.2} x as fast"
            );
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
