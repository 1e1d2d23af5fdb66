//! Measures other search engines on the papers and the vectors of the benchmark `library`.

mod contender;
#[expect(dead_code, reason = "the benchmark uses more of it")]
#[path = "../../../library/figures.rs"]
mod figures;
mod paper;
mod tantivy_usearch;
#[path = "../../../library/word_vectors.rs"]
mod word_vectors;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Parser;

use contender::{Contender, K};
use figures::{Figure, Figures, Times, table, time};
use word_vectors::{DIM, WordVectors};

/// The number of papers after those indexed at once, which can be added one by one.
const NEW: usize = 50;

/// The number of queries, which are the titles of as many papers after these.
const QUERIES: usize = 100;

/// The arguments.
#[derive(Debug, Parser)]
struct Options {
    /// Papers as JSON lines, 150 more than are indexed at once.
    #[arg(long)]
    papers: PathBuf,
    /// The numbers of papers to index: the first ones.
    #[arg(long, value_delimiter = ',', default_value = "10000")]
    sizes: Vec<usize>,
    /// An empty folder for the files of the engines.
    #[arg(long)]
    folder: PathBuf,
    /// The number of papers that are added one by one, at most 50.
    #[arg(long, default_value_t = NEW)]
    added: usize,
    /// Only engines whose name contains this text.
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> Result<()> {
    let options = Options::parse();
    compare::<tantivy_usearch::TantivyUsearch>(&options)?;
    Ok(())
}

/// Measures one engine and prints its table.
fn compare<C: Contender>(options: &Options) -> Result<()> {
    if !C::NAME
        .to_lowercase()
        .contains(&options.only.to_lowercase())
    {
        return Ok(());
    }
    let mut columns = Vec::new();
    for &size in &options.sizes {
        eprintln!("{}, {size} papers", C::NAME);
        let dir = options
            .folder
            .join(C::NAME.replace(' ', "-"))
            .join(size.to_string());
        fs::create_dir_all(&dir)?;
        columns.push((size, measure::<C>(options, size, &dir)?));
    }
    println!("{}\n\n{}", C::NAME, table(&columns));
    Ok(())
}

fn measure<C: Contender>(options: &Options, size: usize, dir: &Path) -> Result<Figures> {
    let mut figures = Figures::default();
    let vectors = WordVectors::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut engine = C::create(dir)?;
    let (rest, elapsed) = time(|| {
        let rest = paper::read(&options.papers, size, NEW + QUERIES, |part| {
            for name in part.iter().flat_map(|paper| &paper.categories) {
                *counts.entry(name.clone()).or_default() += 1;
            }
            let rows: Vec<Vec<f32>> = part.iter().map(|paper| paper.vector(&vectors)).collect();
            engine.add_many(part, &rows)
        })?;
        engine.finish()?;
        Ok::<_, anyhow::Error>(rest)
    });
    let mut new = rest?;
    let further = new.split_off(NEW);
    figures.add(
        "papers added at once",
        Figure::PerSecond(size as f64 / elapsed.as_secs_f64()),
    );

    let category = rare_category(&counts, size);
    let queries: Vec<(String, Vec<f32>)> = further
        .iter()
        .map(|paper| {
            let mut row = vec![0.0; DIM];
            vectors.embed(&paper.title, &mut row);
            (paper.title.clone(), row)
        })
        .collect();
    let mut measure = |name: &str, category: Option<&str>| -> Result<()> {
        let search = |(text, vector): &(String, Vec<f32>)| engine.hybrid(text, vector, category);
        ensure!(
            search(&queries[0])?.len() == K,
            "{name}: fewer than {K} hits"
        );
        let mut times = Vec::new();
        for query in &queries {
            let (hits, elapsed) = time(|| search(query));
            hits?;
            times.push(elapsed);
        }
        figures.add_median(name, &Times::new(times));
        Ok(())
    };
    measure("hybrid search", None)?;
    measure("hybrid search, filter of 1%", Some(&category))?;

    let mut times = Vec::new();
    for paper in new.iter().take(options.added) {
        let vector = paper.vector(&vectors);
        let (outcome, elapsed) = time(|| engine.add_one(paper, &vector));
        outcome?;
        times.push(elapsed);
        let hits = engine.hybrid(&paper.text(), &vector, None)?;
        ensure!(
            hits.iter().any(|(id, _)| *id == paper.id),
            "`{}` was added and is not found",
            paper.id
        );
    }
    let times = Times::new(times);
    figures.add_median("add one paper", &times);
    figures.add("add one paper, p90", Figure::Seconds(times.quantile(0.9)));
    figures.add("size of the files", Figure::Bytes(bytes_of(dir)? as f64));
    Ok(figures)
}

/// Returns the category whose share of the papers is nearest to 1%, as the benchmark `library` does.
fn rare_category(counts: &HashMap<String, usize>, size: usize) -> String {
    let wanted = size.div_ceil(100);
    let nearest = counts
        .iter()
        .min_by_key(|(name, count)| (count.abs_diff(wanted), *name));
    let name = nearest.map(|(name, _)| name.clone()).unwrap_or_default();
    eprintln!(
        "  the category {name} has {} papers",
        counts.get(&name).unwrap_or(&0)
    );
    name
}

/// Returns the size of the files in a folder and below.
fn bytes_of(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            bytes_of(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}
