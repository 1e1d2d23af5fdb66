//! The memory of one act, measured in a process of its own.

use std::io::{BufRead, Write, stdin};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use std::{env, fs, thread};

use cognate::{Library, MapOptions, Query, TopicOptions};

use crate::embedder::WordEmbedder;
use crate::figures::{Figure, Figures, time};

/// The lowest cosine of duplicates.
const THRESHOLD: f32 = 0.95;

/// Runs `act` on the library in `dir` in another process, and adds its time and its peak of memory other
/// than mapped files. Adds nothing on a system that does not report such memory.
pub(crate) fn measure(figures: &mut Figures, act: &str, dir: &Path, queries: &[String]) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--child", act])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(queries.join("\n").as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the process for `{act}` failed");
    let output = String::from_utf8(output.stdout).unwrap();
    let mut values = output
        .split_whitespace()
        .map(|value| value.parse::<f64>().unwrap());
    let (seconds, bytes) = (values.next().unwrap(), values.next().unwrap());
    figures.add(act, Figure::Seconds(seconds));
    if bytes > 0.0 {
        figures.add(format!("{act}, peak memory"), Figure::Bytes(bytes));
    }
}

/// Runs an act in this process and prints its seconds, and its peak of anonymous memory in bytes, or 0 if
/// it is unknown. Standard input has the queries, one in a line.
#[expect(clippy::print_stdout, reason = "the other process reads it")]
pub(crate) fn run(act: &str, dir: &Path) {
    let queries: Vec<String> = stdin().lock().lines().map(Result::unwrap).collect();
    let is_done = AtomicBool::new(false);
    let peak = AtomicU64::new(0);
    let elapsed = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                peak.fetch_max(anonymous_bytes().unwrap_or(0), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(2));
            }
        });
        let ((), elapsed) = time(|| run_act(act, dir, &queries));
        is_done.store(true, Ordering::Relaxed);
        elapsed
    });
    println!("{} {}", elapsed.as_secs_f64(), peak.into_inner());
}

fn run_act(act: &str, dir: &Path, queries: &[String]) {
    let library = Library::open(dir).unwrap();
    match act {
        "topics" => assert!(
            !library
                .topics(&TopicOptions::default())
                .unwrap()
                .topics
                .is_empty()
        ),
        "duplicates" => drop(library.duplicates(THRESHOLD).unwrap()),
        "map" => {
            let map = library.map(&MapOptions::default().store(false)).unwrap();
            assert!(map.neighbors_kept > 0.0);
        }
        _ => {
            let library = library.with_embedder(WordEmbedder::new()).unwrap();
            for query in queries {
                assert!(!library.search(&Query::text(query)).unwrap().is_empty());
            }
        }
    }
}

/// Returns the size of the resident pages of this process that no file backs.
fn anonymous_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024 * kibibytes)
}
