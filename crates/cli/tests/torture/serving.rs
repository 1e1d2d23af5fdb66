//! A server that is killed and started again, while programs ask it and add papers through it and beside it.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cognate_testing::Numbers;
use serde_json::Value;

use crate::contents::{Contents, id};
use crate::effort::repetitions;
use crate::invented;
use crate::sandbox::{Sandbox, add_arguments};

const READERS: u64 = 6;

/// The number of papers that are in the library from the beginning and stay.
const INITIAL: u32 = 200;

/// The number of new papers of a request, which are committed together.
const BATCH: u32 = 20;

/// The time between two kills.
const BETWEEN_KILLS: Duration = Duration::from_millis(1500);

/// The problems that a request may be answered with while other programs write and the server is under load.
const EXPECTED_PROBLEMS: [&str; 3] = ["overloaded", "locked", "changed"];

/// What the threads share.
struct Threads {
    sandbox: Sandbox,
    port: u16,
    end: Instant,
    /// The batches that are certainly committed, and those whose connection was lost.
    committed: Mutex<Vec<Vec<Value>>>,
    uncertain: Mutex<Vec<Vec<Value>>>,
    answers: AtomicUsize,
}

/// An answer, or `None` if the server was killed before it was complete.
type Answer = Option<(u16, Value)>;

#[test]
fn a_server_killed_again_and_again_answers_rightly_and_loses_nothing() {
    let duration = Duration::from_secs(repetitions(10, 600) as u64);
    let sandbox = Sandbox::with_library(&invented::papers(0..INITIAL));
    let (child, port) = start(&sandbox, 0);
    let child = Mutex::new(child);
    let threads = Threads {
        sandbox,
        port,
        end: Instant::now() + duration,
        committed: Mutex::default(),
        uncertain: Mutex::default(),
        answers: AtomicUsize::new(0),
    };
    let mut kills = 0;
    thread::scope(|scope| {
        let threads = &threads;
        for seed in 0..READERS {
            scope.spawn(move || threads.read(seed));
        }
        scope.spawn(|| threads.add_over_http());
        scope.spawn(|| threads.add_by_command());
        while Instant::now() + BETWEEN_KILLS < threads.end {
            thread::sleep(BETWEEN_KILLS);
            let mut child = child.lock().unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            *child = start(&threads.sandbox, port).0;
            kills += 1;
        }
    });
    assert!(kills > 3, "{kills}");
    let answers = threads.answers.load(Ordering::Relaxed);
    // Many more on a machine that has nothing else to do.
    assert!(answers > 10 * kills, "{answers} answers, {kills} kills");
    stop(child.into_inner().unwrap());
    threads.assert_contents();
}

#[test]
fn the_memory_of_a_server_does_not_grow() {
    let sandbox = Sandbox::with_library(&invented::papers(0..INITIAL));
    let (child, port) = start(&sandbox, 0);
    let requests = repetitions(2_000, 100_000);
    let ask = |from: usize, to: usize| {
        for number in from..to {
            let paper = invented::paper(u32::try_from(number).unwrap() % INITIAL, 0);
            let (status, _) = get(port, "search", &[("q", text(&paper))]).unwrap();
            assert_eq!(status, 200);
        }
    };
    ask(0, requests);
    let before = resident_bytes(&child);
    ask(requests, 3 * requests);
    let after = resident_bytes(&child);
    stop(child);
    let limit = before + before / 10 + (4 << 20);
    assert!(after <= limit, "{before} bytes, then {after}");
}

impl Threads {
    fn until_the_end(&self, mut act: impl FnMut()) {
        while Instant::now() < self.end {
            act();
        }
    }

    /// Asks for papers that the library has from the beginning, and compares the answers with them.
    fn read(&self, seed: u64) {
        let mut numbers = Numbers::new(300 + seed);
        self.until_the_end(|| {
            let paper = invented::paper(numbers.below(INITIAL), 0);
            let own_id = id(&paper);
            let kind = numbers.below(4);
            let answer = match kind {
                0 => get(
                    self.port,
                    "search",
                    &[("q", text(&paper)), ("mode", "vector".into())],
                ),
                1 => get(
                    self.port,
                    "search",
                    &[("q", text(&paper)), ("limit", "3".into())],
                ),
                2 => get(self.port, "related", &[("like", own_id.to_owned())]),
                _ => get(self.port, &format!("papers/{own_id}"), &[]),
            };
            let Some((status, document)) = answer else {
                return;
            };
            if status != 200 {
                return assert_expected(status, &document);
            }
            self.answers.fetch_add(1, Ordering::Relaxed);
            if let Some(hits) = document["hits"].as_array() {
                assert!(!hits.is_empty());
                for hit in hits {
                    let (number, revision) = invented::number_and_revision(hit);
                    let expected = invented::paper(number, revision);
                    assert_eq!(hit["title"], expected["title"]);
                    assert_eq!(hit["abstract"], expected["abstract"]);
                }
                if kind == 0 {
                    assert_eq!(hits[0]["id"], paper["id"]);
                    assert!(hits[0]["score"].as_f64().unwrap() > 0.9999);
                }
            }
        });
    }

    /// Adds batches over HTTP. A batch is committed if its job says so.
    fn add_over_http(&self) {
        let mut next = 1_000_000;
        self.until_the_end(|| {
            let papers = invented::papers(next..next + BATCH);
            next += BATCH;
            let list = if self.is_added(&papers) {
                &self.committed
            } else {
                &self.uncertain
            };
            list.lock().unwrap().push(papers);
        });
    }

    fn is_added(&self, papers: &[Value]) -> bool {
        let Some((status, job)) = post(self.port, "papers", papers) else {
            return false;
        };
        if status != 202 {
            assert_expected(status, &job);
            return false;
        }
        let path = format!("jobs/{}", job["id"].as_str().unwrap());
        loop {
            match get(self.port, &path, &[]) {
                Some((200, job)) => match job["state"].as_str().unwrap() {
                    "done" => return true,
                    "failed" => return false,
                    _ => thread::sleep(Duration::from_millis(20)),
                },
                // The server was killed, and the next one does not know the job.
                _ => return false,
            }
        }
    }

    /// Adds batches by another process.
    fn add_by_command(&self) {
        let mut next = 2_000_000;
        self.until_the_end(|| {
            let papers = invented::papers(next..next + BATCH);
            next += BATCH;
            self.sandbox.write_papers("beside.jsonl", &papers);
            self.sandbox.ok(&add_arguments("L", "beside.jsonl"));
            self.committed.lock().unwrap().push(papers);
            thread::sleep(Duration::from_millis(300));
        });
    }

    /// Asserts that the library is sound, and has each committed batch, and each uncertain one whole or not
    /// at all.
    fn assert_contents(self) {
        self.sandbox.ok(&["check", "--library", "L"]);
        let found = self.sandbox.contents("L");
        let in_library: HashSet<&Value> = found.papers().iter().collect();
        let mut expected = invented::papers(0..INITIAL);
        expected.extend(self.committed.into_inner().unwrap().into_iter().flatten());
        for batch in self.uncertain.into_inner().unwrap() {
            let present = batch.iter().filter(|paper| in_library.contains(paper));
            let present = present.count();
            assert!(
                present == 0 || present == batch.len(),
                "{present} of {batch:?}"
            );
            if present > 0 {
                expected.extend(batch);
            }
        }
        let expected: Contents = expected.into_iter().collect();
        assert!(found.sorted() == expected.sorted());
    }
}

/// Starts a server of the library, at any free port if `port` is 0. Returns it and its port once it answers.
fn start(sandbox: &Sandbox, port: u16) -> (Child, u16) {
    let address = format!("127.0.0.1:{port}");
    let mut child = sandbox
        .command(&[
            "serve",
            "--library",
            "L",
            "--bind",
            &address,
            "--allow-write",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next().expect("the server ended").unwrap();
    let (_, port) = line.rsplit_once("http://127.0.0.1:").expect(&line);
    (child, port.trim().parse().unwrap())
}

/// Stops a server in order, and asserts that it ends with success.
fn stop(mut child: Child) {
    let pid = child.id().to_string();
    let kill = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(kill.unwrap().success());
    assert!(child.wait().unwrap().success());
}

fn resident_bytes(child: &Child) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes: usize = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    kilobytes << 10
}

fn text(paper: &Value) -> String {
    let [title, text] = ["title", "abstract"].map(|field| paper[field].as_str().unwrap());
    format!("{title} {text}")
}

fn assert_expected(status: u16, problem: &Value) {
    let kind = problem["type"].as_str().unwrap_or_default();
    let name = kind.trim_start_matches("/problems/");
    assert!(EXPECTED_PROBLEMS.contains(&name), "{status} {problem}");
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_mins(1)));
    config.build().into()
}

fn get(port: u16, path: &str, parameters: &[(&str, String)]) -> Answer {
    let request = agent().get(format!("http://127.0.0.1:{port}/api/v1/{path}"));
    read(
        request
            .query_pairs(
                parameters
                    .iter()
                    .map(|(name, value)| (*name, value.as_str())),
            )
            .call(),
    )
}

fn post(port: u16, path: &str, papers: &[Value]) -> Answer {
    let lines: Vec<String> = papers.iter().map(Value::to_string).collect();
    let lines = lines.join("\n");
    let address = format!("http://127.0.0.1:{port}/api/v1/{path}?format=jsonl");
    read(
        agent()
            .post(address)
            .content_type("application/jsonl")
            .send(lines),
    )
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut answer = answer.ok()?;
    let document = answer.body_mut().read_to_string().ok()?;
    Some((
        answer.status().as_u16(),
        serde_json::from_str(&document).ok()?,
    ))
}
