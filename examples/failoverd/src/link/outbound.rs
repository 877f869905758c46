//! What waits to be sent on one connection.

use super::OUTBOUND_BYTES_MAX;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The queue between commands, which never wait, and the task that writes.
///
/// Messages are appended to one buffer, and the writer takes the whole buffer: however many
/// messages came since the last write cost one system call.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    buffer: Vec<u8>,
    /// Bytes the writer took and has not finished writing.
    in_flight: usize,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Write what is there, then close.
    Finish,
    /// Close now.
    Abort,
    /// Close now, because too much waited.
    Overflow,
}

/// What the writer does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Write these bytes.
    Write(Vec<u8>),
    /// Everything is written; close.
    Finished,
}

/// Why a connection ends at once.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It was asked for.
    Aborted,
    /// The other side does not read.
    Overflow,
}

impl Outbound {
    /// Appends a message; after the connection was told to end, nothing.
    pub(super) fn push(&self, bytes: &[u8]) {
        let mut state = self.state();
        if state.end.is_some() {
            return;
        }
        if state.buffer.len() + state.in_flight + bytes.len() > OUTBOUND_BYTES_MAX {
            state.end = Some(End::Overflow);
            state.buffer = Vec::new();
        } else {
            state.buffer.extend_from_slice(bytes);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// No more messages; the connection ends when all are written.
    pub(super) fn finish(&self) {
        self.end(End::Finish);
    }

    /// The connection ends now.
    pub(super) fn abort(&self) {
        self.end(End::Abort);
    }

    fn end(&self, end: End) {
        let mut state = self.state();
        if matches!(state.end, None | Some(End::Finish)) {
            state.end = Some(end);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits for something to write. `written` is the buffer taken last, now written; its memory
    /// is used again.
    pub(super) async fn next(&self, written: Vec<u8>) -> Next {
        self.recycle(written);
        loop {
            let changed = self.changed.notified();
            {
                let mut state = self.state();
                if !state.buffer.is_empty() {
                    let taken = std::mem::take(&mut state.buffer);
                    state.in_flight = taken.len();
                    return Next::Write(taken);
                }
                if state.end == Some(End::Finish) {
                    return Next::Finished;
                }
            }
            changed.await;
        }
    }

    fn recycle(&self, mut written: Vec<u8>) {
        let mut state = self.state();
        state.in_flight = 0;
        if state.buffer.is_empty() && written.capacity() <= super::connection::READ_BUFFER {
            written.clear();
            state.buffer = written;
        }
    }

    /// Waits until the connection has to end at once.
    pub(super) async fn stopped(&self) -> Stop {
        self.wait_for(|end| match end {
            Some(End::Abort) => Some(Stop::Aborted),
            Some(End::Overflow) => Some(Stop::Overflow),
            Some(End::Finish) | None => None,
        })
        .await
    }

    /// Waits until the connection was told to finish.
    pub(super) async fn finishing(&self) {
        self.wait_for(|end| (end == Some(End::Finish)).then_some(())).await;
    }

    /// Whether the connection was told to end.
    pub(super) fn is_ending(&self) -> bool {
        self.state().end.is_some()
    }

    async fn wait_for<T>(&self, ready: impl Fn(Option<End>) -> Option<T>) -> T {
        loop {
            // Registered before the look, so that no change in between is missed.
            let changed = self.changed.notified();
            if let Some(value) = ready(self.state().end) {
                return value;
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
