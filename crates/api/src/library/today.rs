//! The current day.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::PartialDate;

/// Returns the current day in UTC, or `None` if the clock is beyond the years that a date can have.
pub(crate) fn today() -> Option<PartialDate> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    day_after_epoch(since.as_secs() / (24 * 60 * 60))
}

/// Returns the date that is `days` days after 1970-01-01, by the algorithm `civil_from_days` of Howard Hinnant's
/// "chrono-Compatible Low-Level Date Algorithms": years begin in March, so that a leap day is the last day of its
/// year, and an era of 400 years has the same number of days as every other.
fn day_after_epoch(days: u64) -> Option<PartialDate> {
    const DAYS_OF_ERA: u64 = 146_097;
    // From 0000-03-01 to 1970-01-01.
    let days = days.checked_add(719_468)?;
    let (era, day_of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // The months from March on are numbered from 0.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    PartialDate::new(
        i32::try_from(year).ok()?,
        Some(u8::try_from(month).ok()?),
        Some(u8::try_from(day).ok()?),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_gregorian_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_787, "2026-11-30"),
        ] {
            assert_eq!(day_after_epoch(days).unwrap().to_string(), expected);
        }
        // Every day is the one after the day before, counted by the calendar itself.
        let mut expected = PartialDate::new(1970, Some(1), Some(1)).unwrap();
        for days in 0..100_000 {
            assert_eq!(day_after_epoch(days), Some(expected));
            let (year, month) = (expected.year(), expected.month().unwrap());
            let next = expected.day().unwrap() + 1;
            expected = PartialDate::new(year, Some(month), Some(next))
                .or_else(|| PartialDate::new(year, Some(month + 1), Some(1)))
                .or_else(|| PartialDate::new(year + 1, Some(1), Some(1)))
                .unwrap();
        }
        assert_eq!(day_after_epoch(u64::MAX), None);
    }
}
