//! The versions of each paper among the rows that answer a query.

use std::collections::HashMap;
use std::sync::Arc;

use crate::library::snapshot::Snapshot;
use crate::query::scored_row::ScoredRow;
use crate::query::versions::VersionCandidate;
use crate::{Paper, Result};

/// The versions of one paper.
pub(crate) struct VersionGroup {
    /// The row of the best version.
    pub(crate) scored: ScoredRow,
    pub(crate) best: VersionCandidate,
    pub(crate) others: Vec<Paper>,
}

/// Groups of versions, in the order of their best versions.
#[derive(Default)]
pub(crate) struct VersionGroups {
    groups: Vec<VersionGroup>,
    /// The positions of the groups whose best version has an identifier or a title. Versions of one paper
    /// share at least one of these.
    positions: HashMap<String, Vec<usize>>,
}

impl VersionGroups {
    /// Adds a paper to the first group of which it is a version, or as a new group.
    ///
    /// # Complexity
    ///
    /// Independent of the number of groups, unless many share a title.
    pub(crate) fn add(
        &mut self,
        snapshot: &Snapshot<'_>,
        scored: ScoredRow,
        candidate: VersionCandidate,
    ) -> Result<()> {
        let keys = candidate.keys();
        let alike = keys.iter().filter_map(|key| self.positions.get(key));
        let mut alike: Vec<usize> = alike.flatten().copied().collect();
        alike.sort_unstable();
        alike.dedup();
        for position in alike {
            let group = &mut self.groups[position];
            let vector = snapshot.vector(scored.row)?;
            let cosine = vector.dot(&snapshot.vector(group.scored.row)?);
            if group.best.evidence(&candidate, cosine).is_some() {
                group.others.push(Arc::unwrap_or_clone(candidate.paper));
                return Ok(());
            }
        }
        for key in keys {
            self.positions
                .entry(key)
                .or_default()
                .push(self.groups.len());
        }
        self.groups.push(VersionGroup {
            scored,
            best: candidate,
            others: Vec::new(),
        });
        Ok(())
    }

    pub(crate) fn into_groups(self) -> Vec<VersionGroup> {
        self.groups
    }
}
