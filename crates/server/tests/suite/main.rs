//! Tests of the server by requests to its router, without a network.

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
mod mcp_protocol;
mod mcp_tools;
mod missed;
mod pages;
mod paging;
mod related;
mod running;
mod search;
mod socket;
