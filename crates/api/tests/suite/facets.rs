//! The numbers of papers by field, and suggestions for a text that is being typed.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use cognate::{Facets, Filter, Library, Listing, Paper, Suggestion, SuggestionKind};
use cognate_testing::{LetterCounts, Numbers, paper};
use tempfile::tempdir;

const VENUES: [&str; 6] = [
    "Nature Physics",
    "nature physics",
    "Physical Review",
    "Zeitschrift f\u{fc}r Physik",
    "Zeitschrift fur Physik",
    "Neural Computation",
];

/// Papers with few different values, some without one.
fn papers(count: usize) -> Vec<Paper> {
    let mut numbers = Numbers::new(7);
    let mut below = |end: usize| numbers.below(u32::try_from(end).unwrap()) as usize;
    (0..count)
        .map(|n| {
            let mut paper =
                paper(n).categories([["cs.CL", "cs.LG", "math.CO"][below(3)], "stat.ML"]);
            paper.year = [None, Some(1999), Some(2005), Some(2024)][below(4)];
            paper.venue = Some(VENUES[below(6)].to_owned()).filter(|_| n % 5 > 0);
            paper.authors = Vec::new();
            paper
        })
        .collect()
}

/// Returns the facets by a look at every paper.
fn expected(
    papers: &[Paper],
    filter: &dyn Fn(&Paper) -> bool,
    limit: usize,
) -> [Vec<(String, usize)>; 3] {
    let passing: Vec<&Paper> = papers.iter().filter(|paper| filter(paper)).collect();
    let mut years: BTreeMap<i32, usize> = BTreeMap::new();
    let mut venues: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut categories: BTreeMap<String, usize> = BTreeMap::new();
    for paper in passing {
        if let Some(year) = paper.year {
            *years.entry(year).or_default() += 1;
        }
        if let Some(venue) = &paper.venue {
            let folded = venue.to_lowercase().replace('\u{fc}', "u");
            *venues
                .entry(folded)
                .or_default()
                .entry(venue.clone())
                .or_default() += 1;
        }
        for category in &paper.categories {
            *categories.entry(category.clone()).or_default() += 1;
        }
    }
    let sorted = |mut counts: Vec<(String, usize)>| {
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counts.truncate(limit);
        counts
    };
    let venues = venues.into_values().map(|spellings| {
        let papers = spellings.values().sum();
        let most = *spellings.values().max().unwrap();
        let (name, _) = spellings
            .into_iter()
            .find(|(_, papers)| *papers == most)
            .unwrap();
        (name, papers)
    });
    [
        years
            .into_iter()
            .map(|(year, papers)| (year.to_string(), papers))
            .collect(),
        sorted(venues.collect()),
        sorted(categories.into_iter().collect()),
    ]
}

fn of(facets: &Facets) -> [Vec<(String, usize)>; 3] {
    let counts = |counts: &[cognate::FacetCount]| -> Vec<(String, usize)> {
        counts
            .iter()
            .map(|count| (count.name.clone(), count.papers))
            .collect()
    };
    [
        facets
            .years
            .iter()
            .map(|(year, papers)| (year.to_string(), *papers))
            .collect(),
        counts(&facets.venues),
        counts(&facets.categories),
    ]
}

#[test]
fn facets_agree_with_a_look_at_every_paper() {
    let dir = tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    let mut papers = papers(300);
    library.add(papers.clone()).unwrap();
    let removed: Vec<String> = papers
        .iter()
        .step_by(7)
        .map(|paper| paper.id.clone())
        .collect();
    library.remove(&removed).unwrap();
    papers.retain(|paper| !removed.contains(&paper.id));
    let moved = papers[3].clone().year(2031);
    papers[3] = moved.clone();
    library.add([moved]).unwrap();
    for limit in [0, 2, 100] {
        let facets = library.facets(&Filter::default(), limit).unwrap();
        assert_eq!(facets.papers, papers.len());
        assert_eq!(of(&facets), expected(&papers, &|_| true, limit));
        let is_late = |paper: &Paper| paper.year.is_some_and(|year| year > 2000);
        let facets = library
            .facets(&Filter::default().years(2001..), limit)
            .unwrap();
        assert_eq!(
            facets.papers,
            papers.iter().filter(|paper| is_late(paper)).count()
        );
        assert_eq!(of(&facets), expected(&papers, &is_late, limit));
    }
    let none = library.facets(&Filter::default().years(1..2), 9).unwrap();
    assert_eq!(none, Facets::default());
    library.compact().unwrap();
    let facets = library.facets(&Filter::default(), 100).unwrap();
    assert_eq!(of(&facets), expected(&papers, &|_| true, 100));
}

#[test]
fn facets_count_lists() {
    let dir = tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    let papers = papers(50);
    library.add(papers.clone()).unwrap();
    let ids: Vec<&str> = papers.iter().map(|paper| paper.id.as_str()).collect();
    library.add_to_list("read", &ids[..20], None).unwrap();
    library.add_to_list("liked", &ids[10..15], None).unwrap();
    library.create_list("empty").unwrap();
    let lists = |filter| -> Vec<(String, usize)> {
        let lists = library.facets(&filter, 9).unwrap().lists.into_iter();
        lists.map(|list| (list.name, list.papers)).collect()
    };
    let named = |name: &str, papers| (name.to_owned(), papers);
    assert_eq!(
        lists(Filter::default()),
        [named("read", 20), named("liked", 5)]
    );
    assert_eq!(
        lists(Filter::default().list("liked")),
        [named("liked", 5), named("read", 5)]
    );
    assert_eq!(
        lists(Filter::default().not_list("liked")),
        [named("read", 15)]
    );
}

fn suggested(library: &Library, prefix: &str) -> Vec<String> {
    let suggestions = library.suggest(prefix, 4).unwrap().into_iter();
    let line = |one: Suggestion| {
        assert_eq!(one.kind == SuggestionKind::Paper, one.id.is_some());
        format!("{} {} {}", one.kind, one.text, one.papers)
    };
    suggestions.map(line).collect()
}

#[test]
fn suggestions_complete_names_titles_and_categories() {
    let dir = tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    let paper = |id: &str, title: &str, author: &str, venue: &str| {
        Paper::new(id)
            .title(title)
            .authors([author, "Bea Other"])
            .venue(venue)
            .categories(["q-bio.NC", "cs.CL"])
    };
    library
        .add([
            paper("a", "Graph attention networks", "Geoffrey Hinton", "Nature"),
            paper(
                "b",
                "Attention is all you need",
                "Geoffrey E. Hinton",
                "NeurIPS",
            ),
            paper("c", "Graphs of graphs", "Kurt G\u{f6}del", "Nature Physics"),
            paper("d", "Graphene at last", "Geoffrey Hinton", "Nature Physics"),
            paper("old", "Graphic novels", "Hinterland Old", "Natural History"),
        ])
        .unwrap();
    library.remove(&["old"]).unwrap();
    assert_eq!(
        suggested(&library, "hint"),
        ["author Geoffrey Hinton 2", "author Geoffrey E. Hinton 1"]
    );
    assert_eq!(
        suggested(&library, "Geoffrey E"),
        ["author Geoffrey E. Hinton 1"]
    );
    assert_eq!(suggested(&library, "hinton geof").len(), 2);
    assert_eq!(suggested(&library, "GODEL"), ["author Kurt G\u{f6}del 1"]);
    assert_eq!(
        suggested(&library, "natu"),
        ["venue Nature Physics 2", "venue Nature 1"]
    );
    assert_eq!(suggested(&library, "phys"), ["venue Nature Physics 2"]);
    assert_eq!(suggested(&library, "CS"), ["category cs.CL 4"]);
    assert_eq!(
        suggested(&library, "attention"),
        [
            // A word counts for more in a shorter title.
            "paper Graph attention networks 1",
            "paper Attention is all you need 1"
        ]
    );
    assert_eq!(
        suggested(&library, "attention is a"),
        ["paper Attention is all you need 1"]
    );
    let graph: Vec<String> = suggested(&library, "graph");
    assert_eq!(graph.len(), 3, "{graph:?}");
    assert_eq!(suggested(&library, "graphen"), ["paper Graphene at last 1"]);
    assert!(suggested(&library, " - ").is_empty() && suggested(&library, "zzz").is_empty());
    assert!(library.suggest("graph", 0).unwrap().is_empty());
    let mut listed = 0;
    let all = library.list(&Listing::default(), |_| {
        listed += 1;
        ControlFlow::Continue(())
    });
    assert_eq!((all.unwrap(), listed), (4, 4));
}
