//! What is measured, and the table that shows it.

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

/// A measured value with its unit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Figure {
    Seconds(f64),
    Bytes(f64),
    Ratio(f64),
    PerSecond(f64),
}

impl Figure {
    const fn value(self) -> f64 {
        match self {
            Self::Seconds(value)
            | Self::Bytes(value)
            | Self::Ratio(value)
            | Self::PerSecond(value) => value,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match *self {
            Self::Seconds(seconds) if seconds >= 10.0 => (seconds, " s"),
            Self::Seconds(seconds) => (1e3 * seconds, " ms"),
            Self::Bytes(bytes) => (bytes / 1e6, " MB"),
            Self::Ratio(ratio) => (ratio, " ×"),
            Self::PerSecond(rate) => (rate, "/s"),
        };
        // Three significant digits, as far as they follow the point.
        let decimals = match value {
            100.0.. => 0,
            10.0.. => 1,
            1.0.. => 2,
            _ => 3,
        };
        write!(f, "{value:.decimals$}{unit}")
    }
}

/// The figures of one contender for one number of papers, in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<(String, Figure)>);

impl Figures {
    /// Adds a figure.
    pub(crate) fn add(&mut self, name: impl Into<String>, figure: Figure) {
        let name = name.into();
        eprintln!("  {name}: {figure}");
        self.0.push((name, figure));
    }

    /// Adds the median of times.
    pub(crate) fn add_median(&mut self, name: &str, times: &Times) {
        self.add(name, Figure::Seconds(times.quantile(0.5)));
    }
}

/// Returns a table in Markdown with a column for each number of papers and, if there are several, one
/// for the growth from the smallest to the largest.
pub(crate) fn table(columns: &[(usize, Figures)]) -> String {
    let mut table = String::from("| |");
    for (size, _) in columns {
        write!(table, " {size} papers |").unwrap();
    }
    let is_growth_shown = columns.len() > 1;
    table += if is_growth_shown { " growth |\n" } else { "\n" };
    table += &"|---".repeat(columns.len() + 1 + usize::from(is_growth_shown));
    table += "|\n";
    let Some((_, first)) = columns.first() else {
        return table;
    };
    for (name, _) in &first.0 {
        write!(table, "| {name} |").unwrap();
        let of = |(_, figures): &(usize, Figures)| {
            let found = figures.0.iter().find(|(other, _)| other == name);
            found.map(|(_, figure)| *figure)
        };
        let figures: Vec<Option<Figure>> = columns.iter().map(of).collect();
        for figure in &figures {
            let cell = figure.map_or("–".to_owned(), |figure| figure.to_string());
            write!(table, " {cell} |").unwrap();
        }
        if is_growth_shown {
            let growth = match (figures.first(), figures.last()) {
                (Some(Some(first)), Some(Some(last))) => {
                    format!("{:.1} ×", last.value() / first.value())
                }
                _ => "–".to_owned(),
            };
            write!(table, " {growth} |").unwrap();
        }
        table += "\n";
    }
    table
}

/// Times of one act, in seconds.
#[derive(Debug)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// Measures each call of `act`, which is given the number of the call.
    pub(crate) fn measure<T>(count: usize, mut act: impl FnMut(usize) -> T) -> Self {
        Self::new((0..count).map(|number| time(|| act(number)).1))
    }

    /// Sorts times.
    pub(crate) fn new(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64()).collect();
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// Returns the time below which a share of the times are, 0 to 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a position of a short list"
    )]
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let position = (share * (self.0.len() - 1) as f64).round() as usize;
        self.0[position]
    }
}

/// Returns the result of an act and how long it took.
pub(crate) fn time<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = act();
    (result, start.elapsed())
}
