//! Papers that are written and read again.

use cognate_papers::{
    Details, ExportFormat, Format, ListEntry, Name, Paper, PaperKind, PaperReader, PaperWriter,
    PartialDate,
};
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
            .authors([
                "@SUM(1)",
                "Curie, Marie",
                "Ann (Bo) Ada",
                "a;b",
                "A; B",
                "=x, y",
            ])
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
        Paper::new("'=1")
            .title("''@a")
            .venue("'")
            .authors(["'+b"])
            .year(-15_990_801),
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
fn a_table_with_the_eleven_columns_of_earlier_versions_is_read() {
    let table = b"id,title,abstract,authors,year,venue,url,categories,doi,arxiv,references\n\
        '=1,a <b>,if a<b & c>d,\"Barrow & Nettle, Inc.; Team (Alpha)\",-400,,,\"learning, theory; x\",,,\n";
    let expected = Paper::new("=1")
        .title("a <b>")
        .abstract_text("if a<b & c>d")
        .authors(["Barrow & Nettle, Inc.", "Team (Alpha)"])
        .year(-400)
        .categories(["learning, theory", "x"]);
    assert_eq!(read(table), [expected]);
}

#[test]
fn apostrophes_in_the_tables_of_others_stay() {
    let papers = read(b"id,title\na,'=1\n");
    assert_eq!(papers[0].title, "'=1");
}

/// A text of characters that are special in some format, other than those that a table has for a missing
/// value.
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
    let text = prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat().trim().to_owned());
    text.prop_filter("a table reads a missing value", |text| {
        let text = text.to_lowercase();
        !["-", "na", "nan", "none", "null"].contains(&text.as_str())
    })
}

fn filled(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    text.prop_filter("blank", |text| !text.is_empty())
}

/// Names with parts of every form.
fn name() -> impl Strategy<Value = Name> {
    let names = [
        Name::new("Ann Ada"),
        Name::new("Jan van der Berken"),
        Name::new("Max Roe Jr."),
        Name::new("Øyvind Ada"),
        Name::new("Min-jun Kim"),
        Name::new("Plato"),
        Name::new("The Wheel Team"),
        Name::new("Barrow & Nettle, Inc."),
        Name::parse("García Molina, Ana"),
        Name::parse("García de la Torre, Ana"),
        Name::parse("Roe, Jr., Max L."),
        Name::from_parts("Jeanne", "d'", "Arc", ""),
        Name::from_parts("Ana", "", "de la Cruz", ""),
        Name::from_parts("bell", "", "hooks", ""),
        Name::organization("Ann Ada"),
    ];
    prop::sample::select(Vec::from(names))
}

fn date() -> impl Strategy<Value = PartialDate> {
    let month = prop::option::of((1..=12_u8, prop::option::of(1..=28_u8)));
    (1500..2030_i32, month).prop_map(|(year, month)| {
        let (month, day) = month.map_or((None, None), |(month, day)| (Some(month), day));
        PartialDate::new(year, month, day).unwrap()
    })
}

fn kind() -> impl Strategy<Value = PaperKind> {
    prop::sample::select(PaperKind::ALL)
}

/// Details of which the fields with free text are from `text`.
fn details(text: BoxedStrategy<String>) -> impl Strategy<Value = Details> {
    let optional = || prop::option::of(text.clone());
    let number = || prop::option::of("[1-9][0-9]{0,2}");
    let pages = prop::sample::select(vec!["12-34", "7", "e1234", "12-34, 56"]);
    let texts = (optional(), optional(), optional(), optional(), optional());
    let numbers = (number(), number(), prop::option::of(pages), number());
    let dates = (prop::option::of(date()), prop::option::of(date()));
    let editors = prop::collection::vec(name(), 0..3);
    let identifiers = prop::collection::vec(any::<bool>(), 5);
    (kind(), texts, numbers, dates, editors, identifiers).prop_map(
        |(kind, texts, numbers, dates, editors, has)| {
            let mut details = Details::default();
            details.kind = Some(kind);
            (
                details.genre,
                details.publisher,
                details.place,
                details.series,
                _,
            ) = texts;
            (details.volume, details.number) = (numbers.0, numbers.1);
            details.pages = numbers.2.map(str::to_owned);
            details.edition = numbers.3;
            (details.published, details.updated) = dates;
            details.editors = editors;
            let identifier = |at: usize, text: &str| has[at].then(|| text.to_owned());
            details.isbn = identifier(0, "978-3-16-148410-0");
            details.issn = identifier(1, "1234-5679");
            details.pmid = identifier(2, "12345678");
            details.pmcid = identifier(3, "PMC1234567");
            details.language = identifier(4, "en");
            details
        },
    )
}

fn paper() -> impl Strategy<Value = Paper> {
    let list = || prop::collection::vec(filled(text()), 0..3);
    let texts = (text(), text(), text(), text());
    let authors = prop_oneof![
        filled(text()).prop_map(Name::new),
        filled(text()).prop_map(Name::organization),
        name(),
    ];
    let authors = prop::collection::vec(authors, 0..3);
    let details = details(filled(text()).boxed());
    let year = prop::option::of(-3000..3000_i32);
    let added = prop::option::of(date());
    let names = prop::sample::subsequence(vec!["liked", "to read", "\u{e4}: b"], 0..=3);
    let lists = names.prop_flat_map(|names| {
        let entry = |name: &str| {
            let entry = ListEntry::new(name);
            prop_oneof![Just(String::new()), filled(text())]
                .prop_map(move |note| entry.clone().note(note.trim()))
        };
        names.into_iter().map(entry).collect::<Vec<_>>()
    });
    (texts, authors, list(), year, details, (added, lists)).prop_map(
        |(
            (id, title, abstract_text, venue),
            authors,
            categories,
            year,
            details,
            (added, lists),
        )| {
            // An object has a date of publication in its year, which a reader adds.
            let year = year.or(details.published.map(PartialDate::year));
            let mut paper = Paper::new(format!("i{id}"))
                .title(format!("T{title}"))
                .abstract_text(abstract_text)
                .authors(authors)
                .categories(categories)
                .details(details)
                .lists(lists);
            paper.added = added;
            paper.year = year;
            paper.venue = Some(venue).filter(|venue| !venue.is_empty());
            paper
        },
    )
}

/// Returns the paper as a table keeps it: without a semicolon before white space in an item.
fn in_a_table(mut paper: Paper) -> Paper {
    let notes = paper.lists.iter_mut().map(|entry| &mut entry.note);
    for item in paper.categories.iter_mut().chain(notes) {
        let next = item.chars().skip(1).chain(['x']);
        let separates = |(c, next): &(char, char)| *c == ';' && next.is_whitespace();
        let pairs = item.chars().zip(next);
        *item = pairs
            .map(|pair| if separates(&pair) { ',' } else { pair.0 })
            .collect();
    }
    paper
}

proptest! {
    #[test]
    fn json_and_tables_keep_any_paper(papers in prop::collection::vec(paper(), 1..4)) {
        for format in [ExportFormat::Json, ExportFormat::JsonLines] {
            let json = written(&papers, format, true);
            let reader = PaperReader::with_format(json.as_slice(), "f", Format::JsonLines).unwrap();
            prop_assert_eq!(&reader.collect::<Result<Vec<_>, _>>().unwrap(), &papers);
        }
        let expected: Vec<Paper> = papers.iter().cloned().map(in_a_table).collect();
        for guard in [true, false] {
            prop_assert_eq!(&read(&written(&papers, ExportFormat::Csv, guard)), &expected);
        }
    }

    #[test]
    fn no_text_adds_a_record_in_another_format(papers in prop::collection::vec(paper(), 1..4)) {
        for format in [ExportFormat::Bibtex, ExportFormat::Ris, ExportFormat::CslJson] {
            let found = read(&written(&papers, format, true));
            prop_assert_eq!(found.len(), papers.len(), "{}", format);
        }
        let list = String::from_utf8(written(&papers, ExportFormat::Markdown, true)).unwrap();
        prop_assert_eq!(list.lines().count(), papers.len());
    }
}

/// A text that reference managers can hold: one line without markup.
fn plain_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[A-Za-zé日]{1,6}",
        1 => prop::sample::select(vec![
            "&", "%", "$", "#", "_", "{", "}", "~", "^", "\\", "--", "``", "''", "\"", "(x)", "1.5", "<",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 1..6).prop_map(|parts| format!("Q{}", parts.join(" ")))
}

/// Papers with the data that reference managers have.
fn bibliographic_paper() -> impl Strategy<Value = Paper> {
    let words = "[A-Z][a-z]{2,6}( [A-Z][a-z]{2,6}){0,2}".boxed();
    let texts = (plain_text(), plain_text(), prop::option::of(words.clone()));
    let authors = prop::collection::vec(name(), 0..4);
    let categories =
        prop::sample::subsequence(vec!["cs.CL", "Machine Learning", "learning, theory"], 0..=3);
    let identifiers = (
        prop::option::of("10\\.1234/[a-z][a-z0-9.]{2,6}[a-z]"),
        prop::option::of("2001\\.0[0-9]{4}"),
        prop::option::of("https://example\\.org/[a-z]{1,8}"),
    );
    let year = prop::option::of(1500..2030_i32);
    (
        texts,
        authors,
        categories,
        identifiers,
        year,
        details(words),
    )
        .prop_map(
            |((title, abstract_text, venue), authors, categories, identifiers, year, details)| {
                let mut paper = Paper::new("")
                    .title(title)
                    .abstract_text(abstract_text)
                    .authors(authors)
                    .categories(categories)
                    .details(details);
                (paper.venue, paper.year) = (venue, year);
                (paper.doi, paper.arxiv, paper.url) = identifiers;
                // Readers add what the type of an entry says of a thesis.
                if matches!(
                    paper.details.kind,
                    Some(PaperKind::Thesis | PaperKind::Report)
                ) {
                    paper.details.genre = Some("PhD thesis".to_owned());
                }
                paper
            },
        )
}

/// Returns a paper with what a format for references cannot hold, and with what its reader adds, taken away or added.
fn held(mut paper: Paper, format: ExportFormat) -> Paper {
    let details = &mut paper.details;
    if format != ExportFormat::CslJson {
        paper.references.clear();
    }
    if format == ExportFormat::Ris {
        details.updated = None;
        // A date that is not that of the year has a month.
        details.published = details.published.filter(|date| {
            date.month().is_some() || paper.year.is_none_or(|year| year == date.year())
        });
        // The type of work is the genre, or else says that a book is proceedings.
        if details.kind == Some(PaperKind::Proceedings) && details.genre.is_some() {
            details.kind = Some(PaperKind::Book);
        }
    }
    paper.year = paper.year.or(details.published.map(PartialDate::year));
    // A year alone is the year of the paper, or else that of the paper is.
    let is_year = |date: &PartialDate| date.month().is_none() && Some(date.year()) == paper.year;
    details.published = details.published.filter(|date| !is_year(date));
    let is_contained = matches!(
        details.kind,
        Some(PaperKind::Article | PaperKind::ConferencePaper | PaperKind::Chapter)
    );
    // Without a container, the venue is the publisher.
    if !is_contained && details.publisher.is_none() {
        details.publisher.clone_from(&paper.venue);
    }
    if paper.venue.is_none() {
        paper.venue.clone_from(&details.publisher);
    }
    // The authors of a collection are its editors.
    if paper.authors.is_empty() {
        paper.authors.clone_from(&details.editors);
    }
    // Bibliographies do not tell a particle from the start of a family name in every case.
    for name in paper.authors.iter_mut().chain(&mut details.editors) {
        *name = Name::organization(format!("{} = {}", name.full(), name.inverted()));
    }
    paper
}

fn assert_holds(
    mut papers: Vec<Paper>,
    format: ExportFormat,
    read_as: Format,
) -> Result<(), TestCaseError> {
    for (at, paper) in papers.iter_mut().enumerate() {
        paper.id = format!("key{at}");
    }
    let bytes = written(&papers, format, true);
    let reader = PaperReader::new(bytes.as_slice(), "f").unwrap();
    prop_assert_eq!(reader.format(), read_as);
    let found = read(&bytes).into_iter().map(|paper| held(paper, format));
    let found: Vec<Paper> = found.collect();
    let expected = papers.into_iter().map(|paper| held(paper, format));
    let expected: Vec<Paper> = expected.collect();
    prop_assert_eq!(found, expected, "{}", String::from_utf8_lossy(&bytes));
    Ok(())
}

proptest! {
    #[test]
    fn bibtex_keeps_what_it_can_hold(
        papers in prop::collection::vec(bibliographic_paper(), 1..4)
    ) {
        assert_holds(papers, ExportFormat::Bibtex, Format::Bibtex)?;
    }

    #[test]
    fn ris_keeps_what_it_can_hold(
        papers in prop::collection::vec(bibliographic_paper(), 1..4)
    ) {
        assert_holds(papers, ExportFormat::Ris, Format::Ris)?;
    }

    #[test]
    fn csl_json_keeps_what_it_can_hold(
        papers in prop::collection::vec(bibliographic_paper(), 1..4)
    ) {
        assert_holds(papers, ExportFormat::CslJson, Format::CslJson)?;
    }
}
