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
use crate::read::input::{self, Input, MAX_RECORD, MAX_VALUES};
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

/// The maximum size of the entries that are kept, as a multiple of the bytes that were read.
/// Abbreviations make entries longer than they are in the file.
const MAX_EXPANSION: usize = 4;

/// Reads the entries of a file.
///
/// An abbreviation that `@string` defines applies to the entries after it. An entry that inherits
/// fields from a later entry is returned at the end of the file.
struct Bibtex<'a> {
    entries: Entries<'a>,
    abbreviations: HashMap<String, String>,
    /// The size of all abbreviations in bytes.
    abbreviation_bytes: usize,
    parents: Parents,
    /// The entries that inherit fields from entries that were not read yet.
    deferred: VecDeque<Deferred>,
    /// The size in bytes of the entries that were read, before abbreviations are expanded.
    read_bytes: usize,
    /// The size in bytes of the entries in `parents` and `deferred`.
    kept_bytes: usize,
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
            abbreviation_bytes: 0,
            parents: Parents::default(),
            deferred: VecDeque::new(),
            read_bytes: 0,
            kept_bytes: 0,
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
        self.read_bytes = self.read_bytes.saturating_add(text.len());
        // A shorter entry cannot have as many values.
        if text.len() > MAX_VALUES && value_count(text) > MAX_VALUES {
            return Err(input::too_many());
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
            self.abbreviation_bytes += name.len() + value.len();
            if self.abbreviation_bytes > MAX_RECORD {
                let max = MAX_RECORD >> 20;
                return Err(format!("the `@string`s are longer than {max} MiB in all"));
            }
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
        let mut size = 0;
        for pair in &entry.v.fields {
            let value = self.value(&pair.value.v)?;
            size += pair.key.v.len() + value.len();
            if size > MAX_RECORD {
                return Err(input::too_long());
            }
            fields.set(pair.key.v, value);
        }
        let key = entry.v.key.v;
        if Parents::keeps(&entry_type) {
            self.count_kept(size)?;
            self.parents.keep(key, &fields);
        }
        if entry_type == "xdata" {
            return Ok(None);
        }
        if !self.parents.has_all_of(&fields) {
            self.count_kept(size)?;
            let key = key.to_owned();
            self.deferred.push_back(Deferred { line, key, fields });
            return Ok(None);
        }
        self.parents.complete(&mut fields)?;
        paper(key, &fields).map(Some)
    }

    /// Counts an entry that is kept in memory, which is an error if its abbreviations take too much.
    fn count_kept(&mut self, size: usize) -> Result<(), String> {
        self.kept_bytes = self.kept_bytes.saturating_add(size);
        let max = self.read_bytes.saturating_mul(MAX_EXPANSION);
        if self.kept_bytes > max.max(MAX_RECORD) {
            return Err(format!(
                "the `@string`s make the entries that inherit fields more than {MAX_EXPANSION} times as \
                 long as the file"
            ));
        }
        Ok(())
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
                let completed = self.parents.complete(&mut last.fields);
                return Some((
                    RecordLocation::Line(last.line),
                    completed.and_then(|()| paper(&last.key, &last.fields)),
                ));
            };
            let outcome = text.and_then(|text| self.read(line, &text));
            if let Some(outcome) = outcome.transpose() {
                return Some((RecordLocation::Line(line), outcome));
            }
        }
    }
}

/// Returns an upper bound of the number of values in an entry: the count of the characters between
/// them.
fn value_count(text: &str) -> usize {
    let separators = text.bytes().filter(|byte| b",#=".contains(byte));
    separators.count()
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
        .take(MAX_VALUES)
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
