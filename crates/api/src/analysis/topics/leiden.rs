//! Communities of a graph: groups of nodes with more weight between them than chance would give.
//!
//! The Leiden method (V. Traag, L. Waltman and N. J. van Eck, "From Louvain to Leiden: guaranteeing
//! well-connected communities", Scientific Reports 9, 2019) for modularity (M. Newman and M. Girvan,
//! 2004) with a resolution (J. Reichardt and S. Bornholdt, 2006). It moves nodes to where modularity
//! grows most, as Louvain does (V. Blondel and others, 2008), but then splits what it found into parts
//! that hang together, and goes on with these as nodes. Where the paper draws lots, the best is taken,
//! and of several the first, so a graph always gives the same communities.

use std::collections::VecDeque;

/// An undirected graph with weights, in compressed rows.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    /// `[nodes + 1]`: the neighbours of node `v` stand at `starts[v]..starts[v + 1]`.
    starts: Vec<usize>,
    neighbors: Vec<(usize, f64)>,
    /// The weight of all ends of edges at a node, those within it included.
    degrees: Vec<f64>,
    /// The sum of the degrees: twice the weight of all edges.
    total: f64,
}

/// Runs of the method, each from what the one before found. The second often finds a little more, a
/// tenth never did.
const MAX_RUNS: usize = 10;

/// What a move must gain at least, as a part of the node's degree: rounding must not send a node to and
/// fro.
const LEAST_GAIN: f64 = 1e-10;

impl Graph {
    /// A graph of nodes `0..nodes` with these edges, each named once, between two different nodes, of a
    /// weight above 0.
    pub(crate) fn new(nodes: usize, edges: &[(usize, usize, f64)]) -> Self {
        let mut degrees = vec![0.0; nodes];
        for &(a, b, weight) in edges {
            degrees[a] += weight;
            degrees[b] += weight;
        }
        Self::with_degrees(edges, degrees)
    }

    fn with_degrees(edges: &[(usize, usize, f64)], degrees: Vec<f64>) -> Self {
        let nodes = degrees.len();
        let mut starts = vec![0; nodes + 1];
        for &(a, b, _) in edges {
            starts[a + 1] += 1;
            starts[b + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut neighbors = vec![(0, 0.0); 2 * edges.len()];
        for &(a, b, weight) in edges {
            for (from, to) in [(a, b), (b, a)] {
                neighbors[next[from]] = (to, weight);
                next[from] += 1;
            }
        }
        let total = degrees.iter().sum();
        Self {
            starts,
            neighbors,
            degrees,
            total,
        }
    }

    pub(crate) fn nodes(&self) -> usize {
        self.degrees.len()
    }

    fn neighbors(&self, node: usize) -> &[(usize, f64)] {
        &self.neighbors[self.starts[node]..self.starts[node + 1]]
    }

    /// The modularity of a partition, −1/2 to 1: the part of the weight that lies within communities,
    /// less `resolution` times what would if edges were drawn by degree alone. Only for a graph made by
    /// [`new`](Self::new).
    pub(crate) fn modularity(&self, partition: &[usize], resolution: f64) -> f64 {
        if self.total == 0.0 {
            return 0.0;
        }
        let mut inside = 0.0;
        let mut degrees = vec![0.0; self.nodes()];
        for node in 0..self.nodes() {
            degrees[partition[node]] += self.degrees[node];
            for &(to, weight) in self.neighbors(node) {
                if partition[to] == partition[node] {
                    inside += weight;
                }
            }
        }
        let expected: f64 = degrees.iter().map(|d| (d / self.total).powi(2)).sum();
        inside / self.total - resolution * expected
    }

    /// The communities, as a number for each node, from 0 in the order of their first nodes. Each is
    /// connected. A higher `resolution` gives smaller ones.
    ///
    /// Takes O(edges) for a run over the nodes, of which a graph needs a few tens.
    pub(crate) fn communities(&self, resolution: f64) -> Vec<usize> {
        let mut partition: Vec<usize> = (0..self.nodes()).collect();
        for _ in 0..MAX_RUNS {
            let found = self.run(partition.clone(), resolution);
            if found == partition {
                break;
            }
            partition = found;
        }
        partition
    }

    /// One run: moves, refines and goes on with the parts as nodes, until nothing moves.
    fn run(&self, mut partition: Vec<usize>, resolution: f64) -> Vec<usize> {
        let mut graph = self.clone();
        // The node of `graph` that each node of `self` is in.
        let mut place: Vec<usize> = (0..self.nodes()).collect();
        loop {
            graph.move_nodes(&mut partition, resolution);
            let communities = renumber(&mut partition);
            let mut parts = graph.refine(&partition, resolution);
            let count = renumber(&mut parts);
            if communities == graph.nodes() || count == graph.nodes() {
                break;
            }
            let mut of_part = vec![0; count];
            for (node, &part) in parts.iter().enumerate() {
                of_part[part] = partition[node];
            }
            graph = graph.merged(&parts, count);
            for node in &mut place {
                *node = parts[*node];
            }
            partition = of_part;
        }
        let mut found: Vec<usize> = place.iter().map(|&node| partition[node]).collect();
        renumber(&mut found);
        found
    }

    /// Moves each node to the community where modularity grows most, until no move helps.
    fn move_nodes(&self, partition: &mut [usize], resolution: f64) {
        let nodes = self.nodes();
        let mut degrees = vec![0.0; nodes];
        let mut sizes = vec![0_usize; nodes];
        for node in 0..nodes {
            degrees[partition[node]] += self.degrees[node];
            sizes[partition[node]] += 1;
        }
        let mut empty: Vec<usize> = (0..nodes).rev().filter(|&c| sizes[c] == 0).collect();
        let mut queue: VecDeque<usize> = (0..nodes).collect();
        let mut waits = vec![true; nodes];
        let mut links = Links::new(nodes);
        while let Some(node) = queue.pop_front() {
            waits[node] = false;
            let (home, degree) = (partition[node], self.degrees[node]);
            if degree == 0.0 {
                continue;
            }
            links.gather(
                self.neighbors(node)
                    .iter()
                    .map(|&(to, w)| (partition[to], w)),
            );
            degrees[home] -= degree;
            sizes[home] -= 1;
            let gain = |community: usize, weight: f64| {
                weight - resolution * degree * degrees[community] / self.total
            };
            // To be alone gains nothing.
            let (mut best, mut most) = (home, gain(home, links.weight(home)));
            let margin = LEAST_GAIN * degree;
            if sizes[home] > 0 && most < -margin {
                (best, most) = (empty.last().copied().unwrap_or(home), 0.0);
            }
            for &community in &links.touched {
                let found = gain(community, links.weight(community));
                if found > most + margin {
                    (best, most) = (community, found);
                }
            }
            if best != home {
                if empty.last() == Some(&best) {
                    empty.pop();
                }
                if sizes[home] == 0 {
                    empty.push(home);
                }
                partition[node] = best;
                for &(to, _) in self.neighbors(node) {
                    if partition[to] != best && !waits[to] {
                        waits[to] = true;
                        queue.push_back(to);
                    }
                }
            }
            degrees[best] += degree;
            sizes[best] += 1;
        }
    }

    /// Splits each community into connected parts: nodes that are well connected with the rest of their
    /// community join the part that is best for them.
    fn refine(&self, partition: &[usize], resolution: f64) -> Vec<usize> {
        let nodes = self.nodes();
        let mut community_degrees = vec![0.0; nodes];
        for node in 0..nodes {
            community_degrees[partition[node]] += self.degrees[node];
        }
        let mut parts: Vec<usize> = (0..nodes).collect();
        let mut degrees = self.degrees.clone();
        let mut is_single = vec![true; nodes];
        // The weight between a part and the rest of its community.
        let mut cut: Vec<f64> = (0..nodes)
            .map(|node| {
                let within = self.neighbors(node).iter();
                let within = within.filter(|(to, _)| partition[*to] == partition[node]);
                within.map(|(_, weight)| weight).sum()
            })
            .collect();
        let mut links = Links::new(nodes);
        for node in 0..nodes {
            let all = community_degrees[partition[node]];
            let is_well_connected =
                |cut: f64, degree: f64| cut >= resolution * degree * (all - degree) / self.total;
            let degree = self.degrees[node];
            if !is_single[node] || !is_well_connected(cut[node], degree) {
                continue;
            }
            let within = self.neighbors(node).iter();
            let within = within.filter(|(to, _)| partition[*to] == partition[node]);
            links.gather(within.map(|&(to, weight)| (parts[to], weight)));
            let mut best = None;
            let mut most = 0.0;
            for &part in &links.touched {
                let gain = links.weight(part) - resolution * degree * degrees[part] / self.total;
                if gain > most && is_well_connected(cut[part], degrees[part]) {
                    (best, most) = (Some(part), gain);
                }
            }
            if let Some(part) = best {
                parts[node] = part;
                cut[part] += cut[node] - 2.0 * links.weight(part);
                degrees[part] += degree;
                degrees[node] = 0.0;
                is_single[part] = false;
                is_single[node] = false;
            }
        }
        parts
    }

    /// The graph whose nodes are the parts of this one.
    fn merged(&self, parts: &[usize], count: usize) -> Self {
        let mut degrees = vec![0.0; count];
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (node, &part) in parts.iter().enumerate() {
            degrees[part] += self.degrees[node];
            members[part].push(node);
        }
        let mut edges = Vec::new();
        let mut links = Links::new(count);
        for (part, members) in members.iter().enumerate() {
            let ends = members.iter().flat_map(|&node| self.neighbors(node));
            links.gather(ends.map(|&(to, weight)| (parts[to], weight)));
            for &other in &links.touched {
                if part < other {
                    edges.push((part, other, links.weight(other)));
                }
            }
        }
        Self::with_degrees(&edges, degrees)
    }
}

/// The weight between one node and each community that it has an edge to.
struct Links {
    weights: Vec<f64>,
    /// The communities, in the order in which they were met.
    touched: Vec<usize>,
}

impl Links {
    fn new(communities: usize) -> Self {
        Self {
            weights: vec![0.0; communities],
            touched: Vec::new(),
        }
    }

    fn gather(&mut self, ends: impl Iterator<Item = (usize, f64)>) {
        for community in self.touched.drain(..) {
            self.weights[community] = 0.0;
        }
        for (community, weight) in ends {
            // Weights are above 0, so that 0 says that it was not met.
            if self.weights[community] == 0.0 {
                self.touched.push(community);
            }
            self.weights[community] += weight;
        }
        self.touched.sort_unstable();
    }

    fn weight(&self, community: usize) -> f64 {
        self.weights[community]
    }
}

/// Numbers communities from 0 in the order of their first nodes, and counts them.
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

    /// Numbers that look random (a linear congruential generator), from 0 to below `end`.
    fn random(seed: &mut u64, end: usize) -> usize {
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*seed >> 33).unwrap() % end
    }

    fn clique(nodes: std::ops::Range<usize>) -> Vec<(usize, usize, f64)> {
        nodes
            .clone()
            .flat_map(|a| (a + 1..nodes.end).map(move |b| (a, b, 1.0)))
            .collect()
    }

    /// `groups` groups of `size` nodes, with edges within them more often than between them.
    fn planted(groups: usize, size: usize, seed: u64) -> Graph {
        let mut seed = seed;
        let mut edges = Vec::new();
        for a in 0..groups * size {
            for b in a + 1..groups * size {
                let percent = if a % groups == b % groups { 40 } else { 2 };
                if random(&mut seed, 100) < percent {
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
            // A second start in one community: its first did not reach all of it.
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
    fn two_cliques_with_one_bridge_are_two() {
        let mut edges = clique(0..5);
        edges.extend(clique(5..9));
        edges.push((4, 5, 1.0));
        let graph = Graph::new(9, &edges);
        let found = graph.communities(1.0);
        assert_eq!(found, [0, 0, 0, 0, 0, 1, 1, 1, 1]);
        // 16 of 17 edges within; 21 and 13 of 34 ends.
        let expected = 16.0 / 17.0 - (21.0_f64 / 34.0).powi(2) - (13.0_f64 / 34.0).powi(2);
        assert!((graph.modularity(&found, 1.0) - expected).abs() < 1e-12);
    }

    #[test]
    fn a_ring_of_cliques_is_its_cliques() {
        let mut edges = Vec::new();
        for n in 0..12 {
            edges.extend(clique(5 * n..5 * n + 5));
            let (a, b) = (5 * n + 4, (5 * n + 5) % 60);
            edges.push((a.min(b), a.max(b), 1.0));
        }
        let expected: Vec<usize> = (0..60).map(|node| node / 5).collect();
        assert_eq!(Graph::new(60, &edges).communities(1.0), expected);
    }

    #[test]
    fn finds_the_best_that_is_known_of_the_karate_club() {
        // W. Zachary, 1977: the neighbours of each member, of a higher number.
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
        let found = graph.communities(1.0);
        // The maximum, proven by G. Agarwal and D. Kempe, 2008.
        assert!((graph.modularity(&found, 1.0) - 0.419_790).abs() < 1e-5);
        assert_eq!(found.iter().max(), Some(&3));
    }

    #[test]
    fn finds_planted_groups_again() {
        for seed in 0..5 {
            let graph = planted(6, 25, seed);
            let found = graph.communities(1.0);
            let expected: Vec<usize> = (0..150).map(|node| node % 6).collect();
            // By chance, a node may have more edges to another group than to its own.
            let moved = found.iter().zip(&expected).filter(|(a, b)| a != b).count();
            assert!(moved <= 2, "{seed}: {moved} nodes");
            assert!(graph.modularity(&found, 1.0) >= graph.modularity(&expected, 1.0));
        }
    }

    #[test]
    fn communities_are_connected_and_no_node_would_rather_leave() {
        for seed in 0..40 {
            let mut state = seed;
            let nodes = 2 + random(&mut state, 80);
            let mut edges = Vec::new();
            for a in 0..nodes {
                for b in a + 1..nodes {
                    if random(&mut state, 100) < 6 {
                        let weight = f64::from(u8::try_from(1 + random(&mut state, 9)).unwrap());
                        edges.push((a, b, weight));
                    }
                }
            }
            let graph = Graph::new(nodes, &edges);
            for resolution in [0.3, 1.0, 3.0] {
                let found = graph.communities(resolution);
                assert!(are_connected(&graph, &found), "{seed} {resolution}");
                assert_eq!(found, graph.communities(resolution));
                let reached = graph.modularity(&found, resolution);
                for node in 0..nodes {
                    for &(to, _) in graph.neighbors(node) {
                        let mut moved = found.clone();
                        moved[node] = found[to];
                        assert!(graph.modularity(&moved, resolution) <= reached + 1e-9);
                    }
                }
            }
        }
    }

    #[test]
    fn a_higher_resolution_gives_more_communities() {
        let graph = planted(6, 25, 1);
        let count = |resolution| graph.communities(resolution).into_iter().max().unwrap() + 1;
        let counts = [0.01, 1.0, 50.0].map(count);
        assert!(
            counts[0] < 6 && counts[1] == 6 && counts[2] > 6,
            "{counts:?}"
        );
    }

    #[test]
    fn nodes_without_edges_are_alone() {
        assert!(Graph::new(0, &[]).communities(1.0).is_empty());
        assert_eq!(Graph::new(3, &[]).communities(1.0), [0, 1, 2]);
        assert_eq!(Graph::new(3, &[(0, 2, 0.5)]).communities(1.0), [0, 1, 0]);
        assert!(Graph::new(3, &[]).modularity(&[0, 1, 2], 1.0).abs() < 1e-12);
    }
}
