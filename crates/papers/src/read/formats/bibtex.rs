//! BibTeX and BibLaTeX.

mod crossref;
mod entries;
mod fields;
mod persons;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use biblatex::{RawBibliography, RawChunk};

use self::crossref::Parents;
use self::entries::Entries;
use self::fields::Fields;
use self::persons::persons;
use super::file_start::FileStart;
use super::normalize::{filled, identify, set_id, year_in};
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::input::Input;
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

/// The maximum length in bytes of a value after its abbreviations are expanded. An abbreviation may
/// contain others, so that lengths could grow exponentially.
const MAX_VALUE: usize = 16 << 20;

/// Reads the entries of a file.
///
/// An abbreviation that `@string` defines applies to the entries after it. An entry that inherits
/// fields from a later entry is returned at the end of the file.
struct Bibtex<'a> {
    entries: Entries<'a>,
    abbreviations: HashMap<String, String>,
    parents: Parents,
    /// The entries that inherit fields from entries that were not read yet.
    deferred: VecDeque<Deferred>,
}

/// An entry without the fields that it inherits.
struct Deferred {
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
            deferred: VecDeque::new(),
        }
    }

    /// Converts an entry to a paper. Returns `None` if the entry is not a publication or is
    /// deferred.
    fn read(&mut self, line: usize, text: &str) -> Result<Option<Paper>, String> {
        let entry_type = text[1..].split('{').next().unwrap_or_default().trim();
        let entry_type = entry_type.to_ascii_lowercase();
        if ["comment", "preamble"].contains(&entry_type.as_str()) {
            return Ok(None);
        }
        let text = &*quotes_to_braces(text);
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
            let surplus: String = text[entry.span.end..].chars().take(40).collect();
            return Err(format!(
                "not BibTeX: found `{surplus}` after the last field"
            ));
        }
        let mut fields = Fields::default();
        for pair in &entry.v.fields {
            fields.set(pair.key.v, self.value(&pair.value.v)?);
        }
        let key = entry.v.key.v;
        self.parents.keep(&entry_type, key, &fields);
        if entry_type == "xdata" {
            return Ok(None);
        }
        if !self.parents.has_all_of(&fields) {
            let key = key.to_owned();
            self.deferred.push_back(Deferred { line, key, fields });
            return Ok(None);
        }
        self.parents.complete(&mut fields);
        paper(key, &fields).map(Some)
    }

    /// Returns a value in LaTeX with its abbreviations expanded. An undefined one becomes its name.
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
                let max = MAX_VALUE >> 20;
                return Err(format!(
                    "a value is longer than {max} MiB with its `@string`s"
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
                let mut last = self.deferred.pop_front()?;
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

/// Replaces the quotes around values by braces.
///
/// In BibTeX a quote within braces does not end a quoted value, but for the parser it would.
fn quotes_to_braces(text: &str) -> Cow<'_, str> {
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
    // In the preprints of DBLP the journal is CoRR and the volume `abs/1706.03762`.
    let volume = fields.verbatim(&["volume"]);
    let volume = volume
        .strip_prefix("abs/")
        .map(|identifier| format!("arXiv:{identifier}"));
    let url = paper.url.clone().unwrap_or_default();
    let arxiv_texts = [
        eprint.as_str(),
        &url,
        &journal,
        volume.as_deref().unwrap_or(""),
    ];
    identify(&mut paper, &fields.verbatim(&["doi"]), &arxiv_texts);
    set_id(&mut paper, filled(key), "key and no `doi`")?;
    Ok(paper)
}
