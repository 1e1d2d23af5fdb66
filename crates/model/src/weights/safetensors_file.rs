//! Files in the safetensors format (<https://github.com/huggingface/safetensors>).

use std::io::Read;
use std::path::Path;

use safetensors::tensor::Metadata;

use super::tensor_file::{StoredTensor, TensorFile};
use crate::{Error, Result, regular_file};

/// The greatest length of the header in bytes. The safetensors specification allows 100 MB; a header
/// has about 100 bytes for each tensor, so this is room for more than 100,000 tensors.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// Opens a file and reads its header.
pub(super) fn open(path: &Path) -> Result<TensorFile> {
    let (mut file, status) = regular_file::open(path)?;
    let bytes = status.len();
    let broken = |source: &str| Error::Weights {
        path: path.to_owned(),
        bytes,
        source: source.into(),
    };
    let mut length = [0; 8];
    file.read_exact(&mut length)
        .map_err(|_| broken("the header is cut short"))?;
    let length = u64::from_le_bytes(length);
    if length > bytes.saturating_sub(8) {
        return Err(broken("the header is cut short"));
    }
    if length > MAX_HEADER_BYTES {
        let limit = format!("the header has {length} bytes, expected at most {MAX_HEADER_BYTES}");
        return Err(broken(&limit));
    }
    let mut header = Vec::new();
    file.take(length)
        .read_to_end(&mut header)
        .map_err(Error::io("read", path))?;
    let metadata: Metadata = serde_json::from_slice(&header).map_err(|source| Error::Weights {
        path: path.to_owned(),
        bytes,
        source: source.into(),
    })?;
    let data_offset = 8 + length;
    let expected = data_offset + metadata.data_len() as u64;
    if expected != bytes {
        return Err(broken(&format!("the header speaks of {expected} bytes")));
    }
    let stored = |(name, info): (String, &safetensors::tensor::TensorInfo)| {
        let tensor = StoredTensor {
            dtype: info.dtype,
            shape: info.shape.clone(),
            start: data_offset + info.data_offsets.0 as u64,
            strides: None,
        };
        (name, tensor)
    };
    Ok(TensorFile {
        path: path.to_owned(),
        bytes,
        content_bytes: bytes - data_offset,
        tensors: metadata.tensors().into_iter().map(stored).collect(),
    })
}
