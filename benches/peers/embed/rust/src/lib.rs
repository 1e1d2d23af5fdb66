//! What the contenders written in Rust share: the arguments, the line protocol, and the order in
//! which texts are embedded.
//!
//! A contender implements [`Embed`] and hands a constructor to [`serve`].

mod by_length;
mod serve;

pub use by_length::{batches_by_length, spread};
pub use serve::{Embed, Options, serve};
