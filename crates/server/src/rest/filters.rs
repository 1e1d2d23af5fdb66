//! The parameters by which queries and lists are restricted to some papers, and their libraries chosen.

use cognate::{Filter, PartialDate};
use serde::{Deserialize, Serialize};

use crate::problem::{Kind, Problem};

/// The library of a request.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct LibraryParameter {
    /// The name of the library. Default: the first library of the server.
    pub(crate) library: Option<String>,
}

/// The libraries of a request that can use several.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct LibrariesParameter {
    /// The names of the libraries. The hits of several libraries are merged, and a paper of several is one
    /// hit. Default: the first library of the server.
    #[param(required = false)]
    pub(crate) library: Vec<String>,
}

/// The papers that may be in an answer.
///
/// The patterns of dates allow the days that every year has. February 29 of a leap year is a date too, but a pattern
/// cannot say which years those are.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct FilterParameters {
    /// Only papers of these years: `2017`, `2015-2019`, `2015-` or `-2019`.
    #[param(
        pattern = r"^-?[0-9]{1,4}$|^[0-9]{1,4}-[0-9]{0,4}$",
        example = "2000-2019"
    )]
    pub(crate) year: Option<String>,
    /// Only papers whose venue has these words; with several, papers of any of these venues.
    #[param(required = false)]
    pub(crate) venue: Vec<String>,
    /// Only papers by an author whose name has these words; with several, by any of these authors.
    #[param(required = false)]
    pub(crate) author: Vec<String>,
    /// Only papers in this category, such as `cs`, or in a subcategory of it, such as `cs.CL`; with several, in
    /// any of these categories.
    #[param(required = false)]
    pub(crate) category: Vec<String>,
    /// Only papers on this list; with several, papers on any of them.
    #[param(required = false)]
    pub(crate) list: Vec<String>,
    /// Only papers that are not on this list; with several, on none of them.
    #[param(required = false)]
    pub(crate) not_list: Vec<String>,
    /// Only papers that were published on this day or later. A year or a month counts as its first day.
    #[param(
        pattern = r"^[0-9]{4}(-((0[13578]|1[02])(-(0[1-9]|[12][0-9]|3[01]))?|(0[469]|11)(-(0[1-9]|[12][0-9]|30))?|02(-(0[1-9]|1[0-9]|2[0-8]))?))?$",
        example = "2001-06"
    )]
    pub(crate) since: Option<String>,
    /// Only papers that were added to the library on this day (UTC) or later. A year or a month counts as its first
    /// day.
    #[param(
        pattern = r"^[0-9]{4}(-((0[13578]|1[02])(-(0[1-9]|[12][0-9]|3[01]))?|(0[469]|11)(-(0[1-9]|[12][0-9]|30))?|02(-(0[1-9]|1[0-9]|2[0-8]))?))?$",
        example = "2026-11-01"
    )]
    pub(crate) added_since: Option<String>,
}

impl FilterParameters {
    /// Returns whether the papers depend on lists.
    pub(crate) fn uses_lists(&self) -> bool {
        !(self.list.is_empty() && self.not_list.is_empty())
    }

    /// Returns the filter.
    ///
    /// # Errors
    ///
    /// Returns a problem if a parameter has a value that no paper could match.
    pub(crate) fn filter(&self) -> Result<Filter, Problem> {
        let mut filter = Filter::default();
        if let Some(years) = &self.year {
            let (first, last) = years_of(years)?;
            filter = filter.years(first..=last);
        }
        for words in &self.venue {
            filter = filter.venue(with_a_word("venue", words)?);
        }
        for words in &self.author {
            filter = filter.author(with_a_word("author", words)?);
        }
        for name in &self.category {
            filter = filter.category(with_a_word("category", name)?);
        }
        filter = self.list.iter().fold(filter, Filter::list);
        filter = self.not_list.iter().fold(filter, Filter::not_list);
        if let Some(date) = &self.since {
            filter = filter.published_since(date_of("since", date)?);
        }
        if let Some(date) = &self.added_since {
            filter = filter.added_since(date_of("added_since", date)?);
        }
        Ok(filter)
    }
}

/// Reads `2024`, `2024-06` or `2024-06-30`.
fn date_of(parameter: &str, text: &str) -> Result<PartialDate, Problem> {
    // A time of day would have no meaning here.
    let is_date = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = text.parse().ok();
    let date = date.filter(|_| is_date && !text.starts_with('-'));
    date.ok_or_else(|| {
        let detail = format!(
            "`{parameter}` is `{text}`, expected a date such as 2024, 2024-06 or 2024-06-30"
        );
        Problem::new(Kind::InvalidRequest, detail).with("parameter", parameter)
    })
}

/// Reads `2017`, `2015-2019`, `2015-` or `-2019` as the first and the last year.
fn years_of(text: &str) -> Result<(i32, i32), Problem> {
    let wrong = || {
        let detail = format!(
            "`year` is `{text}`, expected a year or a range, such as 2017, 2015-2019, 2015- or -2019"
        );
        Problem::new(Kind::InvalidRequest, detail).with("parameter", "year")
    };
    let year = |text: &str, open: i32| match text {
        "" => Ok(open),
        digits if digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map_err(|_| wrong())
        }
        _ => Err(wrong()),
    };
    match text.split_once('-') {
        None if text.is_empty() => Err(wrong()),
        None => year(text, 0).map(|year| (year, year)),
        Some(("", "")) => Err(wrong()),
        Some((first, last)) => Ok((year(first, i32::MIN)?, year(last, i32::MAX)?)),
    }
}

/// Returns words of a name if they have a letter or a digit, without which no name matches them.
fn with_a_word<'a>(parameter: &str, words: &'a str) -> Result<&'a str, Problem> {
    if words.contains(char::is_alphanumeric) {
        return Ok(words);
    }
    let detail = format!("`{parameter}` has no word, expected at least one word of the name");
    Err(Problem::new(Kind::InvalidRequest, detail).with("parameter", parameter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_a_year_and_perhaps_a_month_and_a_day() {
        for text in ["2024", "2024-06", "2024-06-30"] {
            assert_eq!(date_of("since", text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "24",
            "-2024",
            " 2024",
            "2024-6",
            "2024-13",
            "2024-06-30T10:00",
        ] {
            assert!(date_of("since", text).is_err(), "{text}");
        }
    }

    #[test]
    fn years_are_one_year_or_a_range_that_may_be_open() {
        for (text, years) in [
            ("2017", (2017, 2017)),
            ("2015-2019", (2015, 2019)),
            ("2015-", (2015, i32::MAX)),
            ("-2019", (i32::MIN, 2019)),
        ] {
            assert_eq!(years_of(text).unwrap(), years);
        }
        for text in ["", "-", "x", "2015-x", "2015--2019", " 2015", "20155"] {
            assert!(years_of(text).is_err(), "{text}");
        }
    }
}
