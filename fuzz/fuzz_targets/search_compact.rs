//! An index with quantized codes and an edited file gives the hits of the valid index or an error. An
//! index whose quantized codes have the right checksums but belong to other rows can be searched
//! without a panic.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use cognate_fuzz::{Edits, renew_start, table};
use cognate_index::{FlatIndex, IndexWriter, Result, SearchOptions, Storage};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use ndarray::{Array2, s};
use tempfile::TempDir;

/// The smallest size for which rows are quantized.
const DIM: usize = 32;
const ROWS: usize = 16_384;

/// The parts of the file of codes between the preamble and the table: the rotation, the blocks of
/// panels of 4,096 rows, and the blocks of residual codes of 64 rows. The residual codes of a row are
/// 32 codes and 2 factors.
const ROTATION: std::ops::Range<usize> = 64..64 + 8 * DIM * DIM;
const BLOCKS: usize = ROWS / 4096;
const RESIDUAL_BLOCKS: usize = ROWS / 64;
const RESIDUALS: usize = ROWS * (32 + 2 * 4);
const TABLE: usize = 4 * (1 + BLOCKS + RESIDUAL_BLOCKS + 1);

#[derive(Debug, Arbitrary)]
enum Input {
    /// The quantized codes are edited.
    Codes(Edits),
    /// The rows are edited.
    Rows(Edits),
    /// The quantized codes are edited, and their checksums are right.
    Foreign(Edits),
}

struct File {
    path: PathBuf,
    valid: Vec<u8>,
}

struct Valid {
    dir: TempDir,
    rows: File,
    codes: File,
    answers: Answers,
}

/// The rows and the bits of the scores of each query of each search.
type Answers = Vec<Vec<Vec<(u32, u32)>>>;

static VALID: LazyLock<Valid> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder can be created");
    let mut writer = IndexWriter::create(dir.path(), DIM).expect("the folder is empty");
    writer
        .append(rows(ROWS).view())
        .expect("the rows are valid");
    writer.commit().expect("the manifest can be written");
    let file = |name: &str| {
        let path = dir.path().join(name);
        let valid = fs::read(&path).expect("the file was written");
        File { path, valid }
    };
    let (rows, codes) = (file("segment-00000001.vec"), file("segment-00000001.codes"));
    let mut renewed = codes.valid.clone();
    renew(&mut renewed);
    assert!(renewed == codes.valid, "the layout differs");
    // Without the quantized codes, every row is read in f32.
    fs::remove_file(&codes.path).expect("the file exists");
    let index = FlatIndex::open(dir.path()).expect("the index is valid");
    let answers = ask(&index).expect("the index is valid");
    fs::write(&codes.path, &codes.valid).expect("the folder can be written");
    let index = FlatIndex::open(dir.path()).expect("the index is valid");
    assert_eq!(answers, ask(&index).expect("the index is valid"));
    Valid {
        dir,
        rows,
        codes,
        answers,
    }
});

fuzz_target!(|input: Input| {
    let valid = &*VALID;
    let (file, edits) = match &input {
        Input::Codes(edits) | Input::Foreign(edits) => (&valid.codes, edits),
        Input::Rows(edits) => (&valid.rows, edits),
    };
    let is_foreign = matches!(input, Input::Foreign(_));
    let mut bytes = edits.apply(&file.valid);
    if is_foreign {
        renew(&mut bytes);
    }
    let is_valid = bytes == file.valid;
    fs::write(&file.path, bytes).expect("the folder can be written");
    for storage in [Storage::Mapped, Storage::Owned] {
        let Ok(index) = FlatIndex::open_with(&valid.dir, storage) else {
            continue;
        };
        let answers = ask(&index);
        if let (Ok(answers), false) = (&answers, is_foreign) {
            assert_eq!(*answers, valid.answers);
        }
        if !is_foreign {
            assert_eq!(index.verify().is_ok(), is_valid);
        }
    }
    fs::write(&file.path, &file.valid).expect("the folder can be written");
});

/// Updates the checksums of a file of codes that has the length of the valid file.
fn renew(bytes: &mut [u8]) {
    renew_start(bytes);
    // Edits truncate the file by far fewer bytes than its length, so this does not underflow.
    let (content, old) = bytes.split_at_mut(bytes.len() - TABLE);
    let (panels, residuals) = content.split_at(content.len() - RESIDUALS);
    let (rotation, panels) = (&panels[ROTATION], &panels[ROTATION.end..]);
    let blocks = panels.chunks(panels.len() / BLOCKS).take(BLOCKS);
    let residuals = residuals.chunks(RESIDUALS / RESIDUAL_BLOCKS);
    old.copy_from_slice(&table(
        [rotation].into_iter().chain(blocks).chain(residuals),
    ));
}

/// Returns rows whose first dimensions hold most of the variance, so that they are quantized.
fn rows(n: usize) -> Array2<f32> {
    let mut number: u32 = 1;
    Array2::from_shape_fn((n, DIM), |(_, j)| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((number >> 8) as f32 / (1 << 23) as f32 - 1.0) * 0.9_f32.powi(j as i32)
    })
}

fn ask(index: &FlatIndex) -> Result<Answers> {
    let queries = rows(3);
    let half = (0..ROWS as u32).filter(|row| row % 2 == 0).collect();
    let few = SearchOptions::new(3).filter(&half).min_score(0.5);
    // One query is searched on one thread, several on many.
    [
        (1, SearchOptions::new(10)),
        (3, SearchOptions::new(10)),
        (1, few),
    ]
    .into_iter()
    .map(|(n, options)| {
        let hits = index.search_batch(queries.slice(s![..n, ..]), options)?;
        let bits = hits.iter().map(|hits| {
            let bits = hits.iter().map(|hit| (hit.row.get(), hit.score.to_bits()));
            bits.collect()
        });
        Ok(bits.collect())
    })
    .collect()
}
