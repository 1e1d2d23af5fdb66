use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::Paper;

/// How the text that the model reads is made from a paper.
///
/// A library remembers the name of the recipe of its first paper and refuses papers of another
/// recipe, because vectors of different recipes cannot be compared. The default recipe is
/// [`Paper::text`]: the title, a space, and the abstract.
///
/// ```
/// use cognate::{Paper, TextRecipe};
///
/// let titles = TextRecipe::new("title", |paper: &Paper| paper.title.clone());
/// assert_eq!(titles.text(&Paper::new("a").title("T").abstract_text("A")), "T");
/// ```
#[derive(Clone)]
pub struct TextRecipe {
    name: Cow<'static, str>,
    text: Arc<TextFn>,
}

type TextFn = dyn Fn(&Paper) -> String + Send + Sync;

impl TextRecipe {
    /// The name of the default recipe.
    pub(crate) const DEFAULT_NAME: &str = "title and abstract";

    /// Creates a recipe.
    ///
    /// `name` identifies the recipe in the library: change the name whenever the function changes.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        text: impl Fn(&Paper) -> String + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            text: Arc::new(text),
        }
    }

    /// Returns the name of the recipe.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text that the model reads of a paper.
    pub fn text(&self, paper: &Paper) -> String {
        (self.text)(paper)
    }
}

impl Default for TextRecipe {
    fn default() -> Self {
        Self::new(Self::DEFAULT_NAME, Paper::text)
    }
}

impl fmt::Debug for TextRecipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TextRecipe").field(&self.name).finish()
    }
}
