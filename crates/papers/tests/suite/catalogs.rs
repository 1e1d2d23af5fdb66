//! Records of catalogs in JSON and YAML, in the arrangements in which their programs and APIs deliver them.

use cognate_papers::{Format, Name, Paper};

use crate::fixtures::{fields, notes, papers, read};

const DETAILS: [&str; 9] = [
    "type",
    "published",
    "volume",
    "number",
    "pages",
    "publisher",
    "issn",
    "pmid",
    "language",
];

const WORK: &str = r#"{"DOI": "10.1000/CR1", "title": ["Moss &amp; stone"], "subtitle": ["A survey"], "author":
    [{"given": "Ann", "family": "Alder", "sequence": "first", "affiliation": []}, {"name": "Moss Group"}],
    "editor": [{"given": "Ed", "family": "Itor"}], "issued": {"date-parts": [[2019, 5]]}, "container-title": ["J Moss"],
    "abstract": "<jats:p>We look.</jats:p>", "type": "journal-article", "URL": "https://doi.org/10.1000/cr1", "volume": "3",
    "issue": "4", "page": "5-6", "publisher": "Moss Press", "ISSN": ["1234-5678", "8765-4321"], "language": "en",
    "is-referenced-by-count": 7, "reference-count": 2, "subject": ["Botany"],
    "reference": [{"key": "r1", "DOI": "10.1000/R1"}, {"key": "r2", "unstructured": "No identifier"}]}"#;

#[test]
fn works_of_crossref_in_every_arrangement() {
    let work = WORK.replace('\n', " ");
    for text in [
        work.clone(),
        format!(
            r#"{{"status": "ok", "message-type": "work", "message-version": "1.0.0", "message": {work}}}"#
        ),
        format!(
            r#"{{"status": "ok", "message": {{"facets": {{}}, "total-results": 1, "items": [{work}], "query": {{}}}}}}"#
        ),
        format!(r#"{{"items": [{work}]}}"#),
        WORK.to_owned(),
    ] {
        let found = papers(&text, Format::Crossref);
        let [paper] = &found[..] else {
            panic!("{text}")
        };
        assert_eq!(
            (&*paper.id, &*paper.title),
            ("10.1000/cr1", "Moss & stone: A survey")
        );
        assert_eq!(paper.authors, ["Ann Alder", "Moss Group"]);
        assert_eq!(paper.details.editors, ["Ed Itor"]);
        assert_eq!(
            (paper.year, paper.venue.as_deref()),
            (Some(2019), Some("J Moss"))
        );
        assert_eq!(paper.abstract_text, "We look.");
        assert_eq!(
            (&*paper.references, &*paper.categories),
            (&["10.1000/r1".to_owned()][..], &["Botany".to_owned()][..])
        );
        let expected = "article | 2019-05 | 3 | 4 | 5-6 | Moss Press | 1234-5678 | null | en";
        assert_eq!(fields(paper, &DETAILS), expected);
        assert_eq!(notes(&text).0, ["is-referenced-by-count"]);
    }
    let sparse = r#"{"message": {"items": [{"DOI": "10.1000/x", "title": ["X"], "issued": {"date-parts": [[null]]}}]}}"#;
    let (ignored, remarks) = notes(sparse);
    assert_eq!((ignored.len(), remarks.len()), (0, 0));
    assert_eq!(papers(sparse, Format::Crossref)[0].year, None);
}

#[test]
fn a_chapter_of_crossref_has_a_book_and_a_series() {
    let chapter = r#"{"DOI": "10.1000/ch", "type": "book-chapter", "title": ["Moss"], "container-title": ["Notes on Plants", "All About Moss"],
        "published-print": {"date-parts": [[2003]]}, "publisher-location": "Mossville", "ISBN": ["http://id.crossref.org/isbn/9780000000002"]}"#;
    let paper = &papers(&chapter.replace('\n', " "), Format::Crossref)[0];
    assert_eq!(paper.venue.as_deref(), Some("All About Moss"));
    assert_eq!(
        fields(paper, &["type", "series", "place", "isbn", "year"]),
        "chapter | Notes on Plants | Mossville | 9780000000002 | 2003"
    );
}

const ITEM: &str = r#"[{"id": "ada17", "type": "article-journal", "title": "Fog", "author": [{"family": "Ada", "given": "Ann",
    "non-dropping-particle": "van der"}, {"literal": "Ada and Birch Ltd"}], "editor": [{"family": "Coe", "given": "Cy"}],
    "issued": {"date-parts": [["2017", "6", 12], [2018]], "season": 2, "circa": true}, "container-title": "J Fog",
    "collection-title": "Fog Series", "volume": 3, "issue": "4", "page": "5-6", "publisher": "Fog Press",
    "publisher-place": "Fogtown", "edition": 2, "ISBN": "9780000000002", "ISSN": "1234-5678", "language": "en-GB",
    "genre": "Letter", "note": "PMID: 123\nPMCID: PMC77\nread twice", "accessed": {"date-parts": [[2020]]}, "medium": "print"}]"#;

#[test]
fn items_of_csl_have_all_details() {
    let text = ITEM.replace('\n', " ");
    let paper = &papers(&text, Format::CslJson)[0];
    assert_eq!(paper.authors, ["Ann van der Ada", "Ada and Birch Ltd"]);
    assert_eq!(
        (paper.authors[0].particle(), paper.authors[1].is_single()),
        ("van der", true)
    );
    assert_eq!(
        fields(paper, &DETAILS),
        "article | 2017-06-12 | 3 | 4 | 5-6 | Fog Press | 1234-5678 | 123 | en-GB"
    );
    let rest = [
        "genre", "place", "series", "edition", "editors", "isbn", "pmcid",
    ];
    assert_eq!(
        fields(paper, &rest),
        "Letter | Fogtown | Fog Series | 2 | [Cy Coe] | 9780000000002 | PMC77"
    );
    assert_eq!(notes(&text).0, ["medium", "note"]);
}

#[test]
fn dates_of_csl_in_every_form() {
    for (issued, expected) in [
        (r#"{"date-parts": [[2017, 6, 12]]}"#, Some("2017-06-12")),
        (r#"{"date-parts": [["2017"]]}"#, Some("2017")),
        (r#"{"date-parts": [2017, 6]}"#, Some("2017-06")),
        (r#"{"raw": "June 2017"}"#, Some("2017-06")),
        (r#"{"literal": "Spring 2017"}"#, Some("2017")),
        (r#"[{"year": 2017, "month": 6}]"#, Some("2017-06")),
        (r#""2017-06-12/2017-07""#, Some("2017-06-12")),
        (r#"{"date-parts": [[-44, 3, 15]]}"#, Some("-0044-03-15")),
        (r#"{"date-parts": [[null]]}"#, None),
        ("2017", Some("2017")),
    ] {
        let text = format!(
            r#"[{{"id": "a", "type": "book", "title": "T", "container-title": "C", "issued": {issued}}}]"#
        );
        let paper = &papers(&text, Format::CslJson)[0];
        let found = paper.details.published.map(|date| date.to_string());
        assert_eq!(found.as_deref(), expected, "{issued}");
    }
}

#[test]
fn csl_in_yaml() {
    let yaml = "---\nlang: en\nreferences:\n- id: ada17\n  type: article-journal\n  title: 'Fog: a start'\n  author:\n  - family: \
        Ada\n    given: Ann\n  issued: 2017-06\n  container-title: J Fog\n  volume: 012\n  abstract: |\n    It is grey.\n\n    # not a \
        comment\n- id: bad\n  title: [open\n- id: birch18\n  type: book\n  title: Rain\n  issued:\n  - year: 2018\n    month: 5\n...\n";
    let (format, found) = read(yaml.as_bytes());
    assert_eq!(format, Format::CslYaml);
    let [fog, bad, rain] = &found[..] else {
        panic!("{found:?}")
    };
    let fog = fog.as_ref().unwrap();
    assert_eq!((&*fog.id, &*fog.title), ("ada17", "Fog: a start"));
    assert_eq!(fog.authors, ["Ann Ada"]);
    assert_eq!(fog.abstract_text, "It is grey. # not a comment");
    assert_eq!(
        fields(fog, &["type", "published", "volume", "venue"]),
        "article | 2017-06 | 012 | J Fog"
    );
    assert!(
        bad.as_ref().unwrap_err().starts_with("f:17: not YAML: "),
        "{bad:?}"
    );
    let rain = rain.as_ref().unwrap();
    assert_eq!(
        fields(rain, &["id", "type", "published"]),
        "birch18 | book | 2018-05"
    );
    // The items of JSON are the same.
    let item = "- id: x\n  title: X\n  DOI: 10.1000/x\n";
    let json_item = r#"[{"id": "x", "title": "X", "DOI": "10.1000/x", "type": ""}]"#;
    assert_eq!(
        papers(item, Format::CslYaml),
        papers(json_item, Format::CslJson)
    );
}

#[test]
fn papers_of_semantic_scholar_in_every_arrangement() {
    let paper = r#"{"paperId": "p1", "title": "Moss", "year": 2019, "publicationDate": "2019-03-04", "authors": [{"authorId": "1",
        "name": "Ann Alder"}], "externalIds": {"DOI": "10.1000/S2", "ArXiv": "1901.00001", "PubMed": "123", "CorpusId": 5},
        "publicationTypes": ["Review", "JournalArticle"], "journal": {"name": "J Moss", "volume": "3", "pages": "5 - 6"},
        "publicationVenue": {"issn": "1234-5678"}, "citationCount": 3}"#
        .replace('\n', " ");
    for text in [
        paper.clone(),
        format!("[null, {paper}, null]"),
        format!(r#"{{"recommendedPapers": [{paper}]}}"#),
        format!(r#"{{"total": 1, "offset": 0, "data": [{paper}]}}"#),
        format!(r#"{{"offset": 0, "data": [{{"contexts": [], "citedPaper": {paper}}}]}}"#),
        format!(r#"{{"offset": 0, "data": [{{"intents": [], "citingPaper": {paper}}}]}}"#),
    ] {
        let found = papers(&text, Format::SemanticScholar);
        let [paper] = &found[..] else {
            panic!("{text}")
        };
        assert_eq!(
            (&*paper.id, paper.doi.as_deref(), paper.arxiv.as_deref()),
            ("p1", Some("10.1000/s2"), Some("1901.00001"))
        );
        assert_eq!(
            fields(paper, &DETAILS),
            "article | 2019-03-04 | 3 | null | 5-6 | null | 1234-5678 | 123 | null"
        );
        assert_eq!(
            (paper.year, paper.venue.as_deref()),
            (Some(2019), Some("J Moss"))
        );
        assert_eq!(notes(&text).0, ["citationCount"]);
    }
}

#[test]
fn works_of_openalex_have_all_details() {
    let work = r#"{"id": "https://openalex.org/W1", "title": "One", "authorships": [{"author": {"id": null, "display_name": null},
        "raw_author_name": "Ann Alder"}, {"author": {"display_name": "Bo Birch"}}, {"author": null}], "type": "article",
        "language": "en", "publication_date": "2019-03-04", "biblio": {"volume": "3", "issue": "4", "first_page": "5",
        "last_page": "6"}, "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/123", "mag": 7}, "primary_location": {"source":
        {"display_name": "J One", "issn_l": "1234-5678", "host_organization_name": "One Press"}}, "cited_by_count": 3}"#
        .replace('\n', " ");
    let paper = &papers(&work, Format::OpenAlex)[0];
    assert_eq!(paper.authors, ["Ann Alder", "Bo Birch"]);
    assert_eq!(
        fields(paper, &DETAILS),
        "article | 2019-03-04 | 3 | 4 | 5-6 | One Press | 1234-5678 | 123 | en"
    );
    assert_eq!(
        (paper.year, paper.venue.as_deref()),
        (Some(2019), Some("J One"))
    );
    assert_eq!(notes(&work).0, ["cited_by_count"]);
}

#[test]
fn records_of_arxiv_with_lists() {
    let record = r#"{"id": "0704.0001", "authors": "A. Alder, B. Birch (1) and C. Cedar ((1) Uni, (2) Lab)", "title": "Calc", "abstract":
        " We calc.\n", "categories": ["hep-ph", "hep-th"], "versions": ["v1", "v2"], "doi": "10.1000/a 10.1000/b",
        "update_date": "2008-11-26", "report-no": "R-7"}"#
        .replace("\n        ", " ");
    let paper = &papers(&record, Format::ArxivJson)[0];
    assert_eq!(paper.authors, ["A. Alder", "B. Birch", "C. Cedar"]);
    assert_eq!(paper.categories, ["hep-ph", "hep-th"]);
    assert_eq!(
        (paper.year, paper.doi.as_deref()),
        (Some(2008), Some("10.1000/a"))
    );
    assert_eq!(
        fields(paper, &["type", "updated", "number"]),
        "preprint | 2008-11-26 | R-7"
    );
}

#[test]
fn daily_papers_of_hugging_face() {
    let paper = r#"{"id": "2401.00001", "title": "Small\nmodels", "summary": "We make small models.", "authors": [{"_id": "1", "name":
        "Ann Alder", "hidden": false}], "publishedAt": "2024-01-05T00:00:00.000Z", "upvotes": 7}"#
        .replace("\n        ", " ");
    for text in [
        format!(
            r#"[{{"paper": {paper}, "publishedAt": "2024-01-06T00:00:00.000Z", "title": "Small models", "numComments": 2}}]"#
        ),
        paper,
    ] {
        let found = &papers(&text, Format::HuggingFace)[0];
        let expected = Paper::new("2401.00001")
            .title("Small models")
            .abstract_text("We make small models.")
            .authors(["Ann Alder"])
            .year(2024);
        assert_eq!(
            (&found.title, &found.abstract_text, &found.authors),
            (&expected.title, &expected.abstract_text, &expected.authors)
        );
        assert_eq!(
            (&found.id, found.year, found.arxiv.as_deref()),
            (&expected.id, expected.year, Some("2401.00001"))
        );
        assert_eq!(
            fields(found, &["type", "published"]),
            "preprint | 2024-01-05"
        );
        assert!(notes(&text).0.contains(&"upvotes".to_owned()));
    }
    // A data set with these columns is read as well.
    let plain = r#"{"id": "2401.00001", "title": "T", "summary": "S", "published": "2024-01-05T00:00:00Z", "authors": ["Ann Alder"]}"#;
    let found = &papers(plain, Format::JsonLines)[0];
    assert_eq!((&*found.abstract_text, found.year), ("S", Some(2024)));
}

#[test]
fn records_of_inspire() {
    let text = r#"{"hits": {"hits": [{"created": "2020", "links": {}, "id": "42", "metadata": {"control_number": 42, "titles": [{"title":
        "Moss jets", "source": "arXiv"}], "abstracts": [{"value": "We look."}], "authors": [{"full_name": "Alder, Ann"},
        {"full_name": "Itor, Ed", "inspire_roles": ["editor"]}], "dois": [{"value": "10.1000/INS"}], "arxiv_eprints": [{"value":
        "1901.00001", "categories": ["hep-ph"]}], "publication_info": [{"journal_title": "J.Moss", "journal_volume": "3",
        "journal_issue": "4", "page_start": "5", "page_end": "6", "year": 2019}], "preprint_date": "2019-01-02", "document_type":
        ["article"], "languages": ["en"], "references": [{"record": {"$ref": "https://inspirehep.net/api/literature/7"}},
        {"reference": {"dois": ["10.1000/r"]}}], "citation_count": 3}}], "total": 1}, "links": {}}"#;
    let paper = &papers(&text.replace('\n', " "), Format::Inspire)[0];
    assert_eq!(
        (&*paper.id, &*paper.title, &*paper.abstract_text),
        ("42", "Moss jets", "We look.")
    );
    assert_eq!(
        (&paper.authors[..], &paper.details.editors[..]),
        (&[Name::new("Ann Alder")][..], &[Name::new("Ed Itor")][..])
    );
    assert_eq!(
        (paper.doi.as_deref(), paper.arxiv.as_deref()),
        (Some("10.1000/ins"), Some("1901.00001"))
    );
    assert_eq!(
        (&*paper.references, &*paper.categories),
        (
            &["7".to_owned(), "10.1000/r".to_owned()][..],
            &["hep-ph".to_owned()][..]
        )
    );
    assert_eq!(
        fields(paper, &DETAILS),
        "article | 2019-01-02 | 3 | 4 | 5-6 | null | null | null | en"
    );
    assert_eq!(
        (paper.year, paper.venue.as_deref()),
        (Some(2019), Some("J.Moss"))
    );
    assert_eq!(notes(&text.replace('\n', " ")).0, ["citation_count"]);
}

#[test]
fn records_of_ads() {
    let text = r#"{"responseHeader": {"status": 0, "params": {"q": "x"}}, "response": {"numFound": 1, "start": 0, "docs": [{"bibcode":
        "2019JMoss...3....5A", "title": ["Moss <SUB>2</SUB>"], "abstract": "We look.", "author": ["Alder, Ann", "Birch, B."], "year": "2019",
        "pubdate": "2019-03-00", "pub": "Journal of Moss", "volume": "3", "issue": "4", "page": ["5"], "doctype": "article", "doi":
        ["10.48550/arXiv.1901.00001", "10.1000/ADS"], "identifier": ["arXiv:1901.00001", "2019JMoss...3....5A"], "issn":
        ["1234-5678"], "keyword": ["moss"], "citation_count": 3}]}}"#;
    let paper = &papers(&text.replace('\n', " "), Format::Ads)[0];
    assert_eq!(
        (&*paper.id, &*paper.title),
        ("2019JMoss...3....5A", "Moss 2")
    );
    assert_eq!(paper.authors, ["Ann Alder", "B. Birch"]);
    assert_eq!(
        (paper.doi.as_deref(), paper.arxiv.as_deref()),
        (Some("10.1000/ads"), Some("1901.00001"))
    );
    assert_eq!(
        fields(paper, &DETAILS),
        "article | 2019-03 | 3 | 4 | 5 | null | 1234-5678 | null | null"
    );
    assert_eq!(
        (paper.year, paper.venue.as_deref()),
        (Some(2019), Some("Journal of Moss"))
    );
}

#[test]
fn hits_of_dblp() {
    let text = r#"{"result": {"query": "moss", "status": {"@code": "200"}, "completions": {"@total": "1", "c": {"@sc": "1", "text": "moss"}},
        "hits": {"@total": "1", "hit": [{"@score": "3", "@id": "1", "info": {"authors": {"author": [{"@pid": "1", "text": "Ann Alder 0001"},
        {"@pid": "2", "text": "Bo Birch"}]}, "title": "Moss.", "venue": "ICM", "pages": "5-6", "year": "2019", "type":
        "Conference and Workshop Papers", "key": "conf/icm/AlderB19", "doi": "10.1000/DBLP", "ee": "https://doi.org/10.1000/DBLP"}, "url": "URL#1"},
        {"@score": "2", "@id": "2", "info": {"authors": {"author": {"@pid": "1", "text": "Ann Alder"}}, "title": "Why?", "key": "x/y"}}]}}}"#;
    let found = papers(&text.replace('\n', " "), Format::DblpJson);
    assert_eq!(
        (&*found[0].id, &*found[0].title),
        ("DBLP:conf/icm/AlderB19", "Moss")
    );
    assert_eq!(found[0].authors, ["Ann Alder", "Bo Birch"]);
    assert_eq!(
        fields(&found[0], &["type", "pages", "year", "venue", "doi"]),
        "conference-paper | 5-6 | 2019 | ICM | 10.1000/dblp"
    );
    assert_eq!(
        (&*found[1].title, &found[1].authors[..]),
        ("Why?", &[Name::new("Ann Alder")][..])
    );
}

#[test]
fn articles_of_europe_pmc() {
    let core = r#"{"version": "6.9", "hitCount": 1, "request": {"queryString": "moss"}, "resultList": {"result": [{"id": "123", "source": "MED",
        "pmid": "123", "pmcid": "PMC77", "doi": "10.1000/EPMC", "title": "Moss.", "authorString": "Alder A, Birch BC.", "journalInfo": {"issue":
        "4", "volume": "3", "yearOfPublication": 2019, "journal": {"title": "J Moss", "issn": "1234-5678"}}, "pubYear": "2019", "pageInfo":
        "5-6", "abstractText": "<h4>Aim</h4>We look.", "language": "eng", "pubTypeList": {"pubType": ["research-article", "Journal Article"]},
        "firstPublicationDate": "2019-03-04", "citedByCount": 3}]}}"#;
    let paper = &papers(&core.replace('\n', " "), Format::EuropePmc)[0];
    assert_eq!((&*paper.id, &*paper.title), ("123", "Moss"));
    assert_eq!(paper.authors, ["A Alder", "BC Birch"]);
    assert_eq!(
        fields(paper, &DETAILS),
        "article | 2019-03-04 | 3 | 4 | 5-6 | null | 1234-5678 | 123 | eng"
    );
    assert_eq!(
        fields(paper, &["pmcid", "venue", "year"]),
        "PMC77 | J Moss | 2019"
    );
}

#[test]
fn records_of_datacite() {
    let record = r#"{"id": "10.1000/dc", "type": "dois", "attributes": {"doi": "10.1000/DC", "titles": [{"title": "Moss data"}], "creators":
        [{"name": "Alder, Ann", "nameType": "Personal", "givenName": "Ann", "familyName": "Alder"}, {"name": "Moss Lab", "nameType":
        "Organizational"}], "publisher": "Zenodo", "container": {}, "publicationYear": 2019, "subjects": [{"subject": "moss"}],
        "dates": [{"date": "2019-03-04", "dateType": "Issued"}], "types": {"ris": "DATA", "bibtex": "misc", "resourceTypeGeneral":
        "Dataset"}, "descriptions": [{"description": "We look.", "descriptionType": "Abstract"}], "language": "en", "url":
        "https://example.org/moss", "citationCount": 3}}"#
        .replace('\n', " ");
    for text in [
        format!(r#"{{"data": [{record}], "meta": {{"total": 1}}}}"#),
        format!(r#"{{"data": {record}}}"#),
    ] {
        let paper = &papers(&text, Format::DataCite)[0];
        assert_eq!(
            (&*paper.id, &*paper.title, &*paper.abstract_text),
            ("10.1000/dc", "Moss data", "We look.")
        );
        assert_eq!(paper.authors, ["Ann Alder", "Moss Lab"]);
        assert_eq!(
            fields(
                paper,
                &["type", "published", "publisher", "language", "year"]
            ),
            "dataset | 2019-03-04 | Zenodo | en | 2019"
        );
        assert_eq!(notes(&text).0, ["citationCount"]);
    }
}

#[test]
fn submissions_of_openreview() {
    for value in [
        |text: &str| text.to_owned(),
        |text: &str| format!(r#"{{"value": {text}}}"#),
    ] {
        let text = format!(
            r#"{{"notes": [{{"id": "n1", "forum": "n1", "invitations": ["x"], "cdate": 1497225600000, "content": {{"title": {}, "abstract": {},
            "authors": {}, "keywords": {}, "venue": {}, "pdf": {}}}}}], "count": 1}}"#,
            value("\"Moss\""),
            value("\"We look.\""),
            value("[\"Ann Alder\"]"),
            value("[\"moss\"]"),
            value("\"ICM 2017\""),
            value("\"/pdf/x\""),
        );
        let text = text.replace('\n', " ");
        let paper = &papers(&text, Format::OpenReview)[0];
        assert_eq!(
            (&*paper.id, &*paper.title, &*paper.abstract_text),
            ("n1", "Moss", "We look.")
        );
        assert_eq!(
            (paper.authors[0].full(), paper.venue.as_deref()),
            ("Ann Alder", Some("ICM 2017"))
        );
        assert_eq!(
            (paper.year, &*paper.categories),
            (Some(2017), &["moss".to_owned()][..])
        );
        assert_eq!(notes(&text).0, ["content.pdf"]);
    }
}
