//! Years in dates and free text.

/// Returns the first year in a date or free text: a number of four digits from 1000 to 2999.
pub(crate) fn year_in(text: &str) -> Option<i32> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() == 4)
        .filter_map(|digits| digits.parse().ok())
        .find(|year| (1000..3000).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_year_in_dates_of_any_form() {
        for (text, year) in [
            ("2017", Some(2017)),
            ("12 June 2017", Some(2017)),
            ("2017/06/12/", Some(2017)),
            ("1998 Dec-1999 Jan", Some(1998)),
            ("20170612", None),
            ("to appear", None),
        ] {
            assert_eq!(year_in(text), year, "{text}");
        }
    }
}
