use crate::weights::FloatFormat;

/// The place of a value in the [`Values`] of a pickle.
pub(super) type ValueId = usize;

/// A value of a pickle. Values that contain others have their places, so that a cycle or a deep nesting
/// is harmless.
#[derive(Clone, Debug)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    /// A number whose value does not matter here.
    Number,
    Text(String),
    Tuple(Vec<ValueId>),
    List(Vec<ValueId>),
    Dict(Vec<(ValueId, ValueId)>),
    Global(Global),
    Storage(Storage),
    Tensor(Tensor),
}

/// The functions and classes that a state dictionary refers to. None of them is ever called: each
/// stands for what the reader builds itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    StorageType(StorageType),
}

/// A type of values in a storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StorageType {
    /// The name of the class, without its module `torch`.
    pub(super) name: &'static str,
    /// The size of a value in bytes.
    pub(super) bytes: usize,
    /// The number format, or `None` if the values are not read.
    pub(super) format: Option<FloatFormat>,
}

/// Consecutive values in the file, which tensors share.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) key: String,
    pub(super) storage_type: StorageType,
    /// The number of values.
    pub(super) len: usize,
}

/// A tensor, as a view of a storage.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub(super) storage: Storage,
    /// The first value in the storage.
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    /// The distance between neighbors along each axis, in values.
    pub(super) steps: Vec<usize>,
}

/// The types of storages, by the names of their classes.
const STORAGE_TYPES: [StorageType; 11] = {
    const fn other(name: &'static str, bytes: usize) -> StorageType {
        StorageType {
            name,
            bytes,
            format: None,
        }
    }
    const fn float(name: &'static str, bytes: usize, format: FloatFormat) -> StorageType {
        StorageType {
            name,
            bytes,
            format: Some(format),
        }
    }
    [
        float("FloatStorage", 4, FloatFormat::F32),
        float("HalfStorage", 2, FloatFormat::F16),
        float("BFloat16Storage", 2, FloatFormat::BF16),
        float("DoubleStorage", 8, FloatFormat::F64),
        other("LongStorage", 8),
        other("IntStorage", 4),
        other("ShortStorage", 2),
        other("CharStorage", 1),
        other("ByteStorage", 1),
        other("BoolStorage", 1),
        other("ComplexFloatStorage", 8),
    ]
};

impl Global {
    /// Returns what the name of a function or class stands for, or `None` if a state dictionary does
    /// not need it.
    pub(super) fn of(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("torch", _) => {
                let known = STORAGE_TYPES.iter().find(|known| known.name == name);
                known.copied().map(Self::StorageType)
            }
            _ => None,
        }
    }
}
