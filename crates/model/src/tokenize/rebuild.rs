//! Building of tokenizers as the classes of transformers do.
//!
//! Most classes take the vocabulary of `tokenizer.json`, and build the normalizer, the
//! pre-tokenizer, the added tokens and the special tokens around a text themselves, whatever the
//! file says of them.

mod former;
mod model;
mod normalizer;
mod post_processor;
mod pre_tokenizer;

use std::fmt::{self, Write as _};
use std::path::Path;

use tokenizers::normalizers::Lowercase;
use tokenizers::{AddedToken, TruncationDirection};

use super::bounded::{BoundedNormalizer, BoundedTokenizer, TokenizerFile};
use super::class::TokenizerClass;
use super::settings::Settings;
use super::special_tokens::SpecialTokens;
use crate::error::BoxError;
use crate::{Error, Result};

/// What `tokenizer.json` holds, for error messages.
pub(super) const TOKENIZER: &str = "a tokenizer in the format of the tokenizers library";

/// A tokenizer as transformers builds it.
#[derive(Debug)]
pub(super) struct BuiltTokenizer {
    pub(super) tokenizer: BoundedTokenizer,
    /// The side on which texts are truncated.
    pub(super) truncation_side: TruncationDirection,
    /// What differs from the tokenizer that releases before this module made of the same files, for
    /// the fingerprint. It is empty for most checkpoints.
    pub(super) changes: String,
}

/// What a class does with a part of a file.
enum Part<T> {
    /// The part of the file is the one that the class would build.
    Kept,
    /// The class builds another part, or leaves it out.
    Replaced(Option<T>),
}

/// Builds the tokenizer of the `file` at `path` by its class and its settings.
pub(super) fn build(
    path: &Path,
    mut file: TokenizerFile,
    settings: &Settings,
) -> Result<BuiltTokenizer> {
    let tokens = SpecialTokens::collect(settings.class, &settings.tokens, &file.tokens);
    let tokens = tokens.map_err(|found| Error::Unsupported {
        path: path.with_file_name("special_tokens_map.json"),
        field: "number of sentinel tokens".to_owned(),
        found,
        expected: "none or `extra_ids`".to_owned(),
    })?;
    let mut changes = String::new();
    if model::rebuild(path, &mut file, settings, &tokens)? {
        changes.push_str("model\n");
    }
    let malformed = |error: BoxError| Error::malformed(path, TOKENIZER)(error);
    rebuild_texts(&mut file.tokenizer, settings, &mut changes).map_err(malformed)?;
    add_tokens(&mut file, settings.class, &tokens, &mut changes).map_err(malformed)?;
    if settings.split_special_tokens {
        file.tokenizer.split_special_tokens();
        changes.push_str("split_special_tokens\n");
    }
    if post_processor::rebuild(path, &mut file.tokenizer, settings.class, &tokens)? {
        changes.push_str("post_processor\n");
    }
    let truncation_side = settings.truncation_side.or(file.truncation_side);
    let truncation_side = truncation_side.unwrap_or_default();
    if truncation_side == TruncationDirection::Left {
        changes.push_str("truncation_side left\n");
    }
    Ok(BuiltTokenizer {
        tokenizer: file.tokenizer,
        truncation_side,
        changes,
    })
}

/// Rebuilds the normalizer and the pre-tokenizer.
fn rebuild_texts(
    tokenizer: &mut BoundedTokenizer,
    settings: &Settings,
    changes: &mut String,
) -> Result<(), BoxError> {
    let current = tokenizer.normalizer();
    let part = normalizer::of_class(settings, current)?;
    if differs(
        current,
        former::normalizer(settings, current).as_ref(),
        &part,
    ) {
        changes.push_str("normalizer\n");
    }
    if let Part::Replaced(normalizer) = part {
        tokenizer.set_normalizer(normalizer)?;
    }
    let current = tokenizer.pre_tokenizer();
    let part = pre_tokenizer::of_class(settings, current)?;
    if differs(
        current,
        former::pre_tokenizer(settings, current).as_ref(),
        &part,
    ) {
        changes.push_str("pre_tokenizer\n");
    }
    if let Part::Replaced(pre_tokenizer) = part {
        tokenizer.set_pre_tokenizer(pre_tokenizer);
    }
    Ok(())
}

/// Returns whether a part differs from the one of former releases: `former`, or else the one of the
/// file, `current`.
fn differs<T: fmt::Debug>(current: Option<&T>, former: Option<&T>, part: &Part<T>) -> bool {
    let new = match part {
        Part::Kept if former.is_none() => return false,
        Part::Kept => current,
        Part::Replaced(new) => new.as_ref(),
    };
    format!("{:?}", former.or(current)) != format!("{new:?}")
}

/// Adds the tokens that the class adds, with the ids that it gives them.
fn add_tokens(
    file: &mut TokenizerFile,
    class: TokenizerClass,
    tokens: &SpecialTokens,
    changes: &mut String,
) -> Result<(), BoxError> {
    let in_file: Vec<_> = file.tokens.added.iter().map(|(_, token)| token).collect();
    // Only the generic class keeps the tokens of the file.
    let kept: Vec<_> = match class {
        TokenizerClass::Generic => in_file.clone(),
        _ => Vec::new(),
    };
    let existing: Vec<_> = kept.iter().map(|token| token.content.as_str()).collect();
    let mut all: Vec<AddedToken> = kept.iter().map(|&token| token.clone()).collect();
    for token in tokens.to_add(class, &existing) {
        // A token that is there with the same flags is not added again.
        let last = all.iter().rfind(|known| known.content == token.content);
        if last != Some(&token) {
            all.push(token);
        }
    }
    if all.iter().eq(in_file) {
        return Ok(());
    }
    let before = file.tokenizer.added_tokens();
    file.tokenizer.set_added_tokens(all)?;
    let after = file.tokenizer.added_tokens();
    if before != after {
        writeln!(changes, "added_tokens {after:?}")?;
    }
    Ok(())
}

/// Adds lower-casing before the other normalizers, unless one of them does it: `do_lower_case` of
/// sentence-transformers.
pub(super) fn lower_case(tokenizer: &mut BoundedTokenizer) -> Result<(), BoxError> {
    let current = tokenizer.normalizer();
    if current.is_some_and(normalizer::has_lowercase) {
        return Ok(());
    }
    let all = std::iter::once(BoundedNormalizer::Linear(Lowercase.into()))
        .chain(current.cloned())
        .collect();
    tokenizer.set_normalizer(Some(BoundedNormalizer::Sequence(all)))
}
