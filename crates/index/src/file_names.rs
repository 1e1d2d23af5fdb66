//! Names of the files of an index.

use std::path::{Path, PathBuf};

/// The extension of segment files.
const SEGMENT_EXTENSION: &str = "vec";

/// The extension of files of quantized codes.
pub(crate) const CODES_EXTENSION: &str = "codes";

/// The extension of files of terms.
pub(crate) const TERMS_EXTENSION: &str = "terms";

/// Returns the file name of segment `number`.
pub(crate) fn segment_name(number: u64) -> String {
    format!("segment-{number:08}.{SEGMENT_EXTENSION}")
}

/// Returns the number in a segment file name, or `None` if `name` is not a segment file name.
pub(crate) fn segment_number(name: &str) -> Option<u64> {
    let stem = name.strip_suffix(SEGMENT_EXTENSION)?.strip_suffix('.')?;
    let number = stem.strip_prefix("segment-")?.parse().ok()?;
    (name == segment_name(number)).then_some(number)
}

/// Returns the name of the segment file that `name` belongs to: `name` itself if it is a segment
/// file name, the segment beside it if `name` is a file of quantized codes or of terms, otherwise `None`.
pub(crate) fn owning_segment(name: &str) -> Option<String> {
    let stem = [CODES_EXTENSION, TERMS_EXTENSION]
        .into_iter()
        .find_map(|extension| name.strip_suffix(extension)?.strip_suffix('.'));
    let segment = match stem {
        Some(stem) => format!("{stem}.{SEGMENT_EXTENSION}"),
        None => name.to_owned(),
    };
    segment_number(&segment).map(|_| segment)
}

/// Returns the names of all files that a segment may have, the segment file last.
pub(crate) fn companions(segment: &str) -> impl Iterator<Item = PathBuf> {
    let segment = PathBuf::from(segment);
    [CODES_EXTENSION, TERMS_EXTENSION, SEGMENT_EXTENSION]
        .into_iter()
        .map(move |extension| segment.with_extension(extension))
}

/// Returns the path of the terms of the segment file `segment`.
pub(crate) fn terms_path(segment: &Path) -> PathBuf {
    segment.with_extension(TERMS_EXTENSION)
}

/// Returns the path of the quantized codes of the segment file `segment`.
pub(crate) fn codes_path(segment: &Path) -> PathBuf {
    segment.with_extension(CODES_EXTENSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_names_have_at_least_eight_digits() {
        for number in [0, 1, 99_999_999, 100_000_000, u64::MAX] {
            assert_eq!(segment_number(&segment_name(number)), Some(number));
        }
        for name in [
            "segment-1.vec",
            "segment-+0000001.vec",
            "segment-00000001.vec.tmp",
            "x",
        ] {
            assert_eq!(segment_number(name), None);
        }
    }

    #[test]
    fn codes_and_terms_belong_to_the_segment_beside_them() {
        let segment = Some("segment-00000001.vec".to_owned());
        assert_eq!(owning_segment("segment-00000001.vec"), segment);
        assert_eq!(owning_segment("segment-00000001.codes"), segment);
        assert_eq!(owning_segment("segment-00000001.terms"), segment);
        assert_eq!(owning_segment("segment-1.codes"), None);
        assert_eq!(owning_segment("notes.txt"), None);
    }
}
