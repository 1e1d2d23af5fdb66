use super::citation::Citations;

/// The parts of a draft, before its prose is split into sentences.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) title: Option<String>,
    pub(super) abstract_text: Option<String>,
    /// The paragraphs of the prose, without markup.
    pub(super) paragraphs: Vec<String>,
    pub(super) citations: Citations,
}
