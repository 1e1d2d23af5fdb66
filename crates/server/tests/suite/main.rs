//! Tests of the server by requests to its router, without a network.

mod batching;
mod client;
mod compatible;
mod gate;
mod hostile;
mod info;
mod running;
mod socket;
