//! Writing papers and hits, and reading them back.

use std::ops::ControlFlow;

use cognate::{ExportFormat, Library, Paper, PaperReader, PaperWriter, Query};
use cognate_testing::{LetterCounts, papers};

/// Returns papers with values that are hard to write in a format: quotes, braces, line breaks.
fn difficult_papers() -> Vec<Paper> {
    let mut all = papers(30);
    all.push(
        Paper::new("odd / id, \"quoted\" {7}")
            .title("100% of \"$x_1^2$\" & {braces} \\ ~ #1, ünïcödé 日本")
            .abstract_text("a line\n\na paragraph\tand; a, semicolon | <b>tag</b>")
            .authors(["Øre, Bo", "The Wheel Collaboration", "Ada van der Love"])
            .year(-300)
            .venue("Journal of A & B")
            .url("https://example.org/a_b?c=%20#d")
            .categories(["cs.CL", "cs.LG"])
            .doi("10.1234/a_b(c)<d>")
            .arxiv("hep-th/9901001")
            .references(["p1", "10.1234/other"]),
    );
    all.push(Paper::new("bare").abstract_text("no title"));
    all
}

fn write(papers: &[Paper], format: ExportFormat) -> Vec<u8> {
    let mut writer = PaperWriter::new(Vec::new(), format);
    for paper in papers {
        writer.write(paper).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn papers_written_as_json_lines_are_read_back() {
    let papers = difficult_papers();
    let bytes = write(&papers, ExportFormat::JsonLines);
    let read = PaperReader::new(bytes.as_slice(), "out.jsonl").unwrap();
    let read: Vec<Paper> = read.collect::<Result<_, _>>().unwrap();
    assert_eq!(read, papers);
}

/// Returns papers that formats other than JSON can represent: given names before family names, years of
/// four digits, and fields of one line.
fn representable_papers() -> Vec<Paper> {
    let mut all = papers(30);
    all.push(
        Paper::new("arXiv:hep-th/9901001")
            .title("100% of $x_1$ & {braces} \\ ~ #1 ^2, ünïcödé 日本")
            .abstract_text("A line; \"quoted\", and more: 3 > 2.")
            .authors([
                "Bo Øre",
                "The Wheel Collaboration",
                "Ada van der Love",
                "Plato",
            ])
            .year(1999)
            .venue("Journal of A & B")
            .url("https://example.org/a_b?c=%20&x=1#d")
            .categories(["cs.CL", "cs.LG"])
            .doi("10.1234/a_b(c)d")
            .arxiv("hep-th/9901001"),
    );
    all.push(
        Paper::new("preprint")
            .title("On wheels")
            .venue("arXiv")
            .arxiv("2001.00001"),
    );
    all.push(
        Paper::new("talk")
            .title("On wheels")
            .venue("Proceedings of the Wheel Workshop"),
    );
    all.push(Paper::new("bare").abstract_text("no title"));
    all
}

#[test]
fn papers_written_as_bibtex_ris_and_csv_are_read_back() {
    let mut papers = representable_papers();
    for format in [ExportFormat::Bibtex, ExportFormat::Ris, ExportFormat::Csv] {
        if format == ExportFormat::Csv {
            papers[30] = papers[30].clone().references(["p1", "10.1234/other"]);
        }
        let bytes = write(&papers, format);
        let read = PaperReader::new(bytes.as_slice(), "out").unwrap();
        let read: Vec<Paper> = read.collect::<Result<_, _>>().unwrap();
        for (read, paper) in read.iter().zip(&papers) {
            let mut expected = paper.clone();
            if format != ExportFormat::Csv {
                // An entry has a type in any case.
                expected.details.kind = read.details.kind;
            }
            if read.details.publisher == paper.venue {
                // An archive of preprints is their publisher.
                expected.details.publisher.clone_from(&paper.venue);
            }
            assert_eq!(*read, expected, "{format}");
        }
        assert_eq!(read.len(), papers.len(), "{format}");
    }
}

#[test]
fn a_json_array_has_the_same_papers_as_json_lines() {
    let papers = difficult_papers();
    let bytes = write(&papers, ExportFormat::Json);
    let read: Vec<Paper> = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(read, papers);
}

#[test]
fn for_each_visits_papers_in_order_until_it_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    let mut expected = papers(20);
    library.add(expected.clone()).unwrap();
    library.remove(&["p3".to_owned()]).unwrap();
    expected.remove(3);
    let mut found = Vec::new();
    let mut take = |wanted: usize| {
        found.clear();
        library
            .for_each(|mut paper| {
                assert!(paper.added.take().is_some());
                found.push(paper);
                if found.len() == wanted {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .unwrap();
        found.clone()
    };
    assert_eq!(take(usize::MAX), expected);
    assert_eq!(take(4), expected[..4]);
}

#[test]
fn for_each_may_search_and_change_the_library_it_visits() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    library.add(papers(400)).unwrap();
    let mut found = Vec::new();
    library
        .for_each(|paper| {
            if found.is_empty() {
                library.remove(&["p390"]).unwrap();
                library
                    .add([papers(392).remove(391).venue("changed")])
                    .unwrap();
                library.add([Paper::new("later").title("L")]).unwrap();
                library.compact().unwrap();
            }
            let is_there = library.get(&paper.id).unwrap().is_some();
            assert_eq!(is_there, paper.id != "p390");
            let mut paper = paper;
            assert!(paper.added.take().is_some());
            found.push(paper);
            ControlFlow::Continue(())
        })
        .unwrap();
    // The papers are as they were when the visit began.
    assert_eq!(found, papers(400));
    assert_eq!(library.len().unwrap(), 400);
    let changed = library.get("p391").unwrap().unwrap();
    assert_eq!(changed.venue.as_deref(), Some("changed"));
}

#[test]
fn hits_have_rank_and_score_in_formats_that_have_fields_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    library.add(papers(20)).unwrap();
    let hits = library.search(&Query::text("graph enzyme").k(3)).unwrap();
    let write = |format| {
        let mut writer = PaperWriter::for_hits(Vec::new(), format);
        for hit in &hits {
            writer
                .write_ranked(&hit.paper, hit.rank, hit.score)
                .unwrap();
        }
        String::from_utf8(writer.finish().unwrap()).unwrap()
    };
    let lines = write(ExportFormat::JsonLines);
    for (line, hit) in lines.lines().zip(&hits) {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["rank"], hit.rank);
        assert_eq!(record["score"].to_string(), hit.score.unwrap().to_string());
        assert_eq!(record["id"], hit.paper.id.as_str());
    }
    assert_eq!(lines.lines().count(), 3);
    let table = write(ExportFormat::Csv);
    let start = format!("1,{},{},", hits[0].score.unwrap(), hits[0].paper.id);
    assert!(table.starts_with("rank,score,id,"), "{table}");
    assert!(table.lines().nth(1).unwrap().starts_with(&start), "{table}");
    let list = write(ExportFormat::Markdown);
    let end = format!("score {:.3}", hits[2].score.unwrap());
    assert!(list.lines().nth(2).unwrap().starts_with("3. ") && list.trim_end().ends_with(&end));
    assert_eq!(write(ExportFormat::Ris).matches("ER  - \r\n").count(), 3);
    assert_eq!(write(ExportFormat::Bibtex).matches("\n}\n").count(), 3);
}
