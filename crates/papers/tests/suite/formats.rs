//! The papers of a fixture of each format, and the errors of its damaged records.

use cognate_papers::{Details, Format, Name, Paper, PaperKind, PaperReader};

use crate::fixtures::{bytes, gzip, path, read, zstd};

#[track_caller]
fn assert_reads(name: &str, format: Format, expected: &[Result<Paper, &str>]) {
    let (found_format, found) = read(&bytes(name));
    assert_eq!(found_format, format);
    let found: Vec<_> = found
        .iter()
        .map(|paper| paper.as_ref().map_err(String::as_str))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|paper| paper.as_ref().map_err(|e| *e))
        .collect();
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
    // Opening the file by its path and reading a compressed copy yield the same papers.
    let by_path = PaperReader::open(&path(name)).unwrap();
    assert_eq!(by_path.format(), format);
    assert_eq!(by_path.flatten().count(), found.iter().flatten().count());
    for compressed in [gzip(&bytes(name)), zstd(&bytes(name))] {
        assert_eq!(read(&compressed), read(&bytes(name)));
    }
}

fn details(set: impl FnOnce(&mut Details)) -> Details {
    let mut details = Details::default();
    set(&mut details);
    details
}

/// Returns the details of a paper of a kind and a date.
fn dated(kind: PaperKind, published: &str) -> Details {
    details(|details| {
        details.kind = Some(kind);
        details.published = published.parse().ok();
    })
}

#[test]
fn bibtex() {
    let mut oehm = Paper::new("oehm2018")
        .title("Listening to Lakes: O(n log n) Methods")
        .abstract_text("We hear 30% more fish with an α-filter, in every season.")
        .authors(["René Öhm", "Ana van der Berg", "The Lake Consortium"])
        .year(2018)
        .venue("Journal of Lake Acoustics")
        .categories(["acoustics", "limnology"])
        .doi("10.1000/jla.2018_7")
        .kind(PaperKind::Article);
    oehm.details.published = "2018-03".parse().ok();
    let mut berg = Paper::new("berg19")
        .title("Echoes \" of ice")
        .authors(["Ana van der Berg"])
        .year(2019)
        .venue("Proc. of the Winter Workshop")
        .categories(["cs.SD"])
        .arxiv("1902.01234")
        .kind(PaperKind::ConferencePaper);
    berg.details.published = "2019-02-11".parse().ok();
    let short = Paper::new("short")
        .title("Title alone")
        .venue("arXiv preprint arXiv:2001.00042")
        .arxiv("2001.00042")
        .kind(PaperKind::Preprint);
    assert_reads(
        "papers.bib",
        Format::Bibtex,
        &[Ok(oehm), Ok(berg), Ok(short)],
    );
}

#[test]
fn bibtex_entries_that_inherit_fields_from_others() {
    let paper = |id: &str, title: &str, kind: PaperKind| Paper::new(id).title(title).kind(kind);
    let dated = |mut paper: Paper| {
        paper.details.published = "2011-04".parse().ok();
        paper.year(2011)
    };
    let tides = "Proceedings on Tides";
    let mut cliffs = paper("cliffs", "Cliffs", PaperKind::Book)
        .year(2007)
        .venue("Harbour Press");
    cliffs.details.publisher = Some("Harbour Press".to_owned());
    assert_reads(
        "crossref.bib",
        Format::Bibtex,
        &[
            // An entry that precedes the one that it refers to waits for it.
            Ok(dated(
                paper("early", "Tides before the book", PaperKind::ConferencePaper).venue(tides),
            )),
            Ok(dated(paper("tides", tides, PaperKind::Book)).abstract_text("Of the whole.")),
            Ok(
                paper("late", "Tides after the book", PaperKind::ConferencePaper)
                    .year(2012)
                    .venue(tides),
            ),
            Ok(cliffs),
            // A cycle of references ends.
            Ok(paper("ring", "A ring", PaperKind::Chapter)
                .year(1999)
                .venue("Ring A")),
            Ok(paper("ring-a", "Ring A", PaperKind::Book)
                .year(1999)
                .venue("Ring B")),
            Ok(paper("ring-b", "Ring B", PaperKind::Book)
                .year(1999)
                .venue("Ring A")),
            Ok(paper("lost", "A part of nothing", PaperKind::Chapter)),
        ],
    );
}

#[test]
fn damaged_bibtex() {
    let paper = |id: &str, title: &str| Paper::new(id).title(title).kind(PaperKind::Other);
    assert_reads(
        "damaged.bib",
        Format::Bibtex,
        &[
            Ok(paper("one", "One")),
            Ok(paper("two", "Two").year(2002)),
            Ok(paper("three", "Three").year(2003)),
            Ok(paper("four", "Four")),
            Err("f:7: `title` and `abstract` are both missing, expected one at least"),
            Ok(paper("six", "Six")),
            Err("f:9: a field outside of an entry; a brace before it may be one too many"),
            Ok(paper("seven", "Seven")),
        ],
    );
}

#[test]
fn ris() {
    let mut kelp = Paper::new("kelp-2020")
        .kind(PaperKind::Article)
        .title("Kelp counts from small boats")
        .abstract_text("First line of the abstract and its second line.")
        .authors(["Ola Sand", "Ida Reef Jr."])
        .year(2020)
        .venue("Coastal Notes")
        .url("https://example.org/kelp")
        .categories(["kelp", "boats"])
        .doi("10.1000/cn.1");
    kelp.details.published = "2020-05-01".parse().ok();
    let tides = Paper::new("10.48550/arxiv.2101.00001")
        .title("Tides by ear")
        .abstract_text("Short.")
        .authors(["Ola Sand"])
        .year(2021)
        .venue("Proc. Tides")
        .doi("10.48550/arxiv.2101.00001")
        .arxiv("2101.00001")
        .kind(PaperKind::ConferencePaper);
    assert_reads("papers.ris", Format::Ris, &[Ok(kelp), Ok(tides)]);
}

#[test]
fn damaged_ris() {
    let paper = |id: &str, title: &str| Paper::new(id).title(title).kind(PaperKind::Article);
    assert_reads(
        "damaged.ris",
        Format::Ris,
        &[
            Ok(paper("a", "Good")),
            // A record without a start, one without an end, and one without a name.
            Ok(Paper::new("stray").title("Stray")),
            Ok(paper("b", "Not closed")),
            Err("f:10: there is no `ID`, no `DO` and no title to name the paper"),
            Ok(paper("c", "Good again")),
            Err("f:17: `title` and `abstract` are both missing, expected one at least"),
        ],
    );
}

#[test]
fn csv_of_zotero() {
    let reeds = Paper::new("AB12")
        .title("Reeds, \"rushes\" and radar")
        .abstract_text("Two lines in one cell, with commas.")
        .authors(["Eva Marsh", "Noa Pond"])
        .year(2016)
        .venue("Wetland Letters")
        .url("https://example.org/reeds")
        .categories(["radar", "wetlands"])
        .doi("10.1000/wl.5")
        .details(details(|details| {
            details.kind = Some(PaperKind::Article);
            details.published = "2016-04-02".parse().ok();
        }));
    let water = Paper::new("CD34")
        .title("H2O from above")
        .authors(["Noa Pond"])
        .year(2022)
        .url("https://arxiv.org/abs/2203.00005v1")
        .arxiv("2203.00005")
        .kind(PaperKind::Preprint);
    assert_reads("zotero.csv", Format::Csv, &[Ok(reeds), Ok(water)]);
}

#[test]
fn tsv_of_the_web_of_science() {
    let slopes = Paper::new("WOS:000000000000001")
        .title("Slopes at night")
        .abstract_text("It is dark.")
        .authors(["Olga Hill", "Tim Dale"])
        .year(2011)
        .venue("HILL REVIEW")
        .categories(["Geography, Physical", "Optics", "slopes"])
        .doi("10.1000/hr.9")
        .kind(PaperKind::Article);
    assert_reads("web-of-science.tsv", Format::Tsv, &[Ok(slopes)]);
}

#[test]
fn damaged_csv() {
    let paper = |id: &str, title: &str, year| Paper::new(id).title(title).year(year);
    assert_reads(
        "damaged.csv",
        Format::Csv,
        &[
            Ok(paper("a", "Good", 2001)),
            Err(
                "f:3: text after a closing quote, expected the next cell; a quote before \
                 it is not closed, or not doubled",
            ),
            Ok(paper("c", "Good; still", 2003)),
            Err("f:5: the row has 5 cells, expected 3"),
            Err("f:6: the row has 2 cells, expected 3"),
            Ok(Paper::new("f").title("Wrong year")),
            Ok(paper("2005-nameless", "Nameless", 2005)),
            Ok(paper("g", "Said \"so\"", 2006)),
        ],
    );
    let (_, found) = read(b"id,title\na,\"open\nb,B\n");
    let open = "f:2: a quote is not closed, the file ends in it";
    assert_eq!(
        found,
        [Err(open.to_owned()), Ok(Paper::new("b").title("B"))]
    );
    let reader = PaperReader::with_format(&b"name,words\nx,y\n"[..], "f", Format::Csv).unwrap();
    let found: Vec<_> = reader.map(|paper| paper.unwrap_err().to_string()).collect();
    let header = "f:1: the header has no `title` and no `abstract`, found `name`, `words`; write the names of the \
                  columns into the first line, such as `title`, `abstract`, `authors` and `year`; the rest of the file \
                  was not read";
    assert_eq!(found, [header]);
}

#[test]
fn csl_json() {
    let fog = Paper::new("fellFog2015")
        .title("Fog on the Fell")
        .abstract_text("It is grey. Then it is not.")
        .authors(["Una Fell", "Ana van der Berg II", "The Fog Group"])
        .year(2015)
        .venue("Weather & Walks")
        .url("https://example.org/fog")
        .categories(["fog", "walking"])
        .doi("10.1000/ww.3")
        .details(dated(PaperKind::Article, "2015-06"));
    let list = Paper::new("7")
        .title("A list")
        .year(2015)
        .arxiv("1501.00007")
        .details(dated(PaperKind::Preprint, "2015"));
    let nameless = Paper::new("nameless")
        .title("Nameless")
        .kind(PaperKind::Book);
    assert_reads(
        "zotero.json",
        Format::CslJson,
        &[
            Ok(fog),
            Ok(list),
            Err("f:20: `title` is an object, expected a string"),
            Ok(nameless),
        ],
    );
}

#[test]
fn arxiv_as_json_lines() {
    let shells = Paper::new("0704.0008")
        .title("Shells of μ-stable foam")
        .abstract_text("We blow bubbles.")
        .authors(["Lena Brück", "Wu Li Jr"])
        .year(2007)
        .venue("J. Foam 3 (2008) 7")
        .url("https://arxiv.org/abs/0704.0008")
        .categories(["cond-mat.soft", "math.MG"])
        .doi("10.1000/jf.37")
        .arxiv("0704.0008")
        .details({
            let mut shells = dated(PaperKind::Article, "2007-04-01");
            shells.updated = "2012-01-03".parse().ok();
            shells
        });
    let old = Paper::new("hep-th/9901001")
        .title("Old numbers")
        .abstract_text("Stay.")
        .authors(["Jo Doe", "Al Roe", "Cy Coe"])
        .year(1999)
        .venue("arXiv")
        .url("https://arxiv.org/abs/hep-th/9901001")
        .categories(["hep-th"])
        .arxiv("hep-th/9901001")
        .details({
            let mut old = Details::default();
            old.kind = Some(PaperKind::Preprint);
            old.updated = "1999-01-02".parse().ok();
            old
        });
    let wrong = "f:3: `id` is `not a number`, expected an arXiv identifier such as 1706.03762";
    assert_reads(
        "arxiv.jsonl",
        Format::ArxivJson,
        &[Ok(shells), Ok(old), Err(wrong)],
    );
}

#[test]
fn arxiv_as_atom() {
    let mut snails = Paper::new("2105.00001")
        .kind(PaperKind::Article)
        .title("Counting snails in R^3")
        .abstract_text("They are slow & many.")
        .authors(["Sam Snail", "Lea Leaf"])
        .year(2021)
        .venue("Snail Letters 1, 2 (2022)")
        .url("https://arxiv.org/abs/2105.00001")
        .categories(["q-bio.PE", "math.MG"])
        .doi("10.1000/snail.1")
        .arxiv("2105.00001");
    snails.details.published = "2021-05-03".parse().ok();
    snails.details.updated = "2022-02-01".parse().ok();
    let wrong = "f:23: `id` is `http://arxiv.org/api/errors#incorrect_id_format`, expected an arXiv \
                 identifier such as 1706.03762";
    assert_reads("arxiv.xml", Format::ArxivAtom, &[Ok(snails), Err(wrong)]);
}

#[test]
fn the_acl_anthology() {
    let mut fern = Paper::new("2021.moss-1.1")
        .kind(PaperKind::ConferencePaper)
        .title("Parsing BERT in O(n^2) steps")
        .abstract_text("It grows slowly. See https://example.org.")
        .authors(["Ivy Fern", "Lichen"])
        .year(2021)
        .venue("Proceedings of the First Workshop on Moss")
        .url("https://aclanthology.org/2021.moss-1.1")
        .doi("10.18653/v1/2021.moss-1.1");
    fern.details.pages = Some("1-9".to_owned());
    fern.details.editors = vec![Name::person("Mo", "Ss")];
    let expected = [Ok(fern), Err("f:21: `id` is missing")];
    assert_reads("anthology.xml", Format::AclXml, &expected);
}

#[test]
fn ids_of_the_anthology_before_2020_have_four_digits() {
    for (collection, volume, expected) in [
        ("P19", "1", "P19-1007"),
        ("W19", "12", "W19-1207"),
        ("D19", "55", "D19-5507"),
    ] {
        let xml = format!(
            "<collection id='{collection}'><volume id='{volume}'><paper id='7'><title>T</title>\
             </paper></volume></collection>"
        );
        assert_eq!(read(xml.as_bytes()).1[0].as_ref().unwrap().id, expected);
    }
}

#[test]
fn pubmed() {
    let mut honey = Paper::new("10000001")
        .kind(PaperKind::Article)
        .title("Honey at 37°C in Apis hives.")
        .abstract_text("BACKGROUND: Bees are warm. RESULTS: p<0.05 & sweet.")
        .authors([
            Name::person("Bea", "Hive"),
            Name::from_parts("C", "", "Comb", "3rd"),
            Name::organization("Honey Study Group"),
        ])
        .year(1998)
        .venue("Journal of Invented Medicine")
        .url("https://pubmed.ncbi.nlm.nih.gov/10000001/")
        .categories(["Honey", "Bees"])
        .doi("10.1000/jim.1")
        .references(["9000001", "10.1000/other"]);
    honey.details.volume = Some("1".to_owned());
    honey.details.issn = Some("0000-0000".to_owned());
    honey.details.pmid = Some("10000001".to_owned());
    honey.details.published = "1998-12".parse().ok();
    let mut wax = Paper::new("20000001")
        .kind(PaperKind::Chapter)
        .title("Wax")
        .abstract_text("It melts.")
        .year(2004)
        .venue("Hives")
        .url("https://pubmed.ncbi.nlm.nih.gov/20000001/");
    wax.details.pmid = Some("20000001".to_owned());
    let expected = [Ok(honey), Err("f:40: `PMID` is missing"), Ok(wax)];
    assert_reads("pubmed.xml", Format::PubmedXml, &expected);
}

#[test]
fn openalex() {
    let gravel = Paper::new("W1000000001")
        .title("Graphs of gravel")
        .abstract_text("Small stones roll over stones .")
        .authors(["Pia Pebble", "Rob Rock"])
        .year(2019)
        .venue("Stone Archive")
        .url("https://doi.org/10.48550/arXiv.1905.00009")
        .categories(["Granular Matter"])
        .doi("10.48550/arxiv.1905.00009")
        .arxiv("1905.00009")
        .references(["W1000000002", "W1000000003"]);
    let name = Paper::new("W1000000002").title("Only a name").year(2001);
    // An index that is none is left out.
    let places = Paper::new("W1000000003").title("Bad places");
    let expected = [Ok(gravel), Ok(name), Ok(places)];
    assert_reads("openalex.json", Format::OpenAlex, &expected);
    // The same records, one per line.
    let page = String::from_utf8(bytes("openalex.json")).unwrap();
    let start = page.find("{\"id\"").unwrap();
    let lines = page[start..]
        .replace("}},{\"id\"", "}}\n{\"id\"")
        .replace("},\n", "}\n");
    let lines = lines.split_once("],\"group_by\"").unwrap().0;
    let (format, found) = read(lines.as_bytes());
    assert_eq!((format, found.len()), (Format::OpenAlex, 3));
    assert_eq!(found[..2], read(page.as_bytes()).1[..2]);
}

#[test]
fn semantic_scholar() {
    let leaves = Paper::new("00000000000000000000000000000000000000aa")
        .title("Sorting leaves")
        .abstract_text("They fall.")
        .authors(["Oda Oak"])
        .year(2018)
        .venue("Forest Floor")
        .url("https://www.semanticscholar.org/paper/00aa")
        .categories(["Biology", "Computer Science"])
        .doi("10.1000/s2.1")
        .arxiv("1808.00001")
        .references(["00000000000000000000000000000000000000bb", "10.1000/S2.2"]);
    let bark = Paper::new("12").title("From the data sets").venue("Bark");
    let wrong = Paper::new("13").title("Wrong");
    let expected = [Ok(leaves), Ok(bark), Ok(wrong)];
    assert_reads("semantic-scholar.jsonl", Format::SemanticScholar, &expected);
}
