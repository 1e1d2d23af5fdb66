//! The position in a file of Typst and the brackets that are open there.

/// The place that text goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Prose,
    Aside,
    Title,
    Abstract,
}

/// What is being read.
#[derive(Clone, Debug)]
pub(super) enum Mode {
    /// Markup, up to a closing bracket unless it is that of the file.
    Markup(Target),
    /// Markup between brackets that are characters of it.
    Bracket(Target),
    /// Code from a keyword to the end of its line, unless brackets are open there.
    Statement,
    /// Code between brackets, with the name of the function that it is an argument of.
    Code { function: String, target: Target },
}

/// A file that is being read.
pub(super) struct Scan<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) counted: usize,
    pub(super) line: usize,
    /// What is being read, the innermost last.
    pub(super) modes: Vec<Mode>,
}

impl Scan<'_> {
    /// Begins to read what is in the bracket at the position.
    pub(super) fn enter(&mut self, mode: Mode) {
        self.modes.push(mode);
        self.at += 1;
    }

    /// Reads the bracket at the position, which closes what is being read.
    pub(super) fn leave(&mut self) -> Option<Mode> {
        self.at += 1;
        self.modes.pop()
    }

    /// Returns the number of the line that is being read.
    pub(super) fn line(&mut self) -> usize {
        let to = self.at.min(self.text.len()).max(self.counted);
        let bytes = &self.text.as_bytes()[self.counted..to];
        self.line += memchr::memchr_iter(b'\n', bytes).count();
        self.counted = to;
        self.line
    }
}
