use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cognate::{Error, Library, PapersError, Qrels, Query, Run, SearchSetting, TextReader};
use serde::Serialize;
use tempfile::TempDir;

use super::report::{
    Comparison, DifferenceDocument, Evaluated, MetricsDocument, differences_table, means_table,
    per_query, title,
};
use super::{Arguments, library_to_evaluate};
use crate::output::{count, note, print, print_json};
use crate::paper_files::PaperFiles;
use crate::progress::Progress;
use crate::{adding, atomic_file, interrupt, truncation, writable_library};

#[derive(Debug, Serialize)]
struct EvalDocument<'a> {
    #[serde(flatten)]
    searched: Option<&'a SearchedDocument>,
    queries: usize,
    /// The name of the first run.
    setting: &'a str,
    /// The metrics of the first run.
    #[serde(flatten)]
    first: MetricsDocument<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyword: Option<MetricsDocument<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hybrid: Option<MetricsDocument<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<MetricsDocument<f64>>,
    differences: Vec<DifferenceDocument<'a>>,
    seconds: f64,
}

/// What was searched.
#[derive(Debug, Serialize)]
struct SearchedDocument {
    model: String,
    precision: String,
    documents: usize,
}

/// A library that holds the papers of a judged collection.
struct Collection {
    library: Library,
    /// The folder of the library, if it is temporary.
    _scratch: Option<TempDir>,
}

/// The runs of one evaluation, by name.
type Runs = Vec<(String, Run)>;

/// Evaluates searches, or a run file, by the judgments in `qrels_file`.
pub(crate) fn run(arguments: &Arguments, qrels_file: &Path) -> Result<()> {
    let start = Instant::now();
    let mut qrels = Qrels::read(qrels_file)?.gain(arguments.gain);
    if arguments.related {
        // A paper is no answer to itself.
        qrels.retain(|query, document, _| query != document);
    }
    if qrels.queries().next().is_none() {
        let file = qrels_file.display();
        bail!("`{file}` has no judgment with a grade above 0");
    }
    let baseline = arguments.baseline.as_deref().map(Run::read).transpose()?;
    let (runs, searched) = match &arguments.run {
        Some(file) => {
            let reason = format!("`{}` is evaluated as it is", file.display());
            arguments.settings.refuse(&reason)?;
            (vec![("run".to_owned(), Run::read(file)?)], None)
        }
        None => search(arguments, &qrels, qrels_file)?,
    };
    if let (Some(file), [(name, run)]) = (&arguments.write_run, &runs[..]) {
        let cannot_write = || format!("cannot write `{}`", file.display());
        atomic_file::write(file, |out| {
            let out = std::io::BufWriter::new(out);
            run.write(out, name).with_context(cannot_write)
        })?;
    }

    let evaluate = |(name, run): (String, Run)| Evaluated {
        name,
        evaluation: qrels.evaluate(&run),
    };
    let runs: Vec<Evaluated> = runs.into_iter().map(evaluate).collect();
    let baseline = baseline.map(|run| evaluate(("baseline".to_owned(), run)));
    let comparisons = Comparison::all(&runs, baseline.as_ref());
    let columns: Vec<&Evaluated> = runs.iter().chain(&baseline).collect();
    if let Some(file) = &arguments.per_query {
        let text = per_query(&columns);
        atomic_file::write(file, |mut out| {
            let cannot_write = || format!("cannot write `{}`", file.display());
            std::io::Write::write_all(&mut out, text.as_bytes()).with_context(cannot_write)
        })?;
    }
    let Some(first) = runs.first() else {
        bail!("there is nothing to evaluate, expected at least one search setting");
    };
    let queries = first.evaluation.queries().len();
    let seconds = start.elapsed().as_secs_f64();
    if arguments.output.json {
        let named = |name: &str| {
            let mut others = runs.iter().skip(1);
            others.find(|run| run.name == name).map(Evaluated::means)
        };
        let differences = comparisons.iter().map(Comparison::document);
        return print_json(&EvalDocument {
            searched: searched.as_ref(),
            queries,
            setting: &first.name,
            first: first.means(),
            keyword: named("keyword"),
            hybrid: named("hybrid"),
            baseline: baseline.as_ref().map(Evaluated::means),
            differences: differences.collect::<Result<_>>()?,
            seconds,
        });
    }
    let queries = if queries == 1 {
        "1 query".to_owned()
    } else {
        format!("{queries} queries")
    };
    let title = match &searched {
        Some(searched) => {
            let model = format!("{} ({}):", searched.model, searched.precision);
            let documents = count(searched.documents, "document");
            title(&model, &format!("{documents}, {queries}, {seconds:.1} s"))
        }
        None => format!("{queries}\n"),
    };
    print(&(title + &means_table(&columns) + &differences_table(&comparisons)?))
}

/// Searches for all queries in all settings.
fn search(
    arguments: &Arguments,
    qrels: &Qrels,
    qrels_file: &Path,
) -> Result<(Runs, Option<SearchedDocument>)> {
    let reranker = arguments.settings.load_reranker()?;
    let settings = arguments.settings.settings(reranker.as_ref());
    if arguments.write_run.is_some() && settings.len() > 1 {
        let names: Vec<&str> = settings.iter().map(SearchSetting::name).collect();
        bail!(
            "--write-run writes one run, found {} ({}); use --mode to choose one",
            settings.len(),
            names.join(", "),
        );
    }
    // Invalid queries are found before the corpus is embedded.
    let queries = match &arguments.queries {
        Some(file) => read_queries(file, qrels, qrels_file)?,
        None => Vec::new(),
    };
    let Collection { library, _scratch } = open_collection(arguments)?;
    let queries = if arguments.related {
        papers_to_query(&library, qrels, qrels_file)?
    } else {
        queries
    };
    note_missing_documents(&library, qrels)?;

    let mut progress = Progress::new(queries.len() * settings.len(), "queries");
    let mut runs = Vec::new();
    for (position, setting) in settings.iter().enumerate() {
        let before = position * queries.len();
        let outcome = library.run(setting, &queries, &mut |state| {
            progress.update(before + state.done);
            interrupt::check()
        });
        match outcome {
            Ok(run) => runs.push((setting.name().to_owned(), run)),
            Err(Error::Cancelled { .. }) => bail!("interrupted"),
            Err(error) => return Err(error.into()),
        }
    }
    drop(progress);
    let info = library.embedder_info();
    let searched = SearchedDocument {
        model: info.model.clone(),
        precision: info.precision.clone(),
        documents: library.len()?,
    };
    Ok((runs, Some(searched)))
}

/// Returns the library of `--corpus`, or else that of `--library`.
fn open_collection(arguments: &Arguments) -> Result<Collection> {
    let Some(corpus) = &arguments.corpus else {
        interrupt::watch()?;
        let library = Library::open(library_to_evaluate(arguments)?)?;
        // Queries by paper need no model.
        if arguments.related {
            return Ok(Collection {
                library,
                _scratch: None,
            });
        }
        let dir = library.dir().to_owned();
        let opened = writable_library::open_or_create(&dir, Some(library), &arguments.model)?;
        return Ok(Collection {
            library: opened.library,
            _scratch: None,
        });
    };
    let corpus = PaperFiles::check(std::slice::from_ref(corpus), None, true)?;
    let mut scratch = None;
    let dir = match &arguments.library {
        Some(dir) => dir.clone(),
        None => {
            let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
            scratch.insert(folder).path().join("library")
        }
    };
    let found = writable_library::find(&dir)?;
    let opened = writable_library::open_or_create(&dir, found, &arguments.model)?;
    let library = opened.library;
    let (report, _) = adding::add(&library, &corpus)?;
    truncation::report(&report.truncation, report.embedded, opened.max_tokens);
    let documents = library.len()?;
    if documents != corpus.len() {
        bail!(
            "the library `{}` holds {}, the corpus {}; use a separate library for the evaluation",
            dir.display(),
            count(documents, "paper"),
            corpus.len(),
        );
    }
    Ok(Collection {
        library,
        _scratch: scratch,
    })
}

/// Returns the queries by text that have judgments, with their ids.
fn read_queries(path: &Path, qrels: &Qrels, qrels_file: &Path) -> Result<Vec<(String, Query)>> {
    let judged: HashSet<&str> = qrels.queries().collect();
    let mut queries = Vec::new();
    for record in TextReader::open(path)? {
        match record {
            Ok(record) if judged.contains(record.id.as_str()) => {
                queries.push((record.id, Query::text(record.text)));
            }
            Ok(_) => {}
            Err(error @ PapersError::Record { .. }) => note(&format!("skipped a query: {error}")),
            Err(error) => return Err(error.into()),
        }
    }
    if queries.is_empty() {
        bail!(
            "no query of `{}` has a judgment in `{}`; check that the ids agree",
            path.display(),
            qrels_file.display(),
        );
    }
    note_missing_queries(judged.len(), queries.len(), &path.display().to_string());
    Ok(queries)
}

/// Returns queries by the papers that have judgments, with their ids.
fn papers_to_query(
    library: &Library,
    qrels: &Qrels,
    qrels_file: &Path,
) -> Result<Vec<(String, Query)>> {
    let known: HashSet<String> = library.ids()?.into_iter().collect();
    let judged: Vec<&str> = qrels.queries().collect();
    let found = judged.iter().filter(|id| known.contains(**id));
    let queries: Vec<_> = found
        .map(|id| ((*id).to_owned(), Query::paper(*id)))
        .collect();
    let dir = library.dir().display();
    if queries.is_empty() {
        bail!(
            "no query of `{}` is a paper of the library `{dir}`; check that the ids agree",
            qrels_file.display(),
        );
    }
    note_missing_queries(judged.len(), queries.len(), &dir.to_string());
    Ok(queries)
}

fn note_missing_queries(judged: usize, found: usize, origin: &str) {
    let missing = judged.saturating_sub(found);
    if missing > 0 {
        note(&format!(
            "judged queries missing from `{origin}`, counted as unanswered: {missing}"
        ));
    }
}

/// Reports how many judged documents no search can find.
fn note_missing_documents(library: &Library, qrels: &Qrels) -> Result<()> {
    let known: HashSet<String> = library.ids()?.into_iter().collect();
    let judged: HashSet<&str> = qrels.documents().collect();
    let missing = judged.iter().filter(|id| !known.contains(**id)).count();
    if missing > 0 {
        note(&format!(
            "judged papers that are not in the collection, counted as not found: {missing}"
        ));
    }
    Ok(())
}
