//! Comments in LaTeX source.

/// Returns the position of the `%` that begins a comment in a line.
pub(crate) fn comment_start(line: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'%' if !escaped => return Some(at),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

/// Removes comments and the text that `\iffalse` hides.
///
/// As in TeX, a comment includes its line break and the white space at the start of the next line.
pub(super) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut joins_next_line = false;
    for line in text.split_inclusive('\n') {
        let line = if joins_next_line && !line.trim().is_empty() {
            line.trim_start_matches([' ', '\t'])
        } else {
            line
        };
        if let Some(at) = comment_start(line) {
            out.push_str(&line[..at]);
            joins_next_line = true;
        } else {
            // An empty line after a comment still ends the paragraph.
            if joins_next_line && line.trim().is_empty() {
                out.push('\n');
            }
            out.push_str(line);
            joins_next_line = false;
        }
    }
    while let Some(start) = out.find("\\iffalse") {
        let end = out[start..].find("\\fi\n").or_else(|| {
            let hidden = &out[start + "\\iffalse".len()..];
            let found = hidden
                .match_indices("\\fi")
                .find(|(at, _)| !hidden[at + 3..].starts_with(|c: char| c.is_ascii_alphabetic()));
            found.map(|(at, _)| at + "\\iffalse".len())
        });
        match end {
            Some(end) => out.replace_range(start..start + end + 3, ""),
            None => out.truncate(start),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_percent_sign_begins_no_comment() {
        assert_eq!(comment_start(r"a \% b % c"), Some(7));
        assert_eq!(comment_start(r"a \\% c"), Some(4));
        assert_eq!(comment_start("none"), None);
    }
}
