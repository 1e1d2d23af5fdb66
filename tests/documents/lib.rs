//! Compiles and runs the Rust code in the README files of the repository.
//!
//! The root package is never published, so these files may be included from outside their crates.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../crates/api/README.md")]
struct Api;

#[cfg(doctest)]
#[doc = include_str!("../../crates/index/README.md")]
struct Index;

#[cfg(doctest)]
#[doc = include_str!("../../crates/kernels/README.md")]
struct Kernels;

#[cfg(doctest)]
#[doc = include_str!("../../crates/model/README.md")]
struct Model;

#[cfg(doctest)]
#[doc = include_str!("../../crates/papers/README.md")]
struct Papers;
