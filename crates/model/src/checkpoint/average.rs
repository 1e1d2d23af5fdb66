use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::{Input, MAX_TOKENIZER_BYTES, Route, TokenLimits, TransformerModule};
use crate::modules::PostPoolingModule;
use crate::weights::WeightsFiles;
use crate::{Checkpoint, Error, Result, regular_file};

/// What the name of an average has between the names of its checkpoints.
const SEPARATOR: &str = "+";

/// The files that a tokenizer is made from.
const TOKENIZER_FILES: [&str; 9] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
    "added_tokens.json",
    "special_tokens_map.json",
];

impl Checkpoint {
    /// Returns the checkpoint that averages the weights of `checkpoints`, tensor by tensor: a
    /// model soup (<https://arxiv.org/abs/2203.05482>), for checkpoints that were trained from the same
    /// one.
    ///
    /// Each mean is computed in f64 and rounded to f32 once. Prompts are those of the first checkpoint.
    /// The name is that of all checkpoints, joined by `+`, under which
    /// [`ModelSource::resolve`](crate::ModelSource::resolve) finds the average again.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Unsupported`] if the checkpoints differ in their architecture, its settings, the
    /// tokenizer, a limit or a module, or in the weights of a module other than the transformer, or if one
    /// has no transformer; and [`Error::InvalidOption`] if there is none.
    pub fn average(checkpoints: &[Self]) -> Result<Self> {
        let [first, others @ ..] = checkpoints else {
            return Err(Error::InvalidOption {
                option: "checkpoints",
                found: "none".to_owned(),
                expected: "at least one".to_owned(),
            });
        };
        for other in others {
            first.check_same(other)?;
        }
        let names: Vec<_> = checkpoints.iter().map(Self::name).collect();
        let average = |route: fn(&Self) -> &Route| {
            let routes: Vec<_> = checkpoints.iter().map(route).collect();
            Route::average(&routes).map(Arc::new)
        };
        let document = average(|checkpoint| &checkpoint.document)?;
        let query = if first.has_one_route() {
            Arc::clone(&document)
        } else {
            average(|checkpoint| &checkpoint.query)?
        };
        let mut notes = Vec::new();
        for note in checkpoints.iter().flat_map(Self::notes) {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        Ok(Self {
            name: names.join(SEPARATOR),
            notes,
            document,
            query,
            ..first.clone()
        })
    }

    /// Refuses a checkpoint whose embeddings would differ from those of this one even if the weights were
    /// the same.
    fn check_same(&self, other: &Self) -> Result<()> {
        let routes = |checkpoint: &Self| checkpoint.has_one_route();
        let head = |checkpoint: &Self| (checkpoint.is_cross_encoder, checkpoint.truncate_dim);
        if routes(self) != routes(other) || head(self) != head(other) {
            let found = format!("routes, kind or `truncate_dim` of `{}`", other.name());
            return Err(different(other.dir(), "checkpoint", found, self.dir()));
        }
        self.document.check_same(&other.document)?;
        self.query.check_same(&other.query)
    }
}

impl Route {
    /// Returns the route with the weights of all `routes`, which are averaged.
    fn average(routes: &[&Self]) -> Result<Self> {
        let mut modules = Vec::with_capacity(routes.len());
        for route in routes {
            modules.push(route.transformer()?);
        }
        let weights = WeightsFiles::averaged(modules.iter().map(|module| &module.weights));
        let (Input::Transformer(module, pooling), post_pooling) =
            (&routes[0].input, &routes[0].post_pooling)
        else {
            return Err(routes[0].without_transformer());
        };
        Ok(Self {
            input: Input::Transformer(
                Box::new(TransformerModule {
                    weights,
                    ..TransformerModule::clone(module)
                }),
                pooling.clone(),
            ),
            post_pooling: post_pooling.clone(),
        })
    }

    fn transformer(&self) -> Result<&TransformerModule> {
        match &self.input {
            Input::Transformer(module, _) => Ok(module),
            Input::Static(_) => Err(self.without_transformer()),
        }
    }

    fn without_transformer(&self) -> Error {
        Error::Unsupported {
            path: self.folder().to_owned(),
            field: "module of an average of checkpoints".to_owned(),
            found: "StaticEmbedding".to_owned(),
            expected: "`Transformer`".to_owned(),
        }
    }

    /// Refuses a route that differs in anything but the weights of the transformer.
    fn check_same(&self, other: &Self) -> Result<()> {
        let (own, others) = (self.transformer()?, other.transformer()?);
        let (here, there) = (self.folder(), other.folder());
        let transformer = |module: &TransformerModule| {
            let config = &module.transformer.config;
            format!(
                "{} {} {:?}",
                module.transformer.architecture.model_type,
                config.fingerprint_fields(),
                config.sizes()
            )
        };
        let limits = |module: &TransformerModule| {
            let TokenLimits {
                general,
                query,
                document,
            } = &module.limits;
            format!(
                "max_seq_length {} query_length {} document_length {} do_lower_case {}",
                general.tokens, query.tokens, document.tokens, module.do_lower_case
            )
        };
        let modules = |route: &Self| {
            let pooling = match &route.input {
                Input::Transformer(_, pooling) => format!("{pooling:?}"),
                Input::Static(_) => String::new(),
            };
            let post_pooling = route
                .post_pooling
                .iter()
                .map(PostPoolingModule::fingerprint_fields);
            format!("{pooling} {:?}", post_pooling.collect::<Vec<_>>())
        };
        for (field, found, expected) in [
            ("architecture", transformer(others), transformer(own)),
            ("settings of the transformer", limits(others), limits(own)),
            ("modules", modules(other), modules(self)),
        ] {
            if found != expected {
                return Err(different(there, field, found, here));
            }
        }
        for name in TOKENIZER_FILES {
            let read = |folder: &Path| {
                regular_file::read_optional(&folder.join(name), MAX_TOKENIZER_BYTES)
            };
            if !same_json(read(here)?, read(there)?) {
                return Err(different(there, name, "other contents".to_owned(), here));
            }
        }
        for (own, others) in self.post_pooling.iter().zip(&other.post_pooling) {
            if let (Some(own), Some(others)) = (own.weights(), others.weights()) {
                let read = |path| fs::read(path).map_err(Error::io("read", path));
                if read(own)? != read(others)? {
                    let found = "other weights".to_owned();
                    return Err(different(others, "module after the pooling", found, own));
                }
            }
        }
        Ok(())
    }
}

/// Returns whether the contents of two files are the same JSON, apart from the name of the folder that
/// transformers stored.
fn same_json(first: Option<Vec<u8>>, second: Option<Vec<u8>>) -> bool {
    if first == second {
        return true;
    }
    let parse = |bytes: Option<Vec<u8>>| {
        let mut json: serde_json::Value = serde_json::from_slice(&bytes?).ok()?;
        json.as_object_mut()?.remove("name_or_path");
        Some(json)
    };
    match (parse(first), parse(second)) {
        (Some(first), Some(second)) => first == second,
        _ => false,
    }
}

/// Returns the error for two checkpoints that cannot be averaged.
fn different(path: &Path, field: &str, found: String, expected: &Path) -> Error {
    Error::Unsupported {
        path: path.to_owned(),
        field: format!("{field} in an average of checkpoints"),
        found,
        expected: format!("that of `{}`", expected.display()),
    }
}
