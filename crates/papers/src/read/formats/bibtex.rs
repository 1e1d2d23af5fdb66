//! BibTeX and BibLaTeX.
//!
//! `entries.rs` splits a file into entries, `entry.rs` parses one, and `record.rs` makes a paper of it.

mod abbreviations;
mod dates;
mod entries;
mod entry;
mod fields;
mod identity;
mod journals;
mod parents;
mod persons;
mod record;
mod values;

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use self::abbreviations::Abbreviations;
use self::entries::{Entries, SourceEntry};
use self::fields::Fields;
use self::parents::{Parents, normalized};
use super::file_start::FileStart;
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::RecordLocation;
use crate::read::input::{self, Input, MAX_RECORD, MAX_VALUES};
use crate::read::notes::Notes;

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

/// Types of entries that are not publications.
const SETTINGS: [&str; 5] = ["preamble", "comment", "control", "ieeetranbstctl", "set"];

/// The maximum size of the entries that are kept, and of what entries inherit, as a multiple of the bytes
/// that were read. Abbreviations make entries longer than they are in the file.
const MAX_EXPANSION: usize = 4;

/// Reads the entries of a file.
///
/// An abbreviation that `@string` defines applies to the entries after it. An entry that inherits fields from
/// a later entry is returned after that one, or at the end of the file if there is no such entry.
///
/// Memory is bounded by the entries that wait for others, and by what may be inherited from the entries of
/// the types that others usually inherit from.
struct Bibtex<'a> {
    entries: Entries<'a>,
    notes: Notes,
    abbreviations: Abbreviations,
    parents: Parents,
    /// The entries that inherit fields from entries that were not read yet, by the key of one of these.
    waiting: HashMap<String, Vec<Parsed>>,
    /// The entries that wait for nothing.
    ready: VecDeque<Parsed>,
    /// The size in bytes of the entries that were read, before abbreviations are expanded.
    read_bytes: usize,
    /// The size in bytes of the entries in `parents` and `waiting`.
    kept_bytes: usize,
    /// The size of what entries inherited.
    inherited: usize,
}

/// An entry without the fields that it inherits.
struct Parsed {
    line: usize,
    key: String,
    entry_type: String,
    fields: Fields,
    remarks: Vec<String>,
}

impl<'a> Bibtex<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            notes: input.notes().clone(),
            entries: Entries::new(input),
            abbreviations: Abbreviations::default(),
            parents: Parents::default(),
            waiting: HashMap::new(),
            ready: VecDeque::new(),
            read_bytes: 0,
            kept_bytes: 0,
            inherited: 0,
        }
    }

    /// Reads an entry, which is `ready` afterwards if it is a publication that waits for no other.
    fn read(&mut self, line: usize, entry: &SourceEntry) -> Result<(), String> {
        if SETTINGS.contains(&&*entry.entry_type) {
            return Ok(());
        }
        let body = &entry.body;
        self.read_bytes = self.read_bytes.saturating_add(body.len());
        // A shorter entry cannot have as many values.
        if body.len() > MAX_VALUES && value_count(body) > MAX_VALUES {
            return Err(input::too_many());
        }
        if entry.entry_type == "string" {
            let parsed = entry::parse_definitions(body, entry.unclosed.is_some())?;
            for (name, parts) in parsed.fields {
                self.abbreviations.define(name, &parts)?;
            }
            return Ok(());
        }
        let parsed = self.parse(line, entry)?;
        let key = normalized(&parsed.key);
        if Parents::keeps(&parsed.entry_type) || self.waiting.contains_key(&key) {
            self.keep(key, &parsed)?;
        }
        if parsed.entry_type != "xdata" {
            self.defer(parsed)?;
        }
        Ok(())
    }

    fn parse(&self, line: usize, entry: &SourceEntry) -> Result<Parsed, String> {
        let parsed = entry::parse(&entry.body, entry.unclosed.is_some())?;
        let mut remarks = parsed.remarks;
        if let Some(reason) = &entry.unclosed {
            if parsed.fields.is_empty() || parsed.ends_in_value {
                let start: String = entry.body.lines().next().unwrap_or_default().into();
                let start: String = start.chars().take(60).collect();
                let start = format!("@{}{{{}", entry.entry_type, start.trim_end());
                return Err(format!("`{start}` is not closed, {reason}"));
            }
            remarks.push(format!("the entry is not closed, {reason}"));
        }
        if entry.in_comment {
            remarks.push(
                "the entry stands in a `@comment`, which BibTeX reads and biber does not"
                    .to_owned(),
            );
        }
        let mut fields = Fields::default();
        let mut size = 0;
        for (name, parts) in parsed.fields {
            let value = self.abbreviations.expand(&parts)?;
            size += name.len() + value.len();
            if size > MAX_RECORD {
                return Err(input::too_long());
            }
            if fields.set(name.clone(), value) {
                remarks.push(format!("`{name}` occurs again, the first value was kept"));
            }
        }
        Ok(Parsed {
            line,
            key: parsed.key.to_owned(),
            entry_type: entry.entry_type.clone(),
            fields,
            remarks,
        })
    }

    /// Stores what others may inherit from an entry, and makes those ready that waited for it.
    fn keep(&mut self, key: String, parsed: &Parsed) -> Result<(), String> {
        let waiting = self.waiting.remove(&key).unwrap_or_default();
        let kept = self.parents.keep(key, &parsed.entry_type, &parsed.fields);
        for parsed in waiting {
            match self.parents.missing(&parsed.fields) {
                Some(missing) => self.waiting.entry(missing).or_default().push(parsed),
                None => {
                    let size = parsed.fields.size();
                    self.kept_bytes = self.kept_bytes.saturating_sub(size);
                    self.ready.push_back(parsed);
                }
            }
        }
        self.count_kept(kept)
    }

    /// Makes an entry ready, unless it waits for another.
    fn defer(&mut self, parsed: Parsed) -> Result<(), String> {
        let Some(missing) = self.parents.missing(&parsed.fields) else {
            self.ready.push_back(parsed);
            return Ok(());
        };
        self.count_kept(parsed.fields.size())?;
        self.waiting.entry(missing).or_default().push(parsed);
        Ok(())
    }

    /// Counts an entry that is kept in memory, which is an error if its abbreviations take too much.
    fn count_kept(&mut self, size: usize) -> Result<(), String> {
        self.kept_bytes = self.kept_bytes.saturating_add(size);
        if self.kept_bytes > self.max_expanded() {
            return Err(format!(
                "the `@string`s make the entries that inherit fields more than {MAX_EXPANSION} times as \
                 long as the file"
            ));
        }
        Ok(())
    }

    fn max_expanded(&self) -> usize {
        let max = self.read_bytes.saturating_mul(MAX_EXPANSION);
        max.max(MAX_RECORD)
    }

    /// Makes the entries ready that wait for entries that are not in the file.
    fn stop_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (missing, entries) in waiting {
            for mut parsed in entries {
                parsed.remarks.push(format!(
                    "nothing was inherited from `{missing}`, which is no entry of the file, or not of a type \
                     that others inherit from"
                ));
                self.ready.push_back(parsed);
            }
        }
        let ready = self.ready.make_contiguous();
        ready.sort_by_key(|parsed| parsed.line);
    }

    /// Adds what an entry inherits and converts it to a paper.
    fn finish(&mut self, mut parsed: Parsed) -> LocatedRecord {
        let inherited = self
            .parents
            .complete(&parsed.entry_type, &mut parsed.fields);
        let outcome = inherited.and_then(|size| {
            self.inherited = self.inherited.saturating_add(size);
            if self.inherited > 16 * self.max_expanded() {
                return Err("the entries inherit too much in all".to_owned());
            }
            record::paper(&parsed.key, &parsed.entry_type, &parsed.fields, &self.notes)
        });
        for remark in parsed.remarks {
            self.notes.remark(remark);
        }
        (RecordLocation::Line(parsed.line), outcome)
    }
}

impl Iterator for Bibtex<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        loop {
            if let Some(parsed) = self.ready.pop_front() {
                return Some(self.finish(parsed));
            }
            match self.entries.next() {
                Some((line, entry)) => {
                    if let Err(reason) = entry.and_then(|entry| self.read(line, &entry)) {
                        return Some((RecordLocation::Line(line), Err(reason)));
                    }
                }
                None if self.waiting.is_empty() => return None,
                None => self.stop_waiting(),
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
