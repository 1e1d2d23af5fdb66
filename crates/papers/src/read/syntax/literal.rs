//! Values of Python and JSON in a text, as data frames write them.

use std::str::CharIndices;

use serde_json::{Map, Value};

use crate::read::input::MAX_VALUES;

/// The maximum depth of lists and dictionaries.
const MAX_DEPTH: usize = 16;

/// Parses a list or a dictionary: `['a', "b"]`, `{'name': None}`, or `['a' 'b']` as `NumPy` writes it. A call such
/// as `Author('Ann Alder')` stands for its first argument.
///
/// Returns `None` if the text is anything else.
pub(crate) fn literal(text: &str) -> Option<Value> {
    let text = text.trim();
    let is_enclosed = |open: char, close: char| text.starts_with(open) && text.ends_with(close);
    if !is_enclosed('[', ']') && !is_enclosed('{', '}') {
        return None;
    }
    let mut parser = Parser {
        text,
        at: 0,
        values: 0,
    };
    let value = parser.value(0)?;
    (parser.at == text.len()).then_some(value)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// The number of values so far.
    values: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        let remaining = &self.text[self.at..];
        self.at += remaining.len() - remaining.trim_start().len();
        self.text[self.at..].chars().next()
    }

    /// Consumes a character if it is the next one behind white space.
    fn accept(&mut self, expected: char) -> bool {
        let is_next = self.peek() == Some(expected);
        if is_next {
            self.at += expected.len_utf8();
        }
        is_next
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return None;
        }
        match self.peek()? {
            '[' => self.items('[', ']', depth).map(Value::Array),
            '(' => self.items('(', ')', depth).map(Value::Array),
            '{' => self.dictionary(depth).map(Value::Object),
            quote @ ('\'' | '"') => self.string(quote).map(Value::String),
            _ => self.word(depth),
        }
    }

    fn items(&mut self, open: char, close: char, depth: usize) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        if !self.accept(open) {
            return None;
        }
        while !self.accept(close) {
            items.push(self.value(depth + 1)?);
            self.accept(',');
        }
        Some(items)
    }

    fn dictionary(&mut self, depth: usize) -> Option<Map<String, Value>> {
        let mut fields = Map::new();
        if !self.accept('{') {
            return None;
        }
        while !self.accept('}') {
            let name = match self.value(depth + 1)? {
                Value::String(name) => name,
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            if !self.accept(':') {
                return None;
            }
            fields.insert(name, self.value(depth + 1)?);
            self.accept(',');
        }
        Some(fields)
    }

    fn string(&mut self, quote: char) -> Option<String> {
        self.at += 1;
        let mut text = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    'n' | 'r' | 't' => text.push(' '),
                    'x' => text.push(character(hexadecimal(&mut chars, 2)?)),
                    'u' => text.push(two_byte_character(&mut chars)?),
                    'U' => text.push(character(hexadecimal(&mut chars, 8)?)),
                    other => text.push(other),
                },
                c if c == quote => {
                    self.at += at + 1;
                    return Some(text);
                }
                c => text.push(c),
            }
        }
        None
    }

    /// Parses a number, a name such as `None`, or a call.
    fn word(&mut self, depth: usize) -> Option<Value> {
        let remaining = &self.text[self.at..];
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
        let end = remaining.find(|c| !is_part(c)).unwrap_or(remaining.len());
        let word = &remaining[..end];
        if word.is_empty() {
            return None;
        }
        self.at += end;
        if self.peek() == Some('(') {
            return self.call(depth);
        }
        Some(match word {
            "True" | "true" => Value::Bool(true),
            "False" | "false" => Value::Bool(false),
            "None" | "null" | "nan" | "NaN" => Value::Null,
            number => Value::Number(number.parse().ok()?),
        })
    }

    /// Parses the arguments of a call, and returns the first one.
    fn call(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut first = None;
        while !self.accept(')') {
            // The name of a keyword argument.
            let remaining = &self.text[self.at..];
            let name = remaining.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            if name > 0 && remaining[name..].starts_with('=') {
                self.at += name + 1;
            }
            let value = match self.peek()? {
                '[' | '(' | '{' | '\'' | '"' => self.value(depth + 1)?,
                // The type of the items of an array is a bare name.
                _ => {
                    let remaining = &self.text[self.at..];
                    let end = remaining.find([',', ')'])?;
                    self.at += end;
                    Value::Null
                }
            };
            first.get_or_insert(value);
            self.accept(',');
        }
        Some(first.unwrap_or_default())
    }
}

fn hexadecimal(chars: &mut CharIndices<'_>, digits: usize) -> Option<u32> {
    let mut code = 0_u32;
    for _ in 0..digits {
        code = code.checked_mul(16)? + chars.next()?.1.to_digit(16)?;
    }
    Some(code)
}

fn character(code: u32) -> char {
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Reads the digits of `\u`, and those of the second half of a character that JSON writes in two halves.
fn two_byte_character(chars: &mut CharIndices<'_>) -> Option<char> {
    let first = hexadecimal(chars, 4)?;
    if (0xD800..0xDC00).contains(&first) {
        let mut ahead = chars.clone();
        if let (Some((_, '\\')), Some((_, 'u'))) = (ahead.next(), ahead.next())
            && let Some(second @ 0xDC00..0xE000) = hexadecimal(&mut ahead, 4)
        {
            *chars = ahead;
            return Some(character(
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00),
            ));
        }
    }
    Some(character(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_data_frames_write() {
        for (text, expected) in [
            ("[]", "[]"),
            ("['a', \"b's\"]", r#"["a","b's"]"#),
            ("['a' 'b'\n 'c']", r#"["a","b","c"]"#),
            (
                "[{'name': 'Ann', 'id': None, 'h': 1.5, 'ok': True}]",
                r#"[{"h":1.5,"id":null,"name":"Ann","ok":true}]"#,
            ),
            ("[['Ada', 'A.', ''], ('B',)]", r#"[["Ada","A.",""],["B"]]"#),
            (r#"{"DOI": "x", "n": 7}"#, r#"{"DOI":"x","n":7}"#),
            (
                "[arxiv.Result.Author('Ann Ada'), Author(name=\"Bo\", n=1)]",
                r#"["Ann Ada","Bo"]"#,
            ),
            ("[array(['a', 'b'], dtype=object)]", r#"[["a","b"]]"#),
            (r"['\xe9\u00e9\'', 'a\nb']", r#"["éé'","a b"]"#),
            (r#"["\ud83d\ude00\ud83d"]"#, "[\"😀\u{fffd}\"]"),
        ] {
            let found = literal(text).map(|value| value.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "a",
            "'a'",
            "[Old title]",
            "['a'",
            "['a]",
            "[1 + 2]",
            "{a}",
            "{'a'}",
            "['a'] ['b']",
            "[Author('a']",
            r"['\u12']",
        ] {
            assert_eq!(literal(text), None, "{text}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(literal(&deep), None);
    }
}
