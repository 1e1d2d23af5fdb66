//! What data frames, catalogs and reference managers make of the records of other formats.

use cognate_papers::{Format, Paper, PaperReader};

fn read(text: &str) -> (Format, Vec<Paper>) {
    let reader = PaperReader::new(text.as_bytes(), "f").unwrap();
    let format = reader.format();
    (format, reader.map(|paper| paper.unwrap()).collect())
}

fn papers(text: &str) -> Vec<Paper> {
    read(text).1
}

/// Asserts that a paper has these fields in JSON.
#[track_caller]
fn assert_has(paper: &Paper, expected: &serde_json::Value) {
    let found = serde_json::to_value(paper).unwrap();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(
            found.get(name).unwrap_or(&serde_json::Value::Null),
            value,
            "{name} of {found}"
        );
    }
}

#[test]
fn a_table_made_of_the_objects_of_a_catalog_is_read_as_these() {
    let table = "paperId,externalIds,title,year,journal,authors,citationCount\n\
        p1,\"{'DOI': '10.1000/R1', 'ArXiv': None, 'PubMed': '7'}\",Reeds,2019.0,\"{'name': 'J Reed', 'volume': '3', \
        'pages': '1 - 9'}\",\"[{'authorId': None, 'name': 'Ida Reed'}, {'name': \"\"Cy O'Rush\"\"}]\",4\n\
        p2,nan,Rushes,nan,nan,[],0\n";
    let found = papers(table);
    assert_has(
        &found[0],
        &serde_json::json!({
            "id": "p1", "doi": "10.1000/r1", "pmid": "7", "year": 2019, "venue": "J Reed", "volume": "3",
            "pages": "1-9", "authors": ["Ida Reed", "Cy O'Rush"],
        }),
    );
    assert_has(
        &found[1],
        &serde_json::json!({"id": "p2", "year": null, "authors": []}),
    );
    let mut reader = PaperReader::new(table.as_bytes(), "f").unwrap();
    assert_eq!(reader.by_ref().count(), 2);
    let ignored: Vec<_> = reader.ignored_fields().into_iter().collect();
    assert_eq!(ignored, [("citationCount".to_owned(), 2)]);

    let kaggle = "id,title,abstract,categories,versions,update_date,authors_parsed\n\
        0704.0001,Marsh,Text,hep-ph hep-th,\"[{'version': 'v1', 'created': 'Mon, 2 Apr 2007 19:18:42 GMT'}]\",\
        2008-11-26,\"[['Reed', 'I.', ''], ['van der Rush', 'C.', 'Jr']]\"\n";
    assert_has(
        &papers(kaggle)[0],
        &serde_json::json!({
            "arxiv": "0704.0001", "authors": ["I. Reed", "C. van der Rush Jr"], "published": "2007-04-02",
            "categories": ["hep-ph", "hep-th"],
        }),
    );
}

#[test]
fn lists_in_cells_and_in_texts_are_lists() {
    let found = papers(
        "title,authors,categories,summaries\n\
         Reeds,\"[arxiv.Result.Author('Ida Reed'), arxiv.Result.Author('Cy Rush')]\",\"['cs.CL', 'cs.LG']\",Text\n",
    );
    let expected = serde_json::json!({
        "authors": ["Ida Reed", "Cy Rush"], "categories": ["cs.CL", "cs.LG"], "abstract": "Text",
    });
    assert_has(&found[0], &expected);
    let found = papers(
        r#"{"title": "Reeds", "authors": "['Ida Reed', 'Cy Rush']", "categories": "['cs.CL', 'cs.LG']", "summary": "Text"}"#,
    );
    assert_has(&found[0], &expected);
    let found =
        papers(r#"{"title": "Reeds", "authors": "Reed I, Rush CD", "category": "marsh plants"}"#);
    assert_has(
        &found[0],
        &serde_json::json!({"authors": ["I Reed", "CD Rush"], "categories": ["marsh plants"]}),
    );
}

#[test]
fn every_arrangement_of_a_data_frame_in_json_is_read() {
    for text in [
        r#"{"title": {"0": "Reeds", "1": "Rushes"}, "year": {"0": 2001.0, "1": null}, "index": {"0": 0, "1": 1}}"#,
        r#"{"0": {"title": "Reeds", "year": 2001.0}, "1": {"title": "Rushes", "year": null}}"#,
        r#"{"columns": ["title", "year"], "index": [0, 1], "data": [["Reeds", 2001.0], ["Rushes", null]]}"#,
        r#"{"title": ["Reeds", "Rushes"], "year": [2001, null]}"#,
        r#"[{"index": 0, "title": "Reeds", "year": 2001.0}, {"index": 1, "title": "Rushes", "year": NaN}]"#,
        "{\"title\": \"Reeds\", \"year\": 2001.0}\n{\"title\": \"Rushes\", \"year\": null}\n",
    ] {
        let mut reader = PaperReader::new(text.as_bytes(), "f").unwrap();
        let found: Vec<Paper> = reader.by_ref().map(|paper| paper.unwrap()).collect();
        let found: Vec<_> = found.iter().map(|p| (&*p.title, p.year)).collect();
        assert_eq!(found, [("Reeds", Some(2001)), ("Rushes", None)], "{text}");
        assert!(reader.ignored_fields().is_empty(), "{text}");
    }
    let (format, found) = read(
        r#"{"reed20": {"type": "article-journal", "title": "Reeds", "author": [{"family": "Reed", "given": "Ida"}]},
            "rush21": {"type": "book", "title": "Rushes", "author": []}}"#,
    );
    assert_eq!((format, found.len()), (Format::JsonLines, 2));
    assert_has(
        &found[0],
        &serde_json::json!({"id": "reed20", "type": "article", "authors": ["Ida Reed"]}),
    );
}

#[test]
fn what_states_that_there_is_no_value_is_no_value() {
    let found = papers(
        "Authors,Title,Year,Source title,Abstract,DOI,EID\n\
         [No author name available],Reeds,2001,J,[No abstract available],,e1\nNone,Rushes,nan,NA,NaN,<NA>,e2\n",
    );
    assert_has(
        &found[0],
        &serde_json::json!({"authors": [], "abstract": "", "venue": "J"}),
    );
    assert_has(
        &found[1],
        &serde_json::json!({"authors": [], "abstract": "", "venue": null, "doi": null, "year": null}),
    );
    let found =
        papers(r#"{"title": "Reeds", "abstract": "nan", "published": "NA", "date": "2020-01-02"}"#);
    assert_has(
        &found[0],
        &serde_json::json!({"abstract": "", "published": "2020-01-02", "year": 2020}),
    );
}

#[test]
fn tables_of_search_interfaces() {
    let springer = papers(
        "\"Item Title\",\"Publication Title\",\"Book Series Title\",\"Journal Volume\",\"Journal Issue\",\"Item DOI\",\
         \"Authors\",\"Publication Year\",\"URL\",\"Content Type\"\n\
         \"Reeds\",\"J Marsh\",\"\",\"3\",\"4\",\"10.1007/r1\",\"Ida ReedCy Rush\",\"2020\",\"http://s.example\",\"Article\"\n",
    );
    assert_has(
        &springer[0],
        &serde_json::json!({
            "title": "Reeds", "doi": "10.1007/r1", "authors": ["Ida Reed", "Cy Rush"], "volume": "3", "number": "4",
            "type": "article",
        }),
    );
    let pubmed = papers(
        "PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,NIHMS ID,DOI\n\
         7,Reeds.,\"Reed I, Rush C.\",J Marsh. 2020 Mar 4;3(2):11-9. doi: 10.1000/r.,Reed I,J Marsh,2020,2020/01/05,,,\n",
    );
    assert_has(
        &pubmed[0],
        &serde_json::json!({"published": "2020-03-04", "volume": "3", "number": "2", "pages": "11-19"}),
    );
    let dimensions = papers(
        "Publication ID,Title,Source title,Anthology title,PubYear,Publication Type,Authors,Cited references\n\
         pub.1,Reeds,Marsh Series,Marsh Book,2018,Chapter,\"Reed, Ida\",\
         \"[Rush, Cy|J Rush|3|1|1-9|10.1000/RU|2001];[|Nature|4|5|6|10.1038/x|2002]\"\n",
    );
    assert_has(
        &dimensions[0],
        &serde_json::json!({
            "venue": "Marsh Book", "series": "Marsh Series", "references": ["10.1000/ru", "10.1038/x"],
        }),
    );
    let sources = papers(
        "TITLE,AUTHOR NAMES,SOURCE,PUBLICATION YEAR\n\
         Reeds,Reed I.,Journal of Marshes (2020) 12:3 (11-19). Date of Publication: 1 Mar 2020,2020\n\
         Rushes,Rush C.,\"Journal of Marsh Ed, v12 n3 p11-19 Mar 2020\",2020\n\
         Sedges,Sedge D.,Journal of Sedges. Vol.12(3),2020\nFerns,Fir E.,St. Ferns. 1 (1990) revisited,2020\n",
    );
    let venues: Vec<_> = sources.iter().map(|paper| paper.venue.as_deref()).collect();
    let expected = [
        "Journal of Marshes",
        "Journal of Marsh Ed",
        "Journal of Sedges",
    ];
    assert_eq!(venues[..3], expected.map(Some));
    let counts = papers(
        "Title,DOI,References,Type,Keywords\nReeds,10.1000/r,12,Journal Articles; Reports - Research,*Marsh; Reed\n",
    );
    assert_has(
        &counts[0],
        &serde_json::json!({"references": [], "type": "article", "categories": ["Marsh", "Reed"]}),
    );
    let by_address = papers("title,url\nReeds,https://doi.org/10.1000/R2\n");
    assert_has(&by_address[0], &serde_json::json!({"doi": "10.1000/r2"}));
}

#[test]
fn fields_in_rows_are_refused() {
    let text =
        "\"TITLE\",\"Reeds\"\n\"AUTHOR NAMES\",\"Reed I.\",\"Rush C.\"\n\"SOURCE\",\"J Marsh\"\n";
    let mut reader = PaperReader::with_format(text.as_bytes(), "f", Format::Csv).unwrap();
    let error = reader.next().unwrap().unwrap_err().to_string();
    assert!(
        error.contains("`AUTHOR NAMES`, expected a paper per row"),
        "{error}"
    );
    assert!(reader.next().is_none());
}

#[test]
fn items_of_zotero_have_roles_and_attachments() {
    let text = r#"[{"key": "R1", "data": {"key": "R1", "itemType": "journalArticle", "title": "<i>Reeds</i>",
        "creators": [{"creatorType": "author", "firstName": "Ida", "lastName": "Reed"},
        {"creatorType": "editor", "name": "Ed Elm"}], "tags": [{"tag": "marsh"}]}},
        {"key": "A1", "data": {"itemType": "attachment", "title": "PDF"}}, {"key": "N1", "itemType": "note"}]"#;
    let mut reader = PaperReader::new(text.as_bytes(), "f").unwrap();
    let found: Vec<Paper> = reader.by_ref().map(|paper| paper.unwrap()).collect();
    assert_eq!(found.len(), 1);
    assert_has(
        &found[0],
        &serde_json::json!({
            "id": "R1", "title": "Reeds", "authors": ["Ida Reed"], "editors": ["Ed Elm"], "categories": ["marsh"],
        }),
    );
    let remarks = reader.take_remarks();
    assert!(
        remarks
            .iter()
            .any(|remark| remark.text.contains("`attachment`"))
    );
    assert_eq!(remarks.len(), 2);
}

#[test]
fn answers_of_further_catalogs() {
    for (text, expected) in [
        (
            r#"{"search-results": {"entry": [{"eid": "e1", "dc:title": "Reeds", "dc:creator": "Reed I.",
                "prism:publicationName": "J Marsh", "prism:doi": "10.1000/r", "prism:coverDate": "2020-03-15"}]}}"#,
            serde_json::json!({"id": "e1", "venue": "J Marsh", "doi": "10.1000/r", "published": "2020-03-15"}),
        ),
        (
            r#"{"result": [{"total": "1"}], "records": [{"title": "Reeds", "creators": [{"creator": "Reed, Ida"}],
                "startingPage": "1", "endingPage": "9"}]}"#,
            serde_json::json!({"authors": ["Ida Reed"], "pages": "1-9"}),
        ),
        (
            r#"{"data": [{"lens_id": "0-1", "title": "Reeds", "source": {"title": "J Marsh"},
                "external_ids": [{"type": "doi", "value": "10.1000/R"}, {"type": "pmid", "value": "7"}]}]}"#,
            serde_json::json!({"id": "0-1", "venue": "J Marsh", "doi": "10.1000/r", "pmid": "7"}),
        ),
        (
            r#"{"articles": [{"doi": "10.1000/r", "title": "Reeds", "authors": {"authors": [{"full_name": "Ida Reed"}]}}]}"#,
            serde_json::json!({"authors": ["Ida Reed"]}),
        ),
        (
            r#"[{"title": "Reeds", "identifiers": {"doi": "10.1000/R", "arxiv": "2301.00001", "issn": "1234-5678"},
                "id": "u1", "genre": "journal-article"}]"#,
            serde_json::json!({"doi": "10.1000/r", "arxiv": "2301.00001", "issn": "1234-5678", "type": "article"}),
        ),
        (
            r#"{"hits": {"hits": [{"id": "1", "metadata": {"titles": [{"title": "Reeds"}]}, "links": {}}]}}"#,
            serde_json::json!({"title": "Reeds"}),
        ),
    ] {
        let found = papers(&text.replace('\n', " "));
        assert_eq!(found.len(), 1, "{text}");
        assert_has(&found[0], &expected);
    }
    let authors = r#"{"results": [{"id": "https://openalex.org/A1", "display_name": "Ida Reed", "works_count": 5}]}"#;
    let error = PaperReader::new(authors.as_bytes(), "f")
        .unwrap()
        .next()
        .unwrap()
        .unwrap_err();
    assert!(error.to_string().contains("expected a work"), "{error}");
    let failed = r#"{"error": "not found", "code": 404}"#;
    let error = PaperReader::new(failed.as_bytes(), "f")
        .unwrap()
        .next()
        .unwrap()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("found the fields `code`, `error`"),
        "{error}"
    );
}

#[test]
fn an_object_beside_the_title_is_not_the_record() {
    for text in [
        r#"{"id": "a", "title": "Reeds", "metadata": {"rank": 1}}"#,
        r#"{"id": "a", "Title": "Reeds", "data": {"rank": 1}}"#,
        r#"{"id": "a", "title": "Reeds", "data": {"title": "Reeds"}}"#,
    ] {
        assert_eq!(papers(text)[0].title, "Reeds", "{text}");
    }
}

#[test]
fn the_heading_of_an_abstract_is_not_part_of_it() {
    let work = |text: &str| {
        let text = format!(r#"{{"DOI": "10.1000/r", "title": ["Reeds"], "abstract": "{text}"}}"#);
        papers(&text)[0].abstract_text.clone()
    };
    assert_eq!(
        work("<jats:title>Abstract</jats:title><jats:p>We wade.</jats:p>"),
        "We wade."
    );
    assert_eq!(
        work("<jats:p>Abstract marshes.</jats:p>"),
        "Abstract marshes."
    );
}

#[test]
fn a_remark_says_what_a_file_looks_like_if_it_is_read_as_another_format() {
    let work = br#"{"id": "https://openalex.org/W1", "title": "Reeds", "authorships": []}"#;
    let mut reader = PaperReader::with_format(&work[..], "f", Format::Crossref).unwrap();
    assert!(reader.next().unwrap().is_ok());
    let remarks = reader.take_remarks();
    assert!(
        remarks[0].text.contains("looks like openalex"),
        "{remarks:?}"
    );
    let own = br#"{"id": "a", "title": "Reeds"}"#;
    let mut reader = PaperReader::with_format(&own[..], "f", Format::CslJson).unwrap();
    assert!(reader.next().unwrap().is_ok());
    assert!(reader.take_remarks().is_empty());
}

#[cfg(feature = "parquet")]
#[test]
fn a_file_that_is_not_parquet_says_what_it_is() {
    use std::io::{Seek, Write};

    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"@misc{a, title = {Reeds and rushes}}")
        .unwrap();
    file.rewind().unwrap();
    let error = PaperReader::from_file(file, "f", Some(Format::Parquet)).unwrap_err();
    assert!(matches!(error, cognate_papers::Error::Incomplete { .. }));
    assert!(error.to_string().contains("looks like bibtex"), "{error}");
}
