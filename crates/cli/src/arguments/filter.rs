use clap::Args;
use cognate::{Filter, PartialDate};

#[derive(Debug, Args)]
pub(crate) struct FilterArguments {
    /// Only papers of years such as 2017 or 2015-2019
    ///
    /// 2015- has no end, and -2019 no beginning.
    #[arg(long, value_name = "YEARS", value_parser = parse_years, allow_hyphen_values = true)]
    year: Option<(i32, i32)>,
    /// Only papers whose venue has these words
    ///
    /// Repeat it to allow other venues.
    #[arg(long, value_name = "WORDS", value_parser = parse_words)]
    venue: Vec<String>,
    /// Only papers by an author whose name has these words
    ///
    /// Repeat it to allow other authors.
    #[arg(long, value_name = "WORDS", value_parser = parse_words)]
    author: Vec<String>,
    /// Only papers in a category such as cs or cs.CL
    ///
    /// Papers in its subcategories pass too. Repeat it to allow other categories.
    #[arg(long, value_name = "NAME", value_parser = parse_words)]
    category: Vec<String>,
    /// Only papers on a list, such as liked
    ///
    /// Repeat it to allow other lists. `cognate lists` names them.
    #[arg(long, value_name = "LIST")]
    list: Vec<String>,
    /// Only papers that are not on a list, such as read
    ///
    /// Repeat it to leave out the papers of other lists too.
    #[arg(long, value_name = "LIST")]
    not_list: Vec<String>,
    /// Only papers published since a date such as 2024-06
    ///
    /// The date is a year, a month or a day, such as 2024-06-15. A year or a month counts as its first day, here and
    /// in the date of a paper.
    #[arg(long, value_name = "DATE", value_parser = parse_date, allow_hyphen_values = true)]
    since: Option<PartialDate>,
    /// Only papers added to the library since a date
    #[arg(long, value_name = "DATE", value_parser = parse_date, allow_hyphen_values = true)]
    added_since: Option<PartialDate>,
}

impl FilterArguments {
    /// The name of these arguments as a group of clap's, for rules on other arguments.
    pub(crate) const GROUP: &'static str = "FilterArguments";

    pub(crate) fn filter(&self) -> Filter {
        let mut filter = Filter::default();
        if let Some((first, last)) = self.year {
            filter = filter.years(first..=last);
        }
        filter = self.venue.iter().fold(filter, Filter::venue);
        filter = self.author.iter().fold(filter, Filter::author);
        filter = self.category.iter().fold(filter, Filter::category);
        filter = self.list.iter().fold(filter, Filter::list);
        filter = self.not_list.iter().fold(filter, Filter::not_list);
        if let Some(date) = self.since {
            filter = filter.published_since(date);
        }
        match self.added_since {
            Some(date) => filter.added_since(date),
            None => filter,
        }
    }
}

/// Parses `2017`, `2015-2019`, `2015-` or `-2019` into the first and the last year.
fn parse_years(text: &str) -> Result<(i32, i32), String> {
    const EXPECTED: &str = "expected a year or a range, such as 2017, 2015-2019, 2015- or -2019";
    let year = |text: &str, if_empty: i32| match text.trim() {
        "" => Ok(if_empty),
        text => text
            .parse()
            .map_err(|_| format!("`{text}` is not a year; {EXPECTED}")),
    };
    // An en dash is how a person types a range.
    match text.split_once(['-', '\u{2013}']) {
        None if text.trim().is_empty() => Err(EXPECTED.to_owned()),
        None => year(text, 0).map(|year| (year, year)),
        Some((first, last)) if first.trim().is_empty() && last.trim().is_empty() => {
            Err(EXPECTED.to_owned())
        }
        Some((first, last)) => match (year(first, i32::MIN)?, year(last, i32::MAX)?) {
            (first, last) if first > last => Err(format!(
                "{first} is after {last}; write the earlier year first, as in {last}-{first}"
            )),
            years => Ok(years),
        },
    }
}

/// Parses `2024`, `2024-06` or `2024-06-15`.
fn parse_date(text: &str) -> Result<PartialDate, String> {
    text.parse()
        .map_err(|_| "expected a date such as 2024, 2024-06 or 2024-06-15".to_owned())
}

/// Returns words of a name as they are, unless there are none, which no name would match.
fn parse_words(text: &str) -> Result<String, String> {
    if text.contains(char::is_alphanumeric) {
        Ok(text.to_owned())
    } else {
        Err("expected at least one word of the name".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_one_year_or_a_range_that_may_be_open() {
        assert_eq!(parse_years("2017"), Ok((2017, 2017)));
        assert_eq!(parse_years("2015-2019"), Ok((2015, 2019)));
        assert_eq!(parse_years("2015 \u{2013} 2019"), Ok((2015, 2019)));
        assert_eq!(parse_years("2015-"), Ok((2015, i32::MAX)));
        assert_eq!(parse_years("-2019"), Ok((i32::MIN, 2019)));
        let expected = "expected a year or a range, such as 2017, 2015-2019, 2015- or -2019";
        for nothing in ["", " ", "-", " - "] {
            assert_eq!(parse_years(nothing).unwrap_err(), expected);
        }
        assert_eq!(
            parse_years("recent").unwrap_err(),
            format!("`recent` is not a year; {expected}")
        );
        assert_eq!(
            parse_years("2015-today").unwrap_err(),
            format!("`today` is not a year; {expected}")
        );
        assert_eq!(
            parse_years("2019-2015").unwrap_err(),
            "2019 is after 2015; write the earlier year first, as in 2015-2019"
        );
    }

    #[test]
    fn dates_are_years_months_or_days() {
        for text in ["2024", "2024-06", "2024-06-15", "-0050"] {
            assert_eq!(parse_date(text).unwrap().to_string(), text);
        }
        for text in ["", "yesterday", "2024-13", "15.6.2024"] {
            let error = parse_date(text).unwrap_err();
            assert!(error.starts_with("expected a date"), "{text}");
        }
    }

    #[test]
    fn names_have_a_word() {
        assert_eq!(parse_words(" Gödel").unwrap(), " Gödel");
        assert!(parse_words("").is_err() && parse_words(" - ").is_err());
    }
}
