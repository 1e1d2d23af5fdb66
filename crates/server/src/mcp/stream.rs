//! The protocol over a pair of streams, such as standard input and output: a message on each line.

use rmcp::ServiceExt as _;
use rmcp::service::ServerInitializeError;
use rmcp::transport::stdio_pipes;
use tokio::io::{AsyncRead, AsyncWrite};

use super::handler::Handler;
use crate::server::Server;
use crate::{Error, Result};

impl Server {
    /// Serves one agent by the Model Context Protocol over standard input and output, until the input ends.
    /// Nothing else may write to the output.
    ///
    /// # Errors
    ///
    /// Returns an error if the streams fail, or if the client does not follow the protocol at the beginning.
    pub async fn serve_agent_on_stdio(&self) -> Result<()> {
        let (input, output) = stdio_pipes();
        self.serve_agent(input, output).await
    }

    /// Serves one agent as [`serve_agent_on_stdio`](Self::serve_agent_on_stdio) does, over other streams.
    ///
    /// # Errors
    ///
    /// Returns an error if the streams fail, or if the client does not follow the protocol at the beginning.
    pub async fn serve_agent(
        &self,
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Result<()> {
        let running = match Handler::new(self).serve((input, output)).await {
            Ok(running) => running,
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(error) => return Err(Error::Agent(Box::new(error))),
        };
        let reason = running.waiting().await;
        reason.map_err(|error| Error::Agent(Box::new(error)))?;
        Ok(())
    }
}
