//! Names of persons in the fields of reference managers.

use crate::Name;
use crate::read::input::MAX_VALUES;

/// Abbreviations that follow the given names, in lower case and without periods.
const SUFFIXES: [&str; 9] = ["jr", "sr", "ii", "iii", "iv", "2nd", "3rd", "4th", "esq"];

/// Returns the names in the values of a field that should have one name each, `Family, Given`, and often has
/// several.
pub(super) fn names<'t>(values: impl IntoIterator<Item = &'t str>) -> Vec<Name> {
    let mut found = Vec::new();
    for value in values {
        // A value that goes on with further names has one on each line.
        let lines = value.split('\n').filter(|line| !line.trim().is_empty());
        if value.contains('\n') && lines.clone().all(|line| line.contains(',')) {
            lines.for_each(|line| push_names(&mut found, line));
        } else {
            push_names(&mut found, value);
        }
    }
    found
}

fn push_names(found: &mut Vec<Name>, text: &str) {
    for part in text.split(';') {
        for part in split_at_and(part) {
            for name in split_at_commas(part) {
                let name = name.trim();
                let bare = name.trim_end_matches('.').to_ascii_lowercase();
                if !name.is_empty()
                    && bare != "et al"
                    && bare != "others"
                    && found.len() < MAX_VALUES
                {
                    found.push(one_name(name));
                }
            }
        }
    }
}

/// Parses one name: `Family, Given`, `Family, Given, Suffix`, or the name of an organization.
pub(super) fn one_name(name: &str) -> Name {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    // EndNote ends the name of an organization with a comma, and doubles the first comma within it.
    if let Some((start, end)) = name.split_once(",,") {
        return Name::organization(
            format!("{},{end}", start.trim_end())
                .trim_end_matches(',')
                .to_owned(),
        );
    }
    if let Some(organization) = name.strip_suffix(',')
        && !organization.contains(',')
        && organization.contains(' ')
    {
        return Name::organization(organization);
    }
    let parts: Vec<&str> = name.split(',').map(str::trim).collect();
    match parts[..] {
        [last, first, suffix] if !first.is_empty() && !is_suffix(first) => {
            Name::person(first, last).with_suffix(suffix)
        }
        // `Alder JA`, as catalogs of medicine write it.
        [_] if ends_in_initials(&name) && !Name::parse(&name).is_single() => {
            abbreviated_name(&name)
        }
        _ => Name::parse(&name),
    }
}

/// Returns whether a name without a comma has initials behind a family name.
fn ends_in_initials(name: &str) -> bool {
    let has_lower = |word: &str| word.contains(char::is_lowercase);
    name.rsplit_once(' ').is_some_and(|(family, initials)| {
        is_initials(initials) && !is_suffix(initials) && family.split(' ').all(has_lower)
    })
}

/// Parses a name whose suffix follows the given names without a comma: `King, Martin L Jr`.
pub(super) fn medline_name(name: &str) -> Name {
    let Some((family, given)) = name.split_once(',') else {
        return abbreviated_name(name);
    };
    match given.trim().rsplit_once(' ') {
        Some((given, suffix)) if is_suffix(suffix) => {
            Name::person(given, family).with_suffix(suffix)
        }
        _ => Name::person(given, family),
    }
}

/// Parses a family name with initials behind it: `van der Berken JA`, `King ML Jr`.
pub(super) fn abbreviated_name(name: &str) -> Name {
    let (name, suffix) = match name.trim().rsplit_once(' ') {
        Some((name, suffix)) if is_suffix(suffix) => (name, suffix),
        _ => (name.trim(), ""),
    };
    match name.rsplit_once(' ') {
        Some((family, initials)) if is_initials(initials) => {
            Name::person(initials, family).with_suffix(suffix)
        }
        _ => Name::new(name).with_suffix(suffix),
    }
}

fn is_suffix(text: &str) -> bool {
    SUFFIXES.contains(&text.replace('.', "").to_lowercase().as_str())
}

/// Returns whether a text consists of at most four capital letters with periods and hyphens.
fn is_initials(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    (1..=4).contains(&letters.clone().count())
        && letters.clone().all(char::is_uppercase)
        && text.chars().all(|c| c.is_alphabetic() || ".- ".contains(c))
}

/// Splits a text at ` and ` and ` & ` if each part is the name of a person with given names. The name of an
/// organization, such as `Department of Trade and Industry`, stays whole.
fn split_at_and(text: &str) -> Vec<&str> {
    let lower = text.to_ascii_lowercase();
    if !(lower.contains(" and ") || lower.contains(" & ")) {
        return vec![text];
    }
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, _) in lower.match_indices(' ') {
        let separator = [" and ", " & "]
            .iter()
            .find(|word| lower[at..].starts_with(*word));
        if let Some(separator) = separator
            && at >= start
            && parts.len() < MAX_VALUES
        {
            parts.push(&text[start..at]);
            start = at + separator.len();
        }
    }
    parts.push(&text[start..]);
    let is_person = |part: &&str| {
        let names = split_at_commas(part.trim().trim_end_matches(','));
        names.iter().all(|name| !one_name(name).given().is_empty())
    };
    // `Alder, Ann, and Birch, Bo` has a comma at the end of a part.
    if parts.iter().all(is_person) {
        parts
    } else {
        vec![text]
    }
}

/// Splits `Ann Alder, Bo Birch, Cy Coe` and `Alder, A., Birch, B.`, if it is not one name.
fn split_at_commas(text: &str) -> Vec<&str> {
    let text = text.trim();
    let positions: Vec<usize> = text
        .match_indices(',')
        .map(|(at, _)| at)
        .take(MAX_VALUES)
        .collect();
    let parts: Vec<&str> = text.split(',').map(str::trim).take(MAX_VALUES).collect();
    if parts.len() < 3 || text.contains(",,") {
        return vec![text];
    }
    let is_pair = |pair: &[&str]| !is_initials(pair[0]) && is_initials(pair[1]);
    if parts.len() >= 4 && parts.len().is_multiple_of(2) && parts.chunks(2).all(is_pair) {
        let ends = positions
            .iter()
            .skip(1)
            .step_by(2)
            .copied()
            .chain([text.len()]);
        let starts = [0]
            .into_iter()
            .chain(positions.iter().skip(1).step_by(2).map(|at| at + 1));
        return starts
            .zip(ends)
            .map(|(start, end)| text[start..end].trim())
            .collect();
    }
    let is_full = |part: &&str| {
        let name = Name::new(*part);
        part.split_whitespace().count() >= 2 && !name.given().is_empty()
    };
    if parts.iter().all(is_full) {
        parts
    } else {
        vec![text]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(text: &str) -> Vec<String> {
        let names = names([text]);
        names.iter().map(|name| name.full().to_owned()).collect()
    }

    #[test]
    fn a_value_may_have_several_names() {
        for (text, expected) in [
            ("Alder, Ann", &["Ann Alder"][..]),
            ("Alder, A.; Birch, B.C.;", &["A. Alder", "B.C. Birch"]),
            ("Alder, Ann and Birch, Bo", &["Ann Alder", "Bo Birch"]),
            (
                "Alder, Ann AND Birch, Bo & Coe, Cy",
                &["Ann Alder", "Bo Birch", "Cy Coe"],
            ),
            ("Ann Alder and Bo Birch", &["Ann Alder", "Bo Birch"]),
            (
                "Ann Alder, Bo Birch, Cy Coe",
                &["Ann Alder", "Bo Birch", "Cy Coe"],
            ),
            ("Alder, A., Birch, B.C.", &["A. Alder", "B.C. Birch"]),
            ("Alder, Ann\nBirch, Bo", &["Ann Alder", "Bo Birch"]),
            ("Alder Group\nof the North", &["Alder Group of the North"]),
            ("Reef, Ida, Jr.", &["Ida Reef Jr."]),
            ("Reef, Jr., Ida", &["Ida Reef Jr."]),
            (
                "Department of Trade and Industry",
                &["Department of Trade and Industry"],
            ),
            ("Smith and Nephew", &["Smith and Nephew"]),
            ("World Health Organization,", &["World Health Organization"]),
            ("Barrow & Nettle,, Inc.", &["Barrow & Nettle, Inc."]),
            ("Barrow & Nettle, Inc.", &["Barrow & Nettle, Inc."]),
            ("Alder, A.; et al.", &["A. Alder"]),
            (
                "Alder A; van der Birch BC",
                &["A Alder", "BC van der Birch"],
            ),
            ("Wheel Group II", &["Wheel Group II"]),
            ("A. Alder", &["A. Alder"]),
            (" ; ", &[]),
        ] {
            assert_eq!(full(text), expected, "{text}");
        }
        assert_eq!(names(["World Health,"])[0].family(), "World Health");
    }

    #[test]
    fn the_names_of_medline_have_initials_and_suffixes_without_commas() {
        for (name, full) in [
            (medline_name("King, Martin L Jr"), "Martin L King Jr"),
            (medline_name("Alder, Ann B"), "Ann B Alder"),
            (abbreviated_name("van der Berken JA"), "JA van der Berken"),
            (abbreviated_name("King ML 3rd"), "ML King 3rd"),
            (abbreviated_name("Plato"), "Plato"),
        ] {
            assert_eq!(name.full(), full);
        }
    }
}
