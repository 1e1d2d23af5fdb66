use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use cognate::{Error, Library, Precision, UpgradeOptions, UpgradeReport};

use crate::arguments::values::positive;
use crate::arguments::{DeviceArguments, FetchArguments, JsonArguments, LibraryArguments};
use crate::invocation::Invocation;
use crate::json::{Header, UpgradeDocument};
use crate::model::ModelName;
use crate::output::{count, note, print_sentences, thousands};
use crate::progress::Progress;
use crate::{interrupt, model, truncation};

/// Change the model of a library without embedding every paper first
///
/// A sample of the papers and all titles are embedded by the new model, and a map is learned from the
/// old vectors to the new ones. From then on the library is searched with the new model, at first with mapped
/// vectors for the other papers, while these are embedded. After Ctrl-C, the same command continues
/// where it stopped; `cognate info` shows how many papers remain.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// New model on the Hugging Face Hub, or a folder [default: the library's, which continues an
    /// upgrade]
    #[arg(long, value_name = "NAME|DIR")]
    model: Option<String>,
    /// Numeric precision: f32 or int8 on a CPU; f32, f16 or bf16 on a GPU [default: the library's]
    #[arg(long)]
    precision: Option<Precision>,
    #[command(flatten)]
    fetch: FetchArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// Number of papers to learn the map from [default: 2000]
    #[arg(long, value_name = "N", value_parser = positive, allow_negative_numbers = true)]
    sample: Option<usize>,
    /// Stop when the library answers by the new model, and leave the mapped vectors for later
    #[arg(long)]
    map_only: bool,
    #[command(flatten)]
    output: JsonArguments,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let mut library = invocation.open_library(&arguments.library)?;
    let stored = library.embedder_info();
    let device = arguments.device.device;
    let precision = match arguments.precision {
        Some(precision) => precision,
        None => model::supported_precision(device, stored.precision.parse()?),
    };
    let name = ModelName::of_library(arguments.model.as_deref(), &stored.model, arguments.fetch);
    let encoder = model::load(name, precision, device)?;
    let max_tokens = encoder.max_tokens();
    let mut options = UpgradeOptions::default().map_only(arguments.map_only);
    if let Some(sample) = arguments.sample {
        options = options.sample(sample);
    }
    interrupt::watch()?;
    let start = Instant::now();
    // The library reports the number of texts to embed with the first of them.
    let mut progress: Option<Progress> = None;
    let outcome = library.upgrade(encoder, options, &mut |state| {
        progress
            .get_or_insert_with(|| Progress::new(state.total, "texts"))
            .update(state.done);
        interrupt::check()
    });
    let elapsed = start.elapsed();
    drop(progress);
    let report = match outcome {
        Ok(report) => report,
        Err(Error::Cancelled { committed }) => bail!(interruption(&library, committed)?),
        Err(error) => return Err(error.into()),
    };
    if let Some(message) = truncation::message(&report.truncation, report.embedded, max_tokens) {
        note(&message);
    }
    if arguments.output.json {
        let embedder = library.embedder_info();
        let header = Header::new("upgrade", elapsed).library(library.dir());
        return header.print(&UpgradeDocument {
            papers: library.len()?,
            model: &embedder.model,
            precision: &embedder.precision,
            report: &report,
        });
    }
    print_sentences(&summary(&library, &report, elapsed)?)
}

/// Describes what an interrupted upgrade has done.
fn interruption(library: &Library, committed: usize) -> Result<String> {
    let info = library.info()?;
    if committed == 0 && info.mapped == 0 {
        return Ok("interrupted: the library is unchanged".to_owned());
    }
    Ok(format!(
        "interrupted: the library answers by `{}`, and {} of {} have mapped vectors; run `cognate \
         upgrade` again to embed them",
        info.embedder.model,
        thousands(info.mapped),
        count(info.papers, "paper")
    ))
}

fn summary(library: &Library, report: &UpgradeReport, elapsed: Duration) -> Result<String> {
    let papers = count(library.len()?, "paper");
    let model = &library.embedder_info().model;
    let state = match report.remaining {
        0 if report.embedded == 0 => {
            return Ok(format!(
                "all papers have vectors of `{model}`, nothing to do\n"
            ));
        }
        0 => format!("{papers} have vectors of `{model}`"),
        remaining => format!(
            "{} have mapped vectors, which `cognate upgrade` embeds",
            count(remaining, "paper")
        ),
    };
    let mapped = match report.mapped {
        0 => String::new(),
        mapped => format!("mapped {}, ", count(mapped, "paper")),
    };
    let embedded = match report.embedded {
        0 => String::new(),
        embedded => {
            let seconds = elapsed.as_secs_f64();
            format!("embedded {} in {seconds:.1} s; ", count(embedded, "text"))
        }
    };
    Ok(format!("{mapped}{embedded}{state}\n"))
}
