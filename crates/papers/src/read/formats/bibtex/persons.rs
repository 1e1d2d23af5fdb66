//! Lists of names in BibTeX.

use super::values::{text, without_references};
use crate::Name;
use crate::read::input::MAX_VALUES;

/// Splits a list of names at `and`, which BibTeX reads in any case and with any white space around it.
pub(super) fn persons(list: &str) -> Vec<Name> {
    let mut names = Vec::new();
    let list = without_references(list);
    for person in split_at_and(&list) {
        let person = without_number(person.trim());
        if person.is_empty() || is_rest(person) {
            continue;
        }
        if let Some(name) = extended_name(person) {
            names.push(name);
        } else {
            several(person, &mut names);
        }
    }
    names.retain(|name| !name.full().is_empty());
    names
}

/// Removes the number by which DBLP tells persons of one name apart: `Ann Ada 0001`.
fn without_number(name: &str) -> &str {
    match name.rsplit_once(' ') {
        Some((before, number))
            if number.len() == 4
                && number.starts_with("00")
                && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            before.trim_end()
        }
        _ => name,
    }
}

/// Returns whether a name stands for further names.
fn is_rest(name: &str) -> bool {
    let name = name.trim_matches(|c: char| matches!(c, '{' | '}' | '.' | ',') || c.is_whitespace());
    ["others", "et al", "et~al", "et. al"]
        .iter()
        .any(|rest| name.eq_ignore_ascii_case(rest))
}

/// Reads a name, or several of them if semicolons or too many commas show that they are a list.
fn several(person: &str, names: &mut Vec<Name>) {
    let parts = split_outside_braces(person, |c| c == ';');
    if parts.len() > 1 {
        names.extend(
            parts
                .into_iter()
                .map(|part| name_before_initials(part, true)),
        );
        return;
    }
    let is_listed = person.ends_with(',');
    let parts = split_outside_braces(person, |c| c == ',');
    let is_blank = |part: &&str| part.trim().is_empty();
    let parts: Vec<&str> = parts.into_iter().filter(|part| !is_blank(part)).collect();
    let has_words = |part: &&str| part.trim().contains(' ') && !part.contains('{');
    // `A. Alder, B. Birch, and C. Cedar`: BibTeX would take the second name for given names of the first.
    let begins_with_initial = |part: &&str| {
        let mut words = part.split_whitespace();
        let is_initial = |word: &str| word.ends_with('.') && !word.contains(char::is_lowercase);
        words.next().is_some_and(is_initial)
            && words.next_back().is_some_and(|word| !word.ends_with('.'))
    };
    let is_pair_of_names = parts.len() == 2
        && (is_listed && parts.iter().all(has_words) || parts.iter().all(begins_with_initial));
    let is_list = match parts.len() {
        0 | 1 => false,
        2 => is_pair_of_names,
        3 => parts.iter().all(has_words),
        _ => true,
    };
    if !is_list {
        names.push(name_before_initials(person, false));
        return;
    }
    // `Alder, A., Birch, B.`: family names and initials in turns.
    let is_initials = |part: &&str| {
        let part = text(part);
        part.len() <= 8 && part.chars().all(|c| c.is_uppercase() || " .-".contains(c))
    };
    if parts.len().is_multiple_of(2) && parts.iter().skip(1).step_by(2).all(is_initials) {
        for pair in parts.chunks(2) {
            names.push(name(&pair.join(",")));
        }
    } else {
        names.extend(parts.into_iter().map(name));
    }
}

/// Reads a name that may have initials behind the family name, which BibTeX does not allow: `Alder, A.` without its
/// comma. Initials without periods may be a family name, unless the name stands in a list that is no BibTeX either.
fn name_before_initials(person: &str, allows_bare: bool) -> Name {
    let person = person.trim();
    let is_short = |word: &str| {
        let letters = word.chars().filter(|c| c.is_alphabetic());
        (1..=3).contains(&letters.clone().count())
            && letters.clone().all(char::is_uppercase)
            && word.chars().all(|c| c.is_alphabetic() || ".-".contains(c))
            && (allows_bare || word.ends_with('.'))
    };
    let is_plain = !person.contains(['{', ',', '\\', '~']);
    match person.rsplit_once(char::is_whitespace) {
        Some((family, initials))
            if is_plain
                && is_short(initials)
                && family
                    .split_whitespace()
                    .all(|word| word.contains(char::is_lowercase)) =>
        {
            Name::person(initials, family.trim())
        }
        _ => name(person),
    }
}

/// Reads a name in one of the forms of BibTeX: `First von Last`, `von Last, First` or `von Last, Jr, First`.
fn name(person: &str) -> Name {
    let person = person.trim();
    if is_group(person) {
        return Name::organization(text(person));
    }
    let parts = split_outside_braces(person, |c| c == ',');
    let parts: Vec<String> = parts
        .into_iter()
        .map(|part| text(part.trim_start_matches(['~', ' '])))
        .filter(|part| !part.is_empty())
        .collect();
    let is_literal = parts.iter().any(|part| part.contains(','));
    match &parts[..] {
        [] | [_] => spoken(person),
        [last, first] if is_literal => Name::person(first, last),
        [last, suffix, first] if is_literal => Name::person(first, last).with_suffix(suffix),
        // `III, Hal Alder`, as programs write that take the last word for the family name.
        [suffix, spoken] if matches!(suffix.as_str(), "II" | "III" | "IV" | "Jr." | "Jr") => {
            Name::new(spoken.as_str()).with_suffix(suffix)
        }
        [last, suffix, first] if suffix.contains(' ') => {
            Name::person(first, last).with_suffix(suffix)
        }
        _ => Name::parse(&parts.join(", ")),
    }
}

/// Reads a name without commas outside braces. Braces keep the words of a family name together.
fn spoken(person: &str) -> Name {
    let plain = text(person.trim_matches(|c: char| c == ',' || c.is_whitespace()));
    let words = split_outside_braces(person, |c| c.is_whitespace() || c == '~');
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let Some((last, before)) = words.split_last() else {
        return Name::new(plain);
    };
    if before.is_empty() || !(is_group(last) && text(last).contains(' ')) {
        return Name::new(plain);
    }
    let is_lower = |word: &&str| {
        let letter = word.chars().find(|c| c.is_alphabetic());
        !word.starts_with('{') && letter.is_some_and(char::is_lowercase)
    };
    let start = before.iter().position(is_lower);
    let (given, particle) = before.split_at(start.unwrap_or(before.len()));
    let (given, particle) = (text(&given.join(" ")), text(&particle.join(" ")));
    if particle.is_empty() {
        Name::person(&given, &text(last))
    } else {
        Name::from_parts(&given, &particle, &text(last), "")
    }
}

fn is_group(name: &str) -> bool {
    in_group(name).is_some()
}

/// Returns the text within a pair of braces that encloses all of a text and is no accent.
pub(super) fn in_group(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut depth = 1_usize;
    let closes_early = inside.bytes().any(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    (!closes_early && !inside.starts_with('\\')).then_some(inside)
}

/// Reads a name in the extended format of biber: `family=Berken, given=Jan, prefix=van der`.
fn extended_name(person: &str) -> Option<Name> {
    const PARTS: [&str; 4] = ["given", "prefix", "family", "suffix"];
    let mut parts = [const { String::new() }; 4];
    for part in split_outside_braces(person, |c| c == ',') {
        let (key, value) = part.split_once('=')?;
        let key = key.trim().trim_start_matches('"');
        let value = value.trim().trim_matches('"');
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return None;
        }
        // Others are initials and options, such as `given-i` and `useprefix`.
        if let Some(at) = PARTS.iter().position(|part| key.eq_ignore_ascii_case(part)) {
            parts[at] = text(value);
        }
    }
    let [given, prefix, family, suffix] = parts;
    if given.is_empty() && prefix.is_empty() && suffix.is_empty() {
        return (!family.is_empty()).then(|| Name::organization(family));
    }
    Some(Name::from_parts(&given, &prefix, &family, &suffix))
}

/// Splits a text at the word `and` outside braces.
fn split_at_and(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let bytes = text.as_bytes();
    let is_boundary = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'a' | b'A' if depth == 0 && parts.len() < MAX_VALUES => {
                let is_and = bytes[at..]
                    .get(..3)
                    .is_some_and(|word| word.eq_ignore_ascii_case(b"and"));
                let before = at.checked_sub(1).and_then(|before| bytes.get(before));
                if is_and && is_boundary(before) && is_boundary(bytes.get(at + 3)) {
                    parts.push(&text[start..at]);
                    start = at + 3;
                }
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Splits a text at characters outside braces.
pub(super) fn split_outside_braces(text: &str, is_separator: impl Fn(char) -> bool) -> Vec<&str> {
    let mut depth = 0_usize;
    let is_boundary = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && is_separator(c)
    };
    text.splitn(MAX_VALUES, is_boundary).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(list: &str) -> Vec<[String; 4]> {
        let part = |name: &Name| {
            [name.given(), name.particle(), name.family(), name.suffix()].map(str::to_owned)
        };
        persons(list).iter().map(part).collect()
    }

    #[test]
    fn reads_every_form_of_a_name() {
        for (list, expected) in [
            ("Curie, Marie", ["Marie", "", "Curie", ""]),
            ("Donald E. Knuth", ["Donald E.", "", "Knuth", ""]),
            ("Ludwig van Beethoven", ["Ludwig", "van", "Beethoven", ""]),
            ("van der Berken, Jan", ["Jan", "van der", "Berken", ""]),
            ("{van der Berken}, Jan", ["Jan", "van der", "Berken", ""]),
            ("Jan {van der Berken}", ["Jan", "van der", "Berken", ""]),
            ("Ann {Roe Alder}", ["Ann", "", "Roe Alder", ""]),
            ("Ann de {Roe Alder}", ["Ann", "de", "Roe Alder", ""]),
            ("Roe, Jr., Max", ["Max", "", "Roe", "Jr."]),
            ("Roe, Max, III", ["Max", "", "Roe", "III"]),
            ("III, Max Roe", ["Max", "", "Roe", "III"]),
            ("G{\\\"o}del, Kurt", ["Kurt", "", "Gödel", ""]),
            ("{\\\"O}hm, Ren{\\'e}", ["René", "", "Öhm", ""]),
            ("{\\O}re", ["", "", "Øre", ""]),
            ("Alder,~A.~B.", ["A. B.", "", "Alder", ""]),
            ("Plato", ["", "", "Plato", ""]),
            (
                "{Barnes and Noble, Inc.}",
                ["", "", "Barnes and Noble, Inc.", ""],
            ),
            ("{Ann Ada}", ["", "", "Ann Ada", ""]),
            (
                "Barrow {\\&} Nettle, Inc.",
                ["", "", "Barrow & Nettle, Inc.", ""],
            ),
            ("{Roe, Sr.}, Max", ["Max", "", "Roe, Sr.", ""]),
            (
                "family=Berken, given=Jan, prefix=van der, useprefix=true",
                ["Jan", "van der", "Berken", ""],
            ),
            (
                "given={Ann B.}, given-i=AB, family={Roe, Alder}, suffix=\"Jr.\"",
                ["Ann B.", "", "Roe, Alder", "Jr."],
            ),
            ("family={Robin and Sons}", ["", "", "Robin and Sons", ""]),
        ] {
            assert_eq!(parts(list), [expected.map(str::to_owned)], "{list}");
        }
    }

    #[test]
    fn splits_lists() {
        for (list, expected) in [
            ("Alder, Ann AND Birch, Bo", vec!["Ann Alder", "Bo Birch"]),
            (
                "Alder, Ann\n\tand\r\n  Bo Birch and others",
                vec!["Ann Alder", "Bo Birch"],
            ),
            ("and Ann Alder and and et al. and", vec!["Ann Alder"]),
            (
                "St. John, A. Bo and Malcolm X",
                vec!["A. Bo St. John", "Malcolm X"],
            ),
            ("Alder, Ann; Birch, Bo", vec!["Ann Alder", "Bo Birch"]),
            ("Alder AB; Birch B.", vec!["AB Alder", "B. Birch"]),
            ("Alder A. and Birch B.-C.", vec!["A. Alder", "B.-C. Birch"]),
            (
                "A. Alder, B. Birch, and C. Coe",
                vec!["A. Alder", "B. Birch", "C. Coe"],
            ),
            (
                "A. Alder, B. Birch and C. Coe",
                vec!["A. Alder", "B. Birch", "C. Coe"],
            ),
            ("Ann Alder 0001 and Bo Birch", vec!["Ann Alder", "Bo Birch"]),
            ("Alder, A., Birch, B.-C.", vec!["A. Alder", "B.-C. Birch"]),
            (
                "Ann Alder, Bo Birch, Cy Cedar, Di Elm",
                vec!["Ann Alder", "Bo Birch", "Cy Cedar", "Di Elm"],
            ),
            (
                "Ann Alder, Bo Birch, Cy Cedar",
                vec!["Ann Alder", "Bo Birch", "Cy Cedar"],
            ),
            (
                "Sand, Ola and {Reef and Sons} and Andand",
                vec!["Ola Sand", "Reef and Sons", "Andand"],
            ),
            ("", vec![]),
            ("{}", vec![]),
        ] {
            assert_eq!(persons(list), expected, "{list}");
        }
    }
}
