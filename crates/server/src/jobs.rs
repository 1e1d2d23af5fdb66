//! Jobs: imports of papers and layouts of maps, which may take longer than a request may. The jobs of one library run
//! one after another.

mod document;
mod import;
mod import_report;
mod job;
mod map_layout;
mod map_report;
mod stop;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

pub(crate) use self::document::{JobDocument, JobKind, JobState};
pub(crate) use self::import::Upload;
pub(crate) use self::job::Job;
use self::job::Outcome;
use self::stop::Stop;
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// How long a job is kept after its end.
const KEPT: Duration = Duration::from_hours(1);

/// The largest number of jobs that have ended and are kept.
const MAX_ENDED: usize = 100;

/// The largest number of jobs of a library that run or wait.
const MAX_OPEN: usize = 16;

/// The jobs of a server, in the order in which they were asked for.
#[derive(Debug)]
pub(crate) struct Jobs {
    jobs: Mutex<Vec<Arc<Job>>>,
    /// For each library, a permit for the job that runs.
    turns: HashMap<String, Arc<Semaphore>>,
}

/// What a job is to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// Add the papers of a file.
    Import(Upload),
    /// Lay out the map of the library.
    Map,
}

impl Task {
    fn kind(&self) -> JobKind {
        match self {
            Self::Import(_) => JobKind::Import,
            Self::Map => JobKind::Map,
        }
    }

    /// Does the task.
    fn run(&self, server: &Server, job: &Job) -> Result<Outcome, Stop> {
        let served = server.library(Some(job.library()))?;
        match self {
            Self::Import(upload) => import::run(&served.library, upload, job).map(Outcome::Import),
            Self::Map => map_layout::run(server, served, job).map(Outcome::Map),
        }
    }
}

impl Jobs {
    /// Creates the jobs of a server of libraries with these names.
    pub(crate) fn new<'a>(libraries: impl IntoIterator<Item = &'a str>) -> Self {
        let turn = |name: &str| (name.to_owned(), Arc::new(Semaphore::new(1)));
        Self {
            jobs: Mutex::default(),
            turns: libraries.into_iter().map(turn).collect(),
        }
    }

    /// Starts a job of a library, or lets it wait for its turn. A map that is laid out already, or will be, is not laid
    /// out once more: the job is the one that does.
    ///
    /// # Errors
    ///
    /// Returns a problem if too many jobs of the library run or wait, or if the server stops.
    pub(crate) fn submit(
        &self,
        server: &Server,
        library: &str,
        task: Task,
    ) -> Result<Arc<Job>, Problem> {
        if server.stopping().is_cancelled() {
            return Err(Problem::stopping());
        }
        let turn = self.turns.get(library).ok_or_else(Problem::internal)?;
        let job = {
            let mut jobs = self.lock();
            let is_open = |job: &&Arc<Job>| job.is_of(library) && job.ended().is_none();
            if task.kind() == JobKind::Map
                && let Some(job) = jobs.iter().filter(is_open).find(|job| job.is_shared())
            {
                return Ok(Arc::clone(job));
            }
            if jobs.iter().filter(is_open).count() >= MAX_OPEN {
                return Err(Problem::new(
                    Kind::Overloaded,
                    format!(
                        "{MAX_OPEN} jobs of `{library}` run or wait; try again when one has ended"
                    ),
                ));
            }
            let file = match &task {
                Task::Import(upload) => Some(upload.name()),
                Task::Map => None,
            };
            let job = Arc::new(Job::new(task.kind(), library, file, jobs.len()));
            jobs.push(Arc::clone(&job));
            job
        };
        let (turn, server) = (Arc::clone(turn), server.clone());
        tokio::spawn(run(server, turn, Arc::clone(&job), task));
        Ok(job)
    }

    /// Returns all jobs.
    pub(crate) fn all(&self) -> Vec<Arc<Job>> {
        self.lock().clone()
    }

    /// Returns the job with an id.
    pub(crate) fn get(&self, id: &str) -> Result<Arc<Job>, Problem> {
        let jobs = self.lock();
        let job = jobs.iter().find(|job| job.id() == id);
        job.cloned().ok_or_else(|| unknown(id))
    }

    /// Removes the job with an id from the list, and cancels it if it has not ended.
    pub(crate) fn remove(&self, id: &str) -> Result<Arc<Job>, Problem> {
        let mut jobs = self.lock();
        let position = jobs.iter().position(|job| job.id() == id);
        let job = jobs.remove(position.ok_or_else(|| unknown(id))?);
        job.cancel();
        Ok(job)
    }

    /// Cancels all jobs, because the server stops.
    pub(crate) fn cancel_all(&self) {
        for job in self.lock().iter() {
            job.cancel();
        }
    }

    /// Returns the jobs, without those that ended too long ago.
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Job>>> {
        // No call that holds the lock leaves the list half changed.
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_old = |ended: Instant| now.duration_since(ended) >= KEPT;
        jobs.retain(|job| !job.ended().is_some_and(is_old));
        let mut ended: Vec<Instant> = jobs.iter().filter_map(|job| job.ended()).collect();
        if ended.len() > MAX_ENDED {
            ended.sort_unstable();
            let mut surplus = ended.len() - MAX_ENDED;
            let last = ended[surplus - 1];
            jobs.retain(|job| {
                let is_surplus = surplus > 0 && job.ended().is_some_and(|ended| ended <= last);
                surplus -= usize::from(is_surplus);
                !is_surplus
            });
        }
        jobs
    }
}

fn unknown(id: &str) -> Problem {
    Problem::new(
        Kind::UnknownJob,
        format!("no job has the id `{id}`; jobs are kept for an hour after their end"),
    )
}

/// Runs a job when it is its turn.
async fn run(server: Server, turn: Arc<Semaphore>, job: Arc<Job>, task: Task) {
    let permit = tokio::select! {
        permit = turn.acquire_owned() => permit,
        () = job.cancelled() => return job.end(Err(None)),
    };
    let work = {
        let job = Arc::clone(&job);
        spawn_blocking(move || {
            // Returned when the work ends.
            let _permit = permit;
            job.start();
            task.run(&server, &job)
        })
    };
    let outcome = work
        .await
        .unwrap_or_else(|_| Err(Problem::internal().into()));
    job.end(outcome.map_err(Stop::into_problem));
}
