//! Measures a server under load.
//!
//! ```sh
//! cargo run --release -p cognate-server --example load -- search LIBRARY MODEL QUERIES 32 20 3
//! cargo run --release -p cognate-server --example load -- embeddings TEXTS 64 1 10 3 ADDRESS ADDRESS
//! ```
//!
//! `search` serves the library in a folder twice, with and without batches of queries, and compares both with
//! a serial loop of the library: LIBRARY, the folder of MODEL, a file of QUERIES with one per line, the number
//! of clients, seconds, rounds. `queries`, with the same arguments, only embeds the queries. `embeddings` compares
//! servers that run: a file of TEXTS, texts per call, clients, seconds, rounds, and addresses such as
//! `127.0.0.1:7625`. The contenders take turns, and the figures are medians over the rounds.

#![expect(clippy::print_stdout, reason = "the program reports to its user")]

mod client;
mod contest;

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Uri;
use cognate::{Checkpoint, Embed, Encoder, EncoderOptions, Library, Query};
use cognate_server::{ServedLibrary, ServedModel, Server, ServerOptions};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::block_in_place;

use client::{Call, Load};
use contest::{Contest, Round, processor_ticks};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [
            what @ ("search" | "queries"),
            library,
            model,
            queries,
            clients,
            seconds,
            rounds,
        ] => {
            let setup = Setup::read(queries, clients, seconds, rounds)?;
            search(what, library, model, setup).await
        }
        [
            "embeddings",
            texts,
            per_call,
            clients,
            seconds,
            rounds,
            ref addresses @ ..,
        ] => {
            let setup = Setup::read(texts, clients, seconds, rounds)?;
            embeddings(setup, per_call.parse()?, addresses).await
        }
        _ => Err("expected the arguments that the first lines of this example show".into()),
    }
}

/// The texts of a measurement, and how it is done.
struct Setup {
    texts: Vec<String>,
    clients: usize,
    time: Duration,
    rounds: usize,
}

impl Setup {
    fn read(texts: &str, clients: &str, seconds: &str, rounds: &str) -> Outcome<Self> {
        let texts = fs::read_to_string(texts)?;
        let texts = texts.lines().filter(|line| !line.is_empty());
        Ok(Self {
            texts: texts.map(str::to_owned).collect(),
            clients: clients.parse()?,
            time: Duration::from_secs(seconds.parse()?),
            rounds: rounds.parse()?,
        })
    }
}

/// Compares searches over HTTP with and without batches, and by a serial loop.
async fn search(what: &str, library: &str, model: &str, setup: Setup) -> Outcome<()> {
    let stored = Library::open(library)?.embedder_info().clone();
    let options = EncoderOptions::default().precision(stored.precision.parse()?);
    let encoder = Arc::new(Encoder::load(&Checkpoint::open(model)?, options)?);
    let batching = ServedModel::batching("model", Arc::clone(&encoder));
    let alone = ServedModel::new("model", Arc::clone(&encoder) as _, Arc::clone(&encoder));
    let contenders = [("together", batching.clone()), ("alone", alone)];
    let mut contest = Contest::default();
    let mut servers = Vec::new();
    for (name, model) in contenders {
        let library = Library::open(library)?.with_embedder(model.embedder())?;
        servers.push((name, serve(library, model).await?));
    }
    let call = if what == "search" {
        search_call
    } else {
        query_call
    };
    let calls = setup.texts.iter().map(|text| call(text));
    let load = Load::new(calls.collect::<Outcome<Vec<_>>>()?, setup.clients);
    let serial = Library::open(library)?.with_embedder(Arc::clone(&encoder) as Arc<dyn Embed>)?;
    for round in 0..=setup.rounds {
        for (name, address) in &servers {
            let measured = load.run(*address, setup.time).await?;
            contest.add(round, name, measured);
        }
        let one = |text: &str| -> Outcome<()> {
            if what == "search" {
                // The server says how each score compares with others, unless a request leaves it out.
                serial.search(&Query::text(text).k(10).score_context(true))?;
            } else {
                encoder.embed_queries(&[text])?;
            }
            Ok(())
        };
        let measured = block_in_place(|| loop_serially(&setup, one))?;
        contest.add(round, "serial loop", measured);
    }
    contest.report(what, 1);
    let counts = batching.batching_counts().unwrap_or_default();
    let (queries, batches) = (counts.queries, counts.batches);
    println!("{queries} queries in {batches} batches");
    Ok(())
}

/// Returns a search for a text.
fn search_call(text: &str) -> Outcome<Call> {
    let mut uri = String::from("/api/v1/search?q=");
    uri.extend(text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }));
    Ok(Call::get(Uri::try_from(uri)?))
}

/// Returns a request for the embedding of a query.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it takes the place of `search_call`"
)]
fn query_call(text: &str) -> Outcome<Call> {
    let document = json!({"input": text, "input_type": "query", "encoding_format": "base64"});
    let uri = Uri::from_static("/v1/embeddings");
    Ok(Call::post(uri, document.to_string()))
}

async fn serve(library: Library, model: ServedModel) -> Outcome<SocketAddr> {
    let libraries = vec![ServedLibrary::new("papers", library)];
    let server = Server::new(libraries, vec![model], ServerOptions::default())?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, server.router()).await });
    Ok(address)
}

fn loop_serially(setup: &Setup, one: impl Fn(&str) -> Outcome<()>) -> Outcome<Round> {
    let (start, before) = (Instant::now(), processor_ticks());
    let mut latencies = Vec::new();
    for text in setup.texts.iter().cycle() {
        let call = Instant::now();
        one(text)?;
        latencies.push(call.elapsed());
        if start.elapsed() >= setup.time {
            break;
        }
    }
    Ok(Round::new(latencies, start.elapsed(), before))
}

/// Compares servers by embeddings in the form of OpenAI.
async fn embeddings(setup: Setup, per_call: usize, addresses: &[&str]) -> Outcome<()> {
    let calls = setup.texts.chunks_exact(per_call).map(|texts| {
        let document = json!({"input": texts, "encoding_format": "float"});
        Call::post(Uri::from_static("/v1/embeddings"), document.to_string())
    });
    let load = Load::new(calls.collect(), setup.clients);
    let mut contest = Contest::default();
    for round in 0..=setup.rounds {
        for &address in addresses {
            let measured = load.run(address.parse()?, setup.time).await?;
            contest.add(round, address, measured);
        }
    }
    contest.report("texts", per_call);
    Ok(())
}
