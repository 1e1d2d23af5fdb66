/// The number of text fields of a document.
pub(crate) const FIELDS: usize = 2;

/// What an [`InvertedIndex`](crate::InvertedIndex) knows of a row: the terms of its two text fields, by
/// which rows are scored, and tags, by which they are selected.
///
/// ```
/// use cognate_index::Document;
///
/// let document = Document::new(17)
///     .text(0, ["graph", "kernel"])
///     .text(1, ["a", "kernel", "for", "graph"])
///     .tag("year:2004", 0);
/// # let _ = document;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    pub(crate) key: u64,
    pub(crate) fields: [Vec<String>; FIELDS],
    pub(crate) tags: Vec<(Vec<u8>, u32)>,
}

impl Document {
    /// Makes a document without terms. The key is a number of the caller's, by which it finds what the
    /// row stands for; unlike the number of the row, it never changes.
    pub fn new(key: u64) -> Self {
        Self {
            key,
            ..Self::default()
        }
    }

    /// Adds terms to the end of text field 0 or 1; other fields do not exist and are ignored.
    #[must_use]
    pub fn text<S: Into<String>>(
        mut self,
        field: usize,
        terms: impl IntoIterator<Item = S>,
    ) -> Self {
        if let Some(field) = self.fields.get_mut(field) {
            field.extend(terms.into_iter().map(Into::into));
        }
        self
    }

    /// Adds a tag with a number that belongs to this document and tag. Of several numbers for one tag, the
    /// last one is kept.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<Vec<u8>>, value: u32) -> Self {
        self.tags.push((tag.into(), value));
        self
    }

    /// Returns the number of terms of all text fields.
    pub(crate) fn len(&self) -> usize {
        self.fields.iter().map(Vec::len).sum()
    }
}
