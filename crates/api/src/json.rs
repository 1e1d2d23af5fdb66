//! The JSON of hits and reports whose form differs from their fields. The names are those that the
//! command prints, so that a program that reads its output can read the crate's.

use std::error::Error as _;

use serde::{Serialize, Serializer};

use crate::analysis::duplicates::DuplicatePair;
use crate::analysis::evaluation::estimate::Estimate;
use crate::analysis::evaluation::metrics::Metric;
use crate::analysis::evaluation::results::Evaluation;
use crate::analysis::missed::MissedReport;
use crate::analysis::missed::cited::CitedPaper;
use crate::analysis::self_evaluation::SelfTask;
use crate::library::check::Fault;
use crate::query::hit::{FoundBy, PaperHit};
use crate::query::versions::DuplicateReason;
use crate::{Citation, Error, MissedHit, Paper};

#[derive(Serialize)]
struct HitDocument<'a> {
    rank: usize,
    score: Option<f32>,
    percentile: Option<f32>,
    rank_by_cosine: Option<usize>,
    found_by: Option<FoundBy>,
    keyword_score: Option<f64>,
    fused_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rerank_score: Option<f32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    named: bool,
    #[serde(flatten)]
    paper: &'a Paper,
    versions: &'a [Paper],
}

impl Serialize for PaperHit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = HitDocument {
            rank: self.rank,
            score: self.score,
            percentile: self.score_context.and_then(|context| context.percentile),
            rank_by_cosine: self
                .score_context
                .and_then(|context| context.rank_by_cosine),
            found_by: self.score_context.and_then(|context| context.found_by),
            keyword_score: self.keyword_score,
            fused_score: self.fused_score,
            rerank_score: self.rerank_score,
            named: self.named,
            paper: &self.paper,
            versions: &self.versions,
        };
        document.serialize(serializer)
    }
}

#[derive(Serialize)]
struct PairDocument<'a> {
    cosine: f32,
    reason: DuplicateReason,
    papers: [&'a Paper; 2],
}

impl Serialize for DuplicatePair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = PairDocument {
            cosine: self.cosine,
            reason: self.reason,
            papers: [&self.first, &self.second],
        };
        document.serialize(serializer)
    }
}

#[derive(Serialize)]
struct MissedDocument<'a> {
    sentences: usize,
    hits: &'a [MissedHit],
    cited: CitedDocument<'a>,
}

#[derive(Serialize)]
struct CitedDocument<'a> {
    found: &'a [CitedPaper],
    not_found: &'a [Citation],
}

impl Serialize for MissedReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = MissedDocument {
            sentences: self.sentences,
            hits: &self.hits,
            cited: CitedDocument {
                found: &self.found,
                not_found: &self.not_found,
            },
        };
        document.serialize(serializer)
    }
}

#[derive(Serialize)]
struct FaultDocument {
    fault: String,
    repairable: bool,
    in_vectors: bool,
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = FaultDocument {
            fault: with_causes(&self.error),
            repairable: self.is_repairable,
            in_vectors: self.is_in_vectors,
        };
        document.serialize(serializer)
    }
}

/// Returns an error and its causes on one line, without causes that the text before already contains.
fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut last = text.clone();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !next.ends_with(&last) {
            text = format!("{text}: {next}");
            last = next;
        }
        cause = error.source();
    }
    text
}

#[derive(Serialize)]
struct EvaluationDocument {
    #[serde(rename = "ndcg@10")]
    ndcg_at_10: Estimate,
    #[serde(rename = "map@100")]
    map_at_100: Estimate,
    #[serde(rename = "recall@10")]
    recall_at_10: Estimate,
    #[serde(rename = "recall@100")]
    recall_at_100: Estimate,
    #[serde(rename = "mrr@10")]
    mrr_at_10: Estimate,
}

impl Serialize for Evaluation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = EvaluationDocument {
            ndcg_at_10: self.estimate(Metric::NdcgAt10),
            map_at_100: self.estimate(Metric::MapAt100),
            recall_at_10: self.estimate(Metric::RecallAt10),
            recall_at_100: self.estimate(Metric::RecallAt100),
            mrr_at_10: self.estimate(Metric::MrrAt10),
        };
        document.serialize(serializer)
    }
}

#[derive(Serialize)]
struct TaskDocument<'a> {
    task: &'a str,
    queries: usize,
    documents: usize,
    results: Vec<ResultDocument<'a>>,
}

#[derive(Serialize)]
struct ResultDocument<'a> {
    mode: &'a str,
    #[serde(flatten)]
    evaluation: &'a Evaluation,
}

impl Serialize for SelfTask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let results = self.results.iter();
        let document = TaskDocument {
            task: self.name,
            queries: self.queries,
            documents: self.documents,
            results: results
                .map(|(mode, evaluation)| ResultDocument { mode, evaluation })
                .collect(),
        };
        document.serialize(serializer)
    }
}
