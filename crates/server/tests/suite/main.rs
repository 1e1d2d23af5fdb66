//! Tests of the server by requests to its router, without a network.

mod batching;
mod client;
mod description;
mod compatible;
mod info;
mod jobs;
mod pages;
