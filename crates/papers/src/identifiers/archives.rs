//! Archives of preprints, by the DOIs that they register.

/// The starts of the DOIs that archives of preprints register, in lower case, with the name of the archive.
///
/// The prefixes are those of the members of Crossref and `DataCite`, which <https://api.crossref.org/prefixes/10.31234>
/// and <https://api.datacite.org/dois?prefix=10.48550> show with their DOIs. The Center for Open Science registers
/// for the archives that it hosts, each under a prefix of its own: <https://osf.io/preprints/discover>. The prefix of
/// openRxiv is the one of <https://connect.biorxiv.org/news/2025/11/18/preprint_dois>. Where an archive shares
/// its prefix with journals, the table has the start of the suffix too.
const ARCHIVES: [(&str, &str); 63] = [
    ("10.48550/arxiv.", "arXiv"),
    ("10.64898/", "openRxiv"),
    ("10.21203/rs.", "Research Square"),
    ("10.2139/ssrn.", "SSRN"),
    ("10.26434/chemrxiv", "ChemRxiv"),
    ("10.20944/preprints", "Preprints.org"),
    ("10.36227/techrxiv", "TechRxiv"),
    ("10.5281/zenodo.", "Zenodo"),
    ("10.6084/m9.figshare.", "figshare"),
    ("10.22541/", "Authorea"),
    ("10.1002/essoar.", "ESSOAr"),
    ("10.33774/", "Cambridge Open Engage"),
    ("10.2196/preprints.", "JMIR Preprints"),
    ("10.5194/egusphere-", "EGUsphere"),
    ("10.31219/osf.io", "OSF Preprints"),
    ("10.17605/osf.io", "OSF"),
    ("10.31220/", "AgriXiv"),
    ("10.31221/", "Arabixiv"),
    ("10.31222/", "MetaArXiv"),
    ("10.31223/", "EarthArXiv"),
    ("10.31224/", "engrXiv"),
    ("10.31225/", "FocUS Archive"),
    ("10.31226/", "Frenxiv"),
    ("10.31227/", "INA-Rxiv"),
    ("10.31228/", "LawArXiv"),
    ("10.31229/", "LIS Scholarship Archive"),
    ("10.31230/", "MarXiv"),
    ("10.31231/", "MindRxiv"),
    ("10.31232/", "NutriXiv"),
    ("10.31233/", "PaleorXiv"),
    ("10.31234/", "PsyArXiv"),
    ("10.31235/", "SocArXiv"),
    ("10.31236/", "SportRxiv"),
    ("10.51224/", "SportRxiv"),
    ("10.31237/", "Thesis Commons"),
    ("10.31730/", "AfricArXiv"),
    ("10.33767/", "MediArXiv"),
    ("10.34055/", "BodoArXiv"),
    ("10.35542/", "EdArXiv"),
    ("10.35543/", "IndiaRxiv"),
    ("10.37044/", "BioHackrXiv"),
    ("10.1149/osf.io", "ECSarXiv"),
    ("10.32942/", "EcoEvoRxiv"),
    ("10.7287/peerj.preprints.", "PeerJ Preprints"),
    ("10.1590/scielopreprints.", "SciELO Preprints"),
    ("10.14293/s2199-1006.1.sor-pp", "ScienceOpen Preprints"),
    ("10.14293/pr2199.", "ScienceOpen Preprints"),
    ("10.31124/advance.", "Advance"),
    ("10.3762/bxiv.", "Beilstein Archives"),
    ("10.1364/opticaopen.", "Optica Open"),
    ("10.1038/npre.", "Nature Precedings"),
    ("10.51094/jxiv.", "Jxiv"),
    ("10.12074/", "ChinaXiv"),
    ("10.3386/w", "NBER"),
    ("10.13140/rg.", "ResearchGate"),
    ("10.21467/preprints.", "AIJR Preprints"),
    ("10.32388/", "Qeios"),
    ("10.3897/arphapreprints.", "ARPHA Preprints"),
    ("10.12688/f1000research.", "F1000"),
    ("10.12688/wellcomeopenres.", "F1000"),
    ("10.12688/gatesopenres.", "F1000"),
    ("10.12688/openreseurope.", "F1000"),
    ("10.12688/verixiv.", "F1000"),
];

/// Returns the name of the archive of preprints that registered a DOI, or `None` if it is the DOI of a publisher.
///
/// The DOI must be in the form that [`doi`](super::doi) returns. Versions of one paper may have different DOIs if
/// they come from two archives, or from an archive and a publisher.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::preprint_archive;
///
/// assert_eq!(preprint_archive("10.31235/osf.io/abcde"), Some("SocArXiv"));
/// assert_eq!(preprint_archive("10.1145/3292500"), None);
/// ```
pub fn preprint_archive(doi: &str) -> Option<&'static str> {
    let listed = ARCHIVES.iter().find(|(start, _)| doi.starts_with(start));
    listed
        .map(|(_, name)| *name)
        .or_else(|| is_openrxiv(doi).then_some("openRxiv"))
        .or_else(|| is_discussion_of_copernicus(doi).then_some("Copernicus discussions"))
}

/// Returns a DOI without the version that an archive of preprints appended, such as `/v2` or, in the archives of
/// F1000, `.2`. Other DOIs stay as they are.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::without_archive_version;
///
/// assert_eq!(without_archive_version("10.21203/rs.3.rs-7/v2"), "10.21203/rs.3.rs-7");
/// assert_eq!(without_archive_version("10.1145/abc.v2"), "10.1145/abc.v2");
/// ```
pub fn without_archive_version(doi: &str) -> &str {
    let Some(archive) = preprint_archive(doi) else {
        return doi;
    };
    let (bare, version) = match archive {
        // `10.12688/f1000research.11366.1`; the first period is within the registrant's number, the second follows
        // the name of the journal.
        "F1000" | "ESSOAr" => match doi.rsplit_once('.') {
            Some((bare, version)) if bare.matches('.').count() >= 2 => (bare, version),
            _ => return doi,
        },
        _ => match doi.rsplit_once('v') {
            Some((bare, version)) => (bare, version),
            None => return doi,
        },
    };
    let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    // Archives of the Center for Open Science append `_v2` to names that may end with a letter.
    let is_marked = bare.ends_with('_');
    let bare = bare.trim_end_matches(['/', '-', '.', '_']);
    if is_version && (is_marked || bare.ends_with(|c: char| c.is_ascii_digit())) {
        bare
    } else {
        doi
    }
}

/// Returns whether a DOI is one of bioRxiv or medRxiv until November 2025, which shared a prefix with journals, whose
/// suffixes begin with a letter.
fn is_openrxiv(doi: &str) -> bool {
    let suffix = doi.strip_prefix("10.1101/");
    suffix.is_some_and(|suffix| suffix.starts_with(|c: char| c.is_ascii_digit()))
}

/// Returns whether a DOI is one of the discussion papers of Copernicus: `10.5194/acp-2020-123` or, until 2015,
/// `10.5194/acpd-13-1-2013`; the articles are `10.5194/acp-20-1-2020`.
fn is_discussion_of_copernicus(doi: &str) -> bool {
    let Some(suffix) = doi.strip_prefix("10.5194/") else {
        return false;
    };
    let parts: Vec<&str> = suffix.splitn(5, '-').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts[..] {
        [journal, year, number] => {
            is_word(journal) && year.len() == 4 && is_number(year) && is_number(number)
        }
        [journal, volume, page, year] => {
            is_word(journal)
                && journal.len() > 2
                && journal.ends_with('d')
                && [volume, page, year].iter().all(|part| is_number(part))
        }
        _ => false,
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_recognized_by_its_dois() {
        for (doi, expected) in [
            ("10.48550/arxiv.2001.00001", Some("arXiv")),
            ("10.1101/2020.01.02.123456", Some("openRxiv")),
            ("10.1101/123456", Some("openRxiv")),
            ("10.1101/gr.123456", None),
            ("10.64898/2026.01.01.123456", Some("openRxiv")),
            ("10.31235/osf.io/abcde", Some("SocArXiv")),
            ("10.31223/x5abcd", Some("EarthArXiv")),
            ("10.35542/osf.io/abcde", Some("EdArXiv")),
            ("10.31222/osf.io/abcde", Some("MetaArXiv")),
            ("10.5194/egusphere-2023-12", Some("EGUsphere")),
            ("10.5194/acp-2020-123", Some("Copernicus discussions")),
            ("10.5194/acpd-13-1-2013", Some("Copernicus discussions")),
            ("10.5194/acp-20-1-2020", None),
            ("10.22541/au.123.456/v1", Some("Authorea")),
            ("10.1002/essoar.10501234.1", Some("ESSOAr")),
            ("10.1002/essoa", None),
            ("10.33774/coe-2020-abc", Some("Cambridge Open Engage")),
            ("10.2196/preprints.12345", Some("JMIR Preprints")),
            ("10.2196/12345", None),
            ("10.12688/f1000research.11366.1", Some("F1000")),
            ("10.1145/3292500", None),
        ] {
            assert_eq!(preprint_archive(doi), expected, "{doi}");
        }
        for (at, (start, _)) in ARCHIVES.iter().enumerate() {
            assert_eq!(*start, start.to_lowercase());
            let is_shadowed = ARCHIVES[..at]
                .iter()
                .any(|(other, _)| start.starts_with(other));
            assert!(!is_shadowed, "{start}");
        }
    }

    #[test]
    fn the_version_of_an_archive_is_removed() {
        for (doi, expected) in [
            ("10.21203/rs.3.rs-7/v12", "10.21203/rs.3.rs-7"),
            ("10.26434/chemrxiv-2020-7-v2", "10.26434/chemrxiv-2020-7"),
            (
                "10.20944/preprints202001.0001.v1",
                "10.20944/preprints202001.0001",
            ),
            ("10.22541/au.123.456/v1", "10.22541/au.123.456"),
            (
                "10.12688/f1000research.11366.2",
                "10.12688/f1000research.11366",
            ),
            (
                "10.12688/f1000research.11366",
                "10.12688/f1000research.11366",
            ),
            ("10.1145/abc.v2", "10.1145/abc.v2"),
            ("10.31234/osf.io/abv2", "10.31234/osf.io/abv2"),
            ("10.31234/osf.io/abcde_v2", "10.31234/osf.io/abcde"),
            ("10.1002/essoar.10501234.1", "10.1002/essoar.10501234"),
            (
                "10.7287/peerj.preprints.123v4",
                "10.7287/peerj.preprints.123",
            ),
        ] {
            assert_eq!(without_archive_version(doi), expected, "{doi}");
        }
    }
}
