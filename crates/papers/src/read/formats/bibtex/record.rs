//! The paper that a BibTeX entry describes.

use super::dates::published;
use super::fields::Fields;
use super::identity::{labeled, set_identifiers};
use super::journals;
use super::persons::{in_group, persons, split_outside_braces};
use super::values::{text, without_references};
use crate::read::formats::normalize::{filled, set_id};
use crate::read::formats::serial_numbers::set_serial_numbers;
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::text::words;
use crate::{Details, Paper, PaperKind};

/// Fields that say nothing about the paper: what programs note about their files and their use of an entry,
/// and how an entry is to be sorted and printed. They are not counted as left out.
const OF_NO_USE: [&str; 48] = [
    "added-at",
    "adsnote",
    "biburl",
    "bibsource",
    "citationkey",
    "creationdate",
    "crossref",
    "da",
    "date-added",
    "date-created",
    "date-modified",
    "entryset",
    "execute",
    "file",
    "files",
    "gender",
    "groups",
    "hyphenation",
    "ids",
    "interhash",
    "intrahash",
    "key",
    "label",
    "langidopts",
    "lastchecked",
    "local-url",
    "modificationdate",
    "month",
    "options",
    "owner",
    "presort",
    "printed",
    "priority",
    "qualityassured",
    "ranking",
    "readstatus",
    "relevance",
    "shorthand",
    "sortkey",
    "sortname",
    "sorttitle",
    "sortyear",
    "source",
    "timestamp",
    "unique-id",
    "urldate",
    "username",
    "xref",
];

/// What the names of such fields begin with.
const OF_NO_USE_STARTS: [&str; 8] = [
    "__",
    "bdsk-",
    "citeulike-",
    "jabref-",
    "mendeley-",
    "opt",
    "related",
    "xdata",
];

/// Converts an entry to a paper, and counts the fields of which nothing was made.
pub(super) fn paper(
    key: &str,
    entry_type: &str,
    fields: &Fields,
    notes: &Notes,
) -> Result<Paper, String> {
    let mut paper = Paper::new("").abstract_text(fields.text(&["abstract", "abstractnote"]));
    set_identifiers(&mut paper, fields);
    set_kind(&mut paper, entry_type, fields);
    paper.title = titles(fields, "title", "subtitle");
    paper.authors = persons(fields.first(&["author", "authors"]));
    paper.details.editors = persons(fields.first(&["editor", "editors"]));
    let has_authors_of_parts = matches!(
        paper.details.kind,
        Some(PaperKind::Chapter | PaperKind::ConferencePaper)
    );
    if paper.authors.is_empty() && !has_authors_of_parts {
        paper.authors.clone_from(&paper.details.editors);
    }
    let date = published(fields);
    paper.year = date.year;
    paper.details.published = date
        .date
        .or_else(|| fields.text(&["published"]).parse().ok());
    paper.details.updated = fields.text(&["updated"]).parse().ok();
    for remark in date.remarks {
        notes.remark(remark);
    }
    set_publication(&mut paper, fields);
    if paper.title.is_empty() {
        // Proceedings and books may have nothing but the title of the whole.
        paper.title = titles(fields, "booktitle", "booksubtitle");
        if paper.title.is_empty() {
            paper.title = titles(fields, "maintitle", "mainsubtitle");
        }
    }
    paper.categories = categories(fields);
    set_id(&mut paper, filled(key), "key and no `doi`")?;
    for name in fields.unread() {
        let is_of_no_use = OF_NO_USE.contains(&name)
            || OF_NO_USE_STARTS.iter().any(|start| name.starts_with(start));
        if !is_of_no_use {
            notes.ignore_field(name);
        }
    }
    Ok(paper)
}

/// Returns a title with its subtitle.
fn titles(fields: &Fields, title: &str, subtitle: &str) -> String {
    let (title, subtitle) = (fields.text(&[title]), fields.text(&[subtitle]));
    match (title.is_empty(), subtitle.is_empty()) {
        (_, true) => title,
        (true, false) => subtitle,
        // A title may end with a mark that separates the two.
        (false, false) if title.ends_with([':', '?', '!']) => format!("{title} {subtitle}"),
        (false, false) => format!("{title}: {subtitle}"),
    }
}

/// Sets the kind and, if the entry says more, the genre.
fn set_kind(paper: &mut Paper, entry_type: &str, fields: &Fields) {
    // A kind that has no type in BibTeX, as exports of Cognate name it.
    let subtype = PaperKind::of_any_vocabulary(&text(fields.peek("entrysubtype")));
    let given = if subtype.is_some() {
        fields.text(&["entrysubtype"]);
        fields.text(&["type"])
    } else {
        fields.text(&["type", "entrysubtype"])
    };
    let given = match &*given.to_lowercase() {
        "phdthesis" => "PhD thesis",
        "mathesis" => "Master's thesis",
        "bathesis" => "Bachelor's thesis",
        "candthesis" => "Candidate thesis",
        "techreport" => "Technical report",
        "resreport" => "Research report",
        "datacd" => "Data CD",
        "audiocd" => "Audio CD",
        _ => &given,
    };
    let mut kind = PaperKind::of_any_vocabulary(entry_type);
    let of_type = match entry_type {
        "phdthesis" => "PhD thesis",
        "mastersthesis" | "mathesis" => "Master's thesis",
        "bachelorsthesis" => "Bachelor's thesis",
        "techreport" => "Technical report",
        "manual" => "Manual",
        "booklet" => "Booklet",
        _ if kind.is_none() => entry_type,
        _ => "",
    };
    let of_given = PaperKind::of_any_vocabulary(given);
    // A journal that is an archive of preprints.
    let journal = text(fields.peek("journal"));
    let is_archive = labeled(&journal).is_some() || is_archive(&journal.to_lowercase());
    let has_journal = !journal.is_empty() || !fields.peek("journaltitle").is_empty();
    let is_preprint = match kind {
        Some(PaperKind::Article) => is_archive,
        Some(PaperKind::Other | PaperKind::WebPage) => {
            paper.arxiv.is_some() && (!has_journal || is_archive)
        }
        _ => false,
    };
    if subtype.is_some() && kind == Some(PaperKind::Other) {
        kind = subtype;
    } else if is_preprint {
        kind = Some(PaperKind::Preprint);
    } else if kind.is_none_or(|kind| kind == PaperKind::Other) {
        kind = of_given.or(kind).or(Some(PaperKind::Other));
    }
    paper.details.kind = kind;
    paper.details.genre = filled(given)
        .filter(|_| of_given.is_none() || of_given != kind)
        .or_else(|| {
            // A name for readers, and not a code such as `phdthesis`.
            let is_name = given.contains([' ', '\'']) || given.starts_with(char::is_uppercase);
            let of_kind = kind.is_some_and(|kind| kind.name() == given.to_lowercase());
            filled(given).filter(|_| is_name && !of_kind)
        })
        .or_else(|| filled(of_type));
}

/// Returns whether a journal, in lower case, is an archive of preprints.
fn is_archive(journal: &str) -> bool {
    const NAMES: [&str; 6] = [
        "arxiv e-prints",
        "arxiv preprint",
        "authorea",
        "corr",
        "osf preprints",
        "research square",
    ];
    // `bioRxiv` and `bioRxiv : the preprint server for biology`, but not a journal whose name has other words first.
    let first = journal.split([' ', ':']).next().unwrap_or_default();
    let is_only_name = first.len() == journal.len() || journal.contains("preprint server");
    NAMES.contains(&journal) || is_only_name && first.ends_with("rxiv")
}

/// Sets the ISBN and the ISSN.
fn set_serials(details: &mut Details, fields: &Fields) {
    let normal = |text: &str| {
        let mut found = Details::default();
        set_serial_numbers(&mut found, text);
        found
    };
    details.issn = filled(fields.text(&["issn", "eissn"])).map(|issn| {
        // Others have a hyphen, or are several.
        let bare = Some(&issn).filter(|issn| issn.len() == 8);
        bare.and_then(|issn| normal(issn).issn).unwrap_or(issn)
    });
    details.isbn = filled(fields.text(&["isbn"]));
    // Mendeley writes the ISSN of a journal as its ISBN.
    if let Some(isbn) = &details.isbn {
        let found = normal(isbn);
        if let (None, Some(issn)) = (found.isbn, found.issn) {
            details.issn.get_or_insert(issn);
            details.isbn = None;
        }
    }
}

/// Sets the venue, and what a reference list says about it.
fn set_publication(paper: &mut Paper, fields: &Fields) {
    let details = &mut paper.details;
    let is_thesis = details.kind == Some(PaperKind::Thesis);
    let publishers = if is_thesis {
        ["school", "institution", "publisher", "organization"]
    } else {
        ["publisher", "institution", "school", "organization"]
    };
    let is_whole = matches!(details.kind, Some(PaperKind::Book | PaperKind::Proceedings));
    let journal = journals::of_value(fields.first(&["journal", "journaltitle"]))
        .map_or_else(|| titles(fields, "journal", ""), str::to_owned);
    let journal =
        filled(journal).or_else(|| filled(titles(fields, "journaltitle", "journalsubtitle")));
    let container = || {
        // The book title of a book is its own.
        let has_title = !fields.peek("title").is_empty();
        let book = filled(text(fields.peek("booktitle")))
            .filter(|_| has_title || !is_whole)
            .map(|_| titles(fields, "booktitle", "booksubtitle"));
        let book = book.map(|book| {
            let command = journals::of_value(fields.peek("booktitle"));
            command.map_or(book, str::to_owned)
        });
        book.or_else(|| filled(titles(fields, "maintitle", "mainsubtitle")).filter(|_| has_title))
            .or_else(|| filled(fields.text(&["eventtitle"])))
    };
    details.publisher = filled(fields.text(&publishers));
    let how_published = || {
        let how = fields.peek("howpublished");
        is_venue(&text(how)).then(|| fields.text(&["howpublished"]))
    };
    paper.venue = journal
        .or_else(container)
        .or_else(how_published)
        .or_else(|| details.publisher.clone());
    let volume = fields.text(&["volume"]);
    details.volume = filled(volume).filter(|volume| !volume.starts_with("abs/"));
    details.number = filled(fields.text(&["number", "issue"]));
    details.pages = filled(pages(fields));
    details.place = filled(fields.text(&["address", "location"]));
    details.series = filled(fields.text(&["series"]));
    details.edition = filled(fields.text(&["edition"]));
    set_serials(details, fields);
    details.language = filled(fields.text(&["language", "langid"]));
}

/// Returns whether the way in which something was published names a venue: it is neither an address nor a remark such
/// as `Accessed: 2017-06-12`.
fn is_venue(how: &str) -> bool {
    const REMARKS: [&str; 9] = [
        "accessed",
        "available",
        "html",
        "last",
        "online",
        "pdf",
        "retrieved",
        "url",
        "website",
    ];
    let first = words(how).next();
    let is_remark = first.is_none_or(|word| REMARKS.contains(&word.as_str()));
    !(is_remark || how.contains("://") || how.contains("www."))
}

/// Returns the pages with hyphens in ranges, or the number of the article.
fn pages(fields: &Fields) -> String {
    let pages = fields.text(&["pages", "page"]);
    let pages = if labeled(&pages).is_some() {
        String::new()
    } else {
        pages
    };
    if pages.is_empty() {
        let number = fields.text(&["eid", "articleno", "article-number", "elocation-id"]);
        return Some(number)
            .filter(|number| labeled(number).is_none())
            .unwrap_or_default();
    }
    if fields.peek("eid") == fields.peek("pages") {
        fields.first(&["eid"]);
    }
    let hyphened = pages.replace(['–', '—', '‐', '‑', '−'], "-");
    let ends: Vec<&str> = hyphened.split('-').map(str::trim).collect();
    let ends: Vec<&str> = ends.into_iter().filter(|end| !end.is_empty()).collect();
    // An open range keeps its hyphen.
    let open = if hyphened.trim_end().ends_with('-') {
        "-"
    } else {
        ""
    };
    ends.join("-") + open
}

fn categories(fields: &Fields) -> Vec<String> {
    let lists = [
        fields.first(&["keywords", "keyword"]),
        fields.first(&["author_keywords", "author-keywords"]),
        fields.first(&["keywords-plus", "index_keywords"]),
    ];
    let mut words = Vec::new();
    for list in lists {
        let list = without_references(list);
        let list = list.trim();
        // Where semicolons separate keywords, a keyword may have commas.
        let separator = if list.contains(';') { ';' } else { ',' };
        let list = in_group(list).filter(|_| separator == ';').unwrap_or(list);
        let found = split_outside_braces(list, |c| c == separator);
        words.extend(found.into_iter().map(text));
    }
    let class = fields.text(&["primaryclass", "eprintclass"]);
    words
        .into_iter()
        .chain([class])
        .filter_map(|word| filled(word.trim()))
        .take(MAX_VALUES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_or_an_address_is_no_venue() {
        for how in ["arXiv", "Zenodo", "Talk at the Moss Days, 2017"] {
            assert!(is_venue(how), "{how}");
        }
        for how in [
            "",
            "Accessed: 2017-06-12",
            "[Online]",
            "Available at https://example.org",
            "https://example.org",
            "www.example.org",
        ] {
            assert!(!is_venue(how), "{how}");
        }
    }
}
