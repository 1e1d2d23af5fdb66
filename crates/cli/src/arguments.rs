use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use cognate::{
    DEFAULT_MODEL, Device, ExportFormat, Filter, Format, Mode, Precision, Query, Strategy,
};

/// Finds related research papers by meaning.
#[derive(Debug, Parser)]
#[command(
    name = "cognate",
    version,
    about,
    max_term_width = 100,
    propagate_version = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add papers to a library, which is made where there is none
    Add(AddArguments),
    /// Find the papers nearest to a text
    Search(SearchArguments),
    /// Find the papers nearest to papers of the library
    Related(RelatedArguments),
    /// Find the papers that a draft does not cite and is near to
    Missed(MissedArguments),
    /// Say what a library holds
    Info(InfoArguments),
    /// Read all of a library and say what is damaged
    Check(CheckArguments),
    /// Drop what was deleted from the files of a library, and make one file of vectors of many
    Merge(MergeArguments),
    /// Remove papers from a library
    Remove(RemoveArguments),
    /// Write all papers of a library for another program
    Export(ExportArguments),
    /// Find papers that are in a library twice, or nearly so
    Duplicates(DuplicatesArguments),
    /// Say what a library is about
    Topics(TopicsArguments),
    /// Measure how well a model finds what judges found relevant
    Eval(EvalArguments),
    /// Write the embeddings of texts to a .npy file
    Embed(EmbedArguments),
}

#[derive(Debug, Args)]
pub(crate) struct LibraryArguments {
    /// The folder of the library
    #[arg(long, value_name = "DIR", env = "COGNATE_LIBRARY")]
    pub(crate) library: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    /// A model on the Hugging Face Hub, or a folder [default: the library's, or all-MiniLM-L6-v2]
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) model: Option<String>,
    /// The number format of the arithmetic: f32 or int8; f32, f16 or bf16 on a GPU [default: the
    /// library's, or f32]
    #[arg(long)]
    pub(crate) precision: Option<Precision>,
    #[command(flatten)]
    pub(crate) device: DeviceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DeviceArguments {
    /// Where the model runs: cpu, cuda or metal, with a number for another GPU than the first
    #[arg(long, value_name = "NAME", env = "COGNATE_DEVICE", default_value_t)]
    pub(crate) device: Device,
}

/// The model of a library that is there.
#[derive(Debug, Args)]
pub(crate) struct StoredModelArguments {
    /// Where the library's model is now, if it was moved
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) device: DeviceArguments,
}

impl ModelArguments {
    pub(crate) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or(DEFAULT_MODEL)
    }

    pub(crate) fn precision(&self) -> Precision {
        self.precision.unwrap_or_default()
    }
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Add the good records of files that have bad ones
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// The format of the files [default: each by its content, else by its name]
    ///
    /// One of jsonl, csv, tsv, bibtex, ris, csl-json, arxiv-json, arxiv-atom, acl-xml, pubmed-xml,
    /// openalex, semantic-scholar and parquet.
    #[arg(long, value_name = "NAME")]
    pub(crate) format: Option<Format>,
    /// Papers: JSON lines, CSV, BibTeX, RIS, CSL-JSON, Parquet, or what arXiv, PubMed, OpenAlex,
    /// Semantic Scholar and the ACL Anthology give; also compressed with gzip or zstd; - for the
    /// standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HitArguments {
    /// The number of papers to print [default: 10, or all where there are fewer]
    #[arg(short, value_name = "N")]
    pub(crate) k: Option<usize>,
    /// Only papers of this year or of these years: 2017, 2015-2019, 2015- or -2019
    #[arg(long, value_name = "YEARS", value_parser = years, allow_hyphen_values = true)]
    pub(crate) year: Option<(i32, i32)>,
    /// Only papers whose venue has these words; several times for several venues
    #[arg(long, value_name = "WORDS")]
    pub(crate) venue: Vec<String>,
    /// Only papers with an author of this name; several times for one of several
    #[arg(long, value_name = "WORDS")]
    pub(crate) author: Vec<String>,
    /// Only papers of this category or below it, as cs or cs.CL; several times for one of several
    #[arg(long, value_name = "NAME")]
    pub(crate) category: Vec<String>,
    /// Only papers with at least this cosine, -1 to 1
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    pub(crate) min_score: Option<f32>,
    /// How much papers that are like better ones stand back, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) diversity: f32,
    /// Show preprint and publication of one paper as two hits
    #[arg(long)]
    pub(crate) every_version: bool,
    /// Print one JSON document
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Print the papers as json, jsonl, csv, bibtex, ris or markdown
    #[arg(long)]
    pub(crate) format: Option<ExportFormat>,
}

impl HitArguments {
    /// The format for other programs, if one is wanted.
    pub(crate) fn format(&self) -> Option<ExportFormat> {
        self.format.or(self.json.then_some(ExportFormat::Json))
    }

    /// The query, with what these arguments say.
    pub(crate) fn apply(&self, mut query: Query) -> Query {
        let mut filter = Filter::default();
        if let Some((first, last)) = self.year {
            filter = filter.years(first..=last);
        }
        filter = self.venue.iter().fold(filter, Filter::venue);
        filter = self.author.iter().fold(filter, Filter::author);
        filter = self.category.iter().fold(filter, Filter::category);
        query = query
            .filter(filter)
            .diversity(self.diversity)
            .every_version(self.every_version)
            .standing(true);
        if let Some(k) = self.k {
            query = query.k(k);
        }
        if let Some(score) = self.min_score {
            query = query.min_score(score);
        }
        query
    }
}

#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    #[command(flatten)]
    pub(crate) model: StoredModelArguments,
    #[command(flatten)]
    pub(crate) hits: HitArguments,
    /// How papers are found: vector (by meaning), keyword (by words), or hybrid (by both)
    #[arg(long, default_value_t)]
    pub(crate) mode: Mode,
    /// Search again, moved towards the best N papers of the first search
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) feedback: usize,
    #[command(flatten)]
    pub(crate) rerank: RerankArguments,
    /// Say why each paper answers: the sentences that are nearest, and the words that are shared
    #[arg(long)]
    pub(crate) explain: bool,
    /// What to look for; words between double quotes are a phrase for the keywords
    pub(crate) text: String,
}

#[derive(Debug, Args)]
pub(crate) struct RerankArguments {
    /// Put the first hits in order by a cross-encoder: its name on the Hugging Face Hub, or a folder
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) rerank: Option<String>,
    /// The number of hits that the cross-encoder reads
    #[arg(long, value_name = "N", default_value = "50", requires = "rerank")]
    pub(crate) rerank_depth: NonZeroUsize,
}

#[derive(Debug, Args)]
pub(crate) struct RelatedArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    #[command(flatten)]
    pub(crate) hits: HitArguments,
    /// A paper to stay away from; several times for several
    #[arg(long, value_name = "ID")]
    pub(crate) not: Vec<String>,
    /// How several papers make one query: mean, best (near to any of them) or svm (a classifier)
    #[arg(long, default_value_t)]
    pub(crate) strategy: Strategy,
    /// Say why each paper is near: the sentences that are nearest, and the words that are shared
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) model: StoredModelArguments,
    /// The ids of papers
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MissedArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    #[command(flatten)]
    pub(crate) model: StoredModelArguments,
    /// The number of papers to print
    #[arg(short, value_name = "N", default_value_t = 20)]
    pub(crate) k: usize,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// The draft: LaTeX (.tex, with the files that it asks for), Markdown (.md) or text (.txt)
    #[arg(value_name = "DRAFT")]
    pub(crate) draft: PathBuf,
    /// Its list of references, whose ids are the citation keys
    #[arg(value_name = "REFERENCES")]
    pub(crate) references: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InfoArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    /// Make again what can be made from the rest
    #[arg(long)]
    pub(crate) repair: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MergeArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    /// The ids of papers
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    /// What to write: json, jsonl, csv, bibtex, ris or markdown
    #[arg(long, default_value_t = ExportFormat::JsonLines)]
    pub(crate) format: ExportFormat,
    /// The file to write [default: the standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DuplicatesArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    /// The least cosine of two papers whose texts are nearly the same, -1 to 1
    #[arg(
        long,
        value_name = "COSINE",
        default_value_t = 0.95,
        allow_negative_numbers = true
    )]
    pub(crate) threshold: f32,
    /// The number of pairs to print [default: all]
    #[arg(short, value_name = "N")]
    pub(crate) k: Option<usize>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TopicsArguments {
    #[command(flatten)]
    pub(crate) library: LibraryArguments,
    /// How fine topics are: more than 1 for more and smaller ones, less for fewer
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    pub(crate) resolution: f64,
    /// Print one JSON document, with the ids of all papers
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EvalArguments {
    /// Judge a library by its own papers, without a judged collection
    #[arg(
        long = "self",
        requires = "library",
        conflicts_with_all = ["corpus", "queries", "qrels", "skip_bad"],
    )]
    pub(crate) itself: bool,
    /// With --self: the papers to ask about, evenly spaced over the library
    #[arg(long, value_name = "N", default_value_t = 500, requires = "itself")]
    pub(crate) sample: usize,
    /// The papers, as for `add`
    #[arg(long, value_name = "FILE", required_unless_present = "itself")]
    pub(crate) corpus: Option<PathBuf>,
    /// The queries: JSON lines with `id` and `text`
    #[arg(long, value_name = "FILE", required_unless_present = "itself")]
    pub(crate) queries: Option<PathBuf>,
    /// The judgements: query, paper and grade with tabs between, or a TREC file
    #[arg(long, value_name = "FILE", required_unless_present = "itself")]
    pub(crate) qrels: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Keep the vectors in this library and use those that it has
    #[arg(long, value_name = "DIR")]
    pub(crate) library: Option<PathBuf>,
    /// Leave bad records of the corpus out
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EmbedArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Embed as queries, not as documents; the same for models without prompts
    #[arg(long)]
    pub(crate) query: bool,
    /// A .txt file with a text a line, or .jsonl (.gz, .zst) with `text`, or `title` and `abstract`
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The .npy file to write: float32, a row for each text
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// Reads `2017`, `2015-2019`, `2015-` or `-2019`.
fn years(text: &str) -> Result<(i32, i32), String> {
    let year = |text: &str, open: i32| match text.trim() {
        "" => Ok(open),
        text => text.parse().map_err(|_| format!("`{text}` is not a year")),
    };
    match text.split_once('-') {
        None if text.trim().is_empty() => Err("expected a year".to_owned()),
        None => year(text, 0).map(|year| (year, year)),
        Some(("", "")) => Err("expected a year on one side".to_owned()),
        Some((first, last)) => Ok((year(first, i32::MIN)?, year(last, i32::MAX)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn is_a_consistent_command_line() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn reads_years() {
        assert_eq!(years("2017"), Ok((2017, 2017)));
        assert_eq!(years("2015-2019"), Ok((2015, 2019)));
        assert_eq!(years("2015-"), Ok((2015, i32::MAX)));
        assert_eq!(years("-2019"), Ok((i32::MIN, 2019)));
        assert!(years("-").is_err());
        assert!(years("recent").is_err());
    }
}
