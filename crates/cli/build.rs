//! Tells the command which commit it is built from: the newest one of the checkout, or the one that the
//! published package was made from. Without either, the command has no commit.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let Some(package) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        return;
    };
    if let Some(commit) = commit_of_package(&package).or_else(|| commit_of_checkout(&package)) {
        println!("cargo::rustc-env=COGNATE_COMMIT={commit}");
    }
}

/// Reads the commit from the file that `cargo package` writes.
fn commit_of_package(package: &Path) -> Option<String> {
    let text = fs::read_to_string(package.join(".cargo_vcs_info.json")).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    short(rest.split('"').nth(1)?)
}

/// Reads the commit from the checkout of the repository, two folders above the package.
fn commit_of_checkout(package: &Path) -> Option<String> {
    let git = git_folder(&package.parent()?.parent()?.join(".git"))?;
    // Each commit and each checkout of a branch adds a line to this file.
    for file in [git.join("HEAD"), git.join("logs/HEAD")] {
        if file.exists() {
            println!("cargo::rerun-if-changed={}", file.display());
        }
    }
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref: ") else {
        return short(head.trim());
    };
    let common = fs::read_to_string(git.join("commondir"));
    let common = common.map_or(git.clone(), |dir| git.join(dir.trim()));
    if let Ok(commit) = fs::read_to_string(common.join(name)) {
        return short(commit.trim());
    }
    let packed = fs::read_to_string(common.join("packed-refs")).ok()?;
    let line = packed.lines().find(|line| {
        line.split_once(' ')
            .is_some_and(|(_, packed)| packed == name)
    })?;
    short(line)
}

/// Returns the folder of git's files; in a further worktree, `.git` is a file that names it.
fn git_folder(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_owned());
    }
    let text = fs::read_to_string(path).ok()?;
    let dir = text.trim().strip_prefix("gitdir: ")?;
    Some(path.parent()?.join(dir))
}

/// Returns the first twelve digits of a commit, or `None` if the text does not begin with them.
fn short(commit: &str) -> Option<String> {
    let digits = commit.get(..12)?;
    let is_hex = digits.chars().all(|c| c.is_ascii_hexdigit());
    is_hex.then(|| digits.to_owned())
}
