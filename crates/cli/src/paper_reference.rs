//! The papers that a person names on the command line: by id, DOI, arXiv identifier, title, or the beginning
//! of an id.

use std::fmt::Write as _;
use std::io::{self, BufRead as _};

use anyhow::{Context as _, Result, anyhow, bail};
use cognate::{Library, Lookup, MatchedBy, Paper, identifiers};

use crate::output::{note, one_line, shortened, thousands, title};
use crate::standard_input;

/// The ways in which a paper may be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepted {
    All,
    /// By its id, its DOI or its arXiv identifier.
    Identifiers,
}

/// Returns the ids of the papers that `references` name, in their order. A name that is not an id is taken
/// with a note on stderr. `-` stands for the lines of standard input.
pub(crate) fn ids(library: &Library, references: &[String]) -> Result<Vec<String>> {
    let papers = papers(library, references)?;
    Ok(papers.into_iter().map(|paper| paper.id).collect())
}

/// Returns the paper that `reference` names.
pub(crate) fn paper(library: &Library, reference: &str) -> Result<Paper> {
    accept(reference, library.lookup(reference)?, Accepted::All)
}

/// Returns the papers that [`ids`] returns the ids of.
pub(crate) fn papers(library: &Library, references: &[String]) -> Result<Vec<Paper>> {
    look_up(library, references, Accepted::All)
}

/// Returns the papers that `references` name by their ids, their DOIs or their arXiv identifiers, for a
/// command that destroys what is named. Other names are errors, which say what they would mean elsewhere.
pub(crate) fn identified_papers(library: &Library, references: &[String]) -> Result<Vec<Paper>> {
    look_up(library, references, Accepted::Identifiers)
}

fn look_up(library: &Library, references: &[String], accepted: Accepted) -> Result<Vec<Paper>> {
    let references = with_standard_input(references)?;
    let found = library.lookup_all(&references)?;
    let found = references.iter().zip(found);
    found
        .map(|(reference, lookup)| accept(reference, lookup, accepted))
        .collect()
}

/// Returns the paper that was found for a name, with a note if the name is not its id.
fn accept(reference: &str, lookup: Lookup, accepted: Accepted) -> Result<Paper> {
    match lookup {
        Lookup::Ambiguous {
            papers, total, by, ..
        } => bail!(several(reference, &papers, total, by)),
        Lookup::Found { paper, by, .. } => {
            if accepted == Accepted::Identifiers && !by.is_identifier() {
                bail!(
                    "`{}` is not an id, a DOI or an arXiv identifier; it is the {by} of `{}`",
                    quotable(reference),
                    paper.id
                );
            }
            note(&format!("taking `{}`, {}", paper.id, reason(reference, by)));
            Ok(paper)
        }
        exact_or_none => Ok(exact_or_none.into_paper(&quotable(reference))?),
    }
}

/// Replaces each `-` by the lines of standard input that are not blank.
pub(crate) fn with_standard_input(references: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for reference in references {
        if reference != standard_input::NAME {
            all.push(reference.clone());
            continue;
        }
        let before = all.len();
        for line in io::stdin().lock().lines() {
            let line = line.context("cannot read ids from standard input")?;
            if !line.trim().is_empty() {
                all.push(line.trim().to_owned());
            }
        }
        if all.len() == before {
            return Err(anyhow!(
                "standard input has no id, expected one on each line"
            ));
        }
    }
    Ok(all)
}

/// Returns a name on one line, shortened if it is long.
fn quotable(reference: &str) -> String {
    shortened(&one_line(reference))
}

/// Says how a name that is not an id names a paper.
fn reason(reference: &str, by: MatchedBy) -> String {
    let reference_line = quotable(reference);
    match by {
        MatchedBy::Doi => {
            let doi = identifiers::doi(reference).unwrap_or(reference_line);
            format!("whose DOI is {doi}")
        }
        MatchedBy::Arxiv => {
            let arxiv = identifiers::arxiv(reference).unwrap_or(reference_line);
            format!("whose arXiv identifier is {arxiv}")
        }
        MatchedBy::Title => format!("whose title is “{reference_line}”"),
        MatchedBy::IdPrefix => format!("the only id that begins with `{reference_line}`"),
        MatchedBy::IdIgnoringCase => "whose id differs in case alone".to_owned(),
        by => format!("whose {by} is `{reference_line}`"),
    }
}

/// Lists the papers of which a name may mean any.
fn several(reference: &str, papers: &[Paper], total: usize, by: MatchedBy) -> String {
    let mut text = format!(
        "`{}` is the {by} of {} papers, expected the id of one:",
        quotable(reference),
        thousands(total)
    );
    let widest = papers.iter().map(|paper| paper.id.chars().count()).max();
    let width = widest.unwrap_or(0).min(40);
    for paper in papers {
        let year = paper.year.map(|year| format!(" ({year})"));
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n  {:<width$}  {}{}",
            one_line(&paper.id),
            shortened(&title(&paper.title)),
            year.unwrap_or_default()
        );
    }
    if total > papers.len() {
        let _ = write!(text, "\n  and {} more", thousands(total - papers.len()));
    }
    text
}
