use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Write, stdin, stdout};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Parser;
use ndarray::Array2;
use ndarray_npy::write_npy;
use serde_json::json;

/// The arguments of a contender.
#[derive(Debug, Parser)]
pub struct Options {
    /// The folder of the checkpoint.
    #[arg(long)]
    pub model: PathBuf,
    /// The ONNX file, for contenders that need one.
    #[arg(long)]
    pub graph: Option<PathBuf>,
    /// A JSON file of the text sets: an object from names to lists of texts.
    #[arg(long)]
    pub texts: Option<PathBuf>,
    #[arg(long)]
    pub threads: usize,
    #[arg(long)]
    pub precision: String,
    /// Run on the first NVIDIA GPU, if the contender supports it.
    #[arg(long)]
    pub cuda: bool,
    /// Score documents instead of embedding texts, if the contender supports it. The first text of
    /// a set is the query.
    #[arg(long)]
    pub rerank: bool,
    /// How threads are used: `together` on one batch, or as `workers` with one batch each.
    #[arg(long, default_value = "together")]
    pub mode: String,
    /// Embed this text, print `embedded`, and exit.
    #[arg(long)]
    pub cold: Option<String>,
}

/// A loaded contender.
pub trait Embed {
    /// Embeds `texts`, `batch` of them at a time, into `[n, dim]`, row i for text i.
    fn embed(&mut self, texts: &[String], batch: usize) -> Result<Array2<f32>>;
}

/// Loads a contender and answers commands on standard input until `quit`.
pub fn serve<E: Embed>(load: impl FnOnce(&Options) -> Result<E>) -> Result<()> {
    let options = Options::parse();
    let mut contender = load(&options)?;
    if let Some(text) = options.cold {
        contender.embed(&[text], 1)?;
        return say("embedded");
    }
    let texts = options.texts.context("`--texts` is missing")?;
    let sets: HashMap<String, Vec<String>> =
        serde_json::from_reader(BufReader::new(File::open(texts)?))?;
    say("ready")?;
    for line in stdin().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["embed", set, batch] => {
                let texts = texts_of(&sets, set)?;
                let batch = batch.parse()?;
                let start = Instant::now();
                contender.embed(texts, batch)?;
                let seconds = start.elapsed().as_secs_f64();
                say(&json!({ "seconds": seconds }).to_string())?;
            }
            ["vectors", set, batch, file] => {
                let rows = contender.embed(texts_of(&sets, set)?, batch.parse()?)?;
                write_npy(file, &rows)?;
                say(&json!({ "rows": rows.nrows() }).to_string())?;
            }
            ["quit"] => break,
            _ => bail!("`{line}` is not a command"),
        }
    }
    Ok(())
}

fn texts_of<'a>(sets: &'a HashMap<String, Vec<String>>, name: &str) -> Result<&'a [String]> {
    let texts = sets
        .get(name)
        .with_context(|| format!("no set is named `{name}`"))?;
    Ok(texts)
}

fn say(line: &str) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}
