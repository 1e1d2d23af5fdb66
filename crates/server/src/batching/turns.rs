//! Who may use the embedder: some batches of queries, or one slice of documents, at a time.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SendError, SyncSender, sync_channel};
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
    /// The call should embed the texts of these jobs, the first of which is its own.
    Lead(Vec<Job>),
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
    /// The number of batches of queries that the embedder has, or that calls are about to give it.
    running_batches: usize,
    /// The number of calls whose queries these batches have.
    running_calls: usize,
    /// Whether the embedder has a slice of documents.
    has_slice: bool,
    waiting_slices: usize,
    /// The number of batches of queries since a slice of documents began to wait.
    batches_ahead: u32,
    counts: BatchingCounts,
}

/// The right to use the embedder, until this value is dropped.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    limits: Limits,
    /// The number of calls of a batch, or `None` for a slice of documents.
    calls: Option<usize>,
}

impl Job {
    /// Answers the call, unless the caller has gone away.
    pub(super) fn answer(self, rows: Rows) {
        let _ = self.reply.send(Reply::Done(rows));
    }
}

impl Turns {
    /// Waits until the texts of a call have been embedded, or until the call should embed them itself.
    pub(super) fn queue(&self, texts: &[&str], limits: Limits) -> Queued<'_> {
        let receiver = self.push(texts, limits);
        match receiver.recv() {
            Ok(Reply::Done(rows)) => Queued::Done(rows),
            Ok(Reply::Lead(jobs)) => {
                let turn = Turn {
                    turns: self,
                    limits,
                    calls: Some(jobs.len()),
                };
                Queued::Lead(turn, jobs)
            }
            Err(_) => Queued::Done(Err("the batch of this query was abandoned".into())),
        }
    }

    fn push(&self, texts: &[&str], limits: Limits) -> Receiver<Reply> {
        let (reply, receiver) = sync_channel(1);
        let texts = texts.iter().map(|&text| text.to_owned()).collect();
        let mut state = self.lock();
        state.waiting.push_back(Job { texts, reply });
        state.start(limits, &self.slices);
        receiver
    }

    /// Waits for the turn of a slice of `documents` documents.
    pub(super) fn wait_for_slice(&self, documents: usize, limits: Limits) -> Turn<'_> {
        let mut state = self.lock();
        state.waiting_slices += 1;
        while !state.is_unused() || !state.is_turn_of_slices() {
            state = self
                .slices
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting_slices -= 1;
        state.batches_ahead = 0;
        state.has_slice = true;
        state.counts.slices += 1;
        state.counts.documents += documents as u64;
        Turn {
            turns: self,
            limits,
            calls: None,
        }
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
    fn is_unused(&self) -> bool {
        self.running_batches == 0 && !self.has_slice
    }

    fn is_turn_of_slices(&self) -> bool {
        self.waiting.is_empty() || self.batches_ahead >= PATIENCE
    }

    /// Starts what may run now: a slice of documents, or batches of queries.
    fn start(&mut self, limits: Limits, slices: &Condvar) {
        if self.has_slice {
            return;
        }
        if self.waiting_slices > 0 && self.is_turn_of_slices() {
            // The slice begins when the batches that run have ended.
            if self.is_unused() {
                slices.notify_one();
            }
            return;
        }
        while self.running_batches < limits.batches && !self.waiting.is_empty() {
            let jobs = self.take_batch(limits);
            let Some(reply) = jobs.first().map(|job| job.reply.clone()) else {
                return;
            };
            let calls = jobs.len();
            match reply.send(Reply::Lead(jobs)) {
                Ok(()) => {
                    self.running_batches += 1;
                    self.running_calls += calls;
                }
                // The first call has gone away; the others are still there.
                Err(SendError(Reply::Lead(jobs))) => {
                    jobs.into_iter()
                        .skip(1)
                        .rev()
                        .for_each(|job| self.waiting.push_front(job));
                }
                Err(SendError(Reply::Done(_))) => {}
            }
        }
    }

    /// Takes the jobs of the next batch, the first one whatever its size. If there may be several batches, each gets a
    /// part of the jobs, so that none of them has all the work.
    fn take_batch(&mut self, limits: Limits) -> Vec<Job> {
        let calls = self.waiting.len() + self.running_calls;
        let part = calls.div_ceil(limits.batches);
        let (mut queries, mut bytes) = (0, 0);
        let mut jobs = Vec::new();
        while let Some(job) = self.waiting.front() {
            let job_bytes: usize = job.texts.iter().map(String::len).sum();
            let fits = queries + job.texts.len() <= limits.queries
                && bytes + job_bytes <= limits.query_bytes
                && jobs.len() < part;
            if !fits && !jobs.is_empty() {
                break;
            }
            queries += job.texts.len();
            bytes += job_bytes;
            jobs.extend(self.waiting.pop_front());
        }
        if self.waiting_slices > 0 {
            self.batches_ahead += 1;
        }
        self.counts.batches += 1;
        self.counts.queries += queries as u64;
        jobs
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        match self.calls {
            None => state.has_slice = false,
            Some(calls) => {
                state.running_batches -= 1;
                state.running_calls -= calls;
            }
        }
        state.start(self.limits, &self.turns.slices);
    }
}
