//! Runs the command from end to end, with a tiny checkpoint that needs no network.

#![expect(clippy::unwrap_used, reason = "a test should fail loudly")]

mod add;
mod check;
mod compact;
mod config;
mod crash;
mod duplicates;
mod embed;
mod eval;
mod export;
mod failures;
mod fetch;
mod formats;
mod help;
mod invalid_input;
mod json;
mod libraries;
mod list;
mod lists;
mod map;
mod mcp;
mod messages;
mod missed;
mod model;
mod output_files;
mod paper_reference;
mod query_text;
mod readers;
mod remove;
mod rerank;
mod sandbox;
mod schema;
mod screen;
mod search;
#[cfg(unix)]
mod serve;
mod show;
mod terminal;
mod topics;
mod upgrade;
mod usage;
mod weights_cache;
