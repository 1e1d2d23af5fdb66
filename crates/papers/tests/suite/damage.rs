//! Damaged files: each error has a location and affects no other record.

use cognate_papers::{Format, Paper, PaperReader};

use crate::fixtures::{bytes, gzip, read, zstd};

#[test]
fn a_truncated_file_yields_one_error_after_its_complete_records() {
    for name in [
        "papers.bib",
        "zotero.json",
        "arxiv.xml",
        "pubmed.xml",
        "openalex.json",
    ] {
        let whole = bytes(name);
        let good = |found: &[Result<Paper, String>]| found.iter().flatten().count();
        // Near the end of the file, so that the first record is complete.
        let end = whole.len() - 12;
        let (_, found) = read(&whole[..end]);
        let message = found.last().unwrap().as_ref().unwrap_err();
        assert!(
            ["not closed", "cut off"]
                .iter()
                .any(|words| message.contains(words)),
            "{name}: {message}"
        );
        assert!(good(&found) >= 1, "{name}");
        for mut compressed in [gzip(&whole), zstd(&whole)] {
            compressed.truncate(compressed.len() - 9);
            let (_, found) = read(&compressed);
            let read_errors = found.iter().filter(|paper| {
                paper
                    .as_ref()
                    .is_err_and(|message| message.contains("cannot read the file"))
            });
            assert_eq!(read_errors.count(), 1, "{name}: {found:?}");
        }
    }
}

#[test]
fn bytes_that_are_not_utf_8_invalidate_only_their_record() {
    for (name, before) in [
        ("papers.bib", "Echoes"),
        ("papers.ris", "Tides by"),
        ("zotero.csv", "from above"),
        ("zotero.json", "A list"),
        ("arxiv.jsonl", "Old numbers"),
        ("pubmed.xml", "It melts"),
        ("openalex.json", "Only a name"),
    ] {
        let whole = bytes(name);
        let (_, undamaged) = read(&whole);
        let at = whole
            .windows(before.len())
            .position(|found| found == before.as_bytes());
        let mut damaged = whole.clone();
        damaged[at.unwrap()] = 0xe9;
        let (_, found) = read(&damaged);
        assert_eq!(found.len(), undamaged.len(), "{name}");
        let changed: Vec<_> = found
            .iter()
            .zip(&undamaged)
            .filter(|(now, then)| now != then)
            .collect();
        assert_eq!(changed.len(), 1, "{name}");
        let message = changed[0].0.as_ref().unwrap_err();
        assert!(message.contains("not UTF-8"), "{name}: {message}");
    }
}

#[test]
fn a_file_in_no_known_format_is_an_error_unless_its_name_has_a_known_extension() {
    let error = PaperReader::new(&b"Dear reader,\n"[..], "letter").unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with(
            "`letter` is in no format that can be told by its first bytes, expected one of jsonl, \
             csv, "
        ),
        "{message}"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.bib");
    std::fs::write(&path, "% nothing yet\n").unwrap();
    let mut reader = PaperReader::open(&path).unwrap();
    assert_eq!(reader.format(), Format::Bibtex);
    assert!(reader.next().is_none());
}
