//! Tests of the server by requests to its router, without a network.

mod client;
mod description;
mod info;
mod jobs;
mod pages;
