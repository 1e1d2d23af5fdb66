//! What a user types or pipes into the command.

use std::io::{self, IsTerminal as _, Read as _, Write as _};

use anyhow::{Context as _, Result, bail};

use crate::failure::wrong_usage;
use crate::terminal::neutralized;

/// The name of standard input as an argument.
pub(crate) const NAME: &str = "-";

/// The longest text of a query in bytes, far beyond what a model reads of it.
const MAX_QUERY: u64 = 1 << 20;

/// Returns the text of a query: the words joined by spaces, or what is piped into the command, without
/// space around it, without words or with only a `-`.
///
/// Without a text, the error shows `example`.
pub(crate) fn query_text(words: &[String], example: &str) -> Result<String> {
    let text = match words {
        [] if io::stdin().is_terminal() => {
            return Err(wrong_usage(&format!(
                "no text to search for, expected one, as in `{example}`, or `-` to read it from a pipe"
            )));
        }
        [] => piped_query()?,
        [name] if name == NAME => piped_query()?,
        words => words.join(" ").trim().to_owned(),
    };
    if text.is_empty() {
        return Err(wrong_usage(&format!(
            "the query is empty, expected a text, as in `{example}`"
        )));
    }
    Ok(text)
}

/// Returns whether somebody can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question on the terminal, and returns whether the answer is yes.
pub(crate) fn ask(question: &str) -> Result<bool> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{} [y/N] ", neutralized(question))?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

fn piped_query() -> Result<String> {
    let mut bytes = Vec::new();
    let mut input = io::stdin().lock().take(MAX_QUERY + 1);
    input
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    if bytes.len() as u64 > MAX_QUERY {
        bail!("standard input has more than 1 MiB, expected the text of one query");
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) => bail!(
            "standard input is not text in UTF-8 (byte {}), expected the text of a query",
            error.utf8_error().valid_up_to() + 1
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (answer, yes) in [
            ("y\n", true),
            ("YES\r\n", true),
            ("\n", false),
            ("", false),
            ("n", false),
        ] {
            assert_eq!(is_yes(answer), yes, "{answer:?}");
        }
    }
}
