//! Tests of the server by requests to its router, without a network.

mod analyses;
mod client;
mod export;
mod info;
mod missed;
mod paging;
mod related;
mod search;
