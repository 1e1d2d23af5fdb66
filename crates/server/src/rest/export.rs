//! `/api/v1/export`: papers in a format of other programs.

mod stream;

use std::collections::HashSet;
use std::io::{self, Write};
use std::ops::ControlFlow;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use cognate::{ExportFormat, Library, Listing, Paper, PaperWriter};
use serde::{Deserialize, Serialize};

use self::stream::stream;
use super::filters::{FilterParameters, LibraryParameter};
use super::paper_list::SortName;
use super::problems::QueryProblems;
use super::references;
use crate::answer::Question;
use crate::etag::KnownTags;
use crate::extract::Parameters;
use crate::openapi::documents;
use crate::openapi::named_values::named_values;
use crate::parameters::groups_of_parameters;
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// Which papers are exported, and how they are written.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct ExportedParameters {
    /// The format. Default: `jsonl`.
    #[param(value_type = Option<ExportFormatName>, inline, example = "bibtex")]
    format: Option<String>,
    /// The papers to export, in this order, each by its id, DOI, arXiv identifier or title. Default: all papers
    /// that pass the filters.
    #[param(required = false)]
    id: Vec<String>,
    /// The order of the papers. Authors are compared by the family name of the first one; papers without a value
    /// come last. Default: `added`.
    #[param(value_type = Option<SortName>, inline)]
    sort: Option<String>,
    /// Whether the order is reversed.
    #[param(default = false)]
    reverse: bool,
    /// The number of papers before the first one.
    #[param(minimum = 0, default = 0)]
    offset: usize,
    /// The largest number of papers. Default: all.
    #[param(minimum = 1)]
    limit: Option<usize>,
    /// Whether cells of CSV that a spreadsheet would read as formulas are written as they are, without an
    /// apostrophe before them.
    #[param(default = false)]
    raw_cells: bool,
}

/// The parameters of an export.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct ExportParameters {
    #[serde(flatten)]
    library: LibraryParameter,
    #[serde(flatten)]
    exported: ExportedParameters,
    #[serde(flatten)]
    filter: FilterParameters,
}

groups_of_parameters!(ExportParameters: LibraryParameter, ExportedParameters, FilterParameters);

named_values!(
    ExportFormatName,
    ExportFormat::ALL.iter().map(|format| format.name())
);

/// The papers of an export.
#[derive(Clone, Debug)]
enum Selection {
    Named(Vec<String>),
    Listed(Listing),
}

/// Exports papers of a library for another program.
///
/// The papers are sent while they are read. If the library cannot be read to its end, the answer breaks off.
#[utoipa::path(
    get,
    path = "/export",
    tag = "papers",
    params(ExportParameters),
    responses(
        (
            status = 200,
            description = "The papers, as a file",
            content(
                (String = "application/jsonl"),
                (Vec<documents::PaperFields> = "application/json"),
                (String = "text/csv"),
                (String = "application/x-bibtex"),
                (String = "application/x-research-info-systems"),
                (Vec<serde_json::Map<String, serde_json::Value>> = "application/vnd.citationstyles.csl+json"),
                (String = "text/markdown"),
            )
        ),
        QueryProblems
    )
)]
pub(crate) async fn export(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<ExportParameters>,
) -> Result<Response, Problem> {
    let exported = &parameters.exported;
    let format = exported.format.as_deref().map(str::parse).transpose();
    let format = format.map_err(cognate::Error::from)?;
    let format = format.unwrap_or(ExportFormat::JsonLines);
    let selection = parameters.selection(&server)?;
    let name = parameters.library.library.as_deref();
    let name = server.library(name)?.name.clone();
    let question = Question::new(
        "export",
        std::slice::from_ref(&name),
        &parameters,
        Some(known),
    );
    let commit = match question.look_up(&server).await? {
        Ok(known) => return Ok(known.into_response()),
        Err(commit) => commit,
    };
    let guard_cells = !exported.raw_cells;
    let write = move |library: &Library, to: &mut dyn Write| {
        let writer = PaperWriter::new(to, format).guard_cells(guard_cells);
        write_papers(library, &selection, writer)
    };
    let body = stream(&server, &name, write).await?;
    let mut headers = HeaderMap::new();
    let form = HeaderValue::from_static(media_type(format));
    headers.insert(header::CONTENT_TYPE, form);
    let file = file_name(&name, format);
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    commit.insert_tag(&mut headers);
    Ok((headers, body).into_response())
}

impl ExportParameters {
    fn selection(&self, server: &Server) -> Result<Selection, Problem> {
        let exported = &self.exported;
        let filter = self.filter.filter()?;
        if exported.id.is_empty() {
            let sort = exported.sort.as_deref().map(str::parse).transpose()?;
            let mut listing = Listing::default()
                .filter(filter)
                .sort_by(sort.unwrap_or_default())
                .reverse(exported.reverse)
                .offset(exported.offset);
            if let Some(limit) = exported.limit {
                listing = listing.limit(limit);
            }
            return Ok(Selection::Listed(listing));
        }
        let is_part = exported.offset > 0 || exported.limit.is_some();
        let is_listed = exported.sort.is_some() || exported.reverse || is_part;
        if is_listed || !filter.is_empty() {
            let detail = "`id` is given, expected no filter, order or limit then";
            return Err(Problem::new(Kind::InvalidOption, detail).with("parameter", "id"));
        }
        references::check("id", &exported.id, server.options())?;
        Ok(Selection::Named(exported.id.clone()))
    }
}

/// Writes the selected papers.
fn write_papers<W: Write>(
    library: &Library,
    selection: &Selection,
    mut writer: PaperWriter<W>,
) -> Result<(), Problem> {
    let mut outcome: io::Result<()> = Ok(());
    match selection {
        Selection::Listed(listing) => {
            library.list(listing, |paper| {
                outcome = writer.write(&paper);
                match outcome {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            })?;
        }
        Selection::Named(references) => {
            let papers = references::papers(library, references)?;
            let mut written = HashSet::new();
            let mut papers = papers.iter().filter(|paper| written.insert(&paper.id));
            outcome = papers.try_for_each(|paper: &Paper| writer.write(paper));
        }
    }
    // Writing fails only if the client has gone, and then nobody reads the problem.
    outcome
        .and_then(|()| writer.finish())
        .map_err(|_| Problem::internal())?;
    Ok(())
}

fn media_type(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::JsonLines => "application/jsonl",
        ExportFormat::Json => "application/json",
        ExportFormat::Csv => "text/csv; charset=utf-8",
        ExportFormat::Bibtex => "application/x-bibtex",
        ExportFormat::Ris => "application/x-research-info-systems",
        ExportFormat::CslJson => "application/vnd.citationstyles.csl+json",
        ExportFormat::Markdown => "text/markdown; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}

/// Returns the name of the file of an export: the name of the library, as far as file names of every system can
/// have its characters, with the usual extension.
fn file_name(library: &str, format: ExportFormat) -> String {
    let stem = library.chars().map(|c| {
        let is_plain = c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if is_plain { c } else { '_' }
    });
    let extension = format.extensions().first().copied().unwrap_or("txt");
    format!("{}.{extension}", stem.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_plain_names() {
        assert_eq!(
            file_name("my papers/2\"", ExportFormat::Bibtex),
            "my_papers_2_.bib"
        );
        assert_eq!(file_name("papers", ExportFormat::JsonLines), "papers.jsonl");
    }
}
