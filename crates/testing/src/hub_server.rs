use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use crate::{HttpReply, HttpRequest, HttpServer};

/// Starts a server that has the files of a folder, and of its folders, as a mirror of the Hugging
/// Face Hub has those of a model: every model is this one.
///
/// `change` may change an answer before it is sent.
pub fn hub_server(
    dir: &Path,
    commit: &str,
    change: impl Fn(&HttpRequest, HttpReply) -> HttpReply + Send + Sync + 'static,
) -> HttpServer {
    let mut files = BTreeMap::new();
    read_all(dir, "", &mut files);
    let commit = commit.to_owned();
    HttpServer::start(move |request| change(request, answer(&files, &commit, request)))
}

fn read_all(dir: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            read_all(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
}

fn answer(files: &BTreeMap<String, Vec<u8>>, commit: &str, request: &HttpRequest) -> HttpReply {
    if request.path.starts_with("/api/models/") {
        let siblings = files
            .keys()
            .map(|name| format!(r#"{{"rfilename":"{name}"}}"#));
        let siblings = siblings.collect::<Vec<_>>().join(",");
        return HttpReply {
            status: 200,
            body: format!(r#"{{"sha":"{commit}","siblings":[{siblings}]}}"#).into(),
            ..HttpReply::default()
        };
    }
    // /owner/name/resolve/commit/file
    let file = request.path.splitn(6, '/').nth(5).unwrap_or_default();
    let Some(contents) = files.get(file) else {
        return HttpReply {
            status: 404,
            ..HttpReply::default()
        };
    };
    let mut hasher = DefaultHasher::new();
    contents.hash(&mut hasher);
    let mut reply = HttpReply {
        status: 200,
        headers: BTreeMap::from([
            ("etag".to_owned(), format!("\"{:016x}\"", hasher.finish())),
            ("x-repo-commit".to_owned(), commit.to_owned()),
        ]),
        body: contents.clone(),
        ..HttpReply::default()
    };
    let range = request.headers.get("range");
    let start = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    if let Some(start) = start {
        let (start, total) = (start.parse::<usize>().unwrap(), contents.len());
        if start >= total {
            reply.status = 416;
            reply.body.clear();
        } else {
            reply.status = 206;
            reply.body.drain(..start);
            let range = format!("bytes {start}-{}/{total}", total - 1);
            reply.headers.insert("content-range".to_owned(), range);
        }
    }
    reply
}
