//! Lists of names in one text.

use crate::Name;
use crate::read::input::MAX_VALUES;

/// The order of the parts of a name in a list that commas separate.
enum Order {
    /// Each name is in one field: `Ann Alder` or `Alder A.`.
    Whole,
    /// A family name, and in the next field the given names or initials.
    Inverted,
}

/// Splits names, which semicolons, vertical bars, line breaks, `and` or commas separate.
///
/// The names are in any of the forms `Alder, Ann`, `Alder, A.`, `Alder A.`, `Alder AB`, `Ann Alder` and
/// `A. Alder`.
pub(super) fn authors(text: &str) -> Vec<Name> {
    let text = text.trim();
    // EndNote separates names by two slashes.
    if text.contains("//") && !text.contains(':') {
        return collect(text.split("//").map(person));
    }
    if text.contains([';', '|', '\n']) {
        return collect(text.split([';', '|', '\n']).map(person));
    }
    if let Some(names) = joined_by_and(text) {
        return names;
    }
    separated_by_commas(text)
}

/// Splits names that have no separator, `Ann AlderBo McBirch`, before the capital letters within words.
pub(super) fn joined_names(text: &str) -> Vec<Name> {
    const PREFIXES: [&str; 12] = [
        "Mc", "Mac", "De", "Di", "Du", "La", "Le", "Van", "Von", "Fitz", "El", "Al",
    ];
    let (mut names, mut start, mut word) = (Vec::new(), 0, 0);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if c.is_uppercase() && before.is_lowercase() && !PREFIXES.contains(&&text[word..at]) {
            names.push(&text[start..at]);
            (start, word) = (at, at);
        }
        if !c.is_alphabetic() {
            word = at + c.len_utf8();
        }
        before = c;
    }
    names.push(&text[start..]);
    collect(names.into_iter().map(person))
}

fn collect(names: impl Iterator<Item = Name>) -> Vec<Name> {
    let is_others = |name: &Name| {
        let name = name.full().trim_end_matches('.').to_lowercase();
        ["", "et al", "others", "and others"].contains(&name.as_str())
    };
    names
        .filter(|name| !is_others(name))
        .take(MAX_VALUES)
        .collect()
}

/// Splits at `and` in any case, as in BibTeX and in `Ann Alder, Bo Birch and Cy Cedar`. Returns `None` if there
/// is no `and` between names.
fn joined_by_and(text: &str) -> Option<Vec<Name>> {
    let words: Vec<&str> = text.split_whitespace().take(MAX_VALUES).collect();
    let is_and = |word: &&str| word.eq_ignore_ascii_case("and") || **word == *"&";
    let parts: Vec<String> = words
        .split(is_and)
        .map(|part| part.join(" ").trim_end_matches(',').to_owned())
        .filter(|part| !part.is_empty())
        .collect();
    let (first, others) = parts.split_first()?;
    let last = others.last()?;
    // The names of companies and ministries contain the word too.
    let is_group = |part: &str| !part.contains(',') && part.contains(' ') && is_organization(part);
    let is_one =
        Name::parse(text).is_single() && Name::parse(last).is_single() && text.contains('&');
    if is_one || (others.len() == 1 && is_group(first) && !last.contains(',')) {
        return Some(vec![Name::organization(text)]);
    }
    let names = parts.iter().flat_map(|part| {
        if part.contains(',') {
            separated_by_commas(part)
        } else {
            vec![person(part)]
        }
    });
    Some(collect(names))
}

fn is_organization(name: &str) -> bool {
    Name::new(name).is_single()
}

fn separated_by_commas(text: &str) -> Vec<Name> {
    let fields: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|field| !field.is_empty())
        .take(MAX_VALUES)
        .collect();
    match order(&fields) {
        Some(Order::Whole) => collect(fields.into_iter().map(person)),
        Some(Order::Inverted) => collect(inverted(&fields).into_iter()),
        None => collect([person(text)].into_iter()),
    }
}

/// Returns the order of a list of names, or `None` if the fields make one name.
fn order(fields: &[&str]) -> Option<Order> {
    if fields.len() < 2 {
        return None;
    }
    // `Barrow & Nettle, Inc.`
    let (family, given) = (fields[0], fields[1]);
    let is_company = Name::parse(&format!("{family}, {given}")).is_single();
    if fields.len() == 2 && is_company {
        return None;
    }
    if fields[1..].iter().any(|field| is_initials(field)) && !is_initials(fields[0]) {
        return Some(Order::Inverted);
    }
    let spaced = fields.iter().filter(|field| field.contains(' ')).count();
    // `Marie Curie, Pierre Curie` are two persons; `van der Berken, Jan Willem` is one.
    let has_particle = family.starts_with(char::is_lowercase);
    if spaced == fields.len() && !(fields.len() == 2 && has_particle) {
        return Some(Order::Whole);
    }
    let families = || fields.iter().step_by(2);
    if fields.len() >= 4
        && fields.len().is_multiple_of(2)
        && families().all(|family| !family.contains(' ') || family.starts_with(char::is_lowercase))
    {
        return Some(Order::Inverted);
    }
    (fields.len() > 2 && 2 * spaced > fields.len()).then_some(Order::Whole)
}

/// Joins the fields `Alder`, `A.`, `Roe`, `Jr.`, `B.` to names. A name that has no initials is whole.
fn inverted(fields: &[&str]) -> Vec<Name> {
    let has_initials = fields.iter().any(|field| is_initials(field));
    let mut names = Vec::new();
    let mut at = 0;
    while at < fields.len() {
        let family = fields[at];
        at += 1;
        let (mut given, mut suffix) = ("", "");
        while let Some(field) = fields.get(at) {
            let is_given = if has_initials {
                is_initials(field)
            } else {
                !is_suffix(field)
            };
            match *field {
                field if suffix.is_empty() && is_suffix(field) => suffix = field,
                field if given.is_empty() && is_given => given = field,
                _ => break,
            }
            at += 1;
        }
        names.push(if given.is_empty() {
            person(&[family, suffix].join(" "))
        } else {
            Name::person(given, family).with_suffix(suffix)
        });
    }
    names
}

/// Reads one name, without the number of its author that Scopus appends in parentheses.
fn person(text: &str) -> Name {
    let mut text = text.trim().trim_end_matches(',');
    if let Some((name, number)) = text.rsplit_once('(')
        && let Some(number) = number.strip_suffix(')')
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        text = name.trim();
    }
    if text.contains(',') {
        return Name::parse(text);
    }
    // `Alder AB` and `van der Berken J.`, not `ANN LEE`.
    match text.rsplit_once(' ') {
        Some((family, initials))
            if is_initials(initials)
                && !is_suffix(initials)
                && family.chars().any(char::is_lowercase)
                && !family.split(' ').any(is_initials) =>
        {
            Name::person(initials, family)
        }
        _ => Name::new(text),
    }
}

/// Returns whether a text consists of initials: `A.`, `A.-B.`, `A. B.`, `AB`.
fn is_initials(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let is_initial = |part: &str| {
        let mut chars = part.chars();
        chars.next().is_some_and(char::is_uppercase) && chars.count() <= 1
    };
    let are_separate = text
        .split(|c: char| c == '.' || c == '-' || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .all(is_initial);
    let are_joined = letters <= 3 && text.chars().all(|c| c.is_uppercase() || c == '-');
    letters > 0 && (are_joined || text.contains('.') && are_separate)
}

fn is_suffix(text: &str) -> bool {
    let text = text.replace('.', "").to_lowercase();
    ["jr", "sr", "ii", "iii", "iv"].contains(&text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separates_names_without_a_separator() {
        for (text, expected) in [
            ("Ann AlderBo McBirch", &["Ann Alder", "Bo McBirch"][..]),
            (
                "A. B. AlderJan van der BerkenÉva Íris",
                &["A. B. Alder", "Jan van der Berken", "Éva Íris"],
            ),
            ("Ann Alder", &["Ann Alder"]),
            ("", &[]),
        ] {
            let found = joined_names(text);
            let found: Vec<&str> = found.iter().map(Name::full).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn separates_names_in_every_form_of_list() {
        for (text, expected) in [
            ("", &[][..]),
            ("Curie, Marie; Plato", &["Curie, Marie", "Plato"]),
            ("Curie, Marie", &["Curie, Marie"]),
            ("Curie, M.", &["Curie, M."]),
            (
                "Marie Curie, Ada Lovelace",
                &["Curie, Marie", "Lovelace, Ada"],
            ),
            (
                "Curie, Marie (57190000000); Plato (1)",
                &["Curie, Marie", "Plato"],
            ),
            // Scopus before 2020.
            ("Gale, G.N., Sedge, F.A.", &["Gale, G.N.", "Sedge, F.A."]),
            ("Gale G.N., Sedge F.A.", &["Gale, G.N.", "Sedge, F.A."]),
            (
                "Alder, A., Birch, B.C., Cedar, D.",
                &["Alder, A.", "Birch, B.C.", "Cedar, D."],
            ),
            (
                "Roe, Jr., M., van der Berken, J.-P.",
                &["Roe, Jr., M.", "van der Berken, J.-P."],
            ),
            (
                "Alder, A., The Moss Group, Birch, B.",
                &["Alder, A.", "The Moss Group", "Birch, B."],
            ),
            // PubMed and the Web of Science.
            (
                "Gale GN, Sedge F, van der Berken J.",
                &["Gale, GN", "Sedge, F", "van der Berken, J."],
            ),
            ("Gale GN", &["Gale, GN"]),
            ("Gale, GN; Sedge, F", &["Gale, GN", "Sedge, F"]),
            // Rayyan and BibTeX.
            ("Alder, Ann and Birch, Bo", &["Alder, Ann", "Birch, Bo"]),
            (
                "Ann Alder AND Bo Birch and Cy Cedar",
                &["Alder, Ann", "Birch, Bo", "Cedar, Cy"],
            ),
            (
                "Alder, A. and Birch, B. and others",
                &["Alder, A.", "Birch, B."],
            ),
            (
                "Ann Alder, Bo Birch, and Cy Cedar",
                &["Alder, Ann", "Birch, Bo", "Cedar, Cy"],
            ),
            // Publish or Perish and IEEE Xplore.
            ("A Alder, BC Birch", &["Alder, A", "Birch, BC"]),
            ("A. Alder; B. C. Birch; ", &["Alder, A.", "Birch, B. C."]),
            ("Ann Alder|Bo Birch", &["Alder, Ann", "Birch, Bo"]),
            ("Alder, Ann//Birch, Bo", &["Alder, Ann", "Birch, Bo"]),
            ("Alder, Ann, Birch, Bo", &["Alder, Ann", "Birch, Bo"]),
            (
                "van der Berken, Jan Willem",
                &["van der Berken, Jan Willem"],
            ),
            ("A. Alder, B. Birch, et al.", &["Alder, A.", "Birch, B."]),
            // Organizations.
            ("Barrow & Nettle, Inc.", &["Barrow & Nettle, Inc."]),
            (
                "Barrow & Nettle, Inc.; Alder, A.",
                &["Barrow & Nettle, Inc.", "Alder, A."],
            ),
            ("Team (Alpha)", &["Team (Alpha)"]),
            ("Ministry of Moss and Fern", &["Ministry of Moss and Fern"]),
            ("World Moss Organization", &["World Moss Organization"]),
        ] {
            let found = authors(text);
            let found: Vec<String> = found.iter().map(Name::inverted).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
