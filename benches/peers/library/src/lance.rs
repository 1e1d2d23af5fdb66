//! LanceDB: exact search of vectors, full-text search, and its fusion by reciprocal ranks.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::builder::{FixedSizeListBuilder, Float32Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use futures::TryStreamExt;
use lancedb::index::Index;
use lancedb::index::scalar::{FtsIndexBuilder, FullTextSearchQuery, LabelListIndexBuilder};
use lancedb::query::{QueryBase, QueryExecutionOptions, Select};
use lancedb::rerankers::rrf::RRFReranker;
use lancedb::table::OptimizeAction;
use lancedb::{DistanceType, Table, connect};
use tokio::runtime::Runtime;

use crate::contender::{Contender, K};
use crate::paper::Paper;
use crate::word_vectors::DIM;

/// A table of LanceDB.
pub struct Lance {
    runtime: Runtime,
    uri: String,
    table: Option<Table>,
}

impl Contender for Lance {
    const NAME: &str = "LanceDB";

    fn create(dir: &Path) -> Result<Self> {
        Ok(Self {
            runtime: Runtime::new()?,
            uri: dir.to_str().context("the path is not UTF-8")?.to_owned(),
            table: None,
        })
    }

    fn add_many(&mut self, papers: &[Paper], vectors: &[Vec<f32>]) -> Result<()> {
        let batch = batch(papers, vectors)?;
        if let Some(table) = &self.table {
            self.runtime.block_on(table.add(batch).execute())?;
        } else {
            let uri = self.uri.clone();
            self.table = Some(self.runtime.block_on(async {
                let database = connect(&uri).execute().await?;
                database.create_table("papers", batch).execute().await
            })?);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        let table = self.table()?;
        self.runtime.block_on(async {
            let words = Index::FTS(FtsIndexBuilder::default());
            table.create_index(&["text"], words).execute().await?;
            let labels = Index::LabelList(LabelListIndexBuilder::default());
            table
                .create_index(&["categories"], labels)
                .execute()
                .await?;
            table.optimize(OptimizeAction::All).await
        })?;
        Ok(())
    }

    fn add_one(&mut self, paper: &Paper, vector: &[f32]) -> Result<()> {
        let batch = batch(std::slice::from_ref(paper), &[vector.to_vec()])?;
        self.runtime.block_on(self.table()?.add(batch).execute())?;
        Ok(())
    }

    fn hybrid(
        &self,
        text: &str,
        vector: &[f32],
        category: Option<&str>,
    ) -> Result<Vec<(String, String)>> {
        let mut query = self
            .table()?
            .query()
            .full_text_search(FullTextSearchQuery::new(text.to_owned()))
            .nearest_to(vector)?
            .distance_type(DistanceType::Dot)
            .rerank(Arc::new(RRFReranker::default()))
            .select(Select::columns(&["id", "title"]))
            .limit(K);
        if let Some(name) = category {
            query = query.only_if(format!("array_has_any(categories, ['{name}'])"));
        }
        let batches: Vec<RecordBatch> = self.runtime.block_on(async {
            let stream = query
                .execute_hybrid(QueryExecutionOptions::default())
                .await?;
            stream.try_collect().await
        })?;
        let mut hits = Vec::new();
        for batch in batches {
            let column = |name| batch.column_by_name(name).context("a column is missing");
            let (ids, titles) = (
                column("id")?.as_string::<i32>(),
                column("title")?.as_string::<i32>(),
            );
            hits.extend(
                (0..batch.num_rows())
                    .map(|row| (ids.value(row).to_owned(), titles.value(row).to_owned())),
            );
        }
        Ok(hits)
    }
}

impl Lance {
    fn table(&self) -> Result<&Table> {
        self.table.as_ref().context("there is no table yet")
    }
}

fn batch(papers: &[Paper], vectors: &[Vec<f32>]) -> Result<RecordBatch> {
    let texts = |text: fn(&Paper) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(papers.iter().map(text)))
    };
    let lists = |list: fn(&Paper) -> &[String]| -> ArrayRef {
        let mut builder = ListBuilder::new(StringBuilder::new());
        for paper in papers {
            builder.append_value(list(paper).iter().map(Some));
        }
        Arc::new(builder.finish())
    };
    let mut rows = FixedSizeListBuilder::new(Float32Builder::new(), DIM as i32);
    for vector in vectors {
        rows.values().append_slice(vector);
        rows.append(true);
    }
    let columns: [(&str, ArrayRef); 8] = [
        ("id", texts(|paper| paper.id.clone())),
        ("title", texts(|paper| paper.title.clone())),
        ("abstract", texts(|paper| paper.abstract_text.clone())),
        ("text", texts(Paper::text)),
        ("authors", lists(|paper| &paper.authors)),
        ("categories", lists(|paper| &paper.categories)),
        (
            "year",
            Arc::new(
                papers
                    .iter()
                    .map(|paper| paper.year)
                    .collect::<Int32Array>(),
            ),
        ),
        ("vector", Arc::new(rows.finish())),
    ];
    let nullable = |(name, column): (&'static str, ArrayRef)| (name, column, true);
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns.map(nullable),
    )?)
}
