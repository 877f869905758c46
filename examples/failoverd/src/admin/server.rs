//! The server's side of the admin socket.

use super::message::{AdminRequest, AdminResponse, ResponseLine, VERSION, parse_request};
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;

/// The most clients at a time; more are closed at once.
pub(super) const CLIENTS_MAX: usize = 16;
/// The longest request, in bytes.
pub(super) const LINE_MAX: u64 = 16 * 1024;
/// How long a client may be silent.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A request and where its answer goes. Dropping the sender answers that the server is stopping.
pub type AdminCall = (AdminRequest, oneshot::Sender<AdminResponse>);

/// The listening socket; dropping it stops listening and removes the file.
#[derive(Debug)]
pub struct AdminServer {
    path: PathBuf,
    /// Device and inode of the file, so that another server's file is left alone.
    identity: (u64, u64),
    task: AbortHandle,
}

impl AdminServer {
    /// Listens at `path` and passes requests on to `calls`. A file left behind by a server that is
    /// gone is replaced.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When a server answers at `path`, when something else is there, or when the system refuses.
    pub fn start(path: &Path, calls: mpsc::Sender<AdminCall>) -> io::Result<Self> {
        let named = |error: io::Error| {
            let place = path.display();
            io::Error::new(error.kind(), format!("cannot listen on admin_socket {place}: {error}"))
        };
        remove_stale(path).map_err(named)?;
        let listener = listen(path).map_err(named)?;
        let metadata = std::fs::symlink_metadata(path).map_err(named)?;
        let task = tokio::spawn(accept_all(listener, calls)).abort_handle();
        Ok(Self { path: path.to_owned(), identity: (metadata.dev(), metadata.ino()), task })
    }
}

impl Drop for AdminServer {
    fn drop(&mut self) {
        self.task.abort();
        let ours = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.identity);
        if ours && let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!("cannot remove admin_socket {}: {error}", self.path.display());
        }
    }
}

/// Removes a socket nobody listens on.
fn remove_stale(path: &Path) -> io::Result<()> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !metadata.file_type().is_socket() {
        let text = "the file is there and is no socket; move it away or set another path";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => {
            let text = "another server listens there; stop it or set another path";
            Err(io::Error::new(io::ErrorKind::AddrInUse, text))
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        Err(error) => Err(error),
    }
}

/// Nobody can connect before `listen`, so the permissions are set in time.
fn listen(path: &Path) -> io::Result<UnixListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    socket.listen(64)?;
    socket.set_nonblocking(true)?;
    UnixListener::from_std(std::os::unix::net::UnixListener::from(std::os::fd::OwnedFd::from(
        socket,
    )))
}

async fn accept_all(listener: UnixListener, calls: mpsc::Sender<AdminCall>) {
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
        let calls = calls.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(stream, &calls).await {
                tracing::debug!("admin client: {error}");
            }
            drop(place);
        });
    }
}

async fn serve(mut stream: UnixStream, calls: &mpsc::Sender<AdminCall>) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = (&mut reader).take(LINE_MAX);
        match tokio::time::timeout(IDLE_MAX, bounded.read_until(b'\n', &mut line)).await {
            Ok(Ok(0)) => return Ok(()),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        }
        let whole = line.ends_with(b"\n");
        let response = if whole || (line.len() as u64) < LINE_MAX {
            answer(&line, calls).await
        } else {
            AdminResponse::Failed(format!("a request has at most {LINE_MAX} bytes").into())
        };
        let mut text = serde_json::to_vec(&ResponseLine { version: VERSION, response })?;
        text.push(b'\n');
        writer.write_all(&text).await?;
        if !whole {
            return Ok(());
        }
    }
}

async fn answer(line: &[u8], calls: &mpsc::Sender<AdminCall>) -> AdminResponse {
    let failed = |message: &str| AdminResponse::Failed(message.into());
    let request = match parse_request(line) {
        Ok(request) => request,
        Err(message) => return AdminResponse::Failed(message.into()),
    };
    let (reply, answer) = oneshot::channel();
    let asked = async {
        calls.send((request, reply)).await.ok()?;
        answer.await.ok()
    };
    match tokio::time::timeout(ANSWER_MAX, asked).await {
        Ok(Some(response)) => response,
        Ok(None) => failed("the server is stopping"),
        Err(_) => failed("the server did not answer in time; see its log"),
    }
}
