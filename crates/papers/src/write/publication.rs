//! The bibliographic view of a paper that the formats of reference managers share.

use super::field::{non_blank, one_line};
use crate::text::words;
use crate::{Name, Paper, PaperKind, PartialDate};

/// A paper as an entry of a bibliography. Texts are single lines that are not blank.
#[derive(Debug)]
pub(super) struct Publication<'a> {
    pub(super) kind: PaperKind,
    /// The authors; none if they are the editors of a book.
    pub(super) authors: &'a [Name],
    /// The journal, the proceedings or the book that contains the publication, or what else its venue is.
    pub(super) container: Option<String>,
    /// The publisher, or the university or institution.
    pub(super) publisher: Option<String>,
    pub(super) year: Option<i32>,
    /// The date of publication, if it is in `year`.
    pub(super) date: Option<PartialDate>,
    /// The date of publication, if it is in another year, as for an article that was published online before its
    /// issue.
    pub(super) other_date: Option<PartialDate>,
}

impl<'a> Publication<'a> {
    pub(super) fn of(paper: &'a Paper) -> Self {
        let details = &paper.details;
        let kind = details.kind.unwrap_or_else(|| inferred_kind(paper));
        let venue = non_blank(paper.venue.as_deref());
        let publisher = non_blank(details.publisher.as_deref());
        let (container, publisher) = match kind {
            // An article without a journal, or a chapter without a book, is incomplete.
            PaperKind::Article | PaperKind::ConferencePaper | PaperKind::Chapter => {
                (venue, publisher)
            }
            // The venue of a paper without a container is its publisher.
            PaperKind::Book
            | PaperKind::Proceedings
            | PaperKind::Thesis
            | PaperKind::Report
            | PaperKind::Preprint
            | PaperKind::Dataset
            | PaperKind::Software => {
                let publisher = publisher.or_else(|| venue.clone());
                (
                    venue.filter(|venue| publisher.as_ref() != Some(venue)),
                    publisher,
                )
            }
            _ => (
                venue.filter(|venue| publisher.as_ref() != Some(venue)),
                publisher,
            ),
        };
        let year = paper.year.or(details.published.map(PartialDate::year));
        // Readers take the editors of a book without authors as its authors.
        let is_book = matches!(kind, PaperKind::Book | PaperKind::Proceedings);
        let is_in_year = |date: &PartialDate| Some(date.year()) == year;
        Self {
            kind,
            authors: if is_book && paper.authors == details.editors {
                &[]
            } else {
                &paper.authors
            },
            container,
            publisher,
            year,
            date: details.published.filter(is_in_year),
            other_date: details.published.filter(|date| !is_in_year(date)),
        }
    }
}

/// Returns the parts of a name as single lines: given names, particle, family name and suffix.
pub(super) fn parts(name: &Name) -> [String; 4] {
    [name.given(), name.particle(), name.family(), name.suffix()].map(one_line)
}

/// Prefixes of the first word in the names of preprint archives.
const ARCHIVES: [&str; 9] = [
    "arxiv",
    "corr",
    "biorxiv",
    "medrxiv",
    "chemrxiv",
    "psyarxiv",
    "ssrn",
    "preprints",
    "zenodo",
];

/// Words in the names of journals. They take precedence over the other lists.
const JOURNALS: [&str; 16] = [
    "journal",
    "transactions",
    "letters",
    "annals",
    "bulletin",
    "magazine",
    "review",
    "reviews",
    "trans",
    "academy",
    "acad",
    "endowment",
    "royal",
    "pnas",
    "pacmpl",
    "pvldb",
];

/// Words in the names of conferences and their proceedings.
const CONFERENCES: [&str; 10] = [
    "proceedings",
    "proc",
    "conference",
    "conf",
    "workshop",
    "workshops",
    "symposium",
    "congress",
    "meeting",
    "findings",
];

/// Last words in the names of publishers of books.
const PUBLISHERS: [&str; 4] = ["press", "publishers", "publishing", "verlag"];

/// First words in the names of universities.
const UNIVERSITIES: [&str; 6] = [
    "university",
    "universitat",
    "universite",
    "universidad",
    "universidade",
    "universita",
];

/// Short names of conferences, in lower case.
const SHORT_NAMES: &str = "aaai aamas acl aistats asplos bmvc ccs chi cikm coling colt conll \
    corl cvpr dac eacl eccv ecir ecml emnlp esorics focs fse gecco hpca icalp icassp iccv icde icdm \
    icdt iclr icml icra icse ijcai ijcnlp infocom interspeech iros isca isit kdd lics lrec \
    miccai micro naacl nips neurips nsdi oopsla osdi pakdd pldi pods popl recsys rss sdm sigcomm \
    siggraph sigir sigmod soda sosp stacs stoc uai uist usenix vldb wacv wmt wsdm www";

/// Returns whether these words name a journal that is called proceedings and has none of
/// [`JOURNALS`] in its name.
fn is_journal_called_proceedings(words: &[String]) -> bool {
    let text = words.join(" ");
    ["proceedings of the ieee", "proc ieee"].contains(&text.as_str())
        || text.starts_with("proceedings of the acm on ")
        || text.starts_with("proc acm ")
}

/// Infers the kind of a paper from its venue and its identifiers.
fn inferred_kind(paper: &Paper) -> PaperKind {
    let Some(venue) = non_blank(paper.venue.as_deref()) else {
        return if paper.arxiv.is_some() {
            PaperKind::Preprint
        } else if paper.details.isbn.is_some() {
            PaperKind::Book
        } else {
            PaperKind::Other
        };
    };
    let words: Vec<String> = words(&venue).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let first_is = |is: &dyn Fn(&str) -> bool| words.first().is_some_and(|first| is(first));
    let last = words.last().map_or("", String::as_str);
    let is_short_name = |word: &String| SHORT_NAMES.split_whitespace().any(|name| name == word);
    if first_is(&|first| ARCHIVES.iter().any(|archive| first.starts_with(archive))) {
        PaperKind::Preprint
    } else if has(&JOURNALS) || is_journal_called_proceedings(&words) {
        PaperKind::Article
    } else if has(&CONFERENCES) || words.iter().any(is_short_name) {
        PaperKind::ConferencePaper
    } else if PUBLISHERS.contains(&last) {
        PaperKind::Book
    } else if first_is(&|first| UNIVERSITIES.contains(&first)) || last == "university" {
        PaperKind::Thesis
    } else {
        PaperKind::Article
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_inferred_from_the_venue() {
        let of = |venue: &str| Publication::of(&Paper::new("x").venue(venue)).kind;
        for (kind, venues) in [
            (
                PaperKind::ConferencePaper,
                &[
                    "Proceedings of the 3rd Workshop on Wheels",
                    "NeurIPS 2019",
                    "Proc. ICML",
                    "Findings of ACL",
                    "IEEE Conference on Wheels",
                ][..],
            ),
            (
                PaperKind::Article,
                &[
                    "Journal of Conference Studies",
                    "Transactions of the ACL",
                    "Proceedings of the National Academy of Sciences",
                    "Proceedings of the IEEE",
                    "Proc. ACM Program. Lang.",
                    "Nature",
                    "University of Wheels Law Review",
                ],
            ),
            (
                PaperKind::Preprint,
                &["arXiv", "arXiv preprint", "CoRR abs/1", "bioRxiv"],
            ),
            (PaperKind::Book, &["Spoke Press", "Nabe-Verlag"]),
            (
                PaperKind::Thesis,
                &[
                    "University of Wheels",
                    "Spoke University",
                    "Universität Rad",
                ],
            ),
            (PaperKind::Other, &[" "]),
        ] {
            for venue in venues {
                assert_eq!(of(venue), kind, "{venue}");
            }
        }
        let kind = |paper: &Paper| Publication::of(paper).kind;
        assert_eq!(
            kind(&Paper::new("x").arxiv("2001.00001")),
            PaperKind::Preprint
        );
        let book = Paper::new("x").venue("Nature").kind(PaperKind::Book);
        assert_eq!(kind(&book), PaperKind::Book);
    }

    #[test]
    fn the_venue_of_a_book_is_its_publisher() {
        let mut paper = Paper::new("x").venue("Spoke Press").kind(PaperKind::Book);
        let of = |paper: &Paper| {
            let publication = Publication::of(paper);
            (publication.container, publication.publisher)
        };
        let press = || Some("Spoke Press".to_owned());
        assert_eq!(of(&paper), (None, press()));
        paper.details.publisher = press();
        assert_eq!(of(&paper), (None, press()));
        paper.venue = Some("Wheel Library".to_owned());
        assert_eq!(of(&paper), (paper.venue.clone(), press()));
    }

    #[test]
    fn a_date_in_another_year_is_kept_apart() {
        let mut paper = Paper::new("x");
        paper.details.published = "2017-06-12".parse().ok();
        let of = |paper: &Paper| {
            let publication = Publication::of(paper);
            let year = |date: Option<PartialDate>| date.map(PartialDate::year);
            (
                publication.year,
                year(publication.date),
                year(publication.other_date),
            )
        };
        assert_eq!(of(&paper), (Some(2017), Some(2017), None));
        paper.year = Some(2018);
        assert_eq!(of(&paper), (Some(2018), None, Some(2017)));
    }
}
