//! The command from end to end, with a tiny checkpoint that needs no network.

mod add;
mod answers;
mod bad_input;
mod damage;
mod measures;
mod setup;
