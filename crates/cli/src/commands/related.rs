use std::time::Instant;

use anyhow::Result;
use cognate::{Library, Query};

use crate::arguments::RelatedArguments;
use crate::output::{self, HitDocument, SearchDocument, note, print, print_json};

pub(crate) fn run(arguments: &RelatedArguments) -> Result<()> {
    let library = Library::open(&arguments.library.library)?;
    let start = Instant::now();
    let query = Query::papers(&arguments.ids)
        .not(&arguments.not)
        .strategy(arguments.strategy);
    let hits = library.search(&arguments.hits.apply(query))?;
    let took_ms = start.elapsed().as_secs_f64() * 1e3;
    if arguments.hits.json {
        let hits = hits.iter().map(HitDocument::new).collect();
        return print_json(&SearchDocument {
            query: &arguments.ids,
            took_ms,
            hits,
        });
    }
    if hits.is_empty() {
        note("no other paper passes the filters");
    }
    print(&output::hits(&hits))
}
