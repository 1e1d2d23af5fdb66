//! The papers that the text of a query names, which come before all other hits.

use cognate_index::RowId;
use roaring::RoaringBitmap;

use crate::Result;
use crate::library::lookup::named_rows;
use crate::query::mode::Mode;
use crate::query::retrieve::{Direction, Retriever};
use crate::query::scored_row::ScoredRow;
use crate::query::{Query, Target};

/// The rows of the papers that the text of a query names and that pass its filter.
#[derive(Debug)]
pub(crate) struct NamedPapers {
    rows: RoaringBitmap,
}

impl NamedPapers {
    /// Looks up the text of a query. Other queries name no paper in this way.
    pub(crate) fn of(query: &Query, retriever: &Retriever<'_>) -> Result<Self> {
        let rows = match &query.target {
            Target::Text(text) => named_rows(&retriever.snapshot, text)?,
            Target::Vector(_) | Target::Papers(_) => Vec::new(),
        };
        let mut rows: RoaringBitmap = rows.into_iter().map(RowId::get).collect();
        if let Some(allowed) = &retriever.allowed {
            rows &= allowed;
        }
        Ok(Self { rows })
    }

    /// Returns whether the paper in `row` is named.
    pub(crate) fn contains(&self, row: RowId) -> bool {
        self.rows.contains(row.get())
    }

    /// Moves the named papers to the beginning of the `n` best rows, and adds those that are not among them, with
    /// their own scores, unless they lack the minimum score. The other rows keep their order.
    pub(crate) fn first(
        &self,
        ranking: Vec<ScoredRow>,
        n: usize,
        retriever: &Retriever<'_>,
        direction: &Direction,
    ) -> Result<Vec<ScoredRow>> {
        if self.rows.is_empty() {
            return Ok(ranking);
        }
        let is_named = |scored: &ScoredRow| self.contains(scored.row);
        let (mut first, others): (Vec<_>, Vec<_>) = ranking.into_iter().partition(is_named);
        let found: RoaringBitmap = first.iter().map(|scored| scored.row.get()).collect();
        first.extend(scored(&(&self.rows - found), retriever, direction)?);
        first.extend(others);
        first.truncate(n);
        Ok(first)
    }
}

/// Returns rows with the scores that they have in a direction, in ascending order, without those that lack the
/// minimum score. They have no fused score, which depends on the rankings that they are not in.
fn scored(
    rows: &RoaringBitmap,
    retriever: &Retriever<'_>,
    direction: &Direction,
) -> Result<Vec<ScoredRow>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let cosines = match &direction.vector {
        Some(vector) => Some(retriever.cosines(vector.view(), rows, retriever.min_score)?),
        None => None,
    };
    let count = usize::try_from(rows.len()).unwrap_or(usize::MAX);
    let by_keyword = if retriever.ranking.mode == Mode::Keyword {
        let snapshot = &retriever.snapshot;
        snapshot.keyword_hits(&direction.keywords, count, Some(rows))?
    } else {
        Vec::new()
    };
    let scored = rows.iter().map(RowId::new).filter_map(|row| {
        let score = match &cosines {
            Some(cosines) => Some(*cosines.get(&row)?),
            None => None,
        };
        let hit = by_keyword.iter().find(|hit| hit.row == row);
        Some(ScoredRow {
            row,
            score,
            keyword_score: hit.map(|hit| hit.score),
            fused_score: None,
        })
    });
    Ok(scored.collect())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::query::execute::QueryExecution;
    use crate::query::hit::PaperHit;
    use crate::testing::{library, random_texts};
    use crate::{Filter, Library, Paper};

    /// Returns a library of many papers near the vector of [`search`], and three far from it.
    fn library_with_far_papers() -> (tempfile::TempDir, Library) {
        let near = (0..400).map(|n| format!("1 0.0{n:03} 0"));
        let texts: Vec<String> = near.chain(random_texts(20)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (dir, library) = library(&texts);
        let far = |id: &str| Paper::new(id).title("Sorting by rotating wheels");
        let far = |id: &str| far(id).abstract_text("-1 0 0").year(2001);
        library
            .add([
                far("wheels").doi("10.1234/wheels"),
                far("preprint").arxiv("2001.00001"),
                far("other")
                    .title("Moss on stones in winter")
                    .doi("10.1234/moss"),
            ])
            .unwrap();
        (dir, library)
    }

    fn search(library: &Library, query: &Query) -> Vec<PaperHit> {
        let vector = array![1.0, 0.0, 0.0];
        let hits = library
            .read(|snapshot| QueryExecution::new(snapshot, query, Some(&vector), None)?.hits());
        hits.unwrap()
    }

    fn ids(hits: &[PaperHit]) -> Vec<&str> {
        hits.iter().map(|hit| hit.paper.id.as_str()).collect()
    }

    #[test]
    fn a_paper_that_the_text_names_is_the_first_hit_with_its_own_score() {
        let (_dir, library) = library_with_far_papers();
        for mode in [Mode::Hybrid, Mode::Vector, Mode::Keyword] {
            let query = |text: &str| Query::text(text).mode(mode).score_context(true);
            let unnamed = search(&library, &query("10.1234/nothing").k(5));
            for (text, id) in [
                ("other", "other"),
                ("https://doi.org/10.1234/moss", "other"),
                ("moss on stones in winter!", "other"),
            ] {
                let hits = search(&library, &query(text).k(5));
                assert_eq!(hits[0].paper.id, id, "{text}");
                assert_eq!(hits[0].score, Some(-1.0), "{text}");
                assert!(hits[0].named && hits[1..].iter().all(|hit| !hit.named));
                let ranks: Vec<usize> = hits.iter().map(|hit| hit.rank).collect();
                assert_eq!(ranks, (1..=hits.len()).collect::<Vec<_>>());
                if mode == Mode::Vector {
                    assert_eq!(ids(&hits)[1..], ids(&unnamed)[..4]);
                }
                for k in 1..hits.len() {
                    assert_eq!(search(&library, &query(text).k(k)), hits[..k]);
                }
            }
        }
    }

    #[test]
    fn the_named_version_is_the_hit_of_its_group() {
        let (_dir, library) = library_with_far_papers();
        for (text, id, other) in [
            ("2001.00001v3", "preprint", "wheels"),
            ("doi:10.1234/wheels", "wheels", "preprint"),
        ] {
            let query = Query::text(text).mode(Mode::Vector);
            let hits = search(&library, &query.clone().k(3));
            assert_eq!((ids(&hits)[0], hits.len()), (id, 3), "{text}");
            let query = query.every_version(true);
            let hits = search(&library, &query.k(423));
            assert_eq!(ids(&hits)[0], id, "{text}");
            assert!(ids(&hits)[1..].contains(&other));
        }
        // Both versions have the title.
        let query = Query::text("sorting by rotating wheels").mode(Mode::Vector);
        let hits = search(&library, &query.clone().k(2));
        assert_eq!(ids(&hits)[0], "wheels");
        assert_eq!(hits[0].versions.len(), 1);
        assert_eq!(hits[0].versions[0].id, "preprint");
        let hits = search(&library, &query.every_version(true).k(2));
        assert_eq!(ids(&hits), ["wheels", "preprint"]);
    }

    #[test]
    fn filters_and_the_minimum_score_apply_to_a_named_paper() {
        let (_dir, library) = library_with_far_papers();
        let query = || Query::text("10.1234/moss").mode(Mode::Vector).k(3);
        let first = |query: Query| {
            ids(&search(&library, &query))
                .first()
                .map(ToString::to_string)
        };
        let passes = query().filter(Filter::default().years(2001..));
        assert_eq!(first(passes).as_deref(), Some("other"));
        let fails = query().filter(Filter::default().years(..2001));
        assert_eq!(first(fails), None);
        assert_ne!(first(query().min_score(0.0)).as_deref(), Some("other"));
        assert_eq!(first(query().min_score(-1.0)).as_deref(), Some("other"));
    }

    #[test]
    fn a_text_that_is_not_a_name_is_searched_for_alone() {
        let (_dir, library) = library_with_far_papers();
        // The beginning of an id, a part of a title, and an id in another case may be words.
        for text in ["moss on stones", "OTHER", "prepri", "wheels and moss"] {
            let hits = search(&library, &Query::text(text).mode(Mode::Vector).k(3));
            assert!(hits.iter().all(|hit| hit.score > Some(0.9)), "{text}");
        }
    }
}
