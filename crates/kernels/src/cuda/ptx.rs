#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the build script writes this module"
)]

include!(concat!(env!("OUT_DIR"), "/ptx.rs"));
