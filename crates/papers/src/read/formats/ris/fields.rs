//! The paper of a record of RIS.

use crate::read::formats::name_lists::names;
use crate::read::formats::normalize::{doi, filled, identify, set_id, year_in};
use crate::read::formats::pages::page_range;
use crate::read::formats::serial_numbers::set_serial_numbers;
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::loose_date::date_in;
use crate::read::syntax::tagged::TaggedRecord;
use crate::text::markup;
use crate::text::white_space::join_white_space;
use crate::{Paper, PaperKind, PartialDate, identifiers};

/// The tags that are read, and the date of access and the names of the database and of its provider, which say
/// nothing of the paper.
const READ: [&str; 55] = [
    "TY", "ER", "TI", "T1", "CT", "AB", "N2", "AU", "A1", "ED", "PY", "Y1", "DA", "T2", "JF", "JO",
    "JA", "J1", "J2", "T3", "PB", "CY", "PP", "VL", "VO", "IS", "CP", "SP", "EP", "ET", "LA", "SN",
    "KW", "DO", "DI", "UR", "LK", "ID", "AN", "DB", "DP", "Y2", "BT", "C3", "ST", "TT", "A2", "A3",
    "M1", "M3", "N1", "L2", "L3", "C2", "C7",
];

pub(super) fn paper(record: &TaggedRecord, notes: &Notes) -> Result<Paper, String> {
    let text = |tags: &[&str]| markup::plain(record.first(tags));
    let kind = kind(record.first(&["TY"])).map(|kind| match kind {
        // RIS has no type for proceedings.
        PaperKind::Book if record.first(&["M3"]).eq_ignore_ascii_case("proceedings") => {
            PaperKind::Proceedings
        }
        kind => kind,
    });
    let is_book = kind == Some(PaperKind::Book) || kind == Some(PaperKind::Proceedings);
    let title = filled(text(&["TI", "T1", "CT"]))
        .or_else(|| filled(text(&["BT"])).filter(|_| is_book))
        .or_else(|| filled(text(&["TT", "ST"])));
    let mut paper = Paper::new("")
        .title(title.unwrap_or_default())
        .abstract_text(joined(&record.all(&["AB", "N2"])))
        .authors(names(record.all(&["AU", "A1"])));
    paper.details.kind = kind;
    set_editors(&mut paper, record);
    set_date(&mut paper, record, notes);
    set_container(&mut paper, record);
    set_numbers(&mut paper, record, notes);
    paper.categories = record
        .all(&["KW"])
        .iter()
        .flat_map(|words| words.split([';', '\n']))
        .filter_map(|word| filled(markup::plain(word)))
        .take(MAX_VALUES)
        .collect();
    set_identifiers(&mut paper, record);
    count_unread(&paper, record, notes);
    let accession = filled(record.first(&["AN"]));
    let id = filled(record.first(&["ID"])).or_else(|| paper.doi.clone());
    let id = id.or(accession).or_else(|| paper.arxiv.clone());
    let id = id
        .or_else(|| pmid_id(&paper))
        .or_else(|| paper.derived_id());
    set_id(&mut paper, id, "`ID`, no `DO` and no title")?;
    Ok(paper)
}

fn pmid_id(paper: &Paper) -> Option<String> {
    let pmid = paper.details.pmid.as_ref();
    pmid.map(|pmid| format!("pmid:{pmid}"))
}

/// Returns the kind that a type of reference names.
fn kind(reference_type: &str) -> Option<PaperKind> {
    let name = filled(reference_type)?;
    let kind = PaperKind::of_any_vocabulary(&name).or(match &*name.to_ascii_uppercase() {
        // An abstract, an article in the press, a serial.
        "ABST" | "INPR" | "SERIAL" | "MAGZ" => Some(PaperKind::Article),
        "MANSCPT" => Some(PaperKind::Preprint),
        "SER" | "CLSWK" | "PAMP" | "CTLG" => Some(PaperKind::Book),
        "SLIDE" | "CONFP" => Some(PaperKind::ConferencePaper),
        "ENCYC" => Some(PaperKind::Chapter),
        "DATASET" => Some(PaperKind::Dataset),
        "STANDARD" => Some(PaperKind::Standard),
        _ => None,
    });
    Some(kind.unwrap_or(PaperKind::Other))
}

/// Joins the texts that are not parts of one another.
fn joined(texts: &[&str]) -> String {
    // Comparing many or long texts with each other would take long.
    let is_comparable =
        texts.len() <= 64 && texts.iter().map(|text| text.len()).sum::<usize>() <= 1 << 20;
    let mut parts: Vec<String> = Vec::new();
    for text in texts {
        let text = markup::plain(text);
        if is_comparable {
            // An abridged copy, as of databases that limit the length of `AB`, may end with an ellipsis.
            let start = text.trim_end_matches(['.', '…', ' ']);
            if parts.iter().any(|part| part.contains(start)) {
                continue;
            }
            parts.retain(|part| !text.contains(part.trim_end_matches(['.', '…', ' '])));
        }
        parts.push(text);
    }
    parts.join(" ")
}

/// Sets the editors, whose tag depends on the type. The editors of a publication without authors are its authors too,
/// unless they are the editors of the book or the proceedings that contain it.
fn set_editors(paper: &mut Paper, record: &TaggedRecord) {
    paper.details.editors = names(record.all(editor_tags(record)));
    if record.first(&["TY"]).eq_ignore_ascii_case("EDBOOK") && paper.details.editors.is_empty() {
        paper.details.editors.clone_from(&paper.authors);
    }
    let is_part = matches!(
        paper.details.kind,
        Some(PaperKind::Chapter | PaperKind::ConferencePaper)
    );
    let is_contained = is_part && !record.first(&["T2", "BT", "JF", "JO"]).is_empty();
    if paper.authors.is_empty() && !is_contained {
        paper.authors.clone_from(&paper.details.editors);
    }
}

/// Returns the tags of the editors for the type of a record: `A2` and `A3` have other persons for some types, such as
/// the editors of a series or the adviser of a thesis.
fn editor_tags(record: &TaggedRecord) -> &'static [&'static str] {
    let has = |tags: &[&str]| !record.first(tags).is_empty();
    match &*record.first(&["TY"]).to_ascii_uppercase() {
        // The second title of a book is that of a series, and the second authors are the editors of the series.
        "BOOK" | "EBOOK" | "SER" if has(&["ED", "A3"]) || has(&["T2"]) && has(&["AU", "A1"]) => {
            &["ED", "A3"]
        }
        "EDBOOK" if has(&["AU", "A1", "ED"]) => &["ED"],
        "PAT" | "BILL" | "CASE" | "STAT" | "HEAR" | "SLIDE" | "ICOMM" | "PCOMM" | "SOUND"
        | "MUSIC" => &["ED"],
        _ => &["ED", "A2"],
    }
}

/// Sets the year and the date of publication.
fn set_date(paper: &mut Paper, record: &TaggedRecord, notes: &Notes) {
    let years = record.all(&["PY"]).into_iter().chain(record.all(&["Y1"]));
    let years: Vec<&str> = years.collect();
    let date = record.first(&["DA"]);
    let is_article = paper.details.kind == Some(PaperKind::Article);
    // EndNote has the date of an article ahead of print in the field of the edition.
    let ahead_of_print = date_in(record.first(&["ET"])).filter(|_| is_article);
    paper.year = years
        .iter()
        .find_map(|text| year(text))
        .or_else(|| year(date))
        .or_else(|| ahead_of_print.map(PartialDate::year));
    let texts = years.iter().chain([&date]).filter(|text| !text.is_empty());
    if paper.year.is_none()
        && let Some(text) = texts.clone().next()
    {
        notes.remark(format!(
            "the year is `{text}`, which was left out, expected one such as 2017"
        ));
    }
    let Some(year) = paper.year else { return };
    // `DA` may have no year: `Jun 12`.
    let dates = texts
        .clone()
        .filter_map(|text| date_in(text).or_else(|| date_in(&format!("{year} {text}"))));
    let dates = dates.chain(ahead_of_print);
    let dates = dates.filter(|date| date.month().is_some());
    let in_year = dates.clone().filter(|date| date.year() == year);
    // An article may have appeared in the year before that of its issue.
    paper.details.published = in_year
        .max_by_key(|date| date.day().is_some())
        .or_else(|| dates.clone().next());
}

fn year(text: &str) -> Option<i32> {
    let before_christ = || {
        let digits = text.trim().strip_prefix('-')?.trim_start_matches('0');
        let is_year = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        is_year.then(|| digits.parse::<i32>().ok().map(|year| -year))?
    };
    year_in(text)
        .or_else(before_christ)
        .or_else(|| date_in(text).map(PartialDate::year))
}

/// Sets the venue, the series, the publisher and the place.
fn set_container(paper: &mut Paper, record: &TaggedRecord) {
    let text = |tags: &[&str]| filled(markup::plain(record.first(tags)));
    let details = &mut paper.details;
    details.publisher = text(&["PB"]);
    details.place = text(&["CY", "PP"]);
    details.series = text(&["T3"]);
    let journals: &[&str] = &["T2", "JF", "JO", "JA", "J2", "J1", "BT", "C3"];
    paper.venue = match details.kind {
        // The second title of a book is that of its series.
        Some(PaperKind::Book | PaperKind::Proceedings) => {
            let second = text(&["T2"]);
            let second = if details.series.is_none() {
                details.series = second;
                None
            } else {
                second
            };
            let book = text(&["BT"]).filter(|book| *book != paper.title);
            second.or(book).or_else(|| text(&["JF", "JO", "JA"]))
        }
        Some(PaperKind::Chapter) => text(&["T2", "BT", "JF", "JO", "JA", "J2", "C3"]),
        _ => text(journals),
    };
    if paper.venue.is_none() {
        paper.venue.clone_from(&paper.details.publisher);
    }
}

/// Sets volume, number, pages, edition, serial numbers and language.
fn set_numbers(paper: &mut Paper, record: &TaggedRecord, notes: &Notes) {
    let text = |tags: &[&str]| filled(markup::plain(record.first(tags)));
    let kind = paper.details.kind;
    let details = &mut paper.details;
    details.volume = text(&["VL", "VO"]);
    details.number =
        text(&["IS", "CP"]).or_else(|| text(&["M1"]).filter(|number| is_number(number)));
    details.pages = page_range(
        &join_white_space(record.first(&["SP"])),
        record.first(&["EP"]),
    );
    details.pages = details.pages.take().or_else(|| text(&["C7"]));
    details.language =
        text(&["LA"]).and_then(|language| filled(language.trim_end_matches([';', ',', ' '])));
    // EndNote has the date of an article ahead of print in the field of the edition.
    details.edition = text(&["ET"])
        .filter(|edition| kind != Some(PaperKind::Article) || date_in(edition).is_none());
    for number in record.all(&["SN"]) {
        if set_serial_numbers(details, number) {
            continue;
        }
        // The number of a report, a standard or a patent.
        if matches!(
            kind,
            Some(PaperKind::Report | PaperKind::Standard | PaperKind::Patent)
        ) && details.number.is_none()
        {
            details.number = Some(number.to_owned());
        } else {
            notes.ignore_field("SN");
        }
    }
    let genre = text(&["M3"]).filter(|genre| doi(genre).is_none());
    details.genre = genre.filter(|genre| {
        let is_kind = kind.is_some_and(|kind| genre.eq_ignore_ascii_case(kind.name()));
        !is_kind && !genre.eq_ignore_ascii_case("journal article")
    });
}

fn is_number(text: &str) -> bool {
    text.len() <= 12 && text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains('/')
}

/// Sets the URL and the identifiers, which many programs have in fields for other things.
fn set_identifiers(paper: &mut Paper, record: &TaggedRecord) {
    let urls = record.all(&["UR", "L2", "LK"]);
    let urls: Vec<&str> = urls
        .iter()
        .flat_map(|url| url.split('\n'))
        .map(str::trim)
        .collect();
    paper.url = urls
        .iter()
        .find(|url| !url.is_empty())
        .map(|url| (*url).to_owned());
    let numbers = record.all(&["M1", "AN", "N1"]);
    let arxiv: Vec<&str> = urls.iter().chain(&numbers).copied().collect();
    let labeled = record.all(&["DO", "DI"]);
    let others = record.all(&["M3", "L3", "N1", "AN"]);
    let mut dois = labeled.iter().chain(&others).chain(&urls);
    let doi_text = dois.find(|text| doi(text).is_some());
    identify(paper, doi_text.copied().unwrap_or_default(), &arxiv);
    let database = record.all(&["DB", "DP"]).join(" ").to_ascii_lowercase();
    let is_pubmed = ["pubmed", "medline", "nlm"]
        .iter()
        .any(|name| database.contains(name));
    let accession = record.first(&["AN"]);
    let labeled = record.all(&["AN", "N1", "M1", "C2"]);
    let labeled = labeled
        .iter()
        .filter(|text| text.to_ascii_lowercase().contains("pmid"));
    let mut pmids = labeled
        .chain(&urls)
        .filter_map(|text| identifiers::pmid(text));
    paper.details.pmid = pmids
        .next()
        .or_else(|| identifiers::pmid(accession).filter(|_| is_pubmed));
    let pmcids = record.all(&["C2", "AN", "N1"]);
    paper.details.pmcid = pmcids
        .iter()
        .chain(&urls)
        .find_map(|text| identifiers::pmcid(text));
}

/// Counts the fields that have a value and are not read.
fn count_unread(paper: &Paper, record: &TaggedRecord, notes: &Notes) {
    let editors = editor_tags(record);
    let has_other_title = !record.first(&["TI", "T1", "CT"]).is_empty();
    let mut urls = 0;
    for (tag, value) in record.fields() {
        let is_read = match tag {
            "ED" | "A2" | "A3" => editors.contains(&tag),
            // The short title is often the start of the title.
            "ST" => !has_other_title || paper.title.starts_with(&markup::plain(value)),
            "TT" => !has_other_title,
            "C3" => paper.venue.as_deref() == Some(&*markup::plain(value)),
            "C7" => paper.details.pages.as_deref() == Some(value),
            "C2" => identifiers::pmcid(value).is_some() || identifiers::pmid(value).is_some(),
            "L3" => doi(value).is_some(),
            "M1" => paper.details.number.as_deref() == Some(value) || is_identifier(value),
            "N1" => is_identifier(value) || markup::plain(value) == paper.title,
            "UR" | "L2" | "LK" => {
                urls += 1;
                urls == 1
            }
            _ => READ.contains(&tag),
        };
        if !is_read {
            notes.ignore_field(tag);
        }
    }
}

fn is_identifier(text: &str) -> bool {
    doi(text).is_some()
        || identifiers::arxiv(text).is_some()
        || identifiers::pmid(text).is_some()
        || identifiers::pmcid(text).is_some()
}
