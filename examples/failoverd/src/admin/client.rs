//! The client's side of the admin API.

mod route;

use super::api::wire::ErrorBody;
use super::message::{
    AdminRequest, AdminResponse, LEASES_LIMIT_MAX, LeaseRow, choose_relationship,
};
use super::refusal::Refusal;
use route::Call;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the server may take; longer than the server's own limit, so that its words arrive.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// The longest answer that is read, in bytes.
const RESPONSE_MAX: usize = 16 * 1024 * 1024;

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

/// Asks the server at `path` once and waits for the answer. Where a request is for one relationship and
/// names none, the server is first asked whether it has just one.
///
/// # Errors
/// When there is no server or no answer; [`AdminResponse::Failed`] becomes
/// [`ClientError::Refused`].
pub fn call(path: &Path, request: &AdminRequest) -> Result<AdminResponse, ClientError> {
    let call = Call::of(request, || only_relationship(path))?;
    let (status, body) = exchange(path, &call)?;
    if (200..300).contains(&status) {
        return (call.read)(&body).map_err(ClientError::Answer);
    }
    match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(ErrorBody { error }) => Err(ClientError::Refused(error)),
        Err(_) => Err(ClientError::Answer(format!("HTTP status {status}"))),
    }
}

/// All leases of the server at `path`, or those of one relationship, asked for page by page.
///
/// # Errors
/// As [`call`].
pub fn leases(path: &Path, relationship: Option<&str>) -> Result<Vec<LeaseRow>, ClientError> {
    leases_of(path, relationship, &[])
}

/// The same; only those of these scopes, unless there are none.
///
/// # Errors
/// As [`call`].
pub fn leases_of(
    path: &Path,
    relationship: Option<&str>,
    scopes: &[Ipv4Addr],
) -> Result<Vec<LeaseRow>, ClientError> {
    let mut all: Vec<LeaseRow> = Vec::new();
    loop {
        let request = AdminRequest::Leases {
            relationship: relationship.map(str::to_owned),
            scope_id: scopes.to_vec(),
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

/// The relationship that is meant when none is named.
fn only_relationship(path: &Path) -> Result<String, ClientError> {
    let request = AdminRequest::Status { relationship: None };
    let AdminResponse::Status { rows } = call(path, &request)? else {
        return Err(ClientError::Answer("it is not a status".to_owned()));
    };
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    choose_relationship(&names, None).map(str::to_owned).map_err(ClientError::Refused)
}

/// The status and the body of the answer to one request on a connection of its own.
fn exchange(path: &Path, call: &Call) -> Result<(u16, Vec<u8>), ClientError> {
    let stream = UnixStream::connect(path)
        .map_err(|error| ClientError::Unreachable { path: path.to_owned(), error })?;
    let bytes = round_trip(&stream, &call.to_bytes()).map_err(ClientError::Transport)?;
    let (status, body) = parse(&bytes)
        .ok_or_else(|| ClientError::Answer("it is not HTTP, or not complete".to_owned()))?;
    Ok((status, body.to_vec()))
}

/// Sends, and reads until the server closes, as it was asked to; at most [`RESPONSE_MAX`] bytes in at
/// most [`ANSWER_MAX`].
fn round_trip(mut stream: &UnixStream, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let deadline = Instant::now() + ANSWER_MAX;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    // A server may answer, and close, before it has read all of a request that it refuses.
    let sent = stream.write_all(request);
    let mut answer = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => answer.extend(piece.iter().take(length)),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if answer.is_empty() => return sent.and(Err(error)),
            Err(_) => break,
        }
        if answer.len() > RESPONSE_MAX {
            let text = format!("the answer has more than {RESPONSE_MAX} bytes");
            return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, text));
        }
    }
    if answer.is_empty() {
        sent?;
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}

/// The status and the body of an answer that is complete: the server writes all of them with their
/// length.
fn parse(answer: &[u8]) -> Option<(u16, &[u8])> {
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n")?;
    let (head, body) = answer.split_at_checked(end + 4)?;
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let length = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())
    });
    (length?? == body.len()).then_some((status, body))
}
