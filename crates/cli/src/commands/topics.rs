use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Result;
use cognate::{Library, TopicOptions, Topics};
use serde::Serialize;

use crate::arguments::TopicsArguments;
use crate::output::{count, note, one_line, print, print_json, thousands};
use crate::progress::Progress;

#[derive(Debug, Serialize)]
struct TopicsDocument<'a> {
    library: &'a Path,
    modularity: f64,
    unplaced: usize,
    topics: Vec<TopicDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct TopicDocument<'a> {
    size: usize,
    words: &'a [String],
    central: Vec<CentralDocument<'a>>,
    ids: &'a [String],
}

#[derive(Debug, Serialize)]
struct CentralDocument<'a> {
    id: &'a str,
    title: &'a str,
    year: Option<i32>,
}

pub(crate) fn run(arguments: &TopicsArguments) -> Result<()> {
    let library = Library::open(&arguments.library.library)?;
    let options = TopicOptions::default().resolution(arguments.resolution);
    let mut progress = Progress::new(library.len()?, "papers");
    let topics = library.topics_with(&options, &mut |done, _| {
        progress.at(done);
        ControlFlow::Continue(())
    })?;
    drop(progress);
    if arguments.json {
        return print_json(&of_topics(&topics, library.dir()));
    }
    print(&for_reader(&topics))?;
    if topics.unplaced > 0 {
        note(&format!("{} in no topic", count(topics.unplaced, "paper")));
    }
    Ok(())
}

fn of_topics<'a>(topics: &'a Topics, library: &'a Path) -> TopicsDocument<'a> {
    let of_topic = |topic: &'a cognate::Topic| TopicDocument {
        size: topic.ids.len(),
        words: &topic.words,
        central: topic
            .central
            .iter()
            .map(|paper| CentralDocument {
                id: &paper.id,
                title: &paper.title,
                year: paper.year,
            })
            .collect(),
        ids: &topic.ids,
    };
    TopicsDocument {
        library,
        modularity: topics.modularity,
        unplaced: topics.unplaced,
        topics: topics.topics.iter().map(of_topic).collect(),
    }
}

/// A line with size and words of each topic, and one for each of its central papers.
fn for_reader(topics: &Topics) -> String {
    let mut text = String::new();
    for topic in &topics.topics {
        let size = thousands(topic.ids.len());
        let _ = writeln!(text, "{size:>7}  {}", topic.words.join(", "));
        for paper in &topic.central {
            let title = if paper.title.is_empty() {
                "(no title)".to_owned()
            } else {
                one_line(&paper.title)
            };
            let year = paper
                .year
                .map(|year| format!(" · {year}"))
                .unwrap_or_default();
            let _ = writeln!(text, "           {title} · {}{year}", one_line(&paper.id));
        }
    }
    text
}
