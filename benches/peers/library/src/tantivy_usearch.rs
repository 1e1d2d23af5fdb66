//! Tantivy for words, usearch for vectors, and reciprocal rank fusion of the two.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow};
use tantivy::collector::{DocSetCollector, TopDocs};
use tantivy::query::{BooleanQuery, ConstScoreQuery, Occur, Query, QueryParser, TermQuery};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing,
    TextOptions, Value,
};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term};
use usearch::{IndexOptions, MetricKind, ScalarKind};

use crate::contender::{Contender, K};
use crate::paper::Paper;
use crate::word_vectors::DIM;

/// The number of best papers of each ranking that are fused.
const POOL: usize = 100;

/// The constant of reciprocal rank fusion.
const RRF_K: f64 = 60.0;

/// The memory of the writer of tantivy, in bytes.
const WRITER_MEMORY: usize = 200_000_000;

/// A tantivy index and a usearch index. The key of a vector is the number of its paper in both.
pub struct TantivyUsearch {
    fields: Fields,
    index: Index,
    writer: IndexWriter,
    reader: IndexReader,
    vectors: usearch::Index,
    vectors_file: PathBuf,
}

struct Fields {
    number: Field,
    id: Field,
    title: Field,
    abstract_text: Field,
    author: Field,
    year: Field,
    category: Field,
}

impl Contender for TantivyUsearch {
    const NAME: &str = "tantivy and usearch";

    fn create(dir: &Path) -> Result<Self> {
        let mut schema = Schema::builder();
        let words = TextFieldIndexing::default()
            .set_tokenizer("en_stem")
            .set_index_option(IndexRecordOption::WithFreqs);
        let words = TextOptions::default()
            .set_indexing_options(words)
            .set_stored();
        let fields = Fields {
            number: schema.add_u64_field("number", FAST | INDEXED),
            id: schema.add_text_field("id", STRING | STORED),
            title: schema.add_text_field("title", words.clone()),
            abstract_text: schema.add_text_field("abstract", words),
            author: schema.add_text_field("author", STRING | STORED),
            year: schema.add_i64_field("year", INDEXED | STORED),
            category: schema.add_text_field("category", STRING | STORED),
        };
        let words = dir.join("tantivy");
        fs::create_dir_all(&words)?;
        let index = Index::create_in_dir(&words, schema.build())?;
        let writer = index.writer(WRITER_MEMORY)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        // An exact search does not use the graph, which is therefore as small as possible.
        let options = IndexOptions {
            dimensions: DIM,
            metric: MetricKind::IP,
            quantization: ScalarKind::F32,
            connectivity: 2,
            expansion_add: 1,
            expansion_search: 1,
            multi: false,
        };
        Ok(Self {
            fields,
            index,
            writer,
            reader,
            vectors: usearch::Index::new(&options)?,
            vectors_file: dir.join("vectors.usearch"),
        })
    }

    fn add_many(&mut self, papers: &[Paper], vectors: &[Vec<f32>]) -> Result<()> {
        let first = self.vectors.size();
        self.vectors.reserve(first + papers.len())?;
        for (number, paper) in (first..).zip(papers) {
            self.writer
                .add_document(self.document(number as u64, paper))?;
        }
        let add = |part: usize, threads: usize| -> Result<()> {
            for at in (part..vectors.len()).step_by(threads) {
                self.vectors.add((first + at) as u64, &vectors[at])?;
            }
            Ok(())
        };
        let threads = thread::available_parallelism()?.get();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|part| scope.spawn(move || add(part, threads)))
                .collect();
            let outcomes = workers
                .into_iter()
                .map(|worker| worker.join().map_err(|_| anyhow!("a thread panicked"))?);
            outcomes.collect::<Result<()>>()
        })
    }

    fn finish(&mut self) -> Result<()> {
        self.commit()
    }

    fn add_one(&mut self, paper: &Paper, vector: &[f32]) -> Result<()> {
        let number = self.vectors.size();
        self.vectors.reserve(number + 1)?;
        self.vectors.add(number as u64, vector)?;
        self.writer
            .add_document(self.document(number as u64, paper))?;
        self.commit()
    }

    fn hybrid(
        &self,
        text: &str,
        vector: &[f32],
        category: Option<&str>,
    ) -> Result<Vec<(String, String)>> {
        let searcher = self.reader.searcher();
        let category = category.map(|name| {
            let term = Term::from_field_text(self.fields.category, name);
            Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn Query>
        });
        let nearest = match &category {
            None => self.vectors.exact_search(vector, POOL)?.keys,
            Some(query) => self.nearest_among(&searcher, query, vector)?,
        };
        let mut scores: HashMap<u64, f64> = HashMap::new();
        let by_words = self.by_words(&searcher, text, category)?;
        for ranking in [nearest, by_words] {
            for (rank, number) in (1_u32..).zip(ranking) {
                *scores.entry(number).or_default() += 1.0 / (RRF_K + f64::from(rank));
            }
        }
        let mut best: Vec<(u64, f64)> = scores.into_iter().collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(K);
        best.into_iter()
            .map(|(number, _)| self.stored(&searcher, number))
            .collect()
    }
}

impl TantivyUsearch {
    fn document(&self, number: u64, paper: &Paper) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_u64(self.fields.number, number);
        document.add_text(self.fields.id, &paper.id);
        document.add_text(self.fields.title, &paper.title);
        document.add_text(self.fields.abstract_text, &paper.abstract_text);
        for author in &paper.authors {
            document.add_text(self.fields.author, author);
        }
        if let Some(year) = paper.year {
            document.add_i64(self.fields.year, year.into());
        }
        for category in &paper.categories {
            document.add_text(self.fields.category, category);
        }
        document
    }

    /// Writes both indexes. The one of vectors has no form of durability but to be saved as a whole.
    fn commit(&mut self) -> Result<()> {
        let part = self.vectors_file.with_extension("part");
        self.vectors
            .save(part.to_str().context("the path is not UTF-8")?)?;
        fs::File::open(&part)?.sync_all()?;
        fs::rename(&part, &self.vectors_file)?;
        self.writer.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// Returns the numbers of the papers with the highest BM25 scores.
    fn by_words(
        &self,
        searcher: &Searcher,
        text: &str,
        category: Option<Box<dyn Query>>,
    ) -> Result<Vec<u64>> {
        let mut parser = QueryParser::for_index(
            &self.index,
            vec![self.fields.title, self.fields.abstract_text],
        );
        parser.set_field_boost(self.fields.title, 3.0);
        let (mut query, _) = parser.parse_query_lenient(text);
        if let Some(category) = category {
            let category = Box::new(ConstScoreQuery::new(category, 0.0));
            query = Box::new(BooleanQuery::new(vec![
                (Occur::Must, query),
                (Occur::Must, category),
            ]));
        }
        let found = searcher.search(&*query, &TopDocs::with_limit(POOL).order_by_score())?;
        let numbers = found.into_iter().map(|(_, address)| {
            let reader = searcher.segment_reader(address.segment_ord);
            let column = reader.fast_fields().u64("number")?;
            column
                .first(address.doc_id)
                .context("a document has no number")
        });
        numbers.collect()
    }

    /// Returns the numbers of the nearest papers among those that a query finds. The exact search of
    /// usearch takes no filter, so their vectors are compared here.
    fn nearest_among(
        &self,
        searcher: &Searcher,
        query: &dyn Query,
        vector: &[f32],
    ) -> Result<Vec<u64>> {
        let mut scored = Vec::new();
        let mut row = vec![0.0_f32; DIM];
        for address in searcher.search(query, &DocSetCollector)? {
            let reader = searcher.segment_reader(address.segment_ord);
            let column = reader.fast_fields().u64("number")?;
            let number = column
                .first(address.doc_id)
                .context("a document has no number")?;
            self.vectors.get(number, &mut row)?;
            let score: f32 = row.iter().zip(vector).map(|(a, b)| a * b).sum();
            scored.push((score, number));
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        Ok(scored
            .into_iter()
            .take(POOL)
            .map(|(_, number)| number)
            .collect())
    }

    fn stored(&self, searcher: &Searcher, number: u64) -> Result<(String, String)> {
        let term = Term::from_field_u64(self.fields.number, number);
        let query = TermQuery::new(term, IndexRecordOption::Basic);
        let found = searcher.search(&query, &TopDocs::with_limit(1).order_by_score())?;
        let (_, address) = found.first().context("a number has no document")?;
        let document: TantivyDocument = searcher.doc(*address)?;
        let text = |field| {
            let value = document
                .get_first(field)
                .and_then(|value| value.as_str().map(str::to_owned));
            value.context("a document lacks a field")
        };
        Ok((text(self.fields.id)?, text(self.fields.title)?))
    }
}
