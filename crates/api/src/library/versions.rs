//! The other versions of a paper, such as its publication.

use std::sync::Arc;

use crate::library::Library;
use crate::library::lookup::rows_alike;
use crate::query::versions::VersionCandidate;
use crate::{Paper, Result};

impl Library {
    /// Returns the other versions of a paper of the library, in the order in which they were added: its preprint, its
    /// publication, or other records of these. They are recognized as in [`search`](Self::search), which lists them
    /// with a hit.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownPaper`](crate::Error::UnknownPaper) if no paper has this id, and another error
    /// if the library cannot be read.
    ///
    /// # Complexity
    ///
    /// Linear in the papers, whose identifiers are read.
    pub fn versions(&self, id: &str) -> Result<Vec<Paper>> {
        self.read(|snapshot| {
            let Some((row, stored)) = snapshot.find(id)? else {
                return Err(snapshot.unknown_paper(id));
            };
            let vector = snapshot.vector(row)?;
            let paper = VersionCandidate::new(stored.paper);
            let mut versions = Vec::new();
            for other in rows_alike(snapshot, &paper.paper)? {
                let candidate = VersionCandidate::new(snapshot.paper_at(other)?);
                let cosine = vector.dot(&snapshot.vector(other)?);
                if other != row && paper.evidence(&candidate, cosine).is_some() {
                    versions.push(Arc::unwrap_or_clone(candidate.paper));
                }
            }
            Ok(versions)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::testing::SpelledVector;

    #[test]
    fn versions_share_an_identifier_or_a_title() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path(), SpelledVector).unwrap();
        let wheels = |id: &str| {
            let paper = Paper::new(id).title("Sorting by rotating wheels");
            paper.abstract_text("1 0 0").authors(["Ann Ada"])
        };
        let papers = [
            wheels("arXiv:2001.00001").year(2020),
            wheels("published").doi("10.1234/wheels").year(2021),
            // The title is the same, and the subject is another one.
            wheels("namesake").abstract_text("-1 0 0"),
            Paper::new("renamed")
                .title("Wheels")
                .abstract_text("0 1 0")
                .url("https://arxiv.org/abs/2001.00001v2"),
            Paper::new("alone").title("Wheels").abstract_text("0 1 0"),
        ];
        library.add(papers).unwrap();
        for (id, expected) in [
            ("arXiv:2001.00001", vec!["published", "renamed"]),
            ("published", vec!["arXiv:2001.00001"]),
            ("renamed", vec!["arXiv:2001.00001"]),
            ("namesake", vec![]),
            ("alone", vec![]),
        ] {
            let versions = library.versions(id).unwrap();
            let ids: Vec<&str> = versions.iter().map(|paper| paper.id.as_str()).collect();
            assert_eq!(ids, expected, "{id}");
        }
        let unknown = library.versions("nothing").unwrap_err();
        assert!(matches!(unknown, Error::UnknownPaper { .. }), "{unknown}");
    }
}
