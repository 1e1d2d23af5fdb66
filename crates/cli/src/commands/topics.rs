use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::{Topic, TopicOptions, Topics};
use serde::Serialize;

use crate::arguments::LibraryArguments;
use crate::arguments::values::above_zero;
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{count, note, one_line, present, thousands, title};
use crate::page::Page;
use crate::progress::Progress;
use crate::styled::Styled;

/// Group the papers of a library into topics
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// Resolution of the clustering: above 1 for more and smaller topics, below 1 for fewer
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1.0,
        value_parser = above_zero,
        allow_negative_numbers = true
    )]
    resolution: f64,
    /// Print one JSON document, with the ids of all papers
    #[arg(long)]
    json: bool,
}

/// The content of the JSON document of the command.
#[derive(Debug, Serialize)]
struct TopicsDocument<'a> {
    modularity: f64,
    unplaced: usize,
    topics: Vec<TopicDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct TopicDocument<'a> {
    size: usize,
    #[serde(flatten)]
    topic: &'a Topic,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    let options = TopicOptions::default().resolution(arguments.resolution);
    let start = Instant::now();
    let mut progress = Progress::new(library.len()?, "papers");
    let topics = library.topics_with(&options, &mut |state| {
        progress.update(state.done);
        ControlFlow::Continue(())
    })?;
    drop(progress);
    if arguments.json {
        let header = Header::new("topics", start.elapsed()).library(library.dir());
        return header.print(&TopicsDocument::new(&topics));
    }
    present(|| topics_text(&topics), |page| add_topics(page, &topics))?;
    if topics.unplaced > 0 {
        note(&format!("{} in no topic", count(topics.unplaced, "paper")));
    }
    Ok(())
}

impl<'a> TopicsDocument<'a> {
    fn new(topics: &'a Topics) -> Self {
        let document = |topic: &'a Topic| TopicDocument {
            size: topic.ids.len(),
            topic,
        };
        Self {
            modularity: topics.modularity,
            unplaced: topics.unplaced,
            topics: topics.topics.iter().map(document).collect(),
        }
    }
}

/// Adds each topic to a page: its size and words, then its central papers.
fn add_topics(page: &mut Page, topics: &Topics) {
    for topic in &topics.topics {
        let size = format!("{:>7}", thousands(topic.ids.len()));
        let words = one_line(&topic.words.join(", "));
        page.item(&Styled::new().plain(&size), 9, &Styled::new().bold(&words));
        for paper in &topic.central {
            let mut line = Styled::new().plain(&title(&paper.title)).dim(" · ");
            if let Some(year) = paper.year {
                line = line.dim(&format!("{year} · "));
            }
            page.entry(11, &line.dim_whole(&one_line(&paper.id)));
        }
    }
}

/// Formats each topic as a line with its size and words, and a line for each of its central papers.
fn topics_text(topics: &Topics) -> String {
    let mut text = String::new();
    for topic in &topics.topics {
        let size = thousands(topic.ids.len());
        let _ = writeln!(text, "{size:>7}  {}", topic.words.join(", "));
        for paper in &topic.central {
            let title = title(&paper.title);
            let year = paper
                .year
                .map(|year| format!(" · {year}"))
                .unwrap_or_default();
            let _ = writeln!(text, "           {title} · {}{year}", one_line(&paper.id));
        }
    }
    text
}
