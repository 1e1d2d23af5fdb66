//! Pages of papers: as many as were asked for, and as fit into the answer.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::entry::{Detail, Entry, PaperDocument};
use crate::options::ServerOptions;
use crate::problem::{Kind, Problem};

/// The number of papers that an answer has by default.
const K: usize = 5;

/// The most characters that an answer has by default.
const MAX_CHARS: usize = 12_000;

/// The characters that are kept for what an answer says besides its papers.
const RESERVED: usize = 400;

/// Which papers of a ranking an answer has, and how much of each.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PageArguments {
    /// Number of papers
    #[serde(default = "default_k")]
    #[schemars(range(min = 1))]
    k: usize,
    /// Number of papers to skip; take it from `next_offset` of the answer before
    #[serde(default)]
    offset: usize,
    /// How much of each paper: ids, compact (bibliographic data and the beginning of the abstract) or full
    /// (all fields)
    #[serde(default = "default_detail")]
    detail: Detail,
    #[serde(flatten)]
    size: SizeArguments,
}

/// How long an answer may be.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct SizeArguments {
    /// Most characters of the answer, which ends before the paper that would exceed them
    #[serde(default = "default_max_chars")]
    #[schemars(range(min = 1000))]
    pub(super) max_chars: usize,
}

fn default_k() -> usize {
    K
}

fn default_detail() -> Detail {
    Detail::Compact
}

fn default_max_chars() -> usize {
    MAX_CHARS
}

/// The papers of an answer.
#[derive(Debug, Default)]
pub(super) struct Page {
    entries: Vec<Entry>,
    next_offset: Option<usize>,
    notes: Vec<String>,
}

/// The papers of an answer, as its document has them.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PapersDocument {
    /// The papers, in the order of the answer
    #[schemars(with = "Vec<PaperDocument>")]
    papers: Vec<Map<String, Value>>,
    /// The offset of the papers that follow; absent if these are the last
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<usize>,
    /// What to know about the answer, such as why it has no papers
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl PageArguments {
    /// Returns how many papers a ranking must have: all up to the end of the page, and one more, which tells
    /// whether others follow.
    ///
    /// # Errors
    ///
    /// Returns a problem if the page is beyond the papers that the server ranks.
    pub(super) fn ranked(&self, options: &ServerOptions) -> Result<usize, Problem> {
        let last = self.offset.saturating_add(self.k);
        if last > options.max_k {
            return Err(Problem::new(
                Kind::InvalidOption,
                format!(
                    "`offset` and `k` ask for {last} papers, expected at most {} in all; use filters to \
                     see others",
                    options.max_k
                ),
            ));
        }
        Ok(last + 1)
    }

    /// Returns the page of a ranking of [`ranked`](Self::ranked) papers, or fewer on the last page.
    pub(super) fn page<T>(&self, ranking: &[T], entry: impl Fn(&T, Detail) -> Entry) -> Page {
        let rest = ranking.get(self.offset..).unwrap_or_default();
        let wanted = &rest[..rest.len().min(self.k)];
        let places: Vec<usize> = (self.offset..).take(wanted.len()).collect();
        let mut page = Page::new(wanted, &places, self.detail, self.size, entry);
        if page.next_offset.is_none() && rest.len() > wanted.len() {
            page.next_offset = Some(self.offset + wanted.len());
        }
        if wanted.is_empty() && self.offset > 0 {
            page.note(format!(
                "the ranking ends before the offset {}",
                self.offset
            ));
        }
        page
    }
}

impl Page {
    /// Creates a page of the first papers that fit. `places` has the offset of each paper.
    ///
    /// If already the first does not fit, it is shown in the compact form, which fits always.
    pub(super) fn new<T>(
        papers: &[T],
        places: &[usize],
        detail: Detail,
        size: SizeArguments,
        entry: impl Fn(&T, Detail) -> Entry,
    ) -> Self {
        let mut page = Self::default();
        let mut left = size.max_chars.saturating_sub(RESERVED);
        for (paper, &place) in papers.iter().zip(places) {
            let mut one = entry(paper, detail);
            let chars = one.chars();
            if chars > left {
                if !page.is_empty() {
                    page.next_offset = Some(place);
                    page.note(format!(
                        "`max_chars` {} leaves no room for the others; go on with `offset` {place}",
                        size.max_chars
                    ));
                    break;
                }
                one = entry(paper, Detail::Compact);
                page.note(format!(
                    "the first paper is in the compact form, its full form has {chars} characters; set \
                     `max_chars` above {} to read it",
                    chars + RESERVED
                ));
            }
            left = left.saturating_sub(one.chars());
            page.entries.push(one);
        }
        page
    }

    /// Adds something to know about the answer.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Returns whether the page has no papers.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the text of the page. `order` says how the papers are ordered.
    pub(super) fn text(&self, order: &str) -> String {
        let mut text = match self.entries.len() {
            0 => "No papers.".to_owned(),
            1 => "1 paper".to_owned(),
            papers => format!("{papers} papers, {order}"),
        };
        if let Some(offset) = self.next_offset {
            let _ = write!(text, "; more with offset {offset}");
        }
        text.push('\n');
        for note in &self.notes {
            let _ = writeln!(text, "Note: {note}");
        }
        for entry in &self.entries {
            text.push_str(&entry.text);
        }
        text
    }

    /// Returns the document of the page.
    pub(super) fn document(&self) -> PapersDocument {
        PapersDocument {
            papers: self
                .entries
                .iter()
                .map(|entry| entry.document.clone())
                .collect(),
            next_offset: self.next_offset,
            notes: self.notes.clone(),
        }
    }
}
