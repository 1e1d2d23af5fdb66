//! Parsers of numbers on the command line, whose messages say what is expected.
//!
//! Where a number counts papers, more than the library has means all, so that a number beyond every size
//! is a large number and not an error.

/// Parses a whole number, at least 1.
pub(crate) fn positive(text: &str) -> Result<usize, String> {
    whole_number(text)
        .filter(|number| *number > 0)
        .ok_or_else(|| "expected a whole number, at least 1".to_owned())
}

/// Parses a whole number, at least 0.
pub(crate) fn not_negative(text: &str) -> Result<usize, String> {
    whole_number(text).ok_or_else(|| "expected a whole number, at least 0".to_owned())
}

/// Parses a cosine.
pub(crate) fn cosine(text: &str) -> Result<f32, String> {
    number(text)
        .filter(|cosine| (-1.0..=1.0).contains(cosine))
        .ok_or_else(|| "expected a cosine from -1 to 1, such as 0.4".to_owned())
}

/// Parses a weight from 0 to 1.
pub(crate) fn weight(text: &str) -> Result<f32, String> {
    number(text)
        .filter(|weight| (0.0..=1.0).contains(weight))
        .ok_or_else(|| "expected a number from 0 to 1, such as 0.5".to_owned())
}

/// Parses a number above 0.
pub(crate) fn above_zero(text: &str) -> Result<f64, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|number: &f64| *number > 0.0 && number.is_finite())
        .ok_or_else(|| "expected a number above 0, such as 1.5".to_owned())
}

/// Returns the number that `text` writes in digits, or the largest one if it is beyond that.
fn whole_number(text: &str) -> Option<usize> {
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

fn number(text: &str) -> Option<f32> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_and_other_texts_are_refused() {
        assert_eq!(positive("12"), Ok(12));
        assert_eq!(positive(" 7 "), Ok(7));
        assert_eq!(positive(&"9".repeat(30)), Ok(usize::MAX));
        for text in ["0", "-1", "1.5", "many", "", "1e3", "٣"] {
            assert!(positive(text).is_err(), "{text}");
        }
        assert_eq!(not_negative("0"), Ok(0));
        assert!(not_negative("-1").is_err());
        assert_eq!(cosine("-1"), Ok(-1.0));
        assert_eq!(weight("1"), Ok(1.0));
        assert_eq!(above_zero("1e-3"), Ok(1e-3));
        for text in ["7", "-1.1", "nan", "inf", "x", ""] {
            assert!(cosine(text).is_err() && weight(text).is_err(), "{text}");
        }
        for text in ["0", "-1", "nan", "inf", "x"] {
            assert!(above_zero(text).is_err(), "{text}");
        }
    }
}
