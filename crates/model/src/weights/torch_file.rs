//! Files that `torch.save` wrote: an archive in the ZIP format with a pickle, or, before PyTorch 1.6,
//! pickles followed by the values.
//!
//! The values are where the archive stores them without compression, so they are read in blocks like
//! those of a safetensors file.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::tensor_file::{StoredTensor, Strides, TensorFile};
use crate::{Error, Result, regular_file};

mod legacy;
mod pickle;
mod value;

use pickle::{Refusal, broken};
use value::Tensor;

/// The greatest length of the pickle in bytes; one of 1,000 tensors has about 100,000.
const MAX_PICKLE_BYTES: u64 = 16 << 20;

/// A storage in the file.
#[derive(Clone, Copy, Debug)]
struct StoragePlace {
    start: u64,
    /// The length in bytes.
    bytes: u64,
}

/// Opens a file and reads its pickle. Nothing in it is executed.
pub(super) fn open(path: &Path) -> Result<TensorFile> {
    let (file, status) = regular_file::open(path)?;
    let bytes = status.len();
    let mut magic = Vec::new();
    (&file)
        .take(4)
        .read_to_end(&mut magic)
        .map_err(Error::io("read", path))?;
    let tensors = if magic == *b"PK\x03\x04" {
        read_archive(&file)
    } else {
        legacy::read(&file)
    };
    let tensors = tensors.map_err(|refusal| match refusal {
        Refusal::Broken(reason) => Error::Weights {
            path: path.to_owned(),
            bytes,
            source: reason.into(),
        },
        Refusal::Unsupported(found) => Error::Unsupported {
            path: path.to_owned(),
            field: "contents".to_owned(),
            found,
            expected:
                "a dictionary of tensors alone, as `torch.save` writes it; save the model as \
                       `model.safetensors` instead"
                    .to_owned(),
        },
    })?;
    Ok(TensorFile {
        path: path.to_owned(),
        bytes,
        content_bytes: bytes,
        tensors,
    })
}

/// Reads the pickle of an archive, and finds the tensors in the file.
fn read_archive(file: &std::fs::File) -> pickle::Result<BTreeMap<String, StoredTensor>> {
    let invalid = |error: zip::result::ZipError| Refusal::Broken(error.to_string());
    let mut archive = ZipArchive::new(std::io::BufReader::new(file)).map_err(invalid)?;
    let mut folder = None;
    let mut places = BTreeMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(invalid)?;
        let name = entry.name().map_err(invalid)?.into_owned();
        let Some((top, name)) = name.split_once('/') else {
            continue;
        };
        if *folder.get_or_insert_with(|| top.to_owned()) != *top {
            return broken("the archive has several folders");
        }
        let is_stored = entry.compression() == CompressionMethod::Stored && !entry.encrypted();
        let place = entry.data_start().filter(|_| is_stored);
        let place = place.map(|start| StoragePlace {
            start,
            bytes: entry.size(),
        });
        places.insert(name.to_owned(), place);
    }
    let folder = folder.unwrap_or_default();
    let mut contents = |name: &str, limit: u64| -> pickle::Result<Vec<u8>> {
        let entry = archive
            .by_name(&format!("{folder}/{name}"))
            .map_err(|error| Refusal::Broken(format!("`{name}`: {error}")))?;
        let mut contents = Vec::new();
        let read = entry.take(limit + 1).read_to_end(&mut contents);
        read.map_err(|error| Refusal::Broken(format!("`{name}`: {error}")))?;
        if contents.len() as u64 > limit {
            return broken(format!("`{name}` has more than {limit} bytes"));
        }
        Ok(contents)
    };
    if places.contains_key("byteorder") && contents("byteorder", 16)? != b"little" {
        return Err(Refusal::Unsupported("big-endian values".to_owned()));
    }
    let (values, _) = pickle::read(&contents("data.pkl", MAX_PICKLE_BYTES)?)?;
    place_tensors(values.tensors()?, |key| {
        match places.get(&format!("data/{key}")) {
            Some(&Some(place)) => Ok(place),
            Some(None) => Err(Refusal::Unsupported(format!(
                "compressed values, data/{key}"
            ))),
            None => broken(format!("`data/{key}` is missing")),
        }
    })
}

/// Returns where the values of tensors are in the file, with the place of each storage by its key.
fn place_tensors(
    tensors: BTreeMap<String, Tensor>,
    place: impl Fn(&str) -> pickle::Result<StoragePlace>,
) -> pickle::Result<BTreeMap<String, StoredTensor>> {
    let mut placed = BTreeMap::new();
    for (name, tensor) in tensors {
        let storage = &tensor.storage;
        let StoragePlace { start, bytes } = place(&storage.key)?;
        let size = storage.value_bytes();
        if (storage.len as u64)
            .checked_mul(size as u64)
            .is_none_or(|needed| needed > bytes)
        {
            return broken(format!("the values of `{name}` are cut short"));
        }
        let stored = StoredTensor {
            dtype: storage.dtype,
            start: start + (tensor.offset * size) as u64,
            strides: strides(&tensor),
            shape: tensor.shape,
        };
        placed.insert(name, stored);
    }
    Ok(placed)
}

/// Returns the layout of a tensor, or `None` if it is row-major without gaps.
fn strides(tensor: &Tensor) -> Option<Strides> {
    if tensor.shape.contains(&0) {
        return None;
    }
    let mut expected = 1;
    let mut is_row_major = true;
    for (&len, &step) in tensor.shape.iter().zip(&tensor.steps).rev() {
        is_row_major &= len == 1 || step == expected;
        expected *= len;
    }
    if is_row_major {
        return None;
    }
    Some(Strides {
        steps: tensor.steps.clone(),
        span: tensor.span()?,
    })
}

#[cfg(test)]
mod tests;
