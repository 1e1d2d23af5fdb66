//! A simulated disk that loses what was not synced.
//!
//! A file that was synced has its bytes, and a folder that was synced has its names. Of later writes, any may
//! be on the disk, in whole sectors; of later changes of the names in a folder, those up to any moment. The
//! folders themselves are always there.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use cognate_testing::Numbers;

use crate::strace::Line;

/// The unit in which a disk writes.
const SECTOR: usize = 512;

/// How much of what was not synced is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    Everything,
    Nothing,
    /// Each write is lost, torn or kept at random.
    Some,
}

/// The files below a folder.
pub(crate) struct Disk {
    root: PathBuf,
    files: Vec<Contents>,
    /// The names of the files as a process sees them, with their positions in `files`.
    names: BTreeMap<PathBuf, usize>,
    synced_names: BTreeMap<PathBuf, usize>,
    /// For each folder, the changes of its names since it was synced, in order.
    renamed: BTreeMap<PathBuf, Vec<(PathBuf, Option<usize>)>>,
    /// The position in an open file at which the next write begins, by file descriptor.
    offsets: HashMap<usize, usize>,
}

/// The bytes of a file.
#[derive(Default)]
struct Contents {
    now: Vec<u8>,
    synced: Vec<u8>,
    /// The writes since the file was synced, in order.
    written: Vec<Write>,
}

/// A change of a file.
enum Write {
    Bytes { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Disk {
    /// Reads the files in `original`, which are those of `root` before the first call.
    pub(crate) fn read(original: &Path, root: &Path) -> Self {
        let mut disk = Self {
            root: root.to_owned(),
            files: Vec::new(),
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            renamed: BTreeMap::new(),
            offsets: HashMap::new(),
        };
        for path in files_below(original) {
            let bytes = fs::read(&path).unwrap();
            let name = root.join(path.strip_prefix(original).unwrap());
            disk.names.insert(name, disk.files.len());
            disk.files.push(Contents {
                now: bytes.clone(),
                synced: bytes,
                written: Vec::new(),
            });
        }
        disk.synced_names.clone_from(&disk.names);
        disk
    }

    /// Applies a call. Returns whether it may change what a loss of power leaves.
    pub(crate) fn apply(&mut self, call: &Line<'_>) -> bool {
        match call.name {
            "openat" => self.open(call),
            "lseek" => {
                self.offsets.insert(call.descriptor(0), call.result);
                false
            }
            "write" => {
                let Some(file) = self.file(call) else {
                    return false;
                };
                let offset = self.offsets.entry(call.descriptor(0)).or_default();
                let start = *offset;
                *offset += call.result;
                self.write(file, start, call.bytes(1));
                true
            }
            "pwrite64" => {
                let Some(file) = self.file(call) else {
                    return false;
                };
                self.write(file, call.number(3), call.bytes(1));
                true
            }
            "ftruncate" => {
                let Some(file) = self.file(call) else {
                    return false;
                };
                self.files[file].change(Write::Length(call.number(1)));
                true
            }
            "fsync" | "fdatasync" => {
                if let Some(file) = self.file(call) {
                    self.files[file].sync();
                } else if let Some(changes) = self.renamed.remove(&call.descriptor_path(0)) {
                    change_names(&mut self.synced_names, &changes);
                }
                true
            }
            "rename" => self.rename(call.path(0), call.path(1), true),
            "renameat" | "renameat2" => self.rename(call.path_at(0), call.path_at(2), true),
            "link" => self.rename(call.path(0), call.path(1), false),
            "linkat" => self.rename(call.path_at(0), call.path_at(2), false),
            "unlink" => self.unlink(call.path(0)),
            "unlinkat" => self.unlink(call.path_at(0)),
            _ => false,
        }
    }

    /// Returns the files that may be on the disk after a loss of power.
    pub(crate) fn after(&self, loss: Loss, numbers: &mut Numbers) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut names = self.synced_names.clone();
        for changes in self.renamed.values() {
            let kept = match loss {
                Loss::Everything => 0,
                Loss::Nothing => changes.len(),
                Loss::Some => numbers.below(u32::try_from(changes.len()).unwrap() + 1) as usize,
            };
            change_names(&mut names, &changes[..kept]);
        }
        let files = names.into_iter().map(|(path, file)| {
            let file = &self.files[file];
            let bytes = match loss {
                Loss::Everything => file.synced.clone(),
                Loss::Nothing => file.now.clone(),
                Loss::Some => file.partly_written(numbers),
            };
            (path, bytes)
        });
        files.collect()
    }

    /// Asserts that the simulated files are those in `folder`, which the process has really written.
    pub(crate) fn assert_equals(&self, folder: &Path) {
        let found = files_below(folder);
        assert_eq!(found, self.names.keys().cloned().collect::<Vec<_>>());
        for (path, file) in &self.names {
            assert!(
                fs::read(path).unwrap() == self.files[*file].now,
                "{}",
                path.display()
            );
        }
    }

    fn open(&mut self, call: &Line<'_>) -> bool {
        let path = call.path_at(0);
        self.offsets.insert(call.result, 0);
        let flags = call.argument(2);
        match self.names.get(&path) {
            None if path.starts_with(&self.root) && flags.contains("O_CREAT") => {
                self.files.push(Contents::default());
                self.set_name(path, Some(self.files.len() - 1));
                true
            }
            Some(file) if flags.contains("O_TRUNC") => {
                self.files[*file].change(Write::Length(0));
                true
            }
            _ => false,
        }
    }

    /// Returns the file of the descriptor that is the first argument of a call.
    fn file(&self, call: &Line<'_>) -> Option<usize> {
        self.names.get(&call.descriptor_path(0)).copied()
    }

    fn write(&mut self, file: usize, offset: usize, bytes: Vec<u8>) {
        self.files[file].change(Write::Bytes { offset, bytes });
    }

    fn rename(&mut self, from: PathBuf, to: PathBuf, removes: bool) -> bool {
        let Some(file) = self.names.get(&from).copied() else {
            return false;
        };
        if removes {
            self.set_name(from, None);
        }
        self.set_name(to, Some(file));
        true
    }

    fn unlink(&mut self, path: PathBuf) -> bool {
        let is_known = self.names.contains_key(&path);
        if is_known {
            self.set_name(path, None);
        }
        is_known
    }

    fn set_name(&mut self, path: PathBuf, file: Option<usize>) {
        let change = (path.clone(), file);
        change_names(&mut self.names, std::slice::from_ref(&change));
        let folder = path.parent().unwrap().to_owned();
        self.renamed.entry(folder).or_default().push(change);
    }
}

impl Contents {
    fn change(&mut self, write: Write) {
        write.apply(&mut self.now, None);
        self.written.push(write);
    }

    fn sync(&mut self) {
        self.synced.clone_from(&self.now);
        self.written.clear();
    }

    fn partly_written(&self, numbers: &mut Numbers) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for write in &self.written {
            match numbers.below(6) {
                0..=2 => {}
                3 => write.apply(&mut bytes, Some(numbers)),
                _ => write.apply(&mut bytes, None),
            }
        }
        bytes
    }
}

impl Write {
    /// Changes the bytes of a file. With `torn`, only some of the first sectors are written.
    fn apply(&self, file: &mut Vec<u8>, torn: Option<&mut Numbers>) {
        match self {
            Self::Length(len) => file.resize(*len, 0),
            Self::Bytes { offset, bytes } => {
                let len = torn.map_or(bytes.len(), |numbers| {
                    let sectors = u32::try_from(bytes.len() / SECTOR).unwrap();
                    numbers.below(sectors + 1) as usize * SECTOR
                });
                if file.len() < offset + len {
                    file.resize(offset + len, 0);
                }
                file[*offset..offset + len].copy_from_slice(&bytes[..len]);
            }
        }
    }
}

fn change_names(names: &mut BTreeMap<PathBuf, usize>, changes: &[(PathBuf, Option<usize>)]) {
    for (path, file) in changes {
        match file {
            Some(file) => names.insert(path.clone(), *file),
            None => names.remove(path),
        };
    }
}

/// Returns the paths of all files below a folder, in ascending order. `SQLite`'s memory of its log, which it
/// writes through a mapping and never needs again, is left out.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if !path.to_str().unwrap().ends_with("-shm") {
            files.push(path);
        }
    }
    files.sort();
    files
}
