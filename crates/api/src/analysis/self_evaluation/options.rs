//! The options of a self-evaluation.

use crate::analysis::evaluation::setting::SearchSetting;
use crate::query::mode::Mode;

/// Options of [`Library::evaluate_itself`](crate::Library::evaluate_itself).
#[derive(Clone, Debug)]
pub struct SelfEvaluationOptions<'a> {
    pub(crate) sample: usize,
    pub(crate) settings: Vec<SearchSetting<'a>>,
}

impl Default for SelfEvaluationOptions<'_> {
    fn default() -> Self {
        let modes = Mode::ALL.iter().copied();
        Self {
            sample: 500,
            settings: modes.map(SearchSetting::mode).collect(),
        }
    }
}

impl<'a> SelfEvaluationOptions<'a> {
    /// Sets the number of papers that the queries of a task come from. Default: 500.
    #[must_use]
    pub fn sample(mut self, papers: usize) -> Self {
        self.sample = papers;
        self
    }

    /// Sets the settings to evaluate. Default: each [`Mode`].
    #[must_use]
    pub fn settings(mut self, settings: impl IntoIterator<Item = SearchSetting<'a>>) -> Self {
        self.settings = settings.into_iter().collect();
        self
    }
}
