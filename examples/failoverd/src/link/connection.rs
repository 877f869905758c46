//! One connection: reads frames, writes what is queued, and ends exactly once.

use super::outbound::{Next, Outbound, Stop};
use super::{LinkEvent, LinkId, OUTBOUND_BYTES_MAX};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};

/// How much is read at once; some thirty of the largest messages.
pub(super) const READ_BUFFER: usize = 64 * 1024;

/// What one connection needs to run.
pub(super) struct Connection {
    pub(super) link: LinkId,
    pub(super) outbound: Arc<Outbound>,
    pub(super) known: watch::Receiver<bool>,
    pub(super) identify_within: Duration,
    pub(super) flush_within: Duration,
    pub(super) events: mpsc::Sender<LinkEvent>,
}

impl Connection {
    /// Runs until the connection ends; an error is the reason why it did not end in order.
    pub(super) async fn run(self, stream: TcpStream) -> Result<(), String> {
        let (reader, writer) = stream.into_split();
        tokio::select! {
            // In this order: what ends a connection at once comes before more work on it.
            biased;
            stop = self.outbound.stopped() => match stop {
                Stop::Aborted => Ok(()),
                Stop::Overflow => Err(format!(
                    "the partner does not read: more than {OUTBOUND_BYTES_MAX} bytes wait to be sent"
                )),
            },
            () = self.unidentified_for_too_long() => {
                let limit = self.identify_within.as_secs();
                Err(format!("no valid CONNECT or CONNECTACK within {limit} s"))
            }
            () = self.flush_took_too_long() => {
                tracing::debug!(link = self.link.0, "the partner did not close its side in time");
                Ok(())
            }
            end = self.transfer(reader, writer) => end,
        }
    }

    /// Reads and writes until one side is done. Once finished from here, only the end of the other
    /// side is awaited: closing with unread data would reset the connection and could take the
    /// last message with it.
    async fn transfer(
        &self,
        mut reader: OwnedReadHalf,
        mut writer: OwnedWriteHalf,
    ) -> Result<(), String> {
        let mut reading = std::pin::pin!(self.read_frames(&mut reader));
        let written = tokio::select! {
            read = &mut reading => return self.forgive(read),
            written = self.write_all(&mut writer) => written,
        };
        written.map_err(|error| format!("cannot send: {error}"))?;
        let read = reading.await;
        self.forgive(read)
    }

    /// After this side has closed, the way the other side closes does not matter.
    fn forgive(&self, end: Result<(), String>) -> Result<(), String> {
        if self.outbound.is_ending() { Ok(()) } else { end }
    }

    async fn write_all(&self, writer: &mut OwnedWriteHalf) -> io::Result<()> {
        let mut written = Vec::new();
        loop {
            match self.outbound.next(written).await {
                Next::Write(bytes) => {
                    writer.write_all(&bytes).await?;
                    written = bytes;
                }
                Next::Finished => return writer.shutdown().await,
            }
        }
    }

    async fn read_frames(&self, reader: &mut OwnedReadHalf) -> Result<(), String> {
        let mut buffer = Vec::with_capacity(READ_BUFFER);
        loop {
            match reader.read_buf(&mut buffer).await {
                Ok(0) if buffer.is_empty() => return Ok(()),
                Ok(0) => {
                    return Err(format!(
                        "the partner closed in the middle of a message, {} bytes into it",
                        buffer.len()
                    ));
                }
                Ok(_) => self.deliver(&mut buffer).await?,
                Err(error) => return Err(format!("cannot receive: {error}")),
            }
        }
    }

    /// Reports every whole message at the start of `buffer` and removes it.
    async fn deliver(&self, buffer: &mut Vec<u8>) -> Result<(), String> {
        let mut start = 0;
        loop {
            let rest = buffer.get(start..).unwrap_or_default();
            let length = dhcp_failover_wire::frame_len(rest)
                .map_err(|error| format!("the partner sent no failover message: {error}"))?;
            let Some(frame) = length.and_then(|length| rest.get(..length)) else { break };
            start += frame.len();
            if !self.outbound.is_ending() {
                let event = LinkEvent::Frame { link: self.link, bytes: frame.to_vec() };
                // Without a receiver the server is stopping, and frames have no meaning any more.
                let _ = self.events.send(event).await;
            }
        }
        buffer.drain(..start);
        Ok(())
    }

    async fn unidentified_for_too_long(&self) {
        let mut known = self.known.clone();
        let known = tokio::time::timeout(self.identify_within, known.wait_for(|known| *known))
            .await
            .is_ok_and(|answer| answer.is_ok());
        if known {
            std::future::pending::<()>().await;
        }
    }

    async fn flush_took_too_long(&self) {
        self.outbound.finishing().await;
        tokio::time::sleep(self.flush_within).await;
    }
}
