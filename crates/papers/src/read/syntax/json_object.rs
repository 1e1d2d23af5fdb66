//! Access to the fields of a JSON object that leaves out values of a wrong type, with a remark.

use serde_json::Value;

use super::json_record::{Fields, type_name, wrong_type};
use super::loose_date::{date_in, date_of_milliseconds, known};
use super::missing_value::is_missing;
use super::year::year_in;
use crate::PartialDate;
use crate::read::notes::Notes;

/// A JSON object of a record, or within a record.
///
/// A field of a type that a paper cannot have there is left out with a remark, because a record whose other
/// fields are right is worth more than none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a> {
    fields: &'a Fields,
    notes: &'a Notes,
}

impl<'a> Object<'a> {
    pub(crate) fn new(fields: &'a Fields, notes: &'a Notes) -> Self {
        Self { fields, notes }
    }

    /// Returns the collection of what is left out of the record.
    pub(crate) fn notes(self) -> &'a Notes {
        self.notes
    }

    /// Returns the fields by name.
    pub(crate) fn fields(self) -> &'a Fields {
        self.fields
    }

    /// Returns the value of a field unless it is missing or null.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// Returns the text of a field: a string that is not blank, trimmed, or a number, or the first of a list of
    /// them.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        match text_of(value) {
            Ok(text) => text,
            Err(found) => {
                self.leave_out(name, found, "a text");
                None
            }
        }
    }

    /// Returns the text of the first of several fields that has one.
    pub(crate) fn first_text(self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name))
    }

    /// Returns the text of a field without which there is no paper, or an error if the field has another type.
    pub(crate) fn essential_text(self, name: &str) -> Result<Option<String>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => text_of(value).map_err(|found| wrong_type(name, found, "a string")),
        }
    }

    /// Returns the texts of a list, or of a field that is a single text.
    pub(crate) fn texts(self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for value in self.items(name) {
            match text_of(value) {
                Ok(text) => texts.extend(text),
                Err(found) => self.leave_out_item(name, found, "texts"),
            }
        }
        texts
    }

    /// Returns an object.
    pub(crate) fn object(self, name: &str) -> Option<Self> {
        match self.get(name)? {
            Value::Object(fields) => Some(Self::new(fields, self.notes)),
            other => {
                self.leave_out(name, other, "an object");
                None
            }
        }
    }

    /// Returns the objects of a list, or of a field that is a single object.
    pub(crate) fn objects(self, name: &str) -> Vec<Self> {
        let mut objects = Vec::new();
        for value in self.items(name) {
            match value {
                Value::Object(fields) => objects.push(Self::new(fields, self.notes)),
                other => self.leave_out_item(name, other, "objects"),
            }
        }
        objects
    }

    /// Returns the items of a list that are not null, or the value of a field that is not a list.
    pub(crate) fn items(self, name: &str) -> impl Iterator<Item = &'a Value> {
        let (list, single): (&[Value], _) = match self.get(name) {
            Some(Value::Array(list)) => (list, None),
            other => (&[], other),
        };
        let list = list.iter().filter(|item| !item.is_null());
        list.chain(single)
    }

    /// Returns a year: a whole number, or the first year in a text. A text that stands for a missing value is not a
    /// year.
    pub(crate) fn year(self, name: &str) -> Option<i32> {
        let value = self.get(name)?;
        let year = match value {
            Value::Number(number) => whole_number(&number.to_string()),
            Value::String(text) if is_missing(text) => return None,
            Value::String(text) => whole_number(text.trim()).or_else(|| year_in(text)),
            _ => None,
        };
        if year.is_none() {
            self.remark_value(name, value, "a year such as 2017");
        }
        year
    }

    /// Returns a date: a text with one, a year, or milliseconds since 1970.
    pub(crate) fn date(self, name: &str) -> Option<PartialDate> {
        let value = self.get(name)?;
        let date = match value {
            Value::String(text) if is_missing(text) => return None,
            Value::String(text) => date_in(text),
            Value::Number(number) => date_of_number(number.as_f64()?),
            _ => None,
        };
        if date.is_none() {
            self.remark_value(name, value, "a date such as 2017-06-12");
        }
        date
    }

    /// Returns the date of the first of several fields that has one.
    pub(crate) fn first_date(self, names: &[&str]) -> Option<PartialDate> {
        names.iter().find_map(|name| self.date(name))
    }

    /// Remarks that the value of a field was left out.
    pub(crate) fn remark_value(self, name: &str, value: &Value, expected: &str) {
        let mut shown = value.to_string();
        if shown.len() > 200 {
            shown.truncate(shown.floor_char_boundary(200));
            shown.push('…');
        }
        self.notes.remark(format!(
            "`{name}` is {shown}, which was left out, expected {expected}"
        ));
    }

    fn leave_out(self, name: &str, found: &Value, expected: &str) {
        let found = type_name(found);
        self.notes.remark(format!(
            "`{name}` is {found}, which was left out, expected {expected}"
        ));
    }

    /// Remarks that an item of a list was left out.
    pub(crate) fn leave_out_item(self, name: &str, found: &Value, expected: &str) {
        let found = type_name(found);
        self.notes.remark(format!(
            "`{name}` holds {found}, which was left out, expected {expected}"
        ));
    }
}

/// Returns the text of a value, or `None` if it is blank. The error is a part of the value that is no text.
fn text_of(value: &Value) -> Result<Option<String>, &Value> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.trim())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)),
        Value::Number(number) => {
            // Data frames turn integers into floating-point numbers if some are missing.
            let text = number.to_string();
            Ok(Some(text.strip_suffix(".0").unwrap_or(&text).to_owned()))
        }
        Value::Array(list) => {
            for item in list {
                if !item.is_array()
                    && let Some(text) = text_of(item)?
                {
                    return Ok(Some(text));
                }
            }
            Ok(None)
        }
        Value::Bool(_) | Value::Object(_) => Err(value),
    }
}

/// Parses a number without a fraction, such as `2017` or `2017.0`, which data frames make of the years of all
/// records if one record has no year.
fn whole_number(text: &str) -> Option<i32> {
    let digits = text.split_once('.').map_or(text, |(digits, fraction)| {
        let is_zero = !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
        if is_zero { digits } else { text }
    });
    digits.parse().ok()
}

/// Returns the date of a number: a year, `20170612`, or milliseconds since 1970.
fn date_of_number(number: f64) -> Option<PartialDate> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    let whole = (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64)?;
    match whole {
        -9999..=9999 => known(i32::try_from(whole).ok()?, None, None),
        // From 1000-01-01 to 2999-12-31.
        10_000_101..=29_991_231 => date_in(&whole.to_string()),
        _ if whole.abs() > 10_000_000_000 => date_of_milliseconds(whole),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_another_type_are_converted_or_left_out_with_a_remark() {
        let value: Value = serde_json::from_str(
            r#"{"text": " a ", "blank": " ", "number": 12.0, "list": [null, "b", "c"], "flag": true,
            "one": {"x": 1}, "some": [{"x": 1}, null, 3], "date": "12 June 2017", "day": 1497225600000,
            "year": 2017, "never": "soon", "compact": 20170612}"#,
        )
        .unwrap();
        let Value::Object(fields) = value else {
            panic!("expected an object")
        };
        let notes = Notes::default();
        let object = Object::new(&fields, &notes);
        let text = |name: &str| object.text(name).unwrap_or_default();
        assert_eq!(
            (text("text"), text("number")),
            ("a".to_owned(), "12".to_owned())
        );
        assert_eq!((text("list"), object.text("blank")), ("b".to_owned(), None));
        assert_eq!(object.texts("list"), ["b", "c"]);
        assert_eq!(object.texts("text"), ["a"]);
        assert_eq!(
            (object.objects("some").len(), object.objects("one").len()),
            (1, 1)
        );
        let date = |name: &str| object.date(name).map(|date| date.to_string());
        for name in ["date", "day", "compact"] {
            assert_eq!(date(name).as_deref(), Some("2017-06-12"));
        }
        assert_eq!(
            (date("year").as_deref(), date("never")),
            (Some("2017"), None)
        );
        assert_eq!(
            (object.text("flag"), object.essential_text("text")),
            (None, Ok(Some("a".to_owned())))
        );
        assert_eq!(
            object.essential_text("one"),
            Err("`one` is an object, expected a string".to_owned())
        );
        notes.finish_record(crate::RecordLocation::Line(1));
        let remarks: Vec<String> = notes
            .take_remarks()
            .into_iter()
            .map(|remark| remark.text)
            .collect();
        assert_eq!(
            remarks,
            [
                "`some` holds a number, which was left out, expected objects",
                "`never` is \"soon\", which was left out, expected a date such as 2017-06-12",
                "`flag` is a truth value, which was left out, expected a text",
            ]
        );
    }
}
