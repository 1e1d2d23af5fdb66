//! What a person sees: whether stdout is a screen, how wide it is, and what it can show.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;
use supports_hyperlinks::Stream;
use terminal_size::{Height, Width};

/// When to use colors and other styles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal that has them, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// In a pipe too, with the layout of a terminal
    Always,
    /// Never, and no links either
    Never,
}

impl ColorWhen {
    /// Makes this the choice for everything that is printed from now on.
    pub(crate) fn apply(self) {
        let choice = match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }

    /// Returns the choice in a command line that may be wrong, for the message that says so.
    pub(crate) fn in_arguments(arguments: impl Iterator<Item = OsString>) -> Self {
        let arguments: Vec<OsString> = arguments.collect();
        let values = arguments.iter().enumerate().filter_map(|(at, argument)| {
            let argument = argument.to_str()?;
            match argument.strip_prefix("--color")? {
                "" => arguments.get(at + 1)?.to_str(),
                value => value.strip_prefix('='),
            }
        });
        let mut chosen = values.filter_map(|value| Self::from_str(value, false).ok());
        chosen.next_back().unwrap_or_default()
    }
}

/// What a stream can show to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    /// The number of columns to use.
    pub(crate) width: usize,
    /// Whether text may be bold, dim or colored.
    pub(crate) has_styles: bool,
    /// Whether text may be a hyperlink.
    pub(crate) has_links: bool,
}

/// The width if neither `COLUMNS` nor the terminal says it.
pub(crate) const DEFAULT_WIDTH: usize = 80;

/// The smallest width that is believed.
const MIN_WIDTH: usize = 20;

/// The largest width that is used. Longer lines are hard to read.
const MAX_WIDTH: usize = 120;

impl Screen {
    /// A file, whose lines are as wide everywhere.
    pub(crate) const FILE: Self = Self {
        width: DEFAULT_WIDTH,
        has_styles: false,
        has_links: false,
    };

    /// Returns the screen of stdout, or `None` if stdout is not a terminal and styles are not asked for:
    /// then a program reads it.
    pub(crate) fn of_stdout() -> Option<Self> {
        let stdout = io::stdout();
        let has_styles = AutoStream::choice(&stdout) != ColorChoice::Never;
        (stdout.is_terminal() || has_styles).then(|| Self {
            width: width_of_stdout(),
            has_styles,
            has_links: has_styles && supports_hyperlinks::on(Stream::Stdout),
        })
    }
}

/// Returns whether stderr shows colors.
pub(crate) fn stderr_has_styles() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

fn width_of_stdout() -> usize {
    let of_variable = || env::var("COLUMNS").ok()?.trim().parse().ok();
    let of_terminal = || columns(terminal_size::terminal_size_of(io::stdout()));
    usable_width(of_variable().or_else(of_terminal))
}

/// Returns the number of columns of the terminal that stderr is.
pub(crate) fn width_of_stderr() -> usize {
    usable_width(columns(terminal_size::terminal_size_of(io::stderr())))
}

fn columns(size: Option<(Width, Height)>) -> Option<usize> {
    size.map(|(width, _)| usize::from(width.0))
}

/// Returns the number of columns to use of `columns`.
fn usable_width(columns: Option<usize>) -> usize {
    match columns {
        None | Some(0) => DEFAULT_WIDTH,
        Some(columns) => columns.clamp(MIN_WIDTH, MAX_WIDTH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_color_of_a_command_line_counts() {
        let color = |line: &str| ColorWhen::in_arguments(line.split(' ').map(OsString::from));
        assert_eq!(color("search --color never x"), ColorWhen::Never);
        assert_eq!(color("search --color=always x"), ColorWhen::Always);
        assert_eq!(color("--color=always search --color auto"), ColorWhen::Auto);
        assert_eq!(color("search x --color"), ColorWhen::Auto);
        assert_eq!(color("search --colors never"), ColorWhen::Auto);
    }

    #[test]
    fn the_width_is_kept_within_reason() {
        let widths = [None, Some(0), Some(5), Some(50), Some(400)].map(usable_width);
        assert_eq!(widths, [80, 80, MIN_WIDTH, 50, MAX_WIDTH]);
    }
}
