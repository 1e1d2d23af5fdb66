//! The format of a file of packed weights:
//!
//! | bytes | contents |
//! |---|---|
//! | 8 | [`MAGIC`] |
//! | 4 | the length of the header in bytes, little-endian |
//! | 4 | the CRC-32 of the header, little-endian |
//! | header | [`Header`], in JSON |
//! | up to a multiple of 64 bytes | zeros |
//! | the rest | the parts, each from a multiple of 64 bytes on, as f32 of this machine |

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cognate_kernels::SharedBuffer;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::verified::{self, is_verified};
use crate::regular_file;
use crate::source::Stamp;
use crate::weights::TensorHashes;

/// The first bytes of a file of packed weights.
const MAGIC: [u8; 8] = *b"cognateW";

/// The number of bytes before the header.
const PREAMBLE: usize = 16;

/// The size in bytes of the alignment of parts.
const ALIGNMENT: usize = 64;

/// The number of bytes of an f32.
const FLOAT: usize = size_of::<f32>();

/// The greatest length of a header in bytes.
const MAX_HEADER_BYTES: usize = 16 << 20;

/// What a file says about its parts.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    /// What the file was made for: see [`CacheKey`](super::CacheKey).
    identity: String,
    /// The files of the weights, with their stamps when they were packed.
    sources: Vec<Source>,
    /// The hashes of the tensors that were read, in hexadecimal.
    tensors: BTreeMap<String, String>,
    parts: Vec<Part>,
}

/// A part of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    name: String,
    /// The number of values.
    len: usize,
    crc: u32,
}

/// A file of the weights, with the stamp that it had when they were packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
}

impl Source {
    /// Returns a file, without symbolic links, with its present stamp.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        let stamp = Stamp::of(&fs::metadata(&path)?);
        Ok(Self { path, stamp })
    }

    /// Returns whether the file has not changed since.
    pub(super) fn is_current(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|metadata| Stamp::of(&metadata) == self.stamp)
    }
}

/// What the weights of a file are, and what they were made from.
#[derive(Debug)]
pub(super) struct Origin<'a> {
    pub(super) identity: &'a str,
    pub(super) sources: &'a [Source],
}

/// An open file of packed weights, whose contents have been verified.
#[derive(Debug)]
pub(crate) struct PackedFile {
    path: PathBuf,
    bytes: u64,
    hashes: TensorHashes,
    parts: BTreeMap<String, SharedBuffer>,
}

impl PackedFile {
    /// Opens a file, if it has what was packed from `origin` and is not damaged.
    ///
    /// All parts are compared with their checksums, unless that has been done before and the file has
    /// the same stamp since.
    pub(super) fn open(path: &Path, origin: &Origin<'_>) -> Option<Self> {
        let (file, metadata) = regular_file::open(path).ok()?;
        let memory = SharedBuffer::map(&file).ok()?;
        let opened = Self::read(path, &memory, metadata.len(), origin);
        let Some((opened, crcs)) = opened else {
            tracing::debug!(path = %path.display(), "packed weights do not fit");
            return None;
        };
        if !is_verified(path, &metadata) {
            let is_intact = |(name, crc): &(String, u32)| {
                let part = opened.parts.get(name);
                part.is_some_and(|part| crc32fast::hash(part.as_bytes()) == *crc)
            };
            if !crcs.par_iter().all(is_intact) {
                tracing::debug!(path = %path.display(), "packed weights are damaged");
                return None;
            }
            verified::record(path, &metadata);
        }
        Some(opened)
    }

    /// Reads the header, and returns the file with the checksums of its parts.
    fn read(
        path: &Path,
        memory: &SharedBuffer,
        bytes: u64,
        origin: &Origin<'_>,
    ) -> Option<(Self, Vec<(String, u32)>)> {
        let (header, content) = header(memory.as_bytes())?;
        if header.identity != origin.identity || header.sources != origin.sources {
            return None;
        }
        let mut hashes = TensorHashes::new();
        for (name, hash) in header.tensors {
            hashes.insert(name, blake3::Hash::from_hex(&hash).ok()?);
        }
        let mut parts = BTreeMap::new();
        let mut crcs = Vec::new();
        let mut start = content / FLOAT;
        for Part { name, len, crc } in header.parts {
            let end = start.checked_add(len).filter(|&end| end <= memory.len())?;
            parts.insert(name.clone(), memory.slice(start..end));
            crcs.push((name, crc));
            start = end.checked_next_multiple_of(ALIGNMENT / FLOAT)?;
        }
        // A part of the same name twice would leave one of them unverified.
        let is_whole = bytes == (start * FLOAT) as u64 && parts.len() == crcs.len();
        let opened = Self {
            path: path.to_owned(),
            bytes,
            hashes,
            parts,
        };
        is_whole.then_some((opened, crcs))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the length of the file in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the hashes of the tensors from which the parts were packed.
    pub(crate) fn hashes(&self) -> &TensorHashes {
        &self.hashes
    }

    pub(super) fn part(&self, name: &str) -> Option<SharedBuffer> {
        self.parts.get(name).cloned()
    }
}

/// Returns the header at the start of `bytes`, and where the parts begin.
fn header(bytes: &[u8]) -> Option<(Header, usize)> {
    let (preamble, rest) = bytes.split_at_checked(PREAMBLE)?;
    let word = |start: usize| {
        let word = preamble.get(start..start + 4)?;
        Some(u32::from_le_bytes(word.try_into().ok()?))
    };
    let len = usize::try_from(word(8)?).ok()?;
    if preamble[..8] != MAGIC || len > MAX_HEADER_BYTES {
        return None;
    }
    let header = rest.get(..len)?;
    if crc32fast::hash(header) != word(12)? {
        return None;
    }
    let header = serde_json::from_slice(header).ok()?;
    Some((header, (PREAMBLE + len).next_multiple_of(ALIGNMENT)))
}

/// Returns the files of the weights from which a packed file was made.
pub(super) fn sources(path: &Path) -> Option<Vec<Source>> {
    let (file, _) = regular_file::open(path).ok()?;
    let memory = SharedBuffer::map(&file).ok()?;
    let (header, _) = header(memory.as_bytes())?;
    Some(header.sources)
}

/// Writes `parts`, packed from `origin`, whose tensors have these `hashes`.
pub(super) fn write(
    out: &mut impl Write,
    origin: &Origin<'_>,
    hashes: &TensorHashes,
    parts: &BTreeMap<String, SharedBuffer>,
) -> io::Result<()> {
    let hex = |(name, hash): (&String, &blake3::Hash)| (name.clone(), hash.to_hex().to_string());
    let checked = |(name, part): (&String, &SharedBuffer)| Part {
        name: name.clone(),
        len: part.len(),
        crc: crc32fast::hash(part.as_bytes()),
    };
    let header = serde_json::to_vec(&Header {
        identity: origin.identity.to_owned(),
        sources: origin.sources.to_vec(),
        tensors: hashes.iter().map(hex).collect(),
        parts: parts.iter().map(checked).collect(),
    })?;
    let len = u32::try_from(header.len()).map_err(io::Error::other)?;
    out.write_all(&MAGIC)?;
    out.write_all(&len.to_le_bytes())?;
    out.write_all(&crc32fast::hash(&header).to_le_bytes())?;
    out.write_all(&header)?;
    pad(out, PREAMBLE + header.len())?;
    for part in parts.values() {
        out.write_all(part.as_bytes())?;
        pad(out, part.as_bytes().len())?;
    }
    Ok(())
}

/// Writes zeros up to the next multiple of [`ALIGNMENT`] after `len` bytes.
fn pad(out: &mut impl Write, len: usize) -> io::Result<()> {
    let zeros = [0; ALIGNMENT];
    out.write_all(&zeros[..len.next_multiple_of(ALIGNMENT) - len])
}

/// Returns the number of bytes of the values of parts.
pub(super) fn content_bytes(parts: &BTreeMap<String, SharedBuffer>) -> u64 {
    parts
        .values()
        .map(|part| part.as_bytes().len() as u64)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Opens a file whose header, with a right checksum, lists these parts of name and length.
    fn open(parts: &[(&str, usize)], content: &[f32]) -> Option<PackedFile> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.packed");
        fs::write(&path, "").unwrap();
        let sources = [Source::of(&path).unwrap()];
        let origin = Origin {
            identity: "identity",
            sources: &sources,
        };
        let crc = crc32fast::hash(bytemuck::cast_slice(&[1.0f32; 16]));
        let header = Header {
            identity: "identity".to_owned(),
            sources: sources.to_vec(),
            tensors: BTreeMap::new(),
            parts: parts
                .iter()
                .map(|&(name, len)| Part {
                    name: name.to_owned(),
                    len,
                    crc,
                })
                .collect(),
        };
        let header = serde_json::to_vec(&header).unwrap();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(u32::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(crc32fast::hash(&header).to_le_bytes());
        bytes.extend(header);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        bytes.extend_from_slice(bytemuck::cast_slice(content));
        fs::write(&path, bytes).unwrap();
        PackedFile::open(&path, &origin)
    }

    #[test]
    fn a_header_that_does_not_fit_the_contents_is_refused() {
        let content = [1.0; 32];
        let opened = open(&[("a", 16), ("b", 16)], &content).unwrap();
        assert_eq!(*opened.part("b").unwrap(), content[..16]);
        assert!(opened.part("c").is_none());
        for parts in [
            &[][..],
            &[("a", 16)],
            &[("a", 16), ("b", 17)],
            &[("a", 16), ("b", 16), ("c", 16)],
            &[("a", 16), ("a", 16)],
            &[("a", usize::MAX)],
            &[("a", usize::MAX - 8), ("b", 16)],
            &[("a", 16), ("b", usize::MAX - 20)],
            &[("a", 32)],
        ] {
            assert!(open(parts, &content).is_none(), "{parts:?}");
        }
        assert!(open(&[("a", 16), ("b", 16)], &[1.0; 33]).is_none());
        assert!(open(&[], &[]).is_some());
    }
}
