//! Tests of the server by requests to its router, without a network.

mod client;
mod gate;
mod hostile;
mod info;
mod running;
mod socket;
