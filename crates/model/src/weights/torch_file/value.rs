use safetensors::Dtype;

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
    StorageType(Dtype),
}

/// Consecutive values in the file, which tensors share.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) key: String,
    pub(super) dtype: Dtype,
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

impl Tensor {
    /// Returns the number of values from the first to the last one in the storage, both included.
    pub(super) fn span(&self) -> Option<usize> {
        let mut axes = self.shape.iter().zip(&self.steps);
        axes.try_fold(1usize, |span, (&len, &step)| {
            span.checked_add(len.checked_sub(1)?.checked_mul(step)?)
        })
    }

    /// Returns whether all values are in the storage, and not more of them than the storage has, which a
    /// step of 0 would allow.
    pub(super) fn fits(&self) -> bool {
        let count = self
            .shape
            .iter()
            .try_fold(1usize, |count, &len| count.checked_mul(len));
        match count {
            Some(0) => self.offset <= self.storage.len,
            Some(count) if count <= self.storage.len => {
                let end = self.span().and_then(|span| span.checked_add(self.offset));
                end.is_some_and(|end| end <= self.storage.len)
            }
            _ => false,
        }
    }
}

/// The types of storages, by the names of their classes.
const STORAGE_TYPES: [(&str, Dtype); 11] = [
    ("FloatStorage", Dtype::F32),
    ("HalfStorage", Dtype::F16),
    ("BFloat16Storage", Dtype::BF16),
    ("DoubleStorage", Dtype::F64),
    ("LongStorage", Dtype::I64),
    ("IntStorage", Dtype::I32),
    ("ShortStorage", Dtype::I16),
    ("CharStorage", Dtype::I8),
    ("ByteStorage", Dtype::U8),
    ("BoolStorage", Dtype::BOOL),
    ("ComplexFloatStorage", Dtype::C64),
];

impl Storage {
    /// Returns the size of a value in bytes.
    pub(super) fn value_bytes(&self) -> usize {
        self.dtype.bitsize() / 8
    }
}

impl Global {
    /// Returns what the name of a function or class stands for, or `None` if a state dictionary does
    /// not need it.
    pub(super) fn of(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("torch", _) => {
                let known = STORAGE_TYPES.iter().find(|(known, _)| *known == name);
                known.map(|&(_, dtype)| Self::StorageType(dtype))
            }
            _ => None,
        }
    }
}
