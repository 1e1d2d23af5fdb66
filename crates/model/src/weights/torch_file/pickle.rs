//! Pickles as `torch.save` writes them for state dictionaries, in protocol 2.
//!
//! A pickle is a program for a machine with a stack (Python's `pickletools` documents the opcodes). This
//! machine knows the opcodes that lists, dictionaries, numbers, texts and tensors need. A pickle may name
//! any function and have it called; here a name is looked up in a short list, and whatever is not there is
//! refused by its name. Nothing is ever executed.

use std::collections::{BTreeMap, HashMap};

use super::value::{Global, Storage, Tensor, Value, ValueId};

/// The greatest number of values, and of places on the stack. A tensor takes about 20.
const MAX_VALUES: usize = 1 << 20;

/// The greatest number of axes of a tensor.
const MAX_AXES: usize = 16;

/// Why a pickle is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The bytes are not a pickle, or are cut short.
    Broken(String),
    /// The pickle has something that a dictionary of tensors does not need.
    Unsupported(String),
}

pub(super) type Result<T> = std::result::Result<T, Refusal>;

pub(super) fn broken<T>(reason: impl Into<String>) -> Result<T> {
    Err(Refusal::Broken(reason.into()))
}

fn unsupported<T>(what: impl Into<String>) -> Result<T> {
    Err(Refusal::Unsupported(what.into()))
}

/// The values of a pickle.
#[derive(Debug)]
pub(super) struct Values {
    all: Vec<Value>,
    root: ValueId,
}

impl Values {
    /// Returns the value that the pickle is of.
    pub(super) fn root(&self) -> &Value {
        &self.all[self.root]
    }

    /// Returns the texts of a list of texts.
    pub(super) fn texts(&self, value: &Value) -> Option<Vec<&str>> {
        let Value::List(items) = value else {
            return None;
        };
        let text = |&item: &ValueId| match &self.all[item] {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        };
        items.iter().map(text).collect()
    }

    /// Returns the value of a dictionary with this key.
    pub(super) fn entry(&self, value: &Value, key: &str) -> Option<&Value> {
        let Value::Dict(entries) = value else {
            return None;
        };
        let has_key = |(k, _): &&(ValueId, ValueId)| matches!(&self.all[*k], Value::Text(text) if text == key);
        entries
            .iter()
            .rfind(has_key)
            .map(|&(_, value)| &self.all[value])
    }

    /// Returns the tensors of the pickle, which must be a dictionary from names to tensors.
    pub(super) fn tensors(self) -> Result<BTreeMap<String, Tensor>> {
        let Value::Dict(entries) = self.root() else {
            return unsupported(format!("{} in place of a dictionary", self.root().kind()));
        };
        let mut tensors = BTreeMap::new();
        for &(name, tensor) in entries {
            let Value::Text(name) = &self.all[name] else {
                return unsupported(format!("{} as the name of a tensor", self.all[name].kind()));
            };
            let Value::Tensor(tensor) = &self.all[tensor] else {
                let kind = self.all[tensor].kind();
                return unsupported(format!("{name}, which is {kind} and not a tensor"));
            };
            tensors.insert(name.clone(), tensor.clone());
        }
        Ok(tensors)
    }
}

impl Value {
    /// Describes the kind of the value.
    fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Number => "a number",
            Self::Text(_) => "a text",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Dict(_) => "a dictionary",
            Self::Global(_) => "a function or class",
            Self::Storage(_) => "a storage",
            Self::Tensor(_) => "a tensor",
        }
    }
}

/// Reads the pickle at the start of `bytes`, and returns its values with what follows it.
pub(super) fn read(bytes: &[u8]) -> Result<(Values, &[u8])> {
    let mut machine = Machine {
        input: bytes,
        all: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    let root = machine.run()?;
    let values = Values {
        all: machine.all,
        root,
    };
    Ok((values, machine.input))
}

struct Machine<'a> {
    /// What has not been read yet.
    input: &'a [u8],
    all: Vec<Value>,
    stack: Vec<ValueId>,
    /// The heights of the stack at which a mark was set.
    marks: Vec<usize>,
    memo: HashMap<u32, ValueId>,
}

impl Machine<'_> {
    /// Runs up to the end of the pickle, and returns its value.
    fn run(&mut self) -> Result<ValueId> {
        loop {
            let [opcode] = self.take()?;
            match opcode {
                b'.' => return self.pop(),
                0x80 => {
                    let [protocol] = self.take()?;
                    if protocol > 2 {
                        return unsupported(format!("the pickle protocol {protocol}"));
                    }
                }
                b'(' => {
                    if self.marks.len() >= MAX_VALUES {
                        return broken("the pickle has too many marks");
                    }
                    self.marks.push(self.stack.len());
                }
                b'N' => self.push(Value::None)?,
                0x88 => self.push(Value::Bool(true))?,
                0x89 => self.push(Value::Bool(false))?,
                b'J' => {
                    let value = i32::from_le_bytes(self.take()?);
                    self.push(Value::Int(value.into()))?;
                }
                b'K' => {
                    let [value] = self.take()?;
                    self.push(Value::Int(value.into()))?;
                }
                b'M' => {
                    let value = u16::from_le_bytes(self.take()?);
                    self.push(Value::Int(value.into()))?;
                }
                0x8a => self.long()?,
                b'G' => {
                    self.take::<8>()?;
                    self.push(Value::Number)?;
                }
                b'X' | b'T' => {
                    let len = u32::from_le_bytes(self.take()?);
                    self.text(len)?;
                }
                b'U' => {
                    let [len] = self.take()?;
                    self.text(len.into())?;
                }
                b')' => self.push(Value::Tuple(Vec::new()))?,
                b't' => {
                    let items = self.pop_to_mark()?;
                    self.push(Value::Tuple(items))?;
                }
                0x85..=0x87 => {
                    let start = self.stack.len().checked_sub(usize::from(opcode - 0x84));
                    let Some(start) = start.filter(|&start| start >= self.floor()) else {
                        return broken("the pickle takes more values than it has");
                    };
                    let items = self.stack.split_off(start);
                    self.push(Value::Tuple(items))?;
                }
                b']' => self.push(Value::List(Vec::new()))?,
                b'}' => self.push(Value::Dict(Vec::new()))?,
                b'a' => {
                    let item = self.pop()?;
                    self.append(vec![item])?;
                }
                b'e' => {
                    let items = self.pop_to_mark()?;
                    self.append(items)?;
                }
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.insert(&[key, value])?;
                }
                b'u' => {
                    let items = self.pop_to_mark()?;
                    self.insert(&items)?;
                }
                b'q' => {
                    let [key] = self.take()?;
                    self.remember(key.into())?;
                }
                b'r' => {
                    let key = u32::from_le_bytes(self.take()?);
                    self.remember(key)?;
                }
                b'h' => {
                    let [key] = self.take()?;
                    self.recall(key.into())?;
                }
                b'j' => {
                    let key = u32::from_le_bytes(self.take()?);
                    self.recall(key)?;
                }
                b'c' => self.global()?,
                b'R' => self.reduce()?,
                b'b' => {
                    // The attributes of a dictionary: the versions of its modules.
                    self.pop()?;
                    let top = self.top()?;
                    if !matches!(self.all[top], Value::Dict(_)) {
                        return unsupported("an object with attributes");
                    }
                }
                b'Q' => self.storage()?,
                _ => return unsupported(format!("the opcode {opcode:#04x} of pickles")),
            }
        }
    }

    /// Takes bytes from the input.
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.input.split_first_chunk() {
            Some((bytes, rest)) => {
                self.input = rest;
                Ok(*bytes)
            }
            None => broken("the pickle is cut short"),
        }
    }

    fn take_slice(&mut self, len: usize) -> Result<&[u8]> {
        match self.input.split_at_checked(len) {
            Some((bytes, rest)) => {
                self.input = rest;
                Ok(bytes)
            }
            None => broken("the pickle is cut short"),
        }
    }

    /// Takes a text up to the end of the line.
    fn take_line(&mut self) -> Result<String> {
        let Some(end) = self.input.iter().position(|&byte| byte == b'\n') else {
            return broken("the pickle is cut short");
        };
        let line = self.take_slice(end)?;
        let line = String::from_utf8_lossy(line).into_owned();
        self.take::<1>()?;
        Ok(line)
    }

    fn push(&mut self, value: Value) -> Result<()> {
        if self.all.len() >= MAX_VALUES {
            return broken(format!("the pickle has more than {MAX_VALUES} values"));
        }
        self.all.push(value);
        self.push_id(self.all.len() - 1)
    }

    fn push_id(&mut self, id: ValueId) -> Result<()> {
        if self.stack.len() >= MAX_VALUES {
            return broken(format!("the stack has more than {MAX_VALUES} values"));
        }
        self.stack.push(id);
        Ok(())
    }

    /// Returns the height of the stack at the last mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<ValueId> {
        match self.stack.pop() {
            Some(id) if self.stack.len() >= self.floor() => Ok(id),
            _ => broken("the pickle takes more values than it has"),
        }
    }

    fn top(&self) -> Result<ValueId> {
        match self.stack.last() {
            Some(&id) if self.stack.len() > self.floor() => Ok(id),
            _ => broken("the pickle takes more values than it has"),
        }
    }

    fn pop_to_mark(&mut self) -> Result<Vec<ValueId>> {
        match self.marks.pop() {
            Some(mark) => Ok(self.stack.split_off(mark)),
            None => broken("the pickle ends a list that it did not begin"),
        }
    }

    /// Reads a long integer, which must fit 64 bits; the magic number of old files does not.
    fn long(&mut self) -> Result<()> {
        let [len] = self.take()?;
        let bytes = self.take_slice(len.into())?;
        let value = if bytes.len() <= 8 {
            let is_negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
            let mut wide = [if is_negative { 0xff } else { 0 }; 8];
            wide[..bytes.len()].copy_from_slice(bytes);
            Value::Int(i64::from_le_bytes(wide))
        } else {
            Value::Number
        };
        self.push(value)
    }

    fn text(&mut self, len: u32) -> Result<()> {
        let bytes = self.take_slice(len as usize)?;
        let Ok(text) = std::str::from_utf8(bytes) else {
            return unsupported("a text that is not UTF-8");
        };
        let text = Value::Text(text.to_owned());
        self.push(text)
    }

    fn append(&mut self, items: Vec<ValueId>) -> Result<()> {
        let top = self.top()?;
        match &mut self.all[top] {
            Value::List(list) => {
                list.extend(items);
                Ok(())
            }
            other => unsupported(format!("{} to which items are added", other.kind())),
        }
    }

    fn insert(&mut self, items: &[ValueId]) -> Result<()> {
        let top = self.top()?;
        let (pairs, rest) = items.as_chunks();
        match &mut self.all[top] {
            Value::Dict(entries) if rest.is_empty() => {
                entries.extend(pairs.iter().map(|&[key, value]| (key, value)));
                Ok(())
            }
            other => unsupported(format!("{} to which entries are added", other.kind())),
        }
    }

    fn remember(&mut self, key: u32) -> Result<()> {
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Result<()> {
        match self.memo.get(&key) {
            Some(&id) => self.push_id(id),
            None => broken(format!(
                "the pickle recalls a value {key} that it does not have"
            )),
        }
    }

    fn global(&mut self) -> Result<()> {
        let (module, name) = (self.take_line()?, self.take_line()?);
        if let Some(global) = Global::of(&module, &name) {
            self.push(Value::Global(global))
        } else {
            let name: String = format!("{module}.{name}").chars().take(200).collect();
            unsupported(format!("the function or class {name}"))
        }
    }

    /// Builds what a call of a function stands for.
    fn reduce(&mut self) -> Result<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let (Value::Tuple(arguments), Value::Global(function)) =
            (&self.all[arguments], &self.all[function])
        else {
            return unsupported("a call of something that is not a function");
        };
        let arguments: Vec<&Value> = arguments.iter().map(|&id| &self.all[id]).collect();
        let built = match (function, arguments[..].as_ref()) {
            (Global::OrderedDict, []) => Value::Dict(Vec::new()),
            (Global::RebuildTensor, [Value::Storage(storage), offset, shape, steps, ..])
                if arguments
                    .iter()
                    .skip(6)
                    .all(|more| matches!(more, Value::None)) =>
            {
                Value::Tensor(self.tensor(storage, offset, shape, steps)?)
            }
            (Global::RebuildParameter, [tensor @ Value::Tensor(_), ..]) => (*tensor).clone(),
            _ => return unsupported(format!("a call of {function:?} with other arguments")),
        };
        self.push(built)
    }

    fn tensor(
        &self,
        storage: &Storage,
        offset: &Value,
        shape: &Value,
        steps: &Value,
    ) -> Result<Tensor> {
        let size = |value: &Value| match value {
            Value::Int(value) => usize::try_from(*value).ok(),
            _ => None,
        };
        let sizes = |value: &Value| match value {
            Value::Tuple(items) if items.len() <= MAX_AXES => {
                items.iter().map(|&id| size(&self.all[id])).collect()
            }
            _ => None,
        };
        let (Some(offset), Some(shape), Some(steps)) = (size(offset), sizes(shape), sizes(steps))
        else {
            return unsupported("a tensor whose sizes are not whole numbers");
        };
        let tensor = Tensor {
            storage: storage.clone(),
            offset,
            shape,
            steps,
        };
        if tensor.steps.len() == tensor.shape.len() && tensor.fits() {
            Ok(tensor)
        } else {
            broken("a tensor exceeds its storage")
        }
    }

    /// Builds a storage from its persistent identifier:
    /// `("storage", type, key, device, number of values)`, and `None` in old files.
    fn storage(&mut self) -> Result<()> {
        let id = self.pop()?;
        let Value::Tuple(items) = &self.all[id] else {
            return unsupported("a persistent identifier that is not a tuple");
        };
        let items: Vec<&Value> = items.iter().map(|&id| &self.all[id]).collect();
        match items[..] {
            [
                Value::Text(kind),
                Value::Global(Global::StorageType(dtype)),
                Value::Text(key),
                Value::Text(_),
                Value::Int(len),
                ref views @ ..,
            ] if kind == "storage" && matches!(views, [] | [Value::None]) => {
                let Ok(len) = usize::try_from(*len) else {
                    return broken("a storage has a negative length");
                };
                self.push(Value::Storage(Storage {
                    key: key.clone(),
                    dtype: *dtype,
                    len,
                }))
            }
            _ => unsupported("a persistent identifier that is not of a storage"),
        }
    }
}
