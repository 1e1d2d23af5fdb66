use std::time::Duration;

use super::*;

mod caches;
#[cfg(feature = "hub")]
mod downloads;

#[test]
fn an_error_lists_the_answer_of_each_source() {
    let dir = tempfile::tempdir().unwrap();
    let source = ModelSource::new(dir.path()).offline(true);
    let error = source.resolve("nobody/nothing").unwrap_err().to_string();
    let cache = dir.path().display();
    assert_eq!(
        error,
        format!(
            "the model `nobody/nothing` was not found: cache: not in `{cache}/hub` or \
             `{cache}/wheels`; Hub: the network is switched off"
        )
    );
    assert_eq!(
        source.resolve("./nothing").unwrap_err().to_string(),
        "the model `./nothing` was not found: it is neither a folder nor a name of the form \
         `owner/name`"
    );
}

#[cfg(feature = "hub")]
#[test]
fn gives_up_on_a_hub_that_does_not_answer() {
    // Accepts connections and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let source = ModelSource::new(dir.path())
        .endpoint(address)
        .hub_timeout(Duration::from_millis(200));
    let start = std::time::Instant::now();
    let error = source.resolve("nobody/nothing").unwrap_err().to_string();
    assert!(
        error.contains("Hub: no answer within 0.2 seconds"),
        "{error}"
    );
    assert!(start.elapsed() < Duration::from_secs(5));
}
