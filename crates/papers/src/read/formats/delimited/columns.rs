//! The meaning of the columns of a table, by their names.

/// The field of a paper that a column contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Id,
    /// The number of a record in a database, which is its id if there is no other.
    Accession,
    Title,
    Abstract,
    Authors,
    /// Organizations that are authors in addition to [`Column::Authors`].
    Groups,
    Editors,
    Year,
    Date,
    Month,
    Day,
    Updated,
    Venue,
    Series,
    Volume,
    Number,
    Pages,
    FirstPage,
    LastPage,
    ArticleNumber,
    Edition,
    Publisher,
    Place,
    Isbn,
    Issn,
    Pmid,
    Pmcid,
    Language,
    Kind,
    Genre,
    Url,
    Categories,
    Keywords,
    Doi,
    Arxiv,
    References,
    /// Lines such as `PMID: 1`.
    Extra,
    /// The citation of `PubMed`: `J Moss. 2020 Mar;12(3):11-19.`
    Citation,
    /// What says nothing about the paper that other columns do not say.
    Unused,
    Other,
}

/// The names of the columns of each field, in lower case and without punctuation: Cognate's own, and those of
/// Zotero, JabRef, Scopus, the Web of Science, IEEE Xplore, PubMed, Embase, the Cochrane Library, ProQuest,
/// EBSCO, Dimensions, Lens, OpenAlex, Semantic Scholar, Publish or Perish, Covidence, Rayyan, EPPI-Reviewer,
/// `ASReview`, `SpringerLink`, Paperpile, HAL, ERIC, `CORD-19` and Hugging Face. If a table has several columns for a field, the name that comes first takes
/// precedence.
#[rustfmt::skip]
const NAMES: &[(Column, &[&str])] = &[
    (Column::Id, &[
        "id", "key", "citationkey", "citekey", "bibtexkey", "identifier", "eid", "utuniquewosid", "uniquewosid", "lensid",
        "publicationid", "itemid", "paperid", "storeid", "aclid", "halids",
    ]),
    (Column::Accession, &[
        "accessionnumber", "embaseaccessionid", "pui", "embaseid", "corpusid", "an", "ericnumber", "cochranereviewid",
        "openalexid", "corduid", "docid",
    ]),
    (Column::Title, &[
        "title", "articletitle", "documenttitle", "papertitle", "primarytitle", "displayname", "titles", "ti",
        "itemtitle", "originaltitle", "originalnonenglishtitle",
    ]),
    (Column::Abstract, &[
        "abstract", "abstractnote", "abstracttext", "abstracts", "summary", "summaries", "description", "ab",
    ]),
    (Column::Authors, &[
        "authorfullnames", "authors", "author", "authornames", "authorname", "authorlist", "authorsfullnames",
        "authorshipsauthordisplayname", "authorshipsrawauthorname", "authorshipsdisplayname", "creator", "creators",
        "authfullnames", "contributors", "contributor", "bookauthorfullnames", "bookauthors", "af", "au",
    ]),
    (Column::Groups, &["groupauthors", "bookgroupauthors", "corporateauthor", "corporateauthors"]),
    (Column::Editors, &["editor", "editors", "editornames", "bookeditors", "bookeditor"]),
    (Column::Year, &[
        "year", "publicationyear", "publishedyear", "pubyear", "yearpublished", "yearofpublication", "py", "yr",
        "produceddateyi",
    ]),
    (Column::Date, &[
        "date", "publicationdate", "publisheddate", "datepublished", "pubdate", "dateofpublication", "published",
        "publishedat", "issuedate", "publishdate", "publishtime", "produceddates", "coverdate", "publicationdateprint", "publicationdateonline",
        "onlinedate", "earlyaccessdate",
    ]),
    (Column::Month, &["month", "publishedmonth", "publicationmonth"]),
    (Column::Day, &["day"]),
    (Column::Updated, &["updated", "updatedat", "updatedate", "revised"]),
    (Column::Venue, &[
        "venue", "publicationtitle", "sourcetitle", "fulljournal", "journal", "journaltitle", "journaltitles", "journalname", "journalbook",
        "fulljournalname", "proceedingstitle", "booktitle", "anthologytitle", "parenttitle", "containertitle",
        "conferencename", "conferencetitle", "pubtitle", "primarylocationsourcedisplayname", "hostvenuedisplayname",
        "bestoalocationsourcedisplayname", "publicationname", "publication", "journalfull", "secondarytitle", "source",
        "journalref", "journalabbreviation", "journalisoabbreviation", "abbreviatedsourcetitle", "so",
    ]),
    (Column::Series, &["series", "seriestitle", "bookseriestitle"]),
    (Column::Volume, &["volume", "vol", "bibliovolume", "volumenumber", "journalvolume", "vl"]),
    (Column::Number, &["issue", "number", "issuenumber", "biblioissue", "journalissue", "reportnumber", "seriesnumber", "is"]),
    (Column::Pages, &["pages", "pagination", "pagerange", "page", "articlepages"]),
    (Column::FirstPage, &["startpage", "pagestart", "firstpage", "bibliofirstpage", "beginningpage", "bp"]),
    (Column::LastPage, &["endpage", "pageend", "lastpage", "bibliolastpage", "endingpage", "ep"]),
    (Column::ArticleNumber, &["articlenumber", "artno", "elocationid"]),
    (Column::Edition, &["edition"]),
    (Column::Publisher, &[
        "publisher", "publishername", "university", "school", "institution", "primarylocationsourcepublisher",
    ]),
    (Column::Place, &[
        "place", "publishercity", "placeofpublication", "publisherlocation", "address", "location", "city",
    ]),
    (Column::Isbn, &["isbn", "isbns", "isbn13", "standardnumber"]),
    (Column::Issn, &["issn", "issns", "issnl", "printissn", "pissn", "eissn", "electronicissn", "onlineissn"]),
    (Column::Pmid, &["pmid", "pubmedid", "medlinepmid", "idspmid", "externalidspubmed", "pubmed"]),
    (Column::Pmcid, &["pmcid", "pmcnumber", "pmc", "idspmcid", "externalidspubmedcentral"]),
    (Column::Language, &[
        "language", "languageoforiginaldocument", "articlelanguage", "languageofarticle", "publicationlanguage", "languages",
        "lang",
    ]),
    (Column::Kind, &[
        "itemtype", "documenttype", "publicationtype", "publicationtypes", "entrytype", "bibliographytype", "doctype",
        "typename", "articletype", "contenttype", "referencetype", "doctypes", "pubtypes", "documentidentifier", "type",
        "typecrossref", "reporttype",
    ]),
    (Column::Genre, &["genre"]),
    (Column::Url, &[
        "url", "link", "urls", "doilink", "articleurl", "dimensionsurl", "documenturl", "externalurl", "doiurl",
        "fulltextlink", "fulltexturl", "pdflink", "primarylocationlandingpageurl", "embaselink", "sourceurls",
        "sourcelinkout", "plink", "webofsciencerecord", "pdfurl", "uris", "entryid",
    ]),
    (Column::Categories, &[
        "categories", "category", "woscategories", "fieldsofstudy", "subjects", "subject", "subjectterms",
        "terms", "primarycategory", "primarytopicdisplayname", "topicsdisplayname", "fieldsofresearchanzsrc2020", "wc",
    ]),
    (Column::Keywords, &[
        "keywords", "keyword", "authorkeywords", "de", "manualtags", "tags", "automatictags", "keywordsplus",
        "indexkeywords", "identifierkeywords", "keywordsdisplayname", "ieeeterms", "inspeccontrolledterms",
        "inspecnoncontrolledterms", "meshterms", "emtreemedicalindexterms", "emtreedrugindexterms",
        "conceptsdisplayname", "descriptors", "labelsfiledin",
    ]),
    (Column::Doi, &["doi", "di", "digitalobjectidentifier", "itemdoi", "doiids", "externalidsdoi", "idsdoi", "bookdoi", "do"]),
    (Column::Arxiv, &["arxiv", "arxivid", "externalidsarxiv", "eprint"]),
    (Column::References, &["references", "citedreferences", "referencedworks"]),
    (Column::Extra, &["extra"]),
    (Column::Citation, &["citation"]),
    (Column::Unused, &[
        "", "rank", "score", "no", "index", "rownumber", "recordid", "dateadded", "datemodified",
        "datecreated", "createdate", "dateaddedtoxplore", "entrydate", "fullrecordentrydate", "aipipentrydate",
        "querydate", "dateofexport", "firstauthor", "level0", "indexlevel0", "shorttitle", "gsrank", "authorcount", "publicationstage",
    ]),
];

/// The two-letter codes of the Web of Science and of Ovid, in the same arrangement. `ID` has the Keywords Plus of the
/// former.
#[rustfmt::skip]
const CODES: &[(Column, &[&str])] = &[
    (Column::Id, &["ut"]),
    (Column::Accession, &["ui", "an"]),
    (Column::Title, &["ti"]),
    (Column::Abstract, &["ab"]),
    (Column::Authors, &["af", "au", "bf", "ba"]),
    (Column::Groups, &["ca", "gp"]),
    (Column::Editors, &["be"]),
    (Column::Year, &["py", "yr"]),
    (Column::Date, &["pd", "ea"]),
    (Column::Venue, &["so", "ct", "j9", "ji"]),
    (Column::Series, &["se"]),
    (Column::Volume, &["vl"]),
    (Column::Number, &["is"]),
    (Column::FirstPage, &["bp"]),
    (Column::LastPage, &["ep"]),
    (Column::ArticleNumber, &["ar"]),
    (Column::Publisher, &["pu"]),
    (Column::Place, &["pi"]),
    (Column::Isbn, &["bn"]),
    (Column::Issn, &["sn", "ei"]),
    (Column::Pmid, &["pm"]),
    (Column::Language, &["la", "lg"]),
    (Column::Kind, &["dt", "pt"]),
    (Column::Url, &["dl"]),
    (Column::Categories, &["wc"]),
    (Column::Keywords, &["de", "id", "kw", "mh"]),
    (Column::Doi, &["di", "d2", "do"]),
    (Column::References, &["cr"]),
    (Column::Unused, &["", "da", "er"]),
];

/// Returns the precedence and the field of each column of a header.
pub(super) fn columns(names: &[String]) -> Vec<(usize, Column)> {
    let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
    let table = if has_codes(&keys) { CODES } else { NAMES };
    keys.iter().map(|key| column(key, table)).collect()
}

fn key(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Returns whether the names of columns are codes of the Web of Science.
fn has_codes(keys: &[String]) -> bool {
    let has = |code: &&str| keys.iter().any(|key| key == code);
    has(&"ti") && ["au", "af", "so", "ut"].iter().any(has)
}

fn column(key: &str, table: &[(Column, &[&str])]) -> (usize, Column) {
    let mut order = 0;
    for (column, names) in table {
        if let Some(at) = names.iter().position(|name| *name == key) {
            return (order + at, *column);
        }
        order += names.len();
    }
    // pandas names the column of its row numbers, and adds a number if there are several.
    let is_row_number = key.starts_with("unnamed");
    (
        order,
        if is_row_number {
            Column::Unused
        } else {
            Column::Other
        },
    )
}

/// Returns whether a line is a header: it names a title or an abstract, and another field.
pub(super) fn is_header(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}');
    [',', ';', '\t'].iter().any(|delimiter| {
        let names: Vec<String> = line.split(*delimiter).map(str::to_owned).collect();
        let known: Vec<Column> = columns(&names)
            .into_iter()
            .map(|(_, column)| column)
            .filter(|column| !matches!(column, Column::Other | Column::Unused))
            .collect();
        let has_text = known.contains(&Column::Title) || known.contains(&Column::Abstract);
        has_text && known.len() > 1
    })
}

/// Returns whether a line may precede the header: the name of the delimiter that Excel writes, or the
/// description of a search that Dimensions writes.
pub(super) fn is_preface(line: &str) -> bool {
    let line = line
        .trim_start_matches(['\u{feff}', '"', '#', ' '])
        .to_ascii_lowercase();
    line.trim().is_empty() || line.starts_with("about the data") || line.starts_with("sep=")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_name_has_one_meaning() {
        for table in [NAMES, CODES] {
            let mut seen = HashSet::new();
            for name in table.iter().flat_map(|(_, names)| names.iter()) {
                assert!(seen.insert(name), "{name}");
                assert_eq!(key(name), **name);
            }
        }
    }

    #[test]
    fn recognizes_headers() {
        for line in [
            "Title;Author;DOI",
            "\"Document Title\",Authors,\"Publication Year\"",
            "\u{feff}Authors,Author full names,Title,Year",
            "PT\tAU\tTI",
            "Title,Authors,Abstract,Published Year",
        ] {
            assert!(is_header(line), "{line}");
        }
        for line in ["title", "Rank,Title", "A title, and more", "Dear reader,"] {
            assert!(!is_header(line), "{line}");
        }
        assert!(is_preface("\"About the data: Exported on Nov 1\""));
        assert!(is_preface("sep=;"));
        assert!(!is_preface("TY  - JOUR"));
    }

    #[test]
    fn codes_of_the_web_of_science_are_no_names() {
        let fields = |names: &[&str]| -> Vec<Column> {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            columns(&names)
                .into_iter()
                .map(|(_, column)| column)
                .collect()
        };
        let codes = fields(&["PT", "TI", "AU", "ID", "UT"]);
        assert_eq!(codes[3..], [Column::Keywords, Column::Id]);
        assert_eq!(fields(&["ID", "Title"]), [Column::Id, Column::Title]);
    }
}
