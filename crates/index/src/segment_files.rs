//! Writing the files of a segment: vectors, their quantized codes, and terms.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::durable::{self, Existing};
use crate::file_names::{codes_path, terms_path};
use crate::inverted::{MergedRows, TermSegment, write_terms};
use crate::manifest::SegmentEntry;
use crate::segment::{Segment, SegmentEncoder};
use crate::{Error, Result, Storage};

/// Writes a segment of `shape`: dimensions and rows. `content` pushes the rows, some at a time, and
/// `terms` are the terms of the same rows, if there are any. All files are on disk when this function
/// returns.
pub(crate) fn write(
    dir: &Path,
    name: &str,
    (dim, rows): (usize, u32),
    content: impl FnOnce(&mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()>,
    terms: Option<&[MergedRows<'_>]>,
) -> Result<SegmentEntry> {
    let path = dir.join(name);
    // The folder is synced with the file of vectors.
    let terms = match terms {
        Some(parts) => {
            let path = terms_path(&path);
            let content = |out: &mut dyn Write| write_terms(out, &path, parts);
            durable::write_without_name(&path, Existing::Keep, content)?;
            Some(TermSegment::open(&path, Storage::Mapped)?.checksum())
        }
        None => None,
    };
    durable::write(&path, Existing::Keep, |out| {
        let write = || Error::io("write", &path);
        let mut out = SegmentEncoder::new(out, dim, rows).map_err(write())?;
        content(&mut |values| out.push(values).map_err(write()))?;
        out.finish().map_err(write())
    })?;
    let segment = Segment::open(&path, Storage::Mapped)?;
    let codes = segment.write_quantized()?;
    Ok(SegmentEntry {
        file: name.to_owned(),
        rows,
        checksum: segment.checksum(),
        codes,
        terms,
    })
}

/// Writes the rows of a segment again, in place of a file that is damaged, and their quantized codes.
/// `content` pushes the rows, some at a time.
pub(crate) fn rewrite_rows(
    dir: &Path,
    dim: usize,
    entry: &SegmentEntry,
    content: impl FnOnce(&mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()>,
) -> Result<SegmentEntry> {
    let path = dir.join(&entry.file);
    durable::write(&path, Existing::Replace, |out| {
        let write = || Error::io("write", &path);
        let mut out = SegmentEncoder::new(out, dim, entry.rows).map_err(write())?;
        content(&mut |values| out.push(values).map_err(write()))?;
        out.finish().map_err(write())
    })?;
    let codes = codes_path(&path);
    match fs::remove_file(&codes) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(Error::io("remove", &codes)(error));
        }
        _ => {}
    }
    let segment = Segment::open(&path, Storage::Mapped)?;
    let codes = segment.write_quantized()?;
    Ok(SegmentEntry {
        checksum: segment.checksum(),
        codes,
        ..entry.clone()
    })
}

/// Writes the file of terms beside the segment file `segment`, in place of any that is there, and returns
/// the checksum of its table of checksums.
pub(crate) fn rewrite_terms(segment: &Path, parts: &[MergedRows<'_>]) -> Result<u32> {
    let path = terms_path(segment);
    durable::write(&path, Existing::Replace, |out| {
        write_terms(out, &path, parts)
    })?;
    Ok(TermSegment::open(&path, Storage::Mapped)?.checksum())
}
