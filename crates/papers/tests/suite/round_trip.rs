//! Papers that are written and read again.

use cognate_papers::{ExportFormat, Paper, PaperReader, PaperWriter};
use proptest::prelude::*;

fn written(papers: &[Paper], format: ExportFormat, guard: bool) -> Vec<u8> {
    let mut writer = PaperWriter::new(Vec::new(), format).guard_cells(guard);
    for paper in papers {
        writer.write(paper).unwrap();
    }
    writer.finish().unwrap()
}

fn read(bytes: &[u8]) -> Vec<Paper> {
    let reader = PaperReader::new(bytes, "f").unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

/// Papers whose texts are formulas, markup, quotes, line breaks and control characters.
fn hostile() -> Vec<Paper> {
    vec![
        Paper::new("=cmd|' /C calc'!A0")
            .title("=HYPERLINK(\"http://example.org\",\"x\")")
            .abstract_text("+1\r\n+1\r+1\n\n\n-1")
            .authors(["@SUM(1)", "Curie, Marie", "Ann (Bo) Ada", "a;b"])
            .year(-300)
            .venue("-2+3")
            .url("=1")
            .categories(["-a", "b, c"])
            .doi("@x")
            .arxiv("+y")
            .references([
                "10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI4>3.0.CO;2-O",
                "z",
            ]),
        Paper::new("'=1").title("''@a").venue("'").authors(["'+b"]),
        Paper::new("c").title("a <b>bold</b> &amp; \"quoted\", \u{1b}[31m\u{9b}\u{202e}"),
        Paper::new("d").abstract_text("'tis, \"\", \\, \u{2028}x"),
    ]
}

#[test]
fn a_table_keeps_every_field_with_and_without_apostrophes() {
    let papers = hostile();
    let guarded = written(&papers, ExportFormat::Csv, true);
    let raw = written(&papers, ExportFormat::Csv, false);
    assert_eq!(read(&guarded), papers);
    assert_eq!(read(&raw), papers);
    let text = String::from_utf8(guarded).unwrap();
    assert!(
        text.contains("\n'=cmd|' /C calc'!A0,\"'=HYPERLINK("),
        "{text}"
    );
    let text = String::from_utf8(raw).unwrap();
    assert!(
        text.contains("\n=cmd|' /C calc'!A0,\"=HYPERLINK("),
        "{text}"
    );
}

#[test]
fn a_table_of_hits_is_read_without_ranks() {
    let papers = hostile();
    let mut writer = PaperWriter::for_hits(Vec::new(), ExportFormat::Csv);
    for (at, paper) in papers.iter().enumerate() {
        writer.write_ranked(paper, at + 1, -0.5).unwrap();
    }
    let bytes = writer.finish().unwrap();
    assert_eq!(read(&bytes), papers);
    // A number is no formula, though it begins with a sign.
    assert!(String::from_utf8(bytes).unwrap().contains("\n1,-0.5,'=cmd"));
}

#[test]
fn apostrophes_in_the_tables_of_others_stay() {
    let papers = read(b"id,title\na,'=1\n");
    assert_eq!(papers[0].title, "'=1");
}

fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-zé日 ]{1,6}",
        Just("=".to_owned()),
        Just("'+".to_owned()),
        Just("; ".to_owned()),
        Just("\"".to_owned()),
        Just(",".to_owned()),
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("\nER  - \n".to_owned()),
        Just("{\\}".to_owned()),
        Just("&lt;<i>".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat().trim().to_owned())
}

fn paper() -> impl Strategy<Value = Paper> {
    let list = || prop::collection::vec(text().prop_filter("blank", |item| !item.is_empty()), 0..3);
    let texts = (text(), text(), text(), text());
    (texts, list(), list(), prop::option::of(-3000..3000_i32)).prop_map(
        |((id, title, abstract_text, venue), authors, categories, year)| {
            let mut paper = Paper::new(format!("i{id}"))
                .title(format!("T{title}"))
                .abstract_text(abstract_text)
                .authors(authors)
                .categories(categories);
            paper.year = year;
            paper.venue = Some(venue).filter(|venue| !venue.is_empty());
            paper
        },
    )
}

/// Returns the paper as a table keeps it: without a semicolon before white space in an item.
fn in_a_table(mut paper: Paper) -> Paper {
    let replaced = |item: &str| -> String {
        let next = item.chars().skip(1).chain(['x']);
        let separates = |(c, next): &(char, char)| *c == ';' && next.is_whitespace();
        let pairs = item.chars().zip(next);
        pairs
            .map(|pair| if separates(&pair) { ',' } else { pair.0 })
            .collect()
    };
    for name in &mut paper.authors {
        *name = replaced(name.full()).into();
    }
    for category in &mut paper.categories {
        *category = replaced(category);
    }
    paper
}

proptest! {
    #[test]
    fn json_and_tables_keep_any_paper(papers in prop::collection::vec(paper(), 1..4)) {
        for format in [ExportFormat::Json, ExportFormat::JsonLines] {
            prop_assert_eq!(&read(&written(&papers, format, true)), &papers);
        }
        let expected: Vec<Paper> = papers.iter().cloned().map(in_a_table).collect();
        for guard in [true, false] {
            prop_assert_eq!(&read(&written(&papers, ExportFormat::Csv, guard)), &expected);
        }
    }

    #[test]
    fn no_text_adds_a_record_in_another_format(papers in prop::collection::vec(paper(), 1..4)) {
        for format in [ExportFormat::Bibtex, ExportFormat::Ris] {
            let found = read(&written(&papers, format, true));
            prop_assert_eq!(found.len(), papers.len(), "{}", format);
        }
    }
}
