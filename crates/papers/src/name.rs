//! The name of a person or of an organization.

use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::words;

/// The name of a person or of an organization, in the order in which it is spoken, with its parts.
///
/// The parts of a person's name are as in BibTeX and CSL: given names, particle (`van der`), family name and
/// suffix (`Jr.`). The name of an organization is a family name without further parts.
///
/// # Examples
///
/// ```
/// use cognate_papers::Name;
///
/// let name = Name::new("Jan van der Berken Jr.");
/// assert_eq!((name.given(), name.particle()), ("Jan", "van der"));
/// assert_eq!((name.family(), name.suffix()), ("Berken", "Jr."));
/// assert_eq!(name.inverted(), "van der Berken, Jr., Jan");
///
/// let name = Name::parse("García Molina, Ana");
/// assert_eq!((name.full(), name.family()), ("Ana García Molina", "García Molina"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Name {
    full: String,
    /// The parts, inferred from `full` when they are first asked for unless they are known.
    parts: OnceLock<Box<Parts>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Parts {
    #[serde(skip_serializing_if = "String::is_empty")]
    given: String,
    #[serde(
        skip_serializing_if = "String::is_empty",
        alias = "non-dropping-particle",
        alias = "dropping-particle"
    )]
    particle: String,
    #[serde(
        skip_serializing_if = "String::is_empty",
        alias = "literal",
        alias = "name"
    )]
    family: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    suffix: String,
}

/// Abbreviations that follow a family name, in lower case and without periods.
const SUFFIXES: [&str; 6] = ["jr", "sr", "ii", "iii", "iv", "esq"];

/// Abbreviations that follow the name of a company, in lower case and without periods.
const COMPANY_FORMS: [&str; 12] = [
    "inc", "ltd", "llc", "llp", "gmbh", "corp", "co", "plc", "sa", "ag", "bv", "limited",
];

/// Words that end, or occur in, the names of groups of people.
const GROUP_NOUNS: [&str; 20] = [
    "collaboration",
    "consortium",
    "group",
    "team",
    "project",
    "network",
    "university",
    "institute",
    "committee",
    "society",
    "association",
    "organization",
    "organisation",
    "foundation",
    "ministry",
    "department",
    "agency",
    "council",
    "initiative",
    "investigators",
];

impl Name {
    /// Creates a name from its spoken form, which stays as it is, and infers the parts.
    ///
    /// Words in lower case before the last word are the particle, as in BibTeX. A name with a comma, an
    /// ampersand or a parenthesis, or with a word such as `Collaboration`, is the name of an organization.
    pub fn new(full: impl Into<String>) -> Self {
        Self {
            full: full.into(),
            parts: OnceLock::new(),
        }
    }

    /// Creates a name from `Family, Given`, `Family, Suffix, Given` or the spoken form.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let fields: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|field| !field.is_empty())
            .collect();
        let is_suffix = |field: &str| SUFFIXES.contains(&without_periods(field).as_str());
        let (family, given, suffix) = match fields[..] {
            [one] => return Self::new(one),
            [_, form] if COMPANY_FORMS.contains(&without_periods(form).as_str()) => {
                return Self::organization(text);
            }
            _ if fields.iter().any(|field| names_group(field)) => return Self::organization(text),
            [spoken, suffix] if is_suffix(suffix) && spoken.contains(' ') => {
                let mut parts = Parts::inferred(spoken);
                suffix.clone_into(&mut parts.suffix);
                return Self::from(parts);
            }
            [family, given] => (family, given, ""),
            [family, suffix, given] if is_suffix(suffix) => (family, given, suffix),
            [family, given, suffix] if is_suffix(suffix) => (family, given, suffix),
            [family, suffix, given] if suffix.split_whitespace().count() == 1 => {
                (family, given, suffix)
            }
            _ => return Self::organization(text),
        };
        Self::person(given, family).with_suffix(suffix)
    }

    /// Creates the name of a person from given names and a family name, whose first words in lower case are
    /// the particle.
    pub fn person(given: &str, family: &str) -> Self {
        let (particle, family) = split_particle(family);
        Self::from_parts(given, &particle, &family, "")
    }

    /// Creates a name from its parts, of which any may be empty.
    pub fn from_parts(given: &str, particle: &str, family: &str, suffix: &str) -> Self {
        let one_line = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
        Self::from(Parts {
            given: one_line(given),
            particle: one_line(particle),
            family: one_line(family),
            suffix: one_line(suffix),
        })
    }

    /// Creates the name of an organization.
    pub fn organization(name: impl Into<String>) -> Self {
        let full = name.into();
        let parts = Parts {
            family: full.clone(),
            ..Parts::default()
        };
        Self::with_parts(full, parts)
    }

    fn with_parts(full: String, parts: Parts) -> Self {
        Self {
            full,
            parts: OnceLock::from(Box::new(parts)),
        }
    }

    /// Sets the suffix, such as `Jr.`; an empty one changes nothing.
    #[must_use]
    pub fn with_suffix(self, suffix: &str) -> Self {
        if suffix.trim().is_empty() {
            return self;
        }
        Self::from_parts(self.given(), self.particle(), self.family(), suffix)
    }

    /// Returns the name as it is spoken: given names, particle, family name and suffix.
    pub fn full(&self) -> &str {
        &self.full
    }

    /// Returns the given names or initials.
    pub fn given(&self) -> &str {
        &self.parts().given
    }

    /// Returns the particle of the family name, such as `van der`.
    pub fn particle(&self) -> &str {
        &self.parts().particle
    }

    /// Returns the family name, or the name of an organization.
    pub fn family(&self) -> &str {
        &self.parts().family
    }

    /// Returns the suffix, such as `Jr.`.
    pub fn suffix(&self) -> &str {
        &self.parts().suffix
    }

    /// Returns whether the name consists of a family name only: an organization, or a person with one name.
    pub fn is_single(&self) -> bool {
        self.given().is_empty() && self.particle().is_empty() && self.suffix().is_empty()
    }

    /// Returns the name in the order of bibliographies, `Family, Suffix, Given`, from which
    /// [`parse`](Self::parse) restores the parts of a person's name.
    pub fn inverted(&self) -> String {
        let family = self.parts().family_with_particle();
        let parts = [family.as_str(), self.suffix(), self.given()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    }

    /// Returns whether [`new`](Self::new) infers the parts of the name from its spoken form.
    pub fn is_inferred(&self) -> bool {
        self.parts
            .get()
            .is_none_or(|parts| **parts == Parts::inferred(&self.full))
    }

    /// Returns whether any reader restores the name from its spoken form, which may look like `Family, Given`.
    pub(crate) fn is_unambiguous(&self) -> bool {
        self.is_inferred() && (!self.full.contains(',') || Self::parse(&self.full) == *self)
    }

    /// Returns the spoken form as a JSON string if the parts are inferred from it, else the parts as a JSON object.
    pub(crate) fn to_json(&self) -> String {
        let json = if self.is_inferred() {
            serde_json::to_string(&self.full)
        } else {
            serde_json::to_string(self.parts())
        };
        json.unwrap_or_default()
    }

    /// Returns the parts, from which the spoken form can be joined.
    pub(crate) fn parts(&self) -> &Parts {
        self.parts
            .get_or_init(|| Box::new(Parts::inferred(&self.full)))
    }
}

impl Parts {
    fn inferred(full: &str) -> Self {
        let mut parts: Vec<&str> = full.split_whitespace().collect();
        if parts.len() < 2 || is_organization(full) {
            return Self {
                family: full.to_owned(),
                ..Self::default()
            };
        }
        let is_suffix = |part: &&&str| SUFFIXES.contains(&without_periods(part).as_str());
        let suffix = parts
            .last()
            .filter(is_suffix)
            .map(|suffix| (*suffix).to_owned());
        if suffix.is_some() && parts.len() > 2 {
            parts.pop();
        }
        let suffix = suffix.filter(|_| parts.last().is_some_and(|last| !is_suffix(&last)));
        let start = first_of_particle(&parts).unwrap_or(parts.len() - 1);
        let (given, family) = parts.split_at(start);
        let (particle, family) = split_particle(&family.join(" "));
        Self {
            given: given.join(" "),
            particle,
            family,
            suffix: suffix.unwrap_or_default(),
        }
    }

    /// Returns the parts without white space at their ends.
    fn trimmed(self) -> Self {
        let trimmed = |part: String| part.trim().to_owned();
        Self {
            given: trimmed(self.given),
            particle: trimmed(self.particle),
            family: trimmed(self.family),
            suffix: trimmed(self.suffix),
        }
    }

    fn family_with_particle(&self) -> String {
        joined_particle(&self.particle, &self.family)
    }
}

/// Joins a particle and a family name, without a space after an apostrophe or a hyphen.
fn joined_particle(particle: &str, family: &str) -> String {
    let space = if particle.is_empty() || particle.ends_with(['\'', '’', '-']) {
        ""
    } else {
        " "
    };
    format!("{particle}{space}{family}")
}

/// Returns the position of the first word in lower case before the last word.
fn first_of_particle(parts: &[&str]) -> Option<usize> {
    (0..parts.len().saturating_sub(1)).find(|&position| is_lower(parts[position]))
}

fn is_lower(word: &str) -> bool {
    word.chars()
        .find(|c| c.is_alphabetic())
        .is_some_and(char::is_lowercase)
}

/// Splits the words in lower case off the start of a family name.
fn split_particle(family: &str) -> (String, String) {
    let parts: Vec<&str> = family.split_whitespace().collect();
    let most = parts.len().saturating_sub(1);
    let count = parts
        .iter()
        .take(most)
        .take_while(|part| is_lower(part))
        .count();
    (parts[..count].join(" "), parts[count..].join(" "))
}

/// Returns whether a name in spoken form is the name of an organization.
fn is_organization(full: &str) -> bool {
    full.contains([',', '&', '(', '/'])
        || words(full).any(|word| GROUP_NOUNS.contains(&word.as_str()))
        || full
            .split_whitespace()
            .any(|word| matches!(word, "and" | "of" | "for" | "on"))
        || full
            .split_whitespace()
            .last()
            .is_some_and(|last| COMPANY_FORMS[..6].contains(&without_periods(last).as_str()))
        || full.chars().any(|c| c.is_ascii_digit())
}

/// Returns whether a part of a name before, between or after commas belongs to the name of an organization: it has an
/// ampersand or a conjunction, or several words of which one is a noun such as `Institute`.
fn names_group(field: &str) -> bool {
    let mut parts = field.split_whitespace();
    let is_group_noun = |word: String| GROUP_NOUNS.contains(&word.as_str());
    field.contains('&')
        || parts
            .clone()
            .any(|part| matches!(part, "and" | "of" | "for"))
        || parts.nth(1).is_some() && words(field).any(is_group_noun)
}

fn without_periods(text: &str) -> String {
    text.trim().replace('.', "").to_lowercase()
}

impl From<Parts> for Name {
    fn from(parts: Parts) -> Self {
        let family = parts.family_with_particle();
        let spoken = [parts.given.as_str(), &family, &parts.suffix];
        let spoken: Vec<&str> = spoken.into_iter().filter(|part| !part.is_empty()).collect();
        Self::with_parts(spoken.join(" "), parts)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        let are_unknown = self.parts.get().is_none() && other.parts.get().is_none();
        self.full == other.full && (are_unknown || self.parts() == other.parts())
    }
}

impl Eq for Name {}

impl From<&str> for Name {
    fn from(full: &str) -> Self {
        Self::new(full)
    }
}

impl From<String> for Name {
    fn from(full: String) -> Self {
        Self::new(full)
    }
}

impl From<&String> for Name {
    fn from(full: &String) -> Self {
        Self::new(full.as_str())
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.full
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.full)
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.full == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.full == *other
    }
}

/// A string if any reader restores the parts from it, otherwise an object with the parts.
impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_unambiguous() {
            serializer.serialize_str(&self.full)
        } else {
            self.parts().serialize(serializer)
        }
    }
}

/// A string in spoken form, or an object with the parts, also under the names that CSL gives them.
impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Full(String),
            Parts(Parts),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Full(full) => Self::new(full.trim()),
            Form::Parts(parts) => Self::from(parts.trimmed()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &Name) -> [&str; 4] {
        [name.given(), name.particle(), name.family(), name.suffix()]
    }

    #[test]
    fn infers_the_parts_of_a_spoken_name() {
        for (full, expected) in [
            ("Ann Ada", ["Ann", "", "Ada", ""]),
            ("Ann B. Ada", ["Ann B.", "", "Ada", ""]),
            ("Jan van der Berken", ["Jan", "van der", "Berken", ""]),
            ("van der Berken", ["", "van der", "Berken", ""]),
            ("Max Roe Jr.", ["Max", "", "Roe", "Jr."]),
            ("Max Roe III", ["Max", "", "Roe", "III"]),
            ("Roe Jr.", ["Roe", "", "Jr.", ""]),
            ("Plato", ["", "", "Plato", ""]),
            ("", ["", "", "", ""]),
            (
                "The Wheel Collaboration",
                ["", "", "The Wheel Collaboration", ""],
            ),
            (
                "Barrow & Nettle, Inc.",
                ["", "", "Barrow & Nettle, Inc.", ""],
            ),
            ("Team (Alpha)", ["", "", "Team (Alpha)", ""]),
        ] {
            let name = Name::new(full);
            assert_eq!(parts(&name), expected, "{full}");
            assert_eq!(name.full(), full);
            assert!(name.is_inferred());
        }
    }

    #[test]
    fn reads_inverted_names() {
        for (text, full, expected) in [
            ("Curie, Marie", "Marie Curie", ["Marie", "", "Curie", ""]),
            ("Roe, Jr., Max", "Max Roe Jr.", ["Max", "", "Roe", "Jr."]),
            ("Roe, Max, Jr.", "Max Roe Jr.", ["Max", "", "Roe", "Jr."]),
            ("Max Roe, Jr.", "Max Roe Jr.", ["Max", "", "Roe", "Jr."]),
            (
                "van der Berken, Jan",
                "Jan van der Berken",
                ["Jan", "van der", "Berken", ""],
            ),
            (
                "García Molina, Ana",
                "Ana García Molina",
                ["Ana", "", "García Molina", ""],
            ),
            ("Plato,", "Plato", ["", "", "Plato", ""]),
            (
                "Barrow & Nettle, Inc.",
                "Barrow & Nettle, Inc.",
                ["", "", "Barrow & Nettle, Inc.", ""],
            ),
            (
                "Wheel Institute, Spoke University",
                "Wheel Institute, Spoke University",
                ["", "", "Wheel Institute, Spoke University", ""],
            ),
            (
                "Legal, Ethical, and Social Team",
                "Legal, Ethical, and Social Team",
                ["", "", "Legal, Ethical, and Social Team", ""],
            ),
            ("Council, Ann", "Ann Council", ["Ann", "", "Council", ""]),
        ] {
            let name = Name::parse(text);
            assert_eq!((name.full(), parts(&name)), (full, expected), "{text}");
            if !name.is_single() {
                assert_eq!(Name::parse(&name.inverted()), name);
            }
        }
    }

    #[test]
    fn json_keeps_the_parts() {
        for name in [
            Name::new("Ann Ada"),
            Name::parse("García Molina, Ana"),
            Name::organization("Ann Ada"),
            Name::from_parts("Jean", "d'", "Arc", "II"),
            Name::new("Ada, Ann"),
        ] {
            let json = serde_json::to_string(&name).unwrap();
            assert_eq!(serde_json::from_str::<Name>(&json).unwrap(), name, "{json}");
        }
        for (full, expected) in [
            ("Ann Ada", "\"Ann Ada\""),
            ("Ada & Co, Inc.", "\"Ada & Co, Inc.\""),
            ("Ada, Ann", "{\"family\":\"Ada, Ann\"}"),
        ] {
            assert_eq!(serde_json::to_string(&Name::new(full)).unwrap(), expected);
        }
        let spaced = r#"{"family": "Ada \r", "given": " Ann B."}"#;
        let name: Name = serde_json::from_str(spaced).unwrap();
        assert_eq!(name.full(), "Ann B. Ada");
        let csl = r#"{"family": "Berken", "given": "Jan", "non-dropping-particle": "van der"}"#;
        let name: Name = serde_json::from_str(csl).unwrap();
        assert_eq!(name, Name::new("Jan van der Berken"));
        assert_eq!(
            Name::from_parts("Jeanne", "d'", "Arc", "").full(),
            "Jeanne d'Arc"
        );
    }
}
