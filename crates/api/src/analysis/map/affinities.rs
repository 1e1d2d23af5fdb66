//! How strongly points of a layout attract each other.

/// The attraction between points: for each, the points that it attracts and that attract it, in compressed sparse
/// rows. Attraction is mutual, and all of it together is 1.
pub(super) struct Affinities {
    /// `[points + 1]`: the links of point `i` are at `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    /// The linked point and the weight, in ascending order of the points for each point.
    links: Vec<(u32, f32)>,
}

impl Affinities {
    /// Links each point with the points in its list, which are other points. All points of a list have the same
    /// weight: a layout from uniform weights of 15 neighbors is nearly that from weights by distance (Böhm, Berens
    /// and Kobak, "Attraction-repulsion spectrum in neighbor embeddings", Journal of Machine Learning Research 23,
    /// 2022), and equal vectors need no exception.
    pub(super) fn new(nearest: &[Vec<u32>]) -> Self {
        let points = nearest.len();
        let mut starts = vec![0; points + 1];
        for (point, list) in nearest.iter().enumerate() {
            starts[point + 1] += list.len();
            for &other in list {
                starts[other as usize + 1] += 1;
            }
        }
        for point in 0..points {
            starts[point + 1] += starts[point];
        }
        let mut next = starts.clone();
        let mut links = vec![(0, 0.0); starts[points]];
        for (point, list) in (0_u32..).zip(nearest) {
            let weight = 0.5 / (real(points) * real(list.len()));
            for &other in list {
                for (from, to) in [(point, other), (other, point)] {
                    let next = &mut next[from as usize];
                    links[*next] = (to, weight);
                    *next += 1;
                }
            }
        }
        Self::merged(&starts, links)
    }

    /// Merges the links of two points that are in the lists of each other.
    fn merged(starts: &[usize], mut links: Vec<(u32, f32)>) -> Self {
        let mut merged_starts = Vec::with_capacity(starts.len());
        merged_starts.push(0);
        let mut len = 0;
        for range in starts.windows(2) {
            links[range[0]..range[1]].sort_unstable_by_key(|link| link.0);
            let first = len;
            for at in range[0]..range[1] {
                let (point, weight) = links[at];
                if len > first && links[len - 1].0 == point {
                    // The sum of two weights does not depend on their order.
                    links[len - 1].1 += weight;
                } else {
                    links[len] = (point, weight);
                    len += 1;
                }
            }
            merged_starts.push(len);
        }
        links.truncate(len);
        Self {
            starts: merged_starts,
            links,
        }
    }

    /// Returns the points that attract a point, with the weights of the attraction.
    pub(super) fn of(&self, point: usize) -> &[(u32, f32)] {
        &self.links[self.starts[point]..self.starts[point + 1]]
    }
}

/// Returns a count as a number, rounded to f32.
#[expect(clippy::cast_precision_loss, reason = "rounded")]
pub(super) fn real(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attraction_is_mutual_and_its_sum_is_1() {
        let nearest = vec![vec![1, 2], vec![2], vec![0, 3], vec![0, 1, 2], vec![3]];
        let affinities = Affinities::new(&nearest);
        let mut sum = 0.0;
        for a in 0..5 {
            let links = affinities.of(a);
            assert!(links.is_sorted_by(|one, other| one.0 < other.0));
            for &(b, weight) in links {
                let back = affinities.of(b as usize).iter();
                let back = back.clone().find(|link| link.0 as usize == a);
                assert_eq!(back.map(|link| link.1.to_bits()), Some(weight.to_bits()));
                sum += weight;
            }
        }
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        assert_eq!(affinities.of(4), [(3, 0.1)]);
        // 0 and 2 are in the lists of each other, with half of their neighbors each.
        assert_eq!(affinities.of(0)[1], (2, 0.1));
    }
}
