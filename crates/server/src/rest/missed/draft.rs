//! Drafts as requests have them: in a field of JSON, or as the body itself.

use std::fs;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use bytes::Bytes;
use cognate::{Draft, DraftFormat, Error, Format, Paper, PaperReader};

use super::{MissedBody, MissedParameters};
use crate::extract::{JsonParameters, Parameters};
use crate::problem::{Kind, Problem};

/// The formats of drafts that are texts.
pub(super) const TEXT_FORMATS: &[DraftFormat] = &[
    DraftFormat::Plain,
    DraftFormat::Latex,
    DraftFormat::Markdown,
    DraftFormat::Typst,
    DraftFormat::Org,
    DraftFormat::Rst,
];

/// The media types of drafts, with their formats.
const MEDIA_TYPES: &[(&str, DraftFormat)] = &[
    ("text/plain", DraftFormat::Plain),
    ("text/markdown", DraftFormat::Markdown),
    ("text/x-tex", DraftFormat::Latex),
    ("application/x-tex", DraftFormat::Latex),
    ("application/x-latex", DraftFormat::Latex),
    ("text/x-typst", DraftFormat::Typst),
    ("text/x-org", DraftFormat::Org),
    ("text/x-rst", DraftFormat::Rst),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        DraftFormat::Docx,
    ),
];

/// A draft that was sent, and its references.
#[derive(Clone, Debug)]
pub(super) struct Submitted {
    draft: Bytes,
    format: DraftFormat,
    /// The references, as lines of JSON.
    references: Vec<u8>,
}

impl Submitted {
    /// Takes the draft and the parameters from a request.
    ///
    /// # Errors
    ///
    /// Returns a problem if the body has another media type, or if a parameter is not as described.
    pub(super) async fn of(request: Request) -> Result<(Self, MissedParameters), Problem> {
        let form = request.headers().get(header::CONTENT_TYPE);
        let form = form.and_then(|form| form.to_str().ok()).unwrap_or_default();
        let form = form.split(';').next().unwrap_or_default();
        let form = form.trim().to_ascii_lowercase();
        let known = MEDIA_TYPES.iter().find(|(name, _)| *name == form);
        if let Some((_, format)) = known {
            let (mut parts, body) = request.into_parts();
            let Parameters(parameters) = Parameters::from_request_parts(&mut parts, &()).await?;
            let request = Request::from_parts(parts, body);
            let draft = Bytes::from_request(request, &()).await?;
            let submitted = Self {
                draft,
                format: *format,
                references: Vec::new(),
            };
            return Ok((submitted, parameters));
        }
        if request.uri().query().is_some_and(|query| !query.is_empty()) {
            let detail = "the address has parameters, expected all of them in the body of JSON";
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
        let JsonParameters(body) = JsonParameters::<MissedBody>::from_request(request, &()).await?;
        let draft = body.draft;
        let format = draft.format.as_deref().map(str::parse).transpose();
        let mut references = Vec::new();
        for paper in &draft.bibliography {
            serde_json::to_writer(&mut references, paper).map_err(|_| Problem::internal())?;
            references.push(b'\n');
        }
        let submitted = Self {
            draft: draft.text.into(),
            format: format.map_err(Error::from)?.unwrap_or(DraftFormat::Plain),
            references,
        };
        Ok((submitted, body.parameters))
    }

    /// Reads the draft and the references. No file is read but, for a document of Word, the one that was sent.
    ///
    /// # Errors
    ///
    /// Returns a problem if the draft or a reference cannot be read.
    pub(super) fn read(&self) -> Result<(Draft, Vec<Paper>), Problem> {
        let draft = if self.format == DraftFormat::Docx {
            read_document(&self.draft)?
        } else {
            let text = str::from_utf8(&self.draft).map_err(|error| {
                let detail = format!(
                    "the draft is not UTF-8 from byte {} on",
                    error.valid_up_to()
                );
                Problem::new(Kind::InvalidPapers, detail)
            })?;
            Draft::parse(text, self.format)
        };
        if self.references.is_empty() {
            return Ok((draft, Vec::new()));
        }
        let references = self.references.as_slice();
        let reader = PaperReader::with_format(references, "bibliography", Format::JsonLines);
        let papers = reader.and_then(Iterator::collect::<Result<Vec<_>, _>>);
        Ok((draft, papers.map_err(Error::from)?))
    }
}

/// Reads a document of Word, from a folder of its own.
fn read_document(bytes: &[u8]) -> Result<Draft, Problem> {
    let folder = tempfile::tempdir().map_err(|_| Problem::internal())?;
    let path = folder.path().join("draft.docx");
    fs::write(&path, bytes).map_err(|_| Problem::internal())?;
    Draft::read(&path).map_err(|error| {
        // A client cannot use the path.
        let folder = format!("{}/", folder.path().display());
        Problem::new(Kind::InvalidPapers, error.to_string().replace(&folder, ""))
    })
}
