//! The kinds of publications.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::enum_names;

macro_rules! kinds {
    ($($kind:ident = $name:literal, $aliases:expr, $doc:literal;)+) => {
        /// The kind of a publication, from which exports derive the type of an entry.
        ///
        /// A kind's [name](Self::name), which [`Display`](std::fmt::Display) writes and
        /// [`FromStr`](std::str::FromStr) reads in any ASCII case, is in lower case with hyphens.
        ///
        /// ```
        /// use cognate_papers::PaperKind;
        ///
        /// assert_eq!("thesis".parse::<PaperKind>()?, PaperKind::Thesis);
        /// assert_eq!(PaperKind::of_any_vocabulary("phdthesis"), Some(PaperKind::Thesis));
        /// # Ok::<(), cognate_papers::Error>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum PaperKind {
            $(#[doc = $doc] $kind,)+
        }

        impl PaperKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Returns the name of the kind, such as `conference-paper`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// The names of the kind in other vocabularies, in lower case, with words joined by hyphens.
            const fn aliases(self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind => &$aliases,)+
                }
            }
        }
    };
}

kinds! {
    Article = "article",
        ["journal-article", "article-journal", "article-magazine", "article-newspaper", "jour", "jfull", "mgzn",
         "ejour", "news", "journalarticle", "magazinearticle", "newspaperarticle", "suppperiodical", "periodical",
         "review", "journalpaper"],
        "An article in a journal, a magazine or a newspaper.";
    ConferencePaper = "conference-paper",
        ["proceedings-article", "paper-conference", "inproceedings", "conference", "conferencepaper", "cpaper",
         "conf", "conference-proceeding", "speech", "presentation"],
        "A paper in the proceedings of a conference, or a talk.";
    Preprint = "preprint",
        ["posted-content", "unpublished", "manuscript", "unpb", "unpd", "working-paper", "online-first"],
        "A preprint or an unpublished manuscript.";
    Book = "book",
        ["monograph", "edited-book", "reference-book", "mvbook", "collection", "mvcollection", "booklet", "whole",
         "ebook", "edbook", "reference", "mvreference"],
        "A book, or a collection of texts with an editor.";
    Chapter = "chapter",
        ["book-chapter", "inbook", "incollection", "suppbook", "suppcollection", "bookinbook", "inreference",
         "book-section", "booksection", "book-part", "reference-entry", "entry-encyclopedia", "entry-dictionary",
         "encyclopediaarticle", "dictionaryentry", "chap", "echap", "ency", "dict"],
        "A chapter of a book, or an entry of an encyclopedia.";
    Proceedings = "proceedings",
        ["mvproceedings"],
        "The proceedings of a conference.";
    Thesis = "thesis",
        ["dissertation", "phdthesis", "mastersthesis", "mathesis", "bachelorsthesis", "thes"],
        "A thesis.";
    Report = "report",
        ["techreport", "tech-report", "rprt", "report-component", "govdoc", "standard-report", "manual"],
        "A report or a manual.";
    Dataset = "dataset",
        ["data", "dataset-component", "aggr", "dbase", "database"],
        "A set of data.";
    Software = "software",
        ["comp", "computerprogram", "code"],
        "A program.";
    WebPage = "web-page",
        ["webpage", "web", "electronic", "online", "www", "elec", "blog", "blogpost", "post-weblog", "post",
         "forumpost", "internetcommunication"],
        "A page on the web.";
    Patent = "patent",
        ["pat"],
        "A patent.";
    Standard = "standard",
        ["stand"],
        "A standard.";
    Other = "other",
        ["misc", "gen", "document", "generic"],
        "A publication of another kind.";
}

enum_names::impl_display_and_from_str!(PaperKind, "type");

impl PaperKind {
    /// Returns the kind with this name, or with this name in the vocabularies of BibTeX, BibLaTeX, RIS, CSL,
    /// Crossref, Zotero or JATS, in any ASCII case. Returns `None` if it is not known.
    pub fn of_any_vocabulary(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase().replace([' ', '_'], "-");
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name || kind.aliases().contains(&name.as_str()))
    }
}

impl Serialize for PaperKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for PaperKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_name_belongs_to_one_kind() {
        let mut seen = HashSet::new();
        for kind in PaperKind::ALL {
            for name in kind.aliases().iter().chain([&kind.name()]) {
                assert!(seen.insert(*name), "{name} belongs to two kinds");
                assert_eq!(PaperKind::of_any_vocabulary(name), Some(*kind));
                assert_eq!(*name, name.to_ascii_lowercase());
            }
        }
        assert_eq!(
            PaperKind::of_any_vocabulary("Journal Article"),
            Some(PaperKind::Article)
        );
        assert_eq!(PaperKind::of_any_vocabulary("telegram"), None);
    }
}
