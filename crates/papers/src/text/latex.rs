//! Conversion of LaTeX in titles and abstracts to plain text.

mod arguments;
mod commands;
mod symbols;
#[cfg(test)]
mod tests;
mod units;

use unicode_normalization::char::compose;

use self::arguments::MAX_GROUP;
use self::commands::Command;
use super::white_space::join_white_space;

/// The maximum number of nested groups whose treatment is remembered, which bounds memory.
const MAX_NESTING: usize = 1024;

/// Converts LaTeX to plain text: composes accents, removes braces and formatting, converts
/// mathematics to a readable form and reduces white space to single spaces.
///
/// The function accepts any text. An unknown command becomes its argument, or its name if it has
/// none. Dollar signs delimit mathematics only if they enclose something that looks like it, as in
/// Pandoc's Markdown, so that prices remain.
///
/// # Complexity
///
/// Linear in the length of the text.
pub(crate) fn plain(latex: &str) -> String {
    if !latex.contains(['\\', '{', '}', '$', '~', '`', '\'', '-']) {
        return join_white_space(latex);
    }
    let mut converter = Converter {
        remaining: latex,
        out: String::with_capacity(latex.len()),
        accents: Vec::new(),
        in_math: false,
        groups: Vec::new(),
        deeper_groups: 0,
        next_ending: Ending::Plain,
        next_is_math: None,
    };
    loop {
        converter.copy_text();
        let Some(c) = converter.take() else { break };
        converter.convert(c);
    }
    join_white_space(&converter.out)
}

fn begins_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\\' | '{')
}

/// A group in braces that is open.
#[derive(Clone, Copy, Debug)]
struct Group {
    ending: Ending,
    /// Whether mathematics goes on after the group, if the group begins or interrupts it.
    math_after: Option<bool>,
}

/// The treatment of a group at its end.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// The group stays as it is.
    Plain,
    /// The group gets parentheses unless it is one word or number. Its text begins at this position
    /// of the output.
    Operand(usize),
    /// The group is treated as an operand and followed by a slash.
    Numerator(usize),
    /// The group stands in quotation marks.
    Quoted,
    /// The group is the first of two forms of a text, of which the second is skipped.
    FirstForm,
}

struct Converter<'a> {
    remaining: &'a str,
    out: String,
    /// The combining marks to apply to the next letter, the outermost first.
    accents: Vec<char>,
    in_math: bool,
    groups: Vec<Group>,
    /// The number of open groups within the last of `groups`, which stay as they are.
    deeper_groups: usize,
    next_ending: Ending,
    /// Whether the next group is mathematics, or text within it.
    next_is_math: Option<bool>,
}

impl<'a> Converter<'a> {
    fn take(&mut self) -> Option<char> {
        let c = self.remaining.chars().next()?;
        self.remaining = &self.remaining[c.len_utf8()..];
        Some(c)
    }

    /// Copies the text before the next special character.
    fn copy_text(&mut self) {
        if self.accents.is_empty() {
            let is_special = |byte| {
                matches!(
                    byte,
                    b'\\' | b'{' | b'}' | b'$' | b'^' | b'_' | b'~' | b'-' | b'`' | b'\''
                )
            };
            let end = self.remaining.bytes().position(is_special);
            let (text, remaining) = self.remaining.split_at(end.unwrap_or(self.remaining.len()));
            if !text.trim_ascii().is_empty() {
                self.next_ending = Ending::Plain;
            }
            self.out.push_str(text);
            self.remaining = remaining;
        }
    }

    fn take_prefix(&mut self, prefix: &str) -> bool {
        let found = self.remaining.strip_prefix(prefix);
        self.remaining = found.unwrap_or(self.remaining);
        found.is_some()
    }

    fn convert(&mut self, c: char) {
        match c {
            '\\' => self.command(),
            '{' => self.begin_group(),
            '}' => {
                self.accents.clear();
                self.end_group();
            }
            '$' => self.dollar(),
            '^' => match arguments::raised_symbol(&mut self.remaining) {
                Some(symbol) => self.out.push(symbol),
                None => self.index(c),
            },
            '_' => self.index(c),
            '~' if !self.out.is_empty() && !self.out.ends_with(char::is_whitespace) => {
                self.out.push(' ');
            }
            '-' if !self.in_math && self.take_prefix("--") => self.out.push('—'),
            '-' if !self.in_math && self.take_prefix("-") => self.out.push('–'),
            '`' if !self.in_math && self.take_prefix("`") => self.out.push('“'),
            '\'' if !self.in_math && self.take_prefix("'") => self.out.push('”'),
            '`' if !self.in_math && self.invert_mark() => {}
            _ => {
                if !c.is_whitespace() {
                    self.next_ending = Ending::Plain;
                }
                self.letter(c);
            }
        }
    }

    /// Inverts a question or exclamation mark that begins a sentence and is followed by the grave accent just taken,
    /// as in ``?`Por qué?``.
    fn invert_mark(&mut self) -> bool {
        let inverted = match self.out.chars().next_back() {
            Some('?') => '¿',
            Some('!') => '¡',
            _ => return false,
        };
        let before = &self.out[..self.out.len() - 1];
        if before.ends_with(char::is_alphanumeric) || !self.remaining.starts_with(begins_word) {
            return false;
        }
        self.out.pop();
        self.out.push(inverted);
        true
    }

    /// Appends the sign of an exponent or a subscript, whose group gets parentheses within mathematics.
    fn index(&mut self, sign: char) {
        if self.in_math {
            self.out.push(sign);
            self.next_ending = Ending::Operand(0);
        } else {
            self.next_ending = Ending::Plain;
            self.letter(sign);
        }
    }

    /// Appends a character with the pending accents.
    fn letter(&mut self, c: char) {
        if self.accents.is_empty() || c.is_whitespace() {
            self.out.push(c);
            return;
        }
        let mut letter = c;
        let mut separate = Vec::new();
        for mark in self.accents.drain(..).rev() {
            match compose(letter, mark) {
                Some(composed) => letter = composed,
                // No character combines the letter and the mark.
                None => separate.push(mark),
            }
        }
        self.out.push(letter);
        self.out.extend(separate);
    }

    fn begin_group(&mut self) {
        let ending = match self.next_ending {
            Ending::Operand(_) => Ending::Operand(self.out.len()),
            Ending::Numerator(_) => Ending::Numerator(self.out.len()),
            other => other,
        };
        if matches!(ending, Ending::Quoted) {
            self.out.push('“');
        }
        self.next_ending = Ending::Plain;
        let is_math = self.next_is_math.take();
        if self.groups.len() >= MAX_NESTING {
            self.deeper_groups += 1;
            return;
        }
        let math_after = is_math.map(|_| self.in_math);
        self.in_math = is_math.unwrap_or(self.in_math);
        self.groups.push(Group { ending, math_after });
    }

    fn end_group(&mut self) {
        if self.deeper_groups > 0 {
            self.deeper_groups -= 1;
            return;
        }
        let Some(group) = self.groups.pop() else {
            return;
        };
        self.in_math = group.math_after.unwrap_or(self.in_math);
        let (start, suffix) = match group.ending {
            Ending::Plain => return,
            Ending::Quoted => return self.out.push('”'),
            Ending::FirstForm => {
                arguments::group(&mut self.remaining);
                return;
            }
            Ending::Operand(start) => (start, ""),
            Ending::Numerator(start) => (start, "/"),
        };
        let inside = self.out[start..].trim();
        let is_single = inside.chars().all(|c| c.is_alphanumeric() || c == '.');
        if inside.len() <= MAX_GROUP && !is_single {
            self.out.insert(start, '(');
            self.out.push(')');
        }
        self.out.push_str(suffix);
        if suffix == "/" {
            self.next_ending = Ending::Operand(0);
        }
    }

    /// Begins or ends mathematics at a dollar sign, or copies the sign.
    fn dollar(&mut self) {
        if self.in_math {
            self.in_math = false;
            self.take_prefix("$");
            return;
        }
        if self.take_prefix("$") {
            self.in_math = true;
            return;
        }
        let mut escaped = false;
        let end = self.remaining.find(|c: char| {
            let found = c == '$' && !escaped;
            escaped = c == '\\' && !escaped;
            found
        });
        let is_math = end.is_some_and(|end| {
            let (inside, after) = (&self.remaining[..end], &self.remaining[end + 1..]);
            let is_tight = !inside.starts_with(char::is_whitespace)
                && !inside.ends_with(char::is_whitespace)
                && !after.starts_with(|c: char| c.is_ascii_digit());
            !inside.is_empty() && (is_tight || inside.contains(['\\', '^', '_', '=', '<', '>']))
        });
        if is_math {
            self.in_math = true;
        } else {
            self.out.push('$');
        }
    }

    fn command(&mut self) {
        let letters = self
            .remaining
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(self.remaining.len());
        if letters == 0 {
            self.symbol();
            return;
        }
        let (name, remaining) = self.remaining.split_at(letters);
        self.remaining = remaining;
        if !self.in_math
            && let Some(mark) = symbols::letter_accent(name)
        {
            self.remaining = self.remaining.trim_start();
            self.accents.push(mark);
        } else if let Some(mark) = symbols::math_accent(name) {
            self.remaining = self.remaining.trim_start();
            self.accents.push(mark);
        } else if let Some(letter) = symbols::letter(name) {
            // White space or `{}` after the name of a command is part of the command.
            self.remaining = self.remaining.trim_start();
            self.take_prefix("{}");
            // A dotless letter with an accent is composed from the dotted one.
            match (self.accents.is_empty(), letter) {
                (false, "ı") => self.letter('i'),
                (false, "ȷ") => self.letter('j'),
                _ => letter.chars().for_each(|c| self.letter(c)),
            }
        } else if let Some(symbol) = symbols::symbol(name) {
            self.take_prefix("{}");
            symbol.chars().for_each(|c| self.letter(c));
        } else if let Some(symbol) = name.strip_prefix("text").and_then(symbols::symbol) {
            // The Greek letters and symbols of text, such as `\textalpha`.
            self.remaining = self.remaining.trim_start();
            self.take_prefix("{}");
            symbol.chars().for_each(|c| self.letter(c));
        } else {
            self.other_command(name, commands::of_name(name));
        }
    }

    fn other_command(&mut self, name: &'a str, command: Command) {
        match command {
            Command::Fraction => self.next_ending = Ending::Numerator(0),
            Command::Root => {
                arguments::skip_options(&mut self.remaining);
                self.out.push('√');
                self.next_ending = Ending::Operand(0);
            }
            Command::Skip(arguments) => {
                for _ in 0..arguments {
                    arguments::skip_options(&mut self.remaining);
                    arguments::skip_group(&mut self.remaining);
                }
            }
            Command::Space => self.out.push(' '),
            Command::Delimiter => {
                self.take_prefix(".");
            }
            Command::Declaration => {
                if self.remaining.starts_with(char::is_whitespace) {
                    self.remaining = self.remaining.trim_start();
                } else {
                    self.take_prefix("{}");
                }
            }
            Command::Format => self.before_argument(),
            Command::Mathematics | Command::Text => {
                self.before_argument();
                if self.remaining.starts_with('{') {
                    self.next_is_math = Some(matches!(command, Command::Mathematics));
                }
            }
            Command::Quotation | Command::FirstForm => {
                self.before_argument();
                if self.remaining.starts_with('{') {
                    self.next_ending = match command {
                        Command::Quotation => Ending::Quoted,
                        _ => Ending::FirstForm,
                    };
                }
            }
            Command::Verbatim => {
                let text = arguments::group(&mut self.remaining).unwrap_or_default();
                self.out.push_str(text);
            }
            Command::Phantom => arguments::skip_any(&mut self.remaining),
            Command::IfMath if self.in_math => {}
            Command::IfMath => arguments::skip_to_else(&mut self.remaining),
            Command::Else => arguments::skip_to_end_if(&mut self.remaining),
            Command::EndIf => {
                self.take_prefix("{}");
            }
            Command::Quantity(parts) => self.quantity(name, parts),
            Command::Unknown => self.unknown_command(name),
        }
    }

    /// Converts a command that is not known: to its argument, such as a text in a font, or to its name.
    fn unknown_command(&mut self, name: &str) {
        let before = self.remaining;
        self.take_prefix("*");
        arguments::skip_options(&mut self.remaining);
        if self.remaining.trim_start().starts_with('{') && !self.remaining.starts_with("{}") {
            self.remaining = self.remaining.trim_start();
            return;
        }
        self.remaining = before;
        // A word such as `\log`, separated from adjacent letters.
        if self.out.ends_with(char::is_alphanumeric) {
            self.out.push(' ');
        }
        self.out.push_str(name);
        self.take_prefix("{}");
        if self.remaining.starts_with(char::is_alphanumeric) {
            self.out.push(' ');
        }
    }

    /// Converts a quantity of the package siunitx, such as `\qty{20}{\celsius}`.
    fn quantity(&mut self, name: &str, parts: &[units::Part]) {
        let before = self.remaining;
        let mut text = String::new();
        for part in parts {
            arguments::skip_options(&mut self.remaining);
            let Some(argument) = arguments::group(&mut self.remaining) else {
                self.remaining = before;
                self.unknown_command(name);
                return;
            };
            part.append(argument, &mut text);
        }
        self.out.push_str(&text);
    }

    fn before_argument(&mut self) {
        self.remaining = self.remaining.trim_start();
    }

    /// Converts a command whose name is one character: an accent, a space or that character.
    fn symbol(&mut self) {
        let Some(symbol) = self.take() else {
            self.out.push('\\');
            return;
        };
        match symbol {
            '(' | '[' => self.in_math = true,
            ')' | ']' => self.in_math = false,
            '-' | '/' | '!' | '@' => {}
            ',' | ';' | ':' | '>' | ' ' | '\n' | '\t' | '\r' | '\\' => self.out.push(' '),
            _ => match symbols::symbol_accent(symbol) {
                Some(mark) if !self.in_math => self.accents.push(mark),
                _ => self.letter(symbol),
            },
        }
    }
}
