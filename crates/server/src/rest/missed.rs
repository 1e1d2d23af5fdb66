//! `/api/v1/missed`: the papers of a library that a draft does not cite.

mod draft;

use axum::extract::{Request, State};
use cognate::{MissedOptions, MissedReport};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::draft::Submitted;
use super::filters::{FilterParameters, LibraryParameter};
use super::problems::QueryProblems;
use super::ranking::check_count;
use crate::answer::{Answer, Commits, Question};
use crate::openapi::documents;
use crate::openapi::named_values::named_values;
use crate::parameters::groups_of_parameters;
use crate::problem::Problem;
use crate::server::Server;

/// How many papers are searched for.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct NumberParameter {
    /// The number of papers.
    #[param(minimum = 1, default = 20)]
    k: usize,
}

impl Default for NumberParameter {
    fn default() -> Self {
        Self { k: 20 }
    }
}

/// The parameters besides the draft.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct MissedParameters {
    #[serde(flatten)]
    library: LibraryParameter,
    #[serde(flatten)]
    number: NumberParameter,
    #[serde(flatten)]
    filter: FilterParameters,
}

groups_of_parameters!(MissedParameters: LibraryParameter, NumberParameter, FilterParameters);

/// A draft and its references.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct DraftParameters {
    /// The draft.
    #[param(required = true, min_length = 1)]
    text: String,
    /// The format of the draft. Default: `plain`.
    #[param(value_type = Option<DraftFormatName>, inline)]
    format: Option<String>,
    /// The list of references of the draft, as papers with the citation keys as ids.
    #[param(required = false)]
    bibliography: Vec<serde_json::Map<String, serde_json::Value>>,
    /// The list of references of the draft as a file, in place of `bibliography`.
    #[param(value_type = BibliographyFile, required = false, inline)]
    bibliography_file: Option<BibliographyFile>,
}

/// A list of references as a file of papers, in any format that `cognate add` reads and that is a text, such as
/// BibTeX.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BibliographyFile {
    /// The name of the file, for its format and for messages.
    #[serde(default = "BibliographyFile::default_name")]
    #[schema(required = false, example = "refs.bib")]
    name: String,
    /// The content of the file.
    content: String,
}

impl BibliographyFile {
    fn default_name() -> String {
        "bibliography".to_owned()
    }
}

/// The parameters in a body of JSON.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MissedBody {
    #[serde(flatten)]
    draft: DraftParameters,
    #[serde(flatten)]
    parameters: MissedParameters,
}

groups_of_parameters!(MissedBody: DraftParameters, MissedParameters);

/// The papers that a draft may have missed, and those that it cites.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MissedDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: String,
    /// The title of the draft.
    title: Option<String>,
    #[schema(value_type = MissedReportSchema)]
    #[serde(flatten)]
    report: MissedReport,
    /// Why records of `bibliography_file` were left out: they are not valid. Absent if all are valid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    unread_references: Vec<String>,
}

/// The report on a draft.
#[derive(ToSchema)]
#[schema(as = MissedReport)]
#[expect(dead_code, reason = "it describes the serialized form")]
pub(crate) struct MissedReportSchema {
    /// The number of sentences of the draft that were compared.
    sentences: usize,
    /// Relevant papers that the draft does not cite, the best first.
    hits: Vec<documents::MissedHit>,
    /// What the draft cites.
    cited: documents::Cited,
}

named_values!(
    DraftFormatName,
    draft::TEXT_FORMATS.iter().map(|format| format.name())
);

/// Finds relevant papers of the library that a draft does not cite.
///
/// The draft is a field of a JSON object, or the body itself, with the parameters in the address. The files that a
/// draft includes are not read: send the whole text, and the list of references as `bibliography`, or as a file in
/// `bibliography_file`.
#[utoipa::path(
    post,
    path = "/missed",
    tag = "queries",
    params(MissedParameters),
    request_body(
        description = "The draft: with parameters, as the fields of an object, or alone",
        content(
            (
                MissedBody = "application/json",
                example = json!({"text": "About graphs and proofs [@p1].", "format": "markdown", "k": 5})
            ),
            (String = "text/plain"),
            (String = "text/markdown"),
            (String = "text/x-tex"),
            (String = "text/x-typst"),
            (String = "text/x-org"),
            (String = "text/x-rst"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        )
    ),
    responses((status = 200, body = MissedDocument), QueryProblems)
)]
pub(crate) async fn missed(
    State(server): State<Server>,
    request: Request,
) -> Result<Answer, Problem> {
    let (submitted, parameters) = Submitted::of(request).await?;
    let k = parameters.number.k;
    check_count("k", k, server.options())?;
    let filter = parameters.filter.filter()?;
    let options = MissedOptions::default().k(k).filter(filter);
    let libraries: Vec<String> = parameters.library.library.into_iter().collect();
    let question = Question::new("missed", &libraries, &(), None);
    let act = move |commits: &Commits<'_>| {
        let served = commits.first();
        let (draft, references, unread) = submitted.read()?;
        let report = served.library.missed(&draft, &references, &options)?;
        Ok(MissedDocument {
            version: documents::VERSION,
            library: served.name.clone(),
            title: draft.title().map(str::to_owned),
            report,
            unread_references: unread,
        })
    };
    question.answer(&server, act).await
}
