//! A test aid: a disk that forgets what was not synced.

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How a store misbehaves, for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// Writes reach the file only when they are synced, so that killing the process loses all
    /// others, as a loss of power would; and a sync takes its time.
    DropUnsynced,
}

/// How long a sync takes at least, as on a turning disk. A process killed at a random moment is
/// then often killed between a write and its sync, which is when forgetting matters.
const SYNC_TIME: Duration = Duration::from_millis(10);
const PAGE: u64 = 4096;
const PAGE_LEN: usize = 4096;

/// A file behind a cache that only a sync writes back.
#[derive(Debug)]
pub(super) struct DropUnsynced {
    file: FileBackend,
    cache: Mutex<Cache>,
}

#[derive(Debug)]
struct Cache {
    /// The length the database sees.
    len: u64,
    /// How much of the file still counts; what lies beyond reads as zeros.
    kept: u64,
    /// Pages changed since the last sync.
    dirty: BTreeMap<u64, Box<[u8; PAGE_LEN]>>,
}

impl DropUnsynced {
    pub(super) fn new(file: File) -> Result<Self, DatabaseError> {
        let file = FileBackend::new(file)?;
        let len = file.len()?;
        let cache = Mutex::new(Cache { len, kept: len, dirty: BTreeMap::new() });
        Ok(Self { file, cache })
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page as the database sees it.
    fn page(&self, cache: &Cache, index: u64) -> io::Result<Box<[u8; PAGE_LEN]>> {
        if let Some(page) = cache.dirty.get(&index) {
            return Ok(page.clone());
        }
        let mut page = Box::new([0; PAGE_LEN]);
        let start = index.saturating_mul(PAGE);
        let present = cache.kept.saturating_sub(start).min(PAGE);
        if let Some(part) = usize::try_from(present).ok().and_then(|end| page.get_mut(..end))
            && !part.is_empty()
        {
            self.file.read(start, part)?;
        }
        Ok(page)
    }
}

/// The pieces of `offset..offset + len` by page: page index, start in the page, length.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let mut at = offset;
    let mut left = len;
    std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        let start = usize::try_from(at % PAGE).unwrap_or(0);
        let length = left.min(PAGE_LEN - start);
        let piece = (at / PAGE, start, length);
        at += length as u64;
        left -= length;
        Some(piece)
    })
}

impl StorageBackend for DropUnsynced {
    fn len(&self) -> io::Result<u64> {
        Ok(self.cache().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let cache = self.cache();
        if offset.saturating_add(out.len() as u64) > cache.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut rest = &mut *out;
        for (index, start, length) in pieces(offset, rest.len()) {
            let page = self.page(&cache, index)?;
            let (target, tail) = std::mem::take(&mut rest).split_at_mut(length);
            target.copy_from_slice(&page[start..start + length]);
            rest = tail;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut cache = self.cache();
        if len < cache.len {
            cache.kept = cache.kept.min(len);
            cache.dirty.retain(|index, _| index * PAGE < len);
            let start = usize::try_from(len % PAGE).unwrap_or(0);
            if let Some(page) = cache.dirty.get_mut(&(len / PAGE)) {
                page[start..].fill(0);
            }
        }
        cache.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        std::thread::sleep(SYNC_TIME);
        let mut cache = self.cache();
        // Shrink first: bytes cut off and grown again are zeros.
        self.file.set_len(cache.kept)?;
        self.file.set_len(cache.len)?;
        for (index, page) in &cache.dirty {
            let start = index * PAGE;
            let present = usize::try_from(cache.len.saturating_sub(start).min(PAGE)).unwrap_or(0);
            self.file.write(start, &page[..present])?;
        }
        self.file.sync_data()?;
        cache.kept = cache.len;
        cache.dirty.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut cache = self.cache();
        let mut rest = data;
        for (index, start, length) in pieces(offset, data.len()) {
            let mut page = self.page(&cache, index)?;
            let (source, tail) = rest.split_at(length);
            page[start..start + length].copy_from_slice(source);
            cache.dirty.insert(index, page);
            rest = tail;
        }
        cache.len = cache.len.max(offset.saturating_add(data.len() as u64));
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{LeaseStore, RedbStore, Write};
    use std::net::Ipv4Addr;

    fn backend(path: &std::path::Path) -> DropUnsynced {
        let file =
            File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap();
        DropUnsynced::new(file).unwrap()
    }

    #[test]
    fn only_synced_writes_reach_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let disk = backend(&path);
        disk.set_len(10_000).unwrap();
        disk.write(4000, &[7; 200]).unwrap();
        let mut seen = [0; 300];
        disk.read(3950, &mut seen).unwrap();
        assert_eq!((seen[49], seen[50], seen[249], seen[250]), (0, 7, 7, 0));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        disk.sync_data().unwrap();
        disk.write(4000, &[9; 200]).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 10_000);
        assert!(bytes[4000..4200].iter().all(|byte| *byte == 7));
        assert!(bytes[4200..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn what_was_cut_off_reads_as_zeros_when_grown_again() {
        let directory = tempfile::tempdir().unwrap();
        let disk = backend(&directory.path().join("file"));
        disk.set_len(8192).unwrap();
        disk.write(0, &[1; 8192]).unwrap();
        disk.sync_data().unwrap();
        disk.set_len(100).unwrap();
        disk.set_len(8192).unwrap();
        for _ in 0..2 {
            let mut seen = [9; 8192];
            disk.read(0, &mut seen).unwrap();
            assert!(seen[..100].iter().all(|byte| *byte == 1));
            assert!(seen[100..].iter().all(|byte| *byte == 0));
            disk.sync_data().unwrap();
        }
    }

    /// Copying the file while the store is open is what a crash leaves behind.
    #[test]
    fn a_crash_at_any_commit_keeps_every_commit_before_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("leases.redb");
        let mut store = RedbStore::open(&path, Some(StoreFault::DropUnsynced)).unwrap();
        for round in 1..=20u8 {
            let address = Ipv4Addr::new(192, 0, 2, round);
            store.commit(&[Write::Binding { address, record: vec![round; 300] }]).unwrap();
            let crashed = directory.path().join(format!("crashed-{round}"));
            std::fs::copy(&path, &crashed).unwrap();
            let contents = RedbStore::open(&crashed, None).unwrap().load().unwrap();
            assert_eq!(contents.bindings.len(), usize::from(round));
        }
    }
}
