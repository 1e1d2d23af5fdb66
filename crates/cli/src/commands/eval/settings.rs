use anyhow::Result;
use clap::Args;
use cognate::{Fusion, Mode, Precision, Query, Reranker, SearchSetting, Strategy};

use crate::arguments::values::{not_negative, weight};
use crate::arguments::{FilterArguments, RerankArguments};
use crate::failure::wrong_usage;
use crate::reranking::load_reranker;

#[derive(Debug, Args)]
pub(crate) struct SettingArguments {
    /// Search mode [default: each of them]
    ///
    /// If there is another setting, the default is hybrid.
    #[arg(long)]
    mode: Option<Mode>,
    /// In the mode hybrid: z-score (sum of standardized scores) or rrf (reciprocal rank fusion)
    #[arg(long)]
    fusion: Option<Fusion>,
    /// Smooth the scores of the best papers over similar papers, as `search --smooth` does
    #[arg(long)]
    smooth: bool,
    /// Do not smooth the scores, as `related --no-smooth` does
    #[arg(long, conflicts_with = "smooth")]
    no_smooth: bool,
    /// Search again with the query moved toward the best N papers (pseudo-relevance feedback)
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "related",
        value_parser = not_negative,
        allow_negative_numbers = true
    )]
    feedback: Option<usize>,
    /// Diversity weight of maximal marginal relevance, from 0 (off) to 1
    #[arg(long, value_name = "WEIGHT", value_parser = weight, allow_negative_numbers = true)]
    diversity: Option<f32>,
    /// With --related: strategy, as in `related`
    #[arg(long, requires = "related")]
    strategy: Option<Strategy>,
    #[command(flatten)]
    rerank: RerankArguments,
    #[command(flatten)]
    filter: FilterArguments,
}

impl SettingArguments {
    /// Loads the cross-encoder of `--rerank`, if any, for a library of the precision `stored`.
    pub(crate) fn load_reranker(&self, stored: Precision) -> Result<Option<&'static Reranker>> {
        load_reranker(&self.rerank, stored)
    }

    /// Returns whether only keyword searches are measured, which need no embedder.
    pub(crate) fn is_by_keyword(&self) -> bool {
        self.mode == Some(Mode::Keyword)
    }

    /// Fails if a setting was given, because `reason` leaves it without an effect.
    pub(crate) fn refuse(&self, reason: &str) -> Result<()> {
        if self.mode.is_some() || self.has_options() {
            return Err(wrong_usage(&format!(
                "{reason}, expected no search settings"
            )));
        }
        Ok(())
    }

    /// Returns the settings to measure: one, or each mode if no setting was given.
    pub(crate) fn settings<'a>(&'a self, reranker: Option<&'a Reranker>) -> Vec<SearchSetting<'a>> {
        if self.mode.is_none() && !self.has_options() {
            return Mode::ALL
                .iter()
                .map(|mode| SearchSetting::mode(*mode))
                .collect();
        }
        let setting = SearchSetting::new(self.name(), |query| self.apply(query));
        vec![match reranker {
            Some(reranker) => setting.rerank(reranker, self.rerank.rerank_depth),
            None => setting,
        }]
    }

    /// Returns whether any setting but the mode was given.
    fn has_options(&self) -> bool {
        self.fusion.is_some()
            || self.smoothing().is_some()
            || self.feedback.is_some()
            || self.diversity.is_some()
            || self.strategy.is_some()
            || self.rerank.rerank.is_some()
            || !self.filter.filter().is_empty()
    }

    /// Returns whether to smooth, or `None` if neither option was given.
    fn smoothing(&self) -> Option<bool> {
        (self.smooth || self.no_smooth).then_some(self.smooth)
    }

    fn apply(&self, mut query: Query) -> Query {
        query = query.filter(self.filter.filter());
        if let Some(mode) = self.mode {
            query = query.mode(mode);
        }
        if let Some(fusion) = self.fusion {
            query = query.fusion(fusion);
        }
        if let Some(smooth) = self.smoothing() {
            query = query.smooth(smooth);
        }
        if let Some(papers) = self.feedback {
            query = query.feedback(papers);
        }
        if let Some(weight) = self.diversity {
            query = query.diversity(weight);
        }
        if let Some(strategy) = self.strategy {
            query = query.strategy(strategy);
        }
        query
    }

    /// Returns a name without white space, such as `hybrid+feedback=5`, which can be the tag of a run.
    fn name(&self) -> String {
        let mode = self.mode.unwrap_or_default().to_string();
        let options = [
            self.fusion.map(|fusion| fusion.to_string()),
            self.smoothing()
                .map(|smooth| if smooth { "smooth" } else { "no-smooth" }.to_owned()),
            self.feedback.map(|papers| format!("feedback={papers}")),
            self.diversity.map(|weight| format!("diversity={weight}")),
            self.strategy.map(|strategy| strategy.to_string()),
            self.rerank.rerank.as_ref().map(|_| "rerank".to_owned()),
            (!self.filter.filter().is_empty()).then(|| "filter".to_owned()),
        ];
        let parts = std::iter::once(mode).chain(options.into_iter().flatten());
        parts.collect::<Vec<_>>().join("+")
    }
}
