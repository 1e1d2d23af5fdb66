//! Encodings and line ends of files in every format.

use cognate_papers::{Format, Paper, PaperReader};

use crate::fixtures::{bytes, gzip, read, zstd};

const TEXT_FIXTURES: [&str; 9] = [
    "papers.bib",
    "papers.ris",
    "zotero.csv",
    "web-of-science.tsv",
    "zotero.json",
    "arxiv.jsonl",
    "pubmed.xml",
    "openalex.json",
    "damaged.csv",
];

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn files_in_utf_16_have_the_same_papers() {
    for name in TEXT_FIXTURES {
        let text = String::from_utf8(bytes(name)).unwrap();
        // What XML declares is not what it is.
        let expected = read(text.as_bytes());
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            assert_eq!(read(&utf16(&text, to_bytes)), expected, "{name}");
            let marked = utf16(&format!("\u{feff}{text}"), to_bytes);
            assert_eq!(read(&marked), expected, "{name}");
            assert_eq!(read(&gzip(&marked)), expected, "{name}");
            assert_eq!(read(&zstd(&marked)), expected, "{name}");
        }
    }
}

#[test]
fn files_with_any_line_ends_have_the_same_papers_on_the_same_lines() {
    for name in TEXT_FIXTURES {
        let text = String::from_utf8(bytes(name)).unwrap();
        let text = text.replace("\r\n", "\n");
        let expected = read(text.as_bytes());
        for line_end in ["\r", "\r\n"] {
            let other = text.replace('\n', line_end);
            assert_eq!(read(other.as_bytes()), expected, "{name} {line_end:?}");
        }
    }
}

#[test]
fn a_file_in_windows_1252_is_read_with_a_remark() {
    let bibtex = b"@misc{a, title = {Mo\xdf \x96 \x84F\xe4rn\x93}}\n";
    let ris = b"TY  - JOUR\nTI  - Mo\xdf \x96 \x84F\xe4rn\x93\nER  - \n";
    let csv = b"id,title\na,Mo\xdf \x96 \x84F\xe4rn\x93\n";
    for (file, line) in [(&bibtex[..], 1), (&ris[..], 2), (&csv[..], 2)] {
        let mut reader = PaperReader::new(file, "f").unwrap();
        let paper = reader.next().unwrap().unwrap();
        assert_eq!(paper.title, "Moß – „Färn“");
        let remarks = reader.take_remarks();
        let found: Vec<_> = remarks
            .iter()
            .map(|remark| (remark.location.to_string(), remark.text.as_str()))
            .collect();
        let expected = "the file is not in UTF-8, it was read as Windows-1252";
        assert_eq!(found, [(format!("{line}"), expected)]);
    }
}

#[test]
fn the_declared_encoding_of_xml_is_used() {
    let xml = b"<?xml version='1.0' encoding='ISO-8859-1'?>\n<PubmedArticleSet><PubmedArticle>\
        <MedlineCitation><PMID>1</PMID><Article><ArticleTitle>Mo\xdf</ArticleTitle></Article>\
        </MedlineCitation></PubmedArticle></PubmedArticleSet>";
    let (format, found) = read(xml);
    assert_eq!(format, Format::PubmedXml);
    assert_eq!(found[0].as_ref().unwrap().title, "Moß");
}

#[test]
fn a_mark_of_utf_8_precedes_any_format() {
    for name in TEXT_FIXTURES {
        let text = bytes(name);
        let marked = [b"\xef\xbb\xbf", &text[..]].concat();
        assert_eq!(read(&marked), read(&text), "{name}");
    }
}

#[test]
fn a_format_that_does_not_fit_is_told_with_the_first_error() {
    let errors = |text: &str, format: Format| -> Vec<String> {
        let reader = PaperReader::with_format(text.as_bytes(), "f", format).unwrap();
        let papers = reader.filter_map(Result::err);
        papers.map(|error| error.to_string()).collect()
    };
    for empty in ["[]", "", "\n"] {
        assert_eq!(errors(empty, Format::CslJson), Vec::<String>::new());
    }
    let ris = "TY  - JOUR\nTI  - A\nER  - \n";
    let found = errors(ris, Format::Bibtex);
    let expected = "f:1: there is no record in bibtex, the file looks like ris; the rest of the file was not read";
    assert_eq!(found, [expected]);
    let found = errors("@misc{a, title = {A}}\n", Format::Ris);
    assert!(found[0].contains("the file looks like bibtex"), "{found:?}");
    let found = errors(
        "{\"id\": \"a\", \"title\": \"A\"}\n{\"id\": \"b\"}\n",
        Format::Csv,
    );
    assert!(
        found[0].contains("; the file looks like jsonl"),
        "{found:?}"
    );
    let found = errors("id,title\na,A\nb,B\n", Format::JsonLines);
    assert!(found[0].contains("; the file looks like csv"), "{found:?}");
    assert_eq!(
        found
            .iter()
            .filter(|error| error.contains("looks like"))
            .count(),
        1
    );
    let found = errors("<html><p>", Format::PubmedXml);
    assert!(
        found[0].contains("the file is XML with the root `html`"),
        "{found:?}"
    );
    // A format that fits, and one that only might.
    let own = "{\"id\": \"a\", \"title\": \"A\"}\n{\"id\": \n";
    assert!(!errors(own, Format::JsonLines)[0].contains("looks like"));
    let reader = PaperReader::with_format(own.as_bytes(), "f", Format::OpenAlex).unwrap();
    assert_eq!(
        reader
            .flatten()
            .map(|paper: Paper| paper.id)
            .next()
            .as_deref(),
        Some("a")
    );
}
