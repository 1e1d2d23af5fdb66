//! The parameters of queries: how hits are found and ordered, and what is said of them.

use cognate::{Fusion, HitOrder, Mode, Query};
use serde::{Deserialize, Serialize};

use super::filters::FilterParameters;
use crate::openapi::named_values::named_values;
use crate::options::ServerOptions;
use crate::paging::PageParameters;
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// The number of hits on all pages if an answer in pages is asked for.
const PAGED_K: usize = 100;

/// What the hits of a query by a text, a vector or papers have in common.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct HitParameters {
    /// The number of hits, on all pages together. Default: 10, or 100 if there is a `limit`.
    #[param(minimum = 1, example = 5)]
    pub(crate) k: Option<usize>,
    /// How papers are found: by the cosine of their vectors, by their words, or by both. Default: `hybrid`.
    #[param(value_type = Option<ModeName>, inline)]
    pub(crate) mode: Option<String>,
    /// How `hybrid` fuses the two rankings: by standardized scores, or by reciprocal ranks. Default: `z-score`.
    #[param(value_type = Option<FusionName>, inline)]
    pub(crate) fusion: Option<String>,
    /// Whether the scores of the best papers are smoothed over similar papers, which finds what is written
    /// on a subject rather than one known paper. Default: true for a query by papers in the mode `hybrid`, and
    /// false otherwise.
    pub(crate) smooth: Option<bool>,
    /// The diversity weight of maximal marginal relevance, from 0 (off) to 1.
    #[param(minimum = 0, maximum = 1, default = 0)]
    pub(crate) diversity: f32,
    /// Only papers with at least this cosine, from -1 to 1.
    #[param(minimum = -1, maximum = 1)]
    pub(crate) min_score: Option<f32>,
    /// The order of the hits: the best first, or the latest publication first. The hits are the same in both.
    /// Default: `relevance`.
    #[param(value_type = Option<HitOrderName>, inline)]
    pub(crate) sort: Option<String>,
    /// Whether the preprint and the publication of a paper are separate hits.
    #[param(default = false)]
    pub(crate) every_version: bool,
    /// Whether each hit is explained by the most similar sentences of query and paper, and the words that
    /// they share.
    #[param(default = false)]
    pub(crate) explain: bool,
    /// Whether each hit says how its score compares with others of the library: its `percentile`,
    /// `rank_by_cosine` and `found_by`. Default: true, but false if only words are searched for.
    pub(crate) score_context: Option<bool>,
}

impl HitParameters {
    /// Returns the number of hits on all pages.
    ///
    /// # Errors
    ///
    /// Returns a problem if it is larger than the server allows.
    pub(crate) fn number(&self, page: &PageParameters, server: &Server) -> Result<usize, Problem> {
        let options = server.options();
        if let Some(limit) = page.limit {
            check_count("limit", limit, options)?;
        }
        let default = if page.is_paged() {
            PAGED_K.max(page.limit.unwrap_or(0)).min(options.max_k)
        } else {
            Query::DEFAULT_K.min(options.max_k)
        };
        let k = self.k.unwrap_or(default);
        check_count("k", k, options)?;
        Ok(k)
    }

    /// Returns how papers are found.
    ///
    /// # Errors
    ///
    /// Returns a problem if the name of the mode is unknown.
    pub(crate) fn mode(&self) -> Result<Option<Mode>, Problem> {
        Ok(self.mode.as_deref().map(str::parse).transpose()?)
    }

    /// Returns the order of the hits.
    ///
    /// # Errors
    ///
    /// Returns a problem if the name of the order is unknown.
    pub(crate) fn order(&self) -> Result<HitOrder, Problem> {
        let order = self.sort.as_deref().map(str::parse).transpose()?;
        Ok(order.unwrap_or_default())
    }

    /// Applies the parameters to a query with `k` hits.
    ///
    /// # Errors
    ///
    /// Returns a problem if a parameter has a value that is not allowed.
    pub(crate) fn apply(
        &self,
        query: Query,
        filter: &FilterParameters,
        k: usize,
    ) -> Result<Query, Problem> {
        let mode = self.mode()?;
        // A search for words alone needs no cosines, unless it is asked for them.
        let needs_cosines = mode != Some(Mode::Keyword) || self.min_score.is_some() || self.explain;
        let mut query = query
            .k(k)
            .filter(filter.filter()?)
            .diversity(self.diversity)
            .every_version(self.every_version)
            .score_context(self.score_context.unwrap_or(needs_cosines));
        if let Some(mode) = mode {
            query = query.mode(mode);
        }
        if let Some(fusion) = &self.fusion {
            query = query.fusion(fusion.parse()?);
        }
        if let Some(smooth) = self.smooth {
            query = query.smooth(smooth);
        }
        if let Some(score) = self.min_score {
            query = query.min_score(score);
        }
        Ok(query)
    }
}

/// Fails if the text of a query is longer than the server allows.
pub(crate) fn check_text(
    parameter: &str,
    text: &str,
    options: &ServerOptions,
) -> Result<(), Problem> {
    let (found, most) = (text.len(), options.max_query_bytes);
    if found <= most {
        return Ok(());
    }
    let detail = format!("`{parameter}` has {found} bytes, expected at most {most}");
    Err(Problem::new(Kind::TooLarge, detail).with("parameter", parameter))
}

/// Fails if a number of papers is larger than the server allows.
pub(crate) fn check_count(
    parameter: &str,
    found: usize,
    options: &ServerOptions,
) -> Result<(), Problem> {
    let most = options.max_k;
    if found <= most {
        return Ok(());
    }
    let detail = format!("`{parameter}` is {found}, expected at most {most}");
    Err(Problem::new(Kind::InvalidOption, detail).with("parameter", parameter))
}

named_values!(ModeName, Mode::ALL.iter().map(|mode| mode.name()));
named_values!(HitOrderName, HitOrder::ALL.iter().map(|order| order.name()));
named_values!(FusionName, Fusion::ALL.iter().map(|fusion| fusion.name()));
