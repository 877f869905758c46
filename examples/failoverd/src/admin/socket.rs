//! The Unix sockets of the admin API and who may connect to them.

use crate::config::Group;
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;

/// What whoever can connect to a socket may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Administrators,
    /// Ask, and change nothing.
    Readers,
}

/// A socket to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminSocket {
    /// Where it is.
    pub path: PathBuf,
    /// What may be done there.
    pub access: Access,
    /// The group whose members may connect, besides the server's user.
    pub group: Option<Group>,
}

impl AdminSocket {
    /// The socket of the server's user alone, who may do everything.
    pub fn private(path: &Path) -> Self {
        Self { path: path.to_owned(), access: Access::Administrators, group: None }
    }

    /// The permissions of its file: connecting takes the right to write.
    const fn mode(&self) -> u32 {
        match (self.access, &self.group) {
            (_, Some(_)) => 0o660,
            (Access::Administrators, None) => 0o600,
            (Access::Readers, None) => 0o666,
        }
    }

    /// Listens. A file left behind by a server that is gone is replaced.
    pub(super) fn listen(&self) -> io::Result<(UnixListener, SocketFile)> {
        let named = |error: io::Error| {
            let key = match self.access {
                Access::Administrators => "admin_socket",
                Access::Readers => "reader_socket",
            };
            let place = self.path.display();
            io::Error::new(error.kind(), format!("cannot listen on {key} {place}: {error}"))
        };
        remove_stale(&self.path).map_err(named)?;
        let listener = self.bind().map_err(named)?;
        let metadata = std::fs::symlink_metadata(&self.path).map_err(named)?;
        let identity = (metadata.dev(), metadata.ino());
        Ok((listener, SocketFile { path: self.path.clone(), identity }))
    }

    /// Nobody can connect before `listen`, so the owner and the permissions are set in time.
    fn bind(&self) -> io::Result<UnixListener> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&SockAddr::unix(&self.path)?)?;
        if let Some(group) = &self.group {
            let given = std::os::unix::fs::chown(&self.path, None, Some(group.id));
            given.map_err(|error| {
                let Group { name, .. } = group;
                let text =
                    format!("cannot give it to the group {name:?}: {error}; is this user in it?");
                io::Error::new(error.kind(), text)
            })?;
        }
        std::fs::set_permissions(&self.path, Permissions::from_mode(self.mode()))?;
        socket.listen(64)?;
        socket.set_nonblocking(true)?;
        let descriptor = std::os::fd::OwnedFd::from(socket);
        UnixListener::from_std(std::os::unix::net::UnixListener::from(descriptor))
    }
}

/// The file of a socket, removed when this is dropped.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode, so that another server's file is left alone.
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.identity);
        if ours && let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!("cannot remove the socket {}: {error}", self.path.display());
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
