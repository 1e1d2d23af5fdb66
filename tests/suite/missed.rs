use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cognate::{
    DEFAULT_MODEL, Draft, DraftFormat, Encoder, EncoderOptions, Library, MissedOptions,
    ModelSource, Paper, PaperReader, Precision, Query,
};

use crate::bundled::papers;

/// A topic: what its draft cites, what it does not, and papers that it takes its sentences from.
struct Topic {
    name: String,
    cited: Vec<Paper>,
    missed: Vec<Paper>,
    /// More of the topic: neither cited nor looked for.
    others: Vec<Paper>,
    sources: Vec<Paper>,
}

fn library(dir: &Path, papers: Vec<Paper>, precision: Precision) -> Library {
    let source = ModelSource::from_env().unwrap();
    let checkpoint = source.resolve(DEFAULT_MODEL).unwrap().open().unwrap();
    let encoder =
        Encoder::load(&checkpoint, EncoderOptions::default().precision(precision)).unwrap();
    let library = Library::open_or_create(dir, encoder).unwrap();
    library.add(papers).unwrap();
    library
}

/// A draft in LaTeX, of the sentences of the topic's sources in turn, the first of each first.
fn draft_of(topic: &Topic) -> Draft {
    let mut text = "\\begin{document}\n".to_owned();
    for place in 0..4 {
        for source in &topic.sources {
            if let Some(sentence) = source.abstract_text.split_inclusive(". ").nth(place) {
                // What TeX would take for a comment or a formula.
                let plain = sentence.replace(['%', '$', '\\', '{', '}', '#'], " ");
                text.push_str(&plain);
                text.push('\n');
            }
        }
        text.push('\n');
    }
    for paper in &topic.cited {
        let _ = write!(text, "\\cite{{key:{}}} ", paper.id);
    }
    text.push_str("\\end{document}\n");
    Draft::parse(&text, DraftFormat::Latex)
}

/// The list of references: keys of its own, so that papers are recognized by their titles.
fn references_of(papers: &[Paper]) -> Vec<Paper> {
    let entry = |paper: &Paper| Paper::new(format!("key:{}", paper.id)).title(&paper.title);
    papers.iter().map(entry).collect()
}

/// How many of a topic's missed papers are among the first `k`, when the others are passed over.
fn found(library: &Library, topic: &Topic, references: &[Paper], k: usize) -> usize {
    let options = MissedOptions::default().k(k + topic.others.len());
    let report = library
        .missed(&draft_of(topic), references, &options)
        .unwrap();
    assert_eq!(report.found.len(), topic.cited.len(), "{}", topic.name);
    let ids = |papers: &[Paper]| papers.iter().map(|paper| paper.id.clone()).collect();
    let (missed, others, cited): (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>) =
        (ids(&topic.missed), ids(&topic.others), ids(&topic.cited));
    let hits = report.hits.iter().map(|missed| &missed.hit.paper.id);
    assert!(hits.clone().all(|id| !cited.contains(id)), "{}", topic.name);
    hits.filter(|id| !others.contains(*id))
        .take(k)
        .filter(|id| missed.contains(*id))
        .count()
}

#[test]
fn finds_the_half_of_a_field_that_a_draft_does_not_cite() {
    let papers = papers();
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path(), papers.clone(), Precision::F32);
    let mut fields: BTreeMap<&str, Vec<&Paper>> = BTreeMap::new();
    for paper in &papers {
        for category in &paper.categories {
            fields.entry(category).or_default().push(paper);
        }
    }
    fields.retain(|_, papers| papers.len() >= 6);
    assert!(fields.len() >= 10);
    let (mut hits, mut all) = (0, 0);
    for (name, papers) in fields {
        let half = |odd: usize| {
            let of_half = |(at, paper): (usize, &&Paper)| (at % 2 == odd).then(|| (*paper).clone());
            papers
                .iter()
                .enumerate()
                .filter_map(of_half)
                .collect::<Vec<_>>()
        };
        let topic = Topic {
            name: name.to_owned(),
            cited: half(0),
            missed: half(1),
            others: Vec::new(),
            sources: half(0),
        };
        // Of a list that holds all there is, the cited half alone counts.
        let every = papers
            .iter()
            .map(|paper| (*paper).clone())
            .collect::<Vec<_>>();
        hits += found(
            &library,
            &topic,
            &references_of(&every),
            2 * topic.missed.len(),
        );
        all += topic.missed.len();
    }
    // Chance gives a tenth at most.
    assert!(hits * 3 >= all * 2, "{hits} of {all}");
}

#[test]
fn explains_no_hit_by_what_the_model_does_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let query = "How do birds find their way in winter?";
    let filler = "We count the words of a page and write the number down. ".repeat(40);
    let papers = [
        Paper::new("early").abstract_text(format!("{query} {filler}")),
        Paper::new("late").abstract_text(format!("{filler} {query}")),
    ];
    let library = library(dir.path(), papers.to_vec(), Precision::F32);
    let hits = library.search(&Query::text(query).k(2)).unwrap();
    let ids: Vec<&str> = hits.iter().map(|hit| hit.paper.id.as_str()).collect();
    assert_eq!(ids, ["early", "late"]);
    let why = library.explain(query, &hits).unwrap();
    assert_eq!(why[0].paper_sentence, query);
    assert!(why[1].paper_sentence.starts_with("We count"), "{why:?}");
    // Words are there all the same.
    assert_eq!(why[1].words, ["birds", "find", "way", "winter"]);
}

#[test]
fn explains_a_hit_by_the_sentences_that_are_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path(), papers(), Precision::F32);
    let query = "I like music. How can a computer translate sentences between languages?";
    let hits = library
        .search(&Query::text("machine translation").k(3))
        .unwrap();
    let why = library.explain(query, &hits).unwrap();
    assert_eq!(why.len(), 3);
    for (hit, why) in hits.iter().zip(&why) {
        assert_eq!(
            why.query_sentence,
            "How can a computer translate sentences between languages?"
        );
        assert!(hit.paper.text().contains(&why.paper_sentence));
        assert!(why.score > 0.2 && why.score <= 1.0, "{why:?}");
    }
    let related = library
        .explain_related(&[&hits[0].paper.id], &hits[1..])
        .unwrap();
    assert!(
        related
            .iter()
            .all(|why| hits[0].paper.text().contains(&why.query_sentence))
    );
}

/// Topics of arXiv: titles of one archive that share a word which at least 40 and at most 60
/// papers have, four fifths of them there, and which their abstracts repeat twice on average.
/// Their drafts have the sentences of twenty further papers, which are not in the library.
///
/// `COGNATE_ARXIV` names a folder with `arxiv-10k.jsonl` and `arxiv-100k.jsonl.gz`;
/// `COGNATE_ARXIV_LIBRARY` one where the vectors are kept for the next time.
#[test]
#[ignore = "embeds 10,000 papers; set COGNATE_ARXIV to the folder of arxiv-10k.jsonl"]
fn finds_fifteen_of_twenty_that_a_draft_on_a_topic_of_arxiv_misses() {
    let Some(data) = std::env::var_os("COGNATE_ARXIV").map(PathBuf::from) else {
        panic!("COGNATE_ARXIV is not set, expected the folder of arxiv-10k.jsonl");
    };
    let read = |name: &str| {
        let papers = PaperReader::open(&data.join(name)).unwrap();
        papers.collect::<Result<Vec<_>, _>>().unwrap()
    };
    let papers = read("arxiv-10k.jsonl");
    let temporary = tempfile::tempdir().unwrap();
    let dir = std::env::var_os("COGNATE_ARXIV_LIBRARY")
        .map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let library = library(&dir, papers.clone(), Precision::Int8);
    let topics = topics_of(&papers, &read("arxiv-100k.jsonl.gz"));
    assert!(topics.len() >= 20, "{}", topics.len());

    let mut counts = Vec::new();
    for topic in &topics {
        // 1,000 entries, of which the draft cites 20.
        let mut listed = topic.cited.clone();
        let is_of_topic = |paper: &Paper| {
            let mut all = topic.missed.iter().chain(&topic.others).chain(&topic.cited);
            all.any(|other| other.id == paper.id)
        };
        listed.extend(
            papers
                .iter()
                .filter(|paper| !is_of_topic(paper))
                .take(980)
                .cloned(),
        );
        let start = Instant::now();
        let count = found(&library, topic, &references_of(&listed), 40);
        let seconds = start.elapsed().as_secs_f64();
        eprintln!(
            "{:>14}: {count} of 20 in the first 40, {seconds:.1} s",
            topic.name
        );
        counts.push(count);
    }
    let sum: usize = counts.iter().sum();
    eprintln!(
        "{sum} of {} in all, worst {:?}",
        20 * counts.len(),
        counts.iter().min()
    );
    assert!(sum >= 15 * counts.len(), "{counts:?}");
}

fn topics_of(papers: &[Paper], more: &[Paper]) -> Vec<Topic> {
    let archive = |paper: &Paper| {
        let name = paper.categories.first().cloned().unwrap_or_default();
        name.split(['.', '-']).next().unwrap_or_default().to_owned()
    };
    let mut by_word: BTreeMap<(String, String), Vec<&Paper>> = BTreeMap::new();
    let mut total: BTreeMap<String, usize> = BTreeMap::new();
    for paper in papers {
        for word in words(&paper.title).into_iter().collect::<BTreeSet<_>>() {
            *total.entry(word.clone()).or_default() += 1;
            by_word
                .entry((archive(paper), word))
                .or_default()
                .push(paper);
        }
    }
    by_word.retain(|(_, word), papers| {
        let repeats = |paper: &&Paper| {
            let of_word = |other: &String| other == word;
            words(&paper.abstract_text)
                .into_iter()
                .filter(of_word)
                .count()
                .min(5)
        };
        (40..=60).contains(&papers.len())
            && papers.len() * 5 >= total[word] * 4
            && papers.iter().map(repeats).sum::<usize>() >= 2 * papers.len()
    });
    let known: BTreeSet<&str> = papers.iter().map(|paper| paper.id.as_str()).collect();
    let mut topics = Vec::new();
    for ((of_archive, word), mut papers) in by_word {
        // In an order that has nothing to do with what they are about.
        papers.sort_by_key(|paper| scramble(&paper.id));
        let mut sources: Vec<&Paper> = more
            .iter()
            .filter(|paper| !known.contains(paper.id.as_str()) && archive(paper) == of_archive)
            .filter(|paper| words(&paper.title).contains(&word))
            .collect();
        sources.sort_by_key(|paper| scramble(&paper.id));
        let owned = |papers: &[&Paper]| papers.iter().map(|paper| (*paper).clone()).collect();
        topics.push(Topic {
            name: word,
            cited: owned(&papers[..20]),
            missed: owned(&papers[20..40]),
            others: owned(&papers[40..]),
            sources: owned(&sources[..sources.len().min(20)]),
        });
    }
    topics
}

/// Words of four letters and more in small letters, without the `s` of a plural.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphabetic())
        .map(str::to_ascii_lowercase)
        .map(|word| match word.len() {
            5.. => word.trim_end_matches('s').to_owned(),
            _ => word,
        })
        .filter(|word| word.len() >= 4)
        .collect()
}

/// A number of a text, the same on every machine (FNV-1a).
fn scramble(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
