//! The memory that large streams take (Linux).

use std::io::{self, Read, Write};

use cognate_papers::PaperReader;

/// A stream of records without end, behind a text and before another one.
struct Repeated<F> {
    record: F,
    number: usize,
    remaining: u64,
    pending: Vec<u8>,
    end: Vec<u8>,
}

impl<F: FnMut(usize) -> Vec<u8>> Read for Repeated<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.pending.is_empty() {
            self.pending = if self.remaining == 0 {
                std::mem::take(&mut self.end)
            } else {
                (0..100)
                    .flat_map(|_| {
                        self.number += 1;
                        (self.record)(self.number)
                    })
                    .collect()
            };
            self.remaining = self.remaining.saturating_sub(self.pending.len() as u64);
        }
        let read = (&self.pending[..]).read(buffer)?;
        self.pending.drain(..read);
        Ok(read)
    }
}

type Record<'a> = Box<dyn FnMut(usize) -> Vec<u8> + Send + 'a>;

/// Returns the largest size that the process has had in memory, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() / 1024
}

#[test]
#[ignore = "takes minutes and needs Linux; COGNATE_STREAM_MIB sets the size of each stream, 300 MiB by default"]
fn a_stream_of_any_size_takes_constant_memory() {
    let size = std::env::var("COGNATE_STREAM_MIB").map_or(300, |size| size.parse().unwrap());
    let words = "moss and fern on stones, ".repeat(40);
    let csv = |n: usize| format!("{n},\"Moss, {n}\",\"{words}\",\"Alder, A.; Birch, B.\"\n");
    let tsv = |n: usize| format!("{n}\t\"Moss\" {n}\t\"open {words}\tAlder, A.\n");
    let json = |n: usize| {
        format!(
            "{{\"id\": \"{n}\", \"title\": \"Moss {n}\", \"abstract\": \"{words}\", \"authors\": [\"Ann Alder\"]}}"
        )
    };
    let article = |n: usize| {
        format!(
            "<PubmedArticle><MedlineCitation><PMID>{n}</PMID><Article><ArticleTitle>Moss {n}</ArticleTitle>\
             <Abstract><AbstractText>{words}</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>\n"
        )
    };
    let utf16 =
        |text: String| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let every = |n: usize, good: String, bad: String| if n % 1000 == 7 { bad } else { good };
    let cases: Vec<(&str, Vec<u8>, Record<'_>, &str)> = vec![
        (
            "csv",
            b"id,title,abstract,authors\n".to_vec(),
            Box::new(|n| csv(n).into_bytes()),
            "",
        ),
        (
            "csv, carriage returns",
            b"id,title,abstract,authors\r".to_vec(),
            Box::new(|n| csv(n).replace('\n', "\r").into_bytes()),
            "",
        ),
        (
            "csv, UTF-16",
            utf16("\u{feff}id,title,abstract,authors\n".to_owned()),
            Box::new(|n| utf16(csv(n))),
            "",
        ),
        (
            "csv, Windows-1252",
            b"id,title,abstract,authors\n".to_vec(),
            Box::new(|n| [b"x\xe9x", csv(n).as_bytes()].concat()),
            "",
        ),
        (
            "tsv",
            b"id\ttitle\tabstract\tauthors\n".to_vec(),
            Box::new(|n| tsv(n).into_bytes()),
            "",
        ),
        (
            "json lines",
            vec![],
            Box::new(|n| (json(n) + "\n").into_bytes()),
            "",
        ),
        (
            "json list on one line",
            b"[{\"id\": \"0\", \"title\": \"A\"}".to_vec(),
            Box::new(|n| format!(", {}", json(n)).into_bytes()),
            "]",
        ),
        (
            "damaged json list",
            b"[".to_vec(),
            Box::new(|n| every(n, json(n) + ",\n", json(n).replace("]}", "],\n")).into_bytes()),
            "{\"id\": \"end\", \"title\": \"A\"}]",
        ),
        (
            "ris",
            vec![],
            Box::new(|n| {
                format!("TY  - JOUR\nID  - {n}\nTI  - Moss\nAB  - {words}\nER  - \n").into_bytes()
            }),
            "",
        ),
        (
            "xml",
            b"<PubmedArticleSet>".to_vec(),
            Box::new(|n| article(n).into_bytes()),
            "</PubmedArticleSet>",
        ),
        (
            "damaged xml",
            b"<PubmedArticleSet>".to_vec(),
            Box::new(|n| every(n, article(n), article(n).replace("Moss", "p <0.05")).into_bytes()),
            "</PubmedArticleSet>",
        ),
    ];
    for (name, start, record, end) in cases {
        let before = peak();
        let records = Repeated {
            record,
            number: 0,
            remaining: size << 20,
            pending: start,
            end: end.as_bytes().to_vec(),
        };
        let started = std::time::Instant::now();
        let (mut papers, mut errors) = (0_u64, 0_u64);
        for paper in PaperReader::new(records, "f").unwrap() {
            papers += u64::from(paper.is_ok());
            errors += u64::from(paper.is_err());
        }
        let (peak, seconds) = (peak(), started.elapsed().as_secs_f64());
        writeln!(
            io::stderr(),
            "{name}: {size} MiB, {papers} papers, {errors} errors, peak {peak} MiB, {seconds:.1} s"
        )
        .unwrap();
        assert!(papers > 500 * size && errors < papers / 500, "{name}");
        assert!(
            peak < before + 8,
            "{name}: {before} MiB before, {peak} MiB after"
        );
    }
}
