use clap::Args;
use cognate::ExportFormat;

#[derive(Debug, Args)]
pub(crate) struct JsonArguments {
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HitFormatArguments {
    /// Print one JSON document
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Print the papers as json, jsonl, csv, bibtex, ris or markdown
    #[arg(long)]
    format: Option<ExportFormat>,
}

impl HitFormatArguments {
    /// Returns the format for other programs, or `None` if a person reads the hits.
    pub(crate) fn format(&self) -> Option<ExportFormat> {
        self.format.or(self.json.then_some(ExportFormat::Json))
    }
}
