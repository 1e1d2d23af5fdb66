//! Tests of the server by requests to its router, without a network.

mod analyses;
mod batching;
mod client;
mod compatible;
mod description;
mod examples;
mod export;
mod gate;
mod hostile;
mod info;
mod jobs;
mod missed;
mod pages;
mod paging;
mod related;
mod running;
mod search;
mod socket;
