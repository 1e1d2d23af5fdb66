//! The documents of hits, of one library or of several.

use cognate::{Explanation, HitOrder, Library, MergedHit, PaperHit, Query, merge_hits};
use serde::Serialize;
use utoipa::ToSchema;

use super::reasons::{self, ReasonDocument};
use crate::answer::Commits;
use crate::openapi::documents;
use crate::paging::{Page, Paged};
use crate::problem::Problem;

/// The hits of a query.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HitsDocument<Q> {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library that was searched; there if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    library: Option<String>,
    /// The names of the libraries that were searched; there if they are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    libraries: Vec<String>,
    /// What was searched for: a text as it was given, the ids of papers, or null for a vector.
    #[schema(value_type = serde_json::Value)]
    query: Q,
    /// The hits of the page, the best first.
    #[schema(value_type = Vec<documents::Hit>)]
    hits: Vec<HitDocument>,
    /// The number of hits on all pages.
    total: usize,
    /// The token of the next page, or null on the last one.
    next: Option<String>,
    /// The reasons why nothing was found; present if an answer has no hits at all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    reasons: Vec<ReasonDocument>,
}

/// A hit, with the names of its libraries if several were searched.
#[derive(Debug, Serialize)]
struct HitDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    library: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_in: Vec<String>,
    #[serde(flatten)]
    hit: PaperHit,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

/// A hit, and the positions of its libraries.
#[derive(Debug)]
pub(super) struct FoundHit {
    hit: PaperHit,
    library: usize,
    also_in: Vec<usize>,
}

/// The hits of all pages.
#[derive(Debug)]
pub(super) struct Found {
    hits: Vec<FoundHit>,
    reasons: Vec<ReasonDocument>,
}

/// Explains hits that a library has found.
pub(super) type Explain<'a> =
    &'a dyn Fn(&Library, &[PaperHit]) -> cognate::Result<Vec<Explanation>>;

impl Found {
    /// Searches each library of `commits` and merges the hits. `search` returns them by relevance, with the query,
    /// which may be another one for each library.
    ///
    /// # Errors
    ///
    /// Returns a problem if a library cannot answer.
    pub(super) fn search(
        commits: &Commits<'_>,
        k: usize,
        order: HitOrder,
        search: impl Fn(&Library) -> Result<(Query, Vec<PaperHit>), Problem>,
    ) -> Result<Self, Problem> {
        let is_single = commits.libraries.len() == 1;
        let mut rankings = Vec::new();
        let mut reasons = Vec::new();
        for served in &commits.libraries {
            let library = &served.library;
            // An empty library cannot be searched, and its answer has no hits.
            let (query, hits) = if library.is_empty()? {
                (Query::text(""), Vec::new())
            } else {
                search(library)?
            };
            if hits.is_empty() {
                let name = (!is_single).then_some(served.name.as_str());
                reasons.extend(reasons::of_query(library, &query, name)?);
            }
            rankings.push(hits);
        }
        let hits: Vec<FoundHit> = if is_single {
            let mut hits: Vec<PaperHit> = rankings.into_iter().flatten().collect();
            order.arrange(&mut hits);
            hits.into_iter().map(FoundHit::of_one_library).collect()
        } else {
            let mut merged = merge_hits(rankings, has_same_model(commits), k);
            order.arrange_merged(&mut merged);
            merged.into_iter().map(FoundHit::from).collect()
        };
        if !hits.is_empty() {
            reasons.clear();
        }
        Ok(Self { hits, reasons })
    }

    /// Returns the document of a page, whose hits are explained if `explain` is given.
    ///
    /// # Errors
    ///
    /// Returns a problem if the hits cannot be explained.
    pub(super) fn document<Q>(
        self,
        commits: &Commits<'_>,
        query: Q,
        page: Page,
        paged: Paged,
        explain: Option<Explain<'_>>,
    ) -> Result<HitsDocument<Q>, Problem> {
        let total = self.hits.len();
        let (hits, has_more) = page.of(self.hits);
        let mut explanations = match explain {
            Some(explain) => explanations(commits, &hits, explain)?,
            None => Vec::new(),
        };
        explanations.resize(hits.len(), None);
        let name = |at: usize| commits.libraries[at].name.clone();
        let is_single = commits.libraries.len() == 1;
        let hits = hits.into_iter().zip(explanations);
        let hits = hits.map(|(found, explanation)| HitDocument {
            library: (!is_single).then(|| name(found.library)),
            also_in: found.also_in.into_iter().map(name).collect(),
            hit: found.hit,
            explanation,
        });
        let names = (0..commits.libraries.len()).map(name);
        let (library, libraries) = if is_single {
            (Some(name(0)), Vec::new())
        } else {
            (None, names.collect())
        };
        Ok(HitsDocument {
            version: documents::VERSION,
            library,
            libraries,
            query,
            hits: hits.collect(),
            total,
            next: has_more.then(|| page.next(total, paged)),
            reasons: self.reasons,
        })
    }
}

impl FoundHit {
    fn of_one_library(hit: PaperHit) -> Self {
        Self {
            hit,
            library: 0,
            also_in: Vec::new(),
        }
    }
}

impl From<MergedHit> for FoundHit {
    fn from(merged: MergedHit) -> Self {
        Self {
            hit: merged.hit,
            library: merged.library,
            also_in: merged.also_in,
        }
    }
}

/// Returns whether one model made the vectors of all libraries, so that their cosines are comparable.
pub(super) fn has_same_model(commits: &Commits<'_>) -> bool {
    let models = commits.libraries.iter();
    let mut models = models.map(|served| &served.library.embedder_info().fingerprint);
    let first = models.next();
    models.all(|model| Some(model) == first)
}

/// Returns the explanation of each hit by the library that found it.
fn explanations(
    commits: &Commits<'_>,
    hits: &[FoundHit],
    explain: Explain<'_>,
) -> Result<Vec<Option<Explanation>>, Problem> {
    let mut explanations: Vec<Option<Explanation>> = vec![None; hits.len()];
    for (at, served) in commits.libraries.iter().enumerate() {
        let positions = (0..hits.len()).filter(|position| hits[*position].library == at);
        let positions: Vec<usize> = positions.collect();
        let of_library = positions.iter().map(|at| hits[*at].hit.clone());
        let of_library: Vec<PaperHit> = of_library.collect();
        let explained = explain(&served.library, &of_library)?;
        for (position, explanation) in positions.into_iter().zip(explained) {
            explanations[position] = Some(explanation);
        }
    }
    Ok(explanations)
}
