/// Settings for reading a [`Draft`](crate::Draft) from files.
///
/// # Examples
///
/// ```
/// use cognate_papers::DraftOptions;
///
/// let options = DraftOptions::default().allow_outside(true);
/// assert_ne!(options, DraftOptions::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DraftOptions {
    allow_outside: bool,
}

impl DraftOptions {
    /// Sets whether a draft may name files that are not in its folder or a folder below it,
    /// after links are followed. The default is `false`, because a draft may come from someone else and
    /// name any file that this process can read.
    #[must_use]
    pub fn allow_outside(mut self, allow: bool) -> Self {
        self.allow_outside = allow;
        self
    }

    pub(super) fn allows_outside(self) -> bool {
        self.allow_outside
    }
}
