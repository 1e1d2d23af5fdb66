//! Upper bounds of many dot products, from quantized codes.
//!
//! [`Cpu::first_pass`](crate::Cpu::first_pass) bounds every pair of query and row by the leading
//! dimensions; [`Cpu::refine`](crate::Cpu::refine) tightens the bounds of the candidates by the
//! residual dimensions.

mod leading;
mod query;
mod residual;

pub use leading::LeadingCodes;
pub use query::{BoundTerms, Candidate, QueryCodes};
pub use residual::ResidualCodes;
