//! `cognate mcp`: the protocol over standard input and output.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, papers};

/// A running command that speaks with a client.
struct Connection {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Connection {
    /// Starts the command, and completes the handshake.
    fn open(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let mut child = sandbox
            .command(&[&["mcp"], arguments].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut connection = Self { child, stdout };
        let client = json!({"name": "test", "version": "1"});
        let params =
            json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
        let answer = connection.request("initialize", &params);
        assert_eq!(answer["result"]["serverInfo"]["name"], "cognate");
        connection.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        connection
    }

    fn send(&mut self, message: &Value) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{message}").unwrap();
        stdin.flush().unwrap();
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.send(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}));
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        self.request("tools/call", &params)["result"].clone()
    }

    /// Closes the input, checks that the command ends without further output, and returns what it printed on
    /// stderr.
    fn close(mut self) -> String {
        drop(self.child.stdin.take());
        let mut output = String::new();
        self.stdout.read_to_string(&mut output).unwrap();
        assert_eq!(output, "");
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn an_agent_finds_what_the_command_finds() {
    let sandbox = Sandbox::with_library(30);
    let expected = sandbox.json(&["search", "--library", "L", "--json", "-k", "5", "graph"]);
    let mut connection = Connection::open(&sandbox, &["--library", "L"]);
    let answer = connection.call("search_papers", &json!({"query": "graph"}));
    let hits = expected["hits"].as_array().unwrap();
    let found = answer["structuredContent"]["papers"].as_array().unwrap();
    assert_eq!(found.len(), hits.len());
    for (found, hit) in found.iter().zip(hits) {
        assert_eq!(found["id"], hit["id"]);
        assert_eq!(found["score"], hit["score"]);
    }
    assert_eq!(connection.close(), "");
}

#[test]
fn an_agent_sees_what_other_commands_add() {
    let sandbox = Sandbox::with_library(3);
    let mut connection = Connection::open(&sandbox, &["--library", "L"]);
    let info = connection.call("library_info", &json!({}));
    assert_eq!(info["structuredContent"]["papers"], 3);
    sandbox.write("more.jsonl", &papers(3..8));
    sandbox.add("L", "more.jsonl");
    let info = connection.call("library_info", &json!({}));
    assert_eq!(info["structuredContent"]["papers"], 8);
    connection.close();
}

#[test]
fn an_agent_changes_the_library_only_if_that_is_allowed() {
    let sandbox = Sandbox::with_library(3);
    let names = |connection: &mut Connection| {
        let answer = connection.request("tools/list", &json!({}));
        let tools = answer["result"]["tools"].as_array().unwrap().iter();
        let names = tools.map(|tool| tool["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let mut reading = Connection::open(&sandbox, &["--library", "L"]);
    let mut writing = Connection::open(&sandbox, &["--library", "L", "--allow-write"]);
    let (before, with_writes) = (names(&mut reading), names(&mut writing));
    assert_eq!(before.len(), 9);
    assert_eq!(
        with_writes[9..],
        ["add_papers", "add_to_list", "remove_from_list"]
    );
    let text = papers(3..5);
    let answer = writing.call("add_papers", &json!({"text": text}));
    assert_eq!(answer["structuredContent"]["added"], 2);
    let info = reading.call("library_info", &json!({}));
    assert_eq!(info["structuredContent"]["papers"], 5);
    reading.close();
    writing.close();
}

#[test]
fn a_missing_model_is_reported_by_the_search_and_not_at_the_start() {
    let sandbox = Sandbox::with_library(3);
    let arguments = ["--library", "L", "--model", "no/such-model"];
    let mut connection = Connection::open(&sandbox, &arguments);
    let answer = connection.call("search_papers", &json!({"query": "graph"}));
    assert_eq!(answer["isError"], true);
    let message = answer["content"][0]["text"].as_str().unwrap();
    assert!(message.contains("no/such-model"), "{message}");
    let answer = connection.call("related_papers", &json!({"like": ["paper-1"]}));
    assert_eq!(answer["isError"], false, "{answer}");
    connection.close();
}
