//! The Model Context Protocol: tools, resources and prompts for agents, over HTTP and over standard input
//! and output.

mod answer;
mod arguments;
mod completion;
mod entry;
mod filter;
mod handler;
mod http;
mod line;
mod page;
mod paper_names;
mod paper_uri;
mod prompts;
mod resources;
mod schema;
mod stream;
mod tool;
mod tools;
mod topics;

pub(crate) use self::http::route;
