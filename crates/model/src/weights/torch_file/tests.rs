use std::io::Write as _;

use safetensors::Dtype;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::testing::fixture;
use crate::weights::Weights;

/// The pickle of `{"w": tensor}`, where the tensor has these sizes.
fn pickle_of(storage_len: u32, offset: u8, shape: &[u8], steps: &[u8]) -> Vec<u8> {
    let mut pickle = b"\x80\x02}(X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(".to_vec();
    pickle.extend(
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ",
    );
    pickle.extend(storage_len.to_le_bytes());
    pickle.extend(b"tQK");
    pickle.push(offset);
    for sizes in [shape, steps] {
        pickle.push(b'(');
        for &size in sizes {
            pickle.extend([b'K', size]);
        }
        pickle.push(b't');
    }
    pickle.extend(b"\x89ccollections\nOrderedDict\n)RtRu.");
    pickle
}

/// An archive with this pickle and one storage of 8 values.
fn archive(pickle: &[u8], compression: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(compression);
    let values: Vec<u8> = (0..8u8).flat_map(|x| f32::from(x).to_le_bytes()).collect();
    for (name, contents) in [("model/data.pkl", pickle), ("model/data/0", &values)] {
        archive.start_file(name, options).unwrap();
        archive.write_all(contents).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn open_bytes(bytes: &[u8]) -> Result<TensorFile> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pytorch_model.bin");
    std::fs::write(&path, bytes).unwrap();
    open(&path)
}

fn open_pickle(pickle: &[u8]) -> Result<TensorFile> {
    open_bytes(&archive(pickle, CompressionMethod::Stored))
}

#[track_caller]
fn refusal(pickle: &[u8]) -> String {
    let error = open_pickle(pickle).unwrap_err();
    match std::error::Error::source(&error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    }
}

#[test]
fn both_formats_have_the_tensors_that_torch_saved() {
    let folder = fixture("weights");
    let expected = Weights::open_file(&folder.join("expected.safetensors")).unwrap();
    let expected_file = TensorFile::open(&folder.join("expected.safetensors")).unwrap();
    for name in ["archive.bin", "legacy.bin"] {
        let path = folder.join(name);
        let found = Weights::open_file(&path).unwrap();
        let file = open(&path).unwrap();
        assert!(
            file.tensors.keys().eq(expected_file.tensors.keys()),
            "{name}"
        );
        assert_eq!(file.tensors["position_ids"].dtype, Dtype::I64);
        for (tensor, stored) in &expected_file.tensors {
            if tensor == "position_ids" {
                continue;
            }
            let read = |weights: &Weights| weights.tensor(tensor, &stored.shape).unwrap();
            assert_eq!(read(&found), read(&expected), "{name} {tensor}");
        }
        // Values in the same format have the same hash in every kind of file.
        for tensor in ["f32", "transposed", "shared.second"] {
            assert_eq!(
                found.hashes()[tensor],
                expected.hashes()[tensor],
                "{name} {tensor}"
            );
        }
    }
}

#[test]
fn a_tensor_must_lie_in_its_storage() {
    assert!(open_pickle(&pickle_of(8, 0, &[2, 4], &[4, 1])).is_ok());
    assert!(open_pickle(&pickle_of(8, 2, &[2, 3], &[3, 1])).is_ok());
    assert!(open_pickle(&pickle_of(8, 0, &[0, 200], &[1, 1])).is_ok());
    for (len, offset, shape, steps) in [
        (8, 1, &[2, 4][..], &[4, 1][..]),
        (8, 0, &[9], &[1]),
        (8, 0, &[2], &[8]),
        // A step of 0 would make a tensor larger than the file.
        (8, 0, &[200, 200], &[0, 0]),
        (8, 0, &[2], &[1, 1]),
        (8, 9, &[0], &[1]),
    ] {
        let message = refusal(&pickle_of(len, offset, shape, steps));
        assert_eq!(
            message, "a tensor exceeds its storage",
            "{shape:?} {steps:?}"
        );
    }
    let message = refusal(&pickle_of(9, 0, &[9], &[1]));
    assert_eq!(message, "the values of `w` are cut short");
    let message = refusal(&pickle_of(u32::MAX, 0, &[9], &[1]));
    assert_eq!(message, "a storage has a negative length");
}

#[test]
fn a_tensor_under_two_names_is_read_under_one() {
    let pickle = pickle_of(8, 0, &[8], &[1]);
    let entries = pickle.strip_suffix(b"u.").unwrap();
    let both = [entries, b"q\x05X\x01\x00\x00\x00vh\x05u."].concat();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pytorch_model.bin");
    std::fs::write(&path, archive(&both, CompressionMethod::Stored)).unwrap();
    let weights = Weights::open_file(&path).unwrap();
    let inventory = weights.inventory(&[]);
    assert!(inventory.check([], 1).is_err());
    weights.tensor("w", &[8]).unwrap();
    inventory.check(weights.hashes().keys(), 1).unwrap();
}

#[test]
fn functions_and_objects_are_named_and_not_called() {
    for (pickle, expected) in [
        (
            &b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."[..],
            "the function or class os.system",
        ),
        (
            b"\x80\x02cbuiltins\neval\n.",
            "the function or class builtins.eval",
        ),
        (
            b"\x80\x02}(X\x01\x00\x00\x00wK\x03u.",
            "w, which is a number and not a tensor",
        ),
        (b"\x80\x02]K\x01a.", "a list in place of a dictionary"),
        (b"\x80\x04\x95\x00.", "the pickle protocol 4"),
        (b"\x80\x02(i", "the opcode 0x69 of pickles"),
        (
            b"\x80\x02NNR.",
            "a call of something that is not a function",
        ),
        (
            b"\x80\x02ccollections\nOrderedDict\nN\x85R.",
            "a call of OrderedDict with other arguments",
        ),
        (
            b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.",
            "a call of RebuildTensor with other arguments",
        ),
        (
            b"\x80\x02NQ.",
            "a persistent identifier that is not a tuple",
        ),
        (
            b"\x80\x02)Q.",
            "a persistent identifier that is not of a storage",
        ),
        (b"\x80\x02N}b.", "an object with attributes"),
        (b"\x80\x02U\x01\xff.", "a text that is not UTF-8"),
    ] {
        let error = open_pickle(pickle).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        let error = error.to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("pytorch_model.bin`: unsupported"), "{error}");
    }
}

#[test]
fn damaged_pickles_are_errors() {
    for (pickle, expected) in [
        (&b""[..], "the pickle is cut short"),
        (b"\x80\x02", "the pickle is cut short"),
        (b"\x80\x02.", "the pickle takes more values than it has"),
        (b"\x80\x02\x87.", "the pickle takes more values than it has"),
        (
            b"\x80\x02N(\x85.",
            "the pickle takes more values than it has",
        ),
        (
            b"\x80\x02N(q\x01.",
            "the pickle takes more values than it has",
        ),
        (
            b"\x80\x02t.",
            "the pickle ends a list that it did not begin",
        ),
        (
            b"\x80\x02h\x05.",
            "the pickle recalls a value 5 that it does not have",
        ),
        (b"\x80\x02X\xff\xff\xff\xffa", "the pickle is cut short"),
        (b"\x80\x02\x8a\xff", "the pickle is cut short"),
        (b"\x80\x02cabc", "the pickle is cut short"),
    ] {
        assert_eq!(refusal(pickle), expected, "{pickle:?}");
    }
    // A list that contains itself, and a deep nesting.
    let itself = b"\x80\x02]q\x00h\x00a.";
    assert!(refusal(itself).contains("a list in place of a dictionary"));
    let deep = [&b"\x80\x02N"[..], &vec![0x85; 500_000], b"."].concat();
    assert!(refusal(&deep).contains("a tuple in place of a dictionary"));
    let many = [&b"\x80\x02"[..], &vec![b'N'; 2 << 20], b"."].concat();
    assert!(refusal(&many).contains("more than 1048576 values"));
    let marks = [&b"\x80\x02"[..], &vec![b'('; 2 << 20], b"."].concat();
    assert_eq!(refusal(&marks), "the pickle has too many marks");
}

#[test]
fn values_must_be_where_the_pickle_says() {
    let pickle = pickle_of(8, 0, &[8], &[1]);
    let deflated = open_bytes(&archive(&pickle, CompressionMethod::Deflated)).unwrap_err();
    assert!(
        deflated.to_string().contains("compressed values, data/0"),
        "{deflated}"
    );
    let elsewhere: Vec<u8> = pickle
        .iter()
        .map(|&byte| if byte == b'0' { b'7' } else { byte })
        .collect();
    assert_eq!(refusal(&elsewhere), "`data/7` is missing");
    for bytes in [
        &b"PK\x03\x04"[..],
        b"",
        b"\x80\x02",
        b"not a file of torch at all",
    ] {
        assert!(
            matches!(open_bytes(bytes), Err(Error::Weights { .. })),
            "{bytes:?}"
        );
    }
}

#[test]
fn edited_files_are_read_or_refused_without_a_panic() {
    for name in ["archive.bin", "legacy.bin"] {
        let whole = std::fs::read(fixture("weights").join(name)).unwrap();
        let mut opened = 0;
        for at in (0..whole.len()).step_by(3) {
            for change in [1u8, 0x80] {
                let mut bytes = whole.clone();
                bytes[at] ^= change;
                opened += usize::from(open_bytes(&bytes).is_ok());
            }
            if at % 7 == 0 {
                opened += usize::from(open_bytes(&whole[..at]).is_ok());
            }
        }
        assert!(opened > 0, "{name}: values may be anything");
    }
}
