//! The arguments, the line protocol and the batching of the contenders written in Rust.
//!
//! A contender implements [`Embed`] and passes a constructor to [`serve`].

mod by_length;
mod serve;

pub use by_length::{batches_by_length, spread};
pub use serve::{Embed, Options, serve};
