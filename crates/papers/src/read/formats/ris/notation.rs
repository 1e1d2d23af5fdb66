//! The notations of a line of RIS: programs differ in the white space around the hyphen and in the case of tags.

/// The notation of a record, as its line with `TY` shows it.
///
/// The standard has two spaces before the hyphen and one after it. Only in a record in which `TY` has one space
/// before the hyphen is `AI - based` a field: elsewhere it is a line of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notation {
    /// The least number of spaces before the hyphen.
    spaces: usize,
    is_indented: bool,
    is_lower: bool,
    hyphen: char,
}

impl Default for Notation {
    fn default() -> Self {
        Self {
            spaces: 2,
            is_indented: false,
            is_lower: false,
            hyphen: '-',
        }
    }
}

/// Returns the tag `TY` and the value of a line that begins a record, with its notation.
pub(super) fn type_line(line: &str) -> Option<(&'static str, &str, Notation)> {
    let trimmed = line.trim_start_matches(['\u{feff}', ' ', '\t']);
    let (tag, remaining) = trimmed.split_at_checked(2)?;
    let spaces = remaining.len() - remaining.trim_start_matches([' ', '\t']).len();
    let is_tabbed = remaining[..spaces].contains('\t');
    let after = &remaining[spaces..];
    let hyphen = after.chars().next().filter(|c| ['-', '–'].contains(c))?;
    let value = after[hyphen.len_utf8()..].trim();
    // The type is one word, such as `JOUR`, or empty. Only in the notation of the standard may it be damaged.
    let is_word = value.len() <= 12 && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_type = tag.eq_ignore_ascii_case("TY")
        && (spaces > 0 || !value.is_empty())
        && (is_word || line.starts_with("TY  - "));
    is_type.then(|| {
        let notation = Notation {
            spaces: if is_tabbed { 1 } else { spaces.min(2) },
            is_indented: line.starts_with([' ', '\t']),
            is_lower: tag == "ty",
            hyphen,
        };
        ("TY", value, notation)
    })
}

impl Notation {
    /// Returns the tag and the value of a line, or `None` if the line has no tag.
    ///
    /// After this call, the lines of a record whose first line with a tag behind `TY` has one space before the
    /// hyphen may have one space.
    pub(super) fn field<'t>(
        &mut self,
        line: &'t str,
        is_second: bool,
    ) -> Option<(&'t str, &'t str)> {
        let line = if self.is_indented {
            line.trim_start_matches([' ', '\t'])
        } else {
            line
        };
        let (tag, remaining) = line.split_at_checked(2)?;
        let spaces = remaining.len() - remaining.trim_start_matches([' ', '\t']).len();
        let is_tabbed = remaining[..spaces].contains('\t');
        let after = remaining[spaces..].strip_prefix(self.hyphen)?;
        let is_spaced = after.is_empty() || after.starts_with([' ', '\t']);
        // The end of a record has no value, so that no text looks like it.
        if tag.eq_ignore_ascii_case("ER") && after.trim().is_empty() && spaces > 0 {
            return Some(("ER", ""));
        }
        let tag = self.tag(tag)?;
        if is_second && spaces == 1 && is_spaced {
            self.spaces = self.spaces.min(1);
        }
        let is_field =
            (spaces >= self.spaces || is_tabbed) && (is_spaced || spaces >= 2 || self.spaces == 0);
        is_field.then_some((tag, after))
    }

    /// Returns the tag in capital letters if it is one.
    fn tag<'t>(&self, tag: &'t str) -> Option<&'t str> {
        let mut bytes = tag.bytes();
        let is_letter =
            |byte: u8| byte.is_ascii_uppercase() || self.is_lower && byte.is_ascii_lowercase();
        let (first, second) = (bytes.next()?, bytes.next()?);
        if !(is_letter(first) && (is_letter(second) || second.is_ascii_digit())) {
            return None;
        }
        if tag.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return known_tag(tag);
        }
        Some(tag)
    }
}

/// Returns the tag in capital letters that equals a tag in lower case.
fn known_tag(tag: &str) -> Option<&'static str> {
    const TAGS: [&str; 82] = [
        "A1", "A2", "A3", "A4", "AB", "AD", "AN", "AU", "AV", "BT", "C1", "C2", "C3", "C4", "C5",
        "C6", "C7", "C8", "CA", "CN", "CP", "CT", "CY", "DA", "DB", "DI", "DO", "DP", "ED", "EP",
        "ER", "ET", "H1", "H2", "ID", "IS", "J1", "J2", "JA", "JF", "JO", "KW", "L1", "L2", "L3",
        "L4", "LA", "LB", "LK", "M1", "M2", "M3", "N1", "N2", "NV", "OP", "PB", "PP", "PY", "RI",
        "RN", "RP", "SE", "SN", "SP", "ST", "SV", "T1", "T2", "T3", "TA", "TI", "TT", "U1", "U2",
        "U3", "UR", "VL", "VO", "Y1", "Y2", "WT",
    ];
    TAGS.into_iter()
        .find(|known| known.eq_ignore_ascii_case(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_of_a_record_is_that_of_its_first_lines() {
        for (first, line, expected) in [
            ("TY  - JOUR", "TI  - A", Some(("TI", " A"))),
            ("TY  - JOUR", "TI  -", Some(("TI", ""))),
            ("TY  - JOUR", "TI  -A", Some(("TI", "A"))),
            ("TY  - JOUR", "ER -", Some(("ER", ""))),
            ("TY  - JOUR", "er  - ", Some(("ER", ""))),
            ("TY  - JOUR", "AI - based", None),
            ("TY  - JOUR", "ti  - a", None),
            ("TY  - JOUR", "A title - with a hyphen", None),
            ("TY  - JOUR", "", None),
            ("TY  - JOUR", "é  - a", None),
            ("TY - JOUR", "TI - A", Some(("TI", " A"))),
            ("TY - JOUR", "TI -based", None),
            ("TY   - JOUR", "TI   - A", Some(("TI", " A"))),
            ("TY-JOUR", "TI-A", Some(("TI", "A"))),
            ("TY\t-\tJOUR", "TI\t-\tA", Some(("TI", "\tA"))),
            ("ty  - jour", "ti  - a", Some(("TI", " a"))),
            ("  TY  - JOUR", "  TI  - A", Some(("TI", " A"))),
            ("TY  – JOUR", "TI  – A", Some(("TI", " A"))),
        ] {
            let (_, _, mut notation) = type_line(first).unwrap();
            assert_eq!(notation.field(line, false), expected, "{first} / {line}");
        }
        let (_, _, mut notation) = type_line("TY  - JOUR").unwrap();
        assert_eq!(notation.field("TI - A", true), Some(("TI", " A")));
        assert_eq!(notation.field("AB - B", false), Some(("AB", " B")));
        for line in [
            "TYPE  - JOUR",
            "TY - two words",
            "TY",
            "T",
            "Type - x",
            "TY x",
        ] {
            assert!(type_line(line).is_none(), "{line}");
        }
        assert!(type_line("TY  - Journal Article").is_some());
    }
}
