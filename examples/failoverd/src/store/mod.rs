//! The lease store: what must survive a crash, as bytes.
//!
//! The store knows nothing of leases. It keeps one record for each address, one for each relationship
//! and one of what operators changed, and makes a batch of writes durable as a whole or not at all. [`StoreWriter`] puts a
//! thread in front of it that merges everything queued into one commit, so that many grants share
//! one wait for the disk.

mod fault;
mod memory;
mod record;
mod redb;
mod writer;

pub use self::redb::RedbStore;
pub use fault::StoreFault;
pub use memory::MemoryStore;
pub use record::{RecordError, decode, encode};
pub use writer::{StoreEvent, StoreWriter, WriterStopped};

use std::net::Ipv4Addr;
use std::path::PathBuf;

/// The format of the tables this program reads and writes.
pub const FORMAT: u32 = 2;
/// That of a store in which no operator has changed anything while the server ran: programs that know
/// nothing of such changes can read it.
pub const FORMAT_WITHOUT_LIVE: u32 = 1;

/// A durable map of bindings and endpoint states.
pub trait LeaseStore: Send {
    /// Everything stored.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn load(&mut self) -> Result<Contents, StoreError>;

    /// Applies `batch` in order and returns once it is durable: after a return without error the
    /// whole batch survives a crash, after an error nothing is known about it.
    ///
    /// # Errors
    /// When the batch could not be made durable. The store must not be used again.
    fn commit(&mut self, batch: &[Write]) -> Result<(), StoreError>;
}

/// One change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Sets the record of an address.
    Binding {
        /// The address.
        address: Ipv4Addr,
        /// Its record, see [`encode`].
        record: Vec<u8>,
    },
    /// Forgets an address.
    DeleteBinding {
        /// The address.
        address: Ipv4Addr,
    },
    /// Sets the record of a relationship.
    Endpoint {
        /// The relationship's name.
        relationship: String,
        /// Its record, see [`encode`].
        record: Vec<u8>,
    },
    /// Forgets a relationship.
    DeleteEndpoint {
        /// The relationship's name.
        relationship: String,
    },
    /// Sets the one record of what operators changed while the server ran.
    Live {
        /// The record, see [`encode`].
        record: Vec<u8>,
    },
}

/// Everything in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The records of addresses, by ascending address.
    pub bindings: Vec<(Ipv4Addr, Vec<u8>)>,
    /// The records of relationships, by ascending name.
    pub endpoints: Vec<(String, Vec<u8>)>,
    /// The record of what operators changed, if they did.
    pub live: Option<Vec<u8>>,
}

/// Why the store cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process has the file open.
    #[error(
        "store {} is in use by another process; stop that process or set another server.store", path.display()
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a later version of this program.
    #[error(
        "store {} has format {found} and this program knows formats up to {supported}; \
         run the version that wrote it, or move the file away to start empty", path.display()
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: u32,
        /// The latest format this program knows.
        supported: u32,
    },
    /// The file cannot be opened or created.
    #[error("cannot open store {}: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system or the database said.
        reason: String,
    },
    /// The store cannot be read.
    #[error("cannot read the store: {reason}")]
    Read {
        /// What the system or the database said.
        reason: String,
    },
    /// Writes could not be made durable.
    #[error("cannot write to the store: {reason}")]
    Write {
        /// What the system or the database said.
        reason: String,
    },
}
