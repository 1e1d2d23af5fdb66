//! Reads arbitrary text as a draft in every format, and LaTeX also from files.
//!
//! A draft has no blank sentence and no empty paragraph, and no file outside its folder is read.
#![no_main]

use std::fs;
use std::sync::LazyLock;

use cognate::{Draft, DraftFormat};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// A word in a file outside the folder of the draft.
const SECRET: &str = "zqxsecret";

/// A folder with `secret.tex`, with a link to it in the folder `draft`.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    fs::create_dir(folder.path().join("draft")).expect("the folder is empty");
    let secret = folder.path().join("secret.tex");
    fs::write(&secret, format!("This is {SECRET}.\n")).expect("the folder can be written");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&secret, folder.path().join("draft/link.tex"))
        .expect("the folder can be written");
    folder
});

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for &format in DraftFormat::ALL {
        let draft = Draft::parse(&text, format);
        assert_eq!(draft, Draft::parse(&text, format));
        assert!(draft.sentences().all(|sentence| !sentence.trim().is_empty()));
        assert!(draft.paragraphs().iter().all(|paragraph| !paragraph.is_empty()));
        assert!(draft.title().is_none_or(|title| !title.trim().is_empty()));
        assert!(draft.citations().iter().all(|citation| !citation.label().is_empty()));
    }

    // The text before a NUL is the main file, the one after it a file to include.
    let (main, part) = text.split_once('\0').unwrap_or((&text, ""));
    if main.contains(SECRET) || part.contains(SECRET) {
        return;
    }
    let draft = FOLDER.path().join("draft");
    fs::write(draft.join("main.tex"), main).expect("the folder can be written");
    fs::write(draft.join("part.tex"), part).expect("the folder can be written");
    if let Ok(draft) = Draft::read(draft.join("main.tex")) {
        assert!(!draft.sentences().any(|sentence| sentence.contains(SECRET)));
    }
});
