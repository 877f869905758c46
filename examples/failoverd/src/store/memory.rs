//! A store in memory, for tests: it forgets like a disk, fails on demand and counts.

use super::{Contents, LeaseStore, StoreError, Write};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A [`LeaseStore`] in memory. Clones share the store, so that a test keeps a handle on what it gave
/// to a [`StoreWriter`](super::StoreWriter).
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shared: Arc<(Mutex<Inner>, Condvar)>,
}

#[derive(Debug, Default)]
struct Inner {
    durable: Tables,
    visible: Tables,
    commits: u64,
    fail_at: Option<u64>,
    lazy: bool,
    held: bool,
}

#[derive(Clone, Debug, Default)]
struct Tables {
    bindings: BTreeMap<Ipv4Addr, Vec<u8>>,
    endpoints: BTreeMap<String, Vec<u8>>,
    live: Option<Vec<u8>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on commits are only visible, not durable, as on a disk that lies about syncing.
    pub fn stop_syncing(&self) {
        self.inner().lazy = true;
    }

    /// Loses power: what is not durable is gone.
    pub fn crash(&self) {
        let mut inner = self.inner();
        inner.visible = inner.durable.clone();
    }

    /// Makes the `nth` commit from now fail, the next one being the first.
    pub fn fail_commit(&self, nth: u64) {
        let mut inner = self.inner();
        inner.fail_at = Some(inner.commits.saturating_add(nth));
    }

    /// How many commits were attempted.
    pub fn commits(&self) -> u64 {
        self.inner().commits
    }

    /// Commits wait from now on.
    pub fn hold(&self) {
        self.inner().held = true;
    }

    /// Commits go on.
    pub fn release(&self) {
        self.inner().held = false;
        self.shared.1.notify_all();
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LeaseStore for MemoryStore {
    fn load(&mut self) -> Result<Contents, StoreError> {
        let tables = self.inner().visible.clone();
        Ok(Contents {
            bindings: tables.bindings.into_iter().collect(),
            endpoints: tables.endpoints.into_iter().collect(),
            live: tables.live,
        })
    }

    fn commit(&mut self, batch: &[Write]) -> Result<(), StoreError> {
        let mut inner = self.inner();
        inner.commits += 1;
        while inner.held {
            inner = self.shared.1.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        if inner.fail_at == Some(inner.commits) {
            return Err(StoreError::Write { reason: "told to fail by the test".to_owned() });
        }
        for write in batch.iter().cloned() {
            match write {
                Write::Binding { address, record } => {
                    inner.visible.bindings.insert(address, record);
                }
                Write::DeleteBinding { address } => {
                    inner.visible.bindings.remove(&address);
                }
                Write::Endpoint { relationship, record } => {
                    inner.visible.endpoints.insert(relationship, record);
                }
                Write::DeleteEndpoint { relationship } => {
                    inner.visible.endpoints.remove(&relationship);
                }
                Write::Live { record } => inner.visible.live = Some(record),
            }
        }
        if !inner.lazy {
            inner.durable = inner.visible.clone();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_forgets_what_was_not_synced() {
        let mut store = MemoryStore::new();
        let write =
            |last| Write::Binding { address: Ipv4Addr::new(192, 0, 2, last), record: vec![] };
        store.commit(&[write(1)]).unwrap();
        store.stop_syncing();
        store.commit(&[write(2)]).unwrap();
        assert_eq!(store.load().unwrap().bindings.len(), 2);
        store.crash();
        assert_eq!(store.load().unwrap().bindings.len(), 1);
    }

    #[test]
    fn the_nth_commit_fails_and_leaves_nothing() {
        let mut store = MemoryStore::new();
        store.fail_commit(2);
        let write = Write::Endpoint { relationship: "lab".into(), record: vec![1] };
        store.commit(&[]).unwrap();
        assert!(store.commit(&[write]).is_err());
        assert_eq!(store.load(), Ok(Contents::default()));
    }
}
