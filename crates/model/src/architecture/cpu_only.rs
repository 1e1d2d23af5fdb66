use crate::{Device, Error};

/// Returns the error for an architecture, named by its class, that does not run on `device`.
pub(super) fn refused(class: &str, device: Device) -> Error {
    Error::InvalidOption {
        option: "device",
        found: format!("`{device}`"),
        expected: format!("`cpu` for `{class}`"),
    }
}
