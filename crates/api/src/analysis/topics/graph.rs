//! Undirected weighted graphs, and the modularity of their partitions.

/// An undirected graph with positive edge weights, in compressed sparse rows.
#[derive(Debug)]
pub(super) struct Graph {
    /// `[nodes + 1]`: the neighbors of node `v` are at `starts[v]..starts[v + 1]`.
    starts: Vec<usize>,
    /// The neighbors of all nodes, with the weights of the edges.
    neighbors: Vec<(usize, f64)>,
    /// The weighted degree of each node. In an aggregate graph, it includes the edges within the node.
    degrees: Vec<f64>,
    /// The sum of the degrees, which is twice the weight of all edges.
    total: f64,
}

impl Graph {
    /// Creates a graph of nodes `0..nodes`. Each edge is named once, connects two different nodes, and
    /// has a weight above 0.
    pub(super) fn new(nodes: usize, edges: &[(usize, usize, f64)]) -> Self {
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

    /// Returns the number of nodes.
    pub(super) fn nodes(&self) -> usize {
        self.degrees.len()
    }

    /// Returns the neighbors of a node, with the weights of the edges to them.
    pub(super) fn neighbors(&self, node: usize) -> &[(usize, f64)] {
        &self.neighbors[self.starts[node]..self.starts[node + 1]]
    }

    /// Returns the weighted degrees of the nodes.
    pub(super) fn degrees(&self) -> &[f64] {
        &self.degrees
    }

    /// Returns the sum of the degrees.
    pub(super) fn total(&self) -> f64 {
        self.total
    }

    /// Returns the modularity of a partition, −1/2 to 1: the share of the weight that is within
    /// communities, minus `resolution` times the share expected if the edges were drawn at random with
    /// the same degrees. The graph must not be an [`aggregate`](Self::aggregate), whose edges within
    /// nodes are unknown.
    pub(super) fn modularity(&self, partition: &[usize], resolution: f64) -> f64 {
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

    /// Returns the graph whose nodes are the `count` parts of a partition of this graph.
    pub(super) fn aggregate(&self, parts: &[usize], count: usize) -> Self {
        let mut degrees = vec![0.0; count];
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (node, &part) in parts.iter().enumerate() {
            degrees[part] += self.degrees[node];
            members[part].push(node);
        }
        let mut edges = Vec::new();
        let mut weights = CommunityWeights::new(count);
        for (part, members) in members.iter().enumerate() {
            let ends = members.iter().flat_map(|&node| self.neighbors(node));
            weights.sum(ends.map(|&(to, weight)| (parts[to], weight)));
            for &other in weights.communities() {
                if part < other {
                    edges.push((part, other, weights.get(other)));
                }
            }
        }
        Self::with_degrees(&edges, degrees)
    }
}

/// The total edge weight between a node and each community, in memory that is reused for every node.
pub(super) struct CommunityWeights {
    weights: Vec<f64>,
    /// The communities with a weight above 0.
    communities: Vec<usize>,
}

impl CommunityWeights {
    /// Creates weights of 0 for this number of communities.
    pub(super) fn new(communities: usize) -> Self {
        Self {
            weights: vec![0.0; communities],
            communities: Vec::new(),
        }
    }

    /// Replaces the weights by the sums of the weights of `ends`, by community.
    pub(super) fn sum(&mut self, ends: impl Iterator<Item = (usize, f64)>) {
        for community in self.communities.drain(..) {
            self.weights[community] = 0.0;
        }
        for (community, weight) in ends {
            // Edge weights are positive, so a community with a weight of 0 is new.
            if self.weights[community] == 0.0 {
                self.communities.push(community);
            }
            self.weights[community] += weight;
        }
        self.communities.sort_unstable();
    }

    /// Returns the communities with a weight above 0, in ascending order.
    pub(super) fn communities(&self) -> &[usize] {
        &self.communities
    }

    /// Returns the weight of a community.
    pub(super) fn get(&self, community: usize) -> f64 {
        self.weights[community]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_the_modularity_of_two_linked_triangles() {
        let edges = [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5), (2, 3)];
        let graph = Graph::new(6, &edges.map(|(a, b)| (a, b, 1.0)));
        // 6 of 7 edges are within a triangle, and each triangle has half of the edge ends.
        let expected = 6.0 / 7.0 - 2.0 * 0.5_f64.powi(2);
        assert!((graph.modularity(&[0, 0, 0, 1, 1, 1], 1.0) - expected).abs() < 1e-12);
        assert!(Graph::new(3, &[]).modularity(&[0, 1, 2], 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_aggregate_sums_the_weights_between_parts_and_keeps_the_degrees() {
        let edges = [(0, 1, 1.0), (0, 2, 2.0), (1, 2, 3.0), (2, 3, 4.0)];
        let graph = Graph::new(4, &edges).aggregate(&[0, 0, 1, 1], 2);
        assert_eq!(graph.nodes(), 2);
        assert_eq!(graph.neighbors(0), [(1, 5.0)]);
        assert_eq!(graph.neighbors(1), [(0, 5.0)]);
        assert_eq!(graph.degrees(), [7.0, 13.0]);
    }
}
