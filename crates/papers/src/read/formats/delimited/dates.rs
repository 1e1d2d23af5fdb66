//! Dates as catalogs and spreadsheets write them.

use crate::PartialDate;
use crate::read::formats::normalize::year_in;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Returns the month from 1 to 12 that a number, a name or the first letters of a name stand for.
pub(super) fn month(text: &str) -> Option<u8> {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    if let Ok(number) = text.parse::<f32>() {
        return (1..=12_u8).find(|month| (f32::from(*month) - number).abs() < f32::EPSILON);
    }
    let start = text.get(..3)?;
    let at = MONTHS.iter().position(|month| *month == start)?;
    let is_word = text.chars().all(char::is_alphabetic);
    is_word.then(|| u8::try_from(at + 1).ok()).flatten()
}

/// Returns a date in ISO 8601, or with the month as a name, or with three numbers of which the year comes first
/// or the order of the others is certain.
///
/// `year` is the year of a date that has none. Of a period the result is the first month.
pub(super) fn date(text: &str, year: Option<i32>) -> Option<PartialDate> {
    // What follows a year alone may be a month.
    if let Ok(date) = text.parse::<PartialDate>()
        && (date.month().is_some() || !text.trim().contains(' '))
    {
        return Some(date);
    }
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    if let [digits] = words[..]
        && digits.len() == 8
        && digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        let (date, day) = digits.split_at(6);
        let (year, month) = date.split_at(4);
        return format!("{year}-{month}-{day}").parse().ok();
    }
    let year = year_in(text).or(year)?;
    let small = |word: &&str| word.len() <= 2 && word.parse::<u8>().is_ok();
    let small: Vec<u8> = words
        .iter()
        .filter(|word| small(word))
        .filter_map(|word| word.parse().ok())
        .collect();
    let mut names = words
        .iter()
        .filter(|word| word.starts_with(char::is_alphabetic))
        .filter_map(|word| month(word));
    let (month, day) = match (names.next(), names.next()) {
        (Some(month), None) => (Some(month), small.first().copied()),
        (Some(month), Some(_)) => (Some(month), None),
        (None, _) => match small[..] {
            [month, day] if words.first().is_some_and(|word| word.len() == 4) => {
                (Some(month), Some(day))
            }
            [month, day] | [day, month] if month <= 12 && day > 12 => (Some(month), Some(day)),
            [month] => (Some(month), None),
            _ => (None, None),
        },
    };
    PartialDate::new(year, month, day)
        .or_else(|| PartialDate::new(year, month, None))
        .or_else(|| PartialDate::new(year, None, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_dates_of_catalogs() {
        for (text, expected) in [
            ("2016-04-02", "2016-04-02"),
            ("2016-04-02T10:00:00Z", "2016-04-02"),
            ("1 Jan 2021", "2021-01-01"),
            ("January 31, 2021", "2021-01-31"),
            ("2021 Feb 3", "2021-02-03"),
            ("JAN 15", "2019-01-15"),
            ("MAR-APR", "2019-03"),
            ("JUL 2018", "2018-07"),
            ("2021/5/3", "2021-05-03"),
            ("31/12/2020", "2020-12-31"),
            ("12/31/2020", "2020-12-31"),
            ("03/04/2020", "2020"),
            ("5/2020", "2020-05"),
            ("20170612", "2017-06-12"),
            ("FEB 31", "2019-02"),
            ("Spring 2020", "2020"),
        ] {
            let found = date(text, Some(2019)).map(|date| date.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        assert_eq!(date("n.d.", None), None);
        assert_eq!(date("99999999", None), None);
    }

    #[test]
    fn reads_months() {
        for (text, expected) in [
            ("1", Some(1)),
            ("01", Some(1)),
            ("12.0", Some(12)),
            ("Sept.", Some(9)),
            ("MAY", Some(5)),
            ("13", None),
            ("1.5", None),
            ("mid", None),
            ("", None),
        ] {
            assert_eq!(month(text), expected, "{text}");
        }
    }
}
