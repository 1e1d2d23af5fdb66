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

const VERSION: u32 = 1;

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
}

/// A segment file and its number of rows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct SegmentEntry {
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
    segments: Vec<SegmentEntry>,
    deleted: String,
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
        // The checksum covers the content, so whitespace does not matter.
        if crc32 != checksum(&manifest.fields()) {
            return Err(corrupt("it does not match its checksum".to_owned()));
        }
        Ok(manifest)
    }

    /// Returns the manifest as one line of JSON. Its last field is the CRC-32 of the other fields.
    pub fn to_json(&self) -> String {
        let fields = self.fields();
        format!(r#"{{{fields},"crc32":"{}"}}"#, checksum(&fields))
    }

    fn fields(&self) -> String {
        // Segment file names and base64 need no escaping.
        let segment = |SegmentEntry { file, rows }: &SegmentEntry| {
            format!(r#"{{"file":"{file}","rows":{rows}}}"#)
        };
        let segments = self
            .segments
            .iter()
            .map(segment)
            .collect::<Vec<_>>()
            .join(",");
        let (dim, deleted) = (self.dim, encode(&self.deleted));
        format!(r#""format":{VERSION},"dim":{dim},"segments":[{segments}],"deleted":"{deleted}""#)
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

    /// Replaces all segments with one or none, and clears the deleted rows.
    pub(crate) fn replace_all(&mut self, entry: Option<SegmentEntry>) {
        self.segments = entry.into_iter().collect();
        self.deleted.clear();
    }

    /// Adds deleted rows if all of them exist.
    pub(crate) fn delete(&mut self, rows: &RoaringBitmap) -> Result<()> {
        check_rows_exist(rows, self.rows())?;
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
        for SegmentEntry { file, rows } in &self.segments {
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
            },
        );
        manifest.replace_last(
            0,
            SegmentEntry {
                file: segment_name(7),
                rows: 10,
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
                r#"{"format":1,"dim":384,"segments":[{"file":"segment-00000001.vec","rows":1000},"#,
                r#"{"file":"segment-00000007.vec","rows":10}],"#,
                r#""deleted":"OjAAAAEAAAAAAAEAEAAAAAMA8QM=","crc32":"109ce293"}"#,
            )
        );
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
                ":10}",
                ":5}",
                "is not a manifest: deleted row 1009 does not exist, the index has 1005 rows",
            ),
        ] {
            assert_eq!(change(from, to), format!("{file} {expected}"));
        }
    }
}
