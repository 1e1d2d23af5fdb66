mod judged_collection;
mod self_evaluation;

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use self::judged_collection::Collection;
use crate::arguments::{JsonArguments, LIBRARY_VARIABLE, ModelArguments};
use crate::failure::missing_argument;

/// Measure how well searches find relevant papers
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Evaluate a library on its own papers, without a judged collection
    #[arg(
        long = "self",
        conflicts_with_all = ["corpus", "queries", "qrels", "skip_bad"],
    )]
    on_itself: bool,
    /// With --self: number of papers to use as queries, evenly spaced over the library
    #[arg(long, value_name = "N", default_value_t = 500, requires = "on_itself")]
    sample: usize,
    /// Papers of the judged collection, in any format that `add` reads
    #[arg(long, value_name = "FILE", required_unless_present = "on_itself")]
    corpus: Option<PathBuf>,
    /// Queries: JSON Lines with `id` and `text`
    #[arg(long, value_name = "FILE", required_unless_present = "on_itself")]
    queries: Option<PathBuf>,
    /// Relevance judgments: query, paper and grade separated by tabs, or a TREC qrels file
    #[arg(long, value_name = "FILE", required_unless_present = "on_itself")]
    qrels: Option<PathBuf>,
    #[command(flatten)]
    model: ModelArguments,
    /// With --self: folder of the library to evaluate [default: the value of `COGNATE_LIBRARY`].
    /// Otherwise: folder of a library that keeps the vectors of the corpus for later runs [default: a
    /// temporary one]
    #[arg(long, value_name = "DIR")]
    library: Option<PathBuf>,
    /// Skip invalid records of the corpus
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    output: JsonArguments,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { model, output, .. } = arguments;
    let (Some(corpus), Some(queries), Some(qrels)) =
        (&arguments.corpus, &arguments.queries, &arguments.qrels)
    else {
        let library = library_to_evaluate(arguments)?;
        return self_evaluation::run(&library, arguments.sample, model, output.json);
    };
    let collection = Collection {
        corpus,
        queries,
        qrels,
        skip_bad: arguments.skip_bad,
    };
    judged_collection::run(
        &collection,
        arguments.library.as_deref(),
        model,
        output.json,
    )
}

/// Returns the folder of `--library`, or else that of the environment variable.
///
/// clap does not read the variable here because it applies to `--self` alone: a judged collection
/// must never be added to the library that somebody uses every day.
fn library_to_evaluate(arguments: &Arguments) -> Result<PathBuf> {
    let from_environment = || env::var_os(LIBRARY_VARIABLE).filter(|dir| !dir.is_empty());
    arguments
        .library
        .clone()
        .or_else(|| from_environment().map(PathBuf::from))
        .ok_or_else(|| {
            missing_argument("--self needs a library: use --library <DIR> or set COGNATE_LIBRARY")
        })
}
