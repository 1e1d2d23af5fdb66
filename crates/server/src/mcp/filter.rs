//! The arguments of tools by which papers are filtered.

use cognate::{Filter, PartialDate};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::problem::{Kind, Problem};

/// The conditions of a filter, all of which hold for the papers of an answer.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct FilterArguments {
    /// Only papers of this year or later
    #[schemars(with = "i32")]
    year_from: Option<i32>,
    /// Only papers of this year or earlier
    #[schemars(with = "i32")]
    year_to: Option<i32>,
    /// Only papers whose venue has these words, such as NeurIPS; several: any of them
    venue: Vec<String>,
    /// Only papers by an author whose name has these words; several: any of them
    author: Vec<String>,
    /// Only papers in this category, such as cs.CL, or a subcategory of it; several: any of them
    category: Vec<String>,
    /// Only papers on this list, such as liked; several: any of them
    list: Vec<String>,
    /// Only papers that are not on this list, such as read; several: on none of them
    not_list: Vec<String>,
}

/// Conditions on the dates of papers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct DateArguments {
    /// Only papers published on this day or later: YYYY, YYYY-MM or YYYY-MM-DD
    #[schemars(with = "String")]
    since: Option<String>,
    /// Only papers that came to the library on this day or later
    #[schemars(with = "String")]
    added_since: Option<String>,
}

impl FilterArguments {
    /// Returns the filter.
    ///
    /// # Errors
    ///
    /// Returns a problem if a condition is one that no paper can meet.
    pub(super) fn filter(&self) -> Result<Filter, Problem> {
        let mut filter = Filter::default();
        if self.year_from.is_some() || self.year_to.is_some() {
            let first = self.year_from.unwrap_or(i32::MIN);
            let last = self.year_to.unwrap_or(i32::MAX);
            if first > last {
                return Err(Problem::new(
                    Kind::InvalidOption,
                    format!(
                        "`year_from` {first} is after `year_to` {last}, expected the earlier year first"
                    ),
                ));
            }
            filter = filter.years(first..=last);
        }
        filter = self.venue.iter().fold(filter, Filter::venue);
        filter = self.author.iter().fold(filter, Filter::author);
        filter = self.category.iter().fold(filter, Filter::category);
        filter = self.list.iter().fold(filter, Filter::list);
        Ok(self.not_list.iter().fold(filter, Filter::not_list))
    }
}

impl DateArguments {
    /// Adds the conditions to a filter.
    ///
    /// # Errors
    ///
    /// Returns a problem if a text is not a date.
    pub(super) fn add_to(&self, mut filter: Filter) -> Result<Filter, Problem> {
        if let Some(text) = &self.since {
            filter = filter.published_since(date("since", text)?);
        }
        if let Some(text) = &self.added_since {
            filter = filter.added_since(date("added_since", text)?);
        }
        Ok(filter)
    }
}

/// Parses the date that an argument has.
///
/// # Errors
///
/// Returns a problem that names the argument.
pub(super) fn date(argument: &str, text: &str) -> Result<PartialDate, Problem> {
    text.parse().map_err(|_| {
        Problem::new(
            Kind::InvalidOption,
            format!(
                "`{argument}` is `{text}`, expected a date such as 2026, 2026-11 or 2026-11-30"
            ),
        )
    })
}
