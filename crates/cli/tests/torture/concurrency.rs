//! Fifteen processes at once: writers, readers and a compaction.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use cognate_testing::Numbers;
use serde_json::Value;

use crate::contents::{Contents, id};
use crate::effort::repetitions;
use crate::invented;
use crate::sandbox::{Sandbox, add_arguments};

const ADDERS: u32 = 6;
const REMOVERS: u64 = 2;
const READERS: u64 = 6;

/// The number of papers that are in the library from the beginning and stay.
const INITIAL: u32 = 200;

/// The number of new papers of a run, which are committed together.
const BATCH: u32 = 20;

/// What the threads share, each of which runs one process at a time.
struct Threads {
    sandbox: Sandbox,
    end: Instant,
    ledger: Mutex<Ledger>,
}

/// What the processes have done so far.
#[derive(Default)]
struct Ledger {
    /// The papers of the commands that have succeeded, by id.
    committed: BTreeMap<String, Value>,
    /// The ids of committed papers that may be removed.
    removable: Vec<String>,
    /// The ids of papers that are added together and never removed; some may not be added yet.
    batches: Vec<Vec<String>>,
}

#[test]
fn fifteen_processes_leave_what_they_committed() {
    for _ in 0..repetitions(1, 2) {
        run(Duration::from_secs(repetitions(4, 60) as u64));
    }
}

fn run(duration: Duration) {
    let initial = invented::papers(0..INITIAL);
    let threads = Threads {
        sandbox: Sandbox::with_library(&initial),
        end: Instant::now() + duration,
        ledger: Mutex::default(),
    };
    let initial = initial
        .into_iter()
        .map(|paper| (id(&paper).to_owned(), paper));
    threads.ledger.lock().unwrap().committed.extend(initial);
    thread::scope(|scope| {
        let threads = &threads;
        for adder in 0..ADDERS {
            scope.spawn(move || threads.add(adder));
        }
        for seed in 0..REMOVERS {
            scope.spawn(move || threads.remove(seed));
        }
        for seed in 0..READERS {
            scope.spawn(move || threads.read(seed));
        }
        scope.spawn(move || {
            threads.until_the_end(|| {
                threads.sandbox.ok(&["compact", "--library", "L"]);
                thread::sleep(Duration::from_millis(300));
            });
        });
    });

    let Threads {
        sandbox, ledger, ..
    } = threads;
    sandbox.ok(&["check", "--library", "L"]);
    let found = sandbox.contents("L");
    let expected: Contents = ledger
        .into_inner()
        .unwrap()
        .committed
        .into_values()
        .collect();
    assert!(found.clone().sorted() == expected.sorted());
    // A library to which the same papers were added by one process gives the same answers.
    sandbox.add("reference", found.papers());
    for number in (0..INITIAL).step_by(10) {
        for mode in ["vector", "keyword"] {
            let paper = invented::paper(number, 0);
            let answers = ["L", "reference"].map(|library| {
                let query = paper["title"].as_str().unwrap();
                hits(&sandbox, library, &["-k", "30", "--mode", mode, query])
            });
            let [hits, expected] = answers.map(|hits| {
                let pair = |hit: &Value| (hit["id"].clone(), hit["score"].clone());
                hits.iter().map(pair).collect::<Vec<_>>()
            });
            assert_eq!(hits, expected, "{mode} search for {number}");
        }
    }
}

impl Threads {
    fn until_the_end(&self, mut act: impl FnMut()) {
        while Instant::now() < self.end {
            act();
        }
    }

    /// Adds new papers, and new revisions of those added before.
    fn add(&self, adder: u32) {
        let file = format!("adder-{adder}.jsonl");
        let base = 1_000_000 * (adder + 1);
        let mut numbers = Numbers::new(adder.into());
        let mut next = base;
        self.until_the_end(|| {
            let mut papers = invented::papers(next..next + BATCH);
            let kept = |number: u32| !is_removable(number);
            let ids = (next..next + BATCH)
                .filter(|number| kept(*number))
                .map(invented::id);
            self.ledger.lock().unwrap().batches.push(ids.collect());
            if next > base {
                let revised: HashSet<u32> = (0..5)
                    .map(|_| base + numbers.below(next - base))
                    .filter(|number| kept(*number))
                    .collect();
                papers.extend(
                    revised
                        .into_iter()
                        .map(|number| invented::paper(number, next)),
                );
            }
            self.sandbox.write_papers(&file, &papers);
            self.sandbox.ok(&add_arguments("L", &file));
            let mut ledger = self.ledger.lock().unwrap();
            let added = papers
                .into_iter()
                .map(|paper| (id(&paper).to_owned(), paper));
            ledger.committed.extend(added);
            let removable = (next..next + BATCH).filter(|number| is_removable(*number));
            ledger.removable.extend(removable.map(invented::id));
            next += BATCH;
        });
    }

    fn remove(&self, seed: u64) {
        let mut numbers = Numbers::new(100 + seed);
        self.until_the_end(|| {
            let mut ids = Vec::new();
            {
                let removable = &mut self.ledger.lock().unwrap().removable;
                while ids.len() < 3 && !removable.is_empty() {
                    let position = numbers.below(u32::try_from(removable.len()).unwrap());
                    ids.push(removable.swap_remove(position as usize));
                }
            }
            if ids.is_empty() {
                thread::sleep(Duration::from_millis(50));
                return;
            }
            let mut arguments = ["remove", "--library", "L"].map(str::to_owned).to_vec();
            arguments.extend(ids.iter().cloned());
            self.sandbox.ok(&arguments);
            let committed = &mut self.ledger.lock().unwrap().committed;
            for id in &ids {
                committed.remove(id);
            }
        });
    }

    fn read(&self, seed: u64) {
        let sandbox = &self.sandbox;
        let mut numbers = Numbers::new(200 + seed);
        self.until_the_end(|| {
            let number = numbers.below(INITIAL);
            let paper = invented::paper(number, 0);
            let title = paper["title"].as_str().unwrap();
            match numbers.below(7) {
                0 => assert_hits(&hits(sandbox, "L", &[title])),
                1 => assert_hits(&hits(sandbox, "L", &["--mode", "keyword", title])),
                2 => drop(sandbox.ok(&["related", "--library", "L", &invented::id(number)])),
                3 => self.export(),
                4 => drop(sandbox.ok(&["check", "--library", "L"])),
                5 => drop(sandbox.ok(&["info", "--library", "L"])),
                // Nearly all texts are similar for the tiny checkpoint.
                _ => drop(sandbox.ok(&["duplicates", "--library", "L", "--threshold", "0.9999"])),
            }
        });
    }

    /// Asserts that an export has each paper once, and all papers of a commit or none.
    fn export(&self) {
        let batches = self.ledger.lock().unwrap().batches.clone();
        let contents = self.sandbox.contents("L");
        let ids: HashSet<&str> = contents.papers().iter().map(id).collect();
        assert_eq!(ids.len(), contents.papers().len());
        for batch in batches {
            let found = batch.iter().filter(|id| ids.contains(id.as_str())).count();
            assert!(found == 0 || found == batch.len(), "{found} of {batch:?}");
        }
    }
}

fn is_removable(number: u32) -> bool {
    number.is_multiple_of(5)
}

fn hits(sandbox: &Sandbox, library: &str, arguments: &[&str]) -> Vec<Value> {
    let search = ["search", "--library", library, "--json"];
    let stdout = sandbox.ok(&[&search, arguments].concat());
    let mut answer: Value = serde_json::from_str(&stdout).unwrap();
    serde_json::from_value(answer["hits"].take()).unwrap()
}

/// Asserts that hits have the texts of their papers.
fn assert_hits(hits: &[Value]) {
    assert!(!hits.is_empty());
    for hit in hits {
        let (number, revision) = invented::number_and_revision(hit);
        assert_eq!(hit["title"], invented::paper(number, revision)["title"]);
    }
}
