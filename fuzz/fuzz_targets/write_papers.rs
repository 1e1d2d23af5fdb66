//! Writes arbitrary papers in every format and reads them again.
//!
//! JSON and tables give the same papers; the other formats have a record for each paper and no other.
#![no_main]

use cognate::{ExportFormat, Format, Paper, PaperReader, PaperWriter};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Fields {
    texts: [String; 3],
    optional: [Option<String>; 4],
    lists: [Vec<String>; 3],
    year: Option<i32>,
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
    ] {
        let bytes = written(&papers, export, true);
        let found = read(&bytes, format);
        assert_eq!(found.len(), papers.len(), "{}", String::from_utf8_lossy(&bytes));
        for (found, paper) in found.iter().zip(&papers) {
            assert!(found.authors.len() <= paper.authors.len() + 1);
        }
    }
    written(&papers, ExportFormat::Markdown, true);
});

fn paper(fields: Fields) -> Paper {
    let [id, title, abstract_text] = fields.texts;
    let [venue, url, doi, arxiv] = fields.optional;
    let [authors, categories, references] = fields.lists;
    // A letter that every format keeps makes the paper valid in all of them.
    let mut paper = Paper::new(format!("i{id}"))
        .title(format!("T{title}"))
        .abstract_text(abstract_text)
        .authors(authors)
        .categories(categories)
        .references(references);
    paper.year = fields.year;
    (paper.venue, paper.url, paper.doi, paper.arxiv) = (venue, url, doi, arxiv);
    paper
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

/// Returns the paper as a table keeps it: lists without blank items, and without semicolons before white
/// space.
fn in_a_table(mut paper: Paper) -> Paper {
    for list in [&mut paper.authors, &mut paper.categories, &mut paper.references] {
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
