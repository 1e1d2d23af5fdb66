//! What spans the crates, with the real default model: parity with sentence-transformers,
//! invariance, persistence, and the papers that come with the examples.

mod bundled;
mod invariance;
mod model;
mod parity;
mod persistence;
mod similarity;
