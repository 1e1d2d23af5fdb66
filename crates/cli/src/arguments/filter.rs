use clap::Args;
use cognate::Filter;

#[derive(Debug, Args)]
pub(crate) struct FilterArguments {
    /// Only papers from this year or range of years: 2017, 2015-2019, 2015- or -2019
    #[arg(long, value_name = "YEARS", value_parser = parse_years, allow_hyphen_values = true)]
    year: Option<(i32, i32)>,
    /// Only papers whose venue contains these words; repeat to allow other venues
    #[arg(long, value_name = "WORDS")]
    venue: Vec<String>,
    /// Only papers with an author whose name contains these words; repeat to allow other authors
    #[arg(long, value_name = "WORDS")]
    author: Vec<String>,
    /// Only papers in this category or its subcategories, such as cs or cs.CL; repeat to allow other
    /// categories
    #[arg(long, value_name = "NAME")]
    category: Vec<String>,
}

impl FilterArguments {
    pub(crate) fn filter(&self) -> Filter {
        let mut filter = Filter::default();
        if let Some((first, last)) = self.year {
            filter = filter.years(first..=last);
        }
        filter = self.venue.iter().fold(filter, Filter::venue);
        filter = self.author.iter().fold(filter, Filter::author);
        self.category.iter().fold(filter, Filter::category)
    }
}

/// Parses `2017`, `2015-2019`, `2015-` or `-2019` into the first and the last year.
fn parse_years(text: &str) -> Result<(i32, i32), String> {
    let year = |text: &str, if_empty: i32| match text.trim() {
        "" => Ok(if_empty),
        text => text.parse().map_err(|_| format!("`{text}` is not a year")),
    };
    match text.split_once('-') {
        None if text.trim().is_empty() => Err("expected a year".to_owned()),
        None => year(text, 0).map(|year| (year, year)),
        Some(("", "")) => Err("expected a year before or after the `-`".to_owned()),
        Some((first, last)) => Ok((year(first, i32::MIN)?, year(last, i32::MAX)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_one_year_or_a_range_that_may_be_open() {
        assert_eq!(parse_years("2017"), Ok((2017, 2017)));
        assert_eq!(parse_years("2015-2019"), Ok((2015, 2019)));
        assert_eq!(parse_years("2015-"), Ok((2015, i32::MAX)));
        assert_eq!(parse_years("-2019"), Ok((i32::MIN, 2019)));
        assert!(parse_years("-").is_err());
        assert!(parse_years("recent").is_err());
    }
}
