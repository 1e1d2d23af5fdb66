//! arXiv's own formats of metadata, `arXiv` and `arXivRaw`: <https://info.arxiv.org/help/oa/index.html>.

use crate::read::formats::arxiv::finish;
use crate::read::formats::normalize::filled;
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::loose_date::date_in;
use crate::read::syntax::xml::Element;
use crate::text::latex;
use crate::{Name, Paper, PaperKind, PartialDate};

const READ: [&str; 15] = [
    "id",
    "created",
    "updated",
    "date",
    "authors",
    "title",
    "categories",
    "journal-ref",
    "doi",
    "abstract",
    "version",
    "submitter",
    "license",
    "report-no",
    "datestamp",
];

pub(super) fn paper(metadata: &Element, notes: &Notes) -> Result<Paper, String> {
    let text = |name: &str| latex::plain(&metadata.text_at(&[name]));
    let mut paper = Paper::new("")
        .title(text("title"))
        .abstract_text(text("abstract"))
        .authors(authors(metadata));
    let categories = metadata.text_at(&["categories"]);
    let categories = categories.split([' ', ',']).filter(|name| !name.is_empty());
    paper.categories = categories.take(MAX_VALUES).map(str::to_owned).collect();
    let versions: Vec<&Element> = metadata.all("version").collect();
    let version_date = |version: Option<&&Element>| {
        version.and_then(|version| date_in(&version.text_at(&["date"])))
    };
    let created =
        date_in(&metadata.text_at(&["created"])).or_else(|| version_date(versions.first()));
    let created = created.or_else(|| date_in(&metadata.text_at(&["date"])));
    paper.year = created.map(PartialDate::year);
    paper.details.published = created;
    let latest = version_date(versions.last()).filter(|_| versions.len() > 1);
    paper.details.updated = date_in(&metadata.text_at(&["updated"])).or(latest);
    paper.details.number = filled(text("report-no"));
    let journal = metadata.text_at(&["journal-ref"]);
    paper.details.kind = Some(if journal.is_empty() {
        PaperKind::Preprint
    } else {
        PaperKind::Article
    });
    metadata.count_unread(&READ, notes);
    finish(
        paper,
        &metadata.text_at(&["id"]),
        &journal,
        &metadata.text_at(&["doi"]),
    )
}

/// Returns the names, which are elements with parts or, in `arXivRaw`, one text.
fn authors(metadata: &Element) -> Vec<Name> {
    let Some(list) = metadata.at(&["authors"]) else {
        return Vec::new();
    };
    if list.at(&["author"]).is_some() {
        let names = list.all("author").take(MAX_VALUES).map(|author| {
            let part = |name: &str| latex::plain(&author.text_at(&[name]));
            let (family, given) = (part("keyname"), part("forenames"));
            if given.is_empty() {
                Name::organization(family)
            } else {
                Name::person(&given, &family).with_suffix(&part("suffix"))
            }
        });
        return names.filter(|name| !name.full().is_empty()).collect();
    }
    // Affiliations and remarks are in parentheses.
    let text = without_parentheses(&latex::plain(&list.text()));
    let text = text.replace(" and ", ", ");
    let names = text.split(',').filter_map(|name| filled(name.trim()));
    names.take(MAX_VALUES).map(Name::new).collect()
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_usize;
    let outside = text.chars().filter(|c| {
        depth += usize::from(*c == '(');
        let is_outside = depth == 0;
        depth = depth.saturating_sub(usize::from(*c == ')'));
        is_outside
    });
    outside.collect()
}
