//! The identifiers of PubMed and PubMed Central.

use super::notation::{address, is_host_of, strip_prefix_ignoring_case, unwrapped};

/// The maximum number of digits of an identifier.
const MAX_DIGITS: usize = 10;

/// Returns the PubMed identifier in `text`, digits only, or `None` if the text is not one.
///
/// The text may be a bare number, a number after `PMID:` or `MEDLINE:`, or an address at PubMed or Europe PMC.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::pmid;
///
/// assert_eq!(pmid("PMID: 12345678").as_deref(), Some("12345678"));
/// assert_eq!(pmid("https://pubmed.ncbi.nlm.nih.gov/12345678/").as_deref(), Some("12345678"));
/// assert_eq!(pmid("PMC1234567"), None);
/// ```
pub fn pmid(text: &str) -> Option<String> {
    let text = unwrapped(text);
    if let Some((host, path)) = address(&text) {
        let is_pubmed =
            is_host_of(host, "pubmed.ncbi.nlm.nih.gov") || is_host_of(host, "pubmed.gov");
        let segments = ["/pubmed/", "/med/", "/PubMed/", "/MED/"];
        let has_segments = ["ncbi.nlm.nih.gov", "europepmc.org"]
            .iter()
            .any(|name| is_host_of(host, name));
        let number = match segments.iter().find_map(|segment| path.split_once(segment)) {
            Some((_, number)) if has_segments => number,
            _ if is_pubmed => path,
            _ => return None,
        };
        let number = number.trim_start_matches('/');
        let number = number.strip_prefix("?term=").unwrap_or(number);
        return digits(number)
            .filter(|(_, after)| {
                after.is_empty() || after.starts_with(['/', '?', '#', '[', '.', '>'])
            })
            .map(|(digits, _)| digits);
    }
    let number = ["pubmed id", "pubmed", "pmid", "medline"]
        .iter()
        .find_map(|label| strip_prefix_ignoring_case(&text, label))
        .unwrap_or(&text);
    let number = number.trim_start_matches([':', '=', ' ', '\t', '/', '\u{a0}']);
    digits(number)
        .filter(|(_, after)| is_end(after))
        .map(|(digits, _)| digits)
}

/// Returns the identifier of PubMed Central in `text`, such as `PMC1234567`, without its version, or `None` if the
/// text is not one.
///
/// The text may be a bare identifier, one after `PMCID:`, or an address at PubMed Central or Europe PMC.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::pmcid;
///
/// assert_eq!(pmcid("PMCID: pmc1234567").as_deref(), Some("PMC1234567"));
/// let address = "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1234567/";
/// assert_eq!(pmcid(address).as_deref(), Some("PMC1234567"));
/// assert_eq!(pmcid("1234567"), None);
/// ```
pub fn pmcid(text: &str) -> Option<String> {
    let text = unwrapped(text);
    let identifier = if let Some((host, path)) = address(&text) {
        let hosts = ["ncbi.nlm.nih.gov", "europepmc.org"];
        if !hosts.iter().any(|name| is_host_of(host, name)) {
            return None;
        }
        path.split('/').find(|segment| {
            let number = strip_prefix_ignoring_case(segment, "pmc");
            number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
        })?
    } else {
        let labeled = strip_prefix_ignoring_case(&text, "pmcid");
        labeled.map_or(&*text, |identifier| {
            identifier.trim_start_matches([':', '=', ' ', '\t', '\u{a0}'])
        })
    };
    let number = strip_prefix_ignoring_case(identifier, "pmc")?;
    let number = number.trim_start_matches([':', ' ']);
    let (digits, after) = digits(number)?;
    // A version, as in `PMC1234567.2`, or the name of a format.
    (is_end(after) || after.starts_with('.')).then(|| format!("PMC{digits}"))
}

/// Splits digits off the start of a text, without leading zeros.
fn digits(text: &str) -> Option<(String, &str)> {
    let length = text
        .bytes()
        .take(MAX_DIGITS + 1)
        .take_while(u8::is_ascii_digit)
        .count();
    let (digits, after) = text.split_at(length);
    let digits = digits.trim_start_matches('0');
    (!digits.is_empty() && length <= MAX_DIGITS).then(|| (digits.to_owned(), after))
}

fn is_end(after: &str) -> bool {
    let after =
        after.trim_start_matches(['.', ',', ';', ')', ']', '>', '"', '\'', ' ', '?', '#', '/']);
    after.is_empty() || after.starts_with(['[', '('])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_pubmed_identifier_in_every_notation() {
        for text in [
            "12345678",
            "012345678",
            "PMID: 12345678",
            "pmid:12345678.",
            "PMID 12345678",
            "MEDLINE:12345678",
            "12345678 [pmid]",
            "https://pubmed.ncbi.nlm.nih.gov/12345678/",
            "pubmed.ncbi.nlm.nih.gov/12345678",
            "https://www.ncbi.nlm.nih.gov/pubmed/12345678",
            "https://www.ncbi.nlm.nih.gov/pubmed/?term=12345678",
            "https://www-ncbi-nlm-nih-gov.proxy.example.edu/pubmed/12345678?dopt=Abstract",
            "https://europepmc.org/article/MED/12345678",
            "http://europepmc.org/abstract/med/12345678",
        ] {
            assert_eq!(pmid(text).as_deref(), Some("12345678"), "{text}");
        }
        for text in [
            "",
            "0",
            "n/a",
            "12345678 patients",
            "PMC1234567",
            "12345678901",
            "10.1000/1",
            "https://example.org/12345678",
        ] {
            assert_eq!(pmid(text), None, "{text}");
        }
    }

    #[test]
    fn reads_an_identifier_of_pubmed_central_in_every_notation() {
        for text in [
            "PMC1234567",
            "pmc1234567",
            "PMCID: PMC1234567",
            "PMC:1234567",
            "PMC1234567.2",
            "PMC1234567 [Available on 2020-01-01]",
            "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1234567/",
            "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1234567/pdf/a.pdf",
            "https://pmc.ncbi.nlm.nih.gov/articles/PMC1234567/",
            "https://europepmc.org/article/PMC/PMC1234567",
        ] {
            assert_eq!(pmcid(text).as_deref(), Some("PMC1234567"), "{text}");
        }
        for text in [
            "",
            "1234567",
            "PMC",
            "PMCA",
            "https://example.org/PMC1234567",
        ] {
            assert_eq!(pmcid(text), None, "{text}");
        }
    }
}
