//! Building blocks for reading the JSON files of a checkpoint.

mod hidden_act;
mod json;
mod positions;
mod remote_code;
mod rope;
mod sizes;

pub(crate) use hidden_act::HiddenAct;
pub(crate) use json::Json;
#[cfg(feature = "hub")]
pub(crate) use json::MAX_JSON_BYTES;
pub(crate) use positions::token_positions;
pub(crate) use remote_code::RemoteCode;
pub(crate) use rope::{Rope, check_rotation, max_positions};
pub(crate) use sizes::Sizes;
