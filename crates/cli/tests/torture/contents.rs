//! The papers that a library has or should have, in their order.

use std::collections::HashSet;

use serde_json::Value;

/// Papers in the order of a library.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Contents(Vec<Value>);

impl Contents {
    /// Parses what `cognate export` prints, without the days on which papers were added.
    pub(crate) fn parse(lines: &str) -> Self {
        let without_day = |line| {
            let mut paper: Value = serde_json::from_str(line).unwrap();
            paper.as_object_mut().unwrap().remove("added");
            paper
        };
        Self(lines.lines().map(without_day).collect())
    }

    pub(crate) fn papers(&self) -> &[Value] {
        &self.0
    }

    /// Returns the contents after papers are added in one commit: those that are new or changed come last.
    pub(crate) fn with(&self, added: &[Value]) -> Self {
        let unchanged: HashSet<&str> = self
            .0
            .iter()
            .filter(|paper| added.contains(paper))
            .map(id)
            .collect();
        let changed: Vec<&Value> = added
            .iter()
            .filter(|paper| !unchanged.contains(id(paper)))
            .collect();
        let ids: HashSet<&str> = changed.iter().map(|paper| id(paper)).collect();
        let kept = self.0.iter().filter(|paper| !ids.contains(id(paper)));
        Self(kept.chain(changed).cloned().collect())
    }

    pub(crate) fn without(&self, removed: &[String]) -> Self {
        let kept = self
            .0
            .iter()
            .filter(|paper| !removed.iter().any(|removed| removed == id(paper)));
        Self(kept.cloned().collect())
    }

    /// Returns the contents in ascending order of ids, for a comparison that ignores the order.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by(|a, b| id(a).cmp(id(b)));
        self
    }
}

impl FromIterator<Value> for Contents {
    fn from_iter<T: IntoIterator<Item = Value>>(papers: T) -> Self {
        Self(papers.into_iter().collect())
    }
}

/// Returns the id of a paper.
pub(crate) fn id(paper: &Value) -> &str {
    paper["id"].as_str().unwrap()
}
