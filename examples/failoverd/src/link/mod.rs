//! Failover connections: TCP in, whole frames out, and the other way round.
//!
//! [`Links`] owns one listener for the process and every connection, accepted or dialled. It knows
//! of the protocol only where a message ends. Every connection that was announced
//! ([`LinkEvent::Accepted`] or [`LinkEvent::Dialed`]) ends with exactly one [`LinkEvent::Closed`] or
//! [`LinkEvent::Broken`], and its frames come between the two, in order.
//!
//! Commands never wait. A command for a connection that has ended does nothing: its last event is
//! on the way.

mod accept;
mod connection;
mod outbound;
mod socket;
#[cfg(test)]
mod tests;

use connection::Connection;
use outbound::Outbound;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::AbortHandle;

/// The most connections that were accepted and not yet identified.
pub const UNIDENTIFIED_MAX: usize = 32;
/// The most bytes that wait to be sent on one connection.
pub const OUTBOUND_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One connection, never reused within a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// The caller's name for one attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialToken(pub u64);

/// What happened to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// Somebody connected. Unless [`Links::identify`] is called in time, the connection is broken.
    Accepted {
        /// The new connection.
        link: LinkId,
        /// Its other end.
        peer: SocketAddr,
    },
    /// An attempt to connect succeeded.
    Dialed {
        /// The new connection.
        link: LinkId,
        /// The attempt.
        dial: DialToken,
    },
    /// An attempt to connect failed.
    DialFailed {
        /// The attempt.
        dial: DialToken,
        /// Why.
        error: String,
    },
    /// A whole message arrived.
    Frame {
        /// The connection.
        link: LinkId,
        /// The message, from its length field on.
        bytes: Vec<u8>,
    },
    /// The connection ended with an error: of the transport, of framing, or a limit was exceeded.
    Broken {
        /// The connection.
        link: LinkId,
        /// The other end's address and what was wrong, for the log.
        error: String,
    },
    /// The connection ended in order: the other side closed it between two messages, or it was
    /// closed or aborted from here.
    Closed {
        /// The connection.
        link: LinkId,
    },
}

/// Addresses and time limits of [`Links`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// Where partners connect to; absent: nobody can.
    pub listen: Option<SocketAddr>,
    /// How long an accepted connection may stay unidentified.
    pub identify_within: Duration,
    /// How long [`Links::close_after_flush`] waits for the other side.
    pub flush_within: Duration,
}

impl LinkConfig {
    /// The usual limits: 15 s to be identified, 5 s to flush.
    pub fn new(listen: Option<SocketAddr>) -> Self {
        Self {
            listen,
            identify_within: Duration::from_secs(15),
            flush_within: Duration::from_secs(5),
        }
    }

    /// The address to connect from: where this server listens, if that is one address, because a
    /// partner recognises this server by it.
    fn dial_from(&self) -> Option<IpAddr> {
        self.listen.map(|listen| listen.ip()).filter(|address| !address.is_unspecified())
    }
}

/// A handle on the listener and all connections; clones share them. When the last one is dropped
/// the listener closes.
#[derive(Clone, Debug)]
pub struct Links {
    shared: Arc<Shared>,
    listener: Option<Arc<AbortOnDrop>>,
    local: Option<SocketAddr>,
}

#[derive(Debug)]
struct Shared {
    config: LinkConfig,
    events: mpsc::Sender<LinkEvent>,
    next: AtomicU64,
    open: Mutex<HashMap<LinkId, Entry>>,
    unidentified: Arc<Semaphore>,
}

/// What commands reach of one connection.
#[derive(Debug)]
struct Entry {
    outbound: Arc<Outbound>,
    identified: watch::Sender<bool>,
    /// The place among the unidentified, given back when the connection is identified or ends.
    place: Option<OwnedSemaphorePermit>,
}

#[derive(Debug)]
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Links {
    /// Starts listening. Events go to `events`; while it is full, connections are not read.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(config: LinkConfig, events: mpsc::Sender<LinkEvent>) -> io::Result<Self> {
        let listen = config.listen;
        let shared = Arc::new(Shared {
            config,
            events,
            next: AtomicU64::new(1),
            open: Mutex::default(),
            unidentified: Arc::new(Semaphore::new(UNIDENTIFIED_MAX)),
        });
        let mut links = Self { shared, listener: None, local: None };
        listen.map_or(Ok(()), |address| links.listen(address))?;
        Ok(links)
    }

    /// Starts listening, unless this handle listens already.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn listen(&mut self, address: SocketAddr) -> io::Result<()> {
        if self.listener.is_some() {
            return Ok(());
        }
        let listener: TcpListener = socket::listen(address)?;
        self.local = Some(listener.local_addr()?);
        let task = tokio::spawn(accept::accept_all(self.shared.clone(), listener));
        self.listener = Some(Arc::new(AbortOnDrop(task.abort_handle())));
        Ok(())
    }

    /// Where the listener is, also when it was given port 0.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local
    }

    /// Tries once to connect to `address`; [`LinkEvent::Dialed`] or [`LinkEvent::DialFailed`] with
    /// `dial` follows within a few seconds.
    pub fn dial(&self, address: SocketAddr, dial: DialToken) {
        let shared = self.shared.clone();
        let from = shared.config.dial_from();
        tokio::spawn(async move {
            let attempt =
                tokio::time::timeout(CONNECT_TIMEOUT, socket::connect(from, address)).await;
            let error = match attempt {
                Ok(Ok(stream)) => {
                    shared.run(stream, |link| LinkEvent::Dialed { link, dial }, None).await;
                    return;
                }
                Ok(Err(error)) => format!("cannot connect to {address}: {error}"),
                Err(_) => {
                    let waited = CONNECT_TIMEOUT.as_secs();
                    format!("cannot connect to {address}: no answer within {waited} s")
                }
            };
            shared.report(LinkEvent::DialFailed { dial, error }).await;
        });
    }

    /// Says that the other end of `link` is known; it may stay from now on.
    pub fn identify(&self, link: LinkId) {
        if let Some(entry) = self.shared.open().get_mut(&link) {
            entry.place = None;
            entry.identified.send_replace(true);
        }
    }

    /// Queues a message. Messages queued together leave together. If more than
    /// [`OUTBOUND_BYTES_MAX`] bytes wait, the connection is broken instead.
    pub fn send(&self, link: LinkId, bytes: &[u8]) {
        self.command(link, |outbound| outbound.push(bytes));
    }

    /// Delivers what is queued, closes this side, waits a bounded time for the other side to close
    /// and then reports [`LinkEvent::Closed`]. Messages that arrive meanwhile are dropped.
    pub fn close_after_flush(&self, link: LinkId) {
        self.command(link, Outbound::finish);
    }

    /// Ends a connection at once, without what is queued, and reports [`LinkEvent::Closed`].
    pub fn abort(&self, link: LinkId) {
        self.command(link, Outbound::abort);
    }

    /// How many connections are open.
    pub fn open_count(&self) -> usize {
        self.shared.open().len()
    }

    fn command(&self, link: LinkId, run: impl FnOnce(&Outbound)) {
        if let Some(entry) = self.shared.open().get(&link) {
            run(&entry.outbound);
        }
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, HashMap<LinkId, Entry>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The receiver is gone only when the server stops; then nobody needs the event.
    async fn report(&self, event: LinkEvent) {
        let _ = self.events.send(event).await;
    }

    /// The life of one connection, from its announcement to its last event.
    async fn run(
        &self,
        stream: TcpStream,
        announce: impl FnOnce(LinkId) -> LinkEvent,
        place: Option<OwnedSemaphorePermit>,
    ) {
        let link = LinkId(self.next.fetch_add(1, Ordering::Relaxed));
        let outbound = Arc::new(Outbound::default());
        let (identified, known) = watch::channel(place.is_none());
        let entry = Entry { outbound: outbound.clone(), identified, place };
        self.open().insert(link, entry);
        self.report(announce(link)).await;
        let connection = Connection {
            link,
            outbound,
            known,
            identify_within: self.config.identify_within,
            flush_within: self.config.flush_within,
            events: self.events.clone(),
        };
        let peer = stream.peer_addr().map_or_else(|_| "gone".to_owned(), |peer| peer.to_string());
        let end = match socket::tune(&stream) {
            Ok(()) => connection.run(stream).await,
            Err(error) => Err(format!("cannot set socket options: {error}")),
        };
        self.open().remove(&link);
        self.report(match end {
            Ok(()) => LinkEvent::Closed { link },
            Err(error) => LinkEvent::Broken { link, error: format!("{peer}: {error}") },
        })
        .await;
    }
}
