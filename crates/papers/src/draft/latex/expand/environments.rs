//! Environments: the document, those without LaTeX, and those that hold other files.

use super::scan::{group, optional};
use super::{Document, Expander, Scan};

impl Expander<'_> {
    /// Reads `\begin{…}`, and the whole environment if it has no LaTeX.
    pub(super) fn begin(&mut self, scan: &mut Scan<'_>, end: usize) {
        let text = scan.text;
        let Some((name, next)) = group(text, end) else {
            return self.emit(scan, end);
        };
        let name = text[name].trim();
        if name == "document" {
            // A document that is included in another one gives its body.
            let is_nested = !scan.is_macro
                && self.imports.len() > 1
                && (scan.has_class || self.document == Document::Body);
            if is_nested {
                self.out.truncate(scan.start);
                scan.has_class = true;
                scan.at = next;
            } else {
                self.document = Document::Body;
                self.emit(scan, next);
            }
            return;
        }
        if !self.verbatim.has(name) {
            return self.emit(scan, next);
        }
        if let Some((content, end)) = self.verbatim.content(name, text, next) {
            if name.starts_with("filecontents") {
                self.store(content);
            }
            scan.at = end;
            self.skip_blank_line_end(scan);
        } else {
            scan.at = paragraph_end(text, next);
        }
    }

    /// Skips the rest of a line that is blank, so that removing an environment ends no paragraph.
    fn skip_blank_line_end(&mut self, scan: &mut Scan<'_>) {
        self.out.push(' ');
        let text = &scan.text[scan.at..];
        let rest = text.trim_start_matches([' ', '\t', '\r']);
        if let Some(next) = rest.strip_prefix('\n') {
            scan.at += text.len() - next.len();
        }
    }

    /// Keeps the content of a BibTeX file that the draft itself holds.
    fn store(&mut self, content: &str) {
        let start = optional(content, 0).map_or(0, |(_, end)| end);
        if let Some((name, end)) = group(content, start)
            && let Ok(name) = self.path(&content[name])
            && name.strip_suffix(".bib").is_some()
        {
            self.contents.insert(name, content[end..].to_owned());
        }
    }

    pub(super) fn end(&mut self, scan: &mut Scan<'_>, end: usize) {
        let text = scan.text;
        let Some((name, next)) = group(text, end) else {
            return self.emit(scan, end);
        };
        if text[name].trim() == "document" {
            if scan.has_class && self.is_included(scan) {
                scan.is_done = true;
                return;
            }
            self.document = Document::Ended;
        }
        self.emit(scan, next);
    }

    /// Returns whether a file is a document of its own that another file includes.
    fn is_included(&self, scan: &Scan<'_>) -> bool {
        scan.has_class && self.imports.len() > 1
    }
}

/// Returns the position of the first empty line after `at`, or the end of the text.
fn paragraph_end(text: &str, at: usize) -> usize {
    let mut from = at;
    while let Some(found) = text[from..].find('\n') {
        from += found + 1;
        let next = text[from..].trim_start_matches([' ', '\t', '\r']);
        if next.starts_with('\n') {
            return from - 1;
        }
    }
    text.len()
}
