//! A scan of JSON for the brackets that end a value.

/// The maximum number of brackets that are open at once. Deeper values are invalid anyway.
const MAX_DEPTH: usize = 1 << 16;

/// What a byte does to a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// The value goes on.
    Within,
    /// The byte ends the value.
    End,
    /// The value is not closed, and ended before this byte.
    EndBefore,
}

/// A scan for the end of a value in brackets.
///
/// If brackets are missing, the scan tells by the others where a list or the value ends: a bracket that closes an
/// outer one closes those in it too, and an object cannot follow a comma in another object.
#[derive(Default)]
pub(super) struct BracketScan {
    /// The brackets that are open.
    open: Vec<u8>,
    /// How many of them are braces.
    braces: usize,
    /// The number of brackets that are open beyond [`MAX_DEPTH`].
    deeper: usize,
    pub(super) in_string: bool,
    escaped: bool,
    /// The last byte outside of strings that is not white space.
    last: u8,
}

impl BracketScan {
    /// Creates a scan within an object.
    pub(super) fn in_objects(depth: usize) -> Self {
        Self {
            open: vec![b'{'; depth],
            braces: depth,
            last: b']',
            ..Self::default()
        }
    }

    /// Returns the number of brackets that are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len() + self.deeper
    }

    /// Processes one byte.
    pub(super) fn step(&mut self, byte: u8) -> Step {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                // A string cannot contain a line break: it is not closed.
                b'\n' => {
                    self.in_string = false;
                    self.last = b',';
                }
                _ => {}
            }
            return Step::Within;
        }
        if byte.is_ascii_whitespace() {
            return Step::Within;
        }
        let last = std::mem::replace(&mut self.last, byte);
        match byte {
            b'"' => self.in_string = true,
            b'{' if self.deeper == 0
                && self.open.last() == Some(&b'{')
                && matches!(last, b',' | b'}' | b']') =>
            {
                while self.open.last() == Some(&b'{') {
                    self.pop();
                }
                if self.open.is_empty() {
                    return Step::EndBefore;
                }
                self.push(byte);
            }
            b'{' | b'[' => self.push(byte),
            b'}' => return self.close(b'{', self.braces),
            b']' => return self.close(b'[', self.open.len() - self.braces),
            _ => {}
        }
        Step::Within
    }

    fn push(&mut self, bracket: u8) {
        if self.open.len() < MAX_DEPTH {
            self.open.push(bracket);
            self.braces += usize::from(bracket == b'{');
        } else {
            self.deeper += 1;
        }
    }

    fn pop(&mut self) -> Option<u8> {
        let bracket = self.open.pop()?;
        self.braces -= usize::from(bracket == b'{');
        Some(bracket)
    }

    /// Closes the last bracket of a kind, of which `count` are open, and those in it.
    fn close(&mut self, kind: u8, count: usize) -> Step {
        if self.deeper > 0 {
            self.deeper -= 1;
            return Step::Within;
        }
        if count == 0 {
            // The bracket of the list around the value, or one too many.
            if kind == b'[' && !self.open.is_empty() {
                return Step::EndBefore;
            }
            self.pop();
        } else {
            while self.pop().is_some_and(|bracket| bracket != kind) {}
        }
        if self.open.is_empty() {
            Step::End
        } else {
            Step::Within
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the text up to where its first value ends.
    fn value(text: &str) -> &str {
        let mut scan = BracketScan::default();
        for (at, byte) in text.bytes().enumerate() {
            match scan.step(byte) {
                Step::Within => {}
                Step::End => return &text[..=at],
                Step::EndBefore => return &text[..at],
            }
        }
        text
    }

    #[test]
    fn missing_brackets_end_at_those_around_them() {
        for (whole, behind) in [
            (r#"{"a": [{"b": "}]"}, {}], "c": {"d": 1}}"#, ","),
            // Without the brace of the value, or of an object in it.
            (r#"{"a": 1, "#, r#"{"a": 2}"#),
            (r#"{"a": {"b": 1}, "#, r#"{"a": 2}"#),
            (r#"{"a": {"b": {"c": 1}, "#, r#"{"a": 2}"#),
            (r#"{"a": 1"#, "]"),
            // Without the brace of an object in a list.
            (r#"{"a": [{"b": 1, {"b": 2}], "c": 3}"#, ","),
            // Without the bracket of a list.
            (r#"{"a": [1, 2}"#, r#", {"a": 2}"#),
            // Without the quote of a string at the end of a line.
            ("{\"a\": \"b,\n", "{\"a\": 2}"),
            // Not in the place of an object.
            (r#"{"a" {"b": 1}}"#, r#", {"a": 2}"#),
        ] {
            assert_eq!(value(&format!("{whole}{behind}")), whole);
        }
    }

    #[test]
    fn deep_nesting_takes_bounded_memory() {
        let mut scan = BracketScan::default();
        for _ in 0..3 * MAX_DEPTH {
            assert_eq!(scan.step(b'['), Step::Within);
        }
        assert_eq!(scan.open.len(), MAX_DEPTH);
        for _ in 1..3 * MAX_DEPTH {
            assert_eq!(scan.step(b']'), Step::Within);
        }
        assert_eq!(scan.step(b']'), Step::End);
    }
}
