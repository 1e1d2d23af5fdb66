//! BibTeX, by O. Patashnik, `BibTeXing` (1988), with the fields for arXiv that arXiv's own entries
//! have.

use std::collections::HashSet;
use std::io::{self, Write};

use super::entry_type::{EntryType, entry_type, is_group};
use super::export::{Export, ExportSpec, Item};
use super::field::{non_blank, one_line};
use crate::{Name, Paper};

pub(super) const EXPORT: ExportSpec = ExportSpec {
    name: "bibtex",
    start: |_| Box::new(BibtexExport::default()),
};

#[derive(Debug, Default)]
struct BibtexExport {
    keys: CitationKeys,
}

impl Export for BibtexExport {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        if item.index > 0 {
            out.write_all(b"\n")?;
        }
        write_entry(out, &self.keys.unique(&item.paper.id), item.paper)
    }
}

/// The citation keys of an output.
#[derive(Debug, Default)]
struct CitationKeys {
    /// The keys in lower case, because BibTeX ignores case.
    used: HashSet<String>,
}

impl CitationKeys {
    /// Derives a key from an id: characters that a key must not contain become `_`, and a key that
    /// is in use gets letters appended.
    fn unique(&mut self, id: &str) -> String {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:+/*!?".contains(c);
        let mut key: String = one_line(id)
            .chars()
            .map(|c| if is_allowed(c) { c } else { '_' })
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

/// Returns the `n`-th of `a` to `z`, `aa` to `zz` and so on, counted from 0.
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

fn write_entry(out: &mut dyn Write, key: &str, paper: &Paper) -> io::Result<()> {
    let (entry, venue) = match entry_type(paper) {
        EntryType::Article(venue) => ("article", Some(("journal", venue))),
        EntryType::InProceedings(venue) => ("inproceedings", Some(("booktitle", venue))),
        EntryType::Other(venue) => ("misc", venue.map(|venue| ("publisher", venue))),
    };
    let mut field = {
        writeln!(out, "@{entry}{{{key},")?;
        |name: &str, value: Option<String>| match value {
            Some(value) => writeln!(out, "  {name} = {{{value}}},"),
            None => Ok(()),
        }
    };
    let text = |text: &str| non_blank(Some(text)).map(|text| escape(&text));
    let verbatim =
        |text: &Option<String>| non_blank(text.as_deref()).map(|text| percent_encode(&text));
    // The inner braces keep bibliography styles from converting names and formulas to lower case.
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
    if let Some(identifier) = verbatim(&paper.arxiv) {
        field("eprint", Some(identifier))?;
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

/// Joins names by `and`. Braces protect a name that BibTeX would read as several names, and the
/// name of a group, which it would read as that of a person.
fn authors(names: &[Name]) -> Option<String> {
    let name = |name: &Name| {
        let is_inferred = name.is_inferred() || name.is_single();
        let name = non_blank(Some(&if is_inferred {
            name.full().to_owned()
        } else {
            name.inverted()
        }))?;
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

/// Escapes the characters that are special in LaTeX. Braces become commands, because BibTeX counts
/// the brace of `\{` as well.
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

/// Percent-encodes the characters that would end the field or the address. Bibliography styles
/// print addresses and identifiers without interpreting LaTeX, so other characters need no escape.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '{' => encoded.push_str("%7B"),
            '}' => encoded.push_str("%7D"),
            '\\' => encoded.push_str("%5C"),
            ' ' => encoded.push_str("%20"),
            c => encoded.push(c),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::super::export::written;
    use super::*;

    fn entry(paper: &Paper) -> String {
        written(&EXPORT, &Item::first(paper, None))
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
    fn omits_unknown_fields() {
        let paper = Paper::new("a").abstract_text("B.").authors([" "]).url("");
        assert_eq!(entry(&paper), "@misc{a,\n  abstract = {B.},\n}\n");
    }

    #[test]
    fn the_venue_determines_entry_type_and_field() {
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
    fn escapes_special_characters_and_keeps_braces_balanced() {
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
    fn keys_are_valid_and_unique_ignoring_case() {
        let mut keys = CitationKeys::default();
        let ids = ["a b", "a,b", "A_B", "a_ba", "é", "日本", "x/y:1", "a\"b"];
        let found = ids.map(|id| keys.unique(id));
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
