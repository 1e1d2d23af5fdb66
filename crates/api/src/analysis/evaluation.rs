//! Evaluation of rankings against relevance judgments, with the metrics of `trec_eval`.

pub(crate) mod estimate;
pub(crate) mod metrics;
pub(crate) mod qrels;
pub(crate) mod results;
pub(crate) mod run;
pub(crate) mod setting;
mod trec_line;
