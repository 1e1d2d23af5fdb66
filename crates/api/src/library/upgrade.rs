//! Upgrades: changing the model of a library without embedding every paper first.

mod change_model;
mod embed_mapped;
mod replacement;
mod report;
mod run;
mod source;
mod vector_map;

use std::ops::ControlFlow;
use std::sync::Arc;

pub use self::report::UpgradeReport;
use self::run::Run;
use crate::embed::Embed;
use crate::library::Library;
use crate::library::lock::WriteLock;
use crate::{Error, Progress, Result};

/// The options of [`Library::upgrade`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpgradeOptions {
    pub(super) sample: usize,
    map_only: bool,
}

/// The default of [`UpgradeOptions::sample`].
const SAMPLE: usize = 2000;

/// The smallest sample from which a map can be learned.
const MIN_SAMPLE: usize = 1;

impl Default for UpgradeOptions {
    fn default() -> Self {
        Self {
            sample: SAMPLE,
            map_only: false,
        }
    }
}

impl UpgradeOptions {
    /// Sets the number of papers that are embedded before the library changes its model. The vectors
    /// of all other papers are mapped at first; the map is better if it is learned from more papers.
    /// A library of no more papers is embedded as a whole. At least 1. Default: 2,000.
    #[must_use]
    pub fn sample(mut self, papers: usize) -> Self {
        self.sample = papers;
        self
    }

    /// Sets whether the upgrade ends when the library has changed its model, so that its mapped
    /// vectors stay until the next upgrade. Default: false.
    #[must_use]
    pub fn map_only(mut self, map_only: bool) -> Self {
        self.map_only = map_only;
        self
    }
}

impl Library {
    /// Changes the model of the library to that of `embedder`, without embedding every paper first.
    ///
    /// A sample of the papers is embedded, and the titles of all papers, which are short. From the
    /// sample a map is learned from the old vector of a paper and the new vector of its title to the
    /// new vector of the paper. One commit then changes the model and replaces all other vectors by
    /// mapped ones. From then on the library is searched with the new embedder, which is attached to
    /// this handle; mapped vectors rank papers nearly as well as those that the embedder gives. After
    /// that the papers with mapped vectors are embedded, and committed every few seconds.
    ///
    /// The library records which vectors are mapped; [`info`](Self::info) counts them. If the upgrade
    /// is stopped at any point, another one to the same model continues: an upgrade to the model that
    /// the library has embeds the papers whose vectors are mapped, whatever their texts, and does
    /// nothing if there are none. Papers that are added meanwhile, or whose texts change, are embedded
    /// by the new model.
    ///
    /// When the last paper is embedded, the library answers as one that was made with the new model
    /// from the start. `progress` is called with the number of texts embedded by this call, titles
    /// included.
    ///
    /// Other handles and processes that have the library open with the old model get
    /// [`Error::ModelMismatch`] after the change and must open it again.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidOption`] if the sample is empty,
    /// [`Error::TextRecipeMismatch`] if the library's papers were embedded by another recipe,
    /// [`Error::Embed`] if the embedder fails, [`Error::Cancelled`] if `progress` breaks, and
    /// [`Error::Io`], [`Error::Index`], [`Error::Store`] or [`Error::Locked`] if the library cannot be
    /// written. Earlier commits stay.
    ///
    /// # Complexity
    ///
    /// Dominated by the model, which reads every text once, and every title. The map takes time
    /// cubic in the sample, and linear in the sample for each paper. All new vectors are in memory at
    /// a time until the library has changed its model.
    pub fn upgrade(
        &mut self,
        embedder: impl Embed + 'static,
        options: UpgradeOptions,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<UpgradeReport> {
        let embedder: Arc<dyn Embed> = Arc::new(embedder);
        if options.sample < MIN_SAMPLE {
            return Err(Error::InvalidOption {
                option: "sample",
                found: options.sample.to_string(),
                expected: format!("at least {MIN_SAMPLE}"),
            });
        }
        // Fail before the first text is embedded if the library cannot be written.
        drop(WriteLock::acquire(&self.dir)?);
        let info = self.info()?;
        let is_new_model = !self.is_made_by(&embedder.info());
        let total = match info.papers.checked_sub(options.sample) {
            _ if !is_new_model => info.mapped,
            Some(mapped) if mapped > 0 => {
                let openings = info.papers;
                options.sample + openings + if options.map_only { 0 } else { mapped }
            }
            _ => info.papers,
        };
        let mut run = Run::new(total, progress);
        if is_new_model {
            self.change_model(embedder, options.sample, &mut run)?;
        } else {
            self.embedder = Some(embedder);
        }
        if !options.map_only {
            self.embed_mapped(&mut run)?;
        }
        run.report.remaining = self.info()?.mapped;
        Ok(run.report)
    }
}
