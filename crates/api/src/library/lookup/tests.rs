use super::*;
use crate::testing::SpelledVector;

/// Papers with identifiers in several notations, and with titles and ids that are alike.
fn papers() -> Vec<Paper> {
    let paper = |id: &str, title: &str| Paper::new(id).title(title).abstract_text("1 0 0");
    vec![
        paper("vaswani2017attention", "Attention Is All You Need")
            .doi("10.48550/arXiv.1706.03762")
            .url("https://arxiv.org/abs/1706.03762"),
        paper(
            "arXiv:1810.04805",
            "BERT: Pre-training of Deep Transformers",
        ),
        paper("arXiv:1810.04806", "Another paper of the same day"),
        paper("doi:10.1145/3292500.3330701", "Optuna"),
        paper("wheels2019", "Sorting by rotating wheels").doi("https://doi.org/10.1234/WHEELS"),
        paper("Wheels2020", "Sorting by Rotating Wheels!").doi("10.9876/wheels"),
        paper("strings", "Strings on a torus").arxiv("hep-th/9901001v2"),
        paper("book-1", "Ferns in winter").doi("10.1000/book"),
        paper("book-2", "Moss in summer").url("http://dx.doi.org/10.1000/BOOK"),
        paper("1905.00001", "An id that is an identifier of another paper").arxiv("1905.00002"),
        paper("Case", "Upper"),
        paper("case", "Lower"),
    ]
}

fn library() -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), SpelledVector).unwrap();
    library.add(papers()).unwrap();
    // Ids and identifiers of removed papers are in the terms still.
    library
        .add([Paper::new("vaswani2017removed").abstract_text("1 0 0")])
        .unwrap();
    library.remove(&["vaswani2017removed"]).unwrap();
    (dir, library)
}

/// Returns how a text names papers, and their ids.
fn described(lookup: &Lookup) -> (String, Vec<&str>) {
    match lookup {
        Lookup::Exact(paper) => ("id".to_owned(), vec![paper.id.as_str()]),
        Lookup::Found { paper, by } => (by.to_string(), vec![paper.id.as_str()]),
        Lookup::Ambiguous { papers, total, by } => {
            assert_eq!(*total, papers.len());
            let ids = papers.iter().map(|paper| paper.id.as_str());
            (by.to_string(), ids.collect())
        }
        Lookup::NotFound { .. } => (String::new(), Vec::new()),
    }
}

const CASES: [(&str, &str, &[&str]); 43] = [
    ("vaswani2017attention", "id", &["vaswani2017attention"]),
    (" vaswani2017attention\n", "id", &["vaswani2017attention"]),
    (
        "VASWANI2017Attention",
        "case-insensitive id",
        &["vaswani2017attention"],
    ),
    ("Case", "id", &["Case"]),
    ("CASE", "case-insensitive id", &["Case", "case"]),
    (
        "10.48550/arXiv.1706.03762",
        "DOI",
        &["vaswani2017attention"],
    ),
    ("1706.03762", "arXiv identifier", &["vaswani2017attention"]),
    (
        "1706.03762v5",
        "arXiv identifier",
        &["vaswani2017attention"],
    ),
    (
        "arXiv:1706.03762",
        "arXiv identifier",
        &["vaswani2017attention"],
    ),
    (
        "arxiv:1706.03762v1",
        "arXiv identifier",
        &["vaswani2017attention"],
    ),
    (
        "https://arxiv.org/abs/1706.03762v5",
        "arXiv identifier",
        &["vaswani2017attention"],
    ),
    (
        "http://arxiv.org/pdf/1706.03762v5.pdf",
        "arXiv identifier",
        &["vaswani2017attention"],
    ),
    (
        "https://arxiv.org/html/1706.03762",
        "arXiv identifier",
        &["vaswani2017attention"],
    ),
    ("arXiv:1810.04805", "id", &["arXiv:1810.04805"]),
    ("1810.04805", "arXiv identifier", &["arXiv:1810.04805"]),
    (
        "arxiv:1810.04805v2",
        "arXiv identifier",
        &["arXiv:1810.04805"],
    ),
    (
        "https://doi.org/10.48550/arXiv.1810.04805",
        "arXiv identifier",
        &["arXiv:1810.04805"],
    ),
    (
        "10.1145/3292500.3330701",
        "DOI",
        &["doi:10.1145/3292500.3330701"],
    ),
    (
        "https://doi.org/10.1145/3292500.3330701.",
        "DOI",
        &["doi:10.1145/3292500.3330701"],
    ),
    ("10.1234/wheels", "DOI", &["wheels2019"]),
    ("10.1234/WHEELS.", "DOI", &["wheels2019"]),
    ("doi:10.1234/Wheels", "DOI", &["wheels2019"]),
    ("DOI: 10.1234/wheels,", "DOI", &["wheels2019"]),
    ("https://doi.org/10.1234/wheels", "DOI", &["wheels2019"]),
    ("http://dx.doi.org/10.1234%2Fwheels", "DOI", &["wheels2019"]),
    ("hep-th/9901001", "arXiv identifier", &["strings"]),
    ("arXiv:hep-th/9901001v1", "arXiv identifier", &["strings"]),
    (
        "https://arxiv.org/abs/hep-th/9901001",
        "arXiv identifier",
        &["strings"],
    ),
    ("10.1000/book", "DOI", &["book-1", "book-2"]),
    (
        "attention is all you need",
        "title",
        &["vaswani2017attention"],
    ),
    (
        "Attention is all you need.",
        "title",
        &["vaswani2017attention"],
    ),
    ("optuna", "title", &["doi:10.1145/3292500.3330701"]),
    (
        "sorting by rotating wheels",
        "title",
        &["Wheels2020", "wheels2019"],
    ),
    ("vaswan", "beginning of the id", &["vaswani2017attention"]),
    (
        "Vaswani2017",
        "beginning of the id",
        &["vaswani2017attention"],
    ),
    (
        "wheels20",
        "beginning of the id",
        &["Wheels2020", "wheels2019"],
    ),
    (
        "arXiv:1810",
        "beginning of the id",
        &["arXiv:1810.04805", "arXiv:1810.04806"],
    ),
    (
        "1810.0480",
        "beginning of the id",
        &["arXiv:1810.04805", "arXiv:1810.04806"],
    ),
    ("vaswa", "", &[]),
    ("10.1234/nothing", "", &[]),
    ("", "", &[]),
    ("attention", "", &[]),
    // The paper with this id says that it is another one.
    ("arXiv:1905.00001", "", &[]),
];

#[test]
fn every_form_of_a_name_finds_its_paper() {
    let (_dir, library) = library();
    for (text, by, ids) in CASES {
        let found = library.lookup(text).unwrap();
        assert_eq!(described(&found), (by.to_owned(), ids.to_vec()), "{text}");
    }
    let all = library.lookup_all(&CASES.map(|(text, ..)| text)).unwrap();
    for (found, (text, by, ids)) in all.iter().zip(CASES) {
        assert_eq!(described(found), (by.to_owned(), ids.to_vec()), "{text}");
    }
}

#[test]
fn a_library_without_its_terms_finds_the_same_papers() {
    let (dir, library) = library();
    let texts = CASES.map(|(text, ..)| text);
    let expected = library.lookup_all(&texts).unwrap();
    drop(library);
    std::fs::remove_dir_all(dir.path().join("vectors")).unwrap();
    let library = Library::open(dir.path()).unwrap();
    for ((found, expected), text) in library
        .lookup_all(&texts)
        .unwrap()
        .iter()
        .zip(&expected)
        .zip(texts)
    {
        assert_eq!(described(found), described(expected), "{text}");
    }
    let nearest = library.lookup("vaswani2017atention").unwrap();
    let Lookup::NotFound { nearest } = nearest else {
        panic!("{nearest:?}");
    };
    assert_eq!(nearest, ["vaswani2017attention"]);
}

#[test]
fn many_papers_are_counted_and_ten_are_listed() {
    let (_dir, library) = library();
    let papers = (0..1100).map(|n| {
        let paper = Paper::new(format!("series-{n:04}")).abstract_text("1 0 0");
        paper.title(if n % 2 == 0 {
            "Editorial"
        } else {
            "Editorial note"
        })
    });
    library.add(papers).unwrap();
    for (text, expected, first) in [
        ("series-", 1100, "series-0000"),
        ("series-10", 100, "series-1000"),
        // More papers contain the word than are read one by one.
        ("editorial", 550, "series-0000"),
        ("editorial note", 550, "series-0001"),
    ] {
        let found = library.lookup(text).unwrap();
        let Lookup::Ambiguous { papers, total, .. } = &found else {
            panic!("{text}: {found:?}");
        };
        assert_eq!((*total, papers.len()), (expected, 10), "{text}");
        assert_eq!(papers[0].id, first);
    }
    let error = library.lookup("series-10").unwrap().into_paper("series-10");
    let message = error.unwrap_err().to_string();
    assert!(
        message
            .starts_with("`series-10` is the beginning of the id of 100 papers: `series-1000`, ")
            && message.ends_with(", and 90 more; use the id of one of them"),
        "{message}"
    );
}

#[test]
fn an_unknown_name_has_the_nearest_ids() {
    let (_dir, library) = library();
    let found = library.lookup("vaswani2017atention").unwrap();
    let error = found.into_paper("vaswani2017atention").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no paper `vaswani2017atention` in the library; nearest by spelling: `vaswani2017attention`"
    );
    assert!(library.lookup_all::<&str>(&[]).unwrap().is_empty());
}
