//! LaTeX as it stands in titles and abstracts, made plain text.

mod symbols;

use unicode_normalization::char::compose;

/// The most bytes of an argument that is passed over or put into parentheses, so that the time stays
/// linear.
const MAX_GROUP: usize = 1024;

/// `latex` as a reader would see it: accents composed, braces and formatting gone, mathematics as
/// readable as plain text can be, white space single.
///
/// It reads the text once from left to right and refuses nothing: a command that is not known
/// stands for its argument, or for its name where it has none. Dollar signs are mathematics only
/// in pairs that enclose something like it, as in Pandoc's Markdown, so that prices stay. Linear in
/// the length of the text.
pub(crate) fn plain(latex: &str) -> String {
    if !latex.contains(['\\', '{', '}', '$', '~', '`', '\'', '-']) {
        return join_white_space(latex);
    }
    let mut plain = Plain {
        rest: latex,
        out: String::with_capacity(latex.len()),
        accents: Vec::new(),
        math: false,
        groups: Vec::new(),
        next_group: Group::Plain,
    };
    loop {
        plain.take_words();
        let Some(c) = plain.take() else { break };
        plain.step(c);
    }
    join_white_space(&plain.out)
}

/// Single spaces between words, none around them.
pub(crate) fn join_white_space(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

/// What is done where a group in braces ends.
#[derive(Clone, Copy, Debug)]
enum Group {
    /// Nothing.
    Plain,
    /// Parentheses around it, unless it is one word or number; its text starts at this byte.
    One(usize),
    /// The same, and a stroke behind it.
    Numerator(usize),
}

struct Plain<'a> {
    rest: &'a str,
    out: String,
    /// The combining marks that wait for their letter, the outermost first.
    accents: Vec<char>,
    math: bool,
    groups: Vec<Group>,
    next_group: Group,
}

impl<'a> Plain<'a> {
    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Passes on what stands for itself.
    fn take_words(&mut self) {
        if self.accents.is_empty() {
            let is_sign = |byte| {
                matches!(
                    byte,
                    b'\\' | b'{' | b'}' | b'$' | b'^' | b'_' | b'~' | b'-' | b'`' | b'\''
                )
            };
            let end = self.rest.bytes().position(is_sign);
            let (words, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            if !words.trim_ascii().is_empty() {
                self.next_group = Group::Plain;
            }
            self.out.push_str(words);
            self.rest = rest;
        }
    }

    fn take_prefix(&mut self, prefix: &str) -> bool {
        let found = self.rest.strip_prefix(prefix);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn step(&mut self, c: char) {
        match c {
            '\\' => self.command(),
            '{' => {
                let group = match self.next_group {
                    Group::Plain => Group::Plain,
                    Group::One(_) => Group::One(self.out.len()),
                    Group::Numerator(_) => Group::Numerator(self.out.len()),
                };
                self.groups.push(group);
                self.next_group = Group::Plain;
            }
            '}' => {
                self.accents.clear();
                self.close();
            }
            '$' => self.dollar(),
            '^' | '_' if self.math => {
                self.out.push(c);
                self.next_group = Group::One(0);
            }
            '~' if !self.out.is_empty() && !self.out.ends_with(char::is_whitespace) => {
                self.out.push(' ');
            }
            '-' if !self.math && self.take_prefix("--") => self.out.push('—'),
            '-' if !self.math && self.take_prefix("-") => self.out.push('–'),
            '`' if !self.math && self.take_prefix("`") => self.out.push('“'),
            '\'' if !self.math && self.take_prefix("'") => self.out.push('”'),
            _ => {
                if !c.is_whitespace() {
                    self.next_group = Group::Plain;
                }
                self.letter(c);
            }
        }
    }

    /// Puts a character, with the mark that waited for it.
    fn letter(&mut self, c: char) {
        if self.accents.is_empty() || c.is_whitespace() {
            self.out.push(c);
            return;
        }
        let mut letter = c;
        let mut apart = Vec::new();
        for mark in self.accents.drain(..).rev() {
            match compose(letter, mark) {
                Some(composed) => letter = composed,
                // No single character has both.
                None => apart.push(mark),
            }
        }
        self.out.push(letter);
        self.out.extend(apart);
    }

    fn close(&mut self) {
        let (start, behind) = match self.groups.pop() {
            None | Some(Group::Plain) => return,
            Some(Group::One(start)) => (start, ""),
            Some(Group::Numerator(start)) => (start, "/"),
        };
        let inside = self.out[start..].trim();
        let is_one = inside.chars().all(|c| c.is_alphanumeric() || c == '.');
        if inside.len() <= MAX_GROUP && !is_one {
            self.out.insert(start, '(');
            self.out.push(')');
        }
        self.out.push_str(behind);
        if behind == "/" {
            self.next_group = Group::One(0);
        }
    }

    /// A dollar sign: the start or the end of mathematics, or itself.
    fn dollar(&mut self) {
        if self.math {
            self.math = false;
            self.take_prefix("$");
            return;
        }
        if self.take_prefix("$") {
            self.math = true;
            return;
        }
        let mut escaped = false;
        let end = self.rest.find(|c: char| {
            let found = c == '$' && !escaped;
            escaped = c == '\\' && !escaped;
            found
        });
        let is_math = end.is_some_and(|end| {
            let (inside, behind) = (&self.rest[..end], &self.rest[end + 1..]);
            let is_tight = !inside.starts_with(char::is_whitespace)
                && !inside.ends_with(char::is_whitespace)
                && !behind.starts_with(|c: char| c.is_ascii_digit());
            !inside.is_empty() && (is_tight || inside.contains(['\\', '^', '_', '=', '<', '>']))
        });
        if is_math {
            self.math = true;
        } else {
            self.out.push('$');
        }
    }

    fn command(&mut self) {
        let letters = self
            .rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(self.rest.len());
        if letters == 0 {
            self.sign();
            return;
        }
        let (name, rest) = self.rest.split_at(letters);
        self.rest = rest;
        if !self.math
            && let Some(mark) = symbols::accent_word(name)
        {
            self.rest = self.rest.trim_start();
            self.accents.push(mark);
        } else if let Some(mark) = symbols::math_accent(name) {
            self.rest = self.rest.trim_start();
            self.accents.push(mark);
        } else if let Some(letter) = symbols::letter(name) {
            // A word of a command ends with the white space behind it, or with `{}`.
            self.rest = self.rest.trim_start();
            self.take_prefix("{}");
            // Dotless letters exist for the sake of the mark.
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
                self.next_group = Group::One(0);
            }
            // References to what is not here, and layout.
            "cite" | "citep" | "citet" | "ref" | "eqref" | "label" | "begin" | "end" | "vspace"
            | "hspace" | "textcolor" | "color" | "href" => {
                while self.rest.starts_with('[') {
                    let end = self
                        .rest
                        .bytes()
                        .take(MAX_GROUP)
                        .position(|byte| byte == b']');
                    let Some(end) = end else { break };
                    self.rest = &self.rest[end + 1..];
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
                if self.rest.starts_with(char::is_whitespace) {
                    self.rest = self.rest.trim_start();
                } else {
                    self.take_prefix("{}");
                }
            }
            // Formatting: what matters is what it is put on.
            _ if self.rest.trim_start().starts_with('{') && !self.rest.starts_with("{}") => {
                self.rest = self.rest.trim_start();
            }
            // A word such as `\log`, apart from the letters beside it.
            _ => {
                if self.out.ends_with(char::is_alphanumeric) {
                    self.out.push(' ');
                }
                self.out.push_str(name);
                self.take_prefix("{}");
                if self.rest.starts_with(char::is_alphanumeric) {
                    self.out.push(' ');
                }
            }
        }
    }

    /// A command of one sign: an accent, a space or the sign itself.
    fn sign(&mut self) {
        let Some(sign) = self.take() else {
            self.out.push('\\');
            return;
        };
        match sign {
            '(' | '[' => self.math = true,
            ')' | ']' => self.math = false,
            '-' | '/' | '!' => {}
            ',' | ';' | ':' | '>' | ' ' | '\n' | '\t' | '\r' | '\\' => self.out.push(' '),
            _ => match symbols::accent_sign(sign) {
                Some(mark) if !self.math => self.accents.push(mark),
                _ => self.letter(sign),
            },
        }
    }

    /// Passes over a group in braces, if one follows.
    fn skip_group(&mut self) {
        if !self.rest.starts_with('{') {
            return;
        }
        let mut depth = 0_usize;
        let end = self.rest.bytes().take(MAX_GROUP).position(|byte| {
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        // One that is not closed is text, so that nothing is lost.
        self.rest = end.map_or(self.rest, |end| &self.rest[end + 1..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composes_accents_in_every_writing() {
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
    fn drops_braces_and_formatting_and_keeps_the_words() {
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
    fn takes_whatever_comes() {
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
