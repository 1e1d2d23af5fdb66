//! Whether a request may change a library.

use crate::problem::{Kind, Problem};
use crate::server::Server;

/// Fails if the server serves its libraries to be read only.
pub(crate) fn check(server: &Server) -> Result<(), Problem> {
    if server.options().allow_write {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Forbidden,
        "the server does not allow changes; start it with `--allow-write` to allow them",
    ))
}
