//! Conversion of LaTeX in titles and abstracts to plain text.

mod symbols;

use unicode_normalization::char::compose;

use super::white_space::join_white_space;

/// The maximum length in bytes of an argument that is skipped or put in parentheses, which keeps
/// the time linear.
const MAX_GROUP: usize = 1024;

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
        next_group: Group::Plain,
    };
    loop {
        converter.copy_text();
        let Some(c) = converter.take() else { break };
        converter.convert(c);
    }
    join_white_space(&converter.out)
}

/// The treatment of a group in braces at its end.
#[derive(Clone, Copy, Debug)]
enum Group {
    /// The group stays as it is.
    Plain,
    /// The group gets parentheses unless it is one word or number. Its text begins at this position
    /// of the output.
    Operand(usize),
    /// The group is treated as an operand and followed by a slash.
    Numerator(usize),
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
    next_group: Group,
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
                self.next_group = Group::Plain;
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
            '{' => {
                let group = match self.next_group {
                    Group::Plain => Group::Plain,
                    Group::Operand(_) => Group::Operand(self.out.len()),
                    Group::Numerator(_) => Group::Numerator(self.out.len()),
                };
                if self.groups.len() < MAX_NESTING {
                    self.groups.push(group);
                } else {
                    self.deeper_groups += 1;
                }
                self.next_group = Group::Plain;
            }
            '}' => {
                self.accents.clear();
                self.end_group();
            }
            '$' => self.dollar(),
            '^' | '_' if self.in_math => {
                self.out.push(c);
                self.next_group = Group::Operand(0);
            }
            '~' if !self.out.is_empty() && !self.out.ends_with(char::is_whitespace) => {
                self.out.push(' ');
            }
            '-' if !self.in_math && self.take_prefix("--") => self.out.push('—'),
            '-' if !self.in_math && self.take_prefix("-") => self.out.push('–'),
            '`' if !self.in_math && self.take_prefix("`") => self.out.push('“'),
            '\'' if !self.in_math && self.take_prefix("'") => self.out.push('”'),
            _ => {
                if !c.is_whitespace() {
                    self.next_group = Group::Plain;
                }
                self.letter(c);
            }
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

    fn end_group(&mut self) {
        if self.deeper_groups > 0 {
            self.deeper_groups -= 1;
            return;
        }
        let (start, suffix) = match self.groups.pop() {
            None | Some(Group::Plain) => return,
            Some(Group::Operand(start)) => (start, ""),
            Some(Group::Numerator(start)) => (start, "/"),
        };
        let inside = self.out[start..].trim();
        let is_single = inside.chars().all(|c| c.is_alphanumeric() || c == '.');
        if inside.len() <= MAX_GROUP && !is_single {
            self.out.insert(start, '(');
            self.out.push(')');
        }
        self.out.push_str(suffix);
        if suffix == "/" {
            self.next_group = Group::Operand(0);
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
        } else {
            self.other_command(name);
        }
    }

    fn other_command(&mut self, name: &'a str) {
        match name {
            "frac" | "dfrac" | "tfrac" | "nicefrac" => self.next_group = Group::Numerator(0),
            "sqrt" => {
                self.out.push('√');
                self.next_group = Group::Operand(0);
            }
            // References and layout commands, whose argument is not text.
            "cite" | "citep" | "citet" | "ref" | "eqref" | "label" | "begin" | "end" | "vspace"
            | "hspace" | "textcolor" | "color" | "href" => {
                while self.remaining.starts_with('[') {
                    let end = self
                        .remaining
                        .bytes()
                        .take(MAX_GROUP)
                        .position(|byte| byte == b']');
                    let Some(end) = end else { break };
                    self.remaining = &self.remaining[end + 1..];
                }
                self.skip_group();
            }
            "quad" | "qquad" | "newline" | "par" | "linebreak" | "space" => self.out.push(' '),
            "left" | "right" | "big" | "Big" | "bigl" | "bigr" | "Bigl" | "Bigr" => {
                self.take_prefix(".");
            }
            "em" | "bf" | "it" | "rm" | "tt" | "sc" | "sf" | "sl" | "bfseries" | "itshape"
            | "scshape" | "upshape" | "normalfont" | "small" | "large" | "displaystyle"
            | "textstyle" | "limits" | "nolimits" | "protect" | "noopsort" | "relax" => {
                if self.remaining.starts_with(char::is_whitespace) {
                    self.remaining = self.remaining.trim_start();
                } else {
                    self.take_prefix("{}");
                }
            }
            // An unknown command with an argument, such as formatting.
            _ if self.remaining.trim_start().starts_with('{')
                && !self.remaining.starts_with("{}") =>
            {
                self.remaining = self.remaining.trim_start();
            }
            // A word such as `\log`, separated from adjacent letters.
            _ => {
                if self.out.ends_with(char::is_alphanumeric) {
                    self.out.push(' ');
                }
                self.out.push_str(name);
                self.take_prefix("{}");
                if self.remaining.starts_with(char::is_alphanumeric) {
                    self.out.push(' ');
                }
            }
        }
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
            '-' | '/' | '!' => {}
            ',' | ';' | ':' | '>' | ' ' | '\n' | '\t' | '\r' | '\\' => self.out.push(' '),
            _ => match symbols::symbol_accent(symbol) {
                Some(mark) if !self.in_math => self.accents.push(mark),
                _ => self.letter(symbol),
            },
        }
    }

    /// Skips a group in braces, if one follows.
    fn skip_group(&mut self) {
        if !self.remaining.starts_with('{') {
            return;
        }
        let mut depth = 0_usize;
        let end = self.remaining.bytes().take(MAX_GROUP).position(|byte| {
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        // A group that is not closed remains as text.
        self.remaining = end.map_or(self.remaining, |end| &self.remaining[end + 1..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composes_accents_in_every_notation() {
        for (latex, expected) in [
            (r#"{\"o}"#, "ö"),
            (r#"\"{o}"#, "ö"),
            (r#"\"o"#, "ö"),
            (r"Erd{\H o}s", "Erdős"),
            (r"Erd\H{o}s", "Erdős"),
            (r"\'{e}t\'e", "été"),
            (r#"na{\"\i}ve"#, "naïve"),
            (r"\'{\i}", "í"),
            (r"Fran\c{c}ois", "François"),
            (r"Nov{\'a}\v{c}ek", "Nováček"),
            (r"S\o ren {\AA}s", "Søren Ås"),
            (r"Stra{\ss}e, \L{}ukasz", "Straße, Łukasz"),
            (r"Nguy{\~{\^e}}n", "Nguyễn"),
            (r"\~n, \=a, \.z, \k{a}, \r{u}", "ñ, ā, ż, ą, ů"),
        ] {
            assert_eq!(plain(latex), expected, "{latex}");
        }
    }

    #[test]
    fn removes_braces_and_formatting_and_keeps_the_words() {
        for (latex, expected) in [
            ("{NeurIPS} and {{BERT}}", "NeurIPS and BERT"),
            (r"\emph{very} \textbf{deep {nets}}", "very deep nets"),
            (r"{\em in vivo} study", "in vivo study"),
            (r"R\&D at 5\% for \$3", "R&D at 5% for $3"),
            (r"Fig.~3 of ~10 lines", "Fig. 3 of ~10 lines"),
            ("pages 1--5 --- ``so''", "pages 1–5 — “so”"),
            (
                r"as in \cite{knuth84} by \href{http://x}{us}",
                "as in by us",
            ),
            (r"with \LaTeX{} and \BibTeX", "with LaTeX and BibTeX"),
            ("two\n  lines", "two lines"),
            (r"a\_b \{c\}", "a_b {c}"),
            ("one } two {", "one two"),
        ] {
            assert_eq!(plain(latex), expected, "{latex}");
        }
    }

    #[test]
    fn keeps_mathematics_readable() {
        for (latex, expected) in [
            (r"$\alpha$-stable", "α-stable"),
            (r"$O(n\log n)$ time", "O(n log n) time"),
            (r"$x^2 + y_{ij}^{n+1}$", "x^2 + y_ij^(n+1)"),
            (r"$\frac{a+b}{2}$", "(a+b)/2"),
            (r"$\mathbb{R}^d \to \mathcal{H}$", "R^d → H"),
            (r"$\sqrt{n}$ and $$E = mc^2$$", "√n and E = mc^2"),
            (r"$\hat{f} \leq 10\,\mathrm{GeV}$", "f̂ ≤ 10 GeV"),
            (r"\(\ell_1\) norm", "ℓ_1 norm"),
            ("costs $5 and $6", "costs $5 and $6"),
            ("a snake_case ^ word", "a snake_case ^ word"),
        ] {
            assert_eq!(plain(latex), expected, "{latex}");
        }
    }

    #[test]
    fn accepts_any_text() {
        let deep = "{\\frac".repeat(50_000);
        assert_eq!(plain(&deep), "");
        for text in [
            "\\",
            "$",
            "$$",
            "\\'",
            "{",
            "\\cite{",
            "\\frac{}{}",
            "é\\é",
            "\\cite[a",
        ] {
            plain(text);
        }
        assert_eq!(plain("plain  text "), "plain text");
        assert_eq!(plain(r"so \cite{open"), "so open");
        let powers = format!("${}", "^{a b".repeat(200_000));
        assert!(plain(&format!("{powers}{}$", "}".repeat(200_000))).len() > 600_000);
    }
}
