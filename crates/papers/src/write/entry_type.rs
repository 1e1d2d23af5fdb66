//! Classification of publications by their venue, and of authors by their name.

use super::field::non_blank;
use crate::Paper;
use crate::text::words;

/// The type of a publication, with its venue as one line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EntryType {
    /// An article in a journal.
    Article(String),
    /// A paper in the proceedings of a conference.
    InProceedings(String),
    /// A preprint or another publication, with its archive if that is known.
    Other(Option<String>),
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

/// Words in the names of journals. They take precedence over [`CONFERENCES`].
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

/// Returns whether the last word of an author's name is that of a group of people.
pub(super) fn is_group(name: &str) -> bool {
    const NOUNS: [&str; 6] = [
        "collaboration",
        "consortium",
        "group",
        "team",
        "project",
        "network",
    ];
    words(name)
        .last()
        .is_some_and(|last| NOUNS.contains(&last.as_str()))
}

/// Classifies a paper by the words of its venue.
pub(super) fn entry_type(paper: &Paper) -> EntryType {
    let Some(venue) = non_blank(paper.venue.as_deref()) else {
        return EntryType::Other(None);
    };
    let words: Vec<String> = words(&venue).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let is_archive = words
        .first()
        .is_some_and(|first| ARCHIVES.iter().any(|archive| first.starts_with(archive)));
    let is_conference = || {
        has(&CONFERENCES)
            || words
                .iter()
                .any(|word| SHORT_NAMES.split_whitespace().any(|name| name == word))
    };
    if is_archive {
        EntryType::Other(Some(venue))
    } else if !has(&JOURNALS) && !is_journal_called_proceedings(&words) && is_conference() {
        EntryType::InProceedings(venue)
    } else {
        EntryType::Article(venue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_venue_is_a_conference_a_journal_or_an_archive() {
        let of = |venue: &str| entry_type(&Paper::new("x").venue(venue));
        let venue = |venue: &str| venue.to_owned();
        for conference in [
            "Proceedings of the 3rd Workshop on Wheels",
            "NeurIPS 2019",
            "Proc. ICML",
            "Findings of ACL",
            "IEEE Conference on Wheels",
        ] {
            assert_eq!(of(conference), EntryType::InProceedings(venue(conference)));
        }
        for journal in [
            "Journal of Conference Studies",
            "Transactions of the ACL",
            "Proceedings of the National Academy of Sciences",
            "Proceedings of the IEEE",
            "Proc. ACM Program. Lang.",
            "Nature",
        ] {
            assert_eq!(of(journal), EntryType::Article(venue(journal)));
        }
        for archive in ["arXiv", "arXiv preprint", "CoRR abs/1", "bioRxiv"] {
            assert_eq!(of(archive), EntryType::Other(Some(venue(archive))));
        }
        assert!(is_group("The Wheel Collaboration") && !is_group("Ada Teamwork"));
        assert_eq!(of(" "), EntryType::Other(None));
        assert_eq!(entry_type(&Paper::new("x")), EntryType::Other(None));
    }
}
