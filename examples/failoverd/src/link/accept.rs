//! The listener's loop.

use super::{LinkEvent, Shared, UNIDENTIFIED_MAX};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// The pause after a failed accept, so that a lack of file descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The least time between two log lines about refused connections.
const REFUSAL_LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Announces and runs every connection that arrives, as long as there is room for it.
pub(super) async fn accept_all(shared: Arc<Shared>, listener: TcpListener) {
    let mut refusals = Refusals::default();
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("cannot accept a failover connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = shared.unidentified.clone().try_acquire_owned() else {
            refusals.note(peer);
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            shared.run(stream, |link| LinkEvent::Accepted { link, peer }, Some(place)).await;
        });
    }
}

/// Refused connections, logged together when they come fast.
#[derive(Default)]
struct Refusals {
    logged: Option<Instant>,
    count: u64,
}

impl Refusals {
    fn note(&mut self, peer: SocketAddr) {
        self.count += 1;
        if self.logged.is_some_and(|at| at.elapsed() < REFUSAL_LOG_INTERVAL) {
            return;
        }
        let refused = std::mem::take(&mut self.count);
        tracing::warn!(
            %peer,
            refused,
            "closed new failover connections: {UNIDENTIFIED_MAX} already wait to be identified"
        );
        self.logged = Some(Instant::now());
    }
}
