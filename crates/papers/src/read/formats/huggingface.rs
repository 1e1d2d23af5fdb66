//! Papers of Hugging Face: its API of daily papers (<https://huggingface.co/docs/hub/api>) and data sets of them.

use super::file_start::FileStart;
use super::json_names::names;
use super::normalize::{filled, set_id};
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::text::latex;
use crate::{Paper, PaperKind, PartialDate, identifiers};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "hugging-face",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name),
        wrappers: &["paper"],
    }),
};

const FIELDS: [&str; 9] = [
    "id",
    "_id",
    "title",
    "summary",
    "authors",
    "publishedAt",
    "ai_keywords",
    "submittedOnDailyAt",
    "thumbnail",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let dates = ["publishedAt", "submittedOnDailyAt", "submittedOnDailyBy"];
    let is_paper = start.has_json_field(&["summary"]) && start.has_json_field(&dates);
    is_paper.then_some(Evidence::Fields(5))
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let record = Object::new(fields, notes);
    let title = record.essential_text("title")?.unwrap_or_default();
    let mut paper = Paper::new("")
        .title(latex::plain(&title))
        .abstract_text(latex::plain(&record.text("summary").unwrap_or_default()))
        .authors(names(record, "authors"))
        .categories(record.texts("ai_keywords"));
    // The ids are those of arXiv.
    let id = record.text("id");
    if let Some(identifier) = id.as_deref().and_then(identifiers::arxiv) {
        paper.url = Some(format!("https://arxiv.org/abs/{identifier}"));
        paper.venue = Some("arXiv".to_owned());
        paper.details.kind = Some(PaperKind::Preprint);
        paper.arxiv = Some(identifier);
    }
    paper.details.published = record.date("publishedAt");
    paper.year = paper.details.published.map(PartialDate::year);
    set_id(&mut paper, id.and_then(filled), "`id` and no `title`")?;
    Ok(paper)
}
