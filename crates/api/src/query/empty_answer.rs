//! Why an answer has no papers.

use std::fmt;

use crate::PartialDate;

/// A reason why no paper passes a filter or answers a query, from
/// [`Library::explain_no_papers`](crate::Library::explain_no_papers) or
/// [`Library::explain_no_hits`](crate::Library::explain_no_hits). `Display` writes it as a clause for a person.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EmptyReason {
    /// The library has no papers.
    EmptyLibrary,
    /// No paper is of these years.
    Years {
        /// The years of the filter, first and last.
        wanted: (i32, i32),
        /// The earliest and the latest year of the papers, or `None` if no paper has a year.
        range: Option<(i32, i32)>,
        /// The latest year of a paper before the wanted ones.
        before: Option<i32>,
        /// The earliest year of a paper after the wanted ones.
        after: Option<i32>,
    },
    /// No paper was published on or after a date.
    PublishedSince {
        /// The date of the filter.
        wanted: PartialDate,
        /// The latest date of publication, or `None` if no paper has one.
        latest: Option<PartialDate>,
    },
    /// No paper was added on or after a date.
    AddedSince {
        /// The date of the filter.
        wanted: PartialDate,
        /// The latest day on which a paper was added, or `None` if no paper has one.
        latest: Option<PartialDate>,
    },
    /// No paper is on any of these lists.
    Lists {
        /// The names of the filter.
        wanted: Vec<String>,
    },
    /// Every paper is on one of the lists that the filter leaves out.
    NotLists {
        /// The names of the filter.
        unwanted: Vec<String>,
    },
    /// No paper has a venue with these words.
    Venue {
        /// The words of the filter.
        wanted: String,
        /// The venues that are spelled most like it, nearest first.
        nearest: Vec<String>,
    },
    /// No paper has an author with these words in the name.
    Author {
        /// The words of the filter.
        wanted: String,
        /// The authors whose names are spelled most like it, nearest first.
        nearest: Vec<String>,
    },
    /// No paper is in this category.
    Category {
        /// The category of the filter.
        wanted: String,
        /// The categories that are spelled most like it, nearest first.
        nearest: Vec<String>,
    },
    /// Some papers pass each kind of condition of the filter, and none passes all.
    Together {
        /// The kinds of conditions, such as `year`, and the numbers of papers that pass each.
        passing: Vec<(&'static str, u64)>,
    },
    /// No paper has any of the words or phrases that a keyword search looks for.
    Words {
        /// The words and phrases.
        words: Vec<String>,
        /// Whether other papers have them, which do not pass the filter.
        is_filtered: bool,
    },
    /// All papers that would be hits have a word that the query leaves out.
    Excluded,
    /// No paper that passes the filter has this cosine.
    MinScore {
        /// The smallest cosine of a hit.
        wanted: f32,
    },
    /// Only papers that the query names pass the filter, or are in the library at all.
    OnlyQueryPapers {
        /// Whether there is a filter.
        is_filtered: bool,
    },
    /// Another reason, or the files by which papers are filtered cannot be read.
    Other {
        /// Whether there is a filter.
        is_filtered: bool,
    },
}

impl fmt::Display for EmptyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyLibrary => write!(f, "the library is empty"),
            Self::Years {
                wanted,
                range,
                before,
                after,
            } => {
                write!(f, "no paper is {}", years(*wanted))?;
                match (range, before, after) {
                    (None, ..) => write!(f, "; no paper of the library has a year"),
                    (Some((first, last)), Some(before), Some(after)) => write!(
                        f,
                        "; the library has papers from {first} to {last}, the nearest from {before} \
                         and {after}"
                    ),
                    (Some((first, last)), ..) if first == last => {
                        write!(f, "; the library has papers from {first} only")
                    }
                    (Some((first, last)), ..) => {
                        write!(f, "; the library has papers from {first} to {last}")
                    }
                }
            }
            Self::PublishedSince { wanted, latest } => {
                write!(f, "no paper was published {} or later", in_or_on(*wanted))?;
                match latest {
                    Some(latest) => write!(f, "; the latest is from {latest}"),
                    None => write!(f, "; no paper of the library has a date of publication"),
                }
            }
            Self::AddedSince { wanted, latest } => {
                write!(f, "no paper was added {} or later", in_or_on(*wanted))?;
                match latest {
                    Some(latest) => write!(f, "; the latest was added on {latest}"),
                    None => write!(f, "; the library does not know when its papers were added"),
                }
            }
            Self::Lists { wanted } => match wanted.as_slice() {
                [list] => write!(f, "no paper is on the list `{list}`"),
                lists => write!(f, "no paper is on any of the lists {}", quoted(lists)),
            },
            Self::NotLists { unwanted } => match unwanted.as_slice() {
                [list] => write!(f, "every paper is on the list `{list}`"),
                lists => write!(f, "every paper is on one of the lists {}", quoted(lists)),
            },
            Self::Venue { wanted, nearest } => {
                write!(f, "no venue matches `{wanted}`")?;
                write_nearest(f, nearest)
            }
            Self::Author { wanted, nearest } => {
                write!(f, "no author matches `{wanted}`")?;
                write_nearest(f, nearest)
            }
            Self::Category { wanted, nearest } => {
                write!(f, "no paper is in the category `{wanted}`")?;
                write_nearest(f, nearest)
            }
            Self::Together { passing } => {
                write!(f, "no paper passes all filters together: ")?;
                for (at, (kind, papers)) in passing.iter().enumerate() {
                    let separator = if at == 0 { "" } else { ", " };
                    let pass = if *papers == 1 { "passes" } else { "pass" };
                    write!(f, "{separator}{papers} {pass} the {kind}")?;
                }
                Ok(())
            }
            Self::Words { words, is_filtered } => {
                let papers = if *is_filtered {
                    "no paper that passes the filters"
                } else {
                    "no paper"
                };
                match words.as_slice() {
                    [] => write!(f, "the query has no word to look for"),
                    [word] if word.contains(' ') => write!(f, "{papers} has the phrase `{word}`"),
                    [word] => write!(f, "{papers} has the word `{word}`"),
                    words => write!(f, "{papers} has any of the words {}", quoted(words)),
                }
            }
            Self::Excluded => write!(
                f,
                "every paper that would be found has a word that the query leaves out"
            ),
            Self::MinScore { wanted } => {
                write!(f, "no paper has a cosine similarity of at least {wanted}")
            }
            Self::OnlyQueryPapers { is_filtered: true } => {
                write!(f, "no other paper passes the filters")
            }
            Self::OnlyQueryPapers { is_filtered: false } => {
                write!(f, "the library has no other paper")
            }
            Self::Other { is_filtered: true } => write!(f, "no paper passes the filters"),
            Self::Other { is_filtered: false } => write!(f, "no paper answers the query"),
        }
    }
}

/// Writes a date after the preposition that it needs.
fn in_or_on(date: PartialDate) -> String {
    let preposition = if date.day().is_some() { "on" } else { "in" };
    format!("{preposition} {date}")
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn years((first, last): (i32, i32)) -> String {
    match (first, last) {
        (first, last) if first == last => format!("from {first}"),
        (i32::MIN, last) => format!("from {last} or earlier"),
        (first, i32::MAX) => format!("from {first} or later"),
        (first, last) => format!("from {first} to {last}"),
    }
}

fn write_nearest(f: &mut fmt::Formatter<'_>, nearest: &[String]) -> fmt::Result {
    if nearest.is_empty() {
        return Ok(());
    }
    write!(f, "; nearest: {}", nearest.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_clauses_for_a_person() {
        let years = |wanted, range, before, after| EmptyReason::Years {
            wanted,
            range,
            before,
            after,
        };
        let nearest = vec!["Geoffrey Hinton".to_owned(), "A. Hint".to_owned()];
        let words = |words: &[&str], is_filtered| EmptyReason::Words {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            is_filtered,
        };
        for (reason, text) in [
            (EmptyReason::EmptyLibrary, "the library is empty"),
            (
                years((i32::MIN, 1900), Some((1990, 2019)), None, Some(1990)),
                "no paper is from 1900 or earlier; the library has papers from 1990 to 2019",
            ),
            (
                years((2003, 2003), Some((1990, 2019)), Some(2001), Some(2005)),
                "no paper is from 2003; the library has papers from 1990 to 2019, the nearest from 2001 \
                 and 2005",
            ),
            (
                years((2030, i32::MAX), Some((2019, 2019)), Some(2019), None),
                "no paper is from 2030 or later; the library has papers from 2019 only",
            ),
            (
                years((1, 2), None, None, None),
                "no paper is from 1 to 2; no paper of the library has a year",
            ),
            (
                EmptyReason::Author {
                    wanted: "Hintn".to_owned(),
                    nearest,
                },
                "no author matches `Hintn`; nearest: Geoffrey Hinton; A. Hint",
            ),
            (
                EmptyReason::Together {
                    passing: vec![("year", 1), ("venue", 12)],
                },
                "no paper passes all filters together: 1 passes the year, 12 pass the venue",
            ),
            (
                EmptyReason::PublishedSince {
                    wanted: "2026-05".parse().unwrap(),
                    latest: "2025".parse().ok(),
                },
                "no paper was published in 2026-05 or later; the latest is from 2025",
            ),
            (
                EmptyReason::AddedSince {
                    wanted: "2026-05-01".parse().unwrap(),
                    latest: None,
                },
                "no paper was added on 2026-05-01 or later; the library does not know when its papers were \
                 added",
            ),
            (
                EmptyReason::Lists {
                    wanted: vec!["liked".to_owned(), "read".to_owned()],
                },
                "no paper is on any of the lists `liked`, `read`",
            ),
            (
                EmptyReason::NotLists {
                    unwanted: vec!["read".to_owned()],
                },
                "every paper is on the list `read`",
            ),
            (words(&["qubit"], false), "no paper has the word `qubit`"),
            (
                words(&["qubit", "spin glass"], true),
                "no paper that passes the filters has any of the words `qubit`, `spin glass`",
            ),
            (
                EmptyReason::MinScore { wanted: 0.9 },
                "no paper has a cosine similarity of at least 0.9",
            ),
        ] {
            assert_eq!(reason.to_string(), text);
        }
    }
}
