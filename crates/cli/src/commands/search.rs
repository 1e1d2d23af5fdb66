use std::time::Instant;

use anyhow::{Result, bail};
use cognate::{Library, Query};

use crate::arguments::SearchArguments;
use crate::commands::export;
use crate::model;
use crate::output::{self, note, print};
use crate::rerank::Reranking;

pub(crate) fn run(arguments: &SearchArguments) -> Result<()> {
    let library = Library::open(&arguments.library.library)?;
    if arguments.text.trim().is_empty() {
        bail!("the query is empty, expected a text");
    }
    let library = model::of_library(library, &arguments.model)?;

    let reranking = Reranking::load(&arguments.rerank)?;

    let start = Instant::now();
    let query = Query::text(&arguments.text)
        .mode(arguments.mode)
        .feedback(arguments.feedback);
    let query = arguments.hits.apply(query);
    let hits = match &reranking {
        Some(reranking) => reranking.search(&library, query, &arguments.text, arguments.hits.k)?,
        None => library.search(&query)?,
    };
    let took_ms = start.elapsed().as_secs_f64() * 1e3;
    let why = if arguments.explain {
        library.explain(&arguments.text, &hits)?
    } else {
        Vec::new()
    };
    if let Some(format) = arguments.hits.format() {
        return export::print_hits(&hits, &why, format, &arguments.text, took_ms);
    }
    if hits.is_empty() {
        note("no paper passes the filters");
    }
    print(&output::explained(&hits, &why))
}
