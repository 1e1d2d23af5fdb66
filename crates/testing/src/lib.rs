//! Helpers that the tests of several crates share: deterministic numbers, copies of folders, HTTP
//! servers, and, with the feature `embedders`, stand-ins for a model. This crate is not published.

#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    reason = "a failure in a test helper should fail the test loudly"
)]

mod copy;
mod http_server;
mod hub_server;
#[cfg(feature = "embedders")]
mod letter_counts;
#[cfg(feature = "embedders")]
mod letter_pairs;
mod numbers;
#[cfg(feature = "embedders")]
mod papers;
#[cfg(feature = "embedders")]
mod spelled_vector;

pub use copy::copy_dir;
pub use http_server::{HttpReply, HttpRequest, HttpServer};
pub use hub_server::hub_server;
#[cfg(feature = "embedders")]
pub use letter_counts::LetterCounts;
#[cfg(feature = "embedders")]
pub use letter_pairs::LetterPairs;
pub use numbers::Numbers;
#[cfg(feature = "embedders")]
pub use papers::{paper, papers};
#[cfg(feature = "embedders")]
pub use spelled_vector::SpelledVector;
