//! Everything around the core of the server, started in the right order.

use crate::admin::{Access, AdminCall, AdminServer, AdminSocket};
use crate::config::{Config, Live, LiveError, Server};
use crate::link::{LinkConfig, LinkEvent, Links};
use crate::metrics::Metrics;
use crate::store::{Contents, LeaseStore, RedbStore, StoreEvent, StoreFault, StoreWriter};
use std::io;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// Frames and connection events that may wait for the core; then connections are not read.
const LINK_EVENTS_MAX: usize = 1024;
/// Admin requests that may wait for the core.
const ADMIN_CALLS_MAX: usize = 16;

/// What the core of the server works with. Dropping it closes the listeners and the admin socket, and
/// makes everything submitted to the store durable; open connections end with the runtime.
#[derive(Debug)]
pub struct Services {
    /// The configuration as the file has it.
    pub file: Config,
    /// What operators changed while the server ran before.
    pub live: Live,
    /// The configuration in force: both together.
    pub config: Config,
    /// What the store held at the start.
    pub contents: Contents,
    /// The store from now on.
    pub store: StoreWriter,
    /// What became of submitted writes. Unbounded, but there is at most one event for each
    /// submission, and those are bounded.
    pub store_events: mpsc::UnboundedReceiver<StoreEvent>,
    /// Failover connections.
    pub links: Links,
    /// What happened to them.
    pub link_events: mpsc::Receiver<LinkEvent>,
    /// What operators ask.
    pub admin_calls: mpsc::Receiver<AdminCall>,
    /// The process's metrics; commits of the store are counted already.
    pub metrics: Metrics,
    /// Becomes true when the process is told to stop by SIGTERM or SIGINT.
    pub stop: watch::Receiver<bool>,
    /// Listens until it is dropped.
    pub admin_server: AdminServer,
}

/// Why a service could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The lease store.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// What operators changed while the server ran before.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// A socket, a thread or a signal; the text says which.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Services {
    /// Opens the store first, because it is what keeps a second server out; listens last.
    ///
    /// # Errors
    /// The first service that cannot be started.
    pub async fn start(
        file: Config,
        fault: Option<StoreFault>,
        discard_live: bool,
    ) -> Result<Self, StartError> {
        tracing::info!(
            server = file.server.name,
            version = env!("CARGO_PKG_VERSION"),
            "failoverd is starting"
        );
        let metrics = Metrics::new();
        let mut store = RedbStore::open(&file.server.store, fault)?;
        let contents = store.load()?;
        let live = live_changes(&file, &contents, discard_live)?;
        let config = live.apply(&file)?;
        tracing::info!(
            store = %config.server.store.display(),
            bindings = contents.bindings.len(),
            "opened the lease store"
        );
        let (report, store_events) = mpsc::unbounded_channel();
        let counted = metrics.clone();
        let store = StoreWriter::spawn(Box::new(store), move |event| {
            if let StoreEvent::Persisted { writes: writes @ 1.., took, .. } = event {
                counted.commit(writes, took);
            }
            // Without a receiver the server is stopping and needs no reports.
            let _ = report.send(event);
        })?;
        let stop = stop_signals()?;
        let (sender, admin_calls) = mpsc::channel(ADMIN_CALLS_MAX);
        let admin_server = AdminServer::start(&admin_sockets(&config.server), &sender, &metrics)?;
        if let Some(address) = config.server.metrics_listen {
            let local = metrics.serve(address).await?;
            tracing::info!("metrics are at http://{local}/metrics");
        }
        let (sender, link_events) = mpsc::channel(LINK_EVENTS_MAX);
        let links = Links::start(LinkConfig::new(config.server.failover_listen), sender)?;
        if let Some(local) = links.local_addr() {
            tracing::info!("partners can connect to {local}");
        }
        Ok(Self {
            file,
            live,
            config,
            contents,
            store,
            store_events,
            links,
            link_events,
            admin_calls,
            metrics,
            stop,
            admin_server,
        })
    }
}

/// The sockets of administrators and, where there is one, of readers.
fn admin_sockets(server: &Server) -> Vec<AdminSocket> {
    let administrators = AdminSocket {
        path: server.admin_socket.clone(),
        access: Access::Administrators,
        group: server.admin_group.clone(),
    };
    let readers = server.reader_socket.clone().map(|path| AdminSocket {
        path,
        access: Access::Readers,
        group: server.reader_group.clone(),
    });
    std::iter::once(administrators).chain(readers).collect()
}

/// What operators changed, unless it is to be forgotten: then only what protects clients stays, which
/// relationships scopes are in, or were not long ago, and which scopes another server serves.
fn live_changes(file: &Config, contents: &Contents, discard: bool) -> Result<Live, StartError> {
    let stored = contents.live.as_deref().map(Live::decode).transpose();
    let live = if discard {
        let Live { former, related, mut active, .. } = stored.ok().flatten().unwrap_or_default();
        active.retain(|_, active| !*active);
        tracing::warn!("what operators changed while the server ran is forgotten: the file counts");
        Live { former, related, active, ..Live::default() }
    } else {
        stored?.unwrap_or_default()
    };
    for difference in live.differences(file) {
        tracing::warn!("changed while the server ran, and not in the file: {difference}");
    }
    Ok(live)
}

fn stop_signals() -> io::Result<watch::Receiver<bool>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!("stopping after {name}");
        stop.send_replace(true);
        // Keeps the channel open: a receiver waits for a change, not for its end.
        stop.closed().await;
    });
    Ok(stopped)
}
