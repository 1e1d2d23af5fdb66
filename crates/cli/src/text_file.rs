//! Files of texts to embed.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use cognate::TextReader;

/// Reads texts from a file: one in each line, or JSON lines. There is at least one.
pub(crate) fn read_texts(path: &Path) -> Result<Vec<String>> {
    let name = path.display();
    let texts: Vec<String> = match path.extension().and_then(|extension| extension.to_str()) {
        Some("txt") => {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))?;
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
