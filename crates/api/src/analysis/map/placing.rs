//! Papers that were added after a layout: each is placed among its nearest papers of the layout.

use std::collections::HashMap;

use cognate_index::{FlatIndex, RowId, SearchOptions};
use ndarray::{Array2, ArrayView1};
use roaring::RoaringBitmap;

use crate::library::paper_map::{MapPoint, PaperMap};
use crate::library::snapshot::Snapshot;
use crate::library::vectors_dir;
use crate::{Error, Result};

/// The number of nearest papers among which a paper is placed.
const NEAREST: usize = 5;

/// The number of papers whose nearest papers are searched for at a time.
const ROWS_PER_SEARCH: usize = 256;

/// Returns the checksum of a vector, by which one knows that a place was computed from this vector.
pub(super) fn checksum(vector: ArrayView1<'_, f32>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for value in vector {
        hasher.update(&value.to_le_bytes());
    }
    hasher.finalize()
}

/// Returns the checksum of the vector in a row.
pub(super) fn checksum_of(index: &FlatIndex, row: RowId) -> cognate_index::Result<u32> {
    Ok(index.row(row)?.map_or(0, checksum))
}

/// Returns the map of the papers that a library has now. Papers that the layout has keep their places, the others are
/// placed at the mean of their nearest papers of the layout, weighted by the cosine, and follow in the order in which
/// they were added. Returns `None` if no paper of the layout is left.
pub(super) fn update(snapshot: &Snapshot<'_>, map: &PaperMap) -> Result<Option<PaperMap>> {
    let vectors = vectors_dir(snapshot.dir);
    let index_error = || Error::index(&vectors);
    let laid_out = &map.points[..map.points.len() - map.placed];
    let known: HashMap<&str, usize> = laid_out
        .iter()
        .map(|point| point.id.as_str())
        .zip(0..)
        .collect();
    let mut kept: Vec<Option<(RowId, MapPoint)>> = vec![None; laid_out.len()];
    let mut new = Vec::new();
    let mut failure = None;
    snapshot.for_each(|row, stored| {
        let paper = stored.paper;
        let checksum = match checksum_of(snapshot.index, row) {
            Ok(checksum) => checksum,
            Err(error) => {
                failure.get_or_insert(error);
                return;
            }
        };
        let place = known.get(paper.id.as_str()).copied();
        let place = place.filter(|&at| laid_out[at].vector_checksum == checksum);
        let point = |place: Option<&MapPoint>| MapPoint {
            id: paper.id,
            x: place.map_or(0.0, |place| place.x),
            y: place.map_or(0.0, |place| place.y),
            year: paper.year,
            topic: place.and_then(|place| place.topic),
            vector_checksum: checksum,
        };
        match place {
            Some(at) => kept[at] = Some((row, point(Some(&laid_out[at])))),
            None => new.push((row, point(None))),
        }
    })?;
    if let Some(error) = failure {
        return Err(index_error()(error));
    }
    let (rows, mut points): (Vec<RowId>, Vec<MapPoint>) = kept.into_iter().flatten().unzip();
    if points.is_empty() && !new.is_empty() {
        return Ok(None);
    }
    let of_row: HashMap<RowId, usize> = rows.iter().copied().zip(0..).collect();
    let left: RoaringBitmap = rows.iter().map(|row| row.get()).collect();
    let removed = map.removed + laid_out.len() - points.len();
    let placed = new.len();
    let mut places = Vec::with_capacity(placed);
    for batch in new.chunks(ROWS_PER_SEARCH) {
        let options = SearchOptions::new(NEAREST).filter(&left);
        let mut queries = Array2::zeros((batch.len(), snapshot.index.dim()));
        for ((row, _), mut query) in batch.iter().zip(queries.outer_iter_mut()) {
            query.assign(&snapshot.vector(*row)?);
        }
        let found = snapshot.index.search_batch(queries.view(), options);
        for hits in found.map_err(index_error())? {
            let near: Vec<(f32, &MapPoint)> = hits
                .iter()
                .map(|hit| (hit.score, &points[of_row[&hit.row]]))
                .collect();
            places.push(among(&near));
        }
    }
    points.extend(new.into_iter().zip(places).map(|((_, point), place)| {
        let (x, y, topic) = place;
        MapPoint {
            x,
            y,
            topic,
            ..point
        }
    }));
    let mut labels = map.labels.clone();
    for label in &mut labels {
        label.papers = 0;
    }
    for topic in points.iter().filter_map(|point| point.topic) {
        labels[topic].papers += 1;
    }
    Ok(Some(PaperMap {
        points,
        labels,
        generation: map.generation,
        neighbors_kept: map.neighbors_kept,
        placed,
        removed,
        manifest_hash: map.manifest_hash,
        checksum: map.checksum,
    }))
}

/// Returns the place among some points, the nearest of them first: their mean weighted by the cosine, and the topic of
/// the nearest one.
fn among(near: &[(f32, &MapPoint)]) -> (f32, f32, Option<usize>) {
    let Some((_, nearest)) = near.first() else {
        return (0.0, 0.0, None);
    };
    let (mut x, mut y, mut sum) = (0.0, 0.0, 0.0);
    for (score, point) in near {
        let weight = score.max(0.0);
        x += weight * point.x;
        y += weight * point.y;
        sum += weight;
    }
    // A paper that is unlike all others.
    if sum <= f32::MIN_POSITIVE {
        return (nearest.x, nearest.y, nearest.topic);
    }
    let within = |coordinate: f32| (coordinate / sum).clamp(-1.0, 1.0);
    (within(x), within(y), nearest.topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_mean_weighted_by_the_cosine() {
        let point = |x, topic| MapPoint {
            id: String::new(),
            x,
            y: 2.0 * x,
            year: None,
            topic,
            vector_checksum: 0,
        };
        let (a, b) = (point(0.5, Some(3)), point(-0.25, None));
        let place = among(&[(0.75, &a), (0.25, &b)]);
        assert_eq!(place, (0.3125, 0.625, Some(3)));
        assert_eq!(among(&[(0.8, &a), (-0.9, &b)]), (0.5, 1.0, Some(3)));
        assert_eq!(among(&[(-0.1, &b), (-0.2, &a)]), (-0.25, -0.5, None));
        assert_eq!(among(&[]), (0.0, 0.0, None));
    }
}
