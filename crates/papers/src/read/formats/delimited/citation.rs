//! The citations in tables of `PubMed`, which have no columns for the issue and the pages.

use super::dates;
use crate::Details;
use crate::read::formats::pages::whole_pages;

/// Fills in the date, the volume, the issue and the pages of `J Moss. 2020 Mar 3;12(3):11-19. doi: …`.
pub(super) fn fill_from(details: &mut Details, citation: &str, year: Option<i32>) {
    let Some((start, end)) = citation.split_once(';') else {
        return;
    };
    let end = end.split(". ").next().unwrap_or(end).trim_end_matches('.');
    let (issue, pages) = end.split_once(':').unwrap_or((end, ""));
    let (volume, number) = issue.split_once('(').unwrap_or((issue, ""));
    let volume = volume.trim();
    let is_volume = volume.len() <= 12 && volume.starts_with(|c: char| c.is_ascii_digit());
    if !is_volume || pages.len() > 60 {
        return;
    }
    let fill = |field: &mut Option<String>, value: &str| {
        if field.is_none() && !value.trim().is_empty() {
            *field = Some(value.trim().to_owned());
        }
    };
    fill(&mut details.volume, volume);
    fill(&mut details.number, number.trim_end().trim_end_matches(')'));
    if details.pages.is_none() {
        details.pages = whole_pages(pages);
    }
    let date = start.rsplit(". ").next().unwrap_or_default();
    if details.published.is_none() {
        let date = dates::date(date, year);
        details.published = date.filter(|date| date.month().is_some() && Some(date.year()) == year);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_issue_and_the_pages() {
        for (citation, expected) in [
            (
                "J Moss. 2020 Mar 3;12(3):11-9. doi: 10.1000/a; b. Epub 2020.",
                ["2020-03-03", "12", "3", "11-19"],
            ),
            ("J Moss. 2020;12:e123.", ["", "12", "", "e123"]),
            (
                "J Moss. 2020 Jan-Feb;12(1 Suppl 2):S1-S9.",
                ["2020-01", "12", "1 Suppl 2", "S1-S9"],
            ),
            ("J Moss. 2020 Jan 2:S1234. doi: 10.1000/a", ["", "", "", ""]),
            ("Alder A. Moss; a story: of stones.", ["", "", "", ""]),
            ("", ["", "", "", ""]),
        ] {
            let mut details = Details::default();
            fill_from(&mut details, citation, Some(2020));
            let date = details.published.map(|date| date.to_string());
            let found = [date, details.volume, details.number, details.pages];
            assert_eq!(found.map(Option::unwrap_or_default), expected, "{citation}");
        }
    }
}
