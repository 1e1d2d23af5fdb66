//! Tests of the server by requests to its router, without a network.

mod batching;
mod client;
mod compatible;
mod description;
mod gate;
mod hostile;
mod info;
mod jobs;
mod pages;
mod running;
mod socket;
