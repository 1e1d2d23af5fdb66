//! Which paper of a library each paper that is added is: a new one, or a record of one that is there.

use std::collections::HashMap;

use cognate_index::RowId;

use crate::library::add_options::SameId;
use crate::library::add_report::AddRemark;
use crate::library::embedding::hash_text;
use crate::library::identity::{are_contradictory, are_same_paper, nth_id};
use crate::library::lists::check_list_name;
use crate::library::snapshot::Snapshot;
use crate::library::store::{StoredEntry, StoredPaper, TextHash};
use crate::text_recipe::TextRecipe;
use crate::{Error, ListEntry, Paper, PartialDate, Result};

/// A paper on its way into the library.
pub(super) struct Incoming {
    /// The position of its last record among all papers that are added.
    pub(super) position: usize,
    pub(super) paper: Paper,
    pub(super) text: String,
    pub(super) hash: TextHash,
    /// The paper of the library that it replaces.
    pub(super) stored: Option<(RowId, StoredPaper)>,
    /// The vector of an unchanged text of a paper whose metadata changed.
    pub(super) vector: Option<Vec<f32>>,
    /// The lists that it is not on yet, or on which it has another note.
    pub(super) lists: Vec<ListEntry>,
}

impl Incoming {
    /// Returns whether the library has no vector of this text under this id.
    pub(super) fn has_new_text(&self) -> bool {
        self.stored
            .as_ref()
            .is_none_or(|(_, stored)| stored.text_hash != self.hash)
    }

    /// Returns whether the library does not have this paper as it is.
    pub(super) fn is_changed(&self) -> bool {
        self.stored
            .as_ref()
            .is_none_or(|(_, stored)| stored.text_hash != self.hash || stored.paper != self.paper)
    }
}

/// A paper with the position of its last record, and the paper of the library that it replaces.
struct Pending {
    position: usize,
    paper: Paper,
    noted: Noted,
    stored: Option<(RowId, StoredPaper)>,
}

/// What a library has noted about a paper, which does not belong to the record of the paper.
struct Noted {
    added: Option<PartialDate>,
    lists: Vec<ListEntry>,
}

impl Noted {
    /// Takes the notes of a library from a paper.
    fn take_from(paper: &mut Paper) -> Self {
        Self {
            added: paper.added.take(),
            lists: std::mem::take(&mut paper.lists),
        }
    }

    /// Adds the notes about a later record of the paper.
    fn extend(&mut self, later: Self) {
        self.added = earlier(self.added, later.added);
        for entry in later.lists {
            match self.lists.iter_mut().find(|one| one.name == entry.name) {
                Some(_) if entry.note.is_empty() => {}
                Some(one) => one.note = entry.note,
                None => self.lists.push(entry),
            }
        }
    }

    /// Returns the lists that the paper with this id is not on yet, or on which it has another note.
    fn new_lists(self, id: &str, snapshot: &Snapshot<'_>) -> Result<Vec<ListEntry>> {
        let mut new = Vec::new();
        for entry in self.lists {
            check_list_name(&entry.name)?;
            let stored = snapshot.papers.entry(&entry.name, id)?;
            let is_known =
                |stored: &StoredEntry| entry.note.is_empty() || entry.note == stored.note;
            if !stored.as_ref().is_some_and(is_known) {
                new.push(entry);
            }
        }
        Ok(new)
    }
}

/// Returns the date whose first day is earlier, or the first one if they have the same.
fn earlier(one: Option<PartialDate>, other: Option<PartialDate>) -> Option<PartialDate> {
    match (one, other) {
        (Some(one), Some(other)) if other.first_day() < one.first_day() => Some(other),
        (one, other) => one.or(other),
    }
}

/// Papers of a batch, each with a different id, by their order.
#[derive(Default)]
struct Resolved {
    papers: Vec<Pending>,
    by_id: HashMap<String, usize>,
    remarks: Vec<AddRemark>,
    repeated: Repeated,
}

/// The numbers of records of papers of which an earlier record is in the same batch.
#[derive(Clone, Copy, Default)]
pub(super) struct Repeated {
    /// The number of those that changed the paper.
    pub(super) updated: usize,
    /// The number of those that did not.
    pub(super) unchanged: usize,
}

/// The papers that a batch adds or changes, and what is to be said about them.
pub(super) struct Resolution {
    pub(super) incoming: Vec<Incoming>,
    pub(super) remarks: Vec<AddRemark>,
    pub(super) repeated: Repeated,
}

/// Determines the papers that a batch adds or changes, and what is to be said about them. `first` is the
/// position of the first paper of the batch among all that are added, and `day` the day on which new papers are
/// added.
///
/// # Complexity
///
/// O(papers), times the number of papers that came with the same id.
pub(super) fn resolve(
    batch: &[Paper],
    first: usize,
    same_id: SameId,
    day: Option<PartialDate>,
    recipe: &TextRecipe,
    snapshot: &Snapshot<'_>,
) -> Result<Resolution> {
    let mut resolved = Resolved::default();
    for (position, paper) in (first..).zip(batch) {
        paper.check()?;
        let mut paper = paper.clone();
        let noted = Noted::take_from(&mut paper);
        match same_id {
            SameId::Replace => resolved.replace(paper, noted, position, snapshot)?,
            SameId::Update | SameId::Distinguish => {
                resolved.merge(&paper, noted, position, same_id, snapshot)?;
            }
        }
    }
    let incoming = resolved.papers.into_iter().map(|pending| {
        let Pending {
            position,
            mut paper,
            noted,
            stored,
        } = pending;
        paper.added = match &stored {
            Some((_, stored)) => earlier(stored.paper.added, noted.added),
            None => noted.added.or(day),
        };
        let text = recipe.text(&paper);
        if text.trim().is_empty() {
            return Err(Error::Papers(cognate_papers::Error::InvalidPaper {
                id: paper.id,
                reason: "there is no text to embed",
            }));
        }
        let mut incoming = Incoming {
            position,
            lists: noted.new_lists(&paper.id, snapshot)?,
            paper,
            hash: hash_text(&text),
            text,
            stored,
            vector: None,
        };
        if let Some((row, _)) = &incoming.stored
            && incoming.is_changed()
            && !incoming.has_new_text()
        {
            incoming.vector = Some(snapshot.vector(*row)?.to_vec());
        }
        Ok(incoming)
    });
    Ok(Resolution {
        incoming: incoming.collect::<Result<_>>()?,
        remarks: resolved.remarks,
        repeated: resolved.repeated,
    })
}

/// Returns whether a paper is another one than an earlier paper that came with the same id.
fn is_another(earlier: &Paper, paper: &Paper, same_id: SameId) -> bool {
    match same_id {
        SameId::Replace => false,
        SameId::Update => are_contradictory(earlier, paper),
        SameId::Distinguish => !are_same_paper(earlier, paper, &paper.id),
    }
}

impl Resolved {
    /// Adds a paper that replaces the one with its id.
    fn replace(
        &mut self,
        paper: Paper,
        noted: Noted,
        position: usize,
        snapshot: &Snapshot<'_>,
    ) -> Result<()> {
        let stored = match self.by_id.get(&paper.id) {
            Some(&at) => {
                let earlier = &self.papers[at];
                if !are_same_paper(&earlier.paper, &paper, &paper.id) {
                    self.remarks
                        .push(AddRemark::replaced(position, &paper, &earlier.paper));
                }
                self.repeat(at, paper, noted, position);
                return Ok(());
            }
            None => snapshot.find(&paper.id)?,
        };
        if let Some((_, stored)) = &stored
            && !are_same_paper(&stored.paper, &paper, &paper.id)
        {
            self.remarks
                .push(AddRemark::replaced(position, &paper, &stored.paper));
        }
        self.push(position, paper, noted, stored);
        Ok(())
    }

    /// Adds a paper to the record of the same paper, or under an id that no other paper has.
    fn merge(
        &mut self,
        paper: &Paper,
        noted: Noted,
        position: usize,
        same_id: SameId,
        snapshot: &Snapshot<'_>,
    ) -> Result<()> {
        let mut other_title = None;
        for n in 1.. {
            let mut merged = paper.clone();
            merged.id = nth_id(&paper.id, n);
            let in_batch = self.by_id.get(&merged.id).copied();
            let stored = match in_batch {
                Some(_) => None,
                None => snapshot.find(&merged.id)?,
            };
            let earlier = match (in_batch, &stored) {
                (Some(at), _) => Some(&self.papers[at].paper),
                (None, Some((_, stored))) => Some(&stored.paper),
                (None, None) => None,
            };
            match earlier {
                Some(earlier) if is_another(earlier, paper, same_id) => {
                    other_title.get_or_insert_with(|| earlier.title.clone());
                    continue;
                }
                Some(earlier) => {
                    if are_same_paper(earlier, paper, &paper.id) {
                        let fields = merged.fill_from(earlier);
                        if !fields.is_empty() {
                            let id = merged.id.clone();
                            self.remarks.push(AddRemark::Merged {
                                position,
                                id,
                                fields,
                            });
                        }
                    } else {
                        // The fields of two papers must not be mixed.
                        self.remarks
                            .push(AddRemark::replaced(position, paper, earlier));
                    }
                }
                None => {}
            }
            if n > 1 {
                self.remarks.push(AddRemark::Renamed {
                    position,
                    id: paper.id.clone(),
                    new_id: merged.id.clone(),
                    title: paper.title.clone(),
                    other_title: other_title.unwrap_or_default(),
                });
            }
            match in_batch {
                Some(at) => self.repeat(at, merged, noted, position),
                None => self.push(position, merged, noted, stored),
            }
            return Ok(());
        }
        Ok(())
    }

    /// Replaces the paper of an earlier record of the batch.
    fn repeat(&mut self, at: usize, paper: Paper, noted: Noted, position: usize) {
        let pending = &mut self.papers[at];
        if pending.paper == paper {
            self.repeated.unchanged += 1;
        } else {
            self.repeated.updated += 1;
        }
        pending.paper = paper;
        pending.noted.extend(noted);
        pending.position = position;
    }

    fn push(
        &mut self,
        position: usize,
        paper: Paper,
        noted: Noted,
        stored: Option<(RowId, StoredPaper)>,
    ) {
        self.by_id.insert(paper.id.clone(), self.papers.len());
        self.papers.push(Pending {
            position,
            paper,
            noted,
            stored,
        });
    }
}
