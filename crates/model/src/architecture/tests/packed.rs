//! Packed weights in a cache.

use std::fs;
use std::time::Duration;

use super::*;

/// A copy of a checkpoint's weights in a folder of its own, with a cache beside it.
struct Copy {
    dir: tempfile::TempDir,
    name: &'static str,
}

impl Copy {
    fn new(name: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let copy = Self { dir, name };
        let weights = fixture(name).join("model.safetensors");
        fs::copy(weights, copy.weights()).unwrap();
        copy
    }

    fn weights(&self) -> PathBuf {
        self.dir.path().join("model.safetensors")
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    /// Returns the cache as a process sees it that starts a while after the copy was made.
    fn cache(&self, cpu: Cpu, int8: bool) -> WeightsCache {
        let key = CacheKey {
            config: self.name.to_owned(),
            precision: if int8 {
                Precision::Int8
            } else {
                Precision::F32
            },
            tile_columns: cpu.tile_columns(),
        };
        let later = SystemTime::now() + Duration::from_mins(1);
        WeightsCache::new(&self.folder(), [&*self.weights()], &key, later).unwrap()
    }

    /// Loads the copy with a cache, and returns hidden states and the hashes of the tensors.
    fn run(
        &self,
        cpu: Cpu,
        int8: bool,
        cache: Option<&WeightsCache>,
    ) -> (Array2<f32>, TensorHashes) {
        let config = checkpoint(self.name).0;
        let weights =
            Weights::open(&WeightsFiles::find(self.dir.path(), "weights").unwrap()).unwrap();
        let (transformer, digest) =
            load_on_cpu(&*config, cpu, weights, int8, cache.cloned()).unwrap();
        (transformer.forward(&batch(), 1).unwrap(), digest)
    }

    fn files(&self) -> usize {
        fs::read_dir(self.folder()).unwrap().count()
    }
}

#[test]
fn give_the_same_bits_and_digest_for_every_architecture() {
    for name in CHECKPOINTS {
        let copy = Copy::new(name);
        for int8 in [false, true] {
            for cpu in Cpu::available() {
                let expected = copy.run(cpu, int8, None);
                let cache = copy.cache(cpu, int8);
                assert_eq!(copy.run(cpu, int8, Some(&cache)), expected);
                let written = fs::metadata(cache.path()).unwrap();
                assert!(cache.open().is_some(), "{name} {cpu:?} {int8}");
                assert_eq!(copy.run(cpu, int8, Some(&cache)), expected);
                let after = fs::metadata(cache.path()).unwrap();
                assert_eq!(written.modified().unwrap(), after.modified().unwrap());
            }
        }
    }
}

/// Levels with as many columns share a file, so the test above might never read what AVX-512 wrote.
#[test]
fn are_the_same_on_levels_with_the_same_tiles() {
    let copy = Copy::new("tiny-bert");
    for int8 in [false, true] {
        for writer in Cpu::available() {
            for reader in Cpu::available() {
                if reader.tile_columns() == writer.tile_columns() {
                    let _ = fs::remove_dir_all(copy.folder());
                    let expected = copy.run(reader, int8, None);
                    copy.run(writer, int8, Some(&copy.cache(writer, int8)));
                    let cache = copy.cache(reader, int8);
                    assert!(cache.open().is_some());
                    assert_eq!(copy.run(reader, int8, Some(&cache)), expected);
                }
            }
        }
    }
}

#[test]
fn that_are_damaged_are_packed_again() {
    let copy = Copy::new("tiny-bert");
    let cpu = Cpu::detect();
    let cache = copy.cache(cpu, true);
    let expected = copy.run(cpu, true, Some(&cache));
    let whole = fs::read(cache.path()).unwrap();
    let check = |bytes: &[u8], change: &str| {
        fs::write(cache.path(), bytes).unwrap();
        assert_eq!(copy.run(cpu, true, Some(&cache)), expected, "{change}");
        assert!(cache.open().is_some(), "{change}");
    };
    let all = 0..whole.len();
    for at in all.clone().take(64).chain(all.step_by(997)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(cache.path(), &bytes).unwrap();
        // The zeros between parts have no meaning.
        assert!(cache.open().is_none() || whole[at] == 0, "byte {at}");
        check(&bytes, &format!("byte {at}"));
    }
    for len in [
        0,
        1,
        8,
        15,
        16,
        17,
        100,
        whole.len() / 2,
        whole.len() - 64,
        whole.len() - 1,
    ] {
        fs::write(cache.path(), &whole[..len]).unwrap();
        assert!(cache.open().is_none(), "{len} bytes");
        check(&whole[..len], &format!("{len} bytes"));
    }
    let longer = [&whole[..], &[0; 64]].concat();
    fs::write(cache.path(), &longer).unwrap();
    assert!(cache.open().is_none());
    check(&longer, "longer");
    fs::remove_file(cache.path()).unwrap();
    fs::create_dir(cache.path()).unwrap();
    assert_eq!(copy.run(cpu, true, Some(&cache)), expected, "a folder");
}

#[test]
fn of_another_model_precision_or_state_are_not_used() {
    let cpu = Cpu::detect();
    let (copy, other) = (
        Copy::new("tiny-bert"),
        Copy::new("architectures/distilbert"),
    );
    let expected = copy.run(cpu, false, None);
    let cache = copy.cache(cpu, false);
    for (source, int8) in [(&other, false), (&copy, true)] {
        let foreign = source.cache(cpu, int8);
        source.run(cpu, int8, Some(&foreign));
        fs::create_dir_all(copy.folder()).unwrap();
        fs::copy(foreign.path(), cache.path()).unwrap();
        assert!(cache.open().is_none());
        assert_eq!(copy.run(cpu, false, Some(&cache)), expected);
        assert!(cache.open().is_some());
    }
    // The same weights, written again.
    let bytes = fs::read(copy.weights()).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    fs::write(copy.weights(), bytes).unwrap();
    let cache = copy.cache(cpu, false);
    assert!(cache.open().is_none());
    let files = copy.files();
    assert_eq!(copy.run(cpu, false, Some(&cache)), expected);
    assert!(cache.open().is_some());
    // The file of the other precision was removed, because it was packed from the weights before.
    assert_eq!((files, copy.files()), (2, 1));
}

#[test]
fn are_not_kept_of_weights_that_were_just_written() {
    let copy = Copy::new("tiny-bert");
    let key = CacheKey {
        config: String::new(),
        precision: Precision::F32,
        tile_columns: 16,
    };
    let now = SystemTime::now();
    assert!(WeightsCache::new(&copy.folder(), [&*copy.weights()], &key, now).is_none());
}

#[test]
fn are_not_needed_if_the_folder_cannot_be_written() {
    let copy = Copy::new("tiny-bert");
    fs::write(copy.folder(), "a file").unwrap();
    let cpu = Cpu::detect();
    let expected = copy.run(cpu, false, None);
    let cache = copy.cache(cpu, false);
    assert_eq!(copy.run(cpu, false, Some(&cache)), expected);
    assert_eq!(fs::read(copy.folder()).unwrap(), b"a file");
}

#[test]
fn may_be_written_and_read_by_many_at_once() {
    let copy = Copy::new("tiny-bert");
    let cpu = Cpu::detect();
    let expected = copy.run(cpu, true, None);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let cache = copy.cache(cpu, true);
                    assert_eq!(copy.run(cpu, true, Some(&cache)), expected);
                    let _ = fs::remove_file(cache.path());
                }
            });
        }
    });
}

#[test]
fn are_kept_of_the_last_eight_checkpoints() {
    let cpu = Cpu::detect();
    let shared = Copy::new("tiny-bert");
    let copies: Vec<_> = (0..10).map(|_| Copy::new("tiny-bert")).collect();
    let caches: Vec<_> = copies
        .iter()
        .map(|copy| {
            let key = CacheKey {
                config: String::new(),
                precision: Precision::F32,
                tile_columns: cpu.tile_columns(),
            };
            let later = SystemTime::now() + Duration::from_mins(1);
            let cache =
                WeightsCache::new(&shared.folder(), [&*copy.weights()], &key, later).unwrap();
            copy.run(cpu, false, Some(&cache));
            std::thread::sleep(Duration::from_millis(10));
            cache
        })
        .collect();
    let kept: Vec<_> = caches.iter().map(|cache| cache.open().is_some()).collect();
    assert_eq!(kept, [vec![false; 2], vec![true; 8]].concat());
    // Writing a file removes the packed weights of a checkpoint that was removed.
    fs::remove_file(copies[5].weights()).unwrap();
    fs::remove_file(caches[9].path()).unwrap();
    copies[9].run(cpu, false, Some(&caches[9]));
    assert!(!caches[5].path().exists());
    assert_eq!(shared.files(), 7);
}

#[test]
fn are_compared_with_their_checksums_once() {
    let copy = Copy::new("tiny-bert");
    let cpu = Cpu::detect();
    let cache = copy.cache(cpu, true);
    let expected = copy.run(cpu, true, Some(&cache));
    let record = cache.path().with_extension("verified");
    assert!(cache.open().is_some());
    assert!(!record.exists(), "a file that was just written may change");
    std::thread::sleep(Duration::from_millis(3100));
    assert!(cache.open().is_some());
    let recorded = fs::read(&record).unwrap();
    assert!(cache.open().is_some());

    // Another byte, and the modification time of before: on Unix, the stamp tells.
    let modified = fs::metadata(cache.path()).unwrap().modified().unwrap();
    let mut bytes = fs::read(cache.path()).unwrap();
    let last = bytes.iter().rposition(|&byte| byte != 0).unwrap();
    bytes[last] ^= 1;
    fs::write(cache.path(), bytes).unwrap();
    let file = fs::File::options().write(true).open(cache.path()).unwrap();
    file.set_modified(modified).unwrap();
    assert_eq!(cache.open().is_none(), cfg!(unix));
    fs::write(&record, "{}").unwrap();
    assert!(cache.open().is_none());
    assert_eq!(copy.run(cpu, true, Some(&cache)), expected);
    // A record of another file does not fit.
    fs::write(&record, recorded).unwrap();
    assert!(cache.open().is_some());
}

/// Everything in a file of packed weights comes from the checkpoint and the version of the format. If
/// this test fails, the packed form has changed: raise `VERSION` in `packed/cache.rs`, so that files of
/// earlier releases are not used, and put the new hashes here.
#[test]
fn have_the_values_of_their_version() {
    let copy = Copy::new("tiny-bert");
    let found = [false, true].map(|int8| {
        let cache = copy.cache(Cpu::portable(), int8);
        copy.run(Cpu::portable(), int8, Some(&cache));
        let bytes = fs::read(cache.path()).unwrap();
        let header = u32::from_le_bytes(bytes[8..12].try_into().unwrap()) as usize;
        let content = (16 + header).next_multiple_of(64);
        blake3::hash(&bytes[content..]).to_hex()[..16].to_owned()
    });
    assert_eq!(found, ["0884e887d3d53554", "a81b0e2cdd9859de"]);
}
