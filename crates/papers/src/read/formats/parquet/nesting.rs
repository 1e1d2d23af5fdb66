//! Nested values of a Parquet file, put together from columns of single values.
//!
//! A definition level tells how many of the optional and repeated types around a value are present, and a
//! repetition level which of the lists around it continues, as in Dremel (Melnik et al., 2010).

use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::schema::types::{ColumnDescriptor, Type};
use serde_json::{Map, Value};

/// The maximum number of types around a value.
const MAX_DEPTH: usize = 32;

/// The way from a column of the table to the values of one of its leaves.
pub(super) struct Nesting {
    steps: Vec<Step>,
    /// The position in each of the lists around the value, from the outermost on.
    positions: Vec<usize>,
}

/// A type around a value, or that of the value itself.
struct Step {
    kind: StepKind,
    /// The definition level from which on the step is present.
    level: i16,
}

enum StepKind {
    /// The type adds no JSON value of its own.
    Same,
    /// A field of an object.
    Key(String),
    /// An item of the list of this number, counted from the outermost list on.
    Item(usize),
}

impl Nesting {
    /// Returns the way to a leaf in the column `root`, or `None` if the values are nested too deeply.
    pub(super) fn of(root: &Type, leaf: &ColumnDescriptor) -> Option<Self> {
        let names = leaf.path().parts();
        if names.len() > MAX_DEPTH {
            return None;
        }
        let (mut steps, mut lists, mut level) = (Vec::new(), 0, 0);
        let mut node = root;
        // Whether the type is the content of a list, or the only field of such a type.
        let (mut is_list_content, mut is_element) = (false, true);
        for depth in 1..=names.len() {
            let info = node.get_basic_info();
            let repetition = if info.has_repetition() {
                info.repetition()
            } else {
                Repetition::REQUIRED
            };
            if !is_list_content && !is_element {
                let level = level + i16::from(repetition == Repetition::OPTIONAL);
                let kind = StepKind::Key(node.name().to_owned());
                steps.push(Step { kind, level });
            }
            level += i16::from(repetition != Repetition::REQUIRED);
            let kind = if repetition == Repetition::REPEATED {
                lists += 1;
                StepKind::Item(lists - 1)
            } else {
                StepKind::Same
            };
            steps.push(Step { kind, level });
            let Some(name) = names.get(depth) else { break };
            let child = children(node).iter().find(|child| child.name() == name)?;
            // A list is a group with a repeated type, which may itself be a group around the element.
            is_element = is_list_content
                && children(node).len() == 1
                && repetition == Repetition::REPEATED
                && !is_legacy_element(node);
            is_list_content = is_list(node) || is_map(node);
            node = child;
        }
        let positions = vec![0; lists];
        Some(Self { steps, positions })
    }

    /// Starts a row.
    pub(super) fn begin_row(&mut self) {
        self.positions.fill(0);
    }

    /// Continues the list of a repetition level, which is greater than 0.
    pub(super) fn next_item(&mut self, level: i16) {
        let list = usize::try_from(level).unwrap_or_default().saturating_sub(1);
        if let Some((position, inner)) = self
            .positions
            .get_mut(list..)
            .and_then(<[usize]>::split_first_mut)
        {
            *position += 1;
            inner.fill(0);
        }
    }

    /// Puts a value at its place in the value of the column, and returns the number of lists and objects that this
    /// adds.
    pub(super) fn place(&self, column: &mut Value, level: i16, value: Value) -> usize {
        let mut node = column;
        let mut added = 0;
        for step in &self.steps {
            match &step.kind {
                StepKind::Same => {}
                StepKind::Key(name) => {
                    if !node.is_object() {
                        *node = Value::Object(Map::new());
                        added += 1;
                    }
                    let Value::Object(fields) = node else {
                        return added;
                    };
                    if !fields.contains_key(name) {
                        added += 1;
                    }
                    node = fields.entry(name.as_str()).or_insert(Value::Null);
                }
                StepKind::Item(list) => {
                    if !node.is_array() {
                        *node = Value::Array(Vec::new());
                        added += 1;
                    }
                    let Value::Array(items) = node else {
                        return added;
                    };
                    if level < step.level {
                        return added;
                    }
                    let at = self.positions.get(*list).copied().unwrap_or_default();
                    if items.len() <= at {
                        items.resize(at + 1, Value::Null);
                    }
                    node = &mut items[at];
                }
            }
            if level < step.level {
                return added;
            }
        }
        *node = value;
        added
    }
}

fn children(node: &Type) -> &[std::sync::Arc<Type>] {
    if node.is_group() {
        node.get_fields()
    } else {
        &[]
    }
}

fn is_list(node: &Type) -> bool {
    let info = node.get_basic_info();
    info.converted_type() == ConvertedType::LIST
        || info.logical_type_ref() == Some(&LogicalType::List)
}

fn is_map(node: &Type) -> bool {
    let info = node.get_basic_info();
    let converted = [ConvertedType::MAP, ConvertedType::MAP_KEY_VALUE];
    converted.contains(&info.converted_type()) || info.logical_type_ref() == Some(&LogicalType::Map)
}

/// Returns whether the repeated type of a list is the element itself although it has one field only, as older
/// programs write it.
fn is_legacy_element(node: &Type) -> bool {
    node.name() == "array" || node.name().ends_with("_tuple")
}

/// Returns whether a type contains maps.
pub(super) fn has_maps(node: &Type) -> bool {
    is_map(node) || children(node).iter().any(|child| has_maps(child))
}

/// Turns lists of keys and values into objects.
pub(super) fn with_maps(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let is_entry = |item: &Value| {
                item.as_object().is_some_and(|entry| {
                    entry.get("key").is_some_and(Value::is_string)
                        && entry.keys().all(|key| key == "key" || key == "value")
                })
            };
            if items.is_empty() || !items.iter().all(is_entry) {
                return Value::Array(items.into_iter().map(with_maps).collect());
            }
            let mut fields = Map::new();
            for item in items {
                if let Value::Object(mut entry) = item
                    && let Some(Value::String(key)) = entry.remove("key")
                {
                    let value = entry.remove("value").unwrap_or_default();
                    fields.insert(key, with_maps(value));
                }
            }
            Value::Object(fields)
        }
        Value::Object(fields) => {
            let fields = fields.into_iter();
            Value::Object(
                fields
                    .map(|(name, value)| (name, with_maps(value)))
                    .collect(),
            )
        }
        other => other,
    }
}
