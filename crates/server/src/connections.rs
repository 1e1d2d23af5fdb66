//! The open connections of a server, of which the one that has been idle longest makes way for a new one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Counts open connections and closes idle ones, so that there are at most `max`.
#[derive(Debug)]
pub(crate) struct Connections {
    max: usize,
    state: Mutex<State>,
    /// Notified when a connection has closed or become idle.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    open: usize,
    /// What closes each idle connection, the one that has been idle longest first.
    idle: BTreeMap<u64, CancellationToken>,
    next: u64,
    /// The number of connections that are about to close.
    closing: usize,
}

/// An open connection. Dropping it makes room for another one.
#[derive(Debug)]
pub(crate) struct Connection {
    all: Arc<Connections>,
    close: CancellationToken,
    /// The key among the idle connections, or `None` while a request is answered.
    idle: Mutex<Option<u64>>,
}

/// A request of a connection that is being answered: the connection is not idle.
#[derive(Debug)]
pub(crate) struct Busy {
    connection: Arc<Connection>,
}

impl Connections {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max: max.max(1),
            state: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Returns a new connection as soon as there is room for it. If there is none, the connection that has
    /// been idle longest is closed.
    pub(crate) async fn open(self: &Arc<Self>) -> Arc<Connection> {
        loop {
            let changed = self.changed.notified();
            if let Some(connection) = self.try_open() {
                return Arc::new(connection);
            }
            self.close_idle();
            changed.await;
        }
    }

    fn try_open(self: &Arc<Self>) -> Option<Connection> {
        let mut state = lock(&self.state);
        if state.open >= self.max {
            return None;
        }
        state.open += 1;
        let close = CancellationToken::new();
        let key = state.insert(close.clone());
        Some(Connection {
            all: Arc::clone(self),
            close,
            idle: Mutex::new(Some(key)),
        })
    }

    /// Closes the connection that has been idle longest, unless none is idle or one is about to close.
    pub(crate) fn close_idle(&self) {
        let mut state = lock(&self.state);
        if state.closing == 0
            && let Some((_, close)) = state.idle.pop_first()
        {
            close.cancel();
            state.closing += 1;
        }
    }
}

impl State {
    /// Adds an idle connection and returns its key.
    fn insert(&mut self, close: CancellationToken) -> u64 {
        let key = self.next;
        self.next += 1;
        self.idle.insert(key, close);
        key
    }
}

impl Connection {
    /// Completes when the connection must be closed at once.
    pub(crate) async fn must_close(&self) {
        self.close.cancelled().await;
    }

    /// Notes that a request is being answered until the result is dropped.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        let key = lock(&self.idle).take();
        if let Some(key) = key {
            lock(&self.all.state).idle.remove(&key);
        }
        Busy {
            connection: Arc::clone(self),
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let connection = &self.connection;
        let key = lock(&connection.all.state).insert(connection.close.clone());
        *lock(&connection.idle) = Some(key);
        connection.all.changed.notify_one();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut state = lock(&self.all.state);
        state.open -= 1;
        if self.close.is_cancelled() {
            state.closing -= 1;
        }
        if let Some(key) = lock(&self.idle).take() {
            state.idle.remove(&key);
        }
        drop(state);
        self.all.changed.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn a_new_connection_closes_the_one_that_has_been_idle_longest() {
        let all = Connections::new(3);
        let [one, two, three] = [all.open().await, all.open().await, all.open().await];
        // The first one has been idle since its request, and so for a shorter time than the second.
        drop(one.busy());
        let _busy = three.busy();
        let mut fourth = Box::pin(all.open());
        assert!(poll!(fourth.as_mut()).is_pending());
        assert!(two.close.is_cancelled() && !one.close.is_cancelled());
        drop(two);
        let fourth = fourth.await;
        let mut fifth = Box::pin(all.open());
        assert!(poll!(fifth.as_mut()).is_pending());
        assert!(one.close.is_cancelled() && !fourth.close.is_cancelled());
        assert!(!three.close.is_cancelled());
        drop(one);
        fifth.await;
    }

    #[tokio::test]
    async fn a_new_connection_waits_for_one_that_becomes_idle() {
        let all = Connections::new(1);
        let one = all.open().await;
        let busy = one.busy();
        let mut next = Box::pin(all.open());
        assert!(poll!(next.as_mut()).is_pending());
        assert!(!one.close.is_cancelled());
        drop(busy);
        assert!(poll!(next.as_mut()).is_pending());
        assert!(one.close.is_cancelled());
        drop(one);
        next.await;
    }
}
