/// A class of tokenizers in transformers.
///
/// Each class but [`Generic`](Self::Generic) takes the vocabulary of `tokenizer.json` and builds the
/// other parts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenizerClass {
    /// The class that uses `tokenizer.json` as it is.
    Generic,
    Bert,
    DistilBert,
    MpNet,
    Roberta,
    XlmRoberta,
    Camembert,
    Qwen2,
    Gemma,
    Llama,
    T5,
    DebertaV2,
}

/// The names of the supported classes, for error messages.
pub(super) const SUPPORTED: &str = "one of `BertTokenizer`, `DistilBertTokenizer`, \
    `MPNetTokenizer`, `RobertaTokenizer`, `XLMRobertaTokenizer`, `CamembertTokenizer`, \
    `Qwen2Tokenizer`, `GemmaTokenizer`, `LlamaTokenizer`, `T5Tokenizer`, `DebertaV2Tokenizer`, or \
    `PreTrainedTokenizerFast` for `tokenizer.json` as it is";

/// What decides about the class of a tokenizer.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClassChoice<'a> {
    /// The class in `tokenizer_config.json`, or else in `config.json`.
    pub(super) named: Option<&'a str>,
    /// The `model_type` of the transformer.
    pub(super) model_type: &'a str,
    /// Whether `tokenizer.json` mentions byte-level tokens.
    pub(super) is_byte_level: bool,
}

impl ClassChoice<'_> {
    /// Returns the class that transformers chooses, or the name of a class that is not supported.
    pub(super) fn resolve(self) -> Result<TokenizerClass, String> {
        let registered = TokenizerClass::of_model_type(self.model_type);
        let Some(named) = self.named else {
            return Ok(registered.unwrap_or(TokenizerClass::Generic));
        };
        match (self.model_type, registered) {
            // Files of these types name wrong classes so often that transformers ignores the names.
            ("qwen2" | "modernbert", Some(registered)) => return Ok(registered),
            // These use the file as it is, whatever class is named.
            (_, Some(TokenizerClass::Generic)) => return Ok(TokenizerClass::Generic),
            _ => {}
        }
        let named = named.strip_suffix("Fast").unwrap_or(named);
        match TokenizerClass::named(named) {
            // The class is for SentencePiece; Llama 3 names it all the same.
            Some(TokenizerClass::Llama) if self.is_byte_level => Ok(TokenizerClass::Generic),
            Some(class) => Ok(class),
            None => Err(named.to_owned()),
        }
    }
}

impl TokenizerClass {
    /// Returns the class with a name, which has no suffix `Fast`. Some names are aliases.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "PreTrainedTokenizer" | "TokenizersBackend" | "PythonBackend" => Self::Generic,
            "BertTokenizer"
            | "ElectraTokenizer"
            | "LayoutLMTokenizer"
            | "LxmertTokenizer"
            | "MobileBertTokenizer"
            | "SqueezeBertTokenizer" => Self::Bert,
            "DistilBertTokenizer" => Self::DistilBert,
            "MPNetTokenizer" => Self::MpNet,
            "RobertaTokenizer"
            | "BartTokenizer"
            | "LEDTokenizer"
            | "LongformerTokenizer"
            | "MvpTokenizer" => Self::Roberta,
            "XLMRobertaTokenizer" => Self::XlmRoberta,
            "CamembertTokenizer" => Self::Camembert,
            "Qwen2Tokenizer" => Self::Qwen2,
            "GemmaTokenizer" => Self::Gemma,
            "LlamaTokenizer" => Self::Llama,
            "T5Tokenizer" => Self::T5,
            "DebertaV2Tokenizer" => Self::DebertaV2,
            _ => return None,
        })
    }

    /// Returns the class that transformers registers for a `model_type`, or `None` if it knows none.
    fn of_model_type(model_type: &str) -> Option<Self> {
        Some(match model_type {
            "bert" | "distilbert" | "nomic_bert" => Self::Bert,
            "mpnet" => Self::MpNet,
            "roberta" => Self::Roberta,
            "xlm-roberta" | "gte" | "jina_embeddings_v3" => Self::XlmRoberta,
            "camembert" => Self::Camembert,
            "qwen2" | "qwen3" => Self::Qwen2,
            "gemma" | "gemma2" | "gemma3" | "gemma3_text" => Self::Gemma,
            "t5" | "mt5" => Self::T5,
            "deberta-v2" => Self::DebertaV2,
            "mistral" | "modernbert" | "umt5" => Self::Generic,
            _ => return None,
        })
    }

    /// Returns the name of the class in transformers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Generic => "TokenizersBackend",
            Self::Bert => "BertTokenizer",
            Self::DistilBert => "DistilBertTokenizer",
            Self::MpNet => "MPNetTokenizer",
            Self::Roberta => "RobertaTokenizer",
            Self::XlmRoberta => "XLMRobertaTokenizer",
            Self::Camembert => "CamembertTokenizer",
            Self::Qwen2 => "Qwen2Tokenizer",
            Self::Gemma => "GemmaTokenizer",
            Self::Llama => "LlamaTokenizer",
            Self::T5 => "T5Tokenizer",
            Self::DebertaV2 => "DebertaV2Tokenizer",
        }
    }

    /// Returns whether the model gets the types of tokens unless `tokenizer_config.json` lists its
    /// inputs.
    pub(super) fn has_token_types(self) -> bool {
        matches!(self, Self::Bert | Self::DebertaV2)
    }

    /// Returns whether the class reads `vocab.txt` if there is no `tokenizer.json`.
    pub(super) fn reads_vocab_txt(self) -> bool {
        matches!(self, Self::Bert | Self::DistilBert | Self::MpNet)
    }

    /// Returns whether a mask token, given by its text alone, takes the spaces before it.
    pub(super) fn strips_before_mask(self) -> bool {
        matches!(self, Self::MpNet | Self::Camembert)
    }

    /// Returns the special tokens of the class that the settings do not replace.
    pub(super) fn special_tokens(self) -> &'static [(&'static str, &'static str)] {
        const SENTENCEPIECE: &[(&str, &str)] = &[
            ("bos_token", "<s>"),
            ("eos_token", "</s>"),
            ("unk_token", "<unk>"),
            ("sep_token", "</s>"),
            ("pad_token", "<pad>"),
            ("cls_token", "<s>"),
            ("mask_token", "<mask>"),
        ];
        match self {
            Self::Generic => &[],
            Self::Bert | Self::DistilBert => &[
                ("unk_token", "[UNK]"),
                ("sep_token", "[SEP]"),
                ("pad_token", "[PAD]"),
                ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ],
            Self::MpNet => &[
                ("bos_token", "<s>"),
                ("eos_token", "</s>"),
                ("unk_token", "[UNK]"),
                ("sep_token", "</s>"),
                ("pad_token", "<pad>"),
                ("cls_token", "<s>"),
                ("mask_token", "<mask>"),
            ],
            Self::Roberta | Self::XlmRoberta | Self::Camembert => SENTENCEPIECE,
            Self::Qwen2 => &[
                ("eos_token", "<|endoftext|>"),
                ("unk_token", "<|endoftext|>"),
                ("pad_token", "<|endoftext|>"),
            ],
            Self::Gemma => &[
                ("bos_token", "<bos>"),
                ("eos_token", "<eos>"),
                ("unk_token", "<unk>"),
                ("pad_token", "<pad>"),
                ("mask_token", "<mask>"),
            ],
            Self::Llama => &[
                ("bos_token", "<s>"),
                ("eos_token", "</s>"),
                ("unk_token", "<unk>"),
            ],
            Self::T5 => &[
                ("eos_token", "</s>"),
                ("unk_token", "<unk>"),
                ("pad_token", "<pad>"),
            ],
            Self::DebertaV2 => &[
                ("bos_token", "[CLS]"),
                ("eos_token", "[SEP]"),
                ("unk_token", "[UNK]"),
                ("sep_token", "[SEP]"),
                ("pad_token", "[PAD]"),
                ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(named: Option<&str>, model_type: &str) -> Result<TokenizerClass, String> {
        let choice = ClassChoice {
            named,
            model_type,
            is_byte_level: false,
        };
        choice.resolve()
    }

    /// The expected classes are those that transformers 5.24 chooses.
    #[test]
    fn the_class_is_the_one_that_transformers_chooses() {
        use TokenizerClass::{Bert, Camembert, DistilBert, Generic, Qwen2, XlmRoberta};
        for (named, model_type, expected) in [
            (None, "distilbert", Bert),
            (None, "camembert", Camembert),
            (None, "modernbert", Generic),
            (None, "new", Generic),
            (Some("BertTokenizer"), "modernbert", Generic),
            (Some("LlamaTokenizerFast"), "mistral", Generic),
            (Some("PreTrainedTokenizerFast"), "bert", Generic),
            (Some("DistilBertTokenizerFast"), "distilbert", DistilBert),
            (Some("XLMRobertaTokenizer"), "bert", XlmRoberta),
            (Some("PreTrainedTokenizerFast"), "qwen2", Qwen2),
            (Some("PreTrainedTokenizerFast"), "qwen3", Generic),
        ] {
            assert_eq!(
                resolve(named, model_type),
                Ok(expected),
                "{named:?} {model_type}"
            );
        }
        let unsupported = resolve(Some("BertJapaneseTokenizer"), "bert");
        assert_eq!(unsupported, Err("BertJapaneseTokenizer".to_owned()));
    }

    #[test]
    fn byte_level_tokens_make_the_class_of_llama_generic() {
        let choice = |is_byte_level| ClassChoice {
            named: Some("LlamaTokenizerFast"),
            model_type: "llama",
            is_byte_level,
        };
        assert_eq!(choice(true).resolve(), Ok(TokenizerClass::Generic));
        assert_eq!(choice(false).resolve(), Ok(TokenizerClass::Llama));
    }
}
