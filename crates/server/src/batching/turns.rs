//! Who may use the embedder: one batch of queries or one slice of documents at a time.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use cognate::BoxError;
use ndarray::Array2;

use super::{BatchingCounts, Limits};

/// The number of batches of queries after which a waiting slice of documents takes its turn.
const PATIENCE: u32 = 4;

/// The embeddings of one call.
pub(super) type Rows = Result<Array2<f32>, BoxError>;

/// A call with queries that waits.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) texts: Vec<String>,
    reply: SyncSender<Reply>,
}

/// The message that ends the wait of a call.
#[derive(Debug)]
enum Reply {
    /// The call should embed the texts of all waiting calls.
    Lead,
    /// Another call has embedded the texts.
    Done(Rows),
}

/// How a call with queries goes on.
pub(super) enum Queued<'t> {
    /// The call should embed these jobs, the first of which is its own.
    Lead(Turn<'t>, Vec<Job>),
    /// Another call has embedded the texts.
    Done(Rows),
}

/// The queue for the turns.
#[derive(Debug, Default)]
pub(super) struct Turns {
    state: Mutex<State>,
    /// Signals that slices of documents may look whether it is their turn.
    slices: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Job>,
    /// Whether the embedder is in use, or a call has been told to lead.
    is_busy: bool,
    waiting_slices: usize,
    /// The number of batches of queries since a slice of documents began to wait.
    batches_ahead: u32,
    counts: BatchingCounts,
}

/// The right to use the embedder, until this value is dropped.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    turns: &'t Turns,
}

impl Job {
    /// Answers the call, unless the caller has gone away.
    pub(super) fn answer(self, rows: Rows) {
        let _ = self.reply.send(Reply::Done(rows));
    }
}

impl Turns {
    /// Waits until the texts of a call have been embedded, or until the call should embed them itself.
    pub(super) fn queue(&self, texts: &[&str], limits: &Limits) -> Queued<'_> {
        let receiver = self.push(texts);
        match receiver.recv() {
            Ok(Reply::Done(rows)) => Queued::Done(rows),
            Ok(Reply::Lead) => {
                let turn = Turn { turns: self };
                let jobs = self.take_batch(limits);
                Queued::Lead(turn, jobs)
            }
            Err(_) => Queued::Done(Err("the batch of this query was abandoned".into())),
        }
    }

    fn push(&self, texts: &[&str]) -> Receiver<Reply> {
        let (reply, receiver) = sync_channel(1);
        let texts = texts.iter().map(|&text| text.to_owned()).collect();
        let mut state = self.lock();
        state.waiting.push_back(Job { texts, reply });
        if !state.is_busy {
            state.hand_over(&self.slices);
        }
        receiver
    }

    /// Takes the jobs of the next batch, the first one whatever its size.
    fn take_batch(&self, limits: &Limits) -> Vec<Job> {
        let mut state = self.lock();
        let (mut queries, mut bytes) = (0, 0);
        let mut jobs = Vec::new();
        while let Some(job) = state.waiting.front() {
            let job_bytes: usize = job.texts.iter().map(String::len).sum();
            let fits = queries + job.texts.len() <= limits.queries
                && bytes + job_bytes <= limits.query_bytes;
            if !fits && !jobs.is_empty() {
                break;
            }
            queries += job.texts.len();
            bytes += job_bytes;
            jobs.extend(state.waiting.pop_front());
        }
        if state.waiting_slices > 0 {
            state.batches_ahead += 1;
        }
        state.counts.batches += 1;
        state.counts.queries += queries as u64;
        jobs
    }

    /// Waits for the turn of a slice of `documents` documents.
    pub(super) fn wait_for_slice(&self, documents: usize) -> Turn<'_> {
        let mut state = self.lock();
        state.waiting_slices += 1;
        while state.is_busy || !state.is_turn_of_slices() {
            state = self
                .slices
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting_slices -= 1;
        state.batches_ahead = 0;
        state.is_busy = true;
        state.counts.slices += 1;
        state.counts.documents += documents as u64;
        Turn { turns: self }
    }

    pub(super) fn counts(&self) -> BatchingCounts {
        let state = self.lock();
        BatchingCounts {
            waiting_queries: state.waiting.len(),
            waiting_documents: state.waiting_slices,
            ..state.counts
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_turn_of_slices(&self) -> bool {
        self.waiting.is_empty() || self.batches_ahead >= PATIENCE
    }

    /// Gives the turn to whoever is next: the first call that waits, or a slice.
    fn hand_over(&mut self, slices: &Condvar) {
        self.is_busy = false;
        if self.waiting_slices > 0 && self.is_turn_of_slices() {
            slices.notify_one();
            return;
        }
        while let Some(job) = self.waiting.front() {
            if job.reply.send(Reply::Lead).is_ok() {
                self.is_busy = true;
                return;
            }
            self.waiting.pop_front();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.lock().hand_over(&self.turns.slices);
    }
}
