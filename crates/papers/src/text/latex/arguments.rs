//! The arguments of LaTeX commands at the start of a text. A function that takes or skips something leaves
//! the text after it.

/// The maximum length in bytes of an argument that is skipped or put in parentheses, which keeps
/// the time linear.
pub(super) const MAX_GROUP: usize = 1024;

/// Skips arguments in brackets.
pub(super) fn skip_options(text: &mut &str) {
    while text.starts_with('[') {
        let end = text.bytes().take(MAX_GROUP).position(|byte| byte == b']');
        let Some(end) = end else { break };
        *text = &text[end + 1..];
    }
}

/// Skips a group in braces, unless white space precedes it.
pub(super) fn skip_group(text: &mut &str) {
    if text.starts_with('{') {
        group(text);
    }
}

/// Takes and returns the text of a group in braces. A group that is not closed remains as text.
pub(super) fn group<'a>(text: &mut &'a str) -> Option<&'a str> {
    let group = text.trim_start();
    let mut depth = 0_usize;
    let end = group.bytes().take(MAX_GROUP).position(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    let end = end.filter(|_| group.starts_with('{'))?;
    *text = &group[end + 1..];
    Some(&group[1..end])
}

/// Skips an argument of any form: a group, a command or a character.
pub(super) fn skip_any(text: &mut &str) {
    *text = text.trim_start();
    if text.starts_with('{') {
        group(text);
        return;
    }
    let mut chars = text.chars();
    if chars.next() == Some('\\') {
        let command = chars.as_str();
        let letters = command.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        if letters.len() == command.len() {
            chars.next();
        } else {
            *text = letters;
            return;
        }
    }
    *text = chars.as_str();
}

/// Skips to the branch after `\else`, unless it is empty.
pub(super) fn skip_to_else(text: &mut &str) {
    const ELSE: &str = "\\else";
    let condition = start(text);
    let end = condition.find("\\fi").unwrap_or(0);
    if let Some(at) = condition[..end].find(ELSE) {
        let branch = at + ELSE.len();
        if !condition[branch..end].trim().is_empty() {
            *text = text[branch..].trim_start();
        }
    }
}

/// Skips to the text after `\fi`.
pub(super) fn skip_to_end_if(text: &mut &str) {
    const END: &str = "\\fi";
    if let Some(at) = start(text).find(END) {
        *text = &text[at + END.len()..];
        *text = text.strip_prefix("{}").unwrap_or(text);
    }
}

/// Takes and returns a symbol that is raised by itself, such as the circle of a degree.
pub(super) fn raised_symbol(text: &mut &str) -> Option<char> {
    let after = text.trim_start();
    let (inside, is_braced) = match after.strip_prefix('{') {
        Some(inside) => (inside.trim_start(), true),
        None => (after, false),
    };
    let (symbol, rest) = [("\\circ", '°'), ("\\prime", '′')]
        .into_iter()
        .find_map(|(command, symbol)| Some((symbol, inside.strip_prefix(command)?)))?;
    let rest = if is_braced {
        rest.trim_start().strip_prefix('}')?
    } else {
        Some(rest).filter(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))?
    };
    *text = rest;
    Some(symbol)
}

/// Returns the text up to the length that is searched.
fn start<'a>(text: &&'a str) -> &'a str {
    &text[..text.floor_char_boundary(MAX_GROUP)]
}
