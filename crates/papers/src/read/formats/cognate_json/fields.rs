//! The names of the fields of a paper in JSON, Cognate's own and those of other programs.

use serde_json::Value;

use crate::read::syntax::json_record::Fields;
use crate::read::syntax::missing_value::is_missing;

macro_rules! fields {
    ($($field:ident = $($name:literal)+;)+) => {
        /// A field of a paper.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Field {
            $($field,)+
        }

        /// The number of fields.
        const COUNT: usize = [$(Field::$field,)+].len();

        /// The names of each field in lower case and without punctuation, Cognate's own name first. If a record
        /// has several of them, the first one takes precedence.
        const NAMES: [(Field, &[&str]); COUNT] = [$((Field::$field, &[$($name),+]),)+];
    };
}

fields! {
    Id = "id" "_id" "paperid" "citationkey" "citekey" "bibkey" "key" "uid" "docid" "corpusid" "lensid" "halids" "eid"
        "identifier" "dcidentifier";
    Title = "title" "papertitle" "articletitle" "documenttitle" "displayname" "titles" "dctitle";
    Abstract = "abstract" "abstracttext" "paperabstract" "abstractnote" "summary" "abstracts" "dcdescription"
        "description";
    Authors = "authors" "author" "authorlist" "authorsparsed" "creators" "creator" "contributors" "zauthors"
        "authfullnames" "dccreator";
    AuthorNames = "authornames";
    Year = "year" "publicationyear" "publishedyear" "pubyear" "yearpublished" "produceddateyi";
    Published = "published" "publicationdate" "publisheddate" "datepublished" "publishedat" "pubdate" "date" "issued"
        "releasedate" "submitted" "submittedat" "submissiondate" "prismcoverdate" "onlinedate";
    Updated = "updated" "updatedate" "updateddate" "updatedat" "lastupdated" "datemodified" "modified";
    Venue = "venue" "journal" "journalname" "journaltitle" "booktitle" "containertitle" "conference"
        "conferencename" "proceedings" "publicationtitle" "publicationname" "sourcetitle" "journalref" "journaltitles" "journals" "prismpublicationname";
    Url = "url" "link" "urls" "paperurl" "urlabs" "absurl" "landingpageurl" "htmlurl" "pdfurl" "urlpdf" "puburl" "uris"
        "downloadurl";
    Categories = "categories" "category" "subjects" "fieldsofstudy" "primarycategory";
    Keywords = "keywords" "keyword" "tags" "topics" "authkeywords" "authorkeywords";
    Doi = "doi" "doiurl" "prismdoi" "doiids";
    Arxiv = "arxiv" "arxivid" "eprint" "entryid";
    References = "references" "referencedworks" "outcitations" "citedpapers";
    Type = "type" "entrytype" "publicationtype" "publicationtypes" "documenttype" "itemtype" "pubtype" "contenttype"
        "resourcetype" "subtypedescription" "doctypes";
    Genre = "genre";
    Volume = "volume" "journalvolume" "vol" "prismvolume";
    Number = "number" "issue" "issuenumber" "journalissue" "prismissueidentifier";
    Pages = "pages" "journalpages" "page" "pagerange" "prismpagerange";
    FirstPage = "firstpage" "startpage" "pagestart" "startingpage";
    ArticleNumber = "articlenumber";
    LastPage = "lastpage" "endpage" "pageend" "endingpage";
    Publisher = "publisher" "school" "institution";
    Place = "place" "publisherplace" "publisherlocation" "address";
    Series = "series" "seriestitle" "collectiontitle";
    Edition = "edition";
    Editors = "editors" "editor";
    Isbn = "isbn";
    Issn = "issn" "issns" "journalissn" "journalissns" "prismissn";
    Identifiers = "identifiers" "externalids" "externalid" "ids" "articleids";
    Pmid = "pmid" "pubmedid" "pubmed";
    Pmcid = "pmcid" "pmc";
    Language = "language" "lang";
    Added = "added";
    Lists = "lists";
}

/// Returns the field that a name stands for, with the precedence of the name; lower numbers take precedence.
pub(super) fn field(name: &str) -> Option<(Field, usize)> {
    let find = |name: &str| {
        NAMES.iter().find_map(|(field, names)| {
            let at = names.iter().position(|known| *known == name);
            at.map(|at| (*field, at))
        })
    };
    let exact = find(name).map(|(field, at)| (field, at * 2));
    exact.or_else(|| {
        const LONGEST: usize = 40;
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        let name: String = letters.take(LONGEST).flat_map(char::to_lowercase).collect();
        // Other spellings come after those in lower case and without punctuation.
        find(&name).map(|(field, at)| (field, at * 2 + 1))
    })
}

/// The fields of a paper that a record has.
pub(super) struct Known<'a> {
    names: [Option<(usize, &'a str)>; COUNT],
}

impl<'a> Known<'a> {
    /// Finds the names of the fields of a record that have a value.
    pub(super) fn of(record: &'a Fields) -> Self {
        let mut names: [Option<(usize, &str)>; COUNT] = [None; COUNT];
        for (name, value) in record {
            if let Some((field, precedence)) = field(name)
                && has_value(field, value)
            {
                let best = &mut names[field as usize];
                if best.is_none_or(|(found, _)| precedence < found) {
                    *best = Some((precedence, name));
                }
            }
        }
        Self { names }
    }

    /// Returns the name of a field in the record.
    pub(super) fn name(&self, field: Field) -> Option<&'a str> {
        self.names[field as usize].map(|(_, name)| name)
    }
}

/// Returns whether a value is not blank. A text that stands for a missing value is none, except in fields with any
/// text.
fn has_value(field: Field, value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text)
            if !matches!(
                field,
                Field::Id | Field::Title | Field::Authors | Field::Editors
            ) =>
        {
            !is_missing(text)
        }
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_name_stands_for_one_field_whatever_its_case_and_punctuation() {
        let mut seen = HashSet::new();
        for (_, names) in NAMES {
            for name in names {
                assert!(seen.insert(*name), "{name}");
            }
        }
        for (name, expected) in [
            ("title", Some(Field::Title)),
            ("Title", Some(Field::Title)),
            ("abstract_text", Some(Field::Abstract)),
            ("publicationYear", Some(Field::Year)),
            ("ENTRYTYPE", Some(Field::Type)),
            ("Published Date", Some(Field::Published)),
            ("likes", None),
        ] {
            assert_eq!(field(name).map(|found| found.0), expected, "{name}");
        }
    }

    #[test]
    fn cognates_own_name_takes_precedence() {
        let record = serde_json::from_str(
            r#"{"summary": "S", "ABSTRACT": "U", "abstract": "A", "date": "2017", "issued": null}"#,
        );
        let record: Fields = record.unwrap();
        let known = Known::of(&record);
        assert_eq!(known.name(Field::Abstract), Some("abstract"));
        assert_eq!(known.name(Field::Published), Some("date"));
        assert_eq!(known.name(Field::Title), None);
    }
}
