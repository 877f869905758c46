//! Connections to the admin API: HTTP/1.1 over the sockets, within bounds.

use super::api;
use super::message::{AdminRequest, AdminResponse};
use super::socket::{AdminSocket, SocketFile};
use crate::metrics::Metrics;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;

/// The most clients of one socket at a time; more are closed at once. Each socket has its own
/// places, so that readers do not keep administrators out.
pub(super) const CLIENTS_MAX: usize = 16;
/// The longest head of a request, in bytes.
pub(super) const HEAD_MAX: usize = 16 * 1024;
/// How long a client may take to send the head of a request, or to begin the next one.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// After this long a connection ends with the request that is under way ...
const SESSION_MAX: Duration = Duration::from_secs(60);
/// ... and after this much longer without it, whatever the client does.
const LAST_REQUEST_MAX: Duration = Duration::from_secs(30);
/// The pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A request and where its answer goes. Dropping the sender answers that the server is stopping.
pub type AdminCall = (AdminRequest, oneshot::Sender<AdminResponse>);

/// The listening sockets; dropping it stops listening and removes the files.
#[derive(Debug)]
pub struct AdminServer {
    listening: Vec<Listening>,
}

#[derive(Debug)]
struct Listening {
    _file: SocketFile,
    task: AbortHandle,
}

impl AdminServer {
    /// Listens on the sockets and passes requests on to `calls`; `metrics` are shown to whoever asks.
    /// Files left behind by a server that is gone are replaced.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When a server answers at one of them, when something else is there, or when the system refuses.
    pub fn start(
        sockets: &[AdminSocket],
        calls: &mpsc::Sender<AdminCall>,
        metrics: &Metrics,
    ) -> io::Result<Self> {
        let mut listening = Vec::new();
        for socket in sockets {
            let (listener, file) = socket.listen()?;
            let router = api::router(calls.clone(), metrics.clone(), socket.access);
            let task = tokio::spawn(accept_all(listener, router)).abort_handle();
            listening.push(Listening { _file: file, task });
        }
        Ok(Self { listening })
    }
}

impl Drop for AdminServer {
    fn drop(&mut self) {
        for socket in &self.listening {
            socket.task.abort();
        }
    }
}

async fn accept_all(listener: UnixListener, router: Router) {
    let places = Arc::new(Semaphore::new(CLIENTS_MAX));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("cannot accept an admin client: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            tracing::warn!("closed an admin client: {CLIENTS_MAX} are connected");
            continue;
        };
        let router = router.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(stream, router).await {
                tracing::debug!("admin client: {error}");
            }
            drop(place);
        });
    }
}

async fn serve(
    stream: UnixStream,
    router: Router,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    if let Ok(ended) = tokio::time::timeout(SESSION_MAX, connection.as_mut()).await {
        return Ok(ended?);
    }
    connection.as_mut().graceful_shutdown();
    Ok(tokio::time::timeout(LAST_REQUEST_MAX, connection).await??)
}
