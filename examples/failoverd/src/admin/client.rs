//! The client's side of the admin socket.

use super::message::{
    AdminRequest, AdminResponse, AnyLine, LEASES_LIMIT_MAX, LeaseRow, RequestLine, ResponseLine,
    VERSION,
};
use super::refusal::Refusal;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the server may take; longer than the server's own limit, so that its words arrive.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// The longest answer that is read, in bytes.
const RESPONSE_MAX: u64 = 16 * 1024 * 1024;

/// Why a server could not be asked, or what it refused.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no server at the socket.
    #[error(
        "cannot reach a server at {}: {error}; is it running with this admin_socket, \
         and as this user?", path.display()
    )]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The conversation broke off.
    #[error("no answer from the server: {0}")]
    Transport(std::io::Error),
    /// The answer makes no sense.
    #[error("the server's answer is not understood: {0}")]
    Answer(String),
    /// The server refused.
    #[error("{0}")]
    Refused(Refusal),
}

/// Asks the server at `path` once and waits for the answer.
///
/// # Errors
/// When there is no server or no answer; [`AdminResponse::Failed`] becomes
/// [`ClientError::Refused`].
pub fn call(path: &Path, request: &AdminRequest) -> Result<AdminResponse, ClientError> {
    let stream = UnixStream::connect(path)
        .map_err(|error| ClientError::Unreachable { path: path.to_owned(), error })?;
    let line = exchange(&stream, request).map_err(ClientError::Transport)?;
    let unclear = |error: serde_json::Error| ClientError::Answer(error.to_string());
    let AnyLine { version } = serde_json::from_slice(&line).map_err(unclear)?;
    if version != VERSION {
        return Err(ClientError::Answer(format!(
            "the server speaks version {version}, this program version {VERSION}"
        )));
    }
    match serde_json::from_slice::<ResponseLine>(&line).map_err(unclear)?.response {
        AdminResponse::Failed(refusal) => Err(ClientError::Refused(refusal)),
        response => Ok(response),
    }
}

/// All leases of the server at `path`, or those of one relationship, asked for page by page.
///
/// # Errors
/// As [`call`].
pub fn leases(path: &Path, relationship: Option<&str>) -> Result<Vec<LeaseRow>, ClientError> {
    let mut all: Vec<LeaseRow> = Vec::new();
    loop {
        let request = AdminRequest::Leases {
            relationship: relationship.map(str::to_owned),
            after: all.last().map(|row| row.address),
            limit: LEASES_LIMIT_MAX,
        };
        let AdminResponse::Leases { rows, more } = call(path, &request)? else {
            return Err(ClientError::Answer("it is not a list of leases".to_owned()));
        };
        let forward = rows
            .first()
            .is_some_and(|row| all.last().is_none_or(|last| row.address > last.address));
        all.extend(rows);
        // An answer that does not get further would be asked for again without end.
        if !more || !forward {
            return Ok(all);
        }
    }
}

fn exchange(mut stream: &UnixStream, request: &AdminRequest) -> std::io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    let mut text = serde_json::to_vec(&RequestLine { version: VERSION, request: request.clone() })?;
    text.push(b'\n');
    stream.write_all(&text)?;
    let mut line = Vec::new();
    BufReader::new(stream).take(RESPONSE_MAX).read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\n") {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line)
}
