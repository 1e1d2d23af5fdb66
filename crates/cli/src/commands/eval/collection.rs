use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cognate::{Library, PapersError, Precision, Qrels, Query, TextReader};
use tempfile::TempDir;

use super::{Arguments, library_to_evaluate};
use crate::import_report::ImportReport;
use crate::invocation::Invocation;
use crate::output::{count, note};
use crate::paper_files::PaperFiles;
use crate::{adding, interrupt, truncation, writable_library};

/// The library and the queries of a judged collection.
#[derive(Debug)]
pub(crate) struct Collection {
    pub(crate) library: Library,
    /// The queries that have judgments, with their ids.
    pub(crate) queries: Vec<(String, Query)>,
    /// The folder of the library, if it is temporary.
    pub(crate) scratch: Option<TempDir>,
}

impl Collection {
    /// Opens the library of `--corpus`, or else that of `--library`, and reads the queries. Reports on
    /// stderr what the judgments name and the collection lacks.
    pub(crate) fn open(
        arguments: &Arguments,
        qrels: &Qrels,
        qrels_file: &Path,
        invocation: &Invocation,
    ) -> Result<Self> {
        // Invalid queries are found before the corpus is embedded.
        let queries = match &arguments.queries {
            Some(file) => read_queries(file, qrels, qrels_file)?,
            None => Vec::new(),
        };
        let (library, scratch) = match &arguments.corpus {
            Some(corpus) => add_corpus(corpus, arguments, invocation)?,
            None => (open_library(arguments, invocation)?, None),
        };
        let queries = if arguments.related {
            papers_to_query(&library, qrels, qrels_file)?
        } else {
            queries
        };
        note_missing_documents(&library, qrels)?;
        Ok(Self {
            library,
            queries,
            scratch,
        })
    }
}

/// Returns the precision of the library that is searched, which may not exist yet.
pub(super) fn precision(arguments: &Arguments, invocation: &Invocation) -> Result<Precision> {
    if let Some(precision) = arguments.model.precision {
        return Ok(precision);
    }
    let dir = match &arguments.corpus {
        Some(_) => named_dir(arguments, invocation)?,
        None => Some(library_to_evaluate(arguments, invocation)?),
    };
    let found = dir.map(|dir| writable_library::find(&dir)).transpose()?;
    match found.flatten() {
        Some(library) => Ok(library.embedder_info().precision.parse()?),
        None => Ok(arguments.model.precision()),
    }
}

/// Returns the folder of the library that an option names.
fn named_dir(arguments: &Arguments, invocation: &Invocation) -> Result<Option<PathBuf>> {
    let named = invocation.named_library(&arguments.library)?;
    Ok(named.map(|library| library.dir))
}

/// Opens the library to evaluate, with its model unless the queries are papers or all searches are by
/// keywords, which need none.
fn open_library(arguments: &Arguments, invocation: &Invocation) -> Result<Library> {
    interrupt::watch()?;
    let library = Library::open(library_to_evaluate(arguments, invocation)?)?;
    if arguments.related || arguments.settings.is_by_keyword() {
        return Ok(library);
    }
    let dir = library.dir().to_owned();
    let opened = writable_library::open_or_create(&dir, Some(library), &arguments.model)?;
    Ok(opened.library)
}

/// Adds the papers of a corpus to the library of `--library`, or else to a temporary one.
fn add_corpus(
    corpus: &Path,
    arguments: &Arguments,
    invocation: &Invocation,
) -> Result<(Library, Option<TempDir>)> {
    let mut report = ImportReport::new(None)?;
    let corpus = PaperFiles::check(&[corpus.to_owned()], None, true, &mut report)?;
    let (dir, scratch) = if let Some(dir) = named_dir(arguments, invocation)? {
        (dir, None)
    } else {
        let scratch = tempfile::tempdir().context("cannot create a temporary folder")?;
        (scratch.path().join("library"), Some(scratch))
    };
    let found = writable_library::find(&dir)?;
    let opened = writable_library::open_or_create(&dir, found, &arguments.model)?;
    let library = opened.library;
    let report = adding::add(&library, &corpus, true, false)?.report;
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
    Ok((library, scratch))
}

/// Returns the queries by text that have judgments, with their ids. Of several queries with the same
/// id, the last one is returned.
fn read_queries(path: &Path, qrels: &Qrels, qrels_file: &Path) -> Result<Vec<(String, Query)>> {
    let judged: HashSet<&str> = qrels.queries().collect();
    let mut positions: HashMap<String, usize> = HashMap::new();
    let mut queries = Vec::new();
    for record in TextReader::open(path)? {
        let record = match record {
            Ok(record) if judged.contains(record.id.as_str()) => record,
            Ok(_) => continue,
            Err(error @ PapersError::Record { .. }) => {
                note(&format!("skipped a query: {error}"));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let query = (record.id.clone(), Query::text(record.text));
        if let Some(position) = positions.get(&record.id) {
            let (path, id) = (path.display(), &record.id);
            note(&format!(
                "{path}: duplicate id `{id}`, the later query replaces the earlier one"
            ));
            queries[*position] = query;
        } else {
            positions.insert(record.id, queries.len());
            queries.push(query);
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

/// Reports how many judged queries `origin` lacks.
pub(super) fn note_missing_queries(judged: usize, found: usize, origin: &str) {
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
