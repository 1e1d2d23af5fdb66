//! A date of which the day or the month may be unknown.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

/// A date of which the day, or the month and the day, may be unknown: `2017`, `2017-06` or `2017-06-12`, as in
/// ISO 8601.
///
/// Dates are ordered; a date with an unknown part precedes those in which the part is known.
///
/// # Examples
///
/// ```
/// use cognate_papers::PartialDate;
///
/// let date: PartialDate = "2017-06-12".parse()?;
/// assert_eq!((date.year(), date.month(), date.day()), (2017, Some(6), Some(12)));
/// assert_eq!(PartialDate::new(2017, Some(6), None).unwrap().to_string(), "2017-06");
/// # Ok::<(), cognate_papers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialDate {
    year: i32,
    month: Option<u8>,
    day: Option<u8>,
}

impl PartialDate {
    /// Creates a date. Returns `None` if the month is not from 1 to 12, the day not a day of the month, the
    /// year not from -9999 to 9999, or the day known and the month not.
    pub fn new(year: i32, month: Option<u8>, day: Option<u8>) -> Option<Self> {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            Some(2) if is_leap => 29,
            Some(2) => 28,
            Some(4 | 6 | 9 | 11) => 30,
            Some(1..=12) => 31,
            Some(_) => return None,
            None => 0,
        };
        let is_day = day.is_none_or(|day| (1..=days).contains(&day));
        (is_day && (-9999..=9999).contains(&year)).then_some(Self { year, month, day })
    }

    /// Returns the first day that the date may mean: the first of the month if only the month is known, and
    /// the first of January if only the year is.
    ///
    /// # Examples
    ///
    /// ```
    /// use cognate_papers::PartialDate;
    ///
    /// let date: PartialDate = "2017-06".parse()?;
    /// assert_eq!(date.first_day(), "2017-06-01".parse()?);
    /// # Ok::<(), cognate_papers::Error>(())
    /// ```
    #[must_use]
    pub fn first_day(self) -> Self {
        Self {
            year: self.year,
            month: self.month.or(Some(1)),
            day: self.day.or(Some(1)),
        }
    }

    /// Returns the year.
    pub fn year(self) -> i32 {
        self.year
    }

    /// Returns the month, from 1 to 12, if it is known.
    pub fn month(self) -> Option<u8> {
        self.month
    }

    /// Returns the day of the month, from 1 to 31, if it is known.
    pub fn day(self) -> Option<u8> {
        self.day
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.year < 0 { "-" } else { "" };
        write!(f, "{sign}{:04}", self.year.unsigned_abs())?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        match self.day {
            Some(day) => write!(f, "-{day:02}"),
            None => Ok(()),
        }
    }
}

impl FromStr for PartialDate {
    type Err = Error;

    /// Parses `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, also with a time of day after `T` or a space, which is
    /// dropped.
    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let text = text.trim();
            let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
            let date = match digits.split_once(['T', ' ']) {
                None => digits,
                Some((date, time)) => {
                    let is_time = |time: &[u8]| matches!(time, [first, second, b':', ..] if first.is_ascii_digit() && second.is_ascii_digit());
                    is_time(time.as_bytes()).then_some(date)?
                }
            };
            let mut parts = date.split('-');
            let year = parts.next().filter(|year| year.len() == 4)?;
            let number = |part: Option<&str>| match part {
                None => Some(None),
                Some(part) if part.len() == 2 => part.parse::<u8>().ok().map(Some),
                Some(_) => None,
            };
            let (month, day) = (number(parts.next())?, number(parts.next())?);
            if parts.next().is_some() || !year.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            Self::new(sign * year.parse::<i32>().ok()?, month, day)
        };
        parse().ok_or_else(|| Error::InvalidOption {
            option: "date",
            found: format!("`{text}`"),
            expected: "a date such as 2017, 2017-06 or 2017-06-12".to_owned(),
        })
    }
}

impl Serialize for PartialDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PartialDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_parsed_and_written() {
        for text in ["2017", "2017-06", "2017-06-12", "-0400", "2020-02-29"] {
            assert_eq!(text.parse::<PartialDate>().unwrap().to_string(), text);
        }
        let with_time: PartialDate = "2017-06-12T17:57:34Z".parse().unwrap();
        assert_eq!(with_time.to_string(), "2017-06-12");
        for text in [
            "",
            "17",
            "2017-13",
            "2017-6",
            "2019-02-29",
            "2017-06-12-1",
            "soon",
            "2017-06-00",
            "2017 Feb 3",
            "2017-06-12 or later",
        ] {
            let error = text.parse::<PartialDate>().unwrap_err().to_string();
            assert!(error.contains("expected a date such as"), "{error}");
        }
    }

    #[test]
    fn dates_are_ordered() {
        let dates = ["2016-12-31", "2017", "2017-06", "2017-06-12", "2017-07"];
        let dates = dates.map(|text| text.parse::<PartialDate>().unwrap());
        assert!(dates.is_sorted());
    }
}
