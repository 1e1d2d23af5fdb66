//! RIS, by the specification of Research Information Systems (2011), as Zotero reads it.

use std::io::{self, Write};

use super::entry_type::{Kind, is_group, kind};
use super::known;
use crate::Paper;

/// Writes a record: its type first, its end last.
pub(super) fn write(out: &mut impl Write, paper: &Paper) -> io::Result<()> {
    let (sort, venue) = match kind(paper) {
        Kind::Article(venue) => ("JOUR", Some(venue)),
        Kind::InProceedings(venue) => ("CONF", Some(venue)),
        Kind::Other(venue) => ("UNPB", venue),
    };
    let mut line = |tag: &str, value: Option<String>| match value {
        Some(value) => write!(out, "{tag}  - {value}\r\n"),
        None => Ok(()),
    };
    line("TY", Some(sort.to_owned()))?;
    line("ID", known(Some(&paper.id)))?;
    line("TI", known(Some(&paper.title)))?;
    for author in &paper.authors {
        line("AU", known(Some(author)).map(|name| family_first(&name)))?;
    }
    line("PY", paper.year.map(|year| year.to_string()))?;
    line("T2", venue)?;
    line("AB", known(Some(&paper.abstract_text)))?;
    for category in &paper.categories {
        line("KW", known(Some(category)))?;
    }
    line("DO", known(paper.doi.as_deref()))?;
    let number = known(paper.arxiv.as_deref());
    line("AN", number.map(|number| format!("arXiv:{number}")))?;
    line("UR", known(paper.url.as_deref()))?;
    line("ER", Some(String::new()))
}

/// `Ada van Love` as `van Love, Ada`, which RIS wants; as it stands if it has a comma already, is one
/// word, or does not look like a person.
fn family_first(name: &str) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    if words.len() < 2 || is_group(name) || name.contains(',') {
        return name.to_owned();
    }
    // Particles, as `van der`, belong to the family name.
    let is_particle = |word: &&str| word.starts_with(char::is_lowercase);
    let mut family = words.len() - 1;
    while family > 1 && is_particle(&words[family - 1]) {
        family -= 1;
    }
    format!(
        "{}, {}",
        words[family..].join(" "),
        words[..family].join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(paper: &Paper) -> String {
        let mut out = Vec::new();
        write(&mut out, paper).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn begins_with_the_type_and_ends_with_the_end() {
        let paper = Paper::new("w1")
            .title("Sorting by\r\nER  - Rotating Wheels")
            .abstract_text("One.\nTwo.")
            .authors(["Ann B. Ada", "Øre, Bo"])
            .year(2020)
            .venue("Letters")
            .url("https://example.org/1")
            .categories(["cs.DS", "cs.CG"])
            .doi("10.1234/w")
            .arxiv("2001.00001");
        let expected = "TY  - JOUR\nID  - w1\nTI  - Sorting by ER - Rotating Wheels\n\
                        AU  - Ada, Ann B.\nAU  - Øre, Bo\nPY  - 2020\nT2  - Letters\n\
                        AB  - One. Two.\nKW  - cs.DS\nKW  - cs.CG\nDO  - 10.1234/w\n\
                        AN  - arXiv:2001.00001\nUR  - https://example.org/1\nER  - \n";
        assert_eq!(record(&paper), expected.replace('\n', "\r\n"));
        assert_eq!(
            record(&Paper::new("x").title("A")),
            "TY  - UNPB\r\nID  - x\r\nTI  - A\r\nER  - \r\n"
        );
        assert!(record(&Paper::new("x").venue("Wheel Workshop")).starts_with("TY  - CONF\r\n"));
    }

    #[test]
    fn puts_the_family_name_first() {
        for (name, expected) in [
            ("Ada Love", "Love, Ada"),
            ("Ada van der Love", "van der Love, Ada"),
            ("de Love", "Love, de"),
            ("Plato", "Plato"),
            ("Love, Ada", "Love, Ada"),
            ("The Wheel Collaboration", "The Wheel Collaboration"),
        ] {
            assert_eq!(family_first(name), expected);
        }
    }
}
