//! Reads arbitrary text as a draft in every format, from memory and from files.
//!
//! A draft has no blank sentence and no empty paragraph, and no file outside its folder is read or named.
#![no_main]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use cognate::{Draft, DraftFormat};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A word in files outside the folder of the draft.
const SECRET: &str = "zqxsecret";

/// The extensions of drafts that include files.
const EXTENSIONS: [&str; 5] = ["tex", "md", "typ", "org", "rst"];

/// A folder with files named `secret`, and with links to them in the folder `draft`.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    fs::create_dir(folder.path().join("draft")).expect("the folder is empty");
    for extension in EXTENSIONS.into_iter().chain(["bib"]) {
        let secret = folder.path().join(format!("secret.{extension}"));
        fs::write(&secret, format!("This is {SECRET}.\n")).expect("the folder can be written");
        #[cfg(unix)]
        {
            let link = folder.path().join(format!("draft/link.{extension}"));
            std::os::unix::fs::symlink(&secret, link).expect("the folder can be written");
        }
    }
    folder
});

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for &format in DraftFormat::ALL {
        let draft = Draft::parse(&text, format);
        assert_eq!(draft, Draft::parse(&text, format));
        check(&draft);
    }

    // The text before a NUL is the main file, the one after it a file to include.
    let (main, part) = text.split_once('\0').unwrap_or((&text, ""));
    if main.contains(SECRET) || part.contains(SECRET) {
        return;
    }
    let folder = FOLDER.path().join("draft");
    fs::write(folder.join("refs.bib"), part).expect("the folder can be written");
    for extension in EXTENSIONS {
        let path = folder.join(format!("main.{extension}"));
        fs::write(&path, main).expect("the folder can be written");
        let part_path = folder.join(format!("part.{extension}"));
        fs::write(part_path, part).expect("the folder can be written");
        read(&path);
    }
    let path = folder.join("main.docx");
    let parts: Vec<&str> = text.split('\0').collect();
    write_document(&path, &parts);
    read(&path);
    // Bytes that are most likely no archive.
    fs::write(&path, data).expect("the folder can be written");
    read(&path);
});

fn check(draft: &Draft) {
    assert!(draft.sentences().all(|sentence| !sentence.trim().is_empty()));
    assert!(draft.paragraphs().iter().all(|paragraph| !paragraph.is_empty()));
    assert!(draft.title().is_none_or(|title| !title.trim().is_empty()));
    assert!(draft.citations().iter().all(|citation| !citation.label().is_empty()));
}

/// Reads a draft, which reads and names nothing outside its folder.
fn read(path: &Path) {
    let Ok(draft) = Draft::read(path) else {
        return;
    };
    check(&draft);
    assert!(!draft.sentences().any(|sentence| sentence.contains(SECRET)));
    let folder = FOLDER.path().join("draft").canonicalize().expect("the folder is there");
    for bibliography in draft.bibliographies() {
        let file = bibliography.canonicalize().expect("the file was found");
        assert!(file.starts_with(&folder), "{}", file.display());
    }
}

/// Writes a document of Word whose parts are given.
fn write_document(path: &Path, parts: &[&str]) {
    let names = ["word/document.xml", "word/footnotes.xml", "customXml/item1.xml", "word/styles.xml"];
    let file = File::create(path).expect("the folder can be written");
    let mut archive = ZipWriter::new(file);
    for (name, text) in names.into_iter().zip(parts) {
        archive.start_file(name, SimpleFileOptions::default()).expect("the name is valid");
        archive.write_all(text.as_bytes()).expect("the folder can be written");
    }
    archive.finish().expect("the folder can be written");
}
