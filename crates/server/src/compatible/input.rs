//! The texts of a request: one, or a list.

use std::fmt;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use utoipa::ToSchema;

/// The texts of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// One text or several.
    Texts(Vec<String>),
    /// Token ids, which belong to the tokenizer of another model.
    Tokens,
}

/// The form of the texts of a request: a text, or a list of texts.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Input)]
#[expect(dead_code, reason = "only describes the form")]
pub(crate) enum InputForm {
    /// One text.
    One(String),
    /// Several texts.
    Several(Vec<String>),
}

/// An element of a list.
enum Element {
    Text(String),
    Tokens,
}

struct InputVisitor;

struct ElementVisitor;

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

impl<'de> Visitor<'de> for InputVisitor {
    type Value = Input;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Input, E> {
        Ok(Input::Texts(vec![text.to_owned()]))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Input, E> {
        Ok(Input::Texts(vec![text]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Input, A::Error> {
        let mut texts = Vec::new();
        let mut has_tokens = false;
        while let Some(element) = list.next_element()? {
            match element {
                Element::Text(text) => texts.push(text),
                Element::Tokens => has_tokens = true,
            }
        }
        Ok(if has_tokens {
            Input::Tokens
        } else {
            Input::Texts(texts)
        })
    }
}

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Element, E> {
        Ok(Element::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Element, E> {
        Ok(Element::Text(text))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Element, E> {
        Ok(Element::Tokens)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Element, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Element::Tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_from_tokens() {
        let read = |json| serde_json::from_str::<Input>(json);
        let texts = |texts: &[&str]| Input::Texts(texts.iter().map(|&t| t.to_owned()).collect());
        assert_eq!(read(r#""a\n""#).unwrap(), texts(&["a\n"]));
        assert_eq!(read(r#"["a", "b\n"]"#).unwrap(), texts(&["a", "b\n"]));
        assert_eq!(read("[]").unwrap(), texts(&[]));
        for tokens in ["[1, 2]", "[[1, 2], [3]]", r#"["a", 3]"#] {
            assert_eq!(read(tokens).unwrap(), Input::Tokens);
        }
        for neither in ["1", "null", r#"{"a": 1}"#, "[null]", r#"[{"text": "a"}]"#] {
            let error = read(neither).unwrap_err().to_string();
            assert!(error.contains("a text"), "{error}");
        }
    }
}
