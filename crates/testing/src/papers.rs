use cognate::Paper;

/// Returns `count` papers with generated titles, years, venues, authors and categories.
pub fn papers(count: usize) -> Vec<Paper> {
    (0..count).map(paper).collect()
}

/// Returns the paper with the id `p<n>` of [`papers`].
///
/// # Panics
///
/// Does not panic for any `n` that a test uses.
pub fn paper(n: usize) -> Paper {
    let words = [
        "graph", "proof", "enzyme", "galaxy", "market", "syntax", "quartz", "fever",
    ];
    let word = |k: usize| words[(n / k.max(1) + k) % words.len()];
    Paper::new(format!("p{n}"))
        .title(format!("{} {} {n}", word(1), word(3)))
        .abstract_text(format!("about {} and {}", word(5), word(7)))
        .authors([
            format!("Author{} Smith", n % 5),
            format!("Ann Other{}", n % 3),
        ])
        .year(2000 + i32::try_from(n % 20).unwrap())
        .venue(["Journal of Things", "Letters", "Nature of Letters"][n % 3])
        .categories([["cs.CL", "cs.LG", "math.CO", "q-bio"][n % 4]])
}
