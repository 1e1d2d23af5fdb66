use std::fmt::Write as _;

use cognate::{Paper, Topic};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::entry::title;
use crate::mcp::line::one_line;
use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::Problem;

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    /// Number of topics
    #[serde(default = "default_k")]
    #[schemars(range(min = 1))]
    k: usize,
    /// Number of topics to skip; take it from `next_offset` of the answer before
    #[serde(default)]
    offset: usize,
    /// Above 1 for more and smaller topics, below 1 for fewer
    #[serde(default = "default_resolution")]
    resolution: f64,
}

fn default_k() -> usize {
    10
}

fn default_resolution() -> f64 {
    1.0
}

#[derive(Debug, Serialize, JsonSchema)]
struct Document {
    /// The topics, largest first
    topics: Vec<TopicDocument>,
    /// The number of all topics
    total: usize,
    /// The number of papers in no topic
    unplaced: usize,
    /// The offset of the topics that follow; absent if these are the last
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TopicDocument {
    /// The number of papers
    size: usize,
    /// The words that tell the topic from others
    words: Vec<String>,
    /// The most central papers
    central: Vec<CentralDocument>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct CentralDocument {
    /// The id
    id: String,
    /// The title
    title: String,
    /// The year of publication
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<i32>,
}

/// The size of a topic, and the words that tell it from others.
#[derive(Debug, Serialize)]
pub(in crate::mcp) struct TopicSize {
    size: usize,
    words: Vec<String>,
}

/// Returns the sizes of all topics of the library.
///
/// # Errors
///
/// Returns a problem if the library cannot be read. A library without papers has no topics.
pub(in crate::mcp) fn sizes(context: &Context<'_>) -> Result<Vec<TopicSize>, Problem> {
    if context.library.is_empty()? {
        return Ok(Vec::new());
    }
    let topics = context.topics.get(context, default_resolution())?;
    let size = |topic: &Topic| TopicSize {
        size: topic.ids.len(),
        words: topic.words.clone(),
    };
    Ok(topics.topics.iter().map(size).collect())
}

pub(super) fn tool() -> Tool {
    let description = Description {
        name: "list_topics",
        title: "List topics",
        purpose: "Group all papers of the library into topics, each with its size, words and central \
                  papers. Use it to learn what the library is about before you search it. It takes seconds \
                  for a large library.",
        effect: Effect::Reads,
    };
    Tool::new(&description, answer)
}

fn answer(context: &Context<'_>, arguments: Arguments) -> Result<(String, Document), Problem> {
    let topics = context.topics.get(context, arguments.resolution)?;
    let total = topics.topics.len();
    let shown = topics
        .topics
        .iter()
        .skip(arguments.offset)
        .take(arguments.k);
    let shown: Vec<TopicDocument> = shown.map(TopicDocument::new).collect();
    let end = arguments.offset.saturating_add(shown.len());
    let document = Document {
        topics: shown,
        total,
        unplaced: topics.unplaced,
        next_offset: (end < total).then_some(end),
    };
    Ok((text(&document), document))
}

impl TopicDocument {
    fn new(topic: &Topic) -> Self {
        let central = |paper: &Paper| CentralDocument {
            id: paper.id.clone(),
            title: title(paper),
            year: paper.year,
        };
        Self {
            size: topic.ids.len(),
            words: topic.words.clone(),
            central: topic.central.iter().map(central).collect(),
        }
    }
}

fn text(document: &Document) -> String {
    let mut text = format!(
        "{} of {} topics, largest first; {} papers in no topic",
        document.topics.len(),
        document.total,
        document.unplaced
    );
    if let Some(offset) = document.next_offset {
        let _ = write!(text, "; more with offset {offset}");
    }
    text.push('\n');
    for topic in &document.topics {
        let words = one_line(&topic.words.join(", "));
        let _ = writeln!(text, "{} papers: {words}", topic.size);
        for paper in &topic.central {
            let year = paper.year.map(|year| format!(" · {year}"));
            let year = year.unwrap_or_default();
            let _ = writeln!(
                text,
                "   {} · id {}{year}",
                paper.title,
                one_line(&paper.id)
            );
        }
    }
    text
}
