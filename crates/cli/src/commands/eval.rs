mod collection;
mod judged_collection;
mod report;
mod self_evaluation;
mod settings;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use cognate::Gain;

use self::settings::SettingArguments;
use crate::arguments::values::positive;
use crate::arguments::{JsonArguments, LibraryArguments, ModelArguments};
use crate::failure::wrong_usage;
use crate::invocation::Invocation;

const AFTER_HELP: &str = "\
The metrics are those of trec_eval, averaged over the queries that have a relevant paper; a query
without an answer counts as zero. Judgments of papers that a filter excludes count too. Differences
have a 95 % confidence interval by the paired bootstrap over the queries.";

/// Measure how well searches find relevant papers
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Evaluate a library on its own papers
    ///
    /// It needs no judged collection.
    #[arg(
        long = "self",
        conflicts_with_all = [
            "related", "run", "corpus", "queries", "qrels", "gain", "baseline", "write_run", "per_query",
        ],
    )]
    on_itself: bool,
    /// With --self: number of papers to use as queries, evenly spaced over the library
    #[arg(
        long,
        value_name = "N",
        default_value_t = 500,
        requires = "on_itself",
        value_parser = positive,
        allow_negative_numbers = true
    )]
    sample: usize,
    /// Evaluate related papers: the queries of the judgments are ids of papers
    #[arg(long, conflicts_with_all = ["queries", "run"])]
    related: bool,
    /// Evaluate a TREC run file instead of searching
    ///
    /// Its columns are query, Q0, paper, rank, score and tag.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["queries", "corpus", "library"])]
    run: Option<PathBuf>,
    /// Papers of the judged collection [default: those of the library]
    ///
    /// In any format that `add` reads. --library then names a library that keeps their vectors for later
    /// runs.
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// Queries: JSON Lines with `id` and `text`
    #[arg(long, value_name = "FILE", required_unless_present_any = ["on_itself", "related", "run"])]
    queries: Option<PathBuf>,
    /// Relevance judgments: query, paper and grade separated by tabs, or a TREC qrels file
    #[arg(long, value_name = "FILE", required_unless_present = "on_itself")]
    qrels: Option<PathBuf>,
    /// Gain of a grade in nDCG: linear (the grade itself) or exponential (2 to the power of the grade,
    /// minus 1)
    #[arg(long, default_value_t)]
    gain: Gain,
    /// TREC run file to compare with
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the ranking of each query to a TREC run file
    #[arg(long, value_name = "FILE", conflicts_with = "run")]
    write_run: Option<PathBuf>,
    /// Write the metrics of each query to a tab-separated file
    #[arg(long, value_name = "FILE")]
    per_query: Option<PathBuf>,
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    library: LibraryArguments,
    // Invalid records were an error before, and scripts may still have the option.
    /// Accepted for older scripts: invalid records of the corpus are always skipped
    #[arg(long, hide = true)]
    skip_bad: bool,
    #[command(flatten)]
    output: JsonArguments,
    #[command(flatten, next_help_heading = "Search settings")]
    settings: SettingArguments,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    match &arguments.qrels {
        Some(qrels) => judged_collection::run(arguments, qrels, invocation),
        None => self_evaluation::run(&library_to_evaluate(arguments, invocation)?, arguments),
    }
}

/// Returns the folder of the library to evaluate, without a corpus. With one, only the option counts: a
/// judged collection must never be added to the library that somebody uses every day.
fn library_to_evaluate(arguments: &Arguments, invocation: &Invocation) -> Result<PathBuf> {
    let found = invocation.find_library(&arguments.library)?;
    let dir = found.map(|library| library.dir);
    dir.ok_or_else(|| {
        wrong_usage(if arguments.on_itself {
            "--self needs a library: use --library <DIR> or set COGNATE_LIBRARY"
        } else {
            "an evaluation needs papers: use --corpus <FILE> or --library <DIR>, or set COGNATE_LIBRARY"
        })
    })
}
