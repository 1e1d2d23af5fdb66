//! The topics of libraries, kept until the library changes, because an agent reads them page by page.

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use cognate::{TopicOptions, Topics};

use super::tool::Context;
use crate::problem::Problem;

/// The number of central papers of a topic, and of its words.
const CENTRAL: usize = 3;
const WORDS: usize = 8;

/// The most results that are kept.
const MOST: usize = 16;

/// What topics depend on: the library, its commit, and the resolution.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    library: String,
    commit: u64,
    resolution: u64,
}

/// The topics that were computed last.
#[derive(Default)]
pub(super) struct TopicCache {
    topics: Mutex<HashMap<Key, Arc<Topics>>>,
}

impl TopicCache {
    /// Returns the topics of the library, which are computed unless they are kept.
    ///
    /// # Errors
    ///
    /// Returns a problem if the library cannot be read, or if nobody waits for the answer any more.
    pub(super) fn get(
        &self,
        context: &Context<'_>,
        resolution: f64,
    ) -> Result<Arc<Topics>, Problem> {
        let key = Key {
            library: context.name.to_owned(),
            commit: context.library.generation()?.papers,
            resolution: resolution.to_bits(),
        };
        if let Some(topics) = self.lock().get(&key) {
            return Ok(Arc::clone(topics));
        }
        let options = TopicOptions::default()
            .resolution(resolution)
            .central(CENTRAL)
            .words(WORDS);
        let topics = context.library.topics_with(&options, &mut |_| {
            if context.stop.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        let topics = Arc::new(topics);
        let mut kept = self.lock();
        kept.retain(|other, _| other.library != key.library || other.commit == key.commit);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&topics));
        Ok(topics)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Topics>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TopicCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicCache").finish_non_exhaustive()
    }
}
