//! What sort of publication a paper is, and what sort of author, as far as names tell.

use super::known;
use crate::Paper;
use crate::text::words::words;

/// A publication, with its venue in one line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// In a journal.
    Article(String),
    /// In the proceedings of a meeting.
    InProceedings(String),
    /// A preprint or something else; the venue is an archive, if it is known.
    Other(Option<String>),
}

/// Words of a venue that collects preprints, as it begins.
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

/// Words of journals, also where they say `proceedings` too.
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

/// Words of meetings.
const MEETINGS: [&str; 10] = [
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

/// Meetings that go by short names; words of a venue in small letters.
const SHORT_NAMES: &str = "aaai aamas acl aistats asplos bmvc ccs chi cikm coling colt conll \
    corl cvpr dac eacl eccv ecir ecml emnlp esorics focs fse gecco hpca icalp icassp iccv icde icdm \
    icdt iclr icml icra icse ijcai ijcnlp infocom interspeech iros isca isit kdd lics lrec \
    miccai micro naacl nips neurips nsdi oopsla osdi pakdd pldi pods popl recsys rss sdm sigcomm \
    siggraph sigir sigmod soda sosp stacs stoc uai uist usenix vldb wacv wmt wsdm www";

/// Proceedings that are journals, but for those in [`JOURNALS`].
fn is_series(words: &[String]) -> bool {
    let text = words.join(" ");
    ["proceedings of the ieee", "proc ieee"].contains(&text.as_str())
        || text.starts_with("proceedings of the acm on ")
        || text.starts_with("proc acm ")
}

/// Whether a name of an author is not a person's, as far as its last word tells.
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

pub(super) fn kind(paper: &Paper) -> Kind {
    let Some(venue) = known(paper.venue.as_deref()) else {
        return Kind::Other(None);
    };
    let words: Vec<String> = words(&venue).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let is_archive = words
        .first()
        .is_some_and(|first| ARCHIVES.iter().any(|archive| first.starts_with(archive)));
    let meets = || {
        has(&MEETINGS)
            || words
                .iter()
                .any(|word| SHORT_NAMES.split_whitespace().any(|name| name == word))
    };
    if is_archive {
        Kind::Other(Some(venue))
    } else if !has(&JOURNALS) && !is_series(&words) && meets() {
        Kind::InProceedings(venue)
    } else {
        Kind::Article(venue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_venue_tells_meetings_journals_and_archives_apart() {
        let of = |venue: &str| kind(&Paper::new("x").venue(venue));
        let venue = |venue: &str| venue.to_owned();
        for meeting in [
            "Proceedings of the 3rd Workshop on Wheels",
            "NeurIPS 2019",
            "Proc. ICML",
            "Findings of ACL",
            "IEEE Conference on Wheels",
        ] {
            assert_eq!(of(meeting), Kind::InProceedings(venue(meeting)));
        }
        for journal in [
            "Journal of Conference Studies",
            "Transactions of the ACL",
            "Proceedings of the National Academy of Sciences",
            "Proceedings of the IEEE",
            "Proc. ACM Program. Lang.",
            "Nature",
        ] {
            assert_eq!(of(journal), Kind::Article(venue(journal)));
        }
        for archive in ["arXiv", "arXiv preprint", "CoRR abs/1", "bioRxiv"] {
            assert_eq!(of(archive), Kind::Other(Some(venue(archive))));
        }
        assert!(is_group("The Wheel Collaboration") && !is_group("Ada Teamwork"));
        assert_eq!(of(" "), Kind::Other(None));
        assert_eq!(kind(&Paper::new("x")), Kind::Other(None));
    }
}
