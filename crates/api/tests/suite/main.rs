//! What a library promises, with an embedder that is a test double.

mod add;
mod double;
mod model_test;
mod open;
mod queries;
mod writers;
