//! Any file of PyTorch is weights or an error: a pickle in an intact archive, and edited files.
#![no_main]

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cognate::{Checkpoint, Encoder, EncoderOptions};
use cognate_fuzz::Edits;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

#[derive(Debug, Arbitrary)]
enum Input {
    /// The pickle of an archive.
    Pickle(Vec<u8>),
    /// Changes to an archive that `torch.save` wrote.
    Archive(Edits),
    /// Changes to a file in the format before that.
    Legacy(Edits),
}

/// A checkpoint without weights.
static CHECKPOINT: LazyLock<TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a temporary folder can be created");
    for name in ["config.json", "tokenizer.json"] {
        let from = fixtures().join("tiny-bert").join(name);
        fs::copy(from, dir.path().join(name)).expect("the fixture exists");
    }
    dir
});

static INTACT: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    ["archive.bin", "legacy.bin"]
        .map(|name| fs::read(fixtures().join("weights").join(name)).expect("the fixture exists"))
});

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/model/tests/fixtures")
}

fuzz_target!(|input: Input| {
    let bytes = match input {
        Input::Pickle(pickle) => archive(&pickle),
        Input::Archive(edits) => edits.apply(&INTACT[0]),
        Input::Legacy(edits) => edits.apply(&INTACT[1]),
    };
    let dir = CHECKPOINT.path();
    fs::write(dir.join("pytorch_model.bin"), bytes).expect("the folder can be written");
    let checkpoint = Checkpoint::open(dir).expect("the configuration is valid");
    // The fixtures have other tensors than the model, so only a new pickle can make a model.
    let _ = Encoder::load(&checkpoint, EncoderOptions::default().threads(1));
});

/// Returns an archive with this pickle and one storage of 8 values.
fn archive(pickle: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, contents) in [("m/data.pkl", pickle), ("m/data/0", &[0; 32])] {
        archive.start_file(name, options).expect("the name is valid");
        archive.write_all(contents).expect("memory can be written");
    }
    archive.finish().expect("memory can be written").into_inner()
}
