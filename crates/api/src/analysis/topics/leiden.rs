//! The Leiden algorithm (Traag, Waltman and van Eck, "From Louvain to Leiden: guaranteeing
//! well-connected communities", Scientific Reports 9, 2019), which finds communities of a graph: groups
//! of nodes with more weight between them than expected by chance.
//!
//! It maximizes modularity (Newman and Girvan, 2004) with a resolution (Reichardt and Bornholdt, 2006).
//! Like the Louvain method (Blondel and others, 2008), it moves nodes to the communities where
//! modularity grows most. Then it splits the communities into well-connected parts, and repeats with
//! the parts as nodes. The paper chooses at random among several moves; here the best is chosen, ties
//! by number, so a graph always has the same communities.

use std::collections::VecDeque;

use crate::analysis::topics::graph::{CommunityWeights, Graph};

/// The largest number of runs of the algorithm, each starting from the result of the one before. The
/// second often improves modularity a little; a tenth never did.
const MAX_RUNS: usize = 10;

/// The smallest gain of a move, relative to the degree of the node. Without it, rounding errors could
/// move a node back and forth forever.
const MIN_GAIN: f64 = 1e-10;

/// Returns the community of each node. The communities are numbered from 0 in the order of their first
/// nodes, and each is connected. A higher `resolution` gives smaller communities.
///
/// # Complexity
///
/// O(edges) for a pass over the nodes; a graph needs some tens of passes.
pub(super) fn communities(graph: &Graph, resolution: f64) -> Vec<usize> {
    let mut partition: Vec<usize> = (0..graph.nodes()).collect();
    for _ in 0..MAX_RUNS {
        let found = run(graph, partition.clone(), resolution);
        if found == partition {
            break;
        }
        partition = found;
    }
    partition
}

/// Runs the algorithm once: moves nodes, refines the communities, and repeats with the parts as nodes
/// until no node moves.
fn run(whole: &Graph, mut partition: Vec<usize>, resolution: f64) -> Vec<usize> {
    // The graph whose nodes are parts of communities, once there are any.
    let mut aggregate: Option<Graph> = None;
    // The node of `graph` that contains each node of `whole`.
    let mut aggregate_of: Vec<usize> = (0..whole.nodes()).collect();
    loop {
        let graph = aggregate.as_ref().unwrap_or(whole);
        move_nodes(graph, &mut partition, resolution);
        let communities = renumber(&mut partition);
        let mut parts = refine(graph, &partition, resolution);
        let count = renumber(&mut parts);
        if communities == graph.nodes() || count == graph.nodes() {
            break;
        }
        let mut part_partition = vec![0; count];
        for (node, &part) in parts.iter().enumerate() {
            part_partition[part] = partition[node];
        }
        aggregate = Some(graph.aggregate(&parts, count));
        for node in &mut aggregate_of {
            *node = parts[*node];
        }
        partition = part_partition;
    }
    let mut found: Vec<usize> = aggregate_of.iter().map(|&node| partition[node]).collect();
    renumber(&mut found);
    found
}

/// Moves each node to the community where modularity grows most, until no move increases it.
fn move_nodes(graph: &Graph, partition: &mut [usize], resolution: f64) {
    let nodes = graph.nodes();
    let mut degrees = vec![0.0; nodes];
    let mut sizes = vec![0_usize; nodes];
    for node in 0..nodes {
        degrees[partition[node]] += graph.degrees()[node];
        sizes[partition[node]] += 1;
    }
    let mut empty: Vec<usize> = (0..nodes).rev().filter(|&c| sizes[c] == 0).collect();
    let mut queue: VecDeque<usize> = (0..nodes).collect();
    let mut is_queued = vec![true; nodes];
    let mut weights = CommunityWeights::new(nodes);
    while let Some(node) = queue.pop_front() {
        is_queued[node] = false;
        let (current, degree) = (partition[node], graph.degrees()[node]);
        if degree == 0.0 {
            continue;
        }
        weights.sum(
            graph
                .neighbors(node)
                .iter()
                .map(|&(to, w)| (partition[to], w)),
        );
        degrees[current] -= degree;
        sizes[current] -= 1;
        let gain = |community: usize, weight: f64| {
            weight - resolution * degree * degrees[community] / graph.total()
        };
        // A node that is alone has a gain of 0.
        let (mut best, mut best_gain) = (current, gain(current, weights.get(current)));
        let margin = MIN_GAIN * degree;
        if sizes[current] > 0 && best_gain < -margin {
            (best, best_gain) = (empty.last().copied().unwrap_or(current), 0.0);
        }
        for &community in weights.communities() {
            let community_gain = gain(community, weights.get(community));
            if community_gain > best_gain + margin {
                (best, best_gain) = (community, community_gain);
            }
        }
        if best != current {
            if empty.last() == Some(&best) {
                empty.pop();
            }
            if sizes[current] == 0 {
                empty.push(current);
            }
            partition[node] = best;
            for &(to, _) in graph.neighbors(node) {
                if partition[to] != best && !is_queued[to] {
                    is_queued[to] = true;
                    queue.push_back(to);
                }
            }
        }
        degrees[best] += degree;
        sizes[best] += 1;
    }
}

/// Splits each community into connected parts: nodes that are well connected with the other nodes of
/// their community join the part for which modularity grows most.
fn refine(graph: &Graph, partition: &[usize], resolution: f64) -> Vec<usize> {
    let nodes = graph.nodes();
    let mut community_degrees = vec![0.0; nodes];
    for node in 0..nodes {
        community_degrees[partition[node]] += graph.degrees()[node];
    }
    let mut parts: Vec<usize> = (0..nodes).collect();
    let mut degrees = graph.degrees().to_vec();
    let mut is_singleton = vec![true; nodes];
    // The weight between each part and the other nodes of its community.
    let mut cut: Vec<f64> = (0..nodes)
        .map(|node| {
            let within = graph.neighbors(node).iter();
            let within = within.filter(|(to, _)| partition[*to] == partition[node]);
            within.map(|(_, weight)| weight).sum()
        })
        .collect();
    let mut weights = CommunityWeights::new(nodes);
    for node in 0..nodes {
        let community_degree = community_degrees[partition[node]];
        let is_well_connected = |cut: f64, degree: f64| {
            cut >= resolution * degree * (community_degree - degree) / graph.total()
        };
        let degree = graph.degrees()[node];
        if !is_singleton[node] || !is_well_connected(cut[node], degree) {
            continue;
        }
        let within = graph.neighbors(node).iter();
        let within = within.filter(|(to, _)| partition[*to] == partition[node]);
        weights.sum(within.map(|&(to, weight)| (parts[to], weight)));
        let mut best = None;
        let mut best_gain = 0.0;
        for &part in weights.communities() {
            let gain = weights.get(part) - resolution * degree * degrees[part] / graph.total();
            if gain > best_gain && is_well_connected(cut[part], degrees[part]) {
                (best, best_gain) = (Some(part), gain);
            }
        }
        if let Some(part) = best {
            parts[node] = part;
            cut[part] += cut[node] - 2.0 * weights.get(part);
            degrees[part] += degree;
            degrees[node] = 0.0;
            is_singleton[part] = false;
            is_singleton[node] = false;
        }
    }
    parts
}

/// Renumbers communities from 0 in the order of their first nodes, and returns their number.
fn renumber(partition: &mut [usize]) -> usize {
    let mut numbers = vec![usize::MAX; partition.len()];
    let mut count = 0;
    for community in partition {
        let number = &mut numbers[*community];
        if *number == usize::MAX {
            *number = count;
            count += 1;
        }
        *community = *number;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::Random;

    /// Returns all edges between some nodes.
    fn clique(nodes: std::ops::Range<usize>) -> Vec<(usize, usize, f64)> {
        nodes
            .clone()
            .flat_map(|a| (a + 1..nodes.end).map(move |b| (a, b, 1.0)))
            .collect()
    }

    /// Returns a graph of `groups` groups of `size` nodes, with more edges within groups than between
    /// them. Node `n` is in group `n % groups`.
    fn planted(groups: usize, size: usize, seed: u64) -> Graph {
        let mut random = Random::new(seed);
        let mut edges = Vec::new();
        for a in 0..groups * size {
            for b in a + 1..groups * size {
                let percent = if a % groups == b % groups { 40 } else { 2 };
                if random.below(100) < percent {
                    edges.push((a, b, 1.0));
                }
            }
        }
        Graph::new(groups * size, &edges)
    }

    fn are_connected(graph: &Graph, partition: &[usize]) -> bool {
        let mut seen = vec![false; graph.nodes()];
        let mut started = vec![false; graph.nodes()];
        for start in 0..graph.nodes() {
            if seen[start] {
                continue;
            }
            // The search from an earlier node of this community has not reached this one.
            if std::mem::replace(&mut started[partition[start]], true) {
                return false;
            }
            let mut stack = vec![start];
            seen[start] = true;
            while let Some(node) = stack.pop() {
                for &(to, _) in graph.neighbors(node) {
                    if partition[to] == partition[start] && !seen[to] {
                        seen[to] = true;
                        stack.push(to);
                    }
                }
            }
        }
        true
    }

    #[test]
    fn two_cliques_with_one_bridge_are_two_communities() {
        let mut edges = clique(0..5);
        edges.extend(clique(5..9));
        edges.push((4, 5, 1.0));
        let graph = Graph::new(9, &edges);
        let found = communities(&graph, 1.0);
        assert_eq!(found, [0, 0, 0, 0, 0, 1, 1, 1, 1]);
        // 16 of 17 edges are within a clique; 21 and 13 of 34 edge ends are in each.
        let expected = 16.0 / 17.0 - (21.0_f64 / 34.0).powi(2) - (13.0_f64 / 34.0).powi(2);
        assert!((graph.modularity(&found, 1.0) - expected).abs() < 1e-12);
    }

    #[test]
    fn each_clique_of_a_ring_is_a_community() {
        let mut edges = Vec::new();
        for n in 0..12 {
            edges.extend(clique(5 * n..5 * n + 5));
            let (a, b) = (5 * n + 4, (5 * n + 5) % 60);
            edges.push((a.min(b), a.max(b), 1.0));
        }
        let expected: Vec<usize> = (0..60).map(|node| node / 5).collect();
        assert_eq!(communities(&Graph::new(60, &edges), 1.0), expected);
    }

    #[test]
    fn finds_the_maximum_modularity_of_the_karate_club() {
        // The neighbors of each member that have a higher number (Zachary, 1977).
        let lists: [(usize, &[usize]); 24] = [
            (1, &[2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 18, 20, 22, 32]),
            (2, &[3, 4, 8, 14, 18, 20, 22, 31]),
            (3, &[4, 8, 9, 10, 14, 28, 29, 33]),
            (4, &[8, 13, 14]),
            (5, &[7, 11]),
            (6, &[7, 11, 17]),
            (7, &[17]),
            (9, &[31, 33, 34]),
            (10, &[34]),
            (14, &[34]),
            (15, &[33, 34]),
            (16, &[33, 34]),
            (19, &[33, 34]),
            (20, &[34]),
            (21, &[33, 34]),
            (23, &[33, 34]),
            (24, &[26, 28, 30, 33, 34]),
            (25, &[26, 28, 32]),
            (26, &[32]),
            (27, &[30, 34]),
            (28, &[34]),
            (29, &[32, 34]),
            (30, &[33, 34]),
            (31, &[33, 34]),
        ];
        let mut edges: Vec<(usize, usize, f64)> = lists
            .iter()
            .flat_map(|(a, list)| list.iter().map(move |b| (a - 1, b - 1, 1.0)))
            .collect();
        edges.extend([(31, 32, 1.0), (31, 33, 1.0), (32, 33, 1.0)]);
        assert_eq!(edges.len(), 78);
        let graph = Graph::new(34, &edges);
        let found = communities(&graph, 1.0);
        // The maximum, proven by Agarwal and Kempe, 2008.
        assert!((graph.modularity(&found, 1.0) - 0.419_790).abs() < 1e-5);
        assert_eq!(found.iter().max(), Some(&3));
    }

    #[test]
    fn finds_planted_groups() {
        for seed in 0..5 {
            let graph = planted(6, 25, seed);
            let found = communities(&graph, 1.0);
            let expected: Vec<usize> = (0..150).map(|node| node % 6).collect();
            // By chance, a node may have more edges to another group than to its own.
            let moved = found.iter().zip(&expected).filter(|(a, b)| a != b).count();
            assert!(moved <= 2, "{seed}: {moved} nodes");
            assert!(graph.modularity(&found, 1.0) >= graph.modularity(&expected, 1.0));
        }
    }

    #[test]
    fn communities_are_connected_and_no_single_move_increases_modularity() {
        for seed in 0..40 {
            let mut random = Random::new(seed);
            let nodes = 2 + random.below(80);
            let mut edges = Vec::new();
            for a in 0..nodes {
                for b in a + 1..nodes {
                    if random.below(100) < 6 {
                        let weight = f64::from(u8::try_from(1 + random.below(9)).unwrap());
                        edges.push((a, b, weight));
                    }
                }
            }
            let graph = Graph::new(nodes, &edges);
            for resolution in [0.3, 1.0, 3.0] {
                let found = communities(&graph, resolution);
                assert!(are_connected(&graph, &found), "{seed} {resolution}");
                assert_eq!(found, communities(&graph, resolution));
                let highest = graph.modularity(&found, resolution);
                for node in 0..nodes {
                    for &(to, _) in graph.neighbors(node) {
                        let mut moved = found.clone();
                        moved[node] = found[to];
                        assert!(graph.modularity(&moved, resolution) <= highest + 1e-9);
                    }
                }
            }
        }
    }

    #[test]
    fn a_higher_resolution_gives_more_communities() {
        let graph = planted(6, 25, 1);
        let count = |resolution| communities(&graph, resolution).into_iter().max().unwrap() + 1;
        let counts = [0.01, 1.0, 50.0].map(count);
        assert!(
            counts[0] < 6 && counts[1] == 6 && counts[2] > 6,
            "{counts:?}"
        );
    }

    #[test]
    fn nodes_without_edges_are_communities_of_their_own() {
        assert!(communities(&Graph::new(0, &[]), 1.0).is_empty());
        assert_eq!(communities(&Graph::new(3, &[]), 1.0), [0, 1, 2]);
        assert_eq!(communities(&Graph::new(3, &[(0, 2, 0.5)]), 1.0), [0, 1, 0]);
    }
}
