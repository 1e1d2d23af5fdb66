//! A client of the Model Context Protocol, over a stream or over the route `/mcp`.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};
use tokio::task::JoinHandle;

use crate::client::{Answer, TestServer};

/// A client.
pub(crate) enum Agent<'a> {
    Stream(Box<StreamAgent>),
    Http(&'a TestServer),
}

/// A client over a pair of streams.
pub(crate) struct StreamAgent {
    input: Option<WriteHalf<DuplexStream>>,
    output: Lines<BufReader<ReadHalf<DuplexStream>>>,
    server: JoinHandle<cognate_server::Result<()>>,
    last_id: u64,
}

/// The newest revision of the protocol that begins with a handshake.
pub(crate) const REVISION: &str = "2025-11-25";

impl StreamAgent {
    /// Connects to a server, without the handshake.
    pub(crate) fn connect(server: &TestServer) -> Self {
        let (near, far) = tokio::io::duplex(1 << 16);
        let (far_input, far_output) = tokio::io::split(far);
        let served = server.server.clone();
        let (output, input) = tokio::io::split(near);
        Self {
            input: Some(input),
            output: BufReader::new(output).lines(),
            server: tokio::spawn(async move { served.serve_agent(far_input, far_output).await }),
            last_id: 0,
        }
    }

    /// Sends a line.
    pub(crate) async fn send_line(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
    }

    /// Sends a request, and returns its number.
    pub(crate) async fn send(&mut self, method: &str, params: &Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.send_line(&request(id, method, params).to_string())
            .await;
        id
    }

    /// Returns the next message.
    pub(crate) async fn receive(&mut self) -> Value {
        let line = self.output.next_line().await.unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Begins with a revision of the protocol, and returns what the server says of itself.
    pub(crate) async fn initialize(&mut self, revision: &str) -> Value {
        self.send("initialize", &initialization(revision)).await;
        let answer = self.receive().await;
        self.send_line(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
            .await;
        answer["result"].clone()
    }

    /// Ends the input, and returns how the server ends.
    pub(crate) async fn close(mut self) -> cognate_server::Result<()> {
        let mut input = self.input.take().unwrap();
        input.shutdown().await.unwrap();
        drop(input);
        self.server.await.unwrap()
    }
}

/// Returns a client over a stream and one over HTTP.
pub(crate) async fn agents(server: &TestServer) -> [Agent<'_>; 2] {
    let mut stream = StreamAgent::connect(server);
    stream.initialize(REVISION).await;
    [Agent::Stream(Box::new(stream)), Agent::Http(server)]
}

impl Agent<'_> {
    /// Returns the answer to a request: `result` or `error`.
    pub(crate) async fn request(&mut self, method: &str, params: &Value) -> Value {
        match self {
            Self::Stream(agent) => {
                let id = agent.send(method, params).await;
                let answer = agent.receive().await;
                assert_eq!(answer["id"], id);
                answer
            }
            Self::Http(server) => {
                let answer = post(server, &request(1, method, params), &[]).await;
                answer.json()
            }
        }
    }

    /// Returns the result of a call of a tool.
    pub(crate) async fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        let answer = self.request("tools/call", &params).await;
        assert!(answer["error"].is_null(), "{answer}");
        answer["result"].clone()
    }

    /// Returns the text and the document that a tool answers.
    pub(crate) async fn answer(&mut self, tool: &str, arguments: &Value) -> (String, Value) {
        let result = self.call(tool, arguments).await;
        assert_ne!(result["isError"], true, "{result}");
        let text = result["content"][0]["text"].as_str().unwrap().to_owned();
        (text, result["structuredContent"].clone())
    }

    /// Returns the text of the error that a tool answers.
    pub(crate) async fn error(&mut self, tool: &str, arguments: &Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        assert!(result["structuredContent"].is_null());
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }
}

/// Returns the answer to a message that is posted to `/mcp`, with further headers.
pub(crate) async fn post(server: &TestServer, message: &Value, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post("/mcp")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream");
    for (name, value) in headers {
        if let Ok(name) = header::HeaderName::try_from(*name) {
            let all = request.headers_mut().unwrap();
            all.insert(name, value.parse().unwrap());
        }
    }
    let request = request.body(Body::from(message.to_string())).unwrap();
    server.send(request).await
}

/// Returns the status of the answer to a message that is posted with further headers.
pub(crate) async fn status(server: &TestServer, headers: &[(&str, &str)]) -> StatusCode {
    let message = request(1, "tools/list", &json!({}));
    post(server, &message, headers).await.status
}

/// Returns a request.
pub(crate) fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// Returns the parameters of the handshake.
pub(crate) fn initialization(revision: &str) -> Value {
    json!({
        "protocolVersion": revision,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    })
}
