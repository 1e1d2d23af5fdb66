//! The papers of a fixture of each format, and the errors of its damaged records.

use cognate_papers::{Details, Format, Paper, PaperKind, PaperReader};

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

/// Returns the details of a paper of a kind and a date.
fn details(kind: PaperKind, published: &str) -> Details {
    let mut details = Details::default();
    details.kind = Some(kind);
    details.published = published.parse().ok();
    details
}

#[test]
fn bibtex() {
    let oehm = Paper::new("oehm2018")
        .title("Listening to Lakes: O(n log n) Methods")
        .abstract_text("We hear 30% more fish with an α-filter, in every season.")
        .authors(["René Öhm", "Ana van der Berg", "The Lake Consortium"])
        .year(2018)
        .venue("Journal of Lake Acoustics")
        .categories(["acoustics", "limnology"])
        .doi("10.1000/jla.2018_7");
    let berg = Paper::new("berg19")
        .title("Echoes \" of ice")
        .authors(["Ana van der Berg"])
        .year(2019)
        .venue("Proc. of the Winter Workshop")
        .categories(["cs.SD"])
        .arxiv("1902.01234");
    let short = Paper::new("short")
        .title("Title alone")
        .venue("arXiv preprint arXiv:2001.00042")
        .arxiv("2001.00042");
    assert_reads(
        "papers.bib",
        Format::Bibtex,
        &[Ok(oehm), Ok(berg), Ok(short)],
    );
}

#[test]
fn bibtex_entries_that_inherit_fields_from_others() {
    let paper = |id: &str, title: &str| Paper::new(id).title(title);
    let tides = "Proceedings on Tides";
    assert_reads(
        "crossref.bib",
        Format::Bibtex,
        &[
            Ok(paper("tides", tides)
                .year(2011)
                .abstract_text("Of the whole.")),
            Ok(paper("late", "Tides after the book")
                .year(2012)
                .venue(tides)),
            Ok(paper("cliffs", "Cliffs").year(2007).venue("Harbour Press")),
            // A cycle of references ends.
            Ok(paper("ring-b", "Ring B").year(1999).venue("Ring A")),
            // The entries that precede the entry they refer to.
            Ok(paper("early", "Tides before the book")
                .year(2011)
                .venue(tides)),
            Ok(paper("lost", "A part of nothing")),
            Ok(paper("ring", "A ring").year(1999).venue("Ring A")),
            Ok(paper("ring-a", "Ring A").year(1999).venue("Ring B")),
        ],
    );
}

#[test]
fn damaged_bibtex() {
    let paper = |id: &str, title: &str| Paper::new(id).title(title);
    assert_reads(
        "damaged.bib",
        Format::Bibtex,
        &[
            Ok(paper("one", "One")),
            Err("f:2: `@misc{two, title = {Two,` is not closed, line 5 begins the next"),
            Ok(paper("three", "Three").year(2003)),
            Err("f:6: not BibTeX on line 1 of the entry: expected equals"),
            Err("f:7: `title` and `abstract` are both missing, expected one at least"),
            Ok(paper("six", "Six")),
            Err("f:9: a field outside of an entry; a brace before it may be one too many"),
            Ok(paper("seven", "Seven")),
        ],
    );
}

#[test]
fn ris() {
    let kelp = Paper::new("kelp-2020")
        .title("Kelp counts from small boats")
        .abstract_text("First line of the abstract and its second line.")
        .authors(["Ola Sand", "Ida Reef Jr."])
        .year(2020)
        .venue("Coastal Notes")
        .url("https://example.org/kelp")
        .categories(["kelp", "boats"])
        .doi("10.1000/cn.1");
    let tides = Paper::new("10.48550/arxiv.2101.00001")
        .title("Tides by ear")
        .abstract_text("Short.")
        .authors(["Ola Sand"])
        .year(2021)
        .venue("Proc. Tides")
        .doi("10.48550/arxiv.2101.00001")
        .arxiv("2101.00001");
    assert_reads("papers.ris", Format::Ris, &[Ok(kelp), Ok(tides)]);
}

#[test]
fn damaged_ris() {
    assert_reads(
        "damaged.ris",
        Format::Ris,
        &[
            Ok(Paper::new("a").title("Good")),
            Err("f:5: `TI` outside of a record, expected `TY` first"),
            Err("f:7: the record has no `ER` before the next at 10"),
            Err("f:10: there is no `ID`, no `DO` and no title to name the paper"),
            Ok(Paper::new("c").title("Good again")),
            Err("f:17: the record has no `ER`, the file ends in it"),
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
        .doi("10.1000/wl.5");
    let water = Paper::new("CD34")
        .title("H2O from above")
        .authors(["Noa Pond"])
        .year(2022)
        .url("https://arxiv.org/abs/2203.00005v1")
        .arxiv("2203.00005");
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
        .doi("10.1000/hr.9");
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
            Err("f:7: the year is `soon`, expected one such as 2017"),
            Err("f:8: there is no `id` and no `doi` to name the paper"),
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
    let header = "f:1: the header has no `title` and no `abstract`, found `name`, `words`";
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
        .details(details(PaperKind::Article, "2015-06"));
    let list = Paper::new("7")
        .title("A list")
        .year(2015)
        .arxiv("1501.00007")
        .details(details(PaperKind::Article, "2015"));
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
            let mut shells = details(PaperKind::Preprint, "2007-04-01");
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
    let snails = Paper::new("2105.00001")
        .title("Counting snails in R^3")
        .abstract_text("They are slow & many.")
        .authors(["Sam Snail", "Lea Leaf"])
        .year(2021)
        .venue("Snail Letters 1, 2 (2022)")
        .url("https://arxiv.org/abs/2105.00001")
        .categories(["q-bio.PE", "math.MG"])
        .doi("10.1000/snail.1")
        .arxiv("2105.00001");
    let wrong = "f:23: `id` is `http://arxiv.org/api/errors#incorrect_id_format`, expected an arXiv \
                 identifier such as 1706.03762";
    assert_reads("arxiv.xml", Format::ArxivAtom, &[Ok(snails), Err(wrong)]);
}

#[test]
fn the_acl_anthology() {
    let fern = Paper::new("2021.moss-1.1")
        .title("Parsing BERT in O(n^2) steps")
        .abstract_text("It grows slowly. See https://example.org.")
        .authors(["Ivy Fern", "Lichen"])
        .year(2021)
        .venue("Proceedings of the First Workshop on Moss")
        .url("https://aclanthology.org/2021.moss-1.1")
        .doi("10.18653/v1/2021.moss-1.1");
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
    let honey = Paper::new("10000001")
        .title("Honey at 37°C in Apis hives.")
        .abstract_text("BACKGROUND: Bees are warm. RESULTS: p<0.05 & sweet.")
        .authors(["Bea Hive", "C Comb 3rd", "Honey Study Group"])
        .year(1998)
        .venue("Journal of Invented Medicine")
        .url("https://pubmed.ncbi.nlm.nih.gov/10000001/")
        .categories(["Honey", "Bees"])
        .doi("10.1000/jim.1")
        .references(["9000001", "10.1000/other"]);
    let wax = Paper::new("20000001")
        .title("Wax")
        .abstract_text("It melts.")
        .year(2004)
        .venue("Hives")
        .url("https://pubmed.ncbi.nlm.nih.gov/20000001/");
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
