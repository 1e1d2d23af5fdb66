//! Runs of search settings, their metrics, and the evaluation of a library on its own papers.

use std::ops::ControlFlow;

use cognate::{
    BoxError, Error, Library, Metric, Mode, Paper, PaperHit, Progress, Qrels, Query, Rerank, Run,
    SearchSetting, SelfEvaluation, SelfEvaluationOptions,
};
use cognate_testing::{LetterCounts, papers};

fn library(papers: impl IntoIterator<Item = Paper>) -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    library.add(papers).unwrap();
    (dir, library)
}

/// A progress callback that never stops.
fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn ids<'a>(run: &'a Run, query: &str) -> Vec<&'a str> {
    run.ranking(query).map(|(id, _)| id).collect()
}

#[test]
fn metrics_equal_those_of_trec_eval() {
    // A linear congruential generator makes judgments, some of them negative, and scores with ties.
    let mut state: u64 = 12345;
    let mut next = |end: u32| {
        state = (state * 1_103_515_245 + 12345) % (1 << 31);
        u32::try_from(state >> 16).unwrap() % end
    };
    let (mut qrels, mut run) = (Qrels::default(), Run::default());
    for query in ["q1", "q2", "q3"] {
        for document in 0..40 {
            let grade = i32::try_from(next(5)).unwrap() - 1;
            qrels.insert(query, format!("d{document}"), grade);
        }
        for document in 0..130 {
            let score = next(8);
            if score > 0 {
                run.insert(query, format!("d{document}"), f64::from(score) / 4.0);
            }
        }
    }
    // The measures ndcg_cut_10, map_cut_100, recall_10 and recall_100 by pytrec_eval-terrier 0.5.11.
    let expected = [
        [
            0.029_596_185_008_611_99,
            0.080_238_450_769_025_57,
            0.045_454_545_454_545_456,
            0.590_909_090_909_090_9,
        ],
        [
            0.094_788_364_369_550_78,
            0.225_243_576_778_103_83,
            0.041_666_666_666_666_664,
            0.875,
        ],
        [
            0.100_948_184_009_994_47,
            0.196_589_035_961_009,
            0.115_384_615_384_615_39,
            0.730_769_230_769_230_7,
        ],
    ];
    let evaluation = qrels.evaluate(&run);
    assert_eq!(evaluation.queries().len(), 3);
    for ((query, metrics), expected) in evaluation.queries().iter().zip(expected) {
        for (metric, expected) in Metric::ALL.iter().zip(expected) {
            let found = metrics.get(*metric);
            assert!(
                (found - expected).abs() < 1e-12,
                "{query}, {metric}: {found}, expected {expected}"
            );
        }
    }
}

#[test]
fn a_run_has_the_hits_of_its_setting() {
    let (_dir, library) = library(papers(150));
    let queries: Vec<(String, Query)> = ["graph theory", "a proof of syntax"]
        .iter()
        .map(|text| ((*text).to_owned(), Query::text(*text)))
        .collect();
    let mut calls = Vec::new();
    for &mode in Mode::ALL {
        let setting = SearchSetting::mode(mode);
        assert_eq!(setting.name(), mode.name());
        let run = library
            .run(&setting, &queries, &mut |progress| {
                calls.push((progress.done, progress.total));
                ControlFlow::Continue(())
            })
            .unwrap();
        for (id, query) in &queries {
            let query = query.clone().mode(mode).k(150).every_version(true);
            let mut hits = library.search(&query).unwrap();
            let score = |hit: &PaperHit| {
                let score = hit.fused_score.or(hit.keyword_score);
                score.unwrap_or_else(|| f64::from(hit.score.unwrap()))
            };
            hits.sort_by(|a, b| {
                let by_score = score(b).total_cmp(&score(a));
                by_score.then_with(|| b.paper.id.cmp(&a.paper.id))
            });
            let expected = hits.iter().map(|hit| hit.paper.id.as_str());
            let expected: Vec<&str> = expected.take(100).collect();
            // Retrieval may cut a tie at the end.
            let found = ids(&run, id);
            assert_eq!(found.len(), expected.len());
            let sure = found.len().min(80);
            assert_eq!(found[..sure], expected[..sure], "{mode}");
        }
    }
    assert_eq!(calls, [(1, 2), (2, 2)].repeat(Mode::ALL.len()));
    let stopped = library.run(&SearchSetting::mode(Mode::Vector), &queries, &mut |_| {
        ControlFlow::Break(())
    });
    assert!(matches!(stopped, Err(Error::Cancelled { .. })));
}

/// Scores documents by the last digit of their title, so that a ranking shows that it was applied.
struct LastDigit;

impl Rerank for LastDigit {
    fn scores(&self, query: &str, documents: &[&str]) -> Result<Vec<f32>, BoxError> {
        assert!(!query.is_empty());
        let digit = |document: &&str| {
            let title = document.split(" about ").next().unwrap_or_default();
            let digit = title.chars().last().and_then(|c| c.to_digit(10));
            digit
                .and_then(|digit| u8::try_from(digit).ok())
                .map_or(0.0, f32::from)
        };
        Ok(documents.iter().map(digit).collect())
    }
}

#[test]
fn reranked_and_diversified_hits_stay_in_their_order() {
    let (_dir, library) = library(papers(60));
    for target in [Query::text("graph theory"), Query::paper("p7")] {
        let queries = [("q".to_owned(), target.clone())];
        let plain = SearchSetting::mode(Mode::Vector);
        let reranked = plain.clone().rerank(&LastDigit, 5);
        let before = library.run(&plain, &queries, &mut go_on).unwrap();
        let after = library.run(&reranked, &queries, &mut go_on).unwrap();
        let (before, after) = (ids(&before, "q"), ids(&after, "q"));
        assert_eq!(before[5..], after[5..]);
        let digits = after[..5].iter().map(|id| id.chars().last());
        assert!(
            digits.collect::<Vec<_>>().is_sorted_by(|a, b| a >= b),
            "{after:?}"
        );

        let diverse =
            SearchSetting::new("diverse", |query| query.mode(Mode::Vector).diversity(0.6));
        let found = library.run(&diverse, &queries, &mut go_on).unwrap();
        let query = target.mode(Mode::Vector).diversity(0.6);
        let hits = library.search(&query.k(20).every_version(true)).unwrap();
        let expected: Vec<&str> = hits.iter().map(|hit| hit.paper.id.as_str()).collect();
        assert_eq!(ids(&found, "q")[..20], expected);
        assert_ne!(expected, before[..20]);
    }
}

/// Returns papers on three subjects, each of which cites the one of its subject before it.
fn citing_papers() -> Vec<Paper> {
    let paper = |n: usize| {
        let word = ["graphs", "enzymes", "galaxies"][n % 3];
        let text = format!(
            "We look at {word} of the kind number{n}. It is known since long ago that {word} like \
             number{n} are of use to many. More of it later."
        );
        Paper::new(format!("p{n:02}"))
            .title(format!("On {word} number{n}"))
            .abstract_text(text)
            .categories([word])
            .references((n >= 3).then(|| format!("p{:02}", n.saturating_sub(3))))
    };
    (0..30).map(paper).collect()
}

fn evaluate_itself(library: &Library, options: &SelfEvaluationOptions<'_>) -> SelfEvaluation {
    library.evaluate_itself(options, &mut go_on).unwrap()
}

#[test]
fn a_library_is_evaluated_on_citations_and_categories_whatever_the_order_of_adding() {
    let (_dir, added_forward) = library(citing_papers());
    let options = SelfEvaluationOptions::default().sample(15);
    let mut last = Progress::new(0, 0);
    let found = added_forward
        .evaluate_itself(&options, &mut |progress| {
            assert!(progress.done >= last.done && progress.done <= progress.total);
            last = progress;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(last.done, last.total);
    let names: Vec<&str> = found.tasks.iter().map(|task| task.name).collect();
    let expected = [
        "a title finds its abstract",
        "a sentence finds its abstract",
        "a paper finds what it cites",
        "a paper finds its category",
    ];
    assert_eq!(names, expected);
    for task in &found.tasks {
        assert_eq!(task.queries, 15);
        let settings: Vec<&str> = task.results.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(settings, ["vector", "keyword", "hybrid"]);
        for (_, evaluation) in &task.results {
            assert_eq!(evaluation.queries().len(), 15);
        }
    }
    // Papers of a category share a word that others lack.
    let (_, keyword) = &found.tasks[3].results[1];
    assert!(keyword.mean().mrr_at_10 > 0.99, "{:?}", keyword.mean());

    let mut reversed = citing_papers();
    reversed.reverse();
    let (_dir, added_backward) = library(reversed);
    assert_eq!(evaluate_itself(&added_backward, &options), found);
}

#[test]
fn tasks_are_left_out_if_a_setting_does_not_apply_to_their_queries() {
    let (_dir, library) = library(citing_papers());
    let feedback = SearchSetting::new("feedback", |query| query.feedback(3));
    let options = SelfEvaluationOptions::default().settings([feedback]);
    let tasks = evaluate_itself(&library, &options).tasks;
    let names: Vec<&str> = tasks.iter().map(|task| task.name).collect();
    assert_eq!(
        names,
        [
            "a title finds its abstract",
            "a sentence finds its abstract"
        ]
    );
    let invalid = SearchSetting::new("diverse", |query| query.diversity(2.0));
    let options = SelfEvaluationOptions::default().settings([invalid]);
    let error = library.evaluate_itself(&options, &mut go_on).unwrap_err();
    assert_eq!(error.to_string(), "`diversity` is 2, expected 0 to 1");
}
