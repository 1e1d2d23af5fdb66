//! The columns and the rows that programs write.

use cognate_papers::{Format, Name, Paper, PaperReader};

fn papers(text: &str) -> Vec<Paper> {
    let reader = PaperReader::new(text.as_bytes(), "f").unwrap();
    reader.map(|paper| paper.unwrap()).collect()
}

fn one(text: &str) -> Paper {
    let mut papers = papers(text);
    assert_eq!(papers.len(), 1);
    papers.remove(0)
}

fn json(paper: &Paper) -> serde_json::Value {
    serde_json::to_value(paper).unwrap()
}

/// Asserts that a paper has these fields in JSON.
#[track_caller]
fn assert_has(paper: &Paper, expected: &serde_json::Value) {
    let found = json(paper);
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(found.get(name), Some(value), "{name} of {found}");
    }
}

#[test]
fn scopus_before_and_after_2020() {
    let old = one(
        "\u{feff}Authors,Title,Year,Source title,Volume,Issue,Art. No.,Page start,Page end,Page count,Cited by,DOI,\
         Link,Abstract,Author Keywords,Index Keywords,ISSN,Language of Original Document,Document Type,Source,EID\n\
         \"Reed A.B., Rush C., Sedge D.-E.\",\"Marsh flow\",2014,\"J. Marsh\",7,2,\"\",11,19,,4,10.1000/m.1,\
         https://scopus.example/1,\"We wade.\",\"marsh; flow\",\"Wetland\",12345678,English,Article,Scopus,2-s2.0-9\n",
    );
    assert_has(
        &old,
        &serde_json::json!({
            "id": "2-s2.0-9", "authors": ["A.B. Reed", "C. Rush", "D.-E. Sedge"], "year": 2014, "venue": "J. Marsh",
            "volume": "7", "number": "2", "pages": "11-19", "issn": "1234-5678", "language": "English",
            "type": "article", "doi": "10.1000/m.1", "categories": ["marsh", "flow", "Wetland"],
        }),
    );
    let names: Vec<&str> = old.authors.iter().map(Name::family).collect();
    assert_eq!(names, ["Reed", "Rush", "Sedge"]);
    let new = one(
        "\"Authors\",\"Author full names\",\"Author(s) ID\",\"Title\",\"Year\",\"Source title\",\"PubMed ID\",\"EID\"\n\
         \"Reed, A.; Rush, C.\",\"Reed, Ann (57190000001); Rush, Cy (57190000002)\",\"1; 2\",\"Marsh\",2024,\
         \"J. Marsh\",\"77\",\"2-s2.0-8\"\n",
    );
    assert_has(
        &new,
        &serde_json::json!({"authors": ["Ann Reed", "Cy Rush"], "pmid": "77"}),
    );
}

#[test]
fn ieee_xplore_and_the_columns_that_are_not_read() {
    let text = "\"Document Title\",Authors,\"Author Affiliations\",\"Publication Title\",Date Added To Xplore,\
        \"Publication Year\",\"Volume\",\"Issue\",\"Start Page\",\"End Page\",\"Abstract\",\"ISSN\",ISBNs,\"DOI\",\
        PDF Link,\"Author Keywords\",\"IEEE Terms\",\"Publisher\",Document Identifier\n\
        \"Boats on radar\",\"A. Reed; C. D. Rush\",\"Uni R; Uni S\",\"2019 Boat Conf.\",\"3 May 2020\",\"2019\",\"\",\
        \"\",\"1\",\"6\",\"We float.\",\"\",\"978-1-0000-0000-1;978-1-0000-0000-2\",\"10.1109/B.2019.7\",\
        \"https://ieee.example/7.pdf\",\"boats;radar\",\"Boats\",\"IEEE\",\"IEEE Conferences\"\n";
    let mut reader = PaperReader::new(text.as_bytes(), "f").unwrap();
    let paper = reader.next().unwrap().unwrap();
    assert_has(
        &paper,
        &serde_json::json!({
            "title": "Boats on radar", "authors": ["A. Reed", "C. D. Rush"], "year": 2019, "pages": "1-6",
            "type": "conference-paper", "isbn": "978-1-0000-0000-1", "publisher": "IEEE", "abstract": "We float.",
            "categories": ["boats", "radar", "Boats"],
        }),
    );
    let ignored: Vec<_> = reader.ignored_fields().into_iter().collect();
    assert_eq!(ignored, [("Author Affiliations".to_owned(), 1)]);
}

#[test]
fn covidence_rayyan_and_asreview() {
    let found = papers(
        "Title,Authors,Abstract,Published Year,Published Month,Journal,Volume,Issue,Pages,DOI,Covidence #,Tags\n\
         Walks,\"Reed, A.; Rush, C.\",They walk.,2017,March,J Walk,3,1,5-9,10.1000/w,#4,\n\
         Sits,\"Sedge, D.\",They sit.,2016,,J Sit,3,1,5-9,,#5,chairs\n",
    );
    assert_has(
        &found[0],
        &serde_json::json!({"id": "10.1000/w", "year": 2017, "published": "2017-03", "pages": "5-9", "number": "1"}),
    );
    assert_has(
        &found[1],
        &serde_json::json!({"id": "sedge2016-sits", "categories": ["chairs"]}),
    );
    let rayyan = one(
        "key,title,year,month,day,journal,issn,volume,issue,pages,authors,url,language,publisher,location,abstract,\
         notes,doi,keywords,pubmed_id,pmc_id\n\
         rayyan-7,Reeds,2018,2,3,J Reed,1234-567X,1,2,3,\"Reed, Ann and Rush, Cy\",,en,Marsh Press,Fenton,We look.,,\
         ,reeds,88,PMC9\n",
    );
    assert_has(
        &rayyan,
        &serde_json::json!({
            "id": "rayyan-7", "authors": ["Ann Reed", "Cy Rush"], "published": "2018-02-03", "place": "Fenton",
            "publisher": "Marsh Press", "pmid": "88", "issn": "1234-567X", "language": "en",
        }),
    );
    let found = papers(
        "record_id,title,abstract,included\n0,Tea and moss,We drink.,1\n1,Cells and fern,We cut.,0\n",
    );
    let ids: Vec<&str> = found.iter().map(|paper| paper.id.as_str()).collect();
    assert_eq!(ids, ["tea-moss", "cells-fern"]);
}

#[test]
fn dimensions_lens_pubmed_and_openalex() {
    let dimensions = one("\"About the data: Exported on May 1; Criteria: moss\"\n\
         Rank,Publication ID,DOI,PMID,PMCID,Title,Abstract,Source title,Publisher,ISSN,MeSH terms,Publication Date,\
         PubYear,Volume,Issue,Pagination,Publication Type,Authors,Dimensions URL,Times cited\n\
         500,pub.11,10.1000/d,77,PMC8,Moss,We look.,J Moss,Fen Press,,Moss; Fern,2020-05-01,2020,3,1,10-20,Article,\
         \"Reed, Ann; Rush, Cy\",https://dimensions.example/11,4\n");
    assert_has(
        &dimensions,
        &serde_json::json!({
            "id": "pub.11", "pmid": "77", "pmcid": "PMC8", "published": "2020-05-01", "pages": "10-20",
            "authors": ["Ann Reed", "Cy Rush"], "type": "article", "categories": ["Moss", "Fern"],
        }),
    );
    let lens = one(
        "#,Lens ID,Title,Date Published,Publication Year,Publication Type,Source Title,ISSNs,Publisher,Author/s,Abstract,\
         Volume,Issue Number,Start Page,End Page,Fields of Study,External URL,PMID,DOI\n\
         1,000-111,Moss,2020-05-01,2020,journal article,J Moss,12345678; 87654321,Fen,Ann Reed; Cy Rush,We look.,3,1,\
         10,20,Bryology; Ecology,http://l.example/1,77,10.1000/l\n",
    );
    assert_has(
        &lens,
        &serde_json::json!({
            "id": "000-111", "authors": ["Ann Reed", "Cy Rush"], "pages": "10-20", "type": "article", "number": "1",
            "categories": ["Bryology", "Ecology"], "issn": "1234-5678",
        }),
    );
    let pubmed = one(
        "PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,NIHMS ID,DOI\n\
         99,Moss.,\"Reed AB, Rush C, van der Sedge D.\",J Moss. 2020,Reed AB,J Moss,2020,2020/05/01,PMC7,,10.1000/p\n",
    );
    assert_has(
        &pubmed,
        &serde_json::json!({"id": "99", "pmid": "99", "pmcid": "PMC7", "venue": "J Moss", "year": 2020}),
    );
    let names: Vec<String> = pubmed.authors.iter().map(Name::inverted).collect();
    assert_eq!(names, ["Reed, AB", "Rush, C", "van der Sedge, D."]);
    let openalex = one(
        "id,display_name,publication_year,publication_date,doi,type,primary_location.source.display_name,\
         authorships.author.display_name,biblio.volume,biblio.first_page,biblio.last_page\n\
         https://openalex.org/W5,Moss,2020,2020-05-01,https://doi.org/10.1000/o,article,J Moss,Ann Reed|Cy Rush,3,10,20\n",
    );
    assert_has(
        &openalex,
        &serde_json::json!({
            "id": "W5", "title": "Moss", "authors": ["Ann Reed", "Cy Rush"], "venue": "J Moss", "volume": "3",
            "pages": "10-20", "doi": "10.1000/o",
        }),
    );
}

#[test]
fn embase_cochrane_proquest_ebsco_publish_or_perish_jabref_and_eppi() {
    for (header, row, expected) in [
        (
            "\"Title\",\"Author Names\",\"Source\",\"Source title\",\"Publication Year\",\"Volume\",\"First Page\",\
             \"Last Page\",\"Publication Type\",\"Article Language\",\"Embase Accession ID\",\"Medline PMID\",\"DOI\"",
            "\"Moss\",\"Reed A.B., Rush C.\",\"J Moss (2020) 3:1\",\"J Moss\",2020,3,10,20,Article,English,L600,77,",
            serde_json::json!({"id": "L600", "authors": ["A.B. Reed", "C. Rush"], "venue": "J Moss", "pmid": "77"}),
        ),
        (
            "\"Author(s)\",\"Title\",\"Source\",\"Year\",\"Volume\",\"Pages\",\"Publication Type\",\"DOI\"",
            "\"Reed A, Rush C\",Moss,J Moss,2020,3,10-20,Journal article,10.1000/c",
            serde_json::json!({"id": "10.1000/c", "authors": ["A Reed", "C Rush"], "venue": "J Moss", "type": "article"}),
        ),
        (
            "Title,Abstract,StoreId,ArticleType,Authors,digitalObjectIdentifier,documentType,pubdate,pubtitle,year",
            "Moss,We look.,S1,Scholarly Journals,\"Reed, Ann; Rush, Cy\",10.1000/q,Journal Article,\"May 1, 2020\",J Moss,2020",
            serde_json::json!({"id": "S1", "doi": "10.1000/q", "published": "2020-05-01", "venue": "J Moss"}),
        ),
        (
            "\"Article Title\",\"Author\",\"Journal Title\",\"ISSN\",\"Publication Date\",\"First Page\",\"Accession Number\",\
             \"Doctype\"",
            "Moss,\"Reed, Ann; Rush, Cy\",J Moss,12345678,20200501,10,E7,Article",
            serde_json::json!({"id": "E7", "year": 2020, "published": "2020-05-01", "venue": "J Moss", "pages": "10"}),
        ),
        (
            "Cites,Authors,Title,Year,Source,Publisher,ArticleURL,GSRank,QueryDate,Type,DOI,StartPage,EndPage",
            "4,\"AB Reed, C Rush\",Moss,2020,J Moss,fen.example,https://p.example,1,2021-01-01,,10.1000/h,10,20",
            serde_json::json!({"authors": ["AB Reed", "C Rush"], "url": "https://p.example", "pages": "10-20"}),
        ),
        (
            "Identifier,BibliographyType,Author,Title,Journal,Volume,Number,Month,Pages,Year,Editor,Publisher,Address",
            "reed20,7,\"Reed, Ann;Rush, Cy\",Moss,J Moss,3,1,May,10-20,2020,\"Sedge, Di\",Fen,Fenton",
            serde_json::json!({
                "id": "reed20", "type": "article", "published": "2020-05", "editors": ["Di Sedge"], "place": "Fenton",
            }),
        ),
        (
            "Item ID,Title,Parent Title,Type name,Authors,Year,Month,Pages,City,Standard Number",
            "12,Moss,J Moss,\"Journal, Article\",\"Reed Ann ; Rush Cy\",2020,May,10-20,Fenton,1234-5678",
            serde_json::json!({"id": "12", "venue": "J Moss", "issn": "1234-5678", "type": "article"}),
        ),
        (
            "id,title,summary,authors,published",
            "2401.00001,Moss,We look.,\"['Ann Reed', 'Cy Rush']\",2024-01-02T10:00:00Z",
            serde_json::json!({"abstract": "We look.", "year": 2024, "published": "2024-01-02", "authors": ["Ann Reed", "Cy Rush"]}),
        ),
        (
            "Key,Item Type,Publication Year,Author,Title,Publication Title,ISSN,DOI,Date,Pages,Issue,Volume,Publisher,Place,\
             Language,Type,Extra,Editor",
            "Z1,thesis,2020,\"Reed, Ann\",Moss,,,,2020-05,,,,University of Fen,Fenton,en,PhD thesis,\"PMID: 77\nPMCID: PMC8\",",
            serde_json::json!({
                "type": "thesis", "genre": "PhD thesis", "publisher": "University of Fen", "pmid": "77", "pmcid": "PMC8",
                "published": "2020-05", "language": "en",
            }),
        ),
    ] {
        // The multi-line cell needs its quotes.
        let paper = one(&format!("{header}\n{row}\n"));
        assert_has(&paper, &expected);
    }
}

#[test]
fn web_of_science_with_codes_and_names() {
    let codes = one(
        "PT\tAU\tAF\tCA\tTI\tSO\tLA\tDT\tDE\tID\tAB\tCR\tPU\tPI\tSN\tPD\tPY\tVL\tIS\tBP\tEP\tAR\tDI\tPM\tWC\tUT\n\
         J\tReed, A\tReed, Ann\tMoss Group\t\"Wet\" moss\tJ MOSS\tEnglish\tArticle\twet\tWETLANDS\tWe look.\t\
         Rush C, 2010, J FEN, V1, P2, DOI 10.1000/r1; Sedge D, 2011, J FEN\tFEN\tFENTON\t1234-5678\tMAY 1\t2020\t3\t1\t\
         10\t20\t\t10.1000/w\t77\tBryology\tWOS:1\n",
    );
    assert_has(
        &codes,
        &serde_json::json!({
            "id": "WOS:1", "authors": ["Ann Reed", "Moss Group"], "title": "\"Wet\" moss", "references": ["10.1000/r1"],
            "published": "2020-05-01", "publisher": "FEN", "place": "FENTON", "pages": "10-20", "pmid": "77",
            "categories": ["Bryology", "wet", "WETLANDS"], "language": "English", "type": "article",
        }),
    );
    let names = one(
        "Publication Type\tAuthors\tAuthor Full Names\tArticle Title\tSource Title\tPublication Date\tPublication Year\t\
         Start Page\tEnd Page\tDOI\tPubmed Id\tUT (Unique WOS ID)\n\
         J\tReed, A\tReed, Ann\tMoss\tJ MOSS\tMAY\t2020\t10\t20\t10.1000/w\t77\tWOS:1\n",
    );
    assert_has(
        &names,
        &serde_json::json!({"id": "WOS:1", "published": "2020-05", "pages": "10-20", "pmid": "77"}),
    );
}

#[test]
fn quotes_between_tabs() {
    let found = papers(
        "id\ttitle\tabstract\n\
         a\t\"Wet\" moss\tText\n\
         b\tPlain\t\"open only\n\
         c\t\"Two \"\"quoted\"\" lines\nof one cell\"\tText\n\
         d\t\"Moss \"\"x\"\"\"\t\"whole\"\n\
         e\tNext\t\"open again\n",
    );
    let found: Vec<_> = found
        .iter()
        .map(|paper| (&*paper.id, &*paper.title, &*paper.abstract_text))
        .collect();
    assert_eq!(
        found,
        [
            ("a", "\"Wet\" moss", "Text"),
            ("b", "Plain", "\"open only"),
            ("c", "Two \"quoted\" lines of one cell", "Text"),
            ("d", "Moss \"x\"", "whole"),
            ("e", "Next", "\"open again"),
        ]
    );
}

#[test]
fn a_carriage_return_alone_ends_a_row_or_is_white_space() {
    let titles = |text: &str| -> Vec<String> {
        let papers = papers(text).into_iter();
        papers
            .map(|paper| format!("{}: {} / {}", paper.id, paper.title, paper.abstract_text))
            .collect()
    };
    for delimiter in [",", "\t", ";"] {
        let table = |text: &str| titles(&text.replace(',', delimiter));
        let expected = ["a: One / x", "b: Two / y", "c: Three / z"];
        for text in [
            "id,title,abstract\na,One,x\rb,Two,y\nc,Three,z\n",
            "id,title,abstract\ra,One,x\rb,Two,y\rc,Three,z",
            "id,title,abstract\r\na,One,x\rb,Two,y\r\nc,Three,z\r",
            "id,title,abstract\ra,One,x\rb,Two,y\nc,Three,z\n",
            "id,title,abstract\r\r\na,One,x\r\r\nb,Two,y\r\r\nc,Three,z\r\r\n",
        ] {
            assert_eq!(table(text), expected, "{text:?}");
        }
        let expected = ["a: One and a half / x and more", "b: Two / y"];
        let text = "id,title,abstract\na,One\rand a half,x\rand more\nb,Two,y\n";
        assert_eq!(table(text), expected);
        let quoted = "id,title,abstract\na,\"One\rand a half\",\"x\rand more\"\nb,Two,y\n";
        assert_eq!(table(quoted), expected);
    }
}

#[test]
fn years_that_are_texts_are_left_out() {
    let text = "id,title,year\na,One,2001\nb,Two,n.d.\nc,Three,in press\nd,Four,2019.0\ne,Five,\nf,Six,c2003\n";
    let mut reader = PaperReader::new(text.as_bytes(), "f").unwrap();
    let years: Vec<_> = reader.by_ref().map(|paper| paper.unwrap().year).collect();
    assert_eq!(
        years,
        [Some(2001), None, None, Some(2019), None, Some(2003)]
    );
    let remarks = reader.take_remarks();
    assert_eq!(remarks.len(), 1);
    assert_eq!(
        remarks[0].text,
        "the year `in press` was left out, expected one such as 2017"
    );
    assert_eq!(remarks[0].location.to_string(), "4");
}

#[test]
fn own_tables_are_read_by_the_names_of_their_columns() {
    let row = |header: &str, row: &str| one(&format!("{header}\n{row}\n"));
    let paper = row(
        "title,id,authors,abstract,categories,arxiv,year",
        "Moss,a,\"Barrow & Nettle, Inc.; Team (Alpha)\",if a<b & c>d,\"learning, theory\",2001.00001,-400",
    );
    assert_has(
        &paper,
        &serde_json::json!({
            "id": "a", "authors": ["Barrow & Nettle, Inc.", "Team (Alpha)"], "abstract": "if a<b & c>d",
            "categories": ["learning, theory"], "arxiv": "2001.00001", "year": -400,
        }),
    );
    let text = "rank,score,id,title,abstract,authors,year,venue,url,categories,doi,arxiv,references,volume,shelf\n\
                1,0.5,a,'=Moss,,Ann Reed,2001,,,,,,x; y,7,B3\n";
    let mut reader = PaperReader::new(text.as_bytes(), "f").unwrap();
    let paper = reader.next().unwrap().unwrap();
    assert_eq!(reader.format(), Format::Csv);
    assert_has(
        &paper,
        &serde_json::json!({"title": "=Moss", "references": ["x", "y"], "volume": "7"}),
    );
    let ignored: Vec<String> = reader.ignored_fields().into_keys().collect();
    assert_eq!(ignored, ["shelf"]);
}
