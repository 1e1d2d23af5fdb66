//! Adapters of PEFT: low-rank changes of weights (LoRA, <https://arxiv.org/abs/2106.09685>).
//!
//! An adapter lies beside the weights or names a folder that has them. The changed weights are
//! `W + scale · B · A`; transformers computes the same sum at run time. What an adapter may do besides is
//! refused by name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::BASE_PREFIXES;
use super::member::TensorSet;
use super::tensor_file::{StoredTensor, TensorFile};
use super::unread::is_harmless;
use crate::{Error, Result, regular_file};

mod config;

use config::AdapterConfig;
pub(super) use config::base_model;

/// What precedes the names of modules in an adapter.
const PREFIX: &str = "base_model.model.";

/// The names of an adapter's weights, in the order in which transformers looks for them.
const WEIGHTS: [&str; 2] = ["adapter_model.safetensors", "adapter_model.bin"];

/// The ends of the names of the two factors of a change, for linear layers and for embeddings.
const LINEAR: [&str; 2] = [".lora_A.weight", ".lora_B.weight"];
const EMBEDDING: [&str; 2] = [".lora_embedding_A", ".lora_embedding_B"];

/// An adapter, whose tensors have been assigned to those of the weights.
#[derive(Debug)]
pub(super) struct Adapter {
    sources: [PathBuf; 2],
    tensors: TensorSet,
    /// By the names of the tensors that they change.
    changes: BTreeMap<String, Change>,
    /// The names of the adapter's tensors that replace others, by the names of those.
    replacements: BTreeMap<String, String>,
}

/// A change of low rank.
#[derive(Debug)]
struct Change {
    /// The names of the factors.
    factors: [String; 2],
    is_embedding: bool,
    rank: usize,
    scale: f32,
}

/// The values that are added to a tensor: `scale · left · right`.
#[derive(Debug)]
pub(super) struct Delta {
    /// `[rows, rank]`.
    left: Vec<f32>,
    /// `[rank, columns]`.
    right: Vec<f32>,
    rank: usize,
    columns: usize,
    scale: f32,
}

impl Adapter {
    /// Reads the settings in the file `config` and assigns the tensors beside it to those of `base`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Unsupported`] if the settings have something other than LoRA, and
    /// [`Error::Tensor`] for a tensor that changes nothing in `base`.
    pub(super) fn open(config: &Path, base: &TensorSet) -> Result<Self> {
        let settings = AdapterConfig::read(config)?;
        let folder = config.parent().unwrap_or(Path::new(""));
        let path = WEIGHTS.map(|name| folder.join(name));
        let path = path
            .iter()
            .find(|path| path.exists())
            .unwrap_or(&path[0])
            .clone();
        regular_file::require(
            &path,
            "the weights of the adapter that `adapter_config.json` describes",
        )?;
        let tensors = TensorSet::open([path.clone()])?;
        let mut changes = BTreeMap::new();
        let mut replacements = BTreeMap::new();
        for name in tensors.names() {
            let unused = |found: &str| {
                Error::Tensor {
                path: path.clone(),
                tensor: name.to_owned(),
                found: found.to_owned(),
                expected: "factors `lora_A` and `lora_B` for the modules of `target_modules`, and tensors \
                           that the model has"
                    .to_owned(),
            }
            };
            let plain = name.strip_prefix(PREFIX).unwrap_or(name);
            if let Some((module, is_embedding)) = module_of(plain) {
                let other = name_of_other_factor(name);
                if !tensors.has(&other) {
                    return Err(unused(&format!("it without `{other}`")));
                }
                let is_matrix = |name: &String| {
                    base.get(name)
                        .is_some_and(|(_, tensor)| tensor.shape.len() == 2)
                };
                let target = name_in_base(base, &format!("{module}.weight")).filter(is_matrix);
                let Some(target) = target.filter(|_| settings.has_target(module)) else {
                    return Err(unused("a change of something else"));
                };
                let [first, second] = if is_embedding { EMBEDDING } else { LINEAR };
                let stem = name
                    .strip_suffix(first)
                    .or_else(|| name.strip_suffix(second));
                let stem = stem.unwrap_or(name);
                let rank = settings.rank(module)?;
                let change = Change {
                    factors: [format!("{stem}{first}"), format!("{stem}{second}")],
                    is_embedding,
                    rank,
                    scale: settings.scale(module, rank)?,
                };
                changes.insert(target, change);
            } else if let Some(target) = name_in_base(base, plain) {
                if replacements.insert(target, name.to_owned()).is_some() {
                    return Err(unused("a second replacement of a tensor"));
                }
            } else if !is_harmless(plain) {
                return Err(unused("a tensor that the model does not have"));
            }
        }
        Ok(Self {
            sources: [config.to_owned(), path],
            tensors,
            changes,
            replacements,
        })
    }

    /// Returns the files that the adapter consists of.
    pub(super) fn sources(&self) -> impl Iterator<Item = PathBuf> {
        self.sources.clone().into_iter()
    }

    /// Returns the tensor that replaces the tensor `name` of the weights, with its file.
    pub(super) fn replacement(&self, name: &str) -> Option<(&TensorFile, &StoredTensor)> {
        self.tensors.get(self.replacements.get(name)?)
    }

    /// Reads what is added to the tensor `name` of the weights, which has this shape.
    pub(super) fn delta(&self, name: &str, shape: &[usize]) -> Result<Option<Delta>> {
        let (Some(change), &[rows, columns]) = (self.changes.get(name), shape) else {
            return Ok(None);
        };
        let rank = change.rank;
        let [a, b] = &change.factors;
        let (left, right) = if change.is_embedding {
            let a = self.factor(a, [rank, rows])?;
            let b = self.factor(b, [columns, rank])?;
            (transposed(&a, rows), transposed(&b, rank))
        } else {
            (
                self.factor(b, [rows, rank])?,
                self.factor(a, [rank, columns])?,
            )
        };
        Ok(Some(Delta {
            left,
            right,
            rank,
            columns,
            scale: change.scale,
        }))
    }

    /// Reads a factor of a change.
    fn factor(&self, name: &str, shape: [usize; 2]) -> Result<Vec<f32>> {
        let Some((file, tensor)) = self.tensors.get(name) else {
            return Err(Error::Tensor {
                path: self.sources[1].clone(),
                tensor: name.to_owned(),
                found: "nothing".to_owned(),
                expected: format!("shape {shape:?}"),
            });
        };
        let format = tensor.float(file, name, &shape)?;
        let mut values = vec![0.0; shape[0] * shape[1]];
        file.read_values(tensor, format, &mut values)?;
        Ok(values)
    }
}

impl Delta {
    /// Adds to `values`, the first of which is at `position` of the tensor.
    ///
    /// Sums are in f32 and in the order of the rank, so they are the same on every machine.
    pub(super) fn add(&self, position: usize, values: &mut [f32]) {
        let mut sums = vec![0.0f32; self.columns.min(values.len())];
        let mut done = 0;
        while done < values.len() {
            let (row, column) = (
                (position + done) / self.columns,
                (position + done) % self.columns,
            );
            let len = (self.columns - column).min(values.len() - done);
            let sums = &mut sums[..len];
            sums.fill(0.0);
            let left = &self.left[row * self.rank..][..self.rank];
            for (&factor, right) in left.iter().zip(self.right.chunks_exact(self.columns)) {
                for (sum, x) in sums.iter_mut().zip(&right[column..column + len]) {
                    *sum += factor * x;
                }
            }
            for (value, sum) in values[done..done + len].iter_mut().zip(sums) {
                *value += self.scale * *sum;
            }
            done += len;
        }
    }
}

/// Returns the module that a factor changes, and whether it is one of embeddings.
fn module_of(name: &str) -> Option<(&str, bool)> {
    let of = |ends: [&str; 2]| ends.into_iter().find_map(|end| name.strip_suffix(end));
    of(LINEAR)
        .map(|module| (module, false))
        .or_else(|| of(EMBEDDING).map(|module| (module, true)))
}

/// Returns the name of the factor that belongs to the factor `name`.
fn name_of_other_factor(name: &str) -> String {
    for [first, second] in [LINEAR, EMBEDDING] {
        for (own, other) in [(first, second), (second, first)] {
            if let Some(stem) = name.strip_suffix(own) {
                return format!("{stem}{other}");
            }
        }
    }
    name.to_owned()
}

/// Returns the name in `base` of a tensor of a module, where either name may have a prefix that the other
/// lacks.
fn name_in_base(base: &TensorSet, name: &str) -> Option<String> {
    if base.has(name) {
        return Some(name.to_owned());
    }
    let with = |prefix: &&str| Some(format!("{prefix}{name}")).filter(|name| base.has(name));
    let without = |prefix: &&str| {
        let name = name.strip_prefix(prefix)?;
        base.has(name).then(|| name.to_owned())
    };
    BASE_PREFIXES
        .iter()
        .find_map(|prefix| with(prefix).or_else(|| without(prefix)))
}

/// Returns a matrix with `columns` columns, with rows and columns exchanged.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    let column = |column| values.iter().skip(column).step_by(columns).copied();
    (0..columns).flat_map(column).collect()
}
