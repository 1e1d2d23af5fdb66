//! The parts of a document of Word: a ZIP archive of XML.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use super::xml::{self, XmlEvent};
use crate::draft::files::Files;
use crate::draft::text_file::{MAX_DRAFT, too_long};
use crate::{Error, Result};

/// The addresses of the links of a part, by their ids.
pub(super) type Links = HashMap<String, String>;

/// The maximum number of custom parts that are read, of which one holds the sources.
const MAX_CUSTOM_PARTS: usize = 100;

/// An open document.
pub(super) struct Package {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
}

impl Package {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("read", path))?;
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|error| match error {
            ZipError::Io(source) => Error::io("read", path)(source),
            error => not_a_document(path, &format!("not a ZIP archive: {error}")),
        })?;
        Ok(Self {
            path: path.to_owned(),
            archive,
        })
    }

    /// Returns the name of the part that is the text of the document.
    pub(super) fn main_part(&mut self, files: &mut Files) -> Result<String> {
        let relations = self.part("_rels/.rels", files)?.unwrap_or_default();
        let mut main = None;
        xml::for_each(&relations, |event| {
            if let XmlEvent::Start(tag) = event
                && tag.attribute("Type").ends_with("/officeDocument")
            {
                main.get_or_insert(tag.attribute("Target").trim_start_matches('/').to_owned());
            }
        });
        Ok(main.unwrap_or_else(|| "word/document.xml".to_owned()))
    }

    /// Returns the text of a part, or `None` if the part is missing.
    pub(super) fn part(&mut self, name: &str, files: &mut Files) -> Result<Option<String>> {
        let mut part = match self.archive.by_name(name) {
            Ok(part) => part,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(not_a_document(&self.path, &format!("`{name}`: {error}"))),
        };
        // What the archive claims of the size is not to be trusted.
        let mut bytes = Vec::new();
        let read = part
            .by_ref()
            .take(MAX_DRAFT as u64 + 1)
            .read_to_end(&mut bytes);
        read.map_err(|error| not_a_document(&self.path, &format!("`{name}`: {error}")))?;
        if bytes.len() > MAX_DRAFT {
            return Err(too_long(&self.path, None));
        }
        files.add_bytes(bytes.len(), None)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let reason = format!(
                "found the byte 0x{:02x} in `{name}`, expected UTF-8",
                error.as_bytes()[at]
            );
            not_a_document(&self.path, &reason)
        })?;
        Ok(Some(text))
    }

    pub(super) fn required_part(&mut self, name: &str, files: &mut Files) -> Result<String> {
        let part = self.part(name, files)?;
        part.ok_or_else(|| not_a_document(&self.path, &format!("found no part `{name}`")))
    }

    /// Returns the links of a part.
    pub(super) fn links(&mut self, part: &str, files: &mut Files) -> Result<Links> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let relations = self.part(&format!("{folder}/_rels/{name}.rels"), files)?;
        let mut links = Links::new();
        xml::for_each(&relations.unwrap_or_default(), |event| {
            if let XmlEvent::Start(tag) = event
                && tag.attribute("Type").ends_with("/hyperlink")
            {
                let (id, target) = (tag.attribute("Id"), tag.attribute("Target"));
                links.insert(id.to_owned(), target.to_owned());
            }
        });
        Ok(links)
    }

    /// Returns the names of the parts that hold data of other programs, such as sources.
    pub(super) fn custom_parts(&self) -> Vec<String> {
        let names = self.archive.file_names().flatten();
        let is_custom = |name: &str| {
            let item = name.strip_prefix("customXml/item");
            item.is_some_and(|item| {
                item.strip_suffix(".xml").is_some() && !item.starts_with("Props")
            })
        };
        let mut found: Vec<String> = names
            .filter(|name| is_custom(name))
            .map(Cow::into_owned)
            .collect();
        found.sort();
        found.truncate(MAX_CUSTOM_PARTS);
        found
    }
}

fn not_a_document(path: &Path, found: &str) -> Error {
    Error::Draft {
        origin: path.display().to_string(),
        line: None,
        reason: format!("{found}, expected a document of Word without a password"),
    }
}
