use std::collections::HashSet;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::durable::{self, Existing};
use crate::error::Damage;
use crate::header::MAX_DIM;
use crate::{Error, Result};

/// The file of the manifest, where an index is a folder of its own.
pub(crate) const FILE: &str = "manifest.json";

const VERSION: u32 = 1;

/// What an index consists of: the files of rows that count, in order, and the rows deleted.
///
/// Changing an index is replacing its manifest; the files it names never change. It is kept as
/// `manifest.json` beside them, or wherever the caller keeps what belongs together.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    dim: usize,
    segments: Vec<Entry>,
    deleted: RoaringBitmap,
}

/// A segment file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Entry {
    pub(crate) file: String,
    pub(crate) rows: u32,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Deserialize)]
struct Content {
    dim: usize,
    segments: Vec<Entry>,
    deleted: String,
    crc32: String,
}

impl Manifest {
    /// The manifest of an index without rows.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDimension`] when there are no vectors of that length.
    pub fn empty(dim: usize) -> Result<Self> {
        if !(1..=MAX_DIM).contains(&dim) {
            return Err(Error::InvalidDimension { found: dim });
        }
        Ok(Self {
            dim,
            segments: Vec::new(),
            deleted: RoaringBitmap::new(),
        })
    }

    /// Reads what [`to_json`](Self::to_json) wrote; `origin` is the file to name in errors.
    ///
    /// # Errors
    ///
    /// [`Error::Version`] when another release wrote it; [`Error::Corrupt`] when it is not
    /// a manifest.
    pub fn from_json(json: &str, origin: &Path) -> Result<Self> {
        let corrupt = |reason: String| Error::corrupt(origin, Damage::Manifest { reason });
        let json_error = |error: serde_json::Error| corrupt(error.to_string());
        let Format { format: found } = serde_json::from_str(json).map_err(json_error)?;
        if found != VERSION {
            return Err(Error::Version {
                path: origin.to_owned(),
                found,
                expected: VERSION,
            });
        }
        let Content {
            dim,
            segments,
            deleted,
            crc32,
        } = serde_json::from_str(json).map_err(json_error)?;
        let deleted = decode(&deleted).map_err(|reason| corrupt(reason.to_owned()))?;
        let manifest = Self {
            dim,
            segments,
            deleted,
        };
        manifest.check().map_err(corrupt)?;
        // Of the content, not of the text: how that is spaced does not matter.
        if crc32 != checksum(&manifest.fields()) {
            return Err(corrupt("it does not match its checksum".to_owned()));
        }
        Ok(manifest)
    }

    /// The manifest as one line of JSON, with the CRC-32 of the fields before it at the end.
    pub fn to_json(&self) -> String {
        let fields = self.fields();
        format!(r#"{{{fields},"crc32":"{}"}}"#, checksum(&fields))
    }

    fn fields(&self) -> String {
        // Nothing in it needs escaping: names of segments and base64 are plain.
        let segment =
            |Entry { file, rows }: &Entry| format!(r#"{{"file":"{file}","rows":{rows}}}"#);
        let segments = self
            .segments
            .iter()
            .map(segment)
            .collect::<Vec<_>>()
            .join(",");
        let (dim, deleted) = (self.dim, encode(&self.deleted));
        format!(r#""format":{VERSION},"dim":{dim},"segments":[{segments}],"deleted":"{deleted}""#)
    }

    /// The dimensions of the vectors.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The rows, deleted ones included.
    pub fn rows(&self) -> u32 {
        self.segments.iter().map(|segment| segment.rows).sum()
    }

    /// The rows that are deleted.
    pub fn deleted(&self) -> &RoaringBitmap {
        &self.deleted
    }

    /// The names of the segment files, in the order of their rows.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &str> {
        self.segments.iter().map(|segment| segment.file.as_str())
    }

    pub(crate) fn segments(&self) -> &[Entry] {
        &self.segments
    }

    /// Replaces the last `merged` segments by one.
    pub(crate) fn replace_last(&mut self, merged: usize, entry: Entry) {
        self.segments.truncate(self.segments.len() - merged);
        self.segments.push(entry);
    }

    /// Replaces all segments by one, or by none, in which no row is deleted.
    pub(crate) fn replace_all(&mut self, entry: Option<Entry>) {
        self.segments = entry.into_iter().collect();
        self.deleted.clear();
    }

    /// Adds deleted rows, if all of them exist.
    pub(crate) fn delete(&mut self, rows: &RoaringBitmap) -> Result<()> {
        check_deleted(rows, self.rows())?;
        self.deleted |= rows;
        Ok(())
    }

    /// Reads the manifest of a folder.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let json = fs::read(&path).map_err(Error::io("read", &path))?;
        let json = String::from_utf8(json).map_err(|error| {
            Error::corrupt(
                &path,
                Damage::Manifest {
                    reason: error.to_string(),
                },
            )
        })?;
        Self::from_json(&json, &path)
    }

    /// Makes this the manifest of a folder, or leaves the one it had.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        let path = dir.join(FILE);
        durable::write(&path, Existing::Replace, |out| {
            writeln!(out, "{}", self.to_json()).map_err(Error::io("write", &path))
        })
    }

    fn check(&self) -> Result<(), String> {
        if !(1..=MAX_DIM).contains(&self.dim) {
            return Err(format!(
                "expected 1 to {MAX_DIM} dimensions, found {}",
                self.dim
            ));
        }
        let mut names = HashSet::new();
        for Entry { file, rows } in &self.segments {
            if segment_number(file).is_none() {
                return Err(format!("`{file}` is no name of a segment"));
            }
            if !names.insert(file) {
                return Err(format!("`{file}` is named twice"));
            }
            if *rows == 0 {
                return Err(format!("`{file}` has no rows"));
            }
        }
        let rows: u64 = self
            .segments
            .iter()
            .map(|segment| u64::from(segment.rows))
            .sum();
        let rows = u32::try_from(rows).map_err(|_| format!("{rows} rows are too many"))?;
        check_deleted(&self.deleted, rows).map_err(|error| format!("deleted {error}"))
    }
}

/// Checks that rows to be deleted exist.
pub(crate) fn check_deleted(deleted: &RoaringBitmap, rows: u32) -> Result<()> {
    match deleted.max() {
        Some(row) if row >= rows => Err(Error::UnknownRow { row, rows }),
        _ => Ok(()),
    }
}

/// The number of rows after `more` are added.
pub(crate) fn grown(rows: u32, more: usize) -> Result<u32> {
    let found = u64::from(rows) + more as u64;
    u32::try_from(found).map_err(|_| Error::TooManyRows { found })
}

/// The name of the segment file of a number.
pub(crate) fn segment_name(number: u64) -> String {
    format!("segment-{number:08}.vec")
}

/// The number in the name of a segment file; none for other names.
pub(crate) fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("segment-")?.strip_suffix(".vec")?;
    let number = digits.parse().ok()?;
    (name == segment_name(number)).then_some(number)
}

/// The name of the segment file that a file of this name belongs to: its own, or that of which it is
/// the compact form; none for other names.
pub(crate) fn segment_of(name: &str) -> Option<String> {
    let segment = match name.strip_suffix(".codes") {
        Some(stem) => format!("{stem}.vec"),
        None => name.to_owned(),
    };
    segment_number(&segment).map(|_| segment)
}

fn checksum(fields: &str) -> String {
    format!("{:08x}", crc32fast::hash(fields.as_bytes()))
}

/// A bitmap as base64 of its portable serialization, which other languages read too.
fn encode(bitmap: &RoaringBitmap) -> String {
    let mut bytes = Vec::with_capacity(bitmap.serialized_size());
    // Writing to memory does not fail.
    let _ = bitmap.serialize_into(&mut bytes);
    STANDARD.encode(bytes)
}

fn decode(text: &str) -> Result<RoaringBitmap, &'static str> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| "`deleted` is not base64")?;
    let mut rest = bytes.as_slice();
    match RoaringBitmap::deserialize_from(&mut rest) {
        Ok(bitmap) if rest.is_empty() => Ok(bitmap),
        _ => Err("`deleted` is not a bitmap"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        let mut manifest = Manifest::empty(384).unwrap();
        manifest.replace_last(
            0,
            Entry {
                file: segment_name(1),
                rows: 1000,
            },
        );
        manifest.replace_last(
            0,
            Entry {
                file: segment_name(7),
                rows: 10,
            },
        );
        manifest.delete(&[3, 1009].into()).unwrap();
        manifest
    }

    #[test]
    fn it_comes_back_from_json() {
        let origin = Path::new("lib/manifest.json");
        for manifest in [sample(), Manifest::empty(1).unwrap()] {
            assert_eq!(
                Manifest::from_json(&manifest.to_json(), origin).unwrap(),
                manifest
            );
        }
        assert_eq!(sample().rows(), 1010);
        assert_eq!(
            sample().to_json(),
            concat!(
                r#"{"format":1,"dim":384,"segments":[{"file":"segment-00000001.vec","rows":1000},"#,
                r#"{"file":"segment-00000007.vec","rows":10}],"#,
                r#""deleted":"OjAAAAEAAAAAAAEAEAAAAAMA8QM=","crc32":"109ce293"}"#,
            )
        );
    }

    #[test]
    fn what_is_not_a_manifest_is_said() {
        let change = |from: &str, to: &str| {
            let json = sample().to_json();
            assert!(json.contains(from), "{json}");
            let origin = Path::new("lib/manifest.json");
            Manifest::from_json(&json.replace(from, to), origin)
                .unwrap_err()
                .to_string()
        };
        let file = "`lib/manifest.json`";
        for (from, to, expected) in [
            (
                "\"format\":1",
                "\"format\":2",
                "has format version 2, this release reads 1",
            ),
            (
                "\"format\":1,",
                "",
                "is not a manifest: missing field `format` at line 1 column 170",
            ),
            (
                "384",
                "0",
                "is not a manifest: expected 1 to 65536 dimensions, found 0",
            ),
            (
                "1000}",
                "1001}",
                "is not a manifest: it does not match its checksum",
            ),
            (
                "1000}",
                "0}",
                "is not a manifest: `segment-00000001.vec` has no rows",
            ),
            (
                "1000}",
                "4294967290}",
                "is not a manifest: 4294967300 rows are too many",
            ),
            (
                "00000007",
                "00000001",
                "is not a manifest: `segment-00000001.vec` is named twice",
            ),
            (
                "segment-00000007",
                "../7",
                "is not a manifest: `../7.vec` is no name of a segment",
            ),
            ("OjAA", "O!AA", "is not a manifest: `deleted` is not base64"),
            (
                "OjAA",
                "AAAA",
                "is not a manifest: `deleted` is not a bitmap",
            ),
            (
                ":10}",
                ":5}",
                "is not a manifest: deleted row 1009 does not exist, the index has 1005 rows",
            ),
        ] {
            assert_eq!(change(from, to), format!("{file} {expected}"));
        }
    }

    #[test]
    fn names_have_eight_digits_or_more() {
        for number in [0, 1, 99_999_999, 100_000_000, u64::MAX] {
            assert_eq!(segment_number(&segment_name(number)), Some(number));
        }
        for name in [
            "segment-1.vec",
            "segment-+0000001.vec",
            "segment-00000001.vec.tmp",
            "x",
        ] {
            assert_eq!(segment_number(name), None);
        }
    }

    #[test]
    fn rows_are_counted_to_the_last_number() {
        assert_eq!(grown(u32::MAX - 1, 1).unwrap(), u32::MAX);
        let error = grown(u32::MAX, 1).unwrap_err().to_string();
        assert_eq!(error, "expected at most 4294967295 rows, found 4294967296");
    }
}
