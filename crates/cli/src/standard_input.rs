//! Texts that are piped into the command.

use std::io::{self, IsTerminal as _, Read as _};

use anyhow::{Context as _, Result, bail};

use crate::failure::wrong_usage;

/// The name of standard input as an argument.
pub(crate) const NAME: &str = "-";

/// The longest text of a query in bytes, far beyond what a model reads of it.
const MAX_QUERY: u64 = 1 << 20;

/// Returns the text of a query: the words joined by spaces, or what is piped into the command, without
/// space around it, if there is no word or only a `-`.
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
