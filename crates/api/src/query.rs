use crate::Filter;

/// What to look for, and which papers may answer.
///
/// ```
/// use cognate::{Filter, Query};
///
/// let query = Query::text("attention without recurrence")
///     .k(20)
///     .filter(Filter::default().years(2015..=2019).category("cs.CL"));
/// ```
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) target: Target,
    pub(crate) k: Option<usize>,
    pub(crate) filter: Filter,
    pub(crate) min_score: Option<f32>,
}

/// Where a query points.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Text(String),
    Vector(Vec<f32>),
    Papers {
        wanted: Vec<String>,
        unwanted: Vec<String>,
    },
}

impl Query {
    /// The papers a query gives where [`k`](Self::k) is not set.
    pub const DEFAULT_K: usize = 10;

    fn new(target: Target) -> Self {
        Self {
            target,
            k: None,
            filter: Filter::default(),
            min_score: None,
        }
    }

    /// Asks for papers near a text; the library needs an embedder.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Target::Text(text.into()))
    }

    /// Asks for papers near a vector of the library's dimension.
    pub fn vector(vector: impl Into<Vec<f32>>) -> Self {
        Self::new(Target::Vector(vector.into()))
    }

    /// Asks for papers near one paper of the library, which is itself left out.
    pub fn paper(id: impl Into<String>) -> Self {
        Self::papers([id])
    }

    /// Asks for papers near several papers of the library, which are themselves left out.
    ///
    /// The query is the sum of their unit vectors.
    pub fn papers<S: Into<String>>(ids: impl IntoIterator<Item = S>) -> Self {
        let wanted = ids.into_iter().map(Into::into).collect();
        Self::new(Target::Papers {
            wanted,
            unwanted: Vec::new(),
        })
    }

    /// Turns a query by papers away from others, which are left out too.
    ///
    /// The query is then 0.75 times the mean of the wanted vectors less 0.15 times the mean of
    /// the unwanted (Rocchio 1971, with the weights that are usual for it). Without effect on a
    /// query by text or by vector.
    #[must_use]
    pub fn not<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        if let Target::Papers { unwanted, .. } = &mut self.target {
            unwanted.extend(ids.into_iter().map(Into::into));
        }
        self
    }

    /// The number of papers to give, 1 to the number in the library. Default:
    /// [`DEFAULT_K`](Self::DEFAULT_K), or all where there are fewer.
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = Some(k);
        self
    }

    /// Only papers that pass `filter`. Default: all pass.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Only papers with at least this score, −1 to 1. Default: any score.
    #[must_use]
    pub fn min_score(mut self, score: f32) -> Self {
        self.min_score = Some(score);
        self
    }
}
