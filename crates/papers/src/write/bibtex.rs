//! `BibTeX` entries that compile: O. Patashnik, `BibTeXing`, 1988; fields of arXiv as arXiv itself
//! gives them.

use std::collections::HashSet;
use std::io::{self, Write};

use super::entry_type::{Kind, is_group, kind};
use super::{known, one_line};
use crate::Paper;

/// The citation keys so far, in small letters: `BibTeX` does not tell letters apart.
#[derive(Debug, Default)]
pub(super) struct CitationKeys {
    used: HashSet<String>,
}

impl CitationKeys {
    /// A key made from an id. What a key may not have becomes `_`; one that is taken gets a letter.
    fn key(&mut self, id: &str) -> String {
        let is_free = |c: char| c.is_ascii_alphanumeric() || "-_.:+/*!?".contains(c);
        let mut key: String = one_line(id)
            .chars()
            .map(|c| if is_free(c) { c } else { '_' })
            .collect();
        if !key.contains(|c: char| c.is_ascii_alphanumeric()) {
            "paper".clone_into(&mut key);
        }
        let mut unique = key.clone();
        let mut n = 0;
        while !self.used.insert(unique.to_lowercase()) {
            unique = format!("{key}{}", letters(n));
            n += 1;
        }
        unique
    }
}

/// `a` to `z`, `aa` to `zz` and so on.
fn letters(mut n: usize) -> String {
    let mut letters = Vec::new();
    loop {
        let letter = ('a'..='z').nth(n % 26);
        letters.extend(letter);
        match n / 26 {
            0 => break,
            more => n = more - 1,
        }
    }
    letters.into_iter().rev().collect()
}

/// Writes an entry, with the end of its last line.
pub(super) fn write(
    out: &mut impl Write,
    keys: &mut CitationKeys,
    paper: &Paper,
) -> io::Result<()> {
    let (entry, venue) = match kind(paper) {
        Kind::Article(venue) => ("article", Some(("journal", venue))),
        Kind::InProceedings(venue) => ("inproceedings", Some(("booktitle", venue))),
        Kind::Other(venue) => ("misc", venue.map(|venue| ("publisher", venue))),
    };
    let mut field = {
        writeln!(out, "@{entry}{{{},", keys.key(&paper.id))?;
        |name: &str, value: Option<String>| match value {
            Some(value) => writeln!(out, "  {name} = {{{value}}},"),
            None => Ok(()),
        }
    };
    let text = |text: &str| known(Some(text)).map(|text| escape(&text));
    let verbatim = |text: &Option<String>| known(text.as_deref()).map(|text| address(&text));
    // Braces in braces: styles put titles in small letters, names and formulas included.
    field(
        "title",
        text(&paper.title).map(|title| format!("{{{title}}}")),
    )?;
    field("author", authors(&paper.authors))?;
    if let Some((name, venue)) = venue {
        field(name, Some(escape(&venue)))?;
    }
    field("year", paper.year.map(|year| year.to_string()))?;
    field("doi", verbatim(&paper.doi))?;
    if let Some(number) = verbatim(&paper.arxiv) {
        field("eprint", Some(number))?;
        field("archiveprefix", Some("arXiv".to_owned()))?;
    }
    field("url", verbatim(&paper.url))?;
    let keywords: Vec<_> = paper.categories.iter().filter_map(|c| text(c)).collect();
    field(
        "keywords",
        (!keywords.is_empty()).then(|| keywords.join(", ")),
    )?;
    field("abstract", text(&paper.abstract_text))?;
    writeln!(out, "}}")
}

/// Names joined by `and`. One that would be read as several, or as a person where it is none, stands in
/// braces.
fn authors(names: &[String]) -> Option<String> {
    let name = |name: &String| {
        let name = known(Some(name))?;
        let has_and = name.split(' ').any(|word| word.eq_ignore_ascii_case("and"));
        let escaped = escape(&name);
        Some(
            if is_group(&name) || has_and || name.matches(',').count() > 2 {
                format!("{{{escaped}}}")
            } else {
                escaped
            },
        )
    };
    let names: Vec<_> = names.iter().filter_map(name).collect();
    (!names.is_empty()).then(|| names.join(" and "))
}

/// A text as LaTeX prints it. Braces have names, since `BibTeX` counts `\{` too.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '\\' => escaped.push_str(r"\textbackslash{}"),
            '{' => escaped.push_str(r"\textbraceleft{}"),
            '}' => escaped.push_str(r"\textbraceright{}"),
            '~' => escaped.push_str(r"\textasciitilde{}"),
            '^' => escaped.push_str(r"\textasciicircum{}"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// An address, DOI or number, which styles print as it stands: only what would end the field, or the
/// address, is written in percent, as addresses may.
fn address(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '{' => address.push_str("%7B"),
            '}' => address.push_str("%7D"),
            '\\' => address.push_str("%5C"),
            ' ' => address.push_str("%20"),
            c => address.push(c),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(paper: &Paper) -> String {
        let mut out = Vec::new();
        write(&mut out, &mut CitationKeys::default(), paper).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writes_every_field() {
        let paper = Paper::new("arXiv:2001.00001")
            .title("Sorting by\n Rotating Wheels")
            .abstract_text("We sort 50% more.\n\nCheaply.")
            .authors(["Ann Ada", "Øre, Bo", "Wheel Team", "Cut and Dry"])
            .year(2020)
            .venue("arXiv")
            .url("https://example.org/a_b%20{c}#d e")
            .categories(["cs.DS", "cs_X"])
            .doi("10.48550/arXiv.2001.00001")
            .arxiv("2001.00001")
            .references(["other"]);
        assert_eq!(
            entry(&paper),
            r"@misc{arXiv:2001.00001,
  title = {{Sorting by Rotating Wheels}},
  author = {Ann Ada and Øre, Bo and {Wheel Team} and {Cut and Dry}},
  publisher = {arXiv},
  year = {2020},
  doi = {10.48550/arXiv.2001.00001},
  eprint = {2001.00001},
  archiveprefix = {arXiv},
  url = {https://example.org/a_b%20%7Bc%7D#d%20e},
  keywords = {cs.DS, cs\_X},
  abstract = {We sort 50\% more. Cheaply.},
}
"
        );
    }

    #[test]
    fn leaves_out_what_is_unknown() {
        let paper = Paper::new("a").abstract_text("B.").authors([" "]).url("");
        assert_eq!(entry(&paper), "@misc{a,\n  abstract = {B.},\n}\n");
    }

    #[test]
    fn a_venue_chooses_entry_and_field() {
        let of = |venue: &str| entry(&Paper::new("a").venue(venue));
        assert_eq!(
            of("Letters & Wheels"),
            "@article{a,\n  journal = {Letters \\& Wheels},\n}\n"
        );
        assert_eq!(
            of("Wheel Conference"),
            "@inproceedings{a,\n  booktitle = {Wheel Conference},\n}\n"
        );
    }

    #[test]
    fn escapes_what_latex_reads_and_keeps_braces_balanced() {
        assert_eq!(
            escape(r"& % $ # _ { } ~ ^ \ é"),
            r"\& \% \$ \# \_ \textbraceleft{} \textbraceright{} \textasciitilde{} \textasciicircum{} \textbackslash{} é"
        );
        let hostile = Paper::new("}a{")
            .title("}} {")
            .abstract_text("\\}")
            .url("}");
        let text = entry(&hostile);
        let mut depth = 0;
        for (at, c) in text.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            assert_eq!(depth == 0, at < 5 || at >= text.len() - 2, "{at} in {text}");
        }
    }

    #[test]
    fn keys_are_valid_and_unique_whatever_the_case() {
        let mut keys = CitationKeys::default();
        let ids = ["a b", "a,b", "A_B", "a_ba", "é", "日本", "x/y:1", "a\"b"];
        let found = ids.map(|id| keys.key(id));
        assert_eq!(
            found,
            [
                "a_b", "a_ba", "A_Bb", "a_baa", "paper", "papera", "x/y:1", "a_bc"
            ]
        );
        let lower: HashSet<_> = found.iter().map(|key| key.to_lowercase()).collect();
        assert_eq!(lower.len(), ids.len());
        let many = [0, 25, 26, 701, 702].map(letters);
        assert_eq!(many, ["a", "z", "aa", "zz", "aaa"]);
    }
}
