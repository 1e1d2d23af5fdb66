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
        // The byte is in no usual encoding of these texts.
        damaged[at.unwrap()] = 0x81;
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

/// Returns the ids of the papers of a file, the number of its bad records, and whether it was read to its end.
fn outcome(bytes: &[u8]) -> (Vec<String>, usize, bool) {
    let (mut ids, mut bad, mut is_whole) = (Vec::new(), 0, true);
    for paper in PaperReader::new(bytes, "f").unwrap() {
        match paper {
            Ok(paper) => ids.push(paper.id),
            Err(error) => {
                bad += 1;
                is_whole &= !matches!(error, cognate_papers::Error::Incomplete { .. });
            }
        }
    }
    (ids, bad, is_whole)
}

#[test]
fn reading_goes_on_behind_a_damaged_record() {
    let article = |id: usize, title: &str| {
        format!(
            "<PubmedArticle><MedlineCitation><PMID>{id}</PMID><Article><ArticleTitle>{title}</ArticleTitle>\
             </Article></MedlineCitation></PubmedArticle>\n"
        )
    };
    for bad in [
        "p <0.05 raw",
        "x</b>",
        "<i>x",
        "<!-- x",
        "x & <y",
        "a \" <z b=\"c",
    ] {
        let articles: String = (1..6)
            .map(|id| article(id, if id == 2 { bad } else { "Moss" }))
            .collect();
        let xml = format!("<PubmedArticleSet>\n{articles}</PubmedArticleSet>\n");
        let ids = ["1", "3", "4", "5"].map(str::to_owned).to_vec();
        assert_eq!(outcome(xml.as_bytes()), (ids, 1, true), "{bad}");
        let cut = &xml[..xml.len() - 60];
        let (ids, _, is_whole) = outcome(cut.as_bytes());
        assert_eq!(
            (ids, is_whole),
            (["1", "3", "4"].map(str::to_owned).to_vec(), false)
        );
    }
    let object = |id: usize| {
        format!("{{\"id\": \"{id}\", \"title\": \"Moss\", \"authors\": [\"Ann Alder\"]}}")
    };
    for (from, to) in [
        ("]}", "]"),
        ("]}", "}"),
        ("Moss\"", "Moss"),
        ("[\"", "\""),
        ("{", ""),
    ] {
        for separator in [",\n", ", "] {
            let objects: Vec<String> = (1..6)
                .map(|id| match id {
                    2 => object(id).replacen(from, to, 1),
                    id => object(id),
                })
                .collect();
            let list = format!("[{}]", objects.join(separator));
            let (ids, bad, is_whole) = outcome(list.as_bytes());
            assert_eq!(ids, ["1", "3", "4", "5"], "{list}");
            assert!(bad > 0 && is_whole, "{list}");
        }
    }
}

#[test]
fn a_compressed_file_that_breaks_off_is_incomplete() {
    let lines: String = (0..5000)
        .map(|id| {
            format!(
                "{{\"id\": \"{id}\", \"title\": \"Moss {}\"}}\n",
                id * 7919 % 4993
            )
        })
        .collect();
    let table: String = (0..5000)
        .map(|id| format!("{id},Moss {}\n", id * 7919 % 4993))
        .collect();
    for text in [lines, format!("id,title\n{table}")] {
        for whole in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
            let (ids, bad, is_whole) = outcome(&whole[..whole.len() / 2]);
            assert!(
                ids.len() < 5000 && bad == 1 && !is_whole,
                "{} {bad}",
                ids.len()
            );
        }
    }
    let cut = "{\"id\": \"1\", \"title\": \"Moss\"}\n{\"id\": \"2\", \"tit";
    assert_eq!(outcome(cut.as_bytes()), (vec!["1".to_owned()], 1, false));
}
