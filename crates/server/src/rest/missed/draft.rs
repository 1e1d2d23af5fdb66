//! Drafts as requests have them: in a field of JSON, or as the body itself.

use std::fs;
use std::io::{Seek as _, Write as _};

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use bytes::Bytes;
use cognate::{Draft, DraftFormat, Error, Format, Paper, PaperReader, PapersError};

use super::{BibliographyFile, DraftParameters, MissedBody, MissedParameters};
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
    references: References,
}

/// The references that were sent with a draft.
#[derive(Clone, Debug)]
enum References {
    None,
    /// Papers as lines of JSON, of which each has to be valid.
    Papers(Vec<u8>),
    /// A file, whose records may be invalid.
    File(BibliographyFile),
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
                references: References::None,
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
        let references = References::of(&draft)?;
        let submitted = Self {
            draft: draft.text.into(),
            format: format.map_err(Error::from)?.unwrap_or(DraftFormat::Plain),
            references,
        };
        Ok((submitted, body.parameters))
    }

    /// Reads the draft and the references, and returns also why records of a file of references were left out. No
    /// file is read but, for a document of Word, the one that was sent.
    ///
    /// # Errors
    ///
    /// Returns a problem if the draft or a reference cannot be read.
    pub(super) fn read(&self) -> Result<(Draft, Vec<Paper>, Vec<String>), Problem> {
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
        let (references, unread) = match &self.references {
            References::None => (Vec::new(), Vec::new()),
            References::Papers(lines) => {
                let lines = lines.as_slice();
                let reader = PaperReader::with_format(lines, "bibliography", Format::JsonLines);
                let papers = reader.and_then(Iterator::collect::<Result<Vec<_>, _>>);
                (papers.map_err(Error::from)?, Vec::new())
            }
            References::File(file) => file.read()?,
        };
        Ok((draft, references, unread))
    }
}

impl References {
    /// Takes the references from the parameters.
    fn of(parameters: &DraftParameters) -> Result<Self, Problem> {
        let papers = &parameters.bibliography;
        match &parameters.bibliography_file {
            Some(_) if !papers.is_empty() => {
                let detail =
                    "`bibliography` and `bibliography_file` are given, expected one of them";
                Err(Problem::new(Kind::InvalidRequest, detail))
            }
            Some(file) => Ok(Self::File(file.clone())),
            None => {
                let mut lines = Vec::new();
                for paper in papers {
                    serde_json::to_writer(&mut lines, paper).map_err(|_| Problem::internal())?;
                    lines.push(b'\n');
                }
                Ok(if lines.is_empty() {
                    Self::None
                } else {
                    Self::Papers(lines)
                })
            }
        }
    }
}

impl BibliographyFile {
    /// Reads the valid records of the file, and returns also why the others are not valid.
    fn read(&self) -> Result<(Vec<Paper>, Vec<String>), Problem> {
        let (mut papers, mut unread) = (Vec::new(), Vec::new());
        if self.content.trim().is_empty() {
            return Ok((papers, unread));
        }
        // The format is detected by the content and by the name, which only files have.
        let mut file = tempfile::tempfile().map_err(|_| Problem::internal())?;
        let written = file.write_all(self.content.as_bytes());
        written
            .and_then(|()| file.rewind())
            .map_err(|_| Problem::internal())?;
        for record in PaperReader::from_file(file, self.name.as_str(), None).map_err(Error::from)? {
            match record {
                Ok(paper) => papers.push(paper),
                Err(error @ PapersError::Record { .. }) => unread.push(error.to_string()),
                Err(error) => return Err(Error::from(error).into()),
            }
        }
        Ok((papers, unread))
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
