//! Requests that no good client sends. Each has a documented answer, and the server serves on.

mod access;
mod addresses;
mod bodies;
mod connections;
mod forms;
mod stop;
