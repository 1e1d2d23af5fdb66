//! The forms of values, as the description of a parameter states them.

use std::fmt;

use serde_json::Value;
use utoipa::Number;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayItems, Object, Schema, SchemaType, Type};

/// The form of the value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Text,
    /// One of these texts.
    Choice(Vec<String>),
    Whole(Bounds),
    Number(Bounds),
    Flag,
    List(Box<Form>),
    /// Any JSON, which only a body can have.
    Any,
}

/// The numbers that are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bounds {
    least: Option<f64>,
    above: Option<f64>,
    most: Option<f64>,
}

impl Form {
    /// Returns the form that a schema describes.
    pub(super) fn of(schema: &RefOr<Schema>) -> Self {
        let RefOr::T(schema) = schema else {
            return Self::Any;
        };
        match schema {
            Schema::Array(array) => match &array.items {
                ArrayItems::RefOrSchema(items) => Self::List(Box::new(Self::of(items))),
                ArrayItems::False => Self::Any,
            },
            Schema::Object(object) => match &object.schema_type {
                SchemaType::Type(Type::String) => match &object.enum_values {
                    Some(names) => {
                        let names = names.iter().filter_map(Value::as_str);
                        Self::Choice(names.map(str::to_owned).collect())
                    }
                    None => Self::Text,
                },
                SchemaType::Type(Type::Integer) => Self::Whole(Bounds::of(object)),
                SchemaType::Type(Type::Number) => Self::Number(Bounds::of(object)),
                SchemaType::Type(Type::Boolean) => Self::Flag,
                _ => Self::Any,
            },
            _ => Self::Any,
        }
    }

    /// Reads a value that an address gives as a text.
    pub(super) fn read(&self, text: &str) -> Option<Value> {
        let value = match self {
            Self::Text | Self::Choice(_) | Self::Any => Value::from(text),
            Self::Whole(_) => Value::from(text.parse::<i64>().ok()?),
            // Numbers that are not finite become null, which is not a number.
            Self::Number(_) => Value::from(text.parse::<f64>().ok()?),
            Self::Flag => Value::from(text.parse::<bool>().ok()?),
            Self::List(_) => return None,
        };
        self.allows(&value).then_some(value)
    }

    /// Returns whether a value has the form.
    pub(super) fn allows(&self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Choice(names) => value
                .as_str()
                .is_some_and(|text| names.iter().any(|name| name == text)),
            Self::Whole(bounds) => (value.is_i64() || value.is_u64()) && bounds.allow(value),
            Self::Number(bounds) => bounds.allow(value),
            Self::Flag => value.is_boolean(),
            Self::List(form) => value
                .as_array()
                .is_some_and(|items| items.iter().all(|item| form.allows(item))),
            Self::Any => true,
        }
    }
}

impl fmt::Display for Form {
    /// Writes what is expected, such as `a whole number, at least 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text"),
            Self::Choice(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                write!(f, "one of {}", names.join(", "))
            }
            Self::Whole(bounds) => write!(f, "a whole number{bounds}"),
            Self::Number(bounds) => write!(f, "a number{bounds}"),
            Self::Flag => f.write_str("`true` or `false`"),
            Self::List(form) => write!(f, "a list, each item {form}"),
            Self::Any => f.write_str("a value"),
        }
    }
}

impl Bounds {
    fn of(object: &Object) -> Self {
        let number = |number: &Option<Number>| number.as_ref().map(number_of);
        Self {
            least: number(&object.minimum),
            above: number(&object.exclusive_minimum),
            most: number(&object.maximum),
        }
    }

    fn allow(self, value: &Value) -> bool {
        value.as_f64().is_some_and(|number| {
            self.least.is_none_or(|least| number >= least)
                && self.above.is_none_or(|above| number > above)
                && self.most.is_none_or(|most| number <= most)
        })
    }
}

impl fmt::Display for Bounds {
    /// Writes the bounds as they follow `a number`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.above, self.most) {
            (Some(least), _, Some(most)) => write!(f, " from {least} to {most}"),
            (Some(least), _, None) => write!(f, ", at least {least}"),
            (None, Some(above), _) => write!(f, " above {above}"),
            (None, None, Some(most)) => write!(f, ", at most {most}"),
            (None, None, None) => Ok(()),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bounds of parameters are small numbers"
)]
fn number_of(number: &Number) -> f64 {
    match number {
        Number::Int(number) => *number as f64,
        Number::UInt(number) => *number as f64,
        Number::Float(number) => *number,
    }
}
