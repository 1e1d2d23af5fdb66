//! Submissions of `OpenReview`, in both versions of its API: <https://docs.openreview.net/reference/api-v2>.

use serde_json::Value;

use super::file_start::FileStart;
use super::json_names::value_name;
use super::normalize::{filled, set_id};
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::text::latex;
use crate::{Paper, PaperKind, PartialDate};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "openreview",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name) || SILENT.contains(&name),
        wrappers: &[],
    }),
};

const FIELDS: [&str; 7] = [
    "id", "forum", "content", "cdate", "tcdate", "pdate", "mdate",
];

/// Data about the record itself and its permissions.
const SILENT: [&str; 19] = [
    "original",
    "number",
    "ddate",
    "odate",
    "tmdate",
    "tauthor",
    "replyto",
    "invitation",
    "invitations",
    "signatures",
    "readers",
    "nonreaders",
    "writers",
    "referent",
    "domain",
    "parentInvitations",
    "details",
    "version",
    "nonreader",
];

/// The fields of `content` that are read.
const CONTENT: [&str; 7] = [
    "title",
    "abstract",
    "authors",
    "keywords",
    "venue",
    "venueid",
    "authorids",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let fields = ["forum", "invitation", "invitations", "signatures"];
    let is_note = start.has_json_field(&["content"]) && start.has_json_field(&fields);
    is_note.then_some(Evidence::Fields(5))
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let note = Object::new(fields, notes);
    let content = note.object("content");
    // The values of version 2 are in objects of their own.
    let values: Fields = content
        .iter()
        .flat_map(|content| content.fields())
        .map(|(name, value)| match value {
            Value::Object(object) => (
                name.clone(),
                object.get("value").cloned().unwrap_or_default(),
            ),
            other => (name.clone(), other.clone()),
        })
        .collect();
    for (name, value) in &values {
        if !CONTENT.contains(&name.as_str()) && !value.is_null() {
            notes.ignore_field(&format!("content.{name}"));
        }
    }
    let content = Object::new(&values, notes);
    let title = content.essential_text("title")?.unwrap_or_default();
    let mut paper = Paper::new("")
        .title(latex::plain(&title))
        .abstract_text(latex::plain(&content.text("abstract").unwrap_or_default()))
        .categories(content.texts("keywords"));
    let names = content.items("authors").filter_map(value_name);
    paper.authors = names.filter(|name| filled(name.full()).is_some()).collect();
    paper.venue = content.text("venue");
    paper.details.kind = Some(PaperKind::ConferencePaper);
    paper.details.published = note.first_date(&["pdate", "cdate", "tcdate"]);
    paper.details.updated = note.date("mdate");
    paper.year = paper.details.published.map(PartialDate::year);
    let id = note.first_text(&["forum", "id"]);
    paper.url = id
        .as_ref()
        .map(|id| format!("https://openreview.net/forum?id={id}"));
    set_id(&mut paper, note.text("id").or(id), "`id` and no `title`")?;
    Ok(paper)
}
