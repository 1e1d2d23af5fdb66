//! The JSON of hits and reports. Programs store and send it, so names and forms are pinned here.

use std::ops::ControlFlow;

use cognate::{
    AddOptions, Citation, Draft, DraftFormat, Library, MapOptions, Metric, MissedOptions, Mode,
    Paper, PaperReader, Progress, Qrels, Query, Run, SameId, SelfEvaluationOptions, TopicOptions,
    UpgradeOptions,
};
use cognate_testing::{LetterCounts, LetterPairs, papers};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

fn library(papers: Vec<Paper>) -> (TempDir, Library) {
    let folder = tempdir().unwrap();
    let library = Library::create(folder.path(), LetterCounts::default()).unwrap();
    library.add(papers).unwrap();
    (folder, library)
}

fn value(report: &impl Serialize) -> Value {
    // Through a text, as a program writes it.
    serde_json::from_str(&serde_json::to_string(report).unwrap()).unwrap()
}

fn names(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap();
    object.keys().map(String::as_str).collect()
}

#[test]
fn a_hit_has_its_scores_and_all_fields_of_its_paper() {
    let mut papers = papers(20);
    papers.push(
        Paper::new("v1")
            .title("Small-world networks of enzymes")
            .authors(["Ann Ada"])
            .year(1998)
            .arxiv("1706.03762"),
    );
    papers.push(
        Paper::new("v2")
            .title("Small-world networks of enzymes")
            .authors(["Ann Ada"])
            .year(1999)
            .doi("10.1000/x")
            .arxiv("1706.03762"),
    );
    let (_folder, library) = library(papers);
    let query = Query::text("small-world networks of enzymes")
        .mode(Mode::Hybrid)
        .score_context(true);
    let hits = library.search(&query).unwrap();
    let found = value(&hits[0]);
    let (hit, paper) = (&hits[0], &hits[0].paper);
    let other = if paper.id == "v1" { "v2" } else { "v1" };
    let context = hit.score_context.unwrap();
    let mut expected = value(paper);
    let scores = json!({
        "rank": 1,
        "score": value(&hit.score),
        "percentile": value(&context.percentile),
        "rank_by_cosine": context.rank_by_cosine,
        "found_by": "both",
        "keyword_score": hit.keyword_score,
        "fused_score": hit.fused_score,
        "named": true,
        "versions": [value(&hit.versions[0])],
    });
    let scores = scores.as_object().unwrap().clone();
    expected.as_object_mut().unwrap().extend(scores);
    assert_eq!(found, expected);
    assert_eq!(found["authors"], json!(["Ann Ada"]));
    assert_eq!(found["versions"][0]["id"], other);
    assert!(names(&found).contains(&"abstract"));

    // The paper can be read back.
    let read: Paper = serde_json::from_value(found).unwrap();
    assert_eq!(&read, paper);

    // What a query did not ask for is null, and the score of a reranker is absent.
    let bare = value(
        &library
            .search(&Query::text("enzymes").mode(Mode::Vector))
            .unwrap()[0],
    );
    for name in [
        "percentile",
        "rank_by_cosine",
        "found_by",
        "keyword_score",
        "fused_score",
    ] {
        assert_eq!(bare[name], Value::Null, "{name}");
    }
    assert!(!names(&bare).contains(&"rerank_score"));

    let context = value(&context);
    assert_eq!(
        names(&context),
        ["found_by", "percentile", "rank_by_cosine"]
    );
    let explained = library.explain("enzymes", &hits[..1]).unwrap();
    let explained = value(&explained[0]);
    let expected = ["paper_sentence", "query_sentence", "score", "words"];
    assert_eq!(names(&explained), expected);
}

#[test]
fn reports_of_changes_have_counts_and_remarks() {
    let (folder, library) = library(vec![Paper::new("a").title("Graphs").year(2001)]);
    let more = [
        Paper::new("a").title("Graphs"),
        Paper::new("a")
            .title("Another subject altogether")
            .doi("10.1000/y"),
    ];
    let options = AddOptions::default().same_id(SameId::Distinguish);
    let mut last = None;
    let report = library.add_with(more.map(Ok::<_, cognate::Error>), &options, &mut |state| {
        last = Some(state);
        ControlFlow::Continue(())
    });
    let found = value(&report.unwrap());
    assert_eq!(
        found,
        json!({
            "added": 1,
            "updated": 0,
            "unchanged": 1,
            "embedded": 1,
            "truncation": {"texts": 0, "tokens": 0, "total_tokens": 0},
            "remarks": [
                {"event": "merged", "position": 0, "id": "a", "kept": ["year"]},
                {
                    "event": "renamed",
                    "position": 1,
                    "id": "a",
                    "new_id": "a-2",
                    "title": "Another subject altogether",
                    "other_title": "Graphs",
                },
            ],
        })
    );
    let progress = json!({"papers": 2, "embedded": 1, "committed": 2});
    assert_eq!(value(&last.unwrap()), progress);

    library.remove(&["a-2"]).unwrap();
    let compacted = value(&library.compact().unwrap());
    assert_eq!(
        names(&compacted),
        ["dropped", "segments", "segments_before"]
    );
    assert_eq!(compacted["dropped"], 1);

    let info = value(&library.info().unwrap());
    let info_names = [
        "bytes",
        "deleted_rows",
        "dim",
        "fingerprint",
        "mapped",
        "model",
        "papers",
        "precision",
        "segments",
    ];
    assert_eq!(names(&info), info_names);

    let report = value(&Library::check(folder.path()).unwrap());
    assert_eq!(report, json!({"papers": 1, "vectors": 1, "faults": []}));
    std::fs::remove_dir_all(folder.path().join("vectors")).unwrap();
    let report = value(&Library::check(folder.path()).unwrap());
    let fault = &report["faults"][0];
    assert_eq!(names(fault), ["fault", "in_vectors", "repairable"]);
    // The cause is in the text, too.
    let text = fault["fault"].as_str().unwrap();
    assert!(text.contains("failed: cannot open"), "{text}");
}

#[test]
fn an_upgrade_reports_what_it_mapped_and_embedded() {
    let (_folder, mut library) = library(papers(40));
    let options = UpgradeOptions::default();
    let go_on = &mut |_| ControlFlow::Continue(());
    let report = library.upgrade(LetterPairs::default(), options, go_on);
    let report = value(&report.unwrap());
    assert_eq!(
        names(&report),
        ["embedded", "mapped", "remaining", "truncation"]
    );
    assert_eq!(value(&Progress::new(1, 2)), json!({"done": 1, "total": 2}));
}

#[test]
fn analyses_have_the_names_of_the_command() {
    let mut all = papers(60);
    all.push(
        Paper::new("twin")
            .title("The dark halo of a galaxy")
            .doi("10.1000/z"),
    );
    all.push(
        Paper::new("copy")
            .title("The dark halo of a galaxy")
            .doi("10.1000/z"),
    );
    let (_folder, library) = library(all);

    let pairs = library.duplicates(0.999_999).unwrap();
    let pairs = value(&pairs);
    let pair = pairs
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["reason"] == "doi");
    let pair = pair.unwrap();
    assert_eq!(names(pair), ["cosine", "papers", "reason"]);
    let ids: Vec<&Value> = pair["papers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|paper| &paper["id"])
        .collect();
    assert_eq!(ids, ["twin", "copy"]);

    let topics = value(&library.topics(&TopicOptions::default()).unwrap());
    assert_eq!(names(&topics), ["modularity", "topics", "unplaced"]);
    let topic = &topics["topics"][0];
    assert_eq!(names(topic), ["central", "ids", "words"]);
    assert!(topic["central"][0]["title"].is_string());

    let map = value(&library.map(&MapOptions::default().epochs(9)).unwrap());
    let fields = [
        "generation",
        "labels",
        "neighbors_kept",
        "placed",
        "points",
        "removed",
    ];
    assert_eq!(names(&map), fields);
    assert_eq!(names(&map["points"][0]), ["id", "topic", "x", "y", "year"]);
    assert_eq!(map["generation"], library.generation().unwrap().to_string());

    let draft = "# A draft\n\nGraphs and proofs of enzymes [@p1]. See also [@unknown].\n";
    let draft = Draft::parse(draft, DraftFormat::Markdown);
    let options = MissedOptions::default().k(2);
    let report = value(&library.missed(&draft, &[], &options).unwrap());
    assert_eq!(names(&report), ["cited", "hits", "sentences"]);
    assert_eq!(
        report["cited"]["found"],
        json!([{"citation": "p1", "id": "p1"}])
    );
    let unknown = Citation::by_key("unknown");
    assert_eq!(report["cited"]["not_found"], json!([value(&unknown)]));
    let citation = ["arxiv", "citation", "doi", "key", "text", "url"];
    assert_eq!(names(&value(&unknown)), citation);
    let hit = &report["hits"][0];
    for name in [
        "rank",
        "id",
        "score",
        "title_score",
        "sentence",
        "sentence_score",
    ] {
        assert!(!hit[name].is_null(), "{name}");
    }
}

#[test]
fn evaluations_have_an_estimate_for_each_metric() {
    let metrics = ["map@100", "mrr@10", "ndcg@10", "recall@10", "recall@100"];
    let (mut qrels, mut run) = (Qrels::default(), Run::default());
    for query in ["q1", "q2"] {
        qrels.insert(query, "a", 1);
        run.insert(query, "a", 1.0);
    }
    let evaluation = qrels.evaluate(&run);
    let found = value(&evaluation);
    assert_eq!(names(&found), metrics);
    assert_eq!(
        found["ndcg@10"],
        json!({"mean": 1.0, "low": 1.0, "high": 1.0})
    );
    assert_eq!(
        found["map@100"],
        value(&evaluation.estimate(Metric::MapAt100))
    );
    assert_eq!(names(&value(&evaluation.mean())), metrics);

    let (_folder, library) = library(papers(60));
    let options = SelfEvaluationOptions::default().sample(20);
    let report = library.evaluate_itself(&options, &mut |_| ControlFlow::Continue(()));
    let report = value(&report.unwrap());
    let task = &report["tasks"][0];
    assert_eq!(names(task), ["documents", "queries", "results", "task"]);
    let mut expected = metrics.to_vec();
    expected.insert(1, "mode");
    assert_eq!(names(&task["results"][0]), expected);
}

#[test]
fn a_remark_of_a_reader_has_its_location() {
    let bytes = b"@article{a, title = {Caf\xe9 and na\xefve networks}, year = {soon}}\n";
    let mut reader = PaperReader::new(&bytes[..], "f.bib").unwrap();
    reader.next().unwrap().unwrap();
    let remarks = value(&reader.take_remarks());
    let remark = &remarks[0];
    assert_eq!(names(remark), ["line", "what"]);
    assert_eq!(remark["line"], 1);
}
