//! Dublin Core, which every repository offers: <https://www.dublincore.org/specifications/dublin-core/dces/>.

use crate::read::formats::name_lists::names;
use crate::read::formats::normalize::{doi, filled, set_id};
use crate::read::formats::serial_numbers::set_serial_numbers;
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::loose_date::date_in;
use crate::read::syntax::xml::Element;
use crate::text::{latex, markup};
use crate::{Paper, PaperKind, PartialDate, identifiers};

const READ: [&str; 16] = [
    "title",
    "creator",
    "subject",
    "description",
    "publisher",
    "date",
    "type",
    "identifier",
    "source",
    "language",
    "relation",
    "format",
    "rights",
    "abstract",
    "issued",
    "isPartOf",
];

pub(super) fn paper(metadata: &Element, identifier: &str, notes: &Notes) -> Result<Paper, String> {
    let is_arxiv = identifiers::arxiv(identifier).is_some();
    // arXiv's titles and descriptions have LaTeX.
    let plain = |text: &str| {
        if is_arxiv {
            latex::plain(text)
        } else {
            markup::plain(text)
        }
    };
    let all = |name: &str| -> Vec<String> {
        let texts = metadata
            .all(name)
            .map(Element::text)
            .filter(|text| !text.is_empty());
        texts.take(MAX_VALUES).collect()
    };
    let titles = all("title");
    let creators = all("creator");
    let mut paper = Paper::new("")
        .title(titles.first().map(|title| plain(title)).unwrap_or_default())
        .abstract_text(plain(&description(
            &all("abstract"),
            &all("description"),
            notes,
        )))
        .authors(names(creators.iter().map(String::as_str)));
    let subjects = all("subject");
    let subjects = subjects.iter().flat_map(|subject| subject.split(';'));
    paper.categories = subjects
        .filter_map(|subject| filled(plain(subject)))
        .take(MAX_VALUES)
        .collect();
    set_dates(&mut paper, &[all("issued"), all("date")].concat(), notes);
    let details = &mut paper.details;
    details.publisher = all("publisher").into_iter().next();
    details.language = all("language").into_iter().next();
    let types = all("type");
    details.kind = types.iter().find_map(|name| kind(name));
    let texts = [all("identifier"), all("relation"), all("source")];
    for text in texts.iter().flatten() {
        set_serial_numbers(
            details,
            text.trim_start_matches("urn:")
                .trim_start_matches(|c: char| !c.is_ascii_digit()),
        );
    }
    let own = &texts[0];
    paper.doi = own.iter().find_map(|text| doi(text));
    let arxiv = own.iter().map(String::as_str).chain([identifier]);
    let mut arxiv = arxiv.filter(|text| text.to_ascii_lowercase().contains("arxiv"));
    paper.arxiv = arxiv.find_map(identifiers::arxiv);
    paper.details.pmid = own
        .iter()
        .filter(|text| text.to_ascii_lowercase().contains("pm"))
        .find_map(|text| identifiers::pmid(text));
    paper.details.pmcid = own.iter().find_map(|text| identifiers::pmcid(text));
    paper.url = own.iter().find(|text| text.contains("://")).cloned();
    // A source may be the journal, an address or a citation.
    let source = [all("isPartOf"), all("source")].concat();
    let source = source
        .into_iter()
        .find(|text| !text.contains("://") && text.contains(char::is_alphabetic));
    let archive = is_arxiv.then(|| "arXiv".to_owned());
    paper.venue = source
        .or(archive)
        .or_else(|| paper.details.publisher.clone());
    if is_arxiv {
        paper.details.kind = Some(PaperKind::Preprint);
    }
    for _ in titles.iter().skip(1) {
        notes.ignore_field("title");
    }
    metadata.count_unread(&READ, notes);
    let id = paper.arxiv.clone().or_else(|| filled(identifier));
    set_id(
        &mut paper,
        id,
        "`identifier` in `header`, no DOI and no title",
    )?;
    Ok(paper)
}

/// Joins the descriptions, without remarks on the number of pages, which arXiv adds as a description.
fn description(abstracts: &[String], descriptions: &[String], notes: &Notes) -> String {
    let texts = if abstracts.is_empty() {
        descriptions
    } else {
        abstracts
    };
    let mut parts: Vec<&str> = Vec::new();
    for text in texts {
        if text.starts_with("Comment: ")
            || text.starts_with("Comments: ")
            || parts.contains(&text.as_str())
        {
            notes.ignore_field("description");
        } else {
            parts.push(text);
        }
    }
    parts.join(" ")
}

/// Sets the year and the date from the first date, and the date of the last revision from the last.
fn set_dates(paper: &mut Paper, texts: &[String], notes: &Notes) {
    let mut dates: Vec<PartialDate> = texts.iter().filter_map(|text| date_in(text)).collect();
    if let (true, Some(text)) = (dates.is_empty(), texts.first()) {
        notes.remark(format!(
            "the date is `{text}`, which was left out, expected one such as 2017-06-12"
        ));
    }
    dates.sort_unstable();
    dates.dedup();
    paper.year = dates.first().map(|date| date.year());
    paper.details.published = dates.first().copied().filter(|date| date.month().is_some());
    paper.details.updated = dates.last().copied().filter(|_| dates.len() > 1);
}

/// Returns the kind that a type names, such as `info:eu-repo/semantics/article` or `Journal article`.
fn kind(name: &str) -> Option<PaperKind> {
    let name = name.rsplit(['/', ':']).next().unwrap_or(name).trim();
    PaperKind::of_any_vocabulary(name).or_else(|| {
        match &*name.to_ascii_lowercase().replace(' ', "") {
            "conferenceobject" | "conferenceproceedings" => Some(PaperKind::ConferencePaper),
            "bookpart" | "partofbook" => Some(PaperKind::Chapter),
            "doctoralthesis" | "masterthesis" | "bachelorthesis" | "thesisordissertation" => {
                Some(PaperKind::Thesis)
            }
            "workingpaper" => Some(PaperKind::Preprint),
            _ => None,
        }
    })
}
