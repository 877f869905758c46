//! The store on disk: one redb file.

use super::fault::{DropUnsynced, StoreFault};
use super::{Contents, FORMAT, FORMAT_WITHOUT_LIVE, LeaseStore, StoreError, Write};
use redb::{
    Database, DatabaseError, ReadTransaction, ReadableDatabase, ReadableTable, StorageError,
    TableDefinition,
};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::Path;

const BINDINGS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("bindings");
const ENDPOINTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("endpoints");
const LIVE: TableDefinition<'_, (), &[u8]> = TableDefinition::new("live");
const META: TableDefinition<'_, &str, u32> = TableDefinition::new("meta");
/// The key of the format version in `meta`.
const FORMAT_KEY: &str = "format";
/// All leases are in memory anyway, so the database needs little cache of its own.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// A [`LeaseStore`] in one file; each commit waits until the disk has it.
#[derive(Debug)]
pub struct RedbStore {
    database: Database,
}

impl RedbStore {
    /// Opens the store at `path`, creating it (readable by its owner only) if it is not there.
    ///
    /// # Errors
    /// When another process has it, when its format is newer than [`FORMAT`], or when it is no store.
    pub fn open(path: &Path, fault: Option<StoreFault>) -> Result<Self, StoreError> {
        let database = open_database(path, fault)?;
        let store = Self { database };
        store.check_format(path)?;
        Ok(store)
    }

    /// What operators changed, as the store at `path` has it; `None` if they did not, or if there is no
    /// store. None is made.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when it cannot be read.
    pub fn live_record(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        let unusable = |reason: String| StoreError::Open { path: path.to_owned(), reason };
        if !path.try_exists().map_err(|error| unusable(error.to_string()))? {
            return Ok(None);
        }
        let mut builder = Database::builder();
        let database = builder.set_cache_size(CACHE_BYTES).open(path);
        let store = Self { database: database.map_err(|error| cannot_open(path, error))? };
        match store.format().map_err(|error| unusable(error.to_string()))? {
            Some(found) if found > FORMAT => {
                Err(StoreError::NewerFormat { path: path.to_owned(), found, supported: FORMAT })
            }
            Some(_) => store.read_live().map_err(|error| unusable(error.to_string())),
            None => Ok(None),
        }
    }

    /// Checks the format version, and writes it with the empty tables into a new store.
    fn check_format(&self, path: &Path) -> Result<(), StoreError> {
        let open = |error: redb::Error| StoreError::Open {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        match self.format().map_err(open)? {
            None => self.create_tables().map_err(open),
            Some(found) if found > FORMAT => {
                Err(StoreError::NewerFormat { path: path.to_owned(), found, supported: FORMAT })
            }
            Some(_) => Ok(()),
        }
    }

    fn format(&self) -> Result<Option<u32>, redb::Error> {
        match self.database.begin_read()?.open_table(META) {
            Ok(meta) => Ok(meta.get(FORMAT_KEY)?.map(|version| version.value())),
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn create_tables(&self) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        transaction.open_table(META)?.insert(FORMAT_KEY, FORMAT_WITHOUT_LIVE)?;
        transaction.open_table(BINDINGS)?;
        transaction.open_table(ENDPOINTS)?;
        transaction.commit()?;
        Ok(())
    }

    fn read_all(&self) -> Result<Contents, redb::Error> {
        let transaction = self.database.begin_read()?;
        let mut contents = Contents::default();
        for entry in transaction.open_table(BINDINGS)?.iter()? {
            let (address, record) = entry?;
            contents.bindings.push((Ipv4Addr::from(address.value()), record.value().to_vec()));
        }
        for entry in transaction.open_table(ENDPOINTS)?.iter()? {
            let (relationship, record) = entry?;
            contents.endpoints.push((relationship.value().to_owned(), record.value().to_vec()));
        }
        contents.live = live_of(&transaction)?;
        Ok(contents)
    }

    fn read_live(&self) -> Result<Option<Vec<u8>>, redb::Error> {
        live_of(&self.database.begin_read()?)
    }

    /// One transaction with redb's default durability: it returns after the file is synced.
    fn write_all(&self, batch: &[Write]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut bindings = transaction.open_table(BINDINGS)?;
            let mut endpoints = transaction.open_table(ENDPOINTS)?;
            for write in batch {
                match write {
                    Write::Binding { address, record } => {
                        bindings.insert(u32::from(*address), record.as_slice())?;
                    }
                    Write::DeleteBinding { address } => {
                        bindings.remove(u32::from(*address))?;
                    }
                    Write::Endpoint { relationship, record } => {
                        endpoints.insert(relationship.as_str(), record.as_slice())?;
                    }
                    Write::DeleteEndpoint { relationship } => {
                        endpoints.remove(relationship.as_str())?;
                    }
                    Write::Live { record } => {
                        transaction.open_table(LIVE)?.insert((), record.as_slice())?;
                        transaction.open_table(META)?.insert(FORMAT_KEY, FORMAT)?;
                    }
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

impl LeaseStore for RedbStore {
    fn load(&mut self) -> Result<Contents, StoreError> {
        self.read_all().map_err(|error| StoreError::Read { reason: error.to_string() })
    }

    fn commit(&mut self, batch: &[Write]) -> Result<(), StoreError> {
        self.write_all(batch).map_err(|error| StoreError::Write { reason: error.to_string() })
    }
}

fn open_database(path: &Path, fault: Option<StoreFault>) -> Result<Database, StoreError> {
    let open = || -> Result<Database, DatabaseError> {
        if !path.try_exists()? {
            make_empty(path, fault)?;
        }
        database_in(OpenOptions::new().read(true).write(true).open(path)?, fault)
    };
    open().map_err(|error| cannot_open(path, error))
}

/// Makes a database without tables at `path`, for its owner only, unless another process was faster.
///
/// A process killed while redb lays out a file leaves one that redb refuses from then on. So it is
/// made under a name of its own, and gets its place when it is whole; and it is durable in its
/// directory before anything relies on it.
fn make_empty(path: &Path, fault: Option<StoreFault>) -> Result<(), DatabaseError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let parent = File::open(directory)?;
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(".new-");
    let new = tempfile::Builder::new().prefix(&prefix).tempfile_in(directory)?;
    drop(database_in(new.reopen()?, fault)?);
    match new.persist_noclobber(path) {
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        persisted => persisted.map_err(|failed| failed.error)?,
    };
    Ok(parent.sync_all()?)
}

fn database_in(file: File, fault: Option<StoreFault>) -> Result<Database, DatabaseError> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    match fault {
        None => builder.create_file(file),
        Some(StoreFault::DropUnsynced) => builder.create_with_backend(DropUnsynced::new(file)?),
    }
}

fn cannot_open(path: &Path, error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { path: path.to_owned() },
        DatabaseError::Storage(StorageError::Io(error)) => {
            StoreError::Open { path: path.to_owned(), reason: error.to_string() }
        }
        other => StoreError::Open { path: path.to_owned(), reason: other.to_string() },
    }
}

fn live_of(transaction: &ReadTransaction) -> Result<Option<Vec<u8>>, redb::Error> {
    match transaction.open_table(LIVE) {
        Ok(live) => Ok(live.get(())?.map(|record| record.value().to_vec())),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn binding(last: u8, record: &[u8]) -> Write {
        Write::Binding { address: Ipv4Addr::new(192, 0, 2, last), record: record.to_vec() }
    }

    fn sample() -> Vec<Write> {
        let endpoint = Write::Endpoint { relationship: "lab".into(), record: vec![1, 2] };
        vec![binding(1, b"a"), binding(2, b"b"), endpoint]
    }

    #[test]
    fn what_was_committed_is_there_after_reopening() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("leases.redb");
        let mut store = RedbStore::open(&path, None).unwrap();
        assert_eq!(store.load(), Ok(Contents::default()));
        store.commit(&sample()).unwrap();
        let deleted = Write::DeleteBinding { address: Ipv4Addr::new(192, 0, 2, 1) };
        store.commit(&[deleted, binding(2, b"c")]).unwrap();
        drop(store);
        let mut store = RedbStore::open(&path, None).unwrap();
        assert_eq!(store.format().unwrap(), Some(FORMAT_WITHOUT_LIVE));
        let contents = store.load().unwrap();
        assert_eq!(contents.bindings, [(Ipv4Addr::new(192, 0, 2, 2), b"c".to_vec())]);
        assert_eq!(contents.endpoints, [("lab".to_owned(), vec![1, 2])]);
        assert_eq!(contents.live, None);
        let gone = Write::DeleteEndpoint { relationship: "lab".into() };
        store.commit(&[gone, Write::Live { record: vec![3] }]).unwrap();
        drop(store);
        let mut store = RedbStore::open(&path, None).unwrap();
        assert_eq!(store.format().unwrap(), Some(FORMAT));
        let contents = store.load().unwrap();
        assert_eq!((contents.endpoints, contents.live), (Vec::new(), Some(vec![3])));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_newer_format_is_refused_with_both_versions() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("leases.redb");
        let store = RedbStore::open(&path, None).unwrap();
        let transaction = store.database.begin_write().unwrap();
        transaction.open_table(META).unwrap().insert(FORMAT_KEY, 7).unwrap();
        transaction.commit().unwrap();
        drop(store);
        let error = RedbStore::open(&path, None).unwrap_err();
        let expected = StoreError::NewerFormat { path: path.clone(), found: 7, supported: FORMAT };
        assert_eq!(error, expected);
        assert!(error.to_string().contains("has format 7 and this program knows formats up to 2"));
    }

    #[test]
    fn a_store_that_is_open_elsewhere_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("leases.redb");
        for fault in [None, Some(StoreFault::DropUnsynced)] {
            let _first = RedbStore::open(&path, fault).unwrap();
            let error = RedbStore::open(&path, fault).unwrap_err();
            assert_eq!(error, StoreError::InUse { path: path.clone() });
            assert!(error.to_string().contains("in use by another process"));
        }
    }

    #[test]
    fn a_file_that_is_no_store_is_refused_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("leases.redb");
        std::fs::write(&path, "not a database").unwrap();
        let error = RedbStore::open(&path, None).unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"not a database");
        assert_eq!(directory.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_missing_directory_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nowhere/leases.redb");
        let error = RedbStore::open(&path, None).unwrap_err().to_string();
        assert!(error.contains("nowhere/leases.redb: No such file"), "{error}");
    }
}
