//! `cognate serve`: how it starts, what it refuses, and how it stops.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::Value;

use crate::sandbox::{Sandbox, papers};

const TOKEN: &str = "0123456789abcdef";

/// A running server, which is killed at the end of a test.
struct RunningServer {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The line that it printed at the start.
    line: String,
}

impl RunningServer {
    fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let mut child = sandbox
            .command(&[&["serve", "--bind", "127.0.0.1:0"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self {
            child,
            stdout,
            line,
        }
    }

    /// Returns the status and the body of the answer to a `GET`.
    fn get(&self, path: &str, headers: &str) -> (u16, Value) {
        let (_, address) = self.line.trim_end().rsplit_once("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head["HTTP/1.1 ".len()..][..3].parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }

    /// Sends a signal, and returns how the server ends and what it printed on stderr.
    fn stop(mut self, signal: &str) -> (ExitStatus, String) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap(), stderr)
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write_token(sandbox: &Sandbox, token: &str) {
    sandbox.write("token", token);
    fs::set_permissions(sandbox.path("token"), fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_server_says_where_it_answers_and_stops_at_a_signal() {
    let sandbox = Sandbox::with_library(3);
    sandbox.write("more.jsonl", &papers(3..5));
    sandbox.add("M", "more.jsonl");
    for signal in ["-TERM", "-INT"] {
        let server = RunningServer::start(&sandbox, &["--library", "L", "--library", "M"]);
        let start = "serving `L` (3 papers), `M` (2 papers) at http://127.0.0.1:";
        assert!(server.line.starts_with(start), "{}", server.line);
        let (status, info) = server.get("/api/v1/info?text=secret", "");
        assert_eq!((status, &info["libraries"][1]["name"]), (200, &"M".into()));
        assert_eq!(server.get("/api/v1/facets", "").0, 200);
        assert_eq!(server.get("/secret", "").0, 404);
        let (status, log) = server.stop(signal);
        assert_eq!(status.code(), Some(0), "{log}");
        let line = "method=GET route=/api/v1/info status=200 ms=";
        assert!(log.contains(line), "{log}");
        let line = "method=GET route=/api/v1/facets status=200 ms=";
        assert!(log.contains(line) && log.contains("library=L"), "{log}");
        assert!(log.contains("route=unknown status=404"), "{log}");
        assert!(!log.contains("secret"), "{log}");
    }
    let server = RunningServer::start(&sandbox, &["--library", "L", "-q"]);
    assert_eq!(server.get("/health/live", "").0, 200);
    assert_eq!(server.stop("-TERM").1, "");
}

#[test]
fn a_server_sees_what_other_commands_add() {
    let sandbox = Sandbox::with_library(3);
    let server = RunningServer::start(&sandbox, &["--library", "L"]);
    sandbox.write("more.jsonl", &papers(3..5));
    sandbox.add("L", "more.jsonl");
    let (_, info) = server.get("/api/v1/info", "");
    assert_eq!(info["libraries"][0]["papers"], 5);
}

#[test]
fn a_token_is_read_from_its_file() {
    let sandbox = Sandbox::with_library(3);
    write_token(&sandbox, &format!("{TOKEN}\n"));
    let token_file = ["--library", "L", "--token-file", "token"];
    let server = RunningServer::start(&sandbox, &token_file);
    assert_eq!(server.get("/api/v1/info", "").0, 401);
    let headers = format!("authorization: Bearer {TOKEN}\r\n");
    assert_eq!(server.get("/api/v1/info", &headers).0, 200);
    let (_, log) = server.stop("-TERM");
    assert!(!log.contains(TOKEN) && !log.contains("warning"), "{log}");

    sandbox.write("token", TOKEN);
    fs::set_permissions(sandbox.path("token"), fs::Permissions::from_mode(0o644)).unwrap();
    let (_, log) = RunningServer::start(&sandbox, &token_file).stop("-TERM");
    let warning = "warning: other users of this machine can read the token file `token`";
    assert!(log.contains(warning), "{log}");

    for (token, part) in [
        ("", "has 0 characters, expected at least 16"),
        (" \n", "has 0 characters"),
        ("0123456789abcde", "has 15 characters"),
        ("0123456789 abcdef", "has a space"),
        ("0123456789abcdéf", "that a header cannot have"),
    ] {
        write_token(&sandbox, token);
        let message =
            sandbox.fails(&[&["serve", "--bind", "127.0.0.1:0"], &token_file[..]].concat());
        assert!(message.contains(part), "{message}");
    }
    let missing = ["serve", "--library", "L", "--token-file", "nothing"];
    let message = sandbox.fails(&missing);
    assert!(
        message.contains("cannot read the token file `nothing`"),
        "{message}"
    );
}

#[test]
fn an_address_that_cannot_be_used_is_refused_with_advice() {
    let sandbox = Sandbox::with_library(3);
    let serve = |bind: &str| ["serve", "--library", "L", "--bind", bind].map(str::to_owned);
    for bind in ["0.0.0.0:0", "[::]:0", "192.0.2.1:7625"] {
        let arguments = serve(bind);
        let message = sandbox.misused(&arguments.each_ref().map(String::as_str));
        assert!(
            message.contains("so a token is needed: use --token-file <FILE>"),
            "{message}"
        );
    }
    for bind in [
        "127.0.0.1",
        "7625",
        "127.0.0.1:70000",
        "",
        "http://127.0.0.1:80",
    ] {
        let arguments = serve(bind);
        let message = sandbox.misused(&arguments.each_ref().map(String::as_str));
        assert!(
            message.contains("is not an address with a port"),
            "{bind}: {message}"
        );
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let arguments = serve(&taken.local_addr().unwrap().to_string());
    let message = sandbox.fails(&arguments.each_ref().map(String::as_str));
    let advice = "stop it, or choose another port, such as --bind 127.0.0.1:0 for a free one";
    assert!(message.contains(advice), "{message}");

    let message = sandbox.fails(&["serve", "--library", "N", "--bind", "127.0.0.1:0"]);
    assert!(message.contains("`N`"), "{message}");
    let origin = [
        "serve",
        "--library",
        "L",
        "--bind",
        "127.0.0.1:0",
        "--allow-origin",
        "*",
    ];
    let message = sandbox.fails(&origin);
    assert!(message.contains("`*` is not an origin"), "{message}");
}
