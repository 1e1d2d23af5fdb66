use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use cognate::ndarray::Array2;
use cognate::{
    BoxError, Checkpoint, Embed, Embedded, EmbedderInfo, Encoder, EncoderOptions, Progress,
    Truncation,
};
use cognate_server::{BatchingCounts, BatchingEmbedder};
use cognate_testing::LetterPairs;

/// An embedder that reports the texts of each call, and waits for permission to embed them. It fails at the
/// text `bad` and panics at the text `panic`.
struct Gated {
    entered: Mutex<Sender<Vec<String>>>,
    permits: Mutex<Receiver<()>>,
}

/// The side of a test that watches a [`Gated`] embedder.
struct Gate {
    entered: Receiver<Vec<String>>,
    permits: Sender<()>,
    embedder: Arc<BatchingEmbedder>,
}

fn gated(limits: impl FnOnce(BatchingEmbedder) -> BatchingEmbedder) -> Gate {
    let (entered, watch) = channel();
    let (permits, wait) = channel();
    let embedder = Gated {
        entered: Mutex::new(entered),
        permits: Mutex::new(wait),
    };
    Gate {
        entered: watch,
        permits,
        embedder: Arc::new(limits(BatchingEmbedder::new(Arc::new(embedder)))),
    }
}

impl Gated {
    fn pass(&self, texts: &[&str]) -> Result<(), BoxError> {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        self.entered.lock().unwrap().send(texts.clone()).unwrap();
        self.permits.lock().unwrap().recv().unwrap();
        assert!(!texts.contains(&"panic".to_owned()), "a text panicked");
        match texts.iter().find(|text| *text == "bad") {
            Some(text) => Err(format!("cannot embed `{text}`").into()),
            None => Ok(()),
        }
    }
}

impl Embed for Gated {
    fn info(&self) -> EmbedderInfo {
        LetterPairs::default().info()
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        self.pass(texts)?;
        let embedded = LetterPairs::default().embed_documents(texts, progress)?;
        let count = texts.len();
        Ok(embedded.truncation(Truncation::new(count, 2 * count, 5 * count)))
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        self.pass(texts)?;
        LetterPairs::default().embed_queries(texts)
    }
}

impl Gate {
    /// Starts a call with one query on a thread of its own, and returns its outcome when joined.
    fn query(&self, text: &'static str) -> thread::JoinHandle<Result<Vec<f32>, String>> {
        let embedder = Arc::clone(&self.embedder);
        thread::spawn(move || {
            let rows = embedder.embed_queries(&[text]);
            let rows = rows.map_err(|error| error.to_string())?;
            Ok(rows.row(0).to_vec())
        })
    }

    /// Starts a call with one query, and waits until it is in the queue, `ahead` calls in front of it.
    fn queue(
        &self,
        text: &'static str,
        ahead: usize,
    ) -> thread::JoinHandle<Result<Vec<f32>, String>> {
        let call = self.query(text);
        self.wait_until(|counts| counts.waiting_queries == ahead + 1);
        call
    }

    fn wait_until(&self, condition: impl Fn(BatchingCounts) -> bool) {
        while !condition(self.embedder.counts()) {
            thread::yield_now();
        }
    }

    /// Returns the texts of the call that the embedder has now.
    fn running(&self) -> Vec<String> {
        self.entered.recv().unwrap()
    }

    /// Lets the embedder finish its call.
    fn permit(&self) {
        self.permits.send(()).unwrap();
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with answers that may be errors"
)]
fn alone(text: &str) -> Result<Vec<f32>, String> {
    Ok(LetterPairs::row(text).to_vec())
}

#[test]
fn calls_that_wait_are_embedded_together_and_each_gets_its_own_rows() {
    let gate = gated(|batching| batching);
    let first = gate.query("first");
    assert_eq!(gate.running(), ["first"]);
    let texts = ["second", "third", "fourth"];
    let calls: Vec<_> = (0..3).map(|at| gate.queue(texts[at], at)).collect();
    gate.permit();
    assert_eq!(gate.running(), texts);
    gate.permit();
    assert_eq!(first.join().unwrap(), alone("first"));
    for (call, text) in calls.into_iter().zip(texts) {
        assert_eq!(call.join().unwrap(), alone(text));
    }
    let counts = gate.embedder.counts();
    assert_eq!((counts.batches, counts.queries), (2, 4));
    assert_eq!(counts.waiting_queries, 0);
}

#[test]
fn a_text_that_fails_or_panics_fails_alone() {
    for (culprit, message) in [
        ("bad", "cannot embed `bad`"),
        ("panic", "the embedder panicked: a text panicked"),
    ] {
        let gate = gated(|batching| batching);
        let first = gate.query("first");
        gate.running();
        let calls = [
            gate.queue("x", 0),
            gate.queue(culprit, 1),
            gate.queue("y", 2),
        ];
        // The first call, the batch of three, and each of the three alone.
        for _ in 0..5 {
            gate.permit();
        }
        let outcomes = calls.map(|call| call.join().unwrap());
        let expected = [alone("x"), Err(message.to_owned()), alone("y")];
        assert_eq!(outcomes, expected);
        assert_eq!(first.join().unwrap(), alone("first"));
        // The embedder still works.
        gate.permit();
        assert_eq!(gate.query("later").join().unwrap(), alone("later"));
    }
}

#[test]
fn a_batch_is_bounded_by_texts_and_bytes_but_no_call_is_split() {
    let gate = gated(|batching| batching.max_queries(2).max_query_bytes(10));
    let first = gate.query("first");
    gate.running();
    let embedder = Arc::clone(&gate.embedder);
    let several = thread::spawn(move || embedder.embed_queries(&["1", "2", "3"]).unwrap());
    gate.wait_until(|counts| counts.waiting_queries == 1);
    let texts = ["4", "5", "a long text", "6"];
    let calls: Vec<_> = (0..4).map(|at| gate.queue(texts[at], at + 1)).collect();
    let mut batches = Vec::new();
    for _ in 0..4 {
        gate.permit();
        batches.push(gate.running());
    }
    gate.permit();
    let expected: [&[&str]; 4] = [&["1", "2", "3"], &["4", "5"], &["a long text"], &["6"]];
    assert_eq!(batches, expected);
    assert_eq!(several.join().unwrap().nrows(), 3);
    for call in calls {
        call.join().unwrap().unwrap();
    }
    first.join().unwrap().unwrap();
}

#[test]
fn queries_go_before_the_next_slice_of_documents_but_not_forever() {
    let gate = gated(|batching| batching.document_slices(1, 100).max_queries(1));
    let embedder = Arc::clone(&gate.embedder);
    let import = thread::spawn(move || {
        let mut done = Vec::new();
        let embedded = embedder.embed_documents(&["d0", "d1", "d2"], &mut |progress| {
            assert_eq!(progress.total, 3);
            done.push(progress.done);
            ControlFlow::Continue(())
        });
        (embedded.unwrap(), done)
    });
    assert_eq!(gate.running(), ["d0"]);
    let texts = ["q0", "q1", "q2", "q3", "q4", "q5"];
    let calls: Vec<_> = (0..6).map(|at| gate.queue(texts[at], at)).collect();
    let mut order = Vec::new();
    for _ in 0..8 {
        gate.permit();
        order.extend(gate.running());
        if order.len() == 1 {
            gate.wait_until(|counts| counts.waiting_documents == 1);
        }
    }
    gate.permit();
    // The first batch of queries may have begun before the second slice waited.
    let place = order.iter().position(|text| text == "d1").unwrap();
    assert!(place == 4 || place == 5, "{order:?}");
    assert_eq!(order[7], "d2");
    let (embedded, done) = import.join().unwrap();
    assert_eq!(done, [1, 2, 3]);
    assert_eq!(embedded.truncation, Truncation::new(3, 6, 15));
    for (row, text) in embedded.rows.rows().into_iter().zip(["d0", "d1", "d2"]) {
        assert_eq!(row.to_vec(), LetterPairs::row(text));
    }
    for call in calls {
        call.join().unwrap().unwrap();
    }
}

#[test]
fn an_import_that_is_stopped_embeds_no_further_slice() {
    let gate = gated(|batching| batching.document_slices(1, 100));
    for _ in 0..3 {
        gate.permit();
    }
    let embedder = Arc::clone(&gate.embedder);
    let stopped = embedder.embed_documents(&["a", "b", "c"], &mut |progress| {
        if progress.done == 2 {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    assert!(stopped.is_err());
    assert_eq!(gate.embedder.counts().documents, 2);
    assert_eq!(gate.query("later").join().unwrap(), alone("later"));
}

#[test]
fn embeddings_have_the_same_bits_as_those_of_calls_alone() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures/tiny-bert");
    let checkpoint = Checkpoint::open(fixture).unwrap();
    let encoder = Arc::new(Encoder::load(&checkpoint, EncoderOptions::default()).unwrap());
    let batching = BatchingEmbedder::new(Arc::clone(&encoder) as Arc<dyn Embed>);
    let texts: Vec<String> = (0..200)
        .map(|at| format!("protein {at} {}", "dark matter ".repeat(at % 7)))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let expected: Vec<Vec<u32>> = texts
        .iter()
        .map(|text| bits(&encoder.embed_queries(&[text]).unwrap()))
        .collect();
    thread::scope(|scope| {
        // While the embedder is busy with a document, eight calls gather.
        scope.spawn(|| {
            let document = batching.embed_documents(&["a document"], &mut |_| {
                while batching.counts().waiting_queries < 8 {
                    thread::yield_now();
                }
                ControlFlow::Continue(())
            });
            document.unwrap();
        });
        while batching.counts().slices == 0 {
            thread::yield_now();
        }
        for thread in 0..8 {
            let (batching, texts, expected) = (&batching, &texts, &expected);
            scope.spawn(move || {
                for at in (thread..texts.len()).step_by(8) {
                    let row = batching.embed_queries(&[texts[at]]).unwrap();
                    assert_eq!(bits(&row), expected[at]);
                }
            });
        }
    });
    let counts = batching.counts();
    assert_eq!(counts.queries, 200);
    assert!(counts.batches <= 193, "{counts:?}");
    let expected = bits(&encoder.encode_documents(&texts).unwrap());
    let sliced = batching.document_slices(7, 1_000);
    let embedded = sliced.embed_documents(&texts, &mut |_| ControlFlow::Continue(()));
    assert_eq!(bits(&embedded.unwrap().rows), expected);
    assert!(sliced.counts().slices > 200 / 7);
}

fn bits(rows: &Array2<f32>) -> Vec<u32> {
    rows.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn several_batches_run_at_the_same_time_if_they_may() {
    let gate = gated(|embedder| embedder.max_batches(2));
    let first = gate.query("first");
    assert_eq!(gate.running(), ["first"]);
    let second = gate.query("second");
    assert_eq!(gate.running(), ["second"]);
    let others = ["third", "fourth", "fifth"].into_iter().enumerate();
    let others: Vec<_> = others.map(|(at, text)| gate.queue(text, at)).collect();
    gate.permit();
    assert_eq!(gate.running(), ["third", "fourth"]);
    gate.permit();
    assert_eq!(gate.running(), ["fifth"]);
    gate.permit();
    gate.permit();
    for call in [first, second].into_iter().chain(others) {
        call.join().unwrap().unwrap();
    }
    assert_eq!(gate.embedder.counts().batches, 4);
}

#[test]
fn a_slice_of_documents_runs_alone_and_the_queries_after_it_are_shared_out() {
    let gate = gated(|embedder| embedder.max_batches(2));
    let embedder = Arc::clone(&gate.embedder);
    let documents = thread::spawn(move || {
        embedder.embed_documents(&["document"], &mut |_| ControlFlow::Continue(()))
    });
    assert_eq!(gate.running(), ["document"]);
    let calls = ["a", "b", "c", "d"].iter().enumerate();
    let calls: Vec<_> = calls.map(|(at, text)| gate.queue(text, at)).collect();
    gate.permit();
    let mut batches = [gate.running(), gate.running()];
    batches.sort();
    assert_eq!(batches, [["a", "b"], ["c", "d"]]);
    gate.permit();
    gate.permit();
    documents.join().unwrap().unwrap();
    for call in calls {
        call.join().unwrap().unwrap();
    }
}
