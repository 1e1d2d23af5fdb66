/// The result of a fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The ways in which a server can fail to start or to run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No library was given.
    #[error("no library is given, expected at least one")]
    NoLibrary,
    /// Two libraries have the same name.
    #[error("two libraries have the name `{name}`, expected different names")]
    SameName {
        /// The name.
        name: String,
    },
    /// An allowed origin is not one that a browser can send.
    #[error(
        "`{found}` is not an origin, expected a scheme and a host, such as `https://example.org`"
    )]
    InvalidOrigin {
        /// The text that was given.
        found: String,
    },
    /// The connection to an agent failed.
    #[error("the connection to the agent failed")]
    Agent(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The network or a file failed.
    #[error("cannot {act}")]
    Io {
        /// The operation that failed.
        act: String,
        /// The cause.
        source: std::io::Error,
    },
}
