//! `/api/v1/topics`: the topics of a library.

use axum::extract::State;
use bytes::Bytes;
use cognate::{Error, Library, Topic, TopicOptions, Topics};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filters::LibraryParameter;
use super::problems::QueryProblems;
use super::ranking::check_count;
use crate::analyses::Stop;
use crate::answer::{Answer, Question, bytes_of};
use crate::etag::KnownTags;
use crate::extract::Parameters;
use crate::openapi::documents;
use crate::parameters::groups_of_parameters;
use crate::problem::Problem;
use crate::server::Server;

/// How topics are found.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct TopicParameters {
    /// The resolution of the clustering: above 1 for more and smaller topics, below 1 for fewer.
    #[param(exclusive_minimum = 0, default = 1)]
    resolution: f64,
    /// The number of nearest papers that each paper is linked with.
    #[param(minimum = 1, maximum = 100, default = 10)]
    neighbors: usize,
    /// The fewest papers of a topic; the papers of smaller groups are in no topic.
    #[param(minimum = 0, default = 3)]
    min_papers: usize,
    /// The largest number of words that name a topic.
    #[param(minimum = 0, default = 5)]
    words: usize,
    /// The largest number of central papers of a topic.
    #[param(minimum = 0, default = 3)]
    central: usize,
}

impl Default for TopicParameters {
    fn default() -> Self {
        Self {
            resolution: 1.0,
            neighbors: 10,
            min_papers: 3,
            words: 5,
            central: 3,
        }
    }
}

/// The parameters of topics.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct TopicsParameters {
    #[serde(flatten)]
    library: LibraryParameter,
    #[serde(flatten)]
    options: TopicParameters,
}

groups_of_parameters!(TopicsParameters: LibraryParameter, TopicParameters);

/// The topics of a library.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TopicsDocument<'a> {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: &'a str,
    /// The modularity of the topics, -1/2 to 1; above 0.3 they are well separated.
    modularity: f64,
    /// The number of papers in no topic.
    unplaced: usize,
    /// The topics, the largest first.
    #[schema(value_type = Vec<documents::TopicFields>)]
    topics: Vec<TopicDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct TopicDocument<'a> {
    size: usize,
    #[serde(flatten)]
    topic: &'a Topic,
}

impl TopicParameters {
    fn check(&self, server: &Server) -> Result<(), Problem> {
        let options = server.options();
        check_count("neighbors", self.neighbors, options)?;
        check_count("words", self.words, options)?;
        check_count("central", self.central, options)
    }

    fn options(&self) -> TopicOptions {
        TopicOptions::default()
            .resolution(self.resolution)
            .neighbors(self.neighbors)
            .min_papers(self.min_papers)
            .words(self.words)
            .central(self.central)
    }
}

/// Groups the papers of a library into topics.
///
/// The topics of a library are computed once for each state of the library and each set of options. If all clients
/// that wait for them have gone, the computation stops.
#[utoipa::path(
    get,
    path = "/topics",
    tag = "analyses",
    params(TopicsParameters),
    responses((status = 200, body = TopicsDocument<'static>), QueryProblems)
)]
pub(crate) async fn topics(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<TopicsParameters>,
) -> Result<Answer, Problem> {
    parameters.options.check(&server)?;
    let name = server
        .library(parameters.library.library.as_deref())?
        .name
        .clone();
    let question = Question::new(
        "topics",
        std::slice::from_ref(&name),
        &parameters,
        Some(known),
    );
    let commit = match question.look_up(&server).await? {
        Ok(known) => return Ok(known),
        Err(commit) => commit,
    };
    let key = bytes_of(&(&name, &commit.generation, &parameters.options));
    let compute = |stop| compute(server.clone(), name, parameters.options.options(), stop);
    let topics = server.analyses().topics.get(key, compute).await?;
    let tag = question.tag_if_unchanged(&server, commit).await?;
    Ok(Answer::Document {
        tag,
        json: Bytes::clone(&topics),
    })
}

/// Computes the document of the topics of a library.
async fn compute(
    server: Server,
    name: String,
    options: TopicOptions,
    stop: Stop,
) -> Result<Bytes, Problem> {
    let library = name.clone();
    let compute = move |library: &Library| {
        let topics = match library.topics_with(&options, &mut |_| stop.check()) {
            Err(Error::EmptyLibrary { .. }) => None,
            topics => Some(topics?),
        };
        let json = serde_json::to_vec(&TopicsDocument::new(&name, topics.as_ref()));
        Ok(Bytes::from(json.map_err(|_| Problem::internal())?))
    };
    server.call(Some(&library), compute).await
}

impl<'a> TopicsDocument<'a> {
    /// Creates the document of topics, or of the topics of an empty library, which has none.
    fn new(library: &'a str, topics: Option<&'a Topics>) -> Self {
        let document = |topic: &'a Topic| TopicDocument {
            size: topic.ids.len(),
            topic,
        };
        let list = topics.map_or(&[][..], |topics| &topics.topics);
        Self {
            version: documents::VERSION,
            library,
            modularity: topics.map_or(0.0, |topics| topics.modularity),
            unplaced: topics.map_or(0, |topics| topics.unplaced),
            topics: list.iter().map(document).collect(),
        }
    }
}
