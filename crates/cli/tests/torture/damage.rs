//! Damaged files of a library: each answer is right or an error, and the repair restores all answers.

use std::fs;
use std::path::{Path, PathBuf};

use cognate_testing::{Numbers, copy_dir};
use serde_json::Value;

use crate::effort::{evenly, repetitions};
use crate::invented;
use crate::sandbox::{Outcome, Sandbox};

/// The number of rows in the largest segment, enough for quantized codes.
const ROWS: u32 = 16_400;

/// The size of the pages of `papers.sqlite`.
const PAGE: usize = 4096;

/// A library with quantized codes and several segments, its files, and its answers.
struct Subject {
    sandbox: Sandbox,
    /// The files, relative to the library.
    files: Vec<PathBuf>,
    answers: Vec<Outcome>,
}

impl Subject {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        // Few and short texts, so that the model needs little time.
        let mut papers = invented::papers(0..ROWS);
        for paper in &mut papers {
            let title = paper["title"].as_str().unwrap();
            let words: Vec<&str> = title.split(' ').take(2).collect();
            paper["title"] = words.join(" ").into();
            paper["abstract"] = "".into();
        }
        sandbox.add("original", &papers);
        sandbox.ok(&["compact", "--library", "original"]);
        sandbox.add("original", &invented::papers(ROWS..ROWS + 40));
        sandbox.ok(&["remove", "--library", "original", "p7", "p16401"]);
        let files: Vec<PathBuf> = ["", "vectors"]
            .iter()
            .flat_map(|dir| {
                let entries = fs::read_dir(sandbox.path("original").join(dir)).unwrap();
                entries.map(move |entry| Path::new(dir).join(entry.unwrap().file_name()))
            })
            .filter(|file| file.extension().is_some())
            .collect();
        let has = |extension: &str| {
            files
                .iter()
                .any(|file| file.extension().unwrap() == extension)
        };
        assert!(
            ["sqlite", "vec", "terms", "codes"]
                .iter()
                .all(|one| has(one)),
            "{files:?}"
        );
        let mut subject = Self {
            sandbox,
            files,
            answers: Vec::new(),
        };
        subject.files.sort();
        subject.restore();
        subject.answers = subject.ask();
        for answer in &subject.answers {
            assert_eq!(answer.code, Some(0), "{answer:?}");
        }
        subject
    }

    fn library(&self) -> PathBuf {
        self.sandbox.path("L")
    }

    fn restore(&self) {
        if self.library().exists() {
            fs::remove_dir_all(self.library()).unwrap();
        }
        copy_dir(&self.sandbox.path("original"), &self.library());
    }

    /// Returns the size of an undamaged file.
    fn len(&self, file: &Path) -> usize {
        let file = fs::metadata(self.sandbox.path("original").join(file));
        usize::try_from(file.unwrap().len()).unwrap()
    }

    /// Asks the library what depends on all of its files.
    fn ask(&self) -> Vec<Outcome> {
        let questions = [
            "search --library L --json -k 20 graph-proof",
            "search --library L --json -k 20 --mode vector quartz-galaxy",
            "search --library L --json -k 20 --mode keyword enzyme",
            "related --library L --json p0",
            "related --library L --json --year 2000-2010 p16432",
            "export --library L",
        ];
        let ask = |question: &str| {
            let arguments: Vec<&str> = question.split(' ').collect();
            let mut answer = self.sandbox.run(&arguments);
            if question.contains("--json")
                && let Ok(mut document) = serde_json::from_str::<Value>(&answer.stdout)
            {
                document["took_ms"] = Value::Null;
                // A distribution of cosines that is damaged is sampled again, a little differently.
                for hit in document["hits"].as_array_mut().unwrap() {
                    hit["percentile"] = Value::Null;
                }
                answer.stdout = document.to_string();
            }
            answer
        };
        questions.map(ask).into()
    }

    /// Asserts that a damaged library answers correctly or not at all, that `check` reports damage that
    /// prevents an answer, and that all answers are correct after a repair that succeeds.
    fn assert_honest(&self, damage: &str) {
        let mut failures = 0;
        for (answer, expected) in self.ask().iter().zip(&self.answers) {
            if answer.code == Some(0) {
                assert_eq!(answer.stdout, expected.stdout, "{damage}");
            } else {
                assert!(answer.is_orderly(), "{damage}: {answer:?}");
                failures += 1;
            }
        }
        let check = self.sandbox.run(&["check", "--library", "L"]);
        assert!(check.is_orderly(), "{damage}: {check:?}");
        assert!(
            failures == 0 || check.code == Some(1),
            "{damage}: {check:?}"
        );
        let repair = self.sandbox.run(&["check", "--repair", "--library", "L"]);
        assert!(repair.is_orderly(), "{damage}: {repair:?}");
        if repair.code == Some(0) {
            for (answer, expected) in self.ask().iter().zip(&self.answers) {
                assert_eq!(answer.code, Some(0), "{damage}, repaired: {answer:?}");
                assert_eq!(answer.stdout, expected.stdout, "{damage}, repaired");
            }
        }
    }

    /// Changes the bytes of a file of the restored library and judges the result.
    fn damage(&self, file: &Path, what: &str, change: impl FnOnce(&mut Vec<u8>)) {
        self.restore();
        let path = self.library().join(file);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        self.assert_honest(&format!("{}: {what}", file.display()));
    }
}

#[test]
fn a_damaged_library_answers_correctly_or_not_at_all() {
    let subject = Subject::new();
    change_bits(&subject);
    change_files(&subject);
    exchange_files(&subject);
}

fn change_bits(subject: &Subject) {
    let mut numbers = Numbers::new(400);
    for flip in 0..repetitions(7, 400) {
        let file = &subject.files[flip % subject.files.len()];
        let len = u32::try_from(subject.len(file)).unwrap();
        // Headers and the end of a file are small, and so would hardly be chosen.
        let position = match flip / subject.files.len() % 4 {
            0 => numbers.below(64),
            1 => len - 1 - numbers.below(48),
            _ => numbers.below(len),
        };
        let bit = numbers.below(8);
        subject.damage(file, &format!("bit {bit} of byte {position}"), |bytes| {
            bytes[position as usize] ^= 1 << bit;
        });
    }
}

/// A change of the bytes of a file.
type Change = Box<dyn Fn(&mut Vec<u8>)>;

fn change_files(subject: &Subject) {
    let mut numbers = Numbers::new(195);
    let mut cases = Vec::new();
    for file in &subject.files {
        for (what, change) in changes(subject.len(file), &mut numbers) {
            cases.push((file, what, change));
        }
    }
    // Neighbors in the list are of one kind, so that few of them still cover all kinds and files.
    let all: Vec<usize> = (0..cases.len()).collect();
    for case in evenly(&all, repetitions(6, usize::MAX)) {
        let (file, what, change) = &cases[case];
        subject.damage(file, what, |bytes| change(bytes));
    }
    for file in evenly(&subject.files, repetitions(1, usize::MAX)) {
        subject.restore();
        let path = subject.library().join(&file);
        fs::remove_file(&path).unwrap();
        subject.assert_honest(&format!("{} is deleted", file.display()));
        subject.restore();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        subject.assert_honest(&format!("{} is a folder", file.display()));
    }
}

fn exchange_files(subject: &Subject) {
    let mut pairs = Vec::new();
    for (position, a) in subject.files.iter().enumerate() {
        let later = &subject.files[position + 1..];
        pairs.extend(
            later
                .iter()
                .filter(|b| a.extension() == b.extension())
                .map(|b| (a, b)),
        );
    }
    assert!(!pairs.is_empty());
    for (a, b) in evenly(&pairs, repetitions(1, usize::MAX)) {
        subject.restore();
        let [from, to, kept] =
            [a, b, &PathBuf::from("kept")].map(|file| subject.library().join(file));
        fs::rename(&from, &kept).unwrap();
        fs::rename(&to, &from).unwrap();
        fs::rename(&kept, &to).unwrap();
        subject.assert_honest(&format!("{} for {}", a.display(), b.display()));
    }
    // Files that SQLite would read beside its own one; the second start is that of a write-ahead log.
    let log = b"\x37\x7f\x06\x82\x00\x2d\xe2\x18";
    for name in evenly(&["-wal", "-shm", "-journal"], repetitions(1, 3)) {
        for start in [&b"rubbish"[..], log] {
            subject.restore();
            let mut bytes = start.to_vec();
            bytes.resize(2 * PAGE, 1);
            fs::write(
                subject.library().join(format!("papers.sqlite{name}")),
                bytes,
            )
            .unwrap();
            subject.assert_honest(&format!("a stray {name} file"));
        }
    }
}

/// Returns changes of a file of `len` bytes.
fn changes(len: usize, numbers: &mut Numbers) -> Vec<(String, Change)> {
    let mut changes: Vec<(String, Change)> = Vec::new();
    for cut in [
        0,
        1,
        63,
        64,
        100,
        PAGE,
        len / 2,
        len - PAGE.min(len),
        len - 4,
        len - 1,
    ] {
        if cut < len {
            let change = move |bytes: &mut Vec<u8>| bytes.truncate(cut);
            changes.push((format!("cut to {cut} bytes"), Box::new(change)));
        }
    }
    for (start, zeros) in [
        (0, 64),
        (64, PAGE),
        (len / 2, PAGE),
        (len - 64, 64),
        (0, len),
    ] {
        let end = (start + zeros).min(len);
        let change = move |bytes: &mut Vec<u8>| bytes[start.min(end)..end].fill(0);
        changes.push((format!("zeros in {start}..{end}"), Box::new(change)));
    }
    for more in [1, PAGE] {
        let change = move |bytes: &mut Vec<u8>| bytes.resize(bytes.len() + more, 0);
        changes.push((format!("{more} zeros at the end"), Box::new(change)));
    }
    let mut below = |end: usize| numbers.below(u32::try_from(end).unwrap()) as usize;
    for unit in [16, 512, PAGE] {
        for _ in 0..4 {
            let blocks = (len / unit).max(1);
            let (from, to) = (below(blocks) * unit, below(blocks) * unit);
            let size = unit.min(len - from).min(len - to);
            let copy = move |bytes: &mut Vec<u8>| bytes.copy_within(from..from + size, to);
            changes.push((
                format!("{size} bytes copied from {from} to {to}"),
                Box::new(copy),
            ));
            let swap = move |bytes: &mut Vec<u8>| {
                for n in 0..size {
                    bytes.swap(from + n, to + n);
                }
            };
            changes.push((
                format!("{size} bytes exchanged at {from} and {to}"),
                Box::new(swap),
            ));
        }
    }
    changes
}
