//! Cognate's search as a contender: an index on disk, written in one commit and opened with defaults.

mod serve;

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use cognate_index::{FlatIndex, IndexWriter};
use memmap2::Mmap;
use ndarray::{Array2, ArrayView2, s};
use ndarray_npy::ViewNpyExt;
use rayon::ThreadPoolBuilder;

/// The arguments of a contender.
#[derive(Debug, Parser)]
struct Options {
    /// A `.npy` file of unit vectors, float32 `[n, dim]`; the last ones are the queries.
    #[arg(long)]
    rows: PathBuf,
    /// The number of rows to search: the first ones.
    #[arg(long)]
    count: usize,
    /// The number of queries: the last rows.
    #[arg(long)]
    queries: usize,
    #[arg(long)]
    threads: usize,
    /// An empty folder for the files of the contender.
    #[arg(long)]
    folder: PathBuf,
}

fn main() -> Result<()> {
    let options = Options::parse();
    ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build_global()?;
    let (index, queries) = load(&options)?;
    serve::serve(&index, queries.view())
}

fn load(options: &Options) -> Result<(FlatIndex, Array2<f32>)> {
    let file = File::open(&options.rows)
        .with_context(|| format!("cannot open `{}`", options.rows.display()))?;
    // SAFETY: no process writes to the file of rows while the comparison runs.
    let bytes = unsafe { Mmap::map(&file) }?;
    let rows = ArrayView2::<f32>::view_npy(&bytes)?;
    let folder = options.folder.join("index");
    let mut writer = IndexWriter::create(&folder, rows.ncols())?;
    writer.append(rows.slice(s![..options.count, ..]))?;
    writer.commit()?;
    let first_query = rows.nrows() - options.queries;
    let queries = rows.slice(s![first_query.., ..]).to_owned();
    Ok((FlatIndex::open(&folder)?, queries))
}
