//! How much the command prints on stderr besides errors, chosen once at the start.

use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How much is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// Only errors.
    Quiet,
    /// Notes, warnings and progress too.
    #[default]
    Normal,
    /// Also each step, with its time.
    Verbose,
}

static CHOSEN: OnceLock<Verbosity> = OnceLock::new();

impl Verbosity {
    /// Sets the verbosity of this process. Only the first call has an effect.
    pub(crate) fn choose(self) {
        // A second choice would be a fault of the program, and not worth an error.
        let _ = CHOSEN.set(self);
    }

    /// Returns the verbosity of this process.
    pub(crate) fn chosen() -> Self {
        CHOSEN.get().copied().unwrap_or_default()
    }

    /// Returns whether only errors are printed.
    pub(crate) fn is_quiet() -> bool {
        Self::chosen() == Self::Quiet
    }

    /// Returns whether each step is printed.
    pub(crate) fn is_verbose() -> bool {
        Self::chosen() == Self::Verbose
    }
}

/// A time for a person, such as `12.3 ms` or `4.56 s`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took(pub(crate) Duration);

impl Took {
    /// Returns the time since `start`.
    pub(crate) fn since(start: Instant) -> Self {
        Self(start.elapsed())
    }
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds < 1.0 {
            write!(f, "{:.1} ms", seconds * 1e3)
        } else {
            write!(f, "{seconds:.2} s")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_times_are_in_milliseconds() {
        let shown = |micros| Took(Duration::from_micros(micros)).to_string();
        assert_eq!(shown(12_340), "12.3 ms");
        assert_eq!(shown(4_560_000), "4.56 s");
    }
}
