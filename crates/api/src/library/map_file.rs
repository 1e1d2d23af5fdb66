//! The file of a library's map, `map.bin`.
//!
//! | bytes | content |
//! |---|---|
//! | 0 to 7 | magic: `COGNMAP` and a zero byte |
//! | 8 to 11 | format version |
//! | 12 to 15 | CRC-32 of the payload |
//! | 16 to 23 | length of the payload in bytes |
//! | 24 to 27 | zero |
//! | 28 to 31 | CRC-32 of the bytes before |
//! | from 32 on | payload |
//!
//! The payload has the generation of the library (two numbers of 64 bits), the hash of its manifest (16 bytes), the share
//! of neighbors that the layout keeps, the numbers of points and of labels, then
//! for all points, one column after another, x, y, the year, the topic, the checksum of the vector and the length of
//! the id, then all ids, then each label: x, y, the number of papers, the number of words, and each word with its
//! length. Numbers are little endian, and have 32 bits unless said otherwise.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::library::lock::WriteLock;
use crate::library::paper_map::{MapLabel, MapPoint, PaperMap};
use crate::{Error, Generation, Result};

const MAGIC: &[u8; 8] = b"COGNMAP\0";

/// The version of the format that this release writes and reads.
const VERSION: u32 = 1;

/// The length of what comes before the payload.
const HEADER: usize = 32;

/// The year of a paper without one.
const NO_YEAR: i32 = i32::MIN;

/// The topic of a paper in none.
const NO_TOPIC: u32 = u32::MAX;

/// The largest length of an id or a word, in bytes. A longer one is damage.
const MAX_TEXT: u32 = 1 << 24;

/// Returns the path of the map of the library in `dir`.
fn path(dir: &Path) -> PathBuf {
    dir.join("map.bin")
}

/// Returns the payload of the file of a map without papers that were placed afterwards.
pub(crate) fn encode(map: &PaperMap) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(map.generation.papers.to_le_bytes());
    out.extend(map.generation.lists.to_le_bytes());
    out.extend(map.manifest_hash);
    out.extend(map.neighbors_kept.to_le_bytes());
    put(&mut out, size(map.points.len()));
    put(&mut out, size(map.labels.len()));
    for point in &map.points {
        out.extend(point.x.to_le_bytes());
    }
    for point in &map.points {
        out.extend(point.y.to_le_bytes());
    }
    for point in &map.points {
        out.extend(point.year.unwrap_or(NO_YEAR).to_le_bytes());
    }
    for point in &map.points {
        put(&mut out, point.topic.map_or(NO_TOPIC, size));
    }
    for point in &map.points {
        put(&mut out, point.vector_checksum);
    }
    for point in &map.points {
        put(&mut out, size(point.id.len()));
    }
    for point in &map.points {
        out.extend(point.id.as_bytes());
    }
    for label in &map.labels {
        out.extend(label.x.to_le_bytes());
        out.extend(label.y.to_le_bytes());
        put(&mut out, size(label.papers));
        put(&mut out, size(label.words.len()));
        for word in &label.words {
            put(&mut out, size(word.len()));
            out.extend(word.as_bytes());
        }
    }
    out
}

fn put(out: &mut Vec<u8>, number: u32) {
    out.extend(number.to_le_bytes());
}

fn size(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Fails if the library in `dir` cannot be written, before much is computed.
pub(crate) fn check_writable(dir: &Path) -> Result<()> {
    WriteLock::acquire(dir).map(drop)
}

/// Stores the map with this payload, in place of the one that the library may have.
///
/// # Errors
///
/// Returns [`Error::Io`] if the folder cannot be written, and [`Error::Locked`] if another process keeps writing.
pub(crate) fn store(dir: &Path, payload: &[u8]) -> Result<()> {
    let _lock = WriteLock::acquire(dir)?;
    let path = path(dir);
    // Only one process has the lock, and it replaces what a killed one left.
    let unfinished = dir.join("map.bin.new");
    let mut header = Vec::with_capacity(HEADER);
    header.extend(MAGIC);
    put(&mut header, VERSION);
    put(&mut header, crc32fast::hash(payload));
    header.extend((payload.len() as u64).to_le_bytes());
    put(&mut header, 0);
    let checksum = crc32fast::hash(&header);
    put(&mut header, checksum);
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(&header)?;
        file.write_all(payload)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&unfinished, &path)?;
        sync_dir(dir)
    });
    written.map_err(|error| {
        // The disk may be full, and the error says why it stays.
        let _ = fs::remove_file(&unfinished);
        Error::io("write", &path)(error)
    })
}

/// Syncs a folder, which makes the names of its files durable. Systems other than Unix sync names on their own, and
/// cannot open a folder as a file.
fn sync_dir(dir: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

/// Removes the map of the library in `dir`, and what a killed process left of one.
pub(crate) fn remove(dir: &Path) -> Result<()> {
    for path in [path(dir), dir.join("map.bin.new")] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io("remove", &path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns the checksum of the map of the library in `dir`, which tells one map from another, or `None` without a
/// map. Reads the first bytes of the file only.
pub(crate) fn checksum(dir: &Path) -> Result<Option<u32>> {
    let path = path(dir);
    let mut bytes = Vec::with_capacity(HEADER);
    let read = File::open(&path).and_then(|file| file.take(HEADER as u64).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Some(Header::decode(&bytes, &path)?.checksum)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", &path)(error)),
    }
}

/// Reads the map of the library in `dir`, or returns `None` if it has none.
///
/// # Errors
///
/// Returns [`Error::Damaged`] if the file is not as it was written, [`Error::Version`] if another release wrote it, and
/// [`Error::Io`] if it cannot be read.
pub(crate) fn read(dir: &Path) -> Result<Option<PaperMap>> {
    let path = path(dir);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", &path)(error)),
    };
    let header = Header::decode(&bytes, &path)?;
    let payload = &bytes[HEADER..];
    if payload.len() as u64 != header.len {
        let (found, expected) = (payload.len(), header.len);
        return Err(damaged(
            &path,
            &format!("its length: {found} bytes of {expected}"),
        ));
    }
    if crc32fast::hash(payload) != header.checksum {
        return Err(damaged(
            &path,
            "its content, which does not match its checksum",
        ));
    }
    let map = decode(payload, header.checksum);
    let map = map.ok_or_else(|| damaged(&path, "its content, which is not a map"))?;
    Ok(Some(map))
}

fn damaged(path: &Path, what: &str) -> Error {
    Error::Damaged {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}

/// What a file says of its payload.
struct Header {
    checksum: u32,
    len: u64,
}

impl Header {
    fn decode(bytes: &[u8], path: &Path) -> Result<Self> {
        let header = bytes.get(..HEADER);
        let header = header.ok_or_else(|| damaged(path, "its header, which is truncated"))?;
        if header[..MAGIC.len()] != *MAGIC {
            return Err(damaged(
                path,
                "its header, which is not the header of a map",
            ));
        }
        let number = |at: usize| {
            let bytes = [header[at], header[at + 1], header[at + 2], header[at + 3]];
            u32::from_le_bytes(bytes)
        };
        if crc32fast::hash(&header[..HEADER - 4]) != number(HEADER - 4) {
            return Err(damaged(
                path,
                "its header, which does not match its checksum",
            ));
        }
        if number(8) != VERSION {
            return Err(Error::Version {
                dir: path.to_owned(),
                found: i64::from(number(8)),
                expected: i64::from(VERSION),
            });
        }
        Ok(Self {
            checksum: number(12),
            len: u64::from(number(16)) | u64::from(number(20)) << 32,
        })
    }
}

/// Decodes a payload, or returns `None` if it is not one.
fn decode(payload: &[u8], checksum: u32) -> Option<PaperMap> {
    let mut rest = Rest(payload);
    let generation = Generation {
        papers: rest.number64()?,
        lists: rest.number64()?,
    };
    let manifest_hash = rest.bytes(16)?.try_into().ok()?;
    let neighbors_kept = f32::from_bits(rest.number()?);
    let (points, labels) = (rest.number()? as usize, rest.number()? as usize);
    let x = rest.column(points)?.map(f32::from_bits);
    let y = rest.column(points)?.map(f32::from_bits);
    let years = rest.column(points)?.map(u32::cast_signed);
    let topics = rest.column(points)?;
    let vector_checksums = rest.column(points)?;
    let lengths = rest.column(points)?;
    let places = x.zip(y);
    let mut decoded = Vec::with_capacity(points);
    let columns = places
        .zip(years)
        .zip(topics)
        .zip(vector_checksums)
        .zip(lengths);
    for (((((x, y), year), topic), vector_checksum), length) in columns {
        let is_place = |coordinate: f32| (-1.0..=1.0).contains(&coordinate);
        let is_topic = topic == NO_TOPIC || (topic as usize) < labels;
        if !(is_place(x) && is_place(y) && is_topic) {
            return None;
        }
        decoded.push(MapPoint {
            id: rest.text(length)?,
            x,
            y,
            year: (year != NO_YEAR).then_some(year),
            topic: (topic != NO_TOPIC).then_some(topic as usize),
            vector_checksum,
        });
    }
    let mut decoded_labels = Vec::new();
    for _ in 0..labels {
        let (x, y) = (
            f32::from_bits(rest.number()?),
            f32::from_bits(rest.number()?),
        );
        let (papers, words) = (rest.number()? as usize, rest.number()?);
        let word = |_| {
            let length = rest.number()?;
            rest.text(length)
        };
        let words = (0..words).map(word).collect::<Option<_>>()?;
        decoded_labels.push(MapLabel {
            x,
            y,
            words,
            papers,
        });
    }
    let is_whole = rest.0.is_empty() && (0.0..=1.0).contains(&neighbors_kept);
    is_whole.then_some(PaperMap {
        points: decoded,
        labels: decoded_labels,
        generation,
        neighbors_kept,
        placed: 0,
        removed: 0,
        manifest_hash,
        checksum,
    })
}

/// What of a payload has not been read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(4)?.try_into().ok()?))
    }

    fn number64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }

    /// Reads `count` numbers.
    fn column(&mut self, count: usize) -> Option<impl Iterator<Item = u32> + use<'a>> {
        let bytes = self.bytes(count.checked_mul(4)?)?;
        let numbers = bytes.as_chunks().0.iter();
        Some(numbers.map(|number| u32::from_le_bytes(*number)))
    }

    fn text(&mut self, length: u32) -> Option<String> {
        if length > MAX_TEXT {
            return None;
        }
        let bytes = self.bytes(length as usize)?;
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> PaperMap {
        let point = |id: &str, x, year, topic| MapPoint {
            id: id.to_owned(),
            x,
            y: -0.5,
            year,
            topic,
            vector_checksum: 7,
        };
        let points = vec![
            point("a", 1.0, Some(1953), Some(0)),
            point("ü", -1.0, None, None),
            point("", 0.0, Some(-3), Some(1)),
        ];
        let label = |papers, words: &[&str]| MapLabel {
            x: 0.25,
            y: 0.5,
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            papers,
        };
        let mut map = PaperMap {
            points,
            labels: vec![label(2, &["double helix", "dna"]), label(1, &[])],
            generation: "12.3".parse().unwrap(),
            neighbors_kept: 0.25,
            placed: 0,
            removed: 0,
            manifest_hash: *b"0123456789abcdef",
            checksum: 0,
        };
        map.checksum = crc32fast::hash(&encode(&map));
        map
    }

    #[test]
    fn a_stored_map_is_read_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), None);
        assert_eq!(checksum(dir.path()).unwrap(), None);
        remove(dir.path()).unwrap();
        for _ in 0..2 {
            store(dir.path(), &encode(&map())).unwrap();
            assert_eq!(read(dir.path()).unwrap(), Some(map()));
            assert_eq!(checksum(dir.path()).unwrap(), Some(map().checksum));
        }
        let names = fs::read_dir(dir.path()).unwrap();
        assert_eq!(names.count(), 2, "the map and the lock");
        remove(dir.path()).unwrap();
        assert_eq!(read(dir.path()).unwrap(), None);
    }

    #[test]
    fn every_changed_or_missing_byte_is_found() {
        let dir = tempfile::tempdir().unwrap();
        store(dir.path(), &encode(&map())).unwrap();
        let file = path(dir.path());
        let whole = fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x40;
            fs::write(&file, changed).unwrap();
            let error = read(dir.path()).unwrap_err();
            assert!(error.is_damage(), "{at}: {error}");
            fs::write(&file, &whole[..at]).unwrap();
            assert!(read(dir.path()).unwrap_err().is_damage(), "{at}");
        }
        fs::write(&file, [&whole[..], &[0]].concat()).unwrap();
        let error = read(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("map.bin` is damaged in its length: "),
            "{error}"
        );
    }

    #[test]
    fn a_map_of_a_later_release_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        store(dir.path(), &encode(&map())).unwrap();
        let file = path(dir.path());
        let mut bytes = fs::read(&file).unwrap();
        bytes[8] = 2;
        let checksum = crc32fast::hash(&bytes[..HEADER - 4]);
        bytes[HEADER - 4..HEADER].copy_from_slice(&checksum.to_le_bytes());
        fs::write(&file, bytes).unwrap();
        let error = read(dir.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("map.bin` has format version 2, this release reads 1"),
            "{error}"
        );
    }

    #[test]
    fn a_payload_that_is_not_a_map_is_damage_in_spite_of_its_checksum() {
        let dir = tempfile::tempdir().unwrap();
        let whole = encode(&map());
        for end in 0..whole.len() {
            assert_eq!(decode(&whole[..end], 0), None, "{end}");
        }
        let mut outside = map();
        outside.points[0].x = f32::NAN;
        let mut unknown_topic = map();
        unknown_topic.points[0].topic = Some(2);
        let mut impossible = map();
        impossible.neighbors_kept = 2.0;
        for wrong in [outside, unknown_topic, impossible] {
            store(dir.path(), &encode(&wrong)).unwrap();
            assert!(read(dir.path()).unwrap_err().is_damage());
        }
    }
}
