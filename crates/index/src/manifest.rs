use std::collections::HashSet;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::durable::{self, Existing};
use crate::file_names::segment_number;
use crate::limits::MAX_DIM;
use crate::validate::{check_index_dim, check_rows_exist};
use crate::{Damage, Error, Result};

/// The file name of the manifest in the folder of an index.
pub(crate) const FILE: &str = "manifest.json";

const VERSION: u32 = 2;

/// The earliest version that is read. Its manifests do not say which files are meant, and have no terms.
const OLDEST_VERSION: u32 = 1;

/// The content of an index: its segment files, in order, and its deleted rows.
///
/// An index changes by replacing its manifest; the files that a manifest names never change. The
/// manifest is stored as `manifest.json` beside the segment files, or by the caller, for example in
/// a database.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    dim: usize,
    segments: Vec<SegmentEntry>,
    deleted: RoaringBitmap,
    /// The number of times that rows were renumbered.
    renumbered: u64,
}

/// A segment: its files and its number of rows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct SegmentEntry {
    /// The name of the file of vectors.
    pub(crate) file: String,
    pub(crate) rows: u32,
    /// The checksum of the table of checksums of the file, by which the file is distinguished from
    /// others of its name; `None` in manifests of version 1.
    #[serde(default)]
    pub(crate) checksum: Option<u32>,
    /// Whether there is a file of quantized codes.
    #[serde(default)]
    pub(crate) codes: bool,
    /// The checksum of the table of checksums of the file of terms, or `None` if there is no such file.
    #[serde(default)]
    pub(crate) terms: Option<u32>,
}

impl SegmentEntry {
    /// Returns the error for a segment without a file of terms, where `path` is the segment file.
    pub(crate) fn without_terms(&self, path: &Path) -> Error {
        Error::corrupt(path, Damage::NoTerms)
    }
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Deserialize)]
struct Content {
    dim: usize,
    segments: Vec<SegmentEntry>,
    deleted: String,
    #[serde(default)]
    renumbered: u64,
    crc32: String,
}

impl Manifest {
    /// Returns the manifest of an index without rows.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidDimension`] if `dim` is 0 or above 65,536.
    pub fn empty(dim: usize) -> Result<Self> {
        check_index_dim(dim)?;
        Ok(Self {
            dim,
            segments: Vec::new(),
            deleted: RoaringBitmap::new(),
            renumbered: 0,
        })
    }

    /// Parses the output of [`to_json`](Self::to_json). Errors name `origin` as the file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Version`] if another release wrote the manifest, and [`Error::Corrupt`] if
    /// `json` is not a valid manifest.
    pub fn from_json(json: &str, origin: &Path) -> Result<Self> {
        let corrupt = |reason: String| Error::corrupt(origin, Damage::Manifest { reason });
        let json_error = |error: serde_json::Error| corrupt(error.to_string());
        let Format { format: found } = serde_json::from_str(json).map_err(json_error)?;
        if !(OLDEST_VERSION..=VERSION).contains(&found) {
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
            renumbered,
            crc32,
        } = serde_json::from_str(json).map_err(json_error)?;
        let deleted = decode(&deleted).map_err(|reason| corrupt(reason.to_owned()))?;
        let manifest = Self {
            dim,
            segments,
            deleted,
            renumbered,
        };
        manifest.check().map_err(corrupt)?;
        // The checksum covers the content, so whitespace does not matter.
        if crc32 != checksum(&manifest.fields(found)) {
            return Err(corrupt("it does not match its checksum".to_owned()));
        }
        Ok(manifest)
    }

    /// Returns the manifest as one line of JSON. Its last field is the CRC-32 of the other fields.
    pub fn to_json(&self) -> String {
        let fields = self.fields(VERSION);
        format!(r#"{{{fields},"crc32":"{}"}}"#, checksum(&fields))
    }

    /// Returns the fields as a version of the format has them.
    fn fields(&self, version: u32) -> String {
        // Segment file names and base64 need no escaping.
        let segment = |entry: &SegmentEntry| {
            let SegmentEntry {
                file,
                rows,
                checksum,
                codes,
                terms,
            } = entry;
            if version == 1 {
                return format!(r#"{{"file":"{file}","rows":{rows}}}"#);
            }
            let number = |number: &Option<u32>| {
                number.map_or_else(|| "null".to_owned(), |number| number.to_string())
            };
            let (checksum, terms) = (number(checksum), number(terms));
            format!(
                r#"{{"file":"{file}","rows":{rows},"checksum":{checksum},"codes":{codes},"terms":{terms}}}"#
            )
        };
        let segments = self
            .segments
            .iter()
            .map(segment)
            .collect::<Vec<_>>()
            .join(",");
        let (dim, deleted) = (self.dim, encode(&self.deleted));
        let renumbered = if version == 1 {
            String::new()
        } else {
            format!(r#","renumbered":{}"#, self.renumbered)
        };
        format!(
            r#""format":{version},"dim":{dim},"segments":[{segments}],"deleted":"{deleted}"{renumbered}"#
        )
    }

    /// Returns the number of dimensions of the vectors.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Returns the number of rows, deleted ones included.
    pub fn rows(&self) -> u32 {
        self.segments.iter().map(|segment| segment.rows).sum()
    }

    /// Returns the deleted rows.
    pub fn deleted(&self) -> &RoaringBitmap {
        &self.deleted
    }

    /// Returns the names of the segment files, in the order of their rows.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &str> {
        self.segments.iter().map(|segment| segment.file.as_str())
    }

    pub(crate) fn segments(&self) -> &[SegmentEntry] {
        &self.segments
    }

    /// Replaces the last `merged` segments with one.
    pub(crate) fn replace_last(&mut self, merged: usize, entry: SegmentEntry) {
        self.segments.truncate(self.segments.len() - merged);
        self.segments.push(entry);
    }

    /// Replaces all segments and the deleted rows, which changes the numbers of rows.
    pub(crate) fn renumber(&mut self, segments: Vec<SegmentEntry>, deleted: RoaringBitmap) {
        self.segments = segments;
        self.deleted = deleted;
        self.renumbered += 1;
    }

    /// Removes all rows and changes the number of dimensions.
    pub(crate) fn reset(&mut self, dim: usize) -> Result<()> {
        check_index_dim(dim)?;
        self.dim = dim;
        self.renumber(Vec::new(), RoaringBitmap::new());
        Ok(())
    }

    /// Returns the number of times that rows were renumbered.
    pub(crate) fn renumbered(&self) -> u64 {
        self.renumbered
    }

    /// Returns whether every segment has a file of terms.
    pub fn has_terms(&self) -> bool {
        self.segments.iter().all(|entry| entry.terms.is_some())
    }

    pub(crate) fn segments_mut(&mut self) -> &mut [SegmentEntry] {
        &mut self.segments
    }

    /// Adds deleted rows if all of them exist.
    pub(crate) fn delete(&mut self, rows: &RoaringBitmap) -> Result<()> {
        check_rows_exist(rows, self.rows())?;
        self.deleted |= rows;
        Ok(())
    }

    /// Reads the `manifest.json` of a folder. An [`InvertedIndex`](crate::InvertedIndex) and a
    /// [`FlatIndex`](crate::FlatIndex) that are opened by one manifest have the same rows.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the file cannot be read, [`Error::Corrupt`] if it is damaged, and
    /// [`Error::Version`] if another release wrote it.
    pub fn read(dir: impl AsRef<Path>) -> Result<Self> {
        let path = dir.as_ref().join(FILE);
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

    /// Replaces the manifest of a folder atomically.
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
        for SegmentEntry { file, rows, .. } in &self.segments {
            if segment_number(file).is_none() {
                return Err(format!("`{file}` is not a segment file name"));
            }
            if !names.insert(file) {
                return Err(format!("`{file}` is listed twice"));
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
        check_rows_exist(&self.deleted, rows).map_err(|error| format!("deleted {error}"))
    }
}

fn checksum(fields: &str) -> String {
    format!("{:08x}", crc32fast::hash(fields.as_bytes()))
}

/// Encodes a bitmap as base64 of its portable serialization, which other languages can read.
fn encode(bitmap: &RoaringBitmap) -> String {
    let mut bytes = Vec::with_capacity(bitmap.serialized_size());
    // Writing to a `Vec` does not fail.
    let _ = bitmap.serialize_into(&mut bytes);
    STANDARD.encode(bytes)
}

fn decode(text: &str) -> Result<RoaringBitmap, &'static str> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| "`deleted` is not base64")?;
    let mut remaining = bytes.as_slice();
    match RoaringBitmap::deserialize_from(&mut remaining) {
        Ok(bitmap) if remaining.is_empty() => Ok(bitmap),
        _ => Err("`deleted` is not a bitmap"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_names::segment_name;

    fn sample() -> Manifest {
        let mut manifest = Manifest::empty(384).unwrap();
        manifest.replace_last(
            0,
            SegmentEntry {
                file: segment_name(1),
                rows: 1000,
                checksum: Some(5),
                codes: false,
                terms: Some(7),
            },
        );
        manifest.replace_last(
            0,
            SegmentEntry {
                file: segment_name(7),
                rows: 10,
                checksum: None,
                codes: true,
                terms: None,
            },
        );
        manifest.delete(&[3, 1009].into()).unwrap();
        manifest
    }

    #[test]
    fn a_manifest_round_trips_through_json() {
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
                r#"{"format":2,"dim":384,"segments":["#,
                r#"{"file":"segment-00000001.vec","rows":1000,"checksum":5,"codes":false,"terms":7},"#,
                r#"{"file":"segment-00000007.vec","rows":10,"checksum":null,"codes":true,"terms":null}],"#,
                r#""deleted":"OjAAAAEAAAAAAAEAEAAAAAMA8QM=","renumbered":0,"crc32":"cdf8bb15"}"#,
            )
        );
        let first = concat!(
            r#"{"format":1,"dim":384,"segments":[{"file":"segment-00000001.vec","rows":1000},"#,
            r#"{"file":"segment-00000007.vec","rows":10}],"#,
            r#""deleted":"OjAAAAEAAAAAAAEAEAAAAAMA8QM=","crc32":"109ce293"}"#,
        );
        let first = Manifest::from_json(first, origin).unwrap();
        assert_eq!((first.rows(), first.deleted().len()), (1010, 2));
        assert_eq!(first.segments()[0].checksum, None);
        assert!(!first.has_terms());
    }

    #[test]
    fn errors_say_what_is_wrong_with_a_manifest() {
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
                "\"format\":2",
                "\"format\":3",
                "has format version 3, this release reads 2",
            ),
            (
                "\"format\":2,",
                "",
                "is not a manifest: missing field `format` at line 1 column 264",
            ),
            (
                "384",
                "0",
                "is not a manifest: expected 1 to 65536 dimensions, found 0",
            ),
            (
                "1000,",
                "1001,",
                "is not a manifest: it does not match its checksum",
            ),
            (
                "1000,",
                "0,",
                "is not a manifest: `segment-00000001.vec` has no rows",
            ),
            (
                "1000,",
                "4294967290,",
                "is not a manifest: 4294967300 rows are too many",
            ),
            (
                "00000007",
                "00000001",
                "is not a manifest: `segment-00000001.vec` is listed twice",
            ),
            (
                "segment-00000007",
                "../7",
                "is not a manifest: `../7.vec` is not a segment file name",
            ),
            ("OjAA", "O!AA", "is not a manifest: `deleted` is not base64"),
            (
                "OjAA",
                "AAAA",
                "is not a manifest: `deleted` is not a bitmap",
            ),
            (
                ":10,",
                ":5,",
                "is not a manifest: deleted row 1009 does not exist, the index has 1005 rows",
            ),
        ] {
            assert_eq!(change(from, to), format!("{file} {expected}"));
        }
    }
}
