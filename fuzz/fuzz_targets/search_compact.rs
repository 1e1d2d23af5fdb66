//! An index with a compact form, of which a file was edited, gives the sound answer or an error. One
//! whose compact form has the right checksums, but was not made of its rows, is searched.
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

/// The least that has a compact form.
const DIM: usize = 32;
const ROWS: usize = 16_384;

/// Where the rotation, the blocks of panels of 4,096 rows and those of rests of 64 rows are: between
/// the start and the table. A rest is 32 codes and 2 factors.
const ROTATION: std::ops::Range<usize> = 64..64 + 8 * DIM * DIM;
const BLOCKS: usize = ROWS / 4096;
const REST_BLOCKS: usize = ROWS / 64;
const RESTS: usize = ROWS * (32 + 2 * 4);
const TABLE: usize = 4 * (1 + BLOCKS + REST_BLOCKS + 1);

#[derive(Debug, Arbitrary)]
enum Input {
    /// The compact form is damaged.
    Codes(Edits),
    /// The rows are, which it lies beside.
    Rows(Edits),
    /// The compact form is that of another program: its checksums are right.
    Foreign(Edits),
}

struct File {
    path: PathBuf,
    sound: Vec<u8>,
}

struct Sound {
    dir: TempDir,
    rows: File,
    codes: File,
    answers: Answers,
}

/// Rows and bits of scores, for each query of each search.
type Answers = Vec<Vec<Vec<(u32, u32)>>>;

static SOUND: LazyLock<Sound> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let mut writer = IndexWriter::create(dir.path(), DIM).expect("the folder is empty");
    writer
        .append(rows(ROWS).view())
        .expect("the rows are sound");
    writer.commit().expect("the manifest can be written");
    let file = |name: &str| {
        let path = dir.path().join(name);
        let sound = fs::read(&path).expect("it was written");
        File { path, sound }
    };
    let (rows, codes) = (file("segment-00000001.vec"), file("segment-00000001.codes"));
    let mut renewed = codes.sound.clone();
    renew(&mut renewed);
    assert!(renewed == codes.sound, "the layout is another");
    // Without the compact form, every row is read.
    fs::remove_file(&codes.path).expect("it is there");
    let index = FlatIndex::open(dir.path()).expect("it is sound");
    let answers = ask(&index).expect("it is sound");
    fs::write(&codes.path, &codes.sound).expect("the folder can be written");
    let index = FlatIndex::open(dir.path()).expect("it is sound");
    assert_eq!(answers, ask(&index).expect("it is sound"));
    Sound {
        dir,
        rows,
        codes,
        answers,
    }
});

fuzz_target!(|input: Input| {
    let sound = &*SOUND;
    let (file, edits) = match &input {
        Input::Codes(edits) | Input::Foreign(edits) => (&sound.codes, edits),
        Input::Rows(edits) => (&sound.rows, edits),
    };
    let is_foreign = matches!(input, Input::Foreign(_));
    let mut bytes = edits.apply(&file.sound);
    if is_foreign {
        renew(&mut bytes);
    }
    let is_sound = bytes == file.sound;
    fs::write(&file.path, bytes).expect("the folder can be written");
    for storage in [Storage::Mapped, Storage::Owned] {
        let Ok(index) = FlatIndex::open_with(&sound.dir, storage) else {
            continue;
        };
        let answers = ask(&index);
        if let (Ok(answers), false) = (&answers, is_foreign) {
            assert_eq!(*answers, sound.answers);
        }
        if !is_foreign {
            assert_eq!(index.verify().is_ok(), is_sound);
        }
    }
    fs::write(&file.path, &file.sound).expect("the folder can be written");
});

/// Makes the checksums of a compact form right, if it is as long as the sound one.
fn renew(bytes: &mut [u8]) {
    renew_start(bytes);
    // What edits cut off is never so much.
    let (content, old) = bytes.split_at_mut(bytes.len() - TABLE);
    let (panels, rests) = content.split_at(content.len() - RESTS);
    let (rotation, panels) = (&panels[ROTATION], &panels[ROTATION.end..]);
    let blocks = panels.chunks(panels.len() / BLOCKS).take(BLOCKS);
    let rests = rests.chunks(RESTS / REST_BLOCKS);
    old.copy_from_slice(&table([rotation].into_iter().chain(blocks).chain(rests)));
}

/// Rows of which the first directions hold the most: for these a compact form pays.
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
    // One query is searched by one thread, several by many.
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
