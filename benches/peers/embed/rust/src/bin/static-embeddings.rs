//! Compares the speed of static embeddings with model2vec-rs, in one process and in turns.
//!
//! ```sh
//! cargo run --release --bin static-embeddings -- MODEL TEXTS --threads 2
//! ```
//!
//! `MODEL` is a folder that both read, such as a download of `minishlab/potion-base-8M`, and `TEXTS` has
//! one text a line. The least cosine between both embeddings of a text is printed first. It is below 1 if
//! a text has unknown words or more than 512 tokens, which model2vec-rs leaves out.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use cognate_model::{Checkpoint, Encoder, EncoderOptions};
use model2vec_rs::model::StaticModel;
use rayon::ThreadPoolBuilder;

#[derive(Debug, Parser)]
struct Arguments {
    model: PathBuf,
    texts: PathBuf,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// The turns of each.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let threads = arguments.threads;
    // model2vec-rs uses the global pool.
    ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let texts = fs::read_to_string(&arguments.texts)?;
    let texts: Vec<String> = texts.lines().map(str::to_owned).collect();
    ensure!(!texts.is_empty(), "there is no text");
    let checkpoint = Checkpoint::open(&arguments.model)?;
    let ours = Encoder::load(&checkpoint, EncoderOptions::default().threads(threads))?;
    let theirs = StaticModel::from_pretrained(&arguments.model, None, None, None)?;

    let (rows, others) = (ours.encode_documents(&texts)?, theirs.encode(&texts));
    let cosines = rows.outer_iter().zip(&others).map(|(row, other)| {
        let dot: f32 = row.iter().zip(other).map(|(a, b)| a * b).sum();
        let length = |values: &mut dyn Iterator<Item = &f32>| values.map(|v| v * v).sum::<f32>().sqrt();
        dot / (length(&mut row.iter()) * length(&mut other.iter())).max(1e-12)
    });
    println!("least cosine: {:.6}", cosines.fold(1.0, f32::min));

    let mut seconds = [Vec::new(), Vec::new()];
    for _ in 0..arguments.rounds {
        let start = Instant::now();
        let rows = ours.encode_documents(&texts)?;
        seconds[0].push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let others = theirs.encode(&texts);
        seconds[1].push(start.elapsed().as_secs_f64());
        ensure!(rows.nrows() == others.len(), "a text has no row");
    }
    let mut ratios: Vec<f64> = seconds[0].iter().zip(&seconds[1]).map(|(a, b)| b / a).collect();
    for (name, seconds) in ["cognate", "model2vec-rs"].iter().zip(&mut seconds) {
        let median = median(seconds).context("no round")?;
        println!("{name}: {:.0} texts a second", texts.len() as f64 / median);
    }
    println!("cognate is {:.2} times as fast", median(&mut ratios).context("no round")?);
    Ok(())
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
