//! Code and arguments of functions in Typst.

/// The maximum length in bytes of the arguments of a function, which keeps the time linear if there are many
/// openings without an end.
const MAX_ARGUMENTS: usize = 2_000;

/// The maximum length of a formula in characters.
const MAX_FORMULA: usize = 4_000;

/// Returns the position after the comment at the start of `text`, or `None` if there is none.
pub(super) fn comment_end(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        let Some(found) = text[at..].find(['*', '/']) else {
            return Some(text.len());
        };
        at += found;
        if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
        } else if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else {
            at += 1;
        }
    }
    Some(at)
}

/// Returns the content of the raw text at the start of `text` and the position after it. Raw text is
/// between backticks.
pub(super) fn raw(text: &str) -> (&str, usize) {
    let count = text.len() - text.trim_start_matches('`').len();
    if count == 2 {
        return ("", 2);
    }
    let mark = &text[..count];
    match text[count..].find(mark) {
        Some(end) => (&text[count..count + end], 2 * count + end),
        None => ("", text.len()),
    }
}

/// Returns the content of the formula at the start of `text` and the position after it.
pub(super) fn formula(text: &str) -> (&str, usize) {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1).take(MAX_FORMULA) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '$' => return (&text[1..at], at + 1),
            _ => {}
        }
    }
    // A dollar sign without an end is a character.
    ("", 1)
}

/// Returns the content of the string at the start of `text`, which begins with a quote, and the position
/// after it.
pub(super) fn string(text: &str) -> (String, usize) {
    let mut out = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {
                out.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (out, at + 1),
            _ => out.push(c),
        }
    }
    (out, text.len())
}

/// Returns the length of the identifier at the start of `text`, with the fields after it: `a.with`.
pub(super) fn identifier(text: &str) -> &str {
    let is_inner = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
    if !text.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return "";
    }
    let end = text.find(|c| !is_inner(c)).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', '-'])
}

/// Returns the label at the start of `text`, such as `<moss>`.
pub(super) fn label(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?;
    let end = inner.find(|c: char| !is_label(c))?;
    (end > 0 && inner[end..].starts_with('>')).then(|| &inner[..end])
}

/// Returns whether a character may be in a label.
pub(super) fn is_label(c: char) -> bool {
    c.is_alphanumeric() || "_-.:".contains(c)
}

/// Returns the arguments in parentheses at the start of `text`, without them, and the position after them.
pub(super) fn parentheses(text: &str) -> Option<(&str, usize)> {
    if !text.starts_with('(') {
        return None;
    }
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(c) = text[at..].chars().next().filter(|_| at < MAX_ARGUMENTS) {
        match c {
            '"' => {
                at += string(&text[at..]).1;
                continue;
            }
            '/' => {
                if let Some(end) = comment_end(&text[at..]) {
                    at += end;
                    continue;
                }
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some((&text[1..at], at + 1));
                }
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

/// An argument of a function that is a string or a label.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Argument {
    /// The name, or an empty string.
    pub(super) name: String,
    pub(super) value: String,
    pub(super) is_label: bool,
}

/// Returns the strings and labels in the arguments of a function, with their names.
pub(super) fn arguments(text: &str) -> Vec<Argument> {
    let mut found = Vec::new();
    let mut name = String::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let word = identifier(rest);
        match c {
            '"' => {
                let (value, end) = string(rest);
                found.push(Argument {
                    name: name.clone(),
                    value,
                    is_label: false,
                });
                at += end;
                continue;
            }
            '<' => {
                if let Some(value) = label(rest) {
                    found.push(Argument {
                        name: name.clone(),
                        value: value.to_owned(),
                        is_label: true,
                    });
                    at += value.len() + 2;
                    continue;
                }
            }
            '/' => {
                if let Some(end) = comment_end(rest) {
                    at += end;
                    continue;
                }
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => name.clear(),
            _ if !word.is_empty() => {
                at += word.len();
                if depth == 0 && text[at..].trim_start().starts_with(':') {
                    word.clone_into(&mut name);
                }
                continue;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    found
}

/// Returns whether the arguments have `name: true`.
pub(super) fn is_set(text: &str, name: &str) -> bool {
    text.split_once(name).is_some_and(|(_, value)| {
        let value = value.trim_start().strip_prefix(':');
        value.is_some_and(|value| value.trim_start().starts_with("true"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_comments_strings_and_raw_text() {
        assert_eq!(comment_end("// a\nb"), Some(4));
        assert_eq!(comment_end("/* a /* b */ c */ d"), Some(17));
        assert_eq!(comment_end("/ a"), None);
        assert_eq!(string(r#""a\"b" c"#), ("a\"b".to_owned(), 6));
        assert_eq!(raw("```typ a``b``` c"), ("typ a``b", 14));
        assert_eq!(raw("`` a"), ("", 2));
    }

    #[test]
    fn reads_the_arguments_of_a_function() {
        let text = r#"<a-1>, form: "prose", label("b"), /* "c" */ style: [x]"#;
        let values: Vec<_> = arguments(text)
            .into_iter()
            .map(|a| (a.name, a.value))
            .collect();
        let expected = [("", "a-1"), ("form", "prose"), ("", "b")];
        assert_eq!(values, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(parentheses("(a(\")\")) b"), Some(("a(\")\")", 8)));
        assert_eq!(parentheses("(a"), None);
        assert!(is_set("full: true", "full") && !is_set("full: false", "full"));
    }
}
