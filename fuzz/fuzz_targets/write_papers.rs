//! Writes arbitrary papers in every format and reads them again.
//!
//! JSON and tables give the same papers; the other formats have a record for each paper and no other.
#![no_main]

use cognate::{Details, ExportFormat, Format, Name, Paper, PaperKind, PaperReader, PaperWriter, PartialDate};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Fields {
    texts: [String; 3],
    optional: [Option<String>; 4],
    authors: Vec<NameParts>,
    lists: [Vec<String>; 2],
    year: Option<i32>,
    details: Option<DetailFields>,
}

#[derive(Debug, Arbitrary)]
struct DetailFields {
    kind: Option<u8>,
    texts: [Option<String>; 13],
    dates: [Option<(i16, Option<u8>, Option<u8>)>; 2],
    editors: Vec<NameParts>,
}

#[derive(Debug, Arbitrary)]
enum NameParts {
    Spoken(String),
    Inverted(String),
    Organization(String),
    Parts([String; 4]),
}

fuzz_target!(|papers: Vec<Fields>| {
    // What a reader returns is trimmed and has normalized identifiers.
    let papers: Vec<Paper> = papers.into_iter().map(paper).collect();
    let papers = read(&written(&papers, ExportFormat::JsonLines, true), Format::JsonLines);
    for format in [ExportFormat::JsonLines, ExportFormat::Json] {
        assert_eq!(read(&written(&papers, format, true), Format::JsonLines), papers);
    }
    let tabular: Vec<Paper> = papers.iter().cloned().map(in_a_table).collect();
    for guard in [true, false] {
        let table = written(&papers, ExportFormat::Csv, guard);
        assert_eq!(read(&table, Format::Csv), tabular, "{}", String::from_utf8_lossy(&table));
    }
    for (export, format) in [
        (ExportFormat::Bibtex, Format::Bibtex),
        (ExportFormat::Ris, Format::Ris),
        (ExportFormat::CslJson, Format::CslJson),
    ] {
        let bytes = written(&papers, export, true);
        let found = read(&bytes, format);
        assert_eq!(found.len(), papers.len(), "{}", String::from_utf8_lossy(&bytes));
        for (found, paper) in found.iter().zip(&papers) {
            // The editors are the authors of a paper without authors. A line of RIS may have several names.
            let most = paper.authors.len().max(paper.details.editors.len()) + 1;
            assert!(found.authors.len() <= most || format == Format::Ris);
        }
    }
    written(&papers, ExportFormat::Markdown, true);
});

fn paper(fields: Fields) -> Paper {
    let [id, title, abstract_text] = fields.texts;
    let [venue, url, doi, arxiv] = fields.optional;
    let [categories, references] = fields.lists;
    // A letter that every format keeps makes the paper valid in all of them.
    let mut paper = Paper::new(format!("i{id}"))
        .title(format!("T{title}"))
        .abstract_text(abstract_text)
        .authors(fields.authors.into_iter().map(name))
        .categories(categories)
        .references(references)
        .details(fields.details.map(details).unwrap_or_default());
    paper.year = fields.year;
    (paper.venue, paper.url, paper.doi, paper.arxiv) = (venue, url, doi, arxiv);
    paper
}

fn details(fields: DetailFields) -> Details {
    let mut details = Details::default();
    let kind = fields.kind.map(usize::from);
    details.kind = kind.map(|kind| PaperKind::ALL[kind % PaperKind::ALL.len()]);
    let date = |parts: Option<(i16, Option<u8>, Option<u8>)>| {
        parts.and_then(|(year, month, day)| PartialDate::new(year.into(), month, day))
    };
    [details.published, details.updated] = fields.dates.map(date);
    [
        details.genre,
        details.volume,
        details.number,
        details.pages,
        details.publisher,
        details.place,
        details.series,
        details.edition,
        details.isbn,
        details.issn,
        details.pmid,
        details.pmcid,
        details.language,
    ] = fields.texts;
    details.editors = fields.editors.into_iter().map(name).collect();
    details
}

fn name(parts: NameParts) -> Name {
    match parts {
        NameParts::Spoken(name) => Name::new(name),
        NameParts::Inverted(name) => Name::parse(&name),
        NameParts::Organization(name) => Name::organization(name),
        NameParts::Parts([given, particle, family, suffix]) => {
            Name::from_parts(&given, &particle, &family, &suffix)
        }
    }
}

fn written(papers: &[Paper], format: ExportFormat, guard: bool) -> Vec<u8> {
    let mut writer = PaperWriter::new(Vec::new(), format).guard_cells(guard);
    for paper in papers {
        writer.write(paper).expect("writing to memory cannot fail");
    }
    writer.finish().expect("writing to memory cannot fail")
}

fn read(bytes: &[u8], format: Format) -> Vec<Paper> {
    let reader = PaperReader::with_format(bytes, "data", format).expect("memory can be read");
    reader
        .map(|paper| paper.expect("every record is a paper"))
        .collect()
}

/// Returns the paper as a table keeps it: lists without blank items, and subjects and references without
/// semicolons before white space.
fn in_a_table(mut paper: Paper) -> Paper {
    for names in [&mut paper.authors, &mut paper.details.editors] {
        names.retain(|name| !name.full().trim().is_empty());
    }
    for list in [&mut paper.categories, &mut paper.references] {
        list.retain(|item| !item.is_empty());
        for item in list {
            let next = item.chars().skip(1).chain(['x']);
            let replaced = |(c, next): (char, char)| {
                if c == ';' && next.is_whitespace() { ',' } else { c }
            };
            *item = item.chars().zip(next).map(replaced).collect();
        }
    }
    paper
}
