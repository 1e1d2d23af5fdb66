//! Tests of the server by requests to its router, without a network.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failure in a test should be loud"
)]

mod agent;
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
mod lists;
mod map;
mod mcp_protocol;
mod mcp_tools;
mod missed;
mod pages;
mod paging;
mod related;
mod running;
mod search;
mod socket;
