//! The types of publications in tables.

use super::lists::texts;
use crate::PaperKind;

/// The kinds that a word in the type of a publication tells, in order of precedence.
const KIND_WORDS: [(&str, PaperKind); 27] = [
    ("preprint", PaperKind::Preprint),
    ("book review", PaperKind::Article),
    ("book chapter", PaperKind::Chapter),
    ("chapter", PaperKind::Chapter),
    ("conference review", PaperKind::Proceedings),
    ("proceedings paper", PaperKind::ConferencePaper),
    ("conference", PaperKind::ConferencePaper),
    ("meeting", PaperKind::ConferencePaper),
    ("congress", PaperKind::ConferencePaper),
    ("proceeding", PaperKind::ConferencePaper),
    ("data set", PaperKind::Dataset),
    ("dissertation", PaperKind::Thesis),
    ("thes", PaperKind::Thesis),
    ("report", PaperKind::Report),
    ("standard", PaperKind::Standard),
    ("patent", PaperKind::Patent),
    ("software", PaperKind::Software),
    ("book", PaperKind::Book),
    ("journal", PaperKind::Article),
    ("magazine", PaperKind::Article),
    ("article", PaperKind::Article),
    ("review", PaperKind::Article),
    ("editorial", PaperKind::Article),
    ("letter", PaperKind::Article),
    ("survey", PaperKind::Article),
    ("note", PaperKind::Article),
    ("erratum", PaperKind::Article),
];

/// Returns the kind that the type of a publication stands for: a term of a vocabulary, a code of the Web of
/// Science or LibreOffice, or a phrase such as `IEEE Conferences`.
pub(super) fn kind(text: &str) -> Option<PaperKind> {
    match text {
        "J" | "0" | "7" => return Some(PaperKind::Article),
        "C" | "3" | "6" => return Some(PaperKind::ConferencePaper),
        "B" | "S" | "1" | "2" => return Some(PaperKind::Book),
        "P" => return Some(PaperKind::Patent),
        "4" | "5" => return Some(PaperKind::Chapter),
        "9" | "11" => return Some(PaperKind::Thesis),
        "8" | "13" => return Some(PaperKind::Report),
        "12" => return Some(PaperKind::Proceedings),
        "14" => return Some(PaperKind::Preprint),
        "16" => return Some(PaperKind::WebPage),
        _ => {}
    }
    if let Some(kind) = PaperKind::of_any_vocabulary(text) {
        return Some(kind);
    }
    let terms = || text.split([';', '|', ',']).map(str::trim);
    if let Some(kind) = terms().find_map(PaperKind::of_any_vocabulary) {
        return Some(kind);
    }
    if let Some(kind) = texts(text).and_then(|names| {
        let mut kinds = names.iter().filter_map(|name| kind(name));
        kinds.next()
    }) {
        return Some(kind);
    }
    // The first of several types is the main one.
    let mut types = text.split([';', '|']).map(str::to_lowercase);
    types.find_map(|text| kind_of_words(&text))
}

/// Returns the kind that the words in a type tell.
fn kind_of_words(text: &str) -> Option<PaperKind> {
    // The reports of cases and trials are articles.
    if text.contains("case report") {
        return Some(PaperKind::Article);
    }
    let mut words = KIND_WORDS.iter();
    words.find_map(|(word, kind)| text.contains(word).then_some(*kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_types_in_every_spelling() {
        for (text, expected) in [
            ("journalArticle", Some(PaperKind::Article)),
            ("Conference Paper", Some(PaperKind::ConferencePaper)),
            ("Proceedings Paper", Some(PaperKind::ConferencePaper)),
            ("IEEE Conferences", Some(PaperKind::ConferencePaper)),
            ("IEEE Journals", Some(PaperKind::Article)),
            ("Article; Early Access", Some(PaperKind::Article)),
            ("Book Chapter", Some(PaperKind::Chapter)),
            ("Dissertations & Theses", Some(PaperKind::Thesis)),
            ("Letter", Some(PaperKind::Article)),
            ("Case Reports", Some(PaperKind::Article)),
            ("J", Some(PaperKind::Article)),
            ("telegram", None),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
        assert_eq!(
            kind("Journal Articles; Reports - Research"),
            Some(PaperKind::Article)
        );
        assert_eq!(
            kind("['Conference', 'JournalArticle']"),
            Some(PaperKind::ConferencePaper)
        );
    }
}
