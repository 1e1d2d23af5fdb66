//! Normalization of the identifiers that name a paper across libraries: its DOI, its arXiv, PubMed and OpenAlex
//! identifiers and, if it has none of them, its title.
//!
//! The functions read the notations in which people paste identifiers: labels, addresses of resolvers, of proxies
//! of libraries and of publishers, percent encoding, angle brackets, and versions and categories behind an arXiv
//! identifier. Each takes time linear in the length of the text.
//!
//! ```
//! use cognate_papers::identifiers::{arxiv, doi, title_key};
//!
//! assert_eq!(doi("https://doi.org/10.1145/ABC"), doi("doi:10.1145/abc"));
//! assert_eq!(arxiv("arXiv:1706.03762v5 [cs.CL]"), arxiv("https://arxiv.org/pdf/1706.03762.pdf"));
//! assert_eq!(title_key("Attention is all you need!"), title_key("Attention Is All You Need"));
//! ```

mod archives;
mod arxiv;
mod doi;
mod notation;
mod openalex;
mod pubmed;
mod titles;

pub use self::archives::{preprint_archive, without_archive_version};
pub use self::arxiv::arxiv;
pub use self::doi::doi;
pub use self::openalex::openalex;
pub use self::pubmed::{pmcid, pmid};
pub use self::titles::{title_key, titles_contradict};
