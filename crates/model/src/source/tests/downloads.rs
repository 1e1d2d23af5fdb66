//! Downloads from a server on the loopback interface.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use cognate_testing::{HttpReply, HttpRequest, HttpServer, copy_dir, hub_server};
use tempfile::TempDir;

use super::*;
use crate::source::sha256::Hasher;
use crate::testing::fixture;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const WEIGHTS: &str = "model.safetensors";

/// Returns a copy of the tiny checkpoint whose weights are in a file that an index names.
fn with_index(file: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_dir(&fixture("tiny-bert"), dir.path());
    fs::write(dir.path().join("README.md"), "not needed").unwrap();
    let weights = "model-00001-of-00001.safetensors";
    fs::rename(dir.path().join(WEIGHTS), dir.path().join(weights)).unwrap();
    let index = format!(r#"{{"weight_map": {{"pooler.dense.bias": "{file}"}}}}"#);
    fs::write(dir.path().join("model.safetensors.index.json"), index).unwrap();
    dir
}

#[test]
fn the_files_that_an_index_of_weights_names_are_downloaded() {
    let weights = "model-00001-of-00001.safetensors";
    let dir = tempfile::tempdir().unwrap();
    let folder = with_index(weights);
    let server = hub_server(folder.path(), COMMIT, |_, reply| reply);
    let model = source(&dir, &server).resolve("tiny/bert").unwrap();
    model.open().unwrap();
    assert_eq!(
        fs::read(model.dir().join(weights)).unwrap(),
        self::weights()
    );
    assert!(!model.dir().join("README.md").exists());
    // A file that is missing from the cache is downloaded again.
    fs::remove_file(model.dir().join(weights)).unwrap();
    let again = source(&dir, &server).resolve("tiny/bert").unwrap();
    assert_eq!(again.origin(), Origin::Hub);
    again.open().unwrap();
}

#[test]
fn an_index_cannot_name_other_folders() {
    for (file, expected) in [
        ("../../secret.safetensors", "name of a file of weights is"),
        ("/etc/passwd", "name of a file of weights is"),
        ("config.json", "it names `config.json`"),
        ("model-2.safetensors", "the Hub answers 404"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let folder = with_index(file);
        let server = hub_server(folder.path(), COMMIT, |_, reply| reply);
        let error = refusal(&source(&dir, &server));
        assert!(error.contains(expected), "{error}");
    }
}

fn server(
    change: impl Fn(&HttpRequest, HttpReply) -> HttpReply + Send + Sync + 'static,
) -> HttpServer {
    hub_server(&fixture("tiny-bert"), COMMIT, change)
}

fn source(dir: &TempDir, server: &HttpServer) -> ModelSource {
    ModelSource::new(dir.path())
        .endpoint(server.url())
        .read_timeout(Duration::from_millis(500))
}

fn refusal(source: &ModelSource) -> String {
    source.resolve("tiny/bert").unwrap_err().to_string()
}

fn sha256(bytes: &[u8]) -> String {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    hasher.finish()
}

fn weights() -> Vec<u8> {
    fs::read(fixture("tiny-bert").join(WEIGHTS)).unwrap()
}

/// Gives the weights the `ETag` that the Hub gives to large files: their SHA-256.
fn with_hash(request: &HttpRequest, mut reply: HttpReply) -> HttpReply {
    if request.path.ends_with(WEIGHTS) {
        let etag = format!("\"{}\"", sha256(&weights()));
        reply.headers.insert("x-linked-etag".to_owned(), etag);
        let size = weights().len().to_string();
        reply.headers.insert("x-linked-size".to_owned(), size);
    }
    reply
}

/// Returns the paths of all files below a folder, links included, relative to it.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if fs::symlink_metadata(&path).unwrap().is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(dir).unwrap();
                found.push(path.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// Returns the requests for the weights that have the method `GET`.
fn weight_requests(server: &HttpServer) -> Vec<HttpRequest> {
    let mut requests = server.requests();
    requests.retain(|request| request.method == "GET" && request.path.ends_with(WEIGHTS));
    requests
}

fn incomplete(dir: &TempDir) -> PathBuf {
    let name = format!("{}.incomplete", sha256(&weights()));
    let blobs = dir.path().join("hub/models--tiny--bert/blobs");
    fs::create_dir_all(&blobs).unwrap();
    blobs.join(name)
}

#[test]
fn a_download_fills_the_cache_of_hugging_face_and_is_verified_from_then_on() {
    let server = server(with_hash);
    let dir = tempfile::tempdir().unwrap();
    let source = source(&dir, &server);
    let model = source.resolve("tiny/bert").unwrap();
    assert_eq!(model.origin(), Origin::Hub);
    let repository = dir.path().join("hub/models--tiny--bert");
    assert_eq!(model.dir(), repository.join("snapshots").join(COMMIT));
    assert_eq!(
        fs::read_to_string(repository.join("refs/main")).unwrap(),
        COMMIT
    );
    assert_eq!(
        fs::read(repository.join("blobs").join(sha256(&weights()))).unwrap(),
        weights()
    );
    for name in ["config.json", "1_Pooling/config.json", WEIGHTS] {
        let (found, expected) = (model.dir().join(name), fixture("tiny-bert").join(name));
        assert_eq!(fs::read(found).unwrap(), fs::read(expected).unwrap());
    }
    assert!(!model.dir().join("README.md").exists(), "not needed");
    // From the commit of the list, whatever the branch has meanwhile.
    let requests = server.requests();
    let paths = requests.iter().skip(1).map(|request| &request.path);
    assert!(
        paths.clone().all(|path| path.contains(COMMIT)),
        "{requests:?}"
    );

    let offline = source.offline(true);
    assert_eq!(
        offline.resolve("tiny/bert").unwrap().origin(),
        Origin::Cache
    );
    fs::write(model.dir().join("config.json"), "{}").unwrap();
    let error = refusal(&offline);
    assert!(
        error.contains("config.json` has SHA-256 44136fa355b3678a"),
        "{error}"
    );
    // Removed, and downloaded again.
    let online = offline.offline(false);
    let again = online.resolve("tiny/bert").unwrap();
    assert_eq!(again.origin(), Origin::Hub);
    assert!(
        again.attempts()[0].contains("config.json"),
        "{:?}",
        again.attempts()
    );
    again.open().unwrap();
}

#[test]
fn the_token_goes_to_no_other_host() {
    let storage = server(|_, reply| reply);
    let url = storage.url();
    let hub = server(move |request, mut reply| {
        if request.path.ends_with(WEIGHTS) {
            reply = with_hash(request, reply);
            reply.status = 302;
            reply.body.clear();
            let location = format!("{url}{}", request.path);
            reply.headers.insert("location".to_owned(), location);
        }
        reply
    });
    let dir = tempfile::tempdir().unwrap();
    let mut source = source(&dir, &hub);
    source.hub.token = Token::new("hf_secret");
    source.resolve("tiny/bert").unwrap();
    let tokens = |server: &HttpServer| -> Vec<bool> {
        let requests = server.requests();
        let has_token = |request: &HttpRequest| request.headers.contains_key("authorization");
        requests.iter().map(has_token).collect()
    };
    assert!(tokens(&hub).iter().all(|&has| has));
    assert_eq!(tokens(&storage), [false]);
}

#[test]
fn a_redirect_within_the_hub_keeps_the_token() {
    // As for a model that was renamed.
    let hub = server(|request, mut reply| {
        if let Some(rest) = request.path.strip_prefix("/tiny/bert/") {
            reply = HttpReply {
                status: 307,
                ..HttpReply::default()
            };
            let location = format!("/new/name/{rest}");
            reply.headers.insert("location".to_owned(), location);
        }
        reply
    });
    let dir = tempfile::tempdir().unwrap();
    let mut source = source(&dir, &hub);
    source.hub.token = Token::new("hf_secret");
    source.resolve("tiny/bert").unwrap();
    for request in hub.requests() {
        assert_eq!(request.headers["authorization"], "Bearer hf_secret");
    }
}

#[test]
fn redirects_in_a_circle_end() {
    let hub = server(|request, _| {
        let location = ("location".to_owned(), request.path.clone());
        HttpReply {
            status: 302,
            headers: [location].into(),
            ..HttpReply::default()
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let error = refusal(&source(&dir, &hub));
    assert!(error.contains("Hub: more than 5 redirects"), "{error}");
}

#[test]
fn names_of_the_server_that_are_paths_are_refused_and_nothing_is_written() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("written").display().to_string();
    for evil in [
        target.as_str(),
        "../../../../written",
        "..",
        ".hidden",
        "a\\b",
    ] {
        let etag = evil.to_owned();
        let hub = server(move |request, mut reply| {
            if request.path.ends_with("/config.json") {
                let value = format!("\"{etag}\"");
                reply.headers.insert("etag".to_owned(), value);
            }
            reply
        });
        let dir = tempfile::tempdir().unwrap();
        let error = refusal(&source(&dir, &hub));
        assert!(error.contains("the Hub's ETag is "), "{error}");

        let hub = hub_server(&fixture("tiny-bert"), "x", {
            let commit = evil.replace('\\', "\\\\");
            move |request, mut reply| {
                if request.path.starts_with("/api/") {
                    let text = String::from_utf8(reply.body).unwrap();
                    reply.body = text.replace("\"x\"", &format!("\"{commit}\"")).into();
                }
                reply
            }
        });
        let error = refusal(&source(&dir, &hub));
        assert!(error.contains("the Hub's commit is "), "{error}");
        assert!(
            files(dir.path())
                .iter()
                .all(|file| file.contains(".locks/") || file.contains("/blobs/")),
            "{:?}",
            files(dir.path())
        );
        assert_eq!(files(outside.path()), Vec::<String>::new());
    }
}

#[test]
fn an_answer_for_another_commit_is_refused() {
    let hub = server(|_, mut reply| {
        if let Some(commit) = reply.headers.get_mut("x-repo-commit") {
            "other".clone_into(commit);
        }
        reply
    });
    let dir = tempfile::tempdir().unwrap();
    let error = refusal(&source(&dir, &hub));
    assert!(error.contains("answers for commit `other`"), "{error}");
}

#[test]
fn a_part_with_a_known_hash_is_continued() {
    let hub = server(with_hash);
    let dir = tempfile::tempdir().unwrap();
    fs::write(incomplete(&dir), &weights()[..1000]).unwrap();
    source(&dir, &hub).resolve("tiny/bert").unwrap();
    let requests = weight_requests(&hub);
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].headers["range"], "bytes=1000-");
    assert!(!incomplete(&dir).exists());
}

#[test]
fn a_complete_part_is_finished_and_not_asked_for() {
    let hub = server(with_hash);
    let dir = tempfile::tempdir().unwrap();
    fs::write(incomplete(&dir), weights()).unwrap();
    source(&dir, &hub).resolve("tiny/bert").unwrap();
    assert_eq!(weight_requests(&hub).len(), 0);
}

#[test]
fn a_part_of_other_contents_is_fetched_again_from_the_start() {
    // Shorter, as long, and longer than the contents.
    for length in [1000, weights().len(), weights().len() + 1] {
        let hub = server(with_hash);
        let dir = tempfile::tempdir().unwrap();
        fs::write(incomplete(&dir), vec![7; length]).unwrap();
        let model = source(&dir, &hub).resolve("tiny/bert").unwrap();
        assert_eq!(fs::read(model.dir().join(WEIGHTS)).unwrap(), weights());
        let requests = weight_requests(&hub);
        let last = requests.last().unwrap();
        assert_eq!(last.headers.get("range"), None);
    }
}

#[test]
fn a_server_that_ignores_ranges_sends_everything() {
    let hub = server(|request, reply| {
        let mut reply = with_hash(request, reply);
        if reply.status == 206 {
            reply.status = 200;
            reply.body = weights();
            reply.headers.remove("content-range");
        }
        reply
    });
    let dir = tempfile::tempdir().unwrap();
    fs::write(incomplete(&dir), &weights()[..1000]).unwrap();
    let model = source(&dir, &hub).resolve("tiny/bert").unwrap();
    assert_eq!(fs::read(model.dir().join(WEIGHTS)).unwrap(), weights());
}

#[test]
fn a_part_without_a_known_hash_is_not_continued() {
    let hub = server(|_, reply| reply);
    let dir = tempfile::tempdir().unwrap();
    let source = source(&dir, &hub);
    let model = source.resolve("tiny/bert").unwrap();
    // Its ETag is no SHA-256, so nothing would tell whether these bytes belong to it.
    let contents = fs::canonicalize(model.dir().join(WEIGHTS)).unwrap();
    let part = contents.with_extension("incomplete");
    fs::rename(&contents, &part).unwrap();
    fs::write(&part, vec![7; 1000]).unwrap();
    let model = source.resolve("tiny/bert").unwrap();
    assert_eq!(fs::read(model.dir().join(WEIGHTS)).unwrap(), weights());
    let requests = weight_requests(&hub);
    assert_eq!(requests.len(), 2);
    assert!(
        requests
            .iter()
            .all(|request| !request.headers.contains_key("range"))
    );
}

#[test]
fn a_download_that_is_cut_short_is_an_error_and_continues_later() {
    for (stall, reason) in [(0, "cut short after"), (3000, "timeout")] {
        let downloads = Arc::new(AtomicUsize::new(0));
        let hub = server(move |request, reply| {
            let mut reply = with_hash(request, reply);
            let is_weights = request.path.ends_with(WEIGHTS) && request.method == "GET";
            if is_weights && downloads.fetch_add(1, Ordering::SeqCst) == 0 {
                reply.cut = Some(5000);
                reply.stall = Duration::from_millis(stall);
            }
            reply
        });
        let dir = tempfile::tempdir().unwrap();
        let source = source(&dir, &hub);
        let start = Instant::now();
        let error = refusal(&source);
        assert!(error.contains(reason), "{error}");
        assert!(start.elapsed() < Duration::from_secs(2));
        let snapshots = dir.path().join("hub/models--tiny--bert/snapshots");
        assert!(
            !snapshots.exists(),
            "no part of it can be taken for the model"
        );
        assert_eq!(fs::read(incomplete(&dir)).unwrap(), &weights()[..5000]);
        source.resolve("tiny/bert").unwrap();
        let requests = weight_requests(&hub);
        assert_eq!(requests.last().unwrap().headers["range"], "bytes=5000-");
    }
}

#[test]
fn contents_with_another_hash_are_refused_at_each_attempt_and_leave_nothing() {
    let hub = server(|request, reply| {
        let mut reply = with_hash(request, reply);
        if request.path.ends_with(WEIGHTS) && request.method == "GET" {
            reply.body[500] ^= 1;
        }
        reply
    });
    let dir = tempfile::tempdir().unwrap();
    let source = source(&dir, &hub);
    for _ in 0..2 {
        let error = refusal(&source);
        assert!(error.contains("the downloaded file has SHA-256"), "{error}");
        assert!(!incomplete(&dir).exists());
        assert!(!dir.path().join("hub/models--tiny--bert/snapshots").exists());
    }
}

#[test]
fn more_bytes_than_announced_and_files_of_absurd_size_are_refused() {
    let hub = server(|request, mut reply| {
        if request.path.ends_with("/config.json") && request.method == "HEAD" {
            reply.body.truncate(10);
        }
        reply
    });
    let dir = tempfile::tempdir().unwrap();
    let error = refusal(&source(&dir, &hub));
    assert!(error.contains("it has more than 10 bytes"), "{error}");

    let hub = server(|request, mut reply| {
        if request.path.ends_with("/config.json") {
            let size = u64::MAX.to_string();
            reply.headers.insert("x-linked-size".to_owned(), size);
        }
        reply
    });
    let error = refusal(&source(&dir, &hub));
    assert!(error.contains("bytes, expected at most 4194304"), "{error}");
}

/// Makes a pin of the tiny checkpoint, in place of the default model, which tests do not have.
fn pin() -> &'static PinnedModel {
    let files: Vec<_> = ["config.json", "modules.json", "tokenizer.json", WEIGHTS]
        .iter()
        .map(|name| {
            let contents = fs::read(fixture("tiny-bert").join(name)).unwrap();
            (*name, &*sha256(&contents).leak())
        })
        .collect();
    Box::leak(Box::new(PinnedModel {
        name: "tiny/bert",
        revision: COMMIT,
        package: "none",
        version: "1",
        folder: "none",
        files: files.leak(),
    }))
}

#[test]
fn a_pinned_model_is_refused_if_a_file_differs_and_fetched_without_a_list() {
    let is_honest = Arc::new(Mutex::new(false));
    let hub = server({
        let is_honest = Arc::clone(&is_honest);
        move |request, mut reply| {
            if request.path.ends_with("/modules.json") && !*is_honest.lock().unwrap() {
                reply.body = b"[]".to_vec();
            }
            reply
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let source = source(&dir, &hub);
    for _ in 0..2 {
        let error = source.fetch_from_hub("tiny/bert", Some(pin())).unwrap_err();
        assert!(
            error.starts_with("`modules.json`: the downloaded file has SHA-256 "),
            "{error}"
        );
        let cached = source.caches.folders("tiny/bert", Some(pin()));
        assert_eq!(cached.len(), 0, "{:?}", files(dir.path()));
    }
    *is_honest.lock().unwrap() = true;
    source.fetch_from_hub("tiny/bert", Some(pin())).unwrap();
    let cached = source.caches.folders("tiny/bert", Some(pin()));
    source.caches.verify(&cached[0], Some(pin())).unwrap();
    assert!(
        hub.requests()
            .iter()
            .all(|request| !request.path.starts_with("/api/"))
    );
}
