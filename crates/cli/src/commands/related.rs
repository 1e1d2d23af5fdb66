mod several;

use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::{Query, Strategy};

use crate::arguments::{HitArguments, LibrariesArguments, RankingArguments, StoredModelArguments};
use crate::hits;
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::step;
use crate::{model, no_papers, paper_reference};

/// Find papers similar to given papers of the library
///
/// They are similar in meaning and words, unless --mode says otherwise.
///
/// With several --library of one model, the papers are looked up in all of them. A library that lacks one of
/// the papers is searched by the mean of their vectors, by meaning alone, and the hits of all libraries are
/// merged as `search` merges them.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibrariesArguments,
    #[command(flatten)]
    hits: HitArguments,
    #[command(flatten)]
    ranking: RankingArguments,
    /// Do not smooth the scores of the best papers over similar papers
    #[arg(long)]
    no_smooth: bool,
    /// Paper to move away from; repeat for more papers
    #[arg(long, value_name = "ID")]
    not: Vec<String>,
    /// How papers form one query
    ///
    /// By their mean vector (rocchio, for Rocchio relevance feedback), by the most similar of them
    /// (nearest-example) or by a linear classifier (svm); mean and best are older names of the first two.
    #[arg(long, default_value_t)]
    strategy: Strategy,
    /// Explain each hit
    ///
    /// By the most similar sentences and the shared words.
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    model: StoredModelArguments,
    /// Papers, each by its id, DOI, arXiv identifier or title; - reads them from standard input
    ///
    /// Six or more characters at the beginning of an id name a paper too. Standard input has one on each
    /// line.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

impl Arguments {
    /// Applies these arguments to a query by papers.
    fn apply(&self, query: Query) -> Query {
        let query = if self.no_smooth {
            query.smooth(false)
        } else {
            query
        };
        self.hits.apply(self.ranking.apply(query))
    }
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let libraries = invocation.libraries(&arguments.library)?;
    let [located] = &libraries[..] else {
        return several::run(arguments, &libraries);
    };
    let library = located.open()?;
    let ids = paper_reference::ids(&library, &arguments.ids)?;
    let unwanted = paper_reference::ids(&library, &arguments.not)?;
    let start = Instant::now();
    let query = Query::papers(&ids)
        .not(&unwanted)
        .strategy(arguments.strategy);
    let query = arguments.apply(query);
    let mut hits = library.search(&query)?;
    arguments.hits.sort.arrange(&mut hits);
    step("searched", start);
    let header = Header::new("related", start.elapsed()).library(library.dir());
    if hits.is_empty() && arguments.hits.format().is_none() {
        no_papers::explain_query(&library, &query)?;
    }
    let explanations = if arguments.explain {
        let library = model::attach(library, &arguments.model)?;
        library.explain_related(&ids, &hits)?
    } else {
        Vec::new()
    };
    if let Some(format) = arguments.hits.format() {
        let raw_cells = arguments.hits.raw_cells();
        hits::write(&hits, &explanations, format, raw_cells, &ids, &header)?;
    } else {
        hits::present(&hits, &explanations)?;
    }
    arguments.hits.check_found(&hits)
}
