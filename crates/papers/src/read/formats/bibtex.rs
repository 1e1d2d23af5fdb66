//! BibTeX and BibLaTeX: entries as papers.

mod crossref;
mod entries;
mod fields;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use biblatex::{RawBibliography, RawChunk};

use self::crossref::Parents;
use self::entries::Entries;
use self::fields::Fields;
use super::file_start::FileStart;
use super::normalize::{filled, identify, joined, name, year_in};
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::input::Input;
use crate::text::latex;
use crate::{Paper, RecordLocation};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "bibtex",
    extensions: &["bib", "bibtex", "biblatex"],
    recognize,
    source: RecordSource::Stream(|input| Box::new(Bibtex::new(input))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let begins_entry = |line: &str| {
        let entry = line.trim_start().strip_prefix('@')?;
        let name_end = entry.find(|c: char| !c.is_ascii_alphabetic())?;
        let body = entry[name_end..].trim_start();
        (name_end > 0 && body.starts_with(['{', '('])).then_some(())
    };
    let line = start
        .text_lines()
        .position(|line| begins_entry(line).is_some())?;
    Some(Evidence::RecordOnLine(Reverse(line)))
}

/// The most bytes that a value may have once its abbreviations are put in: each may hold others.
const MAX_VALUE: usize = 16 << 20;

/// Reads the entries of a file; what `@string` defines holds for those behind it. An entry that takes
/// over from one that comes later is read when the file is at its end.
struct Bibtex<'a> {
    entries: Entries<'a>,
    abbreviations: HashMap<String, String>,
    parents: Parents,
    /// Entries that take over from others that may still come.
    waiting: VecDeque<Waiting>,
}

/// An entry that is read but for what it takes over.
struct Waiting {
    line: usize,
    key: String,
    fields: Fields,
}

impl<'a> Bibtex<'a> {
    fn new(input: Input<'a>) -> Self {
        let months = [
            ("jan", "January"),
            ("feb", "February"),
            ("mar", "March"),
            ("apr", "April"),
            ("may", "May"),
            ("jun", "June"),
            ("jul", "July"),
            ("aug", "August"),
            ("sep", "September"),
            ("oct", "October"),
            ("nov", "November"),
            ("dec", "December"),
        ];
        let months = months.map(|(short, name)| (short.to_owned(), name.to_owned()));
        Self {
            entries: Entries::new(input),
            abbreviations: HashMap::from(months),
            parents: Parents::default(),
            waiting: VecDeque::new(),
        }
    }

    /// The paper of an entry; nothing where it is none, or has to wait.
    fn read(&mut self, line: usize, text: &str) -> Result<Option<Paper>, String> {
        let kind = text[1..].split('{').next().unwrap_or_default().trim();
        let kind = kind.to_ascii_lowercase();
        if ["comment", "preamble"].contains(&kind.as_str()) {
            return Ok(None);
        }
        let text = &*braced(text);
        let parsed = RawBibliography::parse(text).map_err(|error| {
            let before = text.get(..error.span.start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            format!("not BibTeX on line {line} of the entry: {}", error.kind)
        })?;
        for pair in &parsed.abbreviations {
            let value = self.value(&pair.value.v)?;
            let name = pair.key.v.to_lowercase();
            self.abbreviations.insert(name, value);
        }
        let Some(entry) = parsed.entries.first() else {
            return Ok(None);
        };
        if entry.span.end + 1 < text.len() {
            let behind: String = text[entry.span.end..].chars().take(40).collect();
            return Err(format!(
                "not BibTeX: found `{behind}` behind the last field"
            ));
        }
        let mut fields = Fields::default();
        for pair in &entry.v.fields {
            fields.set(pair.key.v, self.value(&pair.value.v)?);
        }
        let key = entry.v.key.v;
        self.parents.keep(&kind, key, &fields);
        if kind == "xdata" {
            return Ok(None);
        }
        if !self.parents.knows_those_of(&fields) {
            let key = key.to_owned();
            self.waiting.push_back(Waiting { line, key, fields });
            return Ok(None);
        }
        self.parents.complete(&mut fields);
        paper(key, &fields).map(Some)
    }

    /// A value in LaTeX, abbreviations put in; one that is not defined stands for its name.
    fn value(&self, chunks: &[biblatex::Spanned<RawChunk<'_>>]) -> Result<String, String> {
        let mut value = String::new();
        for chunk in chunks {
            match chunk.v {
                RawChunk::Normal(text) => value.push_str(text),
                RawChunk::Abbreviation(name) => {
                    let found = self.abbreviations.get(&name.to_lowercase());
                    value.push_str(found.map_or(name, String::as_str));
                }
            }
            if value.len() > MAX_VALUE {
                let most = MAX_VALUE >> 20;
                return Err(format!(
                    "a value is longer than {most} MiB with its `@string`s"
                ));
            }
        }
        Ok(value)
    }
}

impl Iterator for Bibtex<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        loop {
            let Some((line, text)) = self.entries.next() else {
                let mut last = self.waiting.pop_front()?;
                self.parents.complete(&mut last.fields);
                return Some((
                    RecordLocation::Line(last.line),
                    paper(&last.key, &last.fields),
                ));
            };
            let outcome = text.and_then(|text| self.read(line, &text));
            if let Some(outcome) = outcome.transpose() {
                return Some((RecordLocation::Line(line), outcome));
            }
        }
    }
}

/// An entry with braces around the values that have quotes: in BibTeX a quote in braces does not end
/// such a value, for the parser it would.
fn braced(text: &str) -> Cow<'_, str> {
    let Some(fields) = text.find(['=', ',']).filter(|_| text.contains('"')) else {
        return Cow::Borrowed(text);
    };
    let mut braced = text[..fields].to_owned();
    let (mut depth, mut escaped, mut quoted) = (1_usize, false, false);
    for c in text[fields..].chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '"' if depth == 1 => {
                braced.push(if quoted { '}' } else { '{' });
                quoted = !quoted;
                continue;
            }
            _ => {}
        }
        braced.push(c);
    }
    Cow::Owned(braced)
}

fn paper(key: &str, fields: &Fields) -> Result<Paper, String> {
    let mut title = fields.plain(&["title"]);
    let subtitle = fields.plain(&["subtitle"]);
    if !title.is_empty() && !subtitle.is_empty() {
        title = format!("{title}: {subtitle}");
    }
    let mut paper = Paper::new("")
        .title(title)
        .abstract_text(fields.plain(&["abstract"]))
        .authors(persons(fields.first(&["author", "editor"])));
    paper.year = year_in(&fields.plain(&["year", "date"]));
    let journal = fields.plain(&["journal", "journaltitle"]);
    paper.venue = filled(journal.clone()).or_else(|| {
        let venues = [
            "booktitle",
            "maintitle",
            "school",
            "institution",
            "publisher",
        ];
        filled(fields.plain(&venues))
    });
    paper.url = filled(fields.verbatim(&["url"]));
    let keywords = fields.plain(&["keywords", "keyword"]);
    paper.categories = keywords
        .split([',', ';'])
        .chain([fields.plain(&["primaryclass", "eprintclass"]).as_str()])
        .filter_map(|word| filled(word.trim()))
        .collect();
    let archive = fields.verbatim(&["archiveprefix", "eprinttype"]);
    let mut eprint = fields.verbatim(&["eprint"]);
    if archive.is_empty() || archive.eq_ignore_ascii_case("arxiv") {
        eprint = format!("arXiv:{}", eprint.trim().trim_start_matches("arXiv:"));
    }
    // As DBLP writes preprints: the journal is CoRR, the volume `abs/1706.03762`.
    let volume = fields.verbatim(&["volume"]);
    let volume = volume
        .strip_prefix("abs/")
        .map(|number| format!("arXiv:{number}"));
    let url = paper.url.clone().unwrap_or_default();
    let places = [
        eprint.as_str(),
        &url,
        &journal,
        volume.as_deref().unwrap_or(""),
    ];
    identify(&mut paper, &fields.verbatim(&["doi"]), &places);
    name(&mut paper, filled(key), "key and no `doi`")?;
    Ok(paper)
}

/// The names of a list with `and` between them, as one says them.
fn persons(text: &str) -> Vec<String> {
    split_outside(text, " and ")
        .into_iter()
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != "others")
        .map(|name| {
            let parts: Vec<String> = split_outside(name, ",")
                .into_iter()
                .map(latex::plain)
                .collect();
            match &parts[..] {
                [last, first] => joined(&[first, last]),
                [last, suffix, first] => joined(&[first, last, suffix]),
                _ => latex::plain(name),
            }
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// The parts of `text` between separators that stand outside of braces; white space counts as a
/// space.
fn split_outside<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let (mut parts, mut start, mut depth, mut escaped) = (Vec::new(), 0, 0_usize, false);
    let matches_at = |at: usize| {
        text.get(at..at + separator.len()).is_some_and(|found| {
            found.bytes().zip(separator.bytes()).all(|(found, wanted)| {
                found == wanted || wanted == b' ' && found.is_ascii_whitespace()
            })
        })
    };
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && at >= start && matches_at(at) {
            parts.push(&text[start..at]);
            start = at + separator.len();
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_persons_from_each_other() {
        let text = "Curie, Marie\n and {Barnes and Noble, Inc.} and Knuth, Jr, Donald and \
                    G{\\\"o}del, Kurt and Ludwig van Beethoven and others";
        assert_eq!(
            persons(text),
            [
                "Marie Curie",
                "Barnes and Noble, Inc.",
                "Donald Knuth Jr",
                "Kurt Gödel",
                "Ludwig van Beethoven"
            ]
        );
    }
}
