use std::time::Instant;

use anyhow::Result;
use cognate::{Library, Query};

use crate::arguments::RelatedArguments;
use crate::commands::export;
use crate::model;
use crate::output::{self, note, print};

pub(crate) fn run(arguments: &RelatedArguments) -> Result<()> {
    let library = Library::open(&arguments.library.library)?;
    let start = Instant::now();
    let query = Query::papers(&arguments.ids)
        .not(&arguments.not)
        .strategy(arguments.strategy);
    let hits = library.search(&arguments.hits.apply(query))?;
    let took_ms = start.elapsed().as_secs_f64() * 1e3;
    let why = if arguments.explain {
        let library = model::of_library(library, &arguments.model)?;
        library.explain_related(&arguments.ids, &hits)?
    } else {
        Vec::new()
    };
    if let Some(format) = arguments.hits.format() {
        return export::print_hits(&hits, &why, format, &arguments.ids, took_ms);
    }
    if hits.is_empty() {
        note("no other paper passes the filters");
    }
    print(&output::explained(&hits, &why))
}
