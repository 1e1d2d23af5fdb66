//! Dates in BibTeX and BibLaTeX.

use super::fields::Fields;
use crate::PartialDate;
use crate::read::syntax::year::year_in;
use crate::text::words;

/// The date of publication of an entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) year: Option<i32>,
    /// The date, if at least its month is known.
    pub(super) date: Option<PartialDate>,
    /// What could not be read.
    pub(super) remarks: Vec<String>,
}

/// A year with the month and the day as far as they are known.
type Parts = (i32, Option<u8>, Option<u8>);

/// Returns the date that the fields `date`, `year`, `month` and `day` state. A year that differs from that of
/// the date takes precedence, since BibTeX knows only the year.
pub(super) fn published(fields: &Fields) -> Published {
    let mut found = Published::default();
    let mut parsed = |name: &str| {
        let text = fields.text(&[name]);
        let parts = parse(&text);
        if parts.is_none() && !text.is_empty() {
            found.remarks.push(format!(
                "`{name}` is `{text}`, which was left out, expected a year such as 2017"
            ));
        }
        parts
    };
    let (year, date) = (parsed("year"), parsed("date"));
    let Some((number, ..)) = year.or(date) else {
        // A month without a year is of no use.
        fields.first(&["month"]);
        fields.first(&["day"]);
        return found;
    };
    found.year = Some(number);
    let month = month_and_day(&fields.text(&["month"]));
    let day = fields.text(&["day"]).parse().ok();
    let by_month = month.map(|(month, in_month)| (number, Some(month), in_month.or(day)));
    found.date = [date, year, by_month]
        .into_iter()
        .flatten()
        .filter(|(year, month, _)| *year == number && month.is_some())
        .find_map(|(year, month, day)| {
            PartialDate::new(year, month, day).or_else(|| PartialDate::new(year, month, None))
        });
    found
}

/// Reads a date of ISO 8601, the first of a range of dates, or a year in free text.
fn parse(text: &str) -> Option<Parts> {
    let text = text.trim();
    let is_open = |part: &str| matches!(part.trim(), "" | ".." | "open" | "unknown");
    let first = match text.split_once('/') {
        Some((start, end)) if is_open(start) => end,
        // A range, and not the date 2017/06/12.
        Some((start, end)) if !end.contains('/') && iso(start).is_some() => start,
        _ => text,
    };
    iso(first).or_else(|| {
        let year = year_in(text)?;
        let (month, day) = month_and_day(text).unzip();
        Some((year, month, day.flatten()))
    })
}

/// Reads `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, also with slashes, with the signs of an uncertain date, and with
/// a time of day.
fn iso(text: &str) -> Option<Parts> {
    let text = text.split(['T', ' ']).next().unwrap_or_default();
    let text = text.trim_matches(['~', '?', '%', '[', ']', '(', ')', '.']);
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut parts = digits.split(['-', '/']);
    let year = parts.next()?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    // The sign shows that a short number is a year.
    let shortest = if sign < 0 { 1 } else { 3 };
    if !is_number(year) || !(shortest..=4).contains(&year.len()) {
        return None;
    }
    let mut number = || match parts.next() {
        None => Some(None),
        Some(part) if is_number(part) && part.len() <= 2 => Some(part.parse::<u8>().ok()),
        Some(_) => None,
    };
    let (month, day) = (number()?, number()?);
    // A number from 21 on is a season.
    let month = month.filter(|month| (1..=12).contains(month));
    let day = day.filter(|_| month.is_some());
    Some((sign * year.parse::<i32>().ok()?, month, day))
}

/// Returns the first month in a text, and the day before or after its name.
fn month_and_day(text: &str) -> Option<(u8, Option<u8>)> {
    let words: Vec<String> = words(text).take(8).collect();
    let mut numbers = words.iter().filter_map(|word| word.parse::<u8>().ok());
    if let Some(month) = words.iter().find_map(|word| month_of_name(word)) {
        let day = numbers.find(|day| (1..=31).contains(day));
        return Some((month, day));
    }
    let is_number = words.first().is_some_and(|word| word.len() <= 2);
    let month = numbers.next().filter(|month| (1..=12).contains(month))?;
    is_number.then_some((month, None))
}

/// Returns the month that a folded word names in English, French, German, Italian, Spanish, Portuguese or
/// Dutch, also abbreviated.
fn month_of_name(word: &str) -> Option<u8> {
    const STARTS: [(&str, u8); 12] = [
        ("jan ene gen", 1),
        ("feb fev", 2),
        ("mar maa mrt", 3),
        ("apr abr avr", 4),
        ("may mai mei mag", 5),
        ("jun juin giu", 6),
        ("jul juil lug", 7),
        ("aug ago aou", 8),
        ("sep set", 9),
        ("oct okt ott out", 10),
        ("nov", 11),
        ("dec dez dic", 12),
    ];
    let names = |starts: &str| starts.split(' ').any(|start| word.starts_with(start));
    let found = STARTS.iter().find(|(starts, _)| names(starts));
    found.map(|(_, month)| *month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(fields: &[(&str, &str)]) -> (Option<i32>, String, usize) {
        let mut all = Fields::default();
        for (name, value) in fields {
            all.set((*name).to_owned(), (*value).to_owned());
        }
        let found = published(&all);
        let date = found.date.map(|date| date.to_string());
        (found.year, date.unwrap_or_default(), found.remarks.len())
    }

    #[test]
    fn reads_the_forms_of_dates() {
        for (text, year, expected) in [
            ("2017", 2017, ""),
            ("2017-06", 2017, "2017-06"),
            ("2017-06-12", 2017, "2017-06-12"),
            ("2017-06-12T10:00:00", 2017, "2017-06-12"),
            ("2017-06/2017-07", 2017, "2017-06"),
            ("2017/06/12", 2017, "2017-06-12"),
            ("2017/2018", 2017, ""),
            ("1998~", 1998, ""),
            ("1998-04?/..", 1998, "1998-04"),
            ("/1998-05", 1998, "1998-05"),
            ("../1998", 1998, ""),
            ("2021-23", 2021, ""),
            ("2019-02-31", 2019, "2019-02"),
            ("-0400", -400, ""),
            ("-44", -44, ""),
            ("850", 850, ""),
            ("[1998]", 1998, ""),
            ("12 June 2017", 2017, "2017-06-12"),
            ("März 1998", 1998, "1998-03"),
            ("c1998, reprinted 2003", 1998, ""),
            ("1998–1999", 1998, ""),
        ] {
            let found = date(&[("date", text)]);
            assert_eq!(found, (Some(year), expected.to_owned(), 0), "{text}");
        }
        for text in ["in press", "199X", "98", "n.d."] {
            assert_eq!(date(&[("year", text)]), (None, String::new(), 1), "{text}");
        }
    }

    #[test]
    fn joins_year_and_month() {
        for (fields, year, expected, remarks) in [
            (
                vec![("year", "2001"), ("month", "March")],
                2001,
                "2001-03",
                0,
            ),
            (vec![("year", "2001"), ("month", "3")], 2001, "2001-03", 0),
            (
                vec![("year", "2001"), ("month", "10~January")],
                2001,
                "2001-01-10",
                0,
            ),
            (
                vec![("year", "2001"), ("month", "Jan.--Feb.")],
                2001,
                "2001-01",
                0,
            ),
            (
                vec![("year", "2001"), ("month", "dec"), ("day", "24")],
                2001,
                "2001-12-24",
                0,
            ),
            (vec![("year", "2001"), ("month", "Spring")], 2001, "", 0),
            (
                vec![("year", "in press"), ("date", "2011-05")],
                2011,
                "2011-05",
                1,
            ),
            (vec![("year", "2012"), ("date", "2011-05")], 2012, "", 0),
        ] {
            let found = date(&fields);
            assert_eq!(
                found,
                (Some(year), expected.to_owned(), remarks),
                "{fields:?}"
            );
        }
        assert_eq!(date(&[("month", "May")]), (None, String::new(), 0));
    }
}
