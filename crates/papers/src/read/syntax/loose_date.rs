//! Dates in the notations of catalogs.

use super::year::year_in;
use crate::PartialDate;

/// The first three letters of the names of the months, in lower case.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Returns the first date in a text: `2017-06-12`, `2017/6`, `20170612`, `12 June 2017`, or a year in free
/// text.
///
/// An order of day and month that is ambiguous, as in `06/12/2017`, leaves the year. A month or a day of 0 is
/// unknown.
pub(crate) fn date_in(text: &str) -> Option<PartialDate> {
    let text = text.trim();
    // A word after the year may be a month.
    if !text.contains(' ')
        && let Ok(date) = text.parse()
    {
        return Some(date);
    }
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .take(16)
        .collect();
    let date = match parts[..] {
        [digits, ..] if digits.len() == 8 && number(digits).is_some() => {
            let (year, rest) = digits.split_at(4);
            let (month, day) = rest.split_at(2);
            known(year_in(year)?, number(month), number(day))
        }
        [year, month, ref rest @ ..] if is_year(year) && number(month).is_some() => {
            // The time of day follows the day: `2017-06-12T17`.
            let day = rest.first().map(|day| day.split(['T', 't']).next());
            known(
                year_in(year)?,
                number(month),
                day.flatten().and_then(number),
            )
        }
        _ => None,
    };
    date.or_else(|| with_month_name(&parts))
        .or_else(|| PartialDate::new(year_in(text)?, None, None))
}

/// Returns the date of a point in time: the number of milliseconds since 1970.
pub(crate) fn date_of_milliseconds(milliseconds: i64) -> Option<PartialDate> {
    // The algorithm counts years from March on, so that a leap day is the last day of its year.
    let days = milliseconds.div_euclid(86_400_000) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    PartialDate::new(
        i32::try_from(year_of_era + era * 400 + next_year).ok()?,
        u8::try_from(month).ok(),
        u8::try_from(day).ok(),
    )
}

/// Returns a date whose month or day is unknown if it is 0, and whose day, or day and month, are left out if
/// there is no such date.
pub(crate) fn known(year: i32, month: Option<u32>, day: Option<u32>) -> Option<PartialDate> {
    let part = |number: Option<u32>| number.and_then(|number| u8::try_from(number).ok());
    let month = part(month).filter(|month| *month > 0);
    let day = part(day).filter(|day| *day > 0 && month.is_some());
    PartialDate::new(year, month, day)
        .or_else(|| PartialDate::new(year, month, None))
        .or_else(|| PartialDate::new(year, None, None))
}

/// Returns the number of the month with this name or abbreviation.
fn month_of(name: &str) -> Option<u32> {
    let start = name.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == start)?;
    u32::try_from(at + 1).ok()
}

fn with_month_name(parts: &[&str]) -> Option<PartialDate> {
    let year = parts
        .iter()
        .copied()
        .find(|part| is_year(part))
        .and_then(year_in)?;
    let at = parts.iter().position(|part| month_of(part).is_some())?;
    let is_day = |part: &&&str| part.len() <= 2 && number(part).is_some_and(|day| day <= 31);
    // The day stands before the month, or after it.
    let before = at
        .checked_sub(1)
        .and_then(|at| parts.get(at))
        .filter(is_day);
    // A range of days, such as `10-12 June`, begins with its first day.
    let first = at
        .checked_sub(2)
        .and_then(|at| parts.get(at))
        .filter(is_day);
    let day = first
        .filter(|_| before.is_some())
        .or(before)
        .or_else(|| parts.get(at + 1).filter(is_day));
    known(year, month_of(parts[at]), day.and_then(|day| number(day)))
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && year_in(text).is_some()
}

fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_date_in_every_notation() {
        for (text, expected) in [
            ("2017-06-12", "2017-06-12"),
            ("2017-06-12T17:57:34.000Z", "2017-06-12"),
            ("2017/6/1", "2017-06-01"),
            ("2017-06-00", "2017-06"),
            ("2017-00-00", "2017"),
            ("2017-13-01", "2017"),
            ("2017-02-30", "2017-02"),
            ("20170612", "2017-06-12"),
            ("Mon, 12 Jun 2017 17:57:34 GMT", "2017-06-12"),
            ("June 12, 2017", "2017-06-12"),
            ("12-14 June 2017", "2017-06-12"),
            ("June 12-14, 2017", "2017-06-12"),
            ("2017 Jun 2", "2017-06-02"),
            ("2017 June", "2017-06"),
            ("1998 Dec-1999 Jan", "1998-12"),
            ("06/12/2017", "2017"),
            ("Spring 2017", "2017"),
            ("published in 2017", "2017"),
        ] {
            let found = date_in(text).map(|date| date.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        for text in ["", "soon", "12", "99999999"] {
            assert_eq!(date_in(text), None, "{text}");
        }
    }

    #[test]
    fn a_point_in_time_has_the_date_of_the_calendar() {
        for (milliseconds, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400_000, "2000-02-29"),
            (1_497_225_600_000, "2017-06-12"),
            (1_497_311_999_999, "2017-06-12"),
        ] {
            let date = date_of_milliseconds(milliseconds).unwrap();
            assert_eq!(date.to_string(), expected);
        }
        assert_eq!(date_of_milliseconds(i64::MAX), None);
    }
}
