//! Files of texts to embed.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use cognate::TextReader;

use crate::standard_input;

/// Reads texts from a file: one in each line, or JSON lines. `-` is standard input, which is JSON lines if
/// it is compressed or its first line is a JSON object. There is at least one.
pub(crate) fn read_texts(path: &Path) -> Result<Vec<String>> {
    if path == Path::new(standard_input::NAME) {
        return read_piped(io::stdin().lock());
    }
    let name = path.display();
    let texts: Vec<String> = match path.extension().and_then(|extension| extension.to_str()) {
        Some("txt") => {
            let bytes = fs::read(path).with_context(|| format!("cannot read `{name}`"))?;
            let text = String::from_utf8(bytes).map_err(|error| {
                let at = error.utf8_error().valid_up_to() + 1;
                anyhow!("`{name}` is not text in UTF-8 (byte {at}), expected one text per line")
            })?;
            text.lines().map(str::to_owned).collect()
        }
        Some("jsonl" | "gz" | "zst") => TextReader::open(path)?
            .map(|record| record.map(|record| record.text))
            .collect::<Result<_, _>>()?,
        _ => bail!(
            "`{name}` has an unknown extension, expected `.txt`, `.jsonl`, `.jsonl.gz` or \
             `.jsonl.zst`"
        ),
    };
    if texts.is_empty() {
        bail!("`{name}` contains no texts");
    }
    Ok(texts)
}

fn read_piped(mut input: impl Read) -> Result<Vec<String>> {
    const ORIGIN: &str = "standard input";
    let mut bytes = Vec::new();
    input
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    let texts: Vec<String> = if is_json_lines(&bytes) {
        TextReader::new(bytes.as_slice(), ORIGIN)?
            .map(|record| record.map(|record| record.text))
            .collect::<Result<_, _>>()?
    } else {
        match String::from_utf8(bytes) {
            Ok(text) => text.lines().map(str::to_owned).collect(),
            Err(error) => bail!(
                "{ORIGIN} is not text in UTF-8 (byte {}), expected one text per line, or JSON lines",
                error.utf8_error().valid_up_to() + 1
            ),
        }
    };
    if texts.is_empty() {
        bail!("{ORIGIN} contains no texts");
    }
    Ok(texts)
}

/// Returns whether the bytes are JSON lines, perhaps compressed.
fn is_json_lines(bytes: &[u8]) -> bool {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    const ZSTANDARD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
    let first = bytes.split(|byte| *byte == b'\n').next();
    let is_object = |line: &[u8]| {
        let object = serde_json::from_slice::<serde_json::Map<_, serde_json::Value>>(line);
        object.is_ok()
    };
    bytes.starts_with(GZIP) || bytes.starts_with(ZSTANDARD) || first.is_some_and(is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_has_one_text_per_line_or_json_lines() {
        let read = |text: &str| read_piped(text.as_bytes()).unwrap();
        assert_eq!(read("a b\n\nc"), ["a b", "", "c"]);
        assert_eq!(read("{\\it a}\nb\n"), ["{\\it a}", "b"]);
        let lines = "{\"text\": \"a\"}\n{\"title\": \"b\"}\n";
        assert_eq!(read(lines), ["a", "b"]);
        let message = |bytes: &[u8]| read_piped(bytes).unwrap_err().to_string();
        assert_eq!(message(b""), "standard input contains no texts");
        assert!(message(b"abc\xff").starts_with("standard input is not text in UTF-8 (byte 4)"));
    }
}
