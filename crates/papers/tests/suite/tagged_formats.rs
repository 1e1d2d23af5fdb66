//! RIS, MEDLINE, the Web of Science and EndNote: formats of lines with tags.

use std::collections::BTreeMap;

use proptest::prelude::*;

use cognate_papers::{Details, Format, Name, Paper, PaperKind, PaperReader};

/// What a reader makes of a file.
struct Read {
    format: Format,
    papers: Vec<Result<Paper, String>>,
    remarks: Vec<String>,
    ignored: BTreeMap<String, u64>,
}

fn read_all(text: &str) -> Read {
    let mut reader = PaperReader::new(text.as_bytes(), "f").unwrap();
    let format = reader.format();
    let mut papers = Vec::new();
    for paper in reader.by_ref() {
        papers.push(paper.map_err(|error| error.to_string()));
    }
    let remarks = reader.take_remarks().into_iter();
    Read {
        format,
        papers,
        remarks: remarks
            .map(|remark| format!("{}: {}", remark.location, remark.text))
            .collect(),
        ignored: reader.ignored_fields(),
    }
}

/// Reads a file with one paper.
#[track_caller]
fn one(text: &str) -> (Paper, Read) {
    let mut read = read_all(text);
    assert_eq!(read.papers.len(), 1, "{:?}", read.papers);
    (read.papers.remove(0).unwrap(), read)
}

fn ris(fields: &str) -> Paper {
    one(&format!("TY  - JOUR\n{fields}\nER  - \n")).0
}

fn full_names(names: &[Name]) -> Vec<&str> {
    names.iter().map(Name::full).collect()
}

#[test]
fn ris_has_all_data_of_a_reference_list() {
    let text = "TY  - CHAP\nID  - c1\nTI  - Moss in shade\nAU  - Alder, Ann B.\nAU  - Stone, Cy, Jr.\n\
                A2  - Birch, Bo\nPY  - 2017/06/12/\nT2  - The book of moss\nT3  - Green series\n\
                VL  - 3\nIS  - 2\nSP  - 12\nEP  - 34\nPB  - Mossy Press\nCY  - Oldtown\nET  - 2nd\n\
                SN  - 978-3-16-148410-0\nSN  - 1234-567X\nLA  - en\nM3  - Review\nKW  - moss; shade\n\
                DO  - https://doi.org/10.1000%2FMoss\nUR  - https://example.org/moss\nC2  - PMC123\n\
                AN  - PMID: 456\nC1  - a note\nY2  - 2020/01/01\nER  - \n";
    let (paper, read) = one(text);
    let mut expected = Paper::new("c1")
        .title("Moss in shade")
        .authors([
            Name::person("Ann B.", "Alder"),
            Name::from_parts("Cy", "", "Stone", "Jr."),
        ])
        .year(2017)
        .venue("The book of moss")
        .url("https://example.org/moss")
        .categories(["moss", "shade"])
        .doi("10.1000/moss")
        .kind(PaperKind::Chapter);
    let details = &mut expected.details;
    details.genre = Some("Review".to_owned());
    details.published = "2017-06-12".parse().ok();
    details.volume = Some("3".to_owned());
    details.number = Some("2".to_owned());
    details.pages = Some("12-34".to_owned());
    details.publisher = Some("Mossy Press".to_owned());
    details.place = Some("Oldtown".to_owned());
    details.series = Some("Green series".to_owned());
    details.edition = Some("2nd".to_owned());
    details.editors = vec![Name::person("Bo", "Birch")];
    details.isbn = Some("978-3-16-148410-0".to_owned());
    details.issn = Some("1234-567X".to_owned());
    details.pmid = Some("456".to_owned());
    details.pmcid = Some("PMC123".to_owned());
    details.language = Some("en".to_owned());
    assert_eq!(paper, expected);
    assert_eq!(read.ignored, BTreeMap::from([("C1".to_owned(), 1)]));
    assert_eq!((read.format, read.remarks), (Format::Ris, Vec::new()));
}

#[test]
fn abstracts_of_ris_in_several_fields_are_joined_without_repetition() {
    for (fields, expected) in [
        ("AB  - One.\nAB  - Two.\nN2  - Three.", "One. Two. Three."),
        ("AB  - One.\nN2  - One.", "One."),
        ("N2  - One. Two.\nAB  - One...", "One. Two."),
        (
            "AB  - One and\ntwo and\n\n  three.",
            "One and two and three.",
        ),
        (
            "AB  - Those that use\nAI - based tools and\nCT - scans. The end.",
            "Those that use AI - based tools and CT - scans. The end.",
        ),
    ] {
        let paper = ris(&format!("TI  - A\n{fields}"));
        assert_eq!(paper.abstract_text, expected, "{fields}");
        assert_eq!((&*paper.title, &*paper.id), ("A", "a"));
    }
}

#[test]
fn a_tag_of_ris_may_be_written_in_other_ways() {
    for text in [
        "TY - JOUR\nTI - A\nAU - Alder, Ann\nPY - 2001\nER -\n",
        "TY  - JOUR\nTI - A\nAU - Alder, Ann\nPY - 2001\nER - \n",
        "ty  - jour\nti  - A\nau  - Alder, Ann\npy  - 2001\ner  - \n",
        "  TY  - JOUR\n  TI  - A\n  AU  - Alder, Ann\n  PY  - 2001\n  ER  -\n",
        "TY  - JOUR\r\nTI  - A\r\nAU  - Alder, Ann\r\nPY  - 2001\r\nER  - \r\n",
        "TY  - JOUR\rTI  - A\rAU  - Alder, Ann\rPY  - 2001\rER  - \r",
        "\u{feff}TY  - JOUR\nTI  - A\nAU  - Alder, Ann\nPY  - 2001\nER  - \n",
        "TY  -JOUR\nTI  -A\nAU  -Alder, Ann\nPY  -2001\nER  -\n",
        "TY\t-\tJOUR\nTI\t-\tA\nAU\t-\tAlder, Ann\nPY\t-\t2001\nER\t-\n",
    ] {
        let (paper, read) = one(text);
        let expected = Paper::new("alder2001-a");
        let expected = expected.title("A").authors(["Ann Alder"]).year(2001);
        assert_eq!(paper, expected.kind(PaperKind::Article), "{text:?}");
        assert!(read.remarks.is_empty());
    }
}

#[test]
fn a_record_of_ris_without_its_end_or_start_is_kept_with_a_remark() {
    let text = "TY  - JOUR\nTI  - One\nTY  - JOUR\nTI  - Two\nER  - \nER  - \nTI  - Three\nER  - \n\
                TY  - JOUR\nTI  - Four\nAB  - All is here.";
    let read = read_all(text);
    let titles: Vec<_> = read
        .papers
        .iter()
        .map(|paper| paper.as_ref().unwrap().title.as_str())
        .collect();
    assert_eq!(titles, ["One", "Two", "Three", "Four"]);
    let expected = [
        "1: the record has no `ER` before the next on line 3",
        "7: the record has no `TY`, its first field is `TI`",
        "9: the record has no `ER`, the file ends in it",
    ];
    assert_eq!(read.remarks, expected);
}

#[test]
fn lines_behind_the_end_of_a_record_of_ris_are_no_errors() {
    let record = |number: u32| {
        format!(
            "TY  - JOUR\nTI  - Number {number}\nER  -\nNL  - J Moss\n\nLink to the full text: x\n\n{}.\n",
            number + 1
        )
    };
    let read = read_all(&format!("1.\n{}{}", record(1), record(2)));
    assert_eq!(read.papers.len(), 2);
    assert!(read.papers.iter().all(Result::is_ok), "{:?}", read.papers);
    assert_eq!(read.ignored, BTreeMap::from([("NL".to_owned(), 2)]));
    assert!(read.remarks.is_empty(), "{:?}", read.remarks);
}

#[test]
fn dates_of_ris_in_all_their_forms() {
    for (fields, year, published) in [
        ("PY  - 2017", Some(2017), None),
        ("PY  - 2017/06/12/", Some(2017), Some("2017-06-12")),
        ("PY  - 2017/06//", Some(2017), Some("2017-06")),
        ("PY  - 2017///Spring", Some(2017), None),
        ("Y1  - 2017/Jun/12", Some(2017), Some("2017-06-12")),
        (
            "PY  - 2017\nDA  - 2017-06-12",
            Some(2017),
            Some("2017-06-12"),
        ),
        ("PY  - 2017\nDA  - Jun 12", Some(2017), Some("2017-06-12")),
        (
            "PY  - 2018\nDA  - 2017/12/30/",
            Some(2018),
            Some("2017-12-30"),
        ),
        ("DA  - 12 June 2017", Some(2017), Some("2017-06-12")),
        ("Y1  - 20170612", Some(2017), Some("2017-06-12")),
        ("PY  - c2017", Some(2017), None),
        ("ET  - 2017/06/12", Some(2017), Some("2017-06-12")),
        ("Y2  - 2017/06/12", None, None),
    ] {
        let paper = ris(&format!("TI  - A\n{fields}"));
        let published = published.map(|date| date.parse().unwrap());
        assert_eq!(
            (paper.year, paper.details.published),
            (year, published),
            "{fields}"
        );
        assert_eq!(paper.details.edition, None);
    }
    let (_, read) = one("TY  - JOUR\nTI  - A\nPY  - in press\nER  - \n");
    let expected = "1: the year is `in press`, which was left out, expected one such as 2017";
    assert_eq!(read.remarks, [expected]);
}

#[test]
fn the_fields_of_ris_depend_on_the_type() {
    let of = |reference_type: &str, fields: &str| {
        one(&format!(
            "TY  - {reference_type}\nTI  - T\n{fields}\nER  - \n"
        ))
        .0
    };
    for (name, kind) in [
        ("JOUR", PaperKind::Article),
        ("INPR", PaperKind::Article),
        ("CONF", PaperKind::ConferencePaper),
        ("CPAPER", PaperKind::ConferencePaper),
        ("BOOK", PaperKind::Book),
        ("EDBOOK", PaperKind::Book),
        ("CHAP", PaperKind::Chapter),
        ("THES", PaperKind::Thesis),
        ("RPRT", PaperKind::Report),
        ("UNPB", PaperKind::Preprint),
        ("DATA", PaperKind::Dataset),
        ("COMP", PaperKind::Software),
        ("ELEC", PaperKind::WebPage),
        ("PAT", PaperKind::Patent),
        ("STAND", PaperKind::Standard),
        ("VIDEO", PaperKind::Other),
    ] {
        assert_eq!(of(name, "").details.kind, Some(kind), "{name}");
    }
    let thesis = of(
        "THES",
        "AU  - Alder, Ann\nPB  - University of Moss\nM3  - PhD thesis",
    );
    assert_eq!(thesis.venue.as_deref(), Some("University of Moss"));
    assert_eq!(thesis.details.publisher, thesis.venue);
    assert_eq!(thesis.details.genre.as_deref(), Some("PhD thesis"));
    // The second title of a book is that of a series, whose editors have `A2`.
    let book = of(
        "BOOK",
        "AU  - Alder, Ann\nA2  - Birch, Bo\nT2  - Series\nPB  - Press",
    );
    assert_eq!(
        (book.details.series.as_deref(), book.venue.as_deref()),
        (Some("Series"), Some("Press"))
    );
    assert!(book.details.editors.is_empty());
    let book = of("BOOK", "A3  - Birch, Bo\nPB  - Press");
    assert_eq!(
        (full_names(&book.authors), full_names(&book.details.editors)),
        (vec!["Bo Birch"], vec!["Bo Birch"])
    );
    let proceedings = of("BOOK", "A2  - Birch, Bo\nM3  - proceedings");
    assert_eq!(proceedings.details.kind, Some(PaperKind::Proceedings));
    let report = of("RPRT", "SN  - TR-12\nPB  - Institute");
    assert_eq!(report.details.number.as_deref(), Some("TR-12"));
    let article = of(
        "JOUR",
        "JO  - J. Moss\nJF  - Journal of Moss\nSP  - e12\nM1  - 7",
    );
    assert_eq!(article.venue.as_deref(), Some("Journal of Moss"));
    assert_eq!(
        (
            article.details.pages.as_deref(),
            article.details.number.as_deref()
        ),
        (Some("e12"), Some("7"))
    );
}

#[test]
fn one_field_of_ris_may_have_several_names() {
    let paper = ris(
        "TI  - A\nAU  - Alder, A.; Birch, B.\nAU  - Coe, Cy and Doe, Di\nA1  - Moss & Stone,, Inc.\nAU  - World Moss Group",
    );
    let expected = [
        "A. Alder",
        "B. Birch",
        "Cy Coe",
        "Di Doe",
        "Moss & Stone, Inc.",
        "World Moss Group",
    ];
    assert_eq!(full_names(&paper.authors), expected);
    assert_eq!(paper.authors[4].family(), "Moss & Stone, Inc.");
}

#[test]
fn the_identifiers_of_ris_are_in_many_fields() {
    let paper = ris("TI  - A\nUR  - https://doi-org.proxy.example.edu/10.1000/a");
    assert_eq!(paper.doi.as_deref(), Some("10.1000/a"));
    let paper = ris("TI  - A\nM3  - doi: 10.1000/a");
    assert_eq!(
        (paper.doi.as_deref(), paper.details.genre),
        (Some("10.1000/a"), None)
    );
    let paper = ris("TI  - A\nDB  - PubMed\nAN  - 123");
    assert_eq!(
        (&*paper.id, paper.details.pmid.as_deref()),
        ("123", Some("123"))
    );
    let paper = ris("TI  - A\nUR  - https://arxiv.org/html/2101.00001v2");
    assert_eq!(
        (&*paper.id, paper.arxiv.as_deref()),
        ("2101.00001", Some("2101.00001"))
    );
}

const NBIB: &str = "
PMID- 10000001
OWN - NLM
STAT- MEDLINE
IS  - 1234-5678 (Electronic)
IS  - 2345-6789 (Linking)
VI  - 3
IP  - 2
DP  - 2017 Jun 12
TI  - Moss in the shade of
      stones.
PG  - 123-9
LID - 10.1000/moss [doi]
LID - e12 [pii]
AB  - BACKGROUND: We look. RESULTS:
      We find.
FAU - Alder, Ann B
AU  - Alder AB
AUID- ORCID: 0000
AD  - Institute of Moss.
FAU - Stone, Cy Jr
AU  - Stone C Jr
CN  - Moss Study Group
AU  - van der Berken J
LA  - eng
PT  - Journal Article
PT  - Review
PL  - England
TA  - J Moss
JT  - Journal of moss
MH  - *Moss/growth & development
MH  - Stones
OT  - shade
OT  - moss
GR  - 1/Moss Fund
PMC - PMC123
AID - 10.1000/moss [doi]
SO  - J Moss. 2017 Jun 12;3(2):123-9.

PMID- 20000001
DP  - 2004
TI  - Wax
BTI - Hives
PB  - Hive Press
PL  - Oldtown
FED - Birch, Bo
ED  - Birch B
LA  - eng
PT  - Review
PT  - Book Chapter
";

#[test]
fn medline() {
    let read = read_all(NBIB);
    assert_eq!((read.format, read.papers.len()), (Format::Nbib, 2));
    let mut moss = Paper::new("10000001")
        .title("Moss in the shade of stones.")
        .abstract_text("BACKGROUND: We look. RESULTS: We find.")
        .authors([
            Name::person("Ann B", "Alder"),
            Name::from_parts("Cy", "", "Stone", "Jr"),
            Name::organization("Moss Study Group"),
            Name::person("J", "van der Berken"),
        ])
        .year(2017)
        .venue("Journal of moss")
        .url("https://pubmed.ncbi.nlm.nih.gov/10000001/")
        .categories(["Moss", "Stones", "shade"])
        .doi("10.1000/moss")
        .kind(PaperKind::Article);
    let details = &mut moss.details;
    details.published = "2017-06-12".parse().ok();
    details.volume = Some("3".to_owned());
    details.number = Some("2".to_owned());
    details.pages = Some("123-129".to_owned());
    details.issn = Some("1234-5678".to_owned());
    details.pmid = Some("10000001".to_owned());
    details.pmcid = Some("PMC123".to_owned());
    details.language = Some("eng".to_owned());
    assert_eq!(read.papers[0], Ok(moss));
    let wax = read.papers[1].as_ref().unwrap();
    assert_eq!((&*wax.title, wax.venue.as_deref()), ("Wax", Some("Hives")));
    assert_eq!(wax.details.kind, Some(PaperKind::Chapter));
    assert_eq!(
        (
            wax.details.publisher.as_deref(),
            wax.details.place.as_deref()
        ),
        (Some("Hive Press"), Some("Oldtown"))
    );
    assert_eq!(full_names(&wax.details.editors), ["Bo Birch"]);
    assert_eq!(
        read.ignored,
        BTreeMap::from([("AD".to_owned(), 1), ("GR".to_owned(), 1)])
    );
    assert!(read.remarks.is_empty());
    // Programs join files without a blank line, and papers outside of PubMed begin with another identifier.
    let joined = "PMID- 1\nTI  - One\nPMID- 2\nTI  - Two\n\nPMC - PMC3\nTI  - Three\n";
    let ids: Vec<_> = read_all(joined)
        .papers
        .into_iter()
        .map(|paper| paper.unwrap().id)
        .collect();
    assert_eq!(ids, ["1", "2", "PMC3"]);
}

const CIW: &str = "\u{feff}FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Alder, A
   Stone, C
AF Alder, Ann B.
   Stone, Cy, Jr.
CA Moss Consortium
TI Moss in the shade
   of stones
SO JOURNAL OF MOSS
LA English
DT Article; Retracted Publication
DE moss; shade
ID STONES; MOSS
AB We look. And
   we find.
C1 [Alder, Ann B.] Inst Moss, Oldtown.
CR Birch B, 1999, FERN, V1, P2, DOI 10.1000/Fern
   Coe C, 2001, J WOOD
NR 2
TC 5
PU MOSSY PRESS
PI OLDTOWN
SN 1234-5678
EI 2345-6789
J9 J MOSS
PD JUN 12
PY 2017
VL 3
IS 2
BP 12
EP 34
DI 10.1000/moss
WC Plant Sciences; Ecology
SC Plant Sciences
UT WOS:000000000000001
PM 10000001
ER

PT S
AU Doe, D
BE Roe, R
TI Roots
SO PROCEEDINGS OF THE WOOD WORKSHOP
SE Lecture Notes in Wood
CT 1st Wood Workshop
DT Proceedings Paper
PY 2010
AR 7
BN 978-3-16-148410-0
UT WOS:000000000000002
ER

EF
";

#[test]
fn the_web_of_science() {
    let read = read_all(CIW);
    assert_eq!((read.format, read.papers.len()), (Format::WebOfScience, 2));
    let mut moss = Paper::new("WOS:000000000000001")
        .title("Moss in the shade of stones")
        .abstract_text("We look. And we find.")
        .authors([
            Name::person("Ann B.", "Alder"),
            Name::from_parts("Cy", "", "Stone", "Jr."),
            Name::organization("Moss Consortium"),
        ])
        .year(2017)
        .venue("JOURNAL OF MOSS")
        .categories(["Plant Sciences", "Ecology", "moss", "shade", "STONES"])
        .doi("10.1000/moss")
        .references(["10.1000/fern"])
        .kind(PaperKind::Article);
    let details = &mut moss.details;
    details.genre = Some("Retracted Publication".to_owned());
    details.published = "2017-06-12".parse().ok();
    details.volume = Some("3".to_owned());
    details.number = Some("2".to_owned());
    details.pages = Some("12-34".to_owned());
    details.publisher = Some("MOSSY PRESS".to_owned());
    details.place = Some("OLDTOWN".to_owned());
    details.issn = Some("1234-5678".to_owned());
    details.pmid = Some("10000001".to_owned());
    details.language = Some("English".to_owned());
    assert_eq!(read.papers[0], Ok(moss));
    let roots = read.papers[1].as_ref().unwrap();
    assert_eq!(roots.details.kind, Some(PaperKind::ConferencePaper));
    assert_eq!(
        (
            roots.details.pages.as_deref(),
            roots.details.series.as_deref()
        ),
        (Some("7"), Some("Lecture Notes in Wood"))
    );
    assert_eq!(full_names(&roots.details.editors), ["R Roe"]);
    assert_eq!(roots.details.isbn.as_deref(), Some("978-3-16-148410-0"));
    assert_eq!(read.ignored, BTreeMap::from([("C1".to_owned(), 1)]));
    // A file that breaks off, and one without a header.
    let (paper, read) = one("PT J\nAU Alder, A\nTI Moss\nPY soon\n");
    assert_eq!((read.format, &*paper.title), (Format::WebOfScience, "Moss"));
    let expected = [
        "1: the record has no `ER`, the file ends in it",
        "1: the year is `soon`, which was left out, expected one such as 2017",
    ];
    assert_eq!(read.remarks, expected);
}

#[test]
fn the_tagged_format_of_endnote() {
    let text = "%0 Journal Article\n%T Moss in shade\n%A Alder, Ann\n%A Birch, Bo\n%J Journal of Moss\n%V 3\n%N 2\n\
                %P 12-34\n%D 2017\n%8 Jun 12\n%@ 1234-5678\n%I Mossy Press\n%C Oldtown\n%K moss\nshade\n%R 10.1000/moss\n\
                %U https://example.org/moss\n%X We look.\nWe find.\n%G en\n%3 x\n\n\
                %0 Conference Paper\n%T Roots\n%A Doe, D\n%E Roe, R\n%B Proc. Wood\n%S Notes\n%D 2010\n%9 Poster\n";
    let read = read_all(text);
    assert_eq!((read.format, read.papers.len()), (Format::EndNote, 2));
    let mut moss = Paper::new("10.1000/moss")
        .title("Moss in shade")
        .abstract_text("We look. We find.")
        .authors(["Ann Alder", "Bo Birch"])
        .year(2017)
        .venue("Journal of Moss")
        .url("https://example.org/moss")
        .categories(["moss", "shade"])
        .doi("10.1000/moss")
        .kind(PaperKind::Article);
    let details = &mut moss.details;
    details.published = "2017-06-12".parse().ok();
    details.volume = Some("3".to_owned());
    details.number = Some("2".to_owned());
    details.pages = Some("12-34".to_owned());
    details.publisher = Some("Mossy Press".to_owned());
    details.place = Some("Oldtown".to_owned());
    details.issn = Some("1234-5678".to_owned());
    details.language = Some("en".to_owned());
    assert_eq!(read.papers[0], Ok(moss));
    let mut roots = Details::default();
    roots.kind = Some(PaperKind::ConferencePaper);
    roots.genre = Some("Poster".to_owned());
    roots.series = Some("Notes".to_owned());
    roots.editors = vec![Name::person("R", "Roe")];
    let expected = Paper::new("doe2010-roots")
        .title("Roots")
        .authors(["D Doe"])
        .year(2010)
        .venue("Proc. Wood");
    assert_eq!(read.papers[1], Ok(expected.details(roots)));
    assert_eq!(read.ignored, BTreeMap::from([("%3".to_owned(), 1)]));
}

#[test]
fn bytes_that_are_not_utf_8_invalidate_only_their_record_of_a_tagged_format() {
    for (text, damaged) in [(NBIB, "We look"), (CIW, "We look")] {
        // Other characters show that the file is in UTF-8.
        let text = text.replace("Moss", "Möss");
        assert!(!text.is_ascii());
        let mut bytes = text.as_bytes().to_vec();
        let at = text.find(damaged).unwrap();
        bytes[at] = 0xe9;
        let reader = PaperReader::new(&bytes[..], "f").unwrap();
        let found: Vec<_> = reader
            .map(|paper| paper.map_err(|error| error.to_string()))
            .collect();
        assert_eq!(found.len(), 2);
        assert!(found[0].as_ref().unwrap_err().contains("not UTF-8") && found[1].is_ok());
    }
}

const RIS: &str = "TY  - JOUR\nTI  - A\nAU  - Alder, A., Birch, B. and Coe, Cy\nPY  - 2017/06/12/\nSP  - 12\nEP  - 9\n\
                   SN  - 1234-567X\nAB  - One\nAB  - Two\nUR  - https://doi.org/10.1000/a\nER  - \nNL  - x\n";

const ENW: &str = "%0 Book\n%T A\n%E Alder, A\n%D 2017\n%8 Jun 12\n%P 12-9\n%U https://arxiv.org/abs/2101.00001\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_file_of_tags_is_read_to_its_end(at in 0_usize..4000, damage in "\\PC{0,3}|\r|\n|;|,|-| ") {
        for (text, format) in [
            (RIS, Format::Ris),
            (NBIB, Format::Nbib),
            (CIW, Format::WebOfScience),
            (ENW, Format::EndNote),
        ] {
            let at = text.floor_char_boundary(at % text.len());
            let damaged = format!("{}{damage}{}", &text[..at], &text[text.ceil_char_boundary(at + 1)..]);
            let reader = PaperReader::with_format(damaged.as_bytes(), "f", format).unwrap();
            prop_assert!(reader.count() >= 1, "{}", damaged);
        }
    }
}

#[test]
fn many_abstracts_of_one_record_take_linear_time() {
    let text = format!(
        "TY  - JOUR\nTI  - A\n{}ER  - \n",
        "AB  - some words of a text\n".repeat(100_000)
    );
    assert_eq!(one(&text).0.abstract_text.len(), 100_000 * 21 - 1);
}

#[test]
fn the_addresses_of_sites_that_show_the_papers_of_arxiv_are_read() {
    let paper = ris("TI  - A\nUR  - https://www.alphaxiv.org/abs/2101.00001v2");
    assert_eq!(paper.arxiv.as_deref(), Some("2101.00001"));
    assert_eq!(paper.doi, None);
}
