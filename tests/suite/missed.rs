use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cognate::{
    DEFAULT_MODEL, Draft, DraftFormat, Encoder, EncoderOptions, Library, MissedOptions,
    ModelSource, Paper, PaperReader, Precision, Query,
};

use crate::bundled::papers;

/// A topic with its draft: the papers that the draft cites, those that it misses, and those that its
/// sentences come from.
struct Topic {
    name: String,
    cited: Vec<Paper>,
    missed: Vec<Paper>,
    /// More papers of the topic, which are neither cited nor counted as missed.
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

/// Makes a draft in LaTeX from the sources of a topic: the first sentence of each, then the second of
/// each, and so on.
fn draft_of(topic: &Topic) -> Draft {
    let mut text = "\\begin{document}\n".to_owned();
    for index in 0..4 {
        for source in &topic.sources {
            if let Some(sentence) = source.abstract_text.split_inclusive(". ").nth(index) {
                // Without characters that TeX takes for a comment or a formula.
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

/// Makes a list of references whose keys differ from the papers' ids, so that only the titles
/// identify the papers.
fn references_of(papers: &[Paper]) -> Vec<Paper> {
    let entry = |paper: &Paper| Paper::new(format!("key:{}", paper.id)).title(&paper.title);
    papers.iter().map(entry).collect()
}

/// Returns how many of a topic's missed papers are among the first `k` hits, not counting the other
/// papers of the topic.
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
            let is_in_half =
                |(at, paper): (usize, &&Paper)| (at % 2 == odd).then(|| (*paper).clone());
            papers
                .iter()
                .enumerate()
                .filter_map(is_in_half)
                .collect::<Vec<_>>()
        };
        let topic = Topic {
            name: name.to_owned(),
            cited: half(0),
            missed: half(1),
            others: Vec::new(),
            sources: half(0),
        };
        // The list of references holds all papers, but only the cited half counts as cited.
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
    // Random hits would find at most a tenth.
    assert!(hits * 3 >= all * 2, "{hits} of {all}");
}

#[test]
fn does_not_explain_a_hit_by_text_beyond_the_token_limit() {
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
    // Shared words are found in the whole text.
    assert_eq!(why[1].words, ["birds", "find", "way", "winter"]);
}

#[test]
fn explains_a_hit_by_the_most_similar_sentences() {
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

/// Makes topics from arXiv and looks for the papers that their drafts miss.
///
/// A topic is a word in the titles of 40 to 60 papers of one archive, which has four fifths of all
/// titles with that word, and the abstracts of these papers repeat the word twice on average. The
/// sentences of a draft come from twenty other papers, which are not in the library.
///
/// `COGNATE_ARXIV` is a folder with `arxiv-10k.jsonl` and `arxiv-100k.jsonl.gz`;
/// `COGNATE_ARXIV_LIBRARY` is a folder that keeps the embeddings for the next run.
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
        // A list of 1,000 references, of which the draft cites 20.
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
            let is_word = |other: &String| other == word;
            words(&paper.abstract_text)
                .into_iter()
                .filter(is_word)
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
        // An order that is unrelated to the contents of the papers.
        papers.sort_by_key(|paper| fnv1a(&paper.id));
        let mut sources: Vec<&Paper> = more
            .iter()
            .filter(|paper| !known.contains(paper.id.as_str()) && archive(paper) == of_archive)
            .filter(|paper| words(&paper.title).contains(&word))
            .collect();
        sources.sort_by_key(|paper| fnv1a(&paper.id));
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

/// Returns the words of at least four letters, in lower case and without a plural `s`.
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

/// Hashes a text with FNV-1a, which gives the same number on every machine.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
