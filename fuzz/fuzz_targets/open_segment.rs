//! An index whose segment file holds any bytes is opened and searched. A valid file that was edited
//! gives the hits of the valid file or an error. A file that passes `verify` gives the hits of its
//! rows.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use cognate_fuzz::{Edits, renew_start, table};
use cognate_index::{FlatIndex, IndexBuilder, IndexWriter, Result, RowId, SearchOptions, Storage};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use ndarray::{Array2, array};
use tempfile::TempDir;

const DIM: usize = 4;
const ROWS: usize = 20;

#[derive(Debug, Arbitrary)]
enum Input<'a> {
    /// Arbitrary bytes.
    Any(&'a [u8]),
    /// The valid file with edits.
    Edited(Edits),
    /// A file with the right shape and checksums and arbitrary values, as if written by another
    /// program.
    Foreign { block_rows: u8, values: &'a [u8] },
}

struct Valid {
    dir: TempDir,
    segment: PathBuf,
    bytes: Vec<u8>,
    answers: Answers,
}

/// The rows and the bits of the scores of each search.
type Answers = Vec<Vec<(u32, u32)>>;

static VALID: LazyLock<Valid> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder can be created");
    let mut writer = IndexWriter::create(dir.path(), DIM).expect("the folder is empty");
    let rows = Array2::from_shape_fn((ROWS, DIM), |(i, j)| ((i * 7 + j * 3) % 11) as f32 - 5.0);
    writer.append(rows.view()).expect("the rows are valid");
    writer.commit().expect("the manifest can be written");
    let segment = dir.path().join("segment-00000001.vec");
    let bytes = fs::read(&segment).expect("the segment was written");
    assert_eq!(bytes, foreign(&bytes, 1024, &[]), "the layout differs");
    let index = FlatIndex::open(dir.path()).expect("the index is valid");
    Valid {
        segment,
        bytes,
        answers: ask(&index).expect("the index is valid"),
        dir,
    }
});

fuzz_target!(|input: Input<'_>| {
    let valid = &*VALID;
    let bytes = match &input {
        Input::Any(bytes) => bytes.to_vec(),
        Input::Edited(edits) => edits.apply(&valid.bytes),
        Input::Foreign { block_rows, values } => {
            foreign(&valid.bytes, (*block_rows).into(), values)
        }
    };
    fs::write(&valid.segment, bytes).expect("the folder can be written");
    for storage in [Storage::Mapped, Storage::Owned] {
        let Ok(index) = FlatIndex::open_with(&valid.dir, storage) else {
            continue;
        };
        let answers = ask(&index);
        if let (Ok(answers), Input::Edited(_)) = (&answers, &input) {
            assert_eq!(*answers, valid.answers);
        }
        let verified = index.verify();
        assert!(verified.is_ok() || storage == Storage::Mapped);
        if verified.is_ok() {
            let answers = answers.expect("every row is valid");
            assert_eq!(
                answers,
                ask(&in_memory(&index)).expect("the rows are valid")
            );
        }
    }
});

/// Returns the file with other blocks and its first bytes replaced by `values`.
fn foreign(valid: &[u8], block_rows: u32, values: &[u8]) -> Vec<u8> {
    let block_rows = block_rows.max(1);
    let mut bytes = valid[..64 + 4 * ROWS * DIM].to_vec();
    bytes[20..24].copy_from_slice(&block_rows.to_le_bytes());
    renew_start(&mut bytes);
    for (byte, value) in bytes[64..].iter_mut().zip(values) {
        *byte = *value;
    }
    let table = table(bytes[64..].chunks(4 * DIM * block_rows as usize));
    bytes.extend(table);
    bytes
}

fn ask(index: &FlatIndex) -> Result<Answers> {
    let query = array![0.3, -0.5, 0.7, 0.1];
    let some = [0, 3, 4, 17].into();
    let few = SearchOptions::new(3);
    [
        SearchOptions::new(ROWS),
        few.filter(&some),
        few.min_score(0.5),
    ]
    .into_iter()
    .map(|options| {
        let hits = index.search(query.view(), options)?;
        let bits = hits.iter().map(|hit| (hit.row.get(), hit.score.to_bits()));
        Ok(bits.collect())
    })
    .collect()
}

/// Returns an index in memory of the same rows, which are unit vectors and are kept bit for bit.
fn in_memory(index: &FlatIndex) -> FlatIndex {
    let mut rows = Array2::zeros((ROWS, DIM));
    for (id, mut row) in (0..).map(RowId::new).zip(rows.outer_iter_mut()) {
        let found = index.row(id).expect("every row is valid");
        row.assign(&found.expect("no row is deleted"));
    }
    let mut builder = IndexBuilder::new(DIM).expect("the dimension is valid");
    builder.append(rows.view()).expect("every row is valid");
    builder.build()
}
