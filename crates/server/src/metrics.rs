//! Counts and times of requests, in the text form of Prometheus.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::server::Server;

/// The upper bounds of the buckets of times, in seconds.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];

/// How many measured times the recorder keeps one by one before it counts them in buckets.
const UPKEEP: u64 = 1_024;

/// The metrics of one server. Labels are never texts of clients, so that their number is bounded.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    recorded: AtomicU64,
    /// When the server was created, in seconds since 1970.
    start: f64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let builder = PrometheusBuilder::new().set_buckets(&SECONDS);
        // It fails only without buckets.
        let builder = builder.unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        metrics::with_local_recorder(&recorder, describe);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            handle: recorder.handle(),
            recorder,
            recorded: AtomicU64::new(0),
            start: since.unwrap_or_default().as_secs_f64(),
        }
    }

    /// Counts a request.
    pub(crate) fn count(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let route = route.to_owned();
        metrics::with_local_recorder(&self.recorder, || {
            let status = status.to_string();
            counter!("http_requests_total", "method" => method, "route" => route.clone(), "status" => status)
                .increment(1);
            histogram!("http_request_duration_seconds", "method" => method, "route" => route)
                .record(took.as_secs_f64());
        });
        if self.recorded.fetch_add(1, Ordering::Relaxed) % UPKEEP == UPKEEP - 1 {
            self.handle.run_upkeep();
        }
    }

    /// Returns all metrics as text.
    fn render(&self, server: &Server) -> Result<String, Problem> {
        let mut libraries = Vec::new();
        for one in server.libraries() {
            let generation = one.library.generation()?;
            libraries.push((one.name.clone(), one.library.len()?, generation));
        }
        let work = server.work().load();
        let models = server.models().iter();
        let batching: Vec<_> = models
            .filter_map(|model| Some((model.name.clone(), model.batching_counts()?)))
            .collect();
        metrics::with_local_recorder(&self.recorder, || {
            for (name, papers, generation) in libraries {
                gauge!("cognate_papers", "library" => name.clone()).set(float(papers));
                counter!("cognate_paper_changes_total", "library" => name.clone())
                    .absolute(generation.papers);
                counter!("cognate_list_changes_total", "library" => name)
                    .absolute(generation.lists);
            }
            for (name, counts) in batching {
                let labels = [("model", name)];
                counter!("cognate_query_batches_total", &labels).absolute(counts.batches);
                counter!("cognate_queries_embedded_total", &labels).absolute(counts.queries);
                counter!("cognate_documents_embedded_total", &labels).absolute(counts.documents);
                gauge!("cognate_queries_waiting", &labels).set(float(counts.waiting_queries));
            }
            gauge!("cognate_queue_running").set(float(work.running));
            gauge!("cognate_queue_waiting").set(float(work.waiting));
            counter!("cognate_queue_refused_total").absolute(work.refused);
            gauge!("process_start_time_seconds").set(self.start);
            if let Some(bytes) = resident_bytes() {
                gauge!("process_resident_memory_bytes").set(bytes);
            }
        });
        Ok(self.handle.render())
    }
}

fn describe() {
    describe_counter!(
        "http_requests_total",
        "Requests by method, route and status"
    );
    describe_histogram!(
        "http_request_duration_seconds",
        Unit::Seconds,
        "Time from the headers of a request to the last byte of its answer"
    );
    describe_gauge!("cognate_papers", "Papers of a library");
    describe_counter!(
        "cognate_paper_changes_total",
        "Commits of papers of a library"
    );
    describe_counter!(
        "cognate_list_changes_total",
        "Changes of the lists of a library"
    );
    describe_counter!(
        "cognate_query_batches_total",
        "Batches in which a model has embedded queries"
    );
    describe_counter!(
        "cognate_queries_embedded_total",
        "Queries that a model has embedded"
    );
    describe_counter!(
        "cognate_documents_embedded_total",
        "Documents that a model has embedded"
    );
    describe_gauge!(
        "cognate_queries_waiting",
        "Calls with queries that wait for a model"
    );
    describe_gauge!(
        "cognate_queue_running",
        "Calls of libraries and models that run"
    );
    describe_gauge!(
        "cognate_queue_waiting",
        "Calls of libraries and models that wait"
    );
    describe_counter!(
        "cognate_queue_refused_total",
        "Requests that were refused because too many calls waited"
    );
    describe_gauge!(
        "process_start_time_seconds",
        "Start of the server since 1970"
    );
    describe_gauge!("process_resident_memory_bytes", "Memory of the process");
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}

/// Returns the memory of the process, or `None` if the system does not tell it.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// Returns the route of the metrics.
pub(crate) fn route() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Returns counts and times of requests, and the state of the process and of the libraries, for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "server",
    responses((status = 200, description = "The metrics, in the text format of Prometheus", body = String, content_type = "text/plain"))
)]
async fn metrics(State(server): State<Server>) -> Result<impl IntoResponse, Problem> {
    // A full queue must not hide the metrics that show it, so this call does not wait there.
    let render = move || server.metrics().render(&server);
    let text = tokio::task::spawn_blocking(render)
        .await
        .map_err(|_| Problem::internal())??;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
