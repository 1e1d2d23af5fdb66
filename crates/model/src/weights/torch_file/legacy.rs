//! Files of PyTorch before 1.6: a magic number, a version, the properties of the machine, the dictionary
//! and the keys of its storages, each in a pickle, and then the values of each storage.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::pickle::{self, Refusal, broken};
use super::value::{Storage, Value};
use super::{MAX_PICKLE_BYTES, StoragePlace, place_tensors};
use crate::weights::tensor_file::StoredTensor;

/// The pickle of the magic number, in protocol 2.
const MAGIC: [u8; 15] = *b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// The version of the format.
const PROTOCOL: i64 = 1001;

/// Reads the pickles of a file, and finds the tensors in it.
pub(super) fn read(mut file: &File) -> pickle::Result<BTreeMap<String, StoredTensor>> {
    let failed = |error: std::io::Error| Refusal::Broken(error.to_string());
    let bytes = file.seek(SeekFrom::End(0)).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut start = Vec::new();
    file.take(MAX_PICKLE_BYTES)
        .read_to_end(&mut start)
        .map_err(failed)?;
    let Some(rest) = start.strip_prefix(&MAGIC) else {
        return broken("the file is not one that `torch.save` writes");
    };
    let (protocol, rest) = pickle::read(rest)?;
    if !matches!(protocol.root(), Value::Int(PROTOCOL)) {
        return broken(format!("the version of the format is not {PROTOCOL}"));
    }
    let (machine, rest) = pickle::read(rest)?;
    if !matches!(
        machine.entry(machine.root(), "little_endian"),
        Some(Value::Bool(true))
    ) {
        return Err(Refusal::Unsupported("big-endian values".to_owned()));
    }
    let (dictionary, rest) = pickle::read(rest)?;
    let (keys, rest) = pickle::read(rest)?;
    let tensors = dictionary.tensors()?;
    let Some(keys) = keys.texts(keys.root()) else {
        return broken("the keys of the storages are not texts");
    };
    let storages: BTreeMap<&str, &Storage> = tensors
        .values()
        .map(|tensor| (tensor.storage.key.as_str(), &tensor.storage))
        .collect();
    let mut at = (start.len() - rest.len()) as u64;
    let mut places = BTreeMap::new();
    for key in keys {
        let Some(storage) = storages.get(key) else {
            return broken(format!("no tensor has values in the storage `{key}`"));
        };
        let len = storage_len(storage)?;
        // The number of values precedes them.
        let place = StoragePlace {
            start: at.saturating_add(8),
            bytes: len,
        };
        at = place.start.saturating_add(len);
        if at > bytes {
            return broken("the values are cut short");
        }
        places.insert(key.to_owned(), place);
    }
    let find = |key: &str| match places.get(key) {
        Some(&place) => Ok(place),
        None => broken(format!("the storage `{key}` is missing")),
    };
    place_tensors(tensors, find)
}

/// Returns the length of a storage in bytes.
fn storage_len(storage: &Storage) -> pickle::Result<u64> {
    let len = (storage.len as u64).checked_mul(storage.value_bytes() as u64);
    len.map_or_else(|| broken("a storage is too long"), Ok)
}
